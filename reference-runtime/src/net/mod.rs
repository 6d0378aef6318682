//! Sockets: the names and signatures of [`std::net`], with every call that may wait made async.
//!
//! What std's sockets lack has the crate socket2: `SockRef::from(&stream)` takes each of these, for the linger, the keep-alive
//! and the sizes of buffers. Time limits of a socket (`set_read_timeout`) are not here, since they act on calls that
//! block: put [`time::timeout`](crate::time::timeout) around what is to be limited.
//!
//! A socket belongs to the runtime it is opened in. If that runtime shuts down, operations that would wait
//! fail.
//!
//! Reading and writing of streams goes through [`AsyncRead`](futures::io::AsyncRead) and
//! [`AsyncWrite`](futures::io::AsyncWrite), which each stream implements twice: for itself and for a shared
//! reference, so that one task can read while another writes. Bring `futures::io::{AsyncReadExt,
//! AsyncWriteExt}` into scope for the methods one calls.
//!
//! # Examples
//!
//! An echo server that serves one connection, and its client:
//!
//! ```
//! use futures::io::{AsyncReadExt, AsyncWriteExt};
//! use reference_runtime::{net::{TcpListener, TcpStream}, task};
//!
//! # fn main() -> std::io::Result<()> {
//! # reference_runtime::block_on(async {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let addr = listener.local_addr()?;
//!
//! let server = task::spawn(async move {
//!     let (stream, _) = listener.accept().await?;
//!     futures::io::copy(&stream, &mut &stream).await
//! });
//!
//! let mut stream = TcpStream::connect(addr).await?;
//! stream.write_all(b"hello").await?;
//! stream.close().await?;
//! let mut echo = String::new();
//! stream.read_to_string(&mut echo).await?;
//!
//! assert_eq!(echo, "hello");
//! assert_eq!(server.await?, 5);
//! # Ok(())
//! # })
//! # }
//! ```

mod addr;
mod descriptor;
mod multicast;
mod stream;
mod tcp_listener;
mod tcp_stream;
mod udp;
#[cfg(unix)]
pub mod unix;

pub use std::net::{
    AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6,
};

pub use addr::ToSocketAddrs;
pub use tcp_listener::{Incoming, IntoIncoming, TcpListener};
pub use tcp_stream::TcpStream;
pub use udp::UdpSocket;
#[cfg(unix)]
#[cfg_attr(docsrs, doc(cfg(unix)))]
pub use unix::{UnixDatagram, UnixListener, UnixStream};

use std::io;

use addr::resolve;

/// The first success of `open` on the addresses of `addrs`, or its last error.
fn first_of<A: ToSocketAddrs, T>(
    addrs: A,
    mut open: impl FnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut result = Err(no_address());
    for addr in resolve(addrs)? {
        result = open(addr);
        if result.is_ok() {
            break;
        }
    }
    result
}

fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "there is no address to use; give at least one")
}

#[cfg(test)]
mod tests;
