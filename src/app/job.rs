//! Named threads that send events. The only place in the window that starts one.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::measure::Cancel;

use super::Event;

/// Events that may wait to be taken in.
const WAITING: usize = 256;

/// Starts jobs and receives what they send.
pub struct Jobs {
    sender: Outbox,
    receiver: Receiver<Event>,
    pub(super) cancel: Cancel,
    pub(super) looking: Cancel,
    pub(super) ranking: Cancel,
    pub(super) benching: Cancel,
}

/// Where a job puts its events; each asks for a repaint.
#[derive(Clone)]
pub(super) struct Outbox {
    sender: SyncSender<Event>,
    ctx: egui::Context,
    /// When a calm event last asked for a frame.
    drawn: Arc<Mutex<Option<Instant>>>,
}

impl Outbox {
    pub(super) fn send(&self, event: Event) {
        // A window that is gone needs no events.
        if self.sender.send(event).is_ok() {
            self.ctx.request_repaint();
        }
    }

    /// As [`offer`](Self::offer), for what is timed while the window looks on: it is drawn at most ten times a second.
    pub(super) fn offer_calmly(&self, event: Event) {
        if self.sender.try_send(event).is_ok() {
            let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
            let due = drawn.map_or(Duration::ZERO, |at| CALM.saturating_sub(at.elapsed()));
            if due.is_zero() {
                *drawn = Some(Instant::now());
            }
            // Asked for at once egui draws twice; of several times asked for the soonest counts.
            self.ctx.request_repaint_after(due.max(SOON) + FRAME);
        }
    }

    /// Sends unless too many are waiting: progress may be skipped.
    pub(super) fn offer(&self, event: Event) {
        if self.sender.try_send(event).is_ok() {
            self.ctx.request_repaint();
        }
    }
}

/// The least time between two frames while something is timed.
const CALM: Duration = Duration::from_millis(100);
/// What egui takes off a time it is asked for, so that the frame is done by then.
const FRAME: Duration = Duration::from_millis(17);
/// As good as now.
const SOON: Duration = Duration::from_millis(1);

impl Jobs {
    /// No job yet.
    #[must_use]
    pub fn new(ctx: egui::Context) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        let sender = Outbox { sender, ctx, drawn: Arc::default() };
        Self {
            sender,
            receiver,
            cancel: Cancel::new(),
            looking: Cancel::new(),
            ranking: Cancel::new(),
            benching: Cancel::new(),
        }
    }

    /// The context that is asked to repaint.
    #[must_use]
    pub fn context(&self) -> &egui::Context {
        &self.sender.ctx
    }

    /// The next event, if one waits.
    pub fn take(&mut self) -> Option<Event> {
        self.receiver.try_recv().ok()
    }

    /// Runs work on a thread of this name. What it returns is sent; a thread that cannot start says so.
    pub(super) fn spawn(&self, name: &str, work: impl FnOnce(&Outbox) -> Event + Send + 'static) {
        let outbox = self.sender.clone();
        let started = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let event = work(&outbox);
            outbox.send(event);
        });
        if let Err(error) = started {
            self.sender
                .offer(Event::Failed(format!("The system starts no further thread ({error}); close some programs.")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_timed_is_drawn_ten_times_a_second_and_nothing_is_lost() {
        let (ctx, asked) = (egui::Context::default(), Arc::new(Mutex::new(Vec::new())));
        let list = asked.clone();
        ctx.set_request_repaint_callback(move |info| list.lock().expect("a list").push(info.delay));
        let mut jobs = Jobs::new(ctx.clone());
        let draw = || ctx.run_ui(egui::RawInput::default(), |_| {}).textures_delta.clear();
        // egui draws its first frames on its own account.
        (0..4).for_each(|_| draw());
        asked.lock().expect("a list").clear();
        let mut frames = 0;
        let began = Instant::now();
        let (mut due, mut undrawn) = (None::<Instant>, false);
        // 200 events in 250 ms and a window that draws when it was asked to.
        for number in 0..200 {
            jobs.sender.offer_calmly(Event::Told(number.to_string()));
            undrawn = true;
            for delay in asked.lock().expect("a list").drain(..) {
                assert!(!delay.is_zero(), "egui draws twice when asked for at once");
                let at = Instant::now() + delay;
                due = Some(due.map_or(at, |due| due.min(at)));
            }
            std::thread::sleep(Duration::from_micros(1250));
            if due.is_some_and(|due| due <= Instant::now()) {
                (due, undrawn) = (None, false);
                frames += 1;
                draw();
            }
        }
        let most = began.elapsed().as_millis() / CALM.as_millis() + 2;
        assert!(frames >= 2 && frames <= most, "{frames} frames, at most {most}");
        assert!(due.is_some() || !undrawn, "the last event is drawn, too");
        assert_eq!(std::iter::from_fn(|| jobs.take()).count(), 200);
    }
}
