//! A task's memory: its layout, and the functions that know its types.
//!
//! A task is shared through pointers to the [`Header`] that begins every `Allocation<F, S>`; those are in `pointers`. Each
//! holds a part of the [`State`], a reference or the handle's flag, and the part keeps the task alive. The functions
//! marked unsafe ask for such a part, and say if they use it up; after that nobody touches the task again.
//!
//! Who may touch which field is written at the fields. What changes is in cells, so that everybody may have a shared
//! reference to the whole.

// A task's type is erased and its memory shared by count; no safe container does both in one allocation.
#![allow(unsafe_code)]

use std::any::Any;
use std::future::Future;
use std::mem::{self, ManuallyDrop, MaybeUninit};
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::current::{Before, Identity};
use super::error::Failure;
use super::names::name_of;
use super::pointers::{JoinSide, Runnable, TaskRef, raw_observed_waker, raw_waker};
use super::state::{Complete, Remains, Start, State, Suspend};
use super::thread_bound::ThreadBound;
use super::{BLOCKING, Id, JoinHandle, Name, Named, OBSERVED, Schedule, Wake};
use crate::primitive::{AtomicU32, Ordering, UnsafeCell, before_user_code};
use crate::span::{self, Spanned};
use crate::trace::{self, PollResult};

/// The place of a task that has never slept. The reference for the list is still with the `Runnable`, or with the poll
/// that it has become.
const UNLISTED: u32 = 0;
/// The place of a task that the list of an executor refused, as that one is gone. The reference was used up.
const REFUSED: u32 = u32::MAX;

/// The part of a task that does not depend on its types.
pub(super) struct Header {
    /// Says who owns the fields that change.
    pub(super) state: State,

    // Immutable:
    pub(super) vtable: &'static Vtable,
    pub(super) location: &'static Location<'static>,
    pub(super) tag: u32,

    /// Where the executor has listed the task, or [`UNLISTED`], or [`REFUSED`]. Written by the running thread, once.
    place: AtomicU32,
    pub(super) identity: Identity,

    /// The handle's while `JOIN_WAKER` is clear and the task is not complete. While the flag is set, the handle may
    /// read it, and the thread that completes the task may take it out once it has cleared the flag.
    pub(super) joiner: UnsafeCell<MaybeUninit<Waker>>,
}

/// A task, whole. In this order, so that a pointer to it is a pointer to its header.
#[repr(C)]
struct Allocation<F: Future, S> {
    header: Header,
    /// Immutable. Lives as long as the task, which is what makes calling it through a reference possible.
    schedule: S,
    /// The running thread's while the task runs; the handle's once it is complete; else of who gave up the last
    /// reference.
    stage: UnsafeCell<Stage<F>>,
}

/// The future until it is dropped, its output from then until it is taken.
union Stage<F: Future> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<Result<F::Output, Failure>>,
}

/// The functions that know a task's types. All take the address of such a task that is alive.
pub(super) struct Vtable {
    /// Uses up a `Runnable`'s reference: polls the future, or drops it if the task was aborted. Gives the next
    /// `Runnable` if the task was woken meanwhile.
    pub(super) run: unsafe fn(NonNull<Header>) -> Option<Runnable>,
    /// Uses up a `Runnable`'s reference: drops the future.
    pub(super) cancel: unsafe fn(NonNull<Header>),
    /// Uses up a `Runnable`'s reference.
    pub(super) schedule: unsafe fn(NonNull<Header>, Wake),
    /// Moves the output to the address given. For the handle, once, when the task is complete.
    pub(super) take_output: unsafe fn(NonNull<Header>, *mut ()),
    /// Frees a task that nobody refers to; [`Remains`] says whether the future is still in it.
    free: unsafe fn(NonNull<Header>, Remains),
}

impl<F: Future, S: Schedule> Allocation<F, S> {
    const VTABLE: &'static Vtable = &Vtable {
        run: run::<F, S>,
        cancel: cancel::<F, S>,
        schedule: schedule::<F, S>,
        take_output: take_output::<F, S>,
        free: free::<F, S>,
    };
}

