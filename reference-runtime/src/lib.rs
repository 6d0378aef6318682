//! An async runtime whose scheduler survives blocking calls.

mod block_on;
mod park;
mod primitive;
// Until the executors use all of it.
#[allow(dead_code, unused_imports)]
mod queue;
mod runnable;

pub use block_on::block_on;
pub use park::{Parker, Unparker};
