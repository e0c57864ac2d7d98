//! Images: how a task definition names one, which digests prove it, and the repository that it is pulled from.

use std::sync::Arc;

use crate::model::catalog::ImagePin;
use crate::model::journal::ProvedImage;
use crate::model::{EcrRepository, Region};

/// How a task definition names an image: `repository@digest`, or `repository:tag` if the release records no digest.
///
/// ECS documents exactly these two forms (API reference, `ContainerDefinition.image`, November 2026). `repository:tag@digest`
/// is what ECS itself writes when it has resolved a tag (aws/amazon-ecs-agent#4226), but no documentation says that
/// RegisterTaskDefinition takes it, and Docker ignores the tag there anyhow (aws/amazon-ecs-agent#4256). With a digest no
/// later push can change what a restarted task runs.
pub(super) fn reference(repository: &str, pin: &ImagePin) -> String {
    match &pin.digest {
        Some(digest) => format!("{repository}@{digest}"),
        None => format!("{repository}:{}", pin.tag),
    }
}

/// The image with the digests that a container of it may run: the release's, and those of its platforms.
pub(super) fn proved(repository: &str, pin: &ImagePin) -> ProvedImage {
    let mut digests: Vec<Arc<str>> = pin.digest.iter().chain(pin.platforms.values()).cloned().collect();
    digests.sort();
    digests.dedup();
    ProvedImage { image: Arc::from(reference(repository, pin)), digests }
}

/// What is wrong with a repository's name, in words; none if it is valid.
///
/// The characters are those that ECS takes for an image, 255 at most before the `@` or with the tag (API reference,
/// `ContainerDefinition.image`).
pub(super) fn fault(repository: &str, pin: &ImagePin) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.' | '/' | '#');
    let last = repository.rsplit('/').next().unwrap_or("");
    let length = if pin.digest.is_some() { repository.len() } else { repository.len() + 1 + pin.tag.len() };
    if repository.contains('@') || last.contains(':') {
        Some("it contains a tag or a digest: remove it, releases supply both")
    } else if last.is_empty() || repository.starts_with('/') || is_registry(repository) {
        Some("it does not name a repository")
    } else if !repository.chars().all(allowed) {
        Some("it contains a character that ECS does not allow")
    } else if repository.split('/').skip(usize::from(repository.contains('/'))).any(has_upper_case) {
        Some("the name of a repository must be lower case")
    } else if length > 255 {
        Some("it is longer than 255 characters, the most that ECS allows")
    } else {
        None
    }
}

/// A registry of ECR without anything in it.
fn is_registry(repository: &str) -> bool {
    EcrRepository::parse(&format!("{repository}/it")).is_some_and(|found| found.path == "it")
}

fn has_upper_case(part: &str) -> bool {
    part.contains(|c: char| c.is_ascii_uppercase())
}

/// Whether a repository may be in ECR, judged by its literal text. A registry from a variable may be.
pub(super) fn may_be_ecr(pieces: &[crate::model::process::Piece]) -> bool {
    use crate::model::process::Piece;
    let mut registry = String::new();
    for piece in pieces {
        match piece {
            Piece::Placeholder(_) => return true,
            Piece::Literal(text) => registry.push_str(text),
        }
        if registry.contains('/') {
            break;
        }
    }
    EcrRepository::parse(&registry).is_some()
}

/// The region of a repository in ECR that lies in another partition than a target's region.
pub(super) fn other_partition(repository: &str, own: &Region) -> Option<Region> {
    let region = Region::new(EcrRepository::parse(repository)?.region).ok()?;
    (region.partition() != own.partition()).then_some(region)
}

/// The ARN of the repository that an image is pulled from.
///
/// Where only the value of a variable could tell whether it lies in ECR, and it does not, this is the repository of the
/// same path in the target's own account: the statement has to name something, and a right to pull from one's own
/// repository of that name is the least that it can be.
pub(super) fn repository_arn(repository: &str, account: &str, region: &Region) -> String {
    let path = repository.split_once('/').map_or(repository, |(_, path)| path);
    let own = EcrRepository { account, region: region.as_str(), path };
    let EcrRepository { account, region: name, path } = EcrRepository::parse(repository).unwrap_or(own);
    let partition = Region::new(name).map_or_else(|_| region.partition(), |region| region.partition());
    format!("arn:{partition}:ecr:{name}:{account}:repository/{path}")
}
