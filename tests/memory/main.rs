//! Memory against llama.cpp's own byte counts, to the byte, and what no table has.
//!
//! `cargo test --test memory -- --nocapture` prints how many rows of each table are exact, and the worst row.

#[path = "../golden/mod.rs"]
mod golden;

mod catalogue;
mod compute;
mod edges;
mod files;
mod kv;
mod known;
mod largest;
mod report;
