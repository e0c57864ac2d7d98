//! Which forge an address belongs to, and where its API is.

use super::link::parts;

/// A kind of forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// github.com, or GitHub Enterprise Server.
    GitHub,
    /// gitlab.com, or a GitLab of one's own.
    GitLab,
    /// Gitea and Forgejo, which have one API for what is asked here.
    Gitea,
}

impl Kind {
    /// Recognized by the host's name; none if it says nothing.
    pub fn of_host(host: &str) -> Option<Self> {
        let is = |name: &str| host.split('.').next().is_some_and(|first| first.contains(name));
        match host {
            "github.com" => Some(Self::GitHub),
            "gitlab.com" => Some(Self::GitLab),
            "codeberg.org" => Some(Self::Gitea),
            _ if is("github") => Some(Self::GitHub),
            _ if is("gitlab") => Some(Self::GitLab),
            _ if is("gitea") || is("forgejo") => Some(Self::Gitea),
            _ => None,
        }
    }

    /// Where the API of a host is. \[doc: "Getting started with the REST API" of GitHub and of GitHub Enterprise Server, "REST API" of
    /// GitLab, "API Usage" of Gitea\]
    pub fn api(self, host: &str) -> String {
        match self {
            Self::GitHub if host == "github.com" => "https://api.github.com".to_owned(),
            Self::GitHub => format!("https://{host}/api/v3"),
            Self::GitLab => format!("https://{host}/api/v4"),
            Self::Gitea => format!("https://{host}/api/v1"),
        }
    }
}

/// A repository at a forge, as the address of a remote says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    pub kind: Option<Kind>,
    pub host: String,
    /// `owner/name`; with GitLab also `group/subgroup/name`.
    pub path: String,
}

/// The repository that an address leads to; none for a path on this machine.
pub fn home(remote: &str) -> Option<Project> {
    let (host, path) = parts(remote)?;
    Some(Project { kind: Kind::of_host(&host), host, path })
}
