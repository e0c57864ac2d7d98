//! Findings, from which problems are made: files with lines, findings with places, suggestions for misspelt names.

use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;

use super::codes::Code;
use crate::model::catalog::Subject;
use crate::model::{Hash, Location};
use crate::problem::{Problem, Span};

/// A text file of the repository.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// Path from the root, with `/`.
    pub(crate) path: Arc<str>,
    pub(crate) text: Arc<str>,
    /// Hash of its bytes.
    pub(crate) content: Hash,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
    /// How many characters there are before each block of bytes, so that a column in a line of megabytes costs one block.
    blocks: Vec<usize>,
}

/// Bytes of a block.
const BLOCK: usize = 1024;
/// Further problems in one file are counted but not shown: people fix the first ones first.
pub(crate) const MAX_PER_FILE: usize = 100;

/// How many characters begin in these bytes of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

impl File {
    /// Takes a text and finds its lines.
    pub(crate) fn new(path: Arc<str>, text: &str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut before = 0;
        let blocks = text.as_bytes().chunks(BLOCK).map(|block| {
            let begin = before;
            before += characters(block);
            begin
        });
        let blocks = blocks.collect();
        Self { path, text: Arc::from(text), content: Hash::of(text.as_bytes()), lines, blocks }
    }

    /// Line and column of a byte.
    pub(crate) fn at(&self, byte: usize) -> Location {
        let byte = byte.min(self.text.len());
        let line = self.lines.partition_point(|begin| *begin <= byte).saturating_sub(1);
        let begin = self.lines.get(line).copied().unwrap_or(0);
        let column = self.characters_before(byte).saturating_sub(self.characters_before(begin));
        let number = |value: usize| u32::try_from(value + 1).unwrap_or(u32::MAX);
        Location { file: self.path.clone(), line: number(line), column: number(column) }
    }

    fn characters_before(&self, byte: usize) -> usize {
        let Some(index) = (byte / BLOCK).checked_sub(usize::from(byte / BLOCK >= self.blocks.len())) else { return 0 };
        let rest = self.text.as_bytes().get(index * BLOCK..byte).unwrap_or_default();
        self.blocks.get(index).copied().unwrap_or(0) + characters(rest)
    }

    /// A piece of the file.
    pub(crate) fn span(&self, bytes: Range<usize>) -> Span {
        Span { at: self.at(bytes.start), bytes }
    }
}

/// A problem with what it hides beyond the file that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The problem, without what it blocks.
    pub(crate) problem: Problem,
    /// What it may hide besides what its path says.
    pub(crate) hides: Vec<Subject>,
    /// An error that holds nothing, because what it is about stays in force as it was.
    pub(crate) holds_nothing: bool,
    /// The edition of the rules that is the first with it.
    pub(crate) since: u16,
    /// An error that an acceptance of the head makes a warning, also in the snapshots of older releases.
    pub(crate) acceptable: bool,
}

impl Finding {
    /// A problem at a place in a file.
    pub(crate) fn new(code: &Code, file: &File, bytes: Range<usize>, title: impl Into<String>) -> Self {
        let mut finding = Self::whole(code, &file.path, title);
        finding.problem.span = file.span(bytes);
        finding.problem.source = Some(file.text.clone());
        finding
    }

    /// A problem of a file or folder as a whole.
    pub(crate) fn whole(code: &Code, path: &Arc<str>, title: impl Into<String>) -> Self {
        let at = Location { file: path.clone(), line: 1, column: 1 };
        let problem = Problem {
            code: code.code,
            level: code.level,
            title: title.into(),
            span: Span { at, bytes: 0..0 },
            label: String::new(),
            help: None,
            related: Vec::new(),
            blocks: Vec::new(),
            source: None,
            about: String::new(),
            accepted: None,
        };
        Self { problem, hides: Vec::new(), holds_nothing: false, since: 0, acceptable: false }
    }

    /// The edition of the rules that is the first to refuse this.
    pub(crate) fn since(mut self, edition: u16) -> Self {
        self.since = edition;
        self
    }

    /// An error that an acceptance makes a warning.
    pub(crate) fn acceptable(mut self) -> Self {
        self.acceptable = true;
        self
    }

