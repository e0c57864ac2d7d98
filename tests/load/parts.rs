//! Two commits read as far as they differ: the same as reading all of both.

use std::collections::BTreeSet;

use landfall::load::{Loaded, Loader, Pair, Reach, Source, reach};
use landfall::model::catalog::Subject;
use landfall::model::{CommitId, ProjectName};
use landfall::plan::review::{Change, Review};
use landfall::template::Cache;
use landfall::tree::memory::MemoryHistory;
use landfall::tree::{FileTree, History};

use super::support::{Files, files_in, root};

/// Numbers of a fixed sequence.
struct Dice(u64);

impl Dice {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

const PROJECTS: [&str; 5] = ["shop", "shop-web", "pay", "queue", "lone"];

const QUEUE: &str =
    "[[step]]\nname = \"queue\"\nkind = \"cloudformation\"\nrole = \"web\"\ntemplate = \"queue.yaml\"\n";
const TEMPLATE: &str = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\nOutputs:\n  Url:\n    Value: !Ref Queue\n";

/// A repository of five projects: one whose name begins with that of another, one that uses another one's outputs.
fn repository(dice: &mut Dice) -> Files {
    let mut files = files_in(&root().join("tests/load/base"));
    let shop: Vec<(String, String)> = files.iter().map(|(path, text)| (path.clone(), text.clone())).collect();
    for name in &PROJECTS[1..] {
        for (path, text) in shop.iter().filter(|(path, _)| path.starts_with("projects/shop/")) {
            files.insert(path.replace("projects/shop/", &format!("projects/{name}/")), text.clone());
        }
    }
    files.insert("projects/queue/process.toml".to_owned(), QUEUE.to_owned());
    files.insert("projects/queue/templates/queue.yaml".to_owned(), TEMPLATE.to_owned());
    files.remove("projects/queue/variables.toml");
    files.insert("projects/queue/releases/1.0.0.toml".to_owned(), "format = 1\n".to_owned());
    let pay = files["projects/pay/process.toml"].replace("#{level}", "#{projects.queue.steps.queue.outputs.Url}");
    files.insert("projects/pay/process.toml".to_owned(), pay);
    if dice.one_in(3) {
        let tenants = "\n[tag_sets]\nring = [\"early\"]\n";
        files.entry("landfall.toml".to_owned()).or_default().push_str(tenants);
        files.entry("targets/shared.toml".to_owned()).or_default().insert_str(0, "tenant_tags = [\"ring/early\"]\n");
        files.entry("projects/lone/project.toml".to_owned()).or_default().push_str("tenancy = \"both\"\n");
        let environments = dice.of(&["\"test\"", "\"development\", \"test\"", "\"nowhere\""]);
        let tenant = format!("tags = [\"ring/early\"]\n[projects.lone]\nenvironments = [{environments}]\n");
        files.insert("tenants/acme.toml".to_owned(), tenant);
    }
    if dice.one_in(4) {
        let id = dice.of(&["id = \"shop-pay\"\n", "id = \"shop\"\n", "id = \"other\"\n"]);
        files.entry("projects/pay/project.toml".to_owned()).or_default().insert_str(0, id);
    }
    if dice.one_in(10) {
        // One stack name: shop + web-web, shop-web + web.
        let longer = files["projects/shop/process.toml"].replace("name = \"web\"", "name = \"web-web\"");
        files.insert("projects/shop/process.toml".to_owned(), longer);
    }
    if dice.one_in(10) {
        files.insert("projects/shop-web/process.toml".to_owned(), "broken".to_owned());
    }
    files
}

/// One change, mostly of what people change most.
fn change(files: &mut Files, dice: &mut Dice) {
    let project = dice.of(&PROJECTS);
    let at = |path: &str| format!("projects/{project}/{path}");
    let version = dice.of(&["1.0.0", "1.1.0", "1.2.0", "2.0.0"]);
    let image = if project == "queue" { String::new() } else { format!("[images]\nweb = {{ tag = \"{version}\" }}\n") };
    match dice.below(16) {
        0..5 => drop(files.insert(at(&format!("releases/{version}.toml")), format!("format = 1\n{image}"))),
        5..8 => {
            let there = |version: &&str| files.contains_key(&at(&format!("releases/{version}.toml")));
            let version = ["2.0.0", "1.2.0", "1.1.0", "1.0.0"].into_iter().filter(there).nth(dice.below(2));
            files.insert(at("deploy/test.toml"), format!("release = \"{}\"\n", version.unwrap_or("1.0.0")));
        }
        8 => drop(files.remove(&at(&format!("releases/{version}.toml")))),
        9 => drop(files.insert(at("deploy/test.toml"), "release = 1\n".to_owned())),
        10 => files.entry(at("process.toml")).or_default().push_str("# other\n"),
        11 => files.entry(at("project.toml")).or_default().push_str("attempts = 2\n"),
        12 => drop(files.insert("environments/test.toml".to_owned(), format!("order = {}\n", 2 + dice.below(3)))),
        13 => drop(files.insert("README.md".to_owned(), format!("{}\n", dice.below(99)))),
        14 => drop(files.insert(at("README.md"), format!("{}\n", dice.below(99)))),
        _ => {
            let freeze = format!(
                "projects = [\"{project}\"]\nfrom = 2030-01-01\nuntil = 2030-01-0{}\ntime_zone = \"UTC\"\n",
                2 + dice.below(8)
            );
            files.insert("freezes/winter.toml".to_owned(), freeze);
        }
    }
}

fn load(history: &MemoryHistory, commit: &CommitId) -> Loaded {
    let tree = history.tree(commit).unwrap();
    let source = Source { tree: &tree, blobs: history, commit: Some(commit), history: Some(history), facts: None };
    Loader::new().load(&source).unwrap()
}

/// What a commit says of some projects, and of everything that is not a project.
fn about(loaded: &Loaded, only: &BTreeSet<ProjectName>) -> String {
    let mut catalog = loaded.catalog.clone();
    catalog.projects.retain(|name, _| only.contains(name));
    catalog.broken.retain(|broken| match &broken.subject {
        Subject::Project(name) | Subject::What(name) | Subject::Release(name, _) | Subject::Deploy(name, _) => {
            only.contains(name)
        }
        _ => true,
    });
    let problems = loaded.problems.iter().filter(|problem| {
        let mut parts = problem.span.at.file.split('/');
        parts.next() == Some("projects") && parts.next().is_some_and(|name| only.contains(name))
    });
    format!("{catalog:?}\n{:?}", problems.collect::<Vec<_>>())
}

/// What a change does.
fn review(base: &Loaded, head: &Loaded) -> Review {
    let now = "2026-06-01T00:00:00Z".parse().unwrap();
    let change = Change { base: &base.catalog, head: &head.catalog, facts: None, observed: None, now };
    landfall::plan::review::review(&change, &mut Cache::default())
}

/// Checks a part against all of both commits.
fn holds(history: &MemoryHistory, commits: [&CommitId; 2], pair: &Pair) {
    let full = commits.map(|commit| load(history, commit));
    let Some(only) = &pair.only else {
        for (part, full) in [&pair.base, &pair.head].into_iter().zip(&full) {
            assert_eq!(
                format!("{:?}", (&part.catalog, &part.problems)),
                format!("{:?}", (&full.catalog, &full.problems))
            );
        }
        return;
    };
    for (part, full) in [&pair.base, &pair.head].into_iter().zip(&full) {
        assert!(part.catalog.projects.keys().all(|name| only.contains(name)));
        assert_eq!(about(part, only), about(full, only));
    }
    let [base, head] = &full;
    let part = review(&pair.base, &pair.head);
    if !part.depends_on_all() {
        // Problems of projects that the change cannot reach are not known.
        let whole = review(base, head);
        assert_eq!(format!("{part:?}"), format!("{:?}", Review { still_broken: part.still_broken.clone(), ..whole }));
    }
    // No other project differs.
    let others = |loaded: &Loaded| {
        let mut projects = loaded.catalog.projects.clone();
        projects.retain(|name, _| !only.contains(name));
        format!("{projects:?}")
    };
    assert_eq!(others(&full[0]), others(&full[1]));
}

#[test]
fn a_part_says_of_its_projects_what_reading_everything_says() {
    let mut dice = Dice(5);
    let (mut parts, mut whole) = (0, 0);
    for _ in 0..100 {
        let mut history = MemoryHistory::new();
        let mut files = repository(&mut dice);
        let mut commits = Vec::new();
        for _ in 0..4 {
            commits.push(history.commit(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))));
            (0..=dice.below(2)).for_each(|_| change(&mut files, &mut dice));
        }
        let (base, head) = (&commits[dice.below(3)], &commits[3]);
        let pair = Loader::new().load_pair(&history, base, head, None).unwrap();
        holds(&history, [base, head], &pair);
        match &pair.only {
            Some(_) => parts += 1,
            None => whole += 1,
        }
    }
    assert!(parts > 20 && whole > 20, "{parts} parts, {whole} whole");
}

