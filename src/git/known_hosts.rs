//! The known hosts file of ssh, read strictly: a key that is not in it is refused.
//!
//! The format is that of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT": host patterns or a hashed host, key type, key; `@revoked`
//! refuses a key; `@cert-authority` lines are passed over, since the library does not speak ssh certificates.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ring::{digest, hmac};

use super::GitError;

/// A known hosts file.
pub(super) struct KnownHosts {
    path: PathBuf,
    text: String,
}

impl KnownHosts {
    /// Reads the file, or `~/.ssh/known_hosts`, where an absent file is an empty one.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, GitError> {
        let given = path.map(Path::to_owned);
        let standard = || std::env::home_dir().unwrap_or_default().join(".ssh/known_hosts");
        let path = given.clone().unwrap_or_else(standard);
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if given.is_none() && error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(GitError::File { what: "known hosts file", path, source }),
        };
        Ok(Self { path, text })
    }

    /// Whether the host has this key, in the wire form of RFC 4253; otherwise why not, and what to do.
    pub(super) fn check(&self, host: &str, port: u16, key: &[u8]) -> Result<(), String> {
        let name = if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") };
        let kind = kind(key).unwrap_or("unknown");
        let print = format!("SHA256:{}", STANDARD_NO_PAD.encode(digest::digest(&digest::SHA256, key)));
        let path = self.path.display();
        let mut other = None;
        let mut known = false;
        for (number, line) in self.text.lines().enumerate() {
            let Some(entry) = Entry::read(line).filter(|entry| entry.is_for(&name)) else { continue };
            let same = entry.key == key;
            if entry.revoked && same {
                return Err(format!("{path}:{} revokes the host key of {name} ({kind}, {print})", number + 1));
            }
            known |= same && !entry.revoked;
            if !entry.revoked && entry.kind == kind {
                other = Some(number + 1);
            }
        }
        let line = format!("{name} {kind} {}", STANDARD.encode(key));
        match other {
            _ if known => Ok(()),
            Some(number) => Err(format!(
                "the host key of {name} is not the one in {path}:{number}: it shows {kind} {print}. Somebody may be in \
                 between; if the server did change its key, replace that line by\n{line}"
            )),
            None => Err(format!(
                "the host key of {name} is not known: it shows {kind} {print}. Compare this with what its operator \
                 publishes, then add to {path} the line\n{line}"
            )),
        }
    }
}

struct Entry<'a> {
    hosts: &'a str,
    kind: &'a str,
    key: Vec<u8>,
    revoked: bool,
}

impl<'a> Entry<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace().peekable();
        let revoked = match words.peek()? {
            word if word.starts_with('#') => return None,
            &"@revoked" => words.next().is_some(),
            word if word.starts_with('@') => return None,
            _ => false,
        };
        let (hosts, kind, key) = (words.next()?, words.next()?, words.next()?);
        Some(Self { hosts, kind, key: STANDARD.decode(key).ok()?, revoked })
    }

    /// Whether a pattern fits and no negated one does.
    fn is_for(&self, name: &str) -> bool {
        if let Some(hashed) = self.hosts.strip_prefix("|1|") {
            return is_hash_of(hashed, name);
        }
        let mut fits = false;
        for pattern in self.hosts.split(',') {
            match pattern.strip_prefix('!') {
                Some(not) if matches(not.as_bytes(), name.as_bytes()) => return false,
                Some(_) => {}
                None => fits |= matches(pattern.as_bytes(), name.as_bytes()),
            }
        }
        fits
    }
}

/// `salt|hash`, both in base64: HMAC-SHA1 of the name, keyed by the salt.
fn is_hash_of(hashed: &str, name: &str) -> bool {
    let Some((salt, hash)) = hashed.split_once('|') else { return false };
    let (Ok(salt), Ok(hash)) = (STANDARD.decode(salt), STANDARD.decode(hash)) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt);
    hmac::verify(&key, name.as_bytes(), &hash).is_ok()
}

/// A pattern with `*` and `?`, ignoring case. Linear in pattern × name.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, n));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == b'?' || pattern[p].eq_ignore_ascii_case(&name[n])) {
            p += 1;
            n += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            n = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

/// The key's type: its first string, with a length of four bytes before it (RFC 4253, 6.6).
fn kind(key: &[u8]) -> Option<&str> {
    let length = u32::from_be_bytes(key.get(..4)?.try_into().ok()?);
    let end = 4usize.checked_add(usize::try_from(length).ok()?)?;
    std::str::from_utf8(key.get(4..end)?).ok()
}
