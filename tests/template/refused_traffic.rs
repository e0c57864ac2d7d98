//! What a step cannot say of load balancers, scaling and deployments, with what is reported.

use super::steps::{allowed, refused};

const RULE: &str = "[[step.load_balancer.own_target_group.listener_rule]]\nlistener_arn = \
                    \"arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener/app/x/1/1\"\npriority = 1\n";

/// A step with an own target group: keys of the group, then what follows it.
fn group(keys: &str, rest: &str) -> String {
    format!(
        "[[step.load_balancer]]\ncontainer = \"app\"\nport = 8080\n[step.load_balancer.own_target_group]\nvpc_id = \
         \"vpc-1\"\n{keys}\n{rest}"
    )
}

fn balancer(group_keys: &str, keys: &str, listeners: &str) -> String {
    let keys = format!("[step.load_balancer.own_target_group.own_load_balancer]\n{keys}\nlistener = [{listeners}]");
    group(group_keys, &keys)
}

/// The container's port over UDP too.
const UDP: &str = "[[step.container.ports]]\nport = 8080\nprotocol = \"udp\"";

/// Rules whose listener is named by a variable.
fn level(rule: &str) -> String {
    rule.replace("/1/1\"", "/1/#{level}\"")
}

/// Two steps with own target groups and the same rules.
fn second(rule: &str, keys: &str, others: &str) -> String {
    let role = if others.contains("role") { "" } else { "role = \"web\"" };
    format!(
        "{keys}\ncpu = 256\nmemory = 512\n{}\n[[step.container]]\nname = \"app\"\nimage = \"web\"\nport = 8080\n[[step]]\nname = \"second\"\nkind = \
         \"ecs-service\"\n{role}\n{others}\ncpu = 256\nmemory = 512\n{}",
        group("", rule),
        group("", rule)
    )
}

/// So many given target groups.
fn groups(number: u32) -> String {
    (0..number).map(|at| given("").replace("targetgroup/a/1", &format!("targetgroup/a/{at}"))).collect()
}

