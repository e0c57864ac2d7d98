//! A store that tells what is written into it: how progress reaches whoever watches.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use super::Events;
use crate::model::journal::{Entry, Fence, Record, StoreId};
use crate::store::{Lease, Result, Store};

/// Passes everything on to a store, and every durable record to the events.
pub struct Announcing {
    store: Arc<dyn Store>,
    events: Arc<dyn Events>,
}

impl Announcing {
    /// Puts itself before a store.
    pub fn new(store: Arc<dyn Store>, events: Arc<dyn Events>) -> Self {
        Self { store, events }
    }
}

#[async_trait]
impl Store for Announcing {
    async fn id(&self) -> Result<StoreId> {
        self.store.id().await
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
        for record in &records {
            self.events.recorded(record);
        }
        Ok(records)
    }

    async fn records(&self, after: u64, limit: u32) -> Result<Vec<Record>> {
        self.store.records(after, limit).await
    }
}
