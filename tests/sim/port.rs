//! landfall's port on a world in the same process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use landfall::cloud::{At, Change, ChangeSetRequest, ChangeSetStatus, CloudError, Observe, ServiceDeploymentStatus};
use landfall::model::journal::Effect;
use landfall::model::place::Access;
use landfall::model::{StackName, StackStatus};
use landfall::sim::{CallEffect, Fault, SimCloud, SimConfig, World};

use super::support::{place, service, settle};

fn at() -> At {
    At { place: place(), access: Access::default() }
}

fn request(image: &str, create: bool, name: &str) -> ChangeSetRequest {
    ChangeSetRequest {
        stack: StackName::seen("shop"),
        name: name.into(),
        create,
        template: service(image).to_string().into(),
        parameters: BTreeMap::new(),
        tags: BTreeMap::new(),
        capabilities: vec!["CAPABILITY_IAM".into()],
        token: format!("token-{name}").into(),
        reverts: false,
    }
}

#[tokio::test]
async fn a_stack_is_made_followed_and_proved_through_the_port() {
    let cloud = SimCloud::new(Arc::new(Mutex::new(World::new(SimConfig::default()))));
    let stack = StackName::seen("shop");
    assert!(cloud.stack(&at(), "shop").await.unwrap().is_none());
    cloud.create_change_set(&at(), &request("shop:1", true, "one")).await.unwrap();
    settle(&mut cloud.world());
    let set = cloud.change_set(&at(), "shop", "one").await.unwrap().unwrap();
    assert_eq!(set.status, ChangeSetStatus::Complete);
    assert!(set.changes.iter().all(|row| row.change.effect == Effect::Add));
    cloud.execute_change_set(&at(), &stack, "one", "go").await.unwrap();
    settle(&mut cloud.world());
    let seen = cloud.stack(&at(), "shop").await.unwrap().unwrap();
    assert_eq!(seen.status, StackStatus::CreateComplete);
    assert!(seen.description.is_some());
    assert_eq!(cloud.last_token(&at(), &seen.id).await.unwrap().as_deref(), Some("go"));
    let events = cloud.events(&at(), &seen.id, "go").await.unwrap();
    assert_eq!(events.first().unwrap().status, "CREATE_COMPLETE");
    assert!(events.iter().all(|event| event.token.as_deref() == Some("go")));
    let resources = cloud.resources(&at(), &seen.id).await.unwrap();
    let arn = resources.iter().find(|r| r.logical_id == "Service").unwrap().physical_id.clone().unwrap();
    let service = cloud.service(&at(), &arn).await.unwrap().unwrap();
    let deployment = service.deployment.unwrap();
    assert_eq!(deployment.status, ServiceDeploymentStatus::Successful);
    assert_eq!(deployment.images["app"].digest.as_deref(), Some(World::digest_of("shop:1").as_str()));
}

#[tokio::test]
async fn a_lost_reply_was_carried_out_and_a_lost_call_was_not() {
    let cloud = SimCloud::new(Arc::new(Mutex::new(World::new(SimConfig::default()))));
    let lose =
        |effect| Fault::Call { operation: "CreateChangeSet".to_owned(), account: None, effect, skip: 0, times: 1 };
    for (name, effect, there) in [("one", CallEffect::CallLost, false), ("two", CallEffect::ReplyLost, true)] {
        cloud.world().queue_fault(lose(effect));
        let error = cloud.create_change_set(&at(), &request("shop:1", true, name)).await.unwrap_err();
        assert!(matches!(error, CloudError::Lost { .. }), "{error}");
        assert_eq!(cloud.change_set(&at(), "shop", name).await.unwrap().is_some(), there, "{name}");
    }
    cloud.world().queue_fault(lose(CallEffect::Throttle));
    let error = cloud.create_change_set(&at(), &request("shop:1", true, "three")).await.unwrap_err();
    assert!(matches!(error, CloudError::Throttled { .. }), "{error}");
    assert_eq!(cloud.world().ledger().len(), 1);
}
