//! The sizes and the platform versions that Fargate has.

/// CPU units that Fargate has, and the MiB that go with them: from, to and the step between, or a list (AWS documentation of
/// Fargate task sizes).
const SIZES: [(u32, Memory); 8] = [
    (256, Memory::These(&[512, 1_024, 2_048])),
    (512, Memory::Every(1_024, 4_096, 1_024)),
    (1_024, Memory::Every(2_048, 8_192, 1_024)),
    (2_048, Memory::Every(4_096, 16_384, 1_024)),
    (4_096, Memory::Every(8_192, 30_720, 1_024)),
    (8_192, Memory::Every(16_384, 61_440, 4_096)),
    (16_384, Memory::Every(32_768, 122_880, 8_192)),
    (32_768, Memory::These(&[61_440, 122_880, 249_856])),
];

/// Sizes of memory in MiB.
#[derive(Clone, Copy, Debug)]
pub enum Memory {
    Every(u32, u32, u32),
    These(&'static [u32]),
}

/// The sizes of memory that go with CPU units; none if Fargate has no task of so many.
pub fn memory(cpu: u32) -> Option<Memory> {
    SIZES.iter().find(|(units, _)| *units == cpu).map(|(_, memory)| *memory)
}

impl Memory {
    /// Whether a task can have it.
    pub fn have(self, memory: u32) -> bool {
        match self {
            Memory::These(list) => list.contains(&memory),
            Memory::Every(least, most, every) => {
                (least..=most).contains(&memory) && (memory - least).is_multiple_of(every)
            }
        }
    }

    /// All of them in words.
    pub fn words(self) -> String {
        match self {
            Memory::These(list) => {
                let list: Vec<String> = list.iter().map(u32::to_string).collect();
                let (last, first) = list.split_last().map_or(("", list.as_slice()), |(last, first)| (&**last, first));
                format!("{} or {last} MiB", first.join(", "))
            }
            Memory::Every(least, most, every) => format!("{least} to {most} MiB in steps of {every}"),
        }
    }
}

/// The platform versions that there are, for Linux; Windows has the first one (ECS developer guide, "Fargate platform versions for
/// Amazon ECS").
const PLATFORMS: [&str; 5] = ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"];

/// Whether the text is a platform version of Fargate, or `LATEST`.
pub fn is_platform(version: &str) -> bool {
    version == "LATEST" || PLATFORMS.contains(&version)
}

/// Whether the text is a platform version before 1.4.0.
pub fn is_before_1_4(version: &str) -> bool {
    PLATFORMS.contains(&version) && version != "1.4.0"
}
