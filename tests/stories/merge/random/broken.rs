//! Edits after which a file cannot be read, or something cannot be rendered.

use super::Edit;
use super::scene::Scene;

pub(super) const BROKEN: &[(&str, Edit)] = &[
    ("a file does not parse", unparsed),
    ("a key is unknown", unknown),
    ("a file goes that others name", named),
    ("a variable goes", variable),
];

fn some_file(scene: &mut Scene<'_>) -> Option<String> {
    let all: Vec<String> = scene.files.keys().filter(|path| path.ends_with(".toml")).cloned().collect();
    scene.random.one(&all).cloned()
}

fn unparsed(scene: &mut Scene<'_>) -> Option<()> {
    let path = some_file(scene)?;
    scene.files.get_mut(&path)?.push_str("\nbroken = = 1\n");
    Some(())
}

fn unknown(scene: &mut Scene<'_>) -> Option<()> {
    let path = some_file(scene)?;
    let text = scene.files.get_mut(&path)?;
    *text = format!("unknown_key = 1\n{text}");
    Some(())
}

fn named(scene: &mut Scene<'_>) -> Option<()> {
    let path = scene.one(&[
        "lifecycles/standard.toml",
        "lifecycles/careful.toml",
        "variables/common.toml",
        "environments/test.toml",
        "projects/data/templates/store.yaml",
        "projects/checkout/process.toml",
        "projects/portal/project.toml",
        "landfall.toml",
    ]);
    scene.files.remove(path).map(drop)
}

fn variable(scene: &mut Scene<'_>) -> Option<()> {
    let (path, name) = *scene.random.one(&[
        ("projects/checkout/variables.toml", "feature_checkout"),
        ("projects/data/variables.toml", "identifier"),
        ("projects/orders/variables.toml", "days"),
        ("variables/common.toml", "registry"),
    ])?;
    scene.swap(path, &format!("name = \"{name}\""), &format!("name = \"{name}_\""))
}
