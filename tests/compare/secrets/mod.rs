//! What is hidden and what is not, by tables: the name of a value, the value, and what must not be seen of it.

mod hidden;
mod seen;

use landfall::cfn::Document;
use landfall::compare::{Shown, hide, hide_named, hide_text, visible};
use serde_json::{Value, json};

use hidden::{hidden, more_hidden};
use seen::{more_seen, seen};

#[test]
fn settings_and_scripts_hide_theirs_too() {
    let mut wrong = Vec::new();
    for (name, value) in more_hidden() {
        let shown = hide_named(name, value);
        if shown.contains("hunter2") || shown.contains("ter2") || shown.contains("dTpodW50ZXIy") {
            wrong.push(format!("{name}={value} shows {shown}"));
        }
    }
    for (name, value) in more_seen() {
        let shown = hide_named(name, value);
        if shown != visible(value) {
            wrong.push(format!("{name}={value} hides {shown}"));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn secrets_are_hidden_by_their_names_and_forms() {
    let all = hidden();
    assert!(all.len() >= 100, "{}", all.len());
    let mut wrong = Vec::new();
    for (name, value, secret) in &all {
        let shown = hide_named(name, value);
        if shown.contains(secret.as_str()) || !shown.contains("(hidden)") {
            wrong.push(format!("{name}={value} shows {shown}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn what_is_no_secret_is_shown_as_it_is() {
    let all = seen();
    assert!(all.len() >= 100, "{}", all.len());
    let mut wrong = Vec::new();
    for (name, value) in &all {
        let shown = hide_named(name, value);
        if shown != visible(value) {
            wrong.push(format!("{name}={value} shows {shown}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn only_the_secret_part_of_a_text_is_hidden() {
    let cases = [
        ("URL", "postgres://app:hunter2@db:5432/app", "postgres://app:(hidden)@db:5432/app"),
        (
            "X",
            "jdbc:postgresql://db/x?user=u&password=hunter2&ssl=true",
            "jdbc:postgresql://db/x?user=u&password=(hidden)&ssl=true",
        ),
        ("X", "Server=db;Uid=u;Pwd=hunter2;Encrypt=yes", "Server=db;Uid=u;Pwd=(hidden);Encrypt=yes"),
        ("X", "run --password=hunter2 --fast", "run --password=(hidden) --fast"),
        ("X", "{\"user\":\"u\",\"password\":\"hunter2\"}", "{\"user\":\"u\",\"password\":\"(hidden)\"}"),
        ("AUTHORIZATION", "Bearer hunter2", "(hidden)"),
        (
            "X",
            "curl -H 'Authorization: Bearer hunter2hunter2' https://x",
            "curl -H 'Authorization: Bearer (hidden)' https://x",
        ),
        ("X", "https://hooks.slack.com/services/T0/B0/x9", "https://hooks.slack.com/services/(hidden)"),
    ];
    for (name, value, expected) in cases {
        assert_eq!(hide_named(name, value), expected);
    }
    assert_eq!(hide_text("first\nDB_PASS=hunter2\nlast"), "first\nDB_PASS=(hidden)\nlast");
}

fn resources(value: Value) -> Document {
    Document::from_value(json!({ "Resources": value })).unwrap()
}

#[test]
fn documents_hide_what_names_and_functions_say() {
    let document = Document::from_value(json!({
        "Parameters": {
            "Quiet": { "Type": "String", "NoEcho": true, "Default": "secret-1" },
            "DbPassword": { "Type": "String", "Default": "secret-2", "AllowedValues": ["secret-2", "secret-3"] },
            "TokenLifetime": { "Type": "Number", "Default": 60 },
        },
        "Mappings": { "Passwords": { "eu": { "db": "secret-4" } }, "Sizes": { "eu": { "db": "small" } } },
        "Resources": {
            "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": { "ContainerDefinitions": [{
                "Name": "app",
                "Environment": [
                    { "Name": "DB_PASS", "Value": "secret-5" },
                    { "Name": "JOINED_PASSWORD", "Value": { "Fn::Join": ["-", ["secret-6", { "Ref": "AWS::Region" }]] } },
                    { "Name": "URL", "Value": { "Fn::Join": ["", ["postgres://app:", "secret-7", "@", { "Fn::GetAtt": ["Db", "Address"] }, "/app"]] } },
                    { "Name": "SUB", "Value": { "Fn::Sub": "amqp://app:secret-8@${Queue.Host}:5671" } },
                    { "Name": "SPLIT_SECRET", "Value": { "Fn::If": ["X", "secret-9", { "Ref": "DbPassword" }] } },
                ],
                "Secrets": [{ "Name": "DB_PASSWORD", "ValueFrom": "prod-db" }],
                "Command": ["serve", "--db-password", "secret-10", "--port", "8080"],
            }] } },
            "Secret": { "Type": "AWS::SecretsManager::Secret", "Properties": {
                "SecretString": { "Fn::Sub": "{\"user\":\"u\",\"password\":\"secret-11${AWS::Region}\"}" },
            } },
            "Generated": { "Type": "AWS::SecretsManager::Secret", "Properties": { "GenerateSecretString": {
                "SecretStringTemplate": "{\"username\":\"app\"}", "GenerateStringKey": "password", "PasswordLength": 32,
            } } },
            "Function": { "Type": "AWS::Lambda::Function", "Properties": {
                "Code": { "ZipFile": "API_KEY = 'secret-12'\ndef handler(event, context):\n    return 1" },
                "Environment": { "Variables": { "STRIPE_SECRET": "secret-13", "STAGE": "production" } },
            } },
            "Machine": { "Type": "AWS::EC2::Instance", "Properties": {
                "UserData": { "Fn::Base64": { "Fn::Sub": "#!/bin/sh\nexport DB_PASSWORD=secret-14\nrun ${AWS::Region}" } },
                "MetadataOptions": { "HttpTokens": "required" },
            } },
            "User": { "Type": "AWS::IAM::User", "Properties": { "LoginProfile": { "Password": "secret-15" } } },
            "DatabaseToken": { "Type": "AWS::SSM::Parameter", "Properties": { "Type": "String", "Value": "secret-16" } },
            "Named": { "Type": "AWS::SSM::Parameter", "Properties": { "Name": "/app/db/password", "Type": "String", "Value": "secret-17" } },
            "Key": { "Type": "AWS::ApiGateway::ApiKey", "Properties": { "Value": "secret-18-for-clients" } },
            "Rule": { "Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": { "Conditions": [{
                "Field": "http-header", "HttpHeaderConfig": { "HttpHeaderName": "X-Origin-Secret", "Values": ["secret-19"] },
            }] } },
            "Db": { "Type": "AWS::RDS::DBInstance", "Properties": {
                "MasterUserPassword": "{{resolve:secretsmanager:db:SecretString:password}}", "MasterUsername": "app", "KmsKeyId": "alias/db",
            } },
            "Cdk": { "Type": "AWS::RDS::DBInstance", "Properties": { "MasterUserPassword": {
                "Fn::Join": ["", ["{{resolve:secretsmanager:", { "Ref": "Secret" }, ":SecretString:password::}}"]],
            } } },
            "Numbered": { "Type": "AWS::X::Y", "Properties": { "Password": 4711 } },
        },
        "Outputs": { "Password": { "Value": "secret-20" }, "Address": { "Value": "db.example.com" } },
    }))
    .unwrap();
    let shown = hide(&document).yaml();
    for number in 1..=20 {
        let secret = format!("secret-{number}");
        let found = shown
            .match_indices(&secret)
            .any(|(at, _)| !shown[at + secret.len()..].starts_with(|c: char| c.is_ascii_digit()));
        assert!(!found, "{secret} is shown:\n{shown}");
    }
    assert!(!shown.contains("4711"), "{shown}");
    let visible = [
        "Default: 60",
        "db: small",
        "ValueFrom: prod-db",
        "username",
        "GenerateStringKey: password",
        "PasswordLength: 32",
        "STAGE: production",
        "HttpTokens: required",
        "{{resolve:secretsmanager:db:SecretString:password}}",
        "KmsKeyId: alias/db",
        "- \"{{resolve:secretsmanager:\"",
        "Value: db.example.com",
        "\"--port\"",
        "8080",
        "postgres://app:",
        "def handler(event, context)",
        "Field: http-header",
    ];
    for text in visible {
        assert!(shown.contains(text), "{text} is not shown:\n{shown}");
    }
}

#[test]
fn a_change_is_seen_and_nothing_else_of_it() {
    let pair = |before: Option<&str>, after: Option<&str>| {
        let (before, after) = Shown::pair("DB_PASS", before, after);
        [before, after].map(|shown| shown.map_or(String::new(), |shown| shown.text))
    };
    assert_eq!(pair(Some("hunter2"), Some("hunter3")), ["(hidden)", "(hidden, changed)"]);
    assert_eq!(pair(Some("hunter2"), Some("hunter2")), ["(hidden)", "(hidden)"]);
    assert_eq!(pair(None, Some("hunter2")), ["", "(hidden)"]);
    assert_eq!(pair(Some("hunter2"), Some("{{resolve:ssm:/db}}")), ["(hidden)", "{{resolve:ssm:/db}}"]);
    assert_eq!(pair(Some("{{resolve:ssm:/db}}"), Some("hunter2")), ["{{resolve:ssm:/db}}", "(hidden)"]);
    let (before, after) = Shown::pair("URL", Some("pg://a:one@db1/x"), Some("pg://a:two@db2/x"));
    assert_eq!(
        [before.unwrap().text, after.unwrap().text],
        ["pg://a:(hidden)@db1/x", "pg://a:(hidden, changed)@db2/x"]
    );
    let (_, after) = Shown::pair("URL", Some("pg://a:one@db1/x"), Some("pg://a:one@db2/x"));
    assert_eq!(after.unwrap().text, "pg://a:(hidden)@db2/x");
}

#[test]
fn unseen_characters_are_written_out() {
    let cases = [
        ("a\u{200b}b", "a\\u{200b}b"),
        ("a\u{202e}b", "a\\u{202e}b"),
        ("a\u{e0041}b", "a\\u{e0041}b"),
        ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("a\u{feff}\u{2028}\u{ad}", "a\\u{feff}\\u{2028}\\u{ad}"),
        ("Grüße, 世界 – ok", "Grüße, 世界 – ok"),
    ];
    for (text, expected) in cases {
        assert_eq!(visible(text), expected);
        assert_eq!(hide_named("X", text), expected);
    }
}

#[test]
fn odd_texts_do_not_panic_and_hide_no_less() {
    let odd = [
        "",
        "=",
        "'",
        "\\\"",
        "é=ü",
        "password",
        "password=",
        "password=é\u{200b}",
        "://",
        "://@",
        "a:@",
        "eyJ",
        "\u{fdd0}1\u{fdd1}",
        "\u{fffc}",
        "{{",
        "${",
        "${x",
        "%",
        "%é",
        "%zz",
        "<",
        "-----BEGIN ",
        "mysql -p",
        "curl -u",
        "\"password\":\"",
        "[",
        "{\"a\":",
    ];
    for first in odd {
        for second in odd {
            let text = format!("{first}{second}");
            let shown = hide_text(&text);
            assert!(!shown.contains(['\u{fdd0}', '\u{fdd1}']), "{text}");
            let planted = format!("{text}\npassword=hunter2\n{text}");
            assert!(!hide_text(&planted).contains("hunter2"), "{planted} shows {}", hide_text(&planted));
        }
    }
    let deep = (0..40).fold("password=hunter2".to_owned(), |text, _| {
        serde_json::to_string(&json!({ "a": text })).unwrap().chars().take(20_000).collect()
    });
    let _ = hide_text(&deep);
    let document = resources(json!({ "R": { "Type": "T", "Properties": { "ghp_a7Kq2Zx9Lm4Rt8Vb3Nc6": 1 } } }));
    assert!(!hide(&document).yaml().contains("ghp_"));
}
