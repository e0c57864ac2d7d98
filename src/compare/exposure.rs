//! What a change opens to everyone: load balancers, listeners, ports, buckets, databases, functions, public addresses.
//!
//! Each document is read for what it exposes. Reported is what only the second exposes, or exposes wider. Deliberately
//! absent: routes, network ACLs and what other stacks have, so a public address may still be unreachable; APIs, distributions and
//! other services that are made to be public.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::known::{Known, Thing, number, text, words};
use super::rights;
use crate::cfn::Given;

/// Something that everyone can reach after a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Exposure {
    /// The logical id of the resource.
    pub resource: Arc<str>,
    /// Its type.
    pub kind: Arc<str>,
    #[serde(flatten)]
    pub what: Exposed,
}

/// What is exposed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "exposed", rename_all = "kebab-case")]
pub enum Exposed {
    /// A load balancer with a public address.
    LoadBalancer,
    /// A listener of such a load balancer.
    Listener {
        /// Its port; none if that is not known.
        port: Option<u16>,
        /// Whether the load balancer is known to be public. One of another stack is not known.
        certain: bool,
    },
    /// Ports that a security group opens.
    Ports {
        first: u16,
        last: u16,
        /// `tcp`, `udp`, `icmp`, or `all`.
        protocol: String,
        /// From where: `0.0.0.0/0` or `::/0`, or a large part of these.
        from: String,
    },
    /// A bucket that everyone may read or write.
    Bucket {
        /// By what: `policy`, `acl`.
        by: String,
    },
    /// What kept a bucket from being public is gone.
    BlockRemoved { setting: String },
    /// A policy that allows everyone, without a condition.
    Policy {
        /// What it allows.
        actions: String,
    },
    /// A public address.
    PublicIp,
    /// A database, broker or cache with a public address.
    Database,
    /// A URL that calls a function without asking who calls.
    FunctionUrl,
}

/// What a change exposes. Without a document before, everything that is exposed; without one after, nothing.
pub fn exposure(before: Option<Given<'_>>, after: Option<Given<'_>>) -> Vec<Exposure> {
    let (old, new) = (Known::of(before), Known::of(after));
    let was = exposed(&old);
    let mut found = exposed(&new);
    found.retain(|one| !was.iter().any(|other| covers(other, one)));
    for (id, thing) in new.all("AWS::S3::Bucket") {
        let before = old.get(id).map(blocks).unwrap_or_default();
        let gone = before
            .difference(&blocks(thing))
            .map(|setting| Exposed::BlockRemoved { setting: (*setting).to_owned() })
            .collect::<Vec<_>>();
        found.extend(gone.into_iter().map(|what| of(id, thing, what)));
    }
    found.into_iter().collect()
}

/// Whether one exposure is at least as wide as another.
fn covers(wide: &Exposure, narrow: &Exposure) -> bool {
    if wide == narrow {
        return true;
    }
    let (
        Exposed::Ports { first, last, protocol, from },
        Exposed::Ports { first: low, last: high, protocol: own, from: whence },
    ) = (&wide.what, &narrow.what)
    else {
        return false;
    };
    let family = |cidr: &str| cidr.contains(':');
    wide.resource == narrow.resource
        && first <= low
        && last >= high
        && (protocol == own || protocol == "all")
        && family(from) == family(whence)
        && (from == whence || from.ends_with("/0"))
}

fn of(id: &str, thing: &Thing, what: Exposed) -> Exposure {
    Exposure { resource: Arc::from(id), kind: Arc::from(&*thing.kind), what }
}

fn exposed(known: &Known) -> BTreeSet<Exposure> {
    let mut found = BTreeSet::new();
    for (id, thing) in known.iter() {
        let mut put = |what: Exposed| {
            found.insert(of(id, thing, what));
        };
        match thing.kind.as_str() {
            "AWS::ElasticLoadBalancingV2::LoadBalancer" | "AWS::ElasticLoadBalancing::LoadBalancer"
                if is_public_balancer(thing) =>
            {
                put(Exposed::LoadBalancer);
            }
            "AWS::ElasticLoadBalancingV2::Listener" => listener(known, thing).into_iter().for_each(put),
            "AWS::EC2::SecurityGroup" => {
                thing.list(&["SecurityGroupIngress"]).into_iter().flat_map(ports).for_each(put);
            }
            "AWS::EC2::SecurityGroupIngress" => ports(&thing.properties).into_iter().for_each(put),
            "AWS::S3::Bucket" => {
                let acl = thing
                    .text(&["AccessControl"])
                    .filter(|acl| acl.starts_with("Public") || acl == "AuthenticatedRead");
                acl.into_iter().for_each(|_| put(Exposed::Bucket { by: "acl".to_owned() }));
            }
            "AWS::S3::BucketPolicy" if !rights::public(thing).is_empty() => {
                put(Exposed::Bucket { by: "policy".to_owned() })
            }
            "AWS::Lambda::Url" if thing.text(&["AuthType"]).as_deref() == Some("NONE") => put(Exposed::FunctionUrl),
            "AWS::EC2::EIP" => put(Exposed::PublicIp),
            _ => rights::public(thing).into_iter().for_each(|actions| {
                put(Exposed::Policy { actions: actions.trim_matches('"').to_owned() });
            }),
        }
        if thing.flag(&["PubliclyAccessible"]) == Some(true) {
            found.insert(of(id, thing, Exposed::Database));
        }
        if has_public_ip(thing) {
            found.insert(of(id, thing, Exposed::PublicIp));
        }
    }
    found
}

