//! Rules over the form of policy documents: those about rights, and those about who may have a role.

use std::collections::BTreeSet;

use super::rights::{each, each_document, statements};
use super::seen::Seen;
use super::{Fault, Judge, Rule};

const GRAMMAR: &str = "IAM user guide, Grammar of the IAM JSON policy language";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "policy-document", source: GRAMMAR, edition: 4, run: documents },
    Rule {
        name: "trust-policy",
        source: "IAM user guide, IAM JSON policy elements: Principal",
        edition: 4,
        run: trust,
    },
];

const OF_DOCUMENT: [&str; 3] = ["Version", "Id", "Statement"];
const OF_STATEMENT: [&str; 9] =
    ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"];
const MALFORMED: &str = "Syntax errors in policy.";

fn documents(judge: &mut Judge<'_>) {
    each_document(judge, |document, out| {
        form(document, out);
        for statement in statements(document).iter().filter(|statement| statement.is_map()) {
            if let Some(principal) = first(statement, &["Principal", "NotPrincipal"]) {
                let aws = "Policy document should not specify a principal.";
                out(Fault::at(principal.pointer, "the rights of a role name no principal: they are the role's", aws));
            }
            let (resource, others) = (statement.get("Resource"), statement.get("NotResource"));
            if resource.is_there() && others.is_there() {
                out(Fault::at(others.pointer, "`Resource` and `NotResource` exclude each other", MALFORMED));
            }
            for action in each(&statement.get("Action")).iter().chain(&each(&statement.get("NotAction"))) {
                let vendor = |text: &str| text.split(':').next().unwrap_or_default().to_owned();
                let wrong = |text: &String| {
                    text != "*"
                        && (text.contains(' ') || !vendor(text).chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
                };
                if let Some(text) = action.text().filter(wrong) {
                    let aws = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
                    let title =
                        format!("`{text}` is not an action: the service before the `:` has letters, digits and `-`");
                    out(Fault::at(action.pointer.clone(), title, aws));
                }
            }
            if lacks(statement, &["Resource", "NotResource"]) {
                let aws = "Policy statement must contain resources.";
                out(Fault::at(statement.pointer.clone(), "the statement has no `Resource`", aws));
            }
        }
    });
}

/// Who may have a role.
fn trust(judge: &mut Judge<'_>) {
    judge.each("AWS::IAM::Role", |_, role, out| {
        let document = role.get("AssumeRolePolicyDocument");
        form(&document, out);
        for statement in statements(&document).iter().filter(|statement| statement.is_map()) {
            if let Some(resource) = first(statement, &["Resource", "NotResource"]) {
                let aws = "Has prohibited field Resource";
                out(Fault::at(resource.pointer, "who may have a role is said without `Resource`", aws));
            }
            if lacks(statement, &["Principal", "NotPrincipal"]) {
                let aws = "Missing required field Principal";
                out(Fault::at(statement.pointer.clone(), "the statement has no `Principal`", aws));
            }
            for action in each(&statement.get("Action")) {
                let of_sts = |text: &str| text == "*" || text.to_ascii_lowercase().starts_with("sts:");
                if let Some(text) = action.text().filter(|text| !of_sts(text)) {
                    let aws = "AssumeRole policy may only specify STS AssumeRole actions.";
                    out(Fault::at(
                        action.pointer,
                        format!("`{text}` is not how a role is taken on: `sts:AssumeRole`"),
                        aws,
                    ));
                }
            }
            principals(&statement.get("Principal"), out);
        }
    });
}

fn principals(principal: &Seen<'_>, out: &mut dyn FnMut(Fault)) {
    const SORTS: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];
    if let Some(other) = principal.keys().into_iter().find(|key| !SORTS.contains(key) && !key.starts_with("Fn::")) {
        let title = format!("a principal is `AWS`, `Service` or `Federated`, not `{other}`");
        out(Fault::at(principal.pointer.clone(), title, "Invalid principal in policy."));
    }
    for service in each(&principal.get("Service")) {
        if let Some(text) = service.text().filter(|text| !text.contains('.') && text != "*") {
            let title = format!("`{text}` is not a service, such as `ecs-tasks.amazonaws.com`");
            out(Fault::at(service.pointer, title, format!("Invalid principal in policy: \"SERVICE\":\"{text}\"")));
        }
    }
    for account in each(&principal.get("AWS")) {
        let Some(text) = account.text() else { continue };
        let id = text.strip_prefix("arn:").map_or(Some(&*text), |rest| rest.split(':').nth(3)).unwrap_or_default();
        let is_id = id.len() == 12 && id.bytes().all(|digit| digit.is_ascii_digit());
        // What begins with `A` is the id of a user or a role that is gone.
        if !is_id && text != "*" && !text.starts_with('A') && !text.contains('$') {
            let title = format!("`{text}` names no account of twelve digits");
            out(Fault::at(account.pointer, title, format!("Invalid principal in policy: \"AWS\":\"{text}\"")));
        }
    }
}

/// What both sorts of documents have.
fn form(document: &Seen<'_>, out: &mut dyn FnMut(Fault)) {
    if !document.is_map() {
        return;
    }
    let mut wrong = |pointer: super::seen::Pointer<'_>, title: String| out(Fault::at(pointer, title, MALFORMED));
    if let Some(other) = document.keys().into_iter().find(|key| !OF_DOCUMENT.contains(key)) {
        wrong(document.pointer.clone(), format!("a policy has no `{other}`"));
    }
    let version = document.get("Version");
    if let Some(text) = version.text().filter(|text| !["2012-10-17", "2008-10-17"].contains(&text.as_str())) {
        wrong(version.pointer, format!("`{text}` is not a version of the policy language: `2012-10-17`"));
    }
    let mut ids = BTreeSet::new();
    for statement in statements(document).iter().filter(|statement| statement.is_map()) {
        if let Some(other) = statement.keys().into_iter().find(|key| !OF_STATEMENT.contains(key)) {
            wrong(statement.pointer.clone(), format!("a statement has no `{other}`"));
        }
        let effect = statement.get("Effect");
        if effect.is_missing() || effect.text().is_some_and(|text| !["Allow", "Deny"].contains(&text.as_str())) {
            wrong(effect.pointer, "`Effect` must be `Allow` or `Deny`".to_owned());
        }
        let (action, others) = (statement.get("Action"), statement.get("NotAction"));
        if lacks(statement, &["Action", "NotAction"]) {
            wrong(statement.pointer.clone(), "the statement has no `Action`".to_owned());
        } else if action.is_there() && others.is_there() {
            wrong(others.pointer, "`Action` and `NotAction` exclude each other".to_owned());
        }
        let id = statement.get("Sid");
        let Some(text) = id.text() else { continue };
        if !text.chars().all(|c| c.is_ascii_alphanumeric()) {
            wrong(id.pointer, format!("`{text}` is not an id of a statement: use letters and digits"));
        } else if !text.is_empty() && !ids.insert(text.clone()) {
            wrong(id.pointer, format!("two statements have the id `{text}`"));
        }
    }
}

/// The first of some keys that is there.
fn first<'a>(statement: &Seen<'a>, keys: &[&'static str]) -> Option<Seen<'a>> {
    keys.iter().map(|key| statement.get(key)).find(Seen::is_there)
}

/// Whether all of these are certainly missing, or are empty lists.
fn lacks(statement: &Seen<'_>, keys: &[&'static str]) -> bool {
    let empty = |seen: Seen<'_>| seen.is_missing() || seen.is_there() && seen.items().is_some_and(|all| all.is_empty());
    keys.iter().all(|key| empty(statement.get(key)))
}
