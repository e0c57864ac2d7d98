//! Applies the acceptances of the repository to its warnings, and to the errors that they turn into warnings. Finds those that accept
//! nothing.
//!
//! The costs are a few look-ups for each finding, however many acceptances there are. The loader knows no time: it takes every
//! acceptance as in force, and [`endings`] are the warnings that come with the end of each.

use std::collections::{BTreeMap, BTreeSet};

use super::Source;
use super::build::accept::Written;
use super::codes::{self, Code};
use super::finding::Finding;
use super::world::World;
use crate::model::accept::{Accepted, Home, around};
use crate::problem::{Ending, Level, Problem};

/// The acceptances of warnings, as positions in those of the commit: by their file, what they accept, and where.
type Known<'w> = BTreeMap<(&'w str, &'w str, &'w str), usize>;

/// Marks the warnings that are accepted, and adds one for each acceptance of a warning that nothing has.
pub(super) fn apply(source: &Source<'_>, world: &World, findings: &mut Vec<Finding>) {
    let mut known = Known::new();
    for (position, Written { accept, .. }) in world.accepts.iter().enumerate() {
        if let Accepted::Warning(code) = accept.what {
            known.insert((&accept.at.file, code, &accept.place), position);
        }
    }
    if known.is_empty() {
        return;
    }
    let mut used = BTreeSet::new();
    for finding in findings.iter_mut() {
        let fitting = fitting(&known, &finding.problem);
        if finding.acceptable && !fitting.is_empty() {
            finding.problem.level = Level::Warning;
        }
        if finding.problem.level == Level::Warning {
            let accepts = fitting.iter().filter_map(|position| Some(&world.accepts.get(*position)?.accept));
            // Of several, the one that lasts longest counts.
            finding.problem.accepted = accepts.max_by_key(|accept| (accept.until.is_none(), accept.until)).cloned();
        }
        used.extend(fitting);
    }
    // An error may hide what is accepted, and so may a project that was not read.
    if !world.drafts.unread.is_empty() || findings.iter().any(|finding| finding.problem.level == Level::Error) {
        return;
    }
    let unused = known.iter().filter(|(_, position)| !used.contains(*position));
    let judged = unused.filter(|((_, code, _), _)| source.history.is_some() || !codes::needs_history(code));
    // It may be about a value of a slot, which is not known here.
    let judged = judged.filter(|((_, code, _), _)| *code != codes::SECRET_PARAMETER.code);
    findings.extend(judged.filter_map(|(_, position)| world.accepts.get(*position)).map(idle));
}

/// The acceptances that a problem fits: of its own file, and of the project or the repository that the file is in.
fn fitting(known: &Known<'_>, problem: &Problem) -> Vec<usize> {
    let file = &*problem.span.at.file;
    let outer = match file.strip_prefix("projects/").and_then(|rest| rest.split_once('/')) {
        Some((project, _)) => format!("projects/{project}/project.toml"),
        None => "landfall.toml".to_owned(),
    };
    let homes = BTreeSet::from([file, outer.as_str()]);
    let places: Vec<&str> = around(&problem.about).chain([file]).collect();
    let keys = homes.iter().flat_map(|home| places.iter().map(|place| (*home, problem.code, *place)));
    keys.filter_map(|key| known.get(&key).copied()).collect()
}

/// A warning at an acceptance.
fn about(code: &Code, written: &Written, title: String) -> Finding {
    Finding::new(code, &written.file, written.span.clone(), title)
}

/// That nothing has what it accepts.
fn idle(written: &Written) -> Finding {
    let accept = &written.accept;
    let here = match &accept.home {
        Home::Repository => "no file outside of a project",
        Home::File | Home::Deploy(..) => "nothing in this file",
        Home::Project(_) => "nothing in this project",
    };
    let title = format!("{here} has the warning `{}` at `{}`", accept.what.as_str(), accept.place);
    about(codes::ACCEPT_IDLE, written, title).label("accepts nothing").help(DELETE)
}

/// What becomes of lines that accept nothing.
const DELETE: &str = "delete these lines";

/// The warnings that there are once acceptances are over.
pub(super) fn endings(world: &World) -> Vec<Ending> {
    let ending = |written: &Written| {
        let accept = &written.accept;
        let until = accept.until?;
        let title = format!("the acceptance of `{}` at `{}` ended on {until}", accept.what.as_str(), accept.place);
        let warning = about(codes::ACCEPT_OVER, written, title).label("no longer counts");
        let warning = warning.help("delete these lines, or set a later `until` if the reason still holds").problem;
        Some(Ending { accept: accept.clone(), warning })
    };
    world.accepts.iter().filter_map(ending).collect()
}
