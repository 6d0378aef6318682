//! The queues' races, in all the orders that loom finds. The ring has four places here.
//!
//! Loom lets no load see a store that comes later in its run. The Acquire in `LocalQueue::room` guards against just
//! that (a thief that reads a slot only when its owner has filled it again), so no model here fails without it.

use std::{future::ready, panic::Location};

use loom::{model, thread};

use super::*;
use crate::{
    primitive::{Arc, AtomicUsize, fence},
    runnable::{Schedule, Wake, task},
};

/// For tasks that nobody polls.
#[derive(Clone)]
struct Nowhere;

impl Schedule for Nowhere {
    fn schedule(&self, _runnable: Runnable, _wake: Wake) {
        unreachable!("nobody wakes these tasks");
    }
}

fn runnable(tag: u32) -> Runnable {
    task(ready(()), Nowhere, tag, Location::caller()).0
}

/// A queue with `tags` in it, at the place of its ring that `turned` moves have led to.
fn filled(turned: usize, tags: std::ops::Range<u32>) -> (LocalQueue, Stealer) {
    let (queue, stealer) = local();
    let overflow = Injector::new();
    for _ in 0..turned {
        queue.push(runnable(u32::MAX), &overflow);
        drop(queue.pop());
    }
    tags.for_each(|tag| queue.push(runnable(tag), &overflow));
    (queue, stealer)
}

/// The tags of all that is left in `queue`.
fn rest(queue: &LocalQueue) -> Vec<u32> {
    std::iter::from_fn(|| queue.pop()).map(|runnable| runnable.tag()).collect()
}

fn tags(found: impl IntoIterator<Item = Runnable>) -> Vec<u32> {
    found.into_iter().map(|runnable| runnable.tag()).collect()
}

/// Fails unless `lists` together hold each of `0..count` once.
fn assert_each_once(count: u32, lists: impl IntoIterator<Item = Vec<u32>>) {
    let mut all = lists.into_iter().flatten().collect::<Vec<_>>();
    all.sort_unstable();
    assert_eq!(all, (0..count).collect::<Vec<_>>());
}

/// A thief on a thread of its own: all that it got.
fn spawn_thief(stealer: Stealer) -> thread::JoinHandle<Vec<u32>> {
    thread::spawn(move || {
        let (thief, _) = local();
        let mut found = tags(stealer.steal_into(&thief));
        found.extend(rest(&thief));
        found
    })
}

#[test]
fn the_only_task_goes_to_the_owner_or_to_the_thief() {
    model(|| {
        let (queue, stealer) = filled(0, 0..1);
        let thief = spawn_thief(stealer);
        let popped = tags(queue.pop());
        assert_each_once(1, [popped, thief.join().unwrap(), rest(&queue)]);
    });
}

#[test]
fn two_thieves_and_an_owner_share_without_doubles() {
    model(|| {
        let (queue, stealer) = filled(3, 0..3);
        let thieves = [spawn_thief(stealer.clone()), spawn_thief(stealer)];
        let popped = tags(queue.pop());
        let [one, two] = thieves.map(|thief| thief.join().unwrap());
        assert_each_once(3, [popped, one, two, rest(&queue)]);
    });
}

#[test]
fn a_push_around_the_ring_does_not_disturb_a_thief() {
    model(|| {
        let (queue, stealer) = filled(2, 0..4);
        let thief = spawn_thief(stealer);
        let overflow = Injector::new();
        // Frees a place and fills it again while the thief may be reading it.
        let popped = tags(queue.pop());
        queue.push(runnable(4), &overflow);
        let spilled = tags(overflow.close());
        assert_each_once(5, [popped, spilled, thief.join().unwrap(), rest(&queue)]);
    });
}

