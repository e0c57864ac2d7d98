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

    /// Reads a folder. `like` is a version of it, from which the places of entries are taken as far as it is the same.
    pub(super) fn read(odb: &'o Odb<'_>, id: Oid, like: Option<&Listing<'_>>) -> Result<Self, git2::Error> {
        let object = odb.read(id)?;
        if object.kind() != ObjectType::Tree {
            return Err(git2::Error::from_str(&format!("{id} is not a folder")));
        }
        let ends = ends_of(object.data(), like)
            .ok_or_else(|| git2::Error::from_str(&format!("the folder {id} is damaged")))?;
        Ok(Self { object: Some(object), ends })
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
    ) -> BTreeMap<&'l [u8], (Option<Entry<'l>>, Option<Entry<'l>>)> {
        let (ours, theirs) = (self.data(), other.data());
        let same = common(ours, theirs);
        let first = self.ends.partition_point(|end| *end as usize <= same);
        let tail = common_end(ours.get(same..).unwrap_or_default(), theirs.get(same..).unwrap_or_default());
        // Bytes that are equal up to the end are equal entries from the first place on where an entry ends in both.
        let (mut our_last, mut their_last) = (self.within(tail), other.within(tail));
        while let (Some(ours), Some(theirs)) = (self.from_end(our_last), other.from_end(their_last))
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

    /// How far from the end of the data so many entries end.
    fn from_end(&self, entries: usize) -> Option<usize> {
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

/// How many bytes two texts begin with in common.
fn common(one: &[u8], other: &[u8]) -> usize {
    const BLOCK: usize = 256;
    let blocks = one.chunks_exact(BLOCK).zip(other.chunks_exact(BLOCK));
    let from = blocks.take_while(|(one, other)| one == other).count() * BLOCK;
    let rest = one.iter().zip(other).skip(from);
    from + rest.take_while(|(one, other)| one == other).count()
}

/// How many bytes two texts end with in common.
fn common_end(one: &[u8], other: &[u8]) -> usize {
    const BLOCK: usize = 256;
    let blocks = one.rchunks_exact(BLOCK).zip(other.rchunks_exact(BLOCK));
    let from = blocks.take_while(|(one, other)| one == other).count() * BLOCK;
    let rest = one.iter().rev().zip(other.iter().rev()).skip(from);
    from + rest.take_while(|(one, other)| one == other).count()
}

/// Where the entry that begins somewhere ends.
fn end_of(data: &[u8], begin: usize) -> Option<usize> {
    let name = data.get(begin..)?.iter().position(|byte| *byte == 0)?;
    let end = begin + name + 1 + ID;
    (end <= data.len()).then_some(end)
}

/// Where the entries end; none if the data is cut.
fn ends_of(data: &[u8], like: Option<&Listing<'_>>) -> Option<Vec<u32>> {
    let mut ends: Vec<u32> = Vec::with_capacity(like.map_or(data.len() / 32, |like| like.ends.len() + 1));
    let (mut rest, mut moved): (&[u32], i64) = (&[], 0);
    if let Some(like) = like {
        let same = common(data, like.data());
        let first = like.ends.partition_point(|end| *end as usize <= same);
        ends.extend_from_slice(like.ends.get(..first)?);
        let tail = common_end(data.get(same..)?, like.data().get(same..)?);
        let last = like.ends.partition_point(|end| like.data().len() - (*end as usize) > tail);
        rest = like.ends.get(last..)?;
        moved = i64::try_from(data.len()).ok()? - i64::try_from(like.data().len()).ok()?;
    }
    let mut at = ends.last().map_or(0, |end| *end as usize);
    while at < data.len() {
        // Once an entry ends where one of the other version does, all later ones do.
        while let Some((next, later)) = rest.split_first() {
            match (i64::from(*next) + moved).cmp(&i64::try_from(at).ok()?) {
                Ordering::Less => rest = later,
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
