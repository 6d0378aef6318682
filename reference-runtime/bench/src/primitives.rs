//! Locks and channels: each runtime's own where it has some, else what its users take.
//!
//! | Runtime | mutex | bounded channel | many receivers | oneshot |
//! |---|---|---|---|---|
//! | ours and its stages | its own | its own | its own | oneshot |
//! | tokio | its own | its own | async-channel | its own |
//! | smol | its own (async-lock) | its own (async-channel) | its own | futures |
//! | async-std | its own (async-lock) | its own (async-channel) | its own | futures |
//! | futures | its own | its own | async-channel | its own |
//!
//! tokio's benches use tokio's own oneshot in their ping-pong, so tokio has it here, too.

use std::{future::Future, ops::DerefMut};

/// An async mutex around a number.
pub(crate) trait Lock: Send + Sync + 'static {
    fn new() -> Self;
    fn lock(&self) -> impl Future<Output = impl DerefMut<Target = u64> + Send> + Send;
}

/// A bounded channel of numbers.
pub(crate) trait Channel: 'static {
    type Sender: Sender;
    type Receiver: Receiver;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver);
}

/// The half that sends. Dropping all of them ends the channel.
pub(crate) trait Sender: Clone + Send + 'static {
    fn send(&mut self, number: u64) -> impl Future<Output = ()> + Send;
}

/// The half that receives.
pub(crate) trait Receiver: Send + 'static {
    /// `None` once the channel is empty and has no senders.
    fn receive(&mut self) -> impl Future<Output = Option<u64>> + Send;
}

/// A channel for a single value that carries nothing.
pub(crate) trait Oneshot: 'static {
    type Sender: Send + 'static;
    type Receiver: Send + 'static;

    fn pair() -> (Self::Sender, Self::Receiver);
    fn send(sender: Self::Sender);
    fn receive(receiver: Self::Receiver) -> impl Future<Output = ()> + Send;
}

const LIVE: &str = "the other half lives until the workload is done";

impl Lock for async_lock::Mutex<u64> {
    fn new() -> Self {
        async_lock::Mutex::new(0)
    }

    fn lock(&self) -> impl Future<Output = impl DerefMut<Target = u64> + Send> + Send {
        self.lock()
    }
}

impl Lock for reference_runtime::sync::Mutex<u64> {
    fn new() -> Self {
        reference_runtime::sync::Mutex::new(0)
    }

    fn lock(&self) -> impl Future<Output = impl DerefMut<Target = u64> + Send> + Send {
        self.lock()
    }
}

impl Lock for tokio::sync::Mutex<u64> {
    fn new() -> Self {
        tokio::sync::Mutex::new(0)
    }

    fn lock(&self) -> impl Future<Output = impl DerefMut<Target = u64> + Send> + Send {
        self.lock()
    }
}

impl Lock for futures::lock::Mutex<u64> {
    fn new() -> Self {
        futures::lock::Mutex::new(0)
    }

    fn lock(&self) -> impl Future<Output = impl DerefMut<Target = u64> + Send> + Send {
        self.lock()
    }
}

/// `reference_runtime::sync::channel`.
pub(crate) enum OurChannel {}

impl Channel for OurChannel {
    type Sender = reference_runtime::sync::Sender<u64>;
    type Receiver = reference_runtime::sync::Receiver<u64>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        reference_runtime::sync::channel(capacity)
    }
}

impl Sender for reference_runtime::sync::Sender<u64> {
    async fn send(&mut self, number: u64) {
        (*self).send(number).await.expect(LIVE);
    }
}

impl Receiver for reference_runtime::sync::Receiver<u64> {
    async fn receive(&mut self) -> Option<u64> {
        self.recv().await.ok()
    }
}

/// The crate async-channel, which smol and async-std re-export.
pub(crate) enum AsyncChannel {}

impl Channel for AsyncChannel {
    type Sender = async_channel::Sender<u64>;
    type Receiver = async_channel::Receiver<u64>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        async_channel::bounded(capacity)
    }
}

impl Sender for async_channel::Sender<u64> {
    async fn send(&mut self, number: u64) {
        (*self).send(number).await.expect(LIVE);
    }
}

impl Receiver for async_channel::Receiver<u64> {
    async fn receive(&mut self) -> Option<u64> {
        self.recv().await.ok()
    }
}

/// `tokio::sync::mpsc`.
pub(crate) enum TokioChannel {}

impl Channel for TokioChannel {
    type Sender = tokio::sync::mpsc::Sender<u64>;
    type Receiver = tokio::sync::mpsc::Receiver<u64>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        tokio::sync::mpsc::channel(capacity)
    }
}

impl Sender for tokio::sync::mpsc::Sender<u64> {
    async fn send(&mut self, number: u64) {
        (*self).send(number).await.expect(LIVE);
    }
}

impl Receiver for tokio::sync::mpsc::Receiver<u64> {
    async fn receive(&mut self) -> Option<u64> {
        self.recv().await
    }
}

/// `futures::channel::mpsc`, whose capacity is what is asked for plus one per sender.
pub(crate) enum FuturesChannel {}

impl Channel for FuturesChannel {
    type Sender = futures::channel::mpsc::Sender<u64>;
    type Receiver = futures::channel::mpsc::Receiver<u64>;

    fn bounded(capacity: usize) -> (Self::Sender, Self::Receiver) {
        futures::channel::mpsc::channel(capacity)
    }
}

impl Sender for futures::channel::mpsc::Sender<u64> {
    async fn send(&mut self, number: u64) {
        futures::SinkExt::send(self, number).await.expect(LIVE);
    }
}

impl Receiver for futures::channel::mpsc::Receiver<u64> {
    async fn receive(&mut self) -> Option<u64> {
        futures::StreamExt::next(self).await
    }
}

/// `futures::channel::oneshot`.
pub(crate) enum FuturesOneshot {}

impl Oneshot for FuturesOneshot {
    type Sender = futures::channel::oneshot::Sender<()>;
    type Receiver = futures::channel::oneshot::Receiver<()>;

    fn pair() -> (Self::Sender, Self::Receiver) {
        futures::channel::oneshot::channel()
    }

    fn send(sender: Self::Sender) {
        sender.send(()).expect(LIVE);
    }

    async fn receive(receiver: Self::Receiver) {
        receiver.await.expect(LIVE);
    }
}

/// `tokio::sync::oneshot`.
pub(crate) enum TokioOneshot {}

impl Oneshot for TokioOneshot {
    type Sender = tokio::sync::oneshot::Sender<()>;
    type Receiver = tokio::sync::oneshot::Receiver<()>;

    fn pair() -> (Self::Sender, Self::Receiver) {
        tokio::sync::oneshot::channel()
    }

    fn send(sender: Self::Sender) {
        sender.send(()).expect(LIVE);
    }

    async fn receive(receiver: Self::Receiver) {
        receiver.await.expect(LIVE);
    }
}

/// The crate `oneshot`.
pub(crate) enum OneshotCrate {}

impl Oneshot for OneshotCrate {
    type Sender = oneshot::Sender<()>;
    type Receiver = oneshot::AsyncReceiver<()>;

    fn pair() -> (Self::Sender, Self::Receiver) {
        oneshot::async_channel()
    }

    fn send(sender: Self::Sender) {
        sender.send(()).expect(LIVE);
    }

    async fn receive(receiver: Self::Receiver) {
        receiver.await.expect(LIVE);
    }
}
