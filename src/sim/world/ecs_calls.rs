//! ECS operations that CloudFormation does not start.

use serde_json::{Map, Value};

use super::World;
use super::ecs::{Cluster, Deployment, DeploymentStatus, Service, Task, TaskDefinition};
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};
use crate::sim::ledger::Effect;

impl World {
    /// A task definition by ARN, `family:revision`, or family, which means its newest active revision.
    pub fn find_task_definition(&self, place: &Place, name: &str) -> Option<&TaskDefinition> {
        let ecs = &self.regions.get(place)?.ecs;
        if let Some(found) = ecs.task_definitions.get(name) {
            return Some(found);
        }
        let short = name.rsplit('/').next().unwrap_or(name);
        let mut of_family = ecs.task_definitions.values().filter(|definition| match short.split_once(':') {
            Some((family, revision)) => definition.family == family && definition.revision.to_string() == revision,
            None => definition.family == short && definition.active,
        });
        let first = of_family.next()?;
        Some(of_family.fold(first, |best, other| if other.revision > best.revision { other } else { best }))
    }

    /// A task definition that new tasks may use.
    pub(super) fn usable_definition(&self, place: &Place, name: &str) -> Answer<&TaskDefinition> {
        match self.find_task_definition(place, name) {
            Some(found) if found.active => Ok(found),
            Some(_) => Err(ApiError::new("ClientException", "TaskDefinition is inactive")),
            None => Err(ApiError::new("ClientException", "TaskDefinition not found.")),
        }
    }

    /// Every task definition, by ARN.
    pub fn task_definitions(&self, place: &Place) -> impl Iterator<Item = &TaskDefinition> {
        self.regions.get(place).into_iter().flat_map(|region| region.ecs.task_definitions.values())
    }

    /// RegisterTaskDefinition; properties as CloudFormation writes them. Gives the ARN.
    pub fn register_task_definition(&mut self, place: &Place, family: &str, properties: Map<String, Value>) -> String {
        let arn = self.register(place, family, properties);
        self.record(place, "RegisterTaskDefinition", arn.clone(), None, Effect::Effective);
        arn
    }

    /// The cluster of that name or ARN.
    pub fn describe_cluster(&mut self, place: &Place, name: &str) -> Option<Cluster> {
        self.cluster(place, name)
    }

    /// Every cluster that was created or asked for.
    pub fn clusters(&self, place: &Place) -> impl Iterator<Item = &Cluster> {
        self.regions.get(place).into_iter().flat_map(|region| region.ecs.clusters.values())
    }

    /// CreateCluster. One that exists is fine.
    pub fn create_cluster(&mut self, place: &Place, name: &str) -> Cluster {
        let arn = format!("arn:{}:ecs:{}:{}:cluster/{name}", place.region.partition(), place.region, place.account);
        let clusters = &mut self.region(place).ecs.clusters;
        let there = clusters.get(name).filter(|cluster| cluster.active).cloned();
        let known = there.is_some();
        let new = || Cluster { arn, name: name.to_owned(), active: true, ..Cluster::default() };
        let cluster = there.unwrap_or_else(new);
        clusters.insert(name.to_owned(), cluster.clone());
        self.region(place).hands.remove(&("AWS::ECS::Cluster".to_owned(), name.to_owned()));
        let effect = if known { Effect::Replayed } else { Effect::Effective };
        self.record(place, "CreateCluster", name.to_owned(), None, effect);
        cluster
    }

    /// DeleteCluster.
    pub fn delete_cluster(&mut self, place: &Place, name: &str) -> Answer<Cluster> {
        let missing = || ApiError::new("ClusterNotFoundException", "Cluster not found.");
        let mut cluster = self.cluster(place, name).filter(|cluster| cluster.active).ok_or_else(missing)?;
        let used = self.services(place).any(|service| service.cluster == cluster.arn && service.status == "ACTIVE");
        if used {
            return Err(ApiError::new(
                "ClusterContainsServicesException",
                "The Cluster cannot be deleted while Services are active.",
            ));
        }
        let running = |task: &super::tasks::OneTask| !matches!(task.state, super::ecs::TaskState::Stopped(_));
        if self.one_tasks(place).any(|task| task.cluster == cluster.arn && running(task)) {
            let words = "The Cluster cannot be deleted while Tasks are active.";
            return Err(ApiError::new("ClusterContainsTasksException", words));
        }
        cluster.active = false;
        self.region(place).ecs.clusters.insert(cluster.name.clone(), cluster.clone());
        self.record(place, "DeleteCluster", cluster.name.clone(), None, Effect::Effective);
        Ok(cluster)
    }

