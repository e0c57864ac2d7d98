//! What CloudFormation writes of services and never reads, put back as landfall left it: a change set that is compared with what
//! is there does not see that it differs. UpdateService has no token: it is called only while ECS shows another setting, and what
//! it sets is the same each time.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::state::Answer;
use super::{CLOCKS, Effect, Request, STALE, Seen, Subject};
use crate::cloud::ServiceSeen;
use crate::engine::token::Purpose;
use crate::model::drift::ServiceSettings;
use crate::model::journal::Call;

/// The next call or pause for the first service that is not as the order says; none once ECS shows all of them so.
pub(super) fn next(s: &Subject<'_>, seen: &Seen, since: Timestamp) -> Option<Effect> {
    let orders = s.order.services.iter().zip(1..);
    let found = |arn: &str| seen.services.as_ref()?.get(arn)?.as_ref();
    orders
        .filter_map(|((arn, settings), count)| Some((arn, settings, count, found(arn)?)))
        .find_map(|(arn, settings, count, service)| one(s, since, (arn, settings, count), service))
}

fn one(
    s: &Subject<'_>,
    since: Timestamp,
    (arn, settings, count): (&Arc<str>, &ServiceSettings, usize),
    service: &ServiceSeen,
) -> Option<Effect> {
    let differs = settings.iter().any(|(name, was)| service.settings.get(name).unwrap_or(&Value::Null) != was);
    let accepted = s.call(Purpose::Restore(count)).filter(|call| call.answer == Answer::Accepted);
    match accepted {
        // ECS takes it and shows the old state for a moment.
        Some(call) if !s.older_than(call.at, STALE) => {
            let begun = service.deployment.as_ref().is_some_and(|one| one.created >= call.first - CLOCKS);
            (differs || !begun).then(|| s.poll(since))
        }
        // It was changed again: the next look for drift reports that.
        Some(_) => None,
        None if differs => {
            let request = Request::Restore { service: arn.clone(), settings: Box::new(settings.clone()) };
            Some(s.ask(Call::UpdateService, Purpose::Restore(count), request))
        }
        None => None,
    }
}
