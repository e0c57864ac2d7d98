//! What drift is read from: settings of services, task definitions, and CloudFormation's drift detection.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use landfall::cloud::{At, Change, ChangeSetRequest, CloudError, Finding, Observe};
use landfall::model::StackName;
use landfall::model::drift::Drifted;
use landfall::model::observed::DriftChecked;
use serde_json::{Value, json};

use super::canned::{Canned, Reply, answered, refusal};
use super::server::{at, cloud};

fn here() -> At {
    at("111111111111", "eu-west-1")
}

fn arn(cluster: &str, name: &str) -> Arc<str> {
    format!("arn:aws:ecs:eu-west-1:111111111111:service/{cluster}/{name}").into()
}

fn says(body: &Value) -> Reply {
    Reply::Http(200, body.to_string())
}

/// An error in the form of ECS.
fn refused(code: &str, message: &str) -> Reply {
    Reply::Http(400, json!({ "__type": code, "message": message }).to_string())
}

fn service(arn: &str, status: &str) -> Value {
    json!({
        "serviceArn": arn, "status": status, "desiredCount": 2, "schedulingStrategy": "REPLICA",
        "taskDefinition": "arn:task:1",
    })
}

fn services(all: &[Value], missing: &[Arc<str>]) -> Reply {
    let failures: Vec<Value> = missing.iter().map(|arn| json!({ "arn": &**arn, "reason": "MISSING" })).collect();
    says(&json!({ "services": all, "failures": failures }))
}

#[tokio::test]
async fn settings_are_read_ten_services_at_a_time_and_by_cluster() {
    let main: Vec<Arc<str>> = (10..21).map(|number| arn("main", &format!("web-{number}"))).collect();
    let other = arn("other", "web");
    let of = |arns: &[Arc<str>]| arns.iter().map(|arn| service(arn, "ACTIVE")).collect::<Vec<_>>();
    let mut first = of(&main[..9]);
    first[0]["status"] = json!("INACTIVE");
    let replies = vec![
        services(&first, &main[9..10]),
        services(&of(&main[10..]), &[]),
        refused("ClusterNotFoundException", "Cluster not found."),
    ];
    let server = Canned::new(replies);
    let mut asked: Vec<Arc<str>> = main.clone();
    asked.insert(3, other.clone());
    let settings = cloud(&server.endpoint).settings(&here(), &asked).await.unwrap();
    let known: Vec<&Arc<str>> = settings.keys().collect();
    assert_eq!(known, main[1..9].iter().chain(&main[10..]).collect::<Vec<_>>());
    let calls: Vec<Value> = server.asked().iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    let calls: Vec<_> =
        calls.iter().map(|call| (&call["cluster"], call["services"].as_array().unwrap().len())).collect();
    assert_eq!(calls, [(&json!("main"), 10), (&json!("main"), 1), (&json!("other"), 1)]);
}

#[tokio::test]
async fn a_service_that_aws_says_nothing_about_is_not_taken_for_deleted() {
    let silent = services(&[], &[]);
    let server = Canned::new(vec![silent]);
    let error = cloud(&server.endpoint).settings(&here(), &[arn("main", "web")]).await.unwrap_err();
    assert!(matches!(error, CloudError::Lost { .. }), "{error}");
    assert!(error.to_string().contains("asked for 1 services, got 0"), "{error}");
}

