//! Exports of stacks, and the stacks that import them.

use serde_json::Value;

use super::World;
use super::eval::Scope;
use super::stack::Stack;
use crate::model::{Place, StackStatus};

/// The exports of a region, looked for when one is imported: to list them costs a look at every stack.
#[derive(Clone, Copy)]
pub(super) struct Exports<'a> {
    world: &'a World,
    place: &'a Place,
    /// A stack that is taken out of its region can import its own exports, too. \[?\]
    own: Option<&'a Stack>,
}

impl Exports<'_> {
    /// The value of an export.
    pub(super) fn get(self, name: &str) -> Option<String> {
        let region = self.world.regions.get(self.place);
        let stacks = region.into_iter().flat_map(|region| region.stacks.values()).filter(|stack| stack.lives());
        let mut exports = self.own.into_iter().chain(stacks).flat_map(Stack::exports);
        exports.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    }
}

impl World {
    /// The exports of a region, and of a stack that is taken out of it.
    pub(super) fn exports<'a>(&'a self, place: &'a Place, own: Option<&'a Stack>) -> Exports<'a> {
        Exports { world: self, place, own }
    }

    /// An export of the stack that others import, with their names.
    pub(super) fn importer(&self, place: &Place, stack: &Stack) -> Option<(String, String)> {
        stack.exports().find_map(|(name, _)| Some((name.to_owned(), self.importers(place, stack, name)?)))
    }

    /// Names of the stacks that import an export of a stack, in one text; none if none does.
    pub(super) fn importers(&self, place: &Place, stack: &Stack, export: &str) -> Option<String> {
        let uses =
            |other: &&Stack| other.lives() && other.status != StackStatus::ReviewInProgress && other.id != stack.id;
        let others = self.regions.get(place)?.stacks.values().filter(uses);
        let users = others.filter(|other| self.imports(place, other).iter().any(|import| import == export));
        let names: Vec<&str> = users.map(|user| user.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// Names of the exports that a stack imports, by what of its template applies: a condition can take an import away.
    /// \[iss: ministackorg/ministack#1640, measured at AWS\]
    pub fn imports(&self, place: &Place, stack: &Stack) -> Vec<String> {
        let template = &stack.shape.template;
        let mut found = Vec::new();
        let collected = self.evaluate(place, stack, |scope| {
            let holds = |condition: Option<&String>| scope.holds(condition).unwrap_or(true);
            for resource in template.resources.values().filter(|one| holds(one.condition.as_ref())) {
                resource.properties.values().for_each(|value| collect(scope, value, &mut found));
            }
            for output in template.outputs.values().filter(|one| holds(one.condition.as_ref())) {
                collect(scope, &output.value, &mut found);
            }
            Ok(())
        });
        if collected.is_err() { Vec::new() } else { found }
    }
}

/// The names that a value imports.
fn collect(scope: &Scope<'_>, value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(scope, item, into)),
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner.as_array().map(Vec::as_slice)) {
                    ("Fn::ImportValue", _) => into.extend(scope.text(inner).ok()),
                    ("Fn::If", Some([Value::String(name), yes, no])) if map.len() == 1 => {
                        match scope.holds(Some(name)) {
                            Ok(true) => collect(scope, yes, into),
                            Ok(false) => collect(scope, no, into),
                            Err(_) => {}
                        }
                    }
                    _ => collect(scope, inner, into),
                }
            }
        }
        _ => {}
    }
}