#[test]
fn a_full_queue_spills_beside_a_thief() {
    model(|| {
        let (queue, stealer) = filled(1, 0..4);
        let thief = spawn_thief(stealer);
        let overflow = Injector::new();
        queue.push(runnable(4), &overflow);
        let spilled = tags(overflow.close());
        assert!(spilled.is_empty() || spilled.len() == 3, "all of the half and the new one, or nothing");
        assert_each_once(5, [spilled, thief.join().unwrap(), rest(&queue)]);
    });
}

#[test]
fn a_thief_sees_the_task_that_a_push_published() {
    model(|| {
        let (queue, stealer) = local();
        let news = Arc::new(AtomicUsize::new(0));
        let thief = thread::spawn({
            let news = Arc::clone(&news);
            move || {
                let (thief, _) = local();
                let mut found = tags(stealer.steal_into(&thief));
                assert!(found.is_empty() || news.load(Ordering::Relaxed) == 1);
                found.extend(rest(&thief));
                found
            }
        });
        let overflow = Injector::new();
        news.store(1, Ordering::Relaxed);
        queue.push(runnable(0), &overflow);
        queue.push(runnable(1), &overflow);
        assert_each_once(2, [rest(&queue), thief.join().unwrap()]);
    });
}

#[test]
fn a_thief_of_a_thief_sees_what_was_moved() {
    model(|| {
        let (queue, stealer) = filled(0, 0..3);
        let (thief, thief_stealer) = local();
        let second = spawn_thief(thief_stealer);
        let mut first = tags(stealer.steal_into(&thief));
        first.extend(rest(&thief));
        assert_each_once(3, [first, second.join().unwrap(), rest(&queue)]);
    });
}

#[test]
fn a_drain_and_a_pop_share_without_doubles() {
    model(|| {
        let (queue, stealer) = filled(2, 0..3);
        let monitor = thread::spawn(move || {
            let injector = Injector::new();
            let count = stealer.drain_into(&injector);
            let drained = tags(injector.close());
            assert_eq!(count, drained.len());
            drained
        });
        let overflow = Injector::new();
        let popped = tags(queue.pop());
        queue.push(runnable(3), &overflow);
        assert_each_once(4, [popped, monitor.join().unwrap(), rest(&queue)]);
    });
}

#[test]
fn a_look_never_sees_less_than_what_stays() {
    model(|| {
        let (queue, stealer) = filled(0, 0..2);
        let looker = thread::spawn({
            let stealer = stealer.clone();
            move || stealer.len()
        });
        let overflow = Injector::new();
        drop(queue.pop());
        queue.push(runnable(2), &overflow);
        drop(queue.pop());
        let len = looker.join().unwrap();
        assert!((1..=3).contains(&len), "{len}");
    });
}

#[test]
fn a_look_beside_a_thief_never_sees_a_length_that_never_was() {
    model(|| {
        let (queue, stealer) = local();
        let looker = thread::spawn({
            let stealer = stealer.clone();
            move || stealer.len()
        });
        let thief = spawn_thief(stealer);
        queue.push(runnable(0), &Injector::new());
        let len = looker.join().unwrap();
        assert!(len <= 1, "{len}");
        assert_each_once(1, [rest(&queue), thief.join().unwrap()]);
    });
}

#[test]
fn a_taker_sees_the_task_that_a_put_published() {
    model(|| {
        let next = Arc::new(NextTask::new());
        let news = Arc::new(AtomicUsize::new(0));
        let taker = thread::spawn({
            let (next, news) = (Arc::clone(&next), Arc::clone(&news));
            move || {
                let found = tags(next.take());
                assert!(found.first().is_none_or(|&tag| news.load(Ordering::Relaxed) > tag as usize));
                found
            }
        });
        news.store(1, Ordering::Relaxed);
        let first = tags(next.put(runnable(0)));
        news.store(2, Ordering::Relaxed);
        let second = tags(next.put(runnable(1)));
        assert_each_once(2, [first, second, taker.join().unwrap(), tags(next.take())]);
    });
}

