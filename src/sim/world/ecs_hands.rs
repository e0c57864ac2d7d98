//! ECS operations that change services, task definitions and tags outside CloudFormation.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::World;
use super::ecs::{Ecs, Service};
use super::provision::service_arn;
use super::refusal::{refused_by_rules, refused_by_schema};
use super::stack::{Resource, Stack};
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};
use crate::sim::ledger::Effect;

fn invalid(words: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", words.into())
}

/// Refuses what ECS does not take of a service.
fn check(properties: &Map<String, Value>) -> Answer<()> {
    let why = refused_by_schema("AWS::ECS::Service", properties);
    match why.or_else(|| refused_by_rules("AWS::ECS::Service", properties)) {
        Some(why) => Err(invalid(why)),
        None => Ok(()),
    }
}

/// A property that is a text.
fn text(properties: &Map<String, Value>, key: &str) -> Option<String> {
    properties.get(key).and_then(Value::as_str).map(str::to_owned)
}

impl World {
    /// CreateService; properties as CloudFormation writes them. Gives the ARN.
    pub fn create_service(&mut self, place: &Place, properties: Map<String, Value>) -> Answer<String> {
        let name = text(&properties, "ServiceName").unwrap_or_default();
        let wanted = text(&properties, "Cluster").unwrap_or_else(|| "default".to_owned());
        let cluster = self.cluster(place, &wanted).filter(|cluster| cluster.active);
        let cluster = cluster.ok_or_else(|| ApiError::new("ClusterNotFoundException", "Cluster not found."))?;
        let definition = text(&properties, "TaskDefinition").unwrap_or_default();
        let definition = self.usable_definition(place, &definition)?.arn.clone();
        check(&properties)?;
        if let Some(words) = self.service_refused(place, None, &properties) {
            return Err(invalid(words));
        }
        let arn = service_arn(place, &cluster, &name);
        if let Some(there) = self.region(place).ecs.services.get(&arn).filter(|service| service.status == "ACTIVE") {
            // The same request again is answered again. \[doc: CreateService\]
            if there.properties == properties {
                self.record(place, "CreateService", arn.clone(), None, Effect::Replayed);
                return Ok(arn);
            }
            return Err(invalid("Creation of service was not idempotent."));
        }
        self.run_service(place, &cluster, &name, definition, properties, None);
        self.record(place, "CreateService", arn.clone(), None, Effect::Effective);
        Ok(arn)
    }

    /// UpdateService; only what is given changes. `force` begins a deployment whatever changes.
    pub fn update_service(&mut self, place: &Place, arn: &str, given: Map<String, Value>, force: bool) -> Answer<()> {
        let service = self.active(place, arn)?;
        let mut properties = service.properties.clone();
        // \[api: UpdateService, `desiredCount`\] Without one, the count stays as it is, whoever set it.
        if properties.get("DesiredCount").and_then(super::ecs::number) != Some(service.desired) {
            properties.insert("DesiredCount".to_owned(), json!(service.desired));
        }
        properties.insert("TaskDefinition".to_owned(), json!(service.task_definition));
        properties.extend(given);
        let deploys = self.rewrite_service(place, arn, &properties)?;
        if force
            && !deploys
            && let Some(mut service) = self.region(place).ecs.services.remove(arn)
        {
            self.start_deployment(place, &mut service);
            self.region(place).ecs.services.insert(arn.to_owned(), service);
        }
        self.record(place, "UpdateService", arn.to_owned(), None, Effect::Effective);
        Ok(())
    }

    /// Gives a service these properties, if ECS takes them; whether a deployment begins.
    pub(super) fn rewrite_service(
        &mut self,
        place: &Place,
        arn: &str,
        properties: &Map<String, Value>,
    ) -> Answer<bool> {
        let definition = text(properties, "TaskDefinition").unwrap_or_default();
        self.usable_definition(place, &definition)?;
        check(properties)?;
        let known = self.regions.get(place).and_then(|region| region.ecs.services.get(arn));
        let mut given = properties.clone();
        given.retain(|key, value| known.and_then(|service| service.properties.get(key)) != Some(value));
        if let Some(words) = self.service_refused(place, None, &given) {
            return Err(invalid(words));
        }
        Ok(self.change_service(place, arn, properties))
    }

