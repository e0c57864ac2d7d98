//! No option and no key of the configuration file is without a test that sets it and sees its effect.
//!
//! The options are read from the definition of the command line, the keys from the types of the configuration. A test is named
//! by its function, so that it exists, and its text has to hold the option.

use std::collections::BTreeSet;
use std::path::Path;

use landfall::cli::config::Config;

use super::{
    adopted, clones, configuration, convert, delivering, doctor, edits, facts, forge_story, offline, once, online,
    promotion, releases, reviewing, store, stores, tenanted,
};
use crate::daemon::commands as story;

/// Options of a command, or keys, and the test that sets them.
struct Covered {
    what: &'static str,
    names: &'static [&'static str],
    test: &'static str,
    source: &'static str,
    _exists: fn(),
}

macro_rules! covered {
    ($($what:literal: $($name:literal)+ => $module:ident::$test:ident in $file:literal;)*) => {
        &[$(Covered {
            what: $what,
            names: &[$($name),+],
            test: stringify!($test),
            source: include_str!($file),
            _exists: $module::$test,
        }),*]
    };
}

const OPTIONS: &[Covered] = covered! {
    "landfall": "--color" => offline::colours_are_drawn_where_they_are_asked_for in "offline.rs";
    "demo": "--dir" "--listen" => online::the_demo_stays_up_to_be_played_with in "online.rs";
    "demo": "--once" => story::the_demo_tells_its_story in "../daemon/commands.rs";
    "init": "<DIR>" "--id" "--account" "--role" "--region" "--cluster" "--subnet" "--security-group" "--environment" "--project"
        "--image" "--release" "--port" => offline::init_writes_what_it_is_told in "offline.rs";
    "daemon": "--repo" "--branch" "--store" "--once" "--log-format" "--endpoint"
        => online::the_daemon_follows_a_branch_and_keeps_a_store in "online.rs";
    "daemon": "--patience" => once::what_cannot_be_seen_is_waited_for_and_then_6 in "once.rs";
    "daemon": "--simulate" "--listen" => online::a_simulated_account_is_brought_along in "online.rs";
    "daemon": "--adopt" => stores::a_lost_store_is_rebuilt_without_a_change in "stores.rs";
    "daemon": "--config" => configuration::the_daemon_takes_what_the_file_says in "configuration.rs";
    "store verify": "--store" "--config" => store::the_store_is_named_by_an_option_or_by_the_configuration in "store.rs";
    "store backup": "<FILE>" "--store" "--config" => store::the_store_is_named_by_an_option_or_by_the_configuration in "store.rs";
    "store restore": "<FILE>" "--store" "--config" => store::the_store_is_named_by_an_option_or_by_the_configuration in "store.rs";
    "store adopt": "--store" "--config" "--dry-run" => stores::the_operator_answers_beside_the_daemon in "stores.rs";
    "check": "<DIR>" => offline::check_reads_a_folder in "offline.rs";
    "check": "--format" => offline::check_tells_programs_too in "offline.rs";
    "check": "--history" => clones::check_fails_without_the_history_where_that_is_asked_for in "clones.rs";
    "verify": "<DIR>" "--endpoint" "--target" "--format" => online::verify_looks_at_each_target in "online.rs";
    "verify": "--config" => online::a_configuration_names_store_and_endpoint in "online.rs";
    "render": "<PROJECT>" "--repo" "--environment" "--release" "--step" "--format"
        => offline::render_shows_what_is_asked_for in "offline.rs";
    "render": "--tenant" => tenanted::render_takes_one_tenant in "tenanted.rs";
    "why": "<PROJECT>" "<NAME>" "--environment" "--tenant" "--step" "--target" "--repo" "--commit"
        => tenanted::why_tells_the_winner_and_every_loser in "tenanted.rs";
    "why": "--server" "--store" "--facts" => facts::why_tells_what_an_output_last_was in "facts.rs";
    "why": "--release" "--format" => tenanted::why_tells_programs_too in "tenanted.rs";
    "diff": "<BASE>" "<HEAD>" "--two-dot" "--deny" "--unfold" "--repo" "--exit-code" "--format"
        => offline::diff_compares_two_commits in "offline.rs";
    "plan": "--server" "--format" => online::plan_asks_the_daemon in "online.rs";
    "plan": "--repo" "--store" "--endpoint" "--diff" "--exit-code" => online::plan_looks_for_itself in "online.rs";
    "plan": "--facts" => facts::a_daemon_pushes_what_a_clone_plans_with in "facts.rs";
    "status": "--facts" => facts::a_daemon_pushes_what_a_clone_plans_with in "facts.rs";
    "diff": "--facts" => facts::a_daemon_pushes_what_a_clone_plans_with in "facts.rs";
    "history": "--facts" "--repo" => facts::a_daemon_pushes_what_a_clone_plans_with in "facts.rs";
    "history": "--config" => facts::a_configuration_names_the_store_of_a_history in "facts.rs";
    "allow": "--facts" => facts::facts_come_from_a_file_or_a_url in "facts.rs";
    "plan": "--config" => online::a_configuration_names_store_and_endpoint in "online.rs";
    "doctor": "<STACK>" "--server" "--format" "--exit-code" => doctor::doctor_says_what_is_not_in_order_and_what_to_do in "doctor.rs";
    "doctor": "--repo" "--store" "--endpoint" "--config" "--facts" => doctor::doctor_looks_for_itself in "doctor.rs";
    "status": "--server" "--repo" "--store" "--endpoint" "--format" => online::status_shows_what_runs in "online.rs";
    "status": "--config" => online::a_configuration_names_store_and_endpoint in "online.rs";
    "history": "<DEPLOYMENT>" "--server" "--store" "--format" => online::history_tells_what_happened in "online.rs";
    "release new": "<PROJECT>" "<VERSION>" "--repo" "--image" "--from" "--channel" "--notes" "--format"
        => releases::a_release_takes_what_it_is_given in "releases.rs";
    "release new": "--endpoint" "--config" => releases::ecr_is_asked_where_it_is in "releases.rs";
    "release new": "--server" "--store" "--facts" => edits::a_release_is_reviewed_with_what_is_known in "edits.rs";
    "release new": "--unfold" => edits::every_command_that_edits_shows_its_review_in_every_format in "edits.rs";
    "release refresh": "--server" "--store" "--endpoint" => edits::a_release_is_reviewed_with_what_is_known in "edits.rs";
    "release refresh": "--unfold" => edits::every_command_that_edits_shows_its_review_in_every_format in "edits.rs";
    "promote": "--format" "--unfold" => edits::every_command_that_edits_shows_its_review_in_every_format in "edits.rs";
    "rollback": "--format" "--unfold" => edits::every_command_that_edits_shows_its_review_in_every_format in "edits.rs";
    "allow": "--commit" "--branch" "--push" "--remote" "--format" "--unfold"
        => edits::allowed_lines_are_reviewed_and_committed in "edits.rs";
    "release new": "--commit" "--branch" "--push" "--remote" => releases::a_release_is_committed_and_pushed in "releases.rs";
    "release list": "<PROJECT>" "--repo" "--format" => releases::releases_are_listed_and_shown in "releases.rs";
    "release show": "<PROJECT>" "<VERSION>" "--repo" "--format" => releases::releases_are_listed_and_shown in "releases.rs";
    "release show": "--facts" => releases::a_refreshed_release_says_what_changes in "releases.rs";
    "release diff": "<PROJECT>" "<FROM>" "<TO>" "--repo" "--format" "--unfold" => releases::two_releases_are_compared in "releases.rs";
    "release refresh": "<PROJECT>" "<VERSION>" "--repo" "--to" "--facts" "--format"
        => releases::a_refreshed_release_says_what_changes in "releases.rs";
    "release refresh": "--commit" "--branch" "--push" "--remote" "--config"
        => releases::a_refreshed_release_is_delivered in "releases.rs";
    "promote": "<PROJECT>" "<VERSION>" "--to" "--tenant" "--repo"
        => promotion::a_pin_says_what_has_to_happen_first in "promotion.rs";
    "promote": "--server" "--store" "--facts" "--endpoint" "--config" => promotion::a_pin_is_judged_by_what_is_known in "promotion.rs";
    "promote": "--commit" "--branch" "--push" "--remote" => promotion::a_pin_is_committed_and_pushed in "promotion.rs";
    "rollback": "<PROJECT>" "--in" "--tenant" "--to" "--repo" => promotion::a_rollback_names_a_release in "promotion.rs";
    "rollback": "--server" "--store" "--facts" "--endpoint" "--config" => promotion::a_rollback_knows_what_ran_before in "promotion.rs";
    "rollback": "--commit" "--branch" "--push" "--remote" => promotion::a_pin_is_committed_and_pushed in "promotion.rs";
    "adopt-drift": "<STACK>" "--server" "--store" "--facts" "--repo" "--config" "--format"
        => adopted::what_is_there_is_kept_by_a_patch_that_git_applies in "adopted.rs";
    "allow": "<PLAN>" "--what" "--reason" "--until" "--server" "--repo" "--store" "--endpoint"
        => online::allow_writes_the_lines_that_open_a_gate in "online.rs";
    "allow": "--stack" => online::allow_answers_all_that_wait_for_a_plan_or_one_of_them in "online.rs";
    "allow": "--config" => online::a_configuration_names_store_and_endpoint in "online.rs";
    "convert": "<PROJECT>" "<STEP>" "--dry-run" "--repo" "--format" => convert::a_step_becomes_a_template in "convert.rs";
    "promote": "--pull-request" => delivering::every_command_that_edits_opens_a_pull_request in "delivering.rs";
    "rollback": "--pull-request" => delivering::every_command_that_edits_opens_a_pull_request in "delivering.rs";
    "allow": "--pull-request" => delivering::every_command_that_edits_opens_a_pull_request in "delivering.rs";
    "release new": "--pull-request" => delivering::every_command_that_edits_opens_a_pull_request in "delivering.rs";
    "release refresh": "--pull-request" => delivering::every_command_that_edits_opens_a_pull_request in "delivering.rs";
    "convert": "--pull-request" => delivering::every_command_that_edits_opens_a_pull_request in "delivering.rs";
    "convert": "--commit" "--branch" "--push" "--remote" "--config"
        => convert::a_converted_step_is_delivered in "convert.rs";
    "iam": "<DIR>" "--principal" => offline::iam_prints_policies in "offline.rs";
    "sim": "--listen" "--real-pace" => online::the_simulated_account_takes_its_time in "online.rs";
    "sim": "--cluster" "--region" "--role" "--subnet" "--security-group" "--throttle" "--stale-reads" "--page-size"
        => online::the_simulated_account_is_as_strict_as_it_is_told_to_be in "online.rs";
    "review": "--deny" "--no-labels" "--link" "--facts" "--dry-run"
        => reviewing::options_say_how_it_is_said in "reviewing.rs";
    "review": "--config" => reviewing::the_configuration_has_a_token_and_names in "reviewing.rs";
    "review": "<NUMBER>" "--html" => reviewing::a_job_writes_what_diff_says in "reviewing.rs";
    "review": "--repo" "--forge" "--forge-api" "--forge-project"
        => reviewing::what_is_missing_is_said_with_what_to_do in "reviewing.rs";
    "sim": "--scenario" => online::the_simulated_account_plays_a_scenario in "online.rs";
};

