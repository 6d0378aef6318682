//! A small service on tokio, before it moves: `from_tokio_after` is the same on this runtime.

// ANCHOR: program
use std::{error::Error, io, net::SocketAddr, sync::Arc, thread, time::Duration};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;

/// Answers each line by its length.
async fn serve(stream: TcpStream, total: Arc<Mutex<usize>>) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        // A library that blocks has to be moved away.
        let length = tokio::task::spawn_blocking(move || legacy_length(&line)).await?;
        *total.lock().await += length;
        writer.write_all(format!("{length}\n").as_bytes()).await?;
    }
    Ok(())
}

async fn listen(listener: TcpListener, total: Arc<Mutex<usize>>, mut stop: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(serve(stream, Arc::clone(&total)))),
                Err(error) => eprintln!("no connection: {error}"),
            },
            _ = &mut stop => break,
        }
    }
    while connections.join_next().await.is_some() {}
}

async fn ask(server: SocketAddr, words: &[&str], answers: mpsc::Sender<String>) -> io::Result<()> {
    let (reader, mut writer) = TcpStream::connect(server).await?.into_split();
    let mut lines = BufReader::new(reader).lines();
    for word in words {
        writer.write_all(format!("{word}\n").as_bytes()).await?;
        let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await??;
        let answer = format!("{word} has {}", line.unwrap_or_default());
        answers.send(answer).await.map_err(io::Error::other)?;
    }
    Ok(())
}

fn legacy_length(line: &str) -> usize {
    thread::sleep(Duration::from_millis(1));
    line.chars().count()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = listener.local_addr()?;
    let total = Arc::new(Mutex::new(0));
    let (stop, stopped) = oneshot::channel();
    let listening = tokio::spawn(listen(listener, Arc::clone(&total), stopped));

    let (send, mut receive) = mpsc::channel(1);
    let client = tokio::spawn(async move { ask(server, &["never", "block", "here"], send).await });
    while let Some(answer) = receive.recv().await {
        println!("{answer}");
    }
    client.await??;
    let _ = stop.send(());
    listening.await?;
    println!("{} in all", total.lock().await);
    Ok(())
}
// ANCHOR_END: program
