//! What a `OneWriter` promises, and a program for each promise that tries to break it.
//!
//! `super::answer` is the learner's file here, and the solution or a known wrong answer in the `solutions` package.
//! The output is a fake that can be stopped in the middle of a write. The thread of the case is that of all tasks: each
//! is polled by hand.

use super::answer::OneWriter;
use exercises::Case;
use std::{
    future::Future,
    io::{self, ErrorKind, Write},
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, mpsc},
    task::{Context, Poll, Wake, Waker},
    thread::{self, ThreadId},
    time::Duration,
};

const HANG: &str =
    "a task waits for room with its thread, in a poll, and the output is stuck until this thread goes on";

pub const CASES: &[Case] = &[
    Case {
        name: "a_line_is_written_whole_and_in_its_turn",
        promise: "an output that takes three bytes at a time, and is interrupted, gets every byte in order",
        hang: HANG,
        supported: true,
        run: a_line_is_written_whole_and_in_its_turn,
    },
    Case {
        name: "nothing_comes_between_a_line_and_its_end",
        promise: "lines of several tasks that wait for room are not mixed",
        hang: HANG,
        supported: true,
        run: nothing_comes_between_a_line_and_its_end,
    },
    Case {
        name: "a_full_queue_makes_a_task_wait_and_nobody_else",
        promise: "behind a stuck output there is room for `capacity` lines; the next one is pending, and woken later",
        hang: HANG,
        supported: true,
        run: a_full_queue_makes_a_task_wait_and_nobody_else,
    },
    Case {
        name: "a_task_that_leaves_does_not_take_the_wake_along",
        promise: "there is room, and one of two that wait is dropped: the other one gets to know",
        hang: "the only wake went to a future that was dropped, and the other one waits beside an empty queue",
        supported: true,
        run: a_task_that_leaves_does_not_take_the_wake_along,
    },
    Case {
        name: "finish_waits_for_the_tail",
        promise: "what was in the queue when finish was called is written when it returns",
        hang: HANG,
        supported: true,
        run: finish_waits_for_the_tail,
    },
    Case {
        name: "finish_flushes",
        promise: "an output with a buffer of its own, such as a BufWriter, has been emptied when finish returns",
        hang: HANG,
        supported: true,
        run: finish_flushes,
    },
    Case {
        name: "an_error_of_the_output_reaches_everybody",
        promise: "a closed pipe ends the waiting: those who wait, those who come, and finish get the error",
        hang: "the thread has ended with its error, and a task that waits for room was not woken",
        supported: true,
        run: an_error_of_the_output_reaches_everybody,
    },
];

fn a_line_is_written_whole_and_in_its_turn() {
    let output = Output::stuck();
    output.pipe().is_slow = true;
    let writer = OneWriter::new(output.clone(), 2);
    let (tell, _told) = mpsc::channel();
    fill(&writer, &output, &["the first line", "", "x"], &tell);
    finish_while_stuck(writer, &output).expect("the output goes on, and does not fail");
    assert_eq!(output.text(), "the first line\n\nx\n");
}

fn nothing_comes_between_a_line_and_its_end() {
    let output = Output::stuck();
    let writer = OneWriter::new(output.clone(), 1);
    let (tell, _told) = mpsc::channel();
    fill(&writer, &output, &["one", "two"], &tell);
    let mut waiting = Vec::from(["three", "four"].map(|line| Task::new(&writer, line, &tell)));
    waiting.retain_mut(|task| task.poll().is_pending());
    output.go_on();
    // Polled without pause: who is woken, and when, is another case's business.
    while !waiting.is_empty() {
        waiting.retain_mut(|task| task.poll().is_pending());
        thread::yield_now();
    }
    drop(waiting);
    output.wait_for("four");
    writer.finish().expect("the output does not fail");
    let text = output.text();
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.sort_unstable();
    assert_eq!(lines, ["", "four", "one", "three", "two"], "the output is {text:?}");
}

fn a_full_queue_makes_a_task_wait_and_nobody_else() {
    let output = Output::stuck();
    let writer = OneWriter::new(output.clone(), 2);
    let (tell, told) = mpsc::channel();
    fill(&writer, &output, &["one", "two", "three"], &tell);
    let mut waiting = Task::new(&writer, "four", &tell);
    assert!(
        waiting.poll().is_pending(),
        "one line is being written, two wait, and there is no room for another"
    );
    assert!(told.try_recv().is_err(), "nothing has changed, and the task was woken");
    output.go_on();
    told.recv().expect("the case has the other end, too");
    while waiting.poll().is_pending() {
        told.recv().expect("the case has the other end, too");
    }
    drop(waiting);
    writer.finish().expect("the output does not fail");
}

