//! A control plane on a real SQLite store in a temporary directory, with a frozen clock and seeded randomness.

pub mod calls;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use control::seal::MasterKey;
use control::upstream::{Probe, Probed, Reload, ReloadError};
use control::{Control, ControlSettings, Measure, Measured, Popularity, Unfit, Vet};
use domain::catalog::file::{AuthText, EndpointText, ModelText, ProviderText};
use domain::catalog::{Catalog, CatalogBuilder, DataPolicy, Family, Quirks};
use domain::id::{AccountId, EntryId, KeyId, PresetId, PresetVersionId, WorkspaceId};
use domain::key::{KeyHash, KeyRole, KeyText};
use domain::ledger::EntryKind;
use domain::money::{Amount, PriceSheetText};
use domain::time::{Clock, Timestamp};
use edge::random::Random;
use edge::upstream::Upstreams;
use futures_util::future::{BoxFuture, FutureExt};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::durable::{Grant, NewAccount, NewKey, NewPresetVersion, NewSetupToken, NodeId, PresetLimits, PresetPut};
use store::lease::Keyring;
use store::{Store, StoreOptions};
use tower::ServiceExt;

/// Noon of the day on which the tests play.
pub fn noon() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-21T12:00:00Z").expect("moment")
}

/// A clock that moves only when told.
#[derive(Debug)]
pub struct FrozenClock(AtomicI64);

impl FrozenClock {
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).expect("short"), Ordering::SeqCst);
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        self.now().since(noon())
    }
}

/// Counts how often it was asked.
#[derive(Default)]
pub struct Wires {
    pub reloads: AtomicU64,
    pub probes: AtomicU64,
    pub drains: AtomicU64,
    /// What the data plane measured, by model id and endpoint tag.
    pub measured: Mutex<BTreeMap<(String, String), Measured>>,
}

impl Measure for Wires {
    fn endpoint(&self, model_id: &str, tag: &str) -> Option<Measured> {
        self.measured.lock().expect("unpoisoned").get(&(model_id.to_owned(), tag.to_owned())).copied()
    }
}

impl Vet for Wires {
    /// Stands for the data plane: only a `pin` that is no object is unfit.
    fn config(&self, json: &str) -> Result<(), Unfit> {
        let config: Value = serde_json::from_str(json).expect("an object");
        match config.get("pin") {
            Some(pin) if !pin.is_object() => Err(Unfit { message: "pin: must be an object".to_owned() }),
            _ => Ok(()),
        }
    }
}

impl Reload for Wires {
    fn reload(&self) -> BoxFuture<'_, Result<(), ReloadError>> {
        self.reloads.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }.boxed()
    }
}

impl Probe for Wires {
    fn probe<'a>(&'a self, slug: &'a str) -> BoxFuture<'a, Probed> {
        self.probes.fetch_add(1, Ordering::SeqCst);
        let message = format!("{slug} answered");
        async { Probed { is_ok: true, status: Some(200), message, latency_ms: 3 } }.boxed()
    }
}

/// An account with a key of each role.
pub struct Tenant {
    pub account: AccountId,
    pub workspace: WorkspaceId,
    pub inference: KeyText,
    pub inference_id: KeyId,
    pub management: KeyText,
}

/// The house: router, store and everything around them.
pub struct House {
    pub router: Router,
    pub control: Arc<Control>,
    pub store: Store,
    pub clock: Arc<FrozenClock>,
    pub random: Arc<Random>,
    pub wires: Arc<Wires>,
    dir: tempfile::TempDir,
    seq: AtomicU64,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The public error type, for refusals.
    pub fn error_type(&self) -> String {
        self.json()["error"]["metadata"]["error_type"].as_str().unwrap_or_default().to_owned()
    }
}

/// A request that is put together step by step.
pub struct Ask<'a> {
    house: &'a House,
    request: http::request::Builder,
    body: Vec<u8>,
}

