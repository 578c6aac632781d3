//! Every route × every principal × every kind of object; what is expected follows from the route's descriptor alone.

#![expect(clippy::expect_used, reason = "a broken expectation fails the test")]

#[expect(dead_code, reason = "shared by several test programs")]
mod house;

use domain::id::{GenerationId, WorkspaceId};
use domain::key::{KeyRole, KeyText};
use edge::route::{Access, Route};
use house::calls::{opening, settle, settlement};
use house::{Answer, Ask, House, Tenant, hash_of, noon};
use std::collections::BTreeSet;
use std::time::Duration;
use store::durable::KeyPatch;

/// What a caller presents.
enum Credential {
    None,
    Bearer(String),
    Basic(String),
    Header(&'static str, String),
    Cookie(String),
}

/// What a caller is, if the credential proves anything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proves {
    Nothing,
    Inference,
    Management,
    Session,
}

struct Principal {
    name: &'static str,
    credential: Credential,
    proves: Proves,
}

/// Objects that a path or query can name.
struct Objects {
    hash: String,
    generation: String,
    preset: String,
    workspace: String,
}

struct Scene {
    house: House,
    own: Tenant,
    foreign: Tenant,
    own_call: GenerationId,
    foreign_call: GenerationId,
    principals: Vec<Principal>,
}

async fn spoiled(house: &House, tenant: &Tenant, patch: Option<KeyPatch>) -> KeyText {
    let (text, _id) = house.key(tenant.account, tenant.workspace, KeyRole::Management).await;
    let now = house.clock_now();
    let changed = match patch {
        Some(patch) => house.store.key_update(tenant.account, text.hash(), &patch, now).await,
        None => house.store.key_delete(tenant.account, text.hash(), now).await,
    };
    assert!(changed.expect("changes"), "there was a key");
    text
}

async fn principals(house: &House, own: &Tenant) -> Vec<Principal> {
    let disabled = KeyPatch { is_disabled: Some(true), ..KeyPatch::default() };
    let disabled = spoiled(house, own, Some(disabled)).await;
    let expired = KeyPatch { expires_at: Some(Some(noon())), ..KeyPatch::default() };
    let expired = spoiled(house, own, Some(expired)).await;
    let deleted = spoiled(house, own, None).await;
    house.control.keyring.refresh().await.expect("refresh");
    let session = house.sign_in(own.account).await;
    let mut headers = http::HeaderMap::new();
    headers.insert("cookie", session.parse().expect("value"));
    headers.insert("x-portolan-csrf", http::HeaderValue::from_static("1"));
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    let internal = control::session_key(&house.control, &headers).await.expect("a key");
    let ended = house.sign_in(own.account).await;
    let out = house.ask("DELETE", "/console/api/v1/session").cookie(&ended).json("").send().await;
    assert_eq!(out.status, 204);
    let text = |key: &KeyText| key.expose().to_owned();
    let mut all = vec![
        Principal { name: "nobody", credential: Credential::None, proves: Proves::Nothing },
        Principal {
            name: "inference",
            credential: Credential::Bearer(text(&own.inference)),
            proves: Proves::Inference,
        },
        Principal {
            name: "inference in x-api-key",
            credential: Credential::Header("x-api-key", text(&own.inference)),
            proves: Proves::Inference,
        },
        Principal {
            name: "management",
            credential: Credential::Bearer(text(&own.management)),
            proves: Proves::Management,
        },
        Principal {
            name: "management in x-goog-api-key",
            credential: Credential::Header("x-goog-api-key", text(&own.management)),
            proves: Proves::Management,
        },
        Principal { name: "session", credential: Credential::Cookie(session), proves: Proves::Session },
        Principal { name: "ended session", credential: Credential::Cookie(ended), proves: Proves::Nothing },
        Principal {
            name: "key in a cookie",
            credential: Credential::Cookie(format!("portolan_session={}", own.management.expose())),
            proves: Proves::Nothing,
        },
        Principal { name: "basic", credential: Credential::Basic(text(&own.management)), proves: Proves::Nothing },
    ];
    let mut typo = text(&own.management);
    typo.replace_range(20..21, if &typo[20..21] == "0" { "1" } else { "0" });
    for (name, bearer) in [
        ("disabled", text(&disabled)),
        ("expired", text(&expired)),
        ("deleted", text(&deleted)),
        ("unknown", text(&KeyText::generate([7; 28]))),
        ("typo", typo),
        ("hash of a key", hash_of(&own.management)),
        ("hash with prefix", format!("sk-or-v1-{}", hash_of(&own.management))),
        ("hash of the console's key", internal.hash().to_string()),
        ("two spaces", format!(" {}", own.management.expose())),
        ("sql", "'or'1'='1".to_owned()),
        ("empty", String::new()),
        ("huge", "a".repeat(1 << 20)),
    ] {
        all.push(Principal { name, credential: Credential::Bearer(bearer), proves: Proves::Nothing });
    }
    all
}

