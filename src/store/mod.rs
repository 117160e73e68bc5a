//! The ports of every slice, implemented. A store enforces the precondition that a verb states and
//! decides nothing: where a decision belongs inside a transaction, the verb takes the rule.

pub mod sqlite;
