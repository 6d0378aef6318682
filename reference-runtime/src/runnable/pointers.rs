//! The four kinds of pointer to a task: wakers, [`TaskRef`], [`Runnable`] and [`JoinSide`].
//!
//! Each has the address of the task's [`Header`] and keeps the task alive: by a reference, or (the last) by the
//! handle's flag. All are safe to use; the unsafe code in them is the call of the functions in `raw` for the part of
//! the task they hold.

// A waker's table and the functions of `raw` are unsafe to write and to call.
#![allow(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::Location;
use std::ptr::{self, NonNull};
use std::sync::{Mutex, OnceLock};
use std::task::{Poll, RawWaker, RawWakerVTable, Waker};

use super::error::Failure;
use super::raw::{Header, header, leave, quietly, release};
use super::state::{Detach, Join, Remains, Wakeup};
use super::{Id, JoinError, Task, Wake};
use crate::primitive::{AtomicPtr, Ordering};

/// One table for tasks of all types, so that `Waker::will_wake` never errs.
static WAKER: RawWakerVTable = RawWakerVTable::new(clone_waker, wake, wake_by_ref, drop_waker);

pub(super) fn raw_waker(task: NonNull<Header>) -> RawWaker {
    RawWaker::new(task.as_ptr().cast_const().cast(), &WAKER)
}

/// That of the waker which a poll of an [`OBSERVED`](super::OBSERVED) task is given. Its clones are ordinary wakers, so a
/// future that keeps one finds it to be another than the next poll's, and makes a clone anew each time.
static OBSERVED_WAKER: RawWakerVTable = RawWakerVTable::new(clone_observed, wake, wake_by_ref, drop_waker);

/// What is called when a future clones the waker that its poll was given.
static ON_CLONE: OnceLock<fn()> = OnceLock::new();

/// Has `function` called where a poll of an [`OBSERVED`](super::OBSERVED) task clones its waker: at an await, as a rule.
/// For the only kind of executor that has such tasks; what a second one asks for is ignored.
pub(crate) fn on_waker_cloned(function: fn()) {
    let _ = ON_CLONE.set(function);
}

pub(super) fn raw_observed_waker(task: NonNull<Header>) -> RawWaker {
    RawWaker::new(task.as_ptr().cast_const().cast(), &OBSERVED_WAKER)
}

unsafe fn clone_observed(data: *const ()) -> RawWaker {
    if let Some(function) = ON_CLONE.get() {
        function();
    }
    // SAFETY: a waker's data.
    unsafe { clone_waker(data) }
}

/// # Safety
///
/// `data` comes from [`raw_waker`].
unsafe fn waker_task(data: *const ()) -> NonNull<Header> {
    // SAFETY: it was made of one that is not null.
    unsafe { NonNull::new_unchecked(data.cast_mut().cast()) }
}

unsafe fn clone_waker(data: *const ()) -> RawWaker {
    // SAFETY: a waker's data.
    let task = unsafe { waker_task(data) };
    // SAFETY: the waker's reference keeps the task alive.
    unsafe { header(task) }.state.add_reference();
    raw_waker(task)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: a waker's data.
    let task = unsafe { waker_task(data) };
    // SAFETY: the waker's reference keeps the task alive.
    let Header { state, vtable, .. } = unsafe { header(task) };
    match state.wake() {
        // SAFETY: the waker's reference is the `Runnable`'s now.
        Wakeup::Schedule => unsafe { (vtable.schedule)(task, Wake::Fresh) },
        Wakeup::Nothing => {}
        // SAFETY: this is the answer.
        Wakeup::Free => unsafe { leave(task, Remains::Nobody) },
    }
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: a waker's data.
    let task = unsafe { waker_task(data) };
    // SAFETY: the waker's reference keeps the task alive.
    let Header { state, vtable, .. } = unsafe { header(task) };
    if state.wake_by_ref() == Wakeup::Schedule {
        // SAFETY: `wake_by_ref` gave us a reference beside the waker's.
        unsafe { (vtable.schedule)(task, Wake::Fresh) };
    }
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: a waker's data.
    let task = unsafe { waker_task(data) };
    // SAFETY: the waker's reference goes here.
    unsafe { release(task) }
}

