//! How fast each NUMA node reads its own memory, and one node the memory of another.
//!
//! Threads are bound to a node, fill their buffers there (Linux places a page where it is first touched) and read them; for
//! the figure between nodes they move to the other node before they read. Ordinary pages, as programs map a model.

use super::affinity::Cpus;
use super::buffer::Pages;
use super::crew::with_crew;
use super::kernel::Kernel;
use super::ram::RamOptions;
use super::sizing::Sizes;
use super::worker::{Place, Plan, Work};
use super::{Cancel, MeasureError, Progress, sample, stats};
use crate::detect::NumaNode;
use crate::hardware::{Meter, Sample, Series};

/// Windows of each figure.
const WINDOWS: usize = 3;
/// More nodes are not gone through one by one.
const MOST_NODES: usize = 8;

/// What came out, bytes per second: the best window of each.
#[derive(Clone, Debug, PartialEq)]
pub struct NumaResult {
    /// Each node on its own memory, by its number.
    pub local: Vec<(u32, f64)>,
    /// The first node on the memory of the second.
    pub remote: f64,
}

impl NumaResult {
    /// The slowest node: what one node can be relied on for.
    #[must_use]
    pub fn one_node(&self) -> f64 {
        self.local.iter().map(|(_, rate)| *rate).fold(f64::INFINITY, f64::min)
    }
}

/// Who fills and who reads.
struct Turn {
    series: Series,
    /// The node, by its place.
    card: u32,
    said: String,
    place: Place,
    threads: usize,
}

/// Measures in about [`RamOptions::seconds`]; nothing with fewer than two nodes this process may run on. Calls `progress`
/// on this thread.
///
/// # Errors
/// As [`ram::measure`](super::ram::measure).
pub fn measure(
    nodes: &[NumaNode],
    options: &RamOptions,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Option<NumaResult>, MeasureError> {
    let Some(allowed) = Cpus::allowed() else { return Ok(None) };
    let bound: Vec<(u32, Cpus)> =
        nodes.iter().filter_map(|node| Some((node.id, Cpus::of(&node.cpus)?.and(allowed)?))).take(MOST_NODES).collect();
    let [(first, near), (second, far), ..] = bound[..] else { return Ok(None) };
    // A node has its part of the caches and of what is free.
    let part = nodes.len() as u64;
    let sizes =
        Sizes::choose(options.last_level_cache_bytes.map(|cache| cache / part), options.available_bytes / part)?;
    let turn = |series, card: usize, said: String, fill: Cpus, run: Cpus| {
        let threads = run.count().min(sizes.most_threads());
        Turn { series, card: card as u32, said, place: Place { fill, run }, threads }
    };
    let mut turns: Vec<Turn> = bound
        .iter()
        .enumerate()
        .map(|(at, (id, cpus))| turn(Series::OneNode, at, format!("node {id} on its own memory"), *cpus, *cpus))
        .collect();
    let said = format!("node {first} on the memory of node {second}");
    turns.push(turn(Series::OtherNode, 0, said, far, near));

    let seconds = if options.seconds.is_nan() { 1.0 } else { options.seconds.clamp(0.2, 60.0) };
    let window = (seconds / (turns.len() * WINDOWS) as f64).clamp(0.05, 0.5);
    let (steps, mut done, mut last, mut rates) = (turns.len() * WINDOWS, 0, None, Vec::new());
    for turn in &turns {
        let plan = Plan {
            threads: turn.threads,
            bytes_per_thread: sizes.per_thread(turn.threads),
            pages: Pages::Ordinary,
            kernel: Kernel::widest(),
            place: Some(&turn.place),
        };
        let best = with_crew(plan, cancel, |crew| {
            let mut taken: Vec<f64> = Vec::new();
            for _ in 0..WINDOWS {
                progress(Progress {
                    done: done as f32 / steps as f32,
                    step: turn.said.clone(),
                    meter: Meter::Ram,
                    bytes_per_second: stats::best(&taken),
                    sample: last.take(),
                });
                let rate = crew.window(Work::Read, window)?.bytes_per_second;
                last = Some(Sample { card: turn.card, ..sample(turn.series, rate) });
                taken.push(rate);
                done += 1;
            }
            stats::best(&taken).ok_or(MeasureError::WorkerLost)
        })?;
        rates.push(best);
    }
    let step = "Done".to_owned();
    progress(Progress { done: 1.0, step, meter: Meter::Ram, bytes_per_second: None, sample: last });
    let remote = rates.pop().ok_or(MeasureError::WorkerLost)?;
    Ok(Some(NumaResult { local: bound.iter().map(|(id, _)| *id).zip(rates).collect(), remote }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: RamOptions = RamOptions {
        last_level_cache_bytes: Some(16 << 20),
        available_bytes: 1 << 30,
        physical_cores: 2,
        logical_cores: 2,
        seconds: 0.2,
    };

    fn node(id: u32, cpus: &[u32]) -> NumaNode {
        NumaNode { id, cpus: cpus.to_vec() }
    }

    #[test]
    fn one_node_is_left_as_it_is() {
        for nodes in [vec![], vec![node(0, &[0, 1])], vec![node(0, &[0]), node(1, &[1023])]] {
            let result = measure(&nodes, &SMALL, &Cancel::new(), &mut |_| panic!("nothing is measured"));
            assert_eq!(result.expect("not cancelled"), None);
        }
    }

    /// Two processors of one node stand in for two nodes: the binding and the moving are real, the distance is not.
    #[cfg(target_os = "linux")]
    #[test]
    fn every_node_has_a_figure_and_there_is_one_between_them() {
        let here: Vec<u32> = (0..1024)
            .filter(|cpu| Cpus::of(&[*cpu]).zip(Cpus::allowed()).is_some_and(|(one, all)| one.and(all).is_some()))
            .collect();
        let [one, two, ..] = here[..] else { return };
        let nodes = [node(3, &[one]), node(5, &[two])];
        let mut samples = Vec::new();
        let result = measure(&nodes, &SMALL, &Cancel::new(), &mut |progress| samples.extend(progress.sample));
        let result = result.expect("measured").expect("two nodes");
        assert_eq!(result.local.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [3, 5]);
        assert!(result.local.iter().all(|(_, rate)| rate.is_finite() && *rate > 0.0) && result.remote > 0.0);
        assert!(result.one_node() <= result.local[0].1);
        assert_eq!(samples.len(), 3 * WINDOWS);
        let cancel = Cancel::new();
        cancel.cancel();
        assert!(matches!(measure(&nodes, &SMALL, &cancel, &mut |_| {}), Err(MeasureError::Cancelled)));
    }
}
