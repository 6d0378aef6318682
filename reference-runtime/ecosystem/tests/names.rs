//! The names in the book's pages on moving here exist.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Imports each path, so that one which is gone is an error of the compiler, and lists them. A macro, as there is no
/// other way from a path to its text.
macro_rules! names {
    ($($first:ident $(:: $rest:ident)*),* $(,)?) => {
        $(#[allow(unused_imports, reason = "it is enough that it exists")]
        use reference_runtime::$first $(::$rest)* as _;)*
        const NAMES: &[&str] = &[$(stringify!($first $(:: $rest)*)),*];
    };
}

names! {
    Builder,
    Handle,
    Metrics,
    Runtime,
    block_on,
    channel::Receiver,
    channel::Sender,
    channel::bounded,
    channel::unbounded,
    fs::DirBuilder,
    fs::File,
    fs::OpenOptions,
    fs::metadata,
    fs::read,
    fs::read_dir,
    fs::write,
    future::FutureExt,
    future::FutureMoreExt,
    future::TimeoutError,
    future::pending,
    future::poll_fn,
    future::ready,
    future::timeout,
    io::BufRead,
    io::BufReadExt,
    io::BufReadMoreExt,
    io::BufReader,
    io::BufWriter,
    io::Cursor,
    io::Read,
    io::ReadExt,
    io::ReadMoreExt,
    io::Seek,
    io::SeekExt,
    io::Write,
    io::WriteExt,
    io::WriteMoreExt,
    io::copy,
    io::empty,
    io::prelude,
    io::repeat,
    io::sink,
    io::stderr,
    io::stdin,
    io::stdout,
    io::timeout,
    main,
    net::Incoming,
    net::TcpListener,
    net::TcpStream,
    net::ToSocketAddrs,
    net::UdpSocket,
    net::UnixDatagram,
    net::UnixListener,
    net::UnixStream,
    net::unix::UnixStream,
    os::unix::net::UnixStream,
    prelude,
    process::Child,
    process::Command,
    process::Stdio,
    signal::ctrl_c,
    signal::unix::signal,
    stream::StreamExt,
    stream::StreamMoreExt,
    stream::empty,
    stream::from_fn,
    stream::from_iter,
    stream::interval,
    stream::once,
    stream::repeat,
    stream::successors,
    sync::Arc,
    sync::Barrier,
    sync::Condvar,
    sync::Event,
    sync::Mutex,
    sync::MutexGuard,
    sync::MutexGuardArc,
    sync::Notify,
    sync::OnceCell,
    sync::RwLock,
    sync::Semaphore,
    sync::Weak,
    sync::broadcast::channel,
    sync::oneshot::channel,
    sync::watch::channel,
    task::AbortHandle,
    task::Builder,
    task::Id,
    task::JoinError,
    task::JoinHandle,
    task::JoinSet,
    task::LocalKey,
    task::LocalSet,
    task::Task,
    task::block_in_place,
    task::block_on,
    task::current,
    task::id,
    task::sleep,
    task::spawn,
    task::spawn_blocking,
    task::spawn_local,
    task::try_current,
    task::try_id,
    task::yield_now,
    task_local,
    test,
    time::Duration,
    time::Elapsed,
    time::Instant,
    time::MissedTickBehavior,
    time::Sleep,
    time::interval,
    time::interval_at,
    time::sleep,
    time::sleep_until,
    time::timeout,
    time::timeout_at,
}

const PAGES: [&str; 3] = ["migrate-from-async-std.md", "migrate-from-smol.md", "migrate-from-tokio.md"];

#[test]
fn every_name_that_the_pages_give_exists_and_every_one_here_is_given() {
    let names: BTreeSet<String> = NAMES.iter().map(|name| name.replace(' ', "")).collect();
    let mut given = BTreeSet::new();
    for page in PAGES {
        let mut is_of_names = false;
        for line in read(&format!("../../book/src/{page}")).lines() {
            let cells: Vec<&str> = line.split('|').collect();
            let [_, _, here, _, _] = cells[..] else {
                assert!(!line.starts_with('|'), "{page}: not three cells: {line}");
                is_of_names = false;
                continue;
            };
            is_of_names |= here.trim() == "Here";
            if is_of_names {
                given.extend(here.split('`').skip(1).step_by(2).map(str::to_owned));
            }
        }
    }
    assert!(given.len() > 50, "there are tables: {given:?}");
    let mut missing = names.clone();
    for name in given {
        let path = name.trim_start_matches("#[").trim_end_matches(']').trim_end_matches('!');
        if path.starts_with("std::") || path.starts_with("futures::") {
            continue;
        }
        missing.remove(path);
        assert!(names.contains(path) || is_a_method(path, &names), "`{name}` is no name of ours");
    }
    assert_eq!(missing, BTreeSet::new(), "these are given on no page");
}

/// Whether this is `Type::method`, of a type that is listed.
fn is_a_method(path: &str, names: &BTreeSet<String>) -> bool {
    let Some((owner, method)) = path.split_once("::") else {
        return names.iter().any(|name| name.ends_with(&format!("::{path}")));
    };
    let is_listed = names.iter().any(|name| name == owner || name.ends_with(&format!("::{owner}")));
    is_listed && sources(Path::new("../src")).contains(&format!("pub fn {method}"))
}

fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).expect("the sources can be read") {
        let path = entry.expect("a folder that was opened can be read").path();
        text += &if path.is_dir() { sources(&path) } else { fs::read_to_string(&path).unwrap_or_default() };
    }
    text
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
