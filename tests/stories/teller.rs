//! Plays a script: a branch in memory, a simulated account and the daemon, in one thread on virtual time.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use landfall::daemon::{Daemon, Next, Options, Ports, Published, Silent};
use landfall::model::journal::{DeploymentId, Entry, Record, StoreId};
use landfall::model::{AccountId, Decision, Hold, Place, Region, TenantName};
use landfall::plan::doctor::diagnose;
use landfall::plan::review::{Review, begins as begins_of};
use landfall::plan::{Begin, Input, SlotRow};
use landfall::sim::world::{ChangeSetInput, Imports, StackInput, StackOptions};
use landfall::sim::{SimCloud, SimConfig, World};
use landfall::store::{MemoryStore, Store};
use landfall::template::Cache;
use landfall::view::review::{Block, Page, Screen};
use landfall::view::{self, Style, reasons};
use tokio::runtime::Runtime;

use super::folder;
use super::script::{Command, Line};
use super::show;
use crate::support::branch::{Branch, Files, Followed};
use crate::support::clock::{SimClock, advance};
use crate::support::convert::{adopted, converted, with};
use landfall::cli::deliver::Delivered;

/// When every story begins.
const BEGIN: &str = "2026-11-23T08:00:00Z";
/// Turns after which a story that does not settle is a mistake.
const PATIENCE: u32 = 5_000;

/// A template of somebody who knows nothing of landfall.
const FOREIGN: &str = r#"{"Resources": {"Logs": {"Type": "AWS::Logs::LogGroup"}}}"#;

pub(super) struct Teller {
    runtime: Runtime,
    world: Arc<Mutex<World>>,
    branch: Arc<Branch>,
    store: Arc<MemoryStore>,
    daemon: Daemon,
    pub(super) files: Files,
    places: Vec<Place>,
    out: String,
    /// What `landfall plan` says of each deployment just before it begins; none if nobody asks.
    pub(super) planned: Option<Planned>,
}

/// The answers of `landfall plan`, once for each deployment.
#[derive(Default)]
pub(super) struct Planned {
    seen: BTreeSet<String>,
    pub(super) reviews: Vec<Review>,
}

/// What a story has come to.
pub(super) struct Kept {
    world: World,
    branch: Branch,
    store: MemoryStore,
    pub(super) files: Files,
}

/// What a script says, line by line, with what comes of it.
pub(super) fn tell(script: &[Line]) -> String {
    let mut teller = Teller::new();
    for line in script {
        match line.command {
            Command::Tell => teller.out.push_str(&line.text),
            _ => teller.out.push_str(&line.text.lines().map(|line| format!("> {line}\n")).collect::<String>()),
        }
        if matches!(line.command, Command::Tell) {
            teller.out.push('\n');
        }
        teller.play(&line.command);
    }
    teller.redacted()
}

impl Teller {
    pub(super) fn new() -> Self {
        let config = SimConfig { start: BEGIN.parse().unwrap(), ..SimConfig::default() };
        let store = MemoryStore::new(StoreId("5707e00000000001".into()));
        Self::with(World::new(config), Branch::default(), store, Files::new())
    }

    /// Everything that a story has come to, to go on from there more than once.
    pub(super) fn keep(&self) -> Kept {
        Kept {
            world: self.world.lock().unwrap().clone(),
            branch: self.branch.copied(),
            store: self.store.copied("memory"),
            files: self.files.clone(),
        }
    }

    /// Goes on from what was kept, with a daemon that starts anew.
    pub(super) fn resume(kept: &Kept) -> Self {
        let (branch, store) = (kept.branch.copied(), kept.store.copied("memory"));
        let mut teller = Self::with(kept.world.clone(), branch, store, kept.files.clone());
        teller.settle();
        teller
    }

