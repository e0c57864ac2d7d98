//! Edits of deploy files and releases keep what people wrote.

use std::collections::BTreeMap;

use landfall::edit::{self, NewAllowance, NewRelease};
use landfall::model::catalog::{Gate, ImagePin, Pin};
use landfall::model::{ChannelName, CommitId, Hash, ImageName, ReleaseName, StackName, TenantName};

fn retry() -> NewAllowance {
    NewAllowance {
        what: Gate::Retry,
        stack: Some(StackName::seen("storefront-web-production-prod-eu")),
        tenant: None,
        plan: Some("7f3a91c2".into()),
        reason: "quota \"raised\"".to_owned(),
        until: Some(jiff::civil::date(2026, 12, 1)),
    }
}

const LINES: &str = r#"[[allow]]
what = "retry"
stack = "storefront-web-production-prod-eu"
plan = "7f3a91c2"
reason = 'quota "raised"'
until = 2026-12-01
"#;

#[test]
fn an_allowance_goes_to_the_end_and_comments_stay() {
    let before =
        "# production is guarded\nrelease = \"1.4.0\" # since Monday\n\n[tenants]\nacme = \"1.3.9\"   # slow\n";
    assert_eq!(edit::allow(before, &retry()).unwrap(), format!("{before}\n{LINES}"));
}

#[test]
fn a_second_allowance_follows_the_first() {
    let once = edit::allow("", &retry()).unwrap();
    assert_eq!(once, LINES);
    assert_eq!(edit::allow(&once, &retry()).unwrap(), format!("{LINES}\n{LINES}"));
    assert_eq!(retry().lines(), LINES);
}

#[test]
fn a_pin_changes_only_its_value() {
    let release = Pin::Release(ReleaseName::new("1.5.0").unwrap());
    let after = edit::pin("# guarded\nrelease = \"1.4.0\" # since Monday\n", None, &release).unwrap();
    assert_eq!(after, "# guarded\nrelease = \"1.5.0\" # since Monday\n");
    assert_eq!(edit::pin("", None, &Pin::None).unwrap(), "release = \"none\"\n");
    let before_tables = edit::pin("[tenants]\nacme = \"1\"\n", None, &release).unwrap();
    assert!(before_tables.starts_with("release = \"1.5.0\"\n"), "{before_tables}");
}

#[test]
fn what_is_no_deploy_file_is_refused() {
    assert!(edit::allow("allow = 3\n", &retry()).is_err());
    assert!(edit::pin("[release]\n", None, &Pin::None).is_err());
    assert!(edit::pin("= =", None, &Pin::None).is_err());
}

#[test]
fn a_tenant_is_pinned_beside_the_others() {
    let (acme, release) = (TenantName::new("acme").unwrap(), Pin::Release(ReleaseName::new("1.4.1").unwrap()));
    let pinned = |before: &str| edit::pin(before, Some(&acme), &release).unwrap();
    assert_eq!(pinned(""), "[tenants]\nacme = \"1.4.1\"\n");
    assert_eq!(pinned("release = \"1.4.0\"\n"), "release = \"1.4.0\"\n\n[tenants]\nacme = \"1.4.1\"\n");
    let before = "[tenants] # slow ones\nglobex = \"1.0.0\"\nacme = \"none\"   # gone\n\n[[allow]]\nwhat = \"retry\"\n";
    assert_eq!(pinned(before), before.replace("\"none\"", "\"1.4.1\""));
    assert_eq!(pinned("tenants = { globex = \"1.0.0\" }\n"), "tenants = { globex = \"1.0.0\" , acme = \"1.4.1\" }\n");
    assert!(edit::pin("tenants = 3\n", Some(&acme), &release).is_err());
    assert!(edit::pin("[tenants.acme]\n", Some(&acme), &release).is_err());
}

#[test]
fn an_allowance_may_be_for_one_tenant() {
    let tenant = TenantName::new("acme").ok();
    let frozen = NewAllowance { what: Gate::Freeze, stack: None, tenant, until: None, ..retry() };
    let lines = "[[allow]]\nwhat = \"freeze\"\ntenant = \"acme\"\nplan = \"7f3a91c2\"\nreason = 'quota \"raised\"'\n";
    assert_eq!(frozen.lines(), lines);
}

/// The digest of forty times the same digit and some more.
fn digest(digit: char) -> std::sync::Arc<str> {
    format!("sha256:{}", digit.to_string().repeat(64)).into()
}

#[test]
fn a_release_has_lines_and_tables() {
    let image = |name: &str| ImageName::new(name).unwrap();
    let pin = |tag: &str| ImagePin { tag: tag.into(), digest: None, platforms: BTreeMap::new() };
    let platforms = BTreeMap::from([("linux/amd64".into(), digest('b')), ("linux/arm64/v8".into(), digest('c'))]);
    let images = BTreeMap::from([
        (image("app"), ImagePin { digest: Some(digest('a')), platforms, ..pin("1.4.0") }),
        (image("proxy"), ImagePin { digest: Some(digest('d')), ..pin("3") }),
        (image("web"), pin("latest")),
    ]);
    let inputs = Hash::of(b"what");
    let release =
        NewRelease { format: 1, channel: &ChannelName::default(), inputs, images: &images, notes: Some("a \"b\"") };
    let (a, b, c, d) = (digest('a'), digest('b'), digest('c'), digest('d'));
    let expected = format!(
        "format = 1\nchannel = \"default\"\ninputs = \"{inputs}\"\nnotes = 'a \"b\"'\n\n\
         [images]\nproxy = {{ tag = \"3\", digest = \"{d}\" }}\nweb = {{ tag = \"latest\" }}\n\n\
         [images.app]\ntag = \"1.4.0\"\ndigest = \"{a}\"\n\n[images.app.platforms]\n\
         \"linux/amd64\" = \"{b}\"\n\"linux/arm64/v8\" = \"{c}\"\n"
    );
    assert_eq!(release.text(), expected);
    let none = NewRelease { images: &BTreeMap::new(), notes: None, ..release };
    assert_eq!(none.text(), format!("format = 1\nchannel = \"default\"\ninputs = \"{inputs}\"\n"));
}

