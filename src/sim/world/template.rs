//! A template as CloudFormation understands it: sections, resources in dependency order, and what it refuses at once.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::outside::policies::check_policies;
use super::types;
use crate::cfn;
use crate::sim::error::{Answer, ApiError};

/// The longest inline template body, in bytes. \[doc: quotas\]
pub const MAX_BODY: usize = 51_200;
/// The longest template that is read from S3, in bytes. \[doc: quotas, "1 MB"; reports give the number\]
pub const MAX_OBJECT: usize = 1_000_000;

/// Refuses a body that is longer than one that may come with the call.
pub fn check_inline(body: &str) -> Answer<()> {
    if body.len() > MAX_BODY {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length \
             less than or equal to {MAX_BODY}"
        )));
    }
    Ok(())
}

/// A parsed template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub description: Option<String>,
    /// Declared parameters.
    pub parameters: IndexMap<String, Parameter>,
    /// Mappings, as they are.
    pub mappings: Map<String, Value>,
    /// Conditions, not evaluated.
    pub conditions: Map<String, Value>,
    /// Resources; [`Template::order`] is the order in which they are made.
    pub resources: IndexMap<String, ResourceDef>,
    /// Outputs, not evaluated.
    pub outputs: IndexMap<String, OutputDef>,
    /// Metadata, as it is.
    pub metadata: Option<Value>,
}

/// A declared parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// `String`, `Number`, `CommaDelimitedList`, …
    pub kind: String,
    pub default: Option<String>,
    /// Whether its value is masked.
    pub no_echo: bool,
    pub description: Option<String>,
    /// The values that it may have; empty for any.
    pub allowed: Vec<String>,
    /// The pattern that it has to match.
    pub pattern: Option<String>,
    /// The least and the most characters that it may have.
    pub lengths: (Option<f64>, Option<f64>),
    /// The least and the greatest number that it may be.
    pub bounds: (Option<f64>, Option<f64>),
}

/// A resource as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceDef {
    /// Its type.
    pub kind: String,
    /// Its properties, not evaluated.
    pub properties: Map<String, Value>,
    /// The resources that it needs, by `DependsOn` or by reference.
    pub needs: BTreeSet<String>,
    /// The condition under which it exists.
    pub condition: Option<String>,
    /// `Delete`, `Retain`, `RetainExceptOnCreate` or `Snapshot`.
    pub deletion_policy: String,
    /// Whether the template says it.
    pub says_deletion_policy: bool,
    /// The same, for the old one when it is replaced.
    pub replace_policy: String,
    /// `CreationPolicy` and `UpdatePolicy`, not evaluated.
    pub policies: Map<String, Value>,
}

/// An output as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputDef {
    /// Its value, not evaluated.
    pub value: Value,
    /// Its export's name, not evaluated.
    pub export: Option<Value>,
    pub description: Option<String>,
    /// The condition under which it exists.
    pub condition: Option<String>,
}

const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Rules",
    "Resources",
    "Outputs",
    "Transform",
    "Hooks",
];

pub(super) fn format_error(message: impl std::fmt::Display) -> ApiError {
    ApiError::validation(format!("Template format error: {message}"))
}

/// A body as its tree. What CloudFormation itself does not take is refused, although the reader could.
pub(super) fn read(body: &str) -> Answer<Map<String, Value>> {
    let source =
        cfn::read(body).map_err(|error| format_error(format_args!("JSON or YAML not well-formed. ({error})")))?;
    if source.beyond_the_service().is_some() {
        return Err(format_error("YAML aliases are not allowed in CloudFormation templates"));
    }
    match source.into_value() {
        Value::Object(root) => Ok(root),
        _ => Err(format_error("unsupported structure.")),
    }
}

