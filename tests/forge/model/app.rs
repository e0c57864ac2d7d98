//! Apps of GitHub: a signed claim buys a token for an hour.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};

use super::{Call, Reply, World};

/// An app that is installed on the repository.
pub(crate) struct App {
    pub(crate) id: &'static str,
    /// PKCS#1, as DER.
    pub(crate) public_key: Vec<u8>,
    pub(crate) slug: &'static str,
}

/// Whether a bearer is a claim of the app that GitHub accepts: signed, and for no longer than ten minutes.
pub(super) fn claims(world: &World, bearer: &str) -> bool {
    let Some(app) = &world.app else { return false };
    let Some((claim, signature)) = bearer.rsplit_once('.') else { return false };
    let Some((_, body)) = claim.split_once('.') else { return false };
    let (Ok(signature), Ok(body)) = (URL_SAFE_NO_PAD.decode(signature), URL_SAFE_NO_PAD.decode(body)) else {
        return false;
    };
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &app.public_key);
    let body: Value = serde_json::from_slice(&body).unwrap();
    let (from, until) = (body["iat"].as_i64().unwrap(), body["exp"].as_i64().unwrap());
    let now = Timestamp::now().as_second();
    key.verify(claim.as_bytes(), &signature).is_ok()
        && body["iss"] == app.id
        && from <= now
        && now < until
        && until - now <= 600
}

/// What an app may ask with its claim.
pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Reply {
    let slug = world.app.as_ref().unwrap().slug;
    match (call.method, call.path.iter().map(String::as_str).collect::<Vec<_>>().as_slice()) {
        ("GET", ["app"]) => Reply::ok(json!({ "id": 77, "slug": slug, "name": "Landfall" })),
        ("GET", ["repos", "acme", "deploy", "installation"]) => Reply::ok(json!({ "id": 5 })),
        ("POST", ["app", "installations", "5", "access_tokens"]) => {
            let (token, until) =
                (format!("installation-{}", world.id()), Timestamp::now() + SignedDuration::from_hours(1));
            let name = format!("{slug}[bot]");
            world.tokens.insert(token.clone(), name.clone());
            world.rights.insert(name, "write");
            Reply::made(json!({ "token": token, "expires_at": until }))
        }
        _ => Reply::refusal(401, "A JSON web token could not be decoded"),
    }
}
