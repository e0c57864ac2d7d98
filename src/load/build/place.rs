//! Accounts, guards, environments, targets and lifecycles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;

use super::Maker;
use crate::load::codes;
use crate::load::drafts::Draft;
use crate::load::finding::Finding;
use crate::load::schema::At;
use crate::load::schema::lifecycle::{LifecycleFile, PhaseEntry, ProgressEntry};
use crate::load::schema::place::{EnvironmentFile, TargetFile};
use crate::load::schema::root::{LimitEntry, RootFile};
use crate::model::account::{Account, Guard, Limit};
use crate::model::catalog::{Lifecycle, Network, Phase, Progress, Unless};
use crate::model::drift::{DriftPath, DriftPolicy};
use crate::model::place::Access;
use crate::model::{
    AccountId, AccountName, BucketName, Environment, EnvironmentName, Id, LifecycleName, Place, Region, Target,
    TargetName,
};

/// What `landfall.toml` says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Root {
    pub(crate) id: Option<Id>,
    pub(crate) accounts: BTreeMap<AccountName, Arc<Account>>,
    pub(crate) guard: Guard,
    pub(crate) tag_sets: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

pub(crate) fn root(draft: &Draft<RootFile>, findings: &mut Vec<Finding>) -> Root {
    let mut make = Maker { file: &draft.file, findings };
    let mut root = Root { id: make.name(&draft.doc.id), ..Root::default() };
    for (name, entry) in &draft.doc.accounts {
        let name: Option<AccountName> = make.name_at(name, entry.span());
        let id = match AccountId::new(&entry.id) {
            Ok(id) => Some(id),
            Err(error) => {
                make.invalid(entry.id.span(), error.to_string());
                None
            }
        };
        if let Some(role) = &entry.role {
            role_arn(&mut make, role);
        }
        let text = |value: &Option<At<String>>| value.as_ref().map(|text| Arc::from(text.as_str()));
        let access = Access { role: text(&entry.role), external_id: text(&entry.external_id) };
        if let (Some(name), Some(id)) = (name, id) {
            root.accounts.insert(name.clone(), Arc::new(Account { name, id, access }));
        }
    }
    let limit = |entry: Option<&LimitEntry>, default: Limit| match entry {
        Some(entry) => {
            Limit { count: entry.count.unwrap_or(default.count), percent: entry.percent.unwrap_or(default.percent) }
        }
        None => default,
    };
    let guard = draft.doc.guard.as_ref();
    root.guard = Guard {
        remove: limit(guard.and_then(|guard| guard.remove.as_ref()), Guard::default().remove),
        change: limit(guard.and_then(|guard| guard.change.as_ref()), Guard::default().change),
    };
    root.tag_sets = super::tenant::tag_sets(&mut make, &draft.doc.tag_sets);
    root
}

fn role_arn(make: &mut Maker<'_>, role: &At<String>) {
    if let Err(why) = crate::load::check::arn::fits(role, "iam", "role/") {
        make.findings.push(
            Finding::new(codes::ARN, make.file, role.span(), format!("`{}` is not the ARN of a role: {why}", **role))
                .label("not the ARN of a role"),
        );
    }
}

pub(crate) fn environment(
    name: &EnvironmentName,
    draft: &Draft<EnvironmentFile>,
    findings: &mut Vec<Finding>,
) -> Option<Environment> {
    let mut make = Maker { file: &draft.file, findings };
    let doc = &draft.doc;
    Some(Environment {
        name: name.clone(),
        id: make.id(doc.id.as_ref(), Id::from(name))?,
        order: doc.order,
        protected: doc.protected,
        prune: doc.prune,
        queue: doc.queue.into(),
        drift: drift(&mut make, doc),
    })
}

/// The shortest `drift_every`: a detection reads every resource of a stack.
const SHORTEST: SignedDuration = SignedDuration::from_hours(1);

fn drift(make: &mut Maker<'_>, doc: &EnvironmentFile) -> DriftPolicy {
    let mut ignore = Vec::with_capacity(doc.drift_ignore.len());
    for written in &doc.drift_ignore {
        match DriftPath::parse(written) {
            Ok(path) => ignore.push(path),
            Err(error) => make.invalid(written.span(), error.to_string()),
        }
    }
    let written = doc.drift_every.as_ref();
    let every = written.and_then(|written| make.duration(written)).unwrap_or(DriftPolicy::EVERY);
    if let Some(written) = written.filter(|_| every < SHORTEST) {
        make.invalid(written.span(), "`drift_every` must be at least `1h`".to_owned());
    }
    DriftPolicy { mode: doc.drift.into(), every, ignore }
}

