//! The repository of a seed: what people commit, at random.

use std::collections::BTreeMap;

use super::dice::Dice;
use crate::support::branch::{Branch, Files};

/// Projects of every seed.
pub(super) const PROJECTS: [&str; 2] = ["shop", "mail"];

/// The first commit: two projects through development, test and production in two accounts.
pub(super) fn first() -> Files {
    let mut files = Files::new();
    let mut put = |path: &str, text: String| files.insert(path.to_owned(), text);
    put(
        "landfall.toml",
        "id = \"seeds\"\n[accounts.one]\nid = \"111111111111\"\n[accounts.two]\nid = \"222222222222\"\n\
         [guard]\nchange = { count = 50 }\nremove = { count = 50 }\n"
            .to_owned(),
    );
    for (order, (name, account)) in [("development", "one"), ("test", "one"), ("production", "two")].iter().enumerate()
    {
        let extra = if *name == "test" { "prune = true\n" } else { "" };
        put(&format!("environments/{name}.toml"), format!("order = {order}\n{extra}"));
        put(&format!("targets/{name}.toml"), target(name, account, "subnet-1"));
    }
    put(
        "lifecycles/standard.toml",
        "[[phase]]\nname = \"Development\"\nautomatic = [\"development\"]\n\
         [[phase]]\nname = \"Test\"\nautomatic = [\"test\"]\nsoak = \"10m\"\n\
         [[phase]]\nname = \"Production\"\nmanual = [\"production\"]\n"
            .to_owned(),
    );
    for project in PROJECTS {
        put(
            &format!("projects/{project}/project.toml"),
            "lifecycle = \"standard\"\nattempts = 2\ndeadline = \"20m\"\n".to_owned(),
        );
        put(&format!("projects/{project}/process.toml"), process(project, 256));
        put(&format!("projects/{project}/variables.toml"), variables(0));
    }
    files
}

pub(super) fn target(environment: &str, account: &str, subnet: &str) -> String {
    format!(
        "kind = \"ecs-cluster\"\nenvironments = [\"{environment}\"]\nroles = [\"web\"]\naccount = \"{account}\"\n\
         region = \"eu-west-1\"\ncluster = \"{environment}\"\n[network]\nsubnets = [\"{subnet}\"]\n"
    )
}

fn process(project: &str, cpu: u32) -> String {
    let second = if project == "mail" {
        "[[step]]\nname = \"worker\"\nkind = \"ecs-service\"\nrole = \"web\"\ncpu = 256\nmemory = 512\n\
         [[step.container]]\nname = \"app\"\nimage = \"web\"\n"
    } else {
        ""
    };
    format!(
        "[images.web]\nrepository = \"example.com/{project}\"\n[[step]]\nname = \"web\"\nkind = \"ecs-service\"\nrole = \"web\"\n\
         cpu = {cpu}\nmemory = 1024\n[[step.container]]\nname = \"app\"\nimage = \"web\"\nport = 8080\n\
         environment = {{ GREETING = \"#{{greeting}}\" }}\n{second}"
    )
}

fn variables(number: u64) -> String {
    format!("[[variable]]\nname = \"greeting\"\nvalue = \"hello {number}\"\n")
}

/// The tag of a release's image.
pub(super) fn tag(project: &str, number: u32) -> String {
    format!("{project}-{number}.0.0")
}

/// What one commit does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Commit {
    Release,
    Pin,
    Unpin,
    Remove,
    Revert,
    Break,
    Mend,
    Variable,
    Process,
    Live,
    DeleteRelease,
}

fn releases(files: &Files, project: &str) -> Vec<String> {
    let folder = format!("projects/{project}/releases/");
    files.keys().filter_map(|path| path.strip_prefix(&folder)?.strip_suffix(".toml").map(str::to_owned)).collect()
}

/// Edits the files at random; says what was done.
pub(super) fn edit(branch: &Branch, files: &mut Files, dice: &mut Dice, numbers: &mut BTreeMap<String, u32>) -> Commit {
    let project = *dice.pick(&PROJECTS);
    let pin = format!("projects/{project}/deploy/production.toml");
    let there = releases(files, project);
    let broken: Vec<String> =
        files.iter().filter(|(_, text)| text.starts_with("= broken")).map(|(path, _)| path.clone()).collect();
    match dice.below(100) {
        0..35 => {
            let number = numbers.entry(project.to_owned()).or_insert(0);
            *number += 1;
            let text = format!("format = 1\n[images]\nweb = {{ tag = \"{}\" }}\n", tag(project, *number));
            files.insert(format!("projects/{project}/releases/{number}.0.0.toml"), text);
            Commit::Release
        }
        35..55 if !there.is_empty() => {
            let release = dice.pick(&there).clone();
            files.insert(pin, format!("release = \"{release}\"\n"));
            Commit::Pin
        }
        55..58 => {
            files.remove(&pin);
            Commit::Unpin
        }
        58..60 => {
            files.insert(pin, "release = \"none\"\n".to_owned());
            Commit::Remove
        }
        60..70 => match branch.before_last() {
            Some(before) => {
                *files = before;
                Commit::Revert
            }
            None => Commit::Revert,
        },
        70..76 => {
            let paths: Vec<String> = files.keys().cloned().collect();
            let path = dice.pick(&paths).clone();
            let text = files.get(&path).cloned().unwrap_or_default();
            files.insert(path, format!("= broken\n{text}"));
            Commit::Break
        }
        76..86 if !broken.is_empty() => {
            for path in broken {
                let text = files[&path].trim_start_matches("= broken\n").to_owned();
                files.insert(path, text);
            }
            Commit::Mend
        }
        86..90 => {
            files.insert(format!("projects/{project}/variables.toml"), variables(dice.below(1000)));
            Commit::Variable
        }
        90..94 => {
            files.insert(format!("projects/{project}/process.toml"), process(project, *dice.pick(&[256, 512])));
            Commit::Process
        }
        94..97 => {
            let subnet = format!("subnet-{}", 1 + dice.below(3));
            files.insert("targets/development.toml".to_owned(), target("development", "one", &subnet));
            Commit::Live
        }
        97..100 if !there.is_empty() => {
            files.remove(&format!("projects/{project}/releases/{}.toml", dice.pick(&there)));
            Commit::DeleteRelease
        }
        _ => {
            files.insert(format!("projects/{project}/variables.toml"), variables(dice.below(1000)));
            Commit::Variable
        }
    }
}
