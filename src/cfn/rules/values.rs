//! What AWS takes at one place of a resource, as a table: bounds, words, lengths, and keys that need or exclude each other.
//!
//! Only what the schemas of resources do not say: most of those have neither bounds nor words. Each row names the shape of the
//! API reference that says so, and brings a value that is taken and one that is not, from which a test makes two templates.

use std::collections::BTreeSet;

use super::forms;
use super::seen::Seen;
use super::{Fault, Judge, Rule};

pub(super) const RULES: &[Rule] =
    &[Rule { name: "value", source: "the shape that the row of the table names", edition: 4, run: judge }];

/// What may be at a place.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A number from this one to this one.
    Number(f64, f64),
    /// One of these words.
    Words(&'static [&'static str]),
    /// So many characters.
    Length(usize, usize),
    /// At most so many items.
    Most(usize),
    /// At least so many items.
    Least(usize),
    /// No item twice.
    Once,
    /// A text that fits.
    Text(&'static forms::TextForm),
    /// One of these keys at least.
    Has(&'static [&'static str]),
    /// At most one of these keys.
    One(&'static [&'static str]),
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The type without `AWS::`.
    pub kind: &'static str,
    /// Keys below the properties, `[]` after one whose items are meant; empty for the properties themselves.
    pub path: &'static str,
    /// What may be there.
    pub form: Form,
    /// The shape or operation of the API reference.
    pub source: &'static str,
}

/// Every row.
pub fn rows() -> impl Iterator<Item = Row> {
    let each = |(kind, rows): &(&'static str, &'static [(&'static str, Form, &'static str)])| {
        let kind = *kind;
        rows.iter().map(move |(path, form, source)| Row { kind, path, form: *form, source })
    };
    TABLE.iter().flat_map(each)
}

use Form::{Has, Least, Length, Most, Number, Once, One, Text, Words};

const MANY: f64 = 2_147_483_647.0;
const PORTS: Form = Number(1.0, 65_535.0);
const DRIVERS: Form =
    Words(&["awslogs", "splunk", "awsfirelens", "json-file", "fluentd", "gelf", "journald", "syslog"]);
const SOURCES: &[&str] =
    &["CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourceSecurityGroupName", "SourcePrefixListId"];
const DESTINATIONS: &[&str] = &["CidrIp", "CidrIpv6", "DestinationSecurityGroupId", "DestinationPrefixListId"];

type Rows = &'static [(&'static str, Form, &'static str)];

const TABLE: &[(&str, Rows)] = &[
    ("ECS::TaskDefinition", TASKS),
    ("ECS::Service", SERVICES),
    ("ElasticLoadBalancingV2::TargetGroup", TARGET_GROUPS),
    ("ElasticLoadBalancingV2::LoadBalancer", BALANCERS),
    ("ElasticLoadBalancingV2::Listener", LISTENERS),
    ("ElasticLoadBalancingV2::ListenerRule", LISTENER_RULES),
    ("ApplicationAutoScaling::ScalableTarget", SCALABLE_TARGETS),
    ("ApplicationAutoScaling::ScalingPolicy", SCALING_POLICIES),
    ("CloudWatch::Alarm", ALARMS),
    ("Scheduler::Schedule", SCHEDULES),
    ("IAM::Role", ROLES),
    ("ServiceDiscovery::Service", DISCOVERY),
    ("EC2::SecurityGroup", SECURITY_GROUPS),
];

