//! A template against the rules that CloudFormation holds it to before it looks at any resource.
//!
//! Sections, logical ids, limits, functions and references to missing things: everything that can be checked without values
//! and without AWS. If a macro, a transform or a module could make what is missing, nothing is reported. Rules and numbers
//! from the CloudFormation user guide ("Template anatomy", "CloudFormation quotas", "Intrinsic function reference").

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::conditions::circle;
use super::document::Document;
use super::functions;
use super::reach::substituted;
use super::read::push_key;

/// The sections of a template.
const SECTIONS: [&str; 11] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];
/// Functions, those of rules among them, without `Fn::`.
const FUNCTIONS: [&str; 27] = [
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "ForEach",
    "GetAZs",
    "GetAtt",
    "GetStackOutput",
    "If",
    "ImportValue",
    "Implies",
    "Join",
    "Length",
    "Not",
    "Or",
    "RefAll",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
    "ValueOfAll",
];
/// What `Ref` and `${…}` can refer to besides parameters and resources.
const PSEUDO: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];
/// The most resources of a template.
pub(super) const MAX_RESOURCES: usize = 500;
/// Most entries of a section, and what they are called.
const MOST: [(&str, usize); 4] =
    [("Resources", MAX_RESOURCES), ("Parameters", 200), ("Outputs", 200), ("Mappings", 200)];
/// The longest description, in bytes.
const MAX_DESCRIPTION: usize = 1_024;
/// The longest logical id.
const MAX_LOGICAL_ID: usize = 255;

/// What CloudFormation would refuse a template for, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFault {
    /// JSON pointer into the template: `/Resources/Web/Type`.
    pub pointer: String,
    /// What is wrong there.
    pub problem: TemplateProblem,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateProblem {
    /// A top-level key that is not a section.
    UnknownSection(String),
    /// A section, a resource or an output that is not a map.
    NotAMap,
    /// There is not one resource.
    NoResources,
    /// A logical id with something else than letters and digits in it, or too long a one.
    LogicalId(String),
    /// A resource without a type.
    NoType,
    /// More than CloudFormation takes.
    TooMany {
        what: String,
        /// How many there are.
        is: usize,
        /// How many there may be.
        most: usize,
    },
    /// A value that is nothing.
    Null,
    /// Conditions that name each other in a circle, the first again at the end.
    ConditionCircle(Vec<String>),
    /// A function that is given something else than it takes.
    Arguments {
        /// Which.
        function: String,
        /// What it takes.
        wanted: &'static str,
    },
    /// A function that CloudFormation does not have.
    UnknownFunction(String),
    /// A name that nothing in the template has.
    Missing {
        /// What there is none of: `parameter or resource`, `resource`, `condition`, `mapping`.
        what: &'static str,
        name: String,
    },
}

impl std::fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownSection(name) => write!(f, "`{name}` is not a section of a template"),
            Self::NotAMap => f.write_str("this must be a map"),
            Self::NoResources => f.write_str("the template has no resources"),
            Self::LogicalId(id) => {
                write!(f, "`{id}` is not a logical id: use letters and digits, at most {MAX_LOGICAL_ID}")
            }
            Self::NoType => f.write_str("the resource has no `Type`"),
            Self::TooMany { what, is, most } => {
                write!(f, "the template has {is} {what}, and CloudFormation allows at most {most}")
            }
            Self::Null => f.write_str("CloudFormation does not accept an empty value (null)"),
            Self::ConditionCircle(names) => {
                write!(f, "conditions refer to each other in a circle: {}", names.join(" → "))
            }
            Self::Arguments { function, wanted } => write!(f, "`{function}` takes {wanted}"),
            Self::UnknownFunction(name) => write!(f, "CloudFormation has no function `{name}`"),
            Self::Missing { what, name } => write!(f, "the template has no {what} `{name}`"),
        }
    }
}

