//! What a `Queue` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! There is one thread. A word lets somebody else in before one of its accesses, and each case is run once for every
//! access that there is. So what a machine does once in a million runs is done here each time.

use super::answer::{Queue, Word};
use exercises::Case;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

const HANG: &str = "an exchange that has failed is tried again for ever, with the value from before";

pub const CASES: &[Case] = &[
    Case {
        name: "tasks_come_out_in_their_order_and_a_full_queue_says_so",
        promise: "first in, first out, and what has no room is given back",
        hang: HANG,
        supported: true,
        run: tasks_come_out_in_their_order_and_a_full_queue_says_so,
    },
    Case {
        name: "a_thief_takes_the_older_half",
        promise: "half, rounded up: the oldest to run, the others into the thief's queue in their order",
        hang: HANG,
        supported: true,
        run: a_thief_takes_the_older_half,
    },
    Case {
        name: "a_pop_at_any_step_of_a_steal",
        promise: "every task comes out once, though the owner takes tasks during a steal",
        hang: HANG,
        supported: true,
        run: a_pop_at_any_step_of_a_steal,
    },
    Case {
        name: "a_ring_that_goes_round_at_any_step_of_a_steal",
        promise: "every task comes out once, though the owner uses all slots again during a steal",
        hang: HANG,
        supported: true,
        run: a_ring_that_goes_round_at_any_step_of_a_steal,
    },
    Case {
        name: "another_thief_at_any_step_of_a_steal",
        promise: "every task comes out once, though two thieves meet, or one robs the other",
        hang: HANG,
        supported: true,
        run: another_thief_at_any_step_of_a_steal,
    },
    Case {
        name: "a_steal_at_any_step_of_a_pop",
        promise: "every task comes out once, though a thief comes during a pop",
        hang: HANG,
        supported: true,
        run: a_steal_at_any_step_of_a_pop,
    },
    Case {
        name: "a_steal_at_any_step_of_a_push",
        promise: "every task comes out once, though a thief comes during a push",
        hang: HANG,
        supported: true,
        run: a_steal_at_any_step_of_a_push,
    },
];

type Visitor = (usize, Box<dyn FnOnce()>);

thread_local! {
    /// How many accesses there will be before the visitor comes, and the visitor.
    static VISITOR: RefCell<Option<Visitor>> = const { RefCell::new(None) };
    static ACCESSES: Cell<usize> = const { Cell::new(0) };
}

/// A word before whose accesses somebody else may do something.
#[derive(Default)]
struct Watched(Cell<u64>);

fn step() {
    ACCESSES.set(ACCESSES.get() + 1);
    assert!(ACCESSES.get() < 100_000, "an exchange that has failed is tried again for ever");
    let visit = VISITOR.with_borrow_mut(|visitor| match visitor {
        Some((accesses, _)) if *accesses > 0 => {
            *accesses -= 1;
            None
        }
        // Its own accesses are not visited: it is taken out.
        _ => visitor.take().map(|(_, visit)| visit),
    });
    visit.into_iter().for_each(|visit| visit());
}

impl Word for Watched {
    fn load(&self) -> u64 {
        step();
        self.0.get()
    }

    fn store(&self, value: u64) {
        step();
        self.0.set(value);
    }

    fn exchange(&self, old: u64, new: u64) -> bool {
        step();
        let is_old = self.0.get() == old;
        if is_old {
            self.0.set(new);
        }
        is_old
    }
}

const CAPACITY: usize = 4;

/// One victim, two thieves, and whatever has come out so far. Tasks are numbered from 1.
struct World {
    victim: Queue<Watched>,
    thief: Queue<Watched>,
    other: Queue<Watched>,
    pushed: Cell<u64>,
    taken: RefCell<Vec<u64>>,
}

impl World {
    /// A victim with so many tasks, whose ring has turned so far.
    fn new(turned: usize, tasks: usize) -> World {
        let [victim, thief, other] = [(); 3].map(|()| Queue::new(CAPACITY));
        let world = World { victim, thief, other, pushed: Cell::new(0), taken: RefCell::default() };
        for _ in 0..turned {
            world.push();
            world.pop();
        }
        for _ in 0..tasks {
            world.push();
        }
        world
    }

    fn push(&self) {
        if self.victim.push(self.pushed.get() + 1).is_ok() {
            self.pushed.set(self.pushed.get() + 1);
        }
    }

