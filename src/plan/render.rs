//! What the planner asks of whoever renders: `template/` with a cache, or a test.

use std::sync::Arc;

use crate::template::{Context, RenderProblem, Rendered};

/// Renders stacks. The same context must give the same result.
pub trait Render {
    /// The content of one stack, or every reason why it cannot be made.
    fn render(&mut self, context: &Context<'_>) -> Arc<Result<Rendered, Vec<RenderProblem>>>;
}

impl Render for crate::template::Cache {
    fn render(&mut self, context: &Context<'_>) -> Arc<Result<Rendered, Vec<RenderProblem>>> {
        crate::template::Cache::render(self, context)
    }
}
