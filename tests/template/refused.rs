//! What a step cannot say: one line each, with what is reported.

use super::steps::{allowed, refused};

#[test]
fn what_fargate_does_not_have_is_refused() {
    for (container, words) in [
        ("dns_servers = [\"10.0.0.2\"]", "`dns_servers` is not available with `launch = \"fargate\"`"),
        ("dns_search_domains = [\"internal\"]", "`dns_search_domains` is not available"),
        ("docker_security_options = [\"no-new-privileges\"]", "`docker_security_options` is not available"),
        ("extra_hosts = [{ hostname = \"db\", ip_address = \"10.0.0.9\" }]", "`extra_hosts` is not available"),
        ("hostname = \"app\"", "`hostname` is not available"),
        ("privileged = true", "`privileged` is not available on Fargate"),
        (
            "resource_requirements = [{ type = \"gpu\", value = 1 }]",
            "`resource_requirements` is not available on Fargate",
        ),
        ("stop_timeout = 121", "`stop_timeout` can be at most 120 seconds on Fargate"),
        ("start_timeout = 121", "`start_timeout` can be at most 120 seconds on Fargate"),
        ("linux_parameters = { devices = [{ host_path = \"/dev/fuse\" }] }", "`devices` is not available on Fargate"),
        ("linux_parameters = { shared_memory_size = 64 }", "`shared_memory_size` is not available"),
        ("linux_parameters = { max_swap = 64 }", "`max_swap` is not available"),
        (
            "linux_parameters = { capabilities = { add = [\"NET_ADMIN\"] } }",
            "`NET_ADMIN` is not a capability that Fargate",
        ),
        ("log = { driver = \"syslog\" }", "Fargate has no log driver `syslog`"),
        ("log = { driver = \"json-file\" }", "Fargate has no log driver `json-file`"),
        ("[[step.container.ports]]\nport = 9090\nhost_port = 80", "`host_port` is only for network mode `bridge`"),
    ] {
        refused("", container, &[words]);
    }
    for (service, words) in [
        ("network_mode = \"bridge\"", "`bridge` is not a network mode of `launch = \"fargate\"`"),
        (
            "placement_constraints = [{ type = \"distinct-instance\" }]",
            "`placement_constraints` is not available on Fargate",
        ),
        ("placement_strategies = [{ type = \"random\" }]", "`placement_strategies` is not available"),
    ] {
        refused(service, "", &[words]);
    }
}

#[test]
fn logs_that_are_nowhere_are_kept_for_no_time() {
    let splunk = "log = { driver = \"splunk\", options = { splunk-url = \"https://splunk.example.com\", splunk-token = \"x\" } }";
    let days = "log_retention_days = 7";
    refused(days, splunk, &["` sets `log_retention_days`, but nothing in it writes to its log group"]);
    refused(
        "",
        &splunk.replace("splunk-url =", "\"\" = \"x\", splunk-url ="),
        &["an option of the log driver `splunk` has no name"],
    );
    allowed("", splunk);
    allowed(days, "");
    let name = "log_group_name = \"/ecs/web\"";
    refused(name, splunk, &["` sets `log_group_name`, but nothing in it writes to its log group"]);
    allowed(name, "");
    let own = "log = { driver = \"awslogs\", options = { awslogs-group = \"/landfall/#{stack.name}\", awslogs-region = \
               \"#{target.region}\", awslogs-stream-prefix = \"app\" } }";
    allowed(days, own);
    let connect = |log: &str| {
        format!(
            "{days}\nservice_connect_configuration = {{ namespace = \"internal\", log = {{ driver = \"{log}\" }} }}"
        )
    };
    allowed(&connect("awslogs"), splunk);
    let lacks = ["needs the option `splunk-token`", "needs the option `splunk-url`"];
    refused(&connect("splunk"), splunk, &["` sets `log_retention_days`, but nothing in it writes to its log group"]);
    refused(&connect("splunk").replace(days, ""), splunk, &lacks);
}

