//! Gitea and Forgejo: the REST API, version 1, which is the same in both for what is asked here.
//!
//! \[doc: the description that every server has at `/swagger.v1.json`\]

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{Auth, Method};
use super::link::encoded;
use super::{Comment, Forge, ForgeError, Http, Limits, Look, NewPullRequest, PullRequest, State, Status, cut};
use crate::model::CommitId;

/// The color of labels that landfall makes: gray.
const COLOR: &str = "#8b949e";

/// The largest page: servers give 50 entries at most, unless they are told otherwise.
const PAGE: &str = "limit=50";

/// A repository at Gitea or Forgejo.
#[derive(Debug)]
pub struct Gitea {
    http: Http,
    /// `repos/owner/name`.
    at: String,
    login: std::sync::OnceLock<String>,
}

impl Gitea {
    /// A client for `owner/name`; makes no call yet.
    ///
    /// # Errors
    /// The address of the API, or the name, is none.
    pub fn new(api: &str, repository: &str, token: String, limits: Limits) -> Result<Self, String> {
        let (owner, name) = repository
            .split_once('/')
            .filter(|(owner, name)| !owner.is_empty() && !name.is_empty() && !name.contains('/'))
            .ok_or_else(|| format!("`{repository}` is not `owner/name`"))?;
        let at = format!("repos/{}/{}", encoded(owner), encoded(name));
        Ok(Self { http: Http::new(api, Auth::Token(token), limits)?, at, login: std::sync::OnceLock::new() })
    }

    fn login(&self) -> Result<&str, ForgeError> {
        if let Some(login) = self.login.get() {
            return Ok(login);
        }
        let user: User = self.http.get("tell whose token this is", "user")?;
        Ok(self.login.get_or_init(|| user.login))
    }

    fn read(&self, what: &'static str, pull: Pull) -> Result<PullRequest, ForgeError> {
        let commit = |text: &str| self.http.commit(what, text);
        let merged = pull.merge_commit_sha.as_deref().filter(|_| pull.merged).map(commit).transpose()?;
        Ok(PullRequest {
            number: pull.number,
            open: pull.state == "open",
            fork: pull.head.repo_id != pull.base.repo_id,
            base: pull.base.name,
            head: commit(&pull.head.sha)?,
            branch: pull.head.name,
            merged,
            labels: pull.labels.unwrap_or_default().into_iter().map(|label| label.name).collect(),
            url: pull.html_url,
        })
    }

    fn open_ones(&self, what: &'static str) -> Result<Vec<PullRequest>, ForgeError> {
        let path = format!("{}/pulls?state=open&sort=oldest&{PAGE}", self.at);
        let pulls = self.http.all(what, &path, |page: Vec<Pull>| page)?;
        pulls.into_iter().map(|pull| self.read(what, pull)).collect()
    }

    /// Ids of these labels; those that the repository does not have are made.
    fn label_ids(&self, names: &[String], make: bool) -> Result<Vec<u64>, ForgeError> {
        let path = format!("{}/labels", self.at);
        let known = self.http.all("list the labels", &format!("{path}?{PAGE}"), |page: Vec<Label>| page)?;
        let mut ids = Vec::new();
        for name in names {
            match known.iter().find(|label| label.name == *name) {
                Some(label) => ids.push(label.id),
                None if make => {
                    let what = "make a label";
                    let body = json!({ "name": name, "color": COLOR });
                    let made = self.http.send(what, &Method::POST, &path, &body)?;
                    ids.push(made["id"].as_u64().ok_or_else(|| self.http.answer(what, "no `id`"))?);
                }
                None => {}
            }
        }
        Ok(ids)
    }
}

impl Forge for Gitea {
    fn most_of_a_comment(&self) -> usize {
        // None is documented; what GitHub takes is read everywhere.
        65_536
    }

    fn most_of_a_description(&self) -> usize {
        255
    }

    fn named(&self, number: u64) -> String {
        format!("#{number}")
    }

    fn head_ref(&self, number: u64) -> String {
        format!("refs/pull/{number}/head")
    }

    fn open_pull_requests(&self, base: &str) -> Result<Vec<PullRequest>, ForgeError> {
        // Only newer servers take a base as a filter.
        let all = self.open_ones("list pull requests")?;
        Ok(all.into_iter().filter(|pull| pull.base == base).collect())
    }

    fn pull_request(&self, number: u64) -> Result<PullRequest, ForgeError> {
        let what = "show the pull request";
        self.http.get(what, &format!("{}/pulls/{number}", self.at)).and_then(|pull| self.read(what, pull))
    }

