//! HTML as html5ever reads it, the parser of a browser: elements and text, nothing else.

use html5ever::tendril::TendrilSink as _;
use html5ever::{ParseOpts, QualName, local_name, ns, parse_document, parse_fragment};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// A node of a page.
#[derive(Clone, Debug)]
pub(super) enum Dom {
    Text(String),
    Element(Element),
}

/// An element.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Dom>,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The children that are elements.
    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Dom::Element(element) => Some(element),
            Dom::Text(_) => None,
        })
    }

    /// It and every element in it.
    pub(super) fn all(&self) -> Vec<&Element> {
        std::iter::once(self).chain(self.elements().flat_map(Element::all)).collect()
    }

    /// The text in it.
    pub(super) fn text(&self) -> String {
        let text = |child: &Dom| match child {
            Dom::Text(text) => text.clone(),
            Dom::Element(element) => element.text(),
        };
        self.children.iter().map(text).collect()
    }
}

/// The `html` element of a page, and what a browser would complain about.
pub(super) fn document(html: &str) -> (Element, Vec<String>) {
    read(parse_document(RcDom::default(), ParseOpts::default()).one(html))
}

/// An element that has what is inside of a page.
pub(super) fn fragment(html: &str) -> Element {
    let body = QualName::new(None, ns!(html), local_name!("body"));
    let parser = parse_fragment(RcDom::default(), ParseOpts::default(), body, Vec::new(), false);
    read(parser.one(html)).0
}

fn read(dom: RcDom) -> (Element, Vec<String>) {
    let root = dom.document.children.borrow().iter().find_map(|child| match node(child) {
        Some(Dom::Element(element)) => Some(element),
        _ => None,
    });
    let errors = dom.errors.borrow().iter().map(ToString::to_string).collect();
    (root.unwrap(), errors)
}

/// None for what says what kind of document it is.
fn node(handle: &Handle) -> Option<Dom> {
    match &handle.data {
        NodeData::Text { contents } => Some(Dom::Text(contents.borrow().to_string())),
        NodeData::Element { name, attrs, .. } => Some(Dom::Element(Element {
            name: name.local.to_string(),
            attributes: attrs.borrow().iter().map(|one| (one.name.local.to_string(), one.value.to_string())).collect(),
            children: handle.children.borrow().iter().filter_map(node).collect(),
        })),
        NodeData::Doctype { .. } => None,
        other => panic!("nothing like this is in a page: {other:?}"),
    }
}
