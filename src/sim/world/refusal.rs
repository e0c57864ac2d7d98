//! Why a resource is refused: by its type, by the rules of its service, or because somebody deleted it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::lifecycle;
use super::stack::{Resource, Stack};
use super::template::{ResourceDef, Template, references};
use super::types::{self, TypeInfo};
use crate::cfn::{self, Document, SchemaFault, SchemaProblem};

/// What CloudFormation says about properties that the type does not have, or has to have.
pub(super) fn invalid(info: &TypeInfo, name: &str, properties: &Map<String, Value>) -> Option<String> {
    let failed =
        |words: String| Some(format!("Properties validation failed for resource {name} with message: [#: {words}]"));
    let open = types::is_custom(&info.name);
    if let Some(extra) = properties.keys().find(|key| !open && !info.properties.contains(key)) {
        return failed(format!("extraneous key [{extra}] is not permitted"));
    }
    match info.required.iter().find(|key| !properties.contains_key(*key)) {
        Some(missing) => failed(format!("required key [{missing}] not found")),
        None => None,
    }
}

/// Why the update of a resource fails that somebody deleted. \[doc: handler error codes, `NotFound`\]
pub(super) fn not_found(resource: &Resource) -> String {
    let id = resource.physical_id.as_deref().unwrap_or_default();
    format!(
        "Resource handler returned message: \"Resource of type '{}' with identifier '{id}' was not found.\" (HandlerErrorCode: \
         NotFound)",
        resource.kind
    )
}

/// What the service of a resource says against it, together with the stack's other resources.
pub(super) fn refused(
    stack: &Stack,
    name: &str,
    definition: &ResourceDef,
    properties: &Map<String, Value>,
) -> Option<String> {
    let made = stack.resources.values().filter(|resource| resource.logical != name);
    let mut resources: Map<String, Value> = made
        .map(|resource| (resource.logical.clone(), json!({ "Type": resource.kind, "Properties": resource.properties })))
        .collect();
    let mut properties = properties.clone();
    // What runs is judged with it, if it is of the same stack.
    if let Some(task) = definition.properties.get("TaskDefinition").filter(|task| task.get("Ref").is_some()) {
        properties.insert("TaskDefinition".to_owned(), task.clone());
    }
    resources.insert(name.to_owned(), json!({ "Type": definition.kind, "Properties": properties }));
    let why = broken_rule(resources, name)?;
    let (service, code) = match definition.kind.as_str() {
        "AWS::ECS::TaskDefinition" => ("Ecs", "ClientException"),
        "AWS::ECS::Service" => ("Ecs", "InvalidParameterException"),
        "AWS::Scheduler::Schedule" => ("Scheduler", "ValidationException"),
        "AWS::CloudWatch::Alarm" => ("CloudWatch", "ValidationError"),
        kind if kind.starts_with("AWS::IAM::") => ("Iam", "MalformedPolicyDocument"),
        "AWS::ElasticLoadBalancingV2::ListenerRule" if why.ends_with("is currently in use") => {
            ("ElasticLoadBalancingV2", "PriorityInUse")
        }
        kind if kind.starts_with("AWS::ElasticLoadBalancingV2::") => ("ElasticLoadBalancingV2", "ValidationError"),
        _ => ("ApplicationAutoScaling", "ValidationException"),
    };
    Some(format!(
        "Resource handler returned message: \"{} (Service: {service}, Status Code: 400, Error Code: {code})\" (HandlerErrorCode: \
         InvalidRequest)",
        why
    ))
}

/// What a rule says against one of these resources, in the words of AWS.
fn broken_rule(resources: Map<String, Value>, name: &str) -> Option<String> {
    let document = Document::from_sections([("Resources".to_owned(), Value::Object(resources))].into_iter().collect());
    let own = format!("/Resources/{name}/");
    let mut faults = cfn::check_rules(&document).into_iter();
    faults.find(|fault| fault.certain && fault.pointer.starts_with(&own)).map(|fault| fault.aws)
}

/// What AWS says against a resource of these properties by itself.
pub fn refused_by_rules(kind: &str, properties: &Map<String, Value>) -> Option<String> {
    let one = json!({ "Type": kind, "Properties": properties });
    broken_rule([("One".to_owned(), one)].into_iter().collect(), "One")
}

/// What is against these properties by the type's schema: members, types, words, bounds.
pub(super) fn refused_by_schema(kind: &str, properties: &Map<String, Value>) -> Option<String> {
    let fault = schema_faults(kind, properties).into_iter().next()?;
    let place = fault.pointer.strip_prefix("/Properties/").unwrap_or(&fault.pointer);
    Some(format!("{place}: {}", fault.problem))
}

