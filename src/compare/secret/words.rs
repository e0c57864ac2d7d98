//! The words that names are judged by.
//!
//! Collected from what clouds, frameworks and their documentation call their settings; `tests/compare/secrets.rs` has the
//! table of names that must be hidden and of those that must not.

use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Words that mean a secret by themselves, besides those for passwords.
pub(super) static SECRET: List = List::new(
    "\
    secret secrets token tokens credential credentials cred creds apikey apikeys authkey accesskey secretkey privatekey \
    authorization bearer salt pepper mnemonic otp totp psk sas cryptokey signingkey encryptionkey masterkey licensekey \
    sessionkey sshkey requirepass masterauth kennwort contrasena userpass privkey appkey authkeys",
);

/// Parts of a word that mean a secret wherever they are: the first three mean a password.
pub(super) const COMPOUND: &str = "\
    password passwd passphrase secret apikey accesskey privatekey secretkey credential authtoken accesstoken";

/// Words that end in `pass` and do not mean a password.
pub(super) static NOT_PASS: List = List::new(
    "\
    bypass compass encompass overpass underpass surpass trespass lowpass highpass multipass",
);

/// Words before `key` with which it is a secret.
pub(super) static BEFORE_KEY: List = List::new(
    "\
    api access secret private encryption encrypt decryption crypto cipher signing sign signer ssh gpg pgp rsa dsa ecdsa ed \
    ec aes des hmac master auth authentication account storage license licence service app application session jwt jws jwe \
    webhook deploy deployment client server tls ssl cert certificate admin instrumentation integration ingest ingestion \
    function subscription shared stripe openai anthropic google maps azure github gitlab slack datadog dd newrelic relic \
    sendgrid mailgun twilio algolia sentry segment amplitude mixpanel launchdarkly sdk rollbar bugsnag honeycomb logdna \
    loggly pagerduty opsgenie vapid nacl fernet flask django rails wrapping unseal recovery consumer cosmos redis db \
    database host wireguard wg vault bot gemini claude mistral cohere groq huggingface pinecone elastic supabase firebase \
    role anon write root join activation serial preshared enrollment registration provisioning intercom hubspot mailchimp \
    postmark resend braintree adyen paypal square shopify zendesk pusher ably cloudflare fastly heroku netlify vercel \
    doppler snyk sonar codecov circleci buildkite npm pypi nuget artifactory jfrog docker registry telegram discord \
    facebook twitter linkedin weather mapbox ipinfo recaptcha captcha turnstile tenant customer merchant partner",
);

/// Words before `key` with which it is not a secret: it finds or orders something, or everyone may have it.
pub(super) static NOT_BEFORE_KEY: List = List::new(
    "\
    public publishable pub partition sort hash range primary foreign unique cache object kms cmk bucket idempotency dedup \
    deduplication group grouping row map json translation config header lookup index shard message record event metric \
    label tag column field attribute item file search condition aggregation distribution generate output parameter source \
    hosted zone verification verify composite natural surrogate feature flag log topic queue correlation order display \
    answer rate limit trust trusted allowed known context",
);

/// Words behind a secret's that say something about it, instead of being it.
pub(super) static ABOUT: List = List::new(
    "\
    name names arn arns id ids path paths dir directory folder location url urls uri uris endpoint endpoints host hostname \
    port region bucket length len size min max minimum maximum limit limits ttl expiry expires expiration expire lifetime \
    age timeout interval period days hours minutes seconds ms millis count attempts retries retry rotation rotate policy \
    policies enabled enable disabled disable required optional type types kind format version versions algorithm \
    algorithms alg algo encoding method methods mode header headers param field fields column prefix suffix pattern regex \
    regexp rule rules strategy provider providers source manager store service server issuer audience scope scopes claim \
    claims ref reference alias label title description hint help message reset change changed email template complexity \
    strength score history reuse charset characters uppercase lowercase digits symbols cost rounds iterations hasher \
    hashers validator validators validation validity verify verifier check checks cache refresh rate budget usage quota \
    window renew renewal status state class module backend driver plugin engine handler controller exchange grant user \
    users username owner group role tag tags address created updated placeholder prompt page link route topic queue table \
    stack project environment through threshold stdin flow flows config configuration settings options properties time \
    unit units from spec usages pair pairs schema schemas context kms domain zone authority authorizer metadata resource \
    resources sync operator per operation operations parameter parameters encrypted extension filter sampling delimiter \
    separator leeway skew helper duration symbol realm checking decimals serializer",
);

/// Words with a space between two, which are looked up often.
pub(super) struct List {
    text: &'static str,
    words: OnceLock<BTreeSet<&'static str>>,
}

impl List {
    const fn new(text: &'static str) -> Self {
        Self { text, words: OnceLock::new() }
    }

    /// Whether a word is one of the list.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.get_or_init(|| self.text.split(' ').collect()).contains(word)
    }
}
