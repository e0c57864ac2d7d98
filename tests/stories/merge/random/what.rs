//! Edits of *what* is deployed: processes, templates and variables. Only a new or a refreshed release brings them anywhere.

use toml_edit::{Array, ArrayOfTables, InlineTable, Item, Table, Value, value};

use super::Edit;
use super::scene::Scene;

pub(super) const WHAT: &[(&str, Edit)] = &[
    ("a number of a step changes", number),
    ("a number of a step changes", number),
    ("an environment variable is added", environment),
    ("another port", port),
    ("another protocol", protocol),
    ("another priority", priority),
    ("another strategy", strategy),
    ("a circuit breaker goes or comes", breaker),
    ("more rights", rights),
    ("another launch type", launch),
    ("a step is renamed", renamed),
    ("a step is renamed and keeps its id", renamed_with_id),
    ("a step goes", step_goes),
    ("a step comes", step_comes),
    ("a container is renamed", container),
    ("a property of a template changes", property),
    ("a property of a template changes", property),
    ("a property of a template changes", property),
    ("a resource goes", resource_goes),
    ("a resource comes", resource_comes),
    ("a resource is renamed", resource_renamed),
    ("a policy changes", policy),
    ("a variable changes", variable),
    ("a variable changes", variable),
    ("a value gets a scope", scoped),
    ("a schedule changes", schedule),
    ("a parameter changes", parameter),
    ("the load balancer goes", balancing_goes),
];

const SERVICES: &[&str] = &["checkout", "storefront", "billing", "portal"];

fn number(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.one(SERVICES);
    scene.step(project, "ecs-service", |step, random| {
        let (key, of): (&str, &[i64]) = *random.one(&[
            ("desired_count", &[0, 1, 3, 6][..]),
            ("cpu", &[256, 1024]),
            ("memory", &[2048, 3072]),
            ("health_check_grace", &[30, 120]),
            ("log_retention_days", &[7, 90]),
            ("minimum_healthy_percent", &[50, 100]),
            ("maximum_percent", &[150, 300]),
        ])?;
        step[key] = value(*random.one(of)?);
        Some(())
    })
}

/// The first container of a step.
fn first(step: &mut Table) -> Option<&mut Table> {
    step.get_mut("container")?.as_array_of_tables_mut()?.get_mut(0)
}

fn environment(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.one(SERVICES);
    scene.step(project, "ecs-service", |step, random| {
        let variables = first(step)?.entry("environment").or_insert(value(InlineTable::new())).as_inline_table_mut()?;
        variables.insert("ADDED", Value::from(*random.one(&["yes", "#{environment.name}", "#{release.version}"])?));
        Some(())
    })
}

fn port(scene: &mut Scene<'_>) -> Option<()> {
    scene.step("portal", "ecs-service", |step, random| {
        first(step)?["port"] = value(*random.one(&[80, 8443])?);
        Some(())
    })
}

fn balancer(step: &mut Table) -> Option<&mut Table> {
    step.get_mut("load_balancer")?.as_array_of_tables_mut()?.get_mut(0)
}

fn protocol(scene: &mut Scene<'_>) -> Option<()> {
    scene.swap("projects/checkout/process.toml", "protocol = \"http\"", "protocol = \"https\"")
}

fn priority(scene: &mut Scene<'_>) -> Option<()> {
    scene.swap("projects/checkout/process.toml", "priority = 10", "priority = 77")
}

fn strategy(scene: &mut Scene<'_>) -> Option<()> {
    scene.step("checkout", "ecs-service", |step, random| {
        step.remove("circuit_breaker");
        let mut with = InlineTable::new();
        with.insert("strategy", Value::from(*random.one(&["blue-green", "rolling"])?));
        if with["strategy"].as_str() == Some("blue-green") {
            with.insert("bake_time_in_minutes", Value::from(*random.one(&[0_i64, 5])?));
        }
        step["deployment_configuration"] = value(with);
        Some(())
    })
}

fn breaker(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.one(SERVICES);
    scene.step(project, "ecs-service", |step, _| {
        if step.remove("circuit_breaker").is_none() {
            let mut with = InlineTable::new();
            with.insert("enabled", Value::from(true));
            with.insert("rollback", Value::from(true));
            step["circuit_breaker"] = value(with);
        }
        Some(())
    })
}

fn rights(scene: &mut Scene<'_>) -> Option<()> {
    let action = scene.one(&["sqs:*", "sqs:SendMessage\", \"sqs:ReceiveMessage", "*"]);
    scene.swap("projects/checkout/process.toml", "sqs:SendMessage", action)
}

fn launch(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.one(SERVICES);
    scene.step(project, "ecs-service", |step, random| {
        step["launch"] = value(*random.one(&["fargate", "fargate-spot"])?);
        Some(())
    })
}

