//! `landfall release`: what is written, shown and compared.

use super::offline::example;
use super::program::Home;
use super::world::{init, post};
use crate::registry::served::{Asked, Served, http, scripted};

/// A repository `shop` with the project `app`, whose image is in this repository of a registry.
fn shop(image: &str) -> Home {
    let home = Home::new();
    let init = init("shop", "app").replace("example.com/app", image);
    home.landfall(&init).ends(0);
    home
}

#[test]
fn a_release_takes_the_newest_image_of_its_registry() {
    let Some(served) = Served::start(false) else { return };
    served.push("team/app", "1.4.0");
    served.push("team/app", "latest");
    let (digest, [amd64, arm64]) = served.push_index("team/app", "1.5.0");
    // The tags of the index's own images are pre-releases of it.
    let home = shop(&format!("{}/team/app", served.host));
    let made = home.landfall("release new app --repo shop").ends(0);
    let made =
        made.says(&["image        app 1.5.0", "rejected     latest: `latest` is not a version", "wrote        "]);
    let text = home.read("shop/projects/app/releases/1.0.1.toml");
    assert!(made.out.starts_with(&format!("{text}\n")), "{}", made.out);
    made.shows(&["deploys app 1.0.1 to development"]);
    for part in ["tag = \"1.5.0\"", &digest, &format!("\"linux/amd64\" = \"{amd64}\""), &arm64, "inputs = \"b3:"] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    let checked = home.landfall("check shop").ends(0);
    checked.shows(&["note[uncommitted-file]: `projects/app/releases/1.0.1.toml` is not in git yet", "1 note"]);
    home.write(
        "shop/projects/app/project.toml",
        "[channels.default]\n[channels.old]\n[channels.old.images.app]\nversions = \"[1.0,1.5)\"\npre_release = \"^$\"\n",
    );
    let old = home.landfall("release new app --repo shop --channel old --format json").ends(0).json();
    assert_eq!((&old["release"], &old["channel"]), (&"1.0.2".into(), &"old".into()), "{old}");
    assert_eq!(old["images"]["app"]["tag"], "1.4.0", "{old}");
    let refused = old["images"]["app"]["refused"].as_array().unwrap();
    let why = |tag: &str| refused.iter().find(|one| one["tag"] == tag).map(|one| one["why"].as_str().unwrap());
    assert_eq!(why("1.5.0"), Some("not in [1.0,1.5)"), "{old}");
    let unknown = home.landfall("release new app --repo shop --image app=9.9.9").ends(1);
    unknown.says(&["has no tag 9.9.9", "push it first"]);
    home.landfall("check shop").ends(0);
}