    fn take(&self, task: Option<u64>) {
        self.taken.borrow_mut().extend(task);
    }

    fn pop(&self) {
        let task = self.victim.pop();
        self.take(task);
    }

    fn steal(&self) {
        let task = self.victim.steal_into(&self.thief);
        self.take(task);
    }

    /// The other thief takes from the victim, or from the thief.
    fn steal_for_other(&self, from: &Queue<Watched>) {
        let task = from.steal_into(&self.other);
        self.take(task);
    }

    /// Everything that has come out, once the owners have emptied their queues, sorted.
    fn all(&self) -> Vec<u64> {
        for queue in [&self.victim, &self.thief, &self.other] {
            while let Some(task) = queue.pop() {
                self.take(Some(task));
            }
        }
        let mut all = self.taken.take();
        all.sort();
        all
    }
}

/// Somebody acts, and a visitor comes before the first access of a word, or before the second, and so on.
fn at_each_step(act: fn(&World), visit: fn(&World)) {
    for turned in 0..2 * CAPACITY {
        for tasks in 0..=CAPACITY {
            for accesses in 0.. {
                let world = Rc::new(World::new(turned, tasks));
                let visited = Rc::clone(&world);
                VISITOR.set(Some((accesses, Box::new(move || visit(&visited)))));
                ACCESSES.set(0);
                act(&world);
                let nobody_came = VISITOR.take().is_some();
                assert!(!nobody_came || accesses > 1, "what the queue holds is not in its words");
                let all = world.all();
                assert_eq!(
                    all,
                    Vec::from_iter(1..=world.pushed.get()),
                    "these came out, and those went in; {tasks} tasks were there at first, \
                     and somebody else came before access {} of a word",
                    accesses + 1
                );
                if nobody_came {
                    break;
                }
            }
        }
    }
}

fn tasks_come_out_in_their_order_and_a_full_queue_says_so() {
    let queue: Queue<Watched> = Queue::new(CAPACITY);
    assert_eq!(queue.pop(), None, "the queue is empty");
    for round in 0..5 {
        for task in 1..=4 {
            assert_eq!(queue.push(10 * round + task), Ok(()), "there is room for four tasks");
        }
        assert_eq!(queue.push(99), Err(99), "four tasks are in the queue, and there is no room for another");
        for task in 1..=4 {
            assert_eq!(queue.pop(), Some(10 * round + task), "the oldest task comes out first");
        }
        assert_eq!(queue.pop(), None, "what came out is gone");
        // The ring begins the next round at another slot.
        assert_eq!(queue.push(7), Ok(()), "the queue is empty");
        assert_eq!(queue.pop(), Some(7), "the oldest task comes out first");
    }
}

fn a_thief_takes_the_older_half() {
    for tasks in 0..=CAPACITY as u64 {
        let world = World::new(0, tasks as usize);
        let half = tasks.div_ceil(2);
        let first = world.victim.steal_into(&world.thief);
        let rest = |queue: &Queue<Watched>| std::iter::from_fn(|| queue.pop()).collect::<Vec<_>>();
        let got = (first, rest(&world.thief), rest(&world.victim));
        let expected = ((tasks > 0).then_some(1), Vec::from_iter(2..=half), Vec::from_iter(half + 1..=tasks));
        assert_eq!(got, expected, "the task to run, the thief's queue and the victim's, of {tasks} tasks");
    }
}

fn a_pop_at_any_step_of_a_steal() {
    at_each_step(World::steal, World::pop);
}

fn a_ring_that_goes_round_at_any_step_of_a_steal() {
    fn turn(world: &World, slots: usize) {
        for _ in 0..slots {
            world.pop();
            world.push();
        }
    }
    at_each_step(World::steal, |world| turn(world, CAPACITY));
    at_each_step(World::steal, |world| turn(world, 2 * CAPACITY));
}

fn another_thief_at_any_step_of_a_steal() {
    at_each_step(World::steal, |world| world.steal_for_other(&world.victim));
    at_each_step(World::steal, |world| world.steal_for_other(&world.thief));
}

fn a_steal_at_any_step_of_a_pop() {
    at_each_step(World::pop, World::steal);
}

fn a_steal_at_any_step_of_a_push() {
    at_each_step(World::push, World::steal);
}
