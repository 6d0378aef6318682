//! axum on this runtime: a web server that makes thumbnails with an old library that blocks.
//!
//! ```text
//! cargo run --example axum_server
//! curl http://127.0.0.1:8080/thumbnail/7
//! curl http://127.0.0.1:8080/made
//! ```
//!
//! `thumbnail` computes for a while and then waits for a slow disk. It is called right in the handler, without
//! `spawn_blocking`: the other clients go on. End it with Ctrl-D.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, io, process};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use reference_runtime::{block_on, net::TcpListener, task};
use reference_runtime_ecosystem::{serve, until_end_of_input};

/// A library that we cannot change.
mod legacy {
    use std::{iter, thread, time::Duration};

    const SIDE: usize = 256;
    const SQUARE: usize = SIDE / 16;

    /// The average brightness of each of 16 x 16 squares of a picture, as figures from 0 to f.
    pub(crate) fn thumbnail(picture: u8) -> String {
        let pixels: Vec<u8> =
            iter::successors(Some(picture), |pixel| Some(pixel.wrapping_mul(5).wrapping_add(1)))
                .take(SIDE * SIDE)
                .collect();
        thread::sleep(Duration::from_millis(50)); // stands for the write to a slow disk
        let brightness = |row: usize, column: usize| {
            let rows =
                (0..SQUARE).map(|line| &pixels[(row * SQUARE + line) * SIDE + column * SQUARE..][..SQUARE]);
            let sum: usize = rows.flatten().map(|pixel| usize::from(*pixel)).sum();
            sum / SQUARE / SQUARE / 16
        };
        let line =
            |row: usize| (0..16).map(|column| format!("{:x}", brightness(row, column))).collect::<String>();
        (0..16).map(|row| line(row) + "\n").collect()
    }
}

async fn thumbnail(State(made): State<Arc<AtomicUsize>>, Path(picture): Path<u8>) -> String {
    let thumbnail = legacy::thumbnail(picture);
    made.fetch_add(1, Ordering::Relaxed);
    thumbnail
}

async fn made(State(made): State<Arc<AtomicUsize>>) -> String {
    format!("{}\n", made.load(Ordering::Relaxed))
}

fn router() -> Router {
    Router::new()
        .route("/thumbnail/{picture}", get(thumbnail))
        .route("/made", get(made))
        .fallback(|| async {
            (StatusCode::NOT_FOUND, "there are /thumbnail/0 to /thumbnail/255, and /made\n")
        })
        .with_state(Arc::default())
}

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    block_on(async {
        let listener = TcpListener::bind(&*address).await?;
        println!("http://{}/", listener.local_addr()?);
        let ended = task::spawn(until_end_of_input());
        serve(listener, router(), async {
            if let Err(error) = ended.await {
                eprintln!("the input cannot be read: {error}");
                process::exit(1);
            }
        })
        .await;
        Ok(())
    })
}
