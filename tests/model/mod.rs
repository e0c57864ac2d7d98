//! The nouns: versions and ranges, patterns and tags, and the windows of freezes, as tables.

mod channels;
pub(crate) mod freezes;
mod tenants;
mod versions;
