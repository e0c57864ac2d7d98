//! What the daemon knows, drawn: the same text for the API and for the commands that look by themselves.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;

use super::config::Config;
use super::pulls::{Required, ReviewPages};
use super::rights;
use crate::cfn::Document;
use crate::compare::{Paint, documents, unmangled, with_values};
use crate::daemon::Published;
use crate::model::health::Health;
use crate::model::journal::{Action, Content, Record};
use crate::model::{Place, StackName};
use crate::plan::Input;
use crate::plan::doctor::{Diagnosis, diagnose};
use crate::plan::review::Review;
use crate::store::Store;
use crate::template::Cache;
use crate::view::review::Screen;
use crate::view::review::content::begins_page;
use crate::view::{self, Style};
use crate::web::{Form, NoPage, Page, Pages, Ready};

/// How many records are read at a time.
const PAGE: u32 = 1000;

/// Pages of a running daemon.
pub struct LivePages {
    published: watch::Receiver<Option<Arc<Published>>>,
    health: watch::Receiver<Health>,
    store: Arc<dyn Store>,
    config: Config,
    forge: Arc<ReviewPages>,
}

impl LivePages {
    /// Pages from what the daemon publishes and journals, and from the configuration that it runs with.
    pub fn new(
        published: watch::Receiver<Option<Arc<Published>>>,
        health: watch::Receiver<Health>,
        store: Arc<dyn Store>,
        config: Config,
        forge: Arc<ReviewPages>,
    ) -> Self {
        Self { published, health, store, config, forge }
    }

    async fn records(&self) -> Result<Vec<Record>, NoPage> {
        records(&*self.store).await.map_err(|error| NoPage::Failed(super::exit::chain(&error)))
    }
}

#[async_trait]
impl Pages for LivePages {
    async fn ready(&self) -> Ready {
        let health = self.health.borrow().clone();
        let published = self.published.borrow().clone();
        let warnings = rights::warnings(&self.config, published.as_ref().map(|published| &*published.catalog));
        Ready { able: health.is_ready(), text: pretty(&view::health::json(&health, &warnings, Timestamp::now())) }
    }

    async fn page(&self, page: Page, form: Form) -> Result<String, NoPage> {
        let now = Timestamp::now();
        match page {
            Page::History => return Ok(history(&self.records().await?, form, now)),
            Page::Deployment(id) => {
                let records = self.records().await?;
                let drawn = match form {
                    Form::Json => view::history::deployment_json(&records, id).map(|value| pretty(&value)),
                    Form::Terminal => view::history::deployment(&records, id, now, COLORED),
                };
                return drawn.ok_or(NoPage::NoDeployment(id));
            }
            Page::Status | Page::Plan { .. } | Page::Facts | Page::Doctor(_) => {}
        }
        let published = self.published.borrow().clone().ok_or(NoPage::NotYet)?;
        let health = self.health.borrow().clone();
        Ok(match page {
            Page::Status => status(&published, &health, form, now),
            Page::Plan { diff } => {
                with_required(plan(&published, &health, diff, form, now), self.forge.required(), form)
            }
            Page::Doctor(stack) => {
                let drawn = doctor(&published, stack.as_deref(), form, now);
                return drawn.ok_or_else(|| NoPage::NoStack(stack.as_deref().unwrap_or_default().to_owned()));
            }
            _ => super::publish::json(&published.facts).map_err(|error| NoPage::Failed(error.to_string()))?,
        })
    }
}

/// What cannot be seen, next to what a report says as JSON.
fn with_unseen(mut report: serde_json::Value, health: &Health) -> serde_json::Value {
    if let Some(object) = report.as_object_mut() {
        object.insert("unseen".to_owned(), view::health::unseen_json(health));
    }
    report
}

/// Colours are always drawn; the printer removes them if they are not wanted.
const COLORED: Style = Style { color: true };

