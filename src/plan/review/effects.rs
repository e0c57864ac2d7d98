//! What an operation does to a stack, read from its documents before and after.

use crate::cfn::Given;
use crate::compare::ecs::{Tags, Words, tagged_words};
use crate::compare::{
    Exposure, Findings, ResourceChange, RightsChange, Risk, Size, exposure, resources, rights, risks, size,
};

/// Everything that two documents tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    /// What happens to its resources; unchanged ones are left out.
    pub resources: Vec<ResourceChange>,
    /// What changes in ECS, in words.
    pub words: Vec<Words>,
    /// Rights that it gives.
    pub rights: Vec<RightsChange>,
    /// What becomes reachable by everyone.
    pub exposure: Vec<Exposure>,
    /// What a reviewer must not overlook, the worst first.
    pub risks: Vec<Risk>,
    /// What its services take before.
    pub before: Size,
    /// What they take after.
    pub after: Size,
}

impl Effects {
    /// What leads from one document to another. Without one before, the stack is created; without one after, deleted.
    /// `tags` are those that the releases before and after record for their images.
    pub fn between(before: Option<Given<'_>>, after: Option<Given<'_>>, tags: [&Tags; 2]) -> Self {
        let resources = resources(before, after);
        let (rights, exposure) = (rights(before, after), exposure(before, after));
        let found = Findings { changes: &resources, rights: &rights, exposure: &exposure };
        Self {
            risks: risks(before, after, found),
            words: tagged_words(before, after, tags),
            before: size(before),
            after: size(after),
            resources,
            rights,
            exposure,
        }
    }
}
