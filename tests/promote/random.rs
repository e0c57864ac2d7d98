//! Random sketches: small repositories in which every rule of releases can meet every other.

use proptest::prelude::*;

use super::sketch::{ChannelLine, PhaseLine, PinLine, Place, Progress, ReleaseLine, RunLine, Sketch, TenantLine};

/// The releases that there may be, the lowest first.
pub(super) const RELEASES: [&str; 5] = ["1.0.0", "1.1.0", "1.2.0-rc.1", "1.2.0", "2.0.0"];
const ENVIRONMENTS: [&str; 3] = ["development", "test", "production"];
const TENANTS: [&str; 2] = ["acme", "beta"];

/// Which environments share a phase.
const GROUPS: [&[&[usize]]; 3] = [&[&[0], &[1], &[2]], &[&[0, 1], &[2]], &[&[0], &[1, 2]]];

/// How many cases are tried of each law: fewer if nothing is optimised, so that trying them while writing stays cheap.
pub(super) fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(if cfg!(debug_assertions) { 1_000 } else { 10_000 });
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Every slot that there may be.
pub(super) fn places() -> Vec<Place> {
    let tenants = || std::iter::once(None).chain(TENANTS.map(Some));
    ENVIRONMENTS.iter().flat_map(|name| tenants().map(|tenant| Place::new(name, tenant))).collect()
}

fn one_in(count: u8) -> impl Strategy<Value = bool> {
    (0..count).prop_map(move |number| number + 1 == count)
}

fn phases() -> impl Strategy<Value = Vec<PhaseLine>> {
    let progress = prop_oneof![Just(Progress::All), (1..3_u32).prop_map(Progress::Minimum), Just(Progress::Optional)];
    let soak = prop_oneof![Just(0), 1..60_i64];
    let lines = proptest::collection::vec((soak, one_in(3), progress), 3);
    (lines, proptest::collection::vec(any::<bool>(), 3), 0..3_usize).prop_map(|(lines, stars, joined)| {
        let groups = GROUPS[joined];
        let environment = |number: &usize| (ENVIRONMENTS[*number].to_owned(), stars[*number]);
        let phase = |(group, (soak, queue, progress)): (&&[usize], (i64, bool, Progress))| PhaseLine {
            environments: group.iter().map(environment).collect(),
            soak,
            queue,
            progress,
        };
        groups.iter().zip(lines).map(phase).collect()
    })
}

fn tenants() -> impl Strategy<Value = Vec<TenantLine>> {
    let early = || "ring/early".to_owned();
    proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<bool>(), 3)), 2).prop_map(move |lines| {
        let line = |((tagged, connected), name): ((bool, Vec<bool>), &str)| TenantLine {
            name: name.to_owned(),
            tags: tagged.then(early).into_iter().collect(),
            environments: ENVIRONMENTS
                .iter()
                .zip(connected)
                .filter(|(_, yes)| *yes)
                .map(|(e, _)| (*e).to_owned())
                .collect(),
        };
        lines.into_iter().zip(TENANTS).map(line).collect()
    })
}

fn releases() -> impl Strategy<Value = Vec<ReleaseLine>> {
    proptest::collection::vec((one_in(3), one_in(4), one_in(6), one_in(12)), RELEASES.len()).prop_map(|lines| {
        let line = |((missing, hotfix, blocked, lost), name): ((bool, bool, bool, bool), &str)| {
            let channel = if lost { "lost" } else { "hotfix" };
            let channel = (hotfix || lost).then(|| channel.to_owned());
            (!missing).then(|| ReleaseLine { name: name.to_owned(), channel, blocked })
        };
        lines.into_iter().zip(RELEASES).filter_map(line).collect()
    })
}

fn pins() -> impl Strategy<Value = Vec<PinLine>> {
    let pin = proptest::option::weighted(0.2, (0..=RELEASES.len(), one_in(6)));
    proptest::collection::vec(pin, 9).prop_map(|pins| {
        let line = |(place, pin): (Place, Option<(usize, bool)>)| {
            let (release, refuses) = pin?;
            let release = RELEASES.get(release).map_or("none", |name| name).to_owned();
            Some(PinLine { place, release, refuses })
        };
        places().into_iter().zip(pins).filter_map(line).collect()
    })
}

