//! Templates that are too long for a call: into the bucket first, then the change set, and nothing twice.

use landfall::cloud::Observe as _;
use landfall::model::journal::{Action, Call, Content, Entry, Outcome};
use landfall::model::{BucketName, Place, Region, StackName, StackStatus};
use landfall::plan::Plan;
use landfall::sim::{Buckets, CallEffect, Effect, Fault, SimConfig};
use serde_json::json;

use super::support::*;

/// A service whose template does not fit into a call: its environment is long.
fn long(image: &str) -> serde_json::Value {
    let mut template = service(image);
    template["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"][0]["Environment"] =
        json!([{"Name": "LONG", "Value": "x".repeat(60_000)}]);
    template
}

fn through(bucket: &str, version: &str, image: &str) -> Content {
    let mut content = content("web", version, &long(image));
    content.bucket = Some(BucketName::new(bucket).unwrap());
    content
}

fn release(version: &str, image: &str) -> Plan {
    plan(version, vec![put(0, "web", through(BUCKET, version, image))])
}

fn with_buckets(list: &[(&str, Place)]) -> Scene {
    let list = list.iter().map(|(name, place)| ((*name).to_owned(), place.clone())).collect();
    Scene::with(SimConfig { buckets: Buckets::Listed(list), ..SimConfig::default() })
}

#[tokio::test]
async fn a_long_template_goes_through_the_bucket_and_is_what_the_stack_has() {
    let mut scene = Scene::new();
    assert_eq!(scene.deploy(&release("1.0.0", "shop:1")).await, Outcome::Proved);
    assert_eq!(scene.operations(), ["PutObject", "CreateChangeSet", "ExecuteChangeSet"]);
    let template = scene.sim.template(&at(), &StackName::of(&owner("web"))).await.unwrap().unwrap();
    assert!(template.len() > 51_200 && template.contains("[landfall/1 1.0.0 b3:"));
    let subject = scene.ledger().remove(0).subject;
    let key = subject.strip_prefix("templates/landfall/acme/").and_then(|rest| rest.strip_suffix(".json")).unwrap();
    assert_eq!(key.len(), 64, "{key}");
    assert_eq!(scene.deploy(&release("1.1.0", "shop:2")).await, Outcome::Proved);
    assert_eq!(scene.status("web"), Some(StackStatus::UpdateComplete));
}

