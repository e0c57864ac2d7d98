//! Template bodies as JSON values: JSON, or YAML with CloudFormation's short tags (`!Ref`, `!Sub`, `!GetAtt`, …).

use granit_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// How deep a document may be nested.
const MAX_DEPTH: usize = 64;

/// Reads a body. A body that begins with `{` is JSON, any other is YAML. The error is a sentence.
pub(super) fn read(body: &str) -> Result<Value, String> {
    if body.trim_start().starts_with('{') {
        return serde_json::from_str(body).map_err(|error| format!("JSON not well-formed. ({error})"));
    }
    let mut reader = Reader { parser: Parser::new_from_str(body), depth: 0 };
    loop {
        match reader.next()? {
            Event::StreamStart | Event::DocumentStart(..) => {}
            Event::StreamEnd | Event::DocumentEnd => return Err("the template is empty".to_owned()),
            event => return reader.node(event),
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Event<'a>, String> {
        loop {
            match self.parser.next_event() {
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok((event, _))) => return Ok(event),
                Some(Err(error)) => return Err(format!("YAML not well-formed. ({error})")),
                None => return Ok(Event::StreamEnd),
            }
        }
    }

    fn node(&mut self, event: Event<'a>) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("nested deeper than {MAX_DEPTH}"));
        }
        let value = match event {
            Event::Scalar(text, style, _, tag) => match tag {
                Some(tag) if tag.handle() == "!" => tagged(tag.suffix(), Value::String(text.into_owned()))?,
                Some(_) => Value::String(text.into_owned()),
                None if style == ScalarStyle::Plain => plain(&text),
                None => Value::String(text.into_owned()),
            },
            Event::SequenceStart(_, _, tag) => {
                let items = self.items()?;
                local(tag.as_deref(), Value::Array(items))?
            }
            Event::MappingStart(_, _, tag) => {
                let map = self.entries()?;
                local(tag.as_deref(), Value::Object(map))?
            }
            Event::Alias(_) => return Err("YAML aliases are not supported in CloudFormation templates".to_owned()),
            other => return Err(format!("YAML not well-formed. (unexpected {other:?})")),
        };
        self.depth -= 1;
        Ok(value)
    }

    fn items(&mut self) -> Result<Vec<Value>, String> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(items),
                event => items.push(self.node(event)?),
            }
        }
    }

    fn entries(&mut self) -> Result<Map<String, Value>, String> {
        let mut map = Map::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok(map),
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return Err("a key has to be a string".to_owned()),
            };
            let event = self.next()?;
            let value = self.node(event)?;
            if map.insert(key.clone(), value).is_some() {
                return Err(format!("the key `{key}` is there twice"));
            }
        }
    }
}

/// A plain scalar in YAML's core schema. A date stays a string, as in `AWSTemplateFormatVersion: 2010-09-09`.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.trim_start_matches(['-', '+']);
    if digits.starts_with(|c: char| c.is_ascii_digit())
        && (digits.len() == 1 || !digits.starts_with('0') || digits.contains('.'))
    {
        if let Ok(number) = text.parse::<i64>() {
            return Value::from(number);
        }
        if let Some(number) = text.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
            return Value::Number(number);
        }
    }
    Value::String(text.to_owned())
}

fn local(tag: Option<&granit_parser::Tag>, value: Value) -> Result<Value, String> {
    match tag {
        Some(tag) if tag.handle() == "!" => tagged(tag.suffix(), value),
        _ => Ok(value),
    }
}

/// The long form of a short tag. \[doc: "Intrinsic function reference", short forms\]
fn tagged(tag: &str, value: Value) -> Result<Value, String> {
    let key = match tag {
        "Ref" | "Condition" => tag.to_owned(),
        "And" | "Base64" | "Cidr" | "Equals" | "FindInMap" | "GetAZs" | "GetAtt" | "If" | "ImportValue" | "Join"
        | "Not" | "Or" | "Select" | "Split" | "Sub" | "Transform" => format!("Fn::{tag}"),
        other => return Err(format!("the tag !{other} is not known")),
    };
    let value = match (tag, value) {
        ("GetAtt", Value::String(text)) => {
            let (resource, attribute) = text.split_once('.').ok_or("!GetAtt takes `resource.attribute`")?;
            Value::from(vec![resource, attribute])
        }
        (_, value) => value,
    };
    Ok(Value::Object(Map::from_iter([(key, value)])))
}
