//! One set of checks against every server that speaks AWS's protocols, with the deviations that are known.
//!
//! A deviation names a check that fails there, why, and a piece of what the failure says. A check that passes although a
//! deviation is listed fails the test too: the list must stay true.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use landfall::aws::AwsCloud;
use landfall::sim::{Clusters, During, Fault, Pace, SimConfig, World, serve};

use super::checks::{CHECKS, Context};
use super::server::{Emulator, cloud, tools};

/// A check that a server is known to fail.
struct Deviation {
    check: &'static str,
    /// In a sentence.
    because: &'static str,
    /// What the check's failure says, among other things.
    shows: &'static str,
}

const fn deviates(check: &'static str, because: &'static str, shows: &'static str) -> Deviation {
    Deviation { check, because, shows }
}

const SIMULATED: &[Deviation] = &[];

const MINISTACK: &[Deviation] = &[
    deviates("the_description_is_kept", "A change set loses the template's description.", r#"Some("")"#),
    deviates(
        "a_change_set_says_what_is_replaced",
        "Every modification is said to be conditional, and no property is named.",
        "MayReplace",
    ),
    deviates("a_token_means_one_request", "Tokens are echoed in events, but not compared.", "Ok(())"),
    deviates("a_service_shows_its_deployment", "There are no service deployments.", "has no service deployment"),
    deviates("a_task_runs_once_and_leaves_its_lines", "Client tokens mean nothing.", "the task of a repetition"),
    deviates("a_pause_hook_is_answered", "There are no service deployments.", "has no service deployment"),
];

const MOTO: &[Deviation] = &[
    deviates("what_is_not_there_is_none", "Deleting a change set of no stack crashes the server.", "HTTP status 500"),
    deviates("outputs_are_told", "A stack made by a change set has no outputs.", "the outputs is {}"),
    deviates("the_description_is_kept", "A stack made by a change set has none.", "the description is None"),
    deviates("a_stack_is_updated", "A resource that was added has no name.", "no LogicalResourceId"),
    deviates("a_change_set_says_what_is_replaced", "A modification has no Replacement.", "MayReplace"),
    deviates("an_update_without_changes_is_told", "The call itself is refused.", "No updates are to be performed"),
    deviates("a_failed_create_rolls_back", "Nothing is rolled back: the call itself fails.", "ListenerNotFound"),
    deviates("a_failed_update_rolls_back", "Nothing is rolled back: the call itself fails.", "ListenerNotFound"),
    deviates("a_stack_is_deleted", "Tokens are not kept.", "events of a deleted stack"),
    deviates("a_protected_stack_is_not_deleted", "There is no termination protection.", "HTTP status 500"),
    deviates("a_deleted_change_set_is_gone", "It is still described.", "the change set is false"),
    deviates("a_stale_change_set_cannot_run", "It runs.", "Ok(())"),
    deviates("events_carry_the_token", "Tokens are not kept.", "whose the last operation was is None"),
    deviates("a_token_means_one_request", "Tokens are not kept.", "Ok(())"),
    deviates("a_cancel_needs_an_update", "There is no cancelling.", "HTTP status 500"),
    deviates("a_service_shows_its_deployment", "There are no service deployments.", "HTTP status 500"),
    deviates("a_task_runs_once_and_leaves_its_lines", "A task on Fargate crashes the server.", "HTTP status 500"),
    deviates("a_task_is_stopped", "A task on Fargate crashes the server.", "HTTP status 500"),
    deviates("a_pause_hook_is_answered", "There are no service deployments.", "HTTP status 500"),
    deviates("a_long_template_goes_through_a_bucket", "The address of a template is misread.", "NoSuchBucket"),
    deviates("a_bucket_that_cannot_be_used_is_said", "A bucket is open to every account.", "conformance-of-others"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simulated_account() {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let clusters = Clusters::Listed(BTreeSet::new());
    let config = SimConfig { start: Timestamp::now(), pace: Pace::fast(), clusters, ..SimConfig::default() };
    let mut world = World::new(config);
    // It does not look for a rule's listener, so it is told what fails.
    for stack in ["a-failed-create-rolls-back", "a-failed-update-rolls-back"] {
        world.queue_fault(Fault::ResourceFails {
            stack: stack.to_owned(),
            resource: "Bad".to_owned(),
            during: During::Create,
            reason: "The specified listener does not exist.".to_owned(),
            times: 1,
        });
    }
    let image = |family: &str| format!("{family}:1");
    world.queue_fault(Fault::ImageCrashes { image: image("writes-and-fails"), exit_code: 3, reason: None });
    let lines = ["first", "second", "third"].map(str::to_owned).to_vec();
    world.queue_fault(Fault::ImageSays { image: image("writes-and-fails"), lines });
    world.queue_fault(Fault::ImageStays { image: image("never-ends"), exit_code: 143 });
    let world = Arc::new(Mutex::new(world));
    tokio::spawn(serve(listener, world, Arc::new(Timestamp::now), std::future::pending()));
    conforms(&endpoint, "111111111111", SIMULATED).await;
}

#[tokio::test]
async fn ministack() {
    let Some(tools) = tools() else { return };
    let emulator = Emulator::ministack(&tools);
    conforms(&emulator.endpoint, "111111111111", MINISTACK).await;
    emulator.assert_on_loopback();
}

#[tokio::test]
async fn moto() {
    let Some(tools) = tools() else { return };
    let emulator = Emulator::moto(&tools);
    // GetCallerIdentity knows no other account unless a role was assumed.
    conforms(&emulator.endpoint, "123456789012", MOTO).await;
    emulator.assert_on_loopback();
}

/// Runs every check, each with an adapter of its own.
async fn conforms(endpoint: &str, account: &str, deviations: &[Deviation]) {
    for deviation in deviations {
        assert!(CHECKS.iter().any(|check| check.name == deviation.check), "no check is called {}", deviation.check);
    }
    let mut wrong = Vec::new();
    for check in CHECKS {
        let cloud: AwsCloud = cloud(endpoint);
        let context = Context { endpoint, account, cloud: &cloud, check: check.name };
        let outcome = (check.run)(&context).await;
        let known = deviations.iter().find(|deviation| deviation.check == check.name);
        match (outcome, known) {
            (Ok(()), None) => println!("{}: as AWS does", check.name),
            (Err(error), Some(known)) if error.contains(known.shows) => {
                println!("{}: deviates, as is known: {}", check.name, known.because);
            }
            (Ok(()), Some(known)) => {
                wrong.push(format!("{}: passes, so this is not true: {}", check.name, known.because))
            }
            (Err(error), _) => wrong.push(format!("{}: {error}", check.name)),
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
