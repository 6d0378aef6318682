//! A service that keeps measurements: what its programs share. `../samples.rs` runs it here, and the two beside it on
//! tokio.
//!
//! | File | Holds |
//! |---|---|
//! | `store` | the database and the arithmetic, which block and know nothing of async |
//! | `admission` | how many requests may be at that at once |
//! | `routes` | the handlers, which call the store as it is |
//! | `moved` | the same handlers for a runtime that has to be spared: each moves its call away |
//! | `on_tokio` | the loop that accepts, for tokio; ours is in the package's library |
//! | `settings` | what the command line says |
#![allow(dead_code, reason = "each program uses a part of this")]

pub(crate) mod admission;
pub(crate) mod moved;
pub(crate) mod on_tokio;
pub(crate) mod routes;
pub(crate) mod settings;
pub(crate) mod store;
