//! One measuring thread: it fills its own buffer, goes over it while the clock runs, and notes its own times.

use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;

use super::affinity::Cpus;
use super::buffer::{self, Buffer, Pages};
use super::kernel::{Kernel, LINE_BYTES, Line};
use super::matvec::{self, Code, Packing, Vector};
use super::stats::Trace;
use super::{Cancel, MeasureError, cpu_time};

/// Read between two looks at the clock and at the cancel flag.
pub const CHUNK_BYTES: usize = 4 << 20;
const CHUNK_LINES: usize = CHUNK_BYTES / LINE_BYTES;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Read,
    /// From the first half of the buffer to the second, past the cache; bytes read and written both count.
    Copy,
    /// Rows of a quantized matrix times a vector.
    Multiply(Packing),
}

/// Who measures, and where.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'p> {
    pub threads: usize,
    /// An even number of chunks.
    pub bytes_per_thread: usize,
    pub pages: Pages,
    pub kernel: Kernel,
    /// Which processors fill and read; none leaves it to the system.
    pub place: Option<&'p Place>,
}

/// On which processors buffers are filled, and on which they are read.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub fill: Cpus,
    pub run: Cpus,
}

/// One window to measure. Times count from `origin`, in all workers.
#[derive(Clone, Copy)]
pub struct Order {
    pub work: Work,
    pub origin: Instant,
    pub deadline: Instant,
}

/// What a worker has to say.
pub enum Report {
    Ready { huge_pages: bool },
    Failed(MeasureError),
    Traced { trace: Trace, cpu_seconds: Option<f64> },
}

/// A worker's life: fill the buffer, then serve orders until there are none.
///
/// # Errors
/// [`MeasureError::Allocation`] or [`MeasureError::Thread`] before the first order; [`MeasureError::Cancelled`].
pub fn work(
    plan: Plan<'_>,
    index: usize,
    cancel: &Cancel,
    orders: &Receiver<Order>,
    report: &Sender<Report>,
) -> Result<(), MeasureError> {
    if let Some(place) = plan.place {
        place.fill.run_here().map_err(MeasureError::Thread)?;
    }
    let mut buffer = Buffer::new(plan.bytes_per_thread, plan.pages)?;
    let faults_before = buffer::page_faults();
    each_chunk(&mut buffer, cancel, |chunk_index, chunk| {
        buffer::randomise(chunk, (index as u64) << 32 | chunk_index as u64);
    })?;
    if let Some(place) = plan.place {
        place.run.run_here().map_err(MeasureError::Thread)?;
    }
    let faults = buffer::page_faults().zip(faults_before).map(|(after, before)| after - before);
    let huge_pages = faults.is_some_and(|faults| buffer::came_as_huge_pages(plan.bytes_per_thread, faults));
    if report.send(Report::Ready { huge_pages }).is_err() {
        return Ok(());
    }
    let (code, vector, mut settled) = (Code::fastest(), Vector::new(), None);
    while let Ok(order) = orders.recv() {
        if let Work::Multiply(packing) = order.work
            && settled != Some(packing)
        {
            each_chunk(&mut buffer, cancel, |_, chunk| matvec::settle(packing, chunk))?;
            settled = Some(packing);
        }
        let cpu_before = cpu_time::thread_seconds();
        let trace = match order.work {
            Work::Read => read(&buffer, plan.kernel, order, cancel),
            Work::Copy => copy(&mut buffer, plan.kernel, order, cancel),
            Work::Multiply(packing) => multiply(&buffer, packing, (code, &vector), order, cancel),
        };
        let cpu_seconds = cpu_time::thread_seconds().zip(cpu_before).map(|(after, before)| after - before);
        if report.send(Report::Traced { trace, cpu_seconds }).is_err() {
            break;
        }
    }
    Ok(())
}

/// Goes over a buffer by chunks, with a look at the cancel flag before each.
fn each_chunk(
    buffer: &mut Buffer,
    cancel: &Cancel,
    mut work: impl FnMut(usize, &mut [Line]),
) -> Result<(), MeasureError> {
    for (place, chunk) in buffer.lines_mut().chunks_mut(CHUNK_LINES).enumerate() {
        if cancel.is_cancelled() {
            return Err(MeasureError::Cancelled);
        }
        work(place, chunk);
    }
    Ok(())
}

fn read(buffer: &Buffer, kernel: Kernel, order: Order, cancel: &Cancel) -> Trace {
    let chunks = buffer.lines().chunks_exact(CHUNK_LINES).cycle();
    trace(chunks, CHUNK_BYTES as f64, order, cancel, |chunk| {
        std::hint::black_box(kernel.sum(chunk));
    })
}

