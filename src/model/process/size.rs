//! Sizes of tasks that AWS takes: what the loader asks of written numbers, and rendering of those that variables gave.

use super::Compute;
use crate::terms::fargate;

/// The numbers of a task; none if a number is not known.
#[derive(Clone, Debug)]
pub struct Sizes<'a> {
    /// The step's name.
    pub step: &'a str,
    /// What it runs on.
    pub compute: Compute,
    /// CPU units of the task.
    pub cpu: Option<u32>,
    /// MiB of the task.
    pub memory: Option<u32>,
    pub containers: Vec<ContainerSizes<'a>>,
}

/// The numbers of a container; none if a number is not known or missing.
#[derive(Clone, Copy, Debug)]
pub struct ContainerSizes<'a> {
    pub name: &'a str,
    /// CPU units.
    pub cpu: Option<u32>,
    /// MiB that it never has more than.
    pub memory: Option<u32>,
    /// MiB that are kept for it.
    pub memory_reservation: Option<u32>,
}

/// Which number is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeOf {
    /// The task's CPU units.
    Cpu,
    /// The task's MiB.
    Memory,
    /// What the container at this place reserves.
    Reservation(usize),
}

/// Which rule a number breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeRule {
    /// The pairs of Fargate.
    Fargate,
    /// The bounds of any task.
    Task,
    /// What containers and their task have to do with each other.
    Containers,
}

/// A number that AWS refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SizeFault {
    /// Which.
    pub of: SizeOf,
    /// Why.
    pub rule: SizeRule,
    /// The same in words.
    pub title: String,
    /// What it is, in few words.
    pub label: String,
    /// What would be right; empty if the title says it.
    pub help: String,
}

impl Sizes<'_> {
    /// What AWS refuses.
    pub fn faults(&self) -> Vec<SizeFault> {
        let own = if self.compute.is_fargate() { self.of_fargate() } else { self.of_instance() };
        own.into_iter().chain(self.of_containers()).collect()
    }

    fn of_fargate(&self) -> Vec<SizeFault> {
        let Some(cpu) = self.cpu else { return Vec::new() };
        let rule = SizeRule::Fargate;
        let Some(sizes) = fargate::memory(cpu) else {
            let title = format!("Fargate has no task of {cpu} CPU units");
            let help = "256, 512, 1024, 2048, 4096, 8192, 16384 or 32768".to_owned();
            return vec![SizeFault { of: SizeOf::Cpu, rule, title, label: "not a size".to_owned(), help }];
        };
        let Some(memory) = self.memory.filter(|memory| !sizes.have(*memory)) else { return Vec::new() };
        let title = format!("Fargate has no task of {cpu} CPU units with {memory} MiB");
        let label = format!("not a size with {cpu} CPU units");
        let help = format!("with {cpu} CPU units: {}", sizes.words());
        vec![SizeFault { of: SizeOf::Memory, rule, title, label, help }]
    }

    /// Any two numbers within the bounds are a pair (API reference, `RegisterTaskDefinition`).
    fn of_instance(&self) -> Vec<SizeFault> {
        let fault = |of, title: &str| SizeFault {
            of,
            rule: SizeRule::Task,
            title: title.to_owned(),
            label: "not a size".to_owned(),
            help: String::new(),
        };
        let cpu = self.cpu.filter(|cpu| !(128..=196_608).contains(cpu));
        let memory = self.memory.filter(|memory| *memory < 6);
        let cpu = cpu.map(|_| fault(SizeOf::Cpu, "a task has 128 to 196608 CPU units"));
        cpu.into_iter().chain(memory.map(|_| fault(SizeOf::Memory, "a task has at least 6 MiB"))).collect()
    }

    fn of_containers(&self) -> Vec<SizeFault> {
        let total = |number: fn(&ContainerSizes<'_>) -> Option<u32>| -> u64 {
            self.containers.iter().filter_map(number).map(u64::from).sum()
        };
        let cpu = total(|container| container.cpu);
        let memory = total(|container| container.memory.or(container.memory_reservation));
        let over = |of, what: &str, sum: u64, limit: Option<u32>, unit: &str| {
            let limit = limit.filter(|limit| sum > u64::from(*limit))?;
            let title = format!("the containers of step `{}` have {sum} {unit} of {what}, the task {limit}", self.step);
            let label = format!("less than its containers' {sum}");
            Some(SizeFault { of, rule: SizeRule::Containers, title, label, help: String::new() })
        };
        let sums = [
            over(SizeOf::Cpu, "CPU", cpu, self.cpu, "units"),
            over(SizeOf::Memory, "memory", memory, self.memory, "MiB"),
        ];
        let reserved = self.containers.iter().enumerate().filter_map(|(place, container)| {
            let above = container.memory_reservation? > container.memory?;
            above.then(|| SizeFault {
                of: SizeOf::Reservation(place),
                rule: SizeRule::Containers,
                title: format!("container `{}` reserves more memory than its limit", container.name),
                label: "above the limit".to_owned(),
                help: String::new(),
            })
        });
        sums.into_iter().flatten().chain(reserved).collect()
    }
}
