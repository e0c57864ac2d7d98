//! Where an edit goes beyond the branch: a pull request, a signature, and what the host says when it refuses.

use std::os::unix::fs::PermissionsExt;

use landfall::forge::Kind;

use super::offline::example;
use super::program::Home;
use super::releases::{changed, remote};
use super::world::world;
use crate::forge::model::{Model, TOKEN};
use crate::git::servers::{Https, programs, run};

/// A configuration for the model of a forge.
fn configured(home: &Home, model: &Model) {
    home.write("token", &format!("{TOKEN}\n"));
    let forge = format!("kind = \"github\"\napi = \"{}\"\nproject = \"acme/deploy\"\n", model.api());
    home.write("forge.toml", &format!("[forge]\ntoken_file = \"token\"\n{forge}"));
}

#[test]
pub(super) fn every_command_that_edits_opens_a_pull_request() {
    let (home, model) = (example(), Model::start(Kind::GitHub));
    configured(&home, &model);
    remote(&home, "repo", "upstream");
    let deliver = |command: &str, branch: &str| {
        let to = format!("--repo repo --branch {branch} --pull-request --remote upstream --config forge.toml");
        home.landfall(&format!("{command} {to}"))
    };
    let promote = "promote storefront 1.4.0 --to production";
    deliver(promote, "up")
        .ends(0)
        .says(&["pushed       up to ", "opened       pull request https://github.com/acme/deploy/pull/"]);
    // The same command again opens none, and names the one that is open.
    deliver(promote, "up")
        .ends(0)
        .says(&["unchanged    ", "opened       pull request https://github.com/acme/deploy/pull/"]);
    deliver("release new storefront 1.5.0 --from 1.4.0", "new").ends(0);
    deliver("convert storefront web", "template").ends(0);
    deliver("rollback storefront --in production --to 1.3.2", "back").ends(0);
    let other = changed();
    configured(&other, &model);
    remote(&other, "repo", "upstream");
    let refresh = |branch: &str| {
        let to = format!("--repo repo --branch {branch} --pull-request --remote upstream --config forge.toml");
        other.landfall(&format!("release refresh storefront 1.5.0 {to}"))
    };
    refresh("again").ends(0);
    let opened: Vec<(String, String, String)> = {
        let world = model.world();
        world.pulls.values().map(|pull| (pull.branch.clone(), pull.base.clone(), pull.title.clone())).collect()
    };
    let titles: Vec<&str> = opened.iter().map(|(_, _, title)| title.as_str()).collect();
    assert_eq!(titles[0], "Promote storefront 1.4.0 to production");
    assert_eq!(titles[1], "Release storefront 1.5.0");
    assert_eq!(
        opened.iter().map(|(branch, ..)| branch.as_str()).collect::<Vec<_>>(),
        ["up", "new", "template", "back", "again"]
    );
    assert_eq!(opened[0].1, "main");
    // A pull request into its own branch is none, and nothing is written before that is said.
    let before = other.git("repo", "rev-parse main");
    refresh("main").ends(2).says(&["needs a branch of its own", "--branch"]);
    assert_eq!(other.git("repo", "rev-parse main"), before);
    // A forge that refuses says so in its own words, and the branch is pushed.
    model.world().rights.insert("landfall-bot".to_owned(), "read");
    let refused = deliver("promote orders 1.0.0 --to production", "refused").ends(1);
    refused.says(&["pushed refused, but opened no pull request", "403", "docs/forges.md"]);
    let shared = world();
    let gate = shared.home.landfall(&format!("plan --server {}", shared.server)).out;
    let gate = gate.split("landfall allow ").nth(1).unwrap()[..8].to_owned();
    shared.clone_to("asking");
    let known = format!("--repo asking --store landfall.db --endpoint {} --pull-request", shared.account);
    let allow = shared.home.landfall(&format!("allow {gate} --reason tried {known}"));
    allow.ends(2).says(&["needs a branch of its own"]);
}

