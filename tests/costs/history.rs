//! What a long history costs a reader that knows nothing yet, as a command in a clone does.

use landfall::git::Reader;
use landfall::load::{Loader, Source};
use landfall::tree::History;

use super::long::{Shape, make};

/// What was read to load two commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    /// Commits of the line, by the walk that finds landings.
    commits: u64,
    /// Versions of folders that this walk compared.
    walked: u64,
    /// Folders that were built.
    trees: u64,
    blobs: u64,
    parsed: u64,
    whats: u64,
}

fn cost_of_two_commits(shape: Shape) -> Cost {
    let dir = tempfile::tempdir().unwrap();
    let reader = Reader::open_local(&make(dir.path(), shape)).unwrap();
    let mut loader = Loader::new();
    for revision in ["main~1", "main"] {
        let commit = reader.resolve(revision).unwrap();
        let tree = reader.tree(&commit).unwrap();
        let source = Source { tree: &tree, blobs: &reader, commit: Some(&commit), history: Some(&reader), facts: None };
        let loaded = loader.load(&source).unwrap();
        assert!(!loaded.has_errors(), "{:#?}", loaded.problems);
        let releases = loaded.catalog.projects.values().flat_map(|project| project.releases.values());
        assert_eq!(releases.filter(|release| release.snapshot.is_ok()).count(), shape.projects * shape.releases);
    }
    cost(&reader, &loader)
}

fn cost(reader: &Reader, loader: &Loader) -> Cost {
    let (read, loaded) = (reader.counts(), loader.counts());
    Cost {
        commits: read.commits,
        walked: read.walked,
        trees: read.trees,
        blobs: read.blobs,
        parsed: loaded.files_parsed,
        whats: loaded.whats_built,
    }
}

#[test]
fn commits_that_land_nothing_cost_the_walk_and_nothing_else() {
    let shape = |pins| Shape { projects: 8, releases: 3, pins };
    let (short, long) = (cost_of_two_commits(shape(16)), cost_of_two_commits(shape(416)));
    assert_eq!(long.commits - short.commits, 400, "each commit once");
    assert_eq!(long.walked - short.walked, 3 * 400, "root, projects and the one project that differs");
    assert_eq!(Cost { commits: 0, walked: 0, ..short }, Cost { commits: 0, walked: 0, ..long });
}

#[test]
fn a_release_costs_the_same_however_many_there_are() {
    let shape = |projects, releases| Shape { projects, releases, pins: 0 };
    let costs = [40, 80, 160].map(|projects| cost_of_two_commits(shape(projects, 3)));
    let per_project = |a: u64, b: u64, projects: u64| {
        assert_eq!((b - a) % projects, 0, "{costs:#?}");
        (b - a) / projects
    };
    let each = |of: fn(&Cost) -> u64| {
        let [first, second, third] = costs.map(|cost| of(&cost));
        assert_eq!(per_project(first, second, 40), per_project(second, third, 80), "{costs:#?}");
        per_project(first, second, 40)
    };
    assert_eq!(each(|cost| cost.commits), 3, "one for each release");
    assert_eq!(each(|cost| cost.blobs), each(|cost| cost.parsed));
    assert_eq!(each(|cost| cost.whats), 1, "its three releases deploy the same");
    each(|cost| cost.trees);
    each(|cost| cost.walked);
}

/// What it costs to compare the last two commits as far as they differ.
fn cost_of_a_pin(shape: Shape) -> Cost {
    let dir = tempfile::tempdir().unwrap();
    let reader = Reader::open_local(&make(dir.path(), shape)).unwrap();
    let [base, head] = ["main~1", "main"].map(|revision| reader.resolve(revision).unwrap());
    let mut loader = Loader::new();
    let pair = loader.load_pair(&reader, &base, &head, None).unwrap();
    assert_eq!(pair.only.unwrap().into_iter().map(|name| name.to_string()).collect::<Vec<_>>(), ["p3"]);
    let pins = [pair.base, pair.head].map(|loaded| {
        let (project, production) = (&loaded.catalog.projects["p3"], "production".parse().unwrap());
        format!("{:?}", project.pin(&production, None))
    });
    assert_ne!(pins[0], pins[1]);
    cost(&reader, &loader)
}

#[test]
fn a_pin_costs_its_project_however_many_there_are_and_however_long_ago_they_began() {
    let shape = |projects, pins| Shape { projects, releases: 3, pins };
    let (small, large) = (cost_of_a_pin(shape(20, 20)), cost_of_a_pin(shape(120, 20)));
    assert_eq!((small.blobs, small.parsed, small.whats), (large.blobs, large.parsed, large.whats));
    assert_eq!(large.trees - small.trees, 100, "each other project's folder once, for its id");
    let long = cost_of_a_pin(shape(20, 440));
    assert_eq!(Cost { commits: 0, walked: 0, ..small }, Cost { commits: 0, walked: 0, ..long });
    assert!(long.walked - small.walked <= 3 * 420, "root, projects, and now and then the project");
}

/// What `landfall diff` reads of the last commit, a pin.
fn cost_of_a_diff(shape: Shape) -> landfall::git::Counts {
    let dir = tempfile::tempdir().unwrap();
    let reader = Reader::open_local(&make(dir.path(), shape)).unwrap();
    let range = landfall::git::range::parse("main~1", Some("main"), false).unwrap();
    let ends = reader.ends(&range).unwrap();
    let at = reader.time(&ends.tip).unwrap();
    let compared = landfall::cli::compared::compare(&reader, &range, &ends, None, at).unwrap();
    let moved: Vec<String> = compared.review.slots.iter().map(|slot| slot.project.to_string()).collect();
    assert_eq!(moved, ["p3"]);
    assert_eq!(compared.head.catalog.projects.len(), 1, "no other project is read");
    reader.counts()
}

#[test]
fn a_diff_reads_the_files_of_what_differs() {
    let shape = |projects| Shape { projects, releases: 3, pins: 20 };
    let (small, large) = (cost_of_a_diff(shape(20)), cost_of_a_diff(shape(120)));
    assert_eq!(small.blobs, large.blobs);
    assert_eq!(large.trees - small.trees, 100, "each other project's folder once, for its id");
    assert!(small.blobs < 40, "{small:?}");
}
