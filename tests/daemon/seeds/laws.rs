//! What holds after every step, whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use landfall::daemon::Published;
use landfall::model::journal::{Action, DeploymentId, Entry, Evidence, Opened, Outcome, Record};
use landfall::model::{Decision, ReleaseName, Slot, StackName, Version};
use landfall::sim::{Accepted, Effect};

use crate::support::branch::{Branch, Files};

/// The laws, as they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Law {
    /// Every slot is current, on its way, or says why not.
    Accounted,
    /// What is said to run is what the account runs.
    True,
    /// No mutation is accepted twice.
    NothingTwice,
    /// No mutation is made that the journal did not announce before.
    Intended,
    /// No release goes back without a commit that says so.
    NeverBack,
    /// Nothing is called proved without the evidence being kept.
    Proved,
    /// Whoever lost the lease writes nothing any more.
    Fenced,
    /// A slot has one deployment at a time, and each comes to one end.
    OneEnd,
    /// When nothing goes wrong any more, everything comes to rest.
    Settles,
}

/// Reads the journal record by record.
#[derive(Default)]
pub(super) struct Watch {
    seen: u64,
    accepted: usize,
    intents: BTreeSet<String>,
    effective: BTreeSet<String>,
    open: BTreeMap<DeploymentId, Opened>,
    runs: BTreeMap<Slot, ReleaseName>,
    evidence: BTreeSet<(DeploymentId, StackName)>,
    unchanged: BTreeSet<(DeploymentId, StackName)>,
    pub(super) checked: BTreeMap<Law, u64>,
    pub(super) outcomes: BTreeMap<String, u64>,
}

pub(super) type Verdict = Result<(), (Law, String)>;

impl Watch {
    fn check(&mut self, law: Law, holds: bool, said: impl FnOnce() -> String) -> Verdict {
        *self.checked.entry(law).or_insert(0) += 1;
        if holds { Ok(()) } else { Err((law, said())) }
    }

