//! Rendering: what values may change, what is refused, and what a content hash covers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use landfall::cfn::Document;
use landfall::model::catalog::{ImagePin, Scope, Value as Written};
use landfall::model::journal::ParameterValue;
use landfall::model::process::{Container, Log, ValueKind};
use landfall::model::slot::Stamp;
use landfall::model::tenant::TenantValue;
use landfall::model::{AccountId, BucketName, CommitId, Hash, Id, Place, Region, StackName};
use landfall::template::limits::{self, Measured};
use landfall::template::{Cache, Counts, Covered, body, capabilities, content_hash, key};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::{DIGEST, World, container, text, texts};
use crate::support::table::table;

type Change = fn(&mut World);
type ChangeOfStack = fn(&mut Stack);

const CONTAINER: &str = "/Resources/TaskDefinition/Properties/ContainerDefinitions/0";

/// A leaf of a step: a name, a way to put a text into it, and where it has to come out.
type Leaf = (&'static str, fn(&mut World, &str), &'static str);

const LEAVES: &[Leaf] = &[
    (
        "environment",
        |world, raw| drop(world.container().environment.insert("X".to_owned(), text(raw))),
        "Environment/0/Value",
    ),
    ("command", |world, raw| world.container().command = texts(&["a", raw]), "Command/1"),
    ("entry point", |world, raw| world.container().entry_point = texts(&[raw]), "EntryPoint/0"),
    ("user", |world, raw| world.container().user = Some(text(raw)), "User"),
    ("folder", |world, raw| world.container().working_directory = Some(text(raw)), "WorkingDirectory"),
    (
        "log option",
        |world, raw| {
            let mut log: Log = table("driver = 'splunk'\noptions = { splunk-token = 'x' }");
            log.options.insert("splunk-url".to_owned(), text(raw));
            world.container().log = Some(log);
        },
        "LogConfiguration/Options/splunk-url",
    ),
    (
        "tag",
        |world, raw| drop(world.service().task.tags.insert("x".to_owned(), text(raw))),
        "/Resources/Service/Properties/Tags/0/Value",
    ),
];

/// Every path at which two trees differ.
pub(super) fn differences(a: &Value, b: &Value, path: &str, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) if x.keys().eq(y.keys()) => {
            for (key, value) in x {
                differences(value, &y[key], &format!("{path}/{key}"), found);
            }
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            for (index, (x, y)) in x.iter().zip(y).enumerate() {
                differences(x, y, &format!("{path}/{index}"), found);
            }
        }
        _ if a == b => {}
        _ => found.push(path.to_owned()),
    }
}

/// A text whose value is this string, placeholders and all.
pub(super) fn literally(value: &str) -> String {
    value.replace("#{", "##{")
}

proptest! {
    #[test]
    fn a_value_changes_its_leaf_and_nothing_else(
        (name, put, place) in prop::sample::select(LEAVES),
        value in prop_oneof![
            any::<String>(),
            Just("${AWS::AccountId}".to_owned()),
            Just("{\"Ref\": \"Service\"}".to_owned()),
            Just("\", \"Essential\": false, \"x\": \"".to_owned()),
        ],
    ) {
        let render = |value: &str| {
            let mut world = World::new().variable("v", &literally(value), Scope::default());
            put(&mut world, "<#{v}>");
            world.template()
        };
        let place = if place.starts_with('/') { place.to_owned() } else { format!("{CONTAINER}/{place}") };
        let (plain, odd) = (render("plain"), render(&value));
        let mut found = Vec::new();
        differences(&plain, &odd, "", &mut found);
        if value == "plain" {
            prop_assert!(found.is_empty());
        } else {
            prop_assert_eq!(found, vec![place.clone()], "{}", name);
        }
        prop_assert_eq!(odd.pointer(&place), Some(&Value::from(format!("<{value}>"))));
    }
}

