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
