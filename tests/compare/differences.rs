//! The difference that people read: what stands in it, and what does not.

use landfall::cfn::Document;
use landfall::compare::{Paint, Sign, documents, hunks, unmangled, with_values};
use serde_json::{Value, json};

fn template(value: Value) -> Document {
    Document::from_value(value).unwrap()
}

fn resources(value: Value) -> Document {
    template(json!({ "Resources": value }))
}

/// The lines of a difference without the two names.
fn lines(before: &Document, after: &Document) -> String {
    let text = documents(Some(before), Some(after), "a", "b", Paint::Plain);
    text.lines().skip(2).flat_map(|line| [line, "\n"]).collect()
}

fn task(environment: Value, more: Value) -> Document {
    let mut container = json!({ "Name": "app", "Environment": environment });
    container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    resources(json!({
        "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": { "ContainerDefinitions": [
            { "Name": "proxy", "Image": "nginx" }, container,
        ] } },
        "Service": { "Type": "AWS::ECS::Service", "Properties": { "Cluster": "prod-eu" } },
    }))
}

#[test]
fn a_hunk_is_headed_by_its_resource_and_lines_by_their_path() {
    let before =
        task(json!([{ "Name": "A", "Value": "1" }, { "Name": "DB_PASS", "Value": "one" }]), json!({ "Cpu": 1 }));
    let mut after = task(
        json!([{ "Name": "DB_PASS", "Value": "two" }, { "Name": "B", "Value": { "Ref": "X" } }, { "Name": "A", "Value": "2" }]),
        json!({ "Cpu": 2 }),
    )
    .as_map()
    .clone();
    after["Resources"]["Service"]["Properties"]["Cluster"] = json!("prod-eu-2");
    assert_eq!(
        lines(&before, &Document::from_sections(after)),
        "  Service (AWS::ECS::Service)
-   Cluster: prod-eu
+   Cluster: prod-eu-2
  Task (AWS::ECS::TaskDefinition)
    ContainerDefinitions/app
-     Cpu: 1
+     Cpu: 2
    ContainerDefinitions/app/Environment
-     DB_PASS: (hidden)
+     DB_PASS: (hidden, changed)
+     B: !Ref X
-     A: \"1\"
+     A: \"2\"
-     order: \"A, DB_PASS\"
+     order: \"DB_PASS, A\"
"
    );
}

#[test]
fn what_nobody_changed_is_no_difference() {
    let one = template(json!({
        "Description": "storefront [landfall/1 1.4.0 b3:00]",
        "Resources": { "R": { "Type": "T", "Properties": { "A": 1, "B": { "C": [1, 2], "D": "x" } } } },
    }));
    let other = template(json!({
        "Resources": { "R": { "Properties": { "B": { "D": "x", "C": [1, 2] }, "A": 1 }, "Type": "T" } },
        "Description": "storefront [landfall/1 1.5.0 b3:11]",
    }));
    assert_eq!(lines(&one, &other), "");
    let named = |text: &str| {
        resources(json!({ "R": { "Type": "T", "Properties": { "Name": text, "List": [{ "X": text }] } } }))
    };
    let (deployed, wanted) = (named("Gr??e"), named("Grüße"));
    assert_eq!(lines(&unmangled(&deployed, &wanted), &wanted), "");
    assert_ne!(lines(&unmangled(&named("Gr??es"), &wanted), &wanted), "");
    assert_ne!(lines(&deployed, &wanted), "");
}

