//! Edits of deploy files keep what people wrote.

use landfall::edit::{self, NewAllowance};
use landfall::model::catalog::{Gate, Pin};
use landfall::model::{ReleaseName, StackName};

fn retry() -> NewAllowance {
    NewAllowance {
        what: Gate::Retry,
        stack: Some(StackName::seen("storefront-web-production-prod-eu")),
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
    let after = edit::pin("# guarded\nrelease = \"1.4.0\" # since Monday\n", &release).unwrap();
    assert_eq!(after, "# guarded\nrelease = \"1.5.0\" # since Monday\n");
    assert_eq!(edit::pin("", &Pin::None).unwrap(), "release = \"none\"\n");
    let before_tables = edit::pin("[tenants]\nacme = \"1\"\n", &release).unwrap();
    assert!(before_tables.starts_with("release = \"1.5.0\"\n"), "{before_tables}");
}

#[test]
fn what_is_no_deploy_file_is_refused() {
    assert!(edit::allow("allow = 3\n", &retry()).is_err());
    assert!(edit::pin("[release]\n", &Pin::None).is_err());
    assert!(edit::pin("= =", &Pin::None).is_err());
}
