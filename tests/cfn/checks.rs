//! What CloudFormation refuses a template for, found without it; and where a template has to be literal.

use landfall::cfn::{self, Document, TemplateProblem, check_template, misplaced};

fn document(yaml: &str) -> Document {
    Document::from_value(cfn::read(yaml).unwrap().into_value()).unwrap()
}

/// What is found in a template, a line each.
fn found(yaml: &str) -> Vec<String> {
    check_template(&document(yaml)).iter().map(|fault| format!("{}: {}", fault.pointer, fault.problem)).collect()
}

/// A template with one resource and something else.
fn with(more: &str) -> Vec<String> {
    found(&format!("Resources:\n  Topic: {{Type: 'AWS::SNS::Topic'}}\n{more}"))
}

#[test]
fn what_cloudformation_would_refuse_is_found_where_it_is() {
    let table = [
        ("Resource: {}", "/Resource: `Resource` is not a section of a template"),
        (
            "  A-b: {Type: 'AWS::SNS::Topic'}",
            "/Resources/A-b: `A-b` is not a logical id: use letters and digits, at most 255",
        ),
        ("Conditions: {C: !Not [!Condition C]}", "/Conditions/C: conditions refer to each other in a circle: C → C"),
        (
            "Conditions: {A: !Not [!Condition B], B: !And [!Condition C, !Condition C], C: !Or [!Condition B, !Equals [1, 2]]}",
            "/Conditions/B: conditions refer to each other in a circle: B → C → B",
        ),
        ("  B: {Properties: {}}", "/Resources/B: the resource has no `Type`"),
        ("  B: []", "/Resources/B: this must be a map"),
        (
            "  B: {Type: X, Properties: {A: }}",
            "/Resources/B/Properties/A: CloudFormation does not accept an empty value (null)",
        ),
        ("  B: {Type: X, Condition: C}", "/Resources/B/Condition: the template has no condition `C`"),
        ("  B: {Type: X, DependsOn: [Topic, C]}", "/Resources/B/DependsOn/1: the template has no resource `C`"),
        (
            "  B: {Type: X, Properties: {A: !Ref C}}",
            "/Resources/B/Properties/A/Ref: the template has no parameter or resource `C`",
        ),
        (
            "  B: {Type: X, Properties: {A: !GetAtt C.Arn}}",
            "/Resources/B/Properties/A/Fn::GetAtt: the template has no resource `C`",
        ),
        (
            "  B: {Type: X, Properties: {A: !Sub '${C}'}}",
            "/Resources/B/Properties/A/Fn::Sub: the template has no parameter or resource `C`",
        ),
        (
            "  B: {Type: X, Properties: {A: !Sub ['${C}${D.E}', {C: 1}]}}",
            "/Resources/B/Properties/A/Fn::Sub: the template has no resource `D`",
        ),
        (
            "  B: {Type: X, Properties: {A: !If [C, 1, 2]}}",
            "/Resources/B/Properties/A/Fn::If: the template has no condition `C`",
        ),
        (
            "  B: {Type: X, Properties: {A: !FindInMap [C, 1, 2]}}",
            "/Resources/B/Properties/A/Fn::FindInMap: the template has no mapping `C`",
        ),
        (
            "  B: {Type: X, Properties: {A: !Subs c}}",
            "/Resources/B/Properties/A/Fn::Subs: CloudFormation has no function `Fn::Subs`",
        ),
        (
            "Conditions: {A: !Not [!Condition C]}",
            "/Conditions/A/Fn::Not/0/Condition: the template has no condition `C`",
        ),
        ("Outputs: {A: {Value: !Ref C}}", "/Outputs/A/Value/Ref: the template has no parameter or resource `C`"),
    ];
    for (more, expected) in table {
        assert_eq!(with(more), [expected], "{more}");
    }
    assert_eq!(found("Resources: {}"), ["/Resources: the template has no resources"]);
    let long = format!("Description: {}", "x".repeat(1025));
    assert_eq!(
        with(&long),
        ["/Description: the template has 1025 bytes of description, and CloudFormation allows at most 1024"]
    );
    let many: String = (0..500).map(|id| format!("  R{id}: {{Type: X}}\n")).collect();
    assert_eq!(with(&many), ["/Resources: the template has 501 resources, and CloudFormation allows at most 500"]);
    let many: String = (0..201).map(|id| format!("  P{id}: {{Type: String}}\n")).collect();
    assert_eq!(
        with(&format!("Parameters:\n{many}")),
        ["/Parameters: the template has 201 parameters, and CloudFormation allows at most 200"]
    );
}

