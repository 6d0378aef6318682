//! Listening on a socket in the file system.

use std::{
    fmt, io,
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};

use futures::Stream;

use super::{SocketAddr, UnixStream};
use crate::{
    reactor::{Direction, Registered},
    runtime,
};

/// A socket of the Unix domain that accepts connections: [`std::os::unix::net::UnixListener`], async.
///
/// Any number of tasks may accept at the same time. The file stays when the listener is dropped.
///
/// # Examples
///
/// ```
/// use futures::io::{AsyncReadExt, AsyncWriteExt};
/// use reference_runtime::net::unix::{UnixListener, UnixStream};
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("reference-runtime-listener-{}", std::process::id()));
/// # reference_runtime::block_on(async {
/// let listener = UnixListener::bind(&path).await?;
/// let mut client = UnixStream::connect(&path).await?;
/// let (mut server, _) = listener.accept().await?;
///
/// client.write_all(b"ping").await?;
/// let mut buf = [0; 4];
/// server.read_exact(&mut buf).await?;
/// assert_eq!(&buf, b"ping");
/// # std::fs::remove_file(&path)
/// # })
/// # }
/// ```
pub struct UnixListener {
    pub(in crate::net) socket: Registered<std::os::unix::net::UnixListener>,
}

impl UnixListener {
    /// Makes a socket at `path` and listens on it.
    ///
    /// # Errors
    ///
    /// If there is something at `path`, if it is too long for a socket, or if the operating system refuses.
    ///
    /// # Cancel safety
    ///
    /// It is done at its first poll.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::unix::UnixListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("reference-runtime-bind-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let listener = UnixListener::bind(&path).await?;
    /// // The file is there now, so nobody else can listen on it.
    /// assert!(UnixListener::bind(&path).await.is_err());
    /// # drop(listener);
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    pub async fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        std::os::unix::net::UnixListener::bind(path)?.try_into()
    }

    /// Waits for a connection and returns it, with the address of the peer, who commonly has none.
    ///
    /// # Errors
    ///
    /// As with [`TcpListener::accept`](crate::net::TcpListener::accept); the listener can be used further.
    ///
    /// # Cancel safety
    ///
    /// No connection is lost: it is accepted only when this returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::unix::{UnixListener, UnixStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("reference-runtime-accept-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let listener = UnixListener::bind(&path).await?;
    /// let client = UnixStream::connect(&path).await?;
    /// let (server, peer) = listener.accept().await?;
    /// assert!(peer.is_unnamed());
    /// assert_eq!(server.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # drop(client);
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let accepted = self.socket.io(Direction::Read, std::os::unix::net::UnixListener::accept);
        let (stream, peer) = accepted.await?;
        Ok((stream.try_into()?, peer))
    }

    /// The connections as they come; the stream does not end.
    ///
    /// # Errors
    ///
    /// Those of [`UnixListener::accept`]. The stream goes on after an error.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::StreamExt;
    /// use reference_runtime::net::unix::{UnixListener, UnixStream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("reference-runtime-incoming-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let listener = UnixListener::bind(&path).await?;
    /// let client = UnixStream::connect(&path).await?;
    /// let server = listener.incoming().next().await.expect("it does not end")?;
    /// # drop((client, server));
    /// # std::fs::remove_file(&path)
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
    /// use reference_runtime::net::unix::UnixListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("reference-runtime-local-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let listener = UnixListener::bind(&path).await?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get().local_addr()
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
    /// use reference_runtime::net::unix::UnixListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("reference-runtime-error-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let listener = UnixListener::bind(&path).await?;
    /// assert!(listener.take_error()?.is_none());
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.get().take_error()
    }

    /// Takes the socket from the runtime. It stays in non-blocking mode.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::unix::UnixListener;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("reference-runtime-std-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let listener = UnixListener::bind(&path).await?.into_std();
    /// listener.set_nonblocking(false)?;
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    pub fn into_std(self) -> std::os::unix::net::UnixListener {
        self.socket.into_inner()
    }
}

/// Hands the socket to the runtime of the current thread, and puts it into non-blocking mode.
impl TryFrom<std::os::unix::net::UnixListener> for UnixListener {
    type Error = io::Error;

    fn try_from(listener: std::os::unix::net::UnixListener) -> io::Result<UnixListener> {
        listener.set_nonblocking(true)?;
        Ok(UnixListener { socket: Registered::new(runtime::reactor(), listener)? })
    }
}

impl From<UnixListener> for std::os::unix::net::UnixListener {
    fn from(listener: UnixListener) -> std::os::unix::net::UnixListener {
        listener.into_std()
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

/// The connections of a [`UnixListener`]. Made by [`UnixListener::incoming`].
///
/// # Examples
///
/// ```
/// use futures::StreamExt;
/// use reference_runtime::net::unix::{UnixListener, UnixStream};
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("reference-runtime-queue-{}", std::process::id()));
/// # reference_runtime::block_on(async {
/// let listener = UnixListener::bind(&path).await?;
/// let clients = [UnixStream::connect(&path).await?, UnixStream::connect(&path).await?];
///
/// let mut incoming = listener.incoming().take(clients.len());
/// let mut served = 0;
/// while let Some(stream) = incoming.next().await {
///     assert!(stream?.peer_addr()?.is_unnamed());
///     served += 1;
/// }
/// assert_eq!(served, 2);
/// # std::fs::remove_file(&path)
/// # })
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a stream does nothing unless polled"]
pub struct Incoming<'a> {
    listener: &'a UnixListener,
}

impl Stream for Incoming<'_> {
    type Item = io::Result<UnixStream>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let socket = &self.listener.socket;
        let accepted = socket.poll_io(Direction::Read, cx, std::os::unix::net::UnixListener::accept);
        accepted.map(|result| Some(result.and_then(|(stream, _)| stream.try_into())))
    }
}
