//! What must not be accepted, and how it is refused: on the wire, at the door, in the body.

use crate::BINARY;
use crate::money::scenario;
use serde_json::json;
use simulator::Family;
use std::time::Duration;
use testkit::{Answer, Ask, Model, TestApp};

mod body;
mod door;
mod wire;

async fn app() -> TestApp {
    let app = TestApp::builder(BINARY)
        .simulated("acme", Family::OpenAi)
        .await
        .model(Model::new("mock/echo").at("acme", "1", "3"))
        .model(Model::new("mock/small").with("context_length", json!(1000)).at("acme", "1", "3"))
        .setting("server.header_timeout", json!("2s"))
        .start()
        .await;
    app.simulator("acme").set_scenario("*", scenario(json!({"answer": {"text": "fine"}})));
    app
}

/// One expected refusal.
struct Row {
    what: String,
    ask: Vec<u8>,
    /// Acceptable statuses; 0 stands for a connection that is closed without an answer.
    status: Vec<u16>,
    /// `error_type`, where the answer carries one.
    kind: Option<&'static str>,
}

fn row(what: &str, ask: impl Into<Vec<u8>>, status: &[u16]) -> Row {
    Row { what: what.to_owned(), ask: ask.into(), status: status.to_vec(), kind: None }
}

fn typed(what: &str, ask: &Ask, status: u16, kind: &'static str) -> Row {
    Row { what: what.to_owned(), ask: ask.bytes(), status: vec![status], kind: Some(kind) }
}

/// What every refusal has in common.
fn manners(row: &Row, answer: &Answer) -> Option<String> {
    let wrong = |what: &str| Some(format!("{}: {what}: {}\n{}", row.what, answer.head, answer.text()));
    if !row.status.contains(&answer.status) {
        let shown: String = answer.text().chars().take(200).collect();
        return Some(format!("{}: status {} instead of {:?}: {shown}", row.what, answer.status, row.status));
    }
    if answer.text().contains("expected struct") {
        return wrong("names a type of ours");
    }
    let kind = row.kind?;
    if answer.error_type() != kind {
        return wrong(&format!("error_type {:?} instead of {kind:?}", answer.error_type()));
    }
    if answer.header("content-type").as_deref() != Some("application/json; charset=utf-8") {
        return wrong("content type");
    }
    if answer.header("x-content-type-options").as_deref() != Some("nosniff") {
        return wrong("no nosniff");
    }
    if answer.json()["error"]["code"] != answer.status {
        return wrong("code is not the status");
    }
    if answer.body.len() > 2_000 {
        return wrong("the refusal is too long");
    }
    None
}

/// Sends every row and gathers what is wrong; no row may reach the provider or leave a hold.
async fn check(app: &TestApp, rows: Vec<Row>) {
    app.simulator("acme").clear();
    let mut wrong = Vec::new();
    for row in &rows {
        let answer = testkit::exchange(app.address, &row.ask, Duration::from_secs(15)).await;
        if answer.ended == testkit::Ended::Silent {
            wrong.push(format!("{}: the connection hangs after status {}", row.what, answer.status));
        }
        wrong.extend(manners(row, &answer));
    }
    let calls = app.simulator("acme").observed().len();
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    assert_eq!(calls, 0, "a refused request reached the provider");
}
