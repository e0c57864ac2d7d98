//! `verify`: what is found when everything is there, and what when something is not.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use landfall::cli::folder::read_folder;
use landfall::cli::verify::{Finding, Subject, verify};
use landfall::load::{Loader, Source};
use landfall::model::{AccountId, Catalog, Place, Region, TargetName};
use landfall::sim::{CallEffect, Clusters, Fault, SimCloud, SimConfig, World};

/// The catalog of the example.
pub(super) fn example() -> Catalog {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
    let (tree, blobs) = read_folder(&folder).unwrap();
    let source = Source { tree: &tree, blobs: &blobs, commit: None, history: None, recorded: &[] };
    let loaded = Loader::new().load(&source).unwrap();
    assert!(!loaded.has_errors(), "{:?}", loaded.problems);
    loaded.catalog
}

fn accounts(clusters: Clusters) -> SimCloud {
    SimCloud::new(Arc::new(Mutex::new(World::new(SimConfig { clusters, ..SimConfig::default() }))))
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
    assert_eq!(findings.len(), 3 * catalog.targets.len());
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
