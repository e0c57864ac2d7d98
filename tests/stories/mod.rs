//! Tests of stories.
