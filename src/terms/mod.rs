//! What AWS names, for what people write and for what is rendered: sizes and versions of Fargate, words of Linux, networks,
//! expressions of schedules.
//!
//! `load/` asks with keys at hand, `cfn/` with a template, so both say the same. It uses no other module.

pub mod expression;
pub mod fargate;
pub mod linux;
pub mod network;
