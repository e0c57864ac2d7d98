//! Whole reviews, for the links in comments: as many as there are pull requests that are looked at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::reviewed::Reviewed;
use crate::web::Reviews;

/// So many pages are kept; the oldest pull requests go first.
const MOST: usize = 200;

/// Pages by the number of their pull request.
#[derive(Default)]
pub struct ReviewPages(Mutex<BTreeMap<u64, Arc<str>>>);

impl ReviewPages {
    /// Keeps a page; gives its address, if people can reach the daemon.
    pub(super) fn put(&self, number: u64, reviewed: &Reviewed, url: Option<&str>) -> Option<String> {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.insert(number, reviewed.html().into());
        while pages.len() > MOST {
            pages.pop_first();
        }
        address(number, url)
    }
}

impl Reviews for ReviewPages {
    fn review(&self, number: u64) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }
}

/// Where the page of a pull request is.
pub(super) fn address(number: u64, url: Option<&str>) -> Option<String> {
    url.map(|url| format!("{}/reviews/{number}", url.trim_end_matches('/')))
}
