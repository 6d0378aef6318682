//! The figures of chapters 1 to 3: `cargo run --release -p tiny --example measure -- FOLDER` writes
//! `ch01.json`, `ch02.json` and `ch03.json`, and beside each the table that the book shows.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write;
use std::future::poll_fn;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs, process::Command};
use tiny::bell::Bell;
use tiny::{block_on, boxed, executor, on_thread_park, spinning, thread_sleep, timer};

/// Counts what the tasks of chapter 3 allocate.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A row of a table: what was measured, and a number for each column.
struct Row {
    name: &'static str,
    numbers: Vec<f64>,
}

fn main() {
    let folder = env::args().nth(1).expect("give the folder to write to");
    write(
        &folder,
        "ch01",
        "400 waits of 2 ms for each way, in turns of 50",
        &["wake to poll, median µs", "99th percentile, µs", "CPU ms per second of waiting"],
        chapter_1(),
    );
    write(
        &folder,
        "ch02",
        "20 single sleeps of 100 ms, 5 rounds of 1000",
        &["late, median µs", "99th percentile, µs", "latest, µs"],
        chapter_2(),
    );
    write(
        &folder,
        "ch03",
        "9 rounds of 10000 tasks; allocations and bytes of the last",
        &["allocations per task", "bytes per task", "ns per task, median", "ns, slowest of 9"],
        chapter_3(),
    );
}

fn write(folder: &str, name: &str, samples: &str, columns: &[&str], rows: Vec<Row>) {
    let number = |number: f64| if number < 10.0 { format!("{number:.1}") } else { format!("{number:.0}") };
    let mut table = format!("| | {} |\n|---|{}\n", columns.join(" | "), "---:|".repeat(columns.len()));
    let mut json = format!(
        "{{\n  \"machine\": {:?},\n  \"samples\": {samples:?},\n  \"columns\": {columns:?},\n  \"rows\": {{\n",
        machine()
    );
    for (at, row) in rows.iter().enumerate() {
        let numbers: Vec<String> = row.numbers.iter().copied().map(number).collect();
        writeln!(table, "| {} | {} |", row.name, numbers.join(" | ")).expect("a String takes any text");
        let comma = if at + 1 < rows.len() { "," } else { "" };
        writeln!(json, "    {:?}: [{}]{comma}", row.name, numbers.join(", "))
            .expect("a String takes any text");
    }
    json += "  }\n}\n";
    fs::write(format!("{folder}/{name}.json"), json).expect("the folder can be written");
    fs::write(format!("{folder}/{name}.md"), table).expect("the folder can be written");
}

/// Cores, compiler, commit and date: what the numbers belong to.
fn machine() -> String {
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
    let cores = thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{cores} cores, {}, {}, {}, commit {}",
        run("uname", &["-srm"]),
        run("rustc", &["--version"]),
        run("date", &["-u", "+%F"]),
        run("git", &["rev-parse", "--short", "HEAD"])
    )
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn sorted(mut samples: Vec<f64>) -> Vec<f64> {
    samples.sort_by(f64::total_cmp);
    samples
}

/// The CPU time of the main thread so far, in ms.
fn cpu_ms() -> f64 {
    // Brings the count up to date.
    thread::yield_now();
    let text = fs::read_to_string("/proc/self/schedstat").expect("Linux keeps count of the CPU time");
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).expect("it is a number") / 1e6
}

