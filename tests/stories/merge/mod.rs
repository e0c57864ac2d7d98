//! Merge it and look: what a review says before the merge is what the daemon does after it, stack by stack.
//!
//! A pull request is `gallery/<name>.pr`: a story up to the base, a line `merge`, and the edits. The review is made offline
//! and with the daemon's facts; then the edits land, the daemon works on the simulated account until nothing moves any
//! more, and both are compared with what it did.

mod actual;
mod predicted;
mod priorities;
mod random;
mod shown;

use std::collections::{BTreeMap, BTreeSet};

use landfall::load::{Loader, Source};
use landfall::model::{CommitId, Facts};
use landfall::plan::review::{Change, Review, review};
use landfall::template::Cache;
use landfall::view::review::content::About;
use landfall::view::review::json;

use super::folder;
use super::script::{self, Command};
use super::teller::{Planned, Teller};
use actual::Happened;

/// A pull request that was reviewed, merged and watched.
pub(super) struct Merged {
    /// Without facts.
    pub(super) offline: Review,
    /// With those of the daemon.
    pub(super) told: Review,
    /// What happened, stack by stack.
    happened: BTreeMap<String, Happened>,
    /// What `landfall plan` said after the merge, deployment by deployment.
    planned: Vec<Review>,
}

/// Plays a pull request.
pub(super) fn merge(text: &str) -> Merged {
    let (base, edits) = text.split_once("\nmerge\n").expect("a line `merge`");
    let mut teller = Teller::new();
    for line in script::parse(base) {
        teller.play(&line.command);
    }
    merge_on(teller, edits)
}

/// Makes the edits on what was played so far, reviews them, lands them and watches.
fn merge_on(mut teller: Teller, edits: &str) -> Merged {
    for line in script::parse(edits) {
        assert!(
            !matches!(line.command, Command::Commit | Command::Settle),
            "the merge is the last commit: {}",
            line.text
        );
        teller.play(&line.command);
    }
    let before = teller.published_now();
    let parent = teller.head();
    teller.commit();
    let head = teller.head();
    let [offline, told] = reviews(&teller, [&parent, &head], &before.facts);
    let from = teller.records().len();
    let stacks = teller.stacks();
    let orphans = before.planned.report.orphans.iter().filter(|orphan| !orphan.removed);
    let earlier = orphans.map(|orphan| format!("{} in {}", orphan.stack, orphan.place)).collect();
    teller.planned = Some(Planned::default());
    teller.until_nothing_can_move();
    let planned = teller.planned.take().unwrap().reviews;
    let happened = actual::happened(&teller, from, &stacks, &earlier);
    Merged { offline, told, happened, planned }
}

/// What merging one commit into another does, offline and with the facts of the daemon.
pub(super) fn reviews(teller: &Teller, commits: [&CommitId; 2], facts: &Facts) -> [Review; 2] {
    let mut loader = Loader::new();
    let [base, head] = commits.map(|commit| {
        let branch = teller.history();
        let tree = landfall::tree::History::tree(&*branch, commit).unwrap();
        let facts = Some(facts);
        let source = Source { tree: &tree, blobs: &*branch, commit: Some(commit), history: Some(&*branch), facts };
        loader.load(&source).unwrap()
    });
    [None, Some(facts)].map(|facts| {
        let change = Change { base: &base.catalog, head: &head.catalog, facts, observed: None, now: teller.now() };
        review(&change, &mut Cache::default())
    })
}

impl Merged {
    /// Where a review and what happened differ.
    fn disagreements(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (how, review) in [("offline", &self.offline), ("with facts", &self.told)] {
            let said = predicted::said(review);
            for stack in said.keys().chain(self.happened.keys()).collect::<BTreeSet<_>>() {
                let (said, did) = (said.get(stack), self.happened.get(stack));
                let found = actual::differences(said, did).into_iter();
                wrong.extend(found.map(|one| format!("{how}: {stack}: {one}")));
            }
        }
        wrong
    }

