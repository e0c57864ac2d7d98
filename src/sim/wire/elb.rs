//! Elastic Load Balancing over the query protocol: what stacks made, and how its targets are.

use serde_json::Value;

use super::caller::Caller;
use super::parameters;
use super::query::{Params, Xml, page, wrap};
use crate::sim::error::{Answer, ApiError};
use crate::sim::world::World;
use crate::sim::world::health::Health;
use crate::sim::world::targets::{Balancing, Target};

const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";

pub(super) fn call(
    world: &mut World,
    caller: &Caller,
    action: &str,
    params: &Params,
    request_id: &str,
) -> Answer<String> {
    parameters::check("Elastic Load Balancing", action, params)?;
    let mut xml = Xml::default();
    match action {
        "DescribeTargetHealth" => target_health(world, caller, params, &mut xml)?,
        "DescribeTargetGroups" => target_groups(world, caller, params, &mut xml)?,
        "DescribeLoadBalancers" => load_balancers(world, caller, params, &mut xml)?,
        other => return Err(ApiError::not_modelled(format_args!("the operation {other} of Elastic Load Balancing"))),
    }
    let result = xml.finish();
    Ok(wrap(NAMESPACE, action, request_id, |xml| xml.raw(&result)))
}

fn no_group() -> ApiError {
    ApiError::new("TargetGroupNotFound", "One or more target groups not found")
}

/// Those of these ARNs or names, or all; an error if one does not exist.
fn chosen(all: Vec<Balancing>, params: &Params, arns: &str, missing: fn() -> ApiError) -> Answer<Vec<Balancing>> {
    let (arns, names) = (params.list(arns), params.list("Names"));
    if !arns.is_empty() && !names.is_empty() {
        return Err(ApiError::validation("Names and ARNs cannot be specified at the same time"));
    }
    let exists = arns.iter().all(|arn| all.iter().any(|one| one.arn == *arn))
        && names.iter().all(|name| all.iter().any(|one| one.name == *name));
    if !exists {
        return Err(missing());
    }
    let wanted =
        |one: &Balancing| arns.is_empty() && names.is_empty() || arns.contains(&one.arn) || names.contains(&one.name);
    Ok(all.into_iter().filter(wanted).collect())
}

fn pages(world: &World, params: &Params, all: Vec<Balancing>) -> Answer<(Vec<Balancing>, Option<String>)> {
    let asked = params.number("PageSize")?.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
    page(all, |one| one.arn.clone(), params.text("Marker"), asked.min(world.page_size()))
}

fn target_health(world: &World, caller: &Caller, params: &Params, xml: &mut Xml) -> Answer<()> {
    let arn = params.required("TargetGroupArn")?;
    let group = world.target_groups(&caller.place).into_iter().find(|group| group.arn == arn).ok_or_else(no_group)?;
    let used = !world.balancers_of(&caller.place, &arn).is_empty();
    let registered = world.registered_targets(&caller.place, &group);
    let mut rows: Vec<(String, u32, Option<Target>)> = Vec::new();
    match params.structures("Targets") {
        None => rows.extend(registered.into_iter().map(|target| (target.id.clone(), target.port, Some(target)))),
        Some(asked) => {
            for one in asked {
                let id = one.required("Id")?;
                let port = one.number("Port")?;
                let known = |target: &&Target| target.id == id && port.is_none_or(|port| port == target.port);
                let own = registered.iter().find(known).cloned();
                let default =
                    group.properties.get("Port").and_then(Value::as_u64).and_then(|port| u32::try_from(port).ok());
                let port = own.as_ref().map(|target| target.port).or(port).or(default).unwrap_or(80);
                rows.push((id, port, own));
            }
        }
    }
    xml.list("TargetHealthDescriptions", rows, |xml, (id, port, target)| {
        xml.open("Target");
        xml.text("Id", &id);
        xml.text("Port", port.to_string());
        xml.close("Target");
        xml.text("HealthCheckPort", check_port(&group, port));
        let (state, reason, words) = state(target.as_ref(), used);
        xml.open("TargetHealth");
        xml.text("State", state);
        xml.some("Reason", reason);
        xml.some("Description", words);
        xml.close("TargetHealth");
    });
    Ok(())
}

/// State, reason and description of a target. \[api: `TargetHealth`\]
fn state(target: Option<&Target>, used: bool) -> (&'static str, Option<&'static str>, Option<String>) {
    let Some(target) = target else {
        let words = "Target is not registered to the target group";
        return ("unused", Some("Target.NotRegistered"), Some(words.to_owned()));
    };
    if !used {
        let words = "Target group is not configured to receive traffic from the load balancer";
        return ("unused", Some("Target.NotInUse"), Some(words.to_owned()));
    }
    match (target.health, &target.reason) {
        (Health::Unhealthy, Some(words)) => {
            let code = match words.as_str() {
                words if words.contains("codes:") => "Target.ResponseCodeMismatch",
                words if words.contains("timed out") => "Target.Timeout",
                _ => "Target.FailedHealthChecks",
            };
            ("unhealthy", Some(code), Some(words.clone()))
        }
        (Health::Unknown, _) => {
            let words = "Initial health checks in progress";
            ("initial", Some("Elb.InitialHealthChecking"), Some(words.to_owned()))
        }
        _ => ("healthy", None, None),
    }
}

