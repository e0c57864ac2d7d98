//! A step that becomes a template renders the same bytes as before, in every slot, or does not become one.

use std::collections::BTreeMap;
use std::path::Path;

use landfall::cfn;
use landfall::model::catalog::Subject;
use landfall::problem::{Level, Problem};
use serde_json::Value;

use crate::support::branch::Files;
use crate::support::convert::{converted, load, proved, with, written};
use crate::support::random::{Workshop, wanted};
use crate::support::steps::{self, golden, process};

/// Two environments, four targets, one of them in China, one with public addresses, and slots of a tenant.
const REPOSITORY: &[(&str, &str)] = &[
    ("landfall.toml", "id = \"base\"\n[accounts.main]\nid = \"111111111111\"\n"),
    ("environments/production.toml", "order = 1\n"),
    ("environments/test.toml", "order = 0\n"),
    ("lifecycles/standard.toml", "[[phase]]\nname = \"All\"\nautomatic = [\"test\", \"production\"]\n"),
    ("projects/shop/project.toml", "lifecycle = \"standard\"\ntenancy = \"both\"\n"),
    (
        "projects/shop/variables.toml",
        "[[variable]]\nname = \"level\"\nvalue = \"info\"\n[[variable]]\nname = \"bucket\"\nvalue = \
         \"arn:aws:s3:::shop-files\"\n",
    ),
    (
        "projects/shop/releases/1.0.0.toml",
        "format = 1\n[images]\nweb = { tag = \"1.0.0\" }\nlogs = { tag = \"3.2\" }\nproxy = { tag = \"1.27\" }\n",
    ),
    (
        "targets/main.toml",
        "kind = \"ecs-cluster\"\nenvironments = [\"production\"]\nroles = [\"web\"]\naccount = \"main\"\nregion = \
         \"eu-west-1\"\ncluster = \"main\"\n[network]\nsubnets = [\"subnet-0a0a0a0a\", \"subnet-0b0b0b0b\"]\n\
         security_groups = [\"sg-0a0a0a0a\"]\n",
    ),
    (
        "targets/test.toml",
        "kind = \"ecs-cluster\"\nenvironments = [\"test\"]\nroles = [\"web\"]\naccount = \"main\"\nregion = \
         \"eu-central-1\"\ncluster = \"test\"\n[network]\nsubnets = [\"subnet-0c0c0c0c\"]\nsecurity_groups = \
         [\"sg-0b0b0b0b\", \"sg-0c0c0c0c\"]\npublic_ip = true\n",
    ),
    ("targets/china.toml", CHINA),
    (
        "targets/acme.toml",
        "kind = \"ecs-cluster\"\nenvironments = [\"production\"]\nroles = [\"web\"]\naccount = \"main\"\nregion = \
         \"eu-west-1\"\ncluster = \"acme\"\ntenants = [\"acme\"]\n[network]\nsubnets = [\"subnet-0e0e0e0e\"]\n\
         security_groups = [\"sg-0e0e0e0e\"]\n",
    ),
    ("tenants/acme.toml", "[projects.shop]\nenvironments = [\"production\"]\n"),
];

const CHINA: &str = "kind = \"ecs-cluster\"\nenvironments = [\"production\"]\nroles = [\"web\"]\naccount = \"main\"\nregion \
                     = \"cn-north-1\"\ncluster = \"china\"\n[network]\nsubnets = [\"subnet-0d0d0d0d\", \
                     \"subnet-0f0f0f0f\"]\nsecurity_groups = [\"sg-0d0d0d0d\"]\n";

/// The end of a registry's name in each partition.
const SUFFIX: &str = "[[variable]]\nname = \"suffix\"\nvalue = \"amazonaws.com\"\n[[variable]]\nname = \"suffix\"\nvalue = \
                      \"amazonaws.com.cn\"\nscope = { target = \"china\" }\n";

/// ARNs and registries of the target's partition, of which there are two.
fn of_partition(text: &str) -> String {
    let text = text.replace("arn:aws:", "arn:#{target.partition}:");
    text.replace("dkr.ecr.eu-west-1.amazonaws.com", "dkr.ecr.#{target.region}.#{suffix}")
}

