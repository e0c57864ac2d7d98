//! The JSON of a review: what the published schema says, and nothing that the schema does not say.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use landfall::cfn::Recreates;
use landfall::compare::{Action, Cause, Level, ResourceChange, Risk, Why};
use landfall::model::accept::{Accepted, Home};
use landfall::model::catalog::{Broken, Gate, Subject};
use landfall::model::decision::{Because, Cause as Held};
use landfall::model::drift::Drifted;
use landfall::model::journal::Fate as Leaves;
use landfall::model::remedy::{Foreseen, Key};
use landfall::model::{Accept, AccountId, CommitId, Hash, Hold, Location, Place, Region, Slot, StackName, StackOwner};
use landfall::plan::review::{
    Acceptance, Basis, DriftFate, DriftReview, Effects, Fate, How, Note, Refused, Review, Shown, SlotReview,
    StackReview, Stop, Unique,
};
use landfall::plan::{Orphan, StaleAllowance, Unreached};
use landfall::view::review::content::About;
use landfall::view::review::{json, schema};
use serde_json::Value;

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/review.schema.json")
}

/// The schema as it is published.
fn written() -> String {
    serde_json::to_string_pretty(&schema()).unwrap() + "\n"
}

#[test]
fn the_published_schema_is_current() {
    if std::env::var_os("LANDFALL_BLESS").is_some() {
        std::fs::write(page(), written()).unwrap();
    }
    let found = std::fs::read_to_string(page()).unwrap_or_default();
    assert!(found == written(), "docs/review.schema.json is not current: run the test again with LANDFALL_BLESS=1");
}

/// The schema with no other keys than those that it names: each key of a review is described. What is flattened into an object is
/// a choice beside its own keys, and the object answers for both.
fn strict(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let whole = map.contains_key("properties");
            for (key, inner) in map.iter_mut().filter(|(key, _)| !(whole && *key == "oneOf")) {
                if key != "enum" && key != "required" {
                    strict(inner);
                }
            }
            if whole {
                map.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strict),
        _ => {}
    }
}

/// What Python's jsonschema says of these reviews; skipped where it is not installed.
pub(crate) fn holds(reviews: &[(&str, &Value)]) {
    let Some(tools) = std::env::var_os("LANDFALL_TOOLS").map(PathBuf::from) else {
        eprintln!("skipped: LANDFALL_TOOLS is not set (tests/run sets it), so there is no jsonschema");
        return;
    };
    let mut strict_schema = schema();
    strict(&mut strict_schema);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, value: &Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, serde_json::to_string(value).unwrap()).unwrap();
        path
    };
    let schemas = [write("schema.json", &schema()), write("strict.json", &strict_schema)];
    let all: Value = reviews.iter().map(|(_, review)| (*review).clone()).collect();
    let all = write("reviews.json", &all);
    let script = "import json, sys\n\
        from jsonschema import Draft202012Validator as V\n\
        reviews = json.load(open(sys.argv[1]))\n\
        bad = 0\n\
        for path in sys.argv[2:]:\n    \
            schema = json.load(open(path))\n    \
            V.check_schema(schema)\n    \
            for number, review in enumerate(reviews):\n        \
                for error in V(schema).iter_errors(review):\n            \
                    bad += 1\n            \
                    print(number, '/'.join(map(str, error.absolute_path)), error.message[:300])\n\
        sys.exit(1 if bad else 0)\n";
    let output = Command::new(tools.join("bin/python")).args(["-c", script]).arg(all).args(schemas).output().unwrap();
    let names: Vec<&str> = reviews.iter().map(|(name, _)| *name).collect();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{names:?}\n{said}");
}

fn at() -> Location {
    Location { file: Arc::from("projects/storefront/deploy/production.toml"), line: 3, column: 1 }
}

fn slot() -> Slot {
    Slot { project: "storefront".parse().unwrap(), environment: "production".parse().unwrap(), tenant: None }
}

