//! GitLab: the REST API, version 4. A pull request is a merge request there, and a comment is a note.
//!
//! \[doc: "REST API" of GitLab: merge_requests, notes, commits (commit status), members, branches\]

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{Auth, Method};
use super::link::encoded;
use super::{Comment, Forge, ForgeError, Http, Limits, Look, NewPullRequest, PullRequest, State, Status, cut};
use crate::model::CommitId;

/// The access level from which on a member may push: Developer. \[doc: "Members API", access levels\]
const DEVELOPER: u32 = 30;

/// What GitLab writes under a merge request when somebody reviews it. \[gitlab: SystemNotes::MergeRequestsService\]
const REVIEWS: [&str; 2] = ["approved this merge request", "requested changes"];

/// A project at GitLab.
#[derive(Debug)]
pub struct GitLab {
    http: Http,
    /// `projects/group%2Fname`.
    at: String,
    login: std::sync::OnceLock<String>,
}

impl GitLab {
    /// A client for `group/name`; makes no call yet.
    ///
    /// # Errors
    /// The address of the API is none.
    pub fn new(api: &str, project: &str, token: String, limits: Limits) -> Result<Self, String> {
        if !project.contains('/') && project.parse::<u64>().is_err() {
            return Err(format!("`{project}` is not `group/name`"));
        }
        let at = format!("projects/{}", encoded(project).replace('/', "%2F"));
        Ok(Self { http: Http::new(api, Auth::Private(token), limits)?, at, login: std::sync::OnceLock::new() })
    }

    fn login(&self) -> Result<&str, ForgeError> {
        if let Some(login) = self.login.get() {
            return Ok(login);
        }
        let user: User = self.http.get("tell whose token this is", "user")?;
        Ok(self.login.get_or_init(|| user.username))
    }

    fn requests(&self, what: &'static str, path: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let requests = self.http.all(what, &format!("{}/{path}", self.at), |page: Vec<Request>| page)?;
        // One that has no commits yet has nothing to review.
        requests.into_iter().filter(|request| request.sha.is_some()).map(|request| self.read(what, request)).collect()
    }

    fn read(&self, what: &'static str, request: Request) -> Result<PullRequest, ForgeError> {
        let commit = |text: &str| self.http.commit(what, text);
        let head = request.sha.as_deref().ok_or_else(|| self.http.answer(what, "the merge request has no commit"))?;
        // A squashed one that was fast-forwarded has no merge commit; one that was only fast-forwarded has neither.
        let merged = request.merge_commit_sha.as_deref().or(request.squash_commit_sha.as_deref()).unwrap_or(head);
        Ok(PullRequest {
            number: request.iid,
            open: request.state == "opened",
            base: request.target_branch,
            branch: request.source_branch,
            fork: request.source_project_id != Some(request.target_project_id),
            merged: (request.state == "merged").then(|| commit(merged)).transpose()?,
            head: commit(head)?,
            labels: request.labels.into_iter().collect(),
            url: request.web_url,
        })
    }

    fn notes(&self, number: u64) -> Result<Vec<Note>, ForgeError> {
        let path = format!("{}/merge_requests/{number}/notes?sort=asc&order_by=created_at&per_page=100", self.at);
        self.http.all("list the comments", &path, |page: Vec<Note>| page)
    }
}

impl Forge for GitLab {
    fn most_of_a_comment(&self) -> usize {
        1_000_000
    }

    fn most_of_a_description(&self) -> usize {
        255
    }

    fn named(&self, number: u64) -> String {
        format!("!{number}")
    }

    fn head_ref(&self, number: u64) -> String {
        format!("refs/merge-requests/{number}/head")
    }

    fn open_pull_requests(&self, base: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([("state", "opened"), ("target_branch", base), ("order_by", "created_at"), ("sort", "asc")]);
        let query = query.append_pair("per_page", "100").finish();
        self.requests("list merge requests", &format!("merge_requests?{query}"))
    }

    fn pull_request(&self, number: u64) -> Result<PullRequest, ForgeError> {
        let what = "show the merge request";
        self.http.get(what, &format!("{}/merge_requests/{number}", self.at)).and_then(|found| self.read(what, found))
    }

    fn pull_requests_of(&self, commit: &CommitId) -> Result<Vec<PullRequest>, ForgeError> {
        let path = format!("repository/commits/{commit}/merge_requests?per_page=100");
        self.requests("list the merge requests of a commit", &path)
    }

    fn comments(&self, number: u64) -> Result<Vec<Comment>, ForgeError> {
        let login = self.login()?;
        let comment = |note: Note| {
            let own = note.author.username == login;
            Comment { id: note.id, author: note.author.username, own, body: note.body, at: note.updated_at }
        };
        Ok(self.notes(number)?.into_iter().filter(|note| !note.system).map(comment).collect())
    }

    fn comment(&self, number: u64, body: &str) -> Result<(), ForgeError> {
        let path = format!("{}/merge_requests/{number}/notes", self.at);
        self.http.send("comment on the merge request", &Method::POST, &path, &json!({ "body": body })).map(drop)
    }

    fn edit(&self, number: u64, comment: u64, body: &str) -> Result<(), ForgeError> {
        let path = format!("{}/merge_requests/{number}/notes/{comment}", self.at);
        self.http.send("edit the comment", &Method::PUT, &path, &json!({ "body": body })).map(drop)
    }

    fn remove(&self, number: u64, comment: u64) -> Result<(), ForgeError> {
        let path = format!("{}/merge_requests/{number}/notes/{comment}", self.at);
        self.http.send("remove the comment", &Method::DELETE, &path, &Value::Null).map(drop)
    }

