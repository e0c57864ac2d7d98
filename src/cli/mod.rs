//! The commands: one file each; the only place that chooses aws or sim, prints, and sets exit codes.
//!
//! Data goes to stdout, progress and errors to stderr. Exit codes are those of [`Exit`]. Deliberately absent: rules about
//! releases, stacks and AWS; a command reads its options, wires the other modules together and shows what they say.

pub mod check;
pub mod clock;
pub mod config;
pub mod exit;
pub mod folder;
pub mod iam;
pub mod init;
pub mod logging;
pub mod output;
pub mod server;
pub mod upstream;
pub mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use exit::{Doing, Exit, Failure, Outcome};
use output::Color;

/// Deploys to Amazon ECS and CloudFormation from a git repository
#[derive(Parser, Debug)]
#[command(name = "landfall", version, max_term_width = 100, propagate_version = true, after_help = EXIT_CODES)]
struct Cli {
    /// Colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 usage, 3 the repository has errors, 4 there are changes \
    (--exit-code), 5 something is held (--exit-code).";

#[derive(Subcommand, Debug)]
enum Command {
    /// Write the smallest useful repository
    Init(init::Init),
    /// Tell every problem in a repository, offline
    Check(check::Check),
}

/// Runs the command that the arguments ask for, and gives its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            return ExitCode::from(exit.code());
        }
    };
    cli.color.apply();
    let outcome = match &cli.command {
        Command::Init(options) => init::run(options),
        Command::Check(options) => check::run(options),
    };
    let exit = outcome.unwrap_or_else(|failure| {
        output::failure(&failure);
        failure.exit
    });
    ExitCode::from(exit.code())
}
