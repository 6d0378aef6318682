//! What brings its own wake-ups works in tasks of this runtime: async-io's sockets and timers, other crates' channels and
//! locks, and whole other runtimes.

use std::net::TcpListener;
use std::time::Duration;

use reference_runtime::{Builder, task};
use smol::Async;
use smol::io::{AsyncReadExt, AsyncWriteExt};

#[test]
fn async_ios_sockets_and_timers_work_in_our_tasks() {
    let runtime = Builder::new().worker_threads(2).build().expect("a runtime starts");
    let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("a free port");
    let address = listener.get_ref().local_addr().expect("it has an address");
    let server = runtime.spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut word = [0; 4];
        stream.read_exact(&mut word).await?;
        smol::Timer::after(Duration::from_millis(1)).await;
        stream.write_all(&word).await
    });
    let client = runtime.spawn(async move {
        let mut stream = Async::<std::net::TcpStream>::connect(address).await?;
        stream.write_all(b"ping").await?;
        let mut word = [0; 4];
        stream.read_exact(&mut word).await?;
        std::io::Result::Ok(word)
    });
    runtime.block_on(server).expect("no error");
    assert_eq!(&runtime.block_on(client).expect("no error"), b"ping");
}

#[test]
fn other_crates_channels_and_locks_work_between_our_tasks() {
    let runtime = Builder::new().worker_threads(2).build().expect("a runtime starts");
    let (send, receive) = tokio::sync::mpsc::channel(1);
    let (answer, answered) = smol::channel::bounded(1);
    let sum = std::sync::Arc::new(smol::lock::Mutex::new(0));
    let adder = {
        let (mut receive, sum) = (receive, sum.clone());
        runtime.spawn(async move {
            while let Some(number) = receive.recv().await {
                *sum.lock().await += number;
                answer.send(number).await.expect("the other task listens");
            }
        })
    };
    let asker = runtime.spawn(async move {
        for number in 1..=100 {
            send.send(number).await.expect("the other task listens");
            assert_eq!(answered.recv().await, Ok(number));
        }
    });
    runtime.block_on(asker);
    runtime.block_on(adder);
    assert_eq!(*sum.lock_blocking(), 5050);
}

#[test]
fn tasks_of_other_runtimes_can_be_awaited_in_ours_and_ours_in_theirs() {
    let runtime = Builder::new().worker_threads(2).build().expect("a runtime starts");
    let sum = runtime.spawn(async {
        let of_async_std = async_std::task::spawn(async { 1 });
        let of_smol = smol::spawn(async { task::spawn(async { 2 }).await });
        of_async_std.await + of_smol.await
    });
    assert_eq!(runtime.block_on(sum), 3);
}
