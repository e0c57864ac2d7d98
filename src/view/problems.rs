//! Problems as annotated source on a terminal, and as JSON.
//!
//! Drawn here rather than by a library: the shape has a line for what is held and a label that stands alone, and it must be
//! readable without colours.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use crate::compare::{hide_text, names_secret, secrets_of, visible};
use crate::model::Accept;
use crate::problem::{Level, Problem, Span};

/// More problems than this are counted and not named if they stand next to something else.
const FIRST: usize = 5;

/// The widest line of source that is shown whole; longer ones are cut around the place.
const WIDTH: usize = 140;

/// Draws every problem, an empty line between two, then a line for each that is accepted, and a last line that counts them. Empty
/// without problems.
pub fn terminal(problems: &[Problem], color: bool) -> String {
    let mut out = String::new();
    let paint = Paint { color };
    for problem in problems.iter().filter(|problem| problem.counts()) {
        draw(&mut out, &without_secrets(problem), &paint);
        out.push('\n');
    }
    let accepted = problems.iter().filter_map(|problem| Some((problem, problem.accepted.as_deref()?)));
    accepted.for_each(|(problem, accept)| draw_accepted(&mut out, &without_secrets(problem), accept, &paint));
    if problems.iter().any(|problem| !problem.counts()) {
        out.push('\n');
    }
    if !problems.is_empty() {
        let _ = writeln!(out, "{}", counts(problems));
    }
    out
}

/// How many problems of each level there are, like `1 error, 2 warnings`, and how many are accepted.
fn counts(problems: &[Problem]) -> String {
    let words = |level: Level| match count(problems, level) {
        0 => None,
        1 => Some(format!("1 {}", word(level))),
        more => Some(format!("{more} {}s", word(level))),
    };
    let mut counts: Vec<String> = Level::ALL.into_iter().filter_map(words).collect();
    counts.extend(Some(accepted(problems)).filter(|count| *count > 0).map(|count| format!("{count} accepted")));
    counts.join(", ")
}

/// How many problems of a level count.
fn count(problems: &[Problem], level: Level) -> usize {
    problems.iter().filter(|problem| problem.level == level && problem.counts()).count()
}

fn accepted(problems: &[Problem]) -> usize {
    problems.iter().filter(|problem| !problem.counts()).count()
}

/// The problems of a commit next to a plan, a status or a difference: how many there are, and the first ones, errors before
/// warnings, with their place and what they hold. Empty without problems that count.
pub fn summary(problems: &[Problem]) -> String {
    if !problems.iter().any(Problem::counts) {
        return String::new();
    }
    let mut out = format!("problems of this commit: {} (landfall check explains them)\n", counts(problems));
    let of = |level| problems.iter().filter(move |problem| problem.level == level && problem.counts());
    let all = || of(Level::Error).chain(of(Level::Warning));
    for problem in all().take(FIRST) {
        let at = &problem.span.at;
        let holds = match problem.blocks.as_slice() {
            [] => String::new(),
            blocks => format!("; holds {}", blocks.join(", ")),
        };
        let title = plain(&without_secrets(problem).title);
        let (level, file) = (word(problem.level), plain(&at.file));
        let _ = writeln!(out, "  {level}[{}] {file}:{}: {title}{holds}", problem.code, at.line);
    }
    let more = all().count().saturating_sub(FIRST);
    if more > 0 {
        let _ = writeln!(out, "  and {more} more");
    }
    out
}

/// The same for programs: `errors`, `warnings` and `accepted` (how many), and `first` (the first errors, as `landfall check` gives them).
pub fn summary_json(problems: &[Problem]) -> Value {
    let errors: Vec<Problem> =
        problems.iter().filter(|problem| problem.level == Level::Error).take(FIRST).cloned().collect();
    json!({
        "errors": count(problems, Level::Error),
        "warnings": count(problems, Level::Warning),
        "accepted": accepted(problems),
        "first": json(&errors),
    })
}

struct Paint {
    color: bool,
}

impl Paint {
    fn as_level(&self, level: Level, text: &str) -> String {
        let color = match level {
            Level::Error => AnsiColor::Red,
            Level::Warning => AnsiColor::Yellow,
            Level::Note => AnsiColor::Cyan,
        };
        self.with(color.on_default().bold(), text)
    }

    fn quiet(&self, text: &str) -> String {
        self.with(AnsiColor::Cyan.on_default(), text)
    }

