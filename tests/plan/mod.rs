//! Desired releases, gates, the plan and its report: short stories with their goldens, and laws as properties.

mod allowances;
mod announced;
mod brake;
mod doctor;
mod drift;
mod editions;
mod freezes;
mod frozen;
mod gates;
mod guard;
mod held;
mod laws;
mod live;
mod merged;
mod order;
mod outputs;
mod people;
mod promotion;
mod size;
mod stores;
mod tenants;
mod turns;
mod unless;
mod views;
mod waves;
mod world;

/// One golden: what people see, step by step.
#[derive(Default)]
struct Story(String);

impl Story {
    fn tell(&mut self, title: &str, shown: &str) {
        self.0.push_str(&format!("# {title}\n{}\n", shown.trim_end()));
        self.0.push('\n');
    }
}

/// The text with every plan id as one and the same: it depends on what templates look like, which is tested elsewhere.
fn redact(text: &str) -> String {
    let id = |line: &'_ str| {
        let value = line.trim().strip_prefix("plan = ").or_else(|| line.trim().strip_prefix("\"plan\": "))?;
        Some(value.trim_matches('"').to_owned())
    };
    let ids: Vec<String> = text.lines().filter_map(id).collect();
    ids.iter().fold(text.to_owned(), |text, id| text.replace(id, "7f3a91c2"))
}

/// The plan that the first gate names.
fn plan_in(shown: &str) -> String {
    let line = shown.lines().find(|line| line.contains("plan = ")).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

macro_rules! golden {
    ($name:literal, $text:expr) => {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $crate::plan::redact(&$text));
        });
    };
}
use golden;
