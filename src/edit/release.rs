//! Release files: a new one, and the snapshot of an existing one.

use std::collections::BTreeMap;

use toml_edit::{DocumentMut, InlineTable, Item, Table, Value, value};

use super::{EditError, layout};
use crate::model::catalog::ImagePin;
use crate::model::{ChannelName, CommitId, Hash, ImageName};

/// A release to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewRelease<'a> {
    /// The rendering rules that it is made under.
    pub format: u32,
    pub channel: &'a ChannelName,
    /// Hash of the files that say what.
    pub inputs: Hash,
    /// Tag and digests of each image.
    pub images: &'a BTreeMap<ImageName, ImagePin>,
    /// Anything worth telling about it.
    pub notes: Option<&'a str>,
}

impl NewRelease<'_> {
    /// The file: an image without platforms is one line, one with platforms a table.
    pub fn text(&self) -> String {
        let mut document = DocumentMut::new();
        document.insert("format", value(i64::from(self.format)));
        document.insert("channel", value(self.channel.as_str()));
        document.insert("inputs", value(self.inputs.to_string()));
        if let Some(notes) = self.notes {
            document.insert("notes", value(notes));
        }
        let mut images = Table::new();
        images.decor_mut().set_prefix("\n");
        // A line after a table would belong to that table: the lines come first.
        let (lines, tables): (Vec<_>, Vec<_>) = self.images.iter().partition(|(_, pin)| pin.platforms.is_empty());
        images.set_implicit(lines.is_empty());
        for (name, pin) in lines {
            let mut line = InlineTable::new();
            for (key, text) in keys(pin) {
                line.insert(key, Value::from(text));
            }
            images.insert(name.as_str(), value(line));
        }
        for (name, pin) in tables {
            images.insert(name.as_str(), Item::Table(table(pin)));
        }
        if !self.images.is_empty() {
            document.insert("images", Item::Table(images));
        }
        document.to_string()
    }
}

fn keys(pin: &ImagePin) -> impl Iterator<Item = (&'static str, &str)> {
    [("tag", &*pin.tag)].into_iter().chain(pin.digest.as_deref().map(|digest| ("digest", digest)))
}

fn table(pin: &ImagePin) -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    for (key, text) in keys(pin) {
        table.insert(key, value(text));
    }
    let mut platforms = Table::new();
    for (platform, digest) in &pin.platforms {
        platforms.insert(platform, value(&**digest));
    }
    table.insert("platforms", Item::Table(platforms));
    table
}

/// Makes a release take what it deploys from a commit.
///
/// # Errors
/// The file is not TOML, or its `snapshot` is not text.
pub fn snapshot(text: &str, commit: &CommitId) -> Result<String, EditError> {
    let mut document: DocumentMut = layout::plain(text).parse()?;
    match document.get_mut("snapshot") {
        Some(Item::Value(old)) => {
            let decor = old.decor().clone();
            *old = Value::from(commit.0.as_str());
            *old.decor_mut() = decor;
        }
        Some(_) => return Err(EditError::Unexpected("snapshot", "a commit")),
        None => {
            document.insert("snapshot", value(commit.0.as_str()));
        }
    }
    Ok(layout::like(text, &document.to_string()))
}