/// Makes a task, not scheduled yet.
///
/// `tag` is a number of the executor's choice; `location` is where the user spawned the task.
#[inline]
pub(crate) fn task<F, S>(
    future: F,
    schedule: S,
    tag: u32,
    location: &'static Location<'static>,
) -> (Runnable, JoinHandle<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    S: Schedule,
{
    // SAFETY: the future and the output may be sent.
    unsafe { with_id(Id::new(), kind(tag), future, schedule, tag, location) }
}

/// As [`task()`], with a name.
pub(crate) fn named_task<F, S>(
    future: F,
    schedule: S,
    tag: u32,
    location: &'static Location<'static>,
    name: Arc<str>,
) -> (Runnable, JoinHandle<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
    S: Schedule,
{
    let id = Id::new();
    let schedule = Named::new(schedule, Name::give(id, name));
    // SAFETY: the future and the output may be sent.
    unsafe { with_id(id, kind(tag), future, schedule, tag, location) }
}

/// What reports call a task with this tag.
fn kind(tag: u32) -> &'static str {
    if tag == BLOCKING { "blocking" } else { "task" }
}

/// As [`task()`], for a future that is only ever touched on the calling thread. Where a `Runnable` of it is run or
/// dropped on another, the process aborts.
pub(crate) fn local_task<F, S>(
    future: F,
    schedule: S,
    location: &'static Location<'static>,
    name: Option<Arc<str>>,
) -> (Runnable, JoinHandle<F::Output>)
where
    F: Future + 'static,
    F::Output: 'static,
    S: Schedule,
{
    let id = Id::new();
    let future = ThreadBound::new(future);
    let Some(name) = name else {
        // SAFETY: the future may be sent, as it finds out where it is. The output comes from its thread, which either
        // drops it or leaves it to the handle; and that one is on this thread, too, or the output may be sent.
        return unsafe { with_id(id, "local", future, schedule, 0, location) };
    };
    let schedule = Named::new(schedule, Name::give(id, name));
    // SAFETY: as above.
    unsafe { with_id(id, "local", future, schedule, 0, location) }
}

/// # Safety
///
/// The future may be polled and dropped on any thread. The output, which it leaves where it was polled last, may be
/// sent from there to wherever the handle may be sent.
#[inline]
unsafe fn with_id<F, S>(
    id: Id,
    kind: &'static str,
    future: F,
    schedule: S,
    tag: u32,
    location: &'static Location<'static>,
) -> (Runnable, JoinHandle<F::Output>)
where
    F: Future + Send + 'static,
    S: Schedule,
{
    trace::spawned(id.number(), location);
    let future = span::of_task(future, kind, id, || name_of(id), location);
    let task = Box::new(Allocation {
        header: Header {
            state: State::new(),
            vtable: Allocation::<Spanned<F>, S>::VTABLE,
            location,
            tag,
            place: AtomicU32::new(UNLISTED),
            identity: Identity::new(id),
            joiner: UnsafeCell::new(MaybeUninit::uninit()),
        },
        schedule,
        stage: UnsafeCell::new(Stage { future: ManuallyDrop::new(future) }),
    });
    let task = NonNull::from(Box::leak(task)).cast::<Header>();
    (Runnable::new(task), JoinHandle::new(JoinSide::new(task)))
}

// ---- Functions for every task ----

/// # Safety
///
/// The task is alive for as long as the header is used.
#[inline]
pub(super) unsafe fn header<'a>(task: NonNull<Header>) -> &'a Header {
    // SAFETY: the task is alive, and what changes in its header is in cells.
    unsafe { task.as_ref() }
}

/// Gives a reference up.
///
/// # Safety
///
/// The reference is the caller's.
#[inline]
pub(super) unsafe fn release(task: NonNull<Header>) {
    // SAFETY: the reference keeps the task alive.
    let remains = unsafe { header(task) }.state.drop_references(1);
    // SAFETY: this is the answer.
    unsafe { leave(task, remains) }
}

/// # Safety
///
/// A part of the task was given up, and `remains` is the answer.
#[inline]
pub(super) unsafe fn leave(task: NonNull<Header>, remains: Remains) {
    if remains == Remains::Others {
        return;
    }
    // SAFETY: nobody refers to the task, so it is alive until we free it.
    let free = unsafe { header(task) }.vtable.free;
    // SAFETY: nobody refers to the task.
    unsafe { free(task, remains) }
}

/// Runs a destructor or a waker of the user's, and hides its panic: there is nobody left to tell.
#[inline]
pub(super) fn quietly(user_code: impl FnOnce()) {
    before_user_code();
    let Err(payload) = catch_unwind(AssertUnwindSafe(user_code)) else { return };
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // A payload whose destructor panics may well leave another such, so this one is leaked.
        mem::forget(second);
    }
}

