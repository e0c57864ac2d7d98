//! Secrets that their form gives away wherever they stand.
//!
//! The beginnings are those that the makers document for secret scanning. Publishable keys (`pk_live_`), identifiers (`AKIA` is
//! one, and is hidden all the same: it names the secret next to it) and public keys or certificates are listed only where noted.

use std::ops::Range;

/// What may follow a beginning.
#[derive(Clone, Copy)]
enum Body {
    /// Letters and digits.
    Word,
    /// And `_`.
    Snake,
    /// And `-`.
    Dash,
    /// And `.`, `~`, `+`, `/`, `=`, `%`.
    Wide,
    /// Hexadecimal digits.
    Hex,
}
use Body::{Dash, Hex, Snake, Wide, Word};

/// Beginning, what follows, and how many of that at least.
const TOKENS: &[(&str, Body, usize)] = &[
    // AWS: keys of users and sessions, session tokens, Bedrock keys.
    ("AKIA", Word, 12),
    ("ASIA", Word, 12),
    ("ABIA", Word, 16),
    ("ACCA", Word, 16),
    ("FwoGZXIvYXdz", Wide, 20),
    ("IQoJb3JpZ2lu", Wide, 20),
    ("ABSK", Wide, 60),
    ("bedrock-api-key-", Wide, 16),
    // Forges.
    ("ghp_", Word, 2),
    ("gho_", Word, 10),
    ("ghu_", Word, 10),
    ("ghs_", Word, 10),
    ("ghr_", Word, 10),
    ("github_pat_", Snake, 4),
    ("glpat-", Dash, 8),
    ("gldt-", Dash, 10),
    ("glrt-", Dash, 10),
    ("glcbt-", Dash, 10),
    ("glptt-", Dash, 10),
    ("glft-", Dash, 10),
    ("glimt-", Dash, 10),
    ("glagent-", Dash, 10),
    ("glsoat-", Dash, 10),
    ("gloas-", Dash, 10),
    ("GR1348941", Dash, 10),
    ("ATATT3x", Wide, 16),
    ("ATCTT3x", Wide, 16),
    ("ATBB", Word, 24),
    ("BBDC-", Wide, 20),
    ("sgp_", Snake, 16),
    ("CCIPAT_", Snake, 10),
    ("CCIPRJ_", Snake, 10),
    ("bkua_", Word, 16),
    ("sntrys_", Wide, 16),
    ("sntryu_", Wide, 16),
    ("snyk_", Wide, 20),
    ("squ_", Word, 20),
    ("sqp_", Word, 20),
    ("sqa_", Word, 20),
    // Chat.
    ("xoxb-", Dash, 6),
    ("xoxp-", Dash, 6),
    ("xoxa-", Dash, 6),
    ("xoxr-", Dash, 6),
    ("xoxs-", Dash, 6),
    ("xoxe-", Dash, 6),
    ("xoxe.xox", Wide, 6),
    ("xoxc-", Dash, 6),
    ("xoxd-", Wide, 6),
    ("xapp-", Dash, 6),
    // Payment.
    ("sk_live_", Word, 4),
    ("sk_test_", Word, 4),
    ("rk_live_", Word, 4),
    ("rk_test_", Word, 4),
    ("whsec_", Wide, 8),
    ("sq0atp-", Dash, 10),
    ("sq0csp-", Dash, 10),
    ("access_token$production$", Wide, 10),
    ("shpat_", Word, 16),
    ("shpca_", Word, 16),
    ("shppa_", Word, 16),
    ("shpss_", Word, 16),
    ("EZAK", Word, 40),
    ("EZTK", Word, 40),
    ("FLWSECK", Wide, 10),
    // Models.
    ("sk-proj-", Dash, 4),
    ("sk-ant-", Dash, 6),
    ("sk-svcacct-", Dash, 8),
    ("sk-admin-", Dash, 8),
    ("sk-or-", Dash, 10),
    ("sk-lf-", Dash, 10),
    ("sk-", Word, 20),
    ("hf_", Word, 20),
    ("r8_", Word, 20),
    ("gsk_", Word, 20),
    ("xai-", Word, 20),
    ("pplx-", Word, 20),
    ("nvapi-", Dash, 20),
    ("tvly-", Dash, 16),
    ("jina_", Word, 20),
    ("fw_", Word, 22),
    ("lsv2_", Snake, 20),
    ("pcsk_", Snake, 20),
    // Google.
    ("AIza", Dash, 20),
    ("GOCSPX-", Dash, 10),
    ("ya29.", Dash, 10),
    ("1//0", Dash, 20),
    ("AQ.Ab8RN6", Dash, 10),
    // Packages and images.
    ("npm_", Word, 20),
    ("pypi-", Dash, 12),
    ("rubygems_", Word, 20),
    ("dckr_pat_", Dash, 8),
    ("dckr_oat_", Dash, 8),
    ("oy2", Word, 43),
    ("cio", Word, 32),
    ("AKCp", Word, 40),
    ("cmVmdGtu", Word, 50),
    // Mail, telephone.
    ("SG.", Wide, 20),
    ("key-", Hex, 32),
    ("SK", Hex, 32),
    ("xkeysib-", Dash, 20),
    ("xsmtpsib-", Dash, 20),
    ("pmak-", Dash, 20),
    ("PMAK-", Dash, 20),
    // Monitoring.
    ("NRAK-", Word, 10),
    ("NRII-", Dash, 10),
    ("NRJS-", Word, 10),
    ("NRRA-", Word, 10),
    ("NRSP-", Word, 10),
    ("glsa_", Snake, 16),
    ("glc_", Wide, 16),
    ("ddapp_", Word, 16),
    ("ddpat_", Word, 16),
    ("hcaik_", Word, 16),
    ("phx_", Word, 16),
    ("dt0c01.", Wide, 20),
    ("dt0s01.", Wide, 20),
    ("pdus+", Wide, 10),
    // Clouds and their services.
    ("hvs.", Dash, 12),
    ("hvb.", Dash, 12),
    ("hvr.", Dash, 12),
    ("dop_v1_", Hex, 10),
    ("doo_v1_", Hex, 10),
    ("dor_v1_", Hex, 10),
    ("LTAI", Word, 12),
    ("dapi", Hex, 32),
    ("FlyV1 ", Wide, 10),
    ("fo1_", Dash, 10),
    ("fm2_", Wide, 10),
    ("tskey-", Dash, 10),
    ("pscale_tkn_", Wide, 10),
    ("pscale_oauth_", Wide, 10),
    ("pscale_pw_", Wide, 10),
    ("sbp_", Word, 20),
    ("sb_secret_", Snake, 10),
    ("rnd_", Word, 20),
    ("CFPAT-", Dash, 10),
    ("v1.0-", Dash, 100),
    ("dp.pt.", Word, 10),
    ("dp.st.", Wide, 10),
    ("dp.ct.", Word, 10),
    ("dp.sa.", Wide, 10),
    ("dp.scim.", Word, 10),
    ("dp.audit.", Word, 10),
    ("nfp_", Word, 20),
    ("vercel_", Word, 20),
    ("HRKU-", Dash, 20),
    ("ops_", Wide, 40),
    ("AGE-SECRET-KEY-1", Word, 20),
    ("mongodb_", Word, 40),
    ("EAACEdEose0cBA", Word, 4),
    ("EAA", Word, 80),
    ("lin_api_", Word, 16),
    ("lin_oauth_", Word, 16),
    ("ntn_", Word, 16),
    ("secret_", Word, 40),
    ("figd_", Dash, 16),
    ("apify_api_", Word, 16),
    ("duffel_", Dash, 20),
    ("pat-na1-", Dash, 20),
    ("pat-eu1-", Dash, 20),
    ("rdme_", Word, 20),
    ("shippo_live_", Word, 20),
    // Private keys without their frame, in base64.
    ("MIIEpAIBAAK", Wide, 20),
    ("MIIEowIBAAK", Wide, 20),
    ("MIIEogIBAAK", Wide, 20),
    ("MIIEvgIBAD", Wide, 20),
    ("MIIEvAIBAD", Wide, 20),
    ("MIIEvQIBAD", Wide, 20),
    ("MIICXAIBAAK", Wide, 20),
    ("MIICXQIBAAK", Wide, 20),
    ("MIIJKAIBAAK", Wide, 20),
    ("MIIJKQIBAAK", Wide, 20),
    ("MIIJQgIBAD", Wide, 20),
    ("MIIJQwIBAD", Wide, 20),
    ("MHcCAQEE", Wide, 20),
    ("MIGHAgEAMB", Wide, 20),
    ("MIGkAgEB", Wide, 20),
    ("MC4CAQAwBQYDK2Vw", Wide, 20),
    ("b3BlbnNzaC1rZXktdjE", Wide, 20),
];

