//! A change set from its making to its execution.
//!
//! Each round has one change set with one name and one token. A round whose change set went stale is followed by another;
//! a lost reply is answered by reading the change set back.

use std::collections::BTreeMap;

use super::state::Answer;
use super::{Effect, Look, Request, STALE, Seen, Subject, compare, evidence, prove, task, traffic, unmade, whose};
use crate::cloud::{
    ChangeSetRequest, ChangeSetSeen, ChangeSetStatus, Execution, Finding, ServiceSeen, TemplateObject, TemplateSource,
};
use crate::engine::cause;
use crate::engine::token::{Instance, Purpose};
use crate::model::journal::{Call, Cause, Content, Evidence, Outcome, ParameterValue};
use crate::model::slot::TAG_PREFIX;
use crate::model::{Id, ReleaseName, StackSeen, StackStatus};

/// Change sets for one operation before landfall gives up: something else keeps changing the stack. Those that AWS failed in an
/// outage do not count, nor those that landfall deleted because they were not wanted for a while.
const ROUNDS: usize = 5;

/// What to do now for a stack that can be created (none is there) or updated.
pub(super) fn next(s: &Subject<'_>, content: &Content, seen: &Seen, stack: Option<&StackSeen>) -> Effect {
    let round = s.state.round();
    let create = stack.is_none();
    let Some(made) = (round > 0).then(|| s.call(Purpose::Make(round))).flatten() else {
        return make(s, content, seen, create, 1);
    };
    if made.answer == Answer::Refused {
        return make(s, content, seen, create, round);
    }
    if s.state.is_unmade(round) {
        let over = || discard(s, seen).unwrap_or_else(|| again(s, content, seen, create));
        return unmade::until(s).map_or_else(over, Effect::Wait);
    }
    let Some(change_set) = &seen.change_set else {
        return Effect::Look(Look::ChangeSet(s.change_set_name(round)));
    };
    match change_set {
        None if s.state.is_discarded(round) => again(s, content, seen, create),
        // One that was there has used up its token.
        None if made.answer == Answer::Unknown && !s.state.announced => make(s, content, seen, create, round),
        None if !s.older_than(made.at, STALE) => s.poll(made.at),
        None => again(s, content, seen, create),
        Some(change_set) => match (change_set.status, change_set.execution) {
            (ChangeSetStatus::Deleted, _) => again(s, content, seen, create),
            (ChangeSetStatus::Creating, _) => patience(s, content),
            (ChangeSetStatus::Failed, _) => failed(s, seen, change_set),
            (ChangeSetStatus::Complete, Execution::Available) => made_and_read(s, content, change_set, seen, stack),
            (ChangeSetStatus::Complete, Execution::Unavailable | Execution::InProgress) => patience(s, content),
            // Not executed by us: the stack changed since, perhaps by this very change set.
            (ChangeSetStatus::Complete, Execution::Obsolete | Execution::Complete | Execution::Failed) => {
                again(s, content, seen, create)
            }
        },
    }
}

/// Waits for AWS to make it, as long as an operation may take.
fn patience(s: &Subject<'_>, content: &Content) -> Effect {
    let since = s.call(Purpose::Make(s.state.round())).map_or(s.now, |call| call.first);
    let deadline = s.deadline(content);
    if s.older_than(since, deadline) {
        return s.fail("deadline", format!("AWS did not make the change set within {}", cause::limit(deadline)));
    }
    s.poll(since)
}

fn failed(s: &Subject<'_>, seen: &Seen, change_set: &ChangeSetSeen) -> Effect {
    let reason = change_set.reason.clone().unwrap_or_default();
    if change_set.is_no_change() {
        return Effect::Note(vec![s.evidence(Evidence::NoChange { reason })]);
    }
    if let Some(outage) = change_set.outage() {
        return unmade::pause(s, &outage);
    }
    if is_found(&reason) && seen.findings.is_none() {
        return Effect::Look(Look::Findings(change_set.id.clone()));
    }
    let found = seen.findings.as_ref().map(findings).unwrap_or_default();
    let reason = if found.is_empty() { reason.as_str() } else { reason.trim_end_matches('.') };
    s.fail(Cause::NO_CHANGE_SET, format!("AWS cannot make the change set: {reason}{found}"))
}

/// The most findings that a failure names; the others are counted.
const FINDINGS: usize = 3;

/// Whether the reason is that of validation or of a Hook: then it does not say what is wrong. \[reports\]
fn is_found(reason: &str) -> bool {
    ["EarlyValidation", "hook(s)", "Hook"].iter().any(|word| reason.contains(word))
}

/// What was found, for the end of a sentence.
fn findings(read: &Result<Vec<Finding>, String>) -> String {
    let found = match read {
        Ok(found) => found,
        Err(error) => return format!("; only DescribeEvents says what is wrong, and landfall cannot read it: {error}"),
    };
    let failing: Vec<&Finding> = found.iter().filter(|one| one.fails).collect();
    let told = failing.iter().take(FINDINGS).map(|one| {
        let path = if one.path.is_empty() { String::new() } else { format!(" at {}", one.path) };
        format!("; {}{path}: {}", one.resource, one.reason)
    });
    let mut text: String = told.collect();
    if failing.len() > FINDINGS {
        text.push_str(&format!("; and {} more", failing.len() - FINDINGS));
    }
    text
}

