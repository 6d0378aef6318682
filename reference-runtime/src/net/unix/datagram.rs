//! Datagrams of the Unix domain.

use std::{fmt, io, path::Path};

use super::{FIRST_PAUSE, LONGEST_PAUSE, SocketAddr};
use crate::{
    net::Shutdown,
    reactor::{Direction, Registered},
    runtime,
    time::timeout,
};

/// A datagram socket of the Unix domain: [`std::os::unix::net::UnixDatagram`], async.
///
/// All methods take `&self`, and any number of tasks may send and receive at the same time. Unlike with UDP,
/// a datagram is not lost when the receiver is slow: the sender waits.
///
/// # Examples
///
/// ```
/// use reference_runtime::net::unix::UnixDatagram;
///
/// # fn main() -> std::io::Result<()> {
/// # reference_runtime::block_on(async {
/// let (left, right) = UnixDatagram::pair()?;
/// left.send(b"hello").await?;
/// let mut buf = [0; 16];
/// assert_eq!(right.recv(&mut buf).await?, 5);
/// assert_eq!(&buf[..5], b"hello");
/// # Ok(())
/// # })
/// # }
/// ```
pub struct UnixDatagram {
    pub(in crate::net) socket: Registered<std::os::unix::net::UnixDatagram>,
}

