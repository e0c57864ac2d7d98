//! Where a command has what the daemon knows from: a daemon that is asked, or a look of its own.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;

use super::config::Config;
use super::exit::{Doing, Failure};
use super::output::Format;
use super::server::Server;
use super::{facts, pages, wire};
use crate::daemon::{self, Published};
use crate::git::Reader;
use crate::load::{Loader, Source};
use crate::model::Facts;
use crate::model::facts_fold::FactsFold;
use crate::plan::{self, Input};
use crate::store::Store;
use crate::template;
use crate::tree::History;
use crate::web::Form;

/// What a plan cannot know without facts.
const WITHOUT: &str = "note         without --server, --store or --facts, nothing is known of the past: since when a release runs, \
                       how often one failed, what was allowed";

/// Where the answer comes from.
#[derive(Args, Debug)]
pub struct Ask {
    /// Ask the daemon at this URL, with the token in `LANDFALL_TOKEN` if it needs one
    #[arg(long, value_name = "URL", value_parser = http_url, conflicts_with_all = ["store", "facts", "endpoint", "config"])]
    pub server: Option<String>,
    /// Clone of the repository; without --server, landfall reads its HEAD
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub repo: PathBuf,
    /// Read past deployments from this store of a daemon
    #[arg(long, value_name = "sqlite:FILE")]
    pub store: Option<String>,
    /// Read past deployments from the facts that a daemon served or pushed: a file, a URL, or a revision of the clone
    #[arg(long, value_name = "FILE|URL|REF", conflicts_with = "store")]
    pub facts: Option<String>,
    /// Use this endpoint instead of AWS
    #[arg(long, value_name = "URL", value_parser = http_url)]
    pub endpoint: Option<String>,
    /// The operator's configuration file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl Ask {
    /// The daemon to ask, if one was named.
    pub fn server(&self) -> Option<Server> {
        self.server.as_deref().map(Server::new)
    }

    /// That the past is known: from a daemon, its facts or its store.
    ///
    /// # Errors
    /// None of them is named.
    pub fn needs_past(&self) -> Result<(), Failure> {
        let named = self.server.is_some() || self.store.is_some() || self.facts.is_some();
        if named || Config::load(self.config.as_deref())?.store.is_some() {
            return Ok(());
        }
        Err(Failure::usage("only a daemon, its store or its facts know what runs where and since when")
            .help("name one with --server or --store, or its facts with --facts; `landfall plan` also works without"))
    }

    /// Looks for itself: reads, and changes nothing.
    pub fn look(&self) -> Result<Published, Failure> {
        let config = Config::load(self.config.as_deref())?;
        let repo = self.repo.display();
        let reader = Reader::open_local(&self.repo).doing(|| format!("cannot read {repo}"))?;
        let facts = match (&self.facts, self.store.as_ref().or(config.store.as_ref())) {
            (None, Some(url)) => {
                let facts = super::runtime()?.block_on(stored(url))?;
                facts::tell_clone(&reader, &facts);
                facts
            }
            (from, _) => facts::or_none(from.as_deref(), &self.repo, &reader, WITHOUT)?
                .map_or_else(Facts::default, |known| known.facts.clone()),
        };
        let cloud = wire::cloud(&config, self.endpoint.as_deref());
        super::runtime()?.block_on(self.look_with(&reader, &cloud, facts))
    }

    async fn look_with(
        &self,
        reader: &Reader,
        cloud: &dyn crate::cloud::Observe,
        facts: Facts,
    ) -> Result<Published, Failure> {
        let repo = self.repo.display();
        let commit = reader.resolve("HEAD").doing(|| format!("{repo} has no commit"))?;
        let tree = reader.tree(&commit).doing(|| format!("cannot read the files of {commit}"))?;
        let source =
            Source { tree: &tree, blobs: reader, commit: Some(&commit), history: Some(reader), facts: Some(&facts) };
        let loaded = Loader::new().load(&source).doing(|| format!("cannot read {repo} at {commit}"))?;
        let now = Timestamp::now();
        let (observed, _) = daemon::observe(cloud, daemon::places(&loaded.catalog, &facts), now).await;
        let input = Input { catalog: &loaded.catalog, facts: &facts, observed: &observed, now };
        let mut planned = plan::plan(&input, &mut template::Cache::default());
        let (mut deployed, unread) = daemon::templates(cloud, plan::needs_templates(&planned)).await;
        deployed.extend(daemon::templates(cloud, plan::shows_templates(&planned)).await.0);
        if let Some(((place, stack), error)) = unread.into_iter().next() {
            let message = format!("cannot read the deployed template of {stack} in {place}");
            return Err(Failure::unseen(message).because(error));
        }
        plan::with_deployed(&mut planned, &deployed, &observed);
        let settled = planned.plan.is_empty() && facts.in_flight.is_empty();
        let problems = loaded.problems_at(now).into();
        Ok(Published {
            commit,
            at: now,
            catalog: Arc::new(loaded.catalog),
            problems,
            facts: Arc::new(facts),
            observed: Arc::new(observed),
            planned: Arc::new(planned),
            deployed: Arc::new(deployed),
            moving: Arc::new([]),
            settled,
        })
    }
}

/// A URL of a server: scheme, host and port.
pub fn http_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match rest {
        Some(host) if !host.trim_matches('/').is_empty() => Ok(text.to_owned()),
        _ => Err("a URL is like http://127.0.0.1:7117".to_owned()),
    }
}

/// The facts of a store.
pub(super) async fn stored(url: &str) -> Result<Facts, Failure> {
    let store = wire::existing_store(url).await?;
    let id = store.id().await.doing(|| format!("cannot read the store {url}"))?;
    let records = pages::records(&*store).await.doing(|| format!("cannot read the store {url}"))?;
    Ok(FactsFold::replay(id, &records).facts().clone())
}

/// The form of a format.
pub fn form(format: Format) -> Form {
    match format {
        Format::Terminal => Form::Terminal,
        Format::Json => Form::Json,
    }
}
