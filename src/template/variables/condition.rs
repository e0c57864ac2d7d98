//! Conditions of steps: like the scope of a value, they decide where something applies, but here it is a whole stack.

use super::super::Context;
use super::fault::Fault;
use super::scope::Kind;
use crate::model::catalog::Scope;

/// How a step's condition stands to a context.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stands {
    /// The step has a stack here.
    Fits,
    /// It would have one if these names were the old ones of what the context has.
    Gone(Vec<(Kind, Vec<String>)>),
    /// It has none.
    Elsewhere,
}

fn stands(context: &Context<'_>) -> Stands {
    let only = &context.step.only;
    let (environment, tenant) = (&context.environment.name, context.tenant);
    if only.fits(environment, Some(&context.release.channel), tenant) {
        return Stands::Fits;
    }
    if !only.fits_channel(&context.release.channel) {
        return Stands::Elsewhere;
    }
    let scope = Scope {
        environments: only.environments.clone(),
        tenants: only.tenants.names.clone(),
        tenant_tags: only.tenants.tags.0.clone(),
        ..Scope::default()
    };
    let kinds: [(bool, &[Kind]); 2] = [
        (only.fits_environment(environment), &[Kind::Environment]),
        (only.fits_tenant(tenant), &[Kind::Tenant, Kind::TenantTag]),
    ];
    let mut gone = Vec::new();
    for (_, kinds) in kinds.into_iter().filter(|(fits, _)| !fits) {
        let missing = kinds.iter().map(|kind| (*kind, kind.gone(&scope, context)));
        let missing: Vec<_> = missing.filter(|(_, names)| !names.is_empty()).collect();
        if missing.is_empty() {
            return Stands::Elsewhere;
        }
        gone.extend(missing);
    }
    Stands::Gone(gone)
}

/// Whether the step has a stack in the context, or that cannot be known: then rendering says why.
pub fn applies(context: &Context<'_>) -> bool {
    stands(context) != Stands::Elsewhere
}

/// Names of the step's condition that the head no longer has and that could be the old ones of the context's.
pub(in crate::template) fn gone_condition(context: &Context<'_>) -> Vec<String> {
    match stands(context) {
        Stands::Gone(gone) => gone.into_iter().flat_map(|(_, names)| names).collect(),
        Stands::Fits | Stands::Elsewhere => Vec::new(),
    }
}

/// Why it cannot be known whether the step has a stack here.
pub(in crate::template) fn unclear(context: &Context<'_>) -> Option<Fault> {
    match stands(context) {
        Stands::Gone(gone) => Some(Fault::condition_gone(&gone, context)),
        Stands::Fits | Stands::Elsewhere => None,
    }
}
