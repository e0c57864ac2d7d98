//! What an edited pin will lead to: what the gates think of it, the earliest time, and what happens then.
//!
//! With a store it is the plan itself, made of the edited files, the past and what AWS shows now. With a daemon, or with its
//! facts, it is the gates' answer to that past. Without either nothing is known of what runs, and it says what will have to
//! happen first.

use jiff::Timestamp;

use super::ask::{Ask, stored};
use super::config::Config;
use super::exit::Failure;
use super::facts;
use super::wire;
use crate::daemon;
use crate::git::Reader;
use crate::load::Loaded;
use crate::model::catalog::Pin;
use crate::model::remedy::Whom;
use crate::model::{Environment, Facts, Hold, Observed, Project, ReleaseName, Tenant};
use crate::plan::{self, Input, Planned, Report};
use crate::promote::{BrokenIndex, Desired, Index, Want, desired};
use crate::view::{self, Style, reasons, time};
use crate::{cloud::Observe, template};

/// What the outlook is made from.
pub enum Known {
    /// The past, from a store; AWS is looked at.
    Store(Facts),
    /// The past, from a daemon or its facts, and what that is called.
    Told(Facts, String),
    /// Nothing.
    Nothing,
}

impl Known {
    /// What the options name.
    pub fn from(ask: &Ask, config: &Config) -> Result<Self, Failure> {
        let reader = Reader::open_local(&ask.repo).ok();
        let tell = |facts: &Facts| {
            if let Some(reader) = &reader {
                facts::tell_clone(reader, facts);
            }
        };
        if let (Some(server), Some(url)) = (ask.server(), &ask.server) {
            let facts: Facts = server.value("/facts")?;
            tell(&facts);
            return Ok(Known::Told(facts, url.clone()));
        }
        if let Some(from) = &ask.facts {
            let known = facts::Known::read(from, &ask.repo)?;
            known.tell(Timestamp::now(), reader.as_ref());
            return Ok(Known::Told(known.facts, from.clone()));
        }
        match ask.store.as_ref().or(config.store.as_ref()) {
            Some(url) => {
                let facts = super::runtime()?.block_on(stored(url))?;
                tell(&facts);
                Ok(Known::Store(facts))
            }
            None => Ok(Known::Nothing),
        }
    }

    /// The past, as far as it is known.
    pub fn facts(&self) -> Option<&Facts> {
        match self {
            Known::Store(facts) | Known::Told(facts, _) => Some(facts),
            Known::Nothing => None,
        }
    }
}

/// The slots that a pin is about: a tenant's, or every one of the environment that no line of its own names.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// The project.
    pub project: &'a Project,
    /// The environment.
    pub environment: &'a Environment,
    /// One tenant.
    pub tenant: Option<&'a Tenant>,
    /// What is pinned.
    pub pin: &'a Pin,
}

/// The outlook as lines.
///
/// # Errors
/// AWS cannot be asked at all.
pub fn outlook(
    known: &Known,
    loaded: &Loaded,
    about: &About<'_>,
    ask: &Ask,
    config: &Config,
) -> Result<String, Failure> {
    let now = Timestamp::now();
    Ok(match known {
        Known::Store(facts) => {
            let cloud = wire::cloud(config, ask.endpoint.as_deref());
            let report = super::runtime()?.block_on(planned(&cloud, loaded, facts, now)).report;
            let slots = report.slots.into_iter().filter(|row| {
                let mine = row.project == about.project.name && row.environment == about.environment.name;
                mine && about.takes(row.tenant.as_ref().map(crate::model::TenantName::as_str))
            });
            let report = Report { slots: slots.collect(), orphans: Vec::new(), ..Report::default() };
            format!("once it lands:\n{}", view::plan::terminal(&report, now, Style { color: true }))
        }
        Known::Told(facts, url) => {
            let age = facts.as_of.map_or_else(String::new, |at| format!(" as of {}", time::point(at)));
            format!("once it lands, by the facts of {url}{age}:\n{}", about.gates(loaded, facts, now))
        }
        Known::Nothing => format!(
            "nothing is known of what runs (--server or --store would tell); from nothing, it goes this way:\n{}",
            about.gates(loaded, &Facts::default(), now)
        ),
    })
}

