//! From a document to what CloudFormation gets: content hash, description with stamp, body, capabilities.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::cfn::Document;
use crate::model::journal::{Content, ParameterValue};
use crate::model::process::StepKind;
use crate::model::slot::Stamp;
use crate::model::{Hash, Place, StackName};

use super::Context;
use super::limits::MAX_DESCRIPTION;

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
            ParameterValue::Output { stack, output, at } => {
                let hash = hash.part("output").part(stack.as_str()).part(output);
                match at.as_ref().filter(|at| at.place != *covered.place) {
                    Some(at) => hash.part("at").part(at.place.to_string()),
                    None => hash,
                }
            }
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
/// `CAPABILITY_NAMED_IAM` if an IAM resource has an explicit name, `CAPABILITY_IAM` if one has none or SAM's macro makes
/// roles, and `CAPABILITY_AUTO_EXPAND` for macros (CreateChangeSet, API reference). Nested stacks cannot be seen.
pub fn capabilities(document: &Document) -> Vec<Arc<str>> {
    let mut found = BTreeSet::new();
    let transform = document.section("Transform").map(Value::to_string);
    if document.has_macro() {
        found.insert("CAPABILITY_AUTO_EXPAND");
    }
    if transform.is_some_and(|transform| transform.contains("AWS::Serverless")) {
        found.insert("CAPABILITY_IAM");
    }
    let resources = document.section("Resources").and_then(Value::as_object);
    resources.into_iter().flatten().for_each(|(id, body)| iam(id, body, &mut found));
    found.into_iter().map(Arc::from).collect()
}

/// What a resource of IAM asks for; a loop over resources is looked into.
fn iam(id: &str, body: &Value, found: &mut BTreeSet<&'static str>) {
    const NAMES: [&str; 5] = ["RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName"];
    if id.starts_with("Fn::ForEach") {
        let inside = body.get(2).and_then(Value::as_object);
        inside.into_iter().flatten().for_each(|(id, body)| iam(id, body, found));
    }
    if body.get("Type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("AWS::IAM::")) {
        let named =
            NAMES.iter().any(|name| body.get("Properties").is_some_and(|properties| properties.get(name).is_some()));
        found.insert(if named { "CAPABILITY_NAMED_IAM" } else { "CAPABILITY_IAM" });
    }
}

/// The longest time in seconds that a service of the template runs both revisions.
///
/// Defaults and counts as the ECS API reference gives them for `LinearConfiguration` and `CanaryConfiguration`. A number that
/// is not in the template counts as its default.
pub(super) fn baking(document: &Document) -> i64 {
    let services = document.resources().filter(|resource| resource.kind() == "AWS::ECS::Service");
    let minutes = services.filter_map(|service| {
        let configuration = service.body.get("Properties")?.get("DeploymentConfiguration")?;
        let number = |part: &str, key: &str, default: f64| {
            let inside = if part.is_empty() { Some(configuration) } else { configuration.get(part) };
            inside.and_then(|inside| inside.get(key)).and_then(number).unwrap_or(default)
        };
        let moving = match configuration.get("Strategy")?.as_str()? {
            "LINEAR" => {
                let steps = (100.0 / number("LinearConfiguration", "StepPercent", 10.0).clamp(3.0, 100.0)).ceil();
                steps * number("LinearConfiguration", "StepBakeTimeInMinutes", 6.0)
            }
            "CANARY" => number("CanaryConfiguration", "CanaryBakeTimeInMinutes", 10.0),
            "BLUE_GREEN" => 0.0,
            _ => return None,
        };
        Some(moving + number("", "BakeTimeInMinutes", 0.0))
    });
    let longest = minutes.fold(0.0, f64::max).clamp(0.0, f64::from(MOST_BAKING));
    #[expect(clippy::cast_possible_truncation, reason = "at most two days of seconds")]
    let seconds = (longest * 60.0).ceil() as i64;
    seconds
}

/// The same for a template as it is deployed; nothing for what is not a template.
pub fn baking_of(template: &str) -> i64 {
    Document::parse(template).map_or(0, |document| baking(&document))
}

/// CloudFormation has given up before (36 hours). \[doc: "DeploymentConfiguration" of AWS::ECS::Service\]
const MOST_BAKING: u32 = 36 * 60;

/// A number, also if it is written as text, which CloudFormation accepts.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).filter(|number: &f64| number.is_finite())
}

/// These capabilities and those that a step states, sorted.
pub(super) fn with_stated(found: Vec<Arc<str>>, step: &StepKind) -> Vec<Arc<str>> {
    let stated = step.raw().into_iter().flat_map(|step| &step.capabilities);
    let all: BTreeSet<Arc<str>> = found.into_iter().chain(stated.cloned()).collect();
    all.into_iter().collect()
}

/// What people read in the console: what the author says, what it is, and the stamp at its end, within CloudFormation's limit.
pub(super) fn description(context: &Context<'_>, hash: Hash, authors: Option<&str>) -> String {
    const BETWEEN: &str = " | ";
    const CUT: &str = "…";
    let stamp = Stamp { release: context.release.name.clone(), content: hash };
    let ours = format!(
        "{} {} in {} at {} {stamp}",
        context.project.name, context.step.name, context.environment.name, context.target.name
    );
    let Some(authors) = authors.map(str::trim).filter(|text| !text.is_empty()) else { return ours };
    let room = MAX_DESCRIPTION.saturating_sub(BETWEEN.len() + ours.len());
    if authors.len() <= room {
        return format!("{authors}{BETWEEN}{ours}");
    }
    let fits = |(at, letter): &(usize, char)| at + letter.len_utf8() + CUT.len() <= room;
    let kept: String = authors.char_indices().take_while(fits).map(|(_, letter)| letter).collect();
    format!("{kept}{CUT}{BETWEEN}{ours}")
}

/// The final text of the template, as AWS is given it: canonical JSON with the description in it.
///
/// If the content's template is not a document, it is returned unchanged. Nothing that landfall renders is like that.
pub fn body(content: &Content) -> String {
    match Document::parse(&content.template) {
        Ok(document) => document.with_description(Some(&content.description)).canonical(),
        Err(_) => content.template.to_string(),
    }
}
