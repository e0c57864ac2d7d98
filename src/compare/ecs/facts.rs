//! An ECS resource as facts: what is compared, and in which words.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::known::{Thing, at, flag, items, number, text, words};
use super::{Image, Subject, Tags, What};

/// Types and the properties of them that rows say.
pub(super) const COVERED: &[(&str, &[&str])] = &[
    (
        "AWS::ECS::TaskDefinition",
        &[
            "ContainerDefinitions",
            "Cpu",
            "Memory",
            "TaskRoleArn",
            "ExecutionRoleArn",
            "RuntimePlatform",
            "NetworkMode",
            "Volumes",
        ],
    ),
    (
        "AWS::ECS::Service",
        &[
            "Cluster",
            "DesiredCount",
            "SchedulingStrategy",
            "DeploymentConfiguration",
            "DeploymentController",
            "LoadBalancers",
            "HealthCheckGracePeriodSeconds",
            "LaunchType",
            "CapacityProviderStrategy",
            "PlatformVersion",
            "NetworkConfiguration",
            "ServiceConnectConfiguration",
            "ServiceRegistries",
            "EnableExecuteCommand",
            "ForceNewDeployment",
            "TaskDefinition",
        ],
    ),
    ("AWS::Scheduler::Schedule", &["ScheduleExpression", "ScheduleExpressionTimezone", "State", "Target"]),
    ("AWS::Events::Rule", &["ScheduleExpression", "State", "Targets"]),
    ("AWS::ApplicationAutoScaling::ScalableTarget", &["MinCapacity", "MaxCapacity", "ScheduledActions"]),
    (
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        &["TargetTrackingScalingPolicyConfiguration", "StepScalingPolicyConfiguration"],
    ),
];

/// What a fact says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fact {
    Image(Image),
    Text(String),
}

