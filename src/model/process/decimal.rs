//! A number with a fraction.

use serde_json::{Number, Value};

use super::{Kind, Wanted, written_as};

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

impl Wanted for Decimal {
    const NEEDS: &'static str = "a number";
    const KIND: Kind = Kind::Decimal;

    fn of_number(value: i64) -> Option<Result<Self, String>> {
        #[expect(clippy::cast_precision_loss, reason = "as TOML's own numbers with a fraction")]
        Some(Ok(Self::from(value as f64)))
    }
    fn of_decimal(value: f64) -> Option<Result<Self, String>> {
        Some(if value.is_finite() {
            Ok(Self::from(value))
        } else {
            Err(format!("`{value}` is not a number that AWS takes"))
        })
    }
    /// Without a fraction if it has none: the bytes are the same however it was written.
    fn rendered(self) -> Value {
        let value = self.get();
        #[expect(clippy::cast_possible_truncation, reason = "only where it is whole and small")]
        let whole = (value.fract() == 0.0 && value.abs() < 1e15).then(|| Number::from(value as i64));
        whole.or_else(|| Number::from_f64(value)).map_or(Value::Null, Value::Number)
    }
}

written_as!(Decimal => f64);
