//! The service of `samples`, on this runtime and on tokio, as its clients see it.

#[path = "../examples/samples/mod.rs"]
mod samples;

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::{env, fs, process, thread};

use common::{Client, LONG, Program, until};
use samples::store::{Failure, Percentiles, Store};

const PROGRAMS: &[&str] = &["samples", "samples_tokio_direct", "samples_tokio_moved"];

/// A folder for a database, until it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("samples-test-{}-{number}", process::id()));
        fs::create_dir(&folder).expect("a folder for the test");
        Folder(folder)
    }

    fn database(&self) -> PathBuf {
        self.0.join("samples.sqlite")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// One of the programs on a database of its own.
struct Served {
    program: Program,
    // After the program, which has the database open.
    folder: Folder,
}

impl Served {
    fn start(name: &str, options: &[&str]) -> Served {
        let folder = Folder::new();
        let database = folder.database();
        let mut arguments = vec![database.to_str().expect("UTF-8")];
        arguments.extend(options);
        Served { program: Program::start_with(name, &arguments), folder }
    }

    fn client(&self) -> Client {
        Client::connect(self.program.address)
    }

    /// Locks the database, as another program might.
    fn lock(&self) -> Lock {
        Lock::new(&self.folder.database())
    }

    fn until_in_hand(&self, count: usize) {
        let mut client = self.client();
        let wanted = format!("{count} in hand");
        until(&wanted, || client.get("/in-hand").text().starts_with(&wanted));
    }
}

/// A transaction that stays open until it is dropped.
struct Lock {
    release: Option<mpsc::Sender<()>>,
    holder: Option<thread::JoinHandle<Result<(), Failure>>>,
}

impl Lock {
    fn new(database: &Path) -> Lock {
        let store = Store::open(database, LONG).expect("the database opens");
        let (tell, is_locked) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let holder = thread::spawn(move || {
            store.write(|_| {
                tell.send(()).expect("the test waits");
                let _ = released.recv();
                Ok(())
            })
        });
        is_locked.recv().expect("the lock is free");
        Lock { release: Some(release), holder: Some(holder) }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.release = None;
        let _ = self.holder.take().expect("until now").join();
    }
}

fn record(series: &str, values: &str) -> String {
    format!(
        "POST /series/{series} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n{values}",
        values.len()
    )
}

#[test]
fn the_same_requests_have_the_same_answers_on_each_runtime() {
    for name in PROGRAMS {
        let served = Served::start(name, &[]);
        let mut client = served.client();
        let mut answer = |request: String| {
            client.send(request);
            let answer = client.answer();
            (answer.status, answer.text().to_owned())
        };
        let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");
        assert_eq!(answer(get("/health")), (200, "well\n".into()), "{name}");
        assert_eq!(answer(get("/series/kettle")).0, 404, "{name}");
        assert_eq!(answer(record("kettle", "3 1 2")), (200, "3 recorded\n".into()), "{name}");
        assert_eq!(answer(record("other", "7")), (200, "1 recorded\n".into()), "{name}");
        assert_eq!(answer(get("/series/kettle")), (200, "p50 2\np90 2\np99 2\n".into()), "{name}");
        for wrong in ["", "1 two", "NaN"] {
            assert_eq!(answer(record("kettle", wrong)).0, 400, "{name} takes {wrong:?}");
        }
        assert_eq!(answer(get("/in-hand")), (200, "0 in hand, 0 refused\n".into()), "{name}");
    }
}

#[test]
fn writers_wait_for_a_locked_database_and_nobody_waits_with_them() {
    // Not on tokio with the calls made directly: there, two of them hold both workers.
    for name in ["samples", "samples_tokio_moved"] {
        let served = Served::start(name, &["--workers", "2", "--patience", "60000"]);
        let mut first = served.client();
        first.send(record("kettle", "1"));
        assert_eq!(first.answer().status, 200, "{name}");
        let lock = served.lock();
        let mut writers: Vec<_> = (0..8).map(|_| served.client()).collect();
        for writer in &mut writers {
            writer.send(record("kettle", "1"));
        }
        served.until_in_hand(8);
        assert_eq!(served.client().get("/health").status, 200, "{name}");
        // Readers do not need what the writers wait for.
        assert_eq!(served.client().get("/series/kettle").status, 200, "{name}");
        drop(lock);
        for writer in &mut writers {
            assert_eq!(writer.answer().status, 200, "{name}");
        }
    }
}

// ANCHOR: refused
#[test]
fn what_is_too_much_is_refused_and_what_was_let_in_is_done() {
    for name in ["samples", "samples_tokio_moved"] {
        let served = Served::start(name, &["--workers", "2", "--in-hand", "4", "--patience", "60000"]);
        let lock = served.lock();
        let mut writers: Vec<_> = (0..4).map(|_| served.client()).collect();
        for writer in &mut writers {
            writer.send(record("kettle", "1"));
        }
        served.until_in_hand(4);
        let mut late = served.client();
        late.send(record("kettle", "1"));
        let refusal = late.answer();
        assert_eq!((refusal.status, refusal.header("retry-after")), (503, Some("1")), "{name}");
        assert_eq!(late.get("/in-hand").text(), "4 in hand, 1 refused\n", "{name}");
        drop(lock);
        for writer in &mut writers {
            assert_eq!(writer.answer().status, 200, "{name}");
        }
        late.send(record("kettle", "1"));
        assert_eq!(late.answer().status, 200, "{name}");
    }
}
// ANCHOR_END: refused

#[test]
fn who_has_waited_long_enough_for_the_database_is_told_so() {
    for name in PROGRAMS {
        let served = Served::start(name, &["--patience", "1"]);
        let lock = served.lock();
        let mut writer = served.client();
        writer.send(record("kettle", "1"));
        assert_eq!(writer.answer().status, 503, "{name}");
        drop(lock);
        writer.send(record("kettle", "1"));
        assert_eq!(writer.answer().status, 200, "{name}");
    }
}

#[test]
fn a_panic_in_a_transaction_leaves_neither_a_lock_nor_a_half() {
    let folder = Folder::new();
    let store = Store::open(&folder.database(), LONG).expect("the database opens");
    let panics = || {
        store.write(|connection| {
            use diesel::connection::SimpleConnection;
            connection.batch_execute("INSERT INTO samples (series, value) VALUES ('kettle', 99)")?;
            panic!("in the middle of a transaction")
        })
    };
    catch_unwind(AssertUnwindSafe(|| panics() as Result<(), Failure>)).expect_err("it panics");
    assert_eq!(store.record("kettle", &[1.0]).expect("the writer is free"), 1);
    let percentiles = store.percentiles("kettle").expect("the readers are free");
    assert_eq!(percentiles, Some(Percentiles([1.0; 3])));
}

#[test]
fn a_client_that_leaves_does_not_take_its_write_with_it() {
    for name in ["samples", "samples_tokio_moved"] {
        let served = Served::start(name, &["--patience", "60000"]);
        let lock = served.lock();
        let mut leaving = served.client();
        leaving.send(record("kettle", "5"));
        served.until_in_hand(1);
        drop(leaving);
        drop(lock);
        let mut client = served.client();
        until("it is recorded", || client.get("/series/kettle").status == 200);
    }
}

// ANCHOR: moved
#[test]
fn a_call_that_was_moved_goes_on_when_its_place_is_given_back() {
    let served = Served::start("samples_tokio_moved", &["--in-hand", "1", "--patience", "60000"]);
    let lock = served.lock();
    for _ in 0..3 {
        let mut leaving = served.client();
        leaving.send(record("kettle", "5"));
        served.until_in_hand(1);
        drop(leaving);
        // The database is locked, so the call cannot have ended. Three are on their way now, where one was to be.
        served.until_in_hand(0);
    }
    drop(lock);
}
// ANCHOR_END: moved

#[cfg(unix)]
#[test]
fn the_end_waits_for_requests_and_names_what_does_not_come_back() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let end = |served: &Served| {
        let id = i32::try_from(served.program.id()).expect("a number of a process");
        kill(Pid::from_raw(id), Signal::SIGTERM).expect("it runs");
    };

    // Nothing is in hand: an idle connection is closed, and there is nothing to say.
    let mut idle = Served::start("samples", &["--grace", "60000"]);
    let mut client = idle.client();
    assert_eq!(client.get("/health").status, 200);
    end(&idle);
    assert!(client.is_at_end());
    assert!(idle.program.ended().success());
    assert_eq!(idle.program.said(), "");

    // A request is in hand, and what it waits for comes.
    let mut busy = Served::start("samples", &["--grace", "60000", "--patience", "60000"]);
    let (lock, mut listener) = (busy.lock(), busy.client());
    let mut writer = busy.client();
    writer.send(record("kettle", "1"));
    busy.until_in_hand(1);
    assert_eq!(listener.get("/health").status, 200);
    end(&busy);
    assert!(listener.is_at_end(), "it has been told");
    drop(lock);
    assert_eq!(writer.answer().status, 200);
    assert!(busy.program.ended().success());
    assert_eq!(busy.program.said(), "");

    // What it waits for does not come.
    let mut stuck = Served::start("samples", &["--grace", "1", "--patience", "60000"]);
    let lock = stuck.lock();
    let mut writer = stuck.client();
    writer.send(record("kettle", "1"));
    stuck.until_in_hand(1);
    end(&stuck);
    assert!(stuck.program.ended().success());
    let said = stuck.program.said();
    assert!(said.contains("samples: 1 requests were not answered in time"), "{said}");
    assert!(said.contains("1 of its tasks did not come back from a poll"), "{said}");
    assert!(said.contains("serve.rs"), "it says where the task was spawned: {said}");
    drop(lock);
}
