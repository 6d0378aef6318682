//! Copying, time-outs, and the readers and writers that are ours.
#![cfg(not(reference_runtime_loom))]

use std::collections::VecDeque;
use std::future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::StreamExt;
use reference_runtime::block_on;
use reference_runtime::io::{self as ours, BufReadMoreExt, BufReader, BufWriter, prelude::*};

/// Does what the script says, step by step; panics behind its end.
struct Script<T>(VecDeque<Poll<io::Result<T>>>);

impl<T> Script<T> {
    fn new(steps: impl IntoIterator<Item = Poll<io::Result<T>>>) -> Script<T> {
        Script(steps.into_iter().collect())
    }

    fn step(&mut self, cx: &Context<'_>) -> Poll<io::Result<T>> {
        let step = self.0.pop_front().expect("the script has ended");
        if step.is_pending() {
            cx.waker().wake_by_ref();
        }
        step
    }
}

fn interrupted<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(ErrorKind::Interrupted.into()))
}

/// Gives the bytes of each step.
struct Reader(Script<&'static [u8]>);

impl Read for Reader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.step(cx).map_ok(|bytes| {
            buf[..bytes.len()].copy_from_slice(bytes);
            bytes.len()
        })
    }
}

/// Takes as many bytes as each step says, and flushes by the second script.
struct Writer {
    writes: Script<usize>,
    flushes: Script<()>,
    written: Vec<u8>,
}

impl Writer {
    fn new(writes: impl IntoIterator<Item = Poll<io::Result<usize>>>) -> Writer {
        Writer {
            writes: Script::new(writes),
            flushes: Script::new([Poll::Pending, Poll::Pending, Poll::Ready(Ok(()))]),
            written: Vec::new(),
        }
    }
}

impl Write for Writer {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.writes.step(cx).map_ok(|length| {
            let length = length.min(buf.len());
            this.written.extend_from_slice(&buf[..length]);
            length
        })
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushes.step(cx)
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

const ALL: Poll<io::Result<usize>> = Poll::Ready(Ok(usize::MAX));

#[test]
fn copy_goes_on_after_interruptions_and_asks_nobody_behind_the_end() {
    let mut reader = Reader(Script::new([
        Poll::Ready(Ok(b"ab".as_slice())),
        Poll::Pending,
        interrupted(),
        Poll::Ready(Ok(b"cdef")),
        Poll::Ready(Ok(b"")),
    ]));
    let mut writer = Writer::new([Poll::Pending, ALL, interrupted(), Poll::Ready(Ok(1)), ALL]);
    assert_eq!(block_on(ours::copy(&mut reader, &mut writer)).expect("it goes on"), 6);
    assert_eq!(writer.written, b"abcdef");
    assert!(reader.0.0.is_empty() && writer.writes.0.is_empty() && writer.flushes.0.is_empty());
}

#[test]
fn copy_reports_a_writer_that_takes_nothing_more() {
    let mut writer = Writer::new([Poll::Ready(Ok(2)), Poll::Ready(Ok(0))]);
    let error = block_on(ours::copy(&mut b"abc".as_slice(), &mut writer)).expect_err("it is full");
    assert_eq!((error.kind(), writer.written.as_slice()), (ErrorKind::WriteZero, b"ab".as_slice()));
    let gone = Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
    let error = block_on(ours::copy(&mut b"abc".as_slice(), &mut Writer::new([gone])));
    assert_eq!(error.expect_err("it is gone").kind(), ErrorKind::BrokenPipe);
}

#[test]
fn a_time_out_is_an_error_of_io_and_other_errors_come_through() {
    block_on(async {
        let never = ours::timeout(Duration::from_millis(1), future::pending::<io::Result<()>>()).await;
        assert_eq!(never.expect_err("it never comes").kind(), ErrorKind::TimedOut);
        let own = ours::timeout(Duration::MAX, async { Err::<(), _>(io::Error::other("my own")) }).await;
        assert_eq!(own.expect_err("it is an error").to_string(), "my own");
        assert_eq!(ours::timeout(Duration::ZERO, async { Ok(7) }).await.expect("it is ready"), 7);
    });
}

#[test]
fn what_write_is_given_is_written_bit_by_bit_if_need_be() {
    block_on(async {
        let mut writer = Writer::new([Poll::Ready(Ok(3)), Poll::Pending, interrupted(), ALL]);
        write!(writer, "one-{:02}", 2).await.expect("it goes on");
        assert_eq!(writer.written, b"one-02");
        let mut writer = Writer::new([Poll::Ready(Ok(0))]);
        let error = writeln!(writer, "text").await.expect_err("it is full");
        assert_eq!(error.kind(), ErrorKind::WriteZero);
        // Nothing to write is no call.
        write!(Writer::new([]), "").await.expect("nothing happens");
        // A value that cannot be formatted.
        struct Bad;
        impl std::fmt::Display for Bad {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                Err(std::fmt::Error)
            }
        }
        write!(Writer::new([]), "text {}", Bad).await.expect_err("it cannot be formatted");
    });
}

#[test]
fn a_buffer_is_written_before_its_writer_is_given_back() {
    block_on(async {
        let mut writer = BufWriter::with_capacity(3, Vec::new());
        writer.write_all(b"ab").await.expect("there is room");
        assert_eq!((writer.buffer(), writer.get_ref().len()), (b"ab".as_slice(), 0));
        assert_eq!(writer.into_inner().await.expect("there is room"), b"ab");

        let mut writer = BufWriter::new(Writer::new([Poll::Ready(Ok(1)), Poll::Ready(Ok(0)), ALL]));
        writer.write_all(b"abc").await.expect("there is room");
        let error = writer.into_inner().await.err().expect("there is none");
        assert_eq!(error.error().kind(), ErrorKind::WriteZero);
        // To be tried again, with what is left.
        let writer = error.into_inner();
        assert_eq!(writer.buffer(), b"bc");
        let writer = writer.into_inner().await.ok().expect("now there is");
        assert_eq!(writer.written, b"abc");
    });
}

#[test]
fn parts_and_bytes_come_as_with_std() {
    async fn split(text: &'static [u8], capacity: usize) -> Vec<Vec<u8>> {
        let reader = BufReader::with_capacity(capacity, text);
        BufReadMoreExt::split(reader, b'-').map(|part| part.expect("it is memory")).collect().await
    }
    block_on(async {
        for text in [b"".as_slice(), b"-", b"one", b"one-two", b"-one--two-", b"a-b-c"] {
            let std: Vec<_> = io::BufRead::split(text, b'-').map(|part| part.expect("memory")).collect();
            for capacity in [1, 2, 100] {
                assert_eq!(split(text, capacity).await, std);
            }
        }
        let interrupting = Reader(Script::new([
            interrupted(),
            Poll::Pending,
            Poll::Ready(Ok(b"x".as_slice())),
            Poll::Ready(Ok(b"")),
        ]));
        let bytes: Vec<_> =
            ReadMoreExt::bytes(interrupting).map(|byte| byte.expect("it goes on")).collect().await;
        assert_eq!(bytes, b"x");
    });
}
