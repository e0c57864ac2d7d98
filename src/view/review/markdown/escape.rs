//! Text that stays text, wherever it stands in a Markdown page.
//!
//! Two things read it. A parser of Markdown is stopped by backslashes, character references and elements without a meaning
//! (`<span>`). After it, a forge looks through the text that came out for `@team`, `#12`, hashes of commits, `:tada:` and addresses. What
//! would notify a person or close an issue gets an invisible space, [`NOTHING`], as tools write it that copy foreign
//! changelogs into pull requests; what would only be a link or a picture is parted by an element, so that it can be copied as it is.
//! Code is looked at by neither, and stays exactly as it is.

use std::fmt::Write as _;

/// A space without width. A page never has another one: [`visible`](crate::compare::visible) writes those of others out.
pub(super) const NOTHING: &str = "&ZeroWidthSpace;";

/// Where text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// At the beginning of a line, where signs and numbers make headings and lists.
    Block,
    /// In a line.
    Inside,
    /// In a cell of a table, which a vertical bar ends.
    Cell,
    /// In an HTML element, whose content is not read as Markdown.
    Html,
}

impl Where {
    /// The same place, but not at the beginning of a line.
    pub(super) fn inside(self) -> Where {
        if self == Where::Block { Where::Inside } else { self }
    }
}

/// The longest run of backticks.
pub(super) fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

/// Text as text.
pub(super) fn text(text: &str, place: Where) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let begun = if place == Where::Block { begin(text, &mut out) } else { 0 };
    let mut hash = HashRun::default();
    for (at, character) in text.char_indices().skip_while(|(at, _)| *at < begun) {
        let (before, rest) = text.split_at(at);
        let after = rest.get(character.len_utf8()..).unwrap_or_default();
        hash.step(before, rest, &mut out);
        if is_link(character, before, after) {
            let _ = write!(out, "<span>{character}</span>");
        } else {
            push(character, place, &mut out);
        }
        if is_call(character, before, after) {
            out.push_str(NOTHING);
        }
    }
    hash.end(&mut out);
    out
}

/// Text that stands out, without spaces at its ends. Asterisks do nothing between a letter and a sign, so there it is an
/// element of HTML; `alone` says on which sides there is a space or nothing.
pub(super) fn strong(text: &str, place: Where, alone: [bool; 2]) -> String {
    let inner = self::text(text, place.inside());
    let ends = [inner.chars().next(), inner.chars().next_back()];
    let works = |(end, alone): (Option<char>, bool)| {
        end.is_some_and(|end| end.is_alphanumeric() || (alone && !end.is_whitespace()))
    };
    let simple = ends.into_iter().zip(alone).all(works);
    if simple && place != Where::Html { format!("**{inner}**") } else { format!("<strong>{inner}</strong>") }
}

/// The longest run of backticks that code may contain between longer ones: parsers count them up to 80 or up to 255.
pub(super) const MOST_BACKTICKS: usize = 60;

