//! A one-off task: what landfall asks of ECS in addition to the task definition, and what the task wrote before it ended.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A task that is run once the stack is as ordered; its exit code decides.
///
/// Of what is in here the template says nothing, so the content hash of the stack does not cover it: the hash of the slot's
/// content does, by [`TaskRun::identity`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TaskRun {
    /// Logical id of the task definition in the template.
    pub definition: Arc<str>,
    /// The cluster's name or ARN.
    pub cluster: Arc<str>,
    /// What it runs on.
    pub on: RunsOn,
    /// Version of Fargate's platform; the latest unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<Arc<str>>,
    /// Its network interface; none if the network mode is not `awsvpc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<TaskNetwork>,
    /// Rules about the instances that it may run on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<RunConstraint>,
    /// How an instance is chosen among those that fit, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strategies: Vec<RunStrategy>,
    /// ECS Exec is switched on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub execute_command: bool,
    /// ECS puts tags of its own on the task.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub managed_tags: bool,
    /// The task gets the tags of its task definition.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub propagate_tags: bool,
    /// Tags of the task.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// How long it may take from its start to its end, in seconds, before it is stopped.
    pub limit: i64,
    /// It does no harm to run it once more with the same content.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeatable: bool,
}

impl TaskRun {
    /// A text that is equal for two runs exactly when ECS would be asked for the same: neither how long it may take nor
    /// whether it may be repeated is in it.
    pub fn identity(&self) -> String {
        let asked = Self { limit: 0, repeatable: false, ..self.clone() };
        serde_json::to_string(&asked).unwrap_or_default()
    }
}

/// What a task runs on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunsOn {
    /// A launch type: `FARGATE`, `EC2`.
    LaunchType(Arc<str>),
    /// A strategy over capacity providers; the cluster's own where the list is empty.
    Providers(Vec<RunProvider>),
}

/// A part of a strategy over capacity providers.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RunProvider {
    /// `FARGATE_SPOT`, or the name of one of the cluster's.
    pub provider: Arc<str>,
    /// Its share of the tasks above the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// So many tasks run here first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<u32>,
}

/// A task's network interface.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TaskNetwork {
    pub subnets: Vec<Arc<str>>,
    /// Security groups; the VPC's default one if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<Arc<str>>,
    /// It gets a public address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public_ip: bool,
}

/// A rule about the instances that a task may run on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RunConstraint {
    /// `distinctInstance` or `memberOf`.
    pub kind: Arc<str>,
    /// The expression of `memberOf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<Arc<str>>,
}

/// How an instance is chosen among those that fit.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RunStrategy {
    /// `random`, `spread` or `binpack`.
    pub kind: Arc<str>,
    /// The field that is spread or packed by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Arc<str>>,
}

/// The most log lines that are kept of one container.
pub const LOG_LINES: usize = 40;

/// The most bytes of log lines that are kept of one container.
pub const LOG_BYTES: usize = 16 * 1024;

/// The last lines of a log as they are kept: at most [`LOG_LINES`] and [`LOG_BYTES`] of them, the newest, without characters
/// that could do anything to a terminal or a page. A line that is longer than what is left is cut at its end.
pub fn last_lines<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let all: Vec<&str> = lines.into_iter().flat_map(str::lines).collect();
    let mut room = LOG_BYTES;
    let mut kept: Vec<String> = Vec::new();
    for line in all.iter().rev().take(LOG_LINES) {
        if room == 0 {
            break;
        }
        let line = harmless(line, room);
        room = room.saturating_sub(line.len().max(1));
        kept.push(line);
    }
    kept.reverse();
    kept
}

/// A line without control characters and what reorders text, of at most so many bytes.
fn harmless(line: &str, room: usize) -> String {
    let mut text = String::new();
    for c in line.trim_end().chars() {
        let c = if c == '\t' { ' ' } else { c };
        let c = if c.is_control() || reorders(c) { '\u{fffd}' } else { c };
        if text.len() + c.len_utf8() > room {
            break;
        }
        text.push(c);
    }
    text
}

/// Characters that change the direction or the visibility of what follows. \[Unicode: bidirectional formatting characters,
/// line and paragraph separators\]
fn reorders(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
