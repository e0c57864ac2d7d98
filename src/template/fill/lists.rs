//! Lists of strings, of ids for the most part: the step's own or the target's, each of its kind, and as many as are taken.

use std::collections::HashSet;

use crate::model::process::{IdOf, Text};

use super::super::codes;
use super::super::shape::{Leaves, NetworkIds};
use super::{Filler, made_of};

impl Filler<'_> {
    pub(super) fn leaves(&mut self, leaves: &Leaves) -> Vec<String> {
        match leaves {
            Leaves::Texts(texts) => self.list(texts),
            Leaves::Arns(texts) => {
                let arns = self.list(texts);
                if let Some(first) = texts.first() {
                    arns.iter().for_each(|arn| drop(self.in_partition(arn.clone(), first)));
                }
                arns
            }
            Leaves::Buckets(texts) => {
                let mut buckets: Vec<String> = Vec::new();
                for (bucket, _) in texts.iter().filter_map(|text| self.object_arn(text)) {
                    if !buckets.contains(&bucket) {
                        buckets.push(bucket);
                    }
                }
                buckets
            }
            Leaves::SecretRights(text) => self.secret_rights(text).into_iter().collect(),
            Leaves::Network(ids, texts) => {
                let found = self.ids(texts.as_deref(), ids.of());
                self.count(*ids, found)
            }
        }
    }

    pub(super) fn list(&mut self, texts: &[Text]) -> Vec<String> {
        if !texts.first().is_none_or(|text| self.goes_on(text.at())) {
            return Vec::new();
        }
        let filled = self.values.list(texts);
        let filled = self.keep(filled).unwrap_or_default();
        // An empty element is two quotes and a comma.
        self.filled += filled.iter().map(|item| item.len() + 3).sum::<usize>();
        filled
    }

    /// Checks how many there are.
    pub(super) fn count<T>(&mut self, ids: NetworkIds, found: Vec<T>) -> Vec<T> {
        let (taken, taker) = ids.taken();
        // A list that could not be filled is a problem already.
        if !taken.contains(&found.len()) && self.problems.is_empty() {
            let (context, count, what) = (self.context, found.len(), ids.of().words());
            let title = format!(
                "step `{}` has {count} {what}s on target `{}`, and {taker} accepts {} to {}",
                context.step.name,
                context.target.name,
                taken.start(),
                taken.end()
            );
            let help = "change them under `[network]` of the target, or in the step".to_owned();
            self.problem(codes::NETWORK_SIZE, title, &context.step.at, Some(help));
        }
        found
    }

    /// The id of something.
    pub(super) fn id(&mut self, text: &Text, of: IdOf) -> Option<String> {
        let id = self.text(text)?;
        self.is_id(&id, text, of).then_some(id)
    }

    fn is_id(&mut self, id: &str, text: &Text, of: IdOf) -> bool {
        let fits = id.strip_prefix(of.begins()).is_some_and(|rest| made_of(rest, ""));
        if !fits {
            let title = format!("`{}` does not give the id of a {}: `{}…`", text.raw(), of.words(), of.begins());
            self.problem(id_code(of), title, text.at(), None);
        }
        fits
    }

    /// The step's ids, or the target's, which were judged when they were read.
    fn ids(&mut self, texts: Option<&[Text]>, of: IdOf) -> Vec<String> {
        let network = &self.context.target.network;
        let own = if of == IdOf::Subnet { &network.subnets } else { &network.security_groups };
        let Some(texts) = texts else { return own.iter().map(ToString::to_string).collect() };
        let ids = self.list(texts);
        let Some(first) = texts.first() else { return ids };
        let mut seen = HashSet::new();
        for id in &ids {
            if !self.is_id(id, first, of) {
                break;
            }
            if !seen.insert(id) {
                let title = format!("`{}` gives the {} `{id}` twice", first.raw(), of.words());
                self.problem(id_code(of), title, first.at(), None);
                break;
            }
        }
        ids
    }
}

/// The code of an id that is none.
pub(super) fn id_code(of: IdOf) -> &'static str {
    match of {
        IdOf::FileSystem | IdOf::AccessPoint => codes::EFS_ID,
        IdOf::Vpc | IdOf::Subnet | IdOf::SecurityGroup | IdOf::Namespace => codes::RESOURCE_ID,
    }
}
