//! GitHub, and GitHub Enterprise Server: the REST API, version 2022-11-28.
//!
//! \[doc: "GitHub REST API documentation": pulls, issues/comments, commits/statuses, issues/labels, repos/rules\]

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{Auth, Method};
use super::link::encoded;
use super::{App, Comment, Forge, ForgeError, Http, Limits, Look, NewPullRequest, PullRequest, State, Status, cut};
use crate::model::CommitId;

/// What jobs of GitHub Actions write as: their token may not ask.
const ACTIONS: &str = "github-actions[bot]";

/// A repository at GitHub.
#[derive(Debug)]
pub struct GitHub {
    http: Http,
    /// `repos/owner/name`.
    at: String,
    /// `owner`.
    owner: String,
    login: std::sync::OnceLock<String>,
}

/// How landfall proves who it is.
pub enum Credentials {
    /// A token of a person, of an installed app, or of a job.
    Token(String),
    /// An app, by its key.
    App(Box<App>),
}

impl GitHub {
    /// A client for `owner/name`; makes no call yet.
    ///
    /// # Errors
    /// The address of the API, or the name, is none.
    pub fn new(api: &str, repository: &str, credentials: Credentials, limits: Limits) -> Result<Self, String> {
        let (owner, name) = repository
            .split_once('/')
            .filter(|(owner, name)| !owner.is_empty() && !name.is_empty() && !name.contains('/'))
            .ok_or_else(|| format!("`{repository}` is not `owner/name`"))?;
        let auth = match credentials {
            Credentials::Token(token) => Auth::Bearer(token),
            Credentials::App(app) => Auth::App(app),
        };
        let http = Http::new(api, auth, limits)?;
        let at = format!("repos/{}/{}", encoded(owner), encoded(name));
        Ok(Self { http, at, owner: owner.to_owned(), login: std::sync::OnceLock::new() })
    }

    fn login(&self) -> Result<&str, ForgeError> {
        if let Some(login) = self.login.get() {
            return Ok(login);
        }
        let login = match &self.http.auth {
            Auth::App(app) => app.login(&self.http, self.http.now())?,
            _ => match self.http.get::<User>("tell whose token this is", "user") {
                Ok(user) => user.login,
                // The token of an installation, as jobs have it, is of no user.
                Err(ForgeError::Denied { status: 403, .. }) => ACTIONS.to_owned(),
                Err(error) => return Err(error),
            },
        };
        Ok(self.login.get_or_init(|| login))
    }

    fn pulls(&self, what: &'static str, query: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let pulls = self.http.all(what, &format!("{}/{query}", self.at), |page: Vec<Pull>| page)?;
        pulls.into_iter().map(|pull| self.read(what, pull)).collect()
    }

    fn read(&self, what: &'static str, pull: Pull) -> Result<PullRequest, ForgeError> {
        let commit = |text: &str| self.http.commit(what, text);
        let home = pull.base.repo.as_ref().map(|repo| repo.id);
        let merged = pull.merged_at.as_ref().and(pull.merge_commit_sha.as_deref()).map(commit).transpose()?;
        Ok(PullRequest {
            number: pull.number,
            open: pull.state == "open",
            fork: pull.head.repo.as_ref().map(|repo| repo.id) != home,
            base: pull.base.name,
            head: commit(&pull.head.sha)?,
            branch: pull.head.name,
            merged,
            labels: pull.labels.into_iter().map(|label| label.name).collect(),
            url: pull.html_url,
        })
    }
}

impl Forge for GitHub {
    fn most_of_a_comment(&self) -> usize {
        65_536
    }

    fn most_of_a_description(&self) -> usize {
        140
    }

    fn named(&self, number: u64) -> String {
        format!("#{number}")
    }

    fn head_ref(&self, number: u64) -> String {
        format!("refs/pull/{number}/head")
    }

    fn open_pull_requests(&self, base: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let query = query(&[("state", "open"), ("base", base), ("sort", "created"), ("direction", "asc")]);
        self.pulls("list pull requests", &format!("pulls?{query}"))
    }

    fn pull_request(&self, number: u64) -> Result<PullRequest, ForgeError> {
        let what = "show the pull request";
        self.http.get(what, &format!("{}/pulls/{number}", self.at)).and_then(|pull| self.read(what, pull))
    }

