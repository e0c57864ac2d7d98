//! What cannot be rendered says why: each code of the table, with its words.

use std::collections::BTreeSet;
use std::sync::Arc;

use landfall::model::catalog::{Scope, Value};
use landfall::model::process::{
    CloudFormation, Compute, Container, Given, GivenParameter, LifecycleHook, LoadBalancer, Number, Part, Patch,
    PatchPath, RawTemplate, Scaling, StepKind, TargetTracking, ValueKind, Volume,
};
use landfall::model::{BucketName, Project};
use landfall::template::{CODES, PRIORITY_TAKEN, limits};
use serde_json::json;

use super::world::{World, at, container, text};
use crate::support::table::table;

type Change = fn(&mut World);

/// Adds a secret to the first container.
fn secret(world: &mut World, keys: &str) {
    world.container().secrets.insert("S".to_owned(), table(keys));
}

/// Lets the images be in another repository.
fn repository(world: &mut World, name: &str) {
    world.what.images.values_mut().for_each(|image| image.repository = text(name));
}

/// Lets a variable say the task's CPU units.
fn numbers(world: &mut World, cpu: &str) {
    *world = world.clone().variable("v", cpu, Scope::default());
    world.service().task.cpu = Some(Number::Filled(text("#{v}")));
}

/// Adds variables without a scope, and uses `user` in the first container.
fn variables(world: &mut World, values: &[(&str, &str)], user: &str) {
    let with = values.iter().fold(world.clone(), |world, (name, value)| world.variable(name, value, Scope::default()));
    *world = with.environment("X", user);
}

