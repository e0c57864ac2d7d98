//! Which forge a command writes to, and with what token: from options, from the configuration, from the environment of a job, and from the
//! address of the remote, in this order.
//!
//! Nothing of it comes from a file of the repository.

use std::path::Path;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::super::config::{self, Config};
use super::super::exit::{Doing, Failure};
use super::keeper::{Keeper, Settings};
use super::pages::ReviewPages;
use crate::forge::{App, Credentials, Forge, GitHub, GitLab, Gitea, Kind, Limits, NewPullRequest, home};
use crate::git::{Mirror, Writer};

/// The environment variable with the token for the forge.
const TOKEN: &str = "LANDFALL_FORGE_TOKEN";

/// `--forge`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Named {
    /// github.com, or GitHub Enterprise Server.
    #[value(name = "github", help = None::<&str>)]
    GitHub,
    /// gitlab.com, or a GitLab of one's own.
    #[value(name = "gitlab", help = None::<&str>)]
    GitLab,
    #[value(name = "gitea", help = None::<&str>)]
    Gitea,
    #[value(name = "forgejo", help = None::<&str>)]
    Forgejo,
}

impl Named {
    /// The kind that it names.
    pub fn kind(self) -> Kind {
        match self {
            Self::GitHub => Kind::GitHub,
            Self::GitLab => Kind::GitLab,
            Self::Gitea | Self::Forgejo => Kind::Gitea,
        }
    }
}

/// Options that say where pull requests are.
#[derive(Args, Debug, Default)]
pub struct Place {
    /// The forge [default: that of the job, or of the remote `origin`]
    #[arg(long, value_name = "FORGE")]
    forge: Option<Named>,
    /// Address of the forge's API [default: that of the job, or of the remote's host]
    #[arg(long, value_name = "URL", value_parser = super::super::ask::http_url)]
    forge_api: Option<String>,
    /// The repository at the forge, as OWNER/NAME [default: that of the job, or of the remote `origin`]
    #[arg(long, value_name = "OWNER/NAME")]
    forge_project: Option<String>,
    /// The operator's configuration file: its `[forge]` has the token. Without it, the environment variable LANDFALL_FORGE_TOKEN has
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
}

/// Where pull requests are, and how to get in.
pub struct At {
    pub kind: Kind,
    pub api: String,
    pub project: String,
    /// The pull request of the job.
    pub number: Option<u64>,
    /// The job is of this commit in a merge queue.
    pub queued: Option<Queued>,
    /// The page of the job.
    pub job: Option<String>,
    pub config: config::Forge,
    /// A token that is no secret of the configuration.
    pub token: Option<String>,
}

/// A merge that waits in a queue for its statuses.
pub struct Queued {
    pub base: String,
    pub commit: String,
}

impl At {
    /// What the options, the configuration, the job and the remote say.
    ///
    /// # Errors
    /// They do not say enough.
    pub fn of(place: &Place, repo: &Path) -> Result<Self, Failure> {
        let config = Config::load(place.config.as_deref())?.forge;
        let remote = Writer::open(repo).and_then(|writer| writer.remote_url("origin")).ok();
        let given = Given { kind: place.forge, api: place.forge_api.clone(), project: place.forge_project.clone() };
        Self::from(given, config, remote.as_deref(), &|name| std::env::var(name).ok())
    }

    /// The same for a daemon, which is no job.
    ///
    /// # Errors
    /// They do not say enough.
    fn of_remote(config: &config::Forge, remote: &str) -> Result<Self, Failure> {
        let given = Given { kind: None, api: None, project: None };
        Self::from(given, config.clone(), Some(remote), &|name| std::env::var(name).ok().filter(|_| name == TOKEN))
    }

    fn from(
        given: Given,
        config: config::Forge,
        remote: Option<&str>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let get = |name: &str| environment(name).filter(|value| !value.is_empty());
        let (job, home) = (Job::of(&get), remote.and_then(home));
        let of_job = job.as_ref().map(|job| job.kind);
        let of_home = || home.as_ref().and_then(|home| home.kind);
        let kind = given.kind.or(config.kind).map(Named::kind).or(of_job).or_else(of_home).ok_or_else(|| {
            Failure::usage("it is not known at which forge the pull request is").help("name it with --forge")
        })?;
        // What a job says is of the job's forge alone.
        let mut job = job.filter(|job| job.kind == kind);
        let of_job = |pick: fn(&mut Job) -> Option<String>, job: &mut Option<Job>| job.as_mut().and_then(pick);
        let api = given.api.or(config.api.clone()).or_else(|| of_job(|job| job.api.take(), &mut job));
        let api = api.or_else(|| home.as_ref().map(|home| kind.api(&home.host))).ok_or_else(|| {
            Failure::usage("the address of the forge's API is not known").help("name it with --forge-api")
        })?;
        let project = given.project.or(config.project.clone()).or_else(|| of_job(|job| job.project.take(), &mut job));
        let project = project.or_else(|| home.map(|home| home.path)).ok_or_else(|| {
            Failure::usage("the repository's name at the forge is not known").help("name it with --forge-project")
        })?;
        let (number, queued, page, own) = match job {
            Some(job) => (job.number, job.queued, job.page, job.token),
            None => (None, None, None, None),
        };
        Ok(Self { kind, api, project, number, queued, job: page, config, token: get(TOKEN).or(own) })
    }
}

