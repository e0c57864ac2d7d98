//! The words for every reason why something is held: its cause, and what would release it.

mod code;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::model::catalog::{Gate, SnapshotFault};
use crate::model::decision::{Cause, Finding, Found, Loss, Yields};
use crate::model::journal::{self, DeploymentId, Question};
use crate::model::remedy::{Remedy, Whom};
use crate::model::{self, EnvironmentName, Hold, ProjectName, ReleaseName, StackName, TenantName};

use super::{remedy, time};

pub use code::Code;

/// One reason as a sentence that does not change while time passes.
pub fn hold(hold: &Hold) -> String {
    match requirement(hold, None) {
        Some(clause) => clause,
        None => sentence(hold),
    }
}

/// Every reason for people, for a slot that is not known: only with the ways out that the reasons say themselves.
pub fn lines(release: Option<&ReleaseName>, holds: &[Hold], now: Timestamp) -> Vec<String> {
    all_lines(release, holds, now, &|hold| sentence(hold))
}

/// Every reason for people, with what releases it. What a release has to do first is one sentence, in order; the rest are
/// sentences of their own. `release` is the one that waits; none if the reasons are not about a release that is yet to
/// come.
pub fn lines_of(whom: &Whom<'_>, release: Option<&ReleaseName>, holds: &[Hold], now: Timestamp) -> Vec<String> {
    let said = |hold: &Hold| match remedy::beside(hold, whom) {
        Some(ways) => format!("{}: {ways}", sentence(hold)),
        None => sentence(hold),
    };
    all_lines(release, holds, now, &said)
}

fn all_lines(
    release: Option<&ReleaseName>,
    holds: &[Hold],
    now: Timestamp,
    said: &dyn Fn(&Hold) -> String,
) -> Vec<String> {
    let name = release.map_or_else(|| "a release".to_owned(), ToString::to_string);
    let mut first = path(holds, now);
    let pin = holds.iter().find_map(|hold| match &hold.cause {
        Cause::Manual { file } => Some(file),
        _ => None,
    });
    first = match (first, pin) {
        (None, Some(file)) => Some(format!("entered by hand: pin {name} in {file}")),
        (Some(path), Some(file)) => Some(format!("{name} {path}, then a pin in {file}")),
        (Some(path), None) => Some(format!("{name} {path}")),
        (None, None) => None,
    };
    let others =
        holds.iter().filter(|hold| !matches!(hold.cause, Cause::Manual { .. }) && requirement(hold, None).is_none());
    let stops = holds.iter().filter(|hold| matches!(hold.cause, Cause::Stopped { .. } | Cause::Waits { .. })).count();
    let mut others: Vec<String> = others.map(|hold| with_times(hold, said(hold), stops > 1)).collect();
    if let (None, Some(release), Some(other)) = (&first, release, others.first_mut()) {
        let verb = if other.starts_with("failed") { "" } else { "waits: " };
        *other = format!("{release} {verb}{other}");
    }
    first.into_iter().chain(others).collect()
}

/// What a release has to do first, as one clause: what is done in one phase side by side, phases one after the other.
fn path(holds: &[Hold], now: Timestamp) -> Option<String> {
    let mut path = String::new();
    for hold in holds {
        let Some(clause) = requirement(hold, Some(now)) else { continue };
        if path.is_empty() {
            path = clause;
            continue;
        }
        path.push_str(if matches!(hold.cause, Cause::Phase { .. }) { ", then " } else { " and " });
        path.push_str(clause.strip_prefix("must ").unwrap_or(&clause));
    }
    (!path.is_empty()).then_some(path)
}

