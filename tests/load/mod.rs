//! Tests of reading repositories.

mod broken;
mod example;
mod history;
mod hostile;
mod kinds;
mod landings;
mod mistakes;
mod parts;
mod priorities;
mod refused;
mod refused_secrets;
pub(crate) mod support;
