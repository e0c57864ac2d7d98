//! AWS accounts by name, and how much may be pending at a time in each.

use super::name::AccountName;
use super::place::{Access, AccountId};

/// `[accounts.<name>]` in `landfall.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name in the repository.
    pub name: AccountName,
    /// Twelve digits.
    pub id: AccountId,
    /// How it is reached.
    pub access: Access,
}

/// How much may be pending at a time in one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Always allowed: this many stacks.
    pub count: u32,
    /// Or this part of the account's stacks, in percent, whichever is more.
    pub percent: u32,
}

/// `[guard]`: limits on what is pending per account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Removals; by default 5 or 10 %.
    pub remove: Limit,
    /// Changes; by default 10 or 20 %.
    pub change: Limit,
}

impl Default for Guard {
    fn default() -> Self {
        Self { remove: Limit { count: 5, percent: 10 }, change: Limit { count: 10, percent: 20 } }
    }
}