/// Without the bucket in its order, the same template is refused by the account: the way through it is not for show.
#[tokio::test]
async fn a_long_template_without_a_bucket_is_refused() {
    let mut scene = Scene::new();
    let mut content = through(BUCKET, "1.0.0", "shop:1");
    content.bucket = None;
    let outcome = scene.deploy(&plan("1.0.0", vec![put(0, "web", content)])).await;
    assert!(failed(&outcome).sentence.contains("51200"), "{outcome:?}");
    assert_eq!(scene.operations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_upload_is_journaled_before_it_is_made_and_before_the_change_set() {
    let mut scene = Scene::new();
    scene.deploy(&release("1.0.0", "shop:1")).await;
    let intents: Vec<Call> = scene
        .records()
        .await
        .into_iter()
        .filter_map(|record| match record.entry {
            Entry::Intent { call, .. } => Some(call),
            _ => None,
        })
        .collect();
    assert_eq!(intents, [Call::PutTemplate, Call::CreateChangeSet, Call::ExecuteChangeSet]);
}

#[tokio::test]
async fn whatever_becomes_of_the_uploads_call_the_deployment_goes_on() {
    for effect in [CallEffect::ReplyLost, CallEffect::CallLost, CallEffect::Throttle, CallEffect::Fail] {
        let mut scene = Scene::new();
        let operation = "PutObject".to_owned();
        scene.sim.world().queue_fault(Fault::Call { operation, account: None, effect, skip: 0, times: 2 });
        assert_eq!(scene.deploy(&release("1.0.0", "shop:1")).await, Outcome::Proved, "{effect:?}");
        assert_eq!(scene.operations(), ["PutObject", "CreateChangeSet", "ExecuteChangeSet"], "{effect:?}");
    }
}

#[tokio::test]
async fn putting_the_same_template_again_changes_nothing() {
    let mut scene = Scene::new();
    scene.deploy(&release("1.0.0", "shop:1")).await;
    scene.deploy(&release("1.0.0", "shop:1")).await;
    let puts = |scene: &Scene| {
        let world = scene.sim.world();
        let puts = world.ledger().iter().filter(|row| row.operation == "PutObject");
        puts.map(|row| row.effect).collect::<Vec<_>>()
    };
    assert_eq!(puts(&scene), [Effect::Effective, Effect::Replayed]);
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_ends_the_stack_with_what_would_mend_it() {
    let other = |account: &str, region: &str| Place {
        account: landfall::model::AccountId::new(account).unwrap(),
        region: Region::new(region).unwrap(),
    };
    let cases = [
        (vec![], "aws-not-found", "create it in 111111111111/eu-west-1, or correct `template_bucket`"),
        (vec![(BUCKET, other("111111111111", "us-east-1"))], "aws-refused", "the target's region, eu-west-1"),
    ];
    for (buckets, code, says) in cases {
        let mut scene = with_buckets(&buckets);
        let outcome = scene.deploy(&release("1.0.0", "shop:1")).await;
        let cause = failed(&outcome);
        assert_eq!(&*cause.code, code, "{cause:?}");
        assert!(cause.sentence.contains(says) && cause.sentence.contains(BUCKET), "{}", cause.sentence);
        assert_eq!(scene.operations(), Vec::<String>::new());
        assert_eq!(scene.status("web"), None, "nothing was begun");
    }
    // A right that is missing may be granted.
    let scene = with_buckets(&[(BUCKET, other("222222222222", "eu-west-1"))]);
    let mut engine = scene.engine().await;
    engine.carry_out(&release("1.0.0", "shop:1"), scene.now).await.unwrap();
    engine.advance(scene.now).await.unwrap();
    let flight = engine.facts().in_flight(&slot()).unwrap();
    let cause = &flight.waits.values().next().unwrap().cause;
    assert_eq!(&*cause.code, "aws-denied");
    assert!(cause.sentence.contains("has to belong to account 111111111111"), "{}", cause.sentence);
}

#[tokio::test]
async fn a_template_that_cloudformation_may_not_read_is_told_as_that() {
    let mut scene = Scene::new();
    let mut engine = scene.engine().await;
    engine.carry_out(&release("1.0.0", "shop:1"), scene.now).await.unwrap();
    // CloudFormation is throttled until somebody has taken the bucket away.
    let (operation, effect) = ("CreateChangeSet".to_owned(), CallEffect::Throttle);
    scene.sim.world().queue_fault(Fault::Call { operation, account: None, effect, skip: 0, times: 1 });
    let next = engine.advance(scene.now).await.unwrap().look_again.unwrap();
    scene.sim.world().delete_bucket(BUCKET);
    scene.turn(next);
    scene.finish(&mut engine).await;
    let outcome = scene.outcome().await;
    let sentence = &failed(&outcome).sentence;
    assert!(sentence.contains("CloudFormation cannot read the template s3://templates/landfall/acme/"), "{sentence}");
    assert!(sentence.contains("`landfall iam` prints what they lack"), "{sentence}");
}

/// Records of deployments from before there were buckets read on, and what needs none is written as it was.
#[test]
fn a_content_without_a_bucket_is_written_as_ever() {
    let action = |bucket: Option<&str>| {
        let mut content = content("web", "1.0.0", &service("shop:1"));
        content.bucket = bucket.map(|name| BucketName::new(name).unwrap());
        Action::Put(Box::new(content))
    };
    let written = serde_json::to_value(action(None)).unwrap();
    assert!(written.get("bucket").is_none(), "{written}");
    assert_eq!(serde_json::from_value::<Action>(written).unwrap(), action(None));
    let written = serde_json::to_value(action(Some(BUCKET))).unwrap();
    assert_eq!(written["bucket"], BUCKET);
    assert_eq!(serde_json::from_value::<Action>(written).unwrap(), action(Some(BUCKET)));
}
