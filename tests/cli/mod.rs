//! The program as people run it: every option, every exit code, what is said when something is wrong.

mod offline;
mod program;
