//! The page of the accounts: their stacks, services, tasks and events, what goes wrong in them, and what was done, as it changes.
//!
//! It only shows; faults and hands are queued over HTTP. The server draws the whole page, and a small script in it asks for it
//! again every second and puts the new one in its place. Without scripts the browser loads it again. Its content security
//! policy lets the browser use this one style sheet and this one script, and ask this server. maud escapes what is put in.

mod rows;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::rows::{Doing, Happened, Stacked};
use super::world::World;
use super::world::script::State;
use super::world::stack::Stack;
use crate::model::Place;

/// The policy names the hashes of both, so they stand in the page byte by byte.
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// How many stacks, services, tasks or events one table shows.
const MOST: usize = 100;

/// A page, and a tag that differs where the page does.
pub(super) struct Drawn {
    pub html: String,
    /// As `ETag` has it.
    pub tag: String,
}

/// The content security policy of every page here.
pub(super) fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// All accounts.
pub(super) fn overview(world: &World) -> Drawn {
    let stacks = rows::stacks(world);
    let doing = rows::doing(world);
    let (happened, more) = rows::happened(world, &doing);
    whole(
        "Simulated account",
        &html! {
            h1 { "Simulated account" }
            @if stacks.is_empty() && doing.services.is_empty() && doing.tasks.is_empty() {
                p.faint { "Nothing exists here yet. The first stack, service or task appears by itself." }
            }
            @if !stacks.is_empty() { h2 { "Stacks" } (stacked(&stacks)) }
            (done(&doing, true))
            (wrong(world))
            @if !happened.is_empty() { h2 { "Events" } (events(&happened, more, true)) }
            (ledger(world))
        },
    )
}

/// One stack; none if it never existed.
pub(super) fn stack(world: &World, place: &Place, name: &str) -> Option<Drawn> {
    let stack = rows::find(world, place, name)?;
    let doing = rows::doing_of(world, place, stack);
    let (happened, more) = rows::happened_to(world, place, stack, &doing);
    Some(whole(
        &stack.name,
        &html! {
            p { a href="/_landfall/" { "All stacks" } }
            h1 { (stack.name) }
            p { (badge(stack.status.as_str())) " " span.faint { (place) } }
            @if let Some(reason) = &stack.reason { p { (reason) } }
            (resources(stack))
            (done(&doing, false))
            @if !happened.is_empty() { h2 { "Events" } (events(&happened, more, false)) }
        },
    ))
}