const TASKS: Rows = &[
    ("ContainerDefinitions[].Image", Length(1, 255), "ContainerDefinition"),
    ("ContainerDefinitions[].Cpu", Number(0.0, 196_608.0), "ContainerDefinition"),
    ("ContainerDefinitions[].CredentialSpecs", Most(1), "ContainerDefinition"),
    ("ContainerDefinitions[].PortMappings[]", Has(&["ContainerPort", "ContainerPortRange"]), "PortMapping"),
    ("ContainerDefinitions[].PortMappings[]", One(&["ContainerPort", "ContainerPortRange"]), "PortMapping"),
    ("ContainerDefinitions[].PortMappings[].ContainerPort", PORTS, "PortMapping"),
    ("ContainerDefinitions[].PortMappings[].HostPort", Number(0.0, 65_535.0), "PortMapping"),
    ("ContainerDefinitions[].PortMappings[].ContainerPortRange", Text(&forms::PORT_RANGE), "PortMapping"),
    ("ContainerDefinitions[].DependsOn[]", Has(&["ContainerName"]), "ContainerDependency"),
    ("ContainerDefinitions[].DependsOn[]", Has(&["Condition"]), "ContainerDependency"),
    ("ContainerDefinitions[].LinuxParameters.Swappiness", Number(0.0, 100.0), "LinuxParameters"),
    ("ContainerDefinitions[].RestartPolicy.RestartAttemptPeriod", Number(60.0, 1_800.0), "ContainerRestartPolicy"),
    ("ContainerDefinitions[].LogConfiguration.LogDriver", DRIVERS, "LogConfiguration"),
    ("ContainerDefinitions[].ExtraHosts[].IpAddress", Text(&forms::ADDRESS), "HostEntry"),
    ("Volumes[].EFSVolumeConfiguration.TransitEncryptionPort", PORTS, "EFSVolumeConfiguration"),
    ("Cpu", Text(&forms::TASK_CPU), "TaskDefinition"),
    ("Memory", Text(&forms::TASK_MEMORY), "TaskDefinition"),
    ("TaskRoleArn", Text(&forms::ACCOUNT), "TaskDefinition"),
    ("ExecutionRoleArn", Text(&forms::ACCOUNT), "TaskDefinition"),
    ("PlacementConstraints", Most(10), "RegisterTaskDefinition"),
    ("Tags[].Key", Text(&forms::TAG_KEY), "Tag"),
    ("Tags[].Value", Length(0, 256), "Tag"),
];

const SERVICES: Rows = &[
    ("", Has(&["TaskDefinition", "DeploymentController"]), "CreateService"),
    ("DesiredCount", Number(0.0, 5_000.0), "Amazon ECS endpoints and quotas"),
    ("HealthCheckGracePeriodSeconds", Number(0.0, MANY), "CreateService"),
    ("LoadBalancers[]", Has(&["ContainerName"]), "LoadBalancer"),
    ("LoadBalancers[]", Has(&["ContainerPort"]), "LoadBalancer"),
    ("LoadBalancers[]", Has(&["TargetGroupArn", "LoadBalancerName"]), "LoadBalancer"),
    ("LoadBalancers[].TargetGroupArn", Text(&forms::TARGET_GROUP), "LoadBalancer"),
    ("NetworkConfiguration.AwsvpcConfiguration.Subnets[]", Text(&forms::SUBNET), "AwsVpcConfiguration"),
    ("NetworkConfiguration.AwsvpcConfiguration.Subnets", Once, "AwsVpcConfiguration"),
    ("NetworkConfiguration.AwsvpcConfiguration.SecurityGroups[]", Text(&forms::SECURITY_GROUP), "AwsVpcConfiguration"),
    ("NetworkConfiguration.AwsvpcConfiguration.SecurityGroups", Once, "AwsVpcConfiguration"),
    ("ServiceConnectConfiguration.Services[].ClientAliases[].Port", PORTS, "ServiceConnectClientAlias"),
    ("ServiceConnectConfiguration.Services[].IngressPortOverride", PORTS, "ServiceConnectService"),
    ("ServiceConnectConfiguration.LogConfiguration.LogDriver", DRIVERS, "LogConfiguration"),
    ("CapacityProviderStrategy", Most(20), "CreateService"),
    ("CapacityProviderStrategy[]", Has(&["CapacityProvider"]), "CapacityProviderStrategyItem"),
    ("CapacityProviderStrategy[].CapacityProvider", Text(&forms::CAPACITY_PROVIDER), "CreateCapacityProvider"),
    (
        "VolumeConfigurations[].ManagedEBSVolume.SnapshotId",
        Text(&forms::SNAPSHOT),
        "ServiceManagedEBSVolumeConfiguration",
    ),
    (
        "VolumeConfigurations[].ManagedEBSVolume.VolumeType",
        Words(&["gp3", "gp2", "io1", "io2", "sc1", "st1", "standard"]),
        "ServiceManagedEBSVolumeConfiguration",
    ),
    (
        "VolumeConfigurations[].ManagedEBSVolume.VolumeInitializationRate",
        Number(100.0, 300.0),
        "Initialize Amazon EBS volumes (EBS user guide)",
    ),
    ("Tags[].Key", Text(&forms::TAG_KEY), "Tag"),
    ("Tags[].Value", Length(0, 256), "Tag"),
];

