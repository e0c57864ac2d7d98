//! The commands that ask neither AWS nor a daemon.

use std::process::Stdio;

use super::program::Home;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/example-repo");

/// What `landfall init` has to be told where nobody can be asked.
const NEEDED: &str =
    "--account 111111111111 --region eu-west-1 --cluster web --subnet subnet-0a1b2c3d --image example.com/app";

/// A home with the example as a git repository in `repo`.
pub(super) fn example() -> Home {
    let home = Home::new();
    let copied = std::process::Command::new("cp").args(["-r", EXAMPLE]).arg(home.path("repo")).status().unwrap();
    assert!(copied.success());
    home.git("repo", "init --quiet --initial-branch main");
    home.commit("repo", "First");
    home
}

#[test]
pub(super) fn check_reads_a_folder() {
    let home = Home::new();
    assert!(home.landfall(&format!("check {EXAMPLE}")).ends(0).out.is_empty(), "a clean repository is no news");
    let nothing = home.landfall("check").ends(3);
    nothing.shows(&["error[missing-file]: `landfall.toml` does not exist", "landfall init", "1 error"]);
    home.landfall("check nowhere").ends(1).says(&["cannot read the repository in `nowhere`"]);
}

#[test]
pub(super) fn check_tells_programs_too() {
    let home = example();
    home.replace("repo/lifecycles/standard.toml", "\"test\"", "\"tset\"");
    let problems = home.landfall("check repo --format json").ends(3).json();
    let found = problems.as_array().unwrap().iter().find(|problem| problem["code"] == "unknown-environment").unwrap();
    assert_eq!((&found["file"], &found["level"]), (&"lifecycles/standard.toml".into(), &"error".into()), "{found}");
    assert!(found["line"].as_u64().unwrap() > 1 && found["blocks"].is_array(), "{found}");
    assert_eq!(home.landfall(&format!("check {EXAMPLE} --format json")).ends(0).json(), serde_json::json!([]));
}

#[test]
pub(super) fn colours_are_drawn_where_they_are_asked_for() {
    let home = Home::new();
    let escape = "\u{1b}[";
    assert!(!home.landfall("check").out.contains(escape), "stdout is no terminal");
    assert!(home.landfall("check --color always").out.contains(escape));
    assert!(home.landfall("--color always status").ends(2).err.contains(escape));
    assert!(!home.landfall_with("CLICOLOR_FORCE", "1", "check --color never").out.contains(escape));
}

#[test]
pub(super) fn init_writes_what_it_is_told() {
    let home = Home::new();
    let told = home.landfall(
        "init made --id first --account 333333333333 --role arn:aws:iam::333333333333:role/deploy --region us-east-1 \
         --cluster big --subnet subnet-0a1b2c3d --subnet subnet-0a1b2c3e --security-group sg-0a1b2c3d --environment qa \
         --project shop --image example.com/shop --release 2.0.0 --port 9090",
    );
    told.ends(0).says(&["wrote        made/landfall.toml", "landfall check made", "landfall daemon --repo made"]);
    let has = |file: &str, parts: &[&str]| {
        let text = home.read(&format!("made/{file}"));
        assert!(parts.iter().all(|part| text.contains(part)), "{file}: {parts:?} in\n{text}");
    };
    has(
        "landfall.toml",
        &["id = \"first\"", "id = \"333333333333\"", "role = \"arn:aws:iam::333333333333:role/deploy\""],
    );
    has("targets/big.toml", &["environments = [\"qa\"]", "region = \"us-east-1\"", "cluster = \"big\""]);
    has(
        "targets/big.toml",
        &["subnets = [\"subnet-0a1b2c3d\", \"subnet-0a1b2c3e\"]", "security_groups = [\"sg-0a1b2c3d\"]"],
    );
    has("environments/qa.toml", &["order = 1"]);
    has("projects/shop/process.toml", &["repository = \"example.com/shop\"", "port = 9090"]);
    has("projects/shop/releases/2.0.0.toml", &["tag = \"2.0.0\""]);
    home.landfall("check made").ends(0);
    home.landfall(&format!("init made {NEEDED}")).ends(1).says(&["made is already a landfall repository"]);
}

#[test]
fn init_says_what_it_lacks() {
    let home = Home::new();
    let lacking = home.landfall("init made --cluster web --subnet subnet-0a1b2c3d").ends(2);
    lacking.says(&["not given: --account, --region, --image", "on a terminal, `landfall init` asks"]);
    assert!(!home.path("made").exists(), "nothing was written");
    let wrong = home.landfall(&format!("init made {}", NEEDED.replace("111111111111", "12"))).ends(2);
    wrong.says(&["`12` is not an account id: expected twelve digits"]);
}

