//! `from_tokio_before` on this runtime.

// ANCHOR: program
use std::{error::Error, io, net::SocketAddr, pin::pin, sync::Arc, thread, time::Duration};

use futures::FutureExt;
use reference_runtime::io::BufReader;
use reference_runtime::net::{TcpListener, TcpStream};
use reference_runtime::prelude::*;
use reference_runtime::sync::{Mutex, oneshot};
use reference_runtime::task::JoinSet;
use reference_runtime::{channel, task, time};

/// Answers each line by its length.
async fn serve(stream: TcpStream, total: Arc<Mutex<usize>>) -> io::Result<()> {
    let (reader, mut writer) = (stream.clone(), stream);
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next().await {
        // A library that blocks is called.
        let length = legacy_length(&line?);
        *total.lock().await += length;
        writer.write_all(format!("{length}\n").as_bytes()).await?;
    }
    Ok(())
}

async fn listen(listener: TcpListener, total: Arc<Mutex<usize>>, stop: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    let mut stop = stop.fuse();
    loop {
        let mut accept = pin!(listener.accept().fuse());
        futures::select! {
            accepted = accept => match accepted {
                Ok((stream, _)) => drop(connections.spawn(serve(stream, Arc::clone(&total)))),
                Err(error) => eprintln!("no connection: {error}"),
            },
            _ = stop => break,
        }
    }
    while connections.join_next().await.is_some() {}
}

async fn ask(server: SocketAddr, words: &[&str], answers: channel::Sender<String>) -> io::Result<()> {
    let mut writer = TcpStream::connect(server).await?;
    let mut lines = BufReader::new(writer.clone()).lines();
    for word in words {
        writer.write_all(format!("{word}\n").as_bytes()).await?;
        let line = time::timeout(Duration::from_secs(60), lines.next()).await?.transpose()?;
        let answer = format!("{word} has {}", line.unwrap_or_default());
        answers.send(answer).await.map_err(io::Error::other)?;
    }
    Ok(())
}

fn legacy_length(line: &str) -> usize {
    thread::sleep(Duration::from_millis(1));
    line.chars().count()
}

#[reference_runtime::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = listener.local_addr()?;
    let total = Arc::new(Mutex::new(0));
    let (stop, stopped) = oneshot::channel();
    let listening = task::spawn(listen(listener, Arc::clone(&total), stopped));

    let (send, receive) = channel::bounded(1);
    let client = task::spawn(async move { ask(server, &["never", "block", "here"], send).await });
    while let Ok(answer) = receive.recv().await {
        println!("{answer}");
    }
    client.await?;
    let _ = stop.send(());
    listening.await;
    println!("{} in all", total.lock().await);
    Ok(())
}
// ANCHOR_END: program
