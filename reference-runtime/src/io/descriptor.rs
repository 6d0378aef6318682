//! What the operating system knows the standard streams by.

/// Implements the traits of the platform for a handle.
///
/// A macro, because the impls differ in nothing but the name.
#[cfg(unix)]
macro_rules! impl_descriptor {
    ($Handle:ty, $field:ident) => {
        impl std::os::fd::AsFd for $Handle {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.$field.as_fd()
            }
        }

        impl std::os::fd::AsRawFd for $Handle {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.$field.as_raw_fd()
            }
        }
    };
}

/// Implements the traits of the platform for a handle.
///
/// A macro, because the impls differ in nothing but the name.
#[cfg(windows)]
macro_rules! impl_descriptor {
    ($Handle:ty, $field:ident) => {
        impl std::os::windows::io::AsHandle for $Handle {
            fn as_handle(&self) -> std::os::windows::io::BorrowedHandle<'_> {
                self.$field.as_handle()
            }
        }

        impl std::os::windows::io::AsRawHandle for $Handle {
            fn as_raw_handle(&self) -> std::os::windows::io::RawHandle {
                self.$field.as_raw_handle()
            }
        }
    };
}

pub(super) use impl_descriptor;