impl Ask<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn key(self, key: &KeyText) -> Self {
        let bearer = format!("Bearer {}", key.expose());
        self.header("authorization", &bearer)
    }

    /// What the console's own pages send with every call.
    pub fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie).header("x-portolan-csrf", "1").header("host", "portolan.test")
    }

    pub fn json(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self.header("content-type", "application/json")
    }

    pub fn bytes(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub async fn send(self) -> Answer {
        let request = self.request.body(Body::from(self.body)).expect("a request");
        let response = self.house.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("whole").to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

impl House {
    pub async fn open() -> Self {
        Self::with(ControlSettings { secure_cookies: false, ..ControlSettings::default() }).await
    }

    pub async fn with(settings: ControlSettings) -> Self {
        let dir = tempfile::tempdir().expect("directory");
        let store = Store::open(&StoreOptions::sqlite(dir.path().join("store.db"))).await.expect("store");
        let clock = Arc::new(FrozenClock(AtomicI64::new(noon().micros())));
        let random = Arc::new(Random::from_seed(7));
        let keyring = Keyring::load(store.clone(), Arc::clone(&clock) as Arc<dyn Clock>).await.expect("keyring");
        let wires = Arc::new(Wires::default());
        let drained = Arc::clone(&wires);
        let control = Arc::new(Control {
            store: store.clone(),
            book: Arc::clone(keyring.book()),
            keyring: Arc::new(keyring),
            catalog: Arc::new(ArcSwap::from_pointee(catalog())),
            upstreams: Arc::new(ArcSwap::from_pointee(Upstreams::default())),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            random: Arc::clone(&random),
            settings,
            seal: Arc::new(MasterKey::new(&[9; 32], Arc::clone(&random))),
            probe: Arc::clone(&wires) as Arc<dyn Probe>,
            reload: Arc::clone(&wires) as Arc<dyn Reload>,
            measure: Arc::clone(&wires) as Arc<dyn Measure>,
            vet: Arc::clone(&wires) as Arc<dyn Vet>,
            popularity: Popularity::default(),
            drain: Arc::new(move || {
                drained.drains.fetch_add(1, Ordering::SeqCst);
                async {}.boxed()
            }),
        });
        let router = control::router(Arc::clone(&control));
        Self { router, control, store, clock, random, wires, dir, seq: AtomicU64::new(1) }
    }

    /// An account with `dollars` of bought credit and a key of each role.
    pub async fn tenant(&self, name: &str, dollars: i64) -> Tenant {
        let now = self.clock.now();
        let account = NewAccount {
            id: AccountId::new(now, self.random.bytes()),
            name: name.to_owned(),
            is_demo: false,
            workspace: WorkspaceId::new(now, self.random.bytes()),
            created_at: now,
        };
        self.store.account_insert(&account).await.expect("account");
        let grant = Grant {
            id: EntryId::new(now, self.random.bytes()),
            account: account.id,
            kind: EntryKind::Grant,
            amount: Amount::from_dollars(dollars),
            note: "test".to_owned(),
            at: now,
        };
        self.store.grant_post(&grant).await.expect("grant");
        let (inference, inference_id) = self.key(account.id, account.workspace, KeyRole::Inference).await;
        let (management, _) = self.key(account.id, account.workspace, KeyRole::Management).await;
        self.control.keyring.refresh().await.expect("refresh");
        Tenant { account: account.id, workspace: account.workspace, inference, inference_id, management }
    }

    pub async fn key(&self, account: AccountId, workspace: WorkspaceId, role: KeyRole) -> (KeyText, KeyId) {
        let text = KeyText::generate(self.random.bytes());
        let now = self.clock.now();
        let new = NewKey {
            id: KeyId::new(now, self.random.bytes()),
            hash: text.hash(),
            label: text.label(),
            name: format!("{role:?}"),
            account,
            workspace,
            user: None,
            role,
            limit: None,
            reset: None,
            include_byok_in_limit: false,
            is_internal: false,
            expires_at: None,
            created_at: now,
        };
        self.store.key_insert(&new).await.expect("key");
        (text, new.id)
    }

    /// Makes a preset of a tenant.
    pub async fn preset(&self, tenant: &Tenant, slug: &str) {
        let now = self.clock.now();
        let new = NewPresetVersion {
            preset: PresetId::new(now, self.random.bytes()),
            version: PresetVersionId::new(now, self.random.bytes()),
            account: tenant.account,
            workspace: tenant.workspace,
            slug: slug.to_owned(),
            system_prompt: None,
            config_json: "{}".to_owned(),
            user: None,
            creator: tenant.inference_id.to_string(),
            at: now,
        };
        let limits = PresetLimits { presets: 1_000_000, versions: 10 };
        let put = self.store.preset_put(&new, limits).await.expect("preset");
        assert!(matches!(put, PresetPut::Stored(_)), "{put:?}");
    }

    /// Makes a set-up link for an account and returns its token.
    pub async fn setup_token(&self, account: Option<AccountId>, lives: Duration) -> String {
        let token = hex::encode(self.random.bytes::<32>());
        let new = NewSetupToken {
            hash: Sha256::digest(token.as_bytes()).into(),
            account,
            user_name: "Ada".to_owned(),
            expires_at: self.clock.now().plus(lives),
        };
        self.store.setup_token_insert(&new).await.expect("token");
        token
    }

    /// Signs an owner in and returns the cookie.
    pub async fn sign_in(&self, account: AccountId) -> String {
        let token = self.setup_token(Some(account), Duration::from_secs(600)).await;
        let body = format!(r#"{{"token":"{token}"}}"#);
        let answer = self.post("/console/api/v1/setup").cookie("a=b").json(&body).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        cookie_of(&answer)
    }

    /// Every byte of the database's files.
    pub fn database_bytes(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.dir.path()).expect("directory");
        files.flat_map(|file| std::fs::read(file.expect("file").path()).expect("bytes")).collect()
    }

    /// A journal that drains into the store.
    pub async fn node(&self) -> (NodeId, i64) {
        let node = NodeId([1; 16]);
        (node, self.store.node_boot(node, self.clock.now()).await.expect("boot"))
    }

    /// The first of `count` fresh journal numbers.
    pub fn next_seq(&self, count: u64) -> u64 {
        self.seq.fetch_add(count, Ordering::SeqCst)
    }

    pub fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn ask(&self, method: &str, path: &str) -> Ask<'_> {
        let method = Method::from_bytes(method.as_bytes()).expect("method");
        Ask { house: self, request: Request::builder().method(method).uri(path), body: Vec::new() }
    }

    pub fn get(&self, path: &str) -> Ask<'_> {
        self.ask("GET", path)
    }

    pub fn post(&self, path: &str) -> Ask<'_> {
        self.ask("POST", path)
    }
}

