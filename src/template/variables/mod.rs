//! What a placeholder means for one stack: scopes, precedence, references between variables.
//!
//! A name with a dot is built in ([`built_in`]), a name without one is a variable. Of a variable's values ([`resolve`])
//! those whose scope fits ([`scope`]) are candidates; the winner has the highest set of kinds, compared from the highest
//! kind down: step, target, role, tenant, tenant tag, environment, channel. On equal sets a project beats a variable set.
//! If values are still equal, that is an error that lists the candidates: landfall never picks. [`explain`] shows the same
//! for people.
//!
//! Values of declared tenant variables are in the tenants' files, which are live; all others are in the release's snapshot.

mod built_in;
mod condition;
mod explain;
mod fault;
mod resolve;
mod scope;

pub use condition::applies;
pub(in crate::template) use condition::{gone_condition, unclear};
pub use explain::{Contender, Declared, Explained, Reference, Verdict, explain};
pub use fault::Fault;
pub(in crate::template) use fault::closest;
pub use resolve::Origin;
pub(in crate::template) use resolve::{gone, tenant_values};
pub use scope::words as scope_words;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Location;
use crate::model::catalog::Value;
use crate::model::process::{OutputRef, Piece, Text};

use super::Context;
use resolve::{Candidate, NoWinner, Written};

/// The longest text that a placeholder may become, in bytes: more than any leaf of a template can take. It also bounds
/// what variables that refer to each other can grow to.
pub const MAX_VALUE: usize = 65_536;
/// The most elements that a list may have once it is filled. Empty ones count: lists that refer to each other double.
pub const MAX_ITEMS: usize = 1_000;
/// How deep variables may refer to variables.
pub const MAX_DEPTH: usize = 32;

/// A variable with its placeholders filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    Text(Arc<str>),
    List(Vec<Arc<str>>),
}

/// A part of a filled text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    /// What another stack's output is when the stack is deployed.
    Output(OutputRef),
}

/// The values that the placeholders of one stack have.
///
/// Each variable is resolved once, however often it is used.
#[derive(Debug)]
pub struct Values<'a> {
    context: &'a Context<'a>,
    written: Written<'a>,
    known: RefCell<BTreeMap<String, Resolved>>,
}

impl<'a> Values<'a> {
    /// Sorts the variables of the context by name; resolves nothing yet.
    pub fn new(context: &'a Context<'a>) -> Self {
        Self { context, written: Written::new(context), known: RefCell::default() }
    }

    /// Fills a text.
    ///
    /// # Errors
    /// Fails if a name has no value, several values, a circular value, a list, or a value that is too long.
    pub fn text(&self, text: &Text) -> Result<String, Fault> {
        self.fill(text, &mut Vec::new())
    }

    /// Fills a text of a step that may contain outputs of other stacks. Adjacent texts become one part.
    ///
    /// # Errors
    /// As [`Values::text`], and if a placeholder begins like a reference to an output but is not one.
    pub fn parts(&self, text: &Text) -> Result<Vec<Part>, Fault> {
        let mut parts: Vec<Part> = Vec::new();
        let mut length = 0;
        for piece in text.pieces() {
            let filled = match piece {
                Piece::Literal(literal) => literal.to_string(),
                Piece::Placeholder(name) => {
                    if let Some(reference) = OutputRef::parse(name) {
                        parts.push(Part::Output(reference.map_err(|no| Fault::no_reference(&no, text.at()))?));
                        continue;
                    }
                    match self.name(name, text.at(), &mut Vec::new())? {
                        Resolved::Text(value) => value.to_string(),
                        Resolved::List(_) => return Err(Fault::list_in_text(name, text.at())),
                    }
                }
            };
            if filled.is_empty() {
                continue;
            }
            length += filled.len();
            match parts.last_mut() {
                Some(Part::Text(before)) => before.push_str(&filled),
                _ => parts.push(Part::Text(filled)),
            }
            if length > MAX_VALUE {
                return Err(Fault::too_long(text.at()));
            }
        }
        Ok(parts)
    }

    /// Fills a list: an element that is one placeholder and nothing else becomes all elements of a list variable.
    ///
    /// # Errors
    /// As [`Values::text`].
    pub fn list(&self, texts: &[Text]) -> Result<Vec<String>, Fault> {
        self.fill_list(texts, &mut Vec::new())
    }

    /// What each piece of a text becomes, in their order.
    ///
    /// # Errors
    /// As [`Values::text`].
    pub fn pieces(&self, text: &Text) -> Result<Vec<String>, Fault> {
        let mut filled: Vec<String> = Vec::with_capacity(text.pieces().len());
        let mut length = 0;
        for piece in text.pieces() {
            let piece = match piece {
                Piece::Literal(literal) => literal.to_string(),
                Piece::Placeholder(name) => match self.name(name, text.at(), &mut Vec::new())? {
                    Resolved::Text(value) => value.to_string(),
                    Resolved::List(_) => return Err(Fault::list_in_text(name, text.at())),
                },
            };
            length += piece.len();
            filled.push(piece);
            if length > MAX_VALUE {
                return Err(Fault::too_long(text.at()));
            }
        }
        Ok(filled)
    }

