//! The offline commands in a repository with tenants: every slot is rendered, many tenants are told as one, and a value
//! says where it comes from.

use serde_json::json;

use super::program::Home;

/// The files of a repository with a project `store` for tenants and without, two environments, and tenants of two rings.
fn files() -> Vec<(String, String)> {
    let target = |environment: &str, tenants: &str| {
        format!(
            "kind = \"ecs-cluster\"\nenvironments = [\"{environment}\"]\nroles = [\"web\"]\naccount = \"main\"\n\
             region = \"eu-west-1\"\ncluster = \"c\"\n{tenants}[network]\nsubnets = [\"subnet-0a0a0a0a\"]\n\
             security_groups = [\"sg-0a0a0a0a\"]\n"
        )
    };
    let rings = "tenant_tags = [\"ring/early\", \"ring/general\"]\n";
    let mut files = vec![
        (
            "landfall.toml".to_owned(),
            "id = \"shop\"\n[accounts.main]\nid = \"111111111111\"\n[tag_sets]\nring = [\"early\", \"general\"]\n"
                .to_owned(),
        ),
        ("environments/test.toml".to_owned(), "order = 1\n".to_owned()),
        ("environments/production.toml".to_owned(), "order = 2\n".to_owned()),
        ("targets/test.toml".to_owned(), target("test", "")),
        ("targets/prod-eu.toml".to_owned(), target("production", rings)),
        ("targets/prod-us.toml".to_owned(), target("production", rings)),
        ("targets/prod-own.toml".to_owned(), target("production", "")),
        ("projects/store/project.toml".to_owned(), "tenancy = \"both\"\nvariables = [\"common\"]\n".to_owned()),
        ("projects/store/process.toml".to_owned(), PROCESS.to_owned()),
        ("projects/store/variables.toml".to_owned(), VARIABLES.to_owned()),
        ("variables/common.toml".to_owned(), COMMON.to_owned()),
        ("projects/store/releases/1.0.0.toml".to_owned(), "format = 1\n[images.web]\ntag = \"1.0.0\"\n".to_owned()),
        ("projects/store/deploy/production.toml".to_owned(), "release = \"1.0.0\"\n".to_owned()),
    ];
    for (name, ring) in [("acme", "early"), ("globex", "general"), ("initech", "general")] {
        files.push((format!("tenants/{name}.toml"), tenant(name, ring)));
    }
    files
}

fn tenant(name: &str, ring: &str) -> String {
    format!(
        "tags = [\"ring/{ring}\"]\n[projects.store]\nenvironments = [\"production\"]\n[[variable]]\nname = \"api_url\"\n\
         value = \"https://{name}.example.com\"\n"
    )
}

const PROCESS: &str = r##"
[images.web]
repository = "example.com/web"
[[step]]
name = "web"
kind = "ecs-service"
role = "web"
cpu = 256
memory = 512
[[step.container]]
name = "app"
image = "web"
port = 8080
environment = { API_URL = "#{api_url}", GREETING = "#{greeting}" }
"##;

const VARIABLES: &str = r##"
[[tenant_variable]]
name = "api_url"
default = "https://#{host}"
description = "Where the tenant's API is"
[[variable]]
name = "host"
value = "api.#{environment.name}.example.com"
[[variable]]
name = "greeting"
value = "Hello"
[[variable]]
name = "greeting"
value = "Hello, #{tenant.name}"
scope = { tenant_tag = "ring/early" }
[[variable]]
name = "greeting"
value = "Howdy"
scope = { environment = "production", target = "prod-us" }
[[variable]]
name = "greeting"
value = "Good day"
scope = { environment = "production" }
"##;

const COMMON: &str = r#"
[[variable]]
name = "greeting"
value = "Hi"
scope = { environment = "production" }
"#;

/// The repository `shop` with one commit.
fn shop() -> Home {
    let home = Home::new();
    for (file, text) in files() {
        home.write(&format!("shop/{file}"), &text);
    }
    home.git("shop", "init --quiet --initial-branch main");
    home.commit("shop", "First");
    home.landfall("check shop").ends(0);
    home
}

#[test]
pub(super) fn render_takes_one_tenant() {
    let home = shop();
    let all = home.landfall("render store --repo shop --environment production").ends(0);
    all.shows(&[
        "# store-web-production-prod-own\n",
        "# store-web-production-prod-eu-acme\n",
        "# store-web-production-prod-us-initech\n",
    ]);
    let one = home.landfall("render store --repo shop --tenant acme").ends(0);
    let stacks: Vec<&str> = one.out.lines().filter(|line| line.starts_with("# ")).collect();
    assert_eq!(stacks, ["# store-web-production-prod-eu-acme", "# store-web-production-prod-us-acme"]);
    one.shows(&["Value: https://acme.example.com", "Value: \"Hello, acme\""]);
    let again = home.landfall("render store --repo shop --tenant acme --release 1.0.0 --format json").ends(0);
    assert_eq!(again.out.lines().count(), 2, "{}", again.out);
    home.landfall("render store --repo shop --tenant hooli")
        .ends(2)
        .says(&["there is no tenant `hooli`", "acme, globex"]);
    home.landfall("render store --repo shop --tenant acme --environment test").ends(1).says(&["the tenant's file"]);
}

