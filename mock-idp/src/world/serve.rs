//! Listening: every port is taken before anybody is served.

use std::future::Future;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::ports::Party;
use super::{World, WorldError};
use crate::{franceconnect, mailbox, phone};

/// Requests under way at the end get this long.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// A world that is being served.
pub struct Running {
    parties: JoinSet<()>,
    closing: watch::Receiver<bool>,
}

impl Running {
    /// Lets the world run as long as the runtime does.
    #[cfg(test)]
    pub(crate) fn until_dropped(mut self) {
        self.parties.detach_all();
    }

    /// Waits for the shutdown, then for the requests under way, and not much longer.
    pub async fn finish(mut self) {
        // An error means that the sender is gone: it is time as well.
        let _ = self.closing.wait_for(|closing| *closing).await;
        let all = async { while self.parties.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_WORDS, all).await.is_err() {
            tracing::debug!("some requests to the mock world were cut short");
        }
    }
}

impl World {
    /// Binds every listener, then serves until `shutdown` resolves.
    pub async fn serve(
        &self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Running, WorldError> {
        let mut bound = Vec::new();
        for party in Party::ALL {
            bound.push((party, bind(self.ports.port(party), party).await?));
        }
        let (close, closing) = watch::channel(false);
        let mut parties = JoinSet::new();
        for (party, listeners) in bound {
            let router = self.router(party);
            for listener in listeners {
                if let Some(router) = &router {
                    parties.spawn(serve_http(listener, router.clone(), closing.clone()));
                } else {
                    let mails = mailbox::serve_smtp(listener, Arc::clone(&self.mailbox));
                    parties.spawn(until(closing.clone(), mails));
                }
            }
        }
        parties.spawn(until(closing.clone(), phone::run_auto(Arc::clone(&self.phones))));
        tokio::spawn(async move {
            shutdown.await;
            // An error means that nobody listens any more.
            let _ = close.send(true);
        });
        Ok(Running { parties, closing })
    }

    /// The pages and calls of a party; SMTP has none.
    fn router(&self, party: Party) -> Option<Router> {
        match party {
            Party::FranceConnect => Some(franceconnect::router(Arc::clone(&self.franceconnect))),
            Party::Tilleuls | Party::RiveClaire => Some(
                self.duis
                    .iter()
                    .filter(|dui| dui.party() == party)
                    .fold(Router::new(), |all, dui| all.merge(Arc::clone(dui).router())),
            ),
            Party::Phone => Some(
                phone::router(Arc::clone(&self.phones))
                    .merge(mailbox::router(Arc::clone(&self.mailbox))),
            ),
            Party::Smtp => None,
        }
    }
}

/// Both loopback addresses; a machine without IPv6 has only the first.
async fn bind(port: u16, party: Party) -> Result<Vec<TcpListener>, WorldError> {
    let mut listeners = Vec::new();
    for host in ["127.0.0.1", "::1"] {
        match TcpListener::bind((host, port)).await {
            Ok(listener) => listeners.push(listener),
            Err(source) if host == "::1" && source.kind() != ErrorKind::AddrInUse => {
                tracing::debug!(port, %source, "no IPv6 loopback here");
            }
            Err(source) => {
                return Err(WorldError::Listen { port, party: party.name(), host, source });
            }
        }
    }
    Ok(listeners)
}

async fn serve_http(listener: TcpListener, router: Router, mut closing: watch::Receiver<bool>) {
    let end = async move {
        let _ = closing.wait_for(|closing| *closing).await;
    };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(end).await {
        tracing::error!(%error, "a party of the mock world stopped");
    }
}

async fn until(mut closing: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = closing.wait_for(|closing| *closing) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::ports::Ports;

    #[tokio::test]
    async fn a_port_that_is_taken_is_named_and_the_world_stops_when_told()
    -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let base = 21_470;
        let world = World::open(dir.path(), Ports::new(base))?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = world
            .serve(async {
                let _ = stopped.await;
            })
            .await?;

        let said = world.serve(std::future::pending()).await.err().map(|error| error.to_string());
        assert!(said.as_ref().is_some_and(|text| text.contains("21471")), "{said:?}");

        let home = format!("http://localhost:{}/", base + 4);
        let page = reqwest::get(&home).await?.text().await?;
        assert!(page.contains("DÉMONSTRATION"), "{page}");

        let _ = stop.send(());
        running.finish().await;
        assert!(reqwest::get(&home).await.is_err());
        Ok(())
    }
}
