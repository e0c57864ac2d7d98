//! Scopes: the kinds of name that they hold, how they rank, and whether one fits a context.

use std::fmt;

use crate::model::catalog::Scope;

use super::super::Context;

/// What a scope can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Step,
    Target,
    Role,
    Tenant,
    TenantTag,
    Environment,
    Channel,
}

impl Kind {
    /// From the highest down.
    pub(super) const ALL: [Kind; 7] =
        [Kind::Step, Kind::Target, Kind::Role, Kind::Tenant, Kind::TenantTag, Kind::Environment, Kind::Channel];

    fn bit(self) -> u8 {
        match self {
            Kind::Step => 64,
            Kind::Target => 32,
            Kind::Role => 16,
            Kind::Tenant => 8,
            Kind::TenantTag => 4,
            Kind::Environment => 2,
            Kind::Channel => 1,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Step => "step",
            Kind::Target => "target",
            Kind::Role => "role",
            Kind::Tenant => "tenant",
            Kind::TenantTag => "tenant tag",
            Kind::Environment => "environment",
            Kind::Channel => "channel",
        }
    }

    /// The names of this kind in a scope.
    pub(super) fn names(self, scope: &Scope) -> Vec<String> {
        fn all<N: fmt::Display>(names: &std::collections::BTreeSet<N>) -> Vec<String> {
            names.iter().map(ToString::to_string).collect()
        }
        match self {
            Kind::Step => all(&scope.steps),
            Kind::Target => all(&scope.targets),
            Kind::Role => all(&scope.roles),
            Kind::Tenant => all(&scope.tenants),
            Kind::TenantTag => all(&scope.tenant_tags),
            Kind::Environment => all(&scope.environments),
            Kind::Channel => all(&scope.channels),
        }
    }

    fn is_named(self, scope: &Scope) -> bool {
        !match self {
            Kind::Step => scope.steps.is_empty(),
            Kind::Target => scope.targets.is_empty(),
            Kind::Role => scope.roles.is_empty(),
            Kind::Tenant => scope.tenants.is_empty(),
            Kind::TenantTag => scope.tenant_tags.is_empty(),
            Kind::Environment => scope.environments.is_empty(),
            Kind::Channel => scope.channels.is_empty(),
        }
    }

    /// Whether this part of a scope applies: its names are alternatives.
    fn fits(self, scope: &Scope, context: &Context<'_>) -> bool {
        !self.is_named(scope)
            || match self {
                Kind::Step => scope.steps.contains(&context.step.name),
                Kind::Target => scope.targets.contains(&context.target.name),
                Kind::Role => scope.roles.contains(&context.step.role),
                Kind::Tenant => context.tenant.is_some_and(|tenant| scope.tenants.contains(&tenant.name)),
                Kind::TenantTag => context.tenant.is_some_and(|tenant| !scope.tenant_tags.is_disjoint(&tenant.tags)),
                Kind::Environment => scope.environments.contains(&context.environment.name),
                Kind::Channel => scope.channels.contains(&context.release.channel),
            }
    }

    /// What the context has of this kind, in words.
    pub(super) fn of(self, context: &Context<'_>) -> String {
        match (self, context.tenant) {
            (Kind::Step, _) => context.step.name.to_string(),
            (Kind::Target, _) => context.target.name.to_string(),
            (Kind::Role, _) => context.step.role.to_string(),
            (Kind::Tenant | Kind::TenantTag, None) => "none".to_owned(),
            (Kind::Tenant, Some(tenant)) => tenant.name.to_string(),
            (Kind::TenantTag, Some(tenant)) if tenant.tags.is_empty() => "none".to_owned(),
            (Kind::TenantTag, Some(tenant)) => {
                tenant.tags.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
            }
            (Kind::Environment, _) => context.environment.name.to_string(),
            (Kind::Channel, _) => context.release.channel.to_string(),
        }
    }

    /// The names of this kind in the scope that the head no longer has, if the context's own name did not exist when the
    /// snapshot was made: it may be the new name of one of them.
    pub(super) fn gone(self, scope: &Scope, context: &Context<'_>) -> Vec<String> {
        fn missing<N: Ord + fmt::Display>(
            from: &std::collections::BTreeSet<N>,
            head: &std::collections::BTreeSet<N>,
        ) -> Vec<String> {
            from.difference(head).map(ToString::to_string).collect()
        }
        let (Ok(snapshot), head) = (&context.release.snapshot, context.names) else { return Vec::new() };
        let then = &snapshot.names;
        match (self, context.tenant) {
            (Kind::Environment, _) if !then.environments.contains(&context.environment.name) => {
                missing(&scope.environments, &head.environments)
            }
            (Kind::Target, _) if !then.targets.contains(&context.target.name) => missing(&scope.targets, &head.targets),
            (Kind::Tenant, Some(tenant)) if !then.tenants.contains(&tenant.name) => {
                missing(&scope.tenants, &head.tenants)
            }
            (Kind::TenantTag, Some(tenant)) if !tenant.tags.is_subset(&then.tags) => {
                missing(&scope.tenant_tags, &head.tags)
            }
            _ => Vec::new(),
        }
    }
}

/// The set of kinds that a scope names. Compared as a number it is compared from the highest kind down, which is the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) fn of(scope: &Scope) -> Self {
        Self(Kind::ALL.into_iter().filter(|kind| kind.is_named(scope)).map(Kind::bit).sum())
    }

    fn all(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| self.0 & kind.bit() != 0)
    }

    /// Why it beats another, lower set.
    pub(super) fn beats(self, lower: Kinds) -> String {
        let top = Kind::ALL.into_iter().find(|kind| (self.0 ^ lower.0) & kind.bit() != 0);
        let below = top.and_then(|top| lower.all().find(|kind| kind.bit() < top.bit()));
        match (top, below) {
            _ if lower.0 == 0 => "any scope beats none".to_owned(),
            (Some(top), Some(below)) => format!("{} beats {}", top.word(), below.word()),
            _ => format!("{self} beat {lower}"),
        }
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.all().map(Kind::word).collect();
        f.write_str(&words.join(" and "))
    }
}

/// How a scope stands to a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It applies: the alternatives of one kind are alternatives, kinds combine.
    Applies,
    /// It would apply if these names were the old ones of what the context has.
    Gone(Vec<(Kind, Vec<String>)>),
    /// It does not, because of these kinds.
    Elsewhere(Vec<Kind>),
}

impl Fit {
    pub(super) fn of(scope: &Scope, context: &Context<'_>) -> Self {
        let wrong: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| !kind.fits(scope, context)).collect();
        if wrong.is_empty() {
            return Fit::Applies;
        }
        let gone: Vec<_> = wrong.iter().map(|kind| (*kind, kind.gone(scope, context))).collect();
        if gone.iter().all(|(_, names)| !names.is_empty()) { Fit::Gone(gone) } else { Fit::Elsewhere(wrong) }
    }
}

/// A scope in words: `tenant acme, environment production or test`; `no scope` for an empty one.
pub fn words(scope: &Scope) -> String {
    let kinds = Kinds::of(scope).all();
    let parts: Vec<String> = kinds.map(|kind| format!("{} {}", kind.word(), kind.names(scope).join(" or "))).collect();
    if parts.is_empty() { "no scope".to_owned() } else { parts.join(", ") }
}
