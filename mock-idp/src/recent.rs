//! A map that forgets its oldest entries: what strangers remember must not grow for ever.

use std::collections::{HashMap, VecDeque};

/// How many entries are kept.
pub(crate) const KEPT: usize = 10_000;

/// The newest entries, by key.
pub(crate) struct Recent<T> {
    order: VecDeque<String>,
    values: HashMap<String, T>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { order: VecDeque::new(), values: HashMap::new() }
    }
}

impl<T> Recent<T> {
    /// Keeps the value, and answers what was there before. A known key keeps its age.
    pub(crate) fn insert(&mut self, key: &str, value: T) -> Option<T> {
        let before = self.values.insert(key.to_owned(), value);
        if before.is_none() {
            self.order.push_back(key.to_owned());
            if self.order.len() > KEPT
                && let Some(oldest) = self.order.pop_front()
            {
                self.values.remove(&oldest);
            }
        }
        before
    }

    pub(crate) fn get(&self, key: &str) -> Option<&T> {
        self.values.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut T> {
        self.values.get_mut(key)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.values.values_mut()
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<T> {
        let value = self.values.remove(key)?;
        self.order.retain(|kept| kept != key);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut recent = Recent::default();
        for number in 0..=KEPT {
            assert_eq!(recent.insert(&number.to_string(), number), None);
        }
        assert_eq!(recent.get("0"), None);
        assert_eq!(recent.get("1"), Some(&1));
        assert_eq!(recent.insert("1", 7), Some(1));
        assert_eq!(recent.remove("1"), Some(7));
        assert_eq!(recent.get("1"), None);
    }
}