#[test]
fn commits_are_signed_if_git_is_set_to_sign() {
    let Some([keygen]) = programs(["ssh-keygen"]) else { return };
    let home = example();
    let key = home.path("key").display().to_string();
    run(&keygen, &["-q", "-t", "ed25519", "-N", "", "-C", "ada@localhost", "-f", &key]);
    let public = home.read("key.pub");
    home.write("signers", &format!("ada@localhost {public}"));
    for setting in
        ["commit.gpgSign true", "gpg.format ssh", "user.signingKey ~/key", "gpg.ssh.allowedSignersFile ~/signers"]
    {
        home.git("repo", &format!("config {setting}"));
    }
    home.landfall("promote storefront 1.4.0 --to production --repo repo --commit").ends(0);
    home.git("repo", "verify-commit HEAD");
    assert_eq!(home.git("repo", "log -1 --format=%G?%s"), "GPromote storefront 1.4.0 to production\n");
    assert_eq!(home.git("repo", "status --porcelain"), "");
    // A signature that does not come about leaves everything as it was.
    let before = home.git("repo", "rev-parse HEAD");
    home.git("repo", "config user.signingKey ~/missing");
    let unsigned = home.landfall("rollback storefront --in production --to 1.3.2 --repo repo --commit").ends(1);
    unsigned.says(&["cannot sign the commit to main", "ssh-keygen ended with"]);
    assert_eq!(home.git("repo", "rev-parse HEAD"), before);
    assert_eq!(home.git("repo", "status --porcelain"), "");
    // gpg, as git calls it; what it answers is the signature.
    let gpg = "#!/bin/sh\necho \"$@\" > ~/called\ncat > ~/signed\necho '[GNUPG:] SIG_CREATED D' >&2\n\
               printf -- '-----BEGIN PGP SIGNATURE-----\\nabc\\n-----END PGP SIGNATURE-----\\n'\n";
    home.write("gpg", gpg);
    std::fs::set_permissions(home.path("gpg"), PermissionsExt::from_mode(0o755)).unwrap();
    for setting in
        ["gpg.format openpgp", "user.signingKey ABCD", &format!("gpg.program {}", home.path("gpg").display())]
    {
        home.git("repo", &format!("config {setting}"));
    }
    home.landfall("rollback storefront --in production --to 1.3.2 --repo repo --commit").ends(0);
    assert_eq!(home.read("called"), "--status-fd=2 -bsau ABCD\n");
    assert!(home.read("signed").ends_with("Roll back storefront to 1.3.2 in production\n"));
    assert!(home.git("repo", "cat-file commit HEAD").contains("gpgsig -----BEGIN PGP SIGNATURE-----\n abc\n"));
}

#[test]
fn what_the_host_says_is_said_when_it_refuses() {
    let Some(server) = Https::start() else { return };
    let home = example();
    let hook = server.repository("repo.git").join("hooks/pre-receive");
    let words =
        "echo 'GH006: Protected branch update failed.' >&2; echo 'Changes must be made through a pull request.' >&2";
    std::fs::write(&hook, format!("#!/bin/sh\n{words}\nexit 1\n")).unwrap();
    std::fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).unwrap();
    if run("id", &["-u"]).trim() == "0" {
        // The web server runs as nobody then.
        run("chown", &["-R", "65534:65534", server.repository("repo.git").to_str().unwrap()]);
    }
    home.git("repo", &format!("remote add origin {}", server.url("repo.git")));
    home.write("password", "s3cret\n");
    let git = format!("username = \"ada\"\npassword_file = \"password\"\nca_file = \"{}\"\n", server.ca().display());
    home.write("git.toml", &format!("[git]\n{git}"));
    let refused = home
        .landfall("promote storefront 1.4.0 --to production --repo repo --branch up --push --config git.toml")
        .ends(1);
    refused.says(&[
        "committed, but not pushed",
        "pre-receive hook declined",
        "remote: GH006: Protected branch update failed.",
        "remote: Changes must be made through a pull request.",
    ]);
}