#[test]
fn what_instances_do_not_have_is_refused() {
    let ec2 = "launch = \"ec2\"";
    refused(ec2, "hostname = \"app\"", &["`hostname` is not available in network mode `awsvpc`"]);
    refused(
        ec2,
        "extra_hosts = [{ hostname = \"db\", ip_address = \"10.0.0.9\" }]",
        &["`extra_hosts` is not available in"],
    );
    let twice = "linux_parameters = { devices = [{ host_path = \"/dev/fuse\", permissions = [\"read\", \"read\"] }] }";
    refused(ec2, twice, &["the device has the permission `read` twice"]);
    refused(&format!("{ec2}\npublic_ip = true"), "", &["`public_ip` is only for Fargate"]);
    refused(&format!("{ec2}\nplatform_version = \"1.4.0\""), "", &["`platform_version` is only for Fargate"]);
    let bridge = "launch = \"ec2\"\nnetwork_mode = \"bridge\"";
    refused(
        &format!("{bridge}\nsubnets = [\"subnet-0c\"]"),
        "",
        &["`subnets` is not available in network mode `bridge`"],
    );
    refused(&format!("{bridge}\nsecurity_groups = [\"sg-0c\"]"), "", &["`security_groups` is not available in"]);
    let none = "launch = \"ec2\"\nnetwork_mode = \"none\"";
    refused(none, "", &["a container has no ports with `network_mode = \"none\"`"]);
    refused("network_mode = \"none\"", "", &["`none` is not a network mode of `launch = \"fargate\"`"]);
    let host = "launch = \"ec2\"\nnetwork_mode = \"host\"";
    let net = "system_controls = [{ namespace = \"net.core.somaxconn\", value = \"1024\" }]";
    refused(host, net, &["`system_controls` of the network are not available in network mode `host`"]);
    let managed = "launch = \"managed\"\ncapacity_provider_strategy = [{ capacity_provider = \"big\", weight = 1 }]";
    refused(
        managed,
        "docker_labels = { team = \"shop\" }",
        &["`docker_labels` are not available with `launch = \"managed\"`"],
    );
    for driver in ["fluentd", "journald", "syslog"] {
        let words = format!("an instance that ECS manages has no log driver `{driver}`");
        refused(managed, &format!("log = {{ driver = \"{driver}\" }}"), &[&words]);
        allowed(ec2, &format!("log = {{ driver = \"{driver}\" }}"));
    }
    allowed(managed, "log = { driver = \"json-file\" }");
    refused(
        managed,
        "linux_parameters = { max_swap = 64, swappiness = 5 }",
        &["`max_swap` is not", "`swappiness` is not"],
    );
}

#[test]
fn capacity_that_contradicts_itself_is_refused() {
    for (service, words) in [
        (
            "launch = \"managed\"",
            "`launch = \"managed\"` needs `capacity_provider_strategy`, because managed instances have no launch type",
        ),
        (
            "launch = \"fargate-spot\"\ncapacity_provider_strategy = [{ capacity_provider = \"FARGATE\", weight = 1 }]",
            "`launch = \"fargate-spot\"` already sets the capacity provider: for several, use `launch = \"fargate\"`",
        ),
        (
            "capacity_provider_strategy = [{ capacity_provider = \"big\", weight = 1 }]",
            "capacity provider `big` does not belong to Fargate",
        ),
        (
            "launch = \"ec2\"\ncapacity_provider_strategy = [{ capacity_provider = \"FARGATE\", weight = 1 }]",
            "capacity provider `FARGATE` belongs to Fargate",
        ),
        (
            "capacity_provider_strategy = [{ capacity_provider = \"FARGATE\", weight = 1, base = 1 }, { capacity_provider = \
             \"FARGATE_SPOT\", base = 1 }]",
            "only one capacity provider can have a `base`",
        ),
        (
            "capacity_provider_strategy = [{ capacity_provider = \"FARGATE\" }, { capacity_provider = \"FARGATE_SPOT\" }]",
            "no capacity provider has a `weight` above 0",
        ),
        (
            "availability_zone_rebalancing = true\nmaximum_percent = 100\nminimum_healthy_percent = 50",
            "rebalancing starts a task before it stops another: set `maximum_percent` above 100",
        ),
        (
            "launch = \"ec2\"\navailability_zone_rebalancing = true\nplacement_strategies = [{ type = \"random\" }]",
            "with rebalancing, the first placement strategy must spread over `attribute:ecs.availability-zone`",
        ),
        (
            "launch = \"ec2\"\navailability_zone_rebalancing = true\nplacement_constraints = [{ type = \"member-of\", \
             expression = \"attribute:ecs.availability-zone == eu-west-1a\" }]",
            "with rebalancing, a placement constraint must not use `attribute:ecs.availability-zone`",
        ),
        ("scheduling_strategy = \"daemon\"", "`scheduling_strategy = \"daemon\"` is only for `launch = \"ec2\"`"),
        (
            "launch = \"ec2\"\nscheduling_strategy = \"daemon\"\ndesired_count = 2",
            "the instances decide how many tasks a daemon has",
        ),
        (
            "launch = \"ec2\"\nscheduling_strategy = \"daemon\"\nscaling = { min_capacity = 1, max_capacity = 2 }",
            "the instances decide how many tasks a daemon has",
        ),
        (
            "launch = \"ec2\"\nscheduling_strategy = \"daemon\"\nplacement_strategies = [{ type = \"random\" }]",
            "a daemon service has no placement strategies",
        ),
        (
            "launch = \"ec2\"\nscheduling_strategy = \"daemon\"\navailability_zone_rebalancing = true",
            "the tasks of a daemon stay on their instances",
        ),
        (
            "launch = \"ec2\"\nscheduling_strategy = \"daemon\"\nminimum_healthy_percent = 100",
            "no task can be replaced: a daemon runs at most 100 percent",
        ),
        ("launch = \"ec2\"\nplacement_strategies = [{ type = \"spread\" }]", "`spread` needs a `field`"),
        (
            "launch = \"ec2\"\nplacement_strategies = [{ type = \"binpack\", field = \"disk\" }]",
            "`binpack` needs a `field`",
        ),
        (
            "launch = \"ec2\"\nplacement_strategies = [{ type = \"random\", field = \"cpu\" }]",
            "`random` takes no `field`",
        ),
        ("launch = \"ec2\"\nplacement_constraints = [{ type = \"member-of\" }]", "`member-of` needs an `expression`"),
    ] {
        refused(service, "", &[words]);
    }
}

