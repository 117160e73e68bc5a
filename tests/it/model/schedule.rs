//! Who goes on next: every point where a task can wait is a ticket, and proptest draws tickets.

use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

/// Enough turns of the executor for every runnable task to reach its next ticket.
const TURNS: usize = 32;

#[derive(Clone)]
pub(super) struct Schedule(Arc<Mutex<Inner>>);

struct Inner {
    waiting: Vec<oneshot::Sender<()>>,
    choices: Vec<u16>,
}

impl Schedule {
    pub(super) fn new(choices: Vec<u16>) -> Self {
        Self(Arc::new(Mutex::new(Inner { waiting: Vec::new(), choices })))
    }

    /// Waits until the schedule picks this task.
    pub(super) async fn wait(&self) {
        let (go, gone) = oneshot::channel();
        self.0.lock().unwrap().waiting.push(go);
        gone.await.unwrap();
    }

    /// A number below `bound`, drawn; 0 once the choices are used up.
    pub(super) fn draw(&self, bound: usize) -> usize {
        let choice = self.0.lock().unwrap().choices.pop().unwrap_or(0);
        usize::from(choice) % bound.max(1)
    }

    pub(super) async fn step_some(&self) {
        settle().await;
        for _ in 0..self.draw(4) {
            self.step().await;
        }
    }

    pub(super) async fn step_until_quiet(&self) {
        settle().await;
        while self.step().await {}
    }

    /// Lets one waiting task, drawn, go on to its next ticket.
    async fn step(&self) -> bool {
        let count = self.0.lock().unwrap().waiting.len();
        if count == 0 {
            return false;
        }
        let which = self.draw(count);
        let go = self.0.lock().unwrap().waiting.swap_remove(which);
        go.send(()).unwrap();
        settle().await;
        true
    }
}

async fn settle() {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
}
