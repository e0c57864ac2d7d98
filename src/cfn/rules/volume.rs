//! Rules over the volumes of task definitions, and over what mounts them.

use std::collections::BTreeSet;

use super::container::each_container;
use super::seen::Seen;
use super::service;
use super::task::KIND;
use super::{Fault, Judge, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "volume-once", source: "API reference of Amazon ECS, Volume", edition: 2, run: once },
    Rule { name: "efs-volume", source: "API reference of Amazon ECS, EFSVolumeConfiguration", edition: 2, run: efs },
    Rule { name: "mount-path", source: "API reference of Amazon ECS, MountPoint", edition: 2, run: paths },
    Rule { name: "volumes-from", source: "API reference of Amazon ECS, VolumeFrom", edition: 2, run: from },
    Rule {
        name: "volume-at-launch",
        source: "API reference of Amazon ECS, ServiceVolumeConfiguration",
        edition: 2,
        run: at_launch,
    },
];

/// The sorts of volumes, of which a volume is one.
const SORTS: [&str; 4] =
    ["Host", "DockerVolumeConfiguration", "EFSVolumeConfiguration", "FSxWindowsFileServerVolumeConfiguration"];

fn once(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let mut seen = BTreeSet::new();
        for volume in task.get("Volumes").each() {
            let name = volume.get("Name");
            if let Some(text) = name.text().filter(|text| !seen.insert(text.clone())) {
                let aws = "Volume name must be unique within a task definition.";
                out(Fault::at(name.pointer, format!("two volumes are named `{text}`"), aws));
            }
            let sorts: Vec<Seen<'_>> = SORTS.map(|sort| volume.get(sort)).into_iter().filter(Seen::is_there).collect();
            if let [_, second, ..] = sorts.as_slice() {
                let aws = "Only one of host, dockerVolumeConfiguration, efsVolumeConfiguration and \
                           fsxWindowsFileServerVolumeConfiguration can be specified for a volume.";
                out(Fault::at(second.pointer.clone(), "a volume is of one sort", aws));
            }
        }
    });
}

fn efs(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        for volume in task.get("Volumes").each() {
            let efs = volume.get("EFSVolumeConfiguration");
            let (id, root, encryption) =
                (efs.get("FilesystemId"), efs.get("RootDirectory"), efs.get("TransitEncryption"));
            let point = efs.at(&["AuthorizationConfig", "AccessPointId"]);
            for (id, begin) in [(&id, "fs-"), (&point, "fsap-")] {
                if let Some(text) = id.text().filter(|text| !text.starts_with(begin)) {
                    let aws = format!("Invalid EFS id: {text}.");
                    out(Fault::at(id.pointer.clone(), format!("`{text}` is not an id such as `{begin}0123abcd`"), aws));
                }
            }
            if let Some(text) = root.text().filter(|text| point.is_there() && text != "/") {
                let aws = "If an access point is specified, the root directory must be omitted or set to /.";
                out(Fault::at(root.pointer, format!("an access point has a root of its own, not `{text}`"), aws));
            }
            let plain = encryption.is_missing() || encryption.is("DISABLED");
            let iam = efs.at(&["AuthorizationConfig", "IAM"]);
            let needs = if point.is_there() { "an access point" } else { "IAM" };
            if plain && (point.is_there() || iam.is("ENABLED")) {
                let aws = "Transit encryption must be enabled if EFS IAM authorization or an access point is used.";
                out(Fault::at(encryption.pointer, format!("{needs} needs `TransitEncryption: ENABLED`"), aws));
            }
        }
    });
}

fn paths(judge: &mut Judge<'_>) {
    each_container(judge, |task, container, out| {
        let family = task.at(&["RuntimePlatform", "OperatingSystemFamily"]);
        let linux = family.is_missing() || family.is("LINUX");
        let windows = family.text().is_some_and(|text| text.starts_with("WINDOWS"));
        let mut seen = BTreeSet::new();
        for path in container.get("MountPoints").each().iter().map(|point| point.get("ContainerPath")) {
            let elsewhere = |text: &String| if text.starts_with('/') { windows } else { linux };
            if let Some(text) = path.text().filter(elsewhere) {
                let aws = format!("Container path '{text}' must be an absolute path.");
                let system = if windows { "Windows" } else { "Linux" };
                out(Fault::at(path.pointer.clone(), format!("`{text}` is not an absolute path on {system}"), aws)
                    .doubtful());
            }
            if let Some(text) = path.text().filter(|text| !seen.insert(text.clone())) {
                let aws = format!("Container path '{text}' must be unique within a container.");
                out(Fault::at(path.pointer, format!("two volumes are mounted at `{text}`"), aws).doubtful());
            }
        }
    });
}

fn from(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let Some(all) = task.get("ContainerDefinitions").items() else { return };
        let names: Option<BTreeSet<String>> = all.iter().map(|container| container.get("Name").text()).collect();
        let Some(names) = names else { return };
        for source in all.iter().flat_map(|one| one.get("VolumesFrom").each()).map(|one| one.get("SourceContainer")) {
            if let Some(name) = source.text().filter(|name| !names.contains(name)) {
                let aws = format!("Unknown container '{name}' in volumesFrom.");
                let title = format!("the task definition has no container `{name}`");
                out(Fault::at(source.pointer, title, aws).among(name, names.iter().cloned().collect()));
            }
        }
    });
}

fn at_launch(judge: &mut Judge<'_>) {
    judge.each(service::KIND, |template, service, out| {
        let Some(task) = template.referred(&service.get("TaskDefinition"), KIND) else { return };
        let (volumes, configured) = (task.get("Volumes").items(), service.get("VolumeConfigurations").items());
        let (Some(volumes), Some(configured)) = (volumes, configured) else { return };
        let at_launch: Vec<&Seen<'_>> =
            volumes.iter().filter(|volume| volume.get("ConfiguredAtLaunch").flag() == Some(true)).collect();
        let known = volumes.iter().all(|volume| {
            let when = volume.get("ConfiguredAtLaunch");
            volume.get("Name").text().is_some() && (when.is_missing() || when.flag().is_some())
        });
        for name in configured.iter().map(|one| one.get("Name")).filter(|_| known) {
            let has = |text: &String| at_launch.iter().any(|volume| volume.get("Name").is(text));
            if let Some(text) = name.text().filter(|text| !has(text)) {
                let aws = format!("The volume {text} is not configured at launch in the task definition.");
                let title = format!("the task definition has no volume `{text}` with `ConfiguredAtLaunch: true`");
                out(Fault::at(name.pointer, title, aws));
            }
        }
        if let (Some(volume), true) = (at_launch.first(), configured.is_empty()) {
            let name = volume.get("Name").text().unwrap_or_default();
            let aws = format!("A volume configuration must be specified for the volume {name}.");
            let title = format!("the service needs `VolumeConfigurations` for the volume `{name}`");
            out(Fault::at(service.get("VolumeConfigurations").pointer, title, aws));
        }
    });
}
