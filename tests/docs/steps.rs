//! `docs/steps.md` is made from the schema of steps, and from experiments with the golden steps: what a key renders to is
//! found out by changing it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Schema;

use crate::support::experiment::{self, Known, Target};
use crate::support::keys::{choices, kinds, listed, properties, refuses};
use crate::support::steps::folder;

const INTRODUCTION: &str = "\
A step of `process.toml` becomes one CloudFormation stack per target that offers its role. `kind` says what the step renders. \
This page lists every key of every kind. Names follow ECS and CloudFormation in snake case, so the AWS documentation applies too.

- *Default* applies if the key is absent. `300` (AWS) means that landfall writes nothing and the default of AWS applies.
- *Renders to* lists the properties that depend on the key. The tests find them by changing the key in the examples. \
Paths under `AWS::ECS::TaskDefinition` omit `AWS::`, and `[]` stands for an element of a list.
- *Since* is the first release format that has the key. A release keeps the format that it was made with.
- *Example* links to a step that uses the key; all examples are [at the end](#examples).
";

/// The page.
pub(super) fn page() -> String {
    let kinds = kinds();
    let known = experiment::known();
    let tables = tables(&kinds);
    let mut text = format!("# Steps\n\n{INTRODUCTION}\n");
    for (kind, schema) in &kinds {
        let said = schema["description"].as_str().unwrap();
        text.push_str(&format!("- [`{kind}`](#{}): {}\n", anchor(kind), said.trim_end_matches('.')));
    }
    for (kind, schema) in &kinds {
        text.push_str(&format!("\n## {kind}\n\n{}\n\n", schema["description"].as_str().unwrap()));
        let of = Page { known: &known, tables: &tables, kinds: std::slice::from_ref(kind) };
        text.push_str(&of.table("", schema));
    }
    text.push_str("\n## Tables of keys\n\nThe keys of tables, in the order in which they appear above.\n");
    for table in &tables {
        let names = table.kinds.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
        text.push_str(&format!("\n### {}\n\n{} Of {names}.\n\n", table.title, sentence(table.schema)));
        let of = Page { known: &known, tables: &tables, kinds: &table.kinds };
        text.push_str(&of.table(&table.path, table.schema));
    }
    text.push_str("\n## Examples\n\nThe tests render, lint and deploy each of these steps.\n\n");
    text.push_str(&examples());
    text
}

/// A table of keys below a step, the same for all of its kinds.
struct Table<'s> {
    path: String,
    /// As the heading has it.
    title: String,
    schema: &'s Schema,
    kinds: Vec<String>,
}

/// Every table below steps, in the order of the schemas.
fn tables(kinds: &BTreeMap<String, Schema>) -> Vec<Table<'_>> {
    fn collect<'s>(kind: &str, path: &str, schema: &'s Schema, out: &mut Vec<Table<'s>>) {
        for (key, inner) in properties(schema) {
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            if properties(inner).is_empty() || refuses(kind, &path) {
                continue;
            }
            match out.iter_mut().find(|table| table.path == path && table.schema == inner) {
                Some(table) => table.kinds.push(kind.to_owned()),
                None => {
                    let title = path.clone();
                    out.push(Table { path: path.clone(), title, schema: inner, kinds: vec![kind.to_owned()] });
                }
            }
            collect(kind, &path, inner, out);
        }
    }
    let mut tables = Vec::new();
    kinds.iter().for_each(|(kind, schema)| collect(kind, "", schema, &mut tables));
    // Where kinds differ, each has its own.
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    tables.iter().for_each(|table| *of.entry(table.path.clone()).or_default() += 1);
    for table in tables.iter_mut().filter(|table| of[&table.path] > 1) {
        table.title = format!("{} of {}", table.path, table.kinds.join(", "));
    }
    tables
}

/// What rows are made from.
struct Page<'a> {
    known: &'a BTreeMap<(String, String), Known>,
    tables: &'a [Table<'a>],
    /// The kinds that a table is of.
    kinds: &'a [String],
}

