//! The races of a token, in all the orders that loom finds.

use loom::{model, thread};

use super::*;
use crate::primitive::AtomicUsize;

#[test]
fn unpark_before_park_is_kept() {
    model(|| {
        let parker = Parker::new();
        let unparker = parker.unparker();
        thread::spawn(move || unparker.unpark()).join().unwrap();
        parker.park();
        assert!(!parker.park_timeout(Duration::ZERO));
    });
}

#[test]
fn an_unpark_that_races_with_park_is_not_lost_and_publishes_what_came_before() {
    model(|| {
        let parker = Parker::new();
        let unparker = parker.unparker();
        let news = Arc::new(AtomicUsize::new(0));
        let writer = thread::spawn({
            let news = news.clone();
            move || {
                news.store(1, Ordering::Relaxed);
                unparker.unpark();
            }
        });
        parker.park();
        assert_eq!(news.load(Ordering::Relaxed), 1);
        writer.join().unwrap();
    });
}

#[test]
fn what_either_of_two_unparkers_published_is_seen_in_the_end() {
    model(|| {
        let parker = Parker::new();
        let news = Arc::new(AtomicUsize::new(0));
        let writers = [(); 2].map(|()| {
            let (news, unparker) = (news.clone(), parker.unparker());
            thread::spawn(move || {
                news.fetch_add(1, Ordering::Relaxed);
                unparker.unpark();
            })
        });
        while news.load(Ordering::Relaxed) < 2 {
            parker.park();
        }
        for writer in writers {
            writer.join().unwrap();
        }
        // At most one token is left over.
        parker.park_timeout(Duration::ZERO);
        assert!(!parker.park_timeout(Duration::ZERO));
    });
}

#[test]
fn a_park_that_gives_up_leaves_the_token_for_the_next() {
    model(|| {
        let parker = Parker::new();
        let unparker = parker.unparker();
        let news = Arc::new(AtomicUsize::new(0));
        let writer = thread::spawn({
            let news = news.clone();
            move || {
                news.store(1, Ordering::Relaxed);
                unparker.unpark();
            }
        });
        if !parker.park_deadline(Instant::now()) {
            parker.park();
        }
        assert_eq!(news.load(Ordering::Relaxed), 1);
        writer.join().unwrap();
        assert!(!parker.park_timeout(Duration::ZERO));
    });
}
