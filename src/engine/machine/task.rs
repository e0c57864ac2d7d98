//! The task that is run once the stack is as ordered: started, followed to its end, judged by its exit codes.
//!
//! A client token of ECS lives for a day, but no longer than an hour after the task's end, and a task that has ended can be
//! described for about an hour. So a call without an answer is repeated under its token only while that is certainly the
//! same task, and an outcome that can no longer be learned is a gate, unless the task may be repeated. A task that runs is
//! waited for, whatever else is wanted meanwhile.

mod found;

use std::sync::Arc;

use jiff::SignedDuration;

use super::state::{Answer, CallState};
use super::{Ask, Effect, Look, Request, STALE, Seen, Subject, logs};
use crate::cloud::{RunTaskRequest, TaskEnd, TaskSeen, WhichTask};
use crate::engine::cause;
use crate::engine::token::Purpose;
use crate::model::catalog::Gate;
use crate::model::journal::{Call, Cause, Content, Entry, Evidence, Outcome, Reply};
use crate::model::{StackSeen, StackStatus, TaskRun};

/// For so long after it was first made a repeated call is certainly the same task, in seconds: ECS remembers its token for an
/// hour after the task's end, which cannot be before the call. The rest is for clocks that differ.
const REMEMBERED: i64 = 50 * 60;

/// For so long after its start a task that cannot be described may only be one that ECS does not show yet, in seconds.
const UNSEEN: i64 = 2 * STALE;

/// A repeatable task is run at most so often because its outcome was lost.
const ROUNDS: usize = 5;

/// Whether the task may have been started and has not been judged: it is followed before anything else.
pub(super) fn in_hand(s: &Subject<'_>) -> bool {
    let run = s.call(Purpose::Run(s.state.runs()));
    s.state.runs() > 0 && run.is_some_and(|run| run.answer != Answer::Refused)
}

/// What to do now that the stack is as ordered, for its task. `states` is what was seen of its services.
pub(super) fn next(s: &Subject<'_>, run: &TaskRun, seen: &Seen, stack: &StackSeen, states: Vec<Evidence>) -> Effect {
    if let Some(why) = needless(s, stack) {
        let mut entries: Vec<Entry> = states.into_iter().map(|item| s.evidence(item)).collect();
        entries.push(s.evidence(Evidence::TaskNotRun { why }));
        entries.extend(left(s, stack));
        entries.push(super::prove::in_place(s, seen, stack));
        entries.push(s.ended(Outcome::StackStatusOnly));
        return Effect::Note(entries);
    }
    // How the operation left the stack is in the journal before its task begins, whatever becomes of that.
    if let Some(left) = left(s, stack) {
        let states = states.into_iter().map(|item| s.evidence(item));
        return Effect::Note(states.chain([left, super::prove::in_place(s, seen, stack)]).collect());
    }
    if let Some(by) = s.superseded {
        // In a lost part of the store's life the task may have run.
        let unknown = (s.is_from_before() && s.state.runs() == 0).then(|| s.evidence(Evidence::CarriedBefore));
        return Effect::Note(unknown.into_iter().chain([s.ended(Outcome::Superseded { by: by.clone() })]).collect());
    }
    let elsewhere = ran_elsewhere(s).or_else(|| found::next(s, run, seen, stack, states));
    let elsewhere = elsewhere.or_else(|| ran_before(s, stack));
    elsewhere.unwrap_or_else(|| ask(s, run, seen, stack, s.state.runs().max(1)))
}

/// The store began a new incarnation after the stack was changed and before its task was asked for here. Where its earlier
/// life went on, that one has run the task, under the token that this one would use. For a while ECS answers that token with
/// the same task; later it cannot be known whether it ran.
fn ran_elsewhere(s: &Subject<'_>) -> Option<Effect> {
    let call = s.call(Purpose::Execute(s.state.round()))?;
    if !s.is_from_before() || s.state.runs() > 0 || !s.older_than(call.at, REMEMBERED) {
        return None;
    }
    let why =
        "the store was restored or moved before it asked for the task, so landfall cannot know whether the task ran";
    Some(lost_before(s, s.token(Purpose::Run(1)), why))
}

/// The stack had this content before this store put it there, and was changed since. Whoever put it there first was to run the
/// task, and the token of that is not known any more.
fn ran_before(s: &Subject<'_>, stack: &StackSeen) -> Option<Effect> {
    let content = s.content().filter(|_| s.state.runs() == 0 && !is_made_now(s, stack))?;
    let carried = s.known.trail.is_some_and(|trail| trail.has_carried(content.hash));
    let why = "the stack had this content before, at a time that is not in this store's journal, and changed since";
    carried.then(|| lost_before(s, s.token(Purpose::Run(1)), why))
}

