//! A number with a fraction.

/// A number with a fraction, as a file writes it; equal where it is the same to the bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal(u64);

impl Decimal {
    /// The number.
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl From<f64> for Decimal {
    fn from(number: f64) -> Self {
        Self(number.to_bits())
    }
}
