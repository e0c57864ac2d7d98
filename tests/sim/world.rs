//! The world by itself: stacks, change sets, services, faults, on virtual time.

use landfall::model::StackStatus::*;
use landfall::sim::world::ecs::{DeploymentStatus, TaskState};
use landfall::sim::world::stack::Monitoring;
use landfall::sim::world::types;
use landfall::sim::world::{StackInput, StackOptions};
use landfall::sim::{During, Effect, Fault, SimConfig, World};
use serde_json::json;

use super::support::*;
use crate::support::origin::{has_service_spec, is_what_its_script_writes};

fn world() -> World {
    World::new(SimConfig::default())
}

#[test]
fn a_change_set_creates_a_service_that_settles() {
    let mut world = world();
    let (id, stack_id) =
        world.create_change_set(&place(), &change_set("shop", "first", "CREATE", &service("shop:1"))).unwrap();
    assert!(id.starts_with("arn:aws:cloudformation:eu-west-1:111111111111:changeSet/first/"));
    assert_eq!(status(&mut world, "shop"), ReviewInProgress);
    settle(&mut world);
    let (_, set) = world.describe_change_set(&place(), Some("shop"), "first").unwrap();
    assert_eq!((set.status, set.execution), ("CREATE_COMPLETE", "AVAILABLE"));
    let rows: Vec<_> = set.changes.iter().map(|row| format!("{} {}", row.action, row.logical)).collect();
    assert_eq!(rows, ["Add ExecutionRole", "Add LogGroup", "Add Service", "Add TaskDefinition"]);

    world.execute_change_set(&place(), Some("shop"), "first", None, &Some("go".to_owned())).unwrap();
    assert_eq!(status(&mut world, "shop"), CreateInProgress);
    settle(&mut world);
    let view = world.describe_stack(&place(), "shop").unwrap();
    assert_eq!((view.status, &view.id), (CreateComplete, &stack_id));
    let arn = &view.outputs[0].value;
    let service = world.services(&place()).find(|service| service.arn == *arn).unwrap();
    assert_eq!(service.running(None), 2);
    assert_eq!(service.newest().unwrap().status, DeploymentStatus::Successful);
    assert_eq!(service.revisions[0].images[0].2, World::digest_of("shop:1"));
    assert!(service.events.iter().any(|said| said.message.ends_with("has reached a steady state.")));
    insta::assert_snapshot!(events(&world, "shop").join("\n"), @r"
    shop REVIEW_IN_PROGRESS
    shop CREATE_IN_PROGRESS
    LogGroup CREATE_IN_PROGRESS
    LogGroup CREATE_IN_PROGRESS
    ExecutionRole CREATE_IN_PROGRESS
    ExecutionRole CREATE_IN_PROGRESS
    ExecutionRole CREATE_COMPLETE
    LogGroup CREATE_COMPLETE
    TaskDefinition CREATE_IN_PROGRESS
    TaskDefinition CREATE_IN_PROGRESS
    TaskDefinition CREATE_COMPLETE
    Service CREATE_IN_PROGRESS
    Service CREATE_IN_PROGRESS
    Service CREATE_COMPLETE
    shop CREATE_COMPLETE
    ");
}

#[test]
fn an_update_says_what_it_replaces_and_rolls() {
    let mut world = world();
    assert_eq!(create(&mut world, "shop", &service("shop:1")), CreateComplete);
    world.create_change_set(&place(), &change_set("shop", "second", "UPDATE", &service("shop:2"))).unwrap();
    settle(&mut world);
    let (_, set) = world.describe_change_set(&place(), Some("shop"), "second").unwrap();
    let rows: Vec<_> = set.changes.iter().map(|row| (row.action, row.logical.as_str(), row.replacement)).collect();
    assert_eq!(rows, [("Modify", "Service", Some("False")), ("Modify", "TaskDefinition", Some("True"))]);
    let cause = &set.changes[0].details[0];
    assert_eq!(
        (cause.source, cause.cause.as_deref(), cause.evaluation),
        ("ResourceReference", Some("TaskDefinition"), "Static")
    );
    world.execute_change_set(&place(), Some("shop"), "second", None, &Some("go".to_owned())).unwrap();
    settle(&mut world);
    assert_eq!(status(&mut world, "shop"), UpdateComplete);
    let service = world.services(&place()).next().unwrap();
    assert!(service.task_definition.ends_with(":2"), "{}", service.task_definition);
    assert_eq!((service.running(None), service.deployments.len()), (2, 2));
    assert!(!world.find_task_definition(&place(), "shop:1").unwrap().active);
}

#[test]
fn a_crashing_image_is_put_back_by_the_circuit_breaker_and_the_stack_rolls_back() {
    let mut world = world();
    create(&mut world, "shop", &service("shop:1"));
    world.queue_fault(Fault::ImageCrashes { image: "shop:2".to_owned(), exit_code: 3, reason: None });
    assert_eq!(update(&mut world, "shop", &service("shop:2"), "up"), UpdateRollbackComplete);
    let stack = world.find_stack(&place(), "shop").unwrap();
    let failed = stack.events.iter().find(|event| event.status == "UPDATE_FAILED").unwrap();
    assert_eq!(failed.logical, "Service");
    assert!(failed.reason.as_deref().unwrap().contains("ECS Deployment Circuit Breaker was triggered"), "{failed:?}");
    let service = world.services(&place()).next().unwrap();
    assert!(service.task_definition.ends_with(":1"), "{}", service.task_definition);
    assert_eq!(service.running(None), 2);
    assert_eq!(service.deployments[1].status, DeploymentStatus::RollbackSuccessful);
    assert_eq!(service.deployments[1].failures, 4, "two tasks at a time, until three have failed");
    let stopped: Vec<_> = service
        .tasks
        .iter()
        .filter_map(|task| match &task.state {
            TaskState::Stopped(end) if end.code == "EssentialContainerExited" => Some(end.containers[0].1),
            _ => None,
        })
        .collect();
    assert_eq!(stopped, [Some(3); 4]);
}

#[test]
fn a_first_creation_that_fails_leaves_rollback_complete() {
    let mut world = world();
    world.queue_fault(Fault::ImageMissing { image: "shop:1".to_owned() });
    assert_eq!(create(&mut world, "shop", &service("shop:1")), RollbackComplete);
    let stack = world.find_stack(&place(), "shop").unwrap();
    assert!(stack.resources.values().all(|resource| resource.status == "DELETE_COMPLETE"), "{:?}", stack.resources);
    let refused = world.update_stack(&place(), &input("shop", &service("shop:2"), "t"), &StackOptions::default());
    assert!(refused.unwrap_err().message.contains("is in ROLLBACK_COMPLETE state"));
    world.clear_faults();
    world.delete_stack(&place(), "shop", &[], false, &None).unwrap();
    settle(&mut world);
    assert_eq!(create(&mut world, "shop", &service("shop:1")), CreateComplete);
}

#[test]
fn tokens_make_calls_idempotent() {
    let mut world = world();
    let request = change_set("shop", "first", "CREATE", &service("shop:1"));
    let first = world.create_change_set(&place(), &request).unwrap();
    assert_eq!(world.create_change_set(&place(), &request).unwrap(), first);
    let other = change_set("shop", "first", "CREATE", &service("shop:2"));
    assert_eq!(world.create_change_set(&place(), &other).unwrap_err().code, "TokenAlreadyExistsException");
    settle(&mut world);
    let go = Some("go".to_owned());
    world.execute_change_set(&place(), Some("shop"), "first", None, &go).unwrap();
    world.execute_change_set(&place(), Some("shop"), "first", None, &go).unwrap();
    assert_eq!(world.delete_stack(&place(), "shop", &[], false, &go).unwrap_err().code, "TokenAlreadyExistsException");
    settle(&mut world);
    let effects: Vec<_> = world.ledger().iter().map(|entry| (entry.operation.as_str(), entry.effect)).collect();
    assert_eq!(
        effects,
        [
            ("CreateChangeSet", Effect::Effective),
            ("CreateChangeSet", Effect::Replayed),
            ("ExecuteChangeSet", Effect::Effective),
            ("ExecuteChangeSet", Effect::Replayed),
        ]
    );
}

#[test]
fn a_change_set_without_changes_fails_with_the_documented_sentence() {
    let mut world = world();
    create(&mut world, "shop", &service("shop:1"));
    world.create_change_set(&place(), &change_set("shop", "same", "UPDATE", &service("shop:1"))).unwrap();
    settle(&mut world);
    let (_, set) = world.describe_change_set(&place(), Some("shop"), "same").unwrap();
    assert_eq!((set.status, set.execution), ("FAILED", "UNAVAILABLE"));
    assert!(set.reason.as_deref().unwrap().starts_with("The submitted information didn't contain changes."));
    let refused = world.update_stack(&place(), &input("shop", &service("shop:1"), "t"), &StackOptions::default());
    assert_eq!(refused.unwrap_err().message, "No updates are to be performed.");
}

#[test]
fn an_update_whose_rollback_fails_waits_for_continue() {
    let mut world = world();
    create(&mut world, "shop", &service("shop:1"));
    let fails = |during, resource: &str| Fault::ResourceFails {
        stack: "shop".to_owned(),
        resource: resource.to_owned(),
        during,
        reason: "no capacity".to_owned(),
        times: 1,
    };
    world.queue_fault(fails(During::Update, "Service"));
    world.queue_fault(fails(During::Rollback, "AWS::ECS::Service"));
    assert_eq!(update(&mut world, "shop", &service("shop:2"), "up"), UpdateRollbackFailed);
    let wrong = world.continue_update_rollback(&place(), "shop", &["LogGroup".to_owned()], &None);
    assert!(wrong.unwrap_err().message.contains("cannot be skipped"));
    world.continue_update_rollback(&place(), "shop", &["Service".to_owned()], &Some("on".to_owned())).unwrap();
    settle(&mut world);
    assert_eq!(status(&mut world, "shop"), UpdateRollbackComplete);
    assert_eq!(
        create(&mut world, "other", &json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})),
        CreateComplete
    );
}

