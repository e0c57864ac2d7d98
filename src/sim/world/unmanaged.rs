//! Resources that exist although no stack manages them: what stacks left behind, and what ECS was asked for without CloudFormation.
//!
//! Only these and stacks that are in no other one can be imported into a stack. Deliberately absent: buckets that S3 was asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::eval::as_text;
use super::hands::Hand;
use super::stack::{Resource, Stack};
use super::types::{self, TypeInfo};
use super::{World, nested};
use crate::model::{Place, StackStatus};

const CLUSTER: &str = "AWS::ECS::Cluster";
const SERVICE: &str = "AWS::ECS::Service";
const TASK_DEFINITION: &str = "AWS::ECS::TaskDefinition";

/// The values of the properties that identify a resource.
pub(super) type Identifier = BTreeMap<String, String>;

/// Whether stacks can import resources of a type. \[doc: "Resource type support"\] \[?\] Every type with an identifier of its own,
/// except those of CloudFormation besides stacks.
pub(super) fn is_importable(info: &TypeInfo) -> bool {
    !info.id.is_empty() && (info.name == nested::KIND || !info.name.starts_with("AWS::CloudFormation::"))
}

/// The type of this name, if stacks can import its resources.
pub(in crate::sim) fn importable(kind: &str) -> Option<&'static TypeInfo> {
    types::find(kind).filter(|info| is_importable(info))
}

impl World {
    /// A stack stops managing a resource that continues to exist.
    pub(super) fn let_go(&mut self, place: &Place, resource: &Resource) {
        let (Some(properties), Some(id)) = (self.live(place, resource), resource.physical_id.clone()) else { return };
        if !types::find(&resource.kind).is_some_and(is_importable) {
            return;
        }
        let key = (resource.kind.clone(), id);
        let region = self.region(place);
        if key.0 == nested::KIND {
            if let Some(stack) = region.stacks.get_mut(key.1.as_str()) {
                stack.nest = None;
            }
            return;
        }
        if let Some(service) = region.ecs.services.get_mut(&key.1).filter(|_| key.0 == SERVICE) {
            service.stack = None;
        }
        region.hands.remove(&key);
        region.left.insert(key, Resource { properties, ..resource.clone() });
    }

    /// A stack begins to manage a resource, as it is. What differs from the template is drift.
    pub(super) fn take_over(&mut self, place: &Place, stack: &Stack, resource: &Resource) {
        let key = (resource.kind.clone(), resource.physical_id.clone().unwrap_or_default());
        if key.0 == nested::KIND {
            return self.adopt(place, stack, &key.1);
        }
        let left = self.regions.get(place).and_then(|region| region.left.get(&key)).cloned();
        let left = left.and_then(|left| self.live(place, &left));
        let region = self.region(place);
        region.left.remove(&key);
        match resource.kind.as_str() {
            SERVICE => {
                if let Some(service) = region.ecs.services.get_mut(&key.1) {
                    service.stack = Some(stack.id.to_string());
                }
            }
            TASK_DEFINITION => {}
            _ => {
                region.taken.insert(key.clone());
                if let Some(left) = left.filter(|left| *left != resource.properties) {
                    region.hands.insert(key, Hand::Changed(left));
                }
            }
        }
    }

    /// The resource of a type that is meant, and the id of the stack that manages it.
    pub(super) fn existing(
        &self,
        place: &Place,
        info: &TypeInfo,
        is_meant: impl Fn(&Resource) -> bool,
    ) -> Option<(Resource, Option<Arc<str>>)> {
        let managed = self.managed(place, &info.name).find(|(_, resource)| is_meant(resource));
        if let Some((stack, resource)) = managed {
            return Some((resource.clone(), Some(stack.id.clone())));
        }
        self.unmanaged(place, info).into_iter().find(|resource| is_meant(resource)).map(|resource| (resource, None))
    }