/// Columns of the part of a page that is laid out before anybody knows how wide the terminal is.
const COLUMNS: usize = 100;

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// Every record of a store.
pub async fn records(store: &dyn Store) -> crate::store::Result<Vec<Record>> {
    let mut all: Vec<Record> = Vec::new();
    loop {
        let page = store.records(all.last().map_or(0, |last| last.seq), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Every deployment.
pub fn history(records: &[Record], form: Form, now: Timestamp) -> String {
    match form {
        Form::Json => pretty(&view::history::list_json(records)),
        Form::Terminal => view::history::list(records, now, COLORED),
    }
}

/// What is where.
pub fn status(published: &Published, health: &Health, form: Form, now: Timestamp) -> String {
    let (report, facts) = (&published.planned.report, &published.facts);
    match form {
        Form::Json => {
            pretty(&with_unseen(with_problems(view::status::json(report, facts, &published.moving), published), health))
        }
        Form::Terminal => {
            let text = view::status::terminal(report, facts, &published.moving, now, COLORED);
            view::health::terminal(health, now) + &problems_first(published) + &text
        }
    }
}

/// State, cause and next step of one stack, or of every stack that is not in order; none if the stack is not known.
pub fn doctor(published: &Published, stack: Option<&str>, form: Form, now: Timestamp) -> Option<String> {
    let Published { catalog, facts, observed, planned, .. } = published;
    let all = diagnose(catalog, facts, observed, planned);
    let shown: Vec<&Diagnosis> =
        all.iter().filter(|one| stack.map_or(!one.in_order, |name| one.stack.as_str() == name)).collect();
    if stack.is_some() && shown.is_empty() {
        return None;
    }
    Some(match form {
        Form::Json => pretty(&view::doctor::json(&shown, now)),
        Form::Terminal => view::doctor::terminal(&shown, now, COLORED),
    })
}

/// What is wrong with the commit, before what that holds.
fn problems_first(published: &Published) -> String {
    match view::problems::summary(&published.problems) {
        none if none.is_empty() => none,
        summary => format!("{summary}\n"),
    }
}

fn with_problems(mut value: serde_json::Value, published: &Published) -> serde_json::Value {
    value["problems"] = view::problems::summary_json(&published.problems);
    value
}

/// A plan with what the forge requires of a merge.
fn with_required(plan: String, required: Option<Required>, form: Form) -> String {
    let Some(Required { branch, checks }) = required.filter(|required| !required.checks.is_empty()) else {
        return plan;
    };
    match form {
        Form::Terminal => format!("{plan}\na merge into {branch} needs: {}\n", checks.join(", ")),
        Form::Json => match serde_json::from_str(&plan) {
            Ok(serde_json::Value::Object(mut object)) => {
                object.insert("required_checks".to_owned(), checks.into());
                pretty(&object.into())
            }
            _ => plan,
        },
    }
}

/// What would be done now, and what that does to stacks in the words of a review; with differences of templates and AWS's own
/// answers, or without.
pub fn plan(published: &Published, health: &Health, diff: bool, form: Form, now: Timestamp) -> String {
    let report = &published.planned.report;
    let begins = begins(published);
    match form {
        Form::Json => {
            let mut value = with_unseen(with_problems(view::plan::json(report), published), health);
            if let Some(object) = value.as_object_mut() {
                object.insert("begins".to_owned(), view::review::json::stacks(&begins.stacks));
            }
            if diff && let Some(object) = value.as_object_mut() {
                let all = differences(published, Paint::Plain);
                let all: serde_json::Map<_, _> = all.into_iter().map(|(stack, text)| (stack, text.into())).collect();
                object.insert("differences".to_owned(), all.into());
                object.insert("announced".to_owned(), view::plan::announced_json(&published.facts.announced));
            }
            pretty(&value)
        }
        Form::Terminal => {
            let mut text = view::health::terminal(health, now);
            text.push_str(&problems_first(published));
            text.push_str(&view::plan::terminal(&view::health::below(report, health), now, COLORED));
            let page = begins_page(&begins, &published.facts.announced, diff);
            if !page.blocks.is_empty() {
                text.push('\n');
                text.push_str(&view::review::terminal(&page, Screen { width: COLUMNS, style: COLORED, unfold: true }));
            }
            if diff {
                for (_, difference) in adoptions(published, Paint::Ansi) {
                    text.push('\n');
                    text.push_str(&difference);
                }
            }
            text
        }
    }
}

/// What the plan begins, as a review says it.
fn begins(published: &Published) -> Review {
    let Published { catalog, facts, observed, planned, deployed, .. } = published;
    let input = Input { catalog, facts, observed, now: published.at };
    crate::plan::review::begins(&input, planned, deployed, &mut Cache::default())
}

/// For each stack that a plan makes, changes or could take over, the deployed template against the wanted one, with values of
/// parameters.
fn differences(published: &Published, paint: Paint) -> Vec<(String, String)> {
    let orders = published.planned.plan.begin.iter().flat_map(|begin| &begin.orders);
    let ordered = orders.filter_map(|order| {
        let content = match &order.action {
            Action::Put(content) => Some(&**content),
            Action::Delete { .. } => None,
        };
        difference(published, &order.place, &order.stack, content, "wanted", paint)
    });
    ordered.chain(adoptions(published, paint)).collect()
}

/// The same for the stacks that could be taken over.
fn adoptions(published: &Published, paint: Paint) -> Vec<(String, String)> {
    let adoptions = published.planned.adoptions.iter();
    let adopted = adoptions.filter_map(|one| {
        difference(published, &one.place, &one.stack, Some(&one.content), "if it is taken over", paint)
    });
    adopted.collect()
}

fn difference(
    published: &Published,
    place: &Place,
    stack: &StackName,
    content: Option<&Content>,
    to: &str,
    paint: Paint,
) -> Option<(String, String)> {
    let before = published.deployed.get(&(place.clone(), stack.clone()));
    let seen = published.observed.stack(place, stack);
    let before = before.and_then(|text| Document::parse(text).ok()).map(|document| {
        let values = seen.map(|seen| seen.parameters.clone()).unwrap_or_default();
        with_values(&document.with_description(None), &values)
    });
    let after = match content {
        Some(content) => Some(with_values(
            &Document::parse(&content.template).ok()?.with_description(None),
            &content.shown_parameters(),
        )),
        None => None,
    };
    let before = match (before, &after) {
        (Some(before), Some(after)) => Some(unmangled(&before, after)),
        (before, _) => before,
    };
    let from = format!("{stack} in {place}, deployed");
    let text = documents(before.as_ref(), after.as_ref(), &from, &format!("{stack}, {to}"), paint);
    Some((stack.to_string(), text))
}
