//! `[[allow]]` of deploy files: whether an entry says in one of the two ways what it is for.
//!
//! Whether the release exists is a check of the whole commit (`check::names`). Deliberately absent: whether it opens
//! anything, which only the planner can tell.

use std::ops::Range;
use std::sync::Arc;

use super::Maker;
use crate::load::codes;
use crate::load::finding::Finding;
use crate::load::schema::At;
use crate::load::schema::project::AllowEntry;
use crate::model::StackName;
use crate::model::catalog::{Allowance, Gate};

/// Reads an entry; none if it does not name its gate.
pub(super) fn allowance(make: &mut Maker<'_>, entry: &At<AllowEntry>) -> Option<Allowance> {
    plan(make, entry);
    if entry.reason.trim().is_empty() {
        make.invalid(entry.reason.span(), "`reason` must not be empty: say why this is allowed");
    }
    let what = gate(make, entry)?;
    release(make, entry);
    resources(make, entry, what);
    let text = |value: &Option<At<String>>| value.as_ref().map(|text| Arc::from(text.as_str()));
    Some(Allowance {
        what,
        stack: entry.stack.as_ref().map(|name| StackName::seen(name)),
        tenant: entry.tenant.as_ref().and_then(|tenant| make.name(tenant)),
        plan: text(&entry.plan),
        release: entry.release.as_ref().and_then(|release| make.name(release)),
        resources: entry.resource.iter().flat_map(|names| &names.0).map(|name| Arc::from(name.as_str())).collect(),
        reason: Arc::from(entry.reason.as_str()),
        until: entry.until.as_ref().map(|date| date.0),
        at: make.file.at(entry.span().start),
    })
}

fn plan(make: &mut Maker<'_>, entry: &AllowEntry) {
    let Some(plan) = &entry.plan else { return };
    let fine = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if plan.len() != 8 || !plan.bytes().all(fine) {
        let title = format!("`{}` is not a plan: write the eight hexadecimal digits that the gate printed", **plan);
        make.invalid(plan.span(), title);
    }
}

/// The gate: as `what` or `change` name it.
fn gate(make: &mut Maker<'_>, entry: &At<AllowEntry>) -> Option<Gate> {
    let what = entry.what.as_ref().map(|what| (Gate::from(**what), what.span()));
    let change = entry.change.as_ref().map(|change| Gate::from(**change));
    match (what, change) {
        (Some((what, span)), Some(change)) if what != change => {
            let title = format!("`what` must be the same as `change`: delete `what = \"{}\"`", what.as_str());
            make.invalid(span, title);
            Some(change)
        }
        (_, Some(change)) => Some(change),
        (Some((what, _)), None) => Some(what),
        (None, None) => {
            let title = "an allowance needs the key `what`, or `change` with `release` and `resource`";
            missing(make, entry.span(), title, "`what` is missing");
            None
        }
    }
}

/// A release stands for a plan, and says together with change and resources what it is for.
fn release(make: &mut Maker<'_>, entry: &At<AllowEntry>) {
    match (&entry.release, &entry.change) {
        (Some(release), change) => {
            if let Some(plan) = &entry.plan {
                let help = "keep `plan` if the daemon printed the gate, and `release` if a review foresees it";
                make.invalid_but(plan.span(), "an allowance has either `plan` or `release`: delete one of them", help);
            }
            if change.is_none() {
                let title = "an allowance for a release needs the key `change`: \"replace\" or \"remove\"";
                missing(make, release.span(), title, "`change` is missing");
            }
            if entry.resource.is_none() {
                let title = "an allowance for a release needs the key `resource`: the names in the template";
                missing(make, release.span(), title, "`resource` is missing");
            }
        }
        (None, Some(change)) => {
            let title = "`change` needs the key `release`: the release whose deployment makes the change";
            missing(make, change.span(), title, "`release` is missing");
        }
        (None, None) => {}
    }
}

fn resources(make: &mut Maker<'_>, entry: &At<AllowEntry>, what: Gate) {
    match &entry.resource {
        None if what == Gate::SkipResource => {
            let title = "`skip-resource` needs the key `resource`: the resource to skip";
            missing(make, entry.span(), title, "`resource` is missing");
        }
        Some(names) if names.0.is_empty() || names.0.iter().any(|name| name.trim().is_empty()) => {
            make.invalid(names.span(), "`resource` must name at least one resource: its name in the template");
        }
        _ => {}
    }
}

fn missing(make: &mut Maker<'_>, span: Range<usize>, title: &str, label: &str) {
    make.findings.push(Finding::new(codes::MISSING_KEY, make.file, span, title).label(label));
}
