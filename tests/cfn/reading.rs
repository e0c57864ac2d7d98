//! What the reader of templates takes for what, where it says that things stand, and what it refuses.

use landfall::cfn::{self, ReadProblem};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The value of `key: TEXT`.
fn scalar(text: &str) -> Value {
    let source = cfn::read(&format!("key: {text}\n")).unwrap_or_else(|error| panic!("{text}: {error}"));
    source.value()["key"].clone()
}

fn refused(text: &str) -> (ReadProblem, u32, u32) {
    let error = cfn::read(text).expect_err(text);
    (error.problem, error.line, error.column)
}

#[test]
fn plain_scalars_are_those_of_yaml_1_1() {
    let table = [
        ("yes", json!(true)),
        ("Off", json!(false)),
        ("y", json!("y")),
        ("true", json!(true)),
        ("~", Value::Null),
        ("", Value::Null),
        ("2010-09-09", json!("2010-09-09")),
        ("2001-12-14t21:59:43.10-05:00", json!("2001-12-14t21:59:43.10-05:00")),
        ("0", json!(0)),
        ("-17", json!(-17)),
        ("+17", json!(17)),
        ("0755", json!(493)),
        ("0888", json!("0888")),
        ("012345678901", json!("012345678901")),
        ("012345670123", json!(1_402_433_619)),
        ("0x1F", json!(31)),
        ("0b101", json!(5)),
        ("1_000", json!(1000)),
        ("22:22", json!(1342)),
        ("1:30:00", json!(5400)),
        ("1:61", json!("1:61")),
        ("80:8080", json!("80:8080")),
        ("1.10", json!(1.1)),
        ("-.5x", json!("-.5x")),
        (".5", json!(0.5)),
        ("8.0", json!(8.0)),
        ("-0.0", json!(-0.0)),
        ("+1_0.50", json!(10.5)),
        ("7.", json!(7.0)),
        ("!!float 1", json!(1.0)),
        ("1.2.3", json!("1.2.3")),
        ("10.0.0.0/16", json!("10.0.0.0/16")),
        ("18446744073709551615", json!(u64::MAX)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("e4", json!("e4")),
        ("12ee4", json!("12ee4")),
        ("=", json!("=")),
        ("'yes'", json!("yes")),
        ("\"0755\"", json!("0755")),
        ("!!str 0755", json!("0755")),
        ("!!int \"7\"", json!(7)),
        ("! 7", json!(7)),
        ("! '7'", json!("7")),
        ("#{nothing}", Value::Null),
        ("a #{name}", json!("a")),
        ("a#{name}", json!("a#{name}")),
    ];
    for (text, expected) in table {
        assert_eq!(scalar(text), expected, "{text}");
    }
}

#[test]
fn words_that_readers_disagree_about_have_to_be_quoted() {
    for text in ["12e4", "1e+4", "1.5e3", "-.5", "1:30.5"] {
        assert_eq!(refused(&format!("key: {text}")).0, ReadProblem::Ambiguous(text.to_owned()));
        assert_eq!(scalar(&format!("'{text}'")), json!(text));
    }
    for text in [
        "18446744073709551616",
        ".inf",
        "-.INF",
        ".nan",
        "-9223372036854775809",
        "1.0e+999",
        "1.5e+3",
        "0.1000000000000000055",
        "12345678901234567890.5",
    ] {
        assert_eq!(refused(&format!("key: {text}")).0, ReadProblem::Inexact(text.to_owned()));
    }
    assert_eq!(refused("{\"key\": 18446744073709551616}").0, ReadProblem::Inexact("18446744073709551616".to_owned()));
    assert_eq!(refused("{\"key\": -2.5e3}").0, ReadProblem::Inexact("-2.5e3".to_owned()));
    assert!(matches!(refused("key: !!int 1.0").0, ReadProblem::NotOfType(_)));
    assert!(matches!(refused("key: !!float 9007199254740993").0, ReadProblem::Inexact(_)));
    for key in ["on", "yes", "010", "1:30", "1.10", "0x10", "12e4"] {
        assert_eq!(refused(&format!("{key}: 1")).0, ReadProblem::AmbiguousKey(key.to_owned()));
        assert!(cfn::read(&format!("'{key}': 1")).is_ok());
    }
    assert_eq!(
        cfn::read("80: a\ntrue: b\n2010-09-09: c\n").unwrap().value(),
        &json!({"80": "a", "true": "b", "2010-09-09": "c"})
    );
    for text in ["!!binary aGk=", "!!timestamp 2001-01-01", "!!omap [a: 1]", "!!set {a}", "!!pairs [a: 1]", "!<x:y> 1"]
    {
        assert!(matches!(refused(&format!("key: {text}")).0, ReadProblem::UnknownType(_)), "{text}");
    }
    assert!(matches!(refused("key: !!int seven").0, ReadProblem::NotOfType(_)));
}

#[test]
fn short_functions_have_their_long_form() {
    let text = "
a: !Ref Name
b: !Sub 'x-${Name}'
c: !Sub ['${A}', {A: !Ref Name}]
d: !GetAtt Nested.Outputs.Url
e: !GetAtt [Nested, Outputs.Url]
f: !GetAtt
  - Nested
  - !Sub '${A}'
g: !If [Big, 4, !Ref 'AWS::NoValue']
h: !Join
  - ','
  - [a, b]
i: !Select [0, !GetAZs '']
j: !Split [',', 010]
k: !FindInMap [Map, !Ref 'AWS::Region', Key]
l: !ImportValue
  Fn::Sub: '${A}-out'
m: !Base64 010
n: !Cidr [10.0.0.0/16, 6, 5]
o: !And [!Condition A, !Or [!Not [!Equals [1, 2]], !Condition B]]
p: !Transform {Name: 'AWS::Include', Parameters: {Location: s3://a}}
q: !ToJsonString {a: !Length [1, 2]}
r: !Rain::Module ./x.yml
s: !GetAZs
t: !Sub |
  echo ${A}
";
    let expected = json!({
        "a": {"Ref": "Name"},
        "b": {"Fn::Sub": "x-${Name}"},
        "c": {"Fn::Sub": ["${A}", {"A": {"Ref": "Name"}}]},
        "d": {"Fn::GetAtt": ["Nested", "Outputs.Url"]},
        "e": {"Fn::GetAtt": ["Nested", "Outputs.Url"]},
        "f": {"Fn::GetAtt": ["Nested", {"Fn::Sub": "${A}"}]},
        "g": {"Fn::If": ["Big", 4, {"Ref": "AWS::NoValue"}]},
        "h": {"Fn::Join": [",", ["a", "b"]]},
        "i": {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
        "j": {"Fn::Split": [",", 8]},
        "k": {"Fn::FindInMap": ["Map", {"Ref": "AWS::Region"}, "Key"]},
        "l": {"Fn::ImportValue": {"Fn::Sub": "${A}-out"}},
        "m": {"Fn::Base64": "010"},
        "n": {"Fn::Cidr": ["10.0.0.0/16", 6, 5]},
        "o": {"Fn::And": [{"Condition": "A"}, {"Fn::Or": [{"Fn::Not": [{"Fn::Equals": [1, 2]}]}, {"Condition": "B"}]}]},
        "p": {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://a"}}},
        "q": {"Fn::ToJsonString": {"a": {"Fn::Length": [1, 2]}}},
        "r": {"Fn::Rain::Module": "./x.yml"},
        "s": {"Fn::GetAZs": ""},
        "t": {"Fn::Sub": "echo ${A}\n"},
    });
    assert_eq!(cfn::read(text).unwrap().value(), &expected);
}

#[test]
fn anchors_and_merges_are_expanded_and_named() {
    let text = "
one: &one {a: 1, b: 1}
two: &two {b: 2, c: 2}
both: {<<: [*one, *two], c: 3}
again: *one
";
    let source = cfn::read(text).unwrap();
    assert_eq!(source.value()["both"], json!({"a": 1, "b": 1, "c": 3}));
    let twice = ReadProblem::DuplicateKey("<<".to_owned());
    assert_eq!(refused("a: &a {b: 1}\nc:\n  <<: *a\n  <<: *a\n"), (twice, 4, 3));
    assert_eq!(source.value()["again"], json!({"a": 1, "b": 1}));
    assert_eq!(&text[source.beyond_the_service().unwrap().clone()], "<<");
    assert_eq!(cfn::read("a: '<<'\n'<<': 1\n").unwrap().beyond_the_service(), None);
    assert_eq!(refused("a: {<<: 7}").0, ReadProblem::NotAMerge);
    assert_eq!(refused("a: {<<: !Ref X}").0, ReadProblem::NotAMerge);
    assert_eq!(refused("a: &a\n  - *a\n"), (ReadProblem::Recursive, 2, 5));
    assert!(matches!(refused("a: *nobody").0, ReadProblem::NotYaml(_)));
}

#[test]
fn what_expands_without_bound_is_refused_before_it_is_built() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let last = format!("*a{}", level - 1);
        bomb += &format!("a{level}: &a{level} [{}]\n", [last.as_str(); 10].join(", "));
    }
    assert_eq!(refused(&bomb).0, ReadProblem::TooLarge);
    // What has nothing in it costs its brackets.
    for (empty, more) in [("[]", 12), ("{}", 12), ("[]", 3)] {
        let mut bomb = format!("a0: &a0 [{}]\n", [empty; 9].join(", "));
        for level in 1..more {
            let last = format!("*a{}", level - 1);
            bomb += &format!("a{level}: &a{level} [{}]\n", [last.as_str(); 9].join(", "));
        }
        assert_eq!(cfn::read(&bomb).map_err(|error| error.problem).err(), (more > 3).then_some(ReadProblem::TooLarge));
    }
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), ["*a"; 1000].join(", "));
    assert_eq!(refused(&long).0, ReadProblem::TooLarge);
    let merged = format!("a: &a {{k: {}}}\nb:\n{}", "x".repeat(100_000), "- {<<: *a}\n".repeat(1000));
    assert_eq!(refused(&merged).0, ReadProblem::TooLarge);
    let nested = format!("{}{}", "&x [".repeat(90), "x, ".repeat(300_000));
    assert_eq!(refused(&(nested + &"]".repeat(90))).0, ReadProblem::TooLarge);
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{a: ", "}")] {
        let deep = |depth: usize| format!("{{\"a\": {}1{}}}", open.repeat(depth), close.repeat(depth));
        assert!(cfn::read(&deep(cfn::MAX_DEPTH - 2)).is_ok());
        assert_eq!(refused(&deep(cfn::MAX_DEPTH - 1)).0, ReadProblem::TooDeep, "{open}");
    }
    assert!(matches!(refused(&"- ".repeat(50_000)).0, ReadProblem::TooDeep | ReadProblem::NotYaml(_)));
    assert_eq!(refused(&"x".repeat(cfn::MAX_TEXT + 1)).0, ReadProblem::TooLong);
}

