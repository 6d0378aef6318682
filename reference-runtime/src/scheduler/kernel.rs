//! What the kernel says of a thread: does it sleep, does it compute, or does it wait for a processor core?
//!
//! On Linux two files of `/proc` answer, `stat` with the state and `schedstat` with the processor time. Both are kept
//! open and read at offset 0, for 1 to 4 µs each, without privileges. Elsewhere, and where `/proc` cannot be read,
//! there is no answer, and the monitor goes by time alone.

use std::time::Duration;

pub(crate) use platform::Thread;

use super::system_call::SystemCall;

/// What a thread sleeps in, as far as the kernel tells.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Sleep {
    /// `None`: in a page fault, or not told.
    pub(crate) system_call: Option<SystemCall>,
    /// The function of the kernel in which it sleeps.
    pub(crate) wait_channel: Option<String>,
}

/// What the kernel says of a thread at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
pub(crate) enum Sign {
    /// It sleeps, in a system call or a page fault.
    Sleeping,
    /// It runs or waits for a core, and has used this much processor time since it started. The figure moves in steps
    /// of the kernel's clock tick, 1 to 10 ms, while the thread runs.
    Runnable(Duration),
    /// No answer.
    Silent,
}

/// How a worker's thread is found again: made by the thread itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadId(#[cfg_attr(not(target_os = "linux"), allow(dead_code))] u32);

