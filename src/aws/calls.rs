//! The one way in which a call is made: wait for the budget, count, send, sort the error, perhaps try again.

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::clients::{AwsCloud, Clients};
use super::operation::Operation;
use super::{answer, error};
use crate::cloud::{At, CloudError, Result};
use crate::crash;

/// How often one call is sent at most.
const TRIES: u32 = 4;
/// The wait before the second try when AWS fails; it doubles with each further one.
const WAIT: Duration = Duration::from_millis(200);

/// How often each operation was sent.
#[derive(Debug, Default)]
pub(super) struct Counters(Mutex<BTreeMap<Operation, u64>>);

impl Counters {
    fn count(&self, operation: Operation) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(operation).or_default() += 1;
    }

    pub(super) fn seen(&self) -> BTreeMap<Operation, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl AwsCloud {
    /// Makes a call with the credentials of the place, once they are known to be for its account.
    pub(super) async fn call<T, E, F>(
        &self,
        at: &At,
        operation: Operation,
        send: impl Fn(Arc<Clients>) -> F + Send + Sync,
    ) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let clients = self.clients(at, operation).await?;
        clients.checked.get_or_try_init(|| self.check_account(at, operation, &clients)).await?;
        self.send(at, operation, &clients, send).await
    }

    /// Makes a call with the credentials of the place, whosever they are.
    pub(super) async fn send<T, E, F>(
        &self,
        at: &At,
        operation: Operation,
        clients: &Arc<Clients>,
        send: impl Fn(Arc<Clients>) -> F + Send + Sync,
    ) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let mut attempt = 0;
        loop {
            self.budget.take(&at.place, operation.bucket()).await;
            self.counters.count(operation);
            tracing::trace!(operation = operation.as_str(), place = %at.place, attempt, "calls AWS");
            if operation.changes() {
                crash::before(operation.as_str());
            }
            let answer = send(Arc::clone(clients)).await;
            if operation.changes() {
                crash::after(operation.as_str());
            }
            let failed = match answer {
                Ok(answer) => return Ok(answer),
                Err(failed) => error::sorted(operation, &failed),
            };
            if attempt + 1 == TRIES || !may_try_again(operation, &failed) {
                return Err(failed);
            }
            tracing::debug!(place = %at.place, attempt, error = %failed, "tries again");
            match failed {
                CloudError::Throttled { .. } => self.budget.throttled(&at.place, operation.bucket(), attempt),
                _ => tokio::time::sleep(WAIT * (1 << attempt)).await,
            }
            attempt += 1;
        }
    }

    async fn check_account(&self, at: &At, operation: Operation, clients: &Arc<Clients>) -> Result<()> {
        // Whatever goes wrong here, the call itself was not sent.
        let identity = self.ask_identity(at, clients).await.map_err(error::not_sent)?;
        if identity.account == at.place.account {
            return Ok(());
        }
        let message = format!(
            "the credentials are for account {}, not for {} (they are {}); nothing was sent",
            identity.account, at.place.account, identity.arn
        );
        Err(CloudError::Credentials { operation: operation.as_str(), message })
    }

    pub(super) async fn ask_identity(&self, at: &At, clients: &Arc<Clients>) -> Result<crate::cloud::Identity> {
        let operation = Operation::GetCallerIdentity;
        let answer = self
            .send(at, operation, clients, |clients| async move { clients.sts.get_caller_identity().send().await })
            .await?;
        let read = answer::Reader(operation);
        let account = read.field("Account", answer.account())?;
        let account = crate::model::AccountId::new(account).map_err(|source| read.wrong(source.to_string()))?;
        Ok(crate::cloud::Identity { account, arn: read.text("Arn", answer.arn())? })
    }
}

/// A change is repeated only if it certainly was not carried out.
fn may_try_again(operation: Operation, error: &CloudError) -> bool {
    match error {
        CloudError::Throttled { .. } | CloudError::Unreachable { .. } => true,
        CloudError::Failing { .. } | CloudError::Lost { .. } => !operation.changes(),
        _ => false,
    }
}
