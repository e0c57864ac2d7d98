//! Objects of the mirror that are cut: found without the library, which reads an object that is cut for ever.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

use super::{copy, leftovers};

/// How much of an object is read at a time.
const CHUNK: usize = 32 * 1024;

/// The packs that are cut, with their indexes, and the loose objects that are. Costs one look at the end of each pack, and
/// reading every loose object; there are few of these, because many are made one pack.
pub(super) fn find(objects: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut broken = Vec::new();
    for pack in leftovers::entries(&objects.join("pack"))? {
        let is_pack = pack.extension().is_some_and(|ending| ending == "pack");
        let index = pack.with_extension("idx");
        // Both end in the pack's hash, the index before its own [git help gitformat-pack].
        if is_pack && (from_end(&pack, 20).is_none() || from_end(&pack, 20) != from_end(&index, 40)) {
            broken.extend([pack, index].into_iter().filter(|path| path.exists()));
        }
    }
    let loose = copy::loose_files(objects).map_err(|error| std::io::Error::other(error.message().to_owned()))?;
    for file in loose {
        if !is_whole(&file)? {
            broken.push(file);
        }
    }
    Ok(broken)
}

/// Twenty bytes that begin so far before a file's end; none if it is too short.
fn from_end(path: &Path, before: i64) -> Option<[u8; 20]> {
    let mut file = File::open(path).ok()?;
    let mut bytes = [0; 20];
    file.seek(SeekFrom::End(-before)).ok()?;
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// Whether a file is a whole zlib stream: it ends in a checksum of its content.
fn is_whole(path: &Path) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let mut state = InflateState::new_boxed(DataFormat::Zlib);
    let (mut input, mut output) = (vec![0; CHUNK], vec![0; CHUNK]);
    loop {
        let read = file.read(&mut input)?;
        let mut rest = input.get(..read).unwrap_or_default();
        if rest.is_empty() {
            return Ok(false);
        }
        loop {
            let done = inflate(&mut state, rest, &mut output, MZFlush::None);
            rest = rest.get(done.bytes_consumed..).unwrap_or_default();
            match done.status {
                Ok(MZStatus::StreamEnd) => return Ok(true),
                Ok(_) | Err(MZError::Buf) if done.bytes_consumed + done.bytes_written > 0 => {}
                Ok(_) | Err(MZError::Buf) => break,
                Err(_) => return Ok(false),
            }
        }
    }
}
