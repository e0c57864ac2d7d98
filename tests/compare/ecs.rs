//! ECS in words: one table row per fact, and the sentence for the rollout.

use std::collections::BTreeMap;

use landfall::cfn::{Document, Given};
use landfall::compare::ecs::{Image, Subject, covers, words};
use landfall::compare::size;
use serde_json::{Value, json};

/// A stack as a step renders it: task definition, service, scaling, schedule.
fn base() -> Value {
    json!({ "Resources": {
        "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc", "ExecutionRoleArn": { "Fn::GetAtt": ["ExecutionRole", "Arn"] },
            "RuntimePlatform": { "CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX" },
            "ContainerDefinitions": [{
                "Name": "app", "Image": "registry.example.com:5000/shop/web@sha256:aaaaaaaa11", "Essential": true,
                "Environment": [{ "Name": "FEATURE", "Value": "off" }, { "Name": "DB_PASS", "Value": "one" }],
                "Secrets": [{ "Name": "TOKEN", "ValueFrom": "arn:aws:ssm:eu-west-1:111111111111:parameter/token" }],
                "PortMappings": [{ "ContainerPort": 8080, "Protocol": "tcp" }],
                "Command": ["serve", "--port", "8080"],
                "HealthCheck": { "Command": ["CMD-SHELL", "curl -f http://localhost"], "Interval": 10, "Retries": 3 },
            }],
        } },
        "Service": { "Type": "AWS::ECS::Service", "Properties": {
            "Cluster": "prod-eu", "TaskDefinition": { "Ref": "Task" }, "DesiredCount": 4, "LaunchType": "FARGATE",
            "DeploymentConfiguration": { "MaximumPercent": 200, "MinimumHealthyPercent": 100, "DeploymentCircuitBreaker": { "Enable": true, "Rollback": true } },
            "LoadBalancers": [{ "ContainerName": "app", "ContainerPort": 8080, "TargetGroupArn": { "Ref": "TargetGroup" } }],
            "NetworkConfiguration": { "AwsvpcConfiguration": { "Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "DISABLED" } },
        } },
        "Schedule": { "Type": "AWS::Scheduler::Schedule", "Properties": {
            "ScheduleExpression": "rate(1 hour)", "Target": { "Arn": "cluster", "EcsParameters": { "TaskCount": 1, "TaskDefinitionArn": "x" } },
        } },
    } })
}

/// The stack with a value somewhere; null takes away what is there.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut value = base();
    for (pointer, new) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match value.pointer_mut(parent).unwrap() {
            Value::Object(map) if new.is_null() => drop(map.remove(key)),
            Value::Object(map) => drop(map.insert(key.to_owned(), new.clone())),
            Value::Array(items) => items.push(new.clone()),
            other => panic!("{other}"),
        }
    }
    value
}

static NONE: BTreeMap<String, Option<String>> = BTreeMap::new();

fn document(value: Value) -> Document {
    Document::from_value(value).unwrap()
}

/// What differs: `resource what: before → after`, then the rollout.
fn lines(before: Option<Value>, after: Option<Value>) -> String {
    let [before, after] = [before, after].map(|value| value.map(document));
    let [before, after] =
        [&before, &after].map(|document| document.as_ref().map(|document| Given { document, values: &NONE }));
    let mut out = String::new();
    for found in words(before, after) {
        for row in &found.rows {
            let side =
                |shown: &Option<landfall::compare::Shown>| shown.as_ref().map_or("–".to_owned(), ToString::to_string);
            out.push_str(&format!("{} {}: {} → {}\n", found.resource, row.what, side(&row.before), side(&row.after)));
        }
        out.extend(found.rollout.map(|rollout| format!("{}: {rollout}\n", found.resource)));
    }
    out
}

const ROLLING: &str = "Service: rolling: 4 tasks, at most 8 at once, gives up after 3 failures, rolls back\n";

