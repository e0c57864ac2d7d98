//! What a command that changes files knows of the past: from a daemon, from its facts, from a store, or nothing.

use jiff::Timestamp;

use super::ask::{Ask, stored};
use super::config::Config;
use super::exit::Failure;
use super::facts;
use crate::git::Reader;
use crate::model::Facts;

/// What is known of what ran before.
pub enum Past {
    /// From a store.
    Store(Facts),
    /// From a daemon or its facts, and what that is called.
    Told(Facts, String),
    /// Nothing.
    Nothing,
}

impl Past {
    /// What the options name.
    pub fn from(ask: &Ask, config: &Config) -> Result<Self, Failure> {
        let reader = Reader::open_local(&ask.repo).ok();
        let tell = |facts: &Facts| {
            if let Some(reader) = &reader {
                facts::tell_clone(reader, facts);
            }
        };
        if let (Some(server), Some(url)) = (ask.server(), &ask.server) {
            let facts: Facts = server.value("/facts")?;
            tell(&facts);
            return Ok(Past::Told(facts, url.clone()));
        }
        if let Some(from) = &ask.facts {
            let known = facts::Known::read(from, &ask.repo)?;
            known.tell(Timestamp::now(), reader.as_ref());
            return Ok(Past::Told(known.facts, from.clone()));
        }
        match ask.store.as_ref().or(config.store.as_ref()) {
            Some(url) => {
                let facts = super::runtime()?.block_on(stored(url))?;
                tell(&facts);
                Ok(Past::Store(facts))
            }
            None => Ok(Past::Nothing),
        }
    }

    /// The past, as far as it is known.
    pub fn facts(&self) -> Option<&Facts> {
        match self {
            Past::Store(facts) | Past::Told(facts, _) => Some(facts),
            Past::Nothing => None,
        }
    }

    /// What it is called.
    pub fn source(&self) -> Option<&str> {
        match self {
            Past::Store(_) => Some("the store"),
            Past::Told(_, name) => Some(name),
            Past::Nothing => None,
        }
    }
}