#[test]
fn what_may_be_there_in_the_end_is_not_missed() {
    let fine = [
        "Transform: Macro\nOther: {}\nOutputs: {A: {Value: !Ref Made}}",
        "Transform: AWS::LanguageExtensions\n  \nOutputs:\n  Fn::ForEach::X: [A, [b, c], {'${A}': {Value: !Ref 'Topic${A}'}}]",
        "  B: {Type: X, Properties: {A: !Sub ['${C.D}${E}${!F}${AWS::Region}', {C.D: 1, E: 2}]}}",
        "  B: {Type: X, Properties: {Statement: {Condition: {StringEquals: {a: b}}, Ref: x, Other: y}}}",
        "  B: {Type: X, Properties: {A: !GetAZs }}",
        "  B: {Type: A::B::C::MODULE}\nOutputs: {A: {Value: !Ref B.Bucket}}",
        "Metadata: {Anything: }",
    ];
    for more in fine {
        assert_eq!(with(more), Vec::<String>::new(), "{more}");
    }
}

/// Templates of others that are good for what they are made for, and that CloudFormation would refuse all the same.
const REFUSED: [(&str, &str); 2] = [
    ("is-defined.yaml", "its section is called `Parameter`"),
    ("sub_needed.yaml", "it refers to resources that were cut out of it"),
];