#[test]
fn a_release_takes_an_image_of_the_simulated_account() {
    let home = Home::new();
    let mut sim = home.start("sim --listen 127.0.0.1:0 --page-size 1");
    let account = sim.until_it_says("every account and region at ");
    let repository = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/app";
    home.landfall(&init("shop", "app").replace("example.com/app", repository)).ends(0);
    let new = format!("release new app --repo shop --endpoint {account}");
    home.landfall(&new).ends(1).says(&["has no repository team/app"]);
    let scope =
        "AWS4-HMAC-SHA256 Credential=111111111111/20261123/eu-west-1/ecr/aws4_request, SignedHeaders=host, Signature=0";
    let target = "AmazonEC2ContainerRegistry_V20150921.CreateRepository";
    post(&account, "/", r#"{"repositoryName":"team/app"}"#, &[("authorization", scope), ("x-amz-target", target)]);
    let push = |tag: &str| {
        let place = r#""account":"111111111111","region":"eu-west-1","repository":"team/app""#;
        let body = format!(r#"{{{place},"tag":"{tag}","platforms":["linux/amd64","linux/arm64"]}}"#);
        let answer: serde_json::Value = serde_json::from_str(&post(&account, "/_landfall/images", &body, &[])).unwrap();
        answer["digest"].as_str().unwrap().to_owned()
    };
    let [_, newest, _] = ["1.4.0", "1.5.0", "latest"].map(push);
    let made = home.landfall(&new).ends(0);
    made.says(&["image        app 1.5.0", "rejected     latest: `latest` is not a version"]);
    let text = home.read("shop/projects/app/releases/1.0.1.toml");
    for part in ["tag = \"1.5.0\"", &newest, "\"linux/amd64\" = \"sha256:", "\"linux/arm64\" = \"sha256:"] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    home.landfall(&format!("{new} --image app=9.9.9")).ends(1).says(&["has no tag 9.9.9", "push it first"]);
}

#[test]
fn a_guarded_registry_is_shown_what_docker_keeps() {
    let Some(served) = Served::start(true) else { return };
    served.push("app", "2.0.0");
    let home = shop(&format!("{}/app", served.host));
    home.landfall("release new app --repo shop").ends(1).says(&[
        "cannot find the newest tag",
        "docker login",
        "--image",
    ]);
    home.write(
        ".docker/config.json",
        &format!("{{\"auths\":{{\"{}\":{{\"auth\":\"YWRhOnMzY3JldA==\"}}}}}}", served.host),
    );
    home.landfall("release new app --repo shop").ends(0).says(&["image        app 2.0.0 (sha256:"]);
    // A helper goes before the file.
    home.write(".docker/config.json", "{\"credsStore\":\"test\"}");
    let helper =
        "#!/bin/sh\n[ \"$1\" = get ] && [ \"$(cat)\" = HOST ] && echo '{\"Username\":\"ada\",\"Secret\":\"s3cret\"}'\n";
    home.write("bin/docker-credential-test", &helper.replace("HOST", &served.host));
    std::process::Command::new("chmod").arg("+x").arg(home.path("bin/docker-credential-test")).status().unwrap();
    let path = format!("{}:{}", home.path("bin").display(), std::env::var("PATH").unwrap());
    home.landfall_with("PATH", &path, "release new app --repo shop").ends(0).says(&["app 2.0.0 (sha256:"]);
    home.write("bin/docker-credential-test", "#!/bin/sh\nexit 3\n");
    home.landfall_with("PATH", &path, "release new app --repo shop")
        .ends(1)
        .says(&["cannot ask docker-credential-test"]);
    home.write(".docker/config.json", "{}");
    let environment = |registry: &str| {
        let mut command = home.program("release new app --repo shop");
        command.envs([("LANDFALL_REGISTRY", registry), ("LANDFALL_REGISTRY_USERNAME", "ada")]);
        command.env("LANDFALL_REGISTRY_PASSWORD", "s3cret").output().unwrap().status.success()
    };
    assert!(environment(&served.host));
    assert!(!environment("other.example.com"), "credentials are shown to their own registry alone");
}

#[test]
pub(super) fn a_release_takes_what_it_is_given() {
    // Nobody listens on port 1.
    let home = shop("127.0.0.1:1/app");
    let unasked = home.landfall("release new app --repo shop").ends(1);
    unasked.says(&["cannot find the newest tag of 127.0.0.1:1/app", "--image app=TAG", "--from RELEASE"]);
    let named = home.landfall("release new app 2.0.0-rc.1 --repo shop --image app=2.0.0 --notes 'For \"us\"'").ends(0);
    let named = named.says(&["the release records no digest of 2.0.0", "cannot ask the registry 127.0.0.1:1"]);
    assert!(
        named.out.contains("app = { tag = \"2.0.0\" }") && named.out.contains("notes = 'For \"us\"'"),
        "{}",
        named.out
    );
    home.write("shop/projects/app/project.toml", "[channels.default]\n[channels.hotfix]\n");
    let from = home.landfall("release new app --repo shop --from 2.0.0-rc.1 --channel hotfix --format json").ends(0);
    let from = from.says(&["as in release 2.0.0-rc.1"]).json();
    assert_eq!(from["release"], "2.0.0-rc.2", "a channel without releases follows the project's highest: {from}");
    assert_eq!((&from["images"]["app"]["tag"], &from["channel"]), (&"2.0.0".into(), &"hotfix".into()), "{from}");
    home.landfall("check shop").ends(0);
    let again = |line: &str| home.landfall(&format!("release new app {line} --repo shop --image app=1"));
    again("2.0.0-rc.1").ends(1).says(&["projects/app/releases/2.0.0-rc.1.toml already exists"]);
    again("v2.0.0-rc-1").ends(2).says(&["is the same version as release 2.0.0-rc.1"]);
    again("main").ends(2).says(&["`main` is not a version"]);
    again("--channel other").ends(2).says(&["there is no channel `other`", "default, hotfix"]);
    again("--from 9").ends(2).says(&["has no release `9`", "the highest are 2.0.0-rc.2"]);
    again("--image web=1").ends(2).says(&["there is no image `web`", "the only image is app"]);
    again("--image app").ends(2).says(&["like web=1.4.0"]);
    home.landfall("release new other --repo shop")
        .ends(2)
        .says(&["there is no project `other`", "the only project is app"]);
    home.write("shop/projects/app/process.toml", "[images.app]\n");
    home.landfall("release new app --repo shop --image app=1").ends(3).says(&["landfall check"]);
}

/// Answers as ECR does: one image with two tags.
fn ecr(asked: &Asked, _: &str) -> String {
    let manifest = "{\\\"config\\\":{},\\\"layers\\\":[]}";
    let body =
        match asked.head.to_lowercase().contains("x-amz-target: amazonec2containerregistry_v20150921.describeimages") {
            true => r#"{"imageDetails":[{"imageTags":["4f2a91c","latest"],"imagePushedAt":1767225600}]}"#.to_owned(),
            false => format!(r#"{{"images":[{{"imageManifest":"{manifest}","imageId":{{"imageTag":"4f2a91c"}}}}]}}"#),
        };
    http(200, "Content-Type: application/x-amz-json-1.1\r\n", &body)
}

#[test]
pub(super) fn ecr_is_asked_where_it_is() {
    let (host, asked) = scripted(ecr);
    let home = shop("111111111111.dkr.ecr.eu-west-1.amazonaws.com/app");
    let new = |line: &str| home.landfall(&format!("release new app --repo shop {line}"));
    let refused = new(&format!("--endpoint http://{host}")).ends(1);
    refused.says(&["allows none of the 2 tags", "4f2a91c: a commit id is not a version", "`order = \"pushed\"`"]);
    let pushed = "[channels.default.images.app]\norder = \"pushed\"\n";
    home.write("shop/projects/app/project.toml", pushed);
    new(&format!("--endpoint http://{host}")).ends(0).says(&["image        app 4f2a91c (sha256:"]);
    let before = asked.lock().unwrap().len();
    home.write("here.toml", &format!("[aws]\nendpoint = \"http://{host}\"\n"));
    new("--config here.toml").ends(0).says(&["image        app 4f2a91c (sha256:"]);
    assert_eq!(asked.lock().unwrap().len(), before + 2, "the tags and the manifest");
}

/// A bare repository `NAME.git` that is a remote of `shop` under this name.
pub(super) fn remote(home: &Home, repository: &str, name: &str) {
    home.git(".", &format!("init --quiet --bare {name}.git"));
    home.git(repository, &format!("remote add {name} {}", home.path(&format!("{name}.git")).display()));
}

#[test]
pub(super) fn a_release_is_committed_and_pushed() {
    let home = shop("127.0.0.1:1/app");
    remote(&home, "shop", "upstream");
    let new = |line: &str| home.landfall(&format!("release new app --image app=1 --repo shop {line}"));
    new("1.1.0 --commit").ends(0).says(&["committed    ", "on main: projects/app/releases/1.1.0.toml"]);
    assert_eq!(home.git("shop", "log -1 --format=%s%n%an"), "Release app 1.1.0\nAda\n");
    assert_eq!(home.git("shop", "status --porcelain"), "");
    // What lies uncommitted in the folder has no say in what is committed.
    home.replace("shop/projects/app/process.toml", "memory = 512", "memory = 1024");
    new("1.2.0 --branch next").ends(0).says(&["on next: projects/app/releases/1.2.0.toml"]);
    assert!(!home.path("shop/projects/app/releases/1.2.0.toml").exists(), "the work tree stays");
    assert_eq!(home.git("shop", "status --porcelain"), " M projects/app/process.toml\n");
    let inputs = |text: &str| text.lines().find(|line| line.starts_with("inputs")).unwrap().to_owned();
    let committed = home.git("shop", "show next:projects/app/releases/1.2.0.toml");
    assert_eq!(inputs(&committed), inputs(&home.read("shop/projects/app/releases/1.1.0.toml")));
    let pushed = new("1.3.0 --branch next --push --remote upstream").ends(0);
    pushed.says(&["pushed       next to ", "next         open a pull request for the branch next"]);
    assert_eq!(home.git("upstream.git", "log --format=%s next"), home.git("shop", "log --format=%s next"));
    let nowhere = new("1.4.0 --branch next --push").ends(1);
    nowhere.says(&["has no remote `origin`", "cannot push next"]);
    home.git("shop", "checkout --quiet --detach");
    new("1.5.0 --commit").ends(2).says(&["no branch is checked out", "--branch"]);
    new("1.1.0 --branch other").ends(1).says(&["already exists"]);
    home.write("plain/landfall.toml", "id = \"plain\"\n");
    home.landfall("release new app --repo plain --commit").ends(1).says(&["cannot commit in plain"]);
    home.landfall("release new app --repo shop/projects --commit")
        .ends(2)
        .says(&["is not the root of its git repository"]);
}

#[test]
pub(super) fn releases_are_listed_and_shown() {
    let home = example();
    home.write("repo/projects/storefront/deploy/production.toml", "release = \"1.3.2\"\n");
    let list = home.landfall("release list storefront --repo repo").ends(0).out;
    let first = list.lines().next().unwrap();
    assert!(first.starts_with("1.4.0  default"), "the highest first: {list}");
    assert!(list.contains("pinned in production"), "{list}");
    let json = home.landfall("release list storefront --repo repo --format json").ends(0).json();
    assert_eq!((&json[0]["release"], &json[1]["pinned"][0]), (&"1.4.0".into(), &"production".into()), "{json}");
    let show = home.landfall("release show storefront 1.4.0 --repo repo").ends(0).out;
    let commit = home.git("repo", "rev-parse HEAD");
    for part in
        ["storefront 1.4.0", "channel      default", "image        web", "sha256:", "pinned       nowhere", &commit]
    {
        assert!(show.contains(part), "no {part} in\n{show}");
    }
    let json = home.landfall("release show storefront 1.3.2 --repo repo --format json").ends(0).json();
    assert_eq!((&json["snapshot"], &json["format"]), (&commit.trim().into(), &1.into()), "{json}");
    home.landfall("release show storefront 9 --repo repo")
        .ends(2)
        .says(&["has no release `9`", "the highest are 1.4.0"]);
}

#[test]
pub(super) fn two_releases_are_compared() {
    let home = example();
    let diff = home.landfall("release diff storefront 1.3.2 1.4.0 --repo repo").ends(0);
    let diff = diff.shows(&[
        "From 1.3.2 to 1.4.0: 4 stacks change, nothing is replaced or removed.",
        "image web",
        "1.3.2 @ 1f0c2ad1  1.4.0 @ 9a7e4c1d",
        "storefront · development, test and production · web",
        "gates, pins and what runs are not read",
    ]);
    assert!(!diff.out.contains("Merging"), "{}", diff.out);
    let unfolded = home.landfall("release diff storefront 1.3.2 1.4.0 --repo repo --unfold").ends(0);
    unfolded.shows(&["+++ storefront-web-development-nonprod", "+ "]);
    let json = home.landfall("release diff storefront 1.3.2 1.4.0 --repo repo --format json").ends(0).json();
    assert_eq!(json["images"][0]["name"], "web", "{json}");
    let environments: Vec<&str> =
        json["stacks"].as_array().unwrap().iter().map(|stack| stack["environment"].as_str().unwrap()).collect();
    assert_eq!(environments, ["development", "test", "production", "production"], "in promotion order: {json}");
    assert_eq!(json["stacks"][0]["happens"], "update", "{json}");
    let same = home.landfall("release diff storefront 1.4.0 1.4.0 --repo repo").ends(0);
    same.shows(&["1.4.0 and 1.4.0 deploy the same."]);
}

/// The example, with a change of a variable on top that reaches no release.
pub(super) fn changed() -> Home {
    let home = example();
    home.write(
        "repo/projects/storefront/releases/1.5.0.toml",
        "format = 1\n# kept\n[images]\nweb = { tag = \"1\" }\nproxy = { tag = \"1\" }\n",
    );
    home.commit("repo", "Release 1.5.0");
    let file = "repo/projects/storefront/variables.toml";
    home.write(file, &format!("{}\n[[variable]]\nname = \"fresh\"\nvalue = \"first\"\n", home.read(file)));
    home.replace("repo/projects/storefront/process.toml", "memory = 1024", "memory = 2048");
    home.commit("repo", "Give more memory");
    home
}

#[test]
pub(super) fn a_refreshed_release_says_what_changes() {
    let home = changed();
    let refresh = |line: &str| home.landfall(&format!("release refresh storefront 1.5.0 --repo repo {line}"));
    let text = refresh("").ends(0);
    let first = "A refresh of 1.5.0 redeploys every slot that carries 1.5.0 by itself, without a promotion";
    let text = text.shows(&[
        "redeploys storefront 1.5.0 in development and test",
        first,
        "variable `fresh (no scope)`",
        "1024",
        "2048",
    ]);
    let head = home.git("repo", "rev-parse HEAD").trim().to_owned();
    assert!(text.out.contains(&format!("1.5.0 from {}", &head[..7])), "{}", text.out);
    let file = home.read("repo/projects/storefront/releases/1.5.0.toml");
    assert!(file.starts_with(&format!("format = 1\nsnapshot = \"{head}\"\n# kept\n")), "{file}");
    home.landfall("check repo").ends(0);
    home.commit("repo", "Refresh");
    home.landfall("diff HEAD~1 --repo repo")
        .ends(0)
        .shows(&["redeploys storefront 1.5.0 in development and test", "1.5.0 gets the files of another commit"]);
    let facts = |runs: &str| {
        let store = "\"store\": null, \"as_of\": null, \"commit\": null, \"in_flight\": [], \"attempts\": [], \"snapshots\": []";
        home.write("facts.json", &format!("{{{store}, \"used\": [], \"places\": [], \"runs\": [{runs}]}}"));
    };
    let run = |environment: &str| {
        let slot = format!("{{\"project\": \"storefront\", \"environment\": \"{environment}\"}}");
        let hash = format!("b3:{}", "0".repeat(64));
        format!(
            "{{\"slot\": {slot}, \"release\": \"1.5.0\", \"content\": \"{hash}\", \"deployment\": 1, \"commit\": \"{head}\", \
             \"from\": \"2026-01-01T00:00:00Z\", \"to\": null, \"proved_by_ecs\": true}}"
        )
    };
    facts("");
    let show = |line: &str| home.landfall(&format!("release show storefront 1.5.0 --repo repo {line}"));
    show("--facts facts.json")
        .ends(0)
        .shows(&["No slot carries 1.5.0 now, by the facts: a refresh of 1.5.0 redeploys nothing."]);
    facts(&format!("{}, {}", run("test"), run("production")));
    let both = "A refresh of 1.5.0 redeploys storefront/production and storefront/test by itself, without a";
    show("--facts facts.json").ends(0).shows(&[both]);
    refresh("--to HEAD~2 --facts facts.json").ends(0).shows(&[both]);
    home.git("repo", "checkout -q -- .");
    home.landfall("release show storefront 1.5.0 --repo repo").ends(0).shows(&[&format!("snapshot     {head}")]);
    let back = refresh("--to HEAD~2 --format json").ends(0).json();
    assert_eq!(back["variables"][0]["before"], "first", "{back}");
    assert_eq!(back["snapshot"], home.git("repo", "rev-parse HEAD~2").trim(), "{back}");
    refresh("--to nothing").ends(1).says(&["cannot find the commit nothing"]);
}

#[test]
pub(super) fn a_refreshed_release_is_delivered() {
    let home = changed();
    remote(&home, "repo", "upstream");
    home.write("here.toml", "[git]\ntimeout = \"5s\"\n");
    let refresh = |line: &str| home.landfall(&format!("release refresh storefront 1.5.0 --repo repo {line}"));
    refresh("--commit --config here.toml").ends(0).says(&["on main: projects/storefront/releases/1.5.0.toml"]);
    let subject = home.git("repo", "log -1 --format=%s");
    assert!(subject.starts_with("Refresh storefront 1.5.0 from "), "{subject}");
    refresh("--branch again --push --remote upstream").ends(0).says(&["pushed       again"]);
    assert!(home.git("upstream.git", "branch").contains("again"));
    refresh("--commit --config missing.toml").ends(2).says(&["cannot read missing.toml"]);
}

#[test]
pub(super) fn a_version_that_comes_back_with_another_image_is_told_by_every_command() {
    let home = Home::new();
    home.landfall(&init("shop", "app")).ends(0);
    let file = "shop/projects/app/releases/1.1.0.toml";
    super::world::release(&home, "shop", "app", "1.1.0");
    std::fs::remove_file(home.path(file)).unwrap();
    home.commit("shop", "Withdraw 1.1.0");
    home.write(file, "format = 1\n[images]\napp = { tag = \"1.1.0-other\" }\n");
    home.commit("shop", "Land 1.1.0 again");
    let said = "error[release-edited] projects/app/releases/1.1.0.toml:1: release `1.1.0` has changed since it landed";
    let differs = home.landfall("diff HEAD~1 --repo shop").ends(3);
    let differs = differs.says(&[said, "holds app 1.1.0 where it does not run yet"]);
    differs.shows(&["No stack changes", "1.0.0 stays"]);
    let shown = home.landfall("release show app 1.1.0 --repo shop").ends(0);
    shown.shows(&["the release has changed since it landed in", "app 1.1.0 (no digest)"]);
    home.landfall("check shop").ends(3).shows(&["error[release-edited]", "git show", "(held as deployed)"]);
    // An edit where it landed just before is none of the difference either.
    home.write("shop/projects/app/releases/1.0.0.toml", "format = 1\n[images]\napp = { tag = \"edited\" }\n");
    std::fs::remove_file(home.path(file)).unwrap();
    home.commit("shop", "Edit 1.0.0");
    let differs = home.landfall("diff HEAD~1 --repo shop").ends(3).shows(&["No stack changes"]);
    differs.says(&["release `1.0.0` has changed since it landed"]);
}
