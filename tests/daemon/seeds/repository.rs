//! The repository of a seed: what people commit, at random.

use std::collections::BTreeMap;

use super::dice::Dice;
use crate::support::branch::{Branch, Files};

/// Projects of every seed: one with a channel for hotfixes, one with a task, two services and waves of targets, one for tenants
/// in waves, one whose services wait at pause hooks.
pub(super) const PROJECTS: [&str; 4] = ["shop", "mail", "fleet", "gate"];
/// Tenants of `fleet`.
const TENANTS: [(&str, &str); 2] = [("acme", "early"), ("bolt", "late")];

/// The first commit: four projects through development, test and production in two accounts.
pub(super) fn first() -> Files {
    let mut files = Files::new();
    let mut put = |path: &str, text: String| files.insert(path.to_owned(), text);
    put(
        "landfall.toml",
        "id = \"seeds\"\n[accounts.one]\nid = \"111111111111\"\n[accounts.two]\nid = \"222222222222\"\n\
         [guard]\nchange = { count = 50 }\nremove = { count = 50 }\n\
         [tag_sets]\nring = [\"early\", \"late\"]\n"
            .to_owned(),
    );
    for (order, (name, account)) in [("development", "one"), ("test", "one"), ("production", "two")].iter().enumerate()
    {
        let extra = if *name == "test" { "prune = true\n" } else { "" };
        put(&format!("environments/{name}.toml"), format!("order = {order}\n{extra}"));
        put(&format!("targets/{name}.toml"), target(name, account, "subnet-1"));
    }
    put("targets/second.toml", more("production", "tags = [\"ring/early\"]"));
    put("targets/tenants.toml", more("production", "tenant_tags = [\"ring/early\", \"ring/late\"]"));
    for (tenant, ring) in TENANTS {
        put(&format!("tenants/{tenant}.toml"), self::tenant(ring, 0, true));
    }
    put("lifecycles/hotfix.toml", "[[phase]]\nname = \"Production\"\nmanual = [\"production\"]\n".to_owned());
    put(
        "lifecycles/standard.toml",
        "[[phase]]\nname = \"Development\"\nautomatic = [\"development\"]\n\
         [[phase]]\nname = \"Test\"\nautomatic = [\"test\"]\nsoak = \"10m\"\n\
         [[phase]]\nname = \"Production\"\nmanual = [\"production\"]\n"
            .to_owned(),
    );
    for project in PROJECTS {
        put(
            &format!("projects/{project}/project.toml"),
            format!("lifecycle = \"standard\"\nattempts = 2\ndeadline = \"20m\"\n{}", more_of(project)),
        );
        put(&format!("projects/{project}/process.toml"), process(project, 256));
        put(&format!("projects/{project}/variables.toml"), variables(project, 0));
    }
    files
}

pub(super) fn target(environment: &str, account: &str, subnet: &str) -> String {
    format!(
        "kind = \"ecs-cluster\"\nenvironments = [\"{environment}\"]\nroles = [\"web\"]\naccount = \"{account}\"\n\
         region = \"eu-west-1\"\ncluster = \"{environment}\"\n[network]\nsubnets = [\"{subnet}\"]\n"
    )
}

/// Another target of an environment, in account two.
fn more(environment: &str, lines: &str) -> String {
    target(environment, "two", "subnet-1").replace("[network]", &format!("{lines}\n[network]"))
}

/// What only some projects say.
fn more_of(project: &str) -> &'static str {
    match project {
        "shop" => "[channels.default]\ndefault = true\n[channels.hotfix]\nlifecycle = \"hotfix\"\n",
        "mail" => {
            "[waves]\nof = \"targets\"\n[[waves.group]]\nname = \"early\"\ntags = [\"ring/early\"]\nsoak = \"3m\"\n"
        }
        _ => {
            "tenancy = \"both\"\n[waves]\nof = \"tenants\"\nenvironments = [\"production\"]\n\
             [[waves.group]]\nname = \"early\"\ntags = [\"ring/early\"]\nsoak = \"5m\"\n"
        }
    }
}

