//! Resources that wait for signals of their own: creation policies, and rolling updates of Auto Scaling groups. SignalResource is what
//! the program cfn-signal calls.
//!
//! \[doc: "CreationPolicy attribute", "UpdatePolicy attribute"\] Nothing here runs instances, so whoever plays them sends the signals. A
//! rolling update waits for the signals of all instances at once: \[?\] AWS waits for those of one batch after the other.

use indexmap::IndexMap;
use jiff::SignedDuration;
use serde_json::{Map, Value};

use crate::model::Place;
use crate::sim::error::{Answer, ApiError};
use crate::sim::ledger::Effect;
use crate::sim::world::eval::{as_text, same};
use crate::sim::world::stack::{Operation, Phase, Resource, Stack, Until};
use crate::sim::world::template::format_error;
use crate::sim::world::{Work, World};

const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";
/// The types of which landfall's account models a creation policy. \[doc\]
const CREATED: [&str; 3] = [GROUP, "AWS::EC2::Instance", super::WAIT_CONDITION];
/// The longest wait for signals, and the usual one. \[doc\]
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
const USUAL: &str = "PT5M";
/// Changes of these bring new instances. \[doc: `AutoScalingRollingUpdate`\]
const OF_INSTANCES: [&str; 5] =
    ["LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy", "PlacementGroup", "VPCZoneIdentifier"];

/// The parts of each policy: name, members.
const CREATION: [(&str, &[&str]); 2] =
    [("ResourceSignal", &["Count", "Timeout"]), ("AutoScalingCreationPolicy", &["MinSuccessfulInstancesPercent"])];
const UPDATE: [(&str, &[&str]); 3] = [
    (
        "AutoScalingRollingUpdate",
        &[
            "MaxBatchSize",
            "MinActiveInstancesPercent",
            "MinInstancesInService",
            "MinSuccessfulInstancesPercent",
            "PauseTime",
            "SuspendProcesses",
            "WaitOnResourceSignals",
        ],
    ),
    ("AutoScalingReplacingUpdate", &["WillReplace"]),
    ("AutoScalingScheduledAction", &["IgnoreUnmodifiedGroupSizeProperties"]),
];

/// The signals that came to a resource: whether each says success, by its id.
pub(super) type Came = IndexMap<String, bool>;

/// How many signals a resource waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How many may come.
    pub count: usize,
    /// How many of them say success at least, in percent; none where a single failure ends it.
    pub percent: Option<u32>,
}

impl Wanted {
    fn needed(self) -> usize {
        let percent = self.percent.map_or(100, |percent| percent as usize);
        (self.count * percent).div_ceil(100)
    }

    /// The end of the wait; none if more may come.
    fn outcome(self, came: Option<&Came>, is_over: bool) -> Option<Result<(), String>> {
        let of = |wanted: bool| came.into_iter().flat_map(Came::values).filter(|success| **success == wanted).count();
        let (successes, failures) = (of(true), of(false));
        let Some(percent) = self.percent else {
            let failed = came.into_iter().flatten().find(|(_, success)| !**success);
            if let Some((id, _)) = failed {
                return Some(Err(format!("Received FAILURE signal with UniqueId {id}")));
            }
            let missing = self.count.saturating_sub(successes);
            let words = || format!("Failed to receive {missing} resource signal(s) within the specified duration");
            return if missing == 0 { Some(Ok(())) } else { is_over.then(|| Err(words())) };
        };
        let is_hopeless = failures > self.count.saturating_sub(self.needed());
        if !is_hopeless && successes + failures < self.count && !is_over {
            return None;
        }
        if successes >= self.needed() {
            return Some(Ok(()));
        }
        let (number, word) = if is_hopeless { (failures, "FAILURE") } else { (successes, "SUCCESS") };
        Some(Err(format!(
            "Received {number} {word} signal(s) out of {}. Unable to satisfy {percent}% MinSuccessfulInstancesPercent \
             requirement",
            self.count
        )))
    }
}

/// Refuses a policy of a resource that cannot be, or that is not modelled.
pub(in crate::sim::world) fn check_policies(name: &str, kind: &str, attributes: &Map<String, Value>) -> Answer<()> {
    for (attribute, kinds, parts) in
        [("CreationPolicy", &CREATED[..], &CREATION[..]), ("UpdatePolicy", &CREATED[..1], &UPDATE[..])]
    {
        let Some(policy) = attributes.get(attribute).filter(|policy| !policy.is_null()) else { continue };
        if !kinds.contains(&kind) {
            return Err(ApiError::not_modelled(format_args!("{attribute} of {kind} (resource {name})")));
        }
        let object = || format_error(format_args!("[/Resources/{name}/{attribute}] must be an object"));
        for (part, own) in policy.as_object().ok_or_else(object)? {
            // \[?\] The words.
            let unknown = |member: &str| {
                format_error(format_args!("[/Resources/{name}/{attribute}] Encountered unsupported property {member}"))
            };
            let (_, members) = parts.iter().find(|(known, _)| known == part).ok_or_else(|| unknown(part))?;
            for (member, value) in own.as_object().ok_or_else(object)? {
                if !members.contains(&member.as_str()) {
                    return Err(unknown(member));
                }
                if member == "IgnoreUnmodifiedGroupSizeProperties" && as_text(value).as_deref() != Some("false") {
                    return Err(ApiError::not_modelled(format_args!("{member} (resource {name})")));
                }
            }
        }
    }
    Ok(())
}

