//! `AWS::LanguageExtensions`: loops, `Fn::Length`, `Fn::ToJsonString`, and functions where CloudFormation takes none by itself.
//!
//! \[doc: "AWS::LanguageExtensions transform"\] Its functions become their values; the others stay for the deployment. What
//! only a resource tells is not known yet, so that a function that needs it to decide fails. \[?\] Of AWS's words for what
//! goes wrong, "layout is incorrect" is reported; the others are not.

use serde_json::{Map, Value, json};

use super::super::eval::{Scope, as_text, function, size};
use super::super::template::{Template, section};
use super::loops::{self, Loop, Turn};
use super::{Site, late};

/// Attributes of resources that may be functions.
const POLICIES: [&str; 2] = ["DeletionPolicy", "UpdateReplacePolicy"];

/// What a template becomes. The error is a sentence.
pub(super) fn expand(site: &Site<'_>, mut root: Map<String, Value>) -> Result<Map<String, Value>, String> {
    loops::check_names(&root)?;
    let mut facts = Template::declaring(site.declared.clone());
    facts.mappings = section(&root, "Mappings").map_err(|error| error.message)?;
    // Conditions are known to the sections after them.
    for name in ["Conditions", "Resources", "Outputs"] {
        let Some(Value::Object(written)) = root.get(name) else { continue };
        let walk = Walk { scope: site.scope(&facts) };
        let mut expanded = walk.map(written)?;
        if name == "Resources" {
            expanded.values_mut().try_for_each(|resource| walk.policies(resource))?;
        }
        if name == "Conditions" {
            facts.conditions.clone_from(&expanded);
        }
        root.insert(name.to_owned(), Value::Object(expanded));
    }
    Ok(root)
}

/// Goes through a section.
struct Walk<'a> {
    scope: Scope<'a>,
}

fn malformed(function: &str) -> String {
    format!("{function} layout is incorrect")
}

impl Walk<'_> {
    fn value(&self, value: &Value) -> Result<Value, String> {
        self.scope.pay(1)?;
        match value {
            Value::Array(items) => {
                Ok(Value::Array(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?))
            }
            Value::Object(map) => match function(value) {
                Some((key, inside)) if !loops::is_loop(key) => self.function(key, inside),
                _ => self.map(map).map(Value::Object),
            },
            scalar => Ok(scalar.clone()),
        }
    }

    fn map(&self, map: &Map<String, Value>) -> Result<Map<String, Value>, String> {
        let mut result = Map::new();
        for (key, inside) in map {
            let more = match loops::is_loop(key) {
                true => self.repeated(&Loop::read(key, inside)?)?,
                false => [(key.clone(), self.value(inside)?)].into_iter().collect(),
            };
            for (key, value) in more {
                if result.contains_key(&key) {
                    return Err(loops::duplicate(&key));
                }
                result.insert(key, value);
            }
        }
        Ok(result)
    }

    /// Every turn of a loop, expanded.
    fn repeated(&self, written: &Loop<'_>) -> Result<Map<String, Value>, String> {
        let collection = self.scope.value(&self.value(written.collection)?)?;
        let Some(Value::Array(items)) = collection else { return Err(malformed("Fn::ForEach")) };
        let cost: usize = written.fragment.iter().map(|(key, inside)| key.len() + size(inside)).sum();
        let mut result = Map::new();
        for item in &items {
            let item = as_text(item).ok_or_else(|| malformed("Fn::ForEach"))?;
            // A text grows by the item for each of its bytes at most, and each turn copies the fragment.
            self.scope.pay(cost / 16 + item.len() + 1)?;
            let turn = Turn::new(written.identifier, &item).map(written.fragment)?;
            self.scope.pay(turn.values().map(size).sum::<usize>().saturating_sub(cost))?;
            for (key, value) in self.map(&turn)? {
                if result.contains_key(&key) {
                    return Err(loops::duplicate(&key));
                }
                result.insert(key, value);
            }
        }
        Ok(result)
    }

    fn function(&self, key: &str, inside: &Value) -> Result<Value, String> {
        match (key, inside) {
            ("Fn::Length", list) => self.length(list),
            ("Fn::ToJsonString", Value::Object(_) | Value::Array(_)) => {
                late::to_json(&self.scope, &self.value(inside)?)
            }
            ("Fn::ToJsonString", _) => Err(malformed(key)),
            ("Fn::FindInMap", _) => self.find_in_map(inside),
            // The name of a condition is no function. \[iss: cfn-language-discussion#135\]
            ("Fn::If", written) if !written.get(0).is_some_and(Value::is_string) => Err(malformed(key)),
            ("Ref", Value::Object(_)) => Ok(json!({ "Ref": self.text(inside)? })),
            ("Fn::GetAtt", Value::Array(parts)) if parts.iter().any(Value::is_object) => {
                let parts: Vec<String> = parts.iter().map(|part| self.text(part)).collect::<Result<_, _>>()?;
                Ok(json!({ "Fn::GetAtt": parts }))
            }
            _ => Ok(Value::Object([(key.to_owned(), self.value(inside)?)].into_iter().collect())),
        }
    }

    /// The text that something is already.
    fn text(&self, value: &Value) -> Result<String, String> {
        self.scope.text(&self.value(value)?)
    }

    fn length(&self, list: &Value) -> Result<Value, String> {
        let list = self.value(list)?;
        let items = match list {
            Value::Array(items) => Some(items),
            Value::Object(_) => match self.scope.value(&list)? {
                Some(Value::Array(items)) => Some(items),
                _ => None,
            },
            _ => None,
        };
        items.map(|items| json!(items.len())).ok_or_else(|| malformed("Fn::Length"))
    }

    fn find_in_map(&self, inside: &Value) -> Result<Value, String> {
        let wrong = || malformed("Fn::FindInMap");
        let (keys, default) = match inside.as_array().map(Vec::as_slice) {
            Some([map, first, second]) => ([map, first, second], None),
            Some([map, first, second, Value::Object(more)]) if more.len() == 1 => {
                ([map, first, second], Some(more.get("DefaultValue").ok_or_else(wrong)?))
            }
            _ => return Err(wrong()),
        };
        let [map, first, second] = keys.map(|key| self.text(key));
        let (map, first, second) = (map?, first?, second?);
        let mappings = &self.scope.template.mappings;
        let found = mappings.get(&map).and_then(|map| map.get(&first)).and_then(|map| map.get(&second));
        match (found, default) {
            (Some(found), _) => {
                self.scope.pay(size(found))?;
                Ok(found.clone())
            }
            (None, Some(default)) => self.value(default),
            (None, None) => Err(format!("Template error: Unable to get mapping for {map}::{first}::{second}")),
        }
    }

    /// Makes a resource's policies what they say.
    fn policies(&self, resource: &mut Value) -> Result<(), String> {
        let Some(resource) = resource.as_object_mut() else { return Ok(()) };
        for attribute in POLICIES {
            if let Some(written) = resource.get_mut(attribute).filter(|written| written.is_object()) {
                *written = Value::String(self.scope.text(written)?);
            }
        }
        Ok(())
    }
}