impl UnixDatagram {
    /// Makes a socket at `path`. The file stays when it is dropped.
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
    /// use reference_runtime::net::unix::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("reference-runtime-datagram-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let receiver = UnixDatagram::bind(&path).await?;
    /// let sender = UnixDatagram::unbound()?;
    /// sender.send_to(b"hello", &path).await?;
    /// let (count, from) = receiver.recv_from(&mut [0; 16]).await?;
    /// assert_eq!(count, 5);
    /// assert!(from.is_unnamed());
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    pub async fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        std::os::unix::net::UnixDatagram::bind(path)?.try_into()
    }

    /// A socket without an address: it can send, and be received from, but nobody can send to it.
    ///
    /// # Errors
    ///
    /// If the process has too many open files.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::unix::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let socket = UnixDatagram::unbound()?;
    /// assert!(socket.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn unbound() -> io::Result<UnixDatagram> {
        std::os::unix::net::UnixDatagram::unbound()?.try_into()
    }

    /// Two connected sockets without an address.
    ///
    /// # Errors
    ///
    /// If the process has too many open files.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::unix::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let (left, right) = UnixDatagram::pair()?;
    /// right.send(b"hello").await?;
    /// assert_eq!(left.recv(&mut [0; 16]).await?, 5);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (left, right) = std::os::unix::net::UnixDatagram::pair()?;
        Ok((left.try_into()?, right.try_into()?))
    }

    /// From now on sends to, and receives from, the socket at `path` only.
    ///
    /// # Errors
    ///
    /// If there is no socket at `path`, or if the operating system refuses.
    ///
    /// # Cancel safety
    ///
    /// It is done at its first poll.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::unix::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("reference-runtime-connect-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let receiver = UnixDatagram::bind(&path).await?;
    /// let sender = UnixDatagram::unbound()?;
    /// sender.connect(&path).await?;
    /// sender.send(b"hello").await?;
    /// assert_eq!(receiver.recv(&mut [0; 16]).await?, 5);
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    pub async fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.socket.get().connect(path)
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
    /// use reference_runtime::net::unix::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("reference-runtime-dgram-lo-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let socket = UnixDatagram::bind(&path).await?;
    /// assert_eq!(socket.local_addr()?.as_pathname(), Some(path.as_path()));
    /// # std::fs::remove_file(&path)
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
    /// If the socket is not connected.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::unix::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("reference-runtime-dgram-pe-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let receiver = UnixDatagram::bind(&path).await?;
    /// let sender = UnixDatagram::unbound()?;
    /// assert!(sender.peer_addr().is_err());
    /// sender.connect(&path).await?;
    /// assert_eq!(sender.peer_addr()?.as_pathname(), Some(path.as_path()));
    /// # drop(receiver);
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get().peer_addr()
    }

    /// Sends `buf` as one datagram to the socket at `path`, and says how many bytes that were.
    ///
    /// # Errors
    ///
    /// If there is no socket at `path`, or if the operating system refuses the datagram: it may be too long,
    /// for instance.
    ///
    /// # Cancel safety
    ///
    /// The datagram is sent only when this returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::unix::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("reference-runtime-dgram-to-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let receiver = UnixDatagram::bind(&path).await?;
    /// let sender = UnixDatagram::unbound()?;
    /// assert_eq!(sender.send_to(b"hello", &path).await?, 5);
    /// # drop(receiver);
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    pub async fn send_to<P: AsRef<Path>>(&self, buf: &[u8], path: P) -> io::Result<usize> {
        let mut pause = FIRST_PAUSE;
        loop {
            // Our own full buffer is an event when it empties. That of the receiver is not, unless we are
            // connected.
            let send = self.socket.io(Direction::Write, |socket| socket.send_to(buf, path.as_ref()));
            if let Ok(result) = timeout(pause, send).await {
                return result;
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Receives one datagram. Returns its length and who sent it. What does not fit into `buf` is lost.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    ///
    /// # Cancel safety
    ///
    /// No datagram is lost: it is received only when this returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::unix::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("reference-runtime-dgram-re-{}", std::process::id()));
    /// # reference_runtime::block_on(async {
    /// let socket = UnixDatagram::bind(&path).await?;
    /// // A letter to itself.
    /// socket.send_to(b"hello", &path).await?;
    /// let (count, from) = socket.recv_from(&mut [0; 16]).await?;
    /// assert_eq!(count, 5);
    /// assert_eq!(from.as_pathname(), Some(path.as_path()));
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.io(Direction::Read, |socket| socket.recv_from(buf)).await
    }

    /// Sends `buf` as one datagram to the peer, and says how many bytes that were.
    ///
    /// # Errors
    ///
    /// If the socket is not connected, if the peer is gone, or if the operating system refuses the datagram.
    ///
    /// # Cancel safety
    ///
    /// The datagram is sent only when this returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::unix::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let (left, right) = UnixDatagram::pair()?;
    /// assert_eq!(left.send(b"hello").await?, 5);
    ///
    /// drop(right);
    /// assert!(left.send(b"hello").await.is_err());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.socket.io(Direction::Write, |socket| socket.send(buf)).await
    }

    /// Receives one datagram and returns its length. What does not fit into `buf` is lost.
    ///
    /// # Errors
    ///
    /// Those of the socket.
    ///
    /// # Cancel safety
    ///
    /// No datagram is lost: it is received only when this returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::unix::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let (left, right) = UnixDatagram::pair()?;
    /// left.send(b"one").await?;
    /// left.send(b"three").await?;
    /// // Datagrams stay apart.
    /// assert_eq!(right.recv(&mut [0; 16]).await?, 3);
    /// assert_eq!(right.recv(&mut [0; 16]).await?, 5);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.io(Direction::Read, |socket| socket.recv(buf)).await
    }

    /// Ends reading, writing or both. Who waits in that direction is woken.
    ///
    /// # Errors
    ///
    /// If the socket is not connected.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::{Shutdown, unix::UnixDatagram};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let (left, _right) = UnixDatagram::pair()?;
    /// left.shutdown(Shutdown::Write)?;
    /// assert!(left.send(b"hello").await.is_err());
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
    /// use reference_runtime::net::unix::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let (socket, _peer) = UnixDatagram::pair()?;
    /// assert!(socket.take_error()?.is_none());
    /// # Ok(())
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
    /// use reference_runtime::net::unix::UnixDatagram;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let socket = UnixDatagram::unbound()?.into_std();
    /// socket.set_nonblocking(false)?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn into_std(self) -> std::os::unix::net::UnixDatagram {
        self.socket.into_inner()
    }
}

/// Hands the socket to the runtime of the current thread, and puts it into non-blocking mode.
impl TryFrom<std::os::unix::net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    fn try_from(socket: std::os::unix::net::UnixDatagram) -> io::Result<UnixDatagram> {
        socket.set_nonblocking(true)?;
        Ok(UnixDatagram { socket: Registered::new(runtime::reactor(), socket)? })
    }
}

impl From<UnixDatagram> for std::os::unix::net::UnixDatagram {
    fn from(socket: UnixDatagram) -> std::os::unix::net::UnixDatagram {
        socket.into_std()
    }
}

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}