    fn with(world: World, branch: Branch, store: MemoryStore, files: Files) -> Self {
        let (world, branch, store) = (Arc::new(Mutex::new(world)), Arc::new(branch), Arc::new(store));
        let ports = Ports {
            upstream: Arc::new(Followed(branch.clone())),
            store: store.clone(),
            cloud: Arc::new(SimCloud::new(world.clone())),
            clock: Arc::new(SimClock(world.clone())),
            events: Arc::new(Silent),
        };
        let options = Options {
            owner: "stories".into(),
            poll: Duration::from_secs(30),
            sweep: Duration::from_secs(300),
            chance: "seeds".into(),
            adopt: false,
            single: false,
            patience: Duration::from_secs(120),
        };
        Self {
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
            world,
            branch,
            store,
            daemon: Daemon::new(ports, options),
            files,
            places: Vec::new(),
            out: String::new(),
            planned: None,
        }
    }

    pub(super) fn play(&mut self, command: &Command) {
        match command {
            Command::Tell => {}
            Command::Repository(name) => {
                let root = folder("repositories").join(name);
                read(&root, &root, &mut self.files);
            }
            Command::Write { path, text } => {
                self.files.insert(path.clone(), text.clone());
            }
            Command::Replace { path, old, new } => {
                let text = &self.files[path];
                assert_eq!(text.matches(old.as_str()).count(), 1, "{path} has `{old}` once");
                self.files.insert(path.clone(), text.replace(old.as_str(), new));
            }
            Command::Delete(path) => assert!(self.files.remove(path).is_some(), "{path} is there"),
            Command::Move { from, to } => {
                let (from, to) = (format!("{from}/"), format!("{to}/"));
                let moved = std::mem::take(&mut self.files).into_iter();
                self.files = moved
                    .map(|(path, text)| match path.strip_prefix(&from) {
                        Some(rest) => (format!("{to}{rest}"), text),
                        None => (path, text),
                    })
                    .collect();
            }
            Command::Release { project, version } => {
                let text = format!("format = 1\n\n[images]\nweb = {{ tag = \"{version}\" }}\n");
                self.files.insert(format!("projects/{project}/releases/{version}.toml"), text);
            }
            Command::Refresh { project, version } => {
                let file = self.files.get_mut(&format!("projects/{project}/releases/{version}.toml")).unwrap();
                // What does not parse cannot be refreshed: a random pull request may have broken it.
                if let Ok(refreshed) = landfall::edit::snapshot(file, &self.branch.head().0) {
                    *file = refreshed;
                }
            }
            Command::Convert { project, step } => {
                let (conversion, proof) = converted(&self.files, project, step).unwrap();
                self.out.push_str(&conversion.told(proof, Some(&Delivered::default())));
                self.files = with(&self.files, &conversion.files());
            }
            Command::Keep(stack) => {
                let facts = self.published().facts.clone();
                let adoption = adopted(&self.files, stack, &facts);
                self.out.push_str(&adoption.patch());
                self.out.push_str(&adoption.told());
                let after = adoption.files.iter().map(|(path, (_, text))| (path.as_str(), text.as_str()));
                self.files = with(&self.files, &after.collect::<Vec<_>>());
            }
            Command::ForcePush { back } => self.files = self.branch.force_back(*back),
            Command::Commit => {
                self.branch.commit(&self.files);
            }
            Command::Chatter(times) => (0..*times).for_each(|time| {
                self.files.insert("README.md".to_owned(), format!("{time}\n"));
                self.branch.commit(&self.files);
            }),
            Command::Revert => {
                self.files = self.branch.before_last().unwrap();
                self.branch.commit(&self.files);
            }
            Command::Allow { project, environment, tenant, reason } => {
                self.allow(project, environment, tenant.as_deref(), reason);
            }
            Command::Fault(fault) => self.world.lock().unwrap().queue_fault((**fault).clone()),
            Command::Mend => self.world.lock().unwrap().clear_faults(),
            Command::Foreign { stack, place } => self.foreign(stack, place),
            Command::Review { stack, place } => self.review(stack, place),
            Command::Hand { stack, place, old, new } => self.by_hand(stack, place, old, new),
            Command::Deed(deed) => {
                self.world.lock().unwrap().by_hand(deed).unwrap();
                self.pass(Duration::from_secs(60));
            }
            Command::Image { stack, place, old, new } => self.image(stack, place, old, new),
            Command::Remove { stack, place } => self.delete(stack, &place_of(place)),
            Command::Turns(times) => (0..*times).for_each(|_| {
                let next = self.turn();
                self.pass(next.after);
            }),
            Command::Settle => self.settle(),
            Command::Wait(span) => self.wait(*span),
            Command::Show { what, which } => self.show(what, *which),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.world.lock().unwrap().now()
    }

    fn pass(&self, span: Duration) {
        advance(&self.world, SignedDuration::try_from(span).unwrap());
    }

    /// What the daemon says now.
    pub(super) fn published_now(&self) -> Arc<Published> {
        self.published()
    }

    fn published(&self) -> Arc<Published> {
        self.daemon.published().borrow().clone().expect("the daemon has taken a turn")
    }

    /// Keeps what `landfall plan` says of the deployments that the last turn began.
    fn note_plan(&mut self) {
        let published = self.published();
        let Some(planned) = &mut self.planned else { return };
        let begins = &published.planned.plan.begin;
        let fresh = |begin: &&Begin| planned.seen.insert(format!("{} {} {}", begin.slot, begin.plan, begin.attempt));
        if begins.iter().filter(fresh).count() == 0 {
            return;
        }
        // As they were when the plan was made.
        let mut facts = (*published.facts).clone();
        facts.in_flight.retain(|flight| !begins.iter().any(|begin| begin.slot == flight.slot));
        let Published { catalog, observed, deployed, at, .. } = &*published;
        let input = Input { catalog, facts: &facts, observed, now: *at };
        planned.reviews.push(begins_of(&input, &published.planned, deployed, &mut Cache::default()));
    }

    /// One turn of the daemon; one that fails is told, and tried again a little later.
    fn turn(&mut self) -> Next {
        let next = self.take_turn();
        self.note_plan();
        next
    }

    fn take_turn(&mut self) -> Next {
        match self.runtime.block_on(self.daemon.turn()) {
            Ok(next) => next,
            Err(error) => {
                let chain = landfall::cli::exit::chain(&error);
                self.out.push_str(&format!("a turn failed: {chain}\n"));
                assert!(!error.is_final(), "the daemon would stop: {chain}");
                Next { after: Duration::from_secs(2), settled: false, waits: false }
            }
        }
    }

    fn settle(&mut self) {
        let began = self.now();
        for _ in 0..PATIENCE {
            let next = self.turn();
            if next.settled {
                let took = view::time::took(self.now().duration_since(began));
                self.out.push_str(&format!("nothing moves any more, after {took}\n"));
                return;
            }
            self.pass(next.after);
        }
        panic!("it does not settle:\n{}", self.out);
    }

    fn wait(&mut self, span: Duration) {
        let end = self.now() + span;
        while self.now() < end {
            let left = Duration::try_from(end.duration_since(self.now())).unwrap();
            let next = self.turn();
            self.pass(next.after.clamp(Duration::from_millis(1), left));
        }
        self.turn();
    }

    /// Does what the plan says: copies the lines that it prints into the file that it names.
    fn allow(&mut self, project: &str, environment: &str, tenant: Option<&str>, reason: &str) {
        let row = self.row((project, environment, tenant));
        let holds: Vec<&Hold> = match &row.decision {
            Decision::Held { reasons, .. } | Decision::Empty { reasons, .. } => reasons.iter().collect(),
            Decision::UpToDate { waiting, .. } => waiting.iter().flat_map(|waiting| &waiting.reasons).collect(),
            _ => Vec::new(),
        };
        let key =
            holds.into_iter().find_map(|hold| reasons::key(hold, &row.project, &row.environment, row.tenant.as_ref()));
        // Of stacks that nothing wants, the list below the rows prints the lines.
        let published = self.published();
        let left = || published.planned.report.orphans.iter().find_map(|orphan| orphan.key.as_ref());
        let key = key.map(|key| (key.file, key.toml));
        let drift = row.drift.as_ref().and_then(|drift| drift.key.as_ref());
        let key = key.or_else(|| drift.map(|key| (key.file.to_string(), view::remedy::allow_lines(key))));
        let key = key.or_else(|| left().map(|key| (key.file.to_string(), view::remedy::allow_lines(key))));
        let (file, toml) = key.expect("the plan prints lines that open a gate");
        let lines = toml.replace('…', reason);
        self.out.push_str(&format!("{file}:\n"));
        self.out.push_str(&lines.lines().map(|line| format!("  {line}\n")).collect::<String>());
        let text = self.files.entry(file).or_default();
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&lines);
    }

