//! The wire: boto3 and the AWS command line against a server on a port that the system chose.
//!
//! `LANDFALL_TOOLS` names the virtual environment that has both; without it these tests say that they are skipped.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use landfall::model::{AccountId, Place, Region};
use landfall::sim::{Clusters, Pace, SimConfig, World, documented_limits, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

fn tools() -> Option<PathBuf> {
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

/// Runs a script of tests/sim against a fresh server.
async fn run(script: &str) {
    let Some(tools) = tools() else { return };
    let config = SimConfig {
        start: Timestamp::now(),
        clusters: clusters(),
        pace: Pace::fast(),
        page_size: 3,
        limits: documented_limits(),
        ..SimConfig::default()
    };
    let world = Arc::new(Mutex::new(World::new(config)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    assert!(address.ip().is_loopback());
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, world, Arc::new(Timestamp::now), async {
        stopped.await.ok();
    }));
    let output = tokio::task::spawn_blocking({
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/sim").join(script);
        let home = tempfile::tempdir().unwrap();
        move || {
            Command::new(tools.join("bin/python"))
                .arg(path)
                .arg(format!("http://{address}"))
                .env_clear()
                .env("HOME", home.path())
                .env("PATH", format!("{}:/usr/bin:/bin", tools.join("bin").display()))
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
}

#[tokio::test]
async fn boto3_works_with_stacks_that_landfall_never_heard_of() {
    run("client.py").await;
}

#[tokio::test]
async fn the_aws_command_line_works_with_stacks_that_landfall_never_heard_of() {
    run("command_line.py").await;
}
