//! The cost table: every figure computed by hand.

use super::{DIALECTS, Dialect, FORMATS, cost, every_format, question};
use crate::BINARY;
use crate::money::scenario;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::{Model, TestApp, nanos_at};

/// One model per format and price sheet, named `mock/<sheet>-<provider>`.
async fn app() -> TestApp {
    let sheets = [
        (
            "classes",
            json!({
                "prompt": "3", "completion": "15", "input_cache_read": "0.30", "input_cache_write": "3.75",
                "input_cache_write_1h": "6", "internal_reasoning": "20", "image_token": "5", "audio": "7",
                "audio_output": "30", "image_output": "40",
            }),
        ),
        (
            "items",
            json!({"prompt": "3", "completion": "15", "image": "0.01", "request": "0.0005", "web_search": "0.01"}),
        ),
        (
            "steps",
            json!({
                "prompt": "3", "completion": "15", "input_cache_read": "0.30",
                "overrides": [
                    {"min_prompt_tokens": 200_000, "prompt": "6", "completion": "22.5", "input_cache_read": "0.60"},
                ],
            }),
        ),
        ("bare", json!({"prompt": "3", "completion": "15"})),
        ("dust", json!({"prompt": "0.0001", "completion": "0.0001"})),
    ];
    let mut builder = TestApp::builder(BINARY).credits("1000").setting("timeouts.first_byte", json!("10s"));
    builder = every_format(builder).await;
    for (slug, ..) in FORMATS {
        for (sheet, price) in &sheets {
            builder = builder.model(Model::new(&format!("mock/{sheet}-{slug}")).priced(slug, sheet, price));
        }
    }
    builder.start().await
}

struct Case {
    what: &'static str,
    sheet: &'static str,
    images: usize,
    usage: Value,
    /// Nano-dollars at the providers of [`FORMATS`]. They differ where a format cannot say what was used: only Anthropic tells
    /// one-hour writes apart and counts searches, Gemini reports no writes, Anthropic and Responses no image or audio tokens.
    expected: [i64; 4],
}

