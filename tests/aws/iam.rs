//! `iam`: what the policies grant for the example, and what they do not.

use std::sync::Arc;

use jiff::SignedDuration;
use landfall::aws::Operation;
use landfall::aws::operation::Service;
use landfall::cli::iam::split::{LONGEST, length, split};
use landfall::cli::iam::{Policies, policies};
use landfall::model::process::{
    EcsService, EcsTask, Port, Scaling, ServiceConnect, ServiceRegistry, StepKind, Strategy, Task, TemplateRun,
};
use serde_json::{Value, json};

use super::verify::example;
use crate::support::table::table;

const DAEMON: &str = "arn:aws:iam::333333333333:role/landfall-daemon";

fn granted() -> Policies {
    policies(&example(), Some(DAEMON))
}

/// Every action with the resources that it is allowed on.
fn actions(document: &Value) -> Vec<(String, Vec<String>)> {
    let texts = |value: &Value| match value {
        Value::String(one) => vec![one.clone()],
        more => more.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
    };
    let statements = document["Statement"].as_array().unwrap();
    let each = |statement: &Value| {
        let resources = texts(&statement["Resource"]);
        texts(&statement["Action"]).into_iter().map(move |action| (action, resources.clone())).collect::<Vec<_>>()
    };
    statements.iter().flat_map(each).collect()
}

fn resources(document: &Value, action: &str) -> Vec<String> {
    actions(document).into_iter().filter(|(name, _)| name == action).flat_map(|(_, resources)| resources).collect()
}

#[test]
fn the_daemon_may_assume_exactly_the_roles_of_the_accounts() {
    let policies = granted();
    let role = "arn:aws:iam::222222222222:role/landfall-deploy";
    assert_eq!(resources(&policies.daemon, "sts:AssumeRole"), [role]);
    let named: Vec<&str> = policies.roles.iter().map(|one| &*one.role).collect();
    assert_eq!(named, [role]);
}

#[test]
fn a_role_trusts_the_daemon_with_its_external_id_only() {
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "AWS": DAEMON },
        "Action": "sts:AssumeRole",
        "Condition": { "StringEquals": { "sts:ExternalId": "example-landfall" } },
    }]});
    assert_eq!(granted().roles[0].trust, trust);
}

#[test]
fn an_account_without_a_role_is_reached_with_the_daemons_own_rights() {
    let stacks = resources(&granted().daemon, "cloudformation:CreateChangeSet");
    assert!(
        stacks.contains(&"arn:aws:cloudformation:eu-west-1:111111111111:stack/storefront-*".to_owned()),
        "{stacks:?}"
    );
    assert!(!stacks.iter().any(|stack| stack.contains("222222222222")), "{stacks:?}");
}

#[test]
fn every_call_of_the_adapter_is_granted() {
    let permissions = &granted().roles[0].permissions;
    // Registries are asked by whoever makes a release, never by the daemon.
    // Tasks are run only where a step has one.
    let tasks = [Operation::RunTask, Operation::StopTask];
    let ours = |operation: &&Operation| {
        ![Service::Sts, Service::Ecr].contains(&operation.service()) && !tasks.contains(*operation)
    };
    for operation in Operation::ALL.iter().filter(ours) {
        assert!(!resources(permissions, &operation.action()).is_empty(), "{} is not granted", operation.action());
    }
}

#[test]
fn cloudformation_may_detect_drift_of_the_projects_stacks() {
    let permissions = &granted().roles[0].permissions;
    for action in ["DetectStackDrift", "DetectStackResourceDrift", "DescribeStackResourceDrifts"] {
        let stacks = resources(permissions, &format!("cloudformation:{action}"));
        let stack = "arn:aws:cloudformation:eu-west-1:222222222222:stack/storefront-*".to_owned();
        assert!(stacks.contains(&stack), "{action}: {stacks:?}");
    }
    assert_eq!(resources(permissions, "cloudformation:BatchDescribeTypeConfigurations"), ["*"]);
}

#[test]
fn nothing_is_changed_outside_the_projects_names() {
    for (action, resources) in actions(&granted().roles[0].permissions) {
        let verb = action.split(':').nth(1).unwrap();
        let reads = ["Describe", "BatchDescribe", "List", "Get"].iter().any(|begin| verb.starts_with(begin));
        // These two take no resource.
        let unscoped = ["RegisterTaskDefinition", "DeregisterTaskDefinition"].contains(&verb);
        for resource in resources {
            assert!(reads || unscoped || resource != "*", "{action} on everything");
            assert!(!resource.contains("111111111111"), "{action} in another account: {resource}");
        }
    }
}

