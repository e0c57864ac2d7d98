//! The nouns: versions and ranges, patterns and tags, the order of steps, and the windows of freezes, as tables.

mod buckets;
mod channels;
pub(crate) mod freezes;
mod order;
mod places;
mod tenants;
mod versions;
