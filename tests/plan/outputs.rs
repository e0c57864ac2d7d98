//! Outputs of other stacks in the plan: whom a change reaches, and who waits for one.

use std::collections::BTreeMap;
use std::sync::Arc;

use landfall::model::StackName;
use landfall::model::decision::{Because, Cause};
use landfall::model::facts::OutputsRead;
use landfall::model::journal::{Action, DeploymentId, ParameterValue};
use landfall::model::slot::Stamp;
use landfall::model::{Decision, Hash, Hold};
use landfall::plan::{Input, Planned, Render, plan};
use landfall::template::{Cache, Context, Outcome, Rendered};
use landfall::view::{self, Style};

use super::world::{Live, World, place, slot, what};
use super::{Story, golden};

/// Renders as always, with an output of a stack in every stack of step `web`.
#[derive(Default)]
struct Uses {
    cache: Cache,
    /// The project whose step `network` gives it; the own one where none is given.
    of: Option<&'static str>,
}

impl Render for Uses {
    fn render(&mut self, context: &Context<'_>) -> Outcome {
        let outcome = self.cache.render(context);
        let Ok(rendered) = &*outcome else { return outcome };
        if context.step.name.as_str() != "web" {
            return outcome;
        }
        let Rendered { owner, stack, mut content } = rendered.clone();
        let project = self.of.unwrap_or(context.project.id.as_str());
        let (environment, target) = (&context.environment.id, &context.target.id);
        let producer = StackName::seen(&format!("{project}-network-{environment}-{target}"));
        let value = ParameterValue::Output { stack: producer, output: "VpcId".to_owned(), at: None };
        content.hash = Hash::of(format!("{}{value:?}", content.hash).as_bytes());
        let stamp = Stamp { release: context.release.name.clone(), content: content.hash };
        content.description = Arc::from(format!("web {stamp}"));
        content.parameters = BTreeMap::from([("Vpc".to_owned(), value)]);
        Arc::new(Ok(Rendered { owner, stack, content }))
    }
}

fn planned(world: &World, live: &Live, of: Option<&'static str>) -> Planned {
    let input = Input { catalog: &world.catalog, facts: &live.facts, observed: &live.observed, now: live.now };
    plan(&input, &mut Uses { of, ..Uses::default() })
}

/// The value of the output in an environment, as its stack shows it.
fn gives(live: &mut Live, project: &str, environment: &str, value: &str) {
    let name = format!("{project}-network-{environment}-{environment}-eu");
    live.stack(&name).outputs.insert("VpcId".to_owned(), value.to_owned());
}

/// The value that the stack of `web` was deployed with.
fn has(live: &mut Live, environment: &str, value: &str) {
    live.stack(&format!("storefront-web-{environment}-{environment}-eu"))
        .parameters
        .insert("Vpc".to_owned(), value.to_owned());
}

/// A release with the steps `network` and `web`, deployed to development and test with the value `vpc-1`.
fn deployed() -> (World, Live) {
    let mut world = World::new();
    world.release_of("storefront", "1.4.0", what(&["network", "web"]));
    let mut live = Live::empty();
    for environment in ["development", "test"] {
        let plan = planned(&world, &live, None).plan;
        live.succeed(&plan.begin[0]);
        gives(&mut live, "storefront", environment, "vpc-1");
        has(&mut live, environment, "vpc-1");
        live.wait(1);
    }
    assert!(planned(&world, &live, None).plan.is_empty());
    (world, live)
}

fn orders(planned: &Planned) -> Vec<&str> {
    planned.plan.begin.iter().flat_map(|begin| &begin.orders).map(|order| order.stack.as_str()).collect()
}

#[test]
fn a_changed_output_redeploys_who_uses_it_in_lifecycle_order() {
    let (world, mut live) = deployed();
    gives(&mut live, "storefront", "development", "vpc-2");
    gives(&mut live, "storefront", "test", "vpc-2");
    let first = planned(&world, &live, None);
    assert_eq!(orders(&first), ["storefront-web-development-development-eu"]);
    let Because::Differs { parts, .. } = &first.plan.begin[0].because else { panic!("{:?}", first.plan.begin[0]) };
    assert_eq!(
        parts.iter().map(|part| &**part).collect::<Vec<_>>(),
        ["output VpcId of storefront-network-development-development-eu"]
    );
    let mut story = Story::default();
    story.tell("the output changed", &view::plan::terminal(&first.report, live.now, Style::PLAIN));
    live.succeed(&first.plan.begin[0]);
    gives(&mut live, "storefront", "development", "vpc-2");
    has(&mut live, "development", "vpc-2");
    let second = planned(&world, &live, None);
    assert_eq!(orders(&second), ["storefront-web-test-test-eu"]);
    story.tell("development has it", &view::plan::terminal(&second.report, live.now, Style::PLAIN));
    golden!("outputs_changed", story.0);
}

