//! The words for every way out: what to do, in an imperative, with the lines or the command that do it.
//!
//! Whoever reads a remedy does what it says and gets what it says: `tests/stories/ways` follows each of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::Hold;
use crate::model::catalog::Gate;
use crate::model::decision::Cause;
use crate::model::remedy::{Foreseen, Key, NewPin, Remedy, RemoveSlot, Whom};

use super::time;

/// A remedy in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// A stable word for the kind.
    pub code: &'static str,
    /// What to do, and what comes of it where the words before do not say that.
    pub does: String,
    /// The file that the lines go into.
    pub file: Option<String>,
    /// Lines of TOML: each key is set in the table that it stands in, and `[[allow]]` is added at the end.
    pub lines: Option<String>,
    /// The command that does it.
    pub command: Option<String>,
}

/// A remedy in words.
pub fn told(remedy: &Remedy) -> Told {
    let by_hand = |code, does: String| Told { code, does, file: None, lines: None, command: None };
    let command = |code, does: &str, command: String| Told {
        command: Some(command.clone()),
        ..by_hand(code, format!("{does} (`{command}`)"))
    };
    match remedy {
        Remedy::Allow(key) => Told {
            file: Some(key.file.to_string()),
            lines: Some(allow_lines(key)),
            command: Some(allow_command(key)),
            ..by_hand("allow", format!("add the lines that open the gate to {}", key.file))
        },
        Remedy::Remove(remove) => Told {
            file: Some(remove.file.to_string()),
            lines: Some(remove_lines(&[remove])),
            command: remove_command(remove),
            ..by_hand("remove", removes(remove))
        },
        Remedy::Pin(pin) => pinned(pin),
        Remedy::Unpin(at) => by_hand("unpin", format!("delete the pin at {at}")),
        Remedy::LetWait(at) => by_hand("let-wait", format!("delete `wait = false` in {}", at.file)),
        Remedy::NewRelease(project) => {
            command("new-release", "make a new release", format!("landfall release new {project}"))
        }
        Remedy::FixThenRelease(project) => command(
            "fix-then-release",
            "fix the problems, then make a new release",
            format!("landfall release new {project}"),
        ),
        Remedy::Refresh { project, release } => command(
            "refresh",
            &format!("give {release} today's process and variables"),
            format!("landfall release refresh {project} {release}"),
        ),
        Remedy::Restore { file } => by_hand("restore", format!("restore {file}")),
        Remedy::PutBack { file, landed } => {
            command("put-back", "restore the landed file", format!("git checkout {} -- {file}", landed.short()))
        }
        Remedy::Unblock { file } => by_hand("unblock", format!("delete `blocked` in {file}")),
        Remedy::Connect { tenant, project, environment } => {
            by_hand("connect", format!("name `{environment}` under [projects.{project}] in tenants/{tenant}.toml"))
        }
        Remedy::Untenanted(project) => {
            by_hand("untenanted", format!("write `tenancy = \"both\"` in projects/{project}/project.toml"))
        }
        Remedy::AddToPhase { lifecycle: Some(lifecycle), environment } => {
            by_hand("add-to-phase", format!("add `{environment}` to a phase in lifecycles/{lifecycle}.toml"))
        }
        Remedy::AddToPhase { lifecycle: None, environment } => {
            by_hand("add-to-phase", format!("give the project a lifecycle that has `{environment}` in a phase"))
        }
        Remedy::LowerProgress { phase } => {
            by_hand("lower-progress", format!("ask for fewer environments in phase {phase} (`progress`)"))
        }
        Remedy::OpenChannel { project, channel } => by_hand(
            "open-channel",
            format!("add a tag of the tenant to `tenants` of [channels.{channel}] in projects/{project}/project.toml"),
        ),
        Remedy::RestoreChannel { project, channel } => {
            by_hand("restore-channel", format!("restore [channels.{channel}] in projects/{project}/project.toml"))
        }
        Remedy::RenameTarget { target } => {
            by_hand("rename-target", format!("give target {target} another `id`, which renames every stack on it"))
        }
        Remedy::Fix(at) => by_hand("fix", format!("fix the problem at {at}")),
        Remedy::FixRender => by_hand("fix-render", "fix the named problem".to_owned()),
        Remedy::Unshallow => command("unshallow", "fetch the history", "git fetch --unshallow".to_owned()),
        Remedy::DeleteStack { stack, place, empty } => command(
            "delete-stack",
            if *empty { "delete it, if its change set is not needed" } else { "delete it with all its resources" },
            format!("aws cloudformation delete-stack --stack-name {stack} --region {}", place.region),
        ),
        Remedy::RepairStack { stack } => by_hand("repair-stack", format!("repair {stack} in AWS")),
        Remedy::AdoptStore => command(
            "adopt-store",
            "stop the other daemon and let this store take its stacks over",
            "landfall store adopt".to_owned(),
        ),
        Remedy::Access(place) => by_hand(
            "access",
            format!("nothing to do once {place} answers again; `landfall verify` shows what landfall lacks there"),
        ),
        Remedy::Wait(Some(until)) => by_hand("wait", format!("wait until {}", time::point(*until))),
        Remedy::Wait(None) => by_hand("wait", "wait".to_owned()),
        Remedy::GoesOn => by_hand("goes-on", "nothing to do: landfall goes on by itself".to_owned()),
    }
}

