//! What the command line says: an address, a file, and options with a number each.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fmt};

use super::admission::Admission;
use super::routes::{Service, Shared};
use super::store::{Failure, Store};

const USAGE: &str = "samples ADDRESS DATABASE [--workers N] [--max-threads N] [--in-hand N] [--patience MS] [--grace MS] [--learn 0|1]";

pub(crate) struct Settings {
    pub(crate) address: String,
    pub(crate) database: PathBuf,
    /// Default: the number of cores.
    pub(crate) workers: Option<usize>,
    pub(crate) max_threads: usize,
    /// So many requests may be at the store at once. Each may need a thread: far below the threads that there may be.
    pub(crate) in_hand: usize,
    /// How long a call waits for another program that has locked the database. Less than a client waits.
    pub(crate) patience: Duration,
    /// How long the end waits for requests in hand. Less than whoever ends the service waits.
    pub(crate) grace: Duration,
    /// Whether our runtime learns which types of futures block.
    pub(crate) learns: bool,
}

#[derive(Debug)]
pub(crate) struct Misuse;

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(USAGE)
    }
}

impl Error for Misuse {}

impl Settings {
    pub(crate) fn new(address: &str, database: impl Into<PathBuf>) -> Settings {
        Settings {
            address: address.to_owned(),
            database: database.into(),
            workers: None,
            max_threads: 512,
            in_hand: 64,
            patience: Duration::from_secs(5),
            grace: Duration::from_secs(10),
            learns: false,
        }
    }

    pub(crate) fn from_arguments() -> Result<Settings, Misuse> {
        let mut words = env::args().skip(1);
        let (Some(address), Some(database)) = (words.next(), words.next()) else { return Err(Misuse) };
        let mut settings = Settings::new(&address, database);
        while let Some(option) = words.next() {
            let number: usize = words.next().and_then(|word| word.parse().ok()).ok_or(Misuse)?;
            let time = Duration::from_millis(number as u64);
            match &*option {
                "--workers" => settings.workers = Some(number),
                "--max-threads" => settings.max_threads = number,
                "--in-hand" => settings.in_hand = number,
                "--patience" => settings.patience = time,
                "--grace" => settings.grace = time,
                "--learn" => settings.learns = number != 0,
                _ => return Err(Misuse),
            }
        }
        Ok(settings)
    }

    pub(crate) fn service(&self) -> Result<Shared, Failure> {
        let store = Store::open(&self.database, self.patience)?;
        Ok(Arc::new(Service { store, admission: Admission::new(self.in_hand) }))
    }
}
