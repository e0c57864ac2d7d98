//! Service Connect and Cloud Map: what landfall's own keys need. What AWS accepts, the rules say (`cfn/rules/discovery.rs`).

use std::ops::Range;

use super::super::codes;
use super::super::finding::Finding;
use super::super::what::WhatDrafts;
use super::ecs::each_service;
use super::ecs_logs;
use crate::load::drafts::Draft;
use crate::load::schema::process::ProcessFile;
use crate::model::process::{Log, Task};

/// What a service says about Service Connect.
pub(super) fn connections_are_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_service(drafts, |process, _, task, service| {
        let Some(connect) = &service.service_connect_configuration else { return };
        if let Some(log) = &connect.log {
            proxy_log(process, task, log, findings);
        }
        let mut out = |span: Range<usize>, title: &str| {
            findings.push(Finding::new(codes::SERVICE_CONNECT, &process.file, span, title).label("does not fit"));
        };
        let says = connect.namespace.is_some()
            || !connect.services.is_empty()
            || connect.log.is_some()
            || connect.access_log_configuration.is_some();
        if connect.enabled.is_off() && says {
            out(connect.span(), "`enabled = false` leaves the namespace: remove the other keys");
        }
        for tls in connect.services.iter().filter_map(|entry| entry.tls.as_ref()) {
            if let (Some(key), None) = (&tls.kms_key, &tls.role_arn) {
                out(key.span(), "`kms_key` needs `role_arn`: the role that landfall makes has no rights to your key");
            }
        }
    });
}

/// Where the proxy writes: like a container's log, but options may be left out.
fn proxy_log(process: &Draft<ProcessFile>, task: &Task, log: &Log, findings: &mut Vec<Finding>) {
    let compute = task.runs_on.compute();
    findings.extend(ecs_logs::unknown_driver(process, log, compute));
    let routed = task.container.iter().any(|container| container.firelens_configuration.is_some());
    if !log.is_own() {
        ecs_logs::options(process, log, findings);
    }
    if &*log.driver == "awsfirelens" && !routed {
        let title = "the Service Connect proxy sends its logs to a router, and the step has no router";
        let finding = Finding::new(codes::FIRELENS, &process.file, log.driver.span(), title);
        findings.push(finding.label("does not fit"));
    }
}

/// What a service says about Cloud Map.
pub(super) fn registries_are_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_service(drafts, |process, _, _, service| {
        for entry in
            service.service_registries.iter().filter(|it| it.registry_arn.is_some() == it.own_service.is_some())
        {
            let title = "a registry needs exactly one of `registry_arn` and `own_service`";
            let finding = Finding::new(codes::SERVICE_REGISTRY, &process.file, entry.span(), title);
            findings.push(finding.label("does not fit"));
        }
    });
}
