//! surf on this runtime: an HTTP client whose connections are our sockets.
//!
//! **A warning.** surf 2.3, and the crates `http-client`, `http-types` and `async-h1` below it, are no longer developed,
//! and neither is async-std, which they link; and `rustix` 0.37 below that does not compile with today's nightly
//! compilers. This feature is for programs that use surf already. Nothing here starts
//! async-std's threads or reactor, and a test looks. For new programs there is hyper, see the feature `hyper`, and a
//! client that blocks, such as attohttpc or ureq, may be called in a task as it is.
//!
//! Name surf in your own `Cargo.toml` with `default-features = false`: its default is to bring along a client of its
//! own, with curl.
//!
//! ```
//! # use std::io::{BufRead, BufReader, Write};
//! use reference_runtime::surf;
//!
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let url = format!("http://{}/", listener.local_addr()?);
//! # std::thread::spawn(move || {
//! #     let (stream, _) = listener.accept().unwrap();
//! #     BufReader::new(&stream).lines().find(|line| line.as_ref().unwrap().is_empty());
//! #     (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").unwrap();
//! # });
//! # reference_runtime::block_on(async {
//! let client = surf::client();
//! let text = client.get(url).recv_string().await?;
//! assert_eq!(text, "hello");
//! # Ok::<(), ::surf::Error>(())
//! # }).map_err(::surf::Error::into_inner)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use http_client::http_types::{StatusCode, url::Host};
use http_client::{Config, Error, Request, Response, async_trait};

use crate::net::TcpStream;
use crate::time::timeout;

/// A client of surf on this runtime's sockets, with the defaults of [`HttpClient`].
///
/// ```
/// let client: surf::Client = reference_runtime::surf::client();
/// let _request = client.get("http://127.0.0.1/");
/// ```
pub fn client() -> ::surf::Client {
    ::surf::Client::with_http_client(HttpClient::new())
}

/// As [`client`], with a base address, headers or limits of its own.
///
/// surf does not hand its settings to the client that it is given, so this does.
///
/// ```
/// use std::time::Duration;
///
/// let config = surf::Config::new().set_timeout(Some(Duration::from_secs(5)));
/// let client: surf::Client = reference_runtime::surf::client_with(config);
/// # let _ = client;
/// ```
pub fn client_with(config: ::surf::Config) -> ::surf::Client {
    let http_client = HttpClient { config: config.as_ref().clone() };
    let client = ::surf::Client::try_from(config.set_http_client(http_client));
    // The type of the error depends on surf's features.
    client.expect("surf fails only where it has to make a client of its own")
}

/// What surf sends requests with: HTTP/1.1 over [`TcpStream`].
///
/// Each request has a connection of its own, which is closed after the answer; there is no pool of connections and no
/// TLS. Of its [`Config`] it heeds `timeout`, which limits the time to the head of the answer (60 s by default), and
/// `tcp_no_delay`; see [`client_with`].
///
/// ```
/// use reference_runtime::surf::HttpClient;
///
/// let client = surf::Client::with_http_client(HttpClient::new());
/// # let _ = client;
/// ```
///
/// # Errors
///
/// Sending fails with the error of the socket, with status 400 if the address is not one of `http://`, and with
/// [`Elapsed`](crate::time::Elapsed) if the time was over.
///
/// # Cancel safety
///
/// A request that is dropped closes its connection. Whether the server has seen it is not known.
#[derive(Clone, Debug, Default)]
pub struct HttpClient {
    config: Config,
}

impl HttpClient {
    /// A client with the default [`Config`].
    ///
    /// ```
    /// let client = surf::Client::with_http_client(reference_runtime::surf::HttpClient::new());
    /// # let _ = client;
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    async fn connect_and_send(&self, mut request: Request) -> Result<Response, Error> {
        let url = request.url();
        if url.scheme() != "http" {
            return Err(refused(format!(
                "{url} is not an http:// address, and this client has no TLS; give one"
            )));
        }
        let port = url.port_or_known_default().expect("http has a default port");
        let stream = match url.host() {
            Some(Host::Domain(name)) => TcpStream::connect((name, port)).await?,
            Some(Host::Ipv4(address)) => TcpStream::connect((address, port)).await?,
            Some(Host::Ipv6(address)) => TcpStream::connect((address, port)).await?,
            None => return Err(refused(format!("{url} names no host; give one"))),
        };
        stream.set_nodelay(self.config.tcp_no_delay)?;
        request.set_peer_addr(stream.peer_addr().ok());
        request.set_local_addr(stream.local_addr().ok());
        request.insert_header("connection", "close");
        async_h1::connect(stream, request).await
    }
}

fn refused(message: String) -> Error {
    Error::from_str(StatusCode::BadRequest, message)
}

#[async_trait]
impl http_client::HttpClient for HttpClient {
    async fn send(&self, request: Request) -> Result<Response, Error> {
        let answer = self.connect_and_send(request);
        match self.config.timeout {
            Some(limit) => timeout(limit, answer).await?,
            None => answer.await,
        }
    }

    fn set_config(&mut self, config: Config) -> Result<(), Error> {
        self.config = config;
        Ok(())
    }

    fn config(&self) -> &Config {
        &self.config
    }
}
