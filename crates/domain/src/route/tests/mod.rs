//! Plans over small catalogues.

mod choice;
mod laws;
mod resolving;
#[expect(clippy::float_arithmetic, clippy::as_conversions, reason = "statistics of counts, never an amount of money")]
mod sharing;
mod wishes;

use super::policy::{Facts, Layer};
use super::{Balance, Health, HealthState, Intent, Need, Plan, Question, RequestRouting, plan, resolve};
use crate::catalog::file::{ModelText, ProviderText};
use crate::catalog::{Catalog, CatalogBuilder, Endpoint};
use crate::money::Amount;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// A catalogue of these models; every provider that they name exists and speaks a known format.
fn catalog(models: &[Value]) -> Catalog {
    let mut builder = CatalogBuilder::default();
    for model in models {
        for endpoint in model["endpoints"].as_array().expect("endpoints") {
            let slug = endpoint["provider"].as_str().expect("slug");
            let provider = json!({"slug": slug, "name": slug.to_uppercase(), "dialect": "openai"});
            builder.provider(serde_json::from_value::<ProviderText>(provider).expect("provider"));
        }
        builder.model(serde_json::from_value::<ModelText>(model.clone()).expect("model"));
    }
    builder.build().expect("catalogue")
}

/// A model of these endpoints.
fn model(id: &str, endpoints: &[Value]) -> Value {
    json!({"id": id, "context_length": 1000, "endpoints": endpoints})
}

/// An endpoint of provider and tag `name` at `price` USD per million prompt tokens, with fields of its own.
fn endpoint(name: &str, price: &str, own: Value) -> Value {
    let provider = name.split('/').next().expect("provider");
    let mut endpoint = json!({"provider": provider, "tag": name, "upstream_id": "x",
        "price": {"prompt": price, "completion": "0"}});
    for (field, value) in own.as_object().expect("object") {
        endpoint[field] = value.clone();
    }
    endpoint
}

/// A catalogue with one model `m/one` served by `p0`, `p1`, … at these prices.
fn priced(prices: &[&str]) -> Catalog {
    let endpoints: Vec<Value> =
        prices.iter().enumerate().map(|(at, price)| endpoint(&format!("p{at}"), price, json!({}))).collect();
    catalog(&[model("m/one", &endpoints)])
}

/// A planning that is being set up.
struct Planning<'a> {
    catalog: &'a Catalog,
    models: Vec<String>,
    need: Need,
    layers: Vec<Arc<Layer>>,
    facts: Facts,
    health: HashMap<&'static str, Health>,
    cost: Amount,
    sticky: &'static str,
    balance: Balance,
    seed: u64,
}

impl<'a> Planning<'a> {
    fn over(catalog: &'a Catalog) -> Self {
        Self {
            catalog,
            models: vec!["m/one".to_owned()],
            need: Need::default(),
            layers: Vec::new(),
            facts: Facts::default(),
            health: HashMap::new(),
            cost: Amount::ZERO,
            sticky: "",
            balance: Balance::InversePrice,
            seed: 7,
        }
    }

    fn models(mut self, models: &[&str]) -> Self {
        self.models = models.iter().map(|id| (*id).to_owned()).collect();
        self
    }

    /// Adds the request's own layer.
    fn provider(mut self, json: &Value) -> Self {
        let mut routing = RequestRouting::default();
        routing.provider(&json.to_string()).expect("provider object");
        self.layers.push(Arc::new(routing.layer()));
        self
    }

    fn layer(mut self, json: &Value) -> Self {
        self.layers.push(Arc::new(serde_json::from_value(json.clone()).expect("layer")));
        self
    }

    fn health(mut self, tag: &'static str, health: Health) -> Self {
        self.health.insert(tag, health);
        self
    }

    fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    fn plan(&self) -> Plan {
        let wanted = resolve(self.catalog, &self.models, self.need.output, "2026-11-21").expect("models");
        let health = |endpoint: &Endpoint| self.health.get(endpoint.tag.as_str()).copied().unwrap_or_default();
        let question = Question {
            wanted: &wanted,
            need: &self.need,
            catalog: self.catalog,
            today: "2026-11-21",
            health: &health,
            ceiling: &|_| self.cost,
            served_before: &|endpoint| endpoint.tag == self.sticky,
            balance: self.balance,
            seed: self.seed,
        };
        plan(&question, &Intent::of(&self.layers, &self.facts, self.seed))
    }

    fn tags(&self) -> Vec<String> {
        self.plan().attempts.iter().map(|candidate| candidate.endpoint.tag.clone()).collect()
    }

    /// Tag and reason of everything that was left out.
    fn reasons(&self) -> Vec<(String, &'static str)> {
        self.plan().dropped.iter().map(|out| (out.endpoint.tag.clone(), out.reason)).collect()
    }
}

/// A state without measurements.
fn state(state: HealthState) -> Health {
    Health::of(state)
}

/// Stable, with a median of tokens per second and of seconds to the first token.
fn measured(throughput: f64, latency: f64) -> Health {
    let mut health = Health::default();
    health.throughput.p50 = Some(throughput);
    health.latency.p50 = Some(latency);
    health
}
