//! `landfall review`: what a job of CI writes into a pull request.

use landfall::forge::{Kind, text_of};

use super::offline::example;
use super::program::{Home, Ran};
use crate::forge::model::app::App;
use crate::forge::model::{BOT, Model, TOKEN};
use crate::git::servers::{Https, programs, run};

/// The example with a branch that promotes a release, and a forge where that is pull request 1.
fn pull_request(kind: Kind) -> (Home, Model) {
    let home = example();
    home.git("repo", "switch --quiet -c promote");
    home.landfall("promote storefront 1.4.0 --to production --repo repo --commit").ends(0);
    let model = Model::start(kind);
    let head = home.git("repo", "rev-parse HEAD");
    model.world().pull_request(1, "promote", head.trim());
    (home, model)
}

/// The same with a release of billing whose images have no digest.
fn tagged(kind: Kind) -> (Home, Model) {
    let (home, model) = pull_request(kind);
    home.write("repo/projects/billing/releases/2.0.3.toml", "format = 1\n[images]\nworker = { tag = \"2.0.3\" }\n");
    home.commit("repo", "Release billing 2.0.3");
    model.world().pulls.get_mut(&1).unwrap().head = home.git("repo", "rev-parse HEAD").trim().to_owned();
    (home, model)
}

fn review(home: &Home, model: &Model, line: &str) -> Ran {
    let kind = match model.world().kind {
        Kind::GitHub => "github",
        Kind::GitLab => "gitlab",
        Kind::Gitea => "gitea",
    };
    let place = format!("--forge {kind} --forge-api {} --forge-project acme/deploy", model.api());
    home.landfall_with("LANDFALL_FORGE_TOKEN", TOKEN, &format!("review --repo repo {place} {line}"))
}

fn comment(model: &Model) -> String {
    let world = model.world();
    let own: Vec<&str> =
        world.pulls[&1].comments.iter().filter(|said| said.author == BOT).map(|said| &*said.body).collect();
    assert_eq!(own.len(), 1, "{own:?}");
    text_of(own[0]).to_owned()
}

#[test]
pub(super) fn a_job_writes_what_diff_says() {
    for kind in [Kind::GitHub, Kind::GitLab, Kind::Gitea] {
        let (home, model) = pull_request(kind);
        let dry = review(&home, &model, "1 --dry-run").ends(0).out;
        assert!(model.world().pulls[&1].comments.is_empty(), "a dry run writes nothing");
        review(&home, &model, "1 --html review.html").ends(0).says(&["review, status and labels are up to date"]);
        let said = comment(&model);
        assert_eq!(said, dry);
        let diff = home.landfall("diff main promote --repo repo --format markdown").ends(0).out;
        let body = |text: &str| text.lines().filter(|line| !line.starts_with("<sub>")).collect::<Vec<_>>().join("\n");
        assert_eq!(body(&said), body(&diff));
        assert!(home.read("review.html").starts_with("<!DOCTYPE html>"));
        let (told, labels) = {
            let world = model.world();
            let labels: Vec<String> = world.pulls[&1].labels.iter().cloned().collect();
            (world.told.clone(), labels)
        };
        assert_eq!((told.len(), &*told[0].context, &*told[0].state), (1, "landfall/review", "success"));
        assert!(
            diff.starts_with(&format!("### {}", told[0].description.trim_end_matches('…')))
                || told[0].description.starts_with("Waits"),
            "{told:?}"
        );
        assert_eq!(labels, ["landfall: deploys production", "landfall: rights"], "it makes a role");
        review(&home, &model, "1").ends(0).says(&["everything is there already"]);
    }
}

#[test]
fn a_denied_risk_and_a_broken_head_fail_the_status() {
    let (home, model) = pull_request(Kind::GitHub);
    home.write("repo/environments/production.toml", "ordr = 1\n");
    home.commit("repo", "Break it");
    model.world().pulls.get_mut(&1).unwrap().head = home.git("repo", "rev-parse HEAD").trim().to_owned();
    review(&home, &model, "1").ends(3).says(&["unknown-key"]);
    let told = model.world().told.last().unwrap().clone();
    assert_eq!(told.state, "failure");
    assert!(told.description.contains("landfall check"), "{told:?}");
}

#[test]
pub(super) fn what_is_missing_is_said_with_what_to_do() {
    let (home, model) = pull_request(Kind::GitHub);
    review(&home, &model, "").ends(2).says(&["no pull request is given"]);
    review(&home, &model, "7").ends(1).says(&["show the pull request"]);
    home.landfall("review 1 --repo repo").ends(2).says(&["--forge"]);
    let place = format!("--forge github --forge-api {} --forge-project acme/deploy", model.api());
    home.landfall(&format!("review 1 --repo repo {place}")).ends(2).says(&["LANDFALL_FORGE_TOKEN"]);
    model.world().pulls.get_mut(&1).unwrap().head = "5".repeat(40);
    review(&home, &model, "1").ends(1).says(&["does not have 5555555", "git fetch origin refs/pull/1/head"]);
    model.world().pulls.get_mut(&1).unwrap().open = false;
    review(&home, &model, "1").ends(0).says(&["#1 is closed"]);
    model.world().down = Some(502);
    review(&home, &model, "1").ends(6);
}

