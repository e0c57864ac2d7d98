//! `landfall init`: the smallest useful repository: one environment, one target, one project with one step, a release.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use super::exit::{Doing, Exit, Failure, Outcome};
use super::output;
use super::put::put;
use super::wire;
use crate::git::{Change, Reader, Writer};
use crate::model::name::MAX_NAME;
use crate::model::{AccountId, CommitId, EnvironmentName, Id, ProjectName, Region, ReleaseName, TargetName};

/// Options of `landfall init`. What is not given is asked for on a terminal.
#[derive(Args, Debug)]
pub struct Init {
    /// Folder to write into; created if missing
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Id of the repository, written on every stack [default: the folder's name and four random characters]
    #[arg(long)]
    id: Option<Id>,
    /// AWS account, twelve digits
    #[arg(long)]
    account: Option<String>,
    /// Role to assume in the account [default: none, the credentials as they are]
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
    /// AWS region
    #[arg(long)]
    region: Option<String>,
    /// ECS cluster
    #[arg(long)]
    cluster: Option<String>,
    /// Subnet of the tasks; may be repeated
    #[arg(long = "subnet", value_name = "ID")]
    subnets: Vec<String>,
    /// Security group of the tasks; may be repeated
    #[arg(long = "security-group", value_name = "ID")]
    security_groups: Vec<String>,
    /// First environment
    #[arg(long, default_value = "development")]
    environment: EnvironmentName,
    /// First project
    #[arg(long, default_value = "app")]
    project: ProjectName,
    /// Image of the project, without a tag
    #[arg(long, value_name = "REPOSITORY")]
    image: Option<String>,
    /// First release, and the tag of its image
    #[arg(long, default_value = "1.0.0")]
    release: ReleaseName,
    /// Port that the container listens on
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// Everything that the files need.
#[derive(Clone, Debug)]
pub struct Answers {
    /// Id of the repository.
    pub id: Id,
    /// AWS account, twelve digits.
    pub account: AccountId,
    /// Role to assume.
    pub role: Option<String>,
    /// The region.
    pub region: Region,
    /// The cluster's name.
    pub cluster: String,
    /// Subnet ids; at least one.
    pub subnets: Vec<String>,
    /// Security group ids.
    pub security_groups: Vec<String>,
    /// Name of the environment's file, without `.toml`.
    pub environment: EnvironmentName,
    /// The target: the cluster's name where that can be one.
    pub target: TargetName,
    /// Name of the project's folder.
    pub project: ProjectName,
    /// The image's repository.
    pub image: String,
    /// The release and tag.
    pub release: ReleaseName,
    /// The container's port.
    pub port: u16,
}

/// How many random characters end the id of a new repository.
const CHANCE: usize = 4;

/// The file that makes a folder a landfall repository.
const ROOT: &str = "landfall.toml";

/// The branch of a repository that is made here.
const BRANCH: &str = "main";

/// Runs the command.
pub fn run(options: &Init) -> Outcome {
    let dir = &options.dir;
    let id = match std::fs::read_to_string(dir.join(ROOT)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        // Written last: only the commit can be missing.
        Ok(text) if fresh(dir).is_some_and(|writer| writer.author(Timestamp::now()).is_ok()) => id_in(&text),
        _ => {
            return Err(Failure::new(format!("{} is already a landfall repository", dir.display()))
                .help("`landfall check` reads it"));
        }
    };
    let answers = answers(options, id, &mut questions())?;
    let files = files(&answers);
    for (path, text) in &files {
        let file = dir.join(path);
        let same = std::fs::read_to_string(&file).is_ok_and(|there| there == *text);
        if file.exists() && !same {
            return Err(Failure::new(format!("{} already exists", file.display()))
                .help("name a folder without it; nothing was written"));
        }
    }
    let writer = match Writer::open(dir) {
        Ok(_) => fresh(dir),
        Err(_) => {
            let made = Writer::init(dir, BRANCH);
            Some(made.doing(|| format!("cannot make {} a git repository", dir.display()))?)
        }
    };
    let (root, rest): (Vec<_>, Vec<_>) = files.iter().partition(|(path, _)| path == ROOT);
    put(&rest.iter().chain(&root).map(|(path, text)| (dir.join(path), text.as_str())).collect::<Vec<_>>())?;
    let committed = writer.map(|writer| committed(dir, &writer, &answers, &files)).transpose()?.flatten();
    for (path, _) in &files {
        output::progress(&format!("wrote        {}", dir.join(path).display()));
    }
    match committed {
        Some((commit, branch)) => output::progress(&format!("committed    {} on {branch}", commit.short())),
        None => output::progress("next         commit these files"),
    }
    let dir = dir.display();
    output::progress(&format!("try          landfall check {dir}"));
    output::progress(&format!("             landfall daemon --repo {dir} --simulate --once"));
    output::progress("for real     landfall iam, landfall verify, then landfall daemon without --simulate");
    Ok(Exit::Done)
}

/// The git repository of the folder, if it is the folder's own and has no commit yet: a new one, or one that a killed `init`
/// left. What is in any other is for its owner to commit.
fn fresh(dir: &Path) -> Option<Writer> {
    let writer = Writer::open(dir).ok()?;
    let own = std::fs::canonicalize(writer.path()).ok()? == std::fs::canonicalize(dir).ok()?;
    let reader = Reader::open_local(dir).ok()?;
    (own && reader.resolve("HEAD").is_err()).then_some(writer)
}

/// The id in the text of a `landfall.toml`.
fn id_in(text: &str) -> Option<Id> {
    let table: toml::Table = text.parse().ok()?;
    Id::new(table.get("id")?.as_str()?).ok()
}

/// Commits the files, and gives the branch too; does nothing if git does not know who commits.
fn committed(
    dir: &Path,
    writer: &Writer,
    answers: &Answers,
    files: &[(String, String)],
) -> Result<Option<(CommitId, String)>, Failure> {
    let shown = dir.display();
    let Ok(author) = writer.author(Timestamp::now()) else { return Ok(None) };
    let branch = writer.branch().unwrap_or_else(|| BRANCH.to_owned());
    let changes: Vec<Change<'_>> =
        files.iter().map(|(path, text)| Change { path, content: Some(text.as_bytes()) }).collect();
    let message = format!("Deploy {} to {}", answers.project, answers.environment);
    let commit = writer.commit(&branch, &changes, &author, &message).doing(|| format!("cannot commit in {shown}"))?;
    Ok(Some((commit, branch)))
}

/// Asks one question and returns the answer; none if there is no terminal.
type Ask<'a> = dyn FnMut(&str) -> Option<String> + 'a;

fn questions() -> Box<Ask<'static>> {
    if !output::can_ask() {
        return Box::new(|_| None);
    }
    Box::new(|question| {
        let mut err = anstream::stderr().lock();
        let _ = write!(err, "{question}: ");
        let _ = err.flush();
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).ok()?;
        let line = line.trim();
        (!line.is_empty()).then(|| line.to_owned())
    })
}