#[test]
fn whatever_differs_is_in_the_difference() {
    let base = json!({
        "Parameters": { "P": { "Type": "String" } },
        "Conditions": { "C": { "Fn::Equals": [1, 2] } },
        "Mappings": { "M": { "a": { "b": "c" } } },
        "Resources": { "R": { "Type": "T", "DeletionPolicy": "Retain", "Properties": {
            "Scalars": ["a", "b", "c"], "Objects": [{ "X": 1 }, { "X": 2 }], "Function": { "Ref": "P" }, "Script": "one\ntwo\nthree\n",
            "Named": [{ "Name": "a", "X": 1 }, { "Name": "b", "X": 1 }],
        } } },
        "Outputs": { "O": { "Value": "x" } },
    });
    let changes: [(&str, Value, &str); 14] = [
        ("/Parameters/P/Type", json!("Number"), "  Parameters\n    P\n-     Type: String\n+     Type: Number\n"),
        (
            "/Conditions/C",
            json!({ "Fn::Equals": [1, 1] }),
            "  Conditions\n-   C: !Equals\n-     - 1\n-     - 2\n+   C: !Equals\n+     - 1\n+     - 1\n",
        ),
        ("/Mappings/M/a/b", json!("d"), "  Mappings\n    M/a\n-     b: c\n+     b: d\n"),
        ("/Outputs/O/Value", json!("z"), "  Outputs\n    O\n-     Value: x\n+     Value: z\n"),
        (
            "/Resources/R/DeletionPolicy",
            json!("Delete"),
            "  R (T)\n-   DeletionPolicy: Retain\n+   DeletionPolicy: Delete\n",
        ),
        ("/Resources/R/Type", json!("U"), "  R (T → U)\n-   Type: T\n+   Type: U\n"),
        ("/Resources/R/Properties/Scalars", json!(["a", "c", "d"]), "  R (T)\n    Scalars\n-     - b\n+     - d\n"),
        ("/Resources/R/Properties/Objects/1/X", json!(3), "  R (T)\n    Objects/1\n-     X: 2\n+     X: 3\n"),
        (
            "/Resources/R/Properties/Function",
            json!({ "Ref": "Q" }),
            "  R (T)\n-   Function: !Ref P\n+   Function: !Ref Q\n",
        ),
        ("/Resources/R/Properties/Script", json!("one\n2\nthree\n"), "  R (T)\n    Script\n-     two\n+     2\n"),
        ("/Resources/R/Properties/Named/1/X", json!(2), "  R (T)\n    Named/b\n-     X: 1\n+     X: 2\n"),
        (
            "/Resources/R/Properties/Named",
            json!([{ "Name": "b", "X": 1 }, { "Name": "a", "X": 1 }]),
            "  R (T)\n    Named\n-     order: \"a, b\"\n+     order: \"b, a\"\n",
        ),
        ("/Resources/R/Properties/Scalars", json!([]), "  R (T)\n    Scalars\n-     - a\n-     - b\n-     - c\n"),
        (
            "/Resources/R/Properties/Function",
            json!("\u{202e}x\u{200b}"),
            "  R (T)\n-   Function: !Ref P\n+   Function: \"\\u{202e}x\\u{200b}\"\n",
        ),
    ];
    for (pointer, value, expected) in changes {
        let mut changed = base.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        let (before, after) = (template(base.clone()), template(changed));
        let text = lines(&before, &after);
        assert_eq!(text, expected, "{pointer}");
    }
}

#[test]
fn a_resource_that_comes_or_goes_is_shown_whole() {
    let with = resources(
        json!({ "A": { "Type": "T" }, "R": { "Type": "T", "Condition": "C", "Properties": { "Password": "x", "Size": 1 } } }),
    );
    let without = resources(json!({ "A": { "Type": "T" } }));
    assert_eq!(lines(&without, &with), "+ R (T)\n+   Condition: C\n+   Password: (hidden)\n+   Size: 1\n");
    assert_eq!(lines(&with, &without), "- R (T)\n-   Condition: C\n-   Password: (hidden)\n-   Size: 1\n");
    assert!(hunks(None, Some(&with)).iter().all(|hunk| hunk.sign == Sign::After));
}

#[test]
fn values_that_aws_does_not_return_are_not_called_changed() {
    let document = template(json!({
        "Parameters": { "Quiet": { "Type": "String", "NoEcho": true }, "Stage": { "Type": "String" } },
        "Resources": {},
    }));
    let given = |quiet: &str| {
        with_values(&document, &[("Quiet".to_owned(), quiet.to_owned()), ("Stage".to_owned(), "x".to_owned())].into())
    };
    let reference = |version: &str| format!("{{{{resolve:secretsmanager:db:SecretString:{version}}}}}");
    let text = lines(&given(&reference("one")), &given(&reference("two")));
    assert_eq!(
        text,
        format!("  Parameter values\n-   Quiet: \"{}\"\n+   Quiet: \"{}\"\n", reference("one"), reference("two"))
    );
    let text = lines(&given("****"), &given(&reference("two")));
    assert!(
        text.contains("(AWS does not show the deployed value)") && !text.contains("\n-") && !text.contains("\n+"),
        "{text}"
    );
    let text = lines(&given("plain-1"), &given("plain-2"));
    assert_eq!(text, "  Parameter values\n-   Quiet: (hidden)\n+   Quiet: (hidden, changed)\n");
}
