//! diesel on SQLite inside `async fn`: a little bank whose tellers are tasks.
//!
//! ```text
//! cargo run --example diesel_sqlite
//! ```
//!
//! diesel blocks: it reads and writes a file, and a transaction that finds the database locked waits in SQLite until it
//! is free. It is called as it is, without `spawn_blocking`. Each teller has a connection of its own and makes transfers;
//! an auditor adds all balances up again and again. At first a transaction is held open, and all tellers wait for it,
//! more of them than there are workers. It ends when a ticker has ticked twenty times: if those who wait held the ticker up,
//! the program would not end well.

use std::error::Error;
use std::path::Path;
use std::time::Duration;
use std::{env, fs, process, sync::mpsc};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error as DatabaseError;
use futures::channel::oneshot;
use reference_runtime::{block_on, task, time};
use schema::accounts;

const ACCOUNTS: i32 = 10;
const TELLERS: i32 = 8;
const TRANSFERS: i32 = 25;
const OPENING_BALANCE: i64 = 100;
const TICKS: u32 = 20;

mod schema {
    #![allow(missing_docs, reason = "the macro makes public items")]

    diesel::table! {
        accounts (id) {
            id -> Integer,
            balance -> BigInt,
        }
    }
}

type Failure = Box<dyn Error + Send + Sync>;

#[derive(Debug)]
enum Refusal {
    Overdrawn,
    Database(DatabaseError),
}

impl From<DatabaseError> for Refusal {
    fn from(error: DatabaseError) -> Refusal {
        Refusal::Database(error)
    }
}

fn connect(path: &Path) -> Result<SqliteConnection, Failure> {
    let mut connection = SqliteConnection::establish(&path.to_string_lossy())?;
    // Who finds the database locked waits, up to a minute: asleep, in a call of SQLite's.
    connection.batch_execute("PRAGMA busy_timeout = 60000; PRAGMA synchronous = OFF;")?;
    Ok(connection)
}

async fn open_accounts(path: &Path) -> Result<(), Failure> {
    let mut connection = connect(path)?;
    connection.batch_execute(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE accounts (id INTEGER PRIMARY KEY NOT NULL, balance BIGINT NOT NULL);",
    )?;
    let rows: Vec<_> =
        (0..ACCOUNTS).map(|id| (accounts::id.eq(id), accounts::balance.eq(OPENING_BALANCE))).collect();
    diesel::insert_into(accounts::table).values(rows).execute(&mut connection)?;
    Ok(())
}

/// Moves an amount, or nothing at all.
fn transfer(connection: &mut SqliteConnection, from: i32, to: i32, amount: i64) -> Result<(), Refusal> {
    connection.immediate_transaction(|connection| {
        for (id, change) in [(from, -amount), (to, amount)] {
            let account = accounts::table.find(id);
            diesel::update(account)
                .set(accounts::balance.eq(accounts::balance + change))
                .execute(connection)?;
            let balance: i64 = account.select(accounts::balance).first(connection)?;
            if balance < 0 {
                return Err(Refusal::Overdrawn); // and the transaction is rolled back
            }
        }
        Ok(())
    })
}

/// Makes its transfers and says how many were refused.
async fn tell(path: Box<Path>, teller: i32) -> Result<i32, Failure> {
    let mut connection = connect(&path)?;
    let mut refused = 0;
    for number in 0..TRANSFERS {
        let from = (teller + number) % ACCOUNTS;
        let to = (from + 1 + number % (ACCOUNTS - 1)) % ACCOUNTS;
        match transfer(&mut connection, from, to, i64::from(7 * number % 60)) {
            Ok(()) => {}
            Err(Refusal::Overdrawn) => refused += 1,
            Err(Refusal::Database(error)) => return Err(error.into()),
        }
    }
    Ok(refused)
}

/// Adds the balances up until it is aborted: whatever it sees, no money is lost or made.
async fn audit(path: Box<Path>) -> Result<(), Failure> {
    let mut connection = connect(&path)?;
    loop {
        let balances: Vec<i64> = accounts::table.select(accounts::balance).load(&mut connection)?;
        assert_eq!(balances.iter().sum::<i64>(), i64::from(ACCOUNTS) * OPENING_BALANCE);
        time::sleep(Duration::from_millis(2)).await;
    }
}

/// Keeps the database locked until the ticker says so.
async fn hold(
    path: Box<Path>,
    locked: oneshot::Sender<()>,
    ticked: mpsc::Receiver<u32>,
) -> Result<u32, Failure> {
    let ticks = connect(&path)?.immediate_transaction(|_| {
        let _ = locked.send(());
        // Blocks, with the transaction open.
        ticked.recv().map_err(|_| DatabaseError::RollbackTransaction)
    })?;
    Ok(ticks)
}

async fn tick(ticked: mpsc::Sender<u32>) {
    for _ in 0..TICKS {
        time::sleep(Duration::from_millis(1)).await;
    }
    let _ = ticked.send(TICKS);
}

async fn bank(path: &Path) -> Result<(), Failure> {
    open_accounts(path).await?;
    let (lock, locked) = oneshot::channel();
    let (ticked, has_ticked) = mpsc::channel();
    let holder = task::spawn(hold(path.into(), lock, has_ticked));
    let _ = locked.await;
    let auditor = task::spawn(audit(path.into()));
    let tellers: Vec<_> = (0..TELLERS).map(|teller| task::spawn(tell(path.into(), teller))).collect();
    task::spawn(tick(ticked));
    println!("{} ticks while the database was locked", holder.await?);
    let mut refused = 0;
    for teller in tellers {
        refused += teller.await?;
    }
    auditor.abort();

    let balances: Vec<i64> = accounts::table.select(accounts::balance).load(&mut connect(path)?)?;
    println!("{TELLERS} tellers, {} transfers, {refused} refused", TELLERS * TRANSFERS);
    println!("{} in {ACCOUNTS} accounts", balances.iter().sum::<i64>());
    Ok(())
}

fn main() -> Result<(), Failure> {
    let folder = env::temp_dir().join(format!("diesel-sqlite-{}", process::id()));
    fs::create_dir(&folder)?;
    let result = block_on(bank(&folder.join("bank.sqlite")));
    fs::remove_dir_all(&folder)?;
    result
}