#[test]
fn each_fact_has_its_row() {
    let task = "/Resources/Task/Properties";
    let app = "/Resources/Task/Properties/ContainerDefinitions/0";
    let service = "/Resources/Service/Properties";
    let cases: Vec<(String, Value, &str, bool)> = vec![
        (
            format!("{app}/Image"),
            json!("registry.example.com:5000/shop/web@sha256:bbbbbbbb22"),
            "Task image `app`: aaaaaaaa → bbbbbbbb",
            true,
        ),
        (
            format!("{app}/Image"),
            json!("registry.example.com:5000/shop/web:1.5.0"),
            "Task image `app`: aaaaaaaa → 1.5.0 (by tag only)",
            true,
        ),
        (
            format!("{app}/Image"),
            json!("other/web:2@sha256:cccccccc33"),
            "Task image `app`: registry.example.com:5000/shop/web aaaaaaaa → other/web 2 @ cccccccc",
            true,
        ),
        (
            format!("{app}/Environment"),
            json!([{ "Name": "FEATURE", "Value": "on" }, { "Name": "DB_PASS", "Value": "one" }]),
            "Task `FEATURE`: off → on",
            true,
        ),
        (
            format!("{app}/Environment"),
            json!([{ "Name": "FEATURE", "Value": "off" }, { "Name": "DB_PASS", "Value": "two" }]),
            "Task `DB_PASS`: (hidden) → (hidden, changed)",
            true,
        ),
        (format!("{app}/Environment"), json!([{ "Name": "DB_PASS", "Value": "one" }]), "Task `FEATURE`: off → –", true),
        (format!("{app}/Environment/-"), json!({ "Name": "TRACE", "Value": "1" }), "Task `TRACE`: – → 1", true),
        (
            format!("{app}/Secrets"),
            json!([{ "Name": "TOKEN", "ValueFrom": "arn:aws:ssm:eu-west-1:111111111111:parameter/other" }]),
            "Task secret `TOKEN`: arn:aws:ssm:eu-west-1:111111111111:parameter/token → arn:aws:ssm:eu-west-1:111111111111:parameter/other",
            true,
        ),
        (
            format!("{app}/PortMappings"),
            json!([{ "ContainerPort": 9090, "HostPort": 80, "Protocol": "udp" }]),
            "Task ports `app`: 8080 → 9090 on 80/udp",
            true,
        ),
        (
            format!("{app}/Command"),
            json!(["serve", "two words"]),
            "Task command `app`: serve --port 8080 → serve 'two words'",
            true,
        ),
        (
            format!("{app}/HealthCheck"),
            Value::Null,
            "Task health check `app`: CMD-SHELL 'curl -f http://localhost', every 10 s, 3 times → –",
            true,
        ),
        (format!("{app}/Privileged"), json!(true), "Task privileged `app`: – → yes", true),
        (format!("{app}/MemoryReservation"), json!(128), "Task reserved memory `app`: – → 128 MiB", true),
        (format!("{app}/User"), json!("1000"), "Task user `app`: – → 1000", true),
        (format!("{task}/Memory"), json!("1 GB"), "Task memory: 512 MiB → 1024 MiB", true),
        (format!("{task}/Cpu"), json!(".5 vCPU"), "Task CPU: 0.25 vCPU → 0.5 vCPU", true),
        (
            format!("{task}/TaskRoleArn"),
            json!({ "Fn::GetAtt": ["TaskRole", "Arn"] }),
            "Task task role: – → TaskRole.Arn",
            true,
        ),
        (
            format!("{task}/RuntimePlatform"),
            json!({ "CpuArchitecture": "X86_64" }),
            "Task platform: LINUX ARM64 → X86_64",
            true,
        ),
        (format!("{service}/DesiredCount"), json!(6), "Service tasks: 4 → 6", false),
        (format!("{service}/EnableExecuteCommand"), json!(true), "Service execute command: – → yes", false),
        (
            format!("{service}/HealthCheckGracePeriodSeconds"),
            json!(60),
            "Service grace period of checks: – → 60 s",
            false,
        ),
        (
            format!("{service}/DeploymentConfiguration/MinimumHealthyPercent"),
            json!(50),
            "Service healthy and maximum percent: 100 % to 200 % → 50 % to 200 %",
            false,
        ),
        (
            format!("{service}/DeploymentConfiguration/DeploymentCircuitBreaker"),
            Value::Null,
            "Service circuit breaker: rolls back after failures of 50 % of the tasks, 3 to 200 → off",
            false,
        ),
        (
            format!("{service}/DeploymentConfiguration/Strategy"),
            json!("BLUE_GREEN"),
            "Service strategy: rolling → blue/green",
            false,
        ),
        (
            format!("{service}/DeploymentConfiguration/Alarms"),
            json!({ "Enable": true, "AlarmNames": ["a", "b"], "Rollback": true }),
            "Service alarms: – → a, b",
            false,
        ),
        (
            "/Resources/Schedule/Properties/ScheduleExpression".to_owned(),
            json!("rate(2 hours)"),
            "Schedule schedule: rate(1 hour) → rate(2 hours)",
            false,
        ),
        (
            "/Resources/Schedule/Properties/State".to_owned(),
            json!("DISABLED"),
            "Schedule state: ENABLED → DISABLED",
            false,
        ),
    ];
    for (pointer, value, expected, rolls) in cases {
        let text = lines(Some(base()), Some(with(&[(&pointer, value)])));
        assert_eq!(text, format!("{}{expected}\n", if rolls { ROLLING } else { "" }), "{pointer}");
    }
    // These begin a deployment by themselves.
    for (pointer, value, expected) in [
        (
            format!("{service}/NetworkConfiguration/AwsvpcConfiguration/Subnets"),
            json!(["subnet-1", "subnet-2"]),
            "Service subnets: subnet-1 → subnet-1, subnet-2",
        ),
        (
            format!("{service}/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp"),
            json!("ENABLED"),
            "Service public IP: – → yes",
        ),
        (format!("{service}/LoadBalancers"), Value::Null, "Service load balancer `app:8080`: TargetGroup → –"),
        (
            format!("{service}/ForceNewDeployment"),
            json!({ "EnableForceNewDeployment": true, "ForceNewDeploymentNonce": "2" }),
            "Service forced deployment: – → 2",
        ),
        (format!("{service}/PlatformVersion"), json!("1.4.0"), "Service capacity: FARGATE → FARGATE, 1.4.0"),
    ] {
        assert_eq!(
            lines(Some(base()), Some(with(&[(&pointer, value)]))),
            format!("{expected}\n{ROLLING}"),
            "{pointer}"
        );
    }
    assert_eq!(lines(Some(base()), Some(base())), "");
    let tags = with(&[(&format!("{task}/Tags"), json!([{ "Key": "a", "Value": "b" }]))]);
    assert_eq!(lines(Some(base()), Some(tags)), "", "tags make no revision of their own");
}

