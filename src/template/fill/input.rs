//! The input of a schedule's tasks, where variables give a part of it.

use crate::model::process::{EcsSchedule, unusable_input};

use super::super::codes;
use super::Filler;
use super::outputs::in_text;

impl Filler<'_> {
    /// Checks that ECS can start tasks with an input that contains `#{…}` or an escaped `##{`. The loader checked all others.
    pub(super) fn inputs_fit(&mut self, step: &EcsSchedule) {
        let containers = step.task.container_names();
        for input in step.schedule.each().filter_map(|(_, times)| times.input.as_ref()) {
            // What another stack outputs is known only during the deployment.
            if !input.raw().contains("#{") || in_text(input) {
                continue;
            }
            let Some(why) = self.text(input).and_then(|filled| unusable_input(&filled, &containers)) else { continue };
            let title = format!("ECS could not start tasks with this `input`: {why}");
            let help = "a value in JSON needs a backslash before each `\"` and `\\`";
            self.problem(codes::SCHEDULE_INPUT, title, input.at(), Some(help.to_owned()));
        }
    }
}
