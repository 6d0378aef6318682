//! Sockets: the names and signatures of [`std::net`], with every call that may wait made async.
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
    ToSocketAddrs,
};

pub use tcp_listener::{Incoming, TcpListener};
pub use tcp_stream::TcpStream;
pub use udp::UdpSocket;
#[cfg(unix)]
#[cfg_attr(docsrs, doc(cfg(unix)))]
pub use unix::{UnixDatagram, UnixListener, UnixStream};

use std::io;

use crate::scheduler;

/// All addresses of `addrs`. Addresses in figures are there at once; a name is looked up by the operating
/// system, which blocks.
///
/// Done in place: if it takes long, the scheduler gives the processor to another thread, so the look-up needs
/// no thread pool.
fn resolve<A: ToSocketAddrs>(addrs: A) -> io::Result<Vec<SocketAddr>> {
    scheduler::block_in_place(|| addrs.to_socket_addrs().map(Iterator::collect))
}

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