#[test]
pub(super) fn render_shows_what_is_asked_for() {
    let home = Home::new();
    let render = |options: &str| home.landfall(&format!("render storefront --repo {EXAMPLE} {options}"));
    let all = render("").ends(0);
    all.shows(&["# storefront-web-development-", "# storefront-web-test-", "storefront@sha256:9a7e"]);
    let one = render("--environment test --step web").ends(0).shows(&["# storefront-web-test-"]);
    assert!(!one.out.contains("-development-"), "{}", one.out);
    render("--environment production --release 1.3.2").ends(0).shows(&["storefront@sha256:1f0c"]);
    let lines = render("--environment development --format json").ends(0).out;
    for line in lines.lines() {
        let template: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(template["Resources"]["Service"].is_object(), "{template}");
    }
}

#[test]
fn render_says_what_there_is() {
    let home = Home::new();
    let render = |arguments: &str| home.landfall(&format!("render --repo {EXAMPLE} {arguments}"));
    render("shop")
        .ends(2)
        .says(&["there is no project `shop`", "the projects are billing, orders, portal, storefront"]);
    render("storefront --environment qa")
        .ends(2)
        .says(&["there is no environment `qa`", "development, production, test"]);
    render("storefront --release 9").ends(2).says(&["there is no release `9`", "1.3.2, 1.4.0"]);
    render("storefront --step nothing").ends(2).says(&["there is no step `nothing`", "the only step is web"]);
    render("orders --environment production")
        .ends(1)
        .says(&["no release of orders is wanted in production", "--release renders a release"]);
    home.landfall("render shop").ends(3).says(&["not a repository that landfall can read", "landfall init"]);
}

#[test]
pub(super) fn diff_compares_two_commits() {
    let home = example();
    home.git("repo", "switch --quiet --create change");
    home.replace("repo/projects/billing/releases/2.0.1.toml", "sha256:77aa", "sha256:88bb");
    home.git("repo", "mv projects/billing/releases/2.0.1.toml projects/billing/releases/2.0.2.toml");
    home.replace("repo/projects/billing/deploy/production.toml", "2.0.1", "2.0.2");
    home.commit("repo", "Release billing 2.0.2");
    home.git("repo", "switch --quiet main");
    home.landfall("diff main --repo repo --exit-code").ends(0).shows(&["No stack changes.\n"]);
    let diff = home.landfall("diff main change --repo repo --exit-code --unfold").ends(4);
    diff.shows(&[
        "deploys billing 2.0.2 to development, test and production",
        "billing-worker-development-nonprod",
        "sha256:77aa",
        "sha256:88bb",
        "from `main (",
        "merged (they parted at ",
    ]);
    let merged = home.landfall("diff change main --repo repo --exit-code").ends(0);
    merged.shows(&["No stack changes."]);
    for same in ["main..change", "main...change", "main change --two-dot"] {
        home.landfall(&format!("diff {same} --repo repo")).ends(0).shows(&["deploys billing 2.0.2 to development"]);
    }
    let back = home.landfall("diff change main --two-dot --repo repo --format json").ends(0).json();
    assert_eq!(back["slots"].as_array().unwrap().len(), 3, "{back}");
    for format in ["markdown", "html"] {
        home.landfall(&format!("diff main change --repo repo --format {format}")).ends(0).shows(&["billing 2.0.2"]);
    }
    // Both images have a digest, and nothing else is risky.
    home.landfall("diff main change --repo repo --deny low").ends(0);
    let run = "{\"slot\": {\"project\": \"other\", \"environment\": \"test\"}, \"release\": \"1.0.0\", \"content\": \"b3:HASH\", \"deployment\": 1, \
               \"commit\": \"c0ffee\", \"from\": \"2026-01-01T00:00:00Z\", \"to\": null, \"proved_by_ecs\": true}";
    let facts = |runs: &str| {
        let rest = "\"store\": null, \"as_of\": \"2026-01-01T00:00:00Z\", \"commit\": null, \"in_flight\": [], \"attempts\": []";
        format!("{{{rest}, \"snapshots\": [], \"used\": [], \"places\": [], \"runs\": [{runs}]}}")
    };
    home.write("other.json", &facts(&run.replace("HASH", &"0".repeat(64))));
    let other = home.landfall("diff main change --repo repo --facts other.json").ends(1);
    other.says(&["the facts of other.json are of another repository"]);
    home.write("old.json", &facts(""));
    home.landfall("diff main change --repo repo --facts old.json").ends(0).shows(&["The facts are stale: they are "]);
    home.git("repo", "switch --quiet --create tagged change");
    home.write("repo/projects/billing/releases/2.0.3.toml", "format = 1\n[images]\nworker = { tag = \"2.0.3\" }\n");
    home.replace("repo/projects/billing/deploy/production.toml", "2.0.2", "2.0.3");
    home.commit("repo", "Release billing 2.0.3");
    home.landfall("diff main tagged --repo repo --deny high").ends(0).shows(&["image-without-digest"]);
    let denied = home.landfall("diff main tagged --repo repo --deny medium").ends(1);
    denied.says(&["at the level of --deny or above it"]);
    let from = home.path("repo");
    home.git(".", &format!("clone --quiet --depth 1 --branch tagged file://{} shallow", from.display()));
    let shallow = home.landfall("diff HEAD --repo shallow").ends(1);
    shallow.says(&["this clone lacks the commit that release landed with", "git fetch --unshallow"]);
    home.landfall("diff main..change change --repo repo").ends(2).says(&["is a range already"]);
    home.landfall("diff main nothing --repo repo")
        .ends(1)
        .says(&["cannot compare nothing merged into main", "`nothing` is not a commit"]);
}

