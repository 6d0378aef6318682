//! A [`Trace`] as a file: JSON in the object form of the Trace Event Format, which Perfetto and `chrome://tracing`
//! open.
//!
//! What lasts (polls, parks, `block_in_place`) is one event with a duration, which the rings have as a begin and an end;
//! so there are two passes: the first finds for each begin its end, and for each poll the wake that led to it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use super::collect::Trace;
use super::event::{Event, Queue, What};
use super::json_object::{Arguments, At, Micros, Object, Or, Text, arguments};

/// The version of what is beside the format's own fields.
const VERSION: u32 = 1;
/// What [`Recorder::note`](super::Recorder::note) leaves alone.
pub(super) const OWN_FIELDS: [&str; 6] =
    ["format", "version", "crate", "workers", "dropped", "threads_without_room"];

impl Trace {
    /// Writes the trace as JSON in the Trace Event Format.
    ///
    /// ```
    /// let mut file = Vec::new();
    /// reference_runtime::trace::start()?.stop().write_to(&mut file)?;
    /// assert!(file.starts_with(b"{\"displayTimeUnit\":\"ns\","));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_to(&self, mut to: impl Write) -> io::Result<()> {
        let links = Links::of(self);
        self.write_head(&links, &mut to)?;
        let mut first = true;
        let mut line = String::new();
        let mut put = |event: Object| -> io::Result<()> {
            line.clear();
            line.push_str(if std::mem::take(&mut first) { "\n" } else { ",\n" });
            // A `String` takes everything.
            let _ = write!(line, "{event}");
            to.write_all(line.as_bytes())
        };
        self.put_names(&links, &mut put)?;
        for cut in &links.cut {
            put(self.lasting(&links, cut.end, cut.begin, cut.end_at, true))?;
        }
        let mut polled: HashMap<u32, u64> = HashMap::new();
        let mut queued = links.empty_queues(self);
        for (at, event) in self.events.iter().enumerate() {
            self.put_event(&links, at, event, &mut polled, &mut queued, &mut put)?;
        }
        to.write_all(b"\n]}\n")
    }

    /// Writes the trace to a file, in the place of one that was there before.
    ///
    /// ```
    /// let file = std::env::temp_dir().join(format!("trace-{}.json", std::process::id()));
    /// reference_runtime::trace::start()?.stop().save(&file)?;
    /// # std::fs::remove_file(file)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be made or written. What was there before is then still there.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        // A reader of the old file, or of half a new one, would be misled.
        let path = path.as_ref();
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = path.with_file_name(name);
        let write = || {
            let mut file = BufWriter::new(File::create(&part)?);
            self.write_to(&mut file)?;
            file.flush()?;
            drop(file);
            std::fs::rename(&part, path)
        };
        write().inspect_err(|_| {
            // The error to tell is the first one.
            let _ = std::fs::remove_file(&part);
        })
    }

    fn write_head(&self, links: &Links, to: &mut impl Write) -> io::Result<()> {
        write!(to, "{{\"displayTimeUnit\":\"ns\",\n\"otherData\":{{")?;
        write!(to, "\"format\":\"reference-runtime-trace\",\"version\":{VERSION}")?;
        write!(to, ",\"crate\":{}", Text(env!("CARGO_PKG_VERSION")))?;
        write!(to, ",\"workers\":{},\"dropped\":{}", links.processors(self).len(), self.dropped())?;
        if self.refused > 0 {
            write!(to, ",\"threads_without_room\":{}", self.refused)?;
        }
        for (key, value) in &self.notes {
            write!(to, ",{}:{}", Text(key), Text(value))?;
        }
        write!(to, "}},\n\"traceEvents\":[")
    }

    fn put_names(&self, links: &Links, put: &mut impl FnMut(Object) -> io::Result<()>) -> io::Result<()> {
        let own = std::env::current_exe().ok();
        let own = own.as_deref().and_then(Path::file_stem).map(|name| name.to_string_lossy());
        let title = self.notes.get("title").map(String::as_str).or(own.as_deref()).unwrap_or("a program");
        put(Object::metadata("process_name", 0, &Text(title), "name"))?;
        for thread in self.threads() {
            let tid = links.tid(thread.number());
            put(Object::metadata("thread_name", tid, &Text(thread.name()), "name"))?;
            put(Object::metadata("thread_sort_index", tid, &tid, "sort_index"))?;
        }
        Ok(())
    }

    fn put_event(
        &self,
        links: &Links,
        at: usize,
        event: &Event,
        polled: &mut HashMap<u32, u64>,
        queued: &mut BTreeMap<(u32, Queue), u32>,
        put: &mut impl FnMut(Object) -> io::Result<()>,
    ) -> io::Result<()> {
        let tid = links.tid(event.thread);
        let by = polled.get(&event.thread).copied();
        let instant = |name, category| Object::new(name, category, "i", event.at, tid).with("s", &Text("t"));
        // A thread that others report about may have recorded nothing itself.
        let thread = |number: Option<u32>| Or(number.and_then(|number| links.tids.get(&number)));
        match event.what {
            What::Spawned { task, spawned_at } => {
                let name = self.names.get(&task).map(|name| Text(name));
                let place = spawned_at.map(At);
                let args = arguments().add("task", &task).add_some("name", name);
                put(instant("spawn", "task").args(args.add_some("spawned_at", place).add_some("by", by)))
            }
            What::Woken { task, is_during_poll } => {
                let args = arguments().add("task", &task).add("by", &Or(by));
                let args = if is_during_poll { args.add("during_poll", &true) } else { args };
                put(instant("wake", "task").args(args))?;
                let Some(flow) = links.flow_from.get(&at) else { return Ok(()) };
                put(Object::new("wake", "wake", "s", event.at, tid).with("id", flow))
            }
            What::PollBegins { task, .. } => {
                polled.insert(event.thread, task);
                let (end, end_at) = links.end_of(at, self);
                put(self.lasting(links, at, event.at, end_at, end.is_none()))?;
                let Some(flow) = links.flow_to.get(&at) else { return Ok(()) };
                let flow = Object::new("wake", "wake", "f", event.at, tid).with("id", flow);
                put(flow.with("bp", &Text("e")))
            }
            What::PollEnds { .. } => {
                polled.remove(&event.thread);
                Ok(())
            }
            What::Parks { .. } | What::InPlace => {
                let (end, end_at) = links.end_of(at, self);
                put(self.lasting(links, at, event.at, end_at, end.is_none()))
            }
            What::Unparks | What::OutOfPlace => Ok(()),
            What::Cancelled { task } => {
                put(instant("cancel", "task").args(arguments().add("task", &task).add("by", &Or(by))))
            }
            What::Stole { from, tasks } => {
                let args = arguments().add("from", &thread(from)).add("tasks", &tasks);
                put(instant("steal", "queue").args(args))
            }
            What::Took { tasks } => put(instant("take", "queue").args(arguments().add("tasks", &tasks))),
            What::Blocked { stuck, verdict, lasts } => {
                let task = stuck.and_then(|stuck| polled.get(&stuck).copied());
                let args = arguments().add("thread", &thread(stuck)).add("task", &Or(task));
                let args = args.add("verdict", &Text(verdict)).add("lasts", &lasts.as_micros());
                put(instant("block", "monitor").args(args))
            }
            What::HandedOff { processor, from, to } => {
                let args = arguments().add("processor", &processor).add("from", &thread(from));
                let event = Object::new("hand_off", "monitor", "i", event.at, tid).with("s", &Text("g"));
                put(event.args(args.add("to", &thread(to))))
            }
            What::Returned { processor } => {
                let args = arguments().add("processor", &processor);
                put(instant("return", "handoff").args(args.add("task", &Or(links.returned.get(&at)))))
            }
            What::Takes { processor } => {
                put(instant("processor", "handoff").args(arguments().add("processor", &processor)))
            }
            What::Queued { queue, tasks } => {
                queued.insert((links.runtime(event.thread), queue), tasks);
                let lengths =
                    queued.iter().fold(arguments(), |args, ((runtime, queue), tasks)| match runtime {
                        0 => args.add(&queue.to_string(), tasks),
                        // The first needs no number, since most often there is one.
                        runtime => args.add(&format!("{queue} of {}", runtime + 1), tasks),
                    });
                put(Object::new("queued", "queue", "C", event.at, tid).args(lengths))
            }
        }
    }

    /// An event with a duration, from the one at `about`: its begin, or its end if the begin is not in the trace.
    fn lasting(&self, links: &Links, about: usize, begin: Duration, end: Duration, is_cut: bool) -> Object {
        let event = &self.events[about];
        let object = |name: &str, category| {
            let object = Object::new(name, category, "X", begin, links.tid(event.thread));
            object.with("dur", &Micros(end.saturating_sub(begin)))
        };
        // What goes on at the end of the trace, or went on at its begin, lasts longer than it is drawn.
        let cut = |args: Arguments| if is_cut { args.add("cut", &true) } else { args };
        match event.what {
            What::PollBegins { task, is_closure, spawned_at } => {
                let is_told = links.spawned.contains(&task);
                let args = arguments().add("task", &task);
                let args = args.add_some("spawned_at", spawned_at.filter(|_| !is_told).map(At));
                let args = match links.end.get(&about).map(|end| self.events[*end].what) {
                    Some(What::PollEnds { result, processor, .. }) => {
                        args.add("result", &Text(result.name())).add("processor", &Or(processor))
                    }
                    _ => args,
                };
                object(&self.name_of_poll(task, is_closure), "poll").args(cut(args))
            }
            What::PollEnds { task, result, processor } => {
                let args = arguments().add("task", &task).add("result", &Text(result.name()));
                object(&self.name_of_poll(task, false), "poll")
                    .args(cut(args.add("processor", &Or(processor))))
            }
            What::Parks { place } => {
                object("park", "idle").args(cut(arguments().add("where", &Text(place.name()))))
            }
            What::Unparks => object("park", "idle").args(cut(arguments())),
            _ => object("block_in_place", "poll")
                .args(cut(arguments().add("task", &Or(links.in_place.get(&about))))),
        }
    }

    fn name_of_poll(&self, task: u64, is_closure: bool) -> String {
        match self.names.get(&task) {
            Some(name) => name.clone(),
            None if is_closure => "spawn_blocking".to_owned(),
            None => format!("task {task}"),
        }
    }
}