const KEYS: &[Covered] = covered! {
    "forge": "kind" "api" "project" "token_file" "ca_file" "deny"
        => reviewing::the_configuration_has_a_token_and_names in "reviewing.rs";
    "forge.labels": "no_change" "production" "replaces" "removes" "rights"
        => reviewing::the_configuration_has_a_token_and_names in "reviewing.rs";
    "": "url" => forge_story::from_a_pull_request_to_production in "forge_story.rs";
    "forge": "app_id" "app_key_file" => reviewing::an_app_of_github_writes_as_itself in "reviewing.rs";
    "": "repo" "branch" "store" "mirror" "listen" "log_format"
        => configuration::the_daemon_takes_what_the_file_says in "configuration.rs";
    "": "token_file" => configuration::the_api_asks_for_the_token in "configuration.rs";
    "": "poll" => configuration::https_takes_a_password_and_an_authority in "configuration.rs";
    "": "strict_permissions" => store::a_secret_that_others_can_read_is_a_warning_or_an_error in "store.rs";
    "": "sweep" => configuration::a_sweep_sees_what_nobody_told in "configuration.rs";
    "git": "username" "password_file" "ca_file"
        => configuration::https_takes_a_password_and_an_authority in "configuration.rs";
    "git": "credentials_file" => configuration::https_takes_a_file_of_credentials in "configuration.rs";
    "git": "ssh_key" "ssh_passphrase_file" "known_hosts" => configuration::ssh_takes_a_locked_key in "configuration.rs";
    "git": "limit" => configuration::a_remote_that_drips_is_given_up in "configuration.rs";
    "facts": "push" => facts::a_daemon_pushes_what_a_clone_plans_with in "facts.rs";
    "webhooks": "github_secret_file" "gitlab_token_file" "gitea_secret_file"
        => configuration::a_webhook_wakes_the_daemon in "configuration.rs";
    "git": "timeout" => configuration::a_silent_remote_is_given_up in "configuration.rs";
    "aws": "profile" => configuration::a_profile_says_where_and_who in "configuration.rs";
    "aws": "endpoint" => online::a_configuration_names_store_and_endpoint in "online.rs";
    "aws": "allowed_roles" => configuration::only_allowed_roles_are_assumed in "configuration.rs";
};

