//! The engine: carries out a plan, survives being killed, and goes on where it was.
//!
//! [`Engine`] is the driver. It owns a lease on the store, replays the journal when it is opened, and then alternates
//! between two calls: [`Engine::carry_out`] begins what a plan says, [`Engine::advance`] moves everything in flight as far
//! as it can go without waiting. What to do next is decided by the pure state machine in `machine/` alone; the driver
//! reads, journals and calls. Intents are journaled before their calls and replies after them, so that dropping a future
//! of the engine at any point is a crash that the next [`Engine::open`] recovers from.
//!
//! Deliberately absent: clocks and sleeping (times come in, [`Progress::look_again`] goes out), spawned tasks (different
//! stacks are moved concurrently inside one future), and any choice of what to deploy.

mod cause;
mod driver;
mod log;
mod machine;
mod meet;
mod mistakes;
mod outage;
mod token;
mod turn;
mod whose;

pub use driver::{Engine, EngineError, Progress};
pub use meet::Meeting;
pub use mistakes::Mistake;