    fn pull_requests_of(&self, commit: &CommitId) -> Result<Vec<PullRequest>, ForgeError> {
        self.pulls("list the pull requests of a commit", &format!("commits/{commit}/pulls?per_page=100"))
    }

    fn comments(&self, number: u64) -> Result<Vec<Comment>, ForgeError> {
        let login = self.login()?;
        let path = format!("{}/issues/{number}/comments?per_page=100", self.at);
        self.http.all("list the comments", &path, |page: Vec<Said>| {
            let comment = |said: Said| {
                let author = said.user.map(|user| user.login).unwrap_or_default();
                let own = author == login;
                Comment { id: said.id, author, own, body: said.body.unwrap_or_default(), at: said.updated_at }
            };
            page.into_iter().map(comment).collect()
        })
    }

    fn comment(&self, number: u64, body: &str) -> Result<(), ForgeError> {
        let path = format!("{}/issues/{number}/comments", self.at);
        self.http.send("comment on the pull request", &Method::POST, &path, &json!({ "body": body })).map(drop)
    }

    fn edit(&self, _: u64, comment: u64, body: &str) -> Result<(), ForgeError> {
        let path = format!("{}/issues/comments/{comment}", self.at);
        self.http.send("edit the comment", &Method::PATCH, &path, &json!({ "body": body })).map(drop)
    }

    fn remove(&self, _: u64, comment: u64) -> Result<(), ForgeError> {
        let path = format!("{}/issues/comments/{comment}", self.at);
        self.http.send("remove the comment", &Method::DELETE, &path, &Value::Null).map(drop)
    }

    fn looks(&self, number: u64) -> Result<Vec<Look>, ForgeError> {
        let login = self.login()?;
        let path = format!("{}/pulls/{number}/reviews?per_page=100", self.at);
        self.http.all("list the reviews", &path, |page: Vec<Reviewed>| {
            let look = |reviewed: Reviewed| {
                let by = reviewed.user.filter(|user| user.kind != "Bot" && user.login != login)?.login;
                Some(Look { by, at: reviewed.submitted_at? })
            };
            page.into_iter().filter_map(look).collect()
        })
    }

