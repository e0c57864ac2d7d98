//! The table of gates for removals and replacements inside a stack.

use landfall::model::catalog::Gate;
use landfall::model::journal::{Effect, ExpectedChange, Fate};
use landfall::plan::gates::{Row, Verdict, closed};

const DATABASE: &str = "AWS::RDS::DBInstance";
const SERVICE: &str = "AWS::ECS::Service";
const ROLE: &str = "AWS::IAM::Role";

fn row(kind: &'static str, effect: Effect, predicted: Option<Effect>) -> Row<'static> {
    let keeps_data = landfall::cfn::keeps_data(kind);
    Row { resource: "R", kind, effect, predicted, fate: Fate::Deleted, keeps_data, because: Vec::new() }
}

/// `goes`, `risk`, …, or the code of what stops.
fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Goes => "goes",
        Verdict::Kept => "kept",
        Verdict::Risk => "risk",
        Verdict::MayChange => "may change",
        Verdict::Stops(stop) => stop.code,
    }
}

#[test]
fn the_whole_table() {
    use Effect::{Add, MayReplace, Modify, Remove, Replace};
    let effects = [None, Some(Add), Some(Modify), Some(MayReplace), Some(Replace), Some(Remove)];
    for predicted in effects {
        for announced in [Add, Modify, MayReplace, Replace, Remove] {
            let replaces = matches!(predicted, Some(MayReplace | Replace));
            let removes = predicted == Some(Remove);
            let expected = |kind: &str| match (kind, announced) {
                (_, Add | Modify) => "goes",
                (DATABASE, Remove) => "removes-data",
                (DATABASE, _) => "replaces-data",
                (_, MayReplace) => "may change",
                (_, Remove) if !removes => "unexpected-removal",
                (_, Replace) if !replaces => "unexpected-replacement",
                (SERVICE, _) => "risk",
                _ => "goes",
            };
            for kind in [DATABASE, SERVICE, ROLE] {
                let judged = row(kind, announced, predicted);
                assert_eq!(
                    word(&judged.judge()),
                    expected(kind),
                    "{kind}: predicted {predicted:?}, announced {announced:?}"
                );
                let kept = Row { fate: Fate::Kept, ..judged.clone() };
                let fine = if matches!(announced, Add | Modify) { "goes" } else { "kept" };
                assert_eq!(word(&kept.judge()), fine, "what is kept loses nothing");
                let snapshot = Row { fate: Fate::Snapshot, ..judged.clone() };
                assert_eq!(word(&snapshot.judge()), word(&judged.judge()), "a snapshot still stops");
            }
            assert_eq!(word(&row("AWS::ECS::TaskDefinition", announced, predicted).judge()), "goes");
        }
    }
}

#[test]
fn sentences_say_what_is_so() {
    let sentence = |row: Row<'_>| match row.judge() {
        Verdict::Stops(stop) => stop.sentence,
        other => word(&other).to_owned(),
    };
    let because = |row| Row { because: vec!["Engine"], ..row };
    assert_eq!(
        sentence(because(row(DATABASE, Effect::Replace, Some(Effect::MayReplace)))),
        "R (RDS DBInstance) would be replaced because of Engine, and keeps data"
    );
    assert_eq!(
        sentence(because(row(DATABASE, Effect::MayReplace, None))),
        "R (RDS DBInstance) may be replaced because of Engine, keeps data, and the plan did not expect it"
    );
    assert_eq!(
        sentence(Row { fate: Fate::Snapshot, ..row(DATABASE, Effect::Remove, Some(Effect::Remove)) }),
        "R (RDS DBInstance) would be removed, and keeps data (AWS makes a snapshot first)"
    );
    assert_eq!(
        sentence(row(SERVICE, Effect::Remove, None)),
        "R (ECS Service) would be removed, and the plan did not expect it"
    );
}

#[test]
fn what_opens_a_gate_is_told_everything_that_it_opens() {
    let named = |resource: &'static str, row: Row<'static>| Row { resource, ..row };
    let rows = [
        named("Role", row(ROLE, Effect::Modify, None)),
        named("Table", row("AWS::DynamoDB::Table", Effect::Remove, Some(Effect::Remove))),
        named("Bucket", row("AWS::S3::Bucket", Effect::Remove, Some(Effect::Remove))),
        named("Db", row(DATABASE, Effect::Replace, Some(Effect::Replace))),
    ];
    let first = closed(&rows, |_, _| false).unwrap();
    let names: Vec<&str> = first.resources.iter().map(|name| &**name).collect();
    assert_eq!((first.gate, first.code, names), (Gate::Remove, "removes-data", vec!["Table", "Bucket"]));
    assert_eq!(
        first.sentence,
        "Table (DynamoDB Table) would be removed, and keeps data; Bucket (S3 Bucket) would be removed, and keeps data"
    );
    let one = closed(&rows, |gate, resource| gate == Gate::Remove && resource == "Table").unwrap();
    assert_eq!(one.resources, ["Bucket".into()]);
    let next = closed(&rows, |gate, _| gate == Gate::Remove).unwrap();
    assert_eq!((next.gate, &*next.sentence), (Gate::Replace, "Db (RDS DBInstance) would be replaced, and keeps data"));
    assert_eq!(closed(&rows, |_, _| true), None);
}

/// AWS says nothing of the policy of an uncertain replacement: then the prediction does.
#[test]
fn the_policy_is_that_of_the_announcement_or_else_of_the_prediction() {
    let change =
        |fate| ExpectedChange { resource: "R".into(), kind: DATABASE.into(), effect: Effect::MayReplace, fate };
    let judged =
        |announced, expected| word(&Row::announced(&change(announced), Vec::new(), &[change(expected)]).judge());
    assert_eq!(judged(None, Some(Fate::Kept)), "kept");
    assert_eq!(judged(Some(Fate::Deleted), Some(Fate::Kept)), "replaces-data");
    assert_eq!(judged(None, None), "replaces-data");
}