// ---- Functions for each type of task ----

type Payload = Box<dyn Any + Send>;

/// # Safety
///
/// The task is of this type, and alive for as long as the answer is used.
unsafe fn typed<'a, F: Future, S>(task: NonNull<Header>) -> &'a Allocation<F, S> {
    // SAFETY: the task is alive, and what changes in it is in cells.
    unsafe { task.cast::<Allocation<F, S>>().as_ref() }
}

/// Polls the task, or ends it if it was aborted. Gives the next `Runnable` if it was woken meanwhile.
///
/// # Safety
///
/// A `Runnable`'s reference is the caller's, and is used up.
unsafe fn run<F: Future, S: Schedule>(task: NonNull<Header>) -> Option<Runnable> {
    // SAFETY: the reference keeps the task alive until `suspend` or `finish` gives it up.
    let Header { state, location, tag, identity, .. } = unsafe { header(task) };
    let id = || identity.number();
    let traced = trace::poll_begins(id, location, *tag == BLOCKING);
    let mut before = identity.enter();
    let output = match state.start() {
        Start::Cancel => Err(Failure::Cancelled),
        // SAFETY: `start` made us the running thread, and nobody has dropped the future.
        Start::Poll => match unsafe { poll::<F, S>(task) } {
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(Failure::panicked(payload)),
            // SAFETY: we are the running thread.
            Ok(Poll::Pending) if !unsafe { is_listed::<F, S>(task) } => Err(Failure::Cancelled),
            Ok(Poll::Pending) => {
                // Before: once it is suspended, another thread may poll it.
                traced.ends(PollResult::Pending);
                identity.leave(before);
                match state.suspend() {
                    Suspend::Again => {
                        traced.was_woken();
                        return Some(Runnable::new(task));
                    }
                    Suspend::Cancel => {
                        // The drop of the future is one more slice.
                        let _ = trace::poll_begins(id, location, *tag == BLOCKING);
                        before = identity.enter();
                        Err(Failure::Cancelled)
                    }
                    Suspend::Idle(remains) => {
                        // SAFETY: this is the answer.
                        unsafe { leave(task, remains) };
                        return None;
                    }
                }
            }
        },
    };
    let result = match &output {
        Ok(_) => PollResult::Ready,
        Err(Failure::Cancelled) => PollResult::Cancelled,
        Err(_) => PollResult::Panicked,
    };
    // SAFETY: we are the running thread still, and the future is in its place.
    unsafe { finish::<F, S>(task, output, before) };
    traced.ends(result);
    None
}

/// Sees to it that a task that goes to sleep is on its executor's list. False if the executor is gone.
///
/// A task that is queued or polled needs no list to be found, and many a task never sleeps.
///
/// # Safety
///
/// The caller is the running thread.
unsafe fn is_listed<F: Future, S: Schedule>(task: NonNull<Header>) -> bool {
    // SAFETY: the running thread's reference keeps the task alive.
    let Allocation { header, schedule, .. } = unsafe { typed::<F, S>(task) };
    // Relaxed: only running threads touch this, and what orders their polls orders this.
    if header.place.load(Ordering::Relaxed) != UNLISTED || header.state.has_reason_to_stay() {
        return true;
    }
    // Before the call: should that panic, the reference is used up all the same.
    header.place.store(REFUSED, Ordering::Relaxed);
    let Some(place) = schedule.list(TaskRef { task }) else { return false };
    header.place.store(place.get(), Ordering::Relaxed);
    true
}

