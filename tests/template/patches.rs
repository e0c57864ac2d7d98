//! Patches: what they change, what they cannot, and that they change nothing else.

use std::collections::BTreeSet;

use landfall::cfn::Document;
use landfall::template::Rendered;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::steps::refused;
use crate::support::steps::{process, read, rendered};

const SERVICE: &str = "[[step.patch]]\nresource = \"Service\"\n";
const TASK: &str = "[[step.patch]]\nresource = \"TaskDefinition\"\n";
const LABELS: &str = "\"ContainerDefinitions.app.DockerLabels\"";
const SUBNETS: &str = "\"NetworkConfiguration.AwsvpcConfiguration.Subnets\"";
const TOPIC: &str = "[[step.patch]]\nresource = \"Topic\"\ntype = \"AWS::SNS::Topic\"\n";

#[test]
fn patches_that_lead_nowhere_are_refused() {
    for (patch, words) in [
        (SERVICE.replace("Service", "Servise") + "remove = [\"X\"]", "did you mean `Service`?"),
        (format!("{SERVICE}remove = [\"LoadBalancer\"]"), "does not exist from `LoadBalancer` on"),
        (format!("{SERVICE}remove = [\"LaunchTyp\"]"), "did you mean `LaunchType`?"),
        (format!("{SERVICE}set = {{ \"TaskDefinition.Ref\" = \"X\" }}"), "a function is there"),
        (format!("{SERVICE}set = {{ \"Cluster.Name\" = \"X\" }}"), "the value there has no parts"),
        (format!("{SERVICE}set = {{ \"a..b\" = 1 }}"), "`a..b` is not a path"),
        (
            format!("{SERVICE}set_unchecked = {{ \"{}b\" = 1 }}", "a.".repeat(20_000)),
            "a.a.…` is not a path: at most 32 keys",
        ),
        (format!("{SERVICE}append = {{ LaunchType = [\"EC2\"] }}"), "`LaunchType` is not a list"),
        (
            format!("{SERVICE}append = {{ {SUBNETS} = [\"subnet-0c\"] }}"),
            "write the whole list in the step: `subnets = ",
        ),
        (format!("{TASK}set = {{ \"ContainerDefinitions.1.Cpu\" = 1 }}"), "no such item in the list"),
        (format!("{TASK}set = {{ \"ContainerDefinitions.ap.Cpu\" = 1 }}"), "did you mean `app`?"),
    ] {
        refused("", &patch, &[words]);
    }
}

