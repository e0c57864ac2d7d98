//! Every file of one commit by its place in the format, read but not yet interpreted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Counts;
use super::cache::Cache;
use super::codes;
use super::finding::{File, Finding, nearest};
use super::read::{Document, Parsed, parse};
use super::schema::{self, Kind};
use super::template::{self, ParsedTemplate};
use crate::model::catalog::{Subject, Unnamed};
use crate::model::{EnvironmentName, FreezeName, Id, LifecycleName, ProjectName, ReleaseName, TargetName, TenantName};
use crate::tree::{BlobId, Blobs, FileTree, Folder, Node, TreeError};

/// A file that could be read.
#[derive(Debug)]
pub(crate) struct Draft<T> {
    pub(crate) file: Arc<File>,
    pub(crate) doc: Arc<T>,
}

impl<T> Clone for Draft<T> {
    fn clone(&self) -> Self {
        Self { file: self.file.clone(), doc: self.doc.clone() }
    }
}

/// The files of one folder by name.
#[derive(Debug)]
pub(crate) struct Shelf<N, T> {
    /// Every existing file with its content id, readable or not.
    pub(crate) present: BTreeMap<N, BlobId>,
    /// Those that could be read.
    pub(crate) read: BTreeMap<N, Draft<T>>,
}

impl<N, T> Default for Shelf<N, T> {
    fn default() -> Self {
        Self { present: BTreeMap::new(), read: BTreeMap::new() }
    }
}

impl<N: AsRef<str> + Ord, T> Shelf<N, T> {
    /// The names of all files, for suggestions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.present.keys().map(AsRef::as_ref)
    }

    /// Whether every file could be read. Only then does a missing entry prove that no file has it.
    pub(crate) fn complete(&self) -> bool {
        self.read.len() == self.present.len()
    }

    /// Whether there is such a file, whether or not it could be read.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.present.keys().any(|known| known.as_ref() == name)
    }
}

/// A project's files but those that say what.
#[derive(Debug, Default)]
pub(crate) struct ProjectDrafts {
    pub(crate) project: Option<Draft<schema::ProjectFile>>,
    pub(crate) releases: Shelf<ReleaseName, schema::ReleaseFile>,
    pub(crate) deploys: Shelf<EnvironmentName, schema::DeployFile>,
    /// The files below `templates/`, by their path in it. They are read where a step names them, see `what`.
    pub(crate) templates: BTreeSet<Arc<str>>,
}

/// Every file of a commit.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    pub(crate) root: Option<Draft<schema::RootFile>>,
    pub(crate) environments: Shelf<EnvironmentName, schema::EnvironmentFile>,
    pub(crate) targets: Shelf<TargetName, schema::TargetFile>,
    pub(crate) tenants: Shelf<TenantName, schema::TenantFile>,
    pub(crate) freezes: Shelf<FreezeName, schema::FreezeFile>,
    pub(crate) lifecycles: Shelf<LifecycleName, schema::LifecycleFile>,
    pub(crate) sets: Shelf<Id, schema::VariablesFile>,
    pub(crate) projects: BTreeMap<ProjectName, ProjectDrafts>,
    /// Projects that exist and were not asked for. To a check they are like projects that cannot be read.
    pub(crate) unread: BTreeSet<ProjectName>,
}

impl Drafts {
    /// Whether the project exists, whether or not it was read.
    pub(crate) fn has_project(&self, name: &str) -> bool {
        self.projects.contains_key(name) || self.unread.contains(name)
    }

    /// The names of all projects.
    pub(crate) fn project_names(&self) -> impl Iterator<Item = &ProjectName> {
        self.projects.keys().chain(&self.unread)
    }
}

/// Reads files by path and content, each once.
pub(crate) struct Reader<'a> {
    pub(crate) blobs: &'a dyn Blobs,
    pub(crate) files: &'a mut Cache<(Arc<str>, BlobId), Arc<Parsed>>,
    pub(crate) templates: &'a mut Cache<(Arc<str>, BlobId), Arc<ParsedTemplate>>,
    pub(crate) counts: &'a mut Counts,
}

