//! What landfall keeps in a pull request, at each forge: one comment, one status, the labels, and a word if it changed since people
//! reviewed it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use landfall::forge::keep::{Act, Wanted, carry_out, look, missing, review_status};
use landfall::forge::{Forge, ForgeError, Kind, State, Writer, text_of};
use landfall::model::CommitId;
use landfall::view::review::{Outcome, Sign};

use super::model::{BOT, Model};

const KINDS: [Kind; 3] = [Kind::GitHub, Kind::GitLab, Kind::Gitea];

const HEAD: &str = "1111111111111111111111111111111111111111";
const NEXT: &str = "2222222222222222222222222222222222222222";

fn wanted(head: &str, said: &str, outcome: &str) -> Wanted {
    let signs: BTreeSet<Sign> = [Sign::Production, Sign::Replaces].into();
    let outcome =
        Outcome { sentence: format!("Merging this {said}."), signs, waits: Vec::new(), hash: outcome.to_owned() };
    Wanted {
        repository: "shop".to_owned(),
        writer: Writer::Daemon,
        head: CommitId(head.to_owned()),
        text: format!("### Merging this {said}.\n\n<sub>from `main` to `{head}`</sub>\n"),
        status: review_status(&outcome, 0, None, Some("https://landfall.example.com/1".to_owned())),
        labels: outcome.signs.iter().map(|sign| sign.label().to_owned()).collect(),
        ours: Sign::ALL.iter().map(|sign| sign.label().to_owned()).collect(),
        outcome,
    }
}

/// One look, and what it makes; gives the calls.
fn keep(model: &Model, forge: &dyn Forge, wanted: &Wanted) -> Result<Vec<Act>, ForgeError> {
    let now = model.world().tick();
    let found = look(forge, forge.pull_request(1)?, &wanted.repository)?;
    let acts = missing(wanted, &found, forge.most_of_a_description(), now);
    carry_out(forge, &found.pull_request, &acts)?;
    Ok(acts)
}

fn at_each(test: impl Fn(&Model, Arc<dyn Forge>)) {
    for kind in KINDS {
        let model = Model::start(kind);
        model.world().pull_request(1, "change", HEAD);
        let client = model.client();
        test(&model, client);
    }
}

/// What landfall wrote, without the hidden lines.
fn own(model: &Model) -> Vec<String> {
    let world = model.world();
    let own = world.pulls[&1].comments.iter().filter(|said| said.author == BOT);
    own.map(|said| text_of(&said.body).trim_end().to_owned()).collect()
}

#[test]
fn one_comment_is_kept_in_place() {
    at_each(|model, forge| {
        let first = wanted(HEAD, "replaces a service", "a");
        assert_eq!(keep(model, &*forge, &first).unwrap().len(), 3, "comment, labels, status");
        assert_eq!(keep(model, &*forge, &first).unwrap(), [], "everything is there");
        assert_eq!(own(model), [first.text.trim_end()]);
        let labels: Vec<String> = model.world().pulls[&1].labels.iter().cloned().collect();
        assert_eq!(labels, ["landfall: deploys production", "landfall: replaces"]);
        model.world().pulls.get_mut(&1).unwrap().labels.insert("urgent".to_owned());
        model.world().pulls.get_mut(&1).unwrap().head = NEXT.to_owned();
        let mut second = wanted(NEXT, "changes nothing", "b");
        second.labels = [Sign::NoChange.label().to_owned()].into();
        keep(model, &*forge, &second).unwrap();
        assert_eq!(own(model), [second.text.trim_end()], "edited, not added");
        let world = model.world();
        let labels: Vec<&String> = world.pulls[&1].labels.iter().collect();
        assert_eq!(labels, ["landfall: no change", "urgent"], "only own labels are removed");
        let told: Vec<(&str, &str)> = world.told.iter().map(|told| (&*told.commit, &*told.context)).collect();
        assert_eq!(told, [(HEAD, "landfall/review"), (NEXT, "landfall/review")]);
    });
}

