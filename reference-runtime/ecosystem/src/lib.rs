//! Programs that use other people's crates on `reference-runtime`. They are in `examples`, and tests run them.
//!
//! | Program | Shows |
//! |---|---|
//! | `hyper_server`, `hyper_client` | hyper 1 alone |
//! | `pooled_client` | hyper-util's client, which keeps connections, on our sockets |
//! | `axum_server` | axum's router, with a handler that calls an old library which blocks |
//! | `configured_over_http` | a synchronous program with `block_on` at its edge; surf beside attohttpc |
//! | `diesel_sqlite` | transactions on SQLite in `async fn`, more of them waiting than there are workers |
//! | `samples` | a whole service on axum, diesel and rayon, with limits, a bounded end and metrics |
//! | `samples_tokio_direct`, `samples_tokio_moved`, `samples_load` | the same on tokio, in two ways, and what measures all three |
//! | `samples_full` | what becomes of it without a limit |
//! | `tokio_only` | a crate that works on tokio alone, in two ways |
//! | `from_…_before`, `from_…_after` | a service on async-std, smol and tokio, and moved here |
//!
//! What follows is what the servers among them share.

mod lines;
mod serve;

pub use lines::until_end_of_input;
pub use serve::serve;
