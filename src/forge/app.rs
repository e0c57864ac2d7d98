//! An app of GitHub: a key signs a claim for some minutes, which buys a token for an hour.
//!
//! \[doc: "Generating a JSON Web Token (JWT) for a GitHub App", "Generating an installation access token for a GitHub App"\]

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use super::http::Method;
use super::{ForgeError, Http};

/// A claim begins a minute ago, because clocks differ, and ends before the ten minutes that GitHub allows.
const BEFORE: i64 = 60;
const AFTER: i64 = 540;

/// A token is renewed that long before it ends.
const EARLY: SignedDuration = SignedDuration::from_mins(5);

/// An app, installed on one repository at least.
pub struct App {
    id: String,
    key: RsaKeyPair,
    /// `owner/name`.
    repository: String,
    token: Mutex<Option<(String, Timestamp)>>,
}

impl App {
    /// An app by its id (or client id) and its private key, as GitHub gives it: PEM.
    ///
    /// # Errors
    /// The key is none.
    pub fn new(id: &str, pem: &str, repository: &str) -> Result<Self, String> {
        let lines = pem.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("-----"));
        let der =
            STANDARD.decode(lines.collect::<String>()).map_err(|_| "it is not a private key in PEM".to_owned())?;
        let key = RsaKeyPair::from_der(&der).or_else(|_| RsaKeyPair::from_pkcs8(&der));
        let key = key.map_err(|error| format!("it is not an RSA private key: {error}"))?;
        Ok(Self { id: id.to_owned(), key, repository: repository.to_owned(), token: Mutex::default() })
    }

    /// The name that its comments have as author.
    pub(super) fn login(&self, http: &Http, now: Timestamp) -> Result<String, ForgeError> {
        let what = "name this app";
        let app = http.with_header(what, &Method::GET, "app", self.claim(http, now)?)?;
        let slug = app.get("slug").and_then(Value::as_str);
        slug.map(|slug| format!("{slug}[bot]")).ok_or_else(|| http.answer(what, "no `slug`"))
    }

    /// A token for the installation on this repository.
    pub(super) fn token(&self, http: &Http, now: Timestamp) -> Result<String, ForgeError> {
        let mut kept = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, until)) = &*kept
            && now.checked_add(EARLY).is_ok_and(|now| now < *until)
        {
            return Ok(token.clone());
        }
        let what = "give this app a token";
        let path = format!("repos/{}/installation", self.repository);
        let installation = http.with_header(what, &Method::GET, &path, self.claim(http, now)?)?;
        let id = installation.get("id").and_then(Value::as_u64).ok_or_else(|| http.answer(what, "no `id`"))?;
        let path = format!("app/installations/{id}/access_tokens");
        let given = http.with_header(what, &Method::POST, &path, self.claim(http, now)?)?;
        let text = |key: &str| given.get(key).and_then(Value::as_str).map(str::to_owned);
        let (token, until) = (text("token"), text("expires_at").and_then(|at| at.parse().ok()));
        let (token, until) = token.zip(until).ok_or_else(|| http.answer(what, "no `token`, or not until when"))?;
        *kept = Some((token.clone(), until));
        Ok(token)
    }

    /// A signed claim to be this app.
    fn claim(&self, http: &Http, now: Timestamp) -> Result<(&'static str, String), ForgeError> {
        let second = now.as_second();
        let head = json!({ "alg": "RS256", "typ": "JWT" });
        let body = json!({ "iat": second - BEFORE, "exp": second + AFTER, "iss": self.id });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claim = format!("{}.{}", part(&head), part(&body));
        let mut signature = vec![0; self.key.public().modulus_len()];
        let signed = self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), claim.as_bytes(), &mut signature);
        signed.map_err(|_| http.answer("name this app", "its key does not sign"))?;
        Ok(("authorization", format!("Bearer {claim}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}
