//! ARNs in rights and in properties: of the right service, in the target's partition, and nothing in them that stands for more
//! than itself.

use crate::model::PARTITIONS;
use crate::model::process::{IdOf, Text};

use super::super::codes;
use super::{Filler, made_of};

/// What stands in a policy for the `-` and the six random characters with which Secrets Manager ends a secret's ARN: each `?`
/// is one of them, so no secret of a longer name is meant (Secrets Manager user guide, "Permissions policy examples").
pub(in crate::template) const ANY_RANDOM: &str = "-??????";

/// Whether a text ends in `-` and six letters or digits, as the whole ARN of a secret does.
pub(super) fn ends_at_random(text: &str) -> bool {
    matches!(text.as_bytes().last_chunk::<7>(), Some([b'-', random @ ..]) if random.iter().all(u8::is_ascii_alphanumeric))
}

impl Filler<'_> {
    /// An ARN, unless it belongs to another partition than the target.
    pub(super) fn in_partition(&mut self, arn: String, text: &Text) -> Option<String> {
        let region = &self.context.target.place.region;
        let partition = arn.strip_prefix("arn:").and_then(|rest| rest.split(':').next());
        let other = partition.filter(|it| PARTITIONS.contains(it) && *it != region.partition());
        let Some(other) = other else { return Some(arn) };
        let title = format!(
            "`{arn}` belongs to the partition `{other}`, and target `{}` is in {region} (`{}`)",
            self.context.target.name,
            region.partition()
        );
        let help = "write `arn:#{target.partition}:…`, or use a variable with a value per partition";
        self.problem(codes::ARN_PARTITION, title, text.at(), Some(help.to_owned()));
        None
    }

    /// A secret's ARN: seven parts, the last the secret's name, with its six random characters or without them: ECS takes both.
    pub(super) fn secret_arn(&mut self, text: &Text) -> Option<String> {
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

    /// What a policy names a secret by: its ARN, with a pattern for the random characters if they are missing.
    pub(super) fn secret_rights(&mut self, text: &Text) -> Option<String> {
        let arn = self.secret_arn(text)?;
        Some(if ends_at_random(&arn) { arn } else { arn + ANY_RANDOM })
    }

    /// One key of a secret's JSON value. `:` would begin the next part of `ValueFrom`.
    pub(super) fn secret_key(&mut self, text: &Text) -> Option<String> {
        let key = self.text(text)?;
        if key.is_empty() || key.contains(':') {
            let title =
                format!("`{}` is not a key or a version of a secret: it must not be empty or contain `:`", text.raw());
            let help = "a version of the secret is `version_stage` or `version_id`".to_owned();
            self.problem(codes::SECRET_KEY, title, text.at(), Some(help));
            return None;
        }
        Some(key)
    }

    /// The ARN of a function of Lambda, perhaps with a version or an alias.
    pub(super) fn function_arn(&mut self, text: &Text) -> Option<String> {
        let arn = self.text(text)?;
        let right = matches!(
            arn.split(':').collect::<Vec<_>>().as_slice(),
            ["arn", _, "lambda", _, _, "function", name] | ["arn", _, "lambda", _, _, "function", name, _] if !name.is_empty()
        );
        if !right || !made_of(&arn, ":-_$") {
            let title = format!("`{}` does not give the ARN of a Lambda function", text.raw());
            self.problem(codes::FUNCTION_ARN, title, text.at(), None);
            return None;
        }
        self.in_partition(arn, text)
    }

    /// The ARN of a role, whose name may have a path.
    pub(super) fn role_arn(&mut self, text: &Text) -> Option<String> {
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
    pub(super) fn queue_arn(&mut self, text: &Text) -> Option<String> {
        let arn = self.text(text)?;
        let parts: Vec<&str> = arn.split(':').collect();
        let right = matches!(parts.as_slice(), ["arn", _, "sqs", _, _, name] if made_of(name, "-_"));
        if !right || !made_of(&arn, ":-_") {
            let title = format!("`{}` does not give the ARN of an SQS queue (FIFO queues are not allowed)", text.raw());
            self.problem(codes::QUEUE_ARN, title, text.at(), None);
            return None;
        }
        self.in_partition(arn, text)
    }

    /// The ARN of something of EFS that is given by its id.
    pub(super) fn efs_arn(&mut self, text: &Text, kind: &str, of: IdOf) -> Option<String> {
        let id = self.id(text, of)?;
        Some(format!("{}:{kind}/{id}", self.arn_prefix("elasticfilesystem")))
    }

    /// The ARN of an object in S3: that of its bucket, and its key.
    pub(super) fn object_arn(&mut self, text: &Text) -> Option<(String, String)> {
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
                let title = format!("`{}` does not give the ARN of an S3 object", text.raw());
                let help = "like arn:aws:s3:::bucket/folder/file.env".to_owned();
                self.problem(codes::OBJECT_ARN, title, text.at(), Some(help));
                None
            }
        }
    }

    /// The ARN of an SSM parameter that is given by its ARN, or by its name in the target's account and region.
    pub(super) fn parameter_arn(&mut self, text: &Text) -> Option<String> {
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

    /// The ARN of a log group with its streams, in the target's account and partition, and in its region if none is given.
    pub(super) fn log_group_streams(&mut self, group: &Text, region: Option<&Text>) -> Option<String> {
        let name = self.text(group)?;
        if !made_of(&name, "_-/.#") {
            let title = format!("`{}` does not give the name of a log group", group.raw());
            self.problem(codes::LOG_GROUP, title, group.at(), None);
            return None;
        }
        let place = &self.context.target.place;
        let region = match region {
            None => place.region.to_string(),
            Some(region) => {
                let written = self.text(region)?;
                if !made_of(&written, "-") {
                    let title = format!("`{}` does not give a region", region.raw());
                    self.problem(codes::LOG_GROUP, title, region.at(), None);
                    return None;
                }
                written
            }
        };
        Some(format!("arn:{}:logs:{region}:{}:log-group:{name}:*", place.region.partition(), place.account))
    }

    /// The ARN of every revision of a task definition that is given by its family.
    pub(super) fn revisions(&mut self, family: &Text) -> Option<String> {
        let name = self.text(family)?;
        if !made_of(&name, "-_") {
            let title = format!("`{}` does not give the family of a task definition", family.raw());
            self.problem(codes::FAMILY, title, family.at(), None);
            return None;
        }
        Some(format!("{}:task-definition/{name}:*", self.arn_prefix("ecs")))
    }

    /// The ARN of a key that is given by its ARN, or by its id in the target's account and region.
    pub(super) fn key_arn(&mut self, text: &Text) -> Option<String> {
        let written = self.text(text)?;
        let parts: Vec<&str> = written.splitn(6, ':').collect();
        let id = match parts.as_slice() {
            ["arn", _, "kms", region, account, key] if !region.is_empty() && !account.is_empty() => {
                key.strip_prefix("key/")
            }
            _ => Some(written.as_str()),
        };
        if !id.is_some_and(|id| made_of(id, "-")) || !made_of(&written, ":/-") {
            let title = format!("`{}` does not give the id or the ARN of a KMS key", text.raw());
            let help = "like arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000; an alias begins \
                        with `alias/`, written here and not in a variable";
            self.problem(codes::KEY, title, text.at(), Some(help.to_owned()));
            return None;
        }
        let given = id.is_some_and(|id| id.len() < written.len());
        if given {
            return self.in_partition(written, text);
        }
        Some(format!("{}:key/{written}", self.arn_prefix("kms")))
    }

    /// A key as it is written: by its id, its alias, or the ARN of either.
    pub(super) fn any_key(&mut self, text: &Text) -> Option<String> {
        let written = self.text(text)?;
        let parts: Vec<&str> = written.splitn(6, ':').collect();
        let fits = match parts.as_slice() {
            ["arn", _, "kms", region, account, key] => {
                let name = key.strip_prefix("key/").or_else(|| key.strip_prefix("alias/"));
                made_of(region, "-") && made_of(account, "") && name.is_some_and(|name| made_of(name, "/_-"))
            }
            [alias] if alias.starts_with("alias/") => made_of(alias, "/_-"),
            [id] => made_of(id, "-"),
            _ => false,
        };
        if !fits {
            let title = format!("`{}` does not give the id, the alias or the ARN of a KMS key", text.raw());
            self.problem(codes::KEY, title, text.at(), None);
            return None;
        }
        self.in_partition(written, text)
    }

    /// The alias of a key.
    pub(super) fn key_alias(&mut self, text: &Text) -> Option<String> {
        let written = self.text(text)?;
        if !written.strip_prefix("alias/").is_some_and(|name| made_of(name, "/_-")) {
            let title = format!("`{}` does not give the alias of a KMS key", text.raw());
            self.problem(codes::KEY, title, text.at(), None);
            return None;
        }
        Some(written)
    }
}
