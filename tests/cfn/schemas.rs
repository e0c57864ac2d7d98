//! The resource schemas: that they are what they say, what they find, and that they find nothing if nothing is wrong.

use std::collections::BTreeSet;
use std::path::PathBuf;

use landfall::cfn::{self, Document, Recreates, SchemaFault, SchemaProblem, check_resource, recreates};
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
        found("AWS::Lambda::Function", json!({"Role": {"Ref": "R"}, "Code": "./src"})),
        "/Properties/Code: `./src` is a path: `aws cloudformation package` must put a place in S3 here first"
    );
    assert_eq!(
        found("AWS::Logs::LogGroup", json!({"LogGroupName": "a b"})),
        "/Properties/LogGroupName: `a b` does not match `^[.\\-_/#A-Za-z0-9]{1,512}\\Z`"
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
    use Recreates::{Always, Never, Perhaps};
    let cases = [
        ("AWS::ECS::Service", "Cluster", Always),
        ("AWS::ECS::Service", "LaunchType", Perhaps),
        ("AWS::ECS::Service", "DesiredCount", Never),
        ("AWS::ECS::TaskDefinition", "Cpu", Always),
        ("AWS::ECS::TaskDefinition", "ContainerDefinitions/0/Image", Always),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "Port", Always),
        ("AWS::ECS::CapacityProvider", "AutoScalingGroupProvider", Perhaps),
        ("AWS::ECS::CapacityProvider", "AutoScalingGroupProvider/AutoScalingGroupArn", Always),
        ("AWS::ECS::CapacityProvider", "AutoScalingGroupProvider/ManagedScaling/TargetCapacity", Never),
        ("AWS::S3::Bucket", "BucketName", Always),
        ("AWS::S3::Bucket", "BucketNames", Never),
        ("AWS::DynamoDB::Table", "KeySchema/0/AttributeName", Perhaps),
        ("AWS::MSK::Replicator", "ReplicationInfoList/3/SourceKafkaClusterArn", Always),
        ("AWS::MSK::Replicator", "ReplicationInfoList/*/SourceKafkaClusterArn", Always),
        ("AWS::MSK::Replicator", "ReplicationInfoList/3", Perhaps),
        ("AWS::CloudFormation::CustomResource", "Anything", Perhaps),
        ("AWS::Serverless::Function", "Runtime", Perhaps),
        ("Custom::Thing", "Anything", Perhaps),
    ];
    for (kind, path, expected) in cases {
        assert_eq!(recreates(kind, path), expected, "{kind} {path}");
    }
}

/// The table has every type of the schemas, and is what the script makes of the installed cfn-lint.
#[test]
fn the_table_of_what_replaces_is_that_of_its_origin() {
    assert_eq!(cfn::replacement_origin().split(',').next(), cfn::schema_origin().split(',').next());
    let types: BTreeSet<&str> = cfn::types_with_rules().collect();
    assert!(types.len() > 1_800, "{} types", types.len());
    assert!(cfn::known_types().eq(types.iter().copied()), "both tables have the same types");
    is_what_its_script_writes("src/cfn/schema/replacement.json", "tests/cfn/replacement.py");
}

/// What the names of types that keep data are made of. A type with such a name needs a decision.
const SOUNDS_LIKE_DATA: [&str; 41] = [
    "Archive",
    "Backup",
    "Bucket",
    "Cache",
    "Cluster",
    "Collection",
    "DBCluster",
    "DBInstance",
    "DBSnapshot",
    "Database",
    "Dataset",
    "DataA",
    "DataC",
    "DataI",
    "DataL",
    "DataP",
    "DataS",
    "DataT",
    "Directory",
    "Disk",
    "Domain",
    "FileSystem",
    "HostedZone",
    "IdentityPool",
    "Index",
    "Knowledge",
    "Ledger",
    "LogGroup",
    "Memory",
    "Parameter",
    "Queue",
    "Registry",
    "Repository",
    "Secret",
    "Snapshot",
    "Storage",
    "Store",
    "Stream",
    "Table",
    "Topic",
    "UserPool",
];

