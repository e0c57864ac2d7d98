//! Outputs of other stacks in the leaves of templates: parameters and references to them, whatever the values.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use landfall::model::journal::{Content, ParameterValue};
use landfall::sim::world::{StackInput, StackOptions};
use landfall::sim::{SimConfig, World};
use landfall::template::output_parameter;
use serde_json::{Value, json};

use crate::support::steps::{folder, process, read_with};

const ZONE: &str = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\nOutputs:\n  Host:\n    Value: !GetAtt Queue.QueueName\n  \
                    Arn:\n    Value: !GetAtt Queue.Arn\n";

const PRODUCER: &str =
    "\n[[step]]\nname = \"zone\"\nrole = \"web\"\nkind = \"cloudformation\"\ntemplate = \"zone.yaml\"\n";

const SERVICE: &str = "kind = \"ecs-service\"\ncpu = 256\nmemory = 512\nlog_retention_days = 7\n";

fn zone() -> (String, String) {
    ("projects/shop/templates/zone.yaml".to_owned(), ZONE.to_owned())
}

/// The content of a service with these keys in its container and beside it, after the step whose outputs it uses.
fn service(step: &str, container: &str) -> Result<Content, String> {
    let step = format!("{SERVICE}{step}\n[[step.container]]\nname = \"app\"\nimage = \"web\"\n{container}\n{PRODUCER}");
    first(&step, vec![zone()])
}

/// The content of the first step of a process.
fn first(steps: &str, others: Vec<(String, String)>) -> Result<Content, String> {
    let process = process(steps);
    let read = read_with(&process, 1, others);
    if !read.problems.is_empty() {
        return Err(read.problems);
    }
    let rendered = read.render(read.steps().next().unwrap());
    rendered.map(|rendered| rendered.content).map_err(|problems| format!("{} {}", problems[0].code, problems[0].title))
}

fn template(content: &Content) -> Value {
    serde_json::from_str(&content.template).unwrap()
}

fn container(content: &Content) -> Value {
    template(content)["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"][0].clone()
}

fn parameter(text: &str) -> String {
    output_parameter(&landfall::model::process::OutputRef::parse(text).unwrap().unwrap())
}

#[test]
fn an_output_becomes_a_parameter_and_a_text_around_it_a_join() {
    let content = service(
        "",
        "environment = { HOST = \"#{steps.zone.outputs.Host}\", URL = \"https://#{steps.zone.outputs.Host}/#{level}\" }",
    )
    .unwrap();
    let host = parameter("steps.zone.outputs.Host");
    assert!(host.starts_with("OutputZoneHost"), "{host}");
    let environment = container(&content)["Environment"].clone();
    assert_eq!(environment[0]["Value"], json!({ "Ref": host }));
    assert_eq!(environment[1]["Value"], json!({ "Fn::Join": ["", ["https://", { "Ref": host }, "/info"]] }));
    assert_eq!(template(&content)["Parameters"], json!({ host.clone(): { "Type": "String" } }));
    let ParameterValue::Output { stack, output, at } = &content.parameters[&host] else { panic!("{content:?}") };
    assert_eq!((stack.as_str(), output.as_str(), at.as_ref()), ("shop-zone-production-main", "Host", None));
}

#[test]
fn a_target_that_is_said_is_taken() {
    let content = service("", "environment = { HOST = \"#{steps.zone.at.main.outputs.Host}\" }").unwrap();
    let names: Vec<&String> = content.parameters.keys().collect();
    assert_eq!(names, [&parameter("steps.zone.at.main.outputs.Host")]);
    assert!(names[0].starts_with("OutputZoneMainHost"), "{names:?}");
    let ParameterValue::Output { stack, .. } = &content.parameters[names[0]] else { panic!("{content:?}") };
    assert_eq!(stack.as_str(), "shop-zone-production-main");
}

