//! Roles and rights.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::codes;
use super::super::finding::Finding;
use super::super::what::WhatDrafts;
use crate::model::process::{Located, Rights};

/// The most managed policies of a role (IAM quotas).
const MAX_POLICIES: usize = 10;

/// Rights that a made role can have.
pub(super) fn rights_fit(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (step, task) in process.doc.tasks() {
        let mut out = |span: Range<usize>, title: &str| {
            findings.push(Finding::new(codes::RIGHTS, &process.file, span, title).label("does not fit"));
        };
        let pairs = [
            (
                &task.task_role,
                &task.task_rights,
                "`task_rights` only apply to the role that landfall makes: remove them, or remove `task_role`",
            ),
            (
                &task.execution_role,
                &task.execution_rights,
                "`execution_rights` only apply to the role that landfall makes: remove them, or remove `execution_role`",
            ),
        ];
        for (role, rights, title) in pairs {
            if let (Some(_), Some(rights)) = (role, rights) {
                out(rights.span(), title);
            }
            rights.iter().for_each(|rights| judge(rights, &mut out));
        }
        if let (Some(_), Some(key)) = (&task.execution_role, task.kms_keys.first()) {
            out(
                key.span(),
                "`kms_keys` only apply to the role that landfall makes: remove them, or remove `execution_role`",
            );
        }
        let scheduled = step.schedule().is_some_and(|schedule| schedule.schedule_role.is_none());
        let made = task.execution_role.is_none() || task.task_role.is_none() || scheduled;
        if let (Some(boundary), false) = (&task.permissions_boundary, made) {
            out(
                boundary.span(),
                "`permissions_boundary` only applies to roles that landfall makes, and this step names all its roles",
            );
        }
    }
}

fn judge(rights: &Located<Rights>, out: &mut impl FnMut(Range<usize>, &str)) {
    if let Some(extra) = rights.managed_policy_arns.get(MAX_POLICIES) {
        out(extra.span(), "a role can have at most 10 managed policies");
    }
    let mut seen = BTreeSet::new();
    for policy in rights.managed_policy_arns.iter().filter(|policy| !seen.insert(policy.raw())) {
        out(policy.span(), "this managed policy is listed twice");
    }
    for policy in rights.managed_policy_arns.iter().filter(|policy| !policy.raw().contains("#{")) {
        // Those of AWS itself have `aws` for an account.
        let parts: Vec<&str> = policy.raw().splitn(6, ':').collect();
        if !matches!(parts.as_slice(), ["arn", _, "iam", "", _, name] if name.starts_with("policy/")) {
            out(
                policy.span(),
                "this is not the ARN of a managed policy, such as `arn:aws:iam::111111111111:policy/name`",
            );
        }
    }
    for statement in &rights.statement {
        for (list, title) in
            [(&statement.actions, "`actions` is empty"), (&statement.resources, "`resources` is empty")]
        {
            if list.is_empty() {
                out(list.span(), title);
            }
        }
    }
}
