//! Maps whose values are texts, of which the resource schemas say no more than that they are maps.

use serde_json::Value;

use crate::cfn::Document;

use super::check::{Found, PatchFault};
use super::pointer;

/// Such maps of a container, by their pointers.
const OF_CONTAINERS: [&str; 3] = ["/DockerLabels", "/LogConfiguration/Options", "/FirelensConfiguration/Options"];

/// Values that are not text: a key with a dot in a path counts as two keys.
pub(super) fn no_texts(after: &Document) -> Vec<Found> {
    let mut found = Vec::new();
    for definition in after.resources().filter(|one| one.kind() == "AWS::ECS::TaskDefinition") {
        let base = pointer(&pointer("/Resources", definition.id), "Properties");
        let containers = definition.property("ContainerDefinitions").and_then(Value::as_array);
        for (index, container) in containers.into_iter().flatten().enumerate() {
            for path in OF_CONTAINERS {
                let base = format!("{base}/ContainerDefinitions/{index}{path}");
                let map = container.pointer(path).and_then(Value::as_object).into_iter().flatten();
                let wrong = map.filter_map(|(key, value)| Some((key, what_else(key, value)?)));
                found.extend(wrong.map(|(key, what)| fault(&base, path, key, what)));
            }
        }
    }
    found
}

fn fault(base: &str, path: &str, key: &str, what: &str) -> Found {
    let map = path.trim_start_matches('/').replace('/', ".");
    Found {
        fault: PatchFault::Property,
        pointer: pointer(base, key),
        title: format!("`{map}.{key}` must be text, not {what}"),
        help: Some(format!("a key with a dot is in double quotes: `'ContainerDefinitions.app.{map}.\"com.example\"'`")),
        edition: 0,
    }
}

/// What a value is that is neither a scalar nor a function.
fn what_else(key: &str, value: &Value) -> Option<&'static str> {
    let function = |key: &String| key == "Ref" || key.starts_with("Fn::");
    match value {
        Value::Array(_) if !key.starts_with("Fn::") => Some("a list"),
        Value::Object(map) if !(map.len() == 1 && map.keys().all(function)) => Some("a map"),
        _ => None,
    }
}
