//! What the clients ask and the models answer, against published descriptions of the forges: the types that `@octokit/openapi-types` makes
//! from GitHub's own description, `gitea-js` and `forgejo-js` from those of Gitea and Forgejo, and that `@gitbeaker/core` has
//! for GitLab. TypeScript's compiler compares.
//!
//! Queries and bodies have to fit as a whole. Of answers, every field that a model gives has to be there with its type; models
//! give what the clients read.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use landfall::forge::{Forge, Kind, NewPullRequest, State, Status};
use landfall::model::CommitId;
use serde_json::Value;

use super::model::{Exchange, Model};

const HEAD: &str = "1111111111111111111111111111111111111111";

/// A call that is documented: its method, its path with `*` for a parameter, and how the package names it.
type Documented = (&'static str, &'static str, &'static str);

const GITHUB: &[Documented] = &[
    ("GET", "user", "/user"),
    ("GET", "repos/*/*/pulls", "/repos/{owner}/{repo}/pulls"),
    ("POST", "repos/*/*/pulls", "/repos/{owner}/{repo}/pulls"),
    ("GET", "repos/*/*/pulls/*", "/repos/{owner}/{repo}/pulls/{pull_number}"),
    ("GET", "repos/*/*/pulls/*/reviews", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"),
    ("GET", "repos/*/*/commits/*/pulls", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls"),
    ("GET", "repos/*/*/commits/*/status", "/repos/{owner}/{repo}/commits/{ref}/status"),
    ("POST", "repos/*/*/statuses/*", "/repos/{owner}/{repo}/statuses/{sha}"),
    ("GET", "repos/*/*/issues/*/comments", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
    ("POST", "repos/*/*/issues/*/comments", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
    ("PATCH", "repos/*/*/issues/comments/*", "/repos/{owner}/{repo}/issues/comments/{comment_id}"),
    ("DELETE", "repos/*/*/issues/comments/*", "/repos/{owner}/{repo}/issues/comments/{comment_id}"),
    ("POST", "repos/*/*/issues/*/labels", "/repos/{owner}/{repo}/issues/{issue_number}/labels"),
    ("DELETE", "repos/*/*/issues/*/labels/*", "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}"),
    ("GET", "repos/*/*/collaborators/*/permission", "/repos/{owner}/{repo}/collaborators/{username}/permission"),
    ("GET", "repos/*/*/branches/*", "/repos/{owner}/{repo}/branches/{branch}"),
    // The client asks for `heads/gh-readonly-queue/main/`.
    ("GET", "repos/*/*/git/matching-refs/*/*/*", "/repos/{owner}/{repo}/git/matching-refs/{ref}"),
    ("GET", "repos/*/*/rules/branches/*", "/repos/{owner}/{repo}/rules/branches/{branch}"),
];

const GITEA: &[Documented] = &[
    ("GET", "api/v1/user", "user.userGetCurrent"),
    ("GET", "api/v1/repos/*/*/pulls", "repos.repoListPullRequests"),
    ("POST", "api/v1/repos/*/*/pulls", "repos.repoCreatePullRequest"),
    ("GET", "api/v1/repos/*/*/pulls/*", "repos.repoGetPullRequest"),
    ("GET", "api/v1/repos/*/*/pulls/*/reviews", "repos.repoListPullReviews"),
    ("GET", "api/v1/repos/*/*/commits/*/pull", "repos.repoGetCommitPullRequest"),
    ("GET", "api/v1/repos/*/*/commits/*/status", "repos.repoGetCombinedStatusByRef"),
    ("POST", "api/v1/repos/*/*/statuses/*", "repos.repoCreateStatus"),
    ("GET", "api/v1/repos/*/*/issues/*/comments", "repos.issueGetComments"),
    ("POST", "api/v1/repos/*/*/issues/*/comments", "repos.issueCreateComment"),
    ("PATCH", "api/v1/repos/*/*/issues/comments/*", "repos.issueEditComment"),
    ("DELETE", "api/v1/repos/*/*/issues/comments/*", "repos.issueDeleteComment"),
    ("GET", "api/v1/repos/*/*/labels", "repos.issueListLabels"),
    ("POST", "api/v1/repos/*/*/labels", "repos.issueCreateLabel"),
    ("POST", "api/v1/repos/*/*/issues/*/labels", "repos.issueAddLabel"),
    ("DELETE", "api/v1/repos/*/*/issues/*/labels/*", "repos.issueRemoveLabel"),
    ("GET", "api/v1/repos/*/*/collaborators/*/permission", "repos.repoGetRepoPermissions"),
    ("GET", "api/v1/repos/*/*/branches/*", "repos.repoGetBranch"),
];

/// The type of the answer, and that of the body after a space; the package describes paths and queries otherwise.
const GITLAB: &[Documented] = &[
    ("GET", "api/v4/user", "ExpandedUserSchema"),
    ("GET", "api/v4/projects/*", "ProjectSchema"),
    ("GET", "api/v4/projects/*/merge_requests", "MergeRequestSchemaWithBasicLabels[]"),
    ("POST", "api/v4/projects/*/merge_requests", "MergeRequestSchemaWithBasicLabels NewMergeRequest"),
    ("GET", "api/v4/projects/*/merge_requests/*", "MergeRequestSchemaWithBasicLabels"),
    ("PUT", "api/v4/projects/*/merge_requests/*", "MergeRequestSchemaWithBasicLabels Edited"),
    ("GET", "api/v4/projects/*/repository/commits/*/merge_requests", "MergeRequestSchemaWithBasicLabels[]"),
    ("GET", "api/v4/projects/*/repository/commits/*/statuses", "CommitStatusSchema[]"),
    ("POST", "api/v4/projects/*/statuses/*", "CommitStatusSchema Told"),
    ("GET", "api/v4/projects/*/merge_requests/*/notes", "MergeRequestNoteSchema[]"),
    ("POST", "api/v4/projects/*/merge_requests/*/notes", "MergeRequestNoteSchema Said"),
    ("PUT", "api/v4/projects/*/merge_requests/*/notes/*", "MergeRequestNoteSchema Said"),
    ("DELETE", "api/v4/projects/*/merge_requests/*/notes/*", "void"),
    ("GET", "api/v4/projects/*/members/all", "SimpleMemberSchema[]"),
];

/// Every field may be missing, and no other may be there.
const DEEP: &str = "
type Deep<T> = T extends (infer U)[] ? Deep<U>[]
  : T extends object ? { [K in keyof T as string extends K ? never : K]?: Deep<T[K]> } : T;
type Of<T, K extends string> = T extends { [_ in K]: infer V } ? V : T extends { [_ in K]?: infer V } ? NonNullable<V> : never;
type Json<T> = Of<Of<T, 'content'>, 'application/json'>;
";

/// Each call of each client, once.
fn every_call(forge: &dyn Forge) {
    let commit = CommitId(HEAD.to_owned());
    forge.open_pull_requests("main").unwrap();
    forge.comment(1, "hello").unwrap();
    let comments = forge.comments(1).unwrap();
    let own = comments.iter().find(|comment| comment.own).unwrap();
    forge.edit(1, own.id, "hello again").unwrap();
    forge.looks(1).unwrap();
    assert!(forge.may_write("ada").unwrap() && !forge.may_write("mallory").unwrap());
    let url = Some("https://landfall.example.com".to_owned());
    for state in [State::Pending, State::Success, State::Failure] {
        let description = format!("it is {state}");
        let status = Status { context: "landfall/review".to_owned(), state, description, url: url.clone() };
        forge.set_status(&commit, &status).unwrap();
    }
    forge
        .set_status(
            &commit,
            &Status { context: "x".into(), state: State::Success, description: String::new(), url: None },
        )
        .unwrap();
    forge.statuses(&commit).unwrap();
    let labels = ["landfall: rights".to_owned()];
    forge.label(&forge.pull_request(1).unwrap(), &labels, &[]).unwrap();
    forge.label(&forge.pull_request(1).unwrap(), &[], &labels).unwrap();
    let [branch, base, title, body] = ["next", "main", "Promote", "text"].map(str::to_owned);
    forge.open(&NewPullRequest { branch, base, title, body }).unwrap();
    forge.pull_requests_of(&commit).unwrap();
    forge.required("main").unwrap();
    forge.queued("main").unwrap();
    forge.remove(1, own.id).unwrap();
}

fn documented<'a>(table: &'a [Documented], exchange: &Exchange) -> &'a Documented {
    let such = |row: &&Documented| {
        let parts: Vec<&str> = row.1.split('/').collect();
        let fits = |(part, given): (&&str, &String)| *part == "*" || part == given;
        row.0 == exchange.method && parts.len() == exchange.path.len() && parts.iter().zip(&exchange.path).all(fits)
    };
    // A name before a parameter: `issues/comments/1` is not comment 1 of an issue called `comments`.
    let found = table.iter().filter(such).min_by_key(|row| row.1.matches('*').count());
    found.unwrap_or_else(|| panic!("not documented: {exchange:?}"))
}

/// Without fields that are null: only GitHub's description says which may be.
fn set(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), set(value))).collect()
        }
        Value::Array(all) => all.iter().map(set).collect(),
        value => value.clone(),
    }
}

