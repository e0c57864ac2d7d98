//! Editions of the rules by which landfall judges what AWS would refuse.
//!
//! A release keeps the edition by which it was judged when it landed. Rules of later editions do not hold it: a new landfall never
//! refuses what an old one deployed.
//!
//! | edition | new rules |
//! | --- | --- |
//! | 0 | those of every version before there were editions |
//! | 1 | rules of services ([`cfn::check_rules`](crate::cfn::check_rules)) over templates and patches, circles of resources in templates, attributes in patches |
//! | 2 | properties of every resource type, patterns of texts, further rules of services, and all rules of services over what a slot's values make of a step |
//! | 3 | further rules of containers, volumes, names and ports by which tasks are found, load balancing, traffic, scaling, schedules and rights; rules over what keys render instead of checks of keys |
//! | 4 | names of families and services, names that are there twice, the sections of templates, policy documents, attributes of load balancing, listeners, volumes of EBS, logs, placement, and a table of what single values may be |

/// The edition of this landfall, journaled with every release that lands. One is added with each version that refuses what an
/// earlier one deployed.
pub const EDITION: u16 = 4;

/// The first edition with rules of services.
pub const RULES_OF_SERVICES: u16 = 1;

/// The first edition that knows the properties of every type, and judges what each slot's values make of a step.
pub const EVERY_TYPE: u16 = 2;

/// The first edition that judges keys by what they render.
pub const RULES_OF_KEYS: u16 = 3;

/// The types whose properties were known before [`EVERY_TYPE`], sorted.
const FIRST_TYPES: [&str; 31] = [
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::ECS::CapacityProvider",
    "AWS::ECS::Cluster",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "AWS::ECS::PrimaryTaskSet",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ECS::TaskSet",
    "AWS::EFS::AccessPoint",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerCertificate",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::Logs::LogGroup",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::Scheduler::Schedule",
    "AWS::Scheduler::ScheduleGroup",
    "AWS::ServiceDiscovery::HttpNamespace",
    "AWS::ServiceDiscovery::PrivateDnsNamespace",
    "AWS::ServiceDiscovery::Service",
];

/// The first edition that judges the properties of a type, or the patterns of their texts.
pub fn of_properties(kind: &str, patterns: bool) -> u16 {
    if !patterns && FIRST_TYPES.binary_search(&kind).is_ok() { 0 } else { EVERY_TYPE }
}
