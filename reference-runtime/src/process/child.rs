//! [`Child`].

use std::fmt;
#[cfg(not(unix))]
use std::future::Future;
use std::io;
use std::process::{ExitStatus, Output};
use std::time::Duration;

use futures::io::{AsyncRead, AsyncReadExt};

use super::orphans;
use super::pipes::{ChildStderr, ChildStdin, ChildStdout};
use crate::time;

/// A program that was started by [`Command::spawn`](super::Command::spawn).
///
/// Dropping it neither stops the program nor waits for it; see [the module](super) for what happens when it ends, and
/// [`Command::kill_on_drop`](super::Command::kill_on_drop).
///
/// ```
/// # #[cfg(unix)]
/// # reference_runtime::block_on(async {
/// use reference_runtime::process::{Child, Command};
///
/// let mut child: Child = Command::new("true").spawn()?;
/// assert!(child.wait().await?.success());
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct Child {
    /// The other end of what the program reads, if it was set to [`Stdio::piped`](super::Stdio::piped) and is still here.
    pub stdin: Option<ChildStdin>,
    /// The other end of what the program writes, likewise.
    pub stdout: Option<ChildStdout>,
    /// The other end of what the program complains to, likewise.
    pub stderr: Option<ChildStderr>,
    running: Running,
}

/// A program and what becomes of it when it is dropped.
struct Running {
    /// `None` only while it is dropped.
    child: Option<std::process::Child>,
    kill_on_drop: bool,
}

impl Running {
    fn child(&mut self) -> &mut std::process::Child {
        self.child.as_mut().expect("it leaves when this is dropped")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        if matches!(child.try_wait(), Ok(Some(_))) {
            return;
        }
        if self.kill_on_drop {
            // An error means that it has just ended.
            let _ = child.kill();
        }
        orphans::adopt(child);
    }
}

impl Child {
    pub(super) fn new(mut child: std::process::Child, kill_on_drop: bool) -> io::Result<Child> {
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        // Should a pipe not be had, nobody would ever talk to this program.
        let mut running = Running { child: Some(child), kill_on_drop: true };
        let stdin = stdin.map(ChildStdin::try_from).transpose()?;
        let stdout = stdout.map(ChildStdout::try_from).transpose()?;
        let stderr = stderr.map(ChildStderr::try_from).transpose()?;
        running.kill_on_drop = kill_on_drop;
        Ok(Child { stdin, stdout, stderr, running })
    }

    /// The number by which the system knows the program. After its end the system may give it to another one.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::Command;
    ///
    /// let mut child = Command::new("true").spawn()?;
    /// assert_ne!(child.id(), std::process::id());
    /// child.wait().await?;
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn id(&self) -> u32 {
        self.running.child.as_ref().expect("it leaves when this is dropped").id()
    }

    /// Stops the program, as [`std::process::Child::kill`] does, without waiting for its end. A program that has ended is
    /// left alone.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::Command;
    ///
    /// let mut child = Command::new("sleep").arg("3600").spawn()?;
    /// child.kill()?;
    /// assert!(!child.wait().await?.success());
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// If the program may not be stopped by this process.
    pub fn kill(&mut self) -> io::Result<()> {
        self.running.child().kill()
    }

