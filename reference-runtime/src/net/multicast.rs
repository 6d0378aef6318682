//! Multicast, with UDP: which groups a socket belongs to, and how far its packets go.

use std::io;

use super::{Ipv4Addr, Ipv6Addr, UdpSocket};

impl UdpSocket {
    /// Whether multicast packets come back to this machine, with IPv4.
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
    /// assert!(socket.multicast_loop_v4()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.socket.get().multicast_loop_v4()
    }

    /// Sets whether multicast packets come back to this machine, with IPv4.
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
    /// socket.set_multicast_loop_v4(false)?;
    /// assert!(!socket.multicast_loop_v4()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_multicast_loop_v4(&self, multicast_loop_v4: bool) -> io::Result<()> {
        self.socket.get().set_multicast_loop_v4(multicast_loop_v4)
    }

    /// The time to live of multicast packets, with IPv4.
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
    /// assert_eq!(socket.multicast_ttl_v4()?, 1);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.socket.get().multicast_ttl_v4()
    }

    /// Sets the time to live of multicast packets, with IPv4.
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
    /// socket.set_multicast_ttl_v4(10)?;
    /// assert_eq!(socket.multicast_ttl_v4()?, 10);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_multicast_ttl_v4(&self, multicast_ttl_v4: u32) -> io::Result<()> {
        self.socket.get().set_multicast_ttl_v4(multicast_ttl_v4)
    }

    /// Whether multicast packets come back to this machine, with IPv6.
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
    /// if let Ok(socket) = UdpSocket::bind("[::1]:0").await {
    ///     assert!(socket.multicast_loop_v6()?);
    /// }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.socket.get().multicast_loop_v6()
    }

    /// Sets whether multicast packets come back to this machine, with IPv6.
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
    /// if let Ok(socket) = UdpSocket::bind("[::1]:0").await {
    ///     socket.set_multicast_loop_v6(false)?;
    ///     assert!(!socket.multicast_loop_v6()?);
    /// }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn set_multicast_loop_v6(&self, multicast_loop_v6: bool) -> io::Result<()> {
        self.socket.get().set_multicast_loop_v6(multicast_loop_v6)
    }

    /// Joins the multicast group `multiaddr` on the interface with the address `interface`; the unspecified
    /// address lets the operating system choose one.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// use std::net::Ipv4Addr;
    /// let socket = UdpSocket::bind("0.0.0.0:0").await?;
    /// let group = Ipv4Addr::new(224, 0, 0, 251);
    /// socket.join_multicast_v4(group, Ipv4Addr::UNSPECIFIED)?;
    /// socket.leave_multicast_v4(group, Ipv4Addr::UNSPECIFIED)?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn join_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.socket.get().join_multicast_v4(&multiaddr, &interface)
    }

    /// Leaves a group joined with [`UdpSocket::join_multicast_v4`].
    ///
    /// # Errors
    ///
    /// If the socket has not joined it.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::UdpSocket;
    /// use std::net::Ipv4Addr;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// let socket = UdpSocket::bind("0.0.0.0:0").await?;
    /// let group = Ipv4Addr::new(224, 0, 0, 251);
    /// // A machine without a network refuses.
    /// if socket.join_multicast_v4(group, Ipv4Addr::UNSPECIFIED).is_ok() {
    ///     socket.leave_multicast_v4(group, Ipv4Addr::UNSPECIFIED)?;
    /// }
    /// assert!(socket.leave_multicast_v4(group, Ipv4Addr::UNSPECIFIED).is_err());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn leave_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.socket.get().leave_multicast_v4(&multiaddr, &interface)
    }

    /// Joins the multicast group `multiaddr` on the interface number `interface`; zero lets the operating
    /// system choose one.
    ///
    /// # Errors
    ///
    /// If the operating system refuses.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use reference_runtime::net::UdpSocket;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// use std::net::Ipv6Addr;
    /// let socket = UdpSocket::bind("[::]:0").await?;
    /// let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
    /// socket.join_multicast_v6(&group, 0)?;
    /// socket.leave_multicast_v6(&group, 0)?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket.get().join_multicast_v6(multiaddr, interface)
    }

    /// Leaves a group joined with [`UdpSocket::join_multicast_v6`].
    ///
    /// # Errors
    ///
    /// If the socket has not joined it.
    ///
    /// # Examples
    ///
    /// ```
    /// use reference_runtime::net::UdpSocket;
    /// use std::net::Ipv6Addr;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # reference_runtime::block_on(async {
    /// if let Ok(socket) = UdpSocket::bind("[::]:0").await {
    ///     let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
    ///     // A machine without a network refuses.
    ///     if socket.join_multicast_v6(&group, 0).is_ok() {
    ///         socket.leave_multicast_v6(&group, 0)?;
    ///     }
    ///     assert!(socket.leave_multicast_v6(&group, 0).is_err());
    /// }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket.get().leave_multicast_v6(multiaddr, interface)
    }
}