    /// The records that are new.
    pub(super) fn journal(&mut self, records: &[Record], branch: &Branch) -> Verdict {
        for record in records {
            if record.seq <= self.seen {
                continue;
            }
            self.check(Law::OneEnd, record.seq == self.seen + 1, || format!("a gap before record {}", record.seq))?;
            self.seen = record.seq;
            self.entry(&record.entry, branch)?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry, branch: &Branch) -> Verdict {
        match entry {
            Entry::Opened(opened) => self.opened(opened, branch),
            Entry::Intent { token, .. } => {
                self.intents.insert(token.to_string());
                Ok(())
            }
            Entry::Evidence { deployment, stack, item: Evidence::ServiceDeployment { status, .. } } => {
                if status == "SUCCESSFUL" {
                    self.evidence.insert((*deployment, stack.clone()));
                }
                Ok(())
            }
            Entry::StackEnded { deployment, stack, outcome } => {
                let key = (*deployment, stack.clone());
                if *outcome == Outcome::Proved {
                    let kept = self.evidence.contains(&key);
                    self.check(Law::Proved, kept, || format!("{stack} was proved without evidence"))?;
                }
                if *outcome == Outcome::Unchanged {
                    self.unchanged.insert(key);
                }
                Ok(())
            }
            Entry::Ended { deployment, outcome } => self.ended(*deployment, outcome),
            _ => Ok(()),
        }
    }

    fn opened(&mut self, opened: &Opened, branch: &Branch) -> Verdict {
        let twice = self.open.values().any(|other| other.slot == opened.slot || other.deployment == opened.deployment);
        self.check(Law::OneEnd, !twice, || format!("{} was begun while another was open", opened.deployment))?;
        let files = branch.files(&opened.commit);
        let runs = self.runs.get(&opened.slot).cloned();
        let fine = match (&files, &runs) {
            (Some(files), Some(runs)) if !opened.removal => may_follow(files, &opened.slot, runs, &opened.release),
            (Some(files), _) if opened.removal => pin(files, &opened.slot).as_deref() == Some("none"),
            (files, _) => files.is_some(),
        };
        self.check(Law::NeverBack, fine, || {
            format!("{}: {runs:?} was followed by {} ({})", opened.slot, opened.release, opened.commit)
        })?;
        self.open.insert(opened.deployment, opened.clone());
        Ok(())
    }

    fn ended(&mut self, deployment: DeploymentId, outcome: &Outcome) -> Verdict {
        let opened = self.open.remove(&deployment);
        self.check(Law::OneEnd, opened.is_some(), || format!("{deployment} ended twice, or was never begun"))?;
        let word = match outcome {
            Outcome::Failed(cause) => format!("failed: {}", cause.code),
            Outcome::Superseded { .. } => "superseded".to_owned(),
            other => format!("{other:?}").to_lowercase(),
        };
        *self.outcomes.entry(word).or_insert(0) += 1;
        if let Some(opened) = opened {
            match outcome {
                Outcome::Removed if opened.removal => {
                    self.runs.remove(&opened.slot);
                }
                outcome
                    if outcome.succeeded()
                        && opened.orders.iter().all(|order| !matches!(order.action, Action::Delete { .. })) =>
                {
                    self.runs.insert(opened.slot, opened.release);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The mutations that are new.
    pub(super) fn ledger(&mut self, ledger: &[Accepted]) -> Verdict {
        for accepted in &ledger[self.accepted..] {
            self.accepted += 1;
            let Some(token) = &accepted.token else { continue };
            let known = self.intents.contains(token);
            self.check(Law::Intended, known, || format!("the journal does not know {accepted:?}"))?;
            if accepted.effect == Effect::Effective {
                let first = self.effective.insert(format!("{} {token}", accepted.operation));
                self.check(Law::NothingTwice, first, || format!("twice: {accepted:?}"))?;
                let what = format!("{} {} {}", accepted.place, accepted.operation, accepted.subject);
                let first = !accepted.operation.ends_with("ChangeSet") || self.effective.insert(what.clone());
                self.check(Law::NothingTwice, first, || format!("twice: {what}"))?;
            }
        }
        Ok(())
    }

    /// What the daemon says of every slot.
    pub(super) fn report(&mut self, published: &Published) -> Verdict {
        let projects: BTreeSet<_> = published.catalog.projects.keys().collect();
        for project in projects {
            let any = published.planned.report.slots.iter().any(|row| row.project == *project);
            self.check(Law::Accounted, any, || format!("the report has nothing of {project}"))?;
        }
        for row in &published.planned.report.slots {
            let told = match &row.decision {
                Decision::Held { reasons, .. } => !reasons.is_empty(),
                Decision::Empty { next, reasons } => next.is_none() || !reasons.is_empty(),
                Decision::UpToDate { waiting, .. } => waiting.iter().all(|waiting| !waiting.reasons.is_empty()),
                Decision::Deploying { deployment, .. } => {
                    published.facts.in_flight.iter().any(|flight| flight.deployment == *deployment) || self.seen > 0
                }
                Decision::Deploy { .. } | Decision::Remove { .. } => true,
            };
            self.check(Law::Accounted, told, || format!("{}: {:?} without a reason", row.slot, row.decision))?;
        }
        Ok(())
    }

    /// What the account runs for slots that are said to be current.
    pub(super) fn truth(&mut self, published: &Published, stamps: &BTreeMap<StackName, (String, bool)>) -> Verdict {
        for row in &published.planned.report.slots {
            let Decision::UpToDate { release, .. } = &row.decision else { continue };
            for stack in &row.stacks {
                let there = stamps.get(&stack.stack);
                let right = there.is_some_and(|(image, complete)| *complete && image.ends_with(&format!("-{release}")));
                self.check(Law::True, right, || format!("{} should run {release} and is {there:?}", stack.stack))?;
            }
        }
        Ok(())
    }
}

fn pin(files: &Files, slot: &Slot) -> Option<String> {
    let text = files.get(&format!("projects/{}/deploy/{}.toml", slot.project, slot.environment))?;
    let table: toml::Table = text.parse().ok()?;
    let own = slot.tenant.as_ref().and_then(|tenant| table.get("tenants")?.get(tenant.as_str()));
    own.or_else(|| table.get("release"))?.as_str().map(str::to_owned)
}

/// Whether a release may follow another one by the files of the commit that ordered it.
fn may_follow(files: &Files, slot: &Slot, runs: &ReleaseName, next: &ReleaseName) -> bool {
    let up = Version::parse(next.as_str()) >= Version::parse(runs.as_str());
    let gone = !files.contains_key(&format!("projects/{}/releases/{runs}.toml", slot.project));
    up || gone || pin(files, slot).as_deref() == Some(next.as_str())
}