#[test]
fn a_value_that_was_read_and_changed_nothing_is_not_read_for_ever() {
    let (world, mut live) = deployed();
    gives(&mut live, "storefront", "development", "vpc-2");
    assert_eq!(orders(&planned(&world, &live, None)).len(), 1);
    live.facts.reads.push(OutputsRead {
        place: place(),
        stack: StackName::seen("storefront-web-development-development-eu"),
        deployment: DeploymentId(1),
        at: live.now,
        values: BTreeMap::from([("Vpc".to_owned(), "vpc-2".to_owned())]),
    });
    assert!(planned(&world, &live, None).plan.is_empty());
    live.stack("storefront-web-development-development-eu").parameters.clear();
    gives(&mut live, "storefront", "development", "vpc-3");
    assert_eq!(orders(&planned(&world, &live, None)).len(), 1, "facts alone tell too");
}

#[test]
fn who_uses_a_stack_that_changes_is_told_and_looked_at_again() {
    let (world, mut live) = deployed();
    // Somebody changes the first stack alone.
    live.stack("storefront-network-development-development-eu").description = Some("by hand".to_owned());
    let planned = planned(&world, &live, None);
    let begin = planned.plan.begin.iter().find(|begin| begin.slot == slot("development")).unwrap();
    assert_eq!(begin.orders.len(), 2, "nobody knows yet what the outputs will be");
    let rows = &planned.report.slots.iter().find(|row| row.slot == slot("development")).unwrap().stacks;
    assert_eq!(rows[0].consumers, [StackName::seen("storefront-web-development-development-eu")]);
    assert!(rows[1].consumers.is_empty());
    let shown = view::plan::terminal(&planned.report, live.now, Style::PLAIN);
    assert!(shown.contains("whose outputs storefront-web-development-development-eu uses"), "{shown}");
}

#[test]
fn a_slot_waits_for_the_stack_of_another_project_and_begins_when_it_is_there() {
    let mut world = World::new();
    world.add_project("platform", &["network"]);
    world.release_of("storefront", "1.4.0", what(&["web"]));
    let mut live = Live::empty();
    let row = |planned: &Planned| {
        planned.report.slots.iter().find(|row| row.slot == slot("development")).unwrap().decision.clone()
    };
    let waits = planned(&world, &live, Some("platform"));
    assert!(waits.plan.is_empty());
    let Decision::Held { reasons, .. } = row(&waits) else { panic!("{:?}", row(&waits)) };
    let Cause::Output { stack, outputs, there, .. } = &reasons[0].cause else { panic!("{reasons:?}") };
    assert_eq!(
        (stack.as_str(), outputs.iter().map(String::as_str).collect::<Vec<_>>(), *there),
        ("platform-network-development-development-eu", vec!["VpcId"], false)
    );
    let mut story = Story::default();
    story.tell("nothing is there", &view::plan::terminal(&waits.report, live.now, Style::PLAIN));

    world.release_of("platform", "1.0.0", what(&["network"]));
    let begins = planned(&world, &live, Some("platform"));
    assert_eq!(orders(&begins), ["platform-network-development-development-eu"]);
    live.succeed(&begins.plan.begin[0]);
    let lacks = planned(&world, &live, Some("platform"));
    assert!(!orders(&lacks).contains(&"storefront-web-development-development-eu"));
    story.tell("it lacks the output", &view::plan::terminal(&lacks.report, live.now, Style::PLAIN));
    gives(&mut live, "platform", "development", "vpc-1");
    assert!(orders(&planned(&world, &live, Some("platform"))).contains(&"storefront-web-development-development-eu"));
    golden!("outputs_of_another_project", story.0);
}

