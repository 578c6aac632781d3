//! Costs worked out by hand, in nano-dollars.

use crate::money::{Amount, PriceSheet, PriceSheetText};
use crate::usage::Usage;
use proptest::prelude::*;

fn sheet(json: &str) -> PriceSheet {
    let text: PriceSheetText = serde_json::from_str(json).expect("sheet text");
    PriceSheet::try_from(&text).expect("sheet")
}

fn check(price: &str, usage: Usage, nanos: i64) {
    let cost = sheet(price).cost(&usage).expect("cost");
    assert_eq!(cost.total, Amount::from_nanos(nanos), "{price} {usage:?}");
}

#[test]
fn hand_computed_costs_hold_to_the_nano_dollar() {
    let base = r#"{"prompt":"3.00","completion":"15.00","input_cache_read":"0.30","input_cache_write":"3.75","input_cache_write_1h":"6.00"}"#;
    // 1204 × 3 µ$ + 310 × 15 µ$ = 3 612 000 + 4 650 000 n$.
    check(base, Usage { input_fresh: 1204, output_text: 310, ..Usage::default() }, 8_262_000);
    // 100 × 3 + 4000 × 0.3 + 500 × 3.75 + 200 × 6 = 300 + 1200 + 1875 + 1200 µ$.
    check(
        base,
        Usage {
            input_fresh: 100,
            input_cache_read: 4000,
            input_cache_write: 500,
            input_cache_write_1h: 200,
            ..Usage::default()
        },
        4_575_000,
    );
    // Reasoning without its own price costs the completion price: (10 + 90) × 15 µ$.
    check(base, Usage { output_text: 10, output_reasoning: 90, ..Usage::default() }, 1_500_000);
    // With its own price: 10 × 2 + 90 × 4 µ$.
    check(
        r#"{"prompt":"1","completion":"2","internal_reasoning":"4"}"#,
        Usage { output_text: 10, output_reasoning: 90, ..Usage::default() },
        380_000,
    );
    // Three images at 0.004 USD, one request at 0.01 USD, 10 prompt tokens at 1 µ$.
    check(
        r#"{"prompt":"1","completion":"0","image":"0.004","request":"0.01"}"#,
        Usage { input_fresh: 10, images: 3, ..Usage::default() },
        22_010_000,
    );
}

#[test]
fn thresholds_apply_strictly_above_the_limit() {
    let price = r#"{"prompt":"1.25","completion":"10","overrides":[{"min_prompt_tokens":200000,"prompt":"2.5","completion":"15"}]}"#;
    check(price, Usage { input_fresh: 200_000, output_text: 100, ..Usage::default() }, 250_000_000 + 1_000_000);
    check(price, Usage { input_fresh: 200_001, output_text: 100, ..Usage::default() }, 500_002_500 + 1_500_000);
    // Cached tokens count towards the threshold.
    check(price, Usage { input_fresh: 1, input_cache_read: 200_000, ..Usage::default() }, 500_002_500);
}

#[test]
fn a_fraction_of_a_nano_dollar_is_rounded_up_once() {
    // Two classes of 0.0000125 µ$ each are 0.025 n$: one nano-dollar, not two.
    let price = r#"{"prompt":"0.0000125","completion":"0.0000125"}"#;
    check(price, Usage { input_fresh: 1, output_text: 1, ..Usage::default() }, 1);
    check(price, Usage::default(), 0);
}

#[test]
fn refuses_prices_that_are_surely_a_unit_mistake() {
    for json in [r#"{"prompt":"1000.01"}"#, r#"{"prompt":"-1"}"#, r#"{"prompt":"1e-6"}"#, r#"{"prompt":""}"#] {
        let text: PriceSheetText = serde_json::from_str(json).expect("sheet text");
        assert!(PriceSheet::try_from(&text).is_err(), "{json}");
    }
}

proptest! {
    #[test]
    fn costs_are_never_negative_and_never_zero_when_something_priced_was_used(
        fresh in 0u64..3_000_000, cached in 0u64..3_000_000, out in 0u64..300_000, reasoning in 0u64..300_000,
        prompt in 1i64..1_000_000_000_000, completion in 1i64..1_000_000_000_000,
    ) {
        let sheet = PriceSheet {
            prompt: super::UnitPrice::from_femtos(prompt),
            completion: super::UnitPrice::from_femtos(completion),
            ..PriceSheet::default()
        };
        let usage = Usage { input_fresh: fresh, input_cache_read: cached, output_text: out, output_reasoning: reasoning, ..Usage::default() };
        let cost = sheet.cost(&usage).expect("in range");
        prop_assert!(!cost.total.is_negative());
        prop_assert_eq!(cost.total.is_zero(), usage.total_tokens() == 0);
        prop_assert!((0..1_000_000).contains(&cost.rounding_femtos()));
    }
}
