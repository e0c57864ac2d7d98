//! Leaves in whose texts outputs of other stacks stand.
//!
//! Each output becomes a parameter of the template and the leaf a reference to it, or a join of texts and references. Only
//! the text of the step decides which, so values cannot change it. The value of an output is not known offline: of a text
//! that becomes part of rights, only the rest is checked.

use serde_json::{Value, json};

use crate::model::Hash;
use crate::model::catalog::Value as Written;
use crate::model::journal::{Elsewhere, ParameterValue};
use crate::model::process::{OutputRef, Piece, Text};

use super::super::codes;
use super::super::producer::{Producer, producer};
use super::super::shape::{Leaf, Leaves};
use super::super::variables::Part;
use super::arns::{ANY_RANDOM, ends_at_random};
use super::lists::id_code;
use super::{Filler, made_of};

/// Whether outputs stand in a leaf. The string of `Fn::Sub` refers to the parameters itself.
pub(super) fn in_leaf(leaf: &Leaf) -> bool {
    !matches!(leaf, Leaf::Substitution(_)) && leaf.written().any(in_text)
}

/// Whether outputs stand in an element of a list.
pub(super) fn in_leaves(leaves: &Leaves) -> bool {
    leaves.written().iter().any(in_text)
}

pub(super) fn in_text(text: &Text) -> bool {
    text.placeholders().any(|name| OutputRef::parse(name).is_some())
}

/// The parameter that an output fills: readable, and another one for every reference.
pub fn parameter(reference: &OutputRef) -> String {
    let mut id = "Output".to_owned();
    let names = [
        reference.project.as_ref().map(|name| name.as_str()),
        Some(reference.step.as_str()),
        reference.target.as_ref().map(|name| name.as_str()),
    ];
    for word in names.into_iter().flatten().flat_map(|name| name.split('-')) {
        let mut letters = word.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.push_str(letters.as_str());
    }
    id.extend(reference.output.chars().take(60));
    id.push_str(&Hash::of(reference.to_string().as_bytes()).short());
    id
}

/// Parts as one value of a template.
fn joined(parts: Vec<Part>) -> Value {
    let reference = |output: &OutputRef| json!({ "Ref": parameter(output) });
    match parts.as_slice() {
        [] => Value::String(String::new()),
        [Part::Text(text)] => Value::String(text.clone()),
        [Part::Output(output)] => reference(output),
        parts => {
            let value = |part: &Part| match part {
                Part::Text(text) => Value::String(text.clone()),
                Part::Output(output) => reference(output),
            };
            json!({ "Fn::Join": ["", parts.iter().map(value).collect::<Vec<_>>()] })
        }
    }
}

/// With text before and after, neighbouring texts as one.
fn within(before: String, parts: Vec<Part>, after: &str) -> Vec<Part> {
    let mut all: Vec<Part> = Vec::new();
    for part in std::iter::once(Part::Text(before)).chain(parts).chain([Part::Text(after.to_owned())]) {
        match (all.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(known)), Part::Text(text)) => known.push_str(&text),
            (_, part) => all.push(part),
        }
    }
    all
}

