//! Statements about keys of KMS: each about exactly the keys that a step names.

use serde_json::json;

use crate::model::process::{Piece, Text};

use super::super::shape::{Known, Leaf, Shape};
use super::role::{allow, allow_if};

/// Whether a text names a key by an alias, by what is written of it.
fn is_alias(text: &Text) -> bool {
    matches!(text.pieces().first(), Some(Piece::Literal(begin)) if begin.starts_with("alias/"))
}

/// Lets a role do this with these keys, under conditions if there are any.
///
/// A policy cannot name a key by an alias, but ask that the key has it (KMS developer guide, "Use aliases to control access to
/// KMS keys").
pub(super) fn statements(sid: &str, actions: &[&str], keys: &[&Text], condition: Option<(&str, Shape)>) -> Vec<Shape> {
    let (aliases, keys): (Vec<&Text>, Vec<&Text>) = keys.iter().copied().partition(|key| is_alias(key));
    let leaves = |texts: Vec<&Text>, leaf: fn(Text) -> Leaf| -> Option<Shape> {
        Shape::some_list(texts.into_iter().map(|text| Shape::Leaf(leaf(text.clone()))).collect())
    };
    let mut all = Vec::new();
    if let Some(keys) = leaves(keys, Leaf::KeyArn) {
        all.push(match condition.clone() {
            Some((operator, keyed)) => allow_if(sid, actions, keys, Shape::map([(operator, Some(keyed))])),
            None => allow(sid, actions, keys),
        });
    }
    if let Some(aliases) = leaves(aliases, Leaf::KeyAlias) {
        let of_alias = Shape::map([("kms:ResourceAliases", Some(aliases))]);
        let mut conditions = vec![("ForAnyValue:StringEquals".to_owned(), of_alias)];
        conditions.extend(condition.map(|(operator, keyed)| (operator.to_owned(), keyed)));
        let sid = format!("{sid}ByAlias");
        all.push(allow_if(&sid, actions, Known::KeysArn.into(), Shape::Map(conditions)));
    }
    all
}

/// The condition that a grant is for a service of AWS.
pub(super) fn for_aws() -> (&'static str, Shape) {
    ("Bool", Shape::Fixed(json!({ "kms:GrantIsForAWSResource": true })))
}
