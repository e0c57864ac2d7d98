//! Calls to a forge's REST API: over https, with one timeout, a bound on what is read, pages that are followed, and limits that are kept.
//!
//! An answer is asked for again only if it has changed (`If-None-Match`): GitHub does not count the others. \[doc: "Best practices for using the
//! REST API" of GitHub\] A forge that says when it answers again (`Retry-After`, `X-RateLimit-Reset`, `RateLimit-Reset`) is not asked before.
//! A call that changes something is never repeated here: whether it arrived is seen by the next look.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;
pub(super) use ureq::http::Method;
use ureq::http::{HeaderMap, Request, Response, StatusCode};
use ureq::{Agent, Body};
use url::Url;

use super::{App, ForgeError, commit};
use crate::model::CommitId;

/// How long is waited, and how much is read.
#[derive(Clone)]
pub struct Limits {
    /// For one call, from its beginning to the last byte of its answer.
    pub call: Duration,
    /// Pages of a list, of a hundred entries each.
    pub pages: usize,
    /// Bytes of one answer.
    pub answer: u64,
    /// Between two calls that change something: GitHub asks for a second.
    pub pace: Duration,
    /// The longest time that a limit of the forge is taken at its word.
    pub longest: SignedDuration,
    /// The time.
    pub now: fn() -> Timestamp,
    /// Certificates of authorities, in PEM, that are trusted instead of those that browsers trust.
    pub authorities: Option<Arc<str>>,
}

impl Limits {
    /// The usual ones, with this clock.
    pub fn with(now: fn() -> Timestamp) -> Self {
        Self {
            call: Duration::from_secs(20),
            pages: 50,
            answer: 16 * 1024 * 1024,
            pace: Duration::from_secs(1),
            longest: SignedDuration::from_hours(2),
            now,
            authorities: None,
        }
    }
}

/// How a call shows who makes it.
pub(super) enum Auth {
    /// `Authorization: Bearer …`.
    Bearer(String),
    /// `Authorization: token …`, of Gitea.
    Token(String),
    /// `PRIVATE-TOKEN: …`, of GitLab.
    Private(String),
    /// An app of GitHub, which gets a token for an hour.
    App(Box<App>),
}

/// So many answers are kept for conditional requests, and so many bytes of each.
const KEPT: usize = 1000;
const KEPT_BYTES: usize = 256 * 1024;

/// How long a forge is left alone that says nothing of it.
const USUAL_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// An answer that may still be right.
#[derive(Clone)]
struct Kept {
    tag: String,
    bytes: Arc<[u8]>,
    next: Option<Url>,
}

