//! What is free of this machine's memories, read again every few seconds while somebody looks at the window.
//!
//! Invariant: one reading at a time, on a thread of its own, and none while something is measured. Drivers that do not
//! answer are asked less and less often; their last figure stays and tells its age.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::detect::is_in_use;
use crate::detect::live::{self, Drivers, Now};
use crate::hardware::{Finding, Machine};
use crate::measure::Cancel;
use crate::ui::measured::LlamaBench;

use super::{App, Event, Jobs};

/// Reads what is free of a machine; the flag is raised when the answer is no longer wanted.
pub type Prober = Arc<dyn Fn(&Machine, Asked, &Cancel) -> Now + Send + Sync>;

/// Whom a reading asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The system, and the drivers that are needed.
    All,
    /// The system alone: a driver did not answer a moment ago.
    System,
}

/// From one reading to the next.
pub const EVERY: Duration = Duration::from_secs(5);
/// The same when the window is looked at again.
const AGAIN: Duration = Duration::from_secs(1);
/// Drivers that never answer are asked this often.
const SELDOM: Duration = Duration::from_mins(5);
/// A pool's figure changes with a hundred-and-twenty-eighth of its capacity: less is the coming and going of a desktop,
/// and every answer on screen would be worked out anew for it.
const STEPS: u64 = 128;

/// The prober of the machine at hand.
pub(super) fn this_machine() -> Prober {
    let exe = std::env::current_exe();
    Arc::new(move |machine, asked, cancel| {
        let drivers = match (&exe, asked) {
            (Ok(exe), Asked::All) => Drivers::Child(exe),
            _ => Drivers::Leave,
        };
        live::now(machine, drivers, &|| cancel.is_cancelled())
    })
}

/// What somebody does with the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    /// Looks at it.
    Looked,
    /// Something else.
    Away,
    /// Has something measured: nothing else may run.
    Measures,
}

/// When to read again.
struct Watch {
    prober: Prober,
    cancel: Cancel,
    window: Window,
    /// The reading under way.
    running: Option<Asked>,
    /// When the last one began.
    began: Option<Instant>,
    /// Times in a row that drivers did not answer, and when they are asked again.
    silent: Option<(u32, Instant)>,
}

impl Watch {
    fn new(prober: Prober) -> Self {
        Self { prober, cancel: Cancel::new(), window: Window::Away, running: None, began: None, silent: None }
    }

    /// Whom to ask, if it is time to.
    fn next(&mut self, at: Instant, window: Window) -> Option<Asked> {
        let again = std::mem::replace(&mut self.window, window) != window;
        if window == Window::Measures {
            self.cancel.cancel();
        }
        if window != Window::Looked || self.running.is_some() {
            return None;
        }
        let gap = if again { AGAIN } else { EVERY };
        if self.began.is_some_and(|began| at.saturating_duration_since(began) < gap) {
            return None;
        }
        let asked = if self.silent.is_some_and(|(_, until)| at < until) { Asked::System } else { Asked::All };
        (self.running, self.began, self.cancel) = (Some(asked), Some(at), Cancel::new());
        Some(asked)
    }

    /// How long until it may be time.
    fn wait(&self, at: Instant) -> Duration {
        self.began.map_or(Duration::ZERO, |began| EVERY.saturating_sub(at.saturating_duration_since(began)))
    }

    /// Takes note that a reading ended.
    fn ended(&mut self, at: Instant, now: &Now) {
        let asked = self.running.take();
        if self.cancel.is_cancelled() {
            return;
        }
        if now.broken.is_some() {
            let times = self.silent.map_or(1, |(times, _)| times.saturating_add(1));
            let pause = EVERY.saturating_mul(1 << times.min(16)).min(SELDOM);
            self.silent = Some((times, at + pause));
        } else if asked == Some(Asked::All) {
            self.silent = None;
        }
    }
}

