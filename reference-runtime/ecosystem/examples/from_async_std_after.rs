//! `from_async_std_before` on this runtime.

// ANCHOR: program
use std::{error::Error, thread, time::Duration};

use reference_runtime::channel;
use reference_runtime::io::{self, BufReader};
use reference_runtime::net::{SocketAddr, TcpListener, TcpStream};
use reference_runtime::prelude::*;
use reference_runtime::sync::{Arc, Mutex};
use reference_runtime::task;

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

async fn listen(listener: TcpListener, total: Arc<Mutex<usize>>) -> io::Result<()> {
    let mut incoming = listener.incoming();
    while let Some(stream) = incoming.next().await {
        task::spawn(serve(stream?, Arc::clone(&total)));
    }
    Ok(())
}

async fn ask(server: SocketAddr, words: &[&str], answers: channel::Sender<String>) -> io::Result<()> {
    let mut writer = TcpStream::connect(server).await?;
    let mut lines = BufReader::new(writer.clone()).lines();
    for word in words {
        writer.write_all(format!("{word}\n").as_bytes()).await?;
        let line = io::timeout(Duration::from_secs(60), async { lines.next().await.transpose() }).await?;
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
    let listening = task::spawn(listen(listener, Arc::clone(&total)));

    let (send, receive) = channel::bounded(1);
    let client = task::spawn(async move { ask(server, &["never", "block", "here"], send).await });
    while let Ok(answer) = receive.recv().await {
        println!("{answer}");
    }
    client.await?;
    listening.cancel().await;
    println!("{} in all", total.lock().await);
    Ok(())
}
// ANCHOR_END: program
