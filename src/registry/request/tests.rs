//! The rules of requests, each in a row that fails when the rule is removed.
