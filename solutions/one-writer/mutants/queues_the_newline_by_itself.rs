//! Pushes the line and then its newline: room for one is room for somebody else.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{self, Write},
    panic::resume_unwind,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    thread::{self, JoinHandle},
};

pub const FAILS: &[&str] = &[
    "a_line_is_written_whole_and_in_its_turn",
    "nothing_comes_between_a_line_and_its_end",
    "a_full_queue_makes_a_task_wait_and_nobody_else",
    "a_task_that_leaves_does_not_take_the_wake_along",
    "finish_waits_for_the_tail",
    "an_error_of_the_output_reaches_everybody",
];

#[derive(Debug)]
pub struct OneWriter<W> {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<io::Result<W>>>,
}

#[derive(Debug)]
struct Queue {
    state: Mutex<State>,
    has_news: Condvar,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<String>,
    waiting: Vec<Waker>,
    is_closed: bool,
    error: Option<io::ErrorKind>,
}

impl<W: Write + Send + 'static> OneWriter<W> {
    pub fn new(output: W, capacity: usize) -> OneWriter<W> {
        let queue = Arc::new(Queue { state: Mutex::default(), has_news: Condvar::new(), capacity });
        let of_the_thread = queue.clone();
        OneWriter { queue, thread: Some(thread::spawn(move || of_the_thread.write_to(output))) }
    }

    pub async fn line(&self, line: &str) -> io::Result<()> {
        for piece in [line, "\n"] {
            let mut piece = Some(piece.to_owned());
            poll_fn(|cx| self.queue.poll_push(&mut piece, cx)).await?;
        }
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<W> {
        self.queue.close();
        let thread = self.thread.take().expect("only this takes it");
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

impl<W> Drop for OneWriter<W> {
    fn drop(&mut self) {
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
