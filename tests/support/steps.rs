//! The golden steps: steps as people write them, in `tests/template/steps`, and the small repository that they are read in.
//!
//! A file holds what follows `[[step]]`: its keys without `name`, `kind` and `role`, which are `web`, `ecs-service` and
//! `web` unless it says them, and further `[[step]]` if it has any. Files that a step refers to are in `steps/templates`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use landfall::load::{Loader, Source};
use landfall::model::{Catalog, Names, Step, Target};
use landfall::problem::Level;
use landfall::template::{Context, RenderProblem, Rendered, applies, render};
use landfall::tree::memory::MemoryHistory;
use landfall::view;

const TARGET: &str = "kind = \"ecs-cluster\"\nenvironments = [\"production\", \"staging\"]\naccount = \"main\"\nregion = \
                      \"eu-west-1\"\ncluster = \"main\"\ntenant_tags = [\"ring/early\", \"ring/late\"]\n";
const NETWORK: &str =
    "[network]\nsubnets = [\"subnet-0a0a0a0a\", \"subnet-0b0b0b0b\"]\nsecurity_groups = [\"sg-0a0a0a0a\"]\n";
const CONNECTED: &str = "[projects.shop]\nenvironments = [\"production\", \"staging\"]\n";
const RELEASE: &str = "[images]\nweb = { tag = \"1.0.0\" }\nlogs = { tag = \"3.2\" }\nproxy = { tag = \"1.27\" }\n";
const VARIABLES: &str = "[[variable]]\nname = \"level\"\nvalue = \"info\"\n[[variable]]\nname = \"secret\"\nvalue = \
                         \"arn:aws:secretsmanager:eu-west-1:111111111111:secret:shop-AbCdEf\"\n[[variable]]\nname = \
                         \"bucket\"\nvalue = \"arn:aws:s3:::shop-files\"\n[[variable]]\nname = \"mib\"\nvalue = 1024\n[[variable]]\nname = \
                         \"mib\"\nvalue = 2048\nscope = { environment = \"production\" }\n[[variable]]\nname = \"tasks\"\nvalue = \
                         1\n[[variable]]\nname = \"tasks\"\nvalue = 3\nscope = { environment = \"production\" \
                         }\n[[variable]]\nname = \"live\"\nvalue = false\n[[variable]]\nname = \"live\"\nvalue = \
                         true\nscope = { environment = \"production\" }\n[[variable]]\nname = \"tried\"\nvalue = \
                         true\n[[variable]]\nname = \"tried\"\nvalue = false\nscope = { environment = \"production\" }\n\
                         [[variable]]\nname = \"scheme\"\nvalue = \"internal\"\n[[variable]]\nname = \
                         \"scheme\"\nvalue = \"internet-facing\"\nscope = { environment = \"production\" }\n";

/// Two of everything that a step can be limited to: targets, environments, channels, tenants.
fn repository(format: u32) -> BTreeMap<String, String> {
    let release = |channel: &str| format!("format = {format}\nchannel = \"{channel}\"\n{RELEASE}");
    let tenant = |tag: &str| format!("tags = [\"{tag}\"]\n{CONNECTED}");
    let target = |more: &str| format!("{TARGET}{more}{NETWORK}");
    let phases = "[[phase]]\nname = \"All\"\nautomatic = [\"production\", \"staging\"]\n";
    let files = [
        (
            "landfall.toml",
            "id = \"base\"\n[accounts.main]\nid = \"111111111111\"\n[tag_sets]\nring = [\"early\", \"late\"]\n"
                .to_owned(),
        ),
        ("environments/production.toml", "order = 2\n".to_owned()),
        ("environments/staging.toml", "order = 1\n".to_owned()),
        // For slots without a tenant, and for those with one.
        (
            "targets/main.toml",
            target("roles = [\"web\"]\n").replace("tenant_tags = [\"ring/early\", \"ring/late\"]\n", ""),
        ),
        (
            "targets/second.toml",
            target("roles = [\"other\"]\n").replace("tenant_tags = [\"ring/early\", \"ring/late\"]\n", ""),
        ),
        ("targets/tenants.toml", target("roles = [\"web\"]\n")),
        ("tenants/acme.toml", tenant("ring/early")),
        ("tenants/globex.toml", tenant("ring/late")),
        ("lifecycles/standard.toml", phases.to_owned()),
        (
            "projects/shop/project.toml",
            "lifecycle = \"standard\"\ntenancy = \"both\"\n[channels.default]\n[channels.hotfix]\n".to_owned(),
        ),
        ("projects/shop/variables.toml", VARIABLES.to_owned()),
        ("projects/shop/releases/1.0.0.toml", release("default")),
        ("projects/shop/releases/1.0.1.toml", release("hotfix")),
        ("projects/shop/deploy/production.toml", "release = \"1.0.0\"\n".to_owned()),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect()
}

thread_local! {
    /// What was read before: it changes nothing but the time that a test takes.
    static LOADER: RefCell<Loader> = RefCell::new(Loader::new());
}

const IMAGES: &str = "[images.web]\nrepository = \"111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop\"\n[images.logs]\n\
                      repository = \"public.ecr.aws/aws-observability/aws-for-fluent-bit\"\n[images.proxy]\nrepository = \
                      \"public.ecr.aws/nginx/nginx\"\n";
/// The keys that a file need not say.
const SAID: [(&str, &str); 3] = [("name", "web"), ("kind", "ecs-service"), ("role", "web")];

/// A file below `tests/template`.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template").join(name)
}

