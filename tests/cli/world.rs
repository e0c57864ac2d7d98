//! One simulated account and one daemon, shared by the tests that only ask; gone with the last of them.
//!
//! The daemon deployed release 1.0.0 of the project `app` to development. 2.0.0 crashed there at its only attempt, so a gate
//! is closed. Production is entered by hand and runs nothing.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::{Value, json};

use super::program::{Home, Running, eventually};

/// What `landfall init` is told for a repository of this id and project.
pub(super) fn init(id: &str, project: &str) -> String {
    format!(
        "init {id} --id {id} --project {project} --account 111111111111 --region eu-west-1 --cluster web \
         --subnet subnet-0a1b2c3d --image example.com/{project}"
    )
}

pub(super) struct World {
    pub(super) home: Home,
    /// Where the simulated account is.
    pub(super) account: String,
    /// Where the daemon is.
    pub(super) server: String,
    _running: [Running; 2],
}

/// The world that is there, or a new one.
pub(super) fn world() -> Arc<World> {
    static SHARED: Mutex<Weak<World>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let world = Arc::new(World::start());
        *shared = Arc::downgrade(&world);
        world
    })
}

impl World {
    fn start() -> Self {
        let home = Home::new();
        let mut sim = home.start("sim --listen 127.0.0.1:0");
        let account = sim.until_it_says("every account and region at ");
        home.landfall(&init("shop", "app")).ends(0);
        home.write("shop/environments/production.toml", "order = 2\n");
        home.replace("shop/targets/web.toml", "[\"development\"]", "[\"development\", \"production\"]");
        home.write("shop/projects/app/project.toml", "attempts = 1\n");
        home.commit("shop", "Two environments");
        let daemon = "daemon --repo shop --store landfall.db --listen 127.0.0.1:0 --endpoint";
        let mut daemon = home.start(&format!("{daemon} {account}"));
        let server = daemon.until_it_says("listening    ");
        daemon.until_it_says("1.0.0  development   deployed");
        let fault = json!({ "fault": "image-crashes", "image": "example.com/app:2.0.0", "exit_code": 1 });
        post(&account, "/_landfall/faults", &fault.to_string(), &[]);
        release(&home, "shop", "app", "2.0.0");
        daemon.until_it_says("2.0.0  development   failed");
        let world = Self { home, account, server, _running: [sim, daemon] };
        eventually("a closed gate", || {
            let plan = world.home.landfall(&format!("plan --server {}", world.server)).out;
            plan.contains("landfall allow").then_some(())
        });
        world
    }

    /// A clone of the repository in a folder of its own.
    pub(super) fn clone_to(&self, name: &str) {
        self.home.git("shop", &format!("clone --quiet . ../{name}"));
    }
}

/// Commits a release of a project.
pub(super) fn release(home: &Home, repository: &str, project: &str, name: &str) {
    let text = format!("format = 1\n[images]\napp = {{ tag = \"{name}\" }}\n");
    home.write(&format!("{repository}/projects/{project}/releases/{name}.toml"), &text);
    home.commit(repository, &format!("Release {name}"));
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// Posts a text; gives the answer.
pub(super) fn post(base: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> String {
    let (good, text) = send(base, path, body, headers);
    assert!(good, "{body}: {text}");
    text
}

/// Whether the answer is a good one, and its text.
pub(super) fn send(base: &str, path: &str, body: &str, headers: &[(&str, &str)]) -> (bool, String) {
    let mut request = agent().post(format!("{base}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut answer = request.send(body).unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().is_success(), text)
}

/// Deletes what is at a path.
pub(super) fn delete(base: &str, path: &str) {
    let answer = agent().delete(format!("{base}{path}")).call().unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
}

/// Gets a page as JSON.
pub(super) fn get(base: &str, path: &str) -> Value {
    let text = agent().get(format!("{base}{path}")).call().unwrap().body_mut().read_to_string().unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
}

/// Asks CloudFormation of account 111111111111 in eu-west-1 as any client could; gives the answer's XML.
pub(super) fn cloudformation(account: &str, query: &str) -> String {
    let scope = "AWS4-HMAC-SHA256 Credential=111111111111/20261123/eu-west-1/cloudformation/aws4_request";
    let form = "application/x-www-form-urlencoded";
    post(account, "/", query, &[("authorization", scope), ("content-type", form)])
}

/// A call of ECS, whatever its answer.
pub(super) fn ecs(account: &str, operation: &str, input: &str) -> String {
    let scope = "AWS4-HMAC-SHA256 Credential=111111111111/20261123/eu-west-1/ecs/aws4_request";
    let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
    send(account, "/", input, &[("authorization", scope), ("x-amz-target", &target)]).1
}

/// The operations that an account accepted on subjects that begin so.
pub(super) fn operations(account: &str, subject: &str) -> Vec<String> {
    let ledger = get(account, "/_landfall/ledger");
    let all = ledger.as_array().unwrap().iter();
    let own = all.filter(|one| one["subject"].as_str().unwrap().starts_with(subject));
    own.map(|one| one["operation"].as_str().unwrap().to_owned()).collect()
}
