//! The plan report: for every slot why it moves, is current, or is held, and what would release it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::model::decision::{Because, Waiting};
use crate::model::facts::Announced;
use crate::model::remedy::{Key, Remedy, RemoveSlot, Whom};
use crate::model::{Decision, Hold, ReleaseName};
use crate::plan::review::{Answers, answers};
use crate::plan::{Orphan, Report, SlotRow, StackChange, StackRow, StaleAllowance, Unreached};

use super::style::{Style, Tone};
use super::table::{Cell, Table};
use super::{alike, reasons, remedy};

/// The report as lines: project, environment, release, state, and the reasons next to it.
pub fn terminal(report: &Report, now: Timestamp, style: Style) -> String {
    let mut table = Table::default();
    let mut project = None;
    for group in
        alike::groups(&report.slots, |row| (release(row), state(&row.decision).1, summary(row, now), drifted(row, now)))
    {
        let Some(&row) = group.first() else { continue };
        let first = if project == Some(&row.project) { String::new() } else { row.project.to_string() };
        project = Some(&row.project);
        let (tone, state) = state(&row.decision);
        let mut details = if group.len() > 1 { of_several(&group, now) } else { details(row, now) };
        details.extend(drifted(row, now));
        let mut details = details.iter();
        let cell = |tone, text: String| Cell { drawn: style.paint(tone, &text), plain: text };
        table.push(vec![
            cell(Tone::Name, first),
            Cell::plain(alike::place(&group)),
            Cell::plain(release(row)),
            cell(tone, state.to_owned()),
            Cell::plain(details.next().cloned().unwrap_or_default()),
        ]);
        for line in details {
            let blank = Cell::default;
            table.push(vec![blank(), blank(), blank(), blank(), Cell::plain(line.clone())]);
        }
    }
    let mut out = table.draw();
    if report.slots.is_empty() {
        out.push_str("nothing is planned: no project has anything to deploy\n");
    }
    out.push_str(&unreached(&report.unreached));
    out.push_str(&orphans(&report.orphans));
    out.push_str(&stale(&report.stale));
    out
}

/// What differs in the slot's stacks from what landfall put there.
fn drifted(row: &SlotRow, now: Timestamp) -> Vec<String> {
    row.drift.as_ref().map(|drift| super::drift::lines(drift, now)).unwrap_or_default()
}

/// What stands in the column of releases: what the slot runs or is about to run.
pub(super) fn release(row: &SlotRow) -> String {
    let release = match &row.decision {
        Decision::UpToDate { release, .. } | Decision::Deploying { release, .. } | Decision::Deploy { release, .. } => {
            Some(release)
        }
        Decision::Empty { .. } | Decision::Remove { .. } | Decision::Held { .. } => row.runs.as_ref(),
    };
    release.map_or_else(|| "–".to_owned(), ToString::to_string)
}

/// What stands in the column of states.
pub(super) fn state(decision: &Decision) -> (Tone, &'static str) {
    match decision {
        Decision::Empty { next: Some(_), .. } => (Tone::Held, "held"),
        Decision::Empty { next: None, .. } => (Tone::Faint, "nothing"),
        Decision::UpToDate { waiting, .. } if waiting.is_empty() => (Tone::Good, "current"),
        Decision::UpToDate { .. } | Decision::Held { .. } => (Tone::Held, "held"),
        Decision::Deploying { .. } => (Tone::Moves, "deploying"),
        Decision::Deploy { .. } => (Tone::Moves, "deploys now"),
        Decision::Remove { .. } => (Tone::Moves, "is removed now"),
    }
}

/// The lines next to a slot, without what is only its own: the names of its stacks and of its plan.
fn summary(row: &SlotRow, now: Timestamp) -> Vec<String> {
    match &row.decision {
        Decision::Empty { next, reasons } => reasons::lines_of(&whom(row, next.as_ref()), next.as_ref(), reasons, now),
        Decision::UpToDate { waiting, .. } => {
            let waiting = waiting.iter().flat_map(|one| {
                let release = Some(&one.release);
                reasons::lines_of(&whom(row, release), release, &one.reasons, now)
            });
            waiting.chain(row.kept.as_ref().map(|_| KEPT.to_owned())).collect()
        }
        Decision::Held { wanted, reasons, .. } => {
            let lines = reasons::lines_of(&whom(row, wanted.as_ref()), coming(row, wanted.as_ref()), reasons, now);
            lines.into_iter().chain(earliest(row, reasons)).collect()
        }
        Decision::Deploy { .. } => details(row, now).into_iter().take(1).collect(),
        Decision::Deploying { .. } | Decision::Remove { .. } => details(row, now),
    }
}

