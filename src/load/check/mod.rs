//! Whether the files fit together: two tables of named checks.
//!
//! [`CHECKS`] look at a commit as a whole; [`WHAT_CHECKS`] at one project's process and variables, at the head and at each
//! snapshot, where they run once per content. Every check runs, whatever the others find, and pushes its findings.

use super::finding::Finding;
use super::what::WhatDrafts;
use super::world::World;

pub(crate) mod arn;
mod channels;
pub(crate) mod ecs;
mod ecs_balancing;
mod ecs_containers;
mod ecs_deployment;
mod ecs_discovery;
mod ecs_exec;
mod ecs_launch;
pub(crate) mod ecs_listeners;
mod ecs_logs;
mod ecs_network;
mod ecs_platform;
mod ecs_roles;
mod ecs_scaling;
mod ecs_schedule;
mod ecs_service;
mod ecs_task;
mod ecs_volumes;
mod freezes;
mod identity;
pub(crate) mod keys;
mod lifecycles;
mod names;
mod order;
mod outputs;
pub(crate) mod patches;
mod pins;
mod raw;
mod releases;
mod tags;
mod tenant_variables;
mod tenants;
mod ties;
mod variables;
mod waves;

/// A named check of a commit.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    pub name: &'static str,
    pub(crate) run: fn(&World, &mut Vec<Finding>),
}

/// A named check of one project's process and variables.
#[derive(Clone, Copy, Debug)]
pub struct WhatCheck {
    pub name: &'static str,
    pub(crate) run: fn(&WhatDrafts, &mut Vec<Finding>),
}

/// Checks of a commit as a whole.
pub const CHECKS: &[Check] = &[
    Check { name: "target-names-account", run: names::targets_name_accounts },
    Check { name: "target-names-environments", run: names::targets_name_environments },
    Check { name: "lifecycle-names-environments", run: names::lifecycles_name_environments },
    Check { name: "project-names-lifecycle", run: names::projects_name_lifecycles },
    Check { name: "deploy-names-environment", run: names::deploys_name_environments },
    Check { name: "deploy-names-release", run: names::deploys_name_releases },
    Check { name: "release-names-channel", run: channels::releases_name_channels },
    Check { name: "deploy-follows-channels", run: channels::deploys_follow_channels },
    Check { name: "channel-rules-name-images", run: channels::rules_name_images },
    Check { name: "tag-is-admitted", run: channels::tags_are_admitted },
    Check { name: "tags-exist", run: tags::exist },
    Check { name: "tenants-exist", run: tenants::are_there },
    Check { name: "tenant-connections", run: tenants::are_connected_to_what_exists },
    Check { name: "tenant-values-name-what-exists", run: tenants::values_are_for_what_exists },
    Check { name: "tenant-pins", run: tenants::pins_are_of_connected_ones },
    Check { name: "pin-in-channel", run: pins::are_of_channels_for_their_tenants },
    Check { name: "channel-is-followed", run: pins::can_pass_earlier_phases },
    Check { name: "tenant-has-targets", run: tenants::have_targets },
    Check { name: "tenant-passes-phases", run: tenants::can_pass_phases },
    Check { name: "tenant-has-values", run: tenant_variables::have_values },
    Check { name: "tenant-values-declared", run: tenant_variables::values_are_declared },
    Check { name: "tenant-values-typed", run: tenant_variables::values_have_the_type },
    Check { name: "freeze-names-what-exists", run: freezes::name_what_exists },
    Check { name: "freeze-freezes-something", run: freezes::freeze_something },
    Check { name: "waves-name-environments", run: waves::name_environments },
    Check { name: "waves-have-members", run: waves::have_members },
    Check { name: "values-of-one-type", run: ties::values_are_of_one_type },
    Check { name: "values-differ-in-rank", run: ties::none_tie },
    Check { name: "scope-names-exist", run: names::scopes_name_what_exists },
    Check { name: "conditions-name-what-exists", run: names::conditions_name_what_exists },
    Check { name: "outputs-exist", run: outputs::are_there },
    Check { name: "tenants-give-no-outputs", run: outputs::tenants_have_none },
    Check { name: "projects-can-begin", run: outputs::projects_can_begin },
    Check { name: "step-role-is-offered", run: names::roles_are_offered },
    Check { name: "lifecycle-has-phases", run: lifecycles::have_phases },
    Check { name: "phase-has-environments", run: lifecycles::phases_have_environments },
    Check { name: "environment-in-one-phase", run: lifecycles::environments_are_in_one_phase },
    Check { name: "progress-in-reach", run: lifecycles::progress_is_in_reach },
    Check { name: "environment-is-used", run: lifecycles::environments_are_used },
    Check { name: "deploy-in-lifecycle", run: lifecycles::deploys_are_in_the_lifecycle },
    Check { name: "ids-differ", run: identity::ids_differ },
    Check { name: "stacks-differ", run: identity::stacks_differ },
    Check { name: "stacks-share-no-priority", run: ecs_listeners::stacks_share_no_priority },
    Check { name: "versions-differ", run: releases::versions_differ },
    Check { name: "release-older-than-rules", run: releases::are_older_than_rules },
    Check { name: "release-has-snapshot", run: releases::have_their_snapshots },
    Check { name: "release-has-images", run: releases::have_their_images },
    Check { name: "templates-are-used", run: raw::templates_are_used },
    Check { name: "step-has-subnets", run: ecs::steps_have_subnets },
];

