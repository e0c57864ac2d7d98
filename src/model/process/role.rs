//! The rights of a task.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Text;

/// Rights of a made role in addition to those that landfall gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// ARNs of managed policies.
    pub policies: Vec<Text>,
    /// Statements of an inline policy.
    pub statements: Vec<Statement>,
}

impl Rights {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty() && self.statements.is_empty()
    }
}

/// A statement of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it allows is denied instead.
    pub deny: bool,
    /// `service:Action`.
    pub actions: Vec<Text>,
    /// ARNs, in which `*` and `?` stand for others.
    pub resources: Vec<Text>,
    /// Operator, key, values.
    pub conditions: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Vec<Text>>>,
}

/// What gives the tags of tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PropagateTags {
    #[default]
    Service,
    TaskDefinition,
    /// Nothing.
    None,
}
