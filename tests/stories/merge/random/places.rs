//! Edits of *where*: targets, accounts, environments, tenants. They count when they land.

use toml_edit::{Array, Table, value};

use super::Edit;
use super::scene::Scene;

pub(super) const PLACES: &[(&str, Edit)] = &[
    ("a target moves", target_moves),
    ("a target goes", target_goes),
    ("a target comes", target_comes),
    ("a target is renamed", target_renamed),
    ("other roles", roles),
    ("an account changes", account),
    ("a tenant comes", tenant_comes),
    ("a tenant goes", tenant_goes),
    ("a tenant changes", tenant_changes),
    ("an environment goes", environment_goes),
    ("an environment is renamed", environment_renamed),
    ("an environment changes", environment_changes),
];

fn some_target(scene: &mut Scene<'_>) -> Option<String> {
    Some(format!("targets/{}.toml", scene.stem("targets")?))
}

fn target_moves(scene: &mut Scene<'_>) -> Option<()> {
    let path = some_target(scene)?;
    scene.toml(&path, |target, random| {
        let (key, to): (&str, &[&str]) = *random.one(&[
            ("region", &["eu-central-1", "us-east-1", "eu-west-1"][..]),
            ("account", &["prod", "nonprod"]),
            ("cluster", &["elsewhere", "prod-eu"]),
        ])?;
        target[key] = value(*random.one(to)?);
        Some(())
    })
}

fn target_goes(scene: &mut Scene<'_>) -> Option<()> {
    let path = some_target(scene)?;
    scene.files.remove(&path).map(drop)
}

fn target_comes(scene: &mut Scene<'_>) -> Option<()> {
    let from = some_target(scene)?;
    let text = scene.files.get(&from)?.clone();
    scene.files.insert("targets/another.toml".to_owned(), text);
    scene.toml("targets/another.toml", |target, random| {
        target.remove("id");
        target["cluster"] = value("another");
        if random.rarely(2) {
            target["region"] = value("ap-southeast-2");
        }
        if random.rarely(2) {
            target["roles"] = value(Array::from_iter([*random.one(&["web", "worker", "portal"])?]));
        }
        Some(())
    })
}

fn target_renamed(scene: &mut Scene<'_>) -> Option<()> {
    let from = some_target(scene)?;
    let text = scene.files.remove(&from)?;
    scene.files.insert("targets/renamed.toml".to_owned(), text);
    if scene.random.rarely(2) {
        let name = from.strip_prefix("targets/")?.strip_suffix(".toml")?.to_owned();
        scene.toml("targets/renamed.toml", |target, _| {
            if !target.contains_key("id") {
                target["id"] = value(name);
            }
            Some(())
        })?;
    }
    Some(())
}

fn roles(scene: &mut Scene<'_>) -> Option<()> {
    let path = some_target(scene)?;
    scene.toml(&path, |target, random| {
        let roles = target.get_mut("roles")?.as_array_mut()?;
        if random.rarely(2) {
            roles.push(*random.one(&["worker", "portal", "web"])?);
        } else {
            let at = random.below(roles.len());
            (roles.len() > 1).then(|| roles.remove(at))?;
        }
        Some(())
    })
}

fn account(scene: &mut Scene<'_>) -> Option<()> {
    let old = scene.one(&["\"111111111111\"", "\"222222222222\""]);
    scene.swap("landfall.toml", old, "\"333333333333\"")
}

fn tenant_comes(scene: &mut Scene<'_>) -> Option<()> {
    let tags = scene.one(&["region/eu\", \"ring/general", "region/eu\", \"ring/early", "region/us\", \"ring/general"]);
    let text = format!("tags = [\"{tags}\"]\n\n[projects.portal]\nenvironments = [\"production\"]\n");
    scene.files.insert("tenants/umbrella.toml".to_owned(), text);
    Some(())
}

fn tenant_goes(scene: &mut Scene<'_>) -> Option<()> {
    let tenant = scene.stem("tenants")?;
    scene.files.remove(&format!("tenants/{tenant}.toml")).map(drop)
}

fn tenant_changes(scene: &mut Scene<'_>) -> Option<()> {
    let tenant = scene.stem("tenants")?;
    scene.toml(&format!("tenants/{tenant}.toml"), |tenant, random| {
        match random.below(4) {
            0 => tenant["tags"] = value(Array::from_iter([*random.one(&["region/us", "region/eu", "ring/early"])?])),
            1 => tenant["projects"]["portal"]["environments"] = value(Array::from_iter(["test", "production"])),
            2 => drop(tenant.remove("projects")),
            _ => {
                let variables = tenant.get_mut("variable")?.as_array_of_tables_mut()?;
                variables.get_mut(0)?["value"] = value("Another title");
            }
        }
        Some(())
    })
}

fn environment_goes(scene: &mut Scene<'_>) -> Option<()> {
    let environment = scene.one(&["test", "production", "development"]);
    scene.files.remove(&format!("environments/{environment}.toml"))?;
    for lifecycle in scene.stems("lifecycles") {
        scene.toml(&format!("lifecycles/{lifecycle}.toml"), |lifecycle, _| {
            let phases = lifecycle.get_mut("phase")?.as_array_of_tables_mut()?;
            let names = |phase: &Table| {
                ["automatic", "manual"]
                    .iter()
                    .any(|key| phase.get(key).is_some_and(|all| all.to_string().contains(environment)))
            };
            phases.retain(|phase| !names(phase));
            Some(())
        });
    }
    for target in scene.stems("targets") {
        scene.toml(&format!("targets/{target}.toml"), |target, _| {
            let environments = target.get_mut("environments")?.as_array_mut()?;
            environments.retain(|one| one.as_str() != Some(environment));
            Some(())
        });
    }
    // What else names it is left as it is, once in two times.
    if scene.random.rarely(2) {
        let gone = format!("/deploy/{environment}.toml");
        scene.files.retain(|path, _| !path.ends_with(&gone));
    }
    Some(())
}

fn environment_renamed(scene: &mut Scene<'_>) -> Option<()> {
    let text = scene.files.remove("environments/production.toml")?;
    scene.files.insert("environments/live.toml".to_owned(), text);
    let all = std::mem::take(scene.files);
    for (path, text) in all {
        let what = ["lifecycles/", "targets/", "tenants/", "freezes/"].iter().any(|folder| path.starts_with(folder));
        let text = if what { text.replace("\"production\"", "\"live\"") } else { text };
        let text = if path.ends_with("variables.toml") { text.replace("\"production\"", "\"live\"") } else { text };
        let path = path.replace("/deploy/production.toml", "/deploy/live.toml");
        scene.files.insert(path, text);
    }
    Some(())
}

fn environment_changes(scene: &mut Scene<'_>) -> Option<()> {
    let environment = scene.one(&["development", "test", "production"]);
    scene.toml(&format!("environments/{environment}.toml"), |environment, random| {
        match random.below(4) {
            0 => {
                environment["prune"] = value(environment.get("prune").is_none_or(|prune| prune.as_bool() != Some(true)))
            }
            1 => environment["protected"] = value(!environment.contains_key("protected")),
            2 => environment["order"] = value(*random.one(&[5, 40])?),
            _ => environment["queue"] = value(*random.one(&["all", "latest"])?),
        }
        Some(())
    })
}
