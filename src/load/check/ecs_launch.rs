//! Settings that the chosen capacity and network mode do not support.
//!
//! From the ECS developer guide: "Task definition differences for Fargate", "… for Amazon ECS Managed Instances", "Task
//! networking"; and the API reference of `ContainerDefinition`.

use std::ops::Range;

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::Finding;
use super::super::schema::process::ProcessFile;
use super::super::what::WhatDrafts;
use crate::model::process::{
    Compute, ConstraintType, Container, EcsService, Given, Known, Located, NetworkMode, Number, PlacementConstraint,
    PlacementStrategy, RunsOn, StrategyType, Task, Text, Within,
};

/// The most capacity providers of a service (API reference, `CreateService`).
const MAX_PROVIDERS: usize = 20;
/// The most placement constraints and strategies of a service (API reference, `CreateService`).
const MAX_CONSTRAINTS: usize = 10;
const MAX_STRATEGIES: usize = 5;

/// A step, and where what is found goes.
struct Judge<'a> {
    process: &'a Draft<ProcessFile>,
    compute: Compute,
    network: NetworkMode,
    findings: &'a mut Vec<Finding>,
}

impl Judge<'_> {
    /// A key that is written and cannot be there.
    fn refuse(&mut self, span: Option<Range<usize>>, key: &str, why: &str) {
        if let Some(span) = span {
            let title = format!("`{key}` {why}");
            self.findings
                .push(Finding::new(codes::NOT_WITH_LAUNCH, &self.process.file, span, title).label("not allowed here"));
        }
    }

    /// A key that only works on self-managed instances.
    fn ec2_only(&mut self, span: Option<Range<usize>>, key: &str) {
        if self.compute != Compute::Ec2 {
            self.refuse(span, key, &format!("is not available with `launch = \"{}\"`", self.compute.as_str()));
        }
    }

    /// A key that Fargate does not have.
    fn not_on_fargate(&mut self, span: Option<Range<usize>>, key: &str) {
        if self.compute.is_fargate() {
            self.refuse(span, key, "is not available on Fargate");
        }
    }

    /// A key that does not work for a task with its own network interface.
    fn not_in_awsvpc(&mut self, span: Option<Range<usize>>, key: &str) {
        if self.network == NetworkMode::Awsvpc {
            self.refuse(span, key, "is not available in network mode `awsvpc`");
        }
    }
}

fn first<T>(list: &[Located<T>]) -> Option<Range<usize>> {
    list.first().map(Located::span)
}

/// Where the first of some ids is written.
fn listed<S>(ids: &Option<Vec<Known<S>>>) -> Option<Range<usize>> {
    ids.as_ref().and_then(|ids| Some(ids.first()?.span()))
}

pub(super) fn launch_has_it(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (step, on) in process.doc.running() {
        let (compute, network) = (on.compute(), *on.network_mode);
        let mut judge = Judge { process, compute, network, findings };
        of_runs_on(&mut judge, on);
        let Some(task) = step.task() else { continue };
        of_task(&mut judge, task);
        for container in &task.container {
            of_container(&mut judge, container);
            of_linux(&mut judge, container);
        }
    }
}

fn of_runs_on(judge: &mut Judge<'_>, on: &RunsOn) {
    let mode = judge.network.as_str();
    match (judge.compute, judge.network) {
        (_, NetworkMode::Awsvpc) | (Compute::Ec2, _) | (Compute::Managed, NetworkMode::Host) => {}
        (compute, _) => {
            let why = format!("is not a network mode of `launch = \"{}\"`", compute.as_str());
            judge.refuse(Some(on.network_mode.span()), mode, &why);
        }
    }
    if judge.network != NetworkMode::Awsvpc {
        let why = format!("is not available in network mode `{mode}`: tasks have no network interface of their own");
        judge.refuse(listed(&on.subnets), "subnets", &why);
        judge.refuse(listed(&on.security_groups), "security_groups", &why);
    }
    if !judge.compute.is_fargate() {
        let why = "is only for Fargate: on instances, tasks use the instance's addresses";
        judge.refuse(on.public_ip.as_ref().map(Given::span), "public_ip", why);
        judge.refuse(on.platform_version.as_ref().map(Text::span), "platform_version", "is only for Fargate");
    }
    judge.not_on_fargate(first(&on.placement_constraints), "placement_constraints");
    judge.ec2_only(first(&on.placement_strategies), "placement_strategies");
}