const TARGET_GROUPS: Rows = &[
    ("Name", Text(&forms::BALANCING_NAME), "CreateTargetGroup"),
    ("Port", PORTS, "CreateTargetGroup"),
    ("ProtocolVersion", Words(&["HTTP1", "HTTP2", "GRPC"]), "CreateTargetGroup"),
    ("HealthCheckPort", Text(&forms::CHECKED_PORT), "CreateTargetGroup"),
    ("VpcId", Text(&forms::VPC), "CreateTargetGroup"),
];

const BALANCERS: Rows = &[
    ("", Has(&["Subnets", "SubnetMappings"]), "CreateLoadBalancer"),
    ("", One(&["Subnets", "SubnetMappings"]), "CreateLoadBalancer"),
    ("Name", Text(&forms::BALANCER_NAME), "CreateLoadBalancer"),
    ("Subnets", Once, "CreateLoadBalancer"),
    ("Subnets[]", Text(&forms::SUBNET), "CreateLoadBalancer"),
    ("SecurityGroups[]", Text(&forms::SECURITY_GROUP), "CreateLoadBalancer"),
];

/// The actions of a listener or of a rule on one.
macro_rules! actions {
    ($list:literal, $($more:tt)*) => {
        &[
            ($list, Least(1), "Action"),
            (concat!($list, "[].Order"), Number(1.0, 50_000.0), "Action"),
            (concat!($list, "[].RedirectConfig.Port"), Text(&forms::PORT), "RedirectActionConfig"),
            (concat!($list, "[].RedirectConfig.Path"), Text(&forms::ABSOLUTE), "RedirectActionConfig"),
            (concat!($list, "[].FixedResponseConfig.MessageBody"), Length(0, 1_024), "FixedResponseActionConfig"),
            (concat!($list, "[].FixedResponseConfig.StatusCode"), Text(&forms::ANSWER), "FixedResponseActionConfig"),
            (
                concat!($list, "[].FixedResponseConfig.ContentType"),
                Words(&["text/plain", "text/css", "text/html", "application/javascript", "application/json"]),
                "FixedResponseActionConfig",
            ),
            (concat!($list, "[].ForwardConfig.TargetGroups"), Most(5), "ForwardActionConfig"),
            (concat!($list, "[].ForwardConfig.TargetGroups[].Weight"), Number(0.0, 999.0), "TargetGroupTuple"),
            $($more)*
        ]
    };
}

const LISTENERS: Rows = actions![
    "DefaultActions",
    ("Port", PORTS, "CreateListener"),
    ("Certificates", Most(1), "CreateListener"),
    ("SslPolicy", Text(&forms::TLS_POLICY), "CreateListener"),
    ("LoadBalancerArn", Text(&forms::BALANCER), "CreateListener"),
    ("MutualAuthentication.Mode", Words(&["off", "passthrough", "verify"]), "MutualAuthenticationAttributes"),
];

