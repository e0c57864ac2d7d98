//! What the keeper knows, for pages: whole reviews, as many as there are pull requests that are looked at, and what the forge requires.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::reviewed::Reviewed;
use crate::web::Reviews;

/// So many pages are kept; the oldest pull requests go first.
const MOST: usize = 200;

/// Pages by the number of their pull request, and the statuses that a merge needs.
#[derive(Default)]
pub struct ReviewPages {
    pages: Mutex<BTreeMap<u64, Arc<str>>>,
    required: Mutex<Option<Required>>,
}

/// The statuses without which the forge merges nothing into a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required {
    pub branch: String,
    pub checks: Vec<String>,
}

impl ReviewPages {
    /// Keeps a page; gives its address, if people can reach the daemon.
    pub(super) fn put(&self, number: u64, reviewed: &Reviewed, url: Option<&str>) -> Option<String> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.insert(number, reviewed.html().into());
        while pages.len() > MOST {
            pages.pop_first();
        }
        address(number, url)
    }
}

impl ReviewPages {
    pub(super) fn require(&self, required: Required) {
        *self.required.lock().unwrap_or_else(PoisonError::into_inner) = Some(required);
    }

    /// What the forge requires; none if no forge was asked, or it did not answer yet.
    pub fn required(&self) -> Option<Required> {
        self.required.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Reviews for ReviewPages {
    fn review(&self, number: u64) -> Option<Arc<str>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }
}

/// Where the page of a pull request is.
pub(super) fn address(number: u64, url: Option<&str>) -> Option<String> {
    url.map(|url| format!("{}/reviews/{number}", url.trim_end_matches('/')))
}
