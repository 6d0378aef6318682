//! Scopes: task-local values that are given to a future, or to a call.

use std::fmt;
use std::future::Future;
use std::marker::PhantomPinned;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::LocalKey;
use super::local_key::Scoped;
use crate::local;

impl<T: 'static> LocalKey<T> {
    /// Gives a value to a future: while that is polled, and while it is dropped, the key has this value.
    ///
    /// An inner scope hides an outer one. What the future spawns is not in the scope.
    ///
    /// ```
    /// reference_runtime::task_local! {
    ///     static USER: String;
    /// }
    ///
    /// reference_runtime::block_on(async {
    ///     let greeting = USER.scope("ann".to_string(), async {
    ///         USER.with(|user| format!("hello, {user}"))
    ///     });
    ///     assert_eq!(greeting.await, "hello, ann");
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// The returned future panics if it is polled within [`with`](LocalKey::with) on the same key.
    pub fn scope<F>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F>
    where
        F: Future,
    {
        TaskLocalFuture { key: self, value: Some(value), future: Some(future), _pinned: PhantomPinned }
    }

    /// Gives a value to a call: until `closure` returns, the key has this value.
    ///
    /// It needs no task. The thread must not be left meanwhile, so there is no `.await` in it.
    ///
    /// ```
    /// reference_runtime::task_local! {
    ///     static USER: &'static str;
    /// }
    ///
    /// assert_eq!(USER.sync_scope("ann", || USER.get()), "ann");
    /// ```
    ///
    /// # Panics
    ///
    /// With the panic of the closure, if it is called within [`with`](LocalKey::with) on the same key, and at the very
    /// end of a thread, when its thread-locals are gone.
    #[track_caller]
    pub fn sync_scope<F, R>(&'static self, value: T, closure: F) -> R
    where
        F: FnOnce() -> R,
    {
        let mut value = Some(value);
        let _scope = self.enter(&mut value);
        closure()
    }

    /// Puts the value where [`LocalKey::with`] finds it, until the guard is dropped.
    #[track_caller]
    fn enter<'a>(&'static self, value: &'a mut Option<T>) -> Scope<'a, T> {
        let given = value.take().map(|value| Scoped { value, polled: local::polled() });
        let entered = self.slot.try_with(|slot| match slot.scoped.try_borrow_mut() {
            Ok(mut scoped) => Some(mem::replace(&mut *scoped, given)),
            Err(_) => None,
        });
        match entered {
            Ok(Some(outer)) => Scope { key: self, value, outer },
            Ok(None) => {
                panic!("a scope of {self:?} was entered within `with` on the same key: leave that first")
            }
            Err(_) => {
                panic!("a scope of {self:?} was entered when the thread-locals of its thread were gone")
            }
        }
    }
}

/// The thread is in a scope.
struct Scope<'a, T: 'static> {
    key: &'static LocalKey<T>,
    /// Where the value goes back to.
    value: &'a mut Option<T>,
    outer: Option<Scoped<T>>,
}

impl<T: 'static> Drop for Scope<'_, T> {
    fn drop(&mut self) {
        let outer = self.outer.take();
        // Scopes and calls of `with` nest, so it is not borrowed; and what `enter` found is there still, as the locals
        // of a thread do not go while it is in a call.
        let given = self.key.slot.with(|slot| mem::replace(&mut *slot.scoped.borrow_mut(), outer));
        *self.value = given.map(|scoped| scoped.value);
    }
}

pin_project! {
    /// A future with a task-local value. [`LocalKey::scope`] makes it.
    ///
    /// ```
    /// use reference_runtime::task::TaskLocalFuture;
    ///
    /// reference_runtime::task_local! {
    ///     static USER: &'static str;
    /// }
    ///
    /// let ann: TaskLocalFuture<&'static str, _> = USER.scope("ann", async { USER.get() });
    /// assert_eq!(reference_runtime::block_on(ann), "ann");
    /// ```
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct TaskLocalFuture<T: 'static, F> {
        key: &'static LocalKey<T>,
        // `None` while the future is polled or dropped, and once it was taken.
        value: Option<T>,
        // `None` once it is done.
        #[pin]
        future: Option<F>,
        #[pin]
        _pinned: PhantomPinned,
    }

    impl<T, F> PinnedDrop for TaskLocalFuture<T, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() && this.key.slot.try_with(|slot| slot.scoped.try_borrow_mut().is_ok()) == Ok(true) {
                let _scope = this.key.enter(this.value);
                this.future.set(None);
            }
        }
    }
}

impl<T: 'static, F> TaskLocalFuture<T, F> {
    /// Takes the value out. `None`: it was taken before.
    ///
    /// A future that is not done then goes on without a value.
    ///
    /// ```
    /// reference_runtime::task_local! {
    ///     static LOG: std::cell::RefCell<Vec<&'static str>>;
    /// }
    ///
    /// reference_runtime::block_on(async {
    ///     let mut future = Box::pin(LOG.scope(Default::default(), async {
    ///         LOG.with(|log| log.borrow_mut().push("polled"));
    ///     }));
    ///     future.as_mut().await;
    ///     let log = future.as_mut().take_value().unwrap();
    ///     assert_eq!(log.into_inner(), ["polled"]);
    /// });
    /// ```
    pub fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().value.take()
    }
}

impl<T: 'static, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _scope = this.key.enter(this.value);
        let future = this.future.as_mut().as_pin_mut();
        let polled = future.expect("a `TaskLocalFuture` was polled again after it was done").poll(context);
        if polled.is_ready() {
            // Here, to be in the scope for its drop.
            this.future.set(None);
        }
        polled
    }
}

impl<T: fmt::Debug + 'static, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocalFuture").field("key", &self.key).field("value", &self.value).finish()
    }
}
