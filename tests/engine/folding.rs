//! The laws of folding records to facts, whatever their order.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use landfall::model::catalog::OnFailure;
use landfall::model::journal::{
    Action, Allowed, Call, Cause, DeploymentId, Entry, Evidence, Fence, Found, Learned, Opened, Outcome, Record, Reply,
    StoreId,
};
use landfall::model::{CommitId, FactsFold, Hash, Slot, StackName, StackStatus};
use proptest::prelude::*;

use super::support::{STORE, content, id, order, owner, place, queue, release};

fn stack() -> impl Strategy<Value = StackName> {
    prop_oneof![Just("one"), Just("two")].prop_map(|step| StackName::of(&owner(step)))
}

fn deployment() -> impl Strategy<Value = DeploymentId> {
    (1..5_u64).prop_map(DeploymentId)
}

fn cause() -> Cause {
    Cause {
        code: "stack-failed".into(),
        sentence: "it failed".to_owned(),
        stack: None,
        gate: None,
        foreseen: Vec::new(),
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Proved),
        Just(Outcome::StackStatusOnly),
        Just(Outcome::Unchanged),
        Just(Outcome::Removed),
        Just(Outcome::Failed(cause())),
        Just(Outcome::Superseded { by: None }),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![Just(Call::CreateChangeSet), Just(Call::ExecuteChangeSet), Just(Call::DeleteStack)]
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        Just(Reply::Accepted),
        Just(Reply::Refused { error: "no".to_owned() }),
        Just(Reply::Lost { error: "gone".to_owned() }),
    ]
}

fn left() -> impl Strategy<Value = StackStatus> {
    prop_oneof![
        Just(StackStatus::UpdateComplete),
        Just(StackStatus::UpdateRollbackComplete),
        Just(StackStatus::DeleteComplete),
    ]
}

