//! The client of a daemon's JSON API: what `--server URL` asks.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::exit::Failure;
use super::output::Format;

/// How long a daemon may take to answer: it answers from memory.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer that is read, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The environment variable with the token of a daemon that asks for one.
pub const TOKEN: &str = "LANDFALL_TOKEN";

/// A daemon that can be asked.
#[derive(Debug)]
pub struct Server {
    base: String,
    token: Option<String>,
}

impl Server {
    /// The daemon at this URL; the token is taken from [`TOKEN`].
    pub fn new(url: &str) -> Self {
        Self {
            base: url.trim_end_matches('/').to_owned(),
            token: std::env::var(TOKEN).ok().filter(|token| !token.is_empty()),
        }
    }

    /// A page, drawn by the daemon in the format that is asked for.
    pub fn page(&self, path: &str, format: Format) -> Result<String, Failure> {
        let join = if path.contains('?') { '&' } else { '?' };
        self.text(&match format {
            Format::Terminal => format!("/api/v1{path}{join}format=terminal"),
            Format::Json => format!("/api/v1{path}"),
        })
    }

    /// What the daemon has at a path.
    pub fn text(&self, path: &str) -> Result<String, Failure> {
        let who = format!("the daemon at {}", self.base);
        get(&who, &format!("{}{path}", self.base), self.token.as_deref(), PATIENCE).map_err(|failure| {
            match failure.help {
                None if failure.source.is_some() => failure.help("check that `landfall daemon --listen …` runs there"),
                _ => failure,
            }
        })
    }

    /// A page as a value.
    pub fn value<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let text = self.page(path, Format::Json)?;
        serde_json::from_str(&text).map_err(|error| {
            Failure::new(format!("the daemon at {} does not answer with landfall's JSON API", self.base)).because(error)
        })
    }
}

/// What a server has at a URL. `who` is what it is called.
///
/// # Errors
/// It does not answer in time, refuses, or sends more than [`LARGEST`] bytes.
pub fn get(who: &str, url: &str, token: Option<&str>, patience: Duration) -> Result<String, Failure> {
    let config = ureq::Agent::config_builder().timeout_global(Some(patience)).http_status_as_error(false).build();
    let mut request = ureq::Agent::from(config).get(url);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let mut answer = request.call().map_err(|error| Failure::new(format!("cannot ask {who}")).because(error))?;
    let status = answer.status();
    let body = answer
        .body_mut()
        .with_config()
        .limit(LARGEST)
        .read_to_string()
        .map_err(|error| Failure::new(format!("cannot read the answer of {url}")).because(error))?;
    if status.is_success() {
        return Ok(body);
    }
    let said = serde_json::from_str::<Refusal>(&body).map_or_else(|_| body.trim().to_owned(), |refusal| refusal.error);
    // A server that is not a daemon may answer with a page of its own.
    let said: String = said.lines().next().unwrap_or_default().chars().take(200).collect();
    Err(Failure::new(format!("{who} answers {}: {said}", status.as_u16())))
}

/// What the API says when it refuses.
#[derive(serde::Deserialize)]
struct Refusal {
    error: String,
}