    /// Panics where a review and what happened differ.
    pub(super) fn agrees(&self) {
        let wrong = self.disagreements();
        assert!(wrong.is_empty(), "the review and the merge differ:\n  {}", wrong.join("\n  "));
    }
}

impl Merged {
    /// Panics where `landfall plan` said something else after the merge than the review before it: stack, actions, stops.
    fn plans_the_same(&self) {
        let reviewed = predicted::said(&self.told);
        let mut planned: BTreeMap<String, Vec<predicted::Said>> = BTreeMap::new();
        for (stack, said) in self.planned.iter().flat_map(predicted::said) {
            planned.entry(stack).or_default().push(said);
        }
        let deployed = reviewed.iter().filter(|(_, said)| said.fate != "left behind").map(|(stack, _)| stack);
        assert_eq!(deployed.collect::<Vec<_>>(), planned.keys().collect::<Vec<_>>(), "the stacks");
        for (stack, all) in &planned {
            // What several deployments do, the review says as one.
            match all.as_slice() {
                [once] => assert_eq!(&reviewed[stack], once, "{stack}: the review, then the plan"),
                several => assert_eq!(reviewed[stack].stops, several[several.len() - 1].stops, "{stack}"),
            }
        }
    }

    /// Panics where a format shows something else than the review says, or its JSON is not as the schema says.
    fn is_drawn(&self, name: &str) {
        let about = About { base: "main".to_owned(), head: name.to_owned(), ..About::default() };
        let reviews = [&self.offline, &self.told];
        reviews.into_iter().for_each(|review| crate::formats::draw(name, review));
        let [offline, told] = reviews.map(|review| json(review, &about));
        crate::formats::json::holds(&[("offline", &offline), ("with facts", &told)]);
    }
}

/// Reviews, merges, watches, and compares.
fn pull_request(name: &str) {
    let name = name.replace('_', "-");
    let text = std::fs::read_to_string(folder("gallery").join(format!("{name}.pr"))).unwrap();
    let merged = merge(&text);
    shown::pages(&name, &merged.offline);
    merged.agrees();
    merged.plans_the_same();
    merged.is_drawn(&name);
}

macro_rules! gallery {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            pull_request(stringify!($name));
        })*

        const GALLERY: &[&str] = &[$(stringify!($name)),*];
    };
}

gallery! {
    a_blocked_release
    a_broken_freeze
    a_bucket_goes
    a_comment
    a_deleted_release
    a_disconnected_tenant
    a_file_that_does_not_parse
    a_freeze
    a_hotfix
    a_longer_soak
    a_mistyped_variable
    a_named_table
    a_new_release
    a_new_target
    a_new_tenant
    a_pin
    a_policy
    a_problem_is_fixed
    a_project_is_deleted
    a_protocol_and_a_priority
    a_release_that_enters_by_itself
    a_release_that_needs_a_pin
    a_removal_allowed_in_part
    a_release_in_waves
    a_renamed_folder
    a_renamed_step
    a_resource_that_is_not_there
    a_rollback
    a_step_comes
    a_step_goes
    a_target_is_deleted
    a_target_with_another_id
    a_tenant_leaves
    a_tenant_without_a_release
    a_variable_that_no_release_has
    an_accepted_port
    an_allowed_replacement
    an_edited_release
    an_environment_is_deleted
    an_open_port
    another_account
    another_account_that_prunes
    another_cluster
    another_description
    another_identifier
    another_level_of_logs
    another_output
    another_password
    another_region
    another_repository
    another_schedule
    another_title
    more_rights
    none
    production_by_itself
    rolling_becomes_blue_green
    the_same_name
    two_services_of_one_name
}

#[test]
fn every_pull_request_of_the_gallery_is_merged() {
    let names = std::fs::read_dir(folder("gallery")).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.filter_map(|name| Some(name.to_str()?.strip_suffix(".pr")?.replace('-', "_")));
    let listed = GALLERY.iter().map(|name| (*name).to_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), listed.collect());
}
