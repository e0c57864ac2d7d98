//! Pins and followed channels that could never lead to a deployment: what would wait for ever is said before it lands.

use std::collections::BTreeSet;

use super::super::codes;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::world::{ProjectWorld, World};
use crate::model::catalog::{Phase, Pin, Progress};
use crate::model::{ChannelName, Deploy, EnvironmentName, ReleaseName};

/// A tenant's release is of a channel that is for the tenant: its own line, or the file's if it has none.
pub(super) fn are_of_channels_for_their_tenants(world: &World, findings: &mut Vec<Finding>) {
    for (project, files) in &world.drafts.projects {
        let Some(built) = world.projects.get(project) else { continue };
        for (environment, draft) in &files.deploys.read {
            let everybody = draft.doc.release.as_ref();
            for (name, tenant) in &world.tenants {
                let own = draft.doc.tenants.get(name.as_str());
                let connected = tenant.is_connected(project, environment);
                let Some(pin) = own.or(everybody.filter(|_| connected)) else { continue };
                let Some(channel) = refused(world, built, pin, &tenant.tags) else { continue };
                let title = format!("tenant `{name}` never gets release `{}`", **pin);
                let finding = Finding::new(codes::PIN_OUTSIDE_CHANNEL, &draft.file, pin.span(), title)
                    .label(format!("of channel `{channel}`, which is not for `{name}`"))
                    .help(format!(
                        "pin a release of another channel for `{name}` under [tenants], or add one of its tags to \
                         `tenants` of [channels.{channel}] in project.toml"
                    ));
                findings.push(finding.holds_nothing());
            }
        }
    }
}

/// The channel of a pinned release, if it is not for a tenant with these tags. A tag that does not exist is a problem of
/// its own.
fn refused<'w>(
    world: &World,
    built: &'w ProjectWorld,
    pin: &At<String>,
    tags: &BTreeSet<crate::model::Tag>,
) -> Option<&'w ChannelName> {
    let release = built.releases.get(&ReleaseName::new(pin).ok()?)?;
    let channel = &release.draft.channel;
    let known = built.project.as_ref()?.channels.get(channel)?;
    let all_exist = known.tenants.0.iter().all(|tag| world.has_tag(tag));
    (all_exist && !known.tenants.fits(tags)).then_some(channel)
}

/// Where a file follows a channel or pins a release of it, every earlier phase that its releases must pass can be passed: by
/// environments that follow the channel, pin a release of it, or are entered by hand.
pub(super) fn can_pass_earlier_phases(world: &World, findings: &mut Vec<Finding>) {
    for (project, files) in &world.drafts.projects {
        let Some(built) = world.projects.get(project) else { continue };
        let Some(known) = &built.project else { continue };
        for (environment, draft) in &files.deploys.read {
            let followed =
                draft.doc.follow.iter().filter_map(|written| Some((ChannelName::new(written).ok()?, written)));
            let pins = draft.doc.release.iter().chain(draft.doc.tenants.values());
            let pinned = pins.filter_map(|pin| {
                let release = built.releases.get(&ReleaseName::new(pin).ok()?)?;
                Some((release.draft.channel.clone(), pin))
            });
            let mut told = BTreeSet::new();
            for (channel, written) in followed.chain(pinned) {
                let lifecycle = known.channels.get(&channel).and_then(|known| known.lifecycle.as_ref());
                let Some(lifecycle) = lifecycle.and_then(|name| world.lifecycles.get(name)) else { continue };
                let brings = |there: &EnvironmentName| brings(built, there, &channel);
                let stuck = blocking(&lifecycle.phases, environment, &brings);
                let Some(stuck) = stuck.filter(|_| told.insert(channel.clone())) else { continue };
                let title = format!("no release of channel `{channel}` comes to `{environment}` by itself");
                let finding = Finding::new(codes::CHANNEL_NOT_FOLLOWED, &draft.file, written.span(), title)
                    .about(&[channel.as_str()])
                    .label(format!("its releases must pass `{stuck}` first, which does not follow the channel"))
                    .help(format!(
                        "add \"{channel}\" to `follow` in projects/{project}/deploy/{stuck}.toml, or pin each release there"
                    ));
                findings.push(finding);
            }
        }
    }
}

/// Whether releases of a channel come to an environment: its file follows the channel (without `follow`, the default one), or
/// pins a release of it.
fn brings(built: &ProjectWorld, environment: &EnvironmentName, channel: &ChannelName) -> bool {
    let Some(known) = &built.project else { return true };
    let Some(Deploy { follow, pin, tenants, .. }) = built.deploys.get(environment) else {
        return *channel == known.default_channel;
    };
    let follows = if follow.is_empty() { *channel == known.default_channel } else { follow.contains(channel) };
    let of_channel = |pin: &Pin| match pin {
        Pin::Release(name) => built.releases.get(name).is_some_and(|release| release.draft.channel == *channel),
        Pin::None => false,
    };
    follows || pin.iter().chain(tenants.values().map(|(pin, _)| pin)).any(of_channel)
}

/// The environment that stops releases on their way to another one; none if every earlier phase can be passed.
fn blocking<'l>(
    phases: &'l [Phase],
    to: &EnvironmentName,
    brings: &dyn Fn(&EnvironmentName) -> bool,
) -> Option<&'l EnvironmentName> {
    let place = phases.iter().position(|phase| phase.environments().any(|there| there == to))?;
    phases.iter().take(place).find_map(|phase| {
        let closed: Vec<&EnvironmentName> = phase.automatic.iter().filter(|there| !brings(there)).collect();
        let all = phase.environments().count();
        let needed = match phase.progress {
            Progress::Optional => 0,
            Progress::All => all,
            Progress::Minimum(least) => least.max(1) as usize,
        };
        closed.first().copied().filter(|_| all - closed.len() < needed)
    })
}
