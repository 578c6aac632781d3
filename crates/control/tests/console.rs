//! The console's door: set-up links, sessions, cross-site refusals, the internal key.

#![expect(clippy::expect_used, reason = "a broken expectation fails the test")]

#[expect(dead_code, reason = "shared by several test programs")]
mod house;

use control::ControlSettings;
use domain::key::KeyText;
use domain::money::Amount;
use house::{House, cookie_of, hash_of};
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn a_set_up_link_opens_one_session_once() {
    let house = House::open().await;
    let tenant = house.tenant("Ada's", 5).await;
    let token = house.setup_token(Some(tenant.account), DAY).await;
    let body = format!(r#"{{"token":"{token}"}}"#);
    let planted = format!("portolan_session={}", "a".repeat(64));
    let answer = house.post("/console/api/v1/setup").cookie(&planted).json(&body).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["data"]["account"], json!({"id": tenant.account.to_string(), "name": "Ada's"}));
    let set = answer.header("set-cookie").expect("a cookie").to_owned();
    assert!(set.ends_with("; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax"), "{set}");
    let cookie = cookie_of(&answer);
    assert_ne!(cookie, planted, "a fresh secret");
    assert_eq!(house.get("/console/api/v1/session").cookie(&planted).send().await.status, 401);
    let session = house.get("/console/api/v1/session").cookie(&cookie).send().await.json()["data"].clone();
    assert_eq!(session["user"]["name"], "Ada");
    assert_eq!(session["user"]["role"], "owner");
    assert_eq!(
        (&session["total_credits"], &session["total_usage"], &session["demo"]),
        (&json!(5), &json!(0), &json!(false))
    );
    assert!(!session["version"].as_str().expect("text").is_empty());
    assert_eq!(session["workspace_id"], tenant.workspace.to_string());
    let again = house.post("/console/api/v1/setup").cookie("a=b").json(&body).send().await;
    let made_up = house.post("/console/api/v1/setup").cookie("a=b").json(r#"{"token":"x"}"#).send().await;
    assert_eq!((again.status.as_u16(), &again.body), (404, &made_up.body));
    assert!(again.header("set-cookie").is_none());
}

#[tokio::test]
async fn fifty_uses_of_a_link_at_once_open_one_session() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let token = house.setup_token(Some(tenant.account), DAY).await;
    let body = format!(r#"{{"token":"{token}"}}"#);
    let uses = (0..50).map(|_| house.post("/console/api/v1/setup").cookie("a=b").json(&body).send());
    let answers = futures_util::future::join_all(uses).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 404).count(), 49);
}

#[tokio::test]
async fn a_link_lapses() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let token = house.setup_token(Some(tenant.account), DAY).await;
    house.clock.advance(DAY);
    let body = format!(r#"{{"token":"{token}"}}"#);
    assert_eq!(house.post("/console/api/v1/setup").cookie("a=b").json(&body).send().await.status, 404);
}

