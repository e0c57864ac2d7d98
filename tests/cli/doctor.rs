//! `landfall doctor` as people run it.

use super::world::{get, world};

const STACK: &str = "app-web-development-web";

#[test]
pub(super) fn doctor_says_what_is_not_in_order_and_what_to_do() {
    let world = world();
    let ask = |options: &str| world.home.landfall(&format!("doctor {options} --server {}", world.server));
    let shown = ask("").ends(0);
    shown.shows(&[STACK, "state ", "cause ", "failed once", "next ", "landfall allow ", "landfall release new app"]);
    ask(STACK).ends(0).shows(&[STACK, "failed once"]);
    ask("--exit-code").ends(5);
    ask("nowhere").ends(1).says(&["landfall knows no stack nowhere"]);
    let json = ask("--format json").ends(0).json();
    assert_eq!(
        (json["stacks"][0]["stack"].as_str(), json["stacks"][0]["in_order"].as_bool()),
        (Some(STACK), Some(false))
    );
    assert_eq!(json, get(&world.server, "/api/v1/doctor"));
}

#[test]
pub(super) fn doctor_looks_for_itself() {
    let world = world();
    world.clone_to("examined");
    let ask = |options: &str| {
        let ask = format!("doctor {options} --repo examined --store landfall.db --endpoint {}", world.account);
        world.home.landfall(&ask)
    };
    ask("").ends(0).shows(&[STACK, "failed once", "what = \"retry\""]);
    ask("--exit-code").ends(5);
    ask("nowhere").ends(1).says(&["landfall knows no stack nowhere", "landfall plan --format json"]);
    let file = format!("store = \"landfall.db\"\n[aws]\nendpoint = \"{}\"\n", world.account);
    world.home.write("examined.toml", &file);
    world.home.landfall("doctor --repo examined --config examined.toml").ends(0).shows(&[STACK, "failed once"]);
    let facts = format!("doctor --repo examined --facts {}/api/v1/facts --endpoint {}", world.server, world.account);
    world.home.landfall(&facts).ends(0).shows(&[STACK, "failed once"]);
}
