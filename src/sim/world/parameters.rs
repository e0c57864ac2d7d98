//! Values of parameters against what a template declares. \[doc: "Parameters"\]

use super::template::Parameter;
use crate::sim::error::{Answer, ApiError};

/// What the names begin with of the parameters that AWS keeps in every account and region: images, addresses of services.
pub(super) const PUBLIC: &str = "/aws/service/";

/// Whether the value of a parameter is the name of another, which SSM keeps.
pub(super) fn is_stored(kind: &str) -> bool {
    kind.starts_with("AWS::SSM::Parameter::Value<")
}

/// Whether a type of parameters of SSM is one that this account has: a value, or a name.
pub(super) fn is_modelled(kind: &str) -> bool {
    kind == "AWS::SSM::Parameter::Name" || is_stored(kind)
}

/// Whether `Ref` of a parameter of this type gives a list.
pub(super) fn is_list(kind: &str) -> bool {
    let kind = kind.strip_prefix("AWS::SSM::Parameter::Value<").unwrap_or(kind);
    kind.starts_with("CommaDelimitedList") || kind.starts_with("List<")
}

/// The value of a parameter that AWS keeps: made up, always the same for a name. What is called an image looks like the id of
/// one.
pub(super) fn given(declared: &Parameter, value: &str) -> String {
    if !is_stored(&declared.kind) {
        return value.to_owned();
    }
    let given = made_up(value);
    let is_image = declared.kind.contains("Image::Id") && !given.starts_with("ami-");
    if is_image { format!("ami-{given}") } else { given }
}

/// The value of a parameter that AWS keeps, by its name.
pub(super) fn made_up(name: &str) -> String {
    let hash = blake3::hash(name.as_bytes()).to_hex();
    let short = hash.get(..17).unwrap_or_default();
    if name.contains("ami") { format!("ami-{short}") } else { short.to_owned() }
}

/// That a value is one that the parameter takes; of a list, each of its elements.
pub(super) fn check(name: &str, declared: &Parameter, value: &str) -> Answer<()> {
    // That of a nested stack, in a change set that cannot know it.
    if value.contains(super::eval::AFTER_APPLY) {
        return Ok(());
    }
    if value.len() > 4096 {
        return Err(ApiError::validation(format!("Parameter '{name}' is longer than 4096 bytes")));
    }
    let list = declared.kind == "CommaDelimitedList" || declared.kind.starts_with("List<");
    if list {
        value.split(',').try_for_each(|element| one(name, declared, element.trim()))
    } else {
        one(name, declared, value)
    }
}

fn one(name: &str, declared: &Parameter, value: &str) -> Answer<()> {
    let refused = |words: String| Err(ApiError::validation(format!("Parameter '{name}' {words}")));
    let beyond = |(least, most): (Option<f64>, Option<f64>), is: f64| {
        least.is_some_and(|least| is < least) || most.is_some_and(|most| is > most)
    };
    if !declared.allowed.is_empty() && !declared.allowed.iter().any(|allowed| allowed == value) {
        return refused("must be one of AllowedValues".to_owned());
    }
    if let Some(pattern) = &declared.pattern {
        let whole = regex_lite::Regex::new(&format!("^(?:{pattern})$"))
            .map_err(|_| ApiError::not_modelled(format_args!("the pattern {pattern} (parameter {name})")))?;
        if !whole.is_match(value) {
            return Err(ApiError::validation(format!(
                "Parameter {name} failed to satisfy constraint: must match pattern {pattern}"
            )));
        }
    }
    if matches!(declared.kind.as_str(), "Number" | "List<Number>") {
        let Ok(number) = value.parse::<f64>() else { return refused("must be a number.".to_owned()) };
        if beyond(declared.bounds, number) {
            return refused(format!("must be a number within MinValue and MaxValue, and is {value}"));
        }
    }
    if beyond(declared.lengths, value.chars().count() as f64) {
        return refused("must be as long as MinLength and MaxLength say".to_owned());
    }
    Ok(())
}
