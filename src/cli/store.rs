//! `landfall store`: looks after the journal. Whether it is whole, a backup of it, and a backup in its place. The answer to its
//! question is in `adopt`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::alone::Alone;
use super::config::Config;
use super::exit::{Doing, Exit, Failure, Outcome};
use super::{help, output, wire};
use crate::store::{self, SqliteStore, Store, Verified, Whereabouts};
use crate::view::time;

/// The commands about the store.
#[derive(Subcommand, Debug)]
pub enum StoreCommand {
    /// Check that the store is complete. Changes nothing
    #[command(after_help = help::STORE_VERIFY)]
    Verify(Which),
    /// Copy the store into a new file, even while a daemon runs
    #[command(after_help = help::STORE_BACKUP)]
    Backup(Copy),
    /// Replace the store by a backup, and keep the replaced store
    #[command(after_help = help::STORE_RESTORE)]
    Restore(Copy),
    /// Let the store's daemon take over stacks that another store deployed
    #[command(after_help = help::STORE_ADOPT)]
    Adopt(Adopt),
}

/// The operator's answer.
#[derive(Args, Debug)]
pub struct Adopt {
    #[command(flatten)]
    which: Which,
    /// Only list the stacks, and the stores that deployed them
    #[arg(long)]
    dry_run: bool,
}

/// Which store.
#[derive(Args, Debug)]
pub struct Which {
    /// The store [default: the configuration's, or landfall.db]
    #[arg(long, value_name = "sqlite:FILE")]
    store: Option<String>,
    /// The operator's configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// A store and a copy of it.
#[derive(Args, Debug)]
pub struct Copy {
    /// File of the backup
    file: PathBuf,
    #[command(flatten)]
    which: Which,
}

impl Which {
    /// The store's name.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn url(&self) -> Result<String, Failure> {
        let config = Config::load(self.config.as_deref())?;
        Ok(self.store.clone().or(config.store).unwrap_or_else(|| wire::STORE.to_owned()))
    }
}

/// Runs one of them.
pub fn run(command: &StoreCommand) -> Outcome {
    let runtime = super::runtime()?;
    match command {
        StoreCommand::Verify(which) => runtime.block_on(verify(&which.url()?)),
        StoreCommand::Backup(copy) => runtime.block_on(backup(&copy.which.url()?, &copy.file)),
        StoreCommand::Restore(copy) => runtime.block_on(restore(&copy.which.url()?, &copy.file)),
        StoreCommand::Adopt(adopt) => runtime.block_on(super::adopt::adopt(&adopt.which.url()?, adopt.dry_run)),
    }
}

async fn verify(url: &str) -> Outcome {
    let store = wire::existing_store(url).await?;
    let verified = store.verify().await.doing(|| format!("cannot read the store {url}"))?;
    let place = store.whereabouts().await;
    store.close().await;
    if !verified.wrong.is_empty() {
        for wrong in &verified.wrong {
            output::data(&format!("wrong        {wrong}\n"))?;
        }
        let whole = verified.records;
        return Err(Failure::new(format!("the store {url} is damaged: only its first {whole} records are intact"))
            .help("stop the daemon and restore a backup with `landfall store restore FILE`"));
    }
    output::data(&format!("intact       {}\n", records(&verified)))?;
    if let Ok(Whereabouts::Elsewhere { was, is }) = place {
        output::data(&format!(
            "elsewhere    it was last used as {was}, and is now {is}: the next start asks AWS what happened\n"
        ))?;
    }
    Ok(Exit::Done)
}

/// How far a store goes.
fn records(verified: &Verified) -> String {
    match &verified.last {
        None => "no records".to_owned(),
        Some(last) => format!("{} records, the last of {}", verified.records, time::point(last.at)),
    }
}

async fn backup(url: &str, file: &Path) -> Outcome {
    let shown = file.display();
    if file.exists() {
        return Err(Failure::usage(format!("{shown} exists")).help("name a new file for the backup"));
    }
    if let Some(missing) = wire::missing_folder(file) {
        return Err(Failure::usage(format!("cannot write {shown}")).help(missing));
    }
    let store = wire::existing_store(url).await?;
    store.back_up(file).await.doing(|| format!("cannot back up the store {url} to {shown}"))?;
    store.close().await;
    let verified = check(file).await?;
    output::data(&format!("backed up    {url} to {shown}: {}\n", records(&verified)))?;
    Ok(Exit::Done)
}

/// That a backup is whole.
async fn check(file: &Path) -> Result<Verified, Failure> {
    let shown = file.display();
    if !file.is_file() {
        let what = if file.is_dir() { format!("{shown} is a folder") } else { format!("there is no file {shown}") };
        return Err(Failure::usage(what).help("name a file that `landfall store backup` wrote"));
    }
    let backup = wire::existing_store(&file.display().to_string()).await?;
    let verified = backup.verify().await.doing(|| format!("cannot read the backup {shown}"))?;
    backup.close().await;
    match verified.wrong.first() {
        None => Ok(verified),
        Some(wrong) => Err(Failure::new(format!("the backup {shown} is damaged: {wrong}"))
            .help("nothing was changed; use another backup")),
    }
}

async fn restore(url: &str, file: &Path) -> Outcome {
    let shown = file.display();
    let verified = check(file).await?;
    let alone = Alone::with(url)?;
    let place = alone.path();
    if file.canonicalize().is_ok_and(|file| file == place) {
        return Err(Failure::usage(format!("{shown} is the store itself")).help("name a backup of it"));
    }
    let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let new = PathBuf::from(format!("{}.restoring", place.display()));
    if file.canonicalize().is_ok_and(|file| new.canonicalize().is_ok_and(|new| new == file)) {
        return Err(Failure::usage(format!("{shown} is the name of a temporary file of the restore"))
            .help("give the backup another name"));
    }
    // A killed restore leaves it; no other restore runs while we have the lock.
    let _ = std::fs::remove_file(&new);
    // Made from the backup by SQLite, so that it is whole in one file, and says that it was made elsewhere.
    let backup = SqliteStore::read(&file.display().to_string()).await;
    let backup = backup.doing(|| format!("cannot open the backup {shown}"))?;
    backup.copy(&new, file).await.doing(|| format!("cannot copy the backup {shown} to {}", new.display()))?;
    backup.close().await;
    let aside = store::replace(place, &new, &stamp).await;
    let aside = aside.doing(|| format!("cannot put the backup in the place of {}", place.display()))?;
    let replaced = aside.map_or_else(String::new, |aside| format!("kept         {}\n", aside.display()));
    output::data(&format!("restored     {url} from {shown}: {}\n{replaced}", records(&verified)))?;
    output::progress("note         the next start asks AWS what happened since the backup, and takes nothing back");
    Ok(Exit::Done)
}
