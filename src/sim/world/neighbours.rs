//! What a resource is refused for with the rest of its account at hand: priorities in use, target groups that no load balancer
//! uses, and roles, subnets and security groups that do not exist.

use serde_json::{Map, Value};

use super::World;
use super::eval::as_text;
use super::stack::{Operation, Resource, Stack};
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};

pub(super) const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
pub(super) const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
pub(super) const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";

/// A stack that is taken out of its region for a change, and the operation it is in.
type Changing<'a> = Option<(&'a Stack, &'a Operation)>;

impl World {
    /// Why the account refuses to create or update a resource. The error is CloudFormation's reason.
    pub(super) fn refused_by_account(
        &self,
        place: &Place,
        changing: (&Stack, &Operation),
        next: &Resource,
    ) -> Option<String> {
        match next.kind.as_str() {
            // \[iss: stelligent/mu#324\] The words. \[?\] The handler's code.
            RULE => self.priority_in_use(place, changing, next).map(|words| {
                format!(
                    "Resource handler returned message: \"{words} (Service: ElasticLoadBalancingV2, Status Code: 400, Error \
                     Code: PriorityInUse)\" (HandlerErrorCode: InvalidRequest)"
                )
            }),
            super::timers::RULE => super::schedules::invalid_rule(&next.properties),
            "AWS::ECS::Service" => {
                // ECS judges what an update gives it. \[?\] CloudFormation gives it what changed.
                let old = changing.0.resources.get(&next.logical).filter(|old| old.physical_id.is_some());
                let mut given = next.properties.clone();
                given.retain(|key, value| old.and_then(|old| old.properties.get(key)) != Some(value));
                let words = self.service_refused(place, Some(changing), &given)?;
                Some(format!(
                    "Resource handler returned message: \"{words} (Service: AmazonECS; Status Code: 400; Error Code: \
                     InvalidParameterException)\" (HandlerErrorCode: InvalidRequest)"
                ))
            }
            // \[reports\]
            "AWS::ECS::TaskDefinition" => self.unknown_task_role(place, Some(changing), &next.properties).map(|words| {
                format!(
                    "Resource handler returned message: \"Invalid request provided: Create TaskDefinition: {words} (Service: \
                     AmazonECS; Status Code: 400; Error Code: ClientException)\" (HandlerErrorCode: InvalidRequest)"
                )
            }),
            _ => None,
        }
    }

    /// Why ECS refuses a service with these properties, with the account at hand.
    pub(super) fn service_refused(
        &self,
        place: &Place,
        changing: Changing<'_>,
        properties: &Map<String, Value>,
    ) -> Option<String> {
        let network = properties.get("NetworkConfiguration").and_then(|all| all.get("AwsvpcConfiguration"));
        self.unknown_network(place, changing, network).or_else(|| self.unattached(place, changing, properties))
    }

    /// Refuses a role for CloudFormation that does not exist. \[iss: aws-amplify/amplify-backend#2325\] The words.
    pub(super) fn check_role(&self, place: &Place, arn: Option<&str>) -> Answer<()> {
        let (Some(arn), Some(told)) = (arn, &self.config.existing.roles) else { return Ok(()) };
        if told.contains(arn) || self.is_role(place, None, |own| own == arn) {
            return Ok(());
        }
        Err(ApiError::validation(format!("Role {arn} is invalid or cannot be assumed")))
    }

    /// Whether a stack of the account made a role with such an ARN.
    fn is_role(&self, place: &Place, changing: Changing<'_>, is: impl Fn(&str) -> bool) -> bool {
        let regions = self.regions.keys().filter(|other| other.account == place.account);
        let mut roles = regions.flat_map(|other| {
            let changing = changing.filter(|_| other == place);
            self.standing(other, changing, "AWS::IAM::Role")
        });
        roles.any(|role| role.attributes.get("Arn").is_some_and(|own| is(own)))
    }

    /// Refuses a task definition whose roles do not exist, as RegisterTaskDefinition does.
    pub fn check_task_roles(&self, place: &Place, properties: &Map<String, Value>) -> Answer<()> {
        let words = self.unknown_task_role(place, None, properties);
        words.map_or(Ok(()), |words| Err(ApiError::new("ClientException", words)))
    }