/// Every pair that a table names; each test's text holds them.
fn named(table: &[Covered]) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for covered in table {
        let after = covered.source.split_once(&format!("fn {}(", covered.test)).unwrap().1;
        let body = after.split("\n}\n").next().unwrap();
        for name in covered.names {
            let holds = name.starts_with('<') || body.contains(name);
            assert!(holds, "{} does not set {name} of {}", covered.test, covered.what);
            all.insert((covered.what.to_owned(), (*name).to_owned()));
        }
    }
    all
}

#[test]
fn every_option_is_set_in_a_test() {
    let mut root = landfall::cli::command();
    root.build();
    let mut options = BTreeSet::from([("landfall".to_owned(), "--color".to_owned())]);
    collect(&root, "", &mut options);
    assert_eq!(options, named(OPTIONS), "left: the options that there are; right: those that tests set");
}

/// The options of every command below one.
fn collect(above: &clap::Command, path: &str, options: &mut BTreeSet<(String, String)>) {
    for command in above.get_subcommands().filter(|command| command.get_name() != "help") {
        let path = format!("{path}{}", command.get_name());
        for arg in command.get_arguments().filter(|arg| !arg.is_global_set()) {
            let name = match arg.get_long() {
                Some("help" | "version") => continue,
                Some(long) => format!("--{long}"),
                None => format!("<{}>", arg.get_id().as_str().to_uppercase()),
            };
            options.insert((path.clone(), name));
        }
        collect(command, &format!("{path} "), options);
    }
}

/// The keys of a table, as the error about an unknown one lists them.
fn keys(table: &str) -> Vec<String> {
    let head = if table.is_empty() { String::new() } else { format!("[{table}]\n") };
    let error = Config::parse(&format!("{head}nothing = 1\n"), Path::new("")).unwrap_err();
    let expected = error.message().split_once("expected ").unwrap().1;
    let all = expected.trim_start_matches("one of ").split(", ");
    all.map(|key| key.trim_matches('`').to_owned()).collect()
}

#[test]
fn every_key_is_set_in_a_test_and_documented() {
    let documentation = include_str!("../../docs/configuration.md");
    let mut all = BTreeSet::new();
    const TABLES: [&str; 6] = ["git", "aws", "facts", "webhooks", "forge", "forge.labels"];
    for table in [""].into_iter().chain(TABLES) {
        for key in keys(table) {
            let name = if table.is_empty() { key.clone() } else { format!("{table}.{key}") };
            if TABLES.contains(&name.as_str()) {
                continue;
            }
            assert!(documentation.contains(&format!("| `{name}` |")), "docs/configuration.md lacks `{name}`");
            all.insert((table.to_owned(), key));
        }
    }
    assert_eq!(all, named(KEYS), "left: the keys that there are; right: those that tests set");
}
