//! One mutex around what tasks and thread share, a condition variable for the thread, and wakers for the tasks.
//!
//! The output belongs to the thread, so there is no lock around it, and nothing that could come between two of its
//! bytes. What is shared is the queue, and the std mutex around it is held for a few moves of memory, never for a
//! write. Hence a slow reader stops this thread alone.
//!
//! - *The bound is on what is queued.* Without it a slow reader is not slow for anybody: the lines pile up in memory,
//!   and the first that notice are all tasks of the process at once. With it those who print go at the pace of who
//!   reads.
//! - *Room wakes all who wait.* Waking one would be cheaper, and that one may have been dropped, as in `async-mutex`;
//!   to pass the wake on needs a destructor and a place in the queue. With everybody woken there is no duty that
//!   could get lost. The price is a poll for nothing for each of the others, which is small beside the write that has
//!   made room. With thousands of printing tasks it would not be.
//! - *A line is one string with its newline.* Two pushes would be two places at which another task gets in.
//! - *The end is looked at after the queue.* `is_closed` says that nothing will come. It does not say that nothing is
//!   here.
//! - *An error is an event like room.* Whoever waits for room of a thread that has ended waits for ever, unless the
//!   thread wakes it as its last act.
//!
//! `finish` blocks, and takes `self`: a line that is still waiting borrows the writer, so the compiler sees to it
//! that none is.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{self, Write},
    panic::resume_unwind,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    thread::{self, JoinHandle},
};

/// An output that one thread writes to, a line at a time.
#[derive(Debug)]
pub struct OneWriter<W> {
    queue: Arc<Queue>,
    /// Until `finish` waits for it.
    thread: Option<JoinHandle<io::Result<W>>>,
}

#[derive(Debug)]
struct Queue {
    state: Mutex<State>,
    /// There is a line, or nothing will come any more.
    has_news: Condvar,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<String>,
    /// Tasks that have found no room.
    waiting: Vec<Waker>,
    is_closed: bool,
    /// How writing has failed. The thread has ended then.
    error: Option<io::ErrorKind>,
}

impl<W: Write + Send + 'static> OneWriter<W> {
    /// Starts the thread.
    pub fn new(output: W, capacity: usize) -> OneWriter<W> {
        let queue = Arc::new(Queue { state: Mutex::default(), has_news: Condvar::new(), capacity });
        let of_the_thread = queue.clone();
        OneWriter { queue, thread: Some(thread::spawn(move || of_the_thread.write_to(output))) }
    }

    /// Puts a line into the queue, once there is room for it.
    pub async fn line(&self, line: &str) -> io::Result<()> {
        let mut line = Some(format!("{line}\n"));
        poll_fn(|cx| self.queue.poll_push(&mut line, cx)).await
    }

    /// Waits until everything is written, and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.queue.close();
        let thread = self.thread.take().expect("only this takes it");
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

impl<W> Drop for OneWriter<W> {
    fn drop(&mut self) {
        // Without `finish` the thread ends as well, when it has written all; nobody waits for it.
        self.queue.close();
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    fn close(&self) {
        self.state().is_closed = true;
        self.has_news.notify_one();
    }

    fn poll_push(&self, line: &mut Option<String>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state();
        if let Some(kind) = state.error {
            return Poll::Ready(Err(kind.into()));
        }
        if state.lines.len() < self.capacity {
            state.lines.extend(line.take());
            self.has_news.notify_one();
            return Poll::Ready(Ok(()));
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// What the thread does.
    fn write_to<W: Write>(&self, mut output: W) -> io::Result<W> {
        let written = self.write_lines(&mut output);
        if let Err(error) = &written {
            let mut state = self.state();
            state.error = Some(error.kind());
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            waiting.into_iter().for_each(Waker::wake);
        }
        written.map(|()| output)
    }

    fn write_lines(&self, output: &mut impl Write) -> io::Result<()> {
        while let Some(line) = self.next_line() {
            output.write_all(line.as_bytes())?;
        }
        output.flush()
    }

    /// Waits for a line. `None`: all are written, and none will come.
    fn next_line(&self) -> Option<String> {
        let has_no_news = |state: &mut State| state.lines.is_empty() && !state.is_closed;
        let mut state = self.has_news.wait_while(self.state(), has_no_news).expect("no holder panics");
        let line = state.lines.pop_front();
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        line
    }
}
