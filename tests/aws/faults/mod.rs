//! Every operation that landfall calls, with every fault: what the port says, and how often the account did it.
//!
//! A cell is one operation with one fault. It is played twice: over the wire (the SDK, HTTP, the simulated account as a
//! server) and in process. Both have to come to the outcome that [`expected`] gives. The operations of registries are
//! asked over the wire alone, because the account has no registry. What becomes of a deployment whose calls meet these
//! faults is in `tests/engine/faults`.

mod account;
mod calls;
mod registry;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt as _;
use landfall::aws::operation::METHODS;
use landfall::aws::{AwsCloud, AwsOptions, Operation};
use landfall::cloud::Change;
use landfall::sim::{CallEffect, Effect, Fault, SimCloud, World, serve};

use self::account::Account;
use self::calls::{Came, call};
use super::server::options;

/// The columns.
pub(super) const EFFECTS: [CallEffect; 11] = [
    CallEffect::Throttle,
    CallEffect::Fail,
    CallEffect::CallLost,
    CallEffect::ReplyLost,
    CallEffect::CallHangs,
    CallEffect::ReplyHangs,
    CallEffect::Garble,
    CallEffect::Stall,
    CallEffect::Expire,
    CallEffect::Deny,
    CallEffect::Stale,
];

/// What a cell is called in the table.
fn words(effect: CallEffect) -> &'static str {
    match effect {
        CallEffect::Throttle => "throttled",
        CallEffect::Fail => "internal error",
        CallEffect::CallLost => "reset before",
        CallEffect::ReplyLost => "reset after",
        CallEffect::CallHangs => "timeout before",
        CallEffect::ReplyHangs => "timeout after",
        CallEffect::Garble => "broken body",
        CallEffect::Stall => "stalled",
        CallEffect::Expire => "expired",
        CallEffect::Deny => "denied",
        CallEffect::Stale => "stale read",
    }
}

/// What a call comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    /// `Done`, or the name of the error.
    kind: String,
    /// How often the account carried it out.
    accepted: usize,
}

impl Cell {
    fn new(kind: &str, accepted: usize) -> Self {
        Self { kind: kind.to_owned(), accepted }
    }
}

/// The outcome of a fault that stays.
fn expected(operation: Operation, effect: CallEffect) -> Cell {
    let carried_out = usize::from(operation.changes());
    // Of some answers the status is all that is read: it is enough. An answer to HEAD has nothing else.
    let status_is_all = matches!(
        operation,
        Operation::ExecuteChangeSet
            | Operation::DeleteChangeSet
            | Operation::DeleteStack
            | Operation::CancelUpdateStack
            | Operation::ContinueUpdateRollback
            | Operation::HeadBucket
            | Operation::PutObject
            | Operation::DetectStackDrift
    );
    let head = operation == Operation::HeadBucket;
    match effect {
        CallEffect::Throttle if head => Cell::new("Failing", 0),
        CallEffect::Expire if head => Cell::new("Lost", 0),
        CallEffect::Fail if head || operation.changes() => Cell::new("Lost", 0),
        CallEffect::Throttle => Cell::new("Throttled", 0),
        CallEffect::Fail => Cell::new("Failing", 0),
        CallEffect::CallLost | CallEffect::CallHangs => Cell::new("Lost", 0),
        CallEffect::Garble if status_is_all => Cell::new("Done", carried_out),
        CallEffect::ReplyLost | CallEffect::ReplyHangs | CallEffect::Garble | CallEffect::Stall => {
            Cell::new("Lost", carried_out)
        }
        CallEffect::Expire => Cell::new("Expired", 0),
        CallEffect::Deny => Cell::new("Denied", 0),
        CallEffect::Stale => Cell::new("Done", carried_out),
    }
}

/// The outcome over the wire of a fault that hits one call: a read is asked again, a change only where it is certain that
/// it was not carried out.
fn expected_once(operation: Operation, effect: CallEffect) -> Cell {
    let stays = expected(operation, effect);
    let again = match stays.kind.as_str() {
        "Throttled" | "Unreachable" => true,
        "Failing" | "Lost" => !operation.changes(),
        _ => false,
    };
    if again { Cell::new("Done", usize::from(operation.changes())) } else { stays }
}

/// The operations that one method of the port makes beside this one: their answers belong together.
fn together(operation: Operation) -> Vec<Operation> {
    let of = |method: &str| METHODS.iter().find(|(name, _)| *name == method).unwrap().1.to_vec();
    match operation {
        Operation::ListTasks => of("task"),
        operation if of("service").contains(&operation) => of("service"),
        operation => vec![operation],
    }
}

fn faulty(account: &Account, operation: Operation, effect: CallEffect, times: u32) -> World {
    let mut world = account.world.clone();
    let all = if effect == CallEffect::Stale { together(operation) } else { vec![operation] };
    for operation in all {
        let operation = operation.as_str().to_owned();
        world.queue_fault(Fault::Call { operation, account: None, effect, skip: 0, times });
    }
    // A detection is of the stack as it is.
    if effect == CallEffect::Stale && !operation.changes() && operation != Operation::DetectStackDrift {
        Account::change(&mut world);
    }
    world
}

fn kind(came: &Came) -> String {
    match came {
        Ok(_) => "Done".to_owned(),
        Err(error) => format!("{error:?}").split([' ', '{', '(']).next().unwrap_or_default().to_owned(),
    }
}

/// Makes the call; gives the outcome, and the answer.
async fn play(
    account: &Account,
    world: &Mutex<World>,
    cloud: &dyn Change,
    operation: Operation,
) -> Option<(Cell, Came)> {
    let before = world.lock().unwrap().ledger().len();
    let came = call(operation, cloud, account).await?;
    let world = world.lock().unwrap();
    let made = world.ledger()[before..]
        .iter()
        .filter(|row| row.operation == operation.as_str() && row.effect == Effect::Effective);
    Some((Cell { kind: kind(&came), accepted: made.count() }, came))
}

