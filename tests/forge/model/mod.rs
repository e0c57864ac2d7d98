//! A forge in memory, with the REST API of GitHub, GitLab or Gitea: pull requests, comments, reviews, statuses, labels, rights, pages,
//! conditional requests, limits and outages.
//!
//! It answers only what these forges document, and refuses what they refuse; a path that is not modelled is a failure of the test.

pub(crate) mod app;
mod gitea;
mod github;
mod gitlab;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use jiff::{SignedDuration, Timestamp};
use landfall::forge::{Credentials, Forge, GitHub, GitLab, Gitea, Kind, Limits};
use serde_json::{Value, json};

/// The account that landfall writes as, and its token.
pub(crate) const BOT: &str = "landfall-bot";
pub(crate) const TOKEN: &str = "token-of-the-bot";

/// The only repository.
pub(crate) const PROJECT: &str = "acme/deploy";

#[derive(Clone, Debug)]
pub(crate) struct Pull {
    pub(crate) author: String,
    pub(crate) title: String,
    pub(crate) base: String,
    pub(crate) branch: String,
    pub(crate) head: String,
    pub(crate) fork: bool,
    pub(crate) open: bool,
    pub(crate) merged: Option<String>,
    pub(crate) labels: BTreeSet<String>,
    pub(crate) comments: Vec<Said>,
    pub(crate) reviews: Vec<Reviewed>,
}

#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) id: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) made: Timestamp,
    pub(crate) edited: Timestamp,
}

#[derive(Clone, Debug)]
pub(crate) struct Reviewed {
    pub(crate) id: u64,
    pub(crate) by: String,
    pub(crate) at: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) commit: String,
    pub(crate) context: String,
    pub(crate) state: String,
    pub(crate) description: String,
    pub(crate) url: Option<String>,
}

/// A call and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) path: Vec<String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Value,
    pub(crate) status: u16,
    pub(crate) reply: Value,
}

pub(crate) struct World {
    pub(crate) kind: Kind,
    /// Accounts by token.
    pub(crate) tokens: BTreeMap<String, String>,
    /// What accounts may do: `read`, `write`, `admin`.
    pub(crate) rights: BTreeMap<String, &'static str>,
    pub(crate) pulls: BTreeMap<u64, Pull>,
    pub(crate) told: Vec<Told>,
    /// Labels of the repository, by id.
    pub(crate) labels: BTreeMap<u64, String>,
    /// Statuses that a merge needs.
    pub(crate) required: Vec<String>,
    /// Merges that wait in a queue: refs and commits.
    pub(crate) queue: Vec<(String, String)>,
    /// What was asked, as `GET /path`, and the status of the answer.
    pub(crate) log: Vec<(String, u16)>,
    /// What was asked and answered.
    pub(crate) exchanges: Vec<Exchange>,
    /// So many calls are answered before the limit; none is no limit.
    pub(crate) budget: Option<u32>,
    /// It answers with this status and nothing else.
    pub(crate) down: Option<u16>,
    /// The next call that changes something is done, and its answer lost.
    pub(crate) lose: bool,
    /// The most entries of a page.
    pub(crate) page: usize,
    pub(crate) now: Timestamp,
    /// An app of GitHub.
    pub(crate) app: Option<app::App>,
    next: u64,
}

impl World {
    fn new(kind: Kind) -> Self {
        let accounts = [(TOKEN, BOT), ("token-of-ada", "ada"), ("token-of-mallory", "mallory")];
        Self {
            kind,
            tokens: accounts.map(|(token, name)| (token.to_owned(), name.to_owned())).into(),
            rights: [(BOT, "write"), ("ada", "admin"), ("mallory", "read")].map(|(a, b)| (a.to_owned(), b)).into(),
            pulls: BTreeMap::new(),
            told: Vec::new(),
            labels: BTreeMap::new(),
            required: Vec::new(),
            queue: Vec::new(),
            log: Vec::new(),
            exchanges: Vec::new(),
            budget: None,
            down: None,
            lose: false,
            page: 100,
            now: "2026-12-01T12:00:00Z".parse().unwrap(),
            app: None,
            next: 100,
        }
    }

    pub(crate) fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A minute goes by.
    pub(crate) fn tick(&mut self) -> Timestamp {
        self.now = self.now.checked_add(SignedDuration::from_mins(1)).unwrap();
        self.now
    }

    pub(crate) fn pull_request(&mut self, number: u64, branch: &str, head: &str) -> &mut Pull {
        let pull = Pull {
            author: "ada".to_owned(),
            title: format!("Change {number}"),
            base: "main".to_owned(),
            branch: branch.to_owned(),
            head: head.to_owned(),
            fork: false,
            open: true,
            merged: None,
            labels: BTreeSet::new(),
            comments: Vec::new(),
            reviews: Vec::new(),
        };
        self.pulls.insert(number, pull);
        self.pulls.get_mut(&number).unwrap()
    }