#[test]
fn check_renders_every_tenant() {
    let home = shop();
    home.replace("shop/projects/store/variables.toml", "default = \"https://#{host}\"\n", "required = false\n");
    let own = "[[variable]]\nname = \"api_url\"\nvalue = \"https://initech.example.com\"\n";
    home.replace("shop/tenants/initech.toml", own, "");
    let told = home.landfall("check shop").ends(3);
    told.shows(&[
        "error[tenant-value-missing]: tenant `initech` has no value for `api_url` in environment `production`",
        "tenants/initech.toml",
        "error[no-tenant]: tenants supply the values of variable `api_url`, and project `store` is also deployed to environment `test`",
    ]);
}

#[test]
fn check_renders_every_channel() {
    let home = shop();
    let project = "shop/projects/store/project.toml";
    let channels = "[channels.default]\n[channels.hotfix]\ntenants = [\"ring/early\"]\n";
    home.write(project, &format!("{}{channels}", home.read(project)));
    let own =
        "[[variable]]\nname = \"greeting\"\nvalue = \"a #{fix}\"\nscope = { channel = \"hotfix\", step = \"web\" }\n";
    let more = "[[variable]]\nname = \"fix\"\nvalue = \"b\"\nscope = { tenant_tag = \"ring/general\" }\n";
    let variables = "shop/projects/store/variables.toml";
    home.write(variables, &format!("{}{own}{more}", home.read(variables)));
    let told = home.landfall("check shop").ends(3);
    told.shows(&[
        "variable `fix` has no value for step `web` in environment `production` on target `prod-eu` for tenant `acme`",
    ]);
}

#[test]
fn diff_tells_tenants_that_are_alike_once() {
    let home = shop();
    home.git("shop", "switch --quiet --create change");
    home.write("shop/tenants/hooli.toml", &tenant("hooli", "general"));
    home.replace("shop/tenants/globex.toml", "https://globex.example.com", "https://globex.example.org");
    home.replace("shop/tenants/initech.toml", "https://initech.example.com", "https://initech.example.org");
    home.replace("shop/tenants/acme.toml", "https://acme.example.com", "https://api.acme.example.com");
    home.commit("shop", "Move");
    let diff = home.landfall("diff main change --repo shop --exit-code").ends(4);
    diff.shows(&[
        "2 stacks are created",
        "store · acme, globex, initech  1.0.0 redeployed on merge · 2 stacks",
        "store · hooli",
        "https://globex.example.com",
        "https://globex.example.org",
        "shown once for 4 stacks",
    ]);
}

#[test]
fn iam_grants_what_tenants_need() {
    let home = shop();
    home.replace("shop/landfall.toml", "[tag_sets]", "[accounts.second]\nid = \"222222222222\"\n[tag_sets]");
    home.replace("shop/targets/prod-us.toml", "\"main\"", "\"second\"");
    let there = "222222222222:log-group:/landfall/store-*";
    home.landfall("iam shop").ends(0).shows(&[there]);
    home.write("shop/projects/store/project.toml", "tenancy = \"tenanted\"\nvariables = [\"common\"]\n");
    home.landfall("iam shop").ends(0).shows(&[there]);
    home.replace("shop/targets/prod-us.toml", "ring/early\", \"ring/general", "ring/late");
    home.replace("shop/landfall.toml", "\"general\"]", "\"general\", \"late\"]");
    let nobody = home.landfall("iam shop").ends(0).out;
    assert!(!nobody.contains(there), "no tenant of the project goes there: {nobody}");
    home.write("shop/projects/store/project.toml", "variables = [\"common\"]\n");
    for tenant in ["acme", "globex", "initech"] {
        home.write(&format!("shop/tenants/{tenant}.toml"), "tags = [\"ring/early\"]\n");
    }
    let untenanted = home.landfall("iam shop").ends(0).out;
    assert!(!untenanted.contains(there), "the target is for tenants only: {untenanted}");
    assert!(untenanted.contains("111111111111:log-group:/landfall/store-*"), "{untenanted}");
}

