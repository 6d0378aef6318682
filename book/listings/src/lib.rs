// ANCHOR: spinning
pub mod spinning;
pub mod until;
// ANCHOR_END: spinning

// ANCHOR: condvar_only
pub mod condvar_only;
pub mod watchdog;
// ANCHOR_END: condvar_only

// ANCHOR: block_on
pub mod block_on;
// ANCHOR_END: block_on

// ANCHOR: on_thread_park
pub mod on_thread_park;
// ANCHOR_END: on_thread_park

// ANCHOR: racy_bell
pub mod racy_bell;
// ANCHOR_END: racy_bell

// ANCHOR: bell
pub mod bell;
// ANCHOR_END: bell

// ANCHOR: thread_sleep
pub mod join_all;
pub mod thread_sleep;
// ANCHOR_END: thread_sleep

// ANCHOR: timer
pub mod timer;
// ANCHOR_END: timer

// ANCHOR: boxed
pub mod boxed;
// ANCHOR_END: boxed

// ANCHOR: executor
pub mod executor;
// ANCHOR_END: executor
