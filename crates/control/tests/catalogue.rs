//! The open catalogue routes.

#![expect(clippy::expect_used, reason = "a broken expectation fails the test")]

#[expect(dead_code, reason = "shared by several test programs")]
mod house;

use house::House;
use serde_json::Value;

async fn ids(house: &House, path: &str) -> Vec<String> {
    let answer = house.get(path).send().await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    let json = answer.json();
    let models = json["data"].as_array().expect("a list");
    models.iter().map(|model| model["id"].as_str().expect("id").to_owned()).collect()
}

#[tokio::test]
async fn lists_what_the_query_asks_for() {
    let house = House::open().await;
    let cases: &[(&str, &[&str])] = &[
        ("", &["acme/large", "acme/small", "bolt/tiny", "bolt/tiny:free", "openrouter/auto", "openrouter/free"]),
        (
            "output_modalities=all",
            &[
                "acme/draw",
                "acme/embed",
                "acme/large",
                "acme/small",
                "bolt/tiny",
                "bolt/tiny:free",
                "openrouter/auto",
                "openrouter/free",
            ],
        ),
        ("output_modalities=embeddings", &["acme/embed"]),
        ("output_modalities=text,embeddings&q=EMB", &["acme/embed"]),
        ("input_modalities=image", &["acme/large", "openrouter/auto"]),
        ("input_modalities=image,audio", &[]),
        (
            "supported_parameters=tools,temperature&context=100000",
            &["acme/large", "openrouter/auto", "openrouter/free"],
        ),
        ("supported_parameters=seed", &[]),
        ("max_price=0", &["bolt/tiny:free", "openrouter/free"]),
        ("min_price=0.06&max_price=1", &["acme/small"]),
        ("min_output_price=10", &["acme/large"]),
        ("max_output_price=0.05", &["bolt/tiny", "bolt/tiny:free", "openrouter/free"]),
        ("model_authors=bolt", &["bolt/tiny", "bolt/tiny:free"]),
        ("providers=Bolt", &["acme/large", "bolt/tiny", "bolt/tiny:free"]),
        ("providers=acme%20ai", &["acme/large", "acme/small"]),
        ("zdr=true", &["acme/large", "acme/small"]),
        ("max_age_days=30", &["acme/small"]),
        ("min_age_days=300", &["bolt/tiny", "bolt/tiny:free"]),
        (
            "sort=newest",
            &["acme/small", "acme/large", "bolt/tiny", "bolt/tiny:free", "openrouter/auto", "openrouter/free"],
        ),
        (
            "sort=pricing-low-to-high",
            &["bolt/tiny:free", "openrouter/free", "bolt/tiny", "acme/small", "acme/large", "openrouter/auto"],
        ),
        (
            "sort=pricing-high-to-low",
            &["acme/large", "acme/small", "bolt/tiny", "bolt/tiny:free", "openrouter/free", "openrouter/auto"],
        ),
        (
            "sort=context-high-to-low",
            &["openrouter/auto", "acme/large", "openrouter/free", "acme/small", "bolt/tiny", "bolt/tiny:free"],
        ),
        (
            "sort=most-popular&nonsense=1",
            &["acme/large", "acme/small", "bolt/tiny", "bolt/tiny:free", "openrouter/auto", "openrouter/free"],
        ),
        (
            "sort=coding-high-to-low",
            &["acme/large", "acme/small", "bolt/tiny", "bolt/tiny:free", "openrouter/auto", "openrouter/free"],
        ),
        ("arch=router", &["openrouter/auto", "openrouter/free"]),
        ("model_authors=openrouter&max_price=1000", &["openrouter/free"]),
        ("arch=other&model_authors=bolt", &["bolt/tiny", "bolt/tiny:free"]),
        ("arch=brush,gpt&output_modalities=image", &["acme/draw"]),
        ("arch=gpt", &[]),
        ("region=eu", &["acme/large"]),
        ("region=us", &["acme/small"]),
        // What the catalogue knows of no model leaves nothing: a condition is never skipped.
        ("category=legal", &[]),
        ("distillable=true", &["acme/large"]),
        ("distillable=false", &["acme/small"]),
        ("min_intelligence_index=10", &[]),
        ("max_tool_success_rate=0.5", &[]),
        ("q=%25%25%25%25", &[]),
        ("q=the%20bolt", &["bolt/tiny", "bolt/tiny:free"]),
        ("limit=2", &["acme/large", "acme/small"]),
        ("offset=3", &["bolt/tiny:free", "openrouter/auto", "openrouter/free"]),
        ("offset=1000000", &[]),
    ];
    for (query, expected) in cases {
        for prefix in ["/api/v1", "/v1"] {
            assert_eq!(ids(&house, &format!("{prefix}/models?{query}")).await, *expected, "{query}");
        }
    }
    assert_eq!(ids(&house, "/api/v1/embeddings/models").await, ["acme/embed"]);
    let long = format!("/api/v1/models?q={}", "%F0%9F%98%80".repeat(2000));
    assert_eq!(ids(&house, &long).await, Vec::<String>::new());
}

