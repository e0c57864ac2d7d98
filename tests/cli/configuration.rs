//! The operator's configuration file: every key, with its effect.

use std::net::TcpListener;

use super::program::{Home, eventually};
use super::world::{cloudformation, init, operations, post, release, world};
use crate::git::servers::{Https, Ssh};

/// A repository in `name` that deploys a project of the same name, pushed to a bare one.
fn pushed(home: &Home, name: &str, to: &std::path::Path) {
    home.landfall(&init(name, name)).ends(0);
    home.git(name, &format!("push --quiet {} main", to.display()));
}

#[test]
pub(super) fn the_daemon_takes_what_the_file_says() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (home, world) = (Home::new(), world());
    home.landfall(&init("made", "filed")).ends(0);
    home.git("made", "switch --quiet --create next");
    release(&home, "made", "filed", "3.0.0");
    home.git("made", "switch --quiet main");
    let file = "repo = \"made\"\nbranch = \"next\"\nstore = \"sqlite:journal.db\"\nmirror = \"copy.git\"\nlog_format = \"json\"\n";
    home.write("landfall.toml", &format!("{file}listen = \"127.0.0.1:{port}\"\n"));
    let endpoint = format!("daemon --config landfall.toml --endpoint {} --once", world.account);
    let log = home.landfall(&endpoint).ends(0).err;
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let address = format!("127.0.0.1:{port}");
    assert!(lines.iter().any(|line| line["address"] == address.as_str()), "no API at {address}: {log}");
    assert!(home.path("copy.git/objects").exists() && !home.path("journal.mirror").exists());
    let history = home.landfall("history --store journal.db --format json").ends(0).json();
    assert_eq!(history[0]["release"], "3.0.0", "of the branch next: {history}");
    let option = "daemon --config landfall.toml --simulate --once --branch main --store second.db --log-format text";
    home.landfall(option).ends(0);
    let history = home.landfall("history --store second.db --format json").ends(0).json();
    assert_eq!(history[0]["release"], "1.0.0", "an option goes before the file: {history}");
}

#[test]
pub(super) fn the_api_asks_for_the_token() {
    let home = Home::new();
    home.landfall(&init("made", "app")).ends(0);
    home.write("secrets/token", "0123456789abcdef\n");
    home.write("landfall.toml", "token_file = \"secrets/token\"\n");
    let mut daemon = home.start("daemon --config landfall.toml --repo made --simulate --listen 127.0.0.1:0");
    let server = daemon.until_it_says("listening    ");
    daemon.until_it_says("deployed");
    let status = format!("status --server {server}");
    home.landfall(&status).ends(1).says(&["answers 401"]);
    home.landfall_with("LANDFALL_TOKEN", "another-long-token", &status).ends(1).says(&["answers 401"]);
    home.landfall_with("LANDFALL_TOKEN", "0123456789abcdef", &status).ends(0).shows(&["development"]);
    home.write("secrets/token", "short\n");
    let open = home.landfall("daemon --config landfall.toml --repo made --simulate --listen 0.0.0.0:0 --store b.db");
    open.ends(2).says(&["token"]);
}

#[test]
pub(super) fn https_takes_a_password_and_an_authority() {
    let Some(server) = Https::start() else { return };
    let home = Home::new();
    pushed(&home, "secured", &server.repository("repo.git"));
    home.write("password", "s3cret\n");
    let git = format!("username = \"ada\"\npassword_file = \"password\"\nca_file = \"{}\"\n", server.ca().display());
    home.write("landfall.toml", &format!("poll = \"1s\"\n[git]\n{git}"));
    let daemon = format!("daemon --config landfall.toml --simulate --repo {}", server.url("repo.git"));
    let mut daemon = home.start(&daemon);
    daemon.until_it_says("1.0.0  development   deployed");
    release(&home, "secured", "secured", "2.0.0");
    home.git("secured", &format!("push --quiet {} main", server.repository("repo.git").display()));
    daemon.until_it_says("2.0.0  development   deployed");
}

#[test]
pub(super) fn a_webhook_wakes_the_daemon() {
    let Some(server) = Https::start() else { return };
    let home = Home::new();
    pushed(&home, "hooked", &server.repository("repo.git"));
    home.write("password", "s3cret\n");
    let secrets = "github_secret_file = \"hub\"\ngitlab_token_file = \"lab\"\ngitea_secret_file = \"tea\"\n";
    for name in ["hub", "lab", "tea"] {
        home.write(name, &format!("{name}-0123456789abcdef\n"));
    }
    let git = format!("username = \"ada\"\npassword_file = \"password\"\nca_file = \"{}\"\n", server.ca().display());
    home.write("landfall.toml", &format!("poll = \"1h\"\n[git]\n{git}[webhooks]\n{secrets}"));
    let line = format!("daemon --config landfall.toml --simulate --repo {}", server.url("repo.git"));
    home.landfall(&line).ends(2).says(&["no address to listen at", "--listen"]);
    let mut daemon = home.start(&format!("{line} --listen 127.0.0.1:0"));
    let address = daemon.until_it_says("listening    ");
    daemon.until_it_says("1.0.0  development   deployed");
    // The daemon has nothing to do for an hour.
    for version in ["2.0.0", "3.0.0"] {
        release(&home, "hooked", "hooked", version);
        home.git("hooked", &format!("push --quiet {} main", server.repository("repo.git").display()));
        post(&address, "/hooks/gitlab", "{}", &[("X-Gitlab-Token", "lab-0123456789abcdef")]);
        daemon.until_it_says(&format!("{version}  development   deployed"));
    }
    for path in ["/hooks/github", "/hooks/gitea"] {
        assert!(!super::world::send(&address, path, "{}", &[]).0, "{path} asks for a signature");
    }
    home.write("lab", "short\n");
    home.landfall(&format!("{line} --listen 127.0.0.1:0 --store b.db")).ends(2).says(&["fewer than 16 characters"]);
}

