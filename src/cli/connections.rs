//! Connections: each answered by the router, none held open by who says nothing.

use std::{
    convert::Infallible,
    future::pending,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, extract::ConnectInfo, http::Request, response::Response, serve::Listener};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tower::Service;

use super::listen::{Stop, stopped};

/// Answers whoever connects, until told to stop; then lets requests under way finish. The head of a
/// request, the first or the next, has to come within `head`.
pub(super) async fn answer(mut listener: TcpListener, router: Router, head: Duration, stop: Stop) {
    let mut server = Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new()).header_read_timeout(head);
    server.http2().timer(TokioTimer::new()).keep_alive_interval(head).keep_alive_timeout(head);
    let under_way = GracefulShutdown::new();
    loop {
        let (stream, address) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = stopped(stop.clone()) => break,
        };
        let caller = Caller { router: router.clone(), address, heard: Arc::default() };
        let unheard = unheard(Arc::clone(&caller.heard), head, stop.clone());
        let connection = connection(&server, stream, caller, &under_way);
        tokio::spawn(async move {
            tokio::select! {
                () = connection => {}
                () = unheard => {}
            }
        });
    }
    drop(listener);
    under_way.shutdown().await;
}

fn connection(
    server: &Builder<TokioExecutor>,
    stream: TcpStream,
    caller: Caller,
    under_way: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + use<> {
    let service = TowerToHyperService::new(caller);
    let connection = server.serve_connection(TokioIo::new(stream), service).into_owned();
    let connection = under_way.watch(connection);
    async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}

/// Resolves when nothing was asked within `head`, or before we stop: until then the library waits
/// for the first bytes for ever, and for half a head even when it was told to stop.
async fn unheard(spoke: Arc<AtomicBool>, head: Duration, stop: Stop) {
    tokio::select! {
        () = tokio::time::sleep(head) => {}
        () = stopped(stop) => {}
    }
    if spoke.load(Ordering::Relaxed) {
        pending::<()>().await;
    }
}

/// One connection's way into the router, which learns whose it is.
#[derive(Clone)]
struct Caller {
    router: Router,
    address: SocketAddr,
    heard: Arc<AtomicBool>,
}

impl<B> Service<Request<B>> for Caller
where
    Router: Service<Request<B>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = <Router as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.router.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        self.heard.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(ConnectInfo(self.address));
        self.router.call(request)
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        sync::watch,
    };

    use super::*;

    async fn listening(head: Duration) -> (SocketAddr, watch::Sender<bool>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, stop) = watch::channel(false);
        let router = Router::new().route("/", get(async || "here"));
        tokio::spawn(answer(listener, router, head, stop));
        (address, tell)
    }

    /// Each of these says too little; the end of its connection is all that it waits for.
    #[tokio::test]
    async fn who_says_nothing_is_not_waited_for() {
        let whole = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let (address, _stop) = listening(Duration::from_millis(50)).await;
        for (said, answered) in [
            (String::new(), false),
            ("GET / HTTP/1.1\r\nHost".to_owned(), false),
            ("PRI * HTTP/2".to_owned(), false),
            (whole.to_owned(), true),
            (format!("{whole}GET / HT"), true),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            let mut heard = Vec::new();
            drop(stream.read_to_end(&mut heard).await);
            assert_eq!(heard.ends_with(b"here"), answered, "{said}");
        }
    }

    #[tokio::test]
    async fn half_a_request_does_not_hold_up_the_end() {
        let (address, tell) = listening(Duration::from_hours(1)).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost").await.unwrap();
        tell.send_replace(true);
        let mut heard = Vec::new();
        drop(stream.read_to_end(&mut heard).await);
        assert!(heard.is_empty());
        tell.closed().await;
    }
}