impl Scene {
    async fn open() -> Self {
        let house = House::open().await;
        let (own, foreign) = (house.tenant("own", 5).await, house.tenant("foreign", 5).await);
        let calls = [opening(&house, &own, noon()), opening(&house, &foreign, noon())];
        let (own_call, foreign_call) = (calls[0].id, calls[1].id);
        settle(&house, calls.into_iter().map(settlement).collect()).await;
        let principals = principals(&house, &own).await;
        Self { house, own, foreign, own_call, foreign_call, principals }
    }

    /// A fresh key of the tenant, so that no call spoils another's object.
    async fn objects(&self, route: &Route, tenant: &Tenant, call: GenerationId) -> Objects {
        let (text, _id) = self.house.key(tenant.account, tenant.workspace, KeyRole::Inference).await;
        let preset = format!("preset-{}", self.house.next_seq(1));
        if route.pattern.contains("/presets/{slug}") {
            self.house.preset(tenant, &preset).await;
        }
        self.house.control.keyring.refresh().await.expect("refresh");
        let workspace = tenant.workspace.to_string();
        Objects { hash: hash_of(&text), generation: call.to_string(), preset, workspace }
    }

    fn absent() -> Objects {
        Objects {
            hash: "0".repeat(64),
            generation: GenerationId::new(noon(), [0; 10]).to_string(),
            preset: "absent".to_owned(),
            workspace: WorkspaceId::new(noon(), [0; 10]).to_string(),
        }
    }

    async fn call(&self, route: &Route, principal: &Principal, objects: &Objects) -> Answer {
        let path = route.pattern.replace("{hash}", &objects.hash);
        let path = path.replace("images/models/{author}/{slug}", "images/models/acme/draw");
        let path = path.replace("{author}/{slug}", "acme/large");
        let path = path.replace("/presets/{slug}", &format!("/presets/{}", objects.preset));
        let path = path.replace("{version}", "1").replace("{workspace}", &objects.workspace);
        let path = path.replace("{id}", "acme%2Flarge").replace("{slug}", "acme");
        let query = match route.pattern.rsplit('/').next() {
            Some("generation") => format!("?id={}", objects.generation),
            Some("activity") => format!("?api_key_hash={}", objects.hash),
            _ => String::new(),
        };
        let mut ask = self.house.ask(route.method, &format!("{path}{query}"));
        if route.method != "GET" {
            let body = if route.pattern.ends_with("/routing") {
                r#"{"enforce_zdr":true}"#
            } else {
                r#"{"name":"k","disabled":false,"slug":"acme","token":"x"}"#
            };
            ask = ask.json(body);
            ask = ask.header("x-portolan-csrf", "1").header("host", "portolan.test");
        }
        present(ask, &principal.credential).send().await
    }
}

fn present<'a>(ask: Ask<'a>, credential: &Credential) -> Ask<'a> {
    match credential {
        Credential::None => ask,
        Credential::Bearer(text) => ask.header("authorization", &format!("Bearer {text}")),
        Credential::Basic(text) => ask.header("authorization", &format!("Basic {text}")),
        Credential::Header(name, text) => ask.header(name, text),
        Credential::Cookie(text) => ask.header("cookie", text),
    }
}

