//! What holds after every step, whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use landfall::daemon::Published;
use landfall::model::journal::{Action, Call, DeploymentId, Entry, Evidence, Opened, Outcome, Record};
use landfall::model::{Decision, Hash, Place, ReleaseName, Slot, StackName, Version};
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
    /// A token is for one thing.
    OneToken,
    /// A task runs once with a content.
    OnceOnly,
    /// A stack of somebody else is left alone.
    Foreign,
    /// A service at its pause hook goes on only when somebody says so.
    Asked,
    /// What releases a slot that is held releases it.
    WayOut,
    /// What others changed in a stack is told.
    Told,
}

/// Reads the journal record by record.
#[derive(Default)]
pub(super) struct Watch {
    seen: u64,
    accepted: usize,
    intents: BTreeSet<String>,
    effective: BTreeSet<String>,
    /// Which mutations a daemon made that had lost its lease: its calls were on their way, and came late.
    late: BTreeSet<usize>,
    /// Change sets that were deleted.
    discarded: BTreeSet<(Place, String)>,
    /// Change sets that were made, and whose stack was not deleted since.
    made: Vec<Accepted>,
    open: BTreeMap<DeploymentId, Opened>,
    runs: BTreeMap<Slot, ReleaseName>,
    evidence: BTreeSet<(DeploymentId, StackName)>,
    unchanged: BTreeSet<(DeploymentId, StackName)>,
    tokens: BTreeMap<String, (DeploymentId, StackName, Call)>,
    /// What each deployment gives to its stacks.
    contents: BTreeMap<(DeploymentId, StackName), Hash>,
    /// What the journal says of tasks.
    told: Vec<String>,
    /// The tasks that ran, in order: place, stack and content.
    ran: Vec<(Place, StackName, Option<Hash>)>,
    /// Stacks that were changed since their last task began. AWS may show what they were before.
    changed: BTreeSet<String>,
    /// By stack, the deployment that ran its last task, and the one that changed it last, as their tokens begin.
    last_run: BTreeMap<String, String>,
    last_change: BTreeMap<String, String>,
    /// Stacks that were deleted, and not made anew yet, with the token of the deletion.
    deleted: BTreeMap<(Place, String), Option<String>>,
    /// Tasks that no journal names any more, and that are known because their stack still carries their content.
    carried: BTreeSet<(StackName, Hash)>,
    /// A store was copied, and both are used: the tasks that both know to have run.
    both: Option<Vec<(Place, StackName, Option<Hash>)>>,
    /// What tasks were asked for, by their tokens: the stack and the content.
    tasks: BTreeMap<String, (StackName, Option<Hash>)>,
    /// Stacks that failed or lost their task, with the content: the next order may run that task once more.
    failed: BTreeSet<(StackName, Option<Hash>)>,
    /// Services that wait on their way forward, and are not yet let go on.
    paused: BTreeSet<(DeploymentId, StackName)>,
    /// Names of stacks that somebody else has made.
    pub(super) foreign: BTreeSet<String>,
    pub(super) checked: BTreeMap<Law, u64>,
    pub(super) outcomes: BTreeMap<String, u64>,
}

pub(super) type Verdict = Result<(), (Law, String)>;

impl Watch {
    fn check(&mut self, law: Law, holds: bool, said: impl FnOnce() -> String) -> Verdict {
        *self.checked.entry(law).or_insert(0) += 1;
        if holds { Ok(()) } else { Err((law, said())) }
    }

