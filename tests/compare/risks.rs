//! Named risks, each with its level: what makes one, and what does not.

use std::collections::{BTreeMap, BTreeSet};

use landfall::cfn::{Document, Given};
use landfall::compare::{Findings, Risk, exposure, resources, rights, risks};
use landfall::model::risk::RISKS;
use serde_json::{Value, json};

static NONE: BTreeMap<String, Option<String>> = BTreeMap::new();

fn found(before: Option<Value>, after: Option<Value>) -> Vec<Risk> {
    let document = |value: Value| Document::from_value(json!({ "Resources": value })).unwrap();
    let [before, after] = [before, after].map(|value| value.map(document));
    let [before, after] =
        [&before, &after].map(|document| document.as_ref().map(|document| Given { document, values: &NONE }));
    let (changes, rights, exposure) = (resources(before, after), rights(before, after), exposure(before, after));
    risks(before, after, Findings { changes: &changes, rights: &rights, exposure: &exposure })
}

/// `level id` of each risk, the worst first.
fn lines(before: Option<Value>, after: Option<Value>) -> String {
    let all = found(before, after);
    let lines: Vec<String> = all.iter().map(|risk| format!("{:?} {}", risk.level, risk.id).to_lowercase()).collect();
    lines.join(", ")
}

fn one(kind: &str, properties: Value) -> Option<Value> {
    Some(json!({ "R": { "Type": kind, "Properties": properties } }))
}

fn policy(action: &str, resource: &str) -> Value {
    json!({ "PolicyDocument": { "Statement": [{ "Effect": "Allow", "Action": action, "Resource": resource }] } })
}

fn container(container: Value) -> Value {
    let mut own = json!({ "Name": "app", "Image": "web@sha256:00" });
    own.as_object_mut().unwrap().extend(container.as_object().unwrap().clone());
    json!({ "ContainerDefinitions": [own] })
}

