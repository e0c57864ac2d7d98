//! A change set that AWS fails because something that it asks on the way denies or throttles: an outage, not a failure of the
//! content. The stack waits, longer each time, and another change set is made; no attempt is used.

use jiff::{SignedDuration, Timestamp};

use super::{Effect, Subject};
use crate::cloud::CloudError;
use crate::model::journal::Cause;

/// The longest pause if the outage ends by itself, in seconds.
const LONGEST: i64 = 60;

/// The longest pause if a person has to end it, in seconds.
const LONGEST_FOR_A_PERSON: i64 = 300;

/// The pause begins: a second after the first change set of this kind, then twice as long each time. It is journaled.
pub(super) fn pause(s: &Subject<'_>, outage: &CloudError) -> Effect {
    let longest = if outage.needs_a_person() { LONGEST_FOR_A_PERSON } else { LONGEST };
    let pause = (1_i64 << s.state.unmade().min(10)).min(longest);
    let until = s.now + SignedDuration::from_secs(pause);
    let sentence = format!("{}; landfall waits and tries again", outage.with_cure());
    Effect::Note(vec![s.waits(Some((Cause::UNMADE, sentence)), Some(until))])
}

/// Until when the stack is left alone; none once the pause is over.
pub(super) fn until(s: &Subject<'_>) -> Option<Timestamp> {
    // A pause longer than the longest means that the clock was set back.
    let longest = s.now + SignedDuration::from_secs(LONGEST_FOR_A_PERSON);
    let until = s.state.waits_until.filter(|_| s.state.waits_for(Cause::UNMADE));
    until.filter(|until| *until > s.now && *until <= longest)
}