fn renamed(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.one(&["checkout", "portal", "data", "billing"]);
    let kind = scene.one(&["ecs-service", "cloudformation", "ecs-schedule"]);
    scene.step(project, kind, |step, _| {
        step["name"] = value("renamed");
        Some(())
    })
}

fn renamed_with_id(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.one(&["checkout", "portal", "data", "billing"]);
    let kind = scene.one(&["ecs-service", "cloudformation", "ecs-schedule"]);
    scene.step(project, kind, |step, _| {
        step["id"] = value(step.get("name")?.as_str()?);
        step["name"] = value("another");
        Some(())
    })
}

fn step_goes(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.one(&["billing", "orders", "checkout", "data"]);
    scene.toml(&format!("projects/{project}/process.toml"), |process, random| {
        let steps = process.get_mut("step")?.as_array_of_tables_mut()?;
        let at = random.below(steps.len());
        (steps.len() > 1).then(|| steps.remove(at))?;
        Some(())
    })
}

fn step_comes(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.one(&["checkout", "data", "orders", "portal"]);
    let template = scene.one(&["AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::Logs::LogGroup", "AWS::ECR::Repository"]);
    let path = format!("projects/{project}/templates/added.yaml");
    scene.files.insert(path, format!("Resources:\n  Added:\n    Type: {template}\n"));
    scene.toml(&format!("projects/{project}/process.toml"), |process, random| {
        let steps =
            process.entry("step").or_insert(Item::ArrayOfTables(ArrayOfTables::new())).as_array_of_tables_mut()?;
        let mut step = Table::new();
        step["name"] = value("added");
        step["kind"] = value("cloudformation");
        step["role"] = value(*random.one(&["web", "worker", "portal"])?);
        step["template"] = value("added.yaml");
        if random.rarely(2) {
            step["environments"] = value(Array::from_iter(["test", "production"]));
        }
        steps.push(step);
        Some(())
    })
}

fn container(scene: &mut Scene<'_>) -> Option<()> {
    scene.step("portal", "ecs-service", |step, _| {
        first(step)?["name"] = value("main");
        Some(())
    })
}

const STORE: &str = "projects/data/templates/store.yaml";
const QUEUE: &str = "projects/orders/templates/queue.yaml";

fn property(scene: &mut Scene<'_>) -> Option<()> {
    let (path, old, new) = *scene.random.one(&[
        (STORE, "'20'", "'40'"),
        (STORE, "Engine: postgres", "Engine: mysql"),
        (STORE, "MasterUsername: orders", "MasterUsername: admin"),
        (STORE, "db.t4g.micro", "db.t4g.small"),
        (STORE, "'#{identifier}'", "'#{identifier}-2'"),
        (
            STORE,
            "BillingMode: PAY_PER_REQUEST",
            "BillingMode: PAY_PER_REQUEST\n      TableName: 'carts-#{environment.name}'",
        ),
        (STORE, "{AttributeName: id, KeyType: HASH}", "{AttributeName: id, KeyType: HASH} # the key"),
        (
            STORE,
            "Type: AWS::S3::Bucket",
            "Type: AWS::S3::Bucket\n    Properties:\n      BucketName: 'files-#{environment.name}-#{target.name}'",
        ),
        (
            STORE,
            "Type: AWS::S3::Bucket",
            "Type: AWS::S3::Bucket\n    Properties:\n      VersioningConfiguration: {Status: Enabled}",
        ),
        (STORE, "vpc-0a1b2c3d4e5f60718", "vpc-0a1b2c3d4e5f60719"),
        (STORE, "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"),
        (STORE, "      VPCSecurityGroups:\n        - !GetAtt Access.GroupId\n", ""),
        (STORE, "Data of", "The data of"),
        (QUEUE, "VisibilityTimeout: 60", "VisibilityTimeout: 90"),
        (QUEUE, "VisibilityTimeout: 60", "FifoQueue: true"),
        (
            QUEUE,
            "MessageRetentionPeriod:",
            "QueueName: 'dead-#{environment.name}-#{target.name}'\n      MessageRetentionPeriod:",
        ),
        (QUEUE, "Period: 300", "Period: 600"),
        (QUEUE, "[!Ref Stage, production]", "[!Ref Stage, test]"),
        (QUEUE, "{In: 345600}", "{In: 345601}"),
        (QUEUE, "Orders of", "All orders of"),
        ("projects/orders/templates/address.yaml", "/queue'", "/queues'"),
        ("projects/orders/templates/address.yaml", "Type: String\n      Value", "Type: StringList\n      Value"),
    ])?;
    scene.swap(path, old, new)
}

fn resource_goes(scene: &mut Scene<'_>) -> Option<()> {
    let old = scene.one(&[
        "  Files:\n    Type: AWS::S3::Bucket\n",
        "  Carts:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      BillingMode: PAY_PER_REQUEST\n      AttributeDefinitions:\n        - {AttributeName: id, AttributeType: S}\n      KeySchema:\n        - {AttributeName: id, KeyType: HASH}\n",
    ]);
    scene.swap(STORE, old, "")
}

