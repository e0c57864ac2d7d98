//! Signatures of commits, by the programs and keys that git's configuration names: `gpg`, `gpgsm` or `ssh-keygen`.
//!
//! They are called as git calls them, and ask for a passphrase themselves. \[doc: `commit.gpgSign`, `gpg.format`, `gpg.ssh.program`,
//! `user.signingKey` in git-config\]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::git::{Author, Signing};

/// The signature over a commit.
///
/// # Errors
/// A sentence: the program is not there, or does not sign.
pub fn sign(how: &Signing, author: &Author, commit: &str) -> Result<String, String> {
    match how.format.as_str() {
        "openpgp" => by_gpg(how.program.as_deref().unwrap_or("gpg"), how, author, commit),
        "x509" => by_gpg(how.program.as_deref().unwrap_or("gpgsm"), how, author, commit),
        "ssh" => by_ssh(how.program.as_deref().unwrap_or("ssh-keygen"), how, commit),
        other => Err(format!("`gpg.format` is {other}, and landfall knows openpgp, ssh and x509")),
    }
}

fn by_gpg(program: &str, how: &Signing, author: &Author, commit: &str) -> Result<String, String> {
    let key = how.key.clone().unwrap_or_else(|| format!("{} <{}>", author.name, author.email));
    let mut command = Command::new(program);
    command.args(["--status-fd=2", "-bsau", &key]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let cannot = |error: std::io::Error| format!("cannot run {program}: {error}");
    let mut child = command.spawn().map_err(cannot)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read its input has its own reasons, which it says.
        let _ = stdin.write_all(commit.as_bytes());
    }
    let output = child.wait_with_output().map_err(cannot)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || !said.lines().any(|line| line.starts_with("[GNUPG:] SIG_CREATED ")) {
        return Err(refused(program, &output));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn by_ssh(program: &str, how: &Signing, commit: &str) -> Result<String, String> {
    let key = how.key.as_deref().ok_or("`user.signingKey` in git's configuration names no key")?;
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let write = |name: &str, text: &str| -> Result<PathBuf, String> {
        let path = folder.path().join(name);
        std::fs::write(&path, text).map(|()| path).map_err(|error| format!("cannot write a temporary file: {error}"))
    };
    let file = write("commit", commit)?;
    let mut command = Command::new(program);
    command.args(["-Y", "sign", "-n", "git", "-f"]);
    match key.strip_prefix("key::").or(Some(key).filter(|key| key.starts_with("ssh-"))) {
        // The agent has the other half.
        Some(public) => command.arg(write("key.pub", public)?).arg("-U"),
        None => command.arg(home(key)),
    };
    let output = command.arg(&file).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot run {program}: {error}"))?;
    if !output.status.success() {
        return Err(refused(program, &output));
    }
    std::fs::read_to_string(file.with_extension("sig"))
        .map_err(|error| format!("{program} wrote no signature: {error}"))
}

/// `~/` is the user's home, as git has it.
fn home(path: &str) -> PathBuf {
    let below = path.strip_prefix("~/").zip(std::env::var_os("HOME"));
    below.map_or_else(|| PathBuf::from(path), |(rest, home)| Path::new(&home).join(rest))
}

fn refused(program: &str, output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().filter(|line| !line.starts_with("[GNUPG:]")).collect::<Vec<_>>().join("; ");
    format!("{program} ended with {}: {said}", output.status)
}