#[test]
fn what_cannot_be_rendered_says_why() {
    let table: &[(Change, &str)] = &[
        (
            |world| world.release.format = 2,
            "release-format: release `1.4.0` has format 2, which this landfall version does not know (this version knows formats 1 to 1: install a newer landfall)",
        ),
        (
            |world| world.release.images.clear(),
            "release-lacks-image: release `1.4.0` has no image `web` (add `web` to `[images]` of the release, or make a new release)",
        ),
        (|world| world.what.images.clear(), "unknown-image: image `web` is not in `[images]` of the process"),
        (
            |world| world.what.images.values_mut().for_each(|image| image.repository = text("localhost:5000/a:1")),
            "image-repository: `localhost:5000/a:1` is not a repository of image `web`: it contains a tag or a digest: remove it, releases supply both",
        ),
        (
            |world| repository(world, "111111111111.dkr.ecr.eu-west-1.amazonaws.com"),
            "image-repository: `111111111111.dkr.ecr.eu-west-1.amazonaws.com` is not a repository of image `web`: it does not name a repository",
        ),
        (
            |world| repository(world, "example.com/Shop"),
            "image-repository: `example.com/Shop` is not a repository of image `web`: the name of a repository must be lower case",
        ),
        (
            |world| repository(world, "111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn/shop"),
            "arn-partition: `111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn/shop` is in cn-north-1 (partition `aws-cn`), and target `prod-eu` is in eu-west-1 (`aws`) (no role can reach a registry in another partition: use a variable with a value per partition)",
        ),
        (
            |world| {
                raw(world, json!({ "Type": "String" }), "x");
                *world = world.clone().list("empty", &[""; 1000]);
                let many = Part::List(vec![Part::Element(text("#{empty}")); 10_000]);
                let StepKind::CloudFormation(step) = &mut world.step.kind else { unreachable!() };
                Arc::make_mut(&mut step.template).sections.push(("Metadata".into(), many));
            },
            "over-limit: the template becomes longer than 2000000 bytes, and CloudFormation accepts at most 1000000",
        ),
        (
            |world| world.what.images.values_mut().for_each(|image| image.repository = text("a b")),
            "image-repository: `a b` is not a repository of image `web`: it contains a character that ECS does not allow",
        ),
        (
            |world| secret(world, "secret = 'db'"),
            "secret-arn: `db` does not give the ARN of a secret in Secrets Manager (like arn:aws:secretsmanager:eu-west-1:111111111111:secret:name-AbCdEf; one key of its JSON value goes into `key`)",
        ),
        (
            |world| {
                let arn = "arn:aws:secretsmanager:eu-west-1:222222222222:secret:db-AbCdEf";
                secret(world, &format!("secret = '{arn}'\nkey = 'a:b'"));
            },
            "secret-key: `a:b` is not a key or a version of a secret: it must not be empty or contain `:` (a version of the secret is `version_stage` or `version_id`)",
        ),
        (
            |world| secret(world, "parameter = 'all/*'"),
            "parameter-name: `all/*` does not give the name or the ARN of an SSM parameter",
        ),
        (
            |world| {
                let options = "{ awslogs-group = '*', awslogs-region = 'eu-west-1' }";
                world.container().log = Some(table(&format!("driver = 'awslogs'\noptions = {options}")));
            },
            "log-group: `*` does not give the name of a log group",
        ),
        (
            |world| world.service().task.kms_keys = vec![text("key/*").into()],
            "kms-key: `key/*` does not give the id or the ARN of a KMS key (like arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000; an alias begins with `alias/`, written here and not in a variable)",
        ),
        (
            |world| {
                world.schedule();
                world.target.network.security_groups.clear();
            },
            "network-size: step `web` has 0 security groups on target `prod-eu`, and EventBridge Scheduler accepts 1 to 5 (change them under `[network]` of the target, or in the step)",
        ),
        (
            |world| world.target.network.subnets.clear(),
            "network-size: step `web` has 0 subnets on target `prod-eu`, and ECS accepts 1 to 16 (change them under `[network]` of the target, or in the step)",
        ),
        (
            |world| {
                world.service().task.tags.insert("long".to_owned(), text(&"x".repeat(257)));
            },
            "over-limit: stack `storefront-web-production-prod-eu`: tag `long` of `Service` has 257 characters, and CloudFormation allows at most 256",
        ),
        (
            |world| variables(world, &[("v", "x")], "#{w}"),
            "unknown-variable: `#{w}` names nothing that has a value (did you mean `#{v}`?)",
        ),
        (
            |world| world.service().task.log_retention_days = Some(13.into()),
            "resource-property: stack `storefront-web-production-prod-eu`: `13` is not one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653 at `RetentionInDays` of `LogGroup` (AWS::Logs::LogGroup)",
        ),
        (
            |world| {
                variables(world, &[("v", "x")], "#{v}");
                world.what.variables[0].scope.environments.insert("test".parse().unwrap());
            },
            "variable-elsewhere: variable `v` has no value for step `web` in environment `production` on target `prod-eu` (it has values for other scopes: projects/storefront/variables.toml:1; add one that applies here)",
        ),
        (
            |world| variables(world, &[("v", "x"), ("v", "y")], "#{v}"),
            "variable-tie: variable `v` has 2 values of equal rank for step `web` in environment `production` on target `prod-eu` (they are at projects/storefront/variables.toml:1, projects/storefront/variables.toml:2; make one more specific, or remove it)",
        ),
        (
            |world| variables(world, &[("v", "#{v}")], "#{v}"),
            "variable-circle: variables refer to each other in a circle: v → v",
        ),
        (
            |world| {
                for depth in 0..40 {
                    variables(world, &[(&format!("v{depth}"), &format!("#{{v{}}}", depth + 1))], "#{v0}");
                }
            },
            "variable-too-deep: variable `v0` refers to variables through more than 32 levels",
        ),
        (
            |world| variables(world, &[], "#{tenant.id}"),
            "no-tenant: `#{tenant.id}` has no value in environment `production` without a tenant, and project `storefront` is also deployed there (use a variable with values scoped to tenants and one value without a scope, or set `tenancy = \"tenanted\"` in project.toml)",
        ),
        (
            |world| *world = world.clone().tenant(&[]).declare("api", None).environment("X", "#{api}"),
            "tenant-value-missing: tenant `acme` has no value for `api` in environment `production` (add a `[[variable]]` with `name = \"api\"` to tenants/acme.toml; it is declared at projects/storefront/variables.toml:50)",
        ),
        (
            |world| {
                *world = world.clone().tenant(&[]).declare("api", None).environment("X", "#{api}");
                *world = world.clone().tenant_value("api", "x", None, &[]);
                world.what.tenant_variables[0].kind = ValueKind::List;
            },
            "value-type: tenant `acme` sets `api` to a string, and release `1.4.0` declares a list (it is declared at projects/storefront/variables.toml:50)",
        ),
        (
            |world| {
                variables(world, &[("v", "x")], "#{v}");
                world.what.variables[0].scope.targets.insert("prod".parse().unwrap());
                world.snapshot().names = Arc::default();
            },
            "scope-gone: a value of variable `v` in the snapshot of release `1.4.0` has the scope target prod, and target `prod` no longer exists: landfall cannot tell whether it is meant for target prod-eu (run `landfall release refresh storefront 1.4.0` to take today's variables, or restore target `prod`)",
        ),
        (
            |world| variables(world, &[("v", &"x".repeat(40_000))], "#{v}#{v}"),
            "value-too-long: this becomes longer than 65536 bytes or 1000 elements once its placeholders are filled",
        ),
        (
            |world| *world = world.clone().list("v", &["a"]).environment("X", "#{v}"),
            "list-in-text: `#{v}` is a list, and this place needs a single text (a list can only be the whole element of a list)",
        ),
        (
            |world| {
                world.release.images.values_mut().for_each(|pin| pin.digest = None);
                variables(world, &[], "#{images.web.digest}");
            },
            "image-without-digest: release `1.4.0` records no digest for image `web`",
        ),
        (
            |world| {
                let efs = "{ file_system_id = '*', transit_encryption = true, authorization_config = { iam = true } }";
                let volume = format!("name = 'files'\nefs_volume_configuration = {efs}");
                world.service().task.volume = vec![table::<Volume>(&volume).into()];
            },
            "efs-id: `*` does not give the id of a file system: `fs-…`",
        ),
        (
            |world| {
                let keys =
                    "role_arn = 'arn:aws:iam::111111111111:role/volumes', size_in_gib = 10, kms_key_id = 'A-b_c.d/e'";
                let volume = format!("name = 'files'\nmanaged_ebs_volume = {{ {keys} }}");
                world.service().task.volume = vec![table::<Volume>(&volume).into()];
            },
            "kms-key: `A-b_c.d/e` does not give the id, the alias or the ARN of a KMS key",
        ),
        (
            |world| {
                world.service().task.runs_on.launch = Compute::Ec2.into();
                numbers(world, "100");
            },
            "task-size: a task has 128 to 196608 CPU units",
        ),
        (
            |world| {
                *world = world.clone().variable("v", "5", Scope::default());
                world.service().scaling = Some(table("min_capacity = '#{v}'\nmax_capacity = 2"));
            },
            "scaling: `min_capacity` becomes 5, which is above `max_capacity` (2)",
        ),
        (
            |world| {
                *world = world.clone().variable("v", "yes", Scope::default());
                world.container().privileged = Given::Filled(text("#{v}")).into();
            },
            "boolean: `#{v}` becomes `yes`, and this key needs `true` or `false`",
        ),
        (
            |world| {
                *world = world.clone().variable("v", "fluent", Scope::default());
                world.container().firelens_configuration = Some(table("type = '#{v}'"));
            },
            "word: `#{v}` becomes `fluent`, and this key needs one of `fluentbit`, `fluentd`",
        ),
        (
            |world| {
                *world = world.clone().variable("v", "half", Scope::default());
                let policy = "metric = 'cpu'\ntarget_value = '#{v}'";
                let scaling = "min_capacity = 1\nmax_capacity = 2";
                let tracked: TargetTracking = table(policy);
                world.service().scaling = Some(Scaling { target_tracking: vec![tracked.into()], ..table(scaling) });
            },
            "number: `#{v}` becomes `half`, and this key needs a number, such as `2.5`",
        ),
        (
            |world| {
                *world = world.clone().variable("v", "say \"x\"", Scope::default());
                world.schedule().schedule.times.input = Some(text("{\"containerOverrides\":[{\"name\":\"#{v}\"}]}"));
            },
            "schedule-input: ECS could not start tasks with this `input`: it is not JSON: expected `,` or `}` at line 1 column 38 (a value in JSON needs a backslash before each `\"` and `\\`)",
        ),
        (|world| numbers(world, "1.5"), "number: `#{v}` becomes `1.5`, and this key needs a whole number, 0 or more"),
        (
            |world| numbers(world, "300"),
            "fargate-size: Fargate has no task of 300 CPU units (256, 512, 1024, 2048, 4096, 8192, 16384 or 32768)",
        ),
        (
            |world| numbers(world, "4096"),
            "fargate-size: Fargate has no task of 4096 CPU units with 512 MiB (with 4096 CPU units: 8192 to 30720 MiB in steps of 1024)",
        ),
        (
            |world| {
                world.container().memory_reservation = Some(600.into());
                numbers(world, "256");
            },
            "container-sizes: the containers of step `web` have 600 MiB of memory, the task 512",
        ),
        (
            |world| {
                *world = world.clone().list("nets", &["subnet-1", "sg-2"]);
                world.service().task.runs_on.subnets = Some(vec![text("#{nets}").into()]);
            },
            "resource-id: `#{nets}` does not give the id of a subnet: `subnet-…`",
        ),
        (
            |world| {
                *world = world.clone().list("groups", &["sg-1", "sg-1"]);
                world.service().task.runs_on.security_groups = Some(vec![text("#{groups}").into()]);
            },
            "resource-id: `#{groups}` gives the security group `sg-1` twice",
        ),
        (
            |world| {
                let hook: LifecycleHook = table("lifecycle_stages = ['pre-scale-up']\nhook_target_arn = 'check'");
                world.service().deployment_configuration.lifecycle_hooks = vec![hook.into()];
            },
            "function-arn: `check` does not give the ARN of a Lambda function",
        ),
        (
            |world| {
                let queue = "arn = 'arn:aws:sqs:eu-west-1:111111111111:*'";
                world.schedule().schedule.dead_letter_config = Some(table(queue));
            },
            "queue-arn: `arn:aws:sqs:eu-west-1:111111111111:*` does not give the ARN of an SQS queue (FIFO queues are not allowed)",
        ),
        (
            |world| world.schedule().task.task_role = Some(text("arn:aws:iam::111111111111:role/*").into()),
            "role-arn: `arn:aws:iam::111111111111:role/*` does not give the ARN of a role",
        ),
        (
            |world| raw(world, json!({ "Type": "Number", "MaxValue": 5 }), "7"),
            "parameter-value: parameter `P` must be 5 or less, not 7",
        ),
        (
            |world| raw(world, json!({ "Type": "String", "NoEcho": true }), "abc"),
            "secret-parameter: parameter `P` is declared NoEcho, and its value is in the repository (give it a dynamic \
             reference: `{{resolve:secretsmanager:<ARN of the secret>:SecretString:<key>}}`)",
        ),
        (
            |world| raw(world, json!({ "Type": "String" }), "a ${b"),
            "substitution: a value in `#{v}` contains `${` without a closing `}` (in `Fn::Sub`, a `}` must follow each \
             `${` before the next `${`: use the value outside `Fn::Sub`)",
        ),
        (
            |world| variables(world, &[("v", "#{steps.web.outputs.Url}")], "#{v}"),
            "output-reference: the value of variable `v` cannot use the output of a stack, `#{steps.web.outputs.Url}` (an output is unknown until its stack exists: write the reference directly into the step)",
        ),
        (
            |world| variables(world, &[], "#{steps.weeb.outputs.Url}"),
            "unknown-step: `#{steps.weeb.outputs.Url}`: project `storefront` has no step `weeb` (did you mean `web`?)",
        ),
        (
            |world| variables(world, &[], "#{steps.web.outputs.Url}"),
            "unknown-output: `#{steps.web.outputs.Url}`: step `web` has no output `Url` (available: ServiceArn, ServiceName, TaskDefinitionArn)",
        ),
        (
            |world| variables(world, &[], "#{projects.platform.steps.web.outputs.Url}"),
            "unknown-project: `#{projects.platform.steps.web.outputs.Url}`: no project is named `platform`",
        ),
        (
            |world| {
                let platform = Project { name: "platform".parse().unwrap(), head: None, ..world.project.clone() };
                world.catalog.projects.insert("platform".parse().unwrap(), Arc::new(platform));
                variables(world, &[], "#{projects.platform.steps.web.outputs.Url}");
            },
            "output-target: `#{projects.platform.steps.web.outputs.Url}`: the process of project `platform` has errors (`landfall check` lists them)",
        ),
        (
            |world| world.step.patches = vec![removal("Service", "LaunchTyp")],
            "patch: `LaunchTyp` does not exist from `LaunchTyp` on: no such property (did you mean `LaunchType`?)",
        ),
        (
            |world| {
                let deep = (0..100).fold(json!(1), |inside, _| json!([inside]));
                let metadata = vec![(Arc::from("Deep"), Part::Fixed(deep))];
                world.step.patches = vec![Patch { remove: Vec::new(), metadata, ..removal("Service", "X") }];
            },
            "over-limit: stack `storefront-web-production-prod-eu`: the template is nested 105 deep, and landfall allows at most 100",
        ),
        (
            |world| world.container().environment_files = vec![text("arn:aws:s3:::#{stack.name}")],
            "object-arn: `arn:aws:s3:::#{stack.name}` does not give the ARN of an S3 object (like \
             arn:aws:s3:::bucket/folder/file.env)",
        ),
        (
            |world| secret(world, "secret = 'arn:aws-cn:secretsmanager:cn-north-1:222222222222:secret:s-AbCdEf'"),
            "arn-partition: `arn:aws-cn:secretsmanager:cn-north-1:222222222222:secret:s-AbCdEf` belongs to the partition `aws-cn`, and target `prod-eu` is in eu-west-1 (`aws`) (write `arn:#{target.partition}:…`, or use a variable with a value per partition)",
        ),
        (
            |world| own_groups(world, &["X", "SecurityGroupX"], "10.0.0.0/8"),
            "duplicate-logical-id: `LoadBalancerSecurityGroupX` would be in the section Resources of the template twice (change the `name` of one of the two that it is made from)",
        ),
        (
            |world| world.schedule().task.family = Some(text("#{stack.name}*")),
            "family: `#{stack.name}*` does not give the family of a task definition",
        ),
        (
            |world| world.service().task.container.push(container("side", "web").into()),
            "resource-rule: stack `storefront-web-production-prod-eu`: AWS would refuse `TaskDefinition` at `ContainerDefinitions.1.PortMappings.0.ContainerPort`: port 8080 is used twice in the task",
        ),
        (
            |world| own_groups(world, &["X"], "10.0.0.0/#{stack.name}"),
            "network: `10.0.0.0/#{stack.name}` becomes `10.0.0.0/storefront-web-production-prod-eu`, which is not an IPv4 network (write it like `10.0.0.0/8`; for IPv6 write a `:` in the step, as in `#{network}::/32`)",
        ),
    ];
    for (spoil, expected) in table {
        let mut world = World::new();
        spoil(&mut world);
        assert_eq!(world.problems(), *expected);
    }
    let codes: BTreeSet<&str> = table.iter().map(|(_, expected)| expected.split(':').next().unwrap()).collect();
    // What several stacks do together is in `tests/load/priorities.rs`.
    let documented: Vec<&str> = CODES.iter().map(|(code, _)| *code).filter(|code| *code != PRIORITY_TAKEN).collect();
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), documented, "every code of the table, sorted, and no other");
}

