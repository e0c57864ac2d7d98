//! `verify`: what is found when everything is there, and what when something is not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use landfall::cli::folder::read_folder;
use landfall::cli::verify::{Finding, Subject, verify};
use landfall::load::{Loader, Source};
use landfall::model::{AccountId, Catalog, Place, Region, TargetName};
use landfall::sim::{Buckets, CallEffect, Clusters, Fault, SimCloud, SimConfig, World};

/// The catalog of the example.
pub(super) fn example() -> Catalog {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
    let (tree, blobs) = read_folder(&folder).unwrap();
    let source = Source { tree: &tree, blobs: &blobs, commit: None, history: None, facts: None };
    let loaded = Loader::new().load(&source).unwrap();
    assert!(!loaded.has_errors(), "{:?}", loaded.problems);
    loaded.catalog
}

/// Accounts with every bucket.
fn accounts(clusters: Clusters) -> SimCloud {
    with_buckets(clusters, Buckets::Any)
}

fn with_buckets(clusters: Clusters, buckets: Buckets) -> SimCloud {
    SimCloud::new(Arc::new(Mutex::new(World::new(SimConfig { clusters, buckets, ..SimConfig::default() }))))
}

/// What is found of the bucket that the example's target in Europe names.
async fn bucket(buckets: Buckets) -> Finding {
    let findings = verify(&with_buckets(Clusters::Any, buckets), &example(), None).await;
    let mut found: Vec<Finding> = findings.into_iter().filter(|one| one.subject == Subject::Bucket).collect();
    assert_eq!(found.len(), 1, "only a target that names a bucket has one: {:#?}", lines(&found));
    found.remove(0)
}

#[tokio::test]
async fn a_bucket_that_is_not_there_or_not_the_targets_is_named_with_a_way_out() {
    let name = "example-prod-landfall-eu";
    let at = |account: &str, region: &str| {
        let place = Place { account: AccountId::new(account).unwrap(), region: Region::new(region).unwrap() };
        Buckets::Listed(BTreeMap::from([(name.to_owned(), place)]))
    };
    assert!(bucket(at("222222222222", "eu-west-1")).await.is_fine());
    for (buckets, says, way_out) in [
        (Buckets::Listed(BTreeMap::new()), "there is no bucket example-prod-landfall-eu", "create bucket"),
        (at("222222222222", "us-east-1"), "cannot be used", "name a bucket in 222222222222/eu-west-1"),
        (at("111111111111", "eu-west-1"), "cannot read", "if it belongs to account 222222222222"),
    ] {
        let found = bucket(buckets).await;
        assert!(found.sentence.contains(says) && found.sentence.contains(name), "{found:?}");
        assert!(found.way_out.as_deref().unwrap().contains(way_out), "{found:?}");
    }
}

fn lines(findings: &[Finding]) -> Vec<String> {
    let line = |one: &Finding| {
        let mark = if one.is_fine() { "fine" } else { "wrong" };
        format!("{} {:?} {mark}: {}", one.target, one.subject, one.sentence)
    };
    findings.iter().map(line).collect()
}

#[tokio::test]
async fn a_target_with_everything_is_fine() {
    let catalog = example();
    let findings = verify(&accounts(Clusters::Any), &catalog, None).await;
    assert!(findings.iter().all(Finding::is_fine), "{:#?}", lines(&findings));
    let buckets = catalog.targets.values().filter(|target| target.template_bucket.is_some()).count();
    assert_eq!((findings.len(), buckets), (3 * catalog.targets.len() + 1, 1));
}

#[tokio::test]
async fn only_the_named_target_is_looked_at() {
    let catalog = example();
    let only: TargetName = catalog.targets.keys().next_back().unwrap().clone();
    let findings = verify(&accounts(Clusters::Any), &catalog, Some(&only)).await;
    let targets: BTreeSet<_> = findings.iter().map(|finding| &finding.target).collect();
    assert_eq!(targets, BTreeSet::from([&only]));
}

#[tokio::test]
async fn a_missing_cluster_is_named_with_a_way_out() {
    let catalog = example();
    let place = Place { account: AccountId::new("111111111111").unwrap(), region: Region::new("eu-west-1").unwrap() };
    let there = Clusters::Listed(BTreeSet::from([(place, "shared".to_owned())]));
    let findings = verify(&accounts(there), &catalog, None).await;
    let wrong: Vec<&Finding> = findings.iter().filter(|finding| !finding.is_fine()).collect();
    assert!(wrong.iter().all(|finding| finding.is_wrong()), "it was seen");
    assert!(!wrong.is_empty() && wrong.iter().all(|finding| finding.subject == Subject::Cluster), "{wrong:#?}");
    let first = wrong[0];
    assert!(first.sentence.starts_with("there is no cluster prod-"), "{}", first.sentence);
    assert!(first.way_out.as_deref().unwrap().starts_with("create cluster prod-"), "{first:?}");
}

#[tokio::test]
async fn a_denied_listing_is_a_matter_of_rights() {
    let catalog = example();
    let cloud = accounts(Clusters::Any);
    let (operation, effect) = ("DescribeStacks".to_owned(), CallEffect::Deny);
    cloud.world().queue_fault(Fault::Call { operation, account: None, effect, skip: 0, times: 100 });
    let findings = verify(&cloud, &catalog, None).await;
    let listing = findings.iter().find(|finding| finding.subject == Subject::Stacks).unwrap();
    assert_eq!(listing.way_out.as_deref(), Some("grant what `landfall iam` prints for this target"), "{listing:?}");
    assert!(listing.unseen && !listing.is_wrong(), "nothing is known to be wrong");
    assert!(!findings.iter().any(Finding::is_wrong));
}

/// Credentials for another account end the look at a target: nothing is asked of the wrong account.
#[tokio::test]
async fn the_wrong_account_is_said_first() {
    let mut catalog = example();
    let name = catalog.targets.keys().next().unwrap().clone();
    let mut target = (*catalog.targets[&name]).clone();
    target.access.role = Some("arn:aws:iam::999999999999:role/elsewhere".into());
    catalog.targets.insert(name.clone(), Arc::new(target));
    let server = super::canned::Canned::new(vec![super::canned::refusal(400, "AccessDenied", "not yours")]);
    let cloud = super::server::cloud(&server.endpoint);
    let findings = verify(&cloud, &catalog, Some(&name)).await;
    assert_eq!(findings.len(), 1, "{:#?}", lines(&findings));
    assert_eq!(findings[0].subject, Subject::Identity);
    assert!(findings[0].sentence.contains("AccessDenied"), "{:?}", findings[0]);
    assert!(findings[0].way_out.as_deref().unwrap().contains("role/elsewhere"), "{:?}", findings[0]);
}
