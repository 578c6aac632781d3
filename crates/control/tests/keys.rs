//! Keys: the calling one and their administration; credit.

#![expect(clippy::expect_used, reason = "a broken expectation fails the test")]

#[expect(dead_code, reason = "shared by several test programs")]
mod house;

use domain::key::KeyText;
use domain::money::Amount;
use house::{Answer, House, Tenant, hash_of};
use serde_json::{Value, json};
use std::time::Duration;

async fn create(house: &House, tenant: &Tenant, body: &str) -> Answer {
    house.post("/api/v1/keys").key(&tenant.management).json(body).send().await
}

#[tokio::test]
async fn a_new_key_is_shown_once_and_works_at_once() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let body = r#"{"name":"CI","limit":2.5,"limit_reset":"weekly","expires_at":"2027-01-31T00:00:00Z"}"#;
    let answer = create(&house, &tenant, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let created = answer.json();
    let text = KeyText::parse(created["key"].as_str().expect("text")).expect("a key");
    assert_eq!(created["data"]["hash"], hash_of(&text));
    assert_eq!(created["data"]["label"], text.label());
    assert_eq!(created["data"]["limit"], json!(2.5));
    assert_eq!(created["data"]["limit_remaining"], json!(2.5));
    assert_eq!(created["data"]["expires_at"], "2027-01-31T00:00:00Z");
    assert_eq!(created["data"]["workspace_id"], tenant.workspace.to_string());
    for null in ["updated_at", "last_used_at", "creator_user_id", "external_user"] {
        assert_eq!(created["data"].get(null), Some(&Value::Null), "{null} is there");
    }
    let current = house.get("/api/v1/key").key(&text).send().await;
    assert_eq!(current.status, 200);
    let list = house.get("/api/v1/keys").key(&tenant.management).send().await;
    assert!(!list.text().contains(text.expose()), "never shown again");
    assert_eq!(list.json()["data"].as_array().expect("list").len(), 3);
}

