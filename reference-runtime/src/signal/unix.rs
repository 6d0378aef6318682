//! The signals of Unix.
//!
//! A handler may do next to nothing, since it interrupts whatever a thread was doing. This one writes a byte to a socket, and
//! the other end of the socket is read as any other: the old trick of a pipe to oneself. The crate signal-hook installs the
//! handler.

use std::fmt;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::Stream;
use futures::stream::FusedStream;
use signal_hook::consts;

use super::Handler;
use crate::reactor::{Direction, Registered};
use crate::runtime;

/// Which signal.
///
/// ```
/// use reference_runtime::signal::unix::SignalKind;
///
/// assert_eq!(SignalKind::from_raw(15), SignalKind::terminate());
/// assert_eq!(SignalKind::terminate().as_raw_value(), 15);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SignalKind(i32);

/// The signals that have a name here. A macro, because they differ in nothing but the name.
macro_rules! kinds {
    ($($name:ident $signal:ident $what:literal;)*) => {
        impl SignalKind {
            $(
                #[doc = $what]
                ///
                /// ```
                /// use reference_runtime::signal::unix::SignalKind;
                ///
                #[doc = concat!("assert!(SignalKind::", stringify!($name), "().as_raw_value() > 0);")]
                /// ```
                pub const fn $name() -> SignalKind {
                    SignalKind(consts::$signal)
                }
            )*
        }
    };
}

kinds! {
    alarm SIGALRM "`SIGALRM`: a timer of the system is over.";
    child SIGCHLD "`SIGCHLD`: a process that this one has started has ended. [`process`](crate::process) does without it.";
    hangup SIGHUP "`SIGHUP`: the terminal is gone; or, to a service, read the configuration again.";
    interrupt SIGINT "`SIGINT`: Ctrl-C.";
    io SIGIO "`SIGIO`: a descriptor that was asked to say so is ready.";
    pipe SIGPIPE "`SIGPIPE`: somebody wrote to a pipe that nobody reads. Rust's programs ignore it from the start.";
    quit SIGQUIT "`SIGQUIT`: Ctrl-\\.";
    terminate SIGTERM "`SIGTERM`: end, please; what `kill` and most supervisors of services send.";
    user_defined1 SIGUSR1 "`SIGUSR1`: whatever the program makes of it.";
    user_defined2 SIGUSR2 "`SIGUSR2`: whatever the program makes of it.";
    window_change SIGWINCH "`SIGWINCH`: the terminal has another size.";
}

impl SignalKind {
    /// The signal with this number.
    ///
    /// ```
    /// use reference_runtime::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::from_raw(2), SignalKind::interrupt());
    /// ```
    pub const fn from_raw(number: i32) -> SignalKind {
        SignalKind(number)
    }

    /// The number of the signal.
    ///
    /// ```
    /// use reference_runtime::signal::unix::SignalKind;
    ///
    /// assert_eq!(SignalKind::interrupt().as_raw_value(), 2);
    /// ```
    pub const fn as_raw_value(self) -> i32 {
        self.0
    }
}

/// Listens for a signal, from now on.
///
/// Any number of listeners may wait for one signal, in one runtime or in several; each is told.
///
/// ```
/// use reference_runtime::signal::unix::{SignalKind, signal};
///
/// # reference_runtime::block_on(async {
/// let mut hangups = signal(SignalKind::hangup())?;
/// reference_runtime::task::spawn(async move {
///     while hangups.recv().await.is_some() {
///         println!("reading the configuration again");
///     }
/// });
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// If there is no such signal; if it cannot be caught, as `SIGKILL` and `SIGSTOP`, or must not be, as those that report a
/// fault of the program; or if the process has too many open files.
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    // signal-hook panics on those, as a handler for them could not be right.
    if consts::FORBIDDEN.contains(&kind.0) {
        let why =
            format!("the signal {} cannot be listened for: it ends the process, or reports a fault", kind.0);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    let (reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    // A full socket is as good as one byte more. signal-hook makes the writer non-blocking itself.
    let id = signal_hook::low_level::pipe::register(kind.0, writer)?;
    let handler = Handler(id);
    let socket = Registered::new(runtime::reactor(), reader)?;
    Ok(Signal { socket, kind, is_over: false, _handler: handler })
}

/// A listener for one signal. Made by [`signal()`].
///
/// Signals are not counted: of several that come before one is received, the last counts.
///
/// ```
/// use reference_runtime::signal::unix::{Signal, SignalKind, signal};
///
/// # reference_runtime::block_on(async {
/// let terminations: Signal = signal(SignalKind::terminate())?;
/// # drop(terminations);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct Signal {
    socket: Registered<UnixStream>,
    kind: SignalKind,
    is_over: bool,
    /// After the socket: what the handler writes to must not be gone before the handler. Its own end stays open with it.
    _handler: Handler,
}

impl Signal {
    /// Waits for the signal. `None`: the runtime in which the listener was made has shut down.
    ///
    /// ```no_run
    /// use reference_runtime::signal::unix::{SignalKind, signal};
    ///
    /// # reference_runtime::block_on(async {
    /// let mut terminations = signal(SignalKind::terminate())?;
    /// terminations.recv().await;
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: a signal that has come and was not received is received by the next call.
    pub async fn recv(&mut self) -> Option<()> {
        std::future::poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// As [`Signal::recv`], for futures that are written by hand.
    ///
    /// ```
    /// use reference_runtime::signal::unix::{SignalKind, signal};
    /// use std::future::poll_fn;
    /// use std::task::Poll;
    ///
    /// # reference_runtime::block_on(async {
    /// let mut hangups = signal(SignalKind::hangup())?;
    /// let polled = poll_fn(|cx| Poll::Ready(hangups.poll_recv(cx))).await;
    /// assert!(polled.is_pending());
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        // All that have come count as one.
        let mut bytes = [0; 128];
        let read = ready!(self.socket.poll_io(Direction::Read, cx, |mut socket| socket.read(&mut bytes)));
        self.is_over = !matches!(read, Ok(count) if count > 0);
        Poll::Ready((!self.is_over).then_some(()))
    }
}

impl Stream for Signal {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.poll_recv(cx)
    }
}

impl FusedStream for Signal {
    fn is_terminated(&self) -> bool {
        self.is_over
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal").field("kind", &self.kind).finish_non_exhaustive()
    }
}
