//! A small HTTP/1 server on threads of its own: `GET /page/N` answers with page `N` after a fixed latency.
//!
//! It stands for a slow but able site: every connection has a thread, so as many requests wait side by side as there
//! are connections, and whatever the fetching side loses, it loses by itself. Every fourth page is sent in chunks, the
//! others with their `Content-Length`; a connection stays open unless the client asks otherwise.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::page::{CHECKSUM_HEADER, DISTINCT, LENGTH_HEADER, checksum, page};

/// A connection's thread only parses a few lines; thousands of them should not take gigabytes of address space.
const STACK: usize = 128 * 1024;

/// What a request's head, or a body that nobody wants, may measure.
const REQUEST_LIMIT: u64 = 64 * 1024;

/// How long an open connection may stay silent.
const IDLE: Duration = Duration::from_secs(30);

/// The running server; dropping it closes the listener.
pub(crate) struct PageServer {
    address: SocketAddr,
    closing: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

/// How many connections may wait to be accepted, if the kernel allows it.
const BACKLOG: i32 = 4096;

impl PageServer {
    /// Listens on a free port of the loopback interface.
    pub(crate) fn start(latency: Duration) -> io::Result<PageServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        // All pages are asked for at once. std lets 128 connections wait, and those beyond try again after a second.
        socket2::SockRef::from(&listener).listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let closing = Arc::new(AtomicBool::new(false));
        let site = Arc::new(Site { pages: (0..DISTINCT).map(Page::new).collect(), latency });
        let acceptor = thread::Builder::new().name("page-server".into()).spawn({
            let closing = closing.clone();
            move || accept(&listener, &site, &closing)
        })?;
        Ok(PageServer { address, closing, acceptor: Some(acceptor) })
    }

    /// The address that it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for PageServer {
    fn drop(&mut self) {
        // Relaxed: nothing else is published with the flag, and the connection below wakes whoever has to read it.
        self.closing.store(true, Ordering::Relaxed);
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            let _ = acceptor.join();
        }
    }
}

/// What all connections read.
struct Site {
    pages: Vec<Page>,
    latency: Duration,
}

/// A page made before anyone asks, so that making it is not part of a measurement.
struct Page {
    body: Vec<u8>,
    checksum: u64,
}

impl Page {
    fn new(number: usize) -> Page {
        let body = page(number);
        Page { checksum: checksum(&body), body }
    }
}

fn accept(listener: &TcpListener, site: &Arc<Site>, closing: &AtomicBool) {
    loop {
        let connection = listener.accept();
        if closing.load(Ordering::Relaxed) {
            return;
        }
        let Ok((stream, _)) = connection else {
            // Most likely out of descriptors, until some connection ends.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        let site = site.clone();
        // Without a thread for it the connection closes, and its client says so.
        let _ = thread::Builder::new().stack_size(STACK).spawn(move || {
            // An error here is a client that went away.
            let _ = serve(&stream, &site);
        });
    }
}

/// Answers the requests of one connection until either side closes it.
fn serve(stream: &TcpStream, site: &Site) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(IDLE))?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = Request::read(&mut reader)? {
        thread::sleep(site.latency);
        answer(stream, site, &request)?;
        if !request.keeps_alive {
            break;
        }
    }
    Ok(())
}

fn answer(stream: &TcpStream, site: &Site, request: &Request) -> io::Result<()> {
    let connection = if request.keeps_alive { "keep-alive" } else { "close" };
    let number = match request.target {
        Target::Page(number) => number,
        Target::Refused(status) => {
            let text = format!("{status}\n");
            let length = text.len();
            let mut stream = stream;
            return write!(
                stream,
                "HTTP/1.1 {status}\r\nConnection: {connection}\r\nContent-Length: {length}\r\n\r\n{text}"
            );
        }
    };
    let Page { body, checksum } = &site.pages[number % DISTINCT];
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: {connection}\r\n\
         {LENGTH_HEADER}: {length}\r\n{CHECKSUM_HEADER}: {checksum:016x}\r\n"
    );
    // HTTP/1.0 has no chunks.
    if number % 4 == 3 && request.is_http_11 {
        return send_chunks(stream, &head, body);
    }
    let mut message = format!("{head}Content-Length: {length}\r\n\r\n").into_bytes();
    message.extend_from_slice(body);
    let mut stream = stream;
    stream.write_all(&message)
}

/// Sends a page in chunks of uneven sizes.
fn send_chunks(mut stream: &TcpStream, head: &str, body: &[u8]) -> io::Result<()> {
    write!(stream, "{head}Transfer-Encoding: chunked\r\n\r\n")?;
    let mut rest = body;
    let mut size = 1000;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        let mut message = format!("{:x}\r\n", chunk.len()).into_bytes();
        message.extend_from_slice(chunk);
        message.extend_from_slice(b"\r\n");
        stream.write_all(&message)?;
        rest = after;
        size = size * 2 + 1;
    }
    stream.write_all(b"0\r\n\r\n")
}

/// What a client wants.
struct Request {
    target: Target,
    keeps_alive: bool,
    is_http_11: bool,
}

enum Target {
    Page(usize),
    Refused(&'static str),
}

impl Request {
    /// Reads one request, or `None` at the end of the connection.
    fn read(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Request>> {
        let mut head = reader.take(REQUEST_LIMIT);
        let Some(first) = line(&mut head)? else { return Ok(None) };
        let mut words = first.split(' ');
        let (method, path, version) = (words.next(), words.next(), words.next());
        let is_http_11 = version == Some("HTTP/1.1");
        let mut keeps_alive = is_http_11;
        let mut body_length = 0;
        loop {
            // A head that ends early or never is no request.
            let Some(header) = line(&mut head)? else { return Ok(None) };
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap_or((&header, ""));
            let value = value.trim();
            if name.eq_ignore_ascii_case("connection") {
                keeps_alive = !value.eq_ignore_ascii_case("close")
                    && (is_http_11 || value.eq_ignore_ascii_case("keep-alive"));
            } else if name.eq_ignore_ascii_case("content-length") {
                body_length = value.parse().unwrap_or(u64::MAX);
            }
        }
        if body_length > REQUEST_LIMIT {
            let target = Target::Refused("413 Content Too Large");
            return Ok(Some(Request { target, keeps_alive: false, is_http_11 }));
        }
        io::copy(&mut reader.take(body_length), &mut io::sink())?;
        let number = path.and_then(|path| path.strip_prefix("/page/")).and_then(|number| number.parse().ok());
        let target = match (method, version, number) {
            (_, None, _) => Target::Refused("400 Bad Request"),
            (Some("GET"), _, Some(number)) => Target::Page(number),
            (Some("GET"), _, None) => Target::Refused("404 Not Found"),
            _ => Target::Refused("405 Method Not Allowed"),
        };
        Ok(Some(Request { target, keeps_alive, is_http_11 }))
    }
}

/// The next line without its end, or `None` when the input ends before the line does.
fn line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    input.read_until(b'\n', &mut bytes)?;
    if bytes.pop() != Some(b'\n') {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