/// Type, properties before and after, and the risks of the change.
fn cases() -> Vec<(&'static str, Value, Value, &'static str)> {
    let breaker = |on: bool| json!({ "DeploymentConfiguration": { "DeploymentCircuitBreaker": { "Enable": on } } });
    let open = |port: u16| json!({ "SecurityGroupIngress": [{ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "0.0.0.0/0" }] });
    let trust = |principal: Value| json!({ "AssumeRolePolicyDocument": { "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }] } });
    let for_all = || json!({ "PolicyDocument": { "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*" }] } });
    let variable = |value: Value| container(json!({ "Environment": [{ "Name": "DB_PASS", "Value": value }] }));
    vec![
        ("AWS::IAM::ManagedPolicy", policy("s3:GetObject", "*"), policy("*", "*"), "critical rights-on-everything"),
        ("AWS::IAM::ManagedPolicy", policy("*", "*"), policy("*", "*"), ""),
        ("AWS::IAM::ManagedPolicy", policy("s3:GetObject", "*"), policy("s3:*", "*"), "high rights-on-a-service"),
        ("AWS::IAM::ManagedPolicy", policy("s3:GetObject", "*"), policy("s3:*", "arn:aws:s3:::b"), ""),
        ("AWS::IAM::ManagedPolicy", policy("s3:GetObject", "*"), policy("iam:PassRole", "*"), "high passes-any-role"),
        ("AWS::IAM::ManagedPolicy", policy("s3:GetObject", "*"), policy("iam:PassRole", "arn:aws:iam::1:role/x"), ""),
        (
            "AWS::IAM::ManagedPolicy",
            policy("s3:GetObject", "*"),
            policy("iam:PutRolePolicy", "*"),
            "high writes-rights",
        ),
        ("AWS::IAM::ManagedPolicy", policy("s3:GetObject", "*"), policy("ecr:GetAuthorizationToken", "*"), ""),
        (
            "AWS::IAM::Role",
            json!({}),
            json!({ "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"] }),
            "critical administrator",
        ),
        ("AWS::IAM::Role", json!({}), json!({ "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"] }), ""),
        ("AWS::IAM::Role", json!({ "PermissionsBoundary": "arn:1" }), json!({}), "high boundary-removed"),
        (
            "AWS::IAM::Role",
            trust(json!({ "Service": "ecs-tasks.amazonaws.com" })),
            trust(json!("*")),
            "critical trusts-everybody",
        ),
        (
            "AWS::KMS::Key",
            json!({}),
            json!({ "KeyPolicy": { "Statement": [{ "Effect": "Allow", "Principal": { "AWS": "arn:1" }, "Action": "kms:*", "Resource": "*" }] } }),
            "",
        ),
        ("AWS::SQS::QueuePolicy", json!({}), for_all(), "high public-policy"),
        ("AWS::S3::BucketPolicy", json!({}), for_all(), "critical public-bucket"),
        (
            "AWS::S3::Bucket",
            json!({ "PublicAccessBlockConfiguration": { "BlockPublicAcls": true } }),
            json!({}),
            "high public-bucket",
        ),
        ("AWS::EC2::SecurityGroup", json!({}), open(443), "medium public-ports"),
        ("AWS::EC2::SecurityGroup", json!({}), open(8080), "high public-ports"),
        ("AWS::EC2::SecurityGroup", json!({}), open(22), "critical public-ports"),
        ("AWS::ElasticLoadBalancingV2::Listener", json!({}), json!({}), ""),
        ("AWS::RDS::DBInstance", json!({}), json!({ "PubliclyAccessible": true }), "critical public-database"),
        ("AWS::Lambda::Url", json!({ "AuthType": "AWS_IAM" }), json!({ "AuthType": "NONE" }), "high public-function"),
        ("AWS::EC2::Subnet", json!({}), json!({ "MapPublicIpOnLaunch": true }), "medium public-ip"),
        (
            "AWS::ECS::TaskDefinition",
            container(json!({})),
            container(json!({ "Image": "web:2" })),
            "medium image-without-digest",
        ),
        (
            "AWS::ECS::TaskDefinition",
            container(json!({ "Image": "web:1" })),
            container(json!({ "Image": "web:1", "User": "1" })),
            "",
        ),
        ("AWS::ECS::TaskDefinition", container(json!({ "Image": "web:1" })), container(json!({})), ""),
        ("AWS::ECS::Service", breaker(true), breaker(false), "medium circuit-breaker-off"),
        ("AWS::ECS::Service", breaker(false), json!({}), ""),
        (
            "AWS::ECS::Service",
            breaker(true),
            json!({ "DeploymentConfiguration": { "Alarms": { "Enable": true } } }),
            "",
        ),
        ("AWS::RDS::DBInstance", json!({ "DeletionProtection": true }), json!({}), "high protection-removed"),
        (
            "AWS::DynamoDB::Table",
            json!({ "DeletionProtectionEnabled": true }),
            json!({ "DeletionProtectionEnabled": false }),
            "high protection-removed",
        ),
        (
            "AWS::DynamoDB::Table",
            json!({ "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": true } }),
            json!({}),
            "high protection-removed",
        ),
        (
            "AWS::Cognito::UserPool",
            json!({ "DeletionProtection": "ACTIVE" }),
            json!({ "DeletionProtection": "INACTIVE" }),
            "high protection-removed",
        ),
        (
            "AWS::S3::Bucket",
            json!({ "VersioningConfiguration": { "Status": "Enabled" } }),
            json!({ "VersioningConfiguration": { "Status": "Suspended" } }),
            "high protection-removed",
        ),
        (
            "AWS::RDS::DBCluster",
            json!({ "BackupRetentionPeriod": 7 }),
            json!({ "BackupRetentionPeriod": 0 }),
            "high protection-removed",
        ),
        (
            "AWS::RDS::DBCluster",
            json!({ "BackupRetentionPeriod": 7 }),
            json!({ "BackupRetentionPeriod": 3 }),
            "high protection-removed",
        ),
        ("AWS::RDS::DBCluster", json!({ "BackupRetentionPeriod": 7 }), json!({ "BackupRetentionPeriod": 14 }), ""),
        (
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            json!({ "Scheme": "internal", "LoadBalancerAttributes": [{ "Key": "deletion_protection.enabled", "Value": "true" }] }),
            json!({ "Scheme": "internal" }),
            "high protection-removed",
        ),
        (
            "AWS::ECS::TaskDefinition",
            container(json!({ "Secrets": [{ "Name": "DB_PASS", "ValueFrom": "prod-db" }] })),
            variable(json!("one")),
            "critical secret-in-plain-text",
        ),
        (
            "AWS::ECS::TaskDefinition",
            variable(json!("{{resolve:ssm:/db}}")),
            variable(json!("one")),
            "critical secret-in-plain-text",
        ),
        (
            "AWS::ECS::TaskDefinition",
            variable(json!({ "Ref": "DbPass" })),
            variable(json!("one")),
            "critical secret-in-plain-text",
        ),
        ("AWS::ECS::TaskDefinition", container(json!({})), variable(json!("one")), "high plain-secret"),
        ("AWS::ECS::TaskDefinition", variable(json!("one")), variable(json!("two")), ""),
        ("AWS::ECS::TaskDefinition", variable(json!("one")), variable(json!("{{resolve:ssm:/db}}")), ""),
    ]
}

