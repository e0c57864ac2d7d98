//! Rules over services of ECS, alone and with the task definition that they run.

use super::seen::{Seen, Template};
use super::task::{self, is_awsvpc, is_fargate};
use super::{Fault, Judge, Rule};

pub(super) const KIND: &str = "AWS::ECS::Service";

const CREATE: &str = "API reference of Amazon ECS, CreateService";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "daemon-service", source: CREATE, edition: 1, run: daemon },
    Rule {
        name: "daemon-volumes",
        source: "API reference of Amazon ECS, CreateService",
        edition: 3,
        run: daemon_volumes,
    },
    Rule { name: "launch-type", source: CREATE, edition: 1, run: launch_type },
    Rule {
        name: "capacity-strategy",
        source: "API reference of Amazon ECS, CapacityProviderStrategyItem",
        edition: 1,
        run: capacity,
    },
    Rule { name: "service-network", source: CREATE, edition: 1, run: network },
    Rule {
        name: "load-balancer-port",
        source: "API reference of Amazon ECS, LoadBalancer",
        edition: 1,
        run: load_balancer,
    },
    Rule { name: "target-type", source: "API reference of Amazon ECS, LoadBalancer", edition: 1, run: target_type },
];

/// Looks at each service with the task definition that it runs, if the template has it.
pub(super) fn each_with_task(
    judge: &mut Judge<'_>,
    look: impl for<'a> Fn(&Template<'a>, &Seen<'a>, &Seen<'a>, &mut dyn FnMut(Fault)),
) {
    judge.each(KIND, |template, service, out| {
        if let Some(task) = template.referred(&service.get("TaskDefinition"), task::KIND) {
            look(template, &service, &task, out);
        }
    });
}

fn daemon(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        if !service.get("SchedulingStrategy").is("DAEMON") {
            return;
        }
        let (count, launch) = (service.get("DesiredCount"), service.get("LaunchType"));
        if count.is_there() {
            let aws = "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value \
                       and try again.";
            out(Fault::at(count.pointer, "a daemon service has no `DesiredCount`: it runs one task on each instance", aws));
        }
        if launch.is("FARGATE") {
            let aws = "The daemon scheduling strategy does not support the fargate launch type.";
            out(Fault::at(launch.pointer, "a daemon service does not run on Fargate", aws));
        }
    });
}

fn daemon_volumes(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let volumes = service.get("VolumeConfigurations");
        if service.get("SchedulingStrategy").is("DAEMON") && !volumes.each().is_empty() {
            let aws = "volumeConfigurations is only supported for REPLICA service and not DAEMON service.";
            out(Fault::at(volumes.pointer, "a daemon service has no volumes of EBS", aws));
        }
    });
}

fn launch_type(judge: &mut Judge<'_>) {
    judge.each(KIND, |template, service, out| {
        let launch = service.get("LaunchType");
        let strategy = service.get("CapacityProviderStrategy");
        if launch.is_there() && strategy.items().is_some_and(|items| !items.is_empty()) {
            let aws = "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.";
            out(Fault::at(launch.pointer.clone(), "a service has a launch type or a capacity provider strategy", aws));
        }
        if launch.is("EC2") {
            let version = service.get("PlatformVersion");
            if version.is_there() {
                let aws = "The platform version must be null when specifying an EC2 launch type.";
                out(Fault::at(version.pointer, "only Fargate has platform versions", aws));
            }
            let public = service.at(&["NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp"]);
            if public.is("ENABLED") {
                let aws = "Assign public IP is not supported for this launch type.";
                out(Fault::at(public.pointer, "only tasks on Fargate get a public address this way", aws));
            }
        }
        if launch.is("FARGATE") {
            for key in ["PlacementConstraints", "PlacementStrategies"] {
                let placement = service.get(key);
                if !placement.each().is_empty() {
                    let aws = "Placement strategies and constraints are not supported with FARGATE launch type.";
                    out(Fault::at(placement.pointer, format!("a service on Fargate has no `{key}`"), aws));
                }
            }
            let Some(task) = template.referred(&service.get("TaskDefinition"), task::KIND) else { return };
            let kinds = task.get("RequiresCompatibilities").items().unwrap_or_default();
            let known = kinds.iter().all(|kind| kind.text().is_some());
            if !kinds.is_empty() && known && !is_fargate(&task) {
                let aws = "Task definition does not support launch_type FARGATE.";
                let title = "the task definition does not name `FARGATE` under `RequiresCompatibilities`";
                out(Fault::at(launch.pointer, title, aws));
            }
        }
    });
}

