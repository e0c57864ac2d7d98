//! The catalog: what one commit of the repository says, checked and resolved.
//!
//! *Where and when* (environments, targets, lifecycles, pins) come from the branch head; each release brings its own *what*
//! from its snapshot. What could not be read is not in the catalog but named in [`Catalog::broken`], so that whoever plans
//! holds what may depend on it: absence counts only where nothing broken could have hidden the thing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;

use super::account::{Account, Guard};
pub use super::allowance::{Allowance, Gate};
use super::drift::DriftPolicy;
use super::name::{
    AccountName, ChannelName, EnvironmentName, FreezeName, Id, ImageName, LifecycleName, ProjectName, ReleaseName,
    RoleLabel, TargetName, TenantName,
};
use super::place::{Access, BucketName, Place, Region};
use super::process::{Text, ValueKind, What};
use super::tenant::{Tag, Tenancy, Tenant, TenantFilter};
use super::wave::Waves;
use super::{Accept, Channel, CommitId, Freeze, Hash, Location, Names, Version};

/// What one commit says.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The commit; none when read from a folder.
    pub commit: Option<CommitId>,
    /// `id` of `landfall.toml`: the owner written on every stack. None only when that file is broken.
    pub repository: Option<Id>,
    /// `[accounts]`.
    pub accounts: BTreeMap<AccountName, Arc<Account>>,
    /// `[guard]`.
    pub guard: Guard,
    /// `[tag_sets]`: the tags of each set, in their order.
    pub tag_sets: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// Environments by name.
    pub environments: BTreeMap<EnvironmentName, Arc<Environment>>,
    /// Targets by name.
    pub targets: BTreeMap<TargetName, Arc<Target>>,
    /// Tenants by name.
    pub tenants: BTreeMap<TenantName, Arc<Tenant>>,
    /// Freezes by name.
    pub freezes: BTreeMap<FreezeName, Arc<Freeze>>,
    /// Lifecycles by name.
    pub lifecycles: BTreeMap<LifecycleName, Arc<Lifecycle>>,
    /// Projects by name.
    pub projects: BTreeMap<ProjectName, Arc<Project>>,
    /// The `[[accept]]` of every file.
    pub accepts: Vec<Arc<Accept>>,
    /// What could not be read, and what may depend on it.
    pub broken: Vec<Broken>,
}

impl Catalog {
    /// The environments in promotion order: by `order`, then by name.
    pub fn environments_in_order(&self) -> Vec<&Arc<Environment>> {
        let mut all: Vec<_> = self.environments.values().collect();
        all.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
        all
    }

    /// The environment with this id.
    pub fn environment_by_id(&self, id: &Id) -> Option<&Arc<Environment>> {
        self.environments.values().find(|environment| &environment.id == id)
    }

    /// The project with this id.
    pub fn project_by_id(&self, id: &Id) -> Option<&Arc<Project>> {
        self.projects.values().find(|project| &project.id == id)
    }

    /// The target with this id.
    pub fn target_by_id(&self, id: &Id) -> Option<&Arc<Target>> {
        self.targets.values().find(|target| &target.id == id)
    }

    /// The tenant with this id.
    pub fn tenant_by_id(&self, id: &Id) -> Option<&Arc<Tenant>> {
        self.tenants.values().find(|tenant| &tenant.id == id)
    }

    /// Every place that a target of this commit lies in, with the way to reach it.
    pub fn places(&self) -> BTreeMap<Place, Access> {
        self.targets.values().map(|target| (target.place.clone(), target.access.clone())).collect()
    }
}

/// Something that could not be read, because of one problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What is broken, as far as its path tells.
    pub subject: Subject,
    /// The problem's code, like `unknown-environment`.
    pub code: &'static str,
    /// The problem in one sentence.
    pub title: String,
    /// Where it is written.
    pub at: Location,
}

/// What a problem may hide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// `landfall.toml`: everything is held.
    Repository,
    /// One environment.
    Environment(EnvironmentName),
    /// One target; which environments it belongs to is not known.
    Target(TargetName),
    /// One tenant; what it is connected to is not known.
    Tenant(TenantName),
    /// One freeze: holds everything, because what it was meant to stop is not known.
    Freeze(FreezeName),
    /// One lifecycle: holds the projects that use it.
    Lifecycle(LifecycleName),
    /// A project as a whole.
    Project(ProjectName),
    /// What a project's head says (process, variables): holds no landed release, only new ones.
    What(ProjectName),
    /// One release.
    Release(ProjectName, ReleaseName),
    /// A release of a project under a name that is none: it may be any that the commit lacks.
    Releases(ProjectName),
    /// One deploy file.
    Deploy(ProjectName, EnvironmentName),
    /// Something of a kind, under a name that is none: it may be any that the commit lacks.
    Unnamed(Unnamed),
}

