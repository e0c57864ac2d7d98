//! What people do to resources outside CloudFormation, and what a resource is like after that.
//!
//! Services, task definitions and clusters are what ECS has; of every other type the account keeps only what a stack made of it,
//! so that a change by hand is kept here. An update by CloudFormation writes what the template says, and a deletion forgets it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::World;
use super::provision::replaces;
use super::refusal::refused_by_schema;
use super::stack::Resource;
use super::types;
use crate::model::{AccountId, Place, Region, StackStatus};
use crate::sim::error::{Answer, ApiError};
use crate::sim::ledger::Effect;

/// What somebody does to a resource of a stack. As JSON it is an object for `POST /_landfall/hands`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByHand {
    /// Account id; twelve digits.
    pub account: String,
    /// The region's name.
    pub region: String,
    /// Name of the stack.
    pub stack: String,
    /// Logical id of the resource.
    pub resource: String,
    /// Properties by their names get these values; `null` takes one away.
    #[serde(default)]
    pub set: Map<String, Value>,
    /// It is deleted.
    #[serde(default)]
    pub delete: bool,
    /// A scaling policy scales it to this count: a service, or its scalable target.
    #[serde(default)]
    pub scale: Option<u32>,
}

impl ByHand {
    /// Where the stack is.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the account or the region.
    pub fn place(&self) -> Result<Place, String> {
        let account = AccountId::new(&self.account).map_err(|error| error.to_string())?;
        let region = Region::new(&self.region).map_err(|error| error.to_string())?;
        Ok(Place { account, region })
    }
}

/// What somebody made of a resource.
#[derive(Clone, Debug)]
pub(super) enum Hand {
    Changed(Map<String, Value>),
    Gone,
}

impl World {
    /// Does something to a resource of a stack behind CloudFormation's back.
    ///
    /// # Errors
    /// The stack does not exist or is being deleted, it has no such resource, or this cannot be done to it.
    pub fn by_hand(&mut self, deed: &ByHand) -> Answer<()> {
        let place = &deed.place().map_err(ApiError::validation)?;
        let ByHand { stack: name, resource: logical, set, delete, scale, .. } = deed;
        if [*delete, !set.is_empty(), scale.is_some()].into_iter().filter(|given| *given).count() != 1 {
            let words = "either `set` names properties, or `delete` is true, or `scale` is a count";
            return Err(ApiError::validation(words));
        }
        let stack = self.find_stack(place, name).filter(|stack| stack.lives());
        let stack = stack.ok_or_else(|| super::calls::no_stack(name))?;
        if stack.status == StackStatus::DeleteInProgress {
            return Err(super::calls::wrong_state(stack));
        }
        let found = stack.resources.get(logical).and_then(|own| Some((own.clone(), self.live(place, own)?)));
        let missing = || ApiError::validation(format!("Stack [{name}] has no resource {logical}"));
        let (resource, mut properties) = found.ok_or_else(missing)?;
        if types::is_custom(&resource.kind) || resource.kind.starts_with("AWS::CloudFormation::") {
            return Err(ApiError::validation(format!(
                "There is nothing of type {} outside CloudFormation",
                resource.kind
            )));
        }
        if *delete {
            self.take_away(place, &resource)?;
        } else if let Some(count) = scale {
            self.scale_by_policy(place, &resource, *count)?;
        } else {
            let before = properties.clone();
            for (name, value) in set {
                match value {
                    Value::Null => properties.remove(name),
                    value => properties.insert(name.clone(), value.clone()),
                };
            }
            let another = types::find(&resource.kind).is_some_and(|info| replaces(info, &before, &properties));
            if another {
                return Err(ApiError::validation("Some of these properties would make another resource of it"));
            }
            self.write(place, &resource, properties)?;
        }
        self.record(place, "ByHand", format!("{name}/{logical}"), None, Effect::Effective);
        Ok(())
    }

