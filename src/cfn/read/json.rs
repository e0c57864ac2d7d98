//! JSON with places: finds where values begin and end, and leaves strings and numbers to serde_json.

use std::ops::Range;

use serde_json::{Number, Value};

use super::error::{ReadError, ReadProblem};
use super::node::{Budget, Content, Entries, Node, Tree, check_depth};
use super::scalar::is_kept;

/// Reads a JSON text.
pub(super) fn read(text: &str) -> Result<Tree, ReadError> {
    let mut reader = Reader { text, at: 0, depth: 0, budget: Budget::default() };
    let root = reader.value()?;
    reader.space();
    match reader.peek() {
        None => Ok(Tree { root, beyond: None, short: None, comments: Vec::new() }),
        Some(_) => Err(reader.unexpected("the end")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    budget: Budget,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, wanted: &str) -> ReadError {
        let rest = self.text.get(self.at..).unwrap_or("");
        let (met, length) = match rest.chars().next() {
            Some(character) => (format!("`{}`", character.escape_debug()), character.len_utf8()),
            None => ("the end of the text".to_owned(), 0),
        };
        let problem = ReadProblem::NotJson(format!("expected {wanted}, found {met}"));
        ReadError::at(self.at..self.at + length, problem)
    }

    /// Passes over one of the punctuation marks.
    fn mark(&mut self, mark: u8, wanted: &str) -> Result<(), ReadError> {
        self.space();
        if self.peek() != Some(mark) {
            return Err(self.unexpected(wanted));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self) -> Result<Node, ReadError> {
        self.space();
        let begin = self.at;
        self.depth += 1;
        check_depth(self.depth, &(begin..begin))?;
        let content = match self.peek() {
            Some(b'{') => Content::Map(self.entries()?),
            Some(b'[') => Content::List(self.items()?),
            Some(b'"') => Content::Scalar(Value::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => Content::Scalar(self.number()?),
            _ => Content::Scalar(self.word()?),
        };
        self.depth -= 1;
        let bytes = begin..self.at;
        match content {
            Content::Scalar(_) => self.budget.count(1, &bytes)?,
            _ => self.budget.collection(&bytes)?,
        }
        Ok(Node { bytes, content })
    }

    fn entries(&mut self) -> Result<Entries, ReadError> {
        let mut entries = Entries::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(entries);
        }
        loop {
            self.space();
            let begin = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a key in double quotes"));
            }
            let key = self.string()?;
            let place = begin..self.at;
            self.mark(b':', "`:`")?;
            let value = self.value()?;
            self.budget.count(key.len() + 3, &place)?;
            if entries.contains_key(&key) {
                return Err(ReadError::at(place, ReadProblem::DuplicateKey(key)));
            }
            entries.insert(key, (place, value));
            self.space();
            if self.peek() != Some(b',') {
                self.mark(b'}', "`,` or `}`")?;
                return Ok(entries);
            }
            self.at += 1;
        }
    }

    fn items(&mut self) -> Result<Vec<Node>, ReadError> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(items);
        }
        loop {
            items.push(self.value()?);
            self.space();
            if self.peek() != Some(b',') {
                self.mark(b']', "`,` or `]`")?;
                return Ok(items);
            }
            self.at += 1;
        }
    }

    /// The text from a place to here.
    fn token(&self, bytes: Range<usize>) -> &str {
        self.text.get(bytes).unwrap_or("")
    }

    fn string(&mut self) -> Result<String, ReadError> {
        let begin = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => {
                    let problem = ReadProblem::NotAJsonValue("the string does not end".to_owned());
                    return Err(ReadError::at(begin..begin + 1, problem));
                }
            }
        }
        self.at += 1;
        let token = self.token(begin..self.at);
        let text: String = serde_json::from_str(token).map_err(|error| {
            let problem = ReadProblem::NotAJsonValue(format!("the string is not well-formed, {}", reason(&error)));
            ReadError::at(begin..self.at, problem)
        })?;
        self.budget.count(text.len(), &(begin..self.at))?;
        Ok(text)
    }

    fn number(&mut self) -> Result<Value, ReadError> {
        let begin = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        let token = self.token(begin..self.at);
        let number: Value = serde_json::from_str(token).map_err(|error| {
            let problem = ReadProblem::NotAJsonValue(format!("`{token}` is not a number, {}", reason(&error)));
            ReadError::at(begin..self.at, problem)
        })?;
        if token == "-0" {
            return Ok(Value::from(0));
        }
        if !number.is_f64() {
            return Ok(number);
        }
        // Another parser than serde_json's, which may be off in the last place.
        let exact = token.parse().ok().and_then(Number::from_f64).filter(|_| token.contains(['.', 'e', 'E']));
        exact.filter(|exact| is_kept(exact, token)).map(Value::Number).ok_or_else(|| {
            let problem = ReadProblem::Inexact(token.to_owned());
            ReadError::at(begin..self.at, problem)
        })
    }

    fn word(&mut self) -> Result<Value, ReadError> {
        for (word, value) in [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)] {
            if self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
                self.at += word.len();
                return Ok(value);
            }
        }
        let error = self.unexpected("a value");
        // A word without quotes is a mistake in JSON, and would be a text in YAML.
        match self.peek() {
            Some(byte) if byte.is_ascii_alphabetic() => Err(ReadError::at(error.bytes, error.problem.in_a_value())),
            _ => Err(error),
        }
    }
}

/// What serde_json says, without its own line and column, which count from the token.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or("").to_owned()
}