#[test]
pub(super) fn iam_prints_policies() {
    let home = Home::new();
    let policies = home.landfall(&format!("iam {EXAMPLE} --principal arn:aws:iam::111111111111:role/landfall")).ends(0);
    let policies = policies.json();
    assert_eq!(policies["roles"][0]["role"], "arn:aws:iam::222222222222:role/landfall-deploy");
    let trust = &policies["roles"][0]["trust"]["Statement"][0];
    assert_eq!(trust["Principal"]["AWS"], "arn:aws:iam::111111111111:role/landfall");
    assert_eq!(trust["Condition"]["StringEquals"]["sts:ExternalId"], "example-landfall");
    assert!(policies["daemon"][0]["Statement"].as_array().unwrap().len() > 1, "{policies}");
    let attach = policies["attach"].to_string();
    assert!(attach.contains("attach-role-policy --role-name landfall --policy-arn arn:aws:iam::111111111111:policy/"));
    assert!(
        attach.contains("--role-name landfall-deploy --policy-arn arn:aws:iam::222222222222:policy/landfall-deploy-1")
    );
    home.landfall("init mine --id mine --account 111111111111 --region eu-west-1 --cluster web --subnet subnet-0a1b2c3d --image app")
        .ends(0);
    let made = home.landfall("render app --repo mine").ends(0);
    made.shows(&["LogGroupName: /landfall/app-web-development-web"]);
    let allowed = home.landfall("iam mine").ends(0);
    allowed.shows(&["arn:aws:logs:eu-west-1:111111111111:log-group:/landfall/app-*"]);
    home.landfall("iam").ends(3).says(&["not a repository that landfall can read"]);
}

#[test]
fn wrong_usage_gives_a_hint() {
    let home = Home::new();
    for (line, hint) in [
        ("", "Usage: landfall"),
        ("plna", "'plan'"),
        ("plan --formt json", "'--format'"),
        ("plan --server nonsense", "a URL is like http://127.0.0.1:7117"),
        ("plan --server http://127.0.0.1:9 --store x", "cannot be used with"),
        ("render", "<PROJECT>"),
        ("allow 7f3a91c2", "--reason"),
        ("allow 7f3a91c2 --reason x --until soon", "soon"),
        ("history", "--server or --store"),
        ("history 0 --store x", "0 is not in"),
        ("status", "--server or --store"),
        ("daemon --once", "--repo"),
        ("daemon --repo . --config missing", "cannot read missing"),
        ("daemon --repo . --store postgres://here", "use sqlite:FILE"),
        ("daemon --repo . --listen 0.0.0.0:0", "token_file"),
        ("daemon --repo . --simulate --endpoint http://127.0.0.1:9", "cannot be used with"),
        ("sim --listen 0.0.0.0:0", "not a loopback address"),
    ] {
        home.landfall(line).ends(2).says(&[hint]);
    }
}

#[test]
fn every_command_has_help_that_fits() {
    let home = Home::new();
    let names: Vec<String> = landfall::cli::command().get_subcommands().map(|one| one.get_name().to_owned()).collect();
    for name in names {
        let help = home.landfall(&format!("help {name}")).ends(0).shows(&["Usage: landfall", "--color <WHEN>"]);
        let longest = help.out.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= 130, "{name}: {longest} columns\n{}", help.out);
        assert_eq!(home.landfall(&format!("{name} --help")).ends(0).out, help.out);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    for line in ["help daemon", &format!("render storefront --repo {EXAMPLE}"), "check", &format!("iam {EXAMPLE}")] {
        let mut child = home.program(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("panicked") && !said.contains("roken pipe"), "{line}: {said}");
        assert!(output.status.code().is_some_and(|code| code == 0 || code == 3), "{line}: {:?}", output.status);
    }
}
