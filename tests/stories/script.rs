//! The language of the stories: one command per line, `#` for the story itself.

use std::time::Duration;

use landfall::cli::config::Span;
use landfall::sim::Fault;
use landfall::sim::world::ByHand;

/// One line, or a command with the lines of the file that it writes.
pub(super) struct Line {
    /// As it was written.
    pub(super) text: String,
    pub(super) command: Command,
}

/// What a line does.
pub(super) enum Command {
    /// Tells: a comment or an empty line.
    Tell,
    /// Takes the files of `repositories/<name>` as the work tree.
    Repository(String),
    /// Writes a file in the work tree.
    Write { path: String, text: String },
    /// Replaces the only occurrence of a text in a file.
    Replace { path: String, old: String, new: String },
    /// Deletes a file.
    Delete(String),
    /// Moves a folder.
    Move { from: String, to: String },
    /// Writes the file of a release whose only image `web` has the release's name as its tag.
    Release { project: String, version: String },
    /// Writes `snapshot = "<head>"` into a release's file.
    Refresh { project: String, version: String },
    /// Makes a step a template, in the work tree.
    Convert { project: String, step: String },
    /// Makes the work tree say what differs in a stack.
    Keep(String),
    /// Takes the branch so many commits back, and the work tree with it.
    ForcePush { back: usize },
    /// Commits the work tree to the branch.
    Commit,
    /// Commits so many times something that orders nothing.
    Chatter(u32),
    /// Commits the files of the commit before the last one.
    Revert,
    /// Adds the lines that the plan prints for this project, environment and tenant to the file that it names.
    Allow { project: String, environment: String, tenant: Option<String>, reason: String },
    /// Queues a fault in the account.
    Fault(Box<Fault>),
    /// Ends all faults.
    Mend,
    /// Somebody else creates a stack.
    Foreign { stack: String, place: String },
    /// Somebody updates a stack by hand: a text of its template is replaced, and its description stays.
    Hand { stack: String, place: String, old: String, new: String },
    /// Somebody does something to a resource outside of CloudFormation.
    Deed(Box<ByHand>),
    /// Somebody gives a service another image: a new revision of its task definition, in which a text is replaced.
    Image { stack: String, place: String, old: String, new: String },
    /// Somebody deletes a stack.
    Remove { stack: String, place: String },
    /// Somebody else makes a change set that would create a stack.
    Review { stack: String, place: String },
    /// The daemon takes this many turns.
    Turns(u32),
    /// The daemon takes turns until nothing moves any more.
    Settle,
    /// The daemon takes turns for that long.
    Wait(Duration),
    /// Shows what landfall says, or what the account has.
    Show { what: String, which: Option<u64> },
}

/// Reads a script; a mistake in it is a panic that names the line.
pub(super) fn parse(script: &str) -> Vec<Line> {
    let mut lines = script.lines();
    let mut all = Vec::new();
    while let Some(line) = lines.next() {
        let mut text = line.to_owned();
        let command = match line.split_once(' ').unwrap_or((line, "")) {
            ("write", rest) => {
                let path = rest.strip_suffix(" <<END").unwrap_or_else(|| panic!("no <<END: {line}"));
                let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "END").collect();
                body.iter().chain(&["END"]).for_each(|line| text.push_str(&format!("\n{line}")));
                Command::Write { path: path.to_owned(), text: body.join("\n") + "\n" }
            }
            (verb, rest) => command(verb, rest).unwrap_or_else(|| panic!("not a command: {line}")),
        };
        all.push(Line { text, command });
    }
    all
}

fn command(verb: &str, rest: &str) -> Option<Command> {
    let mut parts = rest.split(" | ").map(str::to_owned);
    Some(match verb {
        "" => Command::Tell,
        verb if verb.starts_with('#') => Command::Tell,
        "repository" => Command::Repository(rest.to_owned()),
        "replace" => {
            let mut text = || Some(parts.next()?.replace("\\n", "\n"));
            Command::Replace { path: text()?, old: text()?, new: text().unwrap_or_default() }
        }
        "delete" => Command::Delete(rest.to_owned()),
        "move" => Command::Move { from: parts.next()?, to: parts.next()? },
        "release" => {
            let (project, version) = rest.split_once(' ')?;
            Command::Release { project: project.to_owned(), version: version.to_owned() }
        }
        "refresh" => {
            let (project, version) = rest.split_once(' ')?;
            Command::Refresh { project: project.to_owned(), version: version.to_owned() }
        }
        "convert" => {
            let (project, step) = rest.split_once(' ')?;
            Command::Convert { project: project.to_owned(), step: step.to_owned() }
        }
        "keep" => Command::Keep(rest.to_owned()),
        "force-push" => Command::ForcePush { back: rest.strip_prefix("back ")?.parse().ok()? },
        "commit" if !rest.is_empty() => Command::Commit,
        "chatter" => Command::Chatter(rest.parse().ok()?),
        "revert" => Command::Revert,
        "allow" => {
            let slot = parts.next()?;
            let (project, place) = slot.split_once(' ')?;
            let (environment, tenant) = place.split_once('/').map_or((place, None), |(place, who)| (place, Some(who)));
            Command::Allow {
                project: project.to_owned(),
                environment: environment.to_owned(),
                tenant: tenant.map(str::to_owned),
                reason: parts.next()?,
            }
        }
        "fault" => Command::Fault(Box::new(serde_json::from_str(rest).unwrap())),
        "mend" => Command::Mend,
        "foreign" => {
            let (stack, place) = rest.strip_prefix("stack ")?.split_once(" in ")?;
            Command::Foreign { stack: stack.to_owned(), place: place.to_owned() }
        }
        "hand" if rest.starts_with('{') => Command::Deed(Box::new(serde_json::from_str(rest).unwrap())),
        "image" => {
            let head = parts.next()?;
            let (stack, place) = head.strip_prefix("of ")?.split_once(" in ")?;
            let (stack, place) = (stack.to_owned(), place.to_owned());
            Command::Image { stack, place, old: parts.next()?, new: parts.next()? }
        }
        "remove" => {
            let (stack, place) = rest.strip_prefix("stack ")?.split_once(" in ")?;
            Command::Remove { stack: stack.to_owned(), place: place.to_owned() }
        }
        "hand" => {
            let head = parts.next()?;
            let (stack, place) = head.strip_prefix("stack ")?.split_once(" in ")?;
            let (stack, place) = (stack.to_owned(), place.to_owned());
            Command::Hand { stack, place, old: parts.next()?, new: parts.next()? }
        }
        "review" => {
            let (stack, place) = rest.strip_prefix("stack ")?.split_once(" in ")?;
            Command::Review { stack: stack.to_owned(), place: place.to_owned() }
        }
        "turn" => Command::Turns(1),
        "turns" => Command::Turns(rest.parse().ok()?),
        "settle" => Command::Settle,
        "wait" => Command::Wait(rest.parse::<Span>().ok()?.0),
        "show" => {
            let (what, which) = rest.split_once(' ').unwrap_or((rest, ""));
            Command::Show { what: what.to_owned(), which: which.parse().ok() }
        }
        _ => return None,
    })
}
