//! Many requests against little money.

use super::{all_at_once, scenario, tally};
use crate::BINARY;
use serde_json::json;
use simulator::Family;
use testkit::{Ask, Model, TestApp};
use tokio::task::JoinSet;

/// Requests at once (promise M4).
const CROWD: usize = 500;
/// How many of them the money is for.
const PAID_FOR: usize = 10;
/// Tokens of each answer, which is also the limit that each request names: what is held is what it costs.
const TOKENS: u64 = 100;
/// Cost of one answer in nano-dollars at 10 USD per million tokens.
const COST: i64 = 1_000_000;

fn ask(key: &str, stream: bool) -> Ask {
    let messages = json!([{"role": "user", "content": "TAG:crowd count"}]);
    Ask::chat(&json!({"model": "mock/echo", "max_tokens": TOKENS, "stream": stream, "messages": messages})).key(key)
}

async fn app(credits: &str, prompt_price: &str) -> TestApp {
    let app = TestApp::builder(BINARY)
        .simulated("acme", Family::OpenAi)
        .await
        .model(Model::new("mock/echo").at("acme", prompt_price, "10"))
        .credits(credits)
        .start()
        .await;
    // A pause before the answer lets every request arrive while the first ones hold their money.
    app.simulator("acme")
        .set_scenario("*", scenario(json!({"answer": {"tokens": TOKENS}, "headers": {"delay_ms": 300}})));
    app
}

