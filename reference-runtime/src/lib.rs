//! An async runtime whose scheduler survives blocking calls.

mod primitive;
mod runnable;
