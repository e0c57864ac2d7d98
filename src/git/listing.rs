//! A folder as git stores it, and what two versions of one differ in.
//!
//! The folder of all projects may have thousands of entries, and a walk through the history reads one version of it per
//! commit, of which one entry is new. So entries are found where the bytes differ, not by reading them all; and where the
//! entries end is taken over from the version before.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use git2::{ObjectType, Odb, OdbObject, Oid};

/// The bytes of an id.
const ID: usize = 20;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Folder,
    File,
    Link,
    Submodule,
    Other,
}

/// One entry of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'l> {
    pub(super) name: &'l [u8],
    pub(super) mode: Mode,
    pub(super) id: Oid,
}

impl Entry<'_> {
    pub(super) fn folder(&self) -> Option<Oid> {
        (self.mode == Mode::Folder).then_some(self.id)
    }

    pub(super) fn is_file(&self) -> bool {
        self.mode == Mode::File
    }
}

/// A folder's entries in git's order.
pub(super) struct Listing<'o> {
    object: Option<OdbObject<'o>>,
    /// Where each entry ends.
    ends: Vec<u32>,
}

impl<'o> Listing<'o> {
    /// A folder that does not exist.
    pub(super) fn none() -> Self {
        Self { object: None, ends: Vec::new() }
    }

    /// Reads a folder. `like` is a version of it, from which the places of entries are taken as far as it is the same; the
    /// seam between both is what [`Listing::differences`] needs.
    pub(super) fn read(odb: &'o Odb<'_>, id: Oid, like: &Listing<'_>) -> Result<(Self, Seam), git2::Error> {
        let object = odb.read(id)?;
        if object.kind() != ObjectType::Tree {
            return Err(git2::Error::from_str(&format!("{id} is not a folder")));
        }
        let seam = Seam::between(object.data(), like.data());
        let ends = ends_of(object.data(), like, seam);
        let ends = ends.ok_or_else(|| git2::Error::from_str(&format!("the folder {id} is damaged")))?;
        Ok((Self { object: Some(object), ends }, seam))
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        (0..self.ends.len()).filter_map(|at| self.entry(at))
    }

    /// The entry of a name.
    pub(super) fn find(&self, name: &str) -> Option<Entry<'_>> {
        let name = name.as_bytes();
        // A folder is sorted as if its name ended in `/`.
        [false, true].into_iter().find_map(|folder| {
            let (mut from, mut to) = (0, self.ends.len());
            while from < to {
                let middle = from + (to - from) / 2;
                let entry = self.entry(middle)?;
                match order(entry.name, entry.mode == Mode::Folder, name, folder) {
                    Ordering::Equal => return Some(entry),
                    Ordering::Less => from = middle + 1,
                    Ordering::Greater => to = middle,
                }
            }
            None
        })
    }

    /// The names whose entries differ from those of another version, with both.
    pub(super) fn differences<'l>(
        &'l self,
        other: &'l Listing<'_>,
        seam: Seam,
    ) -> BTreeMap<&'l [u8], (Option<Entry<'l>>, Option<Entry<'l>>)> {
        let Seam { same, tail } = seam;
        let first = self.ends.partition_point(|end| *end as usize <= same);
        // Bytes that are equal up to the end are equal entries from the first place on where an entry ends in both.
        let (mut our_last, mut their_last) = (self.within(tail), other.within(tail));
        while let (Some(ours), Some(theirs)) = (self.bytes_after(our_last), other.bytes_after(their_last))
            && ours != theirs
        {
            if ours > theirs { our_last += 1 } else { their_last += 1 }
        }
        let mut found: BTreeMap<&[u8], (Option<Entry<'_>>, Option<Entry<'_>>)> = BTreeMap::new();
        for entry in (first..our_last).filter_map(|at| self.entry(at)) {
            found.entry(entry.name).or_default().0 = Some(entry);
        }
        for entry in (first..their_last).filter_map(|at| other.entry(at)) {
            found.entry(entry.name).or_default().1 = Some(entry);
        }
        found.retain(|_, (ours, theirs)| ours != theirs);
        found
    }

    fn data(&self) -> &[u8] {
        self.object.as_ref().map_or(&[], |object| object.data())
    }

    /// How many bytes follow the first `entries` entries.
    fn bytes_after(&self, entries: usize) -> Option<usize> {
        match entries.checked_sub(1) {
            None => Some(self.data().len()),
            Some(last) => self.data().len().checked_sub(*self.ends.get(last)? as usize),
        }
    }

    /// How many entries at least end no further from the end than this.
    fn within(&self, tail: usize) -> usize {
        let length = self.data().len();
        if length <= tail { 0 } else { 1 + self.ends.partition_point(|end| length - (*end as usize) > tail) }
    }

    fn entry(&self, at: usize) -> Option<Entry<'_>> {
        let end = *self.ends.get(at)? as usize;
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |begin| *begin as usize);
        let (head, id) = self.data().get(begin..end)?.split_at_checked((end - begin).checked_sub(ID + 1)?)?;
        let space = head.iter().position(|byte| *byte == b' ')?;
        let mode = match head.get(..space)? {
            b"40000" | b"040000" => Mode::Folder,
            b"100644" | b"100755" | b"100664" => Mode::File,
            b"120000" => Mode::Link,
            b"160000" => Mode::Submodule,
            _ => Mode::Other,
        };
        Some(Entry { name: head.get(space + 1..)?, mode, id: Oid::from_bytes(id.get(1..)?).ok()? })
    }
}

