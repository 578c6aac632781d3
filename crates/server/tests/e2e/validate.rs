//! Answers that break the caller's own rules: the next provider is asked, every rejected answer is a line of the bill, and
//! plain and streamed requests behave alike.

use crate::BINARY;
use crate::money::scenario;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use simulator::Family;
use std::collections::{BTreeMap, BTreeSet};
use testkit::{Answer, AppBuilder, Ask, Model, TestApp, eventually, nanos_at};

const PROVIDERS: [&str; 3] = ["first", "second", "third"];

async fn builder() -> AppBuilder {
    let mut model = Model::new("mock/judged");
    let mut builder = TestApp::builder(BINARY);
    for slug in PROVIDERS {
        builder = builder.simulated(slug, Family::OpenAi).await;
        model = model.at(slug, "1", "10");
    }
    builder.model(model)
}

/// One rule with an answer that keeps it and one that breaks it, and whatever else the request needs.
struct Row {
    rule: &'static str,
    validate: Value,
    good: Value,
    bad: Value,
    beside: Value,
}

fn rows() -> Vec<Row> {
    let tools = json!({"tools": [{"type": "function", "function": {"name": "weather", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]
    }}}]});
    let row = |rule, value: Value, good: Value, bad: Value, beside: Value| {
        let mut validate = json!({});
        validate[rule] = value;
        Row { rule, validate, good, bad, beside }
    };
    let says = |text: &str| json!({"text": text});
    vec![
        row("non_empty", json!(true), says("fine"), says(" "), json!({})),
        row("not_truncated", json!(true), says("fine"), json!({"text": "cut", "finish_reason": "length"}), json!({})),
        row("not_refusal", json!(true), says("of course"), says("I'm sorry, but I can't help with that."), json!({})),
        row("regex", json!("^[0-9]+$"), says("42"), says("forty-two"), json!({})),
        row(
            "json_schema",
            json!({"type": "object", "required": ["city"]}),
            says("{\"city\":\"Oslo\"}"),
            says("{\"town\":\"Oslo\"}"),
            json!({}),
        ),
        row(
            "tool_calls",
            json!(true),
            json!({"calls": [{"name": "weather", "arguments": {"city": "Oslo"}}]}),
            json!({"calls": [{"name": "weather", "arguments": {"town": "Oslo"}}]}),
            tools,
        ),
        row(
            "language",
            json!("de"),
            says("Das ist ein ganz gewöhnlicher deutscher Satz, der lang genug ist, um erkannt zu werden."),
            says("This is a perfectly ordinary English sentence that is long enough to be told apart."),
            json!({}),
        ),
    ]
}

/// Lets the providers answer in turn, and asks them in this order.
async fn ask(app: &TestApp, row: &Row, answers: [&Value; 3], stream: bool) -> Answer {
    for (slug, answer) in PROVIDERS.into_iter().zip(answers) {
        app.simulator(slug).clear();
        app.simulator(slug).set_scenario("*", scenario(json!({"answer": answer})));
    }
    let mut body = json!({
        "model": "mock/judged", "stream": stream, "max_tokens": 100, "provider": {"order": PROVIDERS},
        "messages": [{"role": "user", "content": "hello"}], "validate": row.validate,
    });
    for (name, value) in row.beside.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.chat(&body).await
}

fn asked(app: &TestApp) -> Vec<usize> {
    PROVIDERS.iter().map(|slug| app.simulator(slug).observed().len()).collect()
}

/// A decimal text of US dollars in units of 10⁻¹⁵.
fn femtos(usd: &str) -> i128 {
    let (whole, part) = usd.split_once('.').unwrap_or((usd, ""));
    format!("{whole}{part:0<15}").parse().unwrap()
}

