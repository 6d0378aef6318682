//! Each field of a report, for tasks that block in ways that are known.
#![cfg(all(target_os = "linux", not(reference_runtime_loom)))]

mod common;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use common::{LONG, in_children, run};
use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::Mode;
use reference_runtime::{BlockedPoll, ReturnedPoll, Runtime, Verdict, task};

/// A way to block a thread, and what the kernel calls it.
struct Way {
    name: &'static str,
    calls: &'static [&'static str],
    /// What is in the name of the wait channel, on all kernels since 4.19.
    channel: &'static str,
}

const WAYS: [Way; 6] = [
    Way { name: "sleep", calls: &["clock_nanosleep", "nanosleep"], channel: "nanosleep" },
    Way { name: "pipe", calls: &["read"], channel: "pipe" },
    Way { name: "futex", calls: &["futex"], channel: "futex" },
    Way { name: "flock", calls: &["flock"], channel: "lock" },
    Way { name: "fifo", calls: &["openat", "open"], channel: "" },
    Way { name: "disk", calls: &["fsync"], channel: "" },
];

/// A folder on a disk, for this process.
fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the build directory can be written to");
    folder
}

/// Something that blocks a thread, and what ends it.
type Blocking = (Box<dyn FnOnce() + Send>, Box<dyn FnOnce()>);

fn blocking(way: &str) -> Blocking {
    let over = Arc::new(AtomicBool::new(false));
    let (is_over, ends) = (Arc::clone(&over), move || over.store(true, Ordering::SeqCst));
    match way {
        "sleep" => {
            let sleeps = move || {
                while !is_over.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_secs(1));
                }
            };
            (Box::new(sleeps), Box::new(ends))
        }
        "pipe" => {
            let cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
            let mut cat = cat.expect("there is a `cat`");
            let (stdin, mut stdout) = (cat.stdin.take(), cat.stdout.take().expect("it is piped"));
            let reads = move || assert_eq!(stdout.read(&mut [0]).expect("no error"), 0);
            let ends = move || {
                drop(stdin);
                cat.wait().expect("it is ours");
            };
            (Box::new(reads), Box::new(ends))
        }
        "futex" => {
            let mutex = Arc::new(Mutex::new(()));
            let locked = Box::leak(Box::new(Arc::clone(&mutex))).lock().expect("no panic");
            (Box::new(move || drop(mutex.lock())), Box::new(move || drop(locked)))
        }
        "flock" => {
            let path = folder().join("lock");
            let open = || File::create(&path).expect("the folder can be written to");
            let locked = Flock::lock(open(), FlockArg::LockExclusive).expect("nobody else has it");
            let other = open();
            let locks = move || drop(Flock::lock(other, FlockArg::LockExclusive).expect("it is let go"));
            (Box::new(locks), Box::new(move || drop(locked)))
        }
        "fifo" => {
            let path = folder().join("fifo");
            let _ = fs::remove_file(&path);
            nix::unistd::mkfifo(&path, Mode::S_IRWXU).expect("a pipe with a name can be made");
            let opens = path.clone();
            let opens = move || drop(File::open(opens).expect("it is there"));
            (Box::new(opens), Box::new(move || drop(File::create(path).expect("it is there"))))
        }
        "disk" => {
            let path = folder().join("file");
            let syncs = move || {
                let mut file = File::create(path).expect("the folder can be written to");
                while !is_over.load(Ordering::SeqCst) {
                    file.write_all(&[1; 64 << 10]).expect("there is room");
                    file.sync_all().expect("no error");
                    file.set_len(0).expect("no error");
                }
            };
            (Box::new(syncs), Box::new(ends))
        }
        "loop" => {
            let computes = move || {
                while !is_over.load(Ordering::SeqCst) {
                    std::hint::spin_loop();
                }
            };
            (Box::new(computes), Box::new(ends))
        }
        _ => unreachable!("there is no such way"),
    }
}

