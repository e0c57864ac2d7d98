//! A file and an intention become edited text, comments kept. Deliberately absent: I/O.
