//! Scenarios: a TOML file that describes the accounts, and says what goes wrong in them and when.
//!
//! This module only reads the file. A [`World`](super::World) begins with the configuration, and
//! [`World::play`](super::World::play) carries out the acts, each at its time or after its calls.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use toml::Spanned;

use super::config::{self, Buckets, Clusters, Pace, Rate, SimConfig, documented_limits};
use super::fault::Fault;
use super::operations;
use super::world::ByHand;
use crate::model::{AccountId, Place, Region};

/// Something that a scenario does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub when: When,
    pub deed: Deed,
}

/// When a scenario does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// This long after the start.
    At(SignedDuration),
    /// As soon as this many calls of an operation have been carried out.
    Calls(String, u32),
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(span) => write!(f, "at {span:#}"),
            Self::Calls(operation, 1) => write!(f, "after {operation}"),
            Self::Calls(operation, calls) => write!(f, "after {calls} calls of {operation}"),
        }
    }
}

/// What a scenario does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Queues a fault.
    Begin(Fault),
    /// Clears a fault, unless it is used up.
    End(Fault),
    /// Does something to a resource outside CloudFormation.
    Hand(ByHand),
}

/// Why a text is not a scenario.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}, column {column}: {problem}")]
pub struct NotAScenario {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    pub problem: String,
}

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    clusters: Option<Vec<Spanned<String>>>,
    regions: Option<BTreeSet<Spanned<String>>>,
    roles: Option<BTreeSet<String>>,
    subnets: Option<Vec<Spanned<String>>>,
    security_groups: Option<Vec<Spanned<String>>>,
    buckets: Option<BTreeMap<Spanned<String>, Spanned<String>>>,
    page_size: Option<std::num::NonZeroU16>,
    stale_reads: Option<u32>,
    throttle: bool,
    real_pace: bool,
    pace: Paces,
    rates: BTreeMap<Spanned<String>, Allowed>,
    fault: Vec<Spanned<Words>>,
    hand: Vec<Spanned<Words>>,
}

/// A table whose keys know their places.
type Words = BTreeMap<Spanned<String>, Spanned<toml::Value>>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Paces {
    change_set: Option<Spanned<String>>,
    resource: Option<Spanned<String>>,
    task: Option<Spanned<String>>,
    run: Option<Spanned<String>>,
    lines: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    burst: Spanned<f64>,
    sustained: Spanned<f64>,
}

/// An offset in the text, and what is wrong there.
type Wrong = (usize, String);