/// Whether the stack carries the content that it is to be given, and nothing in the journal says why.
pub(super) fn carried_before(s: &Subject<'_>, content: &Content, stack: &StackSeen) -> Option<Effect> {
    let stamp = stack.stamp().filter(|stamp| content.task.is_some() && stamp.content == content.hash)?;
    let known = s.known.trail.is_some_and(|trail| trail.expects(stamp.content) || trail.has_carried(stamp.content));
    (!known).then(|| Effect::Note(vec![s.evidence(Evidence::CarriedBefore)]))
}

/// Notes that another store may have started a task under this token, and that this can no longer be known.
fn lost_before(s: &Subject<'_>, token: Arc<str>, why: &str) -> Effect {
    Effect::Note(vec![intent(s, token), s.evidence(Evidence::TaskLost { why: why.to_owned() })])
}

fn intent(s: &Subject<'_>, token: Arc<str>) -> Entry {
    Entry::Intent { deployment: s.opened.deployment, stack: s.stack().clone(), call: Call::RunTask, token }
}

/// The records that ECS knows the task of a call.
fn started(s: &Subject<'_>, task: &TaskSeen) -> [Entry; 2] {
    let (deployment, stack) = (s.opened.deployment, s.stack().clone());
    let accepted = Entry::Reply { deployment, stack, call: Call::RunTask, reply: Reply::Accepted };
    [accepted, s.evidence(Evidence::TaskStarted { task: task.arn.to_string() })]
}

/// The record of how the operation left the stack; none if the record exists, or if nothing was executed.
fn left(s: &Subject<'_>, stack: &StackSeen) -> Option<Entry> {
    let told = s.state.evidence.iter().any(|item| matches!(item, Evidence::StackLeft { .. }));
    (!told && s.state.no_change.is_none()).then(|| s.evidence(Evidence::StackLeft { status: stack.status }))
}

/// Why the task does not have to run: it did with this content. What it did for a stack that is gone does not count for the
/// one that was made now.
fn needless(s: &Subject<'_>, stack: &StackSeen) -> Option<String> {
    if let Some(deployment) = s.past.ran.filter(|_| !is_made_now(s, stack)) {
        return Some(format!("it ran with this content in deployment {deployment}"));
    }
    let passed = "the store that deployed the stack went on to a step that waits for its task";
    (found::is(s) && s.past.passed).then(|| passed.to_owned())
}

fn is_made_now(s: &Subject<'_>, stack: &StackSeen) -> bool {
    stack.status == StackStatus::CreateComplete && s.state.no_change.is_none()
}

fn ask(s: &Subject<'_>, run: &TaskRun, seen: &Seen, stack: &StackSeen, round: usize) -> Effect {
    let Some(resources) = &seen.resources else { return Effect::Look(Look::Resources(stack.id.clone())) };
    let found = resources.iter().find(|resource| resource.logical_id == *run.definition);
    let Some(definition) = found.and_then(|resource| resource.physical_id.as_deref()) else {
        let sentence = format!("the stack has no task definition {}, so its task cannot run", run.definition);
        return s.fail("task-definition-missing", sentence);
    };
    let token = s.token(Purpose::Run(round));
    let request = RunTaskRequest { definition: definition.into(), run: run.clone(), token: token.clone() };
    Effect::Ask(Ask { call: Call::RunTask, token, request: Request::Run(Box::new(request)) })
}

/// What to do now for a task that may have been started.
pub(super) fn follow(s: &Subject<'_>, content: &Content, run: &TaskRun, seen: &Seen) -> Effect {
    let Some(call) = s.call(Purpose::Run(s.state.runs())) else { return s.poll(s.now) };
    if s.state.lost {
        return lost(s, run, seen);
    }
    let Some(task) = s.state.task.clone() else { return was_it_started(s, content, run, seen, call) };
    if let Some(end) = ended(s, &task) {
        let written = logs::of_task(s, content, seen, &task, &end);
        return written.unwrap_or_else(|| judge(s, content, run, &end));
    }
    let Some(found) = &seen.task else {
        return Effect::Look(Look::Task(run.cluster.clone(), WhichTask::Arn(task.as_str().into())));
    };
    match found {
        None if !s.older_than(call.at, UNSEEN) => s.poll(call.at),
        None => forget(s, "ECS no longer knows the task: it ended more than an hour ago"),
        Some(TaskSeen { end: Some(end), .. }) => Effect::Note(vec![s.evidence(Evidence::TaskEnded {
            task,
            code: end.code.clone(),
            reason: end.reason.clone(),
            containers: end.containers.clone(),
            at: end.at,
        })]),
        Some(found) => going_on(s, run, found, call),
    }
}

/// It has not ended: it is waited for, and stopped where it takes longer than it may.
fn going_on(s: &Subject<'_>, run: &TaskRun, found: &TaskSeen, call: CallState) -> Effect {
    if !s.older_than(call.first, run.limit) || found.stopping {
        return s.poll(call.first);
    }
    let purpose = Purpose::StopRun(s.state.runs());
    match s.call(purpose) {
        Some(stop) if stop.answer == Answer::Accepted && !s.older_than(stop.at, STALE) => s.poll(stop.at),
        _ => {
            let request = Request::Stop { cluster: run.cluster.clone(), task: found.arn.clone(), reason: late(run) };
            s.ask(Call::StopTask, purpose, request)
        }
    }
}