impl Fact {
    pub(super) fn text(&self, tags: &Tags) -> String {
        match self {
            Self::Image(image) => image.tagged(tags).to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// What an ECS resource is; none for other resources.
pub(super) fn subject(thing: &Thing) -> Option<Subject> {
    match thing.kind.as_str() {
        "AWS::ECS::Service" => Some(Subject::Service),
        "AWS::ECS::TaskDefinition" => Some(Subject::TaskDefinition),
        "AWS::Scheduler::Schedule" if thing.at(&["Target", "EcsParameters"]).is_some() => Some(Subject::Schedule),
        "AWS::Events::Rule" if thing.list(&["Targets"]).iter().any(|target| target.get("EcsParameters").is_some()) => {
            Some(Subject::Schedule)
        }
        "AWS::ApplicationAutoScaling::ScalableTarget" => {
            thing.text(&["ServiceNamespace"]).is_none_or(|namespace| namespace == "ecs").then_some(Subject::Scaling)
        }
        "AWS::ApplicationAutoScaling::ScalingPolicy" => {
            thing.text(&["ServiceNamespace"]).is_none_or(|namespace| namespace == "ecs").then_some(Subject::Scaling)
        }
        _ => None,
    }
}

/// The facts of a resource.
pub(super) fn of(subject: Subject, thing: &Thing) -> BTreeMap<What, Fact> {
    let mut facts = Facts(BTreeMap::new());
    match subject {
        Subject::TaskDefinition => facts.task_definition(thing),
        Subject::Service => facts.service(thing),
        Subject::Schedule => facts.schedule(thing),
        Subject::Scaling => facts.scaling(thing),
    }
    facts.0
}

struct Facts(BTreeMap<What, Fact>);

impl Facts {
    fn put(&mut self, what: What, text: Option<String>) {
        if let Some(text) = text {
            self.0.insert(what, Fact::Text(text));
        }
    }

    /// A property in words, if it is there.
    fn words(&mut self, what: What, value: Option<&Value>) {
        self.put(what, value.map(words));
    }

    fn task_definition(&mut self, thing: &Thing) {
        self.put(What::Cpu { container: None }, thing.text(&["Cpu"]).map(|cpu| units(&cpu)));
        self.put(What::Memory { container: None }, thing.text(&["Memory"]).map(|memory| mebibytes(&memory)));
        self.words(What::TaskRole, thing.at(&["TaskRoleArn"]));
        self.words(What::ExecutionRole, thing.at(&["ExecutionRoleArn"]));
        self.words(What::NetworkMode, thing.at(&["NetworkMode"]));
        let platform = ["OperatingSystemFamily", "CpuArchitecture"].map(|key| thing.text(&["RuntimePlatform", key]));
        let platform: Vec<String> = platform.into_iter().flatten().collect();
        self.put(What::Platform, (!platform.is_empty()).then(|| platform.join(" ")));
        self.words(What::Volumes, thing.at(&["Volumes"]));
        for container in thing.list(&["ContainerDefinitions"]) {
            self.container(container);
        }
    }

    fn container(&mut self, container: &Value) {
        let own = container.get("Name").map(words).unwrap_or_default();
        let name = || own.clone();
        self.put(What::Container { container: name() }, Some("there".to_owned()));
        if let Some(image) = container.get("Image") {
            self.0.insert(What::Image { container: name() }, Fact::Image(Image::parse(&words(image))));
        }
        let pairs = |key: &str| container.get(key).map(items).unwrap_or_default();
        for pair in pairs("Environment") {
            let variable = pair.get("Name").map(words).unwrap_or_default();
            self.words(What::Variable { container: name(), name: variable }, pair.get("Value"));
        }
        for pair in pairs("Secrets") {
            let variable = pair.get("Name").map(words).unwrap_or_default();
            self.words(What::Secret { container: name(), name: variable }, pair.get("ValueFrom"));
        }
        let files: Vec<String> =
            pairs("EnvironmentFiles").iter().filter_map(|file| file.get("Value").map(words)).collect();
        self.put(What::VariableFiles { container: name() }, joined(&files));
        let ports: Vec<String> = pairs("PortMappings").iter().map(|port| port_words(port)).collect();
        self.put(What::Ports { container: name() }, joined(&ports));
        let number = |key: &str| container.get(key).and_then(text);
        self.put(What::Cpu { container: Some(name()) }, number("Cpu").map(|cpu| units(&cpu)));
        self.put(What::Memory { container: Some(name()) }, number("Memory").map(|memory| mebibytes(&memory)));
        self.put(
            What::MemoryReservation { container: name() },
            number("MemoryReservation").map(|memory| mebibytes(&memory)),
        );
        self.put(What::HealthCheck { container: name() }, container.get("HealthCheck").map(check_words));
        self.put(What::Command { container: name() }, container.get("Command").map(command));
        self.put(What::EntryPoint { container: name() }, container.get("EntryPoint").map(command));
        self.words(What::User { container: name() }, container.get("User"));
        let on = |key: &str| container.get(key).and_then(flag);
        self.put(What::Privileged { container: name() }, on("Privileged").filter(|on| *on).map(|_| "yes".to_owned()));
        self.put(What::Essential { container: name() }, on("Essential").filter(|on| !*on).map(|_| "no".to_owned()));
        self.words(What::Log { container: name() }, container.get("LogConfiguration"));
    }

    fn service(&mut self, thing: &Thing) {
        self.words(What::Cluster, thing.at(&["Cluster"]));
        let daemon = thing.text(&["SchedulingStrategy"]).is_some_and(|strategy| strategy == "DAEMON");
        let tasks = if daemon { Some("one on every instance".to_owned()) } else { thing.text(&["DesiredCount"]) };
        self.put(What::Tasks, tasks);
        let configuration = |key: &str| thing.at(&["DeploymentConfiguration", key]);
        let controller = thing.text(&["DeploymentController", "Type"]).filter(|kind| kind != "ECS");
        let strategy = super::rollout::strategy(thing);
        self.put(What::Strategy, Some(controller.unwrap_or(strategy)));
        let percent = |key: &str, usual: f64| configuration(key).and_then(number).unwrap_or(usual);
        let (least, most) = (
            percent("MinimumHealthyPercent", if daemon { 0.0 } else { 100.0 }),
            percent("MaximumPercent", if daemon { 100.0 } else { 200.0 }),
        );
        self.put(What::Percent, Some(format!("{least} % to {most} %")));
        self.put(What::CircuitBreaker, Some(super::rollout::breaker_words(thing)));
        let alarms = configuration("Alarms").filter(|alarms| alarms.get("Enable").and_then(flag) == Some(true));
        self.words(What::Alarms, alarms.and_then(|alarms| alarms.get("AlarmNames")));
        self.words(What::Hooks, configuration("LifecycleHooks"));
        for balancer in thing.list(&["LoadBalancers"]) {
            let name = ["ContainerName", "ContainerPort"].map(|key| balancer.get(key).map(words).unwrap_or_default());
            let group = balancer.get("TargetGroupArn").or_else(|| balancer.get("LoadBalancerName")).map(words);
            self.put(What::LoadBalancer { name: name.join(":") }, group);
        }
        self.put(
            What::GracePeriod,
            thing.text(&["HealthCheckGracePeriodSeconds"]).map(|seconds| format!("{seconds} s")),
        );
        let providers = thing.at(&["CapacityProviderStrategy"]).map(words);
        let launch = ["LaunchType", "PlatformVersion"].map(|key| thing.text(&[key])).into_iter().flatten();
        let launch: Vec<String> = launch.chain(providers).collect();
        self.put(What::Capacity, joined(&launch));
        self.network(thing, &["NetworkConfiguration", "AwsvpcConfiguration"]);
        let discovery = ["ServiceConnectConfiguration", "ServiceRegistries"].map(|key| thing.at(&[key]).map(words));
        self.put(What::Discovery, joined(&discovery.into_iter().flatten().collect::<Vec<_>>()));
        self.put(
            What::ExecuteCommand,
            thing.flag(&["EnableExecuteCommand"]).filter(|on| *on).map(|_| "yes".to_owned()),
        );
        self.words(What::ForcedDeployment, thing.at(&["ForceNewDeployment", "ForceNewDeploymentNonce"]));
    }

    fn network(&mut self, thing: &Thing, path: &[&str]) {
        let Some(network) = thing.at(path) else { return };
        self.words(What::Subnets, network.get("Subnets"));
        self.words(What::SecurityGroups, network.get("SecurityGroups"));
        let public = network.get("AssignPublicIp").and_then(text).filter(|assign| assign == "ENABLED");
        self.put(What::PublicIp, public.map(|_| "yes".to_owned()));
    }

    fn schedule(&mut self, thing: &Thing) {
        let expression =
            thing.text(&["ScheduleExpression"]).map(|expression| match thing.text(&["ScheduleExpressionTimezone"]) {
                Some(zone) => format!("{expression} {zone}"),
                None => expression,
            });
        self.put(What::Schedule, expression);
        self.put(What::State, Some(thing.text(&["State"]).unwrap_or_else(|| "ENABLED".to_owned())));
        let rule = thing.list(&["Targets"]).into_iter().find(|target| target.get("EcsParameters").is_some());
        let Some(target) = thing.at(&["Target"]).or(rule) else { return };
        self.words(What::Cluster, target.get("Arn"));
        let tasks = at(target, &["EcsParameters", "TaskCount"]).and_then(text).unwrap_or_else(|| "1".to_owned());
        self.put(What::Tasks, Some(tasks));
    }

    fn scaling(&mut self, thing: &Thing) {
        self.words(What::ScalingMinimum, thing.at(&["MinCapacity"]));
        self.words(What::ScalingMaximum, thing.at(&["MaxCapacity"]));
        for action in thing.list(&["ScheduledActions"]) {
            let name = action.get("ScheduledActionName").map(words).unwrap_or_default();
            let bound =
                |key: &str| at(action, &["ScalableTargetAction", key]).map(words).unwrap_or_else(|| "–".to_owned());
            let text = format!(
                "{} to {} at {}",
                bound("MinCapacity"),
                bound("MaxCapacity"),
                action.get("Schedule").map(words).unwrap_or_default()
            );
            self.put(What::ScheduledScaling { name }, Some(text));
        }
        self.put(What::ScalingPolicy, policy(thing));
    }
}

/// What a policy follows.
fn policy(thing: &Thing) -> Option<String> {
    if let Some(tracking) = thing.at(&["TargetTrackingScalingPolicyConfiguration"]) {
        let metric = at(tracking, &["PredefinedMetricSpecification", "PredefinedMetricType"])
            .or_else(|| at(tracking, &["CustomizedMetricSpecification", "MetricName"]));
        let metric = match metric.map(words).as_deref() {
            Some("ECSServiceAverageCPUUtilization") => "CPU".to_owned(),
            Some("ECSServiceAverageMemoryUtilization") => "memory".to_owned(),
            Some("ALBRequestCountPerTarget") => "requests per task".to_owned(),
            Some(other) => other.to_owned(),
            None => "a metric".to_owned(),
        };
        let target = tracking.get("TargetValue").map(words).unwrap_or_default();
        let only_out = tracking.get("DisableScaleIn").and_then(flag) == Some(true);
        let cooldown = |key: &str, word: &str| {
            tracking.get(key).map(|value| format!(", {word} after {} s", words(value))).unwrap_or_default()
        };
        let cooldowns = cooldown("ScaleOutCooldown", "out") + &cooldown("ScaleInCooldown", "in");
        return Some(format!("{metric} at {target}{cooldowns}{}", if only_out { ", never fewer" } else { "" }));
    }
    let steps = thing.at(&["StepScalingPolicyConfiguration"])?;
    let adjust = |step: &&Value| {
        let bound = |key: &str| step.get(key).map(words).unwrap_or_else(|| "…".to_owned());
        format!(
            "{} from {} to {}",
            bound("ScalingAdjustment"),
            bound("MetricIntervalLowerBound"),
            bound("MetricIntervalUpperBound")
        )
    };
    let all: Vec<String> = steps.get("StepAdjustments").map(items).unwrap_or_default().iter().map(adjust).collect();
    Some(format!("{}: {}", steps.get("AdjustmentType").map(words).unwrap_or_default(), all.join("; ")))
}

fn joined(all: &[String]) -> Option<String> {
    (!all.is_empty()).then(|| all.join(", "))
}

/// Items of a command as a shell would need them.
fn command(value: &Value) -> String {
    let quoted = |item: &&Value| {
        let text = words(item);
        if text.is_empty() || text.contains(char::is_whitespace) { format!("'{text}'") } else { text }
    };
    items(value).iter().map(quoted).collect::<Vec<_>>().join(" ")
}

fn port_words(port: &Value) -> String {
    let own = port.get("ContainerPort").or_else(|| port.get("ContainerPortRange")).map(words).unwrap_or_default();
    let host = port.get("HostPort").map(words).filter(|host| *host != own && *host != "0");
    let protocol = port.get("Protocol").map(words).filter(|protocol| protocol != "tcp");
    let host = host.map(|host| format!(" on {host}")).unwrap_or_default();
    format!("{own}{host}{}", protocol.map(|protocol| format!("/{protocol}")).unwrap_or_default())
}

fn check_words(check: &Value) -> String {
    let run = check.get("Command").map(command).unwrap_or_default();
    let part = |key: &str, before: &str, behind: &str| {
        check.get(key).map(|value| format!(", {before}{}{behind}", words(value))).unwrap_or_default()
    };
    let parts = [
        part("Interval", "every ", " s"),
        part("Timeout", "at most ", " s"),
        part("Retries", "", " times"),
        part("StartPeriod", "after ", " s"),
    ];
    format!("{run}{}", parts.concat())
}

/// CPU as ECS takes it: units, or vCPU in words. \[api: `cpu` of RegisterTaskDefinition\]
fn units(text: &str) -> String {
    match super::super::size::cpu_units(text) {
        Some(units) => format!("{} vCPU", units / 1024.0),
        None => text.to_owned(),
    }
}

fn mebibytes(text: &str) -> String {
    match super::super::size::memory_mib(text) {
        Some(mebibytes) => format!("{mebibytes} MiB"),
        None => text.to_owned(),
    }
}
