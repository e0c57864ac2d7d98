//! The API of GitLab, version 4.

use serde_json::{Value, json};

use super::{Call, Pull, Reply, Said, Told, World};

const ROOT: [&str; 4] = ["api", "v4", "projects", "acme/deploy"];

pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Reply {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let writes = world.rights.get(&call.who).is_some_and(|right| *right != "read");
    if path == ["api", "v4", "user"] {
        return Reply::ok(json!({ "id": 1, "username": call.who }));
    }
    let Some(rest) = path.strip_prefix(&ROOT) else { return Reply::refusal(404, "404 Project Not Found") };
    match call.method {
        "GET" => read(world, call, rest),
        _ if !writes && !rest.contains(&"notes") => Reply::refusal(403, "403 Forbidden"),
        _ => write(world, call, rest),
    }
}

fn read(world: &World, call: &Call<'_>, rest: &[&str]) -> Reply {
    let of = |number: &str| number.parse().ok().and_then(|number: u64| Some((number, world.pulls.get(&number)?)));
    let missing = || Reply::refusal(404, "404 Not found");
    match rest {
        [] => Reply::ok(json!({ "id": 1, "only_allow_merge_if_pipeline_succeeds": !world.required.is_empty() })),
        ["merge_requests"] => {
            let such = world.pulls.iter().filter(|(_, pull)| pull.open && pull.base == call.asks("target_branch"));
            Reply::list(such.map(|(number, pull)| shown(*number, pull)).collect())
        }
        ["merge_requests", number] => of(number).map_or_else(missing, |(number, pull)| Reply::ok(shown(number, pull))),
        ["repository", "commits", commit, "merge_requests"] => {
            let such =
                world.pulls.iter().filter(|(_, pull)| pull.head == *commit || pull.merged.as_deref() == Some(commit));
            Reply::list(such.map(|(number, pull)| shown(*number, pull)).collect())
        }
        ["merge_requests", number, "notes"] => of(number).map_or_else(missing, |(_, pull)| {
            let review = |one: &super::Reviewed| {
                json!({
                    "id": one.id, "body": "approved this merge request", "author": { "username": one.by },
                    "created_at": one.at, "updated_at": one.at, "system": true,
                })
            };
            let mut notes: Vec<Value> = pull.comments.iter().map(note).chain(pull.reviews.iter().map(review)).collect();
            notes.sort_by_key(|note| note["created_at"].as_str().unwrap().to_owned());
            Reply::list(notes)
        }),
        ["members", "all"] => {
            let level = |right: &str| match right {
                "admin" => 40,
                "write" => 30,
                _ => 20,
            };
            let such = world.rights.iter().filter(|(name, _)| name.contains(call.asks("query")));
            Reply::list(such.map(|(name, right)| json!({ "username": name, "access_level": level(right) })).collect())
        }
        ["repository", "commits", commit, "statuses"] => Reply::list(world.newest(commit).iter().map(status).collect()),
        _ => missing(),
    }
}

fn write(world: &mut World, call: &Call<'_>, rest: &[&str]) -> Reply {
    let missing = || Reply::refusal(404, "404 Not found");
    match (call.method, rest) {
        ("POST", ["merge_requests", number, "notes"]) => {
            let Some(number) = number.parse().ok().filter(|number| world.pulls.contains_key(number)) else {
                return missing();
            };
            if call.text("body").chars().count() > 1_000_000 {
                return Reply::refusal(400, "note is too long");
            }
            world.says(number, &call.who, &call.text("body"));
            Reply::made(note(world.pulls[&number].comments.last().unwrap()))
        }
        ("PUT", ["merge_requests", _, "notes", id]) => {
            let id = id.parse().unwrap();
            let refused = world.edits(id, &call.who, &call.text("body"));
            let said = world.pulls.values().flat_map(|pull| &pull.comments).find(|said| said.id == id);
            refused.or_else(|| said.map(|said| Reply::ok(note(said)))).unwrap_or_else(missing)
        }
        ("DELETE", ["merge_requests", _, "notes", id]) => {
            if world.forgets(id.parse().unwrap()) {
                Reply::nothing()
            } else {
                missing()
            }
        }
        ("PUT", ["merge_requests", number]) => {
            let number = number.parse().unwrap();
            let names = |key: &str| -> Vec<String> {
                call.text(key).split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
            };
            let (add, remove) = (names("add_labels"), names("remove_labels"));
            for name in &add {
                world.label(name);
            }
            let pull = world.pulls.get_mut(&number).unwrap();
            pull.labels.extend(add);
            pull.labels.retain(|name| !remove.contains(name));
            Reply::ok(shown(number, &world.pulls[&number]))
        }
        ("POST", ["statuses", commit]) => tell(world, call, commit),
        ("POST", ["merge_requests"]) => {
            let (branch, base) = (call.text("source_branch"), call.text("target_branch"));
            let open = world.pulls.iter().find(|(_, pull)| pull.open && pull.branch == branch && pull.base == base);
            if let Some((number, _)) = open {
                let message = format!("Another open merge request already exists for this source branch: !{number}");
                return Reply { status: 409, body: json!({ "message": [message] }), paged: false };
            }
            let number = world.id();
            let pull = world.pull_request(number, &branch, &"a".repeat(40));
            (pull.base, pull.title) = (base, call.text("title"));
            Reply::made(shown(number, &world.pulls[&number]))
        }
        _ => missing(),
    }
}

/// A status that waits or runs cannot be told again; one that has ended begins anew. \[gitlab: commit_statuses_spec.rb\]
fn tell(world: &mut World, call: &Call<'_>, commit: &str) -> Reply {
    let (context, state) = (call.text("name"), call.text("state"));
    let last = world.told.iter().rposition(|told| told.commit == commit && told.context == context);
    let told = Told {
        commit: commit.to_owned(),
        context,
        description: call.text("description"),
        url: call.body["target_url"].as_str().map(str::to_owned),
        state,
    };
    if !["pending", "running", "success", "failed", "canceled"].contains(&told.state.as_str()) {
        return Reply::refusal(400, "state does not have a valid value");
    }
    let made = status(&told);
    match last.map(|at| (at, world.told[at].state.clone())) {
        Some((_, before)) if before == "pending" && told.state == "pending" => {
            let reason = "(Reason(s): Status cannot transition via \"enqueue\")";
            return Reply::refusal(400, &format!("Cannot transition status via :enqueue from :pending {reason}"));
        }
        Some((at, before)) if before == "pending" || before == "running" => world.told[at] = told,
        _ => world.told.push(told),
    }
    Reply::made(made)
}

fn note(said: &Said) -> Value {
    json!({
        "id": said.id, "body": said.body, "author": { "username": said.author }, "created_at": said.made,
        "updated_at": said.edited, "system": false,
    })
}

fn status(told: &Told) -> Value {
    json!({ "name": told.context, "status": told.state, "description": told.description, "target_url": told.url, "sha": told.commit })
}

fn shown(number: u64, pull: &Pull) -> Value {
    let state = match (&pull.merged, pull.open) {
        (Some(_), _) => "merged",
        (None, true) => "opened",
        (None, false) => "closed",
    };
    json!({
        "iid": number, "state": state, "title": pull.title, "author": { "username": pull.author }, "target_branch": pull.base,
        "source_branch": pull.branch, "sha": pull.head, "source_project_id": if pull.fork { 2 } else { 1 }, "target_project_id": 1,
        "merge_commit_sha": pull.merged, "squash_commit_sha": null, "labels": pull.labels,
        "web_url": format!("https://gitlab.com/acme/deploy/-/merge_requests/{number}"),
    })
}
