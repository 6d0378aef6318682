//! An async runtime whose scheduler survives blocking calls.

mod primitive;
#[cfg(not(reference_runtime_loom))]
mod reactor;
#[cfg(not(reference_runtime_loom))]
mod runtime;

#[cfg(not(reference_runtime_loom))]
pub mod net;
#[cfg(not(reference_runtime_loom))]
pub mod time;

#[cfg(not(reference_runtime_loom))]
pub use runtime::{block_on, task};
