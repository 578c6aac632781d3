//! Presets and routing settings over the management API.

#![expect(clippy::expect_used, reason = "a broken expectation fails the test")]

#[expect(dead_code, reason = "shared by several test programs")]
mod house;

use control::ControlSettings;
use house::{Answer, House, Tenant};
use serde_json::{Value, json};
use store::durable::PresetLimits;

async fn put(house: &House, tenant: &Tenant, path: &str, body: &Value) -> Answer {
    house.post(&format!("/api/v1/presets/{path}")).key(&tenant.inference).json(&body.to_string()).send().await
}

async fn get(house: &House, tenant: &Tenant, path: &str) -> Answer {
    house.get(&format!("/api/v1{path}")).key(&tenant.inference).send().await
}

async fn patch(house: &House, tenant: &Tenant, path: &str, body: &Value) -> Answer {
    house.ask("PATCH", &format!("/api/v1{path}")).key(&tenant.management).json(&body.to_string()).send().await
}

/// What requests of the tenant would get from a preset.
fn in_memory(house: &House, tenant: &Tenant, slug: &str) -> Option<(u64, String)> {
    let account = house.control.book.account(tenant.account).expect("known");
    account.rules().preset(tenant.workspace, slug).map(|preset| (preset.version, preset.config_json.clone()))
}

#[tokio::test]
async fn a_request_becomes_a_preset_and_the_next_one_its_next_version() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let body = json!({"model": "acme/large", "temperature": 0.2, "stream": true, "user": "someone",
        "provider": {"order": ["acme"]},
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "a secret"}]});
    let made = put(&house, &tenant, "brief/chat/completions", &body).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let data = &made.json()["data"];
    assert_eq!((&data["slug"], &data["name"], &data["status"]), (&json!("brief"), &json!("brief"), &json!("active")));
    let version = &data["designated_version"];
    assert_eq!((&version["version"], &version["system_prompt"]), (&json!(1), &json!("Be brief.")));
    let config = json!({"model": "acme/large", "temperature": 0.2, "provider": {"order": ["acme"]}});
    assert_eq!(version["config"], config);
    assert!(!String::from_utf8_lossy(&house.database_bytes()).contains("a secret"), "messages are not stored");
    let config = config.to_string().len();
    assert_eq!(in_memory(&house, &tenant, "brief").map(|(version, text)| (version, text.len())), Some((1, config)));
    let body = json!({"model": "acme/small", "input": "a secret", "instructions": "Be long."});
    let made = put(&house, &tenant, "brief/responses", &body).await.json();
    let version = &made["data"]["designated_version"];
    assert_eq!((&version["version"], &version["system_prompt"]), (&json!(2), &json!("Be long.")));
    let listed = get(&house, &tenant, "/presets/brief/versions").await.json();
    assert_eq!((&listed["total_count"], &listed["data"][0]["system_prompt"]), (&json!(2), &json!("Be brief.")));
    let page = get(&house, &tenant, "/presets/brief/versions?offset=1&limit=1").await.json();
    assert_eq!(page["data"][0]["version"], 2);
    assert_eq!(get(&house, &tenant, "/presets/brief/versions/1").await.json()["data"]["version"], 1);
    for absent in ["/presets/brief/versions/3", "/presets/brief/versions/+1", "/presets/other"] {
        assert_eq!(get(&house, &tenant, absent).await.status, 404, "{absent}");
    }
}

