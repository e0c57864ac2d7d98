//! Outputs of other stacks: read where they are, journaled, and remembered as what a stack was deployed with.

use std::collections::BTreeMap;

use landfall::model::facts::OutputsRead;
use landfall::model::journal::{Content, Elsewhere, Order, Outcome, ParameterValue};
use landfall::model::place::Access;
use landfall::model::{Place, Region, StackName, StackOwner};
use serde_json::json;

use super::support::*;

/// A stack with a parameter that is filled like this.
pub(super) fn consumer(version: &str, value: ParameterValue) -> Content {
    let template = json!({
        "Parameters": {"Url": {"Type": "String"}},
        "Resources": {"Parameter": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Url"}}}}
    });
    let mut content = content("web", version, &template);
    content.parameters = BTreeMap::from([("Url".to_owned(), value)]);
    content
}

fn other_place() -> Place {
    Place { region: Region::new("eu-central-1").unwrap(), ..place() }
}

fn elsewhere(step: &str) -> ParameterValue {
    let at = Elsewhere { place: other_place(), access: Access::default() };
    ParameterValue::Output { stack: StackName::of(&owner(step)), output: "Url".to_owned(), at: Some(Box::new(at)) }
}

#[tokio::test]
async fn an_output_is_read_where_its_stack_is_and_remembered_until_the_stack_is_gone() {
    let mut scene = Scene::new();
    let queue = Order { place: other_place(), ..put(0, "queue", content("queue", "1.0.0", &queue(30))) };
    let orders = vec![queue, put(1, "web", consumer("1.0.0", elsewhere("queue")))];
    assert_eq!(scene.deploy(&plan("1.0.0", orders)).await, Outcome::StackStatusOnly);
    let url = scene.stack("web").unwrap().parameters["Url"].clone();
    assert!(url.contains("eu-central-1"), "{url}");
    let stack = StackName::of(&owner("web"));
    let facts = scene.engine().await.facts().clone();
    let (deployment, at) = (FIRST, facts.reads[0].at);
    assert!(facts.runs[0].from >= at, "it was read before the stack was there");
    let read = OutputsRead { place: place(), stack, deployment, at, values: BTreeMap::from([("Url".to_owned(), url)]) };
    assert_eq!(facts.reads, [read]);
    let again: landfall::model::Facts = serde_json::from_value(serde_json::to_value(&facts).unwrap()).unwrap();
    assert_eq!(again, facts);

    let plain = consumer("1.1.0", ParameterValue::Value("https://queue.example.com".to_owned()));
    assert_eq!(scene.deploy(&plan("1.1.0", vec![put(0, "web", plain)])).await, Outcome::StackStatusOnly);
    assert!(scene.engine().await.facts().reads.is_empty(), "it uses none any more");
}

#[tokio::test]
async fn a_stack_of_somebody_else_gives_no_outputs() {
    let mut scene = Scene::new();
    let other = StackOwner { repository: id("other"), ..owner("queue") };
    scene.foreign("queue", other.tags(), "somebody");
    let orders = vec![put(0, "web", consumer("1.0.0", output("queue", "Url")))];
    let outcome = scene.deploy(&plan("1.0.0", orders)).await;
    assert_eq!(&*failed(&outcome).code, "output-missing");
    assert!(scene.engine().await.facts().reads.is_empty());
}

#[test]
fn a_reference_of_an_older_journal_is_one_to_the_same_place() {
    let old = json!({ "Output": { "stack": "shop-queue-test-main", "output": "Url" } });
    let read: ParameterValue = serde_json::from_value(old.clone()).unwrap();
    assert_eq!(read, output("queue", "Url"));
    assert_eq!(serde_json::to_value(&read).unwrap(), old);
}