#[test]
fn roles_are_passed_to_tasks_and_schedules_only() {
    let policies = granted();
    let statements = policies.roles[0].permissions["Statement"].as_array().unwrap();
    let pass = statements.iter().find(|one| one["Action"] == json!(["iam:PassRole"])).unwrap();
    let users = json!(["ecs-tasks.amazonaws.com", "scheduler.amazonaws.com"]);
    assert_eq!(pass["Condition"], json!({ "StringEquals": { "iam:PassedToService": users } }));
}

#[test]
fn buckets_are_granted_where_a_target_names_one_for_its_own_templates_only() {
    let policies = granted();
    let bucket = "arn:aws:s3:::example-prod-landfall-eu";
    let permissions = &policies.roles[0].permissions;
    for action in ["s3:PutObject", "s3:GetObject"] {
        assert_eq!(resources(permissions, action), [format!("{bucket}/landfall/example/*")], "{action}");
    }
    assert_eq!(resources(permissions, "s3:ListBucket"), [bucket]);
    assert!(actions(&policies.daemon).iter().all(|(action, _)| !action.starts_with("s3:")));
}

/// The policies where every step of the example is changed.
fn changed(change: impl Fn(&mut EcsService)) -> Policies {
    let mut catalog = example();
    for project in catalog.projects.values_mut() {
        let head = Arc::make_mut(Arc::make_mut(project).head.as_mut().unwrap());
        for step in &mut head.steps {
            if let StepKind::EcsService(service) = &mut Arc::make_mut(step).kind {
                change(service);
            }
        }
    }
    policies(&catalog, Some(DAEMON))
}

#[test]
fn what_stands_around_a_service_is_granted_where_a_step_makes_it() {
    let before = granted();
    for action in
        ["elasticloadbalancing:CreateTargetGroup", "application-autoscaling:PutScalingPolicy", "iam:AttachRolePolicy"]
    {
        assert!(resources(&before.roles[0].permissions, action).is_empty(), "{action} is granted without need");
    }
    let scaling: Scaling = table("min_capacity = 1\nmax_capacity = 2");
    let after = changed(|service| service.scaling = Some(scaling.clone()));
    let granted = resources(&after.roles[0].permissions, "application-autoscaling:RegisterScalableTarget");
    assert_eq!(granted.len(), 2, "one for each region: {granted:?}");
    let after = changed(|service| service.deployment_configuration.strategy = Strategy::BlueGreen.into());
    let statements = after.roles[0].permissions["Statement"].as_array().unwrap();
    let pass = statements.iter().find(|one| one["Action"] == json!(["iam:PassRole"])).unwrap();
    let users = json!(["ecs-tasks.amazonaws.com", "ecs.amazonaws.com", "scheduler.amazonaws.com"]);
    assert_eq!(pass["Condition"]["StringEquals"]["iam:PassedToService"], users);
    assert!(!resources(&after.roles[0].permissions, "iam:AttachRolePolicy").is_empty());
}

#[test]
fn what_steps_name_is_granted_by_these_names_alone() {
    let text = |raw: &str| Some(table::<Port>(&format!("port = 80\nname = '{raw}'")).name.unwrap());
    let named = changed(|service| {
        service.task.log_group_name = text("/ecs/#{stack.name}");
        service.task.family = text("shop-#{environment.id}-web");
        service.options.service_name = text("shop");
    });
    let allows = |action: &str, resource: &str| {
        let resource = format!("arn:aws:{resource}");
        assert!(resources(&named.roles[0].permissions, action).contains(&resource), "{action} on {resource}");
    };
    allows("logs:CreateLogGroup", "logs:eu-west-1:222222222222:log-group:/ecs/storefront-*");
    allows("logs:GetLogEvents", "logs:eu-west-1:222222222222:log-group:/ecs/storefront-*:log-stream:*");
    allows("ecs:TagResource", "ecs:eu-west-1:222222222222:task-definition/shop-*-web:*");
    let cluster = "prod-eu";
    allows("ecs:CreateService", &format!("ecs:eu-west-1:222222222222:service/{cluster}/shop"));
    allows("ecs:ContinueServiceDeployment", &format!("ecs:eu-west-1:222222222222:service-deployment/{cluster}/shop/*"));
    assert!(!named.notes.iter().any(|note| note.contains("begins with a variable")), "{:?}", named.notes);
    let open = changed(|service| service.task.family = text("#{family}"));
    let note = "begins with a variable (#{family}): the deploying role also needs the rights on task definitions that these give";
    assert!(open.notes.iter().any(|known| known.contains(note)), "{:?}", open.notes);
    assert_eq!(open.roles[0].permissions, granted().roles[0].permissions);
}