    /// Every resource of a type that a stack manages and that exists, with its stack.
    fn managed<'a>(&'a self, place: &'a Place, kind: &'a str) -> impl Iterator<Item = (&'a Stack, &'a Resource)> {
        let stacks = self.regions.get(place).into_iter().flat_map(|region| region.stacks.values());
        let own =
            stacks.filter(|stack| stack.lives()).flat_map(|stack| stack.resources.values().map(move |r| (stack, r)));
        own.filter(move |(_, resource)| resource.kind == kind && !is_released(&resource.status))
            .filter(|(_, resource)| self.live(place, resource).is_some())
    }

    /// Every resource of a type that no stack manages.
    fn unmanaged(&self, place: &Place, info: &TypeInfo) -> Vec<Resource> {
        let Some(region) = self.regions.get(place) else { return Vec::new() };
        let left = region.left.values().filter(|resource| resource.kind == info.name);
        let mut all: Vec<Resource> = left.filter(|resource| self.live(place, resource).is_some()).cloned().collect();
        let known = |id: &str| all.iter().any(|resource| resource.physical_id.as_deref() == Some(id));
        let managed = |id: &str| {
            let mut own = self.managed(place, &info.name);
            own.any(|(_, resource)| resource.physical_id.as_deref() == Some(id))
        };
        let mut found = Vec::new();
        let mut add = |id: &str, attributes: Vec<(&str, &str)>, properties: Map<String, Value>| {
            if !known(id) && !managed(id) {
                found.push(by_itself(&info.name, id, attributes, properties));
            }
        };
        match info.name.as_str() {
            CLUSTER => {
                for cluster in region.ecs.clusters.values().filter(|cluster| cluster.active) {
                    let properties = [("ClusterName".to_owned(), json!(cluster.name))].into_iter().collect();
                    add(&cluster.name, vec![("Arn", &cluster.arn)], properties);
                }
            }
            SERVICE => {
                for service in region.ecs.services.values().filter(|service| service.status == "ACTIVE") {
                    let attributes = vec![("Name", service.name.as_str()), ("ServiceArn", &service.arn)];
                    let mut properties = service.properties.clone();
                    properties.insert("Cluster".to_owned(), json!(service.cluster));
                    add(&service.arn, attributes, properties);
                }
            }
            nested::KIND => {
                let own = region.stacks.values().filter(|stack| stack.lives() && stack.nest.is_none());
                for stack in own.filter(|stack| stack.status != StackStatus::ReviewInProgress) {
                    add(&stack.id, Vec::new(), Map::new());
                }
            }
            TASK_DEFINITION => {
                for one in region.ecs.task_definitions.values().filter(|definition| definition.active) {
                    add(&one.arn, vec![("TaskDefinitionArn", &one.arn)], one.properties.clone());
                }
            }
            _ => {}
        }
        all.extend(found);
        all
    }
}

/// Whether a stack only remembers a resource of this status.
pub(in crate::sim) fn is_released(status: &str) -> bool {
    matches!(status, "DELETE_COMPLETE" | "DELETE_SKIPPED" | "IMPORT_ROLLBACK_COMPLETE")
}

fn by_itself(kind: &str, id: &str, attributes: Vec<(&str, &str)>, properties: Map<String, Value>) -> Resource {
    Resource {
        logical: String::new(),
        kind: kind.to_owned(),
        physical_id: Some(id.to_owned()),
        properties,
        tags: BTreeMap::new(),
        attributes: attributes.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        lists: BTreeMap::new(),
        no_echo: false,
        status: String::new(),
        reason: None,
        at: jiff::Timestamp::UNIX_EPOCH,
        needs: std::collections::BTreeSet::new(),
        deletion_policy: "Retain".to_owned(),
        replace_policy: "Retain".to_owned(),
    }
}

/// Whether a resource has every value of an identifier.
pub(super) fn is_identified(info: &TypeInfo, resource: &Resource, identifier: &Identifier) -> bool {
    let id = resource.physical_id.as_deref().unwrap_or_default();
    let parts: Vec<&str> = id.split('|').collect();
    info.id.iter().enumerate().all(|(at, name)| {
        let Some(wanted) = identifier.get(name) else { return false };
        if info.name == SERVICE && name == "Cluster" {
            let short = |text: &str| text.rsplit('/').next().map(str::to_owned);
            let cluster = resource.properties.get(name).and_then(as_text).unwrap_or_else(|| "default".to_owned());
            return short(&cluster) == short(wanted);
        }
        let in_bars = parts.get(at).filter(|_| parts.len() == info.id.len()).copied();
        let named = resource.attributes.get(name).cloned();
        let named = named.or_else(|| resource.properties.get(name).and_then(as_text));
        named.as_deref() == Some(wanted) || in_bars == Some(wanted) || info.id.len() == 1 && id == wanted
    })
}
