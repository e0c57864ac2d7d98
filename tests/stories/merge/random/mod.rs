//! Random pull requests: edits of the gallery's repository from a seed, reviewed, merged and compared as the gallery's are.
//!
//! `LANDFALL_PRS` says how many (then the seed is the clock's), `LANDFALL_SEED` the seed. A pull request on which the review
//! and the daemon disagree is made as small as it gets and printed as a `.pr`: what is wrong becomes one of the gallery.

mod broken;
mod pairs;
mod places;
mod scene;
mod what;
mod when;

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::script;
use super::super::teller::{Kept, Teller};
use super::{Merged, merge, merge_on};
use crate::support::branch::Files;
use crate::support::dice::{Random, wanted};
use landfall::view::review::content::{About, page};
use landfall::view::review::markdown;
use scene::Scene;

/// An edit; none if there is nothing that it could change.
type Edit = fn(&mut Scene<'_>) -> Option<()>;

/// So many pull requests by default.
const COUNT: usize = 60;
/// The default seed.
const SEED: u64 = 10;
/// The story up to the base.
const BASE: &str = "repository ../../../example-repo\nrepository shop\ncommit Begin\nsettle\nwait 2h";
/// The edits of one pull request: at most one that lands before it, and three of its own.
const EDITS: usize = 4;

/// A pull request as it was made.
struct Made {
    /// What its edits are called.
    kinds: Vec<&'static str>,
    /// The files after what lands before it.
    landed: Files,
    /// The files after it.
    files: Files,
    /// The releases that it refreshes, to take what landed before it.
    refreshed: Vec<(String, String)>,
}

impl Made {
    /// Pull request `number` of a seed, without the edits that are left out.
    fn new(base: &Files, seed: u64, number: usize, without: &[usize]) -> Self {
        let (kinds, refreshed) = (Vec::new(), Vec::new());
        let mut made = Self { kinds, landed: base.clone(), files: base.clone(), refreshed };
        let mut random = Random::new(seed, number as u64);
        let (before, count) = (random.rarely(2), 1 + random.below(EDITS - 1));
        if before && !without.contains(&0) {
            made.edit(&mut Random::new(seed, edit_number(number, 0)), what::WHAT);
            made.refreshed = changed(base, &made.files);
            made.landed = made.files.clone();
        }
        for at in (1..=count).filter(|at| !without.contains(at)) {
            let mut random = Random::new(seed, edit_number(number, at));
            let edits = match random.below(8) {
                0 => broken::BROKEN,
                1 | 2 => what::WHAT,
                3..=4 => places::PLACES,
                _ => when::WHEN,
            };
            made.edit(&mut random, edits);
        }
        let there = |(project, version): &(String, String)| {
            made.files.contains_key(&format!("projects/{project}/releases/{version}.toml"))
        };
        made.refreshed.retain(there);
        made
    }

    /// Makes one edit. One that finds nothing to change is drawn again.
    fn edit(&mut self, random: &mut Random, edits: &[(&'static str, Edit)]) {
        for _ in 0..20 {
            let (name, edit) = edits[random.below(edits.len())];
            let mut files = self.files.clone();
            if edit(&mut Scene { files: &mut files, random }).is_some() && files != self.files {
                self.files = files;
                self.kinds.push(name);
                return;
            }
        }
    }

    /// What is played after the base and before the merge.
    fn before(&self, base: &Files) -> String {
        match scene::lines(base, &self.landed) {
            lines if lines.is_empty() => lines,
            lines => format!("{lines}commit Change what is deployed\nsettle\n"),
        }
    }

    /// The edits.
    fn edits(&self) -> String {
        let refresh = |(project, version): &(String, String)| format!("refresh {project} {version}\n");
        scene::lines(&self.landed, &self.files) + &self.refreshed.iter().map(refresh).collect::<String>()
    }

    /// All of it, as a file of the gallery.
    fn text(&self, base: &Files) -> String {
        let kinds = self.kinds.join(", ");
        format!("# Random: {kinds}.\n{BASE}\n{}merge\n{}", self.before(base), self.edits())
    }
}

/// Each edit has numbers of its own, so that leaving out one changes no other.
fn edit_number(number: usize, at: usize) -> u64 {
    (number * EDITS + at) as u64 + (1 << 32)
}

/// The releases of the projects whose process, templates or variables differ: refreshing them brings the difference.
fn changed(from: &Files, to: &Files) -> Vec<(String, String)> {
    let differs = |path: &&String| from.get(*path) != to.get(*path);
    let mut projects: Vec<&str> = to
        .keys()
        .chain(from.keys())
        .filter(differs)
        .filter_map(|path| path.strip_prefix("projects/")?.split('/').next())
        .collect();
    projects.sort_unstable();
    projects.dedup();
    if to.keys().filter(differs).any(|path| path.starts_with("variables/")) {
        projects = vec!["billing", "portal", "storefront"];
    }
    let release = |project: &str| {
        let mut inside = to
            .keys()
            .filter_map(|path| path.strip_prefix(&format!("projects/{project}/releases/"))?.strip_suffix(".toml"));
        inside.next_back().map(|version| (project.to_owned(), version.to_owned()))
    };
    projects.into_iter().filter_map(release).collect()
}

/// What the review and the daemon disagree on; a panic counts, too.
fn wrong(base: &Kept, made: &Made) -> Option<String> {
    told(|| {
        let mut teller = Teller::resume(base);
        for line in script::parse(&made.before(&base.files)) {
            teller.play(&line.command);
        }
        merge_on(teller, &made.edits())
    })
}

fn told(merge: impl FnOnce() -> Merged) -> Option<String> {
    let played = catch_unwind(AssertUnwindSafe(|| {
        let merged = merge();
        merged.is_drawn("random");
        merged.disagreements()
    }));
    match played {
        Ok(wrong) => (!wrong.is_empty()).then(|| wrong.join("\n  ")),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().cloned();
            Some(said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
        }
    }
}

/// The smallest form of a pull request that is still wrong, and what is.
fn smallest(base: &Kept, seed: u64, number: usize, said: String) -> String {
    let mut without = Vec::new();
    let mut least = (Made::new(&base.files, seed, number, &without), said);
    for at in 0..EDITS {
        without.push(at);
        let made = Made::new(&base.files, seed, number, &without);
        let fewer = !made.kinds.is_empty() && made.kinds.len() < least.0.kinds.len();
        match fewer.then(|| wrong(base, &made)).flatten() {
            Some(said) => least = (made, said),
            None => drop(without.pop()),
        }
    }
    format!("--- LANDFALL_SEED={seed} LANDFALL_PR={number}\n{}\n  {}", least.0.text(&base.files), least.1)
}

/// Does something for each number, on every processor.
fn each(numbers: Range<usize>, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(numbers.start);
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::SeqCst);
            if number >= numbers.end {
                return;
            }
            work(number);
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
}

#[test]
fn random_pull_requests_do_what_their_review_says() {
    let (seed, count) = wanted("LANDFALL_PRS", SEED, COUNT);
    let only = std::env::var("LANDFALL_PR").ok().map(|number| number.parse::<usize>().unwrap());
    let numbers = only.map_or(0..count, |number| number..number + 1);
    let mut teller = Teller::new();
    script::parse(BASE).iter().for_each(|line| teller.play(&line.command));
    let base = teller.keep();
    drop(teller);
    let (failed, kinds) = (Mutex::new(Vec::new()), Mutex::new(BTreeMap::<&str, usize>::new()));
    each(numbers.clone(), |number| {
        let made = Made::new(&base.files, seed, number, &[]);
        made.kinds.iter().for_each(|kind| *kinds.lock().unwrap().entry(*kind).or_default() += 1);
        if let Some(said) = wrong(&base, &made) {
            failed.lock().unwrap().push(smallest(&base, seed, number, said));
        }
    });
    println!("{} pull requests from seed {seed}", numbers.len());
    kinds.into_inner().unwrap().iter().for_each(|(kind, times)| println!("{times:>6}  {kind}"));
    let failed = failed.into_inner().unwrap();
    let (wrong, all) = (failed.len(), failed.join("\n"));
    assert!(failed.is_empty(), "of the pull requests from seed {seed}, {wrong} differ from their review:\n{all}");
}

/// For trying things: the `.pr` files of the folder that `LANDFALL_PR_FILES` names, with their pages.
#[test]
fn pull_requests_of_a_folder() {
    let Some(folder) = std::env::var_os("LANDFALL_PR_FILES") else { return };
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "pr"));
    paths.sort();
    each(0..paths.len(), |number| {
        let text = std::fs::read_to_string(&paths[number]).unwrap();
        let mut shown = Vec::new();
        let wrong = told(|| {
            let merged = merge(&text);
            let about = About::default();
            shown.extend([&merged.offline, &merged.told].map(|review| markdown(&page(review, &about))));
            merged
        });
        let out = format!("WRONG: {wrong:#?}\n\n{}", shown.join("\n=== with facts ===\n"));
        std::fs::write(paths[number].with_extension("out"), out).unwrap();
    });
}
