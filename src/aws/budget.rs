//! One budget per account, region and bucket: calls wait here instead of being throttled there.
//!
//! ECS documents its buckets, so they are built in. CloudFormation does not, so the operator sets its rate. If AWS still
//! throttles, all users of that bucket pause together, longer each time in a row.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::Instant;

use super::operation::Bucket;
use crate::model::Place;

/// How many calls wait for one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueLine {
    /// Account and region.
    pub place: Place,
    /// What is throttled together.
    pub bucket: Bucket,
    /// Calls that wait now.
    pub waiting: u32,
    /// About how long the last of them will wait.
    pub estimate: Duration,
}

/// Every bucket that was used.
#[derive(Debug)]
pub(crate) struct Budget {
    cloudformation_rate: NonZeroU32,
    buckets: Mutex<BTreeMap<(Place, Bucket), Arc<State>>>,
}

#[derive(Debug)]
struct State {
    limiter: DefaultDirectRateLimiter,
    rate: NonZeroU32,
    waiting: AtomicU32,
    pause: Mutex<Option<Instant>>,
}

/// Burst and sustained calls per second.
struct Rate(u32, u32);

/// The pause after the first throttled call in a row; it doubles with each further one.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

impl Budget {
    pub(crate) fn new(cloudformation_rate: NonZeroU32) -> Self {
        Self { cloudformation_rate, buckets: Mutex::default() }
    }

    /// Waits until the bucket has a token, and takes it.
    pub(crate) async fn take(&self, place: &Place, bucket: Bucket) {
        let state = self.state(place, bucket);
        let _waiting = Waiting::new(&state.waiting);
        loop {
            let until = *state.pause.lock().unwrap_or_else(PoisonError::into_inner);
            match until {
                Some(until) if until > Instant::now() => tokio::time::sleep_until(until).await,
                _ => break,
            }
        }
        state.limiter.until_ready().await;
    }

    /// AWS throttled the bucket, for the `attempt`th time in a row: all its users pause.
    pub(crate) fn throttled(&self, place: &Place, bucket: Bucket, attempt: u32) {
        let pause = PAUSE.saturating_mul(1 << attempt.min(10)).min(LONGEST_PAUSE);
        let state = self.state(place, bucket);
        let mut until = state.pause.lock().unwrap_or_else(PoisonError::into_inner);
        *until = Some(until.unwrap_or_else(Instant::now).max(Instant::now() + pause));
    }

    /// The buckets with waiting calls.
    pub(crate) fn queue(&self) -> Vec<QueueLine> {
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets
            .iter()
            .filter_map(|((place, bucket), state)| {
                let waiting = state.waiting.load(Ordering::Relaxed);
                let pause = state.pause.lock().unwrap_or_else(PoisonError::into_inner);
                let paused = pause.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
                let estimate = paused + Duration::from_secs(1) * waiting / state.rate.get();
                (waiting > 0).then(|| QueueLine { place: place.clone(), bucket: *bucket, waiting, estimate })
            })
            .collect()
    }

    fn state(&self, place: &Place, bucket: Bucket) -> Arc<State> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let Rate(burst, sustained) = self.rate(bucket);
        let made = || {
            let rate = NonZeroU32::new(sustained).unwrap_or(NonZeroU32::MIN);
            let quota = Quota::per_second(rate).allow_burst(NonZeroU32::new(burst).unwrap_or(rate));
            let limiter = RateLimiter::direct(quota);
            Arc::new(State { limiter, rate, waiting: AtomicU32::new(0), pause: Mutex::new(None) })
        };
        Arc::clone(buckets.entry((place.clone(), bucket)).or_insert_with(made))
    }

    /// ECS as documented. Reports for CloudFormation: ten parallel updates are throttled, seven are not.
    fn rate(&self, bucket: Bucket) -> Rate {
        let cloudformation = self.cloudformation_rate.get();
        match bucket {
            Bucket::Stacks | Bucket::StackEvents | Bucket::StackResources | Bucket::Templates | Bucket::ChangeSets => {
                Rate(cloudformation.saturating_mul(2), cloudformation)
            }
            // AWS publishes no rate for detections. Each reads every resource of its stack, and none is urgent.
            Bucket::DriftDetections | Bucket::StackChanges => Rate(cloudformation, cloudformation.div_ceil(2)),
            Bucket::Clusters | Bucket::ServiceDeployments | Bucket::ServiceRevisions | Bucket::TaskDefinitions => {
                Rate(50, 20)
            }
            Bucket::ServiceChanges => Rate(50, 5),
            Bucket::Services | Bucket::Tasks => Rate(100, 20),
            Bucket::TaskChanges => Rate(100, 40),
            // \[doc: CloudWatch Logs quotas: 25 a second in most regions, 10 in the others\]
            Bucket::LogEvents => Rate(10, 10),
            Bucket::Images => Rate(20, 20),
            // S3 takes 3,500 writes a second and prefix; landfall never needs as many.
            Bucket::Objects => Rate(100, 50),
            Bucket::Identity => Rate(20, 10),
        }
    }
}

/// Counts a call as waiting for as long as it lives, so that a cancelled one is not counted for ever.
struct Waiting<'a>(&'a AtomicU32);

impl<'a> Waiting<'a> {
    fn new(counter: &'a AtomicU32) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
