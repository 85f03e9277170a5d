//! Worker threads that each own a buffer and go over it, window after window.
//!
//! A worker is never waited for inside a window: on a busy desktop a barrier per pass measures the scheduler.
//! Each notes its own times; the coordinator only sends orders and wakes often enough to see a cancel.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use super::apart::WAKE;
use super::worker::{self, Order, Plan, Report, Work};
use super::{Cancel, MeasureError, stats};

/// What one window gave.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub bytes_per_second: f64,
    /// Seconds the workers ran, all together; none where the system does not say.
    pub cpu_seconds: Option<f64>,
    /// Seconds that passed for the workers, all together.
    pub wall_seconds: f64,
}

/// The workers of one [`Plan`], ready to measure.
pub struct Crew<'a> {
    orders: Vec<Sender<Order>>,
    reports: Receiver<Report>,
    handles: Vec<ScopedJoinHandle<'a, ()>>,
    cancel: &'a Cancel,
    huge_pages: bool,
}

/// Starts the workers, has them fill their buffers, lends them to `job`, and frees everything.
///
/// # Errors
/// What `job` returns; [`MeasureError::Cancelled`]; a thread or a buffer that the system refused.
pub fn with_crew<R>(
    plan: Plan<'_>,
    cancel: &Cancel,
    job: impl FnOnce(&Crew) -> Result<R, MeasureError>,
) -> Result<R, MeasureError> {
    thread::scope(|scope| {
        let (report, reports) = mpsc::channel();
        let mut crew = Crew { orders: Vec::new(), reports, handles: Vec::new(), cancel, huge_pages: true };
        for index in 0..plan.threads {
            let (order, orders) = mpsc::channel();
            let report = report.clone();
            let worker = move || {
                // A report nobody waits for any more is no loss.
                if let Err(error) = worker::work(plan, index, cancel, &orders, &report) {
                    let _ = report.send(Report::Failed(error));
                }
            };
            let spawned = thread::Builder::new().name(format!("measure-ram-{index}")).spawn_scoped(scope, worker);
            crew.handles.push(spawned.map_err(MeasureError::Thread)?);
            crew.orders.push(order);
        }
        let result = crew.muster().and_then(|()| job(&crew));
        // Without orders the workers end. Joined here, so that the scope does not pass a panic on.
        crew.orders.clear();
        for handle in crew.handles {
            let _ = handle.join();
        }
        result
    })
}

impl Crew<'_> {
    /// Whether every buffer really lies on huge pages.
    pub fn huge_pages(&self) -> bool {
        self.huge_pages
    }

    /// Has all workers do `work` for `seconds`.
    ///
    /// # Errors
    /// [`MeasureError::Cancelled`] within 100 ms of the cancel; [`MeasureError::WorkerLost`].
    pub fn window(&self, work: Work, seconds: f64) -> Result<Window, MeasureError> {
        let origin = Instant::now();
        let order = Order { work, origin, deadline: origin + Duration::from_secs_f64(seconds) };
        for worker in &self.orders {
            worker.send(order).map_err(|_| MeasureError::WorkerLost)?;
        }
        let (mut traces, mut cpu, mut wall) = (Vec::new(), Some(0.0), 0.0);
        while traces.len() < self.orders.len() {
            if let Report::Traced { trace, cpu_seconds } = self.next_report()? {
                cpu = cpu.zip(cpu_seconds).map(|(sum, seconds)| sum + seconds);
                wall += trace.end() - trace.start;
                traces.push(trace);
            }
        }
        let bytes_per_second = stats::common_rate(&traces, seconds).ok_or(MeasureError::WorkerLost)?;
        Ok(Window { bytes_per_second, cpu_seconds: cpu, wall_seconds: wall })
    }

    /// Waits until every worker has filled its buffer.
    fn muster(&mut self) -> Result<(), MeasureError> {
        let mut ready = 0;
        while ready < self.orders.len() {
            if let Report::Ready { huge_pages } = self.next_report()? {
                self.huge_pages &= huge_pages;
                ready += 1;
            }
        }
        Ok(())
    }

    fn next_report(&self) -> Result<Report, MeasureError> {
        loop {
            // Asked before the wait: whatever a finished worker had to say is then in the channel already.
            let lost = self.handles.iter().any(ScopedJoinHandle::is_finished);
            let received = self.reports.recv_timeout(WAKE);
            if self.cancel.is_cancelled() {
                return Err(MeasureError::Cancelled);
            }
            match received {
                Ok(Report::Failed(error)) => return Err(error),
                Ok(report) => return Ok(report),
                Err(RecvTimeoutError::Timeout) if !lost => {}
                Err(_) => return Err(MeasureError::WorkerLost),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::buffer::Pages;
    use super::super::kernel::Kernel;
    use super::super::worker::CHUNK_BYTES;
    use super::*;

    fn plan(threads: usize, bytes_per_thread: usize) -> Plan<'static> {
        Plan { threads, bytes_per_thread, pages: Pages::Ordinary, kernel: Kernel::widest(), place: None }
    }

    #[test]
    fn windows_give_finite_rates_for_both_kinds_of_work() {
        let windows = with_crew(plan(2, 4 * CHUNK_BYTES), &Cancel::new(), |crew| {
            Ok([crew.window(Work::Read, 0.02)?, crew.window(Work::Copy, 0.02)?, crew.window(Work::Read, 0.0)?])
        });
        for window in windows.unwrap() {
            assert!(window.bytes_per_second.is_finite() && window.bytes_per_second > 0.0);
            assert!(window.wall_seconds > 0.0);
        }
    }

    #[test]
    fn a_buffer_the_system_refuses_is_reported() {
        let bytes = (usize::MAX / 2) / CHUNK_BYTES * CHUNK_BYTES;
        let result = with_crew(plan(1, bytes), &Cancel::new(), |_| Ok(()));
        assert!(matches!(result, Err(MeasureError::Allocation { .. })));
    }

    #[test]
    fn a_cancel_ends_the_window_and_the_crew() {
        let cancel = Cancel::new();
        let result = with_crew(plan(2, 2 * CHUNK_BYTES), &cancel, |crew| {
            cancel.cancel();
            crew.window(Work::Read, 60.0).map(|_| ())
        });
        assert!(matches!(result, Err(MeasureError::Cancelled)));
    }
}