/// The watch of an application; none for one that waits for events.
#[derive(Default)]
pub(super) struct FreeMemory(Option<Watch>);

impl App {
    /// Reads what is free by this again and again.
    pub fn watch_free(&mut self, prober: Prober) {
        self.free = FreeMemory(Some(Watch::new(prober)));
    }

    /// Reads what is free where it is time to, and has the window wake up for the next.
    pub(super) fn read_free(&mut self, ui: &egui::Ui) {
        let (Some(watch), Some((machine, _)), Some(bench)) = (&mut self.free.0, &self.this, &self.bench) else {
            return;
        };
        let busy = bench.measuring.is_some() || matches!(bench.llama_bench, LlamaBench::Running(_));
        let window = match ui.input(|input| input.focused) {
            _ if busy => Window::Measures,
            true => Window::Looked,
            false => Window::Away,
        };
        let at = Instant::now();
        if let Some(asked) = watch.next(at, window) {
            self.jobs.read_free(machine.clone(), watch.prober.clone(), asked, watch.cancel.clone());
        }
        if window == Window::Looked {
            ui.ctx().request_repaint_after(watch.wait(at).max(AGAIN));
        }
    }

    /// Takes in what is free now.
    pub(super) fn take_free(&mut self, now: Now) {
        if let Some(watch) = &mut self.free.0 {
            watch.ended(Instant::now(), &now);
        }
        // Nothing moves under a hand: the next reading comes soon.
        let ctx = self.jobs.context();
        if ctx.input(|input| input.pointer.any_down()) || ctx.text_edit_focused() {
            return;
        }
        let (Some((machine, findings)), Some(bench)) = (&mut self.this, &mut self.bench) else { return };
        bench.note_free(now.free.iter().map(|fresh| fresh.pool.as_str()), ctx.input(|input| input.time));
        let mut moved = now.free;
        moved.retain(|fresh| {
            let pool = machine.pools.iter_mut().find(|pool| pool.id == fresh.pool);
            let Some((pool, old)) = pool.and_then(|pool| Some((pool.capacity.value, pool.free_now.as_mut()?))) else {
                return false;
            };
            let by = old.value.get().abs_diff(fresh.free.value.get());
            let moved = by.saturating_mul(STEPS) >= pool.get();
            if moved {
                old.clone_from(&fresh.free);
            }
            moved
        });
        bench.take_free(&moved.iter().map(|fresh| (fresh.pool.as_str(), &fresh.free)).collect::<Vec<_>>());
        if let Some(held) = now.held {
            replace_held(findings, &held);
            bench.findings.clone_from(findings);
        }
    }
}

/// Puts who holds memory now where it stood before.
fn replace_held(findings: &mut Vec<Finding>, held: &[Finding]) {
    let place = findings.iter().position(is_in_use).unwrap_or(findings.len());
    findings.retain(|finding| !is_in_use(finding));
    let place = place.min(findings.len());
    findings.splice(place..place, held.iter().cloned());
}

