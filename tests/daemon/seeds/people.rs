//! What people do besides committing: in AWS without landfall, to the clock, and at gates.

use jiff::SignedDuration;
use landfall::model::catalog::Gate;
use landfall::model::{AccountId, Decision, Hold, Place, Region};
use landfall::sim::world::ecs::Service;
use landfall::sim::world::{StackInput, StackOptions};
use landfall::view::reasons::{self, Key};
use serde_json::json;

use super::laws::{Law, Verdict};
use super::run::Universe;
use crate::support::branch::Files;

impl Universe {
    /// The keys to gates of these kinds that the last report shows.
    pub(super) fn keys(&self, gates: &[Gate]) -> Vec<Key> {
        let Some(published) = &self.published else { return Vec::new() };
        let rows = published.planned.report.slots.iter();
        let keys = rows.flat_map(|row| {
            holds(&row.decision)
                .iter()
                .filter_map(|hold| reasons::key(hold, &row.project, &row.environment, row.tenant.as_ref()))
        });
        keys.filter(|key| gates.contains(&key.what)).collect()
    }

    /// What people do in AWS without landfall.
    pub(super) fn by_hand(&mut self) {
        let account = *self.dice.pick(&["111111111111", "222222222222"]);
        let place = Place { account: AccountId::new(account).unwrap(), region: Region::new("eu-west-1").unwrap() };
        let mut world = self.world.lock().unwrap();
        let stacks: Vec<String> = world.describe_stacks(&place).into_iter().map(|stack| stack.name).collect();
        let ours: Vec<&String> = stacks.iter().filter(|name| !self.watch.foreign.contains(*name)).collect();
        let done = match self.dice.below(4) {
            3 if !ours.is_empty() => {
                let name = (*self.dice.pick(&ours)).clone();
                let count = self.dice.below(5);
                let of_it = world.describe_stack(&place, &name).map(|stack| stack.id).ok();
                let mine = |service: &&Service| {
                    service.status == "ACTIVE" && service.stack == of_it.as_deref().map(str::to_owned)
                };
                let arn = world.services(&place).find(mine).map(|service| service.arn.clone()).unwrap_or_default();
                let set = [("DesiredCount".to_owned(), count.into())].into_iter().collect();
                world.update_service(&place, &arn, set, false).map(|()| "a service is scaled")
            }
            0 if !ours.is_empty() => {
                let name = (*self.dice.pick(&ours)).clone();
                world.delete_stack(&place, &name, &[], false, &None).map(|()| "a stack is deleted")
            }
            1 if !ours.is_empty() => {
                let name = (*self.dice.pick(&ours)).clone();
                let number = self.dice.below(1000);
                world.template(&place, &name).and_then(|body| {
                    let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
                    body["Resources"]["ByHand"] =
                        json!({"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": number}});
                    let capabilities = vec!["CAPABILITY_NAMED_IAM".to_owned()];
                    let template = Some(body.to_string());
                    let input = StackInput { name, template, capabilities, ..StackInput::default() };
                    world.update_stack(&place, &input, &StackOptions::default()).map(|_| "a stack is changed")
                })
            }
            _ => {
                let environment = if account == "222222222222" { "production" } else { "test" };
                let name = format!("{}-web-{environment}-{environment}", self.dice.pick(&super::repository::PROJECTS));
                let template = json!({"Resources": {"Image": {"Type": "AWS::SQS::Queue"}}}).to_string();
                let input = StackInput { name: name.clone(), template: Some(template), ..StackInput::default() };
                let made = world.create_stack(&place, &input, &StackOptions::default());
                made.map(|_| {
                    self.watch.foreign.insert(name);
                    "somebody makes a stack"
                })
            }
        };
        drop(world);
        if let Ok(done) = done {
            self.count(format!("by hand: {done}"));
        }
    }

    /// Somebody sets the daemon's clock, by up to ten minutes.
    pub(super) fn set_clock(&mut self) {
        let by = SignedDuration::from_secs(i64::try_from(self.dice.below(1200)).unwrap() - 600);
        *self.skew.lock().unwrap() = by;
        self.count(if by.is_negative() { "clock: behind" } else { "clock: ahead" });
    }

    /// Opens the gates that are left one after the other, as the plan says, and sees each time that what was held at it is held
    /// no longer.
    pub(super) async fn way_out(&mut self) -> Verdict {
        for _ in 0..4 {
            self.one_way_out().await?;
        }
        Ok(())
    }

    async fn one_way_out(&mut self) -> Verdict {
        let mut keys = self.keys(&[Gate::Retry, Gate::Continue, Gate::Rollback, Gate::Freeze, Gate::Redeploy]);
        let broken = self.branch.head().1.values().any(|text| text.starts_with("= broken"));
        if keys.is_empty() || broken {
            return Ok(());
        }
        let key = keys.remove(usize::try_from(self.dice.below(keys.len() as u64)).unwrap());
        let before = self.held_at(&key);
        let mut files = self.branch.head().1;
        open(&mut files, &key);
        self.branch.commit(&files);
        self.settles().await?;
        let after = self.held_at(&key);
        *self.watch.checked.entry(Law::WayOut).or_insert(0) += 1;
        match before.iter().find(|held| after.contains(held)) {
            None => Ok(()),
            Some(held) => Err((Law::WayOut, format!("{held} is not released by {}", key.toml))),
        }
    }

    /// Slots that are held at the gate of a key, with since when.
    fn held_at(&self, key: &Key) -> Vec<String> {
        let Some(published) = &self.published else { return Vec::new() };
        let rows = published.planned.report.slots.iter();
        let held = rows.flat_map(|row| {
            let holds = holds(&row.decision).iter().filter(|hold| {
                let own = reasons::key(hold, &row.project, &row.environment, row.tenant.as_ref());
                own.is_some_and(|own| own.file == key.file && own.toml == key.toml)
            });
            holds
                .map(|hold| format!("{}: {} since {:?}", row.slot, reasons::hold(hold), hold.since))
                .collect::<Vec<_>>()
        });
        held.collect()
    }
}

/// Why a slot is held, or what it waits for.
pub(super) fn holds(decision: &Decision) -> &[Hold] {
    match decision {
        Decision::Held { reasons, .. } | Decision::Empty { reasons, .. } => reasons,
        _ => &[],
    }
}

/// Writes the lines of a key into the file that it names.
pub(super) fn open(files: &mut Files, key: &Key) {
    let text = files.entry(key.file.clone()).or_default();
    text.push('\n');
    text.push_str(&key.toml.replace('…', "the seed says so"));
}