/// Reads a scenario: changes `config` to the accounts that it describes, and gives its acts.
///
/// # Errors
/// The first mistake, with its place.
pub fn read(text: &str, config: &mut SimConfig) -> Result<Vec<Act>, NotAScenario> {
    parse(text, config).map_err(|(at, problem)| {
        let before = text.get(..at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        NotAScenario { line, column, problem }
    })
}

fn parse(text: &str, config: &mut SimConfig) -> Result<Vec<Act>, Wrong> {
    let file: File = toml::from_str(text)
        .map_err(|error| (error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
    let mut acts = Vec::new();
    for table in file.fault.iter() {
        acts.extend(fault(table)?);
    }
    for table in file.hand.iter() {
        acts.push(hand(table)?);
    }
    accounts(file, config)?;
    Ok(acts)
}

fn all_placed(listed: &[Spanned<String>]) -> Result<BTreeSet<(Place, String)>, Wrong> {
    listed.iter().map(|text| placed(text.get_ref()).map_err(|why| (text.span().start, why))).collect()
}

fn accounts(file: File, config: &mut SimConfig) -> Result<(), Wrong> {
    if let Some(listed) = file.clusters {
        config.clusters = Clusters::Listed(all_placed(&listed)?);
    }
    let existing = &mut config.existing;
    if let Some(listed) = &file.regions {
        let one = |name: &Spanned<String>| {
            Region::new(name.get_ref()).map_err(|error| (name.span().start, error.to_string()))
        };
        existing.regions = Some(listed.iter().map(one).collect::<Result<_, Wrong>>()?);
    }
    existing.roles = file.roles.or(existing.roles.take());
    for (said, own) in [(file.subnets, &mut existing.subnets), (file.security_groups, &mut existing.security_groups)] {
        if let Some(listed) = said {
            *own = Some(all_placed(&listed)?);
        }
    }
    if let Some(listed) = file.buckets {
        let one = |(name, at): (&Spanned<String>, &Spanned<String>)| {
            let place = place(at.get_ref()).ok_or_else(|| {
                (at.span().start, "write the account and the region of the bucket as account/region".to_owned())
            })?;
            Ok((name.get_ref().clone(), place))
        };
        config.buckets = Buckets::Listed(listed.iter().map(one).collect::<Result<_, Wrong>>()?);
    }
    if let Some(size) = file.page_size {
        config.page_size = usize::from(size.get());
    }
    config.stale_reads = file.stale_reads.unwrap_or(config.stale_reads);
    if file.real_pace {
        config.pace = Pace::stepped();
    }
    let Paces { change_set, resource, task, run, lines } = file.pace;
    let pace = &mut config.pace;
    for (said, own) in [
        (change_set, &mut pace.change_set),
        (resource, &mut pace.resource),
        (task, &mut pace.task),
        (run, &mut pace.run),
        (lines, &mut pace.lines),
    ] {
        if let Some(said) = said {
            *own = span(said.get_ref()).map_err(|why| (said.span().start, why))?;
        }
    }
    if file.throttle {
        config.limits = documented_limits();
    }
    for (name, Allowed { burst, sustained }) in file.rates {
        let unknown = || {
            let known = config::groups().collect::<Vec<_>>().join(", ");
            (name.span().start, format!("`{}` is not a group of calls; expected one of {known}", name.get_ref()))
        };
        let group = config::groups().find(|group| group == name.get_ref()).ok_or_else(unknown)?;
        // A bucket that never holds a whole call would let none through, which is the fault `throttle`.
        if !(1.0..=1e6).contains(burst.get_ref()) {
            return Err((burst.span().start, "`burst` must be from 1 to 1000000 calls".to_owned()));
        }
        if !(0.0..=1e6).contains(sustained.get_ref()) {
            return Err((sustained.span().start, "`sustained` must be from 0 to 1000000 calls per second".to_owned()));
        }
        config.limits.insert(group, Rate { burst: *burst.get_ref(), sustained: *sustained.get_ref() });
    }
    Ok(())
}

/// A fault from its time on, and its end if it has one.
fn fault(table: &Spanned<Words>) -> Result<Vec<Act>, Wrong> {
    let mut words = table.get_ref().clone();
    let when = when(table, &mut words)?;
    let until =
        take(&mut words, "until").map(|value| Ok::<_, Wrong>((time(&value)?, value.span().start))).transpose()?;
    match (until, &when) {
        (Some((until, place)), When::At(at)) if until <= *at => {
            return Err((place, "`until` must be later than `at`".to_owned()));
        }
        // The time could be over before the calls are made, and the fault would then last.
        (Some((_, place)), When::Calls(..)) => {
            return Err((place, "`until` counts from the start: use it with `at`, not with `after`".to_owned()));
        }
        _ => {}
    }
    let fault: Fault = whole(table, words)?;
    fault.check().map_err(|why| (table.span().start, why))?;
    let end = until.map(|(until, _)| Act { when: When::At(until), deed: Deed::End(fault.clone()) });
    Ok([Act { when, deed: Deed::Begin(fault) }].into_iter().chain(end).collect())
}

fn hand(table: &Spanned<Words>) -> Result<Act, Wrong> {
    let mut words = table.get_ref().clone();
    let when = when(table, &mut words)?;
    let hand: ByHand = whole(table, words)?;
    hand.place().map_err(|why| (table.span().start, why))?;
    Ok(Act { when, deed: Deed::Hand(hand) })
}

/// When something happens. Takes the words that say so.
fn when(table: &Spanned<Words>, words: &mut Words) -> Result<When, Wrong> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct After {
        operation: String,
        #[serde(default = "one")]
        calls: std::num::NonZeroU32,
    }
    fn one() -> std::num::NonZeroU32 {
        std::num::NonZeroU32::MIN
    }
    match (take(words, "at"), take(words, "after")) {
        (Some(_), Some(_)) => Err((table.span().start, "give either `at` or `after`, not both".to_owned())),
        (None, None) => Ok(When::At(SignedDuration::ZERO)),
        (Some(value), None) => Ok(When::At(time(&value)?)),
        (None, Some(value)) => {
            let place = value.span().start;
            let After { operation, calls } = After::deserialize(value.into_inner().into_deserializer())
                .map_err(|error: toml::de::Error| (place, format!("`after`: {}", error.message())))?;
            operations::known(&operation).map_err(|why| (place, why))?;
            Ok(When::Calls(operation, calls.get()))
        }
    }
}

fn take(words: &mut Words, name: &str) -> Option<Spanned<toml::Value>> {
    let key = words.keys().find(|key| key.get_ref() == name)?.clone();
    words.remove(&key)
}

fn time(value: &Spanned<toml::Value>) -> Result<SignedDuration, Wrong> {
    let text =
        value.get_ref().as_str().ok_or_else(|| (value.span().start, "write a time span like \"30s\"".to_owned()))?;
    span(text).map_err(|why| (value.span().start, why))
}

/// What a table says, apart from when.
fn whole<T: for<'de> Deserialize<'de>>(table: &Spanned<Words>, words: Words) -> Result<T, Wrong> {
    let places: Vec<(String, usize)> =
        words.keys().map(|key| (format!("`{}`", key.get_ref()), key.span().start)).collect();
    let plain: toml::Table = words.into_iter().map(|(key, value)| (key.into_inner(), value.into_inner())).collect();
    T::deserialize(plain.into_deserializer()).map_err(|error: toml::de::Error| {
        // serde names the key, and does not know where it is.
        let named = places.iter().find(|(key, _)| error.message().starts_with(&format!("unknown field {key}")));
        (named.map_or(table.span().start, |(_, place)| *place), error.message().to_owned())
    })
}

fn span(text: &str) -> Result<SignedDuration, String> {
    let span = text.parse::<SignedDuration>().ok().filter(|span| !span.is_negative());
    span.ok_or_else(|| format!("`{text}` is not a time span like 30s, 5m or 1h"))
}

fn place(text: &str) -> Option<Place> {
    let (account, region) = text.split_once('/')?;
    Some(Place { account: AccountId::new(account).ok()?, region: Region::new(region).ok()? })
}

/// Reads `account/region/name`, as options of `landfall sim` accept it.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn placed(text: &str) -> Result<(Place, String), String> {
    let mut parts = text.splitn(3, '/');
    let (Some(account), Some(region), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("write this as account/region/name".to_owned());
    };
    let account = AccountId::new(account).map_err(|error| error.to_string())?;
    let region = Region::new(region).map_err(|error| error.to_string())?;
    Ok((Place { account, region }, name.to_owned()))
}