#[tokio::test]
async fn following_the_next_links_visits_every_model_once() {
    let house = House::open().await;
    let mut path = "/v1/models?q=t&limit=1&output_modalities=all".to_owned();
    let mut seen = Vec::new();
    for _page in 0..10 {
        let answer = house.get(&path).header("host", "evil.example").send().await.json();
        assert_eq!(answer["total_count"], 8);
        seen.push(answer["data"][0]["id"].as_str().expect("id").to_owned());
        match answer["links"]["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
        assert!(path.starts_with("/v1/models?q=t&output_modalities=all&offset="), "{path}");
    }
    assert_eq!(
        seen,
        [
            "acme/draw",
            "acme/embed",
            "acme/large",
            "acme/small",
            "bolt/tiny",
            "bolt/tiny:free",
            "openrouter/auto",
            "openrouter/free"
        ]
    );
}

#[tokio::test]
async fn a_model_has_every_field_that_clients_need() {
    let house = House::open().await;
    let answer = house.get("/api/v1/models/acme/large").send().await;
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let model = &answer.json()["data"];
    assert_eq!(model["canonical_slug"], "acme/large-2026-05-01");
    // Of the cheaper endpoint, per token, as text.
    assert_eq!(model["pricing"]["prompt"], "0.0000025");
    assert_eq!(model["pricing"]["completion"], "0.00001");
    assert_eq!(model["pricing"]["input_cache_read"], "0.0000001");
    assert_eq!(model["architecture"]["modality"], "text+image->text");
    assert_eq!(model["links"]["details"], "/api/v1/models/acme/large/endpoints");
    assert_eq!(model["top_provider"]["is_moderated"], false);
    for null in ["per_request_limits", "default_parameters", "supported_voices"] {
        assert_eq!(model.get(null), Some(&Value::Null), "{null} is there");
    }
}

#[tokio::test]
async fn ids_are_found_in_every_spelling() {
    let house = House::open().await;
    for (path, id) in [
        ("/models/acme/large", "acme/large"),
        ("/models/acme%2Flarge", "acme/large"),
        ("/models/acme/large-2026-05-01", "acme/large"),
        ("/models/acme/large:nitro", "acme/large"),
        ("/model/acme/large", "acme/large"),
        ("/models/bolt/tiny:free", "bolt/tiny:free"),
        ("/models/bolt%2Ftiny%3Afree", "bolt/tiny:free"),
        ("/models/bolt/tiny:free/endpoints", "bolt/tiny:free"),
        ("/models/bolt%2Ftiny:free/endpoints", "bolt/tiny:free"),
        ("/models/acme/large-2026-05-01/endpoints", "acme/large"),
    ] {
        let answer = house.get(&format!("/api/v1{path}")).send().await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.json()["data"]["id"], id, "{path}");
    }
    for path in [
        "/models/acme/absent",
        "/models/absent",
        "/models/acme%2F..%2F..%2Fkeys",
        "/models/acme/large%00",
        "/models/%27%20or%201=1/x",
        "/models/acme/absent/endpoints",
        "/model/acme/%F0%9F%98%80",
    ] {
        let answer = house.get(&format!("/api/v1{path}")).send().await;
        assert_eq!((answer.status.as_u16(), answer.error_type().as_str()), (404, "not_found"), "{path}");
        assert_eq!(answer.json()["error"]["message"], "Model not found", "{path}");
    }
}