#[tokio::test]
async fn a_link_without_account_makes_one_with_the_allowance() {
    let signup_allowance = Amount::from_nanos(500_000_000);
    let house = House::with(ControlSettings { signup_allowance, ..ControlSettings::default() }).await;
    let token = house.setup_token(None, DAY).await;
    let body = format!(r#"{{"token":"{token}"}}"#);
    let answer = house.post("/console/api/v1/setup").cookie("a=b").json(&body).send().await;
    let set = answer.header("set-cookie").expect("a cookie").to_owned();
    assert!(set.starts_with("__Host-portolan=") && set.ends_with("; Secure"), "{set}");
    let session = house.get("/console/api/v1/session").cookie(&cookie_of(&answer)).send().await.json();
    assert_eq!(session["data"]["account"]["name"], "Ada");
    assert_eq!(session["data"]["total_credits"].to_string(), "0.5");
}

#[tokio::test]
async fn bad_tokens_are_refused() {
    let house = House::open().await;
    let long = format!(r#"{{"token":"{}"}}"#, "x".repeat(1000));
    for (body, status) in [
        ("{}", 400),
        (r#"{"token":null}"#, 400),
        (r#"{"token":["a"]}"#, 400),
        (r#"{"token":""}"#, 404),
        (r#"{"token":"' or 1=1 --"}"#, 404),
        (&long, 400),
        ("", 400),
    ] {
        let answer = house.post("/console/api/v1/setup").cookie("a=b").json(body).send().await;
        assert_eq!(answer.status, status, "{body}");
    }
    let large = format!(r#"{{"token":"x","padding":"{}"}}"#, "x".repeat(64 << 10));
    assert_eq!(house.post("/console/api/v1/setup").cookie("a=b").json(&large).send().await.status, 413);
}

#[tokio::test]
async fn sessions_end_by_sign_out_idleness_and_age() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let alive = async |cookie: &str| house.get("/console/api/v1/session").cookie(cookie).send().await.status == 200;
    let cookie = house.sign_in(tenant.account).await;
    let other = house.sign_in(tenant.account).await;
    let out = house.ask("DELETE", "/console/api/v1/session").cookie(&cookie).json("").send().await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").expect("a cookie").starts_with("portolan_session=; Max-Age=0"));
    assert!(!alive(&cookie).await);
    assert!(alive(&other).await);
    house.clock.advance(DAY);
    assert!(!alive(&other).await, "idle for a day");
    let busy = house.sign_in(tenant.account).await;
    for hour in 0..(30 * 24 - 1) {
        house.clock.advance(Duration::from_secs(3600));
        assert!(alive(&busy).await, "hour {hour}");
    }
    house.clock.advance(Duration::from_secs(3600));
    assert!(!alive(&busy).await, "thirty days old");
}

#[tokio::test]
async fn other_sites_change_nothing() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let cookie = house.sign_in(tenant.account).await;
    let hostile: &[&[(&str, &str)]] = &[
        &[("content-type", "application/json")],
        &[("x-portolan-csrf", "1")],
        &[("x-portolan-csrf", "1"), ("content-type", "text/plain")],
        &[("x-portolan-csrf", "1"), ("content-type", "application/x-www-form-urlencoded")],
        &[("x-portolan-csrf", "1"), ("content-type", "application/json"), ("origin", "https://evil.example")],
        &[("x-portolan-csrf", "1"), ("content-type", "application/json"), ("origin", "null")],
        &[("x-portolan-csrf", "1"), ("content-type", "application/json"), ("origin", "https://sub.portolan.test")],
        &[("x-portolan-csrf", "1"), ("content-type", "application/json"), ("sec-fetch-site", "cross-site")],
        &[("x-portolan-csrf", "1"), ("content-type", "application/json"), ("sec-fetch-site", "same-site")],
    ];
    let writes = control::ROUTES.iter().filter(|route| route.pattern.starts_with("/console/") && route.method != "GET");
    for route in writes {
        let path = route.pattern.replace("{hash}", &hash_of(&tenant.inference));
        for headers in hostile {
            let ask = house.ask(route.method, &path).header("cookie", &cookie).header("host", "portolan.test");
            let ask = headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value));
            let answer = ask.bytes(br#"{"name":"k","disabled":true}"#).send().await;
            assert_eq!(
                (answer.status.as_u16(), answer.error_type().as_str()),
                (403, "permission_denied"),
                "{path} {headers:?}"
            );
        }
    }
    let own = house.ask("DELETE", "/console/api/v1/session").cookie(&cookie).json("");
    let own = own.header("origin", "http://portolan.test").header("sec-fetch-site", "same-origin");
    assert_eq!(own.send().await.status, 204);
}

#[tokio::test]
async fn the_console_asks_for_the_reset_choice() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let cookie = house.sign_in(tenant.account).await;
    for (body, status) in [
        (r#"{"name":"k","limit":5}"#, 400),
        (r#"{"name":"k","limit":5,"limit_reset":null}"#, 201),
        (r#"{"name":"k","limit":5,"limit_reset":"daily"}"#, 201),
        (r#"{"name":"k","limit":null}"#, 201),
        (r#"{"name":"k"}"#, 201),
    ] {
        let answer = house.post("/console/api/v1/keys").cookie(&cookie).json(body).send().await;
        assert_eq!(answer.status, status, "{body}");
        if status == 201 {
            assert!(answer.json()["data"]["creator_user_id"].as_str().expect("a person").starts_with("user_"));
        }
    }
    let api = house.post("/api/v1/keys").key(&tenant.management).json(r#"{"name":"k","limit":5}"#).send().await;
    assert_eq!(api.status, 201, "the public contract leaves it out");
    let path = format!("/console/api/v1/keys/{}", hash_of(&tenant.inference));
    let patch = house.ask("PATCH", &path).cookie(&cookie).json(r#"{"limit":5}"#).send().await;
    assert_eq!(patch.status, 400);
    let credits = house.get("/console/api/v1/credits").cookie(&cookie).send().await.json();
    assert_eq!(credits["data"]["total_credits"], 5);
}

fn signed_in(cookie: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("cookie", HeaderValue::from_str(cookie).expect("value"));
    headers.insert("x-portolan-csrf", HeaderValue::from_static("1"));
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers
}

#[tokio::test]
async fn the_console_has_a_key_of_its_own_that_nobody_sees() {
    let house = House::open().await;
    let (tenant, other) = (house.tenant("a", 5).await, house.tenant("b", 5).await);
    let (cookie, foreign) = (house.sign_in(tenant.account).await, house.sign_in(other.account).await);
    let (mine, theirs) = (signed_in(&cookie), signed_in(&foreign));
    let keys = (0..8).map(|_| control::session_key(&house.control, &mine));
    let keys = futures_util::future::join_all(keys).await;
    let ids: std::collections::BTreeSet<_> =
        keys.iter().map(|key| key.as_ref().expect("a key").account().id()).collect();
    assert_eq!(ids.into_iter().collect::<Vec<_>>(), [tenant.account]);
    let key = control::session_key(&house.control, &mine).await.expect("a key");
    let again = control::session_key(&house.control, &mine).await.expect("a key");
    assert_eq!(key.id(), again.id());
    let foreign = control::session_key(&house.control, &theirs).await.expect("a key");
    assert_eq!(foreign.account().id(), other.account);
    let list = house.get("/api/v1/keys?include_disabled=true").key(&tenant.management).send().await;
    assert_eq!(list.json()["data"].as_array().expect("list").len(), 2, "hidden");
    let path = format!("/api/v1/keys/{}", key.hash());
    for method in ["GET", "PATCH", "DELETE"] {
        let answer = house.ask(method, &path).key(&tenant.management).json(r#"{"disabled":true}"#).send().await;
        assert_eq!(answer.status, 404, "{method}");
    }
    let bearer = format!("Bearer {}", key.hash());
    assert_eq!(house.get("/api/v1/key").header("authorization", &bearer).send().await.status, 401);
    let error = control::session_key(&house.control, &HeaderMap::new()).await.expect_err("refused");
    assert_eq!(error.kind().status(), 403);
    let mut nobody = signed_in("a=b");
    nobody.remove("cookie");
    let error = control::session_key(&house.control, &nobody).await.expect_err("refused");
    assert_eq!(error.kind().status(), 401);
}

#[tokio::test]
async fn secrets_are_stored_as_hashes_only() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let cookie = house.sign_in(tenant.account).await;
    let secret = cookie.split_once('=').expect("a pair").1;
    let created = house.post("/console/api/v1/keys").cookie(&cookie).json(r#"{"name":"k"}"#).send().await.json();
    let key = KeyText::parse(created["key"].as_str().expect("text")).expect("a key");
    house.store.checkpoint().await.expect("checkpoint");
    let files = house.database_bytes();
    for text in [secret, key.expose(), tenant.inference.expose()] {
        assert!(!contains(&files, text.as_bytes()), "a secret is stored");
    }
    assert!(contains(&files, b"Ada"), "the search finds what is there");
    assert_eq!(created["data"].get("secret"), None::<&Value>);
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}
