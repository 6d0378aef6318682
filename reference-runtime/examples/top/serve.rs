//! The side of the service: answers whoever looks, on a Unix socket.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use reference_runtime::Handle;

use crate::sample::Sampler;

/// What a viewer sends for each frame that it wants: it sets the pace.
pub(crate) const ASK: &[u8] = b"?\n";

/// The socket of a service. Dropping it removes the file; viewers that are connected go on.
pub(crate) struct Socket(PathBuf);

impl Socket {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Serves the state of `runtime` at `path`, on threads of its own.
///
/// It keeps a recording going, so a program that records traces itself cannot have both at once.
///
/// # Errors
///
/// If the socket cannot be made, as when another process listens there, or a recording is going on.
pub(crate) fn serve_metrics(runtime: Handle, title: &str, path: PathBuf) -> io::Result<Socket> {
    let sampler = Sampler::start(runtime, title).map_err(io::Error::other)?;
    let sampler = Arc::new(Mutex::new(sampler));
    // What a process left behind that was killed.
    if UnixStream::connect(&path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
        std::fs::remove_file(&path)?;
    }
    let listener = UnixListener::bind(&path)?;
    thread::Builder::new().name("top".to_owned()).spawn(move || {
        for viewer in listener.incoming().flatten() {
            let sampler = Arc::clone(&sampler);
            // A viewer that went away ends its thread; one that cannot have a thread is hung up on.
            let _ = thread::Builder::new()
                .name("top-viewer".to_owned())
                .spawn(move || drop(answer(viewer, &sampler)));
        }
    })?;
    Ok(Socket(path))
}

fn answer(mut viewer: UnixStream, sampler: &Mutex<Sampler>) -> io::Result<()> {
    let mut asked = [0; ASK.len()];
    loop {
        viewer.read_exact(&mut asked)?;
        let frame = sampler.lock().unwrap_or_else(PoisonError::into_inner).frame();
        writeln!(viewer, "{frame}")?;
    }
}
