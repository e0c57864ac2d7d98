//! The engine: carries out a plan, survives being killed, and continues where it stopped.
//!
//! [`Engine`] is the driver. It owns a lease on the store, replays the journal when it is opened, and then alternates
//! between two calls: [`Engine::carry_out`] begins the operations of a plan, [`Engine::advance`] moves everything in
//! flight as far as it can go without waiting. What to do next is decided by the pure state machine in `machine/`
//! alone; the driver reads, journals and calls. It journals each intent before the call and each reply after it.
//! Dropping a future of the engine at any point is therefore like a crash, and the next [`Engine::open`] recovers.
//!
//! Deliberately absent: clocks and sleeping (times come in, [`Progress::look_again`] goes out), spawned tasks
//! (different stacks are moved concurrently inside one future), and any choice of what to deploy.

mod cause;
mod driver;
mod inspect;
mod log;
mod machine;
mod meet;
mod mistakes;
mod outage;
mod token;
mod turn;
pub mod whose;

pub use driver::{Engine, EngineError, Progress};
pub use inspect::Inspection;
pub use meet::Meeting;
pub use mistakes::Mistake;