fn key(or: Option<Gate>) -> Key {
    Key { file: at().file, what: Gate::Replace, stack: Some(stack()), tenant: None, plan: Arc::from("7f3a91c2"), or }
}

fn stack() -> StackName {
    StackName::seen("storefront-web-production-prod-eu")
}

fn place() -> Place {
    Place { account: AccountId::new("111111111111").unwrap(), region: Region::new("eu-west-1").unwrap() }
}

fn foreseen() -> Foreseen {
    Foreseen {
        file: at().file,
        change: Gate::Replace,
        release: "1.4.0".parse().unwrap(),
        resources: vec![Arc::from("Database")],
        stack: stack(),
        tenant: None,
    }
}

fn stop(key: Option<Foreseen>) -> Stop {
    Stop {
        stack: stack(),
        gate: Gate::Replace,
        resources: vec![Arc::from("Database")],
        code: Arc::from("replaces-data"),
        sentence: "Database is replaced, and keeps data".to_owned(),
        key,
    }
}

fn in_slot(how: How, because: Option<Because>) -> SlotReview {
    SlotReview {
        slot: slot(),
        project: "storefront".parse().unwrap(),
        environment: "production".parse().unwrap(),
        tenant: Some("acme".parse().unwrap()),
        from: None,
        to: Some("1.4.0".parse().unwrap()),
        rollback: false,
        how,
        assumed: Vec::new(),
        earliest: "2026-11-23T08:00:00Z".parse().ok(),
        because,
    }
}

fn shown(template: &str) -> Shown {
    Shown {
        template: Arc::from(template),
        values: Default::default(),
        content: Hash::of(template.as_bytes()),
        release: "1.4.0".parse().unwrap(),
    }
}

fn resource(action: Action, fate: Option<Leaves>, why: Vec<Why>) -> ResourceChange {
    let cause = |why| Cause { path: "Cluster".to_owned(), recreates: Recreates::Always, certain: true, why };
    ResourceChange {
        id: Arc::from("Service"),
        kind: Arc::from("AWS::ECS::Service"),
        was: None,
        name: "ECS Service".to_owned(),
        action,
        certain: false,
        fate,
        keeps_data: false,
        interrupts: true,
        causes: why.into_iter().map(cause).collect(),
    }
}

fn risk() -> Risk {
    Risk {
        id: "stateful-replacement",
        level: Level::High,
        resource: Some(Arc::from("Database")),
        part: None,
        lasts: false,
        sentence: "`Database` is replaced".to_owned(),
    }
}

fn lasting() -> Risk {
    Risk {
        id: "public-ports",
        level: Level::Medium,
        resource: Some(Arc::from("Access")),
        part: Some("443".to_owned()),
        lasts: true,
        sentence: "`Access` opens port 443".to_owned(),
    }
}

fn accept() -> Arc<Accept> {
    Arc::new(Accept {
        what: Accepted::Risk("public-ports"),
        place: Arc::from("web/Access"),
        reason: Arc::from("a shop is public"),
        until: "2027-01-31".parse().ok(),
        home: Home::Project("storefront".parse().unwrap()),
        at: at(),
    })
}

fn refused() -> Refused {
    Refused {
        resource: Arc::from("Database"),
        kind: "RDS DBInstance".to_owned(),
        wants: Unique::Name("orders".to_owned()),
        place: place(),
        stack: stack(),
        holder: Arc::from("Database"),
    }
}

fn drift() -> DriftReview {
    let item = Drifted {
        resource: Arc::from("Service"),
        kind: Arc::from("AWS::ECS::Service"),
        path: "DesiredCount".to_owned(),
        was: Some("2".to_owned()),
        is: Some("5".to_owned()),
    };
    DriftReview { item, comes: Some("3".to_owned()), fate: DriftFate::Undone }
}

