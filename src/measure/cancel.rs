//! The flag that stops a measurement.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A shared flag: every clone sees the same answer, and it is never taken back.
///
/// A measurement looks at it every few milliseconds and then returns
/// [`MeasureError::Cancelled`](super::MeasureError::Cancelled), within 100 ms. What lies between two looks is bounded:
/// - RAM, its nodes and rows: the coordinator wakes every 20 ms, then each thread ends the 4 MiB it is at, which takes
///   40 ms even at 0.1 GB/s a thread; filling and preparing a buffer goes by the same pieces.
/// - GPUs and links: the coordinator wakes every 20 ms and waits for nobody; the process that measures is killed within
///   5 ms, whatever its driver does.
/// - The disk: the coordinator wakes every 20 ms and waits for nobody; a read or a write under way ends by itself.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag nobody has raised yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks whoever holds a clone to stop. Returns at once.
    pub fn cancel(&self) {
        // Relaxed: the flag guards no other data.
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked for a stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_sees_the_cancel() {
        let flag = Cancel::new();
        let clone = flag.clone();
        assert!(!clone.is_cancelled());
        flag.cancel();
        assert!(clone.is_cancelled());
    }
}
