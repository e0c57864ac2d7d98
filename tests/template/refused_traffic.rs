//! What a step cannot say of load balancers, scaling and deployments, with what is reported.

use super::steps::refused;

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

#[test]
fn target_groups_that_cannot_be_are_refused() {
    let rule = format!("{RULE}path_pattern = [\"/*\"]");
    let http = "{ port = 80, protocol = \"http\" }";
    let ingress = "ingress = [\"10.0.0.0/8\"]";
    for (service, words) in [
        (
            "[[step.load_balancer]]\ncontainer = \"app\"\nport = 8080".to_owned(),
            "registers with `target_group` or with",
        ),
        (group("", ""), "no listener sends to this target group"),
        (group("name = \"a-b\"", &rule), "letters and digits, at most 60"),
        (group("", RULE), "a rule has a condition"),
        (group("", &format!("{RULE}path_pattern = [\"1\", \"2\", \"3\", \"4\", \"5\", \"6\"]")), "at most 5 values"),
        (group("", &format!("{rule}\n{rule}")), "two rules have the same priority"),
        (group("protocol = \"tcp\"", &rule), "`listener_rule` is for `http` and `https`"),
        (group("health_check = { protocol = \"tcp\" }", &rule), "checks over HTTP or HTTPS"),
        (group("health_check = { interval = 10, timeout = 10 }", &rule), "`timeout` is below `interval`"),
        (balancer("", ingress, ""), "no listener sends anything to the tasks"),
        (balancer("", "", http), "needs `security_groups`, or `ingress`"),
        (
            balancer("", &format!("{ingress}\nsecurity_groups = [\"sg-1\"]"), http),
            "`ingress` is for the security group",
        ),
        (balancer("", ingress, &format!("{http}, {http}")), "two listeners have the same port"),
        (balancer("", ingress, "{ port = 443, protocol = \"https\" }"), "`https` and `tls` need `certificate_arn`"),
        (
            balancer("", ingress, "{ port = 80, protocol = \"http\", ssl_policy = \"x\" }"),
            "`ssl_policy` is for `https`",
        ),
        (balancer("", ingress, &format!("{http}, {{ port = 81, protocol = \"tcp\" }}")), "listens to HTTP"),
        (
            balancer("protocol = \"tcp\"", "type = \"network\"\nidle_timeout = 9", "{ port = 1, protocol = \"tcp\" }"),
            "`idle_timeout` is for",
        ),
        (balancer("protocol = \"tcp\"", ingress, http), "an application load balancer sends over `http` or `https`"),
        (
            balancer("protocol = \"tcp\"\nslow_start = 30", "type = \"network\"", "{ port = 1, protocol = \"tcp\" }"),
            "`slow_start` is for",
        ),
    ] {
        refused(&service, "", &[words]);
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
        (format!("desired_count = 2\n{}", scaling("")), "with `scaling`, the number of tasks is not the step's to say"),
        (scaling("").replace("min_capacity = 1", "min_capacity = 5"), "`min_capacity` is above `max_capacity`"),
        (policy("metric = \"cpu\"\ntarget_value = 101"), "at most 100 where it is percent"),
        (policy("metric = \"cpu\"\ntarget_value = nan"), "at most 100 where it is percent"),
        (policy("metric = \"requests\"\ntarget_value = 101"), "`requests` needs `resource_label`"),
        (policy("metric = \"cpu\"\ntarget_value = 1\nresource_label = \"x\""), "`resource_label` is for"),
        (steps("a-b", "", "{ scaling_adjustment = 1 }", 60), "the name of a policy"),
        (steps("a", "", "", 60), "`step_adjustments` has none"),
        (steps("a", "", "{ scaling_adjustment = 1 }, { scaling_adjustment = 2 }", 60), "each has a bound"),
        (
            steps("a", "min_adjustment_magnitude = 1", "{ scaling_adjustment = 1 }", 60),
            "`min_adjustment_magnitude` is for",
        ),
        (steps("a", "", "{ scaling_adjustment = 1 }", 45), "`period` is 10, 20, 30"),
        (action("schedule = \"07:00\"\nmin_capacity = 1"), "is not a schedule: it is `cron(…)`"),
        (action("schedule = \"rate(1 day)\""), "a scheduled action sets"),
        (
            action("schedule = \"rate(1 day)\"\nmin_capacity = 3\nmax_capacity = 2"),
            "`min_capacity` is above `max_capacity`",
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
    for (service, words) in [
        (with("rolling", "linear_configuration = {}"), "`linear_configuration` is for"),
        (with("linear", "canary_configuration = {}"), "`canary_configuration` is for"),
        (with("rolling", "bake_time_in_minutes = 5"), "`bake_time_in_minutes` is not for"),
        (with("rolling", &hook("\"pre-scale-up\"", pause)), "`lifecycle_hooks` are not for"),
        (with("linear", "linear_configuration = { step_percent = 2.5 }"), "`step_percent` is 3 to 100"),
        (with("canary", "canary_configuration = { canary_percent = 0.05 }"), "`canary_percent` is 0.1 to 100"),
        (with("rolling", "alarms = { alarm_names = [] }"), "`alarm_names` names none"),
        (with("blue-green", &hook("", pause)), "`lifecycle_stages` names none"),
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
            with(
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
            with("linear", "linear_configuration = { step_percent = 10, step_bake_time_in_minutes = 199 }"),
            "this bakes for 1990 minutes; CloudFormation refuses more than 1980",
        ),
        (
            format!("{}\n{}", with("blue-green", ""), given("")),
            "this strategy moves traffic: `advanced_configuration` says",
        ),
        (
            format!("{}\n{}", with("blue-green", ""), group("", &format!("{RULE}test = true\npath_pattern = [\"/\"]"))),
            "ECS moves the traffic of one listener or rule",
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
