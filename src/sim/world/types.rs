//! The resource types that the account knows: properties, what replaces, what `Ref` and `Fn::GetAtt` give.
//!
//! The table next to this file is derived from public data of AWS: the resource schemas, and what replaces a resource from
//! another source than landfall's own table, so that the account does not repeat what landfall predicts. Its head names the
//! sources and the program that writes it. A type that it does not contain is refused by name. For a type without a line below, ids follow
//! the schema's primary identifier, which is what `Ref` gives for such types.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::ids::Ids;
use crate::model::Place;

/// One resource type.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeInfo {
    /// `AWS::Logs::LogGroup`.
    #[serde(rename = "type")]
    pub name: String,
    /// Every property at the top level.
    pub properties: Vec<String>,
    /// The properties that must be given.
    pub required: Vec<String>,
    /// Properties, and parts of them as paths, of which a change replaces the resource; `*` is any item of a list.
    pub create_only: Vec<String>,
    /// Those of which a change may replace it.
    pub conditional: Vec<String>,
    /// Attributes for `Fn::GetAtt`.
    pub read_only: Vec<String>,
    /// The properties that make the primary identifier.
    pub id: Vec<String>,
    /// Whether stack tags go to it.
    pub taggable: bool,
}

#[derive(serde::Deserialize)]
struct Table {
    types: Vec<TypeInfo>,
}

static TYPES: LazyLock<BTreeMap<String, TypeInfo>> = LazyLock::new(|| {
    let table: Table = serde_json::from_str(include_str!("types.json")).unwrap_or(Table { types: Vec::new() });
    table.types.into_iter().map(|info| (info.name.clone(), info)).collect()
});

/// What every custom resource has. All its other properties are its provider's. \[?\] A change set does not say that the provider
/// may replace it.
static CUSTOM: LazyLock<TypeInfo> = LazyLock::new(|| TypeInfo {
    name: "AWS::CloudFormation::CustomResource".to_owned(),
    properties: Vec::new(),
    required: vec!["ServiceToken".to_owned()],
    create_only: Vec::new(),
    conditional: Vec::new(),
    read_only: Vec::new(),
    id: Vec::new(),
    taggable: false,
});

/// The type of that name, if it is modelled.
pub fn find(name: &str) -> Option<&'static TypeInfo> {
    if is_custom(name) { Some(&CUSTOM) } else { TYPES.get(name) }
}

/// Whether a type is that of a custom resource. \[doc: at most 60 letters and digits and `_@-` after `Custom::`\]
pub fn is_custom(name: &str) -> bool {
    let letters =
        |own: &str| !own.is_empty() && own.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_@-".contains(&byte));
    name == "AWS::CloudFormation::CustomResource"
        || name.strip_prefix("Custom::").is_some_and(|own| letters(own) && name.len() <= 60)
}

/// Every type that is modelled, by name.
pub fn all() -> impl Iterator<Item = &'static TypeInfo> {
    TYPES.values()
}

/// How a change of a property from one value to another affects its resource, in the words of RequiresRecreation. Without a
/// value after, of which nothing may be known, every part that the property has counts as changed.
pub fn recreates(info: &TypeInfo, property: &str, old: Option<&Value>, new: Option<&Value>) -> &'static str {
    let hits = |rule: &String| match rule.strip_prefix(property) {
        Some("") => true,
        Some(rest) if rest.starts_with('/') => match new {
            Some(new) => parts(old, rest) != parts(Some(new), rest),
            None => !parts(old, rest).is_empty(),
        },
        _ => false,
    };
    if info.create_only.iter().any(hits) {
        "Always"
    } else if info.conditional.iter().any(hits) {
        "Conditionally"
    } else {
        "Never"
    }
}

/// What a value has at a path.
fn parts<'a>(value: Option<&'a Value>, path: &str) -> Vec<&'a Value> {
    let mut found: Vec<&Value> = value.into_iter().collect();
    for step in path.split('/').filter(|step| !step.is_empty()) {
        found = found
            .into_iter()
            .flat_map(|value| match value {
                Value::Array(items) if step == "*" => items.iter().collect(),
                other => other.get(step).into_iter().collect::<Vec<_>>(),
            })
            .collect();
    }
    found
}

