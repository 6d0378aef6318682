//! The names of the tasks that have one.
//!
//! Few have, and those that have none must not pay for them. So a name is not in the task but in a table beside all
//! tasks, from before the task is scheduled until its memory is freed: to look it up takes the task's [`Id`], which is
//! what the monitor sees of a poll. The task's way to its scheduler ([`Named`]) keeps the name in the table.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
// Std's even under loom: the table orders nothing. What happens under its locks is a search and a count.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Id, Runnable, Schedule, TaskRef, Wake};
use crate::trace;

/// So many parts, so that threads that give names rarely meet. A thread's ids are next to each other, and so are
/// those that share a part.
const PARTS: usize = 16;
const NEIGHBOURS: u64 = 1024;

static NAMES: [Mutex<BTreeMap<Id, Arc<str>>>; PARTS] = [const { Mutex::new(BTreeMap::new()) }; PARTS];

fn part(id: Id) -> MutexGuard<'static, BTreeMap<Id, Arc<str>>> {
    let part = (id.number() / NEIGHBOURS) as usize % PARTS;
    NAMES[part].lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the task, if it has one.
pub(super) fn name_of(id: Id) -> Option<Arc<str>> {
    part(id).get(&id).cloned()
}

/// A name in the table, until this is dropped.
pub(crate) struct Name(Id);

impl Name {
    /// `id` has no name yet.
    pub(crate) fn give(id: Id, name: Arc<str>) -> Name {
        trace::named(id.number(), &name);
        trace::names_are_in(|number| name_of(Id::from_number(number)?));
        part(id).insert(id, name);
        Name(id)
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let name = part(self.0).remove(&self.0);
        drop(name);
    }
}

/// The way of a task with a name to its scheduler.
#[derive(Clone)]
pub(crate) struct Named<S> {
    schedule: S,
    /// Kept, not read. Shared by the task and those who are scheduling it.
    _name: Arc<Name>,
}

impl<S> Named<S> {
    pub(super) fn new(schedule: S, name: Name) -> Named<S> {
        Named { schedule, _name: Arc::new(name) }
    }
}

impl<S: Schedule> Schedule for Named<S> {
    fn schedule(&self, runnable: Runnable, wake: Wake) {
        self.schedule.schedule(runnable, wake);
    }

    fn list(&self, task: TaskRef) -> Option<NonZeroU32> {
        self.schedule.list(task)
    }

    fn finished(&self, place: Option<NonZeroU32>) -> Option<TaskRef> {
        self.schedule.finished(place)
    }
}

/// Which task: its number, and the name that it was given, if it was.
///
/// ```
/// use reference_runtime::task;
///
/// reference_runtime::block_on(async {
///     let handle = task::Builder::new().name("letters".to_string()).spawn(async { task::current() })?;
///     let task: task::Task = handle.await;
///     assert_eq!(task.name(), Some("letters"));
///     Ok::<(), std::io::Error>(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Task {
    id: Id,
    name: Option<Arc<str>>,
}

impl Task {
    /// The task with this number, and with the name it has now.
    pub(crate) fn of(id: Id) -> Task {
        Task { id, name: name_of(id) }
    }

    /// The task's number.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// let handle = task::spawn(async { task::current().id() });
    /// let id = handle.id();
    /// assert_eq!(task::block_on(handle), id);
    /// ```
    pub fn id(&self) -> Id {
        self.id
    }

    /// The name it was given by [`Builder::name`](crate::task::Builder::name), if it was.
    ///
    /// ```
    /// use reference_runtime::task;
    ///
    /// assert_eq!(task::block_on(async { task::current().name().map(String::from) }), None);
    /// ```
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// `task 7`, or with its name, `task "letters" (7)`.
impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "task {name:?} ({})", self.id),
            None => write!(f, "task {}", self.id),
        }
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("id", &self.id).field("name", &self.name).finish()
    }
}

#[cfg(all(test, not(reference_runtime_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_until_it_is_dropped() {
        let (id, other) = (Id::new(), Id::new());
        let name = Name::give(id, "letters".into());
        assert_eq!(name_of(id).as_deref(), Some("letters"));
        assert_eq!(name_of(other), None);
        let task = Task::of(id);
        drop(name);
        assert_eq!(name_of(id), None);
        assert_eq!(task.to_string(), format!("task \"letters\" ({id})"));
        assert_eq!(Task::of(id).to_string(), format!("task {id}"));
    }
}