/// The refusal that a descriptor demands for a principal; `None` when it lets them in.
fn refusal(access: Access, proves: Proves) -> Option<u16> {
    match (access, proves) {
        (Access::Open, _)
        | (Access::AnyKey, Proves::Inference | Proves::Management)
        | (Access::Inference, Proves::Inference)
        | (Access::Management, Proves::Management)
        | (Access::Session, Proves::Session) => None,
        (Access::Management, Proves::Inference) | (Access::Inference, Proves::Management) => Some(403),
        (Access::AnyKey | Access::Inference | Access::Management | Access::Session, _) => Some(401),
    }
}

fn ends_session(route: &Route) -> bool {
    route.method == "DELETE" && route.pattern.ends_with("/session")
}

/// Routes whose own object is there; set-up tokens and connections are not part of the scene.
fn has_object(route: &Route) -> bool {
    !route.pattern.ends_with("/setup") && (!route.pattern.contains("/upstreams") || route.method == "GET")
}

#[tokio::test]
async fn every_route_treats_every_principal_as_its_descriptor_says() {
    let scene = Scene::open().await;
    let mut calls = 0;
    for route in control::ROUTES {
        for principal in &scene.principals {
            let label = format!("{} {} as {}", route.method, route.pattern, principal.name);
            let own = scene.objects(route, &scene.own, scene.own_call).await;
            let before = scene.house.store.change_seq().await.expect("position");
            let answer = if ends_session(route) && principal.proves == Proves::Session {
                // Ends a session of its own, not the one that the routes after this need.
                let cookie = Credential::Cookie(scene.house.sign_in(scene.own.account).await);
                let fresh = Principal { name: "fresh session", credential: cookie, proves: Proves::Session };
                scene.call(route, &fresh, &own).await
            } else {
                scene.call(route, principal, &own).await
            };
            calls += 1;
            match refusal(route.access, principal.proves) {
                Some(status) => {
                    assert_eq!(answer.status, status, "{label}: {}", answer.text());
                    let kind = if status == 401 { "authentication" } else { "permission_denied" };
                    assert_eq!(answer.error_type(), kind, "{label}");
                    assert_eq!(answer.json()["error"]["code"], status, "{label}");
                    assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{label}");
                    assert_eq!(answer.header("x-should-retry"), Some("false"), "{label}");
                    let after = scene.house.store.change_seq().await.expect("position");
                    assert_eq!(before, after, "{label} changed something");
                }
                None => {
                    let expected = if has_object(route) { 200..300 } else { 200..500 };
                    let is_expected =
                        expected.contains(&answer.status.as_u16()) && ![401, 403].contains(&answer.status.as_u16());
                    assert!(is_expected, "{label}: {} {}", answer.status, answer.text());
                }
            }
            check_headers(route, &answer, &label);
        }
    }
    assert!(calls > 1000, "only {calls} calls");
}

fn check_headers(route: &Route, answer: &Answer, label: &str) {
    if answer.status != 204 {
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"), "{label}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{label}");
    }
    if route.access != Access::Open {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{label}");
    }
}

