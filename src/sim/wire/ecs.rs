//! ECS's operations over JSON 1.1.

use serde_json::{Value, json};

use super::caller::Caller;
use super::ecs_view as view;
use super::query::page;
use crate::sim::error::{Answer, ApiError};
use crate::sim::world::{self, World};

pub(super) fn call(world: &mut World, caller: &Caller, operation: &str, input: &Value) -> Answer<String> {
    let request = Request { caller, input };
    super::ecs_arns::check(&caller.place, input)?;
    let answer = match operation {
        "CreateCluster" => request.create_cluster(world),
        "DeleteCluster" => request.delete_cluster(world),
        "DescribeClusters" => request.describe_clusters(world),
        "ListClusters" => request.list_clusters(world),
        "RegisterTaskDefinition" => request.register(world),
        "DescribeTaskDefinition" => request.describe_task_definition(world),
        "ListTaskDefinitions" => request.list_task_definitions(world),
        "DescribeServices" => request.describe_services(world),
        "ListServices" => request.list_services(world),
        "ListServiceDeployments" => request.list_deployments(world),
        "DescribeServiceDeployments" => request.describe_deployments(world),
        "DescribeServiceRevisions" => request.describe_revisions(world),
        "CreateService" => request.create_service(world),
        "UpdateService" => request.update_service(world),
        "DeleteService" => request.delete_service(world),
        "DeregisterTaskDefinition" => request.deregister(world),
        "ListTagsForResource" => request.list_tags(world),
        "TagResource" => request.tag(world),
        "UntagResource" => request.untag(world),
        "StopServiceDeployment" => request.stop_deployment(world),
        "ContinueServiceDeployment" => request.continue_deployment(world),
        "ListTasks" => request.list_tasks(world),
        "DescribeTasks" => request.describe_tasks(world),
        "RunTask" => request.run_task(world),
        "StopTask" => request.stop_task(world),
        other => Err(ApiError::not_modelled(format_args!("the operation {other} of ECS"))),
    }?;
    Ok(answer.to_string())
}

pub(super) struct Request<'a> {
    pub(super) caller: &'a Caller,
    pub(super) input: &'a Value,
}

