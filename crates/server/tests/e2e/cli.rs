//! Commands as operators' scripts spell them, beside a running server and without one; changes while it runs.

use crate::BINARY;
use serde_json::json;
use simulator::Family;
use std::time::{Duration, Instant};
use testkit::{AppBuilder, Ask, Model, TestApp, eventually, nanos_at};

async fn builder() -> AppBuilder {
    TestApp::builder(BINARY).simulated("acme", Family::OpenAi).await.model(Model::new("mock/echo").at("acme", "1", "3"))
}

/// How soon a command's effect must show in the running server.
const SOON: Duration = Duration::from_secs(1);

async fn soon<F: Future<Output = bool>>(what: &str, mut probe: impl FnMut() -> F) {
    let started = Instant::now();
    eventually(what, Duration::from_secs(10), || {
        let probe = probe();
        async { probe.await.then_some(()) }
    })
    .await;
    let took = started.elapsed();
    assert!(took <= SOON, "{what}: only after {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_credits_made_beside_a_running_server_work_within_a_second() {
    let mut app = builder().await.without_account().start().await;
    let key = app.cli(&["key", "create", "--name", "first", "--credits", "2.50", "--limit", "1", "-q"]).await.ok();
    assert!(key.starts_with("sk-or-v1-") && key.len() == 73 && !key.contains('\n'), "the key alone: {key:?}");
    soon("the new key works", || async { app.send(&Ask::say("mock/echo", "hi", false).key(&key)).await.status == 200 })
        .await;
    app.management = app.cli(&["key", "create", "--name", "admin", "--management", "-q"]).await.ok();
    soon("the management key works", || async { app.manage("GET", "/api/v1/credits", None).await.status == 200 }).await;
    assert_eq!(app.credits().await.0, 2_500_000_000);
    app.cli(&["credits", "grant", "1.25"]).await.ok();
    soon("the grant shows", || async { app.credits().await.0 == 3_750_000_000 }).await;
    let limited = app.send(&Ask::get("/api/v1/key").key(&key)).await.json();
    assert_eq!(nanos_at(&limited, "/data/limit"), 1_000_000_000);
    assert_eq!(app.cli(&["verify"]).await.code, 0, "beside the running server");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_commands_work_on_a_stopped_server() {
    let mut app = builder().await.credits("5").start().await;
    assert_eq!(app.say("mock/echo", "hi", true).await.status, 200);
    app.stop().await;
    let key = app.cli(&["key", "create", "--name", "later", "-q"]).await.ok();
    app.cli(&["credits", "grant", "2"]).await.ok();
    assert_eq!(app.cli(&["verify"]).await.code, 0);
    let shown: serde_json::Value = serde_json::from_str(&app.cli(&["credits", "show", "--json"]).await.ok()).unwrap();
    assert_eq!(shown["total_credits"], "7", "{shown}");
    app.launch().await;
    assert_eq!(app.send(&Ask::say("mock/echo", "hi", false).key(&key)).await.status, 200);
    assert_eq!(app.credits().await.0, 7_000_000_000);
    app.finish().await;
}

/// A provider that the file knows and has switched off.
async fn with_late() -> (TestApp, String) {
    let builder = builder().await.simulated("late", Family::OpenAi).await;
    let address = builder_address(&builder);
    let off = json!({"dialect": "openai", "base_url": address, "disabled": true});
    let app = builder.provider("late", off).model(Model::new("mock/late").at("late", "1", "3")).start().await;
    (app, address)
}

fn builder_address(builder: &AppBuilder) -> String {
    format!("http://{}/v1", builder.simulator("late").address())
}

/// The credential that the harness gives a simulated provider.
const LATE_KEY: &str = "sk-late-upstream-credential-0123456789";

async fn answers(app: &TestApp) -> bool {
    app.say("mock/late", "hi", false).await.status == 200
}

async fn has_no_endpoints(app: &TestApp) -> bool {
    app.say("mock/late", "hi", false).await.status == 404
}

#[tokio::test(flavor = "multi_thread")]
async fn upstreams_come_and_go_by_command_while_the_server_runs() {
    let (app, address) = with_late().await;
    assert!(has_no_endpoints(&app).await);
    app.cli_with(&["upstream", "add", "late", "--base-url", &address], LATE_KEY).await.ok();
    soon("the added upstream answers", || answers(&app)).await;
    let tested = app.cli(&["upstream", "test", "late"]).await.ok();
    assert!(tested.starts_with("ok"), "{tested}");
    app.cli(&["upstream", "disable", "late"]).await.ok();
    soon("the disabled upstream is gone", || has_no_endpoints(&app)).await;
    assert_eq!(app.cli(&["upstream", "test", "late"]).await.code, 3);
    app.cli(&["upstream", "enable", "late"]).await.ok();
    soon("the enabled upstream answers", || answers(&app)).await;
    app.cli(&["upstream", "remove", "late"]).await.ok();
    soon("the removed upstream is gone", || has_no_endpoints(&app)).await;
    let listed = app.cli(&["upstream", "list"]).await.ok();
    assert!(!listed.contains(LATE_KEY) && listed.contains("acme"), "{listed}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upstreams_come_and_go_over_the_management_api() {
    let (app, address) = with_late().await;
    let body = json!({"slug": "late", "base_url": address, "key": LATE_KEY});
    let made = app.manage("POST", "/api/v1/upstreams", Some(&body)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(!made.text().contains(LATE_KEY), "{}", made.text());
    soon("the added upstream answers", || answers(&app)).await;
    let tested = app.manage("POST", "/api/v1/upstreams/late/test", None).await;
    assert_eq!(tested.status, 200, "{}", tested.text());
    let changed = app.manage("PATCH", "/api/v1/upstreams/late", Some(&json!({"disabled": true}))).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    soon("the disabled upstream is gone", || has_no_endpoints(&app)).await;
    assert!((200..300).contains(&app.manage("DELETE", "/api/v1/upstreams/late", None).await.status));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_is_refused_and_what_was_in_force_stays() {
    let app = builder().await.start().await;
    let good = std::fs::read_to_string(app.config()).unwrap();
    for broken in [
        "this is = = not TOML",
        "[server]\nlisten = 5",
        "[serverr]\nlisten = \"127.0.0.1:1\"",
        "[[models]]\nid = \"x\"",
    ] {
        std::fs::write(app.config(), broken).unwrap();
        assert!(!app.reload().await, "{broken:?} was taken over");
        let line = app.log.find("configuration not taken over: what was in force stays", 0).unwrap();
        assert!(line["error"].as_str().is_some_and(|error| !error.is_empty()), "{line}");
        let checked = app.cli(&["check"]).await;
        assert_ne!(checked.code, 0, "{broken:?}");
        assert_eq!(app.say("mock/echo", "hi", false).await.status, 200, "{broken:?}");
        std::fs::write(app.config(), &good).unwrap();
    }
    let typo = "[serverr]\nlisten = \"127.0.0.1:1\"";
    std::fs::write(app.config(), typo).unwrap();
    let said = app.cli(&["check"]).await.stderr;
    assert!(said.contains("serverr") && said.contains("server"), "names key and likely spelling: {said}");
    std::fs::write(app.config(), &good).unwrap();
    assert!(app.reload().await);
    assert_eq!(app.cli(&["check"]).await.code, 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_brings_new_models_prices_and_providers() {
    let mut app = builder().await.start().await;
    assert_eq!(app.say("mock/new", "hi", false).await.status, 400);
    let mut model = app.table["models"][0].clone();
    model["id"] = json!("mock/new");
    app.table["models"].as_array_mut().unwrap().push(model);
    app.write_config();
    assert!(app.reload().await);
    assert_eq!(app.say("mock/new", "hi", false).await.status, 200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_data_refuses_to_start() {
    let app = builder().await.start().await;
    let second = tokio::time::timeout(Duration::from_secs(20), app.cli(&["serve", "--listen", "127.0.0.1:0"])).await;
    let second = second.expect("the second server runs");
    assert_ne!(second.code, 0, "{}", second.stdout);
    assert!(!second.stdout.contains("\"listening\""), "{}", second.stdout);
    assert_eq!(app.say("mock/echo", "hi", false).await.status, 200, "the first is undisturbed");
    app.finish().await;
}

/// Runs the binary with exactly these arguments.
async fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = tokio::process::Command::new(BINARY).args(arguments).kill_on_drop(true).output();
    let output = tokio::time::timeout(testkit::PATIENCE, output).await.expect("in time").expect("output");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn what_a_command_cannot_use_is_named_with_code_2_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent");
    let data = absent.to_str().unwrap();
    let create = ["key", "create", "--name", "k"];
    for (arguments, named) in [
        ([&create[..], &["--limit", "much"]].concat(), "--limit"),
        ([&create[..], &["--limit", "-1"]].concat(), "below zero"),
        ([&create[..], &["--credits", "$5"]].concat(), "--credits"),
        ([&create[..], &["--limit", "1", "--reset", "hourly"]].concat(), "--reset"),
        (vec!["key", "create", "--name", " "], "--name"),
        (vec!["key", "create"], "--name"),
        (vec!["verify"], "portolan.db"),
        (vec!["credits", "show"], "portolan.db"),
        (vec!["credits", "grant", "5"], "portolan.db"),
        (vec!["key", "list"], "portolan.db"),
    ] {
        let (code, stdout, stderr) = run(&[&arguments[..], &["--data", data]].concat()).await;
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(named), "{arguments:?}: {stderr}");
        assert!(!absent.exists(), "{arguments:?} made the data directory");
    }
    let app = builder().await.credits("5").start().await;
    for (arguments, named) in [
        (vec!["credits", "grant", "-1"], "below zero"),
        (vec!["credits", "grant", "1e3"], "1e3"),
        (vec!["key", "revoke", "abc"], "64 hexadecimal"),
        (vec!["key", "create", "--name", "k", "--expires", "soon"], "--expires"),
        (vec!["key", "create", "--name", "k", "--expires", "2020-01-01T00:00:00Z"], "past"),
    ] {
        let said = app.cli(&arguments).await;
        assert_eq!((said.code, said.stdout.as_str()), (2, ""), "{arguments:?}: {}", said.stderr);
        assert!(said.stderr.contains(named), "{arguments:?}: {}", said.stderr);
    }
    app.cli(&["credits", "grant", "-1.5", "--adjustment"]).await.ok();
    assert_eq!(app.cli(&["credits", "show", "-q"]).await.ok(), "3.5");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_lists_are_bare_values_and_a_set_up_link_leads_to_the_server_that_runs() {
    let app = builder().await.start().await;
    let hashes = app.cli(&["key", "list", "-q"]).await.ok();
    assert_eq!(hashes.lines().count(), 2, "{hashes}");
    assert!(
        hashes.lines().all(|line| line.len() == 64 && line.bytes().all(|byte| byte.is_ascii_hexdigit())),
        "{hashes}"
    );
    assert_eq!(app.cli(&["upstream", "list", "-q"]).await.ok(), "acme");
    let link = app.cli(&["setup-link", "-q"]).await.ok();
    assert!(link.starts_with(&format!("http://{}/setup?token=", app.address)), "{link}");
    app.finish().await;
}
