//! `landfall plan` and `landfall status`: what the daemon would do now and why not, and what is where.

use clap::Args;
use jiff::Timestamp;
use serde_json::Value;

use super::ask::{Ask, form};
use super::exit::{Exit, Outcome};
use super::output::{self, Format};
use super::pages;
use crate::model::health::Health;

/// Options of `landfall plan`.
#[derive(Args, Debug)]
#[command(mut_arg("repo", |repo| repo.conflicts_with("server")))]
pub struct PlanArgs {
    #[command(flatten)]
    ask: Ask,
    /// Compare the deployed templates with the wanted ones
    #[arg(long)]
    diff: bool,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
    /// Exit with 4 if something would change, 5 if something is held, 6 if landfall could not read git or AWS
    #[arg(long)]
    exit_code: bool,
}

/// Options of `landfall status`.
#[derive(Args, Debug)]
#[command(mut_arg("repo", |repo| repo.conflicts_with("server")))]
pub struct Status {
    #[command(flatten)]
    ask: Ask,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Runs `landfall plan`.
pub fn run(options: &PlanArgs) -> Outcome {
    let now = Timestamp::now();
    let mut blind = false;
    let (text, report) = match options.ask.server() {
        Some(server) => {
            let path = if options.diff { "/plan?diff=true" } else { "/plan" };
            (server.page(path, options.format)?, server.value::<Value>("/plan")?)
        }
        None => {
            let published = options.ask.look()?;
            let health = Health::of_a_look(published.at, &published.observed);
            let text = pages::plan(&published, &health, options.diff, form(options.format), now);
            blind = !health.unseen().is_empty();
            (text, crate::view::plan::json(&published.planned.report))
        }
    };
    // Templates are shown as they are.
    if options.diff {
        output::data(&text)?
    } else {
        output::page(&text)?
    };
    let unseen = report["unseen"].as_array().is_some_and(|unseen| !unseen.is_empty());
    Ok(match options.exit_code {
        true => exit(&report, blind || unseen),
        false if blind => Exit::Unseen,
        false => Exit::Done,
    })
}

/// Changes come before what cannot be seen, and that before what is held.
fn exit(report: &Value, blind: bool) -> Exit {
    let states: Vec<&str> = report["slots"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|slot| slot["decision"]["state"].as_str())
        .collect();
    if states.iter().any(|state| ["deploy", "remove", "deploying"].contains(state)) {
        Exit::Changes
    } else if blind {
        Exit::Unseen
    } else if states.contains(&"held") {
        Exit::Held
    } else {
        Exit::Done
    }
}

/// Runs `landfall status`.
pub fn status(options: &Status) -> Outcome {
    options.ask.needs_past()?;
    let mut blind = false;
    let text = match options.ask.server() {
        Some(server) => server.page("/status", options.format)?,
        None => {
            let published = options.ask.look()?;
            let health = Health::of_a_look(published.at, &published.observed);
            blind = !health.unseen().is_empty();
            pages::status(&published, &health, form(options.format), Timestamp::now())
        }
    };
    output::page(&text)?;
    Ok(if blind { Exit::Unseen } else { Exit::Done })
}
