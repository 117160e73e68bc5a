//! Taking ports, serving on them, and stopping gracefully.

use std::{
    future::Future,
    io::{self, ErrorKind},
    net::{Ipv6Addr, SocketAddr},
};

use axum::Router;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};

use crate::config::Patience;

use super::{connections::answer, failure::Failure};

/// Takes every address, or none. An IPv6 loopback that this machine does not have is done without.
pub(super) async fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, Failure> {
    let mut listeners = Vec::new();
    for address in addresses {
        match TcpListener::bind(address).await {
            Ok(listener) => listeners.push(listener),
            Err(error) if is_missing_ipv6(address, &error) && addresses.len() > 1 => {
                tracing::warn!(%address, "this machine has no IPv6 loopback");
            }
            Err(error) => return Err(refused(address, &error)),
        }
    }
    Ok(listeners)
}

fn is_missing_ipv6(address: &SocketAddr, error: &io::Error) -> bool {
    address.ip() == Ipv6Addr::LOCALHOST && error.kind() != ErrorKind::AddrInUse
}

fn refused(address: &SocketAddr, error: &io::Error) -> Failure {
    let (port, kind) = (address.port(), error.kind());
    Failure::Usage(if kind == ErrorKind::AddrInUse {
        format!("port {port} is taken ({address}): stop what listens there, or choose another")
    } else if kind == ErrorKind::PermissionDenied {
        format!("port {port} ({address}) may not be taken by this user: choose one above 1023")
    } else if kind == ErrorKind::AddrNotAvailable {
        format!("{address}: this machine has no such address")
    } else {
        format!("{address}: {error}")
    })
}

/// Told once that it is time to stop. Cloned for each party that must know.
pub(super) type Stop = watch::Receiver<bool>;

/// Resolves at Ctrl-C or SIGTERM.
pub(super) fn stop_at_signal() -> Result<Stop, Failure> {
    let failed = |error: io::Error| Failure::Wrong(error.to_string());
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let (tell, stop) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        tell.send_replace(true);
    });
    Ok(stop)
}

/// Resolves when it is time to stop.
pub(super) async fn stopped(mut stop: Stop) {
    // An error means that nobody is left to tell us: it is time as well.
    drop(stop.wait_for(|stop| *stop).await);
}

/// Work that goes on while we serve, until it is dropped. What it owes is durable.
pub(super) type Background = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves until told to stop, lets requests under way finish, and drops the background work.
pub(super) async fn serve(
    listeners: Vec<TcpListener>,
    router: Router,
    background: Vec<Background>,
    patience: Patience,
    stop: Stop,
) -> Result<(), Failure> {
    let mut work = JoinSet::new();
    for task in background {
        work.spawn(task);
    }
    let mut serving = JoinSet::new();
    for listener in listeners {
        serving.spawn(answer(listener, router.clone(), patience.head, stop.clone()));
    }
    let deadline = async {
        stopped(stop).await;
        tokio::time::sleep(patience.stop).await;
    };
    tokio::select! {
        () = deadline => {
            tracing::warn!("some requests were cut short");
            Ok(())
        }
        outcome = all(&mut serving) => outcome,
    }
}

async fn all(serving: &mut JoinSet<()>) -> Result<(), Failure> {
    while let Some(ended) = serving.join_next().await {
        ended.map_err(|error| Failure::Wrong(format!("a listener failed: {error}")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::routing::get;
    use tokio::{io::AsyncWriteExt, net::TcpStream};

    use super::*;

    #[tokio::test]
    async fn a_port_that_is_taken_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        let failure = bind(&[address]).await.unwrap_err().to_string();
        assert!(failure.starts_with(&format!("port {} is taken", address.port())), "{failure}");
    }

    /// With a request under way or without, and never later than it may.
    #[tokio::test]
    async fn a_server_that_is_told_to_stop_ends_well() {
        let never = Router::new().route("/", get(std::future::pending::<()>));
        for (router, asked) in [(Router::new(), false), (never, true)] {
            let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
            let address = listeners.first().unwrap().local_addr().unwrap();
            let (tell, stop) = watch::channel(false);
            let forever: Background = Box::pin(std::future::pending());
            let (head, body, end) =
                (Duration::from_hours(1), Duration::from_hours(1), Duration::from_millis(50));
            let patience = Patience { head, body, stop: end };
            let serving = tokio::spawn(serve(listeners, router, vec![forever], patience, stop));
            let mut asking = TcpStream::connect(address).await.unwrap();
            if asked {
                asking.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
            }
            tell.send_replace(true);
            assert!(serving.await.unwrap().is_ok());
        }
    }
}