/// 1 USD per million tokens is 1 000 nano-dollars per token.
fn table() -> Vec<Case> {
    let case = |what, sheet, images, usage, expected| Case { what, sheet, images, usage, expected };
    vec![
        // 1 000 × 3 000 + 500 × 15 000
        case("fresh tokens", "classes", 0, json!({"prompt": 1000, "completion": 500, "image": 0}), [10_500_000; 4]),
        // 600 × 3 000 + 400 × 300 + 500 × 15 000
        case("cache read", "classes", 0, json!({"prompt": 1000, "cached": 400, "completion": 500}), [9_420_000; 4]),
        // Everything from the cache: 1 000 × 300 + 7 500 000
        case("all cached", "classes", 0, json!({"prompt": 1000, "cached": 1000, "completion": 500}), [7_800_000; 4]),
        // 800 × 3 000 + 200 × 3 750 + 7 500 000; unreported at Gemini
        case(
            "cache write",
            "classes",
            0,
            json!({"prompt": 1000, "cache_write": 200, "completion": 500}),
            [10_650_000, 10_650_000, 10_650_000, 10_500_000],
        ),
        // 900 × 3 000 + 100 × 3 750 (short) or × 6 000 (one hour) + 7 500 000
        case(
            "one-hour cache write",
            "classes",
            0,
            json!({"prompt": 1000, "cache_write_1h": 100, "completion": 500}),
            [10_575_000, 10_575_000, 10_800_000, 10_500_000],
        ),
        // Both lifetimes: 700 × 3 000 + 300 × 3 750, or 200 × 3 750 + 100 × 6 000; + 7 500 000
        case(
            "both cache writes",
            "classes",
            0,
            json!({"prompt": 1000, "cache_write": 200, "cache_write_1h": 100, "completion": 500}),
            [10_725_000, 10_725_000, 10_950_000, 10_500_000],
        ),
        // 1 000 × 3 000 + 380 × 15 000 + 120 × 20 000
        case("reasoning", "classes", 0, json!({"prompt": 1000, "completion": 500, "reasoning": 120}), [11_100_000; 4]),
        // All of the answer is reasoning: 3 000 000 + 500 × 20 000
        case(
            "only reasoning",
            "classes",
            0,
            json!({"prompt": 1000, "completion": 500, "reasoning": 500}),
            [13_000_000; 4],
        ),
        // 744 × 3 000 + 256 × 5 000 + 7 500 000 where image tokens are told apart
        case(
            "image tokens",
            "classes",
            0,
            json!({"prompt": 1000, "completion": 500, "image": 256}),
            [11_012_000, 10_500_000, 10_500_000, 11_012_000],
        ),
        // 900 × 3 000 + 100 × 7 000 + 7 500 000 where audio tokens are told apart
        case(
            "audio tokens",
            "classes",
            0,
            json!({"prompt": 1000, "completion": 500, "audio": 100}),
            [10_900_000, 10_500_000, 10_500_000, 10_900_000],
        ),
        // 3 000 000 + 400 × 15 000 + 100 × 30 000 where they are told apart
        case(
            "spoken answer",
            "classes",
            0,
            json!({"prompt": 1000, "completion": 500, "audio_output": 100}),
            [12_000_000, 10_500_000, 10_500_000, 12_000_000],
        ),
        // 3 000 000 + 400 × 15 000 + 100 × 40 000 where they are told apart
        case(
            "painted answer",
            "classes",
            0,
            json!({"prompt": 1000, "completion": 500, "image_output": 100}),
            [13_000_000, 10_500_000, 10_500_000, 13_000_000],
        ),
        // fresh 300 × 3 000 + 400 × 300 + 300 × 3 750 + 380 × 15 000 + 120 × 20 000;
        // fresh 300 × 3 000 + 400 × 300 + 200 × 3 750 + 100 × 6 000 + 5 700 000 + 2 400 000;
        // fresh 600 × 3 000 + 400 × 300 + 5 700 000 + 2 400 000
        case(
            "everything",
            "classes",
            0,
            json!({"prompt": 1000, "cached": 400, "cache_write": 200, "cache_write_1h": 100, "completion": 500, "reasoning": 120}),
            [10_245_000, 10_245_000, 10_470_000, 10_020_000],
        ),
        // Classes without a price of their own cost what the plain ones cost: 3 000 000 + 7 500 000
        case(
            "nothing but two prices",
            "bare",
            0,
            json!({"prompt": 1000, "cached": 400, "cache_write": 200, "cache_write_1h": 100, "completion": 500, "reasoning": 120}),
            [10_500_000; 4],
        ),
        // 1 000 × 3 000 + 500 × 15 000 + 2 × 10 000 000 + 500 000
        case("images and request", "items", 2, json!({"prompt": 1000, "completion": 500, "image": 0}), [31_000_000; 4]),
        // 3 000 000 + 7 500 000 + 500 000
        case("request fee", "items", 0, json!({"prompt": 1000, "completion": 500, "image": 0}), [11_000_000; 4]),
        // 11 000 000 + 3 × 10 000 000 where searches are counted
        case(
            "web searches",
            "items",
            0,
            json!({"prompt": 1000, "completion": 500, "image": 0, "web_searches": 3}),
            [11_000_000, 11_000_000, 41_000_000, 11_000_000],
        ),
        // 200 000 × 3 000 + 7 500 000
        case("at the threshold", "steps", 0, json!({"prompt": 200_000, "completion": 500}), [607_500_000; 4]),
        // 200 001 × 6 000 + 500 × 22 500
        case("above the threshold", "steps", 0, json!({"prompt": 200_001, "completion": 500}), [1_211_256_000; 4]),
        // What is cached counts towards the threshold: 100 001 × 6 000 + 100 000 × 600 + 11 250 000
        case(
            "above the threshold with a cache",
            "steps",
            0,
            json!({"prompt": 200_001, "cached": 100_000, "completion": 500}),
            [671_256_000; 4],
        ),
        // 15 × 0.1 + 6 × 0.1 = 2.1, rounded up once
        case("rounded up once", "dust", 0, json!({"prompt": 15, "completion": 6}), [3; 4]),
        // 20 × 0.1 + 10 × 0.1 = 3 exactly
        case("nothing to round", "dust", 0, json!({"prompt": 20, "completion": 10}), [3; 4]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_the_same_usage_costs_the_same_in_every_dialect_and_form_at_every_format() {
    let app = app().await;
    let (mut wrong, mut right, mut sum) = (Vec::new(), 0_u32, 0);
    for case in table() {
        for ((slug, ..), expected) in FORMATS.iter().zip(case.expected) {
            app.simulator(slug)
                .set_scenario("*", scenario(json!({"usage": case.usage, "answer": {"text": "as you see"}})));
            let mut usages: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (dialect, stream) in DIALECTS.into_iter().flat_map(|dialect| [(dialect, false), (dialect, true)]) {
                let model = format!("mock/{}-{slug}", case.sheet);
                let Some(ask) = question(dialect, &model, case.images, stream, &json!({})) else { continue };
                let way = format!("{} at {slug}, {dialect:?}, stream {stream}", case.what);
                let answer = app.send(&ask.key(&app.key)).await;
                assert_eq!(answer.status, 200, "{way}: {}", answer.text());
                let record = app.generation(&answer.header("x-generation-id").expect("id")).await;
                let (shown, charged) = (cost(&answer), nanos_at(&record, "/total_cost"));
                sum += charged;
                if (shown, charged) == (expected, expected) {
                    right += 1;
                } else {
                    wrong.push(format!(
                        "{way}: shown {shown}, charged {charged}, by hand {expected}: {}",
                        answer.text()
                    ));
                }
                assert_eq!(record["portolan"]["estimated"], false, "{way}: {record}");
                usages.entry(used(&record)).or_default().push(way);
            }
            assert_eq!(usages.len(), 1, "the same answer, read differently: {usages:#?}");
        }
    }
    assert!(wrong.is_empty(), "{right} right, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    eprintln!("parity: {right} answers, each at the price computed by hand");
    assert_eq!(app.credits().await.1, sum);
    app.finish().await;
}

/// What a record says was used, class by class.
fn used(record: &Value) -> String {
    let mut lines = record["portolan"]["cost_lines"].as_array().cloned().unwrap_or_default();
    assert!(!lines.is_empty(), "{record}");
    lines.sort_by_key(|line| line["kind"].to_string());
    let tokens = ["tokens_prompt", "tokens_completion", "native_tokens_reasoning", "native_tokens_cached"];
    let tokens: Vec<String> = tokens.iter().map(|name| record[*name].to_string()).collect();
    format!("{} {}", tokens.join(" "), Value::from(lines))
}

/// What a caller of each dialect reads about the same usage.
#[tokio::test(flavor = "multi_thread")]
async fn m11_plain_and_streamed_answers_show_the_same_usage() {
    let app = app().await;
    let usage = json!({"prompt": 1000, "cached": 400, "cache_write": 200, "completion": 500, "reasoning": 120});
    for (slug, ..) in FORMATS {
        app.simulator(slug).set_scenario("*", scenario(json!({"usage": usage, "answer": {"text": "as you see"}})));
        for dialect in DIALECTS {
            let mut shown = Vec::new();
            for stream in [false, true] {
                let ask = question(dialect, &format!("mock/classes-{slug}"), 0, stream, &json!({})).expect("no images");
                let answer = app.send(&ask.key(&app.key)).await;
                shown
                    .push(super::last_of(&answer, "/usage").unwrap_or_else(|| panic!("no usage in {}", answer.text())));
            }
            // The closing event of Messages repeats what can have changed since the first one.
            let streamed = if dialect == Dialect::Messages { common(&shown[0], &shown[1]) } else { shown[1].clone() };
            let plain = if dialect == Dialect::Messages { common(&shown[1], &shown[0]) } else { shown[0].clone() };
            assert_eq!(plain, streamed, "{slug} {dialect:?}");
            assert!(streamed["output_tokens"] == 500 || streamed["completion_tokens"] == 500, "{slug}: {streamed}");
        }
    }
    app.finish().await;
}

/// The fields of `of` that `other` has as well.
fn common(other: &Value, of: &Value) -> Value {
    let fields = of.as_object().expect("usage").iter().filter(|(name, _)| other.get(name.as_str()).is_some());
    fields.map(|(name, value)| (name.clone(), value.clone())).collect()
}
