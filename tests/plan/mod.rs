//! Desired releases, gates, the plan and its report: short stories with their goldens, and laws as properties.

mod guard;
mod held;
mod laws;
mod promotion;
mod size;
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

macro_rules! golden {
    ($name:literal, $text:expr) => {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $text);
        });
    };
}
use golden;
