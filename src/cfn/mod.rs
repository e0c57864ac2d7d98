//! CloudFormation documents: reading, canonical form, YAML for people, references, what the resources reach, and
//! the schemas of resources.
//!
//! A [`Document`] is the parsed tree of one template. `template/` builds one and hashes [`Document::executed`]; `compare/`
//! walks two of them; commands show [`Document::yaml`]; [`read()`] takes the templates that people write, for `load/` and
//! for the simulated account; [`check_resource`] and [`recreates()`] ask the resource schemas of AWS, [`check_template`]
//! checks a template against CloudFormation's own rules, [`check_rules`] its resources against those of their
//! services, [`misplaced`] finds texts in places that must be literal,
//! [`keeps_data`] and [`interrupts`] say what the loss of a resource means, and [`Given`] decides which conditions hold and
//! which texts are known. Nothing here knows landfall's nouns, and no function is evaluated that needs an answer of AWS.

mod canonical;
mod check;
mod circle;
mod conditions;
mod document;
mod functions;
mod kinds;
mod literal;
mod priorities;
mod reach;
mod read;
mod rules;
mod schema;
mod value;
mod yaml;

pub use canonical::canonical;
pub use check::{TemplateFault, TemplateProblem, check_template};
pub use circle::resource_circle;
pub use conditions::Given;
pub use document::{Document, DocumentError, Resource};
pub use kinds::{
    decided_services, has_snapshot_by_default, interrupts, is_decided, keeps_data, type_name, types_that_keep_data,
};
pub use literal::{Misplaced, misplaced};
pub use priorities::{LISTENER_RULE, RulePriority, rule_priorities};
pub use reach::{Reference, references};
pub use read::{MAX_DEPTH, MAX_EXPANDED, MAX_TEXT, Places, ReadError, ReadProblem, Source, push_key, read};
pub use rules::{Form, Row, Rule, RuleFault, check_rules, check_sections, rows, rules};
pub use schema::{
    Recreates, ResourceType, SchemaFault, SchemaProblem, UnknownAttribute, check_attributes, check_resource, is_type,
    known_types, naming, recreates, replacement_origin, resource_type, schema_origin, types_with_rules,
};
pub use yaml::yaml;
