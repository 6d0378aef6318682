//! An async runtime whose scheduler survives blocking calls.

mod primitive;
#[cfg(not(reference_runtime_loom))]
mod reactor;
