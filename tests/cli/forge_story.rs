//! From a pull request to production, as people see it at the forge: the daemon reviews, follows the merge, says what failed, and closes.
//!
//! The daemon is the real one; the forge is the model of GitHub, the accounts are simulated.

use std::fmt::Write as _;

use landfall::forge::{Kind, text_of};
use serde_json::json;

use super::program::{Home, Running, eventually};
use super::world::{init, post};
use crate::forge::model::{BOT, Model, TOKEN};

struct Story {
    home: Home,
    model: Model,
    account: String,
    /// Commits in the order in which they were made, by what they are called.
    names: Vec<(String, String)>,
    daemon: Option<Running>,
    server: String,
    _sim: Running,
}

impl Story {
    fn begin(kind: Kind) -> Self {
        let (home, model) = (Home::new(), Model::start(kind));
        let mut sim = home.start("sim --listen 127.0.0.1:0");
        let account = sim.until_it_says("every account and region at ");
        home.landfall(&init("shop", "app")).ends(0);
        home.write("shop/environments/production.toml", "order = 2\nprotected = true\n");
        home.replace("shop/targets/web.toml", "[\"development\"]", "[\"development\", \"production\"]");
        home.write("shop/projects/app/project.toml", "attempts = 1\n");
        home.commit("shop", "Two environments");
        home.git(".", "init --quiet --bare --initial-branch=main remote.git");
        home.git("shop", "push --quiet ../remote.git main");
        home.write("token", &format!("{TOKEN}\n"));
        let name = match kind {
            Kind::GitHub => "github",
            Kind::GitLab => "gitlab",
            Kind::Gitea => "gitea",
        };
        let forge = format!("kind = \"{name}\"\napi = \"{}\"\nproject = \"acme/deploy\"\n", model.api());
        let head = "repo = \"remote.git\"\npoll = \"1s\"\nurl = \"https://landfall.example.com\"\n";
        home.write("landfall.toml", &format!("{head}[forge]\ntoken_file = \"token\"\n{forge}"));
        let names = Vec::new();
        let (daemon, server) = (None, String::new());
        let mut story = Self { home, model, account, names, daemon, server, _sim: sim };
        story.start();
        story.says("1.0.0  development   deployed");
        story
    }

    fn start(&mut self) {
        let line = format!("daemon --config landfall.toml --listen 127.0.0.1:0 --endpoint {}", self.account);
        let mut daemon = self.home.start(&line);
        self.server = daemon.until_it_says("listening    ");
        self.daemon = Some(daemon);
    }

    fn says(&mut self, line: &str) {
        self.daemon.as_mut().unwrap().until_it_says(line);
    }

    /// Opens a pull request with what the work tree has, on a branch of its own.
    fn open(&mut self, number: u64, branch: &str, message: &str, change: impl FnOnce(&Home)) {
        self.home.git("shop", &format!("switch --quiet --create {branch} main"));
        change(&self.home);
        self.home.commit("shop", message);
        let head = self.push(number, branch);
        self.model.world().pull_request(number, branch, &head).title = message.to_owned();
    }

    fn push(&mut self, number: u64, branch: &str) -> String {
        let reference = match self.model.world().kind {
            Kind::GitLab => format!("refs/merge-requests/{number}/head"),
            Kind::GitHub | Kind::Gitea => format!("refs/pull/{number}/head"),
        };
        self.home.git("shop", &format!("push --quiet --force ../remote.git {branch}:{reference}"));
        let head = self.home.git("shop", &format!("rev-parse {branch}")).trim().to_owned();
        self.names.push((head.clone(), format!("<head of {branch}>")));
        head
    }

    fn merge(&mut self, number: u64, branch: &str) {
        self.home.git("shop", "switch --quiet main");
        self.home.git("shop", &format!("merge --quiet --no-ff --message 'Merge {branch}' {branch}"));
        let commit = self.home.git("shop", "rev-parse HEAD").trim().to_owned();
        self.names.push((commit.clone(), format!("<merge of {branch}>")));
        {
            let mut world = self.model.world();
            let pull = world.pulls.get_mut(&number).unwrap();
            (pull.open, pull.merged) = (false, Some(commit));
        }
        self.home.git("shop", "push --quiet ../remote.git main");
    }

