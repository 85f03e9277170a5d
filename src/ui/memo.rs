//! A value kept until what it was made from changes.

/// Remembers the last value and what it was made from.
#[derive(Clone, Debug)]
pub(super) struct Memo<K, V>(Option<(K, V)>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: PartialEq, V> Memo<K, V> {
    /// The value for a key, made anew only when the key differs from the last one.
    pub(super) fn get(&mut self, key: K, make: impl FnOnce(&K) -> V) -> &V {
        if self.0.as_ref().is_none_or(|(old, _)| *old != key) {
            let value = make(&key);
            self.0 = Some((key, value));
        }
        let Some((_, value)) = &self.0 else { unreachable!("just filled") };
        value
    }

    /// The value for a key, where it is the one kept.
    pub(super) fn kept(&self, key: &K) -> Option<&V> {
        self.0.as_ref().filter(|(old, _)| old == key).map(|(_, value)| value)
    }

    /// The value made last, whatever it was made from.
    pub(super) fn last(&self) -> Option<&V> {
        self.0.as_ref().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::Memo;

    #[test]
    fn a_value_is_made_once_per_key() {
        let mut memo = Memo::default();
        let mut made = 0;
        for key in [1, 1, 2, 2, 1] {
            let value = *memo.get(key, |key| {
                made += 1;
                key * 10
            });
            assert_eq!(value, key * 10);
        }
        assert_eq!((made, memo.last()), (3, Some(&10)));
    }
}
