//! `docs/commands.md` is made from the definition of the command line.

use clap::{Arg, ArgAction, Command};

/// A page with a section for every command.
pub(super) fn page() -> String {
    let mut root = landfall::cli::command();
    root.build();
    let mut text = format!("# Commands\n\n{}.\n\n{}\n", root.get_about().unwrap(), after(&root));
    text.push_str("\nData goes to stdout, progress and errors to stderr. Every command also takes these:\n\n");
    text.push_str(&table(&root));
    sections(&root, "", &mut text);
    text
}

/// A section for every command, those below a command after it.
fn sections(above: &Command, path: &str, text: &mut String) {
    for command in above.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("{path}{}", command.get_name());
        text.push_str(&section(&name, &mut command.clone()));
        sections(command, &format!("{name} "), text);
    }
}

fn section(name: &str, command: &mut Command) -> String {
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim_end();
    format!(
        "\n## {name}\n\n{}.\n\n```text\n{usage}\n```\n\n{}{}\n",
        command.get_about().unwrap(),
        table(command),
        after(command)
    )
}

/// What stands after the options: prose as it is, examples as blocks.
fn after(command: &Command) -> String {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut out = String::from("\n");
    let mut block = false;
    for line in text.lines() {
        if line.starts_with("  ") != block {
            block = !block;
            out.push_str(if block { "```sh\n" } else { "```\n" });
        }
        out.push_str(line.strip_prefix("  ").unwrap_or(line));
        out.push('\n');
    }
    if block {
        out.push_str("```\n");
    }
    out.trim_end().to_owned()
}

/// The options that a command has of its own.
fn table(command: &Command) -> String {
    let global = command.get_name() != "landfall";
    let everywhere = |arg: &Arg| {
        use ArgAction::{Help, HelpLong, HelpShort, Version};
        matches!(arg.get_action(), Help | HelpLong | HelpShort | Version) || global && arg.is_global_set()
    };
    let rows: String = command.get_arguments().filter(|arg| !everywhere(arg)).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("| option | default | meaning |\n| --- | --- | --- |\n{rows}")
}

fn row(arg: &Arg) -> String {
    let value = arg.get_value_names().and_then(|names| names.first()).map(|name| format!("<{name}>"));
    let takes = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    let name = match (arg.get_long(), value.filter(|_| takes)) {
        (Some(long), Some(value)) => format!("--{long} {value}"),
        (Some(long), None) => format!("--{long}"),
        (None, value) => value.unwrap_or_default(),
    };
    let meaning = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let (meaning, told) = match meaning.split_once(" [default: ") {
        Some((meaning, told)) => (meaning.to_owned(), told.trim_end_matches(']').to_owned()),
        None => (meaning, String::new()),
    };
    let default = arg.get_default_values().first().filter(|_| takes).map(|value| format!("`{}`", value.display()));
    let default = match default {
        Some(default) => default,
        None if arg.is_required_set() => "required".to_owned(),
        None => told,
    };
    let values: Vec<String> = arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    let values = if values.is_empty() || !takes { String::new() } else { format!(": {}", values.join(", ")) };
    format!("| `{}` | {default} | {meaning}{values} |\n", name.replace('|', "\\|"))
}

/// Every command, with its whole name.
fn all(above: &Command, path: &str, into: &mut Vec<(String, Command)>) {
    for command in above.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("{path}{}", command.get_name());
        into.push((name.clone(), command.clone()));
        all(command, &format!("{name} "), into);
    }
}

#[test]
fn the_help_lists_every_command_in_one_group() {
    let mut root = landfall::cli::command();
    let help = root.render_help().to_string();
    for command in root.get_subcommands().filter(|command| command.get_name() != "help") {
        let line = format!("  {:<13}{}", command.get_name(), command.get_about().unwrap());
        assert_eq!(help.lines().filter(|shown| *shown == line).count(), 1, "`{line}` in:\n{help}");
    }
    assert!(help.contains("docs/glossary.md") && !help.contains("\nCommands:"), "{help}");
}

#[test]
fn the_help_of_every_command_has_an_example_and_short_sentences() {
    let mut commands = Vec::new();
    all(&landfall::cli::command(), "", &mut commands);
    assert!(commands.len() > 20, "{commands:?}");
    for (name, command) in commands {
        let text = command.get_after_help().unwrap().to_string();
        assert!(
            text.lines().any(|line| line.starts_with(&format!("  landfall {name}"))),
            "no example for `{name}`:\n{text}"
        );
        let prose: Vec<&str> = text.lines().filter(|line| !line.starts_with("  ")).collect();
        for sentence in prose.join(" ").split(". ") {
            let words = sentence.split_whitespace().count();
            assert!(words <= 30, "`landfall help {name}` has a sentence of {words} words: {sentence}");
        }
    }
}
