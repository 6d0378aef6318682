//! A worker's own queue: a ring that its owner fills and that owner and thieves empty; and the slot of one beside it.
//!
//! Two counters that only grow name the places: `head` of the oldest [`Runnable`], `tail` of the next free slot.
//!
//! * **Only the owner writes slots and `tail`**, and it writes slots only in the free part, from `tail` to
//!   `head` + [`CAPACITY`]. What it moves in becomes visible by the store of `tail`.
//! * **Everyone takes by moving `head`**: read `head`, read the slots behind it, then move `head` past them by
//!   compare-exchange. Whoever succeeds owns what it has read; whoever fails forgets it.
//!
//! Why what a successful exchange has read is right. Say it moved `head` from h to h + n.
//!
//! 1. *Not too old.* The slots up to the `tail` it saw were written before that store of `tail`, which it acquired.
//! 2. *Not too new.* The owner overwrites the slot of place h only for place h + [`CAPACITY`], after it has seen a
//!    `head` above h. `head` never returns to h, so our exchange would have failed.
//! 3. *Nobody else has it.* Two exchanges that both start at h cannot both succeed.
//!
//! Slots are atomic pointers because of the one who fails: it may read a slot while the owner writes it, which is
//! harmless for a value that is thrown away, and undefined for a plain one. The counters wrap around after 2^64 moves
//! (2^32 on 32-bit machines); a thief would have to sleep through all of them between its read and its exchange.
//!
//! Not here: a last-in-first-out end, which needs a full fence in every pop; and growth, for the injector takes what
//! overflows. The owner's pop pays for an exchange as well: the cheaper ones keep back work that nobody can steal.
#![allow(
    unsafe_code,
    reason = "Runnables stand in the slots as pointers, so that a thief may read one in vain"
)]

use std::{array, cell::Cell, iter, marker::PhantomData, ptr};

use crossbeam::utils::CachePadded;

use super::Injector;
use crate::{
    primitive::{Arc, AtomicPtr, AtomicUsize, LOOM, Ordering},
    runnable::Runnable,
};

/// Room enough that a burst of wake-ups rarely goes to the injector; a power of two, for places to become slots by a
/// mask. Loom needs it small to see the ring go round.
const CAPACITY: usize = if LOOM { 4 } else { 1024 };

/// What owner and thieves see of a queue.
struct Ring {
    // Moved forward by compare-exchange, by whoever takes. On a line of its own, which thieves write to:
    head: CachePadded<AtomicUsize>,
    // Only the owner stores, and never less than `head`:
    tail: CachePadded<AtomicUsize>,
    // Only the owner stores, and only from `tail` to `head + CAPACITY`. From `head` to `tail` each holds a `Runnable`:
    slots: [AtomicPtr<()>; CAPACITY],
}

/// A queue of at most 1,024 tasks, in the hands of the worker that owns it.
///
/// When it is dropped, so are the [`Runnable`]s in it: the [`Stealer`]s that remain find it empty for ever.
pub(crate) struct LocalQueue {
    ring: Arc<Ring>,
    /// One owner at a time: neither [`Sync`] nor [`Clone`].
    _one_owner: PhantomData<Cell<()>>,
}

/// A thief's way into a [`LocalQueue`].
#[derive(Clone)]
pub(crate) struct Stealer {
    ring: Arc<Ring>,
}

/// Makes a queue: the owner's side and the thieves'.
pub(crate) fn local() -> (LocalQueue, Stealer) {
    let ring = Ring {
        head: CachePadded::new(AtomicUsize::new(0)),
        tail: CachePadded::new(AtomicUsize::new(0)),
        slots: array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
    };
    let queue = LocalQueue { ring: Arc::new(ring), _one_owner: PhantomData };
    let stealer = queue.stealer();
    (queue, stealer)
}

impl Ring {
    /// The slot of a place.
    fn slot(&self, place: usize) -> &AtomicPtr<()> {
        &self.slots[place % CAPACITY]
    }

    /// How many wait, as of a moment ago.
    fn len(&self) -> usize {
        // Acquire: pairs with the Release of the exchange that wrote this `head`; without it we may see a `tail` from
        // before that exchange, behind `head`, and take their difference for an enormous length.
        let head = self.head.load(Ordering::Acquire);
        // Relaxed: nothing is read behind it. Read after `head`, so the difference errs only on the side of too many:
        // what was taken in between is still counted.
        let tail = self.tail.load(Ordering::Relaxed);
        tail.wrapping_sub(head).min(CAPACITY)
    }

