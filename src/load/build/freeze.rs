//! Freezes and their windows.

use std::sync::{Arc, LazyLock};

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::{Maker, tenant};
use crate::load::codes;
use crate::load::drafts::Draft;
use crate::load::finding::{Finding, nearest};
use crate::load::schema::At;
use crate::load::schema::freeze::{FreezeFile, WindowEntry};
use crate::model::freeze::Window;
use crate::model::{Freeze, FreezeName};

/// The time zones that landfall was built with: the same on every machine, whatever its system knows.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Reads a freeze. Whether what it names exists is checked elsewhere.
pub(crate) fn freeze(name: &FreezeName, draft: &Draft<FreezeFile>, findings: &mut Vec<Finding>) -> Option<Freeze> {
    let mut make = Maker { file: &draft.file, findings };
    let doc = &draft.doc;
    if doc.reason.trim().is_empty() {
        make.invalid(doc.reason.span(), "`reason` must not be empty: say why this freeze exists");
    }
    if doc.window.is_empty() {
        let title = format!("freeze `{name}` has no window, so it would never apply");
        let finding = Finding::new(codes::FREEZE_WINDOW, make.file, 0..0, title).label("no [[window]] in this file");
        make.findings.push(finding.help("add `[[window]]` with `from` and `until`"));
    }
    let zone = time_zone(&mut make, &doc.time_zone);
    Some(Freeze {
        name: name.clone(),
        reason: Arc::from(doc.reason.as_str()),
        environments: make.names(&doc.environments),
        projects: make.names(&doc.projects),
        tenants: tenant::filter(&mut make, &doc.tenants, &doc.tenant_tags),
        windows: doc.window.iter().map(|entry| window(&mut make, entry)).collect(),
        stops_rollback: doc.stops_rollback,
        at: make.file.at(0),
        zone: zone?,
    })
}

/// A time zone of the IANA database.
pub(crate) fn time_zone(make: &mut Maker<'_>, written: &At<String>) -> Option<TimeZone> {
    let zone = ZONES.get(written).ok();
    if zone.is_none() {
        let known: Vec<String> = ZONES.available().map(|name| name.to_string()).collect();
        let title = format!("`{}` is not a time zone", **written);
        let finding = Finding::new(codes::UNKNOWN_TIME_ZONE, make.file, written.span(), title).label("not a time zone");
        let meant = nearest(written, known.iter().map(String::as_str));
        make.findings.push(finding.help(meant.map_or_else(
            || "write a name from the IANA time zone database, such as `Europe/Berlin` or `UTC`".to_owned(),
            |name| format!("did you mean `{name}`?"),
        )));
    }
    zone
}

fn window(make: &mut Maker<'_>, entry: &At<WindowEntry>) -> Window {
    let window = Window {
        from: entry.from.0,
        until: entry.until.0,
        every: entry.every.as_ref().map(|every| (**every).into()),
        last: entry.last.as_ref().map(|day| day.0),
    };
    let mut wrong = |span, title: &str, label: &str| {
        make.findings.push(Finding::new(codes::FREEZE_WINDOW, make.file, span, title).label(label));
    };
    if window.until <= window.from {
        wrong(entry.until.span(), "the window ends before it begins", "not after `from`");
    }
    match (&entry.last, window.last) {
        (Some(last), Some(_)) if window.every.is_none() => {
            wrong(last.span(), "`last` is only for a window that repeats: add `every`", "no `every` here");
        }
        (Some(last), Some(day)) if day < window.from.date() => {
            wrong(last.span(), "the window never begins: its last day is before its first day", "before `from`");
        }
        _ => {}
    }
    window
}
