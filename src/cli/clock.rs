//! The machine's clock.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::daemon::Clock;

/// The time of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

#[async_trait]
impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}
