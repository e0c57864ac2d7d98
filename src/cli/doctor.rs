//! `landfall doctor`: why a stack is as it is, and what to do next.

use clap::Args;
use jiff::Timestamp;
use serde_json::Value;

use super::ask::{Ask, form};
use super::exit::{Exit, Failure, Outcome};
use super::output::{self, Format};
use super::pages;
use crate::model::health::Health;

/// Options of `landfall doctor`.
#[derive(Args, Debug)]
#[command(mut_arg("repo", |repo| repo.conflicts_with("server")))]
pub struct Doctor {
    /// One stack; without it, every stack that is not in order
    stack: Option<String>,
    #[command(flatten)]
    ask: Ask,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
    /// Exit with 4 if something moves by itself, and with 5 if something needs a person
    #[arg(long)]
    exit_code: bool,
}

/// Runs the command.
pub fn run(options: &Doctor) -> Outcome {
    let mut blind = false;
    let (text, report) = match options.ask.server() {
        Some(server) => {
            let path = match &options.stack {
                Some(stack) => format!("/doctor/{stack}"),
                None => "/doctor".to_owned(),
            };
            (server.page(&path, options.format)?, server.value::<Value>(&path)?)
        }
        None => {
            let (published, now) = (options.ask.look()?, Timestamp::now());
            blind = !Health::of_a_look(published.at, &published.observed).unseen().is_empty();
            let stack = options.stack.as_deref();
            let drawn = pages::doctor(&published, stack, form(options.format), now).zip(pages::doctor(
                &published,
                stack,
                form(Format::Json),
                now,
            ));
            let (text, json) = drawn.ok_or_else(|| unknown(stack.unwrap_or_default()))?;
            (text, serde_json::from_str(&json).unwrap_or_default())
        }
    };
    output::page(&text)?;
    Ok(match options.exit_code {
        _ if blind => Exit::Unseen,
        true => exit(&report),
        false => Exit::Done,
    })
}

fn unknown(stack: &str) -> Failure {
    Failure::new(format!("landfall knows no stack {stack}"))
        .help("`landfall plan --format json` names every stack; without a name, doctor shows all that are not in order")
}

/// Stacks that move by themselves come before those that need a person, as in `landfall plan`.
fn exit(report: &Value) -> Exit {
    let stacks = report["stacks"].as_array().into_iter().flatten();
    let open: Vec<&Value> = stacks.filter(|stack| stack["in_order"] != true).collect();
    let acts = |stack: &Value| {
        let all = stack["remedies"].as_array().into_iter().flatten();
        all.filter(|way| way["code"] != "wait" && way["code"] != "goes-on").count() > 0
    };
    let moves = |stack: &&&Value| !acts(stack) && (stack["next"] == "by-itself" || stack["next"] == "nothing");
    match open.len() {
        0 => Exit::Done,
        _ if open.iter().filter(moves).count() > 0 => Exit::Changes,
        _ => Exit::Held,
    }
}
