//! What a poll that blocks costs the scheduler, in processor time: with reports, and without.
//!
//! A task blocks the only worker until another one has run, again and again. Measured is the processor time of the
//! monitor's thread, and of the thread that calls the hooks of reports, for each of these. The kernel keeps both to the
//! nanosecond for threads that sleep, which they do when it is read. The difference between a runtime with hooks and one
//! without is the price of a report.

use std::{fs, sync::mpsc, time::Duration};

use super::{Better, Metric, check};
use crate::{child::Plan, runtimes::Runtime};

/// Polls between two reads of the clocks.
const POLLS: usize = 50;

pub(super) fn run<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let polls = plan.scale.of(POLLS, POLLS, 2);
    block(runtime, polls)?;
    let (mut monitor, mut hooks) = (Vec::new(), Vec::new());
    for _ in 0..plan.samples {
        let before = (used("ours-monitor")?, used("ours-reports")?);
        block(runtime, polls)?;
        let per_poll =
            |before: Duration, after: Duration| (after - before).as_nanos() as f64 / 1e3 / polls as f64;
        monitor.push(per_poll(before.0, used("ours-monitor")?));
        hooks.push(per_poll(before.1, used("ours-reports")?));
    }
    Ok(vec![
        Metric::new("monitor", "µs/poll", Better::Less, monitor),
        Metric::new("hooks", "µs/poll", Better::Less, hooks),
    ])
}

/// Blocks so many polls, one after another.
fn block<R: Runtime>(runtime: &R, polls: usize) -> Result<(), String> {
    for _ in 0..polls {
        let (send, receive) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        runtime.detach_from_outside(async move {
            let _ = tell.send(receive.recv().is_ok());
        });
        runtime.detach_from_outside(async move {
            let _ = send.send(());
        });
        let has_returned = told.recv_timeout(Duration::from_secs(20)).unwrap_or(false);
        check(has_returned, || "a poll that blocked has not come back".to_owned())?;
    }
    Ok(())
}

/// The processor time that the threads of this name have used. Nothing, if there are none.
fn used(name: &str) -> Result<Duration, String> {
    let threads = fs::read_dir("/proc/self/task").map_err(|_| "this row needs /proc".to_owned())?;
    let of_thread = |folder: std::path::PathBuf| {
        let comm = fs::read_to_string(folder.join("comm")).ok()?;
        let is_it = comm.trim_end() == name;
        let nanos = fs::read_to_string(folder.join("schedstat")).ok()?.split(' ').next()?.parse().ok()?;
        is_it.then(|| Duration::from_nanos(nanos))
    };
    Ok(threads.filter_map(|thread| of_thread(thread.ok()?.path())).sum())
}