    /// DeleteService. One that should have tasks is deleted only by force.
    pub fn delete_service(&mut self, place: &Place, arn: &str, force: bool) -> Answer<()> {
        let service = self.active(place, arn)?;
        if service.desired > 0 && !force {
            return Err(invalid("The service cannot be stopped while it is scaled above 0."));
        }
        let now = self.now();
        if let Some(service) = self.region(place).ecs.services.get_mut(arn) {
            service.end(now);
            let by = service.stack.clone();
            self.wake(place, by);
        }
        self.record(place, "DeleteService", arn.to_owned(), None, Effect::Effective);
        Ok(())
    }

    /// DeregisterTaskDefinition, which needs a revision. Gives the ARN.
    pub fn deregister_task_definition(&mut self, place: &Place, name: &str) -> Answer<String> {
        if !name.rsplit('/').next().unwrap_or(name).contains(':') {
            return Err(invalid("Missing version number: the revision of the task definition must be given."));
        }
        let found = self.find_task_definition(place, name).map(|found| found.arn.clone());
        let arn = found.ok_or_else(|| ApiError::new("ClientException", "Unable to describe task definition."))?;
        let now = self.now();
        let effect = match self.region(place).ecs.task_definitions.get_mut(&arn) {
            Some(definition) if definition.active => {
                definition.active = false;
                definition.deregistered = Some(now);
                Effect::Effective
            }
            _ => Effect::Replayed,
        };
        self.record(place, "DeregisterTaskDefinition", arn.clone(), None, effect);
        Ok(arn)
    }

    fn active(&self, place: &Place, arn: &str) -> Answer<&Service> {
        let found = self.regions.get(place).and_then(|region| region.ecs.services.get(arn));
        match found {
            None => Err(ApiError::new("ServiceNotFoundException", "Service not found.")),
            Some(service) if service.status != "ACTIVE" => {
                Err(ApiError::new("ServiceNotActiveException", "Service was not ACTIVE."))
            }
            Some(service) => Ok(service),
        }
    }

    /// ListTagsForResource: the tags of a service, a task definition, a cluster or a task.
    pub fn tags_of(&mut self, place: &Place, arn: &str) -> Answer<BTreeMap<String, String>> {
        if let Some(cluster) = self.cluster(place, arn).filter(|cluster| cluster.active && cluster.arn == arn) {
            return Ok(cluster.all_tags());
        }
        let ecs = &mut self.region(place).ecs;
        if let Some(service) = ecs.services.get(arn) {
            return Ok(all_tags(&service.properties, &service.inherited));
        }
        if let Some(definition) = ecs.task_definitions.get(arn) {
            return Ok(all_tags(&definition.properties, &definition.inherited));
        }
        ecs.task_tags(arn).map(|tags| tags.clone()).ok_or_else(|| no_tags(arn))
    }

    /// TagResource.
    pub fn tag_resource(&mut self, place: &Place, arn: &str, tags: BTreeMap<String, String>) -> Answer<()> {
        reserved(tags.keys())?;
        if tags.is_empty() || tags.iter().any(|(key, value)| !(1..=128).contains(&key.len()) || value.len() > 256) {
            return Err(invalid(
                "Tags: a key has 1 to 128 characters, a value at most 256, and there is at least one tag.",
            ));
        }
        let all = self.tags_of(place, arn)?;
        let own = all.keys().filter(|key| !key.starts_with("aws:") && !tags.contains_key(*key)).count();
        if own + tags.len() > 50 {
            return Err(invalid("A resource can have 50 tags."));
        }
        self.change_tags(place, arn, "TagResource", |own, inherited| {
            inherited.retain(|key, _| !tags.contains_key(key));
            own.extend(tags);
        })
    }

    /// UntagResource.
    pub fn untag_resource(&mut self, place: &Place, arn: &str, keys: &[String]) -> Answer<()> {
        reserved(keys.iter())?;
        self.change_tags(place, arn, "UntagResource", |own, inherited| {
            own.retain(|key, _| !keys.contains(key));
            inherited.retain(|key, _| !keys.contains(key));
        })
    }

