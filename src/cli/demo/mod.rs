//! `demo`: the gateway and its whole mock world, on this machine. The one place of the gateway that
//! knows the mock world exists.

mod addresses;
mod folder;
mod key;
mod world;

use std::path::{Path, PathBuf};

use clap::Args;
use mock_idp::{World, tour::Operator};
use tokio::sync::watch;

use crate::{
    app,
    config::{self, Config, Sources},
    kernel::{
        Clock,
        random::{Random, SystemRandom},
        time::SystemClock,
    },
};

use super::{
    failure::Failure,
    listen::{self, Stop},
    logging, print, records, serve,
    settings::records_in,
};
use {addresses::Addresses, folder::Folder};

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// The gateway's port; the mock world takes those that follow
    #[arg(long, default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1..=65529))]
    port: u16,
    /// Where everything is kept [default: ./data/demo]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Empty the folder first, pki/ excepted
    #[arg(long)]
    fresh: bool,
    /// Play the whole story, one line a step, and stop
    #[arg(long)]
    tour: bool,
    /// A file of settings; given several times, later ones win
    #[arg(long, value_name = "FILE")]
    config: Vec<PathBuf>,
    /// The address that others know the gateway by
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The address of the log-in pages
    #[arg(long, value_name = "URL")]
    wallet_url: Option<String>,
}

const USUAL_FOLDER: &str = "data/demo";
/// What stands for the secret that the mock FranceConnect has drawn for us, or will, until its file
/// may be opened: ports and folder are taken first.
const NOT_YET_KNOWN: &str = "not yet known";

impl Demo {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let temporary = (self.tour && self.data.is_none()).then(new_temporary_folder);
        let usual = || PathBuf::from(USUAL_FOLDER);
        let path = temporary.clone().or_else(|| self.data.clone()).unwrap_or_else(usual);
        let outcome = self.run_in(&path).await;
        if let Some(path) = temporary {
            // Left behind in the system's own temporary folder, at worst.
            drop(std::fs::remove_dir_all(path));
        }
        outcome
    }

    async fn run_in(&self, path: &Path) -> Result<(), Failure> {
        let config = self.settings(path, NOT_YET_KNOWN)?;
        logging::start(&config.log);
        // Every port is tried before anything is written.
        let listeners = listen::bind(&config.server.listen).await?;
        addresses::probe(self.port).await?;
        let folder = Folder::take(path)?;
        if self.fresh {
            folder.empty()?;
        } else if self.tour && folder.is_used() {
            return Err(Failure::Usage(format!(
                "{}: the tour wants a folder that no demo has used; add --fresh to empty this one",
                path.display()
            )));
        }
        let addresses = Addresses::new(self.port, &config.server);
        let is_seeded = folder.is_seeded(&addresses.mark())?;
        // A signal while the world is made is obeyed as soon as it is.
        let (stop, told) = Self::stop()?;
        key::make(&config.records)?;
        let world = world::open(folder.path(), &addresses)?;
        let config = self.settings(path, &world.franceconnect_secret())?;
        let store = records::open(&config.records)?;
        let machine = serve::machine();
        let (tell_ready, ready) = watch::channel(false);
        let demo = app::Demo {
            world: world::described(&world),
            ready,
            phones: addresses.phones()?,
            parties: addresses.parties(),
        };
        if !is_seeded {
            world::seed(&world, &store, &machine).await?;
        }
        let app = app::build(&config, store, machine, Some(demo)).await?;
        let parties = world::serve(&world, stop.clone()).await?;
        let (patience, until) = (config.server.patience, stop.clone());
        let serving = tokio::spawn(async move {
            listen::serve(listeners, app.router, app.background, patience, until).await
        });
        let played = async {
            world.activate_all().await.map_err(world::failure)?;
            folder.mark_seeded(&addresses.mark())?;
            tell_ready.send_replace(true);
            self.play(&world, &addresses, path).await
        };
        let played = tokio::select! {
            played = played => played,
            () = listen::stopped(stop.clone()) => self.cut_short(),
        };
        if self.tour || played.is_err() {
            told.send_replace(true);
        }
        parties.finish().await;
        let served = serving.await.map_err(|error| Failure::Wrong(error.to_string()))?;
        played.and(served)
    }

    /// Told to stop before everything was there: fine for a demo, not for a tour.
    fn cut_short(&self) -> Result<(), Failure> {
        if self.tour { Err(Failure::Wrong("the tour was cut short".to_owned())) } else { Ok(()) }
    }

    /// What is there to see, or the tour.
    async fn play(&self, world: &World, addresses: &Addresses, path: &Path) -> Result<(), Failure> {
        if !self.tour {
            print(addresses);
            return Ok(());
        }
        let program = std::env::current_exe().map_err(|error| Failure::Wrong(error.to_string()))?;
        let operator = Operator { program, data: path.to_owned() };
        let described = world.description().await;
        let score = mock_idp::tour::tour(described, operator, |line| print(line)).await;
        print(format_args!("{} passed, {} failed", score.passed, score.failed));
        match score.failed {
            0 => Ok(()),
            failed => Err(Failure::Wrong(format!("{failed} steps of the tour failed"))),
        }
    }

    /// Signals stop a demo; so does the end of its tour.
    fn stop() -> Result<(Stop, watch::Sender<bool>), Failure> {
        let signalled = listen::stop_at_signal()?;
        let (tell, stop) = watch::channel(false);
        let teller = tell.clone();
        tokio::spawn(async move {
            listen::stopped(signalled).await;
            teller.send_replace(true);
        });
        Ok((stop, tell))
    }

    fn settings(&self, path: &Path, secret: &str) -> Result<Config, Failure> {
        let mut computed = addresses::settings(self.port, secret);
        computed.push(records_in(path));
        let named = [("server.base_url", &self.base_url), ("server.wallet_url", &self.wallet_url)];
        let named = named.into_iter().filter_map(|(key, url)| Some((key, url.clone()?)));
        Ok(config::load(&Sources {
            demo: true,
            computed,
            files: self.config.clone(),
            environment: config::environment(),
            command_line: named.collect(),
        })?)
    }
}

fn new_temporary_folder() -> PathBuf {
    let id = (&SystemRandom as &dyn Random).id(SystemClock.now());
    std::env::temp_dir().join(format!("passerelle-tour-{id}"))
}
