//! The stories that are interrupted, the quickest first.

use jiff::SignedDuration;
use landfall::sim::world::{StackInput, StackOptions};
use landfall::sim::{During, Fault, Pace};
use serde_json::json;

use super::git_server;
use super::run::{Run, write};
use super::stage::{Stage, place};

/// A story with its name.
#[derive(Clone, Copy)]
pub(super) struct Story {
    pub(super) name: &'static str,
    pub(super) tell: Tell,
}

/// How it is told.
#[derive(Clone, Copy)]
pub(super) enum Tell {
    /// On any stage.
    Anywhere(fn(&mut dyn Stage)),
    /// With files, servers and commands: only by the real program.
    Really(fn(&mut Run)),
    /// On any stage, for the one operation that no other story makes: what a restart sees is not what the first start saw, so
    /// that only the points of that operation can be compared.
    Narrowly(fn(&mut dyn Stage)),
}

macro_rules! stories {
    ($($how:ident $name:ident,)*) => {
        /// All of them. What the first one visits is killed at every visit.
        pub(super) const STORIES: &[Story] = &[$(Story { name: stringify!($name), tell: Tell::$how($name) }),*];
    };
}

stories! {
    Really a_first_deployment,
    Anywhere a_protected_stack,
    Narrowly an_update_that_changes_nothing,
    Anywhere a_removal,
    Really a_mirror_that_is_tidied,
    Really a_damaged_mirror,
    Really a_large_file,
    Anywhere a_long_template,
    Anywhere an_update_past_its_deadline,
    Anywhere a_rollback_that_failed,
    Anywhere an_update_that_failed_for_somebody_else,
    Anywhere a_task_past_its_time,
    Anywhere a_pause_hook,
    Anywhere a_setting_that_ecs_alone_sees,
    Really a_remote_repository,
    Really a_restored_store,
    Really a_new_repository,
    Really a_lease_that_is_renewed,
}

const PROJECT: &str = "projects/shop/project.toml";
const PROCESS: &str = "projects/shop/process.toml";
const STACK: &str = "shop-web-production-main";

/// A service that runs the image `web`.
const SERVICE: &str = "[images.web]\nrepository = \"example.com/shop\"\n[[step]]\nname = \"web\"\nkind = \"ecs-service\"\n\
                       role = \"web\"\ncpu = 256\nmemory = 512\n[[step.container]]\nname = \"app\"\nimage = \"web\"\n";

/// A task that runs before anything else of the release.
const TASK: &str = "[images.web]\nrepository = \"example.com/shop\"\n[[step]]\nname = \"web\"\nkind = \"ecs-task\"\n\
                    role = \"web\"\ncpu = 256\nmemory = 512\ntimeout = \"10s\"\n[[step.container]]\nname = \"app\"\n\
                    image = \"web\"\n";

/// What a service has in addition, so that its deployment waits at a pause hook.
const PAUSES: &str = r#"port = 8080
[[step.load_balancer]]
target_group = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/blue/0123456789abcdef"
container = "app"
port = 8080
[step.load_balancer.advanced_configuration]
alternate_target_group = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/green/0123456789abcdef"
production_listener_rule = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener-rule/app/shared/0123456789abcdef/0123456789abcdef/0000000000000001"
test_listener_rule = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener-rule/app/shared/0123456789abcdef/0123456789abcdef/0000000000000002"
role_arn = "arn:aws:iam::111111111111:role/traffic"
[step.deployment_configuration]
strategy = "blue-green"
bake_time_in_minutes = 0
[[step.deployment_configuration.lifecycle_hooks]]
lifecycle_stages = ["post-test-traffic-shift"]
target_type = "pause"
"#;

fn release(tag: &str) -> String {
    format!("format = 1\n[images]\nweb = {{ tag = \"{tag}\" }}\n")
}

fn target(cluster: &str, more: &str) -> String {
    format!(
        "kind = \"ecs-cluster\"\nenvironments = [\"production\"]\nroles = [\"web\"]\naccount = \"main\"\n\
         region = \"eu-west-1\"\ncluster = \"{cluster}\"\n{more}[network]\nsubnets = [\"subnet-0a\"]\n"
    )
}

/// One project in one environment.
fn begin(run: &mut dyn Stage, process: &str, project: &str, more: &str) {
    let target = target("main", more);
    run.commit(&[
        ("landfall.toml", "id = \"kill\"\n[accounts.main]\nid = \"111111111111\"\n"),
        ("environments/production.toml", ""),
        ("targets/main.toml", &target),
        (PROJECT, project),
        (PROCESS, process),
        ("projects/shop/releases/1.0.0.toml", &release("1.0.0")),
    ]);
}

fn next(run: &mut dyn Stage, version: &str, tag: &str) {
    run.commit(&[(&format!("projects/shop/releases/{version}.toml"), &release(tag))]);
}