    fn change_tags(
        &mut self,
        place: &Place,
        arn: &str,
        operation: &str,
        change: impl FnOnce(&mut BTreeMap<String, String>, &mut BTreeMap<String, String>),
    ) -> Answer<()> {
        let ecs = &mut self.region(place).ecs;
        if let Some(cluster) = ecs.clusters.values_mut().find(|cluster| cluster.active && cluster.arn == arn) {
            change(&mut cluster.tags, &mut cluster.inherited);
            self.record(place, operation, arn.to_owned(), None, Effect::Effective);
            return Ok(());
        }
        if let Some(tags) = ecs.task_tags(arn) {
            change(tags, &mut BTreeMap::new());
            self.record(place, operation, arn.to_owned(), None, Effect::Effective);
            return Ok(());
        }
        let (properties, inherited) = match (ecs.services.get_mut(arn), ecs.task_definitions.get_mut(arn)) {
            (Some(service), _) => (&mut service.properties, &mut service.inherited),
            (None, Some(definition)) => (&mut definition.properties, &mut definition.inherited),
            (None, None) => return Err(no_tags(arn)),
        };
        let mut own = all_tags(properties, &BTreeMap::new());
        change(&mut own, inherited);
        let list: Vec<Value> = own.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        properties.insert("Tags".to_owned(), json!(list));
        self.record(place, operation, arn.to_owned(), None, Effect::Effective);
        Ok(())
    }

    /// Gives what a stack made the tags of the stack and those that CloudFormation adds.
    pub(super) fn inherit_tags(&mut self, place: &Place, stack: &Stack, resource: &Resource) {
        let arn = resource.physical_id.clone().unwrap_or_default();
        let mut tags = resource.tags.clone();
        let own = [("stack-name", stack.name.as_str()), ("stack-id", &stack.id), ("logical-id", &resource.logical)];
        tags.extend(own.map(|(key, value)| (format!("aws:cloudformation:{key}"), value.to_owned())));
        let ecs = &mut self.region(place).ecs;
        if let Some(service) = ecs.services.get_mut(&arn) {
            service.inherited = tags;
        } else if let Some(definition) = ecs.task_definitions.get_mut(&arn) {
            definition.inherited = tags;
        } else if let Some(cluster) = ecs.clusters.get_mut(&arn).filter(|_| resource.kind == "AWS::ECS::Cluster") {
            cluster.inherited = tags;
            cluster.tags = all_tags(&resource.properties, &BTreeMap::new());
        }
    }
}

impl Ecs {
    /// The tags of a task.
    fn task_tags(&mut self, arn: &str) -> Option<&mut BTreeMap<String, String>> {
        if let Some(task) = self.tasks.get_mut(arn) {
            return Some(&mut task.tags);
        }
        let mut tasks = self.services.values_mut().flat_map(|service| &mut service.tasks);
        tasks.find(|task| task.arn == arn).map(|task| &mut task.tags)
    }
}

/// Own tags and those of the stack; own ones win.
pub(in crate::sim) fn all_tags(
    properties: &Map<String, Value>,
    inherited: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut tags = inherited.clone();
    for tag in properties.get("Tags").and_then(Value::as_array).into_iter().flatten() {
        let part = |key: &str| tag.get(key).and_then(super::eval::as_text);
        if let Some(key) = part("Key") {
            tags.insert(key, part("Value").unwrap_or_default());
        }
    }
    tags
}

fn reserved<'a>(mut keys: impl Iterator<Item = &'a String>) -> Answer<()> {
    match keys.any(|key| key.to_ascii_lowercase().starts_with("aws:")) {
        true => Err(invalid("Tag keys that start with aws: are reserved.")),
        false => Ok(()),
    }
}

fn no_tags(arn: &str) -> ApiError {
    if [":service/", ":task-definition/", ":cluster/", ":task/"].iter().any(|kind| arn.contains(kind)) {
        return invalid(format!("The specified resource {arn} was not found."));
    }
    ApiError::not_modelled(format_args!("{arn}: only services, task definitions, clusters and tasks have tags here"))
}