    /// The row of a slot in the plan.
    pub(super) fn row(&self, (project, environment, tenant): (&str, &str, Option<&str>)) -> SlotRow {
        let meant = |row: &&SlotRow| {
            row.project.as_str() == project
                && row.environment.as_str() == environment
                && row.tenant.as_ref().map(TenantName::as_str) == tenant
        };
        self.published().planned.report.slots.iter().find(meant).unwrap().clone()
    }

    /// The plan as people see it.
    pub(super) fn plan(&self) -> String {
        view::plan::terminal(&self.published().planned.report, self.now(), Style::PLAIN)
    }

    /// The stack of every mutation that CloudFormation accepted, in order.
    pub(super) fn mutations(&self) -> Vec<String> {
        let world = self.world.lock().unwrap();
        let of_stacks = world
            .ledger()
            .iter()
            .filter(|one| ["ChangeSet", "Stack", "Protection"].iter().any(|word| one.operation.contains(word)));
        of_stacks.map(|one| one.subject.split('/').next().unwrap().to_owned()).collect()
    }

    /// The newest commit.
    pub(super) fn head(&self) -> landfall::model::CommitId {
        self.branch.head().0
    }

    /// The branch.
    pub(super) fn history(&self) -> Arc<Branch> {
        self.branch.clone()
    }