#[test]
fn values_that_no_container_can_have_are_refused() {
    let files: Vec<String> = (0..11).map(|n| format!("\"arn:aws:s3:::files/{n}.env\"")).collect();
    let eleven = format!("environment_files = [{}]", files.join(", "));
    for (container, words) in [
        (eleven.as_str(), "at most 10 environment files"),
        (
            "environment_files = [\"arn:aws:s3:::files/app.txt\"]",
            "`arn:aws:s3:::files/app.txt` is not the ARN of an object in S3 that ends in `.env`",
        ),
        ("environment_files = [\"arn:aws:s3:::files\"]", "`arn:aws:s3:::files` is not the ARN of an object in S3"),
        ("environment_files = [\"s3://files/app.env\"]", "`s3://files/app.env` is not the ARN of an object in S3"),
        ("repository_credentials = { credentials_parameter = \"hub\" }", "is not the ARN of a secret"),
        ("start_timeout = 1", "a container cannot have 1 s to start"),
        (
            "ulimits = [{ name = \"nofile\", soft_limit = 2, hard_limit = 1 }]",
            "the soft limit 2 is above the hard limit 1",
        ),
        (
            "ulimits = [{ name = \"core\", soft_limit = 0, hard_limit = 0 }, { name = \"core\", soft_limit = 0, hard_limit = 0 }]",
            "the limit `core` is set twice",
        ),
        (
            "system_controls = [{ namespace = \"vm.swappiness\", value = \"1\" }]",
            "`vm.swappiness` is not a kernel parameter that a container can set",
        ),
        ("linux_parameters = { capabilities = { drop = [\"CAP_CHOWN\"] } }", "write `CHOWN`"),
        (
            "linux_parameters = { tmpfs = [{ container_path = \"/x\", size = 1, mount_options = [\"mode=700\", \"readonly\"] }] }",
            "`readonly` is not an option of a mount in memory",
        ),
        ("resource_requirements = [{ type = \"gpu\", value = 0 }]", "0"),
    ] {
        refused("", container, &[words]);
    }
}

