//! `landfall release new`: works out version and images, and writes the release's file with the review of what it does.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value, json};

use super::super::deliver::Delivered;
use super::super::editing::{Bench, Edit, Editing};
use super::super::exit::{Exit, Failure, Outcome};
use super::super::output;
use super::super::registries::Registries;
use super::super::render::known;
use super::images::{Picked, Wanted, refusals};
use super::{project_of, release_file, release_of};
use crate::edit::NewRelease;
use crate::load::FORMAT;
use crate::model::{Channel, ChannelName, ImageName, Project, ProjectName, ReleaseName, Version};
use crate::registry::manifest::is_tag;

/// Options of `landfall release new`.
#[derive(Args, Debug)]
pub struct New {
    /// The project
    project: ProjectName,
    /// The release's version [default: the highest version of its channel, with one added to the last number]
    version: Option<ReleaseName>,
    /// Tag of an image, for example web=1.4.0; may be repeated
    #[arg(long = "image", value_name = "NAME=TAG", value_parser = image)]
    images: Vec<(ImageName, String)>,
    /// Use the images of this release, except those given with --image
    #[arg(long, value_name = "RELEASE")]
    from: Option<ReleaseName>,
    /// The channel [default: the project's default channel]
    #[arg(long)]
    channel: Option<ChannelName>,
    /// Notes about the release
    #[arg(long, value_name = "TEXT")]
    notes: Option<String>,
    #[command(flatten)]
    editing: Editing,
}

/// `name=tag`.
fn image(text: &str) -> Result<(ImageName, String), String> {
    let (name, tag) = text.split_once('=').ok_or("an image is given like web=1.4.0")?;
    let name = ImageName::new(name).map_err(|error| error.to_string())?;
    if is_tag(tag) { Ok((name, tag.to_owned())) } else { Err(format!("`{tag}` is not a tag")) }
}

/// Runs the command.
pub(super) fn run(options: &New) -> Outcome {
    let bench = Bench::open(&options.editing)?;
    let repo = &options.editing.ask.repo;
    let loaded = bench.load(&[])?;
    let project = project_of(&loaded, &options.project, repo)?;
    let what = project.head.as_ref().ok_or_else(|| {
        let failure = Failure::new(format!("the process or variables of {} have errors", project.name));
        Failure { exit: Exit::Problems, ..failure.help("`landfall check` lists the problems") }
    })?;
    let channel = channel(project, options.channel.as_ref())?;
    let name = name(project, channel, options.version.as_ref())?;
    let file = release_file(&project.name, &name);
    if bench.desk.text(&file)?.is_some() {
        let help = "a release never changes; give another version, or none for the next one";
        return Err(Failure::new(format!("{file} already exists")).help(match bench.desk.push_command() {
            Some(push) => format!("{help}; if it is committed and not pushed: `{push}`"),
            None => help.to_owned(),
        }));
    }
    let tags: BTreeMap<ImageName, String> = options.images.iter().cloned().collect();
    for name in tags.keys() {
        known("image", name, what.images.keys())?;
    }
    let from = options.from.as_ref().map(|name| release_of(project, name)).transpose()?;
    let catalog = &loaded.catalog;
    let wanted = Wanted { catalog, project, channel, what, tags: &tags, from: from.map(|release| &**release) };
    let registries = Registries::new(&bench.config, options.editing.ask.endpoint.as_deref());
    let picked = super::super::runtime()?.block_on(wanted.pick(&registries))?;
    tell(&picked, options.from.as_ref());
    let images = picked.iter().map(|(name, picked)| (name.clone(), picked.pin.clone())).collect();
    let release = NewRelease {
        format: FORMAT,
        channel: &channel.name,
        inputs: what.inputs,
        images: &images,
        notes: options.notes.as_deref(),
    };
    let text = release.text();
    let after = bench.load(&[(&file, &text)])?;
    let edit = Edit {
        files: vec![(&file, &text)],
        message: format!("Release {} {name}", project.name),
        json: Some(Box::new(|delivered| shown(&name, channel, &picked, delivered))),
        lead: text.clone(),
        ..Edit::default()
    };
    bench.finish(&loaded, &after, edit)
}

fn channel<'a>(project: &'a Project, asked: Option<&ChannelName>) -> Result<&'a Channel, Failure> {
    let name = asked.unwrap_or(&project.default_channel);
    known("channel", name, project.channels.keys())?;
    project.channels.get(name).ok_or_else(|| Failure::usage(format!("there is no channel `{name}`")))
}

/// The name that is asked for, or the next one: after the highest release of the channel, or if it has none of the
/// project, as far on as no release has its version.
fn name(project: &Project, channel: &Channel, asked: Option<&ReleaseName>) -> Result<ReleaseName, Failure> {
    let taken = |version: &Version| project.releases.values().find(|release| release.version == *version);
    if let Some(name) = asked {
        let version = Version::parse(name.as_str()).ok_or_else(|| {
            Failure::usage(format!("`{name}` is not a version"))
                .help("a version begins with a number, like 1.4.0 or v2")
        })?;
        return match taken(&version).filter(|release| release.name != *name) {
            Some(same) => Err(Failure::usage(format!("{name} is the same version as release {}", same.name))),
            None => Ok(name.clone()),
        };
    }
    let highest = project.releases_highest_first();
    let own = highest.iter().find(|release| release.channel == channel.name);
    let Some(last) = own.or(highest.first()) else {
        return ReleaseName::new("1.0.0").map_err(|error| Failure::usage(error.to_string()));
    };
    let cannot = || Failure::usage(format!("no version follows {}; name one", last.name));
    let mut next = last.version.next();
    loop {
        let version = Version::parse(&next).ok_or_else(cannot)?;
        if taken(&version).is_none() {
            return ReleaseName::new(&next).map_err(|error| cannot().because(error));
        }
        next = version.next();
    }
}

/// What was taken from where, and what was refused.
fn tell(picked: &BTreeMap<ImageName, Picked>, from: Option<&ReleaseName>) {
    for (name, Picked { pin, repository, refused }) in picked {
        let whence = match (repository, from) {
            (Some(repository), _) => format!("from {repository}"),
            (None, Some(from)) => format!("as in release {from}"),
            (None, None) => "as it was named".to_owned(),
        };
        let digest = pin.digest.as_deref().unwrap_or("no digest");
        output::progress(&format!("image        {name} {} ({digest}) {whence}", pin.tag));
        refusals(refused).iter().for_each(|line| output::progress(&format!("rejected     {line}")));
    }
}

/// `release`, `channel`, `images` (each with `tag`, `digest`, `platforms`, `repository`, `refused`), `file`, `commit`,
/// `branch`, `pull_request`.
fn shown(name: &ReleaseName, channel: &Channel, picked: &BTreeMap<ImageName, Picked>, to: Option<&Delivered>) -> Value {
    let image = |(name, picked): (&ImageName, &Picked)| {
        let refused = picked.refused.iter().map(|one| json!({ "tag": one.tag, "why": one.why.to_string() }));
        let value = json!({
            "tag": picked.pin.tag, "digest": picked.pin.digest, "platforms": picked.pin.platforms,
            "repository": picked.repository, "refused": refused.collect::<Vec<_>>(),
        });
        (name.to_string(), value)
    };
    let images: serde_json::Map<String, Value> = picked.iter().map(image).collect();
    json!({
        "release": name, "channel": channel.name, "images": images,
        "file": to.map(|to| &to.file),
        "commit": to.and_then(|to| to.commit.as_ref()),
        "branch": to.and_then(|to| to.branch.as_ref()),
        "pull_request": to.and_then(|to| to.pull_request.as_ref()),
    })
}