/// A patch that removes a property.
fn removal(resource: &str, path: &str) -> Patch {
    Patch {
        resource: resource.into(),
        kind: None,
        remove: vec![PatchPath::parse(path, at(5)).unwrap()],
        set: Vec::new(),
        append: Vec::new(),
        attributes: Vec::new(),
        depends_on: Vec::new(),
        metadata: Vec::new(),
        outputs: Vec::new(),
        at: at(5),
    }
}

/// Adds own target groups of these names, each with a load balancer that lets a network in.
fn own_groups(world: &mut World, names: &[&str], network: &str) {
    for name in names {
        let group = format!(
            "container = 'web'
            port = 80
            [own_target_group]
            name = '{name}'
            vpc_id = 'vpc-1'
            [own_target_group.own_load_balancer]
            subnets = ['subnet-1', 'subnet-2']
            ingress = ['{network}']
            task_ingress = false
            listener = [{{ port = 80, protocol = 'http' }}]"
        );
        world.service().load_balancer.push(table::<LoadBalancer>(&group).into());
    }
}

/// Makes the step one with a template of its own: a parameter `P` with a value, which a `Fn::Sub` has too.
fn raw(world: &mut World, declared: serde_json::Value, value: &str) {
    *world = World::new().variable("v", value, Default::default());
    let map =
        |entries: Vec<(&str, Part)>| Part::Map(entries.into_iter().map(|(key, inside)| (key.into(), inside)).collect());
    let substitution = map(vec![("Fn::Sub", Part::Substitution(text("#{v}")))]);
    let topic = map(vec![
        ("Type", Part::Fixed(json!("AWS::SNS::Topic"))),
        ("Properties", map(vec![("DisplayName", substitution)])),
    ]);
    let sections = vec![
        ("Parameters".into(), Part::Fixed(json!({ "P": declared }))),
        ("Resources".into(), map(vec![("Topic", topic)])),
    ];
    let template = Arc::new(RawTemplate { sections, types: Default::default(), at: at(1) });
    let given = GivenParameter { value: Value::Text(text("#{v}")), at: at(7) };
    world.step.kind = StepKind::CloudFormation(Box::new(CloudFormation {
        template,
        capabilities: Default::default(),
        parameters: [("P".into(), given)].into(),
        images: Default::default(),
        run: None,
    }));
}