fn resource_comes(scene: &mut Scene<'_>) -> Option<()> {
    let (path, added) = *scene.random.one(&[
        (STORE, "  Cache:\n    Type: AWS::S3::Bucket\n    DeletionPolicy: Retain\n"),
        (STORE, "  Open:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: open\n      SecurityGroupIngress:\n        - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}\n"),
        (QUEUE, "  Extra:\n    Type: AWS::SQS::Queue\n    Condition: IsWatched\n"),
    ])?;
    scene.swap(path, "Resources:\n", &format!("Resources:\n{added}\n"))
}

fn resource_renamed(scene: &mut Scene<'_>) -> Option<()> {
    let (old, new) =
        *scene.random.one(&[("  Files:", "  Uploads:"), ("  Carts:", "  Baskets:"), ("  Reader:", "  Viewer:")])?;
    scene.swap(STORE, old, new)
}

fn policy(scene: &mut Scene<'_>) -> Option<()> {
    let (path, old, new) = *scene.random.one(&[
        (STORE, "DeletionPolicy: Snapshot", "DeletionPolicy: Delete"),
        (STORE, "UpdateReplacePolicy: Snapshot", "UpdateReplacePolicy: Retain"),
        (STORE, "Type: AWS::DynamoDB::Table", "Type: AWS::DynamoDB::Table\n    DeletionPolicy: Retain"),
        (QUEUE, "UpdateReplacePolicy: Retain", "UpdateReplacePolicy: Delete"),
        (QUEUE, "DeletionPolicy: Retain", "DeletionPolicy: Delete"),
    ])?;
    scene.swap(path, old, new)
}

fn variable(scene: &mut Scene<'_>) -> Option<()> {
    let (path, old, new) = *scene.random.one(&[
        ("projects/checkout/variables.toml", "\"off\"", "\"on\""),
        ("projects/checkout/variables.toml", "listener/app/shared", "listener/app/other"),
        ("projects/data/variables.toml", "SecretString:password", "SecretString:secret"),
        ("projects/data/variables.toml", "orders-#{environment.name}", "orders2-#{environment.name}"),
        ("projects/data/variables.toml", "Access to the database", "Access to the orders"),
        ("projects/orders/variables.toml", "value = 4", "value = 14"),
        ("projects/orders/variables.toml", "\"accounting@example.com\"", "\"books@example.com\""),
        ("projects/storefront/variables.toml", "https://api.example.com", "https://api2.example.com"),
        ("projects/storefront/variables.toml", "role/storefront\"", "role/shop\""),
        ("projects/billing/variables.toml", "arn:aws:s3:::acme-settings", "arn:aws:s3:::settings"),
        ("projects/portal/variables.toml", "\"warn\"", "\"error\""),
        ("projects/portal/variables.toml", "default = 20", "default = 30"),
        ("variables/common.toml", "\"info\"", "\"notice\""),
        ("variables/common.toml", "\"debug\"", "\"trace\""),
    ])?;
    scene.swap(path, old, new)
}

fn scoped(scene: &mut Scene<'_>) -> Option<()> {
    let (path, name) = *scene.random.one(&[
        ("projects/checkout/variables.toml", "feature_checkout"),
        ("projects/data/variables.toml", "group_description"),
        ("projects/storefront/variables.toml", "api_url"),
        ("variables/common.toml", "log_level"),
    ])?;
    let scope = scene.one(&[
        "environment = \"test\"",
        "environment = [\"development\", \"production\"]",
        "target = \"production-eu\"",
        "role = \"worker\"",
    ]);
    let text = scene.files.get_mut(path)?;
    text.push_str(&format!("\n[[variable]]\nname = \"{name}\"\nvalue = \"scoped\"\nscope = {{ {scope} }}\n"));
    Some(())
}

fn schedule(scene: &mut Scene<'_>) -> Option<()> {
    let (old, new) = *scene.random.one(&[
        ("cron(30 3", "cron(45 4"),
        ("task_count = 1", "task_count = 2"),
        ("enabled = true\ntask", "enabled = false\ntask"),
    ])?;
    scene.swap("projects/billing/process.toml", old, new)
}

fn parameter(scene: &mut Scene<'_>) -> Option<()> {
    let (old, new) = *scene.random.one(&[
        ("Days = \"#{days}\"", "Days = \"14\""),
        ("Stage = \"#{environment.name}\"", "Stage = \"production\""),
        ("steps.queue.outputs.QueueUrl", "steps.queue.outputs.QueueURL"),
    ])?;
    scene.swap("projects/orders/process.toml", old, new)
}

fn balancing_goes(scene: &mut Scene<'_>) -> Option<()> {
    scene.step("checkout", "ecs-service", |step, _| {
        balancer(step)?;
        step.remove("load_balancer").map(drop)
    })
}
