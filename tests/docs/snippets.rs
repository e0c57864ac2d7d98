//! The TOML and the templates that the guides show are a repository without a problem, and the commands that they name exist.
//!
//! A block of TOML or YAML begins with the path of its file. Blocks of one file follow one another in it.

use std::collections::{BTreeMap, BTreeSet};

use landfall::cli::check::problems_in;

use super::page;

/// The files that a page shows.
fn files(name: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(page(name)).unwrap();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for block in ["```toml\n", "```yaml\n"].into_iter().flat_map(|fence| text.split(fence).skip(1)) {
        let block = block.split("```").next().unwrap();
        let (path, rest) = block.split_once('\n').unwrap();
        let path = path.strip_prefix("# ").unwrap_or_else(|| panic!("{name}: no path in `{path}`"));
        files.entry(path.to_owned()).or_default().push_str(rest);
    }
    files
}

/// The titles of the problems that a repository of these files has.
fn problems(files: &BTreeMap<String, String>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let found = problems_in(folder.path(), false, jiff::Timestamp::UNIX_EPOCH).unwrap();
    // One that the guide accepts is what the guide is about.
    let counted = found.iter().filter(|problem| problem.counts());
    counted.map(|problem| format!("{}: {} ({})", problem.code, problem.title, problem.span.at)).collect()
}

#[test]
fn the_guide_to_modelling_is_a_repository() {
    let files = files("modelling.md");
    assert!(files.len() > 15, "{:?}", files.keys());
    assert_eq!(problems(&files), [""; 0]);
}

#[test]
fn the_guide_for_users_of_octopus_fits_it() {
    let mut all = files("modelling.md");
    let shown = files("octopus.md");
    assert!(shown.keys().all(|file| all.contains_key(file)), "{:?}", shown.keys());
    all.extend(shown);
    assert_eq!(problems(&all), [""; 0]);
}

#[test]
fn the_commands_of_the_guides_exist() {
    let root = landfall::cli::command();
    let known: BTreeSet<&str> = root.get_subcommands().map(clap::Command::get_name).collect();
    let word = |text: &str| text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect::<String>();
    for name in ["modelling.md", "octopus.md", "operating.md", "own-account.md"] {
        let text = std::fs::read_to_string(page(name)).unwrap();
        let quoted = text.split("`landfall ").skip(1);
        let blocks = text.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
        let lines = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("landfall "));
        for word in quoted.chain(lines).map(word) {
            assert!(known.contains(word.as_str()), "{name}: there is no command `landfall {word}`");
        }
    }
}

#[test]
fn every_name_of_landfalls_own_is_explained() {
    let text = std::fs::read_to_string(page("modelling.md")).unwrap();
    for name in landfall::model::process::BUILT_IN_NAMES {
        assert!(text.contains(&format!("`#{{{name}}}`")), "docs/modelling.md does not explain {name}");
    }
}
