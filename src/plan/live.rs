//! Live parts: what the head contributes to a slot's stacks outside the release, as hashes by what it is.
//!
//! They are journaled with every deployment, so that a later plan can say which of them made stacks of the same release
//! differ. They decide nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::catalog::Value;
use crate::model::tenant::TenantValue;
use crate::model::{Environment, Hash, Project, RoleLabel, Run, Target, TargetName, Tenant};
use crate::promote::Desired;

use super::judged::Judged;
use super::stacks::Verdict;

/// The hashes of what lives at the head, by what it is: `target prod-eu`, `account prod`, `environment production`,
/// `tenant acme`.
pub(super) fn parts(desired: &Desired<'_>, judged: &Judged<'_>) -> BTreeMap<Arc<str>, Hash> {
    let mut parts = BTreeMap::new();
    let mut put = |kind: &str, name: &str, hash: Hash| parts.insert(Arc::from(format!("{kind} {name}")), hash);
    put("environment", desired.environment.name.as_str(), environment(desired.environment));
    if let Some(of) = desired.tenant {
        put("tenant", of.name.as_str(), tenant(of, desired.project, desired.environment));
    }
    let mut roles: BTreeMap<&TargetName, (&Target, BTreeSet<&RoleLabel>)> = BTreeMap::new();
    for (wanted, _) in &judged.stacks {
        roles.entry(&wanted.target.name).or_insert((wanted.target, BTreeSet::new())).1.insert(&wanted.step.role);
    }
    for (name, (of, roles)) in roles {
        put("target", name.as_str(), target(of, &roles));
        put("account", of.account.as_str(), account(of));
    }
    parts
}

/// The parts that changed since the run began, as far as they can make its stacks differ; empty if the run is older
/// than the record of parts.
pub(super) fn changed(run: &Run, now: &BTreeMap<Arc<str>, Hash>, judged: &Judged<'_>) -> Vec<Arc<str>> {
    if run.live.is_empty() {
        return Vec::new();
    }
    let current = |(_, verdict): &&(_, Verdict)| *verdict == Verdict::Current;
    let differing: BTreeSet<String> = judged
        .stacks
        .iter()
        .filter(|one| !current(one))
        .map(|(wanted, _)| format!("target {}", wanted.target.name))
        .collect();
    let concerned = |part: &&Arc<str>| !part.starts_with("target ") || differing.contains(&***part);
    let other = now.iter().filter(|(part, hash)| run.live.get(*part) != Some(hash)).map(|(part, _)| part);
    other.filter(concerned).cloned().collect()
}

fn environment(of: &Environment) -> Hash {
    Hash::parts().part(of.name.as_str()).part(of.id.as_str()).part([u8::from(of.protected)]).finish()
}

fn tenant(of: &Tenant, project: &Project, environment: &Environment) -> Hash {
    let mut hash = Hash::parts().part(of.name.as_str()).part(of.id.as_str());
    for tag in &of.tags {
        hash = hash.part(tag.to_string());
    }
    let reaches = |value: &&TenantValue| {
        value.project.as_ref().is_none_or(|name| *name == project.name)
            && (value.environments.is_empty() || value.environments.contains(&environment.name))
    };
    for value in of.variables.iter().filter(reaches) {
        hash = hash.part(&*value.name).part(value.kind.as_str());
        hash = match &value.value {
            Value::Text(text) => hash.part("text").part(text.raw()),
            Value::List(texts) => texts.iter().fold(hash.part("list"), |hash, text| hash.part(text.raw())),
        };
    }
    hash.finish()
}

fn target(of: &Target, roles: &BTreeSet<&RoleLabel>) -> Hash {
    let mut hash = Hash::parts().part(of.name.as_str()).part(of.id.as_str()).part(of.place.to_string());
    hash = hash.part(&*of.cluster).part([u8::from(of.network.public_ip)]);
    for (kind, ids) in [("subnets", &of.network.subnets), ("security groups", &of.network.security_groups)] {
        hash = ids.iter().fold(hash.part(kind), |hash, id| hash.part(&**id));
    }
    roles.iter().fold(hash.part("roles"), |hash, role| hash.part(role.as_str())).finish()
}

fn account(of: &Target) -> Hash {
    let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
    Hash::parts()
        .part(of.place.account.as_str())
        .part(text(&of.access.role))
        .part(text(&of.access.external_id))
        .finish()
}
