//! `[[accept]]`: an accepted finding is shown and does not count, until it is over or there is nothing to accept.

use std::collections::BTreeSet;

use super::offline::example;
use super::program::Home;

const PROJECT: &str = "repo/projects/billing/project.toml";

/// The example, and a branch with a release of billing whose image has no digest.
fn tagged() -> Home {
    let home = example();
    home.git("repo", "switch --quiet --create tagged");
    home.write("repo/projects/billing/releases/2.0.3.toml", "format = 1\n[images]\nworker = { tag = \"2.0.3\" }\n");
    home.replace("repo/projects/billing/deploy/production.toml", "2.0.1", "2.0.3");
    home.commit("repo", "Release billing 2.0.3");
    home
}

fn accept(what: &str, place: &str, more: &str) -> String {
    format!("\n[[accept]]\nwhat = \"{what}\"\nwhere = \"{place}\"\nreason = \"the registry gives none\"\n{more}")
}

/// Adds lines to a file and commits.
fn add(home: &Home, file: &str, lines: &str) {
    home.write(file, &(home.read(file) + lines));
    home.commit("repo", "Accept a finding");
}

/// The places of the risks of the two steps, as the review gives them.
fn places(home: &Home) -> [String; 2] {
    let review = home.landfall("diff main tagged --repo repo --format json").ends(0).json();
    let risks = review["stacks"].as_array().unwrap().iter().map(|stack| &stack["risks"][0]);
    let places: BTreeSet<String> = risks
        .inspect(|risk| assert!(risk["id"] == "image-without-digest" && risk["accepted"].is_null(), "{risk}"))
        .map(|risk| risk["where"].as_str().unwrap().to_owned())
        .collect();
    places.into_iter().collect::<Vec<_>>().try_into().unwrap()
}

/// Accepts the risk at places.
fn both([first, second]: [&str; 2], more: &str) -> String {
    accept("image-without-digest", first, more) + &accept("image-without-digest", second, "")
}

const DENY: &str = "diff main tagged --repo repo --deny medium";

#[test]
fn an_accepted_risk_is_shown_and_not_denied() {
    let home = tagged();
    let [place, other] = places(&home);
    let line = format!("[[accept]] what = \"image-without-digest\", where = \"{place}\"");
    home.landfall(DENY).ends(1).says(&[
        "6 risks are at the level of --deny",
        &line,
        "in projects/billing/project.toml",
    ]);
    let before = home.read(PROJECT);
    add(&home, PROJECT, &both([&place, &other], "until = 2999-12-31\n"));
    let shown = [
        "2 risks, accepted",
        "accepted by this change until",
        "This change accepts image-without-digest at",
        "· image-without-digest ·",
    ];
    home.landfall(DENY)
        .ends(0)
        .shows(&shown)
        .says(&["6 risks are at that level and accepted, 6 of them by this change"]);
    let review = home.landfall("diff main tagged --repo repo --format json").ends(0).json();
    let risks = review["stacks"].as_array().unwrap().iter().map(|stack| &stack["risks"][0]);
    let first = risks.filter(|risk| risk["where"] == place.as_str()).map(|risk| &risk["accepted"]).next().unwrap();
    assert_eq!((&first["new"], &first["until"]), (&true.into(), &"2999-12-31".into()), "{first}");
    assert_eq!(review["accepts"][0]["where"], place.as_str());
    // A part of the place is enough; another resource, another step and a past day are not.
    let (step, rest) = place.split_once('/').unwrap();
    let until = "until = 2020-01-31\n";
    for (place, more, code) in
        [(step, "", 0), (&*format!("{step}/Other"), "", 1), (rest, "", 1), ("other", "", 1), (&*place, until, 1)]
    {
        home.write(PROJECT, &before);
        add(&home, PROJECT, &both([place, &other], more));
        home.landfall(DENY).ends(code);
    }
    home.landfall("check repo").ends(0).shows(&["warning[accept-over]", "ended on 2020-01-31", "1 warning"]);
}

