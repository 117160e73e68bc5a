//! Counting and telling.

use std::future::Future;

use super::Score;

/// What went otherwise, in one sentence.
pub(super) type Told<T> = Result<T, String>;

/// The steps so far.
pub(super) struct Story<'a> {
    score: Score,
    out: &'a mut (dyn FnMut(&str) + Send),
}

impl<'a> Story<'a> {
    pub(super) fn new(out: &'a mut (dyn FnMut(&str) + Send)) -> Self {
        Self { score: Score::default(), out }
    }

    /// Plays one step and tells how it went.
    pub(super) async fn step<T>(
        &mut self,
        what: &str,
        work: impl Future<Output = Told<T>> + Send,
    ) -> Option<T> {
        match work.await {
            Ok(result) => {
                self.score.passed += 1;
                (self.out)(&format!("ok     {what}"));
                Some(result)
            }
            Err(why) => {
                self.score.failed += 1;
                (self.out)(&format!("ÉCHEC  {what} : {why}"));
                None
            }
        }
    }

    pub(super) fn score(&self) -> Score {
        self.score
    }
}

/// Goes on only if this holds.
pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Told<()> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn steps_are_told_and_counted() {
        let mut lines = Vec::new();
        let mut out = |line: &str| lines.push(line.to_owned());
        let mut story = Story::new(&mut out);
        assert_eq!(story.step("un", async { Ok(1) }).await, Some(1));
        assert_eq!(story.step("deux", async { Err::<(), _>("non".to_owned()) }).await, None);
        assert_eq!(story.score(), Score { passed: 1, failed: 1 });
        assert_eq!(lines, ["ok     un", "ÉCHEC  deux : non"]);
    }
}
