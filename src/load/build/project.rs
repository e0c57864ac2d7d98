//! Projects and deploy files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;

use super::Maker;
use crate::load::codes;
use crate::load::drafts::Draft;
use crate::load::finding::Finding;
use crate::load::schema::At;
use crate::load::schema::project::{AllowEntry, DeployFile, ProjectFile};
use crate::model::catalog::{Allowance, Deploy, Gate, OnFailure, Pin};
use crate::model::{Id, ProjectName, ReleaseName, StackName};

/// How often a deployment is tried where nothing is said.
const ATTEMPTS: u32 = 3;
/// How long a stack operation may take where nothing is said.
const DEADLINE: SignedDuration = SignedDuration::from_secs(3_600);

/// What `project.toml` says, but for its lifecycle.
#[derive(Clone, Debug)]
pub(crate) struct ProjectDraft {
    pub(crate) id: Id,
    pub(crate) attempts: u32,
    pub(crate) on_failure: OnFailure,
    pub(crate) deadline: SignedDuration,
}

/// Reads `project.toml`.
pub(crate) fn project(
    name: &ProjectName,
    draft: &Draft<ProjectFile>,
    findings: &mut Vec<Finding>,
) -> Option<ProjectDraft> {
    let mut make = Maker { file: &draft.file, findings };
    let doc = &draft.doc;
    let id = make.id(doc.id.as_ref(), Id::from(name));
    let deadline = match &doc.deadline {
        Some(written) => make.duration(written),
        None => Some(DEADLINE),
    };
    if let (Some(written), Some(SignedDuration::ZERO)) = (&doc.deadline, deadline) {
        make.invalid(written.span(), "a deadline of zero would cancel every operation");
    }
    Some(ProjectDraft {
        id: id?,
        attempts: doc.attempts.unwrap_or(ATTEMPTS),
        on_failure: doc.on_failure.into(),
        deadline: deadline?,
    })
}

/// Reads a deploy file. Whether the release exists is checked elsewhere.
pub(crate) fn deploy(draft: &Draft<DeployFile>, findings: &mut Vec<Finding>) -> Option<Deploy> {
    let mut make = Maker { file: &draft.file, findings };
    let doc = &draft.doc;
    let pin = match &doc.release {
        Some(written) if written.as_str() == "none" => Some(Pin::None),
        Some(written) => Some(Pin::Release(make.name::<ReleaseName>(written)?)),
        None => None,
    };
    let at = make.file.at(doc.release.as_ref().map_or(0, |written| written.span().start));
    let allow = doc.allow.iter().filter_map(|entry| allowance(&mut make, entry)).collect();
    Some(Deploy { pin, at, tenants: BTreeMap::new(), follow: BTreeSet::new(), wait: doc.wait, allow })
}

fn allowance(make: &mut Maker<'_>, entry: &At<AllowEntry>) -> Option<Allowance> {
    if let Some(plan) = &entry.plan {
        let fine = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if plan.len() != 8 || !plan.bytes().all(fine) {
            let title =
                format!("`{}` is not a plan: expected the eight hexadecimal digits that the gate printed", **plan);
            make.invalid(plan.span(), title);
        }
    }
    if entry.reason.trim().is_empty() {
        make.invalid(entry.reason.span(), "an allowance says why");
    }
    let what: Gate = entry.what.into();
    if what == Gate::SkipResource && entry.resource.is_none() {
        let title = "`skip-resource` needs the key `resource`: which one is left out";
        make.findings
            .push(Finding::new(codes::MISSING_KEY, make.file, entry.span(), title).label("`resource` is not here"));
    }
    let text = |value: &Option<At<String>>| value.as_ref().map(|text| Arc::from(text.as_str()));
    Some(Allowance {
        what,
        stack: entry.stack.as_ref().map(|name| StackName::seen(name)),
        tenant: None,
        plan: text(&entry.plan),
        resource: text(&entry.resource),
        reason: Arc::from(entry.reason.as_str()),
        until: entry.until.as_ref().map(|date| date.0),
        at: make.file.at(entry.span().start),
    })
}
