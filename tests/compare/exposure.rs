//! What a change opens to everybody.

use std::collections::BTreeMap;

use landfall::cfn::{Document, Given};
use landfall::compare::exposure;
use serde_json::{Value, json};

static NONE: BTreeMap<String, Option<String>> = BTreeMap::new();

fn lines(before: Option<Value>, after: Option<Value>) -> String {
    let document = |value: Value| Document::from_value(json!({ "Resources": value })).unwrap();
    let [before, after] = [before, after].map(|value| value.map(document));
    let [before, after] =
        [&before, &after].map(|document| document.as_ref().map(|document| Given { document, values: &NONE }));
    exposure(before, after).iter().map(|found| format!("{found}\n")).collect()
}

fn one(kind: &str, properties: Value) -> Option<Value> {
    Some(json!({ "R": { "Type": kind, "Properties": properties } }))
}

fn group(rules: Value) -> Option<Value> {
    one("AWS::EC2::SecurityGroup", json!({ "SecurityGroupIngress": rules }))
}

#[test]
fn what_is_new_and_public_is_told() {
    let policy = |principal: Value, condition: Value| json!({ "PolicyDocument": { "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*", "Condition": condition }] } });
    let network =
        |assign: &str| json!({ "NetworkConfiguration": { "AwsvpcConfiguration": { "AssignPublicIp": assign } } });
    let blocked = |acls: bool| json!({ "PublicAccessBlockConfiguration": { "BlockPublicAcls": acls, "BlockPublicPolicy": true } });
    let cases: Vec<(&str, Value, Value, &str)> = vec![
        (
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            json!({ "Scheme": "internal" }),
            json!({ "Scheme": "internet-facing" }),
            "`R` has a public address\n",
        ),
        (
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            json!({ "Scheme": "internal" }),
            json!({}),
            "`R` has a public address\n",
        ),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", json!({}), json!({ "Scheme": "internet-facing" }), ""),
        (
            "AWS::S3::BucketPolicy",
            policy(json!({ "AWS": "arn:1" }), json!({})),
            policy(json!("*"), json!({})),
            "`R` makes a bucket public by its policy\n",
        ),
        (
            "AWS::S3::BucketPolicy",
            policy(json!({ "AWS": "arn:1" }), json!({})),
            policy(json!("*"), json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } })),
            "",
        ),
        (
            "AWS::SQS::QueuePolicy",
            policy(json!({ "AWS": "arn:1" }), json!({})),
            policy(json!({ "AWS": "*" }), json!({})),
            "`R` allows everybody s3:GetObject\n",
        ),
        (
            "AWS::S3::Bucket",
            json!({}),
            json!({ "AccessControl": "PublicRead" }),
            "`R` makes a bucket public by its acl\n",
        ),
        ("AWS::S3::Bucket", json!({}), json!({ "AccessControl": "Private" }), ""),
        (
            "AWS::S3::Bucket",
            blocked(true),
            blocked(false),
            "`R` drops BlockPublicAcls, which kept the bucket from being public\n",
        ),
        (
            "AWS::S3::Bucket",
            blocked(true),
            json!({}),
            "`R` drops BlockPublicAcls, which kept the bucket from being public\n`R` drops BlockPublicPolicy, which kept the bucket from being public\n",
        ),
        ("AWS::S3::Bucket", json!({}), blocked(true), ""),
        ("AWS::ECS::Service", network("DISABLED"), network("ENABLED"), "`R` gets a public address\n"),
        (
            "AWS::EC2::Instance",
            json!({}),
            json!({ "NetworkInterfaces": [{ "AssociatePublicIpAddress": true }] }),
            "`R` gets a public address\n",
        ),
        ("AWS::EC2::Subnet", json!({}), json!({ "MapPublicIpOnLaunch": "true" }), "`R` gets a public address\n"),
        (
            "AWS::RDS::DBInstance",
            json!({ "PubliclyAccessible": false }),
            json!({ "PubliclyAccessible": true }),
            "`R` is publicly accessible\n",
        ),
        ("AWS::Redshift::Cluster", json!({}), json!({ "PubliclyAccessible": "true" }), "`R` is publicly accessible\n"),
        (
            "AWS::Lambda::Url",
            json!({ "AuthType": "AWS_IAM" }),
            json!({ "AuthType": "NONE" }),
            "`R` calls a function for everybody\n",
        ),
    ];
    for (kind, before, after, expected) in cases {
        assert_eq!(lines(one(kind, before.clone()), one(kind, after.clone())), expected, "{kind} {after}");
        assert_eq!(lines(one(kind, after.clone()), one(kind, after.clone())), "", "{kind} {after}");
    }
}

#[test]
fn ports_are_told_where_they_open_wider() {
    let rule = |first: u16, last: u16, cidr: &str| json!({ "IpProtocol": "tcp", "FromPort": first, "ToPort": last, "CidrIp": cidr });
    let all = || json!({ "IpProtocol": "-1", "CidrIpv6": "::/0" });
    let cases: Vec<(Value, Value, &str)> = vec![
        (json!([]), json!([rule(443, 443, "0.0.0.0/0")]), "`R` opens tcp port 443 to 0.0.0.0/0\n"),
        (json!([]), json!([rule(443, 443, "10.0.0.0/8")]), ""),
        (json!([]), json!([rule(22, 22, "128.0.0.0/1")]), "`R` opens tcp port 22 to 128.0.0.0/1\n"),
        (
            json!([rule(443, 443, "0.0.0.0/0")]),
            json!([rule(443, 8443, "0.0.0.0/0")]),
            "`R` opens tcp ports 443 to 8443 to 0.0.0.0/0\n",
        ),
        (json!([rule(0, 65535, "0.0.0.0/0")]), json!([rule(443, 443, "0.0.0.0/0")]), ""),
        (
            json!([rule(443, 443, "0.0.0.0/0")]),
            json!([rule(443, 443, "0.0.0.0/0"), all()]),
            "`R` opens everything to ::/0\n",
        ),
        (json!([all()]), json!([rule(443, 443, "0.0.0.0/0")]), "`R` opens tcp port 443 to 0.0.0.0/0\n"),
    ];
    for (before, after, expected) in cases {
        assert_eq!(lines(group(before.clone()), group(after.clone())), expected, "{before} → {after}");
    }
    let ingress = one("AWS::EC2::SecurityGroupIngress", rule(3306, 3306, "0.0.0.0/0"));
    assert_eq!(lines(None, ingress), "`R` opens tcp port 3306 to 0.0.0.0/0\n");
}

#[test]
fn a_listener_is_as_public_as_its_load_balancer() {
    let with = |scheme: &str, arn: Value| {
        Some(json!({
            "Balancer": { "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": { "Scheme": scheme } },
            "R": { "Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": { "Port": 443, "LoadBalancerArn": arn } },
        }))
    };
    let own = json!({ "Ref": "Balancer" });
    assert_eq!(lines(None, with("internal", own.clone())), "");
    assert_eq!(
        lines(None, with("internet-facing", own)),
        "`Balancer` has a public address\n`R` listens to everybody on port 443\n"
    );
    let other = lines(None, with("internal", json!("arn:other")));
    assert_eq!(other, "`R` listens on port 443, to everybody if its load balancer is public\n");
}
