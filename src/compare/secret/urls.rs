//! Secrets inside URLs and what is written like them: passwords before the host, tokens in the paths of webhooks.
//!
//! Secrets in the query are pairs of a name and a value ([`super::pairs`]).

use std::ops::Range;

use super::reference::{is_reference, looks_random};

/// Where webhooks are, and what follows is their secret: up to the query. A path that is the secret of its URL ends in `/`.
const WEBHOOKS: &[&str] = &[
    "hooks.slack.com/services/",
    "hooks.slack.com/workflows/",
    "hooks.slack.com/triggers/",
    "hooks.slack-gov.com/services/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    "outlook.office.com/webhook/",
    "outlook.office365.com/webhook/",
    ".webhook.office.com/webhookb2/",
    "hooks.zapier.com/hooks/catch/",
    "hooks.zapier.com/hooks/standard/",
    "events.pagerduty.com/integration/",
    "alert.victorops.com/integrations/generic/",
    "maker.ifttt.com/trigger/",
    "open.feishu.cn/open-apis/bot/v2/hook/",
    "open.larksuite.com/open-apis/bot/v2/hook/",
    "hc-ping.com/",
    "webhook.site/",
    "hooks.airtable.com/workflows/",
    "hook.eu1.make.com/",
    "hook.eu2.make.com/",
    "hook.us1.make.com/",
    "hook.us2.make.com/",
    "api.opsgenie.com/v1/json/",
    "uptime.betterstack.com/api/v1/heartbeat/",
    "nosnch.in/",
    "cronitor.link/p/",
    "hooks.microsoft.com/",
    "api.telegram.org/bot",
    "ntfy.sh/",
    "webexapis.com/v1/webhooks/incoming/",
    "mattermost.com/hooks/",
    "rocket.chat/hooks/",
    "builds.gitlab.com/hooks/",
    "qyapi.weixin.qq.com/cgi-bin/webhook/",
    "api.netlify.com/build_hooks/",
    "api.vercel.com/v1/integrations/deploy/",
    "hooks.stripe.com/",
    "listener.logz.io:8071/",
    "logs-01.loggly.com/inputs/",
    "logs.papertrailapp.com/",
    "http-intake.logs.datadoghq.com/v1/input/",
];

/// Adds the secrets of the URLs of a text. `hook` says that the name is a webhook's: what looks random in the path is one too.
pub(super) fn find(text: &str, hook: bool, found: &mut Vec<Range<usize>>) {
    for (at, mark) in text.match_indices("://") {
        let from = at + mark.len();
        let end = from + end_of_url(text.get(from..).unwrap_or(""));
        user(text, from, end, found);
        if hook {
            path(text, from, end, found);
        }
    }
    for (at, place) in WEBHOOKS.iter().flat_map(|place| text.match_indices(place)) {
        let from = at + place.len();
        let rest = text.get(from..).unwrap_or("");
        let end = from + rest.find(|c: char| c.is_whitespace() || "\"'`<>?#|,;)}]\\".contains(c)).unwrap_or(rest.len());
        push(text, from..end, found);
    }
    data_sources(text, found);
}

fn end_of_url(rest: &str) -> usize {
    rest.find(|c: char| c.is_whitespace() || "\"'`<>|\\".contains(c)).unwrap_or(rest.len())
}

/// The password before the host, or a token in its place.
fn user(text: &str, from: usize, end: usize, found: &mut Vec<Range<usize>>) {
    let Some(rest) = text.get(from..end) else { return };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some(at) = rest.get(..authority).and_then(|authority| authority.rfind('@')).or_else(|| late(rest, authority))
    else {
        return;
    };
    let before = rest.get(..at).unwrap_or("");
    match before.split_once(':') {
        Some((name, password)) => {
            let begin = from + name.len() + 1;
            push(text, begin..begin + password.len(), found);
            if name.len() >= 20 && looks_random(name) {
                push(text, from..from + name.len(), found);
            }
        }
        None if before.len() >= 16 && looks_random(before) => push(text, from..from + at, found),
        None => {}
    }
}

/// The `@` behind a password with a `/`, `?` or `#` in it that is not encoded: `app:p/w@host`. `host:80/x@y` has none.
fn late(rest: &str, authority: usize) -> Option<usize> {
    let (_, port) = rest.get(..authority)?.split_once(':')?;
    let number = !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
    let at = rest.rfind('@')?;
    (!number && at > authority).then_some(at)
}

/// The parts of a path that look random.
fn path(text: &str, from: usize, end: usize, found: &mut Vec<Range<usize>>) {
    let mut begin = from;
    for part in text.get(from..end).unwrap_or("").split(['/', '?', '&', '=']) {
        if begin > from
            && (looks_random(part) || part.len() >= 20 && part.chars().all(|c| c.is_ascii_hexdigit() || c == '-'))
        {
            push(text, begin..begin + part.len(), found);
        }
        begin += part.len() + 1;
    }
}

/// Names of data sources that are not URLs: `user:password@tcp(host)/db` of Go, `thin:user/password@host` of Oracle.
fn data_sources(text: &str, found: &mut Vec<Range<usize>>) {
    for (at, _) in ["@tcp(", "@unix(", "@tcp6(", "@cloudsql("].iter().flat_map(|mark| text.match_indices(mark)) {
        let word = text.get(..at).map_or(0, |before| {
            before.rfind(|c: char| c.is_whitespace() || "\"'`=".contains(c)).map_or(0, |at| at + 1)
        });
        if let Some(colon) = text.get(word..at).and_then(|user| user.find(':')) {
            push(text, word + colon + 1..at, found);
        }
    }
    for mark in ["jdbc:oracle:thin:", "jdbc:oracle:oci:", "sqlplus ", "sqlplus -s ", "sqlplus -S ", "impdp ", "expdp "]
    {
        for (at, _) in text.match_indices(mark) {
            let from = at + mark.len();
            let rest = text.get(from..).unwrap_or("");
            let word = rest.get(..rest.find(char::is_whitespace).unwrap_or(rest.len())).unwrap_or("");
            let Some(slash) = word.find('/') else { continue };
            let end = word.rfind('@').unwrap_or(word.len());
            if slash < end {
                push(text, from + slash + 1..from + end, found);
            }
        }
    }
}

fn push(text: &str, range: Range<usize>, found: &mut Vec<Range<usize>>) {
    if text.get(range.clone()).is_some_and(|secret| !secret.is_empty() && !is_reference(secret)) {
        found.push(range);
    }
}
