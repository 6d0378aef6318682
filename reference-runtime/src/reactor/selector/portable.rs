//! Every platform but Linux: [`polling`] as it is.

use std::{
    io,
    time::{Duration, Instant},
};

use polling::{AsSource, Events, Poller};

use super::{LONGEST_WAIT, Report, Until};

/// Waits for events.
pub(in crate::reactor) struct Selector {
    poller: Poller,
}

/// What one wait reported.
pub(in crate::reactor) struct Reports {
    events: Events,
}

impl Selector {
    pub(in crate::reactor) fn new() -> io::Result<Selector> {
        Ok(Selector { poller: Poller::new()? })
    }

    /// The poller that sockets are added to and deleted from.
    pub(in crate::reactor) fn poller(&self) -> &Poller {
        &self.poller
    }

    /// Nothing to do: what is reported here never says that it is all there is, see [`Report::is_special`].
    pub(in crate::reactor) fn report_its_end(&self, _: impl AsSource, _: usize) -> io::Result<()> {
        Ok(())
    }

    /// Ends the wait that is under way; without one, the next ends at once.
    pub(in crate::reactor) fn notify(&self) {
        // The only documented failure is that of a closed poller, and ours is open as long as we are.
        let _ = self.poller.notify();
    }

    /// Whether a wait would return at once; consumes nothing. `None` where that cannot be told.
    pub(in crate::reactor) fn has_reports(&self) -> Option<bool> {
        look_at(&self.poller)
    }

    /// Waits for reports, a notification, or the end of the time; may also return for no reason.
    pub(in crate::reactor) fn wait(&self, reports: &mut Reports, until: Until) -> io::Result<()> {
        reports.events.clear();
        let timeout = match until {
            // A look that finds nothing is the common one, and takes fewer system calls than a wait.
            Until::Now if self.has_reports() == Some(false) => return Ok(()),
            Until::Now => Duration::ZERO,
            Until::Moment(moment) => moment.saturating_duration_since(Instant::now()).min(LONGEST_WAIT),
            Until::Event => LONGEST_WAIT,
        };
        self.poller.wait(&mut reports.events, Some(timeout)).map(|_| ())
    }
}

impl Reports {
    pub(in crate::reactor) fn new() -> Reports {
        Reports { events: Events::new() }
    }

    pub(in crate::reactor) fn iter(&self) -> impl Iterator<Item = Report> {
        self.events.iter().map(|event| Report {
            key: event.key,
            readable: event.readable,
            writable: event.writable,
            is_special: true,
        })
    }
}

#[cfg(any(target_os = "android", target_os = "freebsd", target_vendor = "apple"))]
fn look_at(poller: &Poller) -> Option<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let mut descriptors = [PollFd::new(poller, PollFlags::IN)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    loop {
        match poll(&mut descriptors, Some(&at_once)) {
            Ok(count) => return Some(count > 0),
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return None,
        }
    }
}

#[cfg(not(any(target_os = "android", target_os = "freebsd", target_vendor = "apple")))]
fn look_at(_: &Poller) -> Option<bool> {
    None
}
