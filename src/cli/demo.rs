//! `landfall demo`: a git repository from the example, a simulated account, and the daemon, in one process.
//!
//! It only does what a person could do: commits to a repository on disk, and a daemon that is started as
//! `landfall daemon --repo DIR --endpoint URL` would start it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use clap::Args;
use include_dir::{Dir, include_dir};
use jiff::Timestamp;

use super::config::Config;
use super::daemon::{Running, Settings, USUAL_PATIENCE, signalled, start};
use super::exit::{Doing, Exit, Failure, Outcome};
use super::output::{self, Color};
use super::progress::Progress;
use super::{logging, rights, sim};
use crate::edit;
use crate::git::{Author, Change, Writer};
use crate::model::catalog::Pin;
use crate::model::{CommitId, ReleaseName};
use crate::sim::Fault;
use crate::view;

static EXAMPLE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/example-repo");

/// How long one step of the story may take.
const PATIENCE: Duration = Duration::from_secs(60);
const BRANCH: &str = "main";
const PIN: &str = "projects/storefront/deploy/production.toml";
const BAD_DIGEST: &str = "sha256:bad0bad0bad0bad0bad0bad0bad0bad0bad0bad0bad0bad0bad0bad0bad0bad0";

/// Options of `landfall demo`.
#[derive(Args, Debug)]
pub struct Demo {
    /// Folder for the repository [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Address of the daemon's API, for other commands
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7117")]
    listen: SocketAddr,
    /// Exit after the last event
    #[arg(long)]
    once: bool,
}

/// Runs the command.
pub fn run(options: &Demo, color: Color) -> Outcome {
    logging::start(None, color)?;
    rights::keep_private();
    let temporary = tempfile::Builder::new().prefix("landfall-demo-").tempdir();
    let temporary = temporary.doing(|| "cannot make a temporary folder".to_owned())?;
    let repo = options.dir.clone().unwrap_or_else(|| temporary.path().join("repository"));
    super::runtime()?.block_on(story(options, &repo, temporary.path()))
}

async fn story(options: &Demo, repo: &Path, state: &Path) -> Outcome {
    let writer = Writer::init(repo, BRANCH).doing(|| format!("cannot create a repository in {}", repo.display()))?;
    let hand = Hand { writer };
    let first = hand.commit(&example(), "The example: two projects, three environments")?;
    let account = sim::start(sim::ANY_PORT, sim::lively()).await?;
    let settings = Settings {
        repo: repo.display().to_string(),
        branch: Some(BRANCH.to_owned()),
        store: state.join("landfall.db").display().to_string(),
        listen: Some(if options.once { sim::ANY_PORT } else { options.listen }),
        endpoint: Some(account.url()),
        once: false,
        adopt: false,
        patience: USUAL_PATIENCE,
        config: Config::default(),
    };
    let mut running = start(settings, Arc::new(Progress::new(output::progress))).await?;
    tell("A commit lands: releases enter development and test by themselves, production by hand.");
    settled(&mut running, &first).await?;
    tell("A pin lands: one line in a file is the promotion.");
    let pin = edit::pin("", None, &Pin::Release(release("1.4.0")?)).doing(|| "cannot write the pin".to_owned())?;
    let pinned = hand.commit(&[(PIN.to_owned(), pin.into_bytes())], "Promote storefront 1.4.0 to production")?;
    settled(&mut running, &pinned).await?;
    tell("A release lands whose container crashes: it ends in development, and production goes on.");
    let fault = Fault::ImageCrashes {
        image: BAD_DIGEST.to_owned(),
        exit_code: 1,
        reason: Some("missing DATABASE_URL".to_owned()),
    };
    let says = Fault::ImageSays {
        image: BAD_DIGEST.to_owned(),
        lines: vec!["storefront 1.5.0 starts".to_owned(), "panic: DATABASE_URL is not set".to_owned()],
    };
    for fault in [fault, says] {
        account.world.lock().unwrap_or_else(PoisonError::into_inner).queue_fault(fault);
    }
    let crashing = hand.commit(&[bad_release()], "Release storefront 1.5.0")?;
    settled(&mut running, &crashing).await?;
    tell("What runs where now.");
    what_is_where(&running);
    if !options.once {
        play(repo, &running);
        signalled().await?;
    }
    running.stop().await?;
    Ok(Exit::Done)
}

