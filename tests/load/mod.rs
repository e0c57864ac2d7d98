//! Tests of reading repositories.

mod broken;
mod example;
mod history;
mod hostile;
mod kinds;
mod landings;
mod mistakes;
mod refused_secrets;
mod support;
