//! A folder on disk as a [`FileTree`]: for the commands that read a repository without git.
//!
//! Everything is read at once, because the files of a folder can change while it is used. Links are never followed; `.git`
//! and other hidden entries are left out, as are folders that landfall has no use for.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

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

/// Reads the files of a folder. Costs their length; only the folders of landfall's format are entered.
pub fn read_folder(dir: &Path) -> Result<(FileTree, FolderBlobs), TreeError> {
    let mut blobs = FolderBlobs::default();
    let root = folder(dir, 0, &mut blobs)?;
    Ok((FileTree { root: Arc::new(root) }, blobs))
}

fn failed(path: &Path, source: std::io::Error) -> TreeError {
    TreeError::Read { what: format!("`{}`", path.display()), source: Box::new(source) }
}

fn folder(dir: &Path, depth: usize, blobs: &mut FolderBlobs) -> Result<Folder, TreeError> {
    let mut entries = BTreeMap::new();
    for entry in std::fs::read_dir(dir).map_err(|error| failed(dir, error))? {
        let entry = entry.map_err(|error| failed(dir, error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        let kind = entry.file_type().map_err(|error| failed(&path, error))?;
        let node = if kind.is_symlink() {
            Node::Refused("symbolic link")
        } else if kind.is_dir() {
            if !wanted(depth, &name) {
                // Its name is enough to notice a misspelt one.
                let nothing = Folder { id: TreeId(Arc::from("")), entries: BTreeMap::new() };
                entries.insert(Arc::from(name), Node::Folder(Arc::new(nothing)));
                continue;
            }
            Node::Folder(Arc::new(folder(&path, depth + 1, blobs)?))
        } else if kind.is_file() {
            // At the root only `landfall.toml` is read: anything may lie beside it.
            if depth == 0 && name != "landfall.toml" {
                continue;
            }
            Node::File(file(&path, blobs)?)
        } else {
            Node::Refused("special file")
        };
        entries.insert(Arc::from(name), node);
    }
    let mut hash = Hash::parts();
    for (name, node) in &entries {
        let id = match node {
            Node::File(blob) => &*blob.0,
            Node::Folder(folder) => &*folder.id.0,
            Node::Refused(what) => what,
        };
        hash = hash.part(&**name).part(id);
    }
    Ok(Folder { id: TreeId(Arc::from(hash.finish().hex())), entries })
}

fn wanted(depth: usize, name: &str) -> bool {
    const OURS: [&str; 7] = ["environments", "targets", "lifecycles", "variables", "projects", "tenants", "freezes"];
    if depth == 0 { OURS.contains(&name) } else { depth < MAX_DEPTH }
}

fn file(path: &Path, blobs: &mut FolderBlobs) -> Result<BlobId, TreeError> {
    if blobs.contents.len() >= MAX_FILES {
        let source = std::io::Error::other(format!("there are more than {MAX_FILES} files"));
        return Err(failed(path, source));
    }
    let open = std::fs::File::open(path).map_err(|error| failed(path, error))?;
    let mut bytes = Vec::new();
    open.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| failed(path, error))?;
    let id = blob_id_of(&bytes);
    let content = (bytes.len() as u64 <= MAX_FILE).then(|| Arc::from(bytes));
    blobs.contents.insert(id.clone(), content);
    Ok(id)
}