/// Checks of one project's process and variables.
pub const WHAT_CHECKS: &[WhatCheck] = &[
    WhatCheck { name: "process-has-steps", run: ecs::process_has_steps },
    WhatCheck { name: "steps-differ", run: identity::steps_differ },
    WhatCheck { name: "step-order", run: order::steps_can_run },
    WhatCheck { name: "outputs-in-steps", run: outputs::stand_in_steps },
    WhatCheck { name: "sizes", run: ecs_containers::sizes },
    WhatCheck { name: "task-sizes", run: ecs_containers::sizes_are_given },
    WhatCheck { name: "container-image", run: ecs_containers::images_exist },
    WhatCheck { name: "network-ids", run: ecs_network::ids_fit },
    WhatCheck { name: "host-addresses", run: ecs_network::addresses_fit },
    WhatCheck { name: "health-check-port", run: ecs_network::checks_find_ports },
    WhatCheck { name: "variable-names", run: ecs_containers::names_of_variables },
    WhatCheck { name: "container-limits", run: ecs_containers::limits },
    WhatCheck { name: "launch", run: ecs_launch::launch_has_it },
    WhatCheck { name: "platform-version", run: ecs_platform::versions_have_it },
    WhatCheck { name: "exec", run: ecs_exec::agents_can_write },
    WhatCheck { name: "capacity", run: ecs_launch::capacity_fits },
    WhatCheck { name: "volumes", run: ecs_volumes::kinds_are_possible },
    WhatCheck { name: "log-options", run: ecs_logs::options_fit },
    WhatCheck { name: "log-group-of-nothing", run: ecs_logs::log_group_of_something },
    WhatCheck { name: "log-routers", run: ecs_logs::routers_fit },
    WhatCheck { name: "rights", run: ecs_roles::rights_fit },
    WhatCheck { name: "load-balancer", run: ecs_service::load_balancers_have_ports },
    WhatCheck { name: "service-connect", run: ecs_discovery::connections_are_possible },
    WhatCheck { name: "service-registries", run: ecs_discovery::registries_are_possible },
    WhatCheck { name: "balancing", run: ecs_balancing::balancing_is_possible },
    WhatCheck { name: "listener-priorities", run: ecs_listeners::priorities_differ },
    WhatCheck { name: "deployment-strategy", run: ecs_deployment::strategies_are_possible },
    WhatCheck { name: "scaling", run: ecs_scaling::scaling_is_possible },
    WhatCheck { name: "task-run", run: ecs_task::tasks_can_run },
    WhatCheck { name: "schedule", run: ecs_schedule::schedules_are_possible },
    WhatCheck { name: "log-retention", run: ecs_service::log_retention_exists },
    WhatCheck { name: "tags", run: ecs_service::tags_fit },
    WhatCheck { name: "arns", run: ecs_service::arns_have_the_right_kind },
    WhatCheck { name: "template-parameters", run: raw::parameters_fit },
    WhatCheck { name: "template-defaults", run: raw::defaults_are_no_secrets },
    WhatCheck { name: "template-images", run: raw::images_fit },
    WhatCheck { name: "template-runs", run: raw::runs_fit },
    WhatCheck { name: "variables-differ", run: variables::differ },
    WhatCheck { name: "tenant-variables-differ", run: tenant_variables::are_declared_once },
    WhatCheck { name: "placeholders-exist", run: variables::placeholders_exist },
];
