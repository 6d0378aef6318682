//! Chapter 9, exercise `bounded-channel`: many tasks send, one receives, and any of them may leave at any time.
//!
//! Write [`channel`] and its two ends. Whoever waits is pending, and is woken when there is something for it to do:
//! room, an item, or the end of the other side. `send` and `recv` may as well be functions that return futures of
//! your own, if you want these to have a destructor.
//!
//! Grade it with `cargo test -p bounded-channel`.

use std::sync::{Arc, Mutex};

/// A channel in which at most `capacity` items wait, which is not 0.
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    todo!("two ends of one channel of {capacity}")
}

/// The end into which items go. Each clone is a sender of its own.
#[derive(Debug)]
pub struct Sender<T> {
    /// Yours to lay out.
    #[allow(dead_code)]
    channel: Arc<Mutex<Option<T>>>,
}

impl<T> Sender<T> {
    /// Puts an item into the channel, once there is room.
    ///
    /// A future that is dropped before it was ready has sent nothing, and takes no wake away from a sender that waits.
    ///
    /// # Errors
    ///
    /// Without a receiver the item comes back, also to those that wait already.
    pub async fn send(&self, item: T) -> Result<(), T> {
        let _ = item;
        todo!("put it in, or see to it that you are woken")
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        todo!("one more sender")
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        todo!("one sender less")
    }
}

/// The end at which items come out, in the order in which they went in.
#[derive(Debug)]
pub struct Receiver<T> {
    /// Yours to lay out.
    #[allow(dead_code)]
    channel: Arc<Mutex<Option<T>>>,
}

impl<T> Receiver<T> {
    /// The next item, once there is one. `None`: all senders are gone, and so is everything that they have sent.
    ///
    /// A future that is dropped, woken or not, has received nothing.
    pub async fn recv(&mut self) -> Option<T> {
        todo!("take one out, or see to it that you are woken")
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        todo!("nobody will receive any more")
    }
}
