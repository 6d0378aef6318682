//! [`Command`].

use std::ffi::OsStr;
use std::future::Future;
use std::io;
use std::path::Path;
use std::process::{CommandArgs, CommandEnvs, ExitStatus, Output, Stdio};

use super::{Child, orphans};

/// Builds and starts other programs, as [`std::process::Command`] does.
///
/// ```
/// # #[cfg(unix)]
/// # reference_runtime::block_on(async {
/// use reference_runtime::process::Command;
///
/// let status = Command::new("true").status().await?;
/// assert!(status.success());
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Command {
    command: std::process::Command,
    kill_on_drop: bool,
    /// Which streams the user has decided about. [`Command::output`] decides about the others.
    is_set: Streams,
}

#[derive(Clone, Copy, Debug, Default)]
struct Streams {
    stdin: bool,
    stdout: bool,
    stderr: bool,
}

impl Command {
    /// A command that starts `program`, with the arguments, environment, folder and streams that
    /// [`std::process::Command::new`] begins with.
    ///
    /// ```
    /// use reference_runtime::process::Command;
    ///
    /// let command = Command::new("ls");
    /// assert_eq!(command.as_std().get_program(), "ls");
    /// ```
    pub fn new(program: impl AsRef<OsStr>) -> Command {
        std::process::Command::new(program).into()
    }

    /// The program, as it was named.
    ///
    /// ```
    /// use reference_runtime::process::Command;
    ///
    /// assert_eq!(Command::new("true").get_program(), "true");
    /// ```
    pub fn get_program(&self) -> &OsStr {
        self.command.get_program()
    }

