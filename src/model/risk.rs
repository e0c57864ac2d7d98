//! The risks that a review names: each by its name, with what it means, and whether it lasts.
//!
//! `compare/` finds them, `view/` prints them, `load/` checks the names that an `[[accept]]` gives. A risk of a *state* lasts
//! as long as the template has it, so a repository can accept it. A risk of a *change* is over once the change has landed: the
//! reviewer decides about each one anew.

/// A kind of risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RiskKind {
    /// Its name.
    pub id: &'static str,
    /// What it means, with the levels that it may have in brackets.
    pub doc: &'static str,
    /// It is of a state, and not only of a change.
    pub lasts: bool,
}

/// The kind of this name.
pub fn find(id: &str) -> Option<&'static RiskKind> {
    RISKS.iter().find(|kind| kind.id == id)
}

const fn state(id: &'static str, doc: &'static str) -> RiskKind {
    RiskKind { id, doc, lasts: true }
}

const fn change(id: &'static str, doc: &'static str) -> RiskKind {
    RiskKind { id, doc, lasts: false }
}

/// Every kind, in the order of the documentation.
pub const RISKS: &[RiskKind] = &[
    state("rights-on-everything", "A statement allows every action on every resource (critical)."),
    state("rights-on-a-service", "A statement allows every action of a service on every resource (high)."),
    state("passes-any-role", "A statement allows passing any role to a service (high)."),
    state("writes-rights", "A statement allows changing IAM rights on every resource (high)."),
    state("administrator", "A role gets an AWS policy that allows everything, or everything in IAM (critical)."),
    state("trusts-everybody", "Anyone may assume a role, without a condition (critical)."),
    state("public-policy", "A resource's policy allows an action to anyone, without a condition (high)."),
    change("boundary-removed", "A role loses its permissions boundary (high)."),
    state(
        "public-ports",
        "A security group opens ports to the internet (medium for 80 and 443, critical for all ports, administration and databases, otherwise high).",
    ),
    state(
        "public-load-balancer",
        "A load balancer or a listener is reachable from the internet (medium; low if that is not certain).",
    ),
    state("public-bucket", "A bucket is public (critical), or loses its protection against becoming public (high)."),
    state("public-database", "A database or broker is publicly accessible (critical)."),
    state("public-function", "A function's URL needs no authentication (high)."),
    state("public-ip", "A resource gets a public address (medium)."),
    state(
        "image-without-digest",
        "A container names its image by tag only, and the tag may move to another image (medium).",
    ),
    state("circuit-breaker-off", "ECS does not stop a failing rollout (medium; low for a new service)."),
    change(
        "stateful-replacement",
        "A resource that keeps data is replaced (critical if it is deleted, high if a snapshot is made or it may be replaced, medium if it is kept).",
    ),
    change(
        "stateful-removal",
        "A resource that keeps data is removed (critical if it is deleted, high if a snapshot is made, medium if it is kept).",
    ),
    change("interrupting-replacement", "A resource that serves requests is replaced (high), or may be (medium)."),
    change(
        "protection-removed",
        "A resource loses its protection against deletion, its versions or its backups (high).",
    ),
    change("secret-in-plain-text", "A reference to a secret becomes a plain value (critical)."),
    state("plain-secret", "A plain value looks like a secret (high)."),
    change("stack-deleted", "A whole stack is deleted (high; critical if data is lost with it)."),
];