#[test]
fn what_aws_would_refuse_is_refused() {
    for (patch, words) in [
        (format!("{SERVICE}set = {{ DesiredCounts = 2 }}"), "did you mean `DesiredCount`?"),
        (
            format!("{SERVICE}set = {{ DesiredCount = \"two\" }}"),
            "`Service` (AWS::ECS::Service): expected integer, found a text at `DesiredCount`",
        ),
        (format!("{SERVICE}set = {{ Role = 1.10 }}"), "`1.10` cannot be kept exactly: it would become `1.1`"),
        (format!("{SERVICE}set = {{ Role = 1e3 }}"), "`1e3` cannot be kept exactly: it would become `1000.0`"),
        (format!("{SERVICE}set = {{ ServiceArn = \"x\" }}"), "only AWS can set the property `"),
        (format!("{SERVICE}set = {{ LaunchType = \"FARGAET\" }}"), "did you mean `FARGATE`?"),
        (
            format!("{SERVICE}remove = [\"DeploymentConfiguration.DeploymentCircuitBreaker.Rollback\"]"),
            "the required property `Rollback` is missing",
        ),
        (
            format!(
                "{SERVICE}append = {{ LoadBalancers = [{{ ContainerName = \"app\", ContainerPort = 8080, TargetGroupArn = \"x\", TargetGroup = \"x\" }}] }}"
            ),
            "did you mean `TargetGroupArn`?",
        ),
        (format!("{SERVICE}depends_on = [\"Topic\"]"), "the template has no resource `Topic`"),
        (
            format!("{SERVICE}set = {{ Role = {{ Ref = \"Topic\" }} }}"),
            "the template has no parameter or resource `Topic`",
        ),
        (format!("{SERVICE}set = {{ Role = {{ \"Fn::Jion\" = [\"\", [\"a\"]] }} }}"), "no function `Fn::Jion`"),
        (
            format!("{SERVICE}metadata = {{ A = {{ \"Fn::Transform\" = {{ Name = \"M\" }} }} }}"),
            "a patch cannot call `Fn::Transform`",
        ),
        (format!("{SERVICE}set = {{ \"Fn::Transform\" = {{ Name = \"M\" }} }}"), "a patch cannot call `Fn::Transform`"),
        (format!("{SERVICE}outputs = {{ \"Fn::ForEach::X\" = [] }}"), "a patch cannot call `Fn::ForEach::X`"),
        (TOPIC.replace("AWS::SNS::Topic", "My::Own::Topic::MODULE"), "stands for several"),
        (TOPIC.replace("\"Topic\"", "\"Fn::ForEach::X\""), "stands for several"),
        (
            format!("{SERVICE}remove = [{}]", "\"LaunchType\", ".repeat(500)),
            "the patches of a step can make at most 500 changes",
        ),
        (
            format!("{SERVICE}metadata = {{ A = [{}] }}", "1, ".repeat(5000)),
            "the patches of a step can make at most 500 changes and set at most 5000 values",
        ),
        (format!("{SERVICE}set = {{ Role = {{ \"Fn::Join\" = \"x\" }} }}"), "`Fn::Join` takes a separator and a list"),
        (
            format!("{SERVICE}set = {{ Role = {{ \"Fn::GetAtt\" = [\"Service\"] }} }}"),
            "`Fn::GetAtt` takes a resource and",
        ),
        (
            format!("{TASK}set = {{ \"ContainerDefinitions.app.DockerLabels.com.example\" = \"x\" }}"),
            "`DockerLabels.com` must be text, not a map",
        ),
        (format!("{TASK}set = {{ {LABELS} = {{ a = [\"x\"] }} }}"), "`DockerLabels.a` must be text, not a list"),
        (
            format!("{TASK}set = {{ \"ContainerDefinitions.app.LogConfiguration.Options.a.b\" = \"x\" }}"),
            "`LogConfiguration.Options.a` must be text, not a map",
        ),
        (format!("{SERVICE}outputs = {{ Some-Arn = \"x\" }}"), "`Some-Arn` is not a logical id"),
        (
            format!("{SERVICE}update_replace_policy = \"retain-except-on-create\""),
            "`retain-except-on-create` is only for `deletion_policy`",
        ),
        (TOPIC.replace("AWS::SNS::Topic", "Topic"), "`Topic` is not a resource type"),
        (TOPIC.replace("\"Topic\"", "\"My-Topic\""), "`My-Topic` is not a logical id"),
        (format!("{TOPIC}set = {{ DisplayNam = \"x\" }}"), "did you mean `DisplayName`?"),
        (
            format!("{TASK}set = {{ \"ContainerDefinitions.app.Essential\" = false }}"),
            "at least one container must be essential",
        ),
        (
            format!(
                "{TOPIC}set = {{ TopicName = {{ \"Fn::Sub\" = \"${{Service.Name}}-done\" }} }}\n{SERVICE}depends_on = [\"Topic\"]"
            ),
            "resources wait for each other: Service → Topic → Service",
        ),
    ] {
        refused("", &patch, &[words]);
    }
    let half = format!("{SERVICE}set = {{ \"DeploymentConfiguration.Alarms.Enable\" = true }}");
    refused("", &half, &["required property `AlarmNames`", "required property `Rollback`"]);
}

#[test]
fn placeholders_fill_values_and_decide_nothing() {
    for (patch, words) in [
        (
            format!("{SERVICE}set = {{ Role = {{ Ref = \"#{{level}}\" }} }}"),
            "it would decide what the template refers to",
        ),
        (format!("{TASK}set = {{ {LABELS} = {{ \"#{{level}}\" = \"x\" }} }}"), "it would decide the name of a key"),
        (
            format!("{SERVICE}set = {{ Role = {{ \"Fn::Sub\" = \"${{#{{level}}}}\" }} }}"),
            "a placeholder inside `${…}` would decide what the template refers to",
        ),
        (format!("{SERVICE}set = {{ Role = \"#{{nobody}}\" }}"), "`nobody`"),
        (format!("{SERVICE}append = {{ Tags = [{{ Key = \"a\", Value = \"#{{nobody}}\" }}] }}"), "`nobody`"),
        (format!("{SERVICE}metadata = {{ A = [\"#{{nobody}}\"] }}"), "`nobody`"),
        (format!("{SERVICE}outputs = {{ A = \"#{{nobody}}\" }}"), "`nobody`"),
        (format!("{SERVICE}set_unchecked = {{ A = \"#{{nobody}}\" }}"), "`nobody`"),
        (format!("{SERVICE}set = {{ Role = \"#{{\" }}"), "error[placeholder]"),
    ] {
        refused("", &patch, &[words]);
    }
}

