//! Application Auto Scaling of ECS services: bounds, scheduled actions, and what a scaling policy does.
//!
//! Registering a scalable target brings the count of its service into the bounds. \[api: RegisterScalableTarget\] A scheduled action
//! changes the bounds, and the count only if it is outside of them. \[api: PutScheduledAction\] Nothing measures services: a hand
//! says to which count a policy scales, within the bounds. Deliberately absent: metrics, cooldowns, and what else scales.

use serde_json::{Map, Value, json};

use super::ecs::{Service, number};
use super::hands::Hand;
use super::stack::Resource;
use super::timers::is_on;
use super::{Work, World};
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};

pub(super) const TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";

/// The least and the greatest count of a target of a service.
fn bounds(properties: &Map<String, Value>) -> Option<(u32, u32)> {
    let bound = |key: &str| properties.get(key).and_then(number);
    Some((bound("MinCapacity")?, bound("MaxCapacity")?)).filter(|(least, most)| least <= most)
}

/// The service that a target scales: `service/cluster/name`.
fn resource_id(properties: &Map<String, Value>) -> Option<&str> {
    let is = |key: &str, value: &str| properties.get(key).and_then(Value::as_str) == Some(value);
    let scales_service = is("ServiceNamespace", "ecs") && is("ScalableDimension", "ecs:service:DesiredCount");
    properties.get("ResourceId")?.as_str().filter(|_| scales_service)
}

/// The id by which scaling knows a service.
fn id_of(service: &Service) -> &str {
    service.arn.rsplit(':').next().unwrap_or_default()
}

/// Whether a part of scaling is suspended. \[api: `SuspendedState`\]
fn is_suspended(properties: &Map<String, Value>, part: &str) -> bool {
    is_on(properties.get("SuspendedState").and_then(|state| state.get(part)))
}

impl World {
    /// The active service that a target scales.
    fn scaled_service(&self, place: &Place, properties: &Map<String, Value>) -> Option<&Service> {
        let id = resource_id(properties)?;
        self.services(place).find(|service| service.status == "ACTIVE" && id_of(service) == id)
    }

    /// Why a target cannot be registered. \[src: terraform-provider-aws and spinnaker/clouddriver wait while they are told so\]
    pub(super) fn not_scalable(&self, place: &Place, kind: &str, properties: &Map<String, Value>) -> Option<String> {
        let id = resource_id(properties).filter(|_| kind == TARGET)?;
        self.scaled_service(place, properties).is_none().then(|| {
            format!(
                "Resource handler returned message: \"ECS service doesn't exist: {id} (Service: ApplicationAutoScaling, Status \
                 Code: 400, Error Code: ValidationException)\" (HandlerErrorCode: InvalidRequest)"
            )
        })
    }

    /// Brings the count of a target's service into its bounds.
    pub(super) fn keep_in_bounds(&mut self, place: &Place, properties: &Map<String, Value>) {
        let Some((least, most)) = bounds(properties) else { return };
        let found = self.scaled_service(place, properties).map(|service| (service.arn.clone(), service.desired));
        if let Some((arn, count)) = found {
            self.set_count(place, &arn, count.clamp(least, most));
        }
    }

    /// What its stack, or UpdateService, gave the service stays as it is.
    fn set_count(&mut self, place: &Place, arn: &str, count: u32) {
        let service = self.region(place).ecs.services.get_mut(arn).filter(|service| service.desired != count);
        let Some(service) = service else { return };
        service.desired = count;
        self.schedule(self.now, Work::Service { place: place.clone(), arn: arn.to_owned() });
    }

    /// A scheduled action: new bounds, which drift detection sees.
    pub(super) fn run_action(&mut self, place: &Place, id: &str, properties: &Map<String, Value>, index: usize) {
        let actions = properties.get("ScheduledActions").and_then(Value::as_array);
        let change = actions.and_then(|actions| actions.get(index)?.get("ScalableTargetAction")?.as_object());
        let (Some(change), false) = (change, is_suspended(properties, "ScheduledScalingSuspended")) else { return };
        let given = |key: &str| change.get(key).and_then(number).map(|bound| (key.to_owned(), json!(bound)));
        let new: Map<String, Value> = ["MinCapacity", "MaxCapacity"].into_iter().filter_map(given).collect();
        let mut after = properties.clone();
        after.extend(new.clone());
        // \[?\] An action whose bounds exclude each other fails.
        if bounds(&after).is_none() {
            return;
        }
        let shown = self.owner(place, TARGET, id).and_then(|own| self.live(place, own));
        if let Some(mut shown) = shown {
            shown.extend(new);
            self.region(place).hands.insert((TARGET.to_owned(), id.to_owned()), Hand::Changed(shown));
        }
        self.wind(place, TARGET, id, &after);
    }

    /// A scaling policy scales a service to a count, as far as the bounds allow it. \[doc: "Automatically scale your Amazon ECS
    /// service", considerations; "Service auto scaling and deployments"\]
    pub(super) fn scale_by_policy(&mut self, place: &Place, resource: &Resource, count: u32) -> Answer<()> {
        let refused = |words: &str| Err(ApiError::validation(words));
        let id = resource.physical_id.as_deref().unwrap_or_default();
        let target = match resource.kind.as_str() {
            TARGET => self.timed(place, TARGET, id),
            "AWS::ECS::Service" => {
                let wanted = id.rsplit(':').next();
                let mut targets = self.all_timed(place, TARGET);
                targets.find(|(_, own)| resource_id(own) == wanted).map(|(_, own)| own)
            }
            _ => return refused("`scale` is for a service or for its scalable target"),
        };
        let Some(target) = target else { return refused("No scalable target scales this service") };
        let (Some((least, most)), Some(service)) = (bounds(target), self.scaled_service(place, target)) else {
            return refused("The scalable target scales no service that exists");
        };
        let (is, out) = (service.desired, count > service.desired);
        let part = if out { "DynamicScalingOutSuspended" } else { "DynamicScalingInSuspended" };
        if is_suspended(target, part) {
            return refused(&format!("Scaling is suspended: {part}"));
        }
        let deploys = service.newest().is_some_and(|deployment| deployment.status.active());
        if deploys && count < is {
            return refused("A service is not scaled in while a deployment is in progress");
        }
        // A count outside of the bounds is brought back only by scaling towards them.
        let new = if out { count.clamp(least, most).max(is) } else { count.clamp(least, most).min(is) };
        let arn = service.arn.clone();
        self.set_count(place, &arn, new);
        Ok(())
    }
}