#[test]
fn a_rollout_is_said_by_the_rules_of_ecs() {
    let image = ("/Resources/Task/Properties/ContainerDefinitions/0/Image", json!("web:2"));
    let configuration = "/Resources/Service/Properties/DeploymentConfiguration";
    let breaker = |more: Value| {
        let mut all = json!({ "Enable": true, "Rollback": false });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "DeploymentCircuitBreaker": all })
    };
    let count = |count: u64| ("/Resources/Service/Properties/DesiredCount", json!(count));
    let configured = |value: Value| (configuration, value);
    let cases: Vec<(Vec<(&str, Value)>, &str)> = vec![
        (vec![count(1)], "rolling: 1 task, at most 2 at once, gives up after 3 failures, rolls back"),
        (vec![count(20)], "rolling: 20 tasks, at most 40 at once, gives up after 10 failures, rolls back"),
        (vec![count(7)], "rolling: 7 tasks, at most 14 at once, gives up after 4 failures, rolls back"),
        (vec![count(1000)], "rolling: 1000 tasks, at most 2000 at once, gives up after 200 failures, rolls back"),
        (vec![configured(json!({}))], "rolling: 4 tasks, at most 8 at once, never gives up by itself"),
        (
            vec![configured(json!({ "MaximumPercent": 150, "MinimumHealthyPercent": 50 })), count(3)],
            "rolling: 3 tasks, at most 4 at once, at least 2 healthy, never gives up by itself",
        ),
        (
            vec![configured(json!({ "MaximumPercent": 100, "MinimumHealthyPercent": 0 }))],
            "rolling: 4 tasks, at least 0 healthy, never gives up by itself",
        ),
        (
            vec![configured(breaker(json!({ "ThresholdConfiguration": { "Type": "COUNT", "Value": 1 } })))],
            "rolling: 4 tasks, at most 8 at once, gives up after 1 failure, leaves what runs",
        ),
        (
            vec![configured(breaker(
                json!({ "ThresholdConfiguration": { "Type": "UNBOUNDED_PERCENT", "Value": 25 } }),
            ))],
            "rolling: 4 tasks, at most 8 at once, gives up after 1 failure, leaves what runs",
        ),
        (
            vec![
                configured(breaker(json!({ "ThresholdConfiguration": { "Type": "BOUNDED_PERCENT", "Value": 100 } }))),
                count(5),
            ],
            "rolling: 5 tasks, at most 10 at once, gives up after 5 failures, leaves what runs",
        ),
        (
            vec![configured(json!({ "Strategy": "BLUE_GREEN", "BakeTimeInMinutes": 10 }))],
            "blue/green: 4 tasks, at most 8 at once, bakes 10 min, never gives up by itself",
        ),
        (
            vec![configured(
                json!({ "Strategy": "CANARY", "CanaryConfiguration": { "CanaryPercent": 2.5, "CanaryBakeTimeInMinutes": 15 } }),
            )],
            "canary with 2.5 % for 15 min: 4 tasks, at most 8 at once, never gives up by itself",
        ),
        (
            vec![configured(json!({ "Strategy": "CANARY" }))],
            "canary with 5 % for 10 min: 4 tasks, at most 8 at once, never gives up by itself",
        ),
        (
            vec![configured(json!({ "Strategy": "LINEAR" }))],
            "linear in steps of 10 % every 6 min: 4 tasks, at most 8 at once, never gives up by itself",
        ),
        (
            vec![configured(
                json!({ "Alarms": { "Enable": true, "AlarmNames": ["a"] }, "LifecycleHooks": [{ "TargetType": "PAUSE" }] }),
            )],
            "rolling: 4 tasks, at most 8 at once, pauses once for a decision, never gives up by itself, watches 1 alarm",
        ),
        (
            vec![("/Resources/Service/Properties/SchedulingStrategy", json!("DAEMON"))],
            "rolling: a number of tasks that AWS decides, gives up after failures, rolls back",
        ),
        (
            vec![("/Resources/Service/Properties/DeploymentController", json!({ "Type": "CODE_DEPLOY" }))],
            "by another deployment controller: 4 tasks, at most 8 at once",
        ),
    ];
    for (changes, expected) in cases {
        let before = with(&changes);
        let after = with(&[changes.clone(), vec![image.clone()]].concat());
        let text = lines(Some(before), Some(after));
        let said = text.lines().find_map(|line| line.strip_prefix("Service: ")).unwrap_or_default();
        assert_eq!(said, expected, "{changes:?}");
    }
    let target = json!({ "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
        "ServiceNamespace": "ecs", "MinCapacity": 2, "MaxCapacity": 10, "ResourceId": { "Fn::Select": [5, { "Fn::Split": [":", { "Ref": "Service" }] }] },
    } });
    let scaled = |more: &[(&str, Value)]| with(&[&[("/Resources/Target", target.clone())], more].concat());
    let text = lines(Some(scaled(&[])), Some(scaled(std::slice::from_ref(&image))));
    assert!(text.contains("rolling: 2 to 10 tasks, at most 20 at once, gives up after 5 failures"), "{text}");
    let text = lines(Some(scaled(&[])), Some(scaled(&[("/Resources/Target/Properties/MaxCapacity", json!(20))])));
    assert_eq!(text, "Target scaling maximum: 10 → 20\n");
    let text = lines(None, Some(base()));
    assert!(text.contains("Service: new service, rolling: 4 tasks, gives up after 3 failures, rolls back\n"), "{text}");
    let text = lines(Some(base()), Some(with(&[("/Resources/Service/Properties/Cluster", json!("prod-eu-2"))])));
    assert!(text.contains("Service cluster: prod-eu → prod-eu-2\nService: new service, rolling: 4 tasks"), "{text}");
    assert!(!lines(Some(base()), None).contains("Service: "), "what goes exchanges nothing");
}

