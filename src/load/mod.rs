//! From files at one commit to a catalog and every problem in them.
