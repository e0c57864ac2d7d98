//! Why a name has the value that it has: the winner, every loser, and what each of them lacks.
//!
//! It asks the same ranking that rendering asks, so an explanation cannot differ from what is rendered.

use std::collections::BTreeSet;

use crate::model::Location;
use crate::model::catalog::Value;
use crate::model::process::{Piece, Text, ValueKind};

use super::super::{Context, RenderProblem};
use super::resolve::{Candidate, Origin, Strength, rank};
use super::scope::{Kind, words};
use super::{Resolved, Values, built_in};

/// Everything that there is to say about one name in one context.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    pub name: String,
    /// What it is once its references are filled, or why it has no value.
    pub value: Result<Resolved, RenderProblem>,
    /// What a built-in name stands for; none for a variable.
    pub built_in: Option<String>,
    /// The declaration, where tenants bring the values.
    pub declared: Option<Declared>,
    /// Every value that is written: the winner, then what loses to it by rank, then what does not apply.
    pub values: Vec<Contender>,
    /// The names that the winner refers to, and those that these refer to, in the order in which they are met.
    pub references: Vec<Reference>,
}

/// The declaration of a tenant variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// File, line and column.
    pub at: Location,
    /// Which type of value it asks for.
    pub kind: ValueKind,
    /// Whether every connected tenant must give one.
    pub required: bool,
    /// What it is for.
    pub description: Option<String>,
}

/// One value of a variable, and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Contender {
    /// As it is written, references and all; a list as its elements.
    pub written: Value,
    /// What kind of value it is.
    pub kind: ValueKind,
    /// Where it is written.
    pub at: Location,
    /// Which file that is.
    pub origin: Origin,
    /// Its scope, and what else ranks it, in words.
    pub scope: String,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// What becomes of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is the value.
    Wins,
    /// Others have the same rank, so there is no value.
    Ties,
    /// Its scope has names that are gone, so it cannot be known whether it applies.
    Unknown(String),
    /// It applies and has a lower rank than the first.
    Lower(String),
    /// It does not apply.
    Elsewhere(String),
}

impl Verdict {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Wins => "wins",
            Verdict::Ties => "ties",
            Verdict::Unknown(_) => "unknown",
            Verdict::Lower(_) | Verdict::Elsewhere(_) => "loses",
        }
    }

    /// Why, if that is not obvious.
    pub fn reason(&self) -> Option<String> {
        match self {
            Verdict::Wins => None,
            Verdict::Ties => Some("of equal rank".to_owned()),
            Verdict::Unknown(why) => Some(why.clone()),
            Verdict::Lower(why) => Some(format!("lower: {why}")),
            Verdict::Elsewhere(why) => Some(format!("does not apply: {why}")),
        }
    }
}

/// A name that a value refers to.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    pub name: String,
    /// What it is.
    pub value: Result<Resolved, RenderProblem>,
    /// Where its value is written; none for a built-in name, and for one without a value.
    pub at: Option<Location>,
    /// What a built-in name stands for.
    pub built_in: Option<String>,
}

/// Explains a name in a context. Costs one ranking of its values and one of each name that it refers to.
pub fn explain(context: &Context<'_>, name: &str) -> Explained {
    let values = Values::new(context);
    let value = values.name(name, &context.step.at, &mut Vec::new()).map_err(RenderProblem::from);
    let declared = values.written.declared.get(name).map(|declared| Declared {
        at: declared.at.clone(),
        kind: declared.kind,
        required: declared.required,
        description: declared.description.as_deref().map(str::to_owned),
    });
    Explained {
        name: name.to_owned(),
        value,
        built_in: built_in::meaning(name, context),
        declared,
        values: contenders(&values, context, name),
        references: references(&values, context, name),
    }
}

fn contenders(values: &Values<'_>, context: &Context<'_>, name: &str) -> Vec<Contender> {
    let ranking = rank(values.values(name), context);
    let best = ranking.fitting.first().copied();
    let tied = best.is_some_and(|(best, _)| ranking.fitting.get(1).is_some_and(|(second, _)| *second == best));
    let undecided = ranking.gone.iter().any(|(gone, _)| best.is_none_or(|(best, _)| gone.strength() >= best));
    let mut all = Vec::new();
    for (value, gone) in &ranking.gone {
        let names: Vec<String> = gone
            .iter()
            .flat_map(|(kind, names)| names.iter().map(move |name| format!("{} {name}", kind.word())))
            .collect();
        let why = format!("{} no longer {}", names.join(" and "), if names.len() == 1 { "exists" } else { "exist" });
        all.push(contender(value, Verdict::Unknown(why)));
    }
    for (strength, value) in &ranking.fitting {
        let verdict = match best {
            Some((best, winner)) if *strength != best => Verdict::Lower(lower(value, *strength, winner, best)),
            _ if tied => Verdict::Ties,
            _ if undecided => Verdict::Lower("a value whose scope no longer exists may beat it".to_owned()),
            _ => Verdict::Wins,
        };
        all.push(contender(value, verdict));
    }
    for (value, kinds) in &ranking.elsewhere {
        all.push(contender(value, Verdict::Elsewhere(elsewhere(kinds, context))));
    }
    all.extend(for_other_projects(context, name));
    if !undecided {
        // What could not win anyhow stands among the losers.
        all.sort_by_key(|contender| match contender.verdict {
            Verdict::Wins | Verdict::Ties => 0,
            Verdict::Lower(_) => 1,
            Verdict::Unknown(_) => 2,
            Verdict::Elsewhere(_) => 3,
        });
    }
    all
}