/// Git's order of entries.
fn order(one: &[u8], one_is_folder: bool, other: &[u8], other_is_folder: bool) -> Ordering {
    let ended = |name: &'_ [u8], folder: bool, at: usize| match name.get(at) {
        Some(byte) => Some(*byte),
        None if at == name.len() && folder => Some(b'/'),
        None => None,
    };
    let same = common(one, other);
    ended(one, one_is_folder, same).cmp(&ended(other, other_is_folder, same))
}

/// What two versions of a folder have in common, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seam {
    /// At the beginning.
    same: usize,
    /// At the end, of what comes after that.
    tail: usize,
}

impl Seam {
    fn between(one: &[u8], other: &[u8]) -> Self {
        let same = common(one, other);
        let (one, other) = (one.get(same..).unwrap_or_default(), other.get(same..).unwrap_or_default());
        Self { same, tail: common_end(one, other) }
    }
}

/// The sizes of blocks that are compared as a whole before single bytes are.
const BLOCKS: [usize; 2] = [4096, 64];

/// How many bytes two texts begin with in common.
fn common(one: &[u8], other: &[u8]) -> usize {
    let mut same = 0;
    for size in BLOCKS {
        let (one, other) = (one.get(same..).unwrap_or_default(), other.get(same..).unwrap_or_default());
        let blocks = one.chunks_exact(size).zip(other.chunks_exact(size));
        same += blocks.take_while(|(one, other)| one == other).count() * size;
    }
    let rest = one.get(same..).unwrap_or_default().iter().zip(other.get(same..).unwrap_or_default());
    same + rest.take_while(|(one, other)| one == other).count()
}

/// How many bytes two texts end with in common.
fn common_end(one: &[u8], other: &[u8]) -> usize {
    let mut same = 0;
    for size in BLOCKS {
        let before = |text: &'_ [u8]| text.len().saturating_sub(same);
        let (one, other) = (one.get(..before(one)).unwrap_or_default(), other.get(..before(other)).unwrap_or_default());
        let blocks = one.rchunks_exact(size).zip(other.rchunks_exact(size));
        same += blocks.take_while(|(one, other)| one == other).count() * size;
    }
    let before = |text: &'_ [u8]| text.len().saturating_sub(same);
    let (one, other) = (one.get(..before(one)).unwrap_or_default(), other.get(..before(other)).unwrap_or_default());
    let rest = one.iter().rev().zip(other.iter().rev());
    same + rest.take_while(|(one, other)| one == other).count()
}

/// Where the entry that begins somewhere ends.
fn end_of(data: &[u8], begin: usize) -> Option<usize> {
    let name = data.get(begin..)?.iter().position(|byte| *byte == 0)?;
    let end = begin + name + 1 + ID;
    (end <= data.len()).then_some(end)
}

/// Where the entries end; none if the data is cut.
fn ends_of(data: &[u8], like: &Listing<'_>, seam: Seam) -> Option<Vec<u32>> {
    let length = like.data().len();
    let moved = i64::try_from(data.len()).ok()? - i64::try_from(length).ok()?;
    let first = like.ends.partition_point(|end| *end as usize <= seam.same);
    let mut ends = Vec::with_capacity(like.ends.len().max(data.len() / 64) + 1);
    ends.extend_from_slice(like.ends.get(..first)?);
    let last = like.ends.partition_point(|end| length - (*end as usize) > seam.tail);
    let mut rest = like.ends.get(last..)?;
    let mut at = ends.last().map_or(0, |end| *end as usize);
    while at < data.len() {
        // Once an entry ends where one of the other version does, all later ones do.
        while let Some((next, later)) = rest.split_first() {
            match (i64::from(*next) + moved).cmp(&i64::try_from(at).ok()?) {
                Ordering::Less => rest = later,
                Ordering::Equal if moved == 0 => {
                    ends.extend_from_slice(later);
                    return Some(ends);
                }
                Ordering::Equal => {
                    let shifted = later.iter().map(|end| u32::try_from(i64::from(*end) + moved));
                    ends.extend(shifted.collect::<Result<Vec<_>, _>>().ok()?);
                    return Some(ends);
                }
                Ordering::Greater => break,
            }
        }
        at = end_of(data, at)?;
        ends.push(u32::try_from(at).ok()?);
    }
    Some(ends)
}
