//! Rules over what the policies of roles say.

use super::seen::Seen;
use super::{Fault, Judge, Rule};

const ELEMENTS: &str = "IAM user guide, IAM JSON policy elements";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "policy-resource", source: ELEMENTS, edition: 3, run: resources },
    Rule { name: "policy-action", source: ELEMENTS, edition: 3, run: actions },
    Rule { name: "policy-condition", source: ELEMENTS, edition: 3, run: conditions },
];

/// One value, or each of a list.
pub(super) fn each<'a>(value: &Seen<'a>) -> Vec<Seen<'a>> {
    if value.text().is_some() { vec![value.clone()] } else { value.each() }
}

/// The statements of a document.
pub(super) fn statements<'a>(document: &Seen<'a>) -> Vec<Seen<'a>> {
    let statement = document.get("Statement");
    let all = statement.each();
    if all.is_empty() { vec![statement] } else { all }
}

/// Looks at every statement about the rights of roles and users.
fn each_statement(judge: &mut Judge<'_>, look: impl Fn(&Seen<'_>, &mut dyn FnMut(Fault))) {
    each_document(judge, |document, out| statements(document).iter().for_each(|statement| look(statement, out)));
}

/// Looks at every document about the rights of roles and users.
pub(super) fn each_document(judge: &mut Judge<'_>, look: impl Fn(&Seen<'_>, &mut dyn FnMut(Fault))) {
    for kind in ["AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"] {
        judge.each(kind, |_, resource, out| {
            let inline = resource.get("Policies").each();
            inline.iter().for_each(|policy| look(&policy.get("PolicyDocument"), out));
        });
    }
    for kind in ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"] {
        judge.each(kind, |_, resource, out| look(&resource.get("PolicyDocument"), out));
    }
}

fn resources(judge: &mut Judge<'_>) {
    each_statement(judge, |statement, out| {
        for resource in each(&statement.get("Resource")) {
            let Some(text) = resource.text().filter(|text| !is_resource(text)) else { continue };
            let aws = format!("Resource {text} must be in ARN format or \"*\".");
            let title = format!(
                "`{text}` is not a resource: write `*` or an ARN such as `arn:aws:sqs:eu-west-1:111111111111:queue`"
            );
            let fault = Fault::at(resource.pointer, title, aws);
            out(if text.starts_with("arn:") { fault.doubtful() } else { fault });
        }
    });
}

/// Whether a text names resources in a statement: all, or some by an ARN.
fn is_resource(written: &str) -> bool {
    let account = |text: &str| {
        matches!(text, "" | "*" | "aws") || text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit())
    };
    match written.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["*"] => true,
        ["arn", partition, service, _, of, name] => {
            (*partition == "*" || partition.starts_with("aws"))
                && !service.is_empty()
                && account(of)
                && !name.is_empty()
        }
        _ => false,
    }
}

fn actions(judge: &mut Judge<'_>) {
    each_statement(judge, |statement, out| {
        for action in each(&statement.get("Action")) {
            let Some(text) = action.text() else { continue };
            let named = text.split_once(':').is_some_and(|(service, action)| !service.is_empty() && !action.is_empty());
            if text != "*" && !named {
                let aws = format!("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: {text}");
                let title = format!("`{text}` is not an action, such as `sqs:ReceiveMessage`");
                out(Fault::at(action.pointer, title, aws));
            }
        }
    });
}

fn conditions(judge: &mut Judge<'_>) {
    each_statement(judge, |statement, out| {
        let condition = statement.get("Condition");
        for operator in condition.keys().into_iter().filter(|operator| !is_operator(operator)) {
            let aws = format!("Invalid Condition type : {operator}.");
            let title = format!("`{operator}` is not a condition operator, such as `StringEquals`");
            out(Fault::at(condition.pointer.clone(), title, aws));
        }
    });
}

/// Whether IAM knows an operator of conditions; whether it minds the case is not known.
fn is_operator(written: &str) -> bool {
    const OPERATORS: [&str; 27] = [
        "arnequals",
        "arnlike",
        "arnnotequals",
        "arnnotlike",
        "binaryequals",
        "bool",
        "dateequals",
        "dategreaterthan",
        "dategreaterthanequals",
        "datelessthan",
        "datelessthanequals",
        "datenotequals",
        "ipaddress",
        "notipaddress",
        "null",
        "numericequals",
        "numericgreaterthan",
        "numericgreaterthanequals",
        "numericlessthan",
        "numericlessthanequals",
        "numericnotequals",
        "stringequals",
        "stringequalsignorecase",
        "stringlike",
        "stringnotequals",
        "stringnotequalsignorecase",
        "stringnotlike",
    ];
    let lower = written.to_ascii_lowercase();
    let bare = lower.strip_prefix("foranyvalue:").or_else(|| lower.strip_prefix("forallvalues:")).unwrap_or(&lower);
    // `Null` itself tests whether a key exists.
    let bare = bare.strip_suffix("ifexists").filter(|bare| *bare != "null").unwrap_or(bare);
    written.starts_with("Fn::") || OPERATORS.contains(&bare)
}
