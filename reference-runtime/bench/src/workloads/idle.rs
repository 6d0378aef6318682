//! What a runtime costs that has nothing to do, and one in which a task wakes up every 50 ms.
//!
//! Measures context switches and processor time of the whole process, threads that ended included, over seconds in
//! which the main thread sleeps in one system call. A runtime must have run something before, as one that starts on
//! first use is cheap until then. The second row has beside it, from the same process, what a plain thread costs that
//! sleeps and wakes as often, since that is the least there can be.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{Better, Metric, check, in_a_task};
use crate::{child::Plan, counters::Usage, runtimes::Runtime};

/// Long enough for threads that linger after work to go to sleep.
const CALM: Duration = Duration::from_millis(300);

const TICK: Duration = Duration::from_millis(50);

pub(super) fn run<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let time = plan.scale.of(Duration::from_secs(5), Duration::from_secs(2), Duration::from_millis(100));
    in_a_task(runtime, async {
        for _ in 0..100 {
            R::spawn(R::yield_now()).await;
        }
    });
    thread::sleep(CALM);
    let before = Usage::now()?;
    thread::sleep(time);
    let used = Usage::since(before)?;
    // The main thread's own sleep is one.
    let switches = used.switches.saturating_sub(1) as f64;
    Ok(vec![
        Metric::one("switches", "1/s", Better::Less, switches / time.as_secs_f64()),
        Metric::one("CPU", "µs/s", Better::Less, used.cpu.as_micros() as f64 / time.as_secs_f64()),
    ])
}

pub(super) fn run_almost<R: Runtime>(runtime: &R, plan: &Plan) -> Result<Vec<Metric>, String> {
    let ticks: u32 = plan.scale.of(100, 40, 3);
    in_a_task(runtime, async { R::sleep(Duration::from_millis(1)).await });
    thread::sleep(CALM);

    let before = Usage::now()?;
    let began = Instant::now();
    in_a_task(runtime, async move {
        for _ in 0..ticks {
            R::sleep(TICK).await;
        }
    });
    let used = Usage::since(before)?;
    check(began.elapsed() >= TICK * ticks, || "a sleep was over early".to_owned())?;

    let before = Usage::of_this_thread()?;
    for _ in 0..ticks {
        thread::sleep(TICK);
    }
    let plain = Usage::of_this_thread()?.less(before);
    let per_tick = |figure: f64| figure / f64::from(ticks);
    let beyond = used.switches as f64 - plain.switches as f64;
    Ok(vec![
        Metric::one("switches beyond a plain thread's", "1/tick", Better::Less, per_tick(beyond)),
        Metric::one("a plain thread's switches", "1/tick", Better::Neither, per_tick(plain.switches as f64)),
        Metric::one("CPU", "µs/tick", Better::Less, per_tick(used.cpu.as_micros() as f64)),
        Metric::one(
            "a plain thread's CPU",
            "µs/tick",
            Better::Neither,
            per_tick(plain.cpu.as_micros() as f64),
        ),
    ])
}
