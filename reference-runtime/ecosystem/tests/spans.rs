//! The spans of the feature `tracing`, as a subscriber sees them. One test, because a process has one subscriber.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use reference_runtime::task::{self, LocalSet};
use reference_runtime::{Builder, block_on};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// What became of one span.
#[derive(Clone, Default, Debug)]
struct Seen {
    fields: HashMap<String, String>,
    has_parent: bool,
    follows: Vec<String>,
    entered: usize,
    exited: usize,
    /// Events that came while this was the innermost span of their thread.
    events: usize,
    is_closed: bool,
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name().to_owned(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

/// By the number of the task.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<HashMap<String, Seen>>>);

/// A span's number of its task.
struct Task(String);

impl Notes {
    fn note<S>(&self, id: &Id, context: &Context<'_, S>, change: impl FnOnce(&mut Seen))
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let span = context.span(id).expect("the span is alive");
        if let Some(Task(task)) = span.extensions().get() {
            change(self.0.lock().expect("nobody panics").get_mut(task).expect("the span was noted"));
        }
    }

    fn of(&self, task: task::Id) -> Seen {
        self.0.lock().expect("nobody panics").get(&task.to_string()).expect("the task has a span").clone()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Notes {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().target() != "reference_runtime::task" {
            return;
        }
        let mut seen = Seen { has_parent: !attributes.is_root(), ..Seen::default() };
        attributes.record(&mut seen);
        let task = seen.fields["task.id"].clone();
        context.span(id).expect("it is new").extensions_mut().insert(Task(task.clone()));
        let former = self.0.lock().expect("nobody panics").insert(task, seen);
        assert!(former.is_none(), "each task has a number of its own");
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.note(id, &context, |seen| values.record(seen));
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let name = context.span(follows).expect("the span is alive").name().to_owned();
        self.note(id, &context, |seen| seen.follows.push(name));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if let Some(span) = context.event_span(event) {
            self.note(&span.id(), &context, |seen| seen.events += 1);
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.note(id, &context, |seen| seen.entered += 1);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        self.note(id, &context, |seen| seen.exited += 1);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.note(&id, &context, |seen| seen.is_closed = true);
    }
}

/// Tells of its drop by an event.
struct Tells;

impl Drop for Tells {
    fn drop(&mut self) {
        tracing::info!("dropped");
    }
}

#[test]
fn every_task_has_a_span_around_its_polls_and_its_drop() {
    let notes = Notes::default();
    let subscriber = tracing_subscriber::registry().with(notes.clone());
    tracing::subscriber::set_global_default(subscriber).expect("there is no other");
    let runtime = Builder::new().worker_threads(2).build().expect("a runtime starts");

    // Three polls, an event in each, and one when the future is dropped.
    let line = line!() + 1;
    let task = runtime.spawn(async {
        let _tells = Tells;
        for _ in 0..2 {
            tracing::info!("before a yield");
            task::yield_now().await;
        }
        tracing::info!("the end");
    });
    let id = task.id();
    runtime.block_on(task);
    let seen = notes.of(id);
    assert_eq!((seen.fields["kind"].as_str(), seen.events), ("task", 4));
    assert!(seen.entered >= 3 && seen.entered == seen.exited, "{seen:?}");
    assert_eq!((&*seen.fields["loc.file"], &*seen.fields["loc.line"]), (file!(), &*line.to_string()));
    assert!(!seen.fields.contains_key("task.name") && !seen.has_parent && seen.follows.is_empty());

    // A name, a cause, and a panic.
    let request = tracing::info_span!("request").entered();
    let builder = task::Builder::new().name("letters".to_owned());
    let named = builder.spawn_on(async { panic!("in a task") }, runtime.handle()).expect("it spawns");
    drop(request);
    let id = named.id();
    assert!(runtime.block_on(named.join()).expect_err("it panics").is_panic());
    let seen = notes.of(id);
    assert_eq!(
        (seen.fields["task.name"].as_str(), seen.follows.as_slice()),
        ("letters", &["request".to_owned()][..])
    );
    assert!(!seen.has_parent && seen.entered == seen.exited, "{seen:?}");

    // A closure, and a local task.
    let closure = runtime.spawn_blocking(|| tracing::info!("blocking"));
    let id = closure.id();
    runtime.block_on(closure);
    assert_eq!((notes.of(id).fields["kind"].as_str(), notes.of(id).events), ("blocking", 1));
    let set = LocalSet::new();
    let local = set.spawn_local(async { tracing::info!("local") });
    let id = local.id();
    set.block_on(&runtime, local);
    assert_eq!((notes.of(id).fields["kind"].as_str(), notes.of(id).events), ("local", 1));

    // One that is cancelled is dropped in its span, too.
    let tells = Tells;
    let cancelled = runtime.spawn(async move {
        std::future::pending::<()>().await;
        drop(tells);
    });
    let id = cancelled.id();
    cancelled.abort();
    assert!(runtime.block_on(cancelled.join()).expect_err("it was aborted").is_cancelled());
    assert_eq!(notes.of(id).events, 1);

    // The tasks are gone with their runtime, and their spans with them.
    drop((runtime, set));
    block_on(async {});
    let notes = notes.0.lock().expect("nobody panics");
    assert!(notes.values().all(|seen| seen.is_closed), "{notes:?}");
}
