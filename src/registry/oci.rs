//! Any registry that speaks the OCI distribution specification (1.1), asked over HTTP.
//!
//! A client of our own over the HTTP library that the commands have anyway: `oci-client` would bring a second HTTP stack
//! and 30 more libraries, follows no `Link` header, and reads answers of any size. Two calls of the specification are
//! needed, and the token service.
//!
//! Only over https, except for registries on this machine. Credentials go only to the registry that they belong to and to
//! its token service over https; never to a redirect.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};
use url::Url;

use super::auth::{Challenge, Credentials, Login};
use super::manifest::{self, ACCEPTED, MAX_MANIFEST};
use super::{Image, Registry, RegistryError, RepositoryName, TagSeen};

/// How long is waited, and how much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For one call, from its beginning to the last byte of its answer.
    pub call: Duration,
    /// Pages of tags; each has as many as the registry likes.
    pub pages: usize,
    /// Bytes of one page.
    pub page: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { call: Duration::from_secs(20), pages: 200, page: 4 * 1024 * 1024 }
    }
}

/// How many tags are asked for at a time.
const PAGE: usize = 1000;
/// Redirects that are followed: some registries send on to a storage of theirs.
const REDIRECTS: u32 = 3;
/// The largest answer of a token service, and the largest refusal, in bytes.
const MAX_SMALL: u64 = 64 * 1024;

/// Asks registries.
pub struct OciRegistry(Arc<Client>);

impl std::fmt::Debug for OciRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OciRegistry").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

struct Client {
    /// Over https alone, and over http.
    agents: [Agent; 2],
    credentials: Arc<dyn Credentials>,
    limits: Limits,
    /// What the last call showed, by repository.
    shown: Mutex<BTreeMap<RepositoryName, String>>,
}

impl OciRegistry {
    /// A client; makes no request yet.
    pub fn new(credentials: Arc<dyn Credentials>, limits: Limits) -> Self {
        let agent = |https_only| {
            let config = Agent::config_builder().http_status_as_error(false).https_only(https_only);
            config.timeout_global(Some(limits.call)).max_redirects(REDIRECTS).build().into()
        };
        Self(Arc::new(Client { agents: [agent(true), agent(false)], credentials, limits, shown: Mutex::default() }))
    }
}

#[async_trait]
impl Registry for OciRegistry {
    async fn tags(&self, repository: &str) -> Result<Vec<TagSeen>, RegistryError> {
        let name = RepositoryName::parse(repository)?;
        let client = self.0.clone();
        blocking(name, move |name| client.tags(name)).await
    }

    async fn describe(&self, repository: &str, tag: &str) -> Result<Option<Image>, RegistryError> {
        let name = RepositoryName::parse(repository)?;
        let (client, tag) = (self.0.clone(), tag.to_owned());
        blocking(name, move |name| client.describe(name, &tag)).await
    }
}

async fn blocking<T: Send + 'static>(
    name: RepositoryName,
    work: impl FnOnce(&RepositoryName) -> Result<T, RegistryError> + Send + 'static,
) -> Result<T, RegistryError> {
    let registry = name.registry().to_owned();
    let failed = |source| RegistryError::Failed { registry, what: "an answer".to_owned(), source };
    match tokio::task::spawn_blocking(move || work(&name)).await {
        Ok(done) => done,
        Err(error) => Err(failed(Box::new(error))),
    }
}

/// One question to one registry, for messages and for getting in.
struct Question<'a> {
    name: &'a RepositoryName,
    what: String,
    accept: String,
}

impl Question<'_> {
    fn answer(&self, why: impl Into<String>) -> RegistryError {
        RegistryError::Answer { registry: self.registry(), what: self.what.clone(), why: why.into() }
    }

    fn denied(&self, why: impl Into<String>) -> RegistryError {
        RegistryError::Denied { registry: self.registry(), what: self.what.clone(), why: why.into() }
    }

    fn registry(&self) -> String {
        self.name.registry().to_owned()
    }
}

#[derive(Deserialize)]
struct TagList {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    errors: Vec<RefusalEntry>,
}

#[derive(Deserialize)]
struct RefusalEntry {
    code: String,
}

impl Client {
    fn tags(&self, name: &RepositoryName) -> Result<Vec<TagSeen>, RegistryError> {
        let question =
            Question { name, what: format!("the tags of {}", name.path()), accept: "application/json".to_owned() };
        let mut url = self.url(&question, &format!("{}/v2/{}/tags/list?n={PAGE}", name.base(), name.path()))?;
        let mut tags: Vec<TagSeen> = Vec::new();
        let mut asked = std::collections::BTreeSet::new();
        for _ in 0..self.limits.pages {
            asked.insert(url.to_string());
            let mut answer = self.get(&question, &url)?;
            if !answer.status().is_success() {
                return Err(refused(&question, &mut answer));
            }
            let next = next_page(&question, &answer, &url)?;
            let bytes = read(&question, &mut answer, self.limits.page)?;
            let list: TagList = serde_json::from_slice(&bytes).map_err(|error| question.answer(error.to_string()))?;
            for tag in list.tags.unwrap_or_default() {
                if !manifest::is_tag(&tag) {
                    return Err(question.answer(format!("`{}` is not a tag", short(&tag))));
                }
                tags.push(TagSeen { name: Arc::from(tag), pushed: None });
            }
            match next {
                None => return Ok(tags),
                Some(next) if asked.contains(next.as_str()) => {
                    return Err(question.answer("it repeats the same page"));
                }
                Some(next) => url = next,
            }
        }
        Err(question.answer(format!("more than {} pages", self.limits.pages)))
    }

