//! Linux: [`polling`] keeps the sockets in an epoll instance, and we wait on that instance ourselves.
//!
//! Its own wait takes five system calls, since it arms its timer and its notifier anew each time: two oneshot
//! descriptors with one key. Ours are in edge mode, so nothing is read and nothing armed again, and a wait is one system
//! call; two if the clock has to be set to another moment.
//!
//! The clock is a kernel timer on a descriptor, not the time-out of the wait: that may be late by the timer slack of the
//! thread, 50 µs by default, or a thousandth of itself, and a slack of ours would be inherited by threads of users.

use std::{io, mem::MaybeUninit, os::fd::OwnedFd, time::Instant};

use polling::{AsSource, Poller};
use rustix::{
    event::{
        EventfdFlags, PollFd, PollFlags, Timespec,
        epoll::{self, EventData, EventFlags},
        eventfd, poll,
    },
    time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime},
};

use super::{LONGEST_WAIT, Report, Until};

/// Keys that no source has: those are counted from zero. The highest is [`polling`]'s own.
const NOTIFIER: u64 = u64::MAX - 1;
const CLOCK: u64 = u64::MAX - 2;

/// As many reports come from one wait at most; others follow with the next. They are on the stack meanwhile: the
/// kernel's form of them is not for other threads.
const MOST_REPORTS: usize = 512;

const ZERO: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// Waits for events.
pub(in crate::reactor) struct Selector {
    poller: Poller,
    /// Each write to it is an event. Never read: it can count further than anybody could write.
    notifier: OwnedFd,
    /// Set only by who waits, see [`Reports::rings_at`].
    clock: OwnedFd,
}

/// What one wait reported, and what the next should know.
pub(in crate::reactor) struct Reports {
    list: Vec<Report>,
    /// What the clock is set to. One that rings before it has to is left alone: it ends one wait, while setting it each
    /// time a time limit is withdrawn would cost a system call for each.
    rings_at: Option<Instant>,
}

impl Selector {
    pub(in crate::reactor) fn new() -> io::Result<Selector> {
        let poller = Poller::new()?;
        let notifier = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let clock =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?;
        let edge = EventFlags::IN | EventFlags::ET;
        epoll::add(&poller, &notifier, EventData::new_u64(NOTIFIER), edge)?;
        epoll::add(&poller, &clock, EventData::new_u64(CLOCK), edge)?;
        Ok(Selector { poller, notifier, clock })
    }

    /// The poller that sockets are added to and deleted from.
    pub(in crate::reactor) fn poller(&self) -> &Poller {
        &self.poller
    }

    /// Has the end of what can be read reported as well, on a source that was added for both directions in edge mode:
    /// without it, an end that comes with the last data cannot be told from data alone, and [`Report::is_special`] could
    /// not be false. The poller has no name for it.
    ///
    /// If the source is ready by now, it is reported again, so no end is missed between its addition and this.
    pub(in crate::reactor) fn report_its_end(&self, source: impl AsSource, key: usize) -> io::Result<()> {
        let both = EventFlags::IN | EventFlags::OUT | EventFlags::PRI | EventFlags::RDHUP;
        Ok(epoll::modify(
            &self.poller,
            source.source(),
            EventData::new_u64(key as u64),
            both | EventFlags::ET,
        )?)
    }

    /// Ends the wait that is under way; without one, the next ends at once.
    pub(in crate::reactor) fn notify(&self) {
        // The only failure of ours would be a count that is full: that is an event too.
        let _ = rustix::io::write(&self.notifier, &1_u64.to_ne_bytes());
    }

    /// Whether a wait would return at once; consumes nothing. `None` if that cannot be told.
    pub(in crate::reactor) fn has_reports(&self) -> Option<bool> {
        let mut descriptors = [PollFd::new(&self.poller, PollFlags::IN)];
        loop {
            match poll(&mut descriptors, Some(&ZERO)) {
                Ok(count) => return Some(count > 0),
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return None,
            }
        }
    }

    /// Waits for reports, a notification, or the end of the time; may also return for no reason.
    pub(in crate::reactor) fn wait(&self, reports: &mut Reports, until: Until) -> io::Result<()> {
        reports.list.clear();
        if let Until::Moment(moment) = until {
            self.set_clock(reports, moment)?;
        }
        let timeout = (until == Until::Now).then_some(&ZERO);
        let mut events = [const { MaybeUninit::uninit() }; MOST_REPORTS];
        let (events, _) = epoll::wait(&self.poller, &mut events, timeout)?;
        for event in events {
            match event.data.u64() {
                NOTIFIER => {}
                CLOCK => reports.rings_at = None,
                key => reports.list.push(report(key as usize, event.flags)),
            }
        }
        Ok(())
    }

    fn set_clock(&self, reports: &mut Reports, moment: Instant) -> io::Result<()> {
        if reports.rings_at.is_some_and(|rings_at| rings_at <= moment) {
            return Ok(());
        }
        let now = Instant::now();
        let moment = moment.min(now + LONGEST_WAIT);
        let left = moment.saturating_duration_since(now);
        // A timer set to zero is cleared, and would not ring.
        let nanos = left.subsec_nanos().max(u32::from(left.as_secs() == 0));
        let value = Timespec { tv_sec: left.as_secs() as _, tv_nsec: nanos as _ };
        let timer = Itimerspec { it_interval: ZERO, it_value: value };
        timerfd_settime(&self.clock, TimerfdTimerFlags::empty(), &timer)?;
        reports.rings_at = Some(moment);
        Ok(())
    }
}

/// The flags mean what they mean to [`polling`], but for those that make a report special.
fn report(key: usize, flags: EventFlags) -> Report {
    const SPECIAL: EventFlags =
        EventFlags::RDHUP.union(EventFlags::HUP).union(EventFlags::ERR).union(EventFlags::PRI);
    const WRITE: EventFlags = EventFlags::OUT.union(EventFlags::HUP).union(EventFlags::ERR);
    Report {
        key,
        readable: flags.intersects(EventFlags::IN.union(SPECIAL)),
        writable: flags.intersects(WRITE),
        is_special: flags.intersects(SPECIAL),
    }
}

impl Reports {
    pub(in crate::reactor) fn new() -> Reports {
        Reports { list: Vec::new(), rings_at: None }
    }

    pub(in crate::reactor) fn iter(&self) -> impl Iterator<Item = Report> {
        self.list.iter().copied()
    }
}
