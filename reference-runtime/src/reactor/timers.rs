//! Timers: wakers ordered by the moment at which they are due.
//!
//! A heap of exact deadlines, four children to a node. Most timers are time limits that are dropped before
//! they are due: those come with ever later deadlines, so a new one stays at the end of the heap, and leaves
//! from there; each costs a comparison or two. A sorted map pays for its order with each insertion, which
//! with many timers was ten times as much; it is faster only in giving out those that become due. A wheel of
//! slots is as fast, but as coarse as its slots, while the poller can wait for the very nanosecond.
//!
//! Who inserts a timer that is due before the attendant would return ends its wait. The attendant notes,
//! under the lock of the timers, until when it waits ([`Timers::watch`]); the inserter compares under
//! the same lock. So either the attendant saw the new timer, or the inserter sees the note.

use std::{
    task::{Context, Waker},
    time::{Duration, Instant},
};

use slab::Slab;

use super::{Reactor, Woken, selector::Until};
use crate::primitive::{Arc, lock};

/// Children of a node: the heap is half as high as with two, for one comparison more on the way down, and the
/// four lie side by side in memory.
const CHILDREN: usize = 4;

/// At most so many timers are given out at once, so that the lock is held only for a moment when very many
/// are due; the next wait ends at once for the others.
const MOST_AT_ONCE: usize = 1024;

/// Timers that are due within so much of each other may share a wait, which then lasts until the last of them. Only
/// where there are so many: a wait and the switches around it cost some 5 µs of processor time, so with a timer due
/// every 10 µs half a processor would do nothing else. A timer that is alone is exact.
pub(super) const WINDOW: Duration = Duration::from_micros(20);

/// So many timers are looked at for the last one within [`WINDOW`].
const MOST_LOOKED_AT: usize = 32;

/// With room for more than this, an empty heap gives its memory back.
const ROOM_TO_KEEP: usize = 1024;

/// All timers of a reactor.
#[derive(Default)]
pub(super) struct Timers {
    /// No node is due before its parent, which is at `(index - 1) / CHILDREN`.
    heap: Vec<Node>,
    /// What belongs to the nodes, at a place that stays.
    entries: Slab<Entry>,
    next_number: u64,
    /// Until when the attendant waits; [`Until::Now`] while nobody does, or while a timer has already ended its wait.
    watched: Until,
    is_closed: bool,
}

/// In order: by deadline, then in the order of insertion.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Node {
    deadline: Instant,
    number: u64,
    /// Of its [`Entry`].
    place: usize,
}

struct Entry {
    waker: Waker,
    /// Of its [`Node`] in the heap.
    index: usize,
    number: u64,
}

/// Names a timer for ever: a place has many, but a number only one.
#[derive(Clone, Copy)]
struct TimerId {
    place: usize,
    number: u64,
}

