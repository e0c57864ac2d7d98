//! Every key of every kind of step does something: another value of it renders something else.

use std::collections::BTreeSet;

use crate::support::{experiment, keys};

#[test]
fn every_key_changes_what_is_rendered() {
    let known = experiment::known();
    let mut wrong = Vec::new();
    for (kind, schema) in &keys::kinds() {
        let mut all = Vec::new();
        keys::paths(schema, "", &mut all);
        let all: BTreeSet<String> = all.into_iter().map(|(path, _)| path).filter(|path| path != "kind").collect();
        let below = |path: &str| all.iter().any(|other| other.starts_with(&format!("{path}.")));
        for path in &all {
            match known.get(&(kind.clone(), path.clone())) {
                Some(known) if keys::refuses(kind, path) => wrong.push(format!("{kind} refuses `{path}`: {known:?}")),
                None if keys::refuses(kind, path) => {}
                None if below(path) => {}
                None => wrong.push(format!("{kind}: no golden step has `{path}`")),
                Some(known) if known.changed.is_empty() && !below(path) => {
                    wrong.push(format!("{kind}: no change of `{path}` changes anything: {:#?}", known.silent));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
