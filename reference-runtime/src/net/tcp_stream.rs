//! TCP connections.

use std::{
    fmt,
    io::{self, IoSlice, IoSliceMut},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};

use super::{Shutdown, SocketAddr, ToSocketAddrs, no_address, resolve, stream::impl_read_and_write};
use crate::{
    reactor::{Direction, Registered},
    runtime,
    time::timeout,
};

/// A TCP connection: [`std::net::TcpStream`], async.
///
/// A clone is the same connection, and closes with the last one. One task may read while another writes,
/// through clones, through `&TcpStream`, or through the halves that `AsyncReadExt::split` makes.
///
/// # Cancel safety
///
/// Reading and writing once (`read`, `write`) takes or gives bytes only when it returns. What does so
/// repeatedly (`read_exact`, `write_all`) and is dropped leaves off somewhere in the middle.
///
/// # Examples
///
/// ```
/// use futures::io::{AsyncReadExt, AsyncWriteExt};
/// use reference_runtime::net::{TcpListener, TcpStream};
///
/// # fn main() -> std::io::Result<()> {
/// # reference_runtime::block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut server, _) = listener.accept().await?;
///
/// client.write_all(b"ping").await?;
/// let mut buf = [0; 4];
/// server.read_exact(&mut buf).await?;
/// assert_eq!(&buf, b"ping");
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone)]
pub struct TcpStream {
    pub(super) socket: Arc<Registered<std::net::TcpStream>>,
}

