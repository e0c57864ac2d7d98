//! One file of `templates/`: from bytes to a shape, with every problem that can be found offline.
//!
//! `cfn` reads the text and knows CloudFormation's rules; here its faults get places in the file, and every string with a
//! placeholder becomes a text. What CloudFormation is certain to reject is an error. If the copy of the resource schemas
//! may only be older than AWS, it is a warning, because authors cannot work around an error.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::codes::{self, Code};
use super::finding::{File, Finding, MAX_PER_FILE};
use crate::cfn::{self, Document, Places, Resource, SchemaProblem, TemplateProblem, push_key};
use crate::model::ImageName;
use crate::model::edition::{RULES_OF_SERVICES, of_properties};
use crate::model::process::{ContainerImage, Part, Piece, RawTemplate, Text};
use crate::tree::MAX_FILE;

/// A file that was read.
#[derive(Debug)]
pub(crate) struct ParsedTemplate {
    /// Its content; none if its form has errors.
    pub(crate) draft: Option<Arc<TemplateDraft>>,
    /// Everything that is wrong with it.
    pub(crate) findings: Vec<Finding>,
}

impl ParsedTemplate {
    /// A file that the repository could not give because of its size.
    pub(crate) fn too_large(path: &Arc<str>) -> Self {
        let title = format!("`{path}` is larger than {MAX_FILE} bytes, the most that landfall reads");
        Self { draft: None, findings: vec![Finding::whole(codes::FILE_TOO_LARGE, path, title)] }
    }
}

/// What a template says.
#[derive(Debug)]
pub(crate) struct TemplateDraft {
    pub(crate) file: Arc<File>,
    /// Its tree, the placeholders as they are written.
    pub(crate) document: Document,
    /// Its tree, to be filled.
    pub(crate) template: Arc<RawTemplate>,
    /// Its texts with placeholders, with their bytes in the file.
    pub(crate) texts: Vec<(Range<usize>, Text)>,
    /// The containers of its task definitions that have literal names, each with its image if that is one of `[images]`.
    pub(crate) containers: Containers,
    /// Containers whose image comes from `[images]` but cannot be identified, with the bytes of an image.
    pub(crate) unproved: BTreeMap<Arc<str>, Range<usize>>,
    /// These are all of its containers: none is made by a macro, or has a name that is put together.
    pub(crate) all_containers: bool,
    places: Places,
}

impl TemplateDraft {
    /// The bytes of a parameter's name.
    pub(crate) fn parameter(&self, name: &str) -> Range<usize> {
        let mut pointer = "/Parameters".to_owned();
        push_key(&mut pointer, name);
        self.places.key(&pointer)
    }

    /// The bytes of the images that services of ECS Express Mode run, with the ids of those services.
    pub(crate) fn express_images(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        let express = self.document.resources().filter(|one| one.kind() == "AWS::ECS::ExpressGatewayService");
        let from_release = |resource: &Resource<'_>| {
            let image = resource.property("PrimaryContainer").and_then(|container| container.get("Image"));
            image.is_some_and(|image| image.to_string().contains("#{images."))
        };
        express.filter(from_release).map(|resource| {
            let mut pointer = "/Resources".to_owned();
            push_key(&mut pointer, resource.id);
            pointer.push_str("/Properties/PrimaryContainer/Image");
            (resource.id, self.places.value(&pointer))
        })
    }

    /// The bytes of the first text that holds a placeholder of this name.
    pub(crate) fn placeholder(&self, name: &str) -> Range<usize> {
        let found = self.texts.iter().find(|(_, text)| text.placeholders().any(|one| one == name));
        found.map_or(0..0, |(bytes, _)| bytes.clone())
    }
}

