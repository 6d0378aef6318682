//! What the queues do, by one thread, and that many threads lose nothing and see nothing twice.

use std::{
    future::ready,
    panic::Location,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use super::*;
use crate::runnable::{Schedule, Wake, task};

/// For tasks that nobody polls.
#[derive(Clone)]
struct Nowhere;

impl Schedule for Nowhere {
    fn schedule(&self, _runnable: Runnable, _wake: Wake) {
        unreachable!("nobody wakes these tasks");
    }
}

/// Counts a task's end: its future is dropped with it.
struct Ends(Arc<AtomicUsize>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Runs when its task is cancelled.
struct OnEnd<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

fn with_future(tag: u32, future: impl Future<Output = ()> + Send + 'static) -> Runnable {
    task(future, Nowhere, tag, Location::caller()).0
}

fn runnable(tag: u32) -> Runnable {
    with_future(tag, ready(()))
}

fn counted(tag: u32, ends: &Arc<AtomicUsize>) -> Runnable {
    let guard = Ends(ends.clone());
    with_future(tag, async move { drop(guard) })
}

fn tag(runnable: Option<Runnable>) -> Option<u32> {
    runnable.map(|runnable| runnable.tag())
}

/// A queue with `tags` in it.
fn filled(tags: std::ops::Range<u32>) -> (LocalQueue, Stealer) {
    let (queue, stealer) = local();
    queue.push_all(tags.map(runnable).collect::<Vec<_>>().into_iter());
    (queue, stealer)
}

fn tags_of(queue: &LocalQueue) -> Vec<u32> {
    std::iter::from_fn(|| tag(queue.pop())).collect()
}

fn tags_in(injector: &Injector) -> Vec<u32> {
    std::iter::from_fn(|| tag(injector.pop())).collect()
}

const CAPACITY: u32 = LocalQueue::CAPACITY as u32;

#[test]
fn the_injector_is_first_in_first_out() {
    let injector = Injector::new();
    assert!(injector.is_empty());
    injector.push(runnable(1)).ok().unwrap();
    injector.push_batch([runnable(2), runnable(3)]).ok().unwrap();
    assert_eq!(injector.len(), 3);
    assert_eq!(tags_in(&injector), [1, 2, 3]);
    assert!(injector.is_empty());
}

#[test]
fn a_closed_injector_gives_back_what_it_is_given() {
    let ends = Arc::new(AtomicUsize::new(0));
    let injector = Injector::new();
    injector.push(counted(1, &ends)).ok().unwrap();
    let waiting = injector.close();
    assert_eq!(waiting.len(), 1);
    assert!(injector.is_empty());
    assert_eq!(tag(injector.push(counted(2, &ends)).err()), Some(2));
    assert_eq!(injector.push_batch([counted(3, &ends), counted(4, &ends)]).err().unwrap().len(), 2);
    assert!(injector.pop().is_none());
    assert_eq!(injector.close().len(), 0);
    drop(waiting);
    assert_eq!(ends.load(Ordering::Relaxed), 4);
}

#[test]
fn a_dropped_injector_drops_its_tasks() {
    let ends = Arc::new(AtomicUsize::new(0));
    let injector = Injector::new();
    injector.push_batch([counted(1, &ends), counted(2, &ends)]).ok().unwrap();
    drop(injector);
    assert_eq!(ends.load(Ordering::Relaxed), 2);
}

#[test]
fn a_batch_is_a_share_of_what_waits() {
    let injector = Injector::new();
    let (queue, _stealer) = local();
    injector.push_batch((0..8).map(runnable)).ok().unwrap();
    assert_eq!(tag(injector.pop_batch(&queue, 4)), Some(0));
    assert_eq!(tags_of(&queue), [1, 2]);
    assert_eq!(tag(injector.pop_batch(&queue, 100)), Some(3));
    assert!(queue.is_empty());
    assert_eq!(tag(injector.pop_batch(&queue, 1)), Some(4));
    assert_eq!(tags_of(&queue), [5, 6, 7]);
    assert!(injector.pop_batch(&queue, 1).is_none());
}

#[test]
fn a_batch_is_bounded_by_half_the_queue_and_by_its_room() {
    let injector = Injector::new();
    let (queue, _stealer) = local();
    injector.push_batch((0..4 * CAPACITY).map(runnable)).ok().unwrap();
    assert_eq!(tag(injector.pop_batch(&queue, 1)), Some(0));
    assert_eq!(queue.len() as u32, CAPACITY / 2 - 1);
    assert_eq!(tag(injector.pop_batch(&queue, 1)), Some(CAPACITY / 2));
    assert_eq!(queue.len() as u32, CAPACITY - 2);
    assert!(injector.pop_batch(&queue, 1).is_some());
    assert_eq!(queue.room(), 0);
    assert!(injector.pop_batch(&queue, 1).is_some());
    assert_eq!(queue.len() as u32, CAPACITY);
    assert_eq!(injector.len() as u32, 4 * CAPACITY - (CAPACITY + 4));
}

#[test]
fn the_local_queue_is_first_in_first_out_around_the_ring() {
    let (queue, stealer) = local();
    let injector = Injector::new();
    for round in 0..10 * CAPACITY {
        for number in 0..3 {
            queue.push(runnable(3 * round + number), &injector);
        }
        assert_eq!((queue.len(), stealer.len()), (3, 3));
        assert_eq!(tags_of(&queue), [3 * round, 3 * round + 1, 3 * round + 2]);
        assert!(queue.is_empty() && stealer.is_empty());
    }
    assert!(injector.is_empty());
}

#[test]
fn a_full_queue_moves_its_older_half_and_the_new_task_to_the_injector() {
    let (queue, _stealer) = filled(0..CAPACITY);
    let injector = Injector::new();
    queue.push(runnable(CAPACITY), &injector);
    let older = (0..CAPACITY / 2).chain([CAPACITY]).collect::<Vec<_>>();
    assert_eq!(tags_in(&injector), older);
    assert_eq!(tags_of(&queue), (CAPACITY / 2..CAPACITY).collect::<Vec<_>>());
}

#[test]
fn a_full_queue_beside_a_closed_injector_drops_what_it_moves() {
    let ends = Arc::new(AtomicUsize::new(0));
    let (queue, _stealer) = local();
    let injector = Injector::new();
    assert!(injector.close().is_empty());
    for number in 0..=CAPACITY {
        queue.push(counted(number, &ends), &injector);
    }
    assert_eq!(ends.load(Ordering::Relaxed) as u32, CAPACITY / 2 + 1);
    assert_eq!(queue.len() as u32, CAPACITY / 2);
    drop(queue);
    assert_eq!(ends.load(Ordering::Relaxed) as u32, CAPACITY + 1);
}

#[test]
fn a_task_that_is_dropped_on_the_way_finds_the_queues_unlocked_and_in_order() {
    let injector = Arc::new(Injector::new());
    let (queue, stealer) = local();
    assert!(injector.close().is_empty());
    let seen = Arc::new(AtomicUsize::new(0));
    for number in 0..=CAPACITY {
        let (closed, stealer, seen) = (injector.clone(), stealer.clone(), seen.clone());
        let guard = OnEnd(move || {
            assert!(closed.push(runnable(0)).is_err());
            assert_eq!(stealer.drain_into(&closed), if number == 0 { CAPACITY as usize / 2 } else { 0 });
            seen.fetch_add(1, Ordering::Relaxed);
        });
        queue.push(with_future(number, async move { drop(guard) }), &injector);
    }
    assert_eq!(seen.load(Ordering::Relaxed) as u32, CAPACITY + 1);
    assert!(queue.is_empty());
}

#[test]
fn a_thief_takes_the_older_half_rounded_up() {
    let (victim, stealer) = filled(0..5);
    let (thief, _) = local();
    assert_eq!(tag(stealer.steal_into(&thief)), Some(0));
    assert_eq!(tags_of(&thief), [1, 2]);
    assert_eq!(tags_of(&victim), [3, 4]);
    assert!(stealer.steal_into(&thief).is_none());
}

#[test]
fn a_thief_takes_the_only_task() {
    let (victim, stealer) = filled(0..1);
    let (thief, thief_stealer) = local();
    assert_eq!(tag(stealer.steal_into(&thief)), Some(0));
    assert!(victim.is_empty() && thief.is_empty() && thief_stealer.is_empty());
}

#[test]
fn a_thief_takes_no_more_than_it_has_room_for() {
    let (victim, stealer) = filled(0..CAPACITY);
    let (thief, _) = filled(0..CAPACITY - 1);
    assert_eq!(tag(stealer.steal_into(&thief)), Some(0));
    assert_eq!(thief.room(), 0);
    assert_eq!(tag(stealer.steal_into(&thief)), Some(2));
    assert_eq!(victim.len() as u32, CAPACITY - 3);
    assert_eq!(tags_of(&thief), (0..CAPACITY - 1).chain([1]).collect::<Vec<_>>());
}

#[test]
fn a_drain_takes_everything_in_order() {
    let (victim, stealer) = filled(0..CAPACITY);
    let injector = Injector::new();
    assert_eq!(stealer.drain_into(&injector) as u32, CAPACITY);
    assert_eq!(stealer.drain_into(&injector), 0);
    assert!(victim.is_empty());
    assert_eq!(tags_in(&injector), (0..CAPACITY).collect::<Vec<_>>());
}

#[test]
fn a_drain_to_a_closed_injector_drops_everything() {
    let ends = Arc::new(AtomicUsize::new(0));
    let (victim, stealer) = local();
    let injector = Injector::new();
    victim.push_all([counted(0, &ends), counted(1, &ends)].into_iter());
    drop(injector.close());
    assert_eq!(stealer.drain_into(&injector), 2);
    assert_eq!(ends.load(Ordering::Relaxed), 2);
}

#[test]
fn a_dropped_queue_drops_its_tasks_though_thieves_remain() {
    let ends = Arc::new(AtomicUsize::new(0));
    let (queue, stealer) = local();
    queue.push_all([counted(0, &ends), counted(1, &ends)].into_iter());
    drop(queue);
    assert_eq!(ends.load(Ordering::Relaxed), 2);
    assert!(stealer.is_empty());
    assert!(stealer.steal_into(&local().0).is_none());
}

#[test]
fn the_next_task_is_displaced_by_another_and_taken_once() {
    let ends = Arc::new(AtomicUsize::new(0));
    let next = NextTask::new();
    assert!(next.is_empty() && next.take().is_none());
    assert!(next.put(counted(1, &ends)).is_none());
    assert_eq!(tag(next.put(counted(2, &ends))), Some(1));
    assert_eq!(tag(next.take()), Some(2));
    assert!(next.is_empty() && next.take().is_none());
    assert!(next.put(counted(3, &ends)).is_none());
    drop(next);
    assert_eq!(ends.load(Ordering::Relaxed), 3);
}

#[test]
fn a_local_queue_can_move_to_its_owner_and_a_stealer_be_shared() {
    fn is_send<T: Send>() {}
    fn is_shared<T: Send + Sync>() {}
    is_send::<LocalQueue>();
    is_shared::<Stealer>();
    is_shared::<NextTask>();
    is_shared::<Injector>();
}

/// Owners that push, pop and steal, and a monitor that drains: every tag is seen once.
#[test]
fn many_threads_lose_nothing_and_see_nothing_twice() {
    const OWNERS: u32 = 3;
    const EACH: u32 = 40_000;
    let ends = Arc::new(AtomicUsize::new(0));
    let injector = Arc::new(Injector::new());
    let seen = Arc::new((0..OWNERS * EACH).map(|_| AtomicU32::new(0)).collect::<Vec<_>>());
    let count = Arc::new(AtomicUsize::new(0));
    let next = Arc::new((0..OWNERS).map(|_| NextTask::new()).collect::<Vec<_>>());
    let (queues, stealers): (Vec<_>, Vec<_>) = (0..OWNERS).map(|_| local()).unzip();
    let start = Arc::new(Barrier::new(OWNERS as usize + 1));
    let all = (OWNERS * EACH) as usize;

    let owners = (0..).zip(queues).map(|(owner, queue)| {
        let (ends, injector, seen, count) = (ends.clone(), injector.clone(), seen.clone(), count.clone());
        let (next, stealers, start) = (next.clone(), stealers.clone(), start.clone());
        thread::spawn(move || {
            let see = |runnable: Runnable| {
                seen[runnable.tag() as usize].fetch_add(1, Ordering::Relaxed);
                count.fetch_add(1, Ordering::Relaxed);
            };
            start.wait();
            let mut pushed = 0;
            let mut step = owner;
            while pushed < EACH || count.load(Ordering::Relaxed) < all {
                step += 1;
                // Bursts above the capacity, so that some of them spill.
                let burst = if step % 50 == 0 { 300 } else { step % 7 };
                for _ in 0..burst.min(EACH - pushed) {
                    let pushing = counted(owner * EACH + pushed, &ends);
                    pushed += 1;
                    match pushed % 3 {
                        0 => {
                            if let Some(displaced) = next[owner as usize].put(pushing) {
                                queue.push(displaced, &injector);
                            }
                        }
                        _ => queue.push(pushing, &injector),
                    }
                }
                let victim = (step % OWNERS) as usize;
                let found = match step % 5 {
                    0 => injector.pop_batch(&queue, OWNERS as usize),
                    1 if victim as u32 != owner => stealers[victim].steal_into(&queue),
                    2 => next[victim].take(),
                    _ => queue.pop(),
                };
                found.into_iter().for_each(see);
                if pushed == EACH {
                    std::iter::from_fn(|| queue.pop().or_else(|| injector.pop())).take(5).for_each(see);
                }
            }
        })
    });
    let owners = owners.collect::<Vec<_>>();
    start.wait();
    while count.load(Ordering::Relaxed) < all && !owners.iter().any(|owner| owner.is_finished()) {
        for stealer in &stealers {
            assert!(stealer.len() <= LocalQueue::CAPACITY);
            stealer.drain_into(&injector);
        }
        thread::yield_now();
    }
    for owner in owners {
        owner.join().unwrap();
    }
    assert!(seen.iter().all(|times| times.load(Ordering::Relaxed) == 1));
    assert_eq!(ends.load(Ordering::Relaxed), all);
}

/// Prints the nanoseconds that `round` takes, the least of several runs.
fn measure(name: &str, mut round: impl FnMut()) {
    const ROUNDS: u32 = 2_000_000;
    let run = |_| {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| round());
        start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
    };
    let best = (0..7).map(run).fold(f64::INFINITY, f64::min);
    println!("{name}: {best:.2} ns");
}

#[test]
#[ignore = "a measurement: run it alone, in release"]
fn measure_the_queues() {
    let injector = Injector::new();
    let (queue, stealer) = local();
    let (thief, _) = local();
    let next = NextTask::new();
    let mut carried = Some(runnable(0));
    measure("local push and pop", || {
        queue.push(carried.take().unwrap(), &injector);
        carried = queue.pop();
    });
    measure("next task put and take", || {
        assert!(next.put(carried.take().unwrap()).is_none());
        carried = next.take();
    });
    measure("injector push and pop", || {
        injector.push(carried.take().unwrap()).ok().unwrap();
        carried = injector.pop();
    });
    measure("local push and steal of one", || {
        queue.push(carried.take().unwrap(), &injector);
        carried = stealer.steal_into(&thief);
    });
    measure("local pop of nothing", || assert!(queue.pop().is_none()));
    measure("next task take of nothing", || assert!(next.take().is_none()));
    measure("injector pop of nothing", || assert!(injector.pop().is_none()));
    measure("a look at a stealer", || assert!(stealer.is_empty()));
}