#[test]
fn nothing_in_a_right_stands_for_more_than_itself() {
    let arn = |name: &str| format!("arn:aws:secretsmanager:eu-west-1:222222222222:secret:{name}");
    for name in ["*", "db-??????", "${aws:username}", "db AbCdEf", "", "db-AbCdEf:password::"] {
        let mut world = World::new();
        secret(&mut world, &format!("secret = '{}'", arn(name)));
        assert!(world.problems().starts_with("secret-arn: "), "{name}");
    }
    for name in ["", "a b", "arn:aws:ssm:eu-west-1:222222222222:parameter/*", "arn:aws:s3:::bucket/key", "${x}"] {
        let mut world = World::new();
        secret(&mut world, &format!("parameter = '{name}'"));
        assert!(world.problems().starts_with("parameter-name: "), "{name}");
    }
}

#[test]
fn all_problems_are_told_at_once_and_each_once() {
    let world = World::new().environment("A", "#{a}").environment("B", "#{b}").environment("C", "#{a}");
    let problems = world.problems();
    assert_eq!(problems.lines().count(), 2, "{problems}");
}

#[test]
fn a_template_beyond_what_can_be_sent_is_a_problem() {
    let mut world = World::new().environment("BIG", &"x".repeat(limits::MAX_BODY));
    let problems = world.problems();
    assert!(problems.starts_with("over-limit: ") && problems.contains("at most 51200"), "{problems}");
    let help = world.render().unwrap_err().remove(0).help.unwrap();
    assert!(help.contains("`template_bucket = \"…\"` in targets/"), "{help}");
    let bucket = BucketName::new("templates").unwrap();
    world.target.template_bucket = Some(bucket.clone());
    assert_eq!(world.render().unwrap().content.bucket, Some(bucket));
}