/// Beginnings of hashed passwords (crypt(5), PHC string format, Django, LDAP).
const HASHES: &[&str] = &[
    "$2a$",
    "$2b$",
    "$2y$",
    "$argon2",
    "$scrypt$",
    "$6$",
    "$5$",
    "$1$",
    "$y$",
    "$apr1$",
    "pbkdf2_sha256$",
    "pbkdf2:",
    "$pbkdf2",
    "{SSHA}",
    "{SHA}",
    "bcrypt_sha256$",
    "bcrypt$",
    "scram-sha-256$",
    "SCRAM-SHA-256$",
];

/// Adds the secrets of a text that have a known form.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    // Most beginnings have a character that the text has not: to see that costs less than to look for them.
    let mut present = [false; 256];
    text.bytes().for_each(|byte| present[usize::from(byte)] = true);
    let possible = |beginning: &str| beginning.bytes().all(|byte| present[usize::from(byte)]);
    for (beginning, body, least) in TOKENS.iter().filter(|(beginning, ..)| possible(beginning)) {
        for (at, _) in text.match_indices(beginning) {
            let from = at + beginning.len();
            let end = from + run(text, from, *body);
            let short = beginning.len() <= 5 && !text.get(from..end).is_some_and(mixed);
            if end - from >= *least && !joined(text, at) && !short {
                found.push(at..end);
            }
        }
    }
    for (at, beginning) in HASHES.iter().filter(|hash| possible(hash)).flat_map(|hash| text.match_indices(hash)) {
        let end = at
            + text.get(at..).map_or(0, |rest| {
                rest.find(|c: char| c.is_whitespace() || "\"'`;<>|".contains(c)).unwrap_or(rest.len())
            });
        if end - at >= beginning.len() + 12 && text.get(at + beginning.len()..end).is_some_and(mixed) {
            found.push(at..end);
        }
    }
    json_web_tokens(text, found);
    private_keys(text, found);
    dotted(text, found);
    entra(text, found);
    bare(text, found);
}