    fn looks(&self, number: u64) -> Result<Vec<Look>, ForgeError> {
        let login = self.login()?;
        let what = "show the merge request";
        let request: Request = self.http.get(what, &format!("{}/merge_requests/{number}", self.at))?;
        let reviewed = |note: &Note| match note.system {
            true => REVIEWS.iter().any(|words| note.body.starts_with(words)),
            false => note.kind.as_deref() == Some("DiffNote"),
        };
        let people = |note: &Note| note.author.username != login && note.author.username != request.author.username;
        let notes = self.notes(number)?.into_iter().filter(|note| reviewed(note) && people(note));
        Ok(notes.map(|note| Look { by: note.author.username, at: note.created_at }).collect())
    }

    fn may_write(&self, account: &str) -> Result<bool, ForgeError> {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("query", account).finish();
        let path = format!("{}/members/all?{query}&per_page=100", self.at);
        let members = self.http.all("list the members", &path, |page: Vec<Member>| page)?;
        Ok(members.iter().any(|member| member.username == account && member.access_level >= DEVELOPER))
    }

    fn statuses(&self, commit: &CommitId) -> Result<Vec<Status>, ForgeError> {
        let path = format!("{}/repository/commits/{commit}/statuses?per_page=100", self.at);
        self.http.all("list the statuses", &path, |page: Vec<Told>| {
            let status = |told: Told| Status {
                context: told.name,
                state: match told.status.as_str() {
                    "success" => State::Success,
                    "failed" | "canceled" => State::Failure,
                    _ => State::Pending,
                },
                description: told.description.unwrap_or_default(),
                url: told.target_url,
            };
            page.into_iter().map(status).collect()
        })
    }

    fn set_status(&self, commit: &CommitId, status: &Status) -> Result<(), ForgeError> {
        let path = format!("{}/statuses/{commit}", self.at);
        let description = cut(&status.description, self.most_of_a_description());
        let send = |state: &str| {
            let body = json!({
                "state": state, "name": status.context, "description": description, "target_url": status.url,
            });
            self.http.send("set a status", &Method::POST, &path, &body)
        };
        let state = match status.state {
            State::Pending => "pending",
            State::Success => "success",
            State::Failure => "failed",
        };
        match send(state) {
            // A status that waits cannot be told anew with another description; one that has ended can.
            // \[gitlab: spec/requests/api/commit_statuses_spec.rb\]
            Err(ForgeError::Refused { status: 400, said, .. }) if said.contains("Cannot transition status") => {
                send("canceled")?;
                send(state).map(drop)
            }
            sent => sent.map(drop),
        }
    }

    fn label(&self, pull_request: &PullRequest, add: &[String], remove: &[String]) -> Result<(), ForgeError> {
        let path = format!("{}/merge_requests/{}", self.at, pull_request.number);
        let body = json!({ "add_labels": add.join(","), "remove_labels": remove.join(",") });
        self.http.send("label the merge request", &Method::PUT, &path, &body).map(drop)
    }

    fn open(&self, new: &NewPullRequest) -> Result<PullRequest, ForgeError> {
        let what = "open a merge request";
        let body = json!({
            "source_branch": new.branch, "target_branch": new.base, "title": new.title, "description": new.body,
        });
        match self.http.send(what, &Method::POST, &format!("{}/merge_requests", self.at), &body) {
            Ok(mut made) => {
                // Its commit is found out a little later than it is made.
                let number = made["iid"].as_u64().ok_or_else(|| self.http.answer(what, "no `iid`"))?;
                if made["sha"].is_null() {
                    made = self.http.get(what, &format!("{}/merge_requests/{number}", self.at))?;
                }
                let request =
                    serde_json::from_value(made).map_err(|error| self.http.answer(what, error.to_string()))?;
                self.read(what, request)
            }
            // "Another open merge request already exists for this source branch: !1"
            Err(refused @ ForgeError::Refused { status: 409, .. }) => {
                let open = self.open_pull_requests(&new.base)?.into_iter();
                open.filter(|request| !request.fork).find(|request| request.branch == new.branch).ok_or(refused)
            }
            Err(error) => Err(error),
        }
    }

    fn required(&self, _: &str) -> Result<Vec<String>, ForgeError> {
        let project: Project = self.http.get("show the project", &self.at)?;
        Ok(if project.only_allow_merge_if_pipeline_succeeds { vec!["pipeline".to_owned()] } else { Vec::new() })
    }
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize)]
struct Request {
    iid: u64,
    state: String,
    author: User,
    target_branch: String,
    source_branch: String,
    sha: Option<String>,
    /// None if the fork was deleted.
    source_project_id: Option<u64>,
    target_project_id: u64,
    merge_commit_sha: Option<String>,
    squash_commit_sha: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
    web_url: String,
}

#[derive(Deserialize)]
struct Note {
    id: u64,
    #[serde(rename = "type")]
    kind: Option<String>,
    body: String,
    author: User,
    created_at: Timestamp,
    updated_at: Timestamp,
    system: bool,
}

#[derive(Deserialize)]
struct Member {
    username: String,
    access_level: u32,
}

#[derive(Deserialize)]
struct Told {
    name: String,
    status: String,
    description: Option<String>,
    target_url: Option<String>,
}

#[derive(Deserialize)]
struct Project {
    #[serde(default)]
    only_allow_merge_if_pipeline_succeeds: bool,
}