#[test]
fn volumes_that_cannot_be_are_refused() {
    let efs = |rest: &str| {
        format!("[[step.volume]]\nname = \"v\"\nefs_volume_configuration = {{ file_system_id = \"fs-1\", {rest} }}")
    };
    let ebs = |rest: &str| format!("[[step.volume]]\nname = \"v\"\nmanaged_ebs_volume = {{ {rest} }}");
    let point = "authorization_config = { access_point_id = \"fsap-1\" }";
    for (service, words) in [
        (
            efs(&format!("root_directory = \"/x\", transit_encryption = true, {point}")),
            "an access point has a root of its own",
        ),
        (efs(point), "an access point needs `transit_encryption = true`"),
        (efs("authorization_config = { iam = true }"), "IAM needs `transit_encryption = true`"),
        (
            efs("transit_encryption_port = 2999"),
            "`transit_encryption_port` has no effect without `transit_encryption = true`",
        ),
        (ebs("encrypted = true"), "a volume of EBS needs a size or a snapshot"),
        (ebs("size_in_gib = 4, volume_type = \"io2\""), "`io1` and `io2` need `iops`"),
        (ebs("size_in_gib = 1, volume_type = \"standard\""), "`standard` is not available on Fargate"),
        (
            format!("launch = \"ec2\"\n{}", ebs("size_in_gib = 1025, volume_type = \"standard\"")),
            "a volume of this type must have 1 to 1024 GiB",
        ),
        (ebs("size_in_gib = 16385, volume_type = \"gp2\""), "a volume of this type must have 1 to 16384 GiB"),
        (ebs("size_in_gib = 3, volume_type = \"io2\", iops = 100"), "a volume of this type must have 4 to 65536 GiB"),
        (ebs("size_in_gib = 1, iops = 2999"), "a volume of this type must have 3000 to 80000 operations per second"),
        (ebs("size_in_gib = 7, iops = 3501"), "a volume of this type and size can have at most 3500 operations"),
        (
            ebs("size_in_gib = 2000, volume_type = \"io1\", iops = 64001"),
            "a volume of this type must have 100 to 64000 operations per second",
        ),
        (ebs("size_in_gib = 4, volume_type = \"io1\", iops = 201"), "can have at most 200 operations per second"),
        (
            ebs("size_in_gib = 100, throughput = 751"),
            "with 3000 operations per second, `throughput` can be at most 750 MiB",
        ),
        (ebs("size_in_gib = 1, volume_type = \"gp2\", iops = 3000"), "`iops` is only for `gp3`, `io1` and `io2`"),
        (ebs("size_in_gib = 125, volume_type = \"st1\", throughput = 125"), "`throughput` is only for `gp3`"),
        (
            ebs("size_in_gib = 1, kms_key_id = \"alias/x\", encrypted = false"),
            "`kms_key_id` contradicts `encrypted = false`: remove one of them",
        ),
        (
            format!("{}\n{}", ebs("size_in_gib = 1"), ebs("size_in_gib = 1").replace("\"v\"", "\"w\"")),
            "a task can have at most one EBS volume",
        ),
        (
            format!("launch = \"ec2\"\n{}\nhost = {{ source_path = \"/x\" }}", efs("transit_encryption = true")),
            "a volume can be of one kind only",
        ),
        ("[[step.volume]]\nname = \"a b\"".to_owned(), "`a b` is not a name for a volume"),
        ("[[step.volume]]\nname = \"v\"\n[[step.volume]]\nname = \"v\"".to_owned(), "two volumes are named `v`"),
        ("[[step.volume]]\nname = \"v\"\nhost = { source_path = \"/x\" }".to_owned(), "`host` is not available with"),
        ("ephemeral_storage = { size_in_gib = 20 }".to_owned(), "20"),
        (
            "launch = \"ec2\"\nephemeral_storage = { size_in_gib = 30 }".to_owned(),
            "`ephemeral_storage` is only for Fargate",
        ),
    ] {
        refused(&service, "", &[words]);
    }
    let volume = "[[step.volume]]\nname = \"v\"";
    for (container, words) in [
        (
            "mount_points = [{ source_volume = \"w\", container_path = \"/x\" }]",
            "the task definition has no volume `w`",
        ),
        ("mount_points = [{ source_volume = \"v\", container_path = \"x\" }]", "`x` is not an absolute path on Linux"),
        (
            "mount_points = [{ source_volume = \"v\", container_path = \"/x\" }, { source_volume = \"v\", container_path = \"/x\" }]",
            "two volumes are mounted at `/x`",
        ),
        ("volumes_from = [{ source_container = \"b\" }]", "the task definition has no container `b`"),
        ("volumes_from = [{ source_container = \"app\" }]", "the container `app` mounts its own volumes"),
    ] {
        refused(volume, container, &[words]);
    }
}