    /// An account comments.
    pub(crate) fn says(&mut self, number: u64, author: &str, body: &str) -> u64 {
        let (id, at) = (self.id(), self.tick());
        let said = Said { id, author: author.to_owned(), body: body.to_owned(), made: at, edited: at };
        self.pulls.get_mut(&number).unwrap().comments.push(said);
        id
    }

    /// A person reviews.
    pub(crate) fn reviews(&mut self, number: u64, by: &str) {
        let (id, at) = (self.id(), self.tick());
        self.pulls.get_mut(&number).unwrap().reviews.push(Reviewed { id, by: by.to_owned(), at });
    }

    fn edits(&mut self, comment: u64, who: &str, body: &str) -> Option<Reply> {
        let at = self.tick();
        let may = self.rights.get(who) != Some(&"read");
        let said = self.pulls.values_mut().flat_map(|pull| &mut pull.comments).find(|said| said.id == comment)?;
        if said.author != who && !may {
            return Some(Reply::refusal(403, "Forbidden"));
        }
        (said.body, said.edited) = (body.to_owned(), at);
        None
    }

    fn forgets(&mut self, comment: u64) -> bool {
        let mut found = false;
        for pull in self.pulls.values_mut() {
            let before = pull.comments.len();
            pull.comments.retain(|said| said.id != comment);
            found |= pull.comments.len() != before;
        }
        found
    }

    /// The newest status of each context of a commit.
    pub(crate) fn newest(&self, commit: &str) -> Vec<Told> {
        let mut newest: BTreeMap<&str, &Told> = BTreeMap::new();
        for told in self.told.iter().filter(|told| told.commit == commit) {
            newest.insert(&told.context, told);
        }
        newest.into_values().cloned().collect()
    }

    /// Makes a label if there is none of this name; gives its id.
    fn label(&mut self, name: &str) -> u64 {
        if let Some((id, _)) = self.labels.iter().find(|(_, known)| *known == name) {
            return *id;
        }
        let id = self.id();
        self.labels.insert(id, name.to_owned());
        id
    }

    /// How often something was asked.
    pub(crate) fn asked(&self, begins: &str, status: u16) -> usize {
        self.log.iter().filter(|(call, answer)| call.starts_with(begins) && *answer == status).count()
    }
}

/// A call, as far as the model reads it.
struct Call<'a> {
    method: &'a str,
    path: Vec<String>,
    query: BTreeMap<String, String>,
    body: Value,
    who: String,
}

impl Call<'_> {
    fn text(&self, key: &str) -> String {
        self.body[key].as_str().unwrap_or_default().to_owned()
    }

    fn asks(&self, key: &str) -> &str {
        self.query.get(key).map_or("", String::as_str)
    }
}

/// An answer.
struct Reply {
    status: u16,
    body: Value,
    /// The body is a list, which is given in pages.
    paged: bool,
}

impl Reply {
    fn ok(body: Value) -> Self {
        Self { status: 200, body, paged: false }
    }

    fn made(body: Value) -> Self {
        Self { status: 201, body, paged: false }
    }

    fn list(all: Vec<Value>) -> Self {
        Self { status: 200, body: Value::Array(all), paged: true }
    }

    fn nothing() -> Self {
        Self { status: 204, body: Value::Null, paged: false }
    }

    fn refusal(status: u16, message: &str) -> Self {
        Self { status, body: json!({ "message": message }), paged: false }
    }
}

/// A forge that answers at an address of this machine.
pub(crate) struct Model {
    address: SocketAddr,
    world: Arc<Mutex<World>>,
    _runtime: tokio::runtime::Runtime,
}

impl Model {
    pub(crate) fn start(kind: Kind) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let world = Arc::new(Mutex::new(World::new(kind)));
        let router = Router::new().fallback(answer).with_state((world.clone(), address));
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, world, _runtime: runtime }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address of the API.
    pub(crate) fn api(&self) -> String {
        let path = match self.world().kind {
            Kind::GitHub => "",
            Kind::GitLab => "/api/v4",
            Kind::Gitea => "/api/v1",
        };
        format!("http://{}{path}", self.address)
    }

    /// The client of landfall, with a token.
    pub(crate) fn client_with(&self, token: &str) -> Arc<dyn Forge> {
        let (api, token) = (self.api(), token.to_owned());
        let limits = Limits { pace: std::time::Duration::ZERO, ..Limits::with(Timestamp::now) };
        let kind = self.world().kind;
        match kind {
            Kind::GitHub => Arc::new(GitHub::new(&api, PROJECT, Credentials::Token(token), limits).unwrap()),
            Kind::GitLab => Arc::new(GitLab::new(&api, PROJECT, token, limits).unwrap()),
            Kind::Gitea => Arc::new(Gitea::new(&api, PROJECT, token, limits).unwrap()),
        }
    }

    pub(crate) fn client(&self) -> Arc<dyn Forge> {
        self.client_with(TOKEN)
    }
}

