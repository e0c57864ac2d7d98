//! The first stage: a template whose leaves are still texts.
//!
//! A shape is made from a step alone and sees no value; [`super::fill`] turns its leaves into strings and can change
//! nothing else. That no value changes a template's structure follows from these types, not from care.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::model::process::{
    IdOf, Kind, Node, Number, Place, RoleArn, SecretArn, SecretPart, Sort, Text, Value as Key,
};
use crate::model::{ImageName, Location};

/// A template, or a part of one, before its placeholders are filled.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// As it is.
    Fixed(Value),
    /// What the step writes, and where.
    Written(Value, Place),
    /// A map; keys are never filled.
    Map(Vec<(String, Shape)>),
    /// A list of a known length.
    List(Vec<Shape>),
    /// A string.
    Leaf(Leaf),
    /// A list of strings, whose length a list variable or the target may choose.
    Leaves(Leaves),
    /// Lists, the elements of each after those of the one before.
    Joined(Vec<Shape>),
    /// An element of a list, in whose place a list variable puts all of its elements.
    Element(Text),
}

/// Where the string of a leaf comes from.
#[derive(Clone, Debug)]
pub(super) enum Leaf {
    /// A text of the step.
    Text(Text),
    /// A text of the step that is an ARN, or a name that may stand for one.
    Arn(Text),
    /// A network. The text of an IPv6 network contains a literal `:`.
    Network(Text),
    /// The id of something.
    Id(Text, IdOf),
    /// A whole number within these bounds, as text: where CloudFormation wants a number, it makes one of it.
    Number(Text, RangeInclusive<i64>),
    /// A number, perhaps with a fraction, as text.
    Decimal(Text),
    /// `true` or `false`, as text: where CloudFormation wants a boolean, it makes one of it.
    Flag(Text),
    /// One of these words, as the file says them and as AWS does.
    Word(Text, &'static [(&'static str, &'static str)]),
    /// The string of a `Fn::Sub`: in it, a value is not a reference.
    Substitution(Text),
    /// Something that every stack has.
    Known(Known),
    /// The image of a container, as the task definition names it.
    Image(ImageName, Location),
    /// The ARN of the ECR repository that an image is pulled from.
    ImageArn(ImageName, Location),
    /// A secret's ARN: of the whole secret.
    SecretArn(Text),
    /// What a container's `ValueFrom` says for a secret, or for a part of it.
    SecretValue(Text, SecretPart),
    /// The ARN of an object in S3.
    ObjectArn(Text),
    /// The ARN of a file system of EFS in the target's account and region, which is given by its id.
    FileSystemArn(Text),
    /// The ARN of an access point of EFS in the target's account and region, which is given by its id.
    AccessPointArn(Text),
    /// The ARN of a function of Lambda.
    FunctionArn(Text),
    /// The ARN of a role.
    RoleArn(Text),
    /// The ARN of a queue of SQS.
    QueueArn(Text),
    /// The ARN of an SSM parameter.
    ParameterArn(Text),
    /// The ARN of a log group with its streams, in this region or in the target's.
    LogGroupArn(Text, Option<Text>),
    /// The ARN of every revision of a task definition of this family.
    FamilyArn(Text),
    /// The ARN of a key of KMS, which is given by its ARN, or by its id in the target's account and region.
    KeyArn(Text),
    /// A key of KMS as it is written: its id, its alias, or the ARN of either.
    Key(Text),
    /// The alias of a key of KMS: `alias/…`.
    KeyAlias(Text),
}

impl Leaf {
    /// The texts of the step that it is made from; what it is about is the first.
    pub(super) fn written(&self) -> impl Iterator<Item = &Text> {
        let (first, more) = match self {
            Self::Text(text)
            | Self::Arn(text)
            | Self::Network(text)
            | Self::Id(text, _)
            | Self::Number(text, _)
            | Self::Decimal(text)
            | Self::Flag(text)
            | Self::Word(text, _)
            | Self::Substitution(text)
            | Self::SecretArn(text)
            | Self::ObjectArn(text)
            | Self::FileSystemArn(text)
            | Self::AccessPointArn(text)
            | Self::FunctionArn(text)
            | Self::RoleArn(text)
            | Self::QueueArn(text)
            | Self::ParameterArn(text)
            | Self::FamilyArn(text)
            | Self::KeyArn(text)
            | Self::Key(text)
            | Self::KeyAlias(text) => (Some(text), [None; 3]),
            Self::SecretValue(text, part) => (Some(text), part.texts().unwrap_or_default()),
            Self::LogGroupArn(group, region) => (Some(group), [region.as_ref(), None, None]),
            Self::Known(_) | Self::Image(..) | Self::ImageArn(..) => (None, [None; 3]),
        };
        first.into_iter().chain(more.into_iter().flatten())
    }
}

/// Where a list of strings comes from.
#[derive(Clone, Debug)]
pub(super) enum Leaves {
    /// Texts of the step.
    Texts(Vec<Text>),
    /// Texts of the step that are ARNs or patterns of ARNs.
    Arns(Vec<Text>),
    /// The step's ids, or the target's.
    Network(NetworkIds, Option<Vec<Text>>),
    /// The ARNs of the buckets of objects in S3, which are given by their ARNs; each bucket once.
    Buckets(Vec<Text>),
    /// What a policy names a secret by, which is given by its ARN, with its six random characters or without them.
    SecretRights(Text),
}

impl Leaves {
    /// The texts of the step that it is made from; none if everything comes from the target.
    pub(super) fn written(&self) -> &[Text] {
        match self {
            Self::Texts(texts) | Self::Arns(texts) | Self::Buckets(texts) => texts,
            Self::Network(_, texts) => texts.as_deref().unwrap_or_default(),
            Self::SecretRights(text) => std::slice::from_ref(text),
        }
    }
}

/// Lists of ids that a target has too, by who takes them.
#[derive(Clone, Copy, Debug)]
pub(super) enum NetworkIds {
    /// The subnets of tasks, or of a network load balancer.
    Subnets,
    /// Those of an application load balancer.
    BalancerSubnets,
    /// The security groups of tasks, or of a load balancer.
    SecurityGroups,
    /// Those of a schedule's tasks.
    ScheduleSecurityGroups,
    /// Those of tasks that get one more, which is made. It alone lets the tasks reach nothing.
    SecurityGroupsBesideOne,
}

impl NetworkIds {
    /// What the ids are the ids of.
    pub(super) fn of(self) -> IdOf {
        match self {
            Self::Subnets | Self::BalancerSubnets => IdOf::Subnet,
            Self::SecurityGroups | Self::ScheduleSecurityGroups | Self::SecurityGroupsBesideOne => IdOf::SecurityGroup,
        }
    }