    /// Another name for [`Child::kill`], which tokio has; tokio's `kill` waits for the end, too.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::Command;
    ///
    /// let mut child = Command::new("sleep").arg("3600").spawn()?;
    /// child.start_kill()?;
    /// assert!(!child.wait().await?.success());
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Child::kill`].
    pub fn start_kill(&mut self) -> io::Result<()> {
        self.kill()
    }

    /// How the program ended, if it has; does not wait.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::Command;
    ///
    /// let mut child = Command::new("sleep").arg("3600").spawn()?;
    /// assert!(child.try_wait()?.is_none());
    /// child.kill()?;
    /// child.wait().await?;
    /// assert!(child.try_wait()?.is_some());
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// If the system does not tell.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.running.child().try_wait()
    }

    /// Another name for [`Child::try_wait`], which the crate async-process has.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::Command;
    ///
    /// let mut child = Command::new("true").spawn()?;
    /// let status = child.wait().await?;
    /// assert_eq!(child.try_status()?, Some(status));
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Child::try_wait`].
    pub fn try_status(&mut self) -> io::Result<Option<ExitStatus>> {
        self.try_wait()
    }

    /// Waits for the end of the program, and says how it ended. Asked again, it says so again.
    ///
    /// As with std, its input is closed first if it is still here, so that a program that reads to the end comes to it.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::{Command, Stdio};
    ///
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).spawn()?;
    /// assert!(child.wait().await?.success());
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// If the system does not tell, or if the runtime shuts down meanwhile.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost but the input, which was closed.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        self.running.end().await
    }

    /// Another name for [`Child::wait`], which the crate async-process has.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::Command;
    ///
    /// assert!(Command::new("true").spawn()?.status().await?.success());
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Child::wait`].
    ///
    /// # Cancel safety
    ///
    /// As [`Child::wait`].
    pub async fn status(&mut self) -> io::Result<ExitStatus> {
        self.wait().await
    }

    /// Closes the input, collects what the program writes to pipes until it closes them, and waits for its end. Both outputs
    /// are read at the same time, so a full pipe holds nobody up.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::{Command, Stdio};
    ///
    /// let child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// assert_eq!(child.wait_with_output().await?.stdout, b"hello\n");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Child::wait`], or if a pipe cannot be read.
    ///
    /// # Cancel safety
    ///
    /// What was collected is lost, and the child is dropped.
    pub async fn wait_with_output(mut self) -> io::Result<Output> {
        drop(self.stdin.take());
        let (stdout, stderr) = (self.stdout.take(), self.stderr.take());
        let (stdout, stderr) = (apart(everything(stdout)), apart(everything(stderr)));
        let (stdout, stderr) = futures::future::try_join(stdout, stderr).await?;
        let status = self.wait().await?;
        Ok(Output { status, stdout, stderr })
    }

    /// Another name for [`Child::wait_with_output`], which the crate async-process has.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::{Command, Stdio};
    ///
    /// let child = Command::new("pwd").current_dir("/").stdout(Stdio::piped()).spawn()?;
    /// assert_eq!(child.output().await?.stdout, b"/\n");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Child::wait_with_output`].
    ///
    /// # Cancel safety
    ///
    /// As [`Child::wait_with_output`].
    pub async fn output(self) -> io::Result<Output> {
        self.wait_with_output().await
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").field("id", &self.id()).finish_non_exhaustive()
    }
}

async fn everything(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// Has a read of one pipe go on beside that of another.
#[cfg(unix)]
fn apart<F>(read: F) -> F {
    read
}

/// Has a read of one pipe go on beside that of another: in a task of its own, since it blocks in place, and a program that
/// waits for room in the other pipe would wait for ever.
#[cfg(not(unix))]
fn apart<F>(read: F) -> crate::task::JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    crate::task::spawn(read)
}

impl Running {
    /// Waits for the end.
    async fn end(&mut self) -> io::Result<ExitStatus> {
        wait_for(self.child()).await
    }
}

/// Waits for the end of `child`. Dropping the future changes nothing.
pub(super) async fn wait_for(child: &mut std::process::Child) -> io::Result<ExitStatus> {
    if let Some(status) = child.try_wait()? {
        return Ok(status);
    }
    #[cfg(target_os = "linux")]
    if let Some(pidfd) = descriptor(child) {
        use crate::reactor::{Direction, Registered};

        // Of the runtime that waits, which need not be the one in which the program was started.
        let watched = Registered::new(crate::runtime::reactor(), pidfd)?;
        let has_ended = |_: &_| child.try_wait()?.ok_or_else(|| io::ErrorKind::WouldBlock.into());
        return watched.io(Direction::Read, has_ended).await;
    }
    look_at(child).await
}

/// A descriptor of `child` that is readable once it has ended. `None`: this kernel has none, or does not give it.
#[cfg(target_os = "linux")]
fn descriptor(child: &std::process::Child) -> Option<std::os::fd::OwnedFd> {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    // We have not fetched its status, so nobody else can have its number.
    let pid = Pid::from_raw(i32::try_from(child.id()).ok()?)?;
    pidfd_open(pid, PidfdFlags::NONBLOCK).ok()
}

/// Looks at `child` at growing intervals.
async fn look_at(child: &mut std::process::Child) -> io::Result<ExitStatus> {
    let mut interval = FIRST_INTERVAL;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        time::sleep(interval).await;
        interval = (interval * 2).min(LONGEST_INTERVAL);
    }
}

const FIRST_INTERVAL: Duration = Duration::from_millis(1);
/// A person does not notice it, and it costs 20 system calls a second.
const LONGEST_INTERVAL: Duration = Duration::from_millis(50);

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_way_of_systems_without_a_descriptor_finds_the_end_too() {
        let mut child = std::process::Command::new("sh").args(["-c", "sleep 0.02; exit 3"]).spawn().unwrap();
        let status = crate::block_on(look_at(&mut child)).unwrap();
        assert_eq!(status.code(), Some(3));
    }
}