    fn with(&self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

fn draw(out: &mut String, problem: &Problem, paint: &Paint) {
    let head = format!("{}[{}]", word(problem.level), problem.code);
    let _ = writeln!(out, "{}: {}", paint.as_level(problem.level, &head), plain(&problem.title));
    let at = &problem.span.at;
    let last = problem.related.iter().filter(|(span, _)| span.at.file == at.file).map(|(span, _)| span.at.line);
    let margin = last.chain([at.line]).max().unwrap_or(1).to_string().len();
    let indent = " ".repeat(margin + 1);
    match &problem.source {
        Some(source) => {
            let place = format!("{}:{}:{}", at.file, at.line, at.column);
            let _ = writeln!(out, "{indent}{} {place}", paint.quiet("╭─"));
            let refused = REFUSED.contains(&problem.code);
            mark(out, source, &problem.span, (&problem.label, refused), margin, problem.level, paint);
            for (span, words) in &problem.related {
                if span.at.file == at.file {
                    let _ = writeln!(out, "{indent}{}", paint.quiet("┆"));
                    mark(out, source, span, (words, refused), margin, problem.level, paint);
                } else {
                    let _ = writeln!(out, "{indent}= {words}: {}", span.at);
                }
            }
        }
        None => {
            let _ = writeln!(out, "{indent}{} {}", paint.quiet("╭─"), plain(&at.file));
        }
    }
    if let Some(help) = &problem.help {
        let _ = writeln!(out, "{indent}= help: {}", plain(help));
    }
    if !problem.blocks.is_empty() {
        let _ = writeln!(out, "blocks: {} (held as deployed)", problem.blocks.join(", "));
    }
}

/// An accepted problem: where it is, and why it is accepted.
fn draw_accepted(out: &mut String, problem: &Problem, accept: &Accept, paint: &Paint) {
    let (at, title) = (&problem.span.at, plain(&problem.title));
    let place = if problem.source.is_some() { at.to_string() } else { at.file.to_string() };
    let _ = writeln!(out, "accepted[{}] {}: {title}", problem.code, plain(&place));
    let until = accept.until.map_or(String::new(), |until| format!("until {until}: "));
    let reason = format!("= {until}{} ({})", plain(&sentence(&accept.reason)), accept.at);
    let _ = writeln!(out, "  {}", paint.quiet(&reason));
}

/// One line of source with a mark under the place.
fn mark(
    out: &mut String,
    source: &str,
    span: &Span,
    (label, refused): (&str, bool),
    margin: usize,
    level: Level,
    paint: &Paint,
) {
    let line = source.lines().nth(span.at.line.saturating_sub(1) as usize).unwrap_or("");
    let column = span.at.column.saturating_sub(1) as usize;
    let length = source.get(span.bytes.clone()).map_or(0, |text| text.lines().next().unwrap_or("").chars().count());
    let (line, column, length) = shown_line(line, column, length, refused);
    let all: Vec<char> = line.chars().collect();
    let from = if all.len() > WIDTH { column.saturating_sub(WIDTH / 3).min(all.len()) } else { 0 };
    let shown: String = all.iter().skip(from).take(WIDTH).map(|c| if *c == '\t' { ' ' } else { *c }).collect();
    let shown = visible(&shown);
    let number = format!("{:>margin$} {}", span.at.line, "│");
    let _ = writeln!(out, "{} {}", paint.quiet(&number), shown.trim_end());
    let room = WIDTH.saturating_sub(column - from.min(column)).max(1);
    let carets = "^".repeat(length.clamp(1, room));
    let place = " ".repeat(column - from.min(column));
    let under = format!("{carets} {}", plain(label));
    let bar = format!("{} {}", " ".repeat(margin), "│");
    let _ = writeln!(out, "{} {place}{}", paint.quiet(&bar), paint.as_level(level, under.trim_end()));
}

/// Text of a repository may contain control characters, which a terminal would obey, and invisible characters.
fn plain(text: &str) -> String {
    visible(text)
}

/// Problems about a value that may not be in the repository at all.
const REFUSED: &[&str] = &["secret-parameter", "secret-reference"];

/// The problem with its words as they may be shown: without the secrets of the lines that it is about.
fn without_secrets(problem: &Problem) -> Problem {
    let mut shown = problem.clone();
    let source = problem.source.as_deref().unwrap_or("");
    let mut secrets = secrets_of("", line_at(source, problem.span.bytes.start));
    if REFUSED.contains(&problem.code) {
        // A template's default is marked at the name of its parameter.
        let key = source.get(problem.span.bytes.end..).is_some_and(|rest| rest.trim_start().starts_with([':', '=']));
        let value = source.get(problem.span.bytes.clone()).filter(|_| !key);
        secrets.extend(value.map(|value| value.trim_matches(['"', '\'']).to_owned()));
    }
    secrets.retain(|secret| !secret.is_empty());
    let clean =
        |text: &str| secrets.iter().fold(sentence(text), |text, secret| text.replace(secret.as_str(), "(hidden)"));
    shown.title = clean(&problem.title);
    shown.label = clean(&problem.label);
    shown.help = problem.help.as_deref().map(clean);
    shown
}

/// A sentence about a value, without its secrets. In "parameter `DbPassword` must …, and `x` does not" the last text in backticks is
/// the value of the first.
pub fn sentence(text: &str) -> String {
    let shown = hide_text(text);
    let parts: Vec<&str> = shown.split('`').collect();
    let about = parts.get(1).is_some_and(|name| names_secret(name)) && text.starts_with("parameter ");
    // Of an even number of backticks, the last part but one is between two of them.
    let value = parts.len().checked_sub(2).filter(|last| parts.len() % 2 == 1 && *last > 1 && about);
    let hidden =
        |(index, part): (usize, &&str)| if Some(index) == value { "(hidden)".to_owned() } else { (*part).to_owned() };
    parts.iter().enumerate().map(hidden).collect::<Vec<_>>().join("`")
}

/// Of a longer line, only this many characters on each side of the place are looked at: more than is ever shown.
const REACH: usize = 2_048;

/// The line that a byte is in, or the part of it around the byte if it is very long; empty if there is none.
fn line_at(source: &str, byte: usize) -> &str {
    let (Some(before), Some(behind)) = (source.get(..byte), source.get(byte..)) else { return "" };
    let begin =
        before.char_indices().rev().take(REACH).take_while(|(_, c)| *c != '\n').last().map_or(byte, |(at, _)| at);
    let end = behind.char_indices().take(REACH).take_while(|(_, c)| *c != '\n').last();
    let end = end.map_or(byte, |(at, last)| byte + at + last.len_utf8());
    source.get(begin..end).unwrap_or("")
}

/// A line of source as it may be shown, with the place of the mark in it and its length, in characters. Of a value that is
/// refused, and of what stands behind it, nothing is shown.
fn shown_line(line: &str, column: usize, length: usize, refused: bool) -> (String, usize, usize) {
    let from = column.saturating_sub(REACH);
    let line: String = line.chars().skip(from).take(column - from + length.min(REACH) + REACH).collect();
    let (line, column) = (line.as_str(), column - from);
    let cut = |from: usize, to: usize| line.chars().skip(from).take(to.saturating_sub(from)).collect::<String>();
    let before = hide_text(&cut(0, column));
    let place = before.chars().count();
    if refused {
        return (format!("{before}(hidden)"), place, 8);
    }
    let shown = hide_text(line);
    if shown == line {
        return (shown, column, length);
    }
    // What is marked is hidden, or something before it is.
    let through = hide_text(&cut(0, column + length)).chars().count();
    let begins = if shown.starts_with(&before) { place } else { 0 };
    let length = through.saturating_sub(begins).clamp(1, shown.chars().count().saturating_sub(begins).max(1));
    (shown, begins, length)
}

/// Every problem as JSON: `level`, `code`, `title`, `file`, `line`, `column`, `label`, `help`, `related`, `blocks`; `where` and
/// `accepted` for `[[accept]]`.
pub fn json(problems: &[Problem]) -> Value {
    let place = |span: &Span| json!({ "file": *span.at.file, "line": span.at.line, "column": span.at.column });
    let problems = problems.iter().map(without_secrets).map(|problem| {
        let related = problem.related.iter().map(|(span, words)| {
            let mut related = place(span);
            related["label"] = Value::from(words.as_str());
            related
        });
        json!({
            "level": problem.level,
            "code": problem.code,
            "title": problem.title,
            "file": *problem.span.at.file,
            "line": problem.span.at.line,
            "column": problem.span.at.column,
            "label": problem.label,
            "help": problem.help,
            "related": related.collect::<Vec<_>>(),
            "blocks": problem.blocks,
            "where": Some(problem.about.as_str()).filter(|about| !about.is_empty()),
            "accepted": problem.accepted.as_ref().map(|accept| json!({
                "reason": sentence(&accept.reason),
                "until": accept.until.map(|until| until.to_string()),
                "file": *accept.at.file,
                "line": accept.at.line,
            })),
        })
    });
    Value::Array(problems.collect())
}