#[test]
fn a_bucket_is_for_long_templates_only_and_changes_no_content() {
    let mut world = World::new();
    let without = world.render().unwrap().content;
    world.target.template_bucket = Some(BucketName::new("templates").unwrap());
    assert_eq!(world.render().unwrap().content, without);
}

#[test]
fn a_task_definition_beyond_what_ecs_takes_is_a_problem_with_and_without_a_bucket() {
    let mut world = World::new().environment("BIG", &"x".repeat(limits::MAX_TASK_DEFINITION));
    world.target.template_bucket = Some(BucketName::new("templates").unwrap());
    let problems = world.problems();
    assert!(problems.starts_with("over-limit: ") && problems.contains("ECS allows at most 65536"), "{problems}");
    assert_eq!(problems.lines().count(), 1, "{problems}");
}

#[test]
fn words_from_variables_become_those_of_aws() {
    let mut world =
        World::new().variable("wait", "healthy", Scope::default()).variable("plain", "udp", Scope::default());
    world.container().ports = vec![table("port = 53\nprotocol = '#{plain}'")];
    world.container().health_check = Some(table("command = ['CMD', 'true']"));
    let waiting: Container =
        table("name = 'side'\nimage = 'web'\ndepends_on = [{ container = 'app', condition = '#{wait}' }]");
    world.service().task.container.push(waiting.into());
    let template = world.template();
    let at = |pointer: &str| {
        template.pointer(&format!("/Resources/TaskDefinition/Properties/ContainerDefinitions/{pointer}")).cloned()
    };
    assert_eq!(at("1/DependsOn/0/Condition"), Some(json!("HEALTHY")));
    assert_eq!(at("0/PortMappings/1/Protocol"), Some(json!("udp")));
}
