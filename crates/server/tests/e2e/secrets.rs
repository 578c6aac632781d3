//! Promise K4: secrets that go through every route and failure are found nowhere afterwards.

use crate::BINARY;
use crate::money::scenario;
use serde_json::{Value, json};
use simulator::Family;
use std::path::Path;
use testkit::{Answer, Ask, Model, TestApp};

/// Something that must not be found, and what it is.
struct Canary {
    what: String,
    text: String,
}

/// All canaries, and every answer that may hold none.
#[derive(Default)]
struct Hunt {
    canaries: Vec<Canary>,
    answers: Vec<(String, Answer)>,
}

impl Hunt {
    /// A text of our own that nothing else contains.
    fn marker(&mut self, what: &str) -> String {
        let text = format!("canary{:02}qzx{}", self.canaries.len(), what.replace(' ', ""));
        self.secret(what, &text);
        text
    }

    /// A secret that the server or the harness made.
    fn secret(&mut self, what: &str, text: &str) {
        assert!(text.len() >= 12, "{what} is too short to be looked for");
        self.canaries.push(Canary { what: what.to_owned(), text: text.to_owned() });
    }

    async fn send(&mut self, app: &TestApp, what: &str, ask: &Ask) -> Answer {
        let answer = app.send(ask).await;
        self.answers.push((what.to_owned(), answer.clone()));
        answer
    }

