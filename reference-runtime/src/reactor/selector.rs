//! What the operating system offers for waiting: the [`polling`] crate, and on Linux a shorter way to its events.
//!
//! [`polling`] knows the sockets on every platform. How one waits, how a wait is ended, and what a report says beside
//! its direction, differs: both files have the same items.

use std::time::{Duration, Instant};

#[cfg(target_os = "linux")]
#[path = "selector/epoll.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "selector/portable.rs"]
mod platform;

pub(super) use platform::{Reports, Selector};

/// No wait is longer than this. Some platforms refuse a time-out that does not fit their units, and one
/// needless return a day costs nothing.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Until when to wait.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Until {
    /// Only to look.
    #[default]
    Now,
    /// No longer than to this moment.
    Moment(Instant),
    /// Without limit.
    Event,
}

/// What happened to a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Report {
    /// Under which the source was added.
    pub(super) key: usize,
    pub(super) readable: bool,
    pub(super) writable: bool,
    /// There may be more to learn from reading than the data that is there now, and no further report may come for it: an
    /// end, an error, urgent data. Where the platform does not tell, always.
    pub(super) is_special: bool,
}