async fn in_process(account: &Account, world: World, operation: Operation) -> Option<(Cell, Came)> {
    let world = Arc::new(Mutex::new(world));
    play(account, &world, &SimCloud::new(world.clone()), operation).await
}

/// Whether only the client's patience ends the call.
fn waits(operation: Operation, effect: CallEffect) -> bool {
    let lost = matches!(effect, CallEffect::CallLost | CallEffect::ReplyLost) && operation == Operation::HeadBucket;
    lost || matches!(effect, CallEffect::CallHangs | CallEffect::ReplyHangs | CallEffect::Stall)
}

/// The options of a client that does not wait long for an answer that will not come. Long enough for one that will, on a
/// machine that is busy.
fn hasty(endpoint: &str, operation: Operation, effect: CallEffect) -> AwsOptions {
    let read_timeout = Duration::from_secs(if waits(operation, effect) { 3 } else { 100 });
    AwsOptions { read_timeout, connect_timeout: Duration::from_secs(100), ..options(endpoint) }
}

/// One account behind the wire, and a client of it.
struct Wire {
    world: Arc<Mutex<World>>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
    cloud: AwsCloud,
}

impl Wire {
    async fn start(world: World, operation: Operation, effect: CallEffect) -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (now, world) = (world.now(), Arc::new(Mutex::new(world)));
        let server = tokio::spawn(serve(listener, world.clone(), Arc::new(move || now), std::future::pending()));
        Self { world, server, cloud: AwsCloud::new(hasty(&endpoint, operation, effect)) }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Plays one cell; says what is wrong about it. Where the client's patience ends before a busy machine has got round to the
/// call, the cell is played again.
async fn patiently(account: Arc<Account>, operation: Operation, effect: CallEffect) -> Vec<String> {
    let mut wrong = Vec::new();
    for _ in 0..if waits(operation, effect) { 4 } else { 1 } {
        wrong = check(account.clone(), operation, effect).await;
        if wrong.is_empty() {
            break;
        }
    }
    wrong
}

/// Plays one cell once.
async fn check(account: Arc<Account>, operation: Operation, effect: CallEffect) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut same = |how: &str, found: &Cell, right: &Cell| {
        if found != right {
            wrong.push(format!("{} {}, {how}: {found:?} and not {right:?}", operation.as_str(), words(effect)));
        }
    };
    let right = expected(operation, effect);
    let always = || faulty(&account, operation, effect, u32::MAX);
    let Some((process, answer)) = in_process(&account, always(), operation).await else { return wrong };
    same("in process", &process, &right);
    let wire = Wire::start(always(), operation, effect).await;
    let (found, told) = play(&account, &wire.world, &wire.cloud, operation).await.unwrap();
    same("over the wire", &found, &right);
    *wire.world.lock().unwrap() = faulty(&account, operation, effect, 1);
    let (once, _) = play(&account, &wire.world, &wire.cloud, operation).await.unwrap();
    same("over the wire, once", &once, &expected_once(operation, effect));
    if effect == CallEffect::Stale && !operation.changes() {
        let (_, before) = in_process(&account, account.world.clone(), operation).await.unwrap();
        // The simulated account tells texts that are numbers as numbers, so each way is compared with itself.
        *wire.world.lock().unwrap() = account.world.clone();
        let (_, sent) = play(&account, &wire.world, &wire.cloud, operation).await.unwrap();
        for (how, answer, before) in [("in process", answer, before), ("over the wire", told, sent)] {
            if answer.as_ref().ok() != before.as_ref().ok() {
                wrong.push(format!("{} stale, {how}: {answer:?} and not {before:?}", operation.as_str()));
            }
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_faults_of_every_operation_have_one_outcome() {
    let account = Arc::new(Account::new().await);
    let cells: Vec<_> =
        Operation::ALL.iter().flat_map(|operation| EFFECTS.map(|effect| (*operation, effect))).collect();
    let number = cells.len();
    let mut wrong: Vec<String> = futures::stream::iter(cells)
        .map(|(operation, effect)| {
            let account = account.clone();
            async move {
                match operation {
                    Operation::DescribeImages | Operation::BatchGetImage => registry::check(operation, effect).await,
                    _ => patiently(account, operation, effect).await,
                }
            }
        })
        .buffer_unordered(120)
        .flat_map(futures::stream::iter)
        .collect()
        .await;
    wrong.sort();
    println!(
        "{number} cells: each operation with each fault that stays, and what the port says (·1: carried out once)"
    );
    println!("{}", table());
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The outcomes as they were just checked, rows of the same outcomes together.
fn table() -> String {
    let mut rows: BTreeMap<Vec<String>, Vec<&str>> = BTreeMap::new();
    for operation in Operation::ALL {
        let cells = EFFECTS.map(|effect| {
            let Cell { kind, accepted } = match operation {
                Operation::DescribeImages | Operation::BatchGetImage => Cell::new(registry::expected(effect), 0),
                _ => expected(*operation, effect),
            };
            if accepted > 0 { format!("{kind}·{accepted}") } else { kind }
        });
        rows.entry(cells.to_vec()).or_default().push(operation.as_str());
    }
    let line = |cells: &[String]| cells.iter().map(|cell| format!("{cell:<15}")).collect::<String>();
    let mut drawn = format!("  {}\n", line(&EFFECTS.map(|effect| words(effect).to_owned())));
    for (cells, operations) in rows {
        drawn.push_str(&format!("{}:\n  {}\n", operations.join(", "), line(&cells)));
    }
    drawn
}
