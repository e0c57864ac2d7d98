//! Named risks of a change, each with a level: what a reviewer must not overlook, and what a pipeline can refuse.
//!
//! | level | meaning |
//! | --- | --- |
//! | low | worth a look |
//! | medium | weaker than it should be: nothing happens by itself |
//! | high | may be lost, or may be done by an outsider, if something else goes wrong |
//! | critical | is lost, or open to everyone, as soon as this is merged |
//!
//! Every risk is made from what changes: what was so before and stays so is none. Deliberately absent: what is risky in AWS
//! outside of the template, and advice.

mod protection;
mod secrets;

use std::sync::Arc;

use serde::Serialize;

use super::ecs::{self, Image, What};
use super::exposure::{Exposed, Exposure};
use super::known::{Known, words};
use super::resources::{Action, ResourceChange};
use super::rights::{Grant, RightsChange};
use crate::cfn::{Given, type_name};
use crate::model::journal::Fate;
use crate::model::risk;

/// How bad it is; the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth a look.
    Low,
    /// Weaker than it should be.
    Medium,
    /// Loss or misuse if something else goes wrong.
    High,
    /// Loss or misuse at once.
    Critical,
}

/// One risk of a change to a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Risk {
    /// Its name: one of [`risk::RISKS`].
    pub id: &'static str,
    pub level: Level,
    /// The logical id of the resource; none for the whole stack.
    pub resource: Option<Arc<str>>,
    /// What of the resource it is about: a port, a container, the place of a statement. None for the whole resource.
    pub part: Option<String>,
    /// It is of the state after the change, and not only of the change.
    pub lasts: bool,
    /// One sentence without a full stop.
    pub sentence: String,
}

/// What was found out about a change before its risks.
#[derive(Clone, Copy, Debug)]
pub struct Findings<'a> {
    /// What happens to each resource ([`super::resources()`]).
    pub changes: &'a [ResourceChange],
    /// [`super::rights()`].
    pub rights: &'a [RightsChange],
    /// [`super::exposure()`].
    pub exposure: &'a [Exposure],
}

/// The risks of a change, the worst first.
pub fn risks(before: Option<Given<'_>>, after: Option<Given<'_>>, found: Findings<'_>) -> Vec<Risk> {
    let (old, new) = (Known::of(before), Known::of(after));
    let mut all = Risks(Vec::new());
    if before.is_some() && after.is_none() {
        all.deletion(found.changes);
    }
    found.rights.iter().for_each(|right| all.right(right));
    found.exposure.iter().for_each(|exposure| all.exposure(exposure));
    found.changes.iter().for_each(|change| all.change(change));
    all.tasks(&old, &new, before, after);
    protection::find(&old, &new, &mut all);
    secrets::find(before, after, &mut all);
    let mut all = all.0;
    all.sort_by(|a, b| (b.level, a.id, &a.resource, &a.sentence).cmp(&(a.level, b.id, &b.resource, &b.sentence)));
    all.dedup();
    all
}

/// Risks in the making.
struct Risks(Vec<Risk>);

/// Policies of AWS with which everything can be done, or made possible. \[doc: AWS managed policies\]
const ADMINISTRATORS: &[&str] = &["/AdministratorAccess", "/IAMFullAccess", "/PowerUserAccess"];
/// Actions of IAM that give rights.
const GIVES_RIGHTS: &[&str] = &[
    "iam:*",
    "iam:putrolepolicy",
    "iam:attachrolepolicy",
    "iam:putuserpolicy",
    "iam:attachuserpolicy",
    "iam:createpolicyversion",
    "iam:updateassumerolepolicy",
    "iam:createaccesskey",
    "iam:setdefaultpolicyversion",
    "iam:put*",
    "iam:attach*",
    "iam:create*",
];
/// Ports that are not meant for the public: administration, databases, caches, Docker.
const NEVER_PUBLIC: &[u16] = &[
    21, 22, 23, 135, 139, 445, 1433, 1521, 2049, 2375, 2376, 3306, 3389, 5432, 5439, 5900, 6379, 6443, 8182, 9042,
    9092, 9200, 11211, 27017,
];

