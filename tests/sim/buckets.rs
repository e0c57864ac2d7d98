//! Buckets of the simulated accounts, and templates that are read from them.

use std::collections::BTreeMap;

use landfall::model::{AccountId, Place, Region, StackStatus};
use landfall::sim::world::StackOptions;
use landfall::sim::{Buckets, SimConfig, World};

use super::support::{input, place, service, settle};

fn elsewhere(account: &str, region: &str) -> Place {
    Place { account: AccountId::new(account).unwrap(), region: Region::new(region).unwrap() }
}

fn world() -> World {
    let buckets = Buckets::Listed(BTreeMap::from([("templates".to_owned(), place())]));
    World::new(SimConfig { buckets, ..SimConfig::default() })
}

fn code<T: std::fmt::Debug>(answer: Result<T, landfall::sim::ApiError>) -> &'static str {
    answer.unwrap_err().code
}

#[test]
fn a_bucket_exists_only_if_it_was_made_and_its_name_only_once() {
    let mut world = world();
    assert_eq!(code(world.head_bucket(&place(), "other", None)), "NoSuchBucket");
    assert_eq!(code(world.put_object(&place(), "other", "a", b"1", None)), "NoSuchBucket");
    world.create_bucket(&place(), "other").unwrap();
    world.put_object(&place(), "other", "a", b"1", Some("111111111111")).unwrap();
    assert_eq!(&*world.get_object(&place(), "other", "a", None).unwrap(), b"1");
    assert_eq!(code(world.create_bucket(&place(), "other")), "BucketAlreadyOwnedByYou");
    assert_eq!(code(world.create_bucket(&elsewhere("222222222222", "eu-west-1"), "other")), "BucketAlreadyExists");
    assert_eq!(code(world.create_bucket(&place(), "No_Name")), "InvalidBucketName");
}

#[test]
fn only_its_own_account_uses_a_bucket_and_only_in_its_region() {
    let mut world = world();
    assert_eq!(code(world.head_bucket(&elsewhere("222222222222", "eu-west-1"), "templates", None)), "AccessDenied");
    assert_eq!(
        code(world.head_bucket(&elsewhere("111111111111", "us-east-1"), "templates", None)),
        "PermanentRedirect"
    );
    assert_eq!(code(world.head_bucket(&place(), "templates", Some("222222222222"))), "AccessDenied");
    assert_eq!(code(world.get_object(&place(), "templates", "none", None)), "NoSuchKey");
}

#[test]
fn any_bucket_is_there_for_whoever_asks_first_where_the_account_is_set_up_so() {
    let mut world = World::new(SimConfig { buckets: Buckets::Any, ..SimConfig::default() });
    world.head_bucket(&place(), "templates", None).unwrap();
    assert_eq!(code(world.head_bucket(&elsewhere("222222222222", "eu-west-1"), "templates", None)), "AccessDenied");
}

#[test]
fn a_template_url_is_read_as_cloudformation_reads_it() {
    let mut world = world();
    world.put_object(&place(), "templates", "a/b.json", b"{}", None).unwrap();
    for url in [
        "https://s3.eu-west-1.amazonaws.com/templates/a/b.json",
        "https://templates.s3.eu-west-1.amazonaws.com/a/b.json",
        "https://s3.amazonaws.com/templates/a/b.json",
        "https://templates.s3.amazonaws.com/a/b.json",
        "http://127.0.0.1:4566/templates/a/b.json",
    ] {
        assert_eq!(world.template_at(&place(), url, Some("127.0.0.1:4566")).as_deref(), Ok("{}"), "{url}");
    }
    for (url, says) in [
        ("https://s3.us-east-1.amazonaws.com/templates/a/b.json", "The bucket is in this region: eu-west-1."),
        ("https://s3.eu-west-1.amazonaws.com/others/a/b.json", "S3 error: The specified bucket does not exist"),
        ("https://s3.eu-west-1.amazonaws.com/templates/c.json", "S3 error: The specified key does not exist."),
        ("https://s3.eu-west-1.amazonaws.com/templates/a/b.json?versionId=1", "does not model"),
        ("https://example.com/templates/a/b.json", "TemplateURL must be a supported URL."),
        ("http://s3.eu-west-1.amazonaws.com/templates/a/b.json", "TemplateURL must be a supported URL."),
        ("s3://templates/a/b.json", "TemplateURL must be a supported URL."),
        ("https://s3.eu-west-1.amazonaws.com/templates", "TemplateURL must be a supported URL."),
    ] {
        let error = world.template_at(&place(), url, None).unwrap_err();
        assert!(error.message.contains(says), "{url}: {}", error.message);
    }
    let other = elsewhere("222222222222", "eu-west-1");
    let error = world.template_at(&other, "https://s3.eu-west-1.amazonaws.com/templates/a/b.json", None).unwrap_err();
    assert!(error.message.starts_with("S3 error: Access Denied"), "{}", error.message);
}

#[test]
fn a_template_from_a_bucket_has_a_limit_of_its_own() {
    let mut world = world();
    let url = "https://s3.eu-west-1.amazonaws.com/templates/long.json";
    world.put_object(&place(), "templates", "long.json", &[b' '; 1_000_001], None).unwrap();
    assert!(world.template_at(&place(), url, None).unwrap_err().message.contains("1000000"));
    let mut long = service("shop:1");
    long["Metadata"] = serde_json::json!({"Long": "x".repeat(60_000)});
    world.put_object(&place(), "templates", "long.json", long.to_string().as_bytes(), None).unwrap();
    let read = world.template_at(&place(), url, None).unwrap();
    let wanted = landfall::sim::world::StackInput { template: Some(read), ..input("shop", &long, "one") };
    world.create_stack(&place(), &wanted, &StackOptions::default()).unwrap();
    settle(&mut world);
    assert_eq!(world.find_stack(&place(), "shop").unwrap().status, StackStatus::CreateComplete);
    assert_eq!(world.template(&place(), "shop").unwrap().len(), long.to_string().len());
}
