//! The API of GitHub, version 2022-11-28.

use serde_json::{Value, json};

use super::{Call, Pull, Reply, Said, Told, World};

pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Reply {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let writes = world.rights.get(&call.who).is_some_and(|right| *right != "read");
    match (call.method, path.as_slice()) {
        ("GET", ["user"]) if call.who.ends_with("[bot]") => {
            Reply::refusal(403, "Resource not accessible by integration")
        }
        ("GET", ["user"]) => Reply::ok(json!({ "login": call.who, "type": "User" })),
        (method, ["repos", "acme", "deploy", rest @ ..]) => match (method, rest) {
            ("GET", _) => read(world, call, rest),
            _ if !writes && !rest.contains(&"comments") => {
                Reply::refusal(403, "Resource not accessible by personal access token")
            }
            _ => write(world, call, rest),
        },
        _ => Reply::refusal(404, "Not Found"),
    }
}

fn read(world: &World, call: &Call<'_>, rest: &[&str]) -> Reply {
    let of = |number: &str| number.parse().ok().and_then(|number: u64| Some((number, world.pulls.get(&number)?)));
    let missing = || Reply::refusal(404, "Not Found");
    match rest {
        ["pulls"] => {
            let open = world.pulls.iter().filter(|(_, pull)| pull.open && pull.base == call.asks("base"));
            let head = call.asks("head");
            let such = open.filter(|(_, pull)| head.is_empty() || format!("acme:{}", pull.branch) == head);
            Reply::list(such.map(|(number, pull)| shown(*number, pull)).collect())
        }
        ["pulls", number] => of(number).map_or_else(missing, |(number, pull)| Reply::ok(shown(number, pull))),
        ["commits", commit, "pulls"] => {
            let such = world.pulls.iter().filter(|(_, pull)| pull.head == *commit || pull.merged.as_deref() == Some(commit));
            Reply::list(such.map(|(number, pull)| shown(*number, pull)).collect())
        }
        ["issues", number, "comments"] => {
            of(number).map_or_else(missing, |(_, pull)| Reply::list(pull.comments.iter().map(comment).collect()))
        }
        ["pulls", number, "reviews"] => of(number).map_or_else(missing, |(_, pull)| {
            let review = |one: &super::Reviewed| {
                json!({ "id": one.id, "user": user(&one.by), "state": "APPROVED", "submitted_at": one.at })
            };
            Reply::list(pull.reviews.iter().map(review).collect())
        }),
        ["collaborators", name, "permission"] => match world.rights.get(*name) {
            Some(right) => Reply::ok(json!({ "permission": right, "role_name": right, "user": user(name) })),
            None => missing(),
        },
        ["commits", commit, "status"] => {
            let statuses: Vec<Value> = world.newest(commit).iter().map(status).collect();
            Reply::ok(json!({ "state": "pending", "sha": commit, "total_count": statuses.len(), "statuses": statuses }))
        }
        ["git", "matching-refs", named @ ..] => {
            let prefix = format!("refs/{}", named.join("/"));
            let such = world.queue.iter().filter(|(name, _)| name.starts_with(&prefix));
            Reply::list(
                such.map(|(name, sha)| json!({ "ref": name, "object": { "type": "commit", "sha": sha } })).collect(),
            )
        }
        ["branches", name] => Reply::ok(json!({
            "name": name, "protected": true,
            "protection": { "enabled": true, "required_status_checks": { "enforcement_level": "non_admins", "contexts": world.required } },
        })),
        ["rules", "branches", _] => Reply::list(vec![json!({
            "type": "required_status_checks", "ruleset_id": 1, "ruleset_source": "acme", "ruleset_source_type": "Repository",
            "parameters": { "required_status_checks": [{ "context": "build" }], "strict_required_status_checks_policy": false },
        })]),
        _ => missing(),
    }
}

