//! Which names say that their value is a secret: of environment variables, keys, parameters, outputs, options.
//!
//! A name is read as words (`DB_PASS`, `dbPass`, `db-pass` are the same two). The last word that means a secret counts, and
//! what stands behind it: `DB_PASSWORD_FILE` is a path, `TOKEN_BUCKET_SIZE` a number. What stands behind and is not known
//! leaves the name secret, because a value that is hidden for nothing costs less than one that is shown.

use serde_json::{Map, Value};

use super::words::{ABOUT, BEFORE_KEY, COMPOUND, NOT_BEFORE_KEY, NOT_PASS, SECRET};

/// Keys that name what stands next to them.
const NAMES: &[&str] = &[
    "Name",
    "name",
    "Key",
    "key",
    "ParameterName",
    "ParameterKey",
    "OptionName",
    "HeaderName",
    "HttpHeaderName",
    "VariableName",
    "Field",
];
/// Keys whose values they name.
const VALUES: &[&str] = &[
    "Value",
    "value",
    "Values",
    "values",
    "HeaderValue",
    "ParameterValue",
    "DefaultValue",
    "StringValue",
    "OptionValue",
    "default",
];
/// Keys that say nothing of their own, so that the name above them counts.
const NEUTRAL: &[&str] =
    &["Value", "value", "Values", "values", "String", "Text", "PlainText", "Plaintext", "Data", "Content", "Default"];

/// What a name says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Named {
    /// Nothing.
    Plain,
    /// It may be a secret: hidden if it looks random.
    Perhaps,
    /// It may be what a user logs in with: hidden if it looks random, or like a user and a password.
    Login,
    /// It is one, unless it is a reference or a setting.
    Secret,
    /// It is a password: a setting is not excepted.
    Password,
    /// It is declared to be one, whatever it is called.
    Declared,
}

impl Named {
    /// What a name says.
    pub(in super::super) fn of(name: &str) -> Self {
        judge(name)
    }

    /// What the names at an entry of a map say about its value: its key, a `Name` next to a `Value`, and what is `above` the map
    /// if the key says nothing of its own.
    pub(in super::super) fn of_entry(above: Self, map: &Map<String, Value>, key: &str) -> Self {
        let above = if NEUTRAL.contains(&key) { above } else { Self::Plain };
        let beside = if VALUES.contains(&key) { Self::beside(map) } else { Self::Plain };
        judge(key).max(above).max(beside)
    }

    /// What a `Name` says about the `Value` next to it. In a build's variables the value may be the name of a secret.
    pub(super) fn beside(map: &Map<String, Value>) -> Self {
        let elsewhere = matches!(map.get("Type").and_then(Value::as_str), Some("PARAMETER_STORE" | "SECRETS_MANAGER"));
        let names = NAMES.iter().filter_map(|key| map.get(*key)?.as_str());
        names.map(judge).max().filter(|_| !elsewhere).unwrap_or(Self::Plain)
    }
}

/// What a name says. Of a key like `token.actions.example.com:sub` or `aws:SourceArn` the part behind the last colon counts.
pub(super) fn judge(name: &str) -> Named {
    let name = name.rsplit(':').find(|part| !part.is_empty()).unwrap_or(name);
    let words = words(name);
    let word = |index: usize| words.get(index).map_or("", String::as_str);
    let before = |index: usize| index.checked_sub(1).map_or("", word);
    let found = (0..words.len()).rev().find_map(|index| {
        let named = one(before(index), word(index), before(index.saturating_sub(1)));
        (named > Named::Plain).then_some((index, named))
    });
    let Some((index, named)) = found else { return Named::Plain };
    let behind = words.get(index + 1..).unwrap_or_default();
    // Vault's `secret_id` is the secret half of an AppRole; elsewhere a secret's id is its name.
    let of_vault = behind == ["id"] && words.iter().any(|word| word == "vault" || word == "approle");
    let users = named == Named::Login && behind.iter().all(|word| matches!(word.as_str(), "user" | "users"));
    let about = !users && behind.iter().any(|word| ABOUT.has(word) || word.ends_with("file"));
    let asked = named == Named::Secret && words.iter().take(index).any(|word| COUNTED.contains(&word.as_str()));
    match named {
        _ if about && !of_vault => Named::Plain,
        Named::Secret if asked && word(index).ends_with('s') => Named::Plain,
        named => named,
    }
}

/// Words before `tokens` that make it a number: `MAX_TOKENS`.
const COUNTED: &[&str] =
    &["max", "min", "num", "number", "count", "total", "limit", "used", "input", "output", "prompt"];

/// What one word says, with the one before it.
fn one(before: &str, word: &str, before_that: &str) -> Named {
    let compound =
        |word: &str, first: usize| word.len() >= 6 && COMPOUND.split(' ').take(first).any(|part| word.contains(part));
    let password = |word: &str| {
        matches!(word, "pass" | "pwd" | "pw" | "psw" | "pswd" | "passphrase" | "passcode" | "passwort" | "passwd")
            || compound(word, 3)
            || ["pass", "pwd", "rootpw", "dbpw", "userpw", "adminpw"].iter().any(|end| word.ends_with(end))
                && !NOT_PASS.has(word)
    };
    match word {
        "secretsmanager" | "passwordless" | "secretary" | "tokenizer" | "tokenizers" => Named::Plain,
        "key" | "keys" if NOT_BEFORE_KEY.has(before) => Named::Plain,
        "key" | "keys" if before == "access" && before_that == "public" => Named::Plain,
        "key" | "keys" if BEFORE_KEY.has(before) || one("", before, "") > Named::Login => Named::Secret,
        "auth" | "basicauth" | "httpauth" | "pin" | "login" => Named::Login,
        "cookie" if before == "erlang" => Named::Secret,
        "community" if before == "snmp" => Named::Secret,
        "key" | "keys" | "jwt" | "sig" | "signature" | "cookie" | "keytab" | "dsn" => Named::Perhaps,
        "code" | "codes" if matches!(before, "access" | "recovery" | "backup" | "unlock") => Named::Secret,
        "phrase" if matches!(before, "seed" | "pass" | "recovery") => Named::Password,
        "seed" if matches!(before, "totp" | "otp" | "wallet" | "mfa") => Named::Secret,
        "string" if matches!(before, "connection" | "conn") => Named::Perhaps,
        short if short.len() < 2 => Named::Plain,
        "word" if before == "pass" => Named::Password,
        word if password(word) => Named::Password,
        word if SECRET.has(word) || compound(word, 11) => Named::Secret,
        word if word.ends_with("token") || word.ends_with("tokens") => Named::Secret,
        _ => Named::Plain,
    }
}

/// The words of a name, in lower case: parted by what is neither letter nor digit and where the case changes, without digits
/// at their end.
pub(super) fn words(name: &str) -> Vec<String> {
    let all: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (index, &character) in all.iter().enumerate() {
        let next = all.get(index + 1).copied().unwrap_or(' ');
        let last = index.checked_sub(1).and_then(|last| all.get(last)).copied().unwrap_or(' ');
        let humps = character.is_uppercase() && (last.is_lowercase() || last.is_numeric());
        let acronym = character.is_uppercase() && last.is_uppercase() && next.is_lowercase();
        if !character.is_alphanumeric() || humps || acronym {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
    }
    words.push(word);
    let without = |word: String| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    words.into_iter().map(without).filter(|word| !word.is_empty()).collect()
}