#[test]
fn target_groups_that_cannot_be_are_refused() {
    let rule = format!("{RULE}path_pattern = [\"/*\"]");
    let other = rule.replace("priority = 1", "priority = 2");
    let http = "{ port = 80, protocol = \"http\" }";
    let ingress = "ingress = [\"10.0.0.0/8\"]";
    let certificates = |more: &str| {
        format!(
            "{{ port = 443, protocol = \"https\", certificate_arn = \"#{{level}}\", additional_certificate_arns = [\"{more}\"] }}"
        )
    };
    for (service, words) in [
        ("[[step.load_balancer]]\ncontainer = \"app\"\nport = 8080".to_owned(), "exactly one of `target_group`"),
        (group("", ""), "no listener sends to this target group"),
        (group("name = \"a-b\"", &rule), "letters and digits, at most 60"),
        (group("", RULE), "a rule needs a condition"),
        (group("", &format!("{RULE}path_pattern = [\"1\", \"2\", \"3\", \"4\", \"5\", \"6\"]")), "at most 5 values"),
        (group("", &format!("{rule}\n{rule}")), "two rules have the same priority"),
        (group("protocol = \"tcp\"", &rule), "`listener_rule` is only for `http` and `https`"),
        (
            group("health_check = { protocol = \"tcp\" }", &rule),
            "an application load balancer can only check over HTTP or HTTPS",
        ),
        (
            group("health_check = { interval = 10, timeout = 10 }", &rule),
            "a health check every 10 s cannot wait 10 s for its answer",
        ),
        (
            group("health_check = { interval = 5 }", &rule),
            "a health check every 5 s cannot wait 5 s for its answer, as by default: set its timeout too",
        ),
        (
            group("health_check = { matcher = \"0\" }", &rule),
            "the codes of a healthy answer over HTTP are 200 to 499, like `200` or `200-299`",
        ),
        (
            group("health_check = { matcher = \"299-200\" }", &rule),
            "the codes of a healthy answer over HTTP are 200 to 499, like `200` or `200-299`",
        ),
        (
            group("protocol_version = \"grpc\"\nhealth_check = { matcher = \"200\" }", &rule),
            "the codes of a gRPC target group are 0 to 99, like `0` or `0,12`",
        ),
        (group("", &format!("{RULE}source_ip = [\"10.0.0.0\"]")), "`10.0.0.0` is not a network"),
        (group("", &rule.replace("listener/app/", "listener/net/")), "its last part must be `listener/app/`"),
        (balancer("", "ingress = [\"hello\"]", http), "`hello` is not a network, like `10.0.0.0/8`"),
        (balancer("", "ingress = [\"10.0.0.0/33\"]", http), "`10.0.0.0/33` is not a network"),
        (balancer("", "ingress = [\"::/129\"]", http), "`::/129` is not a network"),
        (balancer("", &format!("{ingress}\nsubnets = [\"subnet-0a\"]"), http), "has 1 subnets on target `main`"),
        (
            balancer("", ingress, "{ port = 443, protocol = \"https\", certificate_arn = \"hello\" }"),
            "`hello` is not the ARN of a certificate",
        ),
        (
            balancer(
                "protocol = \"tcp\"\nhealth_check = { timeout = 20, interval = 10 }",
                "type = \"network\"",
                "{ port = 1, protocol = \"tcp\" }",
            ),
            "a health check every 10 s cannot wait 20 s for its answer",
        ),
        (balancer("protocol_version = \"grpc\"", ingress, http), "a gRPC target group needs listeners with `https`"),
        (
            balancer("protocol = \"tcp\"", "type = \"network\"", "{ port = 1, protocol = \"udp\" }"),
            "this listener cannot send to the target group",
        ),
        (
            balancer(
                "protocol = \"udp\"",
                "type = \"network\"",
                "{ port = 1, protocol = \"tls\", certificate_arn = \"arn:aws:acm:eu-west-1:111111111111:certificate/x\" }",
            ),
            "this listener cannot send to the target group",
        ),
        (
            format!("{}\n{}", group("name = \"X\"", &rule), group("name = \"RuleX\"", &other)),
            "`RuleX` and `X` would give two resources the same logical id",
        ),
        (
            format!("{}\n{}", group("name = \"SecurityGroupX\"", &rule), group("name = \"X\"", &other)),
            "`SecurityGroupX` and `X` would give two resources the same logical id",
        ),
        (groups(6), "at most 5 target groups"),
        (given("").repeat(2), "this port already registers with this target group"),
        (
            format!("{}\n{}", group("name = \"X\"", &rule), group("name = \"Y\"", &rule)),
            "two rules on one listener have priority 1",
        ),
        (
            format!("{}\n{}", group("name = \"X\"", &level(&rule)), group("name = \"Y\"", &level(&rule))),
            "two rules on one listener have priority 1",
        ),
        (second(&rule, "", ""), "two rules on one listener have priority 1"),
        (second(&level(&rule), "", ""), "two rules on one listener have priority 1"),
        (
            group("", &format!("{RULE}http_request_method = [\"GET\", \"post\"]")),
            "a method may contain only upper-case letters, `-` and `_`, at most 40: `GET`",
        ),
        (balancer("", ingress, ""), "no listener sends requests to the tasks"),
        (balancer("", "", http), "needs `security_groups`, or `ingress`"),
        (
            balancer("", &format!("{ingress}\nsecurity_groups = [\"sg-1\"]"), http),
            "`ingress` is for the security group",
        ),
        (
            balancer("", "security_groups = [\"sg-1\"]\ntask_ingress = true", http),
            "`task_ingress` is for the security group that landfall makes for `ingress`",
        ),
        (balancer("", ingress, &format!("{http}, {http}")), "two listeners have the same port"),
        (
            balancer("", ingress, "{ port = 80, protocol = \"http\", additional_certificate_arns = [\"#{level}\"] }"),
            "`additional_certificate_arns` is only for `https` and `tls`",
        ),
        (balancer("", ingress, &certificates("hello")), "`hello` is not the ARN of a certificate"),
        (balancer("", ingress, &certificates("#{level}")), "the listener already has this certificate"),
        (balancer("", ingress, &certificates("#{nothing}")), "variable `nothing` has no value"),
        (
            balancer("", ingress, &format!("{http}, {{ port = 81, protocol = \"http\", test = true }}")),
            "a listener for test traffic is not for `strategy = \"rolling\"`",
        ),
        (
            balancer(
                "",
                ingress,
                &format!("{http}, {{ port = 81, protocol = \"http\", redirect_to = 80, test = true }}"),
            ),
            "a listener with `redirect_to` sends nothing to the tasks, so it cannot have test traffic",
        ),
        (balancer("", ingress, "{ port = 443, protocol = \"https\" }"), "a listener for HTTPS needs a certificate"),
        (
            balancer("", ingress, "{ port = 80, protocol = \"http\", ssl_policy = \"ELBSecurityPolicy-x\" }"),
            "`ssl_policy` is only for `https` and `tls`",
        ),
        (
            balancer("", ingress, &format!("{http}, {{ port = 81, protocol = \"tcp\" }}")),
            "an application load balancer listens for HTTP or HTTPS, not TCP",
        ),
        (
            balancer("protocol = \"tcp\"", "type = \"network\"\nidle_timeout = 9", "{ port = 1, protocol = \"tcp\" }"),
            "`idle_timeout` is only for",
        ),
        (
            balancer("protocol = \"tcp\"", ingress, http),
            "an application load balancer can only send over `http` or `https`",
        ),
        (
            balancer("protocol = \"tcp\"\nslow_start = 30", "type = \"network\"", "{ port = 1, protocol = \"tcp\" }"),
            "`slow_start` is only for",
        ),
    ] {
        let container = if service.contains("protocol = \"udp\"\n") { UDP } else { "" };
        refused(&service, container, &[words]);
    }
    let only = UDP.replace("8080", "8081");
    refused(&group("", &rule).replace("8080", "8081"), &only, &["needs a port with `protocol = \"tcp\"`"]);
    let network = balancer("protocol = \"udp\"", "type = \"network\"", "{ port = 1, protocol = \"udp\" }");
    refused(&network, "", &["needs a port with `protocol = \"udp\"`"]);
    allowed(&network, UDP);
    // What no slot has both of, or what may be another listener in each step.
    let values = level(&rule).replace("#{level}", "#{step.name}");
    for (rule, mine, others) in [
        (&rule, "channels = [\"default\"]", "channels = [\"hotfix\"]"),
        (&rule, "environments = [\"staging\"]", "environments = [\"production\"]"),
        (&level(&rule), "tenants = [\"acme\"]", "tenants = [\"globex\"]"),
        (&level(&rule), "", "role = \"other\""),
        (&values, "", ""),
    ] {
        allowed(&second(rule, mine, others), "");
    }
}

