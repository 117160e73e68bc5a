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
/// Runs inside the transaction; `Err` asks for a rollback of this operation alone. Where there is no
/// transaction to run in, it is handed the reason and only answers.
type Operation = Box<dyn FnOnce(Result<&Connection, Outage>) -> Result<Answer, Answer> + Send>;

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
            Err(failure) => Err(Box::new(move |_| {
                drop(sender.send(Err(failure)));
            })),
        });
        self.enqueue(lane, operation)?;
        answered.await.map_err(|_| Outage::Unavailable("the operation failed inside".to_owned()))?
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
        commit(connection, group);
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

fn commit(connection: &Connection, group: Vec<Operation>) {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        let failure = outage(error);
        tracing::error!(%failure, "the store refuses to write");
        for operation in group {
            match operation(Err(failure.clone())) {
                Ok(answer) | Err(answer) => answer(Err(failure.clone())),
            }
        }
        return;
    }
    let answers: Vec<Answer> =
        group.into_iter().filter_map(|operation| in_savepoint(connection, operation)).collect();
    let committed = connection.execute_batch("COMMIT").map_err(|error| {
        let failure = outage(error);
        tracing::error!(%failure, "a commit failed");
        // Nothing stays open whatever the reason; a failure here means that nothing was.
        drop(connection.execute_batch("ROLLBACK"));
        failure
    });
    for answer in answers {
        answer(committed.clone());
    }
}

/// One failing operation must not fail its group: it is undone alone. `None` when it panicked; its
/// caller learns from the dropped channel, and the panic hook has written why.
fn in_savepoint(connection: &Connection, operation: Operation) -> Option<Answer> {
    let savepoint = |verb: &str| {
        if let Err(error) = connection.prepare_cached(verb).and_then(|mut s| s.execute([])) {
            tracing::error!(%error, verb, "a savepoint failed");
        }
    };
    savepoint("SAVEPOINT operation");
    let outcome = catch_unwind(AssertUnwindSafe(|| operation(Ok(connection))));
    if !matches!(outcome, Ok(Ok(_))) {
        savepoint("ROLLBACK TO operation");
    }
    savepoint("RELEASE operation");
    match outcome {
        Ok(Ok(answer) | Err(answer)) => Some(answer),
        Err(_) => None,
    }
}
