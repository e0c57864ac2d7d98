//! A folder on disk as a [`FileTree`]: for the commands that read a repository without git.
//!
//! Everything is read at once, because the files of a folder can change while it is used. In the work tree of a clone the
//! files are what git would make of them in a commit. Links are never followed; `.git`
//! and other hidden entries are left out, as are folders that landfall has no use for.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::git::{self, Reader, WorkTree};
use crate::model::Hash;
use crate::tree::{BlobId, Blobs, FileTree, Folder, MAX_FILE, Node, TreeError, TreeId, blob_id_of};

/// How deep folders are followed: landfall's own are at most four deep.
const MAX_DEPTH: usize = 6;
/// How many files are read at most, so that a wrong folder (a home folder, say) is an error and not a long wait.
const MAX_FILES: usize = 100_000;

/// The contents of a folder's files.
#[derive(Debug, Default)]
pub struct FolderBlobs {
    contents: HashMap<BlobId, Option<Arc<[u8]>>>,
}

impl Blobs for FolderBlobs {
    fn read(&self, blob: &BlobId) -> Result<Arc<[u8]>, TreeError> {
        match self.contents.get(blob) {
            Some(Some(bytes)) => Ok(bytes.clone()),
            Some(None) => Err(TreeError::TooLarge { what: "the file".to_owned(), limit: MAX_FILE }),
            None => Err(TreeError::Missing(blob.0.to_string())),
        }
    }
}

/// Reads the files of a folder. Costs their length; only the folders of landfall's format are entered. In a clone the files
/// are what a commit of them would have, and have the same ids.
///
/// # Errors
/// The folder or one of its files cannot be read.
pub fn read_folder(dir: &Path) -> Result<(FileTree, FolderBlobs), TreeError> {
    // A repository that cannot be opened leaves the files as they lie there.
    read_clone(dir, WorkTree::at(dir).ok().flatten().as_ref())
}

/// Reads the files of a folder, which is the work tree of this clone.
///
/// # Errors
/// The folder or one of its files cannot be read.
pub fn read_clone(dir: &Path, clone: Option<&WorkTree>) -> Result<(FileTree, FolderBlobs), TreeError> {
    let links = clone.map(WorkTree::links).unwrap_or_default();
    let mut reading = Reading { clone, links, blobs: FolderBlobs::default() };
    let root = reading.folder(dir, "", 0)?;
    Ok((FileTree { root: Arc::new(root) }, reading.blobs))
}

fn failed(path: &Path, source: std::io::Error) -> TreeError {
    TreeError::Read { what: format!("`{}`", path.display()), source: Box::new(source) }
}

struct Reading<'a> {
    clone: Option<&'a WorkTree>,
    /// What git has as a link, by path.
    links: BTreeMap<String, &'static str>,
    blobs: FolderBlobs,
}

impl Reading<'_> {
    /// Reads a folder, which is at a path in the repository that ends in `/` or is empty.
    fn folder(&mut self, dir: &Path, at: &str, depth: usize) -> Result<Folder, TreeError> {
        let mut entries = BTreeMap::new();
        for entry in std::fs::read_dir(dir).map_err(|error| failed(dir, error))? {
            let entry = entry.map_err(|error| failed(dir, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let path = entry.path();
            let inside = format!("{at}{name}");
            let kind = entry.file_type().map_err(|error| failed(&path, error))?;
            let node = if let Some(what) = self.links.get(&inside) {
                Node::Refused(what)
            } else if kind.is_symlink() {
                Node::Refused("a symbolic link")
            } else if kind.is_dir() {
                if !wanted(depth, &name) {
                    // Its name is enough to notice a misspelt one.
                    let nothing = Folder { id: TreeId(Arc::from("")), entries: BTreeMap::new() };
                    entries.insert(Arc::from(name), Node::Folder(Arc::new(nothing)));
                    continue;
                }
                let below = self.folder(&path, &format!("{inside}/"), depth + 1)?;
                // Git keeps no empty folder.
                if self.clone.is_some() && below.entries.is_empty() {
                    continue;
                }
                Node::Folder(Arc::new(below))
            } else if kind.is_file() {
                // At the root only `landfall.toml` is read: other files may lie next to it.
                if depth == 0 && name != "landfall.toml" {
                    continue;
                }
                Node::File(self.file(&path, &inside)?)
            } else {
                Node::Refused("neither a file nor a folder")
            };
            entries.insert(Arc::from(name), node);
        }
        let mut hash = Hash::parts();
        for (name, node) in &entries {
            let id = match node {
                Node::File(blob) => &*blob.0,
                Node::Folder(folder) => &*folder.id.0,
                Node::Unread(id) => &*id.0,
                Node::Refused(what) => what,
            };
            hash = hash.part(&**name).part(id);
        }
        Ok(Folder { id: TreeId(Arc::from(hash.finish().hex())), entries })
    }

    fn file(&mut self, path: &Path, inside: &str) -> Result<BlobId, TreeError> {
        if self.blobs.contents.len() >= MAX_FILES {
            let source = std::io::Error::other(format!("there are more than {MAX_FILES} files"));
            return Err(failed(path, source));
        }
        let open = std::fs::File::open(path).map_err(|error| failed(path, error))?;
        let mut bytes = Vec::new();
        open.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| failed(path, error))?;
        let id = match self.clone {
            Some(clone) => {
                bytes = clone.committed(inside, &bytes).unwrap_or(bytes);
                git::blob_id(&bytes)
                    .map_err(|error| TreeError::Read { what: inside.to_owned(), source: Box::new(error) })?
            }
            None => blob_id_of(&bytes),
        };
        let content = (bytes.len() as u64 <= MAX_FILE).then(|| Arc::from(bytes));
        self.blobs.contents.insert(id.clone(), content);
        Ok(id)
    }
}

fn wanted(depth: usize, name: &str) -> bool {
    const OURS: [&str; 7] = ["environments", "targets", "lifecycles", "variables", "projects", "tenants", "freezes"];
    if depth == 0 { OURS.contains(&name) } else { depth < MAX_DEPTH }
}

/// Contents from edits, the folder and git, in this order: equal ids are equal contents.
#[derive(Default)]
pub struct Layers<'a> {
    /// What a command puts in the place of files.
    pub own: HashMap<BlobId, Arc<[u8]>>,
    /// What lies in the folder.
    pub folder: FolderBlobs,
    /// What commits have.
    pub git: Option<&'a Reader>,
}

impl Blobs for Layers<'_> {
    fn read(&self, blob: &BlobId) -> Result<Arc<[u8]>, TreeError> {
        if let Some(bytes) = self.own.get(blob) {
            return Ok(bytes.clone());
        }
        match (self.folder.read(blob), self.git) {
            (Err(TreeError::Missing(_)), Some(git)) => git.read(blob),
            (read, _) => read,
        }
    }
}