const LISTENER_RULES: Rows = actions![
    "Actions",
    ("ListenerArn", Text(&forms::RULED_LISTENER), "CreateRule"),
    (
        "Conditions[].Field",
        Words(&["host-header", "path-pattern", "http-header", "http-request-method", "query-string", "source-ip"]),
        "RuleCondition",
    ),
    ("Conditions[].HostHeaderConfig.Values[]", Length(1, 128), "HostHeaderConditionConfig"),
    ("Conditions[].HostHeaderConfig.Values[]", Text(&forms::HOST_PATTERN), "HostHeaderConditionConfig"),
    ("Conditions[].PathPatternConfig.Values[]", Length(1, 128), "PathPatternConditionConfig"),
    ("Conditions[].HttpHeaderConfig", Has(&["HttpHeaderName"]), "HttpHeaderConditionConfig"),
    ("Conditions[].HttpHeaderConfig.HttpHeaderName", Length(1, 40), "HttpHeaderConditionConfig"),
    ("Conditions[].HttpHeaderConfig.HttpHeaderName", Text(&forms::MATCHED_HEADER), "HttpHeaderConditionConfig"),
];

const SCALABLE_TARGETS: Rows = &[
    ("MinCapacity", Number(0.0, MANY), "RegisterScalableTarget"),
    ("MaxCapacity", Number(0.0, MANY), "RegisterScalableTarget"),
    ("ScheduledActions[].ScalableTargetAction", Has(&["MinCapacity", "MaxCapacity"]), "PutScheduledAction"),
    ("ScheduledActions[].ScalableTargetAction.MinCapacity", Number(0.0, MANY), "ScalableTargetAction"),
    ("ScheduledActions[].ScalableTargetAction.MaxCapacity", Number(0.0, MANY), "ScalableTargetAction"),
];

const SCALING_POLICIES: Rows = &[
    ("", Has(&["ScalingTargetId", "ResourceId"]), "PutScalingPolicy"),
    (
        "TargetTrackingScalingPolicyConfiguration.ScaleInCooldown",
        Number(0.0, MANY),
        "TargetTrackingScalingPolicyConfiguration",
    ),
    (
        "TargetTrackingScalingPolicyConfiguration.ScaleOutCooldown",
        Number(0.0, MANY),
        "TargetTrackingScalingPolicyConfiguration",
    ),
    (
        "TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.ResourceLabel",
        Text(&forms::RESOURCE_LABEL),
        "PredefinedMetricSpecification",
    ),
    ("StepScalingPolicyConfiguration.Cooldown", Number(0.0, MANY), "StepScalingPolicyConfiguration"),
];

const ALARMS: Rows = &[
    ("", Has(&["Statistic", "ExtendedStatistic", "Metrics", "EvaluationCriteria"]), "PutMetricAlarm"),
    ("", One(&["Statistic", "ExtendedStatistic"]), "PutMetricAlarm"),
    ("", Has(&["Threshold", "ThresholdMetricId", "EvaluationCriteria"]), "PutMetricAlarm"),
    ("AlarmActions", Most(5), "PutMetricAlarm"),
    ("OKActions", Most(5), "PutMetricAlarm"),
    ("InsufficientDataActions", Most(5), "PutMetricAlarm"),
    ("AlarmActions[]", Text(&forms::ARN), "PutMetricAlarm"),
    ("OKActions[]", Text(&forms::ARN), "PutMetricAlarm"),
    ("ExtendedStatistic", Text(&forms::PERCENTILE), "PutMetricAlarm"),
];

const SCHEDULES: Rows = &[
    ("Target.Arn", Text(&forms::ARN), "Target"),
    ("StartDate", Text(&forms::TIME), "CreateSchedule"),
    ("EndDate", Text(&forms::TIME), "CreateSchedule"),
];

const ROLES: Rows = &[
    ("ManagedPolicyArns", Most(25), "IAM and AWS STS quotas"),
    ("Policies[].PolicyName", Text(&forms::IAM_NAME), "PutRolePolicy"),
];

const DISCOVERY: Rows = &[
    ("", Has(&["NamespaceId", "DnsConfig"]), "CreateService"),
    ("", One(&["HealthCheckConfig", "HealthCheckCustomConfig"]), "CreateService"),
    ("NamespaceId", Text(&forms::NAMESPACE), "CreateService"),
];