    /// Waits for a status of a pull request's newest commit.
    fn status(&self, number: u64, context: &str, state: &str, words: &str) {
        eventually(&format!("{context} of {number}: {state} {words}"), || {
            let world = self.model.world();
            let newest = world.newest(&world.pulls[&number].head);
            let told = newest.iter().find(|told| told.context == context)?;
            (told.state == state && told.description.contains(words)).then_some(())
        });
    }

    /// Waits for a comment.
    fn comment(&self, number: u64, words: &str) {
        eventually(&format!("a comment on {number} with `{words}`"), || {
            self.comments(number).iter().any(|said| said.contains(words)).then_some(())
        });
    }

    fn comments(&self, number: u64) -> Vec<String> {
        let world = self.model.world();
        let own = world.pulls[&number].comments.iter().filter(|said| said.author == BOT);
        own.map(|said| text_of(&said.body).to_owned()).collect()
    }

    /// What the forge shows at the end, without what differs from run to run.
    fn shown(&self) -> String {
        let mut text = String::new();
        let numbers: Vec<u64> = self.model.world().pulls.keys().copied().collect();
        for number in numbers {
            let (title, labels, newest) = {
                let world = self.model.world();
                let pull = &world.pulls[&number];
                let labels: Vec<&str> = pull.labels.iter().map(String::as_str).collect();
                (pull.title.clone(), labels.join(" · "), world.newest(&pull.head))
            };
            let _ = writeln!(text, "==== #{number} {title}\nlabels: {labels}");
            for told in newest {
                let url = told.url.unwrap_or_default();
                let _ = writeln!(text, "{} {}: {}  {url}", told.context, told.state, told.description);
            }
            for comment in self.comments(number) {
                let _ = writeln!(text, "---- comment\n{}", comment.trim_end());
            }
        }
        for (commit, name) in &self.names {
            text = text.replace(commit, name).replace(&commit[..7], name);
        }
        let varies = [
            (r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC", "<time>"),
            (r"\b[0-9a-f]{7}\b", "<commit>"),
            (r"\b[0-9a-f]{8}\b", "<plan>"),
        ];
        for (pattern, name) in varies {
            text = regex_lite::Regex::new(pattern).unwrap().replace_all(&text, name).into_owned();
        }
        text
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}\n{}", self.shown(), self.daemon.as_ref().map(Running::said).unwrap_or_default());
            for (call, status) in self.model.world().log.iter().filter(|(_, status)| *status >= 400) {
                println!("{status} {call}");
            }
        }
    }
}

fn release(home: &Home, name: &str) {
    let text = format!("format = 1\n[images]\napp = {{ tag = \"{name}\" }}\n");
    home.write(&format!("shop/projects/app/releases/{name}.toml"), &text);
}

