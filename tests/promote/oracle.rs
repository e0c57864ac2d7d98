//! The rules of the gates once more, worked out from the lines of a sketch alone, slowly and plainly: what the gates say
//! must agree with it in every random case.

use super::sketch::{PhaseLine, Place, Progress, RunLine, Sketch};

/// Whether the head gives the project a slot there.
pub(super) fn connected(sketch: &Sketch, place: &Place) -> bool {
    let tenancy = sketch.tenancy.as_deref().unwrap_or("untenanted");
    match &place.tenant {
        None => tenancy != "tenanted",
        Some(name) => {
            let tenant = sketch.tenants.iter().find(|tenant| &tenant.name == name).unwrap();
            tenancy != "untenanted" && tenant.environments.contains(&place.environment)
        }
    }
}

/// Whether the release may enter the slot.
pub(super) fn open(sketch: &Sketch, place: &Place, release: &str) -> bool {
    if longest(sketch, place, release).is_some() {
        return true;
    }
    let line = sketch.releases.iter().find(|line| line.name == release).unwrap();
    let channel = line.channel.as_deref().unwrap_or("default");
    let Some(channel) = sketch.channels.iter().find(|line| line.name == channel) else { return false };
    let tags = match &place.tenant {
        None => return open_for(sketch, place, release, &channel.lifecycle, line.blocked),
        Some(name) => &sketch.tenants.iter().find(|tenant| &tenant.name == name).unwrap().tags,
    };
    channel.tags.iter().all(|tag| tags.contains(tag))
        && open_for(sketch, place, release, &channel.lifecycle, line.blocked)
}

fn open_for(sketch: &Sketch, place: &Place, release: &str, lifecycle: &str, blocked: bool) -> bool {
    let (_, phases) = sketch.lifecycles.iter().find(|(name, _)| name == lifecycle).unwrap();
    let has = |phase: &PhaseLine| phase.environments.iter().any(|(name, _)| *name == place.environment);
    let Some(position) = phases.iter().position(has) else { return false };
    !blocked && connected(sketch, place) && phases[..position].iter().all(|phase| passed(sketch, place, release, phase))
}

fn passed(sketch: &Sketch, place: &Place, release: &str, phase: &PhaseLine) -> bool {
    let mut judged = Vec::new();
    for (environment, _) in &phase.environments {
        let own = Place { environment: environment.clone(), tenant: place.tenant.clone() };
        let without = Place { environment: environment.clone(), tenant: None };
        if place.tenant.is_none() || connected(sketch, &own) {
            judged.push(own);
        } else if connected(sketch, &without) {
            judged.push(without);
        }
    }
    let held = |there: &&Place| longest(sketch, there, release).is_some_and(|lasted| lasted >= phase.soak);
    let count = judged.iter().filter(held).count();
    match phase.progress {
        _ if judged.is_empty() => true,
        Progress::Optional => true,
        Progress::All => count == judged.len(),
        Progress::Minimum(least) => count >= least as usize,
    }
}

/// The longest time, in minutes, that a slot ran a release, proved.
fn longest(sketch: &Sketch, place: &Place, release: &str) -> Option<i64> {
    let ran = |run: &RunLine| match run {
        RunLine::Ran(name, minutes) if name == release => Some(*minutes),
        _ => None,
    };
    sketch.ran_in(place).iter().filter_map(ran).max()
}
