//! The clients alone: what they ask, what they read, and what they do not believe.

use landfall::forge::{Credentials, Forge, ForgeError, GitHub, Kind, Limits, NewPullRequest, home};
use landfall::model::CommitId;

use super::model::{Model, PROJECT, TOKEN};

const HEAD: &str = "1111111111111111111111111111111111111111";

#[test]
fn a_pull_request_is_opened_once() {
    for kind in [Kind::GitHub, Kind::GitLab, Kind::Gitea] {
        let model = Model::start(kind);
        let forge = model.client();
        let new = NewPullRequest {
            branch: "promote-2.0.0".to_owned(),
            base: "main".to_owned(),
            title: "Promote shop 2.0.0".to_owned(),
            body: "Opened by landfall.".to_owned(),
        };
        let made = forge.open(&new).unwrap();
        let again = forge.open(&new).unwrap();
        assert_eq!(made.number, again.number, "{kind:?}");
        assert_eq!(model.world().pulls.len(), 1);
        assert_eq!((made.branch.as_str(), made.base.as_str(), made.open), ("promote-2.0.0", "main", true));
    }
}

#[test]
fn what_brought_a_commit_is_found() {
    for kind in [Kind::GitHub, Kind::GitLab, Kind::Gitea] {
        let model = Model::start(kind);
        let merge = "3333333333333333333333333333333333333333";
        {
            let mut world = model.world();
            let pull = world.pull_request(7, "change", HEAD);
            (pull.open, pull.merged) = (false, Some(merge.to_owned()));
            world.required = vec!["landfall/review".to_owned()];
        }
        let forge = model.client();
        let found = forge.pull_requests_of(&CommitId(merge.to_owned())).unwrap();
        assert_eq!((found[0].number, found[0].merged.as_ref().unwrap().0.as_str()), (7, merge));
        assert_eq!(forge.pull_requests_of(&CommitId("4".repeat(40))).unwrap(), []);
        let required = match kind {
            Kind::GitHub => vec!["build", "landfall/review"],
            Kind::GitLab => vec!["pipeline"],
            Kind::Gitea => vec!["landfall/review"],
        };
        assert_eq!(forge.required("main").unwrap(), required);
    }
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let model = Model::start(Kind::GitHub);
    model.world().pull_request(1, "change", HEAD);
    let forge = model.client();
    for _ in 0..10 {
        assert_eq!(forge.open_pull_requests("main").unwrap().len(), 1);
    }
    assert_eq!(model.world().asked("GET /repos/acme/deploy/pulls", 200), 1);
    assert_eq!(model.world().asked("GET /repos/acme/deploy/pulls", 304), 9);
    model.world().pull_request(2, "other", HEAD);
    assert_eq!(forge.open_pull_requests("main").unwrap().len(), 2);
}

#[test]
fn a_token_of_a_job_does_not_know_its_name() {
    let model = Model::start(Kind::GitHub);
    model.world().pull_request(1, "change", HEAD);
    model.world().tokens.insert("job".to_owned(), "github-actions[bot]".to_owned());
    model.world().rights.insert("github-actions[bot]".to_owned(), "write");
    let forge = model.client_with("job");
    forge.comment(1, "hello").unwrap();
    assert!(forge.comments(1).unwrap()[0].own);
}

#[test]
fn a_token_goes_only_over_https() {
    let token = || Credentials::Token(TOKEN.to_owned());
    let make = |api: &str, name: &str| GitHub::new(api, name, token(), Limits::with(jiff::Timestamp::now)).map(drop);
    assert!(make("http://forge.example.com", PROJECT).unwrap_err().contains("not https"));
    assert!(make("forge", PROJECT).unwrap_err().contains("not an address"));
    assert!(make("https://forge.example.com", "acme").unwrap_err().contains("owner/name"));
    make("https://forge.example.com", PROJECT).unwrap();
}

#[test]
fn a_forge_that_is_not_there_passes() {
    let forge = GitHub::new(
        "http://127.0.0.1:9",
        PROJECT,
        Credentials::Token(TOKEN.to_owned()),
        Limits::with(jiff::Timestamp::now),
    )
    .unwrap();
    let error = forge.pull_request(1).unwrap_err();
    assert!(error.passes() && matches!(error, ForgeError::Unreachable { .. }), "{error}");
}

#[test]
fn an_address_says_which_forge_it_is() {
    let home =
        |remote: &str| home(remote).map(|home| (home.kind, home.kind.map(|kind| kind.api(&home.host)), home.path));
    for (remote, kind, api, path) in [
        ("https://github.com/o/r.git", Some(Kind::GitHub), "https://api.github.com", "o/r"),
        ("git@github.example.com:o/r", Some(Kind::GitHub), "https://github.example.com/api/v3", "o/r"),
        ("https://gitlab.com/g/s/r.git", Some(Kind::GitLab), "https://gitlab.com/api/v4", "g/s/r"),
        ("https://codeberg.org/o/r", Some(Kind::Gitea), "https://codeberg.org/api/v1", "o/r"),
        ("https://git.example.com/o/r", None, "", "o/r"),
    ] {
        let api = Some(api.to_owned()).filter(|api| !api.is_empty());
        assert_eq!(home(remote), Some((kind, api, path.to_owned())), "{remote}");
    }
    assert_eq!(home("/srv/git/r.git"), None);
}