    // ANCHOR: claim
    /// Takes the oldest [`Runnable`]s, as many as `amount` makes of the number that wait, and returns how many.
    ///
    /// `copy` gets each one's number, counted from 0, and its pointer; if another thread was faster, it gets others,
    /// from 0 again. The pointers of the last turn belong to the caller.
    fn claim(&self, amount: impl Fn(usize) -> usize, mut copy: impl FnMut(usize, *mut ())) -> usize {
        // Acquire: as in `Ring::len`.
        let mut head = self.head.load(Ordering::Acquire);
        loop {
            // Acquire: pairs with the Release in `LocalQueue::publish`; without it we may copy slots from before the
            // push, and read tasks that are not yet written.
            let tail = self.tail.load(Ordering::Acquire);
            // More than the capacity only if `head` has moved since we read it; the exchange will then fail.
            let waiting = tail.wrapping_sub(head).min(CAPACITY);
            let count = amount(waiting);
            if count == 0 {
                return 0;
            }
            for number in 0..count {
                // Relaxed: the Acquire of `tail` makes it new enough, the exchange of `head` throws it away if too new.
                copy(number, self.slot(head.wrapping_add(number)).load(Ordering::Relaxed));
            }
            let moved = head.wrapping_add(count);
            // Release: pairs with the Acquire of `head` in `LocalQueue::room`; without it the owner may put the next
            // round's pointers in the slots before we have read them. And with the one in `Ring::len`, see there.
            // Acquire on failure: that one again, for the `head` to go on with.
            match self.head.compare_exchange(head, moved, Ordering::Release, Ordering::Acquire) {
                Ok(_) => return count,
                Err(newer) => head = newer,
            }
        }
    }
    // ANCHOR_END: claim
}

impl LocalQueue {
    /// How many it holds at most.
    pub(crate) const CAPACITY: usize = CAPACITY;

    /// Appends one.
    ///
    /// A full queue first moves its older half and the new one to `overflow`, in one batch: moving one at a time would
    /// come back here for each of a burst. Is `overflow` closed, they are dropped, after all is in order.
    pub(crate) fn push(&self, runnable: Runnable, overflow: &Injector) {
        let mut runnable = runnable;
        while self.room() == 0 {
            match self.spill(runnable, overflow) {
                Ok(()) => return,
                Err(kept) => runnable = kept,
            }
        }
        let tail = self.tail();
        self.fill(tail, runnable.into_raw());
        self.publish(tail.wrapping_add(1));
    }

    /// Appends all of `runnables`, which become visible together; there must be room for them.
    pub(crate) fn push_all(&self, runnables: impl ExactSizeIterator<Item = Runnable>) {
        assert!(runnables.len() <= self.room(), "whoever moves tasks in has asked for the room");
        let mut tail = self.tail();
        for runnable in runnables {
            self.fill(tail, runnable.into_raw());
            tail = tail.wrapping_add(1);
        }
        self.publish(tail);
    }

    /// Takes the oldest.
    pub(crate) fn pop(&self) -> Option<Runnable> {
        let tail = self.tail();
        // Relaxed: nobody but us stores slots and `tail`, so we see the newest of them anyway; and an old `head` makes
        // the exchange fail.
        let mut head = self.ring.head.load(Ordering::Relaxed);
        while head != tail {
            let taken = self.ring.slot(head).load(Ordering::Relaxed);
            let moved = head.wrapping_add(1);
            // Release: pairs with the Acquire of `head` in `Ring::len` and `Ring::claim`; without it a thief may see
            // this `head` with a `tail` behind it. Relaxed on failure, as above.
            match self.ring.head.compare_exchange(head, moved, Ordering::Release, Ordering::Relaxed) {
                // SAFETY: `head` was moved past this slot by us, so we alone own the `Runnable` it was filled with.
                Ok(_) => return Some(unsafe { Runnable::from_raw(taken) }),
                Err(newer) => head = newer,
            }
        }
        None
    }

    /// How many it can still take in; thieves make it more, nobody else makes it less.
    pub(crate) fn room(&self) -> usize {
        // Acquire: pairs with the Release in `Ring::claim`; without it we may fill slots that a thief has yet to read.
        let head = self.ring.head.load(Ordering::Acquire);
        CAPACITY - self.tail().wrapping_sub(head)
    }

    /// How many wait, as of a moment ago: thieves may have taken some of them.
    pub(crate) fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether none waits; if so, that stays so until the owner pushes.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Another way in for thieves.
    pub(crate) fn stealer(&self) -> Stealer {
        Stealer { ring: self.ring.clone() }
    }

    /// Moves the older half of a full queue, and `runnable` behind it, to `overflow`. Gives `runnable` back if thieves
    /// have meanwhile made room.
    #[cold]
    #[inline(never)]
    fn spill(&self, runnable: Runnable, overflow: &Injector) -> Result<(), Runnable> {
        const HALF: usize = CAPACITY / 2;
        let mut half = [ptr::null_mut(); HALF];
        let if_full = |waiting| if waiting == CAPACITY { HALF } else { 0 };
        if self.ring.claim(if_full, |number, taken| half[number] = taken) == 0 {
            return Err(runnable);
        }
        // SAFETY: `Ring::claim` moved `head` past these slots for us, and each pointer is used once.
        let spilled = half.into_iter().map(|taken| unsafe { Runnable::from_raw(taken) });
        let refused = overflow.push_batch(spilled.chain(iter::once(runnable)));
        drop(refused);
        Ok(())
    }

    fn tail(&self) -> usize {
        // Relaxed: only the owner stores it, and this is the owner.
        self.ring.tail.load(Ordering::Relaxed)
    }