/// The cookie pair that an answer sets.
pub fn cookie_of(answer: &Answer) -> String {
    let header = answer.header("set-cookie").expect("a cookie");
    header.split(';').next().expect("a pair").to_owned()
}

pub fn hash_of(key: &KeyText) -> String {
    KeyHash::of(key.expose()).to_string()
}

fn provider(slug: &str, name: &str, zdr: Option<bool>) -> ProviderText {
    ProviderText {
        slug: slug.to_owned(),
        name: name.to_owned(),
        dialect: Family::OpenAi,
        base_url: Some(format!("https://api.{slug}.example/v1")),
        auth: AuthText::default(),
        key_env: Vec::new(),
        headers: BTreeMap::new(),
        privacy_policy_url: Some(format!("https://{slug}.example/privacy")),
        terms_of_service_url: None,
        status_page_url: None,
        headquarters: Some("US".to_owned()),
        datacenters: Vec::new(),
        data_policy: Some(DataPolicy { zdr, ..DataPolicy::default() }),
        stops_billing_on_cancel: true,
        quirks: Quirks::default(),
        source: String::new(),
        date: String::new(),
    }
}

fn endpoint(provider: &str, prompt: &str, completion: &str) -> EndpointText {
    let price = PriceSheetText {
        prompt: prompt.to_owned(),
        completion: completion.to_owned(),
        input_cache_read: (prompt != "0").then(|| "0.1".to_owned()),
        ..PriceSheetText::default()
    };
    EndpointText { provider: provider.to_owned(), upstream_id: "x".to_owned(), price, ..EndpointText::default() }
}

fn model(id: &str, context: u64, created: &str, endpoints: Vec<EndpointText>) -> ModelText {
    let created = Timestamp::parse_date(created).expect("date").seconds();
    let supported = ["tools", "tool_choice", "temperature"].map(str::to_owned).to_vec();
    ModelText {
        id: id.to_owned(),
        name: Some(format!("The {id}")),
        created: Some(created),
        context_length: context,
        supported_parameters: supported,
        endpoints,
        ..ModelText::default()
    }
}

/// Two providers; text models of three prices, one free, one that sees, one for embeddings, one that draws.
fn catalog() -> Catalog {
    let mut builder = CatalogBuilder::default();
    builder.provider(provider("acme", "Acme AI", Some(true))).provider(provider("bolt", "Bolt", None));
    let european = EndpointText { region: Some("eu-west-1".to_owned()), ..endpoint("acme", "3.00", "15.00") };
    let both = vec![european, endpoint("bolt", "2.50", "10.00")];
    let american = EndpointText { region: Some("us".to_owned()), ..endpoint("acme", "0.10", "0.40") };
    builder.model(ModelText {
        canonical_slug: Some("acme/large-2026-05-01".to_owned()),
        distillable: Some(true),
        input_modalities: vec!["text".to_owned(), "image".to_owned()],
        ..model("acme/large", 200_000, "2026-05-01", both)
    });
    builder.model(ModelText { distillable: Some(false), ..model("acme/small", 32_000, "2026-11-01", vec![american]) });
    builder.model(model("bolt/tiny", 8_000, "2025-01-01", vec![endpoint("bolt", "0.05", "0.05")]));
    builder.model(model("bolt/tiny:free", 8_000, "2025-01-01", vec![endpoint("bolt", "0", "0")]));
    builder.model(ModelText {
        output_modalities: vec!["embeddings".to_owned()],
        ..model("acme/embed", 8_000, "2025-06-01", vec![endpoint("acme", "0.02", "0")])
    });
    builder.model(ModelText {
        output_modalities: vec!["image".to_owned()],
        tokenizer: Some("Brush".to_owned()),
        ..model("acme/draw", 8_000, "2025-07-01", vec![endpoint("acme", "1", "2")])
    });
    builder.build().expect("catalogue")
}