    /// \[iss: fabfuel/ecs-deploy#231, bradford-hamilton/terraform-ecs-fargate#8\] The words. \[api\] A role may be given by its name.
    fn unknown_task_role(
        &self,
        place: &Place,
        changing: Changing<'_>,
        properties: &Map<String, Value>,
    ) -> Option<&'static str> {
        let told = self.config.existing.roles.as_ref()?;
        let roles = ["TaskRoleArn", "ExecutionRoleArn"].iter().filter_map(|key| properties.get(*key).and_then(as_text));
        let mut unknown = roles.filter(|role| {
            let is = |own: &str| own == role || !role.starts_with("arn:") && own.rsplit('/').next() == Some(role);
            !told.iter().any(|own| is(own)) && !self.is_role(place, changing, is)
        });
        unknown.next().map(|_| "Role is not valid")
    }

    /// \[doc: reference of ListenerRule, `Priority`: a listener cannot have multiple rules with the same priority\]
    fn priority_in_use(&self, place: &Place, changing: (&Stack, &Operation), next: &Resource) -> Option<String> {
        let text = |resource: &Resource, key: &str| resource.properties.get(key).and_then(as_text);
        let (listener, priority) = (text(next, "ListenerArn")?, text(next, "Priority")?);
        let taken = self.standing(place, Some(changing), RULE).any(|other| {
            other.physical_id != next.physical_id
                && text(other, "ListenerArn").as_ref() == Some(&listener)
                && text(other, "Priority").as_ref() == Some(&priority)
        });
        taken.then(|| format!("Priority '{priority}' is currently in use"))
    }

    /// A target group of a stack that no listener and no rule forwards to. Others may be used by what the account does not know.
    fn unattached(&self, place: &Place, changing: Changing<'_>, properties: &Map<String, Value>) -> Option<String> {
        let balancers = properties.get("LoadBalancers")?.as_array()?;
        let mut groups = balancers.iter().filter_map(|one| one.get("TargetGroupArn")?.as_str());
        let arn = groups.find(|arn| {
            let known = self.standing(place, changing, TARGET_GROUP).any(|one| one.physical_id.as_deref() == Some(arn));
            let forwards = |kind| {
                let mut all = self.standing(place, changing, kind);
                all.any(|one| one.properties.values().any(|value| mentions(value, arn)))
            };
            known && !forwards(LISTENER) && !forwards(RULE)
        })?;
        Some(format!("The target group with targetGroupArn {arn} does not have an associated load balancer."))
    }

    fn unknown_network(&self, place: &Place, changing: Changing<'_>, network: Option<&Value>) -> Option<String> {
        let existing = &self.config.existing;
        let unknown = |key: &str, told: Option<&std::collections::BTreeSet<(Place, String)>>, kind: &str| {
            let told = told?;
            let mut ids = network?.get(key)?.as_array()?.iter().filter_map(Value::as_str);
            ids.find(|id| {
                let made = || self.standing(place, changing, kind).any(|one| one.physical_id.as_deref() == Some(id));
                !told.contains(&(place.clone(), (*id).to_owned())) && !made()
            })
        };
        // \[iss: eddmann/serverless-fargate#20\] The words on subnets. \[?\] Those on security groups.
        if let Some(id) = unknown("Subnets", existing.subnets.as_ref(), "AWS::EC2::Subnet") {
            return Some(format!(
                "Error retrieving subnet information for [{id}]: The subnet ID '{id}' does not exist (ErrorCode: \
                 InvalidSubnetID.NotFound)"
            ));
        }
        let id = unknown("SecurityGroups", existing.security_groups.as_ref(), "AWS::EC2::SecurityGroup")?;
        Some(format!(
            "Error retrieving security group information for [{id}]: The security group '{id}' does not exist (ErrorCode: \
             InvalidGroup.NotFound)"
        ))
    }

    /// Every resource of a type that exists in a region, as its service has it now.
    pub(super) fn standing<'a>(
        &'a self,
        place: &'a Place,
        changing: Changing<'a>,
        kind: &'a str,
    ) -> impl Iterator<Item = &'a Resource> {
        let others = self.regions.get(place).into_iter().flat_map(|region| region.stacks.values());
        let others = others.map(|stack| (stack, stack.operation.as_ref()));
        let own = changing.map(|(stack, operation)| (stack, Some(operation)));
        others
            .chain(own)
            .flat_map(|(stack, operation)| present(stack, operation))
            .filter(move |resource| resource.kind == kind && resource.physical_id.is_some())
            .filter(|resource| resource.status != "DELETE_COMPLETE")
            .filter(move |resource| self.live(place, resource).is_some())
    }
}

/// The resources of a stack, those that it is about to delete included.
fn present<'a>(stack: &'a Stack, operation: Option<&'a Operation>) -> impl Iterator<Item = &'a Resource> {
    let current = stack.resources.values().map(move |resource| {
        let running = operation.and_then(|operation| operation.running.get(&resource.logical));
        running.filter(|running| running.fails.is_none()).map_or(resource, |running| &running.next)
    });
    let going = operation.into_iter().flat_map(|operation| {
        let running = operation.running.values();
        let deleted = running.clone().filter(|running| running.verb == "DELETE").map(|running| &running.next);
        operation.cleanup.iter().chain(running.filter_map(|running| running.replaces.as_ref())).chain(deleted)
    });
    current.chain(going).chain(&stack.leftover)
}

/// Whether a text is anywhere in a value.
pub(super) fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own == text,
        Value::Array(items) => items.iter().any(|item| mentions(item, text)),
        Value::Object(map) => map.values().any(|inside| mentions(inside, text)),
        _ => false,
    }
}
