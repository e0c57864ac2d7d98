//! What there is to say about an output of a stack: whose it is, where it goes, and what it was when that was deployed.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answer, Said, Why, place_json, table};
use crate::cli::ask::stored;
use crate::cli::exit::Failure;
use crate::cli::facts::Known;
use crate::cli::output;
use crate::cli::server::Server;
use crate::compare::hide_named;
use crate::model::journal::DeploymentId;
use crate::model::process::OutputRef;
use crate::model::{Facts, StackName};
use crate::template::{Context, UsedOutput, owner};
use crate::view::time;

/// An output, as a stack of the slot uses it.
#[derive(PartialEq)]
pub(super) struct Told {
    given: UsedOutput,
    /// The stack that uses it, where that was deployed with a value of it.
    read: Option<Read>,
    /// A daemon or a store was asked what was read.
    asked: bool,
}

/// What an output was when a stack was last deployed with it.
#[derive(PartialEq)]
struct Read {
    stack: StackName,
    parameter: String,
    value: String,
    deployment: DeploymentId,
    at: Timestamp,
}

/// The past of what was read, if the name is an output and an option says where to look.
pub(super) fn facts(options: &Why) -> Result<Option<Facts>, Failure> {
    if OutputRef::parse(&options.name).is_none() {
        return Ok(None);
    }
    if let Some(url) = &options.server {
        return Server::new(url).value("/facts").map(Some);
    }
    if let Some(from) = &options.facts {
        let known = Known::read(from, &options.repo)?;
        known.tell(Timestamp::now(), None);
        return Ok(Some(known.facts));
    }
    if let Some(url) = &options.store {
        return crate::cli::runtime()?.block_on(stored(url)).map(Some);
    }
    output::progress("note         --server, --store or --facts would show the last value");
    Ok(None)
}

/// Leaves out the stacks that do not use the output, unless none does.
pub(super) fn only_users(answers: &mut Vec<Answer>) {
    let uses = |answer: &Answer| match &answer.said {
        Said::Output(told) => told.as_ref().as_ref().map_or(true, |told| told.given.used),
        Said::Value(_) => true,
    };
    if answers.iter().any(uses) {
        answers.retain(uses);
    }
}

impl Told {
    pub(super) fn new(given: UsedOutput, context: &Context<'_>, facts: Option<&Facts>) -> Self {
        let stack = StackName::of(&owner(context));
        let place = &context.target.place;
        let mut reads = facts.into_iter().flat_map(|facts| &facts.reads);
        let last = reads.find(|read| read.stack == stack && read.place == *place);
        let read = last.and_then(|last| {
            let (parameter, value) = given.parameters.iter().find_map(|name| last.values.get_key_value(name))?;
            let (parameter, value) = (parameter.clone(), value.clone());
            Some(Read { stack, parameter, value, deployment: last.deployment, at: last.at })
        });
        Self { given, read, asked: facts.is_some() }
    }

    /// The value, or what stands for it; then whose it is and what was read.
    pub(super) fn tell(&self, text: &mut String) {
        let UsedOutput { reference, producer, used, .. } = &self.given;
        let _ = match &self.read {
            Some(read) => writeln!(text, "{}", hide_named(&reference.output, &read.value)),
            None => writeln!(text, "read when the stack is deployed"),
        };
        let row = |word: &str, what: String| [word.to_owned(), what, String::new(), String::new()];
        let mut rows = Vec::new();
        rows.push(row("is", format!("output {} of stack {} in {}", reference.output, producer.stack, producer.place)));
        rows.push(row(
            "of",
            format!("project {}, step {} at {} ({})", producer.project, reference.step, producer.target, producer.at),
        ));
        match &self.read {
            Some(read) => rows.push(row(
                "read",
                format!(
                    "by deployment {}, {}, as parameter {} of {}",
                    read.deployment.0,
                    time::point(read.at),
                    read.parameter,
                    read.stack
                ),
            )),
            None if self.asked => rows.push(row("read", "by no deployment yet".to_owned())),
            None => {}
        }
        if !used {
            rows.push(row("used", "by no text of the step".to_owned()));
        }
        table(text, &rows);
    }

    pub(super) fn json(&self) -> Value {
        let UsedOutput { reference, producer, used, .. } = &self.given;
        let read = self.read.as_ref().map(|read| {
            json!({
                "value": hide_named(&reference.output, &read.value),
                "deployment": read.deployment,
                "at": read.at,
                "stack": read.stack,
                "parameter": read.parameter,
            })
        });
        json!({
            "output": &*reference.output,
            "stack": producer.stack,
            "account": producer.place.account.as_str(),
            "region": producer.place.region.as_str(),
            "project": producer.project,
            "step": reference.step,
            "target": producer.target,
            "at": place_json(&producer.at),
            "parameters": self.given.parameters,
            "used": used,
            "read": read,
        })
    }
}
