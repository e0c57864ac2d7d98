//! A parameter's value against its declaration, where CloudFormation's rules are plain.
//!
//! \[doc: "Parameters": types, AllowedPattern, AllowedValues, MinLength …\] The existence of what a type like
//! `AWS::EC2::VPC::Id` names, and the value behind a parameter of SSM, only AWS can check.

use serde_json::Value;

use super::codes;

/// What is wrong with a value.
pub(super) struct Fault {
    pub(super) code: &'static str,
    /// To stand behind the parameter's name.
    pub(super) words: String,
    pub(super) help: Option<&'static str>,
}

/// What is wrong with a value; none if it is valid or only AWS can decide. `accepted` says that the value is not a secret.
pub(super) fn fault(declared: &Value, value: &str, accepted: bool) -> Option<Fault> {
    let secret = text(declared.get("NoEcho")).is_some_and(|flag| flag.eq_ignore_ascii_case("true"));
    let reference = value.starts_with("{{resolve:") && value.ends_with("}}");
    if secret && !accepted && !reference && !value.is_empty() {
        let words = "is declared NoEcho, and its value is in the repository".to_owned();
        let help =
            Some("give it a dynamic reference: `{{resolve:secretsmanager:<ARN of the secret>:SecretString:<key>}}`");
        return Some(Fault { code: codes::SECRET_PARAMETER, words, help });
    }
    let kind = declared.get("Type").and_then(Value::as_str).unwrap_or("String");
    if reference || kind.starts_with("AWS::SSM::Parameter::") {
        return None;
    }
    let list = kind == "CommaDelimitedList" || kind.starts_with("List<");
    let elements: Vec<&str> = if list { value.split(',').map(str::trim).collect() } else { vec![value] };
    let number = matches!(kind, "Number" | "List<Number>");
    let words = elements.into_iter().find_map(|element| wrong(declared, element, number))?;
    Some(Fault { code: codes::PARAMETER_VALUE, words, help: None })
}

/// What is wrong with one element, to stand behind the parameter's name.
fn wrong(declared: &Value, element: &str, number: bool) -> Option<String> {
    let parsed = element.parse::<f64>().ok().filter(|number| number.is_finite());
    if number && parsed.is_none() {
        return Some(format!("must be a number, and `{element}` is not"));
    }
    let allowed: Vec<String> = declared
        .get("AllowedValues")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|value| text(Some(value)))
        .collect();
    let same = |one: &String| one == element || number && one.parse().ok() == parsed;
    if !allowed.is_empty() && !allowed.iter().any(same) {
        return Some(format!("must be one of {}, not `{element}`", allowed.join(", ")));
    }
    if number {
        return bounds(declared, "MinValue", "MaxValue", parsed?)
            .map(|bounds| format!("must be {bounds}, not {element}"));
    }
    let length = element.chars().count();
    if let Some(bounds) = bounds(declared, "MinLength", "MaxLength", length as f64) {
        return Some(format!("must have {bounds} characters, and `{element}` has {length}"));
    }
    let pattern = declared.get("AllowedPattern").and_then(Value::as_str)?;
    // A pattern that only Java's engine knows is left to CloudFormation.
    let whole = regex_lite::Regex::new(&format!("^(?:{pattern})$")).ok()?;
    (!whole.is_match(element)).then(|| format!("must match `{pattern}`, and `{element}` does not"))
}

/// The bounds in words, if a number is beyond them.
fn bounds(declared: &Value, least: &str, most: &str, is: f64) -> Option<String> {
    let bound = |key: &str| text(declared.get(key))?.parse::<f64>().ok();
    match (bound(least), bound(most)) {
        (Some(least), Some(most)) if is < least || is > most => Some(format!("{least} to {most}")),
        (Some(least), _) if is < least => Some(format!("{least} or more")),
        (_, Some(most)) if is > most => Some(format!("{most} or less")),
        _ => None,
    }
}

/// A scalar as text.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
