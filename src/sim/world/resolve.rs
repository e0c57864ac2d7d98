//! Dynamic references, and parameters whose values SSM keeps: what stacks of this account and region stored.
//!
//! \[doc: "Dynamic references"\] A stack keeps and compares the reference as it is written; what is made of it gets the value. The
//! account knows the parameters and secrets that its stacks made, and `/aws/service/` of AWS. A parameter that it does not know
//! does not exist; a secret that it does not know exists, and its reference stays as it is.

use std::cell::Cell;
use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::World;
use super::eval::as_text;
use super::parameters::{PUBLIC, given, is_stored, made_up};
use super::stack::{Resource, Stack};
use super::template::{Parameter, Template};
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};

const SSM: &str = "AWS::SSM::Parameter";
const OPEN: &str = "{{resolve:";
/// The most references of one template. \[doc\]
const MOST: usize = 60;

/// The first reference in a text: what is before it, the service and the key, and what is after it.
fn split(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (before, rest) = text.split_once(OPEN)?;
    let (reference, after) = rest.split_once("}}")?;
    let (service, key) = reference.split_once(':')?;
    Some((before, service, key, after))
}

/// \[?\] The words.
fn too_many() -> String {
    format!("Number of dynamic references is greater than maximum allowed, {MOST}")
}

fn has_reference(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(OPEN),
        Value::Array(items) => items.iter().any(has_reference),
        Value::Object(map) => map.values().any(has_reference),
        _ => false,
    }
}

/// The references that are written in a value without anything to put into them.
fn written<'a>(value: &'a Value, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::String(text) => {
            let mut rest = text.as_str();
            while let Some((_, service, key, after)) = split(rest) {
                found.push((service, key));
                rest = after;
            }
        }
        Value::Array(items) => items.iter().for_each(|item| written(item, found)),
        Value::Object(map) => map.values().for_each(|inside| written(inside, found)),
        _ => {}
    }
}

impl World {
    /// Refuses a template with references to parameters that do not exist. \[iss: data-mesh-datazone-cdk-cloudformation#19\]
    pub(super) fn check_references(&self, place: &Place, template: &Template) -> Answer<()> {
        let mut found = Vec::new();
        template
            .resources
            .values()
            .flat_map(|one| one.properties.values())
            .for_each(|value| written(value, &mut found));
        if found.len() > MOST {
            return Err(ApiError::validation(too_many()));
        }
        let missing = |(service, key): &&(&str, &str)| {
            *service == "ssm" && !key.contains("${") && self.parameter_at(place, key).is_err()
        };
        let missing: Vec<String> =
            found.iter().filter(missing).map(|(service, key)| format!("{service}:{key}")).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(ApiError::validation(format!("Parameters: [{}] cannot be found.", missing.join(", "))))
    }

    /// Properties with the values of their references. The error is the reason of a failed resource.
    pub(super) fn resolved(
        &self,
        place: &Place,
        properties: &Map<String, Value>,
    ) -> Result<Map<String, Value>, String> {
        let left = Cell::new(MOST);
        let one = |(name, value): (&String, &Value)| Ok((name.clone(), self.resolved_value(place, value, &left)?));
        properties.iter().map(one).collect()
    }

    fn resolved_value(&self, place: &Place, value: &Value, left: &Cell<usize>) -> Result<Value, String> {
        match value {
            Value::String(text) if text.contains(OPEN) => self.resolved_text(place, text, left).map(Value::String),
            Value::Array(items) => items.iter().map(|item| self.resolved_value(place, item, left)).collect(),
            Value::Object(map) => {
                let one =
                    |(key, inside): (&String, &Value)| Ok((key.clone(), self.resolved_value(place, inside, left)?));
                map.iter().map(one).collect::<Result<_, String>>().map(Value::Object)
            }
            other => Ok(other.clone()),
        }
    }

    fn resolved_text(&self, place: &Place, text: &str, left: &Cell<usize>) -> Result<String, String> {
        let (mut result, mut rest) = (String::new(), text);
        while let Some((before, service, key, after)) = split(rest) {
            // What is made of values is not in the template's own count.
            left.set(left.get().checked_sub(1).ok_or_else(too_many)?);
            result.push_str(before);
            let value = match service {
                "ssm" => Some(self.parameter_at(place, key)?),
                // CloudFormation makes no secure parameter, so that there is none.
                "ssm-secure" => return Err(format!("Parameters: [ssm-secure:{key}] cannot be found.")),
                "secretsmanager" => self.secret_at(place, key)?,
                other => return Err(format!("Template error: {other} is not a service of dynamic references")),
            };
            result.push_str(&value.unwrap_or_else(|| format!("{OPEN}{service}:{key}}}}}")));
            rest = after;
        }
        result.push_str(rest);
        Ok(result)
    }

    /// What is there of a resource, where the references in it are as they were written.
    pub(super) fn as_written(
        &self,
        place: &Place,
        resource: &Resource,
        live: Map<String, Value>,
    ) -> Map<String, Value> {
        let restored = |(name, value): (String, Value)| {
            let own = resource.properties.get(&name).filter(|own| has_reference(own));
            let same = own.filter(|own| self.resolved_value(place, own, &Cell::new(MOST)).is_ok_and(|is| is == value));
            let value = same.cloned().unwrap_or(value);
            (name, value)
        };
        live.into_iter().map(restored).collect()
    }

