//! Measurements in SQLite, by diesel, and their percentiles, by rayon. All of it blocks.
//!
//! SQLite lets one connection write at a time, and any number read beside it. So there are two pools: one of one
//! connection, and one of a few. Whoever finds none free waits for one, asleep, in the order in which the system wakes.
//! The lock of SQLite itself is left for what it is needed for, other processes: it knows no queue, those who wait for it
//! look again and again, with longer and longer pauses.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{error, fmt};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error as DatabaseError;
use rayon::prelude::*;
use schema::samples;

mod schema {
    #![allow(missing_docs, reason = "the macro makes public items")]

    diesel::table! {
        samples (id) {
            id -> BigInt,
            series -> Text,
            value -> Double,
        }
    }
}

/// Readers beside each other: more would only share the cores.
const READERS: usize = 4;

#[derive(Debug)]
pub(crate) enum Failure {
    /// The database was locked by somebody else for longer than the busy time-out.
    Busy,
    Broken(Box<dyn error::Error + Send + Sync>),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Busy => f.write_str("the database is locked by another program"),
            Failure::Broken(error) => error.fmt(f),
        }
    }
}

impl error::Error for Failure {}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Failure {
        match error {
            // diesel has no kind for it; these are SQLite's words, which it has not changed in twenty years.
            DatabaseError::DatabaseError(_, words) if words.message() == "database is locked" => {
                Failure::Busy
            }
            error => Failure::Broken(error.into()),
        }
    }
}

/// Where the samples are.
pub(crate) struct Store {
    writer: Pool,
    readers: Pool,
}

/// The median, and the values that 90 and 99 of a hundred do not exceed.
#[derive(Debug, PartialEq)]
pub(crate) struct Percentiles(pub(crate) [f64; 3]);

// ANCHOR: calls
impl Store {
    /// Adds measurements to a series: all of them or none.
    pub(crate) fn record(&self, series: &str, values: &[f64]) -> Result<usize, Failure> {
        self.writer.with(|connection| {
            connection.immediate_transaction(|connection| {
                let row = |value: &f64| (samples::series.eq(series), samples::value.eq(*value));
                let rows: Vec<_> = values.iter().map(row).collect();
                Ok(diesel::insert_into(samples::table).values(rows).execute(connection)?)
            })
        })
    }

    /// What is usual in a series, and what is rare; `None` of an empty one.
    pub(crate) fn percentiles(&self, series: &str) -> Result<Option<Percentiles>, Failure> {
        let mut values: Vec<f64> = self.readers.with(|connection| {
            let of_series = samples::table.filter(samples::series.eq(series));
            Ok(of_series.select(samples::value).load(connection)?)
        })?;
        values.par_sort_unstable_by(f64::total_cmp); // on all cores, while this thread sleeps
        let at = |percent: usize| values[(values.len() - 1) * percent / 100];
        Ok((!values.is_empty()).then(|| Percentiles([50, 90, 99].map(at))))
    }
}
// ANCHOR_END: calls

impl Store {
    /// Opens the database, and makes it if it is not there. `patience` is how long a call may wait for another program.
    pub(crate) fn open(path: &Path, patience: Duration) -> Result<Store, Failure> {
        let pool = |size| Pool {
            path: path.to_owned(),
            patience,
            places: Mutex::new(Places::new(size)),
            freed: Condvar::new(),
        };
        let store = Store { writer: pool(1), readers: pool(READERS) };
        store.writer.with(|connection| {
            // WAL: readers go on while one writes. NORMAL: what a power failure takes is the last few writes, not more.
            Ok(connection.batch_execute(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
                 CREATE TABLE IF NOT EXISTS samples
                     (id INTEGER PRIMARY KEY NOT NULL, series TEXT NOT NULL, value DOUBLE NOT NULL);
                 CREATE INDEX IF NOT EXISTS samples_series ON samples (series, value);",
            )?)
        })?;
        Ok(store)
    }

    /// Runs something in a transaction of the one that writes. The tests panic in it.
    pub(crate) fn write<T>(
        &self,
        write: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.writer.with(|connection| connection.immediate_transaction(write))
    }
}

/// Up to so many connections, opened when they are first needed.
struct Pool {
    // Immutable:
    path: PathBuf,
    patience: Duration,

    places: Mutex<Places>,
    freed: Condvar,
}

/// Guarded by [`Pool::places`].
struct Places {
    /// Connections that nobody uses.
    idle: Vec<SqliteConnection>,
    /// How many more calls may have one, be it an idle one or yet to be opened.
    free: usize,
}

impl Places {
    fn new(free: usize) -> Places {
        Places { idle: Vec::new(), free }
    }
}

// ANCHOR: pool
impl Pool {
    /// Lends a connection to `call`, and has it back only if `call` succeeds. After an error or a panic nobody knows what
    /// is still open on it. It is closed, which undoes whatever it had begun, and the next call opens another.
    fn with<T>(&self, call: impl FnOnce(&mut SqliteConnection) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut place = self.take();
        let mut connection = match place.idle.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let result = call(&mut connection)?;
        place.idle = Some(connection);
        Ok(result)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut places = self.pool.places();
        places.idle.extend(self.idle.take());
        places.free += 1;
        drop(places);
        self.pool.freed.notify_one();
    }
}
// ANCHOR_END: pool

/// The right to one connection, which goes back when it is dropped: after a panic, too.
struct Place<'a> {
    pool: &'a Pool,
    idle: Option<SqliteConnection>,
}

impl Pool {
    fn take(&self) -> Place<'_> {
        let waits = self.freed.wait_while(self.places(), |places| places.free == 0);
        let mut places = waits.unwrap_or_else(PoisonError::into_inner);
        places.free -= 1;
        Place { pool: self, idle: places.idle.pop() }
    }

    /// No code but that of this file runs under the lock, so a panic elsewhere leaves nothing half-done in it.
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self) -> Result<SqliteConnection, Failure> {
        let path = self.path.to_string_lossy();
        let mut connection =
            SqliteConnection::establish(&path).map_err(|error| Failure::Broken(error.into()))?;
        connection.batch_execute(&format!("PRAGMA busy_timeout = {};", self.patience.as_millis()))?;
        Ok(connection)
    }
}