    fn describe(&self, name: &RepositoryName, tag: &str) -> Result<Option<Image>, RegistryError> {
        let what = format!("the tag {} of {}", short(tag), name.path());
        let question = Question { name, what, accept: ACCEPTED.join(", ") };
        if !manifest::is_tag(tag) {
            return Err(question.answer(format!("`{}` is not a tag", short(tag))));
        }
        let url = self.url(&question, &format!("{}/v2/{}/manifests/{tag}", name.base(), name.path()))?;
        let mut answer = self.get(&question, &url)?;
        if answer.status() == StatusCode::NOT_FOUND {
            return match code(&mut answer).as_deref() {
                Some("NAME_UNKNOWN") => Err(missing(&question)),
                _ => Ok(None),
            };
        }
        if !answer.status().is_success() {
            return Err(refused(&question, &mut answer));
        }
        let claimed = answer.headers().get("docker-content-digest").and_then(|value| value.to_str().ok());
        let claimed = claimed.map(str::to_owned);
        let bytes = read(&question, &mut answer, MAX_MANIFEST)?;
        manifest::read(&bytes, claimed.as_deref()).map(Some).map_err(|why| question.answer(why))
    }

    /// Sends a request; if the registry wants credentials, sends it once more with them.
    fn get(&self, question: &Question<'_>, url: &Url) -> Result<Response<Body>, RegistryError> {
        let known = self.shown.lock().unwrap_or_else(PoisonError::into_inner).get(question.name).cloned();
        let answer = self.send(question, url, known.as_deref())?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let (login, header) = self.authorization(question, &answer)?;
        let answer = self.send(question, url, Some(&header))?;
        if matches!(answer.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(question.denied(match login {
                Some(_) => "it rejected docker's credentials for it; renew them with `docker login`",
                None => NOBODY,
            }));
        }
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).insert(question.name.clone(), header);
        Ok(answer)
    }

    fn send(&self, question: &Question<'_>, url: &Url, show: Option<&str>) -> Result<Response<Body>, RegistryError> {
        let mut request = self.agent(question.name).get(url.as_str()).header("accept", &question.accept);
        if let Some(show) = show {
            request = request.header("authorization", show);
        }
        request.call().map_err(|error| unreachable(question, error))
    }

    /// The header that answers the registry's challenge, and the credentials that it is made of.
    fn authorization(
        &self,
        question: &Question<'_>,
        answer: &Response<Body>,
    ) -> Result<(Option<Login>, String), RegistryError> {
        let login = self.credentials.login(question.name.credentials_key()).map_err(|why| question.denied(why))?;
        let asked = answer.headers().get_all("www-authenticate").iter().filter_map(|value| value.to_str().ok());
        let challenges: Vec<Challenge> = asked.filter_map(Challenge::parse).collect();
        let bearer = challenges.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
        match (bearer.or(challenges.first()), &login) {
            (Some(Challenge::Bearer { realm, service, scope }), _) => {
                let token = self.token(question, login.as_ref(), realm, service.as_deref(), scope.as_deref())?;
                Ok((login, format!("Bearer {token}")))
            }
            (Some(Challenge::Basic), Some(Login::Basic { user, password })) => {
                let header = basic(user, password);
                Ok((login, header))
            }
            (Some(Challenge::Basic), Some(Login::Identity(_))) => {
                Err(question.denied("it needs a user and a password, and docker stores an identity token for it"))
            }
            (Some(Challenge::Basic), None) => Err(question.denied(NOBODY)),
            (None, _) => Err(question.denied("it asks for credentials with a method that landfall does not support")),
        }
    }

    /// A token for this repository.
    fn token(
        &self,
        question: &Question<'_>,
        login: Option<&Login>,
        realm: &str,
        service: Option<&str>,
        scope: Option<&str>,
    ) -> Result<String, RegistryError> {
        let mut url = self.url(question, realm)?;
        let own = format!("repository:{}:pull", question.name.path());
        let scope = scope.unwrap_or(&own);
        let fields = [("service", service.unwrap_or_default()), ("scope", scope)];
        let fields = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let agent = self.agent(question.name);
        let sent = match login {
            Some(Login::Identity(token)) => {
                let rest = [("grant_type", "refresh_token"), ("client_id", "landfall"), ("refresh_token", token)];
                agent.post(url.as_str()).send_form(fields.chain(rest))
            }
            login => {
                url.query_pairs_mut().extend_pairs(fields);
                let mut request = agent.get(url.as_str());
                if let Some(Login::Basic { user, password }) = login {
                    request = request.header("authorization", basic(user, password));
                }
                request.call()
            }
        };
        let mut answer = sent.map_err(|error| unreachable(question, error))?;
        if !answer.status().is_success() {
            return Err(question.denied(match login {
                Some(_) => format!(
                    "its token service rejected docker's credentials for it (HTTP status {})",
                    answer.status().as_u16()
                ),
                None => NOBODY.to_owned(),
            }));
        }
        let bytes = read(question, &mut answer, MAX_SMALL)?;
        let token: Token = serde_json::from_slice(&bytes)
            .map_err(|_| question.answer("its token service did not answer with a token"))?;
        let token = token.token.or(token.access_token).filter(|token| !token.is_empty());
        let fine = |token: &String| token.bytes().all(|b| b.is_ascii_graphic());
        token.filter(fine).ok_or_else(|| question.answer("its token service sent an answer without a token"))
    }

    /// An address that the registry or its name gives: over https, or on this machine where the registry is.
    fn url(&self, question: &Question<'_>, text: &str) -> Result<Url, RegistryError> {
        let url = Url::parse(text).map_err(|error| question.answer(format!("`{}`: {error}", short(text))))?;
        let here = question.name.is_on_this_machine() && url.scheme() == "http";
        let loopback = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        if url.scheme() == "https" || (here && loopback) {
            return Ok(url);
        }
        Err(question.answer(format!("it redirects to {}, which is not https", short(text))))
    }

    fn agent(&self, name: &RepositoryName) -> &Agent {
        let [https, http] = &self.agents;
        if name.is_on_this_machine() { http } else { https }
    }
}

