//! The chain of hashes over the journal: each record carries a hash of its predecessor's hash and of its own content.
//!
//! [`check`] is pure and names the first record that is missing, swapped or altered. The last record's number and hash are
//! kept outside of the journal as well ([`Head`]), so that records cut off at its end are missed too. Deliberately absent:
//! secrecy. Whoever can write the file can also write a whole new chain; the chain finds accidents and single edits.

use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::model::Hash;
use crate::store::{ChainFault, Result, StoreError};

/// The end of the chain: the last record's number and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) seq: u64,
    pub(super) hash: Hash,
}

/// A record as it is in the file.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) seq: u64,
    pub(super) at: String,
    pub(super) fence: i64,
    pub(super) entry: String,
    /// As it is in the file; empty in a file of the first schema.
    pub(super) hash: String,
}

impl Link {
    /// Of the columns `seq, at, fence, entry, hash`.
    pub(super) fn of(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            seq: row.try_get::<i64, _>(0)?.unsigned_abs(),
            at: row.try_get(1)?,
            fence: row.try_get(2)?,
            entry: row.try_get(3)?,
            hash: row.try_get(4)?,
        })
    }
}

/// The hash before the first record.
pub(super) fn root(store: &str) -> Hash {
    Hash::parts().part("landfall journal").part(store).finish()
}

/// The hash of a record that follows on another one's hash.
pub(super) fn next(before: &Hash, seq: u64, at: &str, fence: i64, entry: &str) -> Hash {
    let parts = Hash::parts().part(before.hex()).part(seq.to_le_bytes()).part(at).part(fence.to_le_bytes());
    parts.part(entry).finish()
}

/// Checks that links follow on `before` without a gap. Gives the hash of the last one.
pub(super) fn check(before: Head, links: &[Link]) -> Result<Head> {
    let broken = |seq, fault| Err(StoreError::Broken { seq, fault });
    let mut head = before;
    for (at, link) in links.iter().enumerate() {
        let seq = head.seq + 1;
        if link.seq != seq {
            return broken(seq, ChainFault::Missing);
        }
        let fits = |link: &Link| next(&head.hash, seq, &link.at, link.fence, &link.entry);
        let hash = fits(link);
        if hash.to_string() != link.hash {
            // A record that fits here but is in another place was swapped with the one that is here.
            let there = links[at + 1..].iter().find(|other| {
                let hash = fits(other).to_string();
                hash == link.hash || hash == other.hash
            });
            return broken(seq, there.map_or(ChainFault::Altered, |other| ChainFault::Swapped { with: other.seq }));
        }
        head = Head { seq, hash };
    }
    Ok(head)
}

/// The end of the chain, as it is in the file.
pub(super) async fn head(connection: &mut SqliteConnection) -> sqlx::Result<Head> {
    let row = sqlx::query("SELECT seq, hash FROM chain").fetch_one(connection).await?;
    let seq = row.try_get::<i64, _>(0)?.unsigned_abs();
    let hash: String = row.try_get(1)?;
    Ok(Head { seq, hash: hash.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))? })
}

/// Writes the end of the chain.
pub(super) async fn set_head(connection: &mut SqliteConnection, head: &Head) -> sqlx::Result<()> {
    sqlx::query("UPDATE chain SET seq = ?, hash = ?")
        .bind(head.seq.cast_signed())
        .bind(head.hash.to_string())
        .execute(connection)
        .await
        .map(drop)
}
