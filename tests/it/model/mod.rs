//! Log-in, redemption, refresh, silent log-in, end, undo, re-hire, block, crash and failover,
//! interleaved at every point where a task can wait, against the real barrier, gate, rights and
//! cascade. No answer may be alive that `design.md` section 4 calls dead, and none dead that it
//! calls alive.
//!
//! Only the records and the network are simulated: one mutex is the primary, a transaction is one
//! locked section, and a reading of the head is a snapshot taken when it is *sent* and handed over
//! when the schedule says so. The schedule is drawn by proptest, so a failure shrinks.

mod oracle;
mod records;
mod schedule;

use passerelle::access::{Door, Doors, Holder, Refused, admits};
use proptest::prelude::*;

use oracle::{Oracle, Role};
use records::{Heads, Primary, TILLEULS};
use schedule::Schedule;

/// What a task may set out to do.
#[derive(Clone, Copy, Debug)]
enum Act {
    LogIn { national: bool },
    Redeem,
    Refresh,
    Silent { national: bool },
    Question,
    End { at_tilleuls: bool },
    Undo,
    Hire,
    Block,
    Crash,
    Failover,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => any::<bool>().prop_map(|national| Act::LogIn { national }),
        3 => Just(Act::Redeem),
        2 => Just(Act::Refresh),
        2 => any::<bool>().prop_map(|national| Act::Silent { national }),
        4 => Just(Act::Question),
        4 => any::<bool>().prop_map(|at_tilleuls| Act::End { at_tilleuls }),
        2 => Just(Act::Undo),
        2 => Just(Act::Hire),
        1 => Just(Act::Block),
        1 => Just(Act::Crash),
        1 => Just(Act::Failover),
    ];
    prop::collection::vec(act, 3..16)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_dead_is_honoured_and_nothing_alive_refused(
        acts in acts(),
        choices in prop::collection::vec(any::<u16>(), 120),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let oracle = runtime.block_on(play(acts, choices));
        prop_assert_eq!(oracle.faults(), Vec::<String>::new());
    }
}

/// Plays the acts on two replicas, several at once, in the order that `choices` draws.
async fn play(acts: Vec<Act>, choices: Vec<u16>) -> Oracle {
    let schedule = Schedule::new(choices);
    let primary = Primary::new();
    let oracle = Oracle::default();
    let mut replicas = [replica(&primary, &schedule), replica(&primary, &schedule)];
    let mut tasks = Vec::new();
    for (number, act) in acts.into_iter().enumerate() {
        // Between two acts, some of what waits goes on: none, one or a few steps.
        schedule.step_some().await;
        let which = number % replicas.len();
        match act {
            Act::Crash => replicas[which] = replica(&primary, &schedule),
            Act::Failover => {
                primary.new_epoch();
                oracle.new_epoch();
            }
            Act::LogIn { .. }
            | Act::Redeem
            | Act::Refresh
            | Act::Silent { .. }
            | Act::Question
            | Act::End { .. }
            | Act::Undo
            | Act::Hire
            | Act::Block => {
                let player = Player {
                    doors: replicas[which].clone(),
                    primary: primary.clone(),
                    schedule: schedule.clone(),
                    oracle: oracle.clone(),
                };
                tasks.push(tokio::spawn(player.act(act)));
            }
        }
    }
    schedule.step_until_quiet().await;
    for task in tasks {
        task.await.unwrap();
    }
    oracle
}

fn replica(primary: &Primary, schedule: &Schedule) -> Doors {
    let heads = Heads { primary: primary.clone(), schedule: schedule.clone() };
    Doors::new(std::sync::Arc::new(heads), std::sync::Arc::new(records::StoppedClock))
}

/// One task: a browser, a phone, a relying party or a manager, through one replica.
struct Player {
    doors: Doors,
    primary: Primary,
    schedule: Schedule,
    oracle: Oracle,
}

impl Player {
    async fn act(self, act: Act) {
        match act {
            Act::LogIn { national } => self.log_in(national).await,
            Act::Redeem => self.mint_again(Door::Redemption).await,
            Act::Refresh => self.mint_again(Door::Refresh).await,
            Act::Silent { national } => self.silent(national).await,
            Act::Question => self.question().await,
            Act::End { at_tilleuls } => {
                let (cut, hold) = self.primary.end(at_tilleuls);
                self.settle(cut, hold).await;
            }
            Act::Block => {
                let (cut, hold) = self.primary.block();
                self.settle(cut, hold).await;
            }
            Act::Undo => self.primary.undo(),
            Act::Hire => self.primary.hire(),
            Act::Crash | Act::Failover => {}
        }
    }

