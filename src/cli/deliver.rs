//! Where an edit of a command goes: into the folder as it lies there, or into a commit on a branch, which may be pushed.
//!
//! A command that edits reads the same files that its edit lands on: those of the folder, or with `--commit` those of the
//! branch's last commit, so that what lies uncommitted in the folder has no say in what is committed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;

use super::config::Config;
use super::exit::{Doing, Failure};
use super::folder::{FolderBlobs, Layers, read_folder};
use super::put::put;
use super::sign::sign;
use super::{output, pulls, wire};
use crate::forge::pull_request_page;
use crate::git::{Change, Reader, Sign, Writer};
use crate::load::{Loaded, Loader, Source};
use crate::model::{CommitId, Facts};
use crate::tree::{Blobs, FileTree, History, blob_id_of};

/// What becomes of an edited file.
#[derive(Args, Debug, Default)]
pub struct Deliver {
    /// Commit the file to the checked-out branch, or to --branch
    #[arg(long)]
    commit: bool,
    /// Commit to this branch, created at HEAD if missing; the work tree does not change
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// Commit, push the branch, and print the link to open a pull request
    #[arg(long)]
    push: bool,
    /// Commit, push the branch, and open the pull request at the forge. The token is that of `[forge]` in --config, or in
    /// LANDFALL_FORGE_TOKEN
    #[arg(long)]
    pull_request: bool,
    /// Remote for --push and --pull-request
    #[arg(long, value_name = "NAME", default_value = "origin")]
    remote: String,
}

impl Deliver {
    fn commits(&self) -> bool {
        self.commit || self.pushes() || self.branch.is_some()
    }

    fn pushes(&self) -> bool {
        self.push || self.pull_request
    }
}

/// A repository that a command edits a file of.
pub struct Desk<'a> {
    dir: &'a Path,
    deliver: &'a Deliver,
    git: Option<(Reader, Writer)>,
    /// The branch that is committed to, and the commit that the edit follows; none if only the folder is written.
    onto: Option<(String, CommitId)>,
}

impl<'a> Desk<'a> {
    /// Opens the repository in a folder.
    ///
    /// # Errors
    /// A commit is asked for, and the folder is not the root of a git repository with a commit and a branch.
    pub fn open(dir: &'a Path, deliver: &'a Deliver) -> Result<Self, Failure> {
        let opened = Reader::open_local(dir).and_then(|reader| Ok((reader, Writer::open(dir)?)));
        if !deliver.commits() {
            return Ok(Self { dir, deliver, git: opened.ok(), onto: None });
        }
        let (reader, writer) = opened.doing(|| format!("cannot commit in {}", dir.display()))?;
        let root = std::fs::canonicalize(writer.path()).ok();
        if reader.work_tree().is_some() && std::fs::canonicalize(dir).ok() != root {
            let root = writer.path().display();
            return Err(Failure::usage(format!("{} is not the root of its git repository, {root}", dir.display()))
                .help("landfall reads a repository from its root; name that with --repo"));
        }
        let branch = deliver.branch.clone().or_else(|| writer.branch()).ok_or_else(|| {
            Failure::usage(format!("no branch is checked out in {}", dir.display())).help("name one with --branch")
        })?;
        if deliver.pull_request && base_of(&writer, deliver, &branch).is_none() {
            return Err(Failure::usage(format!(
                "a pull request needs a branch of its own, and {branch} is where it would go"
            ))
            .help("name a new one with --branch"));
        }
        let there = reader.resolve(&format!("refs/heads/{branch}"));
        let commit = there.or_else(|_| reader.resolve("HEAD"));
        let commit = commit.doing(|| format!("{} has no commit to go on from", dir.display()))?;
        Ok(Self { dir, deliver, git: Some((reader, writer)), onto: Some((branch, commit)) })
    }

