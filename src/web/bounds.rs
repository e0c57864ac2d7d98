//! Limits for clients of the API: how many connections at a time, and how long each.
//!
//! The server itself waits for ever for a request that never ends, and each one that waits is an open file that the daemon may
//! need to reach AWS or its store. So connections beyond a number wait outside, and one to which nothing could be written
//! for a while is closed.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// How much the API takes of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at a time.
    pub connections: usize,
    /// How long a connection stays to which nothing is written: a request that does not end, or an answer that the client does not read.
    pub quiet: Duration,
    /// How long a connection stays at all.
    pub life: Duration,
}

impl Default for Bounds {
    /// 128 connections, 30 seconds, 10 minutes.
    fn default() -> Self {
        Self { connections: 128, quiet: Duration::from_secs(30), life: Duration::from_secs(600) }
    }
}

/// Accepts no more connections than there is room for.
pub(super) struct Bounded {
    inner: TcpListener,
    room: Arc<Semaphore>,
    bounds: Bounds,
}

impl Bounded {
    pub(super) fn new(inner: TcpListener, bounds: Bounds) -> Self {
        Self { inner, room: Arc::new(Semaphore::new(bounds.connections)), bounds }
    }
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // It is never closed; without a permit there would be one connection more than there should be.
        let permit = self.room.clone().acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.inner).await;
        let end = Box::pin(sleep(self.bounds.quiet.min(self.bounds.life)));
        let last = Instant::now() + self.bounds.life;
        (Connection { stream, end, last, quiet: self.bounds.quiet, _permit: permit }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

/// A connection that ends when it is quiet for too long.
pub(super) struct Connection {
    stream: TcpStream,
    end: Pin<Box<Sleep>>,
    last: Instant,
    quiet: Duration,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// An error once the time is over.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.end.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::Error::new(io::ErrorKind::TimedOut, "the connection was silent for too long")),
            Poll::Pending => Ok(()),
        }
    }

    /// Something was written: there is time again.
    fn wrote(&mut self, written: &Poll<io::Result<usize>>) {
        if matches!(written, Poll::Ready(Ok(1..))) {
            let end = (Instant::now() + self.quiet).min(self.last);
            self.end.as_mut().reset(end);
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Err(error) = self.check(context) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Err(error) = self.check(context) {
            return Poll::Ready(Err(error));
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(&written);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
