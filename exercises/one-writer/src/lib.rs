//! Chapter 10, exercise `one-writer`: many tasks have something to print, and one thread prints it.
//!
//! Write [`OneWriter`]: a bounded queue of lines, and a thread that alone has the output. Many tasks use it at a
//! time, through a reference or an `Arc`. A slow reader at the other end of the output slows down those who print,
//! and stops nobody else: a task that has to wait is pending, and its thread is free.
//!
//! Grade it with `cargo test -p one-writer`.

use std::{
    io::{self, Write},
    thread::JoinHandle,
};

/// An output that one thread writes to, a line at a time.
#[derive(Debug)]
pub struct OneWriter<W> {
    /// Yours to lay out.
    #[allow(dead_code)]
    thread: Option<JoinHandle<io::Result<W>>>,
}

impl<W: Write + Send + 'static> OneWriter<W> {
    /// Starts the thread. At most `capacity` lines wait in the queue; the line that is being written is not in it.
    pub fn new(output: W, capacity: usize) -> OneWriter<W> {
        let _ = (output, capacity);
        todo!("start the thread")
    }

    /// Puts a line into the queue, once there is room for it. A newline is added.
    ///
    /// Lines of one task are written in order, and between the bytes of a line there are none of another. A future that
    /// is dropped before it was ready has printed nothing, and takes no wake away from others that wait.
    ///
    /// # Errors
    ///
    /// If writing has failed: an error of that kind, for those that wait and for all that come later.
    pub async fn line(&self, line: &str) -> io::Result<()> {
        let _ = line;
        todo!("wait for room, and put it in")
    }

    /// Waits, with this thread, until all lines in the queue are written and the output is flushed, and gives it back.
    ///
    /// # Errors
    ///
    /// The one with which writing has failed.
    pub fn finish(self) -> io::Result<W> {
        todo!("say that there is nothing more to come, and wait for the thread")
    }
}
