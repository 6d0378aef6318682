//! `join!` of two file reads that block: at the same time or one after the other?
//!
//! ```text
//! cargo run --release --example two_files
//! cargo run --release --example two_files -- --json    # the times, for a figure
//! ```
//!
//! The files are named pipes. Whoever opens one to read waits for a writer, and for what it writes: here that comes
//! 100 ms later. So `std::fs::read` blocks, in the kernel, each time for the same while. A third task ticks meanwhile.

#[cfg(unix)]
mod demo {
    use std::path::{Path, PathBuf};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};
    use std::{env, fs, io, process, thread};

    use futures::join;
    use reference_runtime::stages::{Front, Stage};
    use reference_runtime::time::sleep;
    use serde_json::{Value, json};

    const WORKERS: usize = 2;
    /// How long a writer takes.
    const WAIT: Duration = Duration::from_millis(100);
    const COLUMN: Duration = Duration::from_millis(10);

    // ANCHOR: ways
    async fn join_spawned(front: Front, [left, right]: [File; 2]) {
        join!(front.spawn_blocking(move || left.read()), front.spawn_blocking(move || right.read()));
    }

    async fn join_in_place(front: Front, [left, right]: [File; 2]) {
        join!(async { front.block_in_place(|| left.read()) }, async {
            front.block_in_place(|| right.read())
        });
    }

    async fn two_tasks(front: Front, files: [File; 2]) {
        let [left, right] = files.map(|file| {
            let inside = front.clone();
            front.spawn(async move { inside.block_in_place(|| file.read()) })
        });
        join!(left, right);
    }
    // ANCHOR_END: ways

    /// A named pipe, and when it was read.
    #[derive(Clone)]
    struct File {
        path: PathBuf,
        read: Arc<Mutex<Option<(Instant, Instant)>>>,
    }

    impl File {
        fn new(folder: &Path, name: &str) -> io::Result<File> {
            let path = folder.join(name);
            nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU)?;
            Ok(File { path, read: Arc::default() })
        }

        // ANCHOR: read
        fn read(&self) {
            let start = Instant::now();
            fs::read(&self.path).expect("the pipe can be read");
            *self.read.lock().expect("nobody panics") = Some((start, Instant::now()));
        }
        // ANCHOR_END: read

        /// Starts a thread that writes once, some time after a reader has come.
        fn write_late(&self) -> thread::JoinHandle<io::Result<()>> {
            let path = self.path.clone();
            thread::spawn(move || {
                let mut pipe = fs::File::options().write(true).open(path)?;
                thread::sleep(WAIT);
                io::Write::write_all(&mut pipe, b"text")
            })
        }
    }

    /// What happened, in time from the start.
    struct Run {
        name: &'static str,
        took: Duration,
        /// Of the left file and of the right one: from when to when it was read.
        read: [(Duration, Duration); 2],
        ticks: Vec<Duration>,
    }

    pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
        let (options, stage): (Vec<String>, Vec<String>) =
            env::args().skip(1).partition(|argument| argument == "--json");
        let stage = stage.first().map_or(Ok(Stage::S6BlockInPlace), |name| name.parse())?;
        let folder = env::temp_dir().join(format!("two-files-{}", process::id()));
        fs::create_dir(&folder)?;
        let runs = run_all(stage, &folder);
        fs::remove_dir_all(folder)?;
        if !options.is_empty() {
            println!("{}", data(&runs?));
            return Ok(());
        }
        println!("{stage}: two reads of {} ms, {WORKERS} workers; a column is 10 ms", WAIT.as_millis());
        for run in runs? {
            run.show();
        }
        Ok(())
    }

    fn run_all(stage: Stage, folder: &Path) -> io::Result<Vec<Run>> {
        let files = [File::new(folder, "left")?, File::new(folder, "right")?];
        let mut runs = vec![run(stage, "join! of two spawn_blocking", &files, join_spawned)?];
        if stage >= Stage::S6BlockInPlace {
            runs.push(run(stage, "join! of two block_in_place", &files, join_in_place)?);
            runs.push(run(stage, "a task for each block_in_place", &files, two_tasks)?);
        }
        Ok(runs)
    }

    fn run<F, W>(stage: Stage, name: &'static str, files: &[File; 2], way: W) -> io::Result<Run>
    where
        F: Future<Output = ()> + Send + 'static,
        W: FnOnce(Front, [File; 2]) -> F,
    {
        let front = Front::new(stage, WORKERS)?;
        let ticks = Arc::new(Mutex::new(Vec::new()));
        front.spawn(tick(Arc::clone(&ticks))).detach();
        let writers = files.each_ref().map(File::write_late);
        let start = Instant::now();
        front.block_on(front.spawn(way(front.clone(), files.clone())));
        let took = start.elapsed();
        for writer in writers {
            writer.join().expect("it does not panic")?;
        }
        let since = |time: Instant| time.saturating_duration_since(start);
        let read = files.each_ref().map(|file| {
            let (begin, end) = file.read.lock().expect("nobody panics").take().expect("it was read");
            (since(begin), since(end))
        });
        let ticks = ticks.lock().expect("nobody panics").iter().copied().map(since).collect();
        Ok(Run { name, took, read, ticks })
    }

    impl Run {
        fn show(&self) {
            let [left, right] = self.read;
            let do_overlap = left.0 < right.1 && right.0 < left.1;
            println!("\n{}: {} ms, at the same time: {do_overlap}", self.name, self.took.as_millis());
            let column = |time: Duration| (time.as_nanos() + COLUMN.as_nanos() / 2) / COLUMN.as_nanos();
            for (name, (begin, end)) in [("left", left), ("right", right)] {
                println!(
                    "  {name:<6} {}{}",
                    " ".repeat(column(begin) as usize),
                    "=".repeat((column(end) - column(begin)) as usize)
                );
            }
            let marks = (0..=column(self.took))
                .map(|at| if self.ticks.iter().any(|time| column(*time) == at) { '|' } else { ' ' });
            println!("  {:<6} {}", "ticks", marks.collect::<String>().trim_end());
        }

        fn lanes(&self) -> Vec<Value> {
            let ms = |time: Duration| (time.as_secs_f64() * 1e5).round() / 100.0;
            let read = |(begin, end)| vec![json!({ "from": ms(begin), "to": ms(end), "what": "read" })];
            let tick = |time: &Duration| json!({ "from": ms(*time), "to": ms(*time), "what": "tick" });
            let ticks = self.ticks.iter().filter(|time| **time <= self.took).map(tick).collect();
            let lanes = [
                ("the left file", read(self.read[0])),
                ("the right file", read(self.read[1])),
                ("ticks of another task", ticks),
            ];
            let lane = |(name, spans): (&str, Vec<Value>)| json!({ "group": self.name, "name": name, "spans": spans });
            lanes.into_iter().map(lane).collect()
        }
    }

    fn data(runs: &[Run]) -> Value {
        let lanes: Vec<Value> = runs.iter().flat_map(Run::lanes).collect();
        json!({ "title": "Two reads that block, at the same time or one after the other", "unit": "ms", "lanes": lanes })
    }

    async fn tick(ticks: Arc<Mutex<Vec<Instant>>>) {
        loop {
            sleep(COLUMN).await;
            ticks.lock().expect("nobody panics").push(Instant::now());
        }
    }
}

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    demo::main()
}

#[cfg(not(unix))]
fn main() {
    println!("this demo needs named pipes, which this system does not have");
}
