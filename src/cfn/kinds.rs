//! What a resource type is for people: its name, whether it keeps data, and whether its absence interrupts a service.
//!
//! Which types keep data is decided one by one in `keeps_data.txt`, which says by which rule. Types of third parties and
//! services that the list does not have yet count as keeping data until the list says otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::{Map, Value};

/// Types whose replacement or removal interrupts requests: services, load balancers, and what leads requests from one to the
/// other.
const INTERRUPTS: [&str; 12] = [
    "AWS::AppRunner::Service",
    "AWS::ECS::ExpressGatewayService",
    "AWS::ECS::Service",
    "AWS::ElasticLoadBalancing::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::ServiceDiscovery::Service",
    "AWS::VpcLattice::Listener",
    "AWS::VpcLattice::Service",
    "AWS::VpcLattice::TargetGroup",
];

/// The types of one service of AWS that were looked at.
#[derive(Debug, Default)]
struct Decided {
    keep: BTreeSet<&'static str>,
    keep_nothing: BTreeSet<&'static str>,
}

fn decisions() -> &'static BTreeMap<&'static str, Decided> {
    static DECISIONS: OnceLock<BTreeMap<&'static str, Decided>> = OnceLock::new();
    DECISIONS.get_or_init(|| {
        let mut decisions = BTreeMap::new();
        for line in include_str!("keeps_data.txt").lines().filter(|line| !line.starts_with('#')) {
            match line.split_once(':') {
                Some(("none", services)) => {
                    decisions.extend(services.split_whitespace().map(|service| (service, Decided::default())));
                }
                Some((service, types)) => {
                    let (keep, keep_nothing) = types.split_once('!').unwrap_or((types, ""));
                    let set = |words: &'static str| words.split_whitespace().collect();
                    decisions.insert(service, Decided { keep: set(keep), keep_nothing: set(keep_nothing) });
                }
                None => {}
            }
        }
        decisions
    })
}

/// Whether what a resource of this type holds is lost with it. Custom resources keep nothing themselves.
pub fn keeps_data(kind: &str) -> bool {
    match kind.split_once("::") {
        Some(("AWS", rest)) => {
            let (service, name) = rest.split_once("::").unwrap_or((rest, ""));
            decisions().get(service).is_none_or(|decided| decided.keep.contains(name))
        }
        Some(("Custom", _)) => false,
        _ => !kind.is_empty(),
    }
}

/// The types that keep data, sorted.
pub fn types_that_keep_data() -> impl Iterator<Item = String> {
    decisions()
        .iter()
        .flat_map(|(service, decided)| decided.keep.iter().map(move |name| format!("AWS::{service}::{name}")))
}

/// Whether the list of types that keep data names this very type, on one side or the other.
pub fn is_decided(kind: &str) -> bool {
    let named = kind.strip_prefix("AWS::").and_then(|rest| rest.split_once("::")).and_then(|(service, name)| {
        let decided = decisions().get(service)?;
        Some(decided.keep.contains(name) || decided.keep_nothing.contains(name))
    });
    named.unwrap_or(false)
}

/// The services of AWS that the list of types that keep data has a line for, sorted.
pub fn decided_services() -> impl Iterator<Item = &'static str> {
    decisions().keys().copied()
}

/// Whether AWS makes a snapshot of a resource that is removed and has no `DeletionPolicy`. \[doc: "DeletionPolicy attribute"\]
pub fn has_snapshot_by_default(kind: &str, properties: Option<&Map<String, Value>>) -> bool {
    let in_cluster = properties.and_then(|all| all.get("DBClusterIdentifier")).is_some_and(|value| !value.is_null());
    kind == "AWS::RDS::DBCluster" || (kind == "AWS::RDS::DBInstance" && !in_cluster)
}

/// Whether the replacement or removal of such a resource interrupts requests.
pub fn interrupts(kind: &str) -> bool {
    INTERRUPTS.contains(&kind)
}

/// A type in AWS's own words, service and resource: `RDS DBInstance`, `ECS Service`, `ElasticLoadBalancingV2 TargetGroup`.
///
/// The words are not split further: AWS writes `DBInstance`, and every other way to write it has to be guessed.
pub fn type_name(kind: &str) -> String {
    match kind.split_once("::") {
        Some(("AWS", rest)) => rest.replace("::", " "),
        Some(("Custom", rest)) => format!("custom resource {}", rest.replace("::", " ")),
        _ => kind.replace("::", " "),
    }
}