fn tenant(ring: &str, number: u64, connected: bool) -> String {
    let projects = if connected { "[projects.fleet]\nenvironments = [\"production\"]\n" } else { "" };
    format!("tags = [\"ring/{ring}\"]\n{projects}[[variable]]\nname = \"who\"\nvalue = \"customer {number}\"\n")
}

fn process(project: &str, cpu: u32) -> String {
    let second = if project == "mail" {
        "[[step]]\nname = \"worker\"\nkind = \"ecs-service\"\nrole = \"web\"\ncpu = 256\nmemory = 512\n\
         [[step.container]]\nname = \"app\"\nimage = \"web\"\n"
    } else {
        ""
    };
    let first = if project == "mail" {
        "[[step]]\nname = \"migrate\"\nkind = \"ecs-task\"\nrole = \"web\"\ncpu = 256\nmemory = 512\ntimeout = \"10m\"\n\
         [[step.container]]\nname = \"app\"\nimage = \"web\"\n\
         environment = { PUBLIC = \"#{target.public_ip}\" }\n"
    } else {
        ""
    };
    let pauses = if project == "gate" { PAUSES } else { "" };
    let who = if project == "fleet" { ", WHO = \"#{who}\"" } else { "" };
    format!(
        "[images.web]\nrepository = \"example.com/{project}\"\n{first}[[step]]\nname = \"web\"\nkind = \"ecs-service\"\nrole = \"web\"\n\
         cpu = {cpu}\nmemory = 1024\n[[step.container]]\nname = \"app\"\nimage = \"web\"\nport = 8080\n\
         environment = {{ GREETING = \"#{{greeting}}\"{who} }}\n{pauses}{second}"
    )
}

/// New tasks wait for somebody before they get traffic, for half an hour at most.
const PAUSES: &str = r#"[[step.load_balancer]]
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
timeout_configuration = { timeout_in_minutes = 30 }
"#;

fn variables(project: &str, number: u64) -> String {
    let declared = if project == "fleet" { "[[tenant_variable]]\nname = \"who\"\ndefault = \"nobody\"\n" } else { "" };
    format!("[[variable]]\nname = \"greeting\"\nvalue = \"hello {number}\"\n{declared}")
}

/// The tag of a release's image.
pub(super) fn tag(project: &str, number: u32) -> String {
    format!("{project}-{number}.0.0")
}

/// What one commit does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Commit {
    Release,
    Pin,
    Unpin,
    Remove,
    Revert,
    Break,
    Mend,
    Variable,
    Process,
    Live,
    DeleteRelease,
    Hotfix,
    TenantPin,
    TenantValue,
    TenantLeaves,
    Freeze,
    Thaw,
}

fn releases(files: &Files, project: &str) -> Vec<String> {
    let folder = format!("projects/{project}/releases/");
    files.keys().filter_map(|path| path.strip_prefix(&folder)?.strip_suffix(".toml").map(str::to_owned)).collect()
}

