//! [`RetryBudget`]: keeps failing providers from being asked many times over.
//!
//! Attempts after the first are paid from a budget: a share of the requests of the last ten seconds and a floor, so that
//! rare traffic can fail over too. One budget per model, so that a dead model does not eat the budget of the others.

use super::settings::HealthSettings;
use std::time::Duration;

/// Seconds that the budget looks back.
const SECONDS: u64 = 10;

/// The budget of one model.
#[derive(Debug, Default)]
pub struct RetryBudget {
    /// Requests and retries by second, each with the second that it counts.
    slots: [Slot; 10],
}

#[derive(Debug, Default, Clone, Copy)]
struct Slot {
    second: u64,
    requests: u32,
    retries: u32,
}

impl RetryBudget {
    /// A request arrived.
    pub fn request(&mut self, now: Duration) {
        let slot = self.slot(now);
        slot.requests = slot.requests.saturating_add(1);
    }

    /// Takes a retry from the budget, if there is one.
    pub fn retry(&mut self, settings: &HealthSettings, now: Duration) -> bool {
        let first = now.as_secs().saturating_sub(SECONDS - 1);
        let recent = self.slots.iter().filter(|slot| slot.second >= first);
        let (requests, retries) = recent.fold((0_u64, 0_u64), |(requests, retries), slot| {
            (requests + u64::from(slot.requests), retries + u64::from(slot.retries))
        });
        let allowed = requests * u64::from(settings.retry_percent) / 100 + u64::from(settings.retry_floor) * SECONDS;
        if retries >= allowed {
            return false;
        }
        let slot = self.slot(now);
        slot.retries = slot.retries.saturating_add(1);
        true
    }

    fn slot(&mut self, now: Duration) -> &mut Slot {
        let second = now.as_secs();
        let [head, tail @ ..] = &mut self.slots;
        let slot = match usize::try_from(second % SECONDS).unwrap_or(0) {
            0 => head,
            index => tail.get_mut(index - 1).unwrap_or(head),
        };
        if slot.second != second {
            *slot = Slot { second, ..Slot::default() };
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::RetryBudget;
    use crate::call::health::HealthSettings;
    use std::time::Duration;

    fn retries(budget: &mut RetryBudget, now: Duration) -> usize {
        let settings = HealthSettings::default();
        std::iter::from_fn(|| budget.retry(&settings, now).then_some(())).take(10_000).count()
    }

    #[test]
    fn a_fifth_of_the_requests_and_the_floor_may_be_retried() {
        for (requests, expected) in [(0, 30), (100, 50), (1000, 230)] {
            let mut budget = RetryBudget::default();
            (0..requests).for_each(|_| budget.request(Duration::from_secs(7)));
            assert_eq!(retries(&mut budget, Duration::from_secs(8)), expected, "{requests} requests");
        }
    }

    #[test]
    fn the_budget_looks_back_ten_seconds() {
        let mut budget = RetryBudget::default();
        (0..100).for_each(|_| budget.request(Duration::from_secs(100)));
        assert_eq!(retries(&mut budget, Duration::from_secs(100)), 50);
        assert_eq!(retries(&mut budget, Duration::from_secs(109)), 0);
        assert_eq!(retries(&mut budget, Duration::from_secs(110)), 30);
    }
}