/// Service Connect and volumes with everything that ECS has for them.
fn unseen() -> [(&'static str, Value); 2] {
    let connect = json!({
        "enabled": true, "namespace": "shop",
        "services": [{
            "portName": "http", "discoveryName": "web", "ingressPortOverride": 8081,
            "clientAliases": [{ "port": 80, "dnsName": "web.shop", "testTrafficRules": {
                "header": { "name": "x-test", "value": { "exact": "yes" } } } }],
            "timeout": { "idleTimeoutSeconds": 60, "perRequestTimeoutSeconds": 15 },
            "tls": { "issuerCertificateAuthority": { "awsPcaAuthorityArn": "arn:authority" }, "kmsKey": "arn:key", "roleArn": "arn:role" },
        }],
        "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "shop" },
            "secretOptions": [{ "name": "token", "valueFrom": "arn:secret" }] },
        "accessLogConfiguration": { "format": "JSON", "includeQueryParameters": "ENABLED" },
    });
    let volumes = json!([{ "name": "data", "managedEBSVolume": {
        "roleArn": "arn:role", "encrypted": true, "kmsKeyId": "key", "volumeType": "gp3", "sizeInGiB": 20,
        "snapshotId": "snap-1", "volumeInitializationRate": 100, "iops": 3000, "throughput": 125, "filesystemType": "ext4",
        "tagSpecifications": [{ "resourceType": "volume", "propagateTags": "SERVICE",
            "tags": [{ "key": "team", "value": "shop" }] }],
    } }]);
    [("serviceConnectConfiguration", connect), ("volumeConfigurations", volumes)]
}

#[tokio::test]
async fn what_is_read_of_a_service_is_what_is_put_back() {
    let unseen: serde_json::Map<String, Value> =
        unseen().map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
    let mut primary = unseen.clone();
    primary.insert("status".to_owned(), json!("PRIMARY"));
    let read = settings(json!({ "deployments": [primary] })).await;
    let names = ["ServiceConnectConfiguration", "VolumeConfigurations"];
    let of = |value: fn(&Value) -> Value| names.map(|name| (name.to_owned(), value(&read[name]))).into();
    let server = Canned::new(vec![says(&json!({ "service": {} })), says(&json!({ "service": {} }))]);
    let cloud = cloud(&server.endpoint);
    cloud.restore_service(&here(), &arn("main", "web"), &of(Clone::clone)).await.unwrap();
    cloud.restore_service(&here(), &arn("main", "web"), &of(|_| Value::Null)).await.unwrap();
    let asked: Vec<Value> = server.asked().iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    let with = |mut settings: serde_json::Map<String, Value>| {
        settings.insert("service".to_owned(), json!(&*arn("main", "web")));
        settings.insert("cluster".to_owned(), json!("main"));
        Value::Object(settings)
    };
    assert_eq!(asked[0], with(unseen));
    let off = json!({ "serviceConnectConfiguration": { "enabled": false }, "volumeConfigurations": [] });
    assert_eq!(asked[1], with(off.as_object().unwrap().clone()));
}

/// The settings of a service that ECS describes like this.
async fn settings(more: Value) -> Value {
    let arn = arn("main", "web");
    let mut described = service(&arn, "ACTIVE");
    described.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let server = Canned::new(vec![services(&[described], &[])]);
    let mut all = cloud(&server.endpoint).settings(&here(), std::slice::from_ref(&arn)).await.unwrap();
    all.remove(&arn).unwrap().into_iter().collect()
}

