//! What the commands that edit files share: how an edit is judged, shown, written, committed and pushed.
//!
//! ```text
//! files + the past ─► the command's edit ─► Review ─► page ─► Desk: folder, commit, push
//! ```
//!
//! `promote`, `rollback`, `allow`, `release new` and `release refresh` come here with the files as they are and as they will be.
//! Deliberately absent: what is edited, and how (`edit/`).

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ask::Ask;
use super::config::Config;
use super::deliver::{Deliver, Delivered, Desk};
use super::exit::{Exit, Failure, Outcome};
use super::past::Past;
use super::reviewed::{self, Format};
use super::{output, wire};
use crate::daemon;
use crate::load::Loaded;
use crate::plan::review::{Change, Review, review};
use crate::problem::Level;
use crate::template::Cache;
use crate::view::review::Block;
use crate::view::review::content::{About, page};

/// Options of every command that edits files.
#[derive(Args, Debug)]
pub struct Editing {
    #[command(flatten)]
    pub(super) ask: Ask,
    #[command(flatten)]
    pub(super) deliver: Deliver,
    /// Output format of the review
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
    /// Show long differences in full
    #[arg(long)]
    unfold: bool,
}

/// A repository in which a command edits files, with what is known of the past.
pub struct Bench<'a> {
    /// Reads the files, and writes them.
    pub desk: Desk<'a>,
    /// What ran before.
    pub past: Past,
    /// The operator's configuration.
    pub config: Config,
    options: &'a Editing,
}

/// What a command says of its edit, and what it writes.
#[derive(Default)]
pub struct Edit<'e> {
    /// Printed before the page, for people at a terminal.
    pub lead: String,
    /// What the command adds to the page, below its first sentence.
    pub blocks: Vec<Block>,
    /// Notes for stderr.
    pub notes: Vec<String>,
    /// Said if there is no file to write: why not.
    pub unchanged: String,
    /// The files, as they are written; none if nothing changes.
    pub files: Vec<(&'e str, &'e str)>,
    /// The subject of the commit.
    pub message: String,
    /// What the command gives to programs, as an object, made from where the files went; `review` is added.
    pub json: Option<Json<'e>>,
}

/// Makes the JSON of a command from what became of its files; none if nothing was written.
pub type Json<'e> = Box<dyn FnOnce(Option<&Delivered>) -> Value + 'e>;

impl<'a> Bench<'a> {
    /// Opens the repository and reads the past.
    ///
    /// # Errors
    /// The configuration, the repository or the past that was named cannot be read.
    pub fn open(options: &'a Editing) -> Result<Self, Failure> {
        let config = Config::load(options.ask.config.as_deref())?;
        let past = Past::from(&options.ask, &config)?;
        let desk = Desk::open(&options.ask.repo, &options.deliver)?;
        Ok(Self { desk, past, config, options })
    }

    /// What the files say with these edits in their place. A release that is not committed yet is read as if it landed now.
    ///
    /// # Errors
    /// The files cannot be read.
    pub fn load(&self, edits: &[(&str, &str)]) -> Result<Loaded, Failure> {
        self.desk.load(edits, self.past.facts())
    }

    /// Shows what an edit does once it lands, and writes it.
    ///
    /// # Errors
    /// AWS cannot be asked, or a file cannot be written, committed or pushed.
    pub fn finish(&self, before: &Loaded, after: &Loaded, edit: Edit<'_>) -> Outcome {
        let (review, about) = self.reviewed(before, after)?;
        let Editing { format, unfold, .. } = *self.options;
        if format == Format::Terminal && !edit.lead.is_empty() {
            output::data(&format!("{}\n", edit.lead))?;
        }
        if format != Format::Json {
            let mut page = page(&review, &about);
            page.insert(edit.blocks);
            reviewed::draw(&page, format, unfold)?;
        }
        edit.notes.iter().for_each(|note| output::progress(&format!("note         {note}")));
        let delivered = if edit.files.is_empty() {
            output::progress(&format!("unchanged    {}", edit.unchanged));
            self.desk.push_what_is_committed(&edit.message, &self.config)?;
            None
        } else {
            Some(self.desk.put_all(&edit.files, &edit.message, &self.config)?)
        };
        if format == Format::Json {
            let delivered = delivered.as_ref();
            let mut value = edit.json.map_or_else(|| json!({ "delivered": delivered }), |json| json(delivered));
            value["review"] = crate::view::review::json(&review, &about);
            output::json(&value)?;
        }
        Ok(Exit::Done)
    }

    /// The review of an edit. With a store, AWS is looked at.
    fn reviewed(&self, before: &Loaded, after: &Loaded) -> Result<(Review, About), Failure> {
        let ask = &self.options.ask;
        let now = Timestamp::now();
        let observed = match &self.past {
            Past::Store(facts) => {
                let cloud = wire::cloud(&self.config, ask.endpoint.as_deref());
                let places = daemon::places(&after.catalog, facts);
                Some(super::runtime()?.block_on(daemon::observe(&cloud, places, now)).0)
            }
            Past::Told(facts, source) => {
                reviewed::of_this_repository(facts, source, before, after, &ask.repo)?;
                None
            }
            Past::Nothing => None,
        };
        let facts = self.past.facts();
        let change = Change { base: &before.catalog, head: &after.catalog, facts, observed: observed.as_ref(), now };
        let mut review = review(&change, &mut Cache::default());
        // The edit is no commit yet.
        review.head = None;
        let errors = after.problems.iter().filter(|problem| problem.level == Level::Error);
        let about = About {
            base: self.desk.base().to_owned(),
            head: "this edit".to_owned(),
            facts: self.past.source().map(str::to_owned),
            asked: facts.map(|_| now),
            problems: errors.cloned().collect(),
            ..About::default()
        };
        Ok((review, about))
    }
}