fn of_task(judge: &mut Judge<'_>, task: &Task) {
    if !judge.compute.is_fargate() {
        judge.refuse(task.ephemeral_storage.as_ref().map(Located::span), "ephemeral_storage", "is only for Fargate");
    }
    for volume in &task.volume {
        judge.ec2_only(volume.docker_volume_configuration.as_ref().map(Located::span), "docker_volume_configuration");
        let fsx = volume.fsx_windows_file_server_volume_configuration.as_ref();
        judge.ec2_only(fsx.map(Located::span), "fsx_windows_file_server_volume_configuration");
    }
    for host in task.volume.iter().filter_map(|volume| volume.host.as_ref()) {
        judge.ec2_only(Some(host.source_path.span()), "host");
    }
}

fn of_container(judge: &mut Judge<'_>, container: &Container) {
    let gpus = container.resource_requirements.first().map(|one| one.kind.span());
    judge.not_on_fargate(gpus, "resource_requirements");
    judge.not_on_fargate(container.privileged.is_on().then(|| container.privileged.span()), "privileged");
    if judge.compute == Compute::Managed {
        let label = container.docker_labels.values().next().map(Text::span);
        judge.refuse(label, "docker_labels", "are not available with `launch = \"managed\"`");
    }
    let first = |texts: &[Text]| texts.first().map(Text::span);
    judge.ec2_only(first(&container.dns_servers), "dns_servers");
    judge.ec2_only(first(&container.dns_search_domains), "dns_search_domains");
    judge.ec2_only(first(&container.docker_security_options), "docker_security_options");
    let of_domain = |text: &&Text| !text.raw().starts_with("credentialspecdomainless:") && !text.raw().contains("#{");
    judge.ec2_only(container.credential_specs.iter().find(of_domain).map(Text::span), "credential_specs");
    if judge.network != NetworkMode::Bridge {
        judge.refuse(first(&container.links), "links", "is only for network mode `bridge`");
    }
    let hosts = container.extra_hosts.first().map(|host| host.hostname.span());
    for (span, key) in [(container.hostname.as_ref().map(Text::span), "hostname"), (hosts, "extra_hosts")] {
        if judge.compute == Compute::Ec2 {
            judge.not_in_awsvpc(span, key);
        } else {
            judge.ec2_only(span, key);
        }
    }
    if judge.network != NetworkMode::Bridge {
        judge.refuse(
            container.ports.iter().find_map(|port| port.host_port.as_ref().map(Given::span)),
            "host_port",
            "is only for network mode `bridge`: in other modes it is always the container's port",
        );
    }
    if judge.network == NetworkMode::Host {
        let net = container.system_controls.iter().find(|control| control.namespace.starts_with("net."));
        let net = net.map(|control| control.namespace.span());
        judge.refuse(net, "system_controls", "of the network are not available in network mode `host`");
    }
    if judge.compute.is_fargate() {
        for (value, key) in [(&container.stop_timeout, "stop_timeout"), (&container.start_timeout, "start_timeout")] {
            let over = value.as_ref().filter(|seconds| seconds.written() > Some(120));
            judge.refuse(over.map(Number::span), key, "can be at most 120 seconds on Fargate");
        }
    }
}

fn of_linux(judge: &mut Judge<'_>, container: &Container) {
    let Some(linux) = &container.linux_parameters else { return };
    if judge.compute.is_fargate() {
        let known = |name: &&Text| !matches!(name.raw(), "SYS_PTRACE") && !name.raw().contains("#{");
        for name in linux.capabilities.add.iter().filter(known) {
            let why = "is not a capability that Fargate allows: it allows only `SYS_PTRACE`";
            judge.refuse(Some(name.span()), name.raw(), why);
        }
    }
    judge.not_on_fargate(linux.devices.first().map(|device| device.host_path.span()), "devices");
    judge.ec2_only(linux.shared_memory_size.as_ref().map(Number::span), "shared_memory_size");
    judge.ec2_only(linux.max_swap.as_ref().map(Number::span), "max_swap");
    judge.ec2_only(linux.swappiness.as_ref().map(Given::span), "swappiness");
}

/// Capacity providers and placement that contradict the launch or each other.
pub(super) fn capacity_fits(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (step, on) in process.doc.running() {
        let mut out = |span: Range<usize>, title: &str| {
            findings.push(Finding::new(codes::CAPACITY, &process.file, span, title).label("does not fit"));
        };
        providers(on, &mut out);
        on.placement_constraints.iter().for_each(|one| constraint(one, &mut out));
        on.placement_strategies.iter().for_each(|one| strategy(one, &mut out));
        if let Some(extra) = on.placement_constraints.get(MAX_CONSTRAINTS) {
            out(extra.span(), "a service can have at most 10 placement constraints");
        }
        if let Some(extra) = on.placement_strategies.get(MAX_STRATEGIES) {
            out(extra.span(), "a service can have at most 5 placement strategies");
        }
        if let Some(service) = step.service() {
            daemon(service, &mut out);
        }
    }
}