#[test]
fn a_key_twice_is_refused_at_its_second_place() {
    let twice = ReadProblem::DuplicateKey("a".to_owned());
    assert_eq!(refused("b: 1\na: 1\nc:\n  a: 2\na: 3\n"), (twice.clone(), 5, 1));
    assert_eq!(refused("{\"é\": {\"a\": 1, \"a\": 2}}"), (twice.clone(), 1, 16));
    assert_eq!(refused("{a: 1, 'a': 2}"), (twice, 1, 8));
}

#[test]
fn what_is_no_template_says_where() {
    assert_eq!(refused("").0, ReadProblem::Empty);
    assert_eq!(refused("# nothing\n").0, ReadProblem::Empty);
    assert_eq!(refused("a: 1\n---\nb: 2\n").0, ReadProblem::SeveralDocuments);
    for found in ['\u{85}', '\u{2028}', '\u{2029}'] {
        assert_eq!(refused(&format!("a: b # c{found}d: e\n")), (ReadProblem::LineBreak(found), 1, 9));
        assert!(cfn::read(&format!("{{\"a\": \"b{found}c\"}}")).is_ok(), "JSON has no such ends");
    }
    assert_eq!(cfn::read("a: \"\\u2028\"").unwrap().value(), &json!({"a": "\u{2028}"}));
    assert_eq!(refused("# c\n%TAG ! !x\n---\na: !Ref b\n"), (ReadProblem::TagDirective, 2, 1));
    assert_eq!(cfn::read("a: |\n  x\nb: c\n").unwrap().value()["b"], "c");
    assert!(cfn::read("%YAML 1.1\n---\na: 'x\n  %TAG'\n").is_ok());
    assert_eq!(refused("? [a]\n: 1\n").0, ReadProblem::NotAKey);
    assert_eq!(cfn::read("! 'a': 1\n").unwrap().value(), &json!({"a": 1}));
    assert_eq!(refused("!Ref a: 1\n").0, ReadProblem::NotAKey);
    assert_eq!(refused("~: 1\n").0, ReadProblem::NotAKey);
    let (problem, line, column) = refused("{\n  \"a\": tru\n}");
    assert_eq!(problem, ReadProblem::NotAJsonValue("expected a value, found `t`".to_owned()));
    assert_eq!((line, column), (2, 8));
    assert!(matches!(refused("{\"a\": \"x\ny\"}").0, ReadProblem::NotAJsonValue(_)), "a line break in a JSON string");
    assert!(matches!(refused("{\"a\": \"\\x\"}").0, ReadProblem::NotAJsonValue(_)));
    assert!(matches!(refused("{\"a\": \"b").0, ReadProblem::NotAJsonValue(_)));
    assert!(matches!(refused("{\"a\": 01}").0, ReadProblem::NotAJsonValue(_)));
    assert!(matches!(refused("a: b: c\n").0, ReadProblem::NotYaml(_)));
    assert!(matches!(refused("a:\n\t- b\n").0, ReadProblem::NotYaml(_)));
}

