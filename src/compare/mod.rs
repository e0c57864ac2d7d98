//! Two documents become typed changes, meaning first.