/// Every golden step as the text of its `process.toml`, by the name of its file.
pub(crate) fn golden() -> BTreeMap<String, String> {
    let files = std::fs::read_dir(folder("steps")).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, process(&std::fs::read_to_string(&path).unwrap()))
        })
        .collect()
}

/// `process.toml` around the keys of a step.
pub(crate) fn process(step: &str) -> String {
    let own: Vec<&str> = step.lines().take_while(|line| !line.starts_with('[')).collect();
    let says = |key: &str| own.iter().any(|line| line.split('=').next().is_some_and(|it| it.trim() == key));
    let said = SAID.iter().filter(|(key, _)| !says(key)).map(|(key, value)| format!("{key} = \"{value}\"\n"));
    format!("{IMAGES}[[step]]\n{}{step}", said.collect::<String>())
}

/// A repository with one process, read.
pub(crate) struct Read {
    pub(crate) catalog: Catalog,
    /// Errors as a terminal shows them; empty if there are none.
    pub(crate) problems: String,
}

/// The files of `steps/templates` that a process names, by their path in the repository.
fn templates(process: &str) -> Vec<(String, String)> {
    fn collect(dir: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { collect(&path, out) } else { out.push(path) }
        }
    }
    let root = folder("steps/templates");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    let named = paths.into_iter().filter_map(|path| {
        let name = path.strip_prefix(&root).ok()?.to_str()?.to_owned();
        let text = process.contains(&format!("\"{name}\"")).then(|| std::fs::read_to_string(&path).unwrap())?;
        Some((format!("projects/shop/templates/{name}"), text))
    });
    named.collect()
}

/// The files of the repository around this `process.toml`.
pub(crate) fn files(process: &str) -> BTreeMap<String, String> {
    let own = [("projects/shop/process.toml".to_owned(), process.to_owned())];
    repository(1).into_iter().chain(own).chain(templates(process)).collect()
}

/// The repository around this `process.toml`, with a release of this format.
pub(crate) fn read_format(process: &str, format: u32) -> Read {
    read_with(process, format, templates(process))
}

/// The same with other files instead of the templates that are named.
pub(crate) fn read_with(process: &str, format: u32, others: impl IntoIterator<Item = (String, String)>) -> Read {
    let mut files = repository(format);
    files.insert("projects/shop/process.toml".to_owned(), process.to_owned());
    files.extend(others);
    let mut history = MemoryHistory::new();
    let tree = history.tree_of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let source = Source { tree: &tree, blobs: &history, commit: None, history: None, facts: None };
    let loaded = LOADER.with_borrow_mut(|loader| loader.load(&source)).unwrap();
    // A warning holds nothing.
    let errors: Vec<_> = loaded.problems.into_iter().filter(|problem| problem.level == Level::Error).collect();
    let problems = if errors.is_empty() { String::new() } else { view::problems::terminal(&errors, false) };
    Read { catalog: loaded.catalog, problems }
}