fn pinned(pin: &NewPin) -> Told {
    let NewPin { file, project, environment, release, tenant } = pin;
    let name = release.as_ref().map_or_else(|| "another release".to_owned(), ToString::to_string);
    let lines = release.as_ref().map(|release| match tenant {
        None => format!("release = \"{release}\"\n"),
        Some(tenant) => format!("[tenants]\n{tenant} = \"{release}\"\n"),
    });
    let whom = tenant.as_ref().map_or_else(String::new, |tenant| format!(" --tenant {tenant}"));
    Told {
        code: "pin",
        does: match tenant {
            Some(tenant) => format!("pin {name} for {tenant} in {file}"),
            None => format!("pin {name} in {file}"),
        },
        file: Some(file.to_string()),
        lines,
        command: release
            .as_ref()
            .map(|release| format!("landfall promote {project} {release} --to {environment}{whom}")),
    }
}

/// The lines that open a gate; the reason is left to whoever writes it.
pub fn allow_lines(key: &Key) -> String {
    let stack = key.stack.as_ref().map(|stack| format!("stack = \"{stack}\"\n")).unwrap_or_default();
    let tenant = key.tenant.as_ref().map(|tenant| format!("tenant = \"{tenant}\"\n")).unwrap_or_default();
    let (what, plan) = (key.what.as_str(), &key.plan);
    format!("[[allow]]\nwhat = \"{what}\"\n{stack}{tenant}plan = \"{plan}\"\nreason = \"…\"\n")
}

/// The lines that open a gate which a review foresees.
pub fn foreseen_lines(key: &Foreseen) -> String {
    let names: Vec<String> = key.resources.iter().map(|name| format!("\"{name}\"")).collect();
    let resource = if let [one] = &*names { one.clone() } else { format!("[{}]", names.join(", ")) };
    let tenant = key.tenant.as_ref().map(|tenant| format!("tenant = \"{tenant}\"\n")).unwrap_or_default();
    let Foreseen { change, release, stack, .. } = key;
    format!(
        "[[allow]]\nrelease = \"{release}\"\nchange = \"{}\"\nresource = {resource}\nstack = \"{stack}\"\n{tenant}reason = \"…\"\n",
        change.as_str()
    )
}

/// The command that writes these lines, and no others.
fn allow_command(key: &Key) -> String {
    let one = match &key.stack {
        Some(stack) => format!(" --stack {stack}"),
        None => format!(" --what {}", key.what.as_str()),
    };
    format!("landfall allow {}{one} --reason \"…\"", key.plan)
}

/// The lines that remove what these slots of one deploy file have.
pub fn remove_lines(all: &[&RemoveSlot]) -> String {
    let mut tenants: BTreeMap<&str, &str> = BTreeMap::new();
    let mut lines = String::new();
    for remove in all {
        match &remove.tenant {
            Some(tenant) => drop(tenants.insert(tenant.as_str(), "none")),
            None => lines = "release = \"none\"\n".to_owned(),
        }
        for (tenant, release) in &remove.keep {
            tenants.entry(tenant.as_str()).or_insert(release.as_str());
        }
    }
    if !tenants.is_empty() {
        lines.push_str(if lines.is_empty() { "[tenants]\n" } else { "\n[tenants]\n" });
    }
    lines.extend(tenants.into_iter().map(|(tenant, release)| format!("{tenant} = \"{release}\"\n")));
    lines
}