/// Which events belong together, by their places in the trace.
#[derive(Default)]
struct Links {
    /// Of threads, and their runtimes.
    tids: HashMap<u32, u32>,
    runtimes: HashMap<u32, u32>,
    /// From begins to ends.
    end: HashMap<usize, usize>,
    /// The flow that starts at a wake, and the one that ends at the begin of a poll.
    flow_from: HashMap<usize, u64>,
    flow_to: HashMap<usize, u64>,
    /// The tasks whose spawns are in the trace.
    spawned: HashSet<u64>,
    /// The tasks that were polled when threads went into `block_in_place`, and when they lost their processors.
    in_place: HashMap<usize, u64>,
    returned: HashMap<usize, u64>,
    /// What had begun before the first event of its thread that was kept.
    cut: Vec<Cut>,
}

struct Cut {
    end: usize,
    begin: Duration,
    end_at: Duration,
}

/// What a thread is in the midst of, as the places of the begins.
#[derive(Default)]
struct Open {
    first: Option<Duration>,
    poll: Option<(usize, u64)>,
    last_polled: Option<u64>,
    park: Option<usize>,
    in_place: Option<usize>,
}

impl Links {
    fn of(trace: &Trace) -> Links {
        let mut links = Links::default();
        let mut open: HashMap<u32, Open> = HashMap::new();
        for (tid, thread) in (1..).zip(trace.threads()) {
            links.tids.insert(thread.number(), tid);
            links.runtimes.insert(thread.number(), thread.runtime().unwrap_or(0));
            // The first event that is kept of a thread is its first, or has older ones before it.
            let first = (thread.dropped() == 0).then_some(Duration::ZERO);
            open.insert(thread.number(), Open { first, ..Open::default() });
        }
        // The wakes that have yet to lead to a poll, by task.
        let mut wakes: HashMap<u64, usize> = HashMap::new();
        for (at, event) in trace.events.iter().enumerate() {
            let open = open.entry(event.thread).or_default();
            let first = *open.first.get_or_insert(event.at);
            let begun = match event.what {
                What::Spawned { task, .. } => {
                    links.spawned.insert(task);
                    continue;
                }
                What::Woken { task, .. } => {
                    wakes.insert(task, at);
                    continue;
                }
                What::PollBegins { task, .. } => {
                    open.poll = Some((at, task));
                    if let Some(wake) = wakes.remove(&task) {
                        let flow = links.flow_to.len() as u64 + 1;
                        links.flow_from.insert(wake, flow);
                        links.flow_to.insert(at, flow);
                    }
                    continue;
                }
                What::Parks { .. } => {
                    open.park = Some(at);
                    continue;
                }
                What::InPlace => {
                    open.in_place = Some(at);
                    links.in_place.extend(open.poll.map(|(_, task)| (at, task)));
                    continue;
                }
                What::Returned { .. } => {
                    links.returned.extend(open.last_polled.map(|task| (at, task)));
                    continue;
                }
                What::PollEnds { task, .. } => {
                    open.last_polled = Some(task);
                    open.poll.take().map(|(begun, _)| begun)
                }
                What::Unparks => open.park.take(),
                What::OutOfPlace => open.in_place.take(),
                _ => continue,
            };
            match begun {
                Some(begun) => _ = links.end.insert(begun, at),
                None => links.cut.push(Cut { end: at, begin: first, end_at: event.at }),
            }
        }
        // What is around comes before what is inside.
        links.cut.sort_by_key(|cut| std::cmp::Reverse(cut.end_at));
        links
    }

