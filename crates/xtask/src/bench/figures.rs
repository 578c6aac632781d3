//! Arithmetic on measurements. Not money: floating point is right here.

use std::time::Duration;

/// Step of CPU time in `/proc`: the kernel's user-visible clock has 100 steps a second on every common machine.
pub const TICK: Duration = Duration::from_millis(10);

/// What one turn of one side gave.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// CPU time per request in microseconds.
    pub cpu_us: f64,
    /// Median latency above the provider's own, in microseconds.
    pub added_p50_us: f64,
    /// The same at the 99th percentile.
    pub added_p99_us: f64,
    /// Resident set after the load.
    pub rss_kib: f64,
}

/// The rounds of one side.
#[derive(Debug, Default)]
pub struct Summary {
    rounds: Vec<Round>,
}

impl Summary {
    /// Adds a round.
    pub fn push(&mut self, round: Round) {
        self.rounds.push(round);
    }

    /// One figure of every round.
    pub fn all(&self, figure: fn(&Round) -> f64) -> Vec<f64> {
        self.rounds.iter().map(figure).collect()
    }
}

/// Microseconds.
pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// A count as a figure; exact below 2^32, which no count here comes near, and saturated there.
pub fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The middle value; that of an even number is the lower one of the two. 0 for none.
pub fn median(values: Vec<f64>) -> f64 {
    percentile(values, 50)
}

/// The smallest value that so many percent do not exceed (nearest rank). 0 for none.
pub fn percentile(mut values: Vec<f64>, percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::{median, percentile};

    #[test]
    fn percentiles_take_the_nearest_rank() {
        let values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        for (percent, wanted) in [(50, 100.0), (99, 198.0), (100, 200.0), (0, 1.0)] {
            assert_eq!(percentile(values.clone(), percent).total_cmp(&wanted), std::cmp::Ordering::Equal, "{percent}");
        }
        assert_eq!(median(vec![3.0, 1.0, 2.0]).total_cmp(&2.0), std::cmp::Ordering::Equal);
        assert_eq!(median(Vec::new()).total_cmp(&0.0), std::cmp::Ordering::Equal);
    }
}