/// Whether a load balancer has public addresses: without a scheme it has. A Gateway Load Balancer never has.
fn is_public_balancer(thing: &Thing) -> bool {
    let gateway = thing.text(&["Type"]).is_some_and(|kind| kind == "gateway");
    !gateway && thing.text(&["Scheme"]).is_none_or(|scheme| scheme == "internet-facing")
}

fn listener(known: &Known, thing: &Thing) -> Option<Exposed> {
    let port = thing.number(&["Port"]).and_then(port);
    let balancer = thing.at(&["LoadBalancerArn"]).and_then(|arn| arn.get("Ref")?.as_str()).and_then(|id| known.get(id));
    match balancer {
        Some(balancer) => is_public_balancer(balancer).then_some(Exposed::Listener { port, certain: true }),
        None => Some(Exposed::Listener { port, certain: false }),
    }
}

/// The ports that a rule opens to everyone.
fn ports(rule: &Value) -> Vec<Exposed> {
    let sources =
        ["CidrIp", "CidrIpv6"].iter().filter_map(|key| rule.get(*key).and_then(text)).filter(|cidr| is_wide(cidr));
    let protocol = match rule.get("IpProtocol").map(words).as_deref() {
        Some("-1") | None => "all".to_owned(),
        Some("6") => "tcp".to_owned(),
        Some("17") => "udp".to_owned(),
        Some(other) => other.to_ascii_lowercase(),
    };
    let bound = |key: &str| rule.get(key).and_then(number).and_then(port);
    let (first, last) = match protocol.as_str() {
        "tcp" | "udp" => (bound("FromPort").unwrap_or(0), bound("ToPort").unwrap_or(u16::MAX)),
        _ => (0, u16::MAX),
    };
    sources.map(|from| Exposed::Ports { first, last, protocol: protocol.clone(), from }).collect()
}

fn port(number: f64) -> Option<u16> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the bounds of a port")]
    let port = (0.0..=65535.0).contains(&number).then_some(number as u16);
    port
}

/// Whether a network is everything, or more than an eighth of a percent of it.
fn is_wide(cidr: &str) -> bool {
    let Some((address, length)) = cidr.trim().split_once('/') else { return false };
    let bound = if address.contains(':') { 16 } else { 8 };
    length.parse::<u8>().is_ok_and(|length| length < bound)
}

fn has_public_ip(thing: &Thing) -> bool {
    let assigned = thing.text(&["NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp"]);
    let schedule =
        thing.text(&["Target", "EcsParameters", "NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp"]);
    let interfaces =
        thing.list(&["NetworkInterfaces"]).into_iter().chain(thing.list(&["LaunchTemplateData", "NetworkInterfaces"]));
    let mut interfaces =
        interfaces.filter_map(|interface| interface.get("AssociatePublicIpAddress").and_then(super::known::flag));
    assigned.or(schedule).is_some_and(|assign| assign == "ENABLED")
        || thing.flag(&["AssociatePublicIpAddress"]) == Some(true)
        || thing.flag(&["MapPublicIpOnLaunch"]) == Some(true)
        || interfaces.any(|public| public)
}

/// The settings that keep a bucket from being public.
fn blocks(thing: &Thing) -> BTreeSet<&'static str> {
    const BLOCKS: [&str; 4] = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
    BLOCKS.into_iter().filter(|key| thing.flag(&["PublicAccessBlockConfiguration", key]) == Some(true)).collect()
}

/// One sentence without a full stop.
impl std::fmt::Display for Exposure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` ", self.resource)?;
        match &self.what {
            Exposed::LoadBalancer => f.write_str("has a public address"),
            Exposed::Listener { port, certain } => {
                let port = port.map(|port| format!(" on port {port}")).unwrap_or_default();
                match certain {
                    true => write!(f, "listens to everybody{port}"),
                    false => write!(f, "listens{port}, to everybody if its load balancer is public"),
                }
            }
            Exposed::Ports { first, last, protocol, from } => match (first, last) {
                (0, &u16::MAX) if protocol == "all" => write!(f, "opens everything to {from}"),
                (0, &u16::MAX) => write!(f, "opens all {protocol} to {from}"),
                (first, last) if first == last => write!(f, "opens {protocol} port {first} to {from}"),
                (first, last) => write!(f, "opens {protocol} ports {first} to {last} to {from}"),
            },
            Exposed::Bucket { by } => write!(f, "makes a bucket public by its {by}"),
            Exposed::BlockRemoved { setting } => write!(f, "drops {setting}, which kept the bucket from being public"),
            Exposed::Policy { actions } => write!(f, "allows everybody {actions}"),
            Exposed::PublicIp => f.write_str("gets a public address"),
            Exposed::Database => f.write_str("is publicly accessible"),
            Exposed::FunctionUrl => f.write_str("calls a function for everybody"),
        }
    }
}
