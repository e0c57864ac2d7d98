//! The log: tracing, to stderr, as text or as JSON.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use super::config::LogFormat;
use super::exit::Failure;
use super::output::Color;

/// Starts the log. `RUST_LOG` chooses what is written; without it landfall's own lines from `info` up. Where no format is
/// asked for, people read progress lines, which say what fails; the log has only what they cannot: what became of the branch.
pub fn start(format: Option<LogFormat>, color: Color) -> Result<(), Failure> {
    let usual = if format.is_some() { "landfall=info,warn" } else { "error,landfall::cli::upstream=warn" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let colored = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
    };
    let base = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colored);
    let started = match format.unwrap_or_default() {
        LogFormat::Text => base.with_target(false).try_init(),
        LogFormat::Json => base.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| Failure::new("cannot start the log").because(error))
}