/// Reads a target. Names of accounts and environments are checked elsewhere.
pub(crate) fn target(
    name: &TargetName,
    draft: &Draft<TargetFile>,
    root: &Root,
    findings: &mut Vec<Finding>,
) -> Option<Target> {
    let mut make = Maker { file: &draft.file, findings };
    let doc = &draft.doc;
    let id = make.id(doc.id.as_ref(), Id::from(name));
    let (roles, environments) = (make.names(&doc.roles), make.names(&doc.environments));
    let tenants = super::tenant::filter(&mut make, &doc.tenants, &doc.tenant_tags);
    let tags = make.tags(&doc.tags);
    let region = match Region::new(&doc.region) {
        Ok(region) => Some(region),
        Err(error) => {
            make.invalid(doc.region.span(), error.to_string());
            None
        }
    };
    cluster(&mut make, &doc.cluster);
    let template_bucket = doc.template_bucket.as_ref().and_then(|name| bucket(&mut make, name));
    let network = network(&mut make, doc);
    let account = root.accounts.get(doc.account.as_str())?;
    Some(Target {
        name: name.clone(),
        id: id?,
        environments,
        roles,
        account: account.name.clone(),
        place: Place { account: account.id.clone(), region: region? },
        access: account.access.clone(),
        cluster: Arc::from(doc.cluster.as_str()),
        template_bucket,
        network,
        tenants,
        tags,
    })
}

fn cluster(make: &mut Maker<'_>, cluster: &At<String>) {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if cluster.is_empty() || cluster.len() > 255 || !cluster.chars().all(fine) {
        let title =
            format!("`{}` is not a valid cluster name: use letters, digits, `-` and `_`, at most 255", **cluster);
        make.invalid(cluster.span(), title);
    }
}

fn bucket(make: &mut Maker<'_>, name: &At<String>) -> Option<BucketName> {
    BucketName::new(name).map_err(|error| make.invalid(name.span(), error.to_string())).ok()
}

/// awsvpc takes at most 16 subnets and 5 security groups.
fn network(make: &mut Maker<'_>, doc: &TargetFile) -> Network {
    let network = &doc.network;
    for (list, prefix, most) in [(&network.subnets, "subnet-", 16), (&network.security_groups, "sg-", 5)] {
        for id in list.iter().filter(|id| !id.starts_with(prefix)) {
            make.invalid(id.span(), format!("`{}` is not an id that begins with `{prefix}`", **id));
        }
        if let Some(extra) = list.get(most) {
            make.invalid(extra.span(), format!("at most {most} ids that begin with `{prefix}` are allowed here"));
        }
    }
    let texts = |list: &[At<String>]| list.iter().map(|id| Arc::from(id.as_str())).collect();
    Network {
        subnets: texts(&network.subnets),
        security_groups: texts(&network.security_groups),
        public_ip: network.public_ip,
    }
}

/// Reads a lifecycle. Names of environments are checked elsewhere. `environments` are all that there are, in promotion order.
pub(crate) fn lifecycle(
    name: &LifecycleName,
    draft: &Draft<LifecycleFile>,
    environments: &[EnvironmentName],
    findings: &mut Vec<Finding>,
) -> Option<Lifecycle> {
    let mut make = Maker { file: &draft.file, findings };
    let mut phases: Vec<Phase> = draft.doc.phase.iter().map(|entry| phase(&mut make, entry)).collect();
    let named: BTreeSet<EnvironmentName> = phases.iter().flat_map(Phase::environments).cloned().collect();
    // A second phase that names no environment holds none: a check reports that.
    if let Some(rest) = phases.iter_mut().find(|phase| phase.environments().next().is_none()) {
        rest.manual = environments.iter().filter(|environment| !named.contains(*environment)).cloned().collect();
    }
    (!phases.is_empty()).then(|| Lifecycle { name: Some(name.clone()), phases })
}

fn phase(make: &mut Maker<'_>, entry: &At<PhaseEntry>) -> Phase {
    let mut names = |list: &[At<String>]| list.iter().filter_map(|name| make.name(name)).collect();
    let (automatic, manual) = (names(&entry.automatic), names(&entry.manual));
    let soak = entry.soak.as_ref().and_then(|written| make.duration(written));
    Phase {
        name: Arc::from(entry.name.as_str()),
        automatic,
        manual,
        progress: match entry.progress.as_deref() {
            None | Some(ProgressEntry::All) => Progress::All,
            Some(ProgressEntry::Optional) => Progress::Optional,
            Some(ProgressEntry::Minimum(number)) => Progress::Minimum(*number),
        },
        soak: soak.unwrap_or(SignedDuration::ZERO),
        soak_queue: entry.soak_queue,
        unless: unless(make, entry),
        at: Some(make.file.at(entry.span().start)),
    }
}

/// What keeps a release from entering by itself. In a phase that no release enters so, it would mean nothing.
fn unless(make: &mut Maker<'_>, entry: &At<PhaseEntry>) -> BTreeSet<Unless> {
    if let (Some(first), true) = (entry.unless.first(), entry.automatic.is_empty()) {
        let title = format!("phase `{}` has `unless`, and no release enters it by itself", *entry.name);
        make.invalid_but(first.span(), title, "delete `unless`, or name environments under `automatic`");
    }
    entry.unless.iter().map(|condition| (**condition).into()).collect()
}
