//! Looking at AWS: one listing per account and region.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;
use jiff::Timestamp;

use super::Deployed;
use crate::cloud::{At, CloudError, Consequence, Observe};
use crate::model::observed::PlaceSeen;
use crate::model::place::Access;
use crate::model::{Catalog, Facts, Observed, Place, StackName};

/// Every place that matters: those of today's targets and every one that stacks were ever put in. Where both know a
/// place, the way of today's target is taken.
pub fn places(catalog: &Catalog, facts: &Facts) -> BTreeMap<Place, Access> {
    let mut all = facts.places.clone();
    all.extend(catalog.places());
    all
}

/// What a look at AWS showed, and why places did not answer.
pub(crate) type Looked = (Observed, BTreeMap<Place, CloudError>);

/// Lists every stack of every place, all places at once. A place that cannot be listed is said to be unseen: what is there
/// is held, the rest goes on.
pub async fn observe(cloud: &dyn Observe, places: BTreeMap<Place, Access>, now: Timestamp) -> Looked {
    let looks = places.into_iter().map(|(place, access)| async move {
        let at = At { place: place.clone(), access };
        (place, cloud.stacks(&at).await)
    });
    let (mut observed, mut errors) = (Observed::default(), BTreeMap::new());
    for (place, seen) in join_all(looks).await {
        let seen = match seen {
            Ok(stacks) => PlaceSeen::Seen {
                at: now,
                stacks: stacks.into_iter().map(|stack| (stack.name.clone(), Arc::new(stack))).collect(),
            },
            Err(error) => {
                tracing::warn!(%place, %error, "cannot list the stacks");
                let unseen = PlaceSeen::Unseen { at: now, error: error.with_cure(), again: None };
                errors.insert(place.clone(), error);
                unseen
            }
        };
        observed.places.insert(place, seen);
    }
    (observed, errors)
}

/// Templates, and the stacks whose template could not be read now but may be later, with why.
pub type Templates = (Deployed, BTreeMap<(Place, StackName), CloudError>);

/// Fetches the templates of these stacks, all at once. In neither part are stacks that have gone meanwhile, and those whose
/// template AWS will never give: for them nothing is expected, so that the engine stops at any removal or replacement.
pub async fn templates(cloud: &dyn Observe, stacks: Vec<(Place, Access, StackName)>) -> Templates {
    let fetches = stacks.into_iter().map(|(place, access, stack)| async move {
        let at = At { place: place.clone(), access };
        let fetched = cloud.template(&at, &stack).await;
        ((place, stack), fetched)
    });
    let (mut deployed, mut later) = (Deployed::new(), BTreeMap::new());
    for (key, fetched) in join_all(fetches).await {
        match fetched {
            Ok(Some(text)) => drop(deployed.insert(key, Arc::from(text))),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(place = %key.0, stack = %key.1, %error, "cannot read the deployed template");
                if matches!(error.consequence(), Consequence::Outage | Consequence::Unknown) {
                    later.insert(key, error);
                }
            }
        }
    }
    (deployed, later)
}
