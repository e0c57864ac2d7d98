//! Texts that AWS takes: what each looks like, with one that fits and one that does not.

use jiff::civil::DateTime;

/// What a text has to be.
#[derive(Debug)]
pub struct TextForm {
    /// What it is, after "is not".
    pub what: &'static str,
    /// A text that fits.
    pub good: &'static str,
    /// A text that does not.
    pub bad: &'static str,
    /// Whether a text fits.
    pub fits: fn(&str) -> bool,
}

/// A form whose texts begin with something and go on with letters, digits and hyphens.
macro_rules! id {
    ($name:ident, $begin:literal, $what:literal) => {
        pub(super) const $name: TextForm = TextForm {
            what: concat!($what, " such as `", $begin, "0123456789abcdef0`"),
            good: concat!($begin, "0a1b2c3d"),
            bad: "main",
            fits: |text| {
                let rest = text.strip_prefix($begin);
                rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
            },
        };
    };
}

id!(SUBNET, "subnet-", "the id of a subnet,");
id!(SECURITY_GROUP, "sg-", "the id of a security group,");
id!(VPC, "vpc-", "the id of a VPC,");
id!(SNAPSHOT, "snap-", "the id of a snapshot,");

pub(super) const ARN: TextForm = TextForm {
    what: "an ARN",
    good: "arn:aws:sns:eu-west-1:111111111111:alarms",
    bad: "alarms",
    fits: |text| text.starts_with("arn:") && text.split(':').count() >= 6,
};

/// The account of an ARN has twelve digits, or is AWS itself; a name is fine.
pub(super) const ACCOUNT: TextForm = TextForm {
    what: "an ARN with an account of twelve digits",
    good: "arn:aws:iam::111111111111:role/web",
    bad: "arn:aws:iam::1234:role/web",
    fits: |text| {
        let account = text.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(3));
        account.is_none_or(|id| {
            matches!(id, "" | "aws") || id.len() == 12 && id.bytes().all(|digit| digit.is_ascii_digit())
        })
    },
};

/// Whether a text is an ARN of Elastic Load Balancing of this sort.
fn is_of_balancing(text: &str, sorts: &[&str]) -> bool {
    let mut parts = text.splitn(6, ':');
    let begins = parts.next() == Some("arn") && parts.nth(1) == Some("elasticloadbalancing");
    begins && parts.nth(2).is_some_and(|rest| sorts.iter().any(|sort| rest.starts_with(sort)))
}

pub(super) const TARGET_GROUP: TextForm = TextForm {
    what: "the ARN of a target group",
    good: "arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/web/0123456789abcdef",
    bad: "arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/app/web/0123456789abcdef",
    fits: |text| !text.starts_with("arn:") || is_of_balancing(text, &["targetgroup/"]),
};

pub(super) const BALANCER: TextForm = TextForm {
    what: "the ARN of a load balancer",
    good: "arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/app/web/0123456789abcdef",
    bad: "arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/web/0123456789abcdef",
    fits: |text| is_of_balancing(text, &["loadbalancer/"]),
};

/// A rule belongs to a listener of an application load balancer.
pub(super) const RULED_LISTENER: TextForm = TextForm {
    what: "the ARN of a listener of an application load balancer",
    good: "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener/app/web/0123456789abcdef/0123456789abcdef",
    bad: "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener/net/web/0123456789abcdef/0123456789abcdef",
    fits: |text| is_of_balancing(text, &["listener/app/"]),
};

/// Whether a text is a port.
fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0)
}

pub(super) const PORT: TextForm = TextForm { what: "a port", good: "443", bad: "70000", fits: is_port };

pub(super) const CHECKED_PORT: TextForm = TextForm {
    what: "a port or `traffic-port`",
    good: "traffic-port",
    bad: "http",
    fits: |text| text == "traffic-port" || is_port(text),
};

pub(super) const PORT_RANGE: TextForm = TextForm {
    what: "a range of ports such as `8000-8010`",
    good: "8000-8010",
    bad: "9000-8000",
    fits: |text| {
        let ends = text.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
        ends.is_some_and(|(first, last): (u16, u16)| first > 0 && first <= last)
    },
};

pub(super) const ADDRESS: TextForm = TextForm {
    what: "an address, like `10.0.0.1`",
    good: "10.0.0.1",
    bad: "10.0.0.999",
    fits: |text| text.parse::<std::net::IpAddr>().is_ok(),
};

/// Whether a text is a whole number, or a number with a unit behind it.
fn is_size(text: &str, unit: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    match lower.strip_suffix(unit) {
        Some(number) => number.trim().parse::<f64>().is_ok_and(|number| number > 0.0),
        None => text.parse::<u32>().is_ok_and(|number| number > 0),
    }
}

pub(super) const TASK_CPU: TextForm = TextForm {
    what: "a number of CPU units, or of vCPUs such as `1 vCPU`",
    good: ".5 vCPU",
    bad: "half",
    fits: |text| is_size(text, "vcpu"),
};

pub(super) const TASK_MEMORY: TextForm = TextForm {
    what: "a number of MiB, or of GB such as `1 GB`",
    good: "0.5GB",
    bad: "512 MiB",
    fits: |text| is_size(text, "gb"),
};

pub(super) const TAG_KEY: TextForm = TextForm {
    what: "a key for a tag: 1 to 128 characters, not with `aws:` first",
    good: "team",
    bad: "aws:team",
    fits: |text| (1..=128).contains(&text.chars().count()) && !text.to_ascii_lowercase().starts_with("aws:"),
};

