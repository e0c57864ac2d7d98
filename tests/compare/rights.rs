//! Rights that a change gives, by statement.

use std::collections::BTreeMap;

use landfall::cfn::{Document, Given};
use landfall::compare::{Grant, rights};
use serde_json::{Value, json};

static NONE: BTreeMap<String, Option<String>> = BTreeMap::new();

fn lines(before: Option<Value>, after: Option<Value>) -> String {
    let document = |value: Value| Document::from_value(json!({ "Resources": value })).unwrap();
    let [before, after] = [before, after].map(|value| value.map(document));
    let [before, after] =
        [&before, &after].map(|document| document.as_ref().map(|document| Given { document, values: &NONE }));
    rights(before, after).iter().map(|found| format!("{found}\n")).collect()
}

/// A role with an inline policy of these statements.
fn role(statements: Value) -> Value {
    json!({ "Role": { "Type": "AWS::IAM::Role", "Properties": {
        "AssumeRolePolicyDocument": { "Statement": [{ "Effect": "Allow", "Principal": { "Service": "ecs-tasks.amazonaws.com" }, "Action": "sts:AssumeRole" }] },
        "Policies": [{ "PolicyName": "own", "PolicyDocument": { "Statement": statements } }],
    } } })
}

fn allow(actions: Value, resources: Value) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resources })
}