/// A kind of file or folder whose name cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unnamed {
    Environment,
    Target,
    Tenant,
    Project,
}

/// A named place in the promotion order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Stem of its file.
    pub name: EnvironmentName,
    /// What goes into stack names.
    pub id: Id,
    /// Position among the environments; lower comes first.
    pub order: i64,
    /// Termination protection is on for its stacks.
    pub protected: bool,
    /// Stacks whose cause is gone are deleted, not only reported.
    pub prune: bool,
    /// What a newer commit does to a deployment that has not finished.
    pub queue: Queue,
    /// What is done about drift of its stacks.
    pub drift: DriftPolicy,
}

/// What happens to an unfinished deployment when a newer one is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Queue {
    /// The newer one takes over as soon as it safely can.
    #[default]
    Latest,
    /// Each is finished before the next begins.
    All,
}

/// Where stacks go: an ECS cluster in an account and region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Stem of its file.
    pub name: TargetName,
    /// What goes into stack names.
    pub id: Id,
    /// The environments that it belongs to.
    pub environments: BTreeSet<EnvironmentName>,
    /// The roles that it offers.
    pub roles: BTreeSet<RoleLabel>,
    /// The account's name in `landfall.toml`.
    pub account: AccountName,
    /// Account id and region.
    pub place: Place,
    /// How the account is reached.
    pub access: Access,
    /// Name of the ECS cluster.
    pub cluster: Arc<str>,
    /// The bucket through which templates go that are too long for a call.
    pub template_bucket: Option<BucketName>,
    /// Where tasks are put.
    pub network: Network,
    /// The tenants that it is for. Empty for a target without tenants, which only slots without a tenant use.
    pub tenants: TenantFilter,
    /// Its own tags, by which waves of targets are grouped.
    pub tags: BTreeSet<Tag>,
}

impl Target {
    pub fn region(&self) -> &Region {
        &self.place.region
    }

    /// Whether stacks of the tenant, or of a slot without one, go here.
    pub fn takes(&self, tenant: Option<&Tenant>) -> bool {
        match tenant {
            Some(tenant) => self.tenants.takes(tenant),
            None => self.tenants.is_empty(),
        }
    }
}

/// `[network]` of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Subnet ids.
    pub subnets: Vec<Arc<str>>,
    /// Security group ids.
    pub security_groups: Vec<Arc<str>>,
    /// Tasks get a public address.
    pub public_ip: bool,
}

impl Network {
    /// Whether tasks get a public address, as ECS writes it.
    pub fn public_ip(&self) -> &'static str {
        if self.public_ip { "ENABLED" } else { "DISABLED" }
    }
}

/// Ordered phases that a release goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// Stem of its file; none for the one that a project without a lifecycle has: one phase per environment in their
    /// order, the first automatic.
    pub name: Option<LifecycleName>,
    /// At least one.
    pub phases: Vec<Phase>,
}

/// A phase of a lifecycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Its title.
    pub name: Arc<str>,
    /// Environments that a release enters by itself.
    pub automatic: Vec<EnvironmentName>,
    /// Environments that a release enters by a pin.
    pub manual: Vec<EnvironmentName>,
    /// How many of its environments a release must have succeeded in before the next phase opens.
    pub progress: Progress,
    /// The longest uninterrupted time that the release must have run proved in an environment for it to count.
    pub soak: SignedDuration,
    /// While a release soaks in an automatic environment of the phase, newer ones wait, so that soaking can come to an end.
    pub soak_queue: bool,
    /// What a release must not do to the stacks of a slot in order to enter an automatic environment by itself.
    pub unless: BTreeSet<Unless>,
    /// Where it is written; for the implied lifecycle, nowhere.
    pub at: Option<Location>,
}

impl Phase {
    /// All environments of the phase: automatic ones first.
    pub fn environments(&self) -> impl Iterator<Item = &EnvironmentName> {
        self.automatic.iter().chain(&self.manual)
    }
}

