//! Rules of listeners with the same priority in two stacks that slots settle to: `landfall check` finds them with variables
//! filled in.

use landfall::cli::check::problems;
use landfall::problem::{Level, Problem};
use landfall::tree::memory::MemoryHistory;

use super::support::{Files, files_in, now, root};

const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener/app/shared/1/1";
const IMAGE: &str = "[images.web]\nrepository = \"registry.example.com/shop\"\n";

/// A service with a rule. `limit` are more keys of the step.
fn step(name: &str, listener: &str, priority: &str, limit: &str) -> String {
    format!(
        "\n[[step]]\nname = \"{name}\"\nkind = \"ecs-service\"\nrole = \"web\"\ncpu = 256\nmemory = 512\n{limit}\n\
         [[step.container]]\nname = \"app\"\nimage = \"web\"\nport = 8080\n\n\
         [[step.load_balancer]]\ncontainer = \"app\"\nport = 8080\n\n\
         [step.load_balancer.own_target_group]\nvpc_id = \"vpc-0a\"\nlistener_rule = [{{ listener_arn = \"{listener}\", \
         priority = {priority}, path_pattern = [\"/*\"] }}]\n"
    )
}

fn variable(name: &str, value: &str, scope: &str) -> String {
    format!("[[variable]]\nname = \"{name}\"\nvalue = \"{value}\"\n{scope}\n")
}

/// The base with one project `shop` of these files.
fn shop(process: &str, variables: &str) -> Files {
    let mut files = files_in(&root().join("tests/load/base"));
    files.insert("projects/shop/process.toml".to_owned(), process.to_owned());
    files.insert("projects/shop/variables.toml".to_owned(), variables.to_owned());
    files
}

/// The errors about priorities: each as its place, what it says, and the place of the other rule.
fn found(files: &Files) -> Vec<String> {
    let mut history = MemoryHistory::new();
    let tree = history.tree_of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let all = problems(&tree, &history, now()).unwrap();
    let line = |problem: &Problem| {
        let related = problem.related.iter().map(|(span, _)| format!("; {}:{}", span.at.file, span.at.line));
        format!("{}:{}: {}{}", problem.span.at, problem.span.at.column, problem.title, related.collect::<String>())
    };
    let errors = all.iter().filter(|problem| problem.level == Level::Error);
    assert!(errors.clone().all(|problem| problem.code == "priority-taken"), "{all:?}");
    errors.map(line).collect()
}

/// One rule in the stack of each environment, in which variables say where and with which priority.
#[test]
fn a_variable_gives_two_stacks_of_one_step_the_same_priority() {
    let process = format!("{IMAGE}{}", step("web", "#{listener}", "\"#{priority}\"", ""));
    let listener = variable("listener", LISTENER, "");
    let priority = |value: &str, environment: &str| {
        variable("priority", value, &format!("scope = {{ environment = \"{environment}\" }}\n"))
    };
    let same = shop(&process, &(listener.clone() + &variable("priority", "10", "")));
    let rule = "rule `ListenerRuleApp8080Ppriority`";
    let expected = format!(
        "projects/shop/process.toml:22:61: stack `shop-web-test-shared`: AWS would refuse {rule}: {rule} of stack \
         `shop-web-development-shared` has priority 10 on the same listener"
    );
    assert_eq!(found(&same), [expected]);
    let differs = listener.clone() + &priority("10", "development") + &priority("11", "test");
    assert_eq!(found(&shop(&process, &differs)), [""; 0]);
    // The listener of another region is another one, and the rule of another place is refused for other reasons.
    let elsewhere = LISTENER.replace("eu-west-1", "us-east-1");
    let other = variable("listener", &elsewhere, "scope = { environment = \"test\" }\n");
    assert_eq!(found(&shop(&process, &(listener + &variable("priority", "10", "") + &other))), [""; 0]);
    // Nothing runs in test.
    let mut unpinned = same;
    unpinned.remove("projects/shop/deploy/test.toml");
    assert_eq!(found(&unpinned), [""; 0]);
}