    /// The arguments, in order.
    ///
    /// ```
    /// use reference_runtime::process::Command;
    ///
    /// assert!(Command::new("echo").args(["a", "b"]).get_args().eq(["a", "b"]));
    /// ```
    pub fn get_args(&self) -> CommandArgs<'_> {
        self.command.get_args()
    }

    /// What was set in the environment, and taken out of it.
    ///
    /// ```
    /// use reference_runtime::process::Command;
    ///
    /// assert_eq!(Command::new("env").env("A", "1").get_envs().count(), 1);
    /// ```
    pub fn get_envs(&self) -> CommandEnvs<'_> {
        self.command.get_envs()
    }

    /// The folder that the program starts in, if it was set.
    ///
    /// ```
    /// use reference_runtime::process::Command;
    ///
    /// assert_eq!(Command::new("pwd").get_current_dir(), None);
    /// ```
    pub fn get_current_dir(&self) -> Option<&Path> {
        self.command.get_current_dir()
    }

    /// The command, to start it with std.
    ///
    /// ```
    /// use reference_runtime::process::Command;
    ///
    /// let command: std::process::Command = Command::new("true").into_std();
    /// assert_eq!(command.get_program(), "true");
    /// ```
    pub fn into_std(self) -> std::process::Command {
        self.command
    }

    /// The command as std knows it, for settings that this type has no method for.
    ///
    /// ```
    /// use reference_runtime::process::Command;
    ///
    /// let mut command = Command::new("ls");
    /// command.arg("-l");
    /// assert_eq!(command.as_std().get_args().count(), 1);
    /// ```
    pub fn as_std(&self) -> &std::process::Command {
        &self.command
    }

    /// As [`Command::as_std`], to change it. Streams are better set through this type: [`Command::output`] must know of them.
    ///
    /// ```
    /// use reference_runtime::process::Command;
    ///
    /// let mut command = Command::new("ls");
    /// #[cfg(unix)]
    /// std::os::unix::process::CommandExt::arg0(command.as_std_mut(), "list");
    /// ```
    pub fn as_std_mut(&mut self) -> &mut std::process::Command {
        &mut self.command
    }

    /// Adds an argument.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::Command;
    ///
    /// let output = Command::new("echo").arg("one").arg("two").output().await?;
    /// assert_eq!(output.stdout, b"one two\n");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn arg(&mut self, arg: impl AsRef<OsStr>) -> &mut Command {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    ///
    /// ```
    /// use reference_runtime::process::Command;
    ///
    /// let mut command = Command::new("ls");
    /// command.args(["-l", "-a"]);
    /// assert_eq!(command.as_std().get_args().count(), 2);
    /// ```
    pub fn args(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Command {
        self.command.args(args);
        self
    }

    /// Sets a variable of the environment.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::Command;
    ///
    /// let output = Command::new("sh").args(["-c", "echo $WHO"]).env("WHO", "me").output().await?;
    /// assert_eq!(output.stdout, b"me\n");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn env(&mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Command {
        self.command.env(key, value);
        self
    }

    /// Sets variables of the environment.
    ///
    /// ```
    /// use reference_runtime::process::Command;
    ///
    /// let mut command = Command::new("ls");
    /// command.envs([("LANG", "C"), ("TZ", "UTC")]);
    /// assert_eq!(command.as_std().get_envs().count(), 2);
    /// ```
    pub fn envs(
        &mut self,
        variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
    ) -> &mut Command {
        self.command.envs(variables);
        self
    }

    /// Takes a variable out of the environment that the program inherits.
    ///
    /// ```
    /// use reference_runtime::process::Command;
    ///
    /// let mut command = Command::new("ls");
    /// command.env_remove("PATH");
    /// assert_eq!(command.as_std().get_envs().next(), Some(("PATH".as_ref(), None)));
    /// ```
    pub fn env_remove(&mut self, key: impl AsRef<OsStr>) -> &mut Command {
        self.command.env_remove(key);
        self
    }

    /// Lets the program inherit no variable of the environment.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::Command;
    ///
    /// let output = Command::new("/bin/sh").args(["-c", "echo $HOME"]).env_clear().output().await?;
    /// assert_eq!(output.stdout, b"\n");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn env_clear(&mut self) -> &mut Command {
        self.command.env_clear();
        self
    }

    /// Sets the folder in which the program starts.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::Command;
    ///
    /// let output = Command::new("pwd").current_dir("/").output().await?;
    /// assert_eq!(output.stdout, b"/\n");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub fn current_dir(&mut self, dir: impl AsRef<Path>) -> &mut Command {
        self.command.current_dir(dir);
        self
    }

    /// Sets where the program reads from: inherited by default, nothing for [`Command::output`].
    ///
    /// ```
    /// use reference_runtime::process::{Command, Stdio};
    ///
    /// let mut command = Command::new("cat");
    /// command.stdin(Stdio::null());
    /// ```
    pub fn stdin(&mut self, stream: impl Into<Stdio>) -> &mut Command {
        self.is_set.stdin = true;
        self.command.stdin(stream);
        self
    }

    /// Sets where the program writes to: inherited by default, a pipe for [`Command::output`].
    ///
    /// ```
    /// use reference_runtime::process::{Command, Stdio};
    ///
    /// let mut command = Command::new("ls");
    /// command.stdout(Stdio::null());
    /// ```
    pub fn stdout(&mut self, stream: impl Into<Stdio>) -> &mut Command {
        self.is_set.stdout = true;
        self.command.stdout(stream);
        self
    }

    /// Sets where the program complains: inherited by default, a pipe for [`Command::output`].
    ///
    /// ```
    /// use reference_runtime::process::{Command, Stdio};
    ///
    /// let mut command = Command::new("ls");
    /// command.stderr(Stdio::null());
    /// ```
    pub fn stderr(&mut self, stream: impl Into<Stdio>) -> &mut Command {
        self.is_set.stderr = true;
        self.command.stderr(stream);
        self
    }

    /// Whether the program is killed when its [`Child`] is dropped before it has ended, and with that when the future of
    /// [`Command::status`] or [`Command::output`] is. It is not by default.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::{process::Command, time};
    /// use std::time::Duration;
    ///
    /// let mut sleep = Command::new("sleep");
    /// sleep.arg("3600").kill_on_drop(true);
    /// assert!(time::timeout(Duration::from_millis(5), sleep.status()).await.is_err());
    /// # });
    /// ```
    pub fn kill_on_drop(&mut self, kill: bool) -> &mut Command {
        self.kill_on_drop = kill;
        self
    }

    /// Starts the program, and gives the means to talk to it and to wait for it.
    ///
    /// Starting takes a fraction of a millisecond in which this thread waits for the system; it is done in place.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use futures::io::{AsyncReadExt, AsyncWriteExt};
    /// use reference_runtime::process::{Command, Stdio};
    ///
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// let mut stdin = child.stdin.take().expect("it is piped");
    /// stdin.write_all(b"meow").await?;
    /// drop(stdin); // the end of the input
    /// let mut said = String::new();
    /// child.stdout.take().expect("it is piped").read_to_string(&mut said).await?;
    /// assert_eq!(said, "meow");
    /// assert!(child.wait().await?.success());
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`std::process::Command::spawn`]: there is no such program, or it may not be started. And if a pipe cannot
    /// be watched, since the process has too many open files; the program is killed then.
    pub fn spawn(&mut self) -> io::Result<Child> {
        orphans::reap();
        let child = crate::scheduler::block_in_place(|| self.command.spawn())?;
        Child::new(child, self.kill_on_drop)
    }

    /// Starts the program now, and waits for its end. Its streams are inherited, unless they were set.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::Command;
    ///
    /// let status = Command::new("sh").args(["-c", "exit 3"]).status().await?;
    /// assert_eq!(status.code(), Some(3));
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Command::spawn`] and [`Child::wait`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the [`Child`]: the program runs on, or see [`Command::kill_on_drop`].
    pub fn status(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + use<> {
        let child = self.spawn();
        async { child?.wait().await }
    }

    /// Starts the program now, waits for its end, and collects what it writes. Unless they were set, its input is empty, and
    /// both of its outputs are collected.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # reference_runtime::block_on(async {
    /// use reference_runtime::process::Command;
    ///
    /// let output = Command::new("sh").args(["-c", "echo out; echo err >&2"]).output().await?;
    /// assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"out\n"[..], &b"err\n"[..]));
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Command::spawn`] and [`Child::wait_with_output`].
    ///
    /// # Cancel safety
    ///
    /// What was collected is lost. The program runs on, or see [`Command::kill_on_drop`].
    pub fn output(&mut self) -> impl Future<Output = io::Result<Output>> + use<> {
        let Streams { stdin, stdout, stderr } = self.is_set;
        if !stdin {
            self.command.stdin(Stdio::null());
        }
        if !stdout {
            self.command.stdout(Stdio::piped());
        }
        if !stderr {
            self.command.stderr(Stdio::piped());
        }
        let child = self.spawn();
        // For the next start of this command.
        if !stdin {
            self.command.stdin(Stdio::inherit());
        }
        if !stdout {
            self.command.stdout(Stdio::inherit());
        }
        if !stderr {
            self.command.stderr(Stdio::inherit());
        }
        async { child?.wait_with_output().await }
    }
}

/// Streams that were set on it stay as they are, but [`Command::output`] takes them for not set.
impl From<std::process::Command> for Command {
    fn from(command: std::process::Command) -> Command {
        Command { command, kill_on_drop: false, is_set: Streams::default() }
    }
}