fn providers(on: &RunsOn, out: &mut impl FnMut(Range<usize>, &str)) {
    let all = &on.capacity_provider_strategy;
    match (*on.launch, all.first()) {
        (Compute::FargateSpot, Some(item)) => {
            out(
                item.span(),
                "`launch = \"fargate-spot\"` already sets the capacity provider: for several, use `launch = \"fargate\"`",
            );
        }
        (Compute::Managed, None) => {
            out(
                on.launch.span(),
                "`launch = \"managed\"` needs `capacity_provider_strategy`, because managed instances have no launch type",
            );
        }
        _ => {}
    }
    for item in all.iter().filter(|item| !item.capacity_provider.raw().contains("#{")) {
        let own = matches!(item.capacity_provider.raw(), "FARGATE" | "FARGATE_SPOT");
        if own != on.compute().is_fargate() {
            let title = if own {
                "belongs to Fargate, and `launch` names something else"
            } else {
                "does not belong to Fargate: set `launch`"
            };
            out(item.capacity_provider.span(), &format!("capacity provider `{}` {title}", item.capacity_provider));
        }
    }
    if let Some(extra) = all.get(MAX_PROVIDERS) {
        out(extra.span(), "a service can have at most 20 capacity providers");
    }
    let based = |base: &&Given<Within<0, 100_000>>| base.number().is_some_and(|base| base > 0);
    if let Some(second) = all.iter().filter_map(|item| item.base.as_ref()).filter(based).nth(1) {
        out(second.span(), "only one capacity provider can have a `base`");
    }
    // ECS: a strategy of several providers needs one with a weight above zero; the default weight is zero.
    let weightless =
        |weight: &Option<Given<Within<0, 1000>>>| weight.as_ref().is_none_or(|one| one.number() == Some(0));
    if let (Some(item), true) = (all.first(), all.iter().all(|item| weightless(&item.weight))) {
        let alone = all.len() == 1 && item.base.is_none();
        if !alone {
            out(item.span(), "no capacity provider has a `weight` above 0, so tasks beyond the base could not start");
        }
    }
}

/// What ECS decides itself where it runs one task on each instance.
fn daemon(service: &EcsService, out: &mut impl FnMut(Range<usize>, &str)) {
    if !service.is_daemon() {
        return;
    }
    if service.task.runs_on.compute() != Compute::Ec2 {
        out(service.scheduling_strategy.span(), "`scheduling_strategy = \"daemon\"` is only for `launch = \"ec2\"`");
    }
    let full = |percent: Option<u32>| percent == Some(100);
    let most = service.maximum_percent.as_ref();
    if let Some(least) = service.minimum_healthy_percent.as_ref().filter(|least| full(least.number()))
        && most.is_none_or(|most| full(most.number()))
    {
        out(
            least.span(),
            "no task can be replaced: a daemon runs at most 100 percent, so lower `minimum_healthy_percent`",
        );
    }
    let title = "the instances decide how many tasks a daemon has: remove this, or `scheduling_strategy = \"daemon\"`";
    if let Some(count) =
        service.desired_count.as_ref().or(service.scaling.as_ref().map(|scaling| &scaling.min_capacity))
    {
        out(count.span(), title);
    }
}

fn constraint(one: &Located<PlacementConstraint>, out: &mut impl FnMut(Range<usize>, &str)) {
    match (one.kind.written(), &one.expression) {
        (Some(ConstraintType::DistinctInstance), Some(_)) => {
            out(one.span(), "`distinct-instance` takes no `expression`");
        }
        (Some(ConstraintType::MemberOf), None) => out(one.span(), "`member-of` needs an `expression`"),
        _ => {}
    }
}

fn strategy(one: &Located<PlacementStrategy>, out: &mut impl FnMut(Range<usize>, &str)) {
    let field = one.field.as_ref().map(Text::raw);
    let sizes = |field: &str| matches!(field, "cpu" | "memory") || field.contains("#{");
    let title = match (one.kind.written(), field) {
        (Some(StrategyType::Random), Some(_)) => "`random` takes no `field`",
        (Some(StrategyType::Spread), None) => "`spread` needs a `field`, like `attribute:ecs.availability-zone`",
        (Some(StrategyType::Binpack), field) if !field.is_some_and(sizes) => {
            "`binpack` needs a `field`: `cpu` or `memory`"
        }
        _ => return,
    };
    out(one.span(), title);
}