#[test]
fn a_deploy_file_accepts_for_its_environment() {
    let home = tagged();
    let [place, other] = places(&home);
    add(&home, "repo/projects/billing/deploy/production.toml", &both([&place, &other], ""));
    let review = home.landfall("diff main tagged --repo repo --format json").ends(0).json();
    for stack in review["stacks"].as_array().unwrap() {
        let accepted = !stack["risks"][0]["accepted"].is_null();
        assert_eq!(accepted, stack["environment"] == "production", "{stack}");
    }
    home.landfall(DENY).ends(1).says(&["4 risks are at the level of --deny"]);
}

#[test]
fn an_acceptance_changes_no_stack_and_needs_a_risk() {
    let home = tagged();
    let [place, other] = places(&home);
    home.git("repo", "switch --quiet main");
    home.git("repo", "switch --quiet --create early");
    add(&home, PROJECT, &both([&place, &other], ""));
    let early = home.landfall("diff main early --repo repo --exit-code").ends(0);
    early.shows(&["No stack changes.", "This change accepts image-without-digest"]);
    // Every release of the head has digests.
    let idle = home.landfall("check repo").ends(0);
    idle.shows(&[
        "warning[accept-idle]: no stack of project `billing` has the risk",
        "help: delete these lines",
        "2 warnings",
    ]);
    home.git("repo", "switch --quiet main");
    home.git("repo", "merge --quiet early");
    home.git("repo", "switch --quiet tagged");
    home.git("repo", "rebase --quiet main");
    assert!(home.landfall("check repo").ends(0).out.is_empty(), "the pinned release has the risk");
    let known = home.landfall(DENY).ends(0).shows(&[" · accepted: the registry gives none"]);
    let known = known.says(&["at that level and accepted\n"]);
    assert!(!known.out.contains("This change accepts"), "{}", known.out);
}

#[test]
fn check_lists_an_accepted_warning_and_does_not_count_it() {
    let home = example();
    home.write("repo/environments/spare.toml", "order = 90\n");
    let warnings = home.landfall("check repo").ends(0);
    warnings.shows(&["warning[environment-unused]", "warning[environment-without-target]", "2 warnings"]);
    let spare = "repo/environments/spare.toml";
    add(
        &home,
        spare,
        &(accept("environment-unused", "spare", "") + &accept("environment-without-target", "spare", "")),
    );
    let accepted = home.landfall("check repo").ends(0).shows(&[
        "accepted[environment-unused] environments/spare.toml:1: no project ever enters the environment `spare`\n  = the registry",
        "\n2 accepted\n",
    ]);
    assert!(!accepted.out.contains("warning"), "{}", accepted.out);
    let json = home.landfall("check repo --format json").ends(0).json();
    let first = &json[0];
    assert_eq!((&first["level"], &first["where"]), (&"warning".into(), &"spare".into()), "{first}");
    assert_eq!(
        (&first["accepted"]["line"], &first["accepted"]["until"]),
        (&3.into(), &serde_json::Value::Null),
        "{first}"
    );
    home.landfall("diff HEAD~1 --repo repo").ends(0).shows(&["This change accepts environment-unused"]);
}

#[test]
fn a_file_without_acceptances_says_where_they_go() {
    let home = example();
    for (file, hint) in [
        ("repo/projects/billing/process.toml", "in the project's `project.toml`"),
        ("repo/projects/billing/releases/2.0.1.toml", "in the project's `project.toml`"),
        ("repo/targets/nonprod.toml", "in `landfall.toml`"),
    ] {
        let before = home.read(file);
        home.write(file, &(before.clone() + &accept("unexpected-file", "x", "")));
        home.landfall("check repo").ends(3).shows(&["error[unknown-key]: unknown key `accept`", hint]);
        home.write(file, &before);
    }
}

#[test]
fn a_review_lists_what_is_in_force_and_no_secret() {
    let home = tagged();
    let key = "AKIAIOSFODNN7EXAMPLE";
    let secret = accept("image-without-digest", "secret", "").replace("registry gives none", &format!("key is {key}"));
    let over = accept("image-without-digest", "over", "until = 2020-01-31\n");
    add(&home, PROJECT, &(secret + &over));
    for format in ["terminal", "markdown", "html", "json"] {
        let page = home.landfall(&format!("diff main tagged --repo repo --format {format}")).ends(0);
        let page = page.shows(&["the key is "]);
        assert!(!page.out.contains(key) && !page.out.contains("2020-01-31"), "{format}: {}", page.out);
    }
}
