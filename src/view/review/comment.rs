//! A review as a comment of a forge, which takes only so many characters: what is least important is left out, and counted.
//!
//! First to go are differences of templates, those of the last stacks first; then whole groups of stacks; then whatever else is long. The
//! first sentence, and from what commits the page was made, always stay.

use std::fmt::Write as _;

use crate::plan::review::Review;

use super::blocks::{Block, Page, strong, text};
use super::content::{About, LeftOut, Room, page_within};
use super::markdown::markdown;

/// What the paragraph on what was left out may take, without the link in it.
const RESERVE: usize = 400;

/// Draws a review with at most so many characters. `whole` is where all of it can be read.
pub fn comment(review: &Review, about: &About, most: usize, whole: Option<&str>) -> String {
    let (all, _) = page_within(review, about, Room::ALL);
    let drawn = markdown(&all);
    if drawn.chars().count() <= most {
        return drawn;
    }
    let room = most.saturating_sub(RESERVE + whole.map_or(0, |link| link.chars().count()));
    let within = |room_for: Room| page_within(review, about, room_for);
    let fits = |room_for: Room| markdown(&within(room_for).0).chars().count() <= room;
    let groups = review.stacks.len();
    let differences = |differences| Room { groups: usize::MAX, differences };
    let shown = |groups| Room { groups, differences: 0 };
    let chosen = if fits(differences(0)) {
        differences(largest(groups, |count| fits(differences(count))))
    } else {
        shown(largest(groups, |count| fits(shown(count))))
    };
    let (mut page, left) = within(chosen);
    let parts = shorten(&mut page, room);
    finish(page, &said(left, parts), whole)
}

/// The largest number up to `most` that fits, if 0 does; a larger number never fits where a smaller one does not.
fn largest(most: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// Takes parts away, the last ones first, until the rest fits; never the first sentence, or the footer. Gives how many.
fn shorten(page: &mut Page, room: usize) -> usize {
    /// Characters between two blocks.
    const BETWEEN: usize = 2;
    let size = |block: &Block| markdown(&Page { blocks: vec![block.clone()] }).chars().count() + BETWEEN;
    let sizes: Vec<usize> = page.blocks.iter().map(size).collect();
    let (mut total, mut taken) = (sizes.iter().sum::<usize>(), 0);
    for at in (1..sizes.len().saturating_sub(1)).rev() {
        if total <= room {
            break;
        }
        total -= sizes.get(at).copied().unwrap_or_default();
        page.blocks.remove(at);
        taken += 1;
    }
    taken
}

fn said(left: LeftOut, parts: usize) -> String {
    let count = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let stacks = count(left.stacks, "stack", "stacks").unwrap_or_default();
    let all = [
        count(left.differences, "difference of templates", "differences of templates"),
        count(left.groups, "group of equal stacks", "groups of equal stacks")
            .map(|groups| format!("{groups} ({stacks})")),
        count(parts, "other part", "other parts"),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The page with a paragraph on what is not there, above its footer.
fn finish(mut page: Page, left: &str, whole: Option<&str>) -> String {
    let footer = page.blocks.pop_if(|last| matches!(last, Block::Footer(_)));
    let said = text(format!(", because the forge limits the length of a comment: {left}."));
    page.blocks.push(Block::Paragraph(vec![strong("Left out here"), said]));
    let mut drawn = markdown(&page);
    if let Some(whole) = whole {
        let _ = writeln!(drawn, "\n[The whole review]({whole})");
    }
    let footer = markdown(&Page { blocks: footer.into_iter().collect() });
    if footer.is_empty() { drawn } else { format!("{drawn}\n{footer}") }
}
