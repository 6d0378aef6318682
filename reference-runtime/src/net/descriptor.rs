//! Access to what the operating system knows a socket by.

/// Implements the traits of the platform for sockets.
///
/// A macro, because the impls differ in nothing but the name.
#[cfg(unix)]
macro_rules! impl_descriptor {
    ($($Socket:ty),*) => {$(
        impl std::os::fd::AsFd for $Socket {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.socket.get().as_fd()
            }
        }

        impl std::os::fd::AsRawFd for $Socket {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.socket.get().as_raw_fd()
            }
        }
    )*};
}

/// Implements the traits of the platform for sockets.
///
/// A macro, because the impls differ in nothing but the name.
#[cfg(windows)]
macro_rules! impl_descriptor {
    ($($Socket:ty),*) => {$(
        impl std::os::windows::io::AsSocket for $Socket {
            fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
                self.socket.get().as_socket()
            }
        }

        impl std::os::windows::io::AsRawSocket for $Socket {
            fn as_raw_socket(&self) -> std::os::windows::io::RawSocket {
                self.socket.get().as_raw_socket()
            }
        }
    )*};
}

impl_descriptor!(super::TcpListener, super::TcpStream, super::UdpSocket);
#[cfg(unix)]
impl_descriptor!(super::UnixDatagram, super::UnixListener, super::UnixStream);

/// Implements the ways from and to an owned descriptor.
///
/// A macro, because the impls differ in nothing but the names.
#[cfg(unix)]
macro_rules! impl_owned {
    ($($Socket:ident, $Std:ty);*) => {$(
        /// Hands the socket to the runtime of the current thread, and puts it into non-blocking mode.
        impl TryFrom<std::os::fd::OwnedFd> for super::$Socket {
            type Error = std::io::Error;

            fn try_from(descriptor: std::os::fd::OwnedFd) -> std::io::Result<super::$Socket> {
                <$Std>::from(descriptor).try_into()
            }
        }
    )*};
}

#[cfg(unix)]
impl_owned!(
    TcpListener, std::net::TcpListener;
    TcpStream, std::net::TcpStream;
    UdpSocket, std::net::UdpSocket;
    UnixDatagram, std::os::unix::net::UnixDatagram;
    UnixListener, std::os::unix::net::UnixListener;
    UnixStream, std::os::unix::net::UnixStream
);

/// The way out of sockets that have no clones. A macro for the same reason.
#[cfg(unix)]
macro_rules! impl_into_owned {
    ($($Socket:ident),*) => {$(
        /// Takes the socket from the runtime, as its `into_std` does.
        impl From<super::$Socket> for std::os::fd::OwnedFd {
            fn from(socket: super::$Socket) -> std::os::fd::OwnedFd {
                socket.into_std().into()
            }
        }
    )*};
}

#[cfg(unix)]
impl_into_owned!(TcpListener, UdpSocket, UnixDatagram, UnixListener);

/// The way out of streams: those may have clones, so it may fail. A macro for the same reason.
#[cfg(unix)]
macro_rules! impl_try_into_owned {
    ($($Stream:ident),*) => {$(
        /// Takes the socket from the runtime, as its `into_std` does.
        impl TryFrom<super::$Stream> for std::os::fd::OwnedFd {
            type Error = std::io::Error;

            fn try_from(stream: super::$Stream) -> std::io::Result<std::os::fd::OwnedFd> {
                stream.into_std().map(Into::into)
            }
        }
    )*};
}

#[cfg(unix)]
impl_try_into_owned!(TcpStream, UnixStream);
