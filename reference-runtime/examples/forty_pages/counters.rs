//! What the system counts about a process; `None` where it does not tell.

/// How often the threads of this process gave up a CPU, or lost it, until now. Threads that ended count as well, which
/// is why this asks for the whole process and does not add up its threads.
#[cfg(unix)]
pub(crate) fn context_switches() -> Option<u64> {
    use nix::sys::resource::{UsageWho, getrusage};

    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    u64::try_from(usage.voluntary_context_switches() + usage.involuntary_context_switches()).ok()
}

#[cfg(not(unix))]
pub(crate) fn context_switches() -> Option<u64> {
    None
}

/// How many threads a process has now. Only Linux has this file.
pub(crate) fn threads(process: u32) -> Option<usize> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("Threads:"))?.trim().parse().ok()
}