fn schema_faults(kind: &str, properties: &Map<String, Value>) -> Vec<SchemaFault> {
    let one = json!({ "One": { "Type": kind, "Properties": properties } });
    let document = Document::from_sections([("Resources".to_owned(), one)].into_iter().collect());
    document.resources().flat_map(cfn::check_resource).collect()
}

/// What CloudFormation says about values that the type's schema does not allow, part for part. \[?\] The words.
pub(super) fn ill_typed(
    template: &Template,
    name: &str,
    definition: &ResourceDef,
    properties: &Map<String, Value>,
) -> Option<String> {
    let words: Vec<String> =
        schema_faults_of(template, definition, properties).iter().filter_map(schema_words).collect();
    (!words.is_empty())
        .then(|| format!("Properties validation failed for resource {name} with message: [{}]", words.join(", ")))
}

/// What is against the properties of a resource by its type's schema. Of a property that depends on other resources only what is
/// written is judged.
pub(super) fn schema_faults_of(
    template: &Template,
    definition: &ResourceDef,
    properties: &Map<String, Value>,
) -> Vec<SchemaFault> {
    let (made, known): (Map<_, _>, Map<_, _>) = definition
        .properties
        .iter()
        .map(|(key, written)| (key.clone(), written.clone()))
        .partition(|(_, written)| depends(template, written));
    let values = known.keys().filter_map(|key| Some((key.clone(), properties.get(key)?.clone())));
    let judged: Map<String, Value> = values.chain(made).collect();
    schema_faults(&definition.kind, &judged)
}

/// Whether a value is made of what other resources or stacks give.
fn depends(template: &Template, value: &Value) -> bool {
    fn imports(value: &Value) -> bool {
        match value {
            Value::Array(items) => items.iter().any(imports),
            Value::Object(map) => map.iter().any(|(key, inside)| key == "Fn::ImportValue" || imports(inside)),
            _ => false,
        }
    }
    let mut names = BTreeSet::new();
    references(value, &mut names);
    let plain = |name: &String| template.parameters.get(name).is_some_and(|one| !one.kind.starts_with("AWS::SSM::"));
    imports(value) || !names.iter().all(plain)
}

pub(super) fn schema_words(fault: &SchemaFault) -> Option<String> {
    let place = fault.pointer.strip_prefix("/Properties").unwrap_or(&fault.pointer);
    let place = match place.rsplit_once('/') {
        // What is extraneous is said of the whole that has it.
        Some((whole, _)) if matches!(fault.problem, SchemaProblem::UnknownProperty { .. }) => whole,
        _ => place,
    };
    let keyword = |word: &str| format!("failed validation constraint for keyword [{word}]");
    let says = match &fault.problem {
        SchemaProblem::UnknownProperty { name, .. } => format!("extraneous key [{name}] is not permitted"),
        SchemaProblem::Missing { name } => format!("required key [{name}] not found"),
        SchemaProblem::WrongType { expected, found } => {
            let expected: Vec<&str> = expected.iter().map(|kind| json_type(kind)).collect();
            format!("expected type: {}, found: {}", expected.join(" or "), json_type(found))
        }
        SchemaProblem::Unpackaged { .. } => "expected type: JSONObject, found: String".to_owned(),
        SchemaProblem::NotOneOf { .. } => keyword("enum"),
        SchemaProblem::Unlike { .. } => keyword("pattern"),
        SchemaProblem::OutOfBounds { what, is, least, .. } => {
            let low = least.is_some_and(|least| *is < least);
            keyword(match (*what, low) {
                ("length", true) => "minLength",
                ("length", false) => "maxLength",
                ("number of items", true) => "minItems",
                ("number of items", false) => "maxItems",
                (_, true) => "minimum",
                (_, false) => "maximum",
            })
        }
        // CloudFormation's own words for these are not known.
        SchemaProblem::ReadOnly { .. } => return None,
    };
    Some(format!("#{place}: {says}"))
}

/// A type as CloudFormation calls it.
fn json_type(kind: &str) -> &str {
    match kind {
        "object" | "a map" => "JSONObject",
        "array" | "a list" => "JSONArray",
        "string" | "a text" => "String",
        "integer" => "Integer",
        "number" | "a number" => "Number",
        "boolean" | "a boolean" => "Boolean",
        _ => "Null",
    }
}

/// What the account would have to do for these properties and does not, or ECS does not take.
pub(super) fn unmodelled(info: &TypeInfo, properties: &Map<String, Value>) -> Option<String> {
    let configuration = properties.get("DeploymentConfiguration").filter(|_| info.name == "AWS::ECS::Service")?;
    lifecycle::refused(configuration)
}
