//! Connections of the Unix domain.

use std::{
    fmt,
    io::{self, IoSlice, IoSliceMut},
    os::fd::OwnedFd,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use socket2::{Domain, SockAddr, Socket, Type};

use super::{FIRST_PAUSE, LONGEST_PAUSE, SocketAddr};
use crate::{
    net::{Shutdown, stream::impl_read_and_write},
    reactor::Registered,
    runtime,
    time::sleep,
};

/// A connection of the Unix domain: [`std::os::unix::net::UnixStream`], async.
///
/// A clone is the same connection, and closes with the last one. One task may read while another writes,
/// through clones, through `&UnixStream`, or through the halves that `AsyncReadExt::split` makes.
///
/// # Cancel safety
///
/// As with [`TcpStream`](crate::net::TcpStream).
///
/// # Examples
///
/// ```
/// use futures::io::{AsyncReadExt, AsyncWriteExt};
/// use reference_runtime::net::unix::UnixStream;
///
/// # fn main() -> std::io::Result<()> {
/// # reference_runtime::block_on(async {
/// let (mut left, mut right) = UnixStream::pair()?;
/// left.write_all(b"ping").await?;
/// let mut buf = [0; 4];
/// right.read_exact(&mut buf).await?;
/// assert_eq!(&buf, b"ping");
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Clone)]
pub struct UnixStream {
    pub(in crate::net) socket: Arc<Registered<std::os::unix::net::UnixStream>>,
}

impl UnixStream {
    /// Connects to the socket at `path`. Waits while the queue of its listener is full.
    ///
    /// # Errors
    ///
    /// If there is no socket at `path`, if nobody listens on it, or if the operating system refuses.
    ///
    /// # Cancel safety
    ///
    /// The attempt is given up.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::unix::{UnixListener, UnixStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("reference-runtime-stream-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let listener = UnixListener::bind(&path).await?;
    /// let stream = UnixStream::connect(&path).await?;
    /// assert_eq!(stream.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # drop(listener);
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    pub async fn connect<P: AsRef<Path>>(path: P) -> io::Result<UnixStream> {
        let addr = SockAddr::unix(path)?;
        let mut pause = FIRST_PAUSE;
        loop {
            // With std, connecting blocks. A fresh socket for each attempt: some systems give no second one.
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            socket.set_nonblocking(true)?;
            match socket.connect(&addr) {
                Ok(()) => return std::os::unix::net::UnixStream::from(OwnedFd::from(socket)).try_into(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            // The full queue is not an event of our socket: the poller would call it writable all the time.
            drop(socket);
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Two connected streams.
    ///
    /// # Errors
    ///
    /// If the process has too many open files.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::io::{AsyncReadExt, AsyncWriteExt};
    /// use reference_runtime::net::unix::UnixStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let (mut left, mut right) = UnixStream::pair()?;
    /// right.write_all(b"hello").await?;
    /// assert_eq!(left.read(&mut [0; 16]).await?, 5);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (left, right) = std::os::unix::net::UnixStream::pair()?;
        Ok((left.try_into()?, right.try_into()?))
    }

    /// The address of this end, which commonly has none.
    ///
    /// # Errors
    ///
    /// If the operating system does not tell.
    ///
    /// # Examples
    ///
    /// ```
    /// # use reference_runtime::net::unix::UnixStream;
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let (left, _right) = UnixStream::pair()?;
    /// assert!(left.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get().local_addr()
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
    /// # use reference_runtime::net::unix::UnixStream;
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let (left, _right) = UnixStream::pair()?;
    /// assert!(left.peer_addr()?.is_unnamed());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get().peer_addr()
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
    /// use reference_runtime::net::{Shutdown, unix::UnixStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let (left, mut right) = UnixStream::pair()?;
    /// left.shutdown(Shutdown::Write)?;
    /// assert_eq!(right.read(&mut [0]).await?, 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.get().shutdown(how)
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
    /// # use reference_runtime::net::unix::UnixStream;
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let (left, _right) = UnixStream::pair()?;
    /// assert!(left.take_error()?.is_none());
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
    /// # use reference_runtime::net::unix::UnixStream;
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let (left, _right) = UnixStream::pair()?;
    /// let left = left.into_std()?;
    /// left.set_nonblocking(false)?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn into_std(self) -> io::Result<std::os::unix::net::UnixStream> {
        match Arc::try_unwrap(self.socket) {
            Ok(socket) => Ok(socket.into_inner()),
            Err(shared) => shared.get().try_clone(),
        }
    }
}

impl_read_and_write!(UnixStream, &UnixStream);

/// Hands the socket to the runtime of the current thread, and puts it into non-blocking mode.
impl TryFrom<std::os::unix::net::UnixStream> for UnixStream {
    type Error = io::Error;

    fn try_from(stream: std::os::unix::net::UnixStream) -> io::Result<UnixStream> {
        stream.set_nonblocking(true)?;
        Ok(UnixStream { socket: Arc::new(Registered::new(runtime::reactor(), stream)?) })
    }
}

impl TryFrom<UnixStream> for std::os::unix::net::UnixStream {
    type Error = io::Error;

    fn try_from(stream: UnixStream) -> io::Result<std::os::unix::net::UnixStream> {
        stream.into_std()
    }
}

impl fmt::Debug for UnixStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}
