//! Emulators as child processes on loopback, and how the adapter reaches a server.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use landfall::aws::{AwsCloud, AwsOptions, BaseCredentials};
use landfall::cloud::At;
use landfall::model::place::Access;
use landfall::model::{AccountId, Place, Region};

/// The virtual environment that tests/run makes; without it, tests that need it say so and end.
pub(super) fn tools() -> Option<PathBuf> {
    let tools = std::env::var_os("LANDFALL_TOOLS").map(PathBuf::from);
    if tools.is_none() {
        eprintln!("skipped: LANDFALL_TOOLS is not set (./tests/run sets it)");
    }
    tools
}

/// Options that reach a server on loopback, without a budget worth mentioning.
pub(super) fn options(endpoint: &str) -> AwsOptions {
    AwsOptions {
        endpoint_url: Some(endpoint.to_owned()),
        credentials: BaseCredentials::AccountIsKey,
        session_name: "landfall-0123456789abcdef".into(),
        connect_timeout: Duration::from_secs(2),
        read_timeout: Duration::from_secs(10),
        cloudformation_rate: NonZeroU32::new(10_000).unwrap(),
        ..AwsOptions::default()
    }
}

pub(super) fn cloud(endpoint: &str) -> AwsCloud {
    AwsCloud::new(options(endpoint))
}

/// An account and a region, with the account's own credentials.
pub(super) fn at(account: &str, region: &str) -> At {
    let place = Place { account: AccountId::new(account).unwrap(), region: Region::new(region).unwrap() };
    At { place, access: Access::default() }
}

/// A server that is stopped when it goes out of scope.
pub(super) struct Emulator {
    child: Child,
    pub(super) endpoint: String,
    _home: tempfile::TempDir,
}

impl Emulator {
    pub(super) fn ministack(tools: &Path) -> Self {
        Self::start(|port| {
            let mut command = Command::new(tools.join("bin/ministack"));
            command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port);
            // These listeners would be on every interface.
            command.env("IOT_MTLS_ENABLED", "0").env("SFTP_ENABLED", "0");
            command
        })
    }

    pub(super) fn moto(tools: &Path) -> Self {
        Self::start(|port| {
            let mut command = Command::new(tools.join("bin/moto_server"));
            command.args(["-H", "127.0.0.1", "-p", port]);
            command
        })
    }

    fn start(command: impl Fn(&str) -> Command) -> Self {
        let home = tempfile::tempdir().unwrap();
        // The operating system chooses; between here and the server's own bind nobody else is likely to take it.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let child = command(&port.to_string())
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let emulator = Self { child, endpoint: format!("http://127.0.0.1:{port}"), _home: home };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < deadline, "the emulator does not listen on port {port}");
            std::thread::sleep(Duration::from_millis(50));
        }
        emulator.assert_on_loopback();
        emulator
    }

    /// Nobody but this machine can reach it. Asked again at the end of a test: a listener may come late.
    pub(super) fn assert_on_loopback(&self) {
        assert_eq!(listens_beyond_loopback(self.child.id()), Vec::<String>::new());
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Addresses other than loopback that a process listens on, as the kernel writes them; Linux only.
fn listens_beyond_loopback(pid: u32) -> Vec<String> {
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let mut beyond = Vec::new();
    for table in ["tcp", "tcp6"] {
        let table = std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        for line in table.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (address, state, inode) = (fields[1], fields[3], fields[9]);
            let loopback = address.starts_with("0100007F:") || address.starts_with("00000000000000000000000001000000:");
            if state == "0A" && !loopback && sockets.iter().any(|socket| socket == inode) {
                beyond.push(address.to_owned());
            }
        }
    }
    beyond
}