/// Edits the files at random; says what was done.
pub(super) fn edit(branch: &Branch, files: &mut Files, dice: &mut Dice, numbers: &mut BTreeMap<String, u32>) -> Commit {
    // Then the task has the content from before.
    if files.get(DEVELOPMENT).is_some_and(|text| text.contains("public_ip = true")) && dice.chance(40) {
        live(files, dice, false);
        return Commit::Live;
    }
    // A task runs in one project alone, and what befalls tasks takes several releases of it.
    let project = if dice.chance(20) { "mail" } else { *dice.pick(&PROJECTS) };
    let pin = format!("projects/{project}/deploy/production.toml");
    let there = releases(files, project);
    let broken: Vec<String> =
        files.iter().filter(|(_, text)| text.starts_with("= broken")).map(|(path, _)| path.clone()).collect();
    match dice.below(100) {
        0..35 => {
            let number = numbers.entry(project.to_owned()).or_insert(0);
            *number += 1;
            let text = format!("format = 1\n[images]\nweb = {{ tag = \"{}\" }}\n", tag(project, *number));
            files.insert(format!("projects/{project}/releases/{number}.0.0.toml"), text);
            Commit::Release
        }
        35..38 => {
            let number = numbers.entry("shop".to_owned()).or_insert(0);
            *number += 1;
            let text =
                format!("format = 1\nchannel = \"hotfix\"\n[images]\nweb = {{ tag = \"{}\" }}\n", tag("shop", *number));
            files.insert(format!("projects/shop/releases/{number}.0.0.toml"), text);
            files.insert("projects/shop/deploy/production.toml".to_owned(), format!("release = \"{number}.0.0\"\n"));
            Commit::Hotfix
        }
        38..48 if !there.is_empty() => {
            let release = dice.pick(&there).clone();
            files.insert(pin, format!("release = \"{release}\"\n"));
            Commit::Pin
        }
        48..55 => tenants(files, dice),
        55..58 => {
            files.remove(&pin);
            Commit::Unpin
        }
        58..60 => {
            files.insert(pin, "release = \"none\"\n".to_owned());
            Commit::Remove
        }
        60..70 => match branch.before_last() {
            Some(before) => {
                *files = before;
                Commit::Revert
            }
            None => Commit::Revert,
        },
        70..76 => {
            let paths: Vec<String> = files.keys().cloned().collect();
            let path = dice.pick(&paths).clone();
            let text = files.get(&path).cloned().unwrap_or_default();
            files.insert(path, format!("= broken\n{text}"));
            Commit::Break
        }
        76..86 if !broken.is_empty() => {
            for path in broken {
                let text = files[&path].trim_start_matches("= broken\n").to_owned();
                files.insert(path, text);
            }
            Commit::Mend
        }
        86..89 => {
            files.insert(format!("projects/{project}/variables.toml"), variables(project, dice.below(1000)));
            Commit::Variable
        }
        89..91 => {
            files.insert(format!("projects/{project}/process.toml"), process(project, *dice.pick(&[256, 512])));
            Commit::Process
        }
        91..97 => {
            live(files, dice, true);
            Commit::Live
        }
        97..100 if !there.is_empty() => {
            files.remove(&format!("projects/{project}/releases/{}.toml", dice.pick(&there)));
            Commit::DeleteRelease
        }
        _ => {
            files.insert(format!("projects/{project}/variables.toml"), variables(project, dice.below(1000)));
            Commit::Variable
        }
    }
}

const DEVELOPMENT: &str = "targets/development.toml";

/// Changes the target of development, which reaches what runs without a release. The task knows whether it is public.
fn live(files: &mut Files, dice: &mut Dice, public: bool) {
    let subnet = format!("subnet-{}", 1 + dice.below(3));
    files.insert(DEVELOPMENT.to_owned(), format!("{}public_ip = {public}\n", target("development", "one", &subnet)));
}

/// What people do about tenants and freezes.
fn tenants(files: &mut Files, dice: &mut Dice) -> Commit {
    let (name, ring) = *dice.pick(&TENANTS);
    let there = releases(files, "fleet");
    match dice.below(6) {
        0 | 1 if !there.is_empty() => {
            let release = dice.pick(&there);
            let text = format!("release = \"{}\"\n[tenants]\n{name} = \"{release}\"\n", dice.pick(&there));
            files.insert("projects/fleet/deploy/production.toml".to_owned(), text);
            Commit::TenantPin
        }
        2 => {
            files.insert(format!("tenants/{name}.toml"), tenant(ring, dice.below(1000), true));
            Commit::TenantValue
        }
        3 => {
            files.insert(format!("tenants/{name}.toml"), tenant(ring, 0, false));
            Commit::TenantLeaves
        }
        4 => {
            let from = dice.below(23);
            let text = format!(
                "reason = \"seeds\"\ntime_zone = \"UTC\"\nenvironments = [\"{}\"]\nstops_rollback = {}\n\
                 [[window]]\nfrom = 2020-01-01T{from:02}:00:00\nuntil = 2020-01-01T{:02}:00:00\nevery = \"day\"\n",
                dice.pick(&["test", "production"]),
                dice.chance(30),
                from + 1,
            );
            files.insert("freezes/daily.toml".to_owned(), text);
            Commit::Freeze
        }
        _ => {
            files.remove("freezes/daily.toml");
            Commit::Thaw
        }
    }
}
