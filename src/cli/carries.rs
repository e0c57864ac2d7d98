//! What a refreshed release redeploys: every slot that carries it, by itself. Said first by the commands that show such a change.
//!
//! Pure: facts come in as a value. Deliberately absent: what a release changes in a stack (`release/difference.rs`).

use std::collections::BTreeSet;

use crate::model::{Facts, Project, Release};

/// What happens when a release is refreshed, in a sentence.
pub(super) fn refreshed(project: &Project, release: &Release, facts: Option<&Facts>) -> String {
    let name = &release.name;
    let Some(facts) = facts else {
        return format!(
            "A refresh of {name} redeploys every slot that carries {name} by itself, without a promotion: production too, if it \
             runs there."
        );
    };
    let slots = carriers(project, release, facts);
    match slots.as_slice() {
        [] => format!("No slot carries {name} now, by the facts: a refresh of {name} redeploys nothing."),
        [only] => {
            format!("A refresh of {name} redeploys {only} by itself, without a promotion: it carries {name} now.")
        }
        [first @ .., last] => format!(
            "A refresh of {name} redeploys {} and {last} by itself, without a promotion: they carry {name} now.",
            first.join(", ")
        ),
    }
}

/// The slots that run the release, or to which it is on its way.
fn carriers(project: &Project, release: &Release, facts: &Facts) -> Vec<String> {
    let running = facts.runs.iter().filter(|run| run.to.is_none()).map(|run| (&run.slot, &run.release));
    let flying = facts.in_flight.iter().map(|flight| (&flight.slot, &flight.release));
    let here = running.chain(flying).filter(|(slot, name)| slot.project == project.id && **name == release.name);
    here.map(|(slot, _)| slot.to_string()).collect::<BTreeSet<String>>().into_iter().collect()
}