/// A reason with its times. The sentence of a freeze has its end already, on the freeze's own clock.
fn with_times(hold: &Hold, said: String, several: bool) -> String {
    let sentence = match &hold.cause {
        // If several stacks wait, each line says which stack it is about.
        Cause::Stopped { cause: journal::Cause { stack: Some(stack), .. }, .. } if several => {
            format!("{stack}: {said}")
        }
        _ => said,
    };
    if let (Some(since), Some(next)) = (hold.since, next_try(hold)) {
        return format!("{sentence} (since {}, next try {})", time::point(since), time::point(next));
    }
    let told = matches!(hold.cause, Cause::Frozen { .. } | Cause::Queued { .. });
    match (hold.since, hold.until.filter(|_| !told)) {
        (Some(since), Some(until)) => {
            format!("{sentence} (since {}, until {})", time::point(since), time::point(until))
        }
        (Some(since), None) => format!("{sentence} (since {})", time::point(since)),
        (None, Some(until)) => format!("{sentence} (until {})", time::point(until)),
        (None, None) => sentence,
    }
}

/// When landfall looks again, for reasons that may be over then or not.
fn next_try(hold: &Hold) -> Option<Timestamp> {
    match &hold.cause {
        Cause::PlaceUnseen { .. } | Cause::Repeats { .. } => hold.until,
        Cause::Waits { cause, .. } if cause.is_looked_at_again() => hold.until,
        _ => None,
    }
}

/// What a release has to do first, after its name; none for reasons of another kind.
fn requirement(hold: &Hold, now: Option<Timestamp>) -> Option<String> {
    match &hold.cause {
        Cause::Soak { environment, needed, so_far, running, starved_by } => {
            let must = format!("must run in {environment} for {}", time::took(*needed));
            let Some(now) = now else { return Some(must) };
            let held = time::took(*so_far);
            Some(match (hold.until, starved_by) {
                (Some(until), _) if *running => format!("{must} ({} to go)", time::left(until.duration_since(now))),
                (None, _) if *running => format!("{must} (ran {held} so far)"),
                (_, Some(other)) => format!("{must} (ran {held}, then {other} took its place)"),
                (_, None) => format!("{must} (ran {held}, does not run there now)"),
            })
        }
        Cause::Phase { phase, needed, passed, missing } => {
            let more = needed.saturating_sub(*passed) as usize;
            let names = missing.iter().map(EnvironmentName::as_str).collect::<Vec<_>>();
            Some(if more > missing.len() {
                format!("must pass phase {phase}, which asks for {needed} environments but has fewer")
            } else if more == missing.len() {
                format!("must succeed in {}", names.join(" and "))
            } else {
                format!("must succeed in {more} of {}", names.join(", "))
            })
        }
        _ => None,
    }
}