/// Ids of one new resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// What `Ref` gives.
    pub physical_id: String,
    /// What `Fn::GetAtt` gives, by attribute.
    pub attributes: BTreeMap<String, String>,
}

/// Names a new resource, from its properties where they give a name.
pub(super) fn identify(
    info: &TypeInfo,
    place: &Place,
    stack: &str,
    logical: &str,
    properties: &Map<String, Value>,
    ids: &mut Ids,
) -> Identity {
    let name = given_name(info, properties).unwrap_or_else(|| generated_name(info, stack, logical, ids));
    let partition = place.region.partition();
    let (region, account) = (place.region.as_str(), place.account.as_str());
    let arn = |service: &str, rest: String| format!("arn:{partition}:{service}:{region}:{account}:{rest}");
    let global = |service: &str, rest: String| format!("arn:{partition}:{service}::{account}:{rest}");
    let hex = ids.hex(16);
    let (physical_id, own_arn) = match info.name.as_str() {
        "AWS::Logs::LogGroup" => (name.clone(), arn("logs", format!("log-group:{name}:*"))),
        "AWS::IAM::Role" => (name.clone(), global("iam", format!("role{}{name}", path(properties)))),
        "AWS::IAM::User" => (name.clone(), global("iam", format!("user{}{name}", path(properties)))),
        "AWS::IAM::Group" => (name.clone(), global("iam", format!("group{}{name}", path(properties)))),
        "AWS::IAM::InstanceProfile" => (name.clone(), global("iam", format!("instance-profile/{name}"))),
        "AWS::IAM::ManagedPolicy" => twice(global("iam", format!("policy{}{name}", path(properties)))),
        "AWS::S3::Bucket" => (name.to_lowercase(), format!("arn:{partition}:s3:::{}", name.to_lowercase())),
        "AWS::SQS::Queue" => {
            (format!("https://sqs.{region}.{}/{account}/{name}", place.region.domain()), arn("sqs", name.clone()))
        }
        "AWS::SNS::Topic" => twice(arn("sns", name.clone())),
        "AWS::SNS::Subscription" => twice(arn("sns", format!("{name}:{hex}"))),
        "AWS::DynamoDB::Table" => (name.clone(), arn("dynamodb", format!("table/{name}"))),
        "AWS::SecretsManager::Secret" => {
            twice(arn("secretsmanager", format!("secret:{name}-{}", hex.get(..6).unwrap_or(""))))
        }
        "AWS::Lambda::Function" => (name.clone(), arn("lambda", format!("function:{name}"))),
        "AWS::KMS::Key" => (hex.clone(), arn("kms", format!("key/{hex}"))),
        "AWS::ECR::Repository" => (name.clone(), arn("ecr", format!("repository/{name}"))),
        "AWS::ECS::Cluster" => (name.clone(), arn("ecs", format!("cluster/{name}"))),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            twice(arn("elasticloadbalancing", format!("loadbalancer/{}/{name}/{hex}", balancer_kind(properties))))
        }
        "AWS::ElasticLoadBalancingV2::TargetGroup" => {
            twice(arn("elasticloadbalancing", format!("targetgroup/{name}/{hex}")))
        }
        "AWS::ElasticLoadBalancingV2::Listener" => {
            twice(arn("elasticloadbalancing", format!("listener/app/{name}/{hex}")))
        }
        "AWS::ElasticLoadBalancingV2::ListenerRule" => {
            twice(arn("elasticloadbalancing", format!("listener-rule/app/{name}/{hex}")))
        }
        "AWS::Scheduler::Schedule" => {
            (name.clone(), arn("scheduler", format!("schedule/{}/{name}", group(properties))))
        }
        "AWS::Events::Rule" => (name.clone(), arn("events", format!("rule/{name}"))),
        "AWS::CloudWatch::Alarm" => (name.clone(), arn("cloudwatch", format!("alarm:{name}"))),
        "AWS::ApplicationAutoScaling::ScalingPolicy" => {
            twice(arn("autoscaling", format!("scalingPolicy:{hex}:{name}")))
        }
        "AWS::ServiceDiscovery::Service" => cloud_map(&arn, "service", "srv", &hex),
        "AWS::ServiceDiscovery::HttpNamespace" | "AWS::ServiceDiscovery::PrivateDnsNamespace" => {
            cloud_map(&arn, "namespace", "ns", &hex)
        }
        other if other.starts_with("AWS::EC2::") || other.starts_with("AWS::EFS::") => {
            let short = other.rsplit("::").next().unwrap_or(other).to_lowercase();
            let id = format!("{}-{}0", short_prefix(&short), hex);
            (id.clone(), arn("ec2", format!("{short}/{id}")))
        }
        other => {
            let service = other.split("::").nth(1).unwrap_or("aws").to_lowercase();
            let arn = arn(&service, name.clone());
            (by_identifier(info, properties, &name, &arn, &hex), arn)
        }
    };
    let mut attributes: BTreeMap<String, String> = info
        .read_only
        .iter()
        .map(|attribute| (attribute.clone(), attribute_value(info, attribute, &physical_id, &own_arn, &name, place)))
        .collect();
    // \[doc: return values\] These give what they were given, though their schemas do not list it as read-only.
    if let ("AWS::SQS::Queue" | "AWS::SNS::Topic", Some(property)) = (info.name.as_str(), name_property(info)) {
        attributes.insert(property.to_owned(), name);
    }
    if info.name == "AWS::EC2::Instance" {
        let zone = properties.get("AvailabilityZone").and_then(Value::as_str);
        let zone = zone.map_or_else(|| format!("{}a", place.region), str::to_owned);
        attributes.insert("AvailabilityZone".to_owned(), zone);
    }
    if let ("AWS::EC2::VPC", Some(block)) = (info.name.as_str(), properties.get("CidrBlock").and_then(Value::as_str)) {
        attributes.insert("CidrBlock".to_owned(), block.to_owned());
    }
    Identity { physical_id, attributes }
}