    /// Another store, whose journal has these records already.
    pub(super) fn restart(&mut self, records: &[Record], carried: &BTreeSet<(StackName, Hash)>) {
        self.seen = records.last().map_or(0, |record| record.seq);
        self.both = None;
        // A restored store cannot know what ran in a stack that was deleted since its backup.
        let is_of = |slot: &Slot, stack: &str| {
            let (project, environment) = (format!("{}-", slot.project), format!("-{}-", slot.environment));
            stack.starts_with(&project) && stack.contains(&environment)
        };
        self.runs.retain(|slot, _| !self.deleted.keys().any(|(_, stack)| is_of(slot, stack)));
        self.open.clear();
        self.paused.clear();
        // What is lost takes along which tasks ran, except for a stack's last one, if the stack still carries its content.
        let last: BTreeMap<&StackName, Option<Hash>> =
            self.ran.iter().map(|(_, stack, content)| (stack, *content)).collect();
        // A task of another deployment than the one that changed the stack is not known either: see docs/operating.md.
        let is_last = |(stack, content): &&(StackName, Hash)| {
            last.get(stack) == Some(&Some(*content))
                && !self.changed.contains(stack.as_str())
                && self.last_run.get(stack.as_str()) == self.last_change.get(stack.as_str())
        };
        self.carried = carried.iter().filter(is_last).cloned().collect();
        let mut known = self.carried.clone();
        let mut given = BTreeMap::new();
        for record in records {
            match &record.entry {
                Entry::Opened(opened) => given.extend(contents(opened)),
                Entry::Intent { deployment, stack, call: Call::RunTask, .. } => {
                    if let Some(content) = given.get(&(*deployment, stack.clone())) {
                        self.carried.remove(&(stack.clone(), *content));
                        known.insert((stack.clone(), *content));
                    }
                }
                _ => {}
            }
        }
        self.ran.retain(|(_, stack, content)| content.is_some_and(|content| known.contains(&(stack.clone(), content))));
        for record in records {
            match &record.entry {
                Entry::Evidence { deployment, stack, item: Evidence::Paused { back: false, .. } } => {
                    self.paused.insert((*deployment, stack.clone()));
                }
                Entry::Evidence { deployment, stack, item: Evidence::Paused { back: true, .. } }
                | Entry::GateOpened { deployment, stack, .. } => {
                    self.paused.remove(&(*deployment, stack.clone()));
                }
                Entry::Opened(opened) => {
                    self.contents.extend(contents(opened));
                    self.open.insert(opened.deployment, opened.clone());
                }
                Entry::Ended { deployment, .. } => {
                    self.open.remove(deployment);
                }
                _ => {}
            }
        }
    }

    /// The store is copied, and both are used. What one of them runs from now on the other does not know.
    pub(super) fn copied(&mut self) {
        self.both = Some(self.ran.clone());
    }