const SECURITY_GROUPS: Rows = &[
    ("GroupName", Text(&forms::GROUP_NAME), "CreateSecurityGroup"),
    ("GroupDescription", Text(&forms::GROUP_DESCRIPTION), "CreateSecurityGroup"),
    ("SecurityGroupIngress[].IpProtocol", Text(&forms::PROTOCOL), "IpPermission"),
    ("SecurityGroupIngress[]", Has(SOURCES), "IpPermission"),
    ("SecurityGroupIngress[]", One(SOURCES), "IpPermission"),
    ("SecurityGroupEgress[].IpProtocol", Text(&forms::PROTOCOL), "IpPermission"),
    ("SecurityGroupEgress[]", Has(DESTINATIONS), "IpPermission"),
    ("SecurityGroupEgress[]", One(DESTINATIONS), "IpPermission"),
];

fn judge(judge: &mut Judge<'_>) {
    for (kind, rows) in TABLE {
        judge.each(&format!("AWS::{kind}"), |_, resource, out| {
            for (path, form, _) in *rows {
                each_place(&resource, path, &mut |place| {
                    if let Some((at, title)) = wrong(&place, form) {
                        let aws = format!("Invalid request provided: {title}.");
                        out(Fault::at(at.pointer, title, aws));
                    }
                });
            }
        });
    }
}

/// What is at a path, item by item.
fn each_place<'a>(from: &Seen<'a>, path: &'static str, each: &mut dyn FnMut(Seen<'a>)) {
    if path.is_empty() {
        return each(from.clone());
    }
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    match first.strip_suffix("[]") {
        Some(list) => from.get(list).each().iter().for_each(|item| each_place(item, rest, each)),
        None => each_place(&from.get(first), rest, each),
    }
}

/// What does not fit a form, and why.
fn wrong<'a>(place: &Seen<'a>, form: &Form) -> Option<(Seen<'a>, String)> {
    let here = |title: String| Some((place.clone(), title));
    let keys = |keys: &[&str]| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" or ");
    match form {
        Number(least, most) => {
            let number = place.number().filter(|number| !(*least..=*most).contains(number))?;
            match *most >= MANY {
                true => here(format!("{number} is less than {least}")),
                false => here(format!("{number} is not from {least} to {most}")),
            }
        }
        Words(words) => {
            let text = place.text().filter(|text| !words.contains(&text.as_str()))?;
            here(format!("`{text}` is none of {}", words.join(", ")))
        }
        Length(least, most) => {
            let length = place.text()?.chars().count();
            (!(*least..=*most).contains(&length)).then_some(())?;
            here(format!("the text has {length} characters, not {least} to {most}"))
        }
        Most(most) => {
            let extra = place.each().into_iter().nth(*most)?;
            Some((extra, format!("there may be at most {most} of these")))
        }
        Least(least) => {
            let items = place.items().filter(|items| place.is_there() && items.len() < *least)?;
            here(format!("there are {} of these, and {least} are needed", items.len()))
        }
        Once => {
            let mut seen = BTreeSet::new();
            let twice = place.each().into_iter().find(|item| item.text().is_some_and(|text| !seen.insert(text)))?;
            let text = twice.text()?;
            Some((twice, format!("`{text}` is listed twice")))
        }
        Text(form) => {
            let text = place.text().filter(|text| !(form.fits)(text))?;
            here(format!("`{text}` is not {}", form.what))
        }
        Has(needed) => {
            let none = place.is_map() && needed.iter().all(|key| place.get(key).is_missing());
            none.then(|| (place.clone(), format!("{} is missing", keys(needed))))
        }
        One(all) => {
            let second = all.iter().map(|key| place.get(key)).filter(Seen::is_there).nth(1)?;
            Some((second, format!("only one of {} can be there", keys(all))))
        }
    }
}