    fn may_write(&self, account: &str) -> Result<bool, ForgeError> {
        // An app writes only where somebody who administers the repository has installed it.
        if account.ends_with("[bot]") {
            return Ok(true);
        }
        let path = format!("{}/collaborators/{}/permission", self.at, encoded(account));
        match self.http.get::<Permission>("tell what an account may do", &path) {
            Ok(given) => Ok(matches!(given.permission.as_str(), "admin" | "write")),
            Err(ForgeError::Missing { .. } | ForgeError::Denied { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn statuses(&self, commit: &CommitId) -> Result<Vec<Status>, ForgeError> {
        let path = format!("{}/commits/{commit}/status?per_page=100", self.at);
        self.http.all("list the statuses", &path, |page: Combined| {
            let status = |told: Told| Status {
                context: told.context,
                state: match told.state.as_str() {
                    "success" => State::Success,
                    "pending" => State::Pending,
                    _ => State::Failure,
                },
                description: told.description.unwrap_or_default(),
                url: told.target_url,
            };
            page.statuses.into_iter().map(status).collect()
        })
    }

    fn set_status(&self, commit: &CommitId, status: &Status) -> Result<(), ForgeError> {
        let description = cut(&status.description, self.most_of_a_description());
        let body = json!({
            "state": status.state.to_string(), "context": status.context, "description": description,
            "target_url": status.url,
        });
        self.http.send("set a status", &Method::POST, &format!("{}/statuses/{commit}", self.at), &body).map(drop)
    }

    fn label(&self, pull_request: &PullRequest, add: &[String], remove: &[String]) -> Result<(), ForgeError> {
        let path = format!("{}/issues/{}/labels", self.at, pull_request.number);
        // A label that the repository does not have is made by this call.
        if !add.is_empty() {
            self.http.send("label the pull request", &Method::POST, &path, &json!({ "labels": add }))?;
        }
        for label in remove {
            let label = encoded(label).replace('/', "%2F");
            match self.http.send("remove a label", &Method::DELETE, &format!("{path}/{label}"), &Value::Null) {
                Ok(_) | Err(ForgeError::Missing { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn open(&self, new: &NewPullRequest) -> Result<PullRequest, ForgeError> {
        let what = "open a pull request";
        let body = json!({ "title": new.title, "head": new.branch, "base": new.base, "body": new.body });
        match self.http.send(what, &Method::POST, &format!("{}/pulls", self.at), &body) {
            Ok(made) => {
                let pull = serde_json::from_value(made).map_err(|error| self.http.answer(what, error.to_string()))?;
                self.read(what, pull)
            }
            // "A pull request already exists for owner:branch."
            Err(refused @ ForgeError::Refused { status: 422, .. }) => {
                let head = format!("{}:{}", self.owner, new.branch);
                let query = query(&[("state", "open"), ("base", &new.base), ("head", &head)]);
                self.pulls(what, &format!("pulls?{query}"))?.into_iter().next().ok_or(refused)
            }
            Err(error) => Err(error),
        }
    }

    fn queued(&self, base: &str) -> Result<Vec<(String, CommitId)>, ForgeError> {
        let (what, prefix) = ("list the merge queue", format!("heads/gh-readonly-queue/{base}/"));
        let path = format!("{}/git/matching-refs/{}", self.at, encoded(&prefix));
        let found = self.http.all(what, &path, |page: Vec<Named>| page)?;
        found.into_iter().map(|named| Ok((named.name, self.http.commit(what, &named.object.sha)?))).collect()
    }

    fn required(&self, branch: &str) -> Result<Vec<String>, ForgeError> {
        let what = "tell what a branch requires";
        let branch = encoded(branch).replace('/', "%2F");
        let mut required = BTreeSet::new();
        match self.http.get::<Branch>(what, &format!("{}/branches/{branch}", self.at)) {
            Ok(branch) => {
                required.extend(branch.protection.map(|p| p.required_status_checks.contexts).unwrap_or_default())
            }
            Err(ForgeError::Missing { .. }) => {}
            Err(error) => return Err(error),
        }
        let rules =
            self.http.all(what, &format!("{}/rules/branches/{branch}?per_page=100", self.at), |page: Vec<Rule>| page);
        match rules {
            Ok(rules) => {
                let checks = rules.into_iter().filter(|rule| rule.kind == "required_status_checks");
                let checks = checks.filter_map(|rule| rule.parameters).flat_map(|given| given.required_status_checks);
                required.extend(checks.map(|check| check.context));
            }
            // Servers before 3.11 have no rules.
            Err(ForgeError::Missing { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(required.into_iter().collect())
    }
}

/// Fields of a query, and the largest page.
fn query(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).append_pair("per_page", "100").finish()
}

#[derive(Deserialize)]
struct User {
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Deserialize)]
struct Pull {
    number: u64,
    state: String,
    base: Side,
    head: Side,
    merged_at: Option<Timestamp>,
    merge_commit_sha: Option<String>,
    #[serde(default)]
    labels: Vec<Label>,
    html_url: String,
}

/// A ref.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "ref")]
    name: String,
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    sha: String,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    /// None if the fork was deleted.
    repo: Option<Repo>,
}

#[derive(Deserialize)]
struct Repo {
    id: u64,
}

#[derive(Deserialize)]
struct Label {
    name: String,
}

#[derive(Deserialize)]
struct Said {
    id: u64,
    user: Option<User>,
    body: Option<String>,
    updated_at: Timestamp,
}

#[derive(Deserialize)]
struct Reviewed {
    user: Option<User>,
    /// None as long as it is a draft.
    submitted_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Permission {
    permission: String,
}

#[derive(Deserialize)]
struct Combined {
    statuses: Vec<Told>,
}

#[derive(Deserialize)]
struct Told {
    context: String,
    state: String,
    description: Option<String>,
    target_url: Option<String>,
}

#[derive(Deserialize)]
struct Branch {
    protection: Option<Protection>,
}

#[derive(Deserialize)]
struct Protection {
    required_status_checks: Checks,
}

#[derive(Deserialize)]
struct Checks {
    #[serde(default)]
    contexts: Vec<String>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    #[serde(default)]
    required_status_checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Check {
    context: String,
}