#[test]
fn scaling_that_cannot_be_is_refused() {
    let scaling = |rest: &str| format!("[step.scaling]\nmin_capacity = 1\nmax_capacity = 4\n{rest}");
    let policy = |rest: &str| scaling(&format!("[[step.scaling.target_tracking]]\n{rest}"));
    let steps = |name: &str, more: &str, adjustments: &str, period: u32| {
        scaling(&format!(
            "[[step.scaling.step_scaling]]\nname = \"{name}\"\n{more}\nstep_adjustments = [{adjustments}]\nalarm = {{ namespace \
             = \"x\", metric_name = \"y\", period = {period}, threshold = 1, comparison_operator = \"less-than-threshold\" }}"
        ))
    };
    let action = |rest: &str| scaling(&format!("[[step.scaling.scheduled_action]]\nname = \"a\"\n{rest}"));
    for (service, words) in [
        (
            format!("desired_count = 2\n{}", scaling("")),
            "`desired_count` cannot be combined with `scaling`, which sets the number of tasks",
        ),
        (scaling("").replace("min_capacity = 1", "min_capacity = 5"), "`min_capacity` (5) is above `max_capacity` (4)"),
        (policy("metric = \"cpu\"\ntarget_value = 101"), "`target_value` is a percentage of this metric: at most 100"),
        (policy("metric = \"cpu\"\ntarget_value = nan"), "`NaN` is not a number that AWS takes"),
        (policy("target_value = 10"), "a policy needs `metric`, or `name` and `customized_metric_specification`"),
        (
            policy("metric = \"cpu\"\nname = \"x\"\ntarget_value = 10"),
            "`name` is only for `customized_metric_specification`",
        ),
        (
            policy("metric = \"cpu\"\ntarget_value = 10\ncustomized_metric_specification = { }"),
            "a policy has `metric` or `customized_metric_specification`, not both",
        ),
        (
            policy("target_value = 10\ncustomized_metric_specification = { }"),
            "`customized_metric_specification` needs the `name` of the policy",
        ),
        (
            policy("name = \"x\"\ntarget_value = 10\ncustomized_metric_specification = { namespace = \"Shop\" }"),
            "a customized metric needs `namespace`, `metric_name` and `statistic`, or `metrics`",
        ),
        (policy("metric = \"requests\"\ntarget_value = 101"), "`requests` needs `resource_label`"),
        (
            format!(
                "{}\n{}\n[step.deployment_configuration]\nstrategy = \"blue-green\"",
                group("", &format!("{RULE}path_pattern = [\"/*\"]")),
                policy("metric = \"requests\"\ntarget_value = 100")
            ),
            "this strategy moves the tasks to another one",
        ),
        (
            policy("metric = \"cpu\"\ntarget_value = 1\nresource_label = \"x\""),
            "`resource_label` is only for `metric = \"requests\"`",
        ),
        (steps("a-b", "", "{ lower_bound = 0, scaling_adjustment = 1 }", 60), "the name of a policy"),
        (
            action("schedule = \"rate(1 day)\"\nmin_capacity = 2").replace("\"a\"", "\"\""),
            "a scheduled action needs a name",
        ),
        (
            action(
                "schedule = \"rate(1 day)\"\nmin_capacity = 2\n[[step.scaling.scheduled_action]]\nname = \"a\"\nschedule = \"rate(2 days)\"\nmax_capacity = 3",
            ),
            "two scheduled actions have the same name",
        ),
        (steps("a", "", "", 60), "`step_adjustments` is empty"),
        (
            steps("a", "", "{ scaling_adjustment = 1 }", 60),
            "each step adjustment needs a bound: a lower bound of 0 means from the threshold upwards",
        ),
        (steps("a", "", "{ lower_bound = nan, scaling_adjustment = 1 }", 60), "`NaN` is not a number that AWS takes"),
        (
            steps("a", "", "{ lower_bound = 5, upper_bound = 3, scaling_adjustment = 1 }", 60),
            "the lower bound of a step adjustment must be below its upper bound",
        ),
        (
            steps(
                "a",
                "",
                "{ lower_bound = 0, upper_bound = 20, scaling_adjustment = 1 }, { lower_bound = 10, scaling_adjustment = 2 }",
                60,
            ),
            "step adjustments overlap or leave a gap",
        ),
        (
            steps(
                "a",
                "",
                "{ lower_bound = 30, scaling_adjustment = 1 }, { lower_bound = 10, upper_bound = 20, scaling_adjustment = 2 }",
                60,
            ),
            "step adjustments overlap or leave a gap",
        ),
        (
            steps("a", "", "{ lower_bound = 0, upper_bound = 20, scaling_adjustment = 1 }", 60),
            "with a positive upper bound, the highest step adjustment must have no upper bound",
        ),
        (
            steps("a", "", "{ lower_bound = -10, upper_bound = 0, scaling_adjustment = 1 }", 60),
            "with a negative lower bound, the lowest step adjustment must have no lower bound",
        ),
        (
            steps("a", "min_adjustment_magnitude = 1", "{ upper_bound = 0, scaling_adjustment = 1 }", 60),
            "`min_adjustment_magnitude` is only for `percent-change-in-capacity`",
        ),
        (
            steps("a", "", "{ lower_bound = 1, scaling_adjustment = 1 }", 45),
            "`period` must be 10, 20, 30 or a multiple of 60",
        ),
        (
            steps("a", "", "{ lower_bound = 1, scaling_adjustment = 1 }", 60)
                .replace("period = 60", "period = 60, evaluation_periods = 1441"),
            "an alarm can look at no more than 86400",
        ),
        (
            steps("a", "", "{ lower_bound = 1, scaling_adjustment = 1 }", 604_860),
            "an alarm can look at no more than 604800",
        ),
        (action("schedule = \"07:00\"\nmin_capacity = 1"), "is not a schedule: write `cron(…)`"),
        (action("schedule = \"rate(1 day)\""), "a scheduled action needs `min_capacity`, `max_capacity` or both"),
        (
            action("schedule = \"rate(1 day)\"\nmin_capacity = 3\nmax_capacity = 2"),
            "`min_capacity` (3) is above `max_capacity` (2)",
        ),
    ] {
        refused(&service, "", &[words]);
    }
}

