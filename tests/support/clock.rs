//! Virtual time: that of a simulated account, turned by the test.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use landfall::daemon::Clock;
use landfall::sim::World;

/// What the simulated account's clock shows; to sleep is to turn it.
pub(crate) struct SimClock(pub(crate) Arc<Mutex<World>>);

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().now()
    }

    async fn sleep(&self, span: Duration) {
        advance(&self.0, SignedDuration::try_from(span).unwrap());
    }
}

/// Turns the clock.
pub(crate) fn advance(world: &Mutex<World>, span: SignedDuration) {
    let mut world = world.lock().unwrap();
    let to = world.now() + span;
    world.advance(to);
}
