//! What functions are given: how many values, and of which kind.
//!
//! Only the text is judged: the result of a nested function is not known, and CloudFormation converts numbers and booleans
//! to text. \[doc: "Intrinsic function reference"\]

use serde_json::Value;

/// What a function needs, if it gets something else; none if its arguments are fine or the function is not known here.
pub(super) fn wanted(function: &str, given: &Value) -> Option<&'static str> {
    if is_of_another_tool(given) {
        return None;
    }
    let items = given.as_array().map(Vec::as_slice);
    let (fits, wanted) = match function {
        "Ref" => (given.as_str().is_some_and(|name| !name.is_empty()), "the name of a parameter or a resource"),
        "Fn::GetAtt" => (is_attribute(given), "a resource and one of its attributes"),
        "Fn::Sub" => {
            let with_names = matches!(items, Some([text, Value::Object(_)]) if is_scalar(text));
            (with_names || is_scalar(given), "a text, or a list of a text and a map")
        }
        "Fn::Join" => (matches!(items, Some([by, list]) if is_scalar(by) && is_list(list)), "a separator and a list"),
        "Fn::Split" => (matches!(items, Some([by, text]) if is_scalar(by) && is_text(text)), "a separator and a text"),
        "Fn::Select" => (matches!(items, Some([at, list]) if is_text(at) && is_list(list)), "an index and a list"),
        "Fn::If" => (matches!(items, Some([Value::String(_), _, _])), "a condition and two values"),
        "Fn::FindInMap" => {
            // The fourth, a default, is of the transform of language extensions.
            let keys = |all: &[Value]| (3..=4).contains(&all.len()) && all.iter().all(is_text);
            (items.is_some_and(keys), "a mapping and two keys")
        }
        "Fn::Cidr" => {
            (matches!(items, Some([block, _] | [block, _, _]) if is_text(block)), "a block, a count and bits")
        }
        "Fn::Base64" | "Fn::ImportValue" => (is_text(given), "a text"),
        // AWS's own samples give it nothing, for the region of the stack.
        "Fn::GetAZs" => (is_text(given) || given.is_null(), "the name of a region"),
        "Fn::Equals" => (matches!(items, Some([_, _])), "two values"),
        "Fn::Not" => (matches!(items, Some([_])), "a list of one condition"),
        "Fn::And" | "Fn::Or" => (items.is_some_and(|all| (2..=10).contains(&all.len())), "two to ten conditions"),
        _ => return None,
    };
    (!fits).then_some(wanted)
}

/// Something like `Rain::Embed`, which a tool takes out before CloudFormation sees it.
fn is_of_another_tool(given: &Value) -> bool {
    let only = given.as_object().filter(|map| map.len() == 1).and_then(|map| map.keys().next());
    // Its short form in YAML, `!Rain::Embed`, is read as any other.
    only.is_some_and(|name| name.strip_prefix("Fn::").unwrap_or(name).contains("::"))
}

fn is_attribute(given: &Value) -> bool {
    match given {
        Value::String(text) => text.split_once('.').is_some_and(|(id, name)| !id.is_empty() && !name.is_empty()),
        Value::Array(items) => matches!(items.as_slice(), [Value::String(id), name] if !id.is_empty() && is_text(name)),
        _ => false,
    }
}

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

/// A scalar, or a function that may become one.
fn is_text(value: &Value) -> bool {
    is_scalar(value) || value.is_object()
}

/// A list, or a function that may become one.
fn is_list(value: &Value) -> bool {
    value.is_array() || value.is_object()
}
