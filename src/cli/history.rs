//! `landfall history`: what happened, and the evidence of one deployment.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::ask::{form, http_url};
use super::config::Config;
use super::exit::{Doing, Exit, Failure, Outcome};
use super::facts::Known;
use super::output::{self, Format};
use super::server::Server;
use super::{pages, wire};
use crate::model::journal::DeploymentId;
use crate::view::{self, Style};

/// Options of `landfall history`.
#[derive(Args, Debug)]
pub struct History {
    /// One deployment, with its evidence
    #[arg(value_name = "DEPLOYMENT", value_parser = clap::value_parser!(u64).range(1..))]
    deployment: Option<u64>,
    /// Ask the daemon at this URL, with the token in `LANDFALL_TOKEN` if it needs one
    #[arg(long, value_name = "URL", value_parser = http_url)]
    server: Option<String>,
    /// Read this store
    #[arg(long, value_name = "sqlite:FILE", conflicts_with_all = ["server", "facts"])]
    store: Option<String>,
    /// Show what ran where, from a daemon's facts: a file, a URL, or a revision of the clone
    #[arg(long, value_name = "FILE|URL|REF", conflicts_with_all = ["server", "deployment"])]
    facts: Option<String>,
    /// Clone of the repository, if --facts names a revision
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// The operator's configuration file; it may name the store
    #[arg(long, value_name = "FILE", conflicts_with = "server")]
    config: Option<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Runs the command.
pub fn run(options: &History) -> Outcome {
    let config = Config::load(options.config.as_deref())?;
    let text = match (&options.server, &options.facts, options.store.as_ref().or(config.store.as_ref())) {
        (Some(server), ..) => {
            let path = options.deployment.map_or("/history".to_owned(), |id| format!("/history/{id}"));
            Server::new(server).page(&path, options.format)?
        }
        (None, Some(from), _) => from_facts(options, from)?,
        (None, None, Some(store)) => from_store(options, store)?,
        (None, None, None) => {
            return Err(Failure::usage("only the daemon's store has the history")
                .help("name it with --server or --store; --facts shows what ran where"));
        }
    };
    output::page(&text)?;
    Ok(Exit::Done)
}

/// Facts say what ran where, and not how it went.
fn from_facts(options: &History, from: &str) -> Result<String, Failure> {
    let (known, now) = (Known::read(from, &options.repo)?, Timestamp::now());
    known.tell(now, None);
    Ok(match options.format {
        Format::Json => format!("{:#}\n", view::runs::json(&known.facts)),
        Format::Terminal => view::runs::terminal(&known.facts, now, Style { color: true }),
    })
}

fn from_store(options: &History, url: &str) -> Result<String, Failure> {
    let records = super::runtime()?.block_on(async {
        let store = wire::existing_store(url).await?;
        pages::records(&*store).await.doing(|| format!("cannot read the store {url}"))
    })?;
    let now = Timestamp::now();
    let Some(id) = options.deployment.map(DeploymentId) else {
        return Ok(pages::history(&records, form(options.format), now));
    };
    let drawn = match options.format {
        Format::Json => view::history::deployment_json(&records, id).map(|value| format!("{value:#}\n")),
        Format::Terminal => view::history::deployment(&records, id, now, Style { color: true }),
    };
    drawn.ok_or_else(|| Failure::new(format!("there is no deployment {id} in {url}")))
}
