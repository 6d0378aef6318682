//! A server for the pages of the book, for one reader on this machine.
//!
//! It reads files from one folder and knows GET and HEAD. Pages load themselves again after a build; see [`Builds`]. A thread for each request and a new connection for each are
//! enough for that, and leave nothing to configure.

use crate::live::{ASK, Builds};
use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

/// How many ports are tried.
const PORTS: u16 = 20;

/// The most that a request's head may be long; a browser's is far below.
const HEAD_LIMIT: u64 = 16 * 1024;

/// Listens on this machine only, on `first` or the next port that is free. Also says which were taken.
///
/// # Errors
///
/// If no port could be had, with the reason for the last.
pub fn bind(first: u16) -> io::Result<(TcpListener, Vec<u16>)> {
    let mut taken = Vec::new();
    loop {
        let port = first.saturating_add(u16::try_from(taken.len()).expect("at most as many as PORTS"));
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => return Ok((listener, taken)),
            Err(error)
                if error.kind() == io::ErrorKind::AddrInUse && taken.len() + 1 < usize::from(PORTS) =>
            {
                taken.push(port);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Serves the files below `folder` for as long as the listener works.
///
/// # Errors
///
/// If a connection cannot be accepted.
pub fn serve(listener: &TcpListener, folder: &Path, builds: &Arc<Builds>) -> io::Result<()> {
    let folder: Arc<Path> = folder.into();
    loop {
        let (connection, _) = listener.accept()?;
        let (folder, builds) = (folder.clone(), builds.clone());
        // A browser that went away, or one that says nothing, is not our trouble.
        thread::spawn(move || answer(connection, &folder, &builds));
    }
}

fn answer(mut connection: TcpStream, folder: &Path, builds: &Builds) -> io::Result<()> {
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut head = BufReader::new(connection.try_clone()?.take(HEAD_LIMIT));
    let mut request = String::new();
    head.read_line(&mut request)?;
    // The rest of the head is read, for a connection that is closed with unread bytes is reset.
    let mut line = String::new();
    while head.read_line(&mut line)? > 0 && !line.trim().is_empty() {
        line.clear();
    }

    let mut words = request.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method != "GET" && method != "HEAD" {
        return respond(&mut connection, "405 Method Not Allowed", "text/plain", b"Only GET and HEAD.", true);
    }
    let with_body = method == "GET";
    if let Some(known) = target.strip_prefix(ASK) {
        let count = builds.after(known.parse().unwrap_or_default()).to_string();
        return respond(&mut connection, "200 OK", "text/plain", count.as_bytes(), with_body);
    }
    match find(folder, target) {
        Some(file) => {
            let mut body = fs::read(&file)?;
            if file.extension().is_some_and(|ending| ending == "html") {
                body = builds.with_script(&String::from_utf8_lossy(&body)).into_bytes();
            }
            respond(&mut connection, "200 OK", content_type(&file), &body, with_body)
        }
        None => {
            let body =
                fs::read(folder.join("404.html")).unwrap_or_else(|_| b"There is no such page.".to_vec());
            respond(&mut connection, "404 Not Found", "text/html; charset=utf-8", &body, with_body)
        }
    }
}

fn respond(to: &mut impl Write, status: &str, kind: &str, body: &[u8], with_body: bool) -> io::Result<()> {
    // Not cached: the reader may be its writer, who builds it again and again.
    write!(
        to,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-cache\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if with_body {
        to.write_all(body)?;
    }
    to.flush()
}

/// The file that a request's target names, if it is one below `folder`.
fn find(folder: &Path, target: &str) -> Option<PathBuf> {
    let path = target.split(['?', '#']).next()?;
    let mut file = folder.to_owned();
    for part in percent_decode(path)?.split('/').filter(|part| !part.is_empty() && *part != ".") {
        // A name of the book's own files. Anything else might lead out of the folder.
        if part == ".." || part.contains(['\\', ':', '\0']) {
            return None;
        }
        file.push(part);
    }
    if file.is_dir() {
        file.push("index.html");
    }
    file.is_file().then_some(file)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        rest = others;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = str::from_utf8(rest.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).ok()
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