#[tokio::test]
async fn feature_8_1_routers_are_listed_like_models_and_answer_to_both_prefixes() {
    let house = House::open().await;
    for (id, price, context) in [("auto", "-1", 2_000_000), ("free", "0", 200_000)] {
        for author in ["openrouter", "portolan"] {
            for path in [format!("/models/{author}/{id}"), format!("/model/{author}/{id}")] {
                let model = house.get(&format!("/api/v1{path}")).send().await.json()["data"].clone();
                assert_eq!(model["id"], format!("openrouter/{id}"), "{path}");
                assert_eq!(
                    (&model["pricing"]["prompt"], &model["pricing"]["completion"]),
                    (&price.into(), &price.into())
                );
                assert_eq!(model["context_length"], context);
                assert_eq!(model["architecture"]["tokenizer"], "Router");
                assert_eq!(model["top_provider"]["max_completion_tokens"], Value::Null);
                assert!(model.get("alias_target").is_none(), "{model}");
            }
            let endpoints = house.get(&format!("/api/v1/models/{author}/{id}/endpoints")).send().await.json();
            assert_eq!(endpoints["data"]["endpoints"], serde_json::json!([]), "it serves nothing itself");
        }
    }
    let auto = house.get("/api/v1/models/openrouter/auto").send().await.json()["data"].clone();
    assert_eq!(auto["architecture"]["input_modalities"], serde_json::json!(["text", "image"]));
    let family = house.get("/api/v1/models/~acme/large-latest").send().await.json()["data"].clone();
    assert_eq!(family["id"], "~acme/large-latest");
    assert_eq!(family["alias_target"]["slug"], "acme/large");
    assert_eq!(family["pricing"]["prompt"], "0.0000025");
    assert_eq!(house.get("/api/v1/models/openrouter/fusion").send().await.status, 404);
}

#[tokio::test]
async fn endpoints_show_every_provider_with_its_own_price() {
    let house = House::open().await;
    let data = house.get("/api/v1/models/acme/large/endpoints").send().await.json()["data"].clone();
    let endpoints = data["endpoints"].as_array().expect("a list");
    let prices: Vec<_> = endpoints
        .iter()
        .map(|endpoint| (endpoint["tag"].as_str().unwrap_or(""), endpoint["pricing"]["prompt"].as_str().unwrap_or("")))
        .collect();
    assert_eq!(prices, [("acme", "0.000003"), ("bolt", "0.0000025")]);
    let endpoint = &endpoints[0];
    assert_eq!(endpoint["name"], "Acme AI | acme/large");
    assert_eq!(endpoint["supports_tool_choice"]["required"], true);
    assert_eq!(endpoint["native_tools"], serde_json::json!({}));
    for null in ["quantization", "service_tier", "latency_last_30m", "throughput_last_30m", "uptime_last_1d"] {
        assert_eq!(endpoint.get(null), Some(&Value::Null), "{null} is there");
    }
    let zdr = house.get("/api/v1/endpoints/zdr").send().await.json();
    let zdr: Vec<_> = zdr["data"].as_array().expect("a list").iter().map(|one| one["model_id"].clone()).collect();
    assert_eq!(zdr, ["acme/draw", "acme/embed", "acme/large", "acme/small"]);
}

#[tokio::test]
async fn counts_and_providers() {
    let house = House::open().await;
    for (query, count) in [("", 6), ("?output_modalities=all", 8), ("?output_modalities=embeddings", 1)] {
        let answer = house.get(&format!("/v1/models/count{query}")).send().await.json();
        assert_eq!(answer, serde_json::json!({"data": {"count": count}}));
    }
    let providers = house.get("/api/v1/providers").send().await.json();
    assert_eq!(providers["data"][0]["slug"], "acme");
    assert_eq!(providers["data"][0]["privacy_policy_url"], "https://acme.example/privacy");
}

#[tokio::test]
async fn malformed_queries_are_refused() {
    let house = House::open().await;
    for query in [
        "limit=0",
        "limit=-1",
        "limit=ten",
        "limit=1000000000",
        "limit=",
        "limit=1&limit=2",
        "limit=%2B1",
        "offset=-1",
        "offset=1000000000000",
        "context=big",
        "min_price=cheap",
        "max_price=-1",
        "max_price=1e3",
        "min_output_price=NaN",
        "max_age_days=99999999999",
        "zdr=perhaps",
        "sort=sideways",
        "output_modalities=smell",
        "input_modalities=telepathy",
        "region=mars",
        "category=gardening",
        "distillable=maybe",
        "min_coding_index=high",
        "max_agentic_index=-1",
        "min_tool_success_rate=inf",
        "use_rss=maybe",
        &"a=b&".repeat(100),
    ] {
        let answer = house.get(&format!("/api/v1/models?{query}")).send().await;
        assert_eq!((answer.status.as_u16(), answer.error_type().as_str()), (400, "invalid_request"), "{query}");
        assert_eq!(answer.json()["error"]["code"], 400);
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        assert!(answer.text().len() < 400, "{}", answer.text());
    }
}

