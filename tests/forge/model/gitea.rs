//! The API of Gitea and Forgejo, version 1.

use serde_json::{Value, json};

use super::{Call, Pull, Reply, Said, Told, World};

const ROOT: [&str; 5] = ["api", "v1", "repos", "acme", "deploy"];

pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Reply {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let writes = world.rights.get(&call.who).is_some_and(|right| *right != "read");
    if path == ["api", "v1", "user"] {
        return Reply::ok(user(&call.who));
    }
    let Some(rest) = path.strip_prefix(&ROOT) else { return missing() };
    match call.method {
        "GET" => read(world, call, rest),
        _ if !writes && !rest.contains(&"comments") => {
            Reply::refusal(403, "user should have a permission to write to a repo")
        }
        _ => write(world, call, rest),
    }
}

fn missing() -> Reply {
    Reply::refusal(404, "The target couldn't be found.")
}

fn read(world: &World, call: &Call<'_>, rest: &[&str]) -> Reply {
    let of = |number: &str| number.parse().ok().and_then(|number: u64| Some((number, world.pulls.get(&number)?)));
    let shows = |(number, pull): (&u64, &Pull)| shown(world, *number, pull);
    match rest {
        ["pulls"] => {
            let such = world.pulls.iter().filter(|(_, pull)| pull.open == (call.asks("state") == "open"));
            Reply::list(such.map(shows).collect())
        }
        ["pulls", number] => of(number).map_or_else(missing, |(number, pull)| Reply::ok(shown(world, number, pull))),
        ["commits", commit, "pull"] => {
            let found = world.pulls.iter().find(|(_, pull)| pull.merged.as_deref() == Some(commit));
            found.map_or_else(missing, |found| Reply::ok(shows(found)))
        }
        // All of them, on one page.
        ["issues", number, "comments"] => {
            of(number).map_or_else(missing, |(_, pull)| Reply::ok(pull.comments.iter().map(comment).collect()))
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
        ["labels"] => Reply::list(world.labels.iter().map(|(id, name)| label(*id, name)).collect()),
        ["branches", name] => Reply::ok(json!({
            "name": name, "enable_status_check": !world.required.is_empty(), "status_check_contexts": world.required,
        })),
        _ => missing(),
    }
}

fn write(world: &mut World, call: &Call<'_>, rest: &[&str]) -> Reply {
    match (call.method, rest) {
        ("POST", ["issues", number, "comments"]) => {
            let Some(number) = number.parse().ok().filter(|number| world.pulls.contains_key(number)) else {
                return missing();
            };
            world.says(number, &call.who, &call.text("body"));
            Reply::made(comment(world.pulls[&number].comments.last().unwrap()))
        }
        ("PATCH", ["issues", "comments", id]) => {
            let id = id.parse().unwrap();
            let refused = world.edits(id, &call.who, &call.text("body"));
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
        ("POST", ["labels"]) => {
            let name = call.text("name");
            let id = world.label(&name);
            Reply::made(label(id, &name))
        }
        ("POST", ["issues", number, "labels"]) => {
            let ids = call.body["labels"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap());
            let names: Vec<String> = ids.map(|id| world.labels[&id].clone()).collect();
            let pull = world.pulls.get_mut(&number.parse().unwrap()).unwrap();
            pull.labels.extend(names);
            let all = pull.labels.clone();
            Reply::ok(all.iter().map(|name| label(world.label(name), name)).collect())
        }
        ("DELETE", ["issues", number, "labels", id]) => {
            let Some(name) = world.labels.get(&id.parse().unwrap()).cloned() else { return missing() };
            world.pulls.get_mut(&number.parse().unwrap()).unwrap().labels.remove(&name);
            Reply::nothing()
        }
        ("POST", ["statuses", commit]) => {
            let told = Told {
                commit: (*commit).to_owned(),
                context: call.text("context"),
                state: call.text("state"),
                description: call.text("description"),
                url: Some(call.text("target_url")).filter(|url| !url.is_empty()),
            };
            let made = status(&told);
            world.told.push(told);
            Reply::made(made)
        }
        ("POST", ["pulls"]) => {
            let (branch, base) = (call.text("head"), call.text("base"));
            let open = world.pulls.iter().find(|(_, pull)| pull.open && pull.branch == branch && pull.base == base);
            if let Some((number, _)) = open {
                let message = format!("pull request already exists for these targets [id: 1, issue_id: {number}]");
                return Reply::refusal(409, &message);
            }
            let number = world.id();
            let pull = world.pull_request(number, &branch, &"a".repeat(40));
            (pull.base, pull.title) = (base, call.text("title"));
            Reply::made(shown(world, number, &world.pulls[&number]))
        }
        _ => missing(),
    }
}

fn user(name: &str) -> Value {
    json!({ "id": 1, "login": name })
}

fn label(id: u64, name: &str) -> Value {
    json!({ "id": id, "name": name, "color": "8b949e" })
}

fn comment(said: &Said) -> Value {
    json!({ "id": said.id, "user": user(&said.author), "body": said.body, "created_at": said.made, "updated_at": said.edited })
}

fn status(told: &Told) -> Value {
    json!({
        "context": told.context, "status": told.state, "description": told.description,
        "target_url": told.url.as_deref().unwrap_or_default(),
    })
}

fn shown(world: &World, number: u64, pull: &Pull) -> Value {
    let id = |name: &str| world.labels.iter().find(|(_, known)| *known == name).map_or(0, |(id, _)| *id);
    json!({
        "number": number, "state": if pull.open { "open" } else { "closed" }, "title": pull.title, "user": user(&pull.author),
        "base": { "ref": pull.base, "sha": "b".repeat(40), "repo_id": 1 },
        "head": { "ref": pull.branch, "sha": pull.head, "repo_id": if pull.fork { 2 } else { 1 } },
        "merged": pull.merged.is_some(), "merge_commit_sha": pull.merged,
        "labels": pull.labels.iter().map(|name| label(id(name), name)).collect::<Vec<_>>(),
        "html_url": format!("https://gitea.example.com/acme/deploy/pulls/{number}"),
    })
}
