//! Rules over the names that ECS takes for families, services, containers and volumes.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::container::each_container;
use super::seen::Seen;
use super::{Fault, Judge, Rule, service, task};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "container-name",
        source: "API reference of Amazon ECS, ContainerDefinition",
        edition: 2,
        run: |judge| {
            each_container(judge, |_, container, out| {
                fits(&container.get("Name"), ("container", "Container.name"), out)
            })
        },
    },
    Rule {
        name: "volume-name-form",
        source: "API reference of Amazon ECS, Volume",
        edition: 3,
        run: |judge| {
            judge.each(task::KIND, |_, task, out| {
                task.get("Volumes")
                    .each()
                    .iter()
                    .for_each(|volume| fits(&volume.get("Name"), ("volume", "Volume.name"), out));
            });
        },
    },
    Rule {
        name: "family-name",
        source: "API reference of Amazon ECS, RegisterTaskDefinition",
        edition: 4,
        run: |judge| judge.each(task::KIND, |_, task, out| fits(&task.get("Family"), ("family", "Family"), out)),
    },
    Rule {
        name: "service-name",
        source: "API reference of Amazon ECS, CreateService",
        edition: 4,
        run: |judge| {
            judge.each(service::KIND, |_, service, out| {
                fits(&service.get("ServiceName"), ("service", "Service name"), out)
            })
        },
    },
    Rule { name: "name-once", source: "CloudFormation template reference, Name type", edition: 4, run: once },
];

/// Types with a name that only one of them can have in an account and region.
const NAMED: [(&str, &str); 8] = [
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Name"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Name"),
    ("AWS::SQS::Queue", "QueueName"),
    ("AWS::SNS::Topic", "TopicName"),
    ("AWS::S3::Bucket", "BucketName"),
];

fn once(judge: &mut Judge<'_>) {
    for (kind, property) in NAMED {
        let seen = RefCell::new(BTreeSet::new());
        judge.each(kind, |_, resource, out| {
            let name = resource.get(property);
            if let Some(text) = name.text().filter(|text| !seen.borrow_mut().insert(text.clone())) {
                let aws = format!("{text} already exists");
                out(Fault::at(name.pointer, format!("another resource of the template has the name `{text}`"), aws));
            }
        });
    }
}

/// What has the name, and what AWS calls it.
type Of = (&'static str, &'static str);

/// Reports a text that is not the name of such a thing.
fn fits(name: &Seen<'_>, (of, member): Of, out: &mut dyn FnMut(Fault)) {
    let is_name = |text: &str| {
        (1..=255).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    if let Some(text) = name.text().filter(|text| !is_name(text)) {
        let aws = format!("{member} should be 1 to 255 letters, numbers, hyphens and underscores.");
        let title = format!("`{text}` is not a name for a {of}: use letters, digits, `-` and `_`, at most 255");
        out(Fault::at(name.pointer.clone(), title, aws));
    }
}