/// Ends the task without another poll.
///
/// # Safety
///
/// A `Runnable`'s reference is the caller's, and is used up.
unsafe fn cancel<F: Future, S: Schedule>(task: NonNull<Header>) {
    // SAFETY: the reference keeps the task alive.
    let Header { state, identity, .. } = unsafe { header(task) };
    trace::cancelled(|| identity.number());
    let (Start::Poll | Start::Cancel) = state.start();
    // SAFETY: `start` made us the running thread, and nobody has dropped the future.
    unsafe { finish::<F, S>(task, Err(Failure::Cancelled), identity.enter()) }
}

/// Hands the `Runnable` to the scheduler.
///
/// # Safety
///
/// A `Runnable`'s reference is the caller's, and is used up.
unsafe fn schedule<F: Future, S: Schedule>(task: NonNull<Header>, wake: Wake) {
    // SAFETY: the reference keeps the task alive until it becomes the `Runnable`'s.
    let Allocation { header, schedule, .. } = unsafe { typed::<F, S>(task) };
    let schedule = schedule.clone();
    trace::woken(|| header.identity.number());
    schedule.schedule(Runnable::new(task), wake);
}

/// Polls the future with a waker that borrows the running thread's reference.
///
/// # Safety
///
/// The caller is the running thread, and the future is in its place.
unsafe fn poll<F: Future, S>(task: NonNull<Header>) -> Result<Poll<F::Output>, Payload> {
    before_user_code();
    // SAFETY: the running thread's reference keeps the task alive.
    let Allocation { header: Header { tag, .. }, stage, .. } = unsafe { typed::<F, S>(task) };
    let waker = if *tag == OBSERVED { raw_observed_waker(task) } else { raw_waker(task) };
    // SAFETY: the running thread's reference outlives the waker, which is not dropped and so gives up none.
    let waker = ManuallyDrop::new(unsafe { Waker::from_raw(waker) });
    let mut context = Context::from_waker(&waker);
    stage.with_mut(|stage| {
        // SAFETY: `ACTIVE` is set and the `Runnable` was ours, so the stage is.
        let stage = unsafe { &mut *stage };
        // SAFETY: the caller knows the future to be in its place.
        let future = unsafe { &mut *stage.future };
        // SAFETY: the future stays where it is until it is dropped there.
        let future = unsafe { Pin::new_unchecked(future) };
        catch_unwind(AssertUnwindSafe(|| future.poll(&mut context)))
    })
}

/// Drops the future where it is, and tells the scheduler. Says whether the reference for the list is the caller's now.
/// The task is the current one; `before` is current again after the drop.
///
/// # Safety
///
/// The task is alive, the stage is the caller's, and the future is in it. It is not afterwards.
unsafe fn drop_future<F: Future, S: Schedule>(
    task: NonNull<Header>,
    before: Before,
) -> (Result<(), Payload>, bool) {
    before_user_code();
    // SAFETY: the task is alive.
    let Allocation { header, schedule, stage } = unsafe { typed::<F, S>(task) };
    let dropped = stage.with_mut(|stage| {
        // SAFETY: the stage is the caller's.
        let stage = unsafe { &mut *stage };
        // SAFETY: the future is in its place, and the caller does not use it again.
        catch_unwind(AssertUnwindSafe(|| unsafe { ManuallyDrop::drop(&mut stage.future) }))
    });
    header.identity.leave(before);
    header.identity.end();
    let place = header.place.load(Ordering::Relaxed);
    let listed = NonZeroU32::new(place).filter(|place| place.get() != REFUSED);
    let mut has_reference = place == UNLISTED;
    // Should the executor's own code panic, the joiner must still hear of the end.
    quietly(|| {
        // What it gives back may be anything, as far as this code can tell.
        if let Some(reference) = schedule.finished(listed).filter(|reference| reference.task == task) {
            mem::forget(reference);
            has_reference = true;
        }
    });
    (dropped, has_reference)
}

