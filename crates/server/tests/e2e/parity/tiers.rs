//! Service tiers: what is charged is the tier that the provider says has served, never more than was agreed on.

use super::{DIALECTS, Dialect, FORMATS, cost, every_format, last_of, question};
use crate::BINARY;
use crate::money::scenario;
use serde_json::{Value, json};
use testkit::{AppBuilder, Model, TestApp, nanos_at};

async fn app() -> TestApp {
    tiered().await.start().await
}

/// A server that reads on for a short while when a client has left, and holds no failure against a provider.
async fn patient_app() -> TestApp {
    tiered().await.setting("timeouts.drain", json!("1s")).setting("health.ejects", json!(false)).start().await
}

/// One model per format, with an ordinary endpoint and one of each dearer or cheaper tier.
async fn tiered() -> AppBuilder {
    let mut builder = every_format(TestApp::builder(BINARY).credits("1000")).await;
    for (slug, ..) in FORMATS {
        let at = |tag: &str, tier: Option<&str>, prompt: &str, completion: &str| {
            let price = json!({"prompt": prompt, "completion": completion});
            let mut endpoint = json!({"provider": slug, "upstream_id": "tiered", "tag": tag, "price": price});
            if let Some(tier) = tier {
                endpoint["service_tier"] = json!(tier);
            }
            endpoint
        };
        let endpoints = json!([
            at(slug, None, "2", "10"),
            at(&format!("{slug}/priority"), Some("priority"), "4", "20"),
            at(&format!("{slug}/flex"), Some("flex"), "1", "5"),
        ]);
        builder = builder.model(Model::new(&format!("mock/tiered-{slug}")).with("endpoints", endpoints));
    }
    builder
}

/// 1 000 prompt and 100 answer tokens at the ordinary price: 2 000 000 + 1 000 000; priority twice, flex half of that.
const ORDINARY: i64 = 3_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn m11_a_request_is_charged_at_the_tier_that_served_and_never_above_the_one_asked_for() {
    let app = app().await;
    let mut seen = 0;
    // Asked for, named by the provider (it names what it was asked for when absent), charged, and the tier shown.
    for (asked, served, expected, shown) in [
        (None, None, ORDINARY, "default"),
        (Some("priority"), None, 2 * ORDINARY, "priority"),
        (Some("flex"), None, ORDINARY / 2, "flex"),
        (Some("priority"), Some("default"), ORDINARY, "default"),
        (Some("priority"), Some("flex"), ORDINARY / 2, "flex"),
        // Nobody agreed to more than this.
        (Some("flex"), Some("default"), ORDINARY / 2, "default"),
        (None, Some("priority"), ORDINARY, "priority"),
        // A tier that the catalogue has no prices of.
        (Some("priority"), Some("scale"), 2 * ORDINARY, "scale"),
    ] {
        for (slug, ..) in FORMATS {
            // Anthropic's tiers are not chosen per request, yet named in every answer.
            let named = if slug == "anthropic-like" { served.or(asked) } else { served };
            let mut answer = json!({"text": "as you see"});
            if let Some(named) = named {
                answer["service_tier"] = json!(named);
            }
            let knobs = json!({"answer": answer, "usage": {"prompt": 1000, "completion": 100, "image": 0}});
            app.simulator(slug).set_scenario("*", scenario(knobs));
            for (dialect, stream) in DIALECTS.into_iter().flat_map(|dialect| [(dialect, false), (dialect, true)]) {
                let more = asked.map_or_else(|| json!({}), |tier| json!({"service_tier": tier}));
                let what = format!("{asked:?} served as {served:?} at {slug}, {dialect:?}, stream {stream}");
                let ask = question(dialect, &format!("mock/tiered-{slug}"), 0, stream, &more).expect("no images");
                let answer = app.send(&ask.key(&app.key)).await;
                assert_eq!(answer.status, 200, "{what}: {}", answer.text());
                let record = app.generation(&answer.header("x-generation-id").expect("id")).await;
                assert_eq!((cost(&answer), nanos_at(&record, "/total_cost")), (expected, expected), "{what}: {record}");
                assert_eq!(record["service_tier"], shown, "{what}: {record}");
                assert_eq!(tier(&answer, dialect), told(dialect, shown), "{what}: {}", answer.text());
                seen += 1;
            }
        }
    }
    eprintln!("tiers: {seen} answers, each charged at the tier that served");
    app.finish().await;
}

/// The tier that an answer names; completions have no place for it.
fn tier(answer: &testkit::Answer, dialect: Dialect) -> Option<Value> {
    let pointer = if dialect == Dialect::Messages { "/usage/service_tier" } else { "/service_tier" };
    last_of(answer, pointer)
}

