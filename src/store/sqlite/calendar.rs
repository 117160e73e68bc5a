//! Moving the calendar.

use rusqlite::params;

use crate::{
    access::Heads,
    departure::{Calendar, Move, NotMoved, new_lead},
    kernel::{
        Outage, Timestamp,
        journal::{Actor, Entry, Event},
    },
};

use super::{Lane, Sqlite};

#[async_trait::async_trait]
impl Calendar for Sqlite {
    async fn move_calendar(&self, asked: Move) -> Result<Result<Timestamp, NotMoved>, Outage> {
        let moved = self
            .change(Lane::Departure, move |change| {
                let lead = (change.calendar - change.now).0;
                let lead = match new_lead(lead, asked, change.now) {
                    Ok(lead) => lead,
                    Err(refused) => return Ok(Err(refused)),
                };
                change.execute("UPDATE head SET calendar_lead = ?1", params![lead])?;
                change.journal(&Entry::new(Event::ClockMoved, Actor::Operator))?;
                Ok(Ok(Timestamp(change.now.0.saturating_add(lead))))
            })
            .await?;
        if moved.is_ok() {
            self.fire_due_ends().await?;
        }
        Ok(moved)
    }
}
