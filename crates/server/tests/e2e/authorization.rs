//! Every route of both planes with every principal; what to expect comes from the route's descriptor alone.

use crate::BINARY;
use crate::money::scenario;
use edge::route::{Access, Route};
use serde_json::json;
use simulator::Family;
use testkit::{Answer, Ask, Model, TestApp};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Principal {
    Anonymous,
    UnknownKey,
    DeletedKey,
    DisabledKey,
    InferenceKey,
    ManagementKey,
    Session,
    StrangeSession,
}

const PRINCIPALS: [Principal; 8] = [
    Principal::Anonymous,
    Principal::UnknownKey,
    Principal::DeletedKey,
    Principal::DisabledKey,
    Principal::InferenceKey,
    Principal::ManagementKey,
    Principal::Session,
    Principal::StrangeSession,
];

/// `None`: the principal gets in, whatever the route then says.
fn expected(access: Access, principal: Principal) -> Option<u16> {
    use Principal::{InferenceKey, ManagementKey, Session};
    match (access, principal) {
        (Access::Open, _)
        | (Access::Inference | Access::AnyKey, InferenceKey)
        | (Access::AnyKey | Access::Management, ManagementKey)
        | (Access::Session, Session) => None,
        (Access::Inference, ManagementKey) | (Access::Management, InferenceKey) => Some(403),
        _ => Some(401),
    }
}

fn path_of(route: &Route) -> String {
    let hash = "0".repeat(64);
    [
        ("{id}", "mock%2Fecho"),
        ("{author}", "mock"),
        ("{hash}", hash.as_str()),
        ("{version}", "1"),
        ("{workspace}", "ws_0"),
    ]
    .iter()
    .fold(route.pattern.to_owned(), |path, (name, value)| path.replace(name, value))
    .replace("{slug}", if route.pattern.contains("upstreams") { "nobody" } else { "echo" })
}

struct Doors {
    unknown: String,
    deleted: String,
    disabled: String,
}

/// A set-up link makes a new session: the route that ends a session would use up a shared one.
pub(crate) async fn session(app: &TestApp) -> String {
    let link = app.cli(&["setup-link"]).await.ok();
    let token = link.trim().split("token=").nth(1).expect("link").to_owned();
    let ask = Ask::json("POST", "/console/api/v1/setup", &json!({"token": token})).header("x-portolan-csrf", "1");
    let cookie = app.send(&ask).await.header("set-cookie").expect("cookie");
    cookie.split(';').next().unwrap().to_owned()
}

async fn knock(app: &TestApp, doors: &Doors, route: &Route, principal: Principal, cookie: &str) -> Answer {
    let mut ask = Ask::new(route.method, &path_of(route));
    if route.pattern.starts_with("/console/") {
        ask = ask.header("x-portolan-csrf", "1").header("content-type", "application/json");
    } else if route.body_max > 0 {
        ask = ask.header("content-type", "application/json");
    }
    if route.body_max > 0 {
        let chat = json!({"model": "mock/echo", "messages": [{"role": "user", "content": "hi"}]});
        let body = if route.access == Access::Inference { chat } else { json!({}) };
        ask = ask.body(body.to_string().as_bytes());
    }
    let ask = match principal {
        Principal::Anonymous => ask,
        Principal::UnknownKey => ask.key(&doors.unknown),
        Principal::DeletedKey => ask.key(&doors.deleted),
        Principal::DisabledKey => ask.key(&doors.disabled),
        Principal::InferenceKey => ask.key(&app.key),
        Principal::ManagementKey => ask.key(&app.management),
        Principal::Session => ask.header("cookie", cookie),
        Principal::StrangeSession => ask.header("cookie", &format!("portolan_session={}", "a".repeat(64))),
    };
    app.send(&ask).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_lets_in_exactly_whom_its_descriptor_names() {
    let app = TestApp::builder(BINARY)
        .simulated("acme", Family::OpenAi)
        .await
        .model(Model::new("mock/echo").at("acme", "1", "3"))
        .start()
        .await;
    app.simulator("acme").set_scenario("*", scenario(json!({"answer": {"text": "ok"}})));
    let (deleted, hash) = app.new_key(&json!({"name": "deleted"})).await;
    app.manage("DELETE", &format!("/api/v1/keys/{hash}"), None).await;
    let (disabled, hash) = app.new_key(&json!({"name": "disabled"})).await;
    app.manage("PATCH", &format!("/api/v1/keys/{hash}"), Some(&json!({"disabled": true}))).await;
    // The checksum of a key that exists nowhere is right in the deleted one only; a turned digit makes it wrong.
    let unknown = format!("sk-or-v1-{}", "ab".repeat(32));
    let doors = Doors { unknown, deleted, disabled };
    let mut cookie = session(&app).await;
    let routes: Vec<&Route> = gateway::ROUTES.iter().chain(gateway::CONSOLE_ROUTES).chain(control::ROUTES).collect();
    let mut wrong = Vec::new();
    let mut walked = 0;
    for route in &routes {
        for principal in PRINCIPALS {
            let answer = knock(&app, &doors, route, principal, &cookie).await;
            walked += 1;
            let is_right = match expected(route.access, principal) {
                None => answer.status != 0 && ![401, 403].contains(&answer.status) && answer.status < 500,
                Some(status) => {
                    let kind = if status == 401 { "authentication" } else { "permission_denied" };
                    answer.status == status && answer.error_type() == kind
                }
            };
            if !is_right {
                wrong.push(format!(
                    "{} {} as {principal:?} ({:?}): {} {}",
                    route.method,
                    route.pattern,
                    route.access,
                    answer.status,
                    answer.text().chars().take(200).collect::<String>()
                ));
            }
        }
        if route.method == "DELETE" && route.pattern.ends_with("/session") {
            cookie = session(&app).await;
        }
    }
    eprintln!("authorisation: {} routes, {walked} combinations", routes.len());
    assert!(wrong.is_empty(), "{} of {walked}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(walked, routes.len() * PRINCIPALS.len());
    app.finish().await;
}
