//! Signals: what the system, or a person at the keyboard, tells this process to do.
//!
//! [`ctrl_c`] waits for the request to stop that every system has. [`unix`] has the others.
//!
//! ```no_run
//! use reference_runtime::{block_on, signal};
//!
//! block_on(async {
//!     println!("press Ctrl-C to stop");
//!     signal::ctrl_c().await?;
//!     println!("stopping");
//!     std::io::Result::Ok(())
//! })
//! # .unwrap();
//! ```
//!
//! From the first call on, a signal that somebody has asked for does not do what it does by itself any more, such as ending
//! the process. That stays so when nobody listens any longer: what the signal did before may not be known. The handler of
//! another library for the same signal is called as well.

#[cfg(unix)]
#[cfg_attr(docsrs, doc(cfg(unix)))]
pub mod unix;

use std::io;

use signal_hook::SigId;

/// Waits for the next Ctrl-C: the signal `SIGINT` on Unix.
///
/// Listening begins with the first poll, so a Ctrl-C before that ends the process, unless somebody else listens. To miss none
/// between two calls, keep a [`Signal`](unix::Signal).
///
/// On Windows the request is looked for every 50 ms.
///
/// ```no_run
/// use reference_runtime::{block_on, signal};
///
/// block_on(signal::ctrl_c())?;
/// # std::io::Result::Ok(())
/// ```
///
/// # Errors
///
/// If no handler can be installed, or the process has too many open files; or if the runtime shuts down meanwhile.
///
/// # Cancel safety
///
/// A Ctrl-C that comes after the future was dropped, and before the next call, is lost, and does not end the process.
pub async fn ctrl_c() -> io::Result<()> {
    #[cfg(unix)]
    {
        let mut signal = unix::signal(unix::SignalKind::interrupt())?;
        signal
            .recv()
            .await
            .ok_or_else(|| io::Error::other("the runtime shut down; wait in one that is running"))
    }
    #[cfg(not(unix))]
    {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicBool, Ordering};
        use std::time::Duration;

        let came = Arc::new(AtomicBool::new(false));
        let _handler = Handler(signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&came))?);
        while !came.load(Ordering::SeqCst) {
            crate::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

/// What signal-hook has installed for us.
struct Handler(SigId);

impl Drop for Handler {
    fn drop(&mut self) {
        signal_hook::low_level::unregister(self.0);
    }
}
