//! The names of the system calls that a thread may sleep in.
//!
//! `/proc` gives numbers, which differ from architecture to architecture. The tables hold what may wait for another
//! process, a device or the network; a call that is not in them keeps its number.

use std::fmt;

/// A system call, see [`BlockedPoll::system_call`](crate::BlockedPoll::system_call).
///
/// Displays as its name, or as its number where that has none here.
///
/// ```
/// use reference_runtime::SystemCall;
/// use std::sync::mpsc;
///
/// let (tell, told) = mpsc::channel();
/// let runtime = reference_runtime::Builder::new()
///     .worker_threads(1)
///     .on_blocked(move |poll| drop(tell.send(poll.system_call())))
///     .build()?;
/// // Blocks its thread until somebody has noticed.
/// let call: Option<SystemCall> = runtime.block_on(runtime.spawn(async move { told.recv() })).unwrap();
/// // `None` where the kernel does not tell.
/// if let Some(call) = call {
///     # #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
///     assert_eq!(call.name(), Some("futex"));
///     println!("it waits in {call}, which has the number {}", call.number());
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SystemCall {
    number: u32,
}

impl SystemCall {
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    pub(crate) fn new(number: u32) -> Self {
        Self { number }
    }

    /// Its number on this architecture.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_blocked(move |poll| drop(tell.send(poll.system_call())))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) }));
    /// let call = told.recv().unwrap();
    /// println!("{:?}", call.map(|call| call.number())); // Some(230), for one
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn number(self) -> u32 {
        self.number
    }

    /// Its name as in the manual, without prefixes: `read`, `futex`, `epoll_wait`. `None` for calls that rarely wait, and
    /// on architectures other than x86-64 and 64-bit ARM.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let runtime = reference_runtime::Builder::new()
    ///     .worker_threads(1)
    ///     .on_blocked(move |poll| drop(tell.send(poll.system_call())))
    ///     .build()?;
    /// runtime.block_on(runtime.spawn(async { std::thread::sleep(std::time::Duration::from_millis(50)) }));
    /// let call = told.recv().unwrap();
    /// let name = call.and_then(|call| call.name());
    /// assert!(name.is_none_or(|name| name.contains("nanosleep")));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn name(self) -> Option<&'static str> {
        let at = NAMES.binary_search_by_key(&self.number, |(number, _)| *number).ok()?;
        Some(NAMES[at].1)
    }
}

impl fmt::Display for SystemCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "system call {}", self.number),
        }
    }
}

/// Sorted by number.
#[rustfmt::skip] // A line for each would be a page.
#[cfg(target_arch = "x86_64")]
const NAMES: &[(u32, &str)] = &[
    (0, "read"), (1, "write"), (2, "open"), (3, "close"), (4, "stat"), (6, "lstat"), (7, "poll"),
    (11, "munmap"), (16, "ioctl"), (17, "pread64"), (18, "pwrite64"), (19, "readv"), (20, "writev"),
    (21, "access"), (23, "select"), (24, "sched_yield"), (26, "msync"), (28, "madvise"), (34, "pause"),
    (35, "nanosleep"), (40, "sendfile"), (42, "connect"), (43, "accept"), (44, "sendto"), (45, "recvfrom"),
    (46, "sendmsg"), (47, "recvmsg"), (48, "shutdown"), (56, "clone"), (58, "vfork"), (59, "execve"),
    (61, "wait4"), (65, "semop"), (69, "msgsnd"), (70, "msgrcv"), (72, "fcntl"), (73, "flock"), (74, "fsync"),
    (75, "fdatasync"), (76, "truncate"), (77, "ftruncate"), (78, "getdents"), (82, "rename"), (83, "mkdir"),
    (84, "rmdir"), (85, "creat"), (86, "link"), (87, "unlink"), (88, "symlink"), (89, "readlink"),
    (128, "rt_sigtimedwait"), (130, "rt_sigsuspend"), (137, "statfs"), (162, "sync"), (165, "mount"),
    (166, "umount2"), (187, "readahead"), (202, "futex"), (208, "io_getevents"), (217, "getdents64"),
    (220, "semtimedop"), (230, "clock_nanosleep"), (232, "epoll_wait"), (242, "mq_timedsend"),
    (243, "mq_timedreceive"), (247, "waitid"), (257, "openat"), (258, "mkdirat"), (262, "newfstatat"),
    (263, "unlinkat"), (264, "renameat"), (265, "linkat"), (266, "symlinkat"), (267, "readlinkat"),
    (269, "faccessat"), (270, "pselect6"), (271, "ppoll"), (275, "splice"), (276, "tee"),
    (277, "sync_file_range"), (278, "vmsplice"), (281, "epoll_pwait"), (285, "fallocate"), (288, "accept4"),
    (295, "preadv"), (296, "pwritev"), (299, "recvmmsg"), (306, "syncfs"), (307, "sendmmsg"),
    (316, "renameat2"), (318, "getrandom"), (324, "membarrier"), (326, "copy_file_range"), (327, "preadv2"),
    (328, "pwritev2"), (332, "statx"), (426, "io_uring_enter"), (435, "clone3"), (436, "close_range"),
    (437, "openat2"), (439, "faccessat2"), (440, "process_madvise"), (441, "epoll_pwait2"),
    (449, "futex_waitv"),
];

