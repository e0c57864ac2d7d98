//! A repository with as many stacks as asked for, in git, and the way from its commits to a plan. Shared with `benches/`.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use landfall::git::{Author, Change, Mirror, Remote, Writer};
use landfall::load::{Loader, Source};
use landfall::model::{Facts, Observed};
use landfall::plan::{Input, Planned};
use landfall::template::Cache;
use landfall::tree::{Blobs, History};

/// Projects with one step and three environments each: an automatic one and two that are entered by hand but pinned.
pub(crate) struct Many {
    writer: Writer,
    mirror: Mirror,
    loader: Loader,
    cache: Cache,
}

/// What one commit cost, in things that were done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Contents read from git.
    pub(crate) blobs: u64,
    /// Files parsed.
    pub(crate) parsed: u64,
    /// Sets of process and variables built.
    pub(crate) whats: u64,
    /// Stacks rendered.
    pub(crate) rendered: u64,
}

const ENVIRONMENTS: [&str; 2] = ["development", "production"];

fn release(tag: &str) -> String {
    format!("format = 1\nchannel = \"default\"\n[images.web]\ntag = \"{tag}\"\n")
}

fn files(stacks: usize) -> Vec<(String, String)> {
    let mut files =
        vec![("landfall.toml".to_owned(), "id = \"many\"\n[accounts.main]\nid = \"111111111111\"\n".to_owned())];
    for (order, environment) in ENVIRONMENTS.iter().enumerate() {
        files.push((format!("environments/{environment}.toml"), format!("order = {order}\n")));
        files.push((
            format!("targets/{environment}.toml"),
            format!(
                "kind = \"ecs-cluster\"\nenvironments = [\"{environment}\"]\nroles = [\"web\"]\naccount = \"main\"\n\
                 region = \"eu-west-1\"\ncluster = \"{environment}\"\n[network]\nsubnets = [\"subnet-0a0a0a0a\"]\n\
                 security_groups = [\"sg-0a0a0a0a\"]\n"
            ),
        ));
    }
    for number in 0..stacks / ENVIRONMENTS.len() {
        let folder = format!("projects/p{number}");
        files.push((format!("{folder}/project.toml"), String::new()));
        files.push((
            format!("{folder}/process.toml"),
            format!(
                "[images.web]\nrepository = \"registry.example.com/p{number}\"\n[[step]]\nname = \"web\"\n\
                 kind = \"ecs-service\"\nrole = \"web\"\ncpu = 256\nmemory = 512\n[[step.container]]\nname = \"app\"\n\
                 image = \"web\"\nport = 8080\nenvironment = {{ GREETING = \"#{{greeting}}\" }}\n"
            ),
        ));
        files.push((
            format!("{folder}/variables.toml"),
            "[[variable]]\nname = \"greeting\"\nvalue = \"Hello from #{environment.name}\"\n".to_owned(),
        ));
        files.push((format!("{folder}/releases/1.0.0.toml"), release("1.0.0")));
        files.push((format!("{folder}/deploy/production.toml"), "release = \"1.0.0\"\n".to_owned()));
    }
    files
}

/// Makes a bare repository with one commit, by `git fast-import`: one pack instead of a file for every object.
fn import(repository: &Path, files: &[(String, String)]) {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(arguments).env("GIT_DIR", repository).env("GIT_CONFIG_GLOBAL", "/dev/null");
        git.stdout(Stdio::null());
        git
    };
    assert!(git(&["init", "--quiet", "--bare", "--initial-branch=main"]).status().unwrap().success());
    let mut importing = git(&["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut pipe = BufWriter::new(importing.stdin.take().unwrap());
    let data = |text: &str| format!("data {}\n{text}\n", text.len());
    let who = "committer landfall <landfall@example.com> 1800000000 +0000";
    write!(pipe, "commit refs/heads/main\n{who}\n{}", data("Many stacks")).unwrap();
    for (path, text) in files {
        write!(pipe, "M 100644 inline {path}\n{}", data(text)).unwrap();
    }
    drop(pipe);
    assert!(importing.wait().unwrap().success());
}

impl Many {
    /// A repository with this many stacks in a folder, and a mirror of it; nothing is read yet.
    pub(crate) fn new(dir: &Path, stacks: usize) -> Self {
        let repository = dir.join("repository");
        import(&repository, &files(stacks));
        let writer = Writer::open(&repository).unwrap();
        let mut remote = Remote::new(repository.to_str().unwrap());
        remote.branch = Some("main".to_owned());
        let mirror = Mirror::open(&dir.join("mirror"), remote).unwrap();
        Self { writer, mirror, loader: Loader::new(), cache: Cache::default() }
    }

    /// Commits files.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) {
        let changes: Vec<Change<'_>> =
            files.iter().map(|(path, text)| Change { path, content: Some(text.as_bytes()) }).collect();
        let author = Author {
            name: "landfall".to_owned(),
            email: "landfall@example.com".to_owned(),
            time: Timestamp::from_second(1_800_000_000).unwrap(),
        };
        self.writer.commit("main", &changes, &author, "A change").unwrap();
    }

    /// Commits release 1.1.0 of one project.
    pub(crate) fn commit_release(&self, project: usize) {
        self.commit(&[(&format!("projects/p{project}/releases/1.1.0.toml"), &release("1.1.0"))]);
    }

    /// What was done so far.
    pub(crate) fn done(&self) -> Cost {
        let counts = self.loader.counts();
        Cost {
            blobs: self.mirror.counts().blobs,
            parsed: counts.files_parsed,
            whats: counts.whats_built,
            rendered: self.cache.counts().rendered,
        }
    }

    /// Tree objects read so far.
    pub(crate) fn trees(&self) -> u64 {
        let counts = self.mirror.counts();
        counts.trees + counts.walked
    }

    /// Polls without news.
    pub(crate) fn idle_poll(&self) {
        assert!(!self.mirror.poll().unwrap().moved);
    }

    /// From the newest commit to the plan.
    pub(crate) fn plan(&mut self) -> Planned {
        let head = self.mirror.poll().unwrap().head;
        let tree = self.mirror.tree(&head).unwrap();
        let (blobs, history): (&dyn Blobs, &dyn History) = (&self.mirror, &self.mirror);
        let source = Source { tree: &tree, blobs, commit: Some(&head), history: Some(history), facts: None };
        let loaded = self.loader.load(&source).unwrap();
        assert!(!loaded.has_errors(), "{:#?}", loaded.problems);
        let now = Timestamp::from_second(1_800_000_100).unwrap();
        let observed = Observed {
            places: loaded
                .catalog
                .places()
                .into_keys()
                .map(|place| {
                    (place, landfall::model::observed::PlaceSeen::Seen { at: now, stacks: Default::default() })
                })
                .collect(),
        };
        self.cache.next_round();
        let input = Input { catalog: &loaded.catalog, facts: &Facts::default(), observed: &observed, now };
        landfall::plan::plan(&input, &mut self.cache)
    }
}
