//! Where in AWS something is: account, region, and the role that reaches it.

use std::fmt;
use std::sync::Arc;

/// A string that is not an account id or a region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Not twelve digits.
    #[error("`{0}` is not an account id: expected twelve digits")]
    Account(String),
    /// Not the shape of a region.
    #[error("`{0}` is not a region: expected a name like `eu-west-1`")]
    Region(String),
    /// Not what S3 takes as the name of a bucket, and why.
    #[error("`{0}` is not the name of a bucket: {1}")]
    Bucket(String, &'static str),
}

/// An AWS account id: twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(Arc<str>);

impl AccountId {
    /// Checks that these are twelve digits.
    pub fn new(text: &str) -> Result<Self, PlaceError> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(Arc::from(text)))
        } else {
            Err(PlaceError::Account(text.to_owned()))
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An AWS region, like `eu-west-1`. Only its shape is checked: AWS adds regions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(Arc<str>);

impl Region {
    /// Checks the shape: at least three parts of lower-case letters and digits, joined by `-`, the last a number.
    pub fn new(text: &str) -> Result<Self, PlaceError> {
        let parts: Vec<&str> = text.split('-').collect();
        let words =
            parts.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        let number = parts.last().is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
        if parts.len() >= 3 && words && number && text.len() <= 32 {
            Ok(Self(Arc::from(text)))
        } else {
            Err(PlaceError::Region(text.to_owned()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The domain that AWS's services have in this region's partition, like `amazonaws.com`.
    pub fn domain(&self) -> &'static str {
        self.of_partition().domain
    }

    /// The partition that ARNs in this region begin with, like `aws`: one of [`PARTITIONS`].
    pub fn partition(&self) -> &'static str {
        self.of_partition().name
    }

    fn of_partition(&self) -> &'static Partition {
        let begins = |partition: &&Partition| partition.regions.iter().any(|begin| self.0.starts_with(begin));
        OTHERS.iter().find(begins).unwrap_or(&STANDARD)
    }
}

/// A partition of AWS: nothing reaches from one into another.
struct Partition {
    name: &'static str,
    /// What the names of its regions begin with.
    regions: &'static [&'static str],
    domain: &'static str,
}

/// The partition of every region that is of no other one: AWS adds regions to it.
const STANDARD: Partition = Partition { name: "aws", regions: &[], domain: "amazonaws.com" };

/// The others. \[doc: `partitions.json` of botocore, November 2026\]
const OTHERS: [Partition; 7] = [
    Partition { name: "aws-cn", regions: &["cn-"], domain: "amazonaws.com.cn" },
    Partition { name: "aws-us-gov", regions: &["us-gov-"], domain: "amazonaws.com" },
    Partition { name: "aws-eusc", regions: &["eusc-"], domain: "amazonaws.eu" },
    Partition { name: "aws-iso", regions: &["us-iso-"], domain: "c2s.ic.gov" },
    Partition { name: "aws-iso-b", regions: &["us-isob-"], domain: "sc2s.sgov.gov" },
    Partition { name: "aws-iso-e", regions: &["eu-isoe-"], domain: "cloud.adc-e.uk" },
    Partition { name: "aws-iso-f", regions: &["us-isof-", "eu-isof-"], domain: "csp.hci.ic.gov" },
];

/// The partitions of AWS, as ARNs name them.
pub const PARTITIONS: [&str; 8] = {
    let [cn, gov, eusc, iso, iso_b, iso_e, iso_f] = OTHERS;
    [STANDARD.name, cn.name, gov.name, eusc.name, iso.name, iso_b.name, iso_e.name, iso_f.name]
};

/// The domains that AWS's services have, of every partition one, some of them the same.
pub fn domains() -> impl Iterator<Item = &'static str> {
    std::iter::once(&STANDARD).chain(&OTHERS).map(|partition| partition.domain)
}

/// The name of an S3 bucket. \[doc: S3 User Guide, "General purpose bucket naming rules"\]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BucketName(Arc<str>);

impl BucketName {
    /// Beginnings and ends that S3 keeps for itself.
    const RESERVED: (&[&str], &[&str]) =
        (&["xn--", "sthree-", "amzn-s3-demo-"], &["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"]);

    /// Checks the naming rules of S3; whether there is such a bucket only AWS knows.
    pub fn new(text: &str) -> Result<Self, PlaceError> {
        let wrong = |why| Err(PlaceError::Bucket(text.to_owned(), why));
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let (begins, ends) = Self::RESERVED;
        if !(3..=63).contains(&text.len()) {
            return wrong("it has 3 to 63 characters");
        }
        if !text.bytes().all(|byte| letter(byte) || matches!(byte, b'-' | b'.')) {
            return wrong("it has lower-case letters, digits, `-` and `.` only");
        }
        if !(text.bytes().next().is_some_and(letter) && text.bytes().next_back().is_some_and(letter)) {
            return wrong("it begins and ends with a letter or a digit");
        }
        if text.contains("..") {
            return wrong("it has no two dots in a row");
        }
        if text.parse::<std::net::Ipv4Addr>().is_ok() {
            return wrong("it is not an IP address");
        }
        if begins.iter().any(|begin| text.starts_with(begin)) || ends.iter().any(|end| text.ends_with(end)) {
            return wrong("S3 keeps names that begin or end so for itself");
        }
        Ok(Self(Arc::from(text)))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = PlaceError;
            fn try_from(text: String) -> Result<Self, PlaceError> {
                Self::new(&text)
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0.to_string()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}
text!(AccountId, Region, BucketName);

/// An account and a region: where stacks are listed, and inside which a stack's name is unique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// AWS account, twelve digits.
    pub account: AccountId,
    pub region: Region,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

/// How an account is reached: the role to assume, or the credentials as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Access {
    /// ARN of the role that landfall assumes; none uses the credentials of the process.
    pub role: Option<Arc<str>>,
    /// The external id that the role's trust policy asks for.
    pub external_id: Option<Arc<str>>,
}
