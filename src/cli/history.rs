//! `landfall history`: what happened, and the evidence of one deployment.

use clap::Args;
use jiff::Timestamp;

use super::ask::{form, http_url};
use super::exit::{Doing, Exit, Failure, Outcome};
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
    /// Ask the daemon at this URL; a token that it asks for is taken from `LANDFALL_TOKEN`
    #[arg(long, value_name = "URL", value_parser = http_url)]
    server: Option<String>,
    /// Read this store
    #[arg(long, value_name = "sqlite:FILE", conflicts_with = "server")]
    store: Option<String>,
    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Runs the command.
pub fn run(options: &History) -> Outcome {
    let text = match (&options.server, &options.store) {
        (Some(server), _) => {
            let path = options.deployment.map_or("/history".to_owned(), |id| format!("/history/{id}"));
            Server::new(server).page(&path, options.format)?
        }
        (None, Some(store)) => from_store(options, store)?,
        (None, None) => {
            return Err(
                Failure::usage("what happened is in the daemon's store").help("name it with --server or --store")
            );
        }
    };
    output::page(&text)?;
    Ok(Exit::Done)
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