/// Has a task block in this way, beside one that waits for its worker, until it is reported. The line of its spawn, and
/// what the hooks got.
fn reports(way: &str) -> (u32, BlockedPoll, ReturnedPoll) {
    let (tell, told) = mpsc::channel();
    let (tell_return, returned) = mpsc::channel();
    let runtime = Runtime::builder()
        .worker_threads(1)
        .max_threads(4)
        .on_blocked(move |poll| drop(tell.send(poll.clone())))
        .on_returned(move |poll| drop(tell_return.send(poll.clone())))
        .build()
        .expect("a runtime starts");
    let (blocks, ends) = blocking(way);
    let entered = runtime.enter();
    let line = line!() + 1;
    let task = task::Builder::new().name("blocker".to_owned()).spawn(async move { blocks() });
    let task = task.expect("it is spawned");
    drop(entered);
    let id = task.id();
    let waits = runtime.spawn(async {});
    let blocked = told.recv_timeout(LONG);
    run(&runtime, waits);
    // For the figures of the return to be those of a poll that did nothing, or nothing else, for long.
    thread::sleep(Duration::from_millis(20));
    ends();
    run(&runtime, task);
    let returned = returned.recv_timeout(LONG).expect("it has come back");
    assert!(told.try_recv().is_err(), "a poll is reported once");
    let blocked = blocked.expect("it is found stuck");
    for task in [blocked.task(), returned.task()] {
        assert_eq!((task.id(), task.name()), (id, Some("blocker")));
    }
    (line, blocked, returned)
}

/// Whether this kernel, for this process, says what a thread sleeps in.
fn kernel_tells(file: &str) -> bool {
    let (tell, id) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        tell.send(fs::read_link("/proc/thread-self").expect("it is a link")).expect("the test listens");
        let _ = ended.recv();
    });
    let folder = PathBuf::from("/proc").join(id.recv().expect("the thread tells"));
    let path = |file: &str| folder.join(file);
    let sleeps = || fs::read_to_string(path("stat")).is_ok_and(|stat| stat.contains(") S "));
    common::until("the thread sleeps", sleeps);
    let told = fs::read_to_string(path(file)).is_ok_and(|text| !text.is_empty() && text != "0");
    drop(end);
    thread.join().expect("no panic");
    if !told {
        println!("measured: {file} cannot be read here");
    }
    told
}

fn check_common(line: u32, blocked: &BlockedPoll, returned: &ReturnedPoll) {
    for place in [blocked.spawned_at(), returned.spawned_at()] {
        assert_eq!((place.file(), place.line()), (file!(), line));
    }
    assert!(!blocked.lasts().is_zero() && blocked.lasts() < LONG, "{blocked}");
    assert_eq!(blocked.threads_left(), 2, "of four, one is stuck and one stands in: {blocked}");
    assert_eq!(returned.blocked().map(BlockedPoll::lasts), Some(blocked.lasts()));
    // It lasted while this process slept.
    assert!(returned.lasted() >= blocked.lasts() + Duration::from_millis(20), "{returned}");
    assert_eq!(returned.verdict(), blocked.verdict());
    assert!(returned.backtrace().is_none(), "nobody asked for it");
    let used = [(blocked.cpu_time(), blocked.lasts()), (returned.cpu_time(), returned.lasted())];
    for (used, lasts) in used {
        let used = used.expect("Linux tells");
        assert!(used <= lasts, "{used:?} in {lasts:?}");
    }
    let lasts = blocked.to_string();
    assert!(
        lasts.contains(&format!("{}:{line}:", file!())) && lasts.ends_with("; 2 of 4 threads left"),
        "{lasts}"
    );
}

