//! Actions and their causes, resource by resource.

use std::collections::BTreeMap;

use landfall::cfn::{Document, Given};
use landfall::compare::{Action, ResourceChange, Why, resources};
use landfall::model::journal::Fate;
use serde_json::{Value, json};

type Values = BTreeMap<String, Option<String>>;

/// Values for parameters; `?` stands for one that is not known.
fn values(pairs: &[(&str, &str)]) -> Values {
    let value = |value: &str| (value != "?").then(|| value.to_owned());
    pairs.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect()
}

fn between(before: &Value, old: &Values, after: &Value, new: &Values) -> Vec<ResourceChange> {
    let (before, after) = (Document::from_value(before.clone()).unwrap(), Document::from_value(after.clone()).unwrap());
    let (before, after) = (Given { document: &before, values: old }, Given { document: &after, values: new });
    resources(Some(before), Some(after))
}

fn template(resources: Value) -> Value {
    json!({ "Resources": resources })
}

/// One line for each change: action, id, then the causes.
fn told(changes: &[ResourceChange]) -> String {
    let lines: Vec<String> = changes.iter().map(line).collect();
    lines.join("\n")
}

fn line(change: &ResourceChange) -> String {
    let sure = if change.certain { "" } else { "?" };
    let fate = change.fate.filter(|fate| *fate != Fate::Deleted).map(|fate| format!(" [{fate:?}]")).unwrap_or_default();
    let causes: Vec<String> = change.causes.iter().map(|cause| format!("{} {}", cause.path, why(&cause.why))).collect();
    let causes = if causes.is_empty() { String::new() } else { format!(": {}", causes.join("; ")) };
    format!("{:?}{sure} {}{fate}{causes}", change.action, change.id)
}

fn why(why: &Why) -> String {
    let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "-".to_owned());
    match why {
        Why::Text { before, after } => format!("{} -> {}", side(before), side(after)),
        Why::Parameter { name, before, after } => format!("parameter {name} {} -> {}", side(before), side(after)),
        Why::Mapping { name } => format!("mapping {name}"),
        Why::Condition { name, holds } => format!("condition {name} {holds:?}"),
        Why::Follows { resource, attribute, action } => {
            format!(
                "follows {resource}{} {action:?}",
                attribute.as_ref().map(|name| format!(".{name}")).unwrap_or_default()
            )
        }
    }
}

fn changed(before: Value, after: Value) -> String {
    let none = Values::new();
    told(&between(&template(before), &none, &template(after), &none))
}

/// The change of one resource of a type from some properties to others.
fn one(kind: &str, before: Value, after: Value) -> String {
    let resource = |properties: Value| json!({ "R": { "Type": kind, "Properties": properties } });
    changed(resource(before), resource(after))
}

#[test]
fn each_action_is_told_with_what_causes_it() {
    assert_eq!(one("AWS::ECS::Service", json!({"Cluster": "a"}), json!({"Cluster": "b"})), "Replace R: Cluster a -> b");
    assert_eq!(
        one("AWS::ECS::Service", json!({"DesiredCount": 1}), json!({"DesiredCount": 2})),
        "Update R: DesiredCount 1 -> 2"
    );
    assert_eq!(
        one("AWS::ECS::TaskDefinition", json!({"Cpu": "256"}), json!({"Cpu": "512"})),
        "Revision R: Cpu 256 -> 512"
    );
    assert_eq!(
        one("AWS::ECS::TaskDefinition", json!({}), json!({"Tags": [{"Key": "a", "Value": "b"}]})),
        "Update R: Tags - -> -"
    );
    assert_eq!(
        one("AWS::RDS::DBInstance", json!({"DBInstanceIdentifier": "a"}), json!({"DBInstanceIdentifier": "b"})),
        "Replace R: DBInstanceIdentifier a -> b"
    );
    assert_eq!(
        one("AWS::RDS::DBInstance", json!({"Engine": "mysql"}), json!({"Engine": "postgres"})),
        "MayReplace R: Engine mysql -> postgres"
    );
    assert_eq!(
        one("AWS::EC2::SecurityGroup", json!({"GroupDescription": "a"}), json!({"GroupDescription": "b"})),
        "Replace R: GroupDescription a -> b"
    );
    assert_eq!(changed(json!({}), json!({"R": {"Type": "AWS::SNS::Topic"}})), "Create R");
    assert_eq!(changed(json!({"R": {"Type": "AWS::SNS::Topic"}}), json!({})), "Remove R");
    assert_eq!(
        changed(json!({"R": {"Type": "AWS::SNS::Topic"}}), json!({"R": {"Type": "AWS::SQS::Queue"}})),
        "Replace R: Type AWS::SNS::Topic -> AWS::SQS::Queue"
    );
}