/// How many environments of a phase count as having passed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Every one.
    #[default]
    All,
    /// At least this many, at least 1.
    Minimum(u32),
    /// None: the phase never blocks.
    Optional,
}

/// What keeps a release from entering an automatic environment by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unless {
    /// A resource is replaced, or may be.
    Replace,
    /// A resource or a stack is removed.
    Remove,
    /// An IAM statement or role is added, or allows more.
    Rights,
    /// A listener, port, bucket or another thing is opened to everybody.
    Exposure,
}

impl Unless {
    /// As it is written in a lifecycle.
    pub fn as_str(self) -> &'static str {
        match self {
            Unless::Replace => "replace",
            Unless::Remove => "remove",
            Unless::Rights => "rights",
            Unless::Exposure => "exposure",
        }
    }
}

/// What becomes of the stacks that were finished when a later one fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// They stay. Nothing else is offered yet: going back needs what each stack had before, exactly.
    #[default]
    Stop,
}

/// An application: its lifecycle, releases and pins. Its *what* is in its releases.
#[derive(Clone, Debug)]
pub struct Project {
    /// Name of its folder.
    pub name: ProjectName,
    /// What goes into stack names.
    pub id: Id,
    /// Its channels by name; at least the default one.
    pub channels: BTreeMap<ChannelName, Channel>,
    /// The one that slots follow unless their deploy file says more: a key of `channels`.
    pub default_channel: ChannelName,
    /// Whether it is deployed for tenants.
    pub tenancy: Tenancy,
    /// The order in which tenants or targets get a release; none if all get it at once.
    pub waves: Option<Waves>,
    /// How often a deployment of the same content is tried before it is held; at least 1.
    pub attempts: u32,
    /// What becomes of finished stacks when a later one fails.
    pub on_failure: OnFailure,
    /// How long one stack operation may take before landfall cancels it, in addition to its bake time.
    pub deadline: SignedDuration,
    /// How long a deployment may go without progress before a newer release takes its place.
    pub takeover: SignedDuration,
    /// The files that say what, as the head has them; none when they are broken. Releases do not use it.
    pub head: Option<Arc<What>>,
    /// Releases by name.
    pub releases: BTreeMap<ReleaseName, Arc<Release>>,
    /// `deploy/<environment>.toml` by environment.
    pub deploy: BTreeMap<EnvironmentName, Arc<Deploy>>,
    /// Where the project is written: its `project.toml`, line 1.
    pub at: Location,
}

impl Project {
    /// The releases, the highest version first.
    pub fn releases_highest_first(&self) -> Vec<&Arc<Release>> {
        let mut all: Vec<_> = self.releases.values().collect();
        all.sort_by(|a, b| b.version.cmp(&a.version).then_with(|| b.name.cmp(&a.name)));
        all
    }

    /// What `deploy/<environment>.toml` pins, and where it says so: the tenant's own line, or else the file's `release`.
    pub fn pin(&self, environment: &EnvironmentName, tenant: Option<&TenantName>) -> Option<(&Pin, &Location)> {
        let file = self.deploy.get(environment)?;
        let own = tenant.and_then(|tenant| file.tenants.get(tenant));
        own.map(|(pin, at)| (pin, at)).or_else(|| file.pin.as_ref().map(|pin| (pin, &file.at)))
    }

    /// The default channel's lifecycle: what a slot goes by where no release says otherwise.
    ///
    /// # Panics
    /// Never for a catalog that was loaded: `channels` has the default channel.
    pub fn lifecycle(&self) -> &Arc<Lifecycle> {
        &self.channels[&self.default_channel].lifecycle
    }

    /// The lifecycle that a release goes through: its channel's; the default channel's where the project has none of that
    /// name any more.
    pub fn lifecycle_of(&self, release: &Release) -> &Arc<Lifecycle> {
        self.channels.get(&release.channel).map_or_else(|| self.lifecycle(), |channel| &channel.lifecycle)
    }

    /// The channels that a slot of the environment follows: releases of others come by a pin only.
    pub fn followed(&self, environment: &EnvironmentName) -> BTreeSet<&ChannelName> {
        match self.deploy.get(environment) {
            Some(file) if !file.follow.is_empty() => file.follow.iter().collect(),
            _ => BTreeSet::from([&self.default_channel]),
        }
    }
}