impl Timers {
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.heap.first().map(|node| node.deadline)
    }

    /// Until when the attendant has to wait, no longer than for `timeout`. It will be interrupted for any timer that
    /// cannot wait as long.
    pub(super) fn watch(&mut self, timeout: Option<Duration>) -> Until {
        if timeout.is_none() && self.heap.is_empty() {
            self.watched = Until::Event;
            return Until::Event;
        }
        let now = Instant::now();
        // A moment beyond the end of the clock is no limit.
        let limit = timeout.and_then(|timeout| now.checked_add(timeout));
        let moment = match (self.last_of_the_first(), limit) {
            (Some(last), Some(limit)) => last.min(limit),
            (last, limit) => match last.or(limit) {
                Some(moment) => moment,
                None => {
                    self.watched = Until::Event;
                    return Until::Event;
                }
            },
        };
        if moment <= now {
            return Until::Now;
        }
        self.watched = Until::Moment(moment);
        self.watched
    }

    /// The last deadline that a wait for the earliest may wait for too.
    fn last_of_the_first(&self) -> Option<Instant> {
        let mut last = self.next_deadline()?;
        let limit = last + WINDOW;
        // Below a node that is too late, all are. The queue of those to look at is bounded: what is not looked at is
        // waited for separately, as it would be without a window.
        let mut pending = [0; MOST_LOOKED_AT];
        let (mut looked_at, mut found) = (0, 1);
        while looked_at < found {
            let first = pending[looked_at] * CHILDREN + 1;
            looked_at += 1;
            for child in first..self.heap.len().min(first + CHILDREN) {
                let deadline = self.heap[child].deadline;
                if deadline > limit {
                    continue;
                }
                last = last.max(deadline);
                if found < MOST_LOOKED_AT {
                    pending[found] = child;
                    found += 1;
                }
            }
        }
        Some(last)
    }

    /// Takes the wakers of all timers that are due, the earliest first. The attendant waits no more.
    pub(super) fn take_due(&mut self, woken: &mut Woken) {
        self.watched = Until::Now;
        if self.heap.is_empty() {
            return;
        }
        let now = Instant::now();
        for _ in 0..MOST_AT_ONCE {
            if self.next_deadline().is_none_or(|deadline| deadline > now) {
                break;
            }
            woken.extend([self.remove_at(0)]);
        }
    }

    /// Takes all wakers, and accepts no more.
    pub(super) fn close(&mut self, woken: &mut Woken) {
        self.is_closed = true;
        self.heap = Vec::new();
        woken.extend(std::mem::take(&mut self.entries).into_iter().map(|(_, entry)| entry.waker));
    }

    // ANCHOR: insert
    /// Adds a timer unless closed. Says whether the attendant has to be interrupted for it.
    fn insert(&mut self, deadline: Instant, waker: Waker) -> Result<(TimerId, bool), Waker> {
        if self.is_closed {
            return Err(waker);
        }
        let number = self.next_number;
        self.next_number += 1;
        let index = self.heap.len();
        let place = self.entries.insert(Entry { waker, index, number });
        let node = Node { deadline, number, place };
        self.heap.push(node);
        self.sift_up(index, node);

        let interrupts = match self.watched {
            Until::Now => false,
            // No sooner than a wait for both would be over.
            Until::Moment(moment) => moment.saturating_duration_since(deadline) > WINDOW,
            Until::Event => true,
        };
        if interrupts {
            // Once is enough: further timers are seen by the wait that follows.
            self.watched = Until::Now;
        }
        Ok((TimerId { place, number }, interrupts))
    }
    // ANCHOR_END: insert

    fn get_mut(&mut self, id: TimerId) -> Option<&mut Entry> {
        self.entries.get_mut(id.place).filter(|entry| entry.number == id.number)
    }

    fn remove(&mut self, id: TimerId) -> Option<Waker> {
        let index = self.get_mut(id)?.index;
        Some(self.remove_at(index))
    }

    /// Removes the node at `index`; the last one takes its place and finds its own from there.
    fn remove_at(&mut self, index: usize) -> Waker {
        let removed = self.heap.swap_remove(index);
        let waker = self.entries.remove(removed.place).waker;
        if let Some(&moved) = self.heap.get(index) {
            if moved < removed {
                self.sift_up(index, moved);
            } else {
                self.sift_down(index, moved);
            }
        }
        if self.heap.is_empty() && self.heap.capacity() > ROOM_TO_KEEP {
            self.heap = Vec::new();
            self.entries = Slab::new();
        }
        waker
    }

    /// Puts `node` at the free `index` or further up.
    fn sift_up(&mut self, mut index: usize, node: Node) {
        while index > 0 {
            let parent = (index - 1) / CHILDREN;
            if self.heap[parent] <= node {
                break;
            }
            self.put(index, self.heap[parent]);
            index = parent;
        }
        self.put(index, node);
    }

    /// Puts `node` at the free `index` or further down.
    fn sift_down(&mut self, mut index: usize, node: Node) {
        loop {
            let first = index * CHILDREN + 1;
            let children = first..self.heap.len().min(first + CHILDREN);
            let Some(least) = children.min_by_key(|&child| self.heap[child]) else { break };
            if node <= self.heap[least] {
                break;
            }
            self.put(index, self.heap[least]);
            index = least;
        }
        self.put(index, node);
    }

    fn put(&mut self, index: usize, node: Node) {
        self.heap[index] = node;
        self.entries[node.place].index = index;
    }
}

/// One entry among the timers of a reactor. Dropping it removes the entry.
pub(crate) struct Timer {
    reactor: Arc<Reactor>,
    id: TimerId,
}

impl Timer {
    /// Has the waker of `cx` woken at `deadline`. `None` if the reactor is closed.
    pub(crate) fn new(reactor: Arc<Reactor>, deadline: Instant, cx: &Context<'_>) -> Option<Timer> {
        let waker = cx.waker().clone();
        let inserted = lock(&reactor.timers).insert(deadline, waker);
        let (id, interrupts) = inserted.ok()?;
        if interrupts {
            reactor.notify();
        }
        Some(Timer { reactor, id })
    }

    /// Moves the timer to `deadline`, with its waker. Returns `false` if the timer is gone: it was due, or
    /// the reactor is closed.
    pub(crate) fn reset(&mut self, deadline: Instant) -> bool {
        let mut timers = lock(&self.reactor.timers);
        let Some(waker) = timers.remove(self.id) else { return false };
        let inserted = timers.insert(deadline, waker);
        drop(timers);
        let Ok((id, interrupts)) = inserted else { return false };
        self.id = id;
        if interrupts {
            self.reactor.notify();
        }
        true
    }