#[test]
fn logs_that_go_nowhere_are_refused() {
    let router = |options: &str| {
        format!(
            "log = {{ driver = \"awsfirelens\" }}\n[[step.container]]\nname = \"router\"\nimage = \"logs\"\n\
             firelens_configuration = {{ type = \"fluentbit\", options = {{ {options} }} }}"
        )
    };
    for (container, words) in [
        ("log = { driver = \"awsfirelens\" }".to_owned(), "sends its logs to a router, and the step has no router"),
        (
            "log = { driver = \"awsfirelens\" }\nfirelens_configuration = { type = \"fluentd\" }".to_owned(),
            "sends its logs to itself",
        ),
        (
            router("config-file-type = \"s3\", config-file-value = \"arn:aws:s3:::b/x\""),
            "Fargate cannot read the configuration from S3: use a `file` in the image",
        ),
        (
            router("config-file-type = \"http\", config-file-value = \"x\""),
            "`config-file-type` must be `file` or `s3`, not `",
        ),
        (router("config-file-type = \"file\""), "must be set together"),
        (router("other = \"x\""), "a log router has no option `other`"),
        (
            format!(
                "{}\n[[step.container]]\nname = \"two\"\nimage = \"logs\"\nfirelens_configuration = {{ type = \"fluentd\" }}",
                router("")
            ),
            "has two log routers",
        ),
    ] {
        refused("", &container, &[words]);
    }
    refused(
        "",
        "log = { driver = \"splunk\", options = { mode = \"lossy\" } }",
        &["needs the option `splunk-token`", "needs the option `splunk-url`", "`lossy` is not a log driver `mode`"],
    );
    refused("launch = \"ec2\"", "log = { driver = \"gelf\" }", &["needs the option `gelf-address`"]);
    let log = "log = { driver = \"awslogs\", options = { awslogs-group = \"x\", awslogs-region = \"y\", awslogs-stream-prefix = \
               \"z\", awslogs-datetime-format = \"%Y\", awslogs-multiline-pattern = \"^x\" } }";
    refused("", log, &["exclude each other"]);
    let log = "log = { driver = \"awslogs\", options = { awslogs-group = \"x\", awslogs-stream-prefx = \"y\" } }";
    refused(
        "",
        log,
        &["needs the option `awslogs-region`", "needs the option `awslogs-stream-prefix`", "did you mean"],
    );
}

#[test]
fn rights_without_a_role_to_have_them_are_refused() {
    let role = "\"arn:aws:iam::111111111111:role/x\"";
    let statement = |rest: &str| format!("[[step.task_rights.statement]]\n{rest}");
    for (service, words) in [
        (
            format!("task_role = {role}\ntask_rights = {{ }}"),
            "`task_rights` only apply to the role that landfall makes: remove them, or remove `task_role`",
        ),
        (
            format!("execution_role = {role}\nexecution_rights = {{ }}"),
            "`execution_rights` only apply to the role that landfall makes: remove them, or remove `execution_role`",
        ),
        (
            format!(
                "task_role = {role}\nexecution_role = {role}\npermissions_boundary = \"arn:aws:iam::111111111111:policy/x\""
            ),
            "`permissions_boundary` only applies to roles that landfall makes, and this step names all its roles",
        ),
        (format!("permissions_boundary = {role}"), "is not the ARN of a policy"),
        ("task_rights = { managed_policy_arns = [\"SQS\"] }".to_owned(), "this is not the ARN of a managed policy"),
        (statement("actions = []\nresources = [\"*\"]"), "`actions` is empty"),
        (statement("actions = [\"sqs:*\"]\nresources = []"), "`resources` is empty"),
        (statement("actions = [\"sqs:*\"]\nresources = [\"\"]"), "is not a resource: write `*`"),
        (
            statement("actions = [\"sqs:*\"]\nresources = [\"rn:aws:sqs:eu-west-1:111111111111:orders\"]"),
            "is not a resource: write `*`",
        ),
        (statement("actions = [\"ReceiveMessage\"]\nresources = [\"*\"]"), "is not an action, such as"),
    ] {
        refused(&service, "", &[words]);
    }
}

#[test]
fn numbers_are_numbers_or_placeholders() {
    refused("desired_count = 99999999999", "", &["99999999999 is out of range: expected 0 to 4294967295"]);
    refused("desired_count = -1", "", &["-1 is out of range"]);
    refused("desired_count = \"2\"", "", &["`\"2\"` is text, and this key needs a whole number"]);
    refused("", "cpu = \"#{nope}\"", &["variable `nope` has no value"]);
    allowed("", "cpu = \"#{tasks}\"");
}

/// These keys decide which resources a stack has, and no variable may do that.
#[test]
fn a_variable_where_none_can_be_is_told_why() {
    let why = "no variable can decide this key";
    refused("launch = \"#{level}\"", "", &[why]);
    refused(
        "scaling = { min_capacity = 1, max_capacity = 2, target_tracking = [{ metric = \"#{level}\", target_value = 1 }] }",
        "",
        &[why],
    );
    refused("deployment_configuration = { strategy = \"#{level}\" }", "", &[why]);
}

