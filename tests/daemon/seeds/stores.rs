//! What becomes of stores: backed up and restored, copied and used twice, lost.

use std::collections::BTreeSet;
use std::sync::Arc;

use landfall::cloud::{At, Observe};
use landfall::daemon::DaemonError;
use landfall::model::journal::StoreId;
use landfall::model::place::Access;
use landfall::model::{AccountId, Hash, Place, Region, StackName};
use landfall::sim::SimCloud;
use landfall::store::{MemoryStore, Store};
use landfall::view::reasons;

use super::laws::Verdict;
use super::people::holds;
use super::run::Universe;

impl Universe {
    /// The operator does something to the store. Whoever was only slow is dead by then.
    pub(super) async fn store_trouble(&mut self) -> Verdict {
        // What happened so far is known before another store forgets some of it.
        self.laws().await?;
        let place = format!("place {}", self.stores);
        match self.dice.below(6) {
            0..3 => {
                self.backup = Some(self.store.copied(&place));
                self.count("store: backed up");
                return Ok(());
            }
            3 => {
                let Some(backup) = &self.backup else { return Ok(()) };
                let restored = backup.copied(&place);
                self.another(restored).await;
                self.count("store: restored");
            }
            4 => {
                let copied = self.store.copied(&place);
                let old = self.store.clone();
                let (daemon, plan) = self.daemon.take().unwrap_or_else(|| self.start());
                self.another(copied).await;
                // It is not killed any more.
                plan.set(0);
                self.other = Some((daemon, plan, old));
                self.watch.copied();
                self.count("store: copied, and both are used");
            }
            _ => {
                let id = self.dice.next();
                self.another(MemoryStore::new(StoreId(format!("{id:016x}").into()))).await;
                self.adopt = true;
                self.count("store: lost");
            }
        }
        Ok(())
    }

    /// Whether the store asks, or waits until it may take over stacks of another one.
    pub(super) fn asks(&self) -> bool {
        let rows = self.published.iter().flat_map(|published| &published.planned.report.slots);
        rows.flat_map(|row| holds(&row.decision)).any(|hold| reasons::code(&hold.cause) == "unadopted")
    }

    /// Goes on with another store.
    async fn another(&mut self, store: MemoryStore) {
        self.stores += 1;
        self.zombies.clear();
        self.daemon = None;
        self.other = None;
        self.store = Arc::new(store);
        let records = self.store.records(0, u32::MAX).await.unwrap();
        let carried = self.carried().await;
        self.watch.restart(&records, &carried);
        // Nobody has said anything of it yet.
        self.published = None;
    }

    /// What the stamps of all stacks say.
    async fn carried(&self) -> BTreeSet<(StackName, Hash)> {
        let cloud = SimCloud::new(self.world.clone());
        let mut carried = BTreeSet::new();
        for account in ["111111111111", "222222222222"] {
            let place = Place { account: AccountId::new(account).unwrap(), region: Region::new("eu-west-1").unwrap() };
            let stacks = cloud.stacks(&At { place, access: Access::default() }).await.unwrap_or_default();
            carried.extend(stacks.iter().filter_map(|seen| Some((seen.name.clone(), seen.stamp()?.content))));
        }
        carried
    }

    /// The daemon on the store that was copied takes a turn, too; until it finds that it is not alone.
    pub(super) async fn other_turn(&mut self) {
        let Some((mut daemon, plan, store)) = self.other.take() else { return };
        if self.dice.chance(50) {
            self.other = Some((daemon, plan, store));
            return;
        }
        let taken = daemon.turn().await;
        let records = store.records(0, u32::MAX).await.unwrap();
        self.watch.other(&records);
        if taken.as_ref().err().is_some_and(DaemonError::is_final) {
            self.count("store: the other daemon stopped");
        } else {
            self.other = Some((daemon, plan, store));
        }
    }
}
