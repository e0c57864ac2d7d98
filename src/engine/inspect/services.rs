//! Services, compared with what ECS told of them when their deployment was proved. Costs one call for ten services of a cluster, and
//! two more for a service with another task definition, which tell in what it differs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Found, Look, Looked, Subject};
use crate::cloud::Result;
use crate::model::drift::{DriftSource, Drifted, ServiceLeft, ServiceSettings, differences};
use crate::model::facts::StackPut;

/// The type of what ECS is asked about.
const SERVICE: &str = "AWS::ECS::Service";

/// The setting that names a task definition.
const DEFINITION: &str = "TaskDefinition";

impl Look<'_> {
    pub(super) async fn services(self, subjects: &[Subject<'_>], looked: &mut Looked) {
        let puts: Vec<&StackPut> = subjects.iter().filter_map(|subject| subject.put).collect();
        let arns: Vec<Arc<str>> = puts.iter().flat_map(|put| put.services.keys().cloned()).collect();
        let told = match arns.is_empty() {
            true => Ok(BTreeMap::new()),
            false => self.engine.cloud.settings(self.at, &arns).await,
        };
        let told = match told {
            Ok(told) => told,
            Err(error) => return looked.failed(error),
        };
        for put in puts {
            let mut items = Vec::new();
            for (arn, left) in &put.services {
                let mut own = service(arn, left, told.get(arn));
                if let Err(error) = self.definition(put, &mut own).await {
                    looked.failed(error);
                }
                items.append(&mut own);
            }
            items.sort();
            let key = (put.place.clone(), put.stack.clone());
            looked.found.push(Found { items, ..Found::nothing(key, DriftSource::Services) });
        }
    }

    /// Adds in what the task definition of a service differs from the one that it had. What an earlier look added is not read again.
    async fn definition(self, put: &StackPut, items: &mut Vec<Drifted>) -> Result<()> {
        let Some(item) = items.iter().find(|item| item.path == DEFINITION).cloned() else { return Ok(()) };
        let known = self.rows.get(&(&put.place, &put.stack, DriftSource::Services));
        let known = known.into_iter().flat_map(|row| &row.items).map(|(known, _)| known);
        let known: Vec<&Drifted> = known.filter(|known| known.resource == item.resource).collect();
        let below = |known: &&&Drifted| known.path.strip_prefix(DEFINITION).is_some_and(|rest| rest.starts_with('/'));
        if known.contains(&&item) && known.iter().any(|known| below(&known)) {
            items.extend(known.iter().filter(below).map(|known| (*known).clone()));
            return Ok(());
        }
        let (Some(was), Some(is)) = (&item.was, &item.is) else { return Ok(()) };
        let was = self.engine.cloud.task_definition(self.at, was).await?;
        let is = self.engine.cloud.task_definition(self.at, is).await?;
        if let (Some(was), Some(is)) = (was, is) {
            differences((&item.resource, &item.kind), DEFINITION, Some(&was), Some(&is), items);
        }
        Ok(())
    }
}

/// Where a service differs; none as settings means that it is gone. A count that was left out when it was proved is one that
/// scaling sets.
fn service(arn: &Arc<str>, left: &ServiceLeft, now: Option<&ServiceSettings>) -> Vec<Drifted> {
    let (resource, kind): (Arc<str>, Arc<str>) = (left.resource.clone(), SERVICE.into());
    let Some(now) = now else {
        return vec![Drifted { resource, kind, path: String::new(), was: Some(arn.to_string()), is: None }];
    };
    let mut items = Vec::new();
    let names: BTreeSet<&String> = left.settings.keys().chain(now.keys()).collect();
    for name in names {
        let was = left.settings.get(name);
        if was.is_some() || name != "DesiredCount" {
            differences((&resource, &kind), name, was, now.get(name), &mut items);
        }
    }
    items
}