#[test]
fn what_landfall_relies_on_stays() {
    for (patch, words) in [
        (format!("{SERVICE}remove = [\"TaskDefinition\"]"), "a patch cannot change `TaskDefinition` of `Service`"),
        (format!("{SERVICE}set = {{ TaskDefinition = \"web:3\" }}"), "a patch cannot change `TaskDefinition`"),
        (format!("{SERVICE}set = {{ Cluster = \"other\" }}"), "a patch cannot change `Cluster`"),
        (
            format!("{SERVICE}set = {{ \"DeploymentController.Type\" = \"EXTERNAL\" }}"),
            "cannot change `DeploymentController`",
        ),
        (format!("{TASK}set = {{ Family = \"web\" }}"), "a patch cannot change `Family`"),
        (
            SERVICE.replace("Service", "LogGroup") + "remove = [\"LogGroupName\"]",
            "a patch cannot change `LogGroupName`",
        ),
        (
            format!("{TASK}set = {{ \"ContainerDefinitions.app.Image\" = \"x:1\" }}"),
            "change `Image` of container `app`",
        ),
        (format!("{TASK}set = {{ \"ContainerDefinitions.0.Name\" = \"x\" }}"), "remove or rename container `app`"),
        (format!("{TASK}remove = [\"ContainerDefinitions.0\"]"), "remove or rename container `app`"),
        (
            format!("{TASK}set = {{ \"ContainerDefinitions.app.VersionConsistency\" = \"disabled\" }}"),
            "change `VersionConsistency` of container `app`",
        ),
        (
            format!("{TASK}set = {{ ContainerDefinitions = [{{ Name = \"x\", Image = \"x:1\" }}] }}"),
            "remove or rename container `app`",
        ),
    ] {
        refused("", &patch, &[words]);
    }
}

#[test]
fn nothing_is_patched_twice() {
    let percent = format!("{SERVICE}set = {{ \"DeploymentConfiguration.MaximumPercent\" = 150 }}\n");
    let table = format!("{SERVICE}set = {{ DeploymentConfiguration = {{ MaximumPercent = 150 }} }}\n");
    let other = format!("{SERVICE}set = {{ DeploymentConfiguration = {{ MinimumHealthyPercent = 50 }} }}\n");
    let removal = format!("{SERVICE}remove = [\"DeploymentConfiguration\"]\n");
    let retain = format!("{SERVICE}deletion_policy = \"retain\"\n");
    for (patch, words) in [
        (format!("{SERVICE}type = \"AWS::ECS::Service\""), "the resource `Service` already exists"),
        (format!("{TOPIC}{TOPIC}"), "the resource `Topic` already exists"),
        (format!("{SERVICE}outputs = {{ ServiceArn = \"x\" }}"), "the output `ServiceArn` already exists"),
        (SERVICE.to_owned(), "the patch of `Service` changes nothing"),
        (format!("{percent}{percent}"), "`DeploymentConfiguration.MaximumPercent` is set twice"),
        (format!("{table}{percent}"), "is set twice"),
        (format!("{percent}{table}"), "`DeploymentConfiguration` is set twice"),
        (format!("{percent}{removal}"), "` is removed here, and line"),
        (format!("{retain}{retain}"), "`DeletionPolicy` of `Service` is set twice"),
        (format!("{SERVICE}depends_on = [\"LogGroup\", \"LogGroup\"]"), "`Service` already depends on `LogGroup`"),
        (
            format!("{TASK}append = {{ ContainerDefinitions = [{{ Name = \"app\", Image = \"x:1\" }}] }}"),
            "already has an item `app`",
        ),
    ] {
        refused("", &patch, &[words]);
    }
    // What would come out otherwise in another order.
    let three = "environment = { A = \"1\", B = \"2\", C = \"3\" }\n";
    let path = "ContainerDefinitions.app.Environment";
    let item = "{ Name = \"NEW\", Value = \"x\" }";
    let append = format!("{TASK}append = {{ \"{path}\" = [{item}] }}\n");
    let set = |item: &str| format!("{TASK}set = {{ \"{path}.{item}.Value\" = \"y\" }}\n");
    let remove = |item: &str| format!("{TASK}remove = [\"{path}.{item}\"]\n");
    for (patch, words) in [
        (format!("{append}{}", set("3")), "` uses an index in a list whose length line"),
        (format!("{append}{}", remove("3")), "` uses an index in a list whose length line"),
        (format!("{TASK}remove = [\"{path}.0\", \"{path}.1\"]"), "` uses an index in a list whose length line"),
        (remove("B") + &set("0"), "` uses an index in a list whose length line"),
        (set("1") + &remove("A"), "` removes an item from a list in which line"),
        (format!("{append}{}", remove("NEW")), "` changes an item that line"),
        (format!("{append}{}", set("NEW")), "` changes an item that line"),
        (format!("{TASK}append = {{ \"{path}\" = [{item}, {item}] }}"), "already has an item `NEW`"),
    ] {
        refused("", &format!("{three}{patch}"), &[words]);
    }
    for patch in [remove("0") + &append, append.clone() + &set("0"), append + &set("B"), remove("A") + &set("B")] {
        refused("", &format!("{three}{patch}"), &[]);
    }
    // Two tables of which no part is the other's.
    refused("", &format!("{percent}{other}"), &[]);
}