#[test]
fn a_stack_is_shown_late_for_as_many_reads_as_configured() {
    let mut world = World::new(SimConfig { stale_reads: 2, ..SimConfig::default() });
    world.create_change_set(&place(), &change_set("shop", "first", "CREATE", &service("shop:1"))).unwrap();
    settle(&mut world);
    world.execute_change_set(&place(), Some("shop"), "first", None, &None).unwrap();
    let seen: Vec<_> = (0..3).map(|_| status(&mut world, "shop")).collect();
    assert_eq!(seen, [ReviewInProgress, ReviewInProgress, CreateInProgress]);
}

#[test]
fn the_same_seed_and_calls_give_the_same_world() {
    let story = |seed| {
        let mut world = World::new(SimConfig { seed, ..SimConfig::default() });
        create(&mut world, "shop", &service("shop:1"));
        update(&mut world, "shop", &service("shop:2"), "up");
        format!("{:?}", world.find_stack(&place(), "shop").unwrap())
    };
    assert_eq!(story(7), story(7));
    assert_ne!(story(7), story(8));
}

#[test]
fn what_is_retained_stays_and_blocks_its_name() {
    let mut world = world();
    let kept = json!({"Resources": {"Log": {
        "Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain", "Properties": {"LogGroupName": "kept"}}}});
    assert_eq!(create(&mut world, "logs", &kept), CreateComplete);
    let id = world.describe_stack(&place(), "logs").unwrap().id;
    world.delete_stack(&place(), "logs", &[], false, &None).unwrap();
    settle(&mut world);
    assert_eq!(world.find_stack(&place(), &id).unwrap().resources["Log"].status, "DELETE_SKIPPED");
    assert_eq!(create(&mut world, "logs", &kept), RollbackComplete, "the name is taken");
}