    /// The journal of a second daemon: what it means to do is meant to be done.
    pub(super) fn other(&mut self, records: &[Record]) {
        let mut known = BTreeMap::new();
        for record in records {
            match &record.entry {
                Entry::Opened(opened) => known.extend(contents(opened)),
                Entry::Evidence { deployment, stack, item: Evidence::TaskLost { .. } }
                | Entry::StackEnded { deployment, stack, outcome: Outcome::Failed(_) } => {
                    let content = known.get(&(*deployment, stack.clone())).copied();
                    self.failed.insert((stack.clone(), content));
                }
                Entry::Intent { deployment, stack, call, token } => {
                    self.intents.insert(token.to_string());
                    if *call == Call::RunTask {
                        let content = known.get(&(*deployment, stack.clone())).copied();
                        self.tasks.entry(token.to_string()).or_insert_with(|| (stack.clone(), content));
                    }
                }
                _ => {}
            }
        }
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
            Entry::Intent { call: Call::RunTask, .. }
            | Entry::Reply { call: Call::RunTask, .. }
            | Entry::Evidence {
                item: Evidence::TaskStarted { .. } | Evidence::TaskEnded { .. } | Evidence::TaskNotRun { .. },
                ..
            } => self.told.push(format!("{entry:?}")),
            Entry::StackEnded { stack, .. } if stack.as_str().contains("migrate") => {
                self.told.push(format!("{entry:?}"))
            }
            _ => {}
        }
        match entry {
            Entry::Opened(opened) => self.opened(opened, branch),
            Entry::Intent { deployment, stack, call, token } => {
                self.intents.insert(token.to_string());
                if *call == Call::RunTask {
                    let task = self.content(*deployment, stack);
                    self.tasks.entry(token.to_string()).or_insert(task);
                }
                let what = (*deployment, stack.clone(), *call);
                let known = self.tokens.entry(token.to_string()).or_insert_with(|| what.clone()).clone();
                // A task that goes on is passed to the deployment that takes the place of its own, with its token.
                let task = self.content(*deployment, stack);
                let passed = *call == Call::RunTask && self.tasks.get(&**token) == Some(&task);
                let same = known == what || passed;
                self.check(Law::OneToken, same, || format!("{token} is for {known:?} and {what:?}"))?;
                let asked = !(token.contains("-goon") && self.paused.contains(&(*deployment, stack.clone())));
                self.check(Law::Asked, asked, || format!("nobody let {stack} go on ({token})"))
            }
            Entry::Evidence { deployment, stack, item: Evidence::Paused { back: false, .. } } => {
                self.paused.insert((*deployment, stack.clone()));
                Ok(())
            }
            Entry::Evidence { deployment, stack, item: Evidence::Paused { back: true, .. } }
            | Entry::GateOpened { deployment, stack, .. } => {
                self.paused.remove(&(*deployment, stack.clone()));
                Ok(())
            }
            // A gate waits for somebody then; a newer commit passes it, and what it orders may run the task once more.
            Entry::Evidence { deployment, stack, item: Evidence::TaskLost { .. } } => {
                self.failed.insert(self.content(*deployment, stack));
                Ok(())
            }
            Entry::Evidence { deployment, stack, item: Evidence::TaskEnded { .. } } => {
                self.evidence.insert((*deployment, stack.clone()));
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
                if matches!(outcome, Outcome::Failed(_)) {
                    self.failed.insert(self.content(*deployment, stack));
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
        self.contents.extend(contents(opened));
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
            self.stacks(accepted);
            let Some(token) = &accepted.token else { continue };
            let known = self.intents.contains(token);
            self.check(Law::Intended, known, || format!("the journal does not know {accepted:?}"))?;
            let ours = !self.foreign.contains(&accepted.subject);
            self.check(Law::Foreign, ours, || format!("somebody else's: {accepted:?}"))?;
            if accepted.operation == "RunTask" && accepted.effect == Effect::Effective {
                self.task(accepted, token)?;
            }
            if accepted.effect == Effect::Effective {
                if accepted.operation == "CreateChangeSet" {
                    self.made.push(accepted.clone());
                }
                for what in once(accepted).into_iter().chain([format!("{} {token}", accepted.operation)]) {
                    let first = self.effective.insert(what.clone());
                    self.check(Law::NothingTwice, first, || format!("twice: {what}: {accepted:?}"))?;
                }
            }
        }
        Ok(())
    }

    /// What becomes of stacks and their change sets.
    fn stacks(&mut self, accepted: &Accepted) {
        let stack = accepted.subject.split('/').next().unwrap_or_default();
        let effective = accepted.effect == Effect::Effective;
        let same = |subject: &str| subject.split('/').next() == Some(stack);
        match &*accepted.operation {
            "DeleteStack" if effective => {
                // A restored store may make a change set of this name once more, for the stack that is made anew.
                let gone = self.made.iter().filter(|made| made.place == accepted.place && same(&made.subject));
                let executed = |made: &Accepted| Accepted { operation: "ExecuteChangeSet".to_owned(), ..made.clone() };
                for what in gone.filter_map(|made| once(&executed(made))) {
                    self.effective.remove(&what);
                }
                self.forget_change_sets(accepted, same);
                self.deleted.insert((accepted.place.clone(), stack.to_owned()), accepted.token.clone());
            }
            "CreateChangeSet" if effective => self.may_come_again(accepted, stack),
            "DeleteChangeSet" if effective => {
                self.discarded.insert((accepted.place.clone(), accepted.subject.clone()));
                // What one of two daemons executes or deletes takes change sets of the other along, which that one makes again.
                if self.both.is_some() {
                    self.forget_change_sets(accepted, same);
                }
            }
            "ExecuteChangeSet" if effective => {
                self.changed.insert(stack.to_owned());
                self.last_change.extend(accepted.token.as_ref().map(|token| (stack.to_owned(), deployment_of(token))));
                if self.both.is_some() {
                    self.forget_change_sets(accepted, same);
                    // The one changes the stack before the other has seen what it carried.
                    let carried = &self.carried;
                    let known = |content: &Option<Hash>, name: &StackName| {
                        content.is_some_and(|content| carried.contains(&(name.clone(), content)))
                    };
                    let stays = |ran: &(Place, StackName, Option<Hash>)| {
                        ran.0 != accepted.place || ran.1.as_str() != stack || !known(&ran.2, &ran.1)
                    };
                    self.both.iter_mut().for_each(|both| both.retain(stays));
                }
                // A stack that is made anew is another one, and its task runs for it.
                if self.deleted.remove(&(accepted.place.clone(), stack.to_owned())).is_some() {
                    let stays =
                        |ran: &(Place, StackName, Option<Hash>)| ran.0 != accepted.place || ran.1.as_str() != stack;
                    self.ran.retain(stays);
                    self.both.iter_mut().for_each(|both| both.retain(stays));
                }
            }
            _ => {}
        }
    }

    /// What a new change set lets happen once more.
    fn may_come_again(&mut self, accepted: &Accepted, stack: &str) {
        let Accepted { place, subject, token, .. } = accepted;
        // Of two daemons on copies of a store the one deletes the empty stack that the other one made after it.
        if self.both.is_some()
            && let Some(Some(token)) = self.deleted.get(&(place.clone(), stack.to_owned()))
        {
            self.effective.remove(&format!("DeleteStack {token}"));
        }
        // A call that comes late makes the change set that was discarded meanwhile.
        let discarded = self.discarded.contains(&(place.clone(), subject.clone()));
        if self.late.contains(&(self.accepted - 1)) && discarded {
            let token = token.iter().map(|token| format!("CreateChangeSet {token}"));
            for what in once(accepted).into_iter().chain(token) {
                self.effective.remove(&what);
            }
        }
    }

    /// Mutations of a daemon that had lost its lease.
    pub(super) fn late(&mut self, mutations: std::ops::Range<usize>) {
        self.late.extend(mutations);
    }

    /// A task runs. What failed may be run once more: by another attempt, or by an allowance.
    fn task(&mut self, accepted: &Accepted, token: &str) -> Verdict {
        let Some(task) = self.tasks.get(token).cloned() else { return Ok(()) };
        let now = (accepted.place.clone(), task.0.clone(), task.1);
        let first = !self.both.as_ref().unwrap_or(&self.ran).contains(&now);
        self.ran.push(now);
        self.last_run.insert(task.0.as_str().to_owned(), deployment_of(token));
        self.changed.remove(task.0.as_str());
        // Of two daemons on copies of a store each may try again what failed before: docs/operating.md says so.
        let may = first || if self.both.is_some() { self.failed.contains(&task) } else { self.failed.remove(&task) };
        let told = self.told.join("\n");
        self.check(Law::OnceOnly, may, || format!("run twice: {accepted:?}\n{told}"))
    }

    /// What a deployment gives to a stack.
    fn content(&self, deployment: DeploymentId, stack: &StackName) -> (StackName, Option<Hash>) {
        (stack.clone(), self.contents.get(&(deployment, stack.clone())).copied())
    }

    /// With a stack its change sets go, and AWS's memory of their tokens: a call that got no answer may make one once more.
    fn forget_change_sets(&mut self, deleted: &Accepted, of: impl Fn(&str) -> bool) {
        let is_gone = |made: &Accepted| made.place == deleted.place && of(&made.subject);
        let (gone, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.made).into_iter().partition(is_gone);
        self.made = rest;
        for made in gone {
            let token = made.token.as_ref().map(|token| format!("{} {token}", made.operation));
            for what in once(&made).into_iter().chain(token) {
                self.effective.remove(&what);
            }
        }
    }

    /// What the daemon says of every slot.
    pub(super) fn report(&mut self, published: &Published) -> Verdict {
        for project in published.catalog.projects.keys() {
            let any = published.planned.report.slots.iter().any(|row| row.project == *project);
            self.check(Law::Accounted, any, || {
                format!("the report has nothing of {project}: {:?}", published.problems)
            })?;
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

/// What the tokens of one deployment have in common.
fn deployment_of(token: &str) -> String {
    token.rsplit_once('-').map_or(token, |(head, _)| head).to_owned()
}

/// What a deployment gives to its stacks.
fn contents(opened: &Opened) -> impl Iterator<Item = ((DeploymentId, StackName), Hash)> {
    opened.orders.iter().filter_map(|order| match &order.action {
        Action::Put(content) => Some(((opened.deployment, order.stack.clone()), content.hash)),
        Action::Delete { .. } => None,
    })
}

/// What an accepted call does to a change set, which is done once.
fn once(accepted: &Accepted) -> Option<String> {
    let Accepted { place, operation, subject, .. } = accepted;
    operation.ends_with("ChangeSet").then(|| format!("{place} {operation} {subject}"))
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
