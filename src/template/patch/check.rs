//! What is wrong with patches, whatever the values will be: against the resource schemas, CloudFormation's own rules, and
//! what the proof of success reads.

use crate::cfn::{self, Document, SchemaProblem, TemplateProblem};
use crate::model::edition::{RULES_OF_SERVICES, of_properties};
use crate::model::process::Patch;
use crate::model::{Location, Step, What};

use super::super::sections;
use super::apply::{Touched, apply};
use super::known::known;
use super::{meant, pointer, proof, texts, within};

/// Something that is wrong with a patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchProblem {
    /// Of which sort it is.
    pub fault: PatchFault,
    /// One sentence.
    pub title: String,
    /// Where the key, path or id of the patch is written.
    pub at: Location,
    /// JSON pointer to the part of its value that is meant; empty for all of it.
    pub inside: String,
    /// How to fix it.
    pub help: Option<String>,
    /// The [edition of the rules](crate::model::edition) that is the first to refuse it.
    pub edition: u16,
}

/// The sorts of what can be wrong with a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchFault {
    /// It names a resource that does not exist, or an impossible type.
    Resource,
    /// A path leads nowhere.
    Path,
    /// Something already exists, or is changed twice.
    Twice,
    /// It changes what landfall relies on.
    Proof,
    /// What comes of it is not what the resource schemas of AWS ask for.
    Property,
    /// What comes of it is what the services of AWS refuse.
    Rule,
    /// The result is not a valid template.
    Template,
    /// A placeholder is where the template must be literal.
    Placeholder,
}

/// Something wrong at a place of the template, before it is known which patch says so.
pub(super) struct Found {
    pub(super) fault: PatchFault,
    pub(super) pointer: String,
    pub(super) title: String,
    pub(super) help: Option<String>,
    /// The edition of the rules that is the first to refuse it.
    pub(super) edition: u16,
}

/// Everything that is wrong with the patches of a step, in their order.
pub fn check(step: &Step, what: &What) -> Vec<PatchProblem> {
    if step.patches.is_empty() {
        return Vec::new();
    }
    let mut sections = sections(step, what);
    let before = known(&sections);
    let applied = apply(&mut sections, &step.patches);
    // A patch that could not be applied would cause further problems that only repeat the first.
    if !applied.problems.is_empty() {
        return applied.problems;
    }
    let after = known(&sections);
    let mut found = misplaced(&after);
    found.extend(proof::broken(&before, &after));
    found.extend(template_faults(&before, &after));
    found.extend(in_circle(&after, &applied.touched));
    found.extend(texts::no_texts(&after));
    // What a protected part became breaks rules too, which would only say the same again.
    let whole = found.is_empty();
    let rules = rule_faults(&before, &after).into_iter().filter(|_| whole).chain(attribute_faults(&before, &after));
    found.extend(rules.filter(|found| !applied.is_unchecked(&found.pointer)));
    let schemas = schema_faults(&before, &after);
    found.extend(schemas.into_iter().filter(|found| !applied.is_unchecked(&found.pointer)));
    found.into_iter().map(|found| placed(found, step, &applied.touched)).collect()
}

/// A finding at the patch that says what stands at, around or below its place; the nearest one.
fn placed(found: Found, step: &Step, touched: &[Touched]) -> PatchProblem {
    let Found { fault, pointer, title, help, edition } = found;
    let near = touched.iter().filter(|one| within(&one.pointer, &pointer) || within(&pointer, &one.pointer));
    let nearest = near.max_by_key(|one| one.pointer.len());
    let first = || step.patches.first().map_or(&step.at, |patch: &Patch| &patch.at);
    let at = nearest.or_else(|| in_same_resource(touched, &pointer)).map_or_else(first, |one| &one.at).clone();
    let inside = nearest.and_then(|one| pointer.strip_prefix(one.path.as_str())).unwrap_or("").to_owned();
    PatchProblem { fault, title, at, inside, help, edition }
}

/// The patch of the same resource that is nearest to a place. Of values that do not go together, patches may have changed only some.
fn in_same_resource<'t>(touched: &'t [Touched], pointer: &str) -> Option<&'t Touched> {
    let common = |one: &Touched| one.pointer.split('/').zip(pointer.split('/')).take_while(|(a, b)| a == b).count();
    // The root, the section and the resource.
    touched.iter().filter(|one| common(one) >= 3).max_by_key(|one| common(one))
}

fn schema_faults(before: &Document, after: &Document) -> Vec<Found> {
    let mut found = Vec::new();
    for resource in after.resources() {
        let known = before.resource(resource.id).map(cfn::check_resource).unwrap_or_default();
        let base = pointer("/Resources", resource.id);
        for fault in cfn::check_resource(resource).into_iter().filter(|fault| !known.contains(fault)) {
            let mut pointer = format!("{base}{}", fault.pointer);
            if let SchemaProblem::Missing { name } = &fault.problem {
                pointer = super::pointer(&pointer, name);
            }
            let title = format!("`{}` ({}): {}", resource.id, resource.kind(), said(&fault));
            let edition = of_properties(resource.kind(), matches!(fault.problem, SchemaProblem::Unlike { .. }));
            let help = help(&fault.problem);
            found.push(Found { fault: PatchFault::Property, pointer, title, help, edition });
        }
    }
    found
}

