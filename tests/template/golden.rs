//! The bytes of format 1, and cfn-lint's opinion of them.
//!
//! `LANDFALL_BLESS=1` writes files that are new; those of a format that is frozen never change ([`crate::support::frozen`]).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use landfall::cfn::Document;
use landfall::model::catalog::Scope;
use landfall::model::process::{Architecture, ImageRepository, LoadBalancer, RunsOn, Switch};
use landfall::template::body;

use crate::support::frozen::check;
use crate::support::table::table;

use super::world::{World, at, container, text, texts};

/// Every template that is kept, by name.
fn worlds() -> BTreeMap<&'static str, World> {
    BTreeMap::from([
        ("least", World::new()),
        ("everything", everything()),
        ("own-roles", own_roles()),
        ("china", china()),
        ("execute-command", {
            let mut world = World::new();
            world.service().task.execute_command = true.into();
            world
        }),
        ("odd-values", {
            let odd = "\u{1f680} \"quoted\" \\ no: yes\tand\nmore";
            let mut world = World::new().variable("odd", odd, Scope::default()).environment("ODD", "#{odd}");
            world.release.images.values_mut().for_each(|pin| pin.digest = None);
            world
        }),
    ])
}

pub(super) fn everything() -> World {
    let mut world = World::new()
        .variable("api_url", "https://api.#{environment.name}.example.com", Scope::default())
        .variable("db", "arn:aws:secretsmanager:eu-west-1:222222222222:secret:db-AbCdEf", Scope::default())
        .list("subnets", &["subnet-0c0c0c0c", "subnet-0d0d0d0d"]);
    let proxy = "public.ecr.aws/nginx/nginx";
    world.what.images.insert("proxy".parse().unwrap(), ImageRepository { repository: text(proxy), at: at(3) });
    let pin = world.release.images.values().next().unwrap().clone();
    world.release.images.insert("proxy".parse().unwrap(), pin);

    let app = world.container();
    app.environment = BTreeMap::from([
        ("API_URL".to_owned(), text("#{api_url}")),
        ("GREETING".to_owned(), text("Hello from #{environment.name}")),
        ("VERSION".to_owned(), text("#{release.version} (#{images.web.tag})")),
    ]);
    app.secrets = BTreeMap::from([
        ("DB_PASSWORD".to_owned(), table("secret = '#{db}'\nkey = 'password'")),
        ("DB_ALL".to_owned(), table("secret = '#{db}'")),
        ("FLAGS".to_owned(), table("parameter = '/storefront/#{environment.name}/flags'")),
    ]);
    app.cpu = Some(128.into());
    app.memory = Some(512.into());
    app.memory_reservation = Some(256.into());
    app.command = texts(&["serve", "--port", "8080"]);
    app.entry_point = texts(&["/usr/bin/app"]);
    app.working_directory = Some(text("/srv"));
    app.user = Some(text("1000:1000"));
    app.read_only_root = true.into();
    app.stop_timeout = Some(60.into());
    app.health_check = Some(table(
        "command = ['CMD-SHELL', 'curl -f http://localhost:8080/health || exit 1']
        interval = 10
        timeout = 5
        retries = 3
        start_period = 20",
    ));
    let mut side = container("proxy", "proxy");
    side.port = None;
    side.ports = vec![table(
        "port = 80
name = 'http'",
    )];
    side.essential = false.into();
    side.depends_on = vec![table("container = 'app'\ncondition = 'healthy'")];
    side.log = Some(table(
        "driver = 'splunk'
        options = { splunk-url = 'https://splunk.example.com' }
        secrets = { splunk-token = { parameter = 'arn:aws:ssm:eu-west-1:222222222222:parameter/splunk' } }",
    ));
    let service = world.service();
    service.task.container.push(side.into());
    service.task.cpu = Some(512.into());
    service.task.memory = Some(1024.into());
    service.task.architecture = Architecture::Arm64.into();
    service.desired_count = Some(4.into());
    service.minimum_healthy_percent = Some(50.into());
    service.maximum_percent = Some(150.into());
    service.circuit_breaker = table("rollback = false");
    service.task.runs_on = RunsOn {
        subnets: Some(vec![text("#{subnets}").into()]),
        security_groups: Some(vec![text("sg-0e0e0e0e").into()]),
        public_ip: Some(Switch(true).into()),
        ..RunsOn::default()
    };
    let group = "arn:aws:elasticloadbalancing:eu-west-1:222222222222:targetgroup/storefront/0123456789abcdef";
    let registers: LoadBalancer = table(&format!("target_group = '{group}'\ncontainer = 'proxy'\nport = 80"));
    service.load_balancer = vec![registers.into()];
    service.health_check_grace = Some(90.into());
    service.task.log_retention_days = Some(7.into());
    service.task.tags =
        BTreeMap::from([("team".to_owned(), text("shop")), ("stage".to_owned(), text("#{environment.name}"))]);
    world
}

