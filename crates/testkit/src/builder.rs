//! What a test wants of its server, and the configuration that says so.

use crate::app::TestApp;
use serde_json::{Value, json};
use simulator::{Family, Options, Simulator};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A private model.
#[derive(Debug, Clone)]
pub struct Model(Value);

impl Model {
    /// A text model with a million tokens of context and everything supported.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self(json!({
            "id": id, "context_length": 1_000_000, "max_completion_tokens": 100_000,
            "input_modalities": ["text", "image"], "output_modalities": ["text"],
            "supported_parameters": ["max_tokens", "temperature", "tools", "tool_choice", "reasoning", "include_reasoning"],
            "endpoints": [],
        }))
    }

    /// Adds an endpoint with prices in USD per million tokens; its upstream id is the model's slug.
    #[must_use]
    pub fn at(self, provider: &str, prompt: &str, completion: &str) -> Self {
        let slug = self.0["id"].as_str().and_then(|id| id.split('/').nth(1)).unwrap_or_default();
        let upstream = slug.replace(':', "-");
        self.priced(provider, &upstream, &json!({"prompt": prompt, "completion": completion}))
    }

    /// Adds an endpoint with a whole price sheet.
    #[must_use]
    pub fn priced(mut self, provider: &str, upstream: &str, price: &Value) -> Self {
        let endpoint = json!({"provider": provider, "upstream_id": upstream, "price": price});
        self.0["endpoints"].as_array_mut().expect("endpoints").push(endpoint);
        self
    }

    /// Sets a field.
    #[must_use]
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.0[field] = value;
        self
    }
}

/// What a test wants of its server.
#[derive(Debug)]
pub struct AppBuilder {
    pub(crate) binary: PathBuf,
    pub(crate) table: Value,
    pub(crate) simulators: BTreeMap<String, Simulator>,
    pub(crate) credits: Option<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) clock: Option<i64>,
}

impl AppBuilder {
    pub(crate) fn new(binary: &str) -> Self {
        let table = json!({
            "catalog": {"shipped": false}, "upstreams": {"from_environment": false}, "demo": {"enabled": false},
            "server": {"drain_timeout": "20s"}, "providers": {}, "models": [],
        });
        Self {
            binary: PathBuf::from(binary),
            table,
            simulators: BTreeMap::new(),
            credits: Some("100".to_owned()),
            environment: Vec::new(),
            clock: None,
        }
    }

    /// Starts a simulated provider in this process.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn simulated(self, slug: &str, family: Family) -> Self {
        let (dialect, path) = match family {
            Family::OpenAi => ("openai", "/v1"),
            Family::Anthropic => ("anthropic", ""),
            Family::Gemini => ("gemini", "/v1beta"),
        };
        self.simulated_as(slug, dialect, path).await
    }

    /// Starts a simulated provider in this process that is called in a named format, below a path.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn simulated_as(mut self, slug: &str, dialect: &str, path: &str) -> Self {
        let api_key = Some(format!("sk-{slug}-upstream-credential-0123456789"));
        let options = Options { api_key: api_key.clone(), ..Options::default() };
        let simulator = Simulator::start(options).await.expect("simulator");
        let address = simulator.address();
        let section = json!({"dialect": dialect, "base_url": format!("http://{address}{path}"), "api_key": api_key});
        self.simulators.insert(slug.to_owned(), simulator);
        self.provider(slug, section)
    }

    /// A simulated provider that was added before.
    ///
    /// # Panics
    /// When there is none of that name.
    #[must_use]
    pub fn simulator(&self, slug: &str) -> &Simulator {
        self.simulators.get(slug).unwrap_or_else(|| panic!("no simulator {slug}"))
    }

    /// Adds a provider section as it stands.
    #[must_use]
    pub fn provider(mut self, slug: &str, section: Value) -> Self {
        self.table["providers"][slug] = section;
        self
    }

    /// Adds a model.
    #[must_use]
    pub fn model(mut self, model: Model) -> Self {
        self.table["models"].as_array_mut().expect("models").push(model.0);
        self
    }

    /// Sets `section.key`.
    #[must_use]
    pub fn setting(mut self, path: &str, value: Value) -> Self {
        let pointer = path.replace('.', "/");
        let mut place = &mut self.table;
        for part in pointer.split('/') {
            place = &mut place[part];
        }
        *place = value;
        self
    }

    /// Credit of the account in USD; 100 by default.
    #[must_use]
    pub fn credits(mut self, usd: &str) -> Self {
        self.credits = Some(usd.to_owned());
        self
    }

    /// Sets a variable of the server's environment, which is empty otherwise.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Freezes the wall clock of the server and of its commands at a moment in microseconds since 1970.
    #[must_use]
    pub const fn frozen_at(mut self, moment: i64) -> Self {
        self.clock = Some(moment);
        self
    }

    /// No account and no keys before the start.
    #[must_use]
    pub fn without_account(mut self) -> Self {
        self.credits = None;
        self
    }

    /// Starts the server and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start(self) -> TestApp {
        TestApp::start(self).await
    }
}

/// A JSON document as a configuration text.
pub(crate) fn toml_text(table: &Value) -> String {
    let table: toml::Value = serde_json::from_value(table.clone()).expect("no nulls in a configuration");
    toml::to_string(&table).expect("configuration")
}