/// The repository of the golden steps, with targets that differ in more.
fn various(process: &str) -> Files {
    let open = CHINA.replace("cn-north-1", "us-east-1").replace("production", "staging") + "public_ip = true\n";
    let files = steps::files(&of_partition(process));
    let variables = of_partition(&files["projects/shop/variables.toml"]) + SUFFIX;
    let others =
        [("targets/china.toml", CHINA), ("targets/open.toml", &open), ("projects/shop/variables.toml", &variables)];
    with(&files, &others)
}

fn files(process: &str) -> Files {
    let files: Files = REPOSITORY.iter().map(|(path, text)| ((*path).to_owned(), of_partition(text))).collect();
    let variables = files.get("projects/shop/variables.toml").map_or(String::new(), Clone::clone) + SUFFIX;
    let process = of_partition(process);
    with(&files, &[("projects/shop/process.toml", &process), ("projects/shop/variables.toml", &variables)])
}

/// A small service with more keys, and more of its container.
fn small(step: &str, container: &str) -> Files {
    files(&process(&format!(
        "cpu = 256\nmemory = 512\n{step}\n[[step.container]]\nname = \"app\"\nimage = \"web\"\nport = 8080\n{container}\n"
    )))
}

fn variable(files: &Files, lines: &str) -> Files {
    let path = "projects/shop/variables.toml";
    with(files, &[(path, &format!("{}{}", files[path], of_partition(lines)))])
}

/// What came of the steps of a process, each converted by itself.
#[derive(Debug, Default)]
struct Tried {
    /// Stacks that were proved, for each step that was converted.
    proved: Vec<usize>,
    /// The others with the reason.
    refused: Vec<(String, String)>,
    /// The process does not load among these targets, so there is nothing to convert: why.
    unloaded: Option<String>,
}

fn convert_all(from: &str, process: &str) -> Tried {
    let files = various(process);
    let before = load(&files);
    let mut tried = Tried::default();
    let Some(head) = &before.catalog.projects["shop"].head else {
        let errors = before.problems.iter().filter(|problem| problem.level == Level::Error);
        tried.unloaded = Some(errors.map(|problem| format!("{}: {}\n", problem.code, problem.title)).collect());
        return tried;
    };
    for step in &head.steps {
        match converted(&files, "shop", step.name.as_str()) {
            Ok((conversion, proof)) => {
                let after = load(&with(&files, &conversion.files()));
                // What is doubted in the keys of a step is not looked for in a template.
                let of_keys = ["exec-on-read-only-root", "listener-priority"];
                let codes = |problems: &[Problem]| {
                    let codes = problems.iter().map(|problem| problem.code);
                    codes.filter(|code| !of_keys.contains(code)).collect::<Vec<_>>()
                };
                let (text, mut now) = (&conversion.template.text, codes(&after.problems));
                if process.contains("set_unchecked") {
                    // What the step sets whatever the schemas say, they doubt in the template.
                    now.retain(|code| *code != "doubtful-property");
                }
                assert_eq!(now, codes(&before.problems), "{from}: {:#?}\n{text}", after.problems);
                assert!(proof.stacks > 0 && text.contains("#{stack.name}"), "{from}:\n{text}");
                tried.proved.push(proof.stacks);
            }
            Err(why) => tried.refused.push((format!("{from} {}", step.name), why)),
        }
    }
    tried
}

#[test]
fn no_byte_changes_in_any_slot_whatever_the_step() {
    let mut all = Tried::default();
    for (name, process) in golden() {
        let tried = convert_all(&name, &process);
        assert_eq!(tried.unloaded, None, "{name}");
        all.proved.extend(tried.proved);
        all.refused.extend(tried.refused);
    }
    assert!(all.proved.len() >= 60 && all.proved.iter().sum::<usize>() > 4 * all.proved.len(), "{all:?}");
    // Nothing else of what people write stands against it.
    let known = |step: &str, why: &str| {
        why.contains("is of kind `cloudformation` already")
            || why.contains("each would need a template of its own")
            // Switches that AWS says in words of its own.
            || step.starts_with("tuned-by-environment") && why.contains("which no text of a template says")
    };
    all.refused.retain(|(step, why)| !known(step, why));
    assert!(all.refused.is_empty(), "{:#?}", all.refused);
}