impl Reader<'_> {
    /// The file as it was read now or before.
    pub(crate) fn read(&mut self, path: &Arc<str>, kind: Kind, blob: &BlobId) -> Result<Arc<Parsed>, TreeError> {
        let key = (path.clone(), blob.clone());
        if let Some(parsed) = self.files.get(&key) {
            return Ok(parsed);
        }
        self.counts.blobs_read += 1;
        let parsed = match self.blobs.read(blob) {
            Ok(bytes) => {
                self.counts.files_parsed += 1;
                parse(path, kind, &bytes)
            }
            Err(TreeError::TooLarge { .. }) => Parsed::too_large(path),
            Err(error) => return Err(error),
        };
        let parsed = Arc::new(parsed);
        self.files.put(key, parsed.clone());
        Ok(parsed)
    }

    /// The template as it was read now or before.
    pub(crate) fn template(&mut self, path: &Arc<str>, blob: &BlobId) -> Result<Arc<ParsedTemplate>, TreeError> {
        let key = (path.clone(), blob.clone());
        if let Some(parsed) = self.templates.get(&key) {
            return Ok(parsed);
        }
        self.counts.blobs_read += 1;
        let parsed = match self.blobs.read(blob) {
            Ok(bytes) => {
                self.counts.files_parsed += 1;
                template::parse(path, &bytes)
            }
            Err(TreeError::TooLarge { .. }) => ParsedTemplate::too_large(path),
            Err(error) => return Err(error),
        };
        let parsed = Arc::new(parsed);
        self.templates.put(key, parsed.clone());
        Ok(parsed)
    }

    /// The file as a draft, with the findings of its form.
    pub(crate) fn draft<T: Drafted>(
        &mut self,
        path: &Arc<str>,
        kind: Kind,
        blob: &BlobId,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Draft<T>>, TreeError> {
        let parsed = self.read(path, kind, blob)?;
        findings.extend(parsed.findings.iter().cloned());
        Ok(match (&parsed.file, parsed.document.as_ref().and_then(T::of)) {
            (Some(file), Some(doc)) => Some(Draft { file: file.clone(), doc }),
            _ => None,
        })
    }
}

/// A type of [`Document`].
pub(crate) trait Drafted: Sized {
    /// The document, if it is of this type.
    fn of(document: &Document) -> Option<Arc<Self>>;
}

macro_rules! drafted {
    ($($variant:ident $type:ident),*) => {$(
        impl Drafted for schema::$type {
            fn of(document: &Document) -> Option<Arc<Self>> {
                match document {
                    Document::$variant(doc) => Some(doc.clone()),
                    _ => None,
                }
            }
        }
    )*};
}
drafted!(
    Root RootFile, Environment EnvironmentFile, Target TargetFile, Tenant TenantFile, Freeze FreezeFile,
    Lifecycle LifecycleFile, Variables VariablesFile, Project ProjectFile, Process ProcessFile, Release ReleaseFile,
    Deploy DeployFile
);

/// Folders at the root that landfall reads.
pub(crate) const FOLDERS: [&str; 7] =
    ["environments", "targets", "tenants", "freezes", "lifecycles", "variables", "projects"];