    /// Fills a text that may be a list: one placeholder and nothing else stays the list that its variable is.
    ///
    /// # Errors
    /// As [`Values::text`].
    pub fn whole(&self, text: &Text) -> Result<Resolved, Fault> {
        match text.pieces() {
            [Piece::Placeholder(name)] => self.name(name, text.at(), &mut Vec::new()),
            _ => self.text(text).map(|text| Resolved::Text(Arc::from(text))),
        }
    }

    fn fill_list(&self, texts: &[Text], path: &mut Vec<String>) -> Result<Vec<String>, Fault> {
        let mut filled: Vec<String> = Vec::new();
        let (mut length, mut counted) = (0, 0);
        for text in texts {
            match text.pieces() {
                [Piece::Placeholder(name)] => match self.name(name, text.at(), path)? {
                    Resolved::Text(value) => filled.push(value.to_string()),
                    Resolved::List(values) => filled.extend(values.iter().map(ToString::to_string)),
                },
                _ => filled.push(self.fill(text, path)?),
            }
            length += filled.iter().skip(counted).map(String::len).sum::<usize>();
            counted = filled.len();
            if filled.len() > MAX_ITEMS || length > MAX_VALUE {
                return Err(Fault::too_long(text.at()));
            }
        }
        Ok(filled)
    }

    fn fill(&self, text: &Text, path: &mut Vec<String>) -> Result<String, Fault> {
        let mut filled = String::new();
        for piece in text.pieces() {
            match piece {
                Piece::Literal(literal) => filled.push_str(literal),
                Piece::Placeholder(name) => match self.name(name, text.at(), path)? {
                    Resolved::Text(value) => filled.push_str(&value),
                    Resolved::List(_) => return Err(Fault::list_in_text(name, text.at())),
                },
            }
            if filled.len() > MAX_VALUE {
                return Err(Fault::too_long(text.at()));
            }
        }
        Ok(filled)
    }

    /// What a name means to a text at `user`. `path` holds the variables that are being resolved, outermost first.
    fn name(&self, name: &str, user: &Location, path: &mut Vec<String>) -> Result<Resolved, Fault> {
        if let Some(known) = self.known.borrow().get(name) {
            return Ok(known.clone());
        }
        if path.iter().any(|outer| outer == name) {
            return Err(Fault::circle(path, name, user));
        }
        if path.len() >= MAX_DEPTH {
            return Err(Fault::too_deep(path, user));
        }
        path.push(name.to_owned());
        let value = self.resolve(name, user, path);
        path.pop();
        // A fault depends on the way here and on who asks; it is not kept.
        if let Ok(value) = &value {
            self.known.borrow_mut().insert(name.to_owned(), value.clone());
        }
        value
    }

    fn resolve(&self, name: &str, user: &Location, path: &mut Vec<String>) -> Result<Resolved, Fault> {
        if OutputRef::parse(name).is_some() {
            return Err(Fault::output_here(name, path, user));
        }
        if name.contains('.') {
            return built_in::value(name, self, user, path).unwrap_or_else(|| Err(self.unknown(name, user)));
        }
        match &self.winner(name, user)?.value {
            Value::Text(text) => self.fill(text, path).map(|text| Resolved::Text(Arc::from(text))),
            Value::List(texts) => {
                let texts = self.fill_list(texts, path)?;
                Ok(Resolved::List(texts.into_iter().map(Arc::from).collect()))
            }
        }
    }

    /// The value of a variable that applies, as it is written.
    fn winner(&self, name: &str, user: &Location) -> Result<&Candidate<'a>, Fault> {
        let (values, declared) = (self.values(name), self.written.declared.get(name));
        if values.is_empty() && declared.is_none() {
            return Err(self.unknown(name, user));
        }
        let winner = resolve::rank(values, self.context).winner();
        let winner = winner.map_err(|no| match (no, declared) {
            (NoWinner::Elsewhere(_), Some(declared)) => Fault::no_tenant_value(declared, self.context, user),
            (no, _) => Fault::no_winner(name, no, self.context, user),
        })?;
        match (winner.origin, declared) {
            (Origin::Tenant { .. }, Some(declared)) if winner.kind != declared.kind => {
                Err(Fault::tenant_value_type(declared, winner.kind, winner.at, self.context))
            }
            _ => Ok(winner),
        }
    }

    fn values(&self, name: &str) -> &[Candidate<'a>] {
        self.written.values.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    fn unknown(&self, name: &str, user: &Location) -> Fault {
        let variables = self.written.values.keys().chain(self.written.declared.keys());
        let names = variables.map(|name| (*name).to_owned()).chain(built_in::names(self.context));
        Fault::unknown(name, names, user)
    }
}
