//! The traits by which libraries on the crate `futures` spawn, for runtimes and their handles.
//!
//! What they spawn are boxes, all of one type, so what the scheduler learns of one is held against all of them: a program
//! in which some of them block is better off with [`Handle::spawn`].

use std::panic::Location;

use futures::task::{FutureObj, Spawn, SpawnError};

use super::{Handle, Runtime};

/// For libraries that spawn through the trait of the crate `futures`; spawning itself is [`Handle::spawn`].
///
/// ```
/// use futures::task::{Spawn, SpawnExt};
///
/// fn start(spawner: impl Spawn) -> impl Future<Output = u32> {
///     spawner.spawn_with_handle(async { 7 }).unwrap()
/// }
///
/// let handle = reference_runtime::Handle::current();
/// assert_eq!(handle.block_on(start(&handle)), 7);
/// ```
impl Spawn for Handle {
    #[track_caller]
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.status()?;
        self.spawn_located(future, Location::caller()).detach();
        Ok(())
    }

    fn status(&self) -> Result<(), SpawnError> {
        if self.scheduler.is_closing() { Err(SpawnError::shutdown()) } else { Ok(()) }
    }
}

/// As for [`Handle`].
///
/// ```
/// use futures::task::SpawnExt;
///
/// let runtime = reference_runtime::Runtime::new()?;
/// let seven = runtime.spawn_with_handle(async { 7 }).unwrap();
/// assert_eq!(runtime.block_on(seven), 7);
/// # Ok::<(), std::io::Error>(())
/// ```
impl Spawn for Runtime {
    #[track_caller]
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.handle.spawn_obj(future)
    }

    fn status(&self) -> Result<(), SpawnError> {
        self.handle.status()
    }
}
