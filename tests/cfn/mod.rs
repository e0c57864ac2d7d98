//! CloudFormation documents: reading templates as people write them, writing them with the same meaning, and the schemas of
//! resources.

mod checks;
pub(crate) mod corpus;
mod priorities;
mod reading;
mod replacement;
pub(crate) mod rules;
mod schemas;
mod slips;