/// Good templates have nothing wrong with them but what is meant for another tool, and resources that a test of cfn-lint
/// does not need.
#[test]
fn nothing_is_found_in_good_templates() {
    let (mut count, mut faults) = (0, Vec::new());
    for path in super::corpus::folders().iter().flat_map(|folder| super::corpus::templates(folder)) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        count += 1;
        if REFUSED.iter().any(|(refused, _)| *refused == name) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let document = document(&text);
        let for_others = |problem: &TemplateProblem| match problem {
            TemplateProblem::NoType => text.contains("Rain::Module"),
            TemplateProblem::UnknownFunction(name) => name.starts_with("Fn::Rain::"),
            TemplateProblem::UnknownSection(name) => name == "Rain",
            TemplateProblem::NoResources => true,
            _ => false,
        };
        let found = check_template(&document).into_iter().filter(|fault| !for_others(&fault.problem));
        faults.extend(found.map(|fault| format!("{name}: {}: {}", fault.pointer, fault.problem)));
    }
    eprintln!("{count} good templates, {} faults", faults.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn marked_texts_may_be_values_and_nothing_else() {
    let text = "
Description: '#'
Parameters: {P: {Type: String, Default: '#'}}
Mappings: {M: {a: {b: '#'}}}
Conditions: {C: !Equals ['#', x]}
Rules: {R: {Assertions: ['#']}}
Transform: '#'
Resources:
  A:
    Type: '#'
    Condition: '#'
    DependsOn: [A, '#']
    DeletionPolicy: '#'
    Count: '#'
    Metadata: {a: '#'}
    Properties:
      fine: ['#', !Join ['#', ['#']], !Sub '#', !If [C, '#', x], !FindInMap [M, !Ref P, k, {DefaultValue: '#'}]]
      '#': 1
      b: !Ref '#'
      c: !GetAtt [A, '#']
      d: !If ['#', 1, 2]
      e: {Fn::Transform: {Name: X, Parameters: {p: '#'}}}
      f: {Fn::ForEach::x: [i, ['#'], {'${i}': '#'}]}
      g: {Condition: '#', Effect: '#'}
      h: !FindInMap ['#', b, c]
  Fn::ForEach::Loop:
    - '#'
    - [a, '#']
    - B${x}: {Type: '#', Properties: {a: '#'}}
Outputs:
  O: {Value: '#', Condition: '#', Export: {Name: '#'}, Description: '#'}
  '#': {Value: x}
";
    let found: Vec<String> =
        misplaced(&document(text), |text| text == "#").into_iter().map(|text| text.pointer).collect();
    let expected = [
        "/Parameters/P/Default",
        "/Mappings/M/a/b",
        "/Conditions/C/Fn::Equals/0",
        "/Rules/R/Assertions/0",
        "/Transform",
        "/Resources/A/Type",
        "/Resources/A/Condition",
        "/Resources/A/DependsOn/1",
        "/Resources/A/DeletionPolicy",
        "/Resources/A/Count",
        "/Resources/A/Properties/#",
        "/Resources/A/Properties/b/Ref",
        "/Resources/A/Properties/c/Fn::GetAtt/1",
        "/Resources/A/Properties/d/Fn::If/0",
        "/Resources/A/Properties/e/Fn::Transform/Parameters/p",
        "/Resources/A/Properties/f/Fn::ForEach::x/1/0",
        "/Resources/A/Properties/h/Fn::FindInMap/0",
        "/Resources/Fn::ForEach::Loop/0",
        "/Resources/Fn::ForEach::Loop/1/1",
        "/Resources/Fn::ForEach::Loop/2/B${x}/Type",
        "/Outputs/O/Condition",
        "/Outputs/#",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_condition_costs_once_however_often_it_is_named() {
    let levels = 200;
    let chain: String =
        (0..levels).map(|at| format!("  C{at}: !And [!Condition C{n}, !Condition C{n}]\n", n = at + 1)).collect();
    let truth = |last: &str| {
        let document = document(&format!(
            "Parameters: {{P: {{Type: String}}}}\nConditions:\n{chain}  C{levels}: {last}\nResources: {{T: {{Type: X}}}}"
        ));
        cfn::Given { document: &document, values: &[("P".to_owned(), Some("1".to_owned()))].into() }.condition("C0")
    };
    assert_eq!(truth("!Equals [!Ref P, 1]"), Some(true));
    assert_eq!(truth("!Equals [!Ref P, 2]"), Some(false));
    assert_eq!(truth("!Equals [!Ref 'AWS::Region', 2]"), None);
    assert_eq!(truth("!Or [!Equals [!Ref 'AWS::Region', 2], !Equals [!Ref P, 1]]"), Some(true));
    assert_eq!(truth("!Not [!Condition C0]"), None, "a circle is not known");
    assert_eq!(truth("!Equals [!If [C0, a, b], a]"), None, "a circle through a branch is not known either");
}

#[test]
fn a_text_costs_once_however_often_it_is_named() {
    let text = |innermost: &str| {
        let mut value = serde_json::json!(innermost);
        for _ in 0..40 {
            value = serde_json::json!({ "Fn::Sub": ["${a}${a}", { "a": value }] });
        }
        let document = document("Resources: {T: {Type: X}}");
        cfn::Given { document: &document, values: &[].into() }.text(&value)
    };
    assert_eq!(text(""), Some(String::new()));
    assert_eq!(text("x"), None, "more than a template can hold");
}

#[test]
fn functions_are_given_what_they_take() {
    for (function, wanted) in [
        ("{Ref: 1}", "`Ref` takes the name of a parameter or a resource"),
        ("!GetAtt Topic", "`Fn::GetAtt` takes a resource and one of its attributes"),
        ("!GetAtt [Topic, A, B]", "`Fn::GetAtt` takes a resource and one of its attributes"),
        ("!Sub [a]", "`Fn::Sub` takes a text, or a list of a text and a map"),
        ("{'Fn::Sub': {a: b}}", "`Fn::Sub` takes a text, or a list of a text and a map"),
        ("!Join x", "`Fn::Join` takes a separator and a list"),
        ("!Join [',', a]", "`Fn::Join` takes a separator and a list"),
        ("!Split [',', [a]]", "`Fn::Split` takes a separator and a text"),
        ("!Select [1]", "`Fn::Select` takes an index and a list"),
        ("!If [a, b]", "`Fn::If` takes a condition and two values"),
        ("{'Fn::If': 1}", "`Fn::If` takes a condition and two values"),
        ("!FindInMap [a, b]", "`Fn::FindInMap` takes a mapping and two keys"),
        ("!Cidr 10.0.0.0/16", "`Fn::Cidr` takes a block, a count and bits"),
        ("!Base64 [a]", "`Fn::Base64` takes a text"),
        ("{'Fn::ImportValue': [a]}", "`Fn::ImportValue` takes a text"),
        ("!GetAZs [a]", "`Fn::GetAZs` takes the name of a region"),
        ("!Equals [a]", "`Fn::Equals` takes two values"),
        ("!Not [!Equals [a, b], !Equals [a, b]]", "`Fn::Not` takes a list of one condition"),
        ("!And [!Equals [a, b]]", "`Fn::And` takes two to ten conditions"),
    ] {
        let found = with(&format!("  B: {{Type: X, Properties: {{A: {function}}}}}"));
        assert!(found.len() == 1 && found[0].ends_with(wanted), "{function}: {found:?}");
        let extended = format!("Transform: AWS::LanguageExtensions\n  \nOutputs: {{A: {{Value: {function}}}}}");
        assert_eq!(with(&extended), Vec::<String>::new(), "{function}");
    }
}
