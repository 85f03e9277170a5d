//! What a machine is: memory pools, the processors beside them, links between them, a disk.
//!
//! Invariant: every figure carries its [`Source`]; a guess never looks like a measurement.
//! A capacity is never zero, ids are unique, a link names what exists: `formats` refuses the rest.

mod bench_run;
mod cluster;
mod device;
mod differences;
mod figure;
mod form;
mod link;
mod machine;
mod measured_run;
mod measurement;
mod processor;
mod title;

pub use bench_run::{BenchRun, Compared, Part, Setup, Standing, Work};
pub use cluster::{Node, NodePools, Way};
pub use device::{Accelerator, Backend, MemoryPlatform, platform_of};
pub use differences::{Row, Told, Unit, differences};
pub use figure::{Basis, Figure, Source};
pub use form::Form;
pub use link::{Link, LinkKind};
pub use machine::{Cpu, Dimms, ENDLESS_DISK, Finding, Level, Machine, Pool, PoolKind, Slot};
pub use measured_run::{Fate, MeasuredRun, Meter, OUTLIER, Reading, Sample, Series, Skipped, outlier};
pub use measurement::{Besides, GPU_METHOD, Measurement};
