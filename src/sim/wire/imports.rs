//! What calls of CloudFormation say about imports, and what GetTemplateSummary says about what can be imported.

use std::collections::{BTreeMap, BTreeSet};

use super::query::{Params, Xml};
use crate::sim::error::{Answer, ApiError};
use crate::sim::world::template::Template;
use crate::sim::world::types::TypeInfo;
use crate::sim::world::{Imports, ToImport, importable};

/// What CreateChangeSet says about imports.
pub(super) fn read(params: &Params) -> Answer<Imports> {
    let listed = params.structures("ResourcesToImport").unwrap_or_default();
    let listed = listed.iter().enumerate().map(|(at, one)| to_import(at + 1, one)).collect::<Answer<_>>()?;
    Ok(Imports { listed, existing: params.flag("ImportExistingResources") == Some(true) })
}

fn to_import(number: usize, one: &Params) -> Answer<ToImport> {
    let missing = |member: &str| {
        ApiError::validation(format!(
            "1 validation error detected: Value null at 'resourcesToImport.{number}.member.{member}' failed to satisfy constraint: \
             Member must not be null"
        ))
    };
    let identifier = one.pairs("ResourceIdentifier");
    if identifier.is_empty() {
        return Err(missing("resourceIdentifier"));
    }
    Ok(ToImport {
        kind: one.text("ResourceType").ok_or_else(|| missing("resourceType"))?,
        logical: one.text("LogicalResourceId").ok_or_else(|| missing("logicalResourceId"))?,
        identifier,
    })
}

/// How the resources of a template can be identified in an import, by type. \[api: `ResourceIdentifierSummary`\]
pub(super) fn identifiers(xml: &mut Xml, template: &Template) {
    let mut found: BTreeMap<&str, (&TypeInfo, BTreeSet<&str>)> = BTreeMap::new();
    for (logical, resource) in &template.resources {
        if let Some(info) = importable(&resource.kind) {
            found.entry(&resource.kind).or_insert((info, BTreeSet::new())).1.insert(logical);
        }
    }
    xml.list("ResourceIdentifierSummaries", found, |xml, (kind, (info, logicals))| {
        xml.text("ResourceType", kind);
        xml.texts("LogicalResourceIds", logicals);
        xml.texts("ResourceIdentifiers", &info.id);
    });
}