    /// The resources of a type that living stacks have, with their stacks.
    fn made<'a>(&'a self, place: &Place, kind: &'a str) -> impl Iterator<Item = (&'a Stack, &'a Resource)> {
        let stacks = self.regions.get(place).into_iter().flat_map(|region| region.stacks.values());
        let resources = stacks
            .filter(|stack| stack.lives())
            .flat_map(|stack| stack.resources.values().map(move |one| (stack, one)));
        resources.filter(move |(_, resource)| resource.kind == kind)
    }

    /// The value of a parameter of SSM as it is.
    fn stored(&self, place: &Place, name: &str) -> Option<String> {
        let mut named = self.made(place, SSM).filter(|(_, own)| own.physical_id.as_deref() == Some(name));
        named.find_map(|(_, own)| self.live(place, own)?.get("Value").and_then(as_text))
    }

    /// The value of a version of a parameter: each time that its stack wrote it makes one.
    fn stored_version(&self, place: &Place, name: &str, version: usize) -> Option<String> {
        let mut named = self.made(place, SSM).filter(|(_, own)| own.physical_id.as_deref() == Some(name));
        let (stack, own) = named.next()?;
        let writes = stack.events.iter().filter(|event| {
            event.logical == own.logical
                && event.physical_id == own.physical_id
                && matches!(event.status.as_str(), "CREATE_COMPLETE" | "UPDATE_COMPLETE")
        });
        let event = writes.into_iter().nth(version.checked_sub(1)?)?;
        let properties: Map<String, Value> = serde_json::from_str(event.properties.as_deref()?).ok()?;
        properties.get("Value").and_then(as_text)
    }

    /// The value at a reference to SSM: a name, and perhaps a version.
    fn parameter_at(&self, place: &Place, key: &str) -> Result<String, String> {
        let found = match key.split_once(':') {
            None => self.stored(place, key).or_else(|| key.starts_with(PUBLIC).then(|| made_up(key))),
            Some((name, version)) => version.parse().ok().and_then(|version| self.stored_version(place, name, version)),
        };
        found.ok_or_else(|| format!("Parameters: [ssm:{key}] cannot be found."))
    }

    /// The value at a reference to Secrets Manager; none of a secret that no stack made.
    fn secret_at(&self, place: &Place, key: &str) -> Result<Option<String>, String> {
        let parts: Vec<&str> = key.split(':').collect();
        let (id, rest) = parts.split_at_checked(if key.starts_with("arn:") { 7 } else { 1 }).unwrap_or((&parts, &[]));
        let id = id.join(":");
        let part = |index: usize| rest.get(index).copied().filter(|text| !text.is_empty());
        let is = |arn: &str| {
            let whole = arn.rsplit_once('-').map_or(arn, |(whole, _)| whole);
            arn == id || whole == id || whole.rsplit_once(":secret:").is_some_and(|(_, name)| name == id)
        };
        let found = self
            .made(place, "AWS::SecretsManager::Secret")
            .filter(|(_, own)| own.physical_id.as_deref().is_some_and(is))
            .find_map(|(_, own)| Some((own.physical_id.clone()?, self.live(place, own)?)));
        let Some((arn, live)) = found else { return Ok(None) };
        if part(0).is_some_and(|kind| kind != "SecretString") {
            return Err("Template error: the secret-string of a dynamic reference is SecretString".to_owned());
        }
        if part(2).is_some_and(|stage| stage != "AWSCURRENT") || part(3).is_some() {
            return Err("the simulated account does not model earlier versions of secrets".to_owned());
        }
        let text = secret_text(&arn, &live);
        let Some(name) = part(1) else { return Ok(Some(text)) };
        // AWS's words. \[reports\]
        let missing = || "Could not find a value associated with JSONKey in SecretString".to_owned();
        let inside: Value = serde_json::from_str(&text).map_err(|_| missing())?;
        inside.get(name).and_then(as_text).map(Some).ok_or_else(missing)
    }

    /// The values that `Ref` gives for parameters: those of SSM are what it keeps under the name.
    pub(super) fn values(
        &self,
        place: &Place,
        declared: &IndexMap<String, Parameter>,
        parameters: &BTreeMap<String, String>,
    ) -> Answer<BTreeMap<String, String>> {
        let mut values = parameters.clone();
        let mut missing = Vec::new();
        let of_ssm = declared.iter().filter(|(_, one)| one.kind.starts_with("AWS::SSM::"));
        for (name, declared) in of_ssm {
            let Some(value) = values.get_mut(name) else { continue };
            match self.stored(place, value) {
                Some(stored) if is_stored(&declared.kind) => *value = stored,
                Some(_) => {}
                None if value.starts_with(PUBLIC) => *value = given(declared, value),
                None => missing.push(value.clone()),
            }
        }
        if missing.is_empty() {
            return Ok(values);
        }
        let words =
            format!("Unable to fetch parameters [{}] from parameter store for this account.", missing.join(", "));
        Err(ApiError::validation(words))
    }
}

/// What a secret holds. What Secrets Manager would generate is made up, always the same for a secret.
fn secret_text(arn: &str, properties: &Map<String, Value>) -> String {
    if let Some(text) = properties.get("SecretString").and_then(as_text) {
        return text;
    }
    let generate = properties.get("GenerateSecretString");
    let member = |name: &str| generate.and_then(|generate| generate.get(name)).and_then(as_text);
    let length = member("PasswordLength").and_then(|text| text.parse().ok()).unwrap_or(32_usize).min(4096);
    let letters = std::iter::successors(Some(blake3::hash(arn.as_bytes())), |last| Some(blake3::hash(last.as_bytes())));
    let password: String = letters.flat_map(|hash| hash.to_hex().chars().collect::<Vec<_>>()).take(length).collect();
    let template =
        member("SecretStringTemplate").and_then(|text| serde_json::from_str::<Map<String, Value>>(&text).ok());
    match (template, member("GenerateStringKey")) {
        (Some(mut template), Some(key)) => {
            template.insert(key, Value::String(password));
            Value::Object(template).to_string()
        }
        _ => password,
    }
}
