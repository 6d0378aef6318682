//! A span of the crate `tracing` for each task, with the feature `tracing`: entered around each poll and around the drop
//! of the future, closed when the task is. Without the feature a future stays as it is, and nothing here costs anything.
//!
//! The span has no parent. Were it a child of the spawner's, a task that spawns its successor and ends, over and over,
//! would keep the spans of all its predecessors open. It *follows from* the spawner's instead.

#[cfg(feature = "tracing")]
mod on {
    use std::fmt::Display;
    use std::future::Future;
    use std::panic::Location;
    use std::sync::Arc;

    use tracing::Span;
    use tracing::instrument::{Instrument, Instrumented};

    /// A future in its span.
    pub(crate) type Spanned<F> = Instrumented<F>;

    /// Makes the span of a task that is being spawned, and puts its future in. `kind` is `task`, `local` or `blocking`;
    /// `name` is asked only if somebody listens.
    pub(crate) fn of_task<F: Future>(
        future: F,
        kind: &'static str,
        id: impl Display,
        name: impl FnOnce() -> Option<Arc<str>>,
        location: &'static Location<'static>,
    ) -> Spanned<F> {
        let span = tracing::info_span!(
            target: "reference_runtime::task",
            parent: None,
            "task",
            kind,
            task.id = %id,
            task.name = tracing::field::Empty,
            loc.file = location.file(),
            loc.line = location.line(),
            loc.col = location.column(),
        );
        if !span.is_disabled() {
            span.follows_from(Span::current());
            if let Some(name) = name() {
                span.record("task.name", &*name);
            }
        }
        future.instrument(span)
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use std::fmt::Display;
    use std::future::Future;
    use std::panic::Location;
    use std::sync::Arc;

    /// The future itself.
    pub(crate) type Spanned<F> = F;

    /// Gives the future back.
    #[inline(always)]
    pub(crate) fn of_task<F: Future>(
        future: F,
        _kind: &'static str,
        _id: impl Display,
        _name: impl FnOnce() -> Option<Arc<str>>,
        _location: &'static Location<'static>,
    ) -> Spanned<F> {
        future
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) use off::{Spanned, of_task};
#[cfg(feature = "tracing")]
pub(crate) use on::{Spanned, of_task};
