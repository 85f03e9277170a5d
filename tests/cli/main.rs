//! The headless commands, on the real binary: figures, lists, refusals, and no display.

mod bench_runs;
mod buy;
mod check;
mod claims;
mod files;
mod lists;
mod machine;
mod options;
mod paper;
mod program;
mod refusals;
mod serving;

#[path = "../gguf/mod.rs"]
mod gguf;
#[path = "../shelf/mod.rs"]
mod shelf;
