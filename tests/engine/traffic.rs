//! Rules whose weights ECS moves: a change that would write them again waits for somebody's word.

use landfall::engine::Engine;
use landfall::model::catalog::Gate;
use landfall::model::journal::{Cause, Effect, ExpectedChange, Outcome};
use landfall::model::{Hash, StackName};
use landfall::plan::{Opening, Plan};
use serde_json::{Value, json};

use super::support::*;

/// A service behind a rule for these hosts, between two target groups.
fn behind(image: &str, strategy: &str, host: &str, rule: &str) -> Value {
    let mut template = service(image);
    let group = json!({
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {"Port": 8080, "Protocol": "HTTP", "TargetType": "ip", "VpcId": "vpc-0a"},
    });
    let forward = |weights: &[(&str, u32)]| {
        let groups = weights.iter().map(|(group, weight)| json!({"TargetGroupArn": {"Ref": group}, "Weight": weight}));
        json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": groups.collect::<Vec<_>>()}}])
    };
    let moves = strategy != "ROLLING";
    let actions = if moves { forward(&[("Blue", 1), ("Green", 0)]) } else { forward(&[("Blue", 1)]) };
    let balancer = json!({
        "ContainerName": "app", "ContainerPort": 8080, "TargetGroupArn": {"Ref": "Blue"},
        "AdvancedConfiguration": {
            "AlternateTargetGroupArn": {"Ref": "Green"}, "ProductionListenerRule": {"Ref": rule}, "RoleArn": "arn:aws:iam::111111111111:role/lb",
        },
    });
    let resources = &mut template["Resources"];
    resources["Blue"] = group.clone();
    resources["Green"] = group;
    resources[rule] = json!({
        "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
        "Properties": {
            "ListenerArn": "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener/app/shared/0123456789abcdef/0123456789abcdef",
            "Priority": rule.len(), "Actions": actions,
            "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}],
        },
    });
    let properties = &mut resources["Service"]["Properties"];
    properties["DeploymentConfiguration"]["Strategy"] = json!(strategy);
    if moves {
        properties["LoadBalancers"] = json!([balancer]);
    }
    template
}

/// As planned: what another rule takes the place of goes.
fn order(version: &str, template: &Value) -> Plan {
    let mut content = content("web", version, template);
    if template["Resources"].get("Rule").is_none() {
        let kind = "AWS::ElasticLoadBalancingV2::ListenerRule".into();
        content.expected = vec![ExpectedChange { resource: "Rule".into(), kind, effect: Effect::Remove, fate: None }];
    }
    plan(version, vec![put(0, "web", content)])
}

async fn stops(scene: &mut Scene, plan: &Plan) -> (Engine, Cause) {
    let mut engine = scene.engine().await;
    engine.carry_out(plan, scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    let cause = engine.facts().in_flight(&slot()).expect("something in flight").stopped.clone().unwrap();
    (engine, cause)
}

#[tokio::test]
async fn a_rule_that_traffic_is_moved_by_is_not_written_again_without_a_word() {
    let changed = [
        ("of another host", behind("shop:1", "BLUE_GREEN", "other.example.com", "Rule"), "Rule", "Conditions"),
        ("with another priority", behind("shop:1", "BLUE_GREEN", "shop.example.com", "OtherRule"), "OtherRule", ""),
    ];
    for (what, template, rule, because) in changed {
        let mut scene = Scene::new();
        let first = behind("shop:1", "BLUE_GREEN", "shop.example.com", "Rule");
        assert_eq!(scene.deploy(&order("1", &first)).await, Outcome::Proved, "{what}");
        let (mut engine, cause) = stops(&mut scene, &order("2", &template)).await;
        assert_eq!((&*cause.code, cause.gate), ("traffic-written-again", Some(Gate::Replace)), "{what}");
        assert!(cause.sentence.starts_with(rule) && cause.sentence.contains(because), "{}", cause.sentence);
        assert!(cause.sentence.contains("all traffic would go to Blue"), "{}", cause.sentence);

        let opening = Opening {
            deployment: engine.facts().in_flight(&slot()).unwrap().deployment,
            slot: slot(),
            stack: StackName::of(&owner("web")),
            gate: Gate::Replace,
            allowance: Hash::of(b"traffic is on Blue"),
            foreseen: false,
            resource: None,
        };
        let mut allowed = order("2", &template);
        allowed.begin.clear();
        allowed.open = vec![opening];
        engine.carry_out(&allowed, scene.now).await.unwrap();
        scene.finish(&mut engine).await;
        assert!(scene.outcome().await.succeeded(), "{what}");
    }
}

/// The other target group comes with the strategy: traffic was never on it, so that writing the weights moves nothing.
#[tokio::test]
async fn a_first_switch_asks_nobody_for_a_target_group_that_never_existed() {
    let mut scene = Scene::new();
    let mut rolling = behind("shop:1", "ROLLING", "shop.example.com", "Rule");
    rolling["Resources"].as_object_mut().unwrap().remove("Green");
    let mut switched = behind("shop:1", "BLUE_GREEN", "other.example.com", "Rule");
    // The weights stay as they are written, so that they are not what changes.
    switched["Resources"]["Rule"]["Properties"]["Actions"] =
        rolling["Resources"]["Rule"]["Properties"]["Actions"].clone();
    assert!(scene.deploy(&order("1", &rolling)).await.succeeded());
    let outcome = scene.deploy(&order("2", &switched)).await;
    assert!(outcome.succeeded(), "{outcome:?}");
}

#[tokio::test]
async fn a_new_image_or_a_new_strategy_asks_nobody() {
    let mut scene = Scene::new();
    for (version, strategy, image, host) in [
        ("1", "ROLLING", "shop:1", "shop.example.com"),
        ("2", "ROLLING", "shop:1", "other.example.com"),
        ("3", "BLUE_GREEN", "shop:1", "other.example.com"),
        ("4", "BLUE_GREEN", "shop:2", "other.example.com"),
    ] {
        let outcome = scene.deploy(&order(version, &behind(image, strategy, host, "Rule"))).await;
        assert!(outcome.succeeded(), "{version}: {outcome:?}");
    }
}
