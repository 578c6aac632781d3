//! Demonstration models: the simulator on loopback, as a provider of this node alone.

use anyhow::Context;
use domain::catalog::CatalogBuilder;
use domain::catalog::file::{ModelText, ProviderText};
use edge::upstream::{Upstream, UpstreamSource};
use serde_json::json;
use simulator::{Options, Simulator};
use std::net::SocketAddr;

/// Slug, dialect and base path of the three faces of the simulator.
const FACES: [(&str, &str, &str); 3] = [
    ("portolan-demo", "openai", "/v1"),
    ("portolan-demo-messages", "anthropic", ""),
    ("portolan-demo-gemini", "gemini", "/v1beta"),
];

/// The running simulator and what it offers.
#[derive(Debug)]
pub struct Demo {
    simulator: Simulator,
}

impl Demo {
    /// Starts the simulator.
    ///
    /// # Errors
    /// When no loopback port is free.
    pub async fn start(seed: u64) -> std::io::Result<Self> {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let simulator = Simulator::start(Options { listen, seed, api_key: None, strict: true }).await?;
        Ok(Self { simulator })
    }

    /// Adds its providers and models to a catalogue under construction.
    pub fn add_to(&self, builder: &mut CatalogBuilder) -> anyhow::Result<()> {
        let address = self.simulator.address();
        for (slug, dialect, path) in FACES {
            let provider: ProviderText = serde_json::from_value(json!({
                "slug": slug, "name": "Portolan Demo", "dialect": dialect, "base_url": format!("http://{address}{path}"),
                "auth": {"style": "none"},
                "stops_billing_on_cancel": true,
                "data_policy": {"training": false, "retains_prompts": false, "retention_days": 0, "zdr": true},
                "source": "built in", "date": "2026-11-21",
            }))
            .context("demo provider")?;
            builder.provider(provider);
        }
        for (id, name, face, prompt, completion) in [
            ("portolan/demo-echo", "Demo: Echo", "portolan-demo", "0.10", "0.40"),
            ("portolan/demo-messages", "Demo: Echo over Messages", "portolan-demo-messages", "0.30", "1.50"),
            ("portolan/demo-gemini", "Demo: Echo over Gemini", "portolan-demo-gemini", "0.20", "0.80"),
            ("portolan/demo-echo:free", "Demo: Echo (free)", "portolan-demo", "0", "0"),
        ] {
            let model: ModelText = serde_json::from_value(json!({
                "id": id, "name": name, "context_length": 32_000, "max_completion_tokens": 4_096,
                "description": "Answers with your own words; runs inside this server and needs no provider.",
                "input_modalities": ["text", "image"],
                "supported_parameters": ["max_tokens", "temperature", "top_p", "stop", "seed", "tools", "tool_choice", "response_format", "structured_outputs"],
                "endpoints": [{"provider": face, "upstream_id": "echo-1", "price": {"prompt": prompt, "completion": completion}}],
            }))
            .context("demo model")?;
            builder.model(model);
        }
        Ok(())
    }

    /// The connections to its faces.
    pub fn upstreams(&self) -> Vec<Upstream> {
        let address = self.simulator.address();
        FACES
            .iter()
            .map(|(slug, _, path)| Upstream {
                slug: (*slug).to_owned(),
                base_url: format!("http://{address}{path}"),
                secret: None,
                disabled: false,
                source: UpstreamSource::Demo,
            })
            .collect()
    }
}
