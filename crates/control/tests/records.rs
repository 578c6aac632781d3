//! Records of calls, lists of them, and daily usage.

#![expect(clippy::expect_used, reason = "a broken expectation fails the test")]

#[expect(dead_code, reason = "shared by several test programs")]
mod house;

use domain::generation::{Opening, Settlement};
use domain::id::GenerationId;
use domain::key::KeyHash;
use domain::money::Amount;
use domain::time::Timestamp;
use house::calls::{opening, settle, settlement};
use house::{House, Tenant, hash_of, noon};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

async fn record(house: &House, tenant: &Tenant, id: GenerationId) -> Value {
    let answer = house.get(&format!("/api/v1/generation?id={id}")).key(&tenant.inference).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()["data"].clone()
}

#[tokio::test]
async fn a_record_explains_its_cost_to_the_last_digit() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let opening = opening(&house, &tenant, noon());
    let id = opening.id;
    settle(&house, vec![settlement(opening)]).await;
    let data = record(&house, &tenant, id).await;
    assert_eq!(data["total_cost"].to_string(), "0.003792001");
    assert_eq!(data["usage"], data["total_cost"]);
    assert_eq!(data["cache_discount"].to_string(), "0.00027");
    assert_eq!((&data["tokens_prompt"], &data["native_tokens_cached"]), (&json!(1304), &json!(100)));
    assert_eq!((&data["model"], &data["provider_name"]), (&json!("acme/large"), &json!("Bolt")));
    assert_eq!(
        (&data["origin"], &data["http_referer"]),
        (&json!("https://app.example"), &json!("https://app.example"))
    );
    assert_eq!((&data["external_user"], &data["data_region"]), (&json!("end-user"), &json!("global")));
    let responses = data["provider_responses"].as_array().expect("list");
    assert_eq!(responses.iter().map(|one| one["status"].clone()).collect::<Vec<_>>(), [json!(503), json!(200)]);
    let bill = &data["portolan"];
    let lines: Vec<_> = bill["cost_lines"]
        .as_array()
        .expect("list")
        .iter()
        .map(|line| {
            [&line["kind"], &line["price_per_unit_usd"], &line["amount_usd"]].map(|field| field.as_str().unwrap_or(""))
        })
        .collect();
    assert_eq!(
        lines,
        [
            ["prompt", "0.000003", "0.003612"],
            ["input_cache_read", "0.0000003", "0.00003"],
            ["completion", "0.000015000000001", "0.00015000000001"],
        ]
    );
    assert_eq!((&bill["rounding_usd"], &bill["waived_usd"]), (&json!("0.00000000099999"), &json!("0")));
    assert_eq!(bill["total_usd"], "0.003792001");
    assert_eq!((&bill["cost_lines"][0]["attempt"], &bill["cost_lines"][0]["unit"]), (&json!(2), &json!("token")));
    assert_eq!(bill["attempts"].as_array().expect("list").len(), 3);
    assert_eq!(bill["attempts"][2]["outcome"], "skipped");
    assert_eq!(bill["excluded"][0]["reason"], "ignored by the request");
    assert_eq!((&bill["model_asked"], &bill["customer"]), (&json!("acme/large:nitro"), &json!("acme-corp")));
    assert_eq!(bill["app"], json!({"title": null, "url": "https://app.example"}));
    assert_eq!((&bill["estimated"], &bill["interrupted"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn interrupted_and_waived_calls_add_up_too() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let cut = Opening { fixed_price: 2_000_000_000_000, ..opening(&house, &tenant, noon()) };
    let cut = Settlement::interrupted(cut, Some(7), noon());
    let mut waived = settlement(opening(&house, &tenant, noon()));
    (waived.charge, waived.waived) = (Amount::ZERO, Some("empty answer".to_owned()));
    let ids = [cut.opening.id, waived.opening.id];
    settle(&house, vec![cut, waived]).await;
    let cut = record(&house, &tenant, ids[0]).await;
    // 1 204 × 3 + 7 × 15 micro-dollars and 0.002 for the request itself.
    assert_eq!(cut["portolan"]["total_usd"], "0.005717");
    assert_eq!(cut["portolan"]["rounding_usd"], "0");
    assert_eq!(cut["portolan"]["waived_usd"], "0");
    assert_eq!(cut["portolan"]["cost_lines"][2]["amount_usd"], "0.002");
    assert_eq!((&cut["portolan"]["interrupted"], &cut["latency"]), (&json!(true), &Value::Null));
    let waived = record(&house, &tenant, ids[1]).await;
    assert_eq!((&waived["portolan"]["waived"], &waived["total_cost"]), (&json!("empty answer"), &json!(0)));
    assert_eq!(waived["portolan"]["waived_usd"], "-0.003792001");
}

#[tokio::test]
async fn a_young_record_is_waited_for_and_an_old_one_is_not() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let ask = async |at: Timestamp| {
        let path = format!("/api/v1/generation?id={}", GenerationId::new(at, [5; 10]));
        assert_eq!(house.get(&path).key(&tenant.inference).send().await.status, 404);
        house.wires.drains.load(Ordering::SeqCst)
    };
    let before = |seconds: i64| Timestamp::from_micros(noon().micros() - seconds * 1_000_000);
    assert_eq!(ask(before(61)).await, 0);
    assert_eq!(ask(before(-3600)).await, 0);
    assert_eq!(ask(before(59)).await, 1);
    assert_eq!(ask(before(0)).await, 2);
}

#[tokio::test]
async fn other_accounts_records_are_as_absent_as_none() {
    let house = House::open().await;
    let (tenant, other) = (house.tenant("a", 5).await, house.tenant("b", 5).await);
    let opening = opening(&house, &tenant, noon());
    let id = opening.id;
    settle(&house, vec![settlement(opening)]).await;
    let foreign = house.get(&format!("/api/v1/generation?id={id}")).key(&other.inference).send().await;
    let absent = GenerationId::new(noon(), [1; 10]);
    let absent = house.get(&format!("/api/v1/generation?id={absent}")).key(&other.inference).send().await;
    assert_eq!((foreign.status.as_u16(), foreign.body), (404, absent.body));
    let upper = id.to_string().to_uppercase();
    for id in ["", "%00", "%27--", "%25", "_", "gen-1", "gen-%", &upper, &"x".repeat(1024), "4b1c"] {
        let answer = house.get(&format!("/api/v1/generation?id={id}")).key(&tenant.inference).send().await;
        assert_eq!(answer.status, 404, "{id}");
    }
    assert_eq!(house.get("/api/v1/generation").key(&tenant.inference).send().await.status, 400);
    let cookie = house.sign_in(other.account).await;
    let path = format!("/console/api/v1/generation?id={id}");
    assert_eq!(house.get(&path).cookie(&cookie).send().await.status, 404);
    let cookie = house.sign_in(tenant.account).await;
    assert_eq!(house.get(&path).cookie(&cookie).send().await.status, 200);
}

#[tokio::test]
async fn the_list_shows_every_call_once_newest_first() {
    let house = House::open().await;
    let (tenant, other) = (house.tenant("a", 5).await, house.tenant("b", 5).await);
    // Three share a moment: the id decides among them.
    let moments = [0, 1, 1, 1, 2, 3, 4].map(|second| noon().plus(Duration::from_secs(second)));
    let mut settlements: Vec<_> = moments.iter().map(|at| settlement(opening(&house, &tenant, *at))).collect();
    settlements.push(settlement(opening(&house, &other, noon())));
    let mut expected: Vec<_> =
        settlements[..7].iter().map(|one| (one.opening.created_at, one.opening.id.to_string())).collect();
    expected.sort();
    expected.reverse();
    settle(&house, settlements).await;
    let cookie = house.sign_in(tenant.account).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for _page in 0..10 {
        let page =
            house.get(&format!("/console/api/v1/generations?limit=2{cursor}")).cookie(&cookie).send().await.json();
        let rows = page["data"].as_array().expect("list");
        seen.extend(rows.iter().map(|row| row["id"].as_str().expect("id").to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, expected.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
    let row = house.get("/console/api/v1/generations").cookie(&cookie).send().await.json()["data"][0].clone();
    assert_eq!((&row["status"], &row["ending"], &row["latency"]), (&json!(200), &json!("completed"), &json!(120)));
    assert_eq!(row["total_cost"].to_string(), "0.003792001");
    for query in
        ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=1.gen-x", "cursor=-1.gen-1", "cursor=1&cursor=2"]
    {
        let answer = house.get(&format!("/console/api/v1/generations?{query}")).cookie(&cookie).send().await;
        assert_eq!(answer.status, 400, "{query}");
    }
}

#[tokio::test]
async fn activity_sums_completed_days() {
    let house = House::open().await;
    let (tenant, other) = (house.tenant("a", 5).await, house.tenant("b", 5).await);
    let back = |days: u32| Timestamp::from_micros(noon().micros() - i64::from(days) * 86_400_000_000);
    let mut settlements = Vec::new();
    for days in [0, 1, 1, 30, 31] {
        settlements.push(settlement(opening(&house, &tenant, back(days))));
    }
    settlements.push(settlement(opening(&house, &other, back(1))));
    settle(&house, settlements).await;
    let activity = async |query: &str| {
        let answer = house.get(&format!("/api/v1/activity{query}")).key(&tenant.management).send().await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        answer.json()["data"].clone()
    };
    let all = activity("").await;
    let days: Vec<_> =
        all.as_array().expect("list").iter().map(|row| (row["date"].clone(), row["requests"].clone())).collect();
    assert_eq!(days, [(json!("2026-11-20"), json!(2)), (json!("2026-10-22"), json!(1))]);
    let row = &all[0];
    assert_eq!(row["usage"].to_string(), "0.007584002");
    assert_eq!((&row["model"], &row["model_permaslug"]), (&json!("acme/large"), &json!("acme/large-2026-05-01")));
    assert_eq!((&row["provider_name"], &row["endpoint_id"]), (&json!("Bolt"), &json!("acme/large@bolt")));
    assert_eq!((&row["prompt_tokens"], &row["cached_tokens"]), (&json!(2608), &json!(200)));
    assert_eq!((&row["completion_tokens"], &row["reasoning_tokens"]), (&json!(20), &json!(0)));
    assert_eq!(activity("?date=2026-11-20").await.as_array().expect("list").len(), 1);
    assert_eq!(activity("?date=2026-11-19").await, json!([]));
    let hash = hash_of(&tenant.inference);
    assert_eq!(activity(&format!("?api_key_hash={hash}")).await.as_array().expect("list").len(), 2);
    let unused = hash_of(&tenant.management);
    assert_eq!(activity(&format!("?api_key_hash={unused}")).await, json!([]));
    assert_eq!(activity(&format!("?workspace_id={}", tenant.workspace)).await, all);
    assert_eq!(activity("?user_id=user_1").await, json!([]), "nobody made these keys by hand");
    assert!(all[0].get("workspace_id").is_none());
    assert_eq!(activity("?group_by=workspace").await[0]["workspace_id"], json!(tenant.workspace.to_string()));
    for (query, status) in [
        ("date=2026-02-30".to_owned(), 400),
        ("date=2026-11-21".to_owned(), 400),
        ("date=2026-10-21".to_owned(), 400),
        ("date=2026-11-20T10:00Z".to_owned(), 400),
        ("date=yesterday".to_owned(), 400),
        ("date=".to_owned(), 400),
        ("api_key_hash=x".to_owned(), 400),
        (format!("api_key_hash={}", hash_of(&other.inference)), 404),
        (format!("api_key_hash={}", "0".repeat(64)), 404),
        ("workspace_id=x".to_owned(), 404),
        ("group_by=colour".to_owned(), 400),
        ("user_id=a&user_id=b".to_owned(), 400),
    ] {
        let answer = house.get(&format!("/api/v1/activity?{query}")).key(&tenant.management).send().await;
        assert_eq!(answer.status, status, "{query}");
    }
    let cookie = house.sign_in(tenant.account).await;
    let made = house.post("/console/api/v1/keys").cookie(&cookie).json(r#"{"name":"mine"}"#).send().await.json();
    let hash = KeyHash::parse(made["data"]["hash"].as_str().expect("hash")).expect("hash");
    let mine = house.store.key_find_by_hash(hash, noon()).await.expect("store").expect("key");
    settle(&house, vec![settlement(Opening { key: mine.id, ..opening(&house, &tenant, back(1)) })]).await;
    let user = mine.user.expect("a person made it");
    let own = activity(&format!("?user_id={user}")).await;
    assert_eq!((own.as_array().map(Vec::len), &own[0]["requests"]), (Some(1), &json!(1)), "{own}");
    house.clock.advance(DAY);
    let later = activity("").await;
    let days: Vec<_> = later.as_array().expect("list").iter().map(|row| row["date"].clone()).collect();
    assert_eq!(days, [json!("2026-11-21"), json!("2026-11-20")]);
}
