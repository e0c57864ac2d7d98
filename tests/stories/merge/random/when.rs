//! Edits of *when*: pins, releases, lifecycles, freezes, projects. They count when they land.

use toml_edit::{Array, InlineTable, Item, Table, Value, value};

use super::Edit;
use super::scene::Scene;

pub(super) const WHEN: &[(&str, Edit)] = &[
    ("a release comes", release),
    ("a release comes", release),
    ("a release comes and is pinned", pinned_release),
    ("a release comes and is pinned", pinned_release),
    ("a pin moves", pin),
    ("a pin goes", unpin),
    ("none", none),
    ("a tenant is pinned", tenant_pin),
    ("a release goes", release_goes),
    ("a release is blocked", blocked),
    ("a release is edited", edited),
    ("a hotfix", hotfix),
    ("an allowance", allowance),
    ("a lifecycle changes", lifecycle),
    ("a phase goes", phase_goes),
    ("a freeze", freeze),
    ("the guard changes", guard),
    ("a project changes", project_changes),
    ("a project goes", project_goes),
    ("a folder is renamed", folder),
];

const ENVIRONMENTS: &[&str] = &["development", "test", "production"];

/// The names of a project's images.
fn images(scene: &Scene<'_>, project: &str) -> Vec<String> {
    let process = scene
        .files
        .get(&format!("projects/{project}/process.toml"))
        .and_then(|text| text.parse::<toml_edit::DocumentMut>().ok());
    let images = process.as_ref().and_then(|process| process.get("images")?.as_table());
    images.into_iter().flat_map(|images| images.iter().map(|(name, _)| name.to_owned())).collect()
}

fn new_release(scene: &mut Scene<'_>, channel: &str) -> Option<(String, String)> {
    let project = scene.project()?;
    let version = scene.one(&["1.3.9", "2.1.0", "3.1.0", "3.1.0-rc.1", "9.0.0"]).to_owned();
    let path = format!("projects/{project}/releases/{version}.toml");
    if scene.files.contains_key(&path) {
        return None;
    }
    let images: String =
        images(scene, &project).iter().map(|image| format!("{image} = {{ tag = \"{version}\" }}\n")).collect();
    scene.files.insert(path, format!("format = 1\n{channel}\n[images]\n{images}"));
    Some((project, version))
}

fn release(scene: &mut Scene<'_>) -> Option<()> {
    new_release(scene, "").map(drop)
}

fn pinned_release(scene: &mut Scene<'_>) -> Option<()> {
    let (project, version) = new_release(scene, "")?;
    let environment = if scene.random.rarely(4) { scene.one(ENVIRONMENTS) } else { "production" };
    pin_to(scene, &project, environment, &version)
}

fn hotfix(scene: &mut Scene<'_>) -> Option<()> {
    let (project, version) = new_release(scene, "channel = \"hotfix\"\n")?;
    (project == "storefront").then_some(())?;
    pin_to(scene, &project, "production", &version)
}

/// Writes the pin of an environment.
fn pin_to(scene: &mut Scene<'_>, project: &str, environment: &str, release: &str) -> Option<()> {
    let path = format!("projects/{project}/deploy/{environment}.toml");
    scene.files.entry(path.clone()).or_default();
    scene.toml(&path, |deploy, _| {
        deploy["release"] = value(release);
        Some(())
    })
}

fn pin(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.project()?;
    let version = scene.stem(&format!("projects/{project}/releases"))?;
    let environment = scene.one(ENVIRONMENTS);
    pin_to(scene, &project, environment, &version)
}

fn unpin(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.project()?;
    let environment = scene.stem(&format!("projects/{project}/deploy"))?;
    scene.toml(&format!("projects/{project}/deploy/{environment}.toml"), |deploy, _| deploy.remove("release").map(drop))
}

fn none(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.project()?;
    let environment = scene.one(ENVIRONMENTS);
    pin_to(scene, &project, environment, "none")
}

fn tenant_pin(scene: &mut Scene<'_>) -> Option<()> {
    let tenant = scene.stem("tenants")?;
    let mut releases = scene.stems("projects/portal/releases");
    releases.push("none".to_owned());
    scene.toml("projects/portal/deploy/production.toml", |deploy, random| {
        let tenants = deploy.entry("tenants").or_insert(Item::Table(Table::new())).as_table_mut()?;
        if tenants.remove(&tenant).is_none() || random.rarely(2) {
            tenants[&tenant] = value(random.one(&releases)?);
        }
        Some(())
    })
}

fn release_goes(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.project()?;
    let version = scene.stem(&format!("projects/{project}/releases"))?;
    scene.files.remove(&format!("projects/{project}/releases/{version}.toml")).map(drop)
}

fn some_release(scene: &mut Scene<'_>) -> Option<String> {
    let project = scene.project()?;
    let version = scene.stem(&format!("projects/{project}/releases"))?;
    Some(format!("projects/{project}/releases/{version}.toml"))
}

