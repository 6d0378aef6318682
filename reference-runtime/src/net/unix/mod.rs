//! Sockets of the Unix domain: the names and signatures of [`std::os::unix::net`], async.
//!
//! The same types are also in [`net`](super).

use std::time::Duration;

mod datagram;
mod listener;
mod stream;

pub use std::os::unix::net::SocketAddr;

pub use datagram::UnixDatagram;
pub use listener::{Incoming, UnixListener};
pub use stream::UnixStream;

/// How long to wait at first before knocking again at a receiver whose queue is full. No event of our own
/// socket tells when there is room again, so it is a compromise: long beside what an attempt costs, short
/// beside what serving a queue takes.
const FIRST_PAUSE: Duration = Duration::from_millis(1);

/// How long to wait at most: a receiver that is slower than this is not made slower by it.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