#[test]
fn a_snapshot_changes_nothing_else() {
    let commit = CommitId("4f2a91c0".repeat(5));
    let before = "format = 1 # first\n\n[images]\nweb = { tag = \"1\" } # good\n";
    let after = edit::snapshot(before, &commit).unwrap();
    assert_eq!(after, before.replace("# first\n", &format!("# first\nsnapshot = \"{commit}\"\n")));
    let again = edit::snapshot(&after.replace(&commit.0, "0").replace("\"0\"", "\"0\" # why"), &commit).unwrap();
    assert_eq!(again, after.replace(&format!("\"{commit}\""), &format!("\"{commit}\" # why")));
    assert!(edit::snapshot("[snapshot]\n", &commit).is_err());
}

#[test]
fn a_converted_step_keeps_what_is_common_and_its_comments() {
    let before = r#"# What is deployed.
[images.web]
repository = "example.com/web" # ours

[[step]] # first
name = "db"
kind = "cloudformation"
template = "db.yaml"

# The site.
[[step]]
# Its name.
name = "web" # short
# What it is.
kind = "ecs-service" # for now
role = "web"
after = ["db"]

# How big.
cpu = 256 # little
tags = { team = "shop" }
subnets = [
    "subnet-0a", # the first
    # and no other
]
circuit_breaker.enabled = true # dotted

# What runs.
[[step.container]]
name = "app" # the app
image = "web"

# Nobody reads this.
[step.scaling]
minimum = 1

# The last.
[[step]]
name = "last"
kind = "ecs-service"
# The end.
"#;
    let new = edit::NewStep { template: "web.yaml", keeps: &["name", "role", "after"], runs: None };
    let web = "web".parse().unwrap();
    let made = edit::convert(before, &web, &new).unwrap();
    let (begin, rest) = before.split_once("kind = \"ecs-service\" # for now\n").unwrap();
    let end = rest.split_once("# The last.").unwrap().1;
    let middle =
        "kind = \"cloudformation\" # for now\ntemplate = \"web.yaml\"\nrole = \"web\"\nafter = [\"db\"]\n\n# The last.";
    assert_eq!(made.text, format!("{begin}{middle}{end}"));
    let gone =
        ["How big.", "little", "the first", "and no other", "dotted", "What runs.", "the app", "Nobody reads this."];
    assert_eq!(made.comments, gone);
    let error = |text: &str| edit::convert(text, &web, &new).unwrap_err().to_string();
    assert_eq!(error("[[step]]\nname = \"db\"\n"), "the file has no [[step]] named `web`");
    assert_eq!(error(""), "the file has no [[step]] named `web`");
    assert!(error("step = [{ name = \"web\" }]\n").contains("[[step]]"));
    assert!(error("= =").contains("not TOML"));
}

#[test]
fn lines_end_as_they_did_and_a_mark_stays() {
    let deploy = "\u{feff}# guarded\r\nrelease = \"1.4.0\" # since Monday\r\n\r\n[tenants]\nacme = \"\"\"1\r\n\"\"\"\n";
    let release = Pin::Release(ReleaseName::new("1.5.0").unwrap());
    assert_eq!(edit::pin(deploy, None, &release).unwrap(), deploy.replace("1.4.0", "1.5.0"), "mixed line ends too");
    let allowed = edit::allow(deploy, &retry()).unwrap();
    assert_eq!(allowed, format!("{deploy}\r\n{}", LINES.replace('\n', "\r\n")));
    assert_eq!(edit::allow("a = 1", &retry()).unwrap(), format!("a = 1\n\n{LINES}"));
    assert_eq!(
        edit::allow("a = 1\r\nb = 1", &retry()).unwrap(),
        format!("a = 1\r\nb = 1\r\n\r\n{}", LINES.replace('\n', "\r\n"))
    );
    let commit = CommitId("0123456789012345678901234567890123456789".into());
    let snapshot = edit::snapshot("\u{feff}format = 1\r\n# end\r\n", &commit).unwrap();
    assert!(
        snapshot.starts_with("\u{feff}format = 1\r\n") && !snapshot.replace("\r\n", "").contains('\n'),
        "{snapshot}"
    );
    let process = "# top\r\n[[step]]\r\nname = \"a\"\r\nkind = \"ecs-service\" # of old\r\nrole = \"web\"\r\ncpu = 1\r\n\r\n# the other\r\n[[step]]\r\nname = \"b\"\r\n";
    let new = edit::NewStep { template: "a.yaml", keeps: &["name", "role"], runs: None };
    let converted = edit::convert(process, &"a".parse().unwrap(), &new).unwrap().text;
    let expected = process
        .replace("cpu = 1\r\n", "")
        .replace("\"ecs-service\" # of old\r\n", "\"cloudformation\" # of old\r\ntemplate = \"a.yaml\"\r\n");
    assert_eq!(converted, expected);
}