    fn pull_requests_of(&self, commit: &CommitId) -> Result<Vec<PullRequest>, ForgeError> {
        let what = "show the pull request of a commit";
        match self.http.get(what, &format!("{}/commits/{commit}/pull", self.at)) {
            Ok(pull) => Ok(vec![self.read(what, pull)?]),
            Err(ForgeError::Missing { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn comments(&self, number: u64) -> Result<Vec<Comment>, ForgeError> {
        let login = self.login()?;
        let path = format!("{}/issues/{number}/comments", self.at);
        self.http.all("list the comments", &path, |page: Vec<Said>| {
            let comment = |said: Said| {
                let own = said.user.login == login;
                Comment { id: said.id, author: said.user.login, own, body: said.body, at: said.updated_at }
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
        let pull: Author = self.http.get("show the pull request", &format!("{}/pulls/{number}", self.at))?;
        let path = format!("{}/pulls/{number}/reviews?{PAGE}", self.at);
        self.http.all("list the reviews", &path, |page: Vec<Reviewed>| {
            let done = |state: &str| matches!(state, "APPROVED" | "REQUEST_CHANGES" | "COMMENT");
            let look = |reviewed: Reviewed| {
                let by = reviewed.user.filter(|user| user.login != login && user.login != pull.user.login)?.login;
                done(&reviewed.state).then_some(Look { by, at: reviewed.submitted_at })
            };
            page.into_iter().filter_map(look).collect()
        })
    }

    fn may_write(&self, account: &str) -> Result<bool, ForgeError> {
        let path = format!("{}/collaborators/{}/permission", self.at, encoded(account));
        match self.http.get::<Permission>("tell what an account may do", &path) {
            Ok(given) => Ok(matches!(given.permission.as_str(), "owner" | "admin" | "write")),
            Err(ForgeError::Missing { .. } | ForgeError::Denied { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn statuses(&self, commit: &CommitId) -> Result<Vec<Status>, ForgeError> {
        let path = format!("{}/commits/{commit}/status?{PAGE}", self.at);
        self.http.all("list the statuses", &path, |page: Combined| {
            let status = |told: Told| Status {
                context: told.context,
                state: match told.status.as_str() {
                    "success" => State::Success,
                    "pending" => State::Pending,
                    _ => State::Failure,
                },
                description: told.description,
                url: Some(told.target_url).filter(|url| !url.is_empty()),
            };
            page.statuses.unwrap_or_default().into_iter().map(status).collect()
        })
    }

    fn set_status(&self, commit: &CommitId, status: &Status) -> Result<(), ForgeError> {
        let description = cut(&status.description, self.most_of_a_description());
        let body = json!({
            "state": status.state.to_string(), "context": status.context, "description": description,
            "target_url": status.url.as_deref().unwrap_or_default(),
        });
        self.http.send("set a status", &Method::POST, &format!("{}/statuses/{commit}", self.at), &body).map(drop)
    }

    fn label(&self, pull_request: &PullRequest, add: &[String], remove: &[String]) -> Result<(), ForgeError> {
        let path = format!("{}/issues/{}/labels", self.at, pull_request.number);
        if !add.is_empty() {
            let body = json!({ "labels": self.label_ids(add, true)? });
            self.http.send("label the pull request", &Method::POST, &path, &body)?;
        }
        for id in self.label_ids(remove, false)? {
            match self.http.send("remove a label", &Method::DELETE, &format!("{path}/{id}"), &Value::Null) {
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
            Err(refused @ ForgeError::Refused { status: 409, .. }) => {
                let open = self.open_ones(what)?.into_iter().filter(|pull| !pull.fork && pull.base == new.base);
                open.into_iter().find(|pull| pull.branch == new.branch).ok_or(refused)
            }
            Err(error) => Err(error),
        }
    }

    fn required(&self, branch: &str) -> Result<Vec<String>, ForgeError> {
        let what = "tell what a branch requires";
        let branch: Branch = self.http.get(what, &format!("{}/branches/{}", self.at, encoded(branch)))?;
        let contexts = branch.status_check_contexts.unwrap_or_default();
        Ok(if branch.enable_status_check { contexts } else { Vec::new() })
    }
}

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct Author {
    user: User,
}

#[derive(Deserialize)]
struct Pull {
    number: u64,
    state: String,
    #[serde(default)]
    merged: bool,
    merge_commit_sha: Option<String>,
    base: Side,
    head: Side,
    labels: Option<Vec<Label>>,
    html_url: String,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    repo_id: i64,
}

#[derive(Deserialize)]
struct Label {
    id: u64,
    name: String,
}

#[derive(Deserialize)]
struct Said {
    id: u64,
    user: User,
    body: String,
    updated_at: Timestamp,
}

#[derive(Deserialize)]
struct Reviewed {
    /// None if a team was asked.
    user: Option<User>,
    state: String,
    submitted_at: Timestamp,
}

#[derive(Deserialize)]
struct Permission {
    permission: String,
}

#[derive(Deserialize)]
struct Combined {
    statuses: Option<Vec<Told>>,
}

#[derive(Deserialize)]
struct Told {
    context: String,
    status: String,
    description: String,
    target_url: String,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(default)]
    enable_status_check: bool,
    status_check_contexts: Option<Vec<String>>,
}