/// A process with the step of a golden file, called `api`, before a service that uses everything that it gives.
#[test]
fn every_output_of_a_step_can_be_used() {
    let with = |file: &str, outputs: &[String]| {
        let keys = |(place, output)| format!("KEY_{place} = \"#{{steps.api.outputs.{output}}}\"");
        let environment: Vec<String> = outputs.iter().enumerate().map(keys).collect();
        let golden = std::fs::read_to_string(folder("steps").join(format!("{file}.toml"))).unwrap();
        let api = process(&golden).replacen("name = \"web\"", "name = \"api\"", 1);
        let api = api.replacen("role = \"web\"", "role = \"other\"", 1);
        let web = format!(
            "\n[[step]]\nname = \"web\"\nrole = \"web\"\n{SERVICE}[[step.container]]\nname = \"app\"\nimage = \"web\"\n\
             environment = {{ {} }}\n",
            environment.join(", ")
        );
        let read = read_with(&format!("{api}{web}"), 1, []);
        if !read.problems.is_empty() {
            return Err(read.problems);
        }
        let of = |name: &str| read.steps().find(|step| step.name.as_str() == name).unwrap();
        Ok((read.render(of("api")).unwrap().content, read.render(of("web")).unwrap().content))
    };
    for file in ["own-application-load-balancer", "cloud-map", "schedule-rate", "task-least"] {
        let outputs: Vec<String> =
            template(&with(file, &[]).unwrap().0)["Outputs"].as_object().unwrap().keys().cloned().collect();
        let used = with(file, &outputs).unwrap().1;
        assert_eq!(used.parameters.len(), outputs.len(), "{file}");
        let other = with(file, &["Other".to_owned()]).unwrap_err();
        assert!(other.contains("error[unknown-output]: step `api` has no output `Other`"), "{file}: {other}");
    }
}

#[test]
fn an_output_changes_only_its_leaf_and_the_parameters() {
    let with = |value: &str| service("", &format!("environment = {{ HOST = \"{value}\" }}")).unwrap();
    let (mut plain, mut output) = (template(&with("plain")), template(&with("#{steps.zone.outputs.Host}")));
    let leaf = "/Resources/TaskDefinition/Properties/ContainerDefinitions/0/Environment/0/Value";
    *plain.pointer_mut(leaf).unwrap() = Value::Null;
    *output.pointer_mut(leaf).unwrap() = Value::Null;
    output.as_object_mut().unwrap().remove("Parameters").unwrap();
    assert_eq!(plain, output);
}

#[test]
fn rights_are_for_what_an_output_gives() {
    let content = service(
        "",
        "secrets = { TOKEN = { secret = \"#{steps.zone.outputs.Arn}\", key = \"token\" }, NAME = { parameter = \
         \"/shop/#{steps.zone.outputs.Host}\" } }\nenvironment_files = [\"arn:aws:s3:::#{steps.zone.outputs.Host}/app.env\"]",
    )
    .unwrap();
    let (arn, host) = (parameter("steps.zone.outputs.Arn"), parameter("steps.zone.outputs.Host"));
    let secrets = container(&content)["Secrets"].clone();
    assert_eq!(
        secrets[0]["ValueFrom"],
        json!({ "Fn::Join": ["", ["arn:aws:ssm:eu-west-1:111111111111:parameter/shop/", { "Ref": host }]] })
    );
    assert_eq!(secrets[1]["ValueFrom"], json!({ "Fn::Join": ["", [{ "Ref": arn }, ":token::"]] }));
    let policy = template(&content).to_string();
    for right in [
        json!([{ "Ref": arn }]).to_string(),
        json!({ "Fn::Join": ["", ["arn:aws:s3:::", { "Ref": host }, "/app.env"]] }).to_string(),
        json!([{ "Fn::Join": ["", ["arn:aws:s3:::", { "Ref": host }]] }]).to_string(),
    ] {
        assert!(policy.contains(&right), "{right} is not in {policy}");
    }
}

#[test]
fn elements_of_lists_may_be_outputs() {
    let content = service("security_groups = [\"#{steps.zone.outputs.Host}\", \"sg-0b0b0b0b\"]", "").unwrap();
    let groups = "/Resources/Service/Properties/NetworkConfiguration/AwsvpcConfiguration/SecurityGroups";
    let host = parameter("steps.zone.outputs.Host");
    assert_eq!(template(&content).pointer(groups).unwrap(), &json!([{ "Ref": host }, "sg-0b0b0b0b"]));
}

#[test]
fn what_no_output_can_be_is_refused() {
    let wrong = |step: &str, container: &str| service(step, container).unwrap_err();
    let wild = wrong("", "secrets = { TOKEN = { secret = \"#{steps.zone.outputs.Arn}*\" } }");
    assert!(wild.starts_with("secret-arn"), "{wild}");
    let bucket = wrong("", "environment_files = [\"#{steps.zone.outputs.Arn}\"]");
    assert!(bucket.starts_with("object-arn"), "{bucket}");
    let gone = wrong("", "environment = { A = \"#{steps.zone.at.other.outputs.Arn}\" }");
    assert!(gone.contains("unknown-target"), "{gone}");
    let output = wrong("", "environment = { A = \"#{steps.zone.outputs.Hots}\" }");
    assert!(output.contains("unknown-output") && output.contains("did you mean `Host`?"), "{output}");
}