/// The physical id as the primary identifier says: its parts, given or made, with a bar between them.
fn by_identifier(info: &TypeInfo, properties: &Map<String, Value>, name: &str, arn: &str, hex: &str) -> String {
    let made = |part: &str| match part {
        arned if arned.ends_with("Arn") || arned.ends_with("ARN") => arn.to_owned(),
        _ if info.read_only.iter().any(|one| one == part) => hex.to_owned(),
        _ => name.to_owned(),
    };
    let part = |part: &String| properties.get(part).and_then(Value::as_str).map_or_else(|| made(part), str::to_owned);
    let parts: Vec<String> = info.id.iter().map(part).collect();
    if parts.is_empty() { name.to_owned() } else { parts.join("|") }
}

fn twice(arn: String) -> (String, String) {
    (arn.clone(), arn)
}

/// Id and ARN of something of Cloud Map.
fn cloud_map(arn: &impl Fn(&str, String) -> String, kind: &str, short: &str, hex: &str) -> (String, String) {
    let id = format!("{short}-{hex}");
    let arn = arn("servicediscovery", format!("{kind}/{id}"));
    (id, arn)
}

/// How the ARN of a load balancer says what it balances.
fn balancer_kind(properties: &Map<String, Value>) -> &'static str {
    match properties.get("Type").and_then(Value::as_str) {
        Some("network") => "net",
        Some("gateway") => "gwy",
        _ => "app",
    }
}

fn path(properties: &Map<String, Value>) -> String {
    properties.get("Path").and_then(Value::as_str).unwrap_or("/").to_owned()
}

/// The group of a schedule.
fn group(properties: &Map<String, Value>) -> &str {
    properties.get("GroupName").and_then(Value::as_str).unwrap_or("default")
}