/// An immutable version of a project.
#[derive(Clone, Debug)]
pub struct Release {
    /// Stem of its file.
    pub name: ReleaseName,
    /// The name read as a version.
    pub version: Version,
    /// The rendering rules that it was made under.
    pub format: u32,
    pub channel: ChannelName,
    /// Tag and digest of each image.
    pub images: BTreeMap<ImageName, ImagePin>,
    /// Hash of the files that said what when it was made; none in a file written by hand.
    pub inputs: Option<Hash>,
    /// Why it must not go anywhere new: `blocked = "…"`.
    pub blocked: Option<Arc<str>>,
    /// The commit that it landed first with, if its file has other content now. The release is what landed first; it
    /// stays where it runs, and goes nowhere else until its file is that again.
    pub edited: Option<CommitId>,
    /// The commit that its *what* comes from, and that *what*.
    pub snapshot: Result<Snapshot, SnapshotFault>,
    /// Hash of what is immutable in its file: everything but `snapshot`, `blocked` and notes.
    pub content: Hash,
    /// Its file.
    pub at: Location,
}

/// The commit that a release's *what* comes from.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The commit; none when read from a folder.
    pub commit: Option<CommitId>,
    /// Process, variables and included sets as that commit has them.
    pub what: Arc<What>,
    /// The names that its scopes could mean when it was made.
    pub names: Arc<Names>,
    /// The [edition of the rules](super::edition) that it is held to with the values of a slot.
    pub rules: u16,
}

/// Why a release has no snapshot to deploy from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotFault {
    /// The snapshot's files differ from the release's `inputs`.
    Differs {
        /// What the release file says.
        expected: Hash,
        /// What the commit has.
        found: Hash,
    },
    /// The snapshot's files have errors.
    Broken {
        /// The first problem in one sentence, with its place.
        problem: String,
    },
    /// The history that would tell the landing commit is not there.
    Shallow,
    /// The commit is not in the repository.
    Missing(CommitId),
    /// The release's file has never landed: it is only in the working folder.
    NotLanded,
}

/// The image that a release uses for one image reference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct ImagePin {
    pub tag: Arc<str>,
    /// `sha256:` and 64 hexadecimal digits: the digest of the index, or of the one platform's image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Arc<str>>,
    /// Digests of the platforms' images by platform (`linux/amd64`), where the index was read. ECS may resolve to either.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub platforms: BTreeMap<Arc<str>, Arc<str>>,
}

/// `deploy/<environment>.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deploy {
    /// What `release` says.
    pub pin: Option<Pin>,
    /// Where `release` is written, or the file.
    pub at: Location,
    /// `[tenants]`: pins of single tenants, and where each is written.
    pub tenants: BTreeMap<TenantName, (Pin, Location)>,
    /// `follow`: the channels whose releases enter by themselves; empty for the default channel.
    pub follow: BTreeSet<ChannelName>,
    /// A pin whose gates are closed waits (the default) or is refused.
    pub wait: bool,
    /// `[[allow]]`.
    pub allow: Vec<Allowance>,
}

/// What a deploy file asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    Release(ReleaseName),
    /// `"none"`: the stacks are removed.
    None,
}

/// A variable's value with its scope: part of a project's *what*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableValue {
    /// The variable's name; no dot.
    pub name: Arc<str>,
    /// Its value; may refer to other variables.
    pub value: Value,
    /// What kind of value it is.
    pub kind: ValueKind,
    /// Where it applies.
    pub scope: Scope,
    /// From a variable set that the project includes, rather than from the project.
    pub from_set: bool,
    /// Where it is written.
    pub at: Location,
}

/// A variable's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, number or boolean: written as text.
    Text(Text),
    /// A list of texts; fills only a leaf that takes a list.
    List(Vec<Text>),
}

/// Where a value applies: the alternatives of each kind that is named. Empty means everywhere.
///
/// Compared from the highest kind down: step, target, role, tenant, tenant tag, environment, channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub steps: BTreeSet<super::StepName>,
    pub targets: BTreeSet<TargetName>,
    pub roles: BTreeSet<RoleLabel>,
    pub tenants: BTreeSet<TenantName>,
    /// Tenant tags; any of them.
    pub tenant_tags: BTreeSet<Tag>,
    pub environments: BTreeSet<EnvironmentName>,
    pub channels: BTreeSet<ChannelName>,
}
