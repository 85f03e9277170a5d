//! Will this model run on this machine, and how well? The map of the house, from the ground up.
//!
//! A module names only modules above it in this list, so each can be read with what stands above it
//! and nothing else. `tests/house.rs` fails when one names what it may not.
//!
//! The vocabulary:
//!
//! - [`units`]: bytes, tokens, rates and times, with the unit in the type
//! - [`quant`]: block formats, named file mixes and the layouts of other runtimes: how a tensor becomes bytes
//! - [`model`]: the layers of a model, and the list of its tensors
//! - [`hardware`]: memory pools, processors, links and disk, every figure with its source
//!
//! The pure estimate:
//!
//! - [`memory`]: the bytes a run needs, part by part; it knows no hardware
//! - [`placement`]: which part lies in which pool, and what does not fit
//! - [`speed`]: the time of a token and of a prompt, as a bill of named lines
//! - [`verdict`]: the level, the sentence, the limit that binds
//! - [`scenario`]: the question, and [`scenario::evaluate`], the one door to the estimate
//! - [`advice`]: what would change the answer, and what to run instead
//! - [`reasoning`]: long thoughts and many requests: times, caches, blocks, where classes of tensors lie, what others say
//!
//! Words on paper, still pure:
//!
//! - [`formats`]: documents, headers, share codes and commands: bytes in, values out
//! - [`catalog`]: the built-in models, quants, published files, devices, engines and machines
//!
//! Effects without a window:
//!
//! - [`detect`]: reads this machine
//! - [`measure`]: times this machine's memory
//! - [`store`]: keeps machines, models, quants and settings on disk
//! - [`library`]: finds and opens model files
//!
//! The surfaces:
//!
//! - [`ui`]: what is drawn
//! - [`app`]: the window: its state, its jobs, its events
//! - [`cli`]: the same answers as text or JSON, with no display
//!
//! # Invariants
//!
//! 1. From `units` to `catalog` everything is a function of its arguments: no files, no clock, no
//!    environment, no threads, no log. A scenario that could be built can be answered.
//! 2. Only `ui` and `app` know the window library.
//! 3. The window starts threads in `app::job` and nowhere else; `cli` may start its own, and `measure` its
//!    workers. Another program is started in `detect::child`, `app::job` or `cli`.
//! 4. Only `detect`, `measure::disk`, `store`, `library` and `cli` open files.
//! 5. Only `formats` derives what is written down, so types in memory change freely.
//! 6. Every number on screen can say where it comes from: measured here, reported by the driver, a data
//!    sheet, assumed, or typed. A guess never looks like a measurement.
//! 7. There is one estimator. Window, ranking, advice and command line all ask [`scenario::evaluate`].

pub mod units;
pub mod quant;
pub mod model;
pub mod hardware;
pub mod memory;
pub mod placement;
pub mod speed;
pub mod verdict;
pub mod scenario;
pub mod advice;
pub mod reasoning;
pub mod formats;
pub mod catalog;
pub mod detect;
pub mod measure;
pub mod store;
pub mod library;
pub mod ui;
pub mod app;
pub mod cli;
