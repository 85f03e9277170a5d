//! What would change the answer, and which model to run instead. Every line is asked of the one estimator.

pub mod accuracy;
mod alternatives;
pub mod baseline;
pub mod binding;
pub mod buying;
mod changes;
mod compare;
mod field;
pub mod first_check;
pub mod kits;
pub mod least;
pub mod memories;
pub mod nodes;
pub mod parallel;
pub mod peers;
mod rank;
mod start;
pub mod tier;
pub mod transfer;

pub use alternatives::{Alternative, alternatives};
pub use changes::{Change, able, next, next_and_binding};
pub use compare::asked_of;
pub use field::{Candidate, Entrant, Field, Loss};
pub use rank::{Ranked, best_of_each, find_context, judge, rank};
pub use start::{default_subject, start_model};
