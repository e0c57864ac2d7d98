//! `landfall diff`: what merging a change does, offline.
//!
//! The change is two commits, or a commit and a branch that is merged into it in memory. What it does is a
//! [`Review`](crate::plan::review::Review), which every other surface shows, too.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::compared::{Compared, compare};
use super::exit::{Doing, Exit, Failure, Outcome};
use super::facts;
use super::output;
use super::reviewed::{self, Format};
use crate::compare::{Level, Risk};
use crate::git::Reader;
use crate::git::range::{self, How};
use crate::load::{Loaded, Loader, Source};
use crate::model::Facts;
use crate::plan::review::{Acceptance, Review, StackReview};
use crate::tree::History;
use crate::view;
use crate::view::review::content::About;

/// Options of `landfall diff`.
#[derive(Args, Debug)]
pub struct Diff {
    /// The base: a branch, a commit, or a range (`BASE..HEAD`, `BASE...HEAD`)
    base: String,
    /// The branch to merge into BASE [default: HEAD, without merging]
    head: Option<String>,
    /// Compare the two commits as they are, without merging
    #[arg(long)]
    two_dot: bool,
    /// Clone of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// Read past deployments from the facts that a daemon served or pushed: a file, a URL, or a revision of the clone
    #[arg(long, value_name = "FILE|URL|REF")]
    facts: Option<String>,
    /// Exit with 4 if the change does anything
    #[arg(long)]
    exit_code: bool,
    /// Exit with 1 if a risk has this level or a higher one
    #[arg(long, value_name = "LEVEL")]
    deny: Option<Deny>,
    /// Show long differences in full
    #[arg(long)]
    unfold: bool,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// What a review without facts does not know.
const WITHOUT: &str = "note         compares what both settle to, once everything has succeeded and every gate has opened; --facts tells \
                       what runs now";

/// `--deny`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deny {
    /// Every risk.
    #[value(help = None::<&str>)]
    Low,
    /// What is weaker than it should be, and worse.
    #[value(help = None::<&str>)]
    Medium,
    /// Loss or misuse if something else goes wrong, and worse.
    #[value(help = None::<&str>)]
    High,
    /// Loss or misuse at once.
    #[value(help = None::<&str>)]
    Critical,
}

/// So many risks are named with the lines that would accept them.
const NAMED: usize = 3;

/// The risks of a change that an operator denies: those that the head accepts, and the others.
fn risks(review: &Review, deny: Deny) -> (Vec<Risked<'_>>, Vec<Risked<'_>>) {
    let level = match deny {
        Deny::Low => Level::Low,
        Deny::Medium => Level::Medium,
        Deny::High => Level::High,
        Deny::Critical => Level::Critical,
    };
    let all = review.stacks.iter().flat_map(|stack| stack.effects.risks.iter().map(move |risk| (stack, risk)));
    let risks = all.filter(|(_, risk)| risk.level >= level).map(|(stack, risk)| (stack, risk, stack.acceptance(risk)));
    risks.partition(|(_, _, acceptance)| acceptance.is_some())
}

/// A risk of a stack, and whether it is accepted.
type Risked<'a> = (&'a StackReview, &'a Risk, Option<&'a Acceptance>);

/// Whether a risk of the change is denied.
pub fn is_denied(review: &Review, deny: Option<Deny>) -> bool {
    deny.is_some_and(|deny| !risks(review, deny).1.is_empty())
}

/// The same; stderr gets how many are denied, and how many are not because the head accepts them.
pub fn denied(review: &Review, deny: Option<Deny>) -> bool {
    let Some(deny) = deny else { return false };
    let (accepted, denied) = risks(review, deny);
    let count = |count: usize| if count == 1 { "1 risk is".to_owned() } else { format!("{count} risks are") };
    if !accepted.is_empty() {
        let new =
            accepted.iter().filter(|(_, _, acceptance)| acceptance.is_some_and(|acceptance| acceptance.new)).count();
        let by = if new > 0 { format!(", {new} of them by this change") } else { String::new() };
        output::progress(&format!("accepted     {} at that level and accepted{by}", count(accepted.len())));
    }
    if !denied.is_empty() {
        output::progress(&format!("denied       {} at the level of --deny or above it", count(denied.len())));
        let lines: BTreeSet<String> = denied.iter().filter_map(|(stack, risk, _)| acceptable(stack, risk)).collect();
        lines.iter().take(NAMED).for_each(|line| output::progress(line));
    }
    !denied.is_empty()
}

/// How the repository can accept a risk.
fn acceptable(stack: &StackReview, risk: &Risk) -> Option<String> {
    let place = stack.place_of(risk)?;
    let file = format!("projects/{}/project.toml", stack.project);
    Some(format!("acceptable   [[accept]] what = \"{}\", where = \"{place}\", reason = \"…\" in {file}", risk.id))
}

/// Runs `landfall diff`.
pub fn run(options: &Diff) -> Outcome {
    let repo = options.repo.display();
    let range = range::parse(&options.base, options.head.as_deref(), options.two_dot)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let reader = Reader::open_local(&options.repo).doing(|| format!("cannot read {repo}"))?;
    let ends = reader.ends(&range).doing(|| format!("cannot compare {range}"))?;
    let known = facts::or_none(options.facts.as_deref(), &options.repo, &reader, WITHOUT)?;
    let at = reader.time(&ends.tip).doing(|| format!("cannot read {}", range.head))?;
    // What is merged is at least as new as what it is merged into, whatever its commits say of themselves.
    let at = at.max(reader.time(&ends.base).doing(|| format!("cannot read {}", range.base))?);
    let facts = known.as_ref().map(|known| &known.facts);
    let Compared { base, head, review } = compare(&reader, &range, &ends, facts, at)?;
    if let Some(known) = &known {
        reviewed::of_this_repository(&known.facts, known.source(), &base, &head, &options.repo)?;
    }
    let merged = ends.merged && range.how == How::Merge;
    let about = About {
        base: range.base.clone(),
        head: range.head.clone(),
        tip: Some(ends.tip.clone()),
        merge_base: ends.merge_base.filter(|_| merged).map(|commit| commit.short().to_owned()),
        moved: ends.moved && merged,
        ..reviewed::about(&head, known.as_deref())
    };
    output::progress_lines(&view::problems::summary(
        &head.problems_at(facts.and_then(|facts| facts.as_of).unwrap_or(at)),
    ));
    reviewed::print(&review, &about, options.format, options.unfold)?;
    Ok(match () {
        () if head.has_errors() => Exit::Problems,
        () if denied(&review, options.deny) => Exit::Failed,
        () if options.exit_code && !review.is_empty() => Exit::Changes,
        () => Exit::Done,
    })
}

/// Reads the files of a commit, with every release's snapshot; `facts` are what a daemon remembers.
///
/// # Errors
/// There is no such commit, or it cannot be read.
pub fn load_commit(reader: &Reader, revision: &str, facts: Option<&Facts>) -> Result<Loaded, Failure> {
    let commit = reader.resolve(revision).doing(|| format!("cannot find the commit {revision}"))?;
    let tree = reader.tree(&commit).doing(|| format!("cannot read the files of {commit}"))?;
    let source = Source { tree: &tree, blobs: reader, commit: Some(&commit), history: Some(reader), facts };
    Loader::new().load(&source).doing(|| format!("cannot read {revision}"))
}
