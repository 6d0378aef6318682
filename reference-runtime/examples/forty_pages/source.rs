//! Where the pages come from, and whether one came as it was sent.

use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use surf::Url;

use crate::page::{CHECKSUM_HEADER, LENGTH_HEADER, checksum};

/// How long the server may take to accept a connection before anything is measured.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server and how many of its pages to fetch.
pub(crate) struct Source {
    base: Url,
    pub(crate) pages: usize,
    /// Whether each page must come with its length and checksum, as the demo's own server sends them.
    pub(crate) verify: bool,
}

impl Source {
    /// The pages `base/page/0` and so on.
    ///
    /// # Errors
    ///
    /// A sentence, when `base` is not the address of an HTTP server.
    pub(crate) fn new(base: &str, pages: usize, verify: bool) -> Result<Source, String> {
        let base = Url::parse(base)
            .map_err(|error| format!("--url takes an http:// address, not {base:?}: {error}"))?;
        if base.scheme() != "http" {
            return Err(format!("--url takes an http:// address, not {base}: this demo has no TLS"));
        }
        Ok(Source { base, pages, verify })
    }

    /// The server's address, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// The address of every page.
    pub(crate) fn urls(&self) -> impl Iterator<Item = String> {
        (0..self.pages).map(|number| format!("{}/page/{number}", self.base()))
    }

    /// Looks the server up, connects to it once, and returns the address that answered.
    ///
    /// # Errors
    ///
    /// A sentence, when no address does.
    pub(crate) fn reach(&self) -> Result<SocketAddr, String> {
        let unreachable = |reason: String| format!("cannot reach {}: {reason}", self.base());
        let addresses = self.base.socket_addrs(|| None).map_err(|error| unreachable(error.to_string()))?;
        let mut reason = "its name has no address".to_string();
        for address in addresses {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(_) => return Ok(address),
                Err(error) => reason = error.to_string(),
            }
        }
        Err(unreachable(reason))
    }
}

/// What a client got for one page, whichever client it was.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_length: Option<String>,
    pub(crate) page_length: Option<String>,
    pub(crate) page_checksum: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Collects an answer; `header` looks a header up by its name.
    pub(crate) fn new(status: u16, header: impl Fn(&str) -> Option<String>, body: Vec<u8>) -> Answer {
        Answer {
            status,
            content_length: header("content-length"),
            page_length: header(LENGTH_HEADER),
            page_checksum: header(CHECKSUM_HEADER),
            body,
        }
    }

    /// Whether the page came whole. Neither client minds a connection that ends in mid-body, so this looks.
    ///
    /// # Errors
    ///
    /// A sentence that names the page.
    pub(crate) fn check(&self, url: &str, verify: bool) -> Result<(), String> {
        if self.status != 200 {
            return Err(format!("{url} answered with status {} instead of 200", self.status));
        }
        let length = self.body.len().to_string();
        for announced in [&self.content_length, &self.page_length].into_iter().flatten() {
            if *announced != length {
                return Err(format!("{url} ended after {length} of {announced} bytes"));
            }
        }
        if !verify {
            return Ok(());
        }
        if self.page_length.is_none() {
            return Err(format!("{url} came without its length"));
        }
        if self.page_checksum != Some(format!("{:016x}", checksum(&self.body))) {
            return Err(format!("{url} does not match its checksum"));
        }
        Ok(())
    }
}