/// What the files need; `id` is the one that an earlier run wrote.
fn answers(options: &Init, id: Option<Id>, ask: &mut Ask<'_>) -> Result<Answers, Failure> {
    let mut missing = Vec::new();
    let mut need = |given: &Option<String>, question: &str, flag: &'static str| {
        given.clone().or_else(|| ask(question)).unwrap_or_else(|| {
            missing.push(flag);
            String::new()
        })
    };
    let account = need(&options.account, "AWS account (twelve digits)", "--account");
    let region = need(&options.region, "AWS region (like eu-west-1)", "--region");
    let cluster = need(&options.cluster, "ECS cluster", "--cluster");
    let subnet = need(&options.subnets.first().cloned(), "Subnet of the tasks (like subnet-0a1b…)", "--subnet");
    let image = need(&options.image, "Image of the application, without a tag", "--image");
    if !missing.is_empty() {
        return Err(Failure::usage(format!("not given: {}", missing.join(", ")))
            .help("give them as options; on a terminal, `landfall init` asks for them"));
    }
    let wrong = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
    Ok(Answers {
        id: options.id.clone().or(id).unwrap_or_else(|| id_of(&options.dir, &options.project)),
        account: AccountId::new(&account).map_err(|error| wrong(&error))?,
        role: options.role.clone(),
        region: Region::new(&region).map_err(|error| wrong(&error))?,
        target: TargetName::new(&cluster).or_else(|_| TargetName::new("main")).map_err(|error| wrong(&error))?,
        cluster,
        subnets: if options.subnets.is_empty() { vec![subnet] } else { options.subnets.clone() },
        security_groups: options.security_groups.clone(),
        environment: options.environment.clone(),
        project: options.project.clone(),
        image,
        release: options.release.clone(),
        port: options.port,
    })
}

