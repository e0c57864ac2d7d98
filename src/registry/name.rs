//! Names of repositories as people write them in `process.toml`, and the registries that they mean.

use super::RegistryError;

/// The registry that a name without a host means, as docker has it.
const HUB: &str = "docker.io";
/// Where the API of that registry is.
const HUB_API: &str = "registry-1.docker.io";
/// Under which key docker keeps credentials for it.
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// A repository in a registry: `registry.example.com/team/app`, `team/app` on Docker Hub.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepositoryName {
    registry: String,
    path: String,
}

impl RepositoryName {
    /// Reads a name. Its first part is a registry if it contains a dot or a colon or is `localhost`; otherwise the registry
    /// is Docker Hub, and a name of one part is below `library/`.
    ///
    /// # Errors
    /// A character that no repository has, a tag, or nothing at all.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        let wrong = |why: &str| RegistryError::Name { repository: text.to_owned(), why: why.to_owned() };
        let (registry, path) = match text.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest.to_owned()),
            Some(_) => (HUB, text.to_owned()),
            None => (HUB, format!("library/{text}")),
        };
        if !is_host(registry) {
            return Err(wrong("its registry must be a host name, with or without a port"));
        }
        if path.contains(['@', ':']) {
            return Err(wrong("it contains a tag or a digest: remove it, releases supply both"));
        }
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
        let part = |part: &str| !part.is_empty() && part != "." && part != ".." && part.chars().all(fine);
        if !path.split('/').all(part) || path.len() > 255 {
            return Err(wrong("a path may contain only lower-case letters, digits, `.`, `_`, `-` and `/`"));
        }
        Ok(Self { registry: registry.to_owned(), path })
    }

    /// The registry, as it is written.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository in the registry.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Under which key docker's configuration keeps credentials for the registry.
    pub fn credentials_key(&self) -> &str {
        if self.is_hub() { HUB_KEY } else { &self.registry }
    }

    /// The address of the registry. Over http only on this machine, as docker does it.
    pub fn base(&self) -> String {
        let scheme = if self.is_on_this_machine() { "http" } else { "https" };
        let host = if self.is_hub() { HUB_API } else { &self.registry };
        format!("{scheme}://{host}")
    }

    /// Whether the registry runs on this machine.
    pub fn is_on_this_machine(&self) -> bool {
        let host = match self.registry.strip_prefix('[') {
            Some(inside) => inside.split(']').next().unwrap_or(inside),
            None => self.registry.split(':').next().unwrap_or(&self.registry),
        };
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    fn is_hub(&self) -> bool {
        [HUB, "index.docker.io", HUB_API].contains(&self.registry.as_str())
    }
}

/// `name`, `name:port`, `[address]:port`.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) if address.parse::<std::net::Ipv6Addr>().is_ok() => ("address", rest.strip_prefix(':')),
        Some(_) => return false,
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    !host.is_empty() && host.chars().all(fine) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}