fn short_prefix(kind: &str) -> &str {
    match kind {
        "securitygroup" => "sg",
        "securitygroupingress" | "securitygroupegress" => "sgr",
        "internetgateway" => "igw",
        "routetable" => "rtb",
        "subnetroutetableassociation" => "rtbassoc",
        "natgateway" => "nat",
        "eip" => "eipalloc",
        "filesystem" => "fs",
        "accesspoint" => "fsap",
        "mounttarget" => "fsmt",
        other => other,
    }
}

/// The property that names a resource of the type, whether or not it is given.
pub fn name_property(info: &TypeInfo) -> Option<&str> {
    match info.name.as_str() {
        "AWS::SQS::Queue" => Some("QueueName"),
        "AWS::SNS::Topic" => Some("TopicName"),
        "AWS::SecretsManager::Secret"
        | "AWS::ElasticLoadBalancingV2::LoadBalancer"
        | "AWS::ElasticLoadBalancingV2::TargetGroup"
        | "AWS::Events::Rule" => Some("Name"),
        "AWS::IAM::ManagedPolicy" => Some("ManagedPolicyName"),
        "AWS::ECS::TaskDefinition" => Some("Family"),
        "AWS::ECS::Service" => Some("ServiceName"),
        "AWS::ApplicationAutoScaling::ScalingPolicy" => Some("PolicyName"),
        _ => {
            let first = info.id.first()?;
            (info.properties.contains(first) && !info.read_only.contains(first)).then_some(first.as_str())
        }
    }
}

fn given_name(info: &TypeInfo, properties: &Map<String, Value>) -> Option<String> {
    properties.get(name_property(info)?)?.as_str().map(str::to_owned)
}

fn generated_name(info: &TypeInfo, stack: &str, logical: &str, ids: &mut Ids) -> String {
    let random = ids.letters(12);
    let shortened = |most: usize| {
        let stem: String = format!("{stack}-{logical}").chars().take(most).collect();
        format!("{stem}-{random}")
    };
    match info.name.as_str() {
        "AWS::ElasticLoadBalancingV2::LoadBalancer" | "AWS::ElasticLoadBalancingV2::TargetGroup" => {
            let head = |text: &str| text.chars().take(9).collect::<String>();
            format!("{}-{}-{random}", head(stack), head(logical))
        }
        "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::Scheduler::Schedule" => shortened(51),
        "AWS::S3::Bucket" => shortened(50),
        "AWS::SQS::Queue" => shortened(67),
        // The name of a repository has no capitals.
        "AWS::ECR::Repository" => format!("{stack}-{logical}-{random}").to_lowercase(),
        _ => format!("{stack}-{logical}-{random}"),
    }
}

fn attribute_value(
    info: &TypeInfo,
    attribute: &str,
    physical_id: &str,
    arn: &str,
    name: &str,
    place: &Place,
) -> String {
    let short = info.name.rsplit("::").next().unwrap_or("");
    match attribute {
        "Arn" => arn.to_owned(),
        "Id" | "GroupId" => physical_id.to_owned(),
        "QueueUrl" | "TopicArn" | "PolicyArn" | "KeyId" => physical_id.to_owned(),
        "RoleId" => format!("AROA{}", name.bytes().map(|b| char::from(b'A' + b % 26)).take(16).collect::<String>()),
        "DNSName" => format!("{name}.{}.elb.{}", place.region, place.region.domain()),
        "RepositoryUri" => format!("{}.dkr.ecr.{}.{}/{name}", place.account, place.region, place.region.domain()),
        "DomainName" => format!("{physical_id}.s3.amazonaws.com"),
        "LoadBalancerFullName" | "TargetGroupFullName" => {
            arn.splitn(6, ':').last().unwrap_or(arn).trim_start_matches("loadbalancer/").to_owned()
        }
        own if own == format!("{short}Arn") => arn.to_owned(),
        own if own == format!("{short}Id") => physical_id.to_owned(),
        own if own == format!("{short}Name") => name.to_owned(),
        other => format!("{physical_id}/{other}"),
    }
}
