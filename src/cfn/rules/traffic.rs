//! Rules over how deployments move traffic: in which parts, how long that takes, and between what.

use super::rollout::strategy_of;
use super::seen::Seen;
use super::service::KIND;
use super::{Fault, Judge, Rule};

const LINEAR: &str = "API reference of Amazon ECS, LinearConfiguration and CanaryConfiguration";
const PATIENCE: &str = "CloudFormation reference, LinearConfiguration and CanaryConfiguration of AWS::ECS::Service";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "traffic-percent", source: LINEAR, edition: 3, run: percent },
    Rule {
        name: "pause-stage",
        source: "API reference of Amazon ECS, DeploymentLifecycleHook",
        edition: 3,
        run: pause,
    },
    Rule {
        name: "hook-target",
        source: "API reference of Amazon ECS, DeploymentLifecycleHook",
        edition: 3,
        run: hook_target,
    },
    Rule { name: "deployment-time", source: PATIENCE, edition: 3, run: time },
    Rule {
        name: "traffic-rules",
        source: "API reference of Amazon ECS, AdvancedConfiguration",
        edition: 3,
        run: advanced,
    },
];

/// CloudFormation gives up on a service after this many minutes.
const MOST_MINUTES: f64 = 36.0 * 60.0;
/// It refuses a linear or canary deployment that bakes for longer.
const MOST_BAKING: f64 = 33.0 * 60.0;

fn percent(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let deployment = service.get("DeploymentConfiguration");
        let parts = [("LinearConfiguration", "StepPercent", 3.0), ("CanaryConfiguration", "CanaryPercent", 0.1)];
        for (part, key, least) in parts {
            let percent = deployment.at(&[part, key]);
            // What is below that, the schema refuses.
            let finer = |percent: &f64| *percent >= least && (percent * 10.0 - (percent * 10.0).round()).abs() > 1e-6;
            if percent.number().is_some_and(|percent| finer(&percent)) {
                let aws = "The percentage must be a multiple of 0.1.";
                out(Fault::at(percent.pointer, format!("`{key}` has at most one decimal"), aws));
            }
        }
    });
}

fn hooks<'a>(service: &Seen<'a>) -> Vec<Seen<'a>> {
    service.at(&["DeploymentConfiguration", "LifecycleHooks"]).each()
}

fn pause(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        for hook in hooks(&service).iter().filter(|hook| hook.get("TargetType").is("PAUSE")) {
            let moves = |stage: &Seen<'_>| stage.is("TEST_TRAFFIC_SHIFT") || stage.is("PRODUCTION_TRAFFIC_SHIFT");
            for stage in hook.get("LifecycleStages").each().into_iter().filter(moves) {
                let aws = "PAUSE hooks are not supported for the traffic shift stages.";
                out(Fault::at(stage.pointer, "a deployment cannot pause while traffic moves", aws));
            }
        }
    });
}

fn hook_target(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        for hook in hooks(&service) {
            let (kind, target, role) = (hook.get("TargetType"), hook.get("HookTargetArn"), hook.get("RoleArn"));
            if (kind.is_missing() || kind.is("AWS_LAMBDA")) && target.is_missing() {
                let aws = "hookTargetArn is required for AWS_LAMBDA hooks.";
                out(Fault::at(target.pointer.clone(), "a hook that calls a function needs `HookTargetArn`", aws));
            }
            if let (true, Some(extra)) = (kind.is("PAUSE"), [target, role].into_iter().find(Seen::is_there)) {
                let aws = "hookTargetArn and roleArn are not applicable for PAUSE hooks.";
                let title = "a pause calls nothing: remove `HookTargetArn` and `RoleArn`";
                out(Fault::at(extra.pointer, title, aws));
            }
        }
    });
}

/// A number, or what ECS takes if it is not there; none if it is not known.
fn or(value: &Seen<'_>, otherwise: f64) -> Option<f64> {
    if value.is_missing() { Some(otherwise) } else { value.number() }
}

