//! Projects and deploy files.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::channel::{self, ChannelDraft};
use super::{Maker, allowance};
use crate::load::drafts::Draft;
use crate::load::finding::Finding;
use crate::load::schema::At;
use crate::load::schema::project::{DeployFile, ProjectFile};
use crate::model::catalog::{Deploy, OnFailure, Pin};
use crate::model::tenant::Tenancy;
use crate::model::wave::Waves;
use crate::model::{ChannelName, Id, ProjectName, ReleaseName, TenantName};

/// How often a deployment is tried by default.
const ATTEMPTS: u32 = 3;
/// How long a stack operation may take by default.
const DEADLINE: SignedDuration = SignedDuration::from_secs(3_600);
/// How long a deployment may go without progress, if nothing is said, before a newer release takes its place.
const TAKEOVER: SignedDuration = SignedDuration::from_mins(5);
/// The shortest such time: progress is looked for every few seconds.
const SHORTEST_TAKEOVER: SignedDuration = SignedDuration::from_secs(10);

/// What `project.toml` says; its lifecycles by name.
#[derive(Clone, Debug)]
pub(crate) struct ProjectDraft {
    pub(crate) id: Id,
    pub(crate) channels: BTreeMap<ChannelName, ChannelDraft>,
    /// A key of `channels`.
    pub(crate) default_channel: ChannelName,
    pub(crate) tenancy: Tenancy,
    pub(crate) waves: Option<Waves>,
    pub(crate) attempts: u32,
    pub(crate) on_failure: OnFailure,
    pub(crate) deadline: SignedDuration,
    pub(crate) takeover: SignedDuration,
}

pub(crate) fn project(
    name: &ProjectName,
    draft: &Draft<ProjectFile>,
    findings: &mut Vec<Finding>,
) -> Option<ProjectDraft> {
    let mut make = Maker { file: &draft.file, findings };
    let doc = &draft.doc;
    let id = make.id(doc.id.as_ref(), Id::from(name));
    let deadline = match &doc.deadline {
        Some(written) => make.duration(written),
        None => Some(DEADLINE),
    };
    if let (Some(written), Some(SignedDuration::ZERO)) = (&doc.deadline, deadline) {
        make.invalid(written.span(), "a deadline of zero would cancel every operation: remove it or make it longer");
    }
    let takeover = match &doc.takeover {
        Some(written) => make.duration(written),
        None => Some(TAKEOVER),
    };
    if let (Some(written), Some(short)) = (&doc.takeover, takeover.filter(|takeover| *takeover < SHORTEST_TAKEOVER)) {
        make.invalid(
            written.span(),
            format!("`takeover` must be at least 10s: {short:#} is too short to see progress"),
        );
    }
    let channels = channel::channels(&mut make, doc);
    let waves = doc.waves.as_ref().map(|waves| channel::waves(&mut make, waves));
    let (channels, default_channel) = channels?;
    Some(ProjectDraft {
        id: id?,
        channels,
        default_channel,
        tenancy: doc.tenancy.into(),
        waves,
        attempts: doc.attempts.unwrap_or(ATTEMPTS),
        on_failure: doc.on_failure.into(),
        deadline: deadline?,
        takeover: takeover?,
    })
}

/// Reads a deploy file. Whether the release exists is checked elsewhere.
pub(crate) fn deploy(draft: &Draft<DeployFile>, findings: &mut Vec<Finding>) -> Option<Deploy> {
    let mut make = Maker { file: &draft.file, findings };
    let doc = &draft.doc;
    let pin = match &doc.release {
        Some(written) => Some(pin_of(&mut make, written)?),
        None => None,
    };
    let at = make.file.at(doc.release.as_ref().map_or(0, |written| written.span().start));
    let mut tenants = BTreeMap::new();
    for (tenant, written) in &doc.tenants {
        let at = make.file.at(written.span().start);
        let pin = pin_of(&mut make, written);
        if let (Some(tenant), Some(pin)) = (make.name_at::<TenantName>(tenant, written.span()), pin) {
            tenants.insert(tenant, (pin, at));
        }
    }
    let allow = doc.allow.iter().filter_map(|entry| allowance::allowance(&mut make, entry)).collect();
    Some(Deploy { pin, at, tenants, follow: make.names(&doc.follow), wait: doc.wait, allow })
}

fn pin_of(make: &mut Maker<'_>, written: &At<String>) -> Option<Pin> {
    match written.as_str() {
        "none" => Some(Pin::None),
        _ => make.name::<ReleaseName>(written).map(Pin::Release),
    }
}
