//! A small service on smol, before it moves: `from_smol_after` is the same on this runtime.

// ANCHOR: program
use std::{error::Error, net::SocketAddr, sync::Arc, thread, time::Duration};

use smol::io::BufReader;
use smol::lock::Mutex;
use smol::net::{TcpListener, TcpStream};
use smol::prelude::*;
use smol::{Timer, channel, io, unblock};

/// Answers each line by its length.
async fn serve(stream: TcpStream, total: Arc<Mutex<usize>>) -> io::Result<()> {
    let (reader, mut writer) = (stream.clone(), stream);
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next().await {
        let line = line?;
        // A library that blocks has to be moved away.
        let length = unblock(move || legacy_length(&line)).await;
        *total.lock().await += length;
        writer.write_all(format!("{length}\n").as_bytes()).await?;
    }
    Ok(())
}

async fn listen(listener: TcpListener, total: Arc<Mutex<usize>>) -> io::Result<()> {
    let mut incoming = listener.incoming();
    while let Some(stream) = incoming.next().await {
        smol::spawn(serve(stream?, Arc::clone(&total))).detach();
    }
    Ok(())
}

async fn ask(server: SocketAddr, words: &[&str], answers: channel::Sender<String>) -> io::Result<()> {
    let mut writer = TcpStream::connect(server).await?;
    let mut lines = BufReader::new(writer.clone()).lines();
    for word in words {
        writer.write_all(format!("{word}\n").as_bytes()).await?;
        let line = async { lines.next().await.transpose() };
        let too_late = async {
            Timer::after(Duration::from_secs(60)).await;
            Err(io::ErrorKind::TimedOut.into())
        };
        let answer = format!("{word} has {}", line.or(too_late).await?.unwrap_or_default());
        answers.send(answer).await.map_err(io::Error::other)?;
    }
    Ok(())
}

fn legacy_length(line: &str) -> usize {
    thread::sleep(Duration::from_millis(1));
    line.chars().count()
}

async fn run() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = listener.local_addr()?;
    let total = Arc::new(Mutex::new(0));
    let listening = smol::spawn(listen(listener, Arc::clone(&total)));

    let (send, receive) = channel::bounded(1);
    let client = smol::spawn(async move { ask(server, &["never", "block", "here"], send).await });
    while let Ok(answer) = receive.recv().await {
        println!("{answer}");
    }
    client.await?;
    listening.cancel().await;
    println!("{} in all", total.lock().await);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    smol::block_on(run())
}
// ANCHOR_END: program