/// The lines next to several equal tenants, with the command that opens the gates of all of them.
fn of_several(group: &[&SlotRow], now: Timestamp) -> Vec<String> {
    let Some(&row) = group.first() else { return Vec::new() };
    let mut lines = summary(row, now);
    let kept: Vec<&RemoveSlot> = group.iter().filter_map(|row| row.kept.as_deref()).collect();
    if !kept.is_empty() {
        lines.retain(|line| line != KEPT);
        lines.extend(kept_lines(&kept));
    }
    if let (Decision::Deploy { .. }, Some(first)) = (&row.decision, lines.first_mut()) {
        *first = format!("each: {first}");
    }
    // Each tenant has a plan of its own: lines without one would open gates that were not checked.
    let all: Vec<Vec<reasons::Key>> = group.iter().map(|row| keys(row)).collect();
    for (index, key) in all.first().into_iter().flatten().enumerate() {
        let plans = all.iter().filter_map(|keys| Some(keys.get(index)?.plan.as_str()));
        let plans = plans.collect::<Vec<_>>().join(" ");
        let what = if all.first().is_some_and(|keys| keys.len() > 1) {
            format!(" --what {}", key.what.as_str())
        } else {
            String::new()
        };
        lines.push(format!("to let all {} through: landfall allow {plans}{what} --reason \"…\"", group.len()));
    }
    lines
}

/// Whose reasons they are: the slot, and the release that is held.
fn whom<'r>(row: &'r SlotRow, release: Option<&'r ReleaseName>) -> Whom<'r> {
    Whom { project: &row.project, environment: &row.environment, tenant: row.tenant.as_ref(), release }
}

/// The lines that open the gate of a reason.
fn key(hold: &Hold, row: &SlotRow) -> Option<reasons::Key> {
    reasons::key(hold, &row.project, &row.environment, row.tenant.as_ref())
}

/// The gates of what holds a slot.
fn keys(row: &SlotRow) -> Vec<reasons::Key> {
    let holds: Vec<&Hold> = match &row.decision {
        Decision::Empty { reasons, .. } | Decision::Held { reasons, .. } => reasons.iter().collect(),
        Decision::UpToDate { waiting, .. } => waiting.iter().flat_map(|waiting| &waiting.reasons).collect(),
        Decision::Deploying { .. } | Decision::Deploy { .. } | Decision::Remove { .. } => Vec::new(),
    };
    let mut keys: Vec<reasons::Key> = Vec::new();
    for key in holds.into_iter().filter_map(|hold| key(hold, row)) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The wanted release, where it is another one than what runs.
fn coming<'r>(row: &SlotRow, wanted: Option<&'r ReleaseName>) -> Option<&'r ReleaseName> {
    wanted.filter(|wanted| row.runs.as_ref() != Some(wanted))
}

/// The lines next to a slot.
pub fn details(row: &SlotRow, now: Timestamp) -> Vec<String> {
    match &row.decision {
        Decision::Empty { next, reasons } => held(row, next.as_ref(), next.as_ref(), reasons, now),
        Decision::UpToDate { waiting, .. } => {
            let waiting = waiting
                .iter()
                .flat_map(|Waiting { release, reasons }| held(row, Some(release), Some(release), reasons, now));
            waiting.chain(row.kept.iter().flat_map(|kept| kept_lines(&[kept]))).collect()
        }
        Decision::Held { wanted, reasons, .. } => {
            let lines = held(row, wanted.as_ref(), coming(row, wanted.as_ref()), reasons, now);
            lines.into_iter().chain(earliest(row, reasons)).collect()
        }
        Decision::Deploying { deployment, since, .. } => {
            vec![format!("deployment {deployment}, for {}", super::time::took(now.duration_since(*since)))]
        }
        Decision::Deploy { from, because, release } => {
            let from = from.as_ref().filter(|from| *from != release).map(|from| format!("from {from}, "));
            let mut lines = vec![format!("{}{}{}", from.unwrap_or_default(), changes(&row.stacks), why(because))];
            let told = tells_order(&row.stacks);
            lines.extend(row.stacks.iter().filter_map(|row| stack(row, told)));
            lines
        }
        Decision::Remove { .. } => vec!["every stack of it is deleted".to_owned()],
    }
}

