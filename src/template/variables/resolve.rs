//! Precedence: which of a variable's values applies.
//!
//! A value has the rank of the kinds that its scope names. On equal kinds what the project says beats a variable set; in a
//! tenant's file, which ranks as tenant, or tenant and environment, a value that names the project counts as the project's.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::Location;
use crate::model::catalog::{Scope, Value};
use crate::model::process::ValueKind;
use crate::model::tenant::{Tenant, TenantValue, TenantVariable};

use super::super::Context;
use super::scope::{Fit, Kind, Kinds};

/// Which file a value is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The project's variables.
    Project,
    /// A variable set that the project includes.
    Set,
    /// A tenant's file. It is live: it comes from the head, not from the release's snapshot.
    Tenant {
        /// It names the project.
        names_project: bool,
    },
    /// The default of a declared tenant variable.
    Default {
        /// Declared by a variable set.
        from_set: bool,
    },
}

impl Origin {
    /// Whether it wins over another value of the same kinds that is not.
    pub(super) fn is_near(self) -> bool {
        match self {
            Origin::Project => true,
            Origin::Set => false,
            Origin::Tenant { names_project } => names_project,
            Origin::Default { from_set } => !from_set,
        }
    }
}

/// One value that a variable has, wherever it is written.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) value: &'a Value,
    pub(super) kind: ValueKind,
    pub(super) scope: Cow<'a, Scope>,
    pub(super) origin: Origin,
    pub(super) at: &'a Location,
}

/// Which of two fitting values is stronger: its kinds, then the project before a set.
pub(super) type Strength = (Kinds, bool);

impl<'a> Candidate<'a> {
    pub(super) fn strength(&self) -> Strength {
        (Kinds::of(&self.scope), self.origin.is_near())
    }

    /// A value of a tenant's file, as one with a scope.
    pub(super) fn of_tenant(tenant: &Tenant, value: &'a TenantValue) -> Self {
        let scope = Scope {
            tenants: [tenant.name.clone()].into(),
            environments: value.environments.clone(),
            ..Scope::default()
        };
        Self {
            value: &value.value,
            kind: value.kind,
            scope: Cow::Owned(scope),
            origin: Origin::Tenant { names_project: value.project.is_some() },
            at: &value.at,
        }
    }
}

/// Everything that is written about variables and may matter in one context, by name.
#[derive(Debug, Default)]
pub(super) struct Written<'a> {
    pub(super) values: BTreeMap<&'a str, Vec<Candidate<'a>>>,
    pub(super) declared: BTreeMap<&'a str, &'a TenantVariable>,
}

impl<'a> Written<'a> {
    pub(super) fn new(context: &Context<'a>) -> Self {
        let mut written = Self::default();
        for variable in &context.what.variables {
            let candidate = Candidate {
                value: &variable.value,
                kind: variable.kind,
                scope: Cow::Borrowed(&variable.scope),
                origin: if variable.from_set { Origin::Set } else { Origin::Project },
                at: &variable.at,
            };
            written.values.entry(&variable.name).or_default().push(candidate);
        }
        for declared in &context.what.tenant_variables {
            if let Some(value) = &declared.default {
                let origin = Origin::Default { from_set: declared.from_set };
                let (kind, scope, at) = (declared.kind, Cow::Owned(Scope::default()), &declared.at);
                let default = Candidate { value, kind, scope, origin, at };
                written.values.entry(&declared.name).or_default().push(default);
            }
            // Of two declarations the project's counts.
            let known = written.declared.entry(&declared.name).or_insert(declared);
            if known.from_set {
                *known = declared;
            }
        }
        if let Some(tenant) = context.tenant {
            for value in tenant_values(context, tenant) {
                written.values.entry(&value.name).or_default().push(Candidate::of_tenant(tenant, value));
            }
        }
        written
    }
}

