//! The lines of a hunk.

use serde_json::{Map, Value};
use similar::{ChangeTag, TextDiff};

use super::super::escape::{visible, visible_lines};
use super::super::secret::{CLOSE, OPEN, against};
use super::{Line, Sign, lists, names};
use crate::cfn::yaml;

/// The head of a resource's hunk.
pub(super) fn head(id: &str, kind: &str) -> String {
    visible(&against(&format!("{id} ({kind})"), None))
}

/// Lines of two sides, below the paths that they are at.
#[derive(Default)]
pub(super) struct Writer {
    lines: Vec<Line>,
    /// The path that the last lines are at.
    path: Vec<String>,
}

impl Writer {
    pub(super) fn into_lines(self) -> Vec<Line> {
        self.lines
    }

    /// What differs in a resource that both sides have: its properties, and what stands next to them.
    pub(super) fn resource(&mut self, old: &Value, new: &Value) {
        let none = Map::new();
        let [old, new] = [old, new].map(|body| body.as_object().unwrap_or(&none));
        for name in names(old, new) {
            match name {
                "Properties" => {}
                name => self.values(&[], name, old.get(name), new.get(name)),
            }
        }
        let [old, new] = [old, new].map(|body| body.get("Properties").and_then(Value::as_object).unwrap_or(&none));
        for name in names(old, new) {
            self.values(&[], name, old.get(name), new.get(name));
        }
    }

    /// What differs in a section.
    pub(super) fn section(&mut self, name: &str, old: Option<&Value>, new: Option<&Value>) {
        let none = Map::new();
        match [old, new].map(|part| part.map_or(Some(&none), Value::as_object)) {
            [Some(old), Some(new)] => {
                names(old, new).into_iter().for_each(|name| self.values(&[], name, old.get(name), new.get(name)))
            }
            _ => self.values(&[], name, old, new),
        }
    }

    /// A resource that only one side has.
    pub(super) fn alone(&mut self, sign: Sign, body: &Value) {
        let none = Map::new();
        let body = body.as_object().unwrap_or(&none);
        let beside = body.iter().filter(|(name, _)| !matches!(name.as_str(), "Type" | "Properties"));
        let properties = body.get("Properties").and_then(Value::as_object).into_iter().flatten();
        let all: Map<String, Value> =
            beside.chain(properties).map(|(name, value)| (name.clone(), value.clone())).collect();
        if !all.is_empty() {
            let text = text(&Value::Object(all));
            self.push(sign, 1, &against(&text, None));
        }
    }

    /// A value that one side does not say.
    pub(super) fn unknown(&mut self, name: &str, new: &Value) {
        let text = text(&entry(name, new));
        self.push(
            Sign::Both,
            1,
            &format!("{} (AWS does not show the deployed value)", against(&text, None).trim_end()),
        );
    }

    /// What differs between two values of a key at a path.
    pub(super) fn values(&mut self, path: &[String], key: &str, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (old, new) if old == new => {}
            (Some(Value::Object(old)), Some(Value::Object(new))) if !is_function(old) && !is_function(new) => {
                let path = joined(path, key);
                names(old, new).into_iter().for_each(|name| self.values(&path, name, old.get(name), new.get(name)));
            }
            (Some(Value::Array(old)), Some(Value::Array(new))) => lists::compare(self, &joined(path, key), old, new),
            (Some(Value::String(old)), Some(Value::String(new))) if old.contains('\n') && new.contains('\n') => {
                self.texts(&joined(path, key), old, new);
            }
            (old, new) => self.sides(path, old.map(|value| entry(key, value)), new.map(|value| entry(key, value))),
        }
    }

    /// Two values that have nothing in common, or one of them.
    pub(super) fn sides(&mut self, path: &[String], old: Option<Value>, new: Option<Value>) {
        let depth = self.at(path);
        let [old, new] = [old, new].map(|value| value.map(|value| text(&value)));
        if let Some(old) = &old {
            self.push(Sign::Before, depth, &against(old, None));
        }
        if let Some(new) = new {
            self.push(Sign::After, depth, &against(&new, old.as_deref()));
        }
    }

    /// Two texts of several lines.
    fn texts(&mut self, path: &[String], old: &str, new: &str) {
        let depth = self.at(path);
        let (shown_old, shown_new) = (visible_lines(&against(old, None)), visible_lines(&against(new, Some(old))));
        let difference = TextDiff::from_lines(&shown_old, &shown_new);
        for change in difference.iter_all_changes() {
            let sign = match change.tag() {
                ChangeTag::Delete => Sign::Before,
                ChangeTag::Insert => Sign::After,
                ChangeTag::Equal => continue,
            };
            self.push(sign, depth, change.value());
        }
    }

    /// Says where the next lines are, unless the last ones are there; how deep they are.
    fn at(&mut self, path: &[String]) -> usize {
        if path.is_empty() {
            self.path.clear();
            return 1;
        }
        if self.path != path {
            self.path = path.to_vec();
            let shown = visible(&against(&path.join("/"), None));
            self.lines.push(Line { sign: Sign::Both, text: format!("  {shown}") });
        }
        2
    }

    fn push(&mut self, sign: Sign, depth: usize, text: &str) {
        let indent = "  ".repeat(depth);
        let line = |line: &str| Line { sign, text: format!("{indent}{}", visible(line)).trim_end().to_owned() };
        self.lines.extend(text.lines().map(line));
    }
}

fn joined(path: &[String], key: &str) -> Vec<String> {
    path.iter().cloned().chain([key.to_owned()]).collect()
}

fn entry(key: &str, value: &Value) -> Value {
    Value::Object([(key.to_owned(), value.clone())].into_iter().collect())
}

fn is_function(map: &Map<String, Value>) -> bool {
    map.len() == 1 && map.keys().all(|key| key == "Ref" || key.starts_with("Fn::"))
}

/// A value as YAML for people: unseen characters are written out, and a value that is hidden as a whole has no quotes.
fn text(value: &Value) -> String {
    let text = yaml(&written(value)).replace("\\\\u{", "\\u{");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once('"') {
        let sealed = behind.strip_prefix(OPEN).and_then(|sealed| sealed.split_once(CLOSE));
        match sealed.and_then(|(number, behind)| Some((number, behind.strip_prefix('"')?))) {
            Some((number, behind)) => {
                out.push_str(&format!("{before}{OPEN}{number}{CLOSE}"));
                rest = behind;
            }
            None => {
                out.push_str(before);
                out.push('"');
                rest = behind;
            }
        }
    }
    out + rest
}

/// The value with unseen characters written out, but not the marks of what is sealed.
fn written(value: &Value) -> Value {
    let of = |text: &str| {
        let parts: Vec<String> = text
            .split(OPEN)
            .map(|part| part.split(CLOSE).map(visible_lines).collect::<Vec<_>>().join(&CLOSE.to_string()))
            .collect();
        parts.join(&OPEN.to_string())
    };
    match value {
        Value::String(text) => Value::String(of(text)),
        Value::Array(items) => Value::Array(items.iter().map(written).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (of(key), written(value))).collect()),
        other => other.clone(),
    }
}