fn contender(value: &Candidate<'_>, verdict: Verdict) -> Contender {
    let mut scope = words(&value.scope);
    match value.origin {
        Origin::Project | Origin::Tenant { names_project: false } => {}
        Origin::Set => scope.push_str(", variable set"),
        Origin::Tenant { names_project: true } => scope.push_str(", names the project"),
        Origin::Default { from_set: false } => scope.push_str(", default"),
        Origin::Default { from_set: true } => scope.push_str(", default of a variable set"),
    }
    Contender {
        written: value.value.clone(),
        kind: value.kind,
        at: value.at.clone(),
        origin: value.origin,
        scope,
        verdict,
    }
}

/// Why a value that applies has a lower rank than the winner.
fn lower(value: &Candidate<'_>, strength: Strength, winner: &Candidate<'_>, best: Strength) -> String {
    if strength.0 != best.0 {
        return best.0.beats(strength.0);
    }
    let own = match value.origin {
        Origin::Tenant { .. } => "it names no project",
        _ => "variable set",
    };
    let wins = match winner.origin {
        Origin::Tenant { .. } => "the value that names the project wins",
        _ => "the project's value wins",
    };
    format!("{own}: {wins}")
}

fn elsewhere(kinds: &[Kind], context: &Context<'_>) -> String {
    let word = |kind: &Kind| match (kind, context.tenant) {
        (Kind::Tenant | Kind::TenantTag, None) => "this slot has no tenant".to_owned(),
        (Kind::TenantTag, Some(tenant)) if tenant.tags.is_empty() => format!("tenant {} has no tags", tenant.name),
        (Kind::TenantTag, Some(tenant)) => format!("tenant {} has {}", tenant.name, kind.of(context)),
        _ => format!("{} is {}", kind.word(), kind.of(context)),
    };
    let mut words: Vec<String> = kinds.iter().map(word).collect();
    words.dedup();
    words.join(", ")
}

/// What the tenant's file says about the name for other projects.
fn for_other_projects(context: &Context<'_>, name: &str) -> Vec<Contender> {
    let Some(tenant) = context.tenant else { return Vec::new() };
    let mut all = Vec::new();
    for value in tenant.variables.iter().filter(|value| &*value.name == name) {
        if let Some(project) = value.project.as_ref().filter(|project| **project != context.project.name) {
            let verdict = Verdict::Elsewhere(format!("only for project {project}"));
            all.push(contender(&Candidate::of_tenant(tenant, value), verdict));
        }
    }
    all
}

/// Every name that the value refers to, directly or through others.
fn references(values: &Values<'_>, context: &Context<'_>, name: &str) -> Vec<Reference> {
    let at = &context.step.at;
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([name.to_owned()]);
    let mut next = referred(values, context, name);
    next.reverse();
    while let Some(name) = next.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let winner =
            if name.contains('.') { None } else { values.winner(&name, at).ok().map(|value| value.at.clone()) };
        let value = values.name(&name, at, &mut Vec::new()).map_err(RenderProblem::from);
        let mut inside = referred(values, context, &name);
        inside.reverse();
        next.extend(inside);
        let built_in = built_in::meaning(&name, context);
        found.push(Reference { name, value, at: winner, built_in });
    }
    found
}

/// The placeholders of what a name stands for.
fn referred(values: &Values<'_>, context: &Context<'_>, name: &str) -> Vec<String> {
    let texts: Vec<&Text> = match values.winner(name, &context.step.at).map(|winner| winner.value) {
        Ok(Value::Text(text)) => vec![text],
        Ok(Value::List(texts)) => texts.iter().collect(),
        Err(_) => Vec::new(),
    };
    let pieces = texts.into_iter().flat_map(Text::pieces);
    pieces
        .filter_map(|piece| match piece {
            Piece::Placeholder(name) => Some(name.to_string()),
            Piece::Literal(_) => None,
        })
        .collect()
}
