//! The ways to make files say what is there, the most fitting first.
//!
//! A value that differs in one environment belongs into a variable with a value for that environment: one that is there already, or
//! a new one in the place of what is written. What a step has no key for is patched. None of these is known to be right before
//! it is tried: a key may refuse a variable, and a variable may be used elsewhere.

use serde_json::Value;

use super::picture::{One, Picture};
use crate::cfn::{self, push_key};
use crate::cli::exit::{Doing, Failure};
use crate::edit::{self, PatchEdit, ValueScope};
use crate::model::drift::{Drifted, shown};
use crate::model::process::{Piece, StepKind, What};
use crate::model::{Project, Step};
use crate::plan::Spot;
use crate::template;

/// A way to keep a difference.
pub(super) struct Way {
    /// In a few words.
    pub(super) how: String,
    /// It says the same for all environments.
    pub(super) everywhere: bool,
    /// The files.
    pub(super) edits: Vec<(String, String)>,
}

/// Where the difference is written, or could be.
pub(super) struct Scene<'a> {
    project: &'a Project,
    what: &'a What,
    step: &'a Step,
    scope: ValueScope,
}

impl<'a> Scene<'a> {
    /// Of the stack that drifted.
    pub(super) fn of(picture: &'a Picture) -> Option<Self> {
        let own: &One = picture.own().next()?;
        let project = picture.loaded.catalog.projects.get(&picture.project)?;
        let scope = ValueScope {
            environment: own.environment.clone(),
            tenant: own.tenant.clone(),
            target: picture.has_sibling(own).then(|| own.target.clone()),
        };
        Some(Self { project, what: project.head.as_deref()?, step: &own.step, scope })
    }

    fn file(&self, name: &str) -> String {
        format!("projects/{}/{name}", self.project.name)
    }

    /// Where it will hold, for people.
    fn place(&self) -> String {
        let ValueScope { environment, tenant, target } = &self.scope;
        let tenant = tenant.as_ref().map(|tenant| format!(" for {tenant}")).unwrap_or_default();
        let target = target.as_ref().map(|target| format!(" on {target}")).unwrap_or_default();
        format!("{environment}{tenant}{target}")
    }

