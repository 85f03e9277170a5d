//! Models that think long and servers of many requests: what their caches take, who gets room, and what a study of
//! memory and answers found.
//!
//! Invariant: pure, and exact in tokens, blocks and bytes. A simulation is a function of its setup and requests: the same
//! twice gives the same twice.

pub mod answer;
pub mod blocks;
pub mod claims;
pub mod compression;
pub mod cost;
pub mod equation;
pub mod faq;
pub mod layouts;
pub mod offload;
pub mod requests;
pub mod strategy;
pub mod terms;
pub mod thinking;