/// The repository around this `process.toml`.
pub(crate) fn read(process: &str) -> Read {
    read_format(process, 1)
}

impl Read {
    /// The steps of the release.
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        let what = &self.catalog.projects["shop"].releases["1.0.0"].snapshot.as_ref().unwrap().what;
        what.steps.iter().map(|step| &**step)
    }

    /// Everywhere that a stack could be: releases, environments, tenants and targets. The plain one comes first.
    fn contexts<'a>(&'a self, step: &'a Step, names: &'a Names) -> Vec<Context<'a>> {
        let catalog = &self.catalog;
        let project = &catalog.projects["shop"];
        let tenants = || std::iter::once(None).chain(catalog.tenants.values().map(Some));
        let mut contexts = Vec::new();
        for release in project.releases.values() {
            for environment in catalog.environments.values() {
                for tenant in tenants() {
                    let fits = |target: &&std::sync::Arc<Target>| {
                        target.roles.contains(&step.role) && target.tenants.is_empty() == tenant.is_none()
                    };
                    let what = &release.snapshot.as_ref().unwrap().what;
                    contexts.extend(catalog.targets.values().filter(fits).map(|target| Context {
                        repository: catalog.repository.as_ref().unwrap(),
                        project,
                        release,
                        what,
                        environment,
                        target,
                        step,
                        tenant: tenant.map(|tenant| &**tenant),
                        names,
                        catalog,
                    }));
                }
            }
        }
        contexts.retain(applies);
        contexts
    }

    /// What a step becomes where it becomes something first.
    pub(crate) fn render(&self, step: &Step) -> Result<Rendered, Vec<RenderProblem>> {
        let names = Names::of(&self.catalog);
        let contexts = self.contexts(step, &names);
        render(contexts.first().unwrap_or_else(|| panic!("step `{}` has no stack anywhere", step.name)))
    }

    /// What a step becomes everywhere.
    pub(crate) fn render_all(&self, step: &Step) -> Vec<Rendered> {
        let names = Names::of(&self.catalog);
        self.contexts(step, &names).iter().map(|context| render(context).unwrap()).collect()
    }

    /// Where a step has stacks, a text each.
    pub(crate) fn places(&self, step: &Step) -> Vec<String> {
        let names = Names::of(&self.catalog);
        let place = |context: &Context<'_>| {
            let tenant = context.tenant.map_or("nobody", |tenant| tenant.name.as_str());
            let (environment, target) = (&context.environment.name, &context.target.name);
            format!("{} {environment} {tenant} {target}", context.release.name)
        };
        self.contexts(step, &names).iter().map(place).collect()
    }
}

/// A stack of a golden step.
pub(crate) struct Golden {
    /// `kind` of the step.
    pub(crate) kind: String,
    /// What the step becomes.
    pub(crate) rendered: Rendered,
}

/// Every stack of every golden step, by the name of its golden file: `<kind>/<file>`, and where a file has several steps,
/// `<kind>/<file>.<step>`.
pub(crate) fn rendered() -> BTreeMap<String, Golden> {
    let mut all = BTreeMap::new();
    for (file, process) in golden() {
        let read = read(&process);
        assert_eq!(read.problems, "", "steps/{file}.toml");
        let written: toml::Value = toml::from_str(&process).unwrap();
        let several = read.steps().count() > 1;
        for (index, step) in read.steps().enumerate() {
            let rendered = read.render(step).unwrap_or_else(|problems| panic!("steps/{file}.toml: {problems:#?}"));
            let kind = written["step"][index]["kind"].as_str().unwrap().to_owned();
            let name = if several { format!("{kind}/{file}.{}", step.name) } else { format!("{kind}/{file}") };
            // The names of steps with the same name end with the environment.
            let name = match (step.only.environments.first(), all.contains_key(&name)) {
                (Some(environment), true) => format!("{name}.{environment}"),
                _ => name,
            };
            assert!(
                all.insert(name, Golden { kind, rendered }).is_none(),
                "steps/{file}.toml: two steps {}",
                step.name
            );
        }
    }
    all
}
