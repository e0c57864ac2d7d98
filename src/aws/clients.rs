//! Clients per place and access: region, credentials, assumed role; and that they are for the right account.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder as HttpClientBuilder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use tokio::sync::OnceCell;

use super::budget::{Budget, QueueLine};
use super::calls::Counters;
use super::operation::Operation;
use super::options::{AwsOptions, BaseCredentials};
use crate::cloud::{At, CloudError, Result};

/// AWS, reached through its SDK.
#[derive(Debug)]
pub struct AwsCloud {
    options: AwsOptions,
    http: SharedHttpClient,
    pub(super) budget: Budget,
    pub(super) counters: Counters,
    clients: Mutex<BTreeMap<At, Arc<OnceCell<Arc<Clients>>>>>,
}

/// The clients of one place.
#[derive(Debug)]
pub(super) struct Clients {
    pub(super) cloudformation: aws_sdk_cloudformation::Client,
    pub(super) ecs: aws_sdk_ecs::Client,
    pub(super) ecr: aws_sdk_ecr::Client,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(super) sts: aws_sdk_sts::Client,
    /// Where all services are that are not AWS's own.
    pub(super) endpoint: Option<String>,
    /// Set once the credentials were seen to be for the place's account.
    pub(super) checked: OnceCell<()>,
}

impl AwsCloud {
    /// Prepares to reach AWS; makes no call and reads no file.
    pub fn new(options: AwsOptions) -> Self {
        Self {
            http: HttpClientBuilder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https(),
            budget: Budget::new(options.cloudformation_rate),
            counters: Counters::default(),
            clients: Mutex::default(),
            options,
        }
    }

    /// How often each operation was sent, tries included; operations that were never sent are not listed.
    pub fn calls(&self) -> BTreeMap<Operation, u64> {
        self.counters.seen()
    }

    /// The calls that wait for their turn.
    pub fn queue(&self) -> Vec<QueueLine> {
        self.budget.queue()
    }

    /// The clients of a place, made on first use.
    pub(super) async fn clients(&self, at: &At, operation: Operation) -> Result<Arc<Clients>> {
        self.check_role(at, operation)?;
        let cell = {
            let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(clients.entry(at.clone()).or_default())
        };
        let clients = cell.get_or_init(|| self.connect(at)).await;
        Ok(Arc::clone(clients))
    }

    /// The operator's word on roles stands above the repository's.
    fn check_role(&self, at: &At, operation: Operation) -> Result<()> {
        let (Some(role), Some(allowed)) = (&at.access.role, &self.options.allowed_roles) else { return Ok(()) };
        if allowed.iter().any(|pattern| pattern.allows(role)) {
            return Ok(());
        }
        let message = format!(
            "the role {role} is not among the roles that the operator of this landfall allows; nothing was sent. \
             It has to be added to `allowed_roles` in the daemon's configuration file"
        );
        Err(CloudError::Credentials { operation: operation.as_str(), message })
    }

    async fn connect(&self, at: &At) -> Arc<Clients> {
        let base = self.base(at).await;
        let mut config = base.to_builder().retry_config(RetryConfig::disabled());
        if let Some(role) = &at.access.role {
            let mut builder = AssumeRoleProvider::builder(role.as_ref())
                .session_name(self.options.session_name.as_ref())
                .region(Region::new(at.place.region.as_str().to_owned()))
                .configure(&base);
            if let Some(external_id) = &at.access.external_id {
                builder = builder.external_id(external_id.as_ref());
            }
            config = config.credentials_provider(SharedCredentialsProvider::new(builder.build().await));
        }
        let config = config.build();
        // Simulated accounts and emulators have no names for buckets in DNS.
        let endpoint = config.endpoint_url().map(str::to_owned);
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(endpoint.is_some()).build();
        Arc::new(Clients {
            cloudformation: aws_sdk_cloudformation::Client::new(&config),
            ecs: aws_sdk_ecs::Client::new(&config),
            ecr: aws_sdk_ecr::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
            endpoint,
            checked: OnceCell::new(),
        })
    }

    /// What landfall begins with, before any role; it may retry, because assuming a role changes nothing.
    async fn base(&self, at: &At) -> SdkConfig {
        let options = &self.options;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(options.connect_timeout)
            .read_timeout(options.read_timeout)
            // The read timeout ends with the first byte of an answer: this one bounds the rest of it.
            .operation_attempt_timeout(options.connect_timeout + options.read_timeout)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(at.place.region.as_str().to_owned()))
            .http_client(self.http.clone())
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard());
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(endpoint) = &options.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        if options.credentials == BaseCredentials::AccountIsKey {
            let account = at.place.account.as_str();
            loader = loader.credentials_provider(Credentials::new(account, "simulated", None, None, "account-is-key"));
        }
        loader.load().await
    }
}
