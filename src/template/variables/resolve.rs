//! Precedence: which of a variable's values applies.

use std::cmp::Reverse;

use crate::model::catalog::{Scope, VariableValue};

use super::super::Context;

/// The set of kinds that a scope names. Compared as a number it is compared from the highest kind down, which is the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kinds(u8);

const STEP: u8 = 64;
const TARGET: u8 = 32;
const ROLE: u8 = 16;
// 8 is a tenant, 4 a tenant tag: tenants come between roles and environments.
const ENVIRONMENT: u8 = 2;
const CHANNEL: u8 = 1;

impl Kinds {
    fn of(scope: &Scope) -> Self {
        let bit = |empty: bool, bit: u8| if empty { 0 } else { bit };
        Self(
            bit(scope.steps.is_empty(), STEP)
                | bit(scope.targets.is_empty(), TARGET)
                | bit(scope.roles.is_empty(), ROLE)
                | bit(scope.environments.is_empty(), ENVIRONMENT)
                | bit(scope.channels.is_empty(), CHANNEL),
        )
    }
}

/// Whether a scope applies: the alternatives of one kind are alternatives, kinds combine.
fn fits(scope: &Scope, context: &Context<'_>) -> bool {
    (scope.steps.is_empty() || scope.steps.contains(&context.step.name))
        && (scope.targets.is_empty() || scope.targets.contains(&context.target.name))
        && (scope.roles.is_empty() || scope.roles.contains(&context.step.role))
        && (scope.environments.is_empty() || scope.environments.contains(&context.environment.name))
        && (scope.channels.is_empty() || scope.channels.contains(&context.release.channel))
}

/// Which of two fitting values is stronger: its kinds, then the project before a set.
type Strength = (Kinds, bool);

/// The values of one variable: those that apply, the strongest first, and those that do not.
pub(super) struct Ranking<'a> {
    fitting: Vec<(Strength, &'a VariableValue)>,
    elsewhere: Vec<&'a VariableValue>,
}

/// Why there is no winner.
pub(super) enum NoWinner<'a> {
    /// No value's scope applies.
    Elsewhere(Vec<&'a VariableValue>),
    /// These are equally strong.
    Tie(Vec<&'a VariableValue>),
}

/// Sorts the values of one variable.
pub(super) fn rank<'a>(values: &[&'a VariableValue], context: &Context<'_>) -> Ranking<'a> {
    let (fitting, elsewhere): (Vec<&VariableValue>, Vec<&VariableValue>) =
        values.iter().copied().partition(|value| fits(&value.scope, context));
    let mut fitting: Vec<(Strength, &VariableValue)> =
        fitting.into_iter().map(|value| ((Kinds::of(&value.scope), !value.from_set), value)).collect();
    fitting.sort_by_key(|(strength, _)| Reverse(*strength));
    Ranking { fitting, elsewhere }
}

impl<'a> Ranking<'a> {
    /// The value that applies, if exactly one is strongest.
    pub(super) fn winner(self) -> Result<&'a VariableValue, NoWinner<'a>> {
        match self.fitting.as_slice() {
            [] => Err(NoWinner::Elsewhere(self.elsewhere)),
            [(first, winner), rest @ ..] if rest.first().is_none_or(|(second, _)| second != first) => Ok(winner),
            [(first, _), ..] => {
                let tied = |(strength, value): &(Strength, &'a VariableValue)| (strength == first).then_some(*value);
                Err(NoWinner::Tie(self.fitting.iter().filter_map(tied).collect()))
            }
        }
    }
}
