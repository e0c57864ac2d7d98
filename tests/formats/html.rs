//! The HTML of a page, read by html5ever, the parser of a browser.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use landfall::view::review::{Block, Page, code, html, text};

use super::dom::{Dom, Element, document};
use super::pages::{Made, pages};
use super::tree::{Dialect, Kind, Node, Words, same, wanted};

/// Elements that a page consists of, with their attributes.
const ELEMENTS: [(&str, &[&str]); 29] = [
    ("html", &["lang"]),
    ("head", &[]),
    ("meta", &["charset", "http-equiv", "content", "name"]),
    ("title", &[]),
    ("style", &[]),
    ("body", &[]),
    ("main", &[]),
    ("footer", &[]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("p", &["class"]),
    ("ul", &[]),
    ("li", &[]),
    ("table", &["class"]),
    ("thead", &[]),
    ("tbody", &[]),
    ("tr", &[]),
    ("th", &["scope"]),
    ("td", &["class", "data-column"]),
    ("div", &["class", "role"]),
    ("details", &[]),
    ("summary", &[]),
    ("pre", &[]),
    ("code", &["class"]),
    ("ins", &[]),
    ("del", &[]),
    ("span", &["class", "role", "aria-label"]),
    ("strong", &[]),
];

/// The words of an element. `calls` are the invisible spaces that keep a forge from reading on.
pub(super) fn words(parent: &Element, calls: bool) -> Words {
    let mut out = Words::default();
    collect(parent, Kind::Text, calls, &mut out);
    out.end()
}

fn collect(parent: &Element, kind: Kind, calls: bool, out: &mut Words) {
    let quiet = |text: &str| if calls { text.replace('\u{200b}', "") } else { text.to_owned() };
    for child in &parent.children {
        match child {
            Dom::Text(text) => out.text(kind, &quiet(text)),
            Dom::Element(element) => match element.name.as_str() {
                "code" => out.code(&quiet(&element.text())),
                "strong" => collect(element, Kind::Strong, calls, out),
                // What is drawn before the title of a callout.
                "span" if element.attribute("class") == Some("sign") => {}
                "span" => collect(element, kind, calls, out),
                other => panic!("<{other}> in a line"),
            },
        }
    }
}

fn nodes(parent: &Element, out: &mut Vec<Node>) {
    for child in &parent.children {
        let Dom::Element(element) = child else { panic!("text outside of everything: {child:?}") };
        match element.name.as_str() {
            heading @ ("h1" | "h2" | "h3") => {
                out.push(Node::Heading(heading[1..].parse().unwrap(), words(element, false)));
            }
            "p" => {
                let words = words(element, false);
                if !words.0.is_empty() {
                    out.push(Node::Paragraph(words));
                }
            }
            "table" => out.push(table(element)),
            "ul" => out.push(Node::List(element.elements().map(|item| words(item, false)).collect())),
            "div" if element.attribute("role") == Some("note") => {
                let mut inner = Vec::new();
                nodes(element, &mut inner);
                if !inner.is_empty() {
                    out.push(Node::Quote(inner));
                }
            }
            "details" => {
                let [summary, body] = element.elements().collect::<Vec<_>>()[..] else { panic!("{element:?}") };
                out.push(Node::Fold(words(summary, false)));
                nodes(body, out);
                out.push(Node::FoldEnds);
            }
            "pre" => {
                let code = element.elements().next().unwrap();
                let language = code.attribute("class").unwrap_or("text");
                out.push(Node::Code(language.to_owned(), code.text()));
            }
            "footer" => out.push(Node::Footer(words(element.elements().next().unwrap(), false))),
            other => panic!("<{other}> in a page"),
        }
    }
}

fn table(table: &Element) -> Node {
    let rows = table.all().into_iter().filter(|element| element.name == "tr");
    Node::Table(rows.map(|row| row.elements().map(|cell| words(cell, false)).collect()).collect())
}

/// What HTML draws in its own way: a title if there is none, headings without a gap, footers at the end, code of one
/// language, and no head without names.
fn as_html(all: Vec<Node>) -> Vec<Node> {
    fn inner(all: Vec<Node>, level: &mut u8) -> Vec<Node> {
        let each = |node| match node {
            Node::Heading(wanted, words) => {
                *level = wanted.min((*level).max(1) + 1);
                Node::Heading(*level, words)
            }
            Node::Quote(all) => Node::Quote(inner(all, level)),
            Node::Code(language, text) if language == "diff" => Node::Code(language, text),
            Node::Code(_, text) => Node::Code("text".to_owned(), text),
            Node::Table(mut rows) if rows.first().is_some_and(|head| head.iter().all(|cell| cell.0.is_empty())) => {
                rows.remove(0);
                Node::Table(rows)
            }
            other => other,
        };
        all.into_iter().map(each).collect()
    }
    inner(all, &mut 0)
}

fn found(page: &Element) -> Vec<Node> {
    let body = page.elements().find(|element| element.name == "body").unwrap();
    let mut out = Vec::new();
    for part in body.elements() {
        if part.name == "main" {
            nodes(part, &mut out);
        } else {
            out.push(Node::Footer(words(part.elements().next().unwrap(), false)));
        }
    }
    out
}

/// Elements and attributes that are not those of a page.
fn strange(page: &Element) -> Vec<String> {
    let mut found = Vec::new();
    for element in page.all() {
        let Some((_, known)) = ELEMENTS.iter().find(|(name, _)| *name == element.name) else {
            found.push(element.name.clone());
            continue;
        };
        let others = element.attributes.iter().map(|(name, _)| name).filter(|name| !known.contains(&name.as_str()));
        found.extend(others.map(|name| format!("{}.{name}", element.name)));
    }
    found
}

/// Whether a page begins with a title of its own.
fn is_titled(page: &Page) -> bool {
    page.blocks
        .iter()
        .any(|block| matches!(block, Block::Heading { level: 1, text } if !super::tree::words(text).0.is_empty()))
}

pub(super) fn check(Made { from, page }: &Made) {
    let drawn = html(page);
    let (parsed, errors) = document(&drawn);
    assert_eq!(errors, Vec::<String>::new(), "{from}");
    assert_eq!(strange(&parsed), Vec::<String>::new(), "{from}");
    let mut wanted = as_html(wanted(page, Dialect::Html));
    let mut found = found(&parsed);
    if !is_titled(page) {
        assert_eq!(found.remove(0), Node::Heading(1, super::tree::words(&vec![text("Review")])), "{from}");
    }
    // A footer stands at the end.
    let footers = |nodes: &mut Vec<Node>| nodes.sort_by_key(|node| matches!(node, Node::Footer(_)));
    footers(&mut wanted);
    footers(&mut found);
    same(&found, &wanted, from);
    let most = 24 * super::size_of(page) + 12_000;
    assert!(drawn.len() <= most, "{from}: {} bytes, {most} at most", drawn.len());
}

#[test]
fn whatever_names_and_values_say_the_html_has_the_structure_of_the_page() {
    let mut count = 0;
    for made in pages() {
        check(&made);
        count += 1;
    }
    println!("{count} pages");
    assert!(count > 0);
}

#[test]
fn nothing_but_the_style_sheet_of_the_page_may_be_used() {
    let page = Page { blocks: vec![Block::Paragraph(vec![code("<style>*{display:none}</style>")])] };
    let (parsed, _) = document(&html(&page));
    let metas: Vec<&Element> = parsed.all().into_iter().filter(|element| element.name == "meta").collect();
    let position = metas.iter().position(|meta| meta.attribute("http-equiv") == Some("Content-Security-Policy"));
    let style = parsed.all().into_iter().find(|element| element.name == "style").unwrap().text();
    let hash = ring::digest::digest(&ring::digest::SHA256, style.as_bytes());
    let wanted = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        STANDARD.encode(hash.as_ref())
    );
    // Before anything that a policy decides about.
    assert_eq!(position, Some(1));
    assert_eq!(metas[1].attribute("content"), Some(wanted.as_str()));
    assert!(!style.contains("url(") && !style.contains("@import"));
}