#[test]
fn templates_that_multiply_or_ask_for_themselves_end_in_an_error() {
    let mut bomb = json!({"Fn::Sub": ["${a}${a}", {"a": ""}]});
    for _ in 0..24 {
        bomb = json!({"Fn::Sub": ["${a}${a}", {"a": bomb}]});
    }
    let group =
        |name: serde_json::Value| json!({"G": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}});
    let asked = json!({"G": {"Type": "AWS::Logs::LogGroup", "Condition": "C14"}});
    let mut conditions = json!({"C0": {"Fn::Equals": ["a", "a"]}});
    for i in 1..15 {
        conditions[format!("C{i}")] = json!({"Fn::And": vec![json!({"Condition": format!("C{}", i - 1)}); 10]});
    }
    let circle = json!({"C14": {"Fn::Equals": [{"Fn::If": ["C14", "x", "y"]}, "x"]}});
    let many = json!({"G": {"Type": "AWS::Logs::LogGroup"}, "T": {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {"Family": "f", "Memory": "512", "ContainerDefinitions": [{"Name": "a", "Image": "x:1"}]}
    }, "S": {
        "Type": "AWS::ECS::Service",
        "Properties": {"Cluster": "main", "TaskDefinition": {"Ref": "T"}, "DesiredCount": 2_000_000_000}
    }});
    for template in [
        json!({"Resources": group(bomb)}),
        json!({"Resources": asked, "Conditions": circle}),
        json!({"Resources": many}),
    ] {
        let mut world = world();
        assert_eq!(create(&mut world, "bomb", &template), RollbackComplete);
    }
    // Each condition is evaluated once.
    let template = json!({"Resources": asked, "Conditions": conditions});
    assert_eq!(create(&mut world(), "bomb", &template), CreateComplete);
}

