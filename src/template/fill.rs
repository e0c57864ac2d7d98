//! The second stage: every leaf of a shape becomes a string, or a problem.

mod arns;
mod input;
mod lists;
mod numbers;
pub(super) mod outputs;

pub(super) use arns::ANY_RANDOM;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::model::Accept;
use crate::model::accept::Accepted;
use crate::model::journal::ParameterValue;
use crate::model::process::{IdOf, Piece, Text};
use crate::model::{ImageName, Location, StackName};
use crate::terms::network;

use super::limits::MAX_OBJECT;
use super::shape::{Known, Leaf, Shape};
use super::variables::{Fault, Resolved, Values};
use super::{Context, RenderProblem, codes, image};

/// Turns the leaves of shapes into strings, and keeps what went wrong.
pub(super) struct Filler<'a> {
    context: &'a Context<'a>,
    values: &'a Values<'a>,
    stack: &'a StackName,
    problems: Vec<RenderProblem>,
    /// Bytes that have been filled in.
    filled: usize,
    /// They are too many.
    enough: bool,
    /// Outputs of other stacks that were used, by the parameter that each fills.
    outputs: BTreeMap<String, ParameterValue>,
}

/// The parameters of a project whose values the head says are no secrets.
pub(super) fn accepted_secrets<'a>(context: &'a Context<'_>) -> impl Iterator<Item = &'a str> {
    let what = Accepted::Warning(codes::SECRET_PARAMETER);
    let here = move |accept: &&Arc<Accept>| {
        accept.what == what && accept.is_for(&context.project.name, &context.environment.name)
    };
    context.catalog.accepts.iter().filter(here).map(|accept| &*accept.place)
}

/// No more bytes than this are filled in: far more than a template may have, and few enough to hold.
const MAX_FILLED: usize = 2 * MAX_OBJECT;
/// No more problems than this are looked for in one stack.
const MAX_PROBLEMS: usize = 100;

impl<'a> Filler<'a> {
    pub(super) fn new(context: &'a Context<'a>, values: &'a Values<'a>, stack: &'a StackName) -> Self {
        let (problems, outputs) = (Vec::new(), BTreeMap::new());
        Self { context, values, stack, problems, filled: 0, enough: false, outputs }
    }

    /// The sections of a template, filled.
    pub(super) fn fill_all(&mut self, sections: &[(&str, Shape)]) -> Map<String, Value> {
        for (name, shape) in sections {
            self.each_once(name, shape);
        }
        sections.iter().map(|(name, shape)| ((*name).to_owned(), self.fill(shape))).collect()
    }

    /// What a section holds has names that differ: of two with one name, one would be lost.
    fn each_once(&mut self, section: &str, shape: &Shape) {
        let Shape::Map(pairs) = shape else { return };
        let mut seen = HashSet::new();
        for (id, _) in pairs.iter().filter(|(id, _)| !seen.insert(id.as_str())) {
            let title = format!("`{id}` would be in the section {section} of the template twice");
            let help = "change the `name` of one of the two that it is made from".to_owned();
            self.problem(codes::DUPLICATE_LOGICAL_ID, title, &self.context.step.at, Some(help));
        }
    }