fn a_task_that_leaves_does_not_take_the_wake_along() {
    let output = Output::stuck();
    let writer = OneWriter::new(output.clone(), 1);
    let (tell, told) = mpsc::channel();
    fill(&writer, &output, &["one", "two"], &tell);
    let mut waiting = Vec::from(["three", "four"].map(|line| Task::new(&writer, line, &tell)));
    for task in &mut waiting {
        assert!(task.poll().is_pending(), "there is no room");
    }
    output.go_on();
    // Whichever it is, it hears of the room and is dropped.
    let woken = told.recv().expect("the case has the other end, too");
    waiting.retain(|task| task.line != woken);
    let mut other = waiting.pop().expect("one is left");
    while told.recv().expect("the case has the other end, too") != other.line {}
    while other.poll().is_pending() {
        told.recv().expect("the case has the other end, too");
    }
    let line = other.line;
    drop((other, waiting));
    output.wait_for(line);
    writer.finish().expect("the output does not fail");
    assert!(!output.text().contains(woken), "a line whose future was dropped was written all the same");
}

fn finish_waits_for_the_tail() {
    let output = Output::stuck();
    let writer = OneWriter::new(output.clone(), 2);
    let (tell, _told) = mpsc::channel();
    fill(&writer, &output, &["one", "two", "three"], &tell);
    finish_while_stuck(writer, &output).expect("the output goes on, and does not fail");
    assert_eq!(output.text(), "one\ntwo\nthree\n");
}

fn finish_flushes() {
    let output = Output::stuck();
    let writer = OneWriter::new(output.clone(), 3);
    let (tell, _told) = mpsc::channel();
    fill(&writer, &output, &["one"], &tell);
    let back = finish_while_stuck(writer, &output).expect("the output goes on, and does not fail");
    assert!(back.pipe().is_flushed, "the output may have the last lines in its buffer still");
}

fn an_error_of_the_output_reaches_everybody() {
    let output = Output::stuck();
    let writer = OneWriter::new(output.clone(), 1);
    let (tell, told) = mpsc::channel();
    fill(&writer, &output, &["one", "two"], &tell);
    let mut waiting = Task::new(&writer, "three", &tell);
    assert!(waiting.poll().is_pending(), "there is no room");
    output.fail();
    told.recv().expect("the case has the other end, too");
    let mut polled = waiting.poll();
    while polled.is_pending() {
        told.recv().expect("the case has the other end, too");
        polled = waiting.poll();
    }
    drop(waiting);
    let broken = Poll::Ready(Err(ErrorKind::BrokenPipe));
    assert_eq!(polled, broken, "it waited for an output that has failed");
    assert_eq!(Task::new(&writer, "four", &tell).poll(), broken, "it came when the output had failed");
    let error = writer.finish().err().map(|error| error.kind());
    assert_eq!(error, Some(ErrorKind::BrokenPipe), "two lines were lost, and finish should say so");
}

/// Prints the first of these lines, waits until the output is stuck in it, and queues the others.
fn fill(
    writer: &OneWriter<Output>,
    output: &Output,
    lines: &[&'static str],
    tell: &mpsc::Sender<&'static str>,
) {
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(Task::new(writer, line, tell).poll(), Poll::Ready(Ok(())), "there is room for {line:?}");
        if number == 0 {
            output.wait_until_stuck();
        }
    }
}

/// Lets the output go on when this thread waits in `finish`.
fn finish_while_stuck(writer: OneWriter<Output>, output: &Output) -> io::Result<Output> {
    let (this, waits_for) = (ThisThread::new(), output.clone());
    let opener = thread::spawn(move || {
        this.falls_asleep();
        waits_for.go_on();
    });
    let finished = writer.finish();
    opener.join().expect("it does not panic");
    finished
}

/// A task that prints one line.
struct Task<'a> {
    line: &'static str,
    future: Pin<Box<dyn Future<Output = io::Result<()>> + 'a>>,
    waker: Waker,
}

