//! What would change the answer, and which model to begin with. Every line is asked of `evaluate`.

mod changes;
mod start;

pub use changes::{Change, next};
pub use start::{Ranked, default_subject, judge, rank, start_model};
