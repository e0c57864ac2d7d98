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
    /// Use this endpoint instead of AWS
    #[arg(long, value_name = "URL", value_parser = http_url)]
    endpoint: Option<String>,
    /// The operator's configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Options of `landfall iam`.
#[derive(Args, Debug)]
pub struct Iam {
    /// Folder of the repository
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// ARN of the daemon's own identity [default: a placeholder to replace]
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
                let word = match finding {
                    fine if fine.is_fine() => "fine",
                    unseen if unseen.unseen => "unseen",
                    _ => "wrong",
                };
                let _ = writeln!(text, "{:<20} {word:<6} {}", finding.target, finding.sentence);
                if let Some(way_out) = &finding.way_out {
                    let _ = writeln!(text, "{:<20} {:<6} {way_out}", "", "");
                }
            }
            output::data(&text)?;
            verify::NOT_CHECKED.iter().for_each(|sentence| output::progress(sentence));
        }
    }
    Ok(match loaded.has_errors() {
        _ if findings.iter().any(verify::Finding::is_wrong) => Exit::Failed,
        true => Exit::Problems,
        false if findings.iter().any(|finding| finding.unseen) => Exit::Unseen,
        false => Exit::Done,
    })
}

/// Runs `landfall iam`.
pub fn iam(options: &Iam) -> Outcome {
    let loaded = load_folder(&options.dir)?;
    let policies = iam::policies(&loaded.catalog, options.principal.as_deref());
    let command = format!("landfall iam {}", options.dir.display());
    let daemon = iam::split::split(&policies.daemon);
    let mut attach = attached(&command, ".daemon", "landfall-daemon", daemon.len(), options.principal.as_deref());
    let mut roles = Vec::new();
    for (at, role) in policies.roles.iter().enumerate() {
        let permissions = iam::split::split(&role.permissions);
        let path = format!(".roles[{at}].permissions");
        attach.extend(attached(&command, &path, &name_of(&role.role), permissions.len(), Some(&role.role)));
        roles.push(json!({
            "account": role.account, "role": role.role, "targets": role.targets,
            "permissions": permissions, "trust": role.trust,
        }));
    }
    output::json(&json!({ "daemon": daemon, "roles": roles, "attach": attach, "notes": policies.notes }))?;
    attach.iter().for_each(|line| output::progress(&format!("attach       {line}")));
    policies.notes.iter().for_each(|note| output::progress(&format!("note         {note}")));
    Ok(if loaded.has_errors() { Exit::Problems } else { Exit::Done })
}

/// The name of a role, from its ARN.
fn name_of(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}

/// The commands that make the policies at a path of the printed JSON and attach them to a role. They run with credentials of
/// the role's account.
fn attached(command: &str, path: &str, name: &str, policies: usize, role: Option<&str>) -> Vec<String> {
    let (whose, account) = match role.map(|arn| (name_of(arn), arn.split(':').nth(4))) {
        Some((name, Some(account))) => (name, account.to_owned()),
        _ => ("ROLE".to_owned(), "ACCOUNT".to_owned()),
    };
    let partition = role.and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws");
    let each = (0..policies).flat_map(|at| {
        let policy = format!("{name}-{}", at + 1);
        [
            format!("{command} | jq '{path}[{at}]' > {policy}.json"),
            format!("aws iam create-policy --policy-name {policy} --policy-document file://{policy}.json"),
            format!(
                "aws iam attach-role-policy --role-name {whose} --policy-arn arn:{partition}:iam::{account}:policy/{policy}"
            ),
        ]
    });
    each.collect()
}
