//! What the account itself has: the truth beside what landfall says.

use std::collections::BTreeSet;

use landfall::model::Place;
use landfall::sim::{Effect, World};
use landfall::view::table::{Cell, Table};

/// Every stack that anybody has: name, place, status, and what its services run.
pub(super) fn stacks(world: &mut World, places: &[Place]) -> String {
    let mut table = Table::default();
    for place in places {
        for stack in world.describe_stacks(place) {
            table.push(vec![
                Cell::plain(stack.name.clone()),
                Cell::plain(place.to_string()),
                Cell::plain(stack.status.as_str()),
                Cell::plain(services(world, place, &stack.id)),
            ]);
        }
    }
    let drawn = table.draw();
    if drawn.is_empty() { "there is no stack\n".to_owned() } else { drawn }
}

fn services(world: &World, place: &Place, stack: &str) -> String {
    let own = world.services(place).filter(|service| service.stack.as_deref() == Some(stack));
    let told = own.filter(|service| service.status == "ACTIVE").map(|service| {
        let running = service.revisions.iter().filter(|revision| service.running(Some(&revision.arn)) > 0);
        let images = running.flat_map(|revision| &revision.images);
        let images: BTreeSet<&str> = images.map(|(_, image, _)| image.as_str()).collect();
        let images: Vec<&str> = images.into_iter().collect();
        match service.running(None) {
            0 => format!("0 of {} tasks run", service.desired),
            running => format!("{running} of {} tasks run {}", service.desired, images.join(" and ")),
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

/// Every mutation that the account accepted, in order.
pub(super) fn ledger(world: &World) -> String {
    let mut table = Table::default();
    for accepted in world.ledger() {
        let effect = match accepted.effect {
            Effect::Effective => "",
            Effect::Replayed => "had been done before",
        };
        table.push(vec![
            Cell::plain(accepted.operation.clone()),
            Cell::plain(accepted.subject.clone()),
            Cell::plain(effect),
        ]);
    }
    table.draw()
}
