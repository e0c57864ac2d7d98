//! `landfall allow`: writes the `[[allow]]` lines that open a gate into the deploy file that they belong to, and shows what
//! happens once they land.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use serde_json::{Value, json};

use super::deliver::Delivered;
use super::editing::{Bench, Edit, Editing};
use super::exit::{Doing, Failure, Outcome};
use crate::edit::{self, NewAllowance};
use crate::model::catalog::Gate;
use crate::model::{StackName, TenantName};

/// Options of `landfall allow`.
#[derive(Args, Debug)]
pub struct Allow {
    /// The plan of each gate, as `landfall plan` prints it
    #[arg(id = "plan", required = true, value_name = "PLAN")]
    plans: Vec<String>,
    /// Which of two answers to write, if the gate accepts two. At a pause hook, `rollback` restores the old release, or ends a first
    /// deployment
    #[arg(long, value_name = "GATE")]
    what: Option<String>,
    /// Only for this stack, if several stacks wait at the gate [default: all of them]
    #[arg(long)]
    stack: Option<String>,
    /// Reason for the allowance, for later readers
    #[arg(long)]
    reason: String,
    /// Last day of the allowance, in UTC, for example 2026-12-01
    #[arg(long, value_name = "DATE")]
    until: Option<jiff::civil::Date>,
    #[command(flatten)]
    editing: Editing,
}

/// Runs the command.
pub fn run(options: &Allow) -> Outcome {
    let ask = &options.editing.ask;
    let report = match ask.server() {
        Some(server) => server.value::<Value>("/plan")?,
        None => crate::view::plan::json(&ask.look()?.planned.report),
    };
    let mut chosen = Vec::new();
    for plan in &options.plans {
        chosen.extend(allowances(&report, plan, options)?);
    }
    let bench = Bench::open(&options.editing)?;
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for (file, allowance) in &chosen {
        let text = match files.remove(file.as_str()) {
            Some(text) => text,
            None => bench.desk.text(file)?.unwrap_or_default(),
        };
        files.insert(file, edit::allow(&text, allowance).doing(|| format!("cannot edit {file}"))?);
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(file, text)| (*file, text.as_str())).collect();
    let (before, after) = (bench.load(&[])?, bench.load(&files)?);
    let lines: Vec<String> = chosen.iter().map(|(_, allowance)| allowance.lines()).collect();
    let json = |delivered: Option<&Delivered>| {
        let allowances: Vec<Value> =
            chosen.iter().map(|(file, allowance)| json!({ "file": file, "toml": allowance.lines() })).collect();
        json!({ "allowances": allowances, "delivered": delivered })
    };
    let edit = Edit {
        lead: lines.join("\n"),
        files,
        message: message(&chosen, &options.plans),
        json: Some(Box::new(json)),
        ..Edit::default()
    };
    bench.finish(&before, &after, edit)
}

/// The subject of the commit: what is allowed, and the plans.
fn message(chosen: &[(String, NewAllowance)], plans: &[String]) -> String {
    let what: BTreeSet<&str> = chosen.iter().map(|(_, allowance)| allowance.what.as_str()).collect();
    let what: Vec<&str> = what.into_iter().collect();
    let noun = if plans.len() == 1 { "plan" } else { "plans" };
    format!("Allow {} for {noun} {}", what.join(", "), plans.join(", "))
}

/// The lines for every gate that waits for the plan, or for that of the stack that was chosen, each with its file.
fn allowances(report: &Value, plan: &str, options: &Allow) -> Result<Vec<(String, NewAllowance)>, Failure> {
    let mut found = Vec::new();
    gates(report, plan, &mut found);
    if found.is_empty() {
        return Err(Failure::new(format!("no gate waits for plan {plan}"))
            .help("`landfall plan` shows every gate with the plan that opens it"));
    }
    let mut all: Vec<(String, NewAllowance)> = Vec::new();
    let mut refused = None;
    for Found { file, toml, or } in found {
        let mut allowance = allowance(&toml, plan, options)
            .ok_or_else(|| Failure::new(format!("cannot read the gate of plan {plan}: {toml}")))?;
        if options.stack.as_ref().is_some_and(|stack| allowance.stack.as_ref().is_none_or(|own| own.as_str() != stack))
        {
            continue;
        }
        if let Some(what) = &options.what {
            match chosen(what, allowance.what, or) {
                Ok(gate) => allowance.what = gate,
                Err(failure) => {
                    refused.get_or_insert(failure);
                    continue;
                }
            }
        }
        let new = (file, allowance);
        if !all.contains(&new) {
            all.push(new);
        }
    }
    match (refused, &options.stack) {
        (Some(refused), _) if all.is_empty() => Err(refused),
        (_, Some(stack)) if all.is_empty() => {
            let help = "`landfall plan` shows every gate with its stack; without --stack, landfall writes the lines for all of them";
            Err(Failure::new(format!("stack {stack} has no gate of plan {plan}")).help(help))
        }
        _ => Ok(all),
    }
}

/// The gate that was asked for, which has to be one of those that end the wait.
fn chosen(what: &str, first: Gate, or: Option<Gate>) -> Result<Gate, Failure> {
    let ways = || std::iter::once(first).chain(or);
    ways().find(|gate| gate.as_str() == what).ok_or_else(|| {
        let ways: Vec<_> = ways().map(|gate| format!("`{}`", gate.as_str())).collect();
        Failure::new(format!("`--what {what}` does not open this gate")).help(format!("use {}", ways.join(" or ")))
    })
}

/// A gate of the plan's report.
struct Found {
    file: String,
    toml: String,
    or: Option<Gate>,
}

/// The gates that a plan opens, in the order in which they are shown.
fn gates(value: &Value, plan: &str, found: &mut Vec<Found>) {
    match value {
        Value::Object(object) => {
            let allow = object.get("allow").filter(|allow| allow["plan"] == plan);
            found.extend(allow.and_then(|allow| {
                let or = allow["or"].as_str();
                Some(Found {
                    file: allow["file"].as_str()?.to_owned(),
                    toml: allow["toml"].as_str()?.to_owned(),
                    or: Gate::ALL.into_iter().find(|gate| Some(gate.as_str()) == or),
                })
            }));
            object.values().for_each(|inner| gates(inner, plan, found));
        }
        Value::Array(all) => all.iter().for_each(|inner| gates(inner, plan, found)),
        _ => {}
    }
}

fn allowance(toml: &str, plan: &str, options: &Allow) -> Option<NewAllowance> {
    let table: toml::Table = toml.parse().ok()?;
    let lines = table.get("allow")?.as_array()?.first()?;
    let what = lines.get("what")?.as_str()?;
    Some(NewAllowance {
        what: Gate::ALL.into_iter().find(|gate| gate.as_str() == what)?,
        stack: lines.get("stack").and_then(toml::Value::as_str).map(StackName::seen),
        tenant: match lines.get("tenant") {
            Some(tenant) => Some(TenantName::new(tenant.as_str()?).ok()?),
            None => None,
        },
        plan: Some(plan.into()),
        reason: options.reason.clone(),
        until: options.until,
    })
}
