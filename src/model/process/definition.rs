//! Keys of a task and of a service that only fill a property.

use super::{Flag, Given, Known, Number, RoleArn, Text, Within, table, words};

table! {
    /// Keys of a task definition that only fill a property.
    #[derive(Default)]
    #[schemars(extend("x-flat" = true))]
    pub struct Definition {
        /// Which processes a container sees besides its own; `host` not on Fargate; may be `#{…}`. Default: none.
        pid_mode: Option<Given<PidMode>>,
        /// Which containers share memory and queues (System V IPC); not on Fargate; may be `#{…}`.
        ipc_mode: Option<Given<IpcMode>>,
        /// Accepts faults that AWS Fault Injection Service causes in its containers; may be `#{…}`.
        enable_fault_injection: Option<Flag>,
    }
}

words! {
    /// `pid_mode`.
    pub enum PidMode {
        /// Those of the other containers of the task.
        Task = "task" "task",
        /// All of the instance.
        Host = "host" "host",
    }
}

words! {
    /// `ipc_mode`.
    pub enum IpcMode {
        /// Those of the task.
        Task = "task" "task",
        /// Those of all tasks on the instance that have `host`.
        Host = "host" "host",
        /// None.
        None = "none" "none",
    }
}

table! {
    /// Keys of a service that only fill a property.
    #[derive(Default)]
    #[schemars(extend("x-flat" = true))]
    pub struct ServiceOptions {
        /// Name of the service; may contain `#{…}`. By default CloudFormation makes one. Each slot in a cluster needs its own, for
        /// example with `#{stack.name}`. CloudFormation cannot replace a service whose name is fixed: a change that needs
        /// a new service, such as another `scheduling_strategy`, needs another name in the same commit.
        service_name: Option<Text>,
        /// Target groups of VPC Lattice that the tasks register with.
        #[serde(default)]
        vpc_lattice_configurations: Vec<VpcLattice>,
        /// Gateways through which requests reach the tasks; at most one.
        #[serde(default)]
        gateway_connectors: Vec<GatewayConnector>,
        /// How often ECS measures the tasks.
        monitoring: Option<Monitoring>,
    }
}

table! {
    /// One of `vpc_lattice_configurations`.
    pub struct VpcLattice {
        /// `name` of a port of a container; may contain `#{…}`.
        port_name: Text,
        /// ARN of the target group; may contain `#{…}`.
        target_group_arn: Text,
        /// ARN of the role with which ECS registers tasks; may contain `#{…}`.
        role_arn: Known<RoleArn>,
        /// The other target group and the rules that ECS changes; with a strategy other than `rolling`.
        advanced_configuration: Option<VpcLatticeTraffic>,
    }
}

table! {
    /// `advanced_configuration` of VPC Lattice.
    pub struct VpcLatticeTraffic {
        /// ARN of the other target group; may contain `#{…}`.
        alternate_target_group_arn: Option<Text>,
        /// ARN of the rule for the traffic of clients; may contain `#{…}`.
        production_listener_rule: Option<Text>,
        /// ARN of the rule for test traffic; may contain `#{…}`.
        test_listener_rule: Option<Text>,
    }
}

table! {
    /// One of `gateway_connectors`.
    pub struct GatewayConnector {
        /// `name` of a port of a container; may contain `#{…}`.
        port_name: Text,
        /// Which requests come through it.
        filters: Option<GatewayFilters>,
        /// How the gateway checks the tasks.
        health_check: Option<GatewayHealthCheck>,
    }
}

table! {
    /// `filters` of a gateway connector.
    pub struct GatewayFilters {
        /// From where; may be `#{…}`.
        access_types: Vec<Given<AccessType>>,
    }
}

words! {
    /// One of `access_types`.
    pub enum AccessType {
        /// From the internet.
        Public = "public" "PUBLIC",
        /// From inside.
        Private = "private" "PRIVATE",
    }
}

table! {
    /// `health_check` of a gateway connector.
    pub struct GatewayHealthCheck {
        /// Path that is asked for; may contain `#{…}`.
        health_check_path: Option<Text>,
        /// Port that is asked; may be `#{…}`.
        health_check_port: Option<Given<Within<1, 65_535>>>,
        /// How it is asked; may be `#{…}`.
        health_check_protocol: Option<Given<GatewayProtocol>>,
        /// Seconds between two checks; may be `#{…}`.
        health_check_interval_seconds: Option<Number>,
        /// Seconds until a check counts as failed; may be `#{…}`.
        health_check_timeout_seconds: Option<Number>,
        /// Successes in a row until a task is healthy; may be `#{…}`.
        healthy_threshold_count: Option<Number>,
        /// Failures in a row until a task is unhealthy; may be `#{…}`.
        unhealthy_threshold_count: Option<Number>,
        /// Codes of a healthy answer.
        matcher: Option<GatewayMatcher>,
    }
}

words! {
    /// `health_check_protocol` of a gateway connector.
    #[expect(missing_docs, reason = "the names are those of the protocols")]
    pub enum GatewayProtocol {
        Http = "http" "HTTP",
        Https = "https" "HTTPS",
    }
}

table! {
    /// `matcher` of a gateway connector.
    pub struct GatewayMatcher {
        /// Codes of HTTP, such as `200-299`; may contain `#{…}`.
        http_code: Option<Text>,
        /// Codes of gRPC, such as `0`; may contain `#{…}`.
        grpc_code: Option<Text>,
    }
}

table! {
    /// `monitoring` of a service.
    pub struct Monitoring {
        /// What is measured how often; one or two.
        metric_configurations: Vec<MetricConfiguration>,
    }
}

table! {
    /// One of `metric_configurations`.
    pub struct MetricConfiguration {
        /// What is measured; may be `#{…}`.
        metric_names: Vec<Given<MetricName>>,
        /// Seconds between two measurements: 20 or 60; may be `#{…}`.
        resolution_seconds: Given<Within<20, 60>>,
    }
}

words! {
    /// One of `metric_names`.
    #[expect(missing_docs, reason = "the names say it")]
    pub enum MetricName {
        CpuUtilization = "cpu-utilization" "CPUUtilization",
        MemoryUtilization = "memory-utilization" "MemoryUtilization",
    }
}