/// Numbers as numbers: a query is text.
fn query(exchange: &Exchange) -> Value {
    let value = |text: &String| text.parse::<u64>().map_or_else(|_| Value::from(text.clone()), Value::from);
    exchange.query.iter().map(|(key, text)| (key.clone(), value(text))).collect()
}

fn github(text: &mut String, at: usize, exchange: &Exchange) {
    let (method, _, path) = documented(GITHUB, exchange);
    let (method, status) = (method.to_lowercase(), exchange.status);
    let _ = writeln!(text, "type C{at} = paths['{path}']['{method}'];");
    if !exchange.query.is_empty() {
        let _ = writeln!(text, "const q{at}: Of<C{at}['parameters'], 'query'> = {};", query(exchange));
    }
    if !exchange.body.is_null() {
        let _ = writeln!(text, "const b{at}: Json<Of<C{at}, 'requestBody'>> = {};", exchange.body);
    }
    if !exchange.reply.is_null() && status < 300 {
        let _ = writeln!(text, "const r{at}: Deep<Json<C{at}['responses'][{status}]>> = {};", exchange.reply);
    }
}

fn gitea(text: &mut String, at: usize, exchange: &Exchange) {
    let (_, path, call) = documented(GITEA, exchange);
    let (group, call) = call.split_once('.').unwrap();
    let last = path.matches('*').count();
    let _ = writeln!(text, "type C{at} = Api<unknown>['{group}']['{call}'];");
    // The version of the API pages by these too where its description does not say so; the documentation of Gitea does.
    let mut asked = exchange.clone();
    if call == "issueGetComments" {
        asked.query.retain(|key, _| key != "limit" && key != "page");
    }
    if !asked.query.is_empty() {
        let _ = writeln!(text, "const q{at}: NonNullable<Parameters<C{at}>[{last}]> = {};", query(&asked));
    }
    if !exchange.body.is_null() {
        let _ = writeln!(text, "const b{at}: Parameters<C{at}>[{last}] = {};", exchange.body);
    }
    if !exchange.reply.is_null() && exchange.status < 300 {
        let _ = writeln!(text, "const r{at}: Deep<Awaited<ReturnType<C{at}>>['data']> = {};", set(&exchange.reply));
    }
}

