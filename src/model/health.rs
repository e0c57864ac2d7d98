//! Whether the daemon can do its work: what it sees, and since when it does not.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Place;
use super::observed::PlaceSeen;

/// What the daemon depends on, and whether it is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The tracked branch.
    pub git: Sight,
    /// The store. It is seen if it takes something that is written: a record, or the lease, which is taken at the start and
    /// kept with the looks at AWS.
    pub store: Sight,
    /// Each account and region.
    pub places: BTreeMap<Place, Sight>,
    /// The accounts and regions in which drift was looked for. Not being able to look for it holds nothing up.
    pub drift: BTreeMap<Place, Sight>,
}

/// Something outside of the process, as it was last seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// When it last answered; none if it never did.
    pub seen: Option<Timestamp>,
    /// Why it does not answer now; none while it does, or before the first question.
    pub unseen: Option<Unseen>,
}

/// Something does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// Time at which it began.
    pub since: Timestamp,
    /// Why, in a sentence.
    pub error: String,
    /// How often in a row.
    pub times: u32,
    /// When landfall asks again, if it does.
    pub again: Option<Timestamp>,
}

impl Sight {
    /// It answered.
    pub fn answers(&mut self, now: Timestamp) {
        *self = Self { seen: Some(now), unseen: None };
    }

    /// It did not answer; `again` gives the time of the next try from how often in a row it has not.
    pub fn fails(&mut self, now: Timestamp, error: String, again: impl FnOnce(u32) -> Timestamp) {
        let before = self.unseen.take();
        let times = before.as_ref().map_or(0, |before| before.times).saturating_add(1);
        let since = before.map_or(now, |before| before.since);
        self.unseen = Some(Unseen { since, error, times, again: Some(again(times)) });
    }

    /// Whether it was asked, and answered the last time.
    pub fn is_fine(&self) -> bool {
        self.seen.is_some() && self.unseen.is_none()
    }
}

impl Health {
    /// What a single look saw: the branch, and these places.
    pub fn of_a_look(now: Timestamp, observed: &super::Observed) -> Self {
        let fine = Sight { seen: Some(now), unseen: None };
        let places = observed.places.iter().map(|(place, seen)| {
            let sight = match seen {
                PlaceSeen::Seen { at, .. } => Sight { seen: Some(*at), unseen: None },
                PlaceSeen::Unseen { at, error, again } => {
                    let unseen = Unseen { since: *at, error: error.clone(), times: 1, again: *again };
                    Sight { seen: None, unseen: Some(unseen) }
                }
            };
            (place.clone(), sight)
        });
        Self { git: fine.clone(), store: fine, places: places.collect(), drift: BTreeMap::new() }
    }

    /// What does not answer, by what it is called: `git`, `store`, the account and region, or the drift there.
    pub fn unseen(&self) -> Vec<(String, &Unseen)> {
        let places = self.places.iter().map(|(place, sight)| (place.to_string(), sight));
        let all = [("git".to_owned(), &self.git), ("store".to_owned(), &self.store)];
        let drift = self.drift.iter().map(|(place, sight)| (format!("drift in {place}"), sight));
        let all = all.into_iter().chain(places).chain(drift);
        all.filter_map(|(name, sight)| Some((name, sight.unseen.as_ref()?))).collect()
    }

    /// Whether everything was seen, and still is.
    pub fn is_ready(&self) -> bool {
        self.git.is_fine() && self.store.is_fine() && self.places.values().all(Sight::is_fine)
    }
}
