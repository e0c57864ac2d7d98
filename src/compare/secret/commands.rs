//! Secrets that only their place in a command, a header or a file of logins gives away.

use std::ops::Range;

use super::encoded::is_basic;
use super::reference::{is_reference, is_setting, looks_random};

/// What stands behind an option, or how it belongs to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// The next word is the secret.
    Next,
    /// The secret follows without a space.
    Attached,
    /// The next word is `user:secret`.
    Login,
}

/// Programs (as part of a line), their options, and what these take.
const PROGRAMS: &[(&[&str], &[&str], Takes)] = &[
    (
        &["mysql", "mysqldump", "mysqladmin", "mysqlimport", "mariadb", "mariadb-dump", "7z", "7za"],
        &["-p"],
        Takes::Attached,
    ),
    (
        &[
            "sshpass",
            "docker",
            "podman",
            "nerdctl",
            "helm",
            "oc",
            "mongo",
            "mongosh",
            "mongodump",
            "mongorestore",
            "cqlsh",
            "az",
        ],
        &["-p"],
        Takes::Next,
    ),
    (&["sqlcmd", "bcp", "zip", "unzip", "isql"], &["-P"], Takes::Next),
    (&["redis-cli", "valkey-cli"], &["-a"], Takes::Next),
    (&["ldapsearch", "ldapadd", "ldapmodify", "ldapwhoami"], &["-w"], Takes::Next),
    (&["plink", "pscp", "putty"], &["-pw"], Takes::Next),
    (&["snmpget", "snmpwalk"], &["-A", "-X", "-c"], Takes::Next),
    (&["openssl"], &["-k", "-K"], Takes::Next),
    (&["curl", "http", "https", "wget"], &["-u", "--user", "-U", "--proxy-user", "-a", "--auth"], Takes::Login),
    (&["smbclient", "net"], &["-U"], Takes::Login),
];

/// Adds the secrets of command lines, headers and files of logins.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    if [" -", "pass:", "add_user", "change_password"].iter().any(|sign| text.contains(sign)) {
        lines(text).for_each(|line| options(text, line, found));
    }
    headers(text, found);
    logins(text, found);
}

fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut begin = 0;
    text.split(['\n', '|', ';']).map(move |line| {
        let range = begin..begin + line.len();
        begin += line.len() + 1;
        range
    })
}

/// The words of a line with their places, without quotes around them.
fn words(text: &str, line: Range<usize>) -> Vec<(Range<usize>, &str)> {
    let mut all = Vec::new();
    let mut at = line.start;
    for word in text.get(line).unwrap_or("").split(char::is_whitespace) {
        let bare = word.trim_matches(['"', '\'', '`']);
        let lead = word.len() - word.trim_start_matches(['"', '\'', '`']).len();
        if !bare.is_empty() {
            all.push((at + lead..at + lead + bare.len(), bare));
        }
        // What separates may be longer than a byte.
        at += word.len();
        at += text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    }
    all
}

fn options(text: &str, line: Range<usize>, found: &mut Vec<Range<usize>>) {
    let words = words(text, line);
    let called = |programs: &[&str]| {
        words.iter().position(|(_, word)| programs.contains(&word.rsplit('/').next().unwrap_or(word)))
    };
    for (programs, options, takes) in PROGRAMS {
        let Some(first) = called(programs) else { continue };
        for (index, (range, word)) in words.iter().enumerate().skip(first + 1) {
            let next = words.get(index + 1);
            match takes {
                Takes::Attached => {
                    let length = options.iter().find(|option| word.starts_with(**option)).map(|option| option.len());
                    if let Some(length) = length.filter(|length| word.len() > *length && !word.starts_with("--")) {
                        push(text, range.start + length..range.end, found);
                    }
                }
                Takes::Next if options.contains(word) => {
                    if let Some((range, _)) = next.filter(|(_, word)| !word.starts_with('-') && !is_port(word)) {
                        push(text, range.clone(), found);
                    }
                }
                Takes::Login if options.contains(word) => {
                    if let Some((range, word)) = next
                        && let Some(at) = word.find([':', '%'])
                    {
                        push(text, range.start + at + 1..range.end, found);
                    }
                }
                Takes::Next | Takes::Login => {}
            }
        }
    }
    // `openssl … -passin pass:secret`, `rabbitmqctl add_user name secret`, `aws configure set key secret`.
    for (index, (range, word)) in words.iter().enumerate() {
        if word.eq_ignore_ascii_case("ConvertTo-SecureString") {
            let next = words.iter().skip(index + 1).find(|(_, word)| !word.starts_with('-'));
            next.into_iter().for_each(|(range, _)| push(text, range.clone(), found));
        }
        if let Some(secret) = word.strip_prefix("pass:") {
            push(text, range.end - secret.len()..range.end, found);
        }
        if matches!(*word, "add_user" | "change_password") && called(&["rabbitmqctl"]).is_some() {
            found.extend(words.get(index + 2).map(|(range, _)| range.clone()));
        }
    }
}