/// The folder's name where it can be made an id, otherwise the project's; then four random characters. Two repositories
/// with one id would take each other's stacks for their own.
fn id_of(dir: &Path, project: &ProjectName) -> Id {
    let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let name = absolute.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let fine: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let fine = fine.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let chance = wire::chance();
    let chance = chance.get(..CHANCE).unwrap_or_default();
    let with = |name: &str| {
        let room = name.get(..MAX_NAME - 1 - CHANCE).unwrap_or(name).trim_end_matches('-');
        Id::new(&format!("{room}-{chance}"))
    };
    with(fine).or_else(|_| with(project.as_str())).unwrap_or_else(|_| Id::from(project))
}

/// The files by path.
pub fn files(answers: &Answers) -> Vec<(String, String)> {
    let quote = |text: &str| toml_edit::Value::from(text).to_string();
    let list = |texts: &[String]| toml_edit::Value::from_iter(texts.iter().map(String::as_str)).to_string();
    let Answers { project, environment, release, port, target, .. } = answers;
    let role = answers.role.as_deref().map_or(String::new(), |role| format!("role = {}\n", quote(role)));
    let groups = match answers.security_groups.as_slice() {
        [] => String::new(),
        groups => format!("security_groups = {}\n", list(groups)),
    };
    vec![
        (
            ROOT.to_owned(),
            format!(
                "# Who owns the stacks: this id is written on every one of them and never changes.\nid = {}\n\n\
                 [accounts.main]\nid = {}\n{role}",
                quote(answers.id.as_str()),
                quote(answers.account.as_str())
            ),
        ),
        (
            format!("environments/{environment}.toml"),
            "# The first environment: releases enter it by themselves. Add more, with `order`, to promote to.\norder = 1\n"
                .to_owned(),
        ),
        (
            format!("targets/{target}.toml"),
            format!(
                "kind = \"ecs-cluster\"\nenvironments = [{}]\nroles = [\"web\"]\naccount = \"main\"\nregion = {}\ncluster = {}\n\n\
                 [network]\nsubnets = {}\n{groups}",
                quote(environment.as_str()),
                quote(answers.region.as_str()),
                quote(&answers.cluster),
                list(&answers.subnets)
            ),
        ),
        (
            format!("projects/{project}/project.toml"),
            "# Without a lifecycle, releases go through the environments in their order, into the first by themselves.\n".to_owned(),
        ),
        (
            format!("projects/{project}/process.toml"),
            format!(
                "[images.app]\nrepository = {}\n\n[[step]]\nname = \"web\"\nkind = \"ecs-service\"\nrole = \"web\"\ncpu = 256\n\
                 memory = 512\n\n[[step.container]]\nname = \"app\"\nimage = \"app\"\nport = {port}\n",
                quote(&answers.image)
            ),
        ),
        (
            format!("projects/{project}/releases/{release}.toml"),
            format!("format = 1\nchannel = \"default\"\n\n[images]\napp = {{ tag = {} }}\n", quote(release.as_str())),
        ),
    ]
}
