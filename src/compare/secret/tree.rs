//! Secrets in a document: names come from keys, from `Name` next to `Value`, from parameters and outputs.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::{Map, Value};

use super::names::{Named, judge};
use super::{OPAQUE, Vault, clean, hook};
use crate::cfn::Document;

/// Seals the secrets of documents and values.
pub(super) struct Walk<'v> {
    pub(super) vault: &'v mut Vault,
    /// How deep this tree is inside of texts.
    pub(super) depth: usize,
}

impl Walk<'_> {
    pub(super) fn document(&mut self, document: &Document) -> Document {
        let declared = no_echo(document);
        let sections = document.as_map().iter().map(|(name, section)| {
            let section = match (name.as_str(), section) {
                ("Parameters", Value::Object(all)) => self.parameters(all, &declared),
                (super::super::values::HEADING, Value::Object(all)) => self.given(all, &declared),
                ("Outputs", Value::Object(all)) => self.each(all, |walk, id, body| walk.output(id, body)),
                ("Mappings", Value::Object(all)) => self.each(all, |walk, id, body| walk.mapping(body, judge(id))),
                ("Resources", Value::Object(all)) => self.each(all, |walk, id, body| walk.resource(id, body)),
                (_, section) => self.value(section, Named::Plain, ""),
            };
            (name.clone(), section)
        });
        Document::from_sections(sections.collect())
    }

    fn each(&mut self, all: &Map<String, Value>, mut run: impl FnMut(&mut Self, &str, &Value) -> Value) -> Value {
        Value::Object(all.iter().map(|(id, body)| (self.key(id), run(self, id, body))).collect())
    }

    fn parameters(&mut self, all: &Map<String, Value>, declared: &BTreeSet<&str>) -> Value {
        self.each(all, |walk, name, body| {
            let Value::Object(body) = body else { return walk.value(body, Named::Plain, "") };
            let named = if declared.contains(name) { Named::Declared } else { judge(name) };
            walk.entries(body, |key| if matches!(key, "Default" | "AllowedValues") { named } else { Named::Plain })
        })
    }

    fn given(&mut self, all: &Map<String, Value>, declared: &BTreeSet<&str>) -> Value {
        self.each(all, |walk, name, value| {
            walk.value(value, if declared.contains(name) { Named::Declared } else { judge(name) }, name)
        })
    }

    fn output(&mut self, id: &str, body: &Value) -> Value {
        let Value::Object(body) = body else { return self.value(body, Named::Plain, "") };
        self.entries(body, |key| if key == "Value" { judge(id) } else { Named::Plain })
    }

    fn mapping(&mut self, value: &Value, named: Named) -> Value {
        match value {
            Value::Object(map) => self.each(map, |walk, key, inside| walk.mapping(inside, named.max(judge(key)))),
            other => self.value(other, named, ""),
        }
    }

    /// A resource: of a parameter in SSM and of a secret the names say what the value is.
    fn resource(&mut self, id: &str, body: &Value) -> Value {
        let Value::Object(parts) = body else { return self.value(body, Named::Plain, "") };
        let kind = parts.get("Type").and_then(Value::as_str).unwrap_or("");
        let named = match kind {
            "AWS::ApiGateway::ApiKey" => Named::Secret,
            "AWS::SSM::Parameter" => judge(id),
            _ => Named::Plain,
        };
        let parts = parts.iter().map(|(key, part)| match part {
            Value::Object(properties) if key == "Properties" && named > Named::Plain => {
                let beside = Named::beside(properties);
                let of = |key: &str| if key == "Value" { named.max(beside) } else { judge(key) };
                (key.clone(), self.entries(properties, of))
            }
            part => (self.key(key), self.value(part, Named::Plain, key)),
        });
        Value::Object(parts.collect())
    }

    fn entries(&mut self, map: &Map<String, Value>, of: impl Fn(&str) -> Named) -> Value {
        Value::Object(map.iter().map(|(key, value)| (self.key(key), self.value(value, of(key), key))).collect())
    }

    /// A value under a name that says so much.
    pub(super) fn value(&mut self, value: &Value, named: Named, name: &str) -> Value {
        match value {
            Value::String(text) => Value::String(self.vault.at_depth(named, hook(name), text, self.depth)),
            Value::Number(number) if named > Named::Login => Value::String(self.vault.seal(&number.to_string())),
            Value::Bool(flag) if named == Named::Declared => Value::String(self.vault.seal(&flag.to_string())),
            Value::Array(items) => self.list(items, named, name),
            Value::Object(map) => self.map(map, named, name),
            other => other.clone(),
        }
    }

    /// A list; if it is a command, an option says what the item behind it is.
    fn list(&mut self, items: &[Value], named: Named, name: &str) -> Value {
        let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
        let command = |texts: &Vec<&str>| texts.len() > 1 && texts.iter().any(|text| text.starts_with('-'));
        match texts.filter(command) {
            Some(texts) if named == Named::Plain => {
                let texts: Vec<String> = texts.iter().map(|text| clean(text)).collect();
                let places = places(&texts, 1);
                let spans = self.vault.spans(Named::Plain, false, &texts.join(" "), self.depth);
                let items = texts.iter().zip(&places).map(|(text, place)| {
                    let inside = clipped(&spans, place);
                    let sealed = self.vault.cut(text, &inside);
                    let own = inside.is_empty().then(|| self.vault.at_depth(Named::Plain, false, text, self.depth));
                    Value::String(own.unwrap_or(sealed))
                });
                Value::Array(items.collect())
            }
            _ => Value::Array(items.iter().map(|item| self.value(item, named, name)).collect()),
        }
    }

    fn map(&mut self, map: &Map<String, Value>, named: Named, name: &str) -> Value {
        if let Some((function, inside)) =
            map.iter().next().filter(|(key, _)| map.len() == 1 && (key.starts_with("Fn::") || *key == "Ref"))
        {
            let inside = self.function(function, inside, named, name);
            return Value::Object([(function.clone(), inside)].into_iter().collect());
        }
        self.entries(map, |key| Named::of_entry(named, map, key))
    }

    /// What a function is given. Its result has the name that stands before it.
    fn function(&mut self, function: &str, inside: &Value, named: Named, name: &str) -> Value {
        match (function, inside) {
            ("Ref" | "Fn::GetAtt" | "Fn::FindInMap" | "Fn::GetAZs", _) => inside.clone(),
            ("Fn::Sub", Value::String(text)) => Value::String(self.substituted(text, named, name)),
            ("Fn::Sub", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(text), variables @ ..] => {
                    let text = Value::String(self.substituted(text, named, name));
                    let variables = variables.iter().map(|variables| self.value(variables, Named::Plain, ""));
                    Value::Array(std::iter::once(text).chain(variables.collect::<Vec<_>>()).collect())
                }
                _ => self.value(inside, named, name),
            },
            ("Fn::Join", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(between), Value::Array(items)] => {
                    Value::Array(vec![Value::String(between.clone()), self.joined(between, items, named, name)])
                }
                _ => self.value(inside, named, name),
            },
            // What is compared with a secret is one.
            ("Fn::Equals", Value::Array(parts)) => {
                let refers = |part: &Value| part.get("Ref").and_then(Value::as_str).map_or(Named::Plain, judge);
                let named = parts.iter().map(refers).max().unwrap_or(named).max(named);
                Value::Array(parts.iter().map(|part| self.value(part, named, name)).collect())
            }
            ("Fn::If", Value::Array(parts)) => {
                let parts = parts.iter().enumerate();
                Value::Array(
                    parts
                        .map(|(index, part)| if index == 0 { part.clone() } else { self.value(part, named, name) })
                        .collect(),
                )
            }
            _ => self.value(inside, named, name),
        }
    }

    /// The text of `Fn::Sub`, whose variables are not literal.
    fn substituted(&mut self, text: &str, named: Named, name: &str) -> String {
        let text = clean(text);
        let mut parts: Vec<(bool, &str)> = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("${").filter(|at| rest.get(at + 2..).is_some_and(|behind| behind.contains('}')))
        {
            let length = rest.get(at..).and_then(|rest| rest.find('}')).map_or(0, |end| end + 1);
            let literal = rest.get(at + 2..).is_some_and(|behind| behind.starts_with('!'));
            parts.push((true, rest.get(..at).unwrap_or("")));
            parts.push((literal, rest.get(at..at + length).unwrap_or("")));
            rest = rest.get(at + length..).unwrap_or("");
        }
        parts.push((true, rest));
        let sealed = self.parts(&parts, named, name);
        parts.iter().zip(sealed).map(|((_, own), sealed)| sealed.unwrap_or_else(|| (*own).to_owned())).collect()
    }

    /// The items of `Fn::Join`: of the texts that they make together, the secrets are cut from the literal ones.
    fn joined(&mut self, between: &str, items: &[Value], named: Named, name: &str) -> Value {
        let texts: Vec<String> = items.iter().map(|item| clean(item.as_str().unwrap_or(""))).collect();
        let between = clean(between);
        let mut parts: Vec<(bool, &str)> = Vec::new();
        for (index, (item, text)) in items.iter().zip(&texts).enumerate() {
            if index > 0 {
                parts.push((true, &between));
            }
            parts.push((item.is_string(), text));
        }
        let sealed = self.parts(&parts, named, name);
        let mut sealed = sealed.into_iter().step_by(2);
        let items = items.iter().map(|item| match sealed.next().flatten() {
            Some(sealed) => Value::String(sealed),
            None => self.value(item, named, name),
        });
        Value::Array(items.collect())
    }

    /// Literal parts of a text with the secrets of the whole sealed; none for those that are not literal.
    fn parts(&mut self, parts: &[(bool, &str)], named: Named, name: &str) -> Vec<Option<String>> {
        let texts: Vec<String> = parts
            .iter()
            .map(|(literal, text)| if *literal { (*text).to_owned() } else { OPAQUE.to_string() })
            .collect();
        let spans = self.vault.spans(named, hook(name), &texts.concat(), self.depth);
        let places = places(&texts, 0);
        let sealed = parts
            .iter()
            .zip(&texts)
            .zip(&places)
            .map(|(((literal, _), text), place)| literal.then(|| self.vault.cut(text, &clipped(&spans, place))));
        sealed.collect()
    }

    /// A key, in which a secret can only be by its form.
    fn key(&mut self, key: &str) -> String {
        if !key.contains(|c: char| c.is_ascii_digit()) {
            return clean(key);
        }
        let mut found = Vec::new();
        super::tokens::find(key, &mut found);
        let key = clean(key);
        self.vault.cut(&key, &super::apart(&key, found))
    }
}

/// Where texts are in what they make together, with so many bytes between two.
fn places(texts: &[String], gap: usize) -> Vec<Range<usize>> {
    let mut at = 0;
    let place = |text: &String| {
        let place = at..at + text.len();
        at = place.end + gap;
        place
    };
    texts.iter().map(place).collect()
}

/// The parts of spans that are in a place, counted from its beginning.
fn clipped(spans: &[Range<usize>], place: &Range<usize>) -> Vec<Range<usize>> {
    let clip = |span: &Range<usize>| {
        let (start, end) = (span.start.max(place.start), span.end.min(place.end));
        (start < end).then(|| start - place.start..end - place.start)
    };
    spans.iter().filter_map(clip).collect()
}

/// The parameters that are declared NoEcho.
fn no_echo(document: &Document) -> BTreeSet<&str> {
    let all = document.section("Parameters").and_then(Value::as_object);
    let declared = |body: &Value| match body.get("NoEcho") {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(flag)) => !flag.eq_ignore_ascii_case("false"),
        _ => false,
    };
    all.into_iter().flatten().filter(|(_, body)| declared(body)).map(|(name, _)| name.as_str()).collect()
}