impl Template {
    /// Reads a tree without transforms and checks what CloudFormation checks before it does anything.
    pub(super) fn of(root: &Map<String, Value>) -> Answer<Self> {
        if let Some(unknown) = root.keys().find(|key| !SECTIONS.contains(&key.as_str())) {
            return Err(ApiError::validation(format!("Invalid template property or properties [{unknown}]")));
        }
        super::written::check_functions(root)?;
        for section in ["Rules", "Hooks"] {
            if root.contains_key(section) {
                return Err(ApiError::not_modelled(format_args!("the template section {section}")));
            }
        }
        let template = Self {
            description: root.get("Description").and_then(Value::as_str).map(str::to_owned),
            parameters: parameters(root)?,
            mappings: section(root, "Mappings")?,
            conditions: section(root, "Conditions")?,
            resources: resources(root)?,
            outputs: outputs(root)?,
            metadata: root.get("Metadata").cloned(),
        };
        template.check()?;
        super::written::check(root)?;
        Ok(template)
    }

    /// What a body says of itself, and the transforms that it declares: those are not carried out for it.
    pub fn outline(body: &str) -> Answer<(Self, Vec<String>)> {
        let mut root = read(body)?;
        let transforms = super::transform::declared(&root)?;
        if transforms.is_empty() {
            return Ok((Self::of(&root)?, transforms));
        }
        let written = section(&root, "Resources")?.into_iter();
        let typed =
            written.filter(|(name, one)| !name.starts_with("Fn::") && one.get("Type").is_some_and(Value::is_string));
        root.insert("Resources".to_owned(), Value::Object(typed.collect()));
        let description = root.get("Description").and_then(Value::as_str).map(str::to_owned);
        let template = Self { description, resources: resources(&root)?, ..Self::declaring(parameters(&root)?) };
        Ok((template, transforms))
    }

    /// What is known of a template before anything else of it is: its parameters.
    pub(super) fn declaring(parameters: IndexMap<String, Parameter>) -> Self {
        Self {
            description: None,
            parameters,
            mappings: Map::new(),
            conditions: Map::new(),
            resources: IndexMap::new(),
            outputs: IndexMap::new(),
            metadata: None,
        }
    }

    fn check(&self) -> Answer<()> {
        if self.resources.is_empty() {
            return Err(format_error("At least one Resources member must be defined."));
        }
        if self.description.as_ref().is_some_and(|text| text.len() > 1024) {
            return Err(format_error("'Description' length is greater than 1024."));
        }
        for (what, count, most) in [
            ("parameters", self.parameters.len(), 200),
            ("resources", self.resources.len(), 500),
            ("outputs", self.outputs.len(), 200),
            ("mappings", self.mappings.len(), 200),
        ] {
            if count > most {
                return Err(format_error(format_args!(
                    "Number of {what}, {count}, is greater than maximum allowed, {most}"
                )));
            }
        }
        let unknown: Vec<&str> =
            self.resources.values().map(|r| r.kind.as_str()).filter(|kind| types::find(kind).is_none()).collect();
        if !unknown.is_empty() {
            return Err(format_error(format_args!(
                "Unrecognized resource types: [{}] (the simulated account models {} types, and not this)",
                unknown.join(", "),
                types::all().count()
            )));
        }
        self.check_references()?;
        self.order().map(|_| ())
    }

    fn check_references(&self) -> Answer<()> {
        let known = |name: &str| self.parameters.contains_key(name) || self.resources.contains_key(name);
        let mut unresolved = BTreeSet::new();
        for resource in self.resources.values() {
            unresolved.extend(resource.needs.iter().filter(|name| !known(name)).cloned());
        }
        if !unresolved.is_empty() {
            let names: Vec<String> = unresolved.into_iter().collect();
            return Err(format_error(format_args!(
                "Unresolved resource dependencies [{}] in the Resources block of the template",
                names.join(", ")
            )));
        }
        for (name, output) in &self.outputs {
            let mut needs = BTreeSet::new();
            references(&output.value, &mut needs);
            if let Some(missing) = needs.iter().find(|need| !known(need)) {
                return Err(format_error(format_args!(
                    "Unresolved resource dependencies [{missing}] in the Outputs block of the template (output {name})"
                )));
            }
        }
        Ok(())
    }

