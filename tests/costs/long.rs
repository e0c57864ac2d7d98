//! A repository with a long history, in git: every release landed in a commit of its own. Shared with `benches/`.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};

/// What is made: three environments, of which the last is in two regions, so each project has four stacks.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) projects: usize,
    /// Of each project, landed one after the other.
    pub(crate) releases: usize,
    /// Commits that change pins, after the releases.
    pub(crate) pins: usize,
}

const PLACES: [(&str, &str, &str); 4] = [
    ("development", "development", "eu-west-1"),
    ("test", "test", "eu-west-1"),
    ("production", "production-eu", "eu-west-1"),
    ("production", "production-us", "us-east-1"),
];

/// A bare repository in a folder; `main~1` to `main` is a pin of one project. Returns where it is.
pub(crate) fn make(dir: &Path, shape: Shape) -> PathBuf {
    let repository = dir.join("repository");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(arguments).env("GIT_DIR", &repository).env("GIT_CONFIG_GLOBAL", "/dev/null").stdout(Stdio::null());
        git
    };
    assert!(git(&["init", "--quiet", "--bare", "--initial-branch=main"]).status().unwrap().success());
    let mut importing = git(&["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut commits = Commits { pipe: BufWriter::new(importing.stdin.take().unwrap()), made: 0 };
    commits.add(&beginning(shape.projects));
    for release in 0..shape.releases {
        for project in 0..shape.projects {
            let path = format!("projects/p{project}/releases/1.{release}.0.toml");
            commits.add(&[(path, format!("format = 1\n[images.web]\ntag = \"1.{release}.0\"\n# p{project}\n"))]);
        }
    }
    for pin in 0..shape.pins {
        let (project, round) = (pin % shape.projects, pin / shape.projects % shape.releases);
        let pins = ["test", "production"].map(|environment| {
            (format!("projects/p{project}/deploy/{environment}.toml"), format!("release = \"1.{round}.0\"\n# {pin}\n"))
        });
        commits.add(&pins);
    }
    let last = shape.releases - 1;
    commits.add(&[("projects/p3/deploy/production.toml".to_owned(), format!("release = \"1.{last}.0\"\n"))]);
    drop(commits);
    assert!(importing.wait().unwrap().success());
    repository
}

fn beginning(projects: usize) -> Vec<(String, String)> {
    let root = "id = \"long\"\n[accounts.main]\nid = \"111111111111\"\n".to_owned();
    let mut files = vec![("landfall.toml".to_owned(), root)];
    for (order, environment) in ["development", "test", "production"].iter().enumerate() {
        files.push((format!("environments/{environment}.toml"), format!("order = {order}\n")));
    }
    for (environment, target, region) in PLACES {
        let text = format!(
            "kind = \"ecs-cluster\"\nenvironments = [\"{environment}\"]\nroles = [\"web\"]\naccount = \"main\"\n\
             region = \"{region}\"\ncluster = \"{target}\"\n[network]\nsubnets = [\"subnet-0a0a0a0a\"]\n\
             security_groups = [\"sg-0a0a0a0a\"]\n"
        );
        files.push((format!("targets/{target}.toml"), text));
    }
    for project in 0..projects {
        let folder = format!("projects/p{project}");
        let process = format!(
            "[images.web]\nrepository = \"registry.example.com/p{project}\"\n[[step]]\nname = \"web\"\n\
             kind = \"ecs-service\"\nrole = \"web\"\ncpu = 256\nmemory = 512\n[[step.container]]\nname = \"app\"\n\
             image = \"web\"\nport = 8080\nenvironment = {{ GREETING = \"#{{greeting}}\" }}\n"
        );
        let variables = "[[variable]]\nname = \"greeting\"\nvalue = \"Hello from #{environment.name}\"\n".to_owned();
        files.push((format!("{folder}/project.toml"), String::new()));
        files.push((format!("{folder}/process.toml"), process));
        files.push((format!("{folder}/variables.toml"), variables));
    }
    files
}

/// Commits to `main`, on their way to `git fast-import`.
struct Commits {
    pipe: BufWriter<ChildStdin>,
    made: u64,
}

impl Commits {
    fn add(&mut self, files: &[(String, String)]) {
        let data = |text: &str| format!("data {}\n{text}\n", text.len());
        let who = format!("committer landfall <landfall@example.com> {} +0000", 1_700_000_000 + 600 * self.made);
        self.made += 1;
        write!(self.pipe, "commit refs/heads/main\n{who}\n{}", data("A change")).unwrap();
        for (path, text) in files {
            write!(self.pipe, "M 100644 inline {path}\n{}", data(text)).unwrap();
        }
    }
}
