//! Rights that a change gives: statements of IAM that are new or cover more, policies and roles that are attached, denials and
//! boundaries that go.
//!
//! Every policy document of a resource is read, wherever it stands: inline and managed policies, trust, and the policies of
//! buckets, queues, topics, keys, secrets and functions. A statement of the document after grows if one of the combinations of
//! action, resource and principal that it allows is allowed by no statement of the document before. So moving, splitting,
//! renaming and reordering statements grows nothing.
//!
//! Deliberately absent: what permissions AWS's managed policies contain, what another account's policies allow, and conditions
//! that are wider than before: any other condition counts as growth.

mod policy;
mod statement;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::known::{Known, Thing, items, words};
use crate::cfn::{Given, canonical};
use policy::{Policy, policies};
use statement::{Grown, Statement, grown};

/// A right that a change gives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RightsChange {
    /// The logical id of the resource that has the policy.
    pub resource: Arc<str>,
    /// Its type.
    pub kind: Arc<str>,
    /// Where in it: `Policies/start-tasks`, `AssumeRolePolicyDocument`.
    pub place: String,
    /// The `Sid` of the statement; none if it has none.
    pub statement: Option<String>,
    /// What is given.
    #[serde(flatten)]
    pub grant: Grant,
}

/// What is given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "grant", rename_all = "kebab-case")]
pub enum Grant {
    /// More is allowed.
    Allowed(Access),
    /// Less is denied.
    NoLongerDenied(Access),
    /// A role, user or group gets a managed policy.
    Attached {
        /// The policy's ARN, or what refers to it.
        policy: String,
    },
    /// A policy applies to another role, user or group too.
    AppliesTo {
        /// The role, user or group.
        to: String,
    },
    /// What limited all rights is gone, or is another policy.
    Boundary {
        /// The boundary before.
        before: String,
        /// The boundary after; none if it is gone.
        after: Option<String>,
    },
    /// A program runs with another role.
    OtherRole {
        /// The role before; none if it had none.
        before: Option<String>,
        /// The role after.
        after: String,
    },
}

/// What may be done, with what, by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Access {
    /// Actions that grew, as they are written; `everything but …` for `NotAction`.
    pub actions: Vec<String>,
    /// With what; empty if the policy is that of the resource itself and says none.
    pub resources: Vec<String>,
    /// By whom; empty if whoever has the policy.
    pub principals: Vec<String>,
    /// Whether there is a condition.
    pub conditional: bool,
    /// Whether the same was allowed before under another condition.
    pub condition_changed: bool,
    /// Whether the statement is new, and no old one grew.
    pub new: bool,
}

/// The properties that say with which role a program runs.
const ROLES: &[(&str, &[&str])] = &[
    ("AWS::ECS::TaskDefinition", &["TaskRoleArn", "ExecutionRoleArn"]),
    ("AWS::Lambda::Function", &["Role"]),
    ("AWS::EC2::Instance", &["IamInstanceProfile"]),
    ("AWS::StepFunctions::StateMachine", &["RoleArn"]),
    ("AWS::CodeBuild::Project", &["ServiceRole"]),
];

/// The rights that a change gives, by resource. Without a document before, everything that is allowed; without one after, none.
pub fn rights(before: Option<Given<'_>>, after: Option<Given<'_>>) -> Vec<RightsChange> {
    let (old, new) = (Known::of(before), Known::of(after));
    let mut found: Vec<RightsChange> = Vec::new();
    for (id, thing) in new.iter() {
        let was = old.get(id).filter(|was| was.kind == thing.kind);
        let mut of = |place: String, statement: Option<String>, grant: Grant| {
            found.push(RightsChange {
                resource: Arc::from(id),
                kind: Arc::from(&*thing.kind),
                place,
                statement,
                grant,
            });
        };
        statements(was, thing, &mut of);
        attachments(was, thing, &mut of);
        roles(was, thing, &mut of);
    }
    found.sort();
    found.dedup();
    found
}

type Put<'p> = dyn FnMut(String, Option<String>, Grant) + 'p;

/// Statements that allow more, and those that no longer deny.
fn statements(was: Option<&Thing>, is: &Thing, of: &mut Put<'_>) {
    let (old, new) = (was.map(policies).unwrap_or_default(), policies(is));
    // A right may move from one policy of a role to another, but not from its trust.
    let pool = |all: &[Policy], trust: bool, allow: bool| -> Vec<Statement> {
        let of_kind = all.iter().filter(|policy| policy.trust == trust).flat_map(|policy| policy.statements.clone());
        of_kind.filter(|statement| statement.allow == allow).collect()
    };
    for policy in &new {
        let before = pool(&old, policy.trust, true);
        for statement in policy.statements.iter().filter(|statement| statement.allow) {
            if let Some(grown) = grown(statement, &before) {
                of(policy.place.clone(), statement.sid.clone(), Grant::Allowed(access(grown, statement)));
            }
        }
    }
    for policy in &old {
        let after = pool(&new, policy.trust, false);
        for statement in policy.statements.iter().filter(|statement| !statement.allow) {
            if let Some(grown) = grown(statement, &after) {
                of(policy.place.clone(), statement.sid.clone(), Grant::NoLongerDenied(access(grown, statement)));
            }
        }
    }
}

