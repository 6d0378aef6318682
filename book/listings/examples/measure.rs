//! The figures of chapters 1 to 3: `cargo run --release -p tiny --example measure -- FOLDER ch01` writes `ch01.json`, the
//! samples, and `ch01.md`, a table. `cargo book measure ch01` calls it, and puts both into the book.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write;
use std::future::poll_fn;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};
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

/// What is measured for a chapter.
struct Chapter {
    title: &'static str,
    unit: &'static str,
    /// Of the table.
    columns: &'static [&'static str],
    rows: Vec<Row>,
    /// Of the figure.
    series: Vec<Series>,
}

/// A row of a table: what was measured, and a number for each column.
struct Row {
    name: &'static str,
    numbers: Vec<f64>,
}

/// Samples with a label each.
struct Series {
    name: &'static str,
    unit: &'static str,
    points: Vec<(&'static str, Vec<f64>)>,
}

fn main() {
    let usage = "give the folder to write to, and ch01, ch02 or ch03";
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, name] = &arguments[..] else { panic!("{usage}") };
    let chapter = match &name[..] {
        "ch01" => chapter_1(),
        "ch02" => chapter_2(),
        "ch03" => chapter_3(),
        _ => panic!("{usage}"),
    };
    fs::write(format!("{folder}/{name}.json"), chapter.json()).expect("the folder can be written");
    fs::write(format!("{folder}/{name}.md"), chapter.table()).expect("the folder can be written");
}

impl Chapter {
    fn table(&self) -> String {
        let number =
            |number: f64| if number < 10.0 { format!("{number:.1}") } else { format!("{number:.0}") };
        let (heads, lines) = (self.columns.join(" | "), "---:|".repeat(self.columns.len()));
        let mut table = format!("| | {heads} |\n|---|{lines}\n");
        for row in &self.rows {
            let numbers: Vec<String> = row.numbers.iter().copied().map(number).collect();
            writeln!(table, "| {} | {} |", row.name, numbers.join(" | ")).expect("a String takes any text");
        }
        table
    }

    /// By hand, for the reader's project has no dependencies; the names need no escapes.
    fn json(&self) -> String {
        let series: Vec<String> = self.series.iter().map(Series::json).collect();
        format!(
            "{{\"title\": \"{}\", \"unit\": \"{}\", \"x\": \"\", \"series\": [{}]}}",
            self.title,
            self.unit,
            series.join(", ")
        )
    }
}

impl Series {
    fn json(&self) -> String {
        let point = |(label, samples): &(&str, Vec<f64>)| {
            let samples: Vec<String> = samples.iter().map(|sample| format!("{sample:.2}")).collect();
            format!("{{\"label\": \"{label}\", \"samples\": [{}]}}", samples.join(", "))
        };
        let points: Vec<String> = self.points.iter().map(point).collect();
        let (name, unit) = (self.name, self.unit);
        format!("{{\"name\": \"{name}\", \"unit\": \"{unit}\", \"points\": [{}]}}", points.join(", "))
    }
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

fn chapter_1() -> Chapter {
    type BlockOn = fn(&Bell);
    let ways: [(&'static str, BlockOn); 3] = [
        ("spinning", |bell| spinning::spinning(bell.wait())),
        ("on_thread_park", |bell| on_thread_park::on_thread_park(bell.wait())),
        ("block_on", |bell| block_on::block_on(bell.wait())),
    ];
    let mut late = [const { Vec::new() }; 3];
    let mut cpu = [const { Vec::new() }; 3];
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
        cpu[at].push((cpu_ms() - cpu_before) / start.elapsed().as_secs_f64());
    }
    let names = ways.map(|(name, _)| name);
    let rows = names.into_iter().zip(late.iter().zip(&cpu)).map(|(name, (late, cpu))| {
        let (late, mean) = (sorted(late.clone()), cpu.iter().sum::<f64>() / cpu.len() as f64);
        Row { name, numbers: vec![percentile(&late, 50), percentile(&late, 99), mean] }
    });
    Chapter {
        title: "What a wake costs, and what waiting for it costs",
        unit: "µs",
        columns: &["wake to poll, median µs", "99th percentile, µs", "CPU ms per second of waiting"],
        rows: rows.collect(),
        series: vec![
            Series {
                name: "from the wake to the poll",
                unit: "µs",
                points: names.into_iter().zip(late).collect(),
            },
            Series {
                name: "CPU time in each second of waiting",
                unit: "ms",
                points: names.into_iter().zip(cpu).collect(),
            },
        ],
    }
}

fn chapter_2() -> Chapter {
    let time = Duration::from_millis(100);
    let lateness = move |start: Instant| (start.elapsed() - time).as_secs_f64() * 1e6;
    let (mut rows, mut points) = (Vec::new(), Vec::new());
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
        points.push((name, late));
    }
    Chapter {
        title: "How late a sleep of 100 ms is",
        unit: "µs",
        columns: &["late, median µs", "99th percentile, µs", "latest, µs"],
        rows,
        series: vec![Series { name: "late", unit: "µs", points }],
    }
}

const TASKS: u64 = 10_000;

fn chapter_3() -> Chapter {
    let designs = [
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
    ];
    let columns: &[&str] =
        &["allocations per task", "bytes per task", "ns per task, median", "ns, slowest of 9"];
    let row = |design: &Design| {
        let [time, allocations, bytes] = design.samples.clone().map(sorted);
        let numbers = vec![
            percentile(&allocations, 50),
            percentile(&bytes, 50),
            percentile(&time, 50),
            percentile(&time, 100),
        ];
        Row { name: design.name, numbers }
    };
    let of = |at: usize| -> Vec<_> {
        designs.iter().map(|design| (design.name, design.samples[at].clone())).collect()
    };
    Chapter {
        title: "What a task costs, in three designs",
        unit: "ns",
        columns,
        rows: designs.iter().map(row).collect(),
        series: vec![
            Series { name: "time for each task", unit: "ns", points: of(0) },
            Series { name: "memory for each task", unit: "bytes", points: of(2) },
            Series { name: "calls of the allocator for each task", unit: "calls", points: of(1) },
        ],
    }
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

/// What a design of tasks costs.
struct Design {
    name: &'static str,
    /// For each task: nanoseconds, allocations, bytes. A sample for each round.
    samples: [Vec<f64>; 3],
}

/// Runs it nine times; it spawns [`TASKS`] tasks and gives the sum of their outputs.
fn design(name: &'static str, run: fn() -> u64) -> Design {
    let mut samples = [const { Vec::new() }; 3];
    for _ in 0..9 {
        let before = (ALLOCATIONS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
        let start = Instant::now();
        let sum = run();
        let nanoseconds = start.elapsed().as_nanos() as f64;
        assert_eq!(sum, TASKS * (TASKS - 1) / 2);
        let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before.0;
        let bytes = BYTES.load(Ordering::Relaxed) - before.1;
        for (samples, whole) in samples.iter_mut().zip([nanoseconds, allocations as f64, bytes as f64]) {
            samples.push(whole / TASKS as f64);
        }
    }
    Design { name, samples }
}