#[test]
fn each_change_has_the_risks_that_it_makes() {
    for (kind, before, after, expected) in cases() {
        assert_eq!(lines(one(kind, before.clone()), one(kind, after.clone())), expected, "{kind}: {before} → {after}");
        assert_eq!(lines(one(kind, after.clone()), one(kind, after.clone())), "", "what stays is no risk: {after}");
    }
}

#[test]
fn what_keeps_data_is_not_lost_in_silence() {
    let table = |name: &str, settings: Value| {
        let mut body = json!({ "Type": "AWS::DynamoDB::Table", "Properties": { "TableName": name, "KeySchema": [{ "AttributeName": name }] } });
        body.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        json!({ "R": body, "Other": { "Type": "AWS::SNS::Topic" } })
    };
    let without = json!({ "Other": { "Type": "AWS::SNS::Topic" } });
    assert_eq!(lines(Some(table("a", json!({}))), Some(without.clone())), "critical stateful-removal");
    assert_eq!(
        lines(Some(table("a", json!({ "DeletionPolicy": "Retain" }))), Some(without)),
        "medium stateful-removal"
    );
    let instance = |zone: &str| {
        one(
            "AWS::RDS::DBInstance",
            json!({ "DBInstanceIdentifier": zone, "DBClusterIdentifier": "c", "MasterUsername": zone }),
        )
    };
    assert!(
        lines(instance("a"), instance("b")).starts_with("critical stateful-replacement"),
        "{}",
        lines(instance("a"), instance("b"))
    );
    let retained = |settings: Value| Some(table("a", settings));
    assert_eq!(lines(retained(json!({ "DeletionPolicy": "Retain" })), retained(json!({}))), "high protection-removed");
    assert_eq!(
        lines(
            retained(json!({ "UpdateReplacePolicy": "Retain" })),
            retained(json!({ "UpdateReplacePolicy": "Delete" }))
        ),
        "high protection-removed"
    );
    assert_eq!(lines(retained(json!({})), retained(json!({ "DeletionPolicy": "Retain" }))), "");
}

#[test]
fn a_service_that_is_replaced_and_a_stack_that_is_deleted_are_risks() {
    let service = |cluster: &str| {
        one(
            "AWS::ECS::Service",
            json!({ "Cluster": cluster, "DeploymentConfiguration": { "DeploymentCircuitBreaker": { "Enable": true } } }),
        )
    };
    assert_eq!(lines(service("a"), service("b")), "high interrupting-replacement");
    assert_eq!(lines(service("a"), None), "high stack-deleted");
    let bucket = one("AWS::DynamoDB::Table", json!({}));
    assert_eq!(lines(bucket, None), "critical stack-deleted, critical stateful-removal");
    let new = one("AWS::ECS::Service", json!({}));
    assert_eq!(lines(None, new), "low circuit-breaker-off");
    let all = found(service("a"), service("b"));
    let json = serde_json::to_value(&all).unwrap();
    assert_eq!(
        json,
        json!([{
            "id": "interrupting-replacement", "level": "high", "resource": "R", "part": null, "lasts": false,
            "sentence": "`R` (ECS Service) is replaced, and it serves requests",
        }])
    );
}

