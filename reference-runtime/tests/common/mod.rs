//! What the tests of the scheduler share: child processes under a watchdog, ways to block, and looks at `/proc`.
#![allow(dead_code, reason = "each test file uses a part of this")]

pub(crate) mod folder;
pub(crate) mod talk;

use std::fs;
use std::future::Future;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use futures::io::{AsyncReadExt, AsyncWriteExt};
use reference_runtime::net::{TcpListener, TcpStream};
use reference_runtime::{Builder, Runtime, task, time};

/// Much longer than anything takes but a hang.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Tells a child which scenario it is for.
const SCENARIO: &str = "REFERENCE_RUNTIME_TEST_SCENARIO";
/// How a child says that it came to the end of its scenario. Zero would also be the code of a child that found no
/// test of that name.
const DONE: i32 = 33;

/// Runs `body` in a child process, the test binary itself, for each of the scenarios. `test` is the name of the
/// calling test. A child that hangs is killed, and the failure names the scenario. It may leave blocked threads behind:
/// they end with it.
pub(crate) fn in_children<S: AsRef<str>>(
    test: &str,
    scenarios: impl IntoIterator<Item = S>,
    body: impl FnOnce(&str),
) {
    if let Ok(scenario) = std::env::var(SCENARIO) {
        let ended = catch_unwind(AssertUnwindSafe(|| body(&scenario)));
        process::exit(if ended.is_ok() { DONE } else { 1 });
    }
    for scenario in scenarios {
        if let Err(failure) = child(test, scenario.as_ref(), &[]) {
            panic!("{test}:\n{failure}");
        }
    }
}

/// As [`in_children`], for one scenario with variables of the environment set.
pub(crate) fn in_a_child_with(test: &str, variables: &[(&str, &str)], body: impl FnOnce()) {
    if std::env::var_os(SCENARIO).is_some() {
        let ended = catch_unwind(AssertUnwindSafe(body));
        process::exit(if ended.is_ok() { DONE } else { 1 });
    }
    if let Err(failure) = child(test, "alone", variables) {
        panic!("{test}:\n{failure}");
    }
}

fn child(test: &str, scenario: &str, variables: &[(&str, &str)]) -> Result<(), String> {
    let mut child = Command::new(std::env::current_exe().expect("a test has a path"))
        .args([test, "--exact", "--nocapture", "--include-ignored"])
        .env(SCENARIO, scenario)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the test binary starts once more");
    let drain = |mut from: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = from.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        })
    };
    let out = drain(Box::new(child.stdout.take().expect("it is piped")));
    let err = drain(Box::new(child.stderr.take().expect("it is piped")));
    let deadline = Instant::now() + LONG + LONG / 2;
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            break Some(status);
        }
        if Instant::now() >= deadline {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        // The pace of the watchdog.
        thread::sleep(Duration::from_millis(2));
    };
    let (out, err) = (out.join().expect("no panic"), err.join().expect("no panic"));
    for line in out.lines().filter(|line| line.starts_with("measured: ")) {
        println!("{scenario}: {line}");
    }
    match status {
        None => Err(format!("scenario {scenario:?} hangs\n{err}")),
        Some(status) if status.code() == Some(DONE) => Ok(()),
        Some(status) => Err(format!("scenario {scenario:?}: {status}\n{out}\n{err}")),
    }
}

/// Runs `future` on `runtime`, and fails instead of hanging, as long as timers are alive. What may take those along
/// belongs into a child.
pub(crate) fn run<T>(runtime: &Runtime, future: impl Future<Output = T>) -> T {
    runtime.block_on(async { time::timeout(LONG, future).await.expect("it hangs") })
}

/// Looks until `is_so`. What is waited for happens by itself; the sleep is the pace of the looks.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "in vain: until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A builder with the variations that most scenarios run under: how many workers, and what the monitor may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) workers: usize,
    pub(crate) mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Learning,
    NotLearning,
    /// The monitor goes by time alone.
    TimeAlone,
}

impl Setting {
    pub(crate) fn all() -> Vec<Setting> {
        let modes = [Mode::Learning, Mode::NotLearning, Mode::TimeAlone];
        let of = |workers| modes.map(|mode| Setting { workers, mode });
        [1, 2, 4].into_iter().flat_map(of).collect()
    }

    pub(crate) fn builder(self) -> Builder {
        let mut builder = Runtime::builder();
        builder.worker_threads(self.workers).thread_name("w");
        builder.learn(self.mode == Mode::Learning).ask_the_kernel(self.mode != Mode::TimeAlone);
        builder
    }

    pub(crate) fn runtime(self) -> Runtime {
        self.builder().build().expect("a runtime starts")
    }
}

/// How a task can take its thread away from the others, for as long as a [`Gate`] is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    EmptyPipe,
    EndlessLoop,
    HeldMutex,
    Park,
    Condvar,
}

impl Cause {
    pub(crate) const ALL: [Cause; 5] =
        [Cause::EmptyPipe, Cause::EndlessLoop, Cause::HeldMutex, Cause::Park, Cause::Condvar];
}