/// The outcomes of the attempts and the kinds of the lines of a generation; its lines must add up to its cost.
async fn bill(app: &TestApp, id: &str) -> (Vec<String>, Vec<String>) {
    let record = app.generation(id).await;
    let own = &record["portolan"];
    let texts = |list: &str, field: &str| -> Vec<String> {
        let entries = own[list].as_array().unwrap().iter();
        entries.map(|entry| entry[field].as_str().unwrap().to_owned()).collect()
    };
    let lines = own["cost_lines"].as_array().unwrap().iter();
    let sum: i128 = lines.map(|line| femtos(line["amount_usd"].as_str().unwrap())).sum();
    let total = nanos_at(&record, "/total_cost");
    assert_eq!(sum, i128::from(total) * 1_000_000, "{own}");
    assert!(total > 0, "{own}");
    (texts("attempts", "outcome"), texts("cost_lines", "kind"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_plain_and_streamed_passes_fails_over_and_fails() {
    let app = builder().await.start().await;
    let cookie = app.sign_in().await;
    for row in rows() {
        for stream in [false, true] {
            let label = format!("{}, stream {stream}", row.rule);
            let passes = ask(&app, &row, [&row.good, &row.bad, &row.bad], stream).await;
            assert_eq!(passes.status, 200, "{label}: {}", passes.text());
            assert_eq!(asked(&app), [1, 0, 0], "{label}");

            let second = ask(&app, &row, [&row.bad, &row.good, &row.bad], stream).await;
            assert_eq!(second.status, 200, "{label}: {}", second.text());
            assert_eq!(asked(&app), [1, 1, 0], "{label}");
            if let Some(text) = row.good["text"].as_str() {
                assert_eq!(second.content(), text, "{label}");
            }
            assert_eq!(second.is_done(), stream, "{label}");
            let (outcomes, kinds) = bill(&app, &second.id().unwrap()).await;
            assert_eq!(outcomes, ["rejected", "served"], "{label}");
            assert_eq!(kinds.iter().filter(|kind| *kind == "rejected_attempt").count(), 1, "{label}: {kinds:?}");

            let fails = ask(&app, &row, [&row.bad; 3], stream).await;
            assert_eq!(fails.status, 422, "{label}: {}", fails.text());
            assert_eq!(asked(&app), [1, 1, 1], "{label}");
            assert_eq!(fails.error_type(), "unprocessable", "{label}");
            let verdicts = fails.json()["error"]["metadata"]["verdicts"].as_array().cloned().unwrap_or_default();
            assert_eq!(verdicts.len(), 3, "{label}: {}", fails.text());
            let rules: BTreeSet<&str> =
                verdicts.iter().filter_map(|verdict| verdict["verdicts"][0]["rule"].as_str()).collect();
            assert_eq!(rules, BTreeSet::from([row.rule]), "{label}");
            let id = fails.header("x-generation-id").unwrap();
            let (outcomes, kinds) = bill(&app, &id).await;
            assert_eq!(outcomes, ["rejected"; 3], "{label}");
            assert_eq!(kinds, ["rejected_attempt"; 3], "{label}");
        }
    }
    let list = app.send(&Ask::get("/console/api/v1/generations").header("cookie", &cookie)).await;
    assert_eq!(list.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_a_judged_stream_pays_for_the_answer_it_caused() {
    let app = builder().await.start().await;
    let cookie = app.sign_in().await;
    app.simulator("first")
        .set_scenario("*", scenario(json!({"answer": {"text": "one two three"}, "body": {"chunk_delay_ms": 50}})));
    let wire = app
        .open(
            &Ask::chat(&json!({
                "model": "mock/judged", "stream": true, "max_tokens": 100, "provider": {"order": PROVIDERS},
                "messages": [{"role": "user", "content": "hello"}], "validate": {"non_empty": true},
            }))
            .key(&app.key),
        )
        .await;
    eventually("the provider is asked", testkit::PATIENCE, || async {
        (app.simulator("first").observed().len() == 1).then_some(())
    })
    .await;
    wire.reset();
    let row = eventually("one entry", testkit::PATIENCE, || async {
        let answer = app.send(&Ask::get("/console/api/v1/generations").header("cookie", &cookie)).await.json();
        answer["data"][0]["id"].as_str().map(str::to_owned)
    })
    .await;
    let record = app.generation(&row).await;
    assert!(nanos_at(&record, "/total_cost") > 0, "{record}");
    assert!(app.simulator("first").observed()[0].finished);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credit_for_another_attempt_the_first_verdict_stands() {
    // 24 tokens of answer at 10 dollars per million and a short prompt are held, which leaves less than one answer costs.
    let app = builder().await.credits("0.00026").start().await;
    let rows = rows();
    let row = rows.iter().find(|row| row.rule == "regex").unwrap();
    for slug in PROVIDERS {
        app.simulator(slug).set_scenario("*", scenario(json!({"answer": {"text": "forty-two"}, "usage": {}})));
    }
    let answer = app
        .chat(&json!({
            "model": "mock/judged", "max_tokens": 24, "provider": {"order": PROVIDERS},
            "messages": [{"role": "user", "content": "hello"}], "validate": row.validate,
        }))
        .await;
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert_eq!(asked(&app).iter().sum::<usize>(), 1, "{}", answer.text());
    assert!(answer.text().contains("the credit does not allow another attempt"), "{}", answer.text());
    let (total, used) = app.credits().await;
    assert!(used > 0 && used <= total, "{used} of {total}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_cannot_be_applied_are_refused_before_anybody_is_asked() {
    let app = builder().await.start().await;
    for (validate, param) in [
        (json!({"regexp": "x"}), "validate"),
        (json!({"regex": "("}), "validate.regex"),
        (json!({"json_schema": true}), "validate.json_schema"),
        (json!({"language": "xx"}), "validate.language"),
    ] {
        let answer = app
            .chat(&json!({
                "model": "mock/judged", "messages": [{"role": "user", "content": "hello"}], "validate": validate,
            }))
            .await;
        assert_eq!(answer.status, 400, "{validate}: {}", answer.text());
        assert_eq!(answer.json()["error"]["metadata"]["param"], param, "{validate}");
    }
    assert_eq!(asked(&app), [0, 0, 0]);
    app.finish().await;
}

/// A request of the random runs: what it may cost, how long its answers are, whether they pass.
fn random_ask(random: &mut StdRng, app: &TestApp) -> (i64, Ask) {
    let ceiling_micros: i64 = random.random_range(1..3_000);
    let tokens = random.random_range(1..400);
    // One in three answers keeps the rule, so that all of first, second, third and none are served.
    let pattern = if random.random_range(0..3) == 0 { "." } else { "no such words" };
    let reported =
        [json!({}), json!({"completion": 5_000}), json!({"prompt": 90_000})][random.random_range(0..3)].clone();
    let knobs = json!({"answer": {"tokens": tokens}, "usage": reported});
    let mut body = json!({
        "model": "mock/judged", "stream": random.random_bool(0.5), "validate": {"regex": pattern},
        "max_cost": format!("0.{ceiling_micros:06}"),
        "messages": [{"role": "user", "content": format!("hello\nSIM:{knobs}")}],
    });
    if random.random_bool(0.5) {
        body["max_tokens"] = json!(random.random_range(1..200));
    }
    (ceiling_micros * 1000, Ask::chat(&body).key(&app.key))
}

#[tokio::test(flavor = "multi_thread")]
async fn max_cost_holds_over_all_attempts_of_a_thousand_random_requests() {
    let mut builder = TestApp::builder(BINARY);
    let mut model = Model::new("mock/judged");
    for (slug, price) in PROVIDERS.into_iter().zip(["1", "2", "3"]) {
        builder = builder.simulated(slug, Family::OpenAi).await;
        model = model.at(slug, price, "10");
    }
    let app = builder.model(model).start().await;
    let mut random = StdRng::seed_from_u64(20_261_121);
    let mut statuses = BTreeMap::new();
    let mut rejected = 0;
    for _run in 0..1_000 {
        let (ceiling, ask) = random_ask(&mut random, &app);
        let answer = app.send(&ask).await;
        *statuses.entry(answer.status).or_insert(0) += 1;
        assert!([200, 404, 422].contains(&answer.status), "{}", answer.text());
        if answer.status == 404 {
            assert!(answer.text().contains("max_cost"), "{}", answer.text());
            continue;
        }
        let record = app.generation(&answer.header("x-generation-id").unwrap()).await;
        let charged = nanos_at(&record, "/total_cost");
        assert!(charged <= ceiling, "{charged} above {ceiling}: {record}");
        let own = &record["portolan"];
        let count = |list: &str, field: &str, word: &str| {
            own[list].as_array().unwrap().iter().filter(|entry| entry[field] == word).count()
        };
        assert_eq!(count("attempts", "outcome", "rejected"), count("cost_lines", "kind", "rejected_attempt"), "{own}");
        rejected += count("attempts", "outcome", "rejected");
    }
    eprintln!("1 000 requests under max_cost: statuses {statuses:?}, {rejected} rejected attempts");
    assert!(statuses.get(&200).is_some_and(|count| *count > 100), "{statuses:?}");
    assert!(statuses.get(&422).is_some_and(|count| *count > 100), "{statuses:?}");
    assert!(rejected > 300, "{rejected}");
    app.finish().await;
}