#[test]
fn whether_a_type_keeps_data_is_decided_for_every_service() {
    let services: BTreeSet<&str> =
        cfn::types_with_rules().filter_map(|kind| kind.strip_prefix("AWS::")?.split("::").next()).collect();
    let decided: BTreeSet<&str> = cfn::decided_services().collect();
    let missing: Vec<&&str> = services.difference(&decided).collect();
    assert!(missing.is_empty(), "src/cfn/keeps_data.txt has no line for {missing:?}");
    let sounds = |kind: &&str| {
        SOUNDS_LIKE_DATA.iter().any(|part| kind.rsplit("::").next().is_some_and(|name| name.contains(part)))
    };
    let open: Vec<&str> = cfn::types_with_rules()
        .filter(|kind| kind.starts_with("AWS::"))
        .filter(sounds)
        .filter(|kind| !cfn::is_decided(kind))
        .collect();
    assert!(open.is_empty(), "src/cfn/keeps_data.txt says nothing of {open:?}");
    let types: BTreeSet<&str> = cfn::types_with_rules().collect();
    let invented: Vec<String> = cfn::types_that_keep_data()
        .filter(|kind| !types.contains(&**kind) && !kind.starts_with("AWS::Serverless::"))
        .collect();
    assert!(invented.is_empty(), "src/cfn/keeps_data.txt names types that do not exist: {invented:?}");
}

#[test]
fn what_keeps_data_and_what_interrupts_is_told_by_type() {
    for kind in [
        "AWS::RDS::DBInstance",
        "AWS::S3::Bucket",
        "AWS::Logs::LogGroup",
        "AWS::CloudFormation::Stack",
        "AWS::New::Thing",
        "Other::Maker::Store",
    ] {
        assert!(cfn::keeps_data(kind), "{kind}");
    }
    for kind in [
        "AWS::ECS::Service",
        "AWS::RDS::DBSubnetGroup",
        "AWS::S3::BucketPolicy",
        "AWS::IAM::Role",
        "Custom::Thing",
        "AWS::CloudFormation::CustomResource",
        "",
    ] {
        assert!(!cfn::keeps_data(kind), "{kind}");
    }
    for kind in [
        "AWS::ECS::Service",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
    ] {
        assert!(cfn::interrupts(kind), "{kind}");
    }
    assert!(!cfn::interrupts("AWS::IAM::Role"));
    for (kind, name) in [
        ("AWS::RDS::DBInstance", "RDS DBInstance"),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "ElasticLoadBalancingV2 TargetGroup"),
        ("Custom::Thing", "custom resource Thing"),
        ("Alexa::ASK::Skill", "Alexa ASK Skill"),
    ] {
        assert_eq!(cfn::type_name(kind), name);
    }
}

/// Everything that cfn-lint calls stateful keeps data here.
#[test]
fn what_others_call_stateful_keeps_data() {
    let Some(tools) = std::env::var_os("LANDFALL_TOOLS").map(PathBuf::from) else {
        eprintln!("skipped: LANDFALL_TOOLS is not set (tests/run sets it), so there is no cfn-lint");
        return;
    };
    let script = "import json, pathlib, cfnlint; \
        print((pathlib.Path(cfnlint.__file__).parent / 'data/AdditionalSpecs/StatefulResources.json').read_text())";
    let output = std::process::Command::new(tools.join("bin/python")).args(["-c", script]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let listed: Vec<&String> = listed["ResourceTypes"].as_object().unwrap().keys().collect();
    assert!(listed.len() > 20, "{listed:?}");
    let missing: Vec<&&String> = listed.iter().filter(|kind| !cfn::keeps_data(kind)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The file is whole, and what the script makes of the installed cfn-lint.
#[test]
fn the_schemas_are_those_of_their_origin() {
    assert!(cfn::known_types().any(|name| name == "AWS::ECS::Service"));
    assert!(cfn::schema_origin().starts_with("cfn-lint "));
    for name in cfn::known_types() {
        assert!(cfn::resource_type(name).is_some(), "{name} can be read");
    }
    let count = cfn::known_types().count();
    let words = format!("({},{:03} types)", count / 1_000, count % 1_000);
    assert!(include_str!("../../docs/modelling.md").contains(&words), "docs/modelling.md says how many: {words}");
    is_what_its_script_writes("src/cfn/schema/resources.json", "tests/cfn/resource_schemas.py");
}

/// A sample of AWS with the names of two parameters in the place of their values.
const NOT_SO_GOOD: &str = "Solutions_ADConnector";

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
        // What another tool or a macro puts in, is not known.
        if document.has_macro() || text.contains("Rain::") {
            continue;
        }
        for resource in document.resources().filter(|resource| cfn::resource_type(resource.kind()).is_some()) {
            checked += 1;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let found = check_resource(resource).into_iter();
            // Another command has to put them in order first.
            let unpackaged = |fault: &SchemaFault| matches!(fault.problem, SchemaProblem::Unpackaged { .. });
            let found = found.filter(|fault| !name.starts_with(NOT_SO_GOOD) && !unpackaged(fault));
            faults.extend(found.map(|fault| format!("{name}: {}{}: {}", resource.id, fault.pointer, fault.problem)));
        }
    }
    eprintln!("{checked} resources of known types in good templates, {} faults", faults.len());
    assert!(checked > 10, "{checked} resources were checked");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
