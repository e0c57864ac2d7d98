//! Every golden step whose resources ministack knows deploys there, through the adapter.

use std::collections::{BTreeMap, BTreeSet};

use landfall::cfn::Document;
use landfall::cloud::ChangeSetRequest;
use landfall::model::StackStatus;
use landfall::model::journal::ParameterValue;
use landfall::template::body;

use super::checks::Context;
use super::server::{Emulator, cloud, tools};
use crate::support::steps::{Golden, rendered};

/// What ministack does not know: a stack with one of these fails there, and the test says so when that changes.
const UNKNOWN: [&str; 6] = [
    "AWS::AppRunner::Service",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EKS::Addon",
    "AWS::Lightsail::Container",
];

/// Whether a stack stands on something that is nobody's here, a listener or a namespace: in any account it fails without it.
fn needs_what_is_not_there(golden: &Golden) -> bool {
    const NEEDS: [(&str, &str); 2] = [
        ("AWS::ElasticLoadBalancingV2::ListenerRule", "ListenerArn"),
        ("AWS::ServiceDiscovery::Service", "NamespaceId"),
    ];
    let document = Document::parse(&golden.rendered.content.template).unwrap();
    document.resources().any(|resource| {
        let given = |name: &str| resource.property(name).is_some_and(|value| value.is_string());
        NEEDS.iter().any(|(kind, name)| resource.kind() == *kind && given(name))
    })
}

/// The types of a stack's resources.
fn types(golden: &Golden) -> BTreeSet<String> {
    let document = Document::parse(&golden.rendered.content.template).unwrap();
    document.resources().map(|resource| resource.kind().to_owned()).collect()
}

/// An output that a stack has, by its account, its stack and its name.
type Outputs = BTreeMap<(String, String, String), String>;

/// The parameters of a stack, with the outputs of those that were deployed in the account before.
fn parameters(golden: &Golden, account: &str, outputs: &Outputs) -> BTreeMap<String, String> {
    let value = |value: &ParameterValue| match value {
        ParameterValue::Value(value) => value.clone(),
        ParameterValue::Output { stack, output, .. } => outputs
            .get(&(account.to_owned(), stack.to_string(), output.clone()))
            .unwrap_or_else(|| panic!("{stack} has no output {output}"))
            .clone(),
    };
    golden.rendered.content.parameters.iter().map(|(name, said)| (name.clone(), value(said))).collect()
}

/// The golden steps, those behind that use outputs of others.
fn producers_first() -> Vec<(String, Golden)> {
    let mut all: Vec<_> = rendered().into_iter().collect();
    let uses = |golden: &Golden| {
        golden.rendered.content.parameters.values().any(|value| matches!(value, ParameterValue::Output { .. }))
    };
    all.sort_by_key(|(_, golden)| uses(golden));
    all
}

#[tokio::test]
async fn steps_deploy_on_ministack() {
    let Some(tools) = tools() else { return };
    let emulator = Emulator::ministack(&tools);
    let cloud = cloud(&emulator.endpoint);
    let (mut deployed, mut refused, mut wrong) = (0, BTreeSet::new(), Vec::new());
    let mut outputs = Outputs::new();
    let mut accounts: Vec<String> = Vec::new();
    for (name, golden) in producers_first() {
        // All have the same stack's name, so each file has an account of its own; its stacks may use each other's outputs.
        let file = name.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap().to_owned();
        let index = accounts.iter().position(|known| *known == file).unwrap_or_else(|| {
            accounts.push(file);
            accounts.len() - 1
        });
        let account = format!("{:012}", 200_000_000_000_usize + index);
        let context = Context { endpoint: &emulator.endpoint, account: &account, cloud: &cloud, check: "steps" };
        let request = ChangeSetRequest {
            stack: golden.rendered.stack.clone(),
            name: "lf-1-1".into(),
            create: true,
            template: body(&golden.rendered.content).as_str().into(),
            parameters: parameters(&golden, &account, &outputs),
            tags: golden.rendered.content.tags.clone(),
            capabilities: golden.rendered.content.capabilities.clone(),
            token: "lf-0123456789abcdef-1".into(),
        };
        let types = types(&golden);
        let unknown: Vec<&str> = UNKNOWN.into_iter().filter(|unknown| types.contains(*unknown)).collect();
        match context.deploy(&request).await {
            Ok(seen) if seen.status == StackStatus::CreateComplete => {
                deployed += 1;
                if !unknown.is_empty() {
                    wrong.push(format!("{name} deploys, so ministack knows {unknown:?}"));
                }
                let own = seen.outputs.into_iter();
                outputs.extend(own.map(|(output, value)| ((account.clone(), seen.name.to_string(), output), value)));
            }
            Ok(seen) if needs_what_is_not_there(&golden) && seen.status == StackStatus::RollbackComplete => {
                println!("{name}: not on ministack, where what it stands on is not");
            }
            Ok(seen) if unknown.is_empty() => {
                wrong.push(format!("{name} is {:?}: {:?}; it has {types:?}", seen.status, seen.reason));
            }
            Err(error) if unknown.is_empty() => wrong.push(format!("{name}: {error}; it has {types:?}")),
            Ok(_) | Err(_) => {
                println!("{name}: not on ministack, which does not know {}", unknown.join(", "));
                refused.extend(unknown);
            }
        }
    }
    println!("{deployed} of {} stacks deploy on ministack", rendered().len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(refused, BTreeSet::from(UNKNOWN), "what is unknown is in some step");
    emulator.assert_on_loopback();
}