/// What the guide (docs/modelling.md) says is not converted, by words of what is said then, and how many of a hundred random
/// steps it may befall. A file in the template's place is the only other one, and there is none here.
const REFUSALS: [(&str, usize); 6] = [
    ("it has no stack anywhere", 5),
    ("each would need a template of its own", 10),
    ("cannot be rendered as it is", 10),
    ("a key of a template cannot have", 5),
    ("give it one form", 5),
    ("which no text of a template says", 5),
];
/// So many of a hundred random steps are converted at least.
const CONVERTED: usize = 85;

/// `./tests/run nightly` tries 500 ([`wanted`]).
#[test]
fn no_byte_changes_of_random_steps() {
    let (seed, count) = wanted(7, 25);
    let made = Workshop::new().make(seed, count);
    let (mut converted, mut refused, mut unloaded) = (0, BTreeMap::new(), Vec::new());
    for made in &made {
        let tried = convert_all(&made.from, &made.text());
        unloaded.extend(tried.unloaded.map(|why| format!("{}: {why}{}", made.from, made.text())));
        converted += tried.proved.len();
        for (step, why) in tried.refused {
            let known = REFUSALS.iter().find(|(words, _)| why.contains(words));
            let (words, _) = known.unwrap_or_else(|| panic!("{step}: {why}\n{}", made.text()));
            refused.entry(*words).or_insert_with(Vec::new).push(format!("{step}: {why}"));
        }
    }
    let steps = converted + refused.values().map(Vec::len).sum::<usize>();
    let counts: BTreeMap<_, _> = refused.iter().map(|(words, all)| (words, all.len())).collect();
    println!("seed {seed}: {converted} of {steps} random steps are converted; refused are {counts:?}");
    unloaded.iter().for_each(|why| println!("{why}"));
    assert!(unloaded.len() * 50 <= made.len(), "seed {seed}: {} of {} do not load", unloaded.len(), made.len());
    assert!(steps >= count && converted * 100 >= steps * CONVERTED, "seed {seed}: {refused:#?}");
    for (words, most) in REFUSALS {
        let all = refused.get(words).map_or(&[][..], Vec::as_slice);
        // One of a few says nothing yet.
        assert!(all.len() <= 1 + steps * most / 100, "seed {seed}: {} of {steps}: {all:#?}", all.len());
    }
}

#[test]
fn the_steps_of_the_example_are_converted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo");
    let mut files = Files::new();
    read(&root, &root, &mut files);
    let loaded = load(&files);
    let mut count = 0;
    for (name, project) in &loaded.catalog.projects {
        for step in &project.head.as_ref().unwrap().steps {
            match converted(&files, name.as_str(), step.name.as_str()) {
                Ok((conversion, proof)) => {
                    assert!(proof.stacks > 0, "{name} {}", step.name);
                    let broken = load(&with(&files, &conversion.files())).catalog.broken;
                    assert!(broken.iter().all(|broken| !matches!(broken.subject, Subject::What(_))), "{broken:?}");
                    count += 1;
                }
                Err(why) => assert!(why.contains("is of kind `cloudformation` already"), "{name} {}: {why}", step.name),
            }
        }
    }
    assert!(count >= 3, "{count} steps were converted");
}

fn read(root: &Path, at: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        match (path.is_dir(), std::fs::read_to_string(&path)) {
            (true, _) => read(root, &path, files),
            (false, Ok(text)) => {
                files.insert(path.strip_prefix(root).unwrap().to_string_lossy().into_owned(), text);
            }
            (false, Err(_)) => {}
        }
    }
}

