//! An async runtime whose scheduler survives blocking calls.

// Until the executors and the public `task` module use all of these.
#[allow(dead_code, unused_imports)]
mod primitive;
#[allow(dead_code, unreachable_pub, unused_imports)]
mod runnable;
