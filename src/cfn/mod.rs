//! CloudFormation documents: canonical form, YAML for people, references, and what the resources reach.
//!
//! A [`Document`] is the parsed tree of one template. `template/` builds one and hashes [`Document::executed`]; `compare/`
//! walks two of them; commands show [`Document::yaml`]. Nothing here knows landfall's nouns or evaluates an intrinsic.
//!
//! Deliberately absent: reading YAML with CloudFormation's tags. What landfall deploys is canonical JSON, so what it reads
//! back is JSON.

mod canonical;
mod document;
mod reach;
mod yaml;

pub use canonical::canonical;
pub use document::{Document, DocumentError, Resource};
pub use reach::{Reference, references};
pub use yaml::yaml;
