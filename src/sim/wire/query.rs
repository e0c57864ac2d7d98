//! The query protocol: parameters in, XML out, and pages.

use std::collections::BTreeMap;

use quick_xml::escape::escape;

use crate::sim::error::{Answer, ApiError};

/// The parameters of a request.
#[derive(Debug)]
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    pub(super) fn read(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// A parameter, if it exists and is not empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|text| !text.is_empty()).cloned()
    }

    pub(super) fn required(&self, name: &str) -> Answer<String> {
        self.text(name).ok_or_else(|| {
            let mut member = name.to_owned();
            if let Some(first) = member.get_mut(..1) {
                first.make_ascii_lowercase();
            }
            ApiError::validation(format!(
                "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
            ))
        })
    }

    /// A number of at least 1; none if it is absent.
    pub(super) fn number(&self, name: &str) -> Answer<Option<u32>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.parse::<u32>().ok().filter(|number| *number > 0);
        number.map(Some).ok_or_else(|| {
            ApiError::validation(format!(
                "1 validation error detected: Value '{text}' at '{name}' failed to satisfy constraint: Member must have value \
                 greater than or equal to 1"
            ))
        })
    }

    /// A flag; none if it is absent.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.text(name).map(|text| text == "true")
    }

    /// A list of texts: `Name.member.1`, `Name.member.2`, …
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        (1..).map_while(|index| self.0.get(&format!("{name}.member.{index}")).cloned()).collect()
    }

    /// A list of texts; none if it is not given. An empty one is given by its name without a value.
    pub(super) fn given_list(&self, name: &str) -> Option<Vec<String>> {
        let list = self.list(name);
        (!list.is_empty() || self.0.contains_key(name)).then_some(list)
    }

    /// A list of structures, each as its own parameters; none if there is no such list.
    pub(super) fn structures(&self, name: &str) -> Option<Vec<Params>> {
        let mut found: BTreeMap<usize, BTreeMap<String, String>> = BTreeMap::new();
        let prefix = format!("{name}.member.");
        for (key, value) in self.0.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix)) {
            let (index, field) = key.get(prefix.len()..)?.split_once('.')?;
            found.entry(index.parse().ok()?).or_default().insert(field.to_owned(), value.clone());
        }
        if found.is_empty() && !self.0.contains_key(name) {
            return None;
        }
        Some(found.into_values().map(Params).collect())
    }

    /// A map from texts to texts: `Name.entry.1.key`, `Name.entry.1.value`, …
    pub(super) fn pairs(&self, name: &str) -> BTreeMap<String, String> {
        let entry = |index: usize, side: &str| self.0.get(&format!("{name}.entry.{index}.{side}")).cloned();
        (1..).map_while(|index| Some((entry(index, "key")?, entry(index, "value").unwrap_or_default()))).collect()
    }

    /// Every parameter that is not empty, under the names of its members without `member` and numbers: `Tags.Key`.
    pub(super) fn given(&self) -> impl Iterator<Item = (String, &str)> {
        let is_name = |part: &&str| *part != "member" && !part.bytes().all(|byte| byte.is_ascii_digit());
        let name = move |key: &str| key.split('.').filter(is_name).collect::<Vec<_>>().join(".");
        self.0.iter().filter(|(_, value)| !value.is_empty()).map(move |(key, value)| (name(key), value.as_str()))
    }
}

/// XML that is being written.
#[derive(Debug, Default)]
pub(super) struct Xml {
    out: String,
}

impl Xml {
    /// Opens an element; attributes may follow the name.
    pub(super) fn open(&mut self, tag: &str) {
        self.out.push('<');
        self.out.push_str(tag);
        self.out.push('>');
    }

    pub(super) fn close(&mut self, tag: &str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    /// An element with text.
    pub(super) fn text(&mut self, tag: &str, text: impl AsRef<str>) {
        self.open(tag);
        self.out.push_str(&escape(text.as_ref()));
        self.close(tag);
    }

    /// An element with text, if there is one.
    pub(super) fn some(&mut self, tag: &str, text: Option<impl AsRef<str>>) {
        if let Some(text) = text {
            self.text(tag, text);
        }
    }

    /// An element with a point in time, to the millisecond.
    pub(super) fn time(&mut self, tag: &str, at: Option<jiff::Timestamp>) {
        self.some(tag, at.map(|at| format!("{at:.3}")));
    }

    /// An element with a flag.
    pub(super) fn flag(&mut self, tag: &str, on: bool) {
        self.text(tag, if on { "true" } else { "false" });
    }

    /// A list: an element with one `member` for each item.
    pub(super) fn list<T>(
        &mut self,
        tag: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.open(tag);
        for item in items {
            self.open("member");
            write(self, item);
            self.close("member");
        }
        self.close(tag);
    }

    /// A list of texts.
    pub(super) fn texts<T: AsRef<str>>(&mut self, tag: &str, items: impl IntoIterator<Item = T>) {
        self.open(tag);
        for item in items {
            self.text("member", item);
        }
        self.close(tag);
    }

    /// What was written elsewhere.
    pub(super) fn raw(&mut self, xml: &str) {
        self.out.push_str(xml);
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// The answer to an action: the result in AWS's wrapping.
pub(super) fn wrap(namespace: &str, action: &str, request_id: &str, result: impl FnOnce(&mut Xml)) -> String {
    let mut xml = Xml::default();
    xml.open(&format!("{action}Response xmlns=\"{namespace}\""));
    xml.open(&format!("{action}Result"));
    result(&mut xml);
    xml.close(&format!("{action}Result"));
    xml.open("ResponseMetadata");
    xml.text("RequestId", request_id);
    xml.close("ResponseMetadata");
    xml.close(&format!("{action}Response"));
    xml.finish()
}

/// One page of a listing, and the token of the next. The token names the last item, so that new items do not move pages.
pub(super) fn page<T>(
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    token: Option<String>,
    size: usize,
) -> Answer<(Vec<T>, Option<String>)> {
    let start = match token {
        None => 0,
        Some(token) => {
            let after = token.strip_prefix("after:").and_then(|last| items.iter().position(|item| key(item) == last));
            after.map(|index| index + 1).ok_or_else(|| ApiError::validation("NextToken is not valid"))?
        }
    };
    let more = items.len() > start + size.max(1);
    let page: Vec<T> = items.into_iter().skip(start).take(size.max(1)).collect();
    let next = page.last().filter(|_| more).map(|last| format!("after:{}", key(last)));
    Ok((page, next))
}
