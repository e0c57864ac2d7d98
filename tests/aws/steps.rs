//! Every golden step whose resources ministack knows deploys there, through the adapter.

use std::collections::{BTreeMap, BTreeSet};

use landfall::cloud::{ChangeSetRequest, Observe, StackEvent};
use landfall::model::journal::ParameterValue;
use landfall::model::{StackSeen, StackStatus};
use landfall::template::body;

use super::checks::Context;
use super::server::{Emulator, cloud, tools};
use crate::support::steps::{Golden, rendered};

/// So many stacks deploy at least.
const FEWEST: usize = 95;

/// The stacks that do not deploy, by words of the reason that ministack gives.
const STUCK: [(&str, &[&str]); 11] = [
    ("Unrecognized resource types: [AWS::AppRunner::Service]", &["cloudformation/app-runner"]),
    ("Unrecognized resource types: [AWS::EC2::Volume]", &["ecs-service/patch-snapshot"]),
    ("Unrecognized resource types: [AWS::EKS::Addon]", &["cloudformation/eks-nodes"]),
    (
        "Unrecognized resource types: [AWS::ElasticLoadBalancingV2::ListenerCertificate]",
        &["ecs-service/several-certificates"],
    ),
    ("Unrecognized resource types: [AWS::Lightsail::Container]", &["cloudformation/lightsail"]),
    ("Unrecognized resource types: [AWS::EC2::SecurityGroupIngress]", &["ecs-service/patch-lists"]),
    ("Unrecognized resource types: [AWS::ApplicationAutoScaling::ScalableTarget]", &["ecs-service/office-hours"]),
    (
        "Unrecognized resource types: [AWS::ApplicationAutoScaling::ScalableTarget, AWS::ApplicationAutoScaling::ScalingPolicy]",
        &[
            "ecs-service/own-application-load-balancer",
            "ecs-service/public-web",
            "ecs-service/scaling",
            "ecs-service/scaling-by-own-metric",
            "ecs-service/scaling-shared-listener",
            "ecs-service/scaling-statistics",
            "ecs-service/switched-by-environment.web",
            "ecs-service/sized-by-environment.queue",
            "ecs-service/spot-worker",
            "ecs-service/tuned-by-environment.worker",
        ],
    ),
    (
        // A rule of a listener that is somebody else's: in any account it fails without it.
        "not found for ListenerRule ListenerRule",
        &[
            "ecs-service/blue-green-own-rules",
            "ecs-service/blue-green-test-listener",
            "ecs-service/bridge-target-group",
            "ecs-service/gpu-inference",
            "ecs-service/internal-grpc",
            "ecs-service/linear-own-rules",
            "ecs-service/own-target-group",
            "ecs-service/sized-by-environment.web",
            "ecs-service/wordpress",
        ],
    ),
    // CloudFormation makes numbers of texts where a property is a number.
    ("Service: '>' not supported between instances of 'int' and 'str'", &["ecs-service/tuned-by-environment.web"]),
    (
        // A name in a namespace that is somebody else's.
        "DiscoveryService: AWS::ServiceDiscovery::Service create failed: b'{\"__type\": \"NamespaceNotFound\"",
        &[
            "ecs-service/cloud-map",
            "ecs-service/cloud-map-calls",
            "ecs-service/cloud-map-ports",
            "ecs-service/defaults-said",
        ],
    ),
];

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

/// The resources of a stack that failed, with their reasons.
async fn failures(context: &Context<'_>, request: &ChangeSetRequest, seen: &StackSeen) -> String {
    let token = format!("{}-x", request.token);
    let events = context.cloud.events(&context.here(), &seen.id, &token).await.unwrap();
    let failed = events.iter().filter(|event| event.status.ends_with("_FAILED"));
    let why = |event: &StackEvent| format!("{}: {}", event.resource, event.reason.as_deref().unwrap_or("no reason"));
    failed.map(why).collect::<Vec<_>>().join("; ")
}

/// What is wrong with the outcome of a stack; nothing where it deploys, or does not for the reason that [`STUCK`] has for it.
fn judge(name: &str, outcome: &Result<(), String>) -> Option<String> {
    let expected = STUCK.iter().find(|(_, names)| names.contains(&name)).map(|(words, _)| *words);
    match (outcome, expected) {
        (Ok(()), None) => None,
        (Ok(()), Some(words)) => Some(format!("{name} deploys, and is on the list of those that do not: {words}")),
        (Err(why), Some(words)) if why.contains(words) => {
            println!("{name} does not deploy on ministack: {why}");
            None
        }
        (Err(why), Some(words)) => Some(format!("{name} does not deploy for another reason than `{words}`: {why}")),
        (Err(why), None) => Some(format!("{name} does not deploy: {why}")),
    }
}

#[tokio::test]
async fn steps_deploy_on_ministack() {
    let Some(tools) = tools() else { return };
    let emulator = Emulator::ministack(&tools);
    let cloud = cloud(&emulator.endpoint);
    let (mut deployed, mut tried, mut wrong) = (0, BTreeSet::new(), Vec::new());
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
            reverts: false,
        };
        let outcome = match context.deploy(&request).await {
            Ok(seen) if seen.status == StackStatus::CreateComplete => {
                let own = seen.outputs.into_iter();
                outputs.extend(own.map(|(output, value)| ((account.clone(), seen.name.to_string(), output), value)));
                Ok(())
            }
            Ok(seen) => Err(format!("{:?}: {}", seen.status, failures(&context, &request, &seen).await)),
            Err(error) => Err(error),
        };
        deployed += usize::from(outcome.is_ok());
        wrong.extend(judge(&name, &outcome));
        tried.insert(name);
    }
    println!("{deployed} of {} stacks deploy on ministack", tried.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let listed = STUCK.iter().flat_map(|(_, names)| names.iter());
    let gone: Vec<_> = listed.filter(|name| !tried.contains(**name)).collect();
    assert!(gone.is_empty(), "on the list, and no golden step: {gone:?}");
    assert!(deployed >= FEWEST, "only {deployed} of {} stacks deploy", tried.len());
    emulator.assert_on_loopback();
}
