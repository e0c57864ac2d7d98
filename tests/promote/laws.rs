//! The laws of the gates, as properties of random repositories and histories. A case that fails is printed as a sketch,
//! made as small as it can be: its lines can go into a table as they are. `PROPTEST_CASES` sets how many are tried; unless it
//! says so, 10,000 as `tests/run` builds them, 1,000 without optimisation.

use jiff::{SignedDuration, Timestamp};
use landfall::model::catalog::Pin;
use landfall::model::decision::{Cause, Waiting};
use landfall::model::remedy::{Remedy, Whom};
use landfall::model::{Hold, Version};
use landfall::promote::{Desired, Want, frozen, thaws};
use landfall::view::reasons;
use proptest::prelude::*;

use super::oracle;
use super::random::{RELEASES, config, freezes, sketches};
use super::sketch::{ChannelLine, PhaseLine, PinLine, Place, Progress, ReleaseLine, RunLine, Sketch, TenantLine};
use super::world::{World, place};

/// The same repository some minutes later: slots in which something happened did this, all others went on.
fn later(sketch: &Sketch, minutes: i64, happened: &[(Place, RunLine)]) -> Sketch {
    let mut later = sketch.clone();
    let now: Timestamp = sketch.now.unwrap();
    later.now = Some(now + SignedDuration::from_mins(minutes));
    for (place, runs) in &mut later.ran {
        match (happened.iter().find(|(there, _)| there == place), runs.last_mut()) {
            (Some((_, run)), _) => runs.push(run.clone()),
            (None, Some(RunLine::Ran(_, lasted) | RunLine::Again(lasted) | RunLine::Nothing(lasted))) => {
                *lasted += minutes;
            }
            (None, None) => {}
        }
    }
    later
}

/// What the gates say of every release in every slot.
fn gates(sketch: &Sketch) -> Vec<(Place, String, Vec<Hold>)> {
    let world = World::new(sketch);
    world.gates(|gates| {
        let mut all = Vec::new();
        for place in world.places() {
            let seat = world.seat(&place);
            let runs = gates.index.runs(&seat.slot);
            for release in world.project().releases.values() {
                let holds = gates.holds(&seat, release, runs.as_ref());
                all.push((place.clone(), release.name.to_string(), holds));
            }
        }
        all
    })
}

/// Every list of reasons that is given for a slot.
fn reasons<'d>(desired: &'d Desired<'_>) -> Vec<&'d [Hold]> {
    match &desired.want {
        Want::Nothing { reasons, .. } | Want::Wait { reasons, .. } | Want::AsDeployed { reasons, .. } => vec![reasons],
        Want::Carry { waiting, .. } => waiting.iter().map(|waiting| &waiting.reasons[..]).collect(),
        Want::Remove { .. } => Vec::new(),
    }
}

/// What is decided for a slot, in short.
fn told(desired: &Desired<'_>) -> String {
    let what = match &desired.want {
        Want::Carry { release, because, waiting } => format!("{} {because:?} {waiting:?}", release.name),
        Want::Wait { wanted, meanwhile, reasons } => {
            format!("{wanted} {:?} {reasons:?}", meanwhile.map(|release| &release.name))
        }
        other => format!("{other:?}"),
    };
    format!("{} {:?} {what}", place(desired), desired.earliest)
}

