//! What would change the answer, and which model to begin with. Every line is asked of `evaluate`.

pub mod accuracy;
mod changes;
pub mod peers;
mod start;

pub use changes::{Change, next};
pub use start::{Ranked, best_of_each, default_subject, find_contexts, judge, rank, start_model};