impl Page<'_> {
    fn table(&self, path: &str, schema: &Schema) -> String {
        let mut text =
            "| key | meaning | type | default | renders to | since | example |\n| --- | --- | --- | --- | --- | --- | --- |\n"
                .to_owned();
        for (key, inner) in properties(schema) {
            let below = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            text.push_str(&self.row(&below, key, inner, schema));
        }
        text
    }

    fn row(&self, path: &str, key: &str, schema: &Schema, table: &Schema) -> String {
        let table_of = self
            .tables
            .iter()
            .find(|table| table.path == path && self.takers(path).all(|kind| table.kinds.contains(kind)));
        let (meaning, default) = (meaning(schema) + &self.refusers(path), self.default(path, key, schema, table));
        let name = match table_of {
            Some(table) => format!("[`{key}`](#{})", anchor(&table.title)),
            None => format!("`{key}`"),
        };
        let cells = [
            format!("<a id=\"{}\"></a>{name}", self.id(path)),
            meaning,
            type_of(schema),
            default,
            self.renders_to(path, key, table_of.is_some()),
            self.since(path),
            self.example(path),
        ];
        format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|").replace('\n', " ")).join(" | "))
    }

    /// The anchor of a row: `<kind>-<path>` for the keys of one kind, the path alone in a table that kinds share.
    fn id(&self, path: &str) -> String {
        match path.contains('.') {
            true => path.to_owned(),
            false => format!("{}.{path}", self.kinds.join("-")),
        }
    }

    /// The kinds that take a key.
    fn takers(&self, path: &str) -> impl Iterator<Item = &String> {
        self.kinds.iter().filter(move |kind| !refuses(kind, path))
    }

    /// That others have the table and refuse the key.
    fn refusers(&self, path: &str) -> String {
        let kinds: Vec<_> =
            self.kinds.iter().filter(|kind| refuses(kind, path)).map(|kind| format!("`{kind}`")).collect();
        if kinds.is_empty() {
            String::new()
        } else {
            format!("<br>Not allowed in a step of kind {}.", kinds.join(" or "))
        }
    }

    fn known(&self, path: &str) -> impl Iterator<Item = &Known> {
        self.kinds.iter().filter_map(move |kind| self.known.get(&(kind.clone(), path.to_owned())))
    }

    fn default(&self, path: &str, key: &str, schema: &Schema, table: &Schema) -> String {
        let mut has = rows(table).into_iter().filter(|row| row["properties"].get(key).is_some());
        let required = |row: &Schema| row["required"].as_array().is_some_and(|all| all.iter().any(|it| it == key));
        if has.all(required) {
            return "required".to_owned();
        }
        let Some(value) = experiment::default(schema) else { return String::new() };
        match self.known(path).any(|known| known.default_is_ours) {
            true => format!("`{value}`"),
            false => format!("`{value}` (AWS)"),
        }
    }

    fn renders_to(&self, path: &str, key: &str, table: bool) -> String {
        if key == "kind" {
            return "everything".to_owned();
        }
        let mut targets: BTreeSet<Target> = self.known(path).flat_map(Known::targets).collect();
        if table {
            // What its keys render to, as far as it is one place.
            let inside = format!("{path}.");
            let of = |kind: &String| {
                let below = self.known.iter().filter(|((of, at), _)| of == kind && at.starts_with(&inside));
                below.flat_map(|(_, known)| known.targets()).collect::<Vec<_>>()
            };
            targets = common(&self.kinds.iter().flat_map(of).collect::<Vec<_>>());
        }
        assert!(table || !targets.is_empty(), "`{path}` of {:?} renders to nothing", self.kinds);
        let mut by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        targets.iter().for_each(|target| by.entry(&target.of).or_default().push(&target.path));
        let lines = by.iter().map(|(of, paths)| match (*of, paths.as_slice()) {
            ("", paths) => paths.join(", "),
            (of, [""]) => of.to_string(),
            (of, paths) => {
                let shown: Vec<String> =
                    paths.iter().filter(|path| !path.is_empty()).take(3).map(|path| format!("`{path}`")).collect();
                let more = if paths.len() > 3 { format!(" and {} more", paths.len() - 3) } else { String::new() };
                format!("{of} {}{more}", shown.join(", "))
            }
        });
        let lines: Vec<String> = lines.collect();
        match lines.len() {
            0..=3 => lines.join("<br>"),
            more => format!("{}<br>and {} more resources", lines[..3].join("<br>"), more - 3),
        }
    }

    fn since(&self, path: &str) -> String {
        let inside = format!("{path}.");
        let below = self.known.iter().filter(|((_, at), _)| at.starts_with(&inside)).map(|(_, known)| known);
        let since = self.known(path).chain(below).filter_map(|known| known.since).min();
        since.map_or("1".to_owned(), |since| since.to_string())
    }

    fn example(&self, path: &str) -> String {
        let files: BTreeSet<&String> = self.known(path).flat_map(|known| &known.files).collect();
        let smallest = files.into_iter().min_by_key(|file| {
            std::fs::metadata(folder(&format!("steps/{file}.toml"))).map_or(u64::MAX, |file| file.len())
        });
        smallest.map_or(String::new(), |file| format!("[{file}](../tests/template/steps/{file}.toml)"))
    }
}