#[test]
fn strategies_that_contradict_themselves_are_refused() {
    let with =
        |strategy: &str, rest: &str| format!("[step.deployment_configuration]\nstrategy = \"{strategy}\"\n{rest}");
    let hook = |stage: &str, rest: &str| format!("lifecycle_hooks = [{{ lifecycle_stages = [{stage}], {rest} }}]");
    let pause = "target_type = \"pause\"";
    let moved = |strategy: &str, rest: &str| {
        let connect = "[step.service_connect_configuration]\nnamespace = \"shop\"";
        format!("{}\n{connect}", with(strategy, rest))
    };
    let between = |alternate: &str, rules: [&str; 2]| {
        let begin = "arn:aws:elasticloadbalancing:eu-west-1:111111111111";
        let [production, test] = rules.map(|rule| format!("{begin}:{rule}"));
        let advanced = format!(
            "advanced_configuration = {{ alternate_target_group = \"{begin}:targetgroup/{alternate}/1\", \
             production_listener_rule = \"{production}\", test_listener_rule = \"{test}\" }}"
        );
        format!("{}\n{}", with("blue-green", ""), given(&advanced))
    };
    let two_tests = |production: &str| {
        let tests = "{ port = 81, protocol = \"http\", test = true }, { port = 82, protocol = \"http\", test = true }";
        format!(
            "{}\n{}",
            with("blue-green", ""),
            balancer("", "ingress = [\"10.0.0.0/8\"]", &format!("{production}{tests}"))
        )
    };
    let rule = |last: u32| format!("listener-rule/app/shared/1/1/{last}");
    for (service, words) in [
        (with("rolling", "linear_configuration = {}"), "`linear_configuration` is only for `strategy = \"linear\"`"),
        (with("linear", ""), "`strategy = \"linear\"` needs a load balancer or Service Connect"),
        (
            format!("{}\n[step.service_connect_configuration]\nenabled = false", with("canary", "")),
            "`strategy = \"canary\"` needs a load balancer or Service Connect",
        ),
        (with("canary", ""), "`strategy = \"canary\"` needs a load balancer or Service Connect"),
        (between("a", [&rule(1), &rule(2)]), "the alternate target group is the target group itself"),
        (between("b", [&rule(1), &rule(1)]), "`test_listener_rule` must differ from `production_listener_rule`"),
        (
            between("b", ["listener/net/shared/1/1", &rule(2)]),
            "`production_listener_rule` and `test_listener_rule` must belong to the same load balancer",
        ),
        (
            between("b", ["listener/app/shared/1/1", &rule(2)]),
            "its last part must be `listener-rule/app/` followed by a name",
        ),
        (moved("linear", "canary_configuration = {}"), "`canary_configuration` is only for `strategy = \"canary\"`"),
        (with("rolling", "bake_time_in_minutes = 5"), "a rolling deployment has no bake time and no hooks"),
        (with("rolling", &hook("\"pre-scale-up\"", pause)), "a rolling deployment has no bake time and no hooks"),
        (moved("linear", "linear_configuration = { step_percent = 2.5 }"), "the value is 2.5, and must be 3 to 100"),
        (
            moved("canary", "canary_configuration = { canary_percent = 0.05 }"),
            "the value is 0.05, and must be 0.1 to 100",
        ),
        (moved("linear", "linear_configuration = { step_percent = 7.25 }"), "`step_percent` has at most one decimal"),
        (with("rolling", "alarms = { alarm_names = [] }"), "`alarm_names` is empty"),
        (with("blue-green", &hook("", pause)), "`lifecycle_stages` is empty"),
        (with("blue-green", &hook("\"production-traffic-shift\"", pause)), "cannot pause while traffic moves"),
        (
            with("blue-green", &hook("\"pre-scale-up\"", "role_arn = \"arn:aws:iam::111111111111:role/x\"")),
            "needs `hook_target_arn`",
        ),
        (
            with(
                "blue-green",
                &hook(
                    "\"pre-scale-up\"",
                    "target_type = \"pause\", timeout_configuration = { timeout_in_minutes = 2161 }",
                ),
            ),
            "this may take 2161 minutes, and CloudFormation gives up after 2160",
        ),
        (
            moved(
                "canary",
                &hook(
                    "\"pre-production-traffic-shift\"",
                    "target_type = \"pause\", timeout_configuration = { timeout_in_minutes = 1200 }",
                ),
            ),
            "this may take 2410 minutes, and CloudFormation gives up after 2160",
        ),
        (
            with(
                "blue-green",
                &hook(
                    "\"pre-scale-up\"",
                    "hook_target_arn = \"arn:f\", timeout_configuration = { timeout_in_minutes = 0 }",
                ),
            ),
            "0 is out of range: expected 1 to 20160",
        ),
        (
            moved("linear", "linear_configuration = { step_percent = 10, step_bake_time_in_minutes = 199 }"),
            "the deployment bakes for 1990 minutes, and CloudFormation allows at most 1980",
        ),
        (two_tests("{ port = 80, protocol = \"http\" }, "), "ECS moves the test traffic of only one listener"),
        (
            two_tests("").replacen(", test = true", "", 2),
            "ECS moves the traffic of exactly one listener or rule: this target group has none, or several",
        ),
        (
            two_tests("").replacen("{ port = 81, protocol = \"http\", test = true }, ", "", 1),
            "ECS moves the traffic of exactly one listener or rule: this target group has none, or several",
        ),
        (
            format!("{}\n{}", with("blue-green", ""), given("")),
            "moves traffic between two target groups: `advanced_configuration` names the other",
        ),
        (
            format!("{}\n{}", with("blue-green", ""), group("", &format!("{RULE}test = true\npath_pattern = [\"/\"]"))),
            "ECS moves the traffic of exactly one listener or rule: this target group has none, or several",
        ),
        (group("", &format!("{RULE}test = true\npath_pattern = [\"/\"]")), "a rule for test traffic is not for"),
    ] {
        refused(&service, "", &[words]);
    }
}

