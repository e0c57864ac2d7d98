//! Keys of KMS in rights.

use crate::model::process::Text;

use super::super::codes;
use super::{Filler, made_of};

impl Filler<'_> {
    /// The ARN of a key that is given by its ARN, or by its id in the target's account and region.
    pub(super) fn key_arn(&mut self, text: &Text) -> Option<String> {
        let written = self.text(text)?;
        let parts: Vec<&str> = written.splitn(6, ':').collect();
        let id = match parts.as_slice() {
            ["arn", _, "kms", region, account, key] if !region.is_empty() && !account.is_empty() => {
                key.strip_prefix("key/")
            }
            _ => Some(written.as_str()),
        };
        if !id.is_some_and(|id| made_of(id, "-")) || !made_of(&written, ":/-") {
            let title = format!("`{}` does not give the id or the ARN of a key of KMS", text.raw());
            let help = "like arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000; an alias begins \
                        with `alias/`, written here and not in a variable";
            self.problem(codes::KEY, title, text.at(), Some(help.to_owned()));
            return None;
        }
        let given = id.is_some_and(|id| id.len() < written.len());
        if given {
            return self.in_partition(written, text);
        }
        Some(format!("{}:key/{written}", self.arn_prefix("kms")))
    }

    /// The alias of a key.
    pub(super) fn key_alias(&mut self, text: &Text) -> Option<String> {
        let written = self.text(text)?;
        if !written.strip_prefix("alias/").is_some_and(|name| made_of(name, "/_-")) {
            let title = format!("`{}` does not give the alias of a key of KMS", text.raw());
            self.problem(codes::KEY, title, text.at(), None);
            return None;
        }
        Some(written)
    }
}