/// What to do if no credentials were sent.
const NOBODY: &str = "it asks for credentials; `docker login` keeps them where landfall finds them, or set \
                      LANDFALL_REGISTRY (its name), LANDFALL_REGISTRY_USERNAME and LANDFALL_REGISTRY_PASSWORD";

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn unreachable(question: &Question<'_>, error: ureq::Error) -> RegistryError {
    RegistryError::Unreachable { registry: question.registry(), what: question.what.clone(), source: Box::new(error) }
}

fn missing(question: &Question<'_>) -> RegistryError {
    RegistryError::Missing { registry: question.registry(), path: question.name.path().to_owned() }
}

/// A status other than success.
fn refused(question: &Question<'_>, answer: &mut Response<Body>) -> RegistryError {
    match answer.status() {
        StatusCode::NOT_FOUND => missing(question),
        StatusCode::TOO_MANY_REQUESTS => RegistryError::Limited { registry: question.registry() },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => question.denied("the credentials do not allow it"),
        status => {
            let code = code(answer).map(|code| format!(", {code}")).unwrap_or_default();
            question.answer(format!("HTTP status {}{code}", status.as_u16()))
        }
    }
}

/// The registry's word for what is wrong, as the specification lists them.
fn code(answer: &mut Response<Body>) -> Option<String> {
    let bytes = answer.body_mut().with_config().limit(MAX_SMALL).read_to_vec().ok()?;
    let refusal: Refusal = serde_json::from_slice(&bytes).ok()?;
    refusal.errors.into_iter().map(|entry| short(&entry.code)).next()
}

fn read(question: &Question<'_>, answer: &mut Response<Body>, limit: u64) -> Result<Vec<u8>, RegistryError> {
    answer.body_mut().with_config().limit(limit).read_to_vec().map_err(|error| match error {
        ureq::Error::BodyExceedsLimit(limit) => question.answer(format!("more than {limit} bytes")),
        error => unreachable(question, error),
    })
}

/// The address in `Link: <…>; rel="next"`, which may be relative; it must stay on the same registry.
fn next_page(question: &Question<'_>, answer: &Response<Body>, from: &Url) -> Result<Option<Url>, RegistryError> {
    for value in answer.headers().get_all("link") {
        let Ok(text) = value.to_str() else { continue };
        let Some((target, parameters)) = text.trim().strip_prefix('<').and_then(|rest| rest.split_once('>')) else {
            continue;
        };
        if !parameters.replace(['"', ' '], "").contains("rel=next") {
            continue;
        }
        let next =
            from.join(target).map_err(|error| question.answer(format!("a next page `{}`: {error}", short(target))))?;
        if next.origin() != from.origin() {
            return Err(question.answer(format!("its next page is on another host: {}", short(target))));
        }
        return Ok(Some(next));
    }
    Ok(None)
}

/// The beginning of a text of a stranger, without anything that a terminal would obey.
fn short(text: &str) -> String {
    const LENGTH: usize = 80;
    let mut out: String = text.chars().take(LENGTH).flat_map(char::escape_default).collect();
    if text.chars().nth(LENGTH).is_some() {
        out.push('…');
    }
    out
}