/// Every reason for which CloudFormation would reject a template, judged by its text, in text order.
pub fn check_template(document: &Document) -> Vec<TemplateFault> {
    let root = document.as_map();
    // Then nearly everything may mean something.
    let macros = super::reach::has_macro(root);
    let resources = root.get("Resources").and_then(Value::as_object);
    let made = macros || resources.is_some_and(|map| map.values().any(stands_for_more));
    let mut check = Check { root, macros, made, found: Vec::new() };
    check.sections();
    check.entries();
    if let Some(names) = circle(root).filter(|_| !macros) {
        let pointer = at("/Conditions", names.first().unwrap_or(&""));
        let names = names.into_iter().map(str::to_owned).collect();
        check.fault(pointer, TemplateProblem::ConditionCircle(names));
    }
    for (name, section) in root {
        // What metadata of the template says is for others to read.
        if name != "Metadata" {
            check.value(section, &at("", name));
        }
    }
    check.found
}

/// Whether a resource stands for others: a module of CloudFormation, or what another tool puts in.
fn stands_for_more(body: &Value) -> bool {
    let kind = |kind: &Value| kind.as_str().is_none_or(|kind| kind.ends_with("::MODULE"));
    body.get("Type").is_some_and(kind)
        || body.as_object().is_some_and(|map| map.keys().any(|key| key.starts_with("Fn::")))
}

fn at(pointer: &str, key: &str) -> String {
    let mut pointer = pointer.to_owned();
    push_key(&mut pointer, key);
    pointer
}

struct Check<'a> {
    root: &'a Map<String, Value>,
    /// Macros go over it.
    macros: bool,
    /// More may be there in the end than is written.
    made: bool,
    found: Vec<TemplateFault>,
}

impl<'a> Check<'a> {
    fn fault(&mut self, pointer: String, problem: TemplateProblem) {
        self.found.push(TemplateFault { pointer, problem });
    }

