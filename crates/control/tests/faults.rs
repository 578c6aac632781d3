//! What is answered while the store is away.

#![expect(clippy::expect_used, reason = "a broken expectation fails the test")]

#[expect(dead_code, reason = "shared by several test programs")]
mod house;

use domain::id::GenerationId;
use domain::key::KeyText;
use house::{House, hash_of, noon};

#[tokio::test]
async fn without_a_store_memory_answers_and_the_rest_asks_to_come_back() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let cookie = house.sign_in(tenant.account).await;
    house.store.close().await;
    for path in ["/api/v1/models", "/api/v1/providers", "/api/v1/credits"] {
        assert_eq!(house.get(path).key(&tenant.management).send().await.status, 200, "{path}");
    }
    let record = format!("/api/v1/generation?id={}", GenerationId::new(noon(), [1; 10]));
    let key = format!("/api/v1/keys/{}", hash_of(&tenant.inference));
    let asks = [
        house.get("/api/v1/keys").key(&tenant.management),
        house.get(&key).key(&tenant.management),
        house.post("/api/v1/keys").key(&tenant.management).json(r#"{"name":"k"}"#),
        house.ask("PATCH", &key).key(&tenant.management).json(r#"{"disabled":true}"#),
        house.ask("DELETE", &key).key(&tenant.management),
        house.get("/api/v1/activity").key(&tenant.management),
        house.get("/api/v1/upstreams").key(&tenant.management),
        house.get(&record).key(&tenant.inference),
        house.get("/api/v1/key").key(&KeyText::generate([4; 28])),
        house.get("/console/api/v1/session").cookie(&cookie),
        house.post("/console/api/v1/setup").cookie("a=b").json(r#"{"token":"x"}"#),
    ];
    for ask in asks {
        let answer = ask.send().await;
        assert_eq!((answer.status.as_u16(), answer.error_type().as_str()), (503, "ledger_unavailable"));
        assert_eq!((answer.header("retry-after"), answer.header("x-should-retry")), (Some("1"), None));
        assert!(!answer.text().contains("sql") && !answer.text().contains("pool"), "{}", answer.text());
    }
    let usable = house.control.book.key(&tenant.inference.hash()).expect("in memory").is_usable(noon());
    assert!(usable, "a refused change changes nothing");
}

#[tokio::test]
async fn conditional_and_range_headers_are_ignored() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let ranges = (0..1000).map(|n| format!("{n}-{n}")).collect::<Vec<_>>().join(",");
    for (name, value) in [("if-none-match", "*"), ("range", "bytes=0-1"), ("range", &format!("bytes={ranges}"))] {
        let answer = house.get("/api/v1/credits").key(&tenant.management).header(name, value).send().await;
        assert_eq!(answer.text(), r#"{"data":{"total_credits":5,"total_usage":0}}"#, "{name}");
    }
}
