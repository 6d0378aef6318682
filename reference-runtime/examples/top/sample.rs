//! A look at a runtime: what its metrics say, and what its threads have recorded since the last look.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use reference_runtime::Handle;
use reference_runtime::trace::{AlreadyRecording, Event, Recorder, Recording, Trace, What};
use serde_json::{Value, json};

/// Enough to find out what each thread does, and some tenths of a millisecond's work to read.
const EVENTS_PER_THREAD: usize = 4096;
/// How long a slow poll is shown, and how many of them.
const SLOW_FOR: Duration = Duration::from_secs(10);
const SLOW_SHOWN: usize = 8;
/// Places of spawns of which blocked polls are counted: the program's own, a few dozen.
const MOST_PLACES: usize = 1024;

/// What is remembered from one look to the next.
pub(crate) struct Sampler {
    runtime: Handle,
    title: String,
    recording: Recording,
    last: Duration,
    /// How many events each thread had recorded.
    written: HashMap<u32, u64>,
    slow: Vec<Slow>,
    /// By place of spawn.
    blocked: BTreeMap<String, Blocked>,
}

struct Slow {
    task: String,
    place: String,
    took: Duration,
    ended: Duration,
    result: &'static str,
}

#[derive(Default)]
struct Blocked {
    count: u64,
    longest: Duration,
    task: String,
    verdict: &'static str,
}

/// What a thread is in the midst of.
#[derive(Default)]
struct Doing {
    poll: Option<(Duration, u64, String)>,
    is_closure: bool,
    in_place: Option<Duration>,
    parked: Option<(Duration, &'static str)>,
    verdict: Option<&'static str>,
    processor: Option<u32>,
    last: Duration,
}

/// What happened since the last look.
#[derive(Default)]
struct Counts {
    polls: f64,
    spawns: f64,
    wakes: f64,
    steals: f64,
    parks: f64,
    hand_offs: f64,
}

impl Sampler {
    pub(crate) fn start(runtime: Handle, title: &str) -> Result<Sampler, AlreadyRecording> {
        let recording = Recorder::new().events_per_thread(EVENTS_PER_THREAD).start()?;
        Ok(Sampler {
            runtime,
            title: title.to_owned(),
            recording,
            last: Duration::ZERO,
            written: HashMap::new(),
            slow: Vec::new(),
            blocked: BTreeMap::new(),
        })
    }

    /// What to show.
    pub(crate) fn frame(&mut self) -> Value {
        let trace = self.recording.snapshot();
        let factors = self.factors(&trace);
        let mut doing: BTreeMap<u32, Doing> = BTreeMap::new();
        let mut counts = Counts::default();
        let mut queues: BTreeMap<String, u32> = BTreeMap::new();
        for event in trace.events() {
            if event.at > self.last {
                counts.add(&event, factors.get(&event.thread).copied().unwrap_or(1.0));
            }
            if let What::Queued { queue, tasks, .. } = event.what {
                queues.insert(queue.to_string(), tasks);
            }
            self.follow(&trace, &mut doing, event);
        }
        let now = trace.lasts();
        let interval = (now - self.last).as_secs_f64();
        self.last = now;
        let metrics = self.runtime.metrics();
        let rate = |count: f64| (count / interval * 10.0).round() / 10.0;
        json!({
            "title": self.title,
            "up": now.as_secs_f64(),
            "workers": metrics.workers(),
            "tasks": metrics.tasks(),
            "threads": { "live": metrics.threads(), "spare": metrics.spare_threads(), "peak": metrics.peak_threads() },
            "hand_offs": metrics.hand_offs(),
            "verdicts": {
                "blocked": metrics.blocked_polls(),
                "computing": metrics.computing_polls(),
                "starved": metrics.starved_polls(),
                "unknown": metrics.unknown_polls(),
            },
            "rates": {
                "polls": rate(counts.polls),
                "spawns": rate(counts.spawns),
                "wakes": rate(counts.wakes),
                "steals": rate(counts.steals),
                "parks": rate(counts.parks),
                "hand_offs": rate(counts.hand_offs),
            },
            "queues": queues,
            "doing": self.lines(&trace, &doing, now),
            "slow": self.slowest(now),
            "blocked": self.places(),
        })
    }

    /// How many events there were for each that is in the trace: a busy thread's ring holds a part of them.
    fn factors(&mut self, trace: &Trace) -> HashMap<u32, f64> {
        let mut recent: HashMap<u32, u64> = HashMap::new();
        let mut kept: HashMap<u32, u64> = HashMap::new();
        for event in trace.events() {
            *kept.entry(event.thread).or_default() += 1;
            *recent.entry(event.thread).or_default() += u64::from(event.at > self.last);
        }
        let mut factors = HashMap::new();
        let mut written = HashMap::new();
        for thread in trace.threads() {
            let number = thread.number();
            let count = thread.dropped() + kept.get(&number).copied().unwrap_or(0);
            let since = count - self.written.get(&number).copied().unwrap_or(0).min(count);
            if let Some(recent) = recent.get(&number).filter(|recent| **recent > 0) {
                factors.insert(number, since as f64 / *recent as f64);
            }
            written.insert(number, count);
        }
        self.written = written;
        factors
    }

