//! A repository and its past in a few lines: what tables are written in, what random cases print, and what both become.
//!
//! ```text
//! lifecycle standard: development* | test* soak 30m queue | production     a star: entered automatically
//! tenancy both                            untenanted (default), tenanted, both
//! tenant acme ring/early: test production the environments that it is connected to
//! channel hotfix: urgent for ring/early   its lifecycle, and who may get it; the first one is the default channel
//! release 1.4.1 of hotfix blocked
//! follow production default hotfix
//! pin production/acme 1.4.0               or none; `refuses` after it is `wait = false`
//! ran test/acme 1.4.0 10m, 1.5.0 20m      up to now; `nothing 5m`, and `again 5m` for what a failure interrupted
//! freeze winter test: UTC 2026-12-24T00:00 → 2026-12-27T00:00 every year
//! broken tenant beta
//! now 2026-11-23T09:00:00Z
//! ```

use std::fmt;

use jiff::Timestamp;

/// The lines, read.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Sketch {
    pub(super) lifecycles: Vec<(String, Vec<PhaseLine>)>,
    pub(super) tenancy: Option<String>,
    pub(super) tenants: Vec<TenantLine>,
    pub(super) channels: Vec<ChannelLine>,
    pub(super) releases: Vec<ReleaseLine>,
    pub(super) follow: Vec<(String, Vec<String>)>,
    pub(super) pins: Vec<PinLine>,
    pub(super) ran: Vec<(Place, Vec<RunLine>)>,
    pub(super) freezes: Vec<(String, Vec<String>, String)>,
    pub(super) broken: Vec<(String, String)>,
    pub(super) now: Option<Timestamp>,
}

/// An environment, and perhaps a tenant: `test/acme`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) environment: String,
    pub(super) tenant: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PhaseLine {
    pub(super) environments: Vec<(String, bool)>,
    pub(super) soak: i64,
    pub(super) queue: bool,
    pub(super) progress: Progress,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Progress {
    #[default]
    All,
    Minimum(u32),
    Optional,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct TenantLine {
    pub(super) name: String,
    pub(super) tags: Vec<String>,
    pub(super) environments: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ChannelLine {
    pub(super) name: String,
    pub(super) lifecycle: String,
    pub(super) tags: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReleaseLine {
    pub(super) name: String,
    pub(super) channel: Option<String>,
    pub(super) blocked: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct PinLine {
    pub(super) place: Place,
    pub(super) release: String,
    pub(super) refuses: bool,
}

/// What a slot did for some minutes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RunLine {
    /// It ran this, proved.
    Ran(String, i64),
    /// What it ran before went on after a failure, and nobody proved the mixture.
    Again(i64),
    /// It ran nothing.
    Nothing(i64),
}

impl RunLine {
    pub(super) fn minutes(&self) -> i64 {
        match self {
            RunLine::Ran(_, minutes) | RunLine::Again(minutes) | RunLine::Nothing(minutes) => *minutes,
        }
    }
}

impl Place {
    pub(super) fn new(environment: &str, tenant: Option<&str>) -> Self {
        Self { environment: environment.to_owned(), tenant: tenant.map(str::to_owned) }
    }

    pub(super) fn read(text: &str) -> Self {
        match text.split_once('/') {
            Some((environment, tenant)) => Self::new(environment, Some(tenant)),
            None => Self::new(text, None),
        }
    }
}

impl Sketch {
    /// Reads the lines; those that it does not know are a mistake in the test.
    pub(super) fn read(lines: &[&str]) -> Self {
        let mut sketch = Self::default();
        lines.iter().for_each(|line| sketch.line(line));
        sketch
    }

    fn line(&mut self, line: &str) {
        let (head, tail) = line.split_once(':').unwrap_or((line, ""));
        let words: Vec<&str> = line.split_whitespace().collect();
        let heads: Vec<String> = head.split_whitespace().map(str::to_owned).collect();
        let tails: Vec<String> = tail.split_whitespace().map(str::to_owned).collect();
        match words[0] {
            "lifecycle" => self.lifecycles.push((heads[1].clone(), tail.split('|').map(phase).collect())),
            "tenancy" => self.tenancy = Some(heads[1].clone()),
            "tenant" => {
                let (name, tags) = (heads[1].clone(), heads[2..].to_vec());
                self.tenants.push(TenantLine { name, tags, environments: tails });
            }
            "channel" => {
                let tags = tails.iter().skip(2).cloned().collect();
                self.channels.push(ChannelLine { name: heads[1].clone(), lifecycle: tails[0].clone(), tags });
            }
            "release" => self.releases.push(ReleaseLine {
                name: heads[1].clone(),
                channel: words.iter().position(|word| *word == "of").map(|place| words[place + 1].to_owned()),
                blocked: words.contains(&"blocked"),
            }),
            "follow" => self.follow.push((heads[1].clone(), heads[2..].to_vec())),
            "pin" => self.pins.push(PinLine {
                place: Place::read(words[1]),
                release: words[2].to_owned(),
                refuses: words.contains(&"refuses"),
            }),
            "ran" => {
                let runs = line.splitn(3, ' ').nth(2).unwrap_or("").split(',').map(run).collect();
                self.ran.push((Place::read(words[1]), runs));
            }
            "freeze" => self.freezes.push((heads[1].clone(), heads[2..].to_vec(), tail.trim().to_owned())),
            "broken" => self.broken.push((heads[1].clone(), heads[2].clone())),
            "now" => self.now = Some(words[1].parse().unwrap()),
            _ => panic!("no line of a sketch: {line}"),
        }
    }

    /// The lines of a sketch's runs for one slot.
    pub(super) fn ran_in(&self, place: &Place) -> &[RunLine] {
        self.ran.iter().find(|(there, _)| there == place).map_or(&[], |(_, runs)| runs)
    }
}

fn minutes(text: &str) -> i64 {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: i64 = number.parse().unwrap_or_else(|_| panic!("`{text}` is no time: 30m, 2h, 1d"));
    match unit {
        "m" => number,
        "h" => number * 60,
        "d" => number * 1440,
        _ => panic!("`{text}` is no time: 30m, 2h, 1d"),
    }
}

fn phase(text: &str) -> PhaseLine {
    let mut phase = PhaseLine::default();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "soak" => phase.soak = minutes(words.next().unwrap()),
            "queue" => phase.queue = true,
            "optional" => phase.progress = Progress::Optional,
            "minimum" => phase.progress = Progress::Minimum(words.next().unwrap().parse().unwrap()),
            name => phase.environments.push((name.trim_end_matches('*').to_owned(), name.ends_with('*'))),
        }
    }
    phase
}

fn run(text: &str) -> RunLine {
    let words: Vec<&str> = text.split_whitespace().collect();
    let time = minutes(words[1]);
    match words[0] {
        "again" => RunLine::Again(time),
        "nothing" => RunLine::Nothing(time),
        release => RunLine::Ran(release.to_owned(), time),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tenant {
            Some(tenant) => f.pad(&format!("{}/{tenant}", self.environment)),
            None => f.pad(&self.environment),
        }
    }
}

impl fmt::Display for PhaseLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.environments.iter().map(|(name, star)| format!("{name}{}", if *star { "*" } else { "" }));
        let mut words: Vec<String> = names.collect();
        match self.progress {
            Progress::All => {}
            Progress::Minimum(least) => words.push(format!("minimum {least}")),
            Progress::Optional => words.push("optional".to_owned()),
        }
        if self.soak > 0 {
            words.push(format!("soak {}m", self.soak));
        }
        if self.queue {
            words.push("queue".to_owned());
        }
        f.write_str(&words.join(" "))
    }
}

