//! Random pairs of commits, with text that wants to be something else and with secrets, through the review into every format.
//!
//! `LANDFALL_PAIRS` says how many (then the seed is the clock's), `LANDFALL_SEED` the seed.

use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use landfall::load::{Loader, Source};
use landfall::model::{CommitId, Facts};
use landfall::plan::review::{Change, Review, review};
use landfall::template::Cache;
use landfall::tree::History as _;
use landfall::view::Style;
use landfall::view::review::content::{About, page};
use landfall::view::review::{Screen, html, json, markdown, terminal};
use toml_edit::{InlineTable, Item, Value, value};

use super::scene::{Scene, read_base};
use super::{Edit, each, places, what, when};
use crate::support::branch::{Branch, Files};
use crate::support::dice::{Random, wanted};

/// So many pairs by default.
const COUNT: usize = 500;
/// The default seed.
const SEED: u64 = 4;
/// The longest drawing of a review of the gallery's repository, in bytes.
const LONGEST: usize = 2 * 1024 * 1024;

/// What stands where secrets are planted: a page that shows one of these shows that something is hidden there.
const PLACES: [&str; 6] = ["DB_PASSWORD", "DATABASE_URL", "API_TOKEN", "HEADERS", "MasterUserPassword", "Password"];

/// A secret that nothing else in a repository contains.
fn secret(random: &mut Random) -> String {
    (0..20).map(|_| *random.one(b"bcdfghjkmnpqrstvwxz23456789BCDFGHJKMNPQRSTVWXZ").unwrap() as char).collect()
}

/// How a secret could be written.
fn forms(secret: &str) -> Vec<String> {
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let mut all = vec![secret.to_owned(), percent.to_lowercase(), percent];
    // In the middle of something longer, each of three ways.
    for before in ["", "a", "ab"] {
        let whole = STANDARD.encode(format!("{before}{secret}"));
        let whole = whole.trim_end_matches('=');
        all.push(whole[before.len().div_ceil(3) * 4..whole.len() - 2].to_owned());
    }
    all
}

/// Puts a secret where one is kept by mistake.
fn plant(scene: &mut Scene<'_>, secret: &str) -> Option<()> {
    let (name, text) = match scene.random.below(6) {
        0 => ("DB_PASSWORD", secret.to_owned()),
        1 => ("DATABASE_URL", format!("postgres://app:{secret}@db.example.com/orders")),
        2 => ("API_TOKEN", STANDARD.encode(secret)),
        3 => ("HEADERS", format!("Authorization: Basic {}", STANDARD.encode(format!("app:{secret}")))),
        4 => return scene.swap("projects/data/templates/store.yaml", "!Ref Password", &format!("'{secret}'")),
        _ => {
            let variables = scene.files.get_mut("projects/data/variables.toml")?;
            *variables = variables.replace("{{resolve:secretsmanager:data:SecretString:password}}", secret);
            return Some(());
        }
    };
    let project = scene.one(&["checkout", "portal", "storefront"]);
    scene.step(project, "ecs-service", |step, _| {
        let container = step.get_mut("container")?.as_array_of_tables_mut()?.get_mut(0)?;
        let environment = container.entry("environment").or_insert(Item::Value(Value::InlineTable(InlineTable::new())));
        environment.as_inline_table_mut()?.insert(name, Value::from(text));
        Some(())
    })
}

/// Puts hostile text where people write.
fn hostile(scene: &mut Scene<'_>) -> Option<()> {
    let texts: Vec<&str> = crate::formats::texts().filter(|text| !text.is_empty()).collect();
    let text = (0..1 + scene.random.below(3)).map(|_| *scene.random.one(&texts).unwrap()).collect::<Vec<_>>().join(" ");
    let text = text.replace("#{", "# {");
    match scene.random.below(6) {
        0 => scene.toml("projects/checkout/releases/2.0.0.toml", |release, _| {
            release["blocked"] = value(text);
            Some(())
        }),
        1 => scene.toml("tenants/acme.toml", |tenant, _| {
            tenant.get_mut("variable")?.as_array_of_tables_mut()?.get_mut(0)?["value"] = value(text);
            Some(())
        }),
        2 => scene.toml("projects/checkout/variables.toml", |file, _| {
            file.get_mut("variable")?.as_array_of_tables_mut()?.get_mut(0)?["value"] = value(text);
            Some(())
        }),
        3 => scene.step("checkout", "ecs-service", |step, _| {
            let container = step.get_mut("container")?.as_array_of_tables_mut()?.get_mut(0)?;
            container.get_mut("environment")?.as_inline_table_mut()?.insert(&text, Value::from("named"));
            Some(())
        }),
        4 => scene.toml("landfall.toml", |root, _| {
            root[&text] = value(1);
            Some(())
        }),
        _ => {
            let reason = Value::from(text).to_string();
            let freeze = format!(
                "environments = [\"production\"]\ntime_zone = \"Europe/Berlin\"\nreason = {reason}\n\n[[window]]\nfrom = 2026-11-20T00:00:00\nuntil = 2026-12-01T08:00:00\n"
            );
            scene.files.insert("freezes/hostile.toml".to_owned(), freeze);
            Some(())
        }
    }
}