    /// A few words under the place.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.problem.label = label.into();
        self
    }

    /// Names of what it is about, the outermost first: what `where` of an `[[accept]]` may say.
    pub(crate) fn about(mut self, names: &[&str]) -> Self {
        self.problem.about = names.join("/");
        self
    }

    /// How to fix it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.problem.help = Some(help.into());
        self
    }

    /// The known name that is nearest to the one written; otherwise all of them, if they are few.
    pub(crate) fn suggest<'a>(mut self, written: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        self.problem.help = match nearest(written, known.iter().copied()) {
            Some(name) => Some(format!("did you mean `{name}`?")),
            None if known.is_empty() || known.len() > 12 => self.problem.help,
            None => Some(format!("available: {}", list(&known))),
        };
        self
    }

    /// Suggests the known word that is nearest to the written one, if one is near.
    pub(crate) fn suggest_near<'a>(mut self, written: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        self.problem.help = nearest(written, known).map(|name| format!("did you mean `{name}`?")).or(self.problem.help);
        self
    }

    /// Another place that belongs to it.
    pub(crate) fn related(mut self, file: &File, bytes: Range<usize>, words: impl Into<String>) -> Self {
        self.problem.related.push((file.span(bytes), words.into()));
        self
    }

    /// Something that it hides besides what its file says.
    pub(crate) fn hides(mut self, subject: Subject) -> Self {
        self.hides.push(subject);
        self
    }

    /// Stands for another one too: it is as bad as the worse of both, and hides what either hides.
    pub(crate) fn absorb(&mut self, other: Finding) {
        self.problem.about.clear();
        // What is accepted for the shorter time decides.
        let ends =
            |finding: &Finding| finding.problem.accepted.as_ref().map(|accept| accept.until.unwrap_or(Date::MAX));
        if ends(&other) < ends(self) {
            self.problem.accepted = other.problem.accepted.clone();
        }
        let mildness = |finding: &Finding| (finding.problem.level, finding.holds_nothing);
        if mildness(&other) < mildness(self) {
            self.problem.code = other.problem.code;
            self.problem.level = other.problem.level;
            self.holds_nothing = other.holds_nothing;
            self.since = other.since;
            self.acceptable = other.acceptable;
        } else if mildness(&other) == mildness(self) {
            self.since = self.since.min(other.since);
            self.acceptable &= other.acceptable;
        }
        self.hides.extend(other.hides);
        self.hides.sort();
        self.hides.dedup();
    }

    /// Holds nothing, although it is an error.
    pub(crate) fn holds_nothing(mut self) -> Self {
        self.holds_nothing = true;
        self
    }
}

/// Names in backticks, joined by commas and a last `and`.
pub(crate) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// How many names are compared for a suggestion: a repository can be made to have very many.
const MOST_COMPARED: usize = 1_000;

/// The known name with the fewest edits from the one written, if it is near enough to be meant.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = written.chars().count();
    // An absurdly long name was not mistyped, and comparing it would cost its square.
    if length > 128 {
        return None;
    }
    let limit = if length < 4 { 1 } else { (length / 3).max(2) };
    let near = |name: &&str| name.chars().count().abs_diff(length) <= limit;
    let scored = known.into_iter().filter(near).take(MOST_COMPARED).map(|name| (edits(written, name), name));
    scored.filter(|(edits, name)| *edits <= limit && *name != written).min().map(|(_, name)| name)
}

/// Insertions, removals, replacements and swaps of neighbours (optimal string alignment) between two texts.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let width = b.len() + 1;
    let mut table = vec![0usize; (a.len() + 1) * width];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i * width + j] = if i == 0 || j == 0 {
                i + j
            } else {
                let same = usize::from(a[i - 1] != b[j - 1]);
                let mut best = (table[(i - 1) * width + j] + 1)
                    .min(table[i * width + j - 1] + 1)
                    .min(table[(i - 1) * width + j - 1] + same);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(table[(i - 2) * width + j - 2] + 1);
                }
                best
            };
        }
    }
    table[a.len() * width + b.len()]
}
