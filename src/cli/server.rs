//! The client of a daemon's JSON API: what `--server URL` asks.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::exit::Failure;
use super::output::Format;

/// How long a daemon may take to answer: it answers from memory.
const PATIENCE: Duration = Duration::from_secs(10);

/// The environment variable with the token of a daemon that asks for one.
pub const TOKEN: &str = "LANDFALL_TOKEN";

/// A daemon that can be asked.
#[derive(Debug)]
pub struct Server {
    base: String,
    token: Option<String>,
    agent: ureq::Agent,
}

impl Server {
    /// The daemon at this URL; the token is taken from [`TOKEN`].
    pub fn new(url: &str) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build();
        Self {
            base: url.trim_end_matches('/').to_owned(),
            token: std::env::var(TOKEN).ok().filter(|token| !token.is_empty()),
            agent: config.into(),
        }
    }

    /// A page, drawn by the daemon in the format that is asked for.
    pub fn page(&self, path: &str, format: Format) -> Result<String, Failure> {
        let join = if path.contains('?') { '&' } else { '?' };
        let url = match format {
            Format::Terminal => format!("{}/api/v1{path}{join}format=terminal", self.base),
            Format::Json => format!("{}/api/v1{path}", self.base),
        };
        let mut request = self.agent.get(&url);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut answer = request.call().map_err(|error| {
            Failure::new(format!("cannot ask the daemon at {}", self.base))
                .because(error)
                .help("is `landfall daemon --listen …` running there?")
        })?;
        let status = answer.status();
        let body = answer
            .body_mut()
            .read_to_string()
            .map_err(|error| Failure::new(format!("cannot read the answer of {url}")).because(error))?;
        if status.is_success() {
            return Ok(body);
        }
        let said =
            serde_json::from_str::<Refusal>(&body).map_or_else(|_| body.trim().to_owned(), |refusal| refusal.error);
        Err(Failure::new(format!("the daemon at {} answers {}: {said}", self.base, status.as_u16())))
    }

    /// A page as a value.
    pub fn value<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let text = self.page(path, Format::Json)?;
        serde_json::from_str(&text).map_err(|error| {
            Failure::new(format!("the daemon at {} answers something else than its JSON API", self.base)).because(error)
        })
    }
}

/// What the API says when it refuses.
#[derive(serde::Deserialize)]
struct Refusal {
    error: String,
}
