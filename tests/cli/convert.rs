//! `landfall convert`: what it writes, where it goes, and what it says.

use super::offline::example;
use super::releases::remote;

#[test]
pub(super) fn a_step_becomes_a_template() {
    let home = example();
    let before = home.read("repo/projects/storefront/process.toml");
    let dry = home.landfall("convert storefront web --repo repo --dry-run").ends(0);
    dry.shows(&[
        "projects/storefront/templates/web.yaml:\n# What the step `web` of kind `ecs-service` rendered.\n",
        "#{images.web}",
        "-kind = \"ecs-service\"\n+kind = \"cloudformation\"\n+template = \"web.yaml\"",
        "would become the template projects/storefront/templates/web.yaml",
        "come out the same to the byte",
        "gone with the keys at which they stood:",
        "landfall release refresh storefront",
    ]);
    assert_eq!(home.git("repo", "status --porcelain"), "", "nothing is written");
    let rendered = home.landfall("render storefront --repo repo --format json").ends(0).out;
    let done = home.landfall("convert storefront web --repo repo --format json").ends(0).json();
    assert_eq!(done["template"], "projects/storefront/templates/web.yaml", "{done}");
    assert!(done["stacks"].as_u64().unwrap() > 1 && done["comments"].as_array().unwrap().len() > 3, "{done}");
    let after = home.read("repo/projects/storefront/process.toml");
    assert_eq!(done["process_text"].as_str().unwrap(), after);
    assert!(
        after.len() < before.len() && after.contains("# What is deployed. Text may contain #{variable}"),
        "{after}"
    );
    assert_eq!(home.read("repo/projects/storefront/templates/web.yaml"), done["template_text"].as_str().unwrap());
    assert_eq!(home.landfall("render storefront --repo repo --format json").ends(0).out, rendered);
    home.landfall("check repo").ends(0);
    home.landfall("convert storefront web --repo repo")
        .ends(2)
        .says(&["is of kind `cloudformation` already", "its template is projects/storefront/templates/web.yaml"]);
    // Nothing that was deployed is another one: releases that there are were made before.
    home.commit("repo", "Convert");
    let diff = home.landfall("diff HEAD~1 --repo repo --exit-code").ends(0);
    diff.shows(&["No stack changes.\n"]);
}

#[test]
pub(super) fn a_converted_step_is_delivered() {
    let home = example();
    remote(&home, "repo", "upstream");
    home.write("here.toml", "[git]\ntimeout = \"5s\"\n");
    let convert = |line: &str| home.landfall(&format!("convert storefront web --repo repo {line}"));
    convert("--branch template --push --remote upstream").ends(0).says(&["pushed       template"]);
    let files = home.git("repo", "show --stat=200 --format=%s template");
    assert!(files.starts_with("Convert web of storefront to a template"), "{files}");
    assert!(files.contains("process.toml") && files.contains("templates/web.yaml"), "{files}");
    assert!(home.git("upstream.git", "branch").contains("template"));
    let done =
        convert("--commit --config here.toml").ends(0).says(&["on main: projects/storefront/templates/web.yaml"]);
    let commit = home.git("repo", "rev-parse --short=7 HEAD");
    done.shows(&[&format!("way back     git revert {}", commit.trim())]);
    assert_eq!(home.git("repo", "status --porcelain"), "");
    // The way back.
    home.git("repo", "revert --no-edit HEAD");
    convert("--dry-run --config missing.toml").ends(2).says(&["cannot read missing.toml"]);
    convert("--dry-run").ends(0);
}

#[test]
fn what_cannot_be_converted_changes_nothing() {
    let home = example();
    let convert = |line: &str| home.landfall(&format!("convert {line} --repo repo"));
    convert("ghost web").ends(2).says(&["there is no project `ghost`"]);
    convert("storefront ghost").ends(2).says(&["there is no step `ghost`"]);
    // What lies in the folder uncommitted is not overwritten by a commit.
    home.replace("repo/projects/storefront/process.toml", "# A sidecar", "# The sidecar");
    convert("storefront web --commit").ends(1).says(&["nothing was written", "commit or stash these first"]);
    home.write("repo/projects/storefront/templates/web.yaml", "Resources: {}\n");
    convert("storefront web").ends(1).says(&["templates/web.yaml exists with other content"]);
    home.replace("repo/projects/storefront/process.toml", "cpu = 512", "cpu = 513");
    convert("storefront web").ends(3).says(&["landfall check"]);
    assert!(home.read("repo/projects/storefront/process.toml").contains("kind = \"ecs-service\""));
}

/// A disk that takes no more, a limit on the size of files: what was there stays, and nothing lies beside it.
#[test]
fn a_file_that_cannot_be_written_whole_stays_as_it_was() {
    let home = example();
    let process = "repo/projects/storefront/process.toml";
    let long = format!("{}{}", home.read(process), "# as it was\n".repeat(400));
    home.write(process, &long.replace('\n', "\r\n"));
    let convert = |kib: u32| {
        let line = format!(
            "trap '' XFSZ; ulimit -f {kib}; exec {} convert storefront web --repo repo",
            env!("CARGO_BIN_EXE_landfall")
        );
        let folder = home.program("").get_current_dir().unwrap().to_owned();
        let mut command = std::process::Command::new("bash");
        let output = command.args(["-c", &line]).current_dir(folder).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let before = home.git("repo", "status --porcelain");
    let (code, said) = convert(4);
    assert!(code == Some(1) && said.contains("cannot write repo/projects/storefront/"), "{code:?}: {said}");
    assert_eq!(home.read(process), long.replace('\n', "\r\n"));
    assert_eq!(home.git("repo", "status --porcelain"), before, "nothing else lies there");
    assert_eq!(convert(1024).0, Some(0));
    let after = home.read(process);
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count(), "{after}");
    assert!(after.ends_with("# as it was\r\n"), "{after}");
}