/// Reads a template. Costs its length.
pub(crate) fn parse(path: &Arc<str>, bytes: &[u8]) -> ParsedTemplate {
    let failed = |finding| ParsedTemplate { draft: None, findings: vec![finding] };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return failed(Finding::whole(codes::NOT_UTF8, path, format!("`{path}` is not UTF-8 text")));
    };
    let file = Arc::new(File::new(path.clone(), text));
    if let Some((at, found)) = text.char_indices().find(|(_, c)| is_control(*c)) {
        let title = format!("the template contains the control character U+{:04X}", u32::from(found));
        let finding = Finding::new(codes::CONTROL_CHARACTER, &file, at..at + found.len_utf8(), title);
        return failed(finding.label("not a tab or a line break").help("write it as an escape, in quotes"));
    }
    let source = match cfn::read(text) {
        Ok(source) => source,
        Err(error) => {
            let title = format!("`{path}` cannot be read as a template: {}", error.problem);
            let unquoted = text.get(error.bytes.start.saturating_sub(1)..).is_some_and(|rest| rest.starts_with("#{"));
            let finding = Finding::new(codes::TEMPLATE_SYNTAX, &file, error.bytes, title).label("here");
            return failed(if unquoted { finding.help("put a value with a placeholder in quotes") } else { finding });
        }
    };
    let places = source.places().clone();
    let lost: Vec<_> = lost_placeholders(text, source.comments()).collect();
    let document = match Document::from_value(source.into_value()) {
        Ok(document) => document,
        Err(error) => return failed(Finding::new(codes::TEMPLATE, &file, 0..0, format!("`{path}`: {error}"))),
    };
    let mut reading = Reading { file: &file, places: &places, texts: Vec::new(), findings: Vec::new() };
    lost.into_iter().for_each(|bytes| reading.lost(bytes));
    reading.refused(&document);
    let template = Arc::new(reading.template(&document));
    let (containers, unproved) = reading.containers(&document);
    let Reading { texts, mut findings, .. } = reading;
    findings.truncate(2 * MAX_PER_FILE);
    let all_containers = !may_have_more_containers(&document);
    let file = file.clone();
    let draft = TemplateDraft { file, document, template, texts, containers, unproved, all_containers, places };
    ParsedTemplate { draft: Some(Arc::new(draft)), findings }
}

/// Line breaks do not count as control characters; U+0085 is a line break in YAML.
fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}')
}

/// The comments that begin with a placeholder: YAML takes a `#` after a space, and what follows it, for a comment.
fn lost_placeholders(text: &str, comments: &[Range<usize>]) -> impl Iterator<Item = Range<usize>> {
    comments.iter().filter_map(move |comment| {
        let written = text.get(comment.clone())?;
        let name = written.strip_prefix("#{")?.split_once('}')?.0;
        let trimmed = name.trim();
        let is_name = !trimmed.is_empty() && trimmed.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        is_name.then_some(comment.start..comment.start + name.len() + 3)
    })
}

/// Whether CloudFormation takes only plain text here, no function: the description of the template or of an output, and the
/// template's metadata (CloudFormation template reference, "Intrinsic function reference").
fn is_plain(pointer: &str) -> bool {
    let mut keys = pointer.split('/').skip(1);
    match keys.next() {
        Some("Description" | "Metadata") => true,
        Some("Outputs") => keys.nth(1) == Some("Description"),
        _ => false,
    }
}

/// Whether a text contains a placeholder. A malformed placeholder is reported elsewhere.
fn has_placeholder(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find("#{") {
        if !rest.get(..at).is_some_and(|before| before.ends_with('#')) {
            return true;
        }
        rest = rest.get(at + 2..).unwrap_or("");
    }
    false
}

/// What a value is to what stands around it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Value,
    /// An element of a list of data.
    Element,
    /// What a function is given: as many elements as it asks for.
    Arguments,
    /// What `Fn::Sub` is given.
    Substitution,
}

