//! A service that stutters: find out why.
//!
//! Each client is sent a tick every 5 ms. Now and then there is none for 200 ms:
//!
//! ```console
//! $ cargo run --release -p reference-runtime --example stutter
//! 4 clients, 3 s each: 1321 ticks; the longest gap was 206 ms, and 24 were longer than 100 ms
//! ```
//!
//! The runtime knows which task blocks, and in what:
//!
//! ```console
//! $ REFERENCE_RUNTIME_BLOCKED=1 cargo run --release -p reference-runtime --example stutter
//! ```
//!
//! `--backtrace` shows where in its future the task came to after it had been blocked, and `--fixed` does without the
//! stutter. `--seconds N` is for how long clients listen.

#[cfg(unix)]
mod access_log {
    //! One line for each event, in a file that another process now and then takes away to rotate it.

    use std::fs::{File, OpenOptions};
    use std::io::{self, Write};
    use std::path::{Path, PathBuf};
    use std::thread;
    use std::time::Duration;

    use nix::fcntl::{Flock, FlockArg};

    /// How long the other process keeps the file, and how often it does.
    const ROTATION: Duration = Duration::from_millis(200);
    const PAUSE: Duration = Duration::from_millis(300);

    #[derive(Clone)]
    pub(crate) struct AccessLog {
        path: PathBuf,
    }

    impl AccessLog {
        pub(crate) fn create(path: PathBuf) -> io::Result<AccessLog> {
            File::create(&path)?;
            Ok(AccessLog { path })
        }

        /// Adds a line, while nobody else has the file.
        pub(crate) fn append(&self, line: &str) -> io::Result<()> {
            writeln!(lock(&self.path)?, "{line}")
        }

        /// What the other process would do, on a thread of this one.
        pub(crate) fn rotate_for_ever(&self) {
            let path = self.path.clone();
            thread::spawn(move || {
                while let Ok(log) = lock(&path) {
                    thread::sleep(ROTATION);
                    drop(log);
                    thread::sleep(PAUSE);
                }
            });
        }
    }

    fn lock(path: &Path) -> io::Result<Flock<File>> {
        let log = OpenOptions::new().append(true).open(path)?;
        Flock::lock(log, FlockArg::LockExclusive).map_err(|(_, error)| error.into())
    }
}

#[cfg(unix)]
mod service {
    //! The server: a task for each connection.

    use std::io;
    use std::time::Duration;

    use futures::io::{AsyncReadExt, AsyncWriteExt};
    use reference_runtime::net::{TcpListener, TcpStream};
    use reference_runtime::{task, time};

    use crate::access_log::AccessLog;

    const TICK: Duration = Duration::from_millis(5);
    const LOGGED_EVERY: Duration = Duration::from_millis(50);

    #[derive(Clone)]
    pub(crate) struct Service {
        pub(crate) log: AccessLog,
        pub(crate) is_fixed: bool,
    }

    impl Service {
        pub(crate) async fn run(self, listener: TcpListener) -> io::Result<()> {
            loop {
                let (stream, _) = listener.accept().await?;
                let connection = self.clone().serve(stream);
                task::Builder::new().name("connection".to_owned()).spawn(connection)?.detach();
            }
        }

        // ANCHOR: serve
        /// Ticks and logs until the client is gone.
        async fn serve(self, mut stream: TcpStream) {
            let mut request = [0; 512];
            if stream.read(&mut request).await.is_err() {
                return;
            }
            let ticks = async {
                let mut answer = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").await;
                while answer.is_ok() {
                    time::sleep(TICK).await;
                    answer = stream.write_all(b"tick\n").await;
                }
            };
            let logs = async {
                loop {
                    time::sleep(LOGGED_EVERY).await;
                    self.log_that_it_listens().await;
                }
            };
            futures::pin_mut!(ticks, logs);
            futures::future::select(ticks, logs).await;
        }
        // ANCHOR_END: serve

        // ANCHOR: log
        async fn log_that_it_listens(&self) {
            let log = self.log.clone();
            let appended = if self.is_fixed {
                task::spawn_blocking(move || log.append("listens")).await
            } else {
                // Looks like nothing: a line to a file.
                log.append("listens")
            };
            if let Err(error) = appended {
                eprintln!("the log cannot be written: {error}");
            }
        }
        // ANCHOR_END: log
    }
}

#[cfg(unix)]
mod client {
    //! A client, with a thread of its own.

    use std::io::{self, Read, Write};
    use std::net::{SocketAddr, TcpStream};
    use std::time::{Duration, Instant};

    /// Listens for so long. The gaps between ticks.
    pub(crate) fn listen(server: SocketAddr, time: Duration) -> io::Result<Vec<Duration>> {
        let mut stream = TcpStream::connect(server)?;
        stream.write_all(b"GET /ticks HTTP/1.0\r\n\r\n")?;
        let (mut gaps, began, mut last) = (Vec::new(), Instant::now(), Instant::now());
        let mut bytes = [0; 512];
        while began.elapsed() < time {
            if stream.read(&mut bytes)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            gaps.push(last.elapsed());
            last = Instant::now();
        }
        Ok(gaps)
    }
}

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::sync::Once;
    use std::thread;
    use std::time::Duration;

    use reference_runtime::{Builder, net::TcpListener};

    const CLIENTS: usize = 4;
    const LONG: Duration = Duration::from_millis(100);

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let seconds = arguments.iter().position(|argument| argument == "--seconds");
    let seconds = seconds.map_or(Some("3"), |at| arguments.get(at + 1).map(String::as_str));
    let time = Duration::from_secs(seconds.ok_or("--seconds needs a number")?.parse()?);

    let mut builder = Builder::new();
    if has("--backtrace") {
        static ONCE: Once = Once::new();
        builder.backtrace(true).on_returned(|poll| {
            if poll.backtrace().is_some() {
                ONCE.call_once(|| println!("{poll}"));
            }
        });
    }
    let runtime = builder.build()?;
    let path = std::env::temp_dir().join(format!("stutter-{}.log", std::process::id()));
    let log = access_log::AccessLog::create(path.clone())?;
    log.rotate_for_ever();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let server = listener.local_addr()?;
    let service = service::Service { log, is_fixed: has("--fixed") };
    runtime.spawn(service.run(listener)).detach();

    let clients: Vec<_> = (0..CLIENTS).map(|_| thread::spawn(move || client::listen(server, time))).collect();
    let mut gaps = Vec::new();
    for client in clients {
        gaps.extend(client.join().map_err(|_| "a client panicked")??);
    }
    let _ = std::fs::remove_file(path);
    let longest = gaps.iter().max().copied().unwrap_or_default();
    println!(
        "{CLIENTS} clients, {} s each: {} ticks; the longest gap was {:.0} ms, and {} were longer than {} ms",
        time.as_secs(),
        gaps.len(),
        longest.as_secs_f64() * 1e3,
        gaps.iter().filter(|gap| **gap > LONG).count(),
        LONG.as_millis()
    );
    Ok(())
}

#[cfg(not(unix))]
fn main() {
    eprintln!("this example locks a file as Unix does");
}