/// A reason as a sentence of its own.
fn sentence(hold: &Hold) -> String {
    match &hold.cause {
        Cause::Broken { code, title, at } => format!("stays as deployed: error[{code}] at {at}: {title}"),
        Cause::NoRelease => "there is no release".to_owned(),
        Cause::Manual { file } => format!("entered by hand: pin it in {file}"),
        Cause::NotConnected { tenant: Some(tenant) } => {
            format!("tenant {tenant} is not connected to this environment of the project")
        }
        Cause::NotConnected { tenant: None } => "the project is deployed only for tenants".to_owned(),
        Cause::NotInLifecycle { lifecycle: Some(lifecycle) } => {
            format!("lifecycle {lifecycle} does not contain the environment")
        }
        Cause::NotInLifecycle { lifecycle: None } => "its lifecycle does not contain the environment".to_owned(),
        Cause::Phase { .. } | Cause::Soak { .. } => "must pass an earlier phase".to_owned(),
        Cause::ReleaseGone { release } => {
            format!("release {release}, which runs here, no longer has a file")
        }
        Cause::Blocked { reason } => format!("blocked: {reason}"),
        Cause::Edited { landed, at } => format!(
            "error[release-edited] in {}: the release has changed since it landed in {}",
            at.file,
            landed.short()
        ),
        Cause::PinnedMissing { release, at } => format!("{at} pins {release}, which does not exist"),
        Cause::Refused { at } => format!("rejected: the pin at {at} says `wait = false`, and its gates are closed"),
        Cause::PinnedNone { at } => format!("nothing runs here: release = \"none\" at {at}"),
        Cause::Snapshot(fault) => snapshot(fault),
        Cause::CannotRender { problems } => problems.join("; "),
        Cause::Attempts { failed, deployment, cause, .. } => {
            let why = cause.as_ref().map(|cause| format!(": {}", cause.sentence)).unwrap_or_default();
            let times = if *failed == 1 { "once".to_owned() } else { format!("{failed} times") };
            format!("failed {times}, last in deployment {deployment}{why}")
        }
        Cause::Repeats { deployment, times, stacks } => {
            let names: Vec<&str> = stacks.iter().map(|stack| stack.as_str()).collect();
            let differ = match names.as_slice() {
                [] => "something still differs".to_owned(),
                [one] => format!("stack {one} still differs"),
                all => format!("stacks {} still differ", all.join(", ")),
            };
            format!(
                "deployed successfully {times} times in a row, last in deployment {deployment}, and {differ}; something else \
                 changes it, or AWS shows other values than it got"
            )
        }
        Cause::Queued { deployment, release, tasks, yields } => queued(*deployment, release, *tasks, yields),
        Cause::Stopped { deployment, cause, .. } => {
            let verb = if cause.gates().nth(1).is_some() { "" } else { " stopped" };
            format!("deployment {deployment}{verb}: {}", cause.sentence)
        }
        Cause::Waits { deployment, cause } => {
            let stack = cause.stack.as_ref().map(|stack| format!(" in stack {stack}")).unwrap_or_default();
            format!("deployment {deployment} waits{stack}: {}", cause.sentence)
        }
        Cause::Output { stack, place, outputs, there: false } => {
            format!("stack {stack} in {place}, whose {} it uses, does not exist yet", named("output", outputs))
        }
        Cause::Output { stack, place, outputs, there: true } => {
            let verb = if outputs.len() == 1 { "does" } else { "do" };
            format!("{} of stack {stack} in {place} {verb} not exist yet", named("output", outputs))
        }
        Cause::ForeignStack { stack, place, owner: None, review: true, .. } => format!(
            "stack {stack} in {place} is not ours (it is REVIEW_IN_PROGRESS: a change set of others waits in it, and it has \
             no resources) and stays untouched"
        ),
        Cause::ForeignStack { stack, place, owner, .. } => {
            let owner = match owner {
                Some(owner) => format!("it belongs to {owner}"),
                None => "it does not have landfall's tags".to_owned(),
            };
            format!("stack {stack} in {place} is not ours ({owner}) and stays untouched")
        }
        Cause::StackState { stack, status, way_out, .. } => format!("stack {stack} is {status}: {way_out}"),
        Cause::Unadopted { question, agreed, differ } => unadopted(question, *agreed, differ),
        Cause::PlaceUnseen { place, error } => format!("{place} cannot be seen: {error}"),
        Cause::SoakQueue { release } => format!("{release} soaks here, and `soak_queue` lets it finish first"),
        Cause::PinHolds { at } => format!("no newer release enters by itself before the pin at {at} is deleted"),
        Cause::ChannelTenants { channel } => {
            format!("channel {channel} is not for this tenant")
        }
        Cause::ChannelGone { channel } => {
            format!("its channel {channel} is no longer in project.toml")
        }
        Cause::Frozen { reason, at, zone, .. } => {
            let until = hold.until.map(|until| format!(" until {}", time::point_in(until, zone))).unwrap_or_default();
            format!("frozen by {}{until}: {reason}", at.file)
        }
        Cause::Wave { wave, after, missing } if missing.is_empty() => {
            format!("wave {wave} comes after {after}, which has not run it long enough")
        }
        Cause::Wave { wave, after, missing } => {
            format!("wave {wave} comes after {after}, which lacks it for {}", names(missing))
        }
        Cause::WaveStopped { after, failed, limit } => {
            format!(
                "stopped by wave {after}: it failed for {}, and {limit} may fail. It goes on when it succeeds there, or \
                 with another release",
                names(failed)
            )
        }
        Cause::WaveFull { wave, limit } => {
            format!("wave {wave} deploys {limit} at a time: waits for one to end")
        }
        Cause::LiveOrder { environment, parts, .. } => {
            let what = match parts.as_slice() {
                [] => "its content changed without a new release".to_owned(),
                parts => format!("{} changed", parts.join(", ")),
            };
            format!("{what}, and {environment} comes first")
        }
        Cause::Guard { what, pending, limit, .. } => {
            let what = if *what == "remove" { "removals" } else { "changes without a new release" };
            format!("{pending} {what} are pending in one account, {limit} are allowed ([guard] in landfall.toml)")
        }
        Cause::Protected { stacks, .. } => {
            let stacks =
                if *stacks == 1 { "1 protected stack".to_owned() } else { format!("{stacks} protected stacks") };
            format!("{stacks} would be removed")
        }
        Cause::LosesData { losses, .. } => Loss::sentence(losses),
        Cause::Unless(finding) => unless(finding),
    }
}