#[test]
fn another_value_of_an_output_is_another_plan_and_many_that_are_missing_are_one_reason() {
    let mut world = World::new();
    world.add_project("platform", &["network"]);
    world.release_of("storefront", "1.4.0", what(&["web"]));
    world.release_of("platform", "1.0.0", what(&["network"]));
    let mut live = Live::empty();
    let first = planned(&world, &live, Some("platform"));
    live.succeed(first.plan.begin.iter().find(|begin| begin.slot.project.as_str() == "platform").unwrap());
    let begin = |live: &Live| {
        let begins = planned(&world, live, Some("platform")).plan.begin;
        begins.into_iter().find(|begin| begin.slot == slot("development")).expect("the storefront begins")
    };
    gives(&mut live, "platform", "development", "vpc-1");
    let one = begin(&live);
    assert_eq!(begin(&live).plan, one.plan, "the same is the same plan");
    gives(&mut live, "platform", "development", "vpc-2");
    let two = begin(&live);
    assert_eq!(one.content, two.content);
    assert_ne!(one.plan, two.plan, "what was allowed for one value opens nothing for another");

    let outputs = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let (stack, place) = (StackName::seen("platform-network"), place());
    let cause = |outputs, there| Cause::Output { stack: stack.clone(), place: place.clone(), outputs, there };
    let told = |cause| view::reasons::hold(&Hold::new(cause));
    assert_eq!(
        told(cause(outputs(&["A", "B", "C", "D", "E"]), false)),
        format!("stack platform-network in {place}, whose outputs A, B, C and 2 more it uses, does not exist yet")
    );
    assert_eq!(
        told(cause(outputs(&["A", "B"]), true)),
        format!("outputs A and B of stack platform-network in {place} do not exist yet")
    );
}

#[test]
fn a_producer_is_never_in_a_later_wave_than_who_uses_it() {
    use landfall::model::Tag;
    use landfall::model::wave::{Wave, Waves, WavesOf};
    let mut world = World::new();
    let wave = |name: &str, tags: &[&str]| Wave {
        name: Arc::from(name),
        tags: landfall::model::tenant::TagFilter(tags.iter().map(|tag| Tag::parse(tag).unwrap()).collect()),
        concurrency: None,
        soak: jiff::SignedDuration::ZERO,
        failures: 0,
        at: super::world::at("projects/storefront/project.toml", 1),
    };
    world.project().waves = Some(Waves {
        of: WavesOf::Targets,
        environments: Default::default(),
        groups: vec![wave("web", &["ring/early"]), wave("rest", &[])],
    });
    // `network` has its only stack on the target of the second wave, `web` on that of the first.
    world.add_target("development-net", "development");
    world.target("development-net").roles = ["network".parse().unwrap()].into();
    world.target("development-eu").tags = [Tag::parse("ring/early").unwrap()].into();
    let mut steps = what(&["network", "web"]);
    Arc::make_mut(&mut Arc::make_mut(&mut steps).steps[0]).role = "network".parse().unwrap();
    world.release_of("storefront", "1.4.0", steps);
    struct Elsewhere(Cache);
    impl Render for Elsewhere {
        fn render(&mut self, context: &Context<'_>) -> Outcome {
            let outcome = self.0.render(context);
            let Ok(rendered) = &*outcome else { return outcome };
            let mut rendered = rendered.clone();
            if context.step.name.as_str() == "web" {
                let stack = StackName::seen("storefront-network-development-development-net");
                let value = ParameterValue::Output { stack, output: "VpcId".to_owned(), at: None };
                rendered.content.parameters.insert("Vpc".to_owned(), value);
            }
            Arc::new(Ok(rendered))
        }
    }
    let live = Live::empty();
    let input = Input { catalog: &world.catalog, facts: &live.facts, observed: &live.observed, now: live.now };
    let planned = plan(&input, &mut Elsewhere(Cache::default()));
    let orders = &planned.plan.begin[0].orders;
    let seen: Vec<(&str, usize)> = orders.iter().map(|order| (order.stack.as_str(), order.wave)).collect();
    let expected =
        [("storefront-network-development-development-net", 0), ("storefront-web-development-development-eu", 0)];
    assert_eq!(seen, expected);
    assert!(orders.iter().all(|order| matches!(order.action, Action::Put(_))));
}
