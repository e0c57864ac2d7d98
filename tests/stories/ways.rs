//! Every way out that landfall prints, followed on the simulated account: the lines go into the file that they name, the
//! command is run, what is to be done by hand is done as its words say. Then the reason is gone, and nothing but what the way
//! out is about has changed.
//!
//! [`shown_by`] names every cause without a wildcard: a new one does not compile before somebody
//! says where it is followed.

use std::collections::BTreeSet;

use landfall::edit;
use landfall::model::catalog::Pin;
use landfall::model::decision::Cause;
use landfall::model::remedy::{Remedy, Whom};
use landfall::model::{Decision, Hold, TenantName};
use landfall::plan::SlotRow;
use landfall::view::{reasons, remedy};
use toml_edit::{DocumentMut, Item};

use super::script;
use super::situations::{BOTH, FAILS, OF_ACME, PROMOTED, RUNS, SOAKS, WAYS, Way};
use super::teller::Teller;

/// The files that tell of the causes and remedies that need more than one simulated account.
fn exists(test: &str) {
    let file = format!("tests/{test}.rs");
    assert!(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(&file).exists(), "{file}");
}

/// Where a remedy is followed, other than in [`WAYS`].
fn followed_by(remedy: &Remedy) -> Option<&'static str> {
    match remedy {
        Remedy::Allow(_)
        | Remedy::Remove(_)
        | Remedy::Pin(_)
        | Remedy::Unpin(_)
        | Remedy::LetWait(_)
        | Remedy::NewRelease(_)
        | Remedy::Refresh { .. }
        | Remedy::Restore { .. }
        | Remedy::Unblock { .. }
        | Remedy::OpenChannel { .. }
        | Remedy::RenameTarget { .. }
        | Remedy::Fix(_)
        | Remedy::DeleteStack { .. }
        | Remedy::Access(_)
        | Remedy::Wait(_)
        | Remedy::Connect { .. }
        | Remedy::Untenanted(_)
        | Remedy::AddToPhase { .. }
        | Remedy::FixThenRelease(_)
        | Remedy::FixRender
        | Remedy::GoesOn => None,
        Remedy::LowerProgress { .. } | Remedy::RestoreChannel { .. } => Some("promote/rules"),
        Remedy::Unshallow => Some("cli/clones"),
        Remedy::AdoptStore => Some("cli/stores"),
        Remedy::RepairStack { .. } => Some("plan/doctor"),
        Remedy::PutBack { .. } => Some("stories/mod"),
    }
}