#[test]
pub(super) fn why_tells_the_winner_and_every_loser() {
    let home = shop();
    let commit = home.git("shop", "rev-parse --short=7 HEAD");
    let commit = commit.trim();
    let eu = home.landfall(
        "why store greeting --environment production --tenant acme --step web --target prod-eu --repo shop --commit main",
    );
    assert_eq!(
        eu.ends(0).out,
        format!(
            "Hello, acme\n  \
             wins     projects/store/variables.toml:13   tenant tag ring/early                    at {commit}\n  \
             loses    projects/store/variables.toml:21   environment production                   lower: tenant tag beats environment\n  \
             loses    variables/common.toml:3            environment production, variable set     lower: tenant tag beats environment\n  \
             loses    projects/store/variables.toml:10   no scope                                 lower: any scope beats none\n  \
             loses    projects/store/variables.toml:17   target prod-us, environment production   does not apply: target is prod-eu\n  \
             written  Hello, #{{tenant.name}}\n  \
             where    tenant.name                        acme                                     name of the tenant\n"
        )
    );
    let both = home.landfall("why store greeting --environment production --tenant acme --repo shop").ends(0);
    let both = both.shows(&["step web at prod-eu:\nHello, acme\n", "\n\nstep web at prod-us:\nHowdy\n"]);
    assert!(!both.out.contains("  at "), "no commit is known in a folder: {}", both.out);
}

#[test]
pub(super) fn why_tells_programs_too() {
    let home = shop();
    let head = home.git("shop", "rev-parse HEAD");
    home.write("shop/projects/store/releases/1.1.0.toml", "format = 1\n[images.web]\ntag = \"1.1.0\"\n");
    home.replace("shop/tenants/globex.toml", "example.com", "example.org");
    home.commit("shop", "Second");
    let second = home.git("shop", "rev-parse HEAD");
    let why = "why store api_url --environment production --tenant globex --repo shop --format json";
    let answers = home.landfall(&format!("{why} --commit HEAD --release 1.0.0")).ends(0).json();
    let [answer] = answers.as_array().unwrap().as_slice() else { panic!("{answers}") };
    assert_eq!(answer["value"], "https://globex.example.org", "a tenant's file is live");
    assert_eq!(
        answer["stacks"],
        json!([{ "step": "web", "target": "prod-eu" }, { "step": "web", "target": "prod-us" }]),
        "told once"
    );
    assert_eq!((&answer["release"], &answer["problem"]), (&"1.0.0".into(), &json!(null)));
    assert_eq!(
        answer["declared"],
        json!({
            "at": { "file": "projects/store/variables.toml", "line": 3, "column": 8 },
            "type": "string",
            "required": false,
            "description": "Where the tenant's API is",
        })
    );
    let [winner, default] = answer["values"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!((&winner["verdict"], &winner["commit"]), (&"wins".into(), &second.trim().into()));
    assert_eq!((&default["reason"], &default["commit"]), (&"lower: any scope beats none".into(), &head.trim().into()));
    let newer = home.landfall(&format!("{why} --commit HEAD --release 1.1.0")).ends(0).json();
    assert_eq!((&newer[0]["release"], &newer[0]["values"][1]["commit"]), (&"1.1.0".into(), &second.trim().into()));
    let before = home.landfall(&format!("{why} --commit HEAD~1")).ends(0).json();
    assert_eq!(before[0]["value"], "https://globex.example.com");
    let untenanted = home.landfall(&why.replace("production --tenant globex", "test")).ends(0).json();
    assert_eq!(untenanted[0]["value"], "https://api.test.example.com", "the default");
    assert_eq!(untenanted[0]["references"][1]["built_in"], "name of the environment");
}

#[test]
fn why_says_what_there_is_and_what_is_wrong() {
    let home = shop();
    let why = |arguments: &str| home.landfall(&format!("why --repo shop {arguments}"));
    why("store nothing --environment test").ends(3).shows(&["error[unknown-variable]: `#{nothing}`"]);
    why("store tenant.name --environment test").ends(3).shows(&[
        "error[no-tenant]: ",
        "  help: ",
        "name of the tenant",
    ]);
    why("store images.web.tag --environment test").ends(0).shows(&["1.0.0\n", "tag of image `web` in release 1.0.0"]);
    why("store greeting --environment qa").ends(2).says(&["there is no environment `qa`"]);
    why("store greeting --environment test --tenant acme")
        .ends(2)
        .says(&["store has no slot for tenant acme in test", "leave out --tenant"]);
    why("store greeting --environment test --step db").ends(2).says(&["there is no step `db`", "the only step is web"]);
    why("store greeting --environment test --target prod-eu").ends(1).says(&["has no such stack in test"]);
    why("store greeting --environment test --commit nothing").ends(1).says(&["cannot find the commit nothing"]);
    home.write("shop/projects/store/project.toml", "tenancy = \"tenanted\"\nvariables = [\"common\"]\n");
    why("store greeting --environment production")
        .ends(2)
        .says(&["no slot without a tenant in production", "--tenant: acme, globex, initech"]);
}