impl fmt::Display for RunLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunLine::Ran(release, minutes) => write!(f, "{release} {minutes}m"),
            RunLine::Again(minutes) => write!(f, "again {minutes}m"),
            RunLine::Nothing(minutes) => write!(f, "nothing {minutes}m"),
        }
    }
}

/// The lines again: what a random case that fails looks like.
impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |words: &[String]| words.iter().map(|word| format!(" {word}")).collect::<String>();
        writeln!(f)?;
        for (name, phases) in &self.lifecycles {
            let phases: Vec<String> = phases.iter().map(ToString::to_string).collect();
            writeln!(f, "lifecycle {name}: {}", phases.join(" | "))?;
        }
        if let Some(tenancy) = &self.tenancy {
            writeln!(f, "tenancy {tenancy}")?;
        }
        for TenantLine { name, tags, environments } in &self.tenants {
            writeln!(f, "tenant {name}{}:{}", join(tags), join(environments))?;
        }
        for ChannelLine { name, lifecycle, tags } in &self.channels {
            let tags = if tags.is_empty() { String::new() } else { format!(" for{}", join(tags)) };
            writeln!(f, "channel {name}: {lifecycle}{tags}")?;
        }
        for ReleaseLine { name, channel, blocked } in &self.releases {
            let channel = channel.as_ref().map(|channel| format!(" of {channel}")).unwrap_or_default();
            writeln!(f, "release {name}{channel}{}", if *blocked { " blocked" } else { "" })?;
        }
        for (environment, channels) in &self.follow {
            writeln!(f, "follow {environment}{}", join(channels))?;
        }
        for PinLine { place, release, refuses } in &self.pins {
            writeln!(f, "pin {place} {release}{}", if *refuses { " refuses" } else { "" })?;
        }
        for (place, runs) in &self.ran {
            let runs: Vec<String> = runs.iter().map(ToString::to_string).collect();
            writeln!(f, "ran {place} {}", runs.join(", "))?;
        }
        for (name, whom, windows) in &self.freezes {
            writeln!(f, "freeze {name}{}: {windows}", join(whom))?;
        }
        for (kind, name) in &self.broken {
            writeln!(f, "broken {kind} {name}")?;
        }
        if let Some(now) = &self.now {
            writeln!(f, "now {now}")?;
        }
        Ok(())
    }
}