impl ThreadId {
    /// Of the calling thread.
    pub(crate) fn current() -> Self {
        platform::current_thread()
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use std::fs::File;
    use std::os::unix::fs::FileExt;
    use std::time::Duration;

    use super::{Sign, Sleep, SystemCall, ThreadId};

    /// The numbers in `schedstat`: nanoseconds on a core, and nanoseconds in the queue for one.
    const ON_A_CORE: usize = 0;
    const WAITING_FOR_A_CORE: usize = 1;

    /// A thread of this process, with its files open.
    pub(crate) struct Thread {
        id: ThreadId,
        stat: Option<File>,
        schedstat: Option<File>,
    }

    pub(super) fn current_thread() -> ThreadId {
        ThreadId(rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs())
    }

    impl Thread {
        pub(crate) fn open(id: ThreadId) -> Self {
            Self { id, stat: open(id, "stat"), schedstat: open(id, "schedstat") }
        }

        // ANCHOR: sign
        pub(crate) fn sign(&self) -> Sign {
            let Some(state) = self.stat.as_ref().and_then(state) else { return Sign::Silent };
            match state {
                // S: sleeps. D: sleeps in a disk read or alike. The kernel has more letters for sleeps that do not
                // concern a thread of ours (I: an idle kernel thread; T, t: stopped, as then the monitor is too).
                b'S' | b'D' => Sign::Sleeping,
                b'R' => self.time(ON_A_CORE).map_or(Sign::Silent, Sign::Runnable),
                _ => Sign::Silent,
            }
        }
        // ANCHOR_END: sign

        /// How long it could have run and had to wait for a core, since it started.
        pub(crate) fn waited_for_a_core(&self) -> Option<Duration> {
            self.time(WAITING_FOR_A_CORE)
        }

        /// How long it has been on a core since it started. Exact while it sleeps; while it runs, as of the kernel's last
        /// clock tick.
        pub(crate) fn used(&self) -> Option<Duration> {
            self.time(ON_A_CORE)
        }

        /// What it sleeps in at this moment. Asked about rarely, so these files are not kept open.
        pub(crate) fn sleep(&self) -> Sleep {
            let mut bytes = [0; 256];
            let mut read = |file: &str| {
                let read = open(self.id, file)?.read_at(&mut bytes, 0).ok()?;
                std::str::from_utf8(&bytes[..read]).ok().map(str::trim_end).map(str::to_owned)
            };
            // `running`, or -1 in a page fault, or the number of the call, and its arguments.
            let number = read("syscall").and_then(|line| line.split(' ').next()?.parse().ok());
            // 0: in none, or it is not for us to know.
            let wait_channel = read("wchan").filter(|name| name != "0" && !name.is_empty());
            Sleep { system_call: number.map(SystemCall::new), wait_channel }
        }

        /// One of the times of `schedstat`.
        fn time(&self, place: usize) -> Option<Duration> {
            let mut bytes = [0; 64];
            let read = self.schedstat.as_ref()?.read_at(&mut bytes, 0).ok()?;
            let digits = bytes[..read].split(|byte| !byte.is_ascii_digit()).nth(place)?;
            let nanos = std::str::from_utf8(digits).ok()?.parse().ok()?;
            Some(Duration::from_nanos(nanos))
        }
    }

    fn open(ThreadId(id): ThreadId, file: &str) -> Option<File> {
        File::open(format!("/proc/self/task/{id}/{file}")).ok()
    }

    /// The letter after the thread's name, which stands in parentheses and may itself contain any character.
    fn state(stat: &File) -> Option<u8> {
        let mut bytes = [0; 128];
        let read = stat.read_at(&mut bytes, 0).ok()?;
        let bytes = &bytes[..read];
        let name_end = bytes.iter().rposition(|&byte| byte == b')')?;
        bytes.get(name_end + 2).copied()
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::time::Duration;

    use super::{Sign, Sleep, ThreadId};

    /// A thread of this process, of which nothing is known.
    pub(crate) struct Thread;

    pub(super) fn current_thread() -> ThreadId {
        ThreadId(0)
    }

    impl Thread {
        pub(crate) fn open(_: ThreadId) -> Self {
            Self
        }

        pub(crate) fn sign(&self) -> Sign {
            Sign::Silent
        }

        pub(crate) fn waited_for_a_core(&self) -> Option<Duration> {
            None
        }

        pub(crate) fn used(&self) -> Option<Duration> {
            None
        }

        pub(crate) fn sleep(&self) -> Sleep {
            Sleep::default()
        }
    }
}

/// The processor time of the calling thread, exact. `None` where the platform does not tell.
pub(crate) fn own_processor_time() -> Option<Duration> {
    #[cfg(target_os = "linux")]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Some(Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).ok()?))
    }
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::thread;

    /// Runs `body` on a thread and hands its files to `look`, until `look` is content.
    fn until(body: impl FnOnce() + Send + 'static, look: impl Fn(Sign) -> bool) -> thread::JoinHandle<()> {
        let (tell, id) = mpsc::channel();
        let named = thread::Builder::new().name(") R (".into());
        let spawned = named.spawn(move || {
            tell.send(ThreadId::current()).expect("the test listens");
            body();
        });
        let files = Thread::open(id.recv().expect("the thread tells its id"));
        while !look(files.sign()) {
            thread::yield_now();
        }
        spawned.expect("a thread can be started")
    }

    #[test]
    fn a_thread_in_a_read_sleeps_whatever_its_name() {
        let (end, ended) = mpsc::channel::<()>();
        let thread = until(move || _ = ended.recv(), |sign| sign == Sign::Sleeping);
        end.send(()).expect("the thread listens");
        thread.join().expect("it does not panic");
    }

    #[test]
    fn a_thread_in_a_loop_is_runnable_and_its_time_advances() {
        static END: AtomicBool = AtomicBool::new(false);
        let enough = Duration::from_millis(20);
        let computed = |sign| matches!(sign, Sign::Runnable(time) if time > enough);
        let body = || {
            while !END.load(Ordering::Relaxed) {
                std::hint::spin_loop()
            }
        };
        let thread = until(body, computed);
        END.store(true, Ordering::Relaxed);
        thread.join().expect("it does not panic");
    }

    #[test]
    fn a_thread_that_ended_gives_no_sign() {
        let id = thread::spawn(ThreadId::current).join().expect("it does not panic");
        // A joined thread may still be on its way out of the kernel.
        while Thread::open(id).sign() != Sign::Silent {
            thread::yield_now();
        }
    }
}
