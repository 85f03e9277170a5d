//! What the user changed, to take back and to do again.

/// Steps back and forth between whole states.
#[derive(Clone, Debug)]
pub(super) struct History<T> {
    past: Vec<T>,
    future: Vec<T>,
    now: T,
}

/// The most steps kept.
const MOST: usize = 100;

impl<T: Clone + PartialEq> History<T> {
    pub(super) fn new(now: T) -> Self {
        Self { past: Vec::new(), future: Vec::new(), now }
    }

    /// Notes a state the user arrived at.
    pub(super) fn note(&mut self, state: &T) {
        if *state != self.now {
            self.past.push(std::mem::replace(&mut self.now, state.clone()));
            self.future.clear();
            if self.past.len() > MOST {
                self.past.remove(0);
            }
        }
    }

    /// Puts this in place of the state of now: a change that was not the user's.
    pub(super) fn amend(&mut self, state: T) {
        self.now = state;
    }

    pub(super) fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    pub(super) fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    pub(super) fn undo(&mut self) -> Option<T> {
        let before = self.past.pop()?;
        self.future.push(std::mem::replace(&mut self.now, before.clone()));
        Some(before)
    }

    pub(super) fn redo(&mut self) -> Option<T> {
        let after = self.future.pop()?;
        self.past.push(std::mem::replace(&mut self.now, after.clone()));
        Some(after)
    }
}

#[cfg(test)]
mod tests {
    use super::History;

    #[test]
    fn steps_go_back_and_forth() {
        let mut history = History::new(1);
        history.note(&2);
        history.note(&2);
        history.note(&3);
        assert_eq!(history.undo(), Some(2));
        assert_eq!(history.undo(), Some(1));
        assert_eq!(history.undo(), None);
        assert_eq!(history.redo(), Some(2));
        history.note(&9);
        assert_eq!(history.redo(), None);
        assert_eq!(history.undo(), Some(2));
    }
}
