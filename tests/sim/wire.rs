//! The wire: boto3 and the AWS command line against a server on a port that the system chose.
//!
//! `LANDFALL_TOOLS` names the virtual environment that has both; without it these tests say that they are skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use landfall::model::{AccountId, Place, Region};
use landfall::sim::{Clusters, Existing, Pace, Rate, SimConfig, World, documented_limits, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub(super) fn tools() -> Option<PathBuf> {
    let tools = std::env::var_os("LANDFALL_TOOLS").map(PathBuf::from);
    if tools.is_none() {
        eprintln!("skipped: LANDFALL_TOOLS names no virtual environment with boto3 and the AWS command line");
    }
    tools
}

fn clusters() -> Clusters {
    let mut list = BTreeSet::new();
    for account in ["111111111111", "222222222222"] {
        for region in ["eu-west-1", "us-east-1"] {
            let place = Place { account: AccountId::new(account).unwrap(), region: Region::new(region).unwrap() };
            list.insert((place, "main".to_owned()));
        }
    }
    Clusters::Listed(list)
}

/// Runs a script of tests/sim against a fresh server that throttles as AWS does, and gives what it prints; none without tools.
async fn run(script: &str) -> Option<String> {
    drive(script, &[], documented_limits()).await
}

/// The same with arguments after the endpoint, and with limits.
pub(super) async fn drive(
    script: &str,
    arguments: &'static [&str],
    limits: BTreeMap<&'static str, Rate>,
) -> Option<String> {
    against(script, arguments, SimConfig { limits, ..config() }).await
}

fn config() -> SimConfig {
    SimConfig {
        start: Timestamp::now(),
        clusters: clusters(),
        pace: Pace::fast(),
        page_size: 3,
        ..SimConfig::default()
    }
}

/// The same against an account that is set up like this.
async fn against(script: &str, arguments: &'static [&str], config: SimConfig) -> Option<String> {
    let tools = tools()?;
    let beside = |folder: &str| tools.parent().unwrap().join(folder);
    let path = [tools.join("bin"), beside("node/node_modules/.bin"), beside("clients/bin"), beside("sam/bin")];
    let path = format!("{}:/usr/bin:/bin", path.map(|folder| folder.display().to_string()).join(":"));
    let collections = beside("collections");
    let clients = std::env::var_os("LANDFALL_CLIENTS");
    let world = Arc::new(Mutex::new(World::new(config)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    assert!(address.ip().is_loopback());
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, world, Arc::new(Timestamp::now), async {
        stopped.await.ok();
    }));
    let output = tokio::task::spawn_blocking({
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/sim").join(script);
        let home = tempfile::tempdir().unwrap();
        move || {
            Command::new(tools.join("bin/python"))
                .arg(file)
                .arg(format!("http://{address}"))
                .args(arguments)
                .env_clear()
                .env("HOME", home.path())
                .env("PATH", path)
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .env("ANSIBLE_COLLECTIONS_PATH", collections)
                .envs(clients.map(|all| ("LANDFALL_CLIENTS", all)))
                .output()
                .unwrap()
        }
    })
    .await
    .unwrap();
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}: {text}");
    println!("{text}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn what_aws_documents_is_done_as_often_as_the_page_says() {
    let Some(told) = run("behaviours/run.py").await else { return };
    let count = told.lines().filter(|line| line.starts_with("ok ")).count();
    let page = std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/simulating.md")).unwrap();
    assert!(page.contains(&format!("{count} behaviours that AWS documents")), "{count}\n{told}");
}

#[tokio::test]
async fn boto3_works_with_stacks_that_landfall_never_heard_of() {
    run("client.py").await;
}

#[tokio::test]
async fn what_people_do_by_hand_is_seen_and_undone() {
    run("drift.py").await;
}

#[tokio::test]
async fn tasks_that_end_or_fail_their_health_checks_are_replaced() {
    run("health.py").await;
}

#[tokio::test]
async fn a_deployment_without_capacity_waits_and_goes_on() {
    run("capacity.py").await;
}

#[tokio::test]
async fn scaling_keeps_counts_within_its_bounds() {
    run("scaling.py").await;
}

#[tokio::test]
async fn schedules_and_rules_start_their_tasks() {
    drive("schedules.py", &[], BTreeMap::new()).await;
}

#[tokio::test]
async fn clusters_and_tasks_have_tags() {
    run("tags.py").await;
}

#[tokio::test]
async fn what_stops_an_operation_stops_it_and_what_undoes_it_undoes_it() {
    run("operations.py").await;
}

#[tokio::test]
async fn a_template_that_cannot_be_is_refused_when_it_comes() {
    run("templates.py").await;
}

#[tokio::test]
async fn bad_moments_and_nonsense_end_as_at_aws() {
    run("oddities.py").await;
}

#[tokio::test]
async fn a_resource_is_refused_for_what_else_is_in_the_account() {
    run("neighbours.py").await;
}

#[tokio::test]
async fn images_are_in_the_repositories_that_they_were_pushed_to() {
    run("registry.py").await;
}

#[tokio::test]
async fn what_containers_write_is_read_in_pages_and_searched() {
    run("logs.py").await;
}

#[tokio::test]
async fn an_arn_of_another_region_or_account_is_refused() {
    run("elsewhere.py").await;
}

#[tokio::test]
async fn an_account_that_was_told_what_exists_has_nothing_else() {
    let place = Place { account: AccountId::new("111111111111").unwrap(), region: Region::new("eu-west-1").unwrap() };
    let placed = |id: &str| Some(BTreeSet::from([(place.clone(), id.to_owned())]));
    let regions = Some(BTreeSet::from([place.region.clone()]));
    let roles = Some(BTreeSet::from(["arn:aws:iam::111111111111:role/deploy".to_owned()]));
    let existing = Existing { regions, roles, subnets: placed("subnet-0a"), security_groups: placed("sg-0a") };
    against("existing.py", &[], SimConfig { existing, ..config() }).await;
}

#[tokio::test]
async fn a_template_becomes_what_its_transforms_and_functions_make_of_it() {
    run("transforms.py").await;
}

#[tokio::test]
async fn what_something_outside_answers_for_goes_on_with_its_answer() {
    run("outside.py").await;
}

#[tokio::test]
async fn resources_wait_for_their_signals_and_secrets_are_hidden() {
    run("signals.py").await;
}

#[tokio::test]
async fn nested_stacks_live_with_their_root() {
    run("nested.py").await;
}

#[tokio::test]
async fn what_exists_already_becomes_part_of_a_stack() {
    run("imports.py").await;
}

#[tokio::test]
async fn what_cannot_work_is_found_before_a_deployment() {
    run("early.py").await;
}

#[tokio::test]
async fn hooks_stop_what_they_are_told_to_stop() {
    run("hooks.py").await;
}

#[tokio::test]
async fn exports_and_names_belong_to_the_stacks_that_live() {
    run("exports.py").await;
}

/// What is modelled is written down, so that a new parameter of AWS is seen, and none is taken and ignored.
#[tokio::test]
async fn every_parameter_of_every_operation_is_taken_or_refused_by_name() {
    let Some(found) = drive("parameters.py", &[], BTreeMap::new()).await else { return };
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/sim/parameters.txt");
    if std::env::var_os("LANDFALL_BLESS").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), found);
}

#[tokio::test]
async fn the_aws_command_line_works_with_stacks_that_landfall_never_heard_of() {
    run("command_line.py").await;
}

/// A page that a browser shows can send requests to loopback too, and a body that never comes must not be waited for without end.
#[tokio::test]
async fn only_programs_of_this_machine_are_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let world = Arc::new(Mutex::new(World::new(SimConfig { start: Timestamp::now(), ..SimConfig::default() })));
    let server = tokio::spawn(serve(listener, world, Arc::new(Timestamp::now), std::future::pending()));
    let ask = |headers: String| async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET /_landfall/faults HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    for host in
        [address.to_string(), format!("localhost:{}", address.port()), "[::1]:80".to_owned(), "s3.localhost".to_owned()]
    {
        assert_eq!(ask(format!("Host: {host}\r\n")).await, "200", "{host}");
    }
    for host in ["evil.example.com", "localhost.example.com", "10.0.0.1"] {
        assert_eq!(ask(format!("Host: {host}\r\n")).await, "403", "{host}");
    }
    assert_eq!(ask(format!("Host: {address}\r\nOrigin: https://evil.example.com\r\n")).await, "403");
    server.abort();
}
