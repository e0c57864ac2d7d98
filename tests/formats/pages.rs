//! Random pages of text that somebody wrote to make a page say something else. Same seed, same pages.
//!
//! `LANDFALL_PAGES` says how many; a failure names the seed for `LANDFALL_SEED`.

use landfall::view::review::{Block, Line, Page, Span, Weight, code, strong, text};

use crate::support::dice::{Random, wanted};

/// Text that is read as something else where it is not escaped.
const HOSTILE: [&str; 111] = [
    "",
    " ",
    "   ",
    "\n",
    "\r",
    "\r\n\r\n",
    "\t",
    "\t\tx",
    "a\nb\n\n# c",
    "a\r# b",
    "`",
    "``",
    "```",
    "````\n",
    "`a`",
    "``b`` `",
    " `c` ",
    "~~~",
    "~~~text",
    "~a~",
    "~~b~~",
    "|",
    "||",
    "a|b",
    "\\|",
    "\\\\|",
    "a\\",
    "\\",
    "\\\\",
    "\\`",
    "| a | b |\n| --- | --- |\n| c | d |",
    "--- | ---",
    ":-: | --",
    "*",
    "**",
    "*a*",
    "**a**",
    "***",
    "_a_",
    "__a__",
    "snake_case_name",
    "# a",
    "####### a",
    "#",
    "a #",
    "-",
    "- a",
    "+ a",
    "---",
    "===",
    "=",
    "* * *",
    "1. a",
    "1) a",
    "1986\\. a",
    "12",
    ". a",
    "> a",
    ">",
    "[a](https://example.com)",
    "![a](https://example.com/a.png)",
    "[a]: https://example.com",
    "[^1]",
    "[^1]: a",
    "[ ] a",
    "[x] a",
    "[[wiki]]",
    "]",
    "[",
    "!",
    "<b>",
    "<!-- a -->",
    "</details>",
    "<details open><summary>a</summary>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href=\"javascript:alert(1)\">a</a>",
    "<https://example.com>",
    "]]>",
    "<![CDATA[a]]>",
    "<?php ?>",
    "\" onmouseover=\"alert(1)",
    "'\"><svg onload=alert(1)>",
    "&lt;",
    "&#35;",
    "&",
    "&amp;copy;",
    "&copy;",
    "https://example.com/a?b=c#d",
    "http://example.com.",
    "www.example.com",
    "ftp://example.com",
    "mailto:someone@example.com",
    "someone@example.com",
    "@team",
    "@team/people",
    "fixes #12",
    "Closes owner/repo#3",
    "GH-12",
    "closes gh-7",
    "!34",
    "$5",
    "$a$ and $b$",
    "$$x$$",
    "$`a`$",
    ":tada:",
    ":+1: a:b:c:",
    "> [!CAUTION]",
    "d92514d8a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5",
    "{+ a +}",
    "%7",
];

/// Characters that nobody sees, or that change what others look like.
const UNSEEN: [&str; 16] = [
    "\u{0}",
    "\u{1b}[31mred",
    "\u{7}",
    "\u{85}",
    "\u{a0}",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}abc",
    "\u{2066}x",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{e0041}\u{e0042}",
    "\u{fe0f}",
    "\u{ad}",
    "\u{fffd}",
];

/// Text that is nothing but text.
const PLAIN: [&str; 14] = [
    "storefront",
    "1.4.0",
    "eu-west-1",
    "AWS::ECS::Service",
    "is replaced",
    "Merging this deploys",
    "2 stacks",
    "naïve",
    "日本語",
    "\u{1f680}",
    "שלום",
    "é\u{301}",
    "arn:aws:ecs:eu-west-1:111111111111:service/prod",
    "\\ud83d",
];

/// A page, and what makes it again.
pub(super) struct Made {
    pub(super) from: String,
    pub(super) page: Page,
}

/// As many pages as are wanted.
pub(super) fn pages() -> impl Iterator<Item = Made> {
    let (seed, count) = wanted("LANDFALL_PAGES", 20_261_130, 500);
    (0..count as u64).map(move |number| {
        let mut random = Random::new(seed, number);
        Made { from: format!("LANDFALL_SEED={seed} LANDFALL_PAGES={count}, page {number}"), page: page(&mut random) }
    })
}

fn page(random: &mut Random) -> Page {
    let mut page = Page { blocks: blocks(random, 3, 10) };
    if random.rarely(2) {
        page.blocks.insert(0, Block::Heading { level: 1, text: line(random) });
        page.blocks.push(Block::Footer(line(random)));
    }
    page
}

fn blocks(random: &mut Random, depth: usize, most: usize) -> Vec<Block> {
    (0..random.below(most)).map(|_| block(random, depth)).collect()
}

fn block(random: &mut Random, depth: usize) -> Block {
    match random.below(if depth == 0 { 6 } else { 9 }) {
        0 => Block::Heading { level: 1 + random.below(3) as u8, text: line(random) },
        1 => Block::Paragraph(line(random)),
        2 | 3 => {
            let columns = random.below(6);
            let row = |random: &mut Random| (0..columns).map(|_| line(random)).collect();
            Block::Table { head: row(random), rows: (0..random.below(5)).map(|_| row(random)).collect() }
        }
        4 => Block::List((0..random.below(5)).map(|_| line(random)).collect()),
        5 => {
            let language = *random.one(&["diff", "toml", "text"]).unwrap();
            let signs = ["+", "-", " ", "@@ ", ""];
            let lines = (0..random.below(8)).map(|_| format!("{}{}", random.one(&signs).unwrap(), said(random)));
            Block::Code { language, text: lines.collect::<Vec<_>>().join("\n") }
        }
        6 | 7 => Block::Callout {
            weight: if random.rarely(2) { Weight::Danger } else { Weight::Note },
            title: line(random),
            body: blocks(random, depth - 1, 4),
        },
        _ => Block::Fold { title: line(random), body: blocks(random, depth - 1, 4) },
    }
}

fn line(random: &mut Random) -> Line {
    (0..random.below(5)).map(|_| span(random)).collect()
}

fn span(random: &mut Random) -> Span {
    let said = said(random);
    match random.below(3) {
        0 => text(said),
        1 => strong(said),
        _ => code(said),
    }
}

/// One text after the other, with or without a space between.
fn said(random: &mut Random) -> String {
    if random.rarely(200) {
        let unit = *random.one(&["a", "`", "|", "\\", "- ", "日", "\u{202e}", "@a", "[", "<"]).unwrap();
        return unit.repeat(10_000 / unit.len());
    }
    let mut out = String::new();
    for _ in 0..1 + random.below(4) {
        out.push_str(match random.below(6) {
            0 => random.one(&UNSEEN).unwrap(),
            1 | 2 => random.one(&PLAIN).unwrap(),
            _ => random.one(&HOSTILE).unwrap(),
        });
        if random.rarely(2) {
            out.push(' ');
        }
    }
    out
}

/// Every text that pages are made of.
pub(super) fn texts() -> impl Iterator<Item = &'static str> {
    HOSTILE.into_iter().chain(UNSEEN).chain(PLAIN)
}
