//! Rules over how services deploy, where their tasks run, and the network that they get.

use super::seen::Seen;
use super::service::KIND;
use super::task;
use super::{Fault, Judge, Rule};
use crate::terms::fargate;

const CREATE: &str = "API reference of Amazon ECS, CreateService";
const DEPLOYMENT: &str = "API reference of Amazon ECS, DeploymentConfiguration";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "platform-version", source: CREATE, edition: 2, run: platform },
    Rule { name: "deployment-percent", source: DEPLOYMENT, edition: 2, run: percent },
    Rule { name: "deployment-strategy", source: DEPLOYMENT, edition: 2, run: strategy },
    Rule { name: "deployment-controller", source: DEPLOYMENT, edition: 2, run: controller },
    Rule { name: "network-mode", source: CREATE, edition: 2, run: network_mode },
    Rule {
        name: "network-size",
        source: "API reference of Amazon ECS, AwsVpcConfiguration",
        edition: 2,
        run: network_size,
    },
    Rule { name: "placement", source: CREATE, edition: 2, run: placement },
    Rule {
        name: "placement-expression",
        source: "API reference of Amazon ECS, PlacementConstraint",
        edition: 3,
        run: expressions,
    },
    Rule { name: "exec-role", source: "Amazon ECS developer guide, ECS Exec", edition: 2, run: exec },
];

fn platform(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let version = service.get("PlatformVersion");
        if let Some(text) = version.text().filter(|text| !fargate::is_platform(text)) {
            let aws = format!("The platform version {text} does not exist.");
            out(Fault::at(version.pointer, format!("Fargate has no platform version `{text}`"), aws).doubtful());
        }
    });
}

fn percent(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let deployment = service.get("DeploymentConfiguration");
        let (least, most) = (deployment.get("MinimumHealthyPercent"), deployment.get("MaximumPercent"));
        let daemon = service.get("SchedulingStrategy");
        let is_replica = daemon.is_missing() || daemon.is("REPLICA");
        let controller = service.at(&["DeploymentController", "Type"]);
        let rolling = strategy_of(&deployment).is_some_and(|strategy| strategy == "ROLLING")
            && (controller.is_missing() || controller.is("ECS"));
        let (Some(low), Some(high), true) = (least.number(), most.number(), is_replica && rolling) else { return };
        if high < low {
            let aws = "maximumPercent must be greater than or equal to minimumHealthyPercent.";
            out(Fault::at(
                most.pointer,
                format!("`MaximumPercent` {high} is below `MinimumHealthyPercent` {low}"),
                aws,
            ));
        } else if low == 100.0 && high == 100.0 {
            let aws = "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.";
            out(Fault::at(
                most.pointer,
                "no task can be replaced: `MinimumHealthyPercent` and `MaximumPercent` are both 100",
                aws,
            ));
        }
    });
}

/// The name of a strategy, if it is known.
pub(super) fn strategy_of(deployment: &Seen<'_>) -> Option<String> {
    let strategy = deployment.get("Strategy");
    if strategy.is_missing() { Some("ROLLING".to_owned()) } else { strategy.text() }
}

fn strategy(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let deployment = service.get("DeploymentConfiguration");
        let Some(strategy) = strategy_of(&deployment) else { return };
        for (key, its) in [("CanaryConfiguration", "CANARY"), ("LinearConfiguration", "LINEAR")] {
            let there = deployment.get(key);
            if there.is_there() && strategy != its {
                let aws = format!("{key} is only supported with the {its} deployment strategy.");
                out(Fault::at(there.pointer, format!("`{key}` is only for `Strategy: {its}`"), aws));
            }
        }
        if strategy == "ROLLING" {
            let (bake, hooks) = (deployment.get("BakeTimeInMinutes"), deployment.get("LifecycleHooks"));
            let there = [(bake.is_there(), bake), (!hooks.each().is_empty(), hooks)];
            for (_, there) in there.into_iter().filter(|(is_there, _)| *is_there) {
                let aws = "The ROLLING deployment strategy does not support bake times and lifecycle hooks.";
                out(Fault::at(there.pointer, "a rolling deployment has no bake time and no hooks", aws).doubtful());
            }
            return;
        }
        for balancer in service.get("LoadBalancers").each() {
            let advanced = balancer.get("AdvancedConfiguration");
            if advanced.is_missing() && balancer.get("LoadBalancerName").is_missing() {
                let aws = format!("advancedConfiguration is required for the {strategy} deployment strategy.");
                let title = format!("`Strategy: {strategy}` moves traffic between two target groups");
                out(Fault::at(advanced.pointer, format!("{title}: `AdvancedConfiguration` names the other"), aws)
                    .doubtful());
            }
        }
        let connected = service.get("ServiceConnectConfiguration");
        let apart = connected.is_missing() || connected.get("Enabled").flag() == Some(false);
        let alone = service.get("LoadBalancers").items().is_some_and(|all| all.is_empty()) && apart;
        if alone && matches!(strategy.as_str(), "CANARY" | "LINEAR") {
            let aws = format!("The {strategy} deployment strategy requires a load balancer or Service Connect.");
            let title = format!("`Strategy: {strategy}` needs a load balancer or Service Connect");
            out(Fault::at(deployment.get("Strategy").pointer, title, aws).doubtful());
        }
    });
}