    /// A name for a variable that no other one has: of the step and the property.
    fn new_name(&self, item: &Drifted) -> String {
        let last = item.path.rsplit('/').find(|name| name.parse::<usize>().is_err() && *name != "Value");
        let name = format!("{}_{}", snake(self.step.name.as_str()), snake(last.unwrap_or("value")));
        let taken = |name: &str| {
            self.what.variables.iter().any(|one| *one.name == *name)
                || self.what.tenant_variables.iter().any(|one| *one.name == *name)
        };
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        std::iter::once(name.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(name)
    }
}

/// Reads a file as it is by now.
type Text<'t> = &'t dyn Fn(&str) -> Result<Option<String>, Failure>;

/// Where the value of a difference is written.
struct Written {
    file: String,
    text: String,
    bytes: std::ops::Range<usize>,
    /// The value as a variable can have it.
    value: Option<Value>,
    /// The only thing in it is this variable.
    variable: Option<String>,
}

/// Every way to keep a difference that may be right.
pub(super) fn ways(scene: &Scene<'_>, item: &Drifted, spot: &Spot, text: Text<'_>) -> Result<Vec<Way>, Failure> {
    let Some(steps) = &spot.steps else { return Ok(Vec::new()) };
    let values = item.is.as_deref().map(readings).unwrap_or_default();
    let mut ways = Vec::new();
    if let Some(written) = written(scene, spot, steps, text)? {
        for value in values.iter().filter(|value| is_scalar(value)) {
            ways.extend(another_value(scene, &written, value, text)?);
            ways.extend(variable_instead(scene, item, &written, value, text)?);
        }
    }
    match scene.step.kind {
        StepKind::CloudFormation(_) => ways.extend(property(scene, spot, steps, &values, text)?),
        _ => ways.extend(patches(scene, item, spot, steps, &values, text)?),
    }
    Ok(ways)
}

/// What a kept text may have been: what it reads as, or the text.
fn readings(text: &str) -> Vec<Value> {
    let read = serde_json::from_str::<Value>(text).ok().filter(|value| shown(value) == text && !value.is_string());
    read.into_iter().chain([Value::from(text)]).collect()
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object() && !value.is_null()
}

/// The values of a variable are all texts, all numbers or all booleans.
fn same_kind(one: &Value, other: &Value) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn written(scene: &Scene<'_>, spot: &Spot, steps: &[String], text: Text<'_>) -> Result<Option<Written>, Failure> {
    let mut pointer = "/Resources".to_owned();
    push_key(&mut pointer, &spot.resource);
    steps.iter().for_each(|step| push_key(&mut pointer, step));
    if let StepKind::CloudFormation(raw) = &scene.step.kind {
        return in_template(&raw.template.at.file, &pointer, text);
    }
    let Some((place, own)) = template::written(scene.step, scene.what, &pointer) else { return Ok(None) };
    let file = place.location().file.to_string();
    let Some(text) = text(&file)? else { return Ok(None) };
    let variable = own.as_ref().and_then(|own| only_variable(own.pieces()));
    let value = own.map(|own| Value::from(own.raw())).or_else(|| text.get(place.span())?.parse().ok());
    Ok(Some(Written { file, bytes: place.span(), text, value, variable }))
}

fn in_template(file: &str, pointer: &str, text: Text<'_>) -> Result<Option<Written>, Failure> {
    let Some(text) = text(file)? else { return Ok(None) };
    let source = cfn::read(&text).doing(|| format!("cannot read {file}"))?;
    let bytes = source.places().value(pointer);
    let value = source.into_value().pointer(pointer).cloned().filter(is_scalar);
    let Some(value) = value else { return Ok(None) };
    let variable = value.as_str().and_then(|text| text.strip_prefix("#{")?.strip_suffix('}')).map(str::to_owned);
    Ok(Some(Written { file: file.to_owned(), text, bytes, value: Some(value), variable }))
}

/// The name of a variable that is all of a text.
fn only_variable(pieces: &[Piece]) -> Option<String> {
    match pieces {
        [Piece::Placeholder(name)] => Some(name.to_string()),
        _ => None,
    }
}

/// Another value for the variable that is written there.
fn another_value(scene: &Scene<'_>, written: &Written, new: &Value, text: Text<'_>) -> Result<Option<Way>, Failure> {
    let Some(name) = written.variable.as_deref().filter(|name| !name.contains('.')) else { return Ok(None) };
    let file = scene.file("variables.toml");
    let there = text(&file)?.unwrap_or_default();
    let edited = edit::variable(&there, name, new, Some(&scene.scope)).ok();
    let how = format!("variable {name} gets the value {} in {}", shown(new), scene.place());
    Ok(edited.map(|edited| Way { how, everywhere: false, edits: vec![(file, edited)] }))
}

/// A variable in the place of what is written.
fn variable_instead(
    scene: &Scene<'_>,
    item: &Drifted,
    written: &Written,
    new: &Value,
    text: Text<'_>,
) -> Result<Option<Way>, Failure> {
    let Some(old) = written.value.as_ref().filter(|old| same_kind(old, new)) else { return Ok(None) };
    let name = scene.new_name(item);
    let placeholder = Value::from(format!("#{{{name}}}")).to_string();
    let Some(edited) = edit::spliced(&written.text, written.bytes.clone(), &placeholder) else { return Ok(None) };
    let variables = new_variable(scene, &name, old, new, text)?;
    Ok(variables.map(|variables| Way {
        how: format!("new variable {name}, {} in {}", shown(new), scene.place()),
        everywhere: false,
        edits: vec![(written.file.clone(), edited), variables],
    }))
}

/// The file of variables with a new one: a value for everywhere, and one for the slot.
fn new_variable(
    scene: &Scene<'_>,
    name: &str,
    old: &Value,
    new: &Value,
    text: Text<'_>,
) -> Result<Option<(String, String)>, Failure> {
    let file = scene.file("variables.toml");
    let there = text(&file)?.unwrap_or_default();
    let both = edit::variable(&there, name, old, None);
    let both = both.and_then(|first| edit::variable(&first, name, new, Some(&scene.scope))).ok();
    Ok(both.map(|both| (file, both)))
}

/// Patches of a step: with a variable where the step sets the property already, otherwise with the value.
fn patches(
    scene: &Scene<'_>,
    item: &Drifted,
    spot: &Spot,
    steps: &[String],
    values: &[Value],
    text: Text<'_>,
) -> Result<Vec<Way>, Failure> {
    let Some(("Properties", names)) = steps.split_first().map(|(first, names)| (first.as_str(), names)) else {
        return Ok(Vec::new());
    };
    let quoted = |name: &String| if name.contains('.') { format!("\"{name}\"") } else { name.clone() };
    let path = names.iter().map(quoted).collect::<Vec<_>>().join(".");
    let file = scene.file("process.toml");
    let process = text(&file)?.unwrap_or_default();
    let patched = |edit: &PatchEdit| edit::patch(&process, &scene.step.name, &spot.resource, &path, edit).ok();
    let mut ways = Vec::new();
    for new in values {
        let old = spot.value.iter().flat_map(|old| readings(old)).find(|old| is_scalar(new) && same_kind(old, new));
        if let Some(old) = old {
            let name = scene.new_name(item);
            let patch = patched(&PatchEdit::Set(Value::from(format!("#{{{name}}}"))));
            let both = patch.zip(new_variable(scene, &name, &old, new, text)?);
            ways.extend(both.map(|(patch, variables)| Way {
                how: format!("patch, with the new variable {name}, {} in {}", shown(new), scene.place()),
                everywhere: false,
                edits: vec![(file.clone(), patch), variables],
            }));
        }
        let how = "patch, in every environment".to_owned();
        let patch = patched(&PatchEdit::Set(new.clone()));
        ways.extend(patch.map(|patch| Way { how, everywhere: true, edits: vec![(file.clone(), patch)] }));
    }
    if values.is_empty() {
        let how = "patch that removes it, in every environment".to_owned();
        let patch = patched(&PatchEdit::Remove);
        ways.extend(patch.map(|patch| Way { how, everywhere: true, edits: vec![(file.clone(), patch)] }));
    }
    Ok(ways)
}

/// A property that a template does not set yet.
fn property(
    scene: &Scene<'_>,
    spot: &Spot,
    steps: &[String],
    values: &[Value],
    text: Text<'_>,
) -> Result<Vec<Way>, Failure> {
    let (StepKind::CloudFormation(raw), Some((name, parents)), false) =
        (&scene.step.kind, steps.split_last(), spot.is_set)
    else {
        return Ok(Vec::new());
    };
    let file = raw.template.at.file.to_string();
    let Some(text) = text(&file)? else { return Ok(Vec::new()) };
    let source = cfn::read(&text).doing(|| format!("cannot read {file}"))?;
    let places = source.places().clone();
    let document = source.into_value();
    let mut pointer = "/Resources".to_owned();
    push_key(&mut pointer, &spot.resource);
    parents.iter().for_each(|step| push_key(&mut pointer, step));
    let first = document.pointer(&pointer).and_then(Value::as_object).and_then(|all| all.keys().next());
    let Some(first) = first else { return Ok(Vec::new()) };
    push_key(&mut pointer, first);
    let (next, json) = (places.key(&pointer), text.trim_start_matches('\u{feff}').trim_start().starts_with('{'));
    let edited = |new: &Value| edit::property(&text, next.clone(), name, new, json);
    let way = |text: String| Way {
        how: "property of the template, in every environment".to_owned(),
        everywhere: true,
        edits: vec![(file.clone(), text)],
    };
    Ok(values.iter().filter_map(edited).map(way).collect())
}

/// `DesiredCount` as `desired_count`, `web-api` as `web_api`, `LOG_LEVEL` as `log_level`.
fn snake(name: &str) -> String {
    let (mut snake, mut before) = (String::new(), None::<char>);
    for c in name.chars() {
        if c.is_ascii_uppercase() && before.is_some_and(|before| before.is_ascii_lowercase() || before.is_ascii_digit())
        {
            snake.push('_');
        }
        snake.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
        before = Some(c);
    }
    snake
}