impl Filler<'_> {
    /// The value of a leaf in which outputs stand.
    pub(super) fn output_leaf(&mut self, leaf: &Leaf) -> Option<Value> {
        let parts = match leaf {
            Leaf::Text(text) | Leaf::Arn(text) => self.parts(text)?,
            Leaf::Network(text) => self.plain(text, "./:", codes::NETWORK, "a network")?,
            Leaf::Id(text, of) => self.plain(text, "-", id_code(*of), &format!("the id of a {}", of.words()))?,
            Leaf::Number(text, _) => self.plain(text, "", codes::NUMBER, "a whole number")?,
            Leaf::Decimal(text) => self.plain(text, ".", codes::NUMBER, "a number")?,
            Leaf::Flag(text) => self.plain(text, "", codes::BOOLEAN, "`true` or `false`")?,
            // What a stack outputs is in AWS's words.
            Leaf::Word(text, _) => self.plain(text, "_-", codes::WORD, "a word")?,
            Leaf::SecretArn(text) => self.secret_parts(text)?,
            Leaf::SecretValue(text, part) => {
                let mut all = self.secret_parts(text)?;
                for text in part.texts().into_iter().flatten() {
                    all = within(String::new(), all, ":");
                    if let Some(text) = text {
                        all.extend(self.parts(text)?);
                    }
                }
                within(String::new(), all, "")
            }
            Leaf::FunctionArn(text) => self.plain(text, ":-_$", codes::FUNCTION_ARN, "the ARN of a Lambda function")?,
            Leaf::RoleArn(text) => self.plain(text, ":/_+=,.@-", codes::ROLE_ARN, "the ARN of a role")?,
            Leaf::QueueArn(text) => self.plain(text, ":-_", codes::QUEUE_ARN, "the ARN of an SQS queue")?,
            Leaf::ObjectArn(text) => self.object_parts(text)?.1,
            Leaf::FileSystemArn(text) => {
                let id = self.plain(text, "-", codes::EFS_ID, "the id of a file system (`fs-…`)")?;
                within(format!("{}:file-system/", self.arn_prefix("elasticfilesystem")), id, "")
            }
            Leaf::AccessPointArn(text) => {
                let id = self.plain(text, "-", codes::EFS_ID, "the id of an access point (`fsap-…`)")?;
                within(format!("{}:access-point/", self.arn_prefix("elasticfilesystem")), id, "")
            }
            Leaf::ParameterArn(text) => return self.parameter(text),
            Leaf::KeyArn(text) => return self.key(text),
            Leaf::Key(text) => self.plain(text, ":/_-", codes::KEY, "a KMS key")?,
            Leaf::KeyAlias(text) => self.plain(text, "/_-", codes::KEY, "the alias of a KMS key")?,
            Leaf::LogGroupArn(group, region) => self.log_group_parts(group, region.as_ref())?,
            Leaf::FamilyArn(text) => {
                let name = self.plain(text, "-_", codes::FAMILY, "the family of a task definition")?;
                within(format!("{}:task-definition/", self.arn_prefix("ecs")), name, ":*")
            }
            Leaf::Substitution(_) | Leaf::Known(_) | Leaf::Image(..) | Leaf::ImageArn(..) => return None,
        };
        Some(joined(parts))
    }

    /// The values of a list in whose elements outputs stand. Each output is one element.
    pub(super) fn output_leaves(&mut self, leaves: &Leaves) -> Vec<Value> {
        match leaves {
            Leaves::Texts(texts) | Leaves::Arns(texts) => self.items(texts),
            Leaves::Buckets(texts) => {
                let mut buckets = Vec::new();
                for text in texts {
                    let bucket = match in_text(text) {
                        true => self.object_parts(text).map(|(bucket, _)| joined(bucket)),
                        false => self.object_arn(text).map(|(bucket, _)| Value::String(bucket)),
                    };
                    buckets.extend(bucket.filter(|bucket| !buckets.contains(bucket)));
                }
                buckets
            }
            Leaves::SecretRights(text) => self.secret_patterns(text).unwrap_or_default(),
            Leaves::Network(ids, _) => {
                let items = self.items(leaves.written());
                self.count(*ids, items)
            }
        }
    }

    /// The value of a text in which outputs stand.
    pub(super) fn output_text(&mut self, text: &Text) -> Option<Value> {
        self.parts(text).map(joined)
    }

    /// The pieces of the string of a `Fn::Sub`, each with whether it is the template's own: an output is a reference to its
    /// parameter.
    pub(super) fn substituted(&mut self, text: &Text) -> Option<Vec<(bool, String)>> {
        let mut pieces = Vec::new();
        for piece in text.pieces() {
            pieces.push(match piece {
                Piece::Literal(literal) => (true, literal.to_string()),
                Piece::Placeholder(name) => match OutputRef::parse(name) {
                    Some(Ok(reference)) => {
                        self.uses(&reference, text)?;
                        (true, format!("${{{}}}", parameter(&reference)))
                    }
                    _ => {
                        let value = Text::parse(&format!("#{{{name}}}"), text.at().clone()).ok()?;
                        (false, self.text(&value)?)
                    }
                },
            });
        }
        Some(pieces)
    }

    /// What a parameter of a template is given that is one output and nothing else.
    pub(in crate::template) fn given(&mut self, value: &Written) -> Option<ParameterValue> {
        let Written::Text(text) = value else { return None };
        let [Piece::Placeholder(name)] = text.pieces() else { return None };
        self.resolved(&OutputRef::parse(name)?.ok()?, text)
    }

    pub(super) fn items(&mut self, texts: &[Text]) -> Vec<Value> {
        let mut items = Vec::new();
        for text in texts {
            match in_text(text) {
                true => items.extend(self.parts(text).map(joined)),
                false => items.extend(self.list(std::slice::from_ref(text)).into_iter().map(Value::String)),
            }
        }
        items
    }

    /// The parts of a text; every output in it becomes a parameter.
    fn parts(&mut self, text: &Text) -> Option<Vec<Part>> {
        if !self.goes_on(text.at()) {
            return None;
        }
        let parts = self.values.parts(text);
        let parts = self.keep(parts)?;
        for part in &parts {
            match part {
                Part::Text(text) => self.filled += text.len(),
                Part::Output(reference) => self.uses(reference, text)?,
            }
        }
        Some(parts)
    }

    fn uses(&mut self, reference: &OutputRef, text: &Text) -> Option<()> {
        let parameter = parameter(reference);
        if !self.outputs.contains_key(&parameter) {
            let value = self.resolved(reference, text)?;
            self.outputs.insert(parameter, value);
        }
        Some(())
    }

    /// The output that a reference means.
    fn resolved(&mut self, reference: &OutputRef, text: &Text) -> Option<ParameterValue> {
        match producer(reference, self.context) {
            Ok(Producer { stack, place, access, .. }) => {
                let own = &self.context.target;
                let here = place == own.place && access == own.access;
                let at = (!here).then(|| Box::new(Elsewhere { place, access }));
                Some(ParameterValue::Output { stack, output: reference.output.to_string(), at })
            }
            Err(no) => {
                self.problem(no.code, no.title, text.at(), no.help);
                None
            }
        }
    }

    /// The parts of a text that becomes part of rights: besides outputs only letters, digits and these characters.
    fn plain(&mut self, text: &Text, others: &str, code: &'static str, what: &str) -> Option<Vec<Part>> {
        let parts = self.parts(text)?;
        let fine = |part: &Part| match part {
            Part::Text(text) => made_of(text, others),
            Part::Output(_) => true,
        };
        if !parts.iter().all(fine) {
            self.problem(code, format!("`{}` does not give {what}", text.raw()), text.at(), None);
            return None;
        }
        Some(parts)
    }

    fn secret_parts(&mut self, text: &Text) -> Option<Vec<Part>> {
        self.plain(text, ":/_+=.@-", codes::SECRET_ARN, "the ARN of a secret in Secrets Manager")
    }

    /// What a policy names a secret by. An output alone is the whole ARN, as a reference to a secret gives it. One that ends a
    /// longer text may be the secret's name, or that with its random characters: the policy says both.
    fn secret_patterns(&mut self, text: &Text) -> Option<Vec<Value>> {
        let parts = self.secret_parts(text)?;
        let any = joined(within(String::new(), parts.clone(), ANY_RANDOM));
        Some(match parts.as_slice() {
            [Part::Output(_)] => vec![joined(parts)],
            [.., Part::Output(_)] => vec![joined(parts), any],
            [.., Part::Text(end)] if ends_at_random(end) => vec![joined(parts)],
            _ => vec![any],
        })
    }

    /// The ARN of an SSM parameter. One that does not begin with `arn:` is a name in the target's account and region; if it
    /// begins with an output, only CloudFormation finds out whether it begins with `/`.
    fn parameter(&mut self, text: &Text) -> Option<Value> {
        let parts = self.plain(text, ":_.-/", codes::PARAMETER_NAME, "the name or the ARN of an SSM parameter")?;
        let before = format!("{}:parameter", self.arn_prefix("ssm"));
        match parts.first() {
            Some(Part::Text(first)) if first.starts_with("arn:") => Some(joined(parts)),
            Some(Part::Text(first)) => {
                let before = format!("{before}/{}", first.trim_start_matches('/'));
                Some(joined(within(before, parts.into_iter().skip(1).collect(), "")))
            }
            _ => {
                let one_or_two = joined(within("/".to_owned(), parts, ""));
                let path = json!({ "Fn::Join": ["/", { "Fn::Split": ["//", one_or_two] }] });
                Some(json!({ "Fn::Join": ["", [before, path]] }))
            }
        }
    }

    /// The ARN of a key of KMS: an output that it begins with is the key's id, or its ARN in the target's account and region,
    /// which the split takes the begin from.
    fn key(&mut self, text: &Text) -> Option<Value> {
        let parts = self.plain(text, ":-/", codes::KEY, "the id or the ARN of a KMS key")?;
        if matches!(parts.first(), Some(Part::Text(first)) if first.starts_with("arn:")) {
            return Some(joined(parts));
        }
        let before = format!("{}:key/", self.arn_prefix("kms"));
        let id = json!({ "Fn::Join": ["", { "Fn::Split": [before, joined(parts)] }] });
        Some(json!({ "Fn::Join": ["", [before, id]] }))
    }

    /// The ARN of a log group with its streams.
    fn log_group_parts(&mut self, group: &Text, region: Option<&Text>) -> Option<Vec<Part>> {
        let name = self.plain(group, "_-/.#", codes::LOG_GROUP, "the name of a log group")?;
        let place = &self.context.target.place;
        let region = match region {
            Some(region) => self.plain(region, "-", codes::LOG_GROUP, "a region")?,
            None => vec![Part::Text(place.region.to_string())],
        };
        let after = format!(":{}:log-group:", place.account);
        let before = within(format!("arn:{}:logs:", place.region.partition()), region, &after);
        Some(within(String::new(), before.into_iter().chain(name).collect(), ":*"))
    }

    /// The bucket of an S3 object, and the object, as ARNs. The `/` after the bucket must be literal.
    fn object_parts(&mut self, text: &Text) -> Option<(Vec<Part>, Vec<Part>)> {
        let parts = self.plain(text, "_.-/+=@:", codes::OBJECT_ARN, "the ARN of an S3 object")?;
        let mut bucket = Vec::new();
        for part in &parts {
            match part {
                Part::Text(text) => match text.split_once('/') {
                    Some((before, _)) => {
                        bucket.push(Part::Text(before.to_owned()));
                        return Some((within(String::new(), bucket, ""), parts));
                    }
                    None => bucket.push(part.clone()),
                },
                Part::Output(_) => bucket.push(part.clone()),
            }
        }
        let title = format!("`{}` does not show where the S3 bucket ends and the object's key begins", text.raw());
        let help =
            "write the `/` after the bucket literally, as in `arn:aws:s3:::#{steps.storage.outputs.Bucket}/app.env`"
                .to_owned();
        self.problem(codes::OBJECT_ARN, title, text.at(), Some(help));
        None
    }
}