#[test]
fn what_is_deleted_or_doubled_is_mended() {
    at_each(|model, forge| {
        let wanted = wanted(HEAD, "replaces a service", "a");
        keep(model, &*forge, &wanted).unwrap();
        let body = model.world().pulls[&1].comments[0].body.clone();
        model.world().pulls.get_mut(&1).unwrap().comments.clear();
        keep(model, &*forge, &wanted).unwrap();
        assert_eq!(own(model).len(), 1, "written anew");
        model.world().says(1, BOT, &body);
        model.world().says(1, "ada", "looks good");
        keep(model, &*forge, &wanted).unwrap();
        assert_eq!(own(model).len(), 1, "the second of two jobs at once");
        assert_eq!(model.world().pulls[&1].comments.len(), 2, "nobody else's comment is removed");
        model.world().pulls.get_mut(&1).unwrap().comments[0].body = format!("{body}\nedited by hand");
        keep(model, &*forge, &wanted).unwrap();
        assert_eq!(own(model), [wanted.text.trim_end()]);
    });
}

#[test]
fn a_marker_of_somebody_else_is_not_believed() {
    at_each(|model, forge| {
        let mut job = wanted(HEAD, "replaces a service", "a");
        job.writer = Writer::Job;
        let forged = {
            let other = Model::start(Kind::GitHub);
            other.world().pull_request(1, "change", HEAD);
            keep(&other, &*other.client(), &wanted(HEAD, "changes nothing", "z")).unwrap();
            let world = other.world();
            world.pulls[&1].comments[0].body.clone()
        };
        model.world().says(1, "mallory", &forged);
        keep(model, &*forge, &job).unwrap();
        assert_eq!(own(model), [job.text.trim_end()], "who may only read silences nobody");
        let text = model.world().pulls[&1].comments[0].body.clone();
        assert_eq!(text, forged, "and is not edited");
    });
}

#[test]
fn a_job_leaves_the_word_to_the_daemon() {
    at_each(|model, forge| {
        let mut job = wanted(HEAD, "replaces a service", "a");
        job.writer = Writer::Job;
        keep(model, &*forge, &job).unwrap();
        let daemon = wanted(HEAD, "replaces a service", "b");
        model.world().tokens.insert("daemon".to_owned(), "landfall-daemon".to_owned());
        model.world().rights.insert("landfall-daemon".to_owned(), "write");
        keep(model, &*model.client_with("daemon"), &daemon).unwrap();
        keep(model, &*forge, &job).unwrap();
        assert_eq!(own(model), ["The review is in the comment of landfall's daemon."]);
        assert_eq!(keep(model, &*forge, &job).unwrap(), [], "said once");
        // A commit that the daemon has not seen yet.
        model.world().pulls.get_mut(&1).unwrap().head = NEXT.to_owned();
        let next = Wanted { writer: Writer::Job, ..wanted(NEXT, "removes a service", "c") };
        keep(model, &*forge, &next).unwrap();
        assert_eq!(own(model), [next.text.trim_end()]);
    });
}

#[test]
fn a_change_after_a_review_is_said_in_a_comment_of_its_own() {
    at_each(|model, forge| {
        keep(model, &*forge, &wanted(HEAD, "replaces a service", "a")).unwrap();
        model.world().reviews(1, "mallory");
        assert_eq!(keep(model, &*forge, &wanted(HEAD, "replaces a service", "a")).unwrap(), []);
        model.world().pulls.get_mut(&1).unwrap().head = NEXT.to_owned();
        let next = wanted(NEXT, "deletes a database", "b");
        keep(model, &*forge, &next).unwrap();
        let said = own(model);
        assert_eq!(said.len(), 2);
        assert_eq!(
            said[1],
            "**What merging this does has changed since it was reviewed.** The last review by a person was of `1111111`; the \
             newest commit is `2222222`. Merging this deletes a database."
        );
        assert_eq!(keep(model, &*forge, &next).unwrap(), [], "said once");
        model.world().reviews(1, "mallory");
        assert_eq!(keep(model, &*forge, &next).unwrap(), [], "reviewed again");
    });
}

#[test]
fn a_closed_pull_request_is_left_alone_and_a_reopened_one_is_kept() {
    at_each(|model, forge| {
        let wanted = wanted(HEAD, "replaces a service", "a");
        model.world().pulls.get_mut(&1).unwrap().open = false;
        assert_eq!(keep(model, &*forge, &wanted).unwrap(), []);
        model.world().pulls.get_mut(&1).unwrap().open = true;
        assert_eq!(keep(model, &*forge, &wanted).unwrap().len(), 3);
        model.world().pulls.get_mut(&1).unwrap().head = NEXT.to_owned();
        assert_eq!(keep(model, &*forge, &wanted).unwrap(), [], "a review of a commit that is not the head any more");
    });
}