    fn section(&self, name: &str) -> Option<&'a Map<String, Value>> {
        self.root.get(name).and_then(Value::as_object)
    }

    fn sections(&mut self) {
        for name in self.root.keys() {
            if !SECTIONS.contains(&name.as_str()) && !name.starts_with("Fn::") && !self.macros {
                self.fault(at("", name), TemplateProblem::UnknownSection(name.clone()));
            }
        }
        for (name, most) in MOST {
            let is = self.section(name).map_or(0, Map::len);
            if is > most {
                let what = name.to_lowercase();
                self.fault(at("", name), TemplateProblem::TooMany { what, is, most });
            }
        }
        let description = self.root.get("Description").and_then(Value::as_str).map_or(0, str::len);
        if description > MAX_DESCRIPTION {
            let what = "bytes of description".to_owned();
            let problem = TemplateProblem::TooMany { what, is: description, most: MAX_DESCRIPTION };
            self.fault("/Description".to_owned(), problem);
        }
        if self.section("Resources").is_none_or(Map::is_empty) {
            self.fault("/Resources".to_owned(), TemplateProblem::NoResources);
        }
    }

    /// Resources, parameters and outputs on their own: ids, types and attributes other than values.
    fn entries(&mut self) {
        for section in ["Parameters", "Resources", "Outputs"] {
            let Some(written) = self.root.get(section) else { continue };
            let Some(entries) = written.as_object() else {
                self.fault(at("", section), TemplateProblem::NotAMap);
                continue;
            };
            for (id, body) in entries.iter().filter(|(id, _)| !id.starts_with("Fn::")) {
                let pointer = at(&at("", section), id);
                if id.is_empty() || id.len() > MAX_LOGICAL_ID || !id.chars().all(|c| c.is_ascii_alphanumeric()) {
                    self.fault(pointer.clone(), TemplateProblem::LogicalId(id.clone()));
                }
                let Some(body) = body.as_object() else {
                    self.fault(pointer, TemplateProblem::NotAMap);
                    continue;
                };
                let typed =
                    body.get("Type").is_some_and(Value::is_string) || body.keys().any(|key| key.starts_with("Fn::"));
                if section == "Resources" && !self.macros && !typed {
                    self.fault(pointer.clone(), TemplateProblem::NoType);
                }
                if let Some(Value::String(name)) = body.get("Condition") {
                    self.named("Conditions", "condition", name, at(&pointer, "Condition"));
                }
                self.depends_on(body, &pointer);
            }
        }
    }

    fn depends_on(&mut self, body: &Map<String, Value>, pointer: &str) {
        let pointer = at(pointer, "DependsOn");
        match body.get("DependsOn") {
            Some(Value::String(name)) => self.named("Resources", "resource", name, pointer),
            Some(Value::Array(names)) => {
                for (index, name) in names.iter().enumerate() {
                    if let Value::String(name) = name {
                        self.named("Resources", "resource", name, format!("{pointer}/{index}"));
                    }
                }
            }
            _ => {}
        }
    }

    /// A name that must exist in a section.
    fn named(&mut self, section: &str, what: &'static str, name: &str, pointer: String) {
        let there = self.section(section).is_some_and(|map| map.contains_key(name));
        if !there && !self.made {
            self.fault(pointer, TemplateProblem::Missing { what, name: name.to_owned() });
        }
    }

    /// What `Ref` or `${…}` names. `own` are the names that a `Fn::Sub` brings along.
    fn referred(&mut self, name: &str, own: &BTreeSet<String>, pointer: &str) {
        let declared = ["Parameters", "Resources"]
            .iter()
            .any(|section| self.section(section).is_some_and(|map| map.contains_key(name)));
        if !declared && !self.made && !own.contains(name) && !PSEUDO.contains(&name) {
            let problem = TemplateProblem::Missing { what: "parameter or resource", name: name.to_owned() };
            self.fault(pointer.to_owned(), problem);
        }
    }

    fn value(&mut self, value: &Value, pointer: &str) {
        match value {
            Value::Null => self.fault(pointer.to_owned(), TemplateProblem::Null),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &format!("{pointer}/{index}"));
                }
            }
            Value::Object(map) => {
                for (key, inside) in map {
                    let below = at(pointer, key);
                    self.function(key, inside, &below, map.len() == 1);
                    // AWS's own samples give it nothing, for the region of the stack.
                    if !(key == "Fn::GetAZs" && inside.is_null()) {
                        self.value(inside, &below);
                    }
                }
            }
            _ => {}
        }
    }

    fn function(&mut self, key: &str, inside: &Value, pointer: &str, alone: bool) {
        let nobody = BTreeSet::new();
        let first = || inside.as_array().and_then(|items| items.first()).and_then(Value::as_str);
        // What extends the language takes more.
        if let Some(wanted) = functions::wanted(key, inside).filter(|_| alone && !self.macros) {
            let problem = TemplateProblem::Arguments { function: key.to_owned(), wanted };
            return self.fault(pointer.to_owned(), problem);
        }
        match key {
            "Ref" if alone => {
                if let Value::String(name) = inside {
                    self.referred(name, &nobody, pointer);
                }
            }
            "Fn::GetAtt" => {
                let dotted = || inside.as_str().and_then(|text| text.split('.').next());
                if let Some(name) = first().or_else(dotted) {
                    self.named("Resources", "resource", name, pointer.to_owned());
                }
            }
            "Fn::Sub" => self.sub(inside, pointer),
            "Fn::If" => {
                if let Some(name) = first() {
                    self.named("Conditions", "condition", name, pointer.to_owned());
                }
            }
            "Fn::FindInMap" => {
                if let Some(name) = first() {
                    self.named("Mappings", "mapping", name, pointer.to_owned());
                }
            }
            "Condition" if alone && pointer.starts_with("/Conditions/") => {
                if let Value::String(name) = inside {
                    self.named("Conditions", "condition", name, pointer.to_owned());
                }
            }
            _ => {
                let Some(name) = key.strip_prefix("Fn::") else { return };
                let known = name.split("::").next().is_some_and(|name| FUNCTIONS.contains(&name));
                let loops = !name.contains("::") || name.starts_with("ForEach::");
                if !(self.macros || known && loops) {
                    self.fault(pointer.to_owned(), TemplateProblem::UnknownFunction(key.to_owned()));
                }
            }
        }
    }

    fn sub(&mut self, inside: &Value, pointer: &str) {
        let (text, own) = match inside {
            Value::String(text) => (text.as_str(), BTreeSet::new()),
            Value::Array(items) => {
                let own = items.get(1).and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned().collect();
                (items.first().and_then(Value::as_str).unwrap_or(""), own)
            }
            _ => return,
        };
        for name in substituted(text) {
            match name.split_once('.') {
                // An own name may contain a dot.
                Some(_) if own.contains(name) => {}
                Some((resource, _)) => self.named("Resources", "resource", resource, pointer.to_owned()),
                None => self.referred(name, &own, pointer),
            }
        }
    }
}