/// A forge's API.
pub struct Http {
    agent: Agent,
    base: Url,
    pub(super) auth: Auth,
    limits: Limits,
    kept: Mutex<BTreeMap<String, Kept>>,
    /// It answers no calls before.
    closed: Mutex<Option<Timestamp>>,
    changed: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Http {
    /// A client of the API at an address; makes no call yet.
    ///
    /// # Errors
    /// The address is not one, or is neither https nor on this machine; the certificates cannot be read.
    pub(super) fn new(base: &str, auth: Auth, limits: Limits) -> Result<Self, String> {
        let base = Url::parse(&format!("{}/", base.trim_end_matches('/')))
            .map_err(|error| format!("`{base}` is not an address: {error}"))?;
        if base.scheme() != "https" && !(base.scheme() == "http" && is_here(&base)) {
            return Err(format!("`{base}` is not https; only a forge on this machine may be reached without"));
        }
        let mut config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
        config = config.timeout_global(Some(limits.call));
        if let Some(pem) = &limits.authorities {
            let roots = ureq::tls::parse_pem(pem.as_bytes()).filter_map(|item| match item {
                Ok(ureq::tls::PemItem::Certificate(certificate)) => Some(Ok(certificate)),
                Ok(_) => None,
                Err(error) => Some(Err(format!("the certificates cannot be read: {error}"))),
            });
            let roots: Vec<_> = roots.collect::<Result<_, _>>()?;
            if roots.is_empty() {
                return Err("there is no certificate in the file".to_owned());
            }
            let roots = ureq::tls::RootCerts::new_with_certs(&roots);
            config = config.tls_config(ureq::tls::TlsConfig::builder().root_certs(roots).build());
        }
        let (kept, closed, changed) = (Mutex::default(), Mutex::default(), Mutex::default());
        Ok(Self { agent: config.build().into(), base, auth, limits, kept, closed, changed })
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> String {
        self.base.host_str().unwrap_or("the forge").to_owned()
    }

    /// The time, as whoever made this client knows it.
    pub(super) fn now(&self) -> Timestamp {
        (self.limits.now)()
    }

    /// What is at a path.
    pub(super) fn get<T: DeserializeOwned>(&self, what: &'static str, path: &str) -> Result<T, ForgeError> {
        let (bytes, _) = self.read(what, &self.at(what, path)?)?;
        self.parse(what, &bytes)
    }

    /// Every entry of a list. `pick` finds the entries of one page.
    pub(super) fn all<P: DeserializeOwned, T>(
        &self,
        what: &'static str,
        path: &str,
        pick: impl Fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, ForgeError> {
        let (mut url, mut all) = (self.at(what, path)?, Vec::new());
        for _ in 0..self.limits.pages {
            let (bytes, next) = self.read(what, &url)?;
            all.extend(pick(self.parse(what, &bytes)?));
            match next {
                Some(next) if next != url => url = next,
                Some(_) => return Err(self.answer(what, "its list leads back to the same page")),
                None => return Ok(all),
            }
        }
        Err(self.answer(what, format!("more than {} pages", self.limits.pages)))
    }

    /// Changes something. An answer without a body is `null`.
    pub(super) fn send(
        &self,
        what: &'static str,
        method: &Method,
        path: &str,
        body: &Value,
    ) -> Result<Value, ForgeError> {
        self.wait_for_turn();
        let (url, authorization) = (self.at(what, path)?, self.authorization()?);
        let mut answer = self.call(method, &url, authorization, None, Some(body))?;
        *self.changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        if !answer.status().is_success() {
            return Err(self.refused(what, &mut answer));
        }
        let bytes = self.bytes(what, &mut answer)?;
        if bytes.is_empty() { Ok(Value::Null) } else { self.parse(what, &bytes) }
    }

    /// A call with a header of its own, for getting a token.
    pub(super) fn with_header(
        &self,
        what: &'static str,
        method: &Method,
        path: &str,
        authorization: (&'static str, String),
    ) -> Result<Value, ForgeError> {
        let url = self.at(what, path)?;
        let body = (method != Method::GET).then_some(&Value::Null);
        let mut answer = self.call(method, &url, authorization, None, body)?;
        if !answer.status().is_success() {
            return Err(self.refused(what, &mut answer));
        }
        let bytes = self.bytes(what, &mut answer)?;
        self.parse(what, &bytes)
    }

    fn wait_for_turn(&self) {
        let last = *self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = last.and_then(|last| self.limits.pace.checked_sub(last.elapsed())) {
            std::thread::sleep(left);
        }
    }

    fn at(&self, what: &'static str, path: &str) -> Result<Url, ForgeError> {
        self.base.join(path.trim_start_matches('/')).map_err(|error| self.answer(what, error.to_string()))
    }

    fn read(&self, what: &'static str, url: &Url) -> Result<(Arc<[u8]>, Option<Url>), ForgeError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(url.as_str()).cloned();
        let tag = kept.as_ref().map(|kept| kept.tag.as_str());
        let mut answer = self.call(&Method::GET, url, self.authorization()?, tag, None)?;
        if let (StatusCode::NOT_MODIFIED, Some(kept)) = (answer.status(), kept) {
            return Ok((kept.bytes, kept.next));
        }
        if !answer.status().is_success() {
            return Err(self.refused(what, &mut answer));
        }
        let next = next_page(answer.headers(), url);
        let next = next.map_err(|why| self.answer(what, why))?;
        let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let bytes: Arc<[u8]> = self.bytes(what, &mut answer)?.into();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match tag {
            Some(tag) if bytes.len() <= KEPT_BYTES => {
                if kept.len() >= KEPT {
                    kept.clear();
                }
                kept.insert(url.to_string(), Kept { tag, bytes: bytes.clone(), next: next.clone() });
            }
            _ => drop(kept.remove(url.as_str())),
        }
        Ok((bytes, next))
    }

    fn call(
        &self,
        method: &Method,
        url: &Url,
        (header, value): (&'static str, String),
        tag: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Response<Body>, ForgeError> {
        let closed = *self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = closed.filter(|until| self.now() < *until) {
            return Err(ForgeError::Limited { forge: self.name(), until });
        }
        let mut request = Request::builder().method(method).uri(url.as_str()).header(header, value);
        request = request.header("accept", "application/json").header("user-agent", "landfall");
        if let Some(tag) = tag {
            request = request.header("if-none-match", tag);
        }
        let unreachable =
            |error: &dyn std::error::Error| ForgeError::Unreachable { forge: self.name(), why: error.to_string() };
        let sent = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json").body(body.to_string());
                self.agent.run(request.map_err(|error| unreachable(&error))?)
            }
            None => self.agent.run(request.body(()).map_err(|error| unreachable(&error))?),
        };
        let answer = sent.map_err(|error| unreachable(&error))?;
        self.note_limits(answer.status(), answer.headers())?;
        Ok(answer)
    }

    /// Remembers until when the forge answers no more calls; an error if it did not answer this one.
    fn note_limits(&self, status: StatusCode, headers: &HeaderMap) -> Result<(), ForgeError> {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
        let now = self.now();
        let after = number("retry-after").map(SignedDuration::from_secs);
        let used_up = number("x-ratelimit-remaining").or(number("ratelimit-remaining")) == Some(0);
        let reset = number("x-ratelimit-reset").or(number("ratelimit-reset")).filter(|_| used_up);
        let reset = reset.and_then(|second| Timestamp::from_second(second).ok());
        let latest = now.checked_add(self.limits.longest).unwrap_or(now);
        let limited = status == StatusCode::TOO_MANY_REQUESTS
            || (status == StatusCode::FORBIDDEN && (after.is_some() || used_up))
            || (status == StatusCode::SERVICE_UNAVAILABLE && after.is_some());
        let until = after.map(|after| now.checked_add(after).unwrap_or(now)).or(reset);
        let until = until.or(limited.then(|| now.checked_add(USUAL_PAUSE).unwrap_or(now)));
        if let Some(until) = until.filter(|_| limited || used_up).map(|until| until.min(latest)) {
            *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
            if limited {
                return Err(ForgeError::Limited { forge: self.name(), until });
            }
        }
        Ok(())
    }

    fn authorization(&self) -> Result<(&'static str, String), ForgeError> {
        Ok(match &self.auth {
            Auth::Bearer(token) => ("authorization", format!("Bearer {token}")),
            Auth::Token(token) => ("authorization", format!("token {token}")),
            Auth::Private(token) => ("private-token", token.clone()),
            Auth::App(app) => ("authorization", format!("Bearer {}", app.token(self, self.now())?)),
        })
    }

    fn refused(&self, what: &'static str, answer: &mut Response<Body>) -> ForgeError {
        let status = answer.status();
        let said = self.bytes(what, answer).map(|bytes| said(&bytes)).unwrap_or_default();
        let (forge, code) = (self.name(), status.as_u16());
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ForgeError::Denied { forge, what, status: code, said },
            StatusCode::NOT_FOUND | StatusCode::GONE => ForgeError::Missing { forge, what, said },
            _ => ForgeError::Refused { forge, what, status: code, said },
        }
    }

    fn bytes(&self, what: &'static str, answer: &mut Response<Body>) -> Result<Vec<u8>, ForgeError> {
        answer.body_mut().with_config().limit(self.limits.answer).read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(limit) => self.answer(what, format!("more than {limit} bytes")),
            error => ForgeError::Unreachable { forge: self.name(), why: error.to_string() },
        })
    }

    fn parse<T: DeserializeOwned>(&self, what: &'static str, bytes: &[u8]) -> Result<T, ForgeError> {
        serde_json::from_slice(bytes).map_err(|error| self.answer(what, error.to_string()))
    }

    /// A commit in an answer: a name of git's, and nothing else.
    pub(super) fn commit(&self, what: &'static str, text: &str) -> Result<CommitId, ForgeError> {
        commit(text).ok_or_else(|| self.answer(what, format!("`{}` is not a commit", super::cut(text, 80))))
    }

    pub(super) fn answer(&self, what: &'static str, why: impl Into<String>) -> ForgeError {
        ForgeError::Answer { forge: self.name(), what, why: why.into() }
    }
}

/// The forge's own words, as its JSON has them, on one line and without anything that a terminal would obey.
fn said(bytes: &[u8]) -> String {
    const LENGTH: usize = 300;
    let text = serde_json::from_slice::<Value>(bytes).ok().map_or_else(
        || String::from_utf8_lossy(bytes).into_owned(),
        |value| {
            let word = |value: &Value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let message = value.get("message").or(value.get("error")).map(word).unwrap_or_default();
            let errors = value.get("errors").and_then(Value::as_array).into_iter().flatten();
            let errors = errors.map(|error| error.get("message").map_or_else(|| word(error), word));
            let parts: Vec<String> = [message].into_iter().chain(errors).filter(|part| !part.is_empty()).collect();
            parts.join(": ")
        },
    );
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    super::cut(text.trim(), LENGTH)
}

/// The address in `Link: <…>; rel="next"`; it must stay with the same forge.
fn next_page(headers: &HeaderMap, from: &Url) -> Result<Option<Url>, String> {
    let links = headers.get_all("link").into_iter().filter_map(|value| value.to_str().ok());
    for link in links.flat_map(|text| text.split(',')) {
        let Some((target, parameters)) = link.trim().strip_prefix('<').and_then(|rest| rest.split_once('>')) else {
            continue;
        };
        if !parameters.replace(['"', ' '], "").contains("rel=next") {
            continue;
        }
        let next = from.join(target).map_err(|error| format!("its next page is not an address: {error}"))?;
        if next.origin() != from.origin() {
            return Err("its next page is on another host".to_owned());
        }
        return Ok(Some(next));
    }
    Ok(None)
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