#[test]
fn nothing_is_lost_or_repeated_while_the_forge_is_down() {
    at_each(|model, forge| {
        let first = wanted(HEAD, "replaces a service", "a");
        model.world().down = Some(503);
        for _ in 0..5 {
            assert!(keep(model, &*forge, &first).unwrap_err().passes());
        }
        model.world().down = None;
        // The comment is made, and the answer is lost on its way.
        model.world().lose = true;
        assert!(keep(model, &*forge, &first).unwrap_err().passes());
        keep(model, &*forge, &first).unwrap();
        assert_eq!(own(model), [first.text.trim_end()]);
        assert_eq!(keep(model, &*forge, &first).unwrap(), []);
    });
}

#[test]
fn a_limit_is_kept_until_its_end() {
    at_each(|model, forge| {
        model.world().budget = Some(2);
        let wanted = wanted(HEAD, "replaces a service", "a");
        let error = keep(model, &*forge, &wanted).unwrap_err();
        let ForgeError::Limited { until, .. } = &error else { panic!("{error}") };
        let left = until.duration_since(Timestamp::now()).as_secs();
        assert!((590..=601).contains(&left), "{left}");
        let asked = model.world().log.len();
        assert!(keep(model, &*forge, &wanted).is_err());
        assert_eq!(model.world().log.len(), asked, "no call is made before");
        model.world().budget = None;
        keep(model, &*model.client(), &wanted).unwrap();
        assert_eq!(own(model).len(), 1);
    });
}

#[test]
fn a_missing_right_is_said_in_the_forges_words() {
    at_each(|model, _| {
        let wanted = wanted(HEAD, "replaces a service", "a");
        let error = keep(model, &*model.client_with("token-of-mallory"), &wanted).unwrap_err();
        assert!(matches!(error, ForgeError::Denied { status: 403, .. }) && !error.passes(), "{error}");
        assert!(error.to_string().contains("label"), "{error}");
        let error = keep(model, &*model.client_with("wrong"), &wanted).unwrap_err();
        assert!(error.to_string().contains("(401): Bad credentials"), "{error}");
    });
}

#[test]
fn long_lists_are_read_to_their_end() {
    at_each(|model, forge| {
        let wanted = wanted(HEAD, "replaces a service", "a");
        keep(model, &*forge, &wanted).unwrap();
        model.world().page = 3;
        for number in 0..10 {
            model.world().says(1, "ada", &format!("comment {number}"));
        }
        // Landfall's comment is now the last one.
        model.world().pulls.get_mut(&1).unwrap().comments.rotate_left(1);
        assert_eq!(keep(model, &*forge, &wanted).unwrap(), []);
        for number in 2..9 {
            model.world().pull_request(number, &format!("change-{number}"), HEAD);
        }
        assert_eq!(forge.open_pull_requests("main").unwrap().len(), 8);
        assert_eq!(forge.open_pull_requests("other").unwrap(), []);
    });
}

#[test]
fn the_status_says_what_it_waits_for() {
    let outcome = Outcome {
        sentence: "Merging this deploys shop 2.0.0 to production: 1 stack changes.".to_owned(),
        signs: BTreeSet::new(),
        waits: vec!["production: must hold in test for 30 min".to_owned()],
        hash: "a".to_owned(),
    };
    let status = review_status(&outcome, 0, None, None);
    assert_eq!(status.state, State::Success);
    assert_eq!(status.description, format!("Waits: production: must hold in test for 30 min. {}", outcome.sentence));
    assert_eq!(review_status(&outcome, 2, None, None).state, State::Failure);
    assert_eq!(review_status(&outcome, 0, Some("a risk"), None).state, State::Failure);
    // At each forge a status that only differs in its text is told anew.
    at_each(|model, forge| {
        let head = CommitId(HEAD.to_owned());
        for (state, text) in
            [(State::Pending, "12 min to go"), (State::Pending, "2 min to go"), (State::Success, "done")]
        {
            let status = landfall::forge::Status { state, description: text.to_owned(), ..status.clone() };
            forge.set_status(&head, &status).unwrap();
            let told = forge.statuses(&head).unwrap();
            assert_eq!((told.len(), told[0].state, &*told[0].description), (1, state, text), "{:?}", model.world().log);
        }
    });
}