/// The reach of replacing files in the repository, an empty text removing one.
fn reached(changes: &[(&str, &str)]) -> Reach {
    let mut history = MemoryHistory::new();
    let mut files = repository(&mut Dice(0));
    let tree = |history: &mut MemoryHistory, files: &Files| -> FileTree {
        history.tree_of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
    };
    let before = tree(&mut history, &files);
    for (path, text) in changes {
        match text.is_empty() {
            true => drop(files.remove(*path)),
            false => drop(files.insert((*path).to_owned(), (*text).to_owned())),
        }
    }
    let after = tree(&mut history, &files);
    let found = reach(&before, &after);
    assert_eq!(reach(&before.outline("projects"), &after.outline("projects")), found, "an outline is enough");
    found
}

#[test]
fn releases_and_pins_reach_their_project_and_anything_else_all() {
    let only = |names: &[&str]| Reach::Only(names.iter().map(|name| name.parse().unwrap()).collect());
    assert_eq!(reached(&[]), only(&[]));
    assert_eq!(reached(&[("README.md", "x")]), only(&[]));
    assert_eq!(reached(&[("projects/pay/deploy/test.toml", "release = \"none\"")]), only(&["pay"]));
    let two = [("projects/pay/releases/2.0.0.toml", "x"), ("projects/shop/releases/1.0.0.toml", "")];
    assert_eq!(reached(&two), only(&["pay", "shop"]));
    for (path, text) in [
        ("landfall.toml", "id = \"other\""),
        ("environments/test.toml", "order = 9"),
        ("targets/shared.toml", ""),
        ("variables/common.toml", "x"),
        ("tenants/new.toml", "x"),
        ("freezes/new.toml", "x"),
        ("lifecycles/standard.toml", "x"),
        ("projects/pay/project.toml", "x"),
        ("projects/pay/process.toml", "x"),
        ("projects/pay/variables.toml", ""),
        ("projects/queue/templates/queue.yaml", "x"),
        ("projects/new/deploy/test.toml", "x"),
        ("projects/README.md", "x"),
    ] {
        assert_eq!(reached(&[(path, text)]), Reach::All, "{path}");
    }
}
