//! Statements, and whether one allows what none of others does.

use std::collections::BTreeSet;

use serde_json::Value;

use super::listed;
use crate::cfn::canonical;

/// Combinations that are compared one by one; a statement with more is compared as a whole.
const MOST: usize = 20_000;

/// A statement of a policy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub(super) sid: Option<String>,
    pub(super) allow: bool,
    /// Its condition in one spelling.
    pub(super) condition: Option<String>,
    actions: Set,
    resources: Set,
    principals: Set,
}

/// Items, or everything but these.
#[derive(Clone, Debug, PartialEq)]
struct Set {
    but: bool,
    items: Vec<String>,
    /// Whether case does not count.
    folded: bool,
}

/// What a statement allows that others do not.
pub(super) struct Grown {
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<String>,
    pub(super) principals: Vec<String>,
    /// Others allow it under another condition.
    pub(super) condition: bool,
    /// Nothing of the statement was there.
    pub(super) new: bool,
}

impl Statement {
    /// Reads a statement; none if it has no effect.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let allow = match value.get("Effect")?.as_str()? {
            "Allow" => true,
            "Deny" => false,
            _ => return None,
        };
        let sid = value.get("Sid").and_then(Value::as_str).map(str::to_owned);
        let set = |key: &str, not: &str, folded: bool| match value.get(not) {
            Some(but) => Set { but: true, items: listed(Some(but)), folded },
            None => Set { but: false, items: listed(value.get(key)), folded },
        };
        let principals = match value.get("NotPrincipal") {
            Some(but) => Set { but: true, items: principals(but), folded: false },
            None => {
                Set { but: false, items: value.get("Principal").map(principals).unwrap_or_default(), folded: false }
            }
        };
        let condition =
            value.get("Condition").filter(|condition| condition.as_object().is_none_or(|map| !map.is_empty()));
        Some(Self {
            sid,
            allow,
            condition: condition.map(canonical),
            actions: set("Action", "NotAction", true),
            resources: set("Resource", "NotResource", false),
            principals,
        })
    }

    /// A statement that allows.
    pub(super) fn of(
        actions: Vec<String>,
        resources: Vec<String>,
        principals: Vec<String>,
        condition: Option<String>,
    ) -> Self {
        let set = |items, folded| Set { but: false, items, folded };
        Self {
            sid: None,
            allow: true,
            condition,
            actions: set(actions, true),
            resources: set(resources, false),
            principals: set(principals, false),
        }
    }

    pub(super) fn is_for_everybody(&self) -> bool {
        self.principals.items.iter().any(|principal| principal == "*") != self.principals.but
    }

    /// Its actions in a few words.
    pub(super) fn action_words(&self) -> String {
        self.actions.all().join(", ")
    }
}

impl Set {
    /// Its items; one for everything but some.
    fn all(&self) -> Vec<String> {
        if self.but { vec![format!("everything but {}", self.items.join(", "))] } else { self.items.clone() }
    }

    /// Whether it has an item of another set, which is one item or everything but some.
    fn has(&self, item: &str, of: &Self) -> bool {
        match (self.but, of.but) {
            // Nothing said: the policy's own resource, or whoever has the policy.
            (false, false) if self.items.is_empty() || item.is_empty() => self.items.is_empty() && item.is_empty(),
            (false, false) => self.items.iter().any(|pattern| self.matches(pattern, item)),
            (false, true) => self.items.iter().any(|pattern| pattern == "*"),
            (true, false) => {
                !self.items.iter().any(|pattern| self.matches(pattern, item) || self.matches(item, pattern))
            }
            (true, true) => self.items.iter().all(|pattern| of.items.iter().any(|own| self.matches(own, pattern))),
        }
    }

    fn matches(&self, pattern: &str, text: &str) -> bool {
        if self.folded { glob(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase()) } else { glob(pattern, text) }
    }

    /// What to ask [`Self::has`] for.
    fn asked(&self) -> Vec<String> {
        let all = self.all();
        if all.is_empty() { vec![String::new()] } else { all }
    }
}

/// `AWS: […]`, `Service: […]`, or `*`.
fn principals(value: &Value) -> Vec<String> {
    match value.as_object() {
        Some(map) if !(map.len() == 1 && map.keys().all(|key| key == "Ref" || key.starts_with("Fn::"))) => {
            let named = |(kind, inside): (&String, &Value)| {
                let all = listed(Some(inside)).into_iter();
                all.map(|who| if who == "*" { who } else { format!("{kind} {who}") }).collect::<Vec<_>>()
            };
            map.iter().flat_map(named).collect()
        }
        _ => listed(Some(value)),
    }
}

/// Whether a pattern with `*` and `?` covers a text, in which these may stand too.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut on) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while on < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, on));
                at += 1;
            }
            Some(one) if text.get(on) == Some(one) || *one == '?' && text.get(on) != Some(&'*') => {
                at += 1;
                on += 1;
            }
            _ => {
                let Some((back, from)) = star else { return false };
                star = Some((back, from + 1));
                at = back + 1;
                on = from + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|rest| *rest == '*')
}

/// What a statement covers and none of others does; none if they cover all of it. Costs its combinations times the others.
pub(super) fn grown(statement: &Statement, others: &[Statement]) -> Option<Grown> {
    if others.iter().any(|other| other == statement) {
        return None;
    }
    let [actions, resources, principals] =
        [&statement.actions, &statement.resources, &statement.principals].map(Set::asked);
    let covers = |other: &Statement, action: &str, resource: &str, principal: &str| {
        other.actions.has(action, &statement.actions)
            && other.resources.has(resource, &statement.resources)
            && other.principals.has(principal, &statement.principals)
    };
    let same_condition = |other: &Statement| other.condition.is_none() || other.condition == statement.condition;
    let mut found = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
    let (mut all, mut kept, mut conditions) = (0_usize, 0_usize, 0_usize);
    let whole = actions.len().saturating_mul(resources.len()).saturating_mul(principals.len()) > MOST;
    for action in &actions {
        for resource in &resources {
            for principal in &principals {
                all += 1;
                if !whole
                    && others.iter().any(|other| same_condition(other) && covers(other, action, resource, principal))
                {
                    kept += 1;
                    continue;
                }
                conditions +=
                    usize::from(!whole && others.iter().any(|other| covers(other, action, resource, principal)));
                for (set, item) in found.iter_mut().zip([action, resource, principal]) {
                    set.insert(item.clone());
                }
            }
        }
    }
    if kept == all {
        return None;
    }
    let [actions, resources, principals] =
        found.map(|set| set.into_iter().filter(|item| !item.is_empty()).collect::<Vec<_>>());
    let related = others.iter().any(|other| statement.sid.is_some() && other.sid == statement.sid);
    let new = kept == 0 && conditions == 0 && !related;
    Some(Grown { actions, resources, principals, condition: conditions > 0 && conditions + kept == all, new })
}
