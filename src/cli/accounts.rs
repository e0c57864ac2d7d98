//! `landfall verify` and `landfall iam`: what the targets need, looked at live, and the rights to ask for.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::ask::http_url;
use super::config::Config;
use super::exit::{Exit, Outcome};
use super::output::{self, Format};
use super::render::{known, load_folder};
use super::{iam, rights, verify, wire};
use crate::model::TargetName;

/// Options of `landfall verify`.
#[derive(Args, Debug)]
pub struct Verify {
    /// Folder of the repository
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Only this target
    #[arg(long)]
    target: Option<TargetName>,
    /// Look at an endpoint that speaks like AWS
    #[arg(long, value_name = "URL", value_parser = http_url)]
    endpoint: Option<String>,
    /// The operator's configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Options of `landfall iam`.
#[derive(Args, Debug)]
pub struct Iam {
    /// Folder of the repository
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// ARN of the identity that the daemon runs as [default: a text that says what to put there]
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,
}

/// Runs `landfall verify`.
pub fn verify(options: &Verify) -> Outcome {
    let loaded = load_folder(&options.dir)?;
    let catalog = &loaded.catalog;
    if let Some(target) = &options.target {
        known("target", target, catalog.targets.keys())?;
    }
    let config = Config::load(options.config.as_deref())?;
    rights::strict(&config)?;
    for warning in rights::warnings(&config, Some(catalog)) {
        output::progress(&format!("warning      {warning}"));
    }
    let cloud = wire::cloud(&config, options.endpoint.as_deref());
    let findings = super::runtime()?.block_on(verify::verify(&cloud, catalog, options.target.as_ref()));
    match options.format {
        Format::Json => output::json(&findings)?,
        Format::Terminal => {
            let mut text = String::new();
            for finding in &findings {
                let word = if finding.is_fine() { "fine" } else { "wrong" };
                let _ = writeln!(text, "{:<20} {word:<6} {}", finding.target, finding.sentence);
                if let Some(way_out) = &finding.way_out {
                    let _ = writeln!(text, "{:<20} {:<6} {way_out}", "", "");
                }
            }
            output::data(&text)?;
            verify::NOT_CHECKED.iter().for_each(|sentence| output::progress(sentence));
        }
    }
    Ok(match (findings.iter().all(verify::Finding::is_fine), loaded.has_errors()) {
        (false, _) => Exit::Failed,
        (true, true) => Exit::Problems,
        (true, false) => Exit::Done,
    })
}

/// Runs `landfall iam`.
pub fn iam(options: &Iam) -> Outcome {
    let loaded = load_folder(&options.dir)?;
    let policies = iam::policies(&loaded.catalog, options.principal.as_deref());
    let roles: Vec<_> = policies
        .roles
        .iter()
        .map(|role| {
            json!({
                "account": role.account, "role": role.role, "targets": role.targets,
                "permissions": role.permissions, "trust": role.trust,
            })
        })
        .collect();
    output::json(&json!({ "daemon": policies.daemon, "roles": roles, "notes": policies.notes }))?;
    policies.notes.iter().for_each(|note| output::progress(&format!("note         {note}")));
    Ok(if loaded.has_errors() { Exit::Problems } else { Exit::Done })
}