fn tell(sentence: &str) {
    let style = anstyle::Style::new().bold();
    output::progress(&format!("\n{style}{sentence}{style:#}"));
}

fn what_is_where(running: &Running) {
    if let Some(now) = running.published.borrow().as_ref() {
        let style = view::Style { color: true };
        output::progress(
            view::status::terminal(&now.planned.report, &now.facts, &now.moving, now.at, style).trim_end(),
        );
    }
}

fn play(repo: &Path, running: &Running) {
    let server = running.address.map(|address| format!("http://{address}")).unwrap_or_default();
    let program = program();
    tell("Your turn: commit to the repository, and ask from another terminal. Ctrl-C ends it.");
    output::progress(&format!("repository   {}", repo.display()));
    for (label, command) in [("ask", "status"), ("", "plan"), ("", "history")] {
        output::progress(&format!("{label:<12} {program} {command} --server {server}"));
    }
    output::progress(&format!("try          git -C {} revert --no-edit HEAD", repo.display()));
    output::progress("             removes the crashing release again");
}

/// How this program can be started from any folder: by its name, if it was found by its name.
fn program() -> String {
    let named = std::env::args().next().filter(|name| !name.contains('/'));
    let path = || std::env::current_exe().ok().map(|path| path.display().to_string());
    named.or_else(path).unwrap_or_else(|| "landfall".to_owned())
}

/// Waits until the daemon has read a commit and nothing moves any more.
async fn settled(running: &mut Running, commit: &CommitId) -> Result<(), Failure> {
    let mut published = running.published.clone();
    let waiting = published.wait_for(|now| now.as_ref().is_some_and(|now| now.commit == *commit && now.settled));
    tokio::select! {
        waited = tokio::time::timeout(PATIENCE, waiting) => match waited {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Failure::new(format!("nothing came to rest within {} s of commit {}", PATIENCE.as_secs(), commit.short()))),
        },
        () = running.finished() => Err(Failure::new("the daemon ended")),
    }
}

/// The person who commits.
struct Hand {
    writer: Writer,
}

impl Hand {
    fn commit(&self, files: &[(String, Vec<u8>)], message: &str) -> Result<CommitId, Failure> {
        let changes: Vec<Change<'_>> =
            files.iter().map(|(path, bytes)| Change { path, content: Some(bytes) }).collect();
        let author = Author { name: "Demo".to_owned(), email: "demo@localhost".to_owned(), time: Timestamp::now() };
        self.writer
            .commit(BRANCH, &changes, &author, message)
            .doing(|| format!("cannot commit to {}", self.writer.path().display()))
    }
}

fn release(name: &str) -> Result<ReleaseName, Failure> {
    ReleaseName::new(name).doing(|| format!("`{name}` is not a release"))
}

/// The files of the example.
fn example() -> Vec<(String, Vec<u8>)> {
    fn collect(dir: &Dir<'_>, files: &mut Vec<(String, Vec<u8>)>) {
        for file in dir.files() {
            files.push((file.path().to_string_lossy().replace('\\', "/"), file.contents().to_vec()));
        }
        for inner in dir.dirs() {
            collect(inner, files);
        }
    }
    let mut files = Vec::new();
    collect(&EXAMPLE, &mut files);
    files
}

/// A release with an image that crashes.
fn bad_release() -> (String, Vec<u8>) {
    let text = format!(
        "format = 1\n\n[images.web]\ntag = \"1.5.0\"\ndigest = \"{BAD_DIGEST}\"\n\n[images.proxy]\ntag = \"3.0.1\"\n\
         digest = \"sha256:5b1d9f7ce0d5a4c3b2a1908f7e6d5c4b3a29180f7e6d5c4b3a29180f7e6d5c4b\"\n"
    );
    ("projects/storefront/releases/1.5.0.toml".to_owned(), text.into_bytes())
}
