//! A cache that forgets what the last load did not use.

use std::collections::HashMap;
use std::hash::Hash;

/// Values by key, with the load that last used each.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    entries: HashMap<K, (V, u64)>,
    load: u64,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), load: 0 }
    }
}

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    /// The value, which counts as used.
    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        let load = self.load;
        self.entries.get_mut(key).map(|(value, used)| {
            *used = load;
            value.clone()
        })
    }

    pub(crate) fn put(&mut self, key: K, value: V) {
        self.entries.insert(key, (value, self.load));
    }

    /// Ends a load: what neither it nor the one before has used is forgotten, so that a revert finds its files again.
    pub(crate) fn sweep(&mut self) {
        let load = self.load;
        self.entries.retain(|_, (_, used)| *used + 1 >= load);
        self.load += 1;
    }
}
