//! The Markdown of a page, read by comrak, a port of the parser that GitHub uses, with every extension that a forge has.

use std::sync::LazyLock;

use comrak::nodes::{ListType, Node as AstNode, NodeValue};
use comrak::{Arena, Options, format_html, parse_document};
use landfall::view::review::{Block, Page, Span, code, markdown, text};
use regex_lite::Regex;

use super::dom::{Dom, Element, fragment};
use super::pages::{Made, pages};
use super::tree::{Dialect, Kind, Node, Words, same, wanted};

fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.strikethrough = true;
    extension.table = true;
    extension.autolink = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.inline_footnotes = true;
    extension.alerts = true;
    extension.math_dollars = true;
    extension.math_code = true;
    extension.shortcodes = true;
    extension.description_lists = true;
    extension.multiline_block_quotes = true;
    extension.wikilinks_title_after_pipe = true;
    extension.superscript = true;
    extension.subscript = true;
    extension.spoiler = true;
    extension.front_matter_delimiter = Some("---".to_owned());
    options.parse.relaxed_autolinks = true;
    options.render.r#unsafe = true;
    options
}

/// What a parser finds in the text.
fn found(markdown: &str) -> Vec<Node> {
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options());
    nodes(root)
}

fn nodes<'a>(parent: AstNode<'a>) -> Vec<Node> {
    parent.children().map(node).collect()
}

fn node(node: AstNode<'_>) -> Node {
    match &node.data().value {
        NodeValue::Heading(heading) => Node::Heading(heading.level - 2, words(node)),
        NodeValue::Paragraph => {
            let subscript = |child: Option<AstNode<'_>>, tag: &str| {
                child.is_some_and(|child| matches!(&child.data().value, NodeValue::HtmlInline(found) if found == tag))
            };
            if subscript(node.first_child(), "<sub>") && subscript(node.last_child(), "</sub>") {
                Node::Footer(words(node))
            } else {
                Node::Paragraph(words(node))
            }
        }
        NodeValue::Table(_) => Node::Table(node.children().map(|row| row.children().map(words).collect()).collect()),
        NodeValue::List(list) => {
            assert_eq!(list.list_type, ListType::Bullet);
            Node::List(node.children().map(item).collect())
        }
        NodeValue::BlockQuote => Node::Quote(nodes(node)),
        NodeValue::CodeBlock(block) => {
            assert!(block.fenced, "a block without fences: {}", block.literal);
            Node::Code(block.info.clone(), block.literal.clone())
        }
        NodeValue::HtmlBlock(block) => element(&block.literal),
        other => panic!("nothing like this is in a page: {other:?}"),
    }
}

fn item(item: AstNode<'_>) -> Words {
    assert!(matches!(item.data().value, NodeValue::Item(_)), "{:?}", item.data().value);
    let mut parts = item.children();
    let words = parts.next().map(words).unwrap_or_default();
    assert!(parts.next().is_none(), "an item is one line");
    words
}

/// An element of HTML that stands alone: one that folds, or code with more backticks than fences can have.
fn element(html: &str) -> Node {
    if html.trim_end() == "</details>" {
        return Node::FoldEnds;
    }
    let whole = fragment(html);
    let [element] = whole.elements().collect::<Vec<_>>()[..] else { panic!("{html}") };
    let inside: Vec<&Element> = element.elements().collect();
    match (element.name.as_str(), inside.as_slice()) {
        ("pre", [code]) => {
            let language = code.attribute("class").unwrap().strip_prefix("language-").unwrap();
            Node::Code(language.to_owned(), code.text())
        }
        ("details", [summary]) if summary.name == "summary" => Node::Fold(super::html::words(summary, true)),
        _ => panic!("{html}"),
    }
}

/// The words of a line. What only keeps a forge from reading on is no word.
fn words(parent: AstNode<'_>) -> Words {
    let mut out = Words::default();
    let mut state = State::default();
    collect(parent, &mut state, &mut out);
    assert!(!state.strong && state.code.is_none(), "an element without an end");
    out.end()
}

#[derive(Default)]
struct State {
    strong: bool,
    code: Option<String>,
}

fn collect(parent: AstNode<'_>, state: &mut State, out: &mut Words) {
    for child in parent.children() {
        match &child.data().value {
            NodeValue::Text(text) => {
                let text = text.replace('\u{200b}', "");
                match &mut state.code {
                    Some(code) => code.push_str(&text),
                    None => out.text(if state.strong { Kind::Strong } else { Kind::Text }, &text),
                }
            }
            NodeValue::Code(code) => out.code(&code.literal),
            NodeValue::Strong => {
                assert!(!state.strong, "strong in strong");
                state.strong = true;
                collect(child, state, out);
                state.strong = false;
            }
            NodeValue::HtmlInline(tag) => match tag.as_str() {
                "<strong>" => state.strong = true,
                "</strong>" => state.strong = false,
                "<code>" => state.code = Some(String::new()),
                "</code>" => out.code(&state.code.take().unwrap()),
                "<span>" | "</span>" | "<sub>" | "</sub>" => {}
                other => panic!("{other} is not an element of a page"),
            },
            other => panic!("nothing like this is in a line: {other:?}"),
        }
    }
}

