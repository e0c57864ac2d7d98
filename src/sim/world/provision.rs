//! How one resource is made, changed, replaced or put back.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Map, Value};

use super::ecs::{Cluster, Service, TaskDefinition};
use super::eval::{Lookup, Meter, Scope, same};
use super::exports::Exports;
use super::lifecycle;
use super::logs::LOG_GROUP;
use super::nested;
use super::refusal::{ill_typed, invalid, not_found, refused, unmodelled};
use super::registry::REPOSITORY;
use super::stack::{Operation, Output, Resource, Running, Stack, Until};
use super::template::ResourceDef;
use super::types::{self, TypeInfo};
use super::{Work, World};
use crate::model::Place;
use crate::sim::config::Clusters;
use crate::sim::error::ApiError;
use crate::sim::fault::During;

/// How long CloudFormation waits for a service. \[doc: three hours\]
const PATIENCE: SignedDuration = SignedDuration::from_hours(3);

/// How long it waits where a deployment has a strategy. \[doc: 36 hours, reference of `LinearConfiguration`\]
const PATIENCE_WITH_STRATEGY: SignedDuration = SignedDuration::from_hours(36);

/// Resources as they are, for expressions.
pub(super) struct Present<'a> {
    pub(super) resources: &'a indexmap::IndexMap<String, Resource>,
    pub(super) exports: Exports<'a>,
}

impl Lookup for Present<'_> {
    fn reference(&self, logical: &str) -> Option<String> {
        self.resources.get(logical)?.physical_id.clone()
    }

    fn attribute(&self, logical: &str, attribute: &str) -> Option<String> {
        self.resources.get(logical)?.attributes.get(attribute).cloned()
    }

    fn list(&self, logical: &str, attribute: &str) -> Option<Value> {
        self.resources.get(logical)?.lists.get(attribute).cloned()
    }

    fn import(&self, export: &str) -> Option<String> {
        self.exports.get(export)
    }
}

