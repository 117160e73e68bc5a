//! Work that keeps a processor busy for a while, away from the threads that answer.

use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::kernel::Outage;

/// At once. Each may need some hundred megabytes; the others wait for their turn.
const PLACES: usize = 2;
static FREE: Semaphore = Semaphore::const_new(PLACES);

/// Does `work` aside.
pub async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Outage> {
    let unavailable = |error: &dyn std::fmt::Display| Outage::Unavailable(error.to_string());
    let place = FREE.acquire().await.map_err(|error| unavailable(&error))?;
    // The place goes with the work: it is taken until that ends, though nobody waits for it any more.
    let held = move || {
        let done = work();
        drop(place);
        done
    };
    spawn_blocking(held).await.map_err(|error| unavailable(&error))
}
