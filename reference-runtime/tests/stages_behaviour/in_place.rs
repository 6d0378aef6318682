//! From stage 6 on: closures that block where they stand, `block_on` inside tasks, and a reactor that one blocked worker
//! does not leave alone.

use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Duration;

use reference_runtime::net::TcpListener;
use reference_runtime::stages::Stage;
use reference_runtime::time::sleep;

use crate::start;

pub(crate) fn a_closure_in_place_borrows_from_its_task(stage: Stage) {
    let front = start(stage, 1);
    let inside = front.clone();
    let length = front.block_on(front.spawn(async move {
        let mut words = vec!["one"];
        inside.block_in_place(|| words.push("two"));
        words.len()
    }));
    assert_eq!(length, 2);
    // Outside of a task there is nothing to hand over.
    assert_eq!(front.block_in_place(|| 7), 7);
}

pub(crate) fn tasks_run_beside_a_closure_in_place(stage: Stage) {
    let front = start(stage, 1);
    for _ in 0..10 {
        let inside = front.clone();
        let told = front.block_on(front.spawn(async move {
            let (tell, told) = mpsc::channel();
            for number in 0..10 {
                let tell = tell.clone();
                inside.spawn(async move { tell.send(number) }).detach();
            }
            drop(tell);
            inside.block_in_place(|| told.iter().sum::<i32>())
        }));
        assert_eq!(told, 45);
    }
}

pub(crate) fn sockets_are_served_beside_a_closure_in_place(stage: Stage) {
    let front = start(stage, 1);
    let inside = front.clone();
    let echoed = front.block_on(front.spawn(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = inside.spawn(async move {
            let (stream, _) = listener.accept().await?;
            futures::io::copy(&stream, &mut &stream).await
        });
        inside.block_in_place(|| {
            let mut stream = std::net::TcpStream::connect(address)?;
            let mut echo = [0; 5];
            stream.write_all(b"hello")?;
            stream.read_exact(&mut echo)?;
            assert_eq!(&echo, b"hello");
            io::Result::Ok(())
        })?;
        server.await
    }));
    assert_eq!(echoed.expect("there is a loopback"), 5);
}

// ANCHOR: turns
pub(crate) fn two_closures_in_place_in_a_join_take_turns(stage: Stage) {
    let front = start(stage, 2);
    let inside = front.clone();
    let seen = front.block_on(front.spawn(async move {
        let (tell, told) = mpsc::channel();
        let one = async |name| {
            inside.block_in_place(|| {
                tell.send((name, "begins")).expect("it is open");
                // All the time in the world for the other one.
                inside.block_on(inside.spawn(reference_runtime::task::yield_now()));
                tell.send((name, "ends")).expect("it is open");
            });
        };
        futures::join!(one("first"), one("second"));
        told.try_iter().collect::<Vec<_>>()
    }));
    let turns = [("first", "begins"), ("first", "ends"), ("second", "begins"), ("second", "ends")];
    assert_eq!(seen, turns);
}
// ANCHOR_END: turns

pub(crate) fn join_gives_the_panic_of_a_closure_in_place(stage: Stage) {
    let front = start(stage, 1);
    let inside = front.clone();
    let task = front.spawn(async move { inside.block_in_place(|| panic!("out of luck")) });
    let error = front.block_on(task.join()).expect_err("it panics");
    let panic = error.into_panic();
    if let Some(sentence) = panic.downcast_ref::<String>() {
        panic!("{sentence}");
    }
    assert_eq!(panic.downcast_ref(), Some(&"out of luck"));
    assert_eq!(front.block_on(front.spawn(async { 7 })), 7);
}

pub(crate) fn nested_block_on_works(stage: Stage) {
    let front = start(stage, 1);
    for round in 0..10 {
        let inside = front.clone();
        let task = front.spawn(async move { inside.block_on(inside.spawn(async move { round })) });
        assert_eq!(front.block_on(task), round);
    }
}

// ANCHOR: three_deep
pub(crate) fn block_on_nests_three_deep(stage: Stage) {
    let front = start(stage, 1);
    let [first, second, third] = [front.clone(), front.clone(), front.clone()];
    let task = front.spawn(async move {
        first.block_on(async {
            second.block_on(second.spawn(async move { third.block_on(third.spawn(async { 7 })) }))
        })
    });
    assert_eq!(front.block_on(task), 7);
}
// ANCHOR_END: three_deep

pub(crate) fn nested_block_on_works_after_a_panic(stage: Stage) {
    let front = start(stage, 1);
    let inside = front.clone();
    let task = front.spawn(async move {
        let nested = || inside.block_on(async { panic!("out of luck") });
        let panic = catch_unwind(AssertUnwindSafe(nested)).expect_err("it panics");
        if let Some(sentence) = panic.downcast_ref::<String>() {
            panic!("{sentence}");
        }
        inside.block_on(inside.spawn(async { 7 }))
    });
    assert_eq!(front.block_on(task), 7);
}

/// On stages 2 to 5. The sentence comes every time, and the worker and the threads outside go on as before.
pub(crate) fn nested_block_on_names_the_way_out(stage: Stage) {
    let front = start(stage, 1);
    for _ in 0..2 {
        let inside = front.clone();
        let task = front.spawn(async move {
            let nested = || inside.block_on(async {});
            let _ = catch_unwind(AssertUnwindSafe(nested)).expect_err("it panics");
            nested();
        });
        let panic = front.block_on(task.join()).expect_err("it panics again").into_panic();
        let sentence = panic.downcast_ref::<String>().expect("it is a sentence");
        assert!(
            sentence.contains(Stage::S6BlockInPlace.name()) && sentence.contains(stage.name()),
            "{sentence}"
        );
        assert_eq!(front.block_on(front.spawn(async { 7 })), 7);
    }
}

/// The worker that waited for the timers comes back for one task, which blocks it. The other one sleeps on its parker.
// ANCHOR: one_blocked_worker
pub(crate) fn one_blocked_worker_holds_up_no_timer(stage: Stage) {
    let front = start(stage, 2);
    let (end, ends) = mpsc::channel::<()>();
    let blocked = front.spawn(async move {
        sleep(Duration::from_millis(50)).await;
        let _ = ends.recv();
    });
    front.block_on(front.spawn(sleep(Duration::from_millis(500))));
    drop(end);
    front.block_on(blocked);
}
// ANCHOR_END: one_blocked_worker
