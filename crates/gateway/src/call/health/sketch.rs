//! [`Sketch`]: a histogram of fixed size with a bounded relative error that can be added to another one.

/// Buckets per doubling: 8, so a value is off by at most a sixteenth of itself.
const STEPS: u64 = 8;
const STEP_BITS: u32 = 3;
/// Buckets: exact up to 7, then eight per doubling up to 2³². Larger values fall into the last one.
const BUCKETS: usize = 240;

/// Counts of values by magnitude. Values are whole numbers of any unit, e.g. microseconds.
#[derive(Debug, Clone)]
pub struct Sketch {
    counts: Box<[u32; BUCKETS]>,
    total: u64,
}

impl Default for Sketch {
    fn default() -> Self {
        Self { counts: Box::new([0; BUCKETS]), total: 0 }
    }
}

impl Sketch {
    /// Counts a value.
    pub fn add(&mut self, value: u64) {
        if let Some(count) = self.counts.get_mut(bucket(value)) {
            *count = count.saturating_add(1);
            self.total += 1;
        }
    }

    /// Adds all that another sketch has counted.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts.iter()) {
            *count = count.saturating_add(*more);
        }
        self.total += other.total;
    }

    /// How many values were counted.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The value below which `percent` of the values lie, rounded up to the end of its bucket; `None` without values.
    pub fn quantile(&self, percent: u64) -> Option<u64> {
        let rank = self.total.saturating_mul(percent.min(100)).div_ceil(100).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return Some(upper_end(index));
            }
        }
        None
    }
}

fn bucket(value: u64) -> usize {
    let index = if value < STEPS {
        value
    } else {
        let octave = u64::from(value.ilog2() - STEP_BITS);
        let step = (value >> octave) - STEPS;
        STEPS + octave * STEPS + step
    };
    usize::try_from(index).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

fn upper_end(index: usize) -> u64 {
    let index = u64::try_from(index).unwrap_or(0);
    if index < STEPS {
        return index;
    }
    let octave = (index - STEPS) / STEPS;
    let step = (index - STEPS) % STEPS;
    ((STEPS + step + 1) << octave) - 1
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, Sketch, bucket, upper_end};
    use proptest::prelude::*;

    #[test]
    fn buckets_join_without_gap_and_grow() {
        for index in 1..BUCKETS {
            assert_eq!(bucket(upper_end(index)), index);
            assert_eq!(bucket(upper_end(index - 1) + 1), index, "after {}", upper_end(index - 1));
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    proptest! {
        #[test]
        fn quantiles_are_at_most_an_eighth_above_the_truth_and_never_below(
            mut values in prop::collection::vec(0_u64..4_000_000_000, 1..200), percent in 1_u64..=100,
        ) {
            let mut sketch = Sketch::default();
            values.iter().for_each(|value| sketch.add(*value));
            values.sort_unstable();
            let rank = (values.len() as u64 * percent).div_ceil(100).max(1);
            let truth = values[usize::try_from(rank).unwrap() - 1];
            let found = sketch.quantile(percent).unwrap();
            prop_assert!(found >= truth && found <= truth + truth / 8 + 1, "{found} for {truth}");
        }

        #[test]
        fn merged_sketches_equal_one_that_saw_everything(
            left in prop::collection::vec(any::<u32>(), 0..100), right in prop::collection::vec(any::<u32>(), 1..100),
        ) {
            let (mut one, mut other, mut both) = (Sketch::default(), Sketch::default(), Sketch::default());
            left.iter().for_each(|value| { one.add(u64::from(*value)); both.add(u64::from(*value)); });
            right.iter().for_each(|value| { other.add(u64::from(*value)); both.add(u64::from(*value)); });
            one.merge(&other);
            prop_assert_eq!(one.total(), both.total());
            for percent in [1, 50, 75, 90, 99, 100] {
                prop_assert_eq!(one.quantile(percent), both.quantile(percent));
            }
        }
    }
}