#[test]
fn a_job_knows_its_pull_request() {
    let (home, model) = pull_request(Kind::GitHub);
    let run = |kind: &str, variables: &[(&str, &str)]| {
        let mut program = home.program("review --repo repo --dry-run");
        program.envs(variables.iter().copied());
        let done = program.output().unwrap();
        assert!(done.status.success(), "{kind}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let api = model.api();
    let said = run(
        "GitHub",
        &[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_API_URL", &api),
            ("GITHUB_REPOSITORY", "acme/deploy"),
            ("GITHUB_REF", "refs/pull/1/merge"),
            ("GITHUB_TOKEN", TOKEN),
        ],
    );
    assert!(said.starts_with("### Merging this deploys storefront 1.4.0"), "{said}");
    let gitlab = Model::start(Kind::GitLab);
    let head = model.world().pulls[&1].head.clone();
    gitlab.world().pull_request(1, "promote", &head);
    let same = run(
        "GitLab",
        &[
            ("GITLAB_CI", "true"),
            ("CI_API_V4_URL", &gitlab.api()),
            ("CI_PROJECT_PATH", "acme/deploy"),
            ("CI_MERGE_REQUEST_IID", "1"),
            ("GITLAB_TOKEN", TOKEN),
        ],
    );
    assert_eq!(same.replace("!1", "#1"), said);
    let gitea = Model::start(Kind::Gitea);
    gitea.world().pull_request(1, "promote", &head);
    let same = run(
        "Gitea",
        &[
            ("GITHUB_ACTIONS", "true"),
            ("GITEA_ACTIONS", "true"),
            ("GITHUB_API_URL", &gitea.api()),
            ("GITHUB_REPOSITORY", "acme/deploy"),
            ("GITHUB_REF", "refs/pull/1/head"),
            ("GITHUB_TOKEN", TOKEN),
        ],
    );
    assert_eq!(same, said);
}

#[test]
pub(super) fn options_say_how_it_is_said() {
    let (home, model) = tagged(Kind::Gitea);
    let denied = "1 --deny low --no-labels --link https://ci.example.com/run/7";
    review(&home, &model, denied).ends(1).says(&["denied       ", "acceptable   "]);
    let world = model.world();
    assert!(world.pulls[&1].labels.is_empty());
    let told = world.told.last().unwrap();
    assert_eq!((&*told.state, told.url.as_deref()), ("failure", Some("https://ci.example.com/run/7")));
    assert!(told.description.starts_with("denied: "), "{told:?}");
    drop(world);
    home.landfall("daemon --simulate --once --repo repo --branch main --store journal.db").ends(0);
    home.git("repo", "fetch --quiet ../journal.mirror +refs/landfall/facts:refs/landfall/facts");
    review(&home, &model, "1 --dry-run --facts refs/landfall/facts")
        .ends(0)
        .shows(&["with the facts of refs/landfall/facts"]);
    model.world().pulls.get_mut(&1).unwrap().fork = true;
    let offline = review(&home, &model, "1 --dry-run --facts refs/landfall/facts").ends(0);
    offline.says(&["from a fork: reviewed offline"]).shows(&["offline: compares what both settle to"]);
}

#[test]
pub(super) fn the_configuration_has_a_token_and_names() {
    let (home, model) = tagged(Kind::GitLab);
    let proxy = format!("location /api/ {{ proxy_pass {}; }}", model.api().trim_end_matches("/api/v4"));
    let Some(server) = Https::start_with(&proxy) else { return };
    home.write("secrets/token", &format!("{TOKEN}\n"));
    let labels = "no_change = \"\"\nproduction = \"to production\"\nreplaces = \"\"\nremoves = \"\"\nrights = \"\"\n";
    let place = format!("kind = \"gitlab\"\napi = \"{}\"\nproject = \"acme/deploy\"\n", server.url("api/v4"));
    let secrets = format!("token_file = \"secrets/token\"\nca_file = \"{}\"\n", server.ca().display());
    let file = |place: &str| format!("[forge]\ndeny = \"low\"\n{place}{secrets}[forge.labels]\n{labels}");
    home.write("landfall.toml", &file(&place));
    home.landfall("review 1 --repo repo --config landfall.toml").ends(1).says(&["denied       "]);
    let world = model.world();
    assert_eq!(world.pulls[&1].labels.iter().collect::<Vec<_>>(), ["to production"]);
    assert_eq!(world.told.last().unwrap().state, "failed");
    drop(world);
    // Without the authority, or with a key that there is not.
    home.write("landfall.toml", &file(&place).replace("ca_file", "#"));
    home.landfall("review 1 --repo repo --config landfall.toml").ends(6).says(&["does not answer"]);
    home.write("landfall.toml", &file("kindd = \"gitlab\"\n"));
    home.landfall("review 1 --repo repo --config landfall.toml").ends(2).says(&["kindd"]);
}

#[test]
pub(super) fn an_app_of_github_writes_as_itself() {
    let (home, model) = pull_request(Kind::GitHub);
    let Some([openssl]) = programs(["openssl"]) else { return };
    let key = home.path("app.pem");
    run(&openssl, &["genrsa", "-out", key.to_str().unwrap(), "2048"]);
    let public = std::process::Command::new(&openssl)
        .args(["rsa", "-in", key.to_str().unwrap(), "-RSAPublicKey_out", "-outform", "DER"])
        .output()
        .unwrap();
    model.world().app = Some(App { id: "77", public_key: public.stdout, slug: "landfall-of-acme" });
    let place = format!("kind = \"github\"\napi = \"{}\"\nproject = \"acme/deploy\"\n", model.api());
    home.write("landfall.toml", &format!("[forge]\n{place}app_id = \"77\"\napp_key_file = \"app.pem\"\n"));
    home.landfall("review 1 --repo repo --config landfall.toml").ends(0).says(&["are up to date"]);
    home.landfall("review 1 --repo repo --config landfall.toml").ends(0).says(&["everything is there already"]);
    assert_eq!(model.world().pulls[&1].comments[0].author, "landfall-of-acme[bot]");
    home.write("landfall.toml", &format!("[forge]\n{place}app_id = \"78\"\napp_key_file = \"app.pem\"\n"));
    home.landfall("review 1 --repo repo --config landfall.toml").ends(1).says(&["401"]);
    home.write("app.pem", "-----BEGIN RSA PRIVATE KEY-----\nnone\n-----END RSA PRIVATE KEY-----\n");
    home.landfall("review 1 --repo repo --config landfall.toml").ends(2).says(&["app.pem", "private key"]);
}

#[test]
fn a_merge_queue_gets_the_status_and_nothing_else() {
    let (home, model) = tagged(Kind::GitHub);
    home.git("repo", "switch --quiet main");
    home.git("repo", "merge --quiet --no-ff promote -m Merge");
    let merge = home.git("repo", "rev-parse HEAD").trim().to_owned();
    home.git("repo", "reset --quiet --hard HEAD~1");
    home.git("repo", &format!("branch queue {merge}"));
    let mut program = home.program("review --repo repo");
    program.envs([
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "merge_group"),
        ("GITHUB_API_URL", &model.api()),
        ("GITHUB_REPOSITORY", "acme/deploy"),
        ("GITHUB_REF", &format!("refs/heads/gh-readonly-queue/main/pr-1-{merge}")),
        ("GITHUB_SHA", &merge),
        ("GITHUB_TOKEN", TOKEN),
    ]);
    let done = program.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let world = model.world();
    let told: Vec<_> = world.told.iter().map(|told| (&*told.commit, &*told.context, &*told.state)).collect();
    assert_eq!(told, [(&*merge, "landfall/review", "success")]);
    assert!(world.pulls[&1].comments.is_empty() && world.pulls[&1].labels.is_empty());
}

#[test]
fn a_review_of_hundreds_of_stacks_fits_into_a_comment() {
    let (home, model) = pull_request(Kind::GitHub);
    for number in 0..60 {
        let copied = format!("repo/projects/copy-{number}");
        for file in ["project.toml", "process.toml", "variables.toml", "releases/1.4.0.toml"] {
            let text = home.read(&format!("repo/projects/storefront/{file}"));
            let text: String =
                text.lines().filter(|line| !line.starts_with("inputs")).map(|line| format!("{line}\n")).collect();
            home.write(&format!("{copied}/{file}"), &text.replace("storefront", &format!("copy-{number}")));
        }
    }
    home.commit("repo", "Copy storefront");
    model.world().pulls.get_mut(&1).unwrap().head = home.git("repo", "rev-parse HEAD").trim().to_owned();
    review(&home, &model, "1 --html whole.html --link https://ci.example.com/7").ends(0);
    let said = comment(&model);
    let length = said.chars().count();
    assert!((50_000..65_536).contains(&length), "{length}");
    assert!(said.starts_with("### Merging this "), "{said}");
    assert!(said.contains("**Left out here**") && said.contains("[The whole review](https://ci.example.com/7)"));
    assert!(said.trim_end().ends_with("</sub>"), "the end says what it was made from");
    assert_eq!(said.matches("<details>").count(), said.matches("</details>").count());
    assert!(home.read("whole.html").len() > 200_000);
}
