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
use super::teller::Teller;

/// A situation, the reason in it, and the way out that is followed.
struct Way {
    cause: &'static str,
    remedy: &'static str,
    /// Project, environment and tenant.
    slot: (&'static str, &'static str, Option<&'static str>),
    /// What leads to it.
    script: &'static str,
    /// What follows after the way out has been taken: by default everything settles.
    then: &'static str,
    /// The stacks that AWS was asked to change since.
    changes: &'static [&'static str],
}

const DEVELOPMENT: (&str, &str, Option<&str>) = ("storefront", "development", None);
const PRODUCTION: (&str, &str, Option<&str>) = ("storefront", "production", None);
const ACME: (&str, &str, Option<&str>) = ("portal", "production", Some("acme"));
/// The stacks of development and test: what gets through in the one comes to the other by itself.
const BOTH: &[&str] = &["storefront-web-development-shared", "storefront-web-test-shared"];
const OF_PRODUCTION: &[&str] = &["storefront-web-production-production-eu"];
const OF_ACME: &[&str] = &["portal-web-production-production-acme"];

const RUNS: &str = "repository storefront\ncommit Deploy\nsettle\n";
const PROMOTED: &str = "repository storefront\nwrite projects/storefront/deploy/production.toml <<END\nrelease = \"1.0.0\"\nEND\n\
                        commit Deploy\nsettle\n";
const SOAKS: &str = "repository storefront\nreplace lifecycles/standard.toml | automatic = [\"test\"] | automatic = [\"test\"]\\nsoak = \"30m\"\n";

