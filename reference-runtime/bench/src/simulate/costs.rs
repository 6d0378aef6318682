//! What things cost, and where each figure is from.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A moment or a length of time, in picoseconds. Whole numbers: a run gives the same on every machine.
pub(super) type Time = u64;

pub(super) const fn ns(ns: u64) -> Time {
    ns * 1_000
}

pub(super) const fn us(us: u64) -> Time {
    ns(us * 1_000)
}

/// The cores, and how far they are from one another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    pub(super) cores: usize,
    /// Cores in one socket.
    pub(super) socket: usize,
    /// How long a cache line takes from a core to another one of its socket.
    pub(super) near: Time,
    /// And of another socket.
    pub(super) far: Time,
}

/// Of an Intel Xeon Platinum 8375C, alone and in pairs (the cloud machine c6i.metal: two sockets of 32 cores), as
/// measured by nviennot/core-to-core-latency: 51 ns and 108 ns. An AMD EPYC 7R13 has 107 and 197 in the same table.
const NEAR: Time = ns(51);
const FAR: Time = ns(108);
const SOCKET: usize = 32;

impl Machine {
    /// A machine with so many cores, in sockets of 32. Beyond two sockets nobody has measured: the distance of two is
    /// taken for that of four.
    pub(super) fn large(cores: usize) -> Machine {
        Machine { cores, socket: SOCKET, near: NEAR, far: FAR }
    }

    /// The one with two cores that the results in this repository are from.
    pub(super) fn two_cores() -> Machine {
        Machine { cores: 2, socket: 2, near: ns(64), far: ns(64) }
    }
}

/// What one core does on its own. Measured on the machine with two cores by `simulate --measure`, or taken from rows
/// measured there with one worker; see the comment at each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Costs {
    /// A load that finds its line. From `--measure`, as are the next five.
    pub(super) hit: Time,
    /// An atomic read-modify-write of a line that the core has.
    pub(super) rmw: Time,
    /// How long a thread waits for a lock of std before it sleeps: a hundred `spin_loop`s.
    pub(super) spin: Time,
    /// The call that wakes a thread, for who calls.
    pub(super) wake_call: Time,
    /// From that call until the thread runs.
    pub(super) wake_latency: Time,
    /// The same call while the thread is still on its way to sleep: it finds nobody. Not measured.
    pub(super) early_wake: Time,
    /// From a worker's last look for tasks until it sleeps. Not measured: the system calls on the way.
    pub(super) fall_asleep: Time,
    /// A look at the poller's descriptor that finds nothing: a system call.
    pub(super) look: Time,
    /// Of the look, what happens under the lock of the kernel's epoll. Not measured: a third of the call.
    pub(super) look_locked: Time,
    /// Making a task. From spawn-inside with one worker, less the parts below.
    pub(super) spawn: Time,
    /// What a worker does around each poll. From yields with one worker.
    pub(super) around_poll: Time,
    /// The end of a task, memory given back. From spawn-inside with one worker.
    pub(super) finish: Time,
    /// A poll that does nothing.
    pub(super) empty_poll: Time,
    /// To collect one event from the kernel, find its source and take the waker. Half of what one more event costs
    /// tokio's and our loops in a profile of the HTTP row.
    pub(super) event: Time,
    /// A wait for events that finds some, without them: five system calls, see `Attendant::wait`.
    pub(super) wait: Time,
}

impl Costs {
    pub(super) const fn measured() -> Costs {
        Costs {
            hit: ns(1),
            rmw: ns(6),
            spin: ns(1_150),
            wake_call: ns(2_700),
            wake_latency: ns(1_700),
            early_wake: ns(300),
            fall_asleep: ns(1_000),
            look: ns(300),
            look_locked: ns(100),
            spawn: ns(27),
            around_poll: ns(21),
            finish: ns(20),
            empty_poll: ns(5),
            event: ns(150),
            wait: ns(1_500),
        }
    }
}