#[test]
fn two_steps_of_a_slot_have_the_same_priority() {
    let in_test = "environments = [\"test\"]";
    let (web, api) = ("\"#{priority}\"", "\"#{other}\"");
    let process = |other: &str| {
        let steps = step("web", LISTENER, web, in_test) + &step("api", "#{listener}", api, in_test);
        let variables = variable("listener", LISTENER, "") + &variable("priority", "10", "");
        found(&shop(&format!("{IMAGE}{steps}"), &(variables + &variable("other", other, ""))))
    };
    assert_eq!(process("11"), [""; 0]);
    let expected = "projects/shop/process.toml:42:61: stack `shop-api-test-shared`: AWS would refuse rule \
                    `ListenerRuleApp8080Pother`: rule `ListenerRuleApp8080Ppriority` of stack `shop-web-test-shared` has \
                    priority 10 on the same listener; projects/shop/process.toml:22";
    assert_eq!(process("10"), [expected]);
}

#[test]
fn two_projects_have_the_same_priority() {
    let in_test = "environments = [\"test\"]";
    let process = |priority: &str| format!("{IMAGE}{}", step("web", LISTENER, priority, in_test));
    let mut files = shop(&process("\"#{priority}\""), &variable("priority", "10", ""));
    let own: Vec<(String, String)> = files.clone().into_iter().collect();
    for (path, text) in own.into_iter().filter(|(path, _)| path.starts_with("projects/shop/")) {
        files.insert(path.replace("projects/shop/", "projects/store/"), text);
    }
    files.insert("projects/store/process.toml".to_owned(), process("10"));
    files.insert("projects/store/variables.toml".to_owned(), String::new());
    let expected = "projects/store/process.toml:22:125: stack `store-web-test-shared`: AWS would refuse rule \
                    `ListenerRuleApp8080P10`: rule `ListenerRuleApp8080Ppriority` of stack `shop-web-test-shared` has \
                    priority 10 on the same listener; projects/shop/process.toml:22";
    assert_eq!(found(&files), [expected]);
}

#[test]
fn a_template_of_its_own_has_rules_too() {
    let process = "[[step]]\nname = \"rule\"\nkind = \"cloudformation\"\nrole = \"web\"\ntemplate = \"rule.yaml\"\n\n\
                   [step.parameters]\nListener = \"#{listener}\"\n";
    let template = "Parameters:\n  Listener:\n    Type: String\nResources:\n  Rule:\n    \
                    Type: AWS::ElasticLoadBalancingV2::ListenerRule\n    Properties:\n      ListenerArn: !Ref Listener\n      \
                    Priority: 20\n      Conditions:\n        - Field: path-pattern\n          PathPatternConfig:\n            \
                    Values: [\"/*\"]\n      Actions:\n        - Type: fixed-response\n          FixedResponseConfig:\n            \
                    StatusCode: \"404\"\n";
    let with = |template: &str| {
        let mut files = shop(process, &variable("listener", LISTENER, ""));
        files.insert("projects/shop/templates/rule.yaml".to_owned(), template.to_owned());
        files.insert("projects/shop/releases/1.0.0.toml".to_owned(), "format = 1\n".to_owned());
        found(&files)
    };
    let expected = "projects/shop/templates/rule.yaml:1:1: stack `shop-rule-test-shared`: AWS would refuse rule `Rule`: rule \
                    `Rule` of stack `shop-rule-development-shared` has priority 20 on the same listener";
    assert_eq!(with(template), [expected]);
    // What only AWS knows is not judged.
    let own = "  Own:\n    Type: AWS::ElasticLoadBalancingV2::Listener\n    Properties:\n      LoadBalancerArn: !Ref Listener\n      \
               DefaultActions:\n        - Type: fixed-response\n          FixedResponseConfig:\n            StatusCode: \"404\"\n      \
               Port: 80\n      Protocol: HTTP\n";
    assert_eq!(with(&(template.replace("ListenerArn: !Ref Listener", "ListenerArn: !Ref Own") + own)), [""; 0]);
}
