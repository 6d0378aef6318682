//! UDP.

use std::{fmt, io};

use super::{SocketAddr, ToSocketAddrs, first_of, no_address, resolve};
use crate::{
    reactor::{Direction, Registered},
    runtime,
};

/// A UDP socket: [`std::net::UdpSocket`], async.
///
/// All methods take `&self`, and any number of tasks may send and receive at the same time.
///
/// # Examples
///
/// ```
/// use reference_runtime::net::UdpSocket;
///
/// # fn main() -> std::io::Result<()> {
/// # reference_runtime::block_on(async {
/// let alice = UdpSocket::bind("127.0.0.1:0").await?;
/// let bob = UdpSocket::bind("127.0.0.1:0").await?;
///
/// alice.send_to(b"hello", bob.local_addr()?).await?;
/// let mut buf = [0; 16];
/// let (count, from) = bob.recv_from(&mut buf).await?;
/// assert_eq!(&buf[..count], b"hello");
/// assert_eq!(from, alice.local_addr()?);
/// # Ok(())
/// # })
/// # }
/// ```
pub struct UdpSocket {
    pub(super) socket: Registered<std::net::UdpSocket>,
}

impl UdpSocket {
    /// Opens a socket on the first address of `addrs` that it can be bound to. Port 0 lets the operating
    /// system choose one; see [`UdpSocket::local_addr`].
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
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn bind<A: ToSocketAddrs>(addrs: A) -> io::Result<UdpSocket> {
        first_of(addrs, std::net::UdpSocket::bind)?.try_into()
    }