/// The bytes from a place on that a body may have.
fn run(text: &str, from: usize, body: Body) -> usize {
    let fits = |c: char| match body {
        Word => c.is_ascii_alphanumeric(),
        Snake => c.is_ascii_alphanumeric() || c == '_',
        Dash => c.is_ascii_alphanumeric() || matches!(c, '_' | '-'),
        Wide => c.is_ascii_alphanumeric() || "-_.~+/=%".contains(c),
        Hex => c.is_ascii_hexdigit(),
    };
    let rest = text.get(from..).unwrap_or("");
    rest.find(|c| !fits(c)).unwrap_or(rest.len())
}

/// Whether the place is inside of a word.
fn joined(text: &str, at: usize) -> bool {
    text.get(..at).and_then(|before| before.chars().next_back()).is_some_and(|c| c.is_ascii_alphanumeric())
}

/// Letters and digits, so that no word of a language is meant.
fn mixed(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit()) && text.contains(|c: char| c.is_ascii_alphabetic())
}

/// JWT, JWE, and other objects in base64url with parts behind dots (RFC 7519): `eyJ` is `{"`.
fn json_web_tokens(text: &str, found: &mut Vec<Range<usize>>) {
    for (at, beginning) in text.match_indices("eyJ") {
        let end = at + run(text, at, Wide);
        let parts = text.get(at..end).map_or(0, |token| token.split('.').filter(|part| part.len() > 3).count());
        if !joined(text, at) && parts >= 2 && end - at > beginning.len() + 12 {
            found.push(at..end);
        }
    }
}

