//! An async runtime whose scheduler survives blocking calls.

mod park;
mod primitive;
mod runnable;

pub use park::{Parker, Unparker};