fn copy(buffer: &mut Buffer, kernel: Kernel, order: Order, cancel: &Cancel) -> Trace {
    let lines = buffer.lines_mut();
    let half = lines.len() / 2;
    let (from, to) = lines.split_at_mut(half);
    let chunks = (0..half / CHUNK_LINES).cycle();
    trace(chunks, 2.0 * CHUNK_BYTES as f64, order, cancel, |chunk| {
        let range = chunk * CHUNK_LINES..(chunk + 1) * CHUNK_LINES;
        kernel.copy(&from[range.clone()], &mut to[range]);
        std::hint::black_box(&mut *to);
    })
}

fn multiply(
    buffer: &Buffer,
    packing: Packing,
    (code, vector): (Code, &Vector),
    order: Order,
    cancel: &Cancel,
) -> Trace {
    let chunks = buffer.lines().chunks_exact(CHUNK_LINES).cycle();
    // What is left of a chunk behind its last whole row is not read.
    let row = packing.row_bytes();
    trace(chunks, (CHUNK_BYTES / row * row) as f64, order, cancel, |chunk| {
        std::hint::black_box(code.multiply(packing, chunk, vector));
    })
}

/// Does chunk after chunk until the deadline or a cancel, and notes when each was done.
fn trace<C>(
    chunks: impl Iterator<Item = C>,
    chunk_bytes: f64,
    order: Order,
    cancel: &Cancel,
    mut work: impl FnMut(C),
) -> Trace {
    // Enough for 100 GB/s in this thread, so that the list does not grow while the clock runs.
    let expected = (order.deadline - order.origin).as_secs_f64() * 100e9 / chunk_bytes;
    let mut chunk_ends = Vec::with_capacity(expected as usize);
    let start = order.origin.elapsed().as_secs_f64();
    for chunk in chunks {
        work(chunk);
        let now = Instant::now();
        chunk_ends.push((now - order.origin).as_secs_f64());
        if now >= order.deadline || cancel.is_cancelled() {
            break;
        }
    }
    Trace { start, chunk_ends, chunk_bytes }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A cancel is answered by the end of the chunk it came in, and a chunk is small: that bounds the wait, and no clock
    /// of a busy machine is needed to see it.
    #[test]
    fn a_cancel_is_seen_after_the_chunk_it_came_in() {
        const { assert!(CHUNK_BYTES <= 4 << 20) };
        let cancel = Cancel::new();
        let mut buffer = Buffer::new(6 * CHUNK_BYTES, Pages::Ordinary).expect("a buffer");
        let mut sizes = Vec::new();
        let filled = each_chunk(&mut buffer, &cancel, |place, chunk| {
            sizes.push(size_of_val(chunk));
            if place == 2 {
                cancel.cancel();
            }
        });
        assert!(matches!(filled, Err(MeasureError::Cancelled)));
        assert_eq!(sizes, [CHUNK_BYTES; 3]);

        // A window that would last an hour.
        let cancel = Cancel::new();
        let origin = Instant::now();
        let order = Order { work: Work::Read, origin, deadline: origin + Duration::from_hours(1) };
        let mut done = 0;
        let window = trace(std::iter::repeat(()), 1e12, order, &cancel, |()| {
            done += 1;
            if done == 4 {
                cancel.cancel();
            }
        });
        assert_eq!((done, window.chunk_ends.len()), (4, 4));
    }

    #[test]
    fn every_kind_of_work_goes_by_chunks() {
        let buffer = Buffer::new(4 * CHUNK_BYTES, Pages::Ordinary).expect("a buffer");
        let lines: Vec<usize> = buffer.lines().chunks_exact(CHUNK_LINES).map(size_of_val).collect();
        assert_eq!(lines, [CHUNK_BYTES; 4]);
        // Past its deadline each looks once, after one chunk.
        let origin = Instant::now();
        let order = Order { work: Work::Read, origin, deadline: origin };
        let (kernel, cancel, vector) = (Kernel::widest(), Cancel::new(), Vector::new());
        let mut buffer = buffer;
        for packing in [Packing::Q4K, Packing::Q8] {
            let trace = multiply(&buffer, packing, (Code::fastest(), &vector), order, &cancel);
            assert_eq!((trace.chunk_ends.len(), trace.chunk_bytes <= CHUNK_BYTES as f64), (1, true));
        }
        let [read, copied] = [read(&buffer, kernel, order, &cancel), copy(&mut buffer, kernel, order, &cancel)];
        assert_eq!([read.chunk_ends.len(), copied.chunk_ends.len()], [1, 1]);
        assert!(read.chunk_bytes <= CHUNK_BYTES as f64 && copied.chunk_bytes <= 2.0 * CHUNK_BYTES as f64);
    }
}