/// The minutes for which a deployment certainly bakes, and how often it moves production traffic.
fn baking(deployment: &Seen<'_>, strategy: &str) -> Option<(f64, f64)> {
    let bake = or(&deployment.get("BakeTimeInMinutes"), 0.0)?;
    let of = |part: &'static str, key: &'static str, otherwise: f64| or(&deployment.at(&[part, key]), otherwise);
    match strategy {
        "BLUE_GREEN" => Some((bake, 1.0)),
        "LINEAR" => {
            let steps = (100.0 / of("LinearConfiguration", "StepPercent", 10.0)?.clamp(3.0, 100.0)).ceil();
            Some((bake + steps * of("LinearConfiguration", "StepBakeTimeInMinutes", 6.0)?, steps))
        }
        "CANARY" => Some((bake + of("CanaryConfiguration", "CanaryBakeTimeInMinutes", 10.0)?, 2.0)),
        _ => None,
    }
}

fn time(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let deployment = service.get("DeploymentConfiguration");
        let Some(strategy) = strategy_of(&deployment) else { return };
        let Some((baking, shifts)) = baking(&deployment, &strategy) else { return };
        let at = deployment.get("Strategy").pointer;
        if strategy != "BLUE_GREEN" && baking > MOST_BAKING {
            let aws = "The total bake time of the deployment exceeds the maximum that CloudFormation supports.";
            let title =
                format!("the deployment bakes for {baking} minutes, and CloudFormation allows at most {MOST_BAKING}");
            return out(Fault::at(at, title, aws));
        }
        let pauses = hooks(&service).into_iter().filter(|hook| hook.get("TargetType").is("PAUSE"));
        let longest = pauses.map(|hook| {
            // ECS comes to the stage before a shift of production traffic once for each.
            let times = |stage: &Seen<'_>| if stage.is("PRE_PRODUCTION_TRAFFIC_SHIFT") { shifts } else { 1.0 };
            let stages: f64 = hook.get("LifecycleStages").each().iter().map(times).sum();
            or(&hook.at(&["TimeoutConfiguration", "TimeoutInMinutes"]), 1440.0).unwrap_or(0.0) * stages
        });
        let longest = baking + longest.sum::<f64>();
        if longest > MOST_MINUTES {
            let title = format!(
                "this may take {longest} minutes, and CloudFormation gives up after {MOST_MINUTES}: approve before the deployment"
            );
            out(Fault::at(at, title, "Exceeded the maximum time of 36 hours to stabilize the service.").doubtful());
        }
    });
}

/// Traffic moves from one to another.
fn advanced(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        for balancer in service.get("LoadBalancers").each() {
            let advanced = balancer.get("AdvancedConfiguration");
            let same = |one: &Seen<'_>, other: &Seen<'_>| one.text().is_some_and(|text| other.is(&text));
            let alternate = advanced.get("AlternateTargetGroupArn");
            if same(&alternate, &balancer.get("TargetGroupArn")) {
                let aws = "alternateTargetGroupArn must be different from targetGroupArn.";
                let title = "the alternate target group is the target group itself: traffic moves to another one";
                out(Fault::at(alternate.pointer, title, aws));
            }
            let (production, test) = (advanced.get("ProductionListenerRule"), advanced.get("TestListenerRule"));
            if same(&production, &test) {
                let aws = "testListenerRule must be different from productionListenerRule.";
                let title = "`TestListenerRule` must differ from `ProductionListenerRule`";
                out(Fault::at(test.pointer, title, aws));
                continue;
            }
            let is = |rule: &Seen<'_>, part: &str| rule.text().is_some_and(|arn| arn.contains(part));
            let kind = |rule: &Seen<'_>| match (is(rule, ":listener/net/"), is(rule, ":listener-rule/app/")) {
                (false, false) => None,
                (network, _) => Some(network),
            };
            if let (Some(network), Some(other)) = (kind(&production), kind(&test))
                && network != other
            {
                let aws = "productionListenerRule and testListenerRule must belong to the same load balancer.";
                let title = "`ProductionListenerRule` and `TestListenerRule` must belong to the same load balancer";
                out(Fault::at(test.pointer, title, aws));
            }
        }
    });
}