#[test]
fn a_statement_grows_if_it_allows_what_none_did() {
    let base = || json!([allow(json!(["s3:GetObject", "s3:ListBucket"]), json!(["arn:a", "arn:b"]))]);
    let conditioned = |key: &str| {
        let mut statement = allow(json!("s3:GetObject"), json!("arn:a"));
        statement["Condition"] = json!({ "StringEquals": { "aws:SourceAccount": key } });
        json!([statement])
    };
    let cases: Vec<(Value, Value, &str)> = vec![
        (base(), base(), ""),
        (base(), json!([allow(json!(["s3:ListBucket"]), json!("arn:b"))]), ""),
        (base(), json!([allow(json!("S3:getobject"), json!("arn:a"))]), ""),
        // Split, moved and reordered is the same.
        (
            base(),
            json!([
                allow(json!(["s3:ListBucket", "s3:GetObject"]), json!("arn:b")),
                allow(json!(["s3:GetObject", "s3:ListBucket"]), json!("arn:a"))
            ]),
            "",
        ),
        (
            base(),
            json!([allow(json!(["s3:GetObject", "s3:PutObject"]), json!(["arn:a"]))]),
            "`Role` allows more: s3:PutObject on arn:a\n",
        ),
        (
            base(),
            json!([allow(json!(["s3:GetObject"]), json!(["arn:a", "arn:c"]))]),
            "`Role` allows more: s3:GetObject on arn:c\n",
        ),
        (base(), json!([allow(json!("s3:Get*"), json!("arn:a"))]), "`Role` allows s3:Get* on arn:a\n"),
        (
            json!([allow(json!("s3:*"), json!("*"))]),
            json!([allow(json!(["s3:Get*", "s3:PutObject"]), json!("arn:x/*"))]),
            "",
        ),
        (
            json!([allow(json!("s3:Get?bject"), json!("arn:a"))]),
            json!([allow(json!("s3:Get*"), json!("arn:a"))]),
            "`Role` allows s3:Get* on arn:a\n",
        ),
        (base(), json!([allow(json!("*"), json!("*"))]), "`Role` allows * on *\n"),
        (
            base(),
            json!([allow(json!("sqs:SendMessage"), json!({ "Fn::GetAtt": ["Queue", "Arn"] }))]),
            "`Role` allows sqs:SendMessage on Queue.Arn\n",
        ),
        (
            conditioned("1"),
            json!([allow(json!("s3:GetObject"), json!("arn:a"))]),
            "`Role` allows more: s3:GetObject on arn:a, without the condition that it had\n",
        ),
        (
            conditioned("1"),
            conditioned("2"),
            "`Role` allows more: s3:GetObject on arn:a, under another condition than before\n",
        ),
        (json!([allow(json!("s3:GetObject"), json!("arn:a"))]), conditioned("1"), ""),
        (
            json!([{ "Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*" }]),
            json!([{ "Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*" }]),
            "`Role` allows everything but iam:* on *\n",
        ),
        (
            json!([{ "Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*" }]),
            json!([{ "Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*" }]),
            "",
        ),
        (
            json!([{ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" }]),
            json!([allow(json!("s3:GetObject"), json!("*"))]),
            "",
        ),
        (
            json!([{ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" }]),
            json!([allow(json!("iam:PassRole"), json!("*"))]),
            "`Role` allows iam:PassRole on *\n",
        ),
        (
            json!([allow(json!("a:b"), json!("*")), { "Effect": "Deny", "Action": ["s3:Delete*", "s3:PutObject"], "Resource": "*" }]),
            json!([allow(json!("a:b"), json!("*")), { "Effect": "Deny", "Action": ["s3:PutObject"], "Resource": "*" }]),
            "`Role` no longer denies s3:Delete* on *\n",
        ),
        (
            json!([{ "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*" }]),
            json!([{ "Effect": "Deny", "Action": "s3:*", "Resource": "*" }]),
            "",
        ),
    ];
    for (before, after, expected) in cases {
        assert_eq!(lines(Some(role(before.clone())), Some(role(after.clone()))), expected, "{before} → {after}");
    }
}

#[test]
fn every_place_of_a_policy_is_read() {
    let statement = |principal: Value| json!({ "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": "x:Y", "Resource": "*" }] });
    let cases: Vec<(&str, &str, Value, Value, &str)> = vec![
        (
            "AWS::S3::BucketPolicy",
            "PolicyDocument",
            statement(json!({ "AWS": "arn:1" })),
            statement(json!("*")),
            "x:Y on * for *",
        ),
        (
            "AWS::SQS::QueuePolicy",
            "PolicyDocument",
            statement(json!({ "AWS": "arn:1" })),
            statement(json!({ "AWS": ["arn:1", "arn:2"] })),
            "x:Y on * for AWS arn:2",
        ),
        (
            "AWS::KMS::Key",
            "KeyPolicy",
            statement(json!({ "AWS": "arn:1" })),
            statement(json!({ "AWS": "*" })),
            "x:Y on * for *",
        ),
        (
            "AWS::SecretsManager::ResourcePolicy",
            "ResourcePolicy",
            statement(json!({ "AWS": "arn:1" })),
            statement(json!({ "Service": "x.amazonaws.com" })),
            "x:Y on * for Service x.amazonaws.com",
        ),
        (
            "AWS::Logs::ResourcePolicy",
            "PolicyDocument",
            json!(statement(json!({ "AWS": "arn:1" })).to_string()),
            json!(statement(json!("*")).to_string()),
            "x:Y on * for *",
        ),
        (
            "AWS::IAM::ManagedPolicy",
            "PolicyDocument",
            json!({ "Statement": [] }),
            json!({ "Statement": allow(json!("a:b"), json!("*")) }),
            "a:b on *",
        ),
        (
            "AWS::SSO::PermissionSet",
            "InlinePolicy",
            json!({}),
            json!({ "Statement": [allow(json!("a:b"), json!("*"))] }),
            "a:b on *",
        ),
        (
            "AWS::IAM::Role",
            "AssumeRolePolicyDocument",
            statement(json!({ "Service": "ec2.amazonaws.com" })),
            statement(json!({ "AWS": "arn:aws:iam::222222222222:root" })),
            "x:Y on * for AWS arn:aws:iam::222222222222:root",
        ),
    ];
    for (kind, property, before, after, expected) in cases {
        let of = |value: &Value| Some(json!({ "R": { "Type": kind, "Properties": { property: value } } }));
        let text = lines(of(&before), of(&after));
        assert!(text.starts_with("`R` allows") && text.ends_with(&format!("{expected}\n")), "{kind}: {text}");
        assert_eq!(lines(of(&after), of(&after)), "", "{kind}");
    }
    let permission = |more: Value| {
        let mut properties =
            json!({ "Action": "lambda:InvokeFunction", "FunctionName": "f", "Principal": "s3.amazonaws.com" });
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Some(json!({ "P": { "Type": "AWS::Lambda::Permission", "Properties": properties } }))
    };
    let limited = json!({ "SourceArn": "arn:aws:s3:::b" });
    assert_eq!(
        lines(permission(limited.clone()), permission(json!({}))),
        "`P` allows more: lambda:InvokeFunction on f for s3.amazonaws.com, without the condition that it had\n"
    );
    assert_eq!(
        lines(None, permission(limited)),
        "`P` allows lambda:InvokeFunction on f for s3.amazonaws.com, under a condition\n"
    );
}

#[test]
fn a_right_does_not_move_into_the_trust() {
    let before = role(json!([{ "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" }]));
    let mut after = before.clone();
    after["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] = json!("*");
    assert_eq!(lines(Some(before), Some(after)), "`Role` allows sts:AssumeRole for *\n");
}

#[test]
fn attachments_boundaries_and_roles_count() {
    let of = |kind: &str, properties: Value| Some(json!({ "R": { "Type": kind, "Properties": properties } }));
    let cases = [
        (
            "AWS::IAM::Role",
            json!({ "ManagedPolicyArns": ["arn:1"] }),
            json!({ "ManagedPolicyArns": ["arn:2", "arn:1"] }),
            "`R` gets the policy arn:2\n",
        ),
        ("AWS::IAM::Role", json!({ "PermissionsBoundary": "arn:1" }), json!({}), "`R` loses its boundary arn:1\n"),
        (
            "AWS::IAM::Role",
            json!({ "PermissionsBoundary": "arn:1" }),
            json!({ "PermissionsBoundary": "arn:2" }),
            "`R` has the boundary arn:2 instead of arn:1\n",
        ),
        (
            "AWS::IAM::ManagedPolicy",
            json!({ "Roles": ["a"] }),
            json!({ "Roles": ["a", "b"] }),
            "`R` also applies to b\n",
        ),
        (
            "AWS::ECS::TaskDefinition",
            json!({}),
            json!({ "TaskRoleArn": "arn:admin" }),
            "`R` runs with the role arn:admin\n",
        ),
        (
            "AWS::Lambda::Function",
            json!({ "Role": "arn:1" }),
            json!({ "Role": { "Fn::GetAtt": ["Admin", "Arn"] } }),
            "`R` runs with the role Admin.Arn instead of arn:1\n",
        ),
        (
            "AWS::IAM::Role",
            json!({ "ManagedPolicyArns": ["arn:1", "arn:2"] }),
            json!({ "ManagedPolicyArns": ["arn:2"] }),
            "",
        ),
    ];
    for (kind, before, after, expected) in cases {
        assert_eq!(lines(of(kind, before), of(kind, after)), expected);
    }
}

#[test]
fn a_new_role_says_all_that_it_may() {
    let text = lines(None, Some(role(json!([allow(json!("s3:GetObject"), json!("*"))]))));
    assert_eq!(
        text,
        "`Role` allows sts:AssumeRole for Service ecs-tasks.amazonaws.com\n`Role` allows s3:GetObject on *\n"
    );
    assert_eq!(lines(Some(role(json!([allow(json!("*"), json!("*"))]))), None), "");
    let document = Document::from_value(json!({ "Resources": role(json!([allow(json!("*"), json!("*"))])) })).unwrap();
    let found = rights(None, Some(Given { document: &document, values: &NONE }));
    assert!(found.iter().any(|right| matches!(&right.grant, Grant::Allowed(access) if access.is_everything())));
    let json = serde_json::to_value(&found[1]).unwrap();
    assert_eq!(json["grant"], "allowed", "{json}");
    assert_eq!(
        (&json["resource"], &json["place"], &json["actions"]),
        (&json!("Role"), &json!("Policies/own"), &json!(["*"])),
        "{json}"
    );
}