#[test]
fn a_template_that_says_something_else_is_not_proved() {
    let files = small("", "");
    let (good, _) = converted(&files, "shop", "web").unwrap();
    let planted = |old: &str, new: &str| {
        let mut conversion = good.clone();
        assert!(conversion.template.text.contains(old), "no {old} in\n{}", conversion.template.text);
        conversion.template.text = conversion.template.text.replacen(old, new, 1);
        proved(&files, &conversion).unwrap_err()
    };
    let default = planted("RetentionInDays: 30", "RetentionInDays: 31");
    assert_eq!(
        default,
        "step web of shop is not the same as a template: shop/test at test (stack shop-web-test-test): \
         /Resources/LogGroup/Properties/RetentionInDays was 30 and would be 31"
    );
    // Right in one slot only.
    let one = planted("#{target.public_ip}", "ENABLED");
    assert!(one.contains("shop/production at china") && one.contains("AssignPublicIp was \"DISABLED\""), "{one}");
    let image = planted("Image: \"#{images.web}\"", "Image: \"#{images.logs}\"");
    assert!(image.contains("ContainerDefinitions/0/Image was"), "{image}");
    let gone = planted("  ServiceArn:", "  ServiceName2:");
    assert!(gone.contains("/Outputs/ServiceArn was") && gone.contains("would be null"), "{gone}");
    let unreadable = planted("Resources:", "Resource:");
    assert!(unreadable.contains("`Resources`"), "{unreadable}");
    let unknown = planted("#{target.public_ip}", "#{target.publicip}");
    assert!(unknown.contains("target.publicip"), "{unknown}");
}

/// Every text, number and answer of a template, each changed by itself.
fn changed(value: &Value, path: &str, out: &mut Vec<(String, Value)>) {
    let mut inside = |key: &str, of: &Value, with: &dyn Fn(Value) -> Value| {
        let mut found = Vec::new();
        changed(of, &format!("{path}/{key}"), &mut found);
        out.extend(found.into_iter().map(|(path, of)| (path, with(of))));
    };
    match value {
        Value::Object(entries) => {
            for (key, of) in entries {
                inside(key, of, &|of| {
                    let mut entries = entries.clone();
                    entries.insert(key.clone(), of);
                    Value::Object(entries)
                });
            }
        }
        Value::Array(items) => {
            for (index, of) in items.iter().enumerate() {
                inside(&index.to_string(), of, &|of| {
                    let mut items = items.clone();
                    items[index] = of;
                    Value::Array(items)
                });
            }
        }
        Value::String(text) => out.push((path.to_owned(), Value::String(format!("{text}x")))),
        Value::Number(number) => out.push((path.to_owned(), (number.as_i64().unwrap() + 1).into())),
        Value::Bool(on) => out.push((path.to_owned(), (!on).into())),
        Value::Null => {}
    }
}

#[test]
fn no_change_of_a_template_passes_the_proof() {
    let files = small("", "environment = { LEVEL = \"#{level}\" }\nsecrets = { A = { parameter = \"/a\" } }");
    let (good, _) = converted(&files, "shop", "web").unwrap();
    let mut all = Vec::new();
    changed(cfn::read(&good.template.text).unwrap().value(), "", &mut all);
    assert!(all.len() > 60, "{} places", all.len());
    for (path, template) in all {
        let mut conversion = good.clone();
        conversion.template.text = template.to_string();
        assert!(proved(&files, &conversion).is_err(), "{path} is another one, and nobody says so");
    }
}