#[test]
pub(super) fn from_a_pull_request_to_production() {
    // The configuration of the story has `url`.
    let mut story = Story::begin(Kind::GitHub);
    story.open(1, "promote", "Promote app 1.0.0 to production", |home| {
        home.landfall("promote app 1.0.0 --to production --repo shop").ends(0);
    });
    story.status(1, "landfall/review", "success", "app 1.0.0");
    story.comment(1, "### Merging this");
    let page = ureq::get(format!("{}/reviews/1", story.server)).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("app 1.0.0"));
    let plan = |format: &str| story.home.landfall(&format!("plan --server {} {format}", story.server)).ends(0);
    plan("").shows(&["a merge into main needs: build"]);
    assert_eq!(plan("--format json").json()["required_checks"], json!(["build"]));
    story.merge(1, "promote");
    story.status(1, "landfall/production", "success", "is deployed");
    story.comment(1, "**Deployed**");

    let fault = json!({ "fault": "image-crashes", "image": "example.com/app:2.0.0", "exit_code": 1 });
    post(&story.account, "/_landfall/faults", &fault.to_string(), &[]);
    story.open(2, "crash", "Release app 2.0.0 and promote it", |home| {
        release(home, "2.0.0");
        home.replace("shop/projects/app/deploy/production.toml", "1.0.0", "2.0.0");
    });
    story.comment(2, "### Merging this");
    story.merge(2, "crash");
    story.status(2, "landfall/development", "failure", "exits with 1");
    story.status(2, "landfall/production", "pending", "must succeed in development");
    story.comment(2, "failed in development");

    // The forge is down while the next pull request is merged, and the daemon ends with it.
    story.open(3, "mend", "Release app 3.0.0 and promote it", |home| {
        release(home, "3.0.0");
        home.replace("shop/projects/app/deploy/production.toml", "2.0.0", "3.0.0");
    });
    story.status(3, "landfall/review", "success", "app 3.0.0");
    story.model.world().down = Some(502);
    story.merge(3, "mend");
    story.says("3.0.0  production    deployed");
    story.daemon = None;
    story.start();
    story.says("cannot keep pull requests up to date");
    story.model.world().down = None;
    story.status(3, "landfall/production", "success", "is deployed");
    story.comment(3, "**Deployed**");
    story.status(2, "landfall/production", "success", "superseded");
    let shown = story.shown();
    insta::assert_snapshot!(shown);
}

#[test]
fn a_rehearsal_tells_nobody() {
    let mut story = Story::begin(Kind::GitHub);
    story.daemon = None;
    story.model.world().log.clear();
    story.home.landfall("daemon --config landfall.toml --simulate --once").ends(0);
    assert_eq!(story.model.world().log, []);
}

#[test]
fn it_is_the_same_at_gitlab_and_gitea() {
    for kind in [Kind::GitLab, Kind::Gitea] {
        let mut story = Story::begin(kind);
        story.open(1, "promote", "Promote app 1.0.0 to production", |home| {
            home.landfall("promote app 1.0.0 --to production --repo shop").ends(0);
        });
        story.status(1, "landfall/review", "success", "app 1.0.0");
        story.merge(1, "promote");
        story.status(1, "landfall/production", "success", "is deployed");
        story.comment(1, "**Deployed**: app 1.0.0 in production.");
        assert_eq!(story.comments(1).len(), 2, "{:?}", story.comments(1));
    }
}

#[test]
fn forks_conflicts_and_queues_are_looked_at_too() {
    let mut story = Story::begin(Kind::GitHub);
    let pin = |home: &Home| _ = home.landfall("promote app 1.0.0 --to production --repo shop").ends(0);
    story.open(1, "of-a-fork", "Promote app 1.0.0 to production", pin);
    story.model.world().pulls.get_mut(&1).unwrap().fork = true;
    story.model.world().says(1, "mallory", "please");
    story.open(2, "conflicts", "Change the order", |home| {
        home.write("shop/environments/production.toml", "order = 3\n")
    });
    story.comment(2, "### ");
    story.home.git("shop", "switch --quiet main");
    story.home.write("shop/environments/production.toml", "order = 4\n");
    story.home.commit("shop", "Change it otherwise");
    story.home.git("shop", "push --quiet ../remote.git main");
    story.status(2, "landfall/review", "failure", "cannot be reviewed");
    story.comment(1, "offline: compares what both settle to");
    story.open(3, "queued", "Promote app 1.0.0 to production", pin);
    story.status(3, "landfall/review", "success", "app 1.0.0");
    let name = "gh-readonly-queue/main/pr-3-1";
    story.home.git("shop", "switch --quiet --create queue main");
    story.home.git("shop", "merge --quiet --no-ff --message 'Merge queued' queued");
    let head = story.home.git("shop", "rev-parse queue").trim().to_owned();
    story.home.git("shop", &format!("push --quiet ../remote.git queue:refs/heads/{name}"));
    story.model.world().queue.push((format!("refs/heads/{name}"), head.clone()));
    eventually("the status of the queue", || {
        let newest = story.model.world().newest(&head);
        newest.iter().any(|told| told.context == "landfall/review" && told.state == "success").then_some(())
    });
}
