use std::cell::Cell;
use std::future::poll_fn;
use std::task::Poll;
use tiny::bell::Bell;
use tiny::block_on::block_on;
use tiny::join_all::join_all;

const BELLS: usize = 1000;

fn main() {
    let bells: Vec<Bell> = (0..BELLS).map(|_| Bell::default()).collect();
    let (bells, polls) = (&bells, &Cell::new(0));
    // Whoever hears the bell rings the one before it. The last is rung first, so one wake follows the other.
    let futures = (0..BELLS).map(|at| {
        poll_fn(move |context| {
            polls.set(polls.get() + 1);
            if at + 1 == BELLS || bells[at + 1].poll(context).is_ready() {
                bells[at].ring();
                return Poll::Ready(());
            }
            Poll::Pending
        })
    });
    block_on(join_all(futures.collect()));
    println!("{BELLS} futures, each woken once: {} polls", polls.get());
}