type Shared = (Arc<Mutex<World>>, SocketAddr);

async fn answer(State((world, address)): State<Shared>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 8 * 1024 * 1024).await.unwrap();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
    let log = format!("{} {}", head.method, head.uri.path());
    let respond = |status: u16, headers: &[(&str, String)], body: String, world: &mut World| {
        world.log.push((log.clone(), status));
        let mut answer = Response::builder().status(status).header("content-type", "application/json");
        for (name, value) in headers {
            answer = answer.header(*name, value);
        }
        answer.body(Body::from(body)).unwrap()
    };
    if let Some(status) = world.down {
        return respond(status, &[], "{}".to_owned(), &mut world);
    }
    let now = Timestamp::now().as_second();
    if world.budget == Some(0) {
        let headers = match world.kind {
            Kind::GitHub => {
                vec![("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", (now + 600).to_string())]
            }
            Kind::GitLab | Kind::Gitea => vec![("retry-after", "600".to_owned())],
        };
        let status = if world.kind == Kind::GitHub { 403 } else { 429 };
        return respond(status, &headers, json!({ "message": "rate limit exceeded" }).to_string(), &mut world);
    }
    let shown = match world.kind {
        Kind::GitHub => header("authorization").strip_prefix("Bearer "),
        Kind::GitLab => Some(header("private-token")),
        Kind::Gitea => header("authorization").strip_prefix("token "),
    };
    let is_app = world.kind == Kind::GitHub && shown.is_some_and(|bearer| app::claims(&world, bearer));
    let who = shown.and_then(|token| world.tokens.get(token)).cloned();
    let Some(who) = who.or(is_app.then(String::new)) else {
        return respond(401, &[], json!({ "message": "Bad credentials" }).to_string(), &mut world);
    };
    let url = url::Url::parse(&format!("http://{address}{}", head.uri)).unwrap();
    let segments = head.uri.path().split('/').filter(|part| !part.is_empty());
    let call = Call {
        method: head.method.as_str(),
        path: segments.map(|part| percent_encoding::percent_decode_str(part).decode_utf8().unwrap().into()).collect(),
        query: url.query_pairs().map(|(key, value)| (key.into(), value.into())).collect(),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        who,
    };
    let reply = match world.kind {
        _ if is_app => app::answer(&mut world, &call),
        Kind::GitHub => github::answer(&mut world, &call),
        Kind::GitLab => gitlab::answer(&mut world, &call),
        Kind::Gitea => gitea::answer(&mut world, &call),
    };
    world.exchanges.push(Exchange {
        method: call.method.to_owned(),
        path: call.path.clone(),
        query: call.query.clone(),
        body: call.body.clone(),
        status: reply.status,
        reply: reply.body.clone(),
    });
    let changes = call.method != "GET";
    if world.lose && changes {
        world.lose = false;
        return respond(502, &[], "lost".to_owned(), &mut world);
    }
    let (body, link) = paged(&world, &call, reply.body, reply.paged, &url);
    let text = if reply.status == 204 { String::new() } else { body.to_string() };
    let tag = format!("\"{}\"", blake3::hash(text.as_bytes()).to_hex());
    let is_read = !changes && reply.status == 200;
    if is_read && header("if-none-match") == tag {
        return respond(304, &[("etag", tag)], String::new(), &mut world);
    }
    // Answers that have not changed are not counted.
    world.budget = world.budget.map(|left| left - 1);
    let mut headers: Vec<(&str, String)> = link.into_iter().map(|link| ("link", link)).collect();
    if is_read && world.kind != Kind::Gitea {
        headers.push(("etag", tag));
    }
    respond(reply.status, &headers, text, &mut world)
}

/// One page of a list, and the header that names the next.
fn paged(world: &World, call: &Call<'_>, body: Value, paged: bool, url: &url::Url) -> (Value, Option<String>) {
    let (Value::Array(all), true) = (&body, paged) else { return (body, None) };
    let asked = call.asks(if world.kind == Kind::Gitea { "limit" } else { "per_page" }).parse().unwrap_or(30);
    let size = world.page.min(asked);
    let page: usize = call.asks("page").parse().unwrap_or(1);
    let entries: Vec<Value> = all.iter().skip((page - 1) * size).take(size).cloned().collect();
    let link = (page * size < all.len()).then(|| {
        let mut next = url.clone();
        let kept = url.query_pairs().filter(|(key, _)| key != "page").map(|(k, v)| (k.into_owned(), v.into_owned()));
        let kept: Vec<(String, String)> = kept.collect();
        next.query_pairs_mut().clear().extend_pairs(kept).append_pair("page", &(page + 1).to_string());
        format!("<{next}>; rel=\"next\", <{next}>; rel=\"last\"")
    });
    (Value::Array(entries), link)
}
