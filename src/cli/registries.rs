//! Which registry is asked, and how we get in: docker's configuration, its credential helpers, or the environment.
//!
//! Credentials are shown only to the registry that they are kept for, never to one that a repository made up.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::config::Config;
use super::wire;
use crate::aws::AwsCloud;
use crate::model::EcrRepository;
use crate::registry::auth::{DockerConfig, Found};
use crate::registry::{Credentials, Limits, Login, OciRegistry, Registry};

/// How long a credential helper may take: it may ask whoever sits there.
const HELPER: Duration = Duration::from_secs(60);
/// The longest answer of a credential helper, in bytes.
const MAX_HELPER: u64 = 64 * 1024;

/// Every registry that can be asked.
pub struct Registries {
    ecr: AwsCloud,
    oci: OciRegistry,
}

impl Registries {
    /// Prepares to ask; sends no request yet.
    pub fn new(config: &Config, endpoint: Option<&str>) -> Self {
        Self { ecr: wire::cloud(config, endpoint), oci: OciRegistry::new(Arc::new(Docker), Limits::default()) }
    }

    /// The one that a repository is in: ECR by its own API, any other by OCI's protocol.
    pub fn of(&self, repository: &str) -> &dyn Registry {
        match EcrRepository::parse(repository) {
            Some(_) => &self.ecr,
            None => &self.oci,
        }
    }
}

/// What docker would show, or what the environment says for one registry.
struct Docker;

impl Credentials for Docker {
    fn login(&self, key: &str) -> Result<Option<Login>, String> {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if set("LANDFALL_REGISTRY").as_deref() == Some(key) {
            let (user, password) = (set("LANDFALL_REGISTRY_USERNAME"), set("LANDFALL_REGISTRY_PASSWORD"));
            let missing = "LANDFALL_REGISTRY is set, but not LANDFALL_REGISTRY_USERNAME and LANDFALL_REGISTRY_PASSWORD";
            let (Some(user), Some(password)) = (user, password) else { return Err(missing.to_owned()) };
            return Ok(Some(Login::of(user, password)));
        }
        let folder =
            set("DOCKER_CONFIG").map(PathBuf::from).or_else(|| Some(PathBuf::from(set("HOME")?).join(".docker")));
        let Some(file) = folder.map(|folder| folder.join("config.json")) else { return Ok(None) };
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("cannot read {}: {error}", file.display())),
        };
        let config = DockerConfig::parse(&text)
            .map_err(|error| format!("{} is not a configuration of docker: {error}", file.display()))?;
        match config.find(key).map_err(|why| format!("{}: {why}", file.display()))? {
            Some(Found::Here(login)) => Ok(Some(login)),
            Some(Found::Helper(name)) => helper(&name, key),
            None => Ok(None),
        }
    }
}

/// What a helper answers: user and secret.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// Asks `docker-credential-<name>`, as docker does: the key on stdin, JSON on stdout. An empty answer is not an error.
fn helper(name: &str, key: &str) -> Result<Option<Login>, String> {
    let program = format!("docker-credential-{name}");
    let cannot = |why: String| format!("cannot ask {program}: {why}");
    let io = |error: std::io::Error| cannot(error.to_string());
    let mut command = Command::new(&program);
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(io)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read its input has its own reasons; what it answers decides.
        let _ = stdin.write_all(key.as_bytes());
    }
    let (tell, told) = std::sync::mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut text = String::new();
            let _ = tell.send(stdout.take(MAX_HELPER).read_to_string(&mut text).map(|_| text));
        });
    }
    let begun = Instant::now();
    let answer = told.recv_timeout(HELPER);
    let status = loop {
        match child.try_wait().map_err(io)? {
            Some(status) => break status,
            None if begun.elapsed() > HELPER || answer.is_err() => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(cannot(format!("no answer within {} s", HELPER.as_secs())));
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let text = answer.map_err(|error| cannot(error.to_string()))?.map_err(io)?;
    match serde_json::from_str::<Answer>(&text) {
        Ok(answer) if status.success() => Ok(Some(Login::of(answer.username, answer.secret))),
        _ if text.contains("credentials not found") => Ok(None),
        _ => Err(cannot(format!("it ended with {status} and without credentials"))),
    }
}
