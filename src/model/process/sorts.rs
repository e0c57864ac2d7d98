//! Texts that must be of a sort: ARNs and ids.

use std::marker::PhantomData;

use serde::{Deserialize, Deserializer};

use super::{Kind, Node, Settler, Text, Value, written_as};

/// What an ARN is the ARN of.
#[derive(Debug, PartialEq, Eq)]
pub struct ArnOf {
    /// The service in it.
    pub service: &'static str,
    /// What its last part begins with.
    pub resource: &'static str,
    /// For people: `a role`.
    pub words: &'static str,
    /// What does not begin with `arn:` is a name or an id.
    pub or_name: bool,
    /// If an ARN contains the text, it is one of these.
    pub or: Option<(&'static str, &'static ArnOf)>,
}

/// What an id is the id of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of AWS")]
pub enum IdOf {
    FileSystem,
    AccessPoint,
    Vpc,
    Subnet,
    SecurityGroup,
    Namespace,
}

impl IdOf {
    /// What such ids begin with.
    pub fn begins(self) -> &'static str {
        match self {
            Self::FileSystem => "fs-",
            Self::AccessPoint => "fsap-",
            Self::Vpc => "vpc-",
            Self::Subnet => "subnet-",
            Self::SecurityGroup => "sg-",
            Self::Namespace => "ns-",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::FileSystem => "file system",
            Self::AccessPoint => "access point",
            Self::Vpc => "VPC",
            Self::Subnet => "subnet",
            Self::SecurityGroup => "security group",
            Self::Namespace => "namespace of Cloud Map",
        }
    }
}

/// What a [`Known`] text is.
pub trait Sort {
    /// What it must become.
    const KIND: Kind;
}

/// A text that must be of a sort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known<S>(Text, PhantomData<S>);

impl<S> std::ops::Deref for Known<S> {
    type Target = Text;
    fn deref(&self) -> &Text {
        &self.0
    }
}

impl<S> From<Text> for Known<S> {
    fn from(text: Text) -> Self {
        Self(text, PhantomData)
    }
}

impl<'de, S> Deserialize<'de> for Known<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(|text| Self(text, PhantomData))
    }
}

written_as!(Known<S> => Text, S);

impl<S: Sort> Value for Known<S> {
    fn settle(&mut self, settler: &mut dyn Settler) {
        self.0.settle(settler);
    }
    fn each_text<'a>(&'a self, each: &mut dyn FnMut(&'a Text, Kind)) {
        each(&self.0, S::KIND);
    }
    fn node(&self) -> Option<Node<'_>> {
        Some(Node::Text(&self.0, S::KIND))
    }
}

/// Declares sorts of ARNs: service, begin of the resource, and words.
macro_rules! arns {
    ($(
        $(#[$of_sort:meta])*
        $sort:ident = $service:literal $resource:literal $words:literal $(or $name:ident)? $(if $has:literal $other:ident)?;
    )*) => {$(
        $(#[$of_sort])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $sort;

        impl Sort for $sort {
            const KIND: Kind = Kind::Arn(&ArnOf {
                service: $service,
                resource: $resource,
                words: $words,
                or_name: false $(|| arns!(@ $name))?,
                or: arns!(@or $($has $other)?),
            });
        }
    )*};
    (@ name) => { true };
    (@or) => { None };
    (@or $has:literal $other:ident) => {
        match <$other as Sort>::KIND {
            Kind::Arn(of) => Some(($has, of)),
            _ => None,
        }
    };
}

arns! {
    /// A role of IAM.
    RoleArn = "iam" "role/" "a role";
    /// A key of KMS.
    KmsKeyArn = "kms" "" "a KMS key";
    /// A certificate authority of AWS Private CA.
    AuthorityArn = "acm-pca" "certificate-authority/" "an authority of AWS Private CA";
    /// A namespace of Cloud Map, or its name.
    NamespaceArn = "servicediscovery" "namespace/" "a Cloud Map namespace" or name;
    /// A service of Cloud Map.
    DiscoveryServiceArn = "servicediscovery" "service/" "a Cloud Map service";
    /// A queue of SQS.
    QueueArn = "sqs" "" "a queue";
    /// A target group.
    TargetGroupArn = "elasticloadbalancing" "targetgroup/" "a target group";
    /// A listener of an application load balancer, on which rules are.
    ListenerArn = "elasticloadbalancing" "listener/app/" "a listener of an application load balancer";
    /// A listener of a network load balancer.
    NetworkListenerArn = "elasticloadbalancing" "listener/net/" "a listener of a network load balancer";
    /// Where ECS moves traffic: a rule of an application load balancer, or a listener of a network load balancer.
    TrafficArn = "elasticloadbalancing" "listener-rule/app/"
        "a rule of an application load balancer or a listener of a network load balancer"
        if ":listener/net/" NetworkListenerArn;
    /// A certificate that was uploaded to IAM.
    ServerCertificateArn = "iam" "server-certificate/" "a certificate";
    /// A certificate, of Certificate Manager or uploaded to IAM.
    CertificateArn = "acm" "certificate/" "a certificate" if ":iam:" ServerCertificateArn;
    /// A function of Lambda.
    FunctionArn = "lambda" "function:" "a Lambda function";
    /// A secret of Secrets Manager.
    SecretArn = "secretsmanager" "secret:" "a secret";
    /// A parameter of SSM, or its name.
    ParameterArn = "ssm" "parameter/" "a parameter" or name;
}

/// Declares sorts of ids.
macro_rules! ids {
    ($($(#[$of_sort:meta])* $sort:ident = $kind:expr;)*) => {$(
        $(#[$of_sort])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $sort;

        impl Sort for $sort {
            const KIND: Kind = $kind;
        }
    )*};
}

ids! {
    /// The id of a subnet.
    SubnetId = Kind::Id(IdOf::Subnet);
    /// The id of a security group.
    SecurityGroupId = Kind::Id(IdOf::SecurityGroup);
    /// The id of a VPC.
    VpcId = Kind::Id(IdOf::Vpc);
    /// The id of a namespace of Cloud Map.
    NamespaceId = Kind::Id(IdOf::Namespace);
    /// The id of a file system of EFS.
    FileSystemId = Kind::Id(IdOf::FileSystem);
    /// The id of an access point of EFS.
    AccessPointId = Kind::Id(IdOf::AccessPoint);
    /// A key of KMS: its id, its alias, or the ARN of either.
    Key = Kind::Key;
}
