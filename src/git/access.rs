//! One connection to a remote: its timeouts, its certificate or host key, and one attempt with its credentials.
//!
//! libgit2 keeps timeouts and certificate authorities for the whole process: connections that need other ones take turns,
//! those to the same remote do not wait for each other.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use git2::{Cred, CredentialType, ErrorClass, ErrorCode, ProxyOptions, RemoteCallbacks};
use url::Url;

use super::credentials::{decoded, stored};
use super::known_hosts::KnownHosts;
use super::remote::{Address, Remote};
use super::{Credentials, GitError};
use crate::model::Hash;

/// How much sooner than ours the timer of a socket may end: it counts whole milliseconds, and began a little earlier.
const SLACK: Duration = Duration::from_millis(100);

/// So many bytes of what a remote says to people are kept.
const MOST_WORDS: usize = 8 * 1024;

/// What connections share.
static NETWORK: Mutex<Network> = Mutex::new(Network { trusted: BTreeSet::new(), timeout: Duration::ZERO, open: 0 });

/// Told when a connection ends.
static ENDED: Condvar = Condvar::new();

struct Network {
    /// The certificate authorities that the process trusts already, by content.
    trusted: BTreeSet<Hash>,
    /// The timeout that is in force.
    timeout: Duration,
    /// How many connections there are.
    open: usize,
}

/// Runs one connection with the remote's timeouts and certificate authorities in force.
pub(super) fn connection<T>(remote: &Remote, run: impl FnOnce() -> Result<T, GitError>) -> Result<T, GitError> {
    let _open = Open::with(remote)?;
    run()
}

/// A connection that goes on; it ends with this value.
struct Open;

impl Open {
    /// Waits until no connection is in the way of what this one has to change for the whole process.
    fn with(remote: &Remote) -> Result<Self, GitError> {
        let ca = match &remote.ca {
            Some(path) => {
                let failed = |source| GitError::File { what: "certificate file", path: path.clone(), source };
                Some((path, Hash::of(&std::fs::read(path).map_err(failed)?)))
            }
            None => None,
        };
        let mut network = NETWORK.lock().unwrap_or_else(PoisonError::into_inner);
        let untrusted = |network: &Network| ca.as_ref().is_some_and(|(_, hash)| !network.trusted.contains(hash));
        while network.open > 0 && (network.timeout != remote.timeout || untrusted(&network)) {
            network = ENDED.wait(network).unwrap_or_else(PoisonError::into_inner);
        }
        if network.open == 0 {
            set_timeouts(remote.timeout);
            network.timeout = remote.timeout;
        }
        if let Some((path, hash)) = ca.as_ref().filter(|_| untrusted(&network)) {
            trust(path).map_err(|error| GitError::File {
                what: "certificate file",
                path: (*path).clone(),
                source: std::io::Error::other(error.message().to_owned()),
            })?;
            network.trusted.insert(*hash);
        }
        network.open += 1;
        Ok(Self)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        NETWORK.lock().unwrap_or_else(PoisonError::into_inner).open -= 1;
        ENDED.notify_all();
    }
}

#[allow(unsafe_code, reason = "libgit2 has no other way to bound how long a server may be silent")]
fn set_timeouts(timeout: Duration) {
    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX).max(1);
    // SAFETY: both write one integer that only connections read, and the caller holds the lock that every connection takes,
    // while there is none.
    let set = unsafe {
        git2::opts::set_server_connect_timeout_in_milliseconds(millis)
            .and_then(|()| git2::opts::set_server_timeout_in_milliseconds(millis))
    };
    debug_assert!(set.is_ok());
}

/// Bounds how many packs stay open: each fetch adds one, and the process may run for months.
#[allow(unsafe_code, reason = "libgit2 has no other way to bound its open files")]
pub(super) fn bound_open_files() {
    /// Well below the 1024 files that a process may commonly have open.
    const FILES: usize = 128;
    static ONCE: Once = Once::new();
    // SAFETY: written once, before this process opens its first mirror; a thread that reads packs of a clone meanwhile sees
    // the old limit or the new one, both of which are whole words.
    ONCE.call_once(|| {
        let set = unsafe { git2::opts::set_mwindow_file_limit(FILES) };
        debug_assert!(set.is_ok());
    });
}

#[allow(unsafe_code, reason = "libgit2 has no other way to trust a certificate authority")]
fn trust(ca: &std::path::Path) -> Result<(), git2::Error> {
    // SAFETY: adds to the TLS context that only connections use, and the caller holds the lock that every connection takes,
    // while there is none.
    unsafe { git2::opts::set_ssl_cert_file(ca) }
}

