//! That stacks are the same before and after: rendered both ways and compared to the byte.

use serde_json::Value;

use crate::cfn::push_key;
use crate::model::journal::Content;
use crate::model::{StackName, StepName};

use super::super::{Context, RenderProblem, Rendered, owner, render};
use super::place;

/// What was compared and found the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Stacks of the converted step.
    pub stacks: usize,
    /// Stacks of the other steps.
    pub others: usize,
}

/// The first thing that is not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The slot and target in words.
    pub place: String,
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// What differs: a JSON pointer into the template, or words.
    pub what: String,
    /// As it was, as JSON.
    pub before: String,
    /// As it would be, as JSON.
    pub after: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { place, stack, what, before, after } = self;
        write!(f, "{place} (stack {stack}): {what} was {before} and would be {after}")
    }
}

/// Renders every stack of a project before and after a step became a template, and compares all that AWS would be given, the
/// content hashes, and the images that success is proved against.
///
/// # Errors
/// The first difference.
pub fn prove(before: &[Context<'_>], after: &[Context<'_>], step: &StepName) -> Result<Proof, Box<Difference>> {
    let mut proof = Proof::default();
    for (index, old) in before.iter().enumerate() {
        let told = |what: &str, before: String, after: String| {
            let stack = StackName::of(&owner(old));
            Box::new(Difference { place: place(old), stack, what: what.to_owned(), before, after })
        };
        let converted = old.step.name == *step;
        let Some(new) = after.get(index).filter(|new| owner(new) == owner(old)) else {
            return Err(told("the stack", "there".to_owned(), "gone".to_owned()));
        };
        match (render(old), render(new)) {
            (Ok(old), Ok(new)) => {
                if let Some((what, before, after)) = difference(&old, &new) {
                    return Err(told(&what, before, after));
                }
                *(if converted { &mut proof.stacks } else { &mut proof.others }) += 1;
            }
            // If a stack could not be rendered before and cannot be rendered now, there is nothing to compare.
            (Err(_), Err(_)) => {}
            (Ok(_), Err(problems)) => return Err(told("the stack", "rendered".to_owned(), sentence(&problems))),
            (Err(problems), Ok(_)) => return Err(told("the stack", sentence(&problems), "rendered".to_owned())),
        }
    }
    match after.get(before.len()) {
        Some(new) => Err(Box::new(Difference {
            place: place(new),
            stack: StackName::of(&owner(new)),
            what: "the stack".to_owned(),
            before: "does not exist".to_owned(),
            after: "there".to_owned(),
        })),
        None => Ok(proof),
    }
}

fn sentence(problems: &[RenderProblem]) -> String {
    problems.first().map(|problem| format!("`{}`", problem.sentence())).unwrap_or_default()
}

/// The first thing that two renderings of a stack differ in: what, as it was, as it is now.
fn difference(old: &Rendered, new: &Rendered) -> Option<(String, String, String)> {
    if old == new {
        return None;
    }
    let of =
        |what: &str, old: Value, new: Value| (old != new).then(|| (what.to_owned(), old.to_string(), new.to_string()));
    let template = |rendered: &Rendered| serde_json::from_str(&rendered.content.template).unwrap_or(Value::Null);
    let json = |value: serde_json::Result<Value>| value.unwrap_or(Value::Null);
    let (was, is) = (&old.content, &new.content);
    let names = (Value::from(old.stack.as_str()), Value::from(new.stack.as_str()));
    of("the name of the stack", names.0, names.1)
        .or_else(|| differing(&template(old), &template(new), &mut String::new()))
        .or_else(|| of("the description", (&*was.description).into(), (&*is.description).into()))
        .or_else(|| {
            let run = |content: &Content| json(serde_json::to_value(&content.task));
            of("the task that is run", run(was), run(is))
        })
        .or_else(|| of("the content", json(serde_json::to_value(was)), json(serde_json::to_value(is))))
        .or_else(|| Some(("the rendering".to_owned(), format!("{old:?}"), format!("{new:?}"))))
}

/// The first place at which two values differ, in the order of the first.
fn differing(old: &Value, new: &Value, path: &mut String) -> Option<(String, String, String)> {
    let length = path.len();
    let mut inside = |key: &str, old: &Value, new: &Value| {
        push_key(path, key);
        let found = differing(old, new, path);
        path.truncate(length);
        found
    };
    match (old, new) {
        (Value::Object(was), Value::Object(is)) if was.keys().eq(is.keys()) => {
            was.iter().zip(is.values()).find_map(|((key, old), new)| inside(key, old, new))
        }
        (Value::Array(was), Value::Array(is)) if was.len() == is.len() => {
            was.iter().zip(is).enumerate().find_map(|(index, (old, new))| inside(&index.to_string(), old, new))
        }
        (Value::Object(was), Value::Object(is)) => {
            let none = &Value::Null;
            let keys = was.keys().chain(is.keys().filter(|key| !was.contains_key(*key)));
            keys.into_iter().find_map(|key| inside(key, was.get(key).unwrap_or(none), is.get(key).unwrap_or(none)))
        }
        (old, new) => (old != new).then(|| (path.clone(), old.to_string(), new.to_string())),
    }
}
