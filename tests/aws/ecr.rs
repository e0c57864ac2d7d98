//! ECR: its API as ministack and the simulated account have it, and answers that no registry should give.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use landfall::registry::manifest::digest_of;
use landfall::registry::{Registry, RegistryError};
use landfall::sim::{SimConfig, World, serve};
use serde_json::{Value, json};

use super::canned::{Canned, Reply};
use super::server::{Emulator, cloud, tools};

const REPOSITORY: &str = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/app";

/// Calls ECR as any client could.
fn ecr(endpoint: &str, operation: &str, input: &Value) -> Value {
    let scope =
        "AWS4-HMAC-SHA256 Credential=111111111111/20261123/eu-west-1/ecr/aws4_request, SignedHeaders=host, Signature=0";
    let mut answer = ureq::post(endpoint)
        .header("authorization", scope)
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("AmazonEC2ContainerRegistry_V20150921.{operation}"))
        .send(input.to_string())
        .unwrap();
    serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
}

#[tokio::test]
async fn ministack_lists_and_describes() {
    let Some(tools) = tools() else { return };
    let emulator = Emulator::ministack(&tools);
    lists_and_describes(&emulator.endpoint).await;
    emulator.assert_on_loopback();
}

/// A page of the simulated account holds one image.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_simulated_account_lists_and_describes() {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let world = World::new(SimConfig { start: Timestamp::now(), page_size: 1, ..SimConfig::default() });
    let world = Arc::new(Mutex::new(world));
    tokio::spawn(serve(listener, world, Arc::new(Timestamp::now), std::future::pending()));
    lists_and_describes(&endpoint).await;
}

async fn lists_and_describes(endpoint: &str) {
    let blob = |size: u64| {
        let digest = digest_of(&size.to_le_bytes());
        json!({ "mediaType": "application/octet-stream", "digest": digest, "size": size })
    };
    let manifest = |size: u64| {
        let kind = "application/vnd.oci.image.manifest.v1+json";
        json!({ "schemaVersion": 2, "mediaType": kind, "config": blob(size), "layers": [] }).to_string()
    };
    let first = digest_of(manifest(1).as_bytes());
    let images = [("1.4.0", manifest(1)), ("latest", manifest(2))];
    let pushed = tokio::task::spawn_blocking({
        let endpoint = endpoint.to_owned();
        move || {
            ecr(&endpoint, "CreateRepository", &json!({ "repositoryName": "team/app" }));
            for (tag, text) in images {
                let input = json!({ "repositoryName": "team/app", "imageManifest": text, "imageTag": tag });
                ecr(&endpoint, "PutImage", &input);
            }
        }
    });
    pushed.await.unwrap();
    let cloud = cloud(endpoint);
    let mut tags = cloud.tags(REPOSITORY).await.unwrap();
    tags.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(tags.iter().map(|tag| &*tag.name).collect::<Vec<_>>(), ["1.4.0", "latest"]);
    assert!(tags.iter().all(|tag| tag.pushed.is_some()), "ECR tells when: {tags:?}");
    let image = cloud.describe(REPOSITORY, "1.4.0").await.unwrap().unwrap();
    assert_eq!(image.digest, first);
    assert_eq!(cloud.describe(REPOSITORY, "9.9.9").await.unwrap(), None);
    let other = cloud.tags("111111111111.dkr.ecr.eu-west-1.amazonaws.com/other").await.unwrap_err();
    assert!(matches!(&other, RegistryError::Missing { path, .. } if path == "other"), "{other:?}");
}

fn json(status: u16, body: &Value) -> Reply {
    Reply::Http(status, body.to_string())
}

/// What the error about these answers says.
async fn error(replies: Vec<Reply>) -> String {
    let server = Canned::new(replies);
    landfall::cli::exit::chain(&cloud(&server.endpoint).tags(REPOSITORY).await.unwrap_err())
}

#[tokio::test]
async fn answers_that_make_no_sense_are_errors() {
    let page = |tag: &str, token: Option<&str>| {
        let image = json!({ "imageTags": [tag], "imagePushedAt": 1_767_225_600 });
        json(200, &json!({ "imageDetails": [image], "nextToken": token }))
    };
    let server = Canned::new(vec![page("a", Some("1")), page("b", Some("2")), page("c", None)]);
    let tags = cloud(&server.endpoint).tags(REPOSITORY).await.unwrap();
    assert_eq!(tags.iter().map(|tag| &*tag.name).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(tags[0].pushed.unwrap().to_string(), "2026-01-01T00:00:00Z");
    let asked = server.asked();
    assert!(asked[1].contains("\"nextToken\":\"1\"") && asked[0].contains("\"tagStatus\":\"TAGGED\""), "{asked:?}");
    assert!(error(vec![page("a", Some("1"))]).await.contains("the same page comes again"));
    assert!(error(vec![page("\u{1b}[2J", None)]).await.contains("`\\u{1b}[2J` is not a tag"));
    let undated = json(200, &json!({ "imageDetails": [{ "imageTags": ["a"] }] }));
    assert!(error(vec![undated]).await.contains("the answer has no imagePushedAt"));
    let refused = |kind: &str| json(400, &json!({ "__type": kind, "message": "no" }));
    assert!(error(vec![refused("RepositoryNotFoundException")]).await.contains("has no repository team/app"));
    assert!(error(vec![refused("AccessDeniedException")]).await.contains("ecr:DescribeImages and ecr:BatchGetImage"));
    assert!(error(vec![Reply::Http(200, "<html>".to_owned())]).await.contains("cannot ask the registry"));
    let name = cloud("http://127.0.0.1:1").tags("1.dkr.ecr.eu-west-1.amazonaws.com/a").await.unwrap_err();
    assert!(matches!(name, RegistryError::Name { .. }), "{name}");
}

#[tokio::test]
async fn an_image_is_what_its_manifest_says() {
    let told = |answer: Value| async move {
        let server = Canned::new(vec![json(200, &answer)]);
        cloud(&server.endpoint).describe(REPOSITORY, "1.0.0").await
    };
    let missing = |code: &str| json!({ "images": [], "failures": [{ "failureCode": code }] });
    assert_eq!(told(missing("ImageNotFound")).await.unwrap(), None);
    assert!(told(missing("KmsError")).await.unwrap_err().to_string().contains("KmsError"));
    assert!(told(json!({})).await.unwrap_err().to_string().contains("neither an image nor a failure"));
    let image = |text: &str, digest: &str| json!({ "images": [{ "imageManifest": text, "imageId": { "imageDigest": digest } }] });
    let manifest = r#"{"config":{},"layers":[]}"#;
    let right = told(image(manifest, &digest_of(manifest.as_bytes()))).await.unwrap().unwrap();
    assert_eq!(right.digest, digest_of(manifest.as_bytes()));
    let wrong = told(image(manifest, &digest_of(b"other"))).await.unwrap_err().to_string();
    assert!(wrong.contains("the registry announced sha256:"), "{wrong}");
}
