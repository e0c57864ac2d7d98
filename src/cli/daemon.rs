//! `landfall daemon`: the deployer.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::alone::Alone;
use super::ask::http_url;
use super::check::uncommitted;
use super::clock::WallClock;
use super::config::{self, Config, LogFormat, Span};
use super::exit::{Doing, Exit, Failure, Outcome};
use super::output::{self, Color};
use super::pages::LivePages;
use super::progress::Progress;
use super::publish::publish;
use super::pulls::{self, ReviewPages};
use super::upstream::Branch;
use super::{logging, rights, sim, verdict, wire};
use crate::cloud::Change;
use crate::daemon::{self, DaemonError, Ending, Events, Ports, Published};
use crate::git::{self, GitError, Mirror};
use crate::model::facts::InFlight;
use crate::model::health::Health;
use crate::model::journal::{Entry, Outcome as Ended, Record};
use crate::model::{Catalog, CommitId};
use crate::plan::Report;
use crate::problem::{Level, Problem};
use crate::store::SqliteStore;
use crate::{view, web};

/// Between two looks at a remote branch, unless the configuration says otherwise.
const POLL: Duration = Duration::from_secs(30);
/// Between two listings of AWS without a cause, unless the configuration says otherwise.
const SWEEP: Duration = Duration::from_secs(300);
/// How long a stop may take before the process ends without waiting for it.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How long a daemon with `--once` waits for what it cannot see, by default.
pub const USUAL_PATIENCE: Duration = Duration::from_secs(120);
/// How long the facts may be pushed after the daemon ended by itself.
const LAST_WORDS: Duration = Duration::from_secs(60);

/// Options of `landfall daemon`.
#[derive(Args, Debug)]
pub struct DaemonArgs {
    /// Repository to deploy from: a URL or a folder
    #[arg(long, value_name = "URL|DIR")]
    repo: Option<String>,
    /// Branch to follow [default: at the first start, the repository's default branch; later, the branch of the first
    /// start]
    #[arg(long)]
    branch: Option<String>,
    /// The operator's configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Store of the journal [default: landfall.db; with --simulate, a temporary one]
    #[arg(long, value_name = "sqlite:FILE")]
    store: Option<String>,
    /// Serve the API at this address, for commands with --server
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Deploy to this endpoint instead of AWS
    #[arg(long, value_name = "URL", value_parser = http_url)]
    endpoint: Option<String>,
    /// Deploy to simulated AWS accounts, which disappear when this process ends
    #[arg(long, conflicts_with = "endpoint")]
    simulate: bool,
    /// Exit when nothing moves any more. Codes: 0 everything is in place, or waits for time or for a pin, 1 a
    /// deployment failed, 3 the repository has errors, 5 a change that a commit asks for is held, 6 landfall could not read git or
    /// AWS
    #[arg(long)]
    once: bool,
    /// Take over stacks of this repository that another store deployed
    #[arg(long)]
    adopt: bool,
    /// How long --once waits for git, for AWS, and for operations of others in AWS
    #[arg(long, value_name = "SPAN", default_value = "2m", requires = "once")]
    patience: Span,
    /// Write a log to stderr instead of progress lines
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
}

/// Runs the command.
pub fn run(options: &DaemonArgs, color: Color) -> Outcome {
    let mut config = Config::load(options.config.as_deref())?;
    let format = options.log_format.or(config.log_format);
    logging::start(format, color)?;
    rights::keep_private();
    let progress: Arc<dyn Events> = match format {
        None => Arc::new(Progress::new(output::progress)),
        Some(_) => Arc::new(daemon::Silent),
    };
    if options.simulate {
        // What happens in simulated accounts must not be told at the forge.
        config.forge = config::Forge::default();
    }
    let rehearsal = rehearsal(options)?;
    if rehearsal.is_some() {
        config.mirror = None;
    }
    let store = rehearsal.as_ref().map(|folder| folder.path().join(wire::STORE).display().to_string());
    let settings = Settings {
        repo: options.repo.clone().or_else(|| config.repo.clone()).ok_or_else(|| {
            Failure::usage("no repository is given").help("name it with --repo, or as `repo` in the configuration")
        })?,
        branch: options.branch.clone(),
        store: store
            .or_else(|| options.store.clone())
            .or_else(|| config.store.clone())
            .unwrap_or_else(|| wire::STORE.to_owned()),
        listen: options.listen.or(config.listen),
        endpoint: options.endpoint.clone(),
        once: options.once,
        adopt: options.adopt,
        patience: options.patience.0,
        config,
    };
    let runtime = super::runtime()?;
    let outcome = runtime.block_on(until_told(settings, options.simulate, progress, format.is_none()));
    // A look at a remote that does not answer is not waited for: it changes nothing.
    runtime.shutdown_background();
    outcome
}