    fn write(&mut self, place: &Place, resource: &Resource, properties: Map<String, Value>) -> Answer<()> {
        let id = resource.physical_id.clone().unwrap_or_default();
        match resource.kind.as_str() {
            "AWS::ECS::Service" => {
                self.rewrite_service(place, &id, &properties)?;
            }
            "AWS::ECS::TaskDefinition" => {
                return Err(ApiError::validation(
                    "A revision of a task definition cannot be changed; it can be deleted",
                ));
            }
            kind => {
                if let Some(why) = refused_by_schema(kind, &properties) {
                    return Err(ApiError::validation(why));
                }
                self.set_timer(place, resource, &self.resolved(place, &properties).unwrap_or_default());
                if let Some(cluster) =
                    self.region(place).ecs.clusters.get_mut(&id).filter(|_| kind == "AWS::ECS::Cluster")
                {
                    cluster.tags = super::all_tags(&properties, &BTreeMap::new());
                }
                self.region(place).hands.insert((kind.to_owned(), id), Hand::Changed(properties));
            }
        }
        Ok(())
    }

    /// Deletes the thing itself, and leaves the stack as it is.
    pub(super) fn take_away(&mut self, place: &Place, resource: &Resource) -> Answer<()> {
        if resource.kind == "AWS::ECS::Cluster" {
            self.delete_cluster(place, resource.physical_id.as_deref().unwrap_or_default())?;
        }
        self.unmake(place, resource);
        let key = (resource.kind.clone(), resource.physical_id.clone().unwrap_or_default());
        self.region(place).hands.insert(key, Hand::Gone);
        Ok(())
    }

    /// What a resource is like; none if it is gone. What nobody changed by hand is what its stack made of it.
    pub(super) fn live(&self, place: &Place, resource: &Resource) -> Option<Map<String, Value>> {
        let id = resource.physical_id.as_deref()?;
        let region = self.regions.get(place)?;
        match resource.kind.as_str() {
            "AWS::ECS::TaskDefinition" => {
                let definition = region.ecs.task_definitions.get(id).filter(|definition| definition.active)?;
                Some(self.as_written(place, resource, definition.properties.clone()))
            }
            "AWS::ECS::Service" => {
                let service = region.ecs.services.get(id).filter(|service| service.status == "ACTIVE")?;
                let mut properties = service.properties.clone();
                let written = properties.get("TaskDefinition").and_then(Value::as_str).unwrap_or_default();
                let same = self.find_task_definition(place, written).is_some_and(|d| d.arn == service.task_definition);
                if !same {
                    properties.insert("TaskDefinition".to_owned(), json!(service.task_definition));
                }
                // A template may write the number as text.
                let written = properties.get("DesiredCount").and_then(super::ecs::number);
                if written != Some(service.desired) {
                    properties.insert("DesiredCount".to_owned(), json!(service.desired));
                }
                Some(self.as_written(place, resource, properties))
            }
            "AWS::ECS::Cluster" if !region.ecs.clusters.get(id).is_some_and(|cluster| cluster.active) => None,
            "AWS::ECS::Cluster" => {
                let tags = region.ecs.clusters.get(id).map(|cluster| cluster.tags.clone()).unwrap_or_default();
                let mut properties = hand_of(region, resource, id)?;
                if super::all_tags(&properties, &BTreeMap::new()) != tags {
                    let list = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
                    properties.insert("Tags".to_owned(), list);
                }
                Some(properties)
            }
            _ => hand_of(region, resource, id),
        }
    }

    /// CloudFormation wrote the resource, or deleted it: nothing is left of what was done to it by hand.
    pub(super) fn forget_hands(&mut self, place: &Place, resource: &Resource) {
        let id = resource.physical_id.clone().unwrap_or_default();
        self.region(place).hands.remove(&(resource.kind.clone(), id));
    }
}

/// What a stack or a hand made of a resource; none if a hand deleted it.
fn hand_of(region: &super::Region, resource: &Resource, id: &str) -> Option<Map<String, Value>> {
    match region.hands.get(&(resource.kind.clone(), id.to_owned())) {
        None => Some(resource.properties.clone()),
        Some(Hand::Changed(properties)) => Some(properties.clone()),
        Some(Hand::Gone) => None,
    }
}
