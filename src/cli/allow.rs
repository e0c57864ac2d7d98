//! `landfall allow`: writes the `[[allow]]` lines that open a gate into the deploy file that they belong to.

use clap::Args;
use serde_json::Value;

use super::ask::Ask;
use super::exit::{Doing, Exit, Failure, Outcome};
use super::output;
use super::put::put;
use crate::edit::{self, NewAllowance};
use crate::model::catalog::Gate;
use crate::model::{StackName, TenantName};

/// Options of `landfall allow`.
#[derive(Args, Debug)]
pub struct Allow {
    /// The plan that the gate names, as `landfall plan` prints it
    plan: String,
    /// What to allow, where the gate has two ways out: `rollback` at a pause hook puts the old release back
    #[arg(long, value_name = "GATE")]
    what: Option<String>,
    /// Why, for those who read it later
    #[arg(long)]
    reason: String,
    /// The lines count until the end of this day, UTC: like 2026-12-01
    #[arg(long, value_name = "DATE")]
    until: Option<jiff::civil::Date>,
    #[command(flatten)]
    ask: Ask,
}

/// Runs the command.
pub fn run(options: &Allow) -> Outcome {
    let report = match options.ask.server() {
        Some(server) => server.value::<Value>("/plan")?,
        None => crate::view::plan::json(&options.ask.look()?.planned.report),
    };
    let Found { file, toml, or } = gate(&report, &options.plan).ok_or_else(|| {
        Failure::new(format!("no gate waits for plan {}", options.plan))
            .help("`landfall plan` shows every gate with the plan that opens it")
    })?;
    let mut allowance = allowance(&toml, options)
        .ok_or_else(|| Failure::new(format!("the gate of plan {} cannot be read: {toml}", options.plan)))?;
    if let Some(what) = &options.what {
        allowance.what = chosen(what, allowance.what, or)?;
    }
    let path = options.ask.repo.join(&file);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.doing(|| format!("cannot read {}", path.display()))?,
    };
    let edited = edit::allow(&text, &allowance).doing(|| format!("cannot edit {}", path.display()))?;
    put(&[(path.clone(), &edited)])?;
    output::progress(&format!("wrote        {}; it counts once it has landed", path.display()));
    output::data(&allowance.lines())?;
    Ok(Exit::Done)
}

/// The gate that was asked for, which has to be one of those that end the wait.
fn chosen(what: &str, first: Gate, or: Option<Gate>) -> Result<Gate, Failure> {
    let ways = || std::iter::once(first).chain(or);
    ways().find(|gate| gate.as_str() == what).ok_or_else(|| {
        let ways: Vec<_> = ways().map(|gate| format!("`{}`", gate.as_str())).collect();
        Failure::new(format!("`{what}` does not open this gate")).help(format!("it takes {}", ways.join(" or ")))
    })
}

/// A gate of the plan's report.
struct Found {
    file: String,
    toml: String,
    or: Option<Gate>,
}

/// The gate that a plan opens.
fn gate(value: &Value, plan: &str) -> Option<Found> {
    match value {
        Value::Object(object) => {
            if let Some(allow) = object.get("allow").filter(|allow| allow["plan"] == plan) {
                let or = allow["or"].as_str();
                return Some(Found {
                    file: allow["file"].as_str()?.to_owned(),
                    toml: allow["toml"].as_str()?.to_owned(),
                    or: Gate::ALL.into_iter().find(|gate| Some(gate.as_str()) == or),
                });
            }
            object.values().find_map(|inner| gate(inner, plan))
        }
        Value::Array(all) => all.iter().find_map(|inner| gate(inner, plan)),
        _ => None,
    }
}

fn allowance(toml: &str, options: &Allow) -> Option<NewAllowance> {
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
        plan: Some(options.plan.as_str().into()),
        reason: options.reason.clone(),
        until: options.until,
    })
}