fn capacity(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let strategy = service.get("CapacityProviderStrategy");
        let Some(items) = strategy.items().filter(|items| !items.is_empty()) else { return };
        let bases = items.iter().map(|item| item.get("Base")).filter(|base| base.number().is_some_and(|n| n > 0.0));
        if let Some(second) = bases.skip(1).last() {
            let aws = "A capacity provider strategy cannot contain more than one capacity provider with a base value defined.";
            out(Fault::at(second.pointer, "only one capacity provider of a strategy can have a base", aws));
        }
        if items.len() > 1 && items.iter().all(|item| item.get("Weight").number() == Some(0.0)) {
            let aws = "The specified capacity provider strategy must contain at least one capacity provider with a weight greater \
                       than zero.";
            out(Fault::at(strategy.pointer.clone(), "one capacity provider needs a weight above 0", aws));
        }
        let names: Option<Vec<String>> = items.iter().map(|item| item.get("CapacityProvider").text()).collect();
        let of_fargate = |name: &String| name.starts_with("FARGATE");
        if let Some(names) = names
            && names.iter().any(of_fargate)
            && !names.iter().all(of_fargate)
        {
            let aws = "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and \
                       Fargate providers.";
            let title = "a strategy has capacity providers of Fargate or others, not both";
            out(Fault::at(strategy.pointer, title, aws));
        }
    });
}

fn network(judge: &mut Judge<'_>) {
    each_with_task(judge, |_, service, task, out| {
        let network = service.get("NetworkConfiguration");
        if is_awsvpc(task) && network.is_missing() {
            let aws = "Network Configuration must be provided when networkMode 'awsvpc' is specified.";
            let title =
                "the service needs `NetworkConfiguration`, because its task definition says `NetworkMode: awsvpc`";
            out(Fault::at(network.pointer, title, aws));
        }
    });
}

/// A container of a task definition by name, and whether it is known that there is none.
pub(super) fn container<'a>(task: &Seen<'a>, name: &str) -> Option<Option<Seen<'a>>> {
    let all = task::containers(task)?;
    let names: Option<Vec<String>> = all.iter().map(|container| container.get("Name").text()).collect();
    Some(names?.iter().position(|known| known == name).and_then(|place| all.into_iter().nth(place)))
}

/// Whether a container has a port, if that is known.
pub(super) fn opens(container: &Seen<'_>, port: &Seen<'_>) -> Option<bool> {
    let ports = container.get("PortMappings").items()?;
    // A range of ports names none of them.
    if ports.iter().any(|mapping| !mapping.get("ContainerPortRange").is_missing()) {
        return None;
    }
    let open: Vec<f64> = ports.iter().map(|mapping| mapping.get("ContainerPort").number()).collect::<Option<_>>()?;
    Some(open.contains(&port.number()?))
}

fn load_balancer(judge: &mut Judge<'_>) {
    each_with_task(judge, |_, service, task, out| {
        for balancer in service.get("LoadBalancers").each() {
            let (name, port) = (balancer.get("ContainerName"), balancer.get("ContainerPort"));
            let Some(text) = name.text() else { continue };
            let Some(found) = container(task, &text) else { continue };
            let Some(container) = found else {
                let aws = format!("The container {text} does not exist in the task definition.");
                out(Fault::at(name.pointer, format!("the task definition has no container `{text}`"), aws)
                    .among(text, task::names(task)));
                continue;
            };
            if let (Some(number), Some(false)) = (port.number(), opens(&container, &port)) {
                let aws = format!("The container {text} did not have a container port {number} defined.");
                out(Fault::at(port.pointer, format!("container `{text}` has no port {number}"), aws));
            }
        }
    });
}

fn target_type(judge: &mut Judge<'_>) {
    each_with_task(judge, |template, service, task, out| {
        for group in service.get("LoadBalancers").each().iter().map(|balancer| balancer.get("TargetGroupArn")) {
            let Some(target) = template.referred(&group, "AWS::ElasticLoadBalancingV2::TargetGroup") else { continue };
            let kind = target.get("TargetType");
            if is_awsvpc(task) && (kind.is_missing() || kind.is("instance")) {
                let aws = "The provided target group has target type instance, which is incompatible with the awsvpc network mode \
                           specified in the task definition.";
                let title =
                    "the target group needs `TargetType: ip`, because the tasks have network interfaces of their own";
                out(Fault::at(group.pointer, title, aws));
            }
        }
    });
}
