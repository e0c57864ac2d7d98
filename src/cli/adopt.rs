//! `landfall store adopt`: the operator's answer to the question whose the stacks are.
//!
//! The daemon asks, and writes the question into the journal. The answer is one more record, written next to a running
//! daemon, which reads it at its next look. Deliberately absent: AWS. The daemon takes the stacks over as soon as no
//! operation is in progress in them.

use super::exit::{Doing, Exit, Failure, Outcome};
use super::{output, wire};
use crate::model::FactsFold;
use crate::model::facts::OpenQuestion;
use crate::model::journal::{Agreed, Entry, Fence, Record};
use crate::store::{SqliteStore, Store, StoreError};
use crate::view::time;

/// Records that are read at once.
const PAGE: u32 = 1_000;

/// Tells what would be taken over, and journals the answer unless it is only asked what.
pub(super) async fn adopt(url: &str, dry_run: bool) -> Outcome {
    let store = wire::existing_store(url).await?;
    let reading = || format!("cannot read the store {url}");
    let mut fold = FactsFold::new(store.id().await.doing(reading)?);
    let mut last: Option<Record> = None;
    loop {
        let after = last.as_ref().map_or(0, |record| record.seq);
        let records = store.records(after, PAGE).await.doing(reading)?;
        let Some(end) = records.last() else { break };
        records.iter().for_each(|record| fold.apply(record));
        last = Some(end.clone());
    }
    store.close().await;
    let (Some(open), Some(last)) = (&fold.facts().question, last) else {
        return Err(Failure::new(format!("the store {url} asks no question"))
            .help("start the daemon: it asks if it meets stacks of its repository that another store deployed"));
    };
    output::data(&tell(open))?;
    if dry_run {
        return Ok(Exit::Done);
    }
    if !open.agreed {
        let store = wire::store(url).await?;
        let answered = answer(&store, open, last.fence).await;
        store.close().await;
        answered.doing(|| format!("cannot write the answer into the store {url}"))?;
    }
    output::data(
        "agreed       the daemon takes these stacks over at its next look, once no operation is in progress in them\n",
    )?;
    Ok(Exit::Done)
}

/// Journals the answer under the lease of whoever has it: it decides nothing that the owner of the lease does not look at.
async fn answer(store: &SqliteStore, open: &OpenQuestion, fence: Fence) -> Result<(), StoreError> {
    let (repository, stores) = (open.question.repository.clone(), open.question.stores.clone());
    let entries = || vec![Entry::Agreed(Agreed { repository: repository.clone(), stores: stores.clone() })];
    let now = jiff::Timestamp::now();
    match store.append(fence, now, entries()).await {
        Err(StoreError::Fenced { current, .. }) => store.append(Fence(current), now, entries()).await.map(|_| ()),
        other => other.map(|_| ()),
    }
}

/// What would be taken over.
fn tell(open: &OpenQuestion) -> String {
    use std::fmt::Write as _;
    let question = &open.question;
    let mut text = format!("repository   {}\n", question.repository);
    let stores: Vec<&str> = question.stores.iter().map(AsRef::as_ref).collect();
    let stores = if stores.is_empty() { "no tokens of landfall's".to_owned() } else { stores.join(", ") };
    let _ = writeln!(text, "deployed by  {stores}");
    for (place, stacks) in &question.stacks {
        let _ = writeln!(text, "in           {place}");
        for stack in stacks {
            let _ = writeln!(text, "               {stack}");
        }
    }
    let _ = writeln!(text, "asked        {}", time::point(open.since));
    if let Some(busy) = &question.busy {
        let _ = writeln!(text, "waits for    the operation in stack {busy}, at most an hour after it began");
    }
    if let Some(until) = question.until {
        let _ = writeln!(text, "not before   {}, ten minutes after the last operation", time::point(until));
    }
    text
}