/// Blocks of PEM and PuTTY that are not public. One whose end is missing reaches to the end of the text.
fn private_keys(text: &str, found: &mut Vec<Range<usize>>) {
    const PUBLIC: &[&str] = &[
        "PUBLIC KEY",
        "CERTIFICATE",
        "CERTIFICATE REQUEST",
        "NEW CERTIFICATE REQUEST",
        "X509 CRL",
        "DH PARAMETERS",
        "EC PARAMETERS",
        "PGP SIGNATURE",
        "PGP SIGNED MESSAGE",
        "PGP MESSAGE",
    ];
    let mut end_of_last = 0;
    for (at, beginning) in text.match_indices("-----BEGIN ") {
        let label = text.get(at + beginning.len()..).and_then(|rest| rest.split("-----").next()).unwrap_or("");
        let public = PUBLIC.contains(&label)
            || label.ends_with(" PUBLIC KEY")
            || label.contains("PUBLIC KEY BLOCK")
            || label.ends_with("CERTIFICATE");
        if public || at < end_of_last {
            continue;
        }
        let rest = text.get(at..).unwrap_or("");
        let close = rest.find("-----END ").and_then(|end| Some(end + 9 + rest.get(end + 9..)?.find("-----")? + 5));
        end_of_last = at + close.unwrap_or(rest.len());
        found.push(at..end_of_last);
    }
    if let Some(at) = text.find("PuTTY-User-Key-File-") {
        found.push(at..text.len());
    }
}

/// Tokens of several parts: of bots of Discord and Telegram, of Airtable, of Terraform Cloud, and old ones of Vault.
fn dotted(text: &str, found: &mut Vec<Range<usize>>) {
    let mut offset = 0;
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.:".contains(c))) {
        let at = offset + text.get(offset..).and_then(|rest| rest.find(word)).unwrap_or(0);
        offset = at + word.len();
        let parts: Vec<&str> = word.split('.').collect();
        let secret = match parts.as_slice() {
            [one, two, three] => {
                (23..=30).contains(&one.len())
                    && two.len() == 6
                    && (27..=45).contains(&three.len())
                    && one.starts_with(['M', 'N', 'O'])
                    || *two == "atlasv1" && one.len() == 14
            }
            ["s", token] => token.len() >= 24 && mixed(token),
            [one, two] => one.len() == 17 && one.starts_with("pat") && two.len() == 64,
            [one] => one.split_once(':').is_some_and(|(bot, token)| {
                (8..=10).contains(&bot.len())
                    && bot.chars().all(|c| c.is_ascii_digit())
                    && token.starts_with("AA")
                    && token.len() == 35
            }),
            _ => false,
        };
        if secret {
            found.push(at..offset);
        }
    }
}

/// Client secrets of Entra ID: three characters, a digit, `Q~`, and 31 to 34 more.
fn entra(text: &str, found: &mut Vec<Range<usize>>) {
    for (at, _) in text.match_indices("Q~") {
        let begin = at.saturating_sub(4);
        let end = at + 2 + run(text, at + 2, Wide);
        let digit = text.get(at.saturating_sub(1)..at).is_some_and(|c| c.chars().all(|c| c.is_ascii_digit()));
        if digit && (33..=38).contains(&(end - at)) && text.get(begin..end).is_some_and(|token| token.len() >= 37) {
            found.push(begin..end);
        }
    }
}

/// A secret access key of AWS without anything around it: 40 characters of base64 in upper and lower case with digits, which a
/// hash in hexadecimal digits never is.
fn bare(text: &str, found: &mut Vec<Range<usize>>) {
    let all = |test: fn(char) -> bool| text.chars().filter(|c| test(*c)).count();
    if text.len() == 40
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '+'))
        && all(|c| c.is_ascii_uppercase()) >= 6
        && all(|c| c.is_ascii_lowercase()) >= 6
        && all(|c| c.is_ascii_digit()) >= 1
    {
        found.push(0..text.len());
    }
}
