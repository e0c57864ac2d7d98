//! Colour, if it is wanted: it repeats what the words say and never says anything alone.

use anstyle::{AnsiColor, Effects};

/// How text is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// With ANSI colours.
    pub color: bool,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A name that the eye looks for.
    Name,
    /// As it should be.
    Good,
    Moves,
    /// It is held, or needs a person.
    Held,
    /// It failed.
    Bad,
    /// Beside the point.
    Faint,
}

impl Style {
    /// Without colours.
    pub const PLAIN: Style = Style { color: false };

    /// The text in its colour.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        if !self.color || text.trim().is_empty() {
            return text.to_owned();
        }
        let style = match tone {
            Tone::Name => anstyle::Style::new().effects(Effects::BOLD),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Moves => AnsiColor::Cyan.on_default(),
            Tone::Held => AnsiColor::Yellow.on_default(),
            Tone::Bad => AnsiColor::Red.on_default(),
            Tone::Faint => anstyle::Style::new().effects(Effects::DIMMED),
        };
        format!("{}{text}{}", style.render(), style.render_reset())
    }
}