#[test]
fn a_template_of_ones_own_has_no_patches() {
    let step = "kind = \"cloudformation\"\ntemplate = \"topic.yaml\"\n[[step.patch]]\nresource = \"Topic\"\n";
    let problems = read(&process(step)).problems;
    assert!(problems.contains("unknown key `patch`") && problems.contains("change its template"), "{problems}");
}

#[test]
fn types_without_a_schema_are_taken_as_they_are() {
    let patch = "[[step.patch]]\nresource = \"Record\"\ntype = \"Example::Net::Record\"\nset = { Anything = \"x\" }";
    let found = template(patch);
    assert_eq!(found.resource("Record").unwrap().kind(), "Example::Net::Record");
}

#[test]
fn what_is_set_unchecked_is_taken_as_it_is() {
    let patch = format!("{SERVICE}set_unchecked = {{ NewerThanLandfall = {{ Level = 3 }} }}");
    let found = template(&patch);
    assert_eq!(found.resource("Service").unwrap().property("NewerThanLandfall"), Some(&json!({ "Level": 3 })));
    // The rest of the same resource is checked.
    refused("", &format!("{patch}\nset = {{ DesiredCounts = 1 }}"), &["`DesiredCounts`"]);
}

#[test]
fn a_list_fills_a_list_and_an_index_before_it_is_known() {
    let subnets = format!("{SERVICE}set = {{ {SUBNETS} = [\"subnet-0c0c0c0c\", \"#{{target.subnets}}\"] }}");
    let found = template(&subnets);
    let network = found.resource("Service").unwrap().property("NetworkConfiguration").unwrap();
    let wanted = json!(["subnet-0c0c0c0c", "subnet-0a0a0a0a", "subnet-0b0b0b0b"]);
    assert_eq!(network.pointer("/AwsvpcConfiguration/Subnets"), Some(&wanted));
}

/// The template of a small step with these lines behind its container.
fn template(patches: &str) -> Document {
    let step = format!(
        "cpu = 256\nmemory = 512\n[[step.container]]\nname = \"app\"\nimage = \"web\"\nport = 8080\nenvironment = {{ LEVEL = \
         \"#{{level}}\" }}\n{patches}\n"
    );
    let read = read(&process(&step));
    assert_eq!(read.problems, "", "{patches}");
    let first = read.steps().next().unwrap();
    let Rendered { content, .. } = read.render(first).unwrap_or_else(|problems| panic!("{patches}: {problems:#?}"));
    Document::parse(&content.template).unwrap()
}

/// What can be set: resource, path, value, and the pointer to it.
const SETS: [(&str, &str, &str, &str); 8] = [
    ("Service", "DesiredCount", "3", "/Properties/DesiredCount"),
    (
        "Service",
        "DeploymentConfiguration.Alarms",
        "{ AlarmNames = [\"a\"], Enable = true, Rollback = true }",
        "/Properties/DeploymentConfiguration/Alarms",
    ),
    ("Service", "DeploymentConfiguration.MaximumPercent", "150", "/Properties/DeploymentConfiguration/MaximumPercent"),
    ("TaskDefinition", "PidMode", "\"task\"", "/Properties/PidMode"),
    (
        "TaskDefinition",
        "ContainerDefinitions.app.User",
        "\"#{environment.name}\"",
        "/Properties/ContainerDefinitions/0/User",
    ),
    (
        "TaskDefinition",
        "ContainerDefinitions.0.Environment.LEVEL.Value",
        "\"x\"",
        "/Properties/ContainerDefinitions/0/Environment/0/Value",
    ),
    ("LogGroup", "RetentionInDays", "7", "/Properties/RetentionInDays"),
    ("Topic", "DisplayName", "\"#{level}\"", ""),
];
/// What can be removed.
const REMOVALS: [(&str, &str, &str); 3] = [
    ("Service", "PropagateTags", "/Properties/PropagateTags"),
    (
        "Service",
        "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp",
        "/Properties/NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp",
    ),
    ("TaskDefinition", "ContainerDefinitions.app.PortMappings", "/Properties/ContainerDefinitions/0/PortMappings"),
];