/// What `-p` of docker and others takes as well.
fn is_port(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '-'))
        && word.contains(|c: char| c.is_ascii_digit())
}

/// `Bearer …`, `Basic …` and `Token …` of an authorization, wherever they stand.
fn headers(text: &str, found: &mut Vec<Range<usize>>) {
    for scheme in [
        "Bearer ",
        "bearer ",
        "BEARER ",
        "Basic ",
        "basic ",
        "Token ",
        "ApiKey ",
        "token=",
        "Digest ",
        "GenieKey ",
        "SSWS ",
        "Splunk ",
        "Bot ",
    ] {
        for (at, _) in text.match_indices(scheme) {
            let inside =
                text.get(..at).and_then(|before| before.chars().next_back()).is_some_and(char::is_alphanumeric);
            let from = at + scheme.len();
            let rest = text.get(from..).unwrap_or("");
            let value = rest
                .get(..rest.find(|c: char| c.is_whitespace() || "\"'`,;<>".contains(c)).unwrap_or(rest.len()))
                .unwrap_or("");
            let alone = text.trim().len() == scheme.len() + value.len();
            let digits = value.contains(|c: char| c.is_ascii_digit());
            let secret = match scheme {
                "Basic " | "basic " => is_basic(value),
                "Bearer " | "bearer " | "BEARER " => {
                    alone && !value.is_empty() || value.len() >= 6 && digits || value.len() >= 16
                }
                _ => looks_random(value),
            };
            if secret && !inside && !is_setting(value) {
                push(text, from..from + value.len(), found);
            }
        }
    }
}

/// Lines of `.pgpass`, `.netrc`, `chpasswd` and SQL's `IDENTIFIED BY`.
fn logins(text: &str, found: &mut Vec<Range<usize>>) {
    for line in lines(text) {
        let parts: Vec<&str> = text.get(line.clone()).unwrap_or("").split(':').collect();
        let port =
            |port: &str| port == "*" || (2..=5).contains(&port.len()) && port.chars().all(|c| c.is_ascii_digit());
        let host = |host: &str| host == "*" || host == "localhost" || host.contains('.');
        if let [first, number, _, user, password @ ..] = parts.as_slice()
            && host(first)
            && port(number)
            && !password.is_empty()
            && user.starts_with(|c: char| c.is_ascii_alphabetic())
            && !text.contains("//")
            && !parts.iter().any(|part| part.contains(char::is_whitespace))
        {
            let length: usize = password.iter().map(|part| part.len() + 1).sum();
            push(text, line.end + 1 - length..line.end, found);
        }
    }
    if !["machine", "dentified", "DENTIFIED", "chpasswd"].iter().any(|sign| text.contains(sign)) {
        return;
    }
    let all = words(text, 0..text.len());
    let netrc = all.iter().any(|(_, word)| *word == "machine") && all.iter().any(|(_, word)| *word == "login");
    for pair in all.windows(3) {
        let [(_, first), (_, second), (third_at, third)] = pair else { continue };
        if netrc && *second == "password" {
            push(text, third_at.clone(), found);
        }
        if first.eq_ignore_ascii_case("identified") && second.eq_ignore_ascii_case("by") {
            push(text, third_at.start..third_at.start + third.trim_end_matches([';', '\'']).len(), found);
        }
    }
    if text.contains("chpasswd") {
        for (range, word) in all {
            if let Some(at) = word.find(':').filter(|at| *at > 0 && !word.contains('/')) {
                push(text, range.start + at + 1..range.end, found);
            }
        }
    }
}

fn push(text: &str, range: Range<usize>, found: &mut Vec<Range<usize>>) {
    if text.get(range.clone()).is_some_and(|secret| !secret.is_empty() && !is_reference(secret)) {
        found.push(range);
    }
}
