//! The priorities of listeners' rules, as far as a template and its values tell them.

use std::collections::BTreeMap;

use landfall::cfn::{Document, Given, LISTENER_RULE, rule_priorities};
use serde_json::{Value, json};

const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener/app/shared/1/1";

#[test]
fn only_what_is_known_for_certain_is_told() {
    let rule = |listener: Value, priority: Value| json!({"Type": LISTENER_RULE, "Properties": {"ListenerArn": listener, "Priority": priority}});
    let mut off = rule(json!(LISTENER), json!(1));
    off["Condition"] = json!("Off");
    let mut perhaps = rule(json!(LISTENER), json!(1));
    perhaps["Condition"] = json!("Perhaps");
    let template = json!({
        "Parameters": {
            "Listener": {"Type": "String"}, "Unknown": {"Type": "String"}, "Number": {"Type": "Number", "Default": 7},
        },
        "Conditions": {
            "Off": {"Fn::Equals": ["a", "b"]}, "Perhaps": {"Fn::Equals": [{"Ref": "Unknown"}, "b"]},
        },
        "Resources": {
            "Number": rule(json!(LISTENER), json!(5)),
            "Text": rule(json!(LISTENER), json!("6")),
            "Parameters": rule(json!({"Ref": "Listener"}), json!({"Ref": "Number"})),
            "Put": rule(json!({"Fn::Sub": "${Listener}"}), json!({"Fn::If": ["Off", 8, 9]})),
            "OfUnknown": rule(json!({"Ref": "Unknown"}), json!(1)),
            "OfOwn": rule(json!({"Ref": "Own"}), json!(1)),
            "Imported": rule(json!({"Fn::ImportValue": "listener"}), json!(1)),
            "NoArn": rule(json!("network.ListenerArn"), json!(1)),
            "Open": rule(json!(LISTENER), json!({"Ref": "Unknown"})),
            "Without": {"Type": LISTENER_RULE},
            "IsOff": off,
            "IsPerhaps": perhaps,
            "Own": {"Type": "AWS::ElasticLoadBalancingV2::Listener"},
        },
    });
    let document = Document::from_value(template).unwrap();
    let values = BTreeMap::from([("Listener".to_owned(), Some(LISTENER.to_owned())), ("Unknown".to_owned(), None)]);
    let found = rule_priorities(Given { document: &document, values: &values });
    assert!(found.iter().all(|rule| rule.listener == LISTENER), "{found:?}");
    let mut found: Vec<String> = found.iter().map(|rule| format!("{} {}", rule.id, rule.priority)).collect();
    found.sort();
    assert_eq!(found, ["Number 5", "Parameters 7", "Put 9", "Text 6"]);
}
