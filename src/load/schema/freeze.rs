//! `freezes/*.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;
use super::accept::AcceptEntry;
use super::values::{DateEntry, DateTimeEntry};
use crate::model::freeze::Recurrence;

/// `freezes/<name>.toml`: times in which no deployment begins. What runs keeps running.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeFile {
    /// The reason. It is shown for everything that the freeze holds.
    pub reason: At<String>,
    /// The time zone of its windows: a name from the IANA time zone database, such as `"Europe/Berlin"`.
    pub time_zone: At<String>,
    /// Frozen environments; all by default.
    #[serde(default)]
    pub environments: Vec<At<String>>,
    /// Frozen projects; all by default.
    #[serde(default)]
    pub projects: Vec<At<String>>,
    /// Frozen tenants. Without this key and `tenant_tags`, all tenants and the deployments without a tenant.
    #[serde(default)]
    pub tenants: Vec<At<String>>,
    /// Frozen tenants by tag: one tag of each set must match.
    #[serde(default)]
    pub tenant_tags: Vec<At<String>>,
    /// Also holds going back to a release that ran before. By default that is allowed.
    #[serde(default)]
    pub stops_rollback: bool,
    /// When the freeze applies; at least one window.
    #[serde(default)]
    pub window: Vec<At<WindowEntry>>,
    /// Warnings about this file that are accepted.
    #[serde(default)]
    pub accept: Vec<At<AcceptEntry>>,
}

/// `[[window]]` of a freeze.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowEntry {
    /// When it begins, in local time.
    pub from: At<DateTimeEntry>,
    /// When it ends, in local time.
    pub until: At<DateTimeEntry>,
    /// How often the window repeats, counted from `from`. Default: once.
    pub every: Option<At<RecurrenceEntry>>,
    /// With `every`: the last day on which the window begins.
    pub last: Option<At<DateEntry>>,
}

/// `every` of a window.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecurrenceEntry {
    /// Every day at the same time.
    Day,
    /// Every week on the same weekday.
    Week,
    /// Every month on the same day, or on the last one of a shorter month.
    Month,
    /// Every year on the same day.
    Year,
}

impl From<RecurrenceEntry> for Recurrence {
    fn from(entry: RecurrenceEntry) -> Self {
        match entry {
            RecurrenceEntry::Day => Recurrence::Day,
            RecurrenceEntry::Week => Recurrence::Week,
            RecurrenceEntry::Month => Recurrence::Month,
            RecurrenceEntry::Year => Recurrence::Year,
        }
    }
}