/// Sorted by number.
#[rustfmt::skip] // A line for each would be a page.
#[cfg(target_arch = "aarch64")]
const NAMES: &[(u32, &str)] = &[
    (4, "io_getevents"), (22, "epoll_pwait"), (25, "fcntl"), (29, "ioctl"), (32, "flock"), (34, "mkdirat"),
    (35, "unlinkat"), (36, "symlinkat"), (37, "linkat"), (38, "renameat"), (39, "umount2"), (40, "mount"),
    (43, "statfs"), (45, "truncate"), (46, "ftruncate"), (47, "fallocate"), (48, "faccessat"), (56, "openat"),
    (57, "close"), (61, "getdents64"), (63, "read"), (64, "write"), (65, "readv"), (66, "writev"),
    (67, "pread64"), (68, "pwrite64"), (69, "preadv"), (70, "pwritev"), (71, "sendfile"), (72, "pselect6"),
    (73, "ppoll"), (75, "vmsplice"), (76, "splice"), (77, "tee"), (78, "readlinkat"), (79, "newfstatat"),
    (81, "sync"), (82, "fsync"), (83, "fdatasync"), (84, "sync_file_range"), (95, "waitid"), (98, "futex"),
    (101, "nanosleep"), (115, "clock_nanosleep"), (124, "sched_yield"), (133, "rt_sigsuspend"),
    (137, "rt_sigtimedwait"), (182, "mq_timedsend"), (183, "mq_timedreceive"), (188, "msgrcv"),
    (189, "msgsnd"), (192, "semtimedop"), (193, "semop"), (202, "accept"), (203, "connect"), (206, "sendto"),
    (207, "recvfrom"), (210, "shutdown"), (211, "sendmsg"), (212, "recvmsg"), (213, "readahead"),
    (215, "munmap"), (220, "clone"), (221, "execve"), (227, "msync"), (233, "madvise"), (242, "accept4"),
    (243, "recvmmsg"), (260, "wait4"), (267, "syncfs"), (269, "sendmmsg"), (276, "renameat2"),
    (278, "getrandom"), (283, "membarrier"), (285, "copy_file_range"), (286, "preadv2"), (287, "pwritev2"),
    (291, "statx"), (426, "io_uring_enter"), (435, "clone3"), (436, "close_range"), (437, "openat2"),
    (439, "faccessat2"), (440, "process_madvise"), (441, "epoll_pwait2"), (449, "futex_waitv"),
];

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const NAMES: &[(u32, &str)] = &[];

#[cfg(all(test, target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use nix::libc;

    use super::*;

    #[test]
    fn the_table_can_be_searched() {
        assert!(NAMES.is_sorted_by_key(|(number, _)| *number));
    }

    #[test]
    fn the_numbers_are_those_of_the_c_library() {
        for (number, name) in [
            (libc::SYS_read, "read"),
            (libc::SYS_futex, "futex"),
            (libc::SYS_flock, "flock"),
            (libc::SYS_fsync, "fsync"),
            (libc::SYS_fdatasync, "fdatasync"),
            (libc::SYS_openat, "openat"),
            (libc::SYS_wait4, "wait4"),
            (libc::SYS_clock_nanosleep, "clock_nanosleep"),
            (libc::SYS_nanosleep, "nanosleep"),
            (libc::SYS_connect, "connect"),
            (libc::SYS_recvfrom, "recvfrom"),
            (libc::SYS_pread64, "pread64"),
            (libc::SYS_ppoll, "ppoll"),
            (libc::SYS_newfstatat, "newfstatat"),
            (libc::SYS_statx, "statx"),
            (libc::SYS_copy_file_range, "copy_file_range"),
            (libc::SYS_futex_waitv, "futex_waitv"),
        ] {
            let number = u32::try_from(number).expect("a call has a small number");
            assert_eq!(SystemCall::new(number).name(), Some(name));
        }
    }

    #[test]
    fn a_call_without_a_name_shows_its_number() {
        assert_eq!(SystemCall::new(99_999).to_string(), "system call 99999");
    }
}