fn whole(title: &str, main: &Markup) -> Drawn {
    let tag = format!("\"{}\"", blake3::hash(main.0.as_bytes()).to_hex());
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                noscript { meta http-equiv="refresh" content="2"; }
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                p #gone role="status" { "The account does not answer. What you see is old." }
                main { (main) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    Drawn { html: page.into_string(), tag }
}

fn stacked(stacks: &[Stacked<'_>]) -> Markup {
    html! {
        table {
            thead { tr { th { "Stack" } th { "Status" } th { "Since" } th { "Account and region" } th { "Reason" } } }
            tbody {
                @for Stacked { place, stack, since } in stacks.iter().take(MOST) {
                    tr.gone[stack.deleted.is_some()] {
                        th { a href=(link(place, stack)) { (stack.name) } }
                        td { (badge(stack.status.as_str())) }
                        td { (time(*since)) }
                        td.place { (place) }
                        td { (stack.reason.as_deref().unwrap_or_default()) }
                    }
                }
            }
        }
        (left_out(stacks.len(), "stacks"))
    }
}

fn resources(stack: &Stack) -> Markup {
    html! {
        @if !stack.resources.is_empty() {
            h2 { "Resources" }
            table {
                thead { tr { th { "Resource" } th { "Status" } th { "Type" } th { "Physical id" } th { "Reason" } } }
                tbody {
                    @for own in stack.resources.values() {
                        tr {
                            th { (own.logical) }
                            td { (badge(&own.status)) }
                            td { (own.kind) }
                            td { code { (own.physical_id.as_deref().unwrap_or_default()) } }
                            td { (own.reason.as_deref().unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    }
}

/// What services and tasks do.
fn done(doing: &Doing<'_>, everywhere: bool) -> Markup {
    html! {
        @if !doing.services.is_empty() {
            h2 { "Services" }
            table {
                thead { tr {
                    th { "Service" } th { "Deployment" } th { "Running" } th { "Failed" } th { "Task definition" } th { "Last event" }
                } }
                tbody {
                    @for (place, service) in doing.services.iter().take(MOST) {
                        tr {
                            th { (service.name) @if everywhere { div.faint.place { (place) } } }
                            td {
                                @if let Some(newest) = service.newest() {
                                    (badge(newest.status.as_str()))
                                    @if let Some(reason) = &newest.reason { div.faint { (reason) } }
                                }
                            }
                            td { (service.running(None)) " of " (service.desired) }
                            td {
                                @if let Some(newest) = service.newest() {
                                    (newest.failures) @if let Some(most) = newest.threshold { " of " (most) }
                                }
                            }
                            td { (rows::last(&service.task_definition)) }
                            td {
                                @if let Some(said) = service.events.front() { (said.message) }
                            }
                        }
                    }
                }
            }
            (left_out(doing.services.len(), "services"))
        }
        @if !doing.tasks.is_empty() {
            h2 { "Tasks" }
            table {
                thead { tr { th { "Task" } th { "State" } th { "Since" } th { "Of" } th { "Images" } th { "Reason" } } }
                tbody {
                    @for task in doing.tasks.iter().take(MOST) {
                        tr.gone[task.stopped] {
                            th { code { (task.id) } }
                            td { (badge(task.state)) }
                            td { (time(task.since)) }
                            td { (task.of) }
                            td { @for image in &task.images { div { code { (image) } } } }
                            td { (task.reason) }
                        }
                    }
                }
            }
            (left_out(doing.tasks.len(), "tasks"))
        }
    }
}

/// Faults and the scenario.
fn wrong(world: &World) -> Markup {
    html! {
        @if !world.faults().is_empty() {
            h2 { "Faults" }
            ul { @for fault in world.faults() { li { code { (rows::json(fault)) } } } }
        }
        @if !world.script().is_empty() {
            h2 { "Scenario" }
            table {
                thead { tr { th { "When" } th { "What" } th { "State" } } }
                tbody {
                    @for played in world.script() {
                        tr.gone[played.state != State::Waits] {
                            td { (played.act.when) }
                            td { code { (rows::deed(&played.act.deed)) } }
                            td {
                                @match &played.state {
                                    State::Waits => "waits",
                                    State::Done(at) => { "done " (time(*at)) }
                                    State::Refused(at, why) => { (badge("REFUSED")) " " (time(*at)) ": " (why) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn events(happened: &[Happened<'_>], more: bool, everywhere: bool) -> Markup {
    html! {
        table {
            thead { tr { th { "Time" } th { "Where" } th { "What" } th { "Status" } th { "Reason" } } }
            tbody {
                @for event in happened {
                    tr {
                        td { (time(event.at)) }
                        td { (event.of) @if everywhere { div.faint.place { (event.place) } } }
                        td { (event.what) }
                        td { @if let Some(status) = event.status { (badge(status)) } }
                        td { (event.reason) }
                    }
                }
            }
        }
        @if more { p.faint { "The newest " (MOST) " events. The operations of AWS list all." } }
    }
}

fn ledger(world: &World) -> Markup {
    let ledger = world.ledger();
    html! {
        @if !ledger.is_empty() {
            h2 { "Accepted changes" }
            table {
                thead { tr { th { "Time" } th { "Operation" } th { "On" } th { "Account and region" } th { "Effect" } } }
                tbody {
                    @for row in ledger.iter().rev().take(MOST) {
                        tr {
                            td { (time(row.at)) }
                            td { (row.operation) }
                            td { (row.subject) }
                            td.place { (row.place) }
                            td { (rows::json(&row.effect)) }
                        }
                    }
                }
            }
            (left_out(ledger.len(), "changes"))
        }
    }
}

/// A status, in the colour of what it means.
fn badge(status: &str) -> Markup {
    let meaning = match status {
        _ if status.contains("ROLLBACK") || status.contains("FAILED") || status == "REFUSED" => "bad",
        _ if status.contains("IN_PROGRESS") || status == "PENDING" || status.ends_with("_REQUESTED") => "going",
        _ if status.contains("DELETE") || status.contains("STOPPED") => "over",
        _ => "good",
    };
    html! { span.badge.(meaning) { (status) } }
}

/// A time of day; the accounts live for hours, not for months.
fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (at.strftime("%H:%M:%S").to_string()) } }
}

fn link(place: &Place, stack: &Stack) -> String {
    // A deleted stack has left its name to another one, which has the same address.
    let word = if stack.deleted.is_some() { stack.id.rsplit('/').next().unwrap_or_default() } else { &stack.name };
    format!("/_landfall/stacks/{}/{}/{word}", place.account, place.region)
}

fn left_out(all: usize, of: &str) -> Markup {
    html! { @if all > MOST { p.faint { "The newest " (MOST) " of " (all) " " (of) "." } } }
}
