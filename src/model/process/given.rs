//! Values that a slot can decide, although they are not texts.

use super::Text;

/// A value of a step: as it is written, or a text that becomes one in each slot. It only fills a property: what decides which
/// resources exist is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given<T> {
    /// As it is written.
    Written(T),
    /// With placeholders.
    Filled(Text),
}

/// A whole number.
pub type Number = Given<u32>;

/// `true` or `false`.
pub type Flag = Given<bool>;

impl<T: Copy> Given<T> {
    /// The value, if no slot decides it.
    pub fn written(&self) -> Option<T> {
        match self {
            Given::Written(value) => Some(*value),
            Given::Filled(_) => None,
        }
    }
}

impl<T> From<T> for Given<T> {
    fn from(value: T) -> Self {
        Given::Written(value)
    }
}

impl<T: Default> Default for Given<T> {
    fn default() -> Self {
        Given::Written(T::default())
    }
}

impl Flag {
    /// Whether it is certainly `false`, in every slot.
    pub fn is_off(&self) -> bool {
        self.written() == Some(false)
    }
}
