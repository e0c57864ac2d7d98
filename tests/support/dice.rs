//! Numbers that look random, and the seed that they come from.

/// Numbers that look random (splitmix64, Steele, Lea and Flood 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D).wrapping_add(number))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    pub(crate) fn one<'v, T>(&mut self, of: &'v [T]) -> Option<&'v T> {
        of.get(self.below(of.len()))
    }

    /// True once in so many times.
    pub(crate) fn rarely(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// A seed, and how many things are made from it. The variable says how many, and then the seed is the clock's, so that each
/// night tries others; `LANDFALL_SEED` says that one.
pub(crate) fn wanted(variable: &str, seed: u64, count: usize) -> (u64, usize) {
    let number = |name: &str| {
        let said = std::env::var(name).ok()?;
        Some(said.parse::<u64>().unwrap_or_else(|_| panic!("{name}={said} is not a number")))
    };
    let nightly = number(variable);
    let clock = || std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let seed = number("LANDFALL_SEED").or_else(|| nightly.map(|_| clock())).unwrap_or(seed);
    (seed, nightly.map_or(count, |count| count as usize))
}
