//! Tenants, freezes and waves for the [`World`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use landfall::model::catalog::Allowance;
use landfall::model::freeze::Window;
use landfall::model::tenant::{Tag, TagFilter, Tenancy, TenantFilter};
use landfall::model::wave::{Wave, Waves, WavesOf};
use landfall::model::{Freeze, Id, Slot, Tenant};

use super::world::{World, at, slot};

pub(super) fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

fn tags(texts: &[&str]) -> BTreeSet<Tag> {
    texts.iter().map(|text| tag(text)).collect()
}

/// The slot of a tenant of `storefront`.
pub(super) fn slot_of(environment: &str, tenant: &str) -> Slot {
    Slot { tenant: Some(Id::new(tenant).unwrap()), ..slot(environment) }
}

/// A wave: title, tags, how many at a time, minutes of soak, and how many may fail.
pub(super) type Group<'a> = (&'a str, &'a [&'a str], Option<u32>, i64, u32);

impl World {
    /// `storefront` is for tenants only, and every target is for every tenant that has a ring.
    pub(super) fn for_tenants() -> Self {
        let mut world = Self::new();
        world.project().tenancy = Tenancy::Tenanted;
        for environment in ["development", "test", "production"] {
            let rings = TagFilter(tags(&["ring/early", "ring/general"]));
            world.target(&format!("{environment}-eu")).tenants = TenantFilter { names: BTreeSet::new(), tags: rings };
        }
        world
    }

    /// A tenant of `storefront` in every environment, or in these.
    pub(super) fn tenant(&mut self, name: &str, ring: &str, environments: &[&str]) -> &mut Self {
        let environments = if environments.is_empty() { &["development", "test", "production"] } else { environments };
        let connected = environments.iter().map(|name| name.parse().unwrap()).collect();
        let tenant = Tenant {
            name: name.parse().unwrap(),
            id: Id::new(name).unwrap(),
            tags: tags(&[ring]),
            projects: BTreeMap::from([("storefront".parse().unwrap(), connected)]),
            variables: Vec::new(),
            at: at(&format!("tenants/{name}.toml"), 1),
        };
        self.catalog.tenants.insert(name.parse().unwrap(), Arc::new(tenant));
        self
    }

    /// Groups by name, tags, how many at a time, minutes of soak, and how many may fail.
    pub(super) fn waves(&mut self, of: WavesOf, groups: &[Group<'_>]) {
        let group = |(name, tag, concurrency, soak, failures): &(&str, &[&str], Option<u32>, i64, u32)| Wave {
            name: Arc::from(*name),
            tags: TagFilter(tags(tag)),
            concurrency: *concurrency,
            soak: SignedDuration::from_mins(*soak),
            failures: *failures,
            at: at("projects/storefront/project.toml", 9),
        };
        let environments = BTreeSet::from(["production".parse().unwrap()]);
        self.project().waves = Some(Waves { of, environments, groups: groups.iter().map(group).collect() });
    }

    /// Production is frozen from 23 to 30 November 2026.
    pub(super) fn freeze(&mut self, change: impl FnOnce(&mut Freeze)) {
        let mut freeze = Freeze {
            name: "black-friday".parse().unwrap(),
            reason: Arc::from("Black Friday"),
            environments: BTreeSet::from(["production".parse().unwrap()]),
            projects: BTreeSet::new(),
            tenants: TenantFilter::default(),
            zone: TimeZone::UTC,
            windows: vec![Window {
                from: jiff::civil::date(2026, 11, 23).at(0, 0, 0, 0),
                until: jiff::civil::date(2026, 11, 30).at(8, 0, 0, 0),
                every: None,
                last: None,
            }],
            stops_rollback: false,
            at: at("freezes/black-friday.toml", 1),
        };
        change(&mut freeze);
        self.catalog.freezes.insert(freeze.name.clone(), Arc::new(freeze));
    }

    /// The last `[[allow]]` of a deploy file, changed.
    pub(super) fn change_allow(&mut self, environment: &str, change: impl FnOnce(&mut Allowance)) {
        let file = Arc::make_mut(self.project().deploy.get_mut(environment).unwrap());
        change(file.allow.last_mut().unwrap());
    }

    /// `[tenants]` in the deploy file.
    pub(super) fn pin_tenant(&mut self, environment: &str, tenant: &str, release: &str) {
        use landfall::model::catalog::Pin;
        if !self.project().deploy.contains_key(environment) {
            self.unpin(environment);
        }
        let file = Arc::make_mut(self.project().deploy.get_mut(environment).unwrap());
        let pin = if release == "none" { Pin::None } else { Pin::Release(release.parse().unwrap()) };
        let at = at(&format!("projects/storefront/deploy/{environment}.toml"), 4);
        file.tenants.insert(tenant.parse().unwrap(), (pin, at));
    }
}