impl<'a> Task<'a> {
    /// Its waker tells its line.
    fn new(writer: &'a OneWriter<Output>, line: &'static str, tell: &mpsc::Sender<&'static str>) -> Task<'a> {
        struct Tell(&'static str, mpsc::Sender<&'static str>);

        impl Wake for Tell {
            fn wake(self: Arc<Self>) {
                // Nobody may be interested any more.
                let _ = self.1.send(self.0);
            }
        }

        let waker = Waker::from(Arc::new(Tell(line, tell.clone())));
        Task { line, future: Box::pin(writer.line(line)), waker }
    }

    fn poll(&mut self) -> Poll<Result<(), ErrorKind>> {
        let polled = self.future.as_mut().poll(&mut Context::from_waker(&self.waker));
        polled.map(|result| result.map_err(|error| error.kind()))
    }
}

/// An output whose other end is read when the case says so.
#[derive(Clone)]
struct Output(Arc<(Mutex<Pipe>, Condvar)>);

struct Pipe {
    text: Vec<u8>,
    /// The thread of the tasks, which must not write.
    tasks: ThreadId,
    /// Nobody reads, so a write waits.
    is_full: bool,
    /// A write waits.
    is_stuck: bool,
    is_broken: bool,
    /// Takes three bytes at a time, and is interrupted before each three.
    is_slow: bool,
    was_interrupted: bool,
    /// Nothing was written since it was flushed.
    is_flushed: bool,
}

impl Output {
    fn stuck() -> Output {
        let pipe = Pipe {
            text: Vec::new(),
            tasks: thread::current().id(),
            is_full: true,
            is_stuck: false,
            is_broken: false,
            is_slow: false,
            was_interrupted: false,
            is_flushed: false,
        };
        Output(Arc::new((Mutex::new(pipe), Condvar::new())))
    }

    fn pipe(&self) -> MutexGuard<'_, Pipe> {
        self.0.0.lock().expect("no holder panics")
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.pipe().text).into_owned()
    }

    fn go_on(&self) {
        self.pipe().is_full = false;
        self.0.1.notify_all();
    }

    fn fail(&self) {
        self.pipe().is_broken = true;
        self.0.1.notify_all();
    }

    fn wait_until_stuck(&self) {
        drop(self.0.1.wait_while(self.pipe(), |pipe| !pipe.is_stuck).expect("no holder panics"));
    }

    /// Until these bytes are in the text, so that the line they are of has left the queue.
    fn wait_for(&self, part: &str) {
        let is_missing = |pipe: &mut Pipe| !String::from_utf8_lossy(&pipe.text).contains(part);
        drop(self.0.1.wait_while(self.pipe(), is_missing).expect("no holder panics"));
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut pipe = self.pipe();
        let tasks = pipe.tasks;
        assert_ne!(
            thread::current().id(),
            tasks,
            "the thread of the tasks writes, and would be stuck with the output"
        );
        while pipe.is_full && !pipe.is_broken {
            pipe.is_stuck = true;
            self.0.1.notify_all();
            pipe = self.0.1.wait(pipe).expect("no holder panics");
        }
        if pipe.is_broken {
            return Err(ErrorKind::BrokenPipe.into());
        }
        if pipe.is_slow {
            pipe.was_interrupted = !pipe.was_interrupted;
            if pipe.was_interrupted {
                return Err(ErrorKind::Interrupted.into());
            }
        }
        let taken = if pipe.is_slow { bytes.len().min(3) } else { bytes.len() };
        pipe.text.extend_from_slice(&bytes[..taken]);
        pipe.is_flushed = false;
        self.0.1.notify_all();
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pipe().is_flushed = true;
        Ok(())
    }
}

/// What the kernel tells about one thread.
#[cfg(target_os = "linux")]
struct ThisThread(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl ThisThread {
    fn new() -> ThisThread {
        let thread = std::fs::read_link("/proc/thread-self").expect("Linux has a folder for each thread");
        ThisThread(std::path::Path::new("/proc").join(thread).join("stat"))
    }

    /// Waits until the thread sleeps. How long that takes says nothing on a machine that is busy.
    fn falls_asleep(&self) {
        // Seen asleep some times in a row: a thread on its way may stop for a moment too, at a lock of the allocator.
        let mut in_a_row = 0;
        while in_a_row < 5 {
            let text = std::fs::read_to_string(&self.0).expect("the thread waits for this one to end");
            let (_, fields) = text.rsplit_once(") ").expect("the name is in parentheses");
            in_a_row = if fields.starts_with('S') { in_a_row + 1 } else { 0 };
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Elsewhere nothing is known about another thread, and a pause makes it likely that it sleeps.
#[cfg(not(target_os = "linux"))]
struct ThisThread;

#[cfg(not(target_os = "linux"))]
impl ThisThread {
    fn new() -> ThisThread {
        ThisThread
    }

    fn falls_asleep(&self) {
        thread::sleep(Duration::from_millis(50));
    }
}
