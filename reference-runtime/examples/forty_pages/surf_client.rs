//! surf's transport: HTTP/1 over our own sockets, so that surf waits in our reactor and starts no thread.

use http_client::{Error, HttpClient, Request, Response, async_trait};
use reference_runtime::net::TcpStream;
use std::net::SocketAddr;

/// Sends each request over a connection of its own.
///
/// No pool of connections, on purpose: attohttpc has none either, and all pages are asked for at once, when a pool
/// would still be empty.
#[derive(Debug)]
pub(crate) struct SurfClient {
    server: SocketAddr,
}

impl SurfClient {
    /// A client for the one server of a run. Its address is looked up beforehand: a resolver that blocks is not what
    /// surf's rows measure.
    pub(crate) fn new(server: SocketAddr) -> SurfClient {
        SurfClient { server }
    }
}

#[async_trait]
impl HttpClient for SurfClient {
    async fn send(&self, mut request: Request) -> Result<Response, Error> {
        request.insert_header("connection", "close");
        let stream = TcpStream::connect(self.server).await?;
        async_h1::connect(stream, request).await
    }
}
