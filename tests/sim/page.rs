//! The page of the accounts: over HTTP, and in a browser that watches while things happen.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use landfall::sim::world::StackOptions;
use landfall::sim::{Fault, Pace, SimConfig, World, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::support::{create, input, place, service};
use crate::formats::screens::browser;

/// A server, its address, and what stops it.
async fn served(world: World) -> (String, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let begin = (world.now(), Timestamp::now());
    let clock = Arc::new(move || begin.0 + Timestamp::now().duration_since(begin.1));
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(serve(listener, Arc::new(Mutex::new(world)), clock, async {
        stopped.await.ok();
    }));
    (format!("http://{address}"), stop)
}

/// The status of an answer, its tag and its text.
fn get(url: &str, tag: Option<&str>) -> (u16, Option<String>, String) {
    tokio::task::block_in_place(|| {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = tag.into_iter().fold(agent.get(url), |request, tag| request.header("if-none-match", tag));
        let mut answer = request.call().unwrap();
        let tag = answer.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
        (answer.status().as_u16(), tag, answer.body_mut().read_to_string().unwrap())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_what_is_there_and_is_sent_once() {
    let mut world = World::new(SimConfig::default());
    create(&mut world, "shop", &service("shop:1<b>"));
    world.queue_fault(Fault::ImageMissing { image: "<script>".to_owned() });
    let (endpoint, _stop) = served(world).await;
    let (status, tag, text) = get(&format!("{endpoint}/_landfall/"), None);
    assert_eq!(status, 200);
    for shown in
        ["shop", "CREATE_COMPLETE", "2 of 2", "shop:1&lt;b&gt;", "image-missing", "CreateStack", "steady state"]
    {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert!(!text.contains("shop:1<b>") && !text.contains("\"<script>"), "{text}");
    let (status, same, text) = get(&format!("{endpoint}/_landfall/"), tag.as_deref());
    assert_eq!((status, same, text.as_str()), (304, tag, ""));

    let path = format!("{endpoint}/_landfall/stacks/{}/{}/shop", place().account, place().region);
    let (status, _, text) = get(&path, None);
    assert_eq!(status, 200);
    assert!(text.contains("AWS::Logs::LogGroup") && text.contains("All stacks"), "{text}");
    for path in
        [path.replace("shop", "none"), path.replace("111111111111", "1"), path.replace("eu-west-1", "us-east-1")]
    {
        assert_eq!(get(&path, None).0, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_shows_the_newest_and_counts_the_rest() {
    let mut world = World::new(SimConfig::default());
    let template = json!({"Resources": {"Logs": {"Type": "AWS::Logs::LogGroup"}}});
    for number in 0..120 {
        let stack = input(&format!("stack-{number:03}"), &template, &format!("token-{number}"));
        world.create_stack(&place(), &stack, &StackOptions::default()).unwrap();
    }
    let (endpoint, _stop) = served(world).await;
    let (_, _, text) = get(&format!("{endpoint}/_landfall/"), None);
    assert!(
        text.contains("The newest 100 of 120 stacks.") && text.contains("The newest 100 of 120 changes."),
        "{text}"
    );
    assert!(text.contains("stack-099</a>") && !text.contains("stack-119</a>"), "of one time, by name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_sees_the_account_live() {
    let Some((chromium, modules)) = browser() else { return };
    let world = World::new(SimConfig { pace: Pace::fast(), ..SimConfig::default() });
    let (endpoint, stop) = served(world).await;
    let seen = tokio::task::spawn_blocking(move || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sim/page.mjs");
        let mut node = Command::new("node");
        node.arg(script).args([chromium, modules]).arg(&endpoint).args(std::env::var_os("LANDFALL_SCREENS"));
        let mut node = node.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(node.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        stop.send(()).unwrap();
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert!(node.wait().unwrap().success());
        assert_eq!(line, "stop\n");
        serde_json::from_str::<Value>(&rest).unwrap()
    })
    .await
    .unwrap();
    assert_eq!(seen["complaints"], json!([]));
    assert_eq!(seen["loads"], 2, "what changes appears without loading the page again");
    let views = seen["seen"].as_array().unwrap();
    assert_eq!(views.len(), 8);
    for view in views {
        assert_eq!((&view["wider"], &view["violations"]), (&json!(0), &json!([])), "{view}");
        assert!(view["passes"].as_u64().unwrap() > 10, "{view}");
    }
}
