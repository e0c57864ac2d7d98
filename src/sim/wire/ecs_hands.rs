//! ECS's operations that change services, task definitions and tags, over JSON 1.1.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::ecs::Request;
use super::ecs_view as view;
use crate::sim::error::{Answer, ApiError};
use crate::sim::world::World;

/// What each member is. One that is not here is a text.
const KINDS: [(&str, &[&str]); 4] = [
    ("number", &["desiredCount", "healthCheckGracePeriodSeconds"]),
    ("flag", &["enableECSManagedTags", "enableExecuteCommand", "force", "forceNewDeployment"]),
    (
        "structure",
        &["deploymentConfiguration", "deploymentController", "networkConfiguration", "serviceConnectConfiguration"],
    ),
    (
        "list",
        &[
            "capacityProviderStrategy",
            "loadBalancers",
            "placementConstraints",
            "placementStrategy",
            "serviceRegistries",
            "tags",
            "volumeConfigurations",
        ],
    ),
];

fn wrong_type(member: &str) -> ApiError {
    ApiError::new("SerializationException", format!("{member} is of a wrong type"))
}

/// Members of UpdateService that are members of CreateService too. What makes a service another one is not among them.
const CHANGEABLE: [&str; 17] = [
    "availabilityZoneRebalancing",
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "desiredCount",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "loadBalancers",
    "networkConfiguration",
    "placementConstraints",
    "placementStrategy",
    "platformVersion",
    "propagateTags",
    "serviceConnectConfiguration",
    "serviceRegistries",
    "taskDefinition",
    "volumeConfigurations",
];

impl Request<'_> {
    /// Refuses members of a wrong type. The schema judges what is inside them.
    fn types(&self) -> Answer<()> {
        for (name, value) in self.input.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            let kind = KINDS.iter().find(|(_, members)| members.contains(&name.as_str())).map(|(kind, _)| *kind);
            let fits = match kind {
                Some("number") => value.is_i64(),
                Some("flag") => value.is_boolean(),
                Some("structure") => value.is_object(),
                Some(_) => value.as_array().is_some_and(|items| items.iter().all(Value::is_object)),
                None => value.as_str().is_some_and(|text| !text.is_empty()),
            };
            if !fits {
                return Err(wrong_type(name));
            }
        }
        Ok(())
    }

    /// What the request says of a service, as CloudFormation writes it.
    fn properties(&self, names: &[&str]) -> Map<String, Value> {
        let given = self.input.as_object().into_iter().flatten();
        let own = given.filter(|(name, value)| names.contains(&name.as_str()) && !value.is_null());
        let mut properties = view::upper(&own.map(|(name, value)| (name.clone(), value.clone())).collect());
        if let Some(strategies) = properties.remove("PlacementStrategy") {
            properties.insert("PlacementStrategies".to_owned(), strategies);
        }
        properties
    }

    /// Refuses deployments that something else carries out.
    fn controller(&self) -> Answer<()> {
        let kind = self.input.get("deploymentController").and_then(|controller| controller.get("type"));
        match kind.and_then(Value::as_str) {
            None | Some("ECS") => Ok(()),
            Some(other) => Err(ApiError::not_modelled(format_args!("deploymentController.type = {other}"))),
        }
    }

    pub(super) fn create_service(&self, world: &mut World) -> Answer<Value> {
        let fixed = ["cluster", "serviceName", "launchType", "schedulingStrategy", "role", "tags"];
        let names = [&CHANGEABLE[..], &fixed].concat();
        self.only(&[&names[..], &["clientToken", "deploymentController"]].concat())?;
        self.types()?;
        self.controller()?;
        self.required("serviceName")?;
        let arn = world.create_service(&self.caller.place, self.properties(&names))?;
        self.shown(world, &arn)
    }

    pub(super) fn update_service(&self, world: &mut World) -> Answer<Value> {
        self.only(&[&CHANGEABLE[..], &["cluster", "service", "forceNewDeployment", "deploymentController"]].concat())?;
        self.types()?;
        self.controller()?;
        let arn = self.service(world)?;
        let force = self.input.get("forceNewDeployment").and_then(Value::as_bool) == Some(true);
        world.update_service(&self.caller.place, &arn, self.properties(&CHANGEABLE), force)?;
        self.shown(world, &arn)
    }

    pub(super) fn delete_service(&self, world: &mut World) -> Answer<Value> {
        self.only(&["cluster", "service", "force"])?;
        self.types()?;
        let arn = self.service(world)?;
        let force = self.input.get("force").and_then(Value::as_bool) == Some(true);
        world.delete_service(&self.caller.place, &arn, force)?;
        self.shown(world, &arn)
    }

    pub(super) fn deregister(&self, world: &mut World) -> Answer<Value> {
        self.only(&["taskDefinition"])?;
        let arn = world.deregister_task_definition(&self.caller.place, &self.required("taskDefinition")?)?;
        let found = world.find_task_definition(&self.caller.place, &arn);
        Ok(json!({ "taskDefinition": found.map(view::task_definition) }))
    }

    pub(super) fn list_tags(&self, world: &mut World) -> Answer<Value> {
        self.only(&["resourceArn"])?;
        let tags = world.tags_of(&self.caller.place, &self.required("resourceArn")?)?;
        Ok(json!({ "tags": view::tag_list(tags) }))
    }

    pub(super) fn tag(&self, world: &mut World) -> Answer<Value> {
        self.only(&["resourceArn", "tags"])?;
        let part = |tag: &Value, key: &str| tag.get(key).and_then(Value::as_str).map(str::to_owned);
        let one = |tag: &Value| Some((part(tag, "key")?, part(tag, "value").unwrap_or_default()));
        let list = self.input.get("tags").and_then(Value::as_array);
        let tags = list.and_then(|list| list.iter().map(one).collect::<Option<BTreeMap<_, _>>>());
        let tags = tags.ok_or_else(|| wrong_type("tags"))?;
        world.tag_resource(&self.caller.place, &self.required("resourceArn")?, tags)?;
        Ok(json!({}))
    }

    pub(super) fn untag(&self, world: &mut World) -> Answer<Value> {
        self.only(&["resourceArn", "tagKeys"])?;
        world.untag_resource(&self.caller.place, &self.required("resourceArn")?, &self.texts("tagKeys"))?;
        Ok(json!({}))
    }

    /// ARN of the service that the request names.
    fn service(&self, world: &mut World) -> Answer<String> {
        let cluster = self.cluster(world)?;
        let found = world.find_service(&self.caller.place, &cluster, &self.required("service")?);
        let missing = || ApiError::new("ServiceNotFoundException", "Service not found.");
        found.filter(|service| service.cluster == cluster).map(|service| service.arn.clone()).ok_or_else(missing)
    }

    fn shown(&self, world: &mut World, arn: &str) -> Answer<Value> {
        let service = world.services(&self.caller.place).find(|service| service.arn == arn);
        Ok(json!({ "service": service.map(|service| view::service(service, true)) }))
    }
}
