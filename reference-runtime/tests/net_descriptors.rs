//! What happens when the process has too many open files. In a process of its own, since it harms all others.

#![cfg(all(unix, not(reference_runtime_loom)))]

use std::{fs::File, io, process::Command};

use reference_runtime::{
    block_on,
    net::{TcpListener, TcpStream},
};

const CHILD: &str = "REFERENCE_RUNTIME_FEW_DESCRIPTORS";

/// Opens files until there are too many.
fn exhaust() -> Vec<File> {
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    files
}

#[test]
fn a_listener_survives_too_many_open_files() {
    if std::env::var_os(CHILD).is_some() {
        return accept_without_a_descriptor().expect("no error");
    }
    let test = std::env::current_exe().expect("tests run from a file");
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" --exact a_listener_survives_too_many_open_files"])
        .arg(test)
        .env(CHILD, "1")
        .output()
        .expect("there is a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

fn accept_without_a_descriptor() -> io::Result<()> {
    block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let client = TcpStream::connect(listener.local_addr()?).await?;
        let files = exhaust();
        assert!(files.len() < 64);
        for _ in 0..3 {
            let error = listener.accept().await.expect_err("there are too many open files");
            assert!(error.raw_os_error().is_some(), "{error}");
        }
        let error = TcpStream::connect(listener.local_addr()?).await.expect_err("there are too many");
        assert!(error.raw_os_error().is_some(), "{error}");
        drop(files);
        let (_, peer) = listener.accept().await?;
        assert_eq!(peer, client.local_addr()?);
        Ok(())
    })
}