/// The command that removes the slot and nothing else; none if more lines are needed.
pub fn remove_command(remove: &RemoveSlot) -> Option<String> {
    let RemoveSlot { project, environment, tenant, keep, also, .. } = remove;
    let whom = tenant.as_ref().map_or_else(String::new, |tenant| format!(" --tenant {tenant}"));
    (keep.is_empty() && also.is_empty()).then(|| format!("landfall promote {project} none --to {environment}{whom}"))
}

/// What the lines of a removal do.
pub fn removes(remove: &RemoveSlot) -> String {
    let list = |names: Vec<&str>| names.join(", ");
    let keep = list(remove.keep.keys().map(|name| name.as_str()).collect());
    let also = list(remove.also.iter().map(|name| name.as_str()).collect());
    let mut does = match also.is_empty() {
        true => format!("to remove it and nothing else, write in {}", remove.file),
        false => format!("to remove it, together with {also}, which no line can keep, write in {}", remove.file),
    };
    if !keep.is_empty() {
        does.push_str(&format!(", which pins {keep}"));
    }
    does
}

/// The ways out of a hold that are printed next to its reason; empty if its own words say them, or if the lines that
/// open its gate stand below.
pub fn beside(hold: &Hold, whom: &Whom<'_>) -> Option<String> {
    if says_itself(&hold.cause) {
        return None;
    }
    let ways = Remedy::of(hold, whom).into_iter().filter(|way| !matches!(way, Remedy::Wait(_) | Remedy::GoesOn));
    let ways: Vec<String> = ways
        .map(|way| match way {
            Remedy::Allow(Key { what: Gate::Adopt, .. }) => "let landfall take it over".to_owned(),
            Remedy::Allow(_) => "let it through".to_owned(),
            other => told(&other).does,
        })
        .collect();
    (!ways.is_empty()).then(|| ways.join(", or "))
}

/// Whether the sentence of a cause says what releases it, or is followed by the lines that do.
fn says_itself(cause: &Cause) -> bool {
    match cause {
        Cause::Broken { .. }
        | Cause::Manual { .. }
        | Cause::Phase { .. }
        | Cause::Soak { .. }
        | Cause::SoakQueue { .. }
        | Cause::PinHolds { .. }
        | Cause::Frozen { .. }
        | Cause::Wave { .. }
        | Cause::WaveStopped { .. }
        | Cause::WaveFull { .. }
        | Cause::LiveOrder { .. }
        | Cause::PinnedNone { .. }
        | Cause::CannotRender { .. }
        | Cause::Attempts { .. }
        | Cause::Repeats { .. }
        | Cause::Queued { .. }
        | Cause::Stopped { .. }
        | Cause::Output { .. }
        | Cause::Waits { .. }
        | Cause::StackState { .. }
        | Cause::Unadopted { .. }
        | Cause::PlaceUnseen { .. }
        | Cause::Guard { .. }
        | Cause::Protected { .. }
        | Cause::LosesData { .. } => true,
        Cause::NoRelease
        | Cause::NotConnected { .. }
        | Cause::NotInLifecycle { .. }
        | Cause::ChannelTenants { .. }
        | Cause::ChannelGone { .. }
        | Cause::ReleaseGone { .. }
        | Cause::Blocked { .. }
        | Cause::Edited { .. }
        | Cause::Unless(_)
        | Cause::PinnedMissing { .. }
        | Cause::Refused { .. }
        | Cause::Snapshot(_)
        | Cause::ForeignStack { .. } => false,
    }
}

/// A remedy as JSON: `code`, `does`, and if there are any `file`, `lines` and `command`.
pub fn json(remedy: &Remedy) -> Value {
    let Told { code, does, file, lines, command } = told(remedy);
    let mut value = Map::new();
    value.insert("code".into(), json!(code));
    value.insert("does".into(), json!(does));
    for (name, text) in [("file", file), ("lines", lines), ("command", command)] {
        value.extend(text.map(|text| (name.to_owned(), json!(text))));
    }
    Value::Object(value)
}
