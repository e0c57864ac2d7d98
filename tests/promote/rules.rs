//! The rules of releases, each a row of `tests/promote/rules/*.txt`: a repository and its past in a few lines
//! ([`super::sketch`] has the notation), and what is decided for each slot.
//!
//! `LANDFALL_BLESS=1` writes what is decided into the files; read it.

use std::path::PathBuf;

use jiff::Timestamp;
use landfall::compare::{Paint, unified};
use landfall::model::ReleaseName;
use landfall::model::decision::{Because, Waiting};
use landfall::promote::{Desired, Want, frozen, settled, thaws};
use landfall::view::reasons;

use super::sketch::Sketch;
use super::world::{World, place};

fn check(name: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/promote/rules/{name}.txt"));
    let text = std::fs::read_to_string(&file).unwrap();
    let (intro, rest) = text.split_once("\n## ").unwrap();
    let mut decided = format!("{intro}\n");
    for case in rest.split("\n## ") {
        let (input, _) = case.split_once("\n=>").unwrap_or_else(|| panic!("{name}: no `=>` in {case}"));
        decided.push_str(&format!("## {}\n=>\n{}\n", input.trim_end(), decisions(input)));
    }
    let decided = format!("{}\n", decided.trim_end());
    if std::env::var_os("LANDFALL_BLESS").is_some() {
        std::fs::write(&file, &decided).unwrap();
        return;
    }
    let difference = unified(Some(&text), &decided, "as it is written", "as it is decided", Paint::Plain);
    assert!(text == decided, "{}:\n{difference}", file.display());
}

/// What is decided for the slots of one row: of all, or of the environments after `show`.
fn decisions(input: &str) -> String {
    let lines: Vec<&str> = input.lines().skip(1).map(str::trim).filter(|line| !line.is_empty()).collect();
    let (show, lines): (Vec<&str>, Vec<&str>) = lines.iter().partition(|line| line.starts_with("show "));
    let shown: Vec<&str> = show.iter().flat_map(|line| line.split_whitespace().skip(1)).collect();
    let all = ["settled"] == shown[..];
    let world = World::new(&Sketch::read(&lines));
    if all {
        let line = |slot: &landfall::promote::Settled<'_>| {
            let tenant = slot.tenant.map(|tenant| format!("/{}", tenant.name)).unwrap_or_default();
            format!("{:<20}{}\n", format!("{}{tenant}", slot.environment.name), slot.release.name)
        };
        return settled(&world.catalog).iter().map(line).collect();
    }
    world.desired(|slots| {
        let slots = slots.iter().filter(|slot| shown.is_empty() || shown.contains(&slot.environment.name.as_str()));
        slots.map(|slot| decision(slot, &world)).collect()
    })
}

fn decision(slot: &Desired<'_>, world: &World) -> String {
    let now = world.now;
    let waits = |waiting: &[Waiting]| -> Vec<String> {
        waiting.iter().flat_map(|one| reasons::lines(Some(&one.release), &one.reasons, now)).collect()
    };
    let name = |name: &Option<ReleaseName>| name.as_ref().map_or("nothing".to_owned(), ToString::to_string);
    let mut lines = Vec::new();
    match &slot.want {
        Want::Nothing { next, reasons } => {
            lines.push("empty".to_owned());
            lines.extend(reasons::lines(next.as_ref(), reasons, now));
        }
        Want::Carry { release, because, waiting } => {
            let why = match because {
                _ if slot.runs.as_ref() == Some(&release.name) => "stays",
                Because::Pinned(_) => "pinned",
                Because::Automatic => "by itself",
                _ => "back",
            };
            lines.push(format!("{} {why}", release.name));
            lines.extend(waits(waiting));
        }
        Want::Wait { wanted, meanwhile, reasons } => {
            let meanwhile = meanwhile.map(|release| release.name.clone());
            lines.push(format!("{} meanwhile", name(&meanwhile)));
            lines.extend(reasons::lines(Some(wanted), reasons, now));
            lines.extend(slot.earliest.map(|at| format!("at the earliest {}", clock(at))));
        }
        Want::AsDeployed { wanted, reasons } => {
            lines.push(format!("{} as deployed", name(&slot.runs)));
            lines.extend(reasons::lines(wanted.as_ref(), reasons, now));
        }
        Want::Remove { at } => lines.push(format!("removed by {at}")),
    }
    lines.extend(freezes(slot, world));
    let first = format!("{:<20}{}\n", place(slot), lines.remove(0));
    lines.iter().fold(first, |text, line| format!("{text}{:<20}{line}\n", ""))
}

/// The freezes that hold for the slot, for something new and for going back.
fn freezes(slot: &Desired<'_>, world: &World) -> Vec<String> {
    let (project, environment, tenant) =
        (&slot.project.name, &slot.environment.name, slot.tenant.map(|tenant| &**tenant));
    let holding = |back| frozen(&world.catalog, project, environment, tenant, back, world.now);
    let new = holding(false);
    if new.is_empty() {
        return Vec::new();
    }
    let hold =
        |one: &landfall::promote::Frozen<'_>| reasons::hold(&one.hold(&"7f3a91c2".into(), &"deploy.toml".into()));
    let mut lines: Vec<String> = new.iter().map(hold).collect();
    let back = holding(true).len();
    lines.push(format!("going back is {}", if back == 0 { "free" } else { "frozen too" }));
    let thaws = thaws(&world.catalog, project, environment, tenant, false, world.now);
    lines.push(thaws.map_or("it never lets go".to_owned(), |at| format!("nothing is frozen from {} on", clock(at))));
    lines
}

fn clock(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[test]
fn lifecycles() {
    check("lifecycles");
}

#[test]
fn channels() {
    check("channels");
}

#[test]
fn tenants() {
    check("tenants");
}

#[test]
fn freezing() {
    check("freezes");
}