/// What forges look for in text that is not code.
static CALLS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let patterns = [
        r"(^|[^A-Za-z0-9])@[A-Za-z0-9]",
        r"[A-Za-z0-9]@[A-Za-z0-9.-]+\.[A-Za-z]",
        r"#[0-9]",
        r"\b[Gg][Hh]-[0-9]",
        r"\b[A-Z]+-[0-9]",
        r"(^|\s)[!$%~&][0-9]",
        r":[a-z0-9_+-]+:",
        r"://",
        r"\b[Ww][Ww][Ww]\.",
        r"\{[+-]",
        r"\b([0-9]+[a-f]|[a-f]+[0-9])[0-9a-f]{5,}\b",
    ];
    patterns.into_iter().map(|pattern| Regex::new(pattern).unwrap()).collect()
});

/// Whatever a forge would find in the text that is not code.
fn calls(element: &Element, found: &mut Vec<String>) {
    for child in &element.children {
        match child {
            Dom::Text(text) => {
                found.extend(CALLS.iter().filter(|one| one.is_match(text)).map(|one| format!("{one} in {text:?}")));
            }
            Dom::Element(element) if ["code", "pre"].contains(&element.name.as_str()) => {}
            Dom::Element(element) => calls(element, found),
        }
    }
}

/// The elements and attributes of the page as a forge shows it that are not those of a page.
fn strange(page: &Element) -> Vec<String> {
    const KNOWN: [&str; 21] = [
        "html",
        "h3",
        "h4",
        "h5",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "li",
        "blockquote",
        "details",
        "summary",
        "pre",
        "code",
        "strong",
        "sub",
        "span",
    ];
    let mut found = Vec::new();
    for element in page.all() {
        if !KNOWN.contains(&element.name.as_str()) {
            found.push(element.name.clone());
        }
        let class = |(name, value): &&(String, String)| name == "class" && value.starts_with("language-");
        found
            .extend(element.attributes.iter().filter(|one| !class(one)).map(|(name, value)| format!("{name}={value}")));
    }
    found
}

fn rendered(markdown: &str) -> String {
    let arena = Arena::new();
    let options = options();
    let root = parse_document(&arena, markdown, &options);
    let mut html = String::new();
    format_html(root, &options, &mut html).unwrap();
    html
}

pub(super) fn check(Made { from, page }: &Made) {
    let drawn = markdown(page);
    same(&found(&drawn), &wanted(page, Dialect::Markdown), from);
    let shown = fragment(&rendered(&drawn));
    assert_eq!(strange(&shown), Vec::<String>::new(), "{from}");
    let mut called = Vec::new();
    calls(&shown, &mut called);
    assert_eq!(called, Vec::<String>::new(), "{from}");
    assert!(!drawn.contains('\r') && !drawn.contains('\u{200b}'), "{from}");
    let most = 20 * super::size_of(page) + 200;
    assert!(drawn.len() <= most, "{from}: {} bytes, {most} at most", drawn.len());
}

#[test]
fn whatever_names_and_values_say_the_markdown_has_the_structure_of_the_page() {
    let mut count = 0;
    for made in pages() {
        check(&made);
        count += 1;
    }
    println!("{count} pages");
    assert!(count > 0);
}

/// Every hostile text alone, in each place, at the beginning and after a word.
#[test]
fn each_text_is_itself_in_each_place() {
    for said in super::pages::texts() {
        for line in [
            vec![text(said)],
            vec![text("a "), text(said)],
            vec![text(said), code(said)],
            vec![Span::Strong(said.to_owned()), text("a")],
        ] {
            let page = Page {
                blocks: vec![
                    Block::Heading { level: 1, text: line.clone() },
                    Block::Paragraph(line.clone()),
                    Block::List(vec![line.clone(), line.clone()]),
                    Block::List(vec![line.clone()]),
                    Block::Table {
                        head: vec![line.clone(), line.clone()],
                        rows: vec![vec![line.clone(), line.clone()]],
                    },
                    Block::Fold {
                        title: line.clone(),
                        body: vec![Block::Code { language: "diff", text: said.to_owned() }],
                    },
                    Block::Footer(line),
                ],
            };
            check(&Made { from: format!("{said:?}"), page });
        }
    }
}

#[test]
fn names_are_easy_to_read_in_the_source() {
    let line = vec![
        text("Merging this deploys "),
        Span::Strong("storefront 1.4.0".to_owned()),
        text(" to production (eu-west-1, 111111111111): "),
        code("FEATURE_CHECKOUT"),
        text(" is 50 % of 3.5 * x."),
    ];
    assert_eq!(
        markdown(&Page { blocks: vec![Block::Heading { level: 1, text: line }] }),
        "### Merging this deploys **storefront 1.4.0** to production (eu-west-1, 111111111111): \
         `FEATURE_CHECKOUT` is 50 % of 3.5 \\* x.\n"
    );
}