fn made_and_read(
    s: &Subject<'_>,
    content: &Content,
    change_set: &ChangeSetSeen,
    seen: &Seen,
    stack: Option<&StackSeen>,
) -> Effect {
    if s.state.waits_for(Cause::UNMADE) {
        return Effect::Note(vec![s.waits(None, None)]);
    }
    if !s.state.announced {
        let changes = change_set.changes.iter().map(|row| row.change.clone()).collect();
        return Effect::Note(vec![s.evidence(Evidence::Announced { changes })]);
    }
    let unexpected = compare::unexpected(&content.expected, &change_set.changes, s.state);
    if let Some(stop) = unexpected.or_else(|| traffic::written_again(content, &change_set.changes, s.state)) {
        return s.stop_before(stop);
    }
    let before =
        stack.and_then(|stack| task::carried_before(s, content, stack).or_else(|| look_before(s, seen, stack)));
    before.unwrap_or_else(|| execute(s))
}

/// Journals which service deployments there are before anything is executed. A deployment that begins afterwards is recognized by its ARN:
/// CloudFormation and ECS have a clock each, and write time with another precision, so that times do not tell. None when that
/// has been done, or the stack has no services.
fn look_before(s: &Subject<'_>, seen: &Seen, stack: &StackSeen) -> Option<Effect> {
    if s.state.looked_before() {
        return None;
    }
    if let Some(effect) = evidence::look_at_services(seen, stack) {
        return Some(effect);
    }
    let newest = |(arn, service): (&String, &Option<ServiceSeen>)| {
        Some((arn.clone(), service.as_ref()?.deployment.as_ref()?.arn.to_string()))
    };
    let deployments: BTreeMap<String, String> = seen.services.iter().flatten().filter_map(newest).collect();
    (!deployments.is_empty()).then(|| Effect::Note(vec![s.evidence(Evidence::RanBefore { deployments })]))
}

/// Executes the change set of this round.
pub(super) fn execute(s: &Subject<'_>) -> Effect {
    let round = s.state.round();
    s.ask(Call::ExecuteChangeSet, Purpose::Execute(round), Request::Execute(s.change_set_name(round)))
}

/// Another round.
pub(super) fn again(s: &Subject<'_>, content: &Content, seen: &Seen, create: bool) -> Effect {
    let round = s.state.round();
    let went_stale = (1..=round).filter(|round| !s.state.is_unmade(*round) && !s.state.is_discarded(*round)).count();
    if went_stale >= ROUNDS {
        return s.fail(
            "change-set-stale",
            format!("{went_stale} change sets went stale: something else keeps changing the stack"),
        );
    }
    if let Some(Some(stack)) = &seen.stack
        && let Some(effect) = whose::stranger(s, seen, stack)
    {
        return effect;
    }
    make(s, content, seen, create, round + 1)
}

fn make(s: &Subject<'_>, content: &Content, seen: &Seen, create: bool, round: usize) -> Effect {
    let parameters = match parameters(s, content, seen, round) {
        Ok(parameters) => parameters,
        Err(effect) => return *effect,
    };
    let Some(body) = body(content) else {
        return s.fail("template-unreadable", "the template in the journal is not a JSON object");
    };
    let template = match object(content, &body) {
        None => TemplateSource::Body(body.into()),
        Some(object) if s.call(Purpose::Upload(round)).is_some_and(|call| call.answer == Answer::Accepted) => {
            TemplateSource::Object(object)
        }
        Some(object) => return s.ask(Call::PutTemplate, Purpose::Upload(round), Request::Put(object, body.into())),
    };
    let request = ChangeSetRequest {
        stack: s.stack().clone(),
        name: s.change_set_name(round),
        create,
        template,
        parameters,
        tags: content.tags.clone(),
        capabilities: content.capabilities.clone(),
        token: s.token(Purpose::Make(round)),
        reverts: s.order.repair && !create,
    };
    s.ask(Call::CreateChangeSet, Purpose::Make(round), Request::Make(Box::new(request)))
}

/// The template's text with the description in it; none if the template in the journal is not a JSON object.
fn body(content: &Content) -> Option<String> {
    let serde_json::Value::Object(mut root) = serde_json::from_str(&content.template).ok()? else { return None };
    root.insert("Description".to_owned(), content.description.as_ref().into());
    root.sort_keys();
    Some(serde_json::Value::Object(root).to_string())
}

/// Where the template goes that is too long for the call.
fn object(content: &Content, body: &str) -> Option<TemplateObject> {
    let bucket = content.bucket.clone()?;
    let repository = Id::new(content.tags.get(&format!("{TAG_PREFIX}repository"))?).ok()?;
    Some(TemplateObject::of(bucket, &repository, body))
}