#[tokio::test]
async fn the_calling_key_knows_its_limits_and_figures() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let created = create(&house, &tenant, r#"{"name":"k","limit":1,"limit_reset":"daily"}"#).await.json();
    let text = KeyText::parse(created["key"].as_str().expect("text")).expect("a key");
    let key = house.control.book.key(&text.hash()).expect("in memory");
    let now = house.clock_now();
    let hold = key.hold(Amount::from_nanos(400_000_000), now).expect("fits");
    hold.settle(Amount::from_nanos(250_000_001), now).expect("settles");
    let data = house.get("/v1/auth/key").key(&text).send().await.json()["data"].clone();
    assert_eq!(data["usage"].to_string(), "0.250000001");
    assert_eq!(data["usage_daily"].to_string(), "0.250000001");
    assert_eq!(data["byok_usage_monthly"], 0);
    assert_eq!(data["limit_remaining"].to_string(), "0.749999999");
    assert_eq!((&data["limit"], &data["limit_reset"]), (&json!(1), &json!("daily")));
    let budget = json!({"scope": "key_limit", "budget_id": null, "guardrail_id": null, "limit_usd": 1,
        "spend_usd": 0.250000001, "remaining_usd": 0.749999999, "reset_interval": "daily",
        "resets_at": "2026-11-22T00:00:00Z", "include_byok": false});
    assert_eq!(data["budgets"], json!([budget]));
    assert_eq!(data["effective_budget"], budget);
    assert_eq!(data["free_model_daily_requests"], json!({"limit": 50, "used": 0, "remaining": 50}));
    assert_eq!((&data["is_free_tier"], &data["is_management_key"]), (&json!(false), &json!(false)));
    assert_eq!(data["rate_limit"]["requests"], -1);
    for null in ["organization_id", "creator_user_id", "expires_at"] {
        assert_eq!(data.get(null), Some(&Value::Null), "{null} is there");
    }
    house.clock.advance(Duration::from_secs(86_400));
    let data = house.get("/api/v1/key").key(&text).send().await.json()["data"].clone();
    assert_eq!((data["usage_daily"].clone(), data["limit_remaining"].clone()), (json!(0), json!(1)));
    let credits = house.get("/api/v1/credits").key(&tenant.management).send().await.text();
    assert_eq!(credits, r#"{"data":{"total_credits":5,"total_usage":0.250000001}}"#);
}

#[tokio::test]
async fn an_unlimited_key_has_no_budget() {
    let house = House::open().await;
    let tenant = house.tenant("a", 12).await;
    let data = house.get("/api/v1/key").key(&tenant.inference).send().await.json()["data"].clone();
    assert_eq!((&data["budgets"], &data["effective_budget"], &data["limit"]), (&json!([]), &Value::Null, &Value::Null));
    assert_eq!(data["free_model_daily_requests"]["limit"], 1000);
    let data = house.get("/api/v1/key").key(&tenant.management).send().await.json()["data"].clone();
    assert_eq!((&data["is_management_key"], &data["is_provisioning_key"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn changes_take_effect_with_the_answer() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let path = format!("/api/v1/keys/{}", hash_of(&tenant.inference));
    let patch = async |body: &str| house.ask("PATCH", &path).key(&tenant.management).json(body).send().await;
    let answer = patch(r#"{"name":"Renamed 🗝","limit":3,"limit_reset":"monthly","unknown":1}"#).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let data = answer.json()["data"].clone();
    assert_eq!(
        (&data["name"], &data["limit"], &data["limit_reset"]),
        (&json!("Renamed 🗝"), &json!(3), &json!("monthly"))
    );
    assert_eq!(data["updated_at"], "2026-11-21T12:00:00Z");
    assert_eq!(patch(r#"{"limit":null,"limit_reset":null}"#).await.json()["data"]["limit"], Value::Null);
    assert_eq!(patch(r#"{"disabled":true}"#).await.json()["data"]["disabled"], true);
    assert_eq!(house.get("/api/v1/key").key(&tenant.inference).send().await.status, 401);
    let hidden = house.get("/api/v1/keys").key(&tenant.management).send().await.json();
    assert_eq!(hidden["data"].as_array().expect("list").len(), 1);
    let all = house.get("/api/v1/keys?include_disabled=true").key(&tenant.management).send().await.json();
    assert_eq!(all["data"].as_array().expect("list").len(), 2);
    assert_eq!(patch(r#"{"disabled":false}"#).await.status, 200);
    assert_eq!(house.get("/api/v1/key").key(&tenant.inference).send().await.status, 200);
    let deleted = house.ask("DELETE", &path).key(&tenant.management).send().await;
    assert_eq!(deleted.text(), r#"{"deleted":true}"#);
    assert_eq!(house.get("/api/v1/key").key(&tenant.inference).send().await.status, 401);
    for method in ["GET", "PATCH", "DELETE"] {
        let again = house.ask(method, &path).key(&tenant.management).json(r#"{"disabled":true}"#).send().await;
        assert_eq!((again.status.as_u16(), again.error_type().as_str()), (404, "not_found"), "{method}");
    }
}

#[tokio::test]
async fn expired_keys_are_refused_and_listed_on_request() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let body = r#"{"name":"short","expires_at":"2026-11-21T13:00:00.5Z"}"#;
    let created = create(&house, &tenant, body).await.json();
    let text = KeyText::parse(created["key"].as_str().expect("text")).expect("a key");
    assert_eq!(house.get("/api/v1/key").key(&text).send().await.status, 200);
    house.clock.advance(Duration::from_secs(3601));
    let (expired, unknown) = (
        house.get("/api/v1/key").key(&text).send().await,
        house.get("/api/v1/key").key(&KeyText::generate([3; 28])).send().await,
    );
    assert_eq!((expired.status.as_u16(), expired.body), (401, unknown.body));
    for (query, count) in [("", 2), ("?include_expired=true", 3)] {
        let list = house.get(&format!("/api/v1/keys{query}")).key(&tenant.management).send().await.json();
        assert_eq!(list["data"].as_array().expect("list").len(), count, "{query}");
    }
}

#[tokio::test]
async fn lists_come_in_pages_of_a_hundred() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    for number in 0..103 {
        assert_eq!(create(&house, &tenant, &format!(r#"{{"name":"k{number}"}}"#)).await.status, 201);
    }
    for (offset, count) in [(0, 100), (100, 5), (105, 0)] {
        let path = format!("/api/v1/keys?offset={offset}");
        let list = house.get(&path).key(&tenant.management).send().await.json();
        assert_eq!(list["data"].as_array().expect("list").len(), count, "{offset}");
    }
}

#[tokio::test]
async fn bad_fields_are_refused_by_name() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let other = house.tenant("b", 5).await;
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(10 << 10));
    let foreign = format!(r#"{{"name":"k","workspace_id":"{}"}}"#, other.workspace);
    let cases: Vec<(&str, u16, &str)> = vec![
        ("{}", 400, "name: is required"),
        (r#"{"name":""}"#, 400, "name: must not be empty"),
        (r#"{"name":" \t"}"#, 400, "name: must not be empty"),
        (r#"{"name":null}"#, 400, "name: must be a text"),
        (r#"{"name":5}"#, 400, "name: must be a text"),
        (r#"{"name":["a"]}"#, 400, "name: must be a text"),
        (r#"{"name":"a\u0000b"}"#, 400, "name: must not contain control characters"),
        (r#"{"name":"a\r\nb"}"#, 400, "name: must not contain control characters"),
        (&long, 400, "name: must have at most 200 characters"),
        (r#"{"name":"k","limit":-1}"#, 400, "limit: must not be negative"),
        (r#"{"name":"k","limit":"5"}"#, 400, "limit: must be a number of US dollars"),
        (r#"{"name":"k","limit":"$5"}"#, 400, "limit: must be a number of US dollars"),
        (r#"{"name":"k","limit":true}"#, 400, "limit: must be a number of US dollars"),
        (r#"{"name":"k","limit":1e30}"#, 400, "limit: is out of range"),
        (r#"{"name":"k","limit":1e300}"#, 400, "limit: is out of range"),
        (r#"{"name":"k","limit":0.0000000001}"#, 400, "limit: must have at most nine decimal places"),
        (r#"{"name":"k","limit_reset":"hourly"}"#, 400, "limit_reset: must be daily, weekly, monthly or null"),
        (r#"{"name":"k","limit_reset":1}"#, 400, "limit_reset: must be a text"),
        (r#"{"name":"k","expires_at":"2026-11-21T11:59:59Z"}"#, 400, "expires_at: must be in the future"),
        (r#"{"name":"k","expires_at":"9999-12-30T00:00:00Z"}"#, 400, "expires_at: is too far in the future"),
        (
            r#"{"name":"k","expires_at":"2027-01-31T10:00Z"}"#,
            400,
            "expires_at: must be a moment like 2027-01-31T00:00:00Z",
        ),
        (r#"{"name":"k","expires_at":1800000000}"#, 400, "expires_at: must be a moment like 2027-01-31T00:00:00Z"),
        (r#"{"name":"k","include_byok_in_limit":"yes"}"#, 400, "include_byok_in_limit: must be true or false"),
        (r#"{"name":"k","external":{"user":"u"}}"#, 400, "external: keys that a partner supplies are not accepted"),
        (&foreign, 404, "Workspace not found"),
    ];
    for (body, status, message) in cases {
        let answer = create(&house, &tenant, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"]["message"].as_str()),
            (status, Some(message)),
            "{body}"
        );
    }
    for body in [
        "",
        "{",
        "[]",
        "null",
        "5",
        r#""x""#,
        r#"{"name":"a","name":"b"}"#,
        "{\"name\":\"\u{1}\"}",
        "{}{}",
        "{'name':1}",
    ] {
        let answer = create(&house, &tenant, body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.error_type(), "invalid_request", "{body}");
    }
    let deep = format!(r#"{{"name":{}1{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(create(&house, &tenant, &deep).await.status, 400);
    let invalid = house.post("/api/v1/keys").key(&tenant.management).header("content-type", "application/json");
    assert_eq!(invalid.bytes(b"{\"name\":\"\xff\xfe\"}").send().await.status, 400);
    let list = house.get("/api/v1/keys").key(&tenant.management).send().await.json();
    assert_eq!(list["data"].as_array().expect("list").len(), 2, "nothing was made");
}

#[tokio::test]
async fn changes_need_a_known_field() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let path = format!("/api/v1/keys/{}", hash_of(&tenant.inference));
    for body in ["{}", r#"{"usage":0,"hash":"x"}"#] {
        let answer = house.ask("PATCH", &path).key(&tenant.management).json(body).send().await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error"]["message"], "No update fields provided");
    }
}

#[tokio::test]
async fn privileged_fields_are_never_stored() {
    let house = House::open().await;
    let (tenant, other) = (house.tenant("a", 5).await, house.tenant("b", 5).await);
    let foreign = json!({
        "name": "k", "role": "management", "is_management_key": true, "is_admin": true, "is_internal": true,
        "account": other.account.to_string(), "account_id": other.account.to_string(), "owner_id": "x", "org_id": "x",
        "id": other.inference_id.to_string(), "hash": hash_of(&other.inference), "label": "x", "key": "sk-or-v1-mine",
        "usage": -5, "usage_total": -5, "balance": 100, "created_at": "2020-01-01T00:00:00Z", "deleted_at": 1,
        "updated_at": 1, "last_used_at": 1, "user_id": "x", "creator_user_id": "x", "allowed_routes": ["*"],
        "disabled": true, "is_disabled": true,
    });
    let created = create(&house, &tenant, &foreign.to_string()).await.json();
    let text = KeyText::parse(created["key"].as_str().expect("text")).expect("a key");
    let key = house.control.book.key(&text.hash()).expect("in memory");
    assert_eq!(key.account().id(), tenant.account);
    assert_eq!(house.get("/api/v1/keys").key(&text).send().await.status, 403, "an inference key");
    let data = &created["data"];
    assert_eq!((&data["usage"], &data["disabled"]), (&json!(0), &json!(false)));
    assert_eq!((&data["created_at"], &data["creator_user_id"]), (&json!("2026-11-21T12:00:00Z"), &Value::Null));
    let path = format!("/api/v1/keys/{}", data["hash"].as_str().expect("hash"));
    let patched = house.ask("PATCH", &path).key(&tenant.management).json(&foreign.to_string()).send().await.json();
    assert_eq!(patched["data"]["hash"], data["hash"]);
    assert_eq!(patched["data"]["is_management_key"], false);
    assert_eq!(patched["data"]["usage"], 0);
    let untouched = house.get("/api/v1/keys").key(&other.management).send().await.json();
    assert_eq!(untouched["data"].as_array().expect("list").len(), 2);
}

#[tokio::test]
async fn bodies_are_limited_in_type_and_size() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let ask = || house.post("/api/v1/keys").key(&tenant.management).bytes(br#"{"name":"k"}"#);
    for (name, value) in [
        ("x-none", "1"),
        ("content-type", "text/plain"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-type", "application/json; charset=utf-16"),
        ("content-type", "application/jsonp"),
    ] {
        assert_eq!(ask().header(name, value).send().await.status, 415, "{value}");
    }
    let gzip = ask().header("content-type", "application/json").header("content-encoding", "gzip");
    assert_eq!(gzip.send().await.status, 415);
    for good in ["application/json;charset=UTF-8", "Application/JSON; charset=\"utf-8\""] {
        assert_eq!(ask().header("content-type", good).send().await.status, 201, "{good}");
    }
    let body = format!(r#"{{"name":"k","padding":"{}"}}"#, "x".repeat(256 << 10));
    let answer = create(&house, &tenant, &body).await;
    assert_eq!((answer.status.as_u16(), answer.error_type().as_str()), (413, "payload_too_large"));
    let declared = ask().header("content-type", "application/json").header("content-length", "99999999");
    assert_eq!(declared.send().await.status, 413);
    let unknown = house.post("/api/v1/keys").json(&body).send().await;
    assert_eq!(unknown.status, 401, "who asks comes first");
}

#[tokio::test]
async fn malformed_handles_and_queries() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let upper = hash_of(&tenant.inference).to_uppercase();
    for id in ["x", "%00", "%27%20or%201=1--", "%25", "_", &upper, &"a".repeat(1024), &"f".repeat(64)] {
        let answer = house.get(&format!("/api/v1/keys/{id}")).key(&tenant.management).send().await;
        assert_eq!((answer.status.as_u16(), answer.text()), (404, not_found("API key")), "{id}");
    }
    for query in ["offset=-1", "offset=ten", "offset=1000000000000", "include_disabled=maybe", "offset=1&offset=2"] {
        let answer = house.get(&format!("/api/v1/keys?{query}")).key(&tenant.management).send().await;
        assert_eq!(answer.status, 400, "{query}");
    }
    let foreign = house.get("/api/v1/keys?workspace_id=ws_1").key(&tenant.management).send().await;
    assert_eq!(foreign.status, 404);
    let own = format!("/api/v1/keys?workspace_id={}", tenant.workspace);
    assert_eq!(house.get(&own).key(&tenant.management).send().await.status, 200);
}

fn not_found(what: &str) -> String {
    format!(r#"{{"error":{{"code":404,"message":"{what} not found","metadata":{{"error_type":"not_found"}}}}}}"#)
}
