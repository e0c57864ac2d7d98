//! Where a step has stacks at all: its conditions.

use std::collections::BTreeSet;

use super::super::tenant::{Tenant, TenantFilter};
use super::super::{ChannelName, EnvironmentName};

/// The slots and releases that a step is limited to; what is empty limits nothing. Elsewhere the step has no stacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Only {
    /// Environments; any of them.
    pub environments: BTreeSet<EnvironmentName>,
    /// Channels of the release; any of them.
    pub channels: BTreeSet<ChannelName>,
    /// Tenants by name, and those whose tags fit; then slots without a tenant are left out.
    pub tenants: TenantFilter,
}

impl Only {
    /// Whether there are stacks in an environment, for a tenant or without one, of a release of this channel; of any channel
    /// where none is given.
    pub fn fits(&self, environment: &EnvironmentName, channel: Option<&ChannelName>, tenant: Option<&Tenant>) -> bool {
        self.fits_environment(environment)
            && channel.is_none_or(|channel| self.fits_channel(channel))
            && self.fits_tenant(tenant)
    }

    /// Whether the environment is one of those.
    pub fn fits_environment(&self, environment: &EnvironmentName) -> bool {
        self.environments.is_empty() || self.environments.contains(environment)
    }

    /// Whether the channel is one of those.
    pub fn fits_channel(&self, channel: &ChannelName) -> bool {
        self.channels.is_empty() || self.channels.contains(channel)
    }

    /// Whether the tenant, or none, is one of those.
    pub fn fits_tenant(&self, tenant: Option<&Tenant>) -> bool {
        self.tenants.is_empty() || tenant.is_some_and(|tenant| self.tenants.takes(tenant))
    }
}