    /// The commit that a revision names.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, Failure> {
        let (reader, _) = self.git.as_ref().ok_or_else(|| {
            Failure::new(format!("{} is in no git repository, so it has no commit {revision}", self.dir.display()))
        })?;
        reader.resolve(revision).doing(|| format!("cannot find the commit {revision}"))
    }

    /// The commit that the edit goes on top of: the branch's, or the folder's HEAD; none without git.
    pub fn head(&self) -> Option<CommitId> {
        match (&self.onto, &self.git) {
            (Some((_, commit)), _) => Some(commit.clone()),
            (None, Some((reader, _))) => reader.resolve("HEAD").ok(),
            (None, None) => None,
        }
    }

    /// What the edit goes on top of, for people: the branch, or HEAD.
    pub fn base(&self) -> &str {
        self.onto.as_ref().map_or("HEAD", |(branch, _)| branch)
    }

    /// A file before the edit; none if it does not exist.
    pub fn text(&self, path: &str) -> Result<Option<String>, Failure> {
        let shown = self.dir.join(path);
        let failed = || format!("cannot read {}", shown.display());
        if self.onto.is_none() {
            return match std::fs::read_to_string(&shown) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                read => read.map(Some).doing(failed),
            };
        }
        let (tree, layers) = self.files(&[])?;
        let Some(blob) = tree.file(path) else { return Ok(None) };
        let bytes = layers.read(blob).doing(failed)?;
        String::from_utf8(bytes.to_vec()).map(Some).doing(failed)
    }

    /// Everything that the files say once these are put in their place. A release that has not landed yet is made of the files
    /// as they are.
    ///
    /// # Errors
    /// The files cannot be read; what is wrong in them is in the answer.
    pub fn load(&self, edits: &[(&str, &str)], facts: Option<&Facts>) -> Result<Loaded, Failure> {
        let (tree, layers) = self.files(edits)?;
        let head = self.head();
        let history = self.git.as_ref().filter(|_| head.is_some()).map(|(reader, _)| reader as &dyn History);
        let source = Source { tree: &tree, blobs: &layers, commit: head.as_ref(), history, facts };
        Loader::new().load_on_top(&source).doing(|| format!("cannot read the repository in {}", self.dir.display()))
    }

    /// Everything that the files say, each release made of today's files: for a release that has no landing yet.
    pub fn load_head(&self, edits: &[(&str, &str)]) -> Result<Loaded, Failure> {
        let (tree, layers) = self.files(edits)?;
        let source = Source { tree: &tree, blobs: &layers, commit: None, history: None, facts: None };
        Loader::new().load(&source).doing(|| format!("cannot read the repository in {}", self.dir.display()))
    }

    fn files(&self, edits: &[(&str, &str)]) -> Result<(FileTree, Layers<'_>), Failure> {
        let reader = self.git.as_ref().map(|(reader, _)| reader);
        let mut layers = Layers { own: HashMap::new(), folder: FolderBlobs::default(), git: reader };
        let mut tree = match (&self.onto, reader) {
            (Some((_, commit)), Some(reader)) => {
                reader.tree(commit).doing(|| format!("cannot read the files of {commit}"))?
            }
            _ => {
                let (tree, blobs) = read_folder(self.dir).doing(|| format!("cannot read {}", self.dir.display()))?;
                layers.folder = blobs;
                tree
            }
        };
        for (path, text) in edits {
            let blob = blob_id_of(text.as_bytes());
            tree = tree.with(path, &blob);
            layers.own.insert(blob, Arc::from(text.as_bytes()));
        }
        Ok((tree, layers))
    }

    /// Writes the file where it goes, and says so; commits and pushes it as far as that is asked for.
    pub fn put(&self, path: &str, text: &str, message: &str, config: &Config) -> Result<Delivered, Failure> {
        self.put_all(&[(path, text)], message, config)
    }

    /// The same with several files, which are one commit. The result describes the last one.
    pub fn put_all(&self, files: &[(&str, &str)], message: &str, config: &Config) -> Result<Delivered, Failure> {
        let last = files.last().map_or("", |(path, _)| path);
        let mut delivered = Delivered { file: last.to_owned(), ..Delivered::default() };
        let (Some((branch, commit)), Some((_, writer))) = (&self.onto, &self.git) else {
            let files: Vec<_> = files.iter().map(|(path, text)| (self.dir.join(path), *text)).collect();
            put(&files)?;
            for (file, _) in files {
                output::progress(&format!("wrote        {}; it takes effect when it lands", file.display()));
            }
            return Ok(delivered);
        };
        let paths: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
        let paths = paths.join(", ");
        let cannot = || format!("cannot commit {paths} to {branch}");
        let author = writer.author(Timestamp::now()).map_err(|error| {
            Failure::new(cannot())
                .because(error)
                .help("set the author with `git config user.name …` and `git config user.email …`")
        })?;
        writer.begin_branch(branch, commit).doing(cannot)?;
        let changes: Vec<Change<'_>> =
            files.iter().map(|(path, text)| Change { path, content: Some(text.as_bytes()) }).collect();
        let how = writer.signing().doing(cannot)?;
        let sign = |commit: &str| match &how {
            Some(how) => sign(how, &author, commit),
            None => Ok(String::new()),
        };
        let sign: Option<Sign<'_>> = how.as_ref().map(|_| &sign as Sign<'_>);
        let made = writer.commit_signed(branch, &changes, &author, &format!("{message}\n"), sign).doing(cannot)?;
        output::progress(&format!("committed    {} on {branch}: {paths}", made.short()));
        (delivered.commit, delivered.branch) = (Some(made), Some(branch.clone()));
        if self.deliver.pushes() {
            self.push(writer, branch, message, config, &mut delivered)?;
        }
        Ok(delivered)
    }

    /// The command that pushes the branch, if it is to be pushed.
    pub fn push_command(&self) -> Option<String> {
        let (branch, _) = self.onto.as_ref().filter(|_| self.deliver.pushes())?;
        Some(format!("git push {} {branch}", self.deliver.remote))
    }

    /// Pushes the branch if that is asked for and there is one: the same command may have been ended between commit and push.
    ///
    /// # Errors
    /// The branch cannot be pushed.
    pub fn push_what_is_committed(&self, message: &str, config: &Config) -> Result<(), Failure> {
        let (Some((branch, _)), Some((reader, writer))) = (&self.onto, &self.git) else { return Ok(()) };
        if !self.deliver.pushes() || reader.resolve(&format!("refs/heads/{branch}")).is_err() {
            return Ok(());
        }
        self.push(writer, branch, message, config, &mut Delivered::default())
    }

    fn push(
        &self,
        writer: &Writer,
        branch: &str,
        message: &str,
        config: &Config,
        to: &mut Delivered,
    ) -> Result<(), Failure> {
        let name = &self.deliver.remote;
        let url = writer.remote_url(name).doing(|| format!("cannot push {branch}"))?;
        let remote = wire::remote(config, &url, None)?;
        writer.push(&remote, branch).map_err(|error| {
            let message = format!("committed, but not pushed: cannot push {branch} to {name}");
            let failure = if error.is_unseen() { Failure::unseen(message) } else { Failure::new(message) };
            failure.because(error).help(format!("push it later: `git push {name} {branch}`"))
        })?;
        output::progress(&format!("pushed       {branch} to {}", remote.shown()));
        let Some(base) = base_of(writer, self.deliver, branch) else { return Ok(()) };
        if self.deliver.pull_request {
            let opened = pulls::open_pull_request(config, &url, branch, &base, message)?;
            output::progress(&format!("opened       pull request {opened}"));
            to.pull_request = Some(opened);
            return Ok(());
        }
        to.pull_request = pull_request_page(&url, branch, Some(&base));
        output::progress(&match &to.pull_request {
            Some(link) => format!("pull request {link}"),
            None => format!("next         open a pull request for the branch {branch}"),
        });
        Ok(())
    }
}

/// The branch that a pull request would go into; none if it is the pushed branch itself.
fn base_of(writer: &Writer, deliver: &Deliver, branch: &str) -> Option<String> {
    writer.remote_default(&deliver.remote).or_else(|| writer.branch()).filter(|base| base != branch)
}

/// What became of an edit.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Delivered {
    /// The file.
    pub file: String,
    /// The commit, where one was asked for.
    pub commit: Option<CommitId>,
    /// Its branch.
    pub branch: Option<String>,
    /// The page on which the pushed branch becomes a pull request, if that is known; with `--pull-request`, the page of the pull request.
    pub pull_request: Option<String>,
}