impl TcpStream {
    /// Connects to the first address of `addrs` that answers, trying one after the other.
    ///
    /// # Errors
    ///
    /// If a name cannot be resolved, or if no address answers: then it is the error of the last.
    ///
    /// # Cancel safety
    ///
    /// The attempt under way is given up.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::{TcpListener, TcpStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn connect<A: ToSocketAddrs>(addrs: A) -> io::Result<TcpStream> {
        let mut result = Err(no_address());
        for addr in resolve(addrs)? {
            result = TcpStream::connect_to(addr).await;
            if result.is_ok() {
                break;
            }
        }
        result
    }

    /// Connects to `addr`, unless that takes longer than `duration`.
    ///
    /// # Errors
    ///
    /// If `addr` does not answer; of the kind [`io::ErrorKind::TimedOut`] if the time is over.
    ///
    /// # Cancel safety
    ///
    /// The attempt is given up.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::{TcpListener, TcpStream};
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let addr = listener.local_addr()?;
    /// let stream = TcpStream::connect_timeout(&addr, Duration::from_secs(60)).await?;
    /// # drop(stream);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn connect_timeout(addr: &SocketAddr, duration: Duration) -> io::Result<TcpStream> {
        timeout(duration, TcpStream::connect_to(*addr)).await?
    }

    async fn connect_to(addr: SocketAddr) -> io::Result<TcpStream> {
        // With std, connecting blocks.
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        if let Err(error) = socket.connect(&addr.into()) {
            if !is_in_progress(&error) {
                return Err(error);
            }
        }
        // Watched only from here on: a socket that is not even trying to connect counts as hung up.
        let stream = TcpStream { socket: Arc::new(Registered::new(runtime::reactor(), socket.into())?) };
        stream.socket.io(Direction::Write, is_connected).await?;
        Ok(stream)
    }

    /// The address of the peer.
    ///
    /// # Errors
    ///
    /// If the connection is no more.
    ///
    /// # Examples
    ///
    /// ```
    /// # use reference_runtime::net::{TcpListener, TcpStream};
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get().peer_addr()
    }

    /// The address of this end.
    ///
    /// # Errors
    ///
    /// If the operating system does not tell.
    ///
    /// # Examples
    ///
    /// ```
    /// # use reference_runtime::net::{TcpListener, TcpStream};
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// let (_, peer) = listener.accept().await?;
    /// assert_eq!(stream.local_addr()?, peer);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get().local_addr()
    }

    /// Reads without consuming: waits for bytes, copies what is there and fits into `buf`, and says how many
    /// those are. Zero is the end.
    ///
    /// # Errors
    ///
    /// Those of the connection.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost, since nothing is consumed.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::io::{AsyncReadExt, AsyncWriteExt};
    /// # use reference_runtime::net::{TcpListener, TcpStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut client = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut server, _) = listener.accept().await?;
    /// client.write_all(b"G").await?;
    /// let mut first = [0];
    /// assert_eq!(server.peek(&mut first).await?, 1);
    /// assert_eq!(server.read(&mut first).await?, 1);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.io(Direction::Read, |socket| socket.peek(buf)).await
    }

    /// Ends reading, writing or both, for all clones. Who waits in that direction is woken.
    ///
    /// # Errors
    ///
    /// If the connection is no more.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::io::AsyncReadExt;
    /// use reference_runtime::net::Shutdown;
    /// # use reference_runtime::net::{TcpListener, TcpStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (mut server, _) = listener.accept().await?;
    /// client.shutdown(Shutdown::Write)?;
    /// assert_eq!(server.read(&mut [0]).await?, 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.get().shutdown(how)
    }

    /// Whether small writes are sent at once, rather than gathered for a moment.
    ///
    /// # Errors
    ///
    /// If the operating system does not tell.
    ///
    /// # Examples
    ///
    /// ```
    /// # use reference_runtime::net::{TcpListener, TcpStream};
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert!(!stream.nodelay()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn nodelay(&self) -> io::Result<bool> {
        self.socket.get().nodelay()
    }

    /// Sets whether small writes are sent at once.
    ///
    /// # Errors
    ///
    /// If the connection is no more.
    ///
    /// # Examples
    ///
    /// ```
    /// # use reference_runtime::net::{TcpListener, TcpStream};
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_nodelay(true)?;
    /// assert!(stream.nodelay()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket.get().set_nodelay(nodelay)
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
    /// # use reference_runtime::net::{TcpListener, TcpStream};
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_ne!(stream.ttl()?, 0);
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
    /// # use reference_runtime::net::{TcpListener, TcpStream};
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_ttl(10)?;
    /// assert_eq!(stream.ttl()?, 10);
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
    /// # use reference_runtime::net::{TcpListener, TcpStream};
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert!(stream.take_error()?.is_none());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.get().take_error()
    }

    /// Takes the socket from the runtime. It stays in non-blocking mode. If there are clones of this stream,
    /// they go on, and the result is another descriptor of the same connection.
    ///
    /// # Errors
    ///
    /// If there are clones and the process has too many open files.
    ///
    /// # Examples
    ///
    /// ```
    /// # use reference_runtime::net::{TcpListener, TcpStream};
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?.into_std()?;
    /// stream.set_nonblocking(false)?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        match Arc::try_unwrap(self.socket) {
            Ok(socket) => Ok(socket.into_inner()),
            Err(shared) => shared.get().try_clone(),
        }
    }
}

/// Whether an attempt to connect goes on in the background. A signal does not end it either.
fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    let in_progress = error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error());
    #[cfg(not(unix))]
    let in_progress = false;
    in_progress || matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// How an attempt to connect went; would block while it goes on. Asks for more than whether one can write,
/// since the reactor may say so of a socket that had this one's place before.
fn is_connected(socket: &std::net::TcpStream) -> io::Result<()> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer_addr() {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Err(io::ErrorKind::WouldBlock.into()),
        connected => connected.map(|_| ()),
    }
}

impl_read_and_write!(TcpStream, &TcpStream);

/// Hands the socket to the runtime of the current thread, and puts it into non-blocking mode.
impl TryFrom<std::net::TcpStream> for TcpStream {
    type Error = io::Error;

    fn try_from(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        stream.set_nonblocking(true)?;
        Ok(TcpStream { socket: Arc::new(Registered::new(runtime::reactor(), stream)?) })
    }
}

impl TryFrom<TcpStream> for std::net::TcpStream {
    type Error = io::Error;

    fn try_from(stream: TcpStream) -> io::Result<std::net::TcpStream> {
        stream.into_std()
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}