    fn find(&self, place: &str, bytes: &[u8], may_hold: &[&str], hits: &mut Vec<String>) {
        for canary in self.canaries.iter().filter(|canary| !may_hold.contains(&canary.what.as_str())) {
            // Labels show the beginning and the end of keys; the middle is as telling as the whole.
            let third = canary.text.len() / 3;
            let middle = if canary.text.len() >= 48 { &canary.text[third..third * 2] } else { &canary.text };
            if memchr::memmem::find(bytes, middle.as_bytes()).is_some() {
                hits.push(format!("{} in {place}", canary.what));
            }
        }
    }
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

async fn server() -> TestApp {
    let mut builder = TestApp::builder(BINARY)
        .setting("log", json!({"level": "trace"}))
        .setting("timeouts.first_byte", json!("400ms"))
        .setting("timeouts.idle", json!("400ms"));
    for (slug, family) in crate::money::FAMILIES {
        builder = builder.simulated(slug, family).await.model(Model::new(&format!("mock/{slug}")).at(slug, "1", "3"));
    }
    let stored = json!({"dialect": "openai", "base_url": "http://127.0.0.1:9/v1", "disabled": true});
    builder
        .simulated("stored", Family::OpenAi)
        .await
        .provider("stored", stored)
        .model(Model::new("mock/stored").at("stored", "1", "3"))
        .start()
        .await
}

/// A request with a marker in every place that takes text.
fn loaded(hunt: &mut Hunt, model: &str, stream: bool, knobs: &Value) -> Value {
    let mut marker = |what: &str| hunt.marker(what);
    json!({
        "model": model, "stream": stream, "max_tokens": 200,
        "messages": [
            {"role": "system", "content": marker("system prompt")},
            {"role": "user", "content": [
                {"type": "text", "text": marker("user prompt")},
                {"type": "text", "text": format!("more\nSIM:{knobs}")},
            ]},
        ],
        "tools": [{"type": "function", "function": {
            "name": "look_up", "description": marker("tool description"),
            "parameters": {"type": "object", "properties": {"q": {"type": "string", "description": marker("tool parameter")}}},
        }}],
        "metadata": {"note": marker("metadata")},
    })
}

async fn through_every_failure(app: &TestApp, hunt: &mut Hunt, key: &str) {
    let failures = [
        json!({}),
        json!({"headers": {"status": 401, "echo_credential": true}}),
        json!({"headers": {"status": 400, "echo_credential": true}}),
        json!({"headers": {"status": 500, "echo_credential": true}}),
        json!({"headers": {"rst": true}}),
        json!({"headers": {"hang": true}}),
        json!({"headers": {"malformed": "huge"}}),
        json!({"body": {"fault": "truncated_json"}}),
        json!({"body": {"fault": "error_object"}}),
        json!({"body": {"rst_after": 2}}),
        json!({"body": {"error_after": 2}}),
        json!({"body": {"end_after": 2}}),
        json!({"usage": {"mode": "huge"}}),
    ];
    for (number, (slug, _)) in crate::money::FAMILIES.into_iter().enumerate() {
        let answer_text = hunt.marker(&format!("answer {slug}"));
        app.simulator(slug).set_scenario(
            "*",
            scenario(json!({"answer": {"text": answer_text, "reasoning": format!("{answer_text} thought")}})),
        );
        // Markers once per family; every failure carries the same ones.
        let template = loaded(hunt, &format!("mock/{slug}"), false, &json!({"here": 1}));
        for knobs in &failures {
            for stream in [false, true] {
                let text = template.to_string().replace(r#"{\"here\":1}"#, &knobs.to_string().replace('"', "\\\""));
                let mut body: Value = serde_json::from_str(&text).unwrap();
                body["stream"] = json!(stream);
                let ask = Ask::chat(&body)
                    .key(key)
                    .header("x-private", &hunt.canaries[number].text)
                    .header("cookie", &format!("a={}", hunt.canaries[number].text));
                let answer = app.send(&ask).await;
                // What the provider said belongs to the caller; errors must hold none of it.
                if answer.status != 200 {
                    hunt.answers.push((format!("{slug} {knobs} stream {stream}"), answer));
                }
            }
        }
    }
}

async fn through_every_route(app: &TestApp, hunt: &mut Hunt, credentials: &[String], cookies: &[String]) {
    for route in gateway::ROUTES.iter().chain(gateway::CONSOLE_ROUTES).chain(control::ROUTES) {
        if route.method == "DELETE" && route.pattern.ends_with("/session") || route.pattern.ends_with("/setup") {
            continue;
        }
        let path = route
            .pattern
            .replace("{id}", "mock%2Fnone")
            .replace("{author}", "mock")
            .replace("{slug}", "none")
            .replace("{version}", "1")
            .replace("{workspace}", "ws_0")
            .replace("{hash}", &"0".repeat(64));
        let mut asks: Vec<Ask> = Vec::new();
        for credential in credentials {
            asks.push(Ask::new(route.method, &path).key(credential));
            asks.push(Ask::new(route.method, &path).header("x-api-key", credential));
            asks.push(Ask::new(route.method, &path).header("authorization", &format!("Basic {credential}")));
            asks.push(Ask::new(route.method, &format!("{path}?key={credential}")));
        }
        for cookie in cookies {
            asks.push(Ask::new(route.method, &path).header("cookie", cookie).header("x-portolan-csrf", "1"));
        }
        for ask in asks {
            let ask = if route.body_max > 0 {
                ask.header("content-type", "application/json").body(b"{\"broken\":")
            } else {
                ask
            };
            hunt.send(app, &format!("{} {}", route.method, route.pattern), &ask).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_canaries_leave_no_trace() {
    let mut hunt = Hunt::default();
    let mut app = server().await;
    for slug in ["openai-like", "anthropic-like", "gemini-like"] {
        let secret = app.table["providers"][slug]["api_key"].as_str().unwrap().to_owned();
        hunt.secret(&format!("provider key {slug}"), &secret);
    }
    let stored = "sk-stored-upstream-credential-0123456789";
    hunt.secret("provider key in the database", stored);
    let address = format!("http://{}/v1", app.simulator("stored").address());
    app.cli_with(&["upstream", "add", "stored", "--base-url", &address], stored).await.ok();
    hunt.secret("inference key", &app.key);
    hunt.secret("management key", &app.management);
    let mut credentials = vec![app.key.clone(), app.management.clone()];
    for what in ["second key", "deleted key", "disabled key", "limited key"] {
        let (key, hash) = app
            .new_key(&json!({"name": what, "limit": if what == "limited key" { json!(0.0001) } else { Value::Null }}))
            .await;
        match what {
            "deleted key" => drop(app.manage("DELETE", &format!("/api/v1/keys/{hash}"), None).await),
            "disabled key" => {
                drop(app.manage("PATCH", &format!("/api/v1/keys/{hash}"), Some(&json!({"disabled": true}))).await);
            }
            _ => {}
        }
        hunt.secret(what, &key);
        credentials.push(key);
    }
    let stranger = format!("sk-or-v1-{}", "5a".repeat(32));
    hunt.secret("unknown key", &stranger);
    credentials.push(stranger);
    credentials.push(hunt.marker("no key at all"));
    let token = app.setup_link.split("token=").nth(1).unwrap().to_owned();
    hunt.secret("set-up token", &token);
    let cookie = app.sign_in().await;
    hunt.secret("session", cookie.split('=').nth(1).unwrap());
    let strange_cookie = format!("portolan_session={}", hunt.marker("strange session"));
    let again = Ask::json("POST", "/console/api/v1/setup", &json!({"token": token})).header("x-portolan-csrf", "1");
    hunt.send(&app, "the set-up link again", &again).await;

    let key = app.key.clone();
    through_every_failure(&app, &mut hunt, &key).await;
    let broken = hunt.marker("broken body");
    for body in [
        format!("{{\"model\":\"{broken}"),
        format!("[\"{broken}\"]"),
        format!("{{\"messages\":\"{broken}\"}}"),
        format!("{{\"model\":\"mock/none\",\"messages\":[{{\"role\":\"{broken}\"}}]}}"),
    ] {
        let ask = Ask::new("POST", "/api/v1/chat/completions")
            .header("content-type", "application/json")
            .key(&key)
            .body(body.as_bytes());
        hunt.send(&app, "broken body", &ask).await;
    }
    for what in ["query", "fragment of a path"] {
        let marker = hunt.marker(what);
        let path = if what == "query" { format!("/api/v1/models?token={marker}") } else { "/api/v1/models".to_owned() };
        hunt.send(&app, what, &Ask::get(&path).header("x-secret", &marker)).await;
    }
    for what in ["custom header", "traceparent-like header", "cookie header", "proxy authorization"] {
        let marker = hunt.marker(what);
        let name = match what {
            "cookie header" => "cookie",
            "proxy authorization" => "proxy-authorization",
            _ => "x-secret-header",
        };
        hunt.send(&app, what, &Ask::get("/api/v1/key").key(&key).header(name, &marker)).await;
    }
    through_every_route(&app, &mut hunt, &credentials, &[cookie.clone(), strange_cookie]).await;
    assert!(hunt.canaries.len() >= 40, "{} canaries", hunt.canaries.len());

    app.idle(testkit::PATIENCE).await;
    let mut hits = Vec::new();
    let metrics = app.send(&Ask::get("/metrics")).await;
    hunt.find("metrics", &metrics.body, &[], &mut hits);
    look_into_files(&hunt, &app, "while it runs", &mut hits);
    app.stop().await;
    look_into_files(&hunt, &app, "after the end", &mut hits);
    for (what, answer) in &hunt.answers {
        hunt.find(&format!("answer to {what}"), &[answer.head.as_bytes(), &answer.body].concat(), &[], &mut hits);
    }
    for line in app.log.lines() {
        // The one line that hands the link to the operator.
        let may_hold: &[&str] = if line.contains("\"listening\"") { &["set-up token"] } else { &[] };
        let place = format!("log: {}", line.chars().take(300).collect::<String>());
        hunt.find(&place, line.as_bytes(), may_hold, &mut hits);
    }
    assert!(app.log.lines().iter().any(|line| line.contains("\"DEBUG\"")), "the level is not in force");
    let lines = app.log.len();
    assert!(lines > 1000, "only {lines} log lines at trace level");
    eprintln!(
        "{} canaries, {} answers, {lines} log lines: {} hits",
        hunt.canaries.len(),
        hunt.answers.len(),
        hits.len()
    );
    hits.sort();
    hits.dedup();
    app.launch().await;
    app.finish().await;
    let shown = hits.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(hits.is_empty(), "{} hits:\n{shown}", hits.len());
}

fn look_into_files(hunt: &Hunt, app: &TestApp, when: &str, hits: &mut Vec<String>) {
    let mut found = Vec::new();
    files(&app.data(), &mut found);
    assert!(found.iter().any(|path| path.ends_with("portolan.db")), "{found:?}");
    assert!(found.iter().any(|path| path.to_string_lossy().contains("journal")), "{found:?}");
    for path in found {
        let bytes = std::fs::read(&path).unwrap_or_default();
        hunt.find(&format!("file {} {when}", path.strip_prefix(app.data()).unwrap().display()), &bytes, &[], hits);
    }
}