impl Role {
    /// The role of what stands under a key.
    pub(crate) fn under(key: &str) -> Self {
        match key {
            "Fn::Sub" => Role::Substitution,
            // These take a list of any length.
            "Fn::Length" | "Fn::ToJsonString" => Role::Value,
            key if key.starts_with("Fn::") => Role::Arguments,
            _ => Role::Value,
        }
    }

    /// The role of the element of a list that has this one.
    pub(crate) fn of_element(self, index: usize) -> Self {
        match self {
            Role::Value | Role::Element => Role::Element,
            Role::Substitution if index == 0 => Role::Substitution,
            Role::Substitution | Role::Arguments => Role::Value,
        }
    }

    /// What a text with this role is.
    pub(crate) fn of_text(self, text: Text) -> Part {
        match (self, text.pieces()) {
            (Role::Substitution, _) => Part::Substitution(text),
            (Role::Element, [Piece::Placeholder(_)]) => Part::Element(text),
            _ => Part::Text(text),
        }
    }
}

/// The containers of a template, each with its image if that is known.
type Containers = BTreeMap<Arc<str>, Option<ContainerImage>>;

struct Reading<'a> {
    file: &'a File,
    places: &'a Places,
    texts: Vec<(Range<usize>, Text)>,
    findings: Vec<Finding>,
}