    /// How many are taken, and by whom: ECS takes 1 to 16 subnets and at most 5 security groups (API reference,
    /// `AwsVpcConfiguration`), an application load balancer subnets of two availability zones or more (`CreateLoadBalancer`),
    /// EventBridge Scheduler at least one security group (resource schema of `AWS::Scheduler::Schedule`).
    pub(super) fn taken(self) -> (RangeInclusive<usize>, &'static str) {
        match self {
            Self::Subnets => (1..=16, "ECS"),
            Self::BalancerSubnets => (2..=16, "an application load balancer"),
            Self::SecurityGroups => (0..=5, "ECS"),
            Self::ScheduleSecurityGroups => (1..=5, "EventBridge Scheduler"),
            Self::SecurityGroupsBesideOne => {
                (1..=4, "ECS (besides the one that admits the load balancer, see `task_ingress`)")
            }
        }
    }
}

/// What every stack has, whatever the variables say.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    /// The stack's name.
    Stack,
    /// The name of the stack's log group.
    LogGroup,
    /// The ARN of the stack's log group, with its streams.
    LogGroupArn,
    /// The target's region.
    Region,
    /// The ARN of a policy that AWS manages: what follows `policy/`.
    AwsPolicy(&'static str),
    /// The target's cluster.
    Cluster,
    /// The ARN of the target's cluster.
    ClusterArn,
    /// The ARN of every revision of the stack's task definition.
    TaskDefinitionsArn,
    /// The ARN of every task of the target's cluster.
    TasksArn,
    /// The ARN of every key of KMS in the target's account and region.
    KeysArn,
    /// The target's account.
    Account,
    /// The ARN of the group that schedules are in which name no other.
    ScheduleGroupArn,
    /// `ENABLED` if the target gives tasks a public address, otherwise `DISABLED`.
    PublicIp,
}

impl Shape {
    /// A map; pairs whose shape is none are left out.
    pub(super) fn map<const N: usize>(pairs: [(&str, Option<Shape>); N]) -> Self {
        Shape::Map(pairs.into_iter().filter_map(|(key, shape)| Some((key.to_owned(), shape?))).collect())
    }

    /// The physical id of a resource or the value of a parameter.
    pub(super) fn reference(id: &str) -> Self {
        Shape::Fixed(json!({ "Ref": id }))
    }

    /// An attribute of a resource.
    pub(super) fn attribute(id: &str, name: &str) -> Self {
        Shape::Fixed(json!({ "Fn::GetAtt": [id, name] }))
    }

