//! What AWS would refuse in a step that is filled with the values of a slot.
//!
//! The loader judges templates and patches before any value is known (`load/`); here the same schemas and rules look at what one
//! stack is given. A fault points to the text that the value came from: of the template, the patch or the step. A release is held
//! to the rules of the edition by which it landed, see [`edition`].

use crate::cfn::{self, Document, SchemaProblem};
use crate::model::Step;
use crate::model::edition::{self, EDITION, EVERY_TYPE};

use super::origin::of_value;
use super::patch::{Applied, Sections};
use super::{Context, RenderProblem, codes};

/// A fault at a place of the filled template.
struct Found {
    code: &'static str,
    pointer: String,
    title: String,
}

/// Everything that AWS would refuse. `sections` is what the document was filled from. For a user's template only what is certain:
/// AWS may know more than this copy of its schemas, and the result of a macro is unknown. For patches, nothing that was set
/// with `set_unchecked`.
pub(super) fn judge(
    context: &Context<'_>,
    stack: &str,
    document: &Document,
    sections: &Sections<'_>,
    patched: &Applied,
) -> Vec<RenderProblem> {
    let rules = context.release.snapshot.as_ref().map_or(EDITION, |snapshot| snapshot.rules);
    let mut found = against_schemas(document, context.step, rules);
    found.extend(against_rules(document, rules));
    found.retain(|fault| !patched.is_unchecked(&fault.pointer));
    let problem = |Found { code, pointer, title }| RenderProblem {
        code,
        title: format!("stack `{stack}`: {title}"),
        at: of_value(sections, &pointer).unwrap_or(&context.step.at).clone(),
        help: None,
    };
    found.into_iter().map(problem).collect()
}

fn against_schemas(document: &Document, step: &Step, rules: u16) -> Vec<Found> {
    let users = step.kind.raw().is_some();
    let mut found = Vec::new();
    if users && document.has_macro() {
        return found;
    }
    for resource in document.resources() {
        let (id, kind) = (resource.id, resource.kind());
        for fault in cfn::check_resource(resource) {
            let new = edition::of_properties(kind, matches!(fault.problem, SchemaProblem::Unlike { .. }));
            if new > rules || (users && !fault.problem.is_certain()) {
                continue;
            }
            let place = fault.pointer.trim_start_matches("/Properties").trim_start_matches('/').replace('/', ".");
            let title = match place.as_str() {
                "" => format!("{} in `{id}` ({kind})", fault.problem),
                place => format!("{} at `{place}` of `{id}` ({kind})", fault.problem),
            };
            found.push(Found { code: codes::RESOURCE_PROPERTY, pointer: pointer(id, &fault.pointer), title });
        }
    }
    found
}

fn against_rules(document: &Document, rules: u16) -> Vec<Found> {
    // Earlier editions did not judge the values of slots.
    if rules < EVERY_TYPE {
        return Vec::new();
    }
    let broken = cfn::check_rules(document).into_iter().filter(|fault| fault.certain && fault.edition <= rules);
    let said = |fault: cfn::RuleFault| {
        let title = format!("AWS would refuse {}: {}", fault.place(), fault.title);
        Found { code: codes::RESOURCE_RULE, pointer: fault.pointer, title }
    };
    broken.map(said).collect()
}

fn pointer(resource: &str, inside: &str) -> String {
    let mut pointer = "/Resources".to_owned();
    cfn::push_key(&mut pointer, resource);
    pointer.push_str(inside);
    pointer
}