/// Measures here what can be measured here, and prints it beside what the simulation takes.
pub(super) fn print_measured() {
    let costs = Costs::measured();
    let rmw = {
        let word = AtomicU64::new(0);
        per(10_000_000, || {
            word.fetch_add(1, Ordering::SeqCst);
        })
    };
    let lock = {
        let mutex = Mutex::new(0_u64);
        per(10_000_000, || *mutex.lock().expect("nobody panics under it") += 1)
    };
    let spin = per(20_000, || (0..100).for_each(|_| std::hint::spin_loop()));
    let line = |name: &str, measured: f64, taken: Time| {
        println!("  {name:<44}{measured:>10.1} ns   the simulation takes {:>8.1} ns", taken as f64 / 1e3);
    };
    println!("\nOn this machine:");
    line("an atomic read-modify-write", rmw, costs.rmw);
    line("a lock and its unlock", lock, 2 * costs.rmw);
    line("a hundred spin_loops", spin, costs.spin);
    line("a line from one core to another", transfer(), Machine::two_cores().near);
    let (call, latency) = wake();
    line("the call that wakes a thread", call, costs.wake_call);
    line("until it runs", latency, costs.wake_latency);
    match look() {
        Ok(look) => line("a look at a poller, nothing there", look, costs.look),
        Err(error) => eprintln!("no poller could be had: {error}"),
    }
}

fn per(times: u64, mut once: impl FnMut()) -> f64 {
    (0..5)
        .map(|_| {
            let began = Instant::now();
            (0..times).for_each(|_| once());
            began.elapsed().as_nanos() as f64 / times as f64
        })
        .fold(f64::MAX, f64::min)
}

/// Two threads pass a word to and fro. A pass is one transfer, seen from the one that waits for it.
fn transfer() -> f64 {
    const PASSES: u64 = 200_000;
    let word = AtomicU64::new(0);
    let turn = |mine: u64| {
        for pass in 0..PASSES {
            let expected = 2 * pass + mine;
            while word.compare_exchange(expected, expected + 1, Ordering::AcqRel, Ordering::Relaxed).is_err()
            {
                std::hint::spin_loop();
            }
        }
    };
    let best = (0..5).map(|_| {
        word.store(0, Ordering::Release);
        let began = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| turn(0));
            turn(1);
        });
        began.elapsed().as_nanos() as f64 / (2 * PASSES) as f64
    });
    best.fold(f64::MAX, f64::min)
}

/// The median cost of `unpark` for the caller, and the median time until the thread runs.
fn wake() -> (f64, f64) {
    const TIMES: usize = 500;
    let began = Instant::now();
    let woken_at = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    let (mut calls, mut latencies) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                thread::park();
                woken_at.store(began.elapsed().as_nanos() as u64, Ordering::Release);
            }
        });
        for _ in 0..TIMES {
            // Long enough to be asleep.
            thread::sleep(Duration::from_micros(300));
            woken_at.store(0, Ordering::Release);
            let before = began.elapsed();
            sleeper.thread().unpark();
            let after = began.elapsed();
            let woken = loop {
                match woken_at.load(Ordering::Acquire) {
                    0 => std::hint::spin_loop(),
                    at => break at,
                }
            };
            calls.push((after - before).as_nanos() as f64);
            latencies.push((woken as f64 - before.as_nanos() as f64).max(0.0));
        }
        is_over.store(true, Ordering::Release);
        sleeper.thread().unpark();
    });
    let median = |mut figures: Vec<f64>| {
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    (median(calls), median(latencies))
}

/// A look at a poller that has nothing to tell.
fn look() -> std::io::Result<f64> {
    let mut poll = mio::Poll::new()?;
    let mut events = mio::Events::with_capacity(16);
    let mut failed = Ok(());
    let look = per(200_000, || {
        if let Err(error) = poll.poll(&mut events, Some(Duration::ZERO)) {
            failed = Err(error);
        }
    });
    failed.map(|()| look)
}