    /// The filled tree. A leaf without a value is null, and the problem is kept.
    pub(super) fn fill(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Fixed(value) | Shape::Written(value, _) => value.clone(),
            Shape::Map(pairs) => {
                Value::Object(pairs.iter().map(|(key, inside)| (key.clone(), self.fill(inside))).collect::<Map<_, _>>())
            }
            Shape::List(items) => {
                let mut filled = Vec::with_capacity(items.len());
                for item in items {
                    match item {
                        Shape::Element(text) => {
                            filled.extend(self.items(std::slice::from_ref(text)));
                        }
                        item => filled.push(self.fill(item)),
                    }
                }
                Value::Array(filled)
            }
            Shape::Element(text) if outputs::in_text(text) => self.output_text(text).unwrap_or(Value::Null),
            Shape::Element(text) => self.text(text).map_or(Value::Null, Value::String),
            Shape::Leaf(leaf) if outputs::in_leaf(leaf) => self.output_leaf(leaf).unwrap_or(Value::Null),
            Shape::Leaves(leaves) if outputs::in_leaves(leaves) => Value::Array(self.output_leaves(leaves)),
            Shape::Leaf(leaf) => self.leaf(leaf).map_or(Value::Null, Value::String),
            Shape::Leaves(leaves) => Value::Array(self.leaves(leaves).into_iter().map(Value::String).collect()),
            Shape::Joined(lists) => {
                let items = lists.iter().flat_map(|list| match self.fill(list) {
                    Value::Array(items) => items,
                    one => vec![one],
                });
                Value::Array(items.collect())
            }
        }
    }

    /// The outputs of other stacks that were used, by the parameter that each fills.
    pub(super) fn outputs(&mut self) -> BTreeMap<String, ParameterValue> {
        std::mem::take(&mut self.outputs)
    }

    /// The problems so far, each once, in the order in which they were found.
    pub(super) fn finish(self) -> Vec<RenderProblem> {
        let mut seen = HashSet::new();
        self.problems.into_iter().filter(|problem| seen.insert(problem.clone())).collect()
    }

    pub(super) fn problem(&mut self, code: &'static str, title: String, at: &Location, help: Option<String>) {
        self.problems.push(RenderProblem { code, title, at: at.clone(), help });
    }

    /// Whether the head says of a parameter that is declared NoEcho that its value is not a secret.
    pub(super) fn is_no_secret(&self, parameter: &str) -> bool {
        accepted_secrets(self.context).any(|place| place == parameter)
    }

    fn keep<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.problems.push(fault.into())).ok()
    }

    /// The value of a text.
    pub(super) fn text(&mut self, text: &Text) -> Option<String> {
        if !self.goes_on(text.at()) {
            return None;
        }
        let filled = self.values.text(text);
        let filled = self.keep(filled)?;
        self.filled += filled.len();
        Some(filled)
    }

    /// The value of a text, or a list if the text is one placeholder for a list.
    pub(super) fn whole(&mut self, text: &Text) -> Option<Resolved> {
        if !self.goes_on(text.at()) {
            return None;
        }
        let filled = self.values.whole(text);
        let filled = self.keep(filled)?;
        self.filled += match &filled {
            Resolved::Text(text) => text.len(),
            Resolved::List(texts) => texts.iter().map(|text| text.len()).sum(),
        };
        Some(filled)
    }

    /// The string of a `Fn::Sub`. A `${` that a value brings is written so that CloudFormation takes it for itself.
    fn substitution(&mut self, text: &Text) -> Option<String> {
        if !self.goes_on(text.at()) {
            return None;
        }
        let pieces = if outputs::in_text(text) {
            self.substituted(text)?
        } else {
            let pieces = self.values.pieces(text);
            let own = text.pieces().iter().map(|piece| matches!(piece, Piece::Literal(_)));
            own.zip(self.keep(pieces)?).collect::<Vec<_>>()
        };
        let filled = super::substitution::escaped(&pieces);
        let Some(filled) = filled else {
            let title = format!("a value in `{}` contains `${{` without a closing `}}`", text.raw());
            let help =
                "in `Fn::Sub`, a `}` must follow each `${` before the next `${`: use the value outside `Fn::Sub`";
            self.problem(codes::SUBSTITUTION, title, text.at(), Some(help.to_owned()));
            return None;
        };
        self.filled += filled.len();
        Some(filled)
    }

    fn leaf(&mut self, leaf: &Leaf) -> Option<String> {
        match leaf {
            Leaf::Text(text) => self.text(text),
            Leaf::Arn(text) => {
                let arn = self.text(text)?;
                self.in_partition(arn, text)
            }
            Leaf::Network(text) => self.network(text),
            Leaf::Id(text, of) => self.id(text, *of),
            Leaf::Flag(text) => self.flag(text).map(|flag| flag.to_string()),
            Leaf::Word(text, words) => self.word(text, words),
            Leaf::Decimal(text) => self.decimal(text),
            Leaf::Number(text, bounds) => self.number(text, bounds).map(|number| number.to_string()),
            Leaf::Substitution(text) => self.substitution(text),
            Leaf::Known(known) => Some(self.known(*known)),
            Leaf::Image(name, user) => {
                let (repository, pin) = self.image(name, user)?;
                Some(image::reference(&repository, pin))
            }
            Leaf::ImageArn(name, user) => {
                let (repository, _) = self.image(name, user)?;
                let place = &self.context.target.place;
                Some(image::repository_arn(&repository, place.account.as_str(), &place.region))
            }
            Leaf::SecretArn(text) => self.secret_arn(text),
            Leaf::SecretValue(text, part) => {
                let arn = self.secret_arn(text)?;
                let Some(texts) = part.texts() else { return Some(arn) };
                let mut parts =
                    texts.map(|text| text.map_or(Some(String::new()), |text| self.secret_key(text))).into_iter();
                parts.try_fold(arn, |arn, part| Some(format!("{arn}:{}", part?)))
            }
            Leaf::ObjectArn(text) => self.object_arn(text).map(|(bucket, key)| format!("{bucket}/{key}")),
            Leaf::FileSystemArn(text) => self.efs_arn(text, "file-system", IdOf::FileSystem),
            Leaf::AccessPointArn(text) => self.efs_arn(text, "access-point", IdOf::AccessPoint),
            Leaf::FunctionArn(text) => self.function_arn(text),
            Leaf::RoleArn(text) => self.role_arn(text),
            Leaf::QueueArn(text) => self.queue_arn(text),
            Leaf::ParameterArn(text) => self.parameter_arn(text),
            Leaf::LogGroupArn(group, region) => self.log_group_streams(group, region.as_ref()),
            Leaf::FamilyArn(text) => self.revisions(text),
            Leaf::KeyArn(text) => self.key_arn(text),
            Leaf::Key(text) => self.any_key(text),
            Leaf::KeyAlias(text) => self.key_alias(text),
        }
    }

    fn known(&self, known: Known) -> String {
        let target = self.context.target;
        match known {
            Known::Stack => self.stack.to_string(),
            Known::LogGroup => self.log_group(),
            Known::LogGroupArn => format!("{}:log-group:{}:*", self.arn_prefix("logs"), self.log_group()),
            Known::Region => target.place.region.to_string(),
            Known::AwsPolicy(name) => format!("arn:{}:iam::aws:policy/{name}", target.place.region.partition()),
            Known::Cluster => target.cluster.to_string(),
            Known::ClusterArn => format!("{}:cluster/{}", self.arn_prefix("ecs"), target.cluster),
            Known::TaskDefinitionsArn => format!("{}:task-definition/{}:*", self.arn_prefix("ecs"), self.stack),
            Known::TasksArn => format!("{}:task/{}/*", self.arn_prefix("ecs"), target.cluster),
            Known::KeysArn => format!("{}:key/*", self.arn_prefix("kms")),
            Known::Account => target.place.account.to_string(),
            Known::ScheduleGroupArn => format!("{}:schedule-group/default", self.arn_prefix("scheduler")),
            Known::PublicIp => target.network.public_ip().to_owned(),
        }
    }

    fn log_group(&self) -> String {
        format!("/landfall/{}", self.stack)
    }

    /// `arn:<partition>:<service>:<region>:<account>` of the target.
    fn arn_prefix(&self, service: &str) -> String {
        let place = &self.context.target.place;
        format!("arn:{}:{service}:{}:{}", place.region.partition(), place.region, place.account)
    }

    /// Whether more is filled in: not once it is too much for any template, or enough is wrong.
    fn goes_on(&mut self, at: &Location) -> bool {
        if self.filled > MAX_FILLED && !self.enough {
            let title = format!(
                "the template becomes longer than {MAX_FILLED} bytes, and CloudFormation accepts at most {MAX_OBJECT}"
            );
            self.problem(codes::OVER_LIMIT, title, at, None);
            self.enough = true;
        }
        !self.enough && self.problems.len() < MAX_PROBLEMS
    }

    /// The repository of an image, filled and checked, and what the release says about it.
    pub(super) fn image(
        &mut self,
        name: &ImageName,
        user: &Location,
    ) -> Option<(String, &'a crate::model::catalog::ImagePin)> {
        let context = self.context;
        let Some(repository) = context.what.images.get(name) else {
            let title = format!("image `{name}` is not in `[images]` of the process");
            self.problem(codes::UNKNOWN_IMAGE, title, user, None);
            return None;
        };
        let Some(pin) = context.release.images.get(name) else {
            self.problems.push(Fault::image_not_in_release(name, context).into());
            return None;
        };
        let filled = self.text(&repository.repository)?;
        if let Some(fault) = image::fault(&filled, pin) {
            let title = format!("`{filled}` is not a repository of image `{name}`: {fault}");
            self.problem(codes::IMAGE_REPOSITORY, title, &repository.at, None);
            return None;
        }
        if let Some(region) = image::other_partition(&filled, &context.target.place.region) {
            let (own, target) = (&context.target.place.region, &context.target.name);
            let title = format!(
                "`{filled}` is in {region} (partition `{}`), and target `{target}` is in {own} (`{}`)",
                region.partition(),
                own.partition()
            );
            let help = "no role can reach a registry in another partition: use a variable with a value per partition";
            self.problem(codes::ARN_PARTITION, title, &repository.at, Some(help.to_owned()));
            return None;
        }
        Some((filled, pin))
    }

    /// An IPv6 network if the step writes a `:`, otherwise an IPv4 network.
    fn network(&mut self, text: &Text) -> Option<String> {
        let found = self.text(text)?;
        let (right, kind) = match text.raw().contains(':') {
            true => (network::is_v6(&found), "IPv6"),
            false => (network::is_v4(&found), "IPv4"),
        };
        if !right {
            let title = format!("`{}` becomes `{found}`, which is not an {kind} network", text.raw());
            let help = "write it like `10.0.0.0/8`; for IPv6 write a `:` in the step, as in `#{network}::/32`";
            self.problem(codes::NETWORK, title, text.at(), Some(help.to_owned()));
            return None;
        }
        Some(found)
    }
}

/// Whether a text that goes into a policy's `Resource` has only letters, digits and these characters: there `*`, `?` and
/// `${…}` would stand for more than themselves. An empty text names nothing.
fn made_of(text: &str, others: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}
