//! The only user of git2: mirror, fetch, head, trees, history, writing commits.