#[test]
fn outputs_of_other_stacks_stay_what_they_are() {
    let keys = "security_groups = [\"#{steps.zone.outputs.Group}\"]\nafter = []";
    let container = "secrets = { A = { secret = \"#{steps.zone.outputs.Arn}\", key = \"k\" }, B = { parameter = \
                     \"/shop/#{steps.zone.outputs.Host}\" } }\nenvironment = { HOST = \
                     \"https://#{steps.zone.outputs.Host}/#{level}\" }\n\
                     environment_files = [\"arn:aws:s3:::#{steps.zone.outputs.Host}/app.env\"]\n[[step]]\nname = \"zone\"\n\
                     role = \"web\"\nkind = \"cloudformation\"\ntemplate = \"zone.yaml\"\n[[step]]\nname = \"last\"\nrole \
                     = \"web\"\nkind = \"ecs-task\"\ncpu = 256\nmemory = 512\nafter = []\n[[step.container]]\nname = \
                     \"app\"\nimage = \"web\"";
    let zone = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\nOutputs:\n  Host: {Value: !GetAtt Queue.QueueName}\n  Arn: \
                {Value: !GetAtt Queue.Arn}\n  Group: {Value: !Ref Queue}\n";
    let files = with(&small(keys, container), &[("projects/shop/templates/zone.yaml", zone)]);
    assert!(load(&files).problems.is_empty(), "{:#?}", load(&files).problems);
    let (conversion, proof) = converted(&files, "shop", "web").unwrap();
    assert_eq!((proof.stacks, proof.others), (4, 8));
    let text = &conversion.template.text;
    assert!(text.contains("Value: \"https://#{steps.zone.outputs.Host}/#{level}\""), "{text}");
    assert!(!text.contains("Parameters:"), "{text}");
    // The order that follows from them is part of it.
    let after = |names: &str| {
        let mut other = conversion.clone();
        other.process.text = other.process.text.replacen("after = []", &format!("after = [{names}]"), 1);
        proved(&files, &other)
    };
    assert!(after("\"zone\"").is_ok(), "it waits for that one already");
    let why = after("\"last\"").unwrap_err();
    assert!(why.contains("the steps would run in another order"), "{why}");
}

#[test]
fn what_patches_change_is_in_the_template() {
    let patches = "[[step.patch]]\nresource = \"Service\"\nremove = [\"EnableECSManagedTags\"]\nset = { HealthCheckGracePeriodSeconds \
                   = 30 }\nappend = { Tags = [{ Key = \"stage\", Value = \"#{environment.name}\" }] }\n# A topic.\n\
                   [[step.patch]]\nresource = \"Topic\"\ntype = \"AWS::SNS::Topic\"\nset = { DisplayName = { \"Fn::Sub\" = \
                   \"${AWS::StackName} #{level} ##{x}\" } }\noutputs = { TopicArn = { Ref = \"Topic\" } }\n";
    let files = small("", &format!("\n{patches}"));
    assert!(load(&files).problems.is_empty(), "{:#?}", load(&files).problems);
    let (conversion, proof) = converted(&files, "shop", "web").unwrap();
    assert_eq!(proof.stacks, 4);
    let text = &conversion.template.text;
    assert!(text.contains("Type: AWS::SNS::Topic") && !text.contains("EnableECSManagedTags"), "{text}");
    assert!(text.contains("#{environment.name}") && text.contains("TopicArn:"), "{text}");
    assert!(!conversion.process.text.contains("patch"), "{}", conversion.process.text);
    assert_eq!(conversion.comments, ["A topic."]);
}

#[test]
fn another_name_of_the_step_is_another_stack() {
    let files = small("", "");
    let (mut conversion, _) = converted(&files, "shop", "web").unwrap();
    conversion.process.text = conversion.process.text.replace("name = \"web\"", "name = \"www\"");
    let why = proved(&files, &conversion).unwrap_err();
    assert!(why.contains("the stack was there and would be gone"), "{why}");
}

#[test]
fn a_parameter_has_the_form_that_it_has_everywhere() {
    let step = "";
    let container = "secrets = { KEY = { parameter = \"#{key}\" }, OTHER = { parameter = \"/shop/other\" } }";
    let of = |lines: &str| converted(&variable(&small(step, container), lines), "shop", "web");
    let value = |value: &str, scope: &str| format!("[[variable]]\nname = \"key\"\nvalue = \"{value}\"\n{scope}");
    let arn = "arn:aws:ssm:eu-west-1:111111111111:parameter/shop/key";
    for (written, expected) in
        [("shop-key", ":parameter/#{key}\""), ("/shop/key", ":parameter#{key}\""), (arn, "ValueFrom: \"#{key}\"")]
    {
        let (conversion, _) = of(&value(written, "")).unwrap();
        assert!(conversion.template.text.contains(expected), "{written}:\n{}", conversion.template.text);
        assert!(conversion.template.text.contains(":parameter/shop/other\""), "{}", conversion.template.text);
    }
    let both = value("shop-key", "") + &value(arn, "scope = { environment = \"production\" }\n");
    let why = of(&both).unwrap_err();
    let parts = ["`#{key}` becomes", "shop/test at test", "shop/production at ", "give it one form", "process.toml:"];
    assert!(parts.iter().all(|part| why.contains(part)), "{why}");
}