fn given(rest: &str) -> String {
    format!(
        "[[step.load_balancer]]\ntarget_group = \"arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/a/1\"\ncontainer \
         = \"app\"\nport = 8080\n{rest}"
    )
}

#[test]
fn what_balances_requests_can_be_said() {
    let http = "{ port = 80, protocol = \"http\" }";
    let network = |group: &str, listener: &str| {
        let listener = format!("{{ port = 1, protocol = \"{listener}\" }}");
        balancer(&format!("protocol = \"{group}\""), "type = \"network\"", &listener)
    };
    for service in [
        balancer("", "ingress = [\"10.0.0.0/8\", \"::/0\", \"2001:db8::/32\"]", http),
        balancer("health_check = { matcher = \"200,202-299\" }", "ingress = [\"0.0.0.0/0\"]", http),
        balancer(
            "protocol = \"tcp\"\nhealth_check = { protocol = \"http\", matcher = \"200-599\", timeout = 10, interval = 10 }",
            "type = \"network\"",
            "{ port = 1, protocol = \"tcp\" }",
        ),
        balancer("health_check = { interval = 6 }", "ingress = [\"0.0.0.0/0\"]", http),
        group("", &format!("{RULE}source_ip = [\"10.0.0.0/8\", \"::1/128\"]")),
        network("tcp-udp", "tcp"),
        network("tcp-udp", "udp"),
        network("tcp-udp", "tcp-udp"),
        groups(5),
    ] {
        allowed(&service, "");
    }
}