#[test]
fn json_is_read_as_json_and_flow_yaml_as_yaml() {
    let json = "\u{feff}{\"a\": \"\\ud83d\\ude80\\/\", \"b\": [1, -2.5, 8.0, -0, true, null], \"on\": \"yes\"}";
    assert_eq!(cfn::read(json).unwrap().value(), &json!({"a": "🚀/", "b": [1, -2.5, 8.0, 0, true, null], "on": "yes"}));
    let flow = "{\n  # a comment\n  a: !Ref B, 'c': [1, 2,],\n}";
    assert_eq!(cfn::read(flow).unwrap().value(), &json!({"a": {"Ref": "B"}, "c": [1, 2]}));
}

#[test]
fn everything_has_its_place() {
    let text =
        "Resources:\n  Wéb:\n    Type: A\n    Properties:\n      Tags: [x, !Sub 'y']\n      Role: !GetAtt R.Arn\n";
    let source = cfn::read(text).unwrap();
    let value = |pointer: &str| &text[source.places().value(pointer)];
    let key = |pointer: &str| &text[source.places().key(pointer)];
    assert_eq!(value("/Resources/Wéb/Type"), "A");
    assert_eq!(key("/Resources/Wéb/Type"), "Type");
    assert_eq!(key("/Resources/Wéb"), "Wéb");
    assert_eq!(value("/Resources/Wéb/Properties/Tags/0"), "x");
    assert_eq!(value("/Resources/Wéb/Properties/Tags/1/Fn::Sub"), "'y'");
    assert_eq!(key("/Resources/Wéb/Properties/Tags/1/Fn::Sub"), "!Sub");
    assert_eq!(value("/Resources/Wéb/Properties/Role"), "!GetAtt R.Arn");
    assert_eq!(key("/Resources/Wéb/Properties/Tags/7"), "Tags", "the nearest thing around what is not there");
    let json = "\u{feff}{\"a/b\": {\"~\": [1, 22]}}";
    let source = cfn::read(json).unwrap();
    let mut pointer = String::new();
    cfn::push_key(&mut pointer, "a/b");
    cfn::push_key(&mut pointer, "~");
    assert_eq!(pointer, "/a~1b/~0");
    assert_eq!(&json[source.places().key(&pointer)], "\"~\"");
    assert_eq!(&json[source.places().value(&format!("{pointer}/1"))], "22");
}

