//! The images of a new release: which repository each comes from, which tag is taken, and which digests that means.

use std::collections::BTreeMap;

use super::super::exit::{Failure, chain};
use super::super::output;
use super::super::registries::Registries;
use crate::model::catalog::ImagePin;
use crate::model::channel::ImageRule;
use crate::model::process::{ImageRepository, Piece, Text};
use crate::model::{Catalog, Channel, ImageName, Names, Project, Release, ReleaseName, Version, What};
use crate::registry::{Chosen, Refused, Registry, RegistryError, Why, choose};
use crate::template::variables::Values;
use crate::template::{Context, RenderProblem};

/// An image of a new release.
#[derive(Clone, Debug)]
pub(super) struct Picked {
    /// Tag and digests.
    pub(super) pin: ImagePin,
    /// The repository; none if the image comes from another release.
    pub(super) repository: Option<String>,
    /// Tags that the channel does not admit.
    pub(super) refused: Vec<Refused>,
}

/// What is known before any registry is asked.
pub(super) struct Wanted<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) project: &'a Project,
    pub(super) channel: &'a Channel,
    pub(super) what: &'a What,
    /// Tags that were named.
    pub(super) tags: &'a BTreeMap<ImageName, String>,
    /// The release whose images are taken where no tag is named.
    pub(super) from: Option<&'a Release>,
}