#[tokio::test]
async fn presets_list_newest_first() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    for slug in ["one", "two", "three"] {
        house.preset(&tenant, slug).await;
        house.clock.advance(std::time::Duration::from_secs(1));
    }
    let listed = get(&house, &tenant, "/presets?limit=2").await.json();
    assert_eq!((&listed["data"][0]["slug"], &listed["data"][1]["slug"]), (&json!("three"), &json!("two")));
    assert_eq!(listed["total_count"], 3);
    house.preset(&tenant, "three").await;
    let listed = get(&house, &tenant, "/presets?limit=1").await.json();
    let row = &listed["data"][0];
    assert_eq!((&row["designated_version_number"], &row["versions"]), (&json!(2), &json!(2)));
    for query in ["limit=0", "limit=101", "offset=-1", "limit=1&limit=2"] {
        assert_eq!(get(&house, &tenant, &format!("/presets?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_preset_goes_back_to_an_earlier_version_and_is_switched_off() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    for temperature in [0.1, 0.2] {
        put(&house, &tenant, "brief/chat/completions", &json!({"temperature": temperature})).await;
    }
    let back = patch(&house, &tenant, "/presets/brief", &json!({"designated_version": 1, "name": "Brief"})).await;
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(back.json()["data"]["designated_version"]["config"], json!({"temperature": 0.1}));
    assert_eq!(in_memory(&house, &tenant, "brief"), Some((1, r#"{"temperature":0.1}"#.to_owned())));
    let next = put(&house, &tenant, "brief/chat/completions", &json!({})).await.json();
    assert_eq!(next["data"]["designated_version"]["version"], 3, "numbers are not used again");
    let off = patch(&house, &tenant, "/presets/brief", &json!({"status": "disabled", "description": "old"})).await;
    assert_eq!(
        (&off.json()["data"]["status"], &off.json()["data"]["description"]),
        (&json!("disabled"), &json!("old"))
    );
    assert!(off.json()["data"]["status_updated_at"].is_string());
    assert_eq!(in_memory(&house, &tenant, "brief"), None);
    patch(&house, &tenant, "/presets/brief", &json!({"status": "active", "description": null})).await;
    assert_eq!(in_memory(&house, &tenant, "brief").map(|(version, _)| version), Some(3));
    let gone = house.ask("DELETE", "/api/v1/presets/brief").key(&tenant.management).send().await;
    assert_eq!(gone.json(), json!({"deleted": true}));
    assert_eq!(in_memory(&house, &tenant, "brief"), None);
}

#[tokio::test]
async fn bodies_that_cannot_be_a_preset_are_refused() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let hot = put(&house, &tenant, "brief/chat/completions", &json!({"temperature": 9})).await.json();
    assert_eq!(hot["error"]["metadata"]["param"], "temperature", "the field is named: {hot}");
    assert!(hot["error"]["message"].as_str().is_some_and(|text| text.starts_with("temperature: ")), "{hot}");
    for form in ["chat/completions", "messages", "responses"] {
        let unfit = put(&house, &tenant, &format!("brief/{form}"), &json!({"pin": 5})).await.json();
        let error = &unfit["error"];
        assert_eq!((&error["message"], &error["metadata"]["param"]), (&json!("pin: must be an object"), &json!("pin")));
    }
    for (slug, body) in [
        ("brief", r#"{"temperature":9}"#),
        ("brief", r#"{"model":"@preset/brief"}"#),
        ("brief", r#"{"preset":"brief"}"#),
        ("brief", r#"{"seed":1,"seed":2}"#),
        ("brief", "[]"),
        ("brief", "{"),
        ("Brief", "{}"),
        ("a--b", "{}"),
        ("-", "{}"),
        ("a%2Fb", "{}"),
        (&"a".repeat(65), "{}"),
    ] {
        let path = format!("/api/v1/presets/{slug}/chat/completions");
        let answer = house.post(&path).key(&tenant.inference).json(body).send().await;
        assert_eq!((answer.status.as_u16(), answer.error_type().as_str()), (400, "invalid_request"), "{slug} {body}");
    }
    put(&house, &tenant, "brief/chat/completions", &json!({})).await;
    for body in [
        json!({}),
        json!({"designated_version": 2}),
        json!({"designated_version": 0}),
        json!({"designated_version": "1"}),
        json!({"status": "gone"}),
        json!({"status": null}),
        json!({"name": ""}),
        json!({"unknown": 1}),
    ] {
        assert_eq!(patch(&house, &tenant, "/presets/brief", &body).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn limits_hold() {
    let presets = PresetLimits { presets: 1, versions: 2 };
    let house =
        House::with(ControlSettings { presets, body_max: 2000, secure_cookies: false, ..ControlSettings::default() })
            .await;
    let tenant = house.tenant("a", 5).await;
    for expected in [200, 200, 400] {
        assert_eq!(put(&house, &tenant, "one/chat/completions", &json!({})).await.status, expected);
    }
    let second = put(&house, &tenant, "two/chat/completions", &json!({})).await;
    assert_eq!(second.status, 400);
    assert_eq!(second.json()["error"]["message"], "The workspace has as many presets as it may");
    let long = json!({"model": "m".repeat(2000)});
    assert_eq!(put(&house, &tenant, "one/chat/completions", &long).await.status, 413);
}

#[tokio::test]
async fn routing_settings_are_kept_per_scope_and_reach_requests_at_once() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let workspace = format!("/workspaces/{}/routing", tenant.workspace);
    let shown = house.get("/api/v1/routing").key(&tenant.management).send().await.json();
    assert_eq!((&shown["data"]["allowed_models"], &shown["updated_at"]), (&Value::Null, &Value::Null));
    assert_eq!(shown["data"]["enable_paid_model_training"], true);
    let changed = patch(&house, &tenant, "/routing", &json!({"allowed_models": ["acme/*"], "enforce_zdr": true})).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let changed =
        patch(&house, &tenant, "/routing", &json!({"enforce_zdr": null, "ignored_providers": ["bolt"]})).await.json();
    let data = &changed["data"];
    assert_eq!((&data["allowed_models"], &data["enforce_zdr"]), (&json!(["acme/*"]), &json!(false)));
    assert_eq!(
        (&data["ignored_providers"], &changed["updated_at"]),
        (&json!(["bolt"]), &json!("2026-11-21T12:00:00Z"))
    );
    let rule = json!({"rules": [{"when": {"customer": ["acme"]}, "restrict": {"zdr": true}}],
        "default_provider_sort": "price", "default_text_model": "acme/large"});
    assert_eq!(patch(&house, &tenant, &workspace, &rule).await.status, 200);
    let account = house.control.book.account(tenant.account).expect("known");
    let layers = account.rules().layers(Some(tenant.workspace));
    let layers: Vec<_> = layers.iter().map(|layer| serde_json::to_value(&**layer).expect("json")).collect();
    assert_eq!(
        layers,
        [
            json!({"scope": "account", "rules": [
                {"restrict": {"allowed_models": ["acme/*"], "ignored_providers": ["bolt"]}}]}),
            json!({"scope": "workspace", "rules": [
                {"prefer": {"sort": "price", "default_model": "acme/large"}},
                {"when": {"customer": ["acme"]}, "restrict": {"zdr": true}}]}),
        ]
    );
    assert_eq!(account.rules().layers(None).len(), 1, "a key of no workspace has the account's alone");
}

#[tokio::test]
async fn settings_that_mean_nothing_are_refused() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    for (body, problem) in [
        (json!({}), "No update fields provided"),
        (json!({"allow": []}), "no routing setting"),
        (json!({"enforce_zdr": "yes"}), "enforce_zdr: is not of the documented shape"),
        (json!({"default_provider_sort": "sideways"}), "default_provider_sort"),
        (json!({"ignored_models": [""]}), "ignored_models"),
        (json!({"allowed_providers": vec!["p"; 101]}), "allowed_providers: more than 100 entries"),
        (json!({"rules": [{"restrict": {"pin": {}}}]}), "pin"),
        (json!({"rules": [{"forbid": {}}]}), "rules"),
    ] {
        let answer = patch(&house, &tenant, "/routing", &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.text().contains(problem), "{}", answer.text());
        let field = answer.json()["error"]["metadata"]["param"].clone();
        assert_eq!(field.is_string(), answer.text().contains(": "), "{}", answer.text());
    }
    let shown = house.get("/api/v1/routing").key(&tenant.management).send().await.json();
    assert_eq!(shown["updated_at"], Value::Null, "nothing was stored");
}
