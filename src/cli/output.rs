//! What the commands print: data to stdout, progress and errors to stderr, colours only if they are wanted.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

use super::exit::{Failure, chain};
use crate::view::wrap::wrap;

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[value(help = None::<&str>)]
    #[default]
    Auto,
    /// Always.
    #[value(help = None::<&str>)]
    Always,
    /// Never.
    #[value(help = None::<&str>)]
    Never,
}

impl Color {
    /// Applies the choice to everything that is printed from here on.
    pub fn apply(self) {
        let choice = match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// `--format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[value(help = None::<&str>)]
    #[default]
    Terminal,
    /// For programs: stable and documented.
    #[value(help = None::<&str>)]
    Json,
}

/// Text with every character that a terminal would obey, or that would show another order than there is, as its escape;
/// line ends, tabs and landfall's own colours stay. In JSON the escape is the character itself.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let color = rest.strip_prefix("\u{1b}[").and_then(|code| code.find(|c: char| !c.is_ascii_digit() && c != ';'));
        match (character, color) {
            ('\u{1b}', Some(digits)) if rest.as_bytes().get(2 + digits) == Some(&b'm') => {
                let (code, after) = rest.split_at(digits + 3);
                out.push_str(code);
                rest = after;
                continue;
            }
            ('\n' | '\t', _) => out.push(character),
            _ if character.is_control() || is_bidi(character) => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => out.push(character),
        }
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    out
}

/// Marks that turn the direction of text around (Unicode, UAX #9).
fn is_bidi(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Writes data to stdout; a reader that has gone away is not an error.
pub fn data(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match out.write_all(shown(text).as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new("cannot write to stdout").because(error))
        }
        _ => Ok(()),
    }
}

/// Writes a report to stdout; on a terminal, lines that are too long for it are broken between words.
pub fn page(text: &str) -> Result<(), Failure> {
    data(&fitted(text, terminal_size::terminal_size_of(io::stdout())))
}

/// How many columns stdout has; none if it is not a terminal.
pub fn width() -> Option<usize> {
    terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
}

fn fitted(text: &str, size: Option<(terminal_size::Width, terminal_size::Height)>) -> String {
    match size {
        Some((width, _)) => wrap(text, usize::from(width.0)),
        None => text.to_owned(),
    }
}

/// Writes a value to stdout as JSON.
pub fn json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new("cannot write the result as JSON").because(error))?;
    data(&format!("{text}\n"))
}

/// Writes a line of progress to stderr, broken between words where a terminal is too narrow for it. What cannot be written
/// is dropped: progress is never the result.
pub fn progress(line: &str) {
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "{}", fitted(&shown(line), terminal_size::terminal_size_of(io::stderr())));
}

/// Writes lines of progress to stderr.
pub fn progress_lines(text: &str) {
    text.lines().for_each(progress);
}

/// Writes an error to stderr: what was tried, why it failed, and what to do about it.
pub fn failure(failure: &Failure) {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    progress(&format!("{red}error{red:#}: {}", chain(failure)));
    if let Some(help) = &failure.help {
        let cyan = Style::new().fg_color(Some(AnsiColor::Cyan.into()));
        progress(&format!("  {cyan}help{cyan:#}: {help}"));
    }
}

/// Whether a person can answer questions: stdin and stderr are terminals.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