/// Where a rehearsal keeps its journal by default: what happened in simulated accounts must not count as the
/// past of real ones.
fn rehearsal(options: &DaemonArgs) -> Result<Option<tempfile::TempDir>, Failure> {
    if !options.simulate || options.store.is_some() {
        return Ok(None);
    }
    let folder = tempfile::Builder::new().prefix("landfall-rehearsal-").tempdir();
    folder.map(Some).doing(|| "cannot make a temporary folder for the journal".to_owned())
}

async fn until_told(mut settings: Settings, simulate: bool, progress: Arc<dyn Events>, tell: bool) -> Outcome {
    let mut told = std::pin::pin!(signalled());
    let account = if simulate { Some(sim::start(sim::ANY_PORT, sim::lively()).await?) } else { None };
    if let Some(account) = &account {
        settings.endpoint = Some(account.url());
    }
    let local = wire::remote(&settings.config, &settings.repo, settings.branch.as_deref())?.local();
    let (failed, errors) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let tally = Arc::new(Tally {
        inner: progress,
        failed: failed.clone(),
        errors: errors.clone(),
        config: settings.config.clone(),
        warned: Mutex::default(),
    });
    let mut running = tokio::select! {
        biased;
        signal = told.as_mut() => return signal.map(|()| Exit::Done),
        running = start(settings, tally) => running?,
    };
    if let (Some(address), true) = (running.address, tell) {
        output::progress(&format!("listening    http://{address}"));
    }
    if let Some(note) = local.filter(|_| tell).and_then(|folder| uncommitted(&folder)) {
        output::progress(&format!("note         {note}"));
    }
    let told = tokio::select! {
        signal = told => { signal?; true }
        () = running.finished() => false,
    };
    if told {
        output::progress("stopping     the next start continues with the deployments in flight");
    }
    let (published, health) = (running.published.clone(), running.health.clone());
    running.stop().await?;
    if told {
        return Ok(Exit::Done);
    }
    let published = published.borrow().clone();
    let health = health.borrow().clone();
    let report = published.as_ref().map(|published| &published.planned.report);
    for line in
        view::health::after(&health, Timestamp::now(), &report.map(view::health::holding).unwrap_or_default()).lines()
    {
        output::progress(&format!("unseen       {line}"));
    }
    Ok(verdict::exit(&verdict::Run {
        failed: failed.load(Ordering::Relaxed),
        errors: errors.load(Ordering::Relaxed),
        asks: published.as_ref().is_some_and(|published| published.facts.question.is_some()),
        report,
        health: &health,
    }))
}

/// Everything that a daemon is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The repository.
    pub repo: String,
    /// The branch; none is the configuration's, or the repository's default.
    pub branch: Option<String>,
    /// The store.
    pub store: String,
    /// Where the API listens.
    pub listen: Option<SocketAddr>,
    /// Where AWS is, if it is not AWS.
    pub endpoint: Option<String>,
    /// End when nothing moves any more.
    pub once: bool,
    /// Take over the stacks of another store.
    pub adopt: bool,
    /// How long it then waits for what it cannot see.
    pub patience: Duration,
    /// The rest.
    pub config: Config,
}

/// A daemon that was started.
pub struct Running {
    ended: oneshot::Receiver<Result<Ending, DaemonError>>,
    outcome: Option<Result<(), Failure>>,
    stop: Option<oneshot::Sender<()>>,
    publisher: JoinHandle<()>,
    keeper: Option<JoinHandle<()>>,
    store: Arc<SqliteStore>,
    _watch: Option<git::Watch>,
    _alone: Alone,
    /// What it knows.
    pub published: watch::Receiver<Option<Arc<Published>>>,
    /// What it depends on.
    pub health: watch::Receiver<Health>,
    /// Where its API listens.
    pub address: Option<SocketAddr>,
}

