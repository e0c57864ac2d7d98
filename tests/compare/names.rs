//! The names that templates fix.

use std::collections::BTreeMap;

use landfall::cfn::{Document, Given, naming};
use landfall::compare::named;
use serde_json::json;

#[test]
fn names_are_those_that_a_template_fixes() {
    assert_eq!(naming("AWS::RDS::DBInstance"), ["DBInstanceIdentifier"]);
    assert_eq!(naming("AWS::ApiGateway::BasePathMapping"), ["BasePath", "DomainName"]);
    assert_eq!(naming("AWS::ECS::Service"), ["Cluster", "ServiceName"]);
    // AWS makes their identifiers, and a type that is not of AWS has no schema here.
    for kind in ["AWS::SQS::Queue", "AWS::EC2::SecurityGroup", "Custom::Thing"] {
        assert!(naming(kind).is_empty(), "{kind}");
    }
    let template = json!({
        "Parameters": {"Name": {"Type": "String"}, "Unknown": {"Type": "String"}, "Off": {"Type": "String", "Default": "no"}},
        "Conditions": {"IsOn": {"Fn::Equals": [{"Ref": "Off"}, "yes"]}},
        "Resources": {
            "Plain": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "files"}},
            "ByParameter": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "carts-${Name}"}}},
            "ByUnknown": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Ref": "Unknown"}}},
            "Unnamed": {"Type": "AWS::S3::Bucket"},
            "Absent": {"Type": "AWS::S3::Bucket", "Condition": "IsOn", "Properties": {"BucketName": "absent"}},
            "Service": {"Type": "AWS::ECS::Service", "Properties": {"Cluster": "main", "ServiceName": "web"}},
            "Made": {"Type": "AWS::ECS::Service", "Properties": {"Cluster": "main"}},
            "Mapping": {"Type": "AWS::ApiGateway::BasePathMapping", "Properties": {"DomainName": "a.example", "BasePath": "v1"}},
        },
    });
    let document = Document::from_value(template).unwrap();
    let values = BTreeMap::from([("Name".to_owned(), Some("main".to_owned()))]);
    let mut found: Vec<String> = named(Given { document: &document, values: &values })
        .iter()
        .map(|named| format!("{} {}", named.id, named.name))
        .collect();
    found.sort();
    assert_eq!(found, ["ByParameter carts-main", "Mapping v1/a.example", "Plain files", "Service main/web"]);
}