fn told(dialect: Dialect, shown: &str) -> Option<Value> {
    match dialect {
        Dialect::Completions => None,
        Dialect::Messages if shown == "default" => Some(json!("standard")),
        _ => Some(json!(shown)),
    }
}

/// Tiers of one provider fail apart from each other: priority falls back to the ordinary tier there, flex to nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_tier_that_fails_falls_back_as_documented_and_is_charged_at_what_served() {
    for (asked, status, served) in [("priority", 200, Some(ORDINARY)), ("flex", 429, None)] {
        for stream in [false, true] {
            // A failure has an after-effect on the order of the endpoints: every request meets a new server.
            let app = app().await;
            let refused = json!({"headers": {"refuse_first": 1}, "usage": {"prompt": 1000, "completion": 100}});
            app.simulator("chat-like").set_scenario("*", scenario(refused));
            let more = json!({"service_tier": asked});
            let ask = question(Dialect::Chat, "mock/tiered-chat-like", 0, stream, &more).expect("no images");
            let answer = app.send(&ask.key(&app.key)).await;
            assert_eq!(answer.status, status, "{asked}, stream {stream}: {}", answer.text());
            let tried = app.simulator("chat-like").observed().len();
            assert_eq!(tried, if served.is_some() { 2 } else { 1 }, "{asked}, stream {stream}");
            assert_eq!(served.map(|_| cost(&answer)), served, "{asked}, stream {stream}: {}", answer.text());
            app.finish().await;
        }
    }
}

/// What keeps a stream from its end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    /// The server is killed, and charges what was delivered when it starts again.
    Kill,
    /// The client leaves.
    Client,
    /// The provider closes the connection.
    Provider,
}

/// Every format names its tier before its first words, so an answer that never ends is charged by it all the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_cut_short_is_charged_at_the_tier_that_was_named_by_then() {
    // Asked for, named (what it was asked for when absent), and half the ordinary price times so much is charged per token.
    let cases = [
        ("priority", Some("default"), 2),
        ("priority", Some("flex"), 1),
        ("priority", None, 4),
        ("flex", Some("default"), 1),
    ];
    for cut in [Cut::Kill, Cut::Client, Cut::Provider] {
        let mut app = patient_app().await;
        let mut running = Vec::new();
        for ((asked, served, factor), (slug, ..)) in
            cases.into_iter().flat_map(|case| FORMATS.into_iter().map(move |format| (case, format)))
        {
            let fault = if cut == Cut::Provider { "fin_after" } else { "hang_after" };
            let words = "many small words to say ".repeat(20);
            let mut answer = json!({"text": words});
            if let Some(named) = if slug == "anthropic-like" { served.or(Some(asked)) } else { served } {
                answer["service_tier"] = json!(named);
            }
            let body = json!({fault: 30, "chunk_delay_ms": 5});
            app.simulator(slug).set_scenario("*", scenario(json!({"answer": answer, "body": body})));
            let more = json!({"service_tier": asked});
            let ask = question(Dialect::Chat, &format!("mock/tiered-{slug}"), 0, true, &more).expect("no images");
            let mut wire = app.open(&ask.key(&app.key)).await;
            let begun = wire.read_until(testkit::PATIENCE, |answer| answer.content().len() > 60).await;
            let what = format!("{asked} served as {served:?} at {slug}, cut by {cut:?}");
            running.push((what, begun.id().expect("id"), wire, (factor, served.unwrap_or(asked))));
        }
        if cut == Cut::Kill {
            app.kill();
            app.launch().await;
        }
        let mut kept = Vec::new();
        let mut ended = Vec::new();
        for (what, id, wire, due) in running {
            kept.extend((cut != Cut::Client).then_some(wire));
            ended.push((what, id, due));
        }
        for (what, id, (factor, shown)) in ended {
            let record = app.generation(&id).await;
            let tokens = |field: &str| record[field].as_i64().unwrap_or_default();
            let (prompt, completion) = (tokens("tokens_prompt"), tokens("tokens_completion"));
            assert!(prompt > 0 && completion > 0, "{what}: {record}");
            assert_eq!(record["portolan"]["interrupted"], cut == Cut::Kill, "{what}: {record}");
            assert_eq!(record["service_tier"], shown, "{what}: {record}");
            let expected = factor * (prompt * 1_000 + completion * 5_000);
            assert_eq!(nanos_at(&record, "/total_cost"), expected, "{what}: {record}");
        }
        app.finish().await;
    }
}