#[test]
fn templates_of_the_user_take_outputs_in_every_place() {
    let step = format!(
        "kind = \"cloudformation\"\ntemplate = \"own.yaml\"\n[step.parameters]\nGiven = \"#{{steps.zone.outputs.Arn}}\"\n{PRODUCER}"
    );
    let own = "Parameters:\n  Given:\n    Type: String\nResources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n      \
               QueueName: !Sub \"${AWS::StackName}-#{steps.zone.outputs.Host}-#{level}\"\n      Tags:\n        - Key: given\n          \
               Value: !Ref Given\n        - Key: host\n          Value: \"#{steps.zone.outputs.Host}\"\n";
    let others = vec![zone(), ("projects/shop/templates/own.yaml".to_owned(), own.to_owned())];
    let content = first(&step, others).unwrap();
    let host = parameter("steps.zone.outputs.Host");
    let queue = template(&content)["Resources"]["Queue"]["Properties"].clone();
    assert_eq!(queue["QueueName"], json!({ "Fn::Sub": format!("${{AWS::StackName}}-${{{host}}}-info") }));
    assert_eq!(queue["Tags"][1]["Value"], json!({ "Ref": host }));
    let names: Vec<&str> = content.parameters.keys().map(String::as_str).collect();
    assert_eq!(names, ["Given", host.as_str()]);
    let arn = ParameterValue::Output { stack: content_stack(), output: "Arn".to_owned(), at: None };
    assert_eq!(content.parameters["Given"], arn);
    assert_eq!(template(&content)["Parameters"][&host], json!({ "Type": "String" }));
    let taken = own.replace("  Given:", &format!("  {host}:\n    Type: Number\n    Default: 1\n  Given:"));
    let others = vec![zone(), ("projects/shop/templates/own.yaml".to_owned(), taken)];
    let refused = first(&step, others).unwrap_err();
    assert!(
        refused.contains("duplicate-logical-id") && refused.contains("exists in the section Parameters"),
        "{refused}"
    );
}

fn content_stack() -> landfall::model::StackName {
    landfall::model::StackName::seen("shop-zone-production-main")
}

/// What an expression becomes where the parameter has this value.
fn evaluated(expression: &Value, parameter: &str, value: &str) -> String {
    let place = landfall::model::Place {
        account: "111111111111".to_owned().try_into().unwrap(),
        region: "eu-west-1".to_owned().try_into().unwrap(),
    };
    let template = json!({
        "Parameters": { parameter: { "Type": "String" } },
        "Resources": { "Queue": { "Type": "AWS::SQS::Queue" } },
        "Outputs": { "It": { "Value": expression } },
    });
    let mut world = World::new(SimConfig::default());
    let input = StackInput {
        name: "it".to_owned(),
        template: Some(template.to_string()),
        parameters: BTreeMap::from([(parameter.to_owned(), Some(value.to_owned()))]),
        tags: Some(BTreeMap::new()),
        capabilities: Vec::new(),
        role: None,
        notifications: None,
        monitoring: None,
        token: None,
        skips_validation: false,
    };
    world.create_stack(&place, &input, &StackOptions::default()).unwrap();
    world.settle(world.now() + SignedDuration::from_hours(1));
    world.find_stack(&place, "it").unwrap().outputs[0].value.clone()
}

#[test]
fn the_name_of_a_parameter_may_be_an_output_with_and_without_a_slash() {
    let content = service("", "secrets = { NAME = { parameter = \"#{steps.zone.outputs.Host}\" } }").unwrap();
    let given = container(&content)["Secrets"][0]["ValueFrom"].clone();
    assert!(template(&content)["Resources"]["ExecutionRole"].to_string().contains(&given.to_string()));
    let host = parameter("steps.zone.outputs.Host");
    for (name, path) in [("flags", "flags"), ("/shop/flags", "shop/flags"), ("/flags", "flags")] {
        let arn = format!("arn:aws:ssm:eu-west-1:111111111111:parameter/{path}");
        assert_eq!(evaluated(&given, &host, name), arn, "{name}");
    }
}

#[test]
fn a_key_may_be_an_output_by_its_id_and_by_its_arn() {
    let content = service("kms_keys = [\"#{steps.zone.outputs.Host}\"]", "").unwrap();
    let statements = "/Resources/ExecutionRole/Properties/Policies/0/PolicyDocument/Statement";
    let template = template(&content);
    let statements = template.pointer(statements).unwrap().as_array().unwrap();
    let keys = statements.iter().find(|statement| statement["Sid"] == "Keys").unwrap();
    assert_eq!(keys["Action"], json!(["kms:Decrypt"]));
    let host = parameter("steps.zone.outputs.Host");
    let arn = "arn:aws:kms:eu-west-1:111111111111:key/0000-1";
    for given in ["0000-1", arn] {
        assert_eq!(evaluated(&keys["Resource"][0], &host, given), arn, "{given}");
    }
}
