//! Counts the characters of each line of one file in four ways, and what each takes.
//!
//! ```text
//! cargo run --release --example worth_it
//! ```
//!
//! Three are those of `line_count.rs`. The fourth sends each call to the pool of stage 5, which is how most runtimes read
//! files. Each runs in a process of its own, which begins without a runtime and writes to a file. The operating system
//! counts the calls: `read` and `write` and their relatives, of all threads. It does not count `futex` and `epoll_wait`, but
//! it counts how often a thread went to sleep, which is what they are for.

#[cfg(unix)]
#[path = "line_count.rs"]
mod line_count;

#[cfg(unix)]
mod demo {
    use std::error::Error;
    use std::fs::{self, File};
    use std::io::{self, Read as _, Write as _};
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};
    use std::time::Instant;
    use std::{env, process};

    use nix::sys::resource::{Usage, UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;
    use reference_runtime::block_on;
    use reference_runtime::stages::{Front, Stage};
    use serde_json::{Value, json};

    use crate::line_count;

    const LINES: usize = 100_000;
    const RUNS: usize = 5;
    const WORKERS: usize = 2;
    /// As much as the buffers of the others hold.
    const CHUNK: usize = 8192;

    const WAYS: [&str; 4] = ["sync", "half async", "async", "async, pool"];
    /// What is counted, its unit, and its head in the table.
    const COUNTED: [(&str, &str, &str); 5] = [
        ("time", "ms", "time, ms"),
        ("processor time", "ms", "CPU, ms"),
        ("read calls", "calls", "reads"),
        ("write calls", "calls", "writes"),
        ("a thread went to sleep", "times", "sleeps"),
    ];

    // ANCHOR: pooled
    async fn pooled(front: Front, path: PathBuf) -> io::Result<u64> {
        let mut file = front.spawn_blocking(|| File::open(path)).await?;
        let (mut text, mut lines) = (Vec::new(), 0);
        loop {
            // The file and what is left of the last line go to a thread and come back.
            let read = front.spawn_blocking(move || {
                let mut chunk = [0; CHUNK];
                let length = file.read(&mut chunk)?;
                text.extend_from_slice(&chunk[..length]);
                io::Result::Ok((file, text, length))
            });
            let length;
            (file, text, length) = read.await?;
            let mut counts = String::new();
            let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let rest = if length == 0 { Vec::new() } else { text.split_off(whole) };
            for line in std::str::from_utf8(&text).map_err(io::Error::other)?.lines() {
                counts += &format!("{}\n", line.chars().count());
                lines += 1;
            }
            text = rest;
            front.spawn_blocking(move || io::stdout().write_all(counts.as_bytes())).await?;
            if length == 0 {
                return Ok(lines);
            }
        }
    }
    // ANCHOR_END: pooled

    pub(crate) fn main() -> Result<(), Box<dyn Error>> {
        let arguments: Vec<String> = env::args().skip(1).collect();
        match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["--way", way, path] => run(way, path.as_ref()),
            [] => measure(LINES, RUNS, table),
            ["--json"] => measure(LINES, RUNS, data),
            ["--quick"] => measure(1000, 1, table),
            _ => Err("what to do?".into()),
        }
    }

    /// Counts in one way, and says on the error output what it took.
    fn run(way: &str, path: &Path) -> Result<(), Box<dyn Error>> {
        let before = Counters::now()?;
        match way {
            "sync" => line_count::sync(path)?,
            "half async" => block_on(line_count::half_async(path))?,
            "async" => block_on(line_count::all_async(path))?,
            _ => {
                let front = Front::new(Stage::S5SpawnBlocking, WORKERS)?;
                front.block_on(pooled(front.clone(), path.to_owned()))?
            }
        };
        eprintln!("{}", json!(before.since()?));
        Ok(())
    }

    /// Of this process.
    struct Counters {
        time: Instant,
        usage: Usage,
        calls: [f64; 2],
    }

    impl Counters {
        fn now() -> io::Result<Counters> {
            let calls = calls();
            Ok(Counters { time: Instant::now(), usage: getrusage(UsageWho::RUSAGE_SELF)?, calls })
        }

        /// In the order of [`COUNTED`].
        fn since(&self) -> io::Result<[f64; 5]> {
            let time = self.time.elapsed().as_secs_f64() * 1e3;
            let usage = getrusage(UsageWho::RUSAGE_SELF)?;
            let cpu = |usage: &Usage| (usage.user_time() + usage.system_time()).num_microseconds() as f64;
            let sleeps = usage.voluntary_context_switches() - self.usage.voluntary_context_switches();
            let [now, again] = [calls(), calls()];
            // To look takes calls as well.
            let calls = [0, 1].map(|at| now[at] - self.calls[at] - (again[at] - now[at]));
            Ok([time, (cpu(&usage) - cpu(&self.usage)) / 1e3, calls[0], calls[1], sleeps as f64])
        }
    }

    /// Reads and writes so far; zeros where the system does not tell.
    fn calls() -> [f64; 2] {
        let text = fs::read_to_string("/proc/self/io").unwrap_or_default();
        let count = |name| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        ["syscr:", "syscw:"].map(|name| count(name).unwrap_or(0.0))
    }

    /// Runs all ways in turn, so that what disturbs this machine disturbs all, and shows the samples: for each way those
    /// of each counter.
    fn measure(lines: usize, runs: usize, show: fn(&[Samples])) -> Result<(), Box<dyn Error>> {
        let folder = env::temp_dir().join(format!("worth-it-{}", process::id()));
        fs::create_dir(&folder)?;
        let measured = samples(lines, runs, &folder);
        fs::remove_dir_all(folder)?;
        show(&measured?);
        Ok(())
    }

    type Samples = [Vec<f64>; 5];

    fn samples(lines: usize, runs: usize, folder: &Path) -> Result<Vec<Samples>, Box<dyn Error>> {
        let (input, output) = (folder.join("input"), folder.join("output"));
        let text: Vec<String> =
            (0..lines).map(|line| format!("{line}: {}\n", "zwölf ".repeat(line % 12))).collect();
        fs::write(&input, text.concat())?;
        let mut samples = vec![Samples::default(); WAYS.len()];
        let mut expected = None;
        for _ in 0..runs {
            for (way, samples) in WAYS.iter().zip(&mut samples) {
                let child = Command::new(env::current_exe()?)
                    .args(["--way", way])
                    .arg(&input)
                    .stdout(File::create(&output)?)
                    .stderr(Stdio::piped())
                    .output()?;
                let said = String::from_utf8(child.stderr)?;
                let counted: Vec<f64> = serde_json::from_str(&said).map_err(|_| said.clone())?;
                for (samples, counted) in samples.iter_mut().zip(counted) {
                    samples.push(counted);
                }
                let counts = fs::read(&output)?;
                if expected.get_or_insert_with(|| counts.clone()) != &counts {
                    return Err(format!("{way} counts otherwise").into());
                }
            }
        }
        Ok(samples)
    }

    fn table(ways: &[Samples]) {
        println!("the characters of each line of one file; medians of {} runs\n", ways[0][0].len());
        print!("{:<12} {:>5}", "", "lines");
        COUNTED.iter().for_each(|(_, _, head)| print!(" {head:>9}"));
        println!();
        for (way, samples) in WAYS.iter().zip(ways) {
            print!("{way:<12} {:>5}", lines_of_code(way));
            for samples in samples {
                let mut samples = samples.clone();
                samples.sort_by(f64::total_cmp);
                print!(" {:>9.0}", samples[samples.len() / 2]);
            }
            println!();
        }
    }

    fn data(ways: &[Samples]) {
        let counted = COUNTED.iter().enumerate().map(|(at, (name, unit, _))| {
            let point = |(way, samples): (&&str, &Samples)| json!({ "label": way, "samples": samples[at] });
            let points: Vec<Value> = WAYS.iter().zip(ways).map(point).collect();
            json!({ "name": name, "unit": unit, "points": points })
        });
        let mut series: Vec<Value> = counted.collect();
        let point = |way: &&str| json!({ "label": way, "samples": [lines_of_code(way)] });
        let points: Vec<Value> = WAYS.iter().map(point).collect();
        series.push(json!({ "name": "code", "unit": "lines", "points": points }));
        let title = "One file, four ways to count the characters of its lines";
        println!("{}", json!({ "title": title, "unit": "ms", "x": "", "series": series }));
    }

    /// What stands between the marks that the book includes by, without empty lines and comments.
    fn lines_of_code(way: &str) -> usize {
        let (text, anchor) = match way {
            "sync" => (include_str!("line_count.rs"), "sync"),
            "half async" => (include_str!("line_count.rs"), "half_async"),
            "async" => (include_str!("line_count.rs"), "async"),
            _ => (include_str!("worth_it.rs"), "pooled"),
        };
        let (begin, end) = (format!("// ANCHOR: {anchor}"), format!("// ANCHOR_END: {anchor}"));
        let lines = text.lines().map(str::trim).skip_while(|line| *line != begin);
        let lines = lines.take_while(|line| *line != end);
        lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
    }
}

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    demo::main()
}

#[cfg(not(unix))]
fn main() {
    println!("this demo needs the counters of Unix");
}
