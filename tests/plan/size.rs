//! Planning stays quick where there is much.

use std::time::Instant;

use super::world::{Live, World, what};

#[test]
fn thousands_of_slots_are_planned_in_a_moment_even_without_optimisation() {
    let mut world = World::new();
    let shape = what(&["web"]);
    for number in 0..1_000 {
        let name = format!("project-{number}");
        world.add_project(&name, &["web"]);
        world.release_of(&name, "1.4.0", shape.clone());
    }
    let mut live = Live::empty();
    for _ in 0..2 {
        let planned = world.plan(&live);
        planned.plan.begin.iter().for_each(|begin| live.succeed(begin));
        live.wait(30);
    }
    let mut renderer = landfall::template::Cache::default();
    let input =
        landfall::plan::Input { catalog: &world.catalog, facts: &live.facts, observed: &live.observed, now: live.now };
    landfall::plan::plan(&input, &mut renderer);
    let started = Instant::now();
    let planned = landfall::plan::plan(&input, &mut renderer);
    assert_eq!(planned.report.slots.len(), 1_001 * 3);
    assert!(planned.plan.is_empty());
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}
