//! The store in memory: for tests and virtual time. It outlives the engine that writes to it, as a file would.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Lease, Result, Store, StoreError, Whereabouts};
use crate::model::journal::{Entry, Fence, Record, StoreId};

/// A journal and a lease in memory.
#[derive(Debug)]
pub struct MemoryStore {
    id: StoreId,
    place: String,
    inner: Mutex<Inner>,
}

#[derive(Clone, Debug, Default)]
struct Inner {
    home: String,
    records: Vec<Record>,
    fence: u64,
    holder: Option<(String, Timestamp)>,
}

impl Inner {
    fn check(&self, fence: Fence) -> Result<()> {
        if fence.0 == self.fence { Ok(()) } else { Err(StoreError::Fenced { current: self.fence, ours: fence.0 }) }
    }
}

impl MemoryStore {
    /// An empty store with this id.
    pub fn new(id: StoreId) -> Self {
        let place = "memory".to_owned();
        Self { id, inner: Mutex::new(Inner { home: place.clone(), ..Inner::default() }), place }
    }

    /// A copy of everything in it, as a file that is copied or backed up: the same id, in another place.
    #[must_use]
    pub fn copied(&self, place: &str) -> Self {
        Self { id: self.id.clone(), place: place.to_owned(), inner: Mutex::new(self.inner().clone()) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics half-way, so what a poisoned lock guards is whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn id(&self) -> Result<StoreId> {
        Ok(self.id.clone())
    }

    async fn whereabouts(&self) -> Result<Whereabouts> {
        Ok(match &self.inner().home {
            home if *home == self.place => Whereabouts::Home,
            home => Whereabouts::Elsewhere { was: home.clone(), is: self.place.clone() },
        })
    }

    async fn settle(&self) -> Result<()> {
        self.inner().home = self.place.clone();
        Ok(())
    }

    async fn acquire(&self, owner: &str, now: Timestamp, until: Timestamp) -> Result<Lease> {
        let mut inner = self.inner();
        if let Some((holder, end)) = &inner.holder
            && holder != owner
            && *end > now
        {
            return Err(StoreError::Held { owner: holder.clone(), until: *end });
        }
        inner.fence += 1;
        inner.holder = Some((owner.to_owned(), until));
        Ok(Lease { owner: owner.into(), fence: Fence(inner.fence), until })
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<Lease> {
        let mut inner = self.inner();
        inner.check(lease.fence)?;
        inner.holder = Some((lease.owner.to_string(), until));
        Ok(Lease { until, ..lease.clone() })
    }

    async fn release(&self, lease: &Lease) -> Result<()> {
        let mut inner = self.inner();
        inner.check(lease.fence)?;
        inner.holder = None;
        Ok(())
    }

    async fn check(&self, fence: Fence) -> Result<()> {
        self.inner().check(fence)
    }

    async fn append(&self, fence: Fence, at: Timestamp, entries: Vec<Entry>) -> Result<Vec<Record>> {
        let mut inner = self.inner();
        inner.check(fence)?;
        let next = inner.records.len() as u64 + 1;
        let records: Vec<Record> = (next..).zip(entries).map(|(seq, entry)| Record { seq, at, fence, entry }).collect();
        inner.records.extend_from_slice(&records);
        Ok(records)
    }

    async fn records(&self, after: u64, limit: u32) -> Result<Vec<Record>> {
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(self.inner().records.iter().skip(skip).take(limit as usize).cloned().collect())
    }
}
