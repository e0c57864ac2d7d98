//! YAML with CloudFormation's short functions, from the events of the parser to a tree.

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_json::{Number, Value};

use super::error::{ReadError, ReadProblem};
use super::node::{Budget, Content, Entries, Node, Tree, check_depth};
use super::scalar;

/// Reads a YAML text with one document.
pub(super) fn read(text: &str) -> Result<Tree, ReadError> {
    if let Some((at, found)) =
        text.char_indices().find(|(_, found)| matches!(found, '\u{85}' | '\u{2028}' | '\u{2029}'))
    {
        return Err(ReadError::at(at..at + found.len_utf8(), ReadProblem::LineBreak(found)));
    }
    if let Some(bytes) = tag_directive(text) {
        return Err(ReadError::at(bytes, ReadProblem::TagDirective));
    }
    // As libyaml does, and everything that is made of it: no line feed if the text has none.
    let mut options = Options::default();
    options.block_scalar_eof_without_line_feed = true;
    options.emit_comments = true;
    let parser = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader {
        parser,
        end: text.len(),
        depth: 0,
        budget: Budget::default(),
        anchors: BTreeMap::new(),
        kept: Budget::default(),
        beyond: None,
        short: None,
        comments: Vec::new(),
    };
    reader.document()
}

/// The bytes of a directive that gives tags other names, before the document.
fn tag_directive(text: &str) -> Option<Range<usize>> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let begins = line.trim_start();
        if line.starts_with("%TAG") {
            return Some(at..at + line.trim_end().len());
        }
        if !(begins.is_empty() || begins.starts_with(['#', '%'])) {
            return None;
        }
        at += line.len();
    }
    None
}