#[test]
fn logs_can_be_kept_nowhere() {
    allowed("", "log = { driver = \"none\" }");
    refused(
        "",
        "log = { driver = \"none\", options = { mode = \"blocking\" } }",
        &["the log driver `none` has no options"],
    );
}

#[test]
fn names_of_variables_are_names() {
    for name in ["", " ", "A=B", "#{level}"] {
        let words = format!("container `app` has a variable named `{name}`");
        refused("", &format!("environment = {{ \"{name}\" = \"x\" }}"), &[&words]);
        let arn = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:s-AbCdEf";
        refused("", &format!("secrets = {{ \"{name}\" = {{ secret = \"{arn}\" }} }}"), &[&words]);
    }
    refused("", "docker_labels = { \"\" = \"x\" }", &["container `app` has a label without a name"]);
}

#[test]
fn ports_are_there_once_where_containers_share_them() {
    let bridge = "launch = \"ec2\"\nnetwork_mode = \"bridge\"";
    let second = "[[step.container]]\nname = \"second\"\nimage = \"web\"";
    let host = |port: u32| format!("[[step.container.ports]]\nport = 9090\nhost_port = {port}");
    refused("", &format!("{second}\nport = 8080"), &["port 8080 is used twice in the task"]);
    allowed(bridge, &format!("{second}\nport = 8080"));
    refused(bridge, "[[step.container.ports]]\nport = 8080", &["port 8080 is used twice in the container"]);
    let both = |a: u32, b: u32| format!("{}\n{second}\n{}", host(a), host(b));
    refused(bridge, &both(80, 80), &["port 80 of the instance is used twice"]);
    allowed(bridge, &both(80, 81));
    allowed(bridge, &both(0, 0));
}

#[test]
fn what_fargate_has_since_lately_can_be_said() {
    for memory in [61_440, 122_880, 249_856] {
        allowed(&format!("cpu = 32768\nmemory = {memory}"), "");
    }
    let words = "Fargate has no task of 32768 CPU units with 65536 MiB";
    refused("cpu = 32768\nmemory = 65536", "", &[words]);
    allowed("", "linux_parameters = { tmpfs = [{ container_path = \"/tmp\", size = 64 }] }");
    let boundary = |account: &str| format!("permissions_boundary = \"arn:aws:iam::{account}:policy/PowerUserAccess\"");
    allowed(&boundary("aws"), "");
    allowed(&boundary("111111111111"), "");
    refused(&boundary("amazon"), "", &["`amazon` is not an account id"]);
}

#[test]
fn file_systems_have_ids() {
    let volume = |id: &str, more: &str| {
        format!("[[step.volume]]\nname = \"v\"\nefs_volume_configuration = {{ file_system_id = \"{id}\"{more} }}")
    };
    let point = ", transit_encryption = true, authorization_config = { access_point_id = \"fs-1\" }";
    refused(&volume("hello", ""), "", &["`hello` is not an id such as `fs-"]);
    refused(&volume("fs-1", point), "", &["`fs-1` is not an id such as `fsap-"]);
    refused(&volume("#{level}", ""), "", &["does not give the id of a file system: `fs-…`"]);
    allowed(&volume("fs-#{level}", ""), "");
}

#[test]
fn versions_of_a_platform_are_some_that_have_what_is_asked_for() {
    let old = "platform_version = \"1.3.0\"";
    let efs = "[[step.volume]]\nname = \"v\"\nefs_volume_configuration = { file_system_id = \"fs-1\" }";
    for (service, container, words) in [
        ("platform_version = \"latest\"", "", "`latest` is not a Fargate platform version"),
        ("platform_version = \"1.4\"", "", "`1.4` is not a Fargate platform version"),
        (&*format!("{old}\n{efs}"), "", "`efs_volume_configuration` needs Fargate platform version 1.4.0"),
        (
            &*format!(
                "{old}\narchitecture = \"arm64\"\nexecute_command = true\nephemeral_storage = {{ size_in_gib = 30 }}"
            ),
            "restart_policy = { enabled = true }",
            "`arm64`, `ephemeral_storage`, `execute_command` and `restart_policy` need Fargate platform version 1.4.0",
        ),
        (
            old,
            "environment_files = [\"arn:aws:s3:::files/app.env\"]",
            "`environment_files` needs Fargate platform version 1.4.0",
        ),
    ] {
        refused(service, container, &[words]);
    }
    allowed(old, "");
    allowed("platform_version = \"LATEST\"\nexecute_command = true", "");
}