/// The values in a tenant's file that the release's *what* asks for and that are not for another project.
pub(in crate::template) fn tenant_values<'a>(
    context: &Context<'a>,
    tenant: &'a Tenant,
) -> impl Iterator<Item = &'a TenantValue> {
    let (project, declared) = (&context.project.name, &context.what.tenant_variables);
    tenant
        .variables
        .iter()
        .filter(move |value| value.project.as_ref().is_none_or(|named| named == project))
        .filter(move |value| declared.iter().any(|declared| declared.name == value.name))
}

/// A value whose scope has names that the head no longer has, by kind.
pub(super) type Gone<'c, 'a> = (&'c Candidate<'a>, Vec<(Kind, Vec<String>)>);

/// The values of one variable: those that apply, the strongest first, those that may have, and those that do not.
pub(super) struct Ranking<'c, 'a> {
    pub(super) fitting: Vec<(Strength, &'c Candidate<'a>)>,
    pub(super) gone: Vec<Gone<'c, 'a>>,
    pub(super) elsewhere: Vec<(&'c Candidate<'a>, Vec<Kind>)>,
}

/// Why there is no winner.
pub(super) enum NoWinner<'c, 'a> {
    /// No value's scope applies.
    Elsewhere(Vec<&'c Candidate<'a>>),
    /// These are equally strong.
    Tie(Vec<&'c Candidate<'a>>),
    /// Whether this one applies cannot be known any more, and it would win or tie.
    Gone(Gone<'c, 'a>),
}

/// Sorts the values of one variable.
pub(super) fn rank<'c, 'a>(values: &'c [Candidate<'a>], context: &Context<'_>) -> Ranking<'c, 'a> {
    let mut ranking = Ranking { fitting: Vec::new(), gone: Vec::new(), elsewhere: Vec::new() };
    for value in values {
        match Fit::of(&value.scope, context) {
            Fit::Applies => ranking.fitting.push((value.strength(), value)),
            Fit::Gone(names) => ranking.gone.push((value, names)),
            Fit::Elsewhere(kinds) => ranking.elsewhere.push((value, kinds)),
        }
    }
    // Equal ranks in the order of their places, so that no message depends on the order in which values were read.
    ranking.fitting.sort_by_key(|(strength, value)| (Reverse(*strength), value.at));
    ranking.gone.sort_by_key(|(value, _)| (Reverse(value.strength()), value.at));
    ranking.elsewhere.sort_by_key(|(value, _)| (Reverse(value.strength()), value.at));
    ranking
}

impl<'c, 'a> Ranking<'c, 'a> {
    /// The value that applies, if exactly one is strongest and none that is gone could have beaten it.
    pub(super) fn winner(mut self) -> Result<&'c Candidate<'a>, NoWinner<'c, 'a>> {
        let strongest = self.fitting.first().map(|(strength, _)| *strength);
        let counts = self.gone.first().is_some_and(|(gone, _)| strongest.is_none_or(|best| gone.strength() >= best));
        if counts {
            return Err(NoWinner::Gone(self.gone.swap_remove(0)));
        }
        let mut best =
            self.fitting.iter().filter(|(strength, _)| Some(*strength) == strongest).map(|(_, value)| *value);
        match (best.next(), best.next()) {
            (None, _) => Err(NoWinner::Elsewhere(self.elsewhere.into_iter().map(|(value, _)| value).collect())),
            (Some(winner), None) => Ok(winner),
            (Some(first), Some(second)) => Err(NoWinner::Tie([first, second].into_iter().chain(best).collect())),
        }
    }
}

/// Every value of the context's *what* whose scope has names that the head no longer has and that may apply: what a render
/// depends on of the names of both commits. Costs a look at every scope.
pub(in crate::template) fn gone(context: &Context<'_>) -> impl Iterator<Item = (usize, Vec<String>)> {
    context.what.variables.iter().enumerate().filter_map(|(index, variable)| match Fit::of(&variable.scope, context) {
        Fit::Gone(names) => Some((
            index,
            names.into_iter().flat_map(|(kind, names)| std::iter::once(kind.word().to_owned()).chain(names)).collect(),
        )),
        Fit::Applies | Fit::Elsewhere(_) => None,
    })
}