/// What an anchor names, and what it costs to have it once more.
struct Anchored {
    node: Node,
    depth: usize,
    weight: usize,
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    end: usize,
    depth: usize,
    budget: Budget,
    anchors: BTreeMap<usize, Anchored>,
    /// What is kept for aliases, so that anchors inside of anchors cannot multiply it.
    kept: Budget,
    beyond: Option<Range<usize>>,
    /// The bytes of the first function in its short form.
    short: Option<Range<usize>>,
    comments: Vec<Range<usize>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), ReadError> {
        loop {
            return match self.parser.next_event() {
                Some(Ok((Event::Comment(..), span))) => {
                    self.comments.push(bytes(&span));
                    continue;
                }
                Some(Ok(next)) => Ok(next),
                Some(Err(error)) => {
                    let at = error.marker().byte_offset().unwrap_or(0).min(self.end);
                    Err(ReadError::at(at..at, ReadProblem::NotYaml(error.info().to_owned())))
                }
                None => Ok((Event::StreamEnd, Span::default())),
            };
        }
    }

    fn document(&mut self) -> Result<Tree, ReadError> {
        let root = loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(..), _) => {}
                (Event::StreamEnd | Event::DocumentEnd, _) => return Err(ReadError::at(0..0, ReadProblem::Empty)),
                (event, span) => break self.node(event, &span)?,
            }
        };
        if matches!(root.content, Content::Scalar(Value::Null)) {
            return Err(ReadError::at(0..0, ReadProblem::Empty));
        }
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => {
                    let (beyond, short) = (self.beyond.take(), self.short.take());
                    return Ok(Tree { root, beyond, short, comments: std::mem::take(&mut self.comments) });
                }
                (Event::DocumentStart(..), span) => {
                    return Err(ReadError::at(bytes(&span), ReadProblem::SeveralDocuments));
                }
                _ => {}
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: &Span) -> Result<Node, ReadError> {
        self.depth += 1;
        let place = bytes(span);
        check_depth(self.depth, &place)?;
        let before = self.budget.used();
        if let Event::Scalar(_, _, _, Some(tag))
        | Event::SequenceStart(_, _, Some(tag))
        | Event::MappingStart(_, _, Some(tag)) = &event
            && function(tag).is_some()
        {
            self.short.get_or_insert_with(|| place.clone());
        }
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.budget.count(text.len().max(1), &place)?;
                (scalar_node(&text, style, tag.as_deref(), span)?, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.budget.collection(&place)?;
                let (items, end) = self.items()?;
                let node = Node { bytes: place.start..end, content: Content::List(items) };
                (collection(node, tag.as_deref(), "seq", span)?, anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.budget.collection(&place)?;
                let (entries, end) = self.entries()?;
                let node = Node { bytes: place.start..end, content: Content::Map(entries) };
                (collection(node, tag.as_deref(), "map", span)?, anchor)
            }
            Event::Alias(id) => (self.alias(id, &place)?, 0),
            other => {
                let problem = ReadProblem::NotYaml(format!("unexpected {other:?}"));
                return Err(ReadError::at(place, problem));
            }
        };
        self.depth -= 1;
        if anchor != 0 {
            let weight = self.budget.used() - before;
            self.kept.count(weight, &place)?;
            let depth = node.depth();
            self.anchors.insert(anchor, Anchored { node: node.clone(), depth, weight });
        }
        Ok(node)
    }

    /// What an alias stands for, once more. Its cost is counted before it is copied.
    fn alias(&mut self, id: usize, place: &Range<usize>) -> Result<Node, ReadError> {
        self.beyond.get_or_insert_with(|| place.clone());
        let Some(anchored) = self.anchors.get(&id) else {
            return Err(ReadError::at(place.clone(), ReadProblem::Recursive));
        };
        check_depth(self.depth - 1 + anchored.depth, place)?;
        self.budget.count(anchored.weight, place)?;
        Ok(anchored.node.clone())
    }

    fn items(&mut self) -> Result<(Vec<Node>, usize), ReadError> {
        let mut items = Vec::new();
        let mut end = 0;
        loop {
            match self.next()? {
                (Event::SequenceEnd, span) => return Ok((items, end.max(bytes(&span).start.min(self.end)))),
                (event, span) => {
                    let item = self.node(event, &span)?;
                    end = end.max(item.bytes.end);
                    items.push(item);
                }
            }
        }
    }

    fn entries(&mut self) -> Result<(Entries, usize), ReadError> {
        let mut entries = Entries::new();
        let (mut merges, mut merged) = (Vec::new(), false);
        let mut end = 0;
        loop {
            let (event, span) = self.next()?;
            let place = bytes(&span);
            if event == Event::MappingEnd {
                break end = end.max(place.start.min(self.end));
            }
            let merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let key = if merge {
                // Of two, some readers take the first and some the last.
                if std::mem::replace(&mut merged, true) {
                    return Err(ReadError::at(place, ReadProblem::DuplicateKey("<<".to_owned())));
                }
                self.beyond.get_or_insert_with(|| place.clone());
                String::new()
            } else {
                self.key(event, &place)?
            };
            let (event, span) = self.next()?;
            let value = self.node(event, &span)?;
            end = end.max(value.bytes.end);
            if merge {
                merges.extend(maps_of(value)?);
                continue;
            }
            self.budget.count(key.len() + 3, &place)?;
            if entries.contains_key(&key) {
                return Err(ReadError::at(place, ReadProblem::DuplicateKey(key)));
            }
            entries.insert(key, (place, value));
        }
        // What is written in the map itself wins, then the earlier one of what is merged.
        for (key, value) in merges.into_iter().flatten() {
            entries.entry(key).or_insert(value);
        }
        Ok((entries, end))
    }

    fn key(&mut self, event: Event<'a>, place: &Range<usize>) -> Result<String, ReadError> {
        let failed = |problem| ReadError::at(place.clone(), problem);
        match event {
            Event::Scalar(_, _, _, Some(tag)) if tag.core_suffix() != Some("str") && !non_specific(&tag) => {
                Err(failed(ReadProblem::NotAKey))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none_or(|tag| non_specific(&tag));
                let key = if plain { scalar::key(&text).map_err(failed)? } else { text.into_owned() };
                if anchor != 0 {
                    let node = Node { bytes: place.clone(), content: Content::Scalar(Value::String(key.clone())) };
                    self.anchors.insert(anchor, Anchored { node, depth: 1, weight: key.len().max(1) });
                }
                Ok(key)
            }
            Event::Alias(id) => match self.alias(id, place)?.content {
                Content::Scalar(Value::String(text)) => Ok(text),
                _ => Err(failed(ReadProblem::NotAKey)),
            },
            _ => Err(failed(ReadProblem::NotAKey)),
        }
    }
}

fn bytes(span: &Span) -> Range<usize> {
    let begin = span.start.byte_offset().unwrap_or(0);
    begin..span.end.byte_offset().unwrap_or(begin).max(begin)
}

