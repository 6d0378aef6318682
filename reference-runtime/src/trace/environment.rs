//! The variable `REFERENCE_RUNTIME_TRACE`: a recording of a program that knows nothing of it.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use super::{Recording, start};
use crate::primitive::{Mutex, lock, thread};

const VARIABLE: &str = "REFERENCE_RUNTIME_TRACE";
/// Time between two writes. Of a process that is killed so much is missing at most; and writing takes some tens of
/// milliseconds of a core for each million events.
const PERIOD: Duration = Duration::from_secs(5);

/// What the variable asks for. `None` once the last file was written.
struct Requested {
    path: PathBuf,
    /// Held while a file is written: two writers would write the same one.
    recording: Mutex<Option<Recording>>,
}

static REQUESTED: OnceLock<Option<Requested>> = OnceLock::new();

thread_local! {
    static LAST_WRITE: LastWrite = const { LastWrite };
}

/// Writes the file when the thread that has it ends.
struct LastWrite;

impl Drop for LastWrite {
    fn drop(&mut self) {
        if let Some(Some(requested)) = REQUESTED.get() {
            requested.write();
            // The process ends: whoever would write now would be stopped halfway.
            lock(&requested.recording).take();
        }
    }
}

/// A runtime starts: if it is the first, and the variable asks for it, the recording begins.
pub(crate) fn runtime_starts() {
    REQUESTED.get_or_init(|| {
        let requested = Requested::from_environment()?;
        LAST_WRITE.with(|_| ());
        let writer = thread::Builder::new().name("reference-runtime-trace".to_owned());
        // Without the thread the file is written at the ends alone.
        let _ = writer.spawn(|| {
            loop {
                thread::sleep(PERIOD);
                let Some(Some(requested)) = REQUESTED.get() else { continue };
                if !requested.write() {
                    return;
                }
            }
        });
        Some(requested)
    });
}

/// A runtime has been shut down.
pub(crate) fn runtime_ends() {
    if let Some(Some(requested)) = REQUESTED.get() {
        requested.write();
    }
}

impl Requested {
    fn from_environment() -> Option<Requested> {
        let path = PathBuf::from(std::env::var_os(VARIABLE).filter(|path| !path.is_empty())?);
        match start() {
            Ok(recording) => Some(Requested { path, recording: Mutex::new(Some(recording)) }),
            Err(error) => {
                eprintln!("reference-runtime: {VARIABLE} is set, but {error}");
                None
            }
        }
    }

    /// Writes what was recorded so far. False: the last file has been written.
    fn write(&self) -> bool {
        let recording = lock(&self.recording);
        let Some(recording) = recording.as_ref() else { return false };
        if let Err(error) = recording.snapshot().save(&self.path) {
            eprintln!("reference-runtime: {VARIABLE}: cannot write {}: {error}", self.path.display());
        }
        true
    }
}
