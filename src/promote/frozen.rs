//! Freezes as gates: which of them hold for a slot now, and when none does any more.
//!
//! What a freeze holds is whatever would begin: a new release, a live change, a retry, a removal. Going back to a release
//! that once ran in the slot passes, unless the freeze says `stops_rollback`. An allowance for `freeze` is the planner's to
//! look for: it names a plan, and only the planner knows plans.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::decision::Cause;
use crate::model::freeze::{Whom, thaw};
use crate::model::{Catalog, EnvironmentName, Freeze, Hold, ProjectName, Tenant};

/// A freeze that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Frozen<'a> {
    /// It.
    pub freeze: &'a Arc<Freeze>,
    /// When the window that holds began.
    pub since: Timestamp,
    /// When it ends: the end of the last of its windows that touch or overlap. None if it never ends.
    pub until: Option<Timestamp>,
}

impl Frozen<'_> {
    /// The reason that it gives. `plan` is what an allowance names, `file` the one in which it would be written.
    pub fn hold(&self, plan: &Arc<str>, file: &Arc<str>) -> Hold {
        let cause = Cause::Frozen {
            freeze: self.freeze.name.clone(),
            reason: self.freeze.reason.clone(),
            at: self.freeze.at.clone(),
            zone: self.freeze.zone.clone(),
            plan: plan.clone(),
            file: file.clone(),
        };
        Hold { cause, since: Some(self.since), until: self.until }
    }
}

/// The freezes that hold for a slot now, by name. `going_back` is whether the slot would get another release than it runs,
/// and one that it once ran.
pub fn frozen<'a>(
    catalog: &'a Catalog,
    project: &'a ProjectName,
    environment: &'a EnvironmentName,
    whom: impl Into<Whom<'a>>,
    going_back: bool,
    now: Timestamp,
) -> Vec<Frozen<'a>> {
    let holds = |freeze: &'a Arc<Freeze>| {
        let (since, _) = freeze.window(now)?;
        Some(Frozen { freeze, since, until: thaw(std::iter::once(&**freeze), now) })
    };
    meant(catalog, project, environment, whom.into(), going_back).filter_map(holds).collect()
}

/// The earliest time, from the given one on, at which no freeze holds for the slot: the windows of several freezes may
/// follow on one another. None if they never end.
pub fn thaws(
    catalog: &Catalog,
    project: &ProjectName,
    environment: &EnvironmentName,
    tenant: Option<&Tenant>,
    going_back: bool,
    from: Timestamp,
) -> Option<Timestamp> {
    thaw(meant(catalog, project, environment, tenant.into(), going_back).map(|freeze| &**freeze), from)
}

/// The freezes that are meant for the slot, now or at another time.
fn meant<'a>(
    catalog: &'a Catalog,
    project: &'a ProjectName,
    environment: &'a EnvironmentName,
    whom: Whom<'a>,
    going_back: bool,
) -> impl Iterator<Item = &'a Arc<Freeze>> + Clone {
    let freezes = catalog.freezes.values().filter(move |freeze| freeze.covers(project, environment, whom));
    freezes.filter(move |freeze| !going_back || freeze.stops_rollback)
}