fn ran() -> impl Strategy<Value = Vec<(Place, Vec<RunLine>)>> {
    let run = (0..7_usize, 1..60_i64).prop_map(|(what, minutes)| match what {
        5 => RunLine::Again(minutes),
        6 => RunLine::Nothing(minutes),
        release => RunLine::Ran(RELEASES[release].to_owned(), minutes),
    });
    proptest::collection::vec(proptest::collection::vec(run, 0..4), 9)
        .prop_map(|runs| places().into_iter().zip(runs).filter(|(_, runs)| !runs.is_empty()).collect())
}

/// A repository with a lifecycle of three environments, one for hotfixes, two tenants, two channels, and a past.
pub(super) fn sketches() -> impl Strategy<Value = Sketch> {
    let what = (phases(), any::<bool>(), 0..3_usize, tenants(), one_in(4), one_in(2));
    (what, releases(), pins(), ran(), any::<bool>()).prop_map(|(what, releases, pins, ran, follow)| {
        let (phases, urgent, tenancy, tenants, early, early_hotfix) = what;
        let urgent = PhaseLine { environments: vec![("production".to_owned(), urgent)], ..PhaseLine::default() };
        let channel = |name: &str, lifecycle: &str, early: bool| ChannelLine {
            name: name.to_owned(),
            lifecycle: lifecycle.to_owned(),
            tags: early.then(|| "ring/early".to_owned()).into_iter().collect(),
        };
        let both = || vec!["default".to_owned(), "hotfix".to_owned()];
        Sketch {
            lifecycles: vec![("standard".to_owned(), phases), ("urgent".to_owned(), vec![urgent])],
            tenancy: Some(["untenanted", "both", "tenanted"][tenancy].to_owned()),
            tenants,
            channels: vec![channel("default", "standard", early), channel("hotfix", "urgent", early_hotfix)],
            releases,
            follow: follow.then(|| ("production".to_owned(), both())).into_iter().collect(),
            pins,
            ran,
            freezes: Vec::new(),
            broken: Vec::new(),
            now: Some("2026-11-23T09:00:00Z".parse().unwrap()),
        }
    })
}

/// A repository with nothing but freezes, and a time.
pub(super) fn freezes() -> impl Strategy<Value = Sketch> {
    let zone = prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("America/New_York"), Just("Asia/Kathmandu")];
    let freeze = (zone, 0..60_i64, 0..24_i64, 1..15_i64, 0..5_usize, one_in(2), one_in(3));
    (proptest::collection::vec(freeze, 0..4), 0..120_i64, 0..1440_i64).prop_map(|(freezes, days, minutes)| {
        let line = |number: usize, freeze: (&str, i64, i64, i64, usize, bool, bool)| {
            let (zone, day, hour, hours, every, last, back) = freeze;
            let from = jiff::civil::date(2026, 2, 1).at(0, 0, 0, 0) + jiff::Span::new().days(day).hours(hour);
            let until = from + jiff::Span::new().hours(hours);
            let every = ["", " every day", " every week", " every month", " every year"][every];
            let last = if last && !every.is_empty() { " last 2026-04-30" } else { "" };
            let whom = back.then(|| "stops-rollback".to_owned()).into_iter().collect();
            (format!("f{number}"), whom, format!("{zone} {from} → {until}{every}{last}"))
        };
        let start: jiff::Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
        let phase = PhaseLine { environments: vec![("production".to_owned(), false)], ..PhaseLine::default() };
        Sketch {
            lifecycles: vec![("standard".to_owned(), vec![phase])],
            freezes: freezes.into_iter().enumerate().map(|(number, freeze)| line(number, freeze)).collect(),
            now: Some(start + jiff::SignedDuration::from_mins(days * 1440 + minutes)),
            ..Sketch::default()
        }
    })
}