#[test]
fn every_risk_is_listed_and_made_by_something() {
    let listed: BTreeSet<&str> = RISKS.iter().map(|kind| kind.id).collect();
    assert_eq!(listed.len(), RISKS.len());
    let tables: String = cases().iter().map(|(_, _, _, expected)| format!("{expected}, ")).collect();
    let own = include_str!("risks.rs");
    for id in &listed {
        assert!(tables.contains(id) || own.contains(&format!(" {id}")), "{id} is made by no case");
    }
    let balancer = json!({ "Scheme": "internet-facing" });
    assert_eq!(lines(None, one("AWS::ElasticLoadBalancingV2::LoadBalancer", balancer)), "medium public-load-balancer");
    let listener = one("AWS::ElasticLoadBalancingV2::Listener", json!({ "Port": 80, "LoadBalancerArn": "arn:other" }));
    assert_eq!(lines(None, listener), "low public-load-balancer");
}

#[test]
fn a_risk_lasts_if_the_state_has_it_whatever_changed() {
    type Name = (&'static str, Option<String>);
    let names = |all: Vec<Risk>| -> BTreeSet<Name> { all.into_iter().map(|risk| (risk.id, risk.part)).collect() };
    let mut lasting = BTreeSet::new();
    for (kind, before, after, expected) in cases() {
        let of_change = found(one(kind, before), one(kind, after.clone()));
        let (lasts, passes): (Vec<Risk>, Vec<Risk>) = of_change.into_iter().partition(|risk| risk.lasts);
        let state = names(found(None, one(kind, after)));
        lasting.extend(lasts.iter().map(|risk| risk.id));
        assert!(names(lasts).is_subset(&state), "{kind}, {expected}: {state:?}");
        assert!(names(passes).is_disjoint(&state), "{kind}, {expected}: {state:?}");
    }
    let all: BTreeSet<&str> = RISKS.iter().filter(|kind| kind.lasts).map(|kind| kind.id).collect();
    // Only a new stack shows what a load balancer opens.
    assert_eq!(all.difference(&lasting).copied().collect::<Vec<_>>(), ["public-load-balancer"]);
}

#[test]
fn a_risk_names_what_of_its_resource_it_is_about() {
    let part = |kind: &str, properties: Value| -> Vec<String> {
        let all = found(None, one(kind, properties));
        all.into_iter().map(|risk| format!("{} {}", risk.id, risk.part.unwrap_or_default())).collect()
    };
    let open = |first: u16, last: u16| json!({ "SecurityGroupIngress": [{ "IpProtocol": "tcp", "FromPort": first, "ToPort": last, "CidrIp": "0.0.0.0/0" }] });
    assert_eq!(part("AWS::EC2::SecurityGroup", open(443, 443)), ["public-ports 443"]);
    assert_eq!(part("AWS::EC2::SecurityGroup", open(8000, 8010)), ["public-ports 8000-8010"]);
    let image = container(json!({ "Image": "web:2" }));
    assert_eq!(part("AWS::ECS::TaskDefinition", image), ["image-without-digest app"]);
    assert_eq!(part("AWS::IAM::ManagedPolicy", policy("*", "*")), ["rights-on-everything PolicyDocument"]);
    let secret = container(json!({ "Environment": [{ "Name": "DB_PASSWORD", "Value": "hunter2hunter2" }] }));
    let place = "ContainerDefinitions/app/Environment/DB_PASSWORD";
    assert_eq!(part("AWS::ECS::TaskDefinition", secret), [format!("plain-secret {place}")]);
    assert_eq!(part("AWS::ECS::Service", json!({})), ["circuit-breaker-off "]);
}

#[test]
fn a_secret_is_not_in_the_sentence_about_it() {
    let task = |value: &str| {
        one("AWS::ECS::TaskDefinition", container(json!({ "Environment": [{ "Name": "DB_PASS", "Value": value }] })))
    };
    let all = found(task("{{resolve:ssm:/db}}"), task("hunter2"));
    let json = serde_json::to_string(&all).unwrap();
    assert!(json.contains("ContainerDefinitions/app/Environment/DB_PASS") && !json.contains("hunter2"), "{json}");
}