    /// A cut commits at once; its answer reaches the caller later. Only then is it *answered*.
    async fn settle(&self, cut: Option<passerelle::access::Cut>, epoch: passerelle::kernel::Epoch) {
        if let Some(cut) = cut {
            let number = self.oracle.cut_committed(cut, epoch);
            self.schedule.wait().await;
            self.oracle.cut_answered(number);
        }
    }

    /// The challenge is made, the phone approves, the browser takes its code: session and grant.
    async fn log_in(&self, national: bool) {
        let arrived = self.oracle.now();
        let Ok(start) = self.doors.barrier().await else { return };
        let read = self.oracle.now();
        let holder = records::holder(start.stamp, (!national).then_some(TILLEULS));
        self.schedule.wait().await;
        let mut written = 0;
        let given = self
            .doors
            .mint(Door::Proof, &holder.clone(), async |_passed, _now| {
                self.schedule.wait().await;
                self.enter(&holder)?;
                written = self.oracle.now();
                self.schedule.wait().await;
                Ok::<_, NoTokens>(((), holder.clone()))
            })
            .await;
        let role = Role::Mint { written, proof_arrived: arrived, proof_read: read };
        self.conclude(role, &holder, &given);
    }

    /// A live session opens a grant for another client: it keeps the proof's stamp.
    async fn silent(&self, national: bool) {
        let Some((mut holder, proof_arrived, proof_read)) = self.oracle.any_alive(&self.schedule)
        else {
            return;
        };
        holder.structure = (!national).then(|| TILLEULS.parse().unwrap());
        let mut written = 0;
        let given = self
            .doors
            .mint(Door::SilentLogin, &holder.clone(), async |_passed, now| {
                holder.own = now.stamp.revision;
                self.schedule.wait().await;
                self.enter(&holder)?;
                written = self.oracle.now();
                self.schedule.wait().await;
                Ok::<_, NoTokens>(((), holder.clone()))
            })
            .await;
        let role = Role::Mint { written, proof_arrived, proof_read };
        self.conclude(role, &holder, &given);
    }

    /// Inside a transaction that opens a grant: the rights are read again.
    fn enter(&self, holder: &Holder) -> Result<(), NoTokens> {
        let admitted = admits(&self.primary.standing(), holder.structure);
        if admitted.is_ok() && !self.primary.works_at(holder.structure) {
            self.oracle.fault("entered without a situation");
        }
        admitted.map_err(|_| NoTokens::NoRight)
    }

    async fn mint_again(&self, door: Door) {
        let Some((holder, proof_arrived, proof_read)) = self.oracle.any_alive(&self.schedule)
        else {
            return;
        };
        let mut written = 0;
        let given = self
            .doors
            .mint(door, &holder.clone(), async |_passed, _now| {
                self.schedule.wait().await;
                written = self.oracle.now();
                self.schedule.wait().await;
                Ok::<_, NoTokens>(((), holder.clone()))
            })
            .await;
        let role = Role::Mint { written, proof_arrived, proof_read };
        self.conclude(role, &holder, &given);
    }

    /// Introspection: one question, one answer.
    async fn question(&self) {
        let Some((holder, proof_arrived, proof_read)) = self.oracle.any_alive(&self.schedule)
        else {
            return;
        };
        let arrived = self.oracle.now();
        let answer = self.doors.ask(Door::Introspection, &holder).await;
        let role = Role::Ask { arrived, proof_arrived, proof_read };
        match answer {
            Ok(_) => self.oracle.honoured(&role, &holder),
            Err(Refused::Shut(_)) => self.oracle.refused(&role, &holder),
            Err(Refused::Outage(_)) => {}
        }
    }

    fn conclude(&self, role: Role, holder: &Holder, given: &Result<(), NoTokens>) {
        match given {
            Ok(()) => {
                self.oracle.honoured(&role, holder);
                self.oracle.keep(&role, holder);
            }
            Err(NoTokens::Door(Refused::Shut(_))) => self.oracle.refused(&role, holder),
            Err(NoTokens::NoRight | NoTokens::Door(Refused::Outage(_))) => {}
        }
    }
}

/// Why nothing was given.
#[derive(Debug)]
enum NoTokens {
    /// The person has no right to enter.
    NoRight,
    /// A door stayed shut.
    Door(Refused),
}

impl From<Refused> for NoTokens {
    fn from(refused: Refused) -> Self {
        Self::Door(refused)
    }
}
