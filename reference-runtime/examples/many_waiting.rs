//! A thread for each connection, or a task: what does it take to wait?
//!
//! ```text
//! cargo run --release --example many_waiting
//! ```
//!
//! Each connection is a pair of sockets, with an echo at one end. When all have answered once and wait for more, the memory
//! is looked at; then all are asked in rounds. Each measurement is made in a process of its own.

#[cfg(unix)]
mod demo {
    use std::error::Error;
    use std::io::{self, Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::process::Command;
    use std::time::Instant;
    use std::{env, fs, thread};

    use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use reference_runtime::{net, task};
    use serde_json::{Value, json};

    /// Two descriptors each, of the 1,024 that most systems give.
    const CONNECTIONS: [usize; 4] = [4, 25, 100, 400];
    const ROUNDS: usize = 50;
    const RUNS: usize = 5;
    const KINDS: [&str; 2] = ["a thread each", "a task each"];

    // ANCHOR: thread
    fn echo_with_thread(mut stream: UnixStream) -> io::Result<()> {
        let mut byte = [0];
        while stream.read(&mut byte)? > 0 {
            stream.write_all(&byte)?;
        }
        Ok(())
    }
    // ANCHOR_END: thread

    // ANCHOR: task
    async fn echo_with_task(stream: UnixStream) -> io::Result<()> {
        let mut stream = net::unix::UnixStream::try_from(stream)?;
        let mut byte = [0];
        while stream.read(&mut byte).await? > 0 {
            stream.write_all(&byte).await?;
        }
        Ok(())
    }
    // ANCHOR_END: task

    pub(crate) fn main() -> Result<(), Box<dyn Error>> {
        let arguments: Vec<String> = env::args().skip(1).collect();
        match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["--kind", kind, count] => run(kind, count.parse()?),
            [] => table(&measure(&CONNECTIONS, RUNS)?, &CONNECTIONS),
            ["--quick"] => table(&measure(&CONNECTIONS[..2], 1)?, &CONNECTIONS[..2]),
            ["--json"] => data(&measure(&CONNECTIONS, RUNS)?),
            _ => Err("what to do?".into()),
        }
    }

    /// Prints the memory of so many that wait, in KiB, and what an echo takes, in µs.
    fn run(kind: &str, count: usize) -> Result<(), Box<dyn Error>> {
        let before = resident();
        let mut asking = Vec::new();
        for _ in 0..count {
            let (here, there) = UnixStream::pair()?;
            if kind == KINDS[0] {
                thread::Builder::new().spawn(move || echo_with_thread(there))?;
            } else {
                task::spawn(echo_with_task(there)).detach();
            }
            asking.push(here);
        }
        ask(&mut asking)?;
        let memory = resident() - before;
        let start = Instant::now();
        for _ in 0..ROUNDS {
            ask(&mut asking)?;
        }
        let each = start.elapsed().as_secs_f64() * 1e6 / (ROUNDS * count) as f64;
        println!("{}", json!([memory, each]));
        Ok(())
    }

    /// Asks all, and then waits for all.
    fn ask(asking: &mut [UnixStream]) -> io::Result<()> {
        let mut byte = [1];
        asking.iter_mut().try_for_each(|stream| stream.write_all(&byte))?;
        asking.iter_mut().try_for_each(|stream| stream.read_exact(&mut byte))
    }

    /// The memory of this process that is in use, in KiB, without what the kernel keeps for its threads and sockets; 0
    /// where the system does not tell. The number in `status` would be cheaper, and is off by what each core has not yet
    /// added to it.
    fn resident() -> f64 {
        let text = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
        let value =
            text.lines().find_map(|line| line.strip_prefix("Rss:")?.strip_suffix("kB")?.trim().parse().ok());
        value.unwrap_or(0.0)
    }

    /// For each number and each kind: the samples of the memory and of the time.
    type Measured = Vec<[[Vec<f64>; 2]; 2]>;

    fn measure(counts: &[usize], runs: usize) -> Result<Measured, Box<dyn Error>> {
        let mut measured: Measured = vec![Default::default(); counts.len()];
        for _ in 0..runs {
            for (count, kinds) in counts.iter().zip(&mut measured) {
                for (kind, [memory, each]) in KINDS.iter().zip(kinds) {
                    let child = Command::new(env::current_exe()?)
                        .args(["--kind", kind, &count.to_string()])
                        .output()?;
                    let said = String::from_utf8_lossy(&child.stdout);
                    let [first, second]: [f64; 2] =
                        serde_json::from_str(&said).map_err(|_| String::from_utf8_lossy(&child.stderr))?;
                    memory.push(first);
                    each.push(second);
                }
            }
        }
        Ok(measured)
    }

    fn table(measured: &Measured, counts: &[usize]) -> Result<(), Box<dyn Error>> {
        println!("{:<12} memory, KiB                      an echo, µs", "");
        println!("connections{}{}", heads(), heads());
        for (count, [threads, tasks]) in counts.iter().zip(measured) {
            let cells = [&threads[0], &tasks[0], &threads[1], &tasks[1]].map(|samples| {
                let mut samples = samples.clone();
                samples.sort_by(f64::total_cmp);
                samples[samples.len() / 2]
            });
            let [m0, m1, t0, t1] = cells;
            println!("{count:>11} {m0:>15.0} {m1:>15.0} {t0:>15.1} {t1:>15.1}");
        }
        Ok(())
    }

    fn heads() -> String {
        KINDS.map(|kind| format!(" {kind:>15}")).concat()
    }

    fn data(measured: &Measured) -> Result<(), Box<dyn Error>> {
        let series: Vec<Value> = KINDS
            .iter()
            .enumerate()
            .map(|(kind, name)| {
                let point = |(count, kinds): (&usize, &[[Vec<f64>; 2]; 2])| json!({ "x": count, "samples": kinds[kind][0] });
                let points: Vec<Value> = CONNECTIONS.iter().zip(measured).map(point).collect();
                json!({ "name": name, "points": points })
            })
            .collect();
        let title = "The memory of connections that wait";
        println!("{}", json!({ "title": title, "unit": "KiB", "x": "connections", "series": series }));
        Ok(())
    }
}

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    demo::main()
}

#[cfg(not(unix))]
fn main() {
    println!("this demo needs the socket pairs of Unix");
}