    /// The resources so that each comes after what it needs.
    pub fn order(&self) -> Answer<Vec<String>> {
        let mut order: Vec<String> = Vec::new();
        let mut placed: BTreeSet<&str> = BTreeSet::new();
        while order.len() < self.resources.len() {
            let before = order.len();
            for (name, resource) in &self.resources {
                let ready = resource
                    .needs
                    .iter()
                    .all(|need| placed.contains(need.as_str()) || !self.resources.contains_key(need.as_str()));
                if ready && placed.insert(name) {
                    order.push(name.clone());
                }
            }
            if order.len() == before {
                let stuck: Vec<&str> =
                    self.resources.keys().map(String::as_str).filter(|name| !placed.contains(name)).collect();
                return Err(ApiError::validation(format!(
                    "Circular dependency between resources: [{}]",
                    stuck.join(", ")
                )));
            }
        }
        Ok(order)
    }

    /// The capability that it asks for, by its IAM resources. \[doc: CreateStack, Capabilities\]
    pub fn capability(&self) -> Option<&'static str> {
        let iam = |resource: &&ResourceDef| {
            matches!(
                resource.kind.as_str(),
                "AWS::IAM::Role"
                    | "AWS::IAM::Policy"
                    | "AWS::IAM::RolePolicy"
                    | "AWS::IAM::ManagedPolicy"
                    | "AWS::IAM::InstanceProfile"
                    | "AWS::IAM::User"
                    | "AWS::IAM::Group"
            )
        };
        let found: Vec<&ResourceDef> = self.resources.values().filter(iam).collect();
        if found.is_empty() {
            return None;
        }
        let named = found.iter().any(|resource| {
            !matches!(resource.kind.as_str(), "AWS::IAM::Policy" | "AWS::IAM::RolePolicy")
                && types::find(&resource.kind)
                    .and_then(types::name_property)
                    .is_some_and(|property| resource.properties.contains_key(property))
        });
        Some(if named { "CAPABILITY_NAMED_IAM" } else { "CAPABILITY_IAM" })
    }
}

pub(super) fn section(root: &Map<String, Value>, name: &str) -> Answer<Map<String, Value>> {
    match root.get(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map.clone()),
        Some(_) => Err(format_error(format_args!("{name} section must be an object"))),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

pub(super) fn parameters(root: &Map<String, Value>) -> Answer<IndexMap<String, Parameter>> {
    let mut found = IndexMap::new();
    for (name, value) in section(root, "Parameters")? {
        let kind = value
            .get("Type")
            .and_then(Value::as_str)
            .ok_or_else(|| format_error(format_args!("Every Parameters object must contain a Type member ({name}).")))?
            .to_owned();
        if kind.starts_with("AWS::SSM::") && !super::parameters::is_modelled(&kind) {
            return Err(ApiError::not_modelled(format_args!("the parameter type {kind} (parameter {name})")));
        }
        let words = |key: &str| value.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(text);
        let number = |key: &str| value.get(key).and_then(text).and_then(|text| text.parse().ok());
        let parameter = Parameter {
            default: value.get("Default").and_then(text),
            no_echo: value.get("NoEcho").and_then(text).is_some_and(|flag| flag == "true"),
            description: value.get("Description").and_then(text),
            allowed: words("AllowedValues").collect(),
            pattern: value.get("AllowedPattern").and_then(text),
            lengths: (number("MinLength"), number("MaxLength")),
            bounds: (number("MinValue"), number("MaxValue")),
            kind,
        };
        found.insert(name, parameter);
    }
    Ok(found)
}

fn resources(root: &Map<String, Value>) -> Answer<IndexMap<String, ResourceDef>> {
    let mut found = IndexMap::new();
    for (name, value) in section(root, "Resources")? {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(format_error(format_args!("Resource name {name} is non alphanumeric.")));
        }
        let kind = value.get("Type").and_then(Value::as_str).ok_or_else(|| {
            format_error(format_args!("[/Resources/{name}] Every Resources object must contain a Type member."))
        })?;
        let empty = Map::new();
        let attributes = value.as_object().unwrap_or(&empty);
        check_policies(&name, kind, attributes)?;
        let policies = ["CreationPolicy", "UpdatePolicy"]
            .into_iter()
            .filter_map(|attribute| attributes.get(attribute).map(|policy| (attribute.to_owned(), policy.clone())));
        let policies: Map<String, Value> = policies.collect();
        let properties = match value.get("Properties") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(map)) => map.clone(),
            Some(_) => return Err(format_error(format_args!("[/Resources/{name}/Properties] must be an object"))),
        };
        let mut needs = BTreeSet::new();
        for value in properties.values().chain(policies.values()) {
            references(value, &mut needs);
        }
        match value.get("DependsOn") {
            Some(Value::String(one)) => {
                needs.insert(one.clone());
            }
            Some(Value::Array(many)) => needs.extend(many.iter().filter_map(text)),
            _ => {}
        }
        let policy = |key: &str, unsaid: &str| value.get(key).and_then(Value::as_str).unwrap_or(unsaid).to_owned();
        let snapshot = cfn::has_snapshot_by_default(kind, Some(&properties));
        let deletion_policy = policy("DeletionPolicy", if snapshot { "Snapshot" } else { "Delete" });
        let resource = ResourceDef {
            kind: kind.to_owned(),
            properties,
            needs,
            condition: value.get("Condition").and_then(text),
            deletion_policy,
            says_deletion_policy: value.get("DeletionPolicy").is_some(),
            replace_policy: policy("UpdateReplacePolicy", "Delete"),
            policies,
        };
        found.insert(name, resource);
    }
    Ok(found)
}