#[test]
fn nothing_of_a_user_is_given_to_sub() {
    let world = World::new().environment("X", "${AWS::AccountId}");
    let text = world.render().unwrap().content.template.to_string();
    assert!(text.contains(r#""Value":"${AWS::AccountId}""#) && !text.contains("Fn::Sub"));
}

#[test]
fn an_image_is_named_by_its_digest_and_proved_by_any_of_its_digests() {
    let mut world = World::new();
    let platform = "sha256:aaaa";
    let pin = world.release.images.values_mut().next().unwrap();
    pin.platforms = BTreeMap::from([(Arc::from("linux/amd64"), Arc::from(platform))]);
    let proved = world.render().unwrap().content.images;
    let app = &proved["app"];
    assert_eq!(&*app.image, format!("111111111111.dkr.ecr.eu-west-1.amazonaws.com/storefront@{DIGEST}"));
    assert_eq!(app.digests.iter().map(|d| &**d).collect::<Vec<_>>(), [DIGEST, platform]);

    world
        .release
        .images
        .values_mut()
        .for_each(|pin| *pin = ImagePin { tag: Arc::from("2"), digest: None, platforms: BTreeMap::new() });
    let proved = world.render().unwrap().content.images;
    assert!(proved["app"].image.ends_with("/storefront:2") && proved["app"].digests.is_empty());
}

/// The statements of the execution role, by their ids.
fn statements(world: &World) -> BTreeMap<String, Value> {
    let template = world.template();
    let statements =
        &template["Resources"]["ExecutionRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    let of = |statement: &Value| (statement["Sid"].as_str().unwrap().to_owned(), statement["Resource"].clone());
    statements.as_array().unwrap().iter().map(of).collect()
}

#[test]
fn the_execution_role_may_what_the_step_needs_and_no_more() {
    let mut world = World::new();
    assert_eq!(statements(&world).keys().collect::<Vec<_>>(), ["Images", "Logs", "RegistryToken"]);
    assert_eq!(statements(&world)["Images"], json!(["arn:aws:ecr:eu-west-1:111111111111:repository/storefront"]));
    assert_eq!(
        statements(&world)["Logs"],
        json!(["arn:aws:logs:eu-west-1:222222222222:log-group:/landfall/storefront-web-production-prod-eu:*"])
    );

    world.what.images.values_mut().for_each(|image| image.repository = text("public.ecr.aws/nginx/nginx"));
    assert_eq!(statements(&world).keys().collect::<Vec<_>>(), ["Logs"]);

    let arn = "arn:aws:secretsmanager:eu-west-1:222222222222:secret:db-AbCdEf";
    let secret = |key: &str| table(&format!("secret = '{arn}'\nkey = '{key}'"));
    world.container().secrets = BTreeMap::from([
        ("A".to_owned(), secret("a")),
        ("B".to_owned(), secret("b")),
        ("C".to_owned(), table("parameter = '/c'")),
    ]);
    assert_eq!(statements(&world)["Secrets"], json!([arn]));
    world.container().log =
        Some(table("driver = 'splunk'\noptions = { splunk-token = 'x', splunk-url = 'https://x' }"));
    assert_eq!(statements(&world).keys().collect::<Vec<_>>(), ["Parameters", "Secrets"]);
    assert_eq!(world.template().pointer("/Resources/LogGroup"), None);
    assert_eq!(statements(&world)["Parameters"], json!(["arn:aws:ssm:eu-west-1:222222222222:parameter/c"]));
}

#[test]
fn a_secret_without_its_random_characters_is_named_with_a_pattern_for_them() {
    let begin = "arn:aws:secretsmanager:eu-west-1:222222222222:secret:";
    let cases = [
        ("db", "db-??????"),
        ("db-AbCdEf", "db-AbCdEf"),
        ("db-a1B2c3", "db-a1B2c3"),
        ("db/main-AbCdEf", "db/main-AbCdEf"),
        ("AbCdEf", "AbCdEf-??????"),
        ("db-AbCdE", "db-AbCdE-??????"),
        ("db-AbCdEfG", "db-AbCdEfG-??????"),
        ("db-Ab_dEf", "db-Ab_dEf-??????"),
        ("db-", "db--??????"),
    ];
    for (name, expected) in cases {
        let mut world = World::new().variable("name", name, Scope::default());
        let secret = table(&format!("secret = '{begin}#{{name}}'\nkey = 'password'"));
        world.container().secrets.insert("A".to_owned(), secret);
        assert_eq!(statements(&world)["Secrets"], json!([format!("{begin}{expected}")]));
        let read = world.template();
        let read = read.pointer("/Resources/TaskDefinition/Properties/ContainerDefinitions/0/Secrets/0/ValueFrom");
        assert_eq!(read, Some(&json!(format!("{begin}{name}:password::"))));
    }
}

#[test]
fn a_registry_that_only_a_value_tells_keeps_the_statements() {
    for (registry, expected) in [
        ("333333333333.dkr.ecr-fips.us-east-1.amazonaws.com", "arn:aws:ecr:us-east-1:333333333333:repository/x/y"),
        ("333333333333.dkr-ecr.eu-west-1.on.aws", "arn:aws:ecr:eu-west-1:333333333333:repository/x/y"),
        ("docker.io", "arn:aws:ecr:eu-west-1:222222222222:repository/x/y"),
    ] {
        let mut world = World::new().variable("registry", registry, Scope::default());
        world.what.images.values_mut().for_each(|image| image.repository = text("#{registry}/x/y"));
        assert_eq!(statements(&world)["Images"], json!([expected]));
    }
}

#[test]
fn every_limit_is_told() {
    let many = |count: usize, value: Value| {
        (0..count).map(|i| (format!("X{i}"), value.clone())).collect::<serde_json::Map<_, _>>()
    };
    let mut resources = many(500, json!({ "Type": "T" }));
    let long = json!({ "Type": "AWS::ECS::TaskDefinition", "Properties": { "Family": "x".repeat(65_534) } });
    resources.insert("Task".to_owned(), long);
    let document = Document::from_value(json!({
        "Resources": resources,
        "Parameters": many(201, json!({})),
        "Outputs": many(201, json!({})),
        "Mappings": many(201, json!({})),
    }))
    .unwrap();
    let parameters = BTreeMap::from([("P".to_owned(), ParameterValue::Value("x".repeat(4097)))]);
    let (stack, body, description) = ("s".repeat(129), "x".repeat(1_000_001), "d".repeat(1025));
    let found = limits::exceeded(&Measured {
        stack: &stack,
        document: &document,
        body: &body,
        description: &description,
        parameters: &parameters,
    });
    assert_eq!(
        found,
        [
            "the task definition `Task` has 65547 bytes, and ECS allows at most 65536",
            "the template has 1000001 bytes, and CloudFormation allows at most 1000000",
            "the template has 501 resources, and CloudFormation allows at most 500",
            "the template has 201 parameters, and CloudFormation allows at most 200",
            "the template has 201 outputs, and CloudFormation allows at most 200",
            "the template has 201 mappings, and CloudFormation allows at most 200",
            "the description has 1025 bytes, and CloudFormation allows at most 1024",
            "the stack's name has 129 characters, and CloudFormation allows at most 128",
            "the value of parameter `P` has 4097 bytes, and CloudFormation allows at most 4096",
        ]
    );
}

#[test]
fn the_body_carries_the_stamp_and_the_template_does_not() {
    let content = World::new().render().unwrap().content;
    assert_eq!(Document::parse(&content.template).unwrap().description(), None);
    let body = Document::parse(&body(&content)).unwrap();
    let stamp = Stamp::read(body.description().unwrap()).unwrap();
    assert_eq!((stamp.release.as_str(), stamp.content), ("1.4.0", content.hash));
    assert_eq!(body.with_description(None).canonical(), &*content.template);
}

/// Everything that a content hash covers, owned.
#[derive(Clone)]
struct Stack {
    place: Place,
    stack: StackName,
    document: Value,
    parameters: BTreeMap<String, ParameterValue>,
    tags: BTreeMap<String, String>,
    capabilities: Vec<Arc<str>>,
}

impl Stack {
    fn new() -> Self {
        Self {
            place: Place {
                account: AccountId::new("111111111111").unwrap(),
                region: Region::new("eu-west-1").unwrap(),
            },
            stack: StackName::seen("a"),
            document: json!({
                "Description": "d",
                "Transform": "T",
                "Parameters": { "P": { "Type": "String" } },
                "Mappings": { "M": { "a": { "b": "c" } } },
                "Conditions": { "C": { "Fn::Equals": ["a", "b"] } },
                "Resources": { "R": { "Type": "T", "Condition": "C", "Properties": { "a": { "Ref": "P" } } } },
                "Outputs": { "O": { "Value": { "Fn::FindInMap": ["M", "a", "b"] } } },
            }),
            parameters: BTreeMap::from([("P".to_owned(), ParameterValue::Value("v".to_owned()))]),
            tags: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
            capabilities: vec![Arc::from("CAPABILITY_IAM")],
        }
    }

    fn hash(&self) -> Hash {
        content_hash(&Covered {
            place: &self.place,
            stack: &self.stack,
            document: &Document::from_value(self.document.clone()).unwrap(),
            parameters: &self.parameters,
            tags: &self.tags,
            capabilities: &self.capabilities,
        })
    }
}

#[test]
fn every_covered_part_changes_the_hash() {
    fn output(stack: &str, output: &str) -> ParameterValue {
        ParameterValue::Output { stack: StackName::seen(stack), output: output.to_owned(), at: None }
    }
    let changes: &[(&str, ChangeOfStack)] = &[
        ("account", |s| s.place.account = AccountId::new("111111111112").unwrap()),
        ("region", |s| s.place.region = Region::new("eu-west-2").unwrap()),
        ("name", |s| s.stack = StackName::seen("b")),
        ("transform", |s| s.document["Transform"] = json!("T2")),
        ("resource", |s| s.document["Resources"]["R"]["Properties"]["a"] = json!("x")),
        ("resource's metadata", |s| s.document["Resources"]["R"]["Metadata"] = json!({})),
        ("another resource", |s| s.document["Resources"]["R2"] = json!({ "Type": "T" })),
        ("output", |s| s.document["Outputs"]["O"]["Value"] = json!("x")),
        ("parameter", |s| s.document["Parameters"]["P"]["Type"] = json!("Number")),
        ("mapping", |s| s.document["Mappings"]["M"]["a"]["b"] = json!("x")),
        ("condition", |s| s.document["Conditions"]["C"] = json!({ "Fn::Equals": ["a", "a"] })),
        ("parameter value", |s| drop(s.parameters.insert("P".to_owned(), ParameterValue::Value("w".to_owned())))),
        ("more parameters", |s| drop(s.parameters.insert("Q".to_owned(), ParameterValue::Value("v".to_owned())))),
        ("output reference", |s| drop(s.parameters.insert("P".to_owned(), output("v", "o")))),
        ("other output", |s| drop(s.parameters.insert("P".to_owned(), output("v", "o2")))),
        ("tag", |s| drop(s.tags.insert("k".to_owned(), "w".to_owned()))),
        ("more tags", |s| drop(s.tags.insert("l".to_owned(), "v".to_owned()))),
        ("capability", |s| s.capabilities.clear()),
    ];
    let mut seen = vec![("unchanged", Stack::new().hash())];
    for (name, change) in changes {
        let mut stack = Stack::new();
        change(&mut stack);
        let hash = stack.hash();
        let same = seen.iter().find(|(_, other)| *other == hash);
        assert!(same.is_none(), "{name} hashes like {same:?}");
        seen.push((name, hash));
    }
}

proptest! {
    #[test]
    fn neither_description_nor_order_changes_the_hash(description in any::<String>()) {
        let mut stack = Stack::new();
        stack.capabilities = vec![Arc::from("CAPABILITY_AUTO_EXPAND"), Arc::from("CAPABILITY_IAM")];
        let with_macro = stack.hash();
        stack.document["Description"] = json!(description);
        prop_assert_eq!(stack.hash(), with_macro, "the one thing that no macro reads");
        stack.document.as_object_mut().unwrap().shift_remove("Transform");
        let before = stack.hash();
        stack.document["Metadata"] = json!({ "note": description });
        stack.capabilities.reverse();
        prop_assert_eq!(stack.hash(), before);
        stack.document.as_object_mut().unwrap().shift_remove("Description");
        prop_assert_eq!(stack.hash(), before);
    }

    #[test]
    fn any_value_in_a_resource_changes_the_hash(value in any::<String>()) {
        let mut stack = Stack::new();
        let before = stack.hash();
        stack.document["Resources"]["R"]["Properties"]["b"] = json!(value);
        prop_assert_ne!(stack.hash(), before);
    }
}

#[test]
fn the_hash_can_be_computed_again_from_what_is_deployed() {
    let world = World::new();
    let rendered = world.render().unwrap();
    let deployed = Document::parse(&body(&rendered.content)).unwrap();
    let again = content_hash(&Covered {
        place: &world.target.place,
        stack: &rendered.stack,
        document: &deployed,
        parameters: &BTreeMap::new(),
        tags: &rendered.content.tags,
        capabilities: &capabilities(&deployed),
    });
    assert_eq!(again, rendered.content.hash);
}

#[test]
fn another_release_with_the_same_images_has_the_same_hash() {
    let mut world = World::new();
    let before = world.render().unwrap().content;
    world.release.name = "1.4.1".parse().unwrap();
    let after = world.render().unwrap().content;
    assert_eq!((before.hash, &before.template), (after.hash, &after.template));
    assert_ne!(before.description, after.description);
}

#[test]
fn capabilities_follow_from_the_document() {
    let of = |value: Value| {
        let found = capabilities(&Document::from_value(value).unwrap());
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let role =
        |properties: Value| json!({ "Resources": { "R": { "Type": "AWS::IAM::Role", "Properties": properties } } });
    assert_eq!(of(json!({ "Resources": {} })), "");
    assert_eq!(of(role(json!({}))), "CAPABILITY_IAM");
    assert_eq!(of(role(json!({ "RoleName": "x" }))), "CAPABILITY_NAMED_IAM");
    assert_eq!(of(json!({ "Transform": "T", "Resources": {} })), "CAPABILITY_AUTO_EXPAND");
}

#[test]
fn a_cache_renders_what_is_new_and_forgets_what_is_old() {
    let mut cache = Cache::default();
    let (a, mut b) = (World::new(), World::new());
    b.environment.name = "test".parse().unwrap();
    let first = cache.render(&a.context());
    assert_eq!(first.as_ref(), &a.render());
    cache.render(&b.context());
    assert!(Arc::ptr_eq(&first, &cache.render(&a.context())));
    assert_eq!(cache.counts(), Counts { rendered: 2, reused: 1 });
    cache.next_round();
    assert!(Arc::ptr_eq(&first, &cache.render(&a.context())));
    cache.next_round();
    assert_eq!(cache.len(), 1, "only what the last round used is left");
    cache.render(&b.context());
    assert_eq!(cache.counts(), Counts { rendered: 3, reused: 2 });
}

/// The first value of the tenant's file.
fn tenant_value(world: &mut World) -> &mut TenantValue {
    &mut world.tenant.as_mut().unwrap().variables[0]
}

#[test]
fn what_a_render_does_not_read_of_a_tenant_is_not_in_the_key() {
    let world = World::new().tenant(&["ring/early"]).declare("api", None).tenant_value("api", "acme", None, &[]);
    let changes: &[(&str, Change)] = &[
        ("what it is connected to", |w| {
            let projects = &mut w.tenant.as_mut().unwrap().projects;
            projects.insert("storefront".parse().unwrap(), BTreeSet::from(["test".parse().unwrap()]));
        }),
        ("a value that nothing asks for", |w| *w = w.clone().tenant_value("more", "x", None, &[])),
        ("a value for another project", |w| *w = w.clone().tenant_value("api", "x", Some("billing"), &[])),
        ("a new tenant", |w| {
            w.names.tenants.insert("globex".parse().unwrap());
        }),
    ];
    for (name, change) in changes {
        let mut other = world.clone();
        change(&mut other);
        assert_eq!(key(&other.context()), key(&world.context()), "{name}");
        assert_eq!(other.render(), world.render(), "{name}");
    }
}

#[test]
fn everything_that_a_render_reads_is_in_the_key_of_the_cache() {
    let changes: &[(&str, Change)] = &[
        ("repository", |w| w.repository = Id::new("other").unwrap()),
        ("project name", |w| w.project.name = "other".parse().unwrap()),
        ("project id", |w| w.project.id = Id::new("other").unwrap()),
        ("deadline", |w| w.project.deadline = jiff::SignedDuration::from_mins(5)),
        ("release name", |w| w.release.name = "2".parse().unwrap()),
        ("format", |w| w.release.format = 7),
        ("channel", |w| w.release.channel = "beta".parse().unwrap()),
        ("tag", |w| w.release.images.values_mut().for_each(|pin| pin.tag = Arc::from("x"))),
        ("digest", |w| w.release.images.values_mut().for_each(|pin| pin.digest = None)),
        ("platform", |w| {
            let platforms = BTreeMap::from([(Arc::from("linux/arm64"), Arc::from("sha256:0"))]);
            w.release.images.values_mut().for_each(|pin| pin.platforms = platforms.clone());
        }),
        ("images", |w| w.release.images.clear()),
        ("inputs", |w| w.what.inputs = Hash::of(b"other")),
        ("step", |w| w.step.name = "other".parse().unwrap()),
        ("environment name", |w| w.environment.name = "other".parse().unwrap()),
        ("environment id", |w| w.environment.id = Id::new("other").unwrap()),
        ("protected", |w| w.environment.protected = false),
        ("target name", |w| w.target.name = "other".parse().unwrap()),
        ("target id", |w| w.target.id = Id::new("other").unwrap()),
        ("account name", |w| w.target.account = "other".parse().unwrap()),
        ("account", |w| w.target.place.account = AccountId::new("333333333333").unwrap()),
        ("region", |w| w.target.place.region = Region::new("us-east-1").unwrap()),
        ("cluster", |w| w.target.cluster = Arc::from("other")),
        ("bucket", |w| w.target.template_bucket = Some(BucketName::new("other").unwrap())),
        ("subnets", |w| w.target.network.subnets.truncate(1)),
        ("groups", |w| w.target.network.security_groups.clear()),
        ("public address", |w| w.target.network.public_ip = true),
        ("no tenant", |w| w.tenant = None),
        ("tenant name", |w| w.tenant.as_mut().unwrap().name = "other".parse().unwrap()),
        ("tenant id", |w| w.tenant.as_mut().unwrap().id = Id::new("other").unwrap()),
        ("tenant file", |w| w.tenant.as_mut().unwrap().at.file = Arc::from("tenants/other.toml")),
        ("tenant tags", |w| w.tenant.as_mut().unwrap().tags.clear()),
        ("tenant value", |w| tenant_value(w).value = Written::Text(text("other"))),
        ("tenant list", |w| tenant_value(w).value = Written::List(texts(&["acme"]))),
        ("tenant value's kind", |w| tenant_value(w).kind = ValueKind::Number),
        ("tenant value's project", |w| tenant_value(w).project = Some("storefront".parse().unwrap())),
        ("tenant value's environments", |w| {
            tenant_value(w).environments.insert("production".parse().unwrap());
        }),
        ("tenant value's place", |w| tenant_value(w).at.line = 99),
        ("another tenant value", |w| *w = w.clone().tenant_value("api", "more", None, &["test"])),
        ("snapshot", |w| w.snapshot().commit = Some(CommitId("0".repeat(40)))),
        ("a name that is gone", |w| {
            w.names.targets.remove("other");
        }),
    ];
    let tenanted = || {
        let world = World::new().tenant(&["ring/early"]).declare("api", None).environment("API", "#{api}");
        let mut world = world.tenant_value("api", "acme", None, &[]);
        // A value for a target that the head has, in a snapshot that had none of today's.
        let scope = Scope { targets: ["other".parse().unwrap()].into(), ..Scope::default() };
        world = world.variable("api", "elsewhere", scope);
        world.snapshot().names = Arc::default();
        world
    };
    let mut cache = Cache::default();
    cache.render(&tenanted().context());
    for (name, change) in changes {
        let mut world = tenanted();
        change(&mut world);
        let before = cache.counts().rendered;
        let outcome = cache.render(&world.context());
        assert_eq!(cache.counts().rendered, before + 1, "{name}");
        assert_eq!(outcome.as_ref(), &world.render(), "{name}");
    }
}

#[test]
fn a_second_container_is_proved_too() {
    let mut world = World::new();
    let side = Container { port: None, ..container("side", "web") };
    world.service().task.container.push(side.into());
    assert_eq!(world.render().unwrap().content.images.len(), 2);
}