/// Any JSON value with keys that are text, as deep as templates are.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[0-9a-fxeE_:.+-]{1,6}".prop_map(Value::from),
        "(yes|on|No|NULL|~|<<|=|!Ref|0755|1e3|2010-09-09|#|- |\\? |&a|\\*a|%|@)".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inside| {
        let key = prop_oneof![".{0,8}", "(Ref|Fn::Sub|Fn::GetAtt|Fn::If|Condition|on|010|<<|1e3)"];
        prop_oneof![
            prop::collection::vec(inside.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inside), 0..6).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever is written is read again as what it was, by our own reader: as JSON, as YAML for people.
    #[test]
    fn what_is_written_reads_the_same(value in values()) {
        let root = json!({"Resources": {"A": value}});
        let json = cfn::canonical(&root);
        prop_assert_eq!(cfn::canonical(cfn::read(&json).unwrap().value()), json.clone());
        let yaml = cfn::yaml(&root);
        let again = cfn::read(&yaml).map_err(|error| TestCaseError::fail(format!("{error}\n{yaml}")))?;
        prop_assert_eq!(cfn::canonical(again.value()), json, "{}", yaml);
    }

    /// No text makes the reader panic, and every place that it names is in the text.
    #[test]
    fn no_text_is_too_strange(text in "([-{}\\[\\],:&*!|>'\"#%@`?~ \n\t]|[a-c]|<<|!Ref|é|\u{feff}|&a|\\*a|: |- ){0,60}") {
        match cfn::read(&text) {
            Ok(source) => prop_assert!(text.get(source.places().value("")).is_some()),
            Err(error) => prop_assert!(text.get(error.bytes.clone()).is_some(), "{error:?}"),
        }
    }
}
