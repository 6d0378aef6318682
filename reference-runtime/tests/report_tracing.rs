//! Reports as events of the crate `tracing`.
#![cfg(all(unix, feature = "tracing", not(reference_runtime_loom)))]

mod common;

use std::fmt;
use std::sync::{Mutex, mpsc};

use common::{Cause, Gate, LONG, run};
use reference_runtime::Runtime;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Sends the fields of each event about a poll.
struct Listener(Mutex<mpsc::Sender<Fields>>);

#[derive(Default)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str())
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "reference_runtime::blocked"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        assert_eq!(*event.metadata().level(), Level::WARN);
        let mut fields = Fields::default();
        event.record(&mut fields);
        let _ = self.0.lock().expect("no panic").send(fields);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_poll_that_blocks_is_an_event_and_so_is_its_return() {
    let (tell, events) = mpsc::channel();
    tracing::subscriber::set_global_default(Listener(Mutex::new(tell))).expect("it is the first");
    let runtime = Runtime::builder().worker_threads(1).build().expect("a runtime starts");
    let gate = Gate::closed();
    let closed = gate.clone();
    let line = line!() + 1;
    let task = runtime.spawn(async move { closed.pass(Cause::Park) });
    let id = task.id().to_string();
    let blocked = events.recv_timeout(LONG).expect("an event");
    gate.open();
    run(&runtime, task);
    let returned = events.recv_timeout(LONG).expect("another");
    for event in [&blocked, &returned] {
        assert_eq!(event.get("task"), Some(id.as_str()));
        assert_eq!(event.get("name"), None, "it has none");
        let place = format!("{}:{line}:", file!());
        assert!(event.get("spawned_at").is_some_and(|at| at.starts_with(&place)), "{:?}", event.0);
        let verdict = if cfg!(target_os = "linux") { "Blocked" } else { "Unknown" };
        assert_eq!(event.get("verdict"), Some(verdict));
    }
    assert!(blocked.get("threads_left").is_some() && blocked.get("lasts_us").is_some());
    assert!(blocked.get("message").is_some_and(|text| text.contains(" has blocked its thread for ")));
    assert!(returned.get("lasted_us").is_some());
    assert!(returned.get("message").is_some_and(|text| text.contains(" blocked its thread for ")));
}