impl Risks {
    fn put(&mut self, id: &'static str, level: Level, resource: &str, sentence: String) {
        self.put_part(id, level, (resource, None), sentence);
    }

    /// A risk of a part of a resource.
    fn put_part(&mut self, id: &'static str, level: Level, (resource, part): (&str, Option<String>), sentence: String) {
        let lasts = risk::find(id).is_some_and(|kind| kind.lasts);
        self.0.push(Risk { id, level, resource: Some(Arc::from(resource)), part, lasts, sentence });
    }

    fn deletion(&mut self, changes: &[ResourceChange]) {
        let lost = changes.iter().filter(|change| change.keeps_data && change.fate == Some(Fate::Deleted)).count();
        let (level, data) = match lost {
            0 => (Level::High, String::new()),
            1 => (Level::Critical, ", and one resource that keeps data is lost".to_owned()),
            more => (Level::Critical, format!(", and {more} resources that keep data are lost")),
        };
        self.0.push(Risk {
            id: "stack-deleted",
            level,
            resource: None,
            part: None,
            lasts: false,
            sentence: format!("the whole stack is deleted{data}"),
        });
    }

    fn right(&mut self, right: &RightsChange) {
        let sentence = right.to_string();
        let place = match &right.statement {
            Some(statement) => format!("{}/{statement}", right.place),
            None => right.place.clone(),
        };
        let part = Some(place).filter(|place| !place.is_empty());
        let mut put = |id, level| self.put_part(id, level, (&right.resource, part.clone()), sentence.clone());
        match &right.grant {
            Grant::Attached { policy } | Grant::OtherRole { after: policy, .. }
                if ADMINISTRATORS.iter().any(|end| policy.ends_with(end)) =>
            {
                put("administrator", Level::Critical);
            }
            Grant::Boundary { after: None, .. } => put("boundary-removed", Level::High),
            Grant::Allowed(access) if access.is_public() => {
                let trust = right.place == "AssumeRolePolicyDocument";
                let bucket = &*right.kind == "AWS::S3::BucketPolicy";
                match (trust, bucket) {
                    (true, _) => put("trusts-everybody", Level::Critical),
                    // The exposure says it.
                    (false, true) => {}
                    (false, false) => put("public-policy", Level::High),
                }
            }
            // In the policy of a resource, `*` is that resource; who may use it is said there.
            Grant::Allowed(access) if access.principals.is_empty() => {
                let everywhere = access.resources.iter().any(|resource| resource == "*");
                let any = |test: &dyn Fn(&str) -> bool| {
                    access.actions.iter().any(|action| test(&action.to_ascii_lowercase()))
                };
                if access.is_everything() {
                    put("rights-on-everything", Level::Critical);
                } else if everywhere && any(&|action| GIVES_RIGHTS.contains(&action)) {
                    put("writes-rights", Level::High);
                } else if everywhere && !access.conditional && any(&|action| action == "iam:passrole") {
                    put("passes-any-role", Level::High);
                } else if everywhere && any(&|action| action.ends_with(":*") || action.starts_with("everything but")) {
                    put("rights-on-a-service", Level::High);
                }
            }
            _ => {}
        }
    }

    fn exposure(&mut self, exposure: &Exposure) {
        let (id, level) = match &exposure.what {
            Exposed::LoadBalancer | Exposed::Listener { certain: true, .. } => ("public-load-balancer", Level::Medium),
            Exposed::Listener { certain: false, .. } => ("public-load-balancer", Level::Low),
            Exposed::Ports { first, last, .. } => ("public-ports", ports_level(*first, *last)),
            Exposed::Bucket { .. } => ("public-bucket", Level::Critical),
            Exposed::BlockRemoved { .. } => ("public-bucket", Level::High),
            Exposed::PublicIp => ("public-ip", Level::Medium),
            Exposed::Database => ("public-database", Level::Critical),
            Exposed::FunctionUrl => ("public-function", Level::High),
            // The right says it.
            Exposed::Policy { .. } => return,
        };
        let part = match &exposure.what {
            Exposed::Ports { first, last, .. } if first == last => Some(first.to_string()),
            Exposed::Ports { first, last, .. } => Some(format!("{first}-{last}")),
            Exposed::Listener { port, .. } => port.map(|port| port.to_string()),
            Exposed::BlockRemoved { setting: part } | Exposed::Bucket { by: part } => Some(part.clone()),
            _ => None,
        };
        self.put_part(id, level, (&exposure.resource, part), exposure.to_string());
        // A bucket without the protection is not public: only that it had it is a risk.
        if let (Exposed::BlockRemoved { .. }, Some(risk)) = (&exposure.what, self.0.last_mut()) {
            risk.lasts = false;
        }
    }

