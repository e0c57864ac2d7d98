//! The second stage: every leaf of a shape becomes a string, or a problem.

mod keys;
pub(super) mod outputs;

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use crate::model::journal::ParameterValue;
use crate::model::process::{Piece, Text};
use crate::model::{ImageName, Location, StackName, network};

use super::limits::MAX_OBJECT;
use super::shape::{Known, Leaf, Leaves, Shape};
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

/// No more bytes than this are filled in: far more than a template may have, and few enough to hold.
const MAX_FILLED: usize = 2 * MAX_OBJECT;
/// The subnets of an application load balancer (API reference, `CreateLoadBalancer`: of two availability zones or more).
const BALANCER_SUBNETS: std::ops::RangeInclusive<usize> = 2..=16;
/// Who takes them.
const BALANCER: &str = "an application load balancer";
/// No more problems than this are looked for in one stack.
const MAX_PROBLEMS: usize = 100;
/// The partitions that are told from each other.
const PARTITIONS: [&str; 3] = ["aws", "aws-cn", "aws-us-gov"];
/// Who takes at most four security groups, and at least one: a made group alone lets the tasks reach nothing.
const BESIDE_A_MADE_ONE: &str = "ECS, beside the one that lets the load balancer in (see `task_ingress`),";

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
            let help = "give one of the two that it is made from another `name`".to_owned();
            self.problem(codes::DUPLICATE_LOGICAL_ID, title, &self.context.step.at, Some(help));
        }
    }

    /// The filled tree. Where a leaf has no value it is null, and the problem is kept.
    pub(super) fn fill(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Fixed(value) => value.clone(),
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

    /// The value of a text that is one, or a list where it is one placeholder that stands for a list.
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
            let title = format!("a value in `{}` has a `${{` whose end CloudFormation would look for", text.raw());
            let help =
                "in `Fn::Sub`, `${` has to be followed by `}` before the next `${`; take the value out of `Fn::Sub`";
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
            Leaf::EfsId(text, begins) => {
                let kind = if *begins == "fs-" { "file system" } else { "access point" };
                self.efs_id(text, kind, begins)
            }
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
            Leaf::SecretValue(text, key) => {
                let arn = self.secret_arn(text)?;
                match key {
                    Some(key) => self.secret_key(key).map(|key| format!("{arn}:{key}::")),
                    None => Some(arn),
                }
            }
            Leaf::ObjectArn(text) => self.object_arn(text).map(|(bucket, key)| format!("{bucket}/{key}")),
            Leaf::FileSystemArn(text) => self.efs_arn(text, "file-system", "fs-"),
            Leaf::AccessPointArn(text) => self.efs_arn(text, "access-point", "fsap-"),
            Leaf::FunctionArn(text) => self.function_arn(text),
            Leaf::RoleArn(text) => self.role_arn(text),
            Leaf::QueueArn(text) => self.queue_arn(text),
            Leaf::ParameterArn(text) => self.parameter_arn(text),
            Leaf::LogGroupArn(group, region) => self.log_group_elsewhere(group, region),
            Leaf::KeyArn(text) => self.key_arn(text),
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

    /// The ARN of a log group with its streams, in the target's account and partition.
    fn log_group_elsewhere(&mut self, group: &Text, region: &Text) -> Option<String> {
        let name = self.text(group)?;
        if !made_of(&name, "_-/.#") {
            let title = format!("`{}` does not give the name of a log group", group.raw());
            self.problem(codes::LOG_GROUP, title, group.at(), None);
            return None;
        }
        let written = self.text(region)?;
        if !made_of(&written, "-") {
            let title = format!("`{}` does not give a region", region.raw());
            self.problem(codes::LOG_GROUP, title, region.at(), None);
            return None;
        }
        let place = &self.context.target.place;
        Some(format!("arn:{}:logs:{written}:{}:log-group:{name}:*", place.region.partition(), place.account))
    }

    /// `arn:<partition>:<service>:<region>:<account>` of the target.
    fn arn_prefix(&self, service: &str) -> String {
        let place = &self.context.target.place;
        format!("arn:{}:{service}:{}:{}", place.region.partition(), place.region, place.account)
    }

    fn leaves(&mut self, leaves: &Leaves) -> Vec<String> {
        let network = &self.context.target.network;
        let own = |texts: &[std::sync::Arc<str>]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        match leaves {
            Leaves::Texts(texts) => self.list(texts),
            Leaves::Arns(texts) => {
                let arns = self.list(texts);
                if let Some(first) = texts.first() {
                    arns.iter().for_each(|arn| drop(self.in_partition(arn.clone(), first)));
                }
                arns
            }
            Leaves::BalancerSubnets(texts) => {
                let subnets = texts.as_ref().map_or_else(|| own(&network.subnets), |texts| self.list(texts));
                self.count("subnets", subnets, BALANCER_SUBNETS, BALANCER)
            }
            Leaves::Buckets(texts) => {
                let mut buckets: Vec<String> = Vec::new();
                for (bucket, _) in texts.iter().filter_map(|text| self.object_arn(text)) {
                    if !buckets.contains(&bucket) {
                        buckets.push(bucket);
                    }
                }
                buckets
            }
            Leaves::Subnets(texts) => {
                let subnets = texts.as_ref().map_or_else(|| own(&network.subnets), |texts| self.list(texts));
                self.count("subnets", subnets, 1..=16, "ECS")
            }
            Leaves::SecurityGroups(texts) => {
                let groups = texts.as_ref().map_or_else(|| own(&network.security_groups), |texts| self.list(texts));
                self.count("security groups", groups, 0..=5, "ECS")
            }
            Leaves::SomeSecurityGroups(texts) => {
                let groups = texts.as_ref().map_or_else(|| own(&network.security_groups), |texts| self.list(texts));
                self.count("security groups", groups, 1..=5, "EventBridge Scheduler")
            }
            Leaves::FewerSecurityGroups(texts) => {
                let groups = texts.as_ref().map_or_else(|| own(&network.security_groups), |texts| self.list(texts));
                self.count("security groups", groups, 1..=4, BESIDE_A_MADE_ONE)
            }
        }
    }

    fn list(&mut self, texts: &[Text]) -> Vec<String> {
        if !texts.first().is_none_or(|text| self.goes_on(text.at())) {
            return Vec::new();
        }
        let filled = self.values.list(texts);
        let filled = self.keep(filled).unwrap_or_default();
        self.filled += filled.iter().map(String::len).sum::<usize>();
        filled
    }

    /// Whether more is filled in: not once it is too much for any template, or enough is wrong.
    fn goes_on(&mut self, at: &Location) -> bool {
        if self.filled > MAX_FILLED && !self.enough {
            let title =
                format!("the template becomes longer than {MAX_FILLED} bytes; CloudFormation takes {MAX_OBJECT}");
            self.problem(codes::OVER_LIMIT, title, at, None);
            self.enough = true;
        }
        !self.enough && self.problems.len() < MAX_PROBLEMS
    }

    /// Checks how many there are: ECS takes 1 to 16 subnets and at most 5 security groups (API reference,
    /// `AwsVpcConfiguration`), EventBridge Scheduler at least one of these (resource schema of `AWS::Scheduler::Schedule`).
    fn count<T>(&mut self, what: &str, found: Vec<T>, allowed: std::ops::RangeInclusive<usize>, taker: &str) -> Vec<T> {
        // A list that could not be filled is a problem already.
        if !allowed.contains(&found.len()) && self.problems.is_empty() {
            let (context, count) = (self.context, found.len());
            let title = format!(
                "step `{}` has {count} {what} at target `{}`; {taker} takes {} to {}",
                context.step.name,
                context.target.name,
                allowed.start(),
                allowed.end()
            );
            let help = "set them in `[network]` of the target, or in the step".to_owned();
            self.problem(codes::NETWORK_SIZE, title, &context.step.at, Some(help));
        }
        found
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
        Some((filled, pin))
    }

    /// An ARN, where it is none of another partition than the target's.
    fn in_partition(&mut self, arn: String, text: &Text) -> Option<String> {
        let region = &self.context.target.place.region;
        let partition = arn.strip_prefix("arn:").and_then(|rest| rest.split(':').next());
        let other = partition.filter(|it| PARTITIONS.contains(it) && *it != region.partition());
        let Some(other) = other else { return Some(arn) };
        let title = format!(
            "`{arn}` is of the partition `{other}`, and target `{}` is in {region}, of `{}`",
            self.context.target.name,
            region.partition()
        );
        let help =
            "write `arn:#{target.partition}:…` where it is the same everywhere, or a variable with a value for each";
        self.problem(codes::ARN_PARTITION, title, text.at(), Some(help.to_owned()));
        None
    }

    /// A network of IPv6 where the step writes a `:`, else of IPv4.
    fn network(&mut self, text: &Text) -> Option<String> {
        let found = self.text(text)?;
        let (right, kind) = match text.raw().contains(':') {
            true => (network::is_v6(&found), "IPv6"),
            false => (network::is_v4(&found), "IPv4"),
        };
        if !right {
            let title = format!("`{}` does not give a network of {kind}, and is `{found}`", text.raw());
            let help = "like `10.0.0.0/8`; one of IPv6 has a `:` that stands in the step, like `#{network}::/32`";
            self.problem(codes::NETWORK, title, text.at(), Some(help.to_owned()));
            return None;
        }
        Some(found)
    }

    /// A secret's ARN: seven parts, the last the secret's name with its six random characters.
    fn secret_arn(&mut self, text: &Text) -> Option<String> {
        let arn = self.text(text)?;
        let parts: Vec<&str> = arn.split(':').collect();
        let right = matches!(parts.as_slice(), ["arn", _, "secretsmanager", _, _, "secret", name] if !name.is_empty());
        if !right || !made_of(&arn, ":/_+=.@-") {
            let title = format!("`{}` does not give the ARN of a secret in Secrets Manager", text.raw());
            let help = "like arn:aws:secretsmanager:eu-west-1:111111111111:secret:name-AbCdEf; one key of its JSON \
                        value goes into `key`"
                .to_owned();
            self.problem(codes::SECRET_ARN, title, text.at(), Some(help));
            return None;
        }
        self.in_partition(arn, text)
    }

    /// The ARN of a function of Lambda, perhaps with a version or an alias.
    fn function_arn(&mut self, text: &Text) -> Option<String> {
        let arn = self.text(text)?;
        let right = matches!(
            arn.split(':').collect::<Vec<_>>().as_slice(),
            ["arn", _, "lambda", _, _, "function", name] | ["arn", _, "lambda", _, _, "function", name, _] if !name.is_empty()
        );
        if !right || !made_of(&arn, ":-_$") {
            let title = format!("`{}` does not give the ARN of a function of Lambda", text.raw());
            self.problem(codes::FUNCTION_ARN, title, text.at(), None);
            return None;
        }
        self.in_partition(arn, text)
    }

    /// The ARN of a role, whose name may have a path.
    fn role_arn(&mut self, text: &Text) -> Option<String> {
        let arn = self.text(text)?;
        let parts: Vec<&str> = arn.split(':').collect();
        let name = match parts.as_slice() {
            ["arn", _, "iam", "", _, role] => role.strip_prefix("role/"),
            _ => None,
        };
        if name.is_none_or(str::is_empty) || !made_of(&arn, ":/_+=,.@-") {
            let title = format!("`{}` does not give the ARN of a role", text.raw());
            self.problem(codes::ROLE_ARN, title, text.at(), None);
            return None;
        }
        self.in_partition(arn, text)
    }

    /// The ARN of a queue of SQS.
    fn queue_arn(&mut self, text: &Text) -> Option<String> {
        let arn = self.text(text)?;
        let parts: Vec<&str> = arn.split(':').collect();
        let right = matches!(parts.as_slice(), ["arn", _, "sqs", _, _, name] if made_of(name, "-_"));
        if !right || !made_of(&arn, ":-_") {
            let title = format!("`{}` does not give the ARN of a queue of SQS that is no FIFO queue", text.raw());
            self.problem(codes::QUEUE_ARN, title, text.at(), None);
            return None;
        }
        self.in_partition(arn, text)
    }

    /// The ARN of something of EFS that is given by its id.
    fn efs_arn(&mut self, text: &Text, kind: &str, begins: &str) -> Option<String> {
        let id = self.efs_id(text, &kind.replace('-', " "), begins)?;
        Some(format!("{}:{kind}/{id}", self.arn_prefix("elasticfilesystem")))
    }

    /// The id of something of EFS.
    fn efs_id(&mut self, text: &Text, kind: &str, begins: &str) -> Option<String> {
        let id = self.text(text)?;
        if !id.strip_prefix(begins).is_some_and(|rest| made_of(rest, "")) {
            let title = format!("`{}` does not give the id of a {kind}: `{begins}…`", text.raw());
            self.problem(codes::EFS_ID, title, text.at(), None);
            return None;
        }
        Some(id)
    }

    /// The ARN of an object in S3: that of its bucket, and its key.
    fn object_arn(&mut self, text: &Text) -> Option<(String, String)> {
        let arn = self.text(text)?;
        let arn = self.in_partition(arn, text)?;
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let found = match parts.as_slice() {
            ["arn", _, "s3", "", "", path] => path.split_once('/'),
            _ => None,
        };
        match found {
            Some((bucket, key)) if !bucket.is_empty() && made_of(key, "_.-/+=@:") && made_of(&arn, "_.-/+=@:") => {
                let begin = arn.strip_suffix(&format!("/{key}")).unwrap_or(&arn);
                Some((begin.to_owned(), key.to_owned()))
            }
            _ => {
                let title = format!("`{}` does not give the ARN of an object in S3", text.raw());
                let help = "like arn:aws:s3:::bucket/folder/file.env".to_owned();
                self.problem(codes::OBJECT_ARN, title, text.at(), Some(help));
                None
            }
        }
    }

    /// One key of a secret's JSON value. `:` would begin the next part of `ValueFrom`.
    fn secret_key(&mut self, text: &Text) -> Option<String> {
        let key = self.text(text)?;
        if key.is_empty() || key.contains(':') {
            let title = format!("`{}` is not a key that ECS can find in a secret: empty, or with a `:`", text.raw());
            self.problem(codes::SECRET_KEY, title, text.at(), None);
            return None;
        }
        Some(key)
    }

    /// The ARN of an SSM parameter that is given by its ARN, or by its name in the target's account and region.
    fn parameter_arn(&mut self, text: &Text) -> Option<String> {
        let name = self.text(text)?;
        let parts: Vec<&str> = name.splitn(6, ':').collect();
        let path = match parts.as_slice() {
            ["arn", _, "ssm", _, _, path] => path.strip_prefix("parameter/"),
            _ => Some(name.as_str()),
        };
        if !path.is_some_and(|path| made_of(path, "_.-/")) {
            let title = format!("`{}` does not give the name or the ARN of an SSM parameter", text.raw());
            self.problem(codes::PARAMETER_NAME, title, text.at(), None);
            return None;
        }
        match parts.as_slice() {
            ["arn", ..] => self.in_partition(name, text),
            _ => Some(format!("{}:parameter/{}", self.arn_prefix("ssm"), name.trim_start_matches('/'))),
        }
    }
}

/// Whether a text that goes into a policy's `Resource` has only letters, digits and these characters: there `*`, `?` and
/// `${…}` would stand for more than themselves. An empty text names nothing.
fn made_of(text: &str, others: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}