/// A counted reference to a task, without the right to poll it.
pub(crate) struct TaskRef {
    /// With a reference, or in a [`ManuallyDrop`] and with something else that keeps the task alive.
    pub(super) task: NonNull<Header>,
}

// SAFETY: tasks are made of futures and schedulers that may be sent, for the last of us drops them. There is no output
// any more then.
unsafe impl Send for TaskRef {}
// SAFETY: a shared one only reads what never changes, or goes through the state.
unsafe impl Sync for TaskRef {}

impl TaskRef {
    /// Has the executor drop the future, unless the task finishes first.
    pub(crate) fn abort(&self) {
        if self.header().state.abort() == Wakeup::Schedule {
            // SAFETY: `abort` gave us a reference beside this one.
            unsafe { (self.header().vtable.schedule)(self.task, Wake::Fresh) };
        }
    }

    /// Whether the future is gone.
    pub(crate) fn is_finished(&self) -> bool {
        self.header().state.look() == Join::Finished
    }

    /// The number the executor chose.
    pub(crate) fn tag(&self) -> u32 {
        self.header().tag
    }

    /// The number that no other task has.
    pub(crate) fn id(&self) -> Id {
        self.header().identity.id()
    }

    /// Where the task was spawned.
    pub(crate) fn location(&self) -> &'static Location<'static> {
        self.header().location
    }

    fn header(&self) -> &Header {
        // SAFETY: the reference keeps the task alive.
        unsafe { header(self.task) }
    }
}

impl Clone for TaskRef {
    fn clone(&self) -> TaskRef {
        self.header().state.add_reference();
        TaskRef { task: self.task }
    }
}

impl Drop for TaskRef {
    fn drop(&mut self) {
        // SAFETY: the reference is this one's.
        unsafe { release(self.task) }
    }
}

impl fmt::Debug for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskRef")
            .field("id", &self.id())
            .field("tag", &self.tag())
            .field("location", self.location())
            .finish()
    }
}