#[test]
fn an_update_to_more_tasks_than_a_service_may_have_is_refused_and_goes_back() {
    let mut world = world();
    assert_eq!(create(&mut world, "shop", &service("shop:1")), CreateComplete);
    let mut many = service("shop:1");
    many["Resources"]["Service"]["Properties"]["DesiredCount"] = json!(2_000_000_000);
    assert_eq!(update(&mut world, "shop", &many, "many"), UpdateRollbackComplete);
    let service = world.services(&place()).next().unwrap();
    assert_eq!((service.desired, service.running(None)), (2, 2));
    let stack = world.find_stack(&place(), "shop").unwrap();
    assert!(
        stack
            .events
            .iter()
            .any(|event| event.reason.as_ref().is_some_and(|told| told.contains("2000000000 is not from 0 to 5000")))
    );
}

#[test]
fn the_types_are_those_of_their_origin() {
    assert!(types::all().count() >= 150 && types::find("AWS::ECS::Service").is_some());
    if has_service_spec() {
        is_what_its_script_writes("src/sim/world/types.json", "tests/sim/account_types.py");
    }
}

/// Types that no code knows by name: what `Ref` gives is the primary identifier of their schemas.
#[test]
fn a_reference_to_any_type_is_its_identifier() {
    let mut world = world();
    let template = json!({
        "Resources": {
            "Service": {"Type": "AWS::AppRunner::Service", "Properties": {"SourceConfiguration": {}}},
            "Nodes": {"Type": "AWS::EKS::Nodegroup", "Properties": {"ClusterName": "c", "NodeRole": "r", "Subnets": ["s"]}},
            "Addon": {"Type": "AWS::EKS::Addon", "Properties": {"ClusterName": "c", "AddonName": "vpc-cni"}},
            "Box": {"Type": "AWS::Lightsail::Container", "Properties": {"ServiceName": "box", "Power": "micro", "Scale": 1}},
        },
        "Outputs": {"Arn": {"Value": {"Ref": "Service"}}, "Addon": {"Value": {"Ref": "Addon"}}, "Box": {"Value": {"Ref": "Box"}}},
    });
    assert_eq!(create(&mut world, "any", &template), CreateComplete);
    let outputs = world.describe_stack(&place(), "any").unwrap().outputs;
    let value = |key: &str| outputs.iter().find(|output| output.key == key).unwrap().value.clone();
    assert!(value("Arn").starts_with("arn:aws:apprunner:eu-west-1:111111111111:"), "{}", value("Arn"));
    assert_eq!((value("Addon").as_str(), value("Box").as_str()), ("c|vpc-cni", "box"));
}

/// Parameters of SSM that AWS keeps in every account have a value; others are not there.
#[test]
fn a_public_parameter_of_ssm_has_a_value() {
    let template = |name: &str| {
        json!({
            "Parameters": {"Ami": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": name}},
            "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Ami"}}}},
            "Outputs": {"Name": {"Value": {"Ref": "Ami"}}},
        })
    };
    let mut world = world();
    let ecs = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id";
    assert_eq!(create(&mut world, "shop", &template(ecs)), CreateComplete);
    let made = world.describe_stack(&place(), "shop").unwrap().outputs[0].value.clone();
    assert!(made.starts_with("ami-") && made.len() == 21, "{made}");
    let refused = world.create_stack(&place(), &input("other", &template("/shop/ami"), "a"), &StackOptions::default());
    let error = refused.unwrap_err();
    assert_eq!(error.message, "Unable to fetch parameters [/shop/ami] from parameter store for this account.");
}

/// \[doc: CreateStack, `TimeoutInMinutes`\]
#[test]
fn a_creation_that_takes_too_long_is_undone() {
    let mut world = world();
    world.queue_fault(Fault::ImageHangs { image: "shop:1".to_owned() });
    let options = StackOptions { timeout: Some(5), ..StackOptions::default() };
    world.create_stack(&place(), &input("shop", &service("shop:1"), "a"), &options).unwrap();
    let begun = world.now();
    world.advance(begun + jiff::SignedDuration::from_secs(299));
    assert_eq!(status(&mut world, "shop"), CreateInProgress);
    world.advance(begun + jiff::SignedDuration::from_secs(301));
    assert_eq!(status(&mut world, "shop"), RollbackInProgress);
    settle(&mut world);
    assert_eq!(status(&mut world, "shop"), RollbackComplete);
    let stack = world.find_stack(&place(), "shop").unwrap();
    let told = |event: &landfall::sim::world::stack::Event| {
        event.reason.as_ref().is_some_and(|reason| reason.starts_with("Stack creation time exceeded"))
    };
    assert!(stack.events.iter().any(told));
}