async fn exactly_ten_of_credit(stream: bool) {
    let app = app("0.01", "0").await;
    let answers = all_at_once(&app, (0..CROWD).map(|_| ask(&app.key, stream)).collect()).await;
    let counts = tally(&answers);
    assert_eq!(counts.get(&200), Some(&PAID_FOR), "{counts:?}");
    assert_eq!(counts.get(&402), Some(&(CROWD - PAID_FOR)), "{counts:?}");
    app.idle(testkit::PATIENCE).await;
    assert_eq!(app.credits().await, (COST * 10, COST * 10));
    assert_eq!(app.simulator("acme").observed().len(), PAID_FOR);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_for_ten_plain_answers_accepts_exactly_ten_of_500() {
    exactly_ten_of_credit(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credit_for_ten_streams_accepts_exactly_ten_of_500() {
    exactly_ten_of_credit(true).await;
}

async fn exactly_ten_of_a_key_limit(stream: bool) {
    let app = app("100", "0").await;
    let (key, hash) = app.new_key(&json!({"name": "limited", "limit": 0.01, "limit_reset": null})).await;
    let answers = all_at_once(&app, (0..CROWD).map(|_| ask(&key, stream)).collect()).await;
    let counts = tally(&answers);
    assert_eq!(counts.get(&200), Some(&PAID_FOR), "{counts:?}");
    let refused: usize = [402, 403].iter().filter_map(|status| counts.get(status)).sum();
    assert_eq!(refused, CROWD - PAID_FOR, "{counts:?}");
    app.idle(testkit::PATIENCE).await;
    // Once spent it is spent: not a matter of waiting.
    let spent = app.send(&ask(&key, stream)).await;
    assert_eq!((spent.status, spent.error_type().as_str()), (403, "permission_denied"), "{}", spent.text());
    let seen = app.manage("GET", &format!("/api/v1/keys/{hash}"), None).await.json();
    assert_eq!(testkit::nanos_at(&seen, "/data/usage"), COST * 10);
    assert_eq!(testkit::nanos_at(&seen, "/data/limit_remaining"), 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_limit_for_ten_plain_answers_accepts_exactly_ten_of_500() {
    exactly_ten_of_a_key_limit(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_limit_for_ten_streams_accepts_exactly_ten_of_500() {
    exactly_ten_of_a_key_limit(true).await;
}

/// With a prompt price the hold is above the cost, so the money can be for more than are let in at once, never for fewer.
#[tokio::test(flavor = "multi_thread")]
async fn a_priced_prompt_never_lets_more_in_than_the_credit_pays() {
    for stream in [false, true] {
        let app = app("0.0105", "1").await;
        let answers = all_at_once(&app, (0..CROWD).map(|_| ask(&app.key, stream)).collect()).await;
        let counts = tally(&answers);
        let accepted = counts.get(&200).copied().unwrap_or(0);
        assert!((1..=PAID_FOR).contains(&accepted), "{counts:?}");
        app.idle(testkit::PATIENCE).await;
        let (granted, used) = app.credits().await;
        assert!(used <= granted, "balance {} below zero", granted - used);
        assert_eq!(app.simulator("acme").observed().len(), accepted);
        app.finish().await;
    }
}

/// Answers per agent in one round; eight agents make 72 requests, which cost 0.864 of one dollar.
const ROUND: usize = 9;
/// Rounds; each begins with one dollar.
const ROUNDS: usize = 3;

/// Eight agents that each ask for up to 32 000 tokens and get 800, at 15 dollars per million.
///
/// Time is scaled by ten: answers take a second where ten are usual, and admission waits 0.2 seconds where two are usual.
#[tokio::test(flavor = "multi_thread")]
async fn eight_agents_on_one_dollar_are_hardly_ever_refused_by_holds_alone() {
    let app = TestApp::builder(BINARY)
        .simulated("acme", Family::OpenAi)
        .await
        .model(Model::new("mock/echo").at("acme", "0", "15"))
        .setting("timeouts.in_flight", json!("200ms"))
        .credits("1")
        .start()
        .await;
    let pace = json!({"answer": {"tokens": 800}, "body": {"tokens_per_chunk": 40, "chunk_delay_ms": 50}});
    app.simulator("acme").set_scenario("*", scenario(pace));
    let messages = json!([{"role": "user", "content": "go on"}]);
    let body = json!({"model": "mock/echo", "max_tokens": 32_000, "stream": true, "messages": messages});
    let mut refused = Vec::new();
    for round in 0..ROUNDS {
        if round > 0 {
            app.cli(&["credits", "grant", "0.864"]).await.ok();
            testkit::eventually("the grant arrives", testkit::PATIENCE, || async {
                let (granted, used) = app.credits().await;
                (granted - used >= 900_000_000).then_some(())
            })
            .await;
        }
        let mut agents = JoinSet::new();
        for _agent in 0..8 {
            let (address, ask) = (app.address, Ask::chat(&body).key(&app.key));
            agents.spawn(async move {
                let mut refusals = 0;
                for _request in 0..ROUND {
                    let answer = testkit::send(address, &ask).await;
                    match answer.status {
                        200 => assert!(answer.is_done(), "{}", answer.text()),
                        402 => refusals += 1,
                        other => panic!("{other}: {}", answer.text()),
                    }
                }
                refusals
            });
        }
        refused.push(agents.join_all().await.into_iter().sum::<usize>());
    }
    app.finish().await;
    let (all, total) = (refused.iter().sum::<usize>(), 8 * ROUND * ROUNDS);
    eprintln!("eight agents: {all} of {total} requests refused by holds alone, by round {refused:?}");
    assert!(all * 100 <= total, "{all} of {total} refused by holds alone, by round {refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_the_providers_format_raises_is_held_for_as_raised() {
    let builder = TestApp::builder(BINARY).credits("0.01").simulated_as("replies", "openai-responses", "/v1").await;
    let app = builder.simulated("acme", Family::OpenAi).await;
    // A token of the answer costs 0.001 USD: the credit is for ten.
    let app = app
        .model(Model::new("mock/replies").at("replies", "0", "1000"))
        .model(Model::new("mock/chat").at("acme", "0", "1000"))
        .start()
        .await;
    let ask =
        |model: &str| json!({"model": model, "max_tokens": 1, "messages": [{"role": "user", "content": "count"}]});
    let refused = app.chat(&ask("mock/replies")).await;
    assert_eq!(refused.status, 402, "16 is the least limit of that format: {}", refused.text());
    assert_eq!(app.simulator("replies").observed().len(), 0);
    let answered = app.chat(&ask("mock/chat")).await;
    assert_eq!(answered.status, 200, "{}", answered.text());
    app.finish().await;
}