    fn change(&mut self, change: &ResourceChange) {
        let ResourceChange { id, name, action, fate, .. } = change;
        let (what, removed) = match action {
            Action::Remove => ("is removed", true),
            Action::Replace => ("is replaced", false),
            Action::MayReplace => ("may be replaced", false),
            _ => return,
        };
        if change.keeps_data {
            let (level, then) = match fate {
                Some(Fate::Kept) => (Level::Medium, "what it keeps stays, outside of the stack"),
                Some(Fate::Snapshot) => (Level::High, "a snapshot is made of what it keeps"),
                Some(Fate::Deleted) | None if *action == Action::MayReplace => {
                    (Level::High, "what it keeps would be deleted")
                }
                Some(Fate::Deleted) | None => (Level::Critical, "what it keeps is deleted"),
            };
            let risk = if removed { "stateful-removal" } else { "stateful-replacement" };
            return self.put(risk, level, id, format!("`{id}` ({name}) {what}: {then}"));
        }
        if change.interrupts && !removed {
            let level = if *action == Action::Replace { Level::High } else { Level::Medium };
            self.put("interrupting-replacement", level, id, format!("`{id}` ({name}) {what}, and it serves requests"));
        }
    }

    /// Images by tag, and rollouts without a circuit breaker.
    fn tasks(&mut self, old: &Known, new: &Known, before: Option<Given<'_>>, after: Option<Given<'_>>) {
        for found in ecs::words(before, after) {
            for row in &found.rows {
                let What::Image { container } = &row.what else { continue };
                let containers =
                    new.get(&found.resource).map(|thing| thing.list(&["ContainerDefinitions"])).unwrap_or_default();
                let own = containers.into_iter().find(|one| one.get("Name").map(words).as_deref() == Some(container));
                let Some(image) = own.and_then(|own| own.get("Image")?.as_str()).map(Image::parse) else { continue };
                if image.digest.is_none() && row.after.is_some() {
                    let sentence =
                        format!("container `{container}` of `{}` gets {image}: a tag may be moved", found.resource);
                    let part = Some(container.clone());
                    self.put_part("image-without-digest", Level::Medium, (&found.resource, part), sentence);
                }
            }
        }
        for (id, service) in new.all("AWS::ECS::Service") {
            let guarded = |thing: &super::known::Thing| {
                thing.flag(&["DeploymentConfiguration", "DeploymentCircuitBreaker", "Enable"]) == Some(true)
                    || thing.flag(&["DeploymentConfiguration", "Alarms", "Enable"]) == Some(true)
                    || thing.text(&["DeploymentController", "Type"]).is_some_and(|kind| kind != "ECS")
            };
            let was = old.get(id).map(guarded);
            if !guarded(service) && was != Some(false) {
                let level = if was.is_some() { Level::Medium } else { Level::Low };
                self.put(
                    "circuit-breaker-off",
                    level,
                    id,
                    format!("`{id}` has no circuit breaker: a rollout that fails goes on until somebody stops it"),
                );
            }
        }
    }
}

fn ports_level(first: u16, last: u16) -> Level {
    match (first, last) {
        (80, 80) | (443, 443) => Level::Medium,
        (first, last) if NEVER_PUBLIC.iter().any(|port| (first..=last).contains(port)) => Level::Critical,
        _ => Level::High,
    }
}

/// A resource in a sentence.
fn named(id: &str, kind: &str) -> String {
    format!("`{id}` ({})", type_name(kind))
}