/// A protected environment, so that the stack gets termination protection as well.
fn a_first_deployment(run: &mut Run) {
    begin(run, SERVICE, "", "");
    run.commit(&[("environments/production.toml", "protected = true\n")]);
    run.daemon();
    run.keep_git("repository", &["fsck", "--no-dangling"]);
    run.keep_git("landfall.mirror", &["for-each-ref", "refs/landfall/head", "refs/landfall/snapshots"]);
}

/// The same, wherever it is told.
fn a_protected_stack(run: &mut dyn Stage) {
    begin(run, SERVICE, "", "");
    run.commit(&[("environments/production.toml", "protected = true\n")]);
    run.daemon();
}

/// Somebody gives a stack what the next release will have: AWS finds nothing to change, and the change set is deleted.
fn an_update_that_changes_nothing(run: &mut dyn Stage) {
    begin(run, SERVICE, "", "");
    run.daemon();
    let template = run.world().template(&place(), STACK).unwrap().replace("shop:1.0.0", "shop:1.1.0");
    by_hand(run, template, false);
    next(run, "1.1.0", "1.1.0");
    run.daemon();
}

/// Somebody else's update; perhaps one that fails and is not rolled back.
fn by_hand(run: &mut dyn Stage, template: String, keep_failed: bool) {
    let (mut world, place) = (run.world(), place());
    if keep_failed {
        world.queue_fault(fails(During::Update));
    }
    let capabilities = vec!["CAPABILITY_NAMED_IAM".to_owned()];
    let input = StackInput { name: STACK.to_owned(), template: Some(template), capabilities, ..StackInput::default() };
    world.update_stack(&place, &input, &StackOptions { keep_failed, ..StackOptions::default() }).unwrap();
    let later = world.now() + SignedDuration::from_mins(1);
    world.settle(later);
}

fn a_removal(run: &mut dyn Stage) {
    begin(run, SERVICE, "", "");
    run.daemon();
    run.commit(&[("projects/shop/deploy/production.toml", "release = \"none\"\n")]);
    run.daemon();
}

/// Numbers whose blobs have ids that begin with 17: the folder by which the mirror judges how many loose objects it has.
const IN_17: [&str; 12] = ["32", "119", "334", "782", "907", "922", "1113", "1173", "1298", "1910", "2085", "2500"];

/// So many loose objects that the next fetch makes one pack of them.
fn a_mirror_that_is_tidied(run: &mut Run) {
    begin(run, SERVICE, "", "");
    run.daemon();
    for number in IN_17 {
        run.blob("landfall.mirror", number);
    }
    next(run, "1.1.0", "1.1.0");
    run.daemon();
    run.keep_git("landfall.mirror", &["fsck", "--no-dangling"]);
}

/// A power cut has emptied an object, and a kill has left a lock: the mirror is made anew, with what it kept.
fn a_damaged_mirror(run: &mut Run) {
    begin(run, SERVICE, "", "");
    run.daemon();
    run.blob("landfall.mirror", IN_17[0]);
    for entry in std::fs::read_dir(run.path("landfall.mirror/objects/17")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::remove_file(&path).unwrap();
        write(&path, "");
    }
    write(&run.path("landfall.mirror/refs/landfall/head.lock"), "");
    next(run, "1.1.0", "1.1.0");
    run.daemon();
    run.keep_git("landfall.mirror", &["for-each-ref", "refs/landfall/head"]);
}

/// The mirror leaves a file behind that is larger than landfall reads, and remembers that.
fn a_large_file(run: &mut Run) {
    begin(run, SERVICE, "", "");
    run.commit(&[("backup.bin", &"x".repeat(2_200_000))]);
    run.daemon();
    next(run, "1.1.0", "1.1.0");
    run.daemon();
}

fn a_long_template(run: &mut dyn Stage) {
    let process = format!("{SERVICE}environment = {{ LONG = \"{}\" }}\n", "x".repeat(55_000));
    begin(run, &process, "", "template_bucket = \"templates\"\n");
    run.daemon();
}

fn an_update_past_its_deadline(run: &mut dyn Stage) {
    let project = format!("deadline = \"{}\"\nattempts = 1\n", run.deadline());
    begin(run, SERVICE, &project, "");
    run.daemon();
    run.world().queue_fault(Fault::ImageHangs { image: "shop:1.1.0".to_owned() });
    next(run, "1.1.0", "1.1.0");
    run.daemon();
}

fn fails(during: During) -> Fault {
    let (stack, resource) = (STACK.to_owned(), "AWS::ECS::Service".to_owned());
    Fault::ResourceFails { stack, resource, during, reason: "not today".to_owned(), times: 1 }
}

fn a_rollback_that_failed(run: &mut dyn Stage) {
    begin(run, SERVICE, "attempts = 1\n", "");
    run.daemon();
    run.world().queue_fault(fails(During::Update));
    run.world().queue_fault(fails(During::Rollback));
    next(run, "1.1.0", "1.1.0");
    run.daemon();
    run.allow();
    run.daemon();
}

