//! Tasks that run once: what they cannot have, and how long they may take.

use std::ops::Range;

use super::super::build;
use super::super::codes;
use super::super::finding::Finding;
use super::super::what::WhatDrafts;

/// The shortest and the longest time that a task may be given, in seconds.
const TIMES: std::ops::RangeInclusive<i64> = 10..=7 * 86_400;

pub(super) fn tasks_can_run(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    let mut out = |span: Range<usize>, title: &str| {
        findings.push(Finding::new(codes::TASK_RUN, &process.file, span, title).label("not allowed"));
    };
    let raw = process.doc.step.iter().filter_map(|step| step.stack()?.run.as_ref()?.run.timeout.as_ref());
    let own = process.doc.runs().filter_map(|(_, _, run)| run.timeout.as_ref());
    for written in own.chain(raw) {
        if build::duration(written).is_some_and(|timeout| !TIMES.contains(&timeout.as_secs())) {
            out(written.span(), "`timeout` must be 10 seconds to 7 days");
        }
    }
    for (_, task, _) in process.doc.runs() {
        for volume in &task.volume {
            if let Some(ebs) = &volume.managed_ebs_volume {
                out(ebs.span(), "tasks that run once cannot have EBS volumes (`managed_ebs_volume`)");
            }
        }
    }
}