    /// From now on sends to, and receives from, one peer only: the first address of `addrs` that works. This
    /// sends nothing, so it does not tell whether anybody is there.
    ///
    /// # Errors
    ///
    /// If a name cannot be resolved, or if no address can be used: then it is the error of the last.
    ///
    /// # Cancel safety
    ///
    /// It is done at its first poll.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let alice = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let bob = UdpSocket::bind("127.0.0.1:0").await?;
    /// alice.connect(bob.local_addr()?).await?;
    /// assert_eq!(alice.peer_addr()?, bob.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn connect<A: ToSocketAddrs>(&self, addrs: A) -> io::Result<()> {
        first_of(addrs, |addr| self.socket.get().connect(addr))
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
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(socket.local_addr()?.ip().is_loopback());
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
    /// If the socket is not connected.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let alice = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let bob = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(alice.peer_addr().is_err());
    /// alice.connect(bob.local_addr()?).await?;
    /// assert_eq!(alice.peer_addr()?, bob.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get().peer_addr()
    }

    /// Sends `buf` as one datagram to the first address of `addrs`, and says how many bytes that were.
    ///
    /// # Errors
    ///
    /// If a name cannot be resolved, if there is no address, or if the operating system refuses the datagram:
    /// it may be too long, for instance.
    ///
    /// # Cancel safety
    ///
    /// The datagram is sent only when this returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let alice = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let bob = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_eq!(alice.send_to(b"hello", bob.local_addr()?).await?, 5);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], addrs: A) -> io::Result<usize> {
        let addr = resolve(addrs)?.into_iter().next().ok_or_else(no_address)?;
        self.socket.io(Direction::Write, |socket| socket.send_to(buf, addr)).await
    }

    /// Receives one datagram. Returns its length and who sent it. What does not fit into `buf` is lost.
    ///
    /// # Errors
    ///
    /// Those of the socket: on some systems, that an earlier datagram reached nobody.
    ///
    /// # Cancel safety
    ///
    /// No datagram is lost: it is received only when this returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let alice = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let bob = UdpSocket::bind("127.0.0.1:0").await?;
    /// alice.send_to(b"hello", bob.local_addr()?).await?;
    /// assert_eq!(bob.recv_from(&mut [0; 8]).await?, (5, alice.local_addr()?));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.io(Direction::Read, |socket| socket.recv_from(buf)).await
    }

    /// Like [`UdpSocket::recv_from`], but the datagram can be received again.
    ///
    /// # Errors
    ///
    /// Those of [`UdpSocket::recv_from`].
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost, since nothing is consumed.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let alice = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let bob = UdpSocket::bind("127.0.0.1:0").await?;
    /// alice.send_to(b"x", bob.local_addr()?).await?;
    /// let (count, from) = bob.peek_from(&mut [0; 8]).await?;
    /// assert_eq!(bob.recv_from(&mut [0; 8]).await?, (count, from));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.io(Direction::Read, |socket| socket.peek_from(buf)).await
    }

    /// Sends `buf` as one datagram to the peer of [`UdpSocket::connect`], and says how many bytes that were.
    ///
    /// # Errors
    ///
    /// If the socket is not connected, if nobody received an earlier datagram, or if the operating system
    /// refuses this one.
    ///
    /// # Cancel safety
    ///
    /// The datagram is sent only when this returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let alice = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let bob = UdpSocket::bind("127.0.0.1:0").await?;
    /// alice.connect(bob.local_addr()?).await?;
    /// alice.send(b"x").await?;
    /// assert_eq!(bob.recv(&mut [0; 8]).await?, 1);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.socket.io(Direction::Write, |socket| socket.send(buf)).await
    }

    /// Receives one datagram and returns its length. What does not fit into `buf` is lost. If the socket is
    /// connected, only datagrams of its peer are received.
    ///
    /// # Errors
    ///
    /// Those of the socket: that nobody received an earlier datagram, for instance.
    ///
    /// # Cancel safety
    ///
    /// No datagram is lost: it is received only when this returns.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let alice = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let bob = UdpSocket::bind("127.0.0.1:0").await?;
    /// alice.send_to(b"hello", bob.local_addr()?).await?;
    /// assert_eq!(bob.recv(&mut [0; 8]).await?, 5);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.io(Direction::Read, |socket| socket.recv(buf)).await
    }

    /// Like [`UdpSocket::recv`], but the datagram can be received again.
    ///
    /// # Errors
    ///
    /// Those of [`UdpSocket::recv`].
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost, since nothing is consumed.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// # let alice = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let bob = UdpSocket::bind("127.0.0.1:0").await?;
    /// alice.connect(bob.local_addr()?).await?;
    /// alice.send(b"x").await?;
    /// assert_eq!(bob.peek(&mut [0; 8]).await?, 1);
    /// assert_eq!(bob.recv(&mut [0; 8]).await?, 1);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.io(Direction::Read, |socket| socket.peek(buf)).await
    }

    /// Whether the socket may send to broadcast addresses.
    ///
    /// # Errors
    ///
    /// If the operating system does not tell.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert!(!socket.broadcast()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn broadcast(&self) -> io::Result<bool> {
        self.socket.get().broadcast()
    }

    /// Sets whether the socket may send to broadcast addresses.
    ///
    /// # Errors
    ///
    /// If the operating system refuses the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_broadcast(true)?;
    /// assert!(socket.broadcast()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.socket.get().set_broadcast(broadcast)
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
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_ne!(socket.ttl()?, 0);
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
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.set_ttl(10)?;
    /// assert_eq!(socket.ttl()?, 10);
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
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
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
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?.into_std();
    /// socket.set_nonblocking(false)?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn into_std(self) -> std::net::UdpSocket {
        self.socket.into_inner()
    }
}

/// Hands the socket to the runtime of the current thread, and puts it into non-blocking mode.
impl TryFrom<std::net::UdpSocket> for UdpSocket {
    type Error = io::Error;

    fn try_from(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        socket.set_nonblocking(true)?;
        Ok(UdpSocket { socket: Registered::new(runtime::reactor(), socket)? })
    }
}

impl From<UdpSocket> for std::net::UdpSocket {
    fn from(socket: UdpSocket) -> std::net::UdpSocket {
        socket.into_std()
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}