/// Where a task was spawned, as a word that one thread may write while others read it.
pub(crate) struct SpawnedAt(AtomicPtr<Location<'static>>);

impl SpawnedAt {
    pub(crate) fn nowhere() -> SpawnedAt {
        SpawnedAt(AtomicPtr::new(ptr::null_mut()))
    }

    pub(crate) fn set(&self, location: Option<&'static Location<'static>>) {
        let location = location.map_or(ptr::null(), ptr::from_ref);
        // Relaxed: what it points to has been there since the program was built.
        self.0.store(location.cast_mut(), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Option<&'static Location<'static>> {
        let location = self.0.load(Ordering::Relaxed);
        // SAFETY: `set` stores null or what was a reference for the rest of the program.
        unsafe { location.cast_const().as_ref() }
    }
}

/// The right to poll a task once. Dropping it cancels the task.
pub(crate) struct Runnable {
    /// With `ACTIVE` set by whoever made this, and a reference that polling the task uses up.
    task: ManuallyDrop<TaskRef>,
}

impl Runnable {
    /// Like [`Runnable::poll`], and schedules the task if it was woken meanwhile.
    #[cfg(any(test, feature = "stages"))]
    pub(crate) fn run(self) {
        if let Some(next) = self.poll() {
            next.schedule_for(Wake::DuringPoll);
        }
    }

    /// Polls the task once, or drops its future if it was aborted. Gives the task back if it was woken meanwhile: a
    /// worker has its own way to its queue, and saves two read-modify-writes of every yield.
    pub(crate) fn poll(self) -> Option<Runnable> {
        let run = self.task.header().vtable.run;
        // SAFETY: the reference is this `Runnable`'s, which ends here.
        unsafe { run(self.into_task()) }
    }

    /// Hands the task to its scheduler, as a fresh one. For tests: an executor has itself at hand.
    #[cfg(test)]
    pub(crate) fn schedule(self) {
        self.schedule_for(Wake::Fresh);
    }

    #[cfg(any(test, feature = "stages"))]
    fn schedule_for(self, wake: Wake) {
        // SAFETY: the reference is this `Runnable`'s, which ends here.
        unsafe { (self.task.header().vtable.schedule)(self.into_task(), wake) }
    }

    /// A reference to its task.
    #[cfg(test)]
    pub(crate) fn reference(&self) -> TaskRef {
        TaskRef::clone(&self.task)
    }

    /// The address of the function that polls the task: the same for all futures of one type. (Two types may share
    /// one if the compiler finds their code to be equal.)
    pub(crate) fn kind(&self) -> usize {
        self.task.header().vtable.run as usize
    }

    /// The number the executor chose.
    pub(crate) fn tag(&self) -> u32 {
        self.task.tag()
    }

    /// The number that no other task has.
    pub(crate) fn id(&self) -> Id {
        self.task.id()
    }

    /// [`Id::number`] of the same.
    #[inline]
    pub(crate) fn number(&self) -> u64 {
        self.task.header().identity.number()
    }

    /// Where the task was spawned.
    pub(crate) fn location(&self) -> &'static Location<'static> {
        self.task.location()
    }

    /// As one word, for queues of words. To be turned back, or the task leaks.
    pub(crate) fn into_raw(self) -> *mut () {
        self.into_task().as_ptr().cast()
    }

    /// # Safety
    ///
    /// `raw` comes from [`Runnable::into_raw`], and is turned back once.
    pub(crate) unsafe fn from_raw(raw: *mut ()) -> Runnable {
        // SAFETY: `into_raw` does not return null.
        Runnable::new(unsafe { NonNull::new_unchecked(raw.cast()) })
    }

    /// For who has set `ACTIVE`, or has it from a `Runnable`, and has a reference to give.
    pub(super) fn new(task: NonNull<Header>) -> Runnable {
        Runnable { task: ManuallyDrop::new(TaskRef { task }) }
    }

    fn into_task(self) -> NonNull<Header> {
        ManuallyDrop::new(self).task.task
    }
}

impl Drop for Runnable {
    fn drop(&mut self) {
        let cancel = self.task.header().vtable.cancel;
        // SAFETY: the reference is this `Runnable`'s.
        unsafe { cancel(self.task.task) }
    }
}

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runnable")
            .field("id", &self.id())
            .field("tag", &self.tag())
            .field("location", self.location())
            .finish()
    }
}

/// Added to the address in a [`JoinSide`] whose output has been taken. A header is aligned to more than that.
const TAKEN: usize = 1;

/// The `JoinHandle`'s side of a task: the only way to its output.
pub(super) struct JoinSide<T> {
    /// Without a reference: `HANDLE` is set and keeps the task alive. The address of its header, and [`TAKEN`].
    task: NonNull<Header>,
    /// As a lock: to be sent or shared, it takes an output that can be sent.
    output: PhantomData<Mutex<T>>,
}

// SAFETY: it gives the output away or drops it, and is a `TaskRef` otherwise.
unsafe impl<T: Send> Send for JoinSide<T> {}
// SAFETY: a shared one never touches the output, and is a `TaskRef` otherwise.
unsafe impl<T: Send> Sync for JoinSide<T> {}

impl<T> JoinSide<T> {
    /// For who has made a task with this output.
    pub(super) fn new(task: NonNull<Header>) -> JoinSide<T> {
        JoinSide { task, output: PhantomData }
    }

    /// The task; good for as long as this side is.
    #[inline]
    pub(super) fn task(&self) -> ManuallyDrop<TaskRef> {
        let address = |task: usize| task & !TAKEN;
        // SAFETY: without `TAKEN` it is the address of a header, which is not null.
        let task = unsafe { NonNull::new_unchecked(self.task.as_ptr().map_addr(address)) };
        ManuallyDrop::new(TaskRef { task })
    }

    /// Whether the output is gone.
    #[inline]
    pub(super) fn is_taken(&self) -> bool {
        self.task.as_ptr().addr() & TAKEN != 0
    }

    /// Waits for the output: if it is not there, `waker` and no other will be woken when it is.
    pub(super) fn poll_finished(&mut self, waker: &Waker) -> Poll<()> {
        let task = self.task();
        let Header { state, joiner, .. } = task.header();
        let found = state.look();
        if found == Join::Finished {
            return Poll::Ready(());
        }
        // SAFETY: while `JOIN_WAKER` is set there is a waker, and only we write to its field.
        let is_same =
            |former: *const MaybeUninit<Waker>| waker.will_wake(unsafe { &*former.cast::<Waker>() });
        if found == Join::Registered && joiner.with(is_same) {
            return Poll::Pending;
        }
        // The user's code, which may panic: nothing has changed yet.
        let waker = waker.clone();
        if found == Join::Registered && !self.drop_waker() {
            quietly(|| drop(waker));
            return Poll::Ready(());
        }
        // SAFETY: `JOIN_WAKER` is clear and only we set it, so the field is ours.
        joiner.with_mut(|joiner| unsafe { joiner.write(MaybeUninit::new(waker)) });
        if state.register() == Join::Registered {
            return Poll::Pending;
        }
        // SAFETY: the flag was not set after all, so the waker is still where we put it, and ours.
        let waker = joiner.with(|joiner| unsafe { joiner.cast::<Waker>().read() });
        quietly(|| drop(waker));
        Poll::Ready(())
    }

    /// Takes the registered waker back and drops it; false if it was too late. Only for who has the side to itself.
    fn drop_waker(&self) -> bool {
        let task = self.task();
        let Header { state, joiner, .. } = task.header();
        if state.unregister() == Join::Finished {
            return false;
        }
        // SAFETY: `unregister` cleared `JOIN_WAKER`, so there is a waker and it is ours.
        let waker = joiner.with(|joiner| unsafe { joiner.cast::<Waker>().read() });
        quietly(|| drop(waker));
        true
    }

    /// The output of a task that is finished.
    #[inline]
    pub(super) fn take_output(&mut self) -> Result<T, JoinError> {
        let task = self.task();
        assert!(task.is_finished() && !self.is_taken(), "an output is taken when it is there, and once");
        self.task = self.task.map_addr(|address| address | TAKEN);
        let mut output = MaybeUninit::<Result<T, Failure>>::uninit();
        let take_output = task.header().vtable.take_output;
        // SAFETY: the task is complete, so the output is ours, and the mark says that it was taken.
        unsafe { take_output(task.task, output.as_mut_ptr().cast()) };
        // SAFETY: `take_output` filled it.
        let output = unsafe { output.assume_init() };
        output.map_err(|failure| JoinError::new(failure, Task::of(task.id()), task.location()))
    }
}

impl<T> Drop for JoinSide<T> {
    fn drop(&mut self) {
        let task = self.task();
        let state = &task.header().state;
        while !self.is_taken() {
            match state.detach() {
                // SAFETY: this is the answer.
                Detach::Done(remains) => return unsafe { leave(task.task, remains) },
                Detach::HasOutput => {
                    let output = self.take_output();
                    quietly(|| drop(output));
                }
                // When it is too late for that, there is an output.
                Detach::HasWaker => _ = self.drop_waker(),
            }
        }
        // SAFETY: this is the answer.
        unsafe { leave(task.task, state.release_handle()) }
    }
}
