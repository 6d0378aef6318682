//! What a scheduler is built from.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::parts::Parts;
use super::reports::ReportHooks;
use crate::primitive::{Arc, before_user_code};

/// What a scheduler is built from.
pub(crate) struct Config {
    pub(crate) worker_threads: usize,
    /// At least one more than `worker_threads`: a lane needs a thread.
    pub(crate) max_threads: usize,
    pub(crate) thread_keep_alive: Duration,
    pub(crate) thread_name: String,
    pub(crate) thread_stack_size: Option<usize>,
    /// The time between two looks of the monitor at a worker that seems stuck. `None`: no monitor.
    pub(crate) handoff_after: Option<Duration>,
    pub(crate) learns: bool,
    /// Whether the monitor may ask the kernel about a thread. Off in tests of platforms where it cannot.
    pub(crate) asks_the_kernel: bool,
    pub(crate) hooks: Hooks,
    pub(crate) measures_polls: bool,
    /// Whether reports say where a poll came to after it had been found stuck.
    pub(crate) takes_backtraces: bool,
    /// Polls that last so long are told of on stderr. `None`: none are.
    pub(crate) lines_after: Option<Duration>,
    pub(crate) parts: Parts,
}

/// Functions of the user that are called now and then.
#[derive(Default, Clone)]
pub(crate) struct Hooks {
    pub(crate) on_thread_start: Option<ThreadHook>,
    pub(crate) on_thread_stop: Option<ThreadHook>,
    pub(crate) of_reports: ReportHooks,
}

type ThreadHook = Arc<dyn Fn() + Send + Sync>;

impl Hooks {
    pub(crate) fn call_on_start(&self) {
        Self::call(self.on_thread_start.as_deref());
    }

    pub(crate) fn call_on_stop(&self) {
        Self::call(self.on_thread_stop.as_deref());
    }

    /// A panic of the user's function has been printed; the thread goes on.
    fn call(hook: Option<&(dyn Fn() + Send + Sync)>) {
        let Some(hook) = hook else { return };
        before_user_code();
        let _ = catch_unwind(AssertUnwindSafe(hook));
    }
}
