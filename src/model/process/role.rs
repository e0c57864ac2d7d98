//! The rights of a task, and where its tags come from.

use std::collections::BTreeMap;

use super::{Given, Located, Text, table, words};

table! {
    /// `task_rights` and `execution_rights`.
    #[derive(Default)]
    pub struct Rights {
        /// ARNs of managed policies, at most 10; may contain `#{…}`.
        #[serde(default)]
        managed_policy_arns: Vec<Text> as own,
        /// Statements of an inline policy.
        #[serde(default)]
        statement: Vec<Located<Statement>> as own,
    }
}

impl Rights {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.managed_policy_arns.is_empty() && self.statement.is_empty()
    }
}

table! {
    /// A statement of a policy.
    pub struct Statement {
        /// Whether it allows or denies; `allow` by default; may be `#{…}`.
        #[serde(default)]
        effect: Given<Effect>,
        /// Actions like `sqs:ReceiveMessage`; at least one; may contain `#{…}`.
        actions: Located<Vec<Text>> = "Action",
        /// ARNs; at least one; may contain `#{…}`.
        resources: Located<Vec<Text>> as own,
        /// Conditions: operator, key, values; values may contain `#{…}`.
        #[serde(default)]
        conditions: BTreeMap<String, BTreeMap<String, Vec<Text>>> = "Condition",
    }
}

words! {
    /// `effect`.
    #[derive(Default)]
    pub enum Effect {
        /// It allows.
        #[default]
        Allow = "allow" "Allow",
        /// It denies.
        Deny = "deny" "Deny",
    }
}

words! {
    /// `propagate_tags`.
    #[derive(Default)]
    pub enum PropagateTags {
        /// The service gives them.
        #[default]
        Service = "service" "SERVICE",
        /// The task definition gives them.
        TaskDefinition = "task-definition" "TASK_DEFINITION",
        /// Nothing gives them.
        None = "none" "NONE",
    }
}