/// Code as code.
pub(super) fn code(text: &str, place: Where) -> String {
    // In a table, a bar is written `\|` in code too; what `\\|` is there, parsers do not agree on.
    let unclear = place == Where::Cell && text.contains("\\|");
    if place == Where::Html || unclear || longest_run(text) > MOST_BACKTICKS {
        return format!("<code>{}</code>", self::text(text, place));
    }
    let ticks = "`".repeat(longest_run(text) + 1);
    // A parser takes one space from both ends, unless there is nothing else.
    let spaced = text.starts_with(' ') && text.ends_with(' ') && !text.trim_matches(' ').is_empty();
    let pad = if spaced || text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    let text = if place == Where::Cell { text.replace('|', "\\|") } else { text.to_owned() };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// A line inside `<pre>`, which a parser passes on as it is up to its end.
pub(super) fn preformatted(line: &str) -> String {
    line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Writes what stands at the beginning of a line and would make a list or a rule of it; gives its length.
fn begin(text: &str, out: &mut String) -> usize {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = text.split_at(digits);
    let ends = rest.chars().nth(1).is_none_or(|after| after == ' ');
    match rest.chars().next() {
        Some(sign @ ('-' | '+' | '=')) if digits == 0 => {
            let _ = write!(out, "\\{sign}");
            1
        }
        Some(':') if digits == 0 => {
            out.push_str("<span>:</span>");
            1
        }
        Some(sign @ ('.' | ')')) if digits > 0 && ends => {
            let _ = write!(out, "{number}\\{sign}");
            digits + 1
        }
        _ => 0,
    }
}

/// One character.
fn push(character: char, place: Where, out: &mut String) {
    match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' if place == Where::Html => out.push_str("&quot;"),
        // Neither the source nor the text that comes out has the beginning of a formula.
        '$' => out.push_str("<span>&dollar;</span>"),
        '|' => out.push_str("&vert;"),
        '`' => out.push_str("&grave;"),
        '\\' | '*' | '_' | '[' | ']' | '~' | '#' | '^' if place != Where::Html => {
            out.push('\\');
            out.push(character);
        }
        _ => out.push(character),
    }
}

/// Whether a forge would read a name or a number from here on, that of a person, a request or something else of its own.
fn is_call(character: char, before: &str, after: &str) -> bool {
    let next = after.chars().next();
    match character {
        '@' | '#' | '!' | '%' | '~' | '&' | '^' => {
            next.is_some_and(|next| next.is_alphanumeric() || "_\"".contains(next))
        }
        // `GH-12` is GitHub's, `SHOP-12` that of a tracker that a forge is connected to.
        '-' => {
            next.is_some_and(|next| next.is_ascii_digit())
                && (ends_with(before, "gh") || before.ends_with(|c: char| c.is_ascii_uppercase()))
        }
        // GitLab's differences in a line.
        '{' => after.starts_with(['+', '-']),
        _ => false,
    }
}

/// Whether a parser or a forge would make a link or a picture of this character with what stands around it.
fn is_link(character: char, before: &str, after: &str) -> bool {
    match character {
        ':' => after.starts_with("//") || is_shortcode(after),
        '.' => ends_with(before, "www"),
        _ => false,
    }
}

fn ends_with(text: &str, with: &str) -> bool {
    let from = text.len().checked_sub(with.len());
    from.and_then(|from| text.get(from..)).is_some_and(|end| end.eq_ignore_ascii_case(with))
}

/// Whether this is the rest of `:tada:`.
fn is_shortcode(after: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_+-".contains(c);
    let rest = after.trim_start_matches(word);
    rest.len() < after.len() && rest.starts_with(':')
}

/// Parts words that could be the hash of a commit: seven hexadecimal digits or more, not a number and not a word.
#[derive(Default)]
struct HashRun {
    /// Digits until the next part, inside such a word.
    left: Option<usize>,
    /// An element is open.
    open: bool,
}

impl HashRun {
    /// The shortest hash that a forge makes a link of has one digit more.
    const AT_ONCE: usize = 6;

    /// Before a character.
    fn step(&mut self, before: &str, rest: &str, out: &mut String) {
        let inside = rest.starts_with(|c: char| c.is_ascii_hexdigit());
        match self.left {
            _ if !inside => self.end(out),
            Some(0) => {
                out.push_str(if self.open { "</span>" } else { "<span>" });
                self.open = !self.open;
                self.left = Some(Self::AT_ONCE - 1);
            }
            Some(left) => self.left = Some(left - 1),
            None if !before.ends_with(|c: char| c.is_ascii_hexdigit()) && looks_like_hash(rest) => {
                out.push_str("<span>");
                self.open = true;
                self.left = Some(Self::AT_ONCE - 1);
            }
            None => {}
        }
    }

    /// After the last character.
    fn end(&mut self, out: &mut String) {
        if self.open {
            out.push_str("</span>");
        }
        *self = Self::default();
    }
}

fn looks_like_hash(rest: &str) -> bool {
    let length = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_hexdigit()).len();
    let word = rest.get(..length).unwrap_or_default();
    length > HashRun::AT_ONCE
        && word.contains(|c: char| c.is_ascii_digit())
        && word.contains(|c: char| c.is_ascii_alphabetic())
}
