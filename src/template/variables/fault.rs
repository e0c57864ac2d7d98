//! Why a placeholder has no value, in words.

use crate::model::catalog::VariableValue;
use crate::model::process::Text;
use crate::model::{ImageName, Location};

use super::super::{Context, RenderProblem, codes};
use super::resolve::NoWinner;
use super::{MAX_DEPTH, MAX_ITEMS, MAX_VALUE};

/// Why a text cannot be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    code: &'static str,
    title: String,
    at: Location,
    help: Option<String>,
}

impl From<Fault> for RenderProblem {
    fn from(fault: Fault) -> Self {
        RenderProblem { code: fault.code, title: fault.title, at: fault.at, help: fault.help }
    }
}

impl Fault {
    fn new(code: &'static str, title: String, at: &Location, help: Option<String>) -> Self {
        Self { code, title, at: at.clone(), help }
    }

    pub(super) fn unknown(name: &str, known: impl Iterator<Item = String>, user: &Text) -> Self {
        let help = closest(name, known).map(|name| format!("did you mean `#{{{name}}}`?"));
        Self::new(codes::UNKNOWN_VARIABLE, format!("`#{{{name}}}` names nothing that has a value"), user.at(), help)
    }

    pub(super) fn no_winner(name: &str, no: NoWinner<'_>, context: &Context<'_>, user: &Text) -> Self {
        let place = format!(
            "step `{}` in environment `{}` at target `{}`",
            context.step.name, context.environment.name, context.target.name
        );
        match no {
            NoWinner::Elsewhere(values) => Self::new(
                codes::VARIABLE_ELSEWHERE,
                format!("variable `{name}` has no value for {place}"),
                user.at(),
                Some(format!("it has values for other scopes: {}; add one that applies here", places(&values))),
            ),
            NoWinner::Tie(values) => Self::new(
                codes::VARIABLE_TIE,
                format!("variable `{name}` has {} values of equal rank for {place}", values.len()),
                values.first().map_or(user.at(), |value| &value.at),
                Some(format!("they are at {}; make one more specific, or remove it", places(&values))),
            ),
        }
    }

    pub(super) fn circle(path: &[String], name: &str, user: &Text) -> Self {
        let start = path.iter().position(|outer| outer == name).unwrap_or(0);
        let mut circle = path[start..].to_vec();
        circle.push(name.to_owned());
        let title = format!("variables refer to each other in a circle: {}", circle.join(" → "));
        Self::new(codes::VARIABLE_CIRCLE, title, user.at(), None)
    }

    pub(super) fn too_deep(path: &[String], user: &Text) -> Self {
        let first = path.first().map_or("", String::as_str);
        let title = format!("variable `{first}` refers to variables more than {MAX_DEPTH} deep");
        Self::new(codes::VARIABLE_TOO_DEEP, title, user.at(), None)
    }

    pub(super) fn too_long(user: &Text) -> Self {
        let title = format!(
            "this becomes longer than {MAX_VALUE} bytes or {MAX_ITEMS} elements once its placeholders are filled"
        );
        Self::new(codes::VALUE_TOO_LONG, title, user.at(), None)
    }

    pub(super) fn list_in_text(name: &str, user: &Text) -> Self {
        let title = format!("`#{{{name}}}` is a list, and a text is wanted here");
        let help = "a list can only be the whole element of a list".to_owned();
        Self::new(codes::LIST_IN_TEXT, title, user.at(), Some(help))
    }

    pub(in crate::template) fn image_not_in_release(name: &ImageName, context: &Context<'_>) -> Self {
        let title = format!("release `{}` has no image `{name}`", context.release.name);
        let help = format!("add `{name}` to `[images]` of the release, or make a new release");
        Self::new(codes::RELEASE_LACKS_IMAGE, title, &context.release.at, Some(help))
    }

    pub(super) fn no_digest(name: &ImageName, context: &Context<'_>) -> Self {
        let title = format!("release `{}` records no digest for image `{name}`", context.release.name);
        Self::new(codes::IMAGE_WITHOUT_DIGEST, title, &context.release.at, None)
    }
}

fn places(values: &[&VariableValue]) -> String {
    let all: Vec<String> = values.iter().map(|value| value.at.to_string()).collect();
    all.join(", ")
}

/// How many names are looked at for a suggestion: a repository can be made to have very many.
const MOST_COMPARED: usize = 1_000;

/// The known name that is nearest to what was written, if one is near enough to be a slip.
fn closest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let near = name.len().div_ceil(3);
    known
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= near)
        .take(MOST_COMPARED)
        .map(|candidate| (distance(name, &candidate), candidate))
        .filter(|(distance, _)| *distance <= near)
        .min()
        .map(|(_, name)| name)
}

/// How many characters have to be inserted, removed or exchanged. Costs the product of both lengths; names are short.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let exchange = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = exchange.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
