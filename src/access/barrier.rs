//! A door answers only after a read of the head that was sent after its question arrived.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use futures_util::FutureExt;
use tokio::{sync::oneshot, task::yield_now};

use crate::kernel::{Clock, Epoch, Outage, Revision, Timestamp};

use super::{Cut, CutSet, Door, Holder, Passed, Shut, Stamp, gate};

/// One reading of the records' head, with the cuts that it makes known, in one snapshot.
#[derive(Clone, Debug)]
pub struct HeadReading {
    /// The epoch.
    pub epoch: Epoch,
    /// The revision.
    pub revision: Revision,
    /// The revision that was current a session's longest life ago.
    pub floor: Revision,
    /// Whether an end was due, by the records' clock, when the head was read.
    pub end_due: bool,
    /// The cuts above what the reader knew, up to `revision`. When it knew another epoch, or
    /// nothing: all those above `floor`.
    pub cuts: Vec<Cut>,
    /// The calendar clock's lead over the protocol clock, in milliseconds.
    pub calendar_lead: i64,
}

/// What the barrier needs from the records' primary.
#[async_trait::async_trait]
pub trait Heads: Send + Sync {
    /// Reads the head now, and what it adds to `known`.
    async fn read_head(&self, known: Option<(Epoch, Revision)>) -> Result<HeadReading, Outage>;

    /// Fires the ends that are due, and answers when they have committed.
    async fn fire_due_ends(&self) -> Result<(), Outage>;
}

/// Why a door does not open.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// The gate says no.
    #[error(transparent)]
    Shut(#[from] Shut),
    /// We cannot know: 503.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl Refused {
    /// Whether the honest answer is *we do not know* (503) and not *no*.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Outage(_) | Self::Shut(Shut::Unknown) => true,
            Self::Shut(Shut::Expired | Shut::OtherEpoch | Shut::BelowFloor | Shut::Cut) => false,
        }
    }
}

/// The two readings that a door takes once, when its question arrives.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Real time.
    pub protocol: Timestamp,
    /// Calendar time: delays, visibility, end dates.
    pub calendar: Timestamp,
    /// Where the records stood: what starts now starts from here.
    pub stamp: Stamp,
}

/// All doors of this replica: the barrier, and the gate behind it.
#[derive(Clone)]
pub struct Doors {
    inner: Arc<Inner>,
}

struct Inner {
    heads: Arc<dyn Heads>,
    clock: Arc<dyn Clock>,
    cuts: RwLock<Option<CutSet>>,
    round: Mutex<Round>,
}

/// Questions that wait for the next reading; those that the current one serves are with it.
#[derive(Default)]
struct Round {
    reading: bool,
    waiting: Vec<oneshot::Sender<Result<Now, Outage>>>,
}

impl Doors {
    /// Doors over these records.
    pub fn new(heads: Arc<dyn Heads>, clock: Arc<dyn Clock>) -> Self {
        let (cuts, round) = (RwLock::new(None), Mutex::new(Round::default()));
        Self { inner: Arc::new(Inner { heads, clock, cuts, round }) }
    }

    /// Passes the barrier: a reading of the head that was sent after this call. Questions that wait
    /// share the next reading, never the one already in flight, which may have been sent before a
    /// departure that this question must see.
    pub async fn barrier(&self) -> Result<Now, Outage> {
        let (answer, answered) = oneshot::channel();
        let lead = {
            let mut round = self.inner.round.lock().unwrap_or_else(PoisonError::into_inner);
            round.waiting.push(answer);
            !std::mem::replace(&mut round.reading, true)
        };
        if lead {
            // Its own task: a caller that gives up must not take the others' reading with it.
            tokio::spawn(Arc::clone(&self.inner).read_for_all());
        }
        let gone = |_| Outage::Unavailable("the reading of the head was abandoned".to_owned());
        answered.await.map_err(gone)?
    }

    /// Asks the question of promise 3, behind a new barrier.
    pub async fn ask(&self, door: Door, holder: &Holder) -> Result<(Passed, Now), Refused> {
        let now = self.barrier().await?;
        let judged = self.judge(door, holder, now.protocol);
        let outcome = match &judged {
            Ok(_) => "open",
            Err(shut) => shut.as_str(),
        };
        let labels = [("door", door.as_str()), ("outcome", outcome)];
        metrics::counter!("passerelle_doors_asked_total", &labels).increment(1);
        Ok((judged?, now))
    }

