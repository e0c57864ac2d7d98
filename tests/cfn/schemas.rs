//! The resource schemas: that they are what they say, what they find, and that they find nothing where nothing is wrong.

use std::path::PathBuf;

use landfall::cfn::{self, Document, Recreates, check_resource, recreates};
use serde_json::{Value, json};

use crate::support::origin::is_what_its_script_writes;

/// What is found in a resource of a type with these properties, a line each.
fn found(kind: &str, properties: Value) -> String {
    let document = Document::from_value(json!({"Resources": {"A": {"Type": kind, "Properties": properties}}})).unwrap();
    let faults = check_resource(document.resource("A").unwrap());
    let lines: Vec<String> = faults.iter().map(|fault| format!("{}: {}", fault.pointer, fault.problem)).collect();
    lines.join("\n")
}

/// A service that is right, with something else in it.
fn service(more: Value) -> String {
    let mut properties = json!({"Cluster": "c", "TaskDefinition": {"Ref": "T"}, "DesiredCount": 1});
    properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    found("AWS::ECS::Service", properties)
}

#[test]
fn what_is_wrong_is_found_where_it_is() {
    let table = [
        (json!({"DesiredCounts": 1}), "/Properties/DesiredCounts: unknown property `DesiredCounts`"),
        (json!({"DesiredCount": "many"}), "/Properties/DesiredCount: expected integer, found a text"),
        (json!({"DesiredCount": 1.5}), "/Properties/DesiredCount: expected integer, found a number"),
        (json!({"LaunchType": "FARGAET"}), "/Properties/LaunchType: `FARGAET` is not one of EC2, FARGATE, EXTERNAL"),
        (json!({"ServiceArn": "arn"}), "/Properties/ServiceArn: only AWS can set the property `ServiceArn`"),
        (json!({"Tags": {"a": "b"}}), "/Properties/Tags: expected array, found a map"),
        (json!({"Tags": [{"Key": "a", "Name": "b"}]}), "/Properties/Tags/0/Name: unknown property `Name`"),
        (json!({"EnableExecuteCommand": "yes"}), "/Properties/EnableExecuteCommand: expected boolean, found a text"),
        (
            json!({"NetworkConfiguration": {"AwsvpcConfiguration": {"AssignPublicIp": {"Fn::If": ["C", "ON", "ENABLED"]}}}}),
            "/Properties/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp/Fn::If/1: `ON` is not one of DISABLED, ENABLED",
        ),
        (
            json!({"DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": true}}}),
            "/Properties/DeploymentConfiguration/DeploymentCircuitBreaker: the required property `Rollback` is missing",
        ),
    ];
    for (more, expected) in table {
        assert_eq!(service(more), expected);
    }
    assert_eq!(
        found("AWS::IAM::Role", json!({"AssumeRolePolicyDocument": {"Ref": "AWS::NoValue"}})),
        "/Properties: the required property `AssumeRolePolicyDocument` is missing"
    );
    assert_eq!(
        found("AWS::Logs::LogGroup", json!({"RetentionInDays": 13})).split(" is not").next(),
        Some("/Properties/RetentionInDays: `13`")
    );
    assert_eq!(
        found("AWS::ElasticLoadBalancingV2::TargetGroup", json!({"Port": 70_000})),
        "/Properties/Port: the value is 70000, and must be 1 to 65535"
    );
    assert_eq!(
        found("AWS::Logs::LogGroup", json!({"LogGroupName": ""})),
        "/Properties/LogGroupName: the length is 0, and must be 1 to 512"
    );
}

#[test]
fn what_may_be_right_is_taken_as_right() {
    let fine = [
        json!({"DesiredCount": "3", "EnableExecuteCommand": "true", "Cluster": 7}),
        json!({"DesiredCount": {"Ref": "Count"}, "Tags": {"Fn::If": ["C", [{"Key": "a", "Value": "b"}], {"Ref": "AWS::NoValue"}]}}),
        json!({"DesiredCount": "#{count}", "LaunchType": "#{launch}", "EnableExecuteCommand": "#{exec}"}),
        json!({"Fn::Transform": {"Name": "AWS::Include"}}),
        json!({"DeploymentConfiguration": {"Fn::Transform": {"Name": "X"}, "DeploymentCircuitBreaker": {"Ref": "X"}}}),
        json!({"LaunchType": "{{resolve:ssm:launch}}"}),
    ];
    for more in fine {
        assert_eq!(service(more.clone()), "", "{more}");
    }
    assert_eq!(found("Custom::Thing", json!({"Anything": 1})), "");
}

#[test]
fn a_change_recreates_what_the_schema_says() {
    assert_eq!(recreates("AWS::ECS::Service", "Cluster"), Recreates::Always);
    assert_eq!(recreates("AWS::ECS::Service", "LaunchType"), Recreates::Perhaps);
    assert_eq!(recreates("AWS::ECS::Service", "DesiredCount"), Recreates::Never);
    assert_eq!(recreates("AWS::ECS::TaskDefinition", "Cpu"), Recreates::Always);
    assert_eq!(recreates("AWS::ElasticLoadBalancingV2::TargetGroup", "Port"), Recreates::Always);
    assert_eq!(
        recreates("AWS::ECS::CapacityProvider", "AutoScalingGroupProvider"),
        Recreates::Perhaps,
        "a part of it does"
    );
    assert_eq!(recreates("AWS::S3::Bucket", "BucketName"), Recreates::Perhaps, "a type that is not known");
}

/// The file is whole, and what the script makes of the installed cfn-lint.
#[test]
fn the_schemas_are_those_of_their_origin() {
    assert!(cfn::known_types().count() >= 30 && cfn::known_types().any(|name| name == "AWS::ECS::Service"));
    assert!(cfn::schema_origin().starts_with("cfn-lint "));
    for name in cfn::known_types() {
        assert!(cfn::resource_type(name).is_some_and(|known| known.properties().count() > 0), "{name}");
    }
    is_what_its_script_writes("src/cfn/schema/resources.json", "tests/cfn/resource_schemas.py");
}

/// Templates that are known to be good have nothing wrong with them, as far as the schemas go.
#[test]
fn nothing_is_found_in_good_templates() {
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/template/golden")];
    folders.extend(super::corpus::folders());
    let (mut checked, mut faults) = (0, Vec::new());
    for path in folders.iter().flat_map(|folder| super::corpus::templates(folder)) {
        let text = std::fs::read_to_string(&path).unwrap();
        let Ok(source) = cfn::read(&text) else { continue };
        let Ok(document) = Document::from_value(source.into_value()) else { continue };
        for resource in document.resources().filter(|resource| cfn::resource_type(resource.kind()).is_some()) {
            checked += 1;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let found = check_resource(resource).into_iter();
            faults.extend(found.map(|fault| format!("{name}: {}{}: {}", resource.id, fault.pointer, fault.problem)));
        }
    }
    eprintln!("{checked} resources of known types in good templates, {} faults", faults.len());
    assert!(checked > 10, "{checked} resources were checked");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
