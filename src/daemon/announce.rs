//! A store that tells what is written into it: to the log, and to whoever watches.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Events, log};
use crate::model::Facts;
use crate::model::journal::{DeploymentId, Entry, Fence, Record, StoreId};
use crate::store::{Lease, Result, Store, Whereabouts};

/// Passes everything on to a store, and tells every durable record.
pub(super) struct Announcing {
    store: Arc<dyn Store>,
    events: Arc<dyn Events>,
    flying: Mutex<BTreeMap<DeploymentId, log::Flight>>,
}

impl Announcing {
    pub(super) fn new(store: Arc<dyn Store>, events: Arc<dyn Events>) -> Self {
        Self { store, events, flying: Mutex::default() }
    }

    /// Learns what was in flight before it began to listen.
    pub(super) fn resume(&self, facts: &Facts) {
        let mut flying = self.flying.lock().unwrap_or_else(PoisonError::into_inner);
        flying.extend(facts.in_flight.iter().map(|flight| (flight.deployment, log::Flight::of(flight))));
    }

    fn tell(&self, record: &Record) {
        let mut flying = self.flying.lock().unwrap_or_else(PoisonError::into_inner);
        log::record(&mut flying, record);
        drop(flying);
        self.events.recorded(record);
    }
}

#[async_trait]
impl Store for Announcing {
    async fn id(&self) -> Result<StoreId> {
        self.store.id().await
    }

    async fn whereabouts(&self) -> Result<Whereabouts> {
        self.store.whereabouts().await
    }

    async fn settle(&self) -> Result<()> {
        self.store.settle().await
    }

    async fn acquire(&self, owner: &str, now: Timestamp, until: Timestamp) -> Result<Lease> {
        self.store.acquire(owner, now, until).await
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<Lease> {
        self.store.renew(lease, until).await
    }

    async fn release(&self, lease: &Lease) -> Result<()> {
        self.store.release(lease).await
    }

    async fn check(&self, fence: Fence) -> Result<()> {
        self.store.check(fence).await
    }

    async fn append(&self, fence: Fence, at: Timestamp, entries: Vec<Entry>) -> Result<Vec<Record>> {
        let records = self.store.append(fence, at, entries).await?;
        records.iter().for_each(|record| self.tell(record));
        Ok(records)
    }

    async fn records(&self, after: u64, limit: u32) -> Result<Vec<Record>> {
        self.store.records(after, limit).await
    }
}