impl Running {
    /// Returns when the daemon ended by itself.
    pub async fn finished(&mut self) {
        if self.outcome.is_none() {
            self.outcome = Some(match (&mut self.ended).await {
                Ok(Ok(Ending::Stopped | Ending::Settled | Ending::Impatient)) => Ok(()),
                Ok(Err(error)) => Err(Failure::new("the daemon stopped").because(error)),
                Err(_) => Err(Failure::new("the daemon failed because of a mistake in landfall")
                    .help("the next start continues with the deployments in flight; please report the message above")),
            });
        }
    }

    /// Stops the daemon; gives the error that it ended with, also where its thread panicked.
    pub async fn stop(mut self) -> Result<(), Failure> {
        // One that ended by itself may take its time to tell the last facts.
        let patience = if self.outcome.is_some() { LAST_WORDS } else { PATIENCE };
        let last = tokio::time::Instant::now() + patience;
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        // A daemon that takes longer is left where it is: dropping a turn is as safe as a crash.
        let _ = tokio::time::timeout_at(last, self.finished()).await;
        let _ = tokio::time::timeout_at(last, self.publisher).await;
        if let Some(keeper) = self.keeper {
            let _ = tokio::time::timeout_at(last, keeper).await;
        }
        let _ = tokio::time::timeout_at(last, self.store.close()).await;
        self.outcome.unwrap_or(Ok(()))
    }
}

/// Why a repository on this machine cannot be followed.
fn unfollowed(path: &Path, error: GitError) -> Failure {
    let failure = Failure::unseen(format!("cannot follow {}", path.display()));
    let failure = match &error {
        GitError::Watch { .. } => failure,
        _ => failure.help("--repo must name a git repository: a folder with `.git`, a bare repository, or a URL"),
    };
    failure.because(error)
}

