//! What the files say: serde types that mirror them, and nothing else. Tables of a step that read the same everywhere are types of the
//! model ([`Value`](crate::model::process::Value)).
//!
//! One type per kind of file. A value keeps its bytes in the file ([`At`]) until its problems have been reported. The JSON
//! Schemas for editors come from the same types ([`schemas`]), and the loader checks every file against them ([`walk`])
//! before serde reads it, so that all unknown keys and wrong types of a file are reported at once. What the values *mean*
//! is not known here: see `build/` and `check/`.

use std::ops::Range;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

pub mod accept;
pub mod channel;
pub mod freeze;
pub mod lifecycle;
pub mod place;
pub mod process;
pub mod project;
pub mod release;
pub mod root;
pub mod tenant;
pub mod values;
pub mod variables;
pub mod walk;

pub use freeze::FreezeFile;
pub use lifecycle::LifecycleFile;
pub use place::{EnvironmentFile, TargetFile};
pub use process::ProcessFile;
pub use project::{DeployFile, ProjectFile};
pub use release::ReleaseFile;
pub use root::RootFile;
pub use tenant::TenantFile;
pub use variables::VariablesFile;

/// A value with its bytes in the file.
#[derive(Clone, Debug)]
pub struct At<T>(toml::Spanned<T>);

impl<T> At<T> {
    /// A value that is written at these bytes.
    pub(crate) fn new(span: Range<usize>, value: T) -> Self {
        Self(toml::Spanned::new(span, value))
    }

    /// Where it is written, in bytes.
    pub fn span(&self) -> Range<usize> {
        self.0.span()
    }
}

/// What a key that is not written says; it has no bytes.
impl<T: Default> Default for At<T> {
    fn default() -> Self {
        Self(toml::Spanned::new(0..0, T::default()))
    }
}

impl<T> std::ops::Deref for At<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0.get_ref()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        toml::Spanned::<T>::deserialize(deserializer).map(Self)
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

/// A kind of file in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `landfall.toml`.
    Root,
    /// `environments/*.toml`.
    Environment,
    /// `targets/*.toml`.
    Target,
    /// `tenants/*.toml`.
    Tenant,
    /// `freezes/*.toml`.
    Freeze,
    /// `lifecycles/*.toml`.
    Lifecycle,
    /// `variables/*.toml` and a project's `variables.toml`.
    Variables,
    /// `project.toml`.
    Project,
    /// `process.toml`.
    Process,
    /// `releases/*.toml`.
    Release,
    /// `deploy/*.toml`.
    Deploy,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 11] = [
        Kind::Root,
        Kind::Environment,
        Kind::Target,
        Kind::Tenant,
        Kind::Freeze,
        Kind::Lifecycle,
        Kind::Variables,
        Kind::Project,
        Kind::Process,
        Kind::Release,
        Kind::Deploy,
    ];

    /// The name of its schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Root => "landfall",
            Kind::Environment => "environment",
            Kind::Target => "target",
            Kind::Tenant => "tenant",
            Kind::Freeze => "freeze",
            Kind::Lifecycle => "lifecycle",
            Kind::Variables => "variables",
            Kind::Project => "project",
            Kind::Process => "process",
            Kind::Release => "release",
            Kind::Deploy => "deploy",
        }
    }

    /// The JSON Schema that its files follow.
    pub fn schema(self) -> &'static serde_json::Value {
        static SCHEMAS: [OnceLock<serde_json::Value>; Kind::ALL.len()] = [const { OnceLock::new() }; Kind::ALL.len()];
        static NOTHING: serde_json::Value = serde_json::Value::Null;
        // Each by itself: a command that reads few files needs few.
        SCHEMAS.get(self as usize).map_or(&NOTHING, |schema| schema.get_or_init(|| generate(self)))
    }
}

/// The JSON Schemas of every kind of file, by name: what `.schemas/<name>.json` in a repository holds.
pub fn schemas() -> Vec<(&'static str, serde_json::Value)> {
    Kind::ALL.into_iter().map(|kind| (kind.as_str(), kind.schema().clone())).collect()
}

fn generate(kind: Kind) -> serde_json::Value {
    // Draft 7 is what the TOML editors read. Inlined, so that a reader follows no references.
    let settings = schemars::generate::SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let generator = settings.into_generator();
    let schema = match kind {
        Kind::Root => generator.into_root_schema_for::<RootFile>(),
        Kind::Environment => generator.into_root_schema_for::<EnvironmentFile>(),
        Kind::Target => generator.into_root_schema_for::<TargetFile>(),
        Kind::Tenant => generator.into_root_schema_for::<TenantFile>(),
        Kind::Freeze => generator.into_root_schema_for::<FreezeFile>(),
        Kind::Lifecycle => generator.into_root_schema_for::<LifecycleFile>(),
        Kind::Variables => generator.into_root_schema_for::<VariablesFile>(),
        Kind::Project => generator.into_root_schema_for::<ProjectFile>(),
        Kind::Process => generator.into_root_schema_for::<ProcessFile>(),
        Kind::Release => generator.into_root_schema_for::<ReleaseFile>(),
        Kind::Deploy => generator.into_root_schema_for::<DeployFile>(),
    };
    let mut schema = schema.to_value();
    if let (Kind::Process, Some(step)) = (kind, schema.pointer_mut("/properties/step/items")) {
        *step = process::steps::flat();
    }
    without_null(&mut schema);
    schema
}

/// Takes `null` out of a schema: TOML has none, so an optional key is one that may be absent.
fn without_null(schema: &mut serde_json::Value) {
    use serde_json::Value;
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(values)) = object.get_mut("enum") {
                values.retain(|value| !value.is_null());
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    for (key, value) in only {
                        object.entry(key).or_insert(value);
                    }
                }
            }
            if object.get("default").is_some_and(Value::is_null) {
                object.remove("default");
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}