/// Reasons, each gate followed by the lines that open it.
fn held(
    row: &SlotRow,
    wanted: Option<&ReleaseName>,
    release: Option<&ReleaseName>,
    holds: &[Hold],
    now: Timestamp,
) -> Vec<String> {
    let mut lines = reasons::lines_of(&whom(row, wanted), release, holds, now);
    let mut keys: Vec<reasons::Key> = Vec::new();
    for key in holds.iter().filter_map(|hold| key(hold, row)) {
        // Two reasons may have one key.
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    for key in &keys {
        // Without more the command writes the lines for all that wait for the plan.
        let several = keys.iter().filter(|other| other.plan == key.plan).count() > 1;
        let one = match &key.stack {
            _ if !several => String::new(),
            Some(stack) => format!(" --stack {stack}"),
            None => format!(" --what {}", key.what.as_str()),
        };
        let plan = &key.plan;
        lines.push(format!("to let it through, add to {} (or: landfall allow {plan}{one} --reason \"…\")", key.file));
        lines.extend(key.toml.lines().map(|line| format!("  {line}")));
        lines.extend(key.or.map(|or| {
            let (what, does) = (or.as_str(), key.or_does);
            let one = if key.stack.is_some() { one.as_str() } else { "" };
            format!("to {does}: what = \"{what}\" (landfall allow {plan} --what {what}{one} --reason \"…\")")
        }));
    }
    let mut plans: Vec<&String> = keys.iter().map(|key| &key.plan).collect();
    plans.dedup();
    for plan in plans {
        let count = keys.iter().filter(|key| key.plan == *plan).count();
        if count > 1 {
            lines.push(format!("to let all {count} through: landfall allow {plan} --reason \"…\""));
        }
    }
    lines
}

/// When what it waits for can begin, where no single reason says that: several have to end, or a freeze comes after them.
fn earliest(row: &SlotRow, reasons: &[Hold]) -> Option<String> {
    let said = |earliest: &Timestamp| reasons.len() == 1 && reasons.iter().all(|hold| hold.until == Some(*earliest));
    let earliest = row.earliest.filter(|earliest| !said(earliest))?;
    Some(format!("earliest {}", super::time::point(earliest)))
}

/// That nothing is removed by itself.
const KEPT: &str = "kept, although nothing pins it any more";

/// That nothing is removed by itself, and the lines that remove these slots of one deploy file and nothing else.
fn kept_lines(all: &[&RemoveSlot]) -> Vec<String> {
    let Some(first) = all.first() else { return Vec::new() };
    let does = match all.len() {
        1 => remedy::removes(first),
        _ => format!("to remove all of them and nothing else, write in {}", first.file),
    };
    let command = remedy::remove_command(first).filter(|_| all.len() == 1);
    let command = command.map_or_else(String::new, |command| format!(" (or: {command})"));
    let lines = remedy::remove_lines(all);
    let mut told = vec![format!("{KEPT}; {does}{command}")];
    told.extend(lines.lines().filter(|line| !line.is_empty()).map(|line| format!("  {line}")));
    told
}

/// How many stacks change and how many tasks run, in words.
fn changes(stacks: &[StackRow]) -> String {
    let count = |change| stacks.iter().filter(|stack| stack.change == change).count();
    let created = count(StackChange::Create);
    let updated = count(StackChange::Update) + count(StackChange::Repair);
    let plural = |count: usize| if count == 1 { "1 stack".to_owned() } else { format!("{count} stacks") };
    let tasks = count(StackChange::Run);
    let stacks = match (created, updated) {
        (0, 0) if tasks > 0 => None,
        (0, 0) => Some("no stack changes".to_owned()),
        (0, updated) => Some(format!("{} to change", plural(updated))),
        (created, 0) => Some(format!("{} to create", plural(created))),
        (created, updated) => Some(format!("{} to create, {updated} to change", plural(created))),
    };
    let tasks = (tasks > 0).then(|| format!("{tasks} task{} to run", if tasks == 1 { "" } else { "s" }));
    stacks.into_iter().chain(tasks).collect::<Vec<_>>().join(", ")
}

fn why(because: &Because) -> String {
    match because {
        Because::Pinned(at) => format!(", pinned in {at}"),
        Because::Automatic => String::new(),
        Because::InTurn(commit) => format!(", whose turn it is, ordered by {}", commit.short()),
        Because::Differs { parts, .. } if parts.is_empty() => ", which differ from the release that runs".to_owned(),
        Because::Differs { parts, .. } => format!(", because {} changed", parts.join(" and ")),
        Because::Allowed(gate) => format!(", allowed: {}", gate.as_str()),
        Because::Back => ", back to what remains".to_owned(),
    }
}

/// Whether the order of the stacks has to be told: steps do not simply follow each other.
fn tells_order(stacks: &[StackRow]) -> bool {
    let mut steps: Vec<&StackRow> = Vec::new();
    for row in stacks {
        if !steps.iter().any(|known| known.step == row.step) {
            steps.push(row);
        }
    }
    let before = std::iter::once(None).chain(steps.iter().map(|row| Some(&row.step)));
    steps.iter().zip(before).any(|(row, before)| !row.after.iter().eq(before))
}

fn stack(row: &StackRow, tells_order: bool) -> Option<String> {
    let verb = match row.change {
        StackChange::Create => "create",
        StackChange::Update => "change",
        StackChange::Run => "run the task of",
        StackChange::Repair => "put right",
        StackChange::Remove => "remove",
        StackChange::Current | StackChange::Waits | StackChange::Unknown => return None,
    };
    let names: Vec<&str> = row.after.iter().map(|step| step.as_str()).collect();
    let order = match (tells_order, names.is_empty()) {
        (false, _) => String::new(),
        (true, true) => ", at once".to_owned(),
        (true, false) => format!(", after {}", names.join(" and ")),
    };
    let users: Vec<&str> = row.consumers.iter().map(|stack| stack.as_str()).collect();
    let users = match users.as_slice() {
        [] => String::new(),
        [one] => format!(", whose outputs {one} uses"),
        users => format!(", whose outputs {} use", users.join(" and ")),
    };
    Some(format!("{verb} {} in {}{order}{users}", row.stack, row.place))
}

/// Stacks that nothing wants.
fn orphans(orphans: &[Orphan]) -> String {
    let mut table = Table::default();
    for (index, orphan) in orphans.iter().enumerate() {
        let verb = if orphan.removed { "deletes now" } else { "not wanted" };
        table.push(vec![
            Cell::plain(orphan.stack.as_str()),
            Cell::plain(orphan.place.to_string()),
            Cell::plain(verb),
            Cell::plain(orphan.why.as_str()),
        ]);
        // Stacks of one plan have one key: it stands below the last of them.
        let next = orphans.get(index + 1).and_then(|next| next.key.as_ref());
        let Some(key) = orphan.key.as_ref().filter(|key| next != Some(key)) else { continue };
        let plan = &key.plan;
        let add = format!("to let it through, add to {} (or: landfall allow {plan} --reason \"…\")", key.file);
        let lines = remedy::allow_lines(key);
        for line in std::iter::once(add).chain(lines.lines().map(|line| format!("  {line}"))) {
            table.push(vec![Cell::default(), Cell::default(), Cell::default(), Cell::plain(line)]);
        }
    }
    if orphans.is_empty() { String::new() } else { format!("\n{}", table.draw()) }
}

/// Changes that reach no release, with the commands that make them reach one.
fn unreached(all: &[Unreached]) -> String {
    let mut out = String::new();
    for Unreached { project, newest } in all {
        out.push_str(&format!(
            "\n{project} changed after {newest} was made, and the change reaches no release that runs or comes:\n"
        ));
        let mut commands = Table::default();
        let mut say = |command: String, what: String| {
            commands.push(vec![Cell::plain(format!("  {command}")), Cell::plain(what)]);
        };
        say(format!("landfall release new {project}"), "makes a release that has it".to_owned());
        say(format!("landfall release refresh {project} {newest}"), format!("gives it to {newest}"));
        out.push_str(&commands.draw());
    }
    out
}

/// Allowances that open nothing.
fn stale(all: &[StaleAllowance]) -> String {
    let mut table = Table::default();
    for StaleAllowance { at, gate, why } in all {
        let what = format!("[[allow]] what = \"{}\"", gate.as_str());
        let why = format!("opens nothing; you can delete it: {why}");
        table.push(vec![Cell::plain(at.to_string()), Cell::plain(what), Cell::plain(why)]);
    }
    if all.is_empty() { String::new() } else { format!("\n{}", table.draw()) }
}

/// The report as JSON.
///
/// `commit`, `at`, `slots`, `orphans`, `stale` (allowances that open nothing: `at`, `what`, `why`) and `unreached` (changes
/// that reach no release: `project`, `newest`, and the commands `new` and `refresh`). A slot has `project`, `environment`, `tenant` (names; ids in `slot`), `runs`,
/// `kept` (the deploy file in which lines would remove what nothing pins any more, or null), `remedy` (those lines, as
/// [`remedy::json`], or null), `decision` and `stacks`. A decision has `state` (`empty`, `up-to-date`, `deploying`, `deploy`, `remove`, `held`), and as
/// far as they apply `release`, `from`, `because` (`pinned`, `automatic`, `differs`, `allowed`, `back`), `deployment`, `since`,
/// `waiting` (each with `release` and `reasons`) and `reasons`; see [`reasons::json`]. A stack has `step`, `target`, `stack`,
/// `account`, `region`, `change` (`current`, `create`, `update`, `remove`, `waits`, `unknown`), `after` (the steps that it
/// waits for) and `consumers` (the stacks that use its outputs, if it is not as wanted). Times are RFC 3339. Keys
/// are never taken away or given another meaning; new ones may come.
pub fn json(report: &Report) -> Value {
    json!({
        "commit": report.commit.as_ref().map(ToString::to_string),
        "at": report.at.map(|at| at.to_string()),
        "slots": report.slots.iter().map(slot_json).collect::<Vec<_>>(),
        "orphans": report.orphans.iter().map(orphan_json).collect::<Vec<_>>(),
        "stale": report.stale.iter().map(stale_json).collect::<Vec<_>>(),
        "unreached": report.unreached.iter().map(unreached_json).collect::<Vec<_>>(),
    })
}

fn slot_json(row: &SlotRow) -> Value {
    json!({
        "slot": row.slot,
        "project": row.project.as_str(),
        "environment": row.environment.as_str(),
        "tenant": row.tenant,
        "runs": row.runs,
        "kept": row.kept.as_ref().map(|kept| &kept.file),
        "remedy": row.kept.as_ref().map(|kept| remedy::json(&Remedy::Remove((**kept).clone()))),
        "decision": decision_json(row),
        "stacks": row.stacks.iter().map(stack_json).collect::<Vec<_>>(),
        "drift": super::drift::json(row.drift.as_deref()),
    })
}

pub(super) fn decision_json(row: &SlotRow) -> Value {
    let all = |release: Option<&ReleaseName>, holds: &[Hold]| -> Value {
        holds.iter().map(|hold| reasons::json(hold, &whom(row, release))).collect()
    };
    match &row.decision {
        Decision::Empty { next, reasons } => {
            json!({ "state": "empty", "release": next, "reasons": all(next.as_ref(), reasons) })
        }
        Decision::UpToDate { release, waiting } => {
            let waiting: Vec<Value> = waiting
                .iter()
                .map(|waiting| json!({ "release": waiting.release, "reasons": all(Some(&waiting.release), &waiting.reasons) }))
                .collect();
            json!({ "state": "up-to-date", "release": release, "waiting": waiting })
        }
        Decision::Deploying { release, deployment, since } => json!({
            "state": "deploying", "release": release, "deployment": deployment, "since": since.to_string(),
        }),
        Decision::Deploy { release, from, because } => {
            json!({ "state": "deploy", "release": release, "from": from, "because": because_json(because) })
        }
        Decision::Remove { from } => json!({ "state": "remove", "from": from }),
        Decision::Held { wanted, reasons, .. } => {
            let mut value = json!({ "state": "held", "release": wanted, "reasons": all(wanted.as_ref(), reasons) });
            if let Some(earliest) = row.earliest {
                value["earliest"] = json!(earliest.to_string());
            }
            value
        }
    }
}

pub(super) fn because_json(because: &Because) -> Value {
    let mut value = Map::new();
    let mut say = |word: &str, key: &str, more: Value| {
        value.insert("code".into(), json!(word));
        if !key.is_empty() {
            value.insert(key.into(), more);
        }
    };
    match because {
        Because::Pinned(at) => say("pinned", "at", json!(at)),
        Because::Automatic => say("automatic", "", Value::Null),
        Because::InTurn(commit) => say("in-turn", "commit", json!(commit)),
        Because::Differs { stacks, .. } => say("differs", "stacks", json!(stacks)),
        Because::Allowed(gate) => say("allowed", "gate", json!(gate)),
        Because::Back => say("back", "", Value::Null),
    }
    if let Because::Differs { parts, .. } = because {
        value.insert("parts".into(), json!(parts));
    }
    Value::Object(value)
}

fn stale_json(stale: &StaleAllowance) -> Value {
    json!({ "at": stale.at, "what": stale.gate, "why": stale.why })
}

fn unreached_json(Unreached { project, newest }: &Unreached) -> Value {
    json!({
        "project": project.as_str(),
        "newest": newest,
        "new": format!("landfall release new {project}"),
        "refresh": format!("landfall release refresh {project} {newest}"),
    })
}

fn stack_json(row: &StackRow) -> Value {
    let change = match row.change {
        StackChange::Current => "current",
        StackChange::Create => "create",
        StackChange::Update => "update",
        StackChange::Run => "run",
        StackChange::Repair => "repair",
        StackChange::Remove => "remove",
        StackChange::Waits => "waits",
        StackChange::Unknown => "unknown",
    };
    json!({
        "step": row.step.as_str(),
        "target": row.target.as_str(),
        "stack": row.stack,
        "account": row.place.account.as_str(),
        "region": row.place.region.as_str(),
        "change": change,
        "after": row.after,
        "consumers": row.consumers,
    })
}

fn orphan_json(orphan: &Orphan) -> Value {
    let owner: BTreeMap<String, String> = orphan.owner.tags();
    json!({
        "stack": orphan.stack,
        "account": orphan.place.account.as_str(),
        "region": orphan.place.region.as_str(),
        "owner": owner,
        "removed": orphan.removed,
        "why": orphan.why,
        "allow": orphan.key.as_ref().map(allow_json),
    })
}

/// What AWS announced for stacks in flight: `deployment`, `stack`, `account`, `region` and `resources`, each with `resource`,
/// `kind`, `predicted` and `announced` (`add`, `modify`, `may-replace`, `replace`, `remove`, or null) and `agrees`.
pub fn announced_json(all: &[Announced]) -> Value {
    let resource = |one: &Answers| {
        json!({
            "resource": one.resource, "kind": one.kind, "predicted": one.predicted, "announced": one.announced,
            "agrees": one.agree(),
        })
    };
    let stack = |one: &Announced| {
        json!({
            "deployment": one.deployment, "stack": one.stack, "account": one.place.account.as_str(),
            "region": one.place.region.as_str(), "resources": answers(one).iter().map(resource).collect::<Vec<_>>(),
        })
    };
    all.iter().map(stack).collect()
}

fn allow_json(key: &Key) -> Value {
    json!({ "file": key.file, "toml": remedy::allow_lines(key), "plan": key.plan })
}