fn write(world: &mut World, call: &Call<'_>, rest: &[&str]) -> Reply {
    let missing = || Reply::refusal(404, "Not Found");
    let text = call.text("body");
    let too_long = || Reply {
        status: 422,
        body: json!({
            "message": "Validation Failed",
            "errors": [{ "resource": "IssueComment", "field": "body", "code": "custom", "message": "body is too long (maximum is 65536 characters)" }],
        }),
        paged: false,
    };
    match (call.method, rest) {
        ("POST" | "PATCH", ["issues", ..]) if text.chars().count() > 65_536 => too_long(),
        ("POST", ["issues", number, "comments"]) => {
            let Some(number) = number.parse().ok().filter(|number| world.pulls.contains_key(number)) else {
                return missing();
            };
            world.says(number, &call.who, &text);
            Reply::made(comment(world.pulls[&number].comments.last().unwrap()))
        }
        ("PATCH", ["issues", "comments", id]) => {
            let id = id.parse().unwrap();
            let refused = world.edits(id, &call.who, &text);
            let said = world.pulls.values().flat_map(|pull| &pull.comments).find(|said| said.id == id);
            refused.or_else(|| said.map(|said| Reply::ok(comment(said)))).unwrap_or_else(missing)
        }
        ("DELETE", ["issues", "comments", id]) => {
            if world.forgets(id.parse().unwrap()) {
                Reply::nothing()
            } else {
                missing()
            }
        }
        ("POST", ["issues", number, "labels"]) => {
            let names = call.body["labels"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
            let names: Vec<String> = names.collect();
            for name in &names {
                world.label(name);
            }
            let pull = world.pulls.get_mut(&number.parse().unwrap()).unwrap();
            pull.labels.extend(names);
            Reply { status: 200, body: pull.labels.iter().map(|name| label(name)).collect(), paged: false }
        }
        ("DELETE", ["issues", number, "labels", name]) => {
            let pull = world.pulls.get_mut(&number.parse().unwrap()).unwrap();
            if !pull.labels.remove(*name) {
                return Reply::refusal(404, "Label does not exist");
            }
            Reply::ok(pull.labels.iter().map(|name| label(name)).collect())
        }
        ("POST", ["statuses", commit]) => {
            let told = Told {
                commit: (*commit).to_owned(),
                context: call.text("context"),
                state: call.text("state"),
                description: call.text("description"),
                url: call.body["target_url"].as_str().map(str::to_owned),
            };
            if told.description.chars().count() > 140 {
                return Reply::refusal(422, "Validation Failed");
            }
            let made = status(&told);
            world.told.push(told);
            Reply::made(made)
        }
        ("POST", ["pulls"]) => {
            let (branch, base) = (call.text("head"), call.text("base"));
            if world.pulls.values().any(|pull| pull.open && pull.branch == branch && pull.base == base) {
                let message = format!("A pull request already exists for acme:{branch}.");
                let body = json!({ "message": "Validation Failed", "errors": [{ "resource": "PullRequest", "code": "custom", "message": message }] });
                return Reply { status: 422, body, paged: false };
            }
            let number = world.id();
            let pull = world.pull_request(number, &branch, &"a".repeat(40));
            (pull.base, pull.title) = (base, call.text("title"));
            Reply::made(shown(number, &world.pulls[&number]))
        }
        _ => missing(),
    }
}

fn user(name: &str) -> Value {
    json!({ "login": name, "type": if name.ends_with("[bot]") { "Bot" } else { "User" } })
}

fn label(name: &str) -> Value {
    json!({ "name": name, "color": "ededed" })
}

fn comment(said: &Said) -> Value {
    json!({ "id": said.id, "user": user(&said.author), "body": said.body, "created_at": said.made, "updated_at": said.edited })
}

fn status(told: &Told) -> Value {
    json!({ "context": told.context, "state": told.state, "description": told.description, "target_url": told.url })
}

fn shown(number: u64, pull: &Pull) -> Value {
    let head_repo = if pull.fork { json!({ "id": 2 }) } else { json!({ "id": 1 }) };
    json!({
        "number": number, "state": if pull.open { "open" } else { "closed" }, "title": pull.title, "user": user(&pull.author),
        "base": { "ref": pull.base, "sha": "b".repeat(40), "repo": { "id": 1 } },
        "head": { "ref": pull.branch, "sha": pull.head, "repo": head_repo },
        "merged_at": pull.merged.as_ref().map(|_| "2026-12-01T13:00:00Z"),
        // Of an open one, this is a merge to try it.
        "merge_commit_sha": pull.merged.clone().unwrap_or_else(|| "c".repeat(40)),
        "labels": pull.labels.iter().map(|name| label(name)).collect::<Vec<_>>(),
        "html_url": format!("https://github.com/acme/deploy/pull/{number}"),
    })
}
