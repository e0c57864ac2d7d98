//! The order of steps: which of them wait for which.
//!
//! Steps run one after the other as the file has them. `after` and `parallel` say otherwise, and so does whoever uses an
//! output of another step: that one comes first, wherever it is written. What is said so binds; the order of the file
//! fills in the rest, and gives way where it cannot be kept.

use std::collections::BTreeSet;

use super::super::StepName;
use super::Step;

/// What a step waits for, as its keys say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Follows {
    /// Neither key: every step that comes before it.
    #[default]
    All,
    /// `after`: exactly these, and what those wait for; none of them for an empty list.
    These(Vec<StepName>),
    /// `parallel = true`: what the step above it waits for.
    Beside,
}

/// A step in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its position in the process.
    pub step: usize,
    /// The places of the steps that it waits for, directly or through others.
    pub after: BTreeSet<usize>,
}

/// Steps that wait for each other: the first one again at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle(pub Vec<StepName>);

impl std::fmt::Display for Circle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.0.iter().map(StepName::as_str).collect();
        f.write_str(&names.join(" → "))
    }
}

/// A step as far as its order goes.
#[derive(Clone, Debug)]
pub struct Waiting<'a> {
    pub name: &'a StepName,
    /// What its keys say.
    pub follows: &'a Follows,
    /// The steps of its project whose outputs it uses.
    pub uses: Vec<&'a StepName>,
    /// The environments and the channels that it is limited to; empty for any.
    pub only: [Vec<&'a str>; 2],
}

impl Waiting<'_> {
    /// Whether no slot contains both steps: they have no environment, or no channel, in common.
    fn never_meets(&self, other: &Self) -> bool {
        let apart =
            |(a, b): (&Vec<&str>, &Vec<&str>)| !a.is_empty() && !b.is_empty() && !a.iter().any(|name| b.contains(name));
        self.only.iter().zip(&other.only).any(apart)
    }
}

impl<'a> From<&'a Step> for Waiting<'a> {
    fn from(step: &'a Step) -> Self {
        let uses = step.uses.iter().filter(|output| output.project.is_none()).map(|output| &output.step).collect();
        let environments = step.only.environments.iter().map(|name| name.as_str()).collect();
        let channels = step.only.channels.iter().map(|name| name.as_str()).collect();
        Self { name: &step.name, follows: &step.follows, uses, only: [environments, channels] }
    }
}

/// The steps in an order in which each comes after all that it waits for, as near to the file's as can be. The place of a
/// step is its position in the result. Steps do not wait for names that no step has. Costs the square of the steps.
///
/// # Errors
/// Steps that wait for each other, or for themselves.
pub fn sequence(steps: &[Waiting<'_>]) -> Result<Vec<Placed>, Circle> {
    let mut sorter = Sorter { steps, state: vec![State::Ahead; steps.len()], path: Vec::new(), placed: Vec::new() };
    for step in 0..steps.len() {
        sorter.place(step)?;
    }
    Ok(sorter.placed)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ahead,
    OnPath,
    At(usize),
}

struct Sorter<'s, 'a> {
    steps: &'s [Waiting<'a>],
    state: Vec<State>,
    /// The steps whose predecessors are being placed, each because of the one before it.
    path: Vec<usize>,
    placed: Vec<Placed>,
}

impl Sorter<'_, '_> {
    /// Places a step after all that it has to wait for.
    fn place(&mut self, step: usize) -> Result<usize, Circle> {
        match self.state.get(step) {
            Some(State::At(place)) => return Ok(*place),
            Some(State::OnPath) => return Err(self.circle(step)),
            Some(State::Ahead) | None => {}
        }
        self.set(step, State::OnPath);
        self.path.push(step);
        let mut after = BTreeSet::new();
        for name in self.named(step) {
            let place = self.place(name)?;
            after.extend(self.placed.get(place).map(|placed| placed.after.clone()).into_iter().flatten());
            after.insert(place);
        }
        self.path.pop();
        match self.steps.get(step).map(|one| one.follows) {
            Some(Follows::All) => after.extend(0..self.placed.len()),
            Some(Follows::Beside) => after.extend(self.above(step)),
            Some(Follows::These(_)) | None => {}
        }
        let place = self.placed.len();
        self.placed.push(Placed { step, after });
        self.set(step, State::At(place));
        Ok(place)
    }

    /// The steps that a step names, as positions in the process: in `after`, and those whose outputs it uses.
    fn named(&self, step: usize) -> Vec<usize> {
        let Some(one) = self.steps.get(step) else { return Vec::new() };
        let names: &[StepName] = match one.follows {
            Follows::These(names) => names,
            Follows::All | Follows::Beside => &[],
        };
        let names = names.iter().chain(one.uses.iter().copied());
        // Steps may have the same name. It waits for those of them that may be in the same slot.
        let waits = |name: &StepName, other: &Waiting<'_>| other.name == name && !one.never_meets(other);
        let places = |name| {
            let all = self.steps.iter().enumerate();
            all.filter(move |(_, other)| waits(name, other)).map(|(place, _)| place).collect::<Vec<_>>()
        };
        names.flat_map(places).collect()
    }

    /// What the step above waits for. One that waits for this step is not placed yet, and its order gives way.
    fn above(&self, step: usize) -> BTreeSet<usize> {
        let above = step.checked_sub(1).and_then(|above| self.state.get(above));
        match above {
            Some(State::At(place)) => self.placed.get(*place).map(|placed| placed.after.clone()).unwrap_or_default(),
            _ => BTreeSet::new(),
        }
    }

    fn set(&mut self, step: usize, state: State) {
        if let Some(known) = self.state.get_mut(step) {
            *known = state;
        }
    }

    fn circle(&self, step: usize) -> Circle {
        let around = self.path.iter().skip_while(|on| **on != step).chain([&step]);
        Circle(around.filter_map(|on| self.steps.get(*on)).map(|one| one.name.clone()).collect())
    }
}