/// How long it may take, as people write it.
fn late(run: &TaskRun) -> String {
    format!("it did not finish within {:#}", SignedDuration::from_secs(run.limit))
}

/// The reply to the call is not known: the task itself tells, or the same call again.
fn was_it_started(s: &Subject<'_>, content: &Content, run: &TaskRun, seen: &Seen, call: CallState) -> Effect {
    let round = s.state.runs();
    let Some(found) = &seen.task else {
        return started_by(s, content, run, s.token(Purpose::Run(round)));
    };
    if let Some(found) = found {
        return Effect::Note(started(s, found).into());
    }
    if s.older_than(call.first, REMEMBERED) {
        return forget(s, "landfall asked AWS to start it, got no answer, and ECS knows no such task");
    }
    let Some(stack) = &seen.stack else { return Effect::Look(Look::Stack(s.stack().as_str().into())) };
    let Some(stack) = stack else {
        return forget(s, "landfall asked AWS to start it, got no answer, and the stack no longer exists");
    };
    ask(s, run, seen, stack, round)
}

/// Looks for the task that was started under this token.
fn started_by(s: &Subject<'_>, content: &Content, run: &TaskRun, token: Arc<str>) -> Effect {
    let family = logs::family(content, &run.definition).unwrap_or_else(|| s.stack().as_str().into());
    Effect::Look(Look::Task(run.cluster.clone(), WhichTask::StartedBy { token, family }))
}

/// How the task of this round ended.
fn ended(s: &Subject<'_>, task: &str) -> Option<TaskEnd> {
    s.state.evidence.iter().rev().find_map(|item| match item {
        Evidence::TaskEnded { task: of, code, reason, containers, at } if of == task => {
            Some(TaskEnd { code: code.clone(), reason: reason.clone(), containers: containers.clone(), at: *at })
        }
        _ => None,
    })
}

/// A task that was stopped from outside did not finish its work, even if its containers exit with 0.
fn judge(s: &Subject<'_>, content: &Content, run: &TaskRun, end: &TaskEnd) -> Effect {
    let essential = logs::essential(content, &run.definition);
    let counts = |name: &str| essential.as_ref().is_none_or(|names| names.iter().any(|one| one == name));
    let mut deciding = end.containers.iter().filter(|container| counts(&container.name)).peekable();
    let any = deciding.peek().is_some();
    let stopped = s.call(Purpose::StopRun(s.state.runs())).is_some();
    let by_itself = cause::BY_THEMSELVES.contains(&end.code.as_str());
    if by_itself && any && deciding.all(|container| container.exit_code == Some(0)) {
        return s.end(Outcome::Proved);
    }
    let cause = match cause::of_task(s.stack(), &s.state.evidence, end, &counts) {
        _ if stopped => cause::cause("task-deadline", s.stack(), format!("the task: {}", late(run))),
        root => root,
    };
    s.end(Outcome::Failed(cause))
}

/// Notes that the outcome cannot be learned any more.
fn forget(s: &Subject<'_>, why: &str) -> Effect {
    Effect::Note(vec![s.evidence(Evidence::TaskLost { why: why.to_owned() })])
}

/// How the task ended cannot be learned: it runs once more if that does no harm, otherwise a maintainer decides.
fn lost(s: &Subject<'_>, run: &TaskRun, seen: &Seen) -> Effect {
    let round = s.state.runs();
    if s.state.taken_as_done {
        return s.end(Outcome::StackStatusOnly);
    }
    if let Some(by) = s.superseded {
        return s.end(Outcome::Superseded { by: by.clone() });
    }
    let again = s.state.openings(&[Gate::Retry]) >= s.state.losses;
    if run.repeatable && round >= ROUNDS {
        return s
            .fail(Cause::TASK_LOST, format!("landfall could not learn how its task ended, {round} times in a row"));
    }
    if !(run.repeatable || again && s.state.losses > 0) {
        let sentence = "how its task ended cannot be learned any more: look whether it did what it is for; an allowance of \
                        `retry` runs it once more, one of `continue` takes it as done";
        return s.stop(Gate::Retry, Cause::TASK_LOST, sentence);
    }
    let Some(stack) = &seen.stack else { return Effect::Look(Look::Stack(s.stack().as_str().into())) };
    match stack {
        Some(stack) => ask(s, run, seen, stack, round + 1),
        None => s.fail("stack-gone", "the stack was deleted before its task could run again"),
    }
}

/// The digits of a task's ARN by which logs name it.
pub(super) fn id_of(task: &str) -> Arc<str> {
    task.rsplit('/').next().unwrap_or(task).into()
}