/// Starts a daemon: mirror, store, AWS, API.
pub async fn start(settings: Settings, events: Arc<dyn Events>) -> Result<Running, Failure> {
    let config = &settings.config;
    rights::strict(config)?;
    let alone = Alone::with(&settings.store)?;
    let folder = wire::mirror_folder(config, &settings.store);
    let narrowed = rights::narrow(alone.path(), &folder);
    narrowed.iter().chain(&rights::warnings(config, None)).for_each(|warning| events.warned(warning));
    let store = wire::store(&settings.store).await?;
    let remote = wire::remote(config, &settings.repo, settings.branch.as_deref())?;
    let local = remote.local();
    let mirror = Mirror::open(&folder, remote).doing(|| format!("cannot follow {}", settings.repo))?;
    let cloud: Arc<dyn Change> = Arc::new(wire::cloud(config, settings.endpoint.as_deref()));
    let mirror = Arc::new(mirror);
    let ports = Ports {
        upstream: Arc::new(Branch::new(mirror.clone())),
        store: store.clone(),
        cloud,
        clock: Arc::new(WallClock),
        events: events.clone(),
    };
    let span = |given: Option<Span>, usual| given.map_or(usual, |span| span.0);
    let options = daemon::Options {
        owner: wire::owner(),
        poll: span(config.poll, POLL),
        sweep: span(config.sweep, SWEEP),
        chance: wire::chance(),
        adopt: settings.adopt,
        single: settings.adopt && settings.once,
        patience: settings.patience,
    };
    let poll = options.poll;
    let daemon = daemon::Daemon::new(ports, options);
    let (published, health) = (daemon.published(), daemon.health());
    let secrets = webhook_secrets(&config.webhooks)?;
    if secrets.any() && settings.listen.is_none() {
        return Err(Failure::usage("the configuration has secrets for webhooks, and no address to listen at")
            .help("`listen` in the configuration, or --listen"));
    }
    let (wake, wakes) = mpsc::channel(1);
    let (look, looks) = mpsc::channel(1);
    let reviews = Arc::new(ReviewPages::default());
    let keeper = pulls::of_daemon(config, &settings.repo, mirror.clone(), reviews.clone())?;
    let address = match settings.listen {
        Some(address) => {
            let pages =
                LivePages::new(published.clone(), health.clone(), store.clone(), config.clone(), reviews.clone());
            Some(listen(address, config, (pages, reviews), (secrets, vec![wake.clone(), look])).await?)
        }
        None => None,
    };
    let keeper = keeper.map(|keeper| tokio::spawn(pulls::keep(keeper, published.clone(), looks, poll, events.clone())));
    let publisher = tokio::spawn(publish(published.clone(), mirror, config.facts.push, events));
    let watch = match &local {
        Some(path) => Some(git::watch(path, wake).map_err(|error| unfollowed(path, error))?),
        None => None,
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async {
        let _ = stopped.await;
    };
    let (tell, ended) = oneshot::channel();
    let (runtime, once) = (tokio::runtime::Handle::current(), settings.once);
    // Its own thread: reading and planning a large repository delays no answer and no signal.
    std::thread::spawn(move || tell.send(runtime.block_on(daemon.run(wakes, stopped, once))));
    Ok(Running {
        ended,
        outcome: None,
        stop: Some(stop),
        publisher,
        keeper,
        store,
        _watch: watch,
        _alone: alone,
        published,
        health,
        address,
    })
}

async fn listen(
    address: SocketAddr,
    config: &Config,
    (pages, reviews): (LivePages, Arc<ReviewPages>),
    (secrets, wakes): (web::Secrets, Vec<mpsc::Sender<()>>),
) -> Result<SocketAddr, Failure> {
    let token = config.token_file.as_deref().map(config::secret).transpose()?;
    web::may_listen(address, token.as_deref()).map_err(|error| {
        Failure::usage("the API cannot listen there").because(error).help("`token_file` in the configuration")
    })?;
    let listener = tokio::net::TcpListener::bind(address).await.doing(|| format!("cannot listen at {address}"))?;
    let address = listener.local_addr().doing(|| format!("cannot listen at {address}"))?;
    let token: Option<Arc<str>> = token.map(Arc::from);
    let router = web::router(Arc::new(pages), token.clone()).merge(web::reviews(reviews, token));
    let router = if secrets.any() { router.merge(web::hooks(secrets, wakes, web::WINDOW)) } else { router };
    tokio::spawn(web::serve(listener, router, web::Bounds::default(), std::future::pending()));
    tracing::info!(%address, "the API listens");
    Ok(address)
}

/// The secrets of webhooks, from their files.
fn webhook_secrets(files: &config::Webhooks) -> Result<web::Secrets, Failure> {
    let secret = |file: &Option<PathBuf>| -> Result<Option<Arc<str>>, Failure> {
        let Some(file) = file else { return Ok(None) };
        let secret = config::secret(file)?;
        if secret.chars().count() < web::SHORTEST {
            let short = format!("the secret in {} has fewer than {} characters", file.display(), web::SHORTEST);
            return Err(Failure::usage(short).help("a good one: openssl rand -hex 32"));
        }
        Ok(Some(secret.into()))
    };
    Ok(web::Secrets {
        github: secret(&files.github_secret_file)?,
        gitlab: secret(&files.gitlab_token_file)?,
        gitea: secret(&files.gitea_secret_file)?,
    })
}

/// Returns at SIGTERM or SIGINT.
pub async fn signalled() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).doing(|| "cannot wait for SIGTERM".to_owned())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(())
}

/// Counts what decides the exit code.
struct Tally {
    inner: Arc<dyn Events>,
    failed: Arc<AtomicU32>,
    errors: Arc<AtomicU32>,
    config: Config,
    /// What the operator was warned of, so that each is said once.
    warned: Mutex<BTreeSet<String>>,
}

impl Events for Tally {
    fn read(&self, commit: &CommitId, catalog: &Catalog, problems: &[Problem]) {
        let errors = problems.iter().filter(|problem| problem.level == Level::Error).count();
        self.errors.store(u32::try_from(errors).unwrap_or(u32::MAX), Ordering::Relaxed);
        self.inner.read(commit, catalog, problems);
        rights::warnings(&self.config, Some(catalog)).iter().for_each(|warning| self.warned(warning));
    }

    fn warned(&self, warning: &str) {
        if self.warned.lock().unwrap_or_else(PoisonError::into_inner).insert(warning.to_owned()) {
            tracing::warn!("{warning}");
            self.inner.warned(warning);
        }
    }

    fn planned(&self, report: &Report) {
        self.inner.planned(report);
    }

    fn resumed(&self, flights: &[InFlight]) {
        self.inner.resumed(flights);
    }

    fn recorded(&self, record: &Record) {
        if matches!(&record.entry, Entry::Ended { outcome: Ended::Failed(_), .. }) {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        self.inner.recorded(record);
    }

    fn failed(&self, error: &(dyn std::error::Error + 'static), again: Duration) {
        self.inner.failed(error, again);
    }
}