/// A change is judged by the parts that differ: of a property that recreates in one part, another part may change in place.
#[test]
fn parts_of_a_property_are_judged_by_themselves() {
    let provider = |arn: &str, target: u32| json!({"AutoScalingGroupProvider": {"AutoScalingGroupArn": arn, "ManagedScaling": {"TargetCapacity": target}}});
    let kind = "AWS::ECS::CapacityProvider";
    assert_eq!(
        one(kind, provider("a", 90), provider("a", 80)),
        "Update R: AutoScalingGroupProvider/ManagedScaling/TargetCapacity 90 -> 80"
    );
    assert_eq!(
        one(kind, provider("a", 90), provider("b", 90)),
        "Replace R: AutoScalingGroupProvider/AutoScalingGroupArn a -> b"
    );
    let channel = |name: &str, more: &str| json!({"IcebergDestinationConfiguration": {"Other": more, "DestinationTableList": [{"DestinationTableName": name}]}});
    assert!(one("AWS::MSK::Channel", channel("a", "x"), channel("a", "y")).starts_with("Update R"));
    assert_eq!(
        one("AWS::MSK::Channel", channel("a", "x"), channel("b", "x")),
        "Replace R: IcebergDestinationConfiguration/DestinationTableList/0/DestinationTableName a -> b"
    );
    // What a function becomes is not known: the parts that the other side has count.
    let opaque = json!({"AutoScalingGroupProvider": {"Fn::Transform": {"Name": "X"}}});
    assert_eq!(one(kind, provider("a", 90), opaque), "Replace R: AutoScalingGroupProvider - -> -");
}

/// An include may make any property.
#[test]
fn what_a_macro_makes_is_uncertain() {
    let include = |place: &str| json!({"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": place}}});
    assert_eq!(
        one("AWS::ECS::Service", include("s3://a"), include("s3://b")),
        "MayReplace R: Fn::Transform/Parameters/Location s3://a -> s3://b"
    );
}

#[test]
fn of_an_unknown_type_nothing_is_certain() {
    for kind in ["Custom::Thing", "AWS::CloudFormation::CustomResource", "MongoDB::Atlas::Cluster", "AWS::New::Thing"] {
        assert_eq!(one(kind, json!({"A": 1}), json!({"A": 2})), "MayReplace R: A 1 -> 2", "{kind}");
    }
}

#[test]
fn what_follows_from_another_resource_says_so() {
    let stack = |name: &str| {
        json!({
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": name}},
            "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}},
            "Service": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": {"Ref": "Task"}}},
        })
    };
    assert_eq!(
        changed(stack("a"), stack("b")),
        "Replace Role: RoleName a -> b\n\
         Update Service: TaskDefinition follows Task Revision\n\
         Revision Task: ExecutionRoleArn follows Role.Arn Replace"
    );
    let described = |text: &str| {
        let mut stack = stack("a");
        stack["Role"]["Properties"]["Description"] = text.into();
        stack
    };
    assert_eq!(
        changed(described("x"), described("y")),
        "Update Role: Description x -> y\n\
         Update? Service: TaskDefinition follows Task Revision\n\
         Revision? Task: ExecutionRoleArn follows Role.Arn Update"
    );
}

#[test]
fn settings_are_no_change_of_the_resource_and_policies_say_what_is_kept() {
    let table = |more: Value| {
        let mut resource = json!({"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "t"}});
        resource.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"R": resource})
    };
    assert_eq!(
        changed(table(json!({})), table(json!({"DeletionPolicy": "Retain", "DependsOn": ["X"]}))),
        "Settings R: DeletionPolicy - -> Retain; DependsOn - -> -"
    );
    assert_eq!(changed(table(json!({"DependsOn": "X"})), table(json!({"DependsOn": ["X"]}))), "");
    assert_eq!(changed(table(json!({"DeletionPolicy": "Retain"})), json!({})), "Remove R [Kept]");
    assert_eq!(changed(table(json!({"UpdateReplacePolicy": "Retain"})), json!({})), "Remove R");
    let renamed = |more: Value| {
        let mut resource = table(more);
        resource["R"]["Properties"]["TableName"] = json!("u");
        resource
    };
    let both = json!({"UpdateReplacePolicy": "Snapshot"});
    assert_eq!(changed(table(both.clone()), renamed(both)), "Replace R [Snapshot]: TableName t -> u");
    // AWS does not document which version counts.
    assert_eq!(
        changed(table(json!({"UpdateReplacePolicy": "Retain"})), renamed(json!({}))),
        "Replace R: UpdateReplacePolicy Retain -> -; TableName t -> u"
    );
    let database = |more: Value| json!({"R": {"Type": "AWS::RDS::DBInstance", "Properties": more}});
    assert_eq!(changed(database(json!({})), json!({})), "Remove R [Snapshot]");
    assert_eq!(changed(database(json!({"DBClusterIdentifier": "c"})), json!({})), "Remove R");
}

fn staged() -> Value {
    json!({
        "Parameters": {
            "Stage": {"Type": "String"},
            "Key": {"Type": "String", "NoEcho": true, "Default": "quiet"},
            "Names": {"Type": "CommaDelimitedList", "Default": "a,b"},
        },
        "Conditions": {"IsLive": {"Fn::Equals": [{"Ref": "Stage"}, "live"]}},
        "Resources": {
            "Table": {"Type": "AWS::DynamoDB::Table", "Condition": "IsLive"},
            "Log": {
                "Type": "AWS::Logs::LogGroup",
                "Properties": {
                    "LogGroupName": {"Fn::Sub": "/app/${Stage}"},
                    "RetentionInDays": {"Fn::If": ["IsLive", 30, {"Ref": "AWS::NoValue"}]},
                },
            },
            "Topic": {
                "Type": "AWS::SNS::Topic",
                "Properties": {"DisplayName": {"Ref": "Key"}, "Tags": [{"Fn::If": ["IsLive", {"Key": "a", "Value": "b"}, {"Ref": "AWS::NoValue"}]}]},
            },
        },
    })
}

