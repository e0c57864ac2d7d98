//! CloudFormation documents: reading templates as people write them, and writing them with the same meaning.

mod corpus;
mod reading;