/// A figure whose percentiles are `p50` and its multiples.
fn spread(p50: f64) -> domain::route::Percentiles {
    domain::route::Percentiles { p50: Some(p50), p75: Some(2.0 * p50), p90: Some(3.0 * p50), p99: Some(4.0 * p50) }
}

fn measure(house: &House, model: &str, tag: &str, latency: f64, throughput: f64) {
    let measured = control::Measured {
        uptime_last_5m: Some(100.0),
        uptime_last_30m: Some(99.5),
        latency_last_30m: spread(latency),
        throughput_last_30m: spread(throughput),
        is_out: tag == "bolt",
        ..control::Measured::default()
    };
    house.wires.measured.lock().expect("unpoisoned").insert((model.to_owned(), tag.to_owned()), measured);
}

#[tokio::test]
async fn endpoints_show_what_was_measured_and_lists_sort_by_it() {
    let house = House::open().await;
    measure(&house, "acme/large", "acme", 0.9, 20.0);
    measure(&house, "acme/large", "bolt", 0.25, 10.0);
    measure(&house, "acme/small", "acme", 0.5, 40.0);
    let data = house.get("/api/v1/models/acme/large/endpoints").send().await.json()["data"].clone();
    let (acme, bolt) = (&data["endpoints"][0], &data["endpoints"][1]);
    assert_eq!(bolt["latency_last_30m"], serde_json::json!({"p50": 250.0, "p75": 500.0, "p90": 750.0, "p99": 1000.0}));
    assert_eq!(acme["throughput_last_30m"]["p90"], 60.0);
    assert_eq!((&acme["uptime_last_5m"], &acme["uptime_last_30m"]), (&100.0.into(), &99.5.into()));
    assert_eq!(acme["uptime_last_1d"], Value::Null, "too little was measured");
    assert_eq!((&acme["status"], &bolt["status"]), (&0.into(), &(-1).into()));
    let zdr = house.get("/api/v1/endpoints/zdr").send().await.json();
    let large =
        zdr["data"].as_array().expect("list").iter().find(|one| one["model_id"] == "acme/large").expect("there");
    assert_eq!(large["uptime_last_30m"], 99.5);
    for (sort, expected) in [
        (
            "throughput-high-to-low",
            ["acme/small", "acme/large", "bolt/tiny", "bolt/tiny:free", "openrouter/auto", "openrouter/free"],
        ),
        (
            "latency-low-to-high",
            ["acme/large", "acme/small", "bolt/tiny", "bolt/tiny:free", "openrouter/auto", "openrouter/free"],
        ),
    ] {
        assert_eq!(ids(&house, &format!("/api/v1/models?sort={sort}")).await, expected, "{sort}");
    }
}

#[tokio::test]
async fn popular_models_come_first_and_the_store_is_asked_once_a_minute() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    for (model, calls) in [("acme/small", 3), ("bolt/tiny", 1)] {
        house.clock.advance(std::time::Duration::from_secs(20 * 86_400));
        let settled = (0..calls).map(|_| {
            let mut opening = house::calls::opening(&house, &tenant, house.clock_now());
            opening.model = model.to_owned();
            house::calls::settlement(opening)
        });
        house::calls::settle(&house, settled.collect()).await;
    }
    let sorted = async |sort: &str| ids(&house, &format!("/api/v1/models?sort={sort}")).await;
    assert_eq!(sorted("most-popular").await[..4], ["acme/small", "bolt/tiny", "acme/large", "bolt/tiny:free"]);
    let asked = house.store.statements_executed();
    assert_eq!(sorted("top-weekly").await[0], "bolt/tiny");
    assert_eq!(house.store.statements_executed(), asked, "remembered");
    house.clock.advance(std::time::Duration::from_secs(60));
    sorted("top-weekly").await;
    assert_eq!(house.store.statements_executed(), asked + 1);
}

