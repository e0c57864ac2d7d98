//! Ids that look random and are not: every one follows from the seed and how many were drawn before.

/// Draws ids.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    seed: u64,
    drawn: u64,
}

impl Ids {
    /// Begins with a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    fn bytes(&mut self) -> [u8; 32] {
        self.drawn += 1;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(&self.drawn.to_le_bytes());
        *hasher.finalize().as_bytes()
    }

    /// Hexadecimal digits, at most 64.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = blake3::Hash::from_bytes(self.bytes()).to_hex().to_string();
        text.truncate(digits);
        text
    }

    /// A UUID's shape.
    pub(super) fn uuid(&mut self) -> String {
        shaped(&self.hex(32))
    }

    /// Capital letters and digits, as CloudFormation appends them to generated names; at most 32.
    pub(super) fn letters(&mut self, length: usize) -> String {
        const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        self.bytes().iter().take(length).map(|byte| char::from(ALPHABET[usize::from(*byte) % 36])).collect()
    }

    /// Decimal digits, as in `ecs-svc/0123…`; at most 32.
    pub(super) fn digits(&mut self, length: usize) -> String {
        self.bytes().iter().take(length).map(|byte| char::from(b'0' + byte % 10)).collect()
    }
}

fn shaped(hex: &str) -> String {
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or("").to_owned();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// A UUID's shape that follows from a text, for what is named after something else.
pub(super) fn uuid_of(text: &str) -> String {
    shaped(&blake3::hash(text.as_bytes()).to_hex())
}