/// What a release does that keeps it from entering by itself.
fn unless(finding: &Finding) -> String {
    let (phase, condition) = (&finding.phase, finding.condition());
    match &finding.found {
        Some(Found { condition: Some(condition), stack, sentence }) => {
            let condition = condition.as_str();
            format!("{sentence} in {stack}, so it needs a pin (phase {phase} has `unless` with `{condition}`)")
        }
        Some(Found { sentence, .. }) => format!("{sentence}, so it needs a pin (phase {phase} has `unless`)"),
        None => format!("enters by itself unless it {condition} (phase {phase})"),
    }
}

/// Whose the stacks are, and what the operator can do.
fn unadopted(question: &Question, agreed: bool, differ: &BTreeSet<StackName>) -> String {
    if agreed {
        return format!("{question}; you agreed, and this store takes them over {}", question.wait());
    }
    let id = &question.repository;
    let differ: BTreeSet<String> = differ.iter().map(ToString::to_string).collect();
    let differ = match differ.len() {
        0 => "All of them are as this repository wants them".to_owned(),
        1 => format!("{} differs from this repository", named("Stack", &differ)),
        _ => format!("{} differ from this repository", named("Stack", &differ)),
    };
    format!(
        "{question}: nothing changes until you answer. If this store replaces the other one, stop the other daemon and run \
         `landfall store adopt`. If another repository has the id `{id}` too, give one of them another id: two repositories \
         must not share one. {differ}"
    )
}

fn names(tenants: &[TenantName]) -> String {
    tenants.iter().map(TenantName::as_str).collect::<Vec<_>>().join(", ")
}

fn snapshot(fault: &SnapshotFault) -> String {
    match fault {
        SnapshotFault::Differs { expected, found } => format!(
            "its process or variables changed after it was made ({} is not {})",
            found.short(),
            expected.short()
        ),
        SnapshotFault::Broken { problem } => {
            format!("its snapshot has errors ({problem})")
        }
        SnapshotFault::Shallow => "this clone is shallow and lacks the commit that added it".to_owned(),
        SnapshotFault::Missing(commit) => format!("its snapshot {} is not in the repository", commit.short()),
        SnapshotFault::NotLanded => "it has not landed yet".to_owned(),
    }
}

/// What a newer order waits for, and when it takes the place of that.
fn queued(deployment: DeploymentId, release: &ReleaseName, tasks: Option<(u32, u32)>, yields: &Yields) -> String {
    let run = |(running, wanted): (u32, u32)| format!(" ({running} of {wanted} tasks run)");
    let tasks = tasks.map(run).unwrap_or_default();
    match yields {
        Yields::AtItsEnd { all: true, then } => {
            let names: Vec<&str> = then.iter().map(ReleaseName::as_str).collect();
            let then = if names.is_empty() { String::new() } else { format!(", then {}", names.join(", then ")) };
            format!(
                "deployment {deployment} of {release} has to end first{tasks}{then}: `queue = \"all\"` deploys each order in turn"
            )
        }
        Yields::AtItsEnd { all: false, .. } => format!("deployment {deployment} of {release} has to end first{tasks}"),
        Yields::Unless(until) => format!(
            "deployment {deployment} of {release} is still progressing{tasks}; it begins when that ends, or takes over if nothing \
             progresses until {}",
            time::point(*until)
        ),
        Yields::Fails { why, from: None } => format!("it takes over deployment {deployment} of {release}: {why}"),
        Yields::Fails { why, from: Some(from) } => format!(
            "it takes over deployment {deployment} of {release} at {}, because the two before it gave way without a success: {why}",
            time::point(*from)
        ),
        Yields::Cancelled(why) => format!("deployment {deployment} of {release} is cancelled: {why}"),
    }
}