#[tokio::test]
async fn the_feed_shows_new_models_first() {
    let house = House::open().await;
    let answer = house.get("/api/v1/models?use_rss=true&model_authors=acme").send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/rss+xml; charset=utf-8"));
    let text = answer.text();
    let items: Vec<&str> =
        text.split("<guid isPermaLink=\"false\">").skip(1).map(|rest| rest.split('<').next().unwrap_or("")).collect();
    assert_eq!(items, ["acme/small", "acme/large"]);
    assert!(text.contains("<pubDate>Sun, 01 Nov 2026 00:00:00 GMT</pubDate>"), "{text}");
    assert!(text.contains("<link>http://127.0.0.1:7878/models/acme/small</link>"), "{text}");
    for part in ["rss", "channel", "item", "title", "link", "description", "pubDate"] {
        assert_eq!(
            text.matches(&format!("<{part}>")).count() + text.matches(&format!("<{part} ")).count(),
            text.matches(&format!("</{part}>")).count(),
            "{part}"
        );
    }
}

#[tokio::test]
async fn models_that_draw_have_lists_of_their_own() {
    let house = House::open().await;
    let list = house.get("/api/v1/images/models").send().await.json();
    assert_eq!(list["data"].as_array().expect("list").len(), 1);
    let model = &list["data"][0];
    assert_eq!(
        (&model["id"], &model["architecture"]["output_modalities"]),
        (&"acme/draw".into(), &serde_json::json!(["image"]))
    );
    assert_eq!(model["supported_parameters"]["tools"], serde_json::json!({"type": "boolean"}));
    let path = model["endpoints"].as_str().expect("path").to_owned();
    let offers = house.get(&path).send().await.json();
    assert_eq!(offers["id"], "acme/draw");
    let offer = &offers["endpoints"][0];
    assert_eq!((&offer["provider_slug"], &offer["provider_tag"]), (&"acme".into(), &"acme".into()));
    assert_eq!(offer["pricing"][0]["billable"], "input_text");
    assert_eq!(offer["pricing"][0]["cost_usd"], 0.000001);
    let none = house.get("/api/v1/images/models/acme/large/endpoints").send().await;
    assert_eq!(none.status, 404, "it writes text only");
}

#[tokio::test]
async fn the_callers_list_obeys_the_policies_of_account_and_workspace() {
    let house = House::open().await;
    let tenant = house.tenant("a", 5).await;
    let other = house.tenant("b", 5).await;
    let listed = async |key, query: &str| {
        let answer = house.get(&format!("/api/v1/models/user{query}")).key(key).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let ids = |json: &Value| -> Vec<String> {
        let models = json["data"].as_array().expect("list").iter();
        models.map(|model| model["id"].as_str().expect("id").to_owned()).collect()
    };
    let all = ["acme/large", "acme/small", "bolt/tiny", "bolt/tiny:free", "openrouter/auto", "openrouter/free"];
    assert_eq!(ids(&listed(&tenant.inference, "").await), all);
    let workspace = format!("/api/v1/workspaces/{}/routing", tenant.workspace);
    for (path, body, expected) in [
        (
            "/api/v1/routing",
            r#"{"ignored_models":["bolt/tiny"]}"#,
            vec!["acme/large", "acme/small", "bolt/tiny:free", "openrouter/auto", "openrouter/free"],
        ),
        (
            &workspace,
            r#"{"allowed_providers":["bolt"]}"#,
            vec!["acme/large", "bolt/tiny:free", "openrouter/auto", "openrouter/free"],
        ),
        (&workspace, r#"{"enforce_zdr":true}"#, vec![]),
        (&workspace, r#"{"allowed_providers":null}"#, vec!["acme/large", "acme/small", "openrouter/auto"]),
    ] {
        let changed = house.ask("PATCH", path).key(&tenant.management).json(body).send().await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        let json = listed(&tenant.inference, "").await;
        assert_eq!(
            (ids(&json), json["total_count"].as_u64()),
            (expected.clone().into_iter().map(str::to_owned).collect(), u64::try_from(expected.len()).ok()),
            "{body}"
        );
    }
    let dearer = listed(&tenant.inference, "").await;
    assert_eq!(dearer["data"][0]["pricing"]["prompt"], "0.000003", "the price of an endpoint that may serve");
    assert_eq!(ids(&listed(&tenant.inference, "?output_modalities=embeddings").await), ["acme/embed"]);
    assert_eq!(ids(&listed(&tenant.management, "?sort=pricing-low-to-high&limit=1").await), ["acme/small"]);
    assert_eq!(ids(&listed(&other.inference, "").await), all, "others are not touched");
    assert_eq!(house.get("/api/v1/models/user").send().await.status, 401);
}
