//! [`ToSocketAddrs`].

use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;

use crate::scheduler;

/// What can be made into socket addresses: all for which std has its trait of the same name.
///
/// Addresses in figures are there at once. A name is looked up by the operating system, which blocks. That is done in place:
/// if it takes long, the scheduler gives the processor to another thread, so the look-up needs no pool of threads, and only
/// this task waits.
///
/// ```
/// use reference_runtime::net::ToSocketAddrs;
///
/// # reference_runtime::block_on(async {
/// let addrs: Vec<_> = ("localhost", 80).to_socket_addrs().await?.collect();
/// assert!(addrs.iter().all(|addr| addr.ip().is_loopback() && addr.port() == 80));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub trait ToSocketAddrs {
    /// The addresses, one after the other.
    type Iter: Iterator<Item = SocketAddr>;

    /// Looks the addresses up. The future is ready at once: the waiting, if any, is done in this call.
    ///
    /// ```
    /// use reference_runtime::net::ToSocketAddrs;
    ///
    /// # reference_runtime::block_on(async {
    /// let mut addrs = "[::1]:443".to_socket_addrs().await?;
    /// assert!(addrs.next().is_some_and(|addr| addr.is_ipv6()));
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// If it is no address, or a name that nobody knows.
    fn to_socket_addrs(&self) -> Ready<io::Result<Self::Iter>>;
}

impl<A: std::net::ToSocketAddrs + ?Sized> ToSocketAddrs for A {
    type Iter = A::Iter;

    fn to_socket_addrs(&self) -> Ready<io::Result<A::Iter>> {
        ready(scheduler::block_in_place(|| std::net::ToSocketAddrs::to_socket_addrs(self)))
    }
}

/// All addresses of `addrs`.
pub(super) fn resolve<A: ToSocketAddrs>(addrs: A) -> io::Result<Vec<SocketAddr>> {
    addrs.to_socket_addrs().into_inner().map(Iterator::collect)
}