    // ANCHOR: renew
    /// Has the waker of `cx` woken in place of the former one. Returns `false` if the timer is gone.
    pub(crate) fn renew(&self, cx: &Context<'_>) -> bool {
        match lock(&self.reactor.timers).get_mut(self.id) {
            Some(entry) if entry.waker.will_wake(cx.waker()) => return true,
            Some(_) => {}
            None => return false,
        }
        // Cloned without the lock, and what it replaces is dropped without it.
        let mut waker = cx.waker().clone();
        let replaced = lock(&self.reactor.timers)
            .get_mut(self.id)
            .map(|entry| std::mem::swap(&mut entry.waker, &mut waker));
        replaced.is_some()
    }
    // ANCHOR_END: renew
}

impl Drop for Timer {
    fn drop(&mut self) {
        let waker = lock(&self.reactor.timers).remove(self.id);
        drop(waker);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Numbers that look random and are the same each time.
    fn numbers() -> impl FnMut() -> u64 {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        }
    }

    fn insert(timers: &mut Timers, deadline: Instant) -> TimerId {
        timers.insert(deadline, Waker::noop().clone()).expect("it is open").0
    }

    #[test]
    fn the_heap_agrees_with_a_sorted_map() {
        let mut next = numbers();
        let start = Instant::now();
        let mut timers = Timers::default();
        let mut sorted = BTreeMap::new();
        let mut ids = Vec::new();
        for _ in 0..20_000 {
            match next() % 5 {
                0..3 => {
                    let deadline = start + Duration::from_nanos(next() % 1000);
                    let id = insert(&mut timers, deadline);
                    sorted.insert((deadline, id.number), id.place);
                    ids.push((deadline, id));
                }
                3 if !ids.is_empty() => {
                    let (deadline, id) = ids.swap_remove(next() as usize % ids.len());
                    let was_there = sorted.remove(&(deadline, id.number)).is_some();
                    assert_eq!(timers.remove(id).is_some(), was_there);
                }
                _ => {
                    let first = sorted.pop_first();
                    let node = timers.heap.first().copied();
                    assert_eq!(first, node.map(|node| ((node.deadline, node.number), node.place)));
                    if node.is_some() {
                        timers.remove_at(0);
                    }
                }
            }
            assert_eq!(timers.heap.len(), sorted.len());
            assert_eq!(timers.entries.len(), sorted.len());
        }
    }

    #[test]
    fn a_wait_lasts_until_the_last_timer_within_the_window() {
        let start = Instant::now();
        let last_of = |parts: &[u32]| {
            let mut timers = Timers::default();
            for &part in parts {
                insert(&mut timers, start + WINDOW / 10 * part);
            }
            timers.last_of_the_first().map(|last| last - start)
        };
        assert_eq!(last_of(&[]), None);
        assert_eq!(last_of(&[7]), Some(WINDOW / 10 * 7));
        assert_eq!(last_of(&[3, 14]), Some(WINDOW / 10 * 3));
        assert_eq!(last_of(&[3, 13, 8]), Some(WINDOW / 10 * 13));
        // The window begins with the earliest, so a chain of timers does not put off its first for ever.
        assert_eq!(last_of(&[20, 0, 8, 16]), Some(WINDOW / 10 * 8));
        let many: Vec<u32> = (0..200).collect();
        assert_eq!(last_of(&many), Some(WINDOW / 10 * 10));
        // With too many to look at, one of them.
        assert!(last_of(&[5; 200]).is_some_and(|last| last == WINDOW / 10 * 5));
    }

    #[test]
    fn a_million_timers_leave_no_memory_behind() {
        const TIMERS: usize = 1_000_000;
        let mut next = numbers();
        let start = Instant::now();
        let mut timers = Timers::default();
        let mut ids: Vec<TimerId> = (0..TIMERS)
            .map(|_| insert(&mut timers, start + Duration::from_nanos(next() % 1_000_000)))
            .collect();
        let bytes = size_of::<Node>() + size_of::<(usize, Entry)>();
        assert!(bytes <= 80, "{bytes} bytes for each timer");

        let kept = ids.split_off(TIMERS / 2);
        for id in ids {
            assert!(timers.remove(id).is_some());
            assert!(timers.remove(id).is_none());
        }
        let mut last = start;
        let mut count = 0;
        while let Some(deadline) = timers.next_deadline() {
            assert!(last <= deadline);
            last = deadline;
            timers.remove_at(0);
            count += 1;
        }
        assert_eq!(count, kept.len());
        assert_eq!((timers.heap.capacity(), timers.entries.capacity()), (0, 0));
        assert!(kept.into_iter().all(|id| timers.remove(id).is_none()));
    }
}