/// Attributes that no resource has.
fn attribute_faults(before: &Document, after: &Document) -> Vec<Found> {
    let known = cfn::check_attributes(before);
    let new = cfn::check_attributes(after).into_iter().filter(|unknown| !known.contains(unknown));
    let said = |unknown: cfn::UnknownAttribute| {
        let title = format!("`{}` ({}) has no attribute `{}`", unknown.resource, unknown.kind, unknown.attribute);
        let help = meant(&unknown.attribute, unknown.known.iter().map(String::as_str));
        let edition = RULES_OF_SERVICES.max(of_properties(unknown.kind, false));
        Found { fault: PatchFault::Rule, pointer: unknown.pointer, title, help, edition }
    };
    new.map(said).collect()
}

/// What the services would refuse once the patches are applied, and not without them.
fn rule_faults(before: &Document, after: &Document) -> Vec<Found> {
    let known = cfn::check_rules(before);
    let new = cfn::check_rules(after).into_iter().filter(|fault| !known.contains(fault));
    let said = |fault: cfn::RuleFault| {
        let title = format!("{}: {}", fault.place(), fault.title);
        let help = fault.unknown.and_then(|(name, known)| meant(&name, known.iter().map(String::as_str)));
        Found { fault: PatchFault::Rule, pointer: fault.pointer, title, help, edition: fault.edition }
    };
    new.map(said).collect()
}

/// What is wrong, and where in the resource.
pub(in crate::template) fn said(fault: &cfn::SchemaFault) -> String {
    let place = fault.pointer.trim_start_matches("/Properties").trim_start_matches('/');
    let parent = place.rsplit_once('/').map_or("", |(parent, _)| parent);
    let (word, place) = match &fault.problem {
        SchemaProblem::UnknownProperty { .. } | SchemaProblem::ReadOnly { .. } => ("in", parent),
        SchemaProblem::Missing { .. } => ("in", place),
        _ => ("at", place),
    };
    if place.is_empty() {
        return fault.problem.to_string();
    }
    format!("{} {word} `{}`", fault.problem, place.replace('/', "."))
}

fn help(problem: &SchemaProblem) -> Option<String> {
    let slip = match problem {
        SchemaProblem::UnknownProperty { name, known } => meant(name, known.iter().map(String::as_str)),
        SchemaProblem::NotOneOf { value, allowed } => meant(value, allowed.iter().map(String::as_str)),
        _ => None,
    };
    let newer = "for a property that is newer than this landfall, use `set_unchecked`";
    match slip {
        _ if problem.is_certain() => None,
        Some(slip) => Some(format!("{slip} ({newer})")),
        None => Some(newer.to_owned()),
    }
}

/// What CloudFormation itself would refuse: names that nothing has, functions and ids that there are not.
fn template_faults(before: &Document, after: &Document) -> Vec<Found> {
    let known = cfn::check_template(before);
    // A placeholder in place of a name is reported as such.
    let filled = |fault: &cfn::TemplateFault| matches!(&fault.problem, TemplateProblem::Missing { name, .. } if name.contains("#{"));
    let new = cfn::check_template(after).into_iter().filter(|fault| !known.contains(fault) && !filled(fault));
    let said = |fault: cfn::TemplateFault| {
        let ids = after.resources().map(|resource| resource.id);
        let help = match &fault.problem {
            TemplateProblem::Missing { name, .. } => meant(name, ids),
            _ => None,
        };
        let title = fault.problem.to_string();
        Found { fault: PatchFault::Template, pointer: fault.pointer, title, help, edition: 0 }
    };
    new.map(said).collect()
}

/// Resources that wait for each other, reported at the last patch that involves one of them.
fn in_circle(after: &Document, touched: &[Touched]) -> Option<Found> {
    let circle = cfn::resource_circle(after)?;
    let of_circle = |one: &&Touched| circle.iter().any(|id| within(&pointer("/Resources", id), &one.pointer));
    let pointer = touched.iter().rfind(of_circle)?.pointer.clone();
    let title = format!("resources wait for each other: {}", circle.join(" → "));
    Some(Found { fault: PatchFault::Template, pointer, title, help: None, edition: 0 })
}

/// Placeholders where the template must be literal.
fn misplaced(after: &Document) -> Vec<Found> {
    let said = |one: cfn::Misplaced| Found {
        fault: PatchFault::Placeholder,
        pointer: one.pointer,
        title: format!("a placeholder is not allowed here: it would decide {}", one.decides),
        help: Some("a placeholder can be the value of a property or an output, or an element of a list".to_owned()),
        edition: 0,
    };
    cfn::misplaced(after, |text| text.contains("#{")).into_iter().map(said).collect()
}