const WAYS: &[Way] = &[
    Way {
        cause: "kept",
        remedy: "remove",
        slot: ACME,
        script: "repository fleet\ncommit Deploy\nsettle\nwrite tenants/acme.toml <<END\ntags = [\"ring/early\"]\nEND\ncommit Disconnect\nsettle\n",
        then: "settle\n",
        changes: OF_ACME,
    },
    Way {
        cause: "kept",
        remedy: "remove",
        slot: PRODUCTION,
        script: "repository storefront\nreplace environments/production.toml | protected = true | protected = false\n\
                 write projects/storefront/deploy/production.toml <<END\nrelease = \"1.0.0\"\nEND\ncommit Deploy\nsettle\n\
                 delete projects/storefront/deploy/production.toml\ncommit Revert the promotion\nsettle\n",
        then: "settle\n",
        changes: OF_PRODUCTION,
    },
    Way {
        cause: "protected",
        remedy: "allow",
        slot: PRODUCTION,
        script: "PROMOTED write projects/storefront/deploy/production.toml <<END\nrelease = \"none\"\nEND\ncommit Remove\nsettle\n",
        then: "settle\n",
        changes: OF_PRODUCTION,
    },
    Way {
        cause: "pinned-none",
        remedy: "unpin",
        slot: PRODUCTION,
        script: "repository storefront\nwrite projects/storefront/deploy/production.toml <<END\nrelease = \"none\"\nEND\ncommit Deploy\nsettle\n",
        then: "settle\n",
        changes: &[],
    },
    Way {
        cause: "attempts",
        remedy: "allow",
        slot: DEVELOPMENT,
        script: "RUNS release storefront 1.1.0\nfault {\"fault\": \"image-crashes\", \"image\": \"storefront:1.1.0\", \"exit_code\": 1}\n\
                 commit Release\nsettle\nmend\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "attempts",
        remedy: "new-release",
        slot: DEVELOPMENT,
        script: "RUNS release storefront 1.1.0\nfault {\"fault\": \"image-crashes\", \"image\": \"storefront:1.1.0\", \"exit_code\": 1}\n\
                 commit Release\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "stopped",
        remedy: "allow",
        slot: DEVELOPMENT,
        script: "RUNS fault {\"fault\": \"resource-fails\", \"stack\": \"storefront-web-development-shared\", \"resource\": \"AWS::ECS::Service\", \"during\": \"update\", \"reason\": \"not stable\"}\n\
                 fault {\"fault\": \"resource-fails\", \"stack\": \"storefront-web-development-shared\", \"resource\": \"AWS::ECS::Service\", \"during\": \"rollback\", \"reason\": \"gone\"}\n\
                 release storefront 1.1.0\ncommit Release\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "foreign-stack",
        remedy: "allow",
        slot: DEVELOPMENT,
        script: "repository storefront\nforeign stack storefront-web-development-shared in 111111111111/eu-west-1\ncommit Deploy\nsettle\n",
        then: "settle\n",
        // Nothing of somebody else's goes without being asked for: it stops at the gate for what would be removed.
        changes: &["storefront-web-development-shared"],
    },
    Way {
        cause: "foreign-stack",
        remedy: "delete-stack",
        slot: DEVELOPMENT,
        script: "repository storefront\nforeign stack storefront-web-development-shared in 111111111111/eu-west-1\ncommit Deploy\nsettle\n",
        then: "wait 10m\nsettle\n",
        changes: BOTH,
    },
    Way {
        cause: "foreign-stack",
        remedy: "rename-target",
        slot: DEVELOPMENT,
        script: "repository storefront\nforeign stack storefront-web-development-shared in 111111111111/eu-west-1\ncommit Deploy\nsettle\n",
        then: "settle\n",
        changes: &["storefront-web-development-renamed", "storefront-web-test-renamed"],
    },
    Way {
        cause: "foreign-stack",
        remedy: "delete-stack",
        slot: DEVELOPMENT,
        script: "repository storefront\nreview stack storefront-web-development-shared in 111111111111/eu-west-1\ncommit Deploy\nsettle\n",
        then: "wait 10m\nsettle\n",
        changes: BOTH,
    },
    Way { cause: "manual", remedy: "pin", slot: PRODUCTION, script: "RUNS", then: "settle\n", changes: OF_PRODUCTION },
    Way {
        cause: "no-release",
        remedy: "new-release",
        slot: DEVELOPMENT,
        script: "repository storefront\ndelete projects/storefront/releases/1.0.0.toml\ncommit Begin\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "blocked",
        remedy: "unblock",
        slot: DEVELOPMENT,
        script: "RUNS write projects/storefront/releases/1.1.0.toml <<END\nformat = 1\nblocked = \"not yet\"\n\n[images]\nweb = { tag = \"1.1.0\" }\nEND\ncommit Release\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "release-gone",
        remedy: "restore",
        slot: DEVELOPMENT,
        script: "RUNS delete projects/storefront/releases/1.0.0.toml\ncommit Delete\nsettle\n",
        then: "settle\n",
        changes: &[],
    },
    Way {
        cause: "refused",
        remedy: "let-wait",
        slot: PRODUCTION,
        script: "SOAKS write projects/storefront/deploy/production.toml <<END\nrelease = \"1.0.0\"\nwait = false\nEND\ncommit Deploy\nsettle\n",
        then: "wait 40m\nsettle\n",
        changes: OF_PRODUCTION,
    },
    Way {
        cause: "soak",
        remedy: "wait",
        slot: PRODUCTION,
        script: "SOAKS write projects/storefront/deploy/production.toml <<END\nrelease = \"1.0.0\"\nEND\ncommit Deploy\nsettle\n",
        then: "wait 40m\nsettle\n",
        changes: OF_PRODUCTION,
    },
    Way {
        cause: "phase",
        remedy: "goes-on",
        slot: PRODUCTION,
        script: "repository storefront\nwrite projects/storefront/deploy/production.toml <<END\nrelease = \"1.0.0\"\nEND\ncommit Deploy\nturn\n",
        then: "settle\n",
        changes: &[
            "storefront-web-development-shared",
            "storefront-web-production-production-eu",
            "storefront-web-test-shared",
        ],
    },
    Way {
        cause: "pin-holds",
        remedy: "unpin",
        slot: DEVELOPMENT,
        script: "repository storefront\nwrite projects/storefront/deploy/development.toml <<END\nrelease = \"1.0.0\"\nEND\nrelease storefront 1.1.0\ncommit Deploy\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "frozen",
        remedy: "allow",
        slot: DEVELOPMENT,
        script: "RUNS write freezes/fair.toml <<END\nreason = \"fair\"\ntime_zone = \"UTC\"\nenvironments = [\"development\"]\n\n[[window]]\nfrom = 2026-11-23T00:00:00\nuntil = 2026-11-24T00:00:00\nEND\n\
                 release storefront 1.1.0\ncommit Release\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "frozen",
        remedy: "wait",
        slot: DEVELOPMENT,
        script: "RUNS write freezes/fair.toml <<END\nreason = \"fair\"\ntime_zone = \"UTC\"\nenvironments = [\"development\"]\n\n[[window]]\nfrom = 2026-11-23T00:00:00\nuntil = 2026-11-23T09:00:00\nEND\n\
                 release storefront 1.1.0\ncommit Release\nsettle\n",
        then: "wait 70m\nsettle\n",
        changes: BOTH,
    },
    Way {
        cause: "channel-tenants",
        remedy: "open-channel",
        slot: ACME,
        script: "repository fleet\nwrite projects/portal/project.toml <<END\nlifecycle = \"standard\"\ntenancy = \"both\"\n\n[channels.default]\n\n[channels.general]\ntenants = [\"ring/general\"]\nEND\n\
                 commit Deploy\nsettle\nwrite projects/portal/releases/2.0.0.toml <<END\nformat = 1\nchannel = \"general\"\n\n[images]\nweb = { tag = \"2.0.0\" }\nEND\n\
                 write projects/portal/deploy/production.toml <<END\n[tenants]\nacme = \"2.0.0\"\nEND\ncommit Pin\nsettle\n",
        then: "settle\n",
        // The phase before it is not passed yet, which is another reason.
        changes: &[],
    },
    Way {
        cause: "broken",
        remedy: "fix",
        slot: DEVELOPMENT,
        script: "RUNS write environments/development.toml <<END\norder = \nEND\nrelease storefront 1.1.0\ncommit Break\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "place-unseen",
        remedy: "access",
        slot: DEVELOPMENT,
        script: "RUNS fault {\"fault\": \"call\", \"operation\": \"DescribeStacks\", \"account\": \"111111111111\", \"effect\": \"deny\", \"times\": 1000}\nrelease storefront 1.1.0\ncommit Release\nturns 3\n",
        then: "wait 10m\nsettle\n",
        changes: BOTH,
    },
    Way {
        cause: "snapshot-differs",
        remedy: "new-release",
        slot: DEVELOPMENT,
        script: "RUNS write projects/storefront/releases/1.1.0.toml <<END\nformat = 1\ninputs = \"b3:0000000000000000000000000000000000000000000000000000000000000000\"\n\n[images]\nweb = { tag = \"1.1.0\" }\nEND\ncommit Release\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
    Way {
        cause: "snapshot-differs",
        remedy: "refresh",
        slot: DEVELOPMENT,
        script: "RUNS write projects/storefront/releases/1.1.0.toml <<END\nformat = 1\ninputs = \"b3:0000000000000000000000000000000000000000000000000000000000000000\"\n\n[images]\nweb = { tag = \"1.1.0\" }\nEND\ncommit Release\nsettle\n",
        then: "settle\n",
        changes: BOTH,
    },
];

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
        | Remedy::GoesOn => None,
        Remedy::Connect { .. }
        | Remedy::Untenanted(_)
        | Remedy::AddToPhase { .. }
        | Remedy::LowerProgress { .. }
        | Remedy::RestoreChannel { .. } => Some("promote/rules"),
        Remedy::FixThenRelease(_) | Remedy::FixRender => Some("plan/held"),
        Remedy::Unshallow => Some("git/history"),
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
        | Cause::Protected { .. } => Here,
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
        Cause::NotConnected { .. }
        | Cause::NotInLifecycle { .. }
        | Cause::ChannelGone { .. }
        | Cause::PinnedMissing { .. }
        | Cause::CannotRender { .. } => By("promote/rules"),
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