fn access(grown: Grown, statement: &Statement) -> Access {
    Access {
        actions: grown.actions,
        resources: grown.resources,
        principals: grown.principals,
        conditional: statement.condition.is_some(),
        condition_changed: grown.condition,
        new: grown.new,
    }
}

/// Managed policies, whom policies apply to, and boundaries.
fn attachments(was: Option<&Thing>, is: &Thing, of: &mut Put<'_>) {
    let list = |thing: &Thing, key: &str| -> BTreeMap<String, String> {
        thing.list(&[key]).iter().map(|item| (canonical(item), words(item))).collect()
    };
    let added = |key: &str| -> Vec<String> {
        let before = was.map(|was| list(was, key)).unwrap_or_default();
        list(is, key).into_iter().filter(|(spelling, _)| !before.contains_key(spelling)).map(|(_, text)| text).collect()
    };
    for key in ["ManagedPolicyArns", "ManagedPolicies"] {
        added(key).into_iter().for_each(|policy| of(key.to_owned(), None, Grant::Attached { policy }));
    }
    let holder = matches!(
        is.kind.as_str(),
        "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" | "AWS::IAM::RolePolicy" | "AWS::IAM::InstanceProfile"
    );
    if holder && was.is_some() {
        for key in ["Roles", "Users", "Groups", "RoleName"] {
            added(key).into_iter().for_each(|to| of(key.to_owned(), None, Grant::AppliesTo { to }));
        }
    }
    let boundary = |thing: &Thing| thing.at(&["PermissionsBoundary"]).map(words);
    if let Some(before) = was.and_then(boundary) {
        let after = boundary(is);
        if after.as_ref() != Some(&before) {
            of("PermissionsBoundary".to_owned(), None, Grant::Boundary { before, after });
        }
    }
}

fn roles(was: Option<&Thing>, is: &Thing, of: &mut Put<'_>) {
    let Some(was) = was else { return };
    let keys = ROLES.iter().filter(|(kind, _)| *kind == is.kind).flat_map(|(_, keys)| keys.iter());
    for key in keys {
        let [before, after] = [was, is].map(|thing| thing.at(&[key]));
        if let Some(role) = after.filter(|after| Some(*after) != before) {
            of((*key).to_owned(), None, Grant::OtherRole { before: before.map(words), after: words(role) });
        }
    }
}

impl Access {
    /// Whether it is every action with everything.
    pub fn is_everything(&self) -> bool {
        let all = |list: &[String]| list.iter().any(|item| item == "*");
        all(&self.actions) && (self.resources.is_empty() || all(&self.resources))
    }

    /// Whether whoever asks may do it: every principal, and no condition.
    pub fn is_public(&self) -> bool {
        self.principals.iter().any(|principal| principal == "*") && !self.conditional
    }

    fn told(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&list(&self.actions))?;
        if !self.resources.is_empty() {
            write!(f, " on {}", list(&self.resources))?;
        }
        if !self.principals.is_empty() {
            write!(f, " for {}", list(&self.principals))?;
        }
        match (self.condition_changed, self.conditional) {
            (true, true) => f.write_str(", under another condition than before"),
            (true, false) => f.write_str(", without the condition that it had"),
            (false, true) => f.write_str(", under a condition"),
            (false, false) => Ok(()),
        }
    }
}

/// Items in a sentence; of many, the first.
fn list(all: &[String]) -> String {
    const NAMED: usize = 6;
    let named: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
    match all.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// One sentence without a full stop.
impl std::fmt::Display for RightsChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` ", self.resource)?;
        match &self.grant {
            Grant::Allowed(access) => {
                f.write_str(if access.new { "allows " } else { "allows more: " })?;
                access.told(f)
            }
            Grant::NoLongerDenied(access) => {
                f.write_str("no longer denies ")?;
                access.told(f)
            }
            Grant::Attached { policy } => write!(f, "gets the policy {policy}"),
            Grant::AppliesTo { to } => write!(f, "also applies to {to}"),
            Grant::Boundary { before, after: None } => write!(f, "loses its boundary {before}"),
            Grant::Boundary { before, after: Some(after) } => write!(f, "has the boundary {after} instead of {before}"),
            Grant::OtherRole { before: None, after } => write!(f, "runs with the role {after}"),
            Grant::OtherRole { before: Some(before), after } => {
                write!(f, "runs with the role {after} instead of {before}")
            }
        }
    }
}

/// The statements of a resource that whoever asks may use: those that allow every principal without a condition.
pub(super) fn public(thing: &Thing) -> Vec<String> {
    let all = policies(thing).into_iter().filter(|policy| !policy.trust).flat_map(|policy| policy.statements);
    let public =
        all.filter(|statement| statement.allow && statement.condition.is_none() && statement.is_for_everybody());
    public.map(|statement| canonical(&Value::from(statement.action_words()))).collect()
}

/// What a key of a policy says, as a list.
fn listed(value: Option<&Value>) -> Vec<String> {
    value.map(items).unwrap_or_default().into_iter().map(words).collect()
}
