//! Whatever is in a repository: loading never panics, and says the same every time.

use landfall::load::{Loader, Source};
use landfall::tree::memory::MemoryHistory;
use landfall::view;
use proptest::prelude::*;

use super::support::{Files, example, now};

/// A change to one file of the example.
#[derive(Clone, Debug)]
enum Change {
    Remove(usize),
    Cut(usize, usize),
    Insert(usize, usize, String),
    SwapLines(usize, usize, usize),
    Rename(usize, String),
    CopyOver(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let any_number = || any::<prop::sample::Index>().prop_map(|index| index.index(1 << 20));
    let text = prop_oneof![
        Just("\"".to_owned()),
        Just("[[".to_owned()),
        Just("#{".to_owned()),
        Just("#{env}".to_owned()),
        Just("id = \"x\"\n".to_owned()),
        Just("[[step]]\n".to_owned()),
        Just("-99999999999999999999".to_owned()),
        Just("\u{202e}é\0".to_owned()),
        "\\PC{0,12}",
        "[a-z]{1,8} = [0-9]{1,20}\n",
    ];
    let name = prop_oneof!["[a-zA-Z0-9._ -]{1,12}(\\.toml)?", Just("../x.toml".to_owned()), Just(".toml".to_owned())];
    prop_oneof![
        any_number().prop_map(Change::Remove),
        (any_number(), any_number()).prop_map(|(file, at)| Change::Cut(file, at)),
        (any_number(), any_number(), text).prop_map(|(file, at, text)| Change::Insert(file, at, text)),
        (any_number(), any_number(), any_number()).prop_map(|(file, a, b)| Change::SwapLines(file, a, b)),
        (any_number(), name).prop_map(|(file, name)| Change::Rename(file, name)),
        (any_number(), any_number()).prop_map(|(from, to)| Change::CopyOver(from, to)),
    ]
}

fn boundary(text: &str, at: usize) -> usize {
    let mut at = at % (text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn apply(files: &mut Files, change: &Change) {
    let paths: Vec<String> = files.keys().cloned().collect();
    if paths.is_empty() {
        return;
    }
    let path = |number: &usize| paths[number % paths.len()].clone();
    match change {
        Change::Remove(file) => {
            files.remove(&path(file));
        }
        Change::Cut(file, at) => {
            let text = files.get_mut(&path(file)).unwrap();
            text.truncate(boundary(text, *at));
        }
        Change::Insert(file, at, new) => {
            let text = files.get_mut(&path(file)).unwrap();
            text.insert_str(boundary(text, *at), new);
        }
        Change::SwapLines(file, a, b) => {
            let text = files.get_mut(&path(file)).unwrap();
            let mut lines: Vec<&str> = text.lines().collect();
            if !lines.is_empty() {
                let (a, b) = (a % lines.len(), b % lines.len());
                lines.swap(a, b);
                *text = lines.join("\n");
            }
        }
        Change::Rename(file, name) => {
            let old = path(file);
            let text = files.remove(&old).unwrap();
            let folder = old.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            files.insert(format!("{folder}{name}"), text);
        }
        Change::CopyOver(from, to) => {
            let text = files[&path(from)].clone();
            files.insert(path(to), text);
        }
    }
}

/// What loading says, with and without history, by a loader that has seen the example before and by a new one.
fn say(files: &Files, loader: &mut Loader) -> String {
    let mut history = MemoryHistory::new();
    let head = history.commit(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let tree = landfall::tree::History::tree(&history, &head).unwrap();
    let mut said = String::new();
    for with in [false, true] {
        let source = Source {
            tree: &tree,
            blobs: &history,
            commit: with.then_some(&head),
            history: with.then_some(&history as &dyn landfall::tree::History),
            facts: None,
        };
        let loaded = loader.load(&source).unwrap();
        said.push_str(&format!("{:#?}\n", loaded.catalog));
        said.push_str(&view::problems::terminal(&loaded.problems, false));
        said.push_str(&view::problems::json(&loaded.problems).to_string());
    }
    let rendered = landfall::cli::check::problems(&tree, &history, now()).unwrap();
    said.push_str(&view::problems::terminal(&rendered, true));
    said
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_examples_never_panic_and_read_the_same_twice(changes in prop::collection::vec(change(), 1..6)) {
        let mut files = example();
        files.retain(|path, _| !path.starts_with('.'));
        let mut loader = Loader::new();
        say(&files, &mut loader);
        for change in &changes {
            apply(&mut files, change);
        }
        let warm = say(&files, &mut loader);
        let cold = say(&files, &mut Loader::new());
        prop_assert_eq!(warm, cold);
    }
}

/// What `check` says of the example with one of its files replaced.
fn checked(path: &str, text: String) -> Vec<landfall::problem::Problem> {
    let mut files = example();
    files.insert(path.to_owned(), text);
    let mut history = MemoryHistory::new();
    let tree = history.tree_of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    landfall::cli::check::problems(&tree, &history, now()).unwrap()
}

#[test]
fn a_file_with_very_many_problems_tells_the_first_and_counts_the_rest() {
    let path = "projects/billing/variables.toml";
    let one_line = format!("variable = [{}]\n", "{ name = \"a\", foo = 1 }, ".repeat(5_000));
    let many_lines = "[[variable]]\nname = \"a\"\nfoo = 1\n".repeat(5_000);
    let again = "[[variable]]\nname = \"a\"\nvalue = \"1\"\n".repeat(1_000);
    let unknown: String =
        (0..1_000).map(|i| format!("[[variable]]\nname = \"a{i}\"\nvalue = \"#{{b{i}}}\"\n")).collect();
    for text in [one_line, many_lines, again, unknown] {
        let problems = checked(path, text);
        let here: Vec<_> = problems.iter().filter(|problem| &*problem.span.at.file == path).collect();
        assert!((101..=202).contains(&here.len()), "{} problems", here.len());
        assert!(here[100].title.ends_with("more problems in this file, the first of them here"), "{}", here[100].title);
        assert_eq!(here[100].blocks, ["new releases of billing"], "what they hide stays held");
        assert!(view::problems::terminal(&problems, false).len() < 100_000);
    }
}

#[test]
fn the_column_of_a_place_counts_characters_in_long_lines_too() {
    let text = format!("variable = [{}{{ name = \"é\", foo = 1 }}]\n", "{ name = \"é\", value = \"ü\" }, ".repeat(500));
    let column = text.split("foo").next().unwrap().chars().count() + 1;
    let problems = checked("projects/billing/variables.toml", text);
    assert!(problems.iter().any(|problem| problem.span.at.column as usize == column), "{column}");
}

#[test]
fn variables_that_multiply_end_in_a_problem() {
    let variables =
        std::fs::read_to_string(super::support::root().join("example-repo/projects/billing/variables.toml"));
    let mut bomb = variables.unwrap();
    bomb.push_str("[[variable]]\nname = \"l0\"\nvalue = [\"\", \"\"]\n");
    for i in 1..30 {
        let before = i - 1;
        let value = format!("value = [\"#{{l{before}}}\", \"#{{l{before}}}\"]");
        bomb.push_str(&format!("[[variable]]\nname = \"l{i}\"\n{value}\n"));
    }
    bomb.push_str(&format!("[[variable]]\nname = \"long\"\nvalue = \"{}\"\n", "x".repeat(60_000)));
    let check = |more: String| {
        let mut files = example();
        files.insert("projects/billing/variables.toml".to_owned(), bomb.clone());
        let process = files.get_mut("projects/billing/process.toml").unwrap();
        let container = "name = \"worker\"\nimage = \"worker\"\n";
        assert!(process.contains(container));
        *process = process.replacen(container, &format!("{container}{more}"), 1);
        let mut history = MemoryHistory::new();
        let tree = history.tree_of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let problems = landfall::cli::check::problems(&tree, &history, now()).unwrap();
        problems.into_iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    assert_eq!(check("command = [\"#{l29}\"]\n".to_owned()), ["value-too-long"]);
    // Each is short enough by itself, all of them would fill the memory.
    let many = format!("command = [{}]\n", "\"#{long}\", ".repeat(10_000));
    assert_eq!(check(many), ["value-too-long"]);
    let containers: String = (0..200)
        .map(|i| format!("[[step.container]]\nname = \"c{i}\"\nimage = \"worker\"\ncommand = [\"#{{long}}\"]\n"))
        .collect();
    assert!(check(containers).contains(&"over-limit"));
}

/// The scopes that were compared, and the codes that are reported, for the example with other variables in one project.
fn compared(text: &str) -> (u64, Vec<&'static str>) {
    let mut files = example();
    let variables = files.get_mut("projects/billing/variables.toml").unwrap();
    variables.push_str(text);
    let mut history = MemoryHistory::new();
    let tree = history.tree_of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let mut loader = Loader::new();
    let source = Source { tree: &tree, blobs: &history, commit: None, history: None, facts: None };
    let mut codes: Vec<&str> = loader.load(&source).unwrap().problems.iter().map(|problem| problem.code).collect();
    codes.dedup();
    (loader.counts().scopes_compared, codes)
}

#[test]
fn values_of_one_variable_are_compared_in_linear_time() {
    let value = |scope: &str| format!("[[variable]]\nname = \"many\"\nvalue = \"1\"\n{scope}\n");
    let list = |from: usize, count: usize| {
        let names: Vec<String> = (from..from + count).map(|n| format!("\"n{n}\"")).collect();
        format!("[{}]", names.join(", "))
    };
    type Made<'a> = Box<dyn Fn(usize) -> String + 'a>;
    let kinds: [(&str, Made<'_>); 4] = [
        ("the same scope", Box::new(|_| value(""))),
        ("one name each", Box::new(|n| value(&format!("scope = {{ step = \"n{n}\" }}")))),
        (
            "two kinds that overlap in one",
            Box::new(|n| value(&format!("scope = {{ step = \"n{n}\", environment = \"test\" }}"))),
        ),
        ("many names each", Box::new(|n| value(&format!("scope = {{ step = {} }}", list(20 * n, 20))))),
    ];
    for (kind, value) in kinds {
        let cost = |count: usize| compared(&(0..count).map(&value).collect::<String>()).0;
        let (some, all) = (cost(2_000), cost(8_000));
        assert!(all <= 4 * some + 1_000, "{kind}: {some} for 2,000 values, {all} for 8,000");
    }
    // More names than are listed: compared with each other, as far as that goes.
    let wide: String = (0..2_000).map(|n| value(&format!("scope = {{ step = {} }}", list(40 * n, 40)))).collect();
    let (cost, codes) = compared(&wide);
    assert!(cost <= 1_100_000 && !codes.is_empty(), "{cost} {codes:?}");
}

#[test]
fn scopes_that_overlap_tie_however_many_names_they_have() {
    let value = |scope: &str| format!("[[variable]]\nname = \"many\"\nvalue = \"1\"\nscope = {{ {scope} }}\n");
    let names =
        |from: usize, count: usize| (from..from + count).map(|n| format!("\"n{n}\"")).collect::<Vec<_>>().join(", ");
    for (first, second, ties) in [
        ("step = [\"a\", \"b\"]".to_owned(), "step = [\"b\", \"c\"]".to_owned(), true),
        ("step = \"a\"".to_owned(), "step = \"b\"".to_owned(), false),
        (format!("step = [{}]", names(0, 50)), "step = \"n49\"".to_owned(), true),
        ("step = \"n49\"".to_owned(), format!("step = [{}]", names(0, 50)), true),
        (format!("step = [{}]", names(0, 50)), format!("step = [{}]", names(49, 50)), true),
        (format!("step = [{}]", names(0, 50)), format!("step = [{}]", names(50, 50)), false),
        ("step = \"a\", channel = \"x\"".to_owned(), "step = \"a\", channel = [\"x\", \"y\"]".to_owned(), true),
        ("step = \"a\", channel = \"x\"".to_owned(), "step = \"a\"".to_owned(), false),
    ] {
        let (_, codes) = compared(&(value(&first) + &value(&second)));
        assert_eq!(codes.contains(&"variable-tie"), ties, "{first} and {second}: {codes:?}");
    }
}

/// Runs an ignored test in a process of its own that may not have more than so much memory.
fn within(megabytes: u32, test: &str) {
    let script = format!("ulimit -v {} && exec \"$@\"", megabytes * 1024);
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", &script, "sh"])
        .arg(program)
        .args(["--exact", test, "--ignored"])
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn one_text_of_placeholders_takes_a_few_times_its_own_memory() {
    within(400, "load::hostile::placeholders_in_little_memory");
}

#[test]
#[ignore = "run by another test, with little memory"]
fn placeholders_in_little_memory() {
    let path = "projects/billing/variables.toml";
    let own = std::fs::read_to_string(super::support::root().join("example-repo").join(path)).unwrap();
    for placeholder in ["#{known}", "#{nobody}", "#{steps.worker.outputs.X}", "#{release.version}"] {
        for each in [200_000, 4_000] {
            // In one text, and in as many as fit a file.
            let text = placeholder.repeat(each.min(1_900_000 / placeholder.len()));
            let texts = (1_900_000 / text.len()).max(1);
            let values: String =
                (0..texts).map(|n| format!("[[variable]]\nname = \"t{n}\"\nvalue = \"{text}\"\n")).collect();
            let known = "[[variable]]\nname = \"known\"\nvalue = \"\"\n";
            let problems = checked(path, format!("{own}{known}{values}"));
            let told = view::problems::terminal(&problems, false).len();
            assert!(problems.len() < 300 && told < 200_000, "{placeholder}: {} problems, {told} bytes", problems.len());
        }
    }
}
