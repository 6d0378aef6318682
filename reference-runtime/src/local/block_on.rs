//! The set that every thread has for the local tasks of its `block_on`.
//!
//! It is made when it is first needed, and belongs to the thread, not to the call: a task that outlasts one `block_on`
//! goes on in the next. The end of the thread cancels what is left. On a thread of a runtime nobody could say when that
//! next call is, so there what is left is cancelled when the outermost call returns.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{Driver, Entered, LocalSet, LocalTasks};

thread_local! {
    /// The thread's own set.
    static OWN: RefCell<Option<LocalSet>> = const { RefCell::new(None) };
    /// Calls of `block_on` that this thread is in.
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

/// This thread is in a `block_on`.
pub(crate) struct Blocking {
    /// Whether the thread is one of a runtime's.
    is_lent: bool,
    _entered: Entered,
}

impl Blocking {
    pub(crate) fn begin(is_lent: bool) -> Blocking {
        CALLS.set(CALLS.get() + 1);
        // A set that was entered further out is not driven in here.
        Blocking { is_lent, _entered: Entered::enter(None) }
    }

    /// Whether this thread is in a `block_on`, which drives what is spawned.
    pub(crate) fn is_any() -> bool {
        CALLS.get() > 0
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        CALLS.set(CALLS.get() - 1);
        if self.is_lent && !Blocking::is_any() {
            // Ends here, outside of the cell: its tasks are code of users.
            drop(OWN.try_with(RefCell::take));
        }
    }
}

impl LocalTasks {
    /// The set of this thread, made if need be. `None` while the thread's locals are being destroyed.
    pub(crate) fn of_this_thread() -> Option<Rc<LocalTasks>> {
        OWN.try_with(|own| Rc::clone(&own.borrow_mut().get_or_insert_default().tasks)).ok()
    }

    /// The same, if it was made.
    fn made_on_this_thread() -> Option<Rc<LocalTasks>> {
        OWN.try_with(|own| own.borrow().as_ref().map(|set| Rc::clone(&set.tasks))).ok().flatten()
    }
}

pin_project! {
    /// A future in turn with the tasks of the thread's own set: what `block_on` polls.
    pub(crate) struct InTurn<F> {
        #[pin]
        future: F,
        // From when the thread has a set.
        driver: Option<Driver>,
    }
}

impl<F> InTurn<F> {
    pub(crate) fn new(future: F) -> InTurn<F> {
        InTurn { future, driver: None }
    }
}

impl<F: Future> Future for InTurn<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(context) {
            return Poll::Ready(output);
        }
        if this.driver.is_none() {
            *this.driver = LocalTasks::made_on_this_thread().map(Driver::new);
        }
        if let Some(driver) = this.driver {
            driver.drive(context);
        }
        Poll::Pending
    }
}