    fn tid(&self, thread: u32) -> u32 {
        *self.tids.get(&thread).expect("the threads of all events are in the trace")
    }

    fn runtime(&self, thread: u32) -> u32 {
        self.runtimes.get(&thread).copied().unwrap_or(0)
    }

    /// The processors that were seen, with their runtimes.
    fn processors(&self, trace: &Trace) -> BTreeSet<(u32, u32)> {
        let processor = |event: &Event| match event.what {
            What::Takes { processor } | What::PollEnds { processor: Some(processor), .. } => {
                Some((self.runtime(event.thread), processor))
            }
            _ => None,
        };
        trace.events.iter().filter_map(processor).collect()
    }

    /// All queues, as at the begin.
    fn empty_queues(&self, trace: &Trace) -> BTreeMap<(u32, Queue), u32> {
        let processors = self.processors(trace).into_iter();
        let queues = processors.flat_map(|(runtime, processor)| {
            [Queue::Injector, Queue::Lanes, Queue::Worker(processor)].map(|queue| ((runtime, queue), 0))
        });
        queues.collect()
    }

    /// The end of what begins at a place, and its time; without an end it goes on when the trace ends.
    fn end_of(&self, begin: usize, trace: &Trace) -> (Option<usize>, Duration) {
        let end = self.end.get(&begin).copied();
        (end, end.map_or(trace.lasts, |end| trace.events[end].at))
    }
}
