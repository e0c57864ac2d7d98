//! Numbers, booleans and words that variables give: each one that the key can have, and numbers together such as AWS takes.

use std::ops::RangeInclusive;

use crate::model::Location;
use crate::model::process::{ContainerSizes, Number, Scaling, SizeOf, SizeRule, Sizes, StepKind, Task, Text};

use super::super::codes;
use super::Filler;
use super::outputs::in_text;

impl Filler<'_> {
    /// A whole number within bounds, written as `42` is.
    pub(super) fn number(&mut self, text: &Text, bounds: &RangeInclusive<i64>) -> Option<i64> {
        let filled = self.text(text)?;
        let number = filled.parse().ok().filter(|number: &i64| bounds.contains(number) && number.to_string() == filled);
        if number.is_none() {
            let most = bounds.end();
            let wanted = if *most == i64::from(u32::MAX) {
                format!("{} or more", bounds.start())
            } else {
                format!("{} to {most}", bounds.start())
            };
            let title = format!("`{}` becomes `{filled}`, and this key needs a whole number, {wanted}", text.raw());
            self.problem(codes::NUMBER, title, text.at(), None);
        }
        number
    }

    /// A number, perhaps with a fraction, written as `-2.5` is.
    pub(super) fn decimal(&mut self, text: &Text) -> Option<String> {
        let filled = self.text(text)?;
        let bare = filled.strip_prefix('-').unwrap_or(&filled);
        let (whole, fraction) = bare.split_once('.').unwrap_or((bare, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if digits(whole) && digits(fraction) {
            return Some(filled);
        }
        let title = format!("`{}` becomes `{filled}`, and this key needs a number, such as `2.5`", text.raw());
        self.problem(codes::NUMBER, title, text.at(), None);
        None
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, text: &Text) -> Option<bool> {
        let filled = self.text(text)?;
        let flag = filled.parse().ok();
        if flag.is_none() {
            let title = format!("`{}` becomes `{filled}`, and this key needs `true` or `false`", text.raw());
            self.problem(codes::BOOLEAN, title, text.at(), None);
        }
        flag
    }

    /// One of these words, as AWS says it.
    pub(super) fn word(&mut self, text: &Text, words: &[(&str, &str)]) -> Option<String> {
        let filled = self.text(text)?;
        let word = words.iter().find(|(word, _)| *word == filled).map(|(_, aws)| (*aws).to_owned());
        if word.is_none() {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            let title = format!("`{}` becomes `{filled}`, and this key needs one of {}", text.raw(), known.join(", "));
            self.problem(codes::WORD, title, text.at(), None);
        }
        word
    }

    /// Checks numbers that belong together if a variable supplied one of them. The loader checked all others.
    pub(in crate::template) fn numbers_fit(&mut self, kind: &StepKind) {
        if let Some(task) = kind.task() {
            self.sizes_fit(task);
        }
        match kind {
            StepKind::EcsService(service) => service.scaling.iter().for_each(|scaling| self.capacities_fit(scaling)),
            StepKind::EcsSchedule(schedule) => self.inputs_fit(schedule),
            StepKind::EcsTask(_) | StepKind::CloudFormation(_) => {}
        }
    }

    fn sizes_fit(&mut self, task: &Task) {
        let of_container = task.container.iter().map(|container| {
            [container.cpu.as_ref(), container.memory.as_ref(), container.memory_reservation.as_ref()]
        });
        let of_containers: Vec<_> = of_container.collect();
        let of_task = [task.cpu.as_ref(), task.memory.as_ref()];
        let mut all = of_task.into_iter().flatten().chain(of_containers.iter().flatten().flatten().copied());
        if all.all(|number| number.written().is_some()) {
            return;
        }
        let step = self.context.step;
        let mut containers = Vec::new();
        for (container, numbers) in task.container.iter().zip(&of_containers) {
            let [cpu, memory, memory_reservation] = numbers.map(|number| self.known_number(number));
            containers.push(ContainerSizes { name: &container.name, cpu, memory, memory_reservation });
        }
        let (cpu, memory) = (self.known_number(task.cpu.as_ref()), self.known_number(task.memory.as_ref()));
        let sizes = Sizes { step: step.name.as_str(), compute: task.runs_on.compute(), cpu, memory, containers };
        for fault in sizes.faults() {
            let reservation = |place: usize| of_containers.get(place).and_then(|numbers| numbers[2]);
            let number = match fault.of {
                SizeOf::Cpu => task.cpu.as_ref(),
                SizeOf::Memory => task.memory.as_ref(),
                SizeOf::Reservation(place) => reservation(place),
            };
            let code = match fault.rule {
                SizeRule::Fargate => codes::FARGATE_SIZE,
                SizeRule::Task => codes::TASK_SIZE,
                SizeRule::Containers => codes::CONTAINER_SIZES,
            };
            let help = (!fault.help.is_empty()).then_some(fault.help);
            self.problem(code, fault.title, at(number, &step.at), help);
        }
    }

    fn capacities_fit(&mut self, scaling: &Scaling) {
        let of_schedules = scaling
            .scheduled_action
            .iter()
            .map(|schedule| (schedule.min_capacity.as_ref(), schedule.max_capacity.as_ref()));
        let own = (Some(&scaling.min_capacity), Some(&scaling.max_capacity));
        for (least, most) in std::iter::once(own).chain(of_schedules) {
            let filled = |number: Option<&Number>| number.is_some_and(|number| number.written().is_none());
            if !filled(least) && !filled(most) {
                continue;
            }
            if let (Some(few), Some(many)) = (self.known_number(least), self.known_number(most))
                && few > many
            {
                let title = format!("`min_capacity` becomes {few}, which is above `max_capacity` ({many})");
                let one = if filled(least) { least } else { most };
                let step = self.context.step;
                self.problem(codes::SCALING, title, at(one, &step.at), None);
            }
        }
    }

    /// The number in this slot; none if it is only known during deployment or is not a number.
    fn known_number(&mut self, number: Option<&Number>) -> Option<u32> {
        match number? {
            Number::Written(number, _) => Some(*number),
            Number::Filled(text) if in_text(text) => None,
            Number::Filled(text) => self.number(text, &(0..=i64::from(u32::MAX)))?.try_into().ok(),
        }
    }
}

fn at<'a>(number: Option<&'a Number>, step: &'a Location) -> &'a Location {
    match number {
        Some(Number::Filled(text)) => text.at(),
        _ => step,
    }
}