/// Keeps the pull requests of a daemon; none if its configuration has neither a token nor an app. A token in the environment is for
/// commands alone: it may be there for other reasons.
///
/// # Errors
/// It is not known where they are, or what is given cannot be used.
pub fn of_daemon(
    config: &Config,
    remote: &str,
    mirror: Arc<Mirror>,
    pages: Arc<ReviewPages>,
) -> Result<Option<Keeper>, Failure> {
    let forge = &config.forge;
    if forge.token_file.is_none() && forge.app_key_file.is_none() {
        return Ok(None);
    }
    let at = At::of_remote(forge, remote)?;
    let settings = Settings { deny: forge.deny, labels: forge.labels.clone(), url: config.url.clone() };
    Ok(Some(Keeper::new(open(&at)?, mirror, settings, pages)))
}

/// Opens a pull request for a pushed branch, and gives its page; that of the pull request that is open already, if one is.
///
/// # Errors
/// It is not known where it would be, there is no token, or the forge refuses.
pub fn open_pull_request(
    config: &Config,
    remote: &str,
    branch: &str,
    base: &str,
    message: &str,
) -> Result<String, Failure> {
    let (title, body) = message.split_once('\n').unwrap_or((message, ""));
    let new = NewPullRequest {
        branch: branch.to_owned(),
        base: base.to_owned(),
        title: title.to_owned(),
        body: body.trim().to_owned(),
    };
    let opened = open(&At::of_remote(&config.forge, remote)?)?.open(&new);
    let opened = opened.map_err(|error| {
        let message = format!("pushed {branch}, but opened no pull request");
        let failure = if error.passes() { Failure::unseen(message) } else { Failure::new(message) };
        failure
            .because(error)
            .help("the same command again opens it; docs/forges.md lists the rights that the token needs")
    })?;
    Ok(opened.url)
}

/// What options say.
struct Given {
    kind: Option<Named>,
    api: Option<String>,
    project: Option<String>,
}

/// What the environment of a job says. \[doc: "Variables reference" of GitHub Actions, "Predefined CI/CD variables reference" of GitLab,
/// "Actions variables" of Gitea and of Forgejo\]
struct Job {
    kind: Kind,
    api: Option<String>,
    project: Option<String>,
    number: Option<u64>,
    queued: Option<Queued>,
    page: Option<String>,
    token: Option<String>,
}

impl Job {
    fn of(get: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        if get("GITLAB_CI").is_some() {
            return Some(Self {
                kind: Kind::GitLab,
                api: get("CI_API_V4_URL"),
                project: get("CI_MERGE_REQUEST_PROJECT_PATH").or_else(|| get("CI_PROJECT_PATH")),
                number: get("CI_MERGE_REQUEST_IID").and_then(|number| number.parse().ok()),
                queued: None,
                page: get("CI_JOB_URL"),
                token: get("GITLAB_TOKEN"),
            });
        }
        get("GITHUB_ACTIONS")?;
        let like_github = get("GITEA_ACTIONS").or_else(|| get("FORGEJO_ACTIONS")).is_none();
        let number = get("GITHUB_REF").and_then(|name| {
            let number = name.strip_prefix("refs/pull/")?.split('/').next()?;
            number.parse().ok()
        });
        let queue = get("GITHUB_REF").filter(|_| get("GITHUB_EVENT_NAME").as_deref() == Some("merge_group"));
        let queued = queue.zip(get("GITHUB_SHA")).and_then(|(name, commit)| {
            // `refs/heads/gh-readonly-queue/main/pr-12-<commit>`
            let (base, _) = name.strip_prefix("refs/heads/gh-readonly-queue/")?.rsplit_once('/')?;
            Some(Queued { base: base.to_owned(), commit })
        });
        let run = get("GITHUB_SERVER_URL").zip(get("GITHUB_REPOSITORY")).zip(get("GITHUB_RUN_ID"));
        Some(Self {
            kind: if like_github { Kind::GitHub } else { Kind::Gitea },
            api: get("GITHUB_API_URL"),
            project: get("GITHUB_REPOSITORY"),
            number,
            queued,
            page: run.map(|((server, project), run)| format!("{server}/{project}/actions/runs/{run}")),
            token: get("GITEA_TOKEN").filter(|_| !like_github).or_else(|| get("GITHUB_TOKEN")),
        })
    }
}

/// A client of the forge.
///
/// # Errors
/// There is no token, or what is given cannot be used.
pub fn open(at: &At) -> Result<Arc<dyn Forge>, Failure> {
    let config = &at.config;
    let mut limits = Limits::with(Timestamp::now);
    if let Some(file) = &config.ca_file {
        let text = std::fs::read_to_string(file).doing(|| format!("cannot read {}", file.display()))?;
        limits.authorities = Some(text.into());
    }
    let token = match &config.token_file {
        Some(file) => Some(config::secret(file)?),
        None => at.token.clone(),
    };
    let token = token.filter(|token| !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()));
    let needed = || {
        Failure::usage("there is no token for the forge")
            .help(format!("set {TOKEN}, or `token_file` in [forge] of the configuration (docs/forges.md)"))
    };
    let wrong = |why: String| Failure::usage(format!("cannot reach the forge: {why}"));
    Ok(match at.kind {
        Kind::GitHub => {
            let credentials = match (&config.app_id, &config.app_key_file) {
                (Some(id), Some(file)) => {
                    let app = App::new(id, &config::secret(file)?, &at.project);
                    Credentials::App(
                        app.map(Box::new).map_err(|why| Failure::usage(format!("{}: {why}", file.display())))?,
                    )
                }
                _ => Credentials::Token(token.ok_or_else(needed)?),
            };
            Arc::new(GitHub::new(&at.api, &at.project, credentials, limits).map_err(wrong)?)
        }
        Kind::GitLab => Arc::new(GitLab::new(&at.api, &at.project, token.ok_or_else(needed)?, limits).map_err(wrong)?),
        Kind::Gitea => Arc::new(Gitea::new(&at.api, &at.project, token.ok_or_else(needed)?, limits).map_err(wrong)?),
    })
}
