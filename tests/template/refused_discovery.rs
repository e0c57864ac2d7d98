//! What a step cannot say of Service Connect and Cloud Map, with what is reported.

use super::steps::refused;

/// A step of Service Connect: keys of the configuration, then keys of its only service.
fn connect(keys: &str, service: &str) -> String {
    format!(
        "[step.service_connect_configuration]\n{keys}\n[[step.service_connect_configuration.services]]\nport_name = \
         \"web\"\n{service}\n"
    )
}

const WEB: &str = "ports = [{ port = 9090, name = \"web\", app_protocol = \"http\" }]";
const TCP: &str = "ports = [{ port = 9090, name = \"web\" }]";
const CA: &str = "arn:aws:acm-pca:eu-west-1:111111111111:certificate-authority/1";

#[test]
fn connections_that_cannot_be_are_refused() {
    let twice = connect("", "[[step.service_connect_configuration.services]]\nport_name = \"web\"");
    for (service, container, words) in [
        (connect("", ""), "", "no port of the task definition is named `web`"),
        (connect("", ""), "ports = [{ port = 9090, name = \"wep\" }]", "did you mean `wep`?"),
        (connect("", ""), "ports = [{ port = 9090, name = \"web\", protocol = \"udp\" }]", "this port is UDP"),
        (connect("enabled = false", ""), WEB, "`enabled = false` leaves the namespace"),
        (
            connect("access_log_configuration = { format = \"text\" }", ""),
            WEB,
            "access logs go to the output of the proxy, and it has no `LogConfiguration`",
        ),
        (
            format!("platform_version = \"1.3.0\"\n{}", connect("", "")),
            WEB,
            "Service Connect needs platform version 1.4.0 or later",
        ),
        (connect("log = { driver = \"syslog\" }", ""), WEB, "Fargate has no log driver `syslog`"),
        (
            connect("log = { driver = \"awsfirelens\" }", ""),
            WEB,
            "sends its logs to a router, and the step has no router",
        ),
        (
            connect("log = { driver = \"awslogs\", options = { awslogs-group = \"a\", awslogs-region = \"b\" } }", ""),
            WEB,
            "needs the option `awslogs-stream-prefix`",
        ),
        (connect("namespace = \"arn:aws:ecs:eu-west-1:111111111111:cluster/x\"", ""), WEB, "not to `servicediscovery`"),
        (twice, WEB, "two services have the name `web` in the namespace: give one another `discovery_name`"),
        (connect("", "discovery_name = \"Web\""), WEB, "`Web` is not a name in a namespace"),
        (connect("", "client_aliases = [{ port = 80 }, { port = 81 }]"), WEB, "at most one client alias"),
        (connect("", "client_aliases = [{ port = 80, dns_name = \"a b\" }]"), WEB, "`a b` is not a name for clients"),
        (
            connect("", "client_aliases = [{ port = 80, test_traffic_rules = { header = { name = \"x\" } } }]"),
            WEB,
            "rules for test traffic are not for `strategy = \"rolling\"`",
        ),
        (connect("", "ingress_port_override = 8080"), WEB, "a port that no container uses"),
        (
            connect("", "timeout = { per_request_timeout_seconds = 1 }"),
            TCP,
            "a timeout of requests needs an `app_protocol` of the port",
        ),
        (
            connect(
                "",
                &format!(
                    "tls = {{ issuer_certificate_authority = {{ aws_pca_authority_arn = \"{CA}\" }}, kms_key = \
                     \"arn:aws:kms:eu-west-1:111111111111:key/1\" }}"
                ),
            ),
            WEB,
            "`kms_key` needs `role_arn`",
        ),
        (
            connect(
                "",
                "tls = { issuer_certificate_authority = { aws_pca_authority_arn = \"arn:aws:acm:eu-west-1:1:x\" } }",
            ),
            WEB,
            "it belongs to the service `acm`, not to `acm-pca`",
        ),
    ] {
        refused(&service, container, &[words]);
    }
    let aliases = connect(
        "",
        "client_aliases = [{ port = 80, dns_name = \"a\" }]\n[[step.service_connect_configuration.services]]\nport_name = \
         \"b\"\nclient_aliases = [{ port = 80, dns_name = \"a\" }]",
    );
    let both = "ports = [{ port = 9090, name = \"web\" }, { port = 9091, name = \"b\" }]";
    refused(&aliases, both, &["two aliases have the same name and port"]);
    let host = format!("launch = \"ec2\"\nnetwork_mode = \"host\"\n{}", connect("", ""));
    refused(&host, TCP, &["does not work in network mode `host`"]);
}

