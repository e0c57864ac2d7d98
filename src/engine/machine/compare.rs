//! What AWS announces against what the plan expects.

use std::sync::Arc;

use super::StackState;
use crate::cloud::ResourceChange;
use crate::model::catalog::Gate;
use crate::model::journal::{Effect, ExpectedChange};

/// An announced change that nobody planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unexpected {
    /// The gate that it waits at.
    pub(crate) gate: Gate,
    /// `unexpected-removal`, `unexpected-replacement`, …
    pub(crate) code: &'static str,
    /// One sentence.
    pub(crate) sentence: String,
}

/// The first announced change that stops: a removal or a certain replacement that the plan lacks, or an uncertain
/// replacement of something that keeps data. A task definition is always a new revision and never stops.
pub(crate) fn unexpected(
    expected: &[ExpectedChange],
    announced: &[ResourceChange],
    state: &StackState,
) -> Option<Unexpected> {
    announced.iter().find_map(|row| {
        let change = &row.change;
        let planned: Vec<Effect> =
            expected.iter().filter(|e| e.resource == change.resource).map(|e| e.effect).collect();
        let (gate, code, verb) = match change.effect {
            Effect::Add | Effect::Modify => return None,
            _ if &*change.kind == "AWS::ECS::TaskDefinition" => return None,
            Effect::Remove if planned.contains(&Effect::Remove) => return None,
            Effect::Remove => (Gate::Remove, "unexpected-removal", "would be removed"),
            Effect::Replace if planned.contains(&Effect::Replace) => return None,
            Effect::Replace if planned.contains(&Effect::MayReplace) && !keeps_data(&change.kind) => return None,
            Effect::Replace => (Gate::Replace, "unexpected-replacement", "would be replaced"),
            Effect::MayReplace if !keeps_data(&change.kind) => return None,
            Effect::MayReplace if planned.iter().any(|p| matches!(p, Effect::MayReplace | Effect::Replace)) => {
                return None;
            }
            Effect::MayReplace => (Gate::Replace, "unexpected-replacement", "keeps data and may be replaced"),
        };
        if state.is_open(gate, Some(&change.resource)) {
            return None;
        }
        let why = cause_of(row, |recreates| recreates != "Never");
        let sentence = format!("{} ({}) {verb}{why}, and the plan does not say so", change.resource, change.kind);
        Some(Unexpected { gate, code, sentence })
    })
}

/// The properties that cause a change, those of them that recreate the resource so.
pub(super) fn cause_of(row: &ResourceChange, recreates: impl Fn(&str) -> bool) -> String {
    let causes = row.causes.iter().filter(|cause| recreates(&cause.recreates));
    let names: Vec<&str> = causes.map(|cause| cause.name.as_str()).collect();
    if names.is_empty() { String::new() } else { format!(" because of {}", names.join(", ")) }
}

/// Types whose replacement loses what they keep: whole services first, then single types.
const KEEPERS: [&str; 26] = [
    "AWS::RDS::",
    "AWS::DynamoDB::",
    "AWS::DocDB::",
    "AWS::Neptune::",
    "AWS::ElastiCache::",
    "AWS::MemoryDB::",
    "AWS::Redshift::",
    "AWS::EFS::",
    "AWS::FSx::",
    "AWS::MSK::",
    "AWS::OpenSearchService::",
    "AWS::Elasticsearch::",
    "AWS::Backup::",
    "AWS::Timestream::",
    "AWS::QLDB::",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SNS::Topic",
    "AWS::Kinesis::Stream",
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
    "AWS::Logs::LogGroup",
    "AWS::Cognito::UserPool",
    "AWS::ECR::Repository",
    "AWS::EC2::Volume",
    "AWS::CloudFormation::Stack",
];

fn keeps_data(kind: &Arc<str>) -> bool {
    KEEPERS.iter().any(|keeper| if keeper.ends_with("::") { kind.starts_with(keeper) } else { **keeper == **kind })
}