/// Ends the future and leaves its output to the joiner, if there is one.
///
/// The order: the future is dropped, the scheduler is told, and only then does the joiner hear of it; so whoever
/// awaits a handle may rely on everything the future held being free.
///
/// # Safety
///
/// The caller is the running thread, whose reference is used up; the future is in its place.
unsafe fn finish<F: Future, S: Schedule>(
    task: NonNull<Header>,
    output: Result<F::Output, Failure>,
    before: Before,
) {
    // SAFETY: the running thread's reference keeps the task alive until it is given up below.
    let Allocation { header, stage, .. } = unsafe { typed::<F, S>(task) };
    let Header { state, joiner, .. } = header;
    // SAFETY: `ACTIVE` is set and the `Runnable` was ours, so the stage is.
    let (dropped, has_reference) = unsafe { drop_future::<F, S>(task, before) };
    let references = 1 + usize::from(has_reference);
    let output = match dropped {
        Ok(()) => output,
        Err(payload) => worse(output, payload),
    };
    stage.with_mut(|stage| {
        let output = Stage { output: ManuallyDrop::new(output) };
        // SAFETY: the stage is ours, and there is nothing in it any more.
        unsafe { stage.write(output) };
    });
    let remains = match state.complete(references) {
        Complete::Done(remains) => remains,
        Complete::WakeJoiner => {
            // SAFETY: `complete` cleared `JOIN_WAKER`, so there is a waker and it is ours.
            let waker = joiner.with(|joiner| unsafe { joiner.cast::<Waker>().read() });
            quietly(|| waker.wake());
            state.drop_references(references)
        }
        Complete::OutputUnwanted => {
            stage.with_mut(|stage| {
                // SAFETY: without a handle the stage is ours still.
                let stage = unsafe { &mut *stage };
                // SAFETY: the output was put there above, and nobody uses it again.
                quietly(|| unsafe { ManuallyDrop::drop(&mut stage.output) });
            });
            state.complete_detached(references)
        }
    };
    // SAFETY: this is the answer.
    unsafe { leave(task, remains) }
}

/// What the joiner gets when the future's destructor panicked as well: the first panic there was.
fn worse<T>(output: Result<T, Failure>, payload: Payload) -> Result<T, Failure> {
    match output {
        Err(Failure::Panicked(first)) => {
            quietly(|| drop(payload));
            Err(Failure::Panicked(first))
        }
        output => {
            quietly(|| drop(output));
            Err(Failure::panicked(payload))
        }
    }
}

unsafe fn take_output<F: Future, S>(task: NonNull<Header>, to: *mut ()) {
    // SAFETY: the handle keeps the task alive.
    unsafe { typed::<F, S>(task) }.stage.with(|stage| {
        let to = to.cast::<Result<F::Output, Failure>>();
        // SAFETY: the task is complete and the handle asks once, so the output is in its place, and the handle's.
        unsafe { ptr::copy_nonoverlapping(stage.cast(), to, 1) };
    });
}

unsafe fn free<F: Future, S: Schedule>(task: NonNull<Header>, remains: Remains) {
    if remains == Remains::Future {
        // SAFETY: nobody refers to the task, so it is alive until we free it.
        let before = unsafe { header(task) }.identity.enter();
        // SAFETY: nobody refers to the task, so its stage is ours.
        let (dropped, _) = unsafe { drop_future::<F, S>(task, before) };
        if let Err(payload) = dropped {
            quietly(|| drop(payload));
        }
    }
    // SAFETY: nobody refers to the task, so it is alive until we free it.
    let Allocation { header, stage, .. } = unsafe { typed::<F, S>(task) };
    // Nothing, but loom checks that every other access came before.
    header.joiner.with_mut(|_| ());
    stage.with_mut(|_| ());
    // SAFETY: nobody refers to the task, which came from a box of this type.
    let task = unsafe { Box::from_raw(task.cast::<Allocation<F, S>>().as_ptr()) };
    drop(task);
}