impl World {
    /// Evaluates something of a stack's template as things are now.
    pub(super) fn evaluate<T>(
        &self,
        place: &Place,
        stack: &Stack,
        what: impl FnOnce(&Scope<'_>) -> Result<T, String>,
    ) -> Result<T, String> {
        let lookup = Present { resources: &stack.resources, exports: self.exports(place, Some(stack)) };
        what(&Scope {
            template: &stack.shape.template,
            parameters: &stack.shape.values,
            stack: &stack.name,
            stack_id: &stack.id,
            place,
            lookup: &lookup,
            meter: Meter::default(),
        })
    }

    pub(super) fn evaluate_outputs(&self, place: &Place, stack: &Stack) -> Result<Vec<Output>, String> {
        let outputs = self.evaluate(place, stack, |scope| {
            let mut outputs = Vec::new();
            for (key, output) in &stack.shape.template.outputs {
                if !scope.holds(output.condition.as_ref())? {
                    continue;
                }
                let export = output.export.as_ref().map(|name| scope.text(name)).transpose()?;
                let value = scope.text(&output.value)?;
                outputs.push(Output { key: key.clone(), value, description: output.description.clone(), export });
            }
            Ok(outputs)
        })?;
        if outputs.iter().all(|output| output.export.is_none()) {
            return Ok(outputs);
        }
        let others = self.regions.get(place).into_iter().flat_map(|region| region.stacks.values());
        for other in others.filter(|other| other.lives() && other.id != stack.id) {
            for (name, _) in other.exports() {
                if outputs.iter().any(|output| output.export.as_deref() == Some(name)) {
                    return Err(format!("Export with name {name} is already exported by stack {}.", other.name));
                }
            }
        }
        Ok(outputs)
    }

    /// Makes a resource of the template what the template says.
    pub(super) fn bring(
        &mut self,
        place: &Place,
        stack: &mut Stack,
        operation: &mut Operation,
        name: &str,
        definition: &ResourceDef,
    ) {
        let exists = match self.evaluate(place, stack, |scope| scope.holds(definition.condition.as_ref())) {
            Ok(exists) => exists,
            Err(reason) => return self.start_failed(stack, operation, name, definition, reason),
        };
        if !exists {
            // Not wanted: not done either, so that the end of the update removes it.
            let forbidden = stack.resources.get(name).and_then(|old| stack.forbids("Delete", name, &old.kind));
            if let Some(reason) = forbidden {
                return self.start_failed(stack, operation, name, definition, reason);
            }
            operation.done.insert(name.to_owned());
            if let Some(old) = stack.resources.shift_remove(name) {
                operation.cleanup.push(old);
            }
            return;
        }
        let Some(info) = types::find(&definition.kind) else { return };
        let properties = match self.evaluate(place, stack, |scope| scope.properties(&definition.properties)) {
            Ok(properties) => properties,
            Err(reason) => return self.start_failed(stack, operation, name, definition, reason),
        };
        let refused = || refused(stack, name, definition, &properties);
        let ill_typed = || ill_typed(&stack.shape.template, name, definition, &properties);
        if let Some(reason) = invalid(info, name, &properties)
            .or_else(|| unmodelled(info, &properties))
            .or_else(ill_typed)
            .or_else(refused)
        {
            return self.start_failed(stack, operation, name, definition, reason);
        }
        let tags = if info.taggable { stack.shape.tags.clone() } else { BTreeMap::new() };
        let whole = |resource: &&Resource| resource.physical_id.is_some() && resource.status != "CREATE_FAILED";
        let existing = stack.resources.get(name).filter(whole).cloned();
        match existing {
            Some(old)
                if old.kind == definition.kind
                    && old.kind != nested::KIND
                    && unchanged(&old, &properties, &tags)
                    && !old.status.ends_with("_FAILED") =>
            {
                let mut kept = old;
                kept.needs = definition.needs.clone();
                kept.deletion_policy = definition.deletion_policy.clone();
                kept.replace_policy = definition.replace_policy.clone();
                stack.resources.insert(name.to_owned(), kept);
                operation.done.insert(name.to_owned());
            }
            Some(old)
                if old.kind == definition.kind
                    && !replaces(info, &old.properties, &properties)
                    && !self.replaces_group(place, stack, operation, &old, &properties) =>
            {
                if let Some(reason) = stack.forbids("Modify", name, &old.kind) {
                    return self.start_failed(stack, operation, name, definition, reason);
                }
                let next = Resource {
                    properties,
                    tags,
                    needs: definition.needs.clone(),
                    deletion_policy: definition.deletion_policy.clone(),
                    replace_policy: definition.replace_policy.clone(),
                    ..old
                };
                self.start_update(place, stack, operation, next, During::Update);
            }
            old => {
                let forbidden = old.as_ref().and_then(|old| stack.forbids("Replace", name, &old.kind));
                if let Some(reason) = forbidden {
                    return self.start_failed(stack, operation, name, definition, reason);
                }
                if let (None, Some(id)) = (&old, operation.imports.ids.get(name).cloned()) {
                    let next = fresh(name, definition, properties, tags);
                    return self.start_import(place, stack, operation, next, &id);
                }
                let leftover = stack.resources.get(name).filter(|r| r.physical_id.is_some()).cloned();
                let next = fresh(name, definition, properties, tags);
                self.start_creation(place, stack, operation, info, next, old.or(leftover));
            }
        }
    }

    fn start_failed(
        &mut self,
        stack: &mut Stack,
        operation: &mut Operation,
        name: &str,
        definition: &ResourceDef,
        reason: String,
    ) {
        let old = stack.resources.get(name).cloned();
        let verb = if old.is_some() { "UPDATE" } else { "CREATE" };
        let mut resource = old.unwrap_or_else(|| fresh(name, definition, Map::new(), BTreeMap::new()));
        resource.status = format!("{verb}_FAILED");
        resource.reason = Some(reason);
        resource.at = self.now;
        self.tell(stack, operation, &resource, None);
        operation.failed.push(name.to_owned());
        stack.resources.insert(name.to_owned(), resource);
    }

    fn start_creation(
        &mut self,
        place: &Place,
        stack: &mut Stack,
        operation: &mut Operation,
        info: &TypeInfo,
        mut next: Resource,
        old: Option<Resource>,
    ) {
        let verb = if old.is_some() { "UPDATE" } else { "CREATE" };
        next.status = format!("{verb}_IN_PROGRESS");
        next.at = self.now;
        let why = old
            .is_some()
            .then_some("Requested update requires the creation of a new physical resource; hence creating one.");
        self.tell(stack, operation, &next, why);
        let mut until = Until::Time(self.now + self.config.pace.resource);
        let during = if old.is_some() { During::Update } else { During::Create };
        let mut fails = self.resource_fault(&stack.name, &next.logical, &next.kind, during);
        if fails.is_none() {
            fails = self.guard_resource(place, stack, operation, &next, verb);
        }
        fails = fails.or_else(|| self.refused_by_account(place, (stack, operation), &next));
        if fails.is_none() {
            // The thing is made of the values of its dynamic references, which its stack does not keep.
            let made = self.resolved(place, &next.properties).and_then(|resolved| {
                let written = std::mem::replace(&mut next.properties, resolved);
                let made = self.make(place, (stack, operation), info, &mut next, old.as_ref());
                next.properties = written;
                made
            });
            match made {
                Ok(Some(deployment)) => until = deployment,
                Ok(None) => match self.created_by_signals(place, stack, operation, &next) {
                    Ok(signals) => until = signals.unwrap_or(until),
                    Err(reason) => fails = Some(reason),
                },
                Err(reason) => fails = Some(reason),
            }
        }
        if next.physical_id.is_some() {
            self.inherit_tags(place, stack, &next);
            self.tell(stack, operation, &next, Some("Resource creation Initiated"));
        }
        stack.resources.insert(next.logical.clone(), next.clone());
        operation.running.insert(next.logical.clone(), Running { verb, next, replaces: old, until, fails });
    }

    fn start_update(
        &mut self,
        place: &Place,
        stack: &mut Stack,
        operation: &mut Operation,
        mut next: Resource,
        during: During,
    ) {
        next.status = "UPDATE_IN_PROGRESS".to_owned();
        next.reason = None;
        next.at = self.now;
        self.tell(stack, operation, &next, None);
        let fault = self.resource_fault(&stack.name, &next.logical, &next.kind, during);
        let gone = || self.live(place, &next).is_none().then(|| not_found(&next));
        let resolved = self.resolved(place, &next.properties);
        let unresolved = || resolved.as_ref().err().cloned();
        let account = || self.refused_by_account(place, (stack, operation), &next);
        let fails = fault.or_else(gone).or_else(|| self.without_definition(place, &next)).or_else(account);
        let mut fails = fails.or_else(unresolved);
        if fails.is_none() {
            fails = self.guard_resource(place, stack, operation, &next, "UPDATE");
        }
        if fails.is_none() {
            self.forget_hands(place, &next);
            self.inherit_tags(place, stack, &next);
        }
        let mut until = Until::Time(self.now + self.config.pace.resource);
        if fails.is_none()
            && let Ok(resolved) = &resolved
        {
            self.set_timer(place, &next, resolved);
            let other = self.update_outside(place, stack, &next, resolved, during);
            let rolls = |other: Option<Until>| Ok(self.roll_group(place, stack, operation, &next)?.or(other));
            match other.and_then(rolls) {
                Ok(other) => until = other.unwrap_or(until),
                Err(reason) => fails = Some(reason),
            }
        }
        if fails.is_none()
            && next.kind == "AWS::ECS::Service"
            && let Ok(resolved) = resolved
        {
            let arn = next.physical_id.clone().unwrap_or_default();
            if self.change_service(place, &arn, &resolved) {
                until = self.newest_deployment(place, &arn).unwrap_or(until);
            }
        }
        if let Some(current) = stack.resources.get_mut(&next.logical) {
            current.status.clone_from(&next.status);
            current.at = next.at;
        }
        operation.running.insert(next.logical.clone(), Running { verb: "UPDATE", next, replaces: None, until, fails });
    }

    /// How the update of a service fails whose task definition new tasks cannot use.
    fn without_definition(&self, place: &Place, next: &Resource) -> Option<String> {
        let name = next.properties.get("TaskDefinition").and_then(Value::as_str);
        let name = name.filter(|_| next.kind == "AWS::ECS::Service")?;
        let ApiError { code, message, .. } = self.usable_definition(place, name).err()?;
        Some(format!(
            "Resource handler returned message: \"{message} (Service: AmazonECS; Status Code: 400; Error Code: {code})\" \
             (HandlerErrorCode: InvalidRequest)"
        ))
    }

    /// Puts a resource back to what it was before the update.
    pub(super) fn put_back(&mut self, place: &Place, stack: &mut Stack, operation: &mut Operation, name: &str) {
        let Some(before) = stack.previous.as_ref().and_then(|previous| previous.resources.get(name)).cloned() else {
            return;
        };
        let current = stack.resources.get(name).cloned();
        let skipped = operation.skip.contains(name);
        match current {
            Some(current) if skipped => {
                let kept = Resource { status: "UPDATE_COMPLETE".to_owned(), reason: None, at: self.now, ..current };
                self.tell(stack, operation, &kept, Some("Resource skipped by ContinueUpdateRollback"));
                stack.forget_drift(name);
                stack.resources.insert(name.to_owned(), kept);
                operation.done.insert(name.to_owned());
            }
            Some(current) if current.physical_id == before.physical_id => {
                let untouched = unchanged(&current, &before.properties, &before.tags)
                    && !current.status.ends_with("_FAILED")
                    && !self.is_open(place, &current);
                if untouched {
                    stack.resources.insert(name.to_owned(), before);
                    operation.done.insert(name.to_owned());
                } else {
                    self.start_update(place, stack, operation, before, During::Rollback);
                }
            }
            Some(replacement) => {
                if replacement.physical_id.is_some() {
                    operation.cleanup.push(replacement);
                }
                stack.resources.insert(name.to_owned(), before.clone());
                self.start_update(place, stack, operation, before, During::Rollback);
            }
            None => {
                operation.cleanup.retain(|resource| resource.physical_id != before.physical_id);
                stack.resources.insert(name.to_owned(), before);
                operation.done.insert(name.to_owned());
            }
        }
    }

    /// Makes the thing itself. The error is CloudFormation's reason.
    fn make(
        &mut self,
        place: &Place,
        (stack, operation): (&Stack, &Operation),
        info: &TypeInfo,
        next: &mut Resource,
        old: Option<&Resource>,
    ) -> Result<Option<Until>, String> {
        if let Some(made) = self.make_outside(place, stack, operation, next) {
            return made;
        }
        match next.kind.as_str() {
            "AWS::ECS::TaskDefinition" => {
                let family = next.properties.get("Family").and_then(Value::as_str).map(str::to_owned);
                let family = family.unwrap_or_else(|| format!("{}-{}", stack.name, next.logical));
                let arn = self.register(place, &family, next.properties.clone());
                next.attributes.insert("TaskDefinitionArn".to_owned(), arn.clone());
                next.physical_id = Some(arn);
                Ok(None)
            }
            "AWS::ECS::Service" => self.make_service(place, stack, next).map(Some),
            _ => {
                let identity =
                    types::identify(info, place, &stack.name, &next.logical, &next.properties, &mut self.ids);
                if let Some(reason) = self.not_scalable(place, &next.kind, &next.properties) {
                    return Err(reason);
                }
                let key = (next.kind.clone(), identity.physical_id.clone());
                if old.is_some_and(|old| old.physical_id.as_ref() == Some(&identity.physical_id)) {
                    return Err(format!(
                        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {} \
                         and update the stack again.",
                        identity.physical_id
                    ));
                }
                if !self.region(place).taken.insert(key) {
                    return Err(format!(
                        "Resource of type '{}' with identifier '{}' already exists.",
                        next.kind, identity.physical_id
                    ));
                }
                if next.kind == "AWS::ECS::Cluster" {
                    let arn = identity.attributes.get("Arn").cloned().unwrap_or_default();
                    let name = identity.physical_id.clone();
                    let cluster = Cluster { arn, name, active: true, ..Cluster::default() };
                    self.region(place).ecs.clusters.insert(cluster.name.clone(), cluster);
                }
                match next.kind.as_str() {
                    REPOSITORY => self.begin_repository(place, &identity.physical_id, &next.properties),
                    LOG_GROUP => self.begin_log_group(place, &identity.physical_id),
                    _ => {}
                }
                next.physical_id = Some(identity.physical_id);
                next.attributes = identity.attributes;
                self.forget_hands(place, next);
                self.set_timer(place, next, &next.properties);
                Ok(None)
            }
        }
    }

    /// Registers a revision of a task definition; gives its ARN.
    pub(super) fn register(&mut self, place: &Place, family: &str, properties: Map<String, Value>) -> String {
        let now = self.now;
        let ecs = &mut self.region(place).ecs;
        let newest = ecs.families.entry(family.to_owned()).or_insert(0);
        *newest += 1;
        let revision = *newest;
        let partition = place.region.partition();
        let arn = format!("arn:{partition}:ecs:{}:{}:task-definition/{family}:{revision}", place.region, place.account);
        let definition = TaskDefinition {
            arn: arn.clone(),
            family: family.to_owned(),
            revision,
            active: true,
            registered: now,
            deregistered: None,
            inherited: BTreeMap::new(),
            properties,
        };
        ecs.task_definitions.insert(arn.clone(), definition);
        arn
    }

    /// The cluster of that name or ARN, if it exists or every cluster does.
    pub(super) fn cluster(&mut self, place: &Place, name_or_arn: &str) -> Option<Cluster> {
        let name = name_or_arn.rsplit('/').next().unwrap_or(name_or_arn).to_owned();
        let seeded = match &self.config.clusters {
            Clusters::Any => true,
            Clusters::Listed(list) => list.contains(&(place.clone(), name.clone())),
        };
        let partition = place.region.partition();
        let arn = format!("arn:{partition}:ecs:{}:{}:cluster/{name}", place.region, place.account);
        let clusters = &mut self.region(place).ecs.clusters;
        if seeded {
            let new = || Cluster { arn, name: name.clone(), active: true, ..Cluster::default() };
            clusters.entry(name.clone()).or_insert_with(new);
        }
        clusters.get(&name).cloned()
    }

    fn make_service(&mut self, place: &Place, stack: &Stack, next: &mut Resource) -> Result<Until, String> {
        let text = |key: &str| next.properties.get(key).and_then(Value::as_str).map(str::to_owned);
        let refused = |code: &str, words: &str, handler: &str| {
            format!(
                "Resource handler returned message: \"{words} (Service: AmazonECS; Status Code: 400; Error Code: {code})\" \
                 (HandlerErrorCode: {handler})"
            )
        };
        let wanted = text("Cluster").unwrap_or_else(|| "default".to_owned());
        let cluster = self.cluster(place, &wanted).filter(|cluster| cluster.active);
        let cluster = cluster.ok_or_else(|| refused("ClusterNotFoundException", "Cluster not found.", "NotFound"))?;
        let task_definition = text("TaskDefinition").unwrap_or_default();
        let task_definition = match self.usable_definition(place, &task_definition) {
            Ok(found) => found.arn.clone(),
            Err(error) => return Err(refused(error.code, &error.message, "InvalidRequest")),
        };
        let name =
            text("ServiceName").unwrap_or_else(|| format!("{}-{}-{}", stack.name, next.logical, self.ids.letters(12)));
        let arn = service_arn(place, &cluster, &name);
        if self.region(place).ecs.services.get(&arn).is_some_and(|service| service.status == "ACTIVE") {
            return Err(refused(
                "InvalidParameterException",
                "Creation of service was not idempotent.",
                "AlreadyExists",
            ));
        }
        let by = Some(stack.id.to_string());
        self.run_service(place, &cluster, &name, task_definition, next.properties.clone(), by);
        next.attributes = BTreeMap::from([("Name".to_owned(), name), ("ServiceArn".to_owned(), arn.clone())]);
        next.physical_id = Some(arn.clone());
        Ok(self.newest_deployment(place, &arn).unwrap_or(Until::Time(self.now)))
    }

    /// A service that begins its first deployment.
    pub(super) fn run_service(
        &mut self,
        place: &Place,
        cluster: &Cluster,
        name: &str,
        task_definition: String,
        properties: Map<String, Value>,
        stack: Option<String>,
    ) {
        let arn = service_arn(place, cluster, name);
        let mut service = Service {
            arn: arn.clone(),
            name: name.to_owned(),
            cluster: cluster.arn.clone(),
            created: self.now,
            status: "ACTIVE",
            desired: properties.get("DesiredCount").and_then(super::ecs::number).unwrap_or(1),
            task_definition,
            inherited: BTreeMap::new(),
            properties,
            revisions: Vec::new(),
            deployments: Vec::new(),
            tasks: Vec::new(),
            events: std::collections::VecDeque::new(),
            stack,
            deployment_id: String::new(),
            steady: false,
            failed_starts: 0,
            throttled_until: None,
            shortage: Default::default(),
        };
        self.start_deployment(place, &mut service);
        self.region(place).ecs.services.insert(arn.clone(), service);
        self.schedule(self.now, Work::Service { place: place.clone(), arn });
    }

    fn newest_deployment(&mut self, place: &Place, arn: &str) -> Option<Until> {
        let now = self.now;
        let service = self.region(place).ecs.services.get(arn)?;
        let deadline = now + if lifecycle::moves_traffic(service) { PATIENCE_WITH_STRATEGY } else { PATIENCE };
        let deployment = service.newest()?.arn.clone();
        Some(Until::Deployment { service: arn.to_owned(), deployment, deadline })
    }
}

/// The ARN of a service of that name.
pub(super) fn service_arn(place: &Place, cluster: &Cluster, name: &str) -> String {
    let (partition, Place { account, region }) = (place.region.partition(), place);
    format!("arn:{partition}:ecs:{region}:{account}:service/{}/{name}", cluster.name)
}

fn fresh(
    name: &str,
    definition: &ResourceDef,
    properties: Map<String, Value>,
    tags: BTreeMap<String, String>,
) -> Resource {
    Resource {
        logical: name.to_owned(),
        kind: definition.kind.clone(),
        physical_id: None,
        properties,
        tags,
        attributes: BTreeMap::new(),
        lists: BTreeMap::new(),
        no_echo: false,
        status: "CREATE_IN_PROGRESS".to_owned(),
        reason: None,
        at: jiff::Timestamp::UNIX_EPOCH,
        needs: definition.needs.clone(),
        deletion_policy: definition.deletion_policy.clone(),
        replace_policy: definition.replace_policy.clone(),
    }
}

fn unchanged(old: &Resource, properties: &Map<String, Value>, tags: &BTreeMap<String, String>) -> bool {
    old.tags == *tags && changed_properties(&old.properties, properties).is_empty()
}

/// Top-level properties that differ.
pub(super) fn changed_properties(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<String> {
    let mut names: Vec<String> = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))).cloned().collect();
    names.retain(|name| match (old.get(name), new.get(name)) {
        (Some(old), Some(new)) => !same(old, new),
        _ => true,
    });
    names
}

pub(super) fn replaces(info: &TypeInfo, old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
    let none = Value::Null;
    changed_properties(old, new).iter().any(|name| {
        let after = new.get(name).unwrap_or(&none);
        types::recreates(info, name, old.get(name), Some(after)) == "Always"
    })
}
