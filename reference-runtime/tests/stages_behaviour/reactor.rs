//! From stage 4 on: timers and sockets.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::channel::oneshot;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use reference_runtime::net::{TcpListener, TcpStream};
use reference_runtime::stages::{Front, Stage};
use reference_runtime::task::yield_now;
use reference_runtime::time::sleep;

use crate::start;

/// Never over while a test runs.
const LONG: Duration = Duration::from_secs(3600);

pub(crate) fn a_sleep_lets_other_tasks_run(stage: Stage) {
    let front = start(stage, 1);
    let (begun, has_begun) = oneshot::channel();
    let sleeping = front.spawn(async move {
        begun.send(()).expect("somebody waits");
        sleep(LONG).await;
    });
    front.block_on(front.spawn(has_begun)).expect("it is sent");
    assert_eq!(front.block_on(front.spawn(async { 7 })), 7);
    let sum = front.block_on(front.spawn(async {
        sleep(Duration::from_millis(5)).await;
        7
    }));
    assert_eq!(sum, 7);
    // A task that has panicked for want of timers is not one that sleeps.
    sleeping.abort();
    assert!(front.block_on(sleeping.join()).expect_err("it sleeps").is_cancelled());
}

pub(crate) fn block_on_sleeps_on_the_timers_of_the_stage(stage: Stage) {
    let front = start(stage, 1);
    front.block_on(sleep(Duration::from_millis(5)));
}

// ANCHOR: earlier
pub(crate) fn a_short_timer_set_after_a_long_one_fires(stage: Stage) {
    let front = start(stage, 1);
    let is_over = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_over);
    let (begun, has_begun) = oneshot::channel();
    let long = front.spawn(async move {
        begun.send(()).expect("somebody waits");
        sleep(LONG).await;
        flag.store(true, Ordering::SeqCst);
    });
    front.block_on(has_begun).expect("it is sent");
    front.block_on(front.spawn(sleep(Duration::from_millis(5))));
    assert!(!is_over.load(Ordering::SeqCst) && !long.is_finished());
}
// ANCHOR_END: earlier

pub(crate) fn no_timer_fires_early(stage: Stage) {
    let front = start(stage, 2);
    let tasks = [30, 10, 20, 0, 15].map(|milliseconds| {
        front.spawn(async move {
            let (begin, length) = (Instant::now(), Duration::from_millis(milliseconds));
            sleep(length).await;
            assert!(begin.elapsed() >= length);
        })
    });
    for task in tasks {
        front.block_on(task);
    }
}

/// Echoes what comes on one connection.
async fn echo(stream: TcpStream) -> io::Result<u64> {
    futures::io::copy(&stream, &mut &stream).await
}

/// Sends some lines and wants them back.
async fn talk(address: std::net::SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    for round in 0..10u8 {
        stream.write_all(&[round; 100]).await?;
        let mut back = [0; 100];
        stream.read_exact(&mut back).await?;
        assert_eq!(back, [round; 100]);
    }
    stream.close().await
}

/// Serves so many connections, then stops.
async fn serve(front: Front, listener: TcpListener, connections: usize) -> io::Result<()> {
    let mut served = Vec::new();
    for _ in 0..connections {
        let (stream, _) = listener.accept().await?;
        served.push(front.spawn(echo(stream)));
    }
    for connection in served {
        assert_eq!(connection.await?, 1000);
    }
    Ok(())
}

fn server_and_clients(front: &Front, connections: usize) -> io::Result<()> {
    let spawning = front.clone();
    front.block_on(front.spawn(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = spawning.spawn(serve(spawning.clone(), listener, connections));
        let clients: Vec<_> = (0..connections).map(|_| spawning.spawn(talk(address))).collect();
        for client in clients {
            client.await?;
        }
        server.await
    }))
}

pub(crate) fn an_echo_server_serves_a_client(stage: Stage) {
    server_and_clients(&start(stage, 2), 1).expect("there is a loopback");
}

pub(crate) fn one_worker_serves_many_connections(stage: Stage) {
    server_and_clients(&start(stage, 1), 50).expect("there is a loopback");
}

pub(crate) fn a_busy_worker_looks_at_the_timers(stage: Stage) {
    let front = start(stage, 1);
    let is_over = Arc::new(AtomicBool::new(false));
    let polls = Arc::new(AtomicUsize::new(0));
    let busy = {
        let (is_over, polls) = (Arc::clone(&is_over), Arc::clone(&polls));
        front.spawn(async move {
            while !is_over.load(Ordering::SeqCst) {
                polls.fetch_add(1, Ordering::SeqCst);
                yield_now().await;
            }
        })
    };
    front.block_on(front.spawn(async move {
        sleep(Duration::from_millis(5)).await;
        is_over.store(true, Ordering::SeqCst);
    }));
    front.block_on(busy);
    assert!(polls.load(Ordering::SeqCst) > 0);
}

pub(crate) fn a_sleep_of_a_dropped_stage_is_cancelled(stage: Stage) {
    let front = start(stage, 1);
    let (begun, has_begun) = oneshot::channel();
    let task = front.spawn(async move {
        begun.send(()).expect("somebody waits");
        sleep(LONG).await;
    });
    front.block_on(has_begun).expect("it is sent");
    // The task sleeps, or is about to.
    front.block_on(front.spawn(yield_now()));
    drop(front);
    let error = start(Stage::S1BlockOn, 1).block_on(task.join()).expect_err("it sleeps");
    if error.is_panic() {
        std::panic::resume_unwind(error.into_panic());
    }
}
