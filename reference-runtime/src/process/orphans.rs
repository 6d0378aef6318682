//! Programs whose [`Child`](super::Child) was dropped before they ended. Somebody has to fetch their status, or the system
//! keeps an entry for each until this process ends: a zombie.

use std::process::Child;
use std::sync::{Mutex, PoisonError};

use crate::runtime::Handle;

/// Those for whom no task waits. Looked through when a program is started or dropped.
static ORPHANS: Mutex<Vec<Child>> = Mutex::new(Vec::new());

/// Sees to it that the status of `child` is fetched when it ends.
pub(super) fn adopt(child: Child) {
    reap();
    let orphan = Orphan(Some(child));
    // Without a runtime none is started for this: it would keep threads for the rest of the program.
    let Ok(runtime) = Handle::try_current() else { return drop(orphan) };
    runtime.spawn(orphan.wait()).detach();
}

/// Fetches the status of those that have ended meanwhile.
pub(super) fn reap() {
    let mut orphans = ORPHANS.lock().unwrap_or_else(PoisonError::into_inner);
    // What cannot be asked is not ours any more: somebody has waited for all children of this process.
    orphans.retain_mut(|orphan| matches!(orphan.try_wait(), Ok(None)));
}

/// One that a task waits for. If the task is cancelled, with its runtime, the list gets it back.
struct Orphan(Option<Child>);

impl Orphan {
    async fn wait(mut self) {
        if let Some(child) = &mut self.0 {
            let ended = super::child::wait_for(child).await;
            if ended.is_ok() {
                self.0 = None;
            }
        }
    }
}

impl Drop for Orphan {
    fn drop(&mut self) {
        let Some(mut child) = self.0.take() else { return };
        if matches!(child.try_wait(), Ok(None)) {
            ORPHANS.lock().unwrap_or_else(PoisonError::into_inner).push(child);
        }
    }
}
