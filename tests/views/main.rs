//! The whole window over pinned machines: what is there, what the hand and the keyboard change, what jobs send back.

mod accuracy;
mod buy;
mod compare;
mod editor;
mod files;
mod free;
mod hand;
mod look;
mod machines;
mod measure;
mod measured;
mod rank;
mod read_at;
mod reason;
mod reason_cost;
mod requests;
mod run;
mod share;
mod strip;
mod window;

#[path = "../gguf/mod.rs"]
mod gguf;
#[path = "../shelf/mod.rs"]
mod shelf;
