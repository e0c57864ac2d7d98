//! A problem about a secret does not show it.

use landfall::model::Location;
use landfall::problem::{Level, Problem, Span};
use landfall::view::problems::{json, sentence, summary, terminal};

/// A problem at a text of a file's line.
fn problem(code: &'static str, source: &str, at: &str, title: &str) -> Problem {
    let begin = source.find(at).unwrap();
    let line = source[..begin].matches('\n').count();
    let column = source[..begin].rsplit('\n').next().unwrap().chars().count();
    Problem {
        code,
        level: Level::Error,
        title: title.to_owned(),
        span: Span {
            at: Location {
                file: "process.toml".into(),
                line: u32::try_from(line).unwrap() + 1,
                column: u32::try_from(column).unwrap() + 1,
            },
            bytes: begin..begin + at.len(),
        },
        label: title.to_owned(),
        help: Some(title.to_owned()),
        related: Vec::new(),
        blocks: Vec::new(),
        source: Some(source.into()),
        about: String::new(),
        accepted: None,
    }
}

/// Everything that is printed about a problem.
fn printed(problem: &Problem) -> String {
    let all = [problem.clone()];
    format!("{}\n{}\n{}", terminal(&all, false), json(&all), summary(&all))
}

#[test]
fn the_refused_value_is_not_printed() {
    let cases = [
        ("secret-parameter", "[step.parameters]\nMaster = \"hunter2\"\n", "\"hunter2\"", "`hunter2` is refused"),
        ("secret-parameter", "parameters = { Master = \"hunter2\", Other = \"hunter3\" }\n", "\"hunter2\"", "no"),
        ("secret-parameter", "Parameters: { Master: { NoEcho: true, Default: hunter2 } }\n", "Master", "no"),
        ("secret-parameter", "{ \"Master\": { \"NoEcho\": true, \"Default\": \"hunter2\" } }\n", "\"Master\"", "no"),
        (
            "secret-reference",
            "secrets = { MASTER = \"hunter2\" }\n",
            "\"hunter2\"",
            "expected a table, found `hunter2`",
        ),
        ("invalid-value", "environment = { DB_PASS = \"hunter2\" }\n", "\"hunter2\"", "`hunter2` is too long"),
        (
            "invalid-value",
            "x = 1\nDB_PASS = \"hunter2\" # kept\n",
            "DB_PASS",
            "`DB_PASS` is unknown, its value is hunter2",
        ),
        (
            "invalid-value",
            "url = \"postgres://app:hunter2@db/x\"\n",
            "\"postgres://app:hunter2@db/x\"",
            "postgres://app:hunter2@db/x is no host",
        ),
    ];
    for (code, source, at, title) in cases {
        let text = printed(&problem(code, source, at, title));
        assert!(!text.contains("hunter2") && !text.contains("hunter3"), "{source}\n{text}");
        assert!(text.contains("(hidden)"), "{source}\n{text}");
    }
}

#[test]
fn a_sentence_about_a_parameter_does_not_show_its_value() {
    let cases = [
        (
            "parameter `DbPassword` must match `[a-z]+`, and `Hunter2` does not",
            "parameter `DbPassword` must match `[a-z]+`, and `(hidden)` does not",
        ),
        (
            "parameter `DbPassword` must be one of a, b, not `hunter2`",
            "parameter `DbPassword` must be one of a, b, not `(hidden)`",
        ),
        ("parameter `Stage` must be one of a, b, not `c`", "parameter `Stage` must be one of a, b, not `c`"),
        (
            "parameter `DbPassword` is declared NoEcho, and its value is in the repository",
            "parameter `DbPassword` is declared NoEcho, and its value is in the repository",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(sentence(text), expected);
    }
}

#[test]
fn other_lines_are_shown_as_they_are_and_marked_where_they_were() {
    let text = terminal(&[problem("unknown-key", "a = 1\n  shard = \"x\u{200b}y\"\n", "shard", "no such key")], false);
    assert!(text.contains("2 │   shard = \"x\\u{200b}y\"\n  │   ^^^^^ no such key\n"), "{text}");
    let text = terminal(&[problem("invalid-value", "pass = \"hunter2\", size = 12\n", "12", "too small")], false);
    assert!(
        text.contains("1 │ pass = \"(hidden)\", size = 12\n  │                           ^^ too small\n"),
        "{text}"
    );
}