#[test]
fn buckets_are_named_once_as_before() {
    let of = |files: &str, lines: &str| {
        let container = format!("environment_files = [{files}]");
        converted(&variable(&small("", &container), lines), "shop", "web")
    };
    let (same, _) = of("\"#{bucket}/a.env\", \"#{bucket}/b.env\"", "").unwrap();
    assert_eq!(same.template.text.matches("- \"#{bucket}\"\n").count(), 1, "{}", same.template.text);
    let again = "[[variable]]\nname = \"again\"\nvalue = \"#{bucket}\"\n";
    let (alike, _) = of("\"#{bucket}/a.env\", \"#{again}/b.env\"", again).unwrap();
    assert!(!alike.template.text.contains("- \"#{again}\"\n"), "{}", alike.template.text);
    let whole = "[[variable]]\nname = \"file\"\nvalue = \"arn:aws:s3:::shop-files/a.env\"\n";
    let why = of("\"#{file}\"", whole).unwrap_err();
    assert!(why.contains("`#{file}` becomes") && why.contains("which no text of a template says"), "{why}");
    let sometimes = "[[variable]]\nname = \"again\"\nvalue = \"#{bucket}\"\n[[variable]]\nname = \"again\"\nvalue = \
                     \"arn:aws:s3:::else\"\nscope = { environment = \"production\" }\n";
    let why = of("\"#{bucket}/a.env\", \"#{again}/b.env\"", sometimes).unwrap_err();
    assert!(why.contains("give it one form"), "{why}");
}

#[test]
fn texts_come_through_whatever_is_in_them() {
    let environment = r###"environment = { A = "##{not}", B = "${AWS::Region}", C = "yes", D = " # x ", E = "0x1f", F = "a\nb\t\"'\\", G = "#{level}##{", H = "", I = "~", J = "!Ref x", K = "\u202Ed", L = "a#", M = "##", N = "{{resolve:ssm:x}}" }"###;
    let labels = "docker_labels = { \"a.b/c\" = \"*\", \"yes\" = \"- x\", \": \" = \"&a\" }\ncommand = [\"#{level}\", \"#{words}\", \"x#{level}\", \"##{\"]";
    let files = small("tags = { \"a:b\" = \"#{environment.name}\" }", &format!("{environment}\n{labels}"));
    let files = variable(&files, "[[variable]]\nname = \"words\"\nvalue = [\"one\", \"#{level}\", \"\"]\n");
    let before = load(&files);
    assert!(before.problems.is_empty(), "{:#?}", before.problems);
    let (conversion, proof) = converted(&files, "shop", "web").unwrap();
    assert_eq!(proof.stacks, 4, "{}", conversion.template.text);
    let key = small("", "docker_labels = { \"##{x}\" = \"y\" }");
    if load(&key).problems.is_empty() {
        let why = converted(&key, "shop", "web").unwrap_err();
        assert!(why.contains("a key of a template cannot have `#{`"), "{why}");
    }
}

#[test]
fn a_file_in_the_templates_place_is_kept() {
    let files = small("", "");
    let (conversion, _) = converted(&files, "shop", "web").unwrap();
    let path = conversion.template.path.as_str();
    let (again, _) = converted(&with(&files, &[(path, &conversion.template.text)]), "shop", "web").unwrap();
    assert_eq!(again, conversion);
    let why = converted(&with(&files, &[(path, "Resources: {}\n")]), "shop", "web").unwrap_err();
    assert!(why.contains("projects/shop/templates/web.yaml exists with other content"), "{why}");
}

