//! From a document to what CloudFormation is given: content hash, description with stamp, body, capabilities.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cfn::Document;
use crate::model::journal::{Content, ParameterValue};
use crate::model::slot::Stamp;
use crate::model::{Hash, Place, StackName};

use super::Context;

/// What a content hash covers.
#[derive(Clone, Copy, Debug)]
pub struct Covered<'a> {
    /// Account and region.
    pub place: &'a Place,
    /// The stack's name.
    pub stack: &'a StackName,
    /// The template; of it, what CloudFormation executes. Its description does not count.
    pub document: &'a Document,
    /// Parameter values; a reference to another stack's output counts as the reference.
    pub parameters: &'a BTreeMap<String, ParameterValue>,
    /// Stack tags.
    pub tags: &'a BTreeMap<String, String>,
    /// Capabilities, in any order.
    pub capabilities: &'a [Arc<str>],
}

/// The content hash: equal for two stacks exactly when CloudFormation would have nothing to do between them.
///
/// It can be computed again for a deployed stack from its template, parameters and tags, with [`capabilities`] of the
/// template. Landfall passes no service role; should it, the hash gets a part more.
pub fn content_hash(covered: &Covered<'_>) -> Hash {
    let mut hash = Hash::parts()
        .part("landfall-content/1")
        .part(covered.place.account.as_str())
        .part(covered.place.region.as_str())
        .part(covered.stack.as_str())
        .part(covered.document.executed())
        .part(covered.parameters.len().to_string());
    for (name, value) in covered.parameters {
        hash = hash.part(name);
        hash = match value {
            ParameterValue::Value(text) => hash.part("value").part(text),
            ParameterValue::Output { stack, output } => hash.part("output").part(stack.as_str()).part(output),
        };
    }
    hash = hash.part(covered.tags.len().to_string());
    for (key, value) in covered.tags {
        hash = hash.part(key).part(value);
    }
    let mut capabilities = covered.capabilities.to_vec();
    capabilities.sort();
    capabilities.dedup();
    for capability in capabilities {
        hash = hash.part(&*capability);
    }
    hash.finish()
}

/// The capabilities that CloudFormation asks for before it takes a template, sorted.
///
/// `CAPABILITY_NAMED_IAM` where an IAM resource has a name of its own, `CAPABILITY_IAM` where one has none, and
/// `CAPABILITY_AUTO_EXPAND` for macros (CreateChangeSet, API reference).
pub fn capabilities(document: &Document) -> Vec<Arc<str>> {
    const NAMES: [&str; 5] = ["RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName"];
    let mut found = std::collections::BTreeSet::new();
    if document.section("Transform").is_some() {
        found.insert("CAPABILITY_AUTO_EXPAND");
    }
    for resource in document.resources().filter(|resource| resource.kind().starts_with("AWS::IAM::")) {
        let named = NAMES.iter().any(|name| resource.property(name).is_some());
        found.insert(if named { "CAPABILITY_NAMED_IAM" } else { "CAPABILITY_IAM" });
    }
    found.into_iter().map(Arc::from).collect()
}

/// What people read in the console, with the stamp at its end.
pub(super) fn description(context: &Context<'_>, hash: Hash) -> String {
    let stamp = Stamp { release: context.release.name.clone(), content: hash };
    format!(
        "{} {} in {} at {} {stamp}",
        context.project.name, context.step.name, context.environment.name, context.target.name
    )
}

/// The final text of the template, as AWS is given it: canonical JSON with the description in it.
///
/// Where the content's template is no document, which nothing that landfall rendered is, it is returned as it is.
pub fn body(content: &Content) -> String {
    match Document::parse(&content.template) {
        Ok(document) => document.with_description(Some(&content.description)).canonical(),
        Err(_) => content.template.to_string(),
    }
}
