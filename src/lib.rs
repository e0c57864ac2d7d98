//! landfall deploys to Amazon ECS and CloudFormation from a git repository of TOML files.

pub mod aws;
pub mod cfn;
pub mod cli;
pub mod cloud;
pub mod compare;
pub mod daemon;
pub mod edit;
pub mod engine;
pub mod git;
pub mod load;
pub mod model;
pub mod plan;
pub mod problem;
pub mod promote;
pub mod sim;
pub mod store;
pub mod template;
pub mod tree;
pub mod view;
pub mod web;