impl Wanted<'_> {
    /// Picks every image of the process.
    ///
    /// # Errors
    /// No tag can be told for an image, or a tag that was named is not there.
    pub(super) async fn pick(&self, registries: &Registries) -> Result<BTreeMap<ImageName, Picked>, Failure> {
        let mut picked = BTreeMap::new();
        for (name, image) in &self.what.images {
            picked.insert(name.clone(), self.one(name, image, registries).await?);
        }
        Ok(picked)
    }

    async fn one(&self, name: &ImageName, image: &ImageRepository, registries: &Registries) -> Result<Picked, Failure> {
        let named = self.tags.get(name);
        if let (None, Some(pin)) = (named, self.from.and_then(|release| release.images.get(name))) {
            return Ok(Picked { pin: pin.clone(), repository: None, refused: Vec::new() });
        }
        let repository = match (self.repository(image), named) {
            (Ok(repository), _) => repository,
            (Err(problem), Some(tag)) => {
                output::progress(&format!("note         {name}: {problem}; the release records no digest of {tag}"));
                return Ok(Picked { pin: tag_alone(tag), repository: None, refused: Vec::new() });
            }
            (Err(problem), None) => return Err(self.no_tag(name, Failure::new(problem))),
        };
        let registry = registries.of(&repository);
        let (tag, refused) = match named {
            Some(tag) => {
                self.say_if_refused(name, tag);
                (tag.clone(), Vec::new())
            }
            None => self.newest(name, &repository, registry).await?,
        };
        let pin = match registry.describe(&repository, &tag).await {
            Ok(Some(image)) => {
                ImagePin { tag: tag.as_str().into(), digest: Some(image.digest), platforms: image.platforms }
            }
            Ok(None) => {
                return Err(Failure::new(format!("image {name}: {repository} has no tag {tag}"))
                    .help("push it first, or name another one with --image"));
            }
            Err(error) => {
                let why = chain(&error);
                output::progress(&format!("note         {name}: {why}; the release records no digest of {tag}"));
                tag_alone(&tag)
            }
        };
        Ok(Picked { pin, repository: Some(repository), refused })
    }

    async fn newest(
        &self,
        name: &ImageName,
        repository: &str,
        registry: &dyn Registry,
    ) -> Result<(String, Vec<Refused>), Failure> {
        let cannot = |error: RegistryError| {
            self.no_tag(name, Failure::new(format!("cannot find the newest tag of {repository}")).because(error))
        };
        let tags = registry.tags(repository).await.map_err(cannot)?;
        let rule = self.rule(name);
        let Chosen { tag, refused } = choose(&rule, &tags);
        let Some(tag) = tag else {
            let lines = refusals(&refused);
            lines.iter().for_each(|line| output::progress(&format!("rejected     {line}")));
            let message = match tags.len() {
                0 => format!("{repository} has no tag at all"),
                count => format!("channel {} allows none of the {count} tags of {repository}", self.channel.name),
            };
            return Err(self.no_tag(name, Failure::new(message)));
        };
        Ok((tag.to_string(), refused))
    }

    fn rule(&self, name: &ImageName) -> ImageRule {
        self.channel.images.get(name).cloned().unwrap_or_default()
    }

    /// A named tag is used whatever the channel's rules say.
    fn say_if_refused(&self, name: &ImageName, tag: &str) {
        let Some(rule) = self.channel.images.get(name) else { return };
        let seen = crate::registry::TagSeen { name: tag.into(), pushed: None };
        let refused = choose(rule, &[seen]).refused.into_iter().find(|refused| refused.why != Why::NoDate);
        if let Some(Refused { why, .. }) = refused {
            let channel = &self.channel.name;
            output::progress(&format!(
                "note         {name}: channel {channel} would not choose {tag} by itself: {why}"
            ));
        }
    }

    fn no_tag(&self, name: &ImageName, failure: Failure) -> Failure {
        failure
            .help(format!("give a tag with --image {name}=TAG, or the images of another release with --from RELEASE"))
    }

    /// Registry and repository of an image. Where a variable makes it another one in each environment, the first in
    /// promotion order is asked: a tag means the same image in all of them.
    fn repository(&self, image: &ImageRepository) -> Result<String, String> {
        if let Some(text) = literal(&image.repository) {
            return Ok(text);
        }
        let mut all: Vec<String> = Vec::new();
        let mut problem = None;
        for found in self.filled(&image.repository) {
            match found {
                Ok(found) if !all.contains(&found) => all.push(found),
                Ok(_) => {}
                Err(found) => problem = problem.or(Some(found)),
            }
        }
        let mut all = all.into_iter();
        match (all.next(), problem) {
            (Some(first), _) => {
                let others: Vec<String> = all.collect();
                if !others.is_empty() {
                    output::progress(&format!(
                        "note         asks {first}; other environments use {}",
                        others.join(", ")
                    ));
                }
                Ok(first)
            }
            (None, Some(problem)) => Err(format!("{} ({})", problem.title, problem.at)),
            (None, None) => {
                Err("no target offers a role that a step asks for, so its repository is not known".to_owned())
            }
        }
    }

    /// The text as each stack of the project would have it, in promotion order.
    fn filled(&self, text: &Text) -> Vec<Result<String, RenderProblem>> {
        let Some(repository) = &self.catalog.repository else { return Vec::new() };
        let Some(release) = self.release() else { return Vec::new() };
        let (names, mut all) = (Names::of(self.catalog), Vec::new());
        for environment in self.catalog.environments_in_order() {
            let here = |target: &&std::sync::Arc<crate::model::Target>| target.environments.contains(&environment.name);
            for target in self.catalog.targets.values().filter(here) {
                for step in self.what.steps.iter().filter(|step| target.roles.contains(&step.role)) {
                    let context = Context {
                        repository,
                        project: self.project,
                        release: &release,
                        what: self.what,
                        environment,
                        target,
                        tenant: None,
                        step,
                        names: &names,
                        catalog: self.catalog,
                    };
                    all.push(Values::new(&context).text(text).map_err(Into::into));
                }
            }
        }
        all
    }

    /// A release without images: variables may be scoped to its channel.
    fn release(&self) -> Option<Release> {
        let (name, version) = (ReleaseName::new("0").ok()?, Version::parse("0")?);
        Some(Release {
            name,
            version,
            format: crate::load::FORMAT,
            channel: self.channel.name.clone(),
            images: BTreeMap::new(),
            inputs: None,
            blocked: None,
            edited: None,
            snapshot: Err(crate::model::catalog::SnapshotFault::NotLanded),
            content: self.what.inputs,
            at: self.project.at.clone(),
        })
    }
}

fn tag_alone(tag: &str) -> ImagePin {
    ImagePin { tag: tag.into(), digest: None, platforms: BTreeMap::new() }
}

fn literal(text: &Text) -> Option<String> {
    text.pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Literal(literal) => Some(&**literal),
            Piece::Placeholder(_) => None,
        })
        .collect()
}

/// One line for each reason, with the first of its tags.
pub(super) fn refusals(refused: &[Refused]) -> Vec<String> {
    const SHOWN: usize = 3;
    let mut by_reason: BTreeMap<&Why, Vec<&str>> = BTreeMap::new();
    for one in refused {
        by_reason.entry(&one.why).or_default().push(&one.tag);
    }
    let line = |(why, tags): (&Why, Vec<&str>)| {
        let more = tags.len().saturating_sub(SHOWN);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let shown: Vec<&str> = tags.iter().take(SHOWN).copied().collect();
        format!("{}{more}: {why}", shown.join(", "))
    };
    by_reason.into_iter().map(line).collect()
}
