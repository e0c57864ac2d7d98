//! Steps of kind `cloudformation`: what fills their templates, what is checked, and that nothing else changes.

use std::collections::BTreeMap;

use landfall::cfn::{self, Document, TemplateProblem, check_template};
use landfall::model::journal::ParameterValue;
use landfall::template::{RenderProblem, Rendered, body};
use serde_json::{Value, json};

use super::super::cfn::corpus;
use super::steps::{load_with, render_first};

/// What a step with this template becomes, or what is wrong with it, a line each.
fn render(parameters: &str, template: &str) -> Result<Rendered, String> {
    let step = format!("kind = \"cloudformation\"\ntemplate = \"t.yaml\"\n[step.parameters]\n{parameters}\n");
    let (catalog, problems) = load_with(&step, [("projects/shop/templates/t.yaml".to_owned(), template.to_owned())]);
    if problems.contains("error[") {
        return Err(problems);
    }
    let line = |problem: &RenderProblem| format!("{}: {} ({})", problem.code, problem.title, problem.at);
    render_first(&catalog).map_err(|problems| problems.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// The template that is rendered from one with these properties of a topic.
fn properties(written: &str) -> Value {
    let rendered = render("", &format!("Resources:\n  T:\n    Type: X::Y::Z\n    Properties: {written}\n")).unwrap();
    let template: Value = serde_json::from_str(&rendered.content.template).unwrap();
    template["Resources"]["T"]["Properties"].clone()
}

#[test]
fn values_fill_strings_and_what_is_no_placeholder_stays() {
    for (written, expected) in [
        ("{A: 'of #{project.name}'}", json!({ "A": "of shop" })),
        ("{A: '##{level} #{level}', B: '${x} # {y}'}", json!({ "A": "#{level} info", "B": "${x} # {y}" })),
        ("{A: ['#{target.subnets}', x]}", json!({ "A": ["subnet-0a0a0a0a", "subnet-0b0b0b0b", "x"] })),
        ("{A: ['a #{level}', '#{level}']}", json!({ "A": ["a info", "info"] })),
        (
            "{A: !Join [',', ['#{target.subnets}']]}",
            json!({ "A": { "Fn::Join": [",", ["subnet-0a0a0a0a", "subnet-0b0b0b0b"]] } }),
        ),
        (
            "{A: {Fn::Length: ['#{target.subnets}']}}",
            json!({ "A": { "Fn::Length": ["subnet-0a0a0a0a", "subnet-0b0b0b0b"] } }),
        ),
        ("{A: 1, B: 1.50, C: yes, D: '1', E: 010}", json!({ "A": 1, "B": 1.5, "C": true, "D": "1", "E": 8 })),
    ] {
        assert_eq!(properties(written), expected, "{written}");
    }
}

#[test]
fn a_list_stands_where_a_list_stands_and_nowhere_else() {
    for written in ["{A: '#{target.subnets}'}", "{A: ['x #{target.subnets}']}", "{A: !Join ['#{target.subnets}', [a]]}"]
    {
        let wrong = render("", &format!("Resources: {{T: {{Type: X, Properties: {written}}}}}")).unwrap_err();
        assert!(
            wrong.starts_with("list-in-text: `#{target.subnets}` is a list, and this place needs a single text"),
            "{wrong}"
        );
        assert!(wrong.contains("projects/shop/templates/t.yaml:1"), "{wrong}");
    }
}

/// The string of a `Fn::Sub` with `#{v}` in it, for a value of `v`.
fn substituted(text: &str, value: &str) -> Result<String, String> {
    let template = format!("Resources: {{T: {{Type: X, Properties: {{A: {}}}}}}}", json!({ "Fn::Sub": text }));
    let variable = format!("[[variable]]\nname = \"v\"\nvalue = {}\n", Value::from(value));
    let step = "kind = \"cloudformation\"\ntemplate = \"t.yaml\"\n";
    let files = [
        ("projects/shop/templates/t.yaml".to_owned(), template),
        ("projects/shop/variables.toml".to_owned(), variable),
    ];
    let (catalog, problems) = load_with(step, files);
    assert!(!problems.contains("error["), "{problems}");
    let rendered = render_first(&catalog).map_err(|problems| problems[0].code.to_owned())?;
    let template: Value = serde_json::from_str(&rendered.content.template).unwrap();
    Ok(template["Resources"]["T"]["Properties"]["A"]["Fn::Sub"].as_str().unwrap().to_owned())
}

#[test]
fn a_value_in_a_substitution_refers_to_nothing() {
    for (text, value, expected) in [
        ("${AWS::Region} #{v}", "plain", "${AWS::Region} plain"),
        ("#{v}", "${AWS::Region}", "${!AWS::Region}"),
        ("#{v}", "a ${b} ${!c} $d", "a ${!b} ${!!c} $d"),
        ("${!own} #{v}", "x", "${!own} x"),
        // What comes about where both meet is nobody's reference either.
        ("#{v}{AWS::Region}", "$", "${!AWS::Region}"),
        ("$#{v}", "{AWS::Region}", "${!AWS::Region}"),
        ("#{v}}", "${a", "${!a}"),
        ("{#{v}} ${AWS::Region}", "a}", "{a}} ${AWS::Region}"),
    ] {
        assert_eq!(substituted(text, value), Ok(expected.to_owned()), "{text} with {value}");
    }
    for (text, value) in [("#{v}", "${"), ("#{v}", "${a"), ("#{v} ${AWS::Region}", "${a"), ("#{v}#{v}", "${a ")] {
        assert_eq!(substituted(text, value), Err("substitution".to_owned()), "{text} with {value}");
    }
}

/// The parameters that a stack is given.
fn given(parameters: &str, declared: &str) -> Result<BTreeMap<String, String>, String> {
    let template = format!("Parameters: {{P: {{{declared}}}}}\nResources: {{T: {{Type: X}}}}");
    let rendered = render(parameters, &template)?;
    let value = |value: ParameterValue| match value {
        ParameterValue::Value(value) => value,
        other => panic!("{other:?}"),
    };
    Ok(rendered.content.parameters.into_iter().map(|(name, it)| (name, value(it))).collect())
}

#[test]
fn parameters_get_the_values_of_the_step() {
    for (parameters, declared, expected) in [
        ("P = 4", "Type: Number", "4"),
        ("P = 8.0", "Type: String, AllowedValues: [8.0, 5.7]", "8.0"),
        ("P = 1.10", "Type: String", "1.10"),
        ("P = [8.0, 1.10, 2]", "Type: CommaDelimitedList", "8.0,1.10,2"),
        ("P = true", "Type: String, AllowedValues: ['true', 'false']", "true"),
        ("P = 1", "Type: Number, AllowedValues: [1.0, 2]", "1"),
        ("P = \"a #{level}\"", "Type: String", "a info"),
        ("P = [\"a\", \"#{level}\"]", "Type: CommaDelimitedList", "a,info"),
        ("P = \"#{target.subnets}\"", "Type: 'List<AWS::EC2::Subnet::Id>'", "subnet-0a0a0a0a,subnet-0b0b0b0b"),
        ("P = [\"x\", \"#{target.subnets}\"]", "Type: CommaDelimitedList", "x,subnet-0a0a0a0a,subnet-0b0b0b0b"),
        ("P = \"a,b\"", "Type: CommaDelimitedList, AllowedPattern: '[a-z]'", "a,b"),
        ("P = \"/ami\"", "Type: 'AWS::SSM::Parameter::Value<String>', AllowedPattern: x", "/ami"),
        ("P = \"{{resolve:ssm:x}}\"", "Type: String, NoEcho: true, MaxLength: 3", "{{resolve:ssm:x}}"),
        ("P = \"\"", "Type: String, Default: x", ""),
        // A pattern that only Java's engine has is CloudFormation's to check.
        ("P = \"b\"", "Type: String, AllowedPattern: '(?=a)b'", "b"),
    ] {
        let found = given(parameters, declared).unwrap_or_else(|problems| panic!("{parameters}: {problems}"));
        assert_eq!(found, BTreeMap::from([("P".to_owned(), expected.to_owned())]), "{parameters}, {declared}");
    }
    assert_eq!(given("", "Type: String, Default: x").unwrap(), BTreeMap::new());
}

#[test]
fn values_that_a_parameter_does_not_take_are_refused() {
    for (parameters, declared, expected) in [
        ("P = 1e3", "Type: Number", "`1e3` has an exponent, and AWS would get a different text"),
        ("P = [inf]", "Type: CommaDelimitedList", "this is not a number"),
        ("P = \"x\"", "Type: Number", "parameter-value: parameter `P` must be a number, and `x` is not"),
        ("P = [1, \"x\"]", "Type: 'List<Number>'", "parameter-value: parameter `P` must be a number, and `x` is not"),
        ("P = 0", "Type: Number, MinValue: 1, MaxValue: 3", "parameter-value: parameter `P` must be 1 to 3, not 0"),
        ("P = 4", "Type: Number, MaxValue: '3'", "parameter-value: parameter `P` must be 3 or less, not 4"),
        (
            "P = \"c\"",
            "Type: String, AllowedValues: [a, b]",
            "parameter-value: parameter `P` must be one of a, b, not `c`",
        ),
        ("P = [\"a\", \"c\"]", "Type: CommaDelimitedList, AllowedValues: [a, b]", "must be one of a, b, not `c`"),
        ("P = \"ab\"", "Type: String, AllowedPattern: '[a-z]'", "must match `[a-z]`, and `ab` does not"),
        ("P = \"a\"", "Type: String, MinLength: 2", "must have 2 or more characters, and `a` has 1"),
        ("P = [\"a,b\", \"c\"]", "Type: CommaDelimitedList", "an element of parameter `P` contains a comma: `a,b`"),
        (
            "P = \"hunter2\"",
            "Type: String, NoEcho: true",
            "secret-parameter: parameter `P` is declared NoEcho, and its value",
        ),
        ("P = \"#{level}\"", "Type: String, NoEcho: 'true'", "secret-parameter: parameter `P` is declared NoEcho"),
        ("P = \"#{nothing}\"", "Type: String", "variable `nothing` has no value"),
        ("Q = 1", "Type: String, Default: a", "template `t.yaml` has no parameter `Q`"),
        ("", "Type: String", "parameter `P` of template `t.yaml` has neither a value nor a default"),
    ] {
        let problems = given(parameters, declared).unwrap_err();
        assert!(problems.contains(expected), "{parameters}, {declared}\n{problems}");
        assert!(!problems.contains("hunter2") || problems.contains("process.toml"), "{problems}");
    }
    let long = format!("P = \"{}\"", "x".repeat(4_097));
    assert!(given(&long, "Type: String").unwrap_err().contains("over-limit"));
}

#[test]
fn the_authors_description_stands_before_the_stamp_and_counts_for_nothing() {
    let with = |description: &str| render("", &format!("{description}Resources: {{T: {{Type: X}}}}")).unwrap();
    let (without, short) = (with(""), with("Description: 'Orders of #{environment.name}'\n"));
    assert_eq!(short.content.hash, without.content.hash);
    assert_eq!(short.content.template, without.content.template);
    assert_eq!(&*short.content.description, format!("Orders of production | {}", without.content.description));
    let long = with(&format!("Description: {}\n", "ä".repeat(512)));
    assert!(long.content.description.len() <= 1_024 && long.content.description.contains("ä… | shop web in"));
    assert!(long.content.description.ends_with(&*without.content.description));
    let written = Document::parse(&body(&long.content)).unwrap();
    assert_eq!(written.description(), Some(&*long.content.description));
}

#[test]
fn capabilities_are_found_and_stated_ones_are_added() {
    let of = |stated: &str, template: &str| {
        let step = format!("kind = \"cloudformation\"\ntemplate = \"t.yaml\"\ncapabilities = [{stated}]\n");
        let template = ("projects/shop/templates/t.yaml".to_owned(), template.to_owned());
        let (catalog, problems) = load_with(&step, [template]);
        assert!(!problems.contains("error["), "{problems}");
        render_first(&catalog).unwrap().content.capabilities.join(" ")
    };
    let role = "{Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}";
    assert_eq!(of("", "Resources: {T: {Type: X}}"), "");
    assert_eq!(of("\"CAPABILITY_NAMED_IAM\"", "Resources: {T: {Type: X}}"), "CAPABILITY_NAMED_IAM");
    assert_eq!(of("", &format!("Resources: {{T: {role}}}")), "CAPABILITY_IAM");
    assert_eq!(
        of("", "Transform: AWS::Serverless-2016-10-31\nResources: {T: {Type: X}}"),
        "CAPABILITY_AUTO_EXPAND CAPABILITY_IAM"
    );
    let looped =
        format!("Transform: AWS::LanguageExtensions\nResources: {{'Fn::ForEach::A': [a, [b], {{'R${{a}}': {role}}}]}}");
    assert_eq!(of("", &looped), "CAPABILITY_AUTO_EXPAND CAPABILITY_IAM");
    let included = "Resources: {T: {Type: X, Properties: {Fn::Transform: {Name: 'AWS::Include'}}}}";
    assert_eq!(of("", included), "CAPABILITY_AUTO_EXPAND");
}

#[test]
fn containers_are_proved_by_the_images_that_they_run() {
    let template = "
Parameters: {Image: {Type: String, Default: ''}}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Memory: 512
      ContainerDefinitions:
        - {Name: app, Image: '#{images.web}'}
        - {Name: side, Image: !Ref Image}
        - {Name: other, Image: 'docker.io/x:#{images.web.tag}'}
";
    let images = |stated: &str| {
        let step = format!("kind = \"cloudformation\"\ntemplate = \"t.yaml\"\nimages = {{ {stated} }}\n");
        let (catalog, problems) =
            load_with(&step, [("projects/shop/templates/t.yaml".to_owned(), template.to_owned())]);
        if !problems.is_empty() {
            return Err(problems);
        }
        let images = render_first(&catalog).unwrap().content.images;
        Ok(images.iter().map(|(name, image)| format!("{name}: {}", image.image)).collect::<Vec<_>>().join(", "))
    };
    let web = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop:1.0.0";
    assert_eq!(images("").unwrap(), format!("app: {web}"));
    let logs = "public.ecr.aws/aws-observability/aws-for-fluent-bit:3.2";
    assert_eq!(images("side = \"logs\"").unwrap(), format!("app: {web}, side: {logs}"));
    assert!(images("sid = \"logs\"").unwrap_err().contains("template `t.yaml` has no container `sid`"));
    assert!(images("side = \"log\"").unwrap_err().contains("container `side` names an image that does not exist"));
}

/// A value is filled before a schema can judge it; only what is certain counts, and never behind a macro.
#[test]
fn schemas_judge_what_is_filled() {
    let queue = |more: &str| {
        format!("{more}Resources: {{T: {{Type: AWS::SQS::Queue, Properties: {{DelaySeconds: '#{{level}}'}}}}}}")
    };
    let wrong = render("", &queue("")).unwrap_err();
    assert!(
        wrong.contains("resource-property: stack `shop-web-production-main`: expected integer, found a text"),
        "{wrong}"
    );
    assert!(render("", &queue("Transform: M\n")).is_ok());
}

#[test]
fn templates_that_no_repository_should_have_are_refused() {
    let template = |text: &str| render("", text).unwrap_err();
    assert!(template("Resources:\n  T: {Type: \"X\u{1b}[31m\"}").contains("error[control-character]"));
    assert!(template("- a\n").contains("error[template]"));
    assert!(template("a: &a [*a]\n").contains("error[template-syntax]"));
    assert!(template(&format!("Resources: {}{}", "[".repeat(200), "]".repeat(200))).contains("error[template-syntax]"));
    for path in ["../t.yaml", "/t.yaml", "a//b", ".t.yaml", "a\\b", ""] {
        let step = format!("kind = \"cloudformation\"\ntemplate = {}\n", Value::from(path));
        let (_, problems) = load_with(&step, None);
        assert!(problems.contains("is not the path of a file below `templates/`"), "{path}: {problems}");
    }
}

/// Why a template of others does not go through a step as it is, as landfall says it, or because of what it was made for;
/// nothing where it has to.
fn not_whole(text: &str, document: &Document) -> Option<String> {
    if text.contains("Rain::Module") {
        return Some("Rain::Module".to_owned());
    }
    let faults = check_template(document).into_iter();
    let refused = faults.filter(|fault| !matches!(fault.problem, TemplateProblem::UnknownFunction(_)));
    refused.map(|fault| fault.problem.to_string()).next()
}

/// Whether a parameter that is declared NoEcho has a default, which is refused.
fn has_secret_default(document: &Document) -> bool {
    let declared = document.section("Parameters").and_then(Value::as_object).into_iter().flatten();
    declared.into_iter().any(|(_, declared)| {
        let secret = matches!(&declared["NoEcho"], Value::Bool(true)) || declared["NoEcho"] == "true";
        secret && declared["Default"].as_str().is_some_and(|text| !text.is_empty() && !text.starts_with("{{resolve:"))
    })
}

/// What came of a template of others.
enum Through {
    Unchanged,
    /// It is refused, and has to be: why.
    Refused(String),
    /// What is wrong.
    Wrong(String),
}

fn through(text: &str) -> Through {
    let document = Document::from_value(cfn::read(text).unwrap().into_value()).unwrap();
    if let Some(why) = not_whole(text, &document) {
        return Through::Refused(why);
    }
    let open = document.section("Parameters").and_then(Value::as_object).into_iter().flatten();
    let open = open.filter(|(_, declared)| declared.get("Default").is_none());
    let parameters: String = open.map(|(name, _)| format!("{name} = \"{{{{resolve:ssm:/x}}}}\"\n")).collect();
    match render(&parameters, &text.replace("#{", "##{")) {
        Ok(_) if has_secret_default(&document) => Through::Wrong("its secret default is taken".to_owned()),
        Ok(rendered) => {
            let plain = document.clone().with_description(None);
            let described = rendered.content.description.starts_with(document.description().unwrap_or("").trim());
            if *rendered.content.template != plain.canonical() {
                Through::Wrong("another meaning".to_owned())
            } else if !described && document.description().is_none_or(|text| text.len() < 900) {
                Through::Wrong("another description".to_owned())
            } else {
                Through::Unchanged
            }
        }
        Err(problems) if has_secret_default(&document) && problems.starts_with("error[secret-parameter]: ") => {
            Through::Refused("secret-parameter".to_owned())
        }
        Err(problems) => Through::Wrong(problems),
    }
}

/// Templates of others that cannot be deployed as they are, for another tool or cut for a test of cfn-lint, with words of why.
const REFUSED: [(&str, &str); 19] = [
    // They include what another tool puts there first.
    ("cloudformation/CloudFormation_MacrosExamples_DateFunctions_date.json", "expected string, found a map"),
    ("cloudformation/CloudFormation_MacrosExamples_PyPlate_python.json", "expected string, found a map"),
    ("cloudformation/Solutions_GitLabAndVSCode_GitLabAndVSCode.yaml", "Rain::Module"),
    ("cloudformation/Solutions_GitLab_GitLabServer.json", "Rain::Module"),
    ("cloudformation/Solutions_Gitea_Gitea.yaml", "Rain::Module"),
    ("cloudformation/Solutions_VSCode_VSCodeServer.json", "Rain::Module"),
    ("good/core/config_cfn_lint.json", "the template has no resources"),
    ("good/core/config_cfn_lint.yaml", "the template has no resources"),
    ("good/core/config_only_i1002.yaml", "the template has no resources"),
    ("good/core/config_only_i1003.yaml", "the template has no resources"),
    ("good/core/config_parameters.yaml", "the template has no resources"),
    ("good/custom/is-defined.yaml", "`Parameter` is not a section of a template"),
    ("good/decode/parsing.json", "the template has no resources"),
    ("good/functions/sub.yaml", "the required property `TemplateURL` is missing"),
    ("good/functions/sub_needed.yaml", "the template has no resource `GreetingLambda`"),
    ("good/mappings/name.yaml", "the template has no resources"),
    ("good/parameters/default.yaml", "the template has no resources"),
    ("good/resources/cloudformation/stack_nested.yaml", "the template has no resources"),
    // A parameter that is declared NoEcho has a default, which everybody could read.
    ("good/resources/properties/password.yaml", "secret-parameter"),
];

/// Every other template of others means through a step what it means by itself.
#[test]
fn templates_of_others_go_through_a_step_unchanged() {
    let (mut unchanged, mut refused, mut failed) = (0, BTreeMap::new(), Vec::new());
    for folder in corpus::folders() {
        let of = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let paths = corpus::templates(&folder);
        assert!(paths.len() >= corpus::least(&folder), "{} in {}", paths.len(), folder.display());
        for path in paths {
            let name = format!("{of}/{}", path.strip_prefix(&folder).unwrap().display());
            match through(&std::fs::read_to_string(&path).unwrap()) {
                Through::Unchanged => unchanged += 1,
                Through::Refused(why) => {
                    println!("{name} is refused: {why}");
                    refused.insert(name, why);
                }
                Through::Wrong(why) if REFUSED.iter().any(|(known, words)| *known == name && why.contains(words)) => {
                    refused.insert(name, why);
                }
                Through::Wrong(why) => failed.push(format!("{name}: {why}")),
            }
        }
        // Those that are listed for this folder, and no others.
        let own = |name: &str| name.starts_with(&format!("{of}/"));
        for (name, why) in REFUSED.iter().filter(|(name, _)| own(name)) {
            if refused.get(*name).is_none_or(|said| !said.contains(why)) {
                failed.push(format!("{name} is to be refused with `{why}`: {:?}", refused.get(*name)));
            }
        }
        let listed: Vec<_> = REFUSED.iter().map(|(name, _)| *name).collect();
        let more = refused.iter().filter(|(name, _)| own(name) && !listed.contains(&name.as_str()));
        failed.extend(more.map(|(name, why)| format!("{name} is refused, and not on the list: {why}")));
    }
    println!("{unchanged} templates of others keep their meaning through a step, {} are refused", refused.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_placeholder_that_yaml_takes_for_a_comment_is_told() {
    for written in ["foo #{level}", "foo #{ level }", "\"a\" #{ images.web }"] {
        let found = render("", &format!("Resources:\n  T:\n    Type: X::Y::Z\n    Properties:\n      A: {written}\n"));
        assert!(
            found.as_ref().is_err_and(
                |words| words.contains("YAML reads this placeholder as a comment, so the value would be empty")
            ),
            "{found:?}"
        );
    }
}

#[test]
fn an_image_that_is_said_is_the_one_of_the_template() {
    let container = "{Name: app, Image: '#{images.web}'}";
    let template = format!(
        "Resources:\n  D:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Memory: 512\n      ContainerDefinitions: [{container}]\n"
    );
    assert!(render("[step.images]\napp = \"web\"", &template).is_ok());
    let other = render("[step.images]\napp = \"logs\"", &template).unwrap_err();
    assert!(other.contains("the template already gives container `app` the image `web`"), "{other}");
    let within = template.replace("Image: '#{images.web}'", "Image: !Sub '#{images.web}'");
    assert_eq!(render("", &within).unwrap().content.images.keys().map(|name| &**name).collect::<Vec<_>>(), ["app"]);
}
