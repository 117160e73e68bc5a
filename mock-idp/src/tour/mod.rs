//! The tour: a whole story, told through the public interfaces as separate parties.
//!
//! A person with a browser, her phone, two pieces of care-home software, a national platform, an
//! API's own introspection and a program of the registry: each does only what it could do from
//! another machine, and each step is one line.

mod applying;
mod arriving;
pub(crate) mod browser;
mod cast;
mod dismissing;
mod elsewhere;
mod examining;
mod leaving;
mod operator;
pub(crate) mod page;
mod proving;
mod registering;
mod returning;
mod story;
mod working;

use serde_json::Value;

use cast::Cast;
pub use operator::Operator;
use story::Story;

/// How many steps went as told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Steps that went as told.
    pub passed: usize,
    /// Steps that did not.
    pub failed: usize,
}

/// Plays the tour in the world that `GET /demo/world` described, which `operator` runs; `out` hears
/// one line a step.
///
/// A step that fails does not stop those that do not need it.
pub async fn tour(
    description: Value,
    operator: Operator,
    mut out: impl FnMut(&str) + Send,
) -> Score {
    let mut story = Story::new(&mut out);
    let Some(cast) = story.step("Le monde décrit ses adresses", Cast::of(description)).await
    else {
        return story.score();
    };
    if let Some(asking) = applying::play(&mut story, &cast).await
        && let Some(validated) = examining::play(&mut story, &cast, asking).await
    {
        dismissing::play(&mut story, &cast, validated).await;
    }
    let newcomer = registering::play(&mut story, &cast).await;
    let mut at_work = match &newcomer {
        Some(newcomer) => arriving::play(&mut story, &cast, newcomer).await,
        None => None,
    };
    if let (Some(newcomer), Some(at_work)) = (&newcomer, &mut at_work) {
        working::play(&mut story, &cast, at_work).await;
        leaving::play(&mut story, &cast, newcomer, at_work).await;
        operator.verifies(&mut story, "4.11").await;
    }
    elsewhere::play(&mut story, &cast).await;
    if let (Some(newcomer), Some(at_work)) = (&newcomer, &mut at_work) {
        returning::play(&mut story, &cast, newcomer, at_work).await;
        operator.verifies(&mut story, "6.7").await;
    }
    story.score()
}
