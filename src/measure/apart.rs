//! Work that may wait for a device, on a thread of its own, so that a cancel never waits with it.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::{Cancel, MeasureError};

/// How often the cancel flag is looked at.
pub const WAKE: Duration = Duration::from_millis(20);

/// What a thread says.
enum Said<M, T> {
    Told(M),
    Done(T),
}

/// Does work on a thread of its own, and hands on what it tells on the way. After a cancel the thread is left to end by
/// itself: one write may take a slow disk seconds. What it holds goes with it, and so does what it would have returned.
///
/// # Errors
/// [`MeasureError::Cancelled`] at the next look at the flag, whatever the work does;
/// [`MeasureError::Thread`] and [`MeasureError::WorkerLost`].
pub fn apart<M: Send + 'static, T: Send + 'static>(
    cancel: &Cancel,
    work: impl FnOnce(&mut dyn FnMut(M)) -> T + Send + 'static,
    take: &mut dyn FnMut(M),
) -> Result<T, MeasureError> {
    let (say, said) = mpsc::channel();
    let worker = move || {
        // What nobody waits for any more is no loss.
        let done = work(&mut |message| drop(say.send(Said::Told(message))));
        drop(say.send(Said::Done(done)));
    };
    thread::Builder::new().name("measure-apart".to_owned()).spawn(worker).map_err(MeasureError::Thread)?;
    loop {
        let heard = said.recv_timeout(WAKE);
        if cancel.is_cancelled() {
            return Err(MeasureError::Cancelled);
        }
        match heard {
            Ok(Said::Told(message)) => take(message),
            Ok(Said::Done(done)) => return Ok(done),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(MeasureError::WorkerLost),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_comes_in_order_and_before_the_end() {
        let mut numbers = Vec::new();
        let work = |tell: &mut dyn FnMut(u32)| {
            (0..5).for_each(tell);
            "done"
        };
        let done = apart(&Cancel::new(), work, &mut |number| numbers.push(number));
        assert_eq!((done.expect("done"), numbers), ("done", vec![0, 1, 2, 3, 4]));
    }

    #[test]
    fn a_cancel_waits_for_nothing_the_work_waits_for() {
        // The work waits for a word that comes only after the cancel was answered.
        let (release, hold) = mpsc::channel::<()>();
        let cancel = Cancel::new();
        let flag = cancel.clone();
        let work = move |tell: &mut dyn FnMut(())| {
            tell(());
            flag.cancel();
            let _ = hold.recv();
        };
        assert!(matches!(apart(&cancel, work, &mut |()| {}), Err(MeasureError::Cancelled)));
        drop(release);
    }

    #[test]
    fn work_that_breaks_off_is_told() {
        let work = |_: &mut dyn FnMut(())| -> u32 { panic!("on purpose") };
        assert!(matches!(apart(&Cancel::new(), work, &mut |()| {}), Err(MeasureError::WorkerLost)));
    }
}