#[test]
fn ports_that_cannot_be_told_apart_are_refused() {
    for (container, words) in [
        (
            "ports = [{ port = 1, app_protocol = \"http\" }]",
            "`app_protocol` is for Service Connect and needs a `name` for the port",
        ),
        (
            "ports = [{ port = 1, name = \"a\", protocol = \"udp\", app_protocol = \"http\" }]",
            "`app_protocol` is only for TCP",
        ),
        ("ports = [{ port = 1, name = \"HostPort\" }]", "`HostPort` is not a name for a port"),
        ("ports = [{ port = 1, name = \"A\" }]", "`A` is not a name for a port"),
        ("ports = [{ port = 1, name = \"-a\" }]", "`-a` is not a name for a port"),
        ("ports = [{ port = 1, name = \"a\" }, { port = 2, name = \"a\" }]", "two ports are named `a`"),
    ] {
        refused("", container, &[words]);
    }
}

/// A service of Cloud Map that the step makes, with these keys beside it and these of its records.
fn own(beside: &str, records: &str) -> String {
    format!(
        "[[step.service_registries]]\n{beside}\nown_service = {{ namespace_id = \"ns-1\", name = \"shop\", dns_config = {{ \
         dns_records = [{records}] }} }}"
    )
}

#[test]
fn registries_that_cannot_be_are_refused() {
    const A: &str = "{ type = \"a\", ttl = 10 }";
    const SRV: &str = "{ type = \"srv\", ttl = 10 }";
    let given = "registry_arn = \"arn:aws:servicediscovery:eu-west-1:111111111111:service/srv-1\"";
    let app = "container_name = \"app\"\ncontainer_port = 8080";
    let bridge = "launch = \"ec2\"\nnetwork_mode = \"bridge\"";
    for (service, words) in [
        ("service_registries = [{}]".to_owned(), "a registry needs exactly one of `registry_arn` and `own_service`"),
        (
            format!("[[step.service_registries]]\n{given}\n[[step.service_registries]]\n{given}"),
            "ECS registers a service's tasks with only one Cloud Map service",
        ),
        (own("", ""), "the required property `dns_records` is missing in `dns_config`"),
        (own("", &format!("{A}, {A}")), "two records have the same type"),
        (own("", A).replace("\"shop\"", "\"s/hop\""), "`s/hop`"),
        (own("", A).replace("\"shop\"", "\"shop..eu\""), "`shop..eu`"),
        (own("", A).replace("\"shop\"", "\"-shop\""), "`-shop`"),
        (own("", SRV), "a record of type `SRV` needs a port: `container_name` and `container_port`, or `port`"),
        (own("port = 8080", A), "only records of type `SRV` contain a port"),
        (
            own(&format!("{app}\nport = 8080"), SRV),
            "a registry has `port`, or `container_name` and `container_port`, not both",
        ),
        (own("container_name = \"app\"", A), "`container_name` and `container_port` must be set together"),
        (own("container_name = \"app\"\ncontainer_port = 1", SRV), "the container has no port 1"),
        (own("container_name = \"apq\"\ncontainer_port = 8080", SRV), "did you mean `app`?"),
        (
            "service_registries = [{ registry_arn = \"arn:aws:servicediscovery:eu-west-1:111111111111:namespace/x\" }]"
                .to_owned(),
            "its last part must be `service/`",
        ),
        (
            format!("{bridge}\n[[step.service_registries]]\n{given}\nport = 8080"),
            "`port` of a registry is only for network mode `awsvpc`",
        ),
        (
            format!("{bridge}\n[[step.service_registries]]\n{given}"),
            "the network modes `bridge` and `host` need `container_name` and `container_port` of the registry",
        ),
        (
            format!("{bridge}\n{}", own(app, A)),
            "in network modes `bridge` and `host`, records must have the type `SRV`",
        ),
    ] {
        // Such a step has two mistakes.
        let and = Some("only records of type `SRV` contain a port").filter(|_| words.contains("must be set together"));
        refused(&service, "", &[words].into_iter().chain(and).collect::<Vec<_>>());
    }
}
