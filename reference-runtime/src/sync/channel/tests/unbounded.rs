//! Channels without a bound.

use super::*;

#[test]
fn sending_without_a_bound_never_waits() {
    let (sender, receiver) = without_bound();
    for message in 0..10_000 {
        assert_eq!(poll(pin!(sender.send(message)), Waker::noop()), Some(Ok(())));
    }
    assert_eq!((sender.len(), sender.capacity(), sender.is_full()), (10_000, None, false));
    for message in 0..10_000 {
        assert_eq!(receiver.try_recv(), Ok(message));
    }
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
}

fn owned<T>(receiver: &Receiver<T>) -> usize {
    receiver.channel.lock().memory()
}

#[test]
fn memory_goes_down_with_the_messages_and_each_is_moved_a_few_times_at_most() {
    const MANY: usize = 100_000;
    let (sender, receiver) = without_bound();
    for message in 0..MANY {
        sender.try_send(message).unwrap();
    }
    assert!(owned(&receiver) >= MANY);
    let (mut moved, mut before) = (0, owned(&receiver));
    for message in 0..MANY {
        assert_eq!(receiver.try_recv(), Ok(message));
        let (now, left) = (owned(&receiver), receiver.len());
        assert!(now <= 64 || left >= now / 4, "room for {now} where {left} are left");
        moved += if now == before { 0 } else { left };
        before = now;
    }
    assert!(moved <= MANY, "{moved} messages moved to give memory back");
}

#[test]
fn a_queue_that_goes_up_and_down_keeps_its_memory() {
    let (sender, receiver) = without_bound();
    for _ in 0..1000 {
        sender.try_send(()).unwrap();
    }
    let mut shrunk = 0;
    for _ in 0..10_000 {
        let before = owned(&receiver);
        for _ in 0..500 {
            receiver.try_recv().unwrap();
            shrunk += usize::from(owned(&receiver) < before);
        }
        for _ in 0..500 {
            sender.try_send(()).unwrap();
        }
    }
    assert_eq!(shrunk, 0);
}

#[test]
fn a_receiver_of_a_channel_without_bound_waits_and_one_is_woken_for_each_message() {
    let (sender, receiver) = without_bound();
    let (count, waker) = CountingWaker::pair();
    let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(receiver.recv())).collect();
    for future in &mut waiting {
        assert!(poll(future.as_mut(), &waker).is_none());
    }
    sender.try_send(1).unwrap();
    sender.try_send(2).unwrap();
    assert_eq!(count.get(), 2);
    drop(waiting.remove(0));
    assert_eq!(count.get(), 3, "the one that was woken and gave up passed it on");
    assert_eq!(poll(waiting[0].as_mut(), &waker), Some(Ok(1)));
    assert_eq!(poll(waiting[1].as_mut(), &waker), Some(Ok(2)));
}

#[test]
fn messages_left_in_a_channel_are_dropped_with_its_last_receiver() {
    let (sender, receiver) = without_bound();
    let message = Arc::new(());
    for _ in 0..1000 {
        sender.try_send(Arc::clone(&message)).unwrap();
    }
    let other = receiver.clone();
    drop(receiver);
    assert_eq!(Arc::strong_count(&message), 1001);
    drop(other);
    assert_eq!(Arc::strong_count(&message), 1);
    assert!(sender.try_send(message).unwrap_err().is_closed());
}

#[test]
fn messages_left_in_a_channel_outlive_its_last_sender() {
    let (sender, receiver) = without_bound();
    for message in 0..3 {
        sender.try_send(message).unwrap();
    }
    drop(sender);
    assert!(crate::block_on::block_on(receiver.collect::<Vec<_>>()).into_iter().eq(0..3));
}

#[test]
fn a_thousand_tasks_share_a_channel_without_bound() {
    let runtime = crate::Builder::new().worker_threads(2).handoff_after(None).build().unwrap();
    let (sender, receiver) = without_bound();
    for task in 0..1000 {
        let sender = sender.clone();
        runtime.spawn(async move {
            for message in 0..10 {
                sender.send(task * 10 + message).await.unwrap();
                crate::task::yield_now().await;
            }
        });
    }
    drop(sender);
    let mut all = runtime.block_on(receiver.collect::<Vec<_>>());
    all.sort_unstable();
    assert!(all.into_iter().eq(0..10_000));
}

#[test]
fn threads_without_a_runtime_send_and_receive() {
    let (sender, receiver) = channel(1);
    let sending = std::thread::spawn(move || {
        for message in 0..1000 {
            sender.send_blocking(message).unwrap();
        }
    });
    for message in 0..1000 {
        assert_eq!(receiver.recv_blocking(), Ok(message));
    }
    assert_eq!(receiver.recv_blocking(), Err(RecvError));
    sending.join().unwrap();
    let (sender, receiver) = channel(1);
    drop(receiver);
    assert_eq!(sender.send_blocking(1), Err(SendError(1)));
}

#[test]
fn a_task_that_waits_with_its_thread_lets_the_only_worker_go_on() {
    for handoff in [None, Some(std::time::Duration::from_millis(10))] {
        let runtime = crate::Builder::new().worker_threads(1).handoff_after(handoff).build().unwrap();
        let (sender, receiver) = channel(1);
        let waiting = runtime.spawn(async move { receiver.recv_blocking() });
        runtime.spawn(async move { sender.send(7).await });
        assert_eq!(runtime.block_on(waiting), Ok(7));
    }
}
