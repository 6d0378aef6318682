//! The adapters of the feature `hyper`, each alone. Whole servers and clients are tested in `ecosystem`.
#![cfg(not(reference_runtime_loom))]

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Cursor};
use hyper::rt::{Executor as _, Read as _, ReadBuf, Timer as _, Write as _};
use reference_runtime::hyper::{Executor, Io, Timer};
use reference_runtime::{Builder, block_on, time};

/// Notes how it is written to.
#[derive(Default)]
struct Noting(Vec<Vec<usize>>);

impl AsyncWrite for Noting {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.0.push(vec![buf.len()]);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.push(bufs.iter().map(|buf| buf.len()).collect());
        Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.push(vec![]);
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::Error::other("closed")))
    }
}

/// What hyper reads in one go into memory of this size.
fn read<T: AsyncRead + Unpin>(stream: &mut Io<T>, room: usize) -> io::Result<Vec<u8>> {
    let mut memory = vec![0; room];
    let mut buf = ReadBuf::new(&mut memory);
    block_on(poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, buf.unfilled())))?;
    Ok(buf.filled().to_vec())
}

#[test]
fn hyper_reads_what_fits_and_then_the_rest() {
    let bytes: Vec<u8> = (0..200_000_u32).map(|number| number as u8).collect();
    let mut stream = Io::new(Cursor::new(bytes.clone()));
    let mut read_so_far = Vec::new();
    for room in [0, 1, 10, 8192, 300_000] {
        let piece = read(&mut stream, room).expect("no error");
        assert!(piece.len() <= room && (room == 0 || !piece.is_empty()));
        read_so_far.extend(piece);
    }
    while read_so_far.len() < bytes.len() {
        read_so_far.extend(read(&mut stream, 100_000).expect("no error"));
    }
    assert!(read_so_far == bytes);
    assert_eq!(read(&mut stream, 10).expect("no error"), b"", "the end");
}

#[test]
fn a_read_within_a_read_has_a_buffer_of_its_own() {
    let mut stream = Io::new(Io::new(Io::new(Io::new(Cursor::new(b"through four layers")))));
    let mut text = String::new();
    block_on(stream.read_to_string(&mut text)).expect("no error");
    assert_eq!(text, "through four layers");
}

#[test]
fn a_panic_in_a_read_spoils_no_later_one() {
    struct Panics;
    impl AsyncRead for Panics {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
            buf.fill(b'!');
            panic!("in a read");
        }
    }
    assert!(catch_unwind(AssertUnwindSafe(|| read(&mut Io::new(Panics), 10))).is_err());
    assert_eq!(read(&mut Io::new(Cursor::new(b"fine")), 10).expect("no error"), b"fine");
}

#[test]
fn vectored_writes_are_passed_on_both_ways() {
    let slices = [IoSlice::new(b"head"), IoSlice::new(b"and body")];
    let mut stream = Io::new(Noting::default());
    assert!(stream.is_write_vectored());
    let written =
        block_on(poll_fn(|cx| hyper::rt::Write::poll_write_vectored(Pin::new(&mut stream), cx, &slices)));
    assert_eq!(written.expect("no error"), 12);
    assert_eq!(stream.get_ref().0, [[4, 8]]);

    // As a stream of hyper's, wrapped again.
    let mut back = Io::new(stream);
    assert_eq!(block_on(back.write_vectored(&slices)).expect("no error"), 12);
    block_on(back.write_all(b"one")).expect("no error");
    block_on(back.flush()).expect("no error");
    assert_eq!(back.get_ref().get_ref().0, [vec![4, 8], vec![4, 8], vec![3], vec![]]);
    assert_eq!(block_on(back.close()).expect_err("it is passed on").to_string(), "closed");
}

#[test]
fn the_timer_moves_sleeps_of_its_own_and_replaces_others() {
    struct Other;
    impl Future for Other {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }
    impl hyper::rt::Sleep for Other {}

    block_on(async {
        let start = Instant::now();
        let far: [Pin<Box<dyn hyper::rt::Sleep>>; 3] = [
            Timer.sleep(Duration::from_secs(3600)),
            Timer.sleep_until(start + Duration::from_secs(3600)),
            Box::pin(Other),
        ];
        for mut sleep in far {
            // Once polled, its timer is set.
            assert!(futures::poll!(&mut sleep).is_pending());
            let own = sleep.is::<time::Sleep>();
            let place: *const () = (&raw const *sleep).cast();
            Timer.reset(&mut sleep, start + Duration::from_millis(5));
            assert_eq!(place == (&raw const *sleep).cast(), own, "one of its own stays where it is");
            sleep.await;
            assert!(start.elapsed() >= Duration::from_millis(5));
        }
    });
}

#[test]
fn the_executor_spawns_on_the_current_runtime() {
    let runtime =
        Builder::new().worker_threads(1).thread_name("hypers-own").build().expect("a runtime starts");
    let (tell, told) = mpsc::channel();
    let task = runtime.spawn(async move {
        Executor.execute(async move { tell.send(std::thread::current().name().map(str::to_owned)) });
    });
    runtime.block_on(task);
    assert_eq!(told.recv().expect("it runs").as_deref(), Some("hypers-own"));
}