/// The schemas of what has the keys of a table.
fn rows(table: &Schema) -> Vec<&Schema> {
    let of = |choice| -> Vec<&Schema> {
        let inside = ["items", "additionalProperties"].into_iter().filter_map(|name| Schema::get(choice, name));
        let inside: Vec<&Schema> = inside.filter(|inner| inner.is_object()).flat_map(rows).collect();
        std::iter::once(choice).filter(|choice| choice.get("properties").is_some()).chain(inside).collect()
    };
    choices(table).into_iter().flat_map(of).collect()
}

/// The longest common path of what lies in one resource, for each type.
fn common(targets: &[Target]) -> BTreeSet<Target> {
    let mut by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for target in targets {
        let prefix = by.entry(&target.of).or_insert_with(|| target.path.split('.').collect());
        let same = prefix.iter().zip(target.path.split('.')).take_while(|(one, other)| **one == *other).count();
        prefix.truncate(same);
    }
    let of = |(of, path): (&str, Vec<&str>)| Target { of: of.to_owned(), path: path.join(".") };
    by.into_iter().filter(|(kind, path)| !kind.is_empty() || !path.is_empty()).map(of).collect()
}

/// The explanation of a key, with those of the values that it takes.
fn meaning(schema: &Schema) -> String {
    let explained = choices(schema).into_iter().filter_map(|choice| {
        Some(format!("`{}`: {}", choice.get("const")?.as_str()?, choice.get("description")?.as_str()?))
    });
    let values: Vec<String> = explained.collect();
    std::iter::once(sentence(schema)).chain(values).collect::<Vec<_>>().join("<br>")
}

fn sentence(schema: &Schema) -> String {
    schema["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn type_of(schema: &Schema) -> String {
    let words = listed(schema);
    if !words.is_empty() {
        let words = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let filled = choices(schema).iter().any(|choice| choice.get("pattern").is_some());
        return if filled { format!("{words} or text") } else { words };
    }
    let mut types: Vec<String> = Vec::new();
    for choice in choices(schema) {
        let word = match choice["type"].as_str().unwrap_or_default() {
            "string" => "text".to_owned(),
            "integer" => range("whole number", choice),
            "number" => range("number", choice),
            "boolean" => "`true`, `false`".to_owned(),
            "array" if properties(choice).is_empty() => format!("list: {}", type_of(&choice["items"])),
            "array" => "list of tables".to_owned(),
            "" => match choice["type"].as_array() {
                Some(all) if all.contains(&Schema::from("object")) => "any value".to_owned(),
                Some(_) => "text, number, `true`, `false`".to_owned(),
                None => String::new(),
            },
            "object" => match choice.get("additionalProperties").filter(|others| others.is_object()) {
                Some(others) if properties(choice).is_empty() => format!("table: {}", type_of(others)),
                Some(_) => "table of tables".to_owned(),
                None => "table".to_owned(),
            },
            other => other.to_owned(),
        };
        if !types.contains(&word) {
            types.push(word);
        }
    }
    types.join(" or ")
}

/// With its bounds, where somebody gave it some.
fn range(word: &str, schema: &Schema) -> String {
    // What the type alone says is no bound.
    let most = schema["maximum"].as_i64().filter(|most| ![255, 65_535].contains(most) || schema["minimum"] != 0);
    match (schema["minimum"].as_i64().filter(|least| *least > 0 || most.is_some()), most) {
        (Some(least), Some(most)) => format!("{word}, {least} to {most}"),
        (Some(least), None) => format!("{word}, at least {least}"),
        (None, Some(most)) => format!("{word}, at most {most}"),
        (None, None) => word.to_owned(),
    }
}

/// As the forges make it from a heading.
fn anchor(heading: &str) -> String {
    let fine = |letter: &char| letter.is_ascii_alphanumeric() || ['-', '_', ' '].contains(letter);
    heading.to_lowercase().chars().filter(fine).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

/// Every golden step, with what its first line says about it.
fn examples() -> String {
    let mut files: Vec<_> = std::fs::read_dir(folder("steps")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let line = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let said = text.lines().next().and_then(|line| line.strip_prefix("# "));
        let said = said.map_or_else(String::new, |said| format!(": {said}"));
        format!("- [{name}](../tests/template/steps/{name}.toml){said}\n")
    };
    files.into_iter().map(line).collect()
}