    /// Keeps up with what a thread does.
    fn follow(&mut self, trace: &Trace, doing: &mut BTreeMap<u32, Doing>, event: Event) {
        let is_new = event.at > self.last;
        if let What::Blocked { stuck: Some(stuck), verdict, .. } = event.what {
            let stuck = doing.entry(stuck).or_default();
            stuck.verdict = Some(verdict);
            if let (Some((_, task, place)), true) = (&stuck.poll, is_new) {
                self.count_blocked(trace, *task, place.clone(), verdict);
            }
        }
        let this = doing.entry(event.thread).or_default();
        this.last = event.at;
        match event.what {
            What::PollBegins { task, spawned_at, is_closure, .. } => {
                let place = spawned_at.map(|place| place.to_string()).unwrap_or_default();
                (this.poll, this.is_closure, this.verdict) =
                    (Some((event.at, task, place)), is_closure, None);
            }
            What::PollEnds { task, result, processor, .. } => {
                this.processor = processor;
                let is_closure = std::mem::take(&mut this.is_closure);
                let verdict = this.verdict.take();
                let Some((began, _, place)) = this.poll.take().filter(|_| is_new) else { return };
                let took = event.at - began;
                if let (Some(_), Some(blocked)) = (verdict, self.blocked.get_mut(&place)) {
                    blocked.longest = blocked.longest.max(took);
                }
                // A closure of `spawn_blocking` may be as slow as it likes.
                if is_closure {
                    return;
                }
                let task = name(trace, task);
                self.slow.push(Slow { task, place, took, ended: event.at, result: result.name() });
                self.keep_the_slowest(event.at);
            }
            What::Parks { place, .. } => this.parked = Some((event.at, place.name())),
            What::Unparks => this.parked = None,
            What::InPlace => this.in_place = Some(event.at),
            What::OutOfPlace => this.in_place = None,
            What::Takes { processor, .. } => this.processor = Some(processor),
            What::Returned { .. } => this.processor = None,
            What::HandedOff { from: Some(from), .. } => doing.entry(from).or_default().processor = None,
            _ => {}
        }
    }

    fn count_blocked(&mut self, trace: &Trace, task: u64, place: String, verdict: &'static str) {
        if self.blocked.len() == MOST_PLACES && !self.blocked.contains_key(&place) {
            return;
        }
        let blocked = self.blocked.entry(place).or_default();
        blocked.count += 1;
        (blocked.task, blocked.verdict) = (name(trace, task), verdict);
    }

    fn keep_the_slowest(&mut self, now: Duration) {
        if self.slow.len() > 4 * SLOW_SHOWN {
            self.slow.retain(|slow| now - slow.ended < SLOW_FOR);
            self.slow.sort_by_key(|slow| std::cmp::Reverse(slow.took));
            self.slow.truncate(SLOW_SHOWN);
        }
    }

    /// A line for each thread that works for the runtime and lives.
    fn lines(&self, trace: &Trace, doing: &BTreeMap<u32, Doing>, now: Duration) -> Vec<Value> {
        let line = |thread: &reference_runtime::trace::Thread| {
            let this = doing.get(&thread.number())?;
            thread.runtime()?;
            let (what, since) = if thread.name().ends_with("-monitor") {
                ("watches".to_owned(), this.last)
            } else {
                this.what(trace)
            };
            Some(json!({
                "thread": thread.name(),
                "processor": this.processor,
                "does": what,
                "for": (now.saturating_sub(since)).as_secs_f64(),
                "verdict": this.verdict,
            }))
        };
        trace.threads().iter().filter_map(line).collect()
    }

    fn slowest(&mut self, now: Duration) -> Vec<Value> {
        self.slow.retain(|slow| now.saturating_sub(slow.ended) < SLOW_FOR);
        self.slow.sort_by_key(|slow| std::cmp::Reverse(slow.took));
        self.slow.truncate(SLOW_SHOWN);
        let slow = |slow: &Slow| {
            json!({
                "took": slow.took.as_secs_f64(),
                "ago": (now.saturating_sub(slow.ended)).as_secs_f64(),
                "task": slow.task,
                "place": slow.place,
                "result": slow.result,
            })
        };
        self.slow.iter().map(slow).collect()
    }

    fn places(&self) -> Vec<Value> {
        let mut places: Vec<_> = self.blocked.iter().collect();
        places.sort_by_key(|(_, blocked)| std::cmp::Reverse((blocked.count, blocked.longest)));
        let place = |(place, blocked): (&String, &Blocked)| {
            json!({
                "place": place,
                "count": blocked.count,
                "longest": blocked.longest.as_secs_f64(),
                "task": blocked.task,
                "verdict": blocked.verdict,
            })
        };
        places.into_iter().take(SLOW_SHOWN).map(place).collect()
    }
}

impl Doing {
    /// What the thread does, and since when.
    fn what(&self, trace: &Trace) -> (String, Duration) {
        if let (Some(since), Some((_, task, _))) = (self.in_place, &self.poll) {
            return (format!("blocks in place in {}", name(trace, *task)), since);
        }
        match (&self.poll, self.parked) {
            (Some((since, task, _)), _) if self.is_closure => {
                (format!("runs the closure {}", name(trace, *task)), *since)
            }
            (Some((since, task, _)), _) => (format!("polls {}", name(trace, *task)), *since),
            (None, Some((since, "spare"))) => ("is a spare".to_owned(), since),
            (None, Some((since, "reactor"))) => ("sleeps in the reactor".to_owned(), since),
            (None, Some((since, _))) => ("sleeps".to_owned(), since),
            (None, None) => ("looks for work".to_owned(), self.last),
        }
    }
}

impl Counts {
    fn add(&mut self, event: &Event, factor: f64) {
        match event.what {
            What::PollBegins { .. } => self.polls += factor,
            What::Spawned { .. } => self.spawns += factor,
            What::Woken { .. } => self.wakes += factor,
            What::Stole { .. } => self.steals += factor,
            What::Parks { .. } => self.parks += factor,
            What::HandedOff { .. } => self.hand_offs += factor,
            _ => {}
        }
    }
}

fn name(trace: &Trace, task: u64) -> String {
    match trace.task_name(task) {
        Some(name) => format!("{name:?}"),
        None => format!("task {task}"),
    }
}
