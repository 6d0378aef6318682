//! An async runtime whose scheduler survives blocking calls.

// Every public path is made in this file. Under loom only the protocols are built.
mod primitive;

mod block_on;
mod idle;
mod park;
mod queue;
#[cfg(not(reference_runtime_loom))]
mod reactor;
mod runnable;
#[cfg(not(reference_runtime_loom))]
mod runtime;
#[cfg(not(reference_runtime_loom))]
mod scheduler;
#[cfg(reference_runtime_loom)]
mod scheduler {
    mod handoff;
}

#[cfg(not(reference_runtime_loom))]
pub mod net;
#[cfg(not(reference_runtime_loom))]
pub mod task;
#[cfg(not(reference_runtime_loom))]
pub mod time;

pub use park::{Parker, Unparker};
#[cfg(not(reference_runtime_loom))]
pub use runtime::{BlockedPoll, Builder, Entered, Handle, Metrics, Runtime, Stuck, Verdict, block_on};
