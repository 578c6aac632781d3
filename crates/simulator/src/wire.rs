//! The socket beneath HTTP, with a switch that lets a handler do what HTTP libraries refuse to.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Reaches from a handler down to the connection of its request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Switch(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Nothing more is written, and the socket is reset when it is dropped.
    reset: AtomicBool,
    /// Nothing more is written once the injected bytes are out.
    close: AtomicBool,
    /// Whether there may be injected bytes; spares the lock on every write.
    injected: AtomicBool,
    /// Bytes to write before anything else.
    bytes: Mutex<Vec<u8>>,
}

impl Switch {
    /// Resets the connection at its next write; without the `wire-faults` feature it only closes.
    pub(crate) fn reset(&self) {
        if cfg!(feature = "wire-faults") {
            self.0.reset.store(true, Ordering::Release);
        }
        self.close();
    }

    /// Closes the connection at its next write.
    pub(crate) fn close(&self) {
        self.0.close.store(true, Ordering::Release);
    }

    /// Writes `bytes` before the response; does nothing without the `wire-faults` feature.
    pub(crate) fn inject(&self, bytes: &[u8]) {
        if cfg!(feature = "wire-faults") {
            self.0.bytes.lock().extend_from_slice(bytes);
            self.0.injected.store(true, Ordering::Release);
        }
    }

    /// Writes `bytes` instead of the response, then closes.
    pub(crate) fn replace(&self, bytes: &[u8]) {
        self.inject(bytes);
        self.close();
    }
}

/// A connection that obeys its switch.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    switch: Switch,
}

impl Wire {
    /// Wraps an accepted connection.
    pub(crate) fn new(stream: TcpStream, switch: Switch) -> Self {
        Self { stream, switch }
    }

    /// Does what the switch says before an ordinary write may happen.
    fn obey(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let state = Arc::clone(&self.switch.0);
        if state.reset.load(Ordering::Acquire) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if state.injected.load(Ordering::Acquire) {
            let mut bytes = state.bytes.lock();
            while !bytes.is_empty() {
                let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes))?;
                bytes.drain(..written);
            }
            state.injected.store(false, Ordering::Release);
        }
        if state.close.load(Ordering::Acquire) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.switch.0.reset.load(Ordering::Acquire)
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "connection closes instead of being reset");
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.obey(context))?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.obey(context))?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.switch.0.reset.load(Ordering::Acquire) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
