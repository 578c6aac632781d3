//! The committed API document and the mounted routes.

#![expect(clippy::expect_used, reason = "a broken expectation fails the test")]

use std::collections::BTreeSet;

/// Serde's own form of the document, as the committed file holds it.
fn document() -> serde_json::Value {
    serde_json::to_value(control::openapi()).expect("the document is JSON")
}

#[test]
fn the_committed_document_is_the_generated_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json");
    let committed = std::fs::read_to_string(path).expect("openapi.json is committed");
    let mut generated = serde_json::to_string_pretty(&control::openapi()).expect("writes");
    generated.push('\n');
    let message = "openapi.json is stale: cargo run -p control --example openapi > openapi.json";
    assert!(committed == generated, "{message}");
}

#[test]
fn every_mounted_route_is_described_and_nothing_else() {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let mut described = BTreeSet::new();
    for (path, item) in paths {
        for method in item.as_object().expect("item").keys() {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let mut expected: BTreeSet<String> = control::ROUTES
        .iter()
        .filter(|route| !route.pattern.starts_with("/v1/"))
        .map(|route| format!("{} {}", route.method, route.pattern))
        .collect();
    // Served by the data plane.
    let inference = ["chat/completions", "messages", "messages/count_tokens", "responses", "completions", "embeddings"];
    for path in inference.into_iter().chain(["route/explain"]) {
        expected.insert(format!("POST /api/v1/{path}"));
    }
    for path in ["chat/completions", "route/explain"] {
        expected.insert(format!("POST /console/api/v1/{path}"));
    }
    assert_eq!(described, expected);
}

#[test]
fn operations_have_distinct_names_and_say_who_may_call() {
    let document = document();
    let mut names = BTreeSet::new();
    for route in control::ROUTES.iter().filter(|route| !route.pattern.starts_with("/v1/")) {
        let operation = &document["paths"][route.pattern][route.method.to_lowercase()];
        let name = operation["operationId"].as_str().expect("named");
        assert!(names.insert(name.to_owned()), "{name} twice");
        assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{name} has a summary");
        let security = serde_json::to_string(&operation["security"]).expect("writes");
        let expected = match route.access {
            edge::route::Access::Open => "[{}]",
            edge::route::Access::Session => r#"[{"session":[]}]"#,
            _ => r#"[{"key":[]}]"#,
        };
        assert_eq!(security, expected, "{name}");
    }
}

#[test]
fn every_reference_points_somewhere() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let text = document.to_string();
    for part in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().expect("quoted");
        assert!(schemas.contains_key(name), "{name} is missing");
    }
}