    pub(super) fn resource(kind: &str, properties: Shape) -> Self {
        Shape::map([("Type", Some(Shape::from(kind))), ("Properties", Some(properties))])
    }

    /// A resource that comes after others which it does not refer to.
    pub(super) fn resource_after(kind: &str, needs: Vec<String>, properties: Shape) -> Self {
        let needs = (!needs.is_empty()).then(|| Shape::Fixed(json!(needs)));
        Shape::map([("Type", Some(Shape::from(kind))), ("DependsOn", needs), ("Properties", Some(properties))])
    }

    /// A map with what a table renders to among its pairs.
    pub(super) fn and(self, table: &impl Key) -> Self {
        match (self, Shape::table(table)) {
            (Shape::Map(mut pairs), Shape::Map(more)) => {
                pairs.extend(more);
                Shape::Map(pairs)
            }
            (shape, _) => shape,
        }
    }

    /// A map that has this under a key if it has nothing there.
    pub(super) fn or(mut self, key: &str, otherwise: impl FnOnce() -> Shape) -> Self {
        if let Shape::Map(pairs) = &mut self
            && pairs.iter().all(|(known, _)| known != key)
        {
            pairs.push((key.to_owned(), otherwise()));
        }
        self
    }

    /// A text of the step.
    pub(super) fn text(text: &Text) -> Self {
        Shape::Leaf(Leaf::Text(text.clone()))
    }

    /// A number of the step, within bounds that AWS has.
    pub(super) fn number(number: &Number, bounds: RangeInclusive<i64>) -> Self {
        match number {
            Number::Written(number, place) => Shape::Written((*number).into(), place.clone()),
            Number::Filled(text) => Shape::Leaf(Leaf::Number(text.clone(), bounds)),
        }
    }

    /// What a key renders to; none if nothing.
    pub(super) fn key(key: &impl Key) -> Option<Self> {
        key.node().map(Shape::from)
    }

    /// A table of keys, which renders to a map.
    pub(super) fn table(table: &impl Key) -> Self {
        Shape::key(table).unwrap_or(Shape::Map(Vec::new()))
    }

    /// A table of keys; none if none of them is written.
    pub(super) fn some_table(table: &impl Key) -> Option<Self> {
        Shape::key(table).filter(|shape| !matches!(shape, Shape::Map(pairs) if pairs.is_empty()))
    }

    /// A map with another shape under a key; without the key if that is none.
    pub(super) fn with(mut self, key: &str, shape: Option<Shape>) -> Self {
        if let Shape::Map(pairs) = &mut self {
            pairs.retain(|(known, _)| known != key);
            pairs.extend(shape.map(|shape| (key.to_owned(), shape)));
        }
        self
    }

    /// An ARN that the step gives, or a name that may stand for one.
    pub(super) fn arn(text: &Text) -> Self {
        Shape::Leaf(Leaf::Arn(text.clone()))
    }

    /// A list; none if it is empty.
    pub(super) fn some_list(items: Vec<Shape>) -> Option<Self> {
        (!items.is_empty()).then_some(Shape::List(items))
    }
}

impl<T: Into<Value>> From<T> for Shape {
    fn from(value: T) -> Self {
        Shape::Fixed(value.into())
    }
}

impl From<Known> for Shape {
    fn from(known: Known) -> Self {
        Shape::Leaf(Leaf::Known(known))
    }
}

impl From<Node<'_>> for Shape {
    fn from(node: Node<'_>) -> Self {
        match node {
            Node::Written(value, place) => Shape::Written(value, place.clone()),
            Node::Text(text, kind) => Shape::Leaf(match kind {
                Kind::Plain => Leaf::Text(text.clone()),
                role if role == RoleArn::KIND => Leaf::RoleArn(text.clone()),
                secret if secret == SecretArn::KIND => Leaf::SecretArn(text.clone()),
                Kind::Arn(_) => Leaf::Arn(text.clone()),
                Kind::Id(of) => Leaf::Id(text.clone(), of),
                Kind::Key => Leaf::Key(text.clone()),
                Kind::Number(least, most) => Leaf::Number(text.clone(), least..=most),
                Kind::Decimal => Leaf::Decimal(text.clone()),
                Kind::Flag => Leaf::Flag(text.clone()),
                Kind::Word(words) => Leaf::Word(text.clone(), words),
            }),
            Node::Texts(texts) => Shape::Leaves(Leaves::Texts(texts.to_vec())),
            Node::List(items) => Shape::List(items.into_iter().map(Shape::from).collect()),
            Node::Map(pairs) => {
                Shape::Map(pairs.into_iter().map(|(key, inside)| (key.into_owned(), inside.into())).collect())
            }
        }
    }
}
