//! The task-local values of tasks that have some: made when first asked for, dropped with the task.
//!
//! Most tasks have none, so there is no place for them in a task. They are in a table beside all tasks, by [`Id`]; a flag
//! in the task says that it has an entry there. What the table holds of a task is only reached by the thread that runs
//! this task.

// A value that need not be shareable is in a table that all threads share.
#![allow(unsafe_code)]

use std::any::Any;
use std::collections::BTreeMap;
// Std's even under loom: the table orders nothing. What happens under its locks is a search and a count.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Id;
use super::current::{current_id, note_locals};
use super::raw::quietly;

/// The values of a task by their keys, which are addresses of statics.
type Values = Vec<(usize, Arc<dyn Any + Send + Sync>)>;

/// So many parts, so that threads rarely meet: see the table of names.
const PARTS: usize = 16;
const NEIGHBOURS: u64 = 1024;

static LOCALS: [Mutex<BTreeMap<Id, Values>>; PARTS] = [const { Mutex::new(BTreeMap::new()) }; PARTS];

fn part(id: Id) -> MutexGuard<'static, BTreeMap<Id, Values>> {
    let part = (id.number() / NEIGHBOURS) as usize % PARTS;
    LOCALS[part].lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value of a task.
pub(crate) struct OnTask<T>(T);

// SAFETY: two threads never use one value at the same time. Only `get` hands it out, to the thread that runs the task
// whose value it is, and nothing that it hands out leaves that run: `Local` stays on the thread. From one run to the
// next, and to the end of the task, the value goes from thread to thread as the future does, which takes `T: Send`.
unsafe impl<T: Send> Sync for OnTask<T> {}

/// A value of the task that this thread runs, for as long as it runs it.
pub(crate) struct Local<T> {
    value: Arc<OnTask<T>>,
    stays_on_its_thread: std::marker::PhantomData<*const ()>,
}

impl<T> Local<T> {
    fn new(value: Arc<OnTask<T>>) -> Local<T> {
        Local { value, stays_on_its_thread: std::marker::PhantomData }
    }

    pub(crate) fn with<R>(self, access: impl FnOnce(&T) -> R) -> R {
        access(&self.value.0)
    }
}

/// The value of the current task under this key, made by `init` if there is none. `None`: there is no task.
pub(crate) fn get<T: Send + 'static>(key: usize, init: fn() -> T) -> Option<Local<T>> {
    let id = current_id()?;
    if let Some(value) = find(id, key) {
        return Some(Local::new(value));
    }
    // Code of users, which may come here for other values, or for this one.
    let made = Arc::new(OnTask(init()));
    if let Some(value) = find(id, key) {
        return Some(Local::new(value));
    }
    part(id).entry(id).or_default().push((key, Arc::clone(&made) as Arc<dyn Any + Send + Sync>));
    note_locals();
    Some(Local::new(made))
}

fn find<T: Send + 'static>(id: Id, key: usize) -> Option<Arc<OnTask<T>>> {
    let part = part(id);
    let (_, value) = part.get(&id)?.iter().find(|(other, _)| *other == key)?;
    let value = Arc::clone(value);
    drop(part);
    Some(value.downcast().unwrap_or_else(|_| unreachable!("a static has one type")))
}

/// Drops the values of a task that has ended, in the order in which they were made. There is no current task meanwhile.
pub(super) fn end(id: Id) {
    let values = part(id).remove(&id);
    for (_, value) in values.into_iter().flatten() {
        quietly(|| drop(value));
    }
}

#[cfg(all(test, not(reference_runtime_loom)))]
mod tests {
    use super::*;
    use crate::runnable::Current;

    #[test]
    fn values_are_in_the_table_for_as_long_as_their_task() {
        let id = Id::new();
        let (one, other) = (1, 2);
        let current = Current::enter(id);
        assert_eq!(get(one, || 7).expect("there is a task").with(|value| *value), 7);
        assert_eq!(get(one, || 8).expect("there is a task").with(|value| *value), 7);
        assert_eq!(get(other, || "new").expect("there is a task").with(|value| *value), "new");
        assert_eq!(part(id).get(&id).map(Vec::len), Some(2));
        drop(current);
        assert!(!part(id).contains_key(&id));
        assert!(get(one, || 7).is_none());
    }

    #[test]
    fn a_value_that_makes_itself_is_made_once() {
        fn outer() -> u32 {
            get(3, || 7).expect("there is a task").with(|inner| inner + 1)
        }
        let _current = Current::enter(Id::new());
        assert_eq!(get(3, outer).expect("there is a task").with(|value| *value), 7);
    }
}
