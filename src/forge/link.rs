//! The page on which a pushed branch becomes a pull request, by the address of the remote.
//!
//! The forms are those that the forges print after a push, or document: GitHub (`/pull/new/`), GitLab
//! (`/-/merge_requests/new`), Bitbucket Cloud (`/pull-requests/new`) and Data Center (`/pull-requests?create`), Gitea and
//! Forgejo (`/compare/base...branch`), and the console of CodeCommit. A host is recognized by its name; for a name that says nothing
//! there is no link, rather than a wrong one.

use url::Url;

use super::Kind;

/// The page where a branch becomes a pull request into `base`; none if the host is not known, or if its form needs
/// the base and that is not known.
pub fn pull_request_page(remote: &str, branch: &str, base: Option<&str>) -> Option<String> {
    let (host, path) = parts(remote)?;
    if let Some(region) = codecommit(&host) {
        let (name, base) = (path.rsplit('/').next()?, encoded(base?));
        return Some(format!(
            "https://{region}.console.aws.amazon.com/codesuite/codecommit/repositories/{name}/pull-requests/new/\
             refs/heads/{base}/.../refs/heads/{branch}?region={region}"
        ));
    }
    let branch = encoded(branch);
    let slashless = branch.replace('/', "%2F");
    match Kind::of_host(&host) {
        Some(Kind::GitHub) => Some(format!("https://{host}/{path}/pull/new/{branch}")),
        Some(Kind::GitLab) => {
            Some(format!("https://{host}/{path}/-/merge_requests/new?merge_request%5Bsource_branch%5D={slashless}"))
        }
        Some(Kind::Gitea) => Some(format!("https://{host}/{path}/compare/{}...{branch}", encoded(base?))),
        None if host == "bitbucket.org" => Some(format!("https://{host}/{path}/pull-requests/new?source={slashless}")),
        None if host.split('.').next().is_some_and(|first| first.contains("bitbucket")) => {
            let (project, name) = path.strip_prefix("scm/").unwrap_or(&path).split_once('/')?;
            Some(format!(
                "https://{host}/projects/{project}/repos/{name}/pull-requests?create&sourceBranch={slashless}"
            ))
        }
        None => None,
    }
}

/// Host and path of an address, without `.git`; none for a path on this machine.
pub(super) fn parts(remote: &str) -> Option<(String, String)> {
    let (host, path) = if remote.contains("://") {
        let url = Url::parse(remote).ok()?;
        if !["https", "http", "ssh"].contains(&url.scheme()) {
            return None;
        }
        // A port of ssh is none of the pages'; one of https is.
        let port = url.port().filter(|_| url.scheme() != "ssh").map(|port| format!(":{port}"));
        (format!("{}{}", url.host_str()?, port.unwrap_or_default()), url.path().to_owned())
    } else {
        let (before, path) = remote.split_once(':').filter(|(before, _)| !before.contains('/') && before.len() > 1)?;
        (before.rsplit_once('@').map_or(before, |(_, host)| host).to_owned(), path.to_owned())
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let path = encoded(path);
    (!path.is_empty()).then_some((host.to_ascii_lowercase(), path))
}

/// `git-codecommit.<region>.amazonaws.com`.
fn codecommit(host: &str) -> Option<&str> {
    host.strip_prefix("git-codecommit.")?.strip_suffix(".amazonaws.com")
}

/// Everything that a path may not have as it is, but for `/`.
pub(super) fn encoded(text: &str) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'/' | b'%');
    text.bytes().map(|b| if plain(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