    /// What a door that mints does: asks, consumes and writes in one transaction, asks again behind a
    /// new barrier, and only then answers. A departure that slips in between finds the grant written,
    /// so it knows whom to tell, and gets the last word.
    ///
    /// `write` receives the reading that the first question passed on, and answers what to give and
    /// what it grew into: the second question is about that.
    pub async fn mint<T, E: From<Refused>>(
        &self,
        door: Door,
        holder: &Holder,
        write: impl AsyncFnOnce(Passed, Now) -> Result<(T, Holder), E>,
    ) -> Result<T, E> {
        let (passed, now) = self.ask(door, holder).await?;
        let (given, grown) = write(passed, now).await?;
        let _last_word = self.ask(door.answer(), &grown).await?;
        Ok(given)
    }

    /// The gate alone, for a caller that has passed the barrier since its question arrived.
    pub fn judge(&self, door: Door, holder: &Holder, now: Timestamp) -> Result<Passed, Shut> {
        let cuts = self.inner.cuts.read().unwrap_or_else(PoisonError::into_inner);
        cuts.as_ref().ok_or(Shut::Unknown).and_then(|cuts| gate(door, holder, cuts, now))
    }
}

impl Inner {
    async fn read_for_all(self: Arc<Self>) {
        loop {
            // Whoever is about to ask comes along: a reading for each would be the dearest part of a
            // question.
            yield_now().await;
            let questions = {
                let mut round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
                if round.waiting.is_empty() {
                    round.reading = false;
                    return;
                }
                std::mem::take(&mut round.waiting)
            };
            // A panic inside a reading must not leave every later question waiting for it.
            let read = AssertUnwindSafe(self.read()).catch_unwind().await;
            let failed = || Err(Outage::Unavailable("the reading of the head failed".to_owned()));
            let answer = read.unwrap_or_else(|_| failed());
            for question in questions {
                // Who no longer waits needs no answer.
                drop(question.send(answer.clone()));
            }
        }
    }

    /// One reading; ends that are due fire first, and the head is read again after they committed.
    async fn read(&self) -> Result<Now, Outage> {
        let mut reading = self.heads.read_head(self.known()).await?;
        if reading.end_due {
            self.heads.fire_due_ends().await?;
            reading = self.heads.read_head(self.known()).await?;
        }
        let protocol = self.clock.now();
        let now = Now {
            protocol,
            calendar: Timestamp(protocol.0.saturating_add(reading.calendar_lead)),
            stamp: Stamp { epoch: reading.epoch, revision: reading.revision },
        };
        self.learn(reading);
        Ok(now)
    }

    fn known(&self) -> Option<(Epoch, Revision)> {
        let cuts = self.cuts.read().unwrap_or_else(PoisonError::into_inner);
        cuts.as_ref().map(|cuts| (cuts.epoch(), cuts.head()))
    }

    fn learn(&self, reading: HeadReading) {
        let is_news = {
            let cuts = self.cuts.read().unwrap_or_else(PoisonError::into_inner);
            cuts.as_ref().is_none_or(|cuts| {
                cuts.epoch() != reading.epoch
                    || cuts.head() < reading.revision
                    || cuts.floor() < reading.floor
            })
        };
        if !is_news {
            return;
        }
        let mut cuts = self.cuts.write().unwrap_or_else(PoisonError::into_inner);
        let fresh = || CutSet::new(reading.epoch, reading.revision, reading.floor);
        let known = cuts.get_or_insert_with(fresh);
        if known.epoch() != reading.epoch {
            *known = fresh();
        }
        known.advance(reading.revision, reading.cuts);
        known.raise_floor(reading.floor);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use uuid::Uuid;

    use super::*;

    const QUESTIONS: usize = 32;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    #[async_trait::async_trait]
    impl Heads for Counted {
        async fn read_head(&self, _: Option<(Epoch, Revision)>) -> Result<HeadReading, Outage> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(HeadReading {
                epoch: Epoch(Uuid::nil()),
                revision: Revision(1),
                floor: Revision(0),
                end_due: false,
                cuts: Vec::new(),
                calendar_lead: 0,
            })
        }

        async fn fire_due_ends(&self) -> Result<(), Outage> {
            Ok(())
        }
    }

    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }
    }

    // One worker, as a busy machine has for each core: its questions are all there before it reads.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn questions_of_one_moment_share_a_reading() {
        let heads = Arc::new(Counted::default());
        let doors = Doors::new(Arc::clone(&heads) as Arc<dyn Heads>, Arc::new(Stopped));
        let asking = tokio::spawn(async move {
            let ask = |doors: Doors| tokio::spawn(async move { doors.barrier().await.unwrap() });
            let asked: Vec<_> = (0..QUESTIONS).map(|_| ask(doors.clone())).collect();
            for question in asked {
                question.await.unwrap();
            }
        });
        asking.await.unwrap();
        let readings = heads.0.load(Ordering::Relaxed);
        assert!((1..=4).contains(&readings), "{readings} readings");
    }
}