fn outputs(root: &Map<String, Value>) -> Answer<IndexMap<String, OutputDef>> {
    let mut found = IndexMap::new();
    for (name, value) in section(root, "Outputs")? {
        let output = OutputDef {
            value: value
                .get("Value")
                .cloned()
                .ok_or_else(|| format_error(format_args!("Output {name} is malformed. It has no Value.")))?,
            export: value.get("Export").and_then(|export| export.get("Name")).cloned(),
            description: value.get("Description").and_then(text),
            condition: value.get("Condition").and_then(text),
        };
        found.insert(name, output);
    }
    Ok(found)
}

/// Collects every name that a value refers to by `Ref`, `Fn::GetAtt` or `Fn::Sub`, pseudo parameters left out.
pub fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        Value::Object(map) if map.len() == 1 => {
            for (key, inner) in map {
                match (key.as_str(), inner) {
                    ("Ref", Value::String(name)) => add(name, into),
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        if let Some(Value::String(name)) = parts.first() {
                            add(name, into);
                        }
                    }
                    ("Fn::GetAtt", Value::String(text)) => add(text.split('.').next().unwrap_or(text), into),
                    ("Fn::Sub", inner) => sub_references(inner, into),
                    _ => references(inner, into),
                }
            }
        }
        Value::Object(map) => map.values().for_each(|inner| references(inner, into)),
        _ => {}
    }
}

fn add(name: &str, into: &mut BTreeSet<String>) {
    if !name.starts_with("AWS::") {
        into.insert(name.to_owned());
    }
}

fn sub_references(value: &Value, into: &mut BTreeSet<String>) {
    let (text, own) = match value {
        Value::String(text) => (text.as_str(), None),
        Value::Array(parts) => (parts.first().and_then(Value::as_str).unwrap_or(""), parts.get(1)),
        _ => return,
    };
    let own_names: BTreeMap<&str, ()> =
        own.and_then(Value::as_object).into_iter().flat_map(|map| map.keys().map(|key| (key.as_str(), ()))).collect();
    if let Some(own) = own {
        references(own, into);
    }
    for name in super::eval::placeholders(text) {
        if !own_names.contains_key(name) {
            add(name.split('.').next().unwrap_or(name), into);
        }
    }
}