#[test]
fn running_is_granted_where_a_template_has_a_task_that_runs_once() {
    let mut catalog = example();
    let project = Arc::make_mut(catalog.projects.get_mut("orders").unwrap());
    let head = Arc::make_mut(project.head.as_mut().unwrap());
    for step in &mut head.steps {
        if let StepKind::CloudFormation(raw) = &mut Arc::make_mut(step).kind {
            let run =
                EcsTask { task: Task::new(0, 0, vec![]), timeout: SignedDuration::from_mins(30), repeatable: false };
            raw.run = Some(TemplateRun { definition: "Migrate".into(), run });
        }
    }
    let run = |policies: &Policies| resources(&policies.roles[0].permissions, &Operation::RunTask.action());
    assert!(run(&granted()).is_empty());
    let granted = run(&policies(&catalog, Some(DAEMON)));
    assert!(granted.iter().any(|definition| definition.contains(":task-definition/orders-")), "{granted:?}");
}

#[test]
fn schedules_are_granted_by_the_names_that_stacks_give_them() {
    let granted = resources(&granted().roles[0].permissions, "scheduler:CreateSchedule");
    assert!(granted.iter().all(|schedule| schedule.contains(":schedule/default/")), "{granted:?}");
    assert!(
        granted.contains(&"arn:aws:scheduler:eu-west-1:222222222222:schedule/default/billing-*".to_owned()),
        "{granted:?}"
    );
}

#[test]
fn what_finding_each_other_needs_is_granted_where_a_step_asks() {
    let connect = |role: &str| {
        let tls =
            format!("{{ issuer_certificate_authority = {{ aws_pca_authority_arn = 'arn:aws:acm-pca:x' }}{role} }}");
        Some(table::<ServiceConnect>(&format!("services = [{{ port_name = 'web', tls = {tls} }}]")).into())
    };
    let made = changed(|service| service.service_connect_configuration = connect(""));
    assert!(!resources(&made.roles[0].permissions, "iam:AttachRolePolicy").is_empty());
    let role = "arn:aws:iam::222222222222:role/certificates";
    let given = changed(|service| service.service_connect_configuration = connect(&format!(", role_arn = '{role}'")));
    assert!(resources(&given.roles[0].permissions, "iam:PassRole").contains(&role.to_owned()));
    assert!(resources(&given.roles[0].permissions, "iam:AttachRolePolicy").is_empty());
    let registry = || table::<ServiceRegistry>("own_service = { namespace_id = 'ns-1', name = 'shop' }").into();
    let found = changed(|service| service.service_registries = vec![registry()]);
    assert!(!resources(&found.roles[0].permissions, "servicediscovery:CreateService").is_empty());
    assert!(resources(&given.roles[0].permissions, "servicediscovery:CreateService").is_empty());
}

/// What a policy allows: every pair of an action and a resource, with the condition.
fn pairs(policies: &[Value]) -> std::collections::BTreeSet<(String, String, String)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let mut pairs = std::collections::BTreeSet::new();
    for statement in policies.iter().flat_map(|policy| list(&policy["Statement"])) {
        for action in list(&statement["Action"]) {
            for resource in list(&statement["Resource"]) {
                pairs.insert((action.to_string(), resource.to_string(), statement["Condition"].to_string()));
            }
        }
    }
    pairs
}

#[test]
fn a_policy_is_split_to_fit_and_allows_the_same() {
    let whole = granted();
    assert_eq!(split(&whole.daemon).len(), 1, "a short policy stays one");
    let statement = |actions: usize, resources: usize| {
        let actions: Vec<String> = (0..actions).map(|n| format!("iam:Action{n}")).collect();
        let resources: Vec<String> =
            (0..resources).map(|n| format!("arn:aws:iam::222222222222:role/of-{n}-*")).collect();
        json!({ "Effect": "Allow", "Action": actions, "Resource": resources, "Condition": { "StringEquals": { "a": "b" } } })
    };
    for (actions, resources, statements) in [(1, 1, 0), (3, 10, 60), (5, 2_000, 3), (900, 1, 2), (300, 200, 1)] {
        let all: Vec<Value> = (0..statements).map(|_| statement(actions, resources)).collect();
        let policy = json!({ "Version": "2012-10-17", "Statement": all });
        let parts = split(&policy);
        assert!(parts.iter().all(|part| length(part) <= LONGEST && part["Version"] == "2012-10-17"));
        assert_eq!(pairs(&parts), pairs(&[policy]), "{actions} actions, {resources} resources");
    }
}