/// Where the way out of a cause is followed.
enum Shown {
    /// In [`WAYS`].
    Here,
    /// In this file of tests.
    By(&'static str),
}

fn shown_by(cause: &Cause) -> Shown {
    use Shown::{By, Here};
    match cause {
        Cause::Broken { .. }
        | Cause::NoRelease
        | Cause::Manual { .. }
        | Cause::Unless(_)
        | Cause::Phase { .. }
        | Cause::Soak { .. }
        | Cause::PinHolds { .. }
        | Cause::ChannelTenants { .. }
        | Cause::Frozen { .. }
        | Cause::ReleaseGone { .. }
        | Cause::Blocked { .. }
        | Cause::Refused { .. }
        | Cause::PinnedNone { .. }
        | Cause::Snapshot(_)
        | Cause::Attempts { .. }
        | Cause::Stopped { .. }
        | Cause::ForeignStack { .. }
        | Cause::PlaceUnseen { .. }
        | Cause::NotConnected { .. }
        | Cause::NotInLifecycle { .. }
        | Cause::CannotRender { .. }
        | Cause::Protected { .. } => Here,
        Cause::LosesData { .. } => By("stories/mod"),
        Cause::StackState { .. } => By("plan/doctor"),
        Cause::Edited { .. } => By("stories/mod"),
        Cause::Guard { .. } => By("plan/guard"),
        Cause::Queued { .. } => By("plan/held"),
        Cause::LiveOrder { .. } | Cause::SoakQueue { .. } => By("plan/live"),
        Cause::Wave { .. } | Cause::WaveStopped { .. } | Cause::WaveFull { .. } => By("plan/waves"),
        Cause::Output { .. } => By("plan/outputs"),
        Cause::Waits { .. } => By("engine/waiting"),
        Cause::Unadopted { .. } => By("cli/stores"),
        Cause::Repeats { .. } => By("plan/brake"),
        Cause::ChannelGone { .. } | Cause::PinnedMissing { .. } => By("promote/rules"),
    }
}

#[test]
fn every_way_out_does_what_it_says_and_nothing_else() {
    let mut wrong = Vec::new();
    for (number, way) in WAYS.iter().enumerate() {
        let script = way
            .script
            .replace("RUNS", RUNS)
            .replace("PROMOTED ", PROMOTED)
            .replace("SOAKS ", SOAKS)
            .replace("FAILS_ACME ", &FAILS.replace("STACK", OF_ACME[0]))
            .replace("FAILS_TEST ", &FAILS.replace("STACK", "portal-web-test-test"))
            .replace("FAILS_DEVELOPMENT ", &FAILS.replace("STACK", BOTH[0]))
            .replace("\n ", "\n");
        let mut teller = Teller::new();
        script::parse(&script).iter().for_each(|line| teller.play(&line.command));
        let row = teller.row(way.slot);
        let Some((hold, remedy)) = find(&row, way) else {
            wrong.push(format!("{number} {}: the plan does not print {}:\n{}", way.cause, way.remedy, teller.plan()));
            continue;
        };
        let mark = teller.mutations().len();
        follow(&mut teller, &row, &remedy);
        let mark = if matches!(remedy, Remedy::DeleteStack { .. }) { teller.mutations().len() } else { mark };
        if let Some(Cause::Stopped { .. }) = hold.as_ref().map(|hold| &hold.cause) {
            teller.mend();
        }
        script::parse(way.then).iter().for_each(|line| teller.play(&line.command));
        let row = teller.row(way.slot);
        let still = match &hold {
            Some(hold) => holds(&row).iter().any(|(_, other)| other.cause == hold.cause),
            None => row.kept.is_some(),
        };
        if still {
            wrong.push(format!("{number} {}: {} does not release it:\n{}", way.cause, way.remedy, teller.plan()));
        }
        let changed: BTreeSet<String> = teller.mutations().into_iter().skip(mark).collect();
        let expected: BTreeSet<String> = way.changes.iter().map(ToString::to_string).collect();
        if changed != expected {
            wrong.push(format!("{number} {}: {} changed {changed:?}, not {expected:?}", way.cause, way.remedy));
        }
        assert!(followed_by(&remedy).is_none(), "{} is said to be followed elsewhere", way.remedy);
        if let Some(hold) = &hold {
            assert!(matches!(shown_by(&hold.cause), Shown::Here), "{} is said to be followed elsewhere", way.cause);
        }
        for (_, hold) in holds(&row) {
            match shown_by(&hold.cause) {
                Shown::By(test) => exists(test),
                Shown::Here => {}
            }
            let whom = Whom {
                project: &row.project,
                environment: &row.environment,
                tenant: row.tenant.as_ref(),
                release: None,
            };
            Remedy::of(&hold, &whom).iter().filter_map(followed_by).for_each(exists);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every reason of a slot, with the release that it is about.
fn holds(row: &SlotRow) -> Vec<(Option<landfall::model::ReleaseName>, Hold)> {
    let all = |release: Option<&landfall::model::ReleaseName>, holds: &[Hold]| -> Vec<_> {
        holds.iter().map(|hold| (release.cloned(), hold.clone())).collect()
    };
    match &row.decision {
        Decision::Held { wanted, reasons, .. } => all(wanted.as_ref(), reasons),
        Decision::Empty { next, reasons } => all(next.as_ref(), reasons),
        Decision::UpToDate { waiting, .. } => {
            waiting.iter().flat_map(|one| all(Some(&one.release), &one.reasons)).collect()
        }
        _ => Vec::new(),
    }
}

/// The reason and the way out that a row prints.
fn find(row: &SlotRow, way: &Way) -> Option<(Option<Hold>, Remedy)> {
    if way.cause == "kept" {
        return Some((None, Remedy::Remove((**row.kept.as_ref()?).clone())));
    }
    holds(row).into_iter().find_map(|(release, hold)| {
        if reasons::code(&hold.cause) != way.cause {
            return None;
        }
        let whom = Whom {
            project: &row.project,
            environment: &row.environment,
            tenant: row.tenant.as_ref(),
            release: release.as_ref(),
        };
        let remedy = Remedy::of(&hold, &whom).into_iter().find(|one| remedy::told(one).code == way.remedy)?;
        Some((Some(hold), remedy))
    })
}

/// Does what a way out says: its lines, its command, or what its words say.
fn follow(teller: &mut Teller, row: &SlotRow, remedy: &Remedy) {
    let told = remedy::told(remedy);
    if let (Some(file), Some(lines)) = (&told.file, &told.lines) {
        let text = teller.files.get(file).cloned().unwrap_or_default();
        teller.files.insert(file.clone(), write(&text, lines));
        teller.commit();
        return;
    }
    let project = row.project.as_str();
    match remedy {
        Remedy::Unpin(at) => edit_lines(teller, &at.file, |number, _| number != at.line),
        Remedy::LetWait(at) => edit_lines(teller, &at.file, |_, line| !line.starts_with("wait = ")),
        Remedy::Unblock { file } => edit_lines(teller, file, |_, line| !line.starts_with("blocked = ")),
        Remedy::Refresh { project, release } => {
            let file = format!("projects/{project}/releases/{release}.toml");
            let text = edit::snapshot(&teller.files[&file], &teller.head()).unwrap();
            teller.files.insert(file, text);
        }
        Remedy::NewRelease(_) => {
            let folder = format!("projects/{project}/releases/");
            let last = teller.files.keys().filter(|path| path.starts_with(&folder)).count();
            let text = format!("format = 1\n\n[images]\nweb = {{ tag = \"9.{last}.0\" }}\n");
            teller.files.insert(format!("{folder}9.{last}.0.toml"), text);
        }
        Remedy::Restore { file } | Remedy::Fix(landfall::model::Location { file, .. }) => {
            let before = teller.before(file);
            teller.files.insert(file.to_string(), before);
        }
        Remedy::RenameTarget { target } => {
            let file = format!("targets/{target}.toml");
            let text = teller.files[&file].clone();
            teller.files.insert(file, format!("id = \"renamed\"\n{text}"));
        }
        Remedy::OpenChannel { project, channel } => {
            let file = format!("projects/{project}/project.toml");
            let mut document: DocumentMut = teller.files[&file].parse().unwrap();
            let tenants = document["channels"][channel.as_str()]["tenants"].as_array_mut().unwrap();
            tenants.push("ring/early");
            teller.files.insert(file, document.to_string());
        }
        Remedy::Connect { tenant, project, environment } => {
            let text = teller.files.entry(format!("tenants/{tenant}.toml")).or_default();
            text.push_str(&format!("\n[projects.{project}]\nenvironments = [\"{environment}\"]\n"));
        }
        Remedy::Untenanted(project) => {
            let file = format!("projects/{project}/project.toml");
            let text = teller.files[&file].replace("tenancy = \"tenanted\"", "tenancy = \"both\"");
            teller.files.insert(file, text);
        }
        Remedy::AddToPhase { lifecycle, environment } => {
            let file = format!("lifecycles/{}.toml", lifecycle.as_ref().unwrap());
            let phase = format!("[[phase]]\nname = \"First\"\nautomatic = [\"{environment}\"]\n\n");
            let text = phase + &teller.files[&file];
            teller.files.insert(file, text);
        }
        // As its problem says: the tenant has no value.
        Remedy::FixRender => {
            let tenant = row.tenant.as_ref().unwrap();
            let text = teller.files.get_mut(&format!("tenants/{tenant}.toml")).unwrap();
            text.push_str("\n[[variable]]\nname = \"domain\"\nvalue = \"acme.example.com\"\n");
        }
        Remedy::FixThenRelease(project) => {
            let file = format!("projects/{project}/process.toml");
            let before = teller.before(&file);
            teller.files.insert(file, before);
            return follow(teller, row, &Remedy::NewRelease(project.clone()));
        }
        Remedy::DeleteStack { stack, place, .. } => return teller.delete(stack.as_str(), place),
        Remedy::Access(_) => return teller.mend(),
        Remedy::Wait(_) | Remedy::GoesOn => return,
        other => panic!("nobody follows {other:?}"),
    }
    teller.commit();
}

/// Writes lines of TOML into a file as a person does: each key into its table, `[[allow]]` at the end.
fn write(text: &str, lines: &str) -> String {
    if lines.starts_with("[[allow]]") {
        return format!("{text}\n{}", lines.replace('…', "it was looked at"));
    }
    let document: DocumentMut = lines.parse().unwrap();
    let pin = |text: &Item| match text.as_str().unwrap() {
        "none" => Pin::None,
        release => Pin::Release(release.parse().unwrap()),
    };
    let mut text = text.to_owned();
    for (key, item) in document.iter() {
        match item.as_table() {
            Some(tenants) => {
                for (tenant, release) in tenants {
                    let tenant: TenantName = tenant.parse().unwrap();
                    text = edit::pin(&text, Some(&tenant), &pin(release)).unwrap();
                }
            }
            None => {
                assert_eq!(key, "release");
                text = edit::pin(&text, None, &pin(item)).unwrap();
            }
        }
    }
    text
}

fn edit_lines(teller: &mut Teller, file: &str, keep: impl Fn(u32, &str) -> bool) {
    let text = teller.files[file].clone();
    let kept = text.lines().enumerate().filter(|(index, line)| keep(u32::try_from(index + 1).unwrap(), line));
    let kept: String = kept.map(|(_, line)| format!("{line}\n")).collect();
    teller.files.insert(file.to_owned(), kept);
}
