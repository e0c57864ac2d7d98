//! The operator's configuration file.

use std::path::Path;
use std::time::Duration;

use landfall::cli::config::{Config, LogFormat, Span};

const EVERY_KEY: &str = r#"
repo = "ssh://git@example.com/deploy.git"
branch = "main"
store = "sqlite:landfall.db"
mirror = "mirror"
listen = "127.0.0.1:7117"
token_file = "token"
poll = "30s"
sweep = "5m"
log_format = "json"

[git]
username = "deploy"
password_file = "password"
credentials_file = "credentials"
ca_file = "ca.pem"
ssh_key = "id_ed25519"
ssh_passphrase_file = "passphrase"
known_hosts = "known_hosts"
timeout = "20s"
limit = "1h"

[aws]
profile = "deploy"
endpoint = "http://127.0.0.1:4566"
allowed_roles = ["arn:aws:iam::111111111111:role/landfall-*"]

[facts]
push = true
"#;

#[test]
fn every_key_is_read_and_paths_are_relative_to_the_file() {
    let config = Config::parse(EVERY_KEY, Path::new("/etc/landfall")).unwrap();
    assert_eq!(config.mirror.as_deref(), Some(Path::new("/etc/landfall/mirror")));
    assert_eq!(config.token_file.as_deref(), Some(Path::new("/etc/landfall/token")));
    assert_eq!(config.git.password_file.as_deref(), Some(Path::new("/etc/landfall/password")));
    assert_eq!(config.git.known_hosts.as_deref(), Some(Path::new("/etc/landfall/known_hosts")));
    assert_eq!(config.poll, Some(Span(Duration::from_secs(30))));
    assert_eq!(config.sweep, Some(Span(Duration::from_secs(300))));
    assert_eq!(config.log_format, Some(LogFormat::Json));
    assert_eq!(config.git.limit, Some(Span(Duration::from_secs(3600))));
    assert!(config.facts.push);
    assert_eq!(config.git.credentials_file.as_deref(), Some(Path::new("/etc/landfall/credentials")));
    assert_eq!(config.aws.allowed_roles.as_deref().map(<[_]>::len), Some(1));
}

#[test]
fn every_key_is_documented() {
    let documentation = std::fs::read_to_string("docs/configuration.md").unwrap();
    let keys: toml::Table = EVERY_KEY.parse().unwrap();
    for (key, value) in &keys {
        let names = match value {
            toml::Value::Table(table) => table.keys().map(|inner| format!("{key}.{inner}")).collect(),
            _ => vec![key.clone()],
        };
        for name in names {
            assert!(documentation.contains(&format!("| `{name}` |")), "docs/configuration.md lacks `{name}`");
        }
    }
}

#[test]
fn what_is_wrong_is_refused() {
    for (text, word) in [
        ("pool = \"3s\"", "pool"),
        ("poll = \"0s\"", "longer than nothing"),
        ("poll = \"soon\"", "time span"),
        ("listen = \"everywhere\"", "socket address"),
        ("[aws]\nsecret = \"x\"", "secret"),
    ] {
        let error = Config::parse(text, Path::new("")).unwrap_err().to_string();
        assert!(error.contains(word), "{text}: {error}");
    }
}