    /// Writes `filled` to a free slot.
    fn fill(&self, place: usize, filled: *mut ()) {
        // Relaxed: `LocalQueue::publish` makes it visible.
        self.ring.slot(place).store(filled, Ordering::Relaxed);
    }

    /// Makes visible what was filled in below `tail`.
    fn publish(&self, tail: usize) {
        // Release: pairs with the Acquire of `tail` in `Ring::claim`; without it a thief may read a slot from before it
        // was filled, and run a task twice.
        self.ring.tail.store(tail, Ordering::Release);
    }
}

impl Drop for LocalQueue {
    fn drop(&mut self) {
        while let Some(runnable) = self.pop() {
            drop(runnable);
        }
    }
}

impl Stealer {
    /// Takes the older half, rounded up, of another worker's queue: returns the oldest, and appends the others to the
    /// queue of the `thief` as far as it has room.
    pub(crate) fn steal_into(&self, thief: &LocalQueue) -> Option<Runnable> {
        debug_assert!(!Arc::ptr_eq(&self.ring, &thief.ring), "nobody steals from itself");
        let tail = thief.tail();
        let most = thief.room() + 1;
        let mut oldest = ptr::null_mut();
        let half = |waiting: usize| waiting.div_ceil(2).min(most);
        let count = self.ring.claim(half, |number, taken| match number {
            0 => oldest = taken,
            // A free slot of the thief's: nobody reads it before it is published.
            _ => thief.fill(tail.wrapping_add(number - 1), taken),
        });
        if count == 0 {
            return None;
        }
        if count > 1 {
            thief.publish(tail.wrapping_add(count - 1));
        }
        // SAFETY: `Ring::claim` moved `head` past this slot for us, and the thief's queue holds only those behind it.
        Some(unsafe { Runnable::from_raw(oldest) })
    }

    /// Moves all that waits to `injector`, in one batch, and returns how many that were; any thread may do this.
    ///
    /// Is `injector` closed, they are dropped.
    pub(crate) fn drain_into(&self, injector: &Injector) -> usize {
        let mut all = [ptr::null_mut(); CAPACITY];
        let count = self.ring.claim(|waiting| waiting, |number, taken| all[number] = taken);
        if count == 0 {
            return 0;
        }
        // SAFETY: `Ring::claim` moved `head` past these slots for us, and each pointer is used once.
        let drained = all.into_iter().take(count).map(|taken| unsafe { Runnable::from_raw(taken) });
        let refused = injector.push_batch(drained);
        drop(refused);
        count
    }

    /// How many wait, as of a moment ago.
    pub(crate) fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether none waits, as of a moment ago; the head of `queue.rs` says what may be built on that.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The task that its owner runs next: a slot of one.
///
/// It is stealable, since an owner that blocks before it comes to it would keep it for as long.
pub(crate) struct NextTask {
    /// Null, or a [`Runnable`].
    task: AtomicPtr<()>,
}

impl NextTask {
    pub(crate) fn new() -> NextTask {
        NextTask { task: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Puts `runnable` there and returns what it displaces. Only the owner may do this: when two put at once into an
    /// empty slot, one of the tasks is lost.
    ///
    /// The promise buys a plain store: nobody else fills the slot, so one seen empty stays empty until then, and
    /// putting and taking cost a quarter less. With debug assertions a broken promise is a panic.
    pub(crate) fn put(&self, runnable: Runnable) -> Option<Runnable> {
        let put = runnable.into_raw();
        if !self.is_empty() {
            // Release: as below. Acquire: pairs with the Release of the put that is displaced; without it, we might not
            // see the task we get back, should the slot have changed owners.
            return own(self.task.swap(put, Ordering::AcqRel));
        }
        // Release: pairs with the Acquire in `NextTask::take`; without it the taker may not see the task it took.
        if !cfg!(debug_assertions) {
            self.task.store(put, Ordering::Release);
            return None;
        }
        let lost = own(self.task.swap(put, Ordering::Release));
        assert!(lost.is_none(), "only its owner puts a next task");
        None
    }

    /// Takes what is there.
    pub(crate) fn take(&self) -> Option<Runnable> {
        if self.is_empty() {
            return None;
        }
        // Acquire: pairs with the Release in `NextTask::put`; without it we may not see the task we take.
        own(self.task.swap(ptr::null_mut(), Ordering::Acquire))
    }

    /// Whether nothing is there, as of a moment ago; the head of `queue.rs` says what may be built on that.
    pub(crate) fn is_empty(&self) -> bool {
        // Relaxed: reads nothing behind it, and spares an empty slot the exchange.
        self.task.load(Ordering::Relaxed).is_null()
    }
}

impl Drop for NextTask {
    fn drop(&mut self) {
        drop(self.take());
    }
}

/// Makes a [`Runnable`] of what an exchange took out of a [`NextTask`].
fn own(taken: *mut ()) -> Option<Runnable> {
    if taken.is_null() {
        return None;
    }
    // SAFETY: the exchange put another value in its place, so the pointer came to us and to nobody else.
    Some(unsafe { Runnable::from_raw(taken) })
}