#[test]
fn values_of_parameters_are_filled_in() {
    let mut value = with(&[("/Resources/Service/Properties/DesiredCount", json!({ "Ref": "Count" }))]);
    value["Parameters"] = json!({ "Count": { "Type": "Number" } });
    let document = document(value);
    let [one, two] = ["2", "3"].map(|count| BTreeMap::from([("Count".to_owned(), Some(count.to_owned()))]));
    let given = |values| Some(Given { document: &document, values });
    let found = words(given(&one), given(&two));
    let [only] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(only.subject, Subject::Service);
    assert_eq!(
        serde_json::to_value(&only.rows).unwrap(),
        json!([{
            "what": { "about": "tasks" }, "before": { "text": "2", "hidden": false }, "after": { "text": "3", "hidden": false },
        }])
    );
}

#[test]
fn images_are_read_by_their_parts() {
    let cases = [
        ("nginx", "nginx latest (by tag only)"),
        ("nginx:1.27", "nginx 1.27 (by tag only)"),
        ("localhost:5000/a/b", "localhost:5000/a/b latest (by tag only)"),
        ("localhost:5000/a/b:1@sha256:0123456789ab", "localhost:5000/a/b 1 @ 01234567"),
        ("a@sha256:01", "a 01"),
    ];
    for (reference, expected) in cases {
        assert_eq!(Image::parse(reference).to_string(), expected);
    }
}