/// So many names of a list are printed.
const NAMES: usize = 3;

/// Names of things of one kind, the first few of them.
fn named(kind: &str, names: &BTreeSet<String>) -> String {
    let first: Vec<&str> = names.iter().take(NAMES).map(String::as_str).collect();
    let (last, before) = first.split_last().map_or(("", &[][..]), |(last, before)| (*last, before));
    match names.len() {
        1 => format!("{kind} {last}"),
        count if count > NAMES => format!("{kind}s {} and {} more", first.join(", "), count - NAMES),
        _ => format!("{kind}s {} and {last}", before.join(", ")),
    }
}

/// The lines that open a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The file that they go into.
    pub file: String,
    /// They.
    pub toml: String,
    /// The plan that they name.
    pub plan: String,
    /// The gate that they open.
    pub what: Gate,
    /// The stack whose gate it is; none if it is the slot's.
    pub stack: Option<StackName>,
    /// What else the lines may say: at a pause hook, to restore the old release.
    pub or: Option<Gate>,
    /// What that does, in words that follow "to".
    pub or_does: &'static str,
}

/// What the other way out of a gate does.
fn other_way(cause: &journal::Cause) -> &'static str {
    use journal::Cause as Why;
    match &*cause.code {
        Why::PAUSED => "restore the old release",
        Why::PAUSED_FIRST => "end it, so that CloudFormation removes the new resources",
        Why::TASK_LOST => "count it as done",
        _ => "end it",
    }
}

/// The lines that would release it in a slot; none if no allowance does.
pub fn key(
    hold: &Hold,
    project: &ProjectName,
    environment: &EnvironmentName,
    tenant: Option<&TenantName>,
) -> Option<Key> {
    let key = model::remedy::key(hold, &Whom { project, environment, tenant, release: None })?;
    let or_does = match &hold.cause {
        Cause::Stopped { cause, .. } => other_way(cause),
        _ => "",
    };
    Some(Key {
        file: key.file.to_string(),
        toml: remedy::allow_lines(&key),
        plan: key.plan.to_string(),
        what: key.what,
        stack: key.stack,
        or: key.or,
        or_does,
    })
}

/// The stable word for a cause, as JSON has it.
pub fn code(cause: &Cause) -> &'static str {
    code::of(cause).word()
}

/// One reason as JSON: `code`, `sentence`, `remedies` (what releases it, see [`remedy::json`]), and if they are known `since`, `until` or `next_try` (RFC 3339), `allow` with `file`, `toml`,
/// `plan`, and at a pause hook `or`, what else `toml` may say.
pub fn json(hold: &Hold, whom: &Whom<'_>) -> Value {
    let mut value = Map::new();
    value.insert("code".into(), json!(code(&hold.cause)));
    value.insert("sentence".into(), json!(self::hold(hold)));
    if let Some(since) = hold.since {
        value.insert("since".into(), json!(since.to_string()));
    }
    if let Some(next) = next_try(hold) {
        value.insert("next_try".into(), json!(next.to_string()));
    } else if let Some(until) = hold.until {
        value.insert("until".into(), json!(until.to_string()));
    }
    let remedies = Remedy::of(hold, whom);
    value.insert("remedies".into(), remedies.iter().map(remedy::json).collect());
    if let Some(key) = key(hold, whom.project, whom.environment, whom.tenant) {
        let mut allow = json!({ "file": key.file, "toml": key.toml, "plan": key.plan });
        if let (Some(or), Some(allow)) = (key.or, allow.as_object_mut()) {
            allow.insert("or".into(), json!(or.as_str()));
        }
        value.insert("allow".into(), allow);
    }
    Value::Object(value)
}