/// A span of ISO 8601, as `PT15M`.
fn span(text: &str) -> Option<SignedDuration> {
    text.starts_with("PT").then(|| text.parse().ok()).flatten()
}

/// A part of a policy.
fn part<'a>(policy: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    policy.get(name).and_then(Value::as_object)
}

fn number(part: Option<&Map<String, Value>>, name: &str, unsaid: u32) -> Result<u32, String> {
    let Some(value) = part.and_then(|part| part.get(name)) else { return Ok(unsaid) };
    // \[?\] The words.
    as_text(value).and_then(|text| text.parse().ok()).ok_or_else(|| format!("{name} must be a number, and is {value}"))
}

fn timeout(part: Option<&Map<String, Value>>, name: &str, unsaid: &str) -> Result<(String, SignedDuration), String> {
    let text = part.and_then(|part| part.get(name)).and_then(as_text).unwrap_or_else(|| unsaid.to_owned());
    match span(&text).filter(|span| !span.is_negative() && *span <= LONGEST) {
        Some(span) => Ok((text, span)),
        // \[?\] The words.
        None => Err(format!("{name} must be a duration of ISO 8601 of at most PT12H, and is {text}")),
    }
}

fn is_true(part: Option<&Map<String, Value>>, name: &str) -> bool {
    part.and_then(|part| part.get(name)).and_then(as_text).as_deref() == Some("true")
}

fn brings_instances(old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
    let differs = |name: &&str| match (old.get(*name), new.get(*name)) {
        (Some(old), Some(new)) => !same(old, new),
        (old, new) => old.is_some() || new.is_some(),
    };
    OF_INSTANCES.iter().any(differs)
}

impl World {
    /// A policy of a resource, evaluated.
    fn policy(
        &self,
        place: &Place,
        stack: &Stack,
        operation: &Operation,
        (logical, attribute): (&str, &str),
    ) -> Result<Option<Map<String, Value>>, String> {
        let before = stack.previous.as_ref().filter(|_| operation.phase == Phase::UpdateRollback);
        let template = before.map_or(&stack.shape.template, |previous| &previous.shape.template);
        let written = template.resources.get(logical).and_then(|definition| definition.policies.get(attribute));
        let Some(written) = written.and_then(Value::as_object) else { return Ok(None) };
        let evaluated = match before {
            None => self.evaluate(place, stack, |scope| scope.properties(written)),
            Some(previous) => {
                let back = Stack { shape: previous.shape.clone(), ..stack.clone() };
                self.evaluate(place, &back, |scope| scope.properties(written))
            }
        };
        evaluated.map(Some)
    }

    /// The signals that the creation policy of a new resource wants.
    pub(in crate::sim::world) fn created_by_signals(
        &mut self,
        place: &Place,
        stack: &Stack,
        operation: &Operation,
        next: &Resource,
    ) -> Result<Option<Until>, String> {
        let Some(policy) = self.policy(place, stack, operation, (&next.logical, "CreationPolicy"))? else {
            return Ok(None);
        };
        let signal = part(&policy, "ResourceSignal");
        let group = part(&policy, "AutoScalingCreationPolicy");
        let percent = number(group, "MinSuccessfulInstancesPercent", 100)?;
        let wanted =
            Wanted { count: number(signal, "Count", 1)? as usize, percent: (next.kind == GROUP).then_some(percent) };
        let (_, timeout) = timeout(signal, "Timeout", USUAL)?;
        Ok(signal.map(|_| self.wait_for(stack, &next.logical, wanted, timeout)))
    }

    fn wait_for(&mut self, stack: &Stack, logical: &str, wanted: Wanted, timeout: SignedDuration) -> Until {
        let key = super::signals::key(stack, logical);
        self.outside.to_resources.insert(key.clone(), Came::new());
        Until::ResourceSignals { key, wanted, deadline: self.now + timeout }
    }

    /// Whether an update of a group makes another group. \[doc: `AutoScalingReplacingUpdate`\]
    pub(in crate::sim::world) fn replaces_group(
        &self,
        place: &Place,
        stack: &Stack,
        operation: &Operation,
        old: &Resource,
        new: &Map<String, Value>,
    ) -> bool {
        let policy = self.policy(place, stack, operation, (&old.logical, "UpdatePolicy")).ok().flatten();
        let replacing = policy.as_ref().and_then(|policy| part(policy, "AutoScalingReplacingUpdate"));
        is_true(replacing, "WillReplace") && brings_instances(&old.properties, new)
    }

