//! A page on a terminal: it fits, nothing is lost, and colours say nothing alone.

use std::collections::BTreeMap;

use landfall::view::Style;
use landfall::view::review::{Block, Page, Screen, Weight, code, strong, terminal, text};
use unicode_width::UnicodeWidthChar as _;

use super::pages::{Made, pages};
use super::tree::words;

fn screen(width: usize) -> Screen {
    Screen { width, style: Style::PLAIN, unfold: true }
}

fn width(line: &str) -> usize {
    line.chars().map(|character| character.width().unwrap_or(0)).sum()
}

/// The page with `diff` for every language: lines to copy are as long as they are.
fn to_read(blocks: &[Block]) -> Vec<Block> {
    let each = |block: &Block| match block {
        Block::Code { text, .. } => Block::Code { language: "diff", text: text.clone() },
        Block::Callout { weight, title, body } => {
            Block::Callout { weight: *weight, title: title.clone(), body: to_read(body) }
        }
        Block::Fold { title, body } => Block::Fold { title: title.clone(), body: to_read(body) },
        other => other.clone(),
    };
    blocks.iter().map(each).collect()
}

fn without_colours(text: &str) -> String {
    let sgr = regex_lite::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    sgr.replace_all(text, "").into_owned()
}

/// How often each character that is seen is said.
fn counted(text: &str) -> BTreeMap<char, usize> {
    let mut counted = BTreeMap::new();
    for character in text.chars().filter(|character| !character.is_whitespace()) {
        *counted.entry(character).or_insert(0) += 1;
    }
    counted
}

pub(super) fn check(Made { from, page }: &Made) {
    let page = Page { blocks: to_read(&page.blocks) };
    for columns in [60, 80, 133] {
        let drawn = terminal(&page, screen(columns));
        for line in drawn.lines() {
            assert!(width(line) <= columns, "{from}: {columns} columns\n{line:?}");
            assert!(!line.ends_with(' '), "{from}: {line:?}");
        }
        assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'), "{from}\n{drawn:?}");
        let found = counted(&drawn);
        for (character, times) in counted(&super::said_by(&page)) {
            let there = found.get(&character).copied().unwrap_or(0);
            assert!(there >= times, "{from}: {character:?} is there {there} times of {times}\n{drawn}");
        }
        let most = 24 * super::size_of(&page) + 500;
        assert!(drawn.len() <= most, "{from}: {} bytes, {most} at most", drawn.len());
        let coloured = without_colours(&terminal(&page, Screen { style: Style { color: true }, ..screen(columns) }));
        let lines: Vec<&str> = coloured.lines().map(|line| line.trim_end_matches(' ')).collect();
        assert_eq!(lines, drawn.lines().collect::<Vec<_>>(), "{from}");
    }
}

#[test]
fn random_pages_fit_every_terminal_and_lose_nothing() {
    let mut count = 0;
    for made in pages() {
        check(&made);
        count += 1;
    }
    println!("{count} pages");
    assert!(count > 0);
}

fn page() -> Page {
    Page {
        blocks: vec![
            Block::Heading {
                level: 1,
                text: vec![text("Merging this replaces "), strong("2 services"), text(" in production.")],
            },
            Block::Table {
                head: vec![vec![], vec![text("development")], vec![text("production")]],
                rows: vec![vec![
                    vec![strong("storefront")],
                    vec![code("1.4.0")],
                    vec![text("1.3.2 → "), strong("1.4.0"), text(" on merge · 2 stacks")],
                ]],
            },
            Block::Callout {
                weight: Weight::Danger,
                title: vec![text("replacement · "), code("checkout web")],
                body: vec![Block::Paragraph(vec![
                    code("Service"),
                    text(" is replaced, because "),
                    code("Cluster"),
                    text(" changes."),
                ])],
            },
            Block::Fold {
                title: vec![text("Template, 1 line differs")],
                body: vec![Block::Code {
                    language: "diff",
                    text: "  Service\n-   Cluster: a\n+   Cluster: b\n".to_owned(),
                }],
            },
            Block::Footer(vec![text("607789c → 8c1d0f2")]),
        ],
    }
}

#[test]
fn a_page_reads_well_without_colour() {
    let folded = terminal(&page(), Screen { unfold: false, ..screen(80) });
    assert_eq!(
        folded,
        "\
Merging this replaces 2 services in production.

            development  production
──────────  ───────────  ─────────────────────────────────
storefront  1.4.0        1.3.2 → 1.4.0 on merge · 2 stacks

! replacement · `checkout web`
  Service is replaced, because Cluster changes.

▸ Template, 1 line differs (3 lines; --unfold shows them)

607789c → 8c1d0f2
"
    );
    let open = terminal(&page(), screen(80));
    assert!(open.contains("▾ Template, 1 line differs\n      Service\n    -   Cluster: a\n"), "{open}");
}

#[test]
fn columns_shrink_where_a_table_does_not_fit_and_rows_are_written_out_where_they_cannot() {
    let cell = |said: &str| vec![text(said)];
    let row = |count: usize| (0..count).map(|index| cell(&format!("cell {index} has some words"))).collect::<Vec<_>>();
    let heads = |count: usize| (0..count).map(|index| cell(&format!("head {index}"))).collect::<Vec<_>>();
    let table =
        |count: usize| Page { blocks: vec![Block::Table { head: heads(count), rows: vec![row(count), row(count)] }] };
    let three = terminal(&table(3), screen(60));
    assert!(three.starts_with("head 0               head 1               head 2\n"), "{three}");
    let nine = terminal(&table(9), screen(60));
    assert!(nine.starts_with("cell 0 has some words\n  head 1: cell 1 has some words\n"), "{nine}");
}

#[test]
fn lines_to_copy_are_never_broken() {
    let line = format!("reason = \"{}\"", "because ".repeat(20));
    let page = Page { blocks: vec![Block::Code { language: "toml", text: format!("[[allow]]\n{line}\n") }] };
    assert_eq!(terminal(&page, screen(60)), format!("  [[allow]]\n  {line}\n"));
    assert!(!words(&vec![text(line)]).0.is_empty());
}
