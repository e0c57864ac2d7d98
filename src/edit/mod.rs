//! A file and an intention → the edited text, with comments, layout, line ends and a byte order mark kept; no I/O.
//!
//! Commands write with it: pins and allowances of deploy files, new releases and their snapshots, steps that become templates.
//! Deliberately absent: reading files, checking whether what is written makes sense (`load/` does, on the result), and
//! anything about git.

mod convert;
mod drift;
mod layout;
mod release;

use std::sync::Arc;

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, value};

use crate::model::catalog::{Gate, Pin};
use crate::model::{StackName, StepName, TenantName};

pub use convert::{Converted, NewStep, convert};
pub use drift::{PatchEdit, ValueScope, literal, patch, property, spliced, variable};
pub use release::{NewRelease, snapshot};

/// Why a file cannot be edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It is not TOML.
    #[error("the file is not TOML")]
    Toml(#[from] toml_edit::TomlError),
    /// The key exists and is something else.
    #[error("`{0}` in the file is not {1}")]
    Unexpected(&'static str, &'static str),
    /// The process has no such step.
    #[error("the file has no [[step]] named `{0}`")]
    NoStep(StepName),
}

/// An allowance to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAllowance {
    /// The gate, as `what` of an `[[allow]]` names it.
    pub what: Gate,
    /// For this stack only.
    pub stack: Option<StackName>,
    /// For this tenant only.
    pub tenant: Option<TenantName>,
    /// For this plan only.
    pub plan: Option<Arc<str>>,
    /// Why.
    pub reason: String,
    /// Until the end of this day, UTC.
    pub until: Option<jiff::civil::Date>,
}

impl NewAllowance {
    fn table(&self) -> Table {
        let mut table = Table::new();
        table.insert("what", value(self.what.as_str()));
        if let Some(stack) = &self.stack {
            table.insert("stack", value(stack.as_str()));
        }
        if let Some(tenant) = &self.tenant {
            table.insert("tenant", value(tenant.as_str()));
        }
        if let Some(plan) = &self.plan {
            table.insert("plan", value(&**plan));
        }
        table.insert("reason", value(&self.reason));
        if let Some(until) = self.until {
            let date = toml_edit::Date {
                year: u16::try_from(until.year()).unwrap_or_default(),
                month: u8::try_from(until.month()).unwrap_or_default(),
                day: u8::try_from(until.day()).unwrap_or_default(),
            };
            table.insert("until", value(toml_edit::Datetime { date: Some(date), time: None, offset: None }));
        }
        table
    }

    /// The `[[allow]]` lines.
    pub fn lines(&self) -> String {
        let mut all = ArrayOfTables::new();
        all.push(self.table());
        let mut document = DocumentMut::new();
        document.insert("allow", Item::ArrayOfTables(all));
        document.to_string()
    }
}

/// Adds an `[[allow]]` at the end of a deploy file; `text` is empty if there is no file yet.
pub fn allow(text: &str, allowance: &NewAllowance) -> Result<String, EditError> {
    let mut document: DocumentMut = layout::plain(text).parse()?;
    let separated = text.is_empty();
    let item = document.entry("allow").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let Item::ArrayOfTables(all) = item else {
        return Err(EditError::Unexpected("allow", "a list of tables written as [[allow]]"));
    };
    let mut table = allowance.table();
    if !separated {
        table.decor_mut().set_prefix("\n");
    }
    all.push(table);
    Ok(layout::like(text, &document.to_string()))
}

/// Makes a deploy file pin a release, or `"none"`: for the environment, or for one tenant in it. `text` is empty if there
/// is no file yet.
///
/// # Errors
/// The file is not TOML, or has something else under the key.
pub fn pin(text: &str, tenant: Option<&TenantName>, pin: &Pin) -> Result<String, EditError> {
    let mut document: DocumentMut = layout::plain(text).parse()?;
    let release = match pin {
        Pin::Release(release) => release.as_str(),
        Pin::None => "none",
    };
    let (table, key, named): (&mut dyn TableLike, &str, &'static str) = match tenant {
        None => (document.as_table_mut(), "release", "release"),
        Some(tenant) => {
            let item = document.entry("tenants").or_insert_with(|| {
                let mut table = Table::new();
                if !text.trim().is_empty() {
                    table.decor_mut().set_prefix("\n");
                }
                Item::Table(table)
            });
            let unexpected = EditError::Unexpected("tenants", "a table of tenants and releases");
            (item.as_table_like_mut().ok_or(unexpected)?, tenant.as_str(), "tenants")
        }
    };
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            let decor = old.decor().clone();
            *old = toml_edit::Value::from(release);
            *old.decor_mut() = decor;
        }
        Some(_) => return Err(EditError::Unexpected(named, "the name of a release")),
        None => {
            table.insert(key, value(release));
        }
    }
    Ok(layout::like(text, &document.to_string()))
}
