//! Gates, and the `[[allow]]` tables of deploy files that open them.
//!
//! An allowance names what it is for in one of two ways. With `plan` it opens the gate that landfall printed under these
//! digits. With `release`, `change` and `resource` it opens a gate that a review foresees, so that it can be part of the same
//! pull request. Deliberately absent: which allowance opens a gate now, which is `plan/`'s.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Hash, Location, ReleaseName, StackName, TenantName};

/// The gates that an `[[allow]]` can open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Try again what was tried as often as allowed.
    Retry,
    /// Let more stacks change without a new release than `[guard]` lets through.
    Redeploy,
    /// Let a resource be replaced.
    Replace,
    /// Let stacks or resources be removed.
    Remove,
    /// Leave a resource out when continuing a rollback.
    SkipResource,
    /// Let a service deployment go on that waits at a pause hook; continue a rollback that failed.
    Continue,
    /// Have the old release put back at a pause hook; roll back a stack whose update failed without a rollback.
    Rollback,
    /// Deploy although a freeze holds.
    Freeze,
    /// Take over a stack of the wanted name that is not ours.
    Adopt,
}

impl Gate {
    /// Every gate, in the order of the documentation.
    pub const ALL: [Gate; 9] = [
        Gate::Retry,
        Gate::Redeploy,
        Gate::Replace,
        Gate::Remove,
        Gate::SkipResource,
        Gate::Continue,
        Gate::Rollback,
        Gate::Freeze,
        Gate::Adopt,
    ];

    /// As it is written in a deploy file.
    pub fn as_str(self) -> &'static str {
        match self {
            Gate::Retry => "retry",
            Gate::Redeploy => "redeploy",
            Gate::Replace => "replace",
            Gate::Remove => "remove",
            Gate::SkipResource => "skip-resource",
            Gate::Continue => "continue",
            Gate::Rollback => "rollback",
            Gate::Freeze => "freeze",
            Gate::Adopt => "adopt",
        }
    }
}

/// One `[[allow]]`: the key to one gate, single use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Allowance {
    pub what: Gate,
    /// For which stack only; none for the whole slot.
    pub stack: Option<StackName>,
    /// For which tenant only; none for every slot of the environment.
    pub tenant: Option<TenantName>,
    /// For which plan only: the eight digits that the gate printed.
    pub plan: Option<Arc<str>>,
    /// Instead of a plan: for the deployment of this release only, and only for what was predicted of `resources`.
    pub release: Option<ReleaseName>,
    /// For which resources only (`skip-resource`, `remove`, `replace`); empty for all. Never empty with a release.
    pub resources: Vec<Arc<str>>,
    /// Why, for those who read it later.
    pub reason: Arc<str>,
    /// Until the end of this day, UTC.
    pub until: Option<Date>,
    /// Where it is written.
    pub at: Location,
}

/// Whether a last day is over: the day after it has begun, in UTC.
pub fn is_over(until: Option<Date>, now: Timestamp) -> bool {
    let today = now.to_zoned(TimeZone::UTC).date();
    until.is_some_and(|until| today > until)
}

impl Allowance {
    /// Whether its last day is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        is_over(self.until, now)
    }

    /// What makes it single-use: two allowances that open the same gate for the same thing are the same.
    pub fn id(&self) -> Hash {
        let parts = Hash::parts()
            .part(self.what.as_str())
            .part(self.stack.as_ref().map_or("", StackName::as_str))
            .part(self.plan.as_deref().unwrap_or(""))
            .part(self.resources.join(","))
            .part(self.until.map_or(String::new(), |date| date.to_string()))
            .part(self.tenant.as_ref().map_or("", TenantName::as_str));
        // Allowances without a release keep the id under which journals have them.
        match &self.release {
            Some(release) => parts.part("release").part(release.as_str()).finish(),
            None => parts.finish(),
        }
    }
}