/// The maps that a merge key holds, in the order in which they win.
fn maps_of(node: Node) -> Result<Vec<Entries>, ReadError> {
    match node.content {
        Content::Map(map) => Ok(vec![map]),
        Content::List(items) => {
            let maps = items.into_iter().map(|item| match item.content {
                Content::Map(map) => Ok(map),
                _ => Err(ReadError::at(item.bytes, ReadProblem::NotAMerge)),
            });
            maps.collect()
        }
        _ => Err(ReadError::at(node.bytes, ReadProblem::NotAMerge)),
    }
}

fn scalar_node(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: &Span) -> Result<Node, ReadError> {
    let place = bytes(span);
    let failed = |problem| ReadError::at(place.clone(), problem);
    let node = |value| Node { bytes: place.clone(), content: Content::Scalar(value) };
    let text_node = || node(Value::String(text.to_owned()));
    let Some(tag) = tag.filter(|tag| !non_specific(tag)) else {
        return match style {
            ScalarStyle::Plain => scalar::plain(text).map(node).map_err(failed),
            _ => Ok(text_node()),
        };
    };
    if let Some(name) = function(tag) {
        return Ok(called(name, text_node(), span));
    }
    let value = || scalar::plain(text).map_err(failed);
    let name = tag.original();
    match tag.core_suffix() {
        Some("str") => Ok(text_node()),
        Some("bool") => {
            Some(value()?).filter(Value::is_boolean).map(node).ok_or_else(|| failed(ReadProblem::NotOfType(name)))
        }
        Some("null") => {
            Some(value()?).filter(Value::is_null).map(node).ok_or_else(|| failed(ReadProblem::NotOfType(name)))
        }
        Some("int") => {
            let whole = Some(value()?).filter(|value| value.is_number() && !value.is_f64());
            whole.map(node).ok_or_else(|| failed(ReadProblem::NotOfType(name)))
        }
        Some("float") => match value()? {
            Value::Number(number) if number.is_f64() => Ok(node(Value::Number(number))),
            Value::Number(number) => {
                let float = number.as_f64().and_then(Number::from_f64);
                let float = float.filter(|float| scalar::is_kept(float, &number.to_string()));
                float
                    .map(|float| node(Value::Number(float)))
                    .ok_or_else(|| failed(ReadProblem::Inexact(text.to_owned())))
            }
            _ => Err(failed(ReadProblem::NotOfType(name))),
        },
        _ => Err(failed(ReadProblem::UnknownType(name))),
    }
}

fn collection(node: Node, tag: Option<&Tag>, own: &str, span: &Span) -> Result<Node, ReadError> {
    match tag {
        None => Ok(node),
        Some(tag) => match function(tag) {
            Some(name) => Ok(called(name, node, span)),
            None if tag.core_suffix() == Some(own) || non_specific(tag) => Ok(node),
            None => Err(ReadError::at(node.bytes, ReadProblem::UnknownType(tag.original()))),
        },
    }
}

/// A lone `!` says no type: libyaml and what is made after it take it for nothing.
fn non_specific(tag: &Tag) -> bool {
    tag.original() == "!"
}

/// The name in a short function, `Sub` in `!Sub`.
fn function(tag: &Tag) -> Option<&str> {
    let name = tag.suffix();
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == ':');
    (tag.original_handle() == "!" && letters && name.starts_with(|c: char| c.is_ascii_alphabetic())).then_some(name)
}

/// The long form of a short function. \[doc: "Intrinsic function reference", short forms\]
fn called(name: &str, inside: Node, span: &Span) -> Node {
    let begin = span.tag_start.and_then(|marker| marker.byte_offset()).unwrap_or(inside.bytes.start);
    let tag = begin..begin + name.len() + 1;
    match name {
        "Ref" | "Condition" => Node::function(name.to_owned(), tag, inside),
        "GetAtt" => Node::function("Fn::GetAtt".to_owned(), tag, attribute(inside)),
        _ => Node::function(format!("Fn::{name}"), tag, inside),
    }
}

/// `Resource.Attribute` as the two that it stands for; the attribute may have dots, the resource has none.
fn attribute(node: Node) -> Node {
    let Content::Scalar(Value::String(text)) = &node.content else { return node };
    let part =
        |text: &str| Node { bytes: node.bytes.clone(), content: Content::Scalar(Value::String(text.to_owned())) };
    let parts = match text.split_once('.') {
        Some((resource, attribute)) => vec![part(resource), part(attribute)],
        None => vec![part(text)],
    };
    Node { bytes: node.bytes.clone(), content: Content::List(parts) }
}