    /// The rolling update of a group whose instances change; none if they do not.
    pub(in crate::sim::world) fn roll_group(
        &mut self,
        place: &Place,
        stack: &mut Stack,
        operation: &Operation,
        next: &Resource,
    ) -> Result<Option<Until>, String> {
        let current = stack.resources.get(&next.logical);
        // What failed to be updated has instances of both kinds.
        let attempted = stack.shape.template.resources.get(&next.logical).filter(|_| {
            operation.phase == Phase::UpdateRollback && current.is_some_and(|old| old.status == "UPDATE_FAILED")
        });
        let attempted = attempted
            .and_then(|definition| self.evaluate(place, stack, |scope| scope.properties(&definition.properties)).ok());
        let old = attempted.or_else(|| current.map(|old| old.properties.clone())).unwrap_or_default();
        if next.kind != GROUP || !brings_instances(&old, &next.properties) {
            return Ok(None);
        }
        let policy = self.policy(place, stack, operation, (&next.logical, "UpdatePolicy"))?;
        let Some(rolling) = policy.as_ref().and_then(|policy| part(policy, "AutoScalingRollingUpdate")) else {
            return Ok(None);
        };
        let rolling = Some(rolling);
        let size = |name: &str| next.properties.get(name).and_then(as_text).and_then(|text| text.parse::<u32>().ok());
        let count = size("DesiredCapacity").or_else(|| size("MinSize")).unwrap_or(0);
        let (batch, kept) = (number(rolling, "MaxBatchSize", 1)?, number(rolling, "MinInstancesInService", 0)?);
        let waits = is_true(rolling, "WaitOnResourceSignals");
        let (text, pause) = timeout(rolling, "PauseTime", if waits { USUAL } else { "PT0S" })?;
        if count == 0 {
            return Ok(None);
        }
        let mut words = format!(
            "Rolling update initiated. Terminating {count} obsolete instance(s) in batches of {batch}, while keeping at least \
             {kept} instance(s) in service."
        );
        if waits {
            words += &format!(
                " Waiting on resource signals with a timeout of {text} when new instances are added to the autoscaling group."
            );
        }
        self.tell(stack, operation, next, Some(&words));
        if !waits {
            return Ok(None);
        }
        let words = format!(
            "New instance(s) added to autoscaling group - Waiting on {count} resource signal(s) with a timeout of {text}."
        );
        self.tell(stack, operation, next, Some(&words));
        let percent = Some(number(rolling, "MinSuccessfulInstancesPercent", 100)?);
        let wanted = Wanted { count: count as usize, percent };
        let batches = i32::try_from(count.div_ceil(batch.max(1))).unwrap_or(i32::MAX);
        Ok(Some(self.wait_for(stack, &next.logical, wanted, pause.saturating_mul(batches))))
    }

    pub(super) fn signalled_by_call(&self, key: &str, wanted: Wanted, is_over: bool) -> Option<Result<(), String>> {
        wanted.outcome(self.outside.to_resources.get(key), is_over)
    }

    /// SignalResource. A signal with the id of an earlier one is that one, sent again.
    ///
    /// # Errors
    /// The resource waits for no signal.
    pub fn signal_resource(
        &mut self,
        place: &Place,
        name: &str,
        logical: &str,
        (unique, succeeds): (&str, bool),
    ) -> Answer<()> {
        let mut stack = self.living(place, name)?;
        let cannot = |what: String| Err(ApiError::validation(format!("{what} state and cannot be signaled")));
        let Some(operation) = stack.operation.take() else {
            return cannot(format!("Stack {} is in {}", stack.id, stack.status.as_str()));
        };
        let running = operation.running.get(logical).map(|running| (running.next.clone(), running.until.clone()));
        let Some((next, Until::ResourceSignals { key, wanted, .. })) = running else {
            // \[?\] The words for a resource that there is not.
            let missing =
                || ApiError::validation(format!("Resource {logical} does not exist for stack {}", stack.name));
            let resource = stack.resources.get(logical).ok_or_else(missing)?;
            return cannot(format!("Resource {logical} is in {}", resource.status));
        };
        let came = self.outside.to_resources.entry(key).or_default();
        let is_new = !came.contains_key(unique);
        came.entry(unique.to_owned()).or_insert(succeeds);
        let effect = if is_new { Effect::Effective } else { Effect::Replayed };
        self.record(place, "SignalResource", stack.name.clone(), None, effect);
        // Where one failure is the end, the reason of the failed resource says it.
        if is_new && (succeeds || wanted.percent.is_some()) {
            let word = if succeeds { "SUCCESS" } else { "FAILURE" };
            self.tell(&mut stack, &operation, &next, Some(&format!("Received {word} signal with UniqueId {unique}")));
        }
        let id = stack.id.clone();
        stack.operation = Some(operation);
        self.put_stack(place, stack);
        self.schedule(self.now, Work::Stack { place: place.clone(), id });
        Ok(())
    }
}