impl Request<'_> {
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.input.get(key).and_then(Value::as_str).map(str::to_owned)
    }

    pub(super) fn required(&self, key: &str) -> Answer<String> {
        self.text(key).ok_or_else(|| ApiError::new("InvalidParameterException", format!("{key} can not be blank.")))
    }

    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        let list = self.input.get(key).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Refuses fields that are not among `known`: nothing is taken and ignored.
    pub(super) fn only(&self, known: &[&str]) -> Answer<()> {
        super::only(self.input, known, "this operation")
    }

    /// Whether the answer has tags too; an error for what else it could include.
    pub(super) fn wants_tags(&self) -> Answer<bool> {
        let include = self.texts("include");
        match include.iter().find(|what| *what != "TAGS") {
            Some(other) => Err(ApiError::not_modelled(format_args!("include = {other} of this operation"))),
            None => Ok(!include.is_empty()),
        }
    }

    /// One page of names, under the key of the operation.
    pub(super) fn list(&self, world: &World, key: &str, names: Vec<String>) -> Answer<Value> {
        let asked = self.input.get("maxResults").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
        let size = asked.unwrap_or(usize::MAX).min(world.page_size());
        let (names, next) = page(names, Clone::clone, self.text("nextToken"), size)?;
        let mut answer = json!({ key: names });
        if let (Some(next), Some(map)) = (next, answer.as_object_mut()) {
            map.insert("nextToken".to_owned(), Value::String(next));
        }
        Ok(answer)
    }

    /// The cluster that the request is about, which has to exist.
    pub(super) fn cluster(&self, world: &mut World) -> Answer<String> {
        let name = self.text("cluster").unwrap_or_else(|| "default".to_owned());
        let cluster = world.describe_cluster(&self.caller.place, &name).filter(|cluster| cluster.active);
        cluster
            .map(|cluster| cluster.arn)
            .ok_or_else(|| ApiError::new("ClusterNotFoundException", "Cluster not found."))
    }

    fn create_cluster(&self, world: &mut World) -> Answer<Value> {
        self.only(&["clusterName"])?;
        let name = self.text("clusterName").unwrap_or_else(|| "default".to_owned());
        let cluster = world.create_cluster(&self.caller.place, &name);
        Ok(json!({ "cluster": view::cluster(world, &self.caller.place, &cluster) }))
    }

    fn delete_cluster(&self, world: &mut World) -> Answer<Value> {
        self.only(&["cluster"])?;
        let cluster = world.delete_cluster(&self.caller.place, &self.required("cluster")?)?;
        Ok(json!({ "cluster": view::cluster(world, &self.caller.place, &cluster) }))
    }

    fn describe_clusters(&self, world: &mut World) -> Answer<Value> {
        self.only(&["clusters", "include"])?;
        let tags = self.wants_tags()?;
        let mut names = self.texts("clusters");
        if names.is_empty() {
            names.push("default".to_owned());
        }
        let place = &self.caller.place;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for name in names {
            match world.describe_cluster(place, &name) {
                Some(cluster) => {
                    let mut seen = view::cluster(world, place, &cluster);
                    if let (true, Some(map)) = (tags, seen.as_object_mut()) {
                        map.insert("tags".to_owned(), view::tag_list(cluster.all_tags()));
                    }
                    found.push(seen);
                }
                None => failures.push(view::missing(&format!(
                    "arn:{}:ecs:{}:{}:cluster/{name}",
                    place.region.partition(),
                    place.region,
                    place.account
                ))),
            }
        }
        Ok(json!({ "clusters": found, "failures": failures }))
    }

    fn list_clusters(&self, world: &mut World) -> Answer<Value> {
        self.only(&["nextToken", "maxResults"])?;
        let clusters = world.clusters(&self.caller.place).filter(|cluster| cluster.active);
        let names = clusters.map(|cluster| cluster.arn.clone()).collect();
        self.list(world, "clusterArns", names)
    }

    fn register(&self, world: &mut World) -> Answer<Value> {
        let family = self.required("family")?;
        let properties = self.input.as_object().map(view::upper).unwrap_or_default();
        let containers = properties.get("ContainerDefinitions").and_then(Value::as_array);
        let containers = containers.filter(|containers| !containers.is_empty());
        let empty = || ApiError::new("ClientException", "Container list cannot be empty.");
        for container in containers.ok_or_else(empty)? {
            let lacks = |name: &&str| container.get(*name).and_then(Value::as_str).is_none_or(str::is_empty);
            if let Some(name) = ["Name", "Image"].iter().find(|name| lacks(name)) {
                let words = format!("Container.{} should not be null or empty.", name.to_lowercase());
                return Err(ApiError::new("ClientException", words));
            }
        }
        if let Some(why) = world::refused_by_rules("AWS::ECS::TaskDefinition", &properties) {
            return Err(ApiError::new("ClientException", why));
        }
        world.check_task_roles(&self.caller.place, &properties)?;
        let arn = world.register_task_definition(&self.caller.place, &family, properties);
        let definition = world.find_task_definition(&self.caller.place, &arn);
        let tags = definition.map(|definition| view::tags(&definition.properties, &definition.inherited));
        Ok(json!({ "taskDefinition": definition.map(view::task_definition), "tags": tags }))
    }

    fn describe_task_definition(&self, world: &mut World) -> Answer<Value> {
        self.only(&["taskDefinition", "include"])?;
        let name = self.required("taskDefinition")?;
        let found = world.find_task_definition(&self.caller.place, &name);
        let found = found.ok_or_else(|| ApiError::new("ClientException", "Unable to describe task definition."))?;
        let mut answer = json!({ "taskDefinition": view::task_definition(found) });
        if let (true, Some(map)) = (self.wants_tags()?, answer.as_object_mut()) {
            map.insert("tags".to_owned(), view::tags(&found.properties, &found.inherited));
        }
        Ok(answer)
    }

    fn list_task_definitions(&self, world: &mut World) -> Answer<Value> {
        self.only(&["familyPrefix", "status", "nextToken", "maxResults", "sort"])?;
        let family = self.text("familyPrefix");
        let active = self.text("status").as_deref() != Some("INACTIVE");
        let mut found: Vec<_> = world
            .task_definitions(&self.caller.place)
            .filter(|d| d.active == active && family.as_ref().is_none_or(|family| d.family == *family))
            .map(|definition| (definition.family.clone(), definition.revision, definition.arn.clone()))
            .collect();
        found.sort();
        if self.text("sort").as_deref() == Some("DESC") {
            found.reverse();
        }
        self.list(world, "taskDefinitionArns", found.into_iter().map(|(.., arn)| arn).collect())
    }

    fn describe_services(&self, world: &mut World) -> Answer<Value> {
        self.only(&["cluster", "services", "include"])?;
        let names = self.texts("services");
        if names.is_empty() || names.len() > 10 {
            return Err(ApiError::new("InvalidParameterException", "Services: 1 to 10 can be described at once."));
        }
        let (cluster, tags) = (self.cluster(world)?, self.wants_tags()?);
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for name in names {
            match world.find_service(&self.caller.place, &cluster, &name) {
                Some(service) if service.cluster == cluster => found.push(view::service(service, tags)),
                _ => failures.push(view::missing(&name)),
            }
        }
        Ok(json!({ "services": found, "failures": failures }))
    }

    fn list_services(&self, world: &mut World) -> Answer<Value> {
        self.only(&["cluster", "nextToken", "maxResults"])?;
        let cluster = self.cluster(world)?;
        let services = world.services(&self.caller.place);
        let names = services.filter(|s| s.cluster == cluster && s.status == "ACTIVE").map(|s| s.arn.clone()).collect();
        self.list(world, "serviceArns", names)
    }

    fn list_deployments(&self, world: &mut World) -> Answer<Value> {
        self.only(&["service", "cluster", "status", "nextToken", "maxResults"])?;
        let name = self.required("service")?;
        let statuses = self.texts("status");
        let cluster = match name.starts_with("arn:") {
            true => String::new(),
            false => self.cluster(world)?,
        };
        let found = world.find_service(&self.caller.place, &cluster, &name);
        let service = found.ok_or_else(|| ApiError::new("ServiceNotFoundException", "Service not found."))?;
        let wanted = |status: &str| statuses.is_empty() || statuses.iter().any(|wanted| wanted == status);
        let deployments: Vec<_> =
            service.deployments.iter().rev().filter(|deployment| wanted(deployment.status.as_str())).collect();
        let asked = self.input.get("maxResults").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
        let size = asked.unwrap_or(usize::MAX).min(world.page_size());
        let (deployments, next) = page(deployments, |deployment| deployment.arn.clone(), self.text("nextToken"), size)?;
        let briefs: Vec<Value> = deployments.into_iter().map(|d| view::deployment_brief(service, d)).collect();
        let mut answer = json!({ "serviceDeployments": briefs });
        if let (Some(next), Some(map)) = (next, answer.as_object_mut()) {
            map.insert("nextToken".to_owned(), Value::String(next));
        }
        Ok(answer)
    }

    fn describe_deployments(&self, world: &mut World) -> Answer<Value> {
        self.only(&["serviceDeploymentArns"])?;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in self.texts("serviceDeploymentArns") {
            match world.find_deployment(&self.caller.place, &arn) {
                Some((service, deployment)) => found.push(view::deployment(service, deployment)),
                None => failures.push(view::missing(&arn)),
            }
        }
        Ok(json!({ "serviceDeployments": found, "failures": failures }))
    }

    fn describe_revisions(&self, world: &mut World) -> Answer<Value> {
        self.only(&["serviceRevisionArns"])?;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in self.texts("serviceRevisionArns") {
            let services = &mut world.services(&self.caller.place);
            match services.find_map(|service| Some((service, service.revision(&arn)?))) {
                Some((service, revision)) => found.push(view::revision(service, revision)),
                None => failures.push(view::missing(&arn)),
            }
        }
        Ok(json!({ "serviceRevisions": found, "failures": failures }))
    }

    fn stop_deployment(&self, world: &mut World) -> Answer<Value> {
        self.only(&["serviceDeploymentArn", "stopType"])?;
        if self.text("stopType").is_some_and(|kind| kind != "ROLLBACK") {
            return Err(ApiError::not_modelled("stopping a service deployment by anything but ROLLBACK"));
        }
        let arn = self.required("serviceDeploymentArn")?;
        world.stop_service_deployment(&self.caller.place, &arn)?;
        Ok(json!({ "serviceDeploymentArn": arn }))
    }

    fn continue_deployment(&self, world: &mut World) -> Answer<Value> {
        self.only(&["serviceDeploymentArn", "hookId", "action"])?;
        let (arn, hook) = (self.required("serviceDeploymentArn")?, self.required("hookId")?);
        let goes_on = match self.text("action").as_deref() {
            None | Some("CONTINUE") => true,
            Some("ROLLBACK") => false,
            Some(other) => {
                return Err(ApiError::new("InvalidParameterException", format!("{other} is no action of a hook.")));
            }
        };
        world.continue_service_deployment(&self.caller.place, &arn, &hook, goes_on)?;
        Ok(json!({ "serviceDeploymentArn": arn }))
    }
}