fn in_stack(fate: Fate, resources: Vec<ResourceChange>) -> StackReview {
    let template = |image: &str| {
        format!(
            "{{\"Resources\":{{\"Queue\":{{\"Type\":\"AWS::SQS::Queue\",\"Properties\":{{\"QueueName\":\"{image}\"}}}}}}}}"
        )
    };
    StackReview {
        slot: slot(),
        project: "storefront".parse().unwrap(),
        environment: "production".parse().unwrap(),
        tenant: None,
        step: Some("web".parse().unwrap()),
        target: None,
        cluster: Some(Arc::from("prod-eu")),
        stack: stack(),
        place: place(),
        fate,
        moved_from: (fate == Fate::Create).then(place),
        effects: Effects { resources, risks: vec![risk(), lasting()], ..Effects::default() },
        accepts: vec![Acceptance { accept: accept(), new: true }],
        refused: if fate == Fate::Fail { vec![refused()] } else { Vec::new() },
        stops: vec![stop(None)],
        drift: if fate == Fate::Update { vec![drift()] } else { Vec::new() },
        before: (fate != Fate::Create).then(|| shown(&template("old"))),
        after: (fate != Fate::Delete).then(|| shown(&template("new"))),
    }
}

/// A review with every kind of everything.
fn everything() -> Review {
    let environment = || "test".parse().unwrap();
    let commit = || CommitId("8c1d0f2000000000000000000000000000000000".to_owned());
    let phase = Held::Phase { phase: Arc::from("Test"), needed: 1, passed: 0, missing: vec![environment()] };
    let attempts = Held::Attempts {
        failed: 3,
        deployment: landfall::model::journal::DeploymentId(7),
        cause: None,
        plan: Arc::from("7f3a91c2"),
        file: at().file,
    };
    let timed = Hold {
        since: Some("2026-11-30T08:00:00Z".parse().unwrap()),
        until: Some("2026-11-30T09:00:00Z".parse().unwrap()),
        ..Hold::new(Held::Manual { file: at().file })
    };
    let whys = vec![
        Why::Text { before: Some("a\u{200b}".to_owned()), after: None },
        Why::Parameter { name: "Size".to_owned(), before: None, after: Some("2".to_owned()) },
        Why::Mapping { name: "Sizes".to_owned() },
        Why::Condition { name: "IsProduction".to_owned(), holds: None },
        Why::Follows { resource: "Database".to_owned(), attribute: None, action: Action::Replace },
    ];
    let subjects = [
        Subject::Repository,
        Subject::Environment(environment()),
        Subject::What("storefront".parse().unwrap()),
        Subject::Release("storefront".parse().unwrap(), "1.4.0".parse().unwrap()),
        Subject::Unnamed(landfall::model::catalog::Unnamed::Target),
    ];
    let broken =
        subjects.map(|subject| Broken { subject, code: "syntax", title: "this is not TOML".to_owned(), at: at() });
    let owner = StackOwner {
        repository: "shop".parse().unwrap(),
        project: "storefront".parse().unwrap(),
        step: "web".parse().unwrap(),
        environment: "test".parse().unwrap(),
        target: "prod-eu".parse().unwrap(),
        tenant: None,
    };
    let project = || "storefront".parse().unwrap();
    let release = || "1.4.0".parse().unwrap();
    Review {
        base: None,
        head: Some(commit()),
        basis: Basis::Facts { as_of: Some("2026-11-30T08:00:00Z".parse().unwrap()) },
        environments: vec![environment()],
        slots: vec![
            in_slot(How::OnMerge, Some(Because::Pinned(at()))),
            in_slot(How::After(vec![Hold::new(phase)]), Some(Because::Automatic)),
            in_slot(How::Stops(vec![stop(Some(foreseen()))]), Some(Because::InTurn(commit()))),
            in_slot(
                How::Held(vec![Hold::new(attempts), timed]),
                Some(Because::Differs { stacks: vec![stack()], parts: vec![Arc::from("target prod-eu")] }),
            ),
            in_slot(How::Freed, Some(Because::Allowed(Gate::Freeze))),
            in_slot(How::Freed, Some(Because::Back)),
            in_slot(How::Freed, None),
            in_slot(How::Unknown(Vec::new()), None),
            in_slot(How::Fails(vec![(stack(), refused())]), None),
        ],
        stacks: vec![
            in_stack(Fate::Create, vec![resource(Action::Create, None, Vec::new())]),
            in_stack(
                Fate::Update,
                vec![
                    resource(Action::MayReplace, Some(Leaves::Kept), whys),
                    resource(Action::Settings, None, Vec::new()),
                    resource(Action::Update, None, Vec::new()),
                ],
            ),
            in_stack(
                Fate::Run,
                vec![
                    resource(Action::Revision, None, Vec::new()),
                    resource(Action::Replace, Some(Leaves::Snapshot), Vec::new()),
                ],
            ),
            in_stack(Fate::Nothing, Vec::new()),
            in_stack(Fate::Fail, vec![resource(Action::Create, None, Vec::new())]),
            in_stack(Fate::Delete, vec![resource(Action::Remove, Some(Leaves::Deleted), Vec::new())]),
        ],
        left: vec![Orphan {
            stack: stack(),
            place: place(),
            owner,
            removed: false,
            why: "its target is gone".to_owned(),
            key: Some(key(Some(Gate::Rollback))),
        }],
        notes: vec![
            Note::Repository { from: "shop".parse().unwrap(), to: "store".parse().unwrap(), stacks: 7 },
            Note::Unreached(Unreached { project: project(), newest: release() }),
            Note::Refreshed { project: project(), release: release(), slots: vec![slot()] },
            Note::Ungated { project: project(), phase: Arc::from("Test"), opens: vec![environment()] },
            Note::Opens { at: at(), gate: Gate::Replace, slot: slot() },
            Note::OpensNothing(StaleAllowance { at: at(), gate: Gate::Retry, why: "it was used".to_owned() }),
            Note::Blocked { project: project(), release: release(), reason: Arc::from("leaks") },
        ],
        accepts: vec![accept()],
        broken: broken.to_vec(),
        still_broken: broken.to_vec(),
    }
}