fn blocked(scene: &mut Scene<'_>) -> Option<()> {
    let path = some_release(scene)?;
    scene.toml(&path, |release, _| {
        release["blocked"] = value("it loses carts");
        Some(())
    })
}

fn edited(scene: &mut Scene<'_>) -> Option<()> {
    let path = some_release(scene)?;
    scene.swap(&path, "tag = \"", "tag = \"1")
}

fn allowance(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.project()?;
    let environment = scene.one(ENVIRONMENTS);
    let what = scene.one(&["retry", "redeploy", "replace", "remove", "freeze", "rollback", "adopt"]);
    let text = scene.files.entry(format!("projects/{project}/deploy/{environment}.toml")).or_default();
    text.push_str(&format!("\n[[allow]]\nwhat = \"{what}\"\nreason = \"agreed\"\nuntil = 2026-12-31\n"));
    Some(())
}

fn lifecycle(scene: &mut Scene<'_>) -> Option<()> {
    let lifecycle = scene.one(&["standard", "careful"]);
    scene.toml(&format!("lifecycles/{lifecycle}.toml"), |lifecycle, random| {
        let phases = lifecycle.get_mut("phase")?.as_array_of_tables_mut()?;
        let at = random.below(phases.len());
        let phase = phases.get_mut(at)?;
        match random.below(4) {
            0 => phase["soak"] = value(*random.one(&["10m", "2h", "3d"])?),
            1 => phase["progress"] = value("optional"),
            2 => drop(phase.remove("soak").or_else(|| phase.remove("progress"))?),
            _ => {
                let (from, to) =
                    if phase.contains_key("manual") { ("manual", "automatic") } else { ("automatic", "manual") };
                let environments = phase.remove(from)?;
                phase.insert(to, environments);
            }
        }
        Some(())
    })
}

fn phase_goes(scene: &mut Scene<'_>) -> Option<()> {
    let lifecycle = scene.one(&["standard", "careful"]);
    scene.toml(&format!("lifecycles/{lifecycle}.toml"), |lifecycle, random| {
        let phases = lifecycle.get_mut("phase")?.as_array_of_tables_mut()?;
        let at = random.below(phases.len());
        phases.remove(at);
        Some(())
    })
}

fn freeze(scene: &mut Scene<'_>) -> Option<()> {
    let environment = scene.one(ENVIRONMENTS);
    let (from, until) = *scene.random.one(&[
        ("2026-11-20", "2026-11-26"),
        ("2026-11-25", "2026-11-30"),
        ("2026-11-01", "2026-11-02"),
    ])?;
    let more = scene.one(&["", "projects = [\"checkout\"]\n", "stops_rollback = true\n"]);
    let text = format!(
        "environments = [\"{environment}\"]\n{more}time_zone = \"Europe/Berlin\"\nreason = \"quiet\"\n\n[[window]]\nfrom = {from}T00:00:00\nuntil = {until}T08:00:00\n"
    );
    scene.files.insert("freezes/quiet.toml".to_owned(), text);
    Some(())
}

fn guard(scene: &mut Scene<'_>) -> Option<()> {
    scene.toml("landfall.toml", |root, random| {
        let key = *random.one(&["remove", "change"])?;
        let mut limit = InlineTable::new();
        limit.insert("count", Value::from(*random.one(&[1_i64, 50])?));
        limit.insert("percent", Value::from(*random.one(&[1_i64, 50])?));
        root["guard"][key] = value(limit);
        Some(())
    })
}

fn project_changes(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.project()?;
    scene.toml(&format!("projects/{project}/project.toml"), |project, random| {
        match random.below(5) {
            0 => project["lifecycle"] = value(*random.one(&["standard", "careful"])?),
            1 => drop(project.remove("lifecycle")?),
            2 => project["tenancy"] = value(*random.one(&["untenanted", "both", "tenanted"])?),
            3 => drop(project.remove("waves")?),
            _ => project["variables"] = value(Array::from_iter(["common"])),
        }
        Some(())
    })
}

fn project_goes(scene: &mut Scene<'_>) -> Option<()> {
    let gone = format!("projects/{}/", scene.project()?);
    scene.files.retain(|path, _| !path.starts_with(&gone));
    Some(())
}

fn folder(scene: &mut Scene<'_>) -> Option<()> {
    let project = scene.project()?;
    let (from, to) = (format!("projects/{project}/"), format!("projects/{project}-2/"));
    let all = std::mem::take(scene.files);
    *scene.files = all
        .into_iter()
        .map(|(path, text)| match path.strip_prefix(&from) {
            Some(rest) => (format!("{to}{rest}"), text),
            None => (path, text),
        })
        .collect();
    // Half of them keep what stacks are called by.
    if scene.random.rarely(2) {
        scene.toml(&format!("{to}project.toml"), |file, _| {
            if !file.contains_key("id") {
                let mut id = value(project);
                std::mem::swap(&mut file["id"], &mut id);
            }
            Some(())
        })?;
    }
    Some(())
}