#[test]
pub(super) fn https_takes_a_file_of_credentials() {
    let Some(server) = Https::start() else { return };
    let home = Home::new();
    pushed(&home, "listed", &server.repository("repo.git"));
    home.write("credentials", "https://ada:s3cret@localhost\n");
    let git = format!("credentials_file = \"credentials\"\nca_file = \"{}\"\n", server.ca().display());
    home.write("landfall.toml", &format!("[git]\n{git}"));
    let daemon = format!("daemon --config landfall.toml --simulate --once --repo {}", server.url("repo.git"));
    home.landfall(&daemon).ends(0).says(&["1.0.0  development   deployed"]);
}

#[test]
pub(super) fn ssh_takes_a_locked_key() {
    let Some(server) = Ssh::start() else { return };
    let home = Home::new();
    pushed(&home, "locked", &server.file("repo.git"));
    home.write("hosts", &format!("{} {}\n", server.name(), server.host_key()));
    home.write("passphrase", "open sesame\n");
    let key = server.file("locked");
    let git =
        format!("ssh_key = \"{}\"\nssh_passphrase_file = \"passphrase\"\nknown_hosts = \"hosts\"\n", key.display());
    home.write("landfall.toml", &format!("[git]\n{git}"));
    let daemon = format!("daemon --config landfall.toml --simulate --once --repo {}", server.url());
    home.landfall(&daemon).ends(0).says(&["1.0.0  development   deployed"]);
}

#[test]
pub(super) fn a_silent_remote_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = Home::new();
    home.write("landfall.toml", "[git]\ntimeout = \"1s\"\n");
    let url = format!("https://{}/repo.git", silent.local_addr().unwrap());
    let mut daemon = home.start(&format!("daemon --config landfall.toml --simulate --repo {url}"));
    daemon.until_it_says("did not answer within 1 s");
}

#[test]
pub(super) fn a_remote_that_drips_is_given_up() {
    let dripping = TcpListener::bind("127.0.0.1:0").unwrap();
    let home = Home::new();
    home.write("landfall.toml", "[git]\nlimit = \"1s\"\n");
    let url = format!("http://{}/repo.git", dripping.local_addr().unwrap());
    let mut daemon = home.start(&format!("daemon --config landfall.toml --simulate --repo {url}"));
    let (mut stream, _) = dripping.accept().unwrap();
    std::thread::spawn(move || {
        while std::io::Write::write_all(&mut stream, b"H").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    });
    daemon.until_it_says("is still sending after 1 s; landfall stopped and asks again");
    assert_eq!(daemon.stops().0, 0, "whoever drips holds up no end");
}

#[test]
pub(super) fn a_sweep_sees_what_nobody_told() {
    let world = world();
    let home = Home::new();
    home.landfall(&init("swept", "swept")).ends(0);
    home.write("landfall.toml", &format!("sweep = \"1s\"\n[aws]\nendpoint = \"{}\"\n", world.account));
    let mut daemon = home.start("daemon --config landfall.toml --repo swept");
    daemon.until_it_says("development   deployed");
    let executed = || {
        let all = operations(&world.account, "swept-web-development");
        all.iter().filter(|operation| *operation == "ExecuteChangeSet").count()
    };
    assert_eq!(executed(), 1);
    cloudformation(&world.account, "Action=DeleteStack&StackName=swept-web-development-web");
    eventually("the stack is made again", || (executed() == 2).then_some(()));
}

#[test]
pub(super) fn a_profile_says_where_and_who() {
    let world = world();
    let home = Home::new();
    home.landfall(&init("made", "app")).ends(0);
    let profile = |name: &str, account: &str| {
        let keys = format!("aws_access_key_id = {account}\naws_secret_access_key = any\n");
        format!("[profile {name}]\n{keys}endpoint_url = {}\n", world.account)
    };
    home.write(".aws/config", &format!("{}{}", profile("deploy", "111111111111"), profile("other", "444444444444")));
    home.write("landfall.toml", "[aws]\nprofile = \"deploy\"\n");
    home.landfall("verify made --config landfall.toml").ends(0).shows(&["arn:aws:iam::111111111111:user/simulated"]);
    home.write("landfall.toml", "[aws]\nprofile = \"other\"\n");
    let wrong = home.landfall("verify made --config landfall.toml").ends(1);
    wrong.shows(&["wrong", "the credentials are for account 444444444444, not for 111111111111"]);
}

#[test]
pub(super) fn only_allowed_roles_are_assumed() {
    let world = world();
    let home = Home::new();
    home.landfall(&format!("{} --role arn:aws:iam::111111111111:role/landfall-deploy", init("made", "app"))).ends(0);
    let verify = |roles: &str| {
        home.write("landfall.toml", &format!("[aws]\nallowed_roles = [{roles}]\n"));
        home.landfall(&format!("verify made --config landfall.toml --endpoint {}", world.account))
    };
    let assumed = verify("\"arn:aws:iam::*:role/landfall-*\"").ends(0);
    assumed.shows(&["arn:aws:sts::111111111111:assumed-role/landfall-deploy/"]);
    verify("\"arn:aws:iam::*:role/other\"").ends(6).shows(&["is not among the roles", "`allowed_roles`"]);
}