fn word(group: &Balancing, key: &str) -> Option<String> {
    let value = group.properties.get(key)?;
    value.as_str().map(str::to_owned).or_else(|| (value.is_number() || value.is_boolean()).then(|| value.to_string()))
}

fn check_port(group: &Balancing, port: u32) -> String {
    word(group, "HealthCheckPort").filter(|port| port != "traffic-port").unwrap_or_else(|| port.to_string())
}

fn target_groups(world: &World, caller: &Caller, params: &Params, xml: &mut Xml) -> Answer<()> {
    let place = &caller.place;
    let mut groups = chosen(world.target_groups(place), params, "TargetGroupArns", no_group)?;
    if let Some(balancer) = params.text("LoadBalancerArn") {
        if !world.load_balancers(place).iter().any(|one| one.arn == balancer) {
            return Err(no_balancer());
        }
        groups.retain(|group| world.balancers_of(place, &group.arn).contains(&balancer));
    }
    let (groups, next) = pages(world, params, groups)?;
    xml.list("TargetGroups", groups, |xml, group| {
        let protocol = word(&group, "Protocol");
        let over_http = protocol.as_deref().is_some_and(|protocol| protocol.starts_with("HTTP"));
        let own = |key: &str, default: &str| word(&group, key).unwrap_or_else(|| default.to_owned());
        xml.text("TargetGroupArn", &group.arn);
        xml.text("TargetGroupName", &group.name);
        xml.some("Protocol", protocol.as_ref());
        xml.some("Port", word(&group, "Port"));
        xml.some("VpcId", word(&group, "VpcId"));
        // \[doc: CreateTargetGroup, defaults\]
        xml.text("HealthCheckProtocol", own("HealthCheckProtocol", if over_http { "HTTP" } else { "TCP" }));
        xml.text("HealthCheckPort", own("HealthCheckPort", "traffic-port"));
        xml.text("HealthCheckEnabled", own("HealthCheckEnabled", "true"));
        xml.text("HealthCheckIntervalSeconds", own("HealthCheckIntervalSeconds", "30"));
        xml.text("HealthCheckTimeoutSeconds", own("HealthCheckTimeoutSeconds", if over_http { "5" } else { "10" }));
        xml.text("HealthyThresholdCount", own("HealthyThresholdCount", "5"));
        xml.text("UnhealthyThresholdCount", own("UnhealthyThresholdCount", "2"));
        if over_http {
            xml.text("HealthCheckPath", own("HealthCheckPath", "/"));
            let code =
                group.properties.get("Matcher").and_then(|matcher| matcher.get("HttpCode")).and_then(Value::as_str);
            xml.open("Matcher");
            xml.text("HttpCode", code.unwrap_or("200"));
            xml.close("Matcher");
            xml.text("ProtocolVersion", own("ProtocolVersion", "HTTP1"));
        }
        xml.texts("LoadBalancerArns", world.balancers_of(place, &group.arn));
        xml.text("TargetType", own("TargetType", "instance"));
        xml.text("IpAddressType", own("IpAddressType", "ipv4"));
    });
    xml.some("NextMarker", next);
    Ok(())
}

fn no_balancer() -> ApiError {
    ApiError::new("LoadBalancerNotFound", "One or more load balancers not found")
}

fn load_balancers(world: &World, caller: &Caller, params: &Params, xml: &mut Xml) -> Answer<()> {
    let all = chosen(world.load_balancers(&caller.place), params, "LoadBalancerArns", no_balancer)?;
    let (balancers, next) = pages(world, params, all)?;
    xml.list("LoadBalancers", balancers, |xml, balancer| {
        let own = |key: &str, default: &str| word(&balancer, key).unwrap_or_else(|| default.to_owned());
        let texts = |key: &str| {
            let list = balancer.properties.get(key).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        xml.text("LoadBalancerArn", &balancer.arn);
        xml.some("DNSName", balancer.attributes.get("DNSName"));
        xml.text("LoadBalancerName", &balancer.name);
        xml.text("Scheme", own("Scheme", "internet-facing"));
        xml.open("State");
        xml.text("Code", "active");
        xml.close("State");
        xml.text("Type", own("Type", "application"));
        xml.list("AvailabilityZones", texts("Subnets"), |xml, subnet| xml.text("SubnetId", subnet));
        xml.texts("SecurityGroups", texts("SecurityGroups"));
        xml.text("IpAddressType", own("IpAddressType", "ipv4"));
    });
    xml.some("NextMarker", next);
    Ok(())
}
