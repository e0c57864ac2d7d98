//! The texts that say in a template what a leaf of a shape says.
//!
//! Earlier candidates are easier to read. None of them must be right: the caller compares what they become.

use serde_json::Value;

use crate::model::process::{IdOf, OWN_LOG_GROUP, Piece, Text};

use super::super::fill::ANY_RANDOM;
use super::super::shape::{Known, Leaf, Leaves, Shape};

/// `arn:<partition>:<service>:<region>:<account>` of the target.
fn arn(service: &str, rest: &str) -> String {
    format!("arn:#{{target.partition}}:{service}:#{{target.region}}:#{{account.id}}:{rest}")
}

/// A text in which nothing is a placeholder.
pub(super) fn literal(text: &str) -> String {
    text.replace("#{", "##{")
}

/// A list's element, as a template has it.
pub(super) fn element(text: Text) -> Shape {
    match text.pieces() {
        [Piece::Placeholder(_)] => Shape::Element(text),
        _ => Shape::text(&text),
    }
}

/// The texts that a leaf may be written as.
pub(super) fn texts(leaf: &Leaf) -> Vec<String> {
    let raw = |text: &Text| text.raw().to_owned();
    vec![match leaf {
        Leaf::Text(text)
        | Leaf::Arn(text)
        | Leaf::Network(text)
        | Leaf::Id(text, _)
        | Leaf::Number(text, _)
        | Leaf::Decimal(text)
        | Leaf::Flag(text)
        | Leaf::Word(text, _)
        | Leaf::Substitution(text)
        | Leaf::SecretArn(text)
        | Leaf::ObjectArn(text)
        | Leaf::FunctionArn(text)
        | Leaf::RoleArn(text)
        | Leaf::QueueArn(text) => raw(text),
        Leaf::Known(one) => known(*one),
        Leaf::Image(name, _) => format!("#{{images.{name}}}"),
        Leaf::ImageArn(name, _) => format!("#{{images.{name}.arn}}"),
        Leaf::SecretValue(text, part) => {
            let parts = part.texts().into_iter().flatten();
            parts.fold(raw(text), |arn, part| format!("{arn}:{}", part.map_or("", Text::raw)))
        }
        Leaf::FileSystemArn(text) => arn("elasticfilesystem", &format!("file-system/{}", text.raw())),
        Leaf::AccessPointArn(text) => arn("elasticfilesystem", &format!("access-point/{}", text.raw())),
        Leaf::LogGroupArn(group, region) => {
            let region = region.as_ref().map_or("#{target.region}", Text::raw);
            format!("arn:#{{target.partition}}:logs:{region}:#{{account.id}}:log-group:{}:*", group.raw())
        }
        Leaf::FamilyArn(text) => arn("ecs", &format!("task-definition/{}:*", text.raw())),
        Leaf::Key(text) | Leaf::KeyAlias(text) => raw(text),
        Leaf::KeyArn(text) => return vec![raw(text), arn("kms", &format!("key/{}", text.raw()))],
        Leaf::ParameterArn(text) => return parameter(text.raw()),
    }]
}

/// A parameter of SSM that is given by its name, by its ARN, or by a name whose value begins with `/`.
fn parameter(raw: &str) -> Vec<String> {
    let name = raw.trim_start_matches('/');
    vec![arn("ssm", &format!("parameter/{name}")), raw.to_owned(), arn("ssm", &format!("parameter{raw}"))]
}

fn known(known: Known) -> String {
    match known {
        Known::Stack => "#{stack.name}".to_owned(),
        Known::LogGroup => OWN_LOG_GROUP.to_owned(),
        Known::LogGroupArn => arn("logs", &format!("log-group:{OWN_LOG_GROUP}:*")),
        Known::Region => "#{target.region}".to_owned(),
        Known::AwsPolicy(name) => format!("arn:#{{target.partition}}:iam::aws:policy/{name}"),
        Known::Cluster => "#{target.cluster}".to_owned(),
        Known::ClusterArn => arn("ecs", "cluster/#{target.cluster}"),
        Known::TaskDefinitionsArn => arn("ecs", "task-definition/#{stack.name}:*"),
        Known::TasksArn => arn("ecs", "task/#{target.cluster}/*"),
        Known::KeysArn => arn("kms", "key/*"),
        Known::Account => "#{account.id}".to_owned(),
        Known::ScheduleGroupArn => arn("scheduler", "schedule-group/default"),
        Known::PublicIp => "#{target.public_ip}".to_owned(),
    }
}

/// The lists that a list may be written as. `values` gives what a text becomes in each slot.
pub(super) fn lists(leaves: &Leaves, values: impl Fn(&str) -> Vec<Option<Value>>) -> Vec<Vec<String>> {
    let given = |texts: &[Text]| vec![texts.iter().map(|text| text.raw().to_owned()).collect()];
    let of_target = |name: &str| vec![vec![format!("#{{target.{name}}}")]];
    match leaves {
        Leaves::Texts(texts) | Leaves::Arns(texts) => given(texts),
        Leaves::Network(_, Some(texts)) => given(texts),
        Leaves::Network(ids, None) => match ids.of() {
            IdOf::Subnet => of_target("subnets"),
            _ => of_target("security_groups"),
        },
        Leaves::Buckets(texts) => buckets(texts, values),
        Leaves::SecretRights(text) => {
            let (arn, any) = (text.raw().to_owned(), format!("{}{ANY_RANDOM}", text.raw()));
            vec![vec![arn.clone()], vec![any.clone()], vec![arn, any]]
        }
    }
}

/// The buckets of objects, each once: by how they are written, else by what they are in the first slot.
fn buckets(texts: &[Text], values: impl Fn(&str) -> Vec<Option<Value>>) -> Vec<Vec<String>> {
    let Some(all) = texts.iter().map(before_slash).collect::<Option<Vec<String>>>() else { return Vec::new() };
    let (mut by_text, mut by_value, mut seen): (Vec<String>, Vec<String>, Vec<Option<Value>>) = Default::default();
    for bucket in all {
        if by_text.contains(&bucket) {
            continue;
        }
        let first = values(&bucket).into_iter().next().flatten();
        if !seen.contains(&first) {
            seen.push(first);
            by_value.push(bucket.clone());
        }
        by_text.push(bucket);
    }
    vec![by_text, by_value]
}

/// The part before the first literal `/` of the text; none if it has no `/`.
fn before_slash(text: &Text) -> Option<String> {
    let mut before = String::new();
    for piece in text.pieces() {
        match piece {
            Piece::Placeholder(name) => before.push_str(&format!("#{{{name}}}")),
            Piece::Literal(piece) => match piece.split_once('/') {
                Some((begin, _)) => return Some(before + &literal(begin)),
                None => before.push_str(&literal(piece)),
            },
        }
    }
    None
}