fn own_roles() -> World {
    let mut world = World::new();
    let service = world.service();
    service.task.execution_role = Some(text("arn:aws:iam::#{account.id}:role/ecs-start").into());
    service.task.task_role = Some(text("arn:aws:iam::#{account.id}:role/storefront").into());
    service.task.execute_command = true.into();
    service.circuit_breaker = table("enabled = false");
    world.container().log = Some(table(
        "driver = 'awslogs'
        [options]
        awslogs-group = '/shared/#{step.name}'
        awslogs-region = '#{target.region}'
        awslogs-stream-prefix = 'web'",
    ));
    world
}

/// Another partition, and a registry that only a variable's value tells.
fn china() -> World {
    let registry = "333333333333.dkr.ecr.cn-north-1.amazonaws.com.cn";
    let mut world = World::new().variable("registry", registry, Scope::default());
    world.target.place.region = "cn-north-1".to_owned().try_into().unwrap();
    world.what.images.values_mut().for_each(|image| image.repository = text("#{registry}/storefront"));
    world.container().secrets = BTreeMap::from([("FLAGS".to_owned(), table("parameter = 'flags'"))]);
    world
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template/golden/1")
}

#[test]
fn format_1_renders_these_bytes() {
    for (name, world) in worlds() {
        let rendered = world.render().unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let body = body(&rendered.content);
        check(&format!("{name}.json"), &format!("{body}\n"));
        check(&format!("{name}.yaml"), &Document::parse(&body).unwrap().yaml());
    }
}

#[test]
fn every_golden_file_has_its_world() {
    let worlds = worlds();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        // Those of `steps.rs`.
        if path.is_dir() {
            continue;
        }
        let stem = path.file_stem().unwrap().to_str().unwrap();
        assert!(worlds.contains_key(stem), "{} belongs to nothing", path.display());
    }
}

/// A program of the tools that `tests/run` installs; none, with a word about it, where it was not run by that.
pub(super) fn tool(name: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("LANDFALL_TOOLS") else {
        eprintln!("skipped: LANDFALL_TOOLS is not set (tests/run sets it), so there is no {name}");
        return None;
    };
    let program = Path::new(&folder).join("bin").join(name);
    assert!(program.exists(), "LANDFALL_TOOLS is set, but there is no {}", program.display());
    Some(program)
}

#[test]
fn cfn_lint_finds_no_error() {
    let Some(lint) = tool("cfn-lint") else { return };
    let mut command = Command::new(lint);
    command.args(["--non-zero-exit-code", "error", "--format", "parseable"]);
    for name in worlds().keys() {
        // The YAML for people is read by CloudFormation's own rules, too.
        command.arg(folder().join(format!("{name}.json"))).arg(folder().join(format!("{name}.yaml")));
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "cfn-lint:\n{said}{}", String::from_utf8_lossy(&output.stderr));
}