fn gitlab(text: &mut String, at: usize, exchange: &Exchange) {
    let types = documented(GITLAB, exchange).2;
    let (reply, body) = types.split_once(' ').unwrap_or((types, "never"));
    if !exchange.body.is_null() {
        let _ = writeln!(text, "const b{at}: {body} = {};", exchange.body);
    }
    if !exchange.reply.is_null() && exchange.status < 300 {
        let _ = writeln!(text, "const r{at}: Deep<{reply}> = {};", set(&exchange.reply));
    }
}

/// In the package's words, options are written in another case.
const GITLAB_BODIES: &str = "
type Snake<S extends string> = S extends `${infer A}${infer B}` ? `${A extends Lowercase<A> ? A : `_${Lowercase<A>}`}${Snake<B>}` : S;
type Snaked<T> = { [K in keyof T as K extends string ? Snake<K> : never]: T[K] };
type NewMergeRequest = Snaked<{ sourceBranch: string; targetBranch: string; title: string } & CreateMergeRequestOptions>;
type Edited = Snaked<{ addLabels?: string; removeLabels?: string }>;
type Told = Snaked<Omit<EditPipelineStatusOptions, 'targetUrl'>> & { state: CommitablePipelineStatus; target_url?: string | null };
type Said = { body: string };
";