    /// Every service, deleted ones included.
    pub fn services(&self, place: &Place) -> impl Iterator<Item = &Service> {
        self.regions.get(place).into_iter().flat_map(|region| region.ecs.services.values())
    }

    /// A service by ARN, or by name within a cluster.
    pub fn find_service(&self, place: &Place, cluster: &str, name: &str) -> Option<&Service> {
        let cluster = cluster.rsplit('/').next().unwrap_or(cluster);
        let name_only = name.rsplit('/').next().unwrap_or(name);
        self.services(place).find(|service| {
            service.arn == name || (service.name == name_only && service.cluster.rsplit('/').next() == Some(cluster))
        })
    }

    /// A service deployment, with its service.
    pub fn find_deployment(&self, place: &Place, arn: &str) -> Option<(&Service, &Deployment)> {
        self.services(place).find_map(|service| Some((service, service.deployments.iter().find(|d| d.arn == arn)?)))
    }

    /// A task by ARN or id, with its service.
    pub fn find_task(&self, place: &Place, name: &str) -> Option<(&Service, &Task)> {
        let id = name.rsplit('/').next().unwrap_or(name);
        self.services(place).find_map(|service| Some((service, service.tasks.iter().find(|task| task.id == id)?)))
    }

    /// StopServiceDeployment with rollback, the only way that AWS documents as usable.
    pub fn stop_service_deployment(&mut self, place: &Place, arn: &str) -> Answer<()> {
        let missing = || ApiError::new("ServiceDeploymentNotFoundException", "The service deployment was not found.");
        let service = self.find_deployment(place, arn).map(|(service, _)| service.arn.clone()).ok_or_else(missing)?;
        let now = self.now();
        let found = self.region(place).ecs.services.get_mut(&service);
        let deployment = found.and_then(|service| service.deployments.iter_mut().find(|d| d.arn == arn));
        let deployment = deployment.ok_or_else(missing)?;
        if deployment.status != DeploymentStatus::InProgress {
            return Err(ApiError::new(
                "ConflictException",
                format!("The service deployment is in {} and cannot be stopped.", deployment.status.as_str()),
            ));
        }
        deployment.roll_back("StopServiceDeployment was called", now);
        self.record(place, "StopServiceDeployment", arn.to_owned(), None, Effect::Effective);
        self.schedule(now, super::Work::Service { place: place.clone(), arn: service });
        Ok(())
    }

    /// ContinueServiceDeployment: a deployment that waits at a pause hook goes on, or back.
    pub fn continue_service_deployment(&mut self, place: &Place, arn: &str, hook: &str, goes_on: bool) -> Answer<()> {
        let missing = || ApiError::new("ServiceDeploymentNotFoundException", "The service deployment was not found.");
        let service = self.find_deployment(place, arn).map(|(service, _)| service.arn.clone()).ok_or_else(missing)?;
        let now = self.now();
        let found = self.region(place).ecs.services.get_mut(&service);
        let deployment = found.and_then(|service| service.deployments.iter_mut().find(|d| d.arn == arn));
        if !deployment.ok_or_else(missing)?.answer(hook, goes_on, now) {
            return Err(ApiError::new(
                "InvalidParameterException",
                format!("The lifecycle hook {hook} of the service deployment is not in AWAITING_ACTION."),
            ));
        }
        self.record(place, "ContinueServiceDeployment", arn.to_owned(), None, Effect::Effective);
        self.schedule(now, super::Work::Service { place: place.clone(), arn: service });
        Ok(())
    }
}