    /// Every stack of the account, as `<name> in <account>/<region>`.
    pub(super) fn stacks(&self) -> BTreeSet<String> {
        let observed = &self.published().observed;
        observed.stacks().map(|(place, stack)| format!("{} in {place}", stack.name)).collect()
    }

    /// Lets the daemon work until neither it nor time alone can move anything.
    pub(super) fn until_nothing_can_move(&mut self) {
        loop {
            self.settle();
            let now = self.now();
            let Some(due) = self.published().planned.report.due(now) else { return };
            self.pass(Duration::try_from(due.duration_since(now)).unwrap() + Duration::from_secs(1));
        }
    }

    /// Commits the work tree.
    pub(super) fn commit(&mut self) {
        self.branch.commit(&self.files);
    }

    /// What a file was in the commit before the last one.
    pub(super) fn before(&self, file: &str) -> String {
        self.branch.before_last().unwrap()[file].clone()
    }

    /// Ends all faults.
    pub(super) fn mend(&self) {
        self.world.lock().unwrap().clear_faults();
    }

    /// Somebody deletes a stack.
    pub(super) fn delete(&self, stack: &str, place: &Place) {
        self.world.lock().unwrap().delete_stack(place, stack, &[], false, &None).unwrap();
        self.pass(Duration::from_secs(60));
    }

    fn review(&self, stack: &str, place: &str) {
        let stack = StackInput { name: stack.to_owned(), template: Some(FOREIGN.to_owned()), ..StackInput::default() };
        let input = ChangeSetInput {
            name: "mine".to_owned(),
            kind: "CREATE".to_owned(),
            stack,
            description: None,
            on_failure: None,
            reverts: false,
            nested: false,
            imports: Imports::default(),
        };
        self.world.lock().unwrap().create_change_set(&place_of(place), &input).unwrap();
        self.pass(Duration::from_secs(10));
    }

    fn by_hand(&self, stack: &str, place: &str, old: &str, new: &str) {
        let place = place_of(place);
        {
            let mut world = self.world.lock().unwrap();
            let template = world.template(&place, stack).unwrap();
            assert!(template.contains(old), "the template of {stack} has `{old}`");
            let template = Some(template.replace(old, new));
            let capabilities = vec!["CAPABILITY_NAMED_IAM".to_owned()];
            let input = StackInput { name: stack.to_owned(), template, capabilities, ..StackInput::default() };
            world.update_stack(&place, &input, &StackOptions::default()).unwrap();
        }
        self.pass(Duration::from_secs(120));
    }