async fn planned(cloud: &dyn Observe, loaded: &Loaded, facts: &Facts, now: Timestamp) -> Planned {
    let (observed, _) = daemon::observe(cloud, daemon::places(&loaded.catalog, facts), now).await;
    let input = Input { catalog: &loaded.catalog, facts, observed: &observed, now };
    plan::plan(&input, &mut template::Cache::default())
}

impl About<'_> {
    /// Whether the pin is about the slot of this tenant, or of none.
    fn takes(&self, tenant: Option<&str>) -> bool {
        match (self.tenant, tenant) {
            (Some(own), tenant) => tenant == Some(own.name.as_str()),
            (None, None) => true,
            (None, Some(tenant)) => {
                let deploy = self.project.deploy.get(&self.environment.name);
                deploy.is_none_or(|deploy| !deploy.tenants.keys().any(|named| named.as_str() == tenant))
            }
        }
    }

    /// What the gates say of each slot.
    fn gates(&self, loaded: &Loaded, facts: &Facts, now: Timestamp) -> String {
        let catalog = &loaded.catalog;
        let observed = Observed::default();
        let index = Index::new(facts, &observed, catalog.repository.as_ref());
        let broken = BrokenIndex::new(catalog);
        let mut text = String::new();
        for desired in desired(catalog, &index, &broken, now) {
            let here = desired.project.name == self.project.name && desired.environment.name == self.environment.name;
            let tenant = desired.tenant.map(|tenant| tenant.name.as_str());
            if here && self.takes(tenant) {
                let name = tenant.map_or_else(String::new, |tenant| format!(" for {tenant}"));
                for line in said(&desired, now) {
                    text.push_str(&format!("{}{name}: {line}\n", self.environment.name));
                }
            }
        }
        if text.is_empty() {
            text = format!("{}: the project has no slot here, so nothing is deployed\n", self.environment.name);
        }
        text
    }
}

/// What becomes of one slot.
fn said(desired: &Desired<'_>, now: Timestamp) -> Vec<String> {
    let runs = desired.runs.as_ref();
    match &desired.want {
        Want::Carry { release, .. } if runs == Some(&release.name) => vec![format!("runs {} already", release.name)],
        Want::Carry { release, .. } => {
            let from = runs.map_or_else(String::new, |runs| format!(" in place of {runs}"));
            vec![format!("every gate is open: {} is deployed at once{from}", release.name)]
        }
        Want::Wait { wanted, reasons, .. } => held(desired, Some(wanted), reasons, now),
        Want::AsDeployed { wanted, reasons } => held(desired, wanted.as_ref(), reasons, now),
        Want::Nothing { next, reasons } => held(desired, next.as_ref(), reasons, now),
        Want::Remove { .. } => match runs {
            Some(runs) => vec![format!("every stack of {runs} is deleted")],
            None => vec!["nothing is known to run here; what does is deleted".to_owned()],
        },
    }
}

fn held(desired: &Desired<'_>, release: Option<&ReleaseName>, holds: &[Hold], now: Timestamp) -> Vec<String> {
    let whom = Whom {
        project: &desired.project.name,
        environment: &desired.environment.name,
        tenant: desired.tenant.map(|tenant| &tenant.name),
        release,
    };
    let mut lines = reasons::lines_of(&whom, release, holds, now);
    // Where one of them has no end of its own, nobody knows when it will be.
    if let Some(earliest) =
        holds.iter().map(|hold| hold.until).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max())
    {
        lines.push(format!("earliest {}", time::point(earliest)));
    }
    lines
}