impl Jobs {
    fn read_free(&self, machine: Machine, prober: Prober, asked: Asked, cancel: Cancel) {
        self.spawn("free", move |_| Event::Free(Box::new(prober(&machine, asked, &cancel))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::child::Ended;

    fn watch() -> Watch {
        Watch::new(Arc::new(|_, _, _| Now::default()))
    }

    fn silence() -> Now {
        Now { broken: Some(Ended::TimedOut(Duration::from_secs(10))), ..Now::default() }
    }

    #[test]
    fn it_reads_every_few_seconds_while_somebody_looks() {
        let (mut watch, start) = (watch(), Instant::now());
        let mut next = |seconds: f64, window| {
            let asked = watch.next(start + Duration::from_secs_f64(seconds), window);
            if asked.is_some() {
                watch.ended(start, &Now::default());
            }
            asked
        };
        assert_eq!(next(0.0, Window::Looked), Some(Asked::All));
        assert_eq!(next(4.9, Window::Looked), None);
        assert_eq!(next(5.0, Window::Looked), Some(Asked::All));
        // Nobody looks, or something is measured.
        assert_eq!(next(60.0, Window::Away), None);
        assert_eq!(next(61.0, Window::Measures), None);
        // Looked at again: at once, but not for every flicker.
        assert_eq!(next(62.0, Window::Looked), Some(Asked::All));
        assert_eq!(next(62.2, Window::Away), None);
        assert_eq!(next(62.4, Window::Looked), None);
        assert_eq!(next(67.0, Window::Looked), Some(Asked::All));
        assert_eq!(watch.wait(start + Duration::from_secs(69)), Duration::from_secs(3));
    }

    #[test]
    fn one_reading_at_a_time() {
        let (mut watch, start) = (watch(), Instant::now());
        let late = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(watch.next(start, Window::Looked), Some(Asked::All));
        assert_eq!(watch.next(late(60), Window::Looked), None);
        assert_eq!(watch.next(late(61), Window::Away), None);
        assert_eq!(watch.next(late(62), Window::Looked), None);
        watch.ended(late(63), &Now::default());
        assert_eq!(watch.next(late(63), Window::Looked), Some(Asked::All));
    }

    #[test]
    fn a_measurement_ends_the_reading_and_that_is_no_failure() {
        let (mut watch, start) = (watch(), Instant::now());
        watch.next(start, Window::Looked);
        let flag = watch.cancel.clone();
        assert!(!flag.is_cancelled());
        assert_eq!(watch.next(start, Window::Measures), None);
        assert!(flag.is_cancelled());
        watch.ended(start, &Now { broken: Some(Ended::Stopped), ..Now::default() });
        assert_eq!(watch.next(start + EVERY, Window::Looked), Some(Asked::All));
        assert!(!watch.cancel.is_cancelled(), "the next has a flag of its own");
    }

    #[test]
    fn drivers_that_do_not_answer_are_asked_less_and_less() {
        let (mut watch, start) = (watch(), Instant::now());
        let mut asked = Vec::new();
        for second in 0..3600 {
            let at = start + Duration::from_secs(second);
            if let Some(whom) = watch.next(at, Window::Looked) {
                let answer = if whom == Asked::All { silence() } else { Now::default() };
                watch.ended(at, &answer);
                asked.push((second, whom));
            }
        }
        let drivers: Vec<u64> = asked.iter().filter(|(_, whom)| *whom == Asked::All).map(|(at, _)| *at).collect();
        assert_eq!(drivers[..6], [0, 10, 30, 70, 150, 310]);
        assert!(drivers[6..].windows(2).all(|two| two[1] - two[0] == SELDOM.as_secs()), "{drivers:?}");
        assert_eq!(asked.len(), 720, "the system is asked all the while");
        // An answer ends it.
        let later = start + Duration::from_secs(4000);
        assert_eq!(watch.next(later, Window::Looked), Some(Asked::All));
        watch.ended(later, &Now::default());
        assert_eq!(watch.next(later + EVERY, Window::Looked), Some(Asked::All));
    }

    #[test]
    fn who_holds_memory_stands_where_it_stood() {
        let note = |what: &str| Finding::note(what, "");
        let held = |by: &str| note(&format!("Memory of a card is held by {by}."));
        let mut findings = vec![note("one"), held("python3 20.0 GiB"), note("two")];
        replace_held(&mut findings, &[held("game 2.0 GiB")]);
        assert_eq!(findings, [note("one"), held("game 2.0 GiB"), note("two")]);
        replace_held(&mut findings, &[]);
        assert_eq!(findings, [note("one"), note("two")]);
        replace_held(&mut findings, &[held("game 2.0 GiB")]);
        assert_eq!(findings, [note("one"), note("two"), held("game 2.0 GiB")]);
    }
}