/// Names of capacity providers: AWS keeps some prefixes to itself (`CreateCapacityProvider`), and has two of Fargate.
pub(super) const CAPACITY_PROVIDER: TextForm = TextForm {
    what: "the name of a capacity provider: these do not begin with `aws`, `ecs` or `fargate`",
    good: "FARGATE_SPOT",
    bad: "aws-spot",
    fits: |text| {
        let lower = text.to_ascii_lowercase();
        let own = ["FARGATE", "FARGATE_SPOT"].contains(&text) || text.starts_with("arn:");
        own || !text.is_empty() && !["aws", "ecs", "fargate"].iter().any(|begin| lower.starts_with(begin))
    },
};

/// Whether a text has at most so many letters, digits and hyphens, and a hyphen neither first nor last.
fn is_balancing_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

pub(super) const BALANCING_NAME: TextForm = TextForm {
    what: "a name for a target group: letters, digits and `-`, at most 32, without `-` first or last",
    good: "web-1",
    bad: "my_shop",
    fits: is_balancing_name,
};

pub(super) const BALANCER_NAME: TextForm = TextForm {
    what: "a name for a load balancer: letters, digits and `-`, at most 32, without `-` first or last, not with `internal-` first",
    good: "web-1",
    bad: "internal-web",
    fits: |text| is_balancing_name(text) && !text.starts_with("internal-"),
};

pub(super) const TLS_POLICY: TextForm = TextForm {
    what: "a security policy such as `ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09`",
    good: "ELBSecurityPolicy-TLS13-1-2-2021-06",
    bad: "TLS-1-2",
    fits: |text| text.starts_with("ELBSecurityPolicy-"),
};

pub(super) const ABSOLUTE: TextForm =
    TextForm { what: "a path that begins with `/`", good: "/new", bad: "new", fits: |text| text.starts_with('/') };

pub(super) const ANSWER: TextForm = TextForm {
    what: "a status of the form 2xx, 4xx or 5xx",
    good: "503",
    bad: "302",
    fits: |text| {
        text.len() == 3 && text.starts_with(['2', '4', '5']) && text.bytes().all(|digit| digit.is_ascii_digit())
    },
};

pub(super) const HOST_PATTERN: TextForm = TextForm {
    what: "a name of a host: letters, digits, `-`, `.` and the wildcards `*` and `?`",
    good: "*.example.com",
    bad: "https://shop.example.com",
    fits: |text| text.chars().all(|c| c.is_ascii_alphanumeric() || "-.*?_:".contains(c)) && !text.contains("://"),
};

pub(super) const MATCHED_HEADER: TextForm = TextForm {
    what: "a header that can be matched: for `Host` there is `host-header`",
    good: "User-Agent",
    bad: "Host",
    fits: |text| !text.eq_ignore_ascii_case("host"),
};

pub(super) const RESOURCE_LABEL: TextForm = TextForm {
    what: "of the form `app/<balancer>/<id>/targetgroup/<group>/<id>`",
    good: "app/web/0123456789abcdef/targetgroup/web/0123456789abcdef",
    bad: "web/1",
    fits: |text| text.starts_with("app/") && text.contains("/targetgroup/") && text.split('/').count() == 6,
};

pub(super) const PERCENTILE: TextForm = TextForm {
    what: "a statistic such as `p99.9`, `tm90` or `PR(:300)`",
    good: "p99.9",
    bad: "p101",
    fits: |text| {
        let number = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        match number.parse::<f64>() {
            Ok(number) => {
                (0.0..=100.0).contains(&number) && number.is_finite() && !text.starts_with(|c: char| c.is_ascii_digit())
            }
            Err(_) => text == "IQM" || text.contains('(') && text.ends_with(')'),
        }
    },
};

/// RFC 3339, or without an offset for UTC, as CloudFormation takes both.
pub(super) const TIME: TextForm = TextForm {
    what: "a time such as `2027-01-01T00:00:00Z`",
    good: "2027-01-01T00:00:00Z",
    bad: "01.01.2027",
    fits: |text| text.parse::<jiff::Timestamp>().is_ok() || text.parse::<DateTime>().is_ok(),
};

pub(super) const IAM_NAME: TextForm = TextForm {
    what: "a name for a policy: letters, digits and `+=,.@_-`, at most 128",
    good: "read-objects",
    bad: "read objects",
    fits: |text| {
        (1..=128).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c))
    },
};

pub(super) const NAMESPACE: TextForm = TextForm {
    what: "the id of a namespace, such as `ns-0123456789abcdef`",
    good: "ns-0a1b2c3d",
    bad: "my namespace",
    fits: |text| text.starts_with("ns-") || text.starts_with("arn:"),
};

pub(super) const GROUP_NAME: TextForm = TextForm {
    what: "a name for a security group: at most 255 characters, not with `sg-` first",
    good: "web",
    bad: "sg-web",
    fits: |text| (1..=255).contains(&text.len()) && !text.starts_with("sg-"),
};

pub(super) const GROUP_DESCRIPTION: TextForm = TextForm {
    what: "a description for a security group: 1 to 255 letters, digits, spaces and `._-:/()#,@[]+=&;{}!$*`",
    good: "admits the load balancer",
    bad: "lässt alles zu",
    fits: |text| {
        (1..=255).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c))
    },
};

pub(super) const PROTOCOL: TextForm = TextForm {
    what: "a protocol: `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all",
    good: "tcp",
    bad: "http",
    fits: |text| {
        ["tcp", "udp", "icmp", "icmpv6", "all"].contains(&text.to_ascii_lowercase().as_str())
            || text.parse::<i16>().is_ok_and(|number| (-1..=255).contains(&number))
    },
};
