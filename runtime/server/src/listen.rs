//! Listening: connections, and the times that a client has for each part of a request.

use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep, timeout};

use crate::error::{Error, Kind, Result};
use crate::settings::Timeouts;

/// Connections that are open at the same time. More wait to be accepted.
const MAX_CONNECTIONS: usize = 1024;
/// Bytes that the head of a request may have.
const MAX_HEAD: usize = 64 << 10;
/// How long requests that are being answered may go on when the server ends.
const FINISH_WITHIN: Duration = Duration::from_secs(5);
/// The threads that wait for sockets. Operations on the store have threads of their own.
const THREADS: usize = 2;
/// Operations on the store at the same time.
const BLOCKING_THREADS: usize = 64;

/// A server's socket, before anything is served.
pub struct Listener {
    socket: StdListener,
    address: SocketAddr,
}

impl Listener {
    /// Listens on an address.
    ///
    /// # Errors
    /// The address is not free, or not of this host.
    pub fn bind(address: SocketAddr) -> Result<Self> {
        let failed = |error: std::io::Error| {
            let hint =
                if error.kind() == std::io::ErrorKind::AddrInUse { "; choose another with `--listen`" } else { "" };
            Error::new(Kind::FailedPrecondition, format!("cannot listen on {address}: {error}{hint}"))
        };
        let socket = StdListener::bind(address).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address })
    }

    /// Its address, with the port that it got.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Serves a router until `stop` becomes true, and lets requests that are being answered end. Blocks.
///
/// # Errors
/// The threads cannot be started, or the socket broke.
pub fn listen(listener: Listener, router: Router, timeouts: Timeouts, stop: watch::Receiver<bool>) -> Result<()> {
    let internal = |error: std::io::Error| Error::internal(&error);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
        .map_err(internal)?;
    let outcome = runtime.block_on(async {
        let socket = TcpListener::from_std(listener.socket)?;
        accept(&socket, router, timeouts, stop).await;
        Ok(())
    });
    // Operations that still run are of requests whose clients were cut off.
    runtime.shutdown_timeout(Duration::from_millis(100));
    outcome.map_err(internal)
}

async fn accept(socket: &TcpListener, router: Router, timeouts: Timeouts, mut stop: watch::Receiver<bool>) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, socket.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            () = asked(&mut stop) => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let (router, stop) = (router.clone(), stop.clone());
                tokio::spawn(async move {
                    serve(stream, router, timeouts, stop).await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Too many open files, or a client that is gone already.
                tracing::debug!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
    let all = u32::try_from(MAX_CONNECTIONS).unwrap_or(u32::MAX);
    _ = timeout(FINISH_WITHIN, permits.acquire_many(all)).await;
}

/// Waits until the server is asked to end.
async fn asked(stop: &mut watch::Receiver<bool>) {
    // Whoever could ask is gone: that is an end, too.
    _ = stop.wait_for(|stop| *stop).await;
}

async fn serve(stream: TcpStream, router: Router, timeouts: Timeouts, mut stop: watch::Receiver<bool>) {
    _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(timeouts.head).max_buf_size(MAX_HEAD).keep_alive(true);
    let io = TokioIo::new(Patient::new(stream, timeouts.stalled));
    let connection = builder.serve_connection(io, TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = asked(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// A stream that breaks when the other side neither sends nor takes anything for too long.
struct Patient {
    stream: TcpStream,
    stalled: Duration,
    reading: Pin<Box<Sleep>>,
    writing: Pin<Box<Sleep>>,
    waits_to_read: bool,
    waits_to_write: bool,
}

impl Patient {
    fn new(stream: TcpStream, stalled: Duration) -> Self {
        let (reading, writing) = (Box::pin(sleep(stalled)), Box::pin(sleep(stalled)));
        Self { stream, stalled, reading, writing, waits_to_read: false, waits_to_write: false }
    }
}

/// Whether the time has passed since the first of the polls that had to wait.
fn has_stalled(
    timer: &mut Pin<Box<Sleep>>,
    waits: &mut bool,
    within: Duration,
    pending: bool,
    context: &mut Context<'_>,
) -> bool {
    if !pending {
        *waits = false;
        return false;
    }
    if !*waits {
        *waits = true;
        timer.as_mut().reset(Instant::now() + within);
    }
    timer.as_mut().poll(context).is_ready()
}

fn stalled<T>() -> Poll<std::io::Result<T>> {
    Poll::Ready(Err(std::io::Error::from(std::io::ErrorKind::TimedOut)))
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.stream).poll_read(context, into);
        if has_stalled(&mut this.reading, &mut this.waits_to_read, this.stalled, polled.is_pending(), context) {
            stalled()
        } else {
            polled
        }
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.stream).poll_write(context, bytes);
        if has_stalled(&mut this.writing, &mut this.waits_to_write, this.stalled, polled.is_pending(), context) {
            stalled()
        } else {
            polled
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.stream).poll_write_vectored(context, bytes);
        if has_stalled(&mut this.writing, &mut this.waits_to_write, this.stalled, polled.is_pending(), context) {
            stalled()
        } else {
            polled
        }
    }
}
