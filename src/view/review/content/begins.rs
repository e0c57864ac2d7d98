//! What the plan begins now, and what AWS announced for what is in flight, in the words of a review.

use crate::compare::type_name;
use crate::model::facts::Announced;
use crate::model::journal::Effect;
use crate::plan::review::{Answers, Review, answers};

use super::super::blocks::{Block, Line, Page, Weight, code, strong, text};
use super::{Room, headline, stacks, words};

/// The page below a plan: the stacks that change now; with `differences` also their templates, and AWS's answers. Empty if there
/// is nothing to say.
pub fn begins_page(review: &Review, announced: &[Announced], differences: bool) -> Page {
    let mut blocks = Vec::new();
    if !review.stacks.is_empty() {
        let said = format!("Begins now: {}.", headline::counts(&review.stacks));
        blocks.push(Block::Heading { level: 1, text: vec![text(said)] });
        blocks.extend(words::risks(&review.stacks));
        let all = stacks::stacks(&review.stacks, Room::ALL).0.into_iter();
        blocks.extend(all.filter(|block| differences || !matches!(block, Block::Fold { .. })));
    }
    if differences {
        blocks.extend(announced.iter().flat_map(of_stack));
    }
    Page { blocks }
}

fn of_stack(announced: &Announced) -> Vec<Block> {
    let all = answers(announced);
    let heading = vec![text("AWS announces for "), code(announced.stack.to_string())];
    let place = &announced.place;
    let from = format!(
        "From the change set of deployment {} (account {}, {}).",
        announced.deployment, place.account, place.region
    );
    let mut blocks = vec![Block::Heading { level: 2, text: heading }, Block::Paragraph(vec![text(from)])];
    blocks.extend(all.iter().filter(|one| !one.agree()).map(disagreement));
    if all.is_empty() {
        blocks.push(Block::Paragraph(vec![text("No resource changes.")]));
        return blocks;
    }
    let head = ["resource", "landfall predicted", "AWS announces"].map(|name| vec![text(name)]).to_vec();
    let cell = |one: &Answers, effect: Option<Effect>| vec![text(happens(&one.kind, effect))];
    let row = |one: &Answers| vec![named(one), cell(one, one.predicted), cell(one, one.announced)];
    blocks.push(Block::Table { head, rows: all.iter().map(row).collect() });
    blocks
}

fn named(one: &Answers) -> Line {
    vec![code(one.resource.to_string()), text(format!(" ({})", type_name(&one.kind)))]
}

/// One sentence: "AWS announces that Database is replaced; landfall predicted a change in place."
fn disagreement(one: &Answers) -> Block {
    let revision = one.kind.as_ref() == "AWS::ECS::TaskDefinition";
    let announced = match one.announced {
        Some(Effect::Add) => "is created",
        Some(Effect::Modify) => "is changed in place",
        Some(Effect::MayReplace) => "may be replaced",
        Some(Effect::Replace) if revision => "gets a new revision",
        Some(Effect::Replace) => "is replaced",
        Some(Effect::Remove) => "is removed",
        None => "is unchanged",
    };
    let predicted = match one.predicted {
        Some(Effect::Add) => "that it is created",
        Some(Effect::Modify) => "a change in place",
        Some(Effect::MayReplace) => "that it may be replaced",
        Some(Effect::Replace) if revision => "a new revision",
        Some(Effect::Replace) => "a replacement",
        Some(Effect::Remove) => "that it is removed",
        None => "no change",
    };
    let title = vec![
        strong("disagreement"),
        text(" · AWS announces that "),
        code(one.resource.to_string()),
        text(format!(" {announced}; landfall predicted {predicted}.")),
    ];
    Block::Callout { weight: Weight::Danger, title, body: Vec::new() }
}

/// In the words that a review has for an action.
fn happens(kind: &str, effect: Option<Effect>) -> &'static str {
    match effect {
        Some(Effect::Add) => "created",
        Some(Effect::Modify) => "changed in place",
        Some(Effect::Replace | Effect::MayReplace) if kind == "AWS::ECS::TaskDefinition" => "new revision",
        Some(Effect::MayReplace) => "may be replaced",
        Some(Effect::Replace) => "replaced",
        Some(Effect::Remove) => "removed",
        None => "no change",
    }
}