/// Reads every file of a commit; of the projects all, or only those.
pub(crate) fn read_all(
    tree: &FileTree,
    only: Option<&BTreeSet<ProjectName>>,
    reader: &mut Reader<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Drafts, TreeError> {
    let mut drafts = Drafts::default();
    let root: Arc<str> = Arc::from("landfall.toml");
    match tree.get(&root) {
        Some(Node::File(blob)) => drafts.root = reader.draft(&root, Kind::Root, blob, findings)?,
        Some(Node::Refused(what)) => findings.push(link(&root, what, Some(Subject::Repository))),
        Some(Node::Folder(_) | Node::Unread(_)) | None => findings.push(
            Finding::whole(codes::MISSING_FILE, &root, "`landfall.toml` does not exist")
                .help("`landfall init` writes the smallest useful repository"),
        ),
    }
    for (name, node) in &tree.root.entries {
        let path: Arc<str> = name.clone();
        let ours = FOLDERS.contains(&&**name);
        match node {
            Node::Refused(what) if ours => findings.push(link(&path, what, Some(Subject::Repository))),
            Node::Folder(folder) if ours => folder_of(&path, folder, only, &mut drafts, reader, findings)?,
            Node::Folder(_) => findings.extend(nearly(&path)),
            Node::File(_) | Node::Refused(_) | Node::Unread(_) => {}
        }
    }
    Ok(drafts)
}

fn folder_of(
    path: &Arc<str>,
    folder: &Folder,
    only: Option<&BTreeSet<ProjectName>>,
    drafts: &mut Drafts,
    reader: &mut Reader<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), TreeError> {
    // A file with an invalid name may be any file of its kind that is missing. A missing lifecycle is a problem where it is
    // named. What a freeze was meant to stop is not known.
    let missing = |kind| Some(Subject::Unnamed(kind));
    match &**path {
        "environments" => {
            let hides = missing(Unnamed::Environment);
            drafts.environments = shelf(path, folder, Kind::Environment, &hides, reader, findings)?;
        }
        "targets" => drafts.targets = shelf(path, folder, Kind::Target, &missing(Unnamed::Target), reader, findings)?,
        "tenants" => drafts.tenants = shelf(path, folder, Kind::Tenant, &missing(Unnamed::Tenant), reader, findings)?,
        "freezes" => {
            let hides = Some(Subject::Repository);
            drafts.freezes = shelf(path, folder, Kind::Freeze, &hides, reader, findings)?;
        }
        "lifecycles" => drafts.lifecycles = shelf(path, folder, Kind::Lifecycle, &None, reader, findings)?,
        "variables" => drafts.sets = shelf(path, folder, Kind::Variables, &None, reader, findings)?,
        _ => {
            for (name, node) in &folder.entries {
                let path: Arc<str> = Arc::from(format!("projects/{name}"));
                match node {
                    Node::Folder(folder) => match ProjectName::new(name) {
                        Ok(project) if only.is_some_and(|only| !only.contains(&project)) => {
                            drafts.unread.insert(project);
                        }
                        Ok(project) => {
                            let read = project_of(&path, &project, folder, reader, findings)?;
                            drafts.projects.insert(project, read);
                        }
                        Err(error) => {
                            let title = format!("`{name}` is not a valid name for a project folder: {error}");
                            let hides = Subject::Unnamed(Unnamed::Project);
                            findings.push(Finding::whole(codes::FILE_NAME, &path, title).hides(hides));
                        }
                    },
                    Node::Refused(what) => {
                        let hides = ProjectName::new(name).map_or(Subject::Unnamed(Unnamed::Project), Subject::Project);
                        findings.push(link(&path, what, Some(hides)));
                    }
                    Node::File(_) => findings.extend(unexpected(&path, name)),
                    Node::Unread(_) => drafts.unread.extend(ProjectName::new(name).ok()),
                }
            }
        }
    }
    Ok(())
}

fn project_of(
    path: &Arc<str>,
    name: &ProjectName,
    folder: &Folder,
    reader: &mut Reader<'_>,
    findings: &mut Vec<Finding>,
) -> Result<ProjectDrafts, TreeError> {
    let mut drafts = ProjectDrafts::default();
    let this = Some(Subject::Project(name.clone()));
    for needed in ["project.toml", "process.toml"] {
        if !folder.entries.contains_key(needed) {
            let path: Arc<str> = Arc::from(format!("{path}/{needed}"));
            let title = format!("project `{name}` has no `{needed}`");
            findings.push(Finding::whole(codes::MISSING_FILE, &path, title));
        }
    }
    for (entry, node) in &folder.entries {
        let path: Arc<str> = Arc::from(format!("{path}/{entry}"));
        match (&**entry, node) {
            ("project.toml", Node::File(blob)) => {
                drafts.project = reader.draft(&path, Kind::Project, blob, findings)?;
            }
            // What a project deploys is read with its variable sets, see `what`.
            ("process.toml" | "variables.toml", Node::File(_)) => {}
            ("releases", Node::Folder(inner)) => {
                let hides = Some(Subject::Releases(name.clone()));
                drafts.releases = shelf(&path, inner, Kind::Release, &hides, reader, findings)?;
            }
            ("deploy", Node::Folder(inner)) => {
                drafts.deploys = shelf(&path, inner, Kind::Deploy, &this, reader, findings)?;
            }
            ("templates", Node::Folder(inner)) => templates(&path, "", inner, &mut drafts.templates, findings),
            (_, Node::Refused(what)) => findings.push(link(&path, what, this.clone())),
            (_, Node::File(_)) => {
                let is_version = |stem: &str| crate::model::Version::parse(stem).is_some();
                let finding = unexpected(&path, entry);
                findings.extend(match entry.strip_suffix(".toml") {
                    Some(stem) if is_version(stem) => finding
                        .map(|finding| finding.help(format!("a release belongs in projects/{name}/releases/{entry}"))),
                    _ => finding,
                });
            }
            (_, Node::Folder(_) | Node::Unread(_)) => findings.push(
                Finding::whole(codes::UNEXPECTED_FILE, &path, format!("landfall does not read the folder `{path}`"))
                    .suggest(entry, ["releases", "deploy", "templates"]),
            ),
        }
    }
    Ok(drafts)
}

fn shelf<N, T>(
    folder_path: &Arc<str>,
    folder: &Folder,
    kind: Kind,
    hides: &Option<Subject>,
    reader: &mut Reader<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Shelf<N, T>, TreeError>
where
    N: std::str::FromStr<Err = crate::model::name::NameError> + Ord + Clone,
    T: Drafted,
{
    let mut shelf = Shelf::default();
    for (entry, node) in &folder.entries {
        let path: Arc<str> = Arc::from(format!("{folder_path}/{entry}"));
        let blob = match node {
            Node::File(blob) => blob,
            Node::Refused(what) => {
                // What its path names is hidden by its path.
                let stem = entry.strip_suffix(".toml");
                let unnamed = stem.is_some_and(|stem| stem.parse::<N>().is_err());
                findings.push(link(&path, what, hides.clone().filter(|_| unnamed)));
                continue;
            }
            Node::Folder(_) | Node::Unread(_) => {
                let title = format!("landfall does not read the folder `{path}`");
                findings.push(Finding::whole(codes::UNEXPECTED_FILE, &path, title));
                continue;
            }
        };
        let Some(stem) = entry.strip_suffix(".toml") else {
            findings.extend(unexpected(&path, entry));
            continue;
        };
        match stem.parse::<N>() {
            Ok(name) => {
                shelf.present.insert(name.clone(), blob.clone());
                if let Some(draft) = reader.draft(&path, kind, blob, findings)? {
                    shelf.read.insert(name, draft);
                }
            }
            Err(error) => {
                let finding = Finding::whole(codes::FILE_NAME, &path, format!("not a valid file name: {error}"));
                findings.push(hides.iter().cloned().fold(finding, Finding::hides));
            }
        }
    }
    Ok(shelf)
}

fn link(path: &Arc<str>, what: &str, hides: Option<Subject>) -> Finding {
    let help = match what {
        nested if nested.contains("nested") => "move it up",
        submodule if submodule.contains("submodule") => "commit the files themselves instead",
        _ => "commit the file itself instead",
    };
    let finding = Finding::whole(codes::LINK, path, format!("`{path}` is {what}: landfall does not follow it"));
    hides.into_iter().fold(finding.help(help), Finding::hides)
}

/// Lists the files below `templates/`. A link there hides nothing: a step that names it finds no file.
fn templates(
    path: &Arc<str>,
    below: &str,
    folder: &Folder,
    found: &mut BTreeSet<Arc<str>>,
    findings: &mut Vec<Finding>,
) {
    for (entry, node) in &folder.entries {
        let (path, inside) = (Arc::from(format!("{path}/{entry}")), format!("{below}{entry}"));
        match node {
            Node::File(_) => drop(found.insert(Arc::from(inside))),
            Node::Folder(folder) => templates(&path, &format!("{inside}/"), folder, found, findings),
            Node::Refused(what) => findings.push(link(&path, what, None)),
            Node::Unread(_) => {}
        }
    }
}

/// Files that are common next to any others are not reported.
fn unexpected(path: &Arc<str>, name: &str) -> Option<Finding> {
    let harmless = name.starts_with('.') || name.ends_with(".md") || name == "CODEOWNERS";
    (!harmless).then(|| {
        Finding::whole(codes::UNEXPECTED_FILE, path, format!("landfall does not read the file `{path}`"))
            .help("landfall reads files that end in `.toml`; a project has `project.toml`, `process.toml`, `variables.toml` and its folders")
    })
}

fn nearly(path: &Arc<str>) -> Option<Finding> {
    let meant = nearest(path, FOLDERS)?;
    let title = format!("landfall does not read the folder `{path}`");
    Some(Finding::whole(codes::UNEXPECTED_FILE, path, title).help(format!("did you mean `{meant}`?")))
}

/// What a problem in a file may hide, judged by its path.
pub(crate) fn subjects_of(path: &str) -> Vec<Subject> {
    let parts: Vec<&str> = path.split('/').collect();
    let stem = |name: &str| name.strip_suffix(".toml").map(str::to_owned).unwrap_or_default();
    let one = |subject: Option<Subject>| subject.into_iter().collect();
    match parts.as_slice() {
        ["landfall.toml"] => vec![Subject::Repository],
        ["environments", name] => one(EnvironmentName::new(&stem(name)).ok().map(Subject::Environment)),
        ["targets", name] => one(TargetName::new(&stem(name)).ok().map(Subject::Target)),
        ["tenants", name] => one(TenantName::new(&stem(name)).ok().map(Subject::Tenant)),
        ["freezes", name] => one(FreezeName::new(&stem(name)).ok().map(Subject::Freeze)),
        ["lifecycles", name] => one(LifecycleName::new(&stem(name)).ok().map(Subject::Lifecycle)),
        ["projects", project, rest @ ..] => {
            let Ok(project) = ProjectName::new(project) else { return Vec::new() };
            match rest {
                ["process.toml" | "variables.toml"] | ["templates", ..] => vec![Subject::What(project)],
                ["releases", name] => {
                    one(ReleaseName::new(&stem(name)).ok().map(|name| Subject::Release(project, name)))
                }
                ["deploy", name] => {
                    one(EnvironmentName::new(&stem(name)).ok().map(|name| Subject::Deploy(project, name)))
                }
                _ => vec![Subject::Project(project)],
            }
        }
        _ => Vec::new(),
    }
}

/// The names that some files may have, as a set of texts.
pub(crate) fn names_of<'a, N: AsRef<str> + 'a>(names: impl IntoIterator<Item = &'a N>) -> BTreeSet<&'a str> {
    names.into_iter().map(AsRef::as_ref).collect()
}
