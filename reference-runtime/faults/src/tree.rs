//! A copy of the runtime that may be broken, and how its tests are run.

use crate::{Fault, Test};
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What is copied, below the top of the repository.
const PARTS: &[&str] = &[
    "README.md",
    "reference-runtime/Cargo.toml",
    "reference-runtime/src",
    "reference-runtime/tests",
    "reference-runtime/examples",
    "reference-runtime/macros",
];

/// How long a test may take that is to fail. One that would have failed later has failed all the same; a sound one is
/// given more.
const IMPATIENCE: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(300);

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It was stopped.
    Hung,
}

/// A copy of the runtime, below `target/faults`.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    original: PathBuf,
}

impl Tree {
    /// Copies the runtime that is below `root`.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written.
    pub fn of(root: &Path) -> Result<Tree> {
        let tree = Tree { root: root.join("target/faults"), original: root.to_owned() };
        for part in PARTS {
            copy(&root.join(part), &tree.root.join(part))?;
        }
        let manifest = fs::read_to_string(root.join("Cargo.toml")).context("the workspace has a manifest")?;
        let (before, rest) = manifest.split_once("members = [").context("it has members")?;
        let (_, after) = rest.split_once("\n[workspace.package]").context("they come before the package")?;
        let members = "members = [\"reference-runtime\", \"reference-runtime/macros\"]\n";
        let manifest = format!("{before}{members}\n[workspace.package]{after}");
        write_if_new(&tree.root.join("Cargo.toml"), manifest.as_bytes())?;
        let lock = tree.root.join("Cargo.lock");
        if !lock.exists() {
            fs::copy(root.join("Cargo.lock"), lock).context("the lock file can be copied")?;
        }
        Ok(tree)
    }

    /// Puts a fault into the copy.
    ///
    /// # Errors
    ///
    /// If the words that it replaces are not there once.
    pub fn plant(&self, fault: &Fault) -> Result<()> {
        let path = self.root.join("reference-runtime/src").join(fault.file);
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let count = text.matches(fault.from).count();
        ensure!(count == 1, "{}: {} has the words {count} times", fault.name, fault.file);
        fs::write(&path, text.replacen(fault.from, fault.to, 1)).context("the copy can be written")
    }

    /// Takes it out again.
    ///
    /// # Errors
    ///
    /// If the file cannot be copied.
    pub fn mend(&self, fault: &Fault) -> Result<()> {
        let file = Path::new("reference-runtime/src").join(fault.file);
        copy(&self.original.join(&file), &self.root.join(&file))
    }

    /// Compiles these tests.
    ///
    /// # Errors
    ///
    /// If the compiler refuses the copy, with what it says.
    pub fn compile(&self, tests: &[Test]) -> Result<()> {
        let mut cargo = self.cargo(tests);
        let output = cargo.arg("--no-run").output().context("cargo cannot be started")?;
        if !output.status.success() {
            bail!("this does not compile:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Runs one test. It has been compiled.
    ///
    /// # Errors
    ///
    /// If cargo cannot be started, or there is no such test.
    pub fn run(&self, test: Test, is_sound: bool) -> Result<Ended> {
        let mut cargo = self.cargo(&[test]);
        cargo.args(["--", "--exact", test.1, "--test-threads=1"]);
        cargo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut cargo, 0);
        let mut child = cargo.spawn().context("cargo cannot be started")?;
        let mut output = child.stdout.take().context("it is piped")?;
        let printed = thread::spawn(move || {
            let mut text = Vec::new();
            // What breaks the pipe off has said all that it will say.
            let _ = std::io::Read::read_to_end(&mut output, &mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let until = Instant::now() + if is_sound { PATIENCE } else { IMPATIENCE };
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if Instant::now() >= until {
                // The whole group: a test starts children of its own.
                let group = format!("-{}", child.id());
                let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
                child.wait()?;
                return Ok(Ended::Hung);
            }
            thread::sleep(Duration::from_millis(20));
        };
        let printed = printed.join().expect("reading a pipe does not panic");
        ensure!(printed.contains("running 1 test"), "{} has no test {}", test.0, test.1);
        Ok(if status.success() { Ended::Passed } else { Ended::Failed })
    }

    fn cargo(&self, tests: &[Test]) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // Beside the original's, so that other packages need not be compiled again.
        cargo.current_dir(&self.root).env("CARGO_TARGET_DIR", self.original.join("target"));
        cargo.args(["test", "--quiet", "--package", "reference-runtime"]);
        let mut targets: Vec<&str> = tests.iter().map(|test| test.0).collect();
        targets.sort_unstable();
        targets.dedup();
        for target in targets {
            cargo.args(["--test", target]);
        }
        cargo
    }
}

/// Copies a file or a folder. What is the same stays as it is, so that it is not compiled again; what the original
/// has not is removed.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        let bytes = fs::read(from).with_context(|| format!("{} cannot be read", from.display()))?;
        return write_if_new(to, &bytes);
    }
    fs::create_dir_all(to).with_context(|| format!("{} cannot be made", to.display()))?;
    for entry in fs::read_dir(to)? {
        let path = entry?.path();
        let original = from.join(path.file_name().context("an entry has a name")?);
        if !original.exists() {
            if path.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
        }
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn write_if_new(to: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(to, bytes).with_context(|| format!("{} cannot be written", to.display()))
}