#[tokio::test]
async fn what_belongs_to_others_is_exactly_as_absent_as_what_never_was() {
    let scene = Scene::open().await;
    let mut compared = BTreeSet::new();
    let with_object = |route: &&Route| {
        route.pattern.contains("{hash}")
            || route.pattern.ends_with("/generation")
            || route.pattern.ends_with("/activity")
            || route.pattern.contains("{workspace}")
            || route.pattern.contains("/presets/{slug}") && route.method != "POST"
    };
    for route in control::ROUTES.iter().filter(with_object) {
        for principal in scene.principals.iter().filter(|one| refusal(route.access, one.proves).is_none()) {
            let foreign = scene.objects(route, &scene.foreign, scene.foreign_call).await;
            let before = scene.house.store.change_seq().await.expect("position");
            let (theirs, none) =
                (scene.call(route, principal, &foreign).await, scene.call(route, principal, &Scene::absent()).await);
            let label = format!("{} {} as {}", route.method, route.pattern, principal.name);
            assert_eq!(theirs.status, 404, "{label}: {}", theirs.text());
            assert_eq!(
                (theirs.status, &theirs.headers, &theirs.body),
                (none.status, &none.headers, &none.body),
                "{label}"
            );
            assert_eq!(before, scene.house.store.change_seq().await.expect("position"), "{label}");
            compared.insert(route.pattern);
        }
    }
    assert_eq!(compared.len(), 21, "{compared:?}");
}

#[tokio::test]
async fn two_different_credentials_are_refused_as_contradictory() {
    let scene = Scene::open().await;
    let ask = |path| scene.house.get(path).key(&scene.own.inference);
    let other = ask("/api/v1/key").header("x-api-key", scene.own.management.expose()).send().await;
    assert_eq!((other.status.as_u16(), other.error_type().as_str()), (400, "invalid_request"));
    let same = ask("/api/v1/key").header("x-api-key", scene.own.inference.expose()).send().await;
    assert_eq!(same.status, 200);
    let query = format!("/api/v1/key?key={0}&api_key={0}", scene.own.inference.expose());
    assert_eq!(scene.house.get(&query).send().await.status, 401);
}

#[tokio::test]
async fn other_methods_and_paths_are_not_reachable() {
    let scene = Scene::open().await;
    let mut allowed: std::collections::BTreeMap<&str, BTreeSet<&str>> = std::collections::BTreeMap::new();
    for route in control::ROUTES {
        allowed.entry(route.pattern).or_default().insert(route.method);
    }
    for (pattern, methods) in &allowed {
        let path = pattern.replace("{hash}", &"0".repeat(64)).replace("{author}/{slug}", "acme/large");
        let path = path.replace("{id}", "acme%2Flarge").replace("{slug}", "acme");
        let path = path.replace("{version}", "1").replace("{workspace}", "ws_0");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get"] {
            let answer = scene.house.ask(method, &path).key(&scene.own.management).send().await;
            let is_refused = answer.status == 405;
            assert_eq!(is_refused, !methods.contains(method), "{method} {path}: {}", answer.status);
            if is_refused {
                assert!(answer.header("allow").is_some_and(|allow| !allow.is_empty()), "{method} {path}");
                assert_eq!(answer.error_type(), "invalid_request");
            }
        }
    }
    for path in [
        "//api/v1/keys",
        "/api/v1//keys",
        "/api/v1/keys/",
        "/API/v1/keys",
        "/api/v1/Keys",
        "/api/v1/./keys",
        "/api/v1/models/../keys",
        "/api/v1/%2e%2e/keys",
        "/api/v1%2Fkeys",
        "/api/v1/keys;a=b",
        "/api/v1/keys%00",
        "/api/v1/session",
        "/api/v1/generations",
        "/api/v1/setup",
        "/console/api/v1/upstreams",
        "/console/api/v1/models",
    ] {
        let answer = scene.house.get(path).key(&scene.own.management).send().await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_hundred_unknown_keys_do_not_reach_the_store_twice() {
    let house = House::open().await;
    let before = house.store.statements_executed();
    for _ in 0..100 {
        let answer = house.get("/api/v1/key").header("authorization", "Bearer sk-or-v1-nonsense").send().await;
        assert_eq!(answer.status, 401);
    }
    assert_eq!(house.store.statements_executed(), before, "a failed checksum asks nobody");
    house.clock.advance(Duration::from_secs(1));
    let unknown = KeyText::generate([8; 28]);
    for _ in 0..100 {
        assert_eq!(house.get("/api/v1/key").key(&unknown).send().await.status, 401);
    }
    assert_eq!(house.store.statements_executed(), before + 1, "one look-up per second");
}