/// What happened during a connection that the library's own error would not tell.
pub(super) struct Attempt<'a> {
    remote: &'a Remote,
    address: &'a Address,
    given_up: &'a AtomicBool,
    seen: RefCell<Seen>,
}

struct Seen {
    /// The credentials that were shown, for messages.
    shown: Option<String>,
    /// What a callback found wrong.
    failure: Option<GitError>,
    /// What the remote said to people.
    words: Vec<u8>,
    /// When the remote was last heard. Monotonic, and only to tell a silence from another failure.
    heard: Instant,
}

impl<'a> Attempt<'a> {
    /// An attempt that breaks off at the next sign of the remote once it is given up.
    pub(super) fn new(remote: &'a Remote, address: &'a Address, given_up: &'a AtomicBool) -> Self {
        let seen = Seen { shown: None, failure: None, words: Vec::new(), heard: Instant::now() };
        Self { remote, address, given_up, seen: RefCell::new(seen) }
    }

    /// Callbacks that show the credentials once and check a host key strictly.
    pub(super) fn callbacks(&self) -> RemoteCallbacks<'_> {
        let mut callbacks = RemoteCallbacks::new();
        callbacks.credentials(|url, user, kinds| self.credentials(url, user, kinds));
        callbacks.certificate_check(|certificate, host| {
            self.hear();
            match certificate.as_hostkey() {
                Some(key) => self.host_key(key, host),
                None => Ok(git2::CertificateCheckStatus::CertificatePassthrough),
            }
        });
        callbacks.transfer_progress(|_| self.hear());
        callbacks.sideband_progress(|words| {
            let mut seen = self.seen.borrow_mut();
            let room = MOST_WORDS.saturating_sub(seen.words.len());
            seen.words.extend(words.iter().take(room));
            drop(seen);
            self.hear()
        });
        callbacks
    }

    /// The proxy of the operator's git configuration or environment.
    pub(super) fn proxy(&self) -> ProxyOptions<'static> {
        let mut proxy = ProxyOptions::new();
        proxy.auto();
        proxy
    }

    /// What the remote said to people, line by line, without what a terminal would do with it.
    pub(super) fn words(&self) -> Vec<String> {
        let words = String::from_utf8_lossy(&self.seen.borrow().words).into_owned();
        let plain = |line: &str| line.chars().filter(|c| !c.is_control()).collect::<String>().trim_end().to_owned();
        words.split(['\n', '\r']).map(plain).filter(|line| !line.is_empty()).collect()
    }

    /// Notes that the remote is there; says whether to go on.
    pub(super) fn hear(&self) -> bool {
        self.seen.borrow_mut().heard = Instant::now();
        !self.given_up.load(Ordering::Relaxed)
    }

    /// Turns the library's error into what happened.
    pub(super) fn failed(&self, during: &'static str, source: git2::Error) -> GitError {
        let mut seen = self.seen.borrow_mut();
        if let Some(failure) = seen.failure.take() {
            return failure;
        }
        let remote = self.remote.shown();
        let said = source.message();
        // What the library says about a silence depends on who was listening: the socket, TLS, ssh or the protocol.
        if source.code() == ErrorCode::Timeout || seen.heard.elapsed() + SLACK >= self.remote.timeout {
            return GitError::TimedOut { remote, seconds: self.remote.timeout.as_secs().max(1), during, source };
        }
        let tls = source.class() == ErrorClass::Ssl && said.contains("certificate");
        if source.code() == ErrorCode::Certificate || tls {
            return GitError::Certificate { remote, source };
        }
        if said.contains("invalid packet line") {
            return GitError::Answer { remote, source };
        }
        let denied = source.code() == ErrorCode::Auth
            || said.contains("status code: 403")
            || said.contains("failed to authenticate SSH session");
        match seen.shown.take() {
            Some(shown) if denied => GitError::Denied { remote, why: format!("it rejected {shown}"), source },
            None if denied => GitError::Denied { remote, why: "it asks for credentials".to_owned(), source },
            _ => GitError::Unreachable { remote, during, source },
        }
    }

    /// Called by the library each time the server asks; the second time means that the first answer was wrong.
    fn credentials(&self, url: &str, user: Option<&str>, kinds: CredentialType) -> Result<Cred, git2::Error> {
        self.hear();
        if kinds.contains(CredentialType::USERNAME) {
            return Cred::username(user.unwrap_or("git"));
        }
        if self.seen.borrow().shown.is_some() {
            return Err(auth("the credentials were rejected"));
        }
        let (shown, cred) = match self.address {
            Address::Ssh { .. } => self.for_ssh(user.unwrap_or("git"))?,
            Address::Http(ours) => self.for_https(url, ours)?,
            Address::Local(_) => return Err(auth("a path needs no credentials")),
        };
        self.seen.borrow_mut().shown = Some(shown);
        Ok(cred)
    }

    fn for_ssh(&self, user: &str) -> Result<(String, Cred), git2::Error> {
        match &self.remote.credentials {
            Credentials::Key { private, passphrase } => {
                if let Err(source) = std::fs::metadata(private) {
                    let failure = GitError::File { what: "private key", path: private.clone(), source };
                    return Err(self.fail(failure, "the private key cannot be read"));
                }
                let passphrase = passphrase.as_ref().map(super::Password::reveal);
                let cred = Cred::ssh_key(user, None, private, passphrase)?;
                let shown = format!(
                    "the key {} for user `{user}` (is it authorized there, and is its passphrase right?)",
                    private.display()
                );
                Ok((shown, cred))
            }
            Credentials::Standard => {
                let cred = Cred::ssh_key_from_agent(user)?;
                Ok((
                    format!("every key of the ssh agent for user `{user}`; add one to the agent or name a key file"),
                    cred,
                ))
            }
            Credentials::Basic { .. } | Credentials::File(_) => {
                Err(self.deny("over ssh it needs a key file or an agent, not a password"))
            }
        }
    }

    fn for_https(&self, asked: &str, ours: &Url) -> Result<(String, Cred), git2::Error> {
        let Some(asked) = Url::parse(asked).ok().filter(|url| url.origin() == ours.origin()) else {
            return Err(self.deny(&format!("it sent landfall on to {asked}, which does not get its credentials")));
        };
        if asked.scheme() != "https" {
            return Err(self.deny("it asks for credentials over http, where anyone could read them; use https"));
        }
        let host = ours.host_str().unwrap_or_default();
        let user = decoded(ours.username()).filter(|user| !user.is_empty());
        let basic = |username: &str, password: &str, whence: &str| {
            Cred::userpass_plaintext(username, password)
                .map(|cred| (format!("user `{username}` with the password {whence}"), cred))
        };
        match &self.remote.credentials {
            Credentials::Basic { username, password } => basic(username, password.reveal(), "it was given"),
            Credentials::File(file) => match stored(file, host) {
                Ok(Some((username, password))) => basic(&username, &password, &format!("from {}", file.display())),
                Ok(None) => Err(self.deny(&format!("{} has no line `https://user:password@{host}`", file.display()))),
                Err(failure) => Err(self.fail(failure, "the credentials file cannot be read")),
            },
            Credentials::Standard if ours.password().is_some() => {
                let password = ours.password().and_then(decoded).unwrap_or_default();
                basic(&user.unwrap_or_default(), &password, "in its address")
            }
            Credentials::Standard => {
                // The operator's configuration, never a repository's: a helper is a program that is run.
                let config = git2::Config::open_default()?;
                match Cred::credential_helper(&config, asked.as_str(), user.as_deref()) {
                    Ok(cred) => Ok(("what git's credential helper gave".to_owned(), cred)),
                    Err(_) => Err(self.deny(
                        "it asks for credentials, and git's credential helper has none; set LANDFALL_GIT_TOKEN, or \
                         LANDFALL_GIT_USERNAME and LANDFALL_GIT_PASSWORD, or name a credentials file",
                    )),
                }
            }
            Credentials::Key { .. } => Err(self.deny("over https it needs a password or token, not a key")),
        }
    }

    fn host_key(
        &self,
        key: &git2::cert::CertHostkey<'_>,
        host: &str,
    ) -> Result<git2::CertificateCheckStatus, git2::Error> {
        let port = match self.address {
            Address::Ssh { port, .. } => *port,
            _ => 22,
        };
        let known = match KnownHosts::open(self.remote.known_hosts.as_deref()) {
            Ok(known) => known,
            Err(failure) => return Err(self.fail(failure, "the known hosts file cannot be read")),
        };
        match known.check(host, port, key.hostkey().unwrap_or_default()) {
            Ok(()) => Ok(git2::CertificateCheckStatus::CertificateOk),
            Err(why) => Err(self.fail(GitError::HostKey { why }, "the host key is not known")),
        }
    }

    fn deny(&self, why: &str) -> git2::Error {
        let failure =
            GitError::Denied { remote: self.remote.shown(), why: why.to_owned(), source: auth("nothing was shown") };
        self.fail(failure, why)
    }

    fn fail(&self, failure: GitError, said: &str) -> git2::Error {
        self.seen.borrow_mut().failure = Some(failure);
        auth(said)
    }
}

fn auth(said: &str) -> git2::Error {
    git2::Error::new(ErrorCode::Auth, ErrorClass::Callback, said)
}
