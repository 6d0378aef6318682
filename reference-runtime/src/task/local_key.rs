//! [`LocalKey`]: a value per task, and [`task_local!`](crate::task_local), which declares one.
//!
//! Two designs share the type, as a declaration may well serve both. async-std's values are made on first use and live
//! as long as the task: the table in [`crate::runnable::locals`] has them. tokio's belong to a *scope*, a future or a call
//! that they are given to: a thread-local holds such a value while the scope is polled, and the scope itself in between.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::thread;

use crate::local;
use crate::runnable::locals::{self, Local};

/// Declares task-local values: statics of which each task has its own.
///
/// There are two forms, which may stand in one declaration.
///
/// * `static NAME: Type = init;` as in async-std. Each task makes its value with `init` when it first asks for it, and
///   drops it when it ends, after its future. The type has to be [`Send`], as the task may move to another thread.
/// * `static NAME: Type;` as in tokio. There is a value only inside of [`NAME.scope(value, future)`](LocalKey::scope)
///   and [`NAME.sync_scope(value, closure)`](LocalKey::sync_scope).
///
/// A key of the first form may be given to a scope, too: its value there goes before that of the task.
///
/// What is spawned is a task of its own, and sees neither. A `block_on` within a task is one as well, with values of the
/// first form of its own; but it runs on behalf of the task around it, whose scopes it is in.
///
/// ```
/// use std::cell::Cell;
/// use reference_runtime::{task, task_local};
///
/// task_local! {
///     static REQUESTS: Cell<u32> = Cell::new(0);
///     /// Who asks.
///     pub static USER: String;
/// }
///
/// task::block_on(async {
///     REQUESTS.with(|requests| requests.set(requests.get() + 1));
///     task::yield_now().await;
///     assert_eq!(REQUESTS.with(|requests| requests.get()), 1);
///     let fresh = task::spawn(async { REQUESTS.with(|requests| requests.get()) });
///     assert_eq!(fresh.await, 0);
///
///     USER.scope("ann".to_string(), async { assert_eq!(USER.get(), "ann") }).await;
///     assert!(USER.try_with(|_| ()).is_err());
/// });
/// ```
///
/// ```compile_fail,E0277
/// reference_runtime::task_local! {
///     static COUNT: std::rc::Rc<u32> = std::rc::Rc::new(1); // cannot be sent
/// }
/// ```
// Only a macro can declare a static and the thread-local beneath it. It is in two parts, as the forms may alternate.
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident : $type:ty = $init:expr; $($rest:tt)*) => {
        $crate::task_local!($(#[$attribute])* $visibility static $name: $type = $init);
        $crate::task_local!($($rest)*);
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident : $type:ty = $init:expr) => {
        $(#[$attribute])*
        $visibility static $name: $crate::task::LocalKey<$type> = {
            fn init() -> $type {
                $init
            }
            ::std::thread_local! {
                static SLOT: $crate::task::Slot<$type> = const { $crate::task::Slot::empty() };
            }
            $crate::task::LocalKey::lazy(::std::stringify!($name), SLOT, init)
        };
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident : $type:ty; $($rest:tt)*) => {
        $crate::task_local!($(#[$attribute])* $visibility static $name: $type);
        $crate::task_local!($($rest)*);
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident : $type:ty) => {
        $(#[$attribute])*
        $visibility static $name: $crate::task::LocalKey<$type> = {
            ::std::thread_local! {
                static SLOT: $crate::task::Slot<$type> = const { $crate::task::Slot::empty() };
            }
            $crate::task::LocalKey::scoped(::std::stringify!($name), SLOT)
        };
    };
}

/// A value per task. Declared by [`task_local!`](crate::task_local).
///
/// ```
/// use std::cell::Cell;
/// use reference_runtime::task::{self, LocalKey};
///
/// reference_runtime::task_local! {
///     static COUNT: Cell<u32> = Cell::new(1);
/// }
///
/// fn double(key: &'static LocalKey<Cell<u32>>) {
///     key.with(|value| value.set(2 * value.get()));
/// }
///
/// task::block_on(async {
///     double(&COUNT);
///     assert_eq!(COUNT.with(Cell::get), 2);
/// });
/// ```
pub struct LocalKey<T: 'static> {
    name: &'static str,
    /// The value of the innermost scope that this thread is in.
    pub(super) slot: thread::LocalKey<Slot<T>>,
    /// `None`: there is a value only in a scope.
    lazy: Option<Lazy<T>>,
}

/// How a task gets a value without a scope. As functions, since only those who made them know that `T` may be sent.
struct Lazy<T> {
    init: fn() -> T,
    get: Get<T>,
}

/// [`locals::get`].
type Get<T> = fn(usize, fn() -> T) -> Option<Local<T>>;

/// A part of what [`task_local!`](crate::task_local) declares.
#[doc(hidden)]
pub struct Slot<T> {
    pub(super) scoped: RefCell<Option<Scoped<T>>>,
}

/// The value of a scope.
pub(super) struct Scoped<T> {
    pub(super) value: T,
    /// On whose behalf the scope runs, as [`local::polled`] says. A local task that is polled in between is in no scope
    /// of its driver's.
    pub(super) polled: u64,
}

impl<T> Slot<T> {
    #[doc(hidden)]
    pub const fn empty() -> Slot<T> {
        Slot { scoped: RefCell::new(None) }
    }
}

impl<T: Send + 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn lazy(name: &'static str, slot: thread::LocalKey<Slot<T>>, init: fn() -> T) -> LocalKey<T> {
        LocalKey { name, slot, lazy: Some(Lazy { init, get: locals::get::<T> }) }
    }
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn scoped(name: &'static str, slot: thread::LocalKey<Slot<T>>) -> LocalKey<T> {
        LocalKey { name, slot, lazy: None }
    }

    /// Calls `access` with the value of the current task: that of the innermost scope, or the task's own, which is made
    /// if need be.
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// reference_runtime::task_local! {
    ///     static COUNT: Cell<u32> = Cell::new(1);
    /// }
    ///
    /// reference_runtime::block_on(async {
    ///     assert_eq!(COUNT.with(|count| count.get()), 1);
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// Where [`try_with`](LocalKey::try_with) gives an error.
    #[track_caller]
    pub fn with<F, R>(&'static self, access: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        self.try_with(access).unwrap_or_else(|error| panic!("{error}"))
    }

    /// As [`with`](LocalKey::with), with an error where there is no value.
    ///
    /// ```
    /// reference_runtime::task_local! {
    ///     static USER: &'static str;
    /// }
    ///
    /// reference_runtime::block_on(async {
    ///     assert!(USER.try_with(|user| user.len()).is_err());
    ///     USER.scope("ann", async { assert_eq!(USER.try_with(|user| user.len()), Ok(3)) }).await;
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// Outside of a task, also in the destructor of a task-local value; and outside of a scope, if the key was declared
    /// without an initial value.
    pub fn try_with<F, R>(&'static self, access: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        let mut access = Some(access);
        let mut take = || access.take().expect("it is called here or below");
        let in_scope = self.slot.try_with(|slot| {
            let scoped = slot.scoped.borrow();
            let scoped = scoped.as_ref().filter(|scoped| scoped.polled == local::polled())?;
            Some(take()(&scoped.value))
        });
        // At the end of a thread its locals may be gone; then it is in no scope.
        if let Ok(Some(result)) = in_scope {
            return Ok(result);
        }
        let Some(lazy) = &self.lazy else { return Err(self.error(Missing::Scope)) };
        let own = (lazy.get)(std::ptr::from_ref(self).addr(), lazy.init);
        own.map(|own| own.with(take())).ok_or(self.error(Missing::Task))
    }

    /// A copy of the value.
    ///
    /// ```
    /// reference_runtime::task_local! {
    ///     static DEPTH: u32 = 3;
    /// }
    ///
    /// reference_runtime::block_on(async { assert_eq!(DEPTH.get(), 3) });
    /// ```
    ///
    /// # Panics
    ///
    /// Where [`try_get`](LocalKey::try_get) gives an error.
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// As [`get`](LocalKey::get), with an error where there is no value.
    ///
    /// ```
    /// reference_runtime::task_local! {
    ///     static DEPTH: u32 = 3;
    /// }
    ///
    /// assert!(DEPTH.try_get().is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// As [`try_with`](LocalKey::try_with).
    pub fn try_get(&'static self) -> Result<T, AccessError>
    where
        T: Clone,
    {
        self.try_with(T::clone)
    }

    fn error(&self, missing: Missing) -> AccessError {
        AccessError { name: self.name, missing }
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// There is no task-local value here, see [`LocalKey::try_with`].
///
/// ```
/// reference_runtime::task_local! {
///     static USER: &'static str;
/// }
///
/// let error: reference_runtime::task::AccessError = USER.try_with(|_| ()).unwrap_err();
/// assert!(error.to_string().contains("USER"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccessError {
    name: &'static str,
    missing: Missing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Missing {
    Task,
    Scope,
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name;
        match self.missing {
            Missing::Task => write!(
                f,
                "the task-local `{name}` was used outside of a task: use it within `block_on` or a spawned future, and \
                 not in the destructor of a task-local"
            ),
            Missing::Scope => write!(
                f,
                "the task-local `{name}` has no value here: use it within `{name}.scope(value, future)`, or declare it \
                 with an initial value; what is spawned is outside of the scope"
            ),
        }
    }
}

impl Error for AccessError {}
