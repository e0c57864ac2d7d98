//! The names that steps say for what would otherwise have the stack's name.

use std::collections::BTreeSet;

use crate::model::process::{Piece, StepKind, Text};
use crate::model::{Id, Project, Step};

/// Names of log groups, task definitions and services, with `*` in place of what variables decide, and the beginning of the
/// stack's name for that.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) log_groups: BTreeSet<String>,
    pub(super) families: BTreeSet<String>,
    pub(super) services: BTreeSet<String>,
}

impl Names {
    /// Adds the names of a step. A name that begins with a variable could be any: a sentence for each says so.
    pub(super) fn add(&mut self, step: &Step, project: &Project) -> Vec<String> {
        let task = step.kind.task();
        let service = match &step.kind {
            StepKind::EcsService(service) => service.options.service_name.as_ref(),
            _ => None,
        };
        let all = [
            ("log_group_name", "log groups", task.and_then(|task| task.log_group_name.as_ref()), &mut self.log_groups),
            ("family", "task definitions", task.and_then(|task| task.family.as_ref()), &mut self.families),
            ("service_name", "services", service, &mut self.services),
        ];
        let mut notes = Vec::new();
        for (key, of, name, patterns) in all {
            let Some(name) = name else { continue };
            match pattern(name, &project.id) {
                Some(pattern) => drop(patterns.insert(pattern)),
                None => notes.push(format!(
                    "`{key}` of step {} of {} begins with a variable ({name}): the deploying role also needs the rights on {of} that \
                     these give",
                    step.name, project.name
                )),
            }
        }
        notes
    }
}

/// A name with a pattern for each placeholder; none if it could begin with anything.
fn pattern(name: &Text, project: &Id) -> Option<String> {
    let part = |piece: &Piece| match piece {
        Piece::Literal(text) => text.to_string(),
        // The names of all stacks of a project begin with its id.
        Piece::Placeholder(name) if &**name == "stack.name" => format!("{project}-*"),
        Piece::Placeholder(_) => "*".to_owned(),
    };
    Some(name.pieces().iter().map(part).collect()).filter(|pattern: &String| !pattern.starts_with('*'))
}
