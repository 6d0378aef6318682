//! Reports as events of the crate `tracing`, under the feature of that name.
//!
//! The events have the target `reference_runtime::blocked` and the level `WARN`. They come from the thread that also calls
//! hooks, so they reach the subscriber of the process, not one that is the default of some thread only.

#[cfg(feature = "tracing")]
mod events {
    use std::time::Duration;

    use tracing::level_filters::LevelFilter;
    use tracing::{Level, event};

    use super::super::report::BlockedPoll;
    use super::super::returned::ReturnedPoll;

    const TARGET: &str = "reference_runtime::blocked";

    /// Whether there may be a subscriber that takes events of this level. No code of users is called for the answer.
    pub(in crate::scheduler) fn is_wanted() -> bool {
        LevelFilter::current() >= LevelFilter::WARN
    }

    pub(in crate::scheduler) fn blocked(report: &BlockedPoll) {
        event!(
            target: TARGET,
            Level::WARN,
            task = %report.task().id(),
            name = report.task().name(),
            spawned_at = %report.spawned_at(),
            verdict = ?report.verdict(),
            lasts_us = micros(report.lasts()),
            cpu_us = report.cpu_time().map(micros),
            system_call = report.system_call().map(tracing::field::display),
            wait_channel = report.wait_channel(),
            threads_left = report.threads_left(),
            "{report}"
        );
    }

    pub(in crate::scheduler) fn returned(report: &ReturnedPoll) {
        event!(
            target: TARGET,
            Level::WARN,
            task = %report.task().id(),
            name = report.task().name(),
            spawned_at = %report.spawned_at(),
            verdict = ?report.verdict(),
            lasted_us = micros(report.lasted()),
            cpu_us = report.cpu_time().map(micros),
            "{report}"
        );
    }

    fn micros(time: Duration) -> u64 {
        u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(feature = "tracing")]
pub(super) use events::{blocked, is_wanted, returned};

#[cfg(not(feature = "tracing"))]
mod nowhere {
    use super::super::report::BlockedPoll;
    use super::super::returned::ReturnedPoll;

    pub(in crate::scheduler) fn is_wanted() -> bool {
        false
    }

    pub(in crate::scheduler) fn blocked(_: &BlockedPoll) {}

    pub(in crate::scheduler) fn returned(_: &ReturnedPoll) {}
}

#[cfg(not(feature = "tracing"))]
pub(super) use nowhere::{blocked, is_wanted, returned};