#[test]
fn clients_and_models_fit_what_is_published() {
    let Some(modules) = modules() else { return };
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, head: &str, kind: Kind, one: fn(&mut String, usize, &Exchange)| {
        let model = Model::start(kind);
        model.world().pull_request(1, "change", HEAD);
        model.world().reviews(1, "ada");
        model.world().required = vec!["landfall/review".to_owned()];
        model.world().queue = vec![("refs/heads/gh-readonly-queue/main/pr-1-2".to_owned(), HEAD.to_owned())];
        every_call(&*model.client());
        let exchanges = model.world().exchanges.clone();
        let mut text = format!("{head}{DEEP}");
        exchanges.iter().enumerate().for_each(|(at, exchange)| one(&mut text, at, exchange));
        std::fs::write(folder.path().join(format!("{name}.ts")), format!("{text}export {{}};\n")).unwrap();
        let table: &[Documented] = match kind {
            Kind::GitHub => GITHUB,
            Kind::GitLab => GITLAB,
            Kind::Gitea => GITEA,
        };
        let asked: BTreeSet<&str> = exchanges.iter().map(|exchange| documented(table, exchange).2).collect();
        let all: BTreeSet<&str> = table.iter().map(|row| row.2).collect();
        assert_eq!(asked, all, "each documented call is made");
    };
    write("github", "import type { paths } from '@octokit/openapi-types';\n", Kind::GitHub, github);
    write("gitea", "import type { Api } from 'gitea-js';\n", Kind::Gitea, gitea);
    write("forgejo", "import type { Api } from 'forgejo-js';\n", Kind::Gitea, gitea);
    let names =
        GITLAB.iter().map(|row| row.2.split(' ').next().unwrap().trim_end_matches("[]")).filter(|n| *n != "void");
    let names: BTreeSet<&str> =
        names.chain(["CreateMergeRequestOptions", "EditPipelineStatusOptions", "CommitablePipelineStatus"]).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let head = format!("import type {{ {names} }} from '@gitbeaker/core';\n{GITLAB_BODIES}");
    write("gitlab", &head, Kind::GitLab, gitlab);
    let said = compiled(&modules, folder.path(), &["github", "gitea", "forgejo", "gitlab"]);
    assert!(said.is_empty(), "{said}");
    // The comparison itself: a field that there is not, and one of another type.
    let wrong = "import type { Api } from 'gitea-js';\n".to_owned() + DEEP;
    let wrong = wrong + "type R = Deep<Awaited<ReturnType<Api<unknown>['repos']['repoGetPullRequest']>>['data']>;\n";
    let wrong = wrong + "export const one: R = { nubmer: 1 };\nexport const two: R = { number: \"1\" };\n";
    std::fs::write(folder.path().join("wrong.ts"), wrong).unwrap();
    assert_eq!(compiled(&modules, folder.path(), &["wrong"]).matches("error TS").count(), 2);
}

/// What TypeScript's compiler says of files.
fn compiled(modules: &std::path::Path, folder: &std::path::Path, names: &[&str]) -> String {
    let link = folder.join("node_modules");
    if !link.exists() {
        std::os::unix::fs::symlink(modules.join("node_modules"), link).unwrap();
    }
    let mut node = Command::new("node");
    node.current_dir(folder).arg(modules.join("node_modules/typescript/bin/tsc"));
    node.args(["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext"]);
    node.args(["--moduleResolution", "nodenext"]).args(names.iter().map(|name| format!("{name}.ts")));
    let output = node.output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The folder with the packages; none if they are not installed.
fn modules() -> Option<PathBuf> {
    let tools = std::env::var_os("LANDFALL_TOOLS").map(PathBuf::from);
    let modules = tools.map(|tools| tools.with_file_name("node"));
    let found = modules.filter(|modules| modules.join("node_modules/typescript").is_dir());
    if found.is_none() {
        eprintln!("skipped: TypeScript and the descriptions of forges are not installed (tests/run installs them)");
    }
    found
}
