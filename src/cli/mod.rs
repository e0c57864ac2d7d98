//! The commands: one file each; the only place that chooses aws or sim, prints, and sets exit codes.
//!
//! Data goes to stdout, progress and errors to stderr. Exit codes are those of [`Exit`]. Deliberately absent: rules about
//! releases, stacks and AWS; a command reads its options, wires the other modules together and shows what they say.

pub mod accounts;
pub mod allow;
pub mod ask;
pub mod check;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod demo;
pub mod exit;
pub mod folder;
pub mod history;
pub mod iam;
pub mod init;
pub mod logging;
pub mod output;
pub mod pages;
pub mod plan;
pub mod progress;
pub mod render;
pub mod server;
pub mod sim;
pub mod upstream;
pub mod verify;
pub mod wire;

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
    /// Watch releases go through environments of a simulated account
    Demo(demo::Demo),
    /// Write the smallest useful repository
    Init(init::Init),
    /// Deploy what lands
    Daemon(daemon::DaemonArgs),
    /// Find every problem of a repository, offline
    Check(check::Check),
    /// Look whether the targets answer, live and read-only
    Verify(accounts::Verify),
    /// Show the exact templates, offline
    Render(render::Render),
    /// Show what a change does to stacks, per environment
    Diff(render::Diff),
    /// Show what the daemon would do now, what is held, and why
    Plan(plan::PlanArgs),
    /// Show what is where
    Status(plan::Status),
    /// Show what happened
    History(history::History),
    /// Open a gate
    Allow(allow::Allow),
    /// Print the rights that the daemon and the roles of the targets need
    Iam(accounts::Iam),
    /// Serve a simulated account
    Sim(sim::Sim),
}

/// The runtime of the commands that wait for something.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.doing(|| "cannot start the runtime".to_owned())
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
        Command::Demo(options) => demo::run(options, cli.color),
        Command::Init(options) => init::run(options),
        Command::Daemon(options) => daemon::run(options, cli.color),
        Command::Check(options) => check::run(options),
        Command::Verify(options) => accounts::verify(options),
        Command::Iam(options) => accounts::iam(options),
        Command::Render(options) => render::run(options),
        Command::Diff(options) => render::diff(options),
        Command::Plan(options) => plan::run(options),
        Command::Status(options) => plan::status(options),
        Command::History(options) => history::run(options),
        Command::Allow(options) => allow::run(options),
        Command::Sim(options) => sim::run(options),
    };
    let exit = outcome.unwrap_or_else(|failure| {
        output::failure(&failure);
        failure.exit
    });
    ExitCode::from(exit.code())
}
