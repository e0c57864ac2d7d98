//! The commands: one file each; the only place that chooses aws or sim, prints, and sets exit codes.
//!
//! Data goes to stdout, progress and errors to stderr. Exit codes are those of [`Exit`]. Deliberately absent: rules about
//! releases, stacks and AWS; a command reads its options, wires the other modules together and shows what they say.

pub mod accounts;
mod adopt;
pub mod adopt_drift;
pub mod allow;
pub mod alone;
pub mod ask;
mod carries;
pub mod check;
pub mod clock;
pub mod compared;
pub mod config;
pub mod convert;
pub mod daemon;
pub mod deliver;
pub mod demo;
pub mod diff;
pub mod doctor;
pub mod editing;
pub mod exit;
pub mod facts;
pub mod folder;
mod help;
pub mod history;
pub mod iam;
pub mod init;
pub mod logging;
pub mod output;
pub mod pages;
mod past;
pub mod plan;
pub mod progress;
pub mod promote;
pub mod publish;
pub mod pulls;
pub mod put;
pub mod registries;
pub mod release;
pub mod render;
pub mod review;
pub mod reviewed;
pub mod rights;
pub mod server;
pub mod sign;
pub mod sim;
pub mod stacks;
pub mod store;
pub mod upstream;
mod verdict;
pub mod verify;
pub mod why;
pub mod wire;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::crash;
pub use exit::{Doing, Exit, Failure, Outcome};
use output::Color;

/// Deploys to Amazon ECS and CloudFormation from a git repository
#[derive(Parser, Debug)]
#[command(name = "landfall", version, max_term_width = 100, after_help = help::LANDFALL)]
struct Cli {
    /// When to print colours; auto: on a terminal, unless `NO_COLOR` is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Watch releases go through environments, on a simulated account
    #[command(after_help = help::DEMO)]
    Demo(demo::Demo),
    /// Write the smallest useful repository
    #[command(after_help = help::INIT)]
    Init(init::Init),
    /// Follow a branch and deploy the commits that land there
    #[command(after_help = help::DAEMON)]
    Daemon(daemon::DaemonArgs),
    /// Find every problem of a repository, offline
    #[command(after_help = help::CHECK)]
    Check(check::Check),
    /// Check that targets are set up correctly in AWS. Changes nothing
    #[command(after_help = help::VERIFY)]
    Verify(accounts::Verify),
    /// Show the exact templates of a project, offline
    #[command(after_help = help::RENDER)]
    Render(render::Render),
    /// Show what merging a change does, offline
    #[command(after_help = help::DIFF)]
    Diff(diff::Diff),
    /// Keep the review, the status and the labels of a pull request, in CI
    #[command(after_help = help::REVIEW)]
    Review(review::Review),
    /// Show where a value comes from, and which other values lost
    #[command(after_help = help::WHY)]
    Why(why::Why),
    /// Show what the daemon would do now, what is held, and why
    #[command(after_help = help::PLAN)]
    Plan(plan::PlanArgs),
    /// Show which release every slot runs
    #[command(after_help = help::STATUS)]
    Status(plan::Status),
    /// Show cause and next step for stacks that are not in order
    #[command(after_help = help::DOCTOR)]
    Doctor(doctor::Doctor),
    /// Show every deployment, and why it failed
    #[command(after_help = help::HISTORY)]
    History(history::History),
    /// Make, list, show and compare releases
    #[command(subcommand, after_help = help::RELEASE)]
    Release(release::ReleaseCommand),
    /// Pin a release in an environment, and show what that does
    #[command(after_help = help::PROMOTE)]
    Promote(promote::Promote),
    /// Pin the release that ran in an environment before
    #[command(after_help = help::ROLLBACK)]
    Rollback(promote::Rollback),
    /// Write the `[[allow]]` lines that open a gate
    #[command(after_help = help::ALLOW)]
    Allow(allow::Allow),
    /// Replace a step by its CloudFormation template. Changes no stack
    #[command(after_help = help::CONVERT)]
    Convert(convert::Convert),
    /// Print the change to the files that keeps what was changed outside of landfall
    #[command(after_help = help::ADOPT_DRIFT)]
    AdoptDrift(adopt_drift::AdoptDrift),
    /// Check, back up and restore the store
    #[command(subcommand, after_help = help::STORE)]
    Store(store::StoreCommand),
    /// Print the IAM policies for the daemon and for the roles of the targets
    #[command(after_help = help::IAM)]
    Iam(accounts::Iam),
    /// Serve simulated AWS accounts
    #[command(after_help = help::SIM)]
    Sim(sim::Sim),
}

/// The definition of the command line: every command with its options, as the documentation and completions read it.
pub fn command() -> clap::Command {
    help::grouped(Cli::command())
}

/// Reads the arguments. `--help` and `--version` come as errors that are printed to stdout.
fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// The runtime of the commands that wait for something.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.doing(|| "cannot start the runtime".to_owned())
}

/// Arms the crash points if a test asks for it.
fn arm() -> Result<(), Failure> {
    let crash = std::env::var(crash::CRASH).ok();
    let log = std::env::var_os(crash::LOG).map(std::path::PathBuf::from);
    crash::arm(crash.as_deref(), log.as_deref()).map_err(Failure::usage)
}

/// Runs the command that the arguments ask for, and gives its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match parse(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            return ExitCode::from(exit.code());
        }
    };
    cli.color.apply();
    if let Err(wrong) = arm() {
        output::failure(&wrong);
        return ExitCode::from(wrong.exit.code());
    }
    let outcome = match &cli.command {
        Command::Demo(options) => demo::run(options, cli.color),
        Command::Init(options) => init::run(options),
        Command::Daemon(options) => daemon::run(options, cli.color),
        Command::Check(options) => check::run(options),
        Command::Verify(options) => accounts::verify(options),
        Command::Iam(options) => accounts::iam(options),
        Command::Render(options) => render::run(options),
        Command::Diff(options) => diff::run(options),
        Command::Review(options) => review::run(options),
        Command::Why(options) => why::run(options),
        Command::Plan(options) => plan::run(options),
        Command::Status(options) => plan::status(options),
        Command::Doctor(options) => doctor::run(options),
        Command::History(options) => history::run(options),
        Command::Release(command) => release::run(command),
        Command::Promote(options) => promote::promote(options),
        Command::Rollback(options) => promote::rollback(options),
        Command::Allow(options) => allow::run(options),
        Command::Convert(options) => convert::run(options),
        Command::AdoptDrift(options) => adopt_drift::run(options),
        Command::Store(command) => store::run(command),
        Command::Sim(options) => sim::run(options),
    };
    let exit = outcome.unwrap_or_else(|failure| {
        output::failure(&failure);
        failure.exit
    });
    ExitCode::from(exit.code())
}