/// Somebody else's update, made without a rollback.
fn an_update_that_failed_for_somebody_else(run: &mut dyn Stage) {
    begin(run, SERVICE, "attempts = 1\n", "");
    run.daemon();
    let template = run.world().template(&place(), STACK).unwrap().replace("shop:1.0.0", "shop:0.9.0");
    by_hand(run, template, true);
    next(run, "1.1.0", "1.1.0");
    run.daemon();
    run.allow();
    run.daemon();
}

fn a_task_past_its_time(run: &mut dyn Stage) {
    run.world().queue_fault(Fault::ImageStays { image: "shop:1.0.0".to_owned(), exit_code: 143 });
    begin(run, TASK, "attempts = 1\n", "");
    run.daemon();
}

fn a_pause_hook(run: &mut dyn Stage) {
    begin(run, SERVICE, "", "");
    run.daemon();
    run.commit(&[(PROCESS, &format!("{SERVICE}{PAUSES}")), ("projects/shop/releases/1.1.0.toml", &release("1.1.0"))]);
    run.daemon();
    run.allow();
    run.daemon();
}

/// Somebody switches Service Connect off, which CloudFormation does not see. Landfall repairs it when it sees it for the second time.
fn a_setting_that_ecs_alone_sees(run: &mut dyn Stage) {
    let connect =
        "[[step.patch]]\nresource = \"Service\"\nset = { ServiceConnectConfiguration = { Enabled = true } }\n";
    begin(run, &format!("{SERVICE}{connect}"), "", "");
    run.commit(&[("environments/production.toml", "drift = \"repair\"\n")]);
    run.daemon();
    let off = json!({ "ServiceConnectConfiguration": { "Enabled": false } }).as_object().cloned().unwrap();
    {
        let mut world = run.world();
        let arn = world.services(&place()).map(|service| service.arn.clone()).next().unwrap();
        world.update_service(&place(), &arn, off, false).unwrap();
    }
    run.daemon();
    run.daemon();
}

/// Over HTTP, so that there is something to fetch and to push.
fn a_remote_repository(run: &mut Run) {
    begin(run, SERVICE, "", "");
    run.repo = format!("{}/repository/.git", git_server::serve(&run.path("")));
    run.daemon();
    next(run, "1.1.0", "1.1.0");
    run.daemon();
    run.keep_git("landfall.mirror", &["for-each-ref", "refs/landfall/head", "refs/landfall/snapshots"]);
    run.keep_git("landfall.mirror", &["fsck", "--no-dangling"]);
}

/// A backup is put back in the place of a store whose daemon was killed: what came last is in its log. A killed `restore` leaves one
/// whole store in the place, and the replaced one keeps everything.
fn a_restored_store(run: &mut Run) {
    begin(run, SERVICE, "", "");
    run.daemon();
    run.program(&["store", "backup", "backup.db", "--store", "sqlite:landfall.db"]);
    next(run, "1.1.0", "1.1.0");
    run.daemon();
    run.leave_log("landfall.db", "the last word");
    run.program(&["store", "restore", "backup.db", "--store", "sqlite:landfall.db"]);
    run.keep_replaced("landfall.db", "the last word");
    run.daemon();
    next(run, "1.2.0", "1.2.0");
    run.daemon();
}

/// Commands that write files and commits: what a killed one began, the same command finishes.
fn a_new_repository(run: &mut Run) {
    run.program(&[
        "init",
        "fresh",
        "--id",
        "fresh",
        "--account",
        "111111111111",
        "--region",
        "eu-west-1",
        "--cluster",
        "main",
        "--subnet",
        "subnet-0a1b2c3d",
        "--image",
        "example.com/app",
    ]);
    run.keep_git("fresh", &["log", "--format=%s", "--stat", "main"]);
    run.keep_git("fresh", &["status", "--porcelain"]);
    run.git("fresh", &["init", "--quiet", "--bare", "remote.git"]);
    let remote = run.path("fresh/remote.git").display().to_string();
    run.git("fresh", &["remote", "add", "origin", &remote]);
    let promote = ["promote", "app", "1.0.0", "--to", "development", "--repo", "fresh"];
    run.program(&[&promote[..], &["--branch", "pinned", "--push"]].concat());
    run.keep_git("fresh/remote.git", &["show", "pinned:projects/app/deploy/development.toml"]);
    run.program(&[&promote[..], &["--commit"]].concat());
    run.keep_git("fresh", &["log", "--format=%s", "--stat", "main"]);
    run.program(&["promote", "app", "none", "--to", "development", "--repo", "fresh"]);
    run.keep("fresh/projects/app/deploy/development.toml");
    run.git("fresh", &["add", "--all", "projects"]);
    run.keep_git("fresh", &["ls-files", "--stage"]);
    run.keep_git("fresh", &["fsck", "--no-dangling"]);
}

/// A deployment that takes longer than half a lease.
fn a_lease_that_is_renewed(run: &mut Run) {
    let slow = Pace { task: SignedDuration::from_secs(34), ..Pace::fast() };
    run.slow(slow);
    begin(run, SERVICE, "", "");
    run.daemon();
}
