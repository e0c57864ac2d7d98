//! Stories on the simulated account: each is a short script that a person can read, with what landfall says beside it.
//!
//! A story is `scripts/<name>.story`, what comes of it `golden/<name>.out`. `LANDFALL_BLESS=1` writes the latter anew: read
//! the difference as a user would. Everything happens in one thread on virtual time, so a story says the same on every run.

mod kill;
mod merge;
mod script;
mod show;
mod situations;
mod teller;
mod ways;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use similar::TextDiff;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories").join(name)
}

/// Plays a story and compares what landfall says with the golden file.
fn play(name: &str) {
    let name = name.replace('_', "-");
    let script = std::fs::read_to_string(folder("scripts").join(format!("{name}.story"))).unwrap();
    let told = teller::tell(&script::parse(&script));
    let golden = folder("golden").join(format!("{name}.out"));
    if std::env::var_os("LANDFALL_BLESS").is_some() {
        std::fs::write(&golden, &told).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    let diff = TextDiff::from_lines(&expected, &told);
    assert!(expected == told, "{} differs:\n{}", golden.display(), diff.unified_diff());
}

macro_rules! stories {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            play(stringify!($name));
        })*

        const STORIES: &[&str] = &[$(stringify!($name)),*];
    };
}

stories! {
    a_changed_output
    a_template_is_changed_by_hand
    a_service_is_changed_by_hand
    a_setting_that_cloudformation_does_not_see
    a_log_group_is_changed_by_hand
    a_hook_that_says_no
    a_security_group_is_changed_by_hand
    a_change_by_hand_is_kept
    a_deleted_stack
    a_protected_repair
    a_scaled_count_is_no_drift
    a_database_is_replaced
    a_commit_every_few_seconds
    a_failing_rollout
    a_hung_rollout
    a_shorter_deadline
    a_withdrawn_release
    a_pause_hook
    a_wrong_subnet
    a_freeze_and_its_override
    a_wave_that_stops
    a_withdrawn_version_comes_back
    one_tenant_fails
    tenants_at_different_versions
    a_hotfix_past_test
    a_migration_that_fails
    a_blocked_release
    a_broken_file
    a_converted_migration
    a_converted_step
    a_dropped_commit
    a_failed_deployment_and_the_fix
    a_failure_from_outside
    a_first_deployment
    a_name_that_is_taken
    a_new_release
    a_refreshed_snapshot
    a_release_over_drift
    a_renamed_target
    a_rollback_that_fails
    a_soak
    a_stack_that_is_not_ours
    a_stack_that_is_taken_over
    a_disconnected_tenant
    a_step_is_dropped
    a_store_is_removed
    a_target_is_dropped
    a_template_that_cannot_be_read
    a_target_moves_to_another_region
    an_edit_that_is_the_next_release
    an_environment_breaks
    an_older_release_is_pinned
    an_outage
    by_hand_with_a_pin
    every_order_in_turn
    nothing_is_to_run
    one_of_many_stacks_fails
    rollback_by_revert
    the_first_promotion_reverted
    two_quick_commits
    very_many_orders_at_once
}

fn stems(folder_name: &str, extension: &str) -> BTreeSet<String> {
    let paths = std::fs::read_dir(folder(folder_name)).unwrap().map(|entry| entry.unwrap().path());
    let known = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
    known.map(|path| path.file_stem().unwrap().to_string_lossy().replace('-', "_")).collect()
}

#[test]
fn every_script_is_played() {
    let listed: BTreeSet<String> = STORIES.iter().map(ToString::to_string).collect();
    assert_eq!(stems("scripts", "story"), listed);
    assert_eq!(stems("golden", "out"), listed);
}

#[test]
fn a_story_says_the_same_on_every_run() {
    let script = std::fs::read_to_string(folder("scripts/a-failed-deployment-and-the-fix.story")).unwrap();
    let script = script::parse(&script);
    assert_eq!(teller::tell(&script), teller::tell(&script));
}
