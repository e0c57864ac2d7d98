//! The program as people run it: every option, every exit code, what is said when something is wrong.

mod accepts;
mod adopted;
mod api;
mod clones;
mod configuration;
mod convert;
mod damage;
mod doctor;
mod edits;
mod facts;
mod forge_story;
mod offline;
mod once;
mod online;
mod options;
mod program;
mod promotion;
mod releases;
mod reviewing;
mod stopping;
mod store;
mod stores;
mod tenanted;
mod vanished;
mod wide;
mod world;