#[test]
fn a_task_that_sleeps_is_reported_with_what_it_sleeps_in() {
    let test = "a_task_that_sleeps_is_reported_with_what_it_sleeps_in";
    in_children(test, WAYS.iter().map(|way| way.name), |name| {
        let way = WAYS.iter().find(|way| way.name == name).expect("it is one of them");
        let (tells_call, tells_channel) = (kernel_tells("syscall"), kernel_tells("wchan"));
        // A disk may be too fast to be caught waiting for, or has come back when it is asked what for.
        let is_sure = way.name != "disk";
        let (line, blocked, returned) = loop {
            let reports = reports(way.name);
            let call = reports.1.system_call().and_then(|call| call.name());
            if is_sure || !tells_call || call.is_some_and(|call| way.calls.contains(&call)) {
                break reports;
            }
        };
        check_common(line, &blocked, &returned);
        assert_eq!(blocked.verdict(), Verdict::Blocked);
        if tells_call {
            let call = blocked.system_call().expect("it still sleeps");
            assert!(call.name().is_some_and(|call| way.calls.contains(&call)), "{call}");
            assert!(blocked.to_string().contains(&format!(" in {call}")), "{blocked}");
        }
        if tells_channel && is_sure {
            let channel = blocked.wait_channel().expect("it still sleeps");
            assert!(channel.contains(way.channel), "{channel}");
            assert!(blocked.to_string().contains(channel), "{blocked}");
        }
        if is_sure {
            let used = returned.cpu_time().expect("Linux tells");
            assert!(used < returned.lasted() / 2, "it slept: {used:?} of {:?}", returned.lasted());
        }
        println!("measured: {blocked}");
        println!("measured: {returned}, {:?} of it on a core", returned.cpu_time().unwrap_or_default());
        let _ = fs::remove_dir_all(folder());
    });
}

#[test]
fn a_task_that_computes_is_reported_with_the_time_it_used() {
    in_children("a_task_that_computes_is_reported_with_the_time_it_used", ["loop"], |way| {
        let (line, blocked, returned) = reports(way);
        check_common(line, &blocked, &returned);
        assert_eq!(blocked.verdict(), Verdict::Computing);
        assert_eq!((blocked.system_call(), blocked.wait_channel()), (None, None));
        // That much it takes until a poll is found to compute.
        let found = Duration::from_millis(10).min(blocked.lasts());
        assert!(blocked.cpu_time() >= Some(found), "{:?} of {:?}", blocked.cpu_time(), blocked.lasts());
        assert!(returned.cpu_time() >= blocked.cpu_time());
        assert!(blocked.to_string().contains(" has computed on its thread for "), "{blocked}");
        println!("measured: {blocked}, {:?} of it on a core", blocked.cpu_time().unwrap_or_default());
        println!("measured: {returned}, {:?} of it on a core", returned.cpu_time().unwrap_or_default());
    });
}

/// Nobody waits for the worker: the poll keeps it, and is reported all the same.
#[test]
fn a_task_that_computes_while_nobody_waits_is_reported_too() {
    in_children("a_task_that_computes_while_nobody_waits_is_reported_too", ["1", "2"], |workers| {
        let (tell, told) = mpsc::channel();
        let (tell_return, returned) = mpsc::channel();
        let runtime = Runtime::builder()
            .worker_threads(workers.parse().expect("a number"))
            .on_blocked(move |poll| drop(tell.send(poll.clone())))
            .on_returned(move |poll| drop(tell_return.send(poll.clone())))
            .build()
            .expect("a runtime starts");
        let (blocks, ends) = blocking("loop");
        let task = runtime.spawn(async move { blocks() });
        let blocked = told.recv_timeout(LONG).expect("it is found");
        assert_eq!(blocked.verdict(), Verdict::Computing);
        assert!(returned.try_recv().is_err());
        ends();
        run(&runtime, task);
        let returned = returned.recv_timeout(LONG).expect("it has come back");
        assert!(returned.lasted() >= blocked.lasts());
        assert_eq!(returned.blocked().map(BlockedPoll::spawned_at), Some(blocked.spawned_at()));
        assert!(told.try_recv().is_err(), "a poll is reported once");
    });
}