fn pinned<'w>(world: &'w World, desired: &Desired<'_>) -> Option<&'w Pin> {
    world.project().pin(&desired.environment.name, desired.tenant.map(|tenant| &tenant.name)).map(|(pin, _)| pin)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_tenant_is_judged_by_its_own_phases_and_otherwise_by_the_slot_without_a_tenant(sketch in sketches()) {
        for (place, release, holds) in gates(&sketch) {
            let open = oracle::open(&sketch, &place, &release);
            prop_assert_eq!(holds.is_empty(), open, "{} in {}: {:?}", release, place, holds);
        }
    }

    #[test]
    fn a_later_failure_never_revokes_an_earlier_success(
        sketch in sketches(),
        minutes in 1..60_i64,
        happened in proptest::collection::vec((0..9_usize, proptest::option::of(0..RELEASES.len())), 1..4),
    ) {
        let happened: Vec<(Place, RunLine)> = happened.into_iter().map(|(place, release)| {
            let run = release.map_or(RunLine::Again(minutes), |release| RunLine::Ran(RELEASES[release].to_owned(), minutes));
            (super::random::places()[place].clone(), run)
        }).collect();
        let after = gates(&later(&sketch, minutes, &happened));
        for ((place, release, before), (_, _, after)) in gates(&sketch).into_iter().zip(after) {
            prop_assert!(!before.is_empty() || after.is_empty(), "{} in {}: {:?} after {:?}", release, place, after, happened);
        }
    }

    #[test]
    fn time_alone_only_opens_gates_and_exactly_when_they_say(sketch in sketches(), minutes in 0..120_i64) {
        let after = gates(&later(&sketch, minutes, &[]));
        for ((place, release, before), (_, _, after)) in gates(&sketch).into_iter().zip(after) {
            let causes = |holds: &[Hold]| holds.iter().map(|hold| reasons::code(&hold.cause)).collect::<Vec<_>>();
            prop_assert!(after.len() <= before.len(), "{} in {}: {:?}", release, place, causes(&after));
            let Some(earliest) = Hold::earliest(&before) else { continue };
            let open = sketch.now.unwrap() + SignedDuration::from_mins(minutes) >= earliest;
            prop_assert_eq!(after.is_empty(), open, "{} in {} opens at {}", release, place, earliest);
        }
    }

    #[test]
    fn nothing_is_downgraded_by_itself(sketch in sketches()) {
        let world = World::new(&sketch);
        world.desired(|slots| {
            for desired in slots {
                let Want::Carry { release, .. } = &desired.want else { continue };
                if pinned(&world, desired).is_some() || desired.runs.as_ref() == Some(&release.name) {
                    continue;
                }
                for ran in sketch.ran_in(&place(desired)) {
                    let RunLine::Ran(name, _) = ran else { continue };
                    let known = world.project().releases.contains_key(name.as_str());
                    let lower = release.version < Version::parse(name).unwrap();
                    prop_assert!(!(known && lower), "{}: {} ran, and {} comes", place(desired), name, release.name);
                }
                prop_assert!(release.blocked.is_none(), "{}: {} is blocked", place(desired), release.name);
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_slot_that_once_ran_a_release_may_always_go_back_to_it(mut sketch in sketches(), pick in any::<prop::sample::Index>()) {
        let ran = |runs: &[RunLine]| runs.iter().filter_map(|run| match run {
            RunLine::Ran(release, _) => Some(release.clone()),
            _ => None,
        }).collect::<Vec<_>>();
        let ever: Vec<(Place, String)> = sketch.ran.iter()
            .flat_map(|(place, runs)| ran(runs).into_iter().map(move |release| (place.clone(), release)))
            .filter(|(place, _)| place.tenant.is_some() || sketch.tenancy.as_deref() != Some("tenanted"))
            .collect();
        if ever.is_empty() {
            return Ok(());
        }
        let (back_in, back) = pick.get(&ever).clone();
        if !sketch.releases.iter().any(|line| line.name == back) {
            sketch.releases.push(ReleaseLine { name: back.clone(), channel: None, blocked: true });
        }
        sketch.pins.retain(|pin| pin.place != back_in);
        sketch.pins.push(PinLine { place: back_in.clone(), release: back.clone(), refuses: false });
        World::new(&sketch).desired(|slots| {
            let slot = slots.iter().find(|desired| place(desired) == back_in).unwrap();
            let carried = matches!(&slot.want, Want::Carry { release, .. } if release.name.as_str() == back);
            prop_assert!(carried, "{} back to {}: {}", back_in, back, told(slot));
            Ok(())
        })?;
    }

    #[test]
    fn an_optional_phase_never_blocks(sketch in sketches(), which in any::<prop::sample::Index>()) {
        let mut optional = sketch.clone();
        let phases = &mut optional.lifecycles[0].1;
        let phase = which.index(phases.len());
        phases[phase].progress = Progress::Optional;
        let names: Vec<String> = phases[phase].environments.iter().map(|(name, _)| name.clone()).collect();
        for ((place, release, with), (_, _, without)) in gates(&sketch).into_iter().zip(gates(&optional)) {
            prop_assert!(without.len() <= with.len());
            for hold in &without {
                let about = match &hold.cause {
                    Cause::Soak { environment, .. } => vec![environment.clone()],
                    Cause::Phase { missing, .. } => missing.clone(),
                    _ => Vec::new(),
                };
                let blocks = about.iter().any(|environment| names.iter().any(|name| name == environment.as_str()));
                prop_assert!(!blocks, "{} in {}: {:?}", release, place, hold);
            }
        }
    }

    #[test]
    fn every_no_names_its_cause_and_what_would_release_it(sketch in sketches()) {
        let world = World::new(&sketch);
        world.desired(|slots| {
            for desired in slots {
                for holds in reasons(desired) {
                    prop_assert!(!holds.is_empty(), "{}", told(desired));
                    prop_assert!(!reasons::lines(None, holds, world.now).is_empty());
                    for hold in holds {
                        let whom = Whom {
                            project: &desired.project.name,
                            environment: &desired.environment.name,
                            tenant: desired.tenant.map(|tenant| &tenant.name),
                            release: None,
                        };
                        prop_assert!(!Remedy::of(hold, &whom).is_empty(), "{:?} has no way out", hold);
                        prop_assert!(reasons::hold(hold).len() > 10 && !reasons::code(&hold.cause).is_empty());
                        prop_assert!(hold.since.is_none_or(|since| since <= world.now), "{:?}", hold);
                        prop_assert!(hold.until.is_none_or(|until| until > world.now), "{:?}", hold);
                    }
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_pin_is_obeyed_or_waited_for_and_nothing_else_comes(sketch in sketches()) {
        let world = World::new(&sketch);
        world.desired(|slots| {
            for desired in slots {
                let own = desired.tenant.is_some_and(|tenant| {
                    sketch.pins.iter().any(|pin| pin.place.tenant.as_deref() == Some(tenant.name.as_str())
                        && pin.place.environment == desired.environment.name.as_str())
                });
                let connected = oracle::connected(&sketch, &place(desired));
                let Some(Pin::Release(name)) = pinned(&world, desired).filter(|_| own || connected) else { continue };
                let fine = match &desired.want {
                    Want::Carry { release, .. } => &release.name == name,
                    Want::Wait { wanted, meanwhile, .. } => {
                        wanted == name && meanwhile.is_none_or(|release| Some(&release.name) == desired.runs.as_ref())
                    }
                    Want::AsDeployed { wanted, .. } => wanted.as_ref() == Some(name),
                    Want::Nothing { .. } | Want::Remove { .. } => false,
                };
                prop_assert!(fine, "{}", told(desired));
            }
            Ok(())
        })?;
    }

    #[test]
    fn what_waits_by_itself_comes_at_its_earliest_time_and_not_before(sketch in sketches()) {
        let world = World::new(&sketch);
        let waits: Vec<(Place, Timestamp, String)> = world.desired(|slots| {
            let waits = |desired: &Desired<'_>| match &desired.want {
                Want::Wait { wanted, .. } => Some((place(desired), desired.earliest?, wanted.to_string())),
                _ => None,
            };
            slots.iter().filter_map(waits).collect()
        });
        for (waiting, earliest, wanted) in waits {
            let minutes = earliest.duration_since(world.now).as_mins();
            for (minutes, comes) in [(minutes, true), (minutes - 1, false)] {
                World::new(&later(&sketch, minutes, &[])).desired(|slots| {
                    let slot = slots.iter().find(|desired| place(desired) == waiting).unwrap();
                    let carried = matches!(&slot.want, Want::Carry { release, .. } if release.name.as_str() == wanted);
                    prop_assert_eq!(carried, comes, "after {} min: {}", minutes, told(slot));
                    Ok(())
                })?;
            }
        }
    }

    #[test]
    fn what_soaks_is_let_finish_and_no_longer(sketch in sketches()) {
        let world = World::new(&sketch);
        let queue = |waiting: &[Waiting]| {
            let holds = waiting.iter().flat_map(|one| &one.reasons);
            holds.filter(|hold| matches!(hold.cause, Cause::SoakQueue { .. })).find_map(|hold| hold.until)
        };
        let mut queued: Vec<(Place, Timestamp)> = Vec::new();
        world.desired(|slots| {
            for desired in slots {
                let Want::Carry { release, waiting, .. } = &desired.want else { continue };
                let Some(until) = queue(waiting) else { continue };
                prop_assert_eq!(desired.runs.as_ref(), Some(&release.name), "{}", told(desired));
                queued.push((place(desired), until));
            }
            Ok(())
        })?;
        for (there, until) in queued {
            let minutes = until.duration_since(world.now).as_mins();
            World::new(&later(&sketch, minutes, &[])).desired(|slots| {
                let slot = slots.iter().find(|desired| place(desired) == there).unwrap();
                let still = matches!(&slot.want, Want::Carry { waiting, .. } if queue(waiting).is_some());
                prop_assert!(!still, "{}", told(slot));
                Ok(())
            })?;
        }
    }

    #[test]
    fn the_same_input_gives_the_same_output(sketch in sketches()) {
        let answer = || World::new(&sketch).desired(|slots| slots.iter().map(told).collect::<Vec<_>>());
        prop_assert_eq!(answer(), answer());
        prop_assert_eq!(Sketch::read(&format!("{sketch:?}").lines().skip(1).collect::<Vec<_>>()), sketch);
    }

    #[test]
    fn what_does_not_concern_a_slot_changes_nothing_for_it(sketch in sketches()) {
        let mut more = sketch.clone();
        let everywhere = ["development", "test", "production"].map(str::to_owned).to_vec();
        more.tenants.push(TenantLine { name: "gamma".to_owned(), tags: Vec::new(), environments: everywhere });
        more.pins.push(PinLine { place: Place::read("test/gamma"), release: RELEASES[0].to_owned(), refuses: false });
        more.ran.push((Place::read("test/gamma"), vec![RunLine::Ran(RELEASES[1].to_owned(), 5)]));
        let lab = PhaseLine { environments: vec![("lab".to_owned(), true)], ..PhaseLine::default() };
        more.lifecycles.push(("lab".to_owned(), vec![lab]));
        more.channels.push(ChannelLine { name: "lab".to_owned(), lifecycle: "lab".to_owned(), tags: Vec::new() });
        more.releases.push(ReleaseLine { name: "9.0.0".to_owned(), channel: Some("lab".to_owned()), blocked: false });
        let always = "UTC 2020-01-01T00:00 → 2030-01-01T00:00".to_owned();
        more.freezes.push(("for-gamma".to_owned(), vec!["tenant=gamma".to_owned()], always.clone()));
        more.freezes.push(("for-lab".to_owned(), vec!["lab".to_owned()], always));
        let answers = |sketch: &Sketch| {
            let world = World::new(sketch);
            world.desired(|slots| slots.iter().map(|desired| {
                let tenant = desired.tenant.map(|tenant| &**tenant);
                let (project, environment) = (&desired.project.name, &desired.environment.name);
                let freezes = frozen(&world.catalog, project, environment, tenant, false, world.now).len();
                (place(desired), told(desired), freezes)
            }).collect::<Vec<_>>())
        };
        let ours = |(place, ..): &(Place, String, usize)| {
            place.environment != "lab" && place.tenant.as_deref() != Some("gamma")
        };
        prop_assert_eq!(answers(&sketch), answers(&more).into_iter().filter(ours).collect::<Vec<_>>());
    }

    #[test]
    fn a_freeze_lets_go_when_it_says(sketch in freezes()) {
        let world = World::new(&sketch);
        let seat = world.seat(&Place::read("production"));
        let (project, environment) = (&seat.project.name, &seat.environment.name);
        let holding = |at| frozen(&world.catalog, project, environment, None, false, at);
        for one in holding(world.now) {
            prop_assert!(one.since <= world.now && one.until.is_none_or(|until| until > world.now));
            let hold = one.hold(&"7f3a91c2".into(), &"deploy.toml".into());
            prop_assert!(reasons::key(&hold, project, environment, None).is_some(), "an allowance opens it");
        }
        let back = frozen(&world.catalog, project, environment, None, true, world.now);
        prop_assert!(back.iter().all(|one| one.freeze.stops_rollback && holding(world.now).contains(one)));
        let Some(thaw) = thaws(&world.catalog, project, environment, None, false, world.now) else { return Ok(()) };
        prop_assert!(holding(thaw).is_empty());
        prop_assert_eq!(thaw > world.now, !holding(world.now).is_empty());
        if thaw > world.now {
            prop_assert!(!holding(thaw - SignedDuration::from_secs(1)).is_empty());
        }
    }
}