/// A pair, its review, and the secrets in it.
struct Pair {
    review: Review,
    secrets: Vec<String>,
}

fn pair(base: &Files, seed: u64, number: usize) -> Pair {
    let mut random = Random::new(seed, number as u64);
    let secrets: Vec<String> = (0..2).map(|_| secret(&mut random)).collect();
    let (mut files, branch) = (base.clone(), Branch::default());
    let edit = |files: &mut Files, random: &mut Random, edits: &[(&str, Edit)]| {
        let (_, edit) = edits[random.below(edits.len())];
        edit(&mut Scene { files, random })
    };
    plant(&mut Scene { files: &mut files, random: &mut random }, &secrets[0]);
    let first = branch.commit(&files);
    plant(&mut Scene { files: &mut files, random: &mut random }, &secrets[1]);
    edit(&mut files, &mut random, what::WHAT);
    hostile(&mut Scene { files: &mut files, random: &mut random });
    let second = branch.commit(&files);
    for file in files.iter_mut().filter(|(path, _)| path.contains("/releases/")).map(|(_, text)| text) {
        *file = landfall::edit::snapshot(file, &second).unwrap_or_else(|_| file.clone());
    }
    for _ in 0..random.below(3) {
        let edits = if random.rarely(2) { places::PLACES } else { when::WHEN };
        edit(&mut files, &mut random, edits);
    }
    for _ in 0..random.below(3) {
        hostile(&mut Scene { files: &mut files, random: &mut random });
    }
    let head = branch.commit(&files);
    let from = if random.rarely(3) { first } else { second };
    Pair { review: reviewed(&branch, &from, &head), secrets }
}

fn reviewed(branch: &Branch, base: &CommitId, head: &CommitId) -> Review {
    let (mut loader, nothing) = (Loader::new(), Facts::default());
    let mut load = |commit: &CommitId| {
        let tree = branch.tree(commit).unwrap();
        let source =
            Source { tree: &tree, blobs: branch, commit: Some(commit), history: Some(branch), facts: Some(&nothing) };
        loader.load(&source).unwrap()
    };
    let (base, head) = (load(base), load(head));
    let now = "2026-11-23T10:00:00Z".parse().unwrap();
    let change = Change { base: &base.catalog, head: &head.catalog, facts: None, observed: None, now };
    review(&change, &mut Cache::default())
}

/// What is wrong with the drawings of a pair; a panic counts, too. `hidden` counts the pages with a place of a secret.
fn wrong(base: &Files, seed: u64, number: usize, hidden: &AtomicUsize) -> Vec<String> {
    let drawn = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let Pair { review, secrets } = pair(base, seed, number);
        crate::formats::draw("pair", &review);
        let about = About::default();
        let page = page(&review, &about);
        let drawings = [
            ("terminal", terminal(&page, Screen { width: 120, style: Style::PLAIN, unfold: true })),
            ("markdown", markdown(&page)),
            ("html", html(&page)),
            ("json", json(&review, &about).to_string()),
        ];
        if PLACES
            .iter()
            .any(|place| drawings[1].1.contains(&place.replace('_', "\\_")) || drawings[1].1.contains(place))
        {
            hidden.fetch_add(1, Ordering::SeqCst);
        }
        let mut wrong = Vec::new();
        for (format, drawing) in drawings {
            let long = (drawing.len() > LONGEST).then(|| format!("{format} has {} bytes", drawing.len()));
            wrong.extend(long);
            for form in secrets.iter().flat_map(|secret| forms(secret)).filter(|form| drawing.contains(form.as_str())) {
                let at = drawing.find(form.as_str()).unwrap();
                let line = drawing[..at].rfind('\n').map_or(0, |start| start + 1);
                let line: String = drawing[line..].chars().take(300).collect();
                wrong.push(format!("{format} shows `{form}`: {line}"));
            }
        }
        wrong
    }));
    drawn.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        vec![said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()]
    })
}

#[test]
fn random_pairs_of_commits_are_drawn_and_keep_their_secrets() {
    let (seed, count) = wanted("LANDFALL_PAIRS", SEED, COUNT);
    let only = std::env::var("LANDFALL_PAIR").ok().map(|number| number.parse::<usize>().unwrap());
    let base = read_base();
    let (failed, hidden) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    each(only.map_or(0..count, |number| number..number + 1), |number| {
        let wrong = wrong(&base, seed, number, &hidden);
        if !wrong.is_empty() {
            failed
                .lock()
                .unwrap()
                .push(format!("LANDFALL_SEED={seed} LANDFALL_PAIR={number}\n  {}", wrong.join("\n  ")));
        }
    });
    let failed = failed.into_inner().unwrap();
    let hidden = hidden.into_inner();
    println!("{count} pairs of commits from seed {seed}, {hidden} of them with a page that hides a secret");
    assert!(only.is_some() || hidden * 4 > count, "only {hidden} pages have something to hide");
    assert!(failed.is_empty(), "{} of {count} pairs are drawn wrong:\n{}", failed.len(), failed.join("\n"));
}
