//! Documents, variables, rendering, expected changes and differences.

mod announced;
mod comparison;
mod conditions;
mod convert;
mod documents;
mod example;
mod explain;
mod frozen;
mod golden;
mod keys;
mod outputs;
mod patches;
mod precedence;
mod problems;
mod random;
mod raw;
mod refused;
mod refused_discovery;
mod refused_traffic;
mod rendering;
mod runs;
mod steps;
mod tenants;
mod values;
mod variables;
mod world;