#[tokio::test]
async fn settings_have_the_names_of_cloudformation() {
    let found = settings(json!({
        "launchType": "FARGATE", "platformVersion": "LATEST", "enableExecuteCommand": true, "propagateTags": "SERVICE",
        "healthCheckGracePeriodSeconds": 30, "availabilityZoneRebalancing": "ENABLED",
        "networkConfiguration": { "awsvpcConfiguration": {
            "subnets": ["subnet-b", "subnet-a"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED" } },
        "deploymentConfiguration": {
            "maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0,
            "deploymentCircuitBreaker": { "enable": true, "rollback": true },
            "alarms": { "alarmNames": ["slow", "bad"], "enable": true, "rollback": false } },
        "loadBalancers": [{ "targetGroupArn": "arn:group", "containerName": "app", "containerPort": 80 }],
        "deployments": [
            { "status": "ACTIVE", "serviceConnectConfiguration": { "enabled": false } },
            { "status": "PRIMARY", "serviceConnectConfiguration": { "enabled": true, "namespace": "shop" } },
        ],
    }))
    .await;
    let expected = json!({
        "TaskDefinition": "arn:task:1", "DesiredCount": 2, "LaunchType": "FARGATE", "PlatformVersion": "LATEST",
        "EnableExecuteCommand": true, "EnableECSManagedTags": false, "PropagateTags": "SERVICE",
        "HealthCheckGracePeriodSeconds": 30, "AvailabilityZoneRebalancing": "ENABLED",
        "NetworkConfiguration": { "AwsvpcConfiguration": {
            "Subnets": ["subnet-a", "subnet-b"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "DISABLED" } },
        "DeploymentConfiguration": {
            "MaximumPercent": 200, "MinimumHealthyPercent": 100, "Strategy": "ROLLING", "BakeTimeInMinutes": 0,
            "DeploymentCircuitBreaker": { "Enable": true, "Rollback": true },
            "Alarms": { "AlarmNames": ["bad", "slow"], "Enable": true, "Rollback": false } },
        "LoadBalancers": [{ "TargetGroupArn": "arn:group", "ContainerName": "app", "ContainerPort": 80 }],
        "ServiceConnectConfiguration": { "Enabled": true, "Namespace": "shop" },
    });
    assert_eq!(found, expected);
}

#[tokio::test]
async fn what_ecs_changes_by_itself_is_no_setting() {
    let found = settings(json!({
        "schedulingStrategy": "DAEMON",
        "loadBalancers": [{ "targetGroupArn": "arn:blue", "containerName": "app", "containerPort": 80,
            "advancedConfiguration": { "alternateTargetGroupArn": "arn:green", "productionListenerRule": "arn:rule",
                "roleArn": "arn:role" } }],
    }))
    .await;
    let balancer = json!({ "ContainerName": "app", "ContainerPort": 80,
        "AdvancedConfiguration": { "ProductionListenerRule": "arn:rule", "RoleArn": "arn:role" } });
    assert_eq!(found["LoadBalancers"], json!([balancer]));
    assert_eq!(found.get("DesiredCount"), None);
}

#[tokio::test]
async fn a_task_definition_is_read_with_its_named_things_by_name() {
    let answer = json!({ "taskDefinition": {
        "taskDefinitionArn": "arn:task:7", "family": "web", "revision": 7, "status": "ACTIVE", "registeredAt": 1.0,
        "cpu": "256", "memory": "512", "networkMode": "awsvpc", "executionRoleArn": "arn:role",
        "runtimePlatform": { "cpuArchitecture": "ARM64" }, "ephemeralStorage": { "sizeInGiB": 30 },
        "volumes": [{ "name": "data", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } }],
        "containerDefinitions": [{
            "name": "app", "image": "web:1", "cpu": 0, "essential": true, "command": ["run", "all"],
            "environment": [{ "name": "MODE", "value": "live" }, { "name": "DEBUG", "value": "0" }],
            "secrets": [{ "name": "KEY", "valueFrom": "arn:secret" }],
            "portMappings": [{ "containerPort": 80, "hostPort": 80, "protocol": "tcp" }],
            "mountPoints": [{ "sourceVolume": "data", "containerPath": "/data", "readOnly": true }],
            "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "web" } },
        }],
    }});
    let server = Canned::new(vec![says(&answer)]);
    let found = cloud(&server.endpoint).task_definition(&here(), "arn:task:7").await.unwrap().unwrap();
    let expected = json!({
        "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc", "ExecutionRoleArn": "arn:role",
        "RuntimePlatform": { "CpuArchitecture": "ARM64" }, "EphemeralStorage": { "SizeInGiB": 30 },
        "Volumes": { "data": { "EFSVolumeConfiguration": { "FilesystemId": "fs-1" } } },
        "ContainerDefinitions": { "app": {
            "Image": "web:1", "Cpu": 0, "Essential": true, "Command": ["run", "all"],
            "Environment": { "DEBUG": "0", "MODE": "live" },
            "Secrets": { "KEY": "arn:secret" },
            "PortMappings": [{ "ContainerPort": 80, "HostPort": 80, "Protocol": "tcp" }],
            "MountPoints": [{ "SourceVolume": "data", "ContainerPath": "/data", "ReadOnly": true }],
            "LogConfiguration": { "LogDriver": "awslogs", "Options": { "awslogs-group": "web" } },
        } },
    });
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_task_definition_that_ecs_does_not_know_is_none() {
    let server = Canned::new(vec![refused("ClientException", "Unable to describe task definition.")]);
    assert_eq!(cloud(&server.endpoint).task_definition(&here(), "arn:task:7").await, Ok(None));
    let server = Canned::new(vec![refused("ClientException", "something else")]);
    assert!(cloud(&server.endpoint).task_definition(&here(), "arn:task:7").await.is_err());
}

#[tokio::test]
async fn a_detection_that_is_running_is_fine() {
    let running = "Drift detection is already in progress for stack [arn:web]";
    let started = answered("DetectStackDrift", "<StackDriftDetectionId>1</StackDriftDetectionId>");
    for reply in [started, refusal(400, "ValidationError", running)] {
        let server = Canned::new(vec![reply]);
        assert_eq!(cloud(&server.endpoint).detect_drift(&here(), "arn:web").await, Ok(()));
    }
    let server = Canned::new(vec![refusal(400, "ValidationError", "Stack [arn:web] does not exist")]);
    let error = cloud(&server.endpoint).detect_drift(&here(), "arn:web").await.unwrap_err();
    assert!(matches!(error, CloudError::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn what_a_detection_found_is_read_from_all_pages() {
    let resource = |logical: &str, status: &str, more: &str| {
        format!(
            "<member><StackId>arn:web</StackId><LogicalResourceId>{logical}</LogicalResourceId>\
             <PhysicalResourceId>physical</PhysicalResourceId><ResourceType>AWS::Logs::LogGroup</ResourceType>\
             <StackResourceDriftStatus>{status}</StackResourceDriftStatus>\
             <Timestamp>2026-12-01T10:00:00Z</Timestamp>{more}</member>"
        )
    };
    let difference = |path: &str, expected: &str, actual: &str| {
        format!(
            "<member><PropertyPath>{path}</PropertyPath><ExpectedValue>{expected}</ExpectedValue>\
             <ActualValue>{actual}</ActualValue><DifferenceType>NOT_EQUAL</DifferenceType></member>"
        )
    };
    let page = |resources: &str, next: &str| {
        let inside = format!("<StackResourceDrifts>{resources}</StackResourceDrifts><NextToken>{next}</NextToken>");
        answered("DescribeStackResourceDrifts", &inside)
    };
    let differences = [difference("/RetentionInDays", "30", "7"), difference("/Tags/0", "null", &"x".repeat(500))];
    let differences = format!("<PropertyDifferences>{}</PropertyDifferences>", differences.concat());
    let pages = vec![page(&resource("Logs", "MODIFIED", &differences), "2"), page(&resource("Old", "DELETED", ""), "")];
    let server = Canned::new(pages);
    let found = cloud(&server.endpoint).drift(&here(), "arn:web").await.unwrap();
    let drifted = |resource: &str, path: &str, was: Option<&str>, is: Option<String>| Drifted {
        resource: resource.into(),
        kind: "AWS::Logs::LogGroup".into(),
        path: path.to_owned(),
        was: was.map(str::to_owned),
        is,
    };
    let expected = [
        drifted("Logs", "RetentionInDays", Some("30"), Some("7".to_owned())),
        drifted("Logs", "Tags/0", None, Some(format!("{}…", "x".repeat(400)))),
        drifted("Old", "", Some("physical"), None),
    ];
    assert_eq!(found, expected);
    let asked = server.asked();
    assert!(asked[0].contains("StackResourceDriftStatusFilters.member.1=MODIFIED"), "{asked:?}");
    assert!(asked[1].contains("NextToken=2"), "{asked:?}");
}

#[tokio::test]
async fn the_listing_tells_what_the_last_detection_found() {
    let stack = |drift: &str| {
        let stack = format!(
            "<member><StackName>web</StackName><StackId>arn:web</StackId><StackStatus>CREATE_COMPLETE</StackStatus>\
             <CreationTime>2026-11-22T10:00:00Z</CreationTime><DriftInformation>{drift}</DriftInformation></member>"
        );
        answered("DescribeStacks", &format!("<Stacks>{stack}</Stacks>"))
    };
    let ran = "<LastCheckTimestamp>2026-12-01T10:00:00Z</LastCheckTimestamp>";
    let at: Timestamp = "2026-12-01T10:00:00Z".parse().unwrap();
    let cases = [
        (format!("<StackDriftStatus>DRIFTED</StackDriftStatus>{ran}"), Some(DriftChecked { drifted: true, at })),
        (format!("<StackDriftStatus>IN_SYNC</StackDriftStatus>{ran}"), Some(DriftChecked { drifted: false, at })),
        (format!("<StackDriftStatus>NOT_CHECKED</StackDriftStatus>{ran}"), None),
        ("<StackDriftStatus>DRIFTED</StackDriftStatus>".to_owned(), None),
    ];
    for (drift, expected) in cases {
        let server = Canned::new(vec![stack(&drift)]);
        let seen = cloud(&server.endpoint).stack(&here(), "web").await.unwrap().unwrap();
        assert_eq!(seen.drift, expected, "{drift}");
    }
}

#[tokio::test]
async fn a_change_set_reverts_drift_only_if_asked() {
    for reverts in [false, true] {
        let request = ChangeSetRequest {
            stack: StackName::seen("web"),
            name: "lf-1-1".into(),
            create: false,
            template: "{}".into(),
            parameters: BTreeMap::new(),
            tags: BTreeMap::new(),
            capabilities: Vec::new(),
            token: "lf-1".into(),
            reverts,
        };
        let server = Canned::new(vec![answered("CreateChangeSet", "<Id>arn:set</Id><StackId>arn:web</StackId>")]);
        cloud(&server.endpoint).create_change_set(&here(), &request).await.unwrap();
        let asked = server.asked();
        assert_eq!(asked[0].contains("DeploymentMode=REVERT_DRIFT"), reverts, "{asked:?}");
    }
}

#[tokio::test]
async fn what_validation_and_hooks_found_is_read_from_all_pages() {
    let event = |kind: &str, more: &str| {
        format!(
            "<member><EventId>1</EventId><EventType>{kind}</EventType><LogicalResourceId>Data</LogicalResourceId>{more}</member>"
        )
    };
    let page = |events: &str, next: &str| {
        let inside = format!("<OperationEvents>{events}</OperationEvents><NextToken>{next}</NextToken>");
        answered("DescribeEvents", &inside)
    };
    let path = "<ValidationPath>/Resources/Data/Properties/BucketName</ValidationPath>";
    let taken = format!(
        "<ValidationFailureMode>FAIL</ValidationFailureMode><ValidationStatusReason>taken</ValidationStatusReason>{path}"
    );
    let hook = "<HookFailureMode>WARN</HookFailureMode><HookStatusReason>no owner</HookStatusReason>";
    let first = event("VALIDATION_ERROR", &taken) + &event("STACK_EVENT", "");
    let server = Canned::new(vec![page(&first, "2"), page(&event("HOOK_INVOCATION_ERROR", hook), "")]);
    let found = cloud(&server.endpoint).findings(&here(), "arn:set").await.unwrap();
    let finding = |path: &str, reason: &str, fails| Finding {
        resource: "Data".to_owned(),
        path: path.to_owned(),
        reason: reason.to_owned(),
        fails,
    };
    assert_eq!(
        found,
        [finding("/Resources/Data/Properties/BucketName", "taken", true), finding("", "no owner", false)]
    );
    let asked = server.asked();
    assert!(
        asked[0].contains("Filters.FailedEvents=true") && asked[0].contains("ChangeSetName=arn%3Aset"),
        "{asked:?}"
    );
}
