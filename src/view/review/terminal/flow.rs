//! Text of several tones, broken into lines between words.

use unicode_width::UnicodeWidthChar as _;

use crate::view::style::{Style, Tone};

/// A run of text of one tone.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    tone: Option<Tone>,
    text: String,
    /// It is one word, whatever spaces are in it.
    whole: bool,
}

impl Piece {
    /// Text, broken between words.
    pub(super) fn new(tone: Option<Tone>, text: String) -> Self {
        Self { tone, text, whole: false }
    }

    /// Text that is broken only where it is longer than a line.
    pub(super) fn whole(tone: Option<Tone>, text: String) -> Self {
        Self { tone, text, whole: true }
    }
}

/// The columns that a text takes (Unicode, UAX #11), character by character.
pub(super) fn width_of(text: &str) -> usize {
    text.chars().map(|character| character.width().unwrap_or(0)).sum()
}

/// What stands between two spaces: runs of different tones that touch.
#[derive(Debug, Default)]
struct Word<'p> {
    runs: Vec<(Option<Tone>, &'p str)>,
    width: usize,
}

impl<'p> Word<'p> {
    fn push(&mut self, tone: Option<Tone>, text: &'p str) {
        if !text.is_empty() {
            self.width += width_of(text);
            self.runs.push((tone, text));
        }
    }
}

/// Breaks pieces into lines of at most `width` columns, and draws them. Spaces in a row are one. Nothing gives no line.
pub(super) fn lines(pieces: &[Piece], width: usize, style: Style) -> Vec<String> {
    let mut page = Lines { done: Vec::new(), line: String::new(), at: 0, width: width.max(2), style };
    for word in words(pieces) {
        page.word(&word);
    }
    page.end()
}

/// The width of the longest word and of everything on one line.
pub(super) fn widths(pieces: &[Piece]) -> (usize, usize) {
    let words = words(pieces);
    let longest = words.iter().map(|word| word.width).max().unwrap_or(0);
    let all = words.iter().map(|word| word.width + 1).sum::<usize>();
    (longest, all.saturating_sub(1))
}

fn words(pieces: &[Piece]) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut word = Word::default();
    for Piece { tone, text, whole } in pieces {
        if *whole {
            word.push(*tone, text);
            continue;
        }
        for (index, part) in text.split(' ').enumerate() {
            if index > 0 && !word.runs.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            word.push(*tone, part);
        }
    }
    if !word.runs.is_empty() {
        words.push(word);
    }
    words
}

/// Lines while they are made.
struct Lines {
    done: Vec<String>,
    line: String,
    at: usize,
    width: usize,
    style: Style,
}

impl Lines {
    fn word(&mut self, word: &Word<'_>) {
        if self.at > 0 && self.at + 1 + word.width > self.width {
            self.next();
        } else if self.at > 0 {
            self.line.push(' ');
            self.at += 1;
        }
        for (tone, text) in &word.runs {
            let parts = cut(text, self.width.saturating_sub(self.at), self.width);
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    self.next();
                }
                self.at += width_of(part);
                match tone {
                    Some(tone) => self.line.push_str(&self.style.paint(*tone, part)),
                    None => self.line.push_str(part),
                }
            }
        }
    }

    fn next(&mut self) {
        self.done.push(std::mem::take(&mut self.line));
        self.at = 0;
    }

    fn end(mut self) -> Vec<String> {
        if self.at > 0 {
            self.next();
        }
        self.done
    }
}

/// Cuts a text into parts: the first of at most `first` columns, the others of at most `others`. A character that is wider
/// than that stands alone. There is always one part.
pub(super) fn cut(text: &str, first: usize, others: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut at, mut room) = (0, first);
    for character in text.chars() {
        let wide = character.width().unwrap_or(0);
        if at + wide > room && (at > 0 || parts.len() == 1) {
            parts.push(String::new());
            (at, room) = (0, others);
        }
        at += wide;
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts
}
