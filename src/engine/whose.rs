//! Whose operation a stack's last one was, judged by its token: what the journal knows of tokens and of what stacks carry.
//!
//! For each stack the journal's memory keeps the last tokens and the contents that its stamp may show. Both come from
//! records alone. Deliberately absent: reading AWS.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::token::Token;
use crate::model::Hash;

/// So many tokens are remembered of one stack. The newest event of a stack carries one of its last few.
const REMEMBERED: usize = 64;

/// Whose operation the last one of a stack was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Not landfall's: the stack was changed by hand, or has no event.
    Nobodys,
    /// The journal knows it.
    Ours,
    /// An incarnation of this store made it, and the journal has no record of it: the store is behind.
    Lost,
    /// Another store made it, or an incarnation that this journal never heard of.
    Anothers {
        /// The other store's id.
        store: Arc<str>,
        /// It is of a run with `--once --adopt`: no daemon goes on after it.
        single: bool,
    },
}

/// What the journal remembers of one stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    tokens: VecDeque<Arc<str>>,
    /// The content hashes that its stamp may show: the last one that was put with success, and those that were tried since.
    contents: Vec<Hash>,
    last: Last,
    /// The contents that it was found with: their tasks may have run without a record.
    carried: BTreeSet<Hash>,
}

/// Who left a stack as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Last {
    /// This store, or none that it knows.
    #[default]
    Ours,
    /// It was found like this, with this token as that of its last operation.
    Found(Option<Arc<str>>),
}

impl Trail {
    /// A call with this token is about to be made, or was made by a store that this one took over from.
    pub fn add(&mut self, token: &Arc<str>) {
        if self.tokens.back() == Some(token) || self.tokens.contains(token) {
            return;
        }
        if self.tokens.len() == REMEMBERED {
            self.tokens.pop_front();
        }
        self.tokens.push_back(token.clone());
    }

    /// A change set with this content is about to be executed.
    pub(crate) fn tries(&mut self, content: Hash) {
        self.last = Last::Ours;
        if !self.contents.contains(&content) {
            self.contents.push(content);
        }
    }

    /// The stack carries this content and no other.
    pub(crate) fn carries(&mut self, content: Hash) {
        self.contents = vec![content];
    }

    /// It was found with this content, which this store did not put there.
    pub(crate) fn carried(&mut self, content: Hash) {
        self.carried.insert(content);
    }

    /// Whether the content's task may have run without a record.
    pub(crate) fn has_carried(&self, content: Hash) -> bool {
        self.carried.contains(&content)
    }

    /// A deployment of this content came to its end in success, so that what its task did is known.
    pub(crate) fn proved(&mut self, content: Hash) {
        self.carries(content);
        self.carried.remove(&content);
    }

    /// The stack was found as another store, or a lost part of this one, left it.
    pub(crate) fn found(&mut self, token: Option<&Arc<str>>) {
        if let Some(token) = token {
            self.add(token);
        }
        self.last = Last::Found(token.cloned());
    }

    /// Who left the stack as it is.
    pub(crate) fn last(&self) -> &Last {
        &self.last
    }

    /// Whether a stamp with this content is expected.
    pub(crate) fn expects(&self, content: Hash) -> bool {
        self.contents.contains(&content)
    }

    /// Whether this store ever made a call for the stack.
    pub(crate) fn touched(&self) -> bool {
        !self.tokens.is_empty()
    }
}

/// What a token is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Of the stack; none if nothing is known about it.
    pub trail: Option<&'a Trail>,
    /// Every incarnation of this store.
    pub incarnations: &'a BTreeSet<Arc<str>>,
}

impl Known<'_> {
    /// Whose operation the one with this token was.
    pub fn whose(&self, token: Option<&str>) -> Whose {
        let Some((token, read)) = token.and_then(|token| Some((token, Token::read(token)?))) else {
            return Whose::Nobodys;
        };
        if self.trail.is_some_and(|trail| trail.tokens.iter().any(|known| &**known == token)) {
            Whose::Ours
        } else if self.incarnations.contains(read.incarnation) {
            Whose::Lost
        } else {
            Whose::Anothers { store: read.incarnation.into(), single: read.single }
        }
    }
}
