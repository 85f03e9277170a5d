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
                self.ctx.request_repaint();
            } else {
                // Asked for already, or for then; the soonest of what is asked for counts.
                self.ctx.request_repaint_after(due);
            }
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