/// \[api: `RollbackConfiguration.MonitoringTimeInMinutes`\]
#[test]
fn alarms_count_for_some_time_after_the_last_resource() {
    let watched = Monitoring {
        triggers: vec![(
            "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:slow".to_owned(),
            "AWS::CloudWatch::Alarm".to_owned(),
        )],
        minutes: 10,
    };
    for (rings, expected) in [(false, UpdateComplete), (true, UpdateRollbackComplete)] {
        let mut world = world();
        assert_eq!(create(&mut world, "shop", &service("shop:1")), CreateComplete);
        let input = StackInput { monitoring: Some(watched.clone()), ..input("shop", &service("shop:2"), "b") };
        world.update_stack(&place(), &input, &StackOptions::default()).unwrap();
        let begun = world.now();
        world.advance(begun + jiff::SignedDuration::from_mins(9));
        assert_eq!(status(&mut world, "shop"), UpdateInProgress);
        let running = world.services(&place()).next().unwrap();
        assert_eq!(running.newest().unwrap().status, DeploymentStatus::Successful);
        if rings {
            world.queue_fault(Fault::Alarm { alarm: "slow".to_owned() });
        }
        settle(&mut world);
        assert_eq!(status(&mut world, "shop"), expected);
    }
}

/// A replacement may need what needed the replaced one: both go all the same.
#[test]
fn a_circle_of_old_and_new_resources_is_deleted() {
    let group = |name: &str, days: u32, after: Option<&str>| {
        let mut one =
            json!({"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name, "RetentionInDays": days}});
        if let Some(after) = after {
            one["DependsOn"] = json!(after);
        }
        one
    };
    let mut world = world();
    let first = json!({"Resources": {"A": group("a1", 1, Some("B")), "B": group("b1", 1, None)}});
    assert_eq!(create(&mut world, "logs", &first), CreateComplete);
    world.queue_fault(Fault::ResourceFails {
        stack: "logs".to_owned(),
        resource: "C".to_owned(),
        during: During::Create,
        reason: "no".to_owned(),
        times: 1,
    });
    let second = json!({"Resources": {
        "A": group("a2", 1, None), "B": group("b1", 7, Some("A")), "C": group("c1", 1, Some("B")),
    }});
    let options = StackOptions { keep_failed: true, ..StackOptions::default() };
    world.update_stack(&place(), &input("logs", &second, "second"), &options).unwrap();
    settle(&mut world);
    assert_eq!(status(&mut world, "logs"), UpdateFailed);
    let id = world.describe_stack(&place(), "logs").unwrap().id;
    world.delete_stack(&place(), "logs", &[], false, &None).unwrap();
    settle(&mut world);
    assert_eq!(status(&mut world, &id), DeleteComplete);
    for name in ["a1", "a2", "b1", "c1"] {
        let again = json!({"Resources": {"G": group(name, 1, None)}});
        assert_eq!(create(&mut world, &format!("of-{name}"), &again), CreateComplete, "{name} is free");
    }
}

/// Tasks that do not run yet are stopped first.
#[test]
fn fewer_tasks_than_are_pending_are_enough() {
    let mut world = world();
    world.queue_fault(Fault::ImageHangs { image: "shop:1".to_owned() });
    world.create_stack(&place(), &input("shop", &service("shop:1"), "a"), &StackOptions::default()).unwrap();
    let begun = world.now();
    world.advance(begun + jiff::SignedDuration::from_mins(2));
    let arn = world.services(&place()).next().unwrap().arn.clone();
    assert_eq!(world.services(&place()).next().unwrap().pending(None), 2);
    let none = json!({"DesiredCount": 0}).as_object().unwrap().clone();
    world.update_service(&place(), &arn, none, false).unwrap();
    world.advance(begun + jiff::SignedDuration::from_mins(3));
    assert_eq!(world.services(&place()).next().unwrap().pending(None), 0);
    assert_eq!(status(&mut world, "shop"), CreateComplete);
}
