//! The calendar clock, where it may be moved: the demo and tests.

use crate::kernel::{Outage, Timestamp};

/// Where the calendar is asked to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// That much further.
    Advance(crate::kernel::time::Span),
    /// To this moment.
    To(Timestamp),
}

/// Why the calendar does not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotMoved {
    /// Nothing that has happened is made to happen again.
    #[error("le calendrier n'avance que vers le futur")]
    Backwards,
    /// Beyond what the calendar holds.
    #[error("date hors du calendrier")]
    TooFar,
}

/// The latest moment that we let the calendar reach: 9999-12-30.
const LAST: Timestamp = Timestamp(253_402_128_000_000);

/// The new lead of the calendar over the protocol clock, in milliseconds. The lead never falls.
pub fn new_lead(lead: i64, asked: Move, now: Timestamp) -> Result<i64, NotMoved> {
    let calendar = Timestamp(now.0.saturating_add(lead));
    let target = match asked {
        Move::Advance(span) => calendar + span,
        Move::To(moment) => moment,
    };
    if target > LAST {
        return Err(NotMoved::TooFar);
    }
    if target < calendar {
        return Err(NotMoved::Backwards);
    }
    Ok(target - now).map(|lead| lead.0)
}

/// Moves the calendar. The offset is a record.
#[async_trait::async_trait]
pub trait Calendar: Send + Sync {
    /// Moves, and answers the new calendar time when everything due by then is done.
    async fn move_calendar(&self, asked: Move) -> Result<Result<Timestamp, NotMoved>, Outage>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Span;

    #[test]
    fn the_calendar_never_moves_back() {
        const NOW: Timestamp = Timestamp(1000);
        let check = |lead, asked, expected| assert_eq!(new_lead(lead, asked, NOW), expected);
        check(0, Move::Advance(Span(500)), Ok(500));
        check(500, Move::Advance(Span(500)), Ok(1000));
        check(500, Move::Advance(Span(0)), Ok(500));
        check(500, Move::Advance(Span(-1)), Err(NotMoved::Backwards));
        check(500, Move::To(Timestamp(2000)), Ok(1000));
        check(500, Move::To(Timestamp(1500)), Ok(500));
        check(500, Move::To(Timestamp(1499)), Err(NotMoved::Backwards));
        check(0, Move::Advance(Span(i64::MAX)), Err(NotMoved::TooFar));
    }
}