impl Reading<'_> {
    fn find(&mut self, code: &Code, bytes: Range<usize>, title: impl Into<String>, label: &str) {
        self.findings.push(Finding::new(code, self.file, bytes, title).label(label));
    }

    /// A placeholder that is none, because it is in a comment.
    fn lost(&mut self, bytes: Range<usize>) {
        let title = "YAML reads this placeholder as a comment, so the value would be empty";
        let finding = Finding::new(codes::TEMPLATE_PLACEHOLDER, self.file, bytes, title)
            .label("`#` after a space or at the start of a line");
        self.findings.push(finding.help("put the whole value in quotes; in a comment, put a space after the `#`"));
    }

    /// Everything that CloudFormation would reject, judged by the text alone.
    fn refused(&mut self, document: &Document) {
        for text in cfn::misplaced(document, has_placeholder) {
            let title = format!("a placeholder is not allowed here: it would decide {}", text.decides);
            let key = text.decides.ends_with("key");
            let bytes = if key { self.places.key(&text.pointer) } else { self.places.value(&text.pointer) };
            let finding = Finding::new(codes::TEMPLATE_PLACEHOLDER, self.file, bytes, title);
            let finding = finding.label("must be literal");
            self.findings.push(finding.help("a placeholder can be the value of a property, an output or a parameter"));
        }
        for fault in cfn::check_template(document) {
            // A suggestion costs a look at every name: no more are made than are shown.
            if self.findings.len() >= 2 * MAX_PER_FILE {
                break;
            }
            let finding = match &fault.problem {
                // Already reported: a placeholder cannot be a name.
                TemplateProblem::Missing { name, .. } if has_placeholder(name) => continue,
                TemplateProblem::Missing { what, name } => {
                    let bytes = self.places.value(&fault.pointer);
                    let finding = Finding::new(codes::TEMPLATE, self.file, bytes, fault.problem.to_string());
                    finding.label("does not exist").suggest(name, names(document, what))
                }
                TemplateProblem::UnknownFunction(name) => {
                    let bytes = self.places.key(&fault.pointer);
                    let title = fault.problem.to_string();
                    Finding::new(codes::TEMPLATE_FUNCTION, self.file, bytes, title).about(&[name])
                }
                TemplateProblem::UnknownSection(_)
                | TemplateProblem::LogicalId(_)
                | TemplateProblem::NoType
                | TemplateProblem::ConditionCircle(_) => {
                    let bytes = self.places.key(&fault.pointer);
                    Finding::new(codes::TEMPLATE, self.file, bytes, fault.problem.to_string())
                }
                _ => {
                    let bytes = self.places.value(&fault.pointer);
                    Finding::new(codes::TEMPLATE, self.file, bytes, fault.problem.to_string())
                }
            };
            self.findings.push(finding);
        }
        // The result of a macro is unknown.
        if document.section("Transform").is_none() {
            document.resources().for_each(|resource| self.properties(resource));
            self.rules(document);
        }
    }

    /// What the services would refuse, and resources that wait for each other.
    fn rules(&mut self, document: &Document) {
        if let Some(circle) = cfn::resource_circle(document) {
            let mut pointer = "/Resources".to_owned();
            circle.iter().take(1).for_each(|id| push_key(&mut pointer, id));
            let title = format!("resources wait for each other: {}", circle.join(" → "));
            let finding = Finding::new(codes::TEMPLATE, self.file, self.places.key(&pointer), title);
            self.findings.push(finding.label("CloudFormation would make none of them").since(RULES_OF_SERVICES));
        }
        let unknown = |kind: &str| !kind.is_empty() && !has_placeholder(kind) && !cfn::is_type(kind);
        // A suggestion costs a look at every name: no more are made than are shown.
        for resource in document.resources().filter(|resource| unknown(resource.kind())).take(MAX_PER_FILE) {
            let mut pointer = "/Resources".to_owned();
            push_key(&mut pointer, resource.id);
            pointer.push_str("/Type");
            let title = format!("landfall knows no resource type `{}`", resource.kind());
            let finding = Finding::new(codes::UNKNOWN_TYPE, self.file, self.places.value(&pointer), title);
            self.findings.push(finding.about(&[resource.id]).suggest(resource.kind(), cfn::types_with_rules()));
        }
        for unknown in cfn::check_attributes(document).into_iter().take(MAX_PER_FILE) {
            let title = format!("{} `{}` has no attribute `{}`", unknown.kind, unknown.resource, unknown.attribute);
            let bytes = self.places.value(&unknown.pointer);
            let finding = Finding::new(codes::DOUBTFUL_PROPERTY, self.file, bytes, title);
            let finding = finding.about(&[&unknown.resource, &unknown.attribute]);
            self.findings.push(finding.suggest(&unknown.attribute, unknown.known.iter().map(String::as_str)));
        }
        for fault in cfn::check_rules(document).into_iter().take(2 * MAX_PER_FILE) {
            let title = format!("{}: {}", fault.place(), fault.title);
            let bytes = self.places.short(&fault.pointer);
            let (code, label) = match fault.certain {
                true => (codes::RESOURCE_RULE, "AWS would refuse this"),
                false => (codes::DOUBTFUL_PROPERTY, "AWS may refuse this"),
            };
            self.findings.push(Finding::new(code, self.file, bytes, title).label(label).since(fault.edition));
        }
    }

    /// What the schema of a resource's type says against it.
    fn properties(&mut self, resource: Resource<'_>) {
        for fault in cfn::check_resource(resource) {
            let mut pointer = "/Resources".to_owned();
            push_key(&mut pointer, resource.id);
            pointer.push_str(&fault.pointer);
            let title = format!("{} `{}`: {}", resource.kind(), resource.id, fault.problem);
            let code = if fault.problem.is_certain() { codes::RESOURCE_PROPERTY } else { codes::DOUBTFUL_PROPERTY };
            let bytes = match &fault.problem {
                SchemaProblem::UnknownProperty { .. }
                | SchemaProblem::ReadOnly { .. }
                | SchemaProblem::Missing { .. } => self.places.key(&pointer),
                _ => self.places.value(&pointer),
            };
            let place = fault.pointer.trim_start_matches("/Properties").trim_start_matches('/');
            let names: Vec<&str> = [resource.id, place].into_iter().filter(|name| !name.is_empty()).collect();
            let finding =
                Finding::new(code, self.file, bytes, title).about(&names).since(of_properties(resource.kind(), false));
            self.findings.push(match &fault.problem {
                SchemaProblem::UnknownProperty { name, known } => {
                    finding.suggest(name, known.iter().map(String::as_str))
                }
                _ => finding,
            });
        }
    }

    fn template(&mut self, document: &Document) -> RawTemplate {
        let mut sections = Vec::new();
        for (name, section) in document.as_map() {
            let mut pointer = String::new();
            let part = self.entry(name, section.clone(), &mut pointer);
            sections.push((Arc::from(name.as_str()), part));
        }
        let types = document.resources().map(|resource| Arc::from(resource.kind())).collect();
        RawTemplate { sections, types, at: self.file.at(0) }
    }

    /// What stands under a key.
    fn entry(&mut self, key: &str, inside: Value, pointer: &mut String) -> Part {
        let length = pointer.len();
        push_key(pointer, key);
        if key.contains("#{") && !has_placeholder(key) {
            let bytes = self.places.key(pointer);
            self.find(codes::TEMPLATE_PLACEHOLDER, bytes, "placeholders are not filled in keys: remove `#{`", "a key");
        }
        let part = self.part(inside, pointer, Role::under(key));
        pointer.truncate(length);
        part
    }

    fn part(&mut self, value: Value, pointer: &mut String, role: Role) -> Part {
        match value {
            Value::String(text) if text.contains("#{") => self.text(&text, pointer, role),
            Value::Array(items) => {
                let mut parts = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    let length = pointer.len();
                    push_key(pointer, &index.to_string());
                    parts.push(self.part(item, pointer, role.of_element(index)));
                    pointer.truncate(length);
                }
                list(parts)
            }
            Value::Object(entries) => {
                let parts = entries.into_iter().map(|(key, inside)| {
                    let part = self.entry(&key, inside, pointer);
                    (key, part)
                });
                map(parts.collect())
            }
            other => Part::Fixed(other),
        }
    }

    /// A string with `#{` in it.
    fn text(&mut self, written: &str, pointer: &str, role: Role) -> Part {
        let bytes = self.places.value(pointer);
        let text = match Text::parse(written, self.file.at(bytes.start)) {
            Ok(text) => text,
            Err(error) => {
                let finding = Finding::new(codes::PLACEHOLDER, self.file, bytes, error.to_string());
                let finding = finding.label("not a placeholder");
                self.findings.push(finding.help("write `#{name}` for a variable, or `##{` for the characters `#{`"));
                return Part::Fixed(Value::String(written.to_owned()));
            }
        };
        if role == Role::Substitution && decides_reference(&text) {
            let title = "a placeholder inside `${…}` would decide what the template refers to";
            self.find(codes::TEMPLATE_PLACEHOLDER, bytes.clone(), title, "must be literal");
        }
        if is_plain(pointer) && text.outputs().next().is_some() {
            let title = "an output is not allowed here: CloudFormation accepts no reference to a parameter";
            self.find(codes::OUTPUT_REFERENCE, bytes.clone(), title, "plain text");
        }
        self.texts.push((bytes, text.clone()));
        role.of_text(text)
    }

    /// The containers of task definitions that have a literal name, and those of them whose image cannot be identified.
    fn containers(&self, document: &Document) -> (Containers, BTreeMap<Arc<str>, Range<usize>>) {
        let (mut containers, mut unproved) = (Containers::new(), BTreeMap::new());
        for resource in document.resources().filter(|resource| resource.kind() == "AWS::ECS::TaskDefinition") {
            let list = resource.property("ContainerDefinitions").and_then(Value::as_array);
            for (index, container) in list.into_iter().flatten().enumerate() {
                let name = container.get("Name").and_then(Value::as_str).filter(|name| !name.contains("#{"));
                let Some(name) = name else { continue };
                let mut pointer = "/Resources".to_owned();
                push_key(&mut pointer, resource.id);
                pointer.push_str(&format!("/Properties/ContainerDefinitions/{index}/Image"));
                let bytes = self.places.value(&pointer);
                let written = container.get("Image");
                let text = written.and_then(|image| image.as_str().or_else(|| image.get("Fn::Sub")?.as_str()));
                let at = self.file.at(bytes.start);
                let image = text.and_then(image_of).map(|image| ContainerImage { image, at });
                if image.is_none() && written.is_some_and(|image| image.to_string().contains("#{images.")) {
                    unproved.insert(Arc::from(name), bytes.clone());
                }
                // With two containers of one name, it is unclear which image belongs to which.
                let known = containers.entry(Arc::from(name)).or_insert_with(|| image.clone());
                if known.as_ref().map(|known| &known.image) != image.as_ref().map(|image| &image.image) {
                    *known = None;
                    unproved.insert(Arc::from(name), bytes);
                }
            }
        }
        (containers, unproved)
    }
}

