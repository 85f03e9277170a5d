//! The time a measurement has, divided into windows, and what the user is told meanwhile.

use std::time::Instant;

use super::buffer::Pages;
use super::crew::{Crew, Window, with_crew};
use super::worker::{Plan, Work};
use super::{Cancel, MeasureError, Progress, sample};
use crate::hardware::{Meter, Sample, Series};

/// Seconds that give a repeatable figure on a quiet machine.
pub const DEFAULT_SECONDS: f64 = 4.0;
/// Windows of one kind: at least, and at most when there is time.
const WINDOWS: (usize, usize) = (3, 30);
/// Seconds of one window while looking for the count, and of one that counts: shorter is noise, longer only
/// lets noise in.
const SEARCH_SECONDS: (f64, f64) = (0.05, 0.4);
const WINDOW_SECONDS: (f64, f64) = (0.1, 0.5);

/// The time that is left and what the user is told.
pub struct Schedule<'a> {
    cancel: &'a Cancel,
    progress: &'a mut dyn FnMut(Progress),
    began: Instant,
    seconds: f64,
    search_seconds: f64,
    window_seconds: f64,
    windows: usize,
    steps_done: usize,
    steps: usize,
    best: Option<f64>,
    last: Option<Sample>,
}

impl<'a> Schedule<'a> {
    /// A plan for `seconds` (0.5 to 60, not a number counts as the default) and so many thread counts.
    pub fn new(seconds: f64, counts: usize, cancel: &'a Cancel, progress: &'a mut dyn FnMut(Progress)) -> Self {
        let seconds = if seconds.is_nan() { DEFAULT_SECONDS } else { seconds.clamp(0.5, 60.0) };
        // The windows that count: three of each of three kinds.
        let steps = counts + 3 * WINDOWS.0;
        let search_seconds = (seconds / steps as f64).clamp(SEARCH_SECONDS.0, SEARCH_SECONDS.1);
        Self {
            cancel,
            progress,
            began: Instant::now(),
            seconds,
            search_seconds,
            window_seconds: WINDOW_SECONDS.0,
            windows: WINDOWS.0,
            steps_done: 0,
            steps,
            best: None,
            last: None,
        }
    }

    /// One thread count: its rate, as the best of two half windows (one alone may have met a busy moment),
    /// and the seconds it took to fill the buffers.
    ///
    /// # Errors
    /// As [`with_crew`].
    pub fn try_count(&mut self, plan: Plan<'_>) -> Result<(f64, f64), MeasureError> {
        self.tell(format!("{}, looking for the best count", count_of_threads(plan.threads)));
        let (began, half) = (Instant::now(), self.search_seconds / 2.0);
        with_crew(plan, self.cancel, |crew| {
            let fill = began.elapsed().as_secs_f64();
            let pair = [crew.window(Work::Read, half)?, crew.window(Work::Read, half)?];
            let rate = pair[0].bytes_per_second.max(pair[1].bytes_per_second);
            self.best = Some(self.best.map_or(rate, |best| best.max(rate)));
            self.last = Some(sample(Series::Search, rate));
            Ok((rate, fill))
        })
    }

    /// Divides the time left, less two more fills, into windows of each kind: reading, reading ordinary
    /// pages, and copying if `copies`.
    pub fn spread_over_the_rest(&mut self, copies: bool, fill: f64) {
        let kinds = 1 + usize::from(copies) + usize::from(Pages::CAN_CHOOSE);
        let left = (self.seconds - self.began.elapsed().as_secs_f64() - 2.0 * fill).max(0.0);
        let each = left / kinds as f64;
        self.window_seconds = (each / WINDOWS.0 as f64).clamp(WINDOW_SECONDS.0, WINDOW_SECONDS.1);
        self.windows = ((each / self.window_seconds) as usize).clamp(WINDOWS.0, WINDOWS.1);
        self.steps = self.steps_done + kinds * self.windows;
    }

    /// Takes the planned number of windows of one kind.
    ///
    /// # Errors
    /// As [`Crew::window`].
    pub fn windows(&mut self, crew: &Crew, threads: usize, series: Series) -> Result<Vec<Window>, MeasureError> {
        let (kind, work) = match series {
            Series::Copy => ("copy, ", Work::Copy),
            Series::OrdinaryPages => ("ordinary pages, ", Work::Read),
            _ => ("", Work::Read),
        };
        let mut taken = Vec::new();
        for number in 1..=self.windows {
            self.tell(format!("{}, {kind}window {number} of {}", count_of_threads(threads), self.windows));
            let window = crew.window(work, self.window_seconds)?;
            if work == Work::Read {
                self.best = Some(self.best.map_or(window.bytes_per_second, |best| best.max(window.bytes_per_second)));
            }
            self.last = Some(sample(series, window.bytes_per_second));
            taken.push(window);
        }
        Ok(taken)
    }

    fn tell(&mut self, step: String) {
        let done = self.steps_done as f32 / self.steps as f32;
        self.send(done.min(1.0), step);
        self.steps_done += 1;
    }

    /// Says that all is done.
    pub fn finish(&mut self) {
        self.send(1.0, "Done".to_owned());
    }

    fn send(&mut self, done: f32, step: String) {
        let sample = self.last.take();
        (self.progress)(Progress { done, step, meter: Meter::Ram, bytes_per_second: self.best, sample });
    }
}

fn count_of_threads(threads: usize) -> String {
    if threads == 1 { "1 thread".to_owned() } else { format!("{threads} threads") }
}
