//! The doctor's report: state, cause and next step of every stack that is not in order, or of one.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::model::catalog::Gate;
use crate::model::remedy::{Key, Remedy};
use crate::plan::doctor::{Diagnosis, Next, Standing};

use super::style::{Style, Tone};
use super::{drift, reasons, remedy};

/// The report as text: one block per stack.
pub fn terminal(all: &[&Diagnosis], now: Timestamp, style: Style) -> String {
    if all.is_empty() {
        return "every stack is in order\n".to_owned();
    }
    let blocks: Vec<String> = all.iter().map(|one| block(one, now, style)).collect();
    blocks.join("\n")
}

fn block(one: &Diagnosis, now: Timestamp, style: Style) -> String {
    let mut out = format!("{}  {}\n", style.paint(Tone::Name, one.stack.as_str()), one.place);
    out.push_str(&format!("  state  {}; {}\n", status(one), standing(one.standing)));
    for (index, line) in causes(one, now).iter().enumerate() {
        out.push_str(&format!("  {}{line}\n", if index == 0 { "cause  " } else { "       " }));
    }
    for (index, line) in steps(one).iter().enumerate() {
        out.push_str(&format!("  {}{line}\n", if index == 0 { "next   " } else { "       " }));
    }
    out
}

fn status(one: &Diagnosis) -> String {
    match one.status {
        Some(status) => status.to_string(),
        None if one.unseen => "cannot be seen".to_owned(),
        None => "does not exist".to_owned(),
    }
}

/// How it stands with landfall, in words.
fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Wanted => "its slot carries it",
        Standing::Kept => "its slot stays as it is deployed",
        Standing::Deploying => "a deployment is working on it",
        Standing::Waiting => "its deployment waits for something outside landfall",
        Standing::AtGate => "its deployment waits at a gate",
        Standing::Removing => "it will be removed",
        Standing::Unwanted => "no slot wants it",
        Standing::Foreign => "it is not landfall's",
        Standing::Theirs => "it is another repository's",
    }
}

fn causes(one: &Diagnosis, now: Timestamp) -> Vec<String> {
    let mut lines = reasons::lines(None, &one.holds, now);
    lines.extend(one.why.clone());
    lines.extend(drift::told(&one.drift, now));
    lines
}

/// What to do: the table's word, then the lines and commands that do it.
fn steps(one: &Diagnosis) -> Vec<String> {
    let mut lines = Vec::new();
    let acts = one.remedies.iter().filter(|way| !matches!(way, Remedy::Wait(_) | Remedy::GoesOn));
    for (index, way) in acts.enumerate() {
        let told = remedy::told(way);
        let or = if index == 0 { "" } else { "or " };
        match way {
            Remedy::Allow(Key { file, .. }) => {
                let command = told.command.as_deref().unwrap_or_default();
                let opens = opens(way);
                lines.push(format!("{or}{opens}add to {file} (or: {command})"));
                lines.extend(told.lines.iter().flat_map(|text| text.lines()).map(|line| format!("  {line}")));
            }
            _ => lines.push(format!("{or}{}", told.does)),
        }
    }
    if lines.is_empty() {
        lines.push(word(one).to_owned());
    }
    lines
}

/// What the gate does when it is opened, where the lines do not say it.
fn opens(way: &Remedy) -> &'static str {
    match way {
        Remedy::Allow(Key { what: Gate::Adopt, .. }) => {
            "to let landfall take it over (`landfall plan --diff` shows what that changes), "
        }
        Remedy::Allow(Key { what: Gate::Continue, .. }) => "fix what stopped it, then ",
        _ => "",
    }
}

/// The table's word for a next step.
fn word(one: &Diagnosis) -> &'static str {
    match one.next {
        Next::Nothing if one.in_order => "nothing: it is as wanted",
        Next::Nothing | Next::ByItself => "nothing to do: landfall goes on by itself",
        Next::Wait => "nothing to do: landfall goes on when the operation has ended",
        Next::Open(_) | Next::Answer => "open the gate that `landfall plan` prints",
        Next::FixSlot => "fix what holds the slot: `landfall plan` shows it",
        Next::Prune => {
            "write `prune = true` into the environment's file, which deletes all orphans there; or delete it in AWS"
        }
        Next::Delete => "delete it in AWS, or give the target another `id`",
        Next::Rename => "give the target another `id`, or remove the stack from the other repository",
        Next::Repair => "repair it in AWS: CloudFormation offers no call for its state",
        Next::Drift => {
            "change it back in AWS, or bring the change into the files; with `drift = \"repair\"` in the environment's file landfall puts it \
             right, as far as CloudFormation can"
        }
    }
}

/// A stable word for a standing.
fn standing_code(standing: Standing) -> &'static str {
    match standing {
        Standing::Wanted => "wanted",
        Standing::Kept => "kept",
        Standing::Deploying => "deploying",
        Standing::Waiting => "waiting",
        Standing::AtGate => "at-gate",
        Standing::Removing => "removing",
        Standing::Unwanted => "unwanted",
        Standing::Foreign => "foreign",
        Standing::Theirs => "theirs",
    }
}

/// A stable word for a next step.
fn next_code(next: Next) -> &'static str {
    match next {
        Next::Nothing => "nothing",
        Next::ByItself => "by-itself",
        Next::Wait => "wait",
        Next::Open(_) | Next::Answer => "open-gate",
        Next::FixSlot => "fix",
        Next::Prune => "prune",
        Next::Delete => "delete",
        Next::Rename => "rename",
        Next::Repair => "repair",
        Next::Drift => "drift",
    }
}

/// The report as JSON: `stacks`, each with `stack`, `account`, `region`, `status` (null if there is none), `standing`,
/// `in_order`, `next`, `does` (the next step for people), `causes` and `remedies` (see [`remedy::json`]).
pub fn json(all: &[&Diagnosis], now: Timestamp) -> Value {
    let stack = |one: &&Diagnosis| {
        json!({
            "stack": one.stack,
            "account": one.place.account.as_str(),
            "region": one.place.region.as_str(),
            "status": one.status.map(|status| status.as_str()),
            "standing": standing_code(one.standing),
            "in_order": one.in_order,
            "next": next_code(one.next),
            "does": word(one),
            "causes": causes(one, now),
            "remedies": one.remedies.iter().map(remedy::json).collect::<Vec<_>>(),
        })
    };
    json!({ "stacks": all.iter().map(stack).collect::<Vec<_>>() })
}
