//! `freezes/*.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;
use super::values::{DateEntry, DateTimeEntry};
use crate::model::freeze::Recurrence;

/// `freezes/<name>.toml`: times in which nothing is deployed. What runs goes on running.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreezeFile {
    /// Why; it is shown wherever something is held.
    pub reason: At<String>,
    /// Where the clock of its windows hangs: a name of the IANA time zone database, like `"Europe/Berlin"`.
    pub time_zone: At<String>,
    /// Frozen environments; all by default.
    #[serde(default)]
    pub environments: Vec<At<String>>,
    /// Frozen projects; all by default.
    #[serde(default)]
    pub projects: Vec<At<String>>,
    /// Frozen tenants; with neither this nor `tenant_tags`, all of them and the deployments without a tenant.
    #[serde(default)]
    pub tenants: Vec<At<String>>,
    /// Frozen tenants by tag: alternatives inside a tag set, all sets together.
    #[serde(default)]
    pub tenant_tags: Vec<At<String>>,
    /// Stops even going back to a release that ran before; by default that goes through.
    #[serde(default)]
    pub stops_rollback: bool,
    /// When it holds; at least one.
    #[serde(default)]
    pub window: Vec<At<WindowEntry>>,
}

/// `[[window]]` of a freeze.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowEntry {
    /// When it begins, in local time.
    pub from: At<DateTimeEntry>,
    /// When it ends, in local time.
    pub until: At<DateTimeEntry>,
    /// How often it comes again, counted from `from`; once by default.
    pub every: Option<At<RecurrenceEntry>>,
    /// The last day on which it begins, with `every`.
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