fn chapter_1() -> Vec<Row> {
    type BlockOn = fn(&Bell);
    let ways: [(&'static str, BlockOn); 3] = [
        ("`spinning`", |bell| spinning::spinning(bell.wait())),
        ("`on_thread_park`", |bell| on_thread_park::on_thread_park(bell.wait())),
        ("`block_on`", |bell| block_on::block_on(bell.wait())),
    ];
    let mut late = [const { Vec::new() }; 3];
    let (mut cpu, mut waited) = ([0.0; 3], [0.0; 3]);
    // In turns, so that whatever else the machine does meets all of them; and not one by one, because the kernel's count
    // of the CPU time is some milliseconds old.
    for turn in 0..24 {
        let at = turn % 3;
        let (_, wait) = ways[at];
        let (cpu_before, start) = (cpu_ms(), Instant::now());
        for _ in 0..50 {
            let bell = Arc::new(Bell::default());
            let ringer = Arc::clone(&bell);
            let thread = thread::spawn(move || {
                thread::sleep(Duration::from_millis(2));
                let rung = Instant::now();
                ringer.ring();
                rung
            });
            wait(&bell);
            let awake = Instant::now();
            let rung = thread.join().expect("ringing does not panic");
            late[at].push(awake.saturating_duration_since(rung).as_secs_f64() * 1e6);
        }
        cpu[at] += cpu_ms() - cpu_before;
        waited[at] += start.elapsed().as_secs_f64();
    }
    let rows = ways.into_iter().zip(late).enumerate();
    rows.map(|(at, ((name, _), late))| {
        let late = sorted(late);
        Row { name, numbers: vec![percentile(&late, 50), percentile(&late, 99), cpu[at] / waited[at]] }
    })
    .collect()
}

fn chapter_2() -> Vec<Row> {
    let time = Duration::from_millis(100);
    let lateness = move |start: Instant| (start.elapsed() - time).as_secs_f64() * 1e6;
    let mut rows = Vec::new();
    for (name, how_many, is_shared) in [
        ("one sleep, a thread for each", 1, false),
        ("one sleep, one thread", 1, true),
        ("1000 sleeps, a thread for each", 1000, false),
        ("1000 sleeps, one thread", 1000, true),
    ] {
        let mut late = Vec::new();
        for _ in 0..if how_many == 1 { 20 } else { 5 } {
            // Each in a task of its own, so that only the sleeps are compared.
            let executor = executor::Executor::start();
            let handles: Vec<_> = (0..how_many)
                .map(|_| {
                    executor.spawn(async move {
                        let start = Instant::now();
                        if is_shared {
                            timer::sleep(time).await
                        } else {
                            thread_sleep::thread_sleep(time).await
                        }
                        lateness(start)
                    })
                })
                .collect();
            late.extend(handles.into_iter().map(|handle| block_on::block_on(handle).expect("no panic")));
        }
        let late = sorted(late);
        rows.push(Row {
            name,
            numbers: vec![percentile(&late, 50), percentile(&late, 99), percentile(&late, 100)],
        });
    }
    rows
}

const TASKS: u64 = 10_000;

fn chapter_3() -> Vec<Row> {
    vec![
        // Without a handle, a task has to send its output itself.
        design("boxed future, output through a channel", || {
            let executor = boxed::Executor::start();
            let spawn = |number| {
                let (send, receive) = mpsc::sync_channel(1);
                executor.spawn(async move { send.send(once(number).await).expect("it is awaited") });
                receive
            };
            let outputs: Vec<_> = (0..TASKS).map(spawn).collect();
            outputs.into_iter().map(|output| output.recv().expect("it is sent")).sum()
        }),
        design("boxed future in a task with state and handle", || {
            let executor = executor::Executor::start();
            sum((0..TASKS).map(|number| executor.spawn(Box::pin(once(number)))).collect())
        }),
        design("all in one allocation", || {
            let executor = executor::Executor::start();
            sum((0..TASKS).map(|number| executor.spawn(once(number))).collect())
        }),
    ]
}

fn sum(handles: Vec<executor::JoinHandle<u64>>) -> u64 {
    block_on::block_on(async {
        let mut sum = 0;
        for handle in handles {
            sum += handle.await.expect("no panic");
        }
        sum
    })
}

/// A future of some size that is polled twice.
async fn once(number: u64) -> u64 {
    let kept = black_box([number; 8]);
    let mut is_first = true;
    poll_fn(|context| {
        if std::mem::take(&mut is_first) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
    kept[7]
}

/// Runs it nine times; it spawns [`TASKS`] tasks and gives the sum of their outputs.
fn design(name: &'static str, run: fn() -> u64) -> Row {
    let mut nanoseconds = Vec::new();
    let (mut allocations, mut bytes) = (0, 0);
    for _ in 0..9 {
        let before = (ALLOCATIONS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
        let start = Instant::now();
        let sum = run();
        nanoseconds.push(start.elapsed().as_nanos() as f64 / TASKS as f64);
        assert_eq!(sum, TASKS * (TASKS - 1) / 2);
        allocations = ALLOCATIONS.load(Ordering::Relaxed) - before.0;
        bytes = BYTES.load(Ordering::Relaxed) - before.1;
    }
    let nanoseconds = sorted(nanoseconds);
    let per_task = |count: u64| count as f64 / TASKS as f64;
    Row {
        name,
        numbers: vec![
            per_task(allocations),
            per_task(bytes),
            percentile(&nanoseconds, 50),
            percentile(&nanoseconds, 100),
        ],
    }
}