/// Whether a task definition may have a container that cannot be read from the text.
fn may_have_more_containers(document: &Document) -> bool {
    let known =
        |container: &Value| container.get("Name").and_then(Value::as_str).is_some_and(|name| !name.contains("#{"));
    let all = |resource: Resource<'_>| {
        let list = resource.property("ContainerDefinitions").and_then(Value::as_array);
        list.is_some_and(|list| list.iter().all(known))
    };
    let resources = document.section("Resources").and_then(Value::as_object);
    document.section("Transform").is_some()
        || resources.is_none_or(|all| all.keys().any(|id| id.starts_with("Fn::")))
        || document.resources().any(|resource| resource.kind() == "AWS::ECS::TaskDefinition" && !all(resource))
}

/// The image that a text names, if the text is `#{images.<name>}` and nothing else.
fn image_of(text: &str) -> Option<ImageName> {
    let name = text.strip_prefix("#{images.")?.strip_suffix('}')?;
    ImageName::new(name.trim()).ok()
}

/// Whether a placeholder of a `Fn::Sub` stands between the `${` and the `}` of the text itself.
pub(crate) fn decides_reference(text: &Text) -> bool {
    let mut open = false;
    for piece in text.pieces() {
        match piece {
            Piece::Placeholder(_) if open => return true,
            Piece::Placeholder(_) => {}
            Piece::Literal(literal) => {
                let mut rest = &**literal;
                while let Some(at) = rest.find(if open { "}" } else { "${" }) {
                    rest = rest.get(at + 1..).unwrap_or("");
                    open = !open;
                }
            }
        }
    }
    false
}

