//! Listening for TCP connections.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use futures::Stream;

use super::{SocketAddr, TcpStream, ToSocketAddrs, first_of};
use crate::{
    reactor::{Direction, Registered},
    runtime,
};

/// A TCP socket that accepts connections: [`std::net::TcpListener`], async.
///
/// Any number of tasks may accept at the same time.
///
/// # Examples
///
/// ```
/// use futures::io::{AsyncReadExt, AsyncWriteExt};
/// use reference_runtime::net::{TcpListener, TcpStream};
/// use reference_runtime::task;
///
/// # reference_runtime::block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// task::spawn(async move {
///     loop {
///         let (mut stream, _) = listener.accept().await?;
///         stream.write_all(b"hello").await?;
///     }
///     # #[allow(unreachable_code)]
///     # std::io::Result::Ok(())
/// });
///
/// let mut greeting = String::new();
/// TcpStream::connect(address).await?.read_to_string(&mut greeting).await?;
/// assert_eq!(greeting, "hello");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct TcpListener {
    pub(super) socket: Registered<std::net::TcpListener>,
}

/// As many as tokio lets wait.
const BACKLOG: i32 = 1024;

impl TcpListener {
    /// Listens on the first address of `addrs` that it can be bound to. Port 0 lets the operating system
    /// choose one; see [`TcpListener::local_addr`].
    ///
    /// # Errors
    ///
    /// If a name cannot be resolved, or if no address can be bound to: then it is the error of the last.
    ///
    /// # Cancel safety
    ///
    /// It is done at its first poll.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn bind<A: ToSocketAddrs>(addrs: A) -> io::Result<TcpListener> {
        let listener = first_of(addrs, std::net::TcpListener::bind)?;
        // Again, with a longer queue: std lets 128 connections wait to be accepted, and those beyond are refused or try
        // again after a second. The kernel takes its own limit if that is lower.
        socket2::SockRef::from(&listener).listen(BACKLOG)?;
        listener.try_into()
    }

    /// Waits for a connection and returns it, with the address of the peer.
    ///
    /// # Errors
    ///
    /// An error is that of one connection, such as a peer that went away, or that of the process, such as too
    /// many open files. The listener can be used further. After too many open files, wait a little before the
    /// next call: the connection is still there, so it would fail again at once.
    ///
    /// # Cancel safety
    ///
    /// No connection is lost: it is accepted only when this returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::{TcpListener, TcpStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_server, peer) = listener.accept().await?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = self.socket.io(Direction::Read, std::net::TcpListener::accept).await?;
        Ok((stream.try_into()?, peer))
    }

    /// The connections as they come; the stream does not end.
    ///
    /// # Errors
    ///
    /// Those of [`TcpListener::accept`]. The stream goes on after an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    /// use reference_runtime::net::{TcpListener, TcpStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let server = listener.incoming().next().await.expect("it does not end")?;
    /// assert_eq!(server.peer_addr()?, client.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self }
    }

    /// The address it listens on.
    ///
    /// # Errors
    ///
    /// If the operating system does not tell.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert!(listener.local_addr()?.ip().is_loopback());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get().local_addr()
    }

    /// The time to live of packets: over how many routers they may go.
    ///
    /// # Errors
    ///
    /// If the operating system does not tell.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert_ne!(listener.ttl()?, 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.get().ttl()
    }

    /// Sets the time to live of packets.
    ///
    /// # Errors
    ///
    /// If the operating system refuses the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// listener.set_ttl(10)?;
    /// assert_eq!(listener.ttl()?, 10);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket.get().set_ttl(ttl)
    }

    /// Takes the pending error of the socket, if there is one.
    ///
    /// # Errors
    ///
    /// If the operating system does not tell.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert!(listener.take_error()?.is_none());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.get().take_error()
    }

    /// The connections, one after the other, as a stream that owns the listener. It never ends.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    /// use reference_runtime::net::{TcpListener, TcpStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let _client = TcpStream::connect(listener.local_addr()?).await?;
    /// let mut incoming = listener.into_incoming();
    /// assert!(incoming.next().await.is_some_and(|stream| stream.is_ok()));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn into_incoming(self) -> IntoIncoming {
        IntoIncoming { listener: self }
    }

    /// Takes the socket from the runtime. It stays in non-blocking mode.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::TcpListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?.into_std();
    /// listener.set_nonblocking(false)?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn into_std(self) -> std::net::TcpListener {
        self.socket.into_inner()
    }
}

/// Hands the socket to the runtime of the current thread, and puts it into non-blocking mode.
impl TryFrom<std::net::TcpListener> for TcpListener {
    type Error = io::Error;

    fn try_from(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        listener.set_nonblocking(true)?;
        Ok(TcpListener { socket: Registered::new(runtime::reactor(), listener)? })
    }
}

impl From<TcpListener> for std::net::TcpListener {
    fn from(listener: TcpListener) -> std::net::TcpListener {
        listener.into_std()
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

/// The connections of a [`TcpListener`]. Made by [`TcpListener::incoming`].
///
/// # Examples
///
/// ```
/// use futures::StreamExt;
/// use reference_runtime::net::{TcpListener, TcpStream};
///
/// # fn main() -> std::io::Result<()> {
/// # reference_runtime::block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let addr = listener.local_addr()?;
/// let clients = [TcpStream::connect(addr).await?, TcpStream::connect(addr).await?];
///
/// let mut incoming = listener.incoming().take(clients.len());
/// let mut served = 0;
/// while let Some(stream) = incoming.next().await {
///     assert_eq!(stream?.local_addr()?, addr);
///     served += 1;
/// }
/// assert_eq!(served, 2);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a stream does nothing unless polled"]
pub struct Incoming<'a> {
    listener: &'a TcpListener,
}

impl Stream for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.listener.poll_accept(cx).map(Some)
    }
}

/// The connections of a [`TcpListener`], with the listener. Made by [`TcpListener::into_incoming`].
///
/// # Examples
///
/// ```
/// use futures::StreamExt;
/// use reference_runtime::net::{IntoIncoming, TcpListener, TcpStream};
///
/// # fn main() -> std::io::Result<()> {
/// # reference_runtime::block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let addr = listener.local_addr()?;
/// let mut incoming: IntoIncoming = listener.into_incoming();
/// let client = TcpStream::connect(addr).await?;
/// let server = incoming.next().await.expect("it never ends")?;
/// assert_eq!(server.peer_addr()?, client.local_addr()?);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a stream does nothing unless polled"]
pub struct IntoIncoming {
    listener: TcpListener,
}

impl Stream for IntoIncoming {
    type Item = io::Result<TcpStream>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.listener.poll_accept(cx).map(Some)
    }
}

impl TcpListener {
    fn poll_accept(&self, cx: &Context<'_>) -> Poll<io::Result<TcpStream>> {
        let accepted = self.socket.poll_io(Direction::Read, cx, std::net::TcpListener::accept);
        accepted.map(|result| result.and_then(|(stream, _)| stream.try_into()))
    }
}
