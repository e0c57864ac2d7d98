//! `landfall review`: keeps the comment, the status and the labels of a pull request, from a job of CI.
//!
//! What it says is what `diff` says. Where it says it is found out from the job's environment, or given by options.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::diff::{Deny, denied};
use super::exit::{Doing, Exit, Failure, Outcome};
use super::facts;
use super::output;
use super::pulls::{At, Place, Queued, Say, Subject, open, review};
use crate::forge::keep::{Found, Wanted, carry_out, look, missing, unset};
use crate::forge::{Forge, PullRequest, Writer};
use crate::git::Reader;
use crate::model::CommitId;
use crate::view;

/// Options of `landfall review`.
#[derive(Args, Debug)]
pub struct Review {
    /// Number of the pull request [default: that of the job]
    #[arg(value_name = "NUMBER")]
    number: Option<u64>,
    /// Clone of the repository, with its history
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Read past deployments from the facts that a daemon served or pushed: a file, a URL, or a revision of the clone. Not read for
    /// a pull request from a fork
    #[arg(long, value_name = "FILE|URL|REF")]
    facts: Option<String>,
    /// Exit with 1, and fail the status, if a risk has this level or a higher one
    #[arg(long, value_name = "LEVEL")]
    deny: Option<Deny>,
    /// Also write the whole review to this file, as one HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Address of the whole review, for a comment that cannot hold it [default: the page of the job]
    #[arg(long, value_name = "URL", value_parser = super::ask::http_url)]
    link: Option<String>,
    /// Set no labels
    #[arg(long)]
    no_labels: bool,
    /// Print the comment, and write nothing at the forge
    #[arg(long)]
    dry_run: bool,
}

/// What a review of a fork does not read.
const FORK: &str = "note         the pull request is from a fork: reviewed offline, without facts";

/// What a review without facts does not know.
const WITHOUT: &str = "note         without --facts: compares what both settle to, once everything has succeeded and every gate has opened";

/// Runs `landfall review`.
pub fn run(options: &Review) -> Outcome {
    let at = At::of(&options.place, &options.repo)?;
    let forge = open(&at)?;
    if let (Some(queued), None) = (&at.queued, options.number) {
        return of_queue(options, &at, &*forge, queued);
    }
    let number = options.number.or(at.number).ok_or_else(|| {
        Failure::usage("no pull request is given, and this is not a job of one").help("give its number")
    })?;
    let pull_request = forge.pull_request(number).map_err(unanswered)?;
    if !pull_request.open {
        output::progress(&format!("nothing      {} is closed", forge.named(number)));
        return Ok(Exit::Done);
    }
    let fetch = format!("git fetch origin {}", forge.head_ref(number));
    let (wanted, exit) = reviewed(options, &at, &*forge, &Subject::of(&pull_request, &*forge), &fetch)?;
    write(options, &*forge, pull_request, &wanted).map(|()| exit)
}

/// A merge in a queue gets its status, and its pull requests are left alone: they have been reviewed.
fn of_queue(options: &Review, at: &At, forge: &dyn Forge, queued: &Queued) -> Outcome {
    let head = CommitId(queued.commit.clone());
    let named = format!("the merge queue at {}", head.short());
    let subject = Subject { base: queued.base.clone(), head: head.clone(), named, fork: false };
    let (wanted, exit) = reviewed(options, at, forge, &subject, &format!("git fetch origin {head}"))?;
    if options.dry_run {
        return output::data(&wanted.text).map(|()| exit);
    }
    let known = forge.statuses(&head).map_err(unanswered)?;
    if let Some(status) = unset(&wanted.status, &known, forge.most_of_a_description()) {
        forge.set_status(&head, &status).map_err(unanswered)?;
    }
    output::progress(&format!("reviewed     {}: the status is up to date", subject.named));
    Ok(exit)
}

/// A forge that did not do what it was asked.
fn unanswered(error: crate::forge::ForgeError) -> Failure {
    let failure = if error.passes() { Failure::unseen("cannot review") } else { Failure::new("cannot review") };
    failure.because(error).help("docs/forges.md lists the rights that the token needs")
}

/// Reviews, and says what is wrong on stderr.
fn reviewed(
    options: &Review,
    at: &At,
    forge: &dyn Forge,
    subject: &Subject,
    fetch: &str,
) -> Result<(Wanted, Exit), Failure> {
    let (repo, head) = (options.repo.display(), &subject.head);
    let reader = Reader::open_local(&options.repo).doing(|| format!("cannot read {repo}"))?;
    reader.resolve(&head.0).map_err(|error| {
        Failure::new(format!("the clone does not have {}, the newest commit of {}", head.short(), subject.named))
            .because(error)
            .help(format!("fetch the whole history (docs/forges.md), then: {fetch}"))
    })?;
    let base = base(&reader, &subject.base)?;
    let known = match &options.facts {
        Some(_) if subject.fork => {
            output::progress(FORK);
            None
        }
        from => facts::or_none(from.as_deref(), &options.repo, &reader, WITHOUT)?,
    };
    let reviewed = review(&reader, &options.repo, &base, subject, known.as_deref())?;
    let head = &reviewed.compared.head;
    output::progress_lines(&view::problems::summary(&head.problems_at(reviewed.at)));
    let deny = options.deny.or(at.config.deny);
    let exit = match (head.has_errors(), denied(&reviewed.compared.review, deny)) {
        (true, _) => Exit::Problems,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Done,
    };
    if let Some(file) = &options.html {
        super::put::put(&[(file.clone(), &reviewed.html())])?;
    }
    let say = Say {
        forge,
        writer: Writer::Job,
        deny,
        labels: Some(&at.config.labels).filter(|_| !options.no_labels),
        whole: options.link.clone().or_else(|| at.job.clone()),
    };
    Ok((reviewed.wanted(&say), exit))
}

/// The branch that the pull request goes into, as this clone has it: of the remote first, because that is newer.
fn base(reader: &Reader, name: &str) -> Result<String, Failure> {
    let names = [format!("refs/remotes/origin/{name}"), format!("refs/heads/{name}")];
    let found = names.iter().find(|name| reader.resolve(name).is_ok());
    found.cloned().ok_or_else(|| {
        Failure::new(format!("the clone does not have the branch {name}"))
            .help(format!("git fetch origin +refs/heads/{name}:refs/remotes/origin/{name}"))
    })
}

/// Writes what is missing at the pull request.
fn write(options: &Review, forge: &dyn Forge, pull_request: PullRequest, wanted: &Wanted) -> Result<(), Failure> {
    if options.dry_run {
        return output::data(&wanted.text);
    }
    let named = forge.named(pull_request.number);
    let found: Found = look(forge, pull_request, &wanted.repository).map_err(unanswered)?;
    let acts = missing(wanted, &found, forge.most_of_a_description(), Timestamp::now());
    carry_out(forge, &found.pull_request, &acts).map_err(unanswered)?;
    let said = match () {
        () if found.by_daemon.as_ref() == Some(&wanted.head) => "the daemon has reviewed this commit already",
        () if acts.is_empty() => "everything is there already",
        () => "review, status and labels are up to date",
    };
    output::progress(&format!("reviewed     {named} at {}: {said}", wanted.head.short()));
    Ok(())
}