/// The names in a template of the kind that [`TemplateProblem::Missing`] reports.
fn names<'a>(document: &'a Document, what: &str) -> Vec<&'a str> {
    let sections: &[&str] = match what {
        "condition" => &["Conditions"],
        "mapping" => &["Mappings"],
        "resource" => &["Resources"],
        _ => &["Parameters", "Resources"],
    };
    let sections = sections.iter().filter_map(|name| document.section(name)?.as_object());
    sections.flat_map(Map::keys).map(String::as_str).collect()
}

/// A list of parts.
pub(crate) fn list(parts: Vec<Part>) -> Part {
    match parts.iter().all(|part| matches!(part, Part::Fixed(_))) {
        true => Part::Fixed(Value::Array(parts.into_iter().filter_map(fixed).collect())),
        false => Part::List(parts),
    }
}

/// A map of parts.
pub(crate) fn map(parts: Vec<(String, Part)>) -> Part {
    match parts.iter().all(|(_, part)| matches!(part, Part::Fixed(_))) {
        true => {
            let entries = parts.into_iter().filter_map(|(key, part)| Some((key, fixed(part)?)));
            Part::Fixed(Value::Object(entries.collect()))
        }
        false => Part::Map(parts.into_iter().map(|(key, part)| (Arc::from(key), part)).collect()),
    }
}

fn fixed(part: Part) -> Option<Value> {
    match part {
        Part::Fixed(value) => Some(value),
        _ => None,
    }
}