/// What blocked tasks wait for. Opens when dropped.
#[derive(Clone)]
pub(crate) struct Gate(Arc<GateState>);

struct GateState {
    is_open: AtomicBool,
    mutex: Mutex<bool>,
    condvar: Condvar,
    /// Held by the gate's thread until it opens.
    held: Mutex<()>,
    parked: Mutex<Vec<thread::Thread>>,
    pipe: Mutex<Option<UnixStream>>,
    reader: UnixStream,
}

impl Gate {
    pub(crate) fn closed() -> Gate {
        let (writer, reader) = UnixStream::pair().expect("a pair of sockets can be had");
        let gate = Gate(Arc::new(GateState {
            is_open: AtomicBool::new(false),
            mutex: Mutex::new(false),
            condvar: Condvar::new(),
            held: Mutex::new(()),
            parked: Mutex::new(Vec::new()),
            pipe: Mutex::new(Some(writer)),
            reader,
        }));
        let holder = gate.clone();
        let (locked, is_locked) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let _held = holder.0.held.lock();
            locked.send(()).expect("the test waits for this");
            holder.pass(Cause::Condvar);
        });
        is_locked.recv().expect("the thread says so");
        gate
    }

    /// Blocks the calling thread until the gate opens.
    pub(crate) fn pass(&self, cause: Cause) {
        let gate = &*self.0;
        match cause {
            Cause::EmptyPipe => assert_eq!((&gate.reader).read(&mut [0]).expect("no error"), 0),
            Cause::EndlessLoop => {
                while !gate.is_open.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            }
            Cause::HeldMutex => drop(gate.held.lock()),
            Cause::Park => {
                gate.parked.lock().expect("no panic").push(thread::current());
                while !gate.is_open.load(Ordering::SeqCst) {
                    thread::park();
                }
            }
            Cause::Condvar => {
                let mut is_open = gate.mutex.lock().expect("no panic");
                while !*is_open {
                    is_open = gate.condvar.wait(is_open).expect("no panic");
                }
            }
        }
    }

    pub(crate) fn open(&self) {
        self.0.is_open.store(true, Ordering::SeqCst);
        *self.0.mutex.lock().expect("no panic") = true;
        self.0.condvar.notify_all();
        drop(self.0.pipe.lock().expect("no panic").take());
        for parked in self.0.parked.lock().expect("no panic").drain(..) {
            parked.unpark();
        }
    }
}

/// A listener on loopback and a connection to it.
pub(crate) async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    let (server, _) = listener.accept().await?;
    Ok((client, server))
}

/// Sends back what it receives, until the end.
pub(crate) async fn echo(mut stream: TcpStream) {
    let mut byte = [0];
    while stream.read(&mut byte).await.expect("no error") == 1 {
        stream.write_all(&byte).await.expect("no error");
    }
}

/// Goes to and fro on a connection whose other end echoes.
pub(crate) async fn round_trips(stream: &mut TcpStream, count: usize) {
    for _ in 0..count {
        let mut byte = [0];
        stream.write_all(&[7]).await.expect("no error");
        stream.read_exact(&mut byte).await.expect("no error");
        assert_eq!(byte, [7]);
    }
}

/// What must go on whatever blocks: new tasks, yields, timers, and new and old sockets.
pub(crate) async fn everything_goes_on(old: &mut TcpStream) {
    let spawned = task::spawn(async {
        let inner = task::spawn(async { 1 });
        task::yield_now().await;
        inner.await
    });
    let timer = task::spawn(async {
        for _ in 0..3 {
            time::sleep(Duration::from_millis(1)).await;
        }
    });
    let sockets = task::spawn(async {
        let (mut client, server) = pair().await.expect("loopback works");
        let echo = task::spawn(echo(server));
        round_trips(&mut client, 3).await;
        drop(client);
        echo.await;
    });
    round_trips(old, 3).await;
    assert_eq!(spawned.await, 1);
    timer.await;
    sockets.await;
}

/// The names of this process's threads, as the kernel knows them, by their ids.
pub(crate) fn threads() -> Vec<(u32, String)> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let ids = tasks.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let named = |id: u32| {
        // A thread that ends meanwhile has no name any more.
        let name = fs::read_to_string(format!("/proc/self/task/{id}/comm")).ok()?;
        Some((id, name.trim_end().to_owned()))
    };
    ids.filter_map(named).collect()
}

/// Threads with this name.
pub(crate) fn threads_named(name: &str) -> usize {
    threads().iter().filter(|(_, other)| other == name).count()
}

/// Voluntary and involuntary context switches so far of the threads whose names begin so.
pub(crate) fn switches(name: &str) -> u64 {
    let of_thread = |id: u32| -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/self/task/{id}/status")).ok()?;
        let counts = status.lines().filter(|line| line.contains("ctxt_switches"));
        Some(counts.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).sum())
    };
    threads().iter().filter(|(_, other)| other.starts_with(name)).filter_map(|(id, _)| of_thread(*id)).sum()
}

/// Open descriptors of this process.
pub(crate) fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Bytes of memory in use by this process.
pub(crate) fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}