#[test]
fn the_next_task_goes_to_one_of_two_takers() {
    model(|| {
        let next = Arc::new(NextTask::new());
        let other = Arc::clone(&next);
        let taker = thread::spawn(move || tags(other.take()));
        let displaced = tags(next.put(runnable(0)));
        let mine = tags(next.take());
        assert_each_once(1, [displaced, mine, taker.join().unwrap(), tags(next.take())]);
    });
}

#[test]
fn a_displaced_next_task_is_not_taken_as_well() {
    model(|| {
        let next = Arc::new(NextTask::new());
        drop(next.put(runnable(0)));
        let other = Arc::clone(&next);
        let taker = thread::spawn(move || tags(other.take()));
        let displaced = tags(next.put(runnable(1)));
        assert_each_once(2, [displaced, taker.join().unwrap(), tags(next.take())]);
    });
}

#[test]
fn a_push_to_an_injector_that_is_being_closed_comes_back_or_is_given_out() {
    model(|| {
        let injector = Arc::new(Injector::new());
        let other = Arc::clone(&injector);
        let pusher = thread::spawn(move || tags(other.push(runnable(0)).err()));
        let closed = tags(injector.close());
        assert_each_once(1, [pusher.join().unwrap(), closed]);
        assert!(injector.is_empty());
    });
}

#[test]
fn a_batch_and_a_pop_share_the_injector_without_doubles() {
    model(|| {
        let injector = Arc::new(Injector::new());
        injector.push_batch((0..3).map(runnable)).ok().expect("it is open");
        let other = Arc::clone(&injector);
        let popper = thread::spawn(move || tags(other.pop()));
        let (queue, _) = local();
        let first = tags(injector.pop_batch(&queue, 1));
        assert_each_once(3, [first, rest(&queue), popper.join().unwrap(), tags(injector.close())]);
    });
}

/// The promise at the head of `queue.rs`, for a queue that `push` fills and `is_empty` looks at.
fn assert_a_push_or_the_sleeper_is_seen<Q: 'static, L: Send + 'static>(
    make: impl Fn() -> (Q, L) + Send + Sync + 'static,
    push: impl Fn(&Q) + Send + Sync + 'static,
    is_empty: impl Fn(&L) -> bool + Copy + Send + Sync + 'static,
) {
    model(move || {
        let (queue, looker) = make();
        let sleepers = Arc::new(AtomicUsize::new(0));
        let sleeper = thread::spawn({
            let sleepers = Arc::clone(&sleepers);
            move || {
                sleepers.store(1, Ordering::Relaxed);
                fence(Ordering::SeqCst);
                is_empty(&looker)
            }
        });
        push(&queue);
        fence(Ordering::SeqCst);
        let sleeper_is_seen = sleepers.load(Ordering::Relaxed) == 1;
        let push_is_missed = sleeper.join().unwrap();
        assert!(sleeper_is_seen || !push_is_missed, "the task waits and the worker sleeps");
    });
}

#[test]
fn a_look_at_the_injector_before_sleeping_misses_no_push() {
    let make = || {
        let injector = Arc::new(Injector::new());
        (Arc::clone(&injector), injector)
    };
    let push = |injector: &Arc<Injector>| injector.push(runnable(0)).ok().expect("it is open");
    assert_a_push_or_the_sleeper_is_seen(make, push, |injector| injector.is_empty());
}

#[test]
fn a_look_at_a_stealer_before_sleeping_misses_no_push() {
    let push = |queue: &LocalQueue| queue.push(runnable(0), &Injector::new());
    assert_a_push_or_the_sleeper_is_seen(local, push, |stealer| stealer.is_empty());
}

#[test]
fn a_look_at_a_next_task_before_sleeping_misses_no_put() {
    let make = || {
        let next = Arc::new(NextTask::new());
        (Arc::clone(&next), next)
    };
    let put = |next: &Arc<NextTask>| drop(next.put(runnable(0)));
    assert_a_push_or_the_sleeper_is_seen(make, put, |next| next.is_empty());
}