#[test]
fn what_cannot_be_proved_is_not_converted() {
    let nowhere = small("environments = [\"nowhere\"]", "");
    let nowhere = with(&nowhere, &[("environments/nowhere.toml", "order = 7\n")]);
    let why = converted(&nowhere, "shop", "web").unwrap_err();
    assert!(why.contains("it has no stack anywhere, so nothing could be proved"), "{why}");
    let broken = small("", "environment = { A = \"#{missing}\" }");
    let broken =
        variable(&broken, "[[variable]]\nname = \"missing\"\nvalue = \"x\"\nscope = { environment = \"test\" }\n");
    let why = converted(&broken, "shop", "web").unwrap_err();
    assert!(why.contains("cannot be rendered as it is") && why.contains("missing"), "{why}");
    let why = converted(&small("", ""), "shop", "ghost").unwrap_err();
    assert!(why.contains("there is no step `ghost`") && why.contains("the only step is web"), "{why}");
    let (conversion, _) = converted(&small("", ""), "shop", "web").unwrap();
    let done = with(&small("", ""), &conversion.files());
    let why = written(&done, "shop", "web").unwrap_err();
    assert!(why.contains("is of kind `cloudformation` already"), "{why}");
}

#[test]
fn a_task_that_runs_once_goes_on_doing_so() {
    let step = "kind = \"ecs-task\"\n# How long.\ntimeout = \"10m\"\nrepeatable = true\ncpu = 256\nmemory = 512\n# Where.\n\
                subnets = [\"#{target.subnets}\"] # all\nsecurity_groups = [\"#{group}\"]\nplatform_version = \
                \"1.4.0\"\nexecute_command = true\n\n[[step.container]]\nname = \"migrate\"\nimage = \"web\"\n\n\
                # One of these.\n[[step.capacity_provider_strategy]]\ncapacity_provider = \"FARGATE_SPOT\"\nweight = 1\n";
    let files = variable(&files(&process(step)), "[[variable]]\nname = \"group\"\nvalue = \"sg-0d0d0d0d\"\n");
    assert!(load(&files).problems.is_empty(), "{:#?}", load(&files).problems);
    let (conversion, proof) = converted(&files, "shop", "web").unwrap();
    assert_eq!(proof.stacks, 4);
    let text = &conversion.process.text;
    let expected = "template = \"web.yaml\"\n\n[step.run]\ntask_definition = \"TaskDefinition\"\n# How long.\ntimeout = \
                    \"10m\"\nrepeatable = true\n# Where.\nsubnets = [\"#{target.subnets}\"] # all\nsecurity_groups = \
                    [\"#{group}\"]\nplatform_version = \"1.4.0\"\nexecute_command = true\n\n# One of these.\n\
                    [[step.run.capacity_provider_strategy]]\ncapacity_provider = \"FARGATE_SPOT\"\nweight = 1\n";
    assert!(text.ends_with(expected), "{text}");
    // What is run is proved as well.
    for (old, new) in [
        ("timeout = \"10m\"", "timeout = \"11m\""),
        ("repeatable = true", "repeatable = false"),
        ("platform_version = \"1.4.0\"\n", ""),
        ("execute_command = true\n", ""),
        ("[\"#{group}\"]", "[]"),
        ("weight = 1", "weight = 2"),
    ] {
        let mut other = conversion.clone();
        other.process.text = text.replace(old, new);
        assert_ne!(other.process.text, *text, "{old}");
        let why = proved(&files, &other).unwrap_err();
        assert!(why.contains("the task that is run was {"), "{why}");
    }
    let mut other = conversion.clone();
    other.process.text = text.replace("\"TaskDefinition\"", "\"TaskDefinitoin\"");
    assert!(proved(&files, &other).unwrap_err().contains("has no task definition `TaskDefinitoin`"));
}

#[test]
fn conditions_and_channels_stay() {
    let keys = "channels = [\"hotfix\"]\nenvironments = [\"test\"]\nafter = []\n";
    let files = small(keys, "environment = { LEVEL = \"#{level}\", OF = \"#{release.channel}\" }");
    let files = with(
        &files,
        &[("projects/shop/project.toml", "lifecycle = \"standard\"\n[channels.default]\n[channels.hotfix]\n")],
    );
    let files =
        variable(&files, "[[variable]]\nname = \"level\"\nvalue = \"debug\"\nscope = { channel = \"hotfix\" }\n");
    let (conversion, proof) = converted(&files, "shop", "web").unwrap();
    assert_eq!(proof.stacks, 1);
    assert!(conversion.process.text.contains(keys), "{}", conversion.process.text);
}