/// A deployment begins, in one of two slots, with one of two contents.
fn opened(deployment: DeploymentId, other: bool, version: u64, removal: bool) -> Entry {
    let environment = if other { "production" } else { "test" };
    let content = content("one", "1.0.0", &queue(30));
    let put = order(0, Action::Put(Box::new(content)), "one");
    let delete = order(0, Action::Delete { id: "arn".into(), unprotect: false }, "two");
    let orders = match (removal, version) {
        (true, _) | (false, 0) => vec![delete],
        (false, _) => vec![put],
    };
    Entry::Opened(Opened {
        deployment,
        slot: Slot { project: id("shop"), environment: id(environment), tenant: None },
        release: release(&format!("1.{version}.0")),
        commit: CommitId("c".repeat(40)),
        plan: "00000000".into(),
        content: Hash::of(&version.to_be_bytes()),
        given: None,
        attempt: 1,
        on_failure: OnFailure::Stop,
        orders,
        allowed: vec![],
        live: Default::default(),
        waves: Vec::new(),
        removal,
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    let slot = Slot { project: id("shop"), environment: id("test"), tenant: None };
    prop_oneof![
        1 => Just(Entry::Landed { commit: CommitId("d".repeat(40)) }),
        1 => (1..3_u64).prop_map(|version| Entry::Snapshot {
            project: id("shop"),
            release: release(&format!("1.{version}.0")),
            commit: CommitId("e".repeat(40)),
            content: Hash::of(b"what"),
            rules: 0,
        }),
        3 => (deployment(), any::<bool>(), 0..3_u64, any::<bool>()).prop_map(|(d, o, v, r)| opened(d, o, v, r)),
        1 => (deployment(), stack(), call()).prop_map(|(deployment, stack, call)| Entry::Intent {
            deployment, stack, call, token: "lf-token".into(),
        }),
        1 => (deployment(), stack(), call(), reply())
            .prop_map(|(deployment, stack, call, reply)| Entry::Reply { deployment, stack, call, reply }),
        1 => (deployment(), stack(), left()).prop_map(|(deployment, stack, status)| Entry::Evidence {
            deployment, stack, item: Evidence::StackLeft { status },
        }),
        1 => (deployment(), stack(), outcome())
            .prop_map(|(deployment, stack, outcome)| Entry::StackEnded { deployment, stack, outcome }),
        1 => (deployment(), stack()).prop_map(|(deployment, stack)| Entry::Stopped {
            deployment, stack, cause: cause(), until: None,
        }),
        1 => (deployment(), stack()).prop_map(|(deployment, stack)| Entry::GateGone { deployment, stack }),
        1 => (deployment(), stack(), any::<bool>()).prop_map(|(deployment, stack, waits)| Entry::Waits {
            deployment, stack, cause: waits.then(cause), until: None,
        }),
        1 => deployment().prop_map(move |deployment| Entry::Used(Allowed {
            slot: slot.clone(), allowance: Hash::of(b"allowance"), deployment,
        })),
        3 => (deployment(), outcome()).prop_map(|(deployment, outcome)| Entry::Ended { deployment, outcome }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_fold_in_any_order_and_from_any_point(
        entries in prop::collection::vec(entry(), 0..60),
        point in any::<prop::sample::Index>(),
    ) {
        let at = |seq: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seq);
        let records: Vec<Record> = (1..)
            .zip(entries)
            .map(|(seq, entry)| Record { seq, at: at(seq.cast_signed()), fence: Fence(1), entry })
            .collect();
        let store = StoreId(STORE.into());
        let whole = FactsFold::replay(store.clone(), &records);

        // As a restart has them: through the store's words, and from a fold that was left somewhere.
        let text = serde_json::to_string(&records).unwrap();
        let read: Vec<Record> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &records);
        let mut fold = FactsFold::new(store);
        let point = point.index(records.len() + 1);
        read.iter().take(point).for_each(|record| fold.apply(record));
        let mut fold = fold.clone();
        read.iter().skip(point).for_each(|record| fold.apply(record));
        prop_assert_eq!(&fold, &whole);

        let facts = whole.facts();
        let said = serde_json::to_string(facts).unwrap();
        prop_assert_eq!(&serde_json::from_str::<landfall::model::Facts>(&said).unwrap(), facts);
        let open: Vec<&Slot> = facts.runs.iter().filter(|run| run.to.is_none()).map(|run| &run.slot).collect();
        prop_assert_eq!(open.len(), open.iter().collect::<BTreeSet<_>>().len(), "a slot runs one release");
        prop_assert!(facts.runs.iter().all(|run| run.to.is_none_or(|to| run.from <= to)));
        let flights: BTreeSet<DeploymentId> = facts.in_flight.iter().map(|flight| flight.deployment).collect();
        prop_assert_eq!(flights.len(), facts.in_flight.len(), "a deployment is in flight once");
    }
}

#[test]
fn a_content_that_used_an_allowance_is_remembered_with_its_last_deployment() {
    let at = |seq: u64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(i64::try_from(seq).unwrap());
    let mut fold = FactsFold::new(StoreId(STORE.into()));
    let mut seq = 0;
    let mut add = |fold: &mut FactsFold, entry: Entry| {
        seq += 1;
        fold.apply(&Record { seq, at: at(seq), fence: Fence(1), entry });
    };
    let ends = |deployment| Entry::Ended { deployment, outcome: Outcome::Proved };
    for (number, allowed) in [(1, false), (2, true), (3, true), (4, false)] {
        let deployment = DeploymentId(number);
        let opening = opened(deployment, false, 7, false);
        let Entry::Opened(Opened { slot, content, .. }) = &opening else { panic!() };
        let (slot, content) = (slot.clone(), *content);
        add(&mut fold, opening);
        if allowed {
            add(&mut fold, Entry::Used(Allowed { slot, allowance: Hash::of(&number.to_le_bytes()), deployment }));
        }
        add(&mut fold, ends(deployment));
        let last = fold.facts().unlocked.iter().map(|last| (last.content, last.deployment.0)).collect::<Vec<_>>();
        let wanted = [None, Some(2), Some(3), Some(3)][usize::try_from(number).unwrap() - 1];
        assert_eq!(last, wanted.map(|number| (content, number)).into_iter().collect::<Vec<_>>());
    }
}

/// What is known of the content of stack `one`.
fn put(entries: Vec<Entry>) -> Option<Hash> {
    let record = |(seq, entry): (u64, Entry)| Record { seq, at: Timestamp::UNIX_EPOCH, fence: Fence(1), entry };
    let records: Vec<Record> = (1..).zip(entries).map(record).collect();
    let fold = FactsFold::replay(StoreId(STORE.into()), &records);
    let stack = StackName::of(&owner("one"));
    fold.facts().puts.iter().find(|put| put.stack == stack).map(|put| put.content)
}

fn deployed(number: u64) -> Vec<Entry> {
    let (deployment, stack) = (DeploymentId(number), StackName::of(&owner("one")));
    let item = Evidence::InPlace { changed: Timestamp::UNIX_EPOCH, services: None };
    vec![
        opened(deployment, false, 1, false),
        Entry::Evidence { deployment, stack: stack.clone(), item },
        Entry::StackEnded { deployment, stack, outcome: Outcome::Proved },
        Entry::Ended { deployment, outcome: Outcome::Proved },
    ]
}

#[test]
fn what_a_lost_operation_put_in_a_stack_takes_the_place_of_what_is_known() {
    let known = put(deployed(1)).unwrap();
    let found = |content: Hash| Found {
        place: place(),
        stack: StackName::of(&owner("one")),
        token: None,
        content: Some(content),
    };
    let learned = |content: Hash| {
        let slot = Slot { project: id("shop"), environment: id("test"), tenant: None };
        let learned = Learned { slot, release: Some(release("1.2.0")), stacks: vec![found(content)] };
        put(deployed(1).into_iter().chain([Entry::Learned(learned)]).collect())
    };
    assert_eq!(learned(known), Some(known));
    assert_eq!(learned(Hash::of(b"other")), None);
}

#[test]
fn an_update_that_is_rolled_back_leaves_what_is_known() {
    let known = put(deployed(1)).unwrap();
    let (deployment, stack) = (DeploymentId(2), StackName::of(&owner("one")));
    let mut entries = deployed(1);
    entries.push(opened(deployment, false, 2, false));
    let token = "lf-token".into();
    entries.push(Entry::Intent { deployment, stack: stack.clone(), call: Call::ExecuteChangeSet, token });
    assert_eq!(put(entries.clone()), None, "nothing is known while it is changed");
    let status = StackStatus::UpdateRollbackComplete;
    entries.push(Entry::Evidence { deployment, stack: stack.clone(), item: Evidence::StackLeft { status } });
    entries.push(Entry::StackEnded { deployment, stack, outcome: Outcome::Failed(cause()) });
    assert_eq!(put(entries), Some(known));
}
