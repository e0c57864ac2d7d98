//! How resources are deleted: with their stack, in the rollback of a creation, and in the cleanup after an update.

use super::World;
use super::logs::LOG_GROUP;
use super::registry::REPOSITORY;
use super::stack::{Operation, Phase, Resource, Running, Stack, Until};
use crate::model::Place;
use crate::sim::fault::During;

impl World {
    /// Starts every deletion that nothing else waits for.
    pub(super) fn delete_ready(&mut self, place: &Place, stack: &mut Stack, operation: &mut Operation) -> bool {
        let waiting = std::mem::take(&mut operation.cleanup);
        let mut later = Vec::new();
        let mut started = false;
        for (index, resource) in waiting.iter().enumerate() {
            let needed =
                waiting.iter().enumerate().any(|(other, r)| other != index && r.needs.contains(&resource.logical))
                    || operation.running.values().any(|running| running.next.needs.contains(&resource.logical));
            if needed {
                later.push(resource.clone());
            } else {
                started = true;
                self.start_deletion(place, stack, operation, resource.clone());
            }
        }
        // Resources that wait for each other, because a replacement needs what needed the replaced one.
        if !started && operation.running.is_empty() {
            for resource in std::mem::take(&mut later) {
                started = true;
                self.start_deletion(place, stack, operation, resource);
            }
        }
        operation.cleanup = later;
        started
    }

    fn start_deletion(&mut self, place: &Place, stack: &mut Stack, operation: &mut Operation, mut resource: Resource) {
        let replaced = stack.resources.get(&resource.logical).is_some_and(|r| r.physical_id != resource.physical_id);
        let policy = if replaced { &resource.replace_policy } else { &resource.deletion_policy };
        let retained = match policy.as_str() {
            "Retain" => true,
            "RetainExceptOnCreate" => operation.phase != Phase::Rollback,
            _ => operation.retain.contains(&resource.logical),
        };
        resource.at = self.now;
        resource.reason = None;
        let undone = matches!(operation.phase, Phase::Rollback | Phase::UpdateRollbackCleanup);
        if undone && operation.imports.ids.contains_key(&resource.logical) {
            self.let_go(place, &resource);
            resource.status = "IMPORT_ROLLBACK_COMPLETE".to_owned();
            return self.gone(stack, operation, resource);
        }
        if retained && resource.physical_id.is_some() {
            self.let_go(place, &resource);
            resource.status = "DELETE_SKIPPED".to_owned();
            return self.gone(stack, operation, resource);
        }
        if resource.physical_id.is_none() {
            resource.status = "DELETE_COMPLETE".to_owned();
            return self.gone(stack, operation, resource);
        }
        resource.status = "DELETE_IN_PROGRESS".to_owned();
        self.tell(stack, operation, &resource, None);
        if !replaced && let Some(current) = stack.resources.get_mut(&resource.logical) {
            current.status.clone_from(&resource.status);
            current.at = resource.at;
        }
        let mut fails = self.resource_fault(&stack.name, &resource.logical, &resource.kind, During::Delete);
        fails = fails.or_else(|| self.keeps_images(place, &resource));
        if fails.is_none() {
            fails = self.guard_resource(place, stack, operation, &resource, "DELETE");
        }
        let mut until = Until::Time(self.now + self.config.pace.resource);
        if fails.is_none() {
            self.unmake(place, &resource);
            self.forget_hands(place, &resource);
            match self.delete_outside(place, stack, &resource) {
                Ok(other) => until = other.unwrap_or(until),
                Err(reason) => fails = Some(reason),
            }
        }
        // Two resources of the same stack may have the same id: a provider chooses those of its own.
        let key = format!("{}|{}", resource.physical_id.as_deref().unwrap_or_default(), resource.logical);
        operation.running.insert(key, Running { verb: "DELETE", next: resource, replaces: None, until, fails });
    }

    pub(super) fn end_deletion(
        &mut self,
        _place: &Place,
        stack: &mut Stack,
        operation: &mut Operation,
        running: Running,
        failure: Option<String>,
    ) {
        let mut resource = running.next;
        resource.at = self.now;
        match failure {
            None => {
                resource.status = "DELETE_COMPLETE".to_owned();
                self.gone(stack, operation, resource);
            }
            Some(reason) => {
                resource.status = "DELETE_FAILED".to_owned();
                resource.reason = Some(reason);
                self.tell(stack, operation, &resource, None);
                operation.failed.push(resource.logical.clone());
                if matches!(operation.phase, Phase::Delete | Phase::Rollback) {
                    stack.resources.insert(resource.logical.clone(), resource);
                }
            }
        }
    }

    /// A resource left the stack. A deleted stack still lists what it had.
    fn gone(&mut self, stack: &mut Stack, operation: &Operation, resource: Resource) {
        self.tell(stack, operation, &resource, None);
        if matches!(operation.phase, Phase::Delete | Phase::Rollback)
            && stack.resources.get(&resource.logical).is_some_and(|r| r.physical_id == resource.physical_id)
        {
            stack.resources.insert(resource.logical.clone(), resource);
        }
    }

    /// Takes the thing itself away.
    pub(super) fn unmake(&mut self, place: &Place, resource: &Resource) {
        let now = self.now;
        let id = resource.physical_id.clone().unwrap_or_default();
        let region = self.region(place);
        match resource.kind.as_str() {
            "AWS::ECS::TaskDefinition" => {
                if let Some(definition) = region.ecs.task_definitions.get_mut(&id) {
                    definition.active = false;
                    definition.deregistered = Some(now);
                }
            }
            "AWS::ECS::Service" => {
                if let Some(service) = region.ecs.services.get_mut(&id) {
                    service.end(now);
                    let by = service.stack.clone();
                    self.wake(place, by);
                }
            }
            kind => {
                let key = (kind.to_owned(), id.clone());
                region.taken.remove(&key);
                region.left.remove(&key);
                region.timers.remove(&key);
                match kind {
                    REPOSITORY => drop(region.registry.remove(&id)),
                    LOG_GROUP => drop(region.logs.remove(&id)),
                    _ => {}
                }
                if kind == "AWS::ECS::Cluster"
                    && let Some(cluster) = region.ecs.clusters.get_mut(&id)
                {
                    cluster.active = false;
                }
            }
        }
    }
}
