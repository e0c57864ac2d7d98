//! Tenants, tag sets, and which tenants names and tags select.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Maker, variables};
use crate::load::drafts::Draft;
use crate::load::finding::Finding;
use crate::load::schema::At;
use crate::load::schema::tenant::{TenantFile, TenantValueEntry};
use crate::model::tenant::{TagFilter, TenantFilter, TenantValue};
use crate::model::{Id, ProjectName, Tenant, TenantName};

/// Reads `[tag_sets]`.
pub(crate) fn tag_sets(
    make: &mut Maker<'_>,
    written: &BTreeMap<String, At<Vec<At<String>>>>,
) -> BTreeMap<Arc<str>, Vec<Arc<str>>> {
    let mut sets = BTreeMap::new();
    for (set, written) in written {
        let mut tags: Vec<Arc<str>> = Vec::new();
        for tag in written.iter() {
            if make.name::<Id>(tag).is_some() && tags.iter().any(|known| **known == **tag) {
                make.invalid(tag.span(), format!("the tag set `{set}` lists the tag `{}` twice", **tag));
            }
            tags.push(Arc::from(tag.as_str()));
        }
        if make.name_at::<Id>(set, written.span()).is_some() {
            sets.insert(Arc::from(set.as_str()), tags);
        }
    }
    sets
}

/// Tenants by name and by tag. Whether they exist is checked elsewhere.
pub(crate) fn filter(make: &mut Maker<'_>, names: &[At<String>], tags: &[At<String>]) -> TenantFilter {
    TenantFilter { names: make.names(names), tags: TagFilter(make.tags(tags)) }
}

/// Reads a tenant. What it refers to is checked elsewhere.
pub(crate) fn tenant(name: &TenantName, draft: &Draft<TenantFile>, findings: &mut Vec<Finding>) -> Option<Tenant> {
    let mut make = Maker { file: &draft.file, findings };
    let doc = &draft.doc;
    let id = make.id(doc.id.as_ref(), Id::from(name));
    let mut projects = BTreeMap::new();
    for (project, entry) in &doc.projects {
        let environments = make.names(&entry.environments);
        if let Some(project) = make.name_at::<ProjectName>(project, entry.span()) {
            projects.insert(project, environments);
        }
    }
    Some(Tenant {
        name: name.clone(),
        tags: make.tags(&doc.tags),
        projects,
        variables: doc.variable.iter().filter_map(|entry| value(&mut make, entry)).collect(),
        at: make.file.at(0),
        id: id?,
    })
}

fn value(make: &mut Maker<'_>, entry: &At<TenantValueEntry>) -> Option<TenantValue> {
    variables::variable_name(make, &entry.name);
    let project = match &entry.project {
        Some(written) => Some(make.name(written)?),
        None => None,
    };
    let environments = match &entry.environment {
        Some(names) => names.0.iter().filter_map(|name| make.name_at(name, names.span())).collect(),
        None => BTreeSet::new(),
    };
    Some(TenantValue {
        name: Arc::from(entry.name.as_str()),
        kind: entry.value.kind(),
        value: variables::one(make, &entry.value)?,
        project,
        environments,
        at: make.file.at(entry.name.span().start),
    })
}
