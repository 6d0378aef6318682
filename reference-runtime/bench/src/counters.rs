//! What the system counts about this process, and what the allocator does.

use std::{
    sync::atomic::{AtomicBool, AtomicIsize, Ordering},
    time::Duration,
};

/// What the process has used until now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// User and system time.
    pub(crate) cpu: Duration,
    /// How often a thread gave up a core, or lost it. Threads that ended count as well.
    pub(crate) switches: u64,
}

impl Usage {
    /// Of the whole process.
    #[cfg(unix)]
    pub(crate) fn now() -> Result<Usage, String> {
        Usage::of(nix::sys::resource::UsageWho::RUSAGE_SELF)
    }

    #[cfg(unix)]
    fn of(whom: nix::sys::resource::UsageWho) -> Result<Usage, String> {
        use nix::sys::{resource::getrusage, time::TimeValLike};

        let usage = getrusage(whom)
            .map_err(|error| format!("the system does not tell what the process has used: {error}"))?;
        let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        let switches = usage.voluntary_context_switches() + usage.involuntary_context_switches();
        // The system's count has 32 bits on some machines.
        #[allow(clippy::useless_conversion)]
        let switches = u64::from(switches.unsigned_abs());
        Ok(Usage { cpu: Duration::from_micros(micros.unsigned_abs()), switches })
    }

    #[cfg(not(unix))]
    pub(crate) fn now() -> Result<Usage, String> {
        Err("this row asks the system for processor time and context switches, which takes Unix".to_owned())
    }

    /// Of the calling thread alone; of the whole process where the system does not tell them apart.
    pub(crate) fn of_this_thread() -> Result<Usage, String> {
        #[cfg(target_os = "linux")]
        return Usage::of(nix::sys::resource::UsageWho::RUSAGE_THREAD);
        #[cfg(not(target_os = "linux"))]
        Usage::now()
    }

    /// What the whole process has used since `before`.
    pub(crate) fn since(before: Usage) -> Result<Usage, String> {
        Ok(Usage::now()?.less(before))
    }

    pub(crate) fn less(self, before: Usage) -> Usage {
        Usage {
            cpu: self.cpu.saturating_sub(before.cpu),
            switches: self.switches.saturating_sub(before.switches),
        }
    }
}

/// Bytes of memory that the process has in use, as the kernel sees it; `None` where it does not tell.
pub(crate) fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib: usize = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kib * 1024)
}

/// How many threads this process has; `None` where the system does not tell.
pub(crate) fn threads() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("Threads:"))?.trim().parse().ok()
}

/// Whether [`allocated`] counts. Only the memory row has it on: counting costs an atomic operation per allocation.
static COUNTS: AtomicBool = AtomicBool::new(false);
static ALLOCATED: AtomicIsize = AtomicIsize::new(0);

/// Starts to count what is allocated and freed, from zero.
pub(crate) fn count_allocations() {
    ALLOCATED.store(0, Ordering::Relaxed);
    COUNTS.store(true, Ordering::Relaxed);
}

/// Bytes asked for since [`count_allocations`], less those given back.
pub(crate) fn allocated() -> isize {
    ALLOCATED.load(Ordering::Relaxed)
}

/// For the allocator: `bytes` more are in use now, or less.
pub(crate) fn note(bytes: isize) {
    // Relaxed: it is read when all tasks have been spawned, by the thread that waited for them.
    if COUNTS.load(Ordering::Relaxed) {
        ALLOCATED.fetch_add(bytes, Ordering::Relaxed);
    }
}