/// Puts what stands at a pointer of `from` to the same place in `to`; takes it away if there is nothing.
fn restore(to: &mut Value, from: &Value, pointer: &str) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let Some(Value::Object(map)) = to.pointer_mut(parent) else { return };
    match from.pointer(pointer) {
        Some(value) => drop(map.insert(key.to_owned(), value.clone())),
        None => drop(map.remove(key)),
    }
}

fn value(document: &Document) -> Value {
    Value::Object(document.as_map().clone().into_iter().collect::<Map<_, _>>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_patch_changes_only_what_it_names(
        sets in proptest::sample::subsequence(SETS.to_vec(), 0..=SETS.len()),
        removals in proptest::sample::subsequence(REMOVALS.to_vec(), 0..=REMOVALS.len()),
    ) {
        let mut lines = String::new();
        for (resource, path, value, _) in &sets {
            let kind = if *resource == "Topic" { "type = \"AWS::SNS::Topic\"\n" } else { "" };
            lines += &format!("[[step.patch]]\nresource = \"{resource}\"\n{kind}set = {{ \"{path}\" = {value} }}\n");
        }
        for (resource, path, _) in &removals {
            lines += &format!("[[step.patch]]\nresource = \"{resource}\"\nremove = [\"{path}\"]\n");
        }
        let base = value(&template(""));
        let patched = value(&template(&lines));
        let touched = sets.iter().map(|(resource, _, _, pointer)| (resource, pointer));
        let mut restored = patched.clone();
        for (resource, pointer) in touched.chain(removals.iter().map(|(resource, _, pointer)| (resource, pointer))) {
            let pointer = format!("/Resources/{resource}{pointer}");
            prop_assert_ne!(base.pointer(&pointer), patched.pointer(&pointer));
            restore(&mut restored, &base, &pointer);
        }
        prop_assert_eq!(restored, base);
    }
}

/// The ids of `docs/modelling.md`, each with what follows its fixed part.
fn documented() -> Vec<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/modelling.md")).unwrap();
    let table = text.lines().skip_while(|line| !line.starts_with("| logical id |"));
    let table = table.take_while(|line| line.starts_with('|'));
    let rows = table.filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(id, _)| id.to_owned()).collect()
}

/// Whether an id is one that the guide has: what is in brackets is made by the step; ports are numbers, and so are priorities
/// unless a variable gives them.
fn fits(known: &str, id: &str) -> bool {
    let (begin, rest) = known.split_once('<').unwrap_or((known, ""));
    let Some(made) = id.strip_prefix(begin) else { return false };
    match rest.split_once('>') {
        None => made.is_empty(),
        Some((_, "")) => !made.is_empty(),
        Some((_, number)) => {
            let (letter, what) = number.split_once('<').unwrap_or((number, ""));
            let made_of = |c: char| c.is_ascii_digit() || what == "priority>" && c.is_ascii_alphanumeric();
            let parts = made.rsplit_once(letter);
            parts.is_some_and(|(name, number)| !name.is_empty() && !number.is_empty() && number.chars().all(made_of))
        }
    }
}

#[test]
fn every_logical_id_is_documented() {
    let documented = documented();
    let mut seen = BTreeSet::new();
    for (name, golden) in rendered() {
        if golden.kind == "cloudformation" {
            continue;
        }
        let document = Document::parse(&golden.rendered.content.template).unwrap();
        let added = |id: &str| ["Archive", "Done", "Group", "Ingress", "Missed", "Topic"].contains(&id);
        for resource in document.resources().filter(|resource| !added(resource.id)) {
            let fitting = documented.iter().filter(|known| fits(known, resource.id));
            // `ScalingPolicyStep<name>` before `ScalingPolicy<Metric>`.
            let known = fitting.max_by_key(|known| known.split('<').next().unwrap_or("").len());
            let known = known.unwrap_or_else(|| panic!("{name}: `{}` is not in docs/modelling.md", resource.id));
            seen.insert(known.clone());
        }
    }
    let unseen: Vec<_> = documented.iter().filter(|known| !seen.contains(*known)).collect();
    assert!(unseen.is_empty(), "no golden step renders {unseen:?}");
}
