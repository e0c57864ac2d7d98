//! Whole numbers that a slot can decide.

use super::Text;

/// A whole number of a step: written as it is, or a text that becomes one in each slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Number {
    /// As it is written.
    Written(u32),
    /// With placeholders.
    Filled(Text),
}

impl Number {
    /// The number, where no slot decides it.
    pub fn written(&self) -> Option<u32> {
        match self {
            Number::Written(number) => Some(*number),
            Number::Filled(_) => None,
        }
    }
}

impl From<u32> for Number {
    fn from(number: u32) -> Self {
        Number::Written(number)
    }
}