#[test]
fn parameters_and_conditions_are_named_as_causes() {
    let template = staged();
    let go =
        |old: &[(&str, &str)], new: &[(&str, &str)]| told(&between(&template, &values(old), &template, &values(new)));
    assert_eq!(
        go(&[("Stage", "test")], &[("Stage", "live")]),
        "Replace Log: LogGroupName parameter Stage test -> live; RetentionInDays condition IsLive Some(true)\n\
         Create Table: Condition condition IsLive Some(true)\n\
         Update Topic: Tags - -> -"
    );
    assert_eq!(
        go(&[("Stage", "live")], &[("Stage", "test")]).lines().nth(1),
        Some("Remove Table: Condition condition IsLive Some(false)")
    );
    assert_eq!(
        go(&[("Stage", "a"), ("Key", "one")], &[("Stage", "a"), ("Key", "two")]),
        "Update Topic: DisplayName parameter Key (hidden) -> (hidden, changed)"
    );
    // A value that is not known may be another one, or the same.
    assert_eq!(
        go(&[("Stage", "live")], &[("Stage", "?")]),
        "MayReplace? Log: LogGroupName parameter Stage live -> -; RetentionInDays parameter Stage live -> -\n\
         Update? Topic: Tags/0 parameter Stage live -> -"
    );
    assert_eq!(go(&[("Stage", "a")], &[("Stage", "a")]), "");
}

/// What is written in another way but becomes the same value is no change.
#[test]
fn values_count_as_what_they_become() {
    let named = |name: Value| json!({"Parameters": {"P": {"Type": "String", "Default": "app"}}, "Resources": {"R": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}}});
    let none = Values::new();
    for same in [
        json!({"Ref": "P"}),
        json!({"Fn::Sub": "${P}"}),
        json!({"Fn::Sub": ["${X}p", {"X": "ap"}]}),
        json!({"Fn::Join": ["", ["a", "pp"]]}),
    ] {
        assert_eq!(told(&between(&named(json!("app")), &none, &named(same.clone()), &none)), "", "{same}");
    }
    let other = json!({"Fn::Sub": "${P}-${!P}"});
    assert_eq!(told(&between(&named(json!("app")), &none, &named(other), &none)), "Replace R: LogGroupName app -> -");
}

#[test]
fn no_secret_is_shown_in_a_cause() {
    let with = |secret: &str, stage: &str| {
        json!({
            "Parameters": {"ApiToken": {"Type": "String", "Default": secret}},
            "Resources": {
                "R": {"Type": "AWS::RDS::DBInstance", "Properties": {"MasterUserPassword": secret}},
                "T": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{
                    "Environment": [{"Name": "DB_PASSWORD", "Value": secret}, {"Name": "STAGE", "Value": stage}],
                    "Command": [format!("postgres://app:{secret}@db")],
                }]}},
                "U": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "ApiToken"}}},
            },
        })
    };
    let none = Values::new();
    let changes = between(&with("hunter1", "a"), &none, &with("hunter2", "b"), &none);
    let text = told(&changes) + &serde_json::to_string(&changes).unwrap();
    assert!(!text.contains("hunter"), "{text}");
    assert!(text.contains("ContainerDefinitions/0/Environment/1/Value a -> b"), "{text}");
    assert_eq!(changes.len(), 3, "{text}");
}

#[test]
fn a_change_as_json_has_aws_names_and_a_stable_shape() {
    let none = Values::new();
    let database = |name: &str| {
        template(json!({"Db": {"Type": "AWS::RDS::DBInstance", "Properties": {"DBInstanceIdentifier": name}}}))
    };
    let changes = between(&database("a"), &none, &database("b"), &none);
    assert_eq!(
        serde_json::to_value(&changes).unwrap(),
        json!([{
            "id": "Db", "kind": "AWS::RDS::DBInstance", "name": "RDS DBInstance", "action": "replace", "certain": true,
            "fate": "deleted", "keeps-data": true, "interrupts": false,
            "causes": [{
                "path": "DBInstanceIdentifier", "recreates": "always", "certain": true,
                "because": "text", "before": "a", "after": "b",
            }],
        }])
    );
}

#[test]
fn without_a_document_after_everything_is_removed() {
    let all = Document::from_value(staged()).unwrap();
    let given = values(&[("Stage", "test")]);
    let removed = resources(Some(Given { document: &all, values: &given }), None);
    assert_eq!(told(&removed), "Remove Log\nRemove Topic");
    let created = resources(None, Some(Given { document: &all, values: &given }));
    assert!(created.iter().all(|change| change.action == Action::Create) && created.len() == 2, "{created:?}");
}