/// Every parameter's value; outputs of other stacks are read and journaled first.
fn parameters(
    s: &Subject<'_>,
    content: &Content,
    seen: &Seen,
    round: usize,
) -> Result<BTreeMap<String, String>, Box<Effect>> {
    let mut values = BTreeMap::new();
    for (parameter, value) in &content.parameters {
        let value = match value {
            ParameterValue::Value(value) => value.clone(),
            ParameterValue::Output { stack, output, at } => match s.state.output(round, parameter) {
                Some(value) => value.clone(),
                None => {
                    let key = (stack.clone(), at.clone());
                    let Some(producer) = seen.producers.get(&key) else {
                        return Err(Box::new(Effect::Look(Look::Producer(key))));
                    };
                    let ours = producer.as_ref().filter(|producer| same_repository(content, producer));
                    let value = ours.and_then(|producer| producer.outputs.get(output));
                    return Err(Box::new(match value {
                        Some(value) => {
                            let item = Evidence::OutputRead { parameter: parameter.clone(), value: value.clone() };
                            Effect::Note(vec![s.evidence(item)])
                        }
                        None => s.fail("output-missing", format!("the stack {stack} has no output {output}")),
                    }));
                }
            },
        };
        values.insert(parameter.clone(), value);
    }
    Ok(values)
}

/// Whether a stack carries the tag of the repository that the content is of.
fn same_repository(content: &Content, producer: &StackSeen) -> bool {
    let tag = format!("{TAG_PREFIX}repository");
    content.tags.get(&tag) == producer.tags.get(&tag)
}

/// The stack is what the change set would make it: the change set is deleted, and what runs is proved all the same.
pub(super) fn unchanged(s: &Subject<'_>, content: &Content, seen: &Seen, stack: &StackSeen) -> Effect {
    if let Some(effect) = discard(s, seen) {
        return effect;
    }
    let since = s.state.since().unwrap_or(s.now);
    prove::next(s, content, seen, stack, since)
}

/// The content is no longer wanted, and nothing was executed: the change set is deleted, and with it the empty stack that it made.
pub(super) fn abandon(s: &Subject<'_>, seen: &Seen, by: &Option<ReleaseName>) -> Effect {
    discard(s, seen).or_else(|| empty(s, seen, by)).unwrap_or_else(|| s.end(Outcome::Superseded { by: by.clone() }))
}

/// Deletes a stack that this deployment made for review only; nothing to do for any other.
fn empty(s: &Subject<'_>, seen: &Seen, by: &Option<ReleaseName>) -> Option<Effect> {
    let round = s.state.round();
    let made = s.call(Purpose::Make(round)).is_some_and(|call| call.answer != Answer::Refused);
    if !made {
        return None;
    }
    let Some(stack) = &seen.stack else { return Some(Effect::Look(Look::Stack(s.stack().as_str().into()))) };
    let purpose = stack.as_ref().map(|stack| Purpose::Empty(round, Instance::of(&stack.id)));
    let asked = purpose.and_then(|purpose| s.call(purpose)).filter(|call| call.answer != Answer::Refused);
    let any = s.state.is_emptied(round);
    let there = |stack: &&StackSeen| match stack.status {
        // Another one of this name is not ours.
        StackStatus::ReviewInProgress => asked.is_some() || !any,
        StackStatus::DeleteInProgress => asked.is_some(),
        _ => false,
    };
    let (Some(stack), Some(purpose)) = (stack.as_ref().filter(there), purpose) else {
        return any.then(|| s.end_as(StackStatus::DeleteComplete, Outcome::Superseded { by: by.clone() }));
    };
    match asked {
        Some(call) if stack.status == StackStatus::DeleteInProgress => return Some(s.poll(call.first)),
        Some(call) if call.answer == Answer::Accepted => {
            return (!s.older_than(call.at, STALE)).then(|| s.poll(call.at));
        }
        _ => {}
    }
    let Some(resources) = &seen.resources else { return Some(Effect::Look(Look::Resources(stack.id.clone()))) };
    let nothing = resources.iter().all(|resource| resource.physical_id.is_none());
    nothing.then(|| s.ask(Call::DeleteStack, purpose, Request::Delete(stack.id.clone())))
}

/// Deletes the change set in hand, if there is one.
fn discard(s: &Subject<'_>, seen: &Seen) -> Option<Effect> {
    let round = s.state.round();
    let made = s.call(Purpose::Make(round)).is_some_and(|call| call.answer != Answer::Refused);
    let gone = s.call(Purpose::Discard(round)).is_some_and(|call| call.answer == Answer::Accepted);
    if !made || gone {
        return None;
    }
    let name = s.change_set_name(round);
    match &seen.change_set {
        None => Some(Effect::Look(Look::ChangeSet(name))),
        Some(None) => None,
        Some(Some(change_set)) if change_set.status == ChangeSetStatus::Deleted => None,
        Some(Some(_)) => Some(s.ask(Call::DeleteChangeSet, Purpose::Discard(round), Request::Discard(name))),
    }
}
