//! Why a placeholder has no value, in words.

use crate::model::process::{NoOutputRef, ValueKind};
use crate::model::tenant::TenantVariable;
use crate::model::{ImageName, Location};

use super::super::{Context, RenderProblem, codes};
use super::resolve::{Candidate, Gone, NoWinner};
use super::scope::Kind;
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

    pub(super) fn unknown(name: &str, known: impl Iterator<Item = String>, user: &Location) -> Self {
        let help = closest(name, known).map(|name| format!("did you mean `#{{{name}}}`?"));
        Self::new(codes::UNKNOWN_VARIABLE, format!("`#{{{name}}}` names nothing that has a value"), user, help)
    }

    pub(super) fn no_winner(name: &str, no: NoWinner<'_, '_>, context: &Context<'_>, user: &Location) -> Self {
        match no {
            NoWinner::Elsewhere(values) => Self::new(
                codes::VARIABLE_ELSEWHERE,
                format!("variable `{name}` has no value for {}", place(context)),
                user,
                Some(format!("it has values for other scopes: {}; add one that applies here", places(&values))),
            ),
            NoWinner::Tie(values) => Self::new(
                codes::VARIABLE_TIE,
                format!("variable `{name}` has {} values of equal rank for {}", values.len(), place(context)),
                values.first().map_or(user, |value| value.at),
                Some(format!("they are at {}; make one more specific, or remove it", places(&values))),
            ),
            NoWinner::Gone(gone) => Self::scope_gone(name, &gone, context),
        }
    }

    fn scope_gone(name: &str, (value, gone): &Gone<'_, '_>, context: &Context<'_>) -> Self {
        let what = format!("a value of variable `{name}`");
        let scope = format!("has the scope {}", super::scope::words(&value.scope));
        Self::gone([&what, &scope, "variables"], gone, value.at, context)
    }

    /// Whether the step has a stack cannot be known, because its condition has names that are gone.
    pub(super) fn condition_gone(gone: &[(Kind, Vec<String>)], context: &Context<'_>) -> Self {
        let what = format!("step `{}`", context.step.name);
        Self::gone([&what, "is limited to other names", "steps"], gone, &context.step.at, context)
    }

    /// Something in a snapshot is limited to names of which some are gone: what, how it says so, and what is part of the
    /// files that a refresh would bring.
    fn gone(words: [&str; 3], gone: &[(Kind, Vec<String>)], at: &Location, context: &Context<'_>) -> Self {
        let [what, limit, kind] = words;
        let mut names = Vec::new();
        let mut here = Vec::new();
        for (kind, gone) in gone {
            names.extend(gone.iter().map(|name| format!("{} `{name}`", kind.word())));
            here.push(format!("{} {}", kind.word(), kind.of(context)));
        }
        let exist = if names.len() == 1 { "exists" } else { "exist" };
        let (release, names) = (&context.release.name, names.join(" and "));
        let commit = context.release.snapshot.as_ref().ok().and_then(|snapshot| snapshot.commit.as_ref());
        let commit = commit.map_or(String::new(), |commit| format!(" at {}", commit.short()));
        let title = format!(
            "{what} in the snapshot of release `{release}`{commit} {limit}, and {names} no longer {exist}: landfall cannot \
             tell whether it is meant for {}",
            here.join(" and "),
        );
        let help = format!(
            "run `landfall release refresh {} {release}` to take today's {kind}, or restore {names}",
            context.project.name
        );
        Self::new(codes::SCOPE_GONE, title, at, Some(help))
    }

    pub(super) fn no_tenant(name: &str, context: &Context<'_>, user: &Location) -> Self {
        let title = format!(
            "`#{{{name}}}` has no value in environment `{}` without a tenant, and project `{}` is also deployed there",
            context.environment.name, context.project.name
        );
        let help = "use a variable with values scoped to tenants and one value without a scope, or set \
                    `tenancy = \"tenanted\"` in project.toml";
        Self::new(codes::NO_TENANT, title, user, Some(help.to_owned()))
    }

    /// A declared variable has no value here.
    pub(super) fn no_tenant_value(declared: &TenantVariable, context: &Context<'_>, user: &Location) -> Self {
        let (name, environment) = (&declared.name, &context.environment.name);
        let Some(tenant) = context.tenant else {
            let title = format!(
                "tenants supply the values of variable `{name}`, and project `{}` is also deployed to environment \
                 `{environment}` without a tenant",
                context.project.name
            );
            let help = format!("add a `default` at {}, or set `tenancy = \"tenanted\"` in project.toml", declared.at);
            return Self::new(codes::NO_TENANT, title, user, Some(help));
        };
        let title = format!("tenant `{}` has no value for `{name}` in environment `{environment}`", tenant.name);
        let help = format!(
            "add a `[[variable]]` with `name = \"{name}\"` to {}; it is declared at {}",
            tenant.at.file, declared.at
        );
        Self::new(codes::TENANT_VALUE_MISSING, title, &tenant.at, Some(help))
    }

    /// A tenant's value is of another type than the declaration asks for.
    pub(super) fn tenant_value_type(
        declared: &TenantVariable,
        found: ValueKind,
        at: &Location,
        context: &Context<'_>,
    ) -> Self {
        let tenant = context.tenant.map_or("", |tenant| tenant.name.as_str());
        let title = format!(
            "tenant `{tenant}` sets `{}` to a {}, and release `{}` declares a {}",
            declared.name,
            found.as_str(),
            context.release.name,
            declared.kind.as_str()
        );
        let help = format!("it is declared at {}", declared.at);
        Self::new(codes::VALUE_TYPE, title, at, Some(help))
    }

    /// A placeholder that begins like a reference to an output but is not one.
    pub(super) fn no_reference(no: &NoOutputRef, user: &Location) -> Self {
        Self::new(codes::OUTPUT_REFERENCE, no.to_string(), user, None)
    }

    /// An output is used where only values are allowed: in a variable, or in something that must be known before
    /// deployment.
    pub(super) fn output_here(name: &str, path: &[String], user: &Location) -> Self {
        let holder = path.len().checked_sub(2).and_then(|above| path.get(above));
        let (title, help) = match holder {
            Some(variable) => (
                format!("the value of variable `{variable}` cannot use the output of a stack, `#{{{name}}}`"),
                "an output is unknown until its stack exists: write the reference directly into the step",
            ),
            None => (
                format!(
                    "`#{{{name}}}` is the output of a stack, and this value must be known before anything is deployed"
                ),
                "use a variable instead",
            ),
        };
        Self::new(codes::OUTPUT_REFERENCE, title, user, Some(help.to_owned()))
    }

    pub(super) fn circle(path: &[String], name: &str, user: &Location) -> Self {
        let start = path.iter().position(|outer| outer == name).unwrap_or(0);
        let mut circle = path[start..].to_vec();
        circle.push(name.to_owned());
        let title = format!("variables refer to each other in a circle: {}", circle.join(" → "));
        Self::new(codes::VARIABLE_CIRCLE, title, user, None)
    }

    pub(super) fn too_deep(path: &[String], user: &Location) -> Self {
        let first = path.first().map_or("", String::as_str);
        let title = format!("variable `{first}` refers to variables through more than {MAX_DEPTH} levels");
        Self::new(codes::VARIABLE_TOO_DEEP, title, user, None)
    }

    pub(super) fn too_long(user: &Location) -> Self {
        let title = format!(
            "this becomes longer than {MAX_VALUE} bytes or {MAX_ITEMS} elements once its placeholders are filled"
        );
        Self::new(codes::VALUE_TOO_LONG, title, user, None)
    }

    pub(super) fn list_in_text(name: &str, user: &Location) -> Self {
        let title = format!("`#{{{name}}}` is a list, and this place needs a single text");
        let help = "a list can only be the whole element of a list".to_owned();
        Self::new(codes::LIST_IN_TEXT, title, user, Some(help))
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

/// The step, environment, target and tenant, for a message.
fn place(context: &Context<'_>) -> String {
    let tenant = context.tenant.map_or(String::new(), |tenant| format!(" for tenant `{}`", tenant.name));
    format!(
        "step `{}` in environment `{}` on target `{}`{tenant}",
        context.step.name, context.environment.name, context.target.name
    )
}

fn places(values: &[&Candidate<'_>]) -> String {
    let all: Vec<String> = values.iter().map(|value| value.at.to_string()).collect();
    all.join(", ")
}

/// How many names are looked at for a suggestion: a repository can be made to have very many.
const MOST_COMPARED: usize = 1_000;

/// The known name that is nearest to what was written, if one is near enough to be a slip.
pub(in crate::template) fn closest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
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
