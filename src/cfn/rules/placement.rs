//! Rules over where ECS puts the tasks of a service, and moves them between availability zones.

use super::seen::Seen;
use super::service::KIND;
use super::{Fault, Judge, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "placement-field", source: "API reference of Amazon ECS, PlacementStrategy", edition: 4, run: fields },
    Rule {
        name: "rebalancing",
        source: "ECS developer guide, Balancing an Amazon ECS service across Availability Zones",
        edition: 4,
        run: rebalancing,
    },
];

/// What a placement says that spreads tasks over availability zones.
const ZONE: &str = "attribute:ecs.availability-zone";

fn fields(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        for strategy in service.get("PlacementStrategies").each() {
            let (kind, field) = (strategy.get("Type"), strategy.get("Field"));
            let named = |text: &str| text.starts_with("attribute:") || ["instanceId", "host"].contains(&text);
            let title = match kind.text().as_deref() {
                Some("random") if field.is_there() => "`random` takes no `Field`",
                Some("spread") if field.is_missing() => {
                    "`spread` needs a `Field`, like `attribute:ecs.availability-zone`"
                }
                Some("spread") if field.text().is_some_and(|text| !named(&text)) => {
                    "`spread` is by `instanceId` or by an attribute, like `attribute:ecs.availability-zone`"
                }
                Some("binpack") if field.is_missing() => "`binpack` needs a `Field`: `cpu` or `memory`",
                _ => continue,
            };
            out(Fault::at(strategy.pointer, title, "The placement strategy is not valid."));
        }
    });
}

fn rebalancing(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let on = service.get("AvailabilityZoneRebalancing");
        if !on.is("ENABLED") {
            return;
        }
        let mut wrong = |at: &Seen<'_>, title: &str| {
            let aws = format!("Availability Zone rebalancing is not supported: {title}.");
            out(Fault::at(at.pointer.clone(), title, aws));
        };
        if service.get("SchedulingStrategy").is("DAEMON") {
            wrong(
                &on,
                "the tasks of a daemon stay on their instances: `AvailabilityZoneRebalancing` is not for daemons",
            );
        } else if service.at(&["DeploymentConfiguration", "MaximumPercent"]).number() == Some(100.0) {
            wrong(&on, "rebalancing starts a task before it stops another: set `MaximumPercent` above 100");
        }
        let spreads =
            |one: &Seen<'_>| !one.get("Type").is_other_than("spread") && !one.get("Field").is_other_than(ZONE);
        let strategies = service.get("PlacementStrategies").items().unwrap_or_default();
        if let Some(first) = strategies.first().filter(|first| !spreads(first)) {
            wrong(
                first,
                "with rebalancing, the first placement strategy must spread over `attribute:ecs.availability-zone`",
            );
        }
        for constraint in service.get("PlacementConstraints").each() {
            let expression = constraint.get("Expression");
            if expression.text().is_some_and(|text| text.contains(ZONE)) {
                wrong(
                    &expression,
                    "with rebalancing, a placement constraint must not use `attribute:ecs.availability-zone`",
                );
            }
        }
    });
}
