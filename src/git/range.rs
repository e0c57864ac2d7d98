//! Two commits to compare, as a person writes them.
//!
//! Git's own forms keep their meaning. Two names, which is how a branch is compared with the one that it goes to, ask a
//! question that git's forms cannot: what does merging do?

use std::fmt;

/// Two revisions, and which of their commits are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The revision before.
    pub base: String,
    /// The revision after.
    pub head: String,
    /// Which commits are compared.
    pub how: How,
}

/// Which commits are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The base with the head, as they are.
    Tips,
    /// The base with what merging the head into it gives.
    Merge,
    /// The commit at which the head's branch left the base, with the head.
    Since,
}

/// Why a range cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// A range and a second revision.
    #[error("`{range}` is a range already: remove `{second}`, or name two commits without dots")]
    Second {
        range: String,
        /// What follows it.
        second: String,
    },
    /// Two forms in one.
    #[error("`{0}` is not a range: write `BASE..HEAD` or `BASE...HEAD`")]
    Form(String),
    /// `--two-dot` with the form that means something else.
    #[error("`{0}` has three dots: write two (`BASE..HEAD`), or remove `--two-dot`")]
    TwoDot(String),
}

/// Understands `BASE` (with HEAD), `BASE HEAD`, `BASE..HEAD` and `BASE...HEAD`. An empty side of a range is HEAD, as in git.
/// `two_dot` compares two commits as they are instead of merging.
///
/// # Errors
/// The forms are mixed.
pub fn parse(base: &str, head: Option<&str>, two_dot: bool) -> Result<Range, RangeError> {
    let range = |base: &str, head: &str, how| {
        let side = |name: &str| if name.is_empty() { "HEAD".to_owned() } else { name.to_owned() };
        Range { base: side(base), head: side(head), how }
    };
    if let Some(second) = head {
        return match (base.contains(".."), second.contains("..")) {
            (true, _) => Err(RangeError::Second { range: base.to_owned(), second: second.to_owned() }),
            (_, true) => Err(RangeError::Second { range: second.to_owned(), second: base.to_owned() }),
            _ => Ok(range(base, second, if two_dot { How::Tips } else { How::Merge })),
        };
    }
    let parsed = match (base.split_once("..."), base.split_once("..")) {
        (Some(_), _) if two_dot => return Err(RangeError::TwoDot(base.to_owned())),
        (Some((before, after)), _) => range(before, after, How::Since),
        (None, Some((before, after))) => range(before, after, How::Tips),
        (None, None) => range(base, "", How::Tips),
    };
    if base == ".."
        || base == "..."
        || [&parsed.base, &parsed.head].iter().any(|side| side.contains("..") || side.starts_with('.'))
    {
        return Err(RangeError::Form(base.to_owned()));
    }
    Ok(parsed)
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.how {
            How::Tips => write!(f, "{}..{}", self.base, self.head),
            How::Merge => write!(f, "{} merged into {}", self.head, self.base),
            How::Since => write!(f, "{}...{}", self.base, self.head),
        }
    }
}