#[test]
fn every_kind_of_everything_is_as_the_schema_says() {
    let full = json(&everything(), &About { base: "main".to_owned(), ..About::default() });
    let nothing = Review {
        base: None,
        head: None,
        basis: Basis::Settled,
        environments: Vec::new(),
        slots: Vec::new(),
        stacks: Vec::new(),
        left: Vec::new(),
        notes: Vec::new(),
        accepts: Vec::new(),
        broken: Vec::new(),
        still_broken: Vec::new(),
    };
    holds(&[("everything", &full), ("nothing", &json(&nothing, &About::default()))]);
    let stack = &full["stacks"][1];
    assert_eq!(stack["difference"].as_str().unwrap().lines().filter(|line| line.starts_with(['+', '-'])).count(), 4);
    assert_eq!(stack["resources"][0]["causes"][0]["before"], "a\\u{200b}");
    assert_eq!(stack["resources"][0]["leaves"], "kept");
    assert_eq!(full["slots"][2]["stops"][0]["allow"]["release"], "1.4.0");
    let risks = &stack["risks"];
    assert_eq!((&risks[0]["where"], &risks[0]["accepted"]), (&Value::Null, &Value::Null), "a risk of a single change");
    assert_eq!((&risks[1]["where"], &risks[1]["accepted"]["new"]), (&"web/Access/443".into(), &true.into()));
    assert_eq!(full["left"][0]["allow"]["or"], "rollback");
    assert_eq!(full["notes"][3]["kind"], "ungated");
}

/// The template and the hash of a content could confirm a guess at a secret in it.
#[test]
fn no_template_and_no_hash_of_a_content_is_in_it() {
    let review = everything();
    let text = json(&review, &About::default()).to_string();
    for shown in review.stacks.iter().flat_map(|stack| [&stack.before, &stack.after]).flatten() {
        assert!(!text.contains(&shown.content.to_string()) && !text.contains("\\\"Resources\\\""), "{text}");
    }
}