#[test]
fn what_rows_say_is_listed() {
    assert!(covers("AWS::ECS::Service", "DesiredCount") && covers("AWS::ECS::TaskDefinition", "ContainerDefinitions"));
    assert!(!covers("AWS::ECS::Service", "Tags") && !covers("AWS::S3::Bucket", "BucketName"));
}

#[test]
fn the_size_of_a_stack_is_that_of_its_services() {
    let of = |value: Value| {
        let document = document(value);
        size(Some(Given { document: &document, values: &NONE }))
    };
    assert_eq!(of(base()).to_string(), "4 tasks, 1 vCPU, 2 GiB");
    assert_eq!(
        of(with(&[
            ("/Resources/Task/Properties/Memory", json!("2 GB")),
            ("/Resources/Task/Properties/Cpu", json!("1 vCPU"))
        ]))
        .to_string(),
        "4 tasks, 4 vCPU, 8 GiB"
    );
    let containers = with(&[
        ("/Resources/Task/Properties/Memory", Value::Null),
        ("/Resources/Task/Properties/Cpu", Value::Null),
        ("/Resources/Task/Properties/ContainerDefinitions/0/Cpu", json!(512)),
        ("/Resources/Task/Properties/ContainerDefinitions/0/MemoryReservation", json!(1024)),
    ]);
    assert_eq!(of(containers).to_string(), "4 tasks, 2 vCPU, 4 GiB");
    assert_eq!(of(with(&[("/Resources/Service/Properties/DesiredCount", Value::Null)])).least.tasks, 1);
    assert_eq!(
        of(with(&[("/Resources/Service/Properties/DesiredCount", json!({ "Ref": "X" }))])).to_string(),
        "0 tasks, 0 vCPU, 0 GiB, and 1 service of unknown size"
    );
    assert_eq!(of(with(&[("/Resources/Service/Properties/SchedulingStrategy", json!("DAEMON"))])).unknown, 0);
    let target = json!({ "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
        "ServiceNamespace": "ecs", "MinCapacity": 2, "MaxCapacity": 8, "ResourceId": { "Fn::Sub": "service/main/${Service.Name}" },
    } });
    assert_eq!(
        of(with(&[("/Resources/Target", target)])).to_string(),
        "2 tasks, 0.5 vCPU, 1 GiB to 8 tasks, 2 vCPU, 4 GiB"
    );
    assert_eq!(size(None).to_string(), "0 tasks, 0 vCPU, 0 GiB");
}