    fn image(&self, stack: &str, place: &str, old: &str, new: &str) {
        let place = place_of(place);
        {
            let mut world = self.world.lock().unwrap();
            let id = world.describe_stack(&place, stack).unwrap().id;
            let service = world.services(&place).find(|one| one.stack.as_deref() == Some(&*id)).unwrap().clone();
            let definition = world.find_task_definition(&place, &service.task_definition).unwrap();
            let text = serde_json::to_string(&definition.properties).unwrap();
            assert!(text.contains(old), "the task definition of {stack} has `{old}`");
            let (family, properties) =
                (definition.family.clone(), serde_json::from_str(&text.replace(old, new)).unwrap());
            let arn = world.register_task_definition(&place, &family, properties);
            let mut changed = serde_json::Map::new();
            changed.insert("TaskDefinition".to_owned(), arn.into());
            world.update_service(&place, &service.arn, changed, false).unwrap();
        }
        self.pass(Duration::from_secs(120));
    }

    fn foreign(&self, stack: &str, place: &str) {
        let place = place_of(place);
        let input = StackInput { name: stack.to_owned(), template: Some(FOREIGN.to_owned()), ..StackInput::default() };
        self.world.lock().unwrap().create_stack(&place, &input, &StackOptions::default()).unwrap();
        self.pass(Duration::from_secs(60));
    }

    pub(super) fn records(&self) -> Vec<Record> {
        self.runtime.block_on(self.store.records(0, u32::MAX)).unwrap()
    }

    fn show(&mut self, what: &str, which: Option<u64>) {
        let (now, style) = (self.now(), Style::PLAIN);
        let published = self.published();
        self.places.extend(published.catalog.places().into_keys());
        self.places.extend(published.facts.places.keys().cloned());
        self.places.sort();
        self.places.dedup();
        let report = &published.planned.report;
        let shown = match (what, which) {
            ("plan", None) => {
                let health = self.daemon.health().borrow().clone();
                let report = view::health::below(report, &health);
                view::health::terminal(&health, now) + &view::plan::terminal(&report, now, style)
            }
            ("doctor", None) => {
                let all = diagnose(&published.catalog, &published.facts, &published.observed, &published.planned);
                let shown: Vec<_> = all.iter().filter(|one| !one.in_order).collect();
                view::doctor::terminal(&shown, now, style)
            }
            ("review", None) => {
                let base = published.catalog.commit.clone().unwrap();
                let [_, told] = super::merge::reviews(self, [&base, &self.head()], &published.facts);
                let page = view::review::content::page(&told, &view::review::content::About::default());
                let stacks =
                    page.blocks.into_iter().skip_while(|block| !matches!(block, Block::Heading { level: 2, .. }));
                view::review::terminal(&Page { blocks: stacks.collect() }, Screen { width: 120, style, unfold: false })
            }
            ("status", None) => view::status::terminal(report, &published.facts, &published.moving, now, style),
            ("problems", None) => view::problems::terminal(&published.problems, false),
            ("history", None) => view::history::list(&self.records(), now, style),
            ("history", Some(id)) => view::history::deployment(&self.records(), DeploymentId(id), now, style)
                .expect("there is that deployment"),
            ("stacks", None) => show::stacks(&mut self.world.lock().unwrap(), &self.places),
            ("ledger", None) => show::ledger(&self.world.lock().unwrap()),
            _ => panic!("cannot show {what}"),
        };
        self.out.push_str(&shown);
    }

    /// What was said, with commits and plans as numbered ones: both depend on what templates look like, which is tested
    /// elsewhere.
    fn redacted(&self) -> String {
        let mut ids: Vec<(String, usize)> = Vec::new();
        for record in self.records() {
            let id = match record.entry {
                Entry::Landed { commit } => (commit.to_string(), 7),
                Entry::Opened(opened) => (opened.plan.to_string(), 8),
                _ => continue,
            };
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids.iter().enumerate().fold(self.out.clone(), |out, (number, (id, length))| {
            let number = u32::try_from(number + 1).unwrap().wrapping_mul(0x9e37_79b1);
            out.replace(&id[..*length], &format!("{number:08x}")[..*length])
        })
    }
}

fn place_of(text: &str) -> Place {
    let (account, region) = text.split_once('/').unwrap();
    Place { account: AccountId::new(account).unwrap(), region: Region::new(region).unwrap() }
}

pub(super) fn read(root: &Path, at: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
}