fn controller(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let kind = service.at(&["DeploymentController", "Type"]);
        let breaker = service.at(&["DeploymentConfiguration", "DeploymentCircuitBreaker"]);
        if breaker.get("Enable").flag() == Some(true) && kind.is_other_than("ECS") {
            let aws = "Deployment circuit breaker feature is only supported with the ECS deployment controller.";
            out(Fault::at(breaker.pointer, "only deployments by ECS itself have a circuit breaker", aws));
        }
    });
}

fn network_mode(judge: &mut Judge<'_>) {
    judge.each(KIND, |template, service, out| {
        let Some(task) = template.referred(&service.get("TaskDefinition"), task::KIND) else { return };
        let (mode, network) = (task.get("NetworkMode"), service.get("NetworkConfiguration"));
        if (mode.is_missing() || mode.is_other_than("awsvpc")) && network.is_there() {
            let aws = "Network Configuration is not valid for the given networkMode of this task definition.";
            let title = "only tasks with `NetworkMode: awsvpc` get a network from the service";
            out(Fault::at(network.pointer, title, aws));
        }
    });
}

fn network_size(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let network = service.at(&["NetworkConfiguration", "AwsvpcConfiguration"]);
        let (subnets, groups) = (network.get("Subnets"), network.get("SecurityGroups"));
        if subnets.is_there() && subnets.items().is_some_and(|all| all.is_empty() || all.len() > 16) {
            let aws = "subnets can not be empty, and can have at most 16 items.";
            out(Fault::at(subnets.pointer, "tasks need 1 to 16 subnets", aws));
        }
        if let Some(count) = groups.items().map(|all| all.len()).filter(|count| *count > 5) {
            let aws = "securityGroups can have at most 5 items.";
            out(Fault::at(groups.pointer, format!("tasks have at most 5 security groups, not {count}"), aws));
        }
    });
}

fn placement(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        for (key, most) in [("PlacementStrategies", 5), ("PlacementConstraints", 10)] {
            let all = service.get(key);
            if let Some(count) = all.items().map(|all| all.len()).filter(|count| *count > most) {
                let aws = format!("{key} can have at most {most} items.");
                out(Fault::at(all.pointer, format!("a service has at most {most} of `{key}`, not {count}"), aws));
            }
        }
        let strategies = service.get("PlacementStrategies");
        if service.get("SchedulingStrategy").is("DAEMON") && !strategies.each().is_empty() {
            let aws = "The daemon scheduling strategy does not support task placement strategies.";
            out(Fault::at(strategies.pointer.clone(), "a daemon service has no placement strategies", aws));
        }
        for strategy in strategies.each() {
            let field = strategy.get("Field");
            let size = |text: &String| !["cpu", "memory"].contains(&text.to_ascii_lowercase().as_str());
            if let Some(text) = field.text().filter(size)
                && strategy.get("Type").is("binpack")
            {
                let aws = "The binpack placement strategy supports the fields cpu and memory.";
                out(Fault::at(field.pointer, format!("`binpack` is by `cpu` or `memory`, not `{text}`"), aws));
            }
        }
    });
}

fn expressions(judge: &mut Judge<'_>) {
    let look = |resource: &Seen<'_>, out: &mut dyn FnMut(Fault)| {
        for constraint in resource.get("PlacementConstraints").each() {
            let (kind, expression) = (constraint.get("Type"), constraint.get("Expression"));
            if kind.is("distinctInstance") && expression.is_there() {
                let aws = "An expression can't be specified if the constraint type is distinctInstance.";
                out(Fault::at(expression.pointer, "a constraint `distinctInstance` has no expression", aws));
            } else if kind.is("memberOf") && expression.is_missing() {
                let aws = "The memberOf constraint needs an expression.";
                out(Fault::at(kind.pointer, "a constraint `memberOf` needs an `Expression`", aws));
            }
        }
    };
    judge.each(KIND, |_, service, out| look(&service, out));
    judge.each(task::KIND, |_, task, out| look(&task, out));
}

fn exec(judge: &mut Judge<'_>) {
    judge.each(KIND, |template, service, out| {
        let (exec, definition) = (service.get("EnableExecuteCommand"), service.get("TaskDefinition"));
        let Some(task) = template.referred(&definition, task::KIND) else { return };
        if exec.flag() == Some(true) && task.get("TaskRoleArn").is_missing() {
            let aws = "The service couldn't be created because a valid taskRoleArn is not being used.";
            out(Fault::at(exec.pointer, "ECS Exec needs the `TaskRoleArn` of the task definition", aws));
        }
    });
}
