//! The one thread that writes: group commit, departures first.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::kernel::Outage;

use super::outage;

/// Operations in one transaction, at most.
const GROUP: usize = 64;
/// Operations that may wait in a lane; beyond, the caller is told [`Outage::Busy`] at once.
const QUEUE: usize = 4096;

/// Which queue an operation waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Whatever closes: taken before everything else.
    Departure,
    /// Everything else.
    Common,
}

/// Answers its caller once the commit is known.
type Answer = Box<dyn FnOnce(Result<(), Outage>) + Send>;
/// Runs inside the transaction; `Err` asks for a rollback of this operation alone, and says why. Where
/// there is no transaction to run in, it is handed the reason and only answers.
type Operation =
    Box<dyn FnOnce(Result<&Connection, Outage>) -> Result<Answer, (Answer, Outage)> + Send>;

#[derive(Default)]
struct Lanes {
    departures: VecDeque<Operation>,
    common: VecDeque<Operation>,
    stopped: bool,
}

struct Shared {
    lanes: Mutex<Lanes>,
    something: Condvar,
    /// Held during each transaction, so that a checkpoint can ask for a pause.
    writing: Mutex<()>,
    /// Why the last transaction did not write all that it was asked to; a damaged file, for good.
    trouble: Mutex<Option<Outage>>,
}

impl Shared {
    fn note(&self, now: Option<Outage>) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*trouble, Some(Outage::Corrupt(_))) {
            *trouble = now;
        }
    }
}

/// The thread, and the queues in front of it.
pub(super) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, std::io::Error> {
        let shared = Arc::new(Shared {
            lanes: Mutex::new(Lanes::default()),
            something: Condvar::new(),
            writing: Mutex::new(()),
            trouble: Mutex::new(None),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || work(&theirs, &connection))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Runs `op` in the next transaction; the answer comes after the commit.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        op: impl FnOnce(&Connection) -> Result<T, Outage> + Send + 'static,
    ) -> Result<T, Outage> {
        let (sender, answered) = oneshot::channel();
        let operation: Operation = Box::new(move |db| match db.and_then(op) {
            Ok(value) => Ok(Box::new(move |commit| {
                drop(sender.send(commit.map(|()| value)));
            })),
            Err(failure) => {
                let why = failure.clone();
                let answer: Answer = Box::new(move |_| drop(sender.send(Err(failure))));
                Err((answer, why))
            }
        });
        self.enqueue(lane, operation)?;
        answered.await.map_err(|_| Outage::Unavailable("the operation failed inside".to_owned()))?
    }

    /// Why the last transaction failed, if it did.
    pub(super) fn trouble(&self) -> Option<Outage> {
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A reader met this. A damaged file is everybody's trouble.
    pub(super) fn noticed(&self, met: Outage) -> Outage {
        if matches!(met, Outage::Corrupt(_)) {
            tracing::error!(outage = %met, "the records cannot be read");
            self.shared.note(Some(met.clone()));
        }
        met
    }

    /// Runs `pause` while no transaction is open.
    pub(super) fn between_transactions(&self) -> impl Fn(&mut dyn FnMut()) + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move |pause| {
            let _quiet = shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
            pause();
        }
    }

    fn enqueue(&self, lane: Lane, operation: Operation) -> Result<(), Outage> {
        let mut lanes = self.shared.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.stopped {
            return Err(Outage::Unavailable("the store is closed".to_owned()));
        }
        let queue = match lane {
            Lane::Departure => &mut lanes.departures,
            Lane::Common => &mut lanes.common,
        };
        if queue.len() >= QUEUE {
            return Err(Outage::Busy);
        }
        queue.push_back(operation);
        self.shared.something.notify_one();
        Ok(())
    }
}

impl Drop for Writer {
    /// What waits is written before the thread ends.
    fn drop(&mut self) {
        self.shared.lanes.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.shared.something.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been reported by the panic hook already.
            drop(thread.join());
        }
    }
}

fn work(shared: &Shared, connection: &Connection) {
    while let Some(group) = next_group(shared) {
        let _writing = shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
        commit(shared, connection, group);
    }
    // Stopped gracefully, the store is one whole file.
    super::open::checkpoint(connection, "TRUNCATE");
}

/// Waits for something to do; `None` once stopped and drained.
fn next_group(shared: &Shared) -> Option<Vec<Operation>> {
    let mut lanes = shared.lanes.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let first = lanes.departures.len().min(GROUP);
        let mut group: Vec<_> = lanes.departures.drain(..first).collect();
        let rest = lanes.common.len().min(GROUP - group.len());
        group.extend(lanes.common.drain(..rest));
        if !group.is_empty() {
            return Some(group);
        }
        if lanes.stopped {
            return None;
        }
        lanes = shared.something.wait(lanes).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Commits a group, notes what that met, and answers.
fn commit(shared: &Shared, connection: &Connection, group: Vec<Operation>) {
    let mut lost = run(connection, "BEGIN IMMEDIATE").map_err(outage).err();
    let mut met = lost.clone();
    let mut answers = Vec::with_capacity(group.len());
    for operation in group {
        let (answer, failure) = match &lost {
            Some(lost) => (Some(refused(operation, lost)), None),
            None => in_savepoint(connection, operation),
        };
        answers.extend(answer);
        // No room, or a damaged page: SQLite may have undone the whole transaction by itself.
        if lost.is_none() && connection.is_autocommit() {
            let unsaid = || Outage::Unavailable("the transaction was undone".to_owned());
            lost = Some(failure.clone().unwrap_or_else(unsaid));
        }
        met = failure.or(met);
    }
    let committed = match lost {
        Some(lost) => Err(lost),
        None => run(connection, "COMMIT").map_err(|error| {
            let failure = outage(error);
            // Nothing stays open whatever the reason; a failure here means that nothing was.
            drop(run(connection, "ROLLBACK"));
            failure
        }),
    };
    if let Err(failure) = &committed {
        tracing::error!(%failure, "nothing could be written");
    }
    shared.note(committed.clone().err().or(met));
    for answer in answers {
        answer(committed.clone());
    }
}

fn run(connection: &Connection, verb: &str) -> Result<(), rusqlite::Error> {
    connection.prepare_cached(verb)?.execute([]).map(|_| ())
}

/// There is no transaction to run in.
fn refused(operation: Operation, why: &Outage) -> Answer {
    match operation(Err(why.clone())) {
        Ok(answer) | Err((answer, _)) => answer,
    }
}

/// One failing operation must not fail its group: it is undone alone. No answer when it panicked; its
/// caller learns from the dropped channel, and the panic hook has written why.
fn in_savepoint(connection: &Connection, operation: Operation) -> (Option<Answer>, Option<Outage>) {
    let savepoint = |verb: &str| {
        if let Err(error) = run(connection, verb) {
            tracing::error!(%error, verb, "a savepoint failed");
        }
    };
    savepoint("SAVEPOINT operation");
    let outcome = catch_unwind(AssertUnwindSafe(|| operation(Ok(connection))));
    if !connection.is_autocommit() {
        if !matches!(outcome, Ok(Ok(_))) {
            savepoint("ROLLBACK TO operation");
        }
        savepoint("RELEASE operation");
    }
    match outcome {
        Ok(Ok(answer)) => (Some(answer), None),
        Ok(Err((answer, why))) => (Some(answer), Some(why)),
        Err(_) => (None, None),
    }
}
