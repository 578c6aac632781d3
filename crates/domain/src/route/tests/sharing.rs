//! Load balancing: shares over many seeds.

use super::{Balance, Planning, measured, priced};

const SEEDS: u64 = 10_000;

/// How often each endpoint comes first.
fn firsts(count: usize, planning: impl Fn(u64) -> Vec<String>) -> Vec<f64> {
    let mut firsts = vec![0.0; count];
    for seed in 0..SEEDS {
        let tags = planning(seed);
        assert_eq!(tags.len(), count, "every endpoint stays in the plan");
        let at: usize = tags[0].trim_start_matches('p').parse().expect("number");
        firsts[at] += 1.0;
    }
    firsts
}

/// Pearson's statistic of observed counts against expected shares.
fn chi_square(observed: &[f64], shares: &[f64]) -> f64 {
    observed
        .iter()
        .zip(shares)
        .map(|(seen, share)| (seen - share * SEEDS as f64).powi(2) / (share * SEEDS as f64))
        .sum()
}

#[test]
fn feature_5_1_ten_thousand_plans_match_inverse_square_shares() {
    for prices in [&["1", "3"][..], &["1", "2", "3"], &["0.5", "0.5", "1", "4"]] {
        let catalog = priced(prices);
        let weights: Vec<f64> = prices.iter().map(|price| price.parse::<f64>().expect("price").powi(-2)).collect();
        let total: f64 = weights.iter().sum();
        let shares: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
        let seen = firsts(prices.len(), |seed| Planning::over(&catalog).seed(seed).tags());
        let statistic = chi_square(&seen, &shares);
        // The 99.99 % points for one, two and three degrees of freedom are 15.1, 18.4 and 21.1.
        assert!(
            statistic < 15.1 + 3.2 * (prices.len() as f64 - 2.0),
            "{prices:?}: seen {seen:?}, shares {shares:.4?}, chi square {statistic:.2}"
        );
    }
}

#[test]
fn share_balancing_follows_what_was_measured_and_starves_nobody() {
    let catalog = priced(&["1", "1", "1"]);
    let run = |seed| {
        let mut limited = measured(50.0, 1.0);
        limited.rate_limited = Some(0.9);
        let mut planning = Planning::over(&catalog).seed(seed).health("p0", measured(100.0, 0.5));
        planning = planning.health("p1", measured(50.0, 1.0)).health("p2", limited);
        planning.balance = Balance::Shares;
        planning.tags()
    };
    let seen = firsts(3, run);
    assert!(seen[0] > 2.0 * seen[1], "twice as fast and twice as quick: {seen:?}");
    assert!(seen[1] > 10.0 * seen[2], "nine of ten attempts rate-limited: {seen:?}");
    // Five per cent shared among three: 167 of 10 000, less five standard deviations.
    assert!(seen[2] > 100.0, "exploration keeps everybody measured: {seen:?}");
}

#[test]
fn share_balancing_counts_cached_prompts_at_their_price() {
    use super::{catalog, endpoint, model};
    use serde_json::json;
    let price = |cached: &str| json!({"price": {"prompt": "2", "completion": "0", "input_cache_read": cached}});
    let catalog = catalog(&[model("m/one", &[endpoint("p0", "2", price("0.2")), endpoint("p1", "2", json!({}))])]);
    let run = |seed| {
        let mut warm = measured(50.0, 1.0);
        warm.cache_hits = Some(0.8);
        let mut planning = Planning::over(&catalog).seed(seed).health("p0", warm).health("p1", measured(50.0, 1.0));
        planning.balance = Balance::Shares;
        planning.tags()
    };
    let seen = firsts(2, run);
    assert!(seen[0] > 5.0 * seen[1], "{seen:?}");
}
