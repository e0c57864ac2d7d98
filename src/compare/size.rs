//! How large a stack is: its services' tasks with their vCPU and memory.
//!
//! Scheduled and one-off tasks run for a while only and are left out, and so are daemon services, whose tasks follow the
//! instances. What only AWS knows is counted as unknown, not as nothing.

use serde::Serialize;

use super::ecs;
use super::known::{Known, Thing, text};
use crate::cfn::Given;

/// What the services of a stack take, from the fewest tasks to the most that they scale to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Size {
    /// The fewest.
    pub least: Amount,
    pub most: Amount,
    /// Services of which tasks, CPU or memory are not known.
    pub unknown: usize,
}

/// Tasks, and what all of them take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Amount {
    pub tasks: u64,
    pub vcpu: f64,
    /// Memory of all, in GiB.
    pub memory_gib: f64,
}

impl std::ops::Add for Amount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            tasks: self.tasks + other.tasks,
            vcpu: self.vcpu + other.vcpu,
            memory_gib: self.memory_gib + other.memory_gib,
        }
    }
}

impl std::ops::Add for Size {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { least: self.least + other.least, most: self.most + other.most, unknown: self.unknown + other.unknown }
    }
}

/// The size of a document; nothing without one.
pub fn size(given: Option<Given<'_>>) -> Size {
    let known = Known::of(given);
    let one = |(id, service): (&str, &Thing)| {
        if service.text(&["SchedulingStrategy"]).is_some_and(|strategy| strategy == "DAEMON") {
            return Size::default();
        }
        let definition = service.at(&["TaskDefinition"]).and_then(|value| value.get("Ref")?.as_str());
        let each = definition.and_then(|definition| known.get(definition)).and_then(task);
        match (ecs::tasks(id, service, &known), each) {
            (Some(tasks), Some(each)) => {
                Size { least: times(each, tasks.least), most: times(each, tasks.most), unknown: 0 }
            }
            _ => Size { unknown: 1, ..Size::default() },
        }
    };
    known.all("AWS::ECS::Service").map(one).fold(Size::default(), std::ops::Add::add)
}

/// What one task takes: as the task definition says, or as its containers say together.
fn task(definition: &Thing) -> Option<Amount> {
    let containers = definition.list(&["ContainerDefinitions"]);
    let of_containers = |keys: &[&str], read: fn(&str) -> Option<f64>| -> Option<f64> {
        containers
            .iter()
            .map(|container| {
                keys.iter().find_map(|key| container.get(*key).and_then(text)).and_then(|text| read(&text))
            })
            .sum()
    };
    let cpu = definition.text(&["Cpu"]).map_or_else(|| of_containers(&["Cpu"], cpu_units), |text| cpu_units(&text))?;
    let memory = definition
        .text(&["Memory"])
        .map_or_else(|| of_containers(&["Memory", "MemoryReservation"], memory_mib), |text| memory_mib(&text))?;
    Some(Amount { tasks: 1, vcpu: cpu / 1024.0, memory_gib: memory / 1024.0 })
}

#[expect(clippy::cast_precision_loss, reason = "numbers of tasks are small")]
fn times(each: Amount, tasks: u64) -> Amount {
    let factor = tasks as f64;
    Amount { tasks, vcpu: each.vcpu * factor, memory_gib: each.memory_gib * factor }
}

/// CPU units of a text like `256`, `.5 vCPU` or `1 vcpu`.
pub(super) fn cpu_units(text: &str) -> Option<f64> {
    let lower = text.trim().to_ascii_lowercase();
    match lower.strip_suffix("vcpu") {
        Some(count) => count.trim().parse::<f64>().ok().map(|count| count * 1024.0),
        None => lower.parse().ok(),
    }
    .filter(|units: &f64| units.is_finite())
}

/// MiB of a text like `512`, `1 GB` or `0.5gb`.
pub(super) fn memory_mib(text: &str) -> Option<f64> {
    let lower = text.trim().to_ascii_lowercase();
    match lower.strip_suffix("gb") {
        Some(count) => count.trim().parse::<f64>().ok().map(|count| count * 1024.0),
        None => lower.strip_suffix("mb").unwrap_or(&lower).trim().parse().ok(),
    }
    .filter(|mebibytes: &f64| mebibytes.is_finite())
}

/// `4 tasks × 0.25 vCPU × 0.5 GiB` cannot be said of several services: the sums are.
impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tasks = if self.tasks == 1 { "1 task".to_owned() } else { format!("{} tasks", self.tasks) };
        write!(f, "{tasks}, {} vCPU, {} GiB", rounded(self.vcpu), rounded(self.memory_gib))
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.least == self.most {
            write!(f, "{}", self.least)?;
        } else {
            write!(f, "{} to {}", self.least, self.most)?;
        }
        match self.unknown {
            0 => Ok(()),
            1 => f.write_str(", and 1 service of unknown size"),
            more => write!(f, ", and {more} services of unknown size"),
        }
    }
}

fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
