//! Who wants to know of polls that are stuck, and how they are told.
//!
//! Hooks and subscribers of `tracing` are code of users: they may print, lock, and block. So they run on a thread of their
//! own, which starts with the first report, and the monitor only puts reports into a queue. If that is full, reports
//! are dropped and counted. Lines on stderr have a thread for the whole process ([`super::lines`]).

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::absence::Absence;
use super::lines;
use super::report::BlockedPoll;
use super::returned::ReturnedPoll;
use super::traced;
use crate::primitive::{Arc, AtomicU64, Condvar, Mutex, Ordering, before_user_code, lock, thread};

/// So many reports may wait for a hook that is slow.
const MOST_WAITING: usize = 1024;
/// How long the end of a runtime waits for lines on their way to stderr.
const LAST_LINES: Duration = Duration::from_millis(100);

type Hook<R> = dyn Fn(&R) + Send + Sync;

/// Functions of the user that are told of polls.
#[derive(Default, Clone)]
pub(crate) struct ReportHooks {
    pub(crate) on_blocked: Option<Arc<Hook<BlockedPoll>>>,
    pub(crate) on_returned: Option<Arc<Hook<ReturnedPoll>>>,
}

/// Where the reports of a scheduler go.
pub(crate) struct Reports {
    // Immutable:
    desk: Arc<Desk>,
    /// The name of its thread.
    name: String,
    /// Polls that last so long are told of on stderr.
    lines_after: Option<Duration>,

    thread: Mutex<Option<thread::JoinHandle<()>>>,
    /// Relaxed: read for people.
    dropped: AtomicU64,
}

/// What the thread has of it.
struct Desk {
    // Immutable:
    hooks: ReportHooks,

    mail: Mutex<Mail>,
    arrived: Condvar,
    ended: Condvar,
}

/// Guarded by [`Desk::mail`].
struct Mail {
    waiting: VecDeque<Report>,
    is_running: bool,
    is_closed: bool,
}

enum Report {
    Blocked(BlockedPoll),
    Returned(ReturnedPoll),
}

impl Reports {
    pub(crate) fn new(hooks: ReportHooks, lines_after: Option<Duration>, thread_name: &str) -> Self {
        let mail = Mail { waiting: VecDeque::new(), is_running: false, is_closed: false };
        let desk = Desk { hooks, mail: Mutex::new(mail), arrived: Condvar::new(), ended: Condvar::new() };
        Self {
            desk: Arc::new(desk),
            name: format!("{thread_name}-reports"),
            lines_after,
            thread: Mutex::new(None),
            dropped: AtomicU64::new(0),
        }
    }

    /// Whether anybody wants to know. If nobody does, the kernel is not asked for what only a report would say.
    pub(crate) fn is_wanted(&self) -> bool {
        let hooks = &self.desk.hooks;
        hooks.on_blocked.is_some()
            || hooks.on_returned.is_some()
            || self.lines_after.is_some()
            || traced::is_wanted()
    }

    /// Reports that were dropped because a hook was too slow, or because its thread could not be started.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// A poll was found stuck.
    pub(crate) fn blocked(&self, absence: &Arc<Absence>) {
        if self.desk.hooks.on_blocked.is_some() || traced::is_wanted() {
            self.send(Report::Blocked(absence.report.clone()));
        }
        if let Some(after) = self.lines_after {
            lines::watch(absence, after);
        }
    }

    /// A poll has come back that lasted long. `absence` is that of one that was found stuck.
    pub(crate) fn returned(&self, returned: ReturnedPoll, absence: Option<Arc<Absence>>) {
        if self.lines_after.is_some_and(|after| returned.lasted >= after) {
            lines::returned(returned.clone(), absence);
        }
        if self.desk.hooks.on_returned.is_some() || traced::is_wanted() {
            self.send(Report::Returned(returned));
        }
    }

    fn send(&self, report: Report) {
        {
            let mut mail = lock(&self.desk.mail);
            if mail.is_closed || mail.waiting.len() >= MOST_WAITING {
                drop(mail);
                self.dropped.fetch_add(1, Ordering::Relaxed);
                return;
            }
            mail.waiting.push_back(report);
            if mail.is_running {
                self.desk.arrived.notify_one();
                return;
            }
            mail.is_running = true;
        }
        if self.start().is_err() {
            let mut mail = lock(&self.desk.mail);
            mail.is_running = false;
            let waiting = std::mem::take(&mut mail.waiting);
            drop(mail);
            self.dropped.fetch_add(waiting.len() as u64, Ordering::Relaxed);
        }
    }

    fn start(&self) -> io::Result<()> {
        let desk = Arc::clone(&self.desk);
        let started = thread::Builder::new().name(self.name.clone()).spawn(move || desk.work())?;
        *lock(&self.thread) = Some(started);
        Ok(())
    }

    /// Ends the thread, after what waits has been told. `deadline` is how long to wait for that; hooks are code of users,
    /// and are waited for as polls are. Not on a worker or in a hook, which would wait for themselves.
    pub(crate) fn close(&self, waits: bool, deadline: Option<Instant>) {
        let mut mail = lock(&self.desk.mail);
        mail.is_closed = true;
        self.desk.arrived.notify_one();
        let thread = lock(&self.thread).take();
        let is_own = thread.as_ref().is_some_and(|thread| thread.thread().id() == thread::current().id());
        if !waits || is_own {
            return;
        }
        while mail.is_running {
            mail = match deadline {
                None => mail.wait(&self.desk.ended),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return;
                    }
                    mail.wait_timeout(&self.desk.ended, left)
                }
            };
        }
        drop(mail);
        if let Some(thread) = thread {
            // It has nothing left to do. Panics of hooks are caught where they are called.
            let _ = thread.join();
        }
        if self.lines_after.is_some() {
            lines::flush(LAST_LINES);
        }
    }
}

impl Desk {
    fn work(&self) {
        while let Some(report) = self.next() {
            before_user_code();
            match report {
                Report::Blocked(report) => {
                    traced::blocked(&report);
                    Self::call(self.hooks.on_blocked.as_deref(), &report);
                }
                Report::Returned(report) => {
                    traced::returned(&report);
                    Self::call(self.hooks.on_returned.as_deref(), &report);
                }
            }
        }
        self.ended.notify_all();
    }

    /// `None`: the runtime has ended, and so has this.
    fn next(&self) -> Option<Report> {
        let mut mail = lock(&self.mail);
        loop {
            if let Some(report) = mail.waiting.pop_front() {
                return Some(report);
            }
            if mail.is_closed {
                mail.is_running = false;
                return None;
            }
            mail = mail.wait(&self.arrived);
        }
    }

    /// A panic of the hook is caught: it has been printed, and says nothing about the runtime.
    fn call<R>(hook: Option<&Hook<R>>, report: &R) {
        if let Some(hook) = hook {
            let _ = catch_unwind(AssertUnwindSafe(|| hook(report)));
        }
    }
}
